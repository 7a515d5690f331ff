"""What installs an extra: in a virtual environment, in one of pipx, and without pip."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from sana_vcam.lib import extras
from sana_vcam.lib.extras import install_command


def test_the_packages_are_named_and_go_where_this_runs():
    words = shlex.split(install_command("deck"))
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert [re.split("[<>=]", word)[0] for word in words[4:]] == ["pillow", "streamdeck"]


def test_a_package_that_another_system_needs_is_named_too():
    assert "sounddevice" in install_command("voice")


def test_pipx_adds_them_to_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert install_command("deck").startswith("pipx inject sana-vcam 'pillow")


def test_without_pip_uv_does_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    by_uv = f"uv pip install --python {sys.executable} 'pillow"
    assert install_command("deck").startswith(by_uv)


def test_without_metadata_the_extra_itself_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(extras, "PROJECT", "no-such-project")
    assert install_command("deck").endswith("'no-such-project[deck]'")
