"""This daemon, as `sana-vcam run` runs it; only the camera's file remembers its reads.

A folder for its state and the settings (`key=value`) follow the common arguments.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from sana_vcam.app.daemon import Daemon
from sana_vcam.app.native import limit_arenas
from sana_vcam.app.signals import stop_on_signals
from sana_vcam.config.load import load
from sana_vcam.media.camera import source
from tests.rigs.bench.contenders.clip import StampedFile
from tests.rigs.bench.contenders.telling import tell_at_signal
from tests.system.daemon import local_settings


async def main(url: str, clip: str, stamps: str, sink: str, home: str, *settings: str) -> None:
    limit_arenas()
    tell_at_signal(Path(stamps))
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
        daemon = Daemon(config, state_dir=Path(home) / "state", runtime_dir=Path(home) / "run")
        await daemon.run(stop)
    for file in files:
        file.dump(Path(stamps))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
