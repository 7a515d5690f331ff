"""The configuration of a running daemon: followed when it is left alone, edited one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sana_vcam.app.standing import StandingConfig
from sana_vcam.config.preset import Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.edits import Remove, Save


class Source(ConfigSource):
    """A source that counts how often it is looked at."""

    looks = 0

    def signature(self) -> tuple[object, ...]:
        type(self).looks += 1
        return super().signature()


class Rereading:
    """Keeps what it has read, as a daemon would take it on."""

    def __init__(self, source: ConfigSource) -> None:
        self.error: str | None = None
        self.read: list[str] = []
        self.reads = asyncio.Event()
        self._source = source

    def reread(self) -> None:
        self.read.append(self._source.file.read_text() if self._source.file.exists() else "gone")
        self.reads.set()


class Rig:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = Source(path)
        self.rereading = Rereading(self.source)
        self.standing = StandingConfig(self.source, self.rereading, look_every_s=0.001)

    async def until_read(self) -> str:
        async with asyncio.timeout(30):
            await self.rereading.reads.wait()
        self.rereading.reads.clear()
        return self.rereading.read[-1]

    async def looks(self, count: int) -> None:
        """Wait until the file has been looked at so many times more."""
        wanted = Source.looks + count
        async with asyncio.timeout(30):
            while Source.looks < wanted:
                await asyncio.sleep(0.001)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.standing.follow())
        await self.looks(1)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    path = tmp_path / "config.toml"
    path.write_text("# one\n")
    return Rig(path)


async def test_a_change_is_taken_on_once(rig: Rig) -> None:
    async with rig.following():
        await rig.looks(5)
        assert rig.rereading.read == []
        rig.path.write_text("# two, and longer\n")
        assert await rig.until_read() == "# two, and longer\n"
        await rig.looks(5)
        rig.path.unlink()
        assert await rig.until_read() == "gone"
        await rig.looks(5)
        assert len(rig.rereading.read) == 2


@pytest.mark.parametrize(
    ("seen", "reads_at"),
    [
        ("00000", []),
        ("01111", [3]),
        ("012333", [5]),
        ("0100", []),
        ("011022", [3, 6]),
        ("011000", [3, 5]),
    ],
    ids=["same", "changed", "being written", "taken back", "twice", "there and back"],
)
async def test_it_is_read_when_two_looks_find_the_same_new_one(
    rig: Rig, seen: str, reads_at: list[int]
) -> None:
    looks: list[str] = []
    reads: list[int] = []
    done = asyncio.Event()

    class Scripted(Source):
        def signature(self) -> tuple[object, ...]:
            if len(looks) < len(seen):
                looks.append(seen[len(looks)])
            else:
                done.set()
            return tuple(looks[-1])

    class Noting(Rereading):
        def reread(self) -> None:
            reads.append(len(looks))

    source = Scripted(rig.path)
    task = asyncio.create_task(StandingConfig(source, Noting(source), look_every_s=0.0).follow())
    async with asyncio.timeout(30):
        await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert reads == reads_at


async def test_an_edit_is_written_and_taken_on_before_it_returns(rig: Rig) -> None:
    await rig.standing.edit(Save(Preset(id="dusk", name="Dusk", prompt="x")))
    assert len(rig.rereading.read) == 1
    assert 'id = "dusk"' in rig.rereading.read[0]


async def test_edits_at_once_are_all_made(rig: Rig) -> None:
    looks = [Preset(id=f"look-{number}", name="x", prompt="x") for number in range(5)]
    await asyncio.gather(*(rig.standing.edit(Save(look)) for look in looks))
    text = rig.path.read_text()
    assert all(f'id = "{look.id}"' in text for look in looks)


async def test_a_refused_edit_takes_nothing_on(rig: Rig) -> None:
    with pytest.raises(CommandFailed, match="no preset 'x'"):
        await rig.standing.edit(Remove("x"))
    assert rig.rereading.read == []
    assert rig.path.read_text() == "# one\n"


async def test_what_is_wrong_is_what_the_reader_says(rig: Rig) -> None:
    assert rig.standing.error is None
    rig.rereading.error = "config.toml:4: wrong"
    assert rig.standing.error == "config.toml:4: wrong"
