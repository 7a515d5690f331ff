"""What viewers can do without fails, in a daemon that streams from the stand-in."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sana_vcam.app.daemon import Daemon
from sana_vcam.config.load import load
from sana_vcam.config.paths import APP
from sana_vcam.config.schema import Config
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.states import ProgramSource
from tests.system.daemon import local_settings, running_standin


class Broken(Pipeline):
    """With a latency meter that has a defect."""

    def __init__(self, config: Config, on_change) -> None:
        super().__init__(config, on_change)
        self.failed = 0
        self.latency.measure = self._fail

    def _fail(self) -> None:
        self.failed += 1
        raise ValueError("a defect of the meter")


async def test_a_defect_of_the_latency_meter_costs_its_figure_and_not_the_picture(
    tmp_path: Path, caplog
) -> None:
    async with running_standin("--edit", "copy") as standin:
        overrides = local_settings(standin.url) | {"sink.kind": "preview"}
        config = load(environ={}, overrides=overrides).config
        daemon = Daemon(
            config, state_dir=tmp_path / "state", runtime_dir=tmp_path / APP, make_media=Broken
        )
        stop = asyncio.Event()
        running = asyncio.create_task(daemon.run(stop))
        async with asyncio.timeout(60):
            while daemon.parts is None or not daemon.parts.media.failed:
                assert not running.done()
                await asyncio.sleep(0.05)
            shown = daemon.parts.media.received.total
            while daemon.parts.media.received.total < shown + 48:
                assert not running.done()
                await asyncio.sleep(0.05)
        assert daemon.parts.program.output is ProgramSource.LIVE
        assert daemon.parts.media.latency.reading is None
        assert "the latency cannot be told" in caplog.text
        stop.set()
        await running
