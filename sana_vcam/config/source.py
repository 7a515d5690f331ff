"""The sources of a process's configuration: files, flags and environment, read at any time."""

from __future__ import annotations

import os
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sana_vcam.config.load import Loaded, load
from sana_vcam.config.paths import beside, default_paths, playlists_beside, presets_paths

type Signature = tuple[object, ...]


@dataclass
class ConfigSource:
    """Arguments of `sana_vcam.config.load.load`, kept for reading again.

    `path` is the file that a flag names; without one it is the first of the usual ones.
    """

    path: Path | None = None
    overrides: Mapping[str, object] = types.MappingProxyType({})
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    at_first: Signature | None = field(default=None, init=False, compare=False)
    """What the files were when they were read first; None before."""

    def load(self, drafts: Mapping[Path, str] = types.MappingProxyType({})) -> Loaded:
        """Read everything anew, `drafts` in place of files. Raises `ConfigError`."""
        if self.at_first is None:
            self.at_first = self.signature()
        return load(self.path, self.overrides, self.environ, drafts)

    @property
    def file(self) -> Path:
        """The file that counts; the user's own, which is not there yet, if there is none."""
        if self.path is not None:
            return self.path
        there = (path for path in default_paths(self.environ) if path.exists())
        return next(there, default_paths(self.environ)[0])

    @property
    def presets_file(self) -> Path:
        """The presets' own file that edits write; it is not there before the first one."""
        return presets_paths(self.path, None, self.environ)[0]

    @property
    def presets_folder(self) -> Path:
        """The folder of the file that the list of presets is in: their images are beside it."""
        found = self.path or next(filter(Path.exists, default_paths(self.environ)), None)
        listed = next(filter(Path.exists, presets_paths(self.path, found, self.environ)), None)
        return (listed or self.file).parent

    @property
    def playlists_file(self) -> Path:
        """The file of the playlists: the one that is there, else where it would be written."""
        found = self.path or next(filter(Path.exists, default_paths(self.environ)), None)
        files = [*map(playlists_beside, presets_paths(self.path, found, self.environ))]
        return next(filter(Path.exists, files), files[0])

    def signature(self) -> Signature:
        """Look at the files: the result differs once one has changed, come or gone.

        Costs two stats for each. A link and what it leads to are both looked at: editors replace
        either.
        """
        return tuple(_stat(path, follow) for path in self.paths for follow in (False, True))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that may say something, be it there or not."""
        paths = (self.path,) if self.path else default_paths(self.environ)
        return paths + tuple(map(beside, paths))


def _stat(path: Path, follow: bool) -> Signature:
    try:
        found = path.stat(follow_symlinks=follow)
    except OSError as error:
        return (error.errno,)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
