"""The one way from a `Picture` to viewers, whatever the virtual camera is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from sana_vcam.config.schema import SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.media import pixels
from sana_vcam.media.frames import Picture
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.sinks import external
from sana_vcam.media.sinks.canvas import Canvas
from sana_vcam.media.sinks.external import ExternalKind
from sana_vcam.media.sinks.loopback import LoopbackBackend
from sana_vcam.media.sinks.node import CameraNode
from sana_vcam.media.sinks.raw import RawBackend
from sana_vcam.media.sinks.virtualcamera import FedCamera, VirtualCamera, VirtualCameraStatus
from sana_vcam.media.v4l2 import devices

log = logging.getLogger(__name__)

type SingleKind = ExternalKind | Literal["preview", "raw"]
"""What is one virtual camera, or stands in for one."""
type SinkKind = Literal["v4l2loopback", "pipewire"] | SingleKind

LOOPBACK: Final = "v4l2loopback"
PIPEWIRE: Final = "pipewire"
REAL_KINDS: tuple[SinkKind, ...] = (LOOPBACK, PIPEWIRE, *external.EXTERNAL_KINDS)
"""The virtual cameras that apps can see."""
SLATE_SOURCES = frozenset({"slate", "black"})


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """What is fed, and how each virtual camera is doing."""

    kind: SinkKind
    name: str
    cameras: tuple[VirtualCameraStatus, ...]

    @property
    def error(self) -> str | None:
        """What is wrong with the first lost camera; None when all are open."""
        return next((one.error for one in self.cameras if one.error is not None), None)


class Sink:
    """One or more virtual cameras of one size, format and rate for their whole life.

    Used by the playout thread; `status`, `devices` and the latest picture also by others. Takes a
    `Picture` and nothing else: the raw camera has no way in here.
    """

    def __init__(
        self,
        kind: SinkKind,
        cameras: Sequence[FedCamera],
        config: SinkConfig,
        canvas: Canvas,
        node: CameraNode | None = None,
    ) -> None:
        """Feed the cameras, which are open, and `node` beside them or alone."""
        self._kind: SinkKind = kind
        self._config = config
        self._node = node
        self._cameras: tuple[FedCamera, ...] = (*cameras, *([] if node is None else [node]))
        self.size = (config.width, config.height)
        self.frames_sent = 0
        self._on_sent: Callable[[Picture, Pixels], None] | None = None
        self._fed: tuple[FedCamera | _Follower, ...] = self._cameras
        """Who is given each frame: a follower costs a tick nothing while there is none."""
        self._canvas = canvas
        self._latest: tuple[Picture, Pixels] | None = None

    @classmethod
    def open(
        cls,
        config: SinkConfig,
        *,
        slate: Picture | None = None,
        system: devices.System | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Open what the configuration asks for. Raises `SinkError` with the fix.

        "auto" is every virtual camera that there is, else preview; the PipeWire node is added when
        a PipeWire comes later. `slate` is what v4l2loopback
        shows by itself when this process is gone or silent: a slate or black, which is the default.
        """
        if slate is None:
            slate = Picture.black(config.width, config.height)
        _require_slate(slate)
        system = system or devices.System()
        if config.kind != "auto":
            return cls._open_kind(config.kind, config, slate, system, clock)
        missing: list[tuple[SinkKind, SinkError]] = []
        for kind in (*_possible_kinds(system), "preview"):
            try:
                sink = cls._open_kind(kind, config, slate, system, clock)
            except SinkError as error:
                missing.append((kind, error))
            else:
                _tell_missing(sink.kind, missing)
                return sink
        raise missing[-1][1]

    @classmethod
    def _open_kind(
        cls,
        kind: SinkKind,
        config: SinkConfig,
        slate: Picture,
        system: devices.System,
        clock: Callable[[], float],
    ) -> Self:
        if kind in REAL_KINDS and kind not in _possible_kinds(system):
            raise SinkError(
                f"sink.kind: {kind} does not exist on this system; use auto, preview, raw"
                + "".join(f", {one}" for one in _possible_kinds(system))
            )
        pixel_format = config.pixel_format if kind == "raw" else "I420"
        canvas = Canvas(config.width, config.height, config.fit, pixel_format)
        cameras: list[VirtualCamera] = []
        node: CameraNode | None = None
        if kind == LOOPBACK:
            frame = canvas.convert(slate).tobytes()
            found = devices.find_virtual_cameras(config.label, config.device, system)
            cameras = [_loopback(one, config, frame, system, clock) for one in found]
        elif kind == PIPEWIRE:
            node = _open_node(config.label, config)
            if config.kind == "auto" and not node.appeared:
                kind, cameras = "preview", [_single("preview", config, clock)]
        else:
            cameras = [_single(kind, config, clock)]
        _open_what_opens(cameras)
        if kind == LOOPBACK and config.kind == "auto":
            node = _open_node_beside(config)
        sink = cls(kind, cameras, config, canvas, node)
        size = f"{config.width}x{config.height} at {config.fps:g} fps"
        log.info("sink %s: %s, %s %s", kind, sink.name, canvas.pixel_format, size)
        return sink

    @property
    def kind(self) -> SinkKind:
        """What is fed; from any thread. A preview becomes "pipewire" once there is a PipeWire."""
        return PIPEWIRE if self._kind == "preview" and self._fed_node else self._kind

    @property
    def name(self) -> str:
        """What applications list, and where; from any thread."""
        return _name(self.kind, self._shown, self._config)

    @property
    def status(self) -> SinkStatus:
        """How each virtual camera is doing; from any thread."""
        return SinkStatus(self.kind, self.name, tuple(one.status for one in self._shown))

    @property
    def devices(self) -> tuple[str, ...]:
        """The paths of the v4l2loopback devices that are fed now; none for other kinds.

        While all of them are lost, where they were: another program may feed a lost one, whose
        viewers are not ours.
        """
        if self.kind != LOOPBACK:
            return ()
        cameras = [one.status for one in self._cameras if one is not self._node]
        fed = tuple(one.device for one in cameras if one.open)
        return fed or tuple(one.device for one in cameras)

    @property
    def readers(self) -> tuple[str, ...] | None:
        """What the programs that read the PipeWire node call themselves; None without a node."""
        node = self._fed_node
        return None if node is None else node.readers

    @property
    def tells_viewers(self) -> bool:
        """Whether it can be known who watches, once somebody has looked."""
        return self._fed_node is not None or bool(self.devices)

    @property
    def _fed_node(self) -> CameraNode | None:
        """The node, unless "auto" still waits for a PipeWire."""
        node = self._node
        return node if node and (node.appeared or self._kind == PIPEWIRE) else None

    @property
    def _shown(self) -> tuple[FedCamera, ...]:
        """The cameras of the state: the preview only where there is nothing else."""
        node = self._fed_node
        if node is not None and self._kind == "preview":
            return (node,)
        return tuple(one for one in self._cameras if one is not self._node or node is not None)

    def follow_readers(self, on_change: Callable[[], None]) -> None:
        """Have `on_change` called, on another thread, after each change of `readers` or `kind`."""
        if self._node is not None:
            self._node.on_readers = on_change

    @property
    def on_sent(self) -> Callable[[Picture, Pixels], None] | None:
        """Called with each picture and its frame, once viewers have it; on the playout thread.

        It does not wait. Written by the event loop.
        """
        return self._on_sent

    @on_sent.setter
    def on_sent(self, call: Callable[[Picture, Pixels], None] | None) -> None:
        self._on_sent = call
        more = () if call is None else (_Follower(self, call),)
        self._fed = (*self._cameras, *more)

    def send(self, picture: Picture) -> None:
        """Show a picture. Raises `TypeError` for anything but exactly a `Picture`.

        A subclass is refused as well, since it could carry other pixels. A virtual camera that is
        lost raises nothing: see `status`. `SinkError` is for what cannot come back by itself.
        """
        if type(picture) is not Picture:
            raise TypeError(f"a sink takes a Picture only, not a {type(picture).__name__}")
        frame = self._canvas.convert(picture)
        self._latest = picture, frame
        for camera in self._fed:
            camera.send(frame)
        self.frames_sent += 1

    @property
    def latest(self) -> Picture | None:
        """The newest picture; None before the first."""
        return None if self._latest is None else self._latest[0]

    def latest_pixels(self) -> Pixels | None:
        """Give what viewers see now, as (h, w, 3) BGR of the sink's size; None before the first.

        Not to be written to.
        """
        if self._latest is None:
            return None
        _, frame = self._latest
        return frame if self._canvas.pixel_format == "BGR24" else pixels.i420_to_bgr(frame)

    def latest_i420(self) -> tuple[Picture, Pixels] | None:
        """Give the picture that viewers see now, and its I420 frame of the sink's size.

        As it was sent where viewers get I420; not to be written to. None before the first.
        """
        if self._latest is None or self._canvas.pixel_format == "I420":
            return self._latest
        picture, frame = self._latest
        return picture, pixels.to_i420(frame)

    def close(self) -> None:
        """Let go of the virtual cameras; their viewers are left with the slate. Twice is fine."""
        for camera in self._cameras:
            camera.close()


class _Follower:
    """Whoever is told of each picture, after the virtual cameras."""

    def __init__(self, sink: Sink, call: Callable[[Picture, Pixels], None]) -> None:
        self._sink = sink
        self._call = call

    def send(self, frame: Pixels) -> None:
        """Pass the newest picture on, with its frame."""
        if (latest := self._sink.latest) is not None:
            self._call(latest, frame)


def _require_slate(picture: Picture) -> None:
    """Refuse all but a drawn slate and black: only these may outlive the process."""
    if type(picture) is not Picture or picture.source not in SLATE_SOURCES:
        raise TypeError("the picture for a silent virtual camera is a slate or black")


def _open_what_opens(cameras: Sequence[VirtualCamera]) -> None:
    """Open the cameras; those that fail are lost, unless all do. Raises `SinkError`."""
    failed: list[tuple[VirtualCamera, SinkError]] = []
    for camera in cameras:
        try:
            camera.open()
        except SinkError as error:
            failed.append((camera, error))
    if failed and len(failed) == len(cameras):
        raise failed[0][1]
    for camera, why in failed:
        camera.lose(why)


def _tell_missing(kind: SinkKind, missing: Sequence[tuple[SinkKind, SinkError]]) -> None:
    """Log which kinds "auto" has not found before `kind`; without a PipeWire nothing is amiss."""
    for one, error in missing:
        if kind == PIPEWIRE:
            log.info("only applications that read PipeWire list this camera; for others: %s", error)
        else:
            log.log(logging.INFO if one == PIPEWIRE else logging.WARNING, "%s", error)


def _open_node(name: str, config: SinkConfig) -> CameraNode:
    """Open the camera that is a PipeWire node; "auto" waits for a PipeWire without a warning.

    Raises `SinkError` where none can come.
    """
    node = CameraNode(name, (config.width, config.height), config.fps)
    node.open()
    if not node.appeared:
        level = logging.WARNING if config.kind == PIPEWIRE else logging.INFO
        log.log(level, "no virtual camera through PipeWire: %s", node.status.error)
    return node


def _open_node_beside(config: SinkConfig) -> CameraNode | None:
    """Open the node beside devices, which session managers list under the plain name."""
    try:
        return _open_node(f"{config.label} (PipeWire)", config)
    except SinkError as error:
        log.info("%s", error)
        return None


def _possible_kinds(system: devices.System) -> tuple[SinkKind, ...]:
    """List the virtual cameras that this system can have, in the order for "auto"."""
    return (LOOPBACK, PIPEWIRE) if system.platform == "linux" else external.possible_kinds()


def _name(kind: SinkKind, cameras: Sequence[FedCamera], config: SinkConfig) -> str:
    if kind == "preview":
        return "preview (no virtual camera)"
    if kind == "raw":
        return "standard output" if config.path == "-" else config.path
    if kind in {LOOPBACK, PIPEWIRE}:
        return ", ".join(_place(one.status) for one in cameras)
    return cameras[0].status.name


def _place(camera: VirtualCameraStatus) -> str:
    """Name a virtual camera with where it is, unless its name says that."""
    place = f"({camera.device})"
    return camera.name if place in camera.name else f"{camera.name} {place}"


# -- how each kind is opened -------------------------------------------------------------------


class MemoryBackend:
    """The newest frame, which any thread may look at; for machines without a virtual camera."""

    device = "preview"

    def __init__(self) -> None:
        self.latest: Pixels | None = None

    def send(self, frame: Pixels) -> None:
        """Keep this frame, which nobody writes to any more."""
        self.latest = frame

    def close(self) -> None:
        """Forget the frame."""
        self.latest = None


def _loopback(
    found: devices.Device,
    config: SinkConfig,
    slate: bytes,
    system: devices.System,
    clock: Callable[[], float],
) -> VirtualCamera:
    def make() -> LoopbackBackend:
        path = devices.relocate(found.name, camera.status.device, system)
        if path is None:
            raise SinkError(
                f'the virtual camera "{found.name}" is gone. {devices.how_to_make(system)}'
            )
        size = (config.width, config.height)
        return LoopbackBackend(path, size, config.fps, slate=slate, system=system)

    camera = VirtualCamera(found.name, found.path, make, clock=clock)
    return camera


def _single(kind: SingleKind, config: SinkConfig, clock: Callable[[], float]) -> VirtualCamera:
    """Make the one virtual camera of a kind that has no devices of ours."""
    if kind == "preview":
        return VirtualCamera("preview", "preview", MemoryBackend)
    if kind == "raw":
        return VirtualCamera(config.path, config.path, lambda: RawBackend(config.path))
    name = config.device or external.NAMES[kind]
    return VirtualCamera(name, name, lambda: external.ExternalBackend(kind, config), clock=clock)
