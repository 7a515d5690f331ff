"""A process that was started without its standard streams gives their numbers to nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sana_vcam.lib import descriptors

SCRIPT = """
import os, socket, sys
for number in ({closed}):
    os.close(number)
{none}
from sana_vcam.lib.descriptors import fill_standard_streams
fill_standard_streams()
socket = socket.socket()
print("to nobody", file=sys.stderr)
print("to nobody")
os.write({out}, f"{{socket.fileno()}} {{[os.fstat(n).st_mode for n in (0, 1, 2)] != []}}".encode())
"""
NONE = "sys.stdin = sys.stdout = sys.stderr = None"


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2), (1, 2), ()])
def test_no_socket_gets_the_number_of_a_standard_stream(closed):
    reader, out = os.pipe()
    streams = {0: "stdin", 1: "stdout", 2: "stderr"}
    none = "".join(f"sys.{streams[number]} = None\n" for number in closed)
    code = SCRIPT.format(closed="".join(f"{number}," for number in closed), none=none, out=out)
    subprocess.run([sys.executable, "-c", code], pass_fds=[out], check=True, capture_output=True)
    os.close(out)
    number, there = os.read(reader, 100).decode().split()
    os.close(reader)
    assert int(number) > 2
    assert there == "True"


def test_a_command_without_any_stream_still_runs():
    closing = "exec 0<&- 1>&- 2>&-; exec " + f'"{sys.executable}" -m sana_vcam --version'
    assert subprocess.run(["sh", "-c", closing], check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_limit_goes_up_to_the_hard_one():
    code = (
        "import resource as r; hard = r.getrlimit(r.RLIMIT_NOFILE)[1];"
        "low = min(200, hard); r.setrlimit(r.RLIMIT_NOFILE, (low, hard));"
        "from sana_vcam.lib import descriptors as d; assert d.limit() == low;"
        "d.raise_limit(); assert d.limit() == hard or hard == r.RLIM_INFINITY;"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert descriptors.limit() > 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_what_is_spare_is_what_can_be_opened_and_is_given_back():
    code = (
        "import os, resource as r; hard = r.getrlimit(r.RLIMIT_NOFILE)[1];"
        "r.setrlimit(r.RLIMIT_NOFILE, (40, hard));"
        "from sana_vcam.lib.descriptors import are_spare;"
        "assert are_spare(20); assert not are_spare(60); assert are_spare(20);"
        "taken = [os.dup(0) for _ in range(40 - len(os.listdir('/dev/fd')) + 1)];"
        "assert not are_spare(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
