"""Small clips and photos whose every picture can be told from the others, and which side is up."""

import struct
from fractions import Fraction

import av
import numpy as np
from PIL import Image

MS = Fraction(1, 1000)
SIZE = (64, 48)
ONE = 1 << 16
MATRICES = {
    "plain": (ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30),
    "quarter": (0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30),
    "half": (-ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30),
    "three quarters": (0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30),
    "mirrored": (-ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30),
    "upside down": (ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30),
    "mirrored, then a quarter": (0, ONE, 0, ONE, 0, 0, 0, 0, 1 << 30),
    "mirrored, then three quarters": (0, -ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30),
}
"""Display matrices of a track, as ISO 14496-12 writes them."""
CORNERS = {
    "plain": "top left",
    "quarter": "top right",
    "half": "bottom right",
    "three quarters": "bottom left",
    "mirrored": "top right",
    "upside down": "bottom left",
    "mirrored, then a quarter": "top left",
    "mirrored, then three quarters": "bottom right",
}
"""Where the stored picture's upper left corner is to be seen."""
EXIF = {
    1: "plain",
    2: "mirrored",
    3: "half",
    4: "upside down",
    5: "mirrored, then a quarter",
    6: "quarter",
    7: "mirrored, then three quarters",
    8: "three quarters",
}
"""What EXIF's orientations mean."""


def drawing(number=0, size=SIZE):
    """Grey level 20 * number, with a red square in the upper left corner."""
    width, height = size
    rgb = np.full((height, width, 3), min(20 * number, 230), np.uint8)
    rgb[: height // 4, : width // 4] = (250, 40, 40)
    return rgb


def make_clip(
    path,
    *,
    stamps=None,
    frames=6,
    size=SIZE,
    fps=24,
    codec="mpeg4",
    pix_fmt="yuv420p",
    time_base=None,
    sar=None,
    container=None,
    matrix=None,
):
    """A clip of numbered pictures; `stamps` are in `time_base`, else one a frame."""
    stamps = range(frames) if stamps is None else stamps
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        if codec == "mpeg4":
            stream.bit_rate = 4_000_000
        time_base = time_base or Fraction(1, fps)
        stream.time_base = stream.codec_context.time_base = time_base
        if sar:
            stream.codec_context.sample_aspect_ratio = sar
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(drawing(number, size), "rgb24")
            frame.pts, frame.time_base = stamp, time_base
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    if matrix:
        raw = bytearray(path.read_bytes())
        at = raw.index(b"tkhd") + 44
        raw[at : at + 36] = struct.pack(">9i", *MATRICES[matrix])
        path.write_bytes(raw)
    return path


def make_photo(path, *, orientation=None, size=SIZE):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(drawing(6, size)).save(path, exif=exif)
    return path


def make_gif(path, *, numbers=(0, 3, 6), ms=100):
    first, *rest = [Image.fromarray(drawing(number)) for number in numbers]
    first.save(path, save_all=True, append_images=rest, duration=ms, loop=0)
    return path


def number_of(picture):
    """Which of the numbered pictures this is, by its middle."""
    height, width = picture.shape[:2]
    middle = picture[height // 2 - 4 : height // 2 + 4, width // 2 - 4 : width // 2 + 4]
    return round(float(middle.mean()) / 20)


def corner_of(picture):
    """The corner that the red square is in."""
    bgr = picture.astype(int)
    redness = bgr[:, :, 2] - bgr[:, :, 0]
    ys, xs = np.nonzero(redness > 100)
    height, width = redness.shape
    down = "top" if ys.mean() < height / 2 else "bottom"
    return f"{down} {'left' if xs.mean() < width / 2 else 'right'}"
