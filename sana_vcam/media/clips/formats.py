"""What the ending of a file's name says: its container, and the codecs in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sana_vcam.errors import ClipFailed


@dataclass(frozen=True)
class Container:
    """A container as FFmpeg calls it, with the encoders of what is written into it.

    Sound in one of the codecs that are `copied` goes over as it is; other is encoded with `sound`.
    """

    name: str
    picture: str
    picture_options: Mapping[str, str]
    sound: str
    copied: frozenset[str]
    options: Mapping[str, str] = field(default_factory=dict)


_X264 = {"crf": "18", "preset": "medium"}
_VP9 = {"crf": "30", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
_FRONT = {"movflags": "+faststart"}
_ANYWHERE = frozenset({"aac", "ac3", "eac3", "mp3"})
"""What players take in every container but WebM."""
_MOV = _ANYWHERE | {"alac", "pcm_s16le", "pcm_s24le"}
_MATROSKA = _MOV | {"flac", "opus", "vorbis"}
_WEBM = frozenset({"opus", "vorbis"})
_MP4 = Container("mp4", "libx264", _X264, "aac", _ANYWHERE | {"alac"}, _FRONT)

CONTAINERS: Mapping[str, Container] = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": Container("mov", "libx264", _X264, "aac", _MOV, _FRONT),
    ".mkv": Container("matroska", "libx264", _X264, "aac", _MATROSKA),
    ".webm": Container("webm", "libvpx-vp9", _VP9, "libopus", _WEBM),
    ".ts": Container("mpegts", "libx264", _X264, "aac", _ANYWHERE),
}
"""By the ending in lower case. Each keeps the time of every single picture."""


def container_for(path: Path) -> Container:
    """Tell the container by the ending. Raises `ClipFailed` with those that there are."""
    found = CONTAINERS.get(path.suffix.lower())
    if found is None:
        *most, last = CONTAINERS
        what = f"ends in {path.suffix}" if path.suffix else "has no ending"
        raise ClipFailed(
            f"{path} {what}, which says no container: name it with {', '.join(most)} or {last}"
        )
    return found
