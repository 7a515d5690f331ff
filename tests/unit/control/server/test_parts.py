"""The small parts: token bucket, send queue, redaction."""

import asyncio
import logging

import pytest

from sana_vcam.control.server.logfeed import LogFeed, Redaction
from sana_vcam.control.server.ratelimit import TokenBucket
from sana_vcam.control.server.sendqueue import SendQueue


def test_the_bucket_gives_a_burst_and_then_its_rate():
    now = 0.0
    bucket = TokenBucket(50, 100, lambda: now)
    assert [bucket.take() for _ in range(101)] == [True] * 100 + [False]
    now = 0.1
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]
    now = 1000.0
    assert [bucket.take() for _ in range(101)] == [True] * 100 + [False]


async def test_the_newest_of_a_kind_takes_the_place_of_the_queued():
    box = SendQueue(limit=3)
    box.put_event("hello")
    box.put_event("state 1", kind="state")
    box.put_event("log 1")
    box.put_event("state 2", kind="state")
    assert [await box.get() for _ in range(3)] == ["hello", "state 2", "log 1"]
    box.put_event("state 3", kind="state")
    assert await box.get() == "state 3"


async def test_one_event_too_many_overflows():
    box = SendQueue(limit=2)
    box.put_event("1")
    box.put_event("state", kind="state")
    assert not box.overflowed.is_set()
    box.put_event("newer state", kind="state")
    assert not box.overflowed.is_set()
    box.put_event("2")
    assert box.overflowed.is_set()
    box.put_event("3")
    await box.put_reply("4")
    assert len(box) == 2


async def test_a_reply_waits_for_room():
    box = SendQueue(limit=1)
    await box.put_reply("1")
    second = asyncio.create_task(box.put_reply("2"))
    await asyncio.sleep(0)
    assert len(box) == 1
    assert await box.get() == "1"
    await second
    assert await box.get() == "2"
    assert not box.overflowed.is_set()


async def test_closing_lets_go_a_reply_that_waits():
    box = SendQueue(limit=1)
    await box.put_reply("1")
    second = asyncio.create_task(box.put_reply("2"))
    await asyncio.sleep(0)
    box.close()
    await second
    assert len(box) == 1


def test_redaction_rewrites_a_record_in_every_spelling():
    redaction = Redaction(["a/b", "", "long a/b secret"])
    record = logging.makeLogRecord({"msg": "%s, %s", "args": ("a/b", "?token=a%2Fb")})
    assert redaction.filter(record)
    assert record.getMessage() == "[redacted], ?token=[redacted]"
    assert redaction.redact("long a/b secret") == "[redacted]"
    untouched = logging.makeLogRecord({"msg": "%s", "args": ("fine",)})
    assert redaction.filter(untouched)
    assert untouched.args == ("fine",)


async def test_a_broken_record_does_not_reach_the_feed(capsys):
    lines = []
    with LogFeed(lines.append, Redaction(())):
        log = logging.getLogger("sana_vcam.test")
        log.propagate, quiet = True, logging.raiseExceptions
        log.setLevel(logging.INFO)
        logging.raiseExceptions = False
        try:
            logging.getLogger("sana_vcam").handlers[-1].handle(
                logging.makeLogRecord({"msg": "%d", "args": ("x",), "levelno": logging.ERROR})
            )
            log.error("x" * 9000)
        finally:
            logging.raiseExceptions = quiet
        await asyncio.sleep(0)
    assert [len(line.message) for line in lines] == [4000]
    assert lines[0].level == "error"


async def test_a_feed_whose_loop_is_gone_swallows_lines():
    def make() -> LogFeed:
        async def inner() -> LogFeed:
            return LogFeed(lambda _: None, Redaction(()))

        return asyncio.run(inner())

    feed = await asyncio.to_thread(make)
    feed.handle(
        logging.makeLogRecord({"name": "sana_vcam", "msg": "late", "levelno": logging.ERROR})
    )
    feed.close()


@pytest.mark.parametrize("levelno", [logging.INFO, logging.WARNING, logging.ERROR])
async def test_levels(levelno):
    lines = []
    feed = LogFeed(lines.append, Redaction(()))
    feed.handle(logging.makeLogRecord({"name": "sana_vcam", "msg": "m", "levelno": levelno}))
    await asyncio.sleep(0)
    assert [line.level for line in lines] == [logging.getLevelName(levelno).lower()]
    feed.close()
