"""`sana-vcam demo`: a stand-in for a model in a process of its own, and the daemon against it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import shutil
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from sana_vcam.app.native import freeze_heap
from sana_vcam.app.run import run_until_done
from sana_vcam.config import paths
from sana_vcam.config.source import ConfigSource
from sana_vcam.control.access import discovery
from sana_vcam.control.protocol.state import State
from sana_vcam.errors import ConfigError, StartupError
from sana_vcam.lib.descriptors import raise_limit
from sana_vcam.lib.logs import set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.threads import run_blocking
from sana_vcam.standin.hosted import HOSTED, HostedName, hosted_named

if TYPE_CHECKING:
    from sana_vcam.app.daemon import Daemon
    from sana_vcam.reactor.models import Image

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
LINE_EVERY_S = 0.5
DEFAULT_PRESET = "van-gogh"


SCENE = "A tropical beach in the style of Van Gogh, seen by a camera that moves slowly."
"""First prompt for a model without a camera, which presets of edits would tell nothing."""

PAINTED = "sunset over mountains, oil painting"
"""What the picture shows that a model without prompts is given."""


def run(overrides: Mapping[str, object], model: str) -> int:
    """Run the demo of a model until Ctrl-C, and give the exit status."""
    hosted = _hosted(model)
    if importlib.util.find_spec("reactor_runtime") is None:
        raise StartupError("the demo needs one more package: pip install 'sana-vcam[demo]'")
    ConfigSource(overrides=_demo_overrides(overrides, "http://127.0.0.1:1", hosted)).load()
    raise_limit()
    # Here, since it takes half a second, and the event loop is not to be held.
    from sana_vcam.app.daemon import Daemon

    freeze_heap()
    with lossy_stderr():
        return run_until_done(lambda: _demo(Daemon, overrides, hosted))


def _hosted(name: str) -> HostedName:
    """Find a model that can be stood in for. Raises `ConfigError` with the nearest that can."""
    found = hosted_named(name)
    if found is None:
        known = [*HOSTED, *(one.name for one in HOSTED.values())]
        near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise ConfigError(f"there is no stand-in for {name}: try sana-vcam demo --model {near}")
    return found


async def _demo(make: type[Daemon], overrides: Mapping[str, object], model: HostedName) -> None:
    from sana_vcam.app.signals import stop_on_signals
    from sana_vcam.media.camera.source import open_source_for_show
    from sana_vcam.media.pipeline import Pipeline

    stop = asyncio.Event()
    with stop_on_signals(stop):
        _say("starting the stand-in model ...")
        async with standin_beside("--model", model) as url:
            source = ConfigSource(overrides=_demo_overrides(overrides, url, model))
            config = source.load().config
            set_up_logging("warning" if config.log.level == "info" else config.log.level)
            image = await run_blocking(_painted, name="paint") if model == "vidu" else None
            media = partial(Pipeline, make_source=open_source_for_show)
            daemon = make(config, source=source, image=image, make_media=media)
            line = _LiveLine(model, url, lambda: daemon.control_url)
            daemon.on_state = line.show
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


class _LiveLine:
    """One line that is rewritten on a terminal, and printed on changes elsewhere."""

    def __init__(
        self, model: HostedName, model_url: str, control_url: Callable[[], str | None]
    ) -> None:
        self._model = model
        self._model_url = model_url
        self._control_url = control_url
        self._terminal = sys.stderr.isatty()
        self._shown_at = float("-inf")
        self._key: tuple[object, ...] = ()
        self._introduced = False

    def show(self, state: State) -> None:
        """Show `state`, at most twice a second."""
        if not self._introduced:
            self._introduced = self._introduce(state)
            return
        key = (state.output, state.session, state.prompt, state.error)
        now = time.monotonic()
        if key == self._key and (not self._terminal or now - self._shown_at < LINE_EVERY_S):
            return
        self._key, self._shown_at = key, now
        text = live_line(state)
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text[:160]}")
            sys.stderr.flush()
        else:
            _say(text)

    def _introduce(self, state: State) -> bool:
        """Say what was chosen, once everything is known."""
        control = self._control_url()
        # A model without a camera never names one.
        camera = state.camera_name if model_takes_camera(self._model) else "none is needed"
        if not camera or control is None:
            return False
        program = "sana-vcam" if shutil.which("sana-vcam") else sys.argv[0]
        text = INTRODUCTION.format(
            camera=camera,
            name=HOSTED[self._model].name,
            model=self._model_url,
            sink=state.sink_name,
            control=control,
            look=(SHOWN if self._model == "vidu" else TOLD).format(program=program),
            dashboard=self._dashboard() or f"{program} ctl url   (prints the address)",
            program=program,
        )
        _say(text)
        return True

    def _dashboard(self) -> str | None:
        """Find its address with the token, where nobody but the user reads it."""
        control_file = discovery.find(paths.runtime_dir()) if self._terminal else None
        return None if control_file is None else control_file.dashboard

    def end(self) -> None:
        """Leave the line as it is and go on below."""
        if self._terminal:
            sys.stderr.write("\n")


def live_line(state: State) -> str:
    """Describe in one line what is happening."""
    delay = "" if state.delay_ms is None else f"  +{state.delay_ms} ms"
    edit = state.preset or state.prompt or "no prompt"
    error = f"  ! {state.error}" if state.error else ""
    return (
        f"{state.output.upper():6} {state.session:12} "
        f"{state.fps_camera:4.1f} fps in  {state.fps_model:4.1f} edited  "
        f"{state.fps_output:4.1f} out{delay}  [{edit[:60]}]{error}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)
