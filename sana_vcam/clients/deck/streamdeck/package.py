"""The Stream Deck plugin as one file: a zip of the built bundle that ships with sana-vcam."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sana_vcam.errors import StartupError

BUNDLE = "com.sana-vcam.deck.sdPlugin"
FILE_NAME = "sana-vcam.streamDeckPlugin"

# The earliest time that a zip can hold: the same files give the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def bundle() -> Traversable:
    """Find the folder that the Stream Deck application would install."""
    return files(__package__) / BUNDLE


def write(out: Path | None = None) -> Path:
    """Write the `.streamDeckPlugin` and return its path; default: its name in this folder.

    Raises:
        StartupError: it cannot be written there.
    """
    path = out or Path(FILE_NAME)
    if path.is_dir():
        path /= FILE_NAME
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, file in sorted(_files(bundle(), BUNDLE)):
                entry = zipfile.ZipInfo(name, _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = _MODE
                archive.writestr(entry, file.read_bytes())
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror}; choose --out FILE") from error
    return path


def _files(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    """Yield each file below `folder` with its name in the archive; not what the SDK logs."""
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_file():
            yield path, entry
        elif entry.name != "logs":
            yield from _files(entry, path)
