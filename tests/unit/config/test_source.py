"""A source is read anew as at the start, and says when a file of its has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sana_vcam.config import paths
from sana_vcam.config.source import ConfigSource


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigSource:
    monkeypatch.setattr(paths, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    (tmp_path / "etc").mkdir()
    (tmp_path / "sana-vcam").mkdir()
    return ConfigSource(environ={"XDG_CONFIG_HOME": str(tmp_path)})


def test_the_file_that_counts(source: ConfigSource, tmp_path: Path) -> None:
    own, system = tmp_path / "sana-vcam" / "config.toml", tmp_path / "etc" / "config.toml"
    assert source.file == own
    system.touch()
    assert source.file == system
    own.touch()
    assert source.file == own
    assert ConfigSource(system, environ=source.environ).file == system


def test_the_presets_file_that_edits_write(source: ConfigSource, tmp_path: Path) -> None:
    own = tmp_path / "sana-vcam" / "presets.toml"
    assert source.presets_file == own
    (tmp_path / "etc" / "config.toml").touch()
    assert source.presets_file == own
    for name, expected in [
        ("config.toml", "presets.toml"),
        ("work.toml", "work.presets.toml"),
        ("presets.toml", "presets.presets.toml"),
    ]:
        named = ConfigSource(tmp_path / "x" / name, environ=source.environ)
        assert named.presets_file == tmp_path / "x" / expected


def test_it_loads_with_its_flags_and_drafts(source: ConfigSource) -> None:
    source.file.write_text("[sink]\nfps = 10\nwidth = 640\n")
    flagged = ConfigSource(None, {"sink.fps": "30"}, source.environ)
    assert (flagged.load().config.sink.fps, flagged.load().config.sink.width) == (30, 640)
    drafted = flagged.load({source.file: "[sink]\nfps = 10\nwidth = 320\n"})
    assert (drafted.config.sink.fps, drafted.config.sink.width) == (30, 320)
    assert drafted.path == source.file


def test_the_signature_tells_of_every_change(source: ConfigSource, tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    seen = {source.signature()}

    def changed() -> bool:
        before = len(seen)
        seen.add(source.signature())
        return len(seen) > before

    assert not changed()
    target.write_text("a")
    source.file.symlink_to(target)
    assert changed(), "come"
    target.write_text("ab")
    assert changed(), "the target was written"
    replaced = tmp_path / "draft"
    replaced.write_text("cd")
    replaced.replace(target)
    assert changed(), "the target was replaced"
    other = tmp_path / "other.toml"
    other.hardlink_to(target)
    own = tmp_path / "sana-vcam" / "config.toml"
    own.unlink()
    own.symlink_to(other)
    assert changed(), "the link was replaced by one to the same text"
    (tmp_path / "etc" / "config.toml").touch()
    assert changed(), "the machine's file came"
    source.presets_file.touch()
    assert changed(), "the presets' own file came"
    (tmp_path / "etc" / "presets.toml").touch()
    assert changed(), "the machine's presets came"
    assert not changed()


def test_a_named_file_alone_is_looked_at(source: ConfigSource, tmp_path: Path) -> None:
    named = ConfigSource(tmp_path / "named.toml", environ=source.environ)
    before = named.signature()
    source.file.touch()
    source.presets_file.touch()
    assert named.signature() == before
    named.presets_file.touch()
    assert named.signature() != before


def test_the_playlists_are_beside_the_presets(source: ConfigSource, tmp_path: Path) -> None:
    own = source.presets_file.with_name("playlists.toml")
    assert source.playlists_file == own
    named = ConfigSource(tmp_path / "work.toml", environ={})
    assert named.playlists_file == tmp_path / "work.playlists.toml"
