"""The camera as a PipeWire node, read by programs that are not ours, on both generations."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.media.pixels import i420_to_yuy2
from tests.system.process.pipewire.cameras import Camera
from tests.system.process.pipewire.feeder import bars

READER = "gst-launch-1.0"
SOURCE = ("pipewiresrc", "target-object=sana_vcam")


def test_what_is_read_is_what_is_sent_and_who_reads_is_known(camera: Camera, tmp_path: Path):
    node = camera.session.nodes()["sana_vcam"]["props"]
    assert node["media.class"] == "Video/Source"
    assert node["media.role"] == "Camera", "what the camera portal looks for"
    assert node["node.description"] == "SANA VCam"
    assert camera.said["frames"] == 0, "nothing is sent while nobody reads"
    assert not any(one["readers"] for one in camera.history), "listing is not reading"

    sent = bars(*camera.size)
    read = np.frombuffer(camera.read(5, "I420", tmp_path / "planar"), np.uint8)
    assert np.array_equal(read, sent.reshape(-1))
    camera.until("the reader to have gone", lambda said: not said["readers"] and said["read"])
    assert [READER] in [one["readers"] for one in camera.history]

    read = np.frombuffer(camera.read(5, "YUY2", tmp_path / "packed"), np.uint8)
    assert np.array_equal(read, i420_to_yuy2(sent).reshape(-1))


def test_many_read_at_once_and_none_leaves_anything(camera: Camera):
    """Two hundred readers, ten at a time; PipeWire 1.x keeps one page for each of the ten."""
    one = (*SOURCE, "num-buffers=2", "!", "video/x-raw", "!", "fakesink")
    camera.session.run(READER, "-q", *one)
    before = camera.until("quiet", lambda said: not said["readers"] and said["read"])
    for _ in range(20):
        camera.session.run(READER, "-q", *(one * 10))
    camera.until(
        "all to have gone",
        lambda said: (
            not said["readers"]
            and said["descriptors"] <= before["descriptors"] + 10
            and said["threads"] <= before["threads"]
        ),
    )
    assert max(len(one["readers"]) for one in camera.history) >= 3


def test_the_camera_survives_its_server(camera: Camera, tmp_path: Path):
    before = camera.until("the camera", lambda said: said["open"])
    camera.session.stop_server()
    lost = camera.until("the loss to be told", lambda said: not said["open"])
    assert "systemctl --user" in lost["error"]
    camera.session.start_server()
    camera.session.until("the camera again", camera.is_there)
    camera.until("the return to be told", lambda said: said["open"] and not said["error"])
    read = np.frombuffer(camera.read(3, "I420", tmp_path / "frames"), np.uint8)
    assert np.array_equal(read, bars(*camera.size).reshape(-1))

    assert camera.end() == 0
    assert "sana_vcam" not in camera.session.nodes()
    assert camera.said["threads"] < before["threads"], "the library's threads have ended"


@pytest.mark.parametrize("patience_s", [1.0])
def test_a_server_that_hangs_is_told_and_found_again(camera: Camera):
    camera.until("the camera", lambda said: said["open"])
    server = camera.session._processes["pipewire"]
    server.send_signal(signal.SIGSTOP)
    try:
        lost = camera.until("the hang to be told", lambda said: not said["open"])
        assert "PipeWire does not answer: systemctl --user restart" in lost["error"]
    finally:
        server.send_signal(signal.SIGCONT)
    camera.until("the return to be told", lambda said: said["open"])


@pytest.mark.parametrize("faulty", [True])
def test_an_exception_in_a_callback_ends_the_camera_and_not_the_process(camera: Camera):
    camera.session.spawn("reader", READER, "-q", *SOURCE, "!", "video/x-raw", "!", "fakesink")
    lost = camera.until("the defect to be told", lambda said: not said["open"])
    assert lost["error"].startswith("a defect has ended the virtual camera through PipeWire")
    camera.session.until("the node to go", lambda: "sana_vcam" not in camera.session.nodes())
    camera.until(
        "the library's threads to end",
        lambda said: said["library_threads"] == 0 and not said["readers"],
    )
    camera.session.stop("reader")
    assert camera.end() == 0, "what else is fed goes on"
