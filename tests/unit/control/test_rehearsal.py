"""A rehearsal on a scripted platform: what viewers see at every tick, whatever happens in it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.control.protocol.rehearsal import RehearsalStage as Stage
from sana_vcam.control.rehearsal import Rehearsal
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.playout.buffer import PlayoutBuffer
from sana_vcam.media.playout.program import Program, Switches
from sana_vcam.media.slate import Slate
from sana_vcam.reactor import Unavailable
from sana_vcam.reactor.messages import WireMessage
from tests.fakes.controlserver import open_client
from tests.fakes.sessions import Later
from tests.fakes.virtualtime import virtual_time
from tests.fakes.wire import exchange, get
from tests.unit.engine.rig import DESIRED, Rig, running

SIZE = (16, 16)
TICK_S, CHUNK_S = 0.2, 1.0
WAY_S = 1.8
"""From the moment at which a prompt is heard to the first picture of it."""
OLD, TRIAL, OTHER = DESIRED.prompt, "a face of chrome", "as clay"
LEVELS = {OLD: 60, TRIAL: 120, OTHER: 180}
CARD = "card"
PICTURES = {
    level: np.full((SIZE[1] * 3 // 2, SIZE[0]), level, np.uint8) for level in LEVELS.values()
}
NAMES = {level: name for name, level in LEVELS.items()}
LOOK = {"preset": None, "image": None, "look_settings": {}}
PAGE = object()


class Show:
    """The engine, a model whose pictures are late, and what viewers and the preview are shown."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.buffer = PlayoutBuffer(fps=1 / TICK_S, max_delay_s=0)
        self.program = Program(self.buffer, SIZE, slate=lambda: Slate("Connecting"), bypass=None)
        self.program.patience_s = 2.0
        self.rehearsal = Rehearsal(
            rig.engine, self.program, lambda: None, clock=asyncio.get_running_loop().time
        )
        self.seen: list[str] = []
        """What viewers saw at each tick: a prompt, black, or the card."""
        self.preview: str | None = None
        self.stalls = False
        self.counts_chunks = True
        self._heard: deque[tuple[float, str]] = deque()
        self._chunks: dict[object, int] = {}
        self._frames = 0

    async def play(self) -> None:
        """Let the model make pictures and chunks, and the playout show them."""
        loop, ticks = asyncio.get_running_loop(), 0
        while True:
            await asyncio.sleep(TICK_S)
            now, ticks = loop.time(), ticks + 1
            client = self.rig.engine.client
            if client is not None and client.run.started and not self.stalls:
                self._heard.append((now, client.run.prompt))
                while self._heard[0][0] <= now - WAY_S:
                    _, prompt = self._heard.popleft()
                    self._frames += 1
                    level = LEVELS[prompt]
                    self.buffer.put(ModelFrame(PICTURES[level], self._frames, now))
                if self.counts_chunks and ticks % round(CHUNK_S / TICK_S) == 0:
                    chunk = self._chunks.get(client, -1) + 1
                    self._chunks[client] = chunk
                    client.says(WireMessage("chunk_complete", {"chunk_index": chunk}))
            elif client is None:
                self._heard.clear()
            self.program.patience_s = 2.0 if self.rig.state in {S.STREAMING, S.STARTING} else 0.0
            self.seen.append(self._name(self.program.next(now)))
            rehearsed = self.program.rehearsed
            self.preview = None if rehearsed is None else self._name(rehearsed)

    def _name(self, picture) -> str:
        if picture.source == "model":
            return NAMES[int(picture.i420[0, 0])]
        return CARD if picture.source == "slate" else picture.source

    async def until(self, wanted, what: str = "") -> None:
        async with asyncio.timeout(500):
            while not wanted():
                await asyncio.sleep(TICK_S / 2)

    async def until_stage(self, stage: Stage | None) -> None:
        await self.until(lambda: self.rehearsal.stage is stage)

    async def until_seen(self, what: str) -> None:
        await self.until(lambda: self.seen and self.seen[-1] == what)

    async def begin(self, prompt: str = TRIAL, owner: object = PAGE, **fields: object) -> None:
        await self.rehearsal.begin(owner, {"prompt": prompt} | LOOK | fields, None)

    async def ready(self, prompt: str = TRIAL, **fields: object) -> None:
        """Rehearse, until the preview shows it."""
        await self.begin(prompt, **fields)
        await self.until_stage(Stage.READY)
        assert self.preview == prompt
        assert self.seen[-1] == OLD

    async def ask(self, prompt: str) -> None:
        """A prompt by another key."""
        with self.rehearsal.asking(another=True):
            await self.rig.engine.set_prompt(prompt, preset=None, seed=None)

    def saw(self) -> list[str]:
        """What viewers have seen, each thing once in its order."""
        return [
            one for one, before in zip(self.seen, ["", *self.seen], strict=False) if one != before
        ]


@asynccontextmanager
async def on_air(folder: Path, **options: object) -> AsyncIterator[Show]:
    """Viewers see the old look."""
    async with running(folder, **options) as rig:
        stage = Show(rig)
        tasks = [asyncio.create_task(work) for work in (stage.play(), stage.rehearsal.run())]
        try:
            await rig.streaming()
            await stage.until_seen(OLD)
            stage.seen.clear()
            yield stage
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
    for task in tasks:
        assert task.cancelled(), task


# -- the two ways out --------------------------------------------------------------------------


@virtual_time
async def test_a_take_puts_the_look_on_air_with_the_next_picture(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        assert stage.saw() == [OLD]
        assert stage.rehearsal.take() is True
        ticks = len(stage.seen)
        await stage.until_seen(TRIAL)
        assert len(stage.seen) - ticks <= 1
        await stage.until_stage(None)
        assert stage.program.off_air is None
        assert stage.program.rehearsed is None
        assert stage.rig.engine.desired.prompt == TRIAL
        assert stage.saw() == [OLD, TRIAL]


@virtual_time
async def test_a_take_before_the_model_shows_it_waits_for_that(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.begin()
        assert stage.rehearsal.take() is False
        assert stage.rehearsal.stage is Stage.TAKING
        await stage.until_stage(None)
        assert stage.saw() == [OLD, TRIAL]


@pytest.mark.parametrize("early", [False, True])
@virtual_time
async def test_back_shows_nothing_of_it(tmp_path, early):
    async with on_air(tmp_path) as stage:
        await (stage.begin() if early else stage.ready())
        assert await stage.rehearsal.back() is False
        assert stage.rehearsal.stage is Stage.BACK
        assert stage.rig.client.run.prompt == OLD
        await stage.until_stage(None)
        assert stage.rig.engine.desired.changed({"clean": 0}) == DESIRED
        still = len(stage.seen)
        await stage.until(lambda: len(stage.seen) > still + 50)
        assert stage.saw() == [OLD]


@virtual_time
async def test_a_model_that_counts_no_chunks_is_given_time(tmp_path):
    async with on_air(tmp_path) as stage:
        stage.counts_chunks = False
        for client in stage.rig.sessions.clients:
            client.begin_run()
        await stage.ready()
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD]


@virtual_time
async def test_the_picture_is_grounded_anew_so_that_nothing_of_it_stays(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        calls = len(stage.rig.client.calls)
        await stage.rehearsal.back()
        assert ("set_anchor_interval", 1) in stage.rig.client.calls[calls:]
        await stage.until_stage(None)


@virtual_time
async def test_one_look_after_the_other_is_rehearsed_and_the_first_comes_back(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        await stage.ready(OTHER)
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD]
        assert stage.rig.engine.desired.prompt == OLD


@virtual_time
async def test_a_take_right_after_the_next_one_shows_nothing_of_the_one_before(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        await stage.begin(OTHER)
        stage.rehearsal.take()
        await stage.until_stage(None)
        assert stage.saw() == [OLD, OTHER]


@virtual_time
async def test_one_that_is_put_back_is_rehearsed_again_behind_the_same_still(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        await stage.rehearsal.back()
        with pytest.raises(CommandFailed, match="rehearse it again"):
            stage.rehearsal.take()
        await stage.begin(OTHER)
        await stage.until_stage(Stage.READY)
        assert stage.saw() == [OLD]
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.rig.engine.desired.prompt == OLD
        assert stage.saw() == [OLD]


@virtual_time
async def test_what_was_taken_is_what_the_next_one_goes_back_to(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.rehearsal.take()
        await stage.begin(OTHER)
        await stage.until_stage(Stage.READY)
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.rig.engine.desired.prompt == TRIAL
        assert OTHER not in stage.saw()


# -- whose it is -------------------------------------------------------------------------------


@virtual_time
async def test_it_ends_with_its_connection_and_no_others(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        await stage.rehearsal.end(object())
        assert stage.rehearsal.stage is Stage.READY
        await stage.rehearsal.end(PAGE)
        assert stage.rehearsal.stage is Stage.BACK
        await stage.until_stage(None)
        assert stage.saw() == [OLD]


@virtual_time
async def test_one_that_is_being_taken_does_not_end_with_its_connection(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.begin()
        stage.rehearsal.take()
        await stage.rehearsal.end(PAGE)
        await stage.until_stage(None)
        assert stage.saw() == [OLD, TRIAL]


@virtual_time
async def test_another_look_by_a_key_goes_on_air_without_the_trial(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        await stage.ask(OTHER)
        assert stage.rehearsal.stage is Stage.TAKING
        await stage.rehearsal.end(PAGE)
        await stage.until_stage(None)
        assert stage.saw() == [OLD, OTHER]


@virtual_time
async def test_a_part_of_the_look_is_rehearsed_with_it(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        with stage.rehearsal.asking(another=False):
            await stage.rig.engine.set_seed(99)
        await stage.until_stage(Stage.COMING)
        await stage.until_stage(Stage.READY)
        await stage.rehearsal.back()
        with stage.rehearsal.asking(another=False):
            await stage.rig.engine.set_seed(100)
        await stage.until_stage(None)
        assert stage.saw() == [OLD]
        assert stage.rig.engine.desired.seed == 100


@virtual_time
async def test_another_name_of_the_trial_does_not_put_it_on_air(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready(preset="chrome")
        stage.rig.engine.name_presets(lambda _: "steel")
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD]
        assert stage.rig.engine.desired.prompt == OLD


@virtual_time
async def test_a_rehearsal_that_begins_while_a_prompt_is_on_its_way_stays_off_air(tmp_path):
    async with on_air(tmp_path) as stage:
        stage.rig.sessions.plan("set_prompt", Later(2.0))
        asked = asyncio.create_task(stage.ask(OTHER))
        await asyncio.sleep(TICK_S)
        await stage.begin()
        await asked
        await stage.until_stage(Stage.READY)
        assert TRIAL not in stage.saw()


# -- what can happen meanwhile -----------------------------------------------------------------


@virtual_time
async def test_black_and_the_still_of_a_freeze_show_nothing_of_it(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.begin()
        await stage.until_seen(OLD)
        stage.program.switches = Switches(blank=True, freeze=True)
        await stage.until_stage(Stage.READY)
        assert stage.preview == TRIAL
        stage.program.switches = Switches(freeze=True)
        await stage.until_seen(OLD)
        stage.program.switches = Switches()
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD, "black", OLD]


@virtual_time
async def test_a_model_that_stalls_leaves_the_still(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.stalls = True
        await asyncio.sleep(10)
        assert stage.preview is None
        stage.stalls = False
        await stage.until(lambda: stage.preview == TRIAL)
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD]


@virtual_time
async def test_a_disconnect_puts_up_the_card_and_the_next_session_stays_off_air(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.rig.engine.disconnect()
        await stage.until_seen(CARD)
        stage.rig.engine.connect()
        await stage.until(lambda: stage.preview == TRIAL)
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD, CARD, OLD]


@virtual_time
async def test_back_without_a_session_is_at_once(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.rig.engine.disconnect()
        await stage.rig.until(S.IDLE)
        await stage.until_seen(CARD)
        assert await stage.rehearsal.back() is True
        stage.rig.engine.connect()
        await stage.until_seen(OLD)
        await stage.until_stage(None)
        assert stage.saw() == [OLD, CARD, OLD]


@virtual_time
async def test_a_session_that_is_renewed_stays_off_air(tmp_path):
    async with on_air(tmp_path) as stage:
        old = stage.rig.client
        await stage.ready()
        stage.rig.engine.renew()
        await stage.rig.until(lambda: stage.rig.gone(old))
        await stage.until_stage(Stage.READY)
        assert stage.rig.client.run.prompt == TRIAL
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD]


@virtual_time
async def test_the_old_look_is_not_on_air_before_the_next_session_has_it_too(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.rig.media.plays_on = False
        stage.rig.engine.renew()
        await stage.rig.until(lambda: len(stage.rig.sessions.clients) == 2)
        coming = stage.rig.client
        await stage.rig.until(lambda: coming.run.started)
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert coming.run.prompt == OLD
        assert stage.saw() == [OLD]


@virtual_time
async def test_a_connection_that_drops_stays_off_air(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        back = asyncio.create_task(stage.rehearsal.back())
        stage.rig.client.lose()
        await back
        await stage.until_stage(None)
        assert stage.rig.client.run.prompt == OLD
        assert TRIAL not in stage.saw()


@virtual_time
async def test_a_look_that_the_model_refuses_leaves_the_old_one(tmp_path):
    async with on_air(tmp_path) as stage:
        stage.rig.sessions.bad_prompts.add(TRIAL)
        with pytest.raises(CommandFailed) as refused:
            await stage.begin()
        assert refused.value.code == "rejected"
        await stage.until_stage(None)
        assert stage.saw() == [OLD]
        assert stage.rig.engine.desired.prompt == OLD


@virtual_time
async def test_one_that_is_refused_leaves_the_rehearsal_before_it(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.rig.sessions.bad_prompts.add(OTHER)
        with pytest.raises(CommandFailed):
            await stage.begin(OTHER)
        await stage.until_stage(Stage.READY)
        await stage.rehearsal.back()
        await stage.until_stage(None)
        assert stage.saw() == [OLD]


@virtual_time
async def test_an_old_look_that_is_refused_leaves_the_still(tmp_path):
    async with on_air(tmp_path) as stage:
        await stage.ready()
        stage.rig.sessions.bad_prompts.add(OLD)
        with pytest.raises(CommandFailed):
            await stage.rehearsal.back()
        await stage.until_stage(Stage.READY)
        assert stage.saw() == [OLD]
        stage.rehearsal.take()
        await stage.until_stage(None)
        assert stage.saw() == [OLD, TRIAL]


@virtual_time
async def test_one_that_is_not_heard_is_kept_and_sent_again(tmp_path):
    async with on_air(tmp_path) as stage:
        stage.rig.sessions.plan("set_prompt", Unavailable("no answer"))
        await stage.ready()
        assert stage.rig.client.run.prompt == TRIAL


@virtual_time
async def test_it_takes_a_session_that_streams(tmp_path):
    async with on_air(tmp_path) as stage:
        stage.rig.engine.disconnect()
        await stage.rig.until(S.IDLE)
        with pytest.raises(CommandFailed, match="connect --wait"):
            await stage.begin()
        for decide in (stage.rehearsal.back(), asyncio.to_thread(stage.rehearsal.take)):
            with pytest.raises(CommandFailed, match="no look is rehearsed"):
                await decide
        assert stage.program.off_air is None


@virtual_time
async def test_a_look_that_is_wrong_is_not_begun(tmp_path):
    async with on_air(tmp_path) as stage:
        with pytest.raises(CommandFailed):
            await stage.begin("x" * 5000)
        assert stage.program.off_air is None
        assert stage.rehearsal.stage is None


# -- through the API ---------------------------------------------------------------------------


REHEARSE = {"type": "rehearse", "data": {"prompt": TRIAL}}


@pytest.fixture
def streaming(controls):
    controls.current = controls.current.model_copy(update={"session": S.STREAMING})
    return controls


@pytest.mark.parametrize("end", ["back", "closing", "breaking"])
async def test_what_was_on_comes_back_however_it_ends(serve, streaming, end):
    async with serve() as server, open_client(server) as client:
        await client.ask("apply_preset noir")
        reply = await client.ask(REHEARSE)
        assert "viewers keep a still" in reply["data"]["note"]
        assert "billed" in reply["data"]["note"]
        assert streaming.current.prompt == TRIAL
        assert streaming.off_air.until is None
        refused = await client.ask({"type": "try_look", "data": {"prompt": OTHER}})
        assert refused["data"]["code"] == "rejected"
        if end == "back":
            assert (await client.ask("back"))["data"]["applies"] == "now"
        elif end == "closing":
            await client.connection.close()
        else:
            client.connection.transport.abort()
        async with asyncio.timeout(30):
            while streaming.off_air.until is None:
                streaming.progress.clear()
                await streaming.progress.wait()
        assert (streaming.current.prompt, streaming.current.preset) == ("black and white", "noir")


async def test_what_is_taken_stays(serve, streaming):
    async with serve() as server:
        async with open_client(server) as client:
            await client.ask("rehearse noir")
            assert (await client.ask("take"))["data"]["applies"] == "now"
        assert streaming.current.preset == "noir"
        assert streaming.off_air.until is not None


async def test_a_look_on_a_key_ends_it_and_the_same_look_does_not(serve, streaming):
    async with serve() as server, open_client(server) as client:
        await client.ask("rehearse noir")
        await client.ask("apply_preset noir")
        await client.ask("set_seed 8")
        assert streaming.off_air.until is None
        await client.ask("apply_preset van-gogh")
        assert streaming.off_air.until is not None


async def test_without_a_connection_it_stays_until_somebody_decides(serve, streaming):
    async with serve() as server:
        assert (await exchange(server, get("/v1/rehearse?preset=noir"))).status == 200
        async with open_client(server) as client:
            await client.ask(REHEARSE | {"data": {"prompt": TRIAL, "stays": True}})
        assert streaming.current.prompt == TRIAL
        assert streaming.off_air.until is None
        assert (await exchange(server, get("/v1/back"))).status == 200
        assert streaming.off_air.until is not None
        assert streaming.current.prompt == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "invalid_data"),
        ({"preset": "noir", "prompt": "x"}, "invalid_data"),
        ({"preset": "nowhere"}, "not_found"),
        ({"prompt": "x", "image": "no-such.png"}, "not_found"),
    ],
)
async def test_what_is_no_look_is_refused_and_nothing_goes_off_air(serve, streaming, data, code):
    async with serve() as server, open_client(server) as client:
        reply = await client.ask({"type": "rehearse", "data": data})
        assert reply["data"]["code"] == code
        assert streaming.off_air is None
        for decide in ("take", "back"):
            assert (await client.ask(decide))["data"]["code"] == "not_ready"
