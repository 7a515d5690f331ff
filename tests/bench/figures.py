"""The arithmetic of figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median


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
