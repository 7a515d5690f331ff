"""Sessions that nobody holds: what is swept, when, and what holds up new ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.leftovers import SWEEP_PAUSE_S, Leftovers
from sana_vcam.engine.usage import DROPPED_S, UsageAccount
from sana_vcam.reactor import OpenSession, Unavailable
from tests.fakes.sessions import URL, FakeSessionFactory
from tests.fakes.virtualtime import virtual_time

DOWN = Unavailable("down")


def a_session(name: str, *, url: str = URL) -> OpenSession:
    return OpenSession(name, url, False, "sana-streaming")


class Rig:
    """A ledger and a platform, without an engine."""

    def __init__(self, folder: Path, *left: OpenSession) -> None:
        self.clock = asyncio.get_running_loop().time
        self.path = folder / "sessions.json"
        ledger = Ledger(self.path)
        for session in left:
            ledger.opened(session)
        self.platform = FakeSessionFactory()
        self.usage = UsageAccount(folder / "usage.json", CostConfig(), clock=self.clock)
        self.leftovers = Leftovers(
            Ledger(self.path), self.usage, self.platform, api_url=URL, clock=self.clock
        )

    @property
    def on_disk(self) -> set[str]:
        return {session.session_id for session in Ledger(self.path).pending}


@virtual_time
async def test_without_any_there_is_nothing_to_do(tmp_path):
    rig = Rig(tmp_path)
    assert not rig.leftovers.is_due
    assert not rig.leftovers.hold_up
    await rig.leftovers.sweep()
    assert rig.platform.ended == []


@virtual_time
async def test_what_a_kill_has_left_is_ended_and_forgotten(tmp_path):
    rig = Rig(tmp_path, a_session("a"), a_session("b"))
    assert rig.leftovers.is_due
    assert rig.leftovers.hold_up
    await rig.leftovers.sweep()
    assert rig.platform.ended == ["a", "b"]
    assert rig.on_disk == set()
    assert not rig.leftovers.hold_up


@virtual_time
async def test_a_session_that_a_client_holds_is_left_alone(tmp_path):
    rig = Rig(tmp_path)
    rig.leftovers.hold(a_session("a"))
    assert rig.on_disk == {"a"}, "from the moment that its id is known"
    assert not rig.leftovers.hold_up
    await rig.leftovers.sweep()
    assert rig.platform.ended == []
    rig.leftovers.let_go("a", is_over=True)
    assert rig.on_disk == set()


@virtual_time
async def test_one_whose_end_is_not_confirmed_is_billed_on_and_swept(tmp_path):
    rig = Rig(tmp_path)
    rig.leftovers.hold(a_session("a"))
    rig.usage.ready("a", rig.clock())
    rig.leftovers.let_go("a", is_over=False)
    assert rig.on_disk == {"a"}
    assert rig.leftovers.hold_up
    await asyncio.sleep(10)
    await rig.leftovers.sweep()
    assert rig.platform.ended == ["a"]
    ended_s = rig.usage.seconds.total
    assert 10 <= ended_s < DROPPED_S
    await asyncio.sleep(10)
    rig.usage.count()
    assert rig.usage.seconds.total == ended_s


@virtual_time
async def test_one_that_cannot_be_ended_holds_up_others_and_is_tried_again_later(tmp_path):
    rig = Rig(tmp_path, a_session("a"), a_session("b"))
    rig.platform.plan("end", DOWN)
    with pytest.raises(Unavailable, match="down"):
        await rig.leftovers.sweep()
    assert rig.platform.ended == ["b"], "after all were tried"
    assert rig.leftovers.hold_up
    assert not rig.leftovers.is_due
    await asyncio.sleep(SWEEP_PAUSE_S)
    assert rig.leftovers.is_due
    await rig.leftovers.sweep()
    assert rig.on_disk == set()


@virtual_time
async def test_one_of_another_platform_holds_up_nothing(tmp_path, caplog):
    rig = Rig(tmp_path, a_session("a", url="https://elsewhere.test"))
    rig.platform.plan("end", DOWN)
    assert not rig.leftovers.hold_up
    assert not rig.leftovers.is_due
    await rig.leftovers.sweep()
    assert "session a cannot be ended now: down" in caplog.text
    assert rig.on_disk == {"a"}
    await rig.leftovers.sweep()
    assert rig.on_disk == set()


@virtual_time
async def test_a_failed_sweep_can_be_logged_instead(tmp_path, caplog):
    rig = Rig(tmp_path, a_session("a"))
    rig.platform.plan("end", DOWN)
    await rig.leftovers.sweep_or_log()
    assert "down; it is tried again" in caplog.text
    assert rig.on_disk == {"a"}
