"""What applications show in their lists of cameras, drawn as SVG: they cannot run here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from sana_vcam.config.schema import SinkConfig

WIDTH = 480
NOTE = "drawn, not a screenshot"
_OURS = SinkConfig().label
_OTHER = "HD Webcam"
_LEFT, _ROW, _BAR = 24, 34, 40
_FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Choice:
    """A list of which one entry is chosen."""

    label: str
    entries: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One window: where it is found, its lists, and its switches with whether each is on."""

    title: str
    choices: tuple[Choice, ...]
    switches: Mapping[str, bool] = field(default_factory=dict)


def _camera(label: str = "Camera", *others: str) -> Choice:
    return Choice(label, (*(others or (_OTHER,)), _OURS), _OURS)


DRAWINGS: Mapping[str, Drawing] = {
    "zoom": Drawing(
        "Zoom: the arrow beside Video",
        (_camera("Select a camera"),),
        {"Settings, Video: HD": True, "Settings, Video: Mirror my video": True},
    ),
    "meet": Drawing(
        "Google Meet: Settings, Video",
        (_camera(), Choice("Send resolution (maximum)", ("Auto", "720p"), "720p")),
    ),
    "firefox": Drawing(
        "Firefox: Allow this page to use your camera?",
        (_camera("Camera"),),
        {"Remember this decision": False},
    ),
    "teams": Drawing(
        "Microsoft Teams: Settings, Devices",
        (_camera(),),
        {"Mirror my video": True, "Background effects": False},
    ),
    "discord": Drawing(
        "Discord: User Settings, Voice & Video",
        (_camera(),),
        {"Always preview video": True},
    ),
    "obs": Drawing(
        "OBS: Properties of Video Capture Device (V4L2)",
        (
            _camera("Device"),
            Choice("Resolution", ("1280x720",), "1280x720"),
        ),
        {"Use buffering": False},
    ),
    "obs-beside": Drawing(
        "A call while both run",
        (_camera("Camera", _OTHER, "OBS Virtual Camera"),),
    ),
}
"""The drawings by the names of their files."""


def texts() -> Mapping[str, str]:
    """Draw all of them, by their paths in the package."""
    return {f"docs/pictures/app-{name}.svg": _svg(one) for name, one in DRAWINGS.items()}


def _svg(drawing: Drawing) -> str:
    parts, bottom = _parts(drawing)
    height = bottom + 34
    words = "; ".join(f"{one.label}: {one.chosen}" for one in drawing.choices)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="{_FONT}" font-size="16">'
    )
    return "\n".join(
        [
            head,
            f"<title>{escape(drawing.title)}. {escape(words)} ({NOTE})</title>",
            f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#f4f5f7"/>',
            f'<path d="M0 {_BAR}V10a10 10 0 0 1 10-10h{WIDTH - 20}a10 10 0 0 1 10 10v{_BAR - 10}z" '
            'fill="#2b3440"/>',
            _text(_LEFT, 26, drawing.title, "#ffffff"),
            *parts,
            _text(WIDTH - _LEFT, height - 12, NOTE, "#5a6470", 'text-anchor="end" font-size="13"'),
            "</svg>\n",
        ]
    )


def _parts(drawing: Drawing) -> tuple[list[str], int]:
    """Draw lists and switches below each other; gives them, and where they end."""
    parts: list[str] = []
    y = _BAR + 12
    for choice in drawing.choices:
        parts += _choice(choice, y)
        y += 26 + _ROW * len(choice.entries) + 14
    for words, is_on in drawing.switches.items():
        parts += _switch(words, is_on, y)
        y += _ROW
    return parts, y


def _choice(choice: Choice, y: int) -> Iterator[str]:
    yield _text(_LEFT, y + 16, choice.label, "#5a6470", 'font-size="14"')
    top, width = y + 24, WIDTH - 2 * _LEFT
    yield (
        f'<rect x="{_LEFT}" y="{top}" width="{width}" height="{_ROW * len(choice.entries)}" '
        'rx="6" fill="#ffffff" stroke="#c3c9d1"/>'
    )
    for number, entry in enumerate(choice.entries):
        at, is_chosen = top + _ROW * number, entry == choice.chosen
        if is_chosen:
            yield (
                f'<rect x="{_LEFT + 1}" y="{at + 1}" width="{width - 2}" height="{_ROW - 2}" '
                'rx="5" fill="#dbe9ff"/>'
            )
            tick = f"M{_LEFT + 13} {at + 17}l5 5 9-10"
            yield f'<path d="{tick}" fill="none" stroke="#0b57d0" stroke-width="2.5"/>'
        yield _text(_LEFT + 38, at + 22, entry, "#14181d", 'font-weight="600"' if is_chosen else "")


def _switch(words: str, is_on: bool, y: int) -> Iterator[str]:
    fill, knob = ("#0b57d0", 26) if is_on else ("#9aa3ad", 10)
    yield f'<rect x="{_LEFT}" y="{y + 6}" width="36" height="20" rx="10" fill="{fill}"/>'
    yield f'<circle cx="{_LEFT + knob}" cy="{y + 16}" r="7" fill="#ffffff"/>'
    yield _text(_LEFT + 50, y + 22, words, "#14181d")


def _text(x: int, y: int, words: str, fill: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" fill="{fill}"{more and " "}{more}>{escape(words)}</text>'
