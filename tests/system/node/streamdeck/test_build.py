"""The committed bundle is what its source makes, and Elgato's own tools take it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from platformdirs.macos import MacOS

from sana_vcam.clients.deck.streamdeck import package
from sana_vcam.config import paths
from sana_vcam.config.paths import APP
from sana_vcam.control.access.discovery import CONTROL_FILE
from sana_vcam.control.access.group import SHARED
from tests.system.node.streamdeck.conftest import CACHE, SOURCE, install

BUNDLE = SOURCE / package.BUNDLE


@pytest.fixture(scope="session")
def packages() -> Path:
    """The exact versions that package.json names, installed."""
    wanted = (SOURCE / "package.json").read_text()
    folder = CACHE / "streamdeck"
    done = folder / "installed.json"
    if not done.is_file() or done.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(wanted)
        install(folder)
        done.write_text(wanted)
    return folder


@pytest.fixture
def workshop(request: pytest.FixtureRequest, require_tools: bool, tmp_path: Path) -> Path:
    """The source beside what it is built with."""
    try:
        installed: Path = request.getfixturevalue("packages")
    except (OSError, subprocess.SubprocessError) as error:
        if require_tools:
            raise
        pytest.skip(f"npm cannot install what builds the plugin: {error}")
    shutil.copytree(SOURCE, tmp_path / "workshop")
    (tmp_path / "workshop" / "node_modules").symlink_to(installed / "node_modules")
    return tmp_path / "workshop"


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(folder: Path, name: str, *words: str) -> str:
    return run(folder, str(folder / "node_modules" / ".bin" / name), *words)


def test_versions_are_exact_and_no_file_names_a_registry():
    wanted = json.loads((SOURCE / "package.json").read_text())
    versions = [*wanted["dependencies"].values(), *wanted["devDependencies"].values()]
    assert all(version.replace(".", "").isdigit() for version in versions)
    assert not (SOURCE / "package-lock.json").exists()


FONT = "LiberationSans-Bold.ttf"
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")


def has_font() -> bool:
    """Whether the keys' texts come out here as in the committed pictures."""
    return any(any(folder.rglob(FONT)) for folder in FONT_FOLDERS if folder.is_dir())


def test_the_committed_bundle_is_what_the_source_makes(
    workshop: Path, tmp_path: Path, require_tools: bool
):
    run(workshop, "node", "build.mjs", str(tmp_path / "made"))
    mend = "run build.mjs; see sana_vcam/clients/deck/streamdeck/README.md"
    for name in ("bin/plugin.js", "bin/package.json", "NOTICES.txt"):
        assert (tmp_path / "made" / name).read_text() == (BUNDLE / name).read_text(), mend
    made = {file.relative_to(tmp_path / "made") for file in (tmp_path / "made").rglob("*.png")}
    assert made == {file.relative_to(BUNDLE) for file in BUNDLE.rglob("*.png")}, mend
    if not has_font():
        assert not require_tools, f"{FONT} is needed: sudo apt install fonts-liberation"
        pytest.skip("code and names are the same; the pictures' font is not here")
    for name in made:
        there, here = (cv2.imread(str(at / name), -1) for at in (tmp_path / "made", BUNDLE))
        # Another version of the font may differ a little.
        assert there.shape == here.shape
        assert np.abs(there.astype(int) - here.astype(int)).mean() < 3, f"{name}: {mend}"


PLACES = """
import { build } from "esbuild";
const made = await build({
  stdin: { contents: 'export * from "./src/daemon/places.ts"', resolveDir: "." },
  bundle: true, write: false, platform: "node", format: "esm",
});
const text = Buffer.from(made.outputFiles[0].contents).toString("base64");
const { places } = await import(`data:text/javascript;base64,${text}`);
console.log(JSON.stringify(Object.fromEntries(["linux", "darwin", "win32"].map(
  (platform) => [platform, places(platform, process.env, UID).map(({ path }) => path)],
))));
"""


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
def test_it_looks_where_the_daemon_writes(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("LOCALAPPDATA", "/home/me/local")
    (workshop / "places.mjs").write_text(PLACES.replace("UID", str(os.getuid())))
    usual = [f"/run/user/{os.getuid()}", f"{tempfile.gettempdir()}/runtime-{os.getuid()}"]
    mac = MacOS(APP, appauthor=False)
    for given, mode, own in (
        (tmp_path / "mine", 0o700, [str(tmp_path / "mine")]),
        (tmp_path / "open", 0o755, usual),
        (None, None, usual),
    ):
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        if given is not None:
            given.mkdir(mode)
            monkeypatch.setenv("XDG_RUNTIME_DIR", str(given))
        found = json.loads(run(workshop, "node", "places.mjs"))
        mine = [f"{folder}/{APP}/{CONTROL_FILE}" for folder in own]
        assert found["linux"] == [*mine, str(SHARED / CONTROL_FILE)]
        assert str(paths.runtime_dir() / CONTROL_FILE) in mine
        assert found["darwin"] == [f"{mac.user_runtime_dir}/{CONTROL_FILE}"]
        # platformdirs' own class for Windows works there only; it says %LOCALAPPDATA%\\Temp.
        assert found["win32"] == [f"/home/me/local/Temp/{APP}/{CONTROL_FILE}"]


def test_its_types_are_right(workshop: Path):
    assert tool(workshop, "tsc", "--noEmit") == ""


def test_elgatos_tool_finds_it_valid_and_packs_the_same_files(workshop: Path, tmp_path: Path):
    said = tool(workshop, "streamdeck", "validate", "--no-update-check", package.BUNDLE)
    assert "Validation successful" in said
    assert "warning" not in said.lower()
    packing = ["pack", "--no-update-check", "--output", str(tmp_path), package.BUNDLE]
    tool(workshop, "streamdeck", *packing)
    (theirs,) = tmp_path.glob("*.streamDeckPlugin")
    assert contents(theirs) == contents(package.write(tmp_path / "ours"))


def contents(path: Path) -> dict[str, bytes]:
    """Each file; of the end of a text Elgato's tool has its own opinion."""
    with zipfile.ZipFile(path) as archive:
        return {
            entry.filename: archive.read(entry).rstrip(b"\n")
            for entry in archive.infolist()
            if not entry.is_dir()
        }


def test_elgatos_tool_is_looked_at_for_faults_that_it_finds(workshop: Path):
    """What proves the test before it: a fault in the manifest is one."""
    manifest = workshop / package.BUNDLE / "manifest.json"
    broken = json.loads(manifest.read_text()) | {"SDKVersion": "three"}
    manifest.write_text(json.dumps(broken))
    with pytest.raises(AssertionError, match="SDKVersion"):
        tool(workshop, "streamdeck", "validate", "--no-update-check", package.BUNDLE)
