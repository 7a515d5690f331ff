"""The README's first command, as a whole process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading

import pytest

from sana_vcam.errors import EXIT_CONFIG, EXIT_OK
from sana_vcam.lib.screen import cells
from sana_vcam.lib.statusline import ERASE

DEMO = (sys.executable, "-m", "sana_vcam", "demo", "--port", "0", "--camera", "test")
COLUMNS = 60
COLOUR = re.compile(r"\x1b\[\d+m")
PATIENCE_S = 120.0


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--model", "x2"), "xmax/x2"),
        (("--model", "joyai"), "joy-video-edit"),
        (("--model", "vidu"), "reactor/vidu-s2-editing"),
        (("--model", "helios"), "reactor/helios"),
    ],
)
def test_the_demo_runs_and_ends_cleanly(words: tuple[str, ...], name: str):
    """At the model's real size, until the picture is live."""
    process = subprocess.Popen([*DEMO, *words], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said: list[str] = []
    try:
        for line in process.stderr:
            said.append(line)
            if line.startswith("LIVE"):
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == EXIT_OK, said
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    text = "".join(said)
    assert "LIVE" in text
    assert "the session was closed" in text
    assert "Traceback" not in text
    assert f"a stand-in for {name} at http://127.0.0.1" in text
    assert (" ctl preset noir " in text) == (name != "reactor/vidu-s2-editing"), (
        "it takes no prompt"
    )


def test_on_a_terminal_the_address_stays_above_one_line(monkeypatch: pytest.MonkeyPatch):
    """Sixty columns, and a prompt that is longer: nothing wraps and scrolls the address away."""
    owner, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    monkeypatch.setenv("TERM", "xterm")
    process = subprocess.Popen(
        [*DEMO, "--prompt", "Replace the background with a sunny tropical beach \u6d77" * 3],
        stdin=subprocess.DEVNULL, stdout=inside, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    said = ""
    too_long = threading.Timer(PATIENCE_S, process.kill)
    too_long.start()
    try:
        # The other end is closed by the process's end, which reads as an error.
        terminal = os.fdopen(owner, encoding="utf-8", newline="")
        with terminal, contextlib.suppress(OSError):
            while part := terminal.read(1):
                said = COLOUR.sub("", said + part)
                if said.endswith(f"{ERASE}LIVE"):
                    process.send_signal(signal.SIGINT)
        assert process.wait(60) == EXIT_OK, said
    finally:
        too_long.cancel()
        too_long.join()
        process.kill()
        process.wait()
    introduced, _, rest = said.partition("Ctrl-C stops.")
    assert "?token=" in introduced
    assert "the session was closed" in rest
    assert "Traceback" not in said
    rows = rest.partition(f"{ERASE}CARD")[2].replace("\r\n", "\n").split("\n")
    shown = [line for row in rows for line in row.split(ERASE)]
    assert len(rows) < 8, "one row, whatever is written into it"
    assert all(cells(line) < COLUMNS for line in shown), shown


def test_a_model_that_nobody_stands_in_for_is_one_line():
    done = subprocess.run(
        [*DEMO, "--model", "hellios"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == EXIT_CONFIG
    assert done.stderr.splitlines() == [
        "sana-vcam: there is no stand-in for hellios: try sana-vcam demo --model helios"
    ]
