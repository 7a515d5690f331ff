"""The daemon as a process in the guest, its control client, and a viewer of its virtual camera."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from websockets.sync.client import ClientConnection, connect

from tests.rigs.guest.inside.kernel import PATIENCE_S, process, until
from tests.rigs.guest.inside.picture import FRAME_BYTES, HEIGHT, WIDTH

SETTINGS = {
    "REACTOR__CONNECT_TIMEOUT_S": "600",
    "REACTOR__LOCAL": "true",
    "REACTOR__TRACK_WIDTH": "320",
    "REACTOR__TRACK_HEIGHT": "176",
    "CAMERA__SOURCE": "test",
    "SINK__KIND": "v4l2loopback",
    "CONTROL__PORT": "0",
    "START__CONNECT": "false",
    "LOG__LEVEL": "debug",
}


class Running:
    """A daemon that was started, and what it tells its control clients."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self._socket: ClientConnection | None = None
        self._ids = iter(range(1, 1_000_000))
        self.state: dict[str, Any] = {}
        self.states: list[dict[str, Any]] = []
        """Every state that was told, in order."""

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def connect(self, control: Path) -> None:
        """Wait for the daemon's control file, and connect where it says."""

        def control_file() -> dict[str, Any] | None:
            assert self.process.poll() is None, f"the daemon ended:\n{self.log[-3000:]}"
            try:
                found: dict[str, Any] = json.loads(control.read_text())
            except FileNotFoundError:
                return None
            return found if found["pid"] == self.process.pid else None

        found = until(control_file, "control.json")
        headers = {"Authorization": f"Bearer {found['token']}"}
        self._socket = connect(found["url"], additional_headers=headers)

    def until(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The first state, the present one included, that is as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while not (self.state and wanted(self.state)):
            left_s = deadline - time.monotonic()
            try:
                self._receive(left_s)
            except TimeoutError:
                said = f"the state never became {what}: {self.state}\n{self.log[-3000:]}"
                raise AssertionError(said) from None
        return self.state

    def watch(self, seconds: float) -> list[dict[str, Any]]:
        """The states of the next few seconds; for what must not happen."""
        before = len(self.states)
        deadline = time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0:
            with suppress(TimeoutError):
                self._receive(left_s)
        return self.states[before:]

    def ok(self, kind: str, **data: Any) -> Any:
        """What the daemon replies to a command. Raises `AssertionError` if it refuses."""
        number = next(self._ids)
        assert self._socket is not None
        self._socket.send(json.dumps({"type": kind, "id": number, "data": data}))
        while (message := self._receive(PATIENCE_S)).get("id") != number:
            pass
        assert message["type"] == "ok", message
        return message.get("data")

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        assert self._socket is not None
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=max(0.0, timeout_s)))
        if message["type"] == "state":
            self.state = message["data"]
            self.states.append(self.state)
        return message

    def kill(self, number: int) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def cpu_s(self) -> float:
        """Processor time that the daemon has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


@contextmanager
def running(
    home: Path | None = None, *, env: Mapping[str, str] | None = None, **settings: str
) -> Iterator[Running]:
    """`sana-vcam run`, connected to; killed at the end of the block unless it has ended."""
    home = home or new_home()
    with (home / "log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "sana_vcam", "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(home, settings) | dict(env or {}),
        )
    daemon = Running(child, home / "log")
    try:
        daemon.connect(home / "xdg_runtime_dir/sana-vcam/control.json")
        daemon.until(lambda state: state["fps_output"] > 0, "feeding the virtual camera")
        yield daemon
    except BaseException:
        print(f"the daemon's log:\n{daemon.log[-5000:]}", flush=True)
        raise
    finally:
        daemon.close()
        child.kill()
        child.wait()


def new_home() -> Path:
    return Path(tempfile.mkdtemp())


def environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    folders = {}
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700, exist_ok=True)
        folders[name] = str(folder)
    ours = {f"SANA_VCAM_{key}": value for key, value in (SETTINGS | dict(settings)).items()}
    return dict(os.environ) | folders | ours


@contextmanager
def standin() -> Iterator[str]:
    """The stand-in for the model, with the small track; gives its address."""
    port = 8123
    size = ("--width", SETTINGS["REACTOR__TRACK_WIDTH"])
    size += ("--height", SETTINGS["REACTOR__TRACK_HEIGHT"])
    words = (sys.executable, "-m", "sana_vcam.standin", "--port", str(port), *size)
    with process(*words, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        line = json.loads(child.stdout.readline() or b"{}")
        assert line.get("event") == "standin_ready", line
        yield f"http://127.0.0.1:{port}"


@contextmanager
def silent_model() -> Iterator[str]:
    """The address of a model that takes every call and never answers: a session is asked for."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class Viewer:
    """A program that watches the virtual camera for as long as the block runs."""

    def __init__(self, device: str) -> None:
        words = ("ffmpeg", "-v", "fatal", "-f", "v4l2", "-i", device, "-fps_mode", "passthrough")
        self._process = subprocess.Popen(
            [*words, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        self.frames = 0
        self.newest: npt.NDArray[np.uint8] | None = None
        self._thread = threading.Thread(target=self._run, name="viewer")
        self._thread.start()

    def __enter__(self) -> Viewer:
        try:
            self.take(1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def take(self, frames: int) -> npt.NDArray[np.uint8]:
        """Wait for so many further frames; the last one, as I420."""
        before = self.frames
        until(lambda: self.frames >= before + frames or not self.alive, f"{frames} frames")
        assert self.alive, "the viewer gave up"
        assert self.newest is not None
        return self.newest

    def until(self, wanted: Callable[[npt.NDArray[np.uint8]], bool], what: str) -> None:
        """Wait for a picture that is as wanted."""
        until(lambda: self.newest is not None and wanted(self.newest), f"the viewer see {what}")

    def _run(self) -> None:
        assert self._process.stdout is not None
        while len(data := self._process.stdout.read(FRAME_BYTES)) == FRAME_BYTES:
            self.newest = np.frombuffer(data, np.uint8)
            self.frames += 1


def is_black(frame: npt.NDArray[np.uint8]) -> bool:
    """Black as limited range has it, and not zero bytes, which are green."""
    luma, chroma = frame[: WIDTH * HEIGHT], frame[WIDTH * HEIGHT :]
    return bool((luma == 16).all() and (chroma == 128).all())


def difference(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Mean difference of the luma of two frames."""
    lumas = [frame[: WIDTH * HEIGHT].astype(np.int16) for frame in (one, other)]
    return float(np.abs(lumas[0] - lumas[1]).mean())
