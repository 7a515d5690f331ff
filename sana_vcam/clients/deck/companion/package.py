"""Pack the module for Bitfocus Companion as the .tgz that its "Import module package" takes.

The JavaScript is committed in `bundle/`, built from `module/`; packing needs no Node, and the same
version gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from sana_vcam import __version__
from sana_vcam.errors import StartupError

ROOT = "sana-vcam"
FILE_NAME = f"companion-module-sana-vcam-{__version__}.tgz"


def write(out: Path | None = None) -> Path:
    """Write the package to `out` (a file, or a folder), by default into this folder.

    Raises:
        StartupError: it cannot be written there.
    """
    path = out or Path(FILE_NAME)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        path.write_bytes(pack())
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror}; choose with --out") from error
    return path


def pack() -> bytes:
    """Build the package: a gzipped tar with one folder in it."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(contents().items()):
            # Owner, mode and time are the same everywhere, as tarfile's own defaults have them.
            entry = tarfile.TarInfo(f"{ROOT}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


def contents() -> Mapping[str, bytes]:
    """Collect the files of the package by their paths in it."""
    here = files(__package__)
    bundle, source = here / "bundle", here / "module" / "companion"
    manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    manifest["version"] = __version__
    manifest["runtime"]["apiVersion"] = (bundle / "API").read_text(encoding="utf-8").strip()
    # Naming no dependency is what tells Companion that the library is inside.
    package = {"name": ROOT, "version": __version__, "license": "MIT", "type": "commonjs"}
    return {
        "companion/manifest.json": _json(manifest),
        "companion/HELP.md": (source / "HELP.md").read_bytes(),
        "package.json": _json(package),
        "main.js": (bundle / "main.js").read_bytes(),
        "LICENSES.txt": (bundle / "LICENSES.txt").read_bytes(),
    }


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
