"""A camera of ours in a session, and programs that read it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rigs.pipewire import Session
from tests.rigs.pipewire.session import READY_S

PROJECT = Path(__file__).parents[4]


def has_port(session: Session) -> bool:
    """Whether our node is there with its port."""
    node = session.nodes().get("sana_vcam")
    return node is not None and node["n-output-ports"] == 1


class Camera:
    """A process that feeds the camera, and what it last said of itself."""

    def __init__(
        self,
        session: Session,
        size: tuple[int, int],
        *,
        patience_s: float = 5.0,
        faulty: bool = False,
    ) -> None:
        """`faulty`: what PipeWire calls when a reader comes raises an exception."""
        self.session = session
        self.faulty = faulty
        self.size = size
        self.patience_s = patience_s
        self.said: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "tests.system.process.pipewire.feeder"),
                *(str(number) for number in (*self.size, self.patience_s)),
                *(["faulty"] if self.faulty else []),
            ],
            env={**self.session.environment, "PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()
        try:
            # A reader that comes before the port is there waits for half a minute (GStreamer).
            self.session.until("the camera", self.is_there)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said = json.loads(line)
            self.history.append(self.said)

    def is_there(self) -> bool:
        """Whether the node can be read, which it can once it has its port."""
        return has_port(self.session)

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Have it let go of the camera, and give its exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            status = self._process.wait(READY_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._listening.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status

    def until(self, what: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until it says what is wanted."""
        self.session.until(what, lambda: bool(self.said) and true(self.said))
        return self.said

    def read(self, frames: int, how: str, path: Path) -> bytes:
        """Have GStreamer read so many frames in this format; give the last of them."""
        self.session.run(
            "gst-launch-1.0",
            "-q",
            *("pipewiresrc", "target-object=sana_vcam", f"num-buffers={frames}"),
            *("!", f"video/x-raw,format={how}", "!", "filesink", f"location={path}"),
        )
        whole = path.read_bytes()
        assert len(whole) % frames == 0
        return whole[-len(whole) // frames :]
