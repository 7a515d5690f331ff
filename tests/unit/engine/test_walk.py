"""The engine under a random user on a random platform: what holds after every step."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import CommandRejected, Refused, SessionGone, SessionLost, Unavailable
from tests.fakes.sessions import FakeClient, Later, Outcome
from tests.fakes.virtualtime import run
from tests.unit.engine.rig import Rig

STEPS = 300
# The slowest answer of this platform for each step of a start, and a silent run's patience.
LONGEST_OVERLAP_S = 180.0
CALLS = ("create", "connect", "reconnect", "publish", "close", "end", "reset", "start")
COMMANDS = ("set_mode", "set_seed", "set_anchor_interval", "set_prompt", "pause", "resume")
GOOD, BAD = ["as a drawing", "in oil", "noir"], ["bad", "worse"]


class Walk:
    """A user and a platform that do anything at any time, by the dice of one seed."""

    def __init__(self, folder: Path, seed: int, *, rehearses: bool) -> None:
        self.rehearses = rehearses
        self.dice = random.Random(seed)
        self.rig = Rig(
            folder,
            max_session_s=self.dice.choice([60, 120, 1200]),
            room=self.dice.choice([1, 2, 2]),
            cost=CostConfig(pause_ends_after_s=self.dice.choice([0.0, 40.0])),
        )
        self.rig.sessions.bad_prompts = set(BAD)
        # How many commands there are for three troubles.
        self.calm = self.dice.choice([2, 12])
        self.wanted = True
        self.asking: set[asyncio.Future[None]] = set()
        self.steps: list[str] = []

    async def take(self) -> None:
        """One step, and some time."""
        trouble = [self.fault, self.drop, self.camera]
        step = self.dice.choice([self.command] * self.calm + trouble)
        self.steps.append(step())
        await asyncio.sleep(self.dice.choice([0.0, 0.005, 0.012, 0.1, 1.0, 5.0, 30.0]))

    def command(self) -> str:
        engine = self.rig.engine
        match self.dice.randrange(16 if self.rehearses else 12):
            case 0 | 1:
                engine.connect()
                self.wanted = True
                return "connect"
            case 2:
                engine.disconnect()
                self.wanted = False
                return "disconnect"
            case 3 | 4:
                prompt = self.dice.choice(GOOD + BAD)
                return self._ask(lambda: engine.set_prompt(prompt, preset=prompt, seed=None))
            case 5:
                return self._ask(lambda: engine.set_seed(self.dice.randrange(5)))
            case 6:
                return self._ask(engine.pause)
            case 7:
                return self._ask(engine.resume)
            case 8 | 9:
                return self._ask(self._renew)
            case 10:
                engine.report_poor_quality("it looks poor")
                return "degraded"
            case 12 | 13:
                return self._ask(self._rehearse)
            case 14:
                engine.second.end()
                return "back"
            case 15:
                if engine.second.is_on:
                    engine.second.take()
                return "take"
            case _:
                return self._ask(engine.reset)

    async def _rehearse(self) -> None:
        self.rig.engine.rehearse({"prompt": self.dice.choice(GOOD)})

    async def _renew(self) -> None:
        self.rig.engine.renew()

    def _ask(self, command: Callable[[], Awaitable[None]]) -> str:
        async def ask() -> None:
            with contextlib.suppress(CommandFailed):
                await command()

        asking = asyncio.ensure_future(ask())
        self.asking.add(asking)
        asking.add_done_callback(self._asked)
        if self.dice.random() < 0.1:
            asyncio.get_running_loop().call_later(0.015, asking.cancel)
        return "ask"

    def _asked(self, asking: asyncio.Future[None]) -> None:
        self.asking.discard(asking)
        if not asking.cancelled():
            asking.result()

    def fault(self) -> str:
        call = self.dice.choice(CALLS + COMMANDS)
        outcome: Outcome = self.dice.choice(
            [
                Unavailable("not now"),
                Unavailable("not now", retry_after_s=3.0),
                SessionLost("dropped"),
                Later(self.dice.choice([0.1, 3.0, 15.0])),
                self._drop_now,
            ]
        )
        if call in COMMANDS or call in {"start", "reset"}:
            outcome = self.dice.choice([outcome, CommandRejected(call, "no")])
        if call in {"create", "connect", "reconnect"}:
            slow = Later(60.0, Unavailable("did not answer"))
            full = Unavailable("full", no_room=True)
            outcome = self.dice.choice([outcome, outcome, slow, full, Refused("bad key")])
        if call == "reconnect":
            outcome = self.dice.choice([outcome, SessionGone("gone")])
        if call in {"close", "end"}:
            outcome = self.dice.choice([Unavailable("no answer"), Later(5.0)])
        self.rig.sessions.plan(call, outcome)
        return f"{call}: {outcome!r}"

    def drop(self) -> str:
        self.rig.media.plays_on = self.dice.random() < 0.7
        if self.rig.sessions.clients:
            choice = self.dice.choice(["lose", "end_run", "pause_run", "silent"])
            client = self.dice.choice(self.rig.sessions.clients[-2:])
            if choice == "silent":
                client.silent = not client.silent
            elif client.session_id is not None and not client.closes:
                getattr(client, choice)()
            return choice
        return "nothing to drop"

    def _drop_now(self) -> None:
        if self.rig.sessions.clients:
            self.rig.client.lose()

    def camera(self) -> str:
        self.rig.media.camera = self.dice.random() < 0.7
        return f"camera {self.rig.media.camera}"

    def check(self) -> None:
        """What holds whatever happens."""
        rig = self.rig
        assert rig.task is not None
        assert not rig.task.done(), rig.task
        assert rig.sessions.most_open <= rig.sessions.room
        # A rehearsal lasts as long as whoever rehearses.
        assert self.rehearses or max(rig.sessions.overlaps, default=0.0) < LONGEST_OVERLAP_S
        assert set(rig.sessions.open) <= rig.on_disk
        held = [client for client in rig.sessions.clients if client.closes == 0]
        second = rig.engine.second.session
        assert len(held) <= 1 + rig.engine.status.renewing + (second is not None)
        in_preview = rig.media.in_preview
        assert (in_preview is None) or (second is not None and second.feed is in_preview)
        assert rig.media.on_air is None or rig.media.on_air is not in_preview
        assert set(rig.media.targets) <= {client.push for client in held}
        on_air = rig.engine.client
        if on_air is not None and on_air in held:
            assert rig.media.target in {on_air.push, None}, "viewers see what the engine tells of"
        assert rig.engine.status.wanted is self.wanted
        assert rig.engine.status.paused is rig.engine.desired_on_air.paused
        if rig.state in {S.IDLE, S.BACKOFF, S.REFUSED}:
            assert rig.media.targets == []
            assert rig.media.on_air is None
            assert all(client.closes for client in rig.sessions.clients)
        if rig.state in {S.STREAMING, S.PAUSED}:
            assert rig.error is None

    @property
    def on_air(self) -> FakeClient:
        client = self.rig.engine.client
        assert isinstance(client, FakeClient)
        return client

    async def calm_down(self) -> None:
        """From here on everything works, and everything wanted comes true."""
        rig = self.rig
        rig.sessions.script.clear()
        rig.media.camera = rig.media.plays_on = True
        await asyncio.gather(*self.asking, return_exceptions=True)
        prompt = self.dice.choice(GOOD)
        rig.engine.second.end()
        with contextlib.suppress(CommandFailed):
            await rig.engine.resume()
        with contextlib.suppress(CommandFailed):
            await rig.engine.set_prompt(prompt, preset=None, seed=4)
        # What was on its way before may still fail.
        await asyncio.sleep(100)
        rig.engine.connect()
        for client in rig.sessions.clients:
            client.silent = False
        await rig.until(lambda: rig.state is S.STREAMING and self.on_air.run.started)
        await rig.until(lambda: self.on_air.run.prompt == prompt)
        assert self.on_air.run.seed == 4
        assert not self.on_air.run.paused
        assert rig.engine.desired == replace(
            rig.engine.desired, prompt=prompt, preset=None, seed=4, paused=False
        )

    async def renew(self) -> None:
        """Of two renewals one comes true; the first may only show that there is no room for two."""
        engine, before = self.rig.engine, self.on_air
        async with asyncio.timeout(100):
            for _ in range(2):
                try:
                    engine.renew()
                except CommandFailed as refusal:
                    if refusal.code != "not_ready" and "too many sessions" not in str(refusal):
                        raise
                    if refusal.code == "rejected":
                        return
                await asyncio.sleep(10)
            await self.rig.until(
                lambda: self.rig.state is S.STREAMING and self.on_air is not before
            )


async def walk(folder: Path, seed: int, *, rehearses: bool = False) -> None:
    it = Walk(folder, seed, rehearses=rehearses)
    task = it.rig.start()
    try:
        for _ in range(STEPS):
            await it.take()
            it.check()
        await it.calm_down()
        await it.renew()
        for _ in range(it.dice.randrange(3)):
            await it.take()
        await asyncio.sleep(it.dice.random() * 3)
    except BaseException:
        print("\n".join(it.steps[-25:]), it.rig.states[-25:], it.rig.errors[-5:], sep="\n")
        raise
    finally:
        task.cancel()
        await asyncio.wait({task})
        for asking in it.asking:
            asking.cancel()
        await asyncio.sleep(20)
    assert task.cancelled(), task
    assert it.rig.state is S.IDLE
    assert it.rig.on_disk == set(it.rig.sessions.open)
    it.rig.sessions.script.clear()
    await it.rig.engine.end_leftovers()
    assert it.rig.on_disk == set()
    assert it.rig.sessions.open == {}
    assert it.rig.usage.seconds.total == pytest.approx(it.rig.sessions.billed_s, abs=1.0)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens(tmp_path, seed):
    run(walk(tmp_path, seed))


@pytest.mark.parametrize("seed", range(100, 104))
def test_whatever_happens_while_looks_are_rehearsed(tmp_path, seed):
    run(walk(tmp_path, seed, rehearses=True))
