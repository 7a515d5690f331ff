"""The frame types, and the seal between the raw camera and what viewers see.

A `CameraFrame` is the raw camera. A `Picture` is what a sink takes. There are four ways to make
a `Picture`: from a `ModelFrame`, from a drawn slate, black, and from a raw frame *together with* a
`BypassGrant`, which exists only if the configuration allows bypass. A sink refuses everything
that is not a `Picture`, so a raw face cannot reach viewers by mistake.

From the model on, pictures are planar I420 as (height * 3 / 2, width) uint8 arrays, BT.601 in
limited range, of even sizes: what virtual cameras and encoders take, in three eighths of BGRA's
memory.

A transition makes pictures of pictures: one fitted to another size, and two blended. What shows the
raw camera is not blended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from sana_vcam.config.kinds import Fit, Size
from sana_vcam.config.schema import PrivacyConfig
from sana_vcam.media.pixels import Pixels, black_i420, blend_i420, fit_i420, to_i420


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """One raw picture of the camera, fitted to the size that the sessions want.

    `bgr` is (height, width, 3) BGR, C-contiguous, never written to after construction.
    `captured_at` is `time.monotonic()` seconds at the end of the device read.
    """

    bgr: Pixels
    sequence: int
    captured_at: float


@dataclass(frozen=True, slots=True)
class ModelFrame:
    """One edited picture from the model's `main_video` track.

    `i420` is (height * 3 / 2, width) I420, never written to after construction. `received_at` is
    `time.monotonic()` seconds in the SDK's frame callback.
    """

    i420: Pixels
    sequence: int
    received_at: float


_SEAL: Final = object()


class BypassGrant:
    """Proof that the configuration allows the raw camera to be shown."""

    __slots__ = ("_seal",)

    def __init__(self, *, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a BypassGrant comes from BypassGrant.from_config() only")
        self._seal = seal

    @property
    def is_genuine(self) -> bool:
        """Whether it was made by its constructor, and not around it."""
        return getattr(self, "_seal", None) is _SEAL

    @classmethod
    def from_config(cls, privacy: PrivacyConfig) -> BypassGrant | None:
        """Make the grant if `privacy.allow_bypass` is true, else None."""
        return cls(seal=_SEAL) if privacy.allow_bypass else None


class Picture:
    """What viewers may see; the only type that a sink takes.

    `i420` is (h * 3 / 2, w) I420 of any even size, read-only; the sink fits it.
    `source` is "model", "slate", "black", "bypass" or "blend", which is never of the raw camera.
    A picture never changes, so a sink may keep its conversion of the one that it was last given.
    """

    __slots__ = ("i420", "source")

    def __init__(self, i420: Pixels, source: str, *, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a Picture comes from one of its constructors only")
        shown = i420.view()
        shown.flags.writeable = False
        self.i420 = shown
        self.source = source

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError("a Picture does not change")
        super().__setattr__(name, value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Picture is neither copied nor stored")

    @classmethod
    def from_model(cls, frame: ModelFrame) -> Picture:
        """Make a picture of the model's output."""
        _require(frame, ModelFrame)
        return cls(frame.i420, "model", seal=_SEAL)

    @classmethod
    def from_slate(cls, slate: SlateImage) -> Picture:
        """Make a picture of a drawn slate."""
        _require(slate, SlateImage)
        return cls(to_i420(slate.bgr), "slate", seal=_SEAL)

    @classmethod
    def black(cls, width: int, height: int) -> Picture:
        """Make a black picture."""
        return cls(black_i420(width, height), "black", seal=_SEAL)

    @classmethod
    def from_bypass(cls, grant: BypassGrant, frame: CameraFrame) -> Picture:
        """Make a picture of the raw camera, which takes the configuration's grant."""
        _require(grant, BypassGrant)
        if not grant.is_genuine:
            raise TypeError("this BypassGrant does not come from the configuration")
        _require(frame, CameraFrame)
        return cls(to_i420(frame.bgr), "bypass", seal=_SEAL)

    @classmethod
    def fitted(cls, picture: Picture, size: Size, fit: Fit) -> Picture:
        """Make a picture of this (width, height), as a sink fits it."""
        _require(picture, Picture)
        return cls(fit_i420(picture.i420, *size, fit), picture.source, seal=_SEAL)

    @classmethod
    def blend(cls, before: Picture, after: Picture, share: float) -> Picture:
        """Make a picture of two of one size, with `share` of the second, 0 to 1.

        Raises `TypeError` if either shows the raw camera, or is no picture.
        """
        for picture in (before, after):
            _require(picture, Picture)
            if picture.source == "bypass":
                raise TypeError("the raw camera is not blended with anything")
        return cls(blend_i420(before.i420, after.i420, share), "blend", seal=_SEAL)


@dataclass(frozen=True, slots=True)
class SlateImage:
    """A slate that `sana_vcam.media.slate` drew; `bgr` is (height, width, 3) BGR."""

    bgr: Pixels


def _require(value: Any, kind: type) -> None:
    """Refuse anything but exactly `kind`: a subclass could carry other pixels."""
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
