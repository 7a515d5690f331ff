"""What inotify tells of files that are there, that come, and that are reached through links."""

from __future__ import annotations

import asyncio
import sys

import pytest

from sana_vcam.lib import filewatch
from sana_vcam.lib.filewatch import FileWatch
from tests.fakes.virtualtime import virtual_time

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


async def told(files: FileWatch) -> None:
    """Wait until something has happened, and begin anew."""
    async with asyncio.timeout(30):
        await files.happened.wait()
    files.happened.clear()


async def untold(files: FileWatch) -> None:
    """Have everything read that the system has told by now."""
    for _ in range(3):
        await asyncio.sleep(0)
    assert not files.happened.is_set()


async def test_a_file_that_is_written_replaced_and_removed_is_told(tmp_path):
    path = tmp_path / "file"
    with FileWatch() as files:
        files.look_out([path])
        path.write_text("new")
        await told(files)
        (tmp_path / "draft").write_text("newer")
        (tmp_path / "draft").rename(path)
        await told(files)
        path.unlink()
        await told(files)


async def test_its_neighbours_are_of_no_interest(tmp_path):
    with FileWatch() as files:
        files.look_out([tmp_path / "file"])
        (tmp_path / "other").write_text("something")
        await untold(files)


async def test_a_folder_that_comes_and_goes_is_told(tmp_path):
    path = tmp_path / "one" / "two" / "file"
    with FileWatch() as files:
        for folder in (tmp_path / "one", tmp_path / "one" / "two"):
            files.look_out([path])
            folder.mkdir()
            await told(files)
        files.look_out([path])
        path.write_text("there")
        await told(files)
        (tmp_path / "one" / "two").rename(tmp_path / "one" / "three")
        await told(files)


async def test_what_a_link_leads_to_is_told_too(tmp_path):
    for name in ("shown", "kept"):
        (tmp_path / name).mkdir()
    kept, link = tmp_path / "kept" / "real", tmp_path / "shown" / "file"
    kept.write_text("old")
    link.symlink_to("../kept/real")
    with FileWatch() as files:
        files.look_out([link])
        kept.write_text("new")
        await told(files)


async def test_without_inotify_one_has_to_look(tmp_path, monkeypatch):
    monkeypatch.setattr(filewatch, "_open", lambda: None)
    with FileWatch() as files:
        files.look_out([tmp_path / "file"])
        assert not files.tells


def test_looks_are_rare_while_nothing_happens(tmp_path):
    @virtual_time
    async def in_an_hour():
        now = asyncio.get_running_loop().time
        with FileWatch() as files:
            files.look_out([tmp_path / "file"])
            began, looks = now(), 0
            while now() - began < 3600.0:
                await files.wait(1.0)
                looks += 1
            assert looks in range(55, 65)
            await files.wait(1.0, calm=False)
            assert now() - began < 3700.0

    in_an_hour()
