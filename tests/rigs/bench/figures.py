"""The arithmetic of figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from sana_vcam.app.native import limit_threads


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def summary_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th, 99th percentile and maximum, in milliseconds."""
    if not seconds:
        return {"count": 0}
    return {
        "count": len(seconds),
        "p50": round(median(seconds) * 1e3, 2),
        "p95": round(percentile(seconds, 95) * 1e3, 2),
        "p99": round(percentile(seconds, 99) * 1e3, 2),
        "max": round(max(seconds) * 1e3, 2),
    }


def as_installed() -> dict[str, str]:
    """The environment of a contender: with what the command `sana-vcam` sets for itself."""
    environ = dict(os.environ)
    limit_threads(environ)
    return environ


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no VmRSS of {pid}")


def memory_kinds_mb(pid: int) -> dict[str, float]:
    """Resident memory of a process as the kernel counts it: anonymous, file-backed, shared."""
    words = {"RssAnon:": "anonymous", "RssFile:": "file-backed", "RssShmem:": "shared"}
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {words[line[0]]: round(int(line[1]) / 1024, 1) for line in lines if line[0] in words}


ANONYMOUS = "anonymous: heaps, codecs, stacks"
PICTURES = "the model's pictures"
LIBRARIES = {
    "reactor_ffi": "the SDK's library",
    "/cv2/": "OpenCV's libraries",
    "opencv": "OpenCV's libraries",
    "/numpy": "NumPy's libraries",
    "/av/": "PyAV's libraries",
    "/av.libs/": "PyAV's libraries",
}
"""By what is in the path of a mapped file."""


def memory_parts_mb(pid: int) -> dict[str, float]:
    """Resident memory by what is mapped, each library with its relocated data; the largest first.

    Raises `OSError` if the process is gone, or another user's.
    """
    found: dict[str, float] = {}
    part = ANONYMOUS
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split(maxsplit=5)
        if "-" in words[0]:
            part = _part(words[5] if len(words) > 5 else "")
        elif words[0] == "Rss:":
            found[part] = found.get(part, 0.0) + int(words[1]) / 1024
    return {name: round(found[name], 1) for name in sorted(found, key=lambda name: -found[name])}


def _part(path: str) -> str:
    """What a mapping belongs to."""
    if not path.startswith("/"):
        return ANONYMOUS
    known = (part for word, part in LIBRARIES.items() if word in path)
    return next(known, "Python and other libraries")
