"""How what the model takes is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def render_settings(data: Mapping[str, Any]) -> str:
    """Write the reply to `list_settings` as a table, a line each."""
    rows = list(_rows(data))
    name_width = max(len(row[0]) for row in rows)
    value_width = max(len(row[1]) for row in rows)
    return "\n".join(
        f"{name:<{name_width}}  {value:<{value_width}}  {more}".rstrip()
        for name, value, more in rows
    )


def _rows(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    said = "as its session says" if data["declared"] else "as far as known without a session"
    yield "model", data["model"], f"{data['title']}, {said}"
    prompt, image = data["prompt"], data["image"]
    if prompt is None:
        yield "prompt", "-", "it takes none"
    else:
        yield "prompt", "", f"at most {prompt['most_chars']} characters, {_when(prompt)}"
    if image is not None:
        need = ", and shows nothing without one" if image["required"] else ""
        megabytes = image["most_bytes"] / 1e6
        size = f"PNG, JPEG or WebP of at most {megabytes:.0f} MB"
        yield "image", image["name"] or "-", f"{size}, {_when(image)}{need}"
    if data["schedule"]:
        yield "schedule", "", "prompts for later chunks: sana-vcam ctl schedule"
    for setting in data["settings"]:
        more = f"{_span(setting)}, {_when(setting)}. {setting['words']}"
        yield setting["name"], _text(setting["value"]), more
    for guess in data["guessed"]:
        yield "guessed", "", guess


def _when(part: Mapping[str, Any]) -> str:
    return "at once" if part["takes"] == "live" else "when a run begins"


def _span(setting: Mapping[str, Any]) -> str:
    if setting["choices"]:
        return ", ".join(setting["choices"])
    kinds = {"integer": "a whole number", "number": "a number", "text": "a text"}
    if (kind := kinds.get(setting["kind"])) is None:
        return "true or false"
    least, most = setting["least"], setting["most"]
    low = "" if least is None else f" from {least:g}"
    return f"{kind}{low}" + ("" if most is None else f" to {most:.16g}")


def _text(value: object) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
