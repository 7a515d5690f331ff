"""The engine on a scripted platform: what is sent, what survives, what every failure leads to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import (
    CommandRejected,
    OpenSession,
    Refused,
    SessionGone,
    SessionLost,
    Unavailable,
    faults,
)
from tests.fakes.sessions import HANG, URL, Later
from tests.fakes.virtualtime import virtual_time
from tests.unit.engine.rig import DESIRED, Rig, running

RECIPE = [
    ("connect",),
    ("publish",),
    ("set_mode", "live"),
    ("set_seed", 7),
    ("set_anchor_interval", 20),
    ("set_prompt", "as a drawing"),
    ("start",),
]


# -- the recipe ------------------------------------------------------------------------------------


@virtual_time
async def test_a_session_is_brought_to_what_is_wanted_in_order(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()

        assert client.calls == RECIPE
        assert rig.states == [S.IDLE, S.CONNECTING, S.WAITING, S.STARTING, S.STREAMING]
        assert rig.media.target is client.push
        assert rig.engine.status.ready_at == client.ready_at
        assert rig.engine.reading.prompt == "as a drawing"
        assert rig.on_disk == {"session-1"}

    assert rig.states[-2:] == [S.CLOSING, S.IDLE]
    assert rig.on_disk == set()
    assert rig.sessions.open == {}
    assert rig.engine.status.ready_at is None
    assert rig.engine.reading is None
    assert rig.errors == []


@virtual_time
async def test_nothing_is_opened_unless_a_session_is_wanted_the_camera_is_there_and_no_pause(
    tmp_path,
):
    async with running(tmp_path, connect=False) as rig:
        await asyncio.sleep(60)
        assert rig.states == [S.IDLE]
        rig.media.camera = False
        rig.engine.connect()
        await asyncio.sleep(60)
        assert rig.states == [S.IDLE]
        await rig.engine.pause()
        rig.media.camera = True
        await asyncio.sleep(60)
        assert rig.states == [S.IDLE]
        assert rig.engine.status.paused
        await rig.engine.resume()
        await rig.streaming()
        assert not rig.engine.status.paused


@virtual_time
async def test_a_run_that_wants_to_be_paused_is_paused_after_its_start(tmp_path):
    async with running(tmp_path) as rig:
        await rig.until(S.STARTING)
        await rig.engine.pause()
        await rig.until(S.PAUSED)
        assert rig.client.calls == [*RECIPE, ("pause",)]
        # A pause is no silence.
        await asyncio.sleep(300)
        assert rig.state is S.PAUSED


@virtual_time
async def test_a_worn_out_session_that_is_paused_is_not_renewed(tmp_path):
    async with running(tmp_path, max_session_s=120) as rig:
        await rig.streaming()
        await rig.engine.pause()
        await rig.until(S.IDLE)
        await asyncio.sleep(600)
        assert rig.state is S.IDLE
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_an_old_session_that_is_still_closing_is_waited_for(tmp_path):
    async with running(tmp_path) as rig:
        busy = Unavailable("the service is still busy with an earlier session", retry_after_s=1.0)
        rig.sessions.plan("create", busy, busy, busy)
        await rig.streaming()
        assert rig.states.count(S.BACKOFF) == 3
        assert rig.error is None


# -- failures --------------------------------------------------------------------------------------


RETRIED = {
    "create unavailable": ("create", Unavailable("full")),
    "connect unavailable": ("connect", Unavailable("no GPU")),
    "connect lost": ("connect", SessionLost("dropped")),
    "publish unavailable": ("publish", Unavailable("late")),
    "publish rejected": ("publish", CommandRejected("publish", "taken")),
    "set_mode rejected": ("set_mode", CommandRejected("set_mode", "fixed")),
    "set_mode unavailable": ("set_mode", Unavailable("late")),
    "set_seed unavailable": ("set_seed", Unavailable("late")),
    "set_prompt unavailable": ("set_prompt", Unavailable("late")),
    "start rejected": ("start", CommandRejected("start", "no source")),
    "start unavailable": ("start", Unavailable("late")),
}


@pytest.mark.parametrize(("step", "error"), RETRIED.values(), ids=RETRIED)
@virtual_time
async def test_what_may_pass_is_tried_again(tmp_path, step, error):
    async with running(tmp_path) as rig:
        rig.sessions.plan(step, error)
        await rig.until(S.BACKOFF)
        assert rig.error == str(error)
        assert rig.sessions.open == {}
        assert rig.on_disk == set()
        assert await rig.streaming() is rig.sessions.clients[1]
        assert rig.error is None


@pytest.mark.parametrize("step", ["set_seed", "set_anchor_interval"])
@virtual_time
async def test_what_is_no_reason_to_show_nothing_is_passed_over(tmp_path, step):
    async with running(tmp_path) as rig:
        rig.sessions.plan(step, CommandRejected(step, "out of range"))
        client = await rig.streaming()
        assert client.calls == RECIPE


@pytest.mark.parametrize("step", ["create", "connect"])
@pytest.mark.parametrize("ask", ["connect", "set_prompt"])
@virtual_time
async def test_a_refusal_is_final_until_the_user_asks(tmp_path, step, ask):
    async with running(tmp_path) as rig:
        rig.sessions.plan(step, Refused("bad key. Check the API key"))
        await rig.until(S.REFUSED)
        assert rig.error == "bad key. Check the API key"
        await asyncio.sleep(3600)
        assert rig.state is S.REFUSED
        assert len(rig.sessions.clients) == 1
        assert rig.sessions.open == {}
        if ask == "connect":
            rig.engine.connect()
        else:
            await rig.engine.set_prompt("another", preset=None, seed=None)
        await rig.streaming()
        assert rig.error is None


@virtual_time
async def test_a_disconnect_ends_a_refusal_and_opens_nothing(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Refused("bad key"))
        await rig.until(S.REFUSED)
        rig.engine.disconnect()
        await asyncio.sleep(60)
        assert rig.state is S.IDLE
        assert rig.error is None
        rig.engine.connect()
        await rig.streaming()


@virtual_time
async def test_a_prompt_refused_before_the_first_start_is_final_and_says_what_to_do(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {DESIRED.prompt}
        await rig.until(S.REFUSED)
        assert "not that" in rig.error
        assert "sana-vcam ctl prompt" in rig.error
        assert "start" not in rig.client.calls.names(), "the camera would be shown as it is"
        assert rig.sessions.open == {}
        await rig.engine.set_prompt("a good one", preset=None, seed=None)
        assert (await rig.streaming()).run.prompt == "a good one"


@virtual_time
async def test_a_prompt_refused_before_the_first_start_gives_way_to_a_newer_one(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {DESIRED.prompt}
        rig.sessions.plan("set_prompt", Later(3))
        await rig.until(lambda: rig.sessions.clients and "set_prompt" in rig.client.calls.names())
        await rig.engine.set_prompt("a good one", preset=None, seed=None)
        client = await rig.streaming()
        assert client.calls[-2:] == [("set_prompt", "a good one"), ("start",)]
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_platform_that_hangs_can_be_left_at_once(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("connect", Later(HANG))
        await rig.until(S.WAITING)
        await asyncio.sleep(60)
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        assert rig.sessions.open == {}
        assert rig.engine.status.ready_at is None


@virtual_time
async def test_a_failed_session_waits_longer_each_time_and_not_after_a_good_one(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", *[Unavailable("full")] * 8)
        await rig.streaming()
        rig.sessions.plan("reconnect", SessionGone("gone"))
        rig.sessions.plan("create", Unavailable("full"))
        await asyncio.sleep(61)
        rig.client.lose()
        await rig.until(S.BACKOFF)
        at = rig.loop.time()
        await rig.until(S.CONNECTING)
        assert rig.loop.time() - at < 1.2, "the first wait again"


@virtual_time
async def test_the_platform_s_hint_is_kept_to(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Unavailable("rate limited", retry_after_s=90.0))
        await rig.until(S.BACKOFF)
        at = rig.loop.time()
        await rig.until(S.CONNECTING)
        assert rig.loop.time() - at >= 90


@virtual_time
async def test_a_session_in_the_way_is_looked_for_again_soon_however_long_it_stays(tmp_path):
    async with running(tmp_path) as rig:
        busy = Unavailable("busy with an earlier session", retry_after_s=1.0, in_the_way=True)
        rig.sessions.plan("create", *[busy] * 12)
        at = rig.loop.time()
        await rig.streaming()
        assert rig.loop.time() - at <= 12 * 3.0


@virtual_time
async def test_repeats_of_a_failure_do_not_fill_the_log(tmp_path, caplog):
    caplog.set_level("DEBUG", "sana_vcam")
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", *[Unavailable("full")] * 5)
        await rig.streaming()
    levels = [record.levelname for record in caplog.records if record.message == "full"]
    assert levels == ["WARNING", "DEBUG", "DEBUG", "DEBUG", "DEBUG"]


@virtual_time
async def test_a_failure_after_a_success_is_news_again(tmp_path, caplog):
    async with running(tmp_path) as rig:
        for _ in range(2):
            rig.sessions.plan("create", Unavailable("full"))
            rig.engine.connect()
            await rig.streaming()
            rig.engine.disconnect()
            await rig.until(S.IDLE)
    assert [record.message for record in caplog.records].count("full") == 2


@virtual_time
async def test_a_defect_ends_the_engine_and_still_closes_the_session(tmp_path):
    rig = Rig(tmp_path)
    rig.sessions.plan("start", ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError):
        await rig.start()
    assert rig.sessions.open == {}
    assert rig.on_disk == set()
    assert rig.client.closes == 1


# -- the run that is on ----------------------------------------------------------------------------


@virtual_time
async def test_a_run_that_never_shows_anything_is_not_waited_for_for_ever(tmp_path):
    async with running(tmp_path) as rig:
        await rig.until(S.STARTING)
        rig.client.silent = True
        await rig.until(S.BACKOFF)
        assert "no picture" in rig.error


@virtual_time
async def test_a_model_that_is_silent_for_want_of_a_camera_is_not_blamed(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        client.silent = True
        rig.media.camera = False
        await rig.until(S.IDLE)

        assert "camera has stopped" in rig.error
        assert not any("no picture" in error for error in rig.errors)
        assert len(rig.sessions.clients) == 1, "no other session is paid for"


@virtual_time
async def test_a_run_that_the_model_ended_is_started_again(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        client.end_run()
        await rig.until(lambda: client.calls.names().count("start") == 2)
        await rig.streaming()
        assert client.calls == [*RECIPE, *RECIPE[2:]]
        assert rig.states[-2:] == [S.STARTING, S.STREAMING]
        assert rig.media.runs == 2


@virtual_time
async def test_a_model_that_ends_every_run_at_once_is_not_hammered(tmp_path):
    async with running(tmp_path) as rig:
        for state in (S.BACKOFF, S.BACKOFF, S.REFUSED):
            await rig.until(S.STARTING)
            client = rig.client
            client.silent = True
            await rig.until(lambda client=client: client.run.started)
            client.end_run()
            await rig.until(state)
            assert "before its first picture" in rig.error
            assert client.calls.names().count("start") == 1


@virtual_time
async def test_a_model_that_never_tells_its_state_streams_as_well(tmp_path):
    async with running(tmp_path) as rig:
        await rig.until(S.CONNECTING)
        rig.client.says_state = False
        client = await rig.streaming()
        await asyncio.sleep(100)
        assert client.calls == RECIPE
        await rig.engine.pause()
        await asyncio.sleep(100)
        assert client.closes == 0, "a pause is no silence"


@virtual_time
async def test_a_state_from_before_the_start_that_comes_late_ends_nothing(tmp_path):
    async with running(tmp_path) as rig:
        await rig.until(S.CONNECTING)
        rig.client.says_state = False
        client = await rig.streaming()
        client.says_late(started=False)
        await asyncio.sleep(10)
        assert client.calls == RECIPE


@virtual_time
async def test_a_model_that_pauses_by_itself_is_told_to_go_on(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        client.pause_run()
        await rig.until(S.PAUSED)
        await rig.streaming()
        assert client.calls == [*RECIPE, ("resume",)]
        assert not rig.engine.desired.paused
        await asyncio.sleep(100)
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_model_that_pauses_by_itself_again_is_left_for_another(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        for _ in range(2):
            client.pause_run()
            await rig.until(S.PAUSED)
            await rig.until(S.STREAMING)
        assert rig.client is not client
        assert client.calls.names().count("resume") == 1
        await rig.until(lambda: rig.gone(client))


@virtual_time
async def test_a_model_that_does_not_go_on_is_not_waited_for(tmp_path):
    async with running(tmp_path, room=1) as rig:
        client = await rig.streaming()
        rig.sessions.plan("resume", *[CommandRejected("resume", "no")] * 9)
        client.pause_run()
        await _next_session(rig)
        assert client.closes == 1
        assert rig.sessions.most_open == 1


@virtual_time
async def test_a_camera_that_stops_closes_the_session_after_a_while(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        rig.media.camera = False
        await asyncio.sleep(15)
        assert rig.state is S.STREAMING
        await rig.until(S.IDLE)
        assert "camera" in rig.error
        await asyncio.sleep(600)
        assert rig.sessions.open == {}
        rig.media.camera = True
        await rig.streaming()
        assert rig.error is None


@virtual_time
async def test_a_camera_that_stops_for_a_moment_changes_nothing(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        for _ in range(5):
            rig.media.camera = False
            await asyncio.sleep(15)
            rig.media.camera = True
            await asyncio.sleep(1)
        assert len(rig.sessions.clients) == 1


@pytest.mark.parametrize("state", [S.WAITING, S.PAUSED, S.RECONNECTING])
@virtual_time
async def test_a_camera_that_stops_is_seen_in_every_state(tmp_path, state):
    async with running(tmp_path) as rig:
        await _bring_to(rig, state)
        rig.media.camera = False
        await rig.until(S.IDLE)
        assert rig.sessions.open == {}


# -- a lost connection -----------------------------------------------------------------------------


@virtual_time
async def test_a_lost_connection_is_joined_again_and_the_run_goes_on(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        client.lose()
        await rig.until(S.RECONNECTING)
        assert rig.media.target is None
        assert "dropped" in rig.error
        await rig.streaming()
        assert rig.error is None
        assert rig.media.target is client.push
        again = client.calls[len(RECIPE) :]
        # No mode and no start: the model's run goes on.
        assert again == [("reconnect",), ("publish",), *RECIPE[3:6]]


@virtual_time
async def test_joining_again_is_tried_until_the_window_is_over(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reconnect", *[Unavailable("down")] * 100)
        client.lose()
        await rig.until(S.RECONNECTING)
        at = rig.loop.time()
        await rig.until(S.BACKOFF)
        assert 18 <= rig.loop.time() - at <= 21
        assert "in time" in rig.error
        assert 10 < client.calls.names().count("reconnect") < 25
        assert await rig.streaming() is not client


@virtual_time
async def test_a_platform_that_hangs_while_joining_again_is_given_up(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reconnect", Later(HANG))
        client.lose()
        assert await _next_session(rig) is not client


@pytest.mark.parametrize("error", [SessionGone("gone"), SessionLost("again")], ids=repr)
@virtual_time
async def test_a_session_that_is_gone_is_replaced_at_once(tmp_path, error):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reconnect", error)
        client.lose()
        assert await _next_session(rig) is not client
        assert client.calls.names().count("reconnect") == 1


@virtual_time
async def test_a_refusal_while_joining_again_is_final(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reconnect", Refused("too old"))
        client.lose()
        await rig.until(S.REFUSED)
        assert client.closes == 1


@virtual_time
async def test_a_connection_that_drops_again_and_again_is_given_up(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("publish", *[SessionLost("not ready")] * 1000)
        client.lose()
        await rig.until(S.BACKOFF)
        assert client.calls.names().count("reconnect") < 25
        rig.sessions.script["publish"].clear()
        assert await rig.streaming() is not client


@pytest.mark.parametrize("step", ["publish", "set_mode", "set_seed", "set_prompt", "start"])
@virtual_time
async def test_a_connection_that_drops_before_the_start_is_joined_again(tmp_path, step):
    async with running(tmp_path) as rig:
        await rig.until(S.CONNECTING)
        rig.sessions.plan(step, rig.client.lose)
        client = await rig.streaming()
        assert len(rig.sessions.clients) == 1
        assert client.run.started
        assert client.run.prompt == DESIRED.prompt


async def _next_session(rig: Rig):
    await rig.until(lambda: len(rig.sessions.clients) == 2)
    return await rig.streaming()


# -- wishes ----------------------------------------------------------------------------------------


EARLY = [S.IDLE, S.CONNECTING, S.WAITING, S.STARTING, S.RECONNECTING, S.BACKOFF, S.REFUSED]
ALL = [*EARLY, S.STREAMING, S.PAUSED, S.CLOSING]


async def _bring_to(rig: Rig, state: S) -> None:
    """Bring an engine that has just started to `state`, and let it stay there for a while."""
    plan = rig.sessions.plan
    match state:
        case S.IDLE:
            rig.engine.disconnect()
            await rig.until(S.IDLE)
            return
        case S.CONNECTING:
            plan("create", Later(100))
        case S.WAITING:
            plan("connect", Later(100))
        case S.STARTING:
            plan("publish", Later(10))
        case S.REFUSED:
            plan("create", Refused("bad key"))
        case S.BACKOFF:
            plan("create", Unavailable("later", retry_after_s=60))
        case S.RECONNECTING:
            await rig.streaming()
            plan("reconnect", *[Unavailable("down")] * 3)
            rig.client.lose()
        case S.PAUSED:
            await rig.streaming()
            await rig.engine.pause()
        case S.CLOSING:
            await rig.streaming()
            plan("close", Later(10))
            rig.engine.disconnect()
    await rig.until(state)


@pytest.mark.parametrize("state", ALL)
@virtual_time
async def test_a_prompt_is_what_the_run_gets_whenever_it_was_asked(tmp_path, state):
    async with running(tmp_path) as rig:
        await _bring_to(rig, state)
        await rig.engine.set_prompt("in oil", preset="oil", seed=11)
        await rig.engine.set_anchor_interval(5)
        await rig.engine.resume() if rig.engine.desired.paused else None
        rig.engine.connect()
        await rig.until(lambda: bool(rig.sessions.clients))
        client = await rig.streaming()
        assert rig.engine.desired == replace(
            DESIRED, prompt="in oil", preset="oil", seed=11, anchor_interval=5
        )
        assert client.calls.last("set_prompt") == ("set_prompt", "in oil")
        assert client.calls.last("set_seed") == ("set_seed", 11)
        assert client.calls.last("set_anchor_interval") == ("set_anchor_interval", 5)


@virtual_time
async def test_a_prompt_goes_to_the_run_that_is_on_and_nothing_else_does(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.set_prompt("in oil", preset=None, seed=None)
        await rig.engine.set_seed(3)
        await rig.engine.set_anchor_interval(0)
        assert client.calls[len(RECIPE) :] == [
            ("set_prompt", "in oil"),
            ("set_seed", 3),
            ("set_anchor_interval", 0),
        ]
        await asyncio.sleep(10)
        assert len(client.calls) == len(RECIPE) + 3
        assert rig.states.count(S.STARTING) == 1


@virtual_time
async def test_a_preset_that_is_called_otherwise_costs_the_model_nothing(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.set_prompt("in oil", preset="oil", seed=None)
        before = list(client.calls)
        for name in ("oils", None):
            rig.engine.name_presets(lambda _, name=name: name)
            await asyncio.sleep(10)
            assert (rig.engine.desired.preset, rig.engine.desired.prompt) == (name, "in oil")
        assert client.calls == before
        assert rig.states.count(S.STARTING) == 1


@virtual_time
async def test_what_is_asked_during_the_start_is_sent_before_it_ends(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("start", Later(3))
        await rig.until(lambda: rig.sessions.clients and "start" in rig.client.calls.names())
        await rig.engine.set_prompt("in oil", preset=None, seed=None)
        client = await rig.streaming()
        assert client.calls[len(RECIPE) :] == [("set_prompt", "in oil")]


@virtual_time
async def test_everything_wanted_survives_a_new_session(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.set_prompt("in oil", preset="oil", seed=3)
        await rig.engine.set_anchor_interval(4)
        rig.sessions.plan("reconnect", SessionGone("gone"))
        client.lose()
        second = await _next_session(rig)
        assert second.calls[3:6] == [
            ("set_seed", 3),
            ("set_anchor_interval", 4),
            ("set_prompt", "in oil"),
        ]


@virtual_time
async def test_a_rejected_prompt_is_taken_back(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {"bad"}
        client = await rig.streaming()
        with pytest.raises(CommandFailed, match="not that") as failure:
            await rig.engine.set_prompt("bad", preset="p", seed=3)
        assert failure.value.code == "rejected"
        assert rig.engine.desired == DESIRED
        await asyncio.sleep(5)
        assert client.run.prompt == DESIRED.prompt
        assert rig.state is S.STREAMING


@virtual_time
async def test_a_rejected_prompt_leaves_what_was_asked_meanwhile(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {"bad", "worse"}
        client = await rig.streaming()
        results = await asyncio.gather(
            rig.engine.set_prompt("bad", preset="b", seed=5),
            rig.engine.set_prompt("good", preset="g", seed=5),
            rig.engine.set_anchor_interval(9),
            return_exceptions=True,
        )
        assert [type(result).__name__ for result in results] == [
            "CommandFailed",
            "NoneType",
            "NoneType",
        ]
        assert rig.engine.desired == replace(
            DESIRED, prompt="good", preset="g", seed=5, anchor_interval=9
        )
        assert client.run.prompt == "good"


@virtual_time
async def test_after_two_rejected_prompts_the_one_before_them_is_wanted(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {"bad", "worse"}
        await rig.streaming()
        await asyncio.gather(
            rig.engine.set_prompt("bad", preset="b", seed=None),
            rig.engine.set_prompt("worse", preset="w", seed=None),
            rig.engine.set_seed(2),
            return_exceptions=True,
        )
        assert rig.engine.desired == replace(DESIRED, seed=2)


@virtual_time
async def test_a_wish_that_the_model_did_not_answer_is_sent_again(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("set_prompt", Later(10, Unavailable("no answer")))
        with pytest.raises(CommandFailed, match="sent again") as failure:
            await rig.engine.set_prompt("in oil", preset=None, seed=None)
        assert failure.value.code == "not_ready"
        await rig.until(lambda: client.run.prompt == "in oil")
        assert rig.state is S.STREAMING
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_wish_whose_asker_went_away_is_sent_all_the_same(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("set_prompt", Later(5))
        asking = asyncio.ensure_future(
            rig.engine.set_prompt("in oil", preset=None, seed=None),
        )
        await asyncio.sleep(1)
        asking.cancel()
        await rig.until(lambda: client.run.prompt == "in oil")


@virtual_time
async def test_a_wish_is_kept_when_the_line_drops_under_it(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("set_prompt", client.lose)
        await rig.engine.set_prompt("in oil", preset=None, seed=None)
        await rig.until(S.RECONNECTING)
        await rig.streaming()
        assert client.run.prompt == "in oil"


@virtual_time
async def test_a_wish_that_the_drop_swallowed_without_a_loss_is_sent_again(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("set_prompt", SessionLost("a fault in passing"))
        await rig.engine.set_prompt("in oil", preset=None, seed=None)
        await rig.until(lambda: client.run.prompt == "in oil")


@virtual_time
async def test_a_wish_in_flight_when_the_session_closes_is_kept(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        rig.sessions.plan("set_prompt", Later(3))
        rig.sessions.plan("close", Later(5))
        asking = asyncio.ensure_future(
            rig.engine.set_prompt("in oil", preset=None, seed=None),
        )
        await asyncio.sleep(1)
        rig.engine.disconnect()
        await asking
        await rig.until(S.IDLE)
        assert rig.engine.desired.prompt == "in oil"
        rig.engine.connect()
        assert (await _next_session(rig)).run.prompt == "in oil"


@virtual_time
async def test_a_wish_in_the_queue_when_the_session_closes_is_not_sent_to_it(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("set_prompt", Later(3))
        rig.sessions.plan("close", Later(5))
        asking = asyncio.gather(
            rig.engine.set_prompt("in oil", preset=None, seed=None), rig.engine.set_seed(3)
        )
        await asyncio.sleep(1)
        rig.engine.disconnect()
        await asking
        assert client.calls[-1] == ("close",)
        assert rig.engine.desired == replace(DESIRED, prompt="in oil", seed=3)


@virtual_time
async def test_what_is_asked_while_an_ended_run_is_begun_anew_is_sent_once(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("set_mode", Later(3))
        client.end_run()
        await rig.until(S.STARTING)
        await asyncio.sleep(1)
        await rig.engine.set_prompt("in oil", preset=None, seed=None)
        await rig.streaming()
        await asyncio.sleep(5)
        assert client.calls.count(("set_prompt", "in oil")) == 1


@virtual_time
async def test_a_prompt_kept_while_reconnecting_and_refused_then_leaves_the_run_alone(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {"bad"}
        client = await rig.streaming()
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.engine.set_prompt("bad", preset="b", seed=None)
        await rig.streaming()
        assert rig.engine.desired == DESIRED
        assert client.run.prompt == DESIRED.prompt
        assert S.REFUSED not in rig.states


# -- pause, resume, reset --------------------------------------------------------------------------


@virtual_time
async def test_pause_and_resume(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.pause()
        assert rig.state is S.PAUSED
        assert rig.engine.status.paused
        with pytest.raises(CommandFailed, match="nothing to pause"):
            await rig.engine.pause()
        assert rig.engine.desired.paused
        await rig.engine.resume()
        assert rig.state is S.STREAMING
        with pytest.raises(CommandFailed, match="not paused"):
            await rig.engine.resume()
        assert not rig.engine.desired.paused
        assert client.calls.names()[-4:] == ["pause", "pause", "resume", "resume"]


@pytest.mark.parametrize("state", EARLY)
@virtual_time
async def test_pause_is_kept_in_every_state_and_resume_ends_it(tmp_path, state):
    async with running(tmp_path) as rig:
        await _bring_to(rig, state)
        await rig.engine.pause()
        rig.engine.connect()
        await asyncio.sleep(200)
        assert rig.state is (S.IDLE if state in {S.IDLE, S.BACKOFF, S.REFUSED} else S.PAUSED)
        assert not rig.sessions.clients or rig.client.closes or rig.client.run.paused
        await rig.engine.resume()
        client = await rig.streaming()
        assert not client.run.paused


@virtual_time
async def test_a_paused_run_that_was_lost_is_paused_again(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.pause()
        client.lose()
        await rig.until(S.RECONNECTING)
        # The platform's reconnect clears a pause.
        client.unpause_run()
        await rig.until(S.PAUSED)
        assert client.run.paused


@virtual_time
async def test_a_run_resumed_while_its_connection_was_lost_goes_on(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.pause()
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.engine.resume()
        await rig.streaming()
        assert not client.run.paused


@virtual_time
async def test_reset_begins_the_run_anew_with_everything_wanted(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.set_seed(3)
        await rig.engine.reset()
        # Also what is asked while it is under way.
        await rig.engine.set_prompt("in oil", preset=None, seed=None)
        await rig.until(lambda: rig.media.runs == 2)
        await rig.streaming()
        assert client.calls[len(RECIPE) + 1 :] == [
            ("reset",),
            ("set_mode", "live"),
            ("set_seed", 3),
            ("set_anchor_interval", 20),
            ("set_prompt", "in oil"),
            ("start",),
        ]
        assert client.calls.names().count("publish") == 1
        assert len(rig.sessions.clients) == 1


@pytest.mark.parametrize("state", [state for state in ALL if state not in {S.STREAMING, S.PAUSED}])
@virtual_time
async def test_reset_without_a_run_is_refused(tmp_path, state):
    async with running(tmp_path) as rig:
        await _bring_to(rig, state)
        with pytest.raises(CommandFailed) as failure:
            await rig.engine.reset()
        assert failure.value.code == "not_ready"
        rig.engine.connect()
        await rig.until(lambda: bool(rig.sessions.clients))
        client = await rig.streaming()
        assert "reset" not in client.calls.names()


@virtual_time
async def test_reset_of_a_paused_run_stays_paused(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.pause()
        await rig.engine.reset()
        await rig.until(lambda: rig.media.runs == 2)
        await rig.until(S.PAUSED)
        assert client.calls.names()[-3:] == ["set_prompt", "start", "pause"]


@virtual_time
async def test_a_reset_that_the_drop_swallowed_is_done_after_it(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reset", client.lose)
        await rig.engine.reset()
        await rig.until(S.RECONNECTING)
        await rig.streaming()
        assert client.calls.names().count("reset") == 2
        assert client.calls.names().count("start") == 2


@virtual_time
async def test_a_reset_that_its_session_did_not_live_to_see_is_not_done_to_the_next(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reset", Unavailable("no answer"))
        await rig.engine.reset()
        second = await _next_session(rig)
        assert client.closes == 1
        assert second.calls == RECIPE


@virtual_time
async def test_a_prompt_in_flight_is_rejected_as_ever_when_a_reset_comes(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.bad_prompts = {"bad"}
        await rig.streaming()
        rig.sessions.plan("set_prompt", Later(3))
        asking = asyncio.ensure_future(rig.engine.set_prompt("bad", preset=None, seed=None))
        await asyncio.sleep(1)
        await rig.engine.reset()
        with pytest.raises(CommandFailed):
            await asking
        await rig.until(lambda: rig.media.runs == 2)
        await rig.streaming()
        assert rig.engine.desired == DESIRED


# -- disconnect and the way out --------------------------------------------------------------------


@pytest.mark.parametrize("state", ALL)
@virtual_time
async def test_disconnect_in_every_state_ends_with_nothing_open(tmp_path, state):
    async with running(tmp_path) as rig:
        await _bring_to(rig, state)
        at = rig.loop.time()
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        assert rig.loop.time() - at < 11, "no slow step holds it up"
        assert rig.sessions.open == {}
        assert rig.on_disk == set()
        assert rig.error is None
        await asyncio.sleep(600)
        assert rig.state is S.IDLE
        await rig.engine.resume() if rig.engine.desired.paused else None
        rig.engine.connect()
        rig.sessions.script.clear()
        await rig.streaming()


@pytest.mark.parametrize("state", ALL)
@pytest.mark.parametrize("times", [1, 3])
@virtual_time
async def test_a_cancellation_in_every_state_closes_once_and_empties_the_ledger(
    tmp_path, state, times
):
    rig = Rig(tmp_path)
    task = rig.start()
    await _bring_to(rig, state)
    rig.sessions.plan("close", Later(5))
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(1)
    await asyncio.wait({task})
    assert task.cancelled()
    assert rig.state is S.IDLE
    assert [client.closes for client in rig.sessions.clients] == [1] * len(rig.sessions.clients)
    assert rig.sessions.open == {}
    assert rig.on_disk == set()


@pytest.mark.parametrize("ticks", range(1, 60))
@virtual_time
async def test_a_cancellation_at_every_moment_of_the_start_leaves_nothing(tmp_path, ticks):
    rig = Rig(tmp_path)
    task = rig.start()
    for _ in range(ticks):
        await asyncio.sleep(0)
        # A moment between two latencies every few turns of the loop.
        await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert rig.sessions.open == {}
    assert rig.on_disk == set()
    assert rig.state is S.IDLE


# -- the ledger ------------------------------------------------------------------------------------


ORPHAN = OpenSession("orphan", URL, False, "sana-streaming")
ELSEWHERE = OpenSession("elsewhere", "http://127.0.0.1:9", True, "sana-streaming")


@virtual_time
async def test_an_orphan_is_ended_before_anything_is_opened(tmp_path):
    rig = Rig(tmp_path)
    rig.ledger.opened(ORPHAN)
    rig.sessions.plan("end", lambda: rig.sessions.clients and pytest.fail("opened before"))
    rig.start()
    await rig.streaming()
    assert rig.sessions.ended == ["orphan"]
    assert rig.on_disk == {"session-1"}
    await rig.stop()


@virtual_time
async def test_an_orphan_is_ended_at_the_start_even_if_no_session_is_wanted(tmp_path):
    rig = Rig(tmp_path, connect=False)
    rig.ledger.opened(ORPHAN)
    rig.sessions.plan("end", Unavailable("down"), Unavailable("down"))
    rig.start()
    await rig.until(lambda: rig.sessions.ended == ["orphan"])
    assert rig.states == [S.IDLE]
    assert rig.on_disk == set()
    await rig.stop()


@virtual_time
async def test_an_orphan_that_cannot_be_ended_holds_up_new_sessions(tmp_path):
    rig = Rig(tmp_path)
    rig.ledger.opened(ORPHAN)
    rig.sessions.plan("end", *[Unavailable("down")] * 5)
    rig.start()
    await rig.until(S.BACKOFF)
    assert rig.error == "down"
    await rig.streaming()
    assert rig.states.count(S.BACKOFF) == 5
    assert len(rig.sessions.clients) == 1
    await rig.stop()


@virtual_time
async def test_an_orphan_of_another_platform_holds_up_nothing(tmp_path):
    rig = Rig(tmp_path)
    rig.ledger.opened(ELSEWHERE)
    rig.ledger.opened(ORPHAN)
    rig.sessions.plan("end", Unavailable("down"))
    rig.start()
    await rig.streaming()
    assert rig.sessions.ended == ["orphan"]
    assert rig.on_disk == {"elsewhere", "session-1"}
    await rig.stop()
    assert rig.on_disk == {"elsewhere"}


@virtual_time
async def test_a_refused_end_of_an_orphan_is_a_refusal(tmp_path):
    rig = Rig(tmp_path)
    rig.ledger.opened(ORPHAN)
    rig.sessions.plan("end", Refused("bad key"))
    rig.start()
    await rig.until(S.REFUSED)
    assert rig.on_disk == {"orphan"}
    rig.engine.connect()
    await rig.streaming()
    await rig.stop()


@virtual_time
async def test_a_session_whose_end_was_not_confirmed_is_ended_later(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        rig.sessions.plan("close", Unavailable("no answer"))
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        assert rig.on_disk == {"session-1"}
        await rig.until(lambda: rig.sessions.ended == ["session-1"])
        assert rig.on_disk == set()
        assert rig.sessions.open == {}


@virtual_time
async def test_what_is_left_open_on_the_way_out_is_ended_or_left_to_the_next_start(
    tmp_path, caplog
):
    rig = Rig(tmp_path)
    rig.start()
    await rig.streaming()
    rig.sessions.plan("close", Unavailable("no answer"))
    await rig.stop()
    rig.sessions.plan("end", Unavailable("down"))
    await rig.engine.end_leftovers()
    assert "the next start will try again" in caplog.text
    assert rig.on_disk == {"session-1"}
    await rig.engine.end_leftovers()
    assert rig.on_disk == set()


@virtual_time
async def test_what_an_answer_opens_that_comes_after_the_close_is_noted_and_ended(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Unavailable("did not answer within 20 s"))
        rig.sessions.plan("late", Later(50))
        await rig.until(S.BACKOFF)
        first = rig.sessions.clients[0]
        await rig.streaming()
        assert rig.client is not first, "nobody waits for it"
        rig.sessions.plan("close", Later(5))
        await rig.until(lambda: "session-1" in rig.on_disk)
        await rig.until(lambda: rig.gone(first))
        assert rig.on_disk == {"session-2"}
        assert rig.state is S.STREAMING
        assert rig.sessions.ended == [], "by the client that has its token"


@virtual_time
async def test_what_a_late_answer_opens_and_its_client_cannot_end_is_swept(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Unavailable("did not answer within 20 s"))
        rig.sessions.plan("late", Later(50))
        await rig.streaming()
        rig.sessions.plan("close", Unavailable("no answer"))
        await rig.until(lambda: rig.sessions.ended == ["session-1"])
        assert rig.on_disk == {"session-2"}


@pytest.mark.parametrize("delay_s", [2, HANG])
@virtual_time
async def test_on_the_way_out_a_late_answer_is_waited_for_a_while(tmp_path, caplog, delay_s):
    rig = Rig(tmp_path)
    rig.sessions.plan("create", Unavailable("did not answer within 20 s"))
    rig.sessions.plan("late", Later(delay_s))
    rig.start()
    await rig.until(S.BACKOFF)
    await rig.stop()
    await rig.engine.end_leftovers()
    client = rig.sessions.clients[0]
    assert client.late is not None
    assert client.late.done()
    assert rig.on_disk == set()
    assert rig.sessions.open == {}
    assert ("ends by itself" in caplog.text) is (delay_s == HANG)


@virtual_time
async def test_a_disconnect_during_the_sweep_opens_nothing(tmp_path):
    rig = Rig(tmp_path)
    rig.ledger.opened(ORPHAN)
    rig.sessions.plan("end", Later(8))
    rig.start()
    await asyncio.sleep(1)
    rig.engine.disconnect()
    await asyncio.sleep(60)
    assert rig.sessions.clients == []
    assert rig.sessions.ended == ["orphan"]
    await rig.stop()


# What is told of a failure


@virtual_time
async def test_a_failure_is_told_three_times_and_the_next_try_is_known(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Unavailable("http://x: NETWORK", fault=faults.UNREACHABLE))
        await rig.until(S.BACKOFF)
        status = rig.engine.status
        assert status.error == "http://x: NETWORK"
        assert status.sentence == faults.UNREACHABLE.sentence
        assert status.words == faults.UNREACHABLE.words
        assert status.next_try_at is not None
        await rig.until(S.CONNECTING)
        assert rig.loop.time() >= status.next_try_at
        assert rig.engine.status.next_try_at is None
        await rig.streaming()
        assert (rig.error, rig.engine.status.sentence, rig.engine.status.words) == (None,) * 3


@virtual_time
async def test_between_two_tries_it_is_still_told_what_is_wrong(tmp_path):
    async with running(tmp_path) as rig:
        failure = Unavailable("down", fault=faults.UNREACHABLE)
        rig.sessions.plan("create", failure, failure)
        await rig.until(S.BACKOFF)
        for state in (S.CONNECTING, S.CLOSING, S.IDLE, S.BACKOFF, S.CONNECTING):
            await rig.until(state)
            assert rig.engine.status.sentence == faults.UNREACHABLE.sentence, state
        await rig.until(S.WAITING)
        assert rig.engine.status.sentence is None, "the service was reached"


@virtual_time
async def test_connect_tries_now(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Unavailable("busy", retry_after_s=600))
        await rig.until(S.BACKOFF)
        before = rig.loop.time()
        rig.engine.connect()
        await rig.streaming()
        assert rig.loop.time() - before < 60


@virtual_time
async def test_a_disconnect_ends_the_wait_for_the_next_try(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", Unavailable("busy", retry_after_s=600))
        await rig.until(S.BACKOFF)
        rig.engine.disconnect()
        await rig.until(S.IDLE)
        status = rig.engine.status
        assert (status.error, status.sentence, status.next_try_at) == (None, None, None)


@virtual_time
async def test_a_drop_is_told_in_words(tmp_path):
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reconnect", Later(3.0))
        client.lose()
        await rig.until(S.RECONNECTING)
        assert rig.engine.status.sentence == faults.DROPPED.sentence
        await rig.until(S.STREAMING)
        assert rig.engine.status.sentence is None
