"""One session takes over from another, over real WebRTC: what viewers see of it, frame by frame.

Two stand-ins behind a coordinator are the service: each runtime serves one session.
"""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from sana_vcam.media.camera.timecode import read_counter
from tests.fakes.coordinator import KEY, Coordinator
from tests.system.daemon import Bridge, Standin, View, running_daemon, running_standin

NOIR = "film noir, black and white"
FPS = 24


@dataclass
class Stage:
    """A daemon on a service with two GPUs."""

    cloud: Coordinator
    models: tuple[Standin, Standin]


@contextlib.asynccontextmanager
async def service(
    first: tuple[str, ...] = (), second: tuple[str, ...] = (), *, room: int | None = None
) -> AsyncIterator[Stage]:
    """Two stand-ins with these flags; no session may be left open at them."""
    async with (
        running_standin(*first) as one,
        running_standin(*second) as two,
        Coordinator(one.url, two.url, room=room) as cloud,
    ):
        yield Stage(cloud, (one, two))
        await cloud.until(lambda: not cloud.still_open)
        assert cloud.most_open <= 2


def cloud_settings(**more: str) -> Mapping[str, str]:
    return {"REACTOR__LOCAL": "false", "REACTOR__API_KEY": KEY, **more}


@dataclass
class Watched:
    """What a viewer saw of each frame, in order."""

    counters: list[int | None] = field(default_factory=list)
    is_grey: list[bool] = field(default_factory=list)

    def judge(self, view: View) -> None:
        self.counters.append(read_counter(view.luma[:, :, None]))
        self.is_grey.append(view.colourfulness < 2.5)

    @property
    def frozen(self) -> int:
        """The most frames in a row that showed the same picture."""
        return max(len(list(group)) for _, group in groupby(self.counters))

    @property
    def steps(self) -> list[int]:
        """By how many of the camera's frames the picture went on, each time that it changed."""
        seen = [counter for counter, _ in groupby(self.counters) if counter is not None]
        return [after - before for before, after in pairwise(seen)]


def sessions(control: Any, since: int) -> set[str]:
    """The session's states that were told since the state of this number."""
    return {state["session"] for state in list(control.states)[since:]}


async def test_renew_changes_the_picture_once_and_shows_no_card(tmp_path: Path):
    async with (
        service((), ("--edit", "copy")) as stage,
        running_daemon(tmp_path, stage.cloud.url, "--prompt", NOIR, **cloud_settings()) as bridge,
    ):
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        await viewer.until(lambda view: view.colourfulness < 2.5, "the first model's edit")
        watched = Watched()
        viewer.judges.append(watched.judge)
        before = len(control.states)
        assert (await control.ok("renew"))["applies"] == "later"
        await control.until(lambda s: s["renewing"], "another session")
        assert len(stage.cloud.still_open) <= 2
        await control.until(lambda s: not s["renewing"], "the take-over")
        await viewer.until(lambda view: view.colourfulness > 8, "the second model's picture")
        await viewer.take(3 * FPS)

        assert len(list(groupby(watched.is_grey))) == 2, "one change, and never back"
        assert {state["output"] for state in list(control.states)[before:]} == {"live"}
        assert sessions(control, before) == {"streaming"}
        assert control.state["model_prompt"] == NOIR
        assert control.state["error"] is None
        await stage.cloud.until(lambda: len(stage.cloud.still_open) == 1)
        assert stage.cloud.still_open == stage.cloud.opened[1:]
        assert stage.cloud.most_open == 2
        await stage.models[0].until_session("ready")


async def test_a_session_that_the_platform_ends_is_renewed_before_and_nobody_sees_it(
    tmp_path: Path,
):
    """The figures of the cut are printed; run with -s to see them."""
    flags = ("--edit", "copy", "--session-limit", "60")
    settings = cloud_settings(REACTOR__MAX_SESSION_S="60", START__SEED="7")
    async with (
        service(flags, flags) as stage,
        running_daemon(tmp_path, stage.cloud.url, **settings) as bridge,
    ):
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        first_end = control.state["ends_in_s"]
        assert 0 < first_end <= 45
        await control.until(lambda s: s["renewing"], "another session")
        watched = Watched()
        viewer.judges.append(watched.judge)
        before = len(control.states)
        await control.until(lambda s: not s["renewing"], "the take-over")
        await viewer.take(5 * FPS)
        viewer.judges.remove(watched.judge)

        assert None not in watched.counters, "a card, or a broken picture"
        assert {state["output"] for state in list(control.states)[before:]} == {"live"}
        assert sessions(control, before) == {"streaming"}
        back = [step for step in watched.steps if step < 0]
        assert len(back) <= 1, "the picture goes back in time at the cut only"
        state = control.state
        assert (state["seed"], state["ends_in_s"] > 10) == (7, True)
        assert state["billed_session_s"] > state["session_s"], "both were billed"
        print(
            f"\nrollover: {len(watched.counters)} frames watched, 0 cards; longest still picture "
            f"{watched.frozen} frames; steps of the camera's counter from {min(watched.steps)} to "
            f"{max(watched.steps)}; steps back {back}"
        )


async def test_an_account_with_one_session_gets_a_short_card(tmp_path: Path):
    async with (
        service(room=1) as stage,
        running_daemon(tmp_path, stage.cloud.url, "--prompt", NOIR, **cloud_settings()) as bridge,
    ):
        control = bridge.control
        await control.live()
        await control.ok("renew")
        await stage.cloud.requested("POST", "/sessions", times=2)
        await control.until(lambda s: not s["renewing"] and s["session"] == "streaming")
        assert control.state["output"] == "live", "the refusal costs nothing"
        await control.ok("renew")
        await control.until(lambda s: s["card"] == "One moment", "the card")
        await control.live()
        assert stage.cloud.count("POST", "/sessions") == 3
        assert stage.cloud.most_open == 1
        assert control.state["error"] is None


async def test_a_kill_in_the_overlap_leaves_two_that_the_next_start_ends(tmp_path: Path):
    async with service() as stage:
        settings = cloud_settings()
        async with running_daemon(tmp_path, stage.cloud.url, **settings) as bridge:
            await bridge.control.live()
            # It never has a picture, so nothing takes over.
            stage.cloud.pending = 1000
            await bridge.control.ok("renew")
            await stage.cloud.until(lambda: len(stage.cloud.still_open) == 2)
            await _noted(bridge, 2)
            bridge.signal(signal.SIGKILL)
            assert await bridge.exit_status() == -signal.SIGKILL
        orphans = stage.cloud.still_open
        assert len(orphans) == 2
        stage.cloud.pending = 0
        async with running_daemon(tmp_path, stage.cloud.url, **settings) as bridge:
            await bridge.control.live()
            assert not set(orphans) & set(stage.cloud.still_open)
            usage = await bridge.control.ok("usage")
            assert usage["total_s"] > usage["session"]["seconds"], "what the killed one was billed"


async def _noted(bridge: Bridge, count: int) -> None:
    """Wait until the ledger has so many sessions."""
    ledger = bridge.home / "xdg_state_home" / "sana-vcam" / "sessions.json"
    await bridge.control.until(
        lambda _: len(json.loads(ledger.read_text())["sessions"]) == count, f"{count} in the ledger"
    )


async def test_what_was_billed_is_told_and_kept(tmp_path: Path):
    settings = cloud_settings(COST__PRICE_PER_MIN="0.6", COST__CURRENCY="EUR")
    async with service() as stage:
        async with running_daemon(tmp_path, stage.cloud.url, **settings) as bridge:
            await bridge.control.live()
            await bridge.control.until(lambda s: s["billed_day_s"] > 2, "two billed seconds")
            state = bridge.control.state
            assert state["cost_day"] == pytest.approx(state["billed_day_s"] / 60 * 0.6, abs=0.01)
            assert state["currency"] == "EUR"
            assert (await bridge.control.send("disconnect"))["type"] == "ok"
            await bridge.control.until(lambda s: s["session"] == "idle")
            spent = await bridge.control.ok("usage")
        async with running_daemon(
            tmp_path, stage.cloud.url, START__CONNECT="false", **settings
        ) as bridge:
            again = await bridge.control.ok("usage")
            assert again["day"]["seconds"] == spent["day"]["seconds"] > 2
            assert again["session"]["seconds"] == 0
