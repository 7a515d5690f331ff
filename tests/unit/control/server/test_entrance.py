"""Nobody is read before it is known whose they are; strangers have a share and a rate."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import subprocess
import sys
import threading
from collections import deque

import pytest

from sana_vcam.control.access.sockdiag import endpoint
from sana_vcam.control.server import limits
from sana_vcam.control.server.connections import Listener
from sana_vcam.control.server.entrance import Entrance, quiet_accept

US, OTHER = 1000, 1001
SERVER = endpoint("127.0.0.1", 7262)


class Guest:
    """A connection from a port of a user."""

    def __init__(self, house, port, uid):
        self.house, self.uid, self.is_gone, self.reads = house, None, False, False
        self.ends = endpoint("127.0.0.1", port), SERVER
        house.users[self.ends] = uid
        house.guests.append(self)

    def hold(self):
        self.held = True

    def bound_share(self):
        mine = [guest for guest in self.house.guests if guest.uid == self.uid and self.waits(guest)]
        if len(mine) > limits.STRANGERS_OF_ONE_USER:
            mine[0].is_gone = True

    @staticmethod
    def waits(guest):
        return not guest.is_gone and not guest.reads

    def let_in(self):
        assert self.held
        self.reads = True


class House:
    """An entrance, and what the kernel knows."""

    def __init__(self):
        self.users, self.guests, self.asked = {}, [], []
        self.go = threading.Event()
        self.go.set()
        self.entrance = Entrance(US, look_up=self._look_up)

    def _look_up(self, ends):
        self.go.wait(30)
        self.asked.append(len(ends))
        return [self.users[each] for each in ends]

    def arrive(self, count, uid):
        first = len(self.guests)
        guests = [Guest(self, 1 + first + number, uid) for number in range(count)]
        for guest in guests:
            self.entrance.arrive(guest)
        return guests

    async def until(self, condition):
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
async def house():
    house = House()
    yield house
    house.go.set()
    await house.entrance.close()


async def test_nothing_is_read_before_it_is_known_whose_it_is(house):
    house.go.clear()
    (guest,) = house.arrive(1, US)
    await asyncio.sleep(0.02)
    assert not guest.reads
    house.go.set()
    await house.until(lambda: guest.reads)
    assert guest.uid == US


async def test_many_are_looked_up_together_and_one_at_a_time_waits(house):
    house.go.clear()
    house.arrive(300, US)
    await asyncio.sleep(0)
    house.go.set()
    await house.until(lambda: all(guest.reads for guest in house.guests))
    assert sum(house.asked) == 300
    assert max(house.asked) == limits.LOOKUPS_AT_ONCE
    assert len(house.asked) <= 6


async def test_one_that_has_gone_is_not_even_looked_up(house):
    house.go.clear()
    gone = house.arrive(300, OTHER)
    for guest in gone:
        guest.is_gone, guest.ends = True, None
    house.go.set()
    (ours,) = house.arrive(1, US)
    await house.until(lambda: ours.reads)
    assert sum(house.asked) == 1
    assert not any(guest.reads for guest in gone)


@pytest.mark.parametrize("uid", [OTHER, None])
async def test_strangers_and_those_unknown_have_a_rate_and_ours_go_past(house, uid):
    strangers = house.arrive(500, uid)
    await house.until(lambda: all(guest.uid == uid for guest in strangers))
    (ours,) = house.arrive(1, US)
    await house.until(lambda: ours.reads)
    assert sum(guest.reads for guest in strangers) < 300
    await house.until(lambda: not any(Guest.waits(guest) for guest in strangers))
    assert 0 < sum(guest.reads for guest in strangers) < 300
    assert sum(guest.is_gone for guest in strangers) > 200, "no more may wait than their share"


async def test_one_user_s_share_is_not_another_s(house):
    house.arrive(500, OTHER)
    await asyncio.sleep(0.05)
    (third,) = house.arrive(1, 1002)
    await house.until(lambda: third.reads)


class Transport:
    aborted = False

    def abort(self):
        self.aborted = True


class Waiting:
    """As much of a connection as a listener's list of those that wait needs."""

    def __init__(self, uid):
        self.uid, self.transport = uid, Transport()


def test_the_oldest_of_a_user_with_too_many_goes_and_no_one_else_s():
    listener = Listener(is_unix=False)
    ours = Waiting(US)
    listener.wait(ours)
    many = deque()
    for _ in range(limits.STRANGERS_OF_ONE_USER + 5):
        many.append(Waiting(OTHER))
        listener.wait(many[-1])
        listener.bound_share(OTHER)
    assert [each.transport.aborted for each in many] == [True] * 5 + [False] * (len(many) - 5)
    assert not ours.transport.aborted


def test_what_may_wait_follows_from_the_descriptors(monkeypatch):
    for limit, most in ((40, 10), (20, 8), (1024, 256), (1 << 20, 256)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limit=limit: (limit, limit))
        assert limits.max_opening() == most


FULL = """
import asyncio, asyncio.constants, logging, resource, socket, sys
from sana_vcam.control.server.entrance import quiet_accept
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")

asyncio.constants.ACCEPT_RETRY_DELAY = 0.05

async def main():
    came = asyncio.Event()
    async def serve(reader, writer):
        came.set()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4)
    client = socket.socket()
    client.setblocking(False)
    with quiet_accept():
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, soft[1]))
        client.connect_ex(server.sockets[0].getsockname())
        await asyncio.sleep(0.4)
        resource.setrlimit(resource.RLIMIT_NOFILE, soft)
        await came.wait()
    print("came")

asyncio.run(main())
"""


def test_an_accept_without_descriptors_is_one_line_and_recovers():
    done = subprocess.run(
        [sys.executable, "-c", FULL], capture_output=True, text=True, check=True, timeout=60
    )
    first, *rest = done.stdout.splitlines()
    assert first.startswith("WARNING the control API cannot take connections in")
    assert os.strerror(errno.EMFILE) in first
    assert rest == ["came"]
    assert done.stderr == ""


async def test_other_troubles_of_the_loop_are_told_as_before(caplog):
    loop = asyncio.get_running_loop()
    with quiet_accept():
        loop.call_exception_handler({"message": "something else"})
    assert "something else" in caplog.text
    assert loop.get_exception_handler() is None


async def test_trouble_for_whoever_had_a_handler_goes_there():
    loop, told = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: told.append(context["message"]))
    with quiet_accept():
        loop.call_exception_handler({"message": "something else"})
    assert told == ["something else"]
    loop.set_exception_handler(None)


async def test_a_closed_entrance_lets_nobody_in(house):
    house.go.clear()
    (guest,) = house.arrive(1, OTHER)
    await house.entrance.close()
    house.go.set()
    assert not guest.reads
