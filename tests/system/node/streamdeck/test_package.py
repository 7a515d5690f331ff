"""What is packed: complete, the same each time, with images of the right sizes."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zipfile
from pathlib import Path

import pytest

from sana_vcam import __version__
from sana_vcam.app.cli import main
from sana_vcam.clients.deck.streamdeck import package
from sana_vcam.errors import StartupError

BUNDLE = Path(package.__file__).parent / package.BUNDLE
MANIFEST = json.loads((BUNDLE / "manifest.json").read_text())


def size(png: Path) -> tuple[int, int]:
    head = png.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n", png
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def images() -> dict[str, int]:
    """Every image that the manifest names, with the side that its place asks for."""
    found = {MANIFEST["Icon"]: 288, MANIFEST["CategoryIcon"]: 28}
    for action in MANIFEST["Actions"]:
        found[action["Icon"]] = 20
        for state in action["States"]:
            found[state["Image"]] = 72
        if "Encoder" in action:
            found[action["Encoder"]["Icon"]] = 72
    return found


@pytest.mark.parametrize(("path", "side"), images().items())
def test_every_image_has_the_size_of_its_place(path: str, side: int):
    assert size(BUNDLE / f"{path}.png") == (side, side)
    larger = 512 if side == 288 else 2 * side
    assert size(BUNDLE / f"{path}@2x.png") == (larger, larger)


def test_no_image_is_there_for_nothing():
    named = {f"{path}{end}.png" for path in images() for end in ("", "@2x")}
    assert {str(file.relative_to(BUNDLE)) for file in BUNDLE.rglob("*.png")} == named


def test_the_manifest_is_for_the_hosts_that_are_promised():
    assert MANIFEST["SDKVersion"] == 3
    assert MANIFEST["Software"] == {"MinimumVersion": "6.9"}
    assert MANIFEST["Nodejs"] == {"Version": "20"}
    assert "URL" not in MANIFEST
    assert MANIFEST["Version"] == f"{__version__}.0"
    assert f"{MANIFEST['UUID']}.sdPlugin" == package.BUNDLE
    # OpenDeck takes a plugin for Windows, and sees by the ending that Node runs it.
    assert {"Platform": "windows", "MinimumVersion": "10"} in MANIFEST["OS"]
    assert MANIFEST["CodePath"].endswith(".js")


def test_the_actions_are_those_that_profiles_hold():
    """A key on somebody's deck keeps the action's name; to change one loses the key."""
    names = [action["UUID"].removeprefix("com.sana-vcam.deck.") for action in MANIFEST["Actions"]]
    assert names == [
        "preset", "prompt", "next", "previous", "privacy", "freeze", "pause", "voice", "setting",
        "playlist", "rehearse", "take", "back", "clip", "record", "status", "dial",
    ]  # fmt: skip
    switches = [action for action in MANIFEST["Actions"] if len(action["States"]) == 2]
    assert [action["UUID"].rpartition(".")[2] for action in switches] == [
        "privacy", "freeze", "pause", "voice", "record",
    ]  # fmt: skip
    # The daemon decides what state a switch is in, not the number of presses.
    assert all(action["DisableAutomaticStates"] for action in switches)
    assert all("Name" in state for action in switches for state in action["States"])


def test_every_file_that_is_named_is_there():
    for action in MANIFEST["Actions"]:
        assert (BUNDLE / action["PropertyInspectorPath"]).is_file()
        assert "Encoder" not in action or (BUNDLE / action["Encoder"]["layout"]).is_file()
    page = (BUNDLE / "ui" / "inspector.html").read_text()
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (BUNDLE / "ui" / name).is_file(), "pages load nothing from elsewhere"


def test_the_licences_of_what_is_bundled_come_along():
    notices = (BUNDLE / "NOTICES.txt").read_text()
    code = (BUNDLE / "bin" / "plugin.js").read_text()
    inside = set(re.findall(r"^// node_modules/((?:@[^/]+/)?[^/]+)/", code, re.MULTILINE))
    assert inside == {"@elgato/schemas", "@elgato/streamdeck", "@elgato/utils", "ws"}
    for name in inside:
        assert re.search(rf"^{re.escape(name)} \d+\.\d+\.\d+ \(MIT\)$", notices, re.MULTILINE)
    assert notices.count("Permission is hereby granted") == len(inside)


def test_two_packages_are_the_same_bytes(tmp_path: Path):
    first = package.write(tmp_path / "one.streamDeckPlugin")
    second = package.write(tmp_path)
    assert second == tmp_path / "sana-vcam.streamDeckPlugin"
    assert (
        hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    )


def test_a_package_holds_the_bundle_and_nothing_else(tmp_path: Path):
    with zipfile.ZipFile(package.write(tmp_path)) as archive:
        held = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    expected = {
        f"{package.BUNDLE}/{file.relative_to(BUNDLE).as_posix()}": file.read_bytes()
        for file in BUNDLE.rglob("*")
        if file.is_file() and "logs" not in file.parts
    }
    assert held == expected


def test_the_command_writes_it_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "deck.streamDeckPlugin"
    assert main(["deck", "package", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert zipfile.is_zipfile(out)


def test_where_it_cannot_be_written_the_error_says_so(tmp_path: Path):
    with pytest.raises(StartupError, match="choose --out FILE"):
        package.write(tmp_path / "nowhere" / "deck.streamDeckPlugin")
