"""What is said into a microphone of a session, and what an application hears, with their times."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from types import TracebackType
from typing import Self

import numpy as np

from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.voice.pulse.source import FeedPipe
from tests.rigs.pipewire.sounds import APART_S, RATE, Samples
from tests.rigs.pulse.session import PulseSession

BLOCK = RATE // 100


class Talker:
    """A microphone while the block lasts: it hears what it is told to, over and over, or nothing.

    That a microphone is another pipe makes both ends comparable: what is read of it is what was
    said at that moment.
    """

    def __init__(self, session: PulseSession, name: str = "test_mic") -> None:
        self.name = name
        self.said: list[float] = []
        """When each click was said, by `time.monotonic()`."""
        self._session = session
        self._sound: Samples = np.zeros(BLOCK)
        self._path = session.folder / f"{name}.fifo"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk, name=f"talker {name}")

    def __enter__(self) -> Self:
        # Of a server that was killed.
        self._path.unlink(missing_ok=True)
        self._module = self._session.run(
            *("pactl", "load-module", "module-pipe-source", f"source_name={self.name}"),
            *(f"file={self._path}", "format=s16le", f"rate={RATE}", "channels=1"),
        ).strip()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._session.succeeds("pactl", "unload-module", self._module)

    def say(self, samples: Samples) -> None:
        """Hear this from now on, again and again."""
        self._sound = samples

    def is_open(self) -> bool:
        """Whether somebody records the microphone."""
        return bool(self._session.sources()[self.name]["state"] == "RUNNING")

    def _talk(self) -> None:
        pipe = FeedPipe(self._path)
        sound, at, due = self._sound, 0, time.monotonic()
        try:
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                if sound is not self._sound:
                    sound, at = self._sound, 0
                block = np.take(sound, range(at, at + BLOCK), mode="wrap")
                # With its server a microphone goes, too.
                with contextlib.suppress(PulseError):
                    pipe.write(block.astype(np.float32))
                if (loud := np.flatnonzero(np.abs(block) > 0.2)).size:
                    when = time.monotonic() - (BLOCK - loud[0]) / RATE
                    if not self.said or when - self.said[-1] > APART_S:
                        self.said.append(when)
                at = (at + BLOCK) % len(sound)
                due += BLOCK / RATE
        finally:
            pipe.close()


class Listener:
    """An application that records a source while the block lasts."""

    def __init__(self, session: PulseSession, source: str = "sana_mic") -> None:
        self._session, self._source = session, source
        self._pieces: list[tuple[float, Samples]] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "parec", "--raw", "--format=s16le"),
                *(f"--rate={RATE}", "--channels=1", "--latency-msec=20", "-d", self._source),
            ],
            env=self._session.environment,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._thread = threading.Thread(target=self._listen, name="listener")
        self._thread.start()
        self._session.until("a reader", self.is_attached)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()

    def is_attached(self) -> bool:
        """Whether it records the source that it has chosen, and no other."""
        listed = self._session.run("pactl", "list", "short", "source-outputs").split("\n")
        pid = str(self._process.pid)
        assert self._process.poll() is None, "the reader has ended"
        number = str(self._session.sources()[self._source]["index"])
        clients = self._session.run("pactl", "list", "clients").split("Client #")
        (own,) = [one.split("\n")[0] for one in clients if f'process.id = "{pid}"' in one] or [""]
        return any(line.split("\t")[1:3] == [number, own] for line in listed if line)

    @property
    def samples(self) -> Samples:
        """What was heard so far."""
        return np.concatenate([np.zeros(0), *(piece for _, piece in list(self._pieces))])

    @property
    def heard(self) -> list[float]:
        """When each click was heard, by `time.monotonic()`."""
        found: list[float] = []
        for came, piece in list(self._pieces):
            for at in np.flatnonzero(np.abs(piece) > 0.2):
                when = came - (len(piece) - at) / RATE
                if not found or when - found[-1] > APART_S:
                    found.append(when)
        return found

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        rest = b""
        while text := stream.read(65_536):
            text = rest + text
            whole = len(text) // 2 * 2
            rest = text[whole:]
            self._pieces.append((time.monotonic(), np.frombuffer(text[:whole], "<i2") / 32768.0))
        stream.close()
