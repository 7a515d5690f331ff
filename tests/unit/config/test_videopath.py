"""The path of the video: any name, and no address."""

import os

import pytest

from sana_vcam.config.load import load
from sana_vcam.errors import ConfigError


def configured(path, home):
    given = {"camera.source": "file", "camera.path": path}
    return load(None, given, {"XDG_CONFIG_HOME": str(home)}).config.camera.path


@pytest.mark.parametrize(
    "address", ["rtsp://u:hush@127.0.0.1:8554/cam", "http://h/x.mjpg", "srt://h"]
)
def test_an_address_is_no_video_file_and_is_not_repeated(tmp_path, address):
    with pytest.raises(ConfigError) as caught:
        configured(address, tmp_path)
    assert "is an address, not a file" in str(caught.value)
    assert "v4l2loopback" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_path_of_any_punctuation_is_a_path(tmp_path):
    for text, path in (
        ("12:30 call.mp4", "12:30 call.mp4"),
        ("file:///home/u/a%20b%E9.mp4", os.fsdecode(b"/home/u/a b\xe9.mp4")),
        ("C:/clips/a.mp4", "C:/clips/a.mp4"),
        ("concat:x.mp4", "concat:x.mp4"),
        ("/srv/rtsp://x.mp4", "/srv/rtsp:/x.mp4"),
    ):
        assert str(configured(text, tmp_path)) == path
