"""What somebody can do to a running daemon for a while; each is a context of a stage."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator

from tests.rigs.faults.isolated import remove_disks, tiny_disk
from tests.rigs.faults.stage import WITH_US, Stage

ROWS_IN_TABLE = 15_000
HANDSHAKES = 300
LONG = 1_000_000
CLEANED_S = 0.5
FOLDERS = ("xdg_config_home", "xdg_state_home", "xdg_runtime_dir")


class Terminal:
    """A pipe as standard error that nobody reads."""

    def __init__(self, stage: Stage) -> None:
        """Be the standard error of the stage's daemon, which is not started yet."""
        self._stage = stage
        self._reader, self._writer = os.pipe()
        fcntl.fcntl(self._writer, fcntl.F_SETPIPE_SZ, 4096)
        stage.daemon.stderr = self._writer

    def fill(self) -> None:
        """Leave no room in it."""
        os.set_blocking(self._writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self._writer, b"x" * 512)
        os.set_blocking(self._writer, True)

    def read(self) -> None:
        """Have all that is said read from now on."""
        os.set_blocking(self._reader, False)
        asyncio.get_running_loop().add_reader(self._reader, os.read, self._reader, 4096)

    @contextlib.asynccontextmanager
    async def unread(self) -> AsyncIterator[None]:
        """Read nothing for a while, with no room left in it."""
        asyncio.get_running_loop().remove_reader(self._reader)
        self.fill()
        try:
            yield
        finally:
            self.read()

    def close(self) -> None:
        """Be gone; the daemon has ended."""
        asyncio.get_running_loop().remove_reader(self._reader)
        self._stage.daemon.stderr = None
        os.close(self._writer)
        os.close(self._reader)


@contextlib.asynccontextmanager
async def strangers(
    stage: Stage, rows: int = ROWS_IN_TABLE, handshakes: int = HANDSHAKES
) -> AsyncIterator[int]:
    """Another user fills the table of sockets and sends handshakes that vanish; gives the rows."""
    found = await stage.daemon.read_control_file()
    port = found["url"].rpartition(":")[2].partition("/")[0]
    process = await asyncio.create_subprocess_exec(
        *(*WITH_US, sys.executable, "-m", "tests.rigs.faults.strangers"),
        *(port, str(rows), str(handshakes)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        _, made = (await process.stdout.readline()).split()
        yield int(made)
    finally:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def full_disks(stage: Stage) -> AsyncIterator[None]:
    """No byte can be written to the daemon's folders of state and configuration."""
    for name in FOLDERS[:2]:
        tiny_disk(stage.home / name)
    try:
        async with _again_and_again(stage, lambda: None):
            yield
    finally:
        remove_disks()


@contextlib.asynccontextmanager
async def vanishing_folders(stage: Stage) -> AsyncIterator[None]:
    """A tidy program removes the daemon's folders, again and again."""

    def clean() -> None:
        for name in FOLDERS:
            shutil.rmtree(stage.home / name / "sana-vcam", ignore_errors=True)

    async with _again_and_again(stage, clean):
        yield


@contextlib.asynccontextmanager
async def endless_words(stage: Stage) -> AsyncIterator[None]:
    """The model says with every chunk that its prompt has a million characters."""
    stage.model.temper(long=LONG)
    try:
        yield
    finally:
        stage.model.temper()


@contextlib.asynccontextmanager
async def no_descriptors(stage: Stage) -> AsyncIterator[None]:
    """The daemon may open nothing more, while strangers ask it to."""
    async with strangers(stage, rows=0):
        with _limited(stage):
            yield


@contextlib.contextmanager
def _limited(stage: Stage) -> Iterator[None]:
    assert stage.daemon.process is not None
    pid = stage.daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        # Whether it has survived is for others to say.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@contextlib.asynccontextmanager
async def _again_and_again(stage: Stage, what: Callable[[], None]) -> AsyncIterator[None]:
    """Do something every half second, and have the daemon write to its folders meanwhile."""
    control = await stage.daemon.control()
    over = False

    async def repeat() -> None:
        number = 0
        # To its end: a reply that nobody waits for any more is one too many.
        while not over:
            await asyncio.to_thread(what)
            number += 1
            # Whether it can is the attack's matter.
            await control.send("save_preset", id="mine", name=f"Mine {number}", prompt="in oil")
            await asyncio.sleep(CLEANED_S)

    repeating = asyncio.create_task(repeat())
    try:
        yield
    finally:
        over = True
        await repeating
