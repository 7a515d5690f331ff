import errno
import os
import resource
import stat

import pytest
from pydantic import SecretStr

from sana_vcam.control.access import discovery
from sana_vcam.control.access.discovery import ControlFile, publish, withdraw
from sana_vcam.control.access.tokens import load_token
from sana_vcam.errors import StartupError

PUBLISHED = ControlFile(url="ws://127.0.0.1:7262/ws", token=SecretStr("t0k"), pid=42, version="1.0")


def mode(path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sana-vcam"


@pytest.fixture(autouse=True)
def _any_umask():
    old = os.umask(0)
    yield
    os.umask(old)


def test_the_configured_token_is_taken_and_nothing_written(folder):
    assert load_token(SecretStr("from-config"), folder) == "from-config"
    assert not folder.exists()


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak"])
def test_a_token_that_cannot_be_presented_is_refused(folder, token):
    with pytest.raises(StartupError, match="token"):
        load_token(SecretStr(token), folder)


def test_a_token_is_generated_once_and_kept_private(folder):
    token = load_token(None, folder)
    assert len(token) >= 43
    assert load_token(None, folder) == token
    assert mode(folder) == 0o700
    assert mode(folder / "token") == 0o600
    assert (folder / "token").read_text() == token + "\n"


def test_a_full_disk_costs_the_kept_token_only(folder, caplog):
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, whole[1]))
    try:
        token = load_token(None, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)
    assert len(token) >= 43
    assert "cannot keep the control token" in caplog.text
    assert token not in caplog.text
    assert list(folder.iterdir()) == []
    assert load_token(None, folder) != token


def test_an_empty_token_file_is_filled(folder):
    load_token(None, folder)
    (folder / "token").write_text("")
    assert len(load_token(None, folder)) >= 43


def test_wrong_modes_are_repaired(folder, caplog):
    token = load_token(None, folder)
    folder.chmod(0o755)
    (folder / "token").chmod(0o644)
    assert load_token(None, folder) == token
    assert mode(folder) == 0o700
    assert mode(folder / "token") == 0o600
    assert len(caplog.records) == 2
    assert token not in caplog.text


def test_a_planted_symlink_is_refused(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder.mkdir(mode=0o700)
    (folder / "token").symlink_to(victim)
    with pytest.raises(StartupError, match=f"rm {folder / 'token'}"):
        load_token(None, folder)
    victim.unlink()
    with pytest.raises(StartupError, match="symbolic link"):
        load_token(None, folder)
    assert not victim.exists()


def test_a_fifo_or_folder_in_its_place_is_refused(folder):
    folder.mkdir(mode=0o700)
    os.mkfifo(folder / "token", 0o600)
    with pytest.raises(StartupError, match="not a file"):
        load_token(None, folder)
    (folder / "token").unlink()
    (folder / "token").mkdir()
    with pytest.raises(StartupError, match="token"):
        load_token(None, folder)


def test_a_file_or_folder_of_another_user_is_refused(folder, monkeypatch):
    load_token(None, folder)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(StartupError, match="belongs to another user"):
        load_token(None, folder)


def test_another_users_file_in_a_folder_of_ours_is_refused(folder, monkeypatch):
    load_token(None, folder)
    real = os.fstat

    def of_another_user(file):
        fields = list(real(file))
        fields[stat.ST_UID] += 1
        return os.stat_result(fields)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", of_another_user)
        with pytest.raises(StartupError, match="belongs to another user"):
            load_token(None, folder)


def test_a_symlinked_folder_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartupError, match=f"rm {folder}"):
        load_token(None, folder)
    with pytest.raises(StartupError, match=f"rm {folder}"):
        publish(PUBLISHED, folder)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_others_can_replace_is_refused(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(StartupError, match=f"chmod go-w {tmp_path}"):
        load_token(None, tmp_path / "sana-vcam")
    tmp_path.chmod(0o1777)
    load_token(None, tmp_path / "sana-vcam")


def test_missing_parents_are_made_private(tmp_path):
    load_token(None, tmp_path / "a" / "b" / "sana-vcam")
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


def test_control_json_round_trip(folder):
    publish(PUBLISHED, folder)
    path = folder / "control.json"
    assert mode(folder) == 0o700
    assert mode(path) == 0o600
    assert path.read_text() == (
        '{"url": "ws://127.0.0.1:7262/ws", "token": "t0k", "pid": 42, "version": "1.0", '
        '"socket": null}\n'
    )
    assert discovery.find(folder) == PUBLISHED
    assert "t0k" not in repr(PUBLISHED)
    withdraw(PUBLISHED, folder)
    assert list(folder.iterdir()) == []
    withdraw(PUBLISHED, folder)


def test_control_json_replaces_a_planted_symlink_and_does_not_follow_it(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder.mkdir(mode=0o700)
    (folder / "control.json").symlink_to(victim)
    assert discovery.find(folder) is None
    publish(PUBLISHED, folder)
    assert victim.read_text() == "precious"
    assert not (folder / "control.json").is_symlink()
    assert discovery.find(folder) == PUBLISHED


def test_another_daemons_control_json_stays(folder):
    publish(PUBLISHED, folder)
    newer = PUBLISHED.model_copy(update={"pid": 43})
    publish(newer, folder)
    withdraw(PUBLISHED, folder)
    assert discovery.find(folder) == newer


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": 1}', "\xff"])
def test_a_damaged_control_json_is_none(folder, content):
    publish(PUBLISHED, folder)
    (folder / "control.json").write_text(content, encoding="latin-1")
    assert discovery.find(folder) is None


def test_a_control_json_of_a_newer_version_is_read(folder):
    publish(PUBLISHED, folder)
    path = folder / "control.json"
    path.write_text(path.read_text().replace("{", '{"more": true, ', 1))
    assert discovery.find(folder) == PUBLISHED


def test_a_folder_in_the_place_of_control_json_is_an_error_and_leaves_no_draft(folder):
    folder.mkdir(mode=0o700)
    (folder / "control.json").mkdir()
    with pytest.raises(StartupError, match="cannot write"):
        publish(PUBLISHED, folder)
    assert [path.name for path in folder.iterdir()] == ["control.json"]


def test_a_state_folder_that_cannot_be_made_costs_the_kept_token_only(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    token = load_token(None, tmp_path / "file" / "sana-vcam")
    assert len(token) >= 43
    assert "cannot keep the control token" in caplog.text
    assert token not in caplog.text


def test_a_state_folder_that_may_only_be_read_costs_the_kept_token_only(
    folder, caplog, monkeypatch
):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("sana_vcam.control.access.privatefiles.create_file", refuse)
    assert len(load_token(None, folder)) >= 43
    assert "Read-only file system" in caplog.text


def test_a_token_file_that_is_too_long_is_refused_and_not_cut(folder):
    load_token(None, folder)
    (folder / "token").write_text("x" * 5000)
    with pytest.raises(StartupError, match="longer than any of ours"):
        load_token(None, folder)
