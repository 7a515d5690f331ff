"""What one row plays on: a model, a daemon, and the eye at the sink; and what was measured."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from sana_vcam.media.playout.buffer import KNOWN_S
from tests.fakes.coordinator import KEY, MODEL, Coordinator
from tests.rigs.faults import TEMPER, clip, link
from tests.rigs.faults.clip import Seen
from tests.rigs.faults.desktop import Desktop
from tests.rigs.faults.watch import HEIGHT, WIDTH, Glimpse, Watch
from tests.system.daemon import TRACK, Control, Standin, environment, free_port

PATIENCE_S = 120.0
LOOK_S = 0.02
ENDED_PATIENCE_S = 15.0
"""How long a runtime may take to have closed a session that it was told to end."""
WITH_US = ("setpriv", "--pdeathsig", "KILL")
"""A process started by this one ends with it, whatever ends it."""


@dataclass(frozen=True)
class Wire:
    """A model and a generation of its words: the stand-in's options, the name on the platform."""

    name: str
    options: tuple[str, ...]
    model: str = MODEL


SANA_1 = Wire("sana 1.x", ("--wire", "npm"))
SANA_2 = Wire("sana 2.x", ("--wire", "live"))
X2 = Wire("x2", ("--model", "x2"), "xmax/x2")


@dataclass(frozen=True)
class Plan:
    """What a row needs to be there before it begins."""

    cloud: bool = False
    """The daemon reaches the model through a coordinator that a row scripts."""
    link: bool = False
    """The model is at the far end of a network that can lose packets."""
    seams: bool = False
    """The daemon has faulty devices at its seams, told over its standard input."""
    pipewire: bool = False
    """A desktop's PipeWire node instead of the raw sink; a program that reads it is watched."""
    loopback: int = 0
    """So many made-up virtual cameras instead of the raw sink; the last one is watched."""
    wire: Wire = SANA_1
    """Which model it is, and how it speaks."""
    model: tuple[str, ...] = ()
    """More options of the stand-in."""
    models: int = 1
    """So many of them behind the coordinator, one session each."""
    room: int | None = None
    """How many sessions the account may have at once."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The daemon's settings: SECTION__KEY; {home} is the row's folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """More for the environment of daemon and model."""
    live: bool = True
    """Model and daemon are started, and viewers see the edit, before the row begins."""


class Model(Standin):
    """The bad-tempered model's process, maybe at the far end of a link."""

    def __init__(
        self, mood: Path, network: link.Link | None, wire: Wire, extra: Mapping[str, str]
    ) -> None:
        """Make one that is not started; `mood` is the file with its temper."""
        size = ("--width", str(TRACK[0]), "--height", str(TRACK[1]))
        super().__init__(free_port(), (*size, *wire.options))
        self._mood = mood
        self._network = network
        self._extra = extra

    @property
    def url(self) -> str:
        """Where the daemon reaches it."""
        host = "127.0.0.1" if self._network is None else link.FAR
        return f"http://{host}:{self.port}"

    def temper(self, **temper: Any) -> None:
        """Be like this from now on; without words, be good."""
        new = self._mood.with_suffix(".new")
        new.write_text(json.dumps(temper))
        new.replace(self._mood)

    async def start(self, *options: str) -> None:
        """Start it, until a session can begin."""
        prefix: tuple[str, ...] = ()
        where: tuple[str, ...] = ()
        if self._network is not None:
            prefix, where = self._network.prefix, ("--host", link.FAR)
        self.process = await asyncio.create_subprocess_exec(
            *(*WITH_US, *prefix),
            *(sys.executable, "-m", "tests.rigs.faults.serve", "--exit-with-stdin"),
            *("--port", str(self.port), *where, *self.arguments, *options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {TEMPER: str(self._mood)} | dict(self._extra),
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._reader = asyncio.create_task(_keep(self.process.stderr, self.log))
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)
        assert json.loads(line or b"{}").get("event") == "standin_ready", list(self.log)

    async def left_open(self) -> int:
        """How many sessions it still has, once it had time to end them: 0 or 1."""
        if self.process is None or self.process.returncode is not None:
            return 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDED_PATIENCE_S):
                while await self.session() != "ready":
                    await asyncio.sleep(0.1)
                return 0
        return 1


class DaemonProcess:
    """`sana-vcam run` as a process, at any point of its life."""

    def __init__(self, home: Path, plan: Plan, url: str, fifo: Path) -> None:
        self.log: deque[str] = deque(maxlen=2000)
        self.process: asyncio.subprocess.Process | None = None
        self.home = home
        self._plan = plan
        self._url = url
        self._fifo = fifo
        # The file that standard error goes to, instead of into `log`.
        self.stderr: int | None = None
        self._extra: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._control: Control | None = None
        self._socket: Any = None

    async def start(self) -> None:
        """Start it; it is somewhere at its beginning then."""
        module = "tests.rigs.faults.seams" if self._plan.seams else "sana_vcam"
        self.process = await asyncio.create_subprocess_exec(
            *(*WITH_US, sys.executable, "-m", module, "run", "--prompt", clip.PROMPT),
            env=self.variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE if self.stderr is None else self.stderr,
        )
        if self.process.stderr is not None:
            self._tasks = [asyncio.create_task(_keep(self.process.stderr, self.log))]

    def more_environment(self, variables: Mapping[str, str]) -> None:
        """Have these as well at the next start."""
        self._extra.update(variables)

    @property
    def variables(self) -> dict[str, str]:
        """The environment that it is started with."""
        plan = self._plan
        kind = "v4l2loopback" if plan.loopback else "pipewire" if plan.pipewire else "raw"
        settings = {
            "REACTOR__MODEL": plan.wire.model,
            "SINK__KIND": kind,
            "SINK__PATH": str(self._fifo),
            "SINK__WIDTH": str(WIDTH),
            "SINK__HEIGHT": str(HEIGHT),
            "CAMERA__SOURCE": "file",
            "CAMERA__PATH": str(self.home / "clip.avi"),
            **({"REACTOR__LOCAL": "false"} if plan.cloud else {}),
            **{key: text.format(home=self.home) for key, text in plan.settings.items()},
        }
        key = {"REACTOR_API_KEY": KEY} if plan.cloud else {}
        loopback = {"FAULTS_LOOPBACK": str(plan.loopback), "FAULTS_FIFO": str(self._fifo)}
        extra = key | (loopback if plan.loopback else {}) | dict(plan.environment)
        return environment(self.home, self._url, **settings) | extra | self._extra

    async def control(self) -> Control:
        """A client of its control server, once it is up."""
        if self._control is None:
            found = await self.read_control_file()
            headers = {"Authorization": f"Bearer {found['token']}"}
            self._socket = await connect(found["url"], additional_headers=headers, max_size=None)
            self._control = Control(self._socket)
            self._tasks.append(asyncio.create_task(_until_closed(self._control)))
        return self._control

    async def state(self) -> dict[str, Any]:
        """The newest full state."""
        control = await self.control()
        await control.until(bool)
        return control.state

    def tell(self, *lines: str) -> None:
        """Say something to the faulty devices."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self.process is not None and self.process.returncode is None

    async def exit_status(self) -> int:
        """Wait for its end."""
        assert self.process is not None
        status = await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        await self._forget()
        return status

    async def end(self) -> int | None:
        """Stop it as systemd would; its exit status, None if it never ran or was reaped."""
        if not self.running:
            await self._forget()
            return None
        self.signal(signal.SIGTERM)
        try:
            return await self.exit_status()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            return await self.exit_status()

    async def _forget(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks, self._control, self._socket = [], None, None

    async def read_control_file(self) -> dict[str, Any]:
        """What clients find it by, once it is there."""
        path = self.home / "xdg_runtime_dir" / "sana-vcam" / "control.json"
        assert self.process is not None
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(FileNotFoundError):
                    found: dict[str, Any] = json.loads(path.read_text())
                    if found["pid"] == self.process.pid:
                        return found
                assert self.process.returncode is None, "the daemon ended:\n" + "\n".join(self.log)
                await asyncio.sleep(LOOK_S)


@dataclass
class Times:
    """When what happened in a row, in monotonic seconds."""

    began: float | None = None
    cause: float | None = None
    gone: float | None = None
    live: float | None = None
    stopped: float | None = None


class Stage:
    """One row's model, daemon and eye."""

    def __init__(
        self,
        home: Path,
        plan: Plan,
        models: Sequence[Model],
        url: str,
        cloud: Coordinator | None,
        network: link.Link | None,
        desktop: Desktop | None,
    ) -> None:
        self.home = home
        self.plan = plan
        self.models = models
        self.times = Times()
        self.notes: list[str] = []
        self.exits: list[int] = []
        self._cloud = cloud
        self._network = network
        self._desktop = desktop
        self.watch = Watch(home / "video.fifo")
        self.daemon = DaemonProcess(home, plan, url, home / "video.fifo")
        if desktop is not None:
            self.daemon.more_environment(desktop.variables)

    @property
    def model(self) -> Model:
        """The first model, in most rows the only one."""
        return self.models[0]

    @property
    def cloud(self) -> Coordinator:
        """The coordinator of a row that has one."""
        assert self._cloud is not None
        return self._cloud

    @property
    def network(self) -> link.Link:
        """The link of a row that has one."""
        assert self._network is not None
        return self._network

    @property
    def desktop(self) -> Desktop:
        """The desktop of a row that has one."""
        assert self._desktop is not None
        return self._desktop

    # -- what a row is written in --------------------------------------------------------------

    async def begin(self, *, settled: bool = True) -> None:
        """Bring daemon and model to the point at which viewers see the edit.

        `settled`: and for so long that the model's pace is known, as it decides how long its last
        picture stays.
        """
        for model in self.models:
            await model.start(*self.plan.model)
        await self.daemon.start()
        if self._desktop is not None:
            await self._desktop.read()
        await self.live()
        # Half a second for the buffer to have more than its first frames.
        await asyncio.sleep(0.5 + (KNOWN_S if settled else 0.0))
        self.times.began = time.monotonic()

    def cause(self) -> None:
        """From now on something is wrong."""
        self.times.cause = time.monotonic()

    def gone(self) -> None:
        """From now on nothing is wrong any more."""
        self.times.gone = time.monotonic()

    async def live(self, after: float | None = None) -> None:
        """Wait for fresh frames of the edit that came after a moment (now, if none is given)."""
        moment = time.monotonic() if after is None else after
        await self.until(
            lambda: any(g.seen is Seen.LIVE and g.fresh for g in self.watch.since(moment)),
            "the edited picture",
        )

    async def live_again(self) -> None:
        """Wait for the edited picture after the cause has gone, and note when it came."""
        assert self.times.gone is not None
        await self.live(self.times.gone)
        # It has to stay: what comes first may be the rest of what was there before.
        await asyncio.sleep(1.0)
        await self.live()
        since = self.watch.since(self.times.gone)
        other = max((g.at for g in since if g.seen is not Seen.LIVE), default=self.times.gone)
        self.times.live = next(
            g.at for g in since if g.at > other and g.seen is Seen.LIVE and g.fresh
        )

    async def sees(self, wanted: Seen) -> None:
        """Wait until viewers see this."""
        moment = time.monotonic()
        await self.until(lambda: any(g.seen is wanted for g in self.watch.since(moment)), wanted)

    async def session(self, *states: str) -> None:
        """Wait until the engine's state is one of these."""
        control = await self.daemon.control()
        await control.until(lambda state: state.get("session") in states, " or ".join(states))

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    assert self.daemon.running or self.daemon.process is None, "the daemon ended"
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            newest = self.watch.newest
            seen = newest.seen if newest is not None else "nothing"
            raise AssertionError(f"never came: {what}; viewers see {seen}") from None

    async def kill(self) -> None:
        """SIGKILL the daemon."""
        self.daemon.signal(signal.SIGKILL)
        await self.daemon.exit_status()

    # -- its end -------------------------------------------------------------------------------

    async def end(self) -> None:
        """Stop the daemon; the model and the rest have to be there for its last words."""
        self.times.stopped = time.monotonic()
        status = await self.daemon.end()
        if status is not None:
            self.exits.append(status)

    async def left_open(self) -> int:
        """Sessions that are open although nobody holds them."""
        if self._cloud is not None:
            return len(self._cloud.still_open)
        return await self.model.left_open()

    def glimpses(self) -> list[Glimpse]:
        """Everything that was seen."""
        return self.watch.glimpses


@contextlib.asynccontextmanager
async def staged(home: Path, plan: Plan) -> AsyncIterator[Stage]:
    """Set the stage for a row, and clear it away whatever happens."""
    network = link.Link() if plan.link else None
    models = [
        Model(home / f"temper{number}.json", network, plan.wire, plan.environment)
        for number in range(plan.models)
    ]
    urls = [model.url for model in models]
    cloud = await Coordinator(*urls, room=plan.room).__aenter__() if plan.cloud else None
    if cloud is not None:
        cloud.models = {plan.wire.model}
    url = cloud.url if cloud is not None else urls[0]
    desktop = Desktop(home / "video.fifo") if plan.pipewire else None
    stage = Stage(home, plan, models, url, cloud, network, desktop)
    try:
        yield stage
    finally:
        if stage.daemon.running:
            stage.daemon.signal(signal.SIGKILL)
        await stage.daemon.end()
        for model in models:
            await model.end(signal.SIGKILL)
        if cloud is not None:
            await cloud.stop()
        if desktop is not None:
            desktop.close()
        stage.watch.close()
        if network is not None:
            network.close()


@contextlib.asynccontextmanager
async def connected(daemon: DaemonProcess) -> AsyncIterator[Control]:
    """One more client of the daemon's control server, for a while."""
    found = await daemon.read_control_file()
    headers = {"Authorization": f"Bearer {found['token']}"}
    async with connect(found["url"], additional_headers=headers, max_size=None) as websocket:
        control = Control(websocket)
        reader = asyncio.create_task(_until_closed(control))
        try:
            yield control
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def _keep(stream: asyncio.StreamReader, log: deque[str]) -> None:
    async for line in stream:
        log.append(line.decode(errors="replace").rstrip())


async def _until_closed(control: Control) -> None:
    with contextlib.suppress(WebSocketException, OSError):
        await control.run()
