"""The viewers: applications that read our virtual cameras, counted and named without asking them.

v4l2loopback raises an event when a viewer starts or stops streaming, and not when an application
merely lists cameras. Where it has none (0.12), the open files of the other processes tell, once a
device has been open for a while. A PipeWire node tells who reads it by itself.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence

from sana_vcam.lib.openfiles import command_of
from sana_vcam.lib.polling import POLLIN, POLLPRI
from sana_vcam.media.sinks.applications import application_names
from sana_vcam.media.sinks.wake import WakePipe
from sana_vcam.media.v4l2 import devices
from sana_vcam.media.v4l2.ioctl import dequeue_event, subscribe_event

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
REST_S = 30.0
"""The same while everything that is watched tells of its viewers by itself, and has none."""
SETTLE_S = 1.5
"""A device that is open for less may just have been listed."""
SCAN_ANYWAY_S = 15.0
"""How old a look at all processes may grow while nothing hints at a change."""

EVENT_PRIVATE_START = 0x0800_0000
CLIENT_USAGE = (EVENT_PRIVATE_START + 0x08E0_0000 + 1, EVENT_PRIVATE_START)
"""The event's number since v4l2loopback 0.13, and in Ubuntu's patched 0.12."""
GONE = {errno.ENOENT, errno.ENODEV, errno.ENXIO}
"""What the system answers where there is no device, or none any more."""
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Viewers:
    """The number of the sink's viewers. `run` is the body of a thread of its own."""

    def __init__(
        self,
        paths: Callable[[], Sequence[str]],
        on_change: Callable[[], None],
        *,
        readers: Callable[[], tuple[str, ...] | None] = lambda: None,
        system: devices.System | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch the devices that `paths` gives, such as `Sink.devices`; asked again each second.

        Less often while nobody watches and every device tells of its viewers by itself.
        `on_change` is called on the thread of `run` after its first look, and after each change
        of `count` or `names`. `readers` names the programs that read a camera which tells them by
        itself, None: there is none; `wake` when it has changed.
        """
        self._readers = readers
        self._paths = paths
        self._on_change = on_change
        self._system = system or devices.System()
        self._clock = clock
        self.count: int | None = None
        """How many applications read the camera; None if nobody can know. From any thread.

        None has to be treated as watched. It is the answer before `run`, for a sink without
        devices (preview, raw), and where other users' programs hide what they have open."""
        self.known = False
        """Whether `run` has looked once, so that `count` means something. From any thread."""
        self.names: tuple[str, ...] = ()
        """Which applications they are, each once, as far as it can be told. From any thread."""
        self._watches: dict[str, DeviceWatch] = {}
        self._openers = Openers(self._system, clock)
        self._holders = Holders(self._system, clock)
        self._lock = threading.Lock()
        self._waker: WakePipe | None = None

    def wake(self) -> None:
        """End a wait of `run`, so that it notices `stop` at once. From any thread."""
        with self._lock:
            if self._waker is not None:
                self._waker.set()

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set. Blocks; a device that vanishes is watched again when back."""
        with WakePipe() as waker:
            self._waker = waker
            try:
                self._run(stop, waker)
            finally:
                with self._lock:
                    self._waker = None
                self._follow(())
                self.count, self.names, self.known = None, (), False

    def _run(self, stop: threading.Event, waker: WakePipe) -> None:
        look_at = float("-inf")
        while not stop.is_set():
            if (now := self._clock()) >= look_at:
                self._follow(self._paths())
                look_at = now + LOOK_EVERY_S
            self._update()
            self._wait(waker)

    def _follow(self, paths: Sequence[str]) -> None:
        for path in set(self._watches) - set(paths):
            self._watches.pop(path).close()
        for path in paths:
            if path not in self._watches:
                self._watches[path] = DeviceWatch(path, self._system)
            self._watches[path].open()

    def _wait(self, waker: WakePipe) -> None:
        nodes = {one.node: one for one in self._watches.values() if one.node is not None}
        wanted = dict.fromkeys(nodes, POLLPRI) | {waker.fileno(): POLLIN}
        for node, events in self._system.poll(wanted, self._look_in_s()).items():
            if node in nodes:
                nodes[node].take(events)
        waker.clear()

    def _look_in_s(self) -> float:
        """Tell how long nothing can change without a word, except for what devices there are."""
        tell = all(one.node is not None for one in self._watches.values())
        return LOOK_EVERY_S if self.count or not tell else REST_S

    def _update(self) -> None:
        """Sum up, and tell the first count and every change."""
        silent = [one.path for one in self._watches.values() if one.scans]
        seen = self._openers.count(silent) if silent else {}
        counts = [seen.get(one.path) if one.scans else one.count for one in self._watches.values()]
        programs = self._holders.names(tuple(self._watches), sum(one or 0 for one in counts))
        readers = self._readers()
        if readers is not None:
            counts.append(len(readers))
            programs += readers
        known = [one for one in counts if one is not None]
        count = sum(known) if counts and len(known) == len(counts) else None
        names = application_names(programs)
        if (count, names) != (self.count, self.names) or not self.known:
            if count != self.count or not self.known:
                log.info("viewers: %s -> %s", _words(self.count), _words(count))
            self.count, self.names, self.known = count, names, True
            self._on_change()


class DeviceWatch:
    """The viewers of one device, by its event if it has one. Belongs to the thread of `run`.

    The descriptor is a second one beside the producer's. It takes none of the driver's roles, so
    it neither counts as a viewer nor keeps one out.
    """

    def __init__(self, path: str, system: devices.System) -> None:
        self.path = path
        self.node: int | None = None
        self.scans = False
        """True if the driver has no such event."""
        self.count: int | None = None
        self._system = system

    def open(self) -> None:
        """Subscribe, unless that is done. A device that is not there has no viewers."""
        if self.node is not None or self.scans:
            return
        try:
            node = os.open(self.path, FLAGS)
        except OSError as error:
            self.count = 0 if error.errno in GONE else None
            return
        try:
            self.scans = not self._subscribe(node)
        except OSError:
            # It went between the two calls, and may come back.
            os.close(node)
            self.count = 0
            return
        if self.scans:
            os.close(node)
            log.info("%s has no event for its viewers: looking at open files", self.path)
            return
        self.node = node
        self.count = 0
        self.take(POLLPRI)

    def take(self, events: int) -> None:
        """Read what poll() announced; close a device that is gone."""
        if not events & POLLPRI and events:
            self.close()
            return
        try:
            while self.node is not None:
                event, count = dequeue_event(self._system.ioctl, self.node)
                if event in CLIENT_USAGE:
                    self.count = count
        except OSError as error:
            # ENOENT (EAGAIN when non-blocking) is an empty queue, anything else a lost device.
            if error.errno not in {errno.ENOENT, errno.EAGAIN}:
                self.close()

    def close(self) -> None:
        """Let go of the device; `open` takes it again."""
        node, self.node = self.node, None
        self.scans = False
        self.count = 0
        if node is not None:
            os.close(node)

    def _subscribe(self, node: int) -> bool:
        """Ask for the event; whether the driver has it. Raises `OSError` if the device is gone."""
        for number in CLIENT_USAGE:
            try:
                subscribe_event(self._system.ioctl, node, number)
            except OSError as error:
                if error.errno in GONE:
                    raise
            else:
                return True
        return False


class Holders:
    """Names of the programs that have watched devices open, looked for only while some watch.

    One that has the device open and does not stream is named as well: the driver tells numbers
    only. A look takes tens of milliseconds.
    """

    def __init__(self, system: devices.System, clock: Callable[[], float]) -> None:
        self._system = system
        self._clock = clock
        self._seen: tuple[str, ...] = ()
        self._about: tuple[tuple[str, ...], int] = ((), 0)
        self._looked_at = float("-inf")

    def names(self, paths: tuple[str, ...], count: int) -> tuple[str, ...]:
        """Name the programs behind so many viewers of these devices; none without a viewer."""
        now = self._clock()
        if count == 0:
            self._about = (paths, 0)
            return ()
        if (paths, count) != self._about or now - self._looked_at >= SCAN_ANYWAY_S:
            self._about, self._looked_at = (paths, count), now
            pids = dict.fromkeys(pid for _, pid in devices.open_files(paths, self._system))
            others = (pid for pid in pids if pid != os.getpid())
            self._seen = tuple(command_of(pid, self._system.root / "proc") for pid in others)
        return self._seen


class Openers:
    """A count of the other processes that have our devices open.

    A look at all processes takes tens of milliseconds, so the module's own count of its open
    files, one small file in sysfs, says when it is worth one. That count also tells of programs
    whose files are hidden from us: those of other users.
    """

    def __init__(self, system: devices.System, clock: Callable[[], float]) -> None:
        self._system = system
        self._clock = clock
        self._since: dict[tuple[str, int], float] = {}
        """When each process was first seen to have each device open."""
        self._hidden_since: float | None = None
        self._uses: int | None = None
        self._looked_at = float("-inf")

    def count(self, paths: Sequence[str]) -> dict[str, int | None]:
        """Count the processes that have had each device open for a while; None if hidden."""
        now = self._clock()
        uses = self._module_uses()
        if self._is_due(uses, now):
            self._look(uses, now)
        settled = [path for (path, _), since in self._since.items() if now - since >= SETTLE_S]
        hidden = self._hidden_since is not None and now - self._hidden_since >= SETTLE_S
        return {path: settled.count(path) or (None if hidden else 0) for path in paths}

    def _is_due(self, uses: int | None, now: float) -> bool:
        """Whether something may have changed since the last look at all processes."""
        if uses is None or uses != self._uses or now - self._looked_at >= SCAN_ANYWAY_S:
            return True
        return any(now - since < SETTLE_S for since in self._since.values())

    def _look(self, uses: int | None, now: float) -> None:
        """See which processes have which loopback open; our own do not watch."""
        found = devices.open_files(devices.loopback_paths(self._system), self._system)
        theirs = {(path, pid) for path, pid in found if pid != os.getpid()}
        self._since = {key: self._since.get(key, now) for key in theirs}
        if uses is None or uses <= len(found):
            self._hidden_since = None
        elif self._hidden_since is None:
            self._hidden_since = now
        self._uses, self._looked_at = uses, now

    def _module_uses(self) -> int | None:
        """Read how many open files v4l2loopback has on all its devices; None if it does not say."""
        try:
            return int((self._system.root / "sys/module/v4l2loopback/refcnt").read_text())
        except (OSError, ValueError):
            return None


def _words(count: int | None) -> str:
    return "unknown" if count is None else str(count)
