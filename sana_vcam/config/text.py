"""The configuration as text: the commented file, `config show`, `config check`, `config init`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic.fields import FieldInfo

from sana_vcam.config.load import Loaded, require_key
from sana_vcam.config.paths import default_paths, user_path
from sana_vcam.config.preset import BUILTIN_PRESETS
from sana_vcam.config.presetsfile import preset_table, toml
from sana_vcam.config.schema import Config, leaves, sections, value_of
from sana_vcam.config.words import choices, is_secret
from sana_vcam.errors import ConfigError
from sana_vcam.lib.atomicfile import create_file, replace_file
from sana_vcam.lib.statefile import make_private_folder

WIDTH = 88
MASK = "********"
UNSET = "(unset)"
LABEL_BYTES = 31
"""The longest name that a V4L2 device can have: `card` in struct v4l2_capability, less its zero."""

WEBRTC_SIZES = frozenset({
    "128x96", "160x120", "176x144", "320x240", "352x288", "640x480", "704x576", "800x600",
    "960x720", "1024x768", "1280x720", "1440x1080", "1920x1080",
})  # fmt: skip
"""The only sizes that libwebrtc asks a V4L2 device for (device_info_v4l2.cc)."""

HEADER = """\
# sana-vcam: a webcam that a generative model edits live.
#
# Every setting stands here with its default, switched off by the # before it. To change
# one, remove that # and write your value. Lines that begin with "# " explain.
#
# sink.fps = 30 is what others write as fps = 30 below a line [sink]. You may do so,
# too: at the end of this file, with all that you set of [sink].
#
# The file is read from --config FILE, else ~/.config/sana-vcam/config.toml, else
# /etc/sana-vcam/config.toml. An environment variable overrides the file and a flag
# overrides both:
#
#     SANA_VCAM_SINK__KIND=preview sana-vcam run
#     sana-vcam run --set sink.kind=preview
#
# sana-vcam config check      is everything right?
# sana-vcam config show       every value, and where it comes from
#
# Texts stand in "quotes"; an empty text means: not set. ~ is your home folder.
"""

PRESETS_NOTE = """\
# The looks on your hotkeys, in their order; at first the built-in ones. Giving any
# replaces the whole list: keep the ones that you want, change them, add your own.
#
# No program writes this file. The first edit in the dashboard, by the API or by
# `sana-vcam presets add|edit|remove|move|reset` copies the list into presets.toml,
# beside this file (FILE.presets.toml beside FILE.toml), which is the list from then on.
#
# Prompts that work well name a style with a few details, or say what to replace and
# what to leave alone. A preset may also fix the noise (seed = 42), and say how it may
# go on (evolve = ["A whole prompt.", "Another one."]; they are suggested first). For a
# model that takes them, it carries a picture (image = "cape.jpg", beside this file) and
# settings (settings = { image_strength = 0.6 }; `sana-vcam ctl settings` lists them).
# The dashboard lists it in a group of your own (group = "Work").
"""


# -- the commented file --------------------------------------------------------------------------


def render_template() -> str:
    """Render the commented file: every key, its default, its meaning, all switched off.

    Its keys are dotted. A table's header could not be switched off without giving the keys below
    it to the table above, and left on it would keep an older version, which lacks that table, from
    reading a file that sets nothing.
    """
    blocks = [HEADER]
    for name, section in sections().items():
        blocks.append(f"# ---- {name} ----\n{_comment(section.__doc__ or '')}")
        blocks += [
            f"{_comment(_explained(field))}#{name}.{key} = {toml(field.default)}\n"
            for key, field in section.model_fields.items()
        ]
    blocks.append(PRESETS_NOTE)
    blocks += [textwrap.indent(preset_table(preset), "#") for preset in BUILTIN_PRESETS]
    return "\n".join(blocks)


def _explained(field: FieldInfo) -> str:
    """Explain a key, with the words it is limited to where its meaning leaves one out."""
    text = field.description or ""
    words = choices(field)
    known = all(word in text for word in words)
    return text if known else f"{text} One of {', '.join(words)}."


def _comment(text: str) -> str:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - 2, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


def write_initial(path: Path | None = None, force: bool = False) -> str:
    """Write the commented file, mode 0600, and return the sentence that says so.

    Without a `path` it is the user's own. The file appears whole or not at all. Another one in
    its place is kept without `force`; a symbolic link is followed.
    """
    path = path or user_path()
    target = path.resolve()
    existed = target.exists()
    write = replace_file if force else create_file
    try:
        if not existed:
            make_private_folder(target.parent)
        write(target, render_template().encode())
    except OSError as error:
        if not force and target.exists():
            taken = f"{path}: exists, and was left as it is; --force replaces it"
            raise ConfigError(taken) from error
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return f"{'replaced' if existed else 'wrote'} {path} (mode 0600; every setting at its default)"


# -- what is in force ----------------------------------------------------------------------------


def render_effective(loaded: Loaded) -> str:
    """Render every value in force with its origin as a comment; secrets are masked."""
    blocks = [f"# {loaded.path or 'no file'}\n"]
    for name, section in sections().items():
        keys = [f"{name}.{key}" for key in section.model_fields]
        lines = {key: _assignment(loaded.config, key) for key in keys}
        width = min(max(map(len, lines.values())), 48)
        block = [f"{line:<{width}}  # {loaded.origins[key]}\n" for key, line in lines.items()]
        blocks.append(f"[{name}]\n{''.join(block)}")
    origin = loaded.origins["presets"]
    if not loaded.config.presets:
        blocks.insert(1, f"presets = []  # {origin}\n")
    blocks += [
        f"# preset {number}: {origin}\n{preset_table(preset)}"
        for number, preset in enumerate(loaded.config.presets, 1)
    ]
    return "\n".join(blocks).rstrip("\n")


def effective_json(loaded: Loaded) -> str:
    """Render the same as JSON: `path`, `config` with secrets masked, `origins`, `warnings`."""
    config: dict[str, object] = {
        name: {key: _masked(loaded.config, f"{name}.{key}") for key in section.model_fields}
        for name, section in sections().items()
    }
    config["presets"] = [preset.model_dump(mode="json") for preset in loaded.config.presets]
    origins, warnings = dict(loaded.origins), all_warnings(loaded)
    return _json({"path": loaded.path, "config": config, "origins": origins, "warnings": warnings})


def _assignment(config: Config, key: str) -> str:
    value = _masked(config, key)
    return f"{key.partition('.')[2]} = {value if is_secret(key) else toml(value)}"


def _masked(config: Config, key: str) -> object:
    value = value_of(config, key)
    return (MASK if value else UNSET) if is_secret(key) else value


# -- what may be wrong ---------------------------------------------------------------------------


def check(loaded: Loaded) -> str:
    """Render what `config check` prints about a configuration that loads: OK, then warnings."""
    looked = " or ".join(str(path) for path in default_paths())
    source = str(loaded.path) if loaded.path else f"no file ({looked}), so defaults are in force"
    return "\n".join([f"OK: {source}", *(f"warning: {text}" for text in all_warnings(loaded))])


def check_json(loaded: Loaded) -> str:
    """Render the same as JSON: `ok`, `path`, `warnings`."""
    return _json({"ok": True, "path": loaded.path, "warnings": all_warnings(loaded)})


def _json(document: Mapping[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def all_warnings(loaded: Loaded) -> list[str]:
    """List what is legal and probably not meant, or not safe, one sentence each."""
    return [*loaded.warnings, *_about_reactor(loaded.config), *_about_viewers(loaded.config)] + [
        f"{key} is set ({loaded.origins[key]}) and has no effect: {reason}"
        for key, reason in _without_effect(loaded.config)
        if _masked(loaded.config, key) != leaves()[key].default
    ]


def _about_reactor(config: Config) -> Iterator[str]:
    try:
        require_key(config)
    except ConfigError as error:
        yield str(error)
    reactor = config.reactor
    own = [
        f"reactor.{key}"
        for key in ("track_width", "track_height")
        if getattr(reactor, key) is not None
    ]
    if own and not reactor.local:
        yield (
            f"{' and '.join(own)}: the size of a runtime of your own, and the published model has "
            'its own; to send another size, set reactor.send = "WIDTHxHEIGHT"'
        )


def _about_viewers(config: Config) -> Iterator[str]:
    sink = config.sink
    if config.privacy.allow_bypass:
        yield "privacy.allow_bypass = true: the bypass command shows viewers the raw camera"
    if config.control.port == 0:
        yield (
            "control.port = 0: the port is another one at each start; only clients that read "
            "control.json find it"
        )
    if sink.kind in ("auto", "v4l2loopback"):
        size = f"{sink.width}x{sink.height}"
        if size not in WEBRTC_SIZES:
            yield (
                f"sink.width and sink.height are {size}, a size that Firefox, Discord and "
                "other apps refuse; use 1280x720"
            )
        if len(sink.label.encode()) > LABEL_BYTES:
            yield f"sink.label is longer than the {LABEL_BYTES} bytes that Linux keeps of it"


def _without_effect(config: Config) -> Iterator[tuple[str, str]]:
    if config.sink.kind != "raw":
        yield "sink.pixel_format", f'sink.kind is "{config.sink.kind}", not "raw"'
        yield "sink.path", f'sink.kind is "{config.sink.kind}", not "raw"'
    if config.camera.source != "file":
        yield "camera.path", f'camera.source is "{config.camera.source}", not "file"'
    if config.camera.source in ("file", "test"):
        yield "camera.device", f'camera.source is "{config.camera.source}"'
