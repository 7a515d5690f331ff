"""The pipe into our source: it never waits, and what nobody took can be taken back."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.voice.pulse.source import HELD_BYTES, FeedPipe, quoted

PIECE = np.full(960, 0.5, np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "voice.fifo"
    os.mkfifo(made)
    made.chmod(0o666)
    return made


@pytest.fixture
def server(path: Path) -> Iterator[int]:
    """The server's end, which it opens for both."""
    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    yield end
    os.close(end)


def test_samples_are_16_bit_and_loud_ones_are_cut(path: Path, server: int):
    pipe = FeedPipe(path)
    pipe.write(np.array([0.0, 0.5, 1.0, 7.0, -7.0], np.float32))
    assert np.frombuffer(os.read(server, 100), "<i2").tolist() == [0, 16383, 32767, 32767, -32767]
    pipe.close()


def test_nobody_else_may_read_it(path: Path, server: int):
    pipe = FeedPipe(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    pipe.close()


def test_what_the_server_does_not_take_is_lost_and_never_late(path: Path, server: int):
    pipe = FeedPipe(path)
    for _ in range(100):
        pipe.write(PIECE)
    with contextlib.suppress(BlockingIOError):
        assert len(os.read(server, 1 << 20)) <= HELD_BYTES
    pipe.write(PIECE)
    pipe.drain()
    with pytest.raises(BlockingIOError):
        os.read(server, 100)
    pipe.close()


def test_what_a_daemon_before_us_has_left_is_never_heard(path: Path, server: int):
    os.write(server, b"secret")
    FeedPipe(path).close()
    with pytest.raises(BlockingIOError):
        os.read(server, 100)


def test_a_pipe_that_nobody_reads_or_that_is_none_is_refused(path: Path, tmp_path: Path):
    with pytest.raises(PulseError, match=r"voice\.fifo of our source is gone"):
        FeedPipe(path)
    with pytest.raises(PulseError, match="gone"):
        FeedPipe(tmp_path / "nothing")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(PulseError, match="is no pipe"):
        FeedPipe(file)


def test_a_server_that_has_closed_its_end_is_told(path: Path):
    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    pipe = FeedPipe(path)
    os.close(end)
    with pytest.raises(PulseError, match="closed"):
        pipe.write(PIECE)
    pipe.close()


def test_a_modules_argument_may_have_any_characters():
    assert quoted('/run/a "b" \\c') == '"/run/a \\"b\\" \\\\c"'
