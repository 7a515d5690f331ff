"""Looks as a file, and what strangers may put into one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.looksfile import HEAD, SharedLook, read_looks, write_looks

IMAGE = '"data:image/png;base64,iVBORw0KGgo="'
CAPE: dict[str, Any] = {"id": "cape", "name": "Cape", "prompt": "a red cape"}


def file_of(*lines: object, head: str = HEAD) -> bytes:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return ("\n".join([head, *texts]) + "\n").encode()


def test_what_is_written_is_read_again() -> None:
    preset = Preset(
        id="cape",
        name="Кап 🦸\u200d♀️",
        prompt="עברית\u200f (English)\nsecond line",
        seed=7,
        evolve=("On.",),
        image="/home/me/secret/cape.jpg",
        settings={"strength": 0.5, "keep": True, "scale": "2x"},
    )
    looks = [SharedLook(one) for one in BUILTIN_PRESETS]
    data = write_looks([*looks, SharedLook(preset, b"\x89PNG..."), SharedLook(CAPED, b"\xff\xd8")])
    assert b"secret" not in data
    read = read_looks(data)
    assert [one.preset for one in read[:-2]] == list(BUILTIN_PRESETS)
    assert read[-2] == SharedLook(preset.model_copy(update={"image": None}), b"\x89PNG...")
    assert read[-1].image == b"\xff\xd8"


CAPED = Preset(id="caped", name="Caped", prompt="")


def test_it_may_have_been_through_an_editor() -> None:
    text = file_of(CAPE, IMAGE).decode().replace("\n", "\r\n").strip()
    (look,) = read_looks(b"\xef\xbb\xbf" + text.encode())
    assert look.image == b"\x89PNG\r\n\x1a\n"


def wide(look: dict[str, Any] = CAPE, /, **changes: object) -> dict[str, Any]:
    return look | changes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no file of looks"),
        (b"PK\x03\x04" + bytes(200), "no file of looks"),
        (b"\xff\xfe" * 200, "no file of looks"),
        (b"[" * 300_000, "no file of looks"),
        (b"[" * 20_000, "no file of looks"),
        (file_of(CAPE, head="{}"), "no file of looks"),
        (file_of(CAPE, head='{"format":"sana-vcam looks"}'), "newer version"),
        (file_of(CAPE, head='{"format":"sana-vcam looks","version":2}'), "newer version"),
        (file_of(), "holds no looks"),
        (file_of("null"), "line 2: no JSON object"),
        (file_of("{"), "line 2: no JSON object"),
        (file_of("[" * 100_000), "line 2: no JSON object"),
        (file_of(CAPE, "", CAPE), "line 3: no JSON object"),
        (file_of('{"id":"a","id":"b","name":"x","prompt":""}'), "line 2: no JSON object"),
        (file_of('{"id":"a","name":"x","prompt":"","seed":NaN}'), "line 2: no JSON object"),
        (file_of('{"id":"a","name":"x","prompt":"","seed":' + "9" * 9000 + "}"), "line 2"),
        (HEAD.encode() + b'\n{"id":"a","name":"\xff","prompt":""}\n', "line 2: no JSON object"),
        (HEAD.encode() + b'\n{"id":"a","name":"\x00","prompt":""}\n', "line 2: no JSON object"),
        (file_of(wide(image="/etc/shadow")), "a look has no 'image'"),
        (file_of(wide(url="http://x")), "a look has no 'url'"),
        (file_of(wide(hotkey="F1")), "a look has no 'hotkey'"),
        (file_of(wide(**{"\u202eevil\n": 1})), r"a look has no '\\u202eevil\\n'"),
        (file_of(wide(**{"x" * 100_000: 1})), "a look has no"),
        (file_of({"id": "a", "prompt": ""}), "line 2: name = null: expected"),
        (file_of(wide(id="../../x")), "line 2: id"),
        (file_of(wide(id="/etc/x")), "line 2: id"),
        (file_of(wide(id="con\u0000")), "line 2: id"),
        (file_of(wide(id="A")), "line 2: id"),
        (file_of(wide(id="a" * 65)), "line 2: id"),
        (file_of(wide(name="")), "line 2: name"),
        (file_of(wide(name="x" * 65)), "line 2: name"),
        (file_of(wide(name=["x"])), "line 2: name"),
        (file_of(wide(prompt="x" * 4001)), "line 2: prompt"),
        (file_of(wide(evolve=["x"] * 13)), "line 2: evolve"),
        (file_of(wide(evolve="x")), "line 2: evolve"),
        (file_of(wide(seed=-1)), "line 2: seed"),
        (file_of(wide(settings={"__class__": 1})), "line 2: settings"),
        (file_of(wide(settings={"a": [1]})), "line 2: settings"),
        (file_of(wide(settings={f"a{n}": 1 for n in range(33)})), "line 2: settings"),
        (file_of(wide(name="a\u202egpj.exe")), r"line 2: name has the character U\+202E"),
        (file_of(wide(name="a\u0000")), r"U\+0000"),
        (file_of(wide(name="a\nb")), r"U\+000A"),
        (file_of(wide(name="a\u200fb")), r"U\+200F"),
        (file_of(wide(name="a\u001b[2J")), r"U\+001B"),
        (file_of(wide(prompt="a\u2066b")), r"prompt has the character U\+2066"),
        (file_of('{"id":"a","name":"x","prompt":"\\ud800"}'), "prompt"),
        (file_of(wide(evolve=["a\u0007"])), r"evolve has the character U\+0007"),
        (file_of(wide(settings={"a": "\u202e"})), r"settings has the character U\+202E"),
        (file_of(CAPE, CAPE), "two looks have the short name 'cape'"),
        (file_of(IMAGE, CAPE), "line 2: an image without a look"),
        (file_of(CAPE, IMAGE, IMAGE), "line 4: an image without a look"),
        (file_of(CAPE, '"https://x/a.png"'), "line 3: no PNG"),
        (file_of(CAPE, '"data:image/svg+xml;base64,PHN2Zz4="'), "line 3: no PNG"),
        (file_of(CAPE, '"data:image/png;base64,a"'), "line 3: no PNG"),
        (file_of(CAPE, '"data:image/png;base64,../../x"'), "line 3: no PNG"),
        (
            file_of(CAPE, '"data:image/png;base64,' + "A" * 11_000_000 + '"'),
            "line 3: the image has",
        ),
        (file_of(*(wide(id=f"a{n}") for n in range(501))), "holds more than 500 looks"),
        (file_of(*(wide(id=f"a{n}") for n in range(10_000))), "holds more than 500 looks"),
        (
            file_of(*(f" {json.dumps(wide(id=f'a{n}'))}" for n in range(600))),
            "holds more than 500 looks",
        ),
        (file_of(*([""] * 2000)), "line 2: no JSON object"),
        (file_of(wide(id="x", name=" " * 300_000)), "more text than looks have"),
        (
            file_of(*(wide(id=f"a{n}", evolve=["x" * 4000] * 12) for n in range(60))),
            "more text than looks have",
        ),
        (bytes(24_000_001), "more than 24 MB"),
    ],
)
def test_a_strangers_file_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(CommandFailed, match=words) as caught:
        read_looks(data)
    assert caught.value.code == "rejected"
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_what_would_be_refused_is_not_written() -> None:
    with pytest.raises(CommandFailed, match=r"preset 'x': name has the character U\+0007"):
        write_looks([SharedLook(Preset(id="x", name="a\u0007", prompt=""))])
    image = bytes(7_000_000)
    with pytest.raises(CommandFailed, match="28 MB and a file 24 at most"):
        write_looks(SharedLook(Preset(id=f"a{n}", name="A", prompt=""), image) for n in range(3))


def test_an_image_is_only_base64() -> None:
    data = base64.b64encode(b"no image at all").decode()
    (look,) = read_looks(file_of(CAPE, f'"data:image/png;base64,{data}"'))
    assert look.image == b"no image at all"
