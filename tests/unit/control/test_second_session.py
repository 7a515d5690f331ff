"""A rehearsal in a second session, on a scripted platform: what is on air, open and billed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sana_vcam.config.schema import CostConfig, RehearseConfig
from sana_vcam.control.protocol.rehearsal import RehearsalStage as Stage
from sana_vcam.control.rehearsal import Rehearsal
from sana_vcam.control.trial import Trial
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.playout.program import Program
from sana_vcam.media.slate import Slate
from sana_vcam.reactor import SessionGone, Unavailable
from tests.fakes.sessions import FakeClient, Later
from tests.fakes.virtualtime import virtual_time
from tests.unit.engine.rig import DESIRED, Rig, running

OLD, TRIAL, OTHER = DESIRED.prompt, "a face of chrome", "as clay"
LOOK = {"preset": None, "image": None, "look_settings": {}}
PAGE = object()


@dataclass
class Desk:
    """The engine with one session on air, and whoever rehearses."""

    rig: Rig
    rehearsal: Rehearsal
    first: FakeClient

    async def begin(self, prompt: str = TRIAL, **fields: object) -> None:
        await self.rehearsal.begin(PAGE, {"prompt": prompt} | LOOK | fields, None)

    async def ready(self) -> FakeClient:
        """Rehearse until the preview shows it; the client of the second session."""
        await self.begin()
        await self.until(Stage.READY)
        return self.rig.client

    async def until(self, stage: Stage | None) -> None:
        await self.rig.until(lambda: self.rehearsal.stage is stage)

    def first_is_as_before(self) -> None:
        """Nothing of the rehearsal has reached the session on air, nor viewers."""
        rig = self.rig
        assert rig.media.cuts == [rig.media.feeds[0]]
        assert rig.media.on_air is rig.media.feeds[0]
        assert self.first.run.prompt == OLD
        assert rig.engine.desired_on_air == DESIRED
        assert rig.states == [S.IDLE, S.CONNECTING, S.WAITING, S.STARTING, S.STREAMING]
        assert rig.errors == []

    async def until_first_is_alone(self) -> None:
        await self.rig.until(lambda: set(self.rig.sessions.open) == {"session-1"})
        self.first_is_as_before()
        assert self.rig.media.in_preview is None
        assert self.rig.on_disk == {"session-1"}


@asynccontextmanager
async def on_air(folder: Path, **options: object) -> AsyncIterator[Desk]:
    async with running(folder, **options) as rig:
        program = Program(
            Mixer(fps=24, max_delay_s=0), (16, 16), slate=lambda: Slate(""), bypass=None
        )
        config = RehearseConfig(second_session=True)
        rehearsal = Rehearsal(rig.engine, program, lambda: None, config, clock=rig.loop.time)
        task = asyncio.create_task(rehearsal.run())
        try:
            yield Desk(rig, rehearsal, await rig.streaming())
        finally:
            task.cancel()
            await asyncio.wait({task})
    assert task.cancelled(), task
    assert not rig.sessions.open
    assert rig.usage.seconds.total == pytest.approx(rig.sessions.billed_s, abs=1.0), "both"


# -- the two ways out --------------------------------------------------------------------------


@virtual_time
async def test_it_is_tried_beside_the_one_on_air_and_taken(tmp_path):
    async with on_air(tmp_path) as desk:
        rig = desk.rig
        second = await desk.ready()
        desk.first_is_as_before()
        assert rig.media.in_preview is rig.media.feeds[1]
        assert second.run.prompt == TRIAL
        assert (rig.engine.desired.prompt, desk.rehearsal.look_on_air) == (TRIAL, DESIRED)
        assert not rig.engine.status.renewing
        assert rig.on_disk == {"session-1", "session-2"}
        assert desk.rehearsal.take() is True
        await desk.until(None)
        assert rig.media.cuts == rig.media.feeds
        assert rig.media.in_preview is None
        await rig.until(lambda: rig.gone(desk.first))
        assert set(rig.sessions.open) == {"session-2"}
        assert rig.engine.desired.prompt == rig.engine.desired_on_air.prompt == TRIAL
        assert rig.states[-1] is S.STREAMING
        assert rig.errors == []
        await rig.engine.set_prompt(OTHER, preset=None, seed=None)
        assert second.run.prompt == OTHER


@virtual_time
async def test_a_take_before_the_preview_shows_it_waits_for_that(tmp_path):
    async with on_air(tmp_path) as desk:
        await desk.begin()
        assert desk.rehearsal.take() is False
        assert desk.rehearsal.stage is Stage.TAKING
        desk.first_is_as_before()
        with pytest.raises(CommandFailed, match="about to go on air"):
            await desk.begin(OTHER)
        await desk.rehearsal.end(PAGE)
        await desk.until(None)
        assert desk.rig.engine.desired_on_air.prompt == TRIAL


@pytest.mark.parametrize("early", [False, True])
@virtual_time
async def test_back_closes_it_and_viewers_never_left_the_old_look(tmp_path, early):
    async with on_air(tmp_path) as desk:
        calls = list(desk.first.calls)
        await (desk.begin() if early else desk.ready())
        assert await desk.rehearsal.back() is True
        assert desk.rehearsal.stage is None
        await desk.until_first_is_alone()
        assert desk.rig.engine.desired == DESIRED
        assert desk.first.calls == calls
        assert desk.rig.engine.second.ended is None


@virtual_time
async def test_the_next_rehearsal_waits_until_the_last_session_is_over(tmp_path):
    async with on_air(tmp_path) as desk:
        await desk.ready()
        desk.rig.sessions.plan("close", Later(3.0))
        await desk.rehearsal.back()
        await desk.begin(OTHER)
        await desk.until(Stage.READY)
        assert desk.rig.client.run.prompt == OTHER
        assert desk.rig.sessions.most_open == 2
        desk.first_is_as_before()


# -- what is asked for meanwhile ---------------------------------------------------------------


@virtual_time
async def test_what_is_asked_for_changes_what_is_rehearsed(tmp_path):
    async with on_air(tmp_path) as desk:
        engine, calls = desk.rig.engine, list(desk.first.calls)
        second = await desk.ready()
        await engine.set_prompt(OTHER, preset="clay", seed=3)
        await desk.until(Stage.COMING)
        await desk.until(Stage.READY)
        assert (second.run.prompt, engine.desired.seed) == (OTHER, 3)
        await desk.begin(TRIAL)
        await engine.reset()
        await desk.until(Stage.COMING)
        await desk.until(Stage.READY)
        assert second.run.prompt == TRIAL
        assert desk.rig.media.feeds[1].runs == 2
        assert desk.first.calls == calls
        engine.name_presets(lambda _: "steel")
        await desk.rehearsal.back()
        assert (engine.desired.prompt, engine.desired.preset) == (OLD, "steel")
        assert desk.rig.sessions.created == 2


@virtual_time
async def test_a_prompt_that_its_model_refuses_leaves_it_as_it_was(tmp_path):
    async with on_air(tmp_path) as desk:
        desk.rig.sessions.bad_prompts = {"bad"}
        await desk.ready()
        with pytest.raises(CommandFailed, match="not that"):
            await desk.rig.engine.set_prompt("bad", preset=None, seed=None)
        await desk.until(Stage.READY)
        assert desk.rig.engine.desired.prompt == TRIAL
        desk.first_is_as_before()


@virtual_time
async def test_a_look_that_was_tried_on_air_leaves_it(tmp_path):
    async with on_air(tmp_path) as desk:
        engine = desk.rig.engine
        tried = {"prompt": OTHER} | LOOK
        trial = Trial.of(PAGE, tried, engine.desired, None)
        await engine.wishes.set_look(tried)
        await desk.rehearsal.begin(PAGE, {"prompt": TRIAL} | LOOK, trial)
        assert desk.first.run.prompt == OLD
        assert (engine.desired.prompt, engine.desired_on_air.prompt) == (TRIAL, OLD)


@virtual_time
async def test_it_ends_with_its_connection_and_no_others(tmp_path):
    async with on_air(tmp_path) as desk:
        await desk.ready()
        await desk.rehearsal.end(object())
        assert desk.rehearsal.stage is Stage.READY
        await desk.rehearsal.end(PAGE)
        await desk.until_first_is_alone()


@virtual_time
async def test_it_ends_when_the_configuration_has_no_second_session_any_more(tmp_path):
    async with on_air(tmp_path) as desk:
        assert desk.rehearsal.takes_second
        await desk.ready()
        desk.rehearsal.follow_config(RehearseConfig())
        await desk.until_first_is_alone()
        assert "switched off" in desk.rig.engine.second.ended
        assert not desk.rehearsal.takes_second
        await desk.begin()
        assert desk.rig.engine.desired_on_air.prompt == TRIAL, "behind a still"
        assert desk.rig.sessions.created == 2


# -- what can go wrong -------------------------------------------------------------------------


@virtual_time
async def test_an_account_with_one_session_refuses_it_in_words(tmp_path):
    async with on_air(tmp_path, room=1) as desk:
        for _ in range(2):
            with pytest.raises(CommandFailed, match="no room for a second session") as refused:
                await desk.begin()
            assert refused.value.code == "rejected"
            assert "[rehearse] second_session = false" in str(refused.value)
            assert desk.rig.engine.second.ended is None, "one fault has one message"
            await desk.until(None)
            await desk.until_first_is_alone()


@virtual_time
async def test_a_model_on_this_machine_refuses_it_before_anything_is_opened(tmp_path):
    async with on_air(tmp_path, local=True) as desk:
        with pytest.raises(CommandFailed, match="on this machine has one session"):
            await desk.begin()
        assert desk.rig.sessions.created == 1
        # Of a local runtime nothing is billed.
        desk.rig.sessions.billed_s -= desk.rig.loop.time() - desk.first.ready_at


@virtual_time
async def test_a_gpu_is_waited_for_and_then_may_not_come(tmp_path):
    async with on_air(tmp_path) as desk:
        desk.rig.sessions.plan("connect", Later(60.0))
        await desk.begin()
        assert desk.rehearsal.stage is Stage.COMING
        await desk.until(Stage.READY)
        await desk.rehearsal.back()
        desk.rig.sessions.plan("connect", Later(60.0, Unavailable("no GPU became free")))
        await desk.begin()
        await desk.until(None)
        assert "no GPU became free" in desk.rig.engine.second.ended
        await desk.until_first_is_alone()
        await desk.begin()
        assert desk.rig.engine.second.ended is None


@virtual_time
async def test_its_connection_drops_and_is_joined_again(tmp_path):
    async with on_air(tmp_path) as desk:
        second = await desk.ready()
        desk.rig.sessions.plan("reconnect", Later(3.0))
        second.lose()
        await desk.until(Stage.COMING)
        await desk.until(Stage.READY)
        desk.rig.sessions.plan("reconnect", SessionGone("gone"))
        second.lose()
        await desk.until(None)
        assert "its session failed" in desk.rig.engine.second.ended
        await desk.until_first_is_alone()


@virtual_time
async def test_rehearsals_without_a_picture_do_not_count_against_the_one_on_air(tmp_path):
    async with on_air(tmp_path) as desk:
        for _ in range(4):
            await desk.begin()
            desk.rig.client.silent = True
            await desk.until(None)
            assert "gave no picture" in desk.rig.engine.second.ended
        await desk.until_first_is_alone()
        desk.rig.engine.renew()
        await desk.rig.until(lambda: desk.rig.gone(desk.first))
        assert desk.rig.states.count(S.STREAMING) == 1


@pytest.mark.parametrize("taken", [False, True])
@virtual_time
async def test_the_end_of_the_one_on_air_shows_nothing_of_it(tmp_path, taken):
    async with on_air(tmp_path) as desk:
        rig = desk.rig
        rig.sessions.plan("reconnect", SessionGone("gone"))
        if taken:
            await desk.begin()
            desk.rehearsal.take()
        else:
            await desk.ready()
        desk.first.lose()
        await rig.until(S.BACKOFF)
        assert rig.media.cuts == [rig.media.feeds[0]]
        assert not rig.sessions.open
        await desk.until(None)
        await rig.streaming()
        assert rig.client.run.prompt == (TRIAL if taken else OLD)
        assert rig.engine.desired_on_air.prompt == rig.client.run.prompt


@virtual_time
async def test_a_renewal_comes_first_and_nobody_sees_it(tmp_path):
    async with on_air(tmp_path, max_session_s=120) as desk:
        rig = desk.rig
        await desk.ready()
        with pytest.raises(CommandFailed, match="first sana-vcam ctl take"):
            rig.engine.renew()
        rig.engine.report_poor_quality("a second session takes the way up")
        await desk.until(None)
        assert "the session on air is to be renewed" in rig.engine.second.ended
        desk.first_is_as_before()
        await rig.until(lambda: rig.gone(desk.first))
        assert rig.client.run.prompt == OLD
        assert rig.states.count(S.STREAMING) == 1
        assert rig.sessions.most_open == 2
        assert rig.media.cuts == [rig.media.feeds[0], rig.media.feeds[2]]


@virtual_time
async def test_none_begins_while_the_one_on_air_is_renewed(tmp_path):
    async with on_air(tmp_path) as desk:
        desk.rig.media.plays_on = False
        desk.rig.engine.renew()
        await desk.rig.until(lambda: desk.rig.engine.status.renewing)
        with pytest.raises(CommandFailed, match="being renewed"):
            await desk.begin()


@pytest.mark.parametrize("way", ["disconnect", "pause", "no camera", "cap"])
@virtual_time
async def test_every_way_out_closes_both(tmp_path, way):
    cost = CostConfig(session_cap_min=1.0 if way == "cap" else 0.0, pause_ends_after_s=30.0)
    async with on_air(tmp_path, cost=cost) as desk:
        rig = desk.rig
        await desk.ready()
        if way == "disconnect":
            rig.engine.disconnect()
        elif way == "pause":
            await rig.engine.pause()
        elif way == "no camera":
            rig.media.camera = False
        await rig.until(lambda: not rig.sessions.open)
        assert rig.media.cuts == [rig.media.feeds[0]]
        assert rig.engine.desired.prompt == OLD
        await desk.until(None)
        assert rig.engine.second.ended
        if way == "cap":
            await rig.until(S.REFUSED)
            assert rig.usage.seconds.session == pytest.approx(60, abs=2), "both count"


@virtual_time
async def test_the_end_of_the_process_closes_both(tmp_path):
    async with on_air(tmp_path) as desk:
        await desk.ready()
    assert desk.rig.on_disk == set()


@virtual_time
async def test_it_takes_a_session_that_streams(tmp_path):
    async with on_air(tmp_path) as desk:
        desk.rig.engine.disconnect()
        await desk.rig.until(S.IDLE)
        with pytest.raises(CommandFailed, match="connect --wait"):
            await desk.begin()
        assert desk.rehearsal.stage is None
