"""Finding the server, and what is said where there is none or its library is missing."""

from __future__ import annotations

import ctypes.util
import socket
import threading
from pathlib import Path

import pytest

from sana_vcam.lib.pulse import connection
from sana_vcam.lib.pulse.connection import PulseConnection, find_server, server_socket
from sana_vcam.lib.pulse.library import SONAME, PulseError, PulseLibrary, pulse_library


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"PULSE_SERVER": "unix:/run/x/native"}, "/run/x/native"),
        ({"PULSE_SERVER": "/run/x/native"}, "/run/x/native"),
        ({"PULSE_SERVER": "{abc}unix:/run/x/native tcp:there:4713"}, "/run/x/native"),
        ({"PULSE_RUNTIME_PATH": "/run/y", "XDG_RUNTIME_DIR": "/run/z"}, "/run/y/native"),
        ({"XDG_RUNTIME_DIR": "/run/z", "PULSE_SERVER": ""}, "/run/z/pulse/native"),
    ],
)
def test_the_socket_is_where_the_environment_says(environment: dict[str, str], path: str):
    assert server_socket(environment) == Path(path)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PULSE_SERVER": "tcp:there:4713"}, "tcp:there:4713.*unset PULSE_SERVER"),
        ({}, "XDG_RUNTIME_DIR is not set.*logged in"),
        ({"XDG_RUNTIME_DIR": "/nowhere"}, "/nowhere/pulse/native.*pulseaudio --start"),
    ],
)
def test_without_a_server_it_is_said_what_mends_it(environment: dict[str, str], words: str):
    with pytest.raises(PulseError, match=words):
        find_server(environment)


def test_a_missing_library_is_said_with_its_package():
    with pytest.raises(PulseError, match="apt install libpulse0"):
        PulseLibrary("libpulse-of-nobody.so.0")


def test_a_library_without_a_function_is_too_old():
    name = ctypes.util.find_library("c")
    assert name is not None
    with pytest.raises(PulseError, match="older than"):
        PulseLibrary(name)


@pytest.fixture
def library(require_tools: bool) -> PulseLibrary:
    try:
        return pulse_library()
    except PulseError:
        if require_tools:
            raise
        pytest.skip(f"{SONAME} is not installed")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A short path, as sockets need it; what the library writes is below it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "native"


def test_who_hangs_up_is_gone(library: PulseLibrary, place: Path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(PulseError, match=r"does not answer.*\(.+\).*pulseaudio --start"):
            PulseConnection(place, library)
        thread.join()


def test_who_says_nothing_is_not_waited_for_for_ever(
    library: PulseLibrary, place: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "ANSWER_S", 0.1)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        with pytest.raises(PulseError, match=f"does not answer at {place}"):
            PulseConnection(place, library)
