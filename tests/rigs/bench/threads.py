"""CPU time by thread: what each thread of a process has used, and the work it does (Linux).

Where native code names a thread, the kernel knows the name: libwebrtc's encoder and decoder queues,
the SDK's callback. Python 3.12 names none; the contender tells its own (`contenders.telling`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.rigs.bench.figures import cpu_seconds

ENCODER, DECODER = "SDK: encoder", "SDK: decoder"
DELIVERY, NETWORK = "SDK: delivery (I420 to BGRA)", "SDK: network and the rest"
CALLBACK, CAMERA, PUBLISHER = "frame callback", "camera", "publisher"
PLAYOUT, LOOP, LATENCY = "playout and sink", "event loop", "latency meter"
WORKERS, OTHER = "libraries' workers (OpenCV, BLAS)", "other threads"
ENDED = "ended threads, rounding"
GROUPS = (
    *(ENCODER, DECODER, DELIVERY, NETWORK),
    *(CALLBACK, CAMERA, PUBLISHER, PLAYOUT, LOOP, LATENCY, WORKERS, OTHER, ENDED),
)
SDK_GROUPS = (ENCODER, DECODER, DELIVERY, NETWORK)
"""Threads that run the SDK's native code only. The callback's runs the client's code as well."""
NATIVE = {
    "VideoEncoderQue": ENCODER,
    "VideoDecoderQue": DECODER,
    "IncomingVideoSt": DELIVERY,
    "VideoFrameTrans": NETWORK,
    # libwebrtc's signalling, worker and network threads.
    "Thread 0x": NETWORK,
    "rtc": NETWORK,
    "reactor-on-fram": CALLBACK,
    "reactor-": NETWORK,
    "tokio-": NETWORK,
}
"""By how the name that the kernel keeps begins: the first 15 bytes."""
PYTHON = {
    "MainThread": LOOP,
    "camera": CAMERA,
    "camera reader": CAMERA,
    "publisher": PUBLISHER,
    "playout": PLAYOUT,
    "raw sink": PLAYOUT,
    "latency": LATENCY,
}


@dataclass(frozen=True)
class Times:
    """CPU seconds of a process since its start, in all and by thread."""

    pid: int
    total_s: float
    threads: Mapping[int, tuple[str, float]]
    """By native id: the kernel's name and the seconds. Ended threads are in the total only."""
    waited: Mapping[int, float] = field(default_factory=dict)
    """By native id: the seconds in which a thread was ready and had no CPU."""


def read(pid: int) -> Times:
    """Look at every thread of a process; raises `OSError` if there is no such process."""
    threads, waited = {}, {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            threads[int(task.name)] = _stat((task / "stat").read_text())
            waited[int(task.name)] = int((task / "schedstat").read_text().split()[1]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Times(pid, cpu_seconds(pid), threads, waited)


def _stat(text: str) -> tuple[str, float]:
    comm = text[text.index("(") + 1 : text.rindex(")")]
    fields = text.rpartition(")")[2].split()
    return comm, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def between(
    before: Times, after: Times, names: Mapping[int, str], ended: Mapping[str, float] | None = None
) -> dict[tuple[str, str], float]:
    """CPU seconds between two looks by (group, thread); their sum is the process's own difference.

    `names` are Python's by native id; `ended` is what Python's threads that ended meanwhile have
    used, by name. What is still missing in the sum was used by native threads that ended, or is
    rounding. A thread that nobody has named has the name of the process.
    """
    comm = after.threads[after.pid][0]
    found: dict[tuple[str, str], float] = {}
    for number, (native, used_s) in after.threads.items():
        key = _name(native, names.get(number), comm)
        since = before.threads.get(number, (native, 0.0))[1]
        found[key] = found.get(key, 0.0) + used_s - since
    for name, used_s in (ended or {}).items():
        key = (PYTHON.get(name, OTHER), name)
        found[key] = found.get(key, 0.0) + used_s
    found[ENDED, ENDED] = after.total_s - before.total_s - sum(found.values())
    return found


def waiting(
    before: Times, after: Times, names: Mapping[int, str], seconds: float
) -> dict[str, float]:
    """By thread, the longest first: the part of the time in which it was ready and had no CPU.

    Several threads of one name are added; what waited next to nothing is left out.
    """
    found: dict[str, float] = {}
    for number, waited_s in after.waited.items():
        _, name = _name(after.threads[number][0], names.get(number), after.threads[after.pid][0])
        since = before.waited.get(number, 0.0)
        found[name] = found.get(name, 0.0) + (waited_s - since) / seconds
    return _rounded(found, sorted(found, key=lambda name: -found[name]))


def _name(native: str, python: str | None, comm: str) -> tuple[str, str]:
    """The group and the name of a thread."""
    group = next((group for start, group in NATIVE.items() if native.startswith(start)), None)
    if group is not None:
        return group, "Thread 0x…" if native.startswith("Thread 0x") else native
    if python is not None:
        return PYTHON.get(python, OTHER), python
    return (WORKERS, f"{native} (unnamed)") if native == comm else (OTHER, native)


def figures(used: Mapping[tuple[str, str], float], seconds: float) -> dict[str, dict[str, float]]:
    """Cores by group and by thread, the largest thread first; groups in their own order.

    What rests is left out.
    """
    groups: dict[str, float] = {}
    threads: dict[str, float] = {}
    for (group, name), used_s in used.items():
        groups[group] = groups.get(group, 0.0) + used_s / seconds
        threads[name] = threads.get(name, 0.0) + used_s / seconds
    ranked = sorted(threads, key=lambda name: -threads[name])
    return {
        "CPU by group, cores": _rounded(groups, in_order(groups)),
        "CPU by thread, cores": _rounded(threads, ranked),
    }


def _rounded(values: Mapping[str, float], order: Iterable[str]) -> dict[str, float]:
    return {name: cores for name in order if (cores := round(values[name], 4))}


def in_order(groups: Iterable[str]) -> list[str]:
    """The known groups first, in their order; then the others by name."""
    rank = {name: number for number, name in enumerate(GROUPS)}
    return sorted(groups, key=lambda name: (rank.get(name, len(rank)), name))
