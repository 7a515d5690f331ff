"""`sana-vcam demo`: a stand-in for a model in a process of its own, and the daemon against it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from sana_vcam.app.console import Console
from sana_vcam.app.instance import single_instance
from sana_vcam.app.native import freeze_heap
from sana_vcam.app.run import gives_frames, run_until_done, this_program
from sana_vcam.config import paths
from sana_vcam.config.schema import ReactorConfig
from sana_vcam.config.source import ConfigSource
from sana_vcam.control.protocol.state import State
from sana_vcam.errors import ConfigError, StartupError
from sana_vcam.lib.descriptors import raise_limit
from sana_vcam.lib.extras import install_command
from sana_vcam.lib.logs import set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.printing import printable_lines
from sana_vcam.lib.statusline import StatusLine, line_below_stderr
from sana_vcam.lib.threads import run_blocking
from sana_vcam.standin.hosted import HOSTED, HostedName, hosted_named

if TYPE_CHECKING:
    from sana_vcam.app.daemon import Daemon
    from sana_vcam.reactor.models import Image

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
DEFAULT_PRESET = "van-gogh"


SCENE = "A tropical beach in the style of Van Gogh, seen by a camera that moves slowly."
"""First prompt for a model without a camera, which presets of edits would tell nothing."""

PAINTED = "sunset over mountains, oil painting"
"""What the picture shows that a model without prompts is given."""


def run(overrides: Mapping[str, object], model: str) -> int:
    """Run the demo of a model until Ctrl-C, and give the exit status."""
    hosted = _hosted(model)
    if importlib.util.find_spec("reactor_runtime") is None:
        raise StartupError(f"the demo needs one more package: {install_command('demo')}")
    trial = ConfigSource(overrides=_demo_overrides(overrides, "http://127.0.0.1:1", hosted)).load()
    options = ("--model", hosted, *size_options(trial.config.reactor))
    # Before the stand-in is started, which takes seconds.
    with single_instance(paths.runtime_dir(), paths.state_dir()):
        pass
    raise_limit()
    # Here, since it takes half a second, and the event loop is not to be held.
    from sana_vcam.app.daemon import Daemon

    freeze_heap()
    with lossy_stderr(), line_below_stderr(wanted=not gives_frames(trial.config)) as line:
        return run_until_done(partial(_demo, Daemon, overrides, hosted, line, options))


def _hosted(name: str) -> HostedName:
    """Find a model that can be stood in for. Raises `ConfigError` with the nearest that can."""
    found = hosted_named(name)
    if found is None:
        known = [*HOSTED, *(one.name for one in HOSTED.values())]
        near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise ConfigError(f"there is no stand-in for {name}: try sana-vcam demo --model {near}")
    return found


def size_options(reactor: ReactorConfig) -> tuple[str, ...]:
    """Have the stand-in give a picture of the size that is configured for a model of one's own."""
    sides = {"--width": reactor.track_width, "--height": reactor.track_height}
    return tuple(
        word for flag, side in sides.items() if side is not None for word in (flag, str(side))
    )


async def _demo(
    make: type[Daemon],
    overrides: Mapping[str, object],
    model: HostedName,
    line: StatusLine,
    options: Sequence[str],
) -> None:
    from sana_vcam.lib.signals import stop_on_signals
    from sana_vcam.media.camera.source import open_source_for_show
    from sana_vcam.media.pipeline import Pipeline

    stop = asyncio.Event()
    with stop_on_signals(stop):
        _say("starting the stand-in model ...")
        async with standin_beside(*options) as url:
            source = ConfigSource(overrides=_demo_overrides(overrides, url, model))
            config = source.load().config
            set_up_logging("warning" if config.log.level == "info" else config.log.level)
            image = await run_blocking(_painted, name="paint") if model == "vidu" else None
            media = partial(Pipeline, make_source=open_source_for_show)
            daemon = make(config, source=source, image=image, make_media=media)
            console = Console(line, partial(_introduction, model, url, daemon))
            daemon.on_published, daemon.on_state = console.published, console.show
            await daemon.run(stop)
            line.end()
    _say("stopped; the session was closed.")


def _painted() -> Image:
    """Paint a picture for a model that is told by one what to do; blocks for some tenths."""
    import cv2

    from sana_vcam.reactor.models import Image
    from sana_vcam.standin import looks

    picture = looks.invent((544, 952), PAINTED, seed=7)
    jpeg = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
    return Image.read(jpeg, "a painted sunset")


def _demo_overrides(given: Mapping[str, object], url: str, model: HostedName) -> dict[str, object]:
    """Lay the user's flags over the demo's: a local runtime, and a first look."""
    demo: dict[str, object] = {
        "reactor.local": "true",
        "reactor.api_url": url,
        "reactor.model": HOSTED[model].name,
        # It costs nothing here, and is to be seen before an application is opened.
        "capture.when": "always",
    }
    if "start.prompt" not in given and "start.preset" not in given:
        if model == "helios":
            demo["start.prompt"] = SCENE
        else:
            demo["start.preset"] = DEFAULT_PRESET
    return demo | dict(given)


def model_takes_camera(model: HostedName) -> bool:
    """Whether a hosted model edits a camera's picture."""
    from sana_vcam.reactor.models import record_of

    return record_of(HOSTED[model].name).input_track is not None


@contextlib.asynccontextmanager
async def standin_beside(*options: str) -> AsyncIterator[str]:
    """Run the stand-in on a free loopback port, and yield its URL. It ends with this process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sana_vcam.standin", "--port", "0", "--exit-with-stdin"),
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Ctrl-C is for the daemon, which still has a session to close here.
        start_new_session=True,
    )
    if process.stdout is None or process.stderr is None or process.stdin is None:
        raise AssertionError("the pipes were asked for")
    talk = asyncio.create_task(_last_lines(process.stderr))
    try:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), READY_TIMEOUT_S)
        except TimeoutError:
            line = b""
        if not line:
            raise StartupError(await _why(process, talk))
        yield str(json.loads(line)["url"])
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        await talk


async def _last_lines(stream: asyncio.StreamReader) -> deque[str]:
    """Read to the end, so that the writer never blocks, and keep the last lines."""
    lines: deque[str] = deque(maxlen=20)
    async for line in stream:
        lines.append(line.decode(errors="replace").rstrip())
    return lines


async def _why(process: asyncio.subprocess.Process, talk: asyncio.Task[deque[str]]) -> str:
    """Explain with the stand-in's own last words why it did not start."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    last = [line for line in await talk if line]
    return "the stand-in model did not start" + (f": {last[-1]}" if last else "")


INTRODUCTION = """\
camera  {camera}
model   a stand-in for {name} at {model} (classical image processing, for show)
sink    {sink}
control {control}

See and change it in a browser:
  {dashboard}
or from another terminal:
  {look}
  {program} ctl blank on           (black, at once)
  {program} ctl snapshot now.jpg   (what viewers see)
Ctrl-C stops.
"""

TOLD = """\
{program} ctl prompt "as a charcoal drawing"
  {program} ctl preset noir        ({program} presets lists them)"""
SHOWN = """\
{program} ctl image picture.jpg  (what you are to become)"""
"""How another look is asked for: of a model that takes prompts, and of one that takes pictures."""


def _introduction(
    model: HostedName, url: str, daemon: Daemon, state: State, dashboard: str | None
) -> str | None:
    """Say what was chosen, once everything is known."""
    control = daemon.control_url
    # A model without a camera never names one.
    camera = state.camera_name if model_takes_camera(model) else "none is needed"
    if not camera or control is None:
        return None
    program = this_program()
    text = INTRODUCTION.format(
        camera=camera,
        name=HOSTED[model].name,
        model=url,
        sink=state.sink_name,
        control=control,
        look=(SHOWN if model == "vidu" else TOLD).format(program=program),
        dashboard=dashboard or f"{program} ctl open   (or {program} ctl url dashboard)",
        program=program,
    )
    return printable_lines(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
