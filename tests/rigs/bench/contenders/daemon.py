"""This daemon, as `sana-vcam run` runs it, with clocks at its seams and at the camera's file.

A folder for its state and the settings (`key=value`) follow the common arguments.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from sana_vcam.app.daemon import Daemon
from sana_vcam.app.native import set_up_malloc
from sana_vcam.config.load import load
from sana_vcam.lib.signals import stop_on_signals
from sana_vcam.media.camera import source
from tests.rigs.bench.contenders.clip import StampedFile
from tests.rigs.bench.contenders.telling import (
    PUSHED_S,
    RECEIVED,
    SENT,
    SHOWN_AT,
    WAITED_S,
    tell_at_signal,
)
from tests.rigs.bench.delays import TimedMedia, timed_sink
from tests.system.daemon import local_settings


async def main(url: str, clip: str, stamps: str, sink: str, home: str, *settings: str) -> None:
    set_up_malloc()
    files: list[StampedFile] = []

    class Remembered(StampedFile):
        def __init__(self, path: Path | None, **options: Any) -> None:
            super().__init__(path, **options)
            files.append(self)

    source.VideoFile = Remembered  # type: ignore[misc]
    chosen = dict(setting.partition("=")[::2] for setting in settings)
    overrides = local_settings(url) | {
        "camera.source": "file",
        "camera.path": clip,
        "sink.kind": "raw",
        "sink.path": sink,
    }
    config = load(environ={}, overrides=overrides | chosen).config
    stop = asyncio.Event()
    with stop_on_signals(stop):
        daemon = Daemon(
            config,
            state_dir=Path(home) / "state",
            runtime_dir=Path(home) / "run",
            make_media=TimedMedia,
        )
        tell_at_signal(Path(stamps), lambda: _told(daemon))
        with timed_sink(daemon):
            await daemon.run(stop)
    for file in files:
        file.dump(Path(stamps))


def _told(daemon: Daemon) -> dict[str, object]:
    assert daemon.parts is not None
    media = daemon.parts.media
    assert isinstance(media, TimedMedia)
    return {
        SENT: len(media.pushed),
        RECEIVED: len(media.callbacks),
        PUSHED_S: media.pushed,
        WAITED_S: media.waited,
        SHOWN_AT: media.shown_at,
    }


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
