"""The unit and driver files as they ship, and as this installation needs them.

They are the files below `systemd/` and `config/` of the project. A wheel has copies of them inside
the package.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

USER_UNIT = "systemd/sana-vcam.service"
SYSTEM_UNIT = "systemd/system/sana-vcam.service"
DECK_UNIT = "systemd/sana-vcam-deck.service"
SYSUSERS = "systemd/system/sysusers.d-sana-vcam.conf"
MODPROBE = "config/modprobe.d-sana-vcam.conf"
MODULES_LOAD = "config/modules-load.d-sana-vcam.conf"

_PACKAGED = Path(__file__).parent / "files"
_PROJECT = Path(__file__).parents[3]
_COMMAND = re.compile(
    r"^(Exec(?:Start|Reload)=(?:/usr/bin/env -u \w+ )?)\S*/sana-vcam(?= )", re.MULTILINE
)
_PLAIN = re.compile(r"[\w/.+@:,-]+", re.ASCII)


def template(name: str) -> str:
    """Read a file as it ships; from the wheel, or from the project in an editable install."""
    packaged = _PACKAGED / name
    return (packaged if packaged.exists() else _PROJECT / name).read_text("utf-8")


def this_command() -> tuple[str, ...]:
    """Find the words that start this installation's `sana-vcam`, by absolute paths.

    The name on the PATH goes first, if it leads here (pipx and uv put a link into ~/.local/bin);
    then the script beside the interpreter of this virtual environment; then the interpreter.
    """
    script = Path(sysconfig.get_path("scripts")) / "sana-vcam"
    found = shutil.which("sana-vcam")
    if found is not None and script.exists() and Path(found).samefile(script):
        return (str(Path(found).absolute()),)
    if script.exists():
        return (str(script),)
    return (sys.executable, "-m", "sana_vcam")


def as_root(*words: str) -> str:
    """Write a command of ours for people to type with sudo, whose PATH may not lead here."""
    return shlex.join(["sudo", *this_command(), *words])


def deck_unit() -> str:
    """Write the user unit of `sana-vcam deck run` for this installation."""
    return with_command(template(DECK_UNIT), this_command())


def with_command(unit: str, command: tuple[str, ...]) -> str:
    """Put the words that start this installation into a unit's commands."""
    words = " ".join(_quoted(word) for word in command)
    return _COMMAND.sub(lambda found: found[1] + words, unit)


def with_encrypted_key(unit: str, path: str | Path) -> str:
    """Have a unit take the API key from a file of systemd-creds(1)."""
    return re.sub(
        r"^LoadCredential=(reactor_api_key):.*$",
        lambda found: f"LoadCredentialEncrypted={found[1]}:{path}",
        unit,
        flags=re.MULTILINE,
    )


def _quoted(word: str) -> str:
    """Quote a word as a command line of systemd.service(5) takes it; % begins a specifier there."""
    word = word.replace("%", "%%")
    if _PLAIN.fullmatch(word.replace("%", "")):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
