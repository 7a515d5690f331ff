"""A look that is rehearsed in a second session, read back at the raw sink frame by frame.

Two stand-ins behind a coordinator are the service: each runtime serves one session.
"""

from __future__ import annotations

import json
import signal
from contextlib import AbstractAsyncContextManager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sana_vcam.standin.cloud import ask
from tests.fakes.coordinator import Answer
from tests.fakes.viewers import viewer
from tests.system.daemon import Bridge, View, running_daemon
from tests.system.webrtc.bridge.test_rehearsal import BRIGHT, NOIR, PENCIL, name
from tests.system.webrtc.bridge.test_rollover import Stage, cloud_settings, service

QUICK = ("--chunk-time", "0.4", "--chunk-frames", "12")
SIZE = (320, 180)
SETTINGS = cloud_settings(
    REHEARSE__SECOND_SESSION="true",
    COST__PRICE_PER_MIN="0.1",
    SINK__WIDTH=str(SIZE[0]),
    SINK__HEIGHT=str(SIZE[1]),
    # A busy machine may keep the models from their time.
    PLAYOUT__SLATE_AFTER_S="30",
)


class Eye:
    """What viewers saw, and what the states told of it."""

    def __init__(self, bridge: Bridge) -> None:
        self.names: list[str] = []
        self._pictures: set[int] = set()
        self._bridge = bridge
        bridge.viewer.judges.append(self._judge)
        self._first_state = len(bridge.control.states)

    def _judge(self, view: View) -> None:
        self.names.append(name(view))
        self._pictures.add(hash(view.luma[::4, ::4].tobytes()))

    async def moves(self) -> None:
        """Wait for many pictures that differ: what viewers see is no still."""
        self._pictures.clear()
        await self._bridge.viewer.until(lambda _: len(self._pictures) > 12, "moving pictures")

    def saw(self, *looks: str) -> None:
        """They saw these looks one after the other, live all the time."""
        assert [look for look, _ in groupby(self.names)] == list(looks)
        told = list(self._bridge.control.states)[self._first_state :]
        assert {state["output"] for state in told} == {"live"}
        assert {state["session"] for state in told} == {"streaming"}


def daemon(home: Path, stage: Stage) -> AbstractAsyncContextManager[Bridge]:
    return running_daemon(home, stage.cloud.url, "--prompt", NOIR, size=SIZE, **SETTINGS)


def luma(frame: npt.NDArray[np.uint8]) -> float:
    """How bright a planar I420 picture is."""
    return float(frame[: frame.shape[0] * 2 // 3].mean())


async def live(bridge: Bridge) -> Eye:
    await bridge.control.live()
    await bridge.viewer.until(lambda view: name(view) == "other" and view.luma.std() > 25)
    return Eye(bridge)


async def rehearse(bridge: Bridge, prompt: str) -> dict[str, Any]:
    """Rehearse a look until the preview has it; what the answer said."""
    said: dict[str, Any] = await bridge.control.ok("rehearse", prompt=prompt)
    await bridge.control.until(lambda s: s["rehearsal"] == "ready", "in the preview")
    return said


async def refusal(bridge: Bridge, prompt: str) -> str:
    """Why a rehearsal is refused: the answer, or where the platform takes its time, the state."""
    reply = await bridge.control.send("rehearse", prompt=prompt)
    if reply["type"] == "error":
        assert reply["data"]["code"] == "rejected"
        return str(reply["data"]["message"])
    await bridge.control.until(lambda s: s["rehearsal_error"] is not None, "the refusal")
    return str(bridge.control.state["rehearsal_error"])


async def until_one_is_open(stage: Stage) -> None:
    await stage.cloud.until(lambda: len(stage.cloud.still_open) == 1)


async def test_viewers_stay_live_on_their_look_until_the_other_is_taken(tmp_path: Path):
    async with (
        service(QUICK, QUICK) as stage,
        daemon(tmp_path, stage) as bridge,
        viewer() as page,
    ):
        control, eye = bridge.control, await live(bridge)
        for status in (409, 429):
            stage.cloud.next("create", Answer(status, {"detail": "full"}))
            assert "[rehearse] second_session = false" in await refusal(bridge, PENCIL)
            await control.until(lambda s: s["rehearsal"] is None)
        assert len(stage.cloud.still_open) == 1

        answer = await control.ok("preview", sdp=await page.offer())
        await page.take(answer["sdp"])
        said = await rehearse(bridge, PENCIL)
        assert "Both sessions are billed, 0.1 USD a minute each" in said["note"]
        await page.until(lambda frame: luma(frame) > BRIGHT)
        state = control.state
        assert (state["prompt"], state["on_air_prompt"]) == (PENCIL, NOIR)
        assert (state["second_session"], state["renewing"]) == (True, False)
        assert state["billed_session_s"] > state["session_s"], "both are billed"
        ledger = tmp_path / "xdg_state_home" / "sana-vcam" / "sessions.json"
        noted = {one["session_id"] for one in json.loads(ledger.read_text())["sessions"]}
        assert noted == set(stage.cloud.still_open)
        assert len(noted) == 2
        await eye.moves()
        await control.ok("back")
        await until_one_is_open(stage)
        await page.until(lambda frame: luma(frame) < BRIGHT)
        await eye.moves()
        eye.saw("other")
        assert (control.state["prompt"], control.state["rehearsal"]) == (NOIR, None)

        await rehearse(bridge, PENCIL)
        eye.saw("other")
        assert (await control.ok("take"))["applies"] == "now"
        await bridge.viewer.until(lambda view: name(view) == "pencil", "what was taken")
        await until_one_is_open(stage)
        await eye.moves()
        eye.saw("other", "pencil")
        assert control.state["prompt"] == control.state["model_prompt"] == PENCIL

        await rehearse(bridge, NOIR)
        eye.saw("other", "pencil")
        assert len(stage.cloud.still_open) == 2
        bridge.signal(signal.SIGTERM)
        assert await bridge.exit_status() == 0
        assert stage.cloud.still_open == []
        assert "raw" not in eye.names
    assert not [line for line in bridge.log if "Traceback" in line or "ERROR" in line]


async def test_what_ends_it_shows_viewers_nothing_of_it_and_leaves_none_open(tmp_path: Path):
    async with (
        service(QUICK, QUICK) as stage,
        daemon(tmp_path, stage) as bridge,
    ):
        control, eye = bridge.control, await live(bridge)
        await rehearse(bridge, PENCIL)
        second = stage.cloud.runtimes.url_of(stage.cloud.opened[-1])
        assert second is not None
        await ask(second, "POST", "/stop_session")
        await control.until(lambda s: s["rehearsal_error"] is not None, "the end of its session")
        await until_one_is_open(stage)
        assert control.state["rehearsal"] is None
        await eye.moves()
        eye.saw("other")

        await rehearse(bridge, PENCIL)
        config = tmp_path / "xdg_config_home" / "sana-vcam" / "config.toml"
        config.parent.mkdir()
        config.write_text("[cost]\nsession_cap_min = 0.01\n")
        bridge.signal(signal.SIGHUP)
        await control.until(lambda s: s["session"] == "refused", "the cap")
        await stage.cloud.until(lambda: not stage.cloud.still_open)
        assert control.state["rehearsal"] is None
        assert set(eye.names) == {"other"}, "neither the trial nor the camera"
    assert not [line for line in bridge.log if "Traceback" in line]
