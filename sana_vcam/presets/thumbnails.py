"""Thumbnails: a still of the user with each preset, made from the model's output only.

One is taken once a preset has been live and undisturbed for some chunks, scaled to 320x180 and
kept as a JPEG that the user alone may read. Its file is named by the preset's id and by what the
preset asks for, so that a thumbnail of another prompt is never shown: `tidy` removes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sana_vcam.config.preset import Preset
from sana_vcam.lib.atomicfile import replace_file
from sana_vcam.lib.idle import aligned_sleep
from sana_vcam.lib.statefile import make_private_folder, read_bounded
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pixels import fit_i420, i420_to_bgr, to_jpeg
from sana_vcam.media.shedding import Shed, Shedding

log = logging.getLogger(__name__)

WIDTH, HEIGHT = 320, 180
JPEG_QUALITY = 80
FOLDER = "thumbnails"
"""The folder of the thumbnails, in the state folder."""
SETTLED_CHUNKS = 2
"""The first whole chunk after the model has confirmed a prompt may still be the one before."""
RENEW_AFTER_S = 600.0
"""A newer thumbnail of the same preset is worth a write and a redraw this often at most."""
LOOK_EVERY_S = 0.5
"""The time from one look at what is on air to the next."""
RETRY_S = 60.0
"""The wait after a thumbnail could not be written."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """What viewers see at one moment, as far as a thumbnail depends on it."""

    live: bool
    """Whether it is the model's moving picture, without blank, freeze or bypass."""
    prompt: str
    """The prompt that is wanted; `model_prompt` is the one that the model has confirmed."""
    preset: str | None
    seed: int
    paused: bool
    model_prompt: str | None
    chunk: int | None


class SettleDetector:
    """Decides when a preset has settled; pure, told every now and then of what is on air."""

    def __init__(self, settled_chunks: int = SETTLED_CHUNKS) -> None:
        self._settled_chunks = settled_chunks
        self._seen: tuple[str, str, int] | None = None
        self._first_chunk = 0
        self._last_chunk = 0
        self._settled_at: float | None = None

    def settled(self, on_air: OnAir, presets: Sequence[Preset], now: float) -> Preset | None:
        """Name the preset that has been live and undisturbed for long enough, if there is one.

        Frames received from `settled_at` on show it.
        """
        preset = _preset_on_show(on_air, presets)
        if preset is None or on_air.chunk is None:
            self._seen = self._settled_at = None
            return None
        seen = (preset.id, preset.prompt, on_air.seed)
        if seen != self._seen or on_air.chunk < self._last_chunk:
            self._seen, self._first_chunk, self._settled_at = seen, on_air.chunk, None
        self._last_chunk = on_air.chunk
        if on_air.chunk - self._first_chunk < self._settled_chunks:
            return None
        if self._settled_at is None:
            self._settled_at = now
        return preset

    def shows(self, frame: ModelFrame) -> bool:
        """Whether a frame is from after the moment at which the preset had settled."""
        return self._settled_at is not None and frame.received_at >= self._settled_at


def _preset_on_show(on_air: OnAir, presets: Sequence[Preset]) -> Preset | None:
    """Name the preset whose prompt is wanted and drives the model, while viewers see it."""
    if not on_air.live or on_air.paused or (on_air.model_prompt or "") != on_air.prompt:
        return None
    found = (one for one in presets if one.id == on_air.preset and one.prompt == on_air.prompt)
    return next(found, None)


def to_thumbnail(frame: ModelFrame) -> bytes:
    """Make a small JPEG of a frame of the model; a picture of anything else is refused.

    Takes some milliseconds; not for the event loop. Raises `TypeError` for other frames.
    """
    picture = Picture.from_model(frame)
    small = fit_i420(picture.i420, WIDTH, HEIGHT, "crop")
    return to_jpeg(i420_to_bgr(small), JPEG_QUALITY)


class Thumbnails:
    """The thumbnails on disk. Reading and writing block; `version` and `due` do not."""

    def __init__(self, state_dir: Path, *, renew_after_s: float = RENEW_AFTER_S) -> None:
        """Keep them in a folder of `state_dir`; made when the first one is put there."""
        self._folder = state_dir / FOLDER
        self._renew_after_s = renew_after_s
        self._versions: dict[str, int] = {}
        """By file name: when it was written, in nanoseconds since 1970."""

    def tidy(self, presets: Sequence[Preset]) -> None:
        """Remove the thumbnails of no such preset, and remember the others; none keeps none."""
        wanted = {_file_name(preset) for preset in presets}
        versions: dict[str, int] = {}
        for path in self._folder.glob("*"):
            if path.name in wanted:
                versions[path.name] = path.stat().st_mtime_ns
            else:
                path.unlink(missing_ok=True)
        if not wanted and self._folder.is_dir():
            self._folder.rmdir()
        self._versions = versions

    def version(self, preset: Preset) -> int | None:
        """Give a number that changes with the preset's thumbnail; None while there is none."""
        written = self._versions.get(_file_name(preset))
        return None if written is None else written // 1000

    def due(self, preset: Preset, now: float | None = None) -> bool:
        """Whether a new thumbnail is worth taking; `now` is in seconds since 1970."""
        written = self._versions.get(_file_name(preset))
        if written is None:
            return True
        age_s = (time.time() if now is None else now) - written / 1e9
        return not 0 <= age_s < self._renew_after_s

    def put(self, preset: Preset, frame: ModelFrame) -> None:
        """Keep a thumbnail of `preset`. Raises `OSError` if it cannot be written."""
        jpeg = to_thumbnail(frame)
        make_private_folder(self._folder)
        path = self._folder / _file_name(preset)
        replace_file(path, jpeg)
        self._versions[path.name] = path.stat().st_mtime_ns

    def read(self, preset: Preset) -> bytes | None:
        """Read the preset's thumbnail, a JPEG; None while there is none."""
        try:
            return read_bounded(self._folder / _file_name(preset))
        except OSError:
            return None


def _file_name(preset: Preset) -> str:
    asked = f"{preset.seed}\n{preset.prompt}".encode()
    return f"{preset.id}.{hashlib.sha256(asked).hexdigest()[:16]}.jpg"


class ThumbnailTaker:
    """Takes the thumbnails while the daemon runs; on the event loop, pictures in threads."""

    def __init__(
        self,
        thumbnails: Thumbnails,
        *,
        on_air: Callable[[], OnAir],
        on_show: Callable[[], ModelFrame | None],
        presets: Callable[[], Sequence[Preset]],
        on_change: Callable[[], None],
        shedding: Shedding | None = None,
    ) -> None:
        """`presets` are those to take them of; `on_change` is called after any has changed.

        While `shedding` says so, none is taken.
        """
        self._shedding = shedding or Shedding()
        self._thumbnails = thumbnails
        self._on_air = on_air
        self._on_show = on_show
        self._presets = presets
        self._on_change = on_change
        self._settling = SettleDetector()
        self._tidied: Sequence[Preset] | None = None

    async def run(self, streams: asyncio.Event) -> None:
        """Look every moment while `streams` is set, until cancelled.

        A folder that cannot be written is tried again.
        """
        trouble = ""
        while True:
            try:
                await self._take_if_due()
                trouble = ""
            except OSError as error:
                level = logging.DEBUG if str(error) == trouble else logging.WARNING
                trouble = str(error)
                log.log(level, "no thumbnail of the preset was kept: %s", trouble)
                await asyncio.sleep(RETRY_S)
            await aligned_sleep(streams, LOOK_EVERY_S)

    async def _take_if_due(self) -> None:
        presets = self._presets()
        if presets != self._tidied:
            await run_blocking(lambda: self._thumbnails.tidy(presets), name="thumbnails")
            self._tidied = presets
            self._on_change()
        preset = self._settling.settled(self._on_air(), presets, time.monotonic())
        frame = self._on_show()
        if self._shedding.leaves_out(Shed.STILLS):
            return
        if preset is None or frame is None or not self._settling.shows(frame):
            return
        if self._thumbnails.due(preset):
            await run_blocking(lambda: self._thumbnails.put(preset, frame), name="thumbnails")
            self._on_change()
