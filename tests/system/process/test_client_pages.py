"""Every line that the pages per client tell to paste is taken from them and run.

What a program of its own would send (a Stream Deck, Companion, Home Assistant, OBS) is sent as it
sends it. Once against a server that tells what it was asked for, and once against the real daemon.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from websockets.asyncio.client import connect

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls
from tests.fakes.controlserver import TOKEN
from tests.fakes.wire import parse
from tests.system.daemon import running_daemon, running_standin

CLIENTS = files("sana_vcam") / "docs" / "clients"
ALL_PAGES = sorted(page.name for page in CLIENTS.iterdir())
# The others are about programs of this project's own, which have tests of their own.
PAGES = (
    "companion.md",
    "curl.md",
    "home-assistant.md",
    "obs-dock.md",
    "stream-deck-website.md",
    "stream-deck.md",
    "streamcontroller.md",
    "web-requests.md",
    "websocat.md",
    "window-managers.md",
)
BLOCK = re.compile(
    r"(?:<!-- (?P<says>(?:does|prints): .*?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```",
    re.DOTALL,
)
PATIENCE_S = 60
# These change nothing, so that only their answers tell.
ANSWERS = {
    "get_state": '"session"',
    "snapshot": "",
    "the metrics": "sana_vcam_frames_dropped_total",
    "the page": "<!doctype html>",
    "subscribe": '"type":"presets"',
}


@dataclass
class Block:
    """Lines to paste, and what each of them does."""

    language: str
    lines: list[str]
    does: list[str]
    needs: str | None
    prints: str | None = None
    """Which other kind of block it prints the lines of."""
    with_it: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Place:
    """A server to run the lines against."""

    port: int
    token: str
    environment: dict[str, str]
    folder: Path

    def filled(self, line: str) -> str:
        return line.replace("127.0.0.1:7262", f"127.0.0.1:{self.port}")


def blocks(page: str) -> list[Block]:
    """The blocks of a page; one that only goes with another is found in that."""
    found: list[Block] = []
    for match in BLOCK.finditer((CLIENTS / page).read_text()):
        said = (
            dict(part.split(": ", 1) for part in match["says"].split("; ")) if match["says"] else {}
        )
        names = said["does"].split(", ") if "does" in said else []
        lines = match["text"].strip().splitlines()
        prints = said.get("prints")
        kind = prints or match["language"]
        if kind in {"header", "message"}:
            # Only a terminal of the reader's knows what it prints.
            found[-1].with_it[f"printed {kind}" if prints else kind] = lines
            found[-1].does += names
        else:
            found.append(Block(match["language"], lines, names, said.get("needs"), prints))
    return found


async def shell(place: Place, line: str) -> str:
    """Run a line as a shell does, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", place.filled(line)),
        cwd=place.folder,
        env=place.environment,
        start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        if "subscribe" in line:
            # It goes on until it is ended.
            return await until_seen(process, ANSWERS["subscribe"])
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            # The shell and what it has started.
            os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
    assert process.returncode == 0, (line, out, err)
    return out.decode()


async def until_seen(process, wanted: str) -> str:
    text = b""
    while wanted.encode() not in text:
        chunk = await asyncio.wait_for(process.stdout.read(65536), PATIENCE_S)
        assert chunk, text
        text += chunk
    return text.decode()


async def browse(place: Place, url: str, headers: list[str]) -> str:
    """Send a GET with these headers and nothing else, and return the body of its answer."""
    scheme, _, rest = place.filled(url).partition("://")
    authority, slash, path = rest.partition("/")
    assert scheme == "http"
    lines = [f"GET {slash}{path} HTTP/1.1", f"Host: {authority}", *map(place.filled, headers)]
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
    answer = parse(await asyncio.wait_for(reader.read(), PATIENCE_S))
    writer.close()
    assert answer.status == 200, (url, answer)
    return answer.body.decode()


async def send(place: Place, url: str, message: str, *, waits: bool) -> str:
    """Send a text message; a client that does not wait closes at once."""
    async with connect(place.filled(url), proxy=None, origin="file://") as connection:
        # As Companion ends its lines.
        await connection.send(f"{message}\r\n" if waits else message)
        while waits:
            reply = json.loads(await asyncio.wait_for(connection.recv(), PATIENCE_S))
            assert reply["type"] != "error", reply
            if reply["type"] == "ok":
                return json.dumps(reply)
    return ""


async def run_shell(place: Place, block: Block) -> list[Callable[[], Awaitable[str]]]:
    if block.prints == "url":
        block.lines = [await printed(place, line) for line in block.lines]
        return await run_url(place, block)
    return [lambda line=line: shell(place, line) for line in block.lines]


async def run_config(place: Place, block: Block) -> list[Callable[[], Awaitable[str]]]:
    """A window manager's settings: what stands behind `exec` is given to a shell."""
    commands = [re.split(r"\bexec[, ]+", line)[1] for line in block.lines]
    return [lambda line=line: shell(place, line) for line in commands]


async def printed(place: Place, line: str) -> str:
    """What a line prints, to be pasted elsewhere."""
    text = (await shell(place, line)).rstrip("\n")
    assert "\n" not in text
    return text


async def run_url(place: Place, block: Block) -> list[Callable[[], Awaitable[str]]]:
    messages = block.with_it.get("message", [])
    if messages:
        waits = len(messages) > 1
        return [lambda one=one: send(place, block.lines[0], one, waits=waits) for one in messages]
    headers = [await printed(place, line) for line in block.with_it.get("printed header", [])]
    if "the page" in block.does:
        headers = ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
    return [lambda url=url: browse(place, url, headers) for url in block.lines]


class Settings(yaml.SafeLoader):
    """Home Assistant's YAML."""


Settings.add_constructor("!secret", lambda loader, node: f"!{loader.construct_scalar(node)}")


async def run_yaml(place: Place, block: Block) -> list[Callable[[], Awaitable[str]]]:
    """Home Assistant's requests: its services by name with their data, then its sensors."""
    settings = yaml.load("\n".join(block.lines), Settings)
    calls = [yaml.load("\n".join(lines), Settings) for lines in block.with_it["yaml"]]
    asked = []
    for call in calls:
        service = settings["rest_command"][call["action"].partition(".")[2]]
        url = service["url"]
        for name, value in call["data"].items():
            url = url.replace("{{ " + name + " }}", str(value))
        asked.append((url, service["headers"]))
    asked += [(one["resource"], one["headers"]) for one in settings["sensor"]]
    assert not any("{{" in url for url, _ in asked)
    lines = [await printed(place, line) for line in block.with_it["secret"]]
    secrets = {f"!{key}": value for key, value in yaml.load("\n".join(lines), Settings).items()}
    return [
        lambda url=url, headers=headers: browse(
            place, url, [f"{name}: {secrets[value]}" for name, value in headers.items()]
        )
        for url, headers in asked
    ]


RUNNERS = {"sh": run_shell, "config": run_config, "url": run_url, "yaml": run_yaml}


def together(page: str) -> list[Block]:
    """A page's blocks, with Home Assistant's calls beside the settings that they need."""
    found = blocks(page)
    secrets = [one for one in found if one.prints == "secret"]
    found = [one for one in found if one not in secrets]
    for block in [one for one in found if one.language == "yaml" and not one.does]:
        first = next(one for one in found if one.language == "yaml" and one.does)
        first.with_it.setdefault("yaml", []).append(block.lines)
        first.with_it["secret"] = [line for one in secrets for line in one.lines]
        found.remove(block)
    return found


async def steps(place: Place, page: str):
    """Each line of a page, with what it does; lines of programs that are not here are left out."""
    for block in together(page):
        runs = await RUNNERS[block.language](place, block)
        assert len(runs) == len(block.does), (page, block)
        for name, run in zip(block.does, runs, strict=True):
            yield name, run


@pytest.fixture
def programs(tmp_path, require_tools):
    """A PATH with sana-vcam, and with a way out of a sandbox that is none."""
    for name in ("curl", "bash"):
        if shutil.which(name) is None:
            if require_tools:
                pytest.fail(f"{name} is needed")
            pytest.skip(f"no {name} here")
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, script in {
        "sana-vcam": f'exec {sys.executable} -m sana_vcam "$@"',
        "flatpak-spawn": 'test "$1" = --host && shift && exec "$@"',
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    own = Path(sys.executable).parent
    return f"{folder}:{own}:{os.environ['PATH']}"


def without_websocat(page, programs, require_tools):
    if page != "websocat.md" or shutil.which("websocat", path=programs):
        return
    if require_tools:
        pytest.fail("websocat is needed")
    pytest.skip("no websocat here")


@pytest.mark.parametrize("page", PAGES)
async def test_each_line_does_what_the_page_says(page, programs, tmp_path, require_tools):
    without_websocat(page, programs, require_tools)
    controls = FakeControls()
    config = ControlConfig(port=0, token=TOKEN)
    run, state = tmp_path / "run", tmp_path / "state"
    run.mkdir(mode=0o700)
    async with ControlServer(
        config,
        controls,
        state_dir=state / "sana-vcam",
        runtime_dir=run / "sana-vcam",
    ) as server:
        environment = os.environ | {
            "PATH": programs,
            "XDG_RUNTIME_DIR": str(run),
            "XDG_STATE_HOME": str(state),
        }
        place = Place(server.port, TOKEN, environment, tmp_path)
        count = 0
        async for name, step in steps(place, page):
            count += 1
            before = len(controls.done)
            text = await step()
            if name in ANSWERS:
                assert ANSWERS[name] in text, (name, text)
                assert len(controls.done) == before
                continue
            async with asyncio.timeout(PATIENCE_S):
                while len(controls.done) == before:
                    await asyncio.sleep(0.01)
            assert [one for one, _ in controls.done[before:]] == [name]
    assert count
    if page == "curl.md":
        assert (tmp_path / "now.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.timeout(400)
async def test_each_line_works_with_the_daemon(programs, tmp_path, require_tools):
    home = tmp_path / "home"
    home.mkdir()
    async with (
        running_standin("--chunk-time", "0.5", "--chunk-frames", "12") as standin,
        running_daemon(home, standin.url, SINK__KIND="preview") as bridge,
    ):
        await bridge.control.live()
        control_file = json.loads(bridge.control_file.read_text())
        port = int(re.search(r":(\d+)/", control_file["url"])[1])
        environment = os.environ | {
            "PATH": programs,
            "XDG_RUNTIME_DIR": str(home / "xdg_runtime_dir"),
            "XDG_STATE_HOME": str(home / "xdg_state_home"),
        }
        place = Place(port, control_file["token"], environment, tmp_path)
        ran = 0
        for page in PAGES:
            if page == "websocat.md" and not shutil.which("websocat", path=programs):
                assert not require_tools, "websocat is needed"
                continue
            async for name, step in steps(place, page):
                ran += 1
                text = await step()
                assert ANSWERS.get(name, "") in text
            # What the page did last is what the daemon wants now.
            await bridge.control.ok("blank", on=False)
            await bridge.control.ok("freeze", on=False)
        assert ran >= 30
        assert (tmp_path / "now.jpg").read_bytes().startswith(b"\xff\xd8")
        await bridge.control.ok("apply_preset", id="van-gogh")
        await shell(place, "sana-vcam ctl preset noir")
        await bridge.control.until(lambda state: state["preset"] == "noir")
    assert not [line for line in bridge.log if "Traceback" in line or "ERROR" in line]


def test_every_page_is_in_the_list():
    text = (CLIENTS / "README.md").read_text()
    linked = re.findall(r"\]\(([a-z-]+\.md)\)", text)
    assert sorted([*linked, "README.md"]) == ALL_PAGES
    assert set(PAGES) <= set(ALL_PAGES)
    promised = [page for page in ALL_PAGES if "<!-- does:" in (CLIENTS / page).read_text()]
    assert promised == list(PAGES)


@pytest.mark.parametrize("page", ALL_PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)", (CLIENTS / page).read_text()):
        assert "://" in link or (Path(str(CLIENTS)) / link).exists(), link
