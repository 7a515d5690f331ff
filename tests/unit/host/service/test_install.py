"""Installing the service in a made-up home and on a made-up machine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sana_vcam.errors import StartupError
from sana_vcam.host.machine import Machine
from sana_vcam.host.service import steps, templates
from sana_vcam.host.service.command import run_service
from sana_vcam.host.service.install import Options, install, key_from, uninstall
from sana_vcam.media.v4l2.devices import keep_command
from tests.unit.host.service.fakes import (
    Commands,
    FakeCreds,
    machine,
    manifest,
    mode,
    shell_script,
    tree,
)

KEY = "rk_secret_words"
COMMAND = ("/opt/sana-vcam/bin/sana-vcam",)
UNIT = "systemd/user/sana-vcam.service"


@pytest.fixture
def commands():
    found = Commands()
    for name in ("systemctl", "systemd-sysusers", "modprobe", "loginctl"):
        found.say(name)
    found.replies["systemd-creds"] = FakeCreds()
    return found


@pytest.fixture
def said():
    return []


class User:
    """A user of the made-up machine."""

    def __init__(self, root, commands, said):
        self.config = root / "home/me/.config"
        self.commands, self.said = commands, said
        self.machine = machine(
            root, commands, USER="me", HOME="/home/me", XDG_CONFIG_HOME="/home/me/.config"
        )

    def install(self, key="", **wanted):
        install(
            Options(**wanted),
            self.machine,
            self.said.append,
            command=COMMAND,
            key=lambda: key,
        )

    def uninstall(self, **wanted):
        uninstall(Options(**wanted), self.machine, self.said.append)

    @property
    def text(self):
        return "\n".join(self.said)


class Root(User):
    """The same machine's administrator."""

    def __init__(self, root, commands, said):
        super().__init__(root, commands, said)
        self.etc = root / "etc"
        self.machine = machine(root, commands, uid=0)
        program = root / COMMAND[0].lstrip("/")
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
        for folder in program.parents:
            if folder.is_relative_to(root) and folder != root:
                folder.chmod(0o755)


@pytest.fixture
def user(tmp_path, commands, said):
    return User(tmp_path, commands, said)


@pytest.fixture
def root(tmp_path, commands, said):
    return Root(tmp_path, commands, said)


# --- for a user ---------------------------------------------------------------------------------


def test_a_user_gets_a_unit_with_this_command_enabled_and_started(user):
    user.install()

    text = (user.config / UNIT).read_text()
    assert "\nExecStart=/opt/sana-vcam/bin/sana-vcam run\n" in text
    assert "CREDENTIALS_DIRECTORY /opt/sana-vcam/bin/sana-vcam config check\n" in text
    assert "%h" not in text.replace("%E", "")
    assert user.commands.lines()[:3] == [
        "systemctl --user show --property=Version",
        "systemctl --user daemon-reload",
        "systemctl --user enable --now sana-vcam.service",
    ]
    assert "loginctl enable-linger" in user.text
    assert "systemctl --user restart wireplumber" in user.text


def test_it_may_be_left_unstarted(user):
    user.install(start=False)
    assert "systemctl --user enable sana-vcam.service" in user.commands.lines()


def test_a_user_who_lingers_is_not_told_to(user):
    user.commands.say("loginctl", "yes\n")
    user.install()
    assert "loginctl enable-linger" not in user.text


def test_the_key_is_for_the_user_alone_and_never_said(user):
    user.install(KEY)

    path = user.config / "sana-vcam/reactor_api_key"
    assert path.read_text() == KEY + "\n"
    assert mode(path) == 0o600
    assert KEY not in user.text
    assert not any(KEY in line for line in user.commands.lines())


def test_a_dry_run_shows_every_file_and_command_and_changes_nothing(user, tmp_path):
    before = tree(tmp_path)
    user.install(KEY, dry=True)

    assert tree(tmp_path) == before
    assert user.commands.lines() == ["systemctl --user show --property=Version"]
    assert f"would write: {user.config / UNIT} (mode 0644)" in user.text
    assert "  | ExecStart=/opt/sana-vcam/bin/sana-vcam run" in user.text
    assert "would run: systemctl --user enable --now sana-vcam.service" in user.text
    assert KEY not in user.text


def test_a_second_time_changes_nothing(user, tmp_path):
    user.install(KEY)
    before = tree(tmp_path)
    inode = (user.config / UNIT).stat().st_ino
    user.install(KEY)

    assert tree(tmp_path) == before
    assert (user.config / UNIT).stat().st_ino == inode
    assert f"unchanged: {user.config / UNIT}" in user.text


def test_a_unit_of_an_older_version_is_replaced(user, monkeypatch):
    user.install()
    monkeypatch.setattr(templates, "template", lambda _: "# newer\n")
    user.install()
    assert (user.config / UNIT).read_text() == "# newer\n"


@pytest.mark.parametrize("ours", [False, True], ids=["by hand", "edited"])
def test_what_somebody_else_wrote_is_not_replaced(user, ours):
    if ours:
        user.install()
    path = user.config / UNIT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# mine\n")

    with pytest.raises(StartupError, match="--force"):
        user.install(KEY)
    assert path.read_text() == "# mine\n"
    assert not (user.config / "sana-vcam/reactor_api_key").exists()

    user.install(force=True)
    assert "ExecStart=" in path.read_text()
    assert path.with_name("sana-vcam.service.old").read_text() == "# mine\n"


def test_uninstalling_removes_exactly_what_was_written(user, tmp_path):
    (user.config / "sana-vcam").mkdir(parents=True)
    (user.config / "sana-vcam/config.toml").write_text("[log]\n")
    before = tree(tmp_path)
    user.install(KEY)
    user.uninstall()

    assert tree(tmp_path) == before
    assert not (user.config / "systemd").exists()
    assert user.commands.lines()[-2:] == [
        "systemctl --user disable --now sana-vcam.service",
        "systemctl --user daemon-reload",
    ]


def test_uninstalling_dry_removes_nothing(user, tmp_path):
    user.install(KEY)
    before = tree(tmp_path)
    user.commands.calls.clear()
    user.uninstall(dry=True)

    assert tree(tmp_path) == before
    assert user.commands.calls == []
    assert f"would remove: {user.config / UNIT}" in user.text


def test_uninstalling_leaves_what_was_changed_since(user):
    user.install(KEY)
    path = user.config / UNIT
    path.write_text("# mine\n")
    user.uninstall()

    assert path.read_text() == "# mine\n"
    assert f"left, because it has been changed: {path}" in user.text
    assert not (user.config / "sana-vcam/reactor_api_key").exists()


def test_uninstalling_a_unit_that_was_copied_by_hand_is_refused(user):
    path = user.config / UNIT
    path.parent.mkdir(parents=True)
    path.write_text("# mine\n")
    with pytest.raises(StartupError, match="remove it by hand: systemctl --user disable"):
        user.uninstall()


def test_uninstalling_nothing_says_so(user):
    user.uninstall()
    assert "the service is not installed" in user.text


def test_without_a_session_the_mend_is_said(user, tmp_path):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    user.commands.say("systemctl", status=1, err="Failed to connect to bus: No medium found\n")
    with pytest.raises(StartupError, match="enable-linger"):
        user.install()
    user.commands.say("systemctl")
    user.install()
    assert manifest(user.config / "sana-vcam/installed.json") == [str(user.config / UNIT)]


@pytest.mark.parametrize("system", [False, True])
def test_where_no_service_can_run_nothing_is_written(user, root, tmp_path, system):
    who = root if system else user
    who.commands.say(
        "systemctl", status=1, err="System has not been booted with systemd as init system\n"
    )
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/comm").write_text("tini\n")
    before = tree(tmp_path)
    with pytest.raises(StartupError) as refusal:
        who.install(KEY, system=system)
    assert str(refusal.value) == (
        "systemd does not run here (process 1 is tini); no service can run: start it by "
        "`sana-vcam run`"
    )
    who.install(KEY, system=system, dry=True)
    assert f"would be refused: {refusal.value}" in who.text
    assert tree(tmp_path) == before
    del who.commands.replies["systemctl"]
    with pytest.raises(StartupError, match="there is no systemd here; no service can run"):
        who.install(KEY, system=system)


def test_the_drivers_settings_need_no_systemd(root):
    root.commands.say("systemctl", status=1, err="System has not been booted with systemd\n")
    root.install(driver=True)
    assert (root.etc / "modprobe.d/sana-vcam.conf").exists()


@pytest.mark.parametrize("step", ["daemon-reload", "enable"])
@pytest.mark.parametrize("before", ["", "ours", "theirs"])
def test_a_step_that_fails_leaves_nothing_behind(user, tmp_path, monkeypatch, step, before):
    path = user.config / UNIT
    if before == "ours":
        user.install(KEY)
        monkeypatch.setattr(templates, "template", lambda _: "# newer\n")
    elif before == "theirs":
        path.parent.mkdir(parents=True)
        path.write_text("# mine\n")
        path.chmod(0o600)
    there = tree(tmp_path)
    folders = sorted(tmp_path.rglob("*"))
    user.commands.say(f"systemctl --user {step}", status=1, err="Unit is masked.\n")
    user.commands.say("systemctl --user is-enabled", status=1)
    with pytest.raises(StartupError, match=rf"systemctl --user {step}.*: Unit is masked."):
        user.install("rk_another", force=True)
    assert tree(tmp_path) == there
    assert sorted(tmp_path.rglob("*")) == folders
    if before == "theirs":
        assert mode(path) == 0o600
    assert user.text.endswith("nothing is left behind of it")
    assert user.commands.lines()[-1] == "systemctl --user daemon-reload"


def test_a_machines_installation_that_fails_leaves_nothing_behind(root, tmp_path):
    before = tree(tmp_path)
    root.commands.say("systemd-sysusers", status=1, err="Failed to add the user\n")
    with pytest.raises(StartupError, match="Failed to add the user"):
        root.install(KEY, system=True, driver=True)
    assert tree(tmp_path) == before
    assert not root.etc.exists()


@pytest.mark.parametrize("system", [False, True])
def test_a_service_that_does_not_start_stays_installed(user, root, system):
    who = root if system else user
    scope = "" if system else "--user "
    who.commands.say(f"systemctl {scope}enable", status=1, err="Job for sana-vcam.service failed\n")
    flag = " --system" if system else ""
    with pytest.raises(StartupError, match=f"did not start: sana-vcam service logs{flag}$"):
        who.install(KEY, system=system)
    assert manifest((root.etc if system else user.config) / "sana-vcam/installed.json")


def test_a_disk_that_is_full_leaves_nothing_behind(user, tmp_path, monkeypatch):
    real, before = steps.replace_file, tree(tmp_path)

    def full(path, data, **how):
        if path.name == "installed.json":
            raise OSError(28, "No space left on device", str(path))
        real(path, data, **how)

    monkeypatch.setattr(steps, "replace_file", full)
    with pytest.raises(StartupError, match=r"cannot write .*installed.json: No space left"):
        user.install(KEY)
    assert tree(tmp_path) == before


def test_what_cannot_be_put_back_is_named(user, monkeypatch):
    user.commands.say("systemctl --user daemon-reload", status=1, err="no\n")

    def refuse(file):
        raise OSError(30, "Read-only file system", str(file.path))

    monkeypatch.setattr(steps, "_put_back", refuse)
    with pytest.raises(StartupError):
        user.install()
    assert f"left behind: {user.config / UNIT}: Read-only file system" in user.text


def test_a_damaged_manifest_is_named(user):
    path = user.config / "sana-vcam/installed.json"
    path.parent.mkdir(parents=True)
    path.write_text("[]")
    with pytest.raises(StartupError, match=f"rm {path}"):
        user.install()


# --- for the machine ----------------------------------------------------------------------------


def test_the_machine_gets_a_user_a_configuration_and_a_unit(root):
    root.install(system=True)

    unit = (root.etc / "systemd/system/sana-vcam.service").read_text()
    command = COMMAND[0]
    assert f"\nExecStart={command} run --config /etc/sana-vcam/config.toml\n" in unit
    assert "LoadCredential=reactor_api_key:/etc/sana-vcam/reactor_api_key" in unit
    assert "u sana-vcam" in (root.etc / "sysusers.d/sana-vcam.conf").read_text()
    assert "[sink]" in (root.etc / "sana-vcam/config.toml").read_text()
    assert root.commands.lines() == [
        "systemctl show --property=Version",
        "systemd-sysusers /etc/sysusers.d/sana-vcam.conf",
        "systemctl daemon-reload",
        "systemctl enable --now sana-vcam.service",
    ]
    assert "sudo usermod -aG sana-vcam $USER" in root.text


def test_the_key_is_encrypted_where_that_works(root):
    root.install(KEY, system=True)

    path = root.etc / "sana-vcam/reactor_api_key.cred"
    assert path.read_text() == f"sealed:{KEY[::-1]}\n"
    assert mode(path) == 0o600
    assert not (root.etc / "sana-vcam/reactor_api_key").exists()
    line = "LoadCredentialEncrypted=reactor_api_key:/etc/sana-vcam/reactor_api_key.cred"
    assert line in (root.etc / "systemd/system/sana-vcam.service").read_text()
    assert KEY not in root.text
    assert not any(KEY in call for call in root.commands.lines())


def test_an_encrypted_key_stays_when_none_is_given(root, tmp_path):
    root.install(KEY, system=True)
    before = tree(tmp_path)
    root.install(system=True)
    assert tree(tmp_path) == before


def test_without_systemd_creds_the_key_is_a_file_of_root(root):
    root.commands.replies["systemd-creds"] = FakeCreds(works=False)
    root.install(KEY, system=True)

    path = root.etc / "sana-vcam/reactor_api_key"
    assert (path.read_text(), mode(path)) == (KEY + "\n", 0o600)
    unit = (root.etc / "systemd/system/sana-vcam.service").read_text()
    assert "\nLoadCredential=reactor_api_key:/etc/sana-vcam/reactor_api_key\n" in unit


def test_a_dry_run_for_the_machine_encrypts_nothing(root, tmp_path):
    before = tree(tmp_path)
    root.install(KEY, system=True, driver=True, dry=True)

    assert tree(tmp_path) == before
    assert root.commands.lines() == [
        "systemctl show --property=Version",
        "systemd-creds --version",
    ]
    assert "reactor_api_key.cred (mode 0600)" in root.text
    assert "would run: modprobe v4l2loopback" in root.text
    assert "LoadCredentialEncrypted=" in root.text
    assert KEY not in root.text


def test_the_configuration_of_the_machine_is_the_administrators(root):
    path = root.etc / "sana-vcam/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\n")
    root.install(system=True)
    root.uninstall(system=True)
    assert path.read_text() == "# mine\n"


def test_uninstalling_from_the_machine_removes_all_of_it(root, tmp_path):
    before = tree(tmp_path)
    root.install(KEY, system=True, driver=True)
    root.uninstall(system=True)

    assert tree(tmp_path) == before
    assert not root.etc.exists()
    assert "sudo userdel sana-vcam" in root.text


def test_the_driver_alone(root):
    root.install(driver=True)

    options = 'options v4l2loopback video_nr=10 exclusive_caps=1 card_label="SANA VCam"'
    assert options in (root.etc / "modprobe.d/sana-vcam.conf").read_text().splitlines()
    modules = (root.etc / "modules-load.d/sana-vcam.conf").read_text().splitlines()
    assert "v4l2loopback" in modules
    assert root.commands.lines() == ["modprobe v4l2loopback"]
    root.uninstall(driver=True)
    assert not root.etc.exists()


def test_a_driver_that_is_not_there_yet_is_no_failure(root):
    root.commands.say("modprobe", status=1, err="modprobe: FATAL: Module v4l2loopback not found\n")
    root.install(driver=True)
    assert "sana-vcam doctor says how it is installed here" in root.text


@pytest.mark.parametrize("flag", ["system", "driver"])
def test_what_needs_root_says_the_command(user, flag):
    with pytest.raises(StartupError, match=rf"sudo .*sana-vcam service install --{flag}"):
        user.install(**{flag: True})
    with pytest.raises(StartupError, match=rf"service uninstall --{flag}"):
        user.uninstall(**{flag: True})


def test_sudo_for_a_user_service_is_refused(tmp_path, commands, said):
    sudo = machine(tmp_path, commands, uid=0, SUDO_USER="me")
    with pytest.raises(StartupError, match="Leave out sudo"):
        install(Options(), sudo, said.append, command=COMMAND, key=str)


@pytest.mark.parametrize("place", ["/home/me/venv/bin/sana-vcam", "/run/user/1000/bin/sana-vcam"])
def test_a_command_in_a_home_folder_is_refused(root, place):
    with pytest.raises(StartupError, match="sudo python3 -m venv /opt/sana-vcam"):
        install(Options(system=True), root.machine, root.said.append, command=(place,), key=str)
    assert not root.etc.exists()


def test_a_command_that_others_cannot_reach_is_refused(root, tmp_path):
    (tmp_path / "opt/sana-vcam").chmod(0o700)
    with pytest.raises(StartupError, match="cannot read /opt/sana-vcam/bin/sana-vcam"):
        root.install(system=True)


@pytest.mark.parametrize("verb", ["install", "uninstall", "status", "logs"])
def test_elsewhere_there_are_no_services(tmp_path, commands, verb):
    with pytest.raises(StartupError, match="Linux"):
        run_service([verb], Machine(root=tmp_path, platform="darwin", runner=commands))


# --- the key ------------------------------------------------------------------------------------


def test_the_key_comes_from_the_environment_first(tmp_path):
    with (tmp_path / "key").open("w+") as given:
        assert key_from({"REACTOR_API_KEY": f" {KEY}\n"}, Options(), given) == KEY


def test_the_key_may_be_piped_in():
    read, write = os.pipe()
    os.write(write, f"{KEY}\nmore\n".encode())
    os.close(write)
    with os.fdopen(read) as given:
        assert key_from({}, Options(), given) == KEY


def test_nothing_is_waited_for_where_nothing_was_piped_in():
    with Path(os.devnull).open() as given:
        assert key_from({}, Options(), given) == ""


def test_a_dry_run_reads_no_key(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY)
    with path.open() as given:
        assert key_from({}, Options(dry=True), given) == ""


# --- the files ----------------------------------------------------------------------------------


def test_every_template_is_there():
    for name in ("USER_UNIT", "SYSTEM_UNIT", "SYSUSERS", "MODPROBE", "MODULES_LOAD"):
        assert templates.template(getattr(templates, name))


def test_a_wheel_carries_its_own_templates(tmp_path, monkeypatch):
    path = tmp_path / templates.USER_UNIT
    path.parent.mkdir(parents=True)
    path.write_text("# from the wheel\n")
    monkeypatch.setattr(templates, "_PACKAGED", tmp_path)
    assert templates.template(templates.USER_UNIT) == "# from the wheel\n"


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("/opt/x-1/bin/sana-vcam", "/opt/x-1/bin/sana-vcam"),
        ("/opt/my tools/sana-vcam", '"/opt/my tools/sana-vcam"'),
        ("/opt/100%/sana-vcam", "/opt/100%%/sana-vcam"),
        ('/opt/a"b\\c/x', '"/opt/a\\"b\\\\c/x"'),
    ],
)
def test_paths_are_written_as_systemd_reads_them(word, quoted):
    unit = templates.with_command("ExecStart=/usr/bin/sana-vcam run\n", (word,))
    assert unit == f"ExecStart={quoted} run\n"


def test_the_command_is_this_installations_wherever_it_lies(tmp_path, monkeypatch):
    scripts, elsewhere = tmp_path / "venv/bin", tmp_path / "local/bin"
    scripts.mkdir(parents=True)
    elsewhere.mkdir(parents=True)
    monkeypatch.setattr(templates.sysconfig, "get_path", lambda _: str(scripts))
    monkeypatch.setenv("PATH", str(elsewhere))
    assert templates.this_command() == (sys.executable, "-m", "sana_vcam")

    script = scripts / "sana-vcam"
    script.touch(mode=0o755)
    (elsewhere / "sana-vcam").touch(mode=0o755)
    assert templates.this_command() == (str(script),), "another one is on the PATH"

    (elsewhere / "sana-vcam").unlink()
    (elsewhere / "sana-vcam").symlink_to(script)
    assert templates.this_command() == (str(elsewhere / "sana-vcam"),), "pipx and uv link it"


# --- as a whole process, with a systemctl on the PATH ---------------------------------------------


def test_the_command_line_from_end_to_end(tmp_path):
    log, tools, home = tmp_path / "calls", tmp_path / "tools", tmp_path / "home"
    for name in ("systemctl", "loginctl", "journalctl"):
        shell_script(tools, name, log)
    home.mkdir()
    environ = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(home),
        "REACTOR_API_KEY": KEY,
        "XDG_RUNTIME_DIR": str(home),
    }

    def service(*words):
        program = "import sys; from sana_vcam.host.service.command import run_service as run; "
        return subprocess.run(
            [sys.executable, "-c", f"{program}sys.exit(run(sys.argv[1:]))", *words],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    done = service("install")
    assert done.returncode == 0, done.stderr
    unit = home / ".config" / UNIT
    assert "sana" in unit.read_text()
    assert stat.S_IMODE((home / ".config/sana-vcam/reactor_api_key").stat().st_mode) == 0o600
    assert "systemctl --user enable --now sana-vcam.service" in log.read_text().splitlines()
    assert KEY not in done.stdout + done.stderr + log.read_text()

    assert service("status").returncode == 3
    assert service("logs", "-n", "3", "-f").returncode == 0
    last = log.read_text().splitlines()[-1]
    assert last == "journalctl --user-unit sana-vcam.service --lines=3 --follow"

    assert service("uninstall").returncode == 0
    assert not unit.exists()
    assert service("status").returncode == 4


def test_the_drivers_options_are_those_that_the_daemon_looks_for():
    options = templates.template(templates.MODPROBE).splitlines()[-1]
    assert options in keep_command()
