"""One daemon per user: locks that the operating system frees even after SIGKILL.

The lock's file is in the run-time folder, which tidy programs clean away under a daemon that runs.
So two more stand beside it, which nobody can remove: one on the state folder itself, and on Linux a
name of the network's (an abstract socket, unix(7)).
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sana_vcam.config.locknames import LOCK_FILE, lock_name
from sana_vcam.errors import StartupError
from sana_vcam.lib.atomicfile import PRIVATE, replace_file
from sana_vcam.lib.openfiles import opened, socket_name
from sana_vcam.lib.statefile import make_private_folder, read_bounded

log = logging.getLogger(__name__)

PID_FILE = "daemon.pid"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_MAY_MEND_ITSELF = _NO_ROOM | {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE}
"""A folder with these is in trouble for now; with anything else something is in its place."""
_UNIX_SOCKETS = Path("/proc/net/unix")
_LOCKS = Path("/proc/locks")
_MAX_TABLE_BYTES = 8 << 20


class Instance:
    """The locks of this daemon, which come back when they are removed. Its methods block."""

    def __init__(self, folder: Path, state_dir: Path | None) -> None:
        self._folder = folder
        self._state_dir = state_dir
        self._lock: int | FileLock | None = None
        self._state: int | None = None
        self._name: socket.socket | None = None
        self._trouble = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        """What the locks are on: two files, and the state folder."""
        state = () if self._state_dir is None else (self._state_dir,)
        return (self._folder / LOCK_FILE, self._folder / PID_FILE, *state)

    @property
    def lacks_lock(self) -> bool:
        """Whether a lock that should be held is not, so that `restore` has to be tried again."""
        lacks_state = self._state is None and self._state_dir is not None
        return bool(self._trouble) or (lacks_state and sys.platform != "win32")

    def take(self) -> None:
        """Take every lock. Raises `StartupError`, which names the process that holds one.

        Who is in a call needs the picture more than the lock's file. So a folder that is full or
        may only be read is said, and tried again by `restore`; the other locks stand for it.
        """
        why: OSError | None = None
        try:
            make_private_folder(self._folder)
            self._lock_folder()
            self._note_pid()
        except BlockingIOError:
            raise StartupError(_already_running(_pid_in(self._folder / PID_FILE))) from None
        except OSError as error:
            why = error
        if why is None or why.errno in _MAY_MEND_ITSELF:
            self._take_name()
            self._lock_state()
        if why is not None:
            self._do_without(why)

    def _do_without(self, why: OSError) -> None:
        """Go on without the lock's file if another lock is held. Raises `StartupError` else."""
        what = (
            f"the lock of the daemon cannot be kept in {self._folder}: {why.strerror}. Set "
            "XDG_RUNTIME_DIR to a folder that you may write to"
        )
        if self._name is None and self._state is None:
            self.give_back()
            raise StartupError(what)
        self._trouble = str(why.strerror)
        log.warning("%s; until then only its address leads to this daemon", what)

    def give_back(self) -> None:
        """Free every lock, and clear up."""
        if self._name is not None:
            self._name.close()
        if self._state is not None:
            os.close(self._state)
        if self._lock is not None:
            with suppress(OSError):
                (self._folder / PID_FILE).unlink(missing_ok=True)
            if isinstance(self._lock, int):
                os.close(self._lock)
            else:
                self._lock.release()

    def restore(self) -> None:
        """Put the lock's file back if somebody has removed it, and lock a new state folder."""
        try:
            was = f"in trouble ({self._trouble})" if self._trouble else "cleaned away"
            if not self._is_there():
                make_private_folder(self._folder)
                self._lock_folder()
                self._note_pid()
                log.warning("%s was %s; the lock is there again", self._folder, was)
            elif not (self._folder / PID_FILE).exists():
                self._note_pid()
            if self._state is None or not _is_at(self._state, self._state_dir):
                self._lock_state()
            self._trouble = ""
        except (OSError, StartupError) as error:
            why = (isinstance(error, OSError) and error.strerror) or "another process has it"
            if why != self._trouble:
                self._trouble = str(why)
                log.warning("the lock cannot be put back in %s: %s", self._folder, why)

    def _is_there(self) -> bool:
        # Windows lets nobody remove a file that is open.
        if not isinstance(self._lock, int):
            return self._lock is not None
        return _is_at(self._lock, self._folder / LOCK_FILE)

    def _lock_folder(self) -> None:
        """Lock the file in the run-time folder. Raises `BlockingIOError` if another one has it."""
        path = self._folder / LOCK_FILE
        if sys.platform == "win32":
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                raise BlockingIOError from error
            self._lock = lock
        else:
            import fcntl

            flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            number = os.open(path, flags, PRIVATE)
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.fchmod(number, PRIVATE)
            except BaseException:
                os.close(number)
                raise
            before, self._lock = self._lock, number
            if isinstance(before, int):
                os.close(before)

    def _note_pid(self) -> None:
        path = self._folder / PID_FILE
        try:
            replace_file(path, f"{os.getpid()}\n".encode(), lasting=False)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            log.warning("%s cannot be written: %s", path, error.strerror)

    def _take_name(self) -> None:
        if sys.platform != "linux":
            return
        name = lock_name(self._folder, os.geteuid())
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0{name}")
        except OSError:
            holder.close()
            # Any user of the machine may take any name. Only a process of ours is a daemon.
            pid = _pid_with(f"@{name}")
            if pid is not None:
                self.give_back()
                raise StartupError(_already_running(str(pid))) from None
        else:
            self._name = holder

    def _lock_state(self) -> None:
        """Lock the state folder, which two daemons must not share; without one, do without."""
        if sys.platform == "win32" or self._state_dir is None:
            return
        import fcntl

        try:
            make_private_folder(self._state_dir)
            number = os.open(self._state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            # What needs the folder says so itself.
            return
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _pid_that_locks(number)
            os.close(number)
            if self._state is None:
                self.give_back()
            raise StartupError(_already_running(pid)) from None
        except OSError:
            # A file system without locks.
            os.close(number)
            return
        if self._state is not None:
            os.close(self._state)
        self._state = number


@contextmanager
def single_instance(folder: Path, state_dir: Path | None = None) -> Iterator[Instance]:
    """Hold the locks in `folder` and of `state_dir`.

    Raises `StartupError` naming the pid that holds one.
    """
    instance = Instance(folder, state_dir)
    instance.take()
    try:
        yield instance
    finally:
        instance.give_back()


def _is_at(number: int | None, path: Path | None) -> bool:
    """Whether an open file is the one that has the name now."""
    if number is None or path is None:
        return path is None
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except OSError:
        return False


def _pid_in(pid_file: Path) -> str:
    try:
        text = read_bounded(pid_file, 100).decode(errors="replace").strip()
    except OSError:
        return ""
    return text if text.isascii() and text.isdigit() else ""


def _pid_with(name: str) -> int | None:
    """Find the process of ours that has an abstract socket; None if it is somebody else's."""
    with suppress(OSError):
        table = read_bounded(_UNIX_SOCKETS, _MAX_TABLE_BYTES).decode("utf-8", "replace")
        for columns in (line.split(None, 7) for line in table.splitlines()):
            if columns[7:] == [name]:
                target = socket_name(int(columns[6]))
                return next((pid for _, pid in opened({target})), None)
    return None


def _pid_that_locks(number: int) -> str:
    """Find who has locked an open file or folder; empty if that is not told."""
    if sys.platform == "win32":
        return ""
    found = os.fstat(number)
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    with suppress(OSError):
        for line in read_bounded(_LOCKS, _MAX_TABLE_BYTES).decode().splitlines():
            # 1: FLOCK  ADVISORY  WRITE 4711 08:02:1234 0 EOF
            _, *words = line.split()
            if words[:1] == ["FLOCK"] and place in words and int(words[3]) > 0:
                return words[3]
    return ""


def _already_running(pid: str) -> str:
    holder = f" (pid {pid})" if pid else ""
    ways = [f"`kill {pid}`"] if pid else []
    if sys.platform == "linux":
        ways.insert(0, "`systemctl --user stop sana-vcam`")
    stop = ", or ".join(ways) or "press Ctrl+C where it runs"
    return (
        f"sana-vcam is already running{holder}. Talk to it with `sana-vcam ctl state`, or stop "
        f"it first: {stop}."
    )
