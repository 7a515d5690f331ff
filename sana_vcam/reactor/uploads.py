"""A file's way to a session."""

from __future__ import annotations

import asyncio
from pathlib import Path

from reactor_sdk import (
    AbortedError,
    DisconnectedError,
    FileRef,
    InvalidStateError,
    Reactor,
    ReactorError,
)

from sana_vcam.lib.threads import run_blocking
from sana_vcam.reactor.errors import SessionLost, UploadFailed, describe

UPLOAD_TIMEOUT_S = 300.0


async def upload(reactor: Reactor, file: Path | bytes, *, name: str, mime_type: str) -> FileRef:
    """Upload a file; the reference is good for this session only.

    Raises `UploadFailed` or `SessionLost`.
    """
    try:
        data = (
            await run_blocking(file.read_bytes, name="read-file")
            if isinstance(file, Path)
            else file
        )
        if not data:
            raise UploadFailed("the file is empty")
        sending = reactor.upload_file(data, name=name, mime_type=mime_type)
        return await asyncio.wait_for(sending, UPLOAD_TIMEOUT_S)
    except (AbortedError, DisconnectedError, InvalidStateError):
        raise SessionLost("the connection dropped during the upload") from None
    except ReactorError as error:
        raise UploadFailed(f"the file could not be uploaded: {describe(error)}") from None
    except OSError as error:
        reason = error.strerror or "no answer"
        raise UploadFailed(f"the file could not be uploaded: {reason}") from None
