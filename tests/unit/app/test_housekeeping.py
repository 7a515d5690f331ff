"""What is done once a second: systemd is told real ticks only, demand moves camera and session."""

from __future__ import annotations

import asyncio
import socket
import sys
from types import SimpleNamespace

import pytest

from sana_vcam.app import housekeeping
from sana_vcam.app.housekeeping import follow_demand, keep_house
from sana_vcam.app.systemd import Notifier
from sana_vcam.engine.demand import Demand
from sana_vcam.engine.states import SessionState
from sana_vcam.lib.meter import Stopwatch
from tests.fakes.virtualtime import virtual_time


class Cancelled(Exception):
    """Ends a loop that would go on for ever."""


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is on Linux")
def test_the_watchdog_is_fed_only_when_the_playout_has_ticked(tmp_path):
    address = str(tmp_path / "notify")
    ticks = iter([0, 0, 1, 2, 2, 3])
    playout = SimpleNamespace(ticks=0)
    state = SimpleNamespace(
        output="live", sink_name="a camera", session="streaming", fps_model=24.0, fps_output=24.2,
        prompt="a secret wish",
    )  # fmt: skip
    parts = SimpleNamespace(playout=playout, state=lambda _: state, busy=asyncio.Event())
    parts.busy.set()
    told = []

    def tell():
        told.append(playout.ticks)
        playout.ticks = next(ticks, None)
        if playout.ticks is None:
            raise Cancelled

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.setblocking(False)

        @virtual_time
        async def run():
            with pytest.raises(Cancelled):
                await keep_house(parts, Notifier(address), tell)

        run()
        said = []
        while True:
            try:
                said.append(sock.recv(4096).decode())
            except BlockingIOError:
                break
    assert told == [0, 0, 0, 1, 2, 2, 3]
    assert said == [
        "STATUS=live to a camera; session streaming; 24 fps from the model, 24 fps out",
        "READY=1",
        "WATCHDOG=1",
        "WATCHDOG=1",
        "WATCHDOG=1",
    ]


class Rig:
    """A daemon's parts, as far as demand moves them."""

    def __init__(self):
        self.viewers = SimpleNamespace(known=True, count=0)
        self.sink = SimpleNamespace(devices=["/dev/video10"])
        self.demand = Demand("watched", 0.0, automatic=True)
        self.watched = Stopwatch()
        self.busy = asyncio.Event()
        self.idle = None
        self.camera_wanted = None
        self.engine = SimpleNamespace(
            takes_camera=True,
            status=SimpleNamespace(wanted=False, state=SessionState.IDLE),
            connect=lambda: setattr(self.engine.status, "wanted", True),
            disconnect=lambda: setattr(self.engine.status, "wanted", False),
        )
        camera = SimpleNamespace(set_wanted=lambda on: setattr(self, "camera_wanted", on))
        self.media = SimpleNamespace(camera=camera)
        self.playout = SimpleNamespace(set_idle=lambda on: setattr(self, "idle", on))

    @property
    def now(self):
        assert self.busy.is_set() is not self.idle
        return self.camera_wanted, self.engine.status.wanted, self.idle


async def test_camera_and_session_follow_the_viewers(monkeypatch):
    rig, changed, given_back = Rig(), asyncio.Event(), []
    monkeypatch.setattr(housekeeping, "give_back_memory", lambda: given_back.append(rig.now))

    async def after_a_change():
        changed.set()
        while changed.is_set():
            await asyncio.sleep(0)
        return rig.now

    async def until_given_back(times):
        async with asyncio.timeout(30):
            while len(given_back) < times:
                await asyncio.sleep(0.001)

    task = asyncio.create_task(follow_demand(rig, changed))
    try:
        assert await after_a_change() == (False, False, True)
        rig.viewers.count = 1
        assert await after_a_change() == (True, True, False)
        rig.viewers.count = 0
        assert await after_a_change() == (False, False, True)
        await until_given_back(1)
        rig.viewers.known, rig.viewers.count = False, 3
        assert await after_a_change() == (False, False, True), (
            "what is not known counts for nothing"
        )
        assert given_back == [(False, False, True)], "once after each session"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
