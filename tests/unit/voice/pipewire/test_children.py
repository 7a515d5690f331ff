"""PipeWire's programs as children: what is said when they are missing, hang or fail."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from sana_vcam.errors import VoiceError
from sana_vcam.voice.pipewire import children


def test_missing_programs_are_named_with_what_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VoiceError, match=r"pw-dump.*apt install pipewire-bin util-linux"):
        children.require_programs()


def test_nothing_is_said_when_all_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for program in children.PACKAGES:
        path = tmp_path / program
        path.write_text("")
        path.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path))
    children.require_programs()


async def test_a_command_that_answers():
    assert await children.ask("echo", "words") == "words\n"


async def test_a_command_that_fails_names_what_to_look_at():
    with pytest.raises(VoiceError, match="systemctl --user status"):
        await children.ask("false")


async def test_a_command_that_hangs_is_given_up_and_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "ANSWER_S", 0.05)
    with pytest.raises(VoiceError, match="systemctl --user restart pipewire"):
        await children.ask("sleep", "1000")


async def test_a_stopped_child_ends_all_the_same():
    process = await children.start("sleep", "1000")
    os.kill(process.pid, 19)
    await children.end(process)
    assert process.returncode == -9


async def test_a_child_is_waited_for_even_if_that_is_cancelled():
    process = await children.start("sleep", "1000")
    ending = asyncio.create_task(children.end(process))
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert process.returncode == -9


async def test_killing_one_that_has_ended_does_nothing():
    process = await children.start("true")
    await process.wait()
    children.kill(process)
    assert process.returncode == 0
