"""`sana-vcam service install` and `uninstall`: what they write and run, for a user or the machine.

user     ~/.config/systemd/user/sana-vcam.service, the key in ~/.config/sana-vcam
system   /etc/systemd/system/sana-vcam.service, a user of its own, /etc/sana-vcam
driver   /etc/modprobe.d and /etc/modules-load.d, for the virtual camera
"""

from __future__ import annotations

import getpass
import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sana_vcam.config.apikey import API_KEY_VARIABLE, bare_key
from sana_vcam.config.load import CREDENTIAL
from sana_vcam.config.paths import SYSTEM_PATH, user_path
from sana_vcam.config.text import render_template
from sana_vcam.control.access import group
from sana_vcam.errors import StartupError
from sana_vcam.host.machine import Machine
from sana_vcam.host.service import templates
from sana_vcam.host.service.steps import (
    CommandStep,
    FileStep,
    Installation,
    Say,
    Step,
    Unfinished,
)
from sana_vcam.host.systemd import NO_SESSION, why_unreachable

UNIT = "sana-vcam.service"
CONFIG_FOLDER = SYSTEM_PATH.parent
SYSTEM_MANIFEST = CONFIG_FOLDER / "installed.json"
SYSTEM_KEY = CONFIG_FOLDER / CREDENTIAL
SYSTEM_KEY_ENCRYPTED = CONFIG_FOLDER / f"{CREDENTIAL}.cred"
MODPROBE = Path("/etc/modprobe.d/sana-vcam.conf")
MODULES_LOAD = Path("/etc/modules-load.d/sana-vcam.conf")
SYSUSERS = Path("/etc/sysusers.d/sana-vcam.conf")

HIDDEN_FROM_SERVICES = ("/home", "/root", "/run/user")
"""What ProtectHome= hides from a system unit."""

RELOAD_DRIVER = (
    "close what uses it, then: sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback; "
    "module not found? sana-vcam doctor says how it is installed here"
)
WIREPLUMBER = """\
PipeWire applications list the virtual camera only if it was fed when WirePlumber first saw it.
Once now, and never again after the next login:
  systemctl --user restart wireplumber"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    system: bool = False
    driver: bool = False
    start: bool = True
    dry: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """One of the two services: where its unit and manifest lie, and how systemd is asked."""

    system: bool
    unit: Path
    manifest: Path

    @property
    def systemctl(self) -> tuple[str, ...]:
        """The words that a command to systemd begins with."""
        return ("systemctl",) if self.system else ("systemctl", "--user")

    @property
    def journalctl(self) -> tuple[str, ...]:
        """The words that a look into its log begins with."""
        return ("journalctl", "--unit" if self.system else "--user-unit", UNIT)

    def command(self, verb: str) -> str:
        """Write a command to systemd about the unit, for people to type."""
        sudo = ("sudo",) if self.system else ()
        return " ".join((*sudo, *self.systemctl, verb, UNIT.removesuffix(".service")))


def user_scope(machine: Machine) -> Scope:
    """Describe the user's own service."""
    config = user_path(machine.environ).parent
    return Scope(False, config.parent / "systemd" / "user" / UNIT, config / "installed.json")


def system_scope() -> Scope:
    """Describe the machine's service."""
    return Scope(True, Path("/etc/systemd/system") / UNIT, SYSTEM_MANIFEST)


# -- install ---------------------------------------------------------------------------------------


def install(
    options: Options,
    machine: Machine,
    say: Say,
    *,
    command: Sequence[str] | None = None,
    key: Callable[[], str] | None = None,
) -> None:
    """Install what the options ask for; doing it again changes nothing.

    `command` is how this installation is started, `key` gives the API key or nothing.

    Raises:
        StartupError: it needs another user or place, or a step failed; with the fix. Nothing that
            was written stays, unless only the start failed.
    """
    words = tuple(command or templates.this_command())
    _require_right_user(options, machine, "install", words)
    _require_systemd(options, machine, say)
    read_key = key or (lambda: key_from(machine.environ, options))
    as_root = options.system or (options.driver and machine.uid == 0)
    scope = system_scope() if as_root else user_scope(machine)
    if options.system:
        # What must be readable for this installation to run at all.
        own = (sys.executable, str(Path(sys.executable).resolve()), __file__)
        files = words if command else (words[0], *own)
        _require_reachable(files, machine, options, say)
    work = Installation(machine, scope.manifest, dry=options.dry, say=say, force=options.force)
    try:
        if as_root and options.driver:
            work.install(_driver_steps())
        if options.system:
            work.install(_system_steps(options, scope, machine, words, read_key()))
        if not as_root:
            work.install(_user_steps(options, scope, words, read_key()))
    except Unfinished:
        raise
    except BaseException:
        work.undo()
        if not options.dry and not why_unreachable(machine, system=scope.system):
            machine.run(*scope.systemctl, "daemon-reload")
        raise
    if options.system:
        say(f"\nTo use `sana-vcam ctl` and hotkeys, once for each person:\n  {group.JOIN_GROUP}")
        say(f"Configure it in {SYSTEM_PATH}, then: sudo systemctl reload sana-vcam")
    if not as_root and not options.dry:
        _after_user_install(machine, say)


def _user_steps(options: Options, scope: Scope, words: tuple[str, ...], key: str) -> Iterator[Step]:
    unit = templates.with_command(templates.template(templates.USER_UNIT), words)
    yield FileStep(scope.unit, unit)
    if key:
        yield FileStep(scope.manifest.with_name(CREDENTIAL), key + "\n", 0o600, secret=True)
    yield from _start_steps(options, scope, NO_SESSION)


def _system_steps(
    options: Options, scope: Scope, machine: Machine, words: tuple[str, ...], key: str
) -> Iterator[Step]:
    yield FileStep(SYSUSERS, templates.template(templates.SYSUSERS))
    yield CommandStep(("systemd-sysusers", str(SYSUSERS)))
    # Open to all, since everybody's `sana-vcam` reads it where there is no file of their own.
    yield FileStep(SYSTEM_PATH, render_template(), keep=True)
    unit = templates.with_command(templates.template(templates.SYSTEM_UNIT), words)
    encrypted = _encrypted(key, machine) if key and not options.dry else ""
    if key and (encrypted or (options.dry and _may_encrypt(machine))):
        yield FileStep(SYSTEM_KEY_ENCRYPTED, encrypted, 0o600, secret=True)
    elif key:
        yield FileStep(SYSTEM_KEY, key + "\n", 0o600, secret=True)
    if encrypted or (not key and machine.path(SYSTEM_KEY_ENCRYPTED).exists()):
        unit = templates.with_encrypted_key(unit, SYSTEM_KEY_ENCRYPTED)
    yield FileStep(scope.unit, unit)
    yield from _start_steps(options, scope, "what went wrong: sana-vcam service logs --system")


def _start_steps(options: Options, scope: Scope, fix: str) -> Iterator[Step]:
    yield CommandStep((*scope.systemctl, "daemon-reload"), fix=fix)
    now = ("--now",) if options.start else ()
    flag = " --system" if scope.system else ""
    yield CommandStep(
        (*scope.systemctl, "enable", *now, UNIT),
        fix=fix,
        # It enables first, so then it is the start that has failed.
        stays=(*scope.systemctl, "is-enabled", "--quiet", UNIT) if options.start else (),
        if_it_stays=f"it is installed and did not start: sana-vcam service logs{flag}",
    )


def _driver_steps() -> Iterator[Step]:
    yield FileStep(MODPROBE, templates.template(templates.MODPROBE))
    yield FileStep(MODULES_LOAD, templates.template(templates.MODULES_LOAD))
    yield CommandStep(("modprobe", "v4l2loopback"), needed=False, fix=RELOAD_DRIVER)


def _after_user_install(machine: Machine, say: Say) -> None:
    name = machine.environ.get("USER", "")
    lingers = machine.run("loginctl", "show-user", name, "--property=Linger", "--value")
    if lingers.out.strip() != "yes":
        say(
            "\nThe service runs while you are logged in. To have the virtual camera from boot on:"
            "\n  loginctl enable-linger"
        )
    say(f"\n{WIREPLUMBER}")
    say("\nHow it is doing:\n  sana-vcam service status")


# -- uninstall -------------------------------------------------------------------------------------


def uninstall(options: Options, machine: Machine, say: Say) -> None:
    """Stop the service and remove what `install` wrote, as far as nobody has changed it.

    Raises:
        StartupError: it needs another user, or what is there is not ours.
    """
    _require_right_user(options, machine, "uninstall", templates.this_command())
    only_driver = options.driver and not options.system
    scope = system_scope() if options.system or only_driver else user_scope(machine)
    work = Installation(machine, scope.manifest, dry=options.dry, say=say)
    if only_driver:
        work.uninstall([MODPROBE, MODULES_LOAD])
        return
    unit = machine.path(scope.unit)
    if str(unit) not in work.manifest.files:
        if unit.exists():
            raise StartupError(
                f"{unit} was not written by `sana-vcam service install`; remove it by hand: "
                f"{' '.join(scope.systemctl)} disable --now sana-vcam; rm {shlex.quote(str(unit))}"
            )
        say("the service is not installed")
    else:
        work.run(CommandStep((*scope.systemctl, "disable", "--now", UNIT), needed=False))
    work.uninstall()
    work.run(CommandStep((*scope.systemctl, "daemon-reload"), needed=False))
    if options.system:
        say(
            f"left: the user {group.GROUP} and its state, since files may belong to it; to remove "
            f"them: sudo userdel {group.GROUP} && sudo rm -r /var/lib/sana-vcam"
        )


# -- who, where, and the key -----------------------------------------------------------------------


def _require_right_user(
    options: Options, machine: Machine, verb: str, words: Sequence[str]
) -> None:
    """Raise `StartupError` unless this user may do what the options ask for."""
    again = shlex.join([*words, "service", verb])
    for_root = options.system or options.driver
    if machine.uid == 0 and not for_root and "SUDO_USER" in machine.environ:
        raise StartupError(
            "with sudo this would be the service of root, who has no desktop. Leave out sudo: "
            f"`{again}`, or take the service of the whole machine: `sudo {again} --system`"
        )
    if machine.uid != 0 and for_root and not options.dry:
        flags = " --system" * options.system + " --driver" * options.driver
        raise StartupError(f"this needs root: sudo {again}{flags}")


def _require_systemd(options: Options, machine: Machine, say: Say) -> None:
    """Raise `StartupError` where no service could run; the driver's settings need no systemd."""
    if options.driver and not options.system:
        return
    why = why_unreachable(machine, system=options.system)
    if not why:
        return
    by_hand = "" if why == NO_SESSION else "; no service can run: start it by `sana-vcam run`"
    if not options.dry:
        raise StartupError(f"{why}{by_hand}")
    say(f"would be refused: {why}{by_hand}")


def _require_reachable(places: Sequence[str], machine: Machine, options: Options, say: Say) -> None:
    """Raise `StartupError` if another user cannot run an installation with these files."""
    for place in places:
        hidden = any(Path(place).is_relative_to(home) for home in HIDDEN_FROM_SERVICES)
        if hidden or not _open_to_all(machine.path(place), machine.root):
            refusal = (
                f"a system service cannot read {place}: it runs as a user of its own and sees no "
                "home folders. Install sana-vcam where all can read it, and run that one: "
                "sudo python3 -m venv /opt/sana-vcam && sudo /opt/sana-vcam/bin/pip install "
                "sana-vcam && sudo /opt/sana-vcam/bin/sana-vcam service install --system"
            )
            if not options.dry:
                raise StartupError(refusal)
            say(f"would be refused: {refusal}")
            return


def _open_to_all(path: Path, root: Path) -> bool:
    """Whether everybody may read the file and enter the folders above it."""
    folders = [folder for folder in path.parents if folder.is_relative_to(root)]
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in folders if folder != root
        )
    except OSError:
        return False


def key_from(environ: Mapping[str, str], options: Options, given: TextIO | None = None) -> str:
    """Read the API key: from the environment, else typed or piped into `given`, else nothing.

    Without a key the one that is kept already stays. A dry run asks nobody.
    """
    stream = given or sys.stdin
    if key := bare_key(environ.get(API_KEY_VARIABLE, "")):
        return key
    if options.dry or stream is None or stream.closed:
        return ""
    if stream.isatty():
        return bare_key(getpass.getpass("Reactor API key (Enter: none, or as it is): "))
    # Only what is really piped in: waiting for a socket or a device would be for ever.
    mode = os.fstat(stream.fileno()).st_mode
    return bare_key(stream.readline()) if stat.S_ISFIFO(mode) or stat.S_ISREG(mode) else ""


def _may_encrypt(machine: Machine) -> bool:
    return machine.run("systemd-creds", "--version").ok


def _encrypted(key: str, machine: Machine) -> str:
    """Encrypt the key for this machine; empty if systemd-creds(1) cannot, or cannot undo it."""
    name = f"--name={CREDENTIAL}"
    sealed = machine.run("systemd-creds", "encrypt", name, "-", "-", given=key)
    if not sealed.ok:
        return ""
    opened = machine.run("systemd-creds", "decrypt", name, "-", "-", given=sealed.out)
    return sealed.out if opened.ok and opened.out == key else ""
