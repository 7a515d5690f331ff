"""What the models' pages say of each record: tables that are made from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sana_vcam.docs.markdown import NONE, PageFault, one_line, table
from sana_vcam.reactor.models import MODELS, Image, Look, Model, Setting, Step, adapter_for, find
from sana_vcam.reactor.models.record import ImageSlot, Prompt, Takes

PAGES = Path(__file__).parent / "models"
CHECKED = "## What was checked"
"""The section of each page whose first paragraph stands in the table of all models."""

_WHEN = {Takes.LIVE: "live", Takes.RUN: "next run"}
_PICTURE, _OTHER_PICTURE = (Image(b"\x89PNG\r\n\x1a\n" + bytes([one])) for one in (1, 2))


def page_of(model: Model) -> Path:
    """Find the page of a model, which is named like it or one of its other names.

    Raises `PageFault` that says which one is to be written.
    """
    names = (model.short_name, *(one for one in model.aliases if "/" not in one))
    for name in names:
        if (PAGES / f"{name}.md").exists():
            return PAGES / f"{name}.md"
    raise PageFault(f"{model.name} has no page: write sana_vcam/docs/models/{names[0]}.md")


def overview(_of: str) -> str:
    """Make the table of all models."""
    rows = [_overview_row(model) for model in MODELS]
    head = (
        *("model", "goes in", "comes out", "chunk", "prompt", "image", "settings"),
        *("pause", "USD a minute", "what was checked"),
    )
    return table(head, rows)


def prices(_of: str) -> str:
    """Make the table of what models cost, in USD, by the platform's list as it was cited."""
    rows = [
        (f"[{one.title}](models/{page_of(one).name})", *_prices_of(one.price_per_min))
        for one in MODELS
    ]
    return table(("model", "a minute", "20 minutes", "an hour"), rows)


def _prices_of(price: float | None) -> Sequence[str]:
    if price is None:
        return ("not known",) * 3
    return [f"{price * minutes:.2f}" for minutes in (1, 20, 60)]


def facts(of: str) -> str:
    """Make the table of one model."""
    model = _model(of)
    return table(("", ""), list(_facts(model)))


def settings(of: str) -> str:
    """Make the table of one model's settings."""
    model = _model(of)
    rows = [
        (
            f"`{one.name}`",
            _carriers(model, one),
            _range(one),
            NONE if one.default is None else f"`{_value(one.default)}`",
            _WHEN[one.takes],
            one.words,
        )
        for one in model.settings
    ]
    head = ("setting", "command", "takes", "default", "takes effect", "what it does")
    return table(head, rows)


def commands(of: str) -> str:
    """Make the table of what one model is told, and when."""
    return table(("when", "commands, in this order"), list(_commands(_model(of))))


MAKERS: Mapping[str, Callable[[str], str]] = {
    "overview": overview,
    "prices": prices,
    "facts": facts,
    "settings": settings,
    "commands": commands,
}


# -- rows ---


def _overview_row(model: Model) -> Sequence[str]:
    page = page_of(model)
    return (
        f"[{model.title}]({page.name})",
        _goes_in(model),
        _comes_out(model),
        str(model.largest_chunk),
        "no" if model.prompt is None else _WHEN[model.prompt.takes],
        "no" if model.image is None else _image_in_short(model.image),
        ", ".join(f"`{one.name}`" for one in model.settings),
        "yes" if model.pause else "the camera is held back",
        _price(model),
        _checked(page),
    )


def _facts(model: Model) -> Iterator[Sequence[str]]:
    yield "name on the platform", f"`{model.name}`"
    yield "`[reactor] model` takes", ", ".join(f"`{one}`" for one in (model.name, *model.aliases))
    yield "goes in", _goes_in(model)
    yield "comes out", f"{_comes_out(model)}, on the track `{model.output_track}`"
    yield "frames a second", f"{model.fps:g}"
    yield "frames that come at once", f"at most {model.largest_chunk}"
    yield "prompt", "none" if model.prompt is None else _prompt(model.prompt)
    yield "reference image", "none" if model.image is None else _image(model.image)
    if model.schedule is not None:
        yield "prompt for a later chunk", f"`{model.schedule.command}`"
    yield "a run begins", f"by `{model.start}`" if model.start else "by itself"
    yield "pause", _commands_or(model.pause, model.resume, otherwise="none")
    yield "what ends a run", _commands_or(model.reset, otherwise="the end of the session")
    after = "its run goes on" if model.keeps_run else "its run is over; another one is begun"
    yield "after a lost connection", after
    if model.anchor is not None:
        yield "anchors", f"every `{model.anchor}` chunks; it says `{model.anchor_message}`"
    yield "its state", f"the message `{model.state.message}`"
    yield "USD a minute", _price(model)


def _commands(model: Model) -> Iterator[Sequence[str]]:
    adapter = adapter_for(model)
    values = {one.name: one.default if one.default is not None else 0 for one in model.settings}
    look = Look("one", _PICTURE if model.image is not None else None, values)
    begin = [*adapter.prepare(look), *adapter.start()]
    yield "a run begins", _names(begin)
    others = {}
    if model.prompt is not None:
        others["another prompt"] = Look("another", look.image, values)
    if model.image is not None:
        others["another image"] = Look("one", _OTHER_PICTURE, values)
        if not model.image.required:
            others["no image any more"] = Look("one", None, values)
    for what, other in others.items():
        if adapter.needs_new_session(look, other):
            yield what, "another session takes over"
        elif adapter.needs_new_run(look, other):
            yield what, f"{_names(adapter.end())}, then as when a run begins"
        else:
            yield what, _names(adapter.change(look, other))
    if model.schedule is not None:
        yield "a prompt for a later chunk", f"`{model.schedule.command}`"
    if adapter.can_pause:
        yield (
            "pause, resume",
            f"{_names(adapter.pause(on=True))}, {_names(adapter.pause(on=False))}",
        )
    else:
        yield "pause, resume", "none"
    yield "reset", f"{_names(adapter.end())}, then as when a run begins"


# -- cells ---


def _model(name: str) -> Model:
    model = find(name)
    if model is None:
        raise PageFault(f"there is no record of {name!r}")
    return model


def _goes_in(model: Model) -> str:
    if model.input_track is None:
        return "no camera"
    width, height = model.send_size
    by = "" if model.send_multiple == 2 else f", sides divisible by {model.send_multiple}"
    return f"the camera as `{model.input_track}`, {width}x{height}{by}"


def _comes_out(model: Model) -> str:
    if model.output_size is None:
        return "the shape of what goes in"
    return "{}x{}".format(*model.output_size)


def _prompt(prompt: Prompt) -> str:
    words = f"`{prompt.command}`, at most {prompt.most} characters, {_WHEN[prompt.takes]}"
    if prompt.without is not None:
        words += f"; an empty one is sent as “{prompt.without}”"
    return words


def _image(slot: ImageSlot) -> str:
    words = f"`{slot.command}`" if slot.command else "with other commands"
    words += f", {_WHEN[slot.takes]}"
    if slot.required:
        words += "; nothing is shown without one"
    if not slot.forgets:
        words += "; kept until the session ends"
    return words


def _image_in_short(slot: ImageSlot) -> str:
    return ("needed, " if slot.required else "") + _WHEN[slot.takes]


def _carriers(model: Model, setting: Setting) -> str:
    """Name the commands that carry a setting."""
    combined = [one.command for one in model.combinations if setting.name in one.fields]
    return ", ".join(f"`{one}`" for one in [setting.command, *combined] if one is not None)


def _range(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{one}`" for one in setting.choices)
    return setting.span


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _price(model: Model) -> str:
    return "not known" if model.price_per_min is None else f"{model.price_per_min:.2f}"


def _commands_or(*names: str | None, otherwise: str) -> str:
    known = [f"`{name}`" for name in names if name is not None]
    return ", ".join(known) or otherwise


def _names(steps: Iterable[Step]) -> str:
    return ", ".join(dict.fromkeys(f"`{step.command}`" for step in steps)) or "none"


def _checked(page: Path) -> str:
    """Read the first paragraph of what a page says was checked."""
    found = re.search(
        rf"^{CHECKED}\n\n(.+?)\n\n", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    if found is None:
        raise PageFault(f"{page}: it has no section {CHECKED!r}")
    return one_line(found[1])
