"""Sources that give little: what stands is sent again, and the model has its chunks in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.daemon import running_daemon, running_standin
from tests.unit.media.camera.clips import make_gif, make_photo

CHUNKS = 4


@pytest.mark.parametrize("source", ["slides of a minute", "five a second", "photo"])
async def test_what_gives_little_is_live_in_one_session(tmp_path: Path, source: str):
    makers = {
        "slides of a minute": lambda: make_gif(tmp_path / "slides.gif", ms=60_000),
        "five a second": lambda: make_gif(tmp_path / "five.gif", numbers=range(9), ms=200),
        "photo": lambda: make_photo(tmp_path / "photo.jpg"),
    }
    settings = {"CAMERA__SOURCE": "file", "CAMERA__PATH": str(makers[source]())}
    (tmp_path / "home").mkdir()
    async with (
        running_standin() as standin,
        running_daemon(tmp_path / "home", standin.url, "--prompt", "x", **settings) as bridge,
    ):
        control = bridge.control
        await control.live()
        first = control.state["chunk"] or 0
        control.states.clear()
        await control.until(lambda s: (s["chunk"] or 0) >= first + CHUNKS, "some chunks further")
        await control.live()
        assert {state["session"] for state in control.states} == {"streaming"}
        assert {state["camera"] for state in control.states} == {"capturing"}
