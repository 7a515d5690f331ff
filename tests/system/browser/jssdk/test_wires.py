"""Reactor's own JavaScript SDK drives each wire of the stand-in, in Chromium, and agrees with it.

The published SDK (2.9.0) has no typed replies: they come as messages. It says nothing of a command
that is out of the schema, or that is answered with an error; both show in what does not come.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sana_vcam.standin.loopback import post_json
from tests.fakes import jssdk
from tests.fakes.chromium import Page, chromium
from tests.system.webrtc.standin.harness import PATIENCE_S, standin
from tests.system.webrtc.standin.test_wire import words

PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class Say:
    """A command, and the types of the messages that follow it; `image` is a field for one."""

    command: str
    answers: tuple[str, ...] = ()
    image: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class See:
    """A picture of this size, which is redder than green or is not the dark placeholder."""

    size: tuple[int, int]
    red: bool = False

    def fits(self, shown: dict[str, Any]) -> bool:
        """Whether that is what a page shows."""
        red, green, _blue = shown["mean"]
        wanted = red > green + 25 if self.red else max(shown["mean"]) > 60
        return wanted and tuple(shown["size"]) == self.size


@dataclass(frozen=True)
class Hear:
    """Messages that come by themselves."""

    answers: tuple[str, ...]


@dataclass(frozen=True)
class Wire:
    """How a stand-in is started, what it declares, and what is done with it."""

    options: tuple[str, ...]
    track: str | None
    commands: dict[str, set[str]]
    steps: tuple[Say | See | Hear, ...]


def say(command: str, *answers: str, image: str | None = None, **data: Any) -> Say:
    return Say(command, answers, image, data)


RUN: dict[str, set[str]] = {"start": set(), "pause": set(), "resume": set(), "reset": set()}
SANA = RUN | {"set_prompt": {"prompt"}, "set_seed": {"seed"}}
FIRST = SANA | {"set_mode": {"mode"}, "set_video": {"video"}}
ANCHOR = {"set_anchor_interval": {"chunks"}}

BEGUN = (See((1280, 704)), Hear(("chunk_complete",)))
"""What follows the start of a SANA."""

WIRES = {
    "live": Wire(
        (),
        "camera",
        SANA | ANCHOR,
        (
            say("set_prompt", "state", "prompt_accepted", prompt="pop art"),
            say("set_seed", "state", seed=7),
            say("set_anchor_interval", "state", chunks=1),
            say("pause", "command_error"),
            say("start", "generation_started", "state"),
            *BEGUN,
            Hear(("anchored",)),
            say("pause", "state", "generation_paused"),
            say("resume", "state", "generation_resumed"),
            say("reset", "state", "generation_reset"),
        ),
    ),
    "npm": Wire(
        ("--wire", "npm"),
        "camera",
        FIRST | ANCHOR,
        (
            say("set_mode", "command_error", mode="sideways"),
            say("set_mode", "state", mode="live"),
            say("set_prompt", "prompt_accepted", "conditions_ready", "state", prompt="pop art"),
            say("start", "generation_started", "state"),
            *BEGUN,
            say("pause", "generation_paused", "state"),
            say("resume", "generation_resumed", "state"),
            say("reset", "generation_reset", "state"),
        ),
    ),
    "page": Wire(
        ("--wire", "page"),
        "camera",
        FIRST,
        (
            say("set_mode", "state", mode="live"),
            say("set_prompt", "prompt_accepted", "state", prompt="pop art"),
            say("resume", "command_error"),
            say("start", "generation_started", "state"),
            *BEGUN,
            say("reset", "generation_reset", "state"),
        ),
    ),
    "x2": Wire(
        ("--model", "x2"),
        "source",
        {
            "set_prompt": {"prompt"},
            "set_reference_image": {"reference_image"},
            "set_pointer": {"x", "y", "active"},
            "set_pointer_x": {"pointer_x"},
            "set_pointer_y": {"pointer_y"},
            "set_pointer_active": {"pointer_active"},
            "set_keep_backlog": {"keep_backlog"},
            "reset": set(),
        },
        (
            say("set_keep_backlog", "state_update", keep_backlog=False),
            say("set_prompt", "state_update", "prompt_accepted", prompt="pop art"),
            Hear(("generation_started",)),
            See((640, 360)),
            say(
                "set_reference_image",
                *("generation_stopped", "reference_image_accepted", "generation_started"),
                image="reference_image",
            ),
            See((640, 360), red=True),
            say("set_pointer", "pointer_changed", x=0.5, y=0.5, active=True),
            say("set_pointer_active", "state_update", pointer_active=False),
            say("set_prompt", "generation_stopped", prompt=""),
            say("reset", "generation_stopped", "state_update"),
        ),
    ),
    "joyai": Wire(
        ("--model", "joyai"),
        "camera",
        {
            "set_prompt": {"prompt"},
            "set_reference_image": {"reference_image"},
            "set_seed": {"seed"},
            "start": set(),
            "reset": set(),
        },
        (
            say("set_prompt", "session_state", "prompt_accepted", prompt="pop art"),
            say(
                "set_reference_image",
                *("session_state", "reference_image_accepted"),
                image="reference_image",
            ),
            say("start", "session_state", "generation_started"),
            Hear(("chunk_complete",)),
            See((1248, 720), red=True),
            say("start", "command_error"),
            say("reset", "generation_reset", "generation_complete", "session_state"),
        ),
    ),
    "vidu": Wire(
        ("--model", "vidu"),
        "camera",
        {
            "start_edit": {"reference_image", "reference_image_url", "editing_type"},
            "switch_reference": {"reference_image", "reference_image_url", "editing_type"},
            "end_edit": set(),
            "get_state": set(),
        },
        (
            say("get_state", "session_state"),
            say("switch_reference", "command_error", editing_type="virtual_tryon"),
            say("start_edit", "session_state", image="reference_image"),
            See((952, 544), red=True),
            say("switch_reference", "reference_switched", editing_type="background_replacement"),
            say("end_edit", "edit_ended", "session_state"),
        ),
    ),
    "helios": Wire(
        ("--model", "helios"),
        None,
        RUN
        | {
            "set_prompt": {"prompt"},
            "schedule_prompt": {"prompt", "chunk"},
            "set_image": {"image"},
            "set_conditioning": {"prompt", "image"},
            "set_image_strength": {"image_strength"},
            "set_sr_scale": {"sr_scale"},
            "set_seed": {"seed"},
        },
        (
            say("start", "command_error"),
            say("set_prompt", "conditions_ready", "prompt_accepted", prompt="a beach"),
            say("schedule_prompt", "prompt_accepted", prompt="outer space", chunk=1),
            say("set_seed", "state", seed=3),
            say("start", "generation_started", "state"),
            See((640, 384)),
            Hear(("chunk_complete",)),
            say("set_image", "conditions_ready", "image_accepted", image="image"),
            See((640, 384), red=True),
            say("set_conditioning", "conditions_ready", prompt="a beach", image="image"),
            say("set_image_strength", "state", image_strength=0.5),
            say("set_sr_scale", "state", sr_scale="2x"),
            See((1280, 768)),
            say("pause", "generation_paused"),
            say("resume", "generation_resumed"),
            say("reset", "generation_reset", "state"),
        ),
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """The built page, or why there is none."""
    lack = jssdk.missing()
    if lack is not None:
        return lack
    try:
        return jssdk.build(PAGE, tmp_path_factory.mktemp("jssdk"))
    except (OSError, subprocess.SubprocessError) as error:
        return f"the packages from npm are not to be had: {error}"


@pytest.fixture
def page(built: Path | str, require_tools: bool) -> Path:
    """The built page."""
    if isinstance(built, Path):
        return built
    if require_tools:
        pytest.fail(built)
    pytest.skip(built)


@pytest_asyncio.fixture
async def tab(page: Path, tmp_path: Path) -> AsyncIterator[Page]:
    """A browser with a camera, on the page."""
    binary = shutil.which("chromium")
    assert binary is not None
    with jssdk.served(page) as address:
        async with chromium(binary, tmp_path / "profile", *jssdk.CAMERA, *jssdk.OPEN) as opened:
            await opened.send("Page.bringToFront")
            await opened.go(f"{address}/index.html")
            yield opened


async def until(tab: Page, script: str, condition: Callable[[Any], bool]) -> Any:
    """Look at a value of the page until it fulfils the condition."""
    value: Any = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition(value := await tab.run(script)):
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"{script}: {json.dumps(value)[-2000:]}")
    return value


async def take(tab: Page, step: Say | See | Hear) -> None:
    """Take a step, and wait for what follows it."""
    if isinstance(step, See):
        await until(tab, f"/* {step} */ return window.shown()", step.fits)
        return
    before = 0
    if isinstance(step, Say):
        words = (step.command, step.data, step.image)
        before = await tab.run(f"return await window.send(...{json.dumps(words)})")
    await until(
        tab,
        f"/* {step} */ return window.told().slice({before}).map(({{ type }}) => type)",
        lambda types: set(step.answers) <= set(types),
    )


@pytest.mark.parametrize("name", WIRES)
async def test_the_sdk_and_the_stand_in_agree(tab: Page, name: str) -> None:
    wire = WIRES[name]
    with standin(*wire.options, size=None) as process:
        begin = (process.url, wire.track)
        tracks = await tab.run(f"return await window.begin(...{json.dumps(begin)})")
        inputs = [] if wire.track is None else [[wire.track, "sendonly"]]
        assert sorted(tracks) == sorted([*inputs, ["main_video", "recvonly"]])
        assert words(process)[0] == wire.commands
        for step in wire.steps:
            await take(tab, step)
        await tab.run("await window.end()")


@pytest.mark.parametrize(
    ("asked", "kind"),
    [({"reason": "credits exhausted"}, "sessionEnded"), ({"moderate": True}, "moderation")],
)
async def test_a_session_that_is_ended_there_says_why(
    tab: Page, asked: dict[str, Any], kind: str
) -> None:
    """What an operator posts at the runtime is how a test has a client told so."""
    with standin("--model", "helios") as process:
        await tab.run(f"return await window.begin({process.url!r}, null)")
        post_json(f"{process.url}/stop_session", asked)
        told = await until(
            tab,
            "return window.told().filter(({ runtime }) => runtime)",
            lambda messages: kind in [message["type"] for message in messages],
        )
        [message] = [message for message in told if message["type"] == kind]
        assert message["data"].get("reason", "credits exhausted") == "credits exhausted"
