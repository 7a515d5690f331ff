"""Where files are: the configuration, the presets, state that lasts, run-time files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sana_vcam.config.runtimedir import APP, usual_runtime_dir
from sana_vcam.errors import StartupError


def state_dir() -> Path:
    """Name the folder of the token, the open sessions and what was billed.

    It is usually ~/.local/state/sana-vcam.

    Raises:
        StartupError: it is below a home that nobody knows.
    """
    return _found("XDG_STATE_HOME", lambda: platformdirs.user_state_path(APP, appauthor=False))


def videos_dir() -> Path:
    """Name the user's folder of videos, as the desktop's user-dirs.dirs names it; usually ~/Videos.

    Raises:
        StartupError: it is below a home that nobody knows.
    """
    return _found("XDG_VIDEOS_DIR", platformdirs.user_videos_path)


def _found(variable: str, find: Callable[[], Path]) -> Path:
    """Find a folder of the user's; where there is no home, say what to set."""
    try:
        return find()
    except RuntimeError:
        # Neither HOME nor an entry in the system's list of users.
        raise StartupError(
            f"this user has no home folder: set HOME, or {variable} to a folder's full path"
        ) from None


def runtime_dir() -> Path:
    """Name the folder of the lock and of control.json, which are gone after a reboot.

    It is usually $XDG_RUNTIME_DIR/sana-vcam.

    Raises:
        StartupError: there is no directory that is safe to use.
    """
    if usual := usual_runtime_dir():
        return Path(usual)
    with warnings.catch_warnings():
        # Where XDG_RUNTIME_DIR is unset, platformdirs warns that it takes its fallback.
        warnings.simplefilter("ignore")
        try:
            return _found(
                "XDG_RUNTIME_DIR", lambda: platformdirs.user_runtime_path(APP, appauthor=False)
            )
        except PermissionError as error:
            raise StartupError(f"no private place for run-time files: {error}") from error


CONFIG_FILE = "config.toml"
SYSTEM_PATH = Path("/etc/sana-vcam") / CONFIG_FILE


def user_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Name the user's own configuration file, whether it is there or not.

    Raises:
        StartupError: it is below a home that nobody knows.
    """
    home = environ.get("XDG_CONFIG_HOME", "")
    if Path(home).is_absolute():
        base = Path(home)
    else:
        base = _found("XDG_CONFIG_HOME", platformdirs.user_config_path)
    return base / "sana-vcam" / CONFIG_FILE


def _own(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """List the user's own file, if there can be one."""
    try:
        return (user_path(environ),)
    except StartupError:
        return ()


def default_paths(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """List where a configuration is looked for when no flag names one; the first match wins."""
    return (*_own(environ), SYSTEM_PATH)


PRESETS_FILE = "presets.toml"
PLAYLISTS_FILE = "playlists.toml"


def beside(config: Path) -> Path:
    """Name the presets' own file that goes with a configuration file, in the same folder.

    Two configurations in one folder have two lists: work.toml goes with work.presets.toml.
    """
    own = PRESETS_FILE if config.name == CONFIG_FILE else f"{config.stem}.{PRESETS_FILE}"
    return config.with_name(own)


def presets_paths(
    named: Path | None, found: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[Path, ...]:
    """List where the presets' own file is looked for, the first match wins; edits write the first.

    It is beside the configuration file that a flag names. Else it is the user's own, whoever owns
    the configuration file that was found, and beside that one.
    """
    if named:
        return (beside(named),)
    own = _own(environ) or (found or SYSTEM_PATH,)
    return tuple(dict.fromkeys(beside(path) for path in (*own, found or own[0])))


def playlists_beside(presets: Path) -> Path:
    """Name the file of the playlists that goes with a file of presets."""
    return presets.with_name(presets.name.replace(PRESETS_FILE, PLAYLISTS_FILE))


PRIVATE_FOLDER = "private"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a system service keeps its files; None stands for the user's own folders."""

    state: Path | None = None
    runtime: Path | None = None
    shared: Path | None = None


def folders(environ: Mapping[str, str]) -> Folders:
    """Lay out what StateDirectory= and RuntimeDirectory= of the system unit give.

    Those of another unit do not count: a shell that a service started hands them on.
    """
    given = (environ.get(name, "") for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"))
    state, runtime = (Path(text) if Path(text).name == APP else None for text in given)
    return Folders(state, runtime and runtime / PRIVATE_FOLDER, runtime)
