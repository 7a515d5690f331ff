"""Word that something has happened to certain files, so that nobody has to look again and again.

Linux tells by inotify(7), called by ctypes. It does not tell what another machine does to a share,
nor of a link in the middle of a path that leads elsewhere by now; so there is a look now and then
as well. Where it tells nothing, there are looks only.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import struct
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

from sana_vcam.lib.idle import until_any, until_tick
from sana_vcam.lib.threads import start_soon

log = logging.getLogger(__name__)

ANYWAY_S = 60.0
"""How often a look is due although nothing was told of."""
LINKS: Final = 8
"""How many links one after the other are followed."""
READ_BYTES: Final = 1 << 16

# inotify(7), sys/inotify.h
_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_ONLYDIR = 0x0100_0000
_WANTED = (
    _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
    | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
)  # fmt: skip
_HEAD = struct.Struct("iIII")
"""`struct inotify_event` up to its name: watch, mask, cookie, length of the name."""


class FileWatch:
    """What happens to files that `look_out` names. Used on the event loop, in a `with` block."""

    def __init__(self) -> None:
        self.happened = asyncio.Event()
        """Set once something has happened; whoever looks clears it before."""
        self._inotify: int | None = None
        self._in_use = threading.Lock()
        """Held while a thread hands the descriptor to the kernel."""
        self._names: dict[int, frozenset[str]] = {}
        """By watched folder, what in it is of interest; replaced as a whole."""

    def __enter__(self) -> Self:
        self._inotify = _open()
        if self._inotify is not None:
            asyncio.get_running_loop().add_reader(self._inotify, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        inotify, self._inotify = self._inotify, None
        if inotify is None:
            return
        asyncio.get_running_loop().remove_reader(inotify)

        def close() -> None:
            with self._in_use:
                os.close(inotify)

        # The kernel waits in it for whoever is in the middle of telling: up to 0.2 s were seen.
        closing = threading.Thread(target=close, name="file watch's end", daemon=True)
        start_soon(closing, lambda _: close())

    @property
    def tells(self) -> bool:
        """Whether the system tells what happens; else somebody has to look."""
        return bool(self._names)

    async def wait(self, every_s: float, *, calm: bool = True) -> None:
        """Wait until a look is due, which is at a multiple of `every_s` seconds.

        That is the next one after something has happened; each where the system does not tell, and
        while it is not `calm`, for whoever waits for room on a disk.
        """
        if self.tells and calm:
            await until_any(self.happened, seconds=until_tick(ANYWAY_S))
        await asyncio.sleep(until_tick(every_s))
        self.happened.clear()

    def look_out(self, paths: Iterable[Path]) -> None:
        """Be told from now on of what happens to these paths, be they there or not.

        Blocks, so in a thread, and before each look: folders come and go.
        """
        wanted: dict[Path, set[str]] = {}
        for path in paths:
            for folder, name in _places(path):
                wanted.setdefault(folder, set()).add(name)
        with self._in_use:
            if self._inotify is not None:
                self._names = self._watch(self._inotify, wanted)

    def _watch(self, inotify: int, wanted: dict[Path, set[str]]) -> dict[int, frozenset[str]]:
        """Watch these folders and no others; the names in each, or nothing if one cannot be."""
        names: dict[int, frozenset[str]] = {}
        for folder, inside in wanted.items():
            number = _libc().inotify_add_watch(inotify, os.fsencode(folder), _WANTED)
            if number < 0:
                # It is looked at, and the others with it.
                names = {}
                break
            names[number] = names.get(number, frozenset()) | inside
        for number in set(self._names) - set(names):
            _libc().inotify_rm_watch(inotify, number)
        return names

    def _read(self) -> None:
        """Take what inotify tells; it does not block."""
        if self._inotify is None:
            return
        with contextlib.suppress(BlockingIOError):
            told = os.read(self._inotify, READ_BYTES)
            if any(self._is_of_interest(number, name) for number, name in _events(told)):
                self.happened.set()

    def _is_of_interest(self, number: int, name: str) -> bool:
        # Without a name it is about the folder itself, or about what was lost.
        return not name or number not in self._names or name in self._names[number]


def _places(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the folders, with a name in each, where a change may make `path` another file.

    A folder that is missing is looked for in the nearest one that is there.
    """
    for _ in range(LINKS):
        there = path.parent
        name = path.name
        while not there.is_dir() and there != there.parent:
            there, name = there.parent, there.name
        yield there, name
        try:
            path = path.parent / path.readlink()
        except OSError:
            return


def _events(told: bytes) -> Iterator[tuple[int, str]]:
    """Yield the watch and the name of each event."""
    at = 0
    while at < len(told):
        number, _, _, length = _HEAD.unpack_from(told, at)
        at += _HEAD.size
        yield number, os.fsdecode(told[at : at + length].rstrip(b"\0"))
        at += length


def _open() -> int | None:
    """Open an inotify; None where there is none to be had."""
    if sys.platform != "linux":
        return None
    inotify: int = _libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if inotify < 0:
        why = os.strerror(ctypes.get_errno())
        log.info("files are looked at again and again: there is no inotify (%s)", why)
        return None
    return inotify


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
