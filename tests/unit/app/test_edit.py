"""`sana-vcam edit` before any session: what is refused, how, and with which exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sana_vcam.app import edit
from sana_vcam.app.cli import main
from sana_vcam.app.edit import _keep, _names
from sana_vcam.errors import EXIT_CONFIG, EXIT_FAILURE, ClipFailed
from tests.fakes.clips import make_clip

LOCAL = ("--set", "reactor.local=true", "--set", "reactor.api_url=http://127.0.0.1:1")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "in.mp4", 3, size=(64, 32), sound="aac")


def said(capsys: pytest.CaptureFixture[str], *words: object, status: int = EXIT_FAILURE) -> str:
    assert main(["edit", *map(str, words)]) == status
    text = capsys.readouterr().err
    assert "Traceback" not in text
    assert len(text.strip().splitlines()) == 1
    return text


def test_each_refusal_is_one_sentence(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    there = tmp_path / "there.mp4"
    there.write_bytes(b"mine")
    text = tmp_path / "notes.mp4"
    text.write_text("a letter")
    for words, expected in (
        ((source, tmp_path / "out.txt"), "ends in .txt"),
        ((source, tmp_path / "out"), "has no ending"),
        ((tmp_path / "none.mp4", tmp_path / "o.mp4"), "does not exist"),
        ((tmp_path, tmp_path / "o.mp4"), "is not a file"),
        ((text, tmp_path / "o.mp4"), "no video that FFmpeg knows"),
        ((source, tmp_path / "no" / "o.mp4"), "mkdir -p"),
        ((source, there), "--force"),
        ((source, source, "--force"), "IN itself"),
    ):
        assert expected in said(capsys, *words, "--prompt", "x", *LOCAL)
    assert there.read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.mp4", "there.mp4"]


def test_an_ending_is_refused_before_anything_else_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert "ends in .gif" in said(capsys, tmp_path / "none.mp4", tmp_path / "out.gif")


def test_what_the_configuration_lacks_is_a_configuration_error(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out.mp4"
    no_prompt = said(capsys, source, out, *LOCAL, status=EXIT_CONFIG)
    assert "--prompt" in no_prompt
    assert "--preset" in no_prompt
    assert "REACTOR_API_KEY" in said(capsys, source, out, "--prompt", "x", status=EXIT_CONFIG)
    unknown = said(capsys, source, out, "--preset", "nior", *LOCAL, status=EXIT_CONFIG)
    assert "noir" in unknown
    bad_seed = said(
        capsys, source, out, "--prompt", "x", "--seed", "-1", *LOCAL, status=EXIT_CONFIG
    )
    assert "start.seed" in bad_seed


def test_scripts_get_the_refusal_as_an_event_too(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = [str(source), str(tmp_path / "out.txt"), "--prompt", "x", "--json", *LOCAL]
    assert main(["edit", *words]) == EXIT_FAILURE
    captured = capsys.readouterr()
    event = json.loads(captured.out)
    assert event["event"] == "error"
    assert event["message"] in captured.err


def test_a_service_that_is_not_there_leaves_nothing_behind(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("sana_vcam.engine.edits.clipedit.TRIES", 1)
    assert main(["edit", str(source), str(tmp_path / "out.mp4"), "--prompt", "x", *LOCAL]) == 1
    text = capsys.readouterr().err
    assert "127.0.0.1:1" in text
    assert "Traceback" not in text
    assert list(tmp_path.iterdir()) == []


def test_a_daemon_loads_nothing_of_it():
    code = "import sys, sana_vcam.app.daemon; print([m for m in WATCHED if m in sys.modules])"
    watched = ("av", "sana_vcam.media.clips", "sana_vcam.engine.edits.clipedit")
    found = subprocess.run(
        [sys.executable, "-c", code.replace("WATCHED", repr(watched))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


# -- names ----------------------------------------------------------------------------------------


def test_a_draft_takes_the_place_of_what_may_be_replaced(tmp_path: Path):
    draft, target = tmp_path / "draft", tmp_path / "out.mp4"
    draft.write_text("new")
    target.write_text("old")
    assert _keep(draft, target, replace=True) == target
    assert target.read_text() == "new"


def test_a_name_that_was_taken_meanwhile_is_left_alone(tmp_path: Path):
    draft, target = tmp_path / "draft", tmp_path / "out.mp4"
    draft.write_text("new")
    target.write_text("somebody else's")
    kept = _keep(draft, target, replace=False)
    assert kept == tmp_path / "out-2.mp4"
    assert (target.read_text(), kept.read_text()) == ("somebody else's", "new")


def test_a_folder_without_links_gets_a_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    draft, target = tmp_path / "draft", tmp_path / "out.mp4"
    draft.write_text("new")

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    assert _keep(draft, target, replace=False) == target
    assert target.read_text() == "new"


def test_a_name_that_cannot_be_taken_is_said(tmp_path: Path):
    with pytest.raises(ClipFailed, match="cannot be written"):
        _keep(tmp_path / "draft", tmp_path / "no" / "out.mp4", replace=True)


def test_a_part_has_a_name_of_its_own():
    assert edit._partial(Path("a/out.webm")) == Path("a/out.partial.webm")
    names = _names(Path("out.mp4"))
    assert [next(names).name for _ in range(3)] == ["out.mp4", "out-2.mp4", "out-3.mp4"]
