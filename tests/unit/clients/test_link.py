"""What the link says when it cannot connect."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sana_vcam.clients.connection import DaemonAddress
from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.link import Link
from sana_vcam.clients.terminal import Failure
from sana_vcam.config import paths
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.system.daemon import free_port
from tests.unit.clients.deck.linux.rig import Controls, until


async def why(link: Link) -> str:
    """Run it until it says why it is offline."""
    running = asyncio.create_task(link.run())
    await until(lambda: link.daemon.why is not None, "a reason")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert link.daemon.why is not None
    return link.daemon.why


def nothing(_scene: DaemonState) -> None:
    return


async def test_a_wrong_token(tmp_path: Path):
    config = ControlConfig(port=0, same_user=False)
    async with ControlServer(
        config, Controls(), state_dir=tmp_path, runtime_dir=paths.runtime_dir()
    ) as server:
        said = await why(Link(lambda: DaemonAddress(server.url, "wrong"), nothing))
    assert said.startswith("the daemon refused (401)")


async def test_nothing_listens():
    url = f"ws://127.0.0.1:{free_port()}/ws"
    assert "does not answer" in await why(Link(lambda: DaemonAddress(url, None), nothing))


async def test_no_daemon_runs():
    def find() -> DaemonAddress:
        raise Failure("no daemon runs; start it: sana-vcam run")

    assert await why(Link(find, nothing)) == "no daemon runs; start it: sana-vcam run"


async def test_a_press_without_a_daemon_is_told(caplog: pytest.LogCaptureFixture):
    Link(lambda: DaemonAddress("ws://x/ws", None), nothing).send("blank", on=True)
    assert "blank has no effect: the daemon is not connected" in caplog.text


def test_an_older_and_a_newer_daemon_are_understood():
    scene = DaemonState().with_state({"output": "live", "a_new_field": 1})
    scene = scene.with_presets([{"id": "noir", "name": "Film noir", "prompt": "x"}])
    assert scene.presets[0].still_name is None
    assert scene.active is None
    assert scene.with_stats({"fps_model": 24.0}).state["fps_model"] == 24.0
    words = {"name": "scale", "kind": "text", "choices": ["2x", "4x"], "value": None, "new": 1}
    flag = {"name": "backlog", "kind": "boolean", "choices": [], "value": True}
    count = {"name": "seed", "kind": "integer", "choices": [], "value": 1}
    scene = scene.with_settings([words, flag, count])
    following = {setting.name: setting.next_value for setting in scene.settings}
    assert following == {"scale": "4x", "backlog": False, "seed": None}
    assert scene.with_value("backlog", False).setting("backlog").next_value is True
    assert scene.offline("gone").settings == ()
    assert DaemonState().with_stats({"fps_model": 24.0}).state == {}
