"""The engine with models that are not `sana-streaming`, and with what one may answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import CommandRejected
from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models import Image, ModelReading
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.reactor.models.joyai import JOYAI
from sana_vcam.reactor.models.vidu import VIDU
from sana_vcam.reactor.models.x2 import X2
from tests.fakes.sessions import FakeClient
from tests.fakes.virtualtime import virtual_time
from tests.unit.engine.rig import running

PICTURE = Image(b"\x89PNG\r\n\x1a\n one")
WANTED = DesiredState("in oil", None, 4, 20)


@virtual_time
async def test_a_model_without_a_camera_waits_for_none(tmp_path: Path) -> None:
    async with running(tmp_path, record=HELIOS, desired=WANTED) as rig:
        rig.media.camera = False
        client = await rig.streaming()
        assert not rig.engine.takes_camera
        assert "publish" not in client.calls.names()
        assert rig.media.targets == []
        rig.media.camera = True
        rig.media.camera = False
        await rig.later(60)
        assert rig.state is S.STREAMING
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_model_that_cannot_be_paused_is_held_back(tmp_path: Path) -> None:
    async with running(tmp_path, record=JOYAI, desired=WANTED) as rig:
        client = await rig.streaming()
        assert rig.media.targets
        await rig.engine.pause()
        assert rig.state is S.PAUSED
        assert rig.media.targets == [], "it is not sent the camera"
        await rig.engine.resume()
        await rig.streaming()
        assert rig.media.targets
        assert not {"pause", "resume"} & set(client.calls.names())


@virtual_time
async def test_another_look_takes_another_run(tmp_path: Path) -> None:
    async with running(tmp_path, record=JOYAI, desired=WANTED) as rig:
        client = await rig.streaming()
        del client.calls[:]
        await rig.engine.set_prompt("in chalk", preset=None, seed=None)
        await rig.until(lambda: client.run.prompt == "in chalk" and rig.state is S.STREAMING)
        names = client.calls.names()
        assert names.index("reset") < names.index("set_prompt") < names.index("start")
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_run_that_a_loss_ends_is_begun_anew(tmp_path: Path) -> None:
    async with running(tmp_path, record=JOYAI, desired=WANTED) as rig:
        client = await rig.streaming()
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.streaming()
        assert client.calls.names().count("start") == 2


@virtual_time
async def test_a_run_that_the_model_still_has_after_a_loss_is_ended_first(tmp_path: Path) -> None:
    """It refuses another one while it has not noticed that the connection was gone."""
    async with running(tmp_path, record=JOYAI, desired=WANTED) as rig:
        client = await rig.streaming()
        del client.calls[:]
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.streaming()
        names = client.calls.names()
        assert names.index("reset") < names.index("start")
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_no_run_to_end_is_no_fault(tmp_path: Path) -> None:
    async with running(tmp_path, record=JOYAI, desired=WANTED) as rig:
        client = await rig.streaming()
        rig.sessions.plan("reset", CommandRejected("reset", "not generating"))
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.streaming()
        assert len(rig.sessions.clients) == 1


def _vidu_says(client: FakeClient, phase: str, **data: object) -> None:
    client.says(WireMessage("session_state", {"phase": phase, **data}))


@pytest.mark.parametrize("told_by", ["get_state", "switch_reference"])
@virtual_time
async def test_a_run_that_ended_while_nobody_listened_is_begun_anew(
    tmp_path: Path, told_by: str
) -> None:
    """The model says so when it is asked, or by refusing what only a run takes."""
    wanted = replace(WANTED, image=PICTURE)
    async with running(tmp_path, record=VIDU, desired=wanted) as rig:
        await rig.until(lambda: rig.sessions.clients and "start_edit" in rig.client.calls.names())
        client = rig.client
        client.begins()
        _vidu_says(client, "live", video_receiving=True)
        await rig.streaming()

        def ended() -> None:
            _vidu_says(client, "ended", end_reason="media_lost")
            if told_by == "switch_reference":
                raise CommandRejected("switch_reference", "no edit is live")

        rig.sessions.plan(told_by, ended)
        del client.calls[:]
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.until(lambda: "start_edit" in client.calls.names())
        _vidu_says(client, "live", video_receiving=True)
        await rig.streaming()
        assert ("switch_reference" in client.calls.names()) == (told_by == "switch_reference")
        assert len(rig.sessions.clients) == 1
        assert rig.engine.desired.image == PICTURE


@virtual_time
async def test_a_look_without_its_picture_opens_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, record=VIDU, model="vidu", desired=WANTED) as rig:
        await rig.until(S.REFUSED)
        assert "takes its look from a reference image" in (rig.error or "")
        assert rig.sessions.clients == []
        await rig.engine.wishes.set_image(PICTURE)
        await rig.until(lambda: rig.sessions.clients)


@virtual_time
async def test_an_armed_model_is_on_as_soon_as_it_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, record=X2, desired=WANTED) as rig:
        await rig.until(lambda: rig.sessions.clients and rig.client.run.prompt == "in oil")
        client = rig.client
        assert "start" not in client.calls.names()
        client.begins()
        await rig.streaming()
        await rig.engine.set_prompt("in chalk", preset=None, seed=None)
        assert client.calls.last("set_prompt") == ("set_prompt", "in chalk")
        client.stops("source_lost")
        await rig.until(lambda: client.calls.names().count("set_prompt") == 3)


@virtual_time
async def test_a_look_that_is_refused_late_is_taken_back(tmp_path: Path) -> None:
    wanted = DesiredState("", None, 4, 20, image=PICTURE)
    async with running(tmp_path, record=VIDU, desired=wanted) as rig:
        await rig.until(lambda: rig.sessions.clients and "start_edit" in rig.client.calls.names())
        client = rig.client
        client.says(phase("live", video_receiving=True))
        client.begins()
        await rig.streaming()
        other = Image(b"\x89PNG\r\n\x1a\n two")
        await rig.engine.wishes.set_image(other)
        assert client.calls[-1] == ("switch_reference", other)
        client.refuse_late("switch_reference", "SWITCH_PROMPT_FAILED")
        assert rig.engine.desired.image == PICTURE, "the former picture is what it shows"


@virtual_time
async def test_an_end_that_the_look_would_meet_again_is_final(tmp_path: Path) -> None:
    wanted = DesiredState("", None, 4, 20, image=PICTURE)
    async with running(tmp_path, record=VIDU, desired=wanted) as rig:
        await rig.until(lambda: rig.sessions.clients and "start_edit" in rig.client.calls.names())
        rig.client.says(phase("live", video_receiving=True))
        rig.client.says(phase("ended", end_reason="content_policy"))
        await rig.until(S.REFUSED)
        assert "content_policy" in (rig.error or "")
        assert len(rig.sessions.clients) == 1


@virtual_time
async def test_a_model_that_ends_each_run_after_a_moment_is_given_up(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        for _ in range(4):
            await rig.until(lambda: client.run.started and client.last_frame_at)
            await rig.later(2)
            client.end_run()
            await rig.later(2)
        await rig.until(lambda: len(rig.sessions.clients) > 1)
        assert client.calls.names().count("start") == 4
        assert any("ends each run" in error for error in rig.errors)


def phase(name: str, **more: object) -> WireMessage:
    return WireMessage("session_state", {"phase": name, **more})


@virtual_time
async def test_the_platform_ends_the_session_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        client.ended = "no credits"
        client.lose()
        await rig.until(lambda: len(rig.sessions.clients) == 2)
        assert "reconnect" not in client.calls.names()
        assert any("no credits" in error for error in rig.errors)


@virtual_time
async def test_settings_are_checked_before_anything_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path, record=HELIOS, model="helios", desired=WANTED) as rig:
        client = await rig.streaming()
        del client.calls[:]
        wishes = rig.engine.wishes
        with pytest.raises(CommandFailed, match="from 0 to 1, not 3"):
            await wishes.set_setting("image_strength", 3)
        with pytest.raises(CommandFailed, match="no setting 'zoom'; have: image_strength, seed"):
            await wishes.set_setting("zoom", 3)
        assert client.calls == []
        await wishes.set_setting("image_strength", 0.5)
        assert client.calls == [("set_image_strength", 0.5)]
        await wishes.set_image(PICTURE)
        await wishes.schedule_prompt("at night", 40)
        assert client.calls[-2:] == [("set_image", PICTURE), ("schedule_prompt", "at night", 40)]
        client.lose()
        await rig.until(S.RECONNECTING)
        await rig.streaming()
        assert ("set_image_strength", 0.5) in client.calls[-6:], "it is wanted still"


# -- a clean change --------------------------------------------------------------------------------


@virtual_time
async def test_an_anchor_is_pulled_forward_after_a_change_of_preset(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        del client.calls[:]
        await rig.engine.set_prompt("in chalk", preset="chalk", seed=None)
        assert client.calls == [("set_prompt", "in chalk"), ("set_anchor_interval", 1)]
        client.says(WireMessage("anchored", {"chunk_index": 5}))
        await rig.until(lambda: client.calls[-1] == ("set_anchor_interval", 20))
        del client.calls[:]
        await rig.later(5)
        assert client.calls == []


@virtual_time
async def test_a_pull_ends_where_no_anchor_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        client = await rig.streaming()
        await rig.engine.set_prompt("in chalk", preset="chalk", seed=None)
        client.reading = ModelReading(running=True, shows=True, chunk=3)
        await rig.until(lambda: client.calls[-1] == ("set_anchor_interval", 20))


@virtual_time
async def test_no_anchor_where_none_is_wanted(tmp_path: Path) -> None:
    async with running(tmp_path, desired=DesiredState("x", None, 4, 0)) as rig:
        client = await rig.streaming()
        del client.calls[:]
        await rig.engine.set_prompt("in chalk", preset="chalk", seed=None)
        await rig.engine.set_prompt("my own words", preset=None, seed=None)
        assert client.calls.names() == ["set_prompt", "set_prompt"]


@pytest.mark.parametrize(("how", "restarts"), [("restart", 1), ("off", 0)])
@virtual_time
async def test_the_other_ways_of_a_change(tmp_path: Path, how: str, restarts: int) -> None:
    async with running(tmp_path, clean_change=how) as rig:
        client = await rig.streaming()
        del client.calls[:]
        await rig.engine.set_prompt("in chalk", preset="chalk", seed=None)
        await rig.until(lambda: client.run.prompt == "in chalk" and rig.state is S.STREAMING)
        assert client.calls.names().count("reset") == restarts
        assert ("set_anchor_interval", 1) not in client.calls
