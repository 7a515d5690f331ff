"""Standard error that nobody reads holds nobody; what is lost is counted and said."""

from __future__ import annotations

import errno
import fcntl
import io
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import sana_vcam
from sana_vcam.lib.logs import set_up_logging
from sana_vcam.lib.lossystream import LossyStream, lossy_stderr


@pytest.fixture
def pipe():
    """A pipe with room for one page, whose reader reads when it is told to."""
    reader, writer = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(writer, "w") as stream:
        yield reader, stream
    os.close(reader)


@pytest.fixture
def handlers_restored():
    root = logging.getLogger()
    handlers = root.handlers[:]
    yield
    root.handlers[:] = handlers


def drained(reader, ending):
    """What comes out of the pipe until the ending."""
    found = b""
    while not found.endswith(ending):
        found += os.read(reader, 65536)
    return found.decode()


def test_what_is_written_comes_out_in_its_order(pipe):
    reader, behind = pipe
    stream = LossyStream(behind)
    for number in range(100):
        stream.write(f"{number}\n")
    assert drained(reader, b"99\n").split() == [str(number) for number in range(100)]
    stream.end()
    assert stream.lost == 0


def test_a_reader_that_stands_still_holds_nobody_and_costs_lines(pipe, caplog):
    reader, behind = pipe
    stream = LossyStream(behind, max_waiting=10_000)
    for _ in range(1000):
        stream.write("x" * 99 + "\n")
    assert 800 < stream.lost < 1000, "a pipe of 4096 and a queue of 10000 took the rest"
    os.set_blocking(reader, True)
    lines = 1000 - stream.lost
    found = b""
    while len(found) < 100 * lines:
        found += os.read(reader, 65536)
    stream.end()
    assert found == (b"x" * 99 + b"\n") * lines
    assert any("were lost" in message for message in caplog.messages)


def test_an_end_beside_a_reader_that_stands_still_does_not_wait_for_it(pipe):
    reader, behind = pipe
    stream = LossyStream(behind)
    stream.write("x" * 100_000)
    stream.end(0.01)
    stream.write("later")
    assert stream.lost == 1
    # Let the thread go.
    while os.read(reader, 65536):
        if not stream._thread.is_alive():
            break
        stream._thread.join(0.01)


def test_a_reader_that_has_gone_is_no_error():
    gone, write = os.pipe()
    os.close(gone)
    with os.fdopen(write, "w") as broken:
        stream = LossyStream(broken)
        print("to nobody", file=stream)
        stream.end()
    assert stream.lost >= 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_device_that_fails_is_no_error_and_what_comes_later_is_written(monkeypatch, pipe, number):
    reader, behind = pipe
    stream = LossyStream(behind)
    write = os.write

    def failing(_, data):
        if bytes(data).startswith(b"first"):
            raise OSError(number, os.strerror(number))
        return write(behind.fileno(), data)

    monkeypatch.setattr(os, "write", failing)
    stream.write("first\n")
    while not stream.lost:
        pass
    stream.write("second\n")
    assert drained(reader, b"second\n") == "second\n"
    stream.end()


def test_text_of_no_encoding_is_written_as_escapes(pipe):
    reader, behind = pipe
    stream = LossyStream(behind)
    stream.write("caf\udce9\n")
    assert drained(reader, b"\n") == "caf\\udce9\n"
    stream.end()


def test_a_stream_without_a_descriptor_is_written_to_as_well():
    behind = io.StringIO()
    stream = LossyStream(behind)
    stream.write("a")
    stream.write("b")
    stream.end()
    assert behind.getvalue() == "ab"


def test_the_log_goes_through_it(pipe, monkeypatch, handlers_restored):
    reader, behind = pipe
    monkeypatch.setattr(sys, "stderr", behind)
    with lossy_stderr() as stream:
        assert sys.stderr is stream
        set_up_logging("info")
        log = logging.getLogger("sana_vcam")
        # Four times what the pipe and the queue hold.
        for _ in range(4 * 300):
            log.info("%s", "y" * 1000)
        assert stream.lost > 0
        # The writer may be busy yet with what has been read already.
        os.set_blocking(reader, False)
        while stream._thread.is_alive() and (stream._waiting or stream._busy):
            with suppress(BlockingIOError):
                os.read(reader, 65536)
    assert sys.stderr is behind


NATIVE = """
import ctypes, os, stat, sys
from sana_vcam.lib.lossystream import lossy_stderr

before = os.fstat(2), os.get_blocking(2)
with lossy_stderr():
    # As libjpeg writes of a damaged picture: on its own thread, past Python.
    taken = ctypes.CDLL(None).write(2, b"x" * 1_000_000, 1_000_000)
    more = ctypes.CDLL(None).write(2, b"x", 1)
assert (os.fstat(2), os.get_blocking(2)) == before
print(taken, more)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="opened again by its name in /proc")
def test_what_a_library_writes_by_itself_is_lost_rather_than_waited_for():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-c", NATIVE],
            stdout=subprocess.PIPE,
            stderr=nobody_reads,
            timeout=60,
            check=True,
        )
        assert os.get_blocking(writer), "whoever shares the pipe is not to notice"
    taken, more = map(int, done.stdout.split())
    assert 0 < taken < 1_000_000
    assert more == -1
    os.close(reader)


@pytest.mark.skipif(sys.platform != "linux", reason="opened again by its name in /proc")
def test_a_file_as_standard_error_is_not_written_over(tmp_path):
    """A file that is opened again would be written from its beginning."""
    log = tmp_path / "log"
    with log.open("w") as file:
        file.write("earlier\n")
        file.flush()
        code = "import os\nfrom sana_vcam.lib.lossystream import lossy_stderr\n"
        code += "with lossy_stderr(): os.write(2, b'later\\n')"
        subprocess.run([sys.executable, "-c", code], stderr=file, timeout=60, check=True)
    assert log.read_text() == "earlier\nlater\n"


def test_who_logs_beside_an_event_loop_waits_for_no_reader():
    """Every module that runs a loop for long, and logs; those that only ask once do not log."""
    package = Path(sana_vcam.__file__).parent
    for path in package.rglob("*.py"):
        text = path.read_text("utf-8")
        if "set_up_logging(" in text and path.name != "logs.py":
            assert "with lossy_stderr()" in text, path
    assert "with lossy_stderr()" in (package / "app/cli.py").read_text("utf-8"), "the stand-in"
