"""Where the CPU time and the memory go at 1280x704: inside the SDK's threads, and step by step.

The CPU by function is what Linux's `perf` samples, where there is one. By hand, with PID that of
any client of the SDK, whose library comes with its symbols:

    perf record -e cpu-clock -F 499 -o sdk.perf -p PID -- sleep 12
    perf report -i sdk.perf --sort comm,dso,symbol --stdio

How much each thread takes is in `python -m tests.rigs.bench pipeline`, which needs no tool.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.rigs.bench import pipeline
from tests.rigs.bench.contenders import steps
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.figures import memory_kinds_mb, memory_parts_mb, rss_mb
from tests.rigs.bench.threads import NATIVE, SDK_GROUPS
from tests.system.daemon import running_standin

CONTENDERS = ("bare", "script", "daemon")
HERTZ = 499
SAMPLE = re.compile(r"\s*(?P<comm>.+?)\s+\d+\s+[0-9a-f]+ (?P<symbol>.*) \((?P<library>.*)\)\s*")
"""A line of `perf script -F comm,tid,ip,sym,dso`."""
FAULTS = re.compile(r"fault|clear_page|pte|folio|memcg|alloc_page|unmap|zap|rmqueue|lru_|vma|tlb")
CRYPTO = re.compile(r"aes|gcm|sha\d|srtp|bssl|dtls|chacha", re.IGNORECASE)

type Sample = tuple[str, str, str]
"""Name of the thread, function, and the file that it is in."""


async def measure(home: Path, long: bool) -> dict[str, object]:
    """The steps of a client, then each contender's memory and, with `perf`, its functions."""
    seconds = 30.0 if long else 12.0
    setting = pipeline.SETTINGS[0]
    width, height = map(str, setting.size)
    clip = Clip(home, setting.size, 24)
    found: dict[str, object] = {}
    shape = ("--width", width, "--height", height, *pipeline.WIRE, "--edit", "copy")
    async with running_standin(*shape, *setting.standin) as standin:
        found["resident MB after each step"] = await _steps(standin.url)
        await standin.until_session("ready")
        for name in CONTENDERS:
            print(f"  {name}", file=sys.stderr)
            place = home / name
            place.mkdir()
            async with pipeline.running(name, place, standin, clip, setting) as contender:
                functions = await _functions(contender.pid, place / "perf.data", seconds)
                found[name] = functions | await _memory(contender)
            await standin.until_session("ready")
    return found


async def _steps(url: str) -> dict[str, float]:
    """Resident memory after each step of `contenders.steps`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", steps.__name__, url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    found = {}
    while step := (await process.stdout.readline()).decode().strip():
        found[step] = round(rss_mb(process.pid), 1)
        process.stdin.write(b"\n")
    assert await process.wait() == 0, f"it failed after {list(found)}"
    return found


async def _memory(contender: pipeline.Running) -> dict[str, Any]:
    kinds, parts = memory_kinds_mb(contender.pid), memory_parts_mb(contender.pid)
    pictures = (await contender.told())["pictures"]
    return {
        "memory by kind, MB": kinds,
        "memory by part, MB": pipeline.with_pictures(parts, pictures["MB"]),
        "the model's pictures in memory": pictures["count"],
    }


async def _functions(pid: int, path: Path, seconds: float) -> dict[str, Any]:
    """The work of all threads and of the SDK's own, in percent; or why it is not known."""
    if shutil.which("perf") is None:
        return {"by function": "there is no perf on this machine"}
    options = ("-e", "cpu-clock", "-F", str(HERTZ), "-o", str(path), "-p", str(pid))
    try:
        await _said("perf", "record", *options, "--", "sleep", str(seconds))
        text = await _said("perf", "script", "-i", str(path), "-F", "comm,tid,ip,sym,dso")
    except OSError as error:
        return {"by function": str(error)}
    found = list(samples(text))
    own = [sample for sample in found if is_sdk(sample[0])]
    return {
        "samples": len(found),
        "SDK's threads, % of all": round(100 * len(own) / max(len(found), 1), 1),
        "SDK's threads by work, %": shares(own),
        "all threads by work, %": shares(found),
    }


async def _said(*command: str) -> str:
    """What a command prints; raises `OSError` with its complaint if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, error = await process.communicate()
    if process.returncode:
        raise OSError(f"{command[0]} {command[1]}: {error.decode(errors='replace').strip()}")
    return output.decode(errors="replace")


def samples(text: str) -> Iterator[Sample]:
    """What `perf script` says of each sample."""
    for line in text.splitlines():
        if found := SAMPLE.fullmatch(line):
            library = found["library"].rpartition("/")[2]
            yield found["comm"], found["symbol"], library


def shares(found: Iterable[Sample]) -> dict[str, float]:
    """Percent of the samples by work, the largest first."""
    counts = Counter(work(*sample) for sample in found)
    return {name: round(100 * n / counts.total(), 1) for name, n in counts.most_common()}


def is_sdk(comm: str) -> bool:
    """Whether a thread runs the SDK's native code only."""
    group = next((group for start, group in NATIVE.items() if comm.startswith(start)), None)
    return group in SDK_GROUPS


def work(comm: str, symbol: str, library: str) -> str:
    """What a sample was taken in: the functions' own time, whoever called them."""
    if library.startswith("[kernel"):
        return "kernel: memory" if FAULTS.search(symbol) else "kernel: the rest"
    if library.startswith("libc.so") and symbol.startswith(("__mem", "mem")):
        return "memcpy and memset"
    if "reactor_ffi" in library:
        return _sdk_work(comm, symbol)
    if library.startswith(("libav", "libsw")):
        return "the webcam's JPEG"
    if library.startswith("cv2"):
        return "OpenCV"
    return "BLAS" if "blas" in library else "Python and the rest"


def _sdk_work(comm: str, symbol: str) -> str:
    if symbol.startswith("ARGBTo"):
        return "SDK: BGRA to I420"
    if "ToARGB" in symbol:
        return "SDK: I420 to BGRA"
    if CRYPTO.search(symbol):
        return "SDK: encryption (DTLS, SRTP)"
    if comm.startswith("VideoEncoder"):
        return "SDK: encode"
    if comm.startswith("VideoDecoder"):
        return "SDK: decode"
    return "SDK: network and the rest"
