"""Playlists as they play: in virtual time, over what is wanted of an engine that only keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sana_vcam.control.player import Player
from sana_vcam.engine.desired import DesiredState
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.playlists import PlaylistsFile, read_playlists
from tests.fakes.controlserver import open_client
from tests.fakes.virtualtime import virtual_time

FILE = """\
[[playlists]]
name = "show"
entries = [{look = "noir", seconds = 60}, {look = "clay", seconds = 30}, {look = "comic"}]

[[playlists]]
name = "round"
loop = true
entries = [{look = "noir", seconds = 10}, {look = "clay", seconds = 10}]

[[playlists]]
name = "evening"
entries = [{look = "noir", seconds = 5}, {look = "clay", at = "18:00"}]

[[playlists]]
name = "gone"
entries = [{look = "lost", seconds = 10}, {look = "away", seconds = 10}]
"""
NOON = datetime(2026, 11, 29, 12)


class Stage:
    """A player, and what it asks for."""

    def __init__(self, file: Path) -> None:
        self.wanted = DesiredState("", None, 0, 20)
        self.looks = {"noir", "clay", "comic"}
        self.asked: list[tuple[int, str]] = []
        self.clock_step = timedelta()
        self.failure: CommandFailed | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._file = file
        loop = asyncio.get_running_loop()
        self._begun = loop.time()
        self.player = Player(
            lambda: self.wanted,
            read=self._read,
            on_change=lambda: None,
            clock=loop.time,
            local=lambda: NOON + timedelta(seconds=self.now) + self.clock_step,
        )

    async def _read(self) -> PlaylistsFile:
        return read_playlists(self._file)

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._begun

    async def apply(self, look: str) -> None:
        await self.gate.wait()
        if look not in self.looks:
            raise CommandFailed("not_found", f"no preset {look!r}")
        self.want(look, f"as {look}")
        self.asked.append((round(self.now), look))
        if self.failure is not None:
            raise self.failure

    def want(self, preset: str | None, prompt: str) -> None:
        self.wanted = self.wanted.changed({"preset": preset, "prompt": prompt})
        self.player.follow()

    async def play(self, word: str) -> str:
        return (await self.player.play(word, self.apply)).note


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "playlists.toml"
    path.write_text(FILE)
    return path


@asynccontextmanager
async def playing(file: Path, name: str) -> AsyncIterator[Stage]:
    stage = Stage(file)
    running = asyncio.create_task(stage.player.run())
    try:
        await stage.play(name)
        yield stage
    finally:
        running.cancel()
        await asyncio.wait({running})


@virtual_time
async def test_looks_follow_each_other(file):
    async with playing(file, "show") as stage:
        state = stage.player.state
        assert state is not None
        assert (state.name, state.entry, state.entries, state.look) == ("show", 1, 3, "noir")
        assert state.seconds_left == pytest.approx(60, abs=0.1)
        await asyncio.sleep(1000)
        assert stage.asked == [(0, "noir"), (60, "clay"), (90, "comic")]
        assert stage.player.state is not None
        assert stage.player.state.seconds_left is None, "it stays until somebody says so"
        assert await stage.play("next") == "the playlist is over; its last look stays"
        assert stage.player.state is None
        assert stage.wanted.preset == "comic"


@virtual_time
async def test_a_round_begins_anew(file):
    async with playing(file, "round") as stage:
        await asyncio.sleep(35)
        assert stage.asked == [(0, "noir"), (10, "clay"), (20, "noir"), (30, "clay")]
        assert await stage.play("next") == "round 1/2: noir, for 10 s"
        assert await stage.play("stop") == "round is stopped"
        await asyncio.sleep(100)
        assert len(stage.asked) == 5
        assert stage.wanted.preset == "noir", "the look stays"
        assert await stage.play("stop") == "nothing plays"
        with pytest.raises(CommandFailed, match="nothing plays: sana-vcam ctl playlists"):
            await stage.play("next")


@virtual_time
async def test_the_clock_may_be_set_meanwhile(file):
    async with playing(file, "evening") as stage:
        await asyncio.sleep(60)
        assert stage.asked == [(0, "noir")], "what begins at a time of day ends the one before"
        await asyncio.sleep(3 * 3600)
        stage.clock_step = timedelta(hours=-2)
        await asyncio.sleep(4 * 3600)
        assert len(stage.asked) == 1
        stage.clock_step = timedelta()
        await asyncio.sleep(2)
        assert [look for _, look in stage.asked] == ["noir", "clay"]
    async with playing(file, "round") as stage:
        stage.clock_step = timedelta(days=2)
        await asyncio.sleep(5)
        assert stage.asked == [(0, "noir")], "seconds are seconds"


@virtual_time
@pytest.mark.parametrize(("preset", "prompt"), [("comic", "as comic"), (None, "as a knight")])
async def test_a_look_picked_by_hand_stops_it(file, preset, prompt):
    async with playing(file, "round") as stage:
        stage.want(preset, prompt)
        assert stage.player.state is None
        await asyncio.sleep(100)
        assert stage.asked == [(0, "noir")]


@virtual_time
async def test_what_is_no_other_look_does_not_stop_it(file):
    async with playing(file, "round") as stage:
        stage.wanted = stage.wanted.changed({"seed": 7, "paused": True, "settings": {"own": 1}})
        stage.player.follow()
        # Its preset is taken out of the list, by a reload of the configuration.
        stage.want(None, "as noir")
        file.unlink()
        await asyncio.sleep(15)
        assert stage.asked == [(0, "noir"), (10, "clay")]


@virtual_time
async def test_a_look_that_is_gone_is_left_out(file, caplog):
    async with playing(file, "show") as stage:
        stage.looks.remove("clay")
        await asyncio.sleep(61)
        assert stage.asked == [(0, "noir"), (60, "comic")]
        note = "look 2 of show is left out: no preset 'clay'"
        assert stage.player.state is not None
        assert stage.player.state.note == note
        assert caplog.messages.count(note) == 1
        with pytest.raises(CommandFailed, match="no look of gone can be shown: look 2"):
            await stage.play("gone")
        assert stage.player.state.name == "show", "what played goes on"
        with pytest.raises(CommandFailed, match="no playlist 'shaw'; have: show"):
            await stage.play("shaw")
        assert stage.player.state.look == "comic"


@virtual_time
async def test_a_list_of_which_nothing_is_left_ends(file, caplog):
    async with playing(file, "round") as stage:
        stage.looks.clear()
        await asyncio.sleep(1000)
        assert stage.player.state is None
        assert len([one for one in caplog.messages if "no look of round can be shown" in one]) == 1


@virtual_time
async def test_what_has_not_arrived_yet_is_no_reason_to_go_on(file):
    async with playing(file, "round") as stage:
        stage.failure = CommandFailed("not_ready", "no answer; it is kept and sent again")
        await asyncio.sleep(25)
        assert stage.asked == [(0, "noir"), (10, "clay"), (20, "noir")]
        assert stage.player.state is not None
        assert stage.player.state.note == ""


@virtual_time
async def test_stop_does_not_wait_for_the_model(file):
    async with playing(file, "round") as stage:
        stage.gate.clear()
        await asyncio.sleep(12)
        assert await stage.play("stop") == "round is stopped"
        stage.gate.set()
        await asyncio.sleep(50)
        assert stage.player.state is None
        assert stage.asked == [(0, "noir"), (12, "clay")]


@virtual_time
async def test_another_list_takes_over(file):
    async with playing(file, "round") as stage:
        await asyncio.sleep(5)
        assert await stage.play("show") == "show 1/3: noir, for 60 s"
        await asyncio.sleep(61)
        assert stage.asked == [(0, "noir"), (5, "noir"), (65, "clay")]


async def test_over_the_api(serve, controls, tmp_path):
    controls.playlists_file = tmp_path / "playlists.toml"
    async with serve() as server, open_client(server) as client:
        empty = await client.ask("list_playlists")
        assert empty["data"]["playlists"] == []
        assert empty["data"]["file"] == str(controls.playlists_file)
        controls.playlists_file.write_text(
            '[[playlists]]\nname = "a"\nentries = [{look = "noir"}]\n[[playlists]]\nname = 3\n'
        )
        listed = (await client.ask("list_playlists"))["data"]
        assert [one["name"] for one in listed["playlists"]] == ["a"]
        assert len(listed["problems"]) == 2
        assert (await client.ask("play a"))["data"]["note"] == "a 1/1: noir, until `play next`"
        assert controls.current.preset == "noir"
        reply = await client.ask("play b")
        assert (reply["type"], reply["data"]["code"]) == ("error", "not_found")
        assert (await client.ask("play stop"))["data"]["playlist"] is None
