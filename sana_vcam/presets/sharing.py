"""Giving looks away and taking those of others: what leaves the list, and what may come in.

What comes in is looked at first and taken later: a `LooksOffer` is data in memory. Each image of it
has been made anew, and has a name of ours, in a folder of its own beside the presets' file.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from pathlib import Path
from typing import NoReturn

from sana_vcam.config.preset import Preset, image_path
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.statefile import read_bounded
from sana_vcam.media.images import NoImage, RemadeImage, measure, remake
from sana_vcam.presets.catalog import find
from sana_vcam.presets.edits import Import, place_imported
from sana_vcam.presets.looksfile import MOST_IMAGE_BYTES, SharedLook, read_looks, write_looks

IMAGES_FOLDER = "looks"
"""Beside the presets' file: the images of looks that were taken from a file."""
MOST_PIXELS = 2**23
"""The largest image of a stranger's file that is decoded: 8 megapixels; ours have 4 at most."""
MOST_PIXELS_IN_ALL = 2**27
"""The most that is decoded of one file: 134 megapixels take some 3 s of one processor."""
MOST_REMADE_BYTES = 64_000_000
"""The most that images of an offer may have once they are made anew."""
_SAME_IN_BOTH = {"id", "name", "group", "image"}
"""What two looks may differ in that are the same look, if their images are the same."""
_NAME = re.compile(r"-([0-9a-f]{16})\.(?:jpg|png)$")
"""What the name of an image that was taken ends in: the digest of what it was made from."""


@dataclass(frozen=True, slots=True)
class OfferedLook:
    """A look that may be taken, with its image's path from the folder of the presets' file."""

    preset: Preset
    image: RemadeImage | None = None


@dataclass(frozen=True, slots=True)
class PlacedLook:
    """What would become of an offered look in a list."""

    offered: OfferedLook
    preset: Preset
    """As it would stand in the list, where it does not take another's place."""
    taken_by: Preset | None
    """The preset that has its id."""
    have: Preset | None
    """A preset that is the same look, whatever it is called."""


@dataclass(frozen=True, slots=True)
class LooksOffer:
    """The looks of a file, in memory."""

    looks: tuple[OfferedLook, ...] = field(repr=False)

    def placed(self, presets: Sequence[Preset], folder: Path) -> tuple[PlacedLook, ...]:
        """Say of each look what would become of it in this list, whose images are in `folder`.

        Blocks: images of looks that are alike but for them are read.
        """
        new = place_imported([look.preset for look in self.looks], presets, replace=False)
        by_id = {preset.id: preset for preset in presets}
        alike: dict[str, list[Preset]] = defaultdict(list)
        for preset in presets:
            alike[_words(preset)].append(preset)
        digests = cache(lambda preset_id: _digests(by_id[preset_id], folder))
        return tuple(
            PlacedLook(
                look,
                preset,
                by_id.get(look.preset.id),
                next(
                    (
                        one
                        for one in alike[_words(look.preset)]
                        if _digest_in(look.preset.image) in digests(one.id)
                    ),
                    None,
                ),
            )
            for look, preset in zip(self.looks, new, strict=True)
        )

    def choose(self, ids: Collection[str], *, replace: bool) -> Import:
        """Make the edit that takes these looks. Raises `CommandFailed` for an unknown id."""
        here = {look.preset.id for look in self.looks}
        for preset_id in ids:
            if preset_id not in here:
                raise CommandFailed("not_found", f"the file has no look {preset_id!r}")
        chosen = [look for look in self.looks if look.preset.id in ids]
        images = {
            look.preset.image: look.image.data
            for look in chosen
            if look.image is not None and look.preset.image is not None
        }
        return Import(tuple(look.preset for look in chosen), replace, images)


def open_offer(data: bytes) -> LooksOffer:
    """Read a file of looks and make its images anew. Blocks, for seconds if there are many.

    Raises `CommandFailed`: nothing is taken of a file that is wrong anywhere.
    """
    looks = read_looks(data)
    # Before any is decoded: a few kilobytes may say that they are millions of pixels.
    if sum(prod(measure(look.image or b"") or (0,)) for look in looks) > MOST_PIXELS_IN_ALL:
        _refuse(f"more than {MOST_PIXELS_IN_ALL / 1e6:.0f} million pixels")
    offered: list[OfferedLook] = []
    size = 0
    for look in looks:
        if look.image is None:
            offered.append(OfferedLook(look.preset))
            continue
        image = _remade(look.image, f"the image of {look.preset.id!r}", MOST_PIXELS)
        size += len(image.data)
        if size > MOST_REMADE_BYTES:
            _refuse(f"more than {MOST_REMADE_BYTES / 1e6:.0f} MB")
        name = f"{IMAGES_FOLDER}/{look.preset.id}-{_digest_of(look.image)}.{image.ending}"
        preset = look.preset.model_copy(update={"image": name})
        offered.append(OfferedLook(preset, image))
    return LooksOffer(tuple(offered))


def _refuse(how_much: str) -> NoReturn:
    raise CommandFailed("rejected", f"the images have {how_much}, the most that is taken at once")


def export_looks(presets: Sequence[Preset], ids: Sequence[str], folder: Path) -> bytes:
    """Write these presets into a file, all of them without `ids`, each with its image. Blocks.

    `folder` is that of the presets' file. Raises `CommandFailed`.
    """
    chosen = [find(presets, preset_id) for preset_id in dict.fromkeys(ids)] if ids else presets
    if not chosen:
        raise CommandFailed("rejected", "there are no presets to export")
    return write_looks(
        SharedLook(preset, None if preset.image is None else _image_of(preset, folder))
        for preset in chosen
    )


def _image_of(preset: Preset, folder: Path) -> bytes:
    path = image_path(preset.image or "", folder)
    what = f"the image of preset {preset.id!r}, {path},"
    try:
        data = read_bounded(path, MOST_IMAGE_BYTES)
    except FileNotFoundError:
        raise CommandFailed("not_found", f"{what} is not there") from None
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno == errno.EFBIG:
            why = f"it has more than {MOST_IMAGE_BYTES / 1e6:.0f} MB"
        raise CommandFailed("rejected", f"{what} cannot be read: {why}") from None
    return _remade(data, what).data


def _remade(data: bytes, what: str, most_pixels: int | None = None) -> RemadeImage:
    try:
        image = remake(data) if most_pixels is None else remake(data, most_pixels=most_pixels)
    except NoImage as error:
        raise CommandFailed("rejected", f"{what} {error}") from None
    if len(image.data) > MOST_IMAGE_BYTES:
        raise CommandFailed("rejected", f"{what} is too large: make it smaller")
    return image


def _words(preset: Preset) -> str:
    """Write what makes a look but for its image, however it is called."""
    return preset.model_dump_json(exclude=_SAME_IN_BOTH)


def _digest_in(image: str | None) -> str | None:
    """Read the digest in a name that `open_offer` has given; None without an image."""
    found = image and _NAME.search(image)
    return found[1] if found else None


def _digests(preset: Preset, folder: Path) -> Collection[str | None]:
    """List what the image of a preset may be called in a file: as it came, or as it would go."""
    if preset.image is None:
        return (None,)
    named = _digest_in(preset.image)
    try:
        given = _digest_of(_image_of(preset, folder))
    except CommandFailed:
        return (named,) if named else ()
    return (named, given) if named else (given,)


def _digest_of(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()[:16]
