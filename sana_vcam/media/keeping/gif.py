"""A clip as an animated GIF: small, with a palette of its own, repeated for ever."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.filter import Graph
from av.video.reformatter import Colorspace, VideoReformatter

from sana_vcam.config.kinds import Size
from sana_vcam.media.keeping.coded import CodedPicture, H264Encoder, decoded

GIF_FPS = 12.5
"""Eight hundredths of a second for each picture: GIF counts in hundredths."""
_TICK = 1 / Fraction(GIF_FPS)
WIDTH = 480
_PALETTE_EVERY = 6
"""The palette is made from each so manieth picture."""


def write_gif(path: Path, pictures: Sequence[CodedPicture], size: Size, fps: float) -> float:
    """Write a GIF, and give its seconds; blocks. Raises `OSError`."""
    frames = _small(pictures, H264Encoder(size, fps).header, size)
    memory = io.BytesIO()
    with av.open(memory, "w", format="gif", options={"loop": "0"}) as container:
        stream: Any = container.add_stream("gif", rate=1 / _TICK)
        stream.width, stream.height, stream.pix_fmt = *_fitted(size), "pal8"
        for number, frame in enumerate(_coloured(frames)):
            container.mux(stream.encode(_at(frame, number)))
        container.mux(stream.encode(None))
    path.write_bytes(memory.getvalue())
    return len(frames) / GIF_FPS


def _fitted(size: Size) -> Size:
    width = min(WIDTH, size[0])
    return width, max(2, round(size[1] * width / size[0]))


def _small(pictures: Sequence[CodedPicture], header: bytes, size: Size) -> list[Any]:
    """Give what is seen at each moment of the GIF, in its size: 8 MB a second."""
    width, height = _fitted(size)
    reformatter = VideoReformatter()
    begin = pictures[0].at
    small: list[Any] = []
    for at, frame in decoded(pictures, header):
        due = int((at - begin) * GIF_FPS) + 1
        if due > len(small):
            one = reformatter.reformat(
                frame, width, height, "rgba", src_colorspace=Colorspace.ITU601
            )
            small += [one] * (due - len(small))
    return small


def _coloured(frames: Sequence[Any]) -> Iterator[Any]:
    """Yield each picture in the 256 colours that fit most of them."""
    graph = Graph()
    pictures, sink = _buffer(graph, frames[0]), graph.add("buffersink")
    maker = graph.add("palettegen")
    pictures.link_to(maker)
    maker.link_to(sink)
    graph.configure()
    for frame in frames[::_PALETTE_EVERY]:
        pictures.push(_at(frame, 0))
    pictures.push(None)
    palette = sink.pull()
    graph = Graph()
    pictures, colours = _buffer(graph, frames[0]), _buffer(graph, palette)
    use, sink = graph.add("paletteuse", "dither=bayer"), graph.add("buffersink")
    pictures.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    colours.push(_at(palette, 0))
    colours.push(None)
    for number, frame in enumerate(frames):
        pictures.push(_at(frame, number))
        yield from _ready(sink)
    pictures.push(None)
    yield from _ready(sink)


def _buffer(graph: Graph, frame: Any) -> Any:
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_TICK
    )


def _at(frame: Any, number: int) -> Any:
    frame.pts, frame.time_base = number, _TICK
    return frame


def _ready(sink: Any) -> Iterator[Any]:
    while True:
        try:
            yield sink.pull()
        except (BlockingIOError, EOFError):
            return
