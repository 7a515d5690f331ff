"""The packed module, unpacked, and the Node to run it on."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest

from sana_vcam.clients.deck.companion import package
from tests.system.node.companion.host import unpack

# In a folder of the user's that outlives the tests.
CACHE = platformdirs.user_cache_path("sana-vcam-tests", appauthor=False)
NODE_22 = "22.23.3"


def npm(verb: str, folder: Path, *words: str) -> None:
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    subprocess.run(
        ["npm", verb, *flags, *words], cwd=folder, capture_output=True, check=True, timeout=180
    )


@pytest.fixture
def node(require_tools: bool) -> str:
    """The Node on the path."""
    found = shutil.which("node")
    if found is None and require_tools:
        pytest.fail("node is needed")
    return found or pytest.skip("no node here")


@pytest.fixture(scope="session")
def node_22() -> str:
    """The Node that Companion brings along for such modules, from npm."""
    package_name = f"node-linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}[platform.machine()] }"
    folder = CACHE / f"node-{NODE_22}"
    binary = folder / "node_modules" / package_name / "bin" / "node"
    if not binary.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        npm("install", folder, "--no-save", "--no-package-lock", f"{package_name}@{NODE_22}")
    return str(binary)


@pytest.fixture
def companions_node(request: pytest.FixtureRequest, node: str, require_tools: bool) -> str:
    """Node 22, with its permission model; where it cannot be had, the one on the path."""
    try:
        return str(request.getfixturevalue("node_22"))
    except (OSError, KeyError, subprocess.SubprocessError):
        if require_tools:
            raise
        return node


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return unpack(package.pack(), tmp_path / "module")
