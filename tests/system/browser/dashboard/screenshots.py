"""Take the docs' pictures: `python -m tests.system.browser.dashboard.screenshots [folder]`.

The page, the control server, the preview, the cards and the stand-in's looks are the real ones; the
person is NASA's portrait of the astronaut Eileen Collins (public domain), as scikit-image has it.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from shutil import which
from typing import Any

import cv2
import numpy as np
from PIL import Image
from playwright.async_api import Browser, expect
from skimage import data

import sana_vcam
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.control.preview.comparison import Compared
from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.control.protocol.keeping import RecordingState
from sana_vcam.control.protocol.playlists import PlaylistState
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.engine.states import SessionState
from sana_vcam.media.frames import Picture, SlateImage
from sana_vcam.media.pixels import Pixels, i420_to_bgr, to_i420, to_jpeg
from sana_vcam.media.slate import Slate, draw
from sana_vcam.media.states import CameraState, ProgramSource
from sana_vcam.presets.catalog import ListedPreset, find
from sana_vcam.presets.looksfile import SharedLook, write_looks
from sana_vcam.presets.suggestions import suggestions
from sana_vcam.reactor import faults
from sana_vcam.reactor.models import SANA, Model
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.standin.looks import edit
from tests.system.browser.dashboard.midi import KNOB, MIDI, NOTE, send
from tests.system.browser.dashboard.rig import LIVE, Desk, PictureControls, browser, drop, served

FOLDER = Path(sana_vcam.__file__).parent / "docs" / "pictures"
MOST_BYTES = 66_000
DESKTOP, SMALL, DOCK, PHONE = (1280, 800), (900, 620), (380, 500), (360, 640)
LOOK = "anime"

COSTS: dict[str, Any] = {
    "ends_in_s": 446.0,
    "billed_session_s": 754.0,
    "billed_day_s": 2900.0,
    "billed_month_s": 33000.0,
    "cost_session": 0.63,
    "cost_day": 2.42,
    "cost_month": 27.5,
    "currency": "EUR",
}
NO_SESSION: dict[str, Any] = {
    "output": ProgramSource.SLATE,
    "session_s": None,
    "ends_in_s": None,
    "delay_ms": None,
    "chunk": None,
    "model_prompt": None,
    "fps_model": 0.0,
}
QUALITY: dict[str, Any] = {
    "quality": "good",
    "quality_cause": "nothing limits it",
    "rtt_ms": 38.0,
    "loss_percent": 0.1,
    "bitrate_kbps": 4100.0,
    "relay": False,
    "glass_ms": 2140,
    "glass_confidence": 0.93,
    "glass_low_ms": 1900,
    "glass_high_ms": 2400,
}

PLAYING = PlaylistState(name="evening", entry=2, entries=3, look=LOOK, seconds_left=42.0)
PLAYLISTS = """
[[playlists]]
name = "evening"
loop = true
entries = [{look = "van-gogh", seconds = 60}, {look = "anime", seconds = 60}, {look = "noir"}]

[[playlists]]
name = "warm-up"
entries = [{look = "comic", seconds = 20}, {look = "pixel-art", seconds = 20}]
"""
RECORDING = RecordingState(path="/home/you/Videos/SANA VCam/now.mp4", seconds=83.0)
REHEARSED_LIVE: dict[str, Any] = {
    "rehearsal": RehearsalStage.READY,
    "second_session": True,
    "on_air_prompt": "an oil painting",
    "on_air_preset": "van-gogh",
    "price_per_min": 0.05,
}

type Act = Callable[[Desk], Awaitable[object]]


@dataclass(frozen=True)
class Shot:
    """One picture: the state it shows, in which light and size, and what is done before."""

    name: str
    state: dict[str, Any] = field(default_factory=dict)
    slate: Slate | None = None
    dark: bool = True
    size: tuple[int, int] = DESKTOP
    act: Act | None = None
    model: Model = SANA


async def _edit(desk: Desk) -> None:
    await desk.find("#grid .card").nth(2).hover()
    await desk.button("Menu of Watercolor").click()
    await desk.page.get_by_role("menuitem", name="Edit…").click()
    await desk.button("Try it live").click()
    await expect(desk.find("#editor-live")).to_contain_text("Viewers see this")


async def _tune(desk: Desk) -> None:
    await desk.find("#tuning summary").click()
    await desk.find("#renew-hint").scroll_into_view_if_needed()


async def _model(desk: Desk) -> None:
    await desk.find("#model-summary").click()
    await desk.find("#schedule-form, #row-schedule").last.scroll_into_view_if_needed()


async def _learn(desk: Desk) -> None:
    await desk.page.evaluate(MIDI)
    await desk.page.evaluate("midi.plug('LPD8')")
    await desk.find("#midi summary").click()
    await desk.find("#midi-on").click()
    await desk.find("#midi-learn").click()
    taught = {"Blank": (NOTE, 36, 99), "Van Gogh": (NOTE, 40, 99), "image strength": (KNOB, 21, 9)}
    for label, message in taught.items():
        await desk.find("#midi-target").select_option(label=label)
        await send(desk, *message)
    await desk.find("#midi-target").select_option(label="Watercolor")
    await desk.find("#midi-list").scroll_into_view_if_needed()


async def _photograph(desk: Desk) -> None:
    await desk.button("Photograph my looks…").click()
    await expect(desk.find("#confirm-text")).to_contain_text("billed meanwhile")


async def _stop(desk: Desk) -> None:
    await desk.server.stop()
    await expect(desk.find("#badge-label")).to_have_text("Offline")
    await expect(desk.find("#badge-elapsed")).to_be_visible()


async def _look_at_a_file(desk: Desk) -> None:
    cape = Preset(
        id="cape",
        name="Van Gogh, me in it",
        prompt="Van Gogh oil painting of the person of the image, swirling brushstrokes",
        settings={"image_strength": 0.6},
    )
    given = [
        SharedLook(cape, to_jpeg(portrait("Van Gogh oil painting", 640, 360))),
        SharedLook(Preset(id="noir", name="Film noir", prompt="1950s film noir, hard shadows")),
        SharedLook(find(BUILTIN_PRESETS, "beach")),
    ]
    await drop(desk, write_looks(given))
    await expect(desk.find(".shared")).to_have_count(3)


async def _compare(desk: Desk) -> None:
    await expect(desk.find("#compare-button")).to_be_visible()
    await desk.page.keyboard.down("c")
    # As above, until it is sharp.
    await desk.page.wait_for_timeout(2500)


async def _wipe(desk: Desk) -> None:
    await desk.find("#wipe-button").click()
    await desk.page.mouse.move(0, 0)
    await _compare(desk)
    await expect(desk.find("#wipe")).to_be_visible()


async def _playlists(desk: Desk) -> None:
    await desk.find("#playlists-summary").click()
    await expect(desk.find("#playlist-keys button").first).to_be_visible()
    await desk.find("#playlists-hint").scroll_into_view_if_needed()


SHOTS = (
    Shot("live-dark"),
    Shot("live-light", dark=False),
    Shot(
        "waiting",
        NO_SESSION | {"session": SessionState.WAITING, "phase_s": 42.0},
        Slate("Waiting for a GPU", "The picture starts soon", 42, tone="busy"),
    ),
    Shot(
        "off",
        NO_SESSION | {"session": SessionState.IDLE, "session_wanted": False, "viewers": 0},
        Slate("Camera off", "Back when it is switched on again"),
        dark=False,
    ),
    Shot("blank", {"output": ProgramSource.BLANK, "blank": True}),
    Shot(
        "paused",
        {
            "output": ProgramSource.SLATE,
            "session": SessionState.PAUSED,
            "paused": True,
            "phase_s": 75.0,
        },
        Slate("Paused", "Back in a moment"),
        dark=False,
    ),
    Shot(
        "error",
        NO_SESSION
        | {
            "session": SessionState.REFUSED,
            "error": faults.KEY.sentence,
            "error_details": "401: the key is not known (asked at /sessions)",
        },
        Slate("Needs attention", faults.KEY.words, tone="error"),
    ),
    Shot(
        "camera",
        NO_SESSION
        | {
            "session": SessionState.IDLE,
            "camera": CameraState.LOST,
            "phase_s": 4.0,
            "error": "the webcam Studio camera is unplugged; it is used again when it is back",
        },
        Slate("No camera", "The webcam is unplugged", tone="warning"),
        size=SMALL,
    ),
    Shot(
        "connecting",
        NO_SESSION | {"session": SessionState.CONNECTING, "phase_s": 4.0},
        Slate("Connecting", "One moment, please", 4, tone="busy"),
        size=SMALL,
    ),
    Shot(
        "starting",
        NO_SESSION | {"session": SessionState.STARTING, "session_s": 3.0, "phase_s": 3.0},
        Slate("Starting", "The first picture is on its way", 3, tone="busy"),
        dark=False,
        size=SMALL,
    ),
    Shot(
        "reconnecting",
        {"output": ProgramSource.SLATE, "session": SessionState.RECONNECTING, "phase_s": 6.0},
        Slate("Reconnecting", "The picture will be back", 6, tone="warning"),
        size=SMALL,
    ),
    Shot(
        "backoff",
        NO_SESSION
        | {
            "session": SessionState.BACKOFF,
            "phase_s": 5.0,
            "next_try_in_s": 12.0,
            "error": faults.UNREACHABLE.sentence,
            "error_details": "the name of the service is not found (no answer from the resolver)",
        },
        Slate("Connecting", faults.UNREACHABLE.words, 5, tone="warning"),
        dark=False,
        size=SMALL,
    ),
    Shot(
        "closing",
        NO_SESSION | {"session": SessionState.CLOSING, "session_wanted": False, "phase_s": 1.0},
        Slate("Camera off", "Back when it is switched on again"),
        size=SMALL,
    ),
    Shot("freeze", {"output": ProgramSource.FREEZE, "freeze": True}, dark=False, size=SMALL),
    Shot(
        "bypass",
        {"output": ProgramSource.BYPASS, "bypass": True, "bypass_allowed": True},
        size=SMALL,
    ),
    Shot("offline", dark=False, act=_stop),
    Shot("edit", act=_edit),
    Shot("tuning", dark=False, act=_tune),
    Shot("model", act=_model, model=HELIOS),
    Shot("midi", dark=False, size=SMALL, act=_learn, model=HELIOS),
    Shot("help", act=lambda desk: desk.page.keyboard.press("?")),
    Shot("dock", size=DOCK),
    Shot("phone", size=PHONE),
    Shot("photos", act=_photograph),
    Shot("sharing", act=_look_at_a_file),
    Shot("rehearsal", {"output": ProgramSource.FREEZE, "rehearsal": RehearsalStage.READY}),
    Shot("rehearsal-live", REHEARSED_LIVE),
    Shot("compare", act=_compare, size=SMALL),
    Shot("wipe", act=_wipe, size=SMALL),
    Shot("playlists", {"playlist": PLAYING}, dark=False, size=SMALL, act=_playlists),
    Shot("keep", {"clips": True, "recording": RECORDING}, dark=False, size=SMALL),
)


@cache
def portrait(prompt: str, width: int = 1280, height: int = 720) -> Pixels:
    """The portrait in the look of `prompt`, (height, width, 3) BGR."""
    rgb = cv2.resize(data.astronaut()[40:328], (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(edit(rgb, prompt, seed=0)[..., ::-1])


class Stage(PictureControls):
    """A daemon that shows the portrait, or a card, as a real one would."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = tuple(
            ListedPreset(
                **preset.model_dump(),
                thumbnail=f"/v1/thumbnail.jpg?id={preset.id}&v=1" if used else None,
            )
            for preset, used in zip(BUILTIN_PRESETS, _used(), strict=False)
        )
        # Drawn before they are asked for: the page is not to wait.
        self._stills = {
            look.id: to_jpeg(cv2.resize(portrait(look.prompt, 640, 360), (320, 180)))
            for look in self.looks
            if look.thumbnail
        }
        self.compares = False
        self._first = self.current
        self._shown = self._picture(portrait(""))
        both = np.zeros((720, 1280, 3), np.uint8)
        both[180:540, :640] = cv2.resize(portrait(""), (640, 360))
        both[180:540, 640:] = cv2.resize(portrait(find(self.looks, LOOK).prompt), (640, 360))
        self._beside = to_i420(both)

    def show(self, shot: Shot) -> None:
        self.model = shot.model
        look = find(self.looks, LOOK)
        card = shot.slate.headline if shot.slate else None
        prompt = {"prompt": look.prompt, "model_prompt": look.prompt, "preset": look.id}
        self.current = self._first.model_copy(
            update=LIVE | COSTS | prompt | {"card": card} | shot.state
        )
        self.ideas = tuple(suggestions(look.prompt, self.looks))[:4]
        if shot.slate is not None:
            self._shown = self._picture(draw(shot.slate, 1280, 720).bgr)
        elif shot.state.get("blank"):
            self._shown = self._picture(np.zeros((720, 1280, 3), np.uint8))
        elif shot.state.get("bypass"):
            self._shown = self._picture(portrait(""))
        else:
            self._shown = self._picture(portrait(look.prompt))

    def source(self) -> tuple[Picture | Compared, Pixels]:
        return (Compared(), self._beside) if self.compares else self._shown

    def compare(self, on: bool) -> None:
        self.compares = on

    async def snapshot(self) -> bytes:
        return to_jpeg(i420_to_bgr(self._shown[0].i420))

    async def thumbnail(self, preset_id: str) -> bytes:
        return self._stills[preset_id]

    @staticmethod
    def _picture(bgr: Pixels) -> tuple[Picture, Pixels]:
        return Picture.from_slate(SlateImage(bgr)), to_i420(bgr)


def _used() -> Iterator[bool]:
    """Which looks have been used before, as on anybody's machine: most."""
    return (number % 5 != 3 for number in count())


async def take(shot: Shot, stage: Stage, chromium: Browser) -> bytes:
    """The page as the shot wants it, as WebP."""
    stage.show(shot)
    width, height = shot.size
    with tempfile.TemporaryDirectory() as folder:
        stage.playlists_file = Path(folder) / "playlists.toml"
        stage.playlists_file.write_text(PLAYLISTS)
        previews = PreviewServer(stage.source, compare=stage.compare)
        async with served(stage, Path(folder), previews=previews) as server:
            context = await chromium.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if shot.dark else "light",
                reduced_motion="reduce",
                device_scale_factor=2 if width < 720 else 1,
            )
            desk = Desk(await context.new_page(), server, stage)
            await desk.as_other_daemon(_with_quality)
            await desk.open()
            await expect(desk.find("#preview-mode")).to_have_text("Live video")
            await expect(desk.find("#evolve")).to_be_visible()
            await expect(desk.find("#grid img.loaded").nth(5)).to_be_visible()
            # A still picture is sent again until it is sharp.
            await desk.page.wait_for_timeout(2500)
            if shot.act is not None:
                await shot.act(desk)
            png = await desk.page.screenshot()
            await context.close()
    return small(png)


def _with_quality(message: dict[str, Any]) -> None:
    """Fields that come from a network and a home, which are not here."""
    if message["type"] == "state" and message["data"]["session"] == "streaming":
        message["data"] |= QUALITY
    if message["type"] == "ok" and "playlists" in message["data"]:
        message["data"]["file"] = "/home/you/.config/sana-vcam/playlists.toml"


def small(png: bytes) -> bytes:
    """The same picture as WebP, as good as fits."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in range(86, 40, -3):
        webp = io.BytesIO()
        picture.save(webp, "WEBP", quality=quality, method=6)
        if webp.tell() <= MOST_BYTES:
            return webp.getvalue()
    raise ValueError(f"the picture does not fit into {MOST_BYTES} bytes")


async def main(folder: Path, only: str = "") -> None:
    """Write every shot whose name has `only` in it into `folder`."""
    binary = which("chromium") or which("google-chrome")
    if binary is None:
        raise SystemExit("chromium is needed: sudo apt install chromium")
    stage = Stage()
    async with browser(binary) as chromium:
        for shot in SHOTS:
            if not re.search(only, shot.name):
                continue
            webp = await take(shot, stage, chromium)
            (folder / f"dashboard-{shot.name}.webp").write_bytes(webp)
            print(f"dashboard-{shot.name}.webp  {len(webp) / 1000:.0f} kB")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, *sys.argv[2:3]))
