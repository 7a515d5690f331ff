"""The desktop entry of the hotkeys, by which the desktop knows who asks for them.

The format: desktop-entry-spec 1.5 of freedesktop.org.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sana_vcam.lib.atomicfile import replace_file

APP_ID = "com.sana_vcam.keys"
"""Without a dash, which units of systemd escape; the desktop keeps the hotkeys by it."""
FILE_NAME = f"{APP_ID}.desktop"
READABLE = 0o644

ENTRY = """\
[Desktop Entry]
Type=Application
Name=SANA VCam
Comment=Global hotkeys of the webcam that a model edits
Exec={command}
Icon=camera-web
Terminal=false
NoDisplay=true
"""


def entry(command: Sequence[str]) -> str:
    """Write the entry of a program that is started by these words, the first an absolute path."""
    return ENTRY.format(command=" ".join(map(_quoted, command)))


def entry_path() -> Path:
    """Name the file in which desktops look for the entry; usually below ~/.local/share."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local/share"
    return base / "applications" / FILE_NAME


def write_entry(text: str) -> Path | None:
    """Put the entry where desktops look for it; None if it stands there already.

    Blocks. Raises `OSError`; `RuntimeError` if the user has no home.
    """
    path = entry_path()
    try:
        if path.read_text("utf-8") == text:
            return None
    except (FileNotFoundError, UnicodeDecodeError):
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode(), mode=READABLE, lasting=False)
    return path


def _quoted(word: str) -> str:
    """Quote a word of Exec; the file's own escape of a backslash comes on top."""
    word = word.replace("%", "%%")
    if word and all(letter.isalnum() or letter in "/_.+=@:,-%" for letter in word):
        return word
    for letter in '\\"`$':
        word = word.replace(letter, f"\\{letter}")
    return '"' + word.replace("\\", "\\\\") + '"'
