"""The token of the control API: kept in a private file, made once, rotated on request."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from sana_vcam.control.access.privatefiles import (
    CannotWrite,
    create,
    private_directory,
    read_private,
    replace,
)
from sana_vcam.errors import StartupError

TOKEN_FILE = "token"  # noqa: S105 - a file's name
"""The file in the state directory; a running daemon takes up a new token that is put there."""
TOKEN_VARIABLE = "SANA_VCAM_CONTROL__TOKEN"  # noqa: S105 - a variable's name
"""The variable with the token: for clients, of a daemon elsewhere; for a daemon, its own."""

log = logging.getLogger(__name__)


def load_token(configured: SecretStr | None, state_dir: Path) -> str:
    """Take the configured token, or else read the kept one; the first call generates it.

    Raises:
        StartupError: the token is empty, or its file cannot be trusted.
    """
    if configured is not None:
        token = configured.get_secret_value()
        if not token or not token.isprintable() or " " in token:
            raise StartupError(
                "[control] token is empty, or has spaces or control characters in it; "
                "set a long random word, or remove the key to have one generated"
            )
        return token
    path = state_dir / TOKEN_FILE
    try:
        private_directory(state_dir)
    except CannotWrite as error:
        return _token_for_now(error)
    return read_private(path, repair=True).strip() or _create_token(path)


def kept_token(state_dir: Path) -> str | None:
    """Read the token that is kept; None if there is none.

    Raises:
        StartupError: its file cannot be trusted.
    """
    return read_private(state_dir / TOKEN_FILE).strip() or None


def rotate_token(state_dir: Path) -> str:
    """Make a new token, and keep it in place of the old one.

    Raises:
        StartupError: the directory cannot be trusted or written.
    """
    private_directory(state_dir)
    token = secrets.token_urlsafe(32)
    replace(state_dir / TOKEN_FILE, token + "\n", lasting=True)
    return token


def _create_token(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    try:
        with suppress(OSError):
            path.unlink(missing_ok=True)  # an empty file, left by a crash
        create(path, token + "\n")
    except CannotWrite as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return _token_for_now(error)
    log.info("generated a control token, kept in %s", path)
    return token


def _token_for_now(error: CannotWrite) -> str:
    # A disk that takes nothing is no reason for viewers to see nothing: control.json tells this
    # token.
    log.warning("cannot keep the control token, which is good until the next start only: %s", error)
    return secrets.token_urlsafe(32)
