"""Raw frames through real pipes, FIFOs and files: whole frames, in order, never blocking."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.errors import SinkError
from sana_vcam.media.sinks import raw as backends
from sana_vcam.media.sinks.raw import QUEUE_FRAMES, RawBackend

FRAME = 300_000
"""Bytes: several times what a pipe holds."""


def backend(path):
    return RawBackend(str(path))


def frame(number):
    """A frame that says in each byte which one it is."""
    return np.full(FRAME, number, np.uint8)


def numbers(data):
    """The numbers of the whole frames in the data; torn or mixed ones fail the test."""
    assert len(data) % FRAME == 0
    frames = np.frombuffer(data, np.uint8).reshape(-1, FRAME)
    assert np.all(frames == frames[:, :1]), "a frame is mixed of two"
    return frames[:, 0].tolist()


def read_exactly(descriptor, count):
    data = b""
    while len(data) < count and (part := os.read(descriptor, count - len(data))):
        data += part
    return data


def wait_for(reached):
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline, "the sink did not get there"
        time.sleep(0.005)


def is_open_here(path):
    """Whether this process, the writer, still has the FIFO open."""
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                return True
    return False


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "frames"
    os.mkfifo(path)
    return path


# Files


def test_a_file_gets_every_frame_in_order(tmp_path):
    path = tmp_path / "frames.yuv"
    path.write_bytes(b"left from before")
    raw = backend(path)
    for number in range(20):
        raw.send(frame(number))
        wait_for(lambda: len(raw._frames) < QUEUE_FRAMES - 1)
    raw.close()

    assert numbers(path.read_bytes()) == list(range(20))
    assert raw.frames_dropped == 0


def test_closing_writes_what_is_queued(tmp_path):
    path = tmp_path / "frames.yuv"
    raw = backend(path)
    for number in range(3):
        raw.send(frame(number))
    raw.close()

    assert numbers(path.read_bytes()) == [0, 1, 2]


def test_a_full_disk_is_told_at_the_next_frame():
    raw = backend("/dev/full")
    raw.send(frame(1))
    wait_for(lambda: raw._error is not None)

    with pytest.raises(SinkError, match="No space left"):
        raw.send(frame(2))
    raw.close()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(SinkError, match=r"sink\.path: cannot write to .*a file, a FIFO"):
        backend(tmp_path / "missing" / "frames.yuv")
    with pytest.raises(SinkError, match=r"sink\.path"):
        backend(tmp_path)


# FIFOs


def test_a_fifo_is_waited_for_and_frames_come_whole(fifo):
    raw = backend(fifo)
    for number in range(10):
        raw.send(frame(number))
    reader = os.open(fifo, os.O_RDONLY)
    first = numbers(read_exactly(reader, FRAME))
    for number in range(10, 13):
        raw.send(frame(number))
    rest = numbers(read_exactly(reader, 3 * FRAME))
    raw.close()
    os.close(reader)

    assert first == [9], "a new reader begins with the newest frame"
    assert rest == [10, 11, 12]
    assert raw.frames_dropped == 9


def test_a_stalled_reader_blocks_nobody_and_loses_whole_frames(fifo):
    raw = backend(fifo)
    raw.send(frame(0))
    reader = os.open(fifo, os.O_RDONLY)
    beginning = read_exactly(reader, 1000)
    for number in range(1, 201):
        raw.send(frame(number))
    assert raw.frames_dropped == 200 - QUEUE_FRAMES
    got = beginning + read_exactly(reader, (1 + QUEUE_FRAMES) * FRAME - 1000)
    raw.close()
    os.close(reader)

    assert numbers(got) == [0, 197, 198, 199, 200]


def test_the_next_reader_starts_at_the_beginning_of_a_frame(fifo):
    raw = backend(fifo)
    for number in range(1, 6):
        raw.send(frame(number))
        reader = os.open(fifo, os.O_RDONLY)
        head = read_exactly(reader, 1234)
        assert set(head) == {number}, "in the middle of its frame this reader goes"
        os.close(reader)
        wait_for(lambda: not is_open_here(fifo))
    raw.send(frame(9))
    reader = os.open(fifo, os.O_RDONLY)
    whole = read_exactly(reader, FRAME)
    raw.close()
    os.close(reader)

    assert numbers(whole) == [9]


def test_a_reader_that_goes_between_frames_is_noticed(fifo):
    raw = backend(fifo)
    raw.send(frame(1))
    reader = os.open(fifo, os.O_RDONLY)
    read_exactly(reader, FRAME)
    os.close(reader)
    wait_for(lambda: not is_open_here(fifo))
    raw.send(frame(2))
    reader = os.open(fifo, os.O_RDONLY)
    whole = read_exactly(reader, FRAME)
    raw.close()
    os.close(reader)

    assert numbers(whole) == [2]


def test_closing_does_not_wait_for_a_reader_that_never_comes(fifo):
    raw = backend(fifo)
    raw.send(frame(1))
    raw.close()

    assert not raw._thread.is_alive()


def test_closing_gives_up_on_a_reader_that_stalls(fifo, monkeypatch):
    monkeypatch.setattr(backends, "CLOSE_S", 0.05)
    raw = backend(fifo)
    raw.send(frame(1))
    reader = os.open(fifo, os.O_RDONLY)
    read_exactly(reader, 10)
    raw.close()
    os.close(reader)

    assert not raw._thread.is_alive()


def test_closing_gives_up_on_a_disk_that_hangs(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(backends, "CLOSE_S", 0.02)
    reached, go_on, write = threading.Event(), threading.Event(), os.write

    def hang(number, data):
        if len(data) == FRAME:
            reached.set()
            go_on.wait(60)
        return write(number, data)

    with monkeypatch.context() as patched:
        patched.setattr(backends.os, "write", hang)
        raw = backend(tmp_path / "file")
        raw.send(frame(1))
        assert reached.wait(60)
        raw.close()
        assert "its last frames are lost" in caplog.text
        go_on.set()
        raw._thread.join(60)
    raw._wake.close()


# Standard output

PROGRAM = """
import sys, time
import numpy as np
from sana_vcam.errors import SinkError
from sana_vcam.media.sinks.raw import RawBackend
raw = RawBackend("-")
try:
    for number in range(int(sys.argv[1])):
        raw.send(np.full(300_000, number, np.uint8))
        time.sleep(float(sys.argv[2]))
except SinkError as error:
    print(error, file=sys.stderr)
    raw.close()
    sys.exit(3)
raw.close()
"""


def program(count, pause_s, **more):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(count), str(pause_s)], **more
    )


def test_standard_output_into_a_pipe():
    with program(6, 0.02, stdout=subprocess.PIPE) as process:
        data = process.stdout.read()

    assert process.returncode == 0
    got = numbers(data)
    assert got == sorted(got)
    assert got[-1] == 5


def test_standard_output_into_a_file(tmp_path):
    with (tmp_path / "out").open("wb") as out:
        process = program(3, 0.0, stdout=out)
        assert process.wait(30) == 0

    assert numbers((tmp_path / "out").read_bytes()) == [0, 1, 2]


def test_a_pipe_whose_reader_is_gone_is_an_error():
    with program(100_000, 0.001, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        message = process.stderr.read().decode()

    assert process.returncode == 3
    assert "Broken pipe" in message
    assert "sink.path" in message


def test_a_terminal_is_refused():
    leader, terminal = os.openpty()
    try:
        process = program(1, 0.0, stdout=terminal, stderr=subprocess.PIPE)
        message = process.communicate(timeout=30)[1].decode()
    finally:
        os.close(terminal)
        os.close(leader)

    assert process.returncode == 1
    assert "which is a terminal" in message
