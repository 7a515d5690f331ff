"""The package: deterministic, whole, what Companion takes, and built from the source beside it."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from sana_vcam import __version__
from sana_vcam.app.cli import main
from sana_vcam.clients.deck.companion import package
from tests.system.node.companion.conftest import CACHE, npm

COMPANION = Path(package.__file__).parent
SOURCE, BUNDLE = COMPANION / "module", COMPANION / "bundle"
VALIDATE = """
const { validateManifest } = require('@companion-module/base')
validateManifest(JSON.parse(require('fs').readFileSync(0, 'utf8')), false)
"""


def files() -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(package.pack())) as archive:
        found = {}
        for entry in archive:
            content = archive.extractfile(entry)
            assert content is not None
            assert (entry.mtime, entry.uid, entry.gid, entry.mode) == (0, 0, 0, 0o644)
            found[entry.name] = content.read()
        return found


def test_the_package_is_what_companion_takes():
    found = files()
    assert list(found) == [
        "sana-vcam/LICENSES.txt",
        "sana-vcam/companion/HELP.md",
        "sana-vcam/companion/manifest.json",
        "sana-vcam/main.js",
        "sana-vcam/package.json",
    ]
    manifest = json.loads(found["sana-vcam/companion/manifest.json"])
    assert manifest["version"] == __version__
    assert manifest["runtime"] == {
        "type": "node22",
        "api": "nodejs-ipc",
        "apiVersion": json.loads((SOURCE / "package.json").read_text())["dependencies"][
            "@companion-module/base"
        ],
        "entrypoint": "../main.js",
        "permissions": {"filesystem": True},
    }
    # A dependency that is named would be looked for outside.
    assert "dependencies" not in json.loads(found["sana-vcam/package.json"])


def test_packing_twice_gives_the_same_bytes():
    assert package.pack() == package.pack()


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["deck", "companion", "--out", str(tmp_path)]) == 0
    written = tmp_path / f"companion-module-sana-vcam-{__version__}.tgz"
    assert capsys.readouterr().out == f"{written}\n"
    assert written.read_bytes() == package.pack()
    assert main(["deck", "companion", "--out", str(tmp_path / "none" / "x.tgz")]) == 1
    assert "--out" in capsys.readouterr().err


def test_the_lock_file_names_no_host_and_every_hash():
    text = (SOURCE / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in re.sub(r'"url": "https://[^"]*"', "", text)
    assert not [name for name, entry in packages.items() if name and "integrity" not in entry]
    pinned = json.loads((SOURCE / "package.json").read_text())
    for name, version in (pinned["dependencies"] | pinned["devDependencies"]).items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_every_package_inside_has_its_licence_told():
    text = (BUNDLE / "LICENSES.txt").read_text()
    told = set(re.findall(r"^(\S+) \S+ \((?:MIT|0BSD|BSD-3-Clause)\)$", text, re.MULTILINE))
    assert {"@companion-module/base", "ws", "jpeg-js", "ajv", "ejson", "p-queue"} <= told


@pytest.fixture(scope="module")
def workshop() -> Path:
    """What the lock file names, in a folder of the user's that outlives the tests."""
    folder = CACHE / "companion"
    lock = (SOURCE / "package-lock.json").read_bytes()
    if not (folder / "done").is_file() or (folder / "done").read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, folder)
        npm("ci", folder)
        (folder / "done").write_bytes(lock)
    return folder


@pytest.fixture
def built(request: pytest.FixtureRequest, companions_node: str, require_tools: bool) -> Path:
    if shutil.which("npm") is None:
        if require_tools:
            pytest.fail("npm is needed")
        pytest.skip("no npm here")
    try:
        folder: Path = request.getfixturevalue("workshop")
    except subprocess.SubprocessError as error:
        if require_tools:
            raise
        pytest.skip(f"npm cannot install what the module is built with: {error}")
    for name in ("build.mjs", "MIT.txt"):
        shutil.copy(SOURCE / name, folder)
    shutil.rmtree(folder / "src", ignore_errors=True)
    shutil.copytree(SOURCE / "src", folder / "src")
    return folder


def test_the_bundle_is_built_from_the_source(built: Path, companions_node: str, tmp_path: Path):
    subprocess.run([companions_node, "build.mjs", tmp_path], cwd=built, check=True, timeout=60)
    again = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in BUNDLE.iterdir()}
    assert again.keys() == committed.keys()
    stale = [name for name in again if again[name] != committed[name]]
    assert not stale, f"build anew: (cd {SOURCE} && npm ci && npm run build); stale: {stale}"


def test_the_manifest_passes_companions_own_judgement(built: Path, companions_node: str):
    manifest = files()["sana-vcam/companion/manifest.json"]
    subprocess.run(
        [companions_node, "-e", VALIDATE], cwd=built, input=manifest, check=True, timeout=60
    )
