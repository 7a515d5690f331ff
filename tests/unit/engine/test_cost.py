"""The engine and money: caps, pauses that last, sessions for nothing, and how often it asks."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from itertools import pairwise

import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.quota import SESSIONS_AN_HOUR, TOKENS_AN_HOUR
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import CommandRejected, OpenSession, SessionGone, Unavailable
from tests.fakes.sessions import URL, Later
from tests.fakes.virtualtime import virtual_time
from tests.unit.engine.rig import NOON, Rig, running

# -- caps ------------------------------------------------------------------------------------------


@virtual_time
async def test_the_session_s_cap_ends_it_and_connect_opens_another(tmp_path):
    async with running(tmp_path, cost=CostConfig(session_cap_min=2)) as rig:
        client = await rig.streaming()
        await rig.until(S.REFUSED)
        assert 120 <= rig.loop.time() - client.ready_at < 121
        assert rig.sessions.open == {}
        assert rig.engine.status.words == "The time limit for this session is reached"
        assert "`sana-vcam ctl connect` opens another session" in rig.error
        assert rig.usage.budget.sentence == rig.error

        await asyncio.sleep(3600)
        await rig.engine.set_prompt("another", preset=None, seed=None)
        await asyncio.sleep(3600)
        assert rig.state is S.REFUSED, "a prompt does not spend more money"
        assert len(rig.sessions.clients) == 1

        rig.engine.connect()
        await rig.streaming()
        assert rig.error is None
        await rig.until(S.REFUSED)
        assert 239 < rig.usage.seconds.day < 242


@virtual_time
async def test_the_session_s_cap_counts_over_renewals(tmp_path):
    async with running(tmp_path, cost=CostConfig(session_cap_min=3), max_session_s=60) as rig:
        first = await rig.streaming()
        await rig.until(S.REFUSED)
        assert len(rig.sessions.clients) >= 4
        assert rig.loop.time() - first.ready_at < 180, "both are billed while they overlap"
        assert 180 <= rig.usage.seconds.session < 182


@virtual_time
async def test_the_next_use_is_another_session(tmp_path):
    async with running(tmp_path, cost=CostConfig(session_cap_min=2)) as rig:
        await rig.until(S.REFUSED)
        # As the last viewer leaves, and another comes.
        rig.engine.disconnect()
        assert rig.state is S.IDLE
        rig.engine.connect()
        await rig.streaming()
        assert rig.usage.seconds.session < 5


@virtual_time
async def test_a_failure_in_between_does_not_begin_the_session_s_cap_anew(tmp_path):
    async with running(tmp_path, cost=CostConfig(session_cap_min=2)) as rig:
        client = await rig.streaming()
        await asyncio.sleep(100)
        rig.sessions.plan("reconnect", SessionGone("gone"))
        client.lose()
        await rig.until(S.BACKOFF)
        await rig.until(S.REFUSED)
        assert 120 <= rig.usage.seconds.session < 121


@virtual_time
async def test_the_day_s_cap_holds_until_the_configuration_or_the_day_changes(tmp_path):
    evening = datetime(2026, 3, 10, 23, 50).timestamp()
    async with running(tmp_path, cost=CostConfig(day_cap_min=2), noon=evening) as rig:
        await rig.until(S.REFUSED)
        assert "raise it and reload the configuration" in rig.error
        rig.engine.connect()
        await asyncio.sleep(10)
        assert rig.state is S.REFUSED, "a key press does not lift the day's cap"
        assert len(rig.sessions.clients) == 1

        rig.engine.follow(CostConfig(day_cap_min=3))
        await rig.streaming()
        assert rig.error is None
        await rig.until(S.REFUSED)
        assert 180 <= rig.usage.seconds.day < 181

        assert datetime.fromtimestamp(rig.loop.time() + rig.wall_offset).day == 10
        await rig.streaming()
        assert datetime.fromtimestamp(rig.loop.time() + rig.wall_offset).day == 11


@virtual_time
async def test_a_cap_that_was_reached_before_opens_nothing_after_a_restart(tmp_path):
    async with running(tmp_path, cost=CostConfig(month_cap_min=2)) as rig:
        await rig.until(S.REFUSED)
    async with running(tmp_path, cost=CostConfig(month_cap_min=2), noon=NOON + 86400) as rig:
        await rig.until(S.REFUSED)
        assert rig.sessions.clients == []
        assert rig.engine.status.words == "The time limit for this month is reached"


@virtual_time
async def test_a_lowered_cap_ends_what_is_on(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        await asyncio.sleep(100)
        rig.engine.follow(CostConfig(day_cap_min=1))
        await rig.until(S.REFUSED)
        assert rig.sessions.open == {}


# -- pauses ----------------------------------------------------------------------------------------


@virtual_time
async def test_a_pause_that_lasts_ends_the_session_and_resume_opens_another(tmp_path):
    async with running(tmp_path, cost=CostConfig(pause_ends_after_s=120)) as rig:
        client = await rig.streaming()
        await rig.engine.pause()
        await asyncio.sleep(118)
        assert rig.state is S.PAUSED
        await rig.until(S.IDLE)
        assert rig.gone(client)
        assert rig.engine.status.paused
        assert rig.error is None
        await asyncio.sleep(3600)
        assert rig.state is S.IDLE
        spent_s = rig.usage.seconds.session
        await rig.engine.resume()
        second = await rig.streaming()
        assert second is not client
        assert not second.run.paused
        assert spent_s < rig.usage.seconds.session + 1, "the same session, as the user has it"


@virtual_time
async def test_short_pauses_do_not_add_up(tmp_path):
    async with running(tmp_path, cost=CostConfig(pause_ends_after_s=60)) as rig:
        await rig.streaming()
        for _ in range(5):
            await rig.engine.pause()
            await asyncio.sleep(50)
            await rig.engine.resume()
            await rig.streaming()
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_pause_before_the_picture_counts_as_well(tmp_path):
    async with running(tmp_path, cost=CostConfig(pause_ends_after_s=60)) as rig:
        rig.sessions.plan("connect", Later(100))
        await rig.until(S.WAITING)
        await rig.engine.pause()
        await rig.until(S.IDLE)
        assert rig.sessions.open == {}
        await rig.engine.resume()
        await rig.streaming()


# -- sessions for nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("start", CommandRejected("start", "no")),
        ("set_mode", CommandRejected("set_mode", "no")),
        ("publish", Unavailable("held by another")),
    ],
)
@virtual_time
async def test_three_billed_sessions_without_a_picture_are_enough(tmp_path, step, error):
    async with running(tmp_path) as rig:
        rig.sessions.plan(step, *[error] * 100)
        await rig.until(S.REFUSED)
        assert len(rig.sessions.clients) == 3
        assert rig.sessions.open == {}
        assert str(error) in rig.error
        assert "sana-vcam ctl connect" in rig.error
        assert rig.engine.status.words == "The service gives no picture"
        await rig.engine.set_prompt("another", preset=None, seed=None)
        await asyncio.sleep(3600)
        assert len(rig.sessions.clients) == 3
        rig.sessions.script.clear()
        rig.engine.connect()
        await rig.streaming()


@virtual_time
async def test_a_picture_in_between_begins_the_count_anew(tmp_path):
    async with running(tmp_path) as rig:
        no = CommandRejected("start", "no")
        for _ in range(3):
            rig.sessions.plan("start", no, no)
            client = await rig.streaming()
            rig.sessions.plan("reconnect", SessionGone("gone"))
            client.lose()
            await rig.until(S.BACKOFF)
        assert S.REFUSED not in rig.states


@virtual_time
async def test_attempts_that_cost_nothing_go_on(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", *[Unavailable("down")] * 30)
        await rig.streaming()
        assert S.REFUSED not in rig.states


@virtual_time
async def test_a_request_that_is_wrong_by_itself_is_not_repeated_for_ever(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", *[Unavailable("HTTP 422", recoverable=False)] * 30)
        await rig.until(S.REFUSED)
        assert len(rig.sessions.clients) == 3
        assert "HTTP 422" in rig.error


# -- how often -------------------------------------------------------------------------------------


@virtual_time
async def test_no_hour_sees_more_sessions_than_allowed(tmp_path):
    async with running(tmp_path) as rig:
        opened: list[float] = []
        while rig.loop.time() < 1000 + 2 * 3600:
            client = await rig.streaming()
            opened.append(client.ready_at)
            rig.sessions.plan("reconnect", SessionGone("gone"))
            client.lose()
            await rig.until(lambda client=client: rig.gone(client))
        for start in opened:
            assert sum(start <= at < start + 3600 for at in opened) <= SESSIONS_AN_HOUR
        assert len(opened) > SESSIONS_AN_HOUR, "and it goes on"
        assert any("too many sessions" in error for error in rig.errors)


@virtual_time
async def test_no_hour_sees_more_tokens_than_allowed(tmp_path):
    async with running(tmp_path) as rig:
        rig.sessions.plan("create", *[Unavailable("down")] * 10000)
        asked: list[float] = []
        while rig.loop.time() < 1000 + 2 * 3600:
            clients = len(rig.sessions.clients)
            await rig.until(lambda clients=clients: len(rig.sessions.clients) > clients)
            asked.append(rig.loop.time())
        for start in asked:
            assert sum(start <= at < start + 3599 for at in asked) <= TOKENS_AN_HOUR
        gaps = [b - a for a, b in pairwise(asked)]
        assert max(gaps) < 62, "when the service is back, it is noticed within a minute"


@virtual_time
async def test_renew_is_refused_when_the_hour_s_sessions_are_used_up(tmp_path):
    async with running(tmp_path) as rig:
        await rig.streaming()
        for _ in range(SESSIONS_AN_HOUR // 2 - 1):
            old = rig.client
            rig.engine.renew()
            await rig.until(lambda old=old: rig.gone(old))
        with pytest.raises(CommandFailed, match="too many sessions") as failure:
            rig.engine.renew()
        assert failure.value.code == "rejected"
        assert rig.state is S.STREAMING


# -- what a kill leaves ----------------------------------------------------------------------------


@virtual_time
async def test_an_orphan_is_billed_until_its_end(tmp_path):
    usage = {
        "total_s": 100,
        "days": {"2026-03-10": 100},
        "open": [{"session_id": "orphan", "counted_at": NOON - 10}],
    }
    (tmp_path / "usage.json").write_text(json.dumps(usage))
    rig = Rig(tmp_path, cost=CostConfig(), connect=False)
    rig.ledger.opened(OpenSession("orphan", URL, False, "sana-streaming"))
    rig.sessions.plan("end", Later(5))
    rig.start()
    await rig.until(lambda: rig.sessions.ended == ["orphan"])
    await asyncio.sleep(10)
    assert rig.usage.seconds.total == pytest.approx(100 + 10 + 5, abs=0.1)
    await rig.stop()


# -- what is told ----------------------------------------------------------------------------------


@virtual_time
async def test_how_long_it_lasts(tmp_path):
    async with running(tmp_path, max_session_s=1200) as rig:
        assert rig.engine.ends_in_s(rig.loop.time()) is None
        client = await rig.streaming()
        assert rig.engine.ends_in_s(client.ready_at) == pytest.approx(1200 - 90, abs=0.1)
        await asyncio.sleep(1000)
        assert rig.engine.ends_in_s(rig.loop.time()) == pytest.approx(110, abs=1)
        await rig.until(lambda: rig.gone(client))
        assert rig.engine.ends_in_s(rig.loop.time()) > 1000
