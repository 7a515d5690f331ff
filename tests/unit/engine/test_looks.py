"""A preset's image read from its file: bounded, and refused in words before anything is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sana_vcam.config.preset import Preset
from sana_vcam.engine.looks import look_of, read_image
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor.models.images import MOST_BYTES

PNG = b"\x89PNG\r\n\x1a\n"


def preset(image: str | None = "cape.png", **more: object) -> Preset:
    return Preset.model_validate(
        {"id": "cape", "name": "Cape", "prompt": "", "image": image} | more
    )


async def test_a_look_is_its_prompt_image_seed_and_settings_at_once(tmp_path: Path) -> None:
    (tmp_path / "cape.png").write_bytes(PNG)
    fields = await look_of(preset(seed=4, settings={"strength": 0.5}), lambda: tmp_path)
    assert fields.pop("image").data == PNG  # type: ignore[attr-defined]
    assert fields == {
        "prompt": "", "preset": "cape", "seed": 4, "look_settings": {"strength": 0.5},
    }  # fmt: skip


async def test_a_look_without_an_image_takes_the_one_before_away(tmp_path: Path) -> None:
    fields = await look_of(preset(None), lambda: tmp_path / "nowhere")
    assert fields == {"prompt": "", "preset": "cape", "image": None, "look_settings": {}}


def test_an_absolute_path_and_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cape.png").write_bytes(PNG)
    for image in (str(tmp_path / "cape.png"), "~/cape.png"):
        found = read_image(preset(image), Path("/nowhere"))
        assert found is not None
        assert found.name == "cape.png"


@pytest.mark.parametrize(
    ("make", "code", "why"),
    [
        (lambda path: None, "not_found", "there is no such file"),
        (lambda path: path.write_bytes(b""), "rejected", "is empty"),
        (lambda path: path.write_bytes(b"GIF89a"), "rejected", "no PNG, JPEG or WebP image"),
        (lambda path: path.mkdir(), "rejected", "Is a directory"),
        (os.mkfifo, "rejected", "it is a FIFO"),
        (lambda path: path.symlink_to("/dev/zero"), "rejected", "it is a device"),
        (lambda path: path.write_bytes(PNG + bytes(MOST_BYTES)), "rejected", "8 MB"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_said_with_preset_and_file(tmp_path, make, code, why) -> None:
    make(tmp_path / "cape.png")
    with pytest.raises(CommandFailed) as refused:
        read_image(preset(), tmp_path)
    assert refused.value.code == code
    assert str(refused.value).startswith(f"the image of preset 'cape', {tmp_path / 'cape.png'}: ")
    assert why in str(refused.value)
