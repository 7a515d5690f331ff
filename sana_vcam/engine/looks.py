"""A preset as a wish: its prompt, seed, settings and image, read from disk and wanted at once."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from sana_vcam.config.preset import Preset, image_path
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.statefile import read_bounded
from sana_vcam.lib.threads import run_blocking
from sana_vcam.reactor.models import Image, NotAnImage
from sana_vcam.reactor.models.images import MOST_BYTES


def read_image(preset: Preset, folder: Path) -> Image | None:
    """Read the image of a preset whose file is in `folder`; None if it has none. Blocks.

    Raises `CommandFailed` that names the preset and the file: there is none, it is no image, or
    it is too large.
    """
    if preset.image is None:
        return None
    path = image_path(preset.image, folder)
    try:
        return Image.read(read_bounded(path, MOST_BYTES), path.name)
    except FileNotFoundError:
        code, why = "not_found", "there is no such file"
    except OSError as error:
        code, why = "rejected", error.strerror or str(error)
        if error.errno == errno.EFBIG:
            why = f"it has more than {MOST_BYTES / 1e6:.0f} MB, which is the most that is sent"
    except NotAnImage as error:
        code, why = "rejected", str(error)
    raise CommandFailed(code, f"the image of preset {preset.id!r}, {path}: {why}")


async def look_of(preset: Preset, folder: Callable[[], Path]) -> dict[str, object]:
    """List the fields of `DesiredState` for a preset as a whole.

    A look without an image has none: that of the look before does not stay. `folder` finds the
    folder of its file, and may block. Raises as `read_image`.
    """
    image = None
    if preset.image is not None:
        image = await run_blocking(lambda: read_image(preset, folder()), name="read-image")
    return fields_of(preset, image)


def fields_of(preset: Preset, image: Image | None) -> dict[str, object]:
    """List the fields of `DesiredState` for a preset whose image has been read."""
    fields: dict[str, object] = {
        "prompt": preset.prompt,
        "preset": preset.id,
        "image": image,
        "look_settings": dict(preset.settings),
    }
    if preset.seed is not None:
        fields["seed"] = preset.seed
    return fields
