"""Errors that a user can cause, and the exit code that each one ends the process with.

    SanaVcamError
     ├─ ConfigError            exit 78 (EX_CONFIG of sysexits.h, which systemd knows)
     ├─ StartupError           exit 1: port taken, second daemon, virtual camera missing …
     ├─ CameraError            the camera cannot be opened or has stopped; its owner retries
     │   └─ CameraFault        … with calm words for viewers
     ├─ SinkError              the virtual camera cannot be opened or refused a frame
     │   └─ SinkLost           … and may come back by itself
     ├─ VoiceError             the voice cannot be carried: no sound server, no such microphone
     ├─ ClipFailed             a video file cannot be read, edited or written
     ├─ KeepingFailed          what viewers see cannot be kept: too slow a machine, no room, a disk
     ├─ CommandFailed          a control command was refused; becomes an error reply
     └─ SessionError           in `sana_vcam.reactor`: what the platform or the model refused

Every message says what is wrong, where, and the command or key that fixes it.
"""

from enum import StrEnum

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_CONFIG = 78


class SanaVcamError(Exception):
    """Base of every error with a message meant for the user."""

    exit_code = EXIT_FAILURE


class ConfigError(SanaVcamError):
    """The configuration is wrong; the message names file, key, value and the fix."""

    exit_code = EXIT_CONFIG


class StartupError(SanaVcamError):
    """The daemon cannot start on this machine as it is."""


class CameraError(SanaVcamError):
    """The camera cannot be opened, or has stopped delivering frames."""


class CameraWords(StrEnum):
    """What is wrong, in calm words for a meeting: no names, paths or commands."""

    UNPLUGGED = "The camera was unplugged"
    BUSY = "Another program uses the camera"
    SILENT = "The camera gives no picture"
    WAKING = "The camera is waking up"
    NONE = "There is no camera"
    FORBIDDEN = "The camera may not be used"
    FORMAT = "The camera's picture cannot be read"


class CameraFault(CameraError):
    """A `CameraError` that viewers may be told of, in `words`."""

    def __init__(self, message: str, words: CameraWords) -> None:
        super().__init__(message)
        self.words = words


class SinkError(SanaVcamError):
    """The virtual camera cannot be opened, or refused a frame."""


class SinkLost(SinkError):
    """A virtual camera took frames and takes none any more; its owner opens it again."""


class VoiceError(SanaVcamError):
    """The microphone cannot be carried: no sound server that can do it, or no such microphone."""


class ClipFailed(SanaVcamError):
    """A video file that is to be edited cannot be read, or the edited one not be written."""


class KeepingFailed(SanaVcamError):
    """What viewers see cannot be kept, or not any more."""


class CommandFailed(SanaVcamError):
    """A control command was refused.

    `code` is one of the reply codes of the control API: invalid_data, not_found, not_ready,
    rejected, internal.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
