"""`sana-vcam help`: the pages in the terminal, their list, and what can go wrong with output."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sana_vcam.app import topics
from sana_vcam.app.cli import main, make_parser
from sana_vcam.lib import pagetext
from sana_vcam.lib.screen import cells

SLOW = {"numpy", "cv2", "pydantic", "websockets", "aiortc", "av", "reactor_sdk", "asyncio"}


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_every_page_is_a_topic_under_one_word() -> None:
    pages = sorted(Path(topics.__file__).parents[1].joinpath("docs").rglob("*.md"))
    assert len(topics.topics()) == len(pages)
    for topic in topics.topics().values():
        assert topic.title
        assert " " not in topic.word
    assert set(topics.ALSO.values()) <= topics.topics().keys()
    assert not topics.ALSO.keys() & topics.topics().keys()


def test_the_list_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "help")
    for topic in topics.topics().values():
        assert f"\n  {topic.word} " in out
        assert topic.title in out
    listed = json.loads(said(capsys, "help", "--json"))["topics"]
    assert [one["topic"] for one in listed] == list(topics.topics())
    assert {"topic": "zoom", "title": "Zoom", "page": "apps/zoom.md"} in listed


@pytest.mark.parametrize("word", topics.topics())
def test_a_page_fits_into_80_columns(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "help", word)
    assert out.startswith(topics.topics()[word].title)
    assert out.endswith("\n")
    for line in out.splitlines():
        # Commands are not broken, so that they can be copied; nor are addresses.
        assert cells(line) <= topics.WIDTH or line.lstrip() != line or " " not in line, line
    for sign in ("](", "<!--", "```", "**"):
        assert sign not in out.replace("`**`", "")


@pytest.mark.parametrize("word", ["control-api", "troubleshooting", "models"])
@pytest.mark.parametrize("width", [1, 24])
def test_a_terminal_that_is_narrow(word: str, width: int) -> None:
    text = pagetext.as_text(topics.topics()[word].text, width)
    assert (
        text.split("\n\n", 1)[0]
        .replace("\n", " ")
        .startswith(topics.topics()[word].title.split()[0])
    )


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("zoom", "Zoom"),
        ("zoom.md", "Zoom"),
        ("apps/zoom", "Zoom"),
        ("key", "A key, and what it costs"),
        ("chrome", "Google Meet in Chrome"),
        ("clients", "Clients, one page each"),
        ("pages", "All pages"),
    ],
)
def test_a_page_is_asked_for_by(word: str, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "help", word).startswith(f"{title}\n==")


def test_a_page_says_where_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\nSee also: sana-vcam help install, troubleshooting, voice\n" in said(
        capsys, "help", "zoom"
    )
    assert "The command's own help: sana-vcam edit --help" in said(capsys, "help", "edit")
    page = json.loads(said(capsys, "help", "zoom", "--json"))
    assert page["text"].startswith("# Zoom\n")


def test_a_command_of_two_words_is_no_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["help", "service", "install"])
    assert ended.value.code == 0
    assert "usage: sana-vcam service install" in capsys.readouterr().out


def test_the_parser_knows_help() -> None:
    assert make_parser().parse_args(["help", "zoom"]).words == ["zoom"]


# -- as a process ----------------------------------------------------------------------------------


def run(words: Sequence[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sana_vcam", *words],
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )


def test_an_encoding_that_has_little(capfd: pytest.CaptureFixture[str]) -> None:
    done = run(["help", "architecture"], PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"+ camera/v4l" not in done.stdout
    assert b"How the house is built\n=====" in done.stdout
    assert done.stdout.isascii()


def test_a_reader_that_has_had_enough() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sana_vcam", "help", "control-api"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_nothing_slow_is_loaded() -> None:
    code = (
        "import sys; from sana_vcam.app.cli import main; main(['help', 'zoom']); "
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not SLOW & set(done.stderr.split())


@pytest.mark.parametrize("is_high", [False, True])
def test_a_pager_on_a_terminal_that_is_too_low(tmp_path: Path, is_high: bool) -> None:
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "by the pager: $1"\ncat\n')
    pager.chmod(0o755)
    lines = "5000" if is_high else "10"
    environment = os.environ | {"PAGER": f"{pager} -x", "LINES": lines, "TERM": "xterm"}
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sana_vcam", "help", "zoom"],
        env=environment | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=slave,
    ) as process:
        os.close(slave)
        out = b""
        while chunk := read(master):
            out += chunk
        assert process.wait() == 0
    os.close(master)
    assert (b"by the pager: -x" in out) is not is_high
    assert b"See also: " in out


def read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:
        # Linux's way to say that the other end is closed.
        return b""


def test_the_titles_stand_without_signs() -> None:
    assert pagetext.title_of("# The `x` of [y](z.md)\n") == "The `x` of y"
    assert pagetext.title_of("none\n") == ""
