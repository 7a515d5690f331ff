"""The one-slot mailbox: the newest item, and nobody waits for a reader."""

from __future__ import annotations

import threading

import pytest

from sana_vcam.lib.mailbox import Closed, Mailbox


def test_it_begins_empty():
    box: Mailbox[str] = Mailbox()
    assert box.peek() == (None, 0)
    assert box.get(0, timeout_s=0) is None


def test_the_newest_item_is_kept_and_counted():
    box: Mailbox[str] = Mailbox()
    for item in "abc":
        box.put(item)
    assert box.peek() == box.get(0) == ("c", 3)
    assert box.get(2) == ("c", 3)
    assert box.get(3, timeout_s=0) is None


def test_a_cleared_item_is_not_got_and_the_next_one_is():
    box: Mailbox[str] = Mailbox()
    box.put("old")
    box.clear()
    assert box.peek() == (None, 1)
    assert box.get(0, timeout_s=0) is None
    box.put("new")
    assert box.get(1) == ("new", 2)


def test_after_the_close_what_is_newer_is_still_got():
    box: Mailbox[str] = Mailbox()
    box.put("last")
    box.close()
    assert box.get(0) == ("last", 1)
    with pytest.raises(Closed):
        box.get(1)
    box.close()
    with pytest.raises(Closed):
        box.get(1, timeout_s=0)


def waiting(box: Mailbox[str], count: int) -> tuple[list[threading.Thread], list[object]]:
    """Readers that wait for the first item, in threads; and what they got."""
    got: list[object] = []

    def read() -> None:
        try:
            got.append(box.get(0))
        except Closed as closed:
            got.append(closed)

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, got


def test_an_item_wakes_every_reader():
    box: Mailbox[str] = Mailbox()
    threads, got = waiting(box, 3)
    box.put("it")
    for thread in threads:
        thread.join()
    assert got == [("it", 1)] * 3


def test_the_close_wakes_every_reader():
    box: Mailbox[str] = Mailbox()
    threads, got = waiting(box, 3)
    box.close()
    for thread in threads:
        thread.join()
    assert [type(one) for one in got] == [Closed] * 3


def test_a_slow_reader_sees_fewer_items_and_the_last_one_in_order():
    box: Mailbox[int] = Mailbox()
    seen: list[tuple[int, int]] = []

    def read() -> None:
        sequence = 0
        while True:
            try:
                got = box.get(sequence)
            except Closed:
                return
            assert got is not None
            seen.append(got)
            sequence = got[1]

    reader = threading.Thread(target=read)
    reader.start()
    for item in range(1, 5001):
        box.put(item)
    box.close()
    reader.join()
    assert all(item == sequence for item, sequence in seen)
    assert seen == sorted(set(seen))
    assert seen[-1] == (5000, 5000)
