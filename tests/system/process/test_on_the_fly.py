"""A whole daemon without a session: what can be changed while it runs, seen in its picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from sana_vcam.app.daemon import Daemon
from sana_vcam.clients.ctl.ctl import run_ctl
from sana_vcam.config.source import ConfigSource

PATIENCE_S = 60.0
CONFIG = """\
[reactor]
local = true
[camera]
source = "test"
[sink]
kind = "preview"
width = 320
height = 180
[control]
port = 0
[start]
connect = false
"""
FADE = '[playout]\ntransition = "fade"\ntransition_s = 0.3\n'
BLACK = '[playout]\ntransition_s = 0.3\n[privacy]\naway = "black"\n'
PLAYLISTS = """\
[[playlists]]
name = "show"
entries = [{ look = "noir", seconds = 600 }, { look = "clay" }]
"""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


async def test_transition_away_and_playlists_are_followed(tmp_path: Path, capsys):
    file = tmp_path / "config.toml"
    file.write_text(CONFIG + FADE)
    (tmp_path / "playlists.toml").write_text(PLAYLISTS)
    source = ConfigSource(file, environ={})
    run = tmp_path / "run"
    daemon = Daemon(
        source.load().config, source=source, state_dir=tmp_path / "state", runtime_dir=run
    )
    stop, found = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    daemon.on_published = lambda: loop.call_soon_threadsafe(found.set)
    running = asyncio.create_task(daemon.run(stop))

    async def ctl(*words: str) -> str:
        assert await asyncio.to_thread(run_ctl, words, runtime_dir=run) == 0
        return str(capsys.readouterr().out)

    def on_show() -> str:
        shown = parts.sink.latest_i420()
        return "" if shown is None else shown[0].source

    try:
        await asyncio.wait_for(found.wait(), PATIENCE_S)
        parts = daemon.parts
        assert parts is not None
        await until(lambda: on_show() == "slate")
        assert parts.playout.next == parts.transitions.next
        file.write_text(CONFIG + BLACK)
        await until(lambda: on_show() == "black")
        assert parts.playout.next == parts.program.next, "a cut takes no detour"
        assert parts.state(0.0).viewers_see == "black"
        assert await ctl("transition", "black") == "black, 0.3 s\n"
        assert parts.playout.next == parts.transitions.next
        assert (await ctl("playlists")).startswith("show  noir 600 s → clay")
        assert (await ctl("play", "show")).startswith("show 1/2: noir, for ")
        assert parts.engine.desired.preset == "noir"
        await ctl("play", "next")
        assert parts.engine.desired.preset == "clay"
        assert parts.player.state is not None
        await ctl("prompt", "as a knight")
        await until(lambda: parts.player.state is None)
        file.write_text(CONFIG)
        await until(lambda: on_show() == "slate")
    finally:
        stop.set()
        await running
