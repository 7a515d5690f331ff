"""Errors that a user can cause, and the exit code that each one ends the process with.

    SanaVcamError
     ├─ ConfigError            exit 78 (EX_CONFIG of sysexits.h, which systemd knows)
     ├─ StartupError           exit 1: port taken, second daemon, virtual camera missing …
     ├─ CameraError            the camera cannot be opened or has stopped; its owner retries
     │   └─ CameraFault        … with calm words for viewers (`sana_vcam.camera.source`)
     ├─ SinkError              the virtual camera cannot be opened or refused a frame
     │   └─ SinkLost           … and may come back by itself (`sana_vcam.sinks.loopback`)
     ├─ CommandFailed          a control command was refused; becomes an error reply
     └─ SessionError           in `sana_vcam.sana`: what the Reactor platform or the model refused

Every message says what is wrong, where, and the command or key that mends it.
"""

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_CONFIG = 78


class SanaVcamError(Exception):
    """Base of every error with a message meant for the user."""

    exit_code = EXIT_FAILURE


class ConfigError(SanaVcamError):
    """The configuration is wrong; the message names file, key, value and the mend."""

    exit_code = EXIT_CONFIG


class StartupError(SanaVcamError):
    """The daemon cannot start on this machine as it is."""


class CameraError(SanaVcamError):
    """The camera cannot be opened, or has stopped delivering frames."""


class SinkError(SanaVcamError):
    """The virtual camera cannot be opened, or refused a frame."""


class CommandFailed(SanaVcamError):
    """A control command was refused.

    `code` is one of the reply codes of the control API: invalid_data, not_found, not_ready,
    rejected, internal.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
