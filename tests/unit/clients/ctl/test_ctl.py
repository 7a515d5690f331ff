"""A still that is saved is a picture of the user's, for nobody else to read."""

from __future__ import annotations

import base64
import os
import stat

import pytest

from sana_vcam.clients.ctl import ctl

PICTURE = base64.b64encode(b"a picture").decode()


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
@pytest.mark.parametrize("was_there", [False, True])
def test_a_snapshot_is_private_whatever_the_umask(tmp_path, umask, was_there):
    file = tmp_path / "now.jpg"
    if was_there:
        file.touch(0o644)
    old = os.umask(umask)
    try:
        ctl._save(PICTURE, str(file))
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == b"a picture"


def test_a_device_keeps_its_mode():
    before = os.stat(os.devnull).st_mode  # noqa: PTH116
    ctl._save(PICTURE, os.devnull)
    assert os.stat(os.devnull).st_mode == before  # noqa: PTH116
