"""The one way from a `Picture` to viewers, whatever the virtual camera is."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Literal, Self

from sana_vcam import devices, pixels
from sana_vcam.errors import SinkError
from sana_vcam.frames import Picture
from sana_vcam.sinks import loopback

if TYPE_CHECKING:
    from sana_vcam.config import SinkConfig
    from sana_vcam.frames import Pixels

logger = logging.getLogger(__name__)

type Kind = Literal["v4l2loopback", "obs", "unitycapture", "preview", "raw"]

REAL_KINDS: tuple[Kind, ...] = ("v4l2loopback", "obs", "unitycapture")
"""The virtual cameras, in the order in which "auto" tries them."""
OBS_DEVICE = "OBS Virtual Camera"


class Sink:
    """An opened virtual camera of one size, format and rate for its whole life.

    Used by the playout thread; `latest_pixels` also by others. Takes a `Picture` and nothing
    else: the raw camera has no way in here.
    """

    def __init__(self, camera: Any, kind: Kind, name: str, config: SinkConfig) -> None:
        self.kind: Kind = kind
        self.name = name
        self.size = (config.width, config.height)
        self.frames_sent = 0
        self._camera = camera
        self._fit = config.fit
        self._canvas = pixels.Canvas(*self.size, config.fit, _pixel_format(kind, config))
        self._latest: Picture | None = None

    @classmethod
    def open(cls, config: SinkConfig) -> Self:
        """Open what the configuration asks for. Raises `SinkError` with the mend.

        "auto" is the virtual camera if there is one, else preview.
        """
        if config.kind != "auto":
            return cls._open_kind(config.kind, config)
        for kind in _possible_kinds():
            try:
                return cls._open_kind(kind, config)
            except SinkError as error:
                logger.warning("%s", error)
        return cls._open_kind("preview", config)

    @classmethod
    def _open_kind(cls, kind: Kind, config: SinkConfig) -> Self:
        backend, device, name = _place(kind, config)
        import pyvirtualcam  # noqa: PLC0415 - loaded only when a sink is opened

        if backend not in pyvirtualcam.camera.BACKENDS:
            raise SinkError(
                f"sink.kind: {kind} does not exist on this system; use auto, preview, raw"
                + "".join(f", {one}" for one in _possible_kinds())
            )
        wanted = _pixel_format(kind, config)
        formats = {"I420": pyvirtualcam.PixelFormat.I420, "BGR24": pyvirtualcam.PixelFormat.BGR}
        try:
            camera = pyvirtualcam.Camera(
                config.width,
                config.height,
                config.fps,
                fmt=formats[wanted],
                backend=backend,
                device=device,
            )
        except RuntimeError as error:
            raise SinkError(_cannot_open(kind, name, backend, error)) from error
        if kind == "v4l2loopback" and device is not None:
            loopback.declare_rate(device, config.fps)
        size = f"{config.width}x{config.height} at {config.fps:g} fps"
        logger.info("sink %s: %s, %s %s", kind, name, wanted, size)
        return cls(camera, kind, name, config)

    @property
    def frames_dropped(self) -> int:
        """Frames that a raw sink's reader did not take in time; 0 for the others."""
        backend = self._camera._backend
        return int(getattr(backend, "frames_dropped", 0))

    def send(self, picture: Picture) -> None:
        """Show a picture. Raises `TypeError` for anything but exactly a `Picture`; `SinkError`.

        A subclass is refused as well, since it could carry other pixels.
        """
        if type(picture) is not Picture:
            raise TypeError(f"a sink takes a Picture only, not a {type(picture).__name__}")
        frame = self._canvas.convert(picture)
        try:
            self._camera.send(frame)
        except (RuntimeError, OSError) as error:
            raise SinkError(f"{self.name} refused a frame: {error}") from error
        self._latest = picture
        self.frames_sent += 1

    def latest_pixels(self) -> Pixels | None:
        """What viewers see now, as (h, w, 3) BGR of the sink's size; None before the first."""
        picture = self._latest
        if picture is None:
            return None
        return pixels.to_bgr(pixels.fit(picture.pixels, *self.size, self._fit))

    def close(self) -> None:
        """Let go of the virtual camera. May be called twice."""
        self._camera.close()


def _possible_kinds() -> tuple[Kind, ...]:
    """The virtual cameras that pyvirtualcam has on this system."""
    import pyvirtualcam  # noqa: PLC0415 - loaded only when a sink is opened

    return tuple(kind for kind in REAL_KINDS if kind in pyvirtualcam.camera.BACKENDS)


def _pixel_format(kind: Kind, config: SinkConfig) -> pixels.PixelFormat:
    """I420 for apps; raw frames as the user asked for."""
    return config.pixel_format if kind == "raw" else "I420"


def _place(kind: Kind, config: SinkConfig) -> tuple[str, str | None, str]:
    """The backend of a kind, the device in it, and its name in words."""
    from sana_vcam.sinks import backends  # noqa: PLC0415 - registers with pyvirtualcam

    if kind in {"preview", "raw"}:
        backends.register()
    if kind == "preview":
        return backends.PREVIEW, None, "preview (no virtual camera)"
    if kind == "raw":
        name = "standard output" if config.path == "-" else config.path
        return backends.RAW, config.path, name
    if kind == "v4l2loopback" and sys.platform == "linux":
        found = devices.find_virtual_camera(config.label, config.device)
        return kind, found.path, f"{found.name} ({found.path})"
    device = config.device or None
    return kind, device, device or (OBS_DEVICE if kind == "obs" else "Unity Video Capture")


def _cannot_open(kind: Kind, name: str, backend: str, error: RuntimeError) -> str:
    why = str(error).removeprefix(f"'{backend}' backend: ")
    if kind == "raw":
        return why
    mends = {
        "v4l2loopback": "another program may be writing to it (sana-vcam devices shows which); "
        "end that, or set sink.device to another virtual camera",
        "obs": "install OBS Studio and start its virtual camera once, then stop it",
        "unitycapture": "install Unity Capture, and set sink.device to its name",
    }
    return f"cannot open the virtual camera {name}: {why}; {mends.get(kind, 'this is a defect')}"
