"""A disk that stands still holds nobody; of each file the newest is written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sana_vcam.lib.diskwriter import DiskWriter, write_at_once

ONE, TWO = Path("one"), Path("two")


@pytest.fixture
def disk():
    """A disk that stands still until it is let go, and what was written on it."""
    go, written = threading.Event(), []

    def write(text):
        def now():
            go.wait(30)
            written.append(text)

        return now

    writer = DiskWriter()
    yield writer, go, written, write
    go.set()
    writer.end()


def test_nobody_waits_and_the_newest_of_each_file_is_written(disk):
    writer, go, written, write = disk
    writer.write_soon(TWO, write("first"))
    while writer._waiting:
        pass
    for number in range(100):
        writer.write_soon(ONE, write(f"one {number}"))
        writer.write_soon(TWO, write(f"two {number}"))
    assert written == []
    go.set()
    assert writer.end()
    assert written == ["first", "one 99", "two 99"]


def test_the_end_leaves_a_disk_that_stands_still(disk, caplog):
    writer, _, written, write = disk
    writer.write_soon(ONE, write("x"))
    writer.write_soon(TWO, write("y"))
    assert not writer.end(0.01)
    assert "two" in caplog.text
    assert written == []


def test_a_defect_in_one_write_costs_no_other(disk, caplog):
    writer, go, written, write = disk
    writer.write_soon(ONE, lambda: 1 / 0)
    writer.write_soon(TWO, write("y"))
    go.set()
    assert writer.end()
    assert written == ["y"]
    assert "a defect: one was not written" in caplog.text


def test_without_a_daemon_it_is_written_at_once():
    written = []
    write_at_once(ONE, lambda: written.append(1))
    assert written == [1]
