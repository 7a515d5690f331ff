"""Kinds of values that keys of the configuration take: how each is read, and what it may be."""

from __future__ import annotations

import os
import re
import string
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from sana_vcam.config.apikey import INVISIBLE, bare_key
from sana_vcam.config.preset import Expected


def _empty_is_unset(value: object) -> object:
    return None if value == "" else value


def _one_word(value: object) -> object:
    """Strip a secret, which often comes with a line end, or with what an editor does not show."""
    if not isinstance(value, str):
        return value
    word = value.strip(f"{string.whitespace}{INVISIBLE}")
    if not (word.isascii() and word.isprintable() and " " not in word):
        raise ValueError("not one word")
    return word or None


def no_default_source(name: str) -> str:
    """Refuse the name that is another microphone as soon as one is unplugged, and even our own."""
    if name.lower() in {"default", "@default_source@", "@default_audio_source@"}:
        raise ValueError("which microphone this is changes")
    if name.startswith("sana_"):
        raise ValueError("this is our own, which would hear itself")
    return name


def _bare(value: object) -> object:
    return bare_key(value) if isinstance(value, str) else value


def _at_home(path: Path | None) -> Path | None:
    try:
        return path and path.expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def loopback(host: str) -> str:
    """Refuse an address that others can reach."""
    if host != "localhost" and not ip_address(host).is_loopback:
        raise ValueError(host)
    return host


def scheme_of(path: str) -> str | None:
    """Find the scheme of an address such as rtsp://camera/1, of which `Path` leaves one slash."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", path)
    return found and found[1].lower()


def address_words(scheme: str) -> str:
    """Say how an address becomes a camera; the address itself may hold a password."""
    return (
        f"{scheme}://... is an address, not a file: feed it to a v4l2loopback device, ffmpeg -i "
        f"'{scheme}://...' -pix_fmt yuv420p -f v4l2 /dev/video9, and set camera.source to webcam "
        "and camera.device to /dev/video9"
    )


def _file_not_address(value: object) -> object:
    """Take file:///a/clip.mp4 as the path that it means, and refuse any other address."""
    if not isinstance(value, str) or "://" not in value or not (scheme := scheme_of(value)):
        return value
    if scheme == "file":
        return unquote(urlsplit(value).path, errors="surrogateescape")
    raise conflict(address_words(scheme), "camera.path")


TransitionKind = Literal["cut", "fade", "black"]
"""How one picture becomes the next."""
AWAY_CARD, AWAY_BLACK = "card", "black"


def at_home(text: str) -> str:
    """Read ~ in a path, which may be a word as well."""
    return os.path.expanduser(text)  # noqa: PTH111  (never raises)


type Fit = Literal["crop", "pad", "stretch"]
type Size = tuple[int, int]
"""Width and height."""
SENT_LEAST, SENT_MOST = 64, 4096
"""The shortest and the longest side of what is sent, in pixels."""
SEND_AUTO, SEND_MODEL = "auto", "model"


def size_of(text: str) -> Size:
    """Read a size that can be sent, such as 640x352. Raises `ValueError`."""
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    sides = [int(side) for side in found.groups()] if found else []
    if not sides or any(side % 2 or not SENT_LEAST <= side <= SENT_MOST for side in sides):
        raise ValueError(f"{text} is no size that can be sent")
    width, height = sides
    return width, height


def sendable(text: str) -> str:
    """Refuse what is neither a word nor a size that can be sent."""
    if text not in {SEND_AUTO, SEND_MODEL}:
        size_of(text)
    return text


type PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
type Minutes = Annotated[float, Field(ge=0, le=100_000)]
type DeviceName = Annotated[str, Field(coerce_numbers_to_str=True)]
type OptionalPath = Annotated[
    Path | None, BeforeValidator(_empty_is_unset), AfterValidator(_at_home)
]
type VideoPath = Annotated[OptionalPath, BeforeValidator(_file_not_address)]
type SentSide = Annotated[
    Annotated[int, Field(ge=SENT_LEAST, le=SENT_MOST, multiple_of=2)] | None,
    BeforeValidator(_empty_is_unset),
]
type OptionalSecret = Annotated[
    SecretStr | None, BeforeValidator(_one_word), Expected("one word of printable ASCII characters")
]
type ApiKey = Annotated[OptionalSecret, BeforeValidator(_bare)]


def conflict(message: str, key: str) -> PydanticCustomError:
    """Make the error of values that are right by themselves and wrong together.

    `key` is where to look for the fix; `presets.3.id` stands for a part of a list.
    """
    return PydanticCustomError("conflict", "{message}", {"message": message, "key": key})
