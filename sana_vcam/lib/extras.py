"""The command that installs what an extra lists, in the environment that runs here."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

PROJECT = "sana-vcam"


def install_command(extra: str) -> str:
    """Name the packages themselves: no registry is sure to know this project by its name.

    By `pipx inject` in an environment of pipx, by uv where there is no pip, else by pip.
    """
    wanted = " ".join(shlex.quote(one) for one in _requirements(extra))
    python = shlex.quote(sys.executable)
    if Path(sys.prefix, "pipx_metadata.json").exists():
        return f"pipx inject {PROJECT} {wanted}"
    if find_spec("pip") is None:
        return f"uv pip install --python {python} {wanted}"
    return f"{python} -m pip install {wanted}"


def _requirements(extra: str) -> list[str]:
    """Give what the extra adds, as pip takes it; the extra itself where nothing says so."""
    found = []
    try:
        told = requires(PROJECT) or []
    except PackageNotFoundError:
        told = []
    for requirement in told:
        wanted, _, marker = requirement.partition(";")
        if re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", marker):
            found.append(wanted.strip())
    return found or [f"{PROJECT}[{extra}]"]
