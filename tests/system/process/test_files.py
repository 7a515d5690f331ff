"""Files of people as the camera of the whole daemon, without a model: names, gaps, and the end."""

import os
import signal

import pytest

from tests.system.daemon import free_port, running_daemon
from tests.unit.media.camera.clips import MS, make_clip, make_gif, make_photo

FOREVER = {"CAPTURE__WHEN": "always", "CAMERA__SOURCE": "file"}


def file_daemon(tmp_path, path):
    """The daemon with a file as its camera; nobody listens where the model should be."""
    (tmp_path / "home").mkdir()
    dead = f"http://127.0.0.1:{free_port()}"
    return running_daemon(tmp_path / "home", dead, **FOREVER, CAMERA__PATH=str(path))


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: make_clip(
            folder / "jump.mkv", stamps=[0, 42, 600_000, 600_042], time_base=MS
        ),
        lambda folder: make_gif(folder / "slides.gif", ms=60_000),
        lambda folder: make_photo(folder / "photo.jpg", orientation=6),
    ],
    ids=["gap of ten minutes", "slides of a minute", "photo"],
)
async def test_a_source_that_has_nothing_new_does_not_hold_up_the_end(tmp_path, make):
    async with file_daemon(tmp_path, make(tmp_path)) as bridge:
        await bridge.control.until(lambda s: s["camera"] == "capturing", "the file")
        bridge.process.send_signal(signal.SIGTERM)
        assert await bridge.process.wait() == 0


@pytest.mark.parametrize("exists", [True, False])
async def test_a_name_that_is_no_text_breaks_no_reply(tmp_path, exists):
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    if exists:
        make_clip(tmp_path / "made.mp4").rename(path)
    async with file_daemon(tmp_path, path) as bridge:
        wanted = "capturing" if exists else "lost"
        await bridge.control.until(lambda s: s["camera"] == wanted, wanted)
        state = await bridge.control.ok("get_state")
        told = state["camera_name"] if exists else state["error"]
        assert "caf\N{REPLACEMENT CHARACTER}.mp4" in told
        await bridge.control.ok("blank", on=True)


async def test_a_file_that_is_replaced_by_a_pipe_is_not_waited_for(tmp_path):
    path = make_photo(tmp_path / "photo.gif")
    async with file_daemon(tmp_path, path) as bridge:
        await bridge.control.until(lambda s: s["camera"] == "capturing", "the photo")
        path.unlink()
        os.mkfifo(path)
        await bridge.control.until(lambda s: s["camera"] == "lost", "that it is lost")
        assert "is not a file" in bridge.control.state["error"]
        bridge.process.send_signal(signal.SIGTERM)
        assert await bridge.process.wait() == 0
