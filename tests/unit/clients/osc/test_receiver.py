"""Real UDP packets, on the way to a daemon that only keeps what it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from pythonosc.udp_client import SimpleUDPClient

from sana_vcam.clients.connection import find_daemon
from sana_vcam.clients.osc import cli
from sana_vcam.clients.osc.receiver import Complaints, Receiver
from sana_vcam.clients.terminal import Failure
from sana_vcam.config import paths
from sana_vcam.errors import StartupError
from tests.fakes.controls import FakeControls
from tests.unit.clients.deck.linux.rig import serving_daemon, until


@asynccontextmanager
async def receiving(**more: object) -> AsyncIterator[Receiver]:
    find = more.pop("find", lambda: find_daemon(None, None, paths.runtime_dir()))
    receiver = Receiver(find, 0, every_s=0.001, retry_s=0.02, **more)
    task = asyncio.create_task(receiver.serve())
    try:
        await receiver.listens.wait()
        yield receiver
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def connected(controls: FakeControls) -> AsyncIterator[SimpleUDPClient]:
    async with serving_daemon(controls), receiving() as receiver:
        await until(lambda: bool(receiver.link.daemon.presets), "the daemon's looks")
        with SimpleUDPClient("127.0.0.1", receiver.port) as client:
            yield client


async def test_packets_become_commands(caplog: pytest.LogCaptureFixture) -> None:
    controls = FakeControls()
    async with connected(controls) as client:
        for address, value, done in [
            ("/sana/blank", 1, ("blank", True)),
            ("/sana/blank", 0.0, ("blank", False)),
            ("/sana/freeze", [], ("freeze", True)),
            ("/sana/preset", "noir", ("apply_preset", "noir")),
            ("/sana/prompt", "as a clay figure", ("set_prompt", "as a clay figure")),
            ("/sana/next", [], ("step_preset", 1)),
            ("/sana/clip", [], ("clip", (None, False))),
        ]:
            client.send_message(address, value)
            await asyncio.wait_for(controls.wait_done(*done), 20)
        client.send_message("/sana/preset", "nior")
        await until(lambda: "no preset 'nior'" in caplog.text, "the daemon's answer")


class Sizeless:
    """A bundle with a part of -4 bytes, which some programs read for ever."""

    dgram = b"#bundle\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xfc"


async def test_what_is_wrong_costs_a_line_and_the_next_packet_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    controls = FakeControls()
    async with connected(controls) as client:
        client.send(Sizeless())
        for _ in range(60):
            client.send_message("/sana/nothing", 1)
        client.send_message("/other/program", 1)
        client.send_message("/sana/blank", 1)
        await asyncio.wait_for(controls.wait_done("blank", True), 20)
    said = [line for line in caplog.messages if "sizes are wrong" in line or "no address" in line]
    assert said[0] == "a bundle whose sizes are wrong"
    assert not any("other" in line for line in caplog.messages)


async def test_without_a_daemon_nothing_is_kept_for_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def find() -> object:
        raise Failure("no daemon runs")

    async with receiving(find=find) as receiver:
        with SimpleUDPClient("127.0.0.1", receiver.port) as client:
            client.send_message("/sana/blank", 1)
        await until(lambda: "the daemon is not connected" in caplog.text, "a word of it")
        assert len(receiver.outbox) == 0


async def test_only_this_machine_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    async with receiving() as receiver:
        receiver.datagram_received(b"/sana/blank\x00", ("192.0.2.7", 4000))
        assert "a packet from another machine" in caplog.text


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    async with receiving() as receiver:
        second = Receiver(lambda: None, receiver.port)
        with pytest.raises(StartupError, match=f"{receiver.port} is taken .* --port"):
            await second.serve()


def test_complaints_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    complaints = Complaints(lambda: now)
    for _ in range(500):
        complaints.say("a packet that is wrong")
    now = 1.5
    complaints.say("another one")
    assert caplog.messages == [
        "a packet that is wrong",
        "another one (and 499 more that were not taken)",
    ]


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1", "9" * 5000])
def test_a_wrong_port_is_wrong_usage(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run_osc([f"--port={port}"])
    assert "is no port: 1 to 65535" in capsys.readouterr().err


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pythonosc", "pythonosc.osc_message"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    monkeypatch.delitem(__import__("sys").modules, "sana_vcam.clients.osc.receiver", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "sana_vcam.clients.osc.packets", raising=False)
    with pytest.raises(StartupError, match=r"pythonosc.* is not installed: .*python"):
        cli.run_osc([])
