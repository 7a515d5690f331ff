"""Transitions: what is faded, from what to what, and what never is."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from sana_vcam.config.schema import PrivacyConfig
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame, Picture
from sana_vcam.media.pixels import Pixels, coarse_difference, luma_plane, to_i420
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.playout.program import BypassSource, OffAir, Program, Switches
from sana_vcam.media.playout.transitions import LANDS_WITHIN_S, Transition, Transitions
from sana_vcam.media.slate import Slate
from sana_vcam.media.states import ProgramSource

SIZE = (64, 36)
FPS = 24
DARK, BRIGHT = 40, 220


def flat(level: int, size: tuple[int, int] = SIZE) -> Pixels:
    return to_i420(np.full((size[1], size[0], 3), level, np.uint8))


def level(picture: Picture) -> float:
    return float(luma_plane(picture.i420).mean())


DARK_LEVEL, BRIGHT_LEVEL = (float(luma_plane(flat(one)).mean()) for one in (DARK, BRIGHT))
BLACK_LEVEL = 16


class Stage:
    """A program with a mixer and transitions on top; time is a count of ticks."""

    def __init__(self, kind: str = "fade", seconds: float = 0.5) -> None:
        self.mixer = Mixer(fps=FPS, max_delay_s=0)
        self.session = self.mixer.open()
        self.mixer.cut(self.session)
        self.camera: Mailbox[CameraFrame] = Mailbox()
        grant = BypassGrant.from_config(PrivacyConfig(allow_bypass=True))
        assert grant is not None
        self.program = Program(
            self.mixer,
            SIZE,
            slate=lambda: Slate("Connecting"),
            bypass=BypassSource(grant, self.camera),
        )
        self.program.patience_s = 2.0
        self.transitions = Transitions(self.program, lambda: self.mixer.on_air, SIZE, "crop")
        self.transitions.wanted = Transition(kind, seconds)  # type: ignore[arg-type]
        self.now = 100.0
        self.frames = 0

    def tick(self, pixels: Pixels | None = None) -> Picture:
        """One tick, for which the session on air has given a frame, or not."""
        self.now += 1 / FPS
        self.frames += 1
        if pixels is not None:
            self.session.put(ModelFrame(pixels, self.frames, self.now))
        self.camera.put(CameraFrame(np.full((36, 64, 3), 99, np.uint8), self.frames, self.now))
        return self.transitions.pictures(self.now)

    def live(self, level: int, ticks: int = 48) -> list[Picture]:
        return [self.tick(flat(level)) for _ in range(ticks)]

    def levels(self, value: int, ticks: int = 24) -> list[float]:
        return [level(picture) for picture in self.live(value, ticks)]


def test_a_cut_is_the_program_itself():
    for stage in (Stage("cut"), Stage("fade", 0.0)):
        assert stage.transitions.pictures == stage.program.next


def test_the_card_fades_into_the_picture():
    stage = Stage()
    card = stage.tick()
    assert card.source == "slate"
    shown = stage.live(BRIGHT, 14)
    assert [picture.source for picture in shown] == ["blend"] * 11 + ["model"] * 3
    levels = [level(picture) for picture in (card, *shown)]
    assert all(before < after for before, after in pairwise(levels[:12])), "each tick a step"
    assert levels[-1] == BRIGHT_LEVEL


def test_the_picture_fades_into_the_card():
    stage = Stage()
    stage.live(BRIGHT)
    stage.program.patience_s = 0.0
    shown = [stage.tick() for _ in range(14)]
    assert stage.program.output is ProgramSource.SLATE
    assert [picture.source for picture in shown] == ["blend"] * 11 + ["slate"] * 3
    assert level(shown[0]) > 0.8 * BRIGHT_LEVEL


def test_black_lies_in_the_middle():
    stage = Stage("black", 1.0)
    stage.live(BRIGHT)
    stage.program.patience_s = 0.0
    shown = [stage.tick() for _ in range(30)]
    assert level(shown[11]) == pytest.approx(BLACK_LEVEL, abs=1)
    darker = [level(picture) for picture in shown[:12]]
    assert all(before > after for before, after in pairwise(darker))
    assert shown[-1].source == "slate"


def test_another_session_fades_in():
    stage = Stage()
    stage.live(DARK)
    coming = stage.mixer.open()
    stage.mixer.cut(coming)
    stage.mixer.close(stage.session)
    stage.session = coming
    levels = stage.levels(BRIGHT)
    assert DARK_LEVEL < levels[0] < 0.4 * BRIGHT_LEVEL
    assert levels[5] == pytest.approx((DARK_LEVEL + BRIGHT_LEVEL) / 2, abs=10)
    assert levels[12:] == [BRIGHT_LEVEL] * 12


def test_a_look_fades_from_its_first_picture_on():
    stage = Stage()
    stage.transitions.follow_look("noir", stage.now)
    stage.live(DARK)
    stage.transitions.follow_look("clay", stage.now)
    assert stage.levels(DARK) == [DARK_LEVEL] * 24, "asked for, and not there yet"
    levels = stage.levels(BRIGHT)
    assert DARK_LEVEL < levels[0] < 0.4 * BRIGHT_LEVEL
    assert levels[12:] == [BRIGHT_LEVEL] * 12
    assert stage.levels(DARK)[0] == pytest.approx(BRIGHT_LEVEL, abs=20), "an anchor is seen, too"


def test_what_nobody_asked_for_is_shown_as_it_is():
    stage = Stage()
    stage.transitions.follow_look("noir", stage.now)
    stage.live(DARK, FPS * int(LANDS_WITHIN_S + 1))
    stage.transitions.follow_look("noir", stage.now)
    assert stage.levels(BRIGHT) == [BRIGHT_LEVEL] * 24


def test_movement_is_no_look():
    stage = Stage()
    scene = np.random.default_rng(3).integers(0, 256, (36, 640, 3), np.uint8)
    views = [to_i420(np.ascontiguousarray(scene[:, x : x + 64])) for x in range(0, 560, 10)]
    assert min(coarse_difference(*pair) for pair in pairwise(views)) > 4, "it moves a lot"
    stage.tick(views[0])
    for _ in range(24):
        stage.tick(views[0])
    for view in views:
        stage.tick(view)
    stage.transitions.follow_look("clay", stage.now)
    shown = [stage.tick(view) for view in reversed(views)]
    # The first of them may be taken for a look: nothing is known of the movement then.
    assert {picture.source for picture in shown[16:]} == {"model"}


@pytest.mark.parametrize("switch", ["blank", "freeze", "bypass"])
def test_a_switch_is_seen_at_once_and_goes_at_once(switch):
    stage = Stage("fade", 1.0)
    stage.tick()
    assert stage.tick(flat(BRIGHT)).source == "blend"
    stage.program.switches = Switches(**{switch: True})
    expected = {"blank": "black", "freeze": "model", "bypass": "bypass"}[switch]
    assert [stage.tick(flat(BRIGHT)).source for _ in range(3)] == [expected] * 3
    stage.program.switches = Switches()
    assert stage.tick(flat(DARK)).source == "model"


def test_pictures_of_any_size_are_blended():
    stage = Stage()
    stage.tick(flat(DARK, (96, 64)))
    coming = stage.mixer.open()
    stage.mixer.cut(coming)
    stage.session = coming
    shown = stage.tick(flat(BRIGHT, (32, 20)))
    assert (shown.source, shown.i420.shape) == ("blend", (54, 64))


def test_a_transition_that_was_switched_on_comes_from_what_is_seen():
    stage = Stage("cut")
    stage.live(DARK)
    stage.transitions.wanted = Transition("fade", 1.0)
    assert stage.levels(BRIGHT) == [BRIGHT_LEVEL] * 24, "what was shown before is not known"
    stage.program.patience_s = 0.0
    assert stage.tick().source == "blend"


def test_whatever_is_switched_blends_nothing_raw_and_keeps_black_black():
    stage = Stage("fade", 0.3)
    chance = random.Random(17)
    kinds = set()
    for _ in range(3000):
        if chance.random() < 0.2:
            switches = [chance.random() < 0.25 for _ in range(3)]
            stage.program.switches = Switches(*switches)
        if chance.random() < 0.1:
            stage.program.patience_s = chance.choice([0.0, 2.0])
        if chance.random() < 0.1:
            stage.transitions.follow_look(chance.random(), stage.now)
        if chance.random() < 0.05:
            stage.transitions.wanted = Transition(chance.choice(["fade", "black"]), 0.3)
        # A blend with a raw picture would raise here.
        shown = stage.tick(flat(chance.choice([DARK, BRIGHT])))
        kinds.add((stage.program.output, shown.source))
    assert kinds == {
        (ProgramSource.BLANK, "black"),
        (ProgramSource.FREEZE, "model"),
        (ProgramSource.FREEZE, "slate"),
        (ProgramSource.BYPASS, "bypass"),
        (ProgramSource.LIVE, "model"),
        (ProgramSource.LIVE, "blend"),
        (ProgramSource.SLATE, "slate"),
        (ProgramSource.SLATE, "blend"),
    }


def test_what_is_taken_is_faded_to_from_the_still_and_freeze_is_not():
    stage = Stage()
    stage.live(DARK)
    stage.program.off_air = OffAir()
    assert set(stage.levels(BRIGHT)) == {DARK_LEVEL}
    stage.program.off_air = OffAir(until=stage.now + 0.5 / FPS)
    taken = stage.levels(BRIGHT)
    assert all(one <= other for one, other in pairwise(taken))
    assert len(set(taken)) > 6
    assert (taken[0], taken[-1]) == (pytest.approx(DARK_LEVEL, abs=20), BRIGHT_LEVEL)
    stage.program.off_air = None
    stage.program.switches = Switches(freeze=True)
    stage.live(DARK)
    stage.program.switches = Switches()
    assert set(stage.levels(DARK)) == {DARK_LEVEL}
