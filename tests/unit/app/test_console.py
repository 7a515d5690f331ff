"""What a person at a terminal is told of a daemon, and what a pipe is."""

from __future__ import annotations

import io
import sys

import pytest
from pydantic import SecretStr

from sana_vcam.app.console import Console, live_line
from sana_vcam.control.access import discovery
from sana_vcam.engine.states import SessionState
from sana_vcam.lib import statusline
from sana_vcam.lib.statusline import ERASE, line_below_stderr
from sana_vcam.media.states import ProgramSource
from tests.fakes.controls import FIRST_STATE, leave_control_file


class Tube(io.StringIO):
    """Standard error, with somebody who looks at it or without."""

    def __init__(self, looks: bool) -> None:
        super().__init__()
        self.looks = looks

    def isatty(self) -> bool:
        return self.looks


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def stderr(monkeypatch):
    def make(looks: bool) -> Tube:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr(statusline, "columns", lambda _: 60)
        tube = Tube(looks)
        monkeypatch.setattr(sys, "stderr", tube)
        return tube

    return make


def state(**changes):
    return FIRST_STATE.model_copy(update={"preset": "noir"} | changes)


def introduce(state, dashboard):
    return f"camera {state.camera_name}\n{dashboard}" if state.camera_name else None


def test_on_a_terminal_the_address_comes_first_and_the_line_last(stderr, watch, tmp_path):
    tube = stderr(True)
    leave_control_file(tmp_path, 7262, "the-token")
    with line_below_stderr() as line:
        console = Console(line, introduce, runtime_dir=tmp_path, clock=watch)
        print("WARNING no virtual camera", file=sys.stderr)
        console.show(state())
        assert tube.getvalue() == "", "the address is not known yet"
        console.published()
        console.show(state())
        address = discovery.find(tmp_path).dashboard
        said = tube.getvalue().replace(ERASE, "")
        assert said == f"camera test scene\n{address}\nWARNING no virtual camera\n"
        for watch.now in (1.0, 1.1, 1.2, 1.6):
            console.show(state(session=SessionState.WAITING, phase_s=41 + watch.now))
        lines = tube.getvalue().rpartition("camera\n")[2].split(ERASE)
        assert [line[:43] for line in lines if line] == [
            "CARD   Waiting for a GPU 0:42 · not billed ",
            "CARD   Waiting for a GPU 0:42 · not billed ",
        ]


def test_without_an_address_it_begins_after_a_while(stderr, watch, tmp_path):
    tube = stderr(True)
    with line_below_stderr() as line:
        console = Console(line, introduce, runtime_dir=tmp_path, clock=watch)
        console.published()
        console.show(state())
        watch.now = 10.0
        console.show(state())
    assert "camera test scene\nNone\n" in tube.getvalue()


def test_a_failed_try_is_one_line_with_the_time_of_the_next(stderr, watch, tmp_path):
    tube = stderr(True)
    leave_control_file(tmp_path, 7262, "the-token")
    with line_below_stderr() as line:
        console = Console(line, introduce, runtime_dir=tmp_path, clock=watch)
        console.published()
        console.show(state())
        for _ in range(3):
            for session in ("connecting", "closing", "idle"):
                console.show(state(session=SessionState(session)))
            for left in (12.9, 12.0):
                failed = {"error": "Is this computer online?", "next_try_in_s": left}
                console.show(state(session=SessionState.BACKOFF, **failed))
    above = [row.rpartition(ERASE)[2] for row in tube.getvalue().split("\n")]
    tries = [row[9:] for row in above if row[9:].startswith("Is this computer")]
    assert tries == ["Is this computer online? Next try in 0:12"] * 3


def test_in_a_pipe_a_line_is_printed_for_each_change(stderr, watch, tmp_path):
    tube = stderr(False)
    leave_control_file(tmp_path, 7262, "the-token")
    with line_below_stderr() as line:
        console = Console(line, introduce, runtime_dir=tmp_path, clock=watch)
        console.published()
        console.show(state())
        for watch.now in range(1, 9):
            console.show(state(output=ProgramSource.LIVE, fps_camera=float(watch.now)))
    introduced, *lines = tube.getvalue().rstrip().split("\n")
    assert introduced == "camera test scene"
    assert lines[0] == "None", "nobody but the user is told the token"
    assert len(lines) == 2
    assert lines[1].startswith("LIVE ")
    assert "\x1b" not in tube.getvalue()


def test_the_line_names_its_figures_and_commands_no_terminal():
    hostile = {"preset": None, "prompt": "\x1b]0;evil\x07" + "x" * 99}
    live = state(output=ProgramSource.LIVE, delay_ms=42, **hostile)
    shown = live_line(live.model_dump(mode="json"))
    assert "smoothing 42 ms" in shown
    assert "camera 24.0 fps, edited 23.5, shown 24.0" in shown
    assert shown.isprintable()
    assert "x" * 50 not in shown
    assert live_line(state().model_dump(mode="json")).startswith("CARD ")


def test_a_model_on_this_machine_is_never_called_billed():
    waiting = state(session=SessionState.WAITING, phase_s=3.0, billable=False)
    assert "Waiting for a GPU 0:03  [noir]" in live_line(waiting.model_dump(mode="json"))


def test_the_token_is_told_to_no_pipe(stderr, watch, tmp_path):
    stderr(False)
    leave_control_file(tmp_path, 7262, "the-token")
    with line_below_stderr() as line:
        console = Console(line, introduce, runtime_dir=tmp_path, clock=watch)
        console.published()
        console.show(state())
    assert "the-token" not in sys.stderr.getvalue()
    assert SecretStr("the-token") == discovery.find(tmp_path).token
