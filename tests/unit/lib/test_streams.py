"""Any text into any encoding, and a standard error to which nobody fails to write."""

from __future__ import annotations

import io
import json
import sys

import pytest

from sana_vcam.clients.ctl import ctl
from sana_vcam.lib.printing import printable_json
from sana_vcam.lib.streams import PLAIN, speak_any_encoding, told

NAMES = "✓ \u732b \U0001f3a8 \xe9 \udce9 …"


class Full(io.RawIOBase):
    """A file on a disk that is full."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("ascii", "+ ? ? ? ? ..."),
        ("latin-1", "+ ? ? \xe9 ? ..."),
        ("cp1252", "+ ? ? \xe9 ? …"),
        ("utf-8", "✓ \u732b \U0001f3a8 \xe9 ? …"),
    ],
)
def test_what_an_encoding_does_not_have_is_said_in_ascii(encoding: str, said: str) -> None:
    assert NAMES.encode(encoding, PLAIN).decode(encoding) == said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_json_loses_nothing_in_any_encoding(encoding: str) -> None:
    text = printable_json(json.dumps({"name": NAMES}, ensure_ascii=False), encoding)
    assert json.loads(text.encode(encoding)) == {"name": NAMES}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("as_json", [True, False])
def test_replies_of_the_daemon_are_shown(
    monkeypatch: pytest.MonkeyPatch, encoding: str, as_json: bool
) -> None:
    monkeypatch.setattr(sys, "__stdout__", sys.__stdout__)
    data = {"output": "live", "session": "streaming", "prompt": NAMES}
    written = io.BytesIO()
    stdout = io.TextIOWrapper(written, encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", stdout)
    speak_any_encoding()
    assert ctl._show("state", {"type": "ok", "id": 1, "data": data}, as_json, None) == 0
    shown = written.getvalue().decode(encoding)
    assert "live" in shown
    if as_json:
        assert json.loads(shown)["data"] == data


def full_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(Full(), "ascii", line_buffering=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [1, 100_000])
def test_output_that_cannot_be_written_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], length: int
) -> None:
    for name in ("stdout", "__stdout__"):
        monkeypatch.setattr(sys, name, full_stream())
    monkeypatch.setattr("sana_vcam.lib.streams._lose", lambda _: None)
    speak_any_encoding()

    def run() -> int:
        print("a" * length)
        return 0

    assert told(run) == 1
    said = capfd.readouterr().err
    assert said == "sana-vcam: standard output cannot be written: No space left on device\n"


def test_a_failure_that_is_not_the_output_s_stays_one() -> None:
    def run() -> int:
        raise OSError(28, "No space left on device", "a file")

    with pytest.raises(OSError, match="a file"):
        told(run)


def test_a_complaint_that_cannot_be_told_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stderr", "__stderr__"):
        monkeypatch.setattr(sys, name, full_stream())
    speak_any_encoding()
    print("to nobody", NAMES, file=sys.stderr)
    sys.stderr.flush()
