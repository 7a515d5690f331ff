"""`python -m tests.rigs.soak [--minutes N] [--seed N]`: ends with 1 if a session is left open.

Also if the raw camera was seen, no picture came back after a fault, or the daemon had a defect. Its
own tests plant each of these.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.fakes.coordinator import Answer
from tests.rigs.faults import clip
from tests.rigs.faults.clip import Seen
from tests.rigs.faults.stage import Plan, Stage, staged

SEED = 14
MINUTES = 1.0
BACK_S = 90.0
ENDED_S = 60.0
PLAN = Plan(cloud=True, models=2, room=2, live=False, settings={"REACTOR__CONNECT_TIMEOUT_S": "3"})
ANSWERED_S = 0.3
LIMIT = "too many sessions were asked for in the last hour"
"""What the daemon says when it spares the account, as it should: faults come faster here."""
LOG_LINES = 100_000
DEFECTS = ("Traceback", "ended by a defect", "never retrieved")


class Soak:
    """The faults, one after the other; each leaves the cause gone when it is through."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = random.Random(seed)
        self.faults: list[str] = []
        self.played: Counter[str] = Counter()
        self._late: set[asyncio.Task[None]] = set()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._steps: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self.answered_late,) * 3,
            self.refused,
            self.end_refused,
            self.tokens_expire,
            self.model_killed,
            self.model_frozen,
            self.off_and_on,
            self.renewed,
            self.paused,
            self.blanked,
            self.killed,
        )

    async def run(self, until: float) -> None:
        """Play until a moment, of `time.monotonic`."""
        await self._back("the start")
        while time.monotonic() < until:
            await self.play(self._random.choice(self._steps))

    async def play(self, step: Callable[[], Awaitable[None]]) -> None:
        """Play one fault, and wait for the picture to be back."""
        name = step.__name__.replace("_", " ")
        print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
        self.played[name] += 1
        await step()
        await self._back(name)
        self._look_at_log()

    async def end(self) -> None:
        """Wait for every answer that is late, and stop the daemon."""
        if self._late:
            await asyncio.wait(self._late)
        await self._ask("disconnect")
        cloud = self._stage.cloud
        try:
            async with asyncio.timeout(ENDED_S):
                while cloud.still_open:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            self.faults.append(f"left open before the end: {cloud.still_open}")
        await self._stage.end()
        self._look_at_log()
        self.faults += [f"exit status {one}" for one in self._stage.exits if one != 0]
        if cloud.still_open:
            self.faults.append(f"{len(cloud.still_open)} sessions left open")
            self._log.extend(line for one in cloud.still_open for line in cloud.history(one))
        busy = [await model.left_open() for model in self._stage.models]
        if any(busy):
            self.faults.append(f"sessions left at the runtimes: {busy}")
        raw = sum(one.seen is Seen.RAW for one in self._stage.glimpses())
        if raw:
            self.faults.append(f"{raw} raw frames")

    @property
    def log(self) -> Sequence[str]:
        """The newest lines that the daemon has logged."""
        return self._log

    # -- the faults ----------------------------------------------------------------------------

    async def answered_late(self) -> None:
        answer = Answer(after=asyncio.Event())
        assert answer.after is not None
        self._stage.cloud.next("create", answer)
        await self._another()
        await self._waited(lambda: self._stage.cloud.waiting("create"))
        release = asyncio.create_task(_later(self._random.uniform(0, 25), answer.after))
        self._late.add(release)
        release.add_done_callback(self._late.discard)

    async def refused(self) -> None:
        status = self._random.choice((409, 429, 500, 503))
        self._stage.cloud.next("create", *[Answer(status)] * self._random.randint(1, 2))
        await self._another()

    async def end_refused(self) -> None:
        times = self._random.randint(1, 4)
        self._stage.cloud.next("delete", *[Answer(500)] * times)
        self._stage.cloud.next("get", *[Answer(500)] * times)
        await self._another()
        await asyncio.sleep(self._random.uniform(0, 3))
        self._stage.cloud.answer_as_usual("delete")
        self._stage.cloud.answer_as_usual("get")

    async def tokens_expire(self) -> None:
        self._stage.cloud.revoke()
        await self._another()

    async def model_killed(self) -> None:
        model = self._random.choice(self._stage.models)
        await model.end(signal.SIGKILL)
        await asyncio.sleep(self._random.uniform(0, 2))
        await model.start()

    async def model_frozen(self) -> None:
        process = self._random.choice(self._stage.models).process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._random.uniform(0.5, 12))
        process.send_signal(signal.SIGCONT)

    async def off_and_on(self) -> None:
        await self._ask("disconnect")
        await asyncio.sleep(self._random.uniform(0, 4))

    async def renewed(self) -> None:
        await self._ask("renew")

    async def paused(self) -> None:
        await self._ask("pause")
        await asyncio.sleep(self._random.uniform(0, 3))
        await self._ask("resume")

    async def blanked(self) -> None:
        await self._ask("blank", on=True)
        await asyncio.sleep(self._random.uniform(0, 2))
        await self._ask("blank", on=False)

    async def killed(self) -> None:
        """Not while a session is opened: the id is in the answer, and else nobody can know it."""
        daemon = self._stage.daemon
        daemon.signal(signal.SIGSTOP)
        # What it has asked for by now is answered.
        await asyncio.sleep(ANSWERED_S)
        if self._late or self._stage.cloud.waiting("create") or not self._all_noted():
            daemon.signal(signal.SIGCONT)
            return
        await self._stage.kill()
        await daemon.start()

    # -- inside --------------------------------------------------------------------------------

    async def _another(self) -> None:
        """Have another session opened, one way or the other."""
        if self._random.random() < 0.5:
            await self._ask("renew")
        else:
            await self._ask("disconnect")
            await self._ask("connect")

    def _all_noted(self) -> bool:
        """Whether each open session is in the daemon's ledger."""
        ledger = self._stage.home / "xdg_state_home" / "sana-vcam" / "sessions.json"
        noted = ledger.read_text() if ledger.exists() else ""
        return all(session in noted for session in self._stage.cloud.still_open)

    async def _restart(self) -> None:
        """Stop the daemon and start another one, whose count of sessions begins anew."""
        self.played["started anew"] += 1
        self._look_at_log()
        if self._late:
            await asyncio.wait(self._late)
        self._stage.exits.append(await self._stage.daemon.end() or 0)
        await self._stage.daemon.start()

    async def _ask(self, kind: str, **data: object) -> None:
        """Ask the daemon; it may refuse."""
        await (await self._stage.daemon.control()).send(kind, **data)

    async def _waited(self, condition: Callable[[], bool]) -> None:
        for _ in range(100):
            if condition():
                return
            await asyncio.sleep(0.1)

    async def _back(self, after: str) -> None:
        """See the edited picture, and for a moment more; the user tries again what was refused."""
        until = time.monotonic() + BACK_S
        control = await self._stage.daemon.control()
        while time.monotonic() < until:
            if any(LIMIT in line for line in self._stage.daemon.log):
                await self._restart()
                control = await self._stage.daemon.control()
                until = time.monotonic() + BACK_S
            if control.state.get("session") in ("idle", "refused"):
                await self._ask("connect")
            moment = time.monotonic()
            await asyncio.sleep(0.5)
            if any(one.seen is Seen.LIVE and one.fresh for one in self._stage.watch.since(moment)):
                return
        why = control.state.get("error")
        self.faults.append(f"no picture {BACK_S:.0f} s after {after}: {why}")

    def _look_at_log(self) -> None:
        """Read what is new in the daemon's log, which itself keeps only so many lines."""
        log = self._stage.daemon.log
        while log:
            line = log.popleft()
            self._log.append(line)
            if any(one in line for one in DEFECTS):
                self.faults.append(line)


async def _later(seconds: float, event: asyncio.Event) -> None:
    await asyncio.sleep(seconds)
    event.set()


async def soak(minutes: float, seed: int, of: type[Soak] = Soak, plan: Plan = PLAN) -> list[str]:
    """Play, and list what is wrong."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        clip.make(Path(folder) / "clip.avi")
        async with staged(Path(folder), plan) as stage:
            for model in stage.models:
                await model.start()
            await stage.daemon.start()
            it = of(stage, seed)
            await it.run(time.monotonic() + 60 * minutes)
            await it.end()
            steps = ", ".join(f"{count} {name}" for name, count in sorted(it.played.items()))
            print(f"{minutes:g} min, seed {seed}: {len(stage.cloud.opened)} sessions; {steps}")
            print(f"{stage.cloud.runtimes.failed} sessions found no GPU that answered")
            print(f"{len(it.faults)} faults", *it.faults, sep="\n  ")
            if it.faults:
                print(*it.log, sep="\n", file=sys.stderr)
            return it.faults


def main(arguments: Sequence[str] | None = None, of: type[Soak] = Soak, plan: Plan = PLAN) -> int:
    """Play as the command line says: its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args(arguments)
    return 1 if asyncio.run(soak(asked.minutes, asked.seed, of, plan)) else 0


if __name__ == "__main__":
    sys.exit(main())
