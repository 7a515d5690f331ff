"""What viewers see at each tick, and the thread that shows it to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from sana_vcam.config.schema import PrivacyConfig
from sana_vcam.errors import SinkError
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame, Picture
from sana_vcam.media.pixels import Pixels, black_i420, to_i420
from sana_vcam.media.playout import playout as playout_module
from sana_vcam.media.playout.buffer import PlayoutBuffer
from sana_vcam.media.playout.playout import Playout
from sana_vcam.media.playout.program import BYPASS_FRESH_S, BypassSource, Program, Switches
from sana_vcam.media.slate import Slate, draw
from sana_vcam.media.states import ProgramSource

SIZE = (64, 36)
RAW_LEVEL, MODEL_LEVEL = 99, 200
PATIENCE_S = 2.5


def flat(level: int) -> Pixels:
    """A grey picture of the model, 0..255."""
    return to_i420(np.full((SIZE[1], SIZE[0], 3), level, np.uint8))


def is_flat(picture: Picture, level: int) -> bool:
    """Whether it is this grey all over."""
    return np.array_equal(picture.i420, flat(level))


class Stage:
    """A program with its inputs; time is a number."""

    def __init__(self, *, granted: bool = True) -> None:
        self.buffer = PlayoutBuffer(fps=24, max_delay_s=0)
        self.camera: Mailbox[CameraFrame] = Mailbox()
        self.slate = Slate("Connecting")
        self.slates_asked = 0
        grant = BypassGrant.from_config(PrivacyConfig(allow_bypass=granted))
        self.program = Program(
            self.buffer,
            SIZE,
            slate=self._slate,
            bypass=BypassSource(grant, self.camera) if grant is not None else None,
        )
        self.program.patience_s = PATIENCE_S
        self.frames = 0

    def _slate(self) -> Slate:
        self.slates_asked += 1
        return self.slate

    def model(self, now: float, level: int = MODEL_LEVEL) -> None:
        self.frames += 1
        self.buffer.put(ModelFrame(flat(level), self.frames, now))

    def raw(self, now: float) -> None:
        self.frames += 1
        pixels = np.full((36, 64, 3), RAW_LEVEL, np.uint8)
        self.camera.put(CameraFrame(pixels, self.frames, now))

    def switch(self, *, blank: bool = False, freeze: bool = False, bypass: bool = False) -> None:
        self.program.switches = Switches(blank, freeze, bypass)

    def show(self, now: float) -> tuple[ProgramSource, Picture]:
        picture = self.program.next(now)
        return self.program.output, picture


def source(picture: Picture) -> str:
    """What is really in it."""
    if is_flat(picture, RAW_LEVEL):
        return "raw"
    return picture.source


def expected(
    blank: bool, freeze: bool, bypass: bool, live: bool, granted: bool, raw: bool
) -> tuple[ProgramSource, str]:
    """The precedence, spelled out."""
    if blank:
        return ProgramSource.BLANK, "black"
    if freeze:
        return ProgramSource.FREEZE, "model" if live else "slate"
    if bypass and granted:
        return (ProgramSource.BYPASS, "raw") if raw else (ProgramSource.SLATE, "slate")
    if live:
        return ProgramSource.LIVE, "model"
    return ProgramSource.SLATE, "slate"


@pytest.mark.parametrize(
    ("blank", "freeze", "bypass", "live", "granted", "raw"),
    list(product([False, True], repeat=6)),
)
def test_precedence(blank, freeze, bypass, live, granted, raw):
    stage = Stage(granted=granted)
    assert stage.program.bypass_allowed is granted
    if live:
        stage.model(10.0)
    if raw:
        stage.raw(10.0)
    stage.switch(blank=blank, freeze=freeze, bypass=bypass)
    output, picture = stage.show(10.01)
    assert (output, source(picture)) == expected(blank, freeze, bypass, live, granted, raw)
    assert (stage.program.slate == stage.slate) is (output is ProgramSource.SLATE)


def test_switching_takes_effect_at_the_very_next_tick():
    stage = Stage()
    shown = []
    for tick, switches in enumerate(
        [
            Switches(),
            Switches(blank=True),
            Switches(),
            Switches(bypass=True),
            Switches(bypass=True, freeze=True),
            Switches(bypass=True, blank=True, freeze=True),
            Switches(bypass=True),
            Switches(),
        ]
    ):
        now = 10 + tick / 24
        stage.model(now)
        stage.raw(now)
        stage.program.switches = switches
        shown.append(stage.show(now)[0])
    assert shown == ["live", "blank", "live", "bypass", "freeze", "blank", "bypass", "live"]


def test_freeze_holds_one_picture_for_as_long_as_it_lasts():
    stage = Stage()
    stage.model(10.0, level=1)
    stage.switch(freeze=True)
    _, held = stage.show(10.0)
    for tick in range(1, 200):
        stage.model(10 + tick, level=2 + tick % 100)
        assert stage.show(10 + tick) == (ProgramSource.FREEZE, held)
    stage.switch()
    output, picture = stage.show(300.0)
    assert output is ProgramSource.SLATE, "back to now, which is silence"
    stage.model(301.0, level=150)
    assert is_flat(stage.show(301.0)[1], 150)
    assert picture is not held


def test_a_freeze_of_nothing_holds_the_slate():
    stage = Stage()
    stage.switch(freeze=True)
    output, held = stage.show(10.0)
    assert (output, held.source) == (ProgramSource.FREEZE, "slate")
    stage.slate = Slate("Waiting for a GPU")
    stage.model(11.0)
    stage.raw(11.0)
    assert stage.show(11.0) == (ProgramSource.FREEZE, held)


def test_a_freeze_never_holds_the_raw_camera():
    stage = Stage()
    for live in (False, True):
        stage.raw(10.0)
        stage.switch(bypass=True)
        assert stage.show(10.0)[0] is ProgramSource.BYPASS
        if live:
            stage.model(10.0)
        stage.switch(bypass=True, freeze=True)
        output, picture = stage.show(10.0)
        assert (output, source(picture)) == (ProgramSource.FREEZE, "model" if live else "slate")
        stage.switch()
        stage.show(10.0)


def test_a_freeze_under_blank_holds_the_moment_of_freezing():
    stage = Stage()
    stage.model(10.0, level=50)
    stage.switch(blank=True, freeze=True)
    assert stage.show(10.0)[0] is ProgramSource.BLANK
    stage.model(11.0, level=60)
    stage.switch(freeze=True)
    output, picture = stage.show(11.0)
    assert output is ProgramSource.FREEZE
    assert is_flat(picture, 50)


def test_a_second_freeze_is_of_its_own_moment():
    stage = Stage()
    for level in (50, 60):
        stage.model(10.0 + level, level=level)
        stage.switch(freeze=True)
        assert is_flat(stage.show(10.0 + level)[1], level)
        stage.switch()
        stage.show(10.0 + level)


def test_the_last_picture_stays_while_patience_lasts():
    stage = Stage()
    stage.model(10.0)
    outputs = [stage.show(10 + after)[0] for after in (0, 1, 2, 2.49, 2.5, 100)]
    assert outputs == ["live"] * 4 + ["slate"] * 2
    stage.model(110.5)
    assert stage.show(110.5)[0] is ProgramSource.LIVE


@pytest.mark.parametrize("every_s", [1.5, 2.4, 3.0, 4.8, 9.0])
def test_a_slow_model_does_not_alternate_with_the_slate(every_s):
    """From its second burst on its pace is known; until then it may take 6 s."""
    stage = Stage()
    stage.program.follows_model = True
    outputs, now = [], 10.0
    for _ in range(6):
        for number in range(24):
            stage.model(now + number / 100)
        until = now + every_s
        while now < until:
            now += 0.1
            outputs.append(stage.show(now)[0])
    known = outputs if every_s <= 6 else outputs[int(every_s * 10) :]

    assert set(known) == {ProgramSource.LIVE}


def test_a_slow_model_that_stops_is_replaced_by_the_slate_after_all():
    stage = Stage()
    stage.program.follows_model = True
    for burst in range(4):
        stage.model(10.0 + 3 * burst)
        stage.show(10.0 + 3 * burst)

    assert stage.show(19.0 + 3.9)[0] is ProgramSource.LIVE
    assert stage.show(19.0 + 4.1)[0] is ProgramSource.SLATE


def test_a_model_that_gives_even_frames_has_the_patience_that_is_configured():
    stage = Stage()
    stage.program.follows_model = True
    for number in range(100):
        stage.model(10.0 + number / 24)
        stage.show(10.0 + number / 24)
    last = 10.0 + 99 / 24

    assert stage.show(last + 2.4)[0] is ProgramSource.LIVE
    assert stage.show(last + 2.6)[0] is ProgramSource.SLATE


def test_a_long_breakdown_is_no_pace():
    stage = Stage()
    stage.program.follows_model = True
    for burst in (10.0, 11.2, 12.4, 60.0, 61.2, 62.4, 63.6):
        stage.model(burst)
        stage.show(burst)

    assert stage.show(63.6 + 2.6)[0] is ProgramSource.SLATE


def test_the_pace_of_the_model_gives_no_patience_where_it_is_not_followed():
    stage = Stage()
    for burst in range(4):
        stage.model(10.0 + 3 * burst)
        stage.show(10.0 + 3 * burst)

    assert stage.show(19.0 + 2.6)[0] is ProgramSource.SLATE
    stage.program.follows_model, stage.program.patience_s = True, 0.0
    stage.program.follows_model = False
    assert stage.show(19.0 + 0.1)[0] is ProgramSource.SLATE


def test_without_patience_nothing_is_live():
    stage = Stage()
    stage.program.patience_s = 0.0
    stage.model(10.0)
    assert stage.show(10.0)[0] is ProgramSource.SLATE
    stage.program.patience_s = PATIENCE_S
    assert stage.show(10.1)[0] is ProgramSource.LIVE


def test_the_frames_of_a_former_run_are_not_shown_again():
    stage = Stage()
    stage.model(10.0)
    assert stage.show(10.0)[0] is ProgramSource.LIVE
    stage.buffer.clear()
    assert stage.show(10.1)[0] is ProgramSource.SLATE


@pytest.mark.parametrize(
    ("age", "output"),
    [
        (0.0, ProgramSource.BYPASS),
        (BYPASS_FRESH_S, ProgramSource.BYPASS),
        (BYPASS_FRESH_S + 0.01, ProgramSource.SLATE),
        (1000.0, ProgramSource.SLATE),
    ],
)
def test_a_stale_raw_frame_is_never_shown(age, output):
    stage = Stage()
    stage.raw(10.0)
    stage.switch(bypass=True)
    assert stage.show(10.0 + age)[0] is output


def test_a_bypass_that_ends_leaves_no_raw_picture_behind():
    stage = Stage()
    stage.raw(10.0)
    stage.switch(bypass=True)
    stage.show(10.0)
    for switches in (Switches(), Switches(freeze=True), Switches(blank=True)):
        stage.program.switches = switches
        assert source(stage.show(10.01)[1]) != "raw"


def test_a_bypass_without_a_grant_shows_what_else_there_is():
    stage = Stage(granted=False)
    stage.raw(10.0)
    stage.model(10.0)
    stage.switch(bypass=True)
    assert stage.show(10.0)[0] is ProgramSource.LIVE


def test_a_slate_is_drawn_once_for_as_long_as_it_says_the_same():
    stage = Stage()
    _, first = stage.show(10.0)
    _, same = stage.show(10.1)
    assert same is first
    assert np.array_equal(first.i420, to_i420(draw(stage.slate, *SIZE).bgr))
    stage.slate = Slate("Connecting", elapsed_s=3)
    assert stage.show(10.2)[1] is not first
    assert stage.program.slate == stage.slate


def test_the_same_frame_is_the_same_picture():
    stage = Stage()
    stage.model(10.0)
    _, first = stage.show(10.0)
    assert stage.show(10.1)[1] is first
    stage.model(10.2)
    assert stage.show(10.2)[1] is not first


def test_blank_is_black_of_the_sink_s_size():
    stage = Stage()
    stage.switch(blank=True)
    _, picture = stage.show(10.0)
    assert np.array_equal(picture.i420, black_i420(64, 36))


# -- the thread ------------------------------------------------------------------------------------


class RecordingSink:
    """Keeps what it is given, and calls `then` after each picture."""

    def __init__(self, then: Callable[[int], None]) -> None:
        self.pictures: list[Picture] = []
        self._then = then

    def send(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self._then(len(self.pictures))


def play(stage: Stage, then: Callable[[int], None], stop: threading.Event) -> tuple[Playout, list]:
    """Run a playout here until `stop`; the outputs at each change come with it."""
    changes: list[ProgramSource] = []
    sink = RecordingSink(then)
    playout = Playout(
        stage.program,
        sink,  # type: ignore[arg-type]
        fps=500,
        on_change=lambda: changes.append(stage.program.output),
    )
    playout.run(stop)
    assert playout.ticks == len(sink.pictures)
    return playout, changes


def test_every_tick_is_one_picture_and_stop_ends_it():
    stage, stop = Stage(), threading.Event()
    playout, changes = play(stage, lambda count: stop.set() if count == 20 else None, stop)
    assert playout.ticks == 20
    assert playout.meter.rate(0) >= 0
    assert changes == [ProgramSource.SLATE], "told once"


@pytest.mark.parametrize(("took_longer_s", "late_s"), [(0.0, 0.0), (0.03, 0.03), (-0.5, 0.0)])
def test_a_tick_is_as_late_as_its_wait_took_longer_than_asked(
    monkeypatch, took_longer_s: float, late_s: float
):
    clock, told = [100.0], []

    def wait(seconds: float) -> bool:
        clock[0] += seconds + took_longer_s
        return took_longer_s < 0

    stage, stop = Stage(), threading.Event()
    monkeypatch.setattr(playout_module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(stage.program, "wait", wait)
    playout = Playout(
        stage.program,
        RecordingSink(lambda count: stop.set() if count == 5 else None),  # type: ignore[arg-type]
        fps=1.0,
        on_change=lambda: None,
        shedding=SimpleNamespace(rest=lambda: None, tick=lambda late, _: told.append(late)),  # type: ignore[arg-type]
    )
    playout.run(stop)
    # The first tick waits for nothing.
    assert told == pytest.approx([0.0, *[late_s] * 4], abs=1e-6)


def test_the_delay_of_each_model_frame_that_was_shown_is_counted_once():
    stage, stop = Stage(), threading.Event()

    def then(count: int) -> None:
        if count in {3, 30}:
            stage.model(time.monotonic())
        if count >= 60 and stage.program.on_show is not None:
            stop.set()

    playout, changes = play(stage, then, stop)
    assert changes == [ProgramSource.SLATE, ProgramSource.LIVE]
    assert sum(playout.delays.counts) == 2
    assert playout.delays.sum > 0


def test_a_playout_that_was_stopped_before_it_began_shows_nothing():
    stage, stop = Stage(), threading.Event()
    stop.set()
    playout, changes = play(stage, lambda _: None, stop)
    assert (playout.ticks, changes) == (0, [])


def test_changes_are_told_at_the_tick_they_happen():
    stage, stop = Stage(), threading.Event()

    def then(count: int) -> None:
        match count:
            case 3:
                stage.switch(blank=True)
            case 6:
                stage.switch(freeze=True)
            case 9:
                stage.switch()
                stage.slate = Slate("Starting")
            case 12:
                stop.set()

    _, changes = play(stage, then, stop)
    assert changes == [
        ProgramSource.SLATE,
        ProgramSource.BLANK,
        ProgramSource.FREEZE,
        ProgramSource.SLATE,
    ]


def test_another_headline_is_a_change():
    stage, stop = Stage(), threading.Event()

    def then(count: int) -> None:
        stage.slate = Slate("Connecting" if count < 5 else "Paused", elapsed_s=count)
        if count == 10:
            stop.set()

    _, changes = play(stage, then, stop)
    assert changes == [ProgramSource.SLATE] * 2


@pytest.mark.parametrize("error", [SinkError("no reader"), ZeroDivisionError("a defect")])
def test_what_the_sink_raises_comes_out(error):
    def then(count: int) -> None:
        if count == 3:
            raise error

    with pytest.raises(type(error)):
        play(Stage(), then, threading.Event())


def test_the_loop_may_swap_the_switches_while_the_thread_ticks():
    stage, stop = Stage(), threading.Event()
    stage.model(0.0)
    seen: set[str] = set()

    def then(count: int) -> None:
        if count == 300:
            stop.set()

    def flip() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            stage.switch(blank=bool(number & 1), freeze=bool(number & 2))

    flipping = threading.Thread(target=flip)
    flipping.start()
    try:
        playout, changes = play(stage, then, stop)
    finally:
        stop.set()
        flipping.join()
    seen.update(changes)
    assert playout.ticks == 300
    assert seen <= {
        ProgramSource.BLANK,
        ProgramSource.FREEZE,
        ProgramSource.SLATE,
        ProgramSource.LIVE,
    }


def test_what_stands_for_the_slate_is_shown_where_the_slate_would_be():
    stage = Stage()
    own = Picture.from_slate(draw(Slate("My own"), *SIZE))
    assert stage.show(9.0)[1].source == "slate"
    stage.program.away = own
    assert stage.show(10.0) == (ProgramSource.SLATE, own)
    assert stage.program.slate is None, "no card is told of"
    stage.switch(freeze=True)
    assert stage.show(10.1) == (ProgramSource.FREEZE, own)
    stage.switch(blank=True)
    assert stage.show(10.2)[1].source == "black"
    stage.switch(bypass=True)
    assert stage.show(10.3) == (ProgramSource.SLATE, own), "the camera gives nothing"
    stage.switch()
    stage.model(10.4)
    assert stage.show(10.4)[0] is ProgramSource.LIVE
    stage.program.away = None
    assert stage.show(99.0)[1] is not own
    assert stage.program.slate == stage.slate
