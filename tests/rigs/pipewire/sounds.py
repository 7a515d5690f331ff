"""Sounds that are played into a microphone, and what is found of them in a recording."""

from __future__ import annotations

import os
import signal
import time
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tests.rigs.pipewire.session import Session

RATE = 48_000
APART_S = 0.1
"""Least distance of two clicks."""
PUNCTUAL = ("chrt", "-f", "60") if os.geteuid() == 0 else ()
"""A recorder of normal priority loses cycles on a busy machine, which looks like drop-outs."""
type Samples = NDArray[np.float64]


def write(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def clicks(seconds: float) -> Samples:
    """Clicks at uneven distances, so that one cannot be taken for the next."""
    samples = np.zeros(int(seconds * RATE))
    at, step = 0.2, 0
    while at < seconds - 0.2:
        begin = int(at * RATE)
        samples[begin : begin + 12] = 0.6
        samples[begin + 12 : begin + 24] = -0.6
        at += 0.4 + 0.07 * (step % 5) + 0.013 * (step % 7)
        step += 1
    return samples


def tone(seconds: float, hertz: float = 440.0) -> Samples:
    return 0.25 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def onsets(samples: Samples, threshold: float = 0.2) -> Samples:
    """The times in seconds at which clicks begin."""
    loud = np.flatnonzero(np.abs(samples) > threshold)
    if not loud.size:
        return np.zeros(0)
    first = np.concatenate(([True], np.diff(loud) > APART_S * RATE))
    return loud[first] / RATE


def delays(near: Samples, far: Samples, expected_s: float, within_s: float = 0.15) -> Samples:
    """For each click on the far side how much later it is than the near one nearest to that."""
    begins = onsets(near)
    found = []
    for late in onsets(far):
        distances = late - begins - expected_s
        if begins.size and abs(distances).min() < within_s:
            found.append(late - begins[abs(distances).argmin()])
    return np.array(found)


class Recorder:
    """A recording of several ports in one file, aligned by the sample, while the block lasts.

    It is a reader as any other one is; as `ports` says, of the source, of the microphone, or both.
    """

    def __init__(self, session: Session, *ports: str, name: str = "rig_recorder") -> None:
        self._session, self._ports, self._name = session, ports, name
        self._path = session.folder / f"{name}-{time.monotonic_ns()}.wav"

    def __enter__(self) -> Self:
        channels = len(self._ports)
        self._session.spawn(
            *(self._name, *PUNCTUAL, "pw-record", "--target", "0", "--channels", str(channels)),
            *("-P", f"{{ node.name = {self._name} node.autoconnect = false }}"),
            *("--rate", str(RATE), "--format", "s16", "--latency", "2048", str(self._path)),
        )
        inputs = ["MONO"] if channels == 1 else ["FL", "FR"]
        for port, into in zip(self._ports, inputs, strict=True):
            self._session.until(
                f"a link from {port}",
                lambda port=port, into=into: self._session.succeeds(
                    "pw-link", port, f"{self._name}:input_{into}"
                ),
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.stop(self._name, how=signal.Signals.SIGINT)

    def samples(self) -> list[Samples]:
        """What was recorded, a row for each port, once the block has ended."""
        with wave.open(str(self._path)) as file:
            text = file.readframes(file.getnframes())
            channels = file.getnchannels()
        return list(np.frombuffer(text, "<i2").reshape(-1, channels).T / 32768.0)
