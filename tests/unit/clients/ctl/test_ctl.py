"""A still that is saved is a picture of the user's, for nobody else to read."""

from __future__ import annotations

import base64
import os
import stat

import cv2
import numpy as np
import pytest

from sana_vcam.clients.ctl import stills
from sana_vcam.clients.ctl.ctl import run_ctl
from sana_vcam.clients.terminal import EXIT_USAGE

PICTURE = base64.b64encode(b"a picture").decode()


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
@pytest.mark.parametrize("was_there", [False, True])
def test_a_snapshot_is_private_whatever_the_umask(tmp_path, umask, was_there):
    file = tmp_path / "now.jpg"
    if was_there:
        file.touch(0o644)
    old = os.umask(umask)
    try:
        stills.save(PICTURE, str(file))
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == b"a picture"


def test_a_device_keeps_its_mode():
    before = os.stat(os.devnull).st_mode  # noqa: PTH116
    stills.save(PICTURE, os.devnull)
    assert os.stat(os.devnull).st_mode == before  # noqa: PTH116


@pytest.mark.parametrize(
    ("name", "begins"),
    [("x.png", b"\x89PNG"), ("X.PNG", b"\x89PNG"), ("x.webp", b"RIFF"), ("x.jpg", b"\xff\xd8"),
     ("x.jpeg", b"\xff\xd8"), ("x", b"\xff\xd8")],
)  # fmt: skip
def test_the_ending_says_the_kind_of_picture(tmp_path, name, begins):
    grey = cv2.imencode(".jpg", np.full((8, 8, 3), 128, np.uint8))[1].tobytes()
    stills.require_format(str(tmp_path / name))
    stills.save(base64.b64encode(grey).decode(), str(tmp_path / name))
    data = (tmp_path / name).read_bytes()
    assert data.startswith(begins)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (8, 8, 3)


@pytest.mark.parametrize("name", ["x.gif", "x.mp4", "x.txt", "my.snapshot"])
def test_a_kind_that_cannot_be_written_is_refused_before_a_picture_is_asked_for(
    capsys, tmp_path, name
):
    assert run_ctl(["snapshot", name], runtime_dir=tmp_path) == EXIT_USAGE
    assert "a picture is written as .jpg, .png or .webp" in capsys.readouterr().err
