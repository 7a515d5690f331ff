"""The packed plugin, unpacked, the Nodes to run it on, and the tools from npm."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from sana_vcam.clients.deck.streamdeck import package
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from sana_vcam.presets.catalog import ListedPreset
from tests.fakes.controls import LOOKS, FakeControls
from tests.system.node.streamdeck.host import Flavour, Host, unpack

# In a folder of the user's that outlives the tests.
CACHE = platformdirs.user_cache_path("sana-vcam-tests", appauthor=False)
SOURCE = Path(package.__file__).parent
NODE_20 = "20.20.2"
NODE_24 = "24.21.0"
TOKEN = "a-test-token-that-nobody-guesses"

NATURAL = ListedPreset(id="natural", name="Natural (no edit)", prompt="")


def install(folder: Path, *words: str) -> None:
    """Install packages of npm into a folder, without lock, scripts or address in any file."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run(
        ["npm", "install", *flags, *words], cwd=folder, capture_output=True, check=True, timeout=300
    )


def _node_of(version: str) -> str:
    """A Node of exactly this version: the one on the path, or one from npm."""
    found = shutil.which("node")
    if found is not None:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        if said.stdout.partition(".")[0] == f"v{version.partition('.')[0]}":
            return found
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    folder = CACHE / f"node-{version}"
    binary = folder / "node_modules" / f"node-linux-{machine}" / "bin" / "node"
    if not binary.is_file():
        install(folder, "--no-save", f"node-linux-{machine}@{version}")
    return str(binary)


@pytest.fixture(scope="session")
def nodes() -> dict[str, str | Exception]:
    """The Nodes that could be had, or why not."""
    found: dict[str, str | Exception] = {}
    for version in (NODE_20, NODE_24):
        try:
            found[version] = _node_of(version)
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            found[version] = error
    return found


def pick(nodes: dict[str, str | Exception], version: str, required: bool) -> str:
    node = nodes[version]
    if isinstance(node, str):
        return node
    if required:
        raise node
    pytest.skip(f"no Node {version}: {node}")


@pytest.fixture(params=[NODE_20, NODE_24], ids=["node20", "node24"])
def each_node(request: pytest.FixtureRequest, nodes, require_tools: bool) -> str:
    return pick(nodes, request.param, require_tools)


@pytest.fixture
def node_20(nodes, require_tools: bool) -> str:
    return pick(nodes, NODE_20, require_tools)


@pytest.fixture(params=["elgato", "opendeck"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    return request.param


@pytest.fixture
def node(flavour: Flavour, nodes, require_tools: bool) -> str:
    """The Node that goes with the host: Elgato's app brings the one that the manifest names."""
    return pick(nodes, NODE_20 if flavour == "elgato" else NODE_24, require_tools)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The plugin as a host has it: packed by us, unpacked into its folder."""
    packed = package.write(tmp_path)
    return unpack(packed, tmp_path / "plugins")


@pytest.fixture
def controls() -> FakeControls:
    controls = FakeControls()
    controls.looks = (NATURAL, *LOOKS)
    return controls


type Serve = Callable[..., AbstractAsyncContextManager[ControlServer]]


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """XDG_RUNTIME_DIR."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def daemon(controls: FakeControls, tmp_path: Path, runtime: Path) -> Serve:
    """The control server of a daemon without camera and session."""

    @asynccontextmanager
    async def running(
        *, token: str | None = TOKEN, folder: Path | None = None
    ) -> AsyncIterator[Any]:
        settings = {"port": 0, "token": token, "same_user": False}
        async with ControlServer(
            ControlConfig.model_validate(settings),
            controls,
            state_dir=tmp_path / "state",
            runtime_dir=folder or runtime / "sana-vcam",
            state_every_s=0.001,
            stats_every_s=0.05,
        ) as server:
            telling = asyncio.create_task(_tell_of_changes(controls, server))
            try:
                yield server
            finally:
                telling.cancel()
                await asyncio.wait([telling])

    return running


async def _tell_of_changes(controls: FakeControls, server: ControlServer) -> None:
    """Do what the real daemon's parts do when the state or the looks change."""
    state, looks = controls.current, controls.looks
    while True:
        await asyncio.sleep(0.002)
        if controls.current is not state:
            state = controls.current
            server.notify_state()
        if controls.looks is not looks:
            looks = controls.looks
            server.notify_presets()


@pytest.fixture
def host(plugin: Path, runtime: Path):
    """Start a host with the plugin in it; its log must not hold an error or the token."""

    @asynccontextmanager
    async def running(flavour: Flavour, node: str, **more: Any) -> AsyncIterator[Host]:
        host = Host(flavour, plugin)
        host.global_settings = more
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        async with host.running(node, environment):
            yield host
        assert " ERROR " not in host.log, host.log
        assert TOKEN not in host.log
        assert host.printed == ""
        assert host.unknown == []

    return running
