"""The consumers: each reads frames from a virtual camera as its users would have it do."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rigs.guest.inside.kernel import run
from tests.rigs.guest.inside.picture import Reading

FRAMES = 24


def ffmpeg(device: str, frames: int = FRAMES) -> Reading:
    with file_to_fill() as path:
        said = run(
            *("ffmpeg", "-hide_banner", "-nostdin", "-y", "-f", "v4l2", "-i", device),
            *("-frames:v", str(frames), "-fps_mode", "passthrough"),
            *("-f", "rawvideo", "-pix_fmt", "yuv420p", str(path)),
        )
        words = re.search(
            r"Input #0.*?Video: rawvideo \((\w+) / \w+\), \w+.*?, (\d+)x(\d+),.*? ([\d.]+) fps",
            said,
            re.DOTALL,
        )
        assert words, said
        reading = Reading(int(words[2]), int(words[3]), words[1], float(words[4]))
        reading.add_i420(path.read_bytes())
    return reading


def gstreamer(device: str, frames: int = FRAMES) -> Reading:
    with file_to_fill() as path:
        said = run(
            *("gst-launch-1.0", "-v", "v4l2src", f"device={device}", f"num-buffers={frames}"),
            *("!", "filesink", f"location={path}"),
        )
        words = re.search(
            r"src: caps = video/x-raw, format=\(string\)(\w+), width=\(int\)(\d+), "
            r"height=\(int\)(\d+).*?framerate=\(fraction\)(\d+)/(\d+)",
            said,
        )
        assert words, said
        fps = int(words[4]) / int(words[5])
        reading = Reading(int(words[2]), int(words[3]), words[1], fps)
        reading.add_i420(path.read_bytes())
    return reading


def v4l2_ctl(device: str, frames: int = FRAMES) -> Reading:
    with file_to_fill() as path:
        said = run(
            *("v4l2-ctl", "-d", device, "--get-fmt-video", "--get-parm"),
            *("--stream-mmap", f"--stream-count={frames}", f"--stream-to={path}"),
        )
        size = re.search(r"Width/Height\s*: (\d+)/(\d+)", said)
        pixel_format = re.search(r"Pixel Format\s*: '(\w+)'", said)
        fps = re.search(r"Frames per second: ([\d.]+)", said)
        assert size, said
        assert pixel_format, said
        assert fps, said
        reading = Reading(int(size[1]), int(size[2]), pixel_format[1], float(fps[1]))
        reading.add_i420(path.read_bytes())
    return reading


def rate(device: str) -> float:
    """The frame rate that the driver tells."""
    said = run("v4l2-ctl", "-d", device, "--get-parm")
    words = re.search(r"Frames per second: ([\d.]+)", said)
    assert words, said
    return float(words[1])


def opencv(device: str, frames: int = FRAMES) -> Reading:
    import cv2

    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    try:
        assert capture.isOpened(), f"OpenCV does not open {device}"
        code = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode()
        keys = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        width, height = (int(capture.get(key)) for key in keys)
        reading = Reading(width, height, code, capture.get(cv2.CAP_PROP_FPS))
        for _ in range(frames):
            got, picture = capture.read()
            assert got, f"OpenCV got {len(reading.numbers)} frames"
            reading.add_bgr(picture)
    finally:
        capture.release()
    return reading


@contextmanager
def file_to_fill() -> Iterator[Path]:
    """A file in memory for a consumer to write to."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder) / "frames"
