"""What the issue asks of the bridge, read back at the raw sink, frame by frame."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_asyncio

from tests.system.daemon import Standin, View, clip, running_daemon, running_standin

NOIR = "film noir, black and white"
NEON = "neon cyberpunk city lights"

# The stand-in's noir is grey; the test scene and the clips are not.
GREY = 2.5
COLOURED = 8.0


@pytest_asyncio.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as running:
        yield running


def grey(view: View) -> bool:
    """A picture of the noir edit: no colour, and not a flat card."""
    return view.colourfulness < GREY and view.luma.std() > 25


def coloured(view: View) -> bool:
    return view.colourfulness > COLOURED


async def test_a_real_clip_comes_back_edited_as_the_prompt_says(standin: Standin, tmp_path: Path):
    settings = {"CAMERA__SOURCE": "file", "CAMERA__PATH": str(clip("bigbuckbunny.mp4"))}
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR, **settings) as bridge:
        first = await bridge.viewer.until(lambda _: True)
        assert first.luma.shape == (720, 1280)
        await bridge.control.live()
        await bridge.viewer.until(grey, "the noir edit")
        assert bridge.control.state["model_prompt"] == NOIR
        assert bridge.control.state["fps_output"] > 0


async def test_a_prompt_lands_within_the_next_two_chunks(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        control = bridge.control
        await control.live()
        await bridge.viewer.until(grey, "the noir edit")
        await control.ok("set_prompt", prompt=NEON)
        sent_in_chunk = control.state["chunk"]
        await bridge.viewer.until(coloured, "the neon edit")
        # The chunk being computed keeps its prompt, the next one has the new; playout is later.
        landed = control.state["chunk"]
        assert landed - sent_in_chunk <= 3
        assert control.state["model_prompt"] == NEON


async def test_presets_change_the_picture(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NEON) as bridge:
        await bridge.control.live()
        await bridge.viewer.until(coloured, "the neon edit")
        preset = await bridge.control.ok("apply_preset", id="noir")
        assert preset["id"] == "noir"
        await bridge.viewer.until(grey, "the noir preset")
        await bridge.control.until(lambda s: s["preset"] == "noir")
        await bridge.control.ok("step_preset", by=1)
        await bridge.control.until(lambda s: s["preset"] not in {"noir", None}, "the next preset")


async def test_pause_shows_a_card_and_resume_the_picture(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        control = bridge.control
        await control.live()
        await control.ok("pause")
        await control.until(lambda s: s["output"] == "slate" and s["card"] == "Paused", "paused")
        assert control.state["session"] == "paused"
        refused = await control.send("pause")
        assert refused["type"] == "error"
        assert refused["data"]["code"] == "rejected"
        await control.ok("resume")
        await control.live()
        await bridge.viewer.until(grey, "the noir edit again")


async def test_blank_is_black_and_freeze_is_still(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NEON) as bridge:
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        await viewer.until(coloured, "the neon edit")
        assert await control.ok("freeze", on=True) == {"on": True, "note": ""}
        await control.until(lambda s: s["output"] == "freeze")
        views = await viewer.take(12)
        # The pipe may still hold what was written before; the last ones are surely frozen.
        assert all(np.array_equal(views[-1].data, view.data) for view in views[-4:])
        assert coloured(views[-1])
        assert await control.ok("blank", on=True) == {"on": True, "note": ""}
        await viewer.until(lambda view: view.is_black, "black")
        assert control.state["output"] in {"freeze", "blank"}
        await control.until(lambda s: s["output"] == "blank")
        await control.ok("blank", on=False)
        await control.ok("freeze", on=False)
        await control.until(lambda s: s["output"] == "live")
        still = await viewer.until(coloured, "the neon edit again")
        await viewer.until(lambda view: not np.array_equal(view.data, still.data), "motion")


async def test_reset_begins_the_run_anew_with_what_is_wanted(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        control = bridge.control
        await control.live()
        await control.until(lambda s: s["chunk"] is not None and s["chunk"] >= 3, "chunk 3")
        await control.ok("set_seed", seed=7)
        await control.ok("reset")
        await control.until(lambda s: s["chunk"] is None or s["chunk"] < 3, "a new run")
        await control.live()
        await bridge.viewer.until(grey, "the noir edit again")
        assert control.state["prompt"] == NOIR
        assert control.state["seed"] == 7


async def test_a_killed_model_is_survived(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        await viewer.until(grey, "the noir edit")
        leaks: list[int] = []
        viewer.judges.append(lambda view: leaks.append(view.number) if raw(view) else None)
        await standin.end(signal.SIGKILL)
        await control.until(lambda s: s["output"] == "slate", "a card")
        assert (control.state["quality"], control.state["glass_ms"]) == (None, None)
        assert control.state["quality_cause"] == "no picture comes from the model"
        assert control.state["no_picture_s"] < control.state["session_s"], "the break, not the call"
        await control.until(lambda s: s["session"] == "backoff", "backoff")
        assert "http" not in control.state["error"]
        await control.until(lambda s: standin.url in (s["error_details"] or ""), "the next try")
        assert control.state["error"].startswith("The model's runtime on this machine cannot be")
        assert control.state["viewers_see"] == "the card “Reconnecting”"
        assert not control.state["billing"]
        before = viewer.frames
        await standin.start()
        await control.live()
        await viewer.until(grey, "the noir edit again")
        assert viewer.frames > before
        assert not leaks, "the raw camera was seen"


def raw(view: View) -> bool:
    """The test scene as it is: large coloured surfaces, which neither noir nor a card has."""
    return view.coloured_share > 0.3


async def test_stopping_ends_the_session(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        await bridge.control.live()
        assert await standin.session() == "streaming"
        bridge.signal(signal.SIGTERM)
        assert await bridge.exit_status() == 0
    assert bridge.viewer.ended
    assert not bridge.viewer.torn
    await standin.until_session("ready")
    assert not bridge.control_file.exists()


async def test_a_killed_daemon_leaves_an_orphan_that_the_next_start_ends(
    standin: Standin, tmp_path: Path
):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        await bridge.control.live()
        bridge.signal(signal.SIGKILL)
        assert await bridge.exit_status() == -signal.SIGKILL
    assert await standin.session() != "ready"
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        await bridge.control.live()
        await bridge.viewer.until(grey, "the noir edit")
        assert any("left open" in line for line in bridge.log)


async def test_disconnect_closes_and_connect_opens(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        control = bridge.control
        await control.live()
        await control.ok("disconnect")
        await control.until(lambda s: s["session"] == "idle" and s["output"] == "slate")
        await standin.until_session("ready")
        await control.ok("set_prompt", prompt=NEON)
        await control.ok("connect")
        await control.live()
        await bridge.viewer.until(coloured, "the prompt that was set meanwhile")


async def test_the_raw_camera_needs_the_configuration_and_the_command(
    standin: Standin, tmp_path: Path
):
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge:
        refused = await bridge.control.send("bypass", on=True)
        assert refused["data"]["code"] == "rejected"
        assert "allow_bypass" in refused["data"]["message"]
    allowed = {"PRIVACY__ALLOW_BYPASS": "true"}
    async with running_daemon(tmp_path, standin.url, "--prompt", NOIR, **allowed) as bridge:
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        await viewer.until(grey, "the noir edit")
        await control.ok("bypass", on=True)
        await viewer.until(raw, "the raw camera")
        await control.until(lambda s: s["output"] == "bypass")
        await control.ok("bypass", on=False)
        await viewer.until(grey, "the noir edit again")


async def test_the_cloud_is_as_bursty_as_it_likes(tmp_path: Path):
    async with (
        running_standin("--chunk-time", "1.3") as slow,
        running_daemon(tmp_path, slow.url, "--prompt", NOIR) as bridge,
    ):
        await bridge.control.live()
        await bridge.viewer.until(grey, "the noir edit")
        views = await bridge.viewer.take(100)
        assert all(grey(view) for view in views), "no card between the bursts"
        distinct = {view.data[::997].tobytes() for view in views}
        assert len(distinct) > 10, "a moving picture"


async def test_a_second_daemon_names_the_first(standin: Standin, tmp_path: Path):
    async with running_daemon(tmp_path, standin.url) as bridge:
        second = await _run_again(tmp_path, standin.url)
        assert second[0] == 1
        assert f"pid {bridge.process.pid}" in second[1]
        assert "Traceback" not in second[1]


async def _run_again(home: Path, url: str) -> tuple[int, str]:
    import asyncio
    import sys

    from tests.system.daemon import environment

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sana_vcam", "run", "--sink", "preview"),
        env=environment(home, url),
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    assert process.returncode is not None
    return process.returncode, stderr.decode()


def test_the_rig_knows_a_view(tmp_path: Path) -> None:
    """The judges of this file tell black, grey and coloured apart."""
    data = np.full(1280 * 720 * 3 // 2, 128, np.uint8)
    data[: 1280 * 720] = 16
    assert View(0, data).is_black
    data[1280 * 720 :] = 60
    assert not View(0, data).is_black
    assert coloured(View(0, data))
