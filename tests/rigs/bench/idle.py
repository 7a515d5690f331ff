"""What the daemon takes while nobody watches, and what importing it loads.

One made-up virtual camera without a viewer: the camera is off, no session is open, a card goes out
at its slow rate. What wakes up seldom finds the processor cold, by how much depends on the machine
and on who else uses it; so a fixed piece of work is timed after a rest and without one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from statistics import median

from tests.rigs.bench import sizes
from tests.rigs.bench.figures import rss_mb
from tests.rigs.bench.paired import middle
from tests.rigs.bench.targets import COLD, IDLE, WAKE_UPS
from tests.system.daemon import free_port

SETTLE_S = 5.0
WINDOW_S = 5.0
REST_S = 1.0
MODULES = ("sana_vcam", "sana_vcam.app.cli", "sana_vcam.clients.ctl.ctl", "sana_vcam.app.daemon")
HEAVY = ("numpy", "cv2", "av", "aiortc", "pydantic", "pyvirtualcam", "reactor_sdk", "websockets")
# Not in this process, which has loaded it all.
IMPORT = """
import importlib, json, sys, time
began = time.perf_counter()
importlib.import_module(sys.argv[1])
took = time.perf_counter() - began
print(json.dumps([took, len(sys.modules), [n for n in sys.argv[2:] if n in sys.modules]]))
"""


async def measure(home: Path, long: bool) -> dict[str, object]:
    """The idle daemon, then each import in processes of its own."""
    windows, times = (20, 15) if long else (8, 5)
    figures = home / "figures.json"
    url = f"http://127.0.0.1:{free_port()}"
    async with sizes.daemon(url, home, figures, "1", "0") as process:
        await asyncio.sleep(SETTLE_S)
        used: list[float] = []
        woken: list[float] = []
        for _ in range(windows):
            before, waits, since = _used_s(process.pid), _wakeups(process.pid), time.monotonic()
            await asyncio.sleep(WINDOW_S)
            took_s = time.monotonic() - since
            used.append(100 * (_used_s(process.pid) - before) / took_s)
            woken.append((_wakeups(process.pid) - waits) / took_s)
        resident = rss_mb(process.pid)
    return {
        IDLE: middle(used, 2),
        WAKE_UPS: middle(woken, 1),
        COLD: round(await asyncio.to_thread(_cold, times), 1),
        "resident MB": round(resident, 1),
        "imports": {module: await _imported(module, times) for module in MODULES},
    }


def _cold(times: int) -> float:
    """How many times the CPU time a piece of Python takes after a rest, medians."""
    warm, cold = [], []
    for _ in range(times):
        time.sleep(REST_S)
        cold.append(_work())
        _work()
        warm.append(_work())
    return median(cold) / median(warm)


def _work() -> float:
    began = time.thread_time()
    json.loads(json.dumps([{"number": number} for number in range(500)]))
    return time.thread_time() - began


def _used_s(pid: int) -> float:
    """CPU time of the threads of a process, which the kernel counts in nanoseconds (Linux)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def _wakeups(pid: int) -> int:
    """How often the threads of a process have waited for something (Linux)."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                found += int(line.split()[1])
    return found


async def _imported(module: str, times: int) -> dict[str, object]:
    """Milliseconds of an import, how many modules there are then, and which heavy ones."""
    took_s, modules, heavy = [], 0, [""]
    for _ in range(times):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", IMPORT, module, *HEAVY), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        seconds, modules, heavy = json.loads(said)
        took_s.append(seconds)
    return {
        "median, ms": round(median(took_s) * 1e3, 1),
        "modules": modules,
        "of the heavy ones": heavy,
    }
