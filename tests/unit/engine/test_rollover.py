"""One session takes over from another: when, in what state, and what every fault meanwhile does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import CommandRejected, Refused, SessionGone, SessionLost, Unavailable
from tests.fakes.sessions import HANG, FakeClient, Later
from tests.fakes.virtualtime import virtual_time
from tests.unit.engine.rig import DESIRED, Rig, running
from tests.unit.engine.test_engine import RECIPE

# The default margin is a quarter of so short a session.
SHORT_S, MARGIN_S = 120, 30


async def overlap(rig: Rig) -> tuple[FakeClient, FakeClient]:
    """Bring the engine to where the next session is being brought up; (old, next)."""
    old = await rig.streaming()
    rig.media.plays_on = False
    rig.engine.renew()
    await rig.until(lambda: len(rig.sessions.clients) == 2)
    return old, rig.client


async def warm(rig: Rig) -> tuple[FakeClient, FakeClient]:
    """Like `overlap`, with the next session streaming off air."""
    old, coming = await overlap(rig)
    await rig.until(lambda: coming.run.started)
    return old, coming


async def soon(rig: Rig, wanted: Callable[[], object]) -> None:
    """Let time pass until `wanted`, which is to be long before the old one's age renews it."""
    async with asyncio.timeout(100):
        await rig.until(wanted)


# -- the whole of it -------------------------------------------------------------------------------


@virtual_time
async def test_another_session_takes_over_before_the_platform_ends_the_old_one(tmp_path):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        old = await rig.streaming()
        began = rig.loop.time()
        told = list(rig.states)
        await rig.until(lambda: rig.engine.status.renewing)
        assert SHORT_S - MARGIN_S - 1 < rig.loop.time() - began < SHORT_S - MARGIN_S + 1
        await rig.until(lambda: rig.gone(old))

        new = rig.client
        assert new.calls == RECIPE
        assert new.run.prompt == DESIRED.prompt
        assert rig.states == told, "streaming all the time"
        assert rig.errors == []
        assert not rig.engine.status.renewing
        assert rig.engine.status.ready_at == new.ready_at
        assert rig.engine.client is new
        assert rig.sessions.open.keys() == rig.on_disk == {"session-2"}
        assert rig.sessions.most_open == 2
        assert rig.media.cuts == rig.media.feeds


@virtual_time
async def test_the_next_session_may_be_sent_another_size(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        rig.sessions.send_size = (640, 352)
        old, coming = await warm(rig)
        assert [feed.send_size for feed in rig.media.feeds] == [(1280, 704), (640, 352)]
        assert (old.send_size, coming.send_size) == ((1280, 704), (640, 352))
        rig.media.plays_on = True
        await rig.until(lambda: rig.gone(old))
        assert rig.engine.client.send_size == (640, 352)


@virtual_time
async def test_it_goes_on_and_on(tmp_path):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        await rig.streaming()
        await asyncio.sleep(1000)
        assert len(rig.sessions.clients) in {11, 12}
        assert rig.states.count(S.STREAMING) == 1
        assert rig.sessions.most_open == 2
        assert max(rig.sessions.overlaps) < MARGIN_S


@virtual_time
async def test_viewers_get_the_next_one_only_when_it_plays_on(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        await asyncio.sleep(3)
        assert rig.media.on_air is rig.media.feeds[0]
        assert set(rig.media.targets) == {old.push, coming.push}, "the camera goes to both"
        assert old.closes == 0
        assert rig.engine.status.renewing
        rig.media.plays_on = True
        await rig.until(lambda: rig.gone(old))
        assert rig.media.on_air is rig.media.feeds[1]
        assert rig.media.targets == [coming.push]


@virtual_time
async def test_two_sessions_are_not_paid_for_to_wait_for_a_rhythm(tmp_path):
    async with running(tmp_path) as rig:
        old, _ = await warm(rig)
        await rig.until(lambda: rig.gone(old))
        assert max(rig.sessions.overlaps) < 10


@virtual_time
async def test_a_gpu_is_waited_for_while_the_old_one_goes_on(tmp_path):
    async with running(tmp_path, max_session_s=1200) as rig:
        old = await rig.streaming()
        rig.sessions.plan("connect", Later(60))
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        await asyncio.sleep(59)
        assert rig.state is S.STREAMING
        assert old.closes == 0
        await rig.until(lambda: rig.gone(old))
        assert rig.states.count(S.STREAMING) == 1


@virtual_time
async def test_a_long_wait_for_a_gpu_makes_no_session_too_short(tmp_path):
    async with running(tmp_path, max_session_s=60) as rig:
        rig.sessions.plan("connect", Later(100))
        await rig.streaming()
        await asyncio.sleep(20)
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_gpu_that_does_not_come_in_time_is_waited_for_with_a_card(tmp_path):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        old = await rig.streaming()
        rig.sessions.plan("connect", Later(100))
        await rig.until(S.WAITING)
        assert SHORT_S - 2 < rig.loop.time() - old.ready_at < SHORT_S + 2, "not a moment too early"
        await rig.until(S.STREAMING)
        assert len(rig.sessions.clients) == 2


# -- on demand, and for want of quality ------------------------------------------------------------


@virtual_time
async def test_renew_takes_a_running_session(tmp_path):
    async with running(tmp_path, connect=False) as rig:
        with pytest.raises(CommandFailed, match="no session is streaming") as failure:
            rig.engine.renew()
        assert failure.value.code == "not_ready"
        rig.engine.connect()
        old = await rig.streaming()
        rig.engine.renew()
        rig.engine.renew()
        await rig.until(lambda: rig.gone(old))
        await asyncio.sleep(100)
        assert len(rig.sessions.clients) == 2


@virtual_time
async def test_a_degraded_session_is_left_but_not_all_the_time(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.engine.report_poor_quality("half of the frames are lost")
        await rig.until(lambda: rig.gone(old))
        for _ in range(20):
            rig.engine.report_poor_quality("half of the frames are lost")
            await asyncio.sleep(10)
        assert len(rig.sessions.clients) == 2
        await asyncio.sleep(200)
        rig.engine.report_poor_quality("half of the frames are lost")
        await rig.until(lambda: len(rig.sessions.clients) == 3)


@virtual_time
async def test_a_poor_picture_is_better_than_a_break(tmp_path):
    async with running(tmp_path, room=1) as rig:
        old = await rig.streaming()
        for _ in range(2):
            rig.engine.report_poor_quality("half of the frames are lost")
            await asyncio.sleep(400)
        assert old.closes == 0
        assert rig.states.count(S.STREAMING) == 1


@virtual_time
async def test_a_silent_run_is_left_for_another_session(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.media.plays_on = False
        rig.sessions.plan("connect", Later(5))
        old.silent = True
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        assert rig.state is S.STREAMING, "it may come back; its slate is a matter of frames"
        await rig.until(lambda: rig.gone(old))
        assert rig.state is S.STREAMING
        assert max(rig.sessions.overlaps) < 10, "nothing to lose by the cut"
        assert S.BACKOFF not in rig.states


@virtual_time
async def test_a_silent_run_is_given_up_when_no_other_session_comes(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", *[Unavailable("down")] * 9)
        old.silent = True
        await rig.until(S.BACKOFF)
        assert "no picture" in rig.error
        assert old.closes == 1


# -- what the user does meanwhile ------------------------------------------------------------------


@virtual_time
async def test_what_is_asked_meanwhile_reaches_both(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        await rig.engine.set_prompt("in oil", preset="oil", seed=3)
        await rig.engine.set_anchor_interval(4)
        await rig.until(lambda: coming.run.prompt == "in oil")
        assert old.run.prompt == "in oil"
        rig.media.plays_on = True
        await rig.until(lambda: rig.gone(old))
        assert rig.engine.desired == replace(
            DESIRED, prompt="in oil", preset="oil", seed=3, anchor_interval=4
        )
        assert coming.calls.last("set_anchor_interval") == ("set_anchor_interval", 4)


@virtual_time
async def test_a_prompt_that_both_refuse_is_taken_back(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {"bad"}
        _, coming = await warm(rig)
        with pytest.raises(CommandFailed, match="not that"):
            await rig.engine.set_prompt("bad", preset="b", seed=None)
        await asyncio.sleep(2)
        assert rig.engine.desired == DESIRED
        assert coming.run.prompt == DESIRED.prompt
        assert coming.closes == 0


@virtual_time
async def test_a_pause_meanwhile_leaves_one_session_that_is_paused(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        await rig.engine.pause()
        await rig.until(lambda: rig.gone(old))
        assert coming.run.paused
        assert rig.state is S.PAUSED
        assert rig.sessions.open.keys() == {"session-2"}
        await rig.engine.resume()
        await rig.streaming()


@virtual_time
async def test_a_pause_while_a_gpu_is_waited_for_and_a_resume(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("connect", Later(0.01), Later(20))
        old, coming = await overlap(rig)
        await rig.engine.pause()
        await asyncio.sleep(5)
        assert rig.state is S.PAUSED
        await rig.engine.resume()
        rig.media.plays_on = True
        await rig.until(lambda: rig.gone(old))
        assert not coming.run.paused


@virtual_time
async def test_no_session_is_renewed_while_paused(tmp_path):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        await rig.streaming()
        await rig.engine.pause()
        with pytest.raises(CommandFailed):
            rig.engine.renew()
        await asyncio.sleep(SHORT_S * 3)
        assert len(rig.sessions.clients) == 1
        assert rig.sessions.open == {}


@virtual_time
async def test_a_reset_meanwhile_begins_both_runs_anew(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        await rig.until(lambda: rig.engine._beside.next.session.state is S.STREAMING)
        await rig.engine.set_seed(3)
        await rig.engine.reset()
        await rig.until(lambda: rig.media.runs == 4)
        assert old.calls.names().count("reset") == 1
        assert coming.calls.names().count("reset") == 1
        assert coming.calls.last("set_seed") == ("set_seed", 3)


@pytest.mark.parametrize("moment", ["create", "connect", "publish", "set_prompt", "start", None])
@virtual_time
async def test_a_disconnect_meanwhile_closes_both(tmp_path, moment):
    async with running(tmp_path) as rig:
        await rig.streaming()
        if moment is not None:
            rig.sessions.plan(moment, Later(HANG))
        await overlap(rig)
        await asyncio.sleep(2)
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        assert rig.sessions.open == {}
        assert rig.on_disk == set()
        assert [client.closes for client in rig.sessions.clients] == [1, 1]
        assert rig.media.on_air is None
        assert not rig.engine.status.renewing
        await asyncio.sleep(600)
        assert rig.state is S.IDLE


@virtual_time
async def test_a_camera_that_stops_meanwhile_closes_both(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("connect", Later(0.01), Later(100))
        await overlap(rig)
        rig.media.camera = False
        await rig.until(S.IDLE)
        assert rig.sessions.open == {}
        assert "camera" in rig.error


@pytest.mark.parametrize("times", [1, 3])
@virtual_time
async def test_a_cancellation_meanwhile_closes_both(tmp_path, times):
    rig = Rig(tmp_path)
    task = rig.start()
    await warm(rig)
    rig.sessions.plan("close", Later(5), Later(5))
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(1)
    await asyncio.wait({task})
    assert task.cancelled()
    assert [client.closes for client in rig.sessions.clients] == [1, 1]
    assert rig.sessions.open == {}
    assert rig.on_disk == set()


# -- faults meanwhile ------------------------------------------------------------------------------


@virtual_time
async def test_the_old_one_dies_and_the_next_takes_over_as_it_is(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("connect", Later(0.01), Later(30))
        old, coming = await overlap(rig)
        rig.sessions.plan("reconnect", SessionGone("gone"))
        await rig.until(lambda: rig.engine._beside.next.session.state is S.WAITING)
        old.lose()
        await rig.until(S.WAITING)
        assert rig.engine.client is coming
        assert rig.media.on_air is rig.media.feeds[1]
        assert not rig.engine.status.renewing
        await rig.until(S.STREAMING)
        assert old.closes == 1
        assert S.BACKOFF not in rig.states
        assert len(rig.sessions.clients) == 2


@virtual_time
async def test_the_old_one_drops_and_the_next_does_not_wait_for_it(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        rig.sessions.plan("reconnect", *[Unavailable("down")] * 99)
        old.lose()
        await rig.until(lambda: rig.gone(old))
        assert rig.engine.client is coming
        assert rig.state is S.STREAMING


@pytest.mark.parametrize("step", ["create", "connect", "publish", "start"])
@virtual_time
async def test_a_next_one_that_fails_is_tried_again_and_not_seen(tmp_path, step):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        old = await rig.streaming()
        rig.sessions.plan(step, Unavailable("not now"))
        await rig.until(lambda: rig.gone(old))
        assert len(rig.sessions.clients) == 3
        assert rig.states.count(S.STREAMING) == 1
        assert rig.errors == []
        assert rig.sessions.open.keys() == {"session-3"}


@virtual_time
async def test_a_next_one_that_the_platform_has_no_capacity_for_now_heeds_its_hint(tmp_path):
    async with running(tmp_path, max_session_s=600) as rig:
        await rig.streaming()
        rig.sessions.plan("create", Unavailable("later", retry_after_s=45.0))
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        at = rig.loop.time()
        await rig.until(lambda: len(rig.sessions.clients) == 3)
        assert rig.loop.time() - at >= 45


@virtual_time
async def test_a_next_one_that_drops_before_its_time_is_joined_again(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        await rig.until(lambda: rig.engine._beside.next.session.state is S.STREAMING)
        coming.lose()
        await rig.until(lambda: "reconnect" in coming.calls.names())
        assert rig.state is S.STREAMING
        assert rig.error is None, "viewers and users see nothing of it"
        rig.media.plays_on = True
        await rig.until(lambda: rig.gone(old))
        assert rig.engine.client is coming


@virtual_time
async def test_both_die_at_once(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        rig.sessions.plan("reconnect", SessionGone("gone"), SessionGone("gone"))
        old.lose()
        coming.lose()
        await rig.until(lambda: old.closes == 1 and coming.closes == 1)
        await rig.until(S.BACKOFF)
        await rig.streaming()
        assert len(rig.sessions.clients) == 3


@pytest.mark.parametrize("step", ["publish", "reconnect"])
@virtual_time
async def test_a_defect_in_either_ends_the_engine_and_closes_both(tmp_path, step):
    rig = Rig(tmp_path)
    task = rig.start()
    rig.sessions.plan("connect", Later(0.01), Later(3))
    old, _ = await overlap(rig)
    rig.sessions.plan(step, ZeroDivisionError("a defect"))
    if step == "reconnect":
        old.lose()
    await asyncio.wait({task})
    with pytest.raises(ZeroDivisionError):
        task.result()
    assert rig.sessions.open == {}
    assert [client.closes for client in rig.sessions.clients] == [1, 1]


@virtual_time
async def test_an_old_one_whose_end_is_not_confirmed_is_ended_beside_the_new_one(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.sessions.plan("close", Unavailable("no answer"))
        rig.sessions.plan("end", Unavailable("no answer"))
        rig.engine.renew()
        await rig.until(lambda: old.closes == 1)
        assert rig.on_disk == {"session-1", "session-2"}
        rig.engine.renew()
        await rig.until(lambda: rig.sessions.ended == ["session-1"])
        assert rig.sessions.most_open == 2, "no third one beside it"
        await rig.until(lambda: len(rig.sessions.clients) == 3)
        await rig.until(lambda: rig.on_disk == {"session-3"})


# -- wishes for another session that come while one is being tried ---------------------------------


@virtual_time
async def test_a_renew_while_the_refusal_of_the_first_is_on_its_way_is_kept(tmp_path):
    async with running(tmp_path, room=1) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", Later(5))
        rig.engine.renew()
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        rig.engine.renew()
        await soon(rig, lambda: rig.gone(old))
        await rig.streaming()
        await asyncio.sleep(100)
        assert len(rig.sessions.clients) == 3, "one break for both"
        assert rig.sessions.most_open == 1
        assert rig.errors == []


@virtual_time
async def test_a_renew_during_the_try_is_done_by_it(tmp_path):
    async with running(tmp_path) as rig:
        old, _ = await warm(rig)
        rig.engine.renew()
        rig.media.plays_on = True
        await soon(rig, lambda: rig.gone(old))
        await asyncio.sleep(100)
        assert len(rig.sessions.clients) == 2


@pytest.mark.parametrize("step", ["create", "connect", "publish", "start"])
@virtual_time
async def test_a_renew_that_fails_for_now_is_tried_again(tmp_path, step):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.sessions.plan(step, Unavailable("not now"), Unavailable("not now"))
        rig.engine.renew()
        await soon(rig, lambda: rig.gone(old))
        assert len(rig.sessions.clients) == 4
        assert rig.states.count(S.STREAMING) == 1
        await asyncio.sleep(100)
        assert len(rig.sessions.clients) == 4, "once is enough"


@virtual_time
async def test_a_renew_whose_prompt_the_next_one_refuses_is_not_repeated(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.sessions.plan("set_prompt", CommandRejected("set_prompt", "not today"))
        rig.engine.renew()
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        await asyncio.sleep(100)
        assert len(rig.sessions.clients) == 2
        assert old.closes == 0


@virtual_time
async def test_a_disconnect_forgets_what_was_to_be_renewed(tmp_path):
    async with running(tmp_path, room=1) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", Later(5))
        rig.engine.renew()
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        rig.engine.renew()
        rig.engine.disconnect()
        rig.engine.connect()
        await asyncio.sleep(100)
        assert old.closes == 0, "one was wanted again before it was closed"
        assert len(rig.sessions.clients) == 2


@virtual_time
async def test_a_renew_survives_a_short_pause(tmp_path):
    async with running(tmp_path, room=1) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", Later(5))
        rig.engine.renew()
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        rig.engine.renew()
        await rig.engine.pause()
        await asyncio.sleep(10)
        assert old.closes == 0
        await rig.engine.resume()
        await soon(rig, lambda: rig.gone(old))
        await rig.streaming()


@virtual_time
async def test_a_poor_picture_reported_during_a_try_makes_no_break_when_it_is_refused(tmp_path):
    async with running(tmp_path, room=1) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", Later(5))
        rig.engine.renew()
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        rig.engine.report_poor_quality("half of the frames are lost")
        await asyncio.sleep(100)
        assert old.closes == 0
        assert len(rig.sessions.clients) == 2


@virtual_time
async def test_a_poor_picture_reported_during_a_try_is_not_held_against_the_next_one(tmp_path):
    async with running(tmp_path) as rig:
        old, coming = await warm(rig)
        rig.engine.report_poor_quality("half of the frames are lost")
        rig.media.plays_on = True
        await soon(rig, lambda: rig.gone(old))
        rig.engine.report_poor_quality("half of the frames are lost")
        await soon(rig, lambda: rig.gone(coming))
        assert len(rig.sessions.clients) == 3


@virtual_time
async def test_a_poor_picture_is_left_as_soon_as_another_session_can_be_had(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        began = rig.loop.time()
        rig.sessions.plan("create", Unavailable("not now"))
        while not rig.gone(old):
            rig.engine.report_poor_quality("half of the frames are lost")
            await asyncio.sleep(1)
        assert rig.loop.time() - began < 30


@virtual_time
async def test_paid_tries_to_leave_a_poor_picture_are_far_apart(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        rig.sessions.plan("publish", *[Unavailable("not now")] * 9)
        for _ in range(250):
            rig.engine.report_poor_quality("half of the frames are lost")
            await asyncio.sleep(1)
        assert len(rig.sessions.clients) == 2


@virtual_time
async def test_a_silent_run_is_left_although_the_first_try_fails(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", Unavailable("not now"))
        old.silent = True
        await soon(rig, lambda: rig.gone(old))
        assert rig.state is S.STREAMING
        assert rig.states.count(S.STREAMING) == 1


@virtual_time
async def test_a_renew_that_would_burn_money_is_refused_and_says_what_to_do(tmp_path):
    async with running(tmp_path) as rig:
        old = await rig.streaming()
        for _ in range(3):
            rig.sessions.plan("publish", Unavailable("no picture"))
            clients = len(rig.sessions.clients)
            rig.engine.renew()
            await rig.until(lambda clients=clients: len(rig.sessions.clients) > clients)
            coming = rig.client
            await rig.until(lambda coming=coming: coming.closes == 1)
        with pytest.raises(CommandFailed, match="sana-vcam ctl connect") as failure:
            rig.engine.renew()
        assert failure.value.code == "rejected"
        await asyncio.sleep(100)
        assert (len(rig.sessions.clients), old.closes) == (4, 0)
        rig.engine.connect()
        rig.engine.renew()
        await soon(rig, lambda: rig.gone(old))


# -- an account without a second session -----------------------------------------------------------


@pytest.mark.parametrize(
    "refusal",
    [
        Unavailable("busy", no_room=True),
        Unavailable("busy", no_room=True, retry_after_s=7.0),
        Refused("one session for each account"),
    ],
    ids=repr,
)
@virtual_time
async def test_a_refused_second_session_makes_the_shortest_break(tmp_path, refusal):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        old = await rig.streaming()
        rig.sessions.plan("create", refusal)
        await rig.until(lambda: rig.gone(old))
        assert SHORT_S - 11 < rig.loop.time() - old.ready_at < SHORT_S
        assert rig.engine.status.renewing, "which the slate says"
        second = await rig.streaming()
        assert not rig.engine.status.renewing
        assert S.REFUSED not in rig.states
        assert S.BACKOFF not in rig.states
        assert rig.errors == []
        assert rig.sessions.most_open == 1

        # It is not tried again.
        clients = len(rig.sessions.clients)
        await rig.until(lambda: rig.gone(second))
        await rig.streaming()
        assert len(rig.sessions.clients) == clients + 1
        assert rig.sessions.most_open == 1


@virtual_time
async def test_a_prompt_that_the_next_one_refuses_says_nothing_of_the_account(tmp_path):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        old = await rig.streaming()
        rig.sessions.plan("set_prompt", CommandRejected("set_prompt", "not today"))
        await rig.until(lambda: rig.gone(old))
        assert len(rig.sessions.clients) == 3
        assert rig.sessions.most_open == 2


@virtual_time
async def test_renew_makes_a_break_where_there_is_no_other_way(tmp_path):
    async with running(tmp_path, room=1) as rig:
        old = await rig.streaming()
        rig.engine.renew()
        await asyncio.sleep(30)
        assert old.closes == 0, "the refusal leaves the old one alone"
        rig.engine.renew()
        await rig.until(lambda: rig.gone(old))
        await rig.streaming()
        assert rig.sessions.most_open == 1
        assert S.BACKOFF not in rig.states


@virtual_time
async def test_a_disconnect_in_the_break_opens_nothing(tmp_path):
    async with running(tmp_path, room=1, max_session_s=SHORT_S) as rig:
        await rig.streaming()
        rig.sessions.plan("close", Later(0.01), Later(5))
        await rig.until(S.CLOSING)
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        assert not rig.engine.status.renewing
        await asyncio.sleep(60)
        assert rig.sessions.open == {}


# -- money -----------------------------------------------------------------------------------------


@virtual_time
async def test_both_are_billed_meanwhile(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("connect", Later(0.01))
        old, coming = await warm(rig)
        await rig.until(lambda: rig.gone(old))
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        overlap_s = rig.sessions.overlaps[0]
        wall_s = rig.loop.time() - old.ready_at
        assert rig.usage.seconds.session == pytest.approx(wall_s + overlap_s, abs=0.1)
        assert coming.ready_at - old.ready_at < wall_s


@virtual_time
async def test_a_cap_reached_meanwhile_closes_both(tmp_path):
    async with running(tmp_path, cost=CostConfig(day_cap_min=0.5)) as rig:
        await rig.streaming()
        await asyncio.sleep(22)
        await warm(rig)
        await rig.until(S.REFUSED)
        assert rig.sessions.open == {}
        assert 28 < rig.usage.seconds.day < 32


@virtual_time
async def test_next_ones_that_give_no_picture_are_not_paid_for_for_ever(tmp_path):
    async with running(tmp_path, max_session_s=1200) as rig:
        rig.sessions.plan("connect", Later(0.01))
        old = await rig.streaming()
        for _ in range(3):
            clients = len(rig.sessions.clients)
            await rig.until(lambda clients=clients: len(rig.sessions.clients) > clients)
            await rig.until(lambda: rig.client.run.started)
            rig.client.end_run()
            rig.client.silent = True
            coming = rig.client
            await rig.until(lambda coming=coming: coming.closes == 1)
        clients = len(rig.sessions.clients)
        assert old.closes == 0
        await rig.until(S.REFUSED)
        assert len(rig.sessions.clients) == clients
        assert "3 sessions in a row" in rig.error


@virtual_time
async def test_lost_connections_of_the_next_one_raise_no_alarm(tmp_path):
    async with running(tmp_path, max_session_s=SHORT_S) as rig:
        rig.sessions.plan("connect", Later(0.01), SessionLost("dropped"))
        old = await rig.streaming()
        await rig.until(lambda: rig.gone(old))
        assert rig.errors == []
