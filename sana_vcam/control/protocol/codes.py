"""Why a request is refused."""

from __future__ import annotations

from enum import StrEnum


class ReplyCode(StrEnum):
    """Why a request was refused."""

    PARSE_ERROR = "parse_error"
    """The message is neither JSON nor one line of text."""
    INVALID_REQUEST = "invalid_request"
    """The message is not `{"type", "id", "data"}`."""
    UNKNOWN_COMMAND = "unknown_command"
    """There is no command of that name."""
    INVALID_DATA = "invalid_data"
    """A field of the command is missing, unknown or wrong."""
    NOT_FOUND = "not_found"
    """The command names something that does not exist."""
    NOT_READY = "not_ready"
    """The command needs something that is not there yet."""
    REJECTED = "rejected"
    """The model or the configuration refuses it."""
    RATE_LIMITED = "rate_limited"
    """Too many messages in a short time; the command did not run."""
    INTERNAL = "internal"
    """A defect of the daemon; its log has the details."""
