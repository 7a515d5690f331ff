"""`sana-vcam presets export` and `import`: looks as a file, shown before they are taken."""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sana_vcam.app import presetsdaemon
from sana_vcam.config.preset import Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.control.protocol import messages
from sana_vcam.control.protocol.imagepieces import PIECE_CHARS
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, CommandFailed
from sana_vcam.lib.atomicfile import replace_file
from sana_vcam.lib.printing import printable_json, printable_lines
from sana_vcam.lib.statefile import read_bounded
from sana_vcam.presets.catalog import render_presets
from sana_vcam.presets.file import carry_out
from sana_vcam.presets.looksfile import MOST_FILE_BYTES
from sana_vcam.presets.sharing import PlacedLook, export_looks, open_offer

STANDARD_OUTPUT = "-"
PIECE_BYTES = PIECE_CHARS // 4 * 3


def export_presets(arguments: argparse.Namespace) -> int:
    """Write looks into a file; returns the exit status. Raises `SanaVcamError`."""
    source = ConfigSource(arguments.config)
    presets = source.load().config.presets
    data = export_looks(presets, arguments.ids, source.presets_folder)
    if arguments.out == STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return EXIT_OK
    path = Path(arguments.out)
    if path.exists() and not arguments.force:
        raise CommandFailed("rejected", f"{path} is there already; to overwrite it, add --force")
    try:
        replace_file(path, data)
    except OSError as error:
        why = error.strerror or str(error)
        raise CommandFailed("rejected", f"{path} cannot be written: {why}") from error
    looks = _looks(len(dict.fromkeys(arguments.ids)) or len(presets))
    if arguments.json:
        print(printable_json(json.dumps({"file": str(path), "bytes": len(data)})))
    else:
        print(printable_lines(f"wrote {looks} into {path} ({_size(len(data))})"))
    return EXIT_OK


def import_presets(arguments: argparse.Namespace) -> int:
    """Show the looks of a file and take those that are wanted; returns the exit status.

    Raises `SanaVcamError`; none has been taken then.
    """
    data = _read(arguments.file)
    offer = open_offer(data)
    daemon = presetsdaemon.running_daemon() if arguments.config is None else None
    source = ConfigSource(arguments.config)
    presets = source.load().config.presets if daemon is None else presetsdaemon.listed(daemon)
    placed = offer.placed(presets, source.presets_folder)
    # An id that is not in the file is refused before anything is shown.
    offer.choose(arguments.ids, replace=arguments.replace)
    wanted = [one for one in placed if _is_wanted(one, arguments.ids)]
    ids = tuple(one.offered.preset.id for one in wanted)
    if arguments.json and not arguments.yes:
        print(printable_json(json.dumps([_facts(one) for one in placed], ensure_ascii=False)))
        return EXIT_OK
    if not arguments.json:
        print(_shown(placed, replace=arguments.replace))
    if not ids:
        print("you have all of them already; nothing is taken", file=sys.stderr)
        return EXIT_OK
    if not arguments.yes and not _asked(f"take {_looks(len(ids))}?"):
        return EXIT_FAILURE
    edit = offer.choose(ids, replace=arguments.replace)
    if daemon is not None:
        presetsdaemon.ask_in_turn(daemon, _commands(data, ids, replace=arguments.replace))
        said = "done by the running daemon"
    else:
        said = f"wrote {carry_out(source, edit).path}"
    if arguments.json:
        print(printable_json(json.dumps({"taken": ids})))
    else:
        print(printable_lines(f"took {_looks(len(ids))}; {said}"))
    return EXIT_OK


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, MOST_FILE_BYTES)
    except OSError as error:
        raise CommandFailed("rejected", f"{path}: {error.strerror or error}") from error


def _is_wanted(placed: PlacedLook, ids: Sequence[str]) -> bool:
    return placed.offered.preset.id in ids if ids else placed.have is None


def _commands(data: bytes, ids: tuple[str, ...], *, replace: bool) -> Iterator[messages.Command]:
    """Make what has a daemon take looks of a file, over one connection."""
    for start in range(0, len(data), PIECE_BYTES):
        piece = base64.b64encode(data[start : start + PIECE_BYTES]).decode("ascii")
        yield messages.InspectPresets(data=piece, more=start + PIECE_BYTES < len(data))
    yield messages.ImportPresets(ids=ids, replace=replace)


def _asked(question: str) -> bool:
    """Whether somebody at a terminal says yes."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print(f"{question} To take them, add --yes", file=sys.stderr)
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _shown(placed: Sequence[PlacedLook], *, replace: bool) -> str:
    """Write the looks for people, each with what would become of it."""
    words = render_presets([_without_image(one.offered.preset) for one in placed]).split("\n")
    lines = []
    for one, line in zip(placed, words, strict=True):
        lines.append(line)
        if (image := one.offered.image) is not None:
            size = f"{image.width}x{image.height}, {_size(len(image.data))}"
            lines.append(f"    with a reference image: {size}")
        if (note := _note(one, replace=replace)) is not None:
            lines.append(f"    {note}")
    return printable_lines("\n".join(lines))


def _note(placed: PlacedLook, *, replace: bool) -> str | None:
    if placed.have is not None:
        return f"you have it already, as {placed.have.id}"
    if placed.taken_by is None:
        return None
    if replace:
        return f"takes the place of your “{placed.taken_by.name}”"
    return f"you have a {placed.taken_by.id}: this one becomes {placed.preset.id}"


def _facts(placed: PlacedLook) -> dict[str, object]:
    """Write a look for scripts."""
    image = placed.offered.image
    return {
        **placed.offered.preset.model_dump(mode="json"),
        "image_width": image and image.width,
        "image_height": image and image.height,
        "becomes": placed.preset.id,
        "taken_by": placed.taken_by and placed.taken_by.id,
        "have": placed.have and placed.have.id,
    }


def _without_image(preset: Preset) -> Preset:
    return preset.model_copy(update={"image": None})


def _looks(count: int) -> str:
    return "1 look" if count == 1 else f"{count} looks"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
