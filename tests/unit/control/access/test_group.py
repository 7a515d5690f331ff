"""How a person's programs find the daemon of the machine, and whom they do not trust."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from sana_vcam.config import paths
from sana_vcam.control.access import discovery, group
from sana_vcam.control.access.discovery import ControlFile
from tests.unit.host.service.fakes import mode

PUBLISHED = ControlFile(
    url="ws://127.0.0.1:7262/ws", token=SecretStr("token-words"), pid=7, version="1.2"
)


@pytest.fixture
def run(tmp_path):
    """The folder that systemd makes for the service, in one that nobody else can write to."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "sana-vcam"
    folder.mkdir()
    folder.chmod(0o750)
    return folder


def publish(run):
    discovery.publish(PUBLISHED, run / "private")
    copy = group.Copy(run / "private", run)
    copy.bring_up_to_date()
    return copy


def test_the_units_folders_are_taken():
    given = {
        "STATE_DIRECTORY": "/var/lib/sana-vcam",
        "RUNTIME_DIRECTORY": "/run/sana-vcam",
    }
    assert paths.folders(given) == paths.Folders(
        Path("/var/lib/sana-vcam"), Path("/run/sana-vcam/private"), Path("/run/sana-vcam")
    )


@pytest.mark.parametrize("given", [{}, {"RUNTIME_DIRECTORY": "/run/code", "STATE_DIRECTORY": "/a"}])
def test_without_them_or_with_another_units_the_users_own_are(given):
    assert paths.folders(given) == paths.Folders()


def test_the_group_can_read_the_copy_and_nobody_the_original(run):
    publish(run)
    assert mode(run / "control.json") == 0o640
    assert mode(run / "private") == 0o700
    assert mode(run / "private/control.json") == 0o600
    assert sorted(path.name for path in run.iterdir()) == ["control.json", "private"]


def test_nothing_is_copied_before_the_daemon_listens(run):
    copy = group.Copy(run / "private", run)
    copy.bring_up_to_date()
    assert list(run.iterdir()) == []
    discovery.publish(PUBLISHED, run / "private")
    copy.bring_up_to_date()
    assert (run / "control.json").exists()


def test_the_daemon_is_found(run):
    publish(run)
    assert group.find(run) == group.SystemDaemon(PUBLISHED, os.geteuid())


def test_without_a_daemon_nothing_is_found(run):
    assert group.find(run) is None
    assert group.find(run / "nowhere") is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: run.chmod(0o777),
        lambda run: run.parent.chmod(0o777),
        lambda run: (run / "control.json").write_text("{}"),
        lambda run: (
            (run / "control.json").rename(run / "x"),
            (run / "control.json").symlink_to("x"),
        ),
        lambda run: ((run / "control.json").unlink(), os.mkfifo(run / "control.json")),
        lambda run: (run.rename(run.with_name("x")), run.symlink_to("x")),
    ],
    ids=["open folder", "open above", "nonsense", "link", "fifo", "linked folder"],
)
def test_what_others_could_have_put_there_is_not_trusted(run, spoil):
    publish(run)
    spoil(run)
    assert group.find(run) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_a_file_of_somebody_else_is_not_trusted(run):
    publish(run)
    os.chown(run / "control.json", 12345, 12345)
    assert group.find(run) is None
