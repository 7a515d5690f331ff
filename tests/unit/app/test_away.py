"""What stands for the card, followed while the daemon runs."""

from __future__ import annotations

import asyncio

import numpy as np

from sana_vcam.app.away import Away
from sana_vcam.media.pixels import cv2

SIZE = (64, 36)


async def test_a_change_is_followed_and_what_cannot_be_shown_is_the_card(tmp_path, caplog):
    file = tmp_path / "beach.png"
    file.write_bytes(cv2.imencode(".png", np.full((36, 64, 3), 90, np.uint8))[1].tobytes())
    away = Away(SIZE, "crop")
    await away.read("card")
    assert (away.picture, away.name, away.error) == (None, "", None)
    changed = asyncio.Event()
    away.on_change = changed.set
    running = asyncio.create_task(away.run())
    seen = []
    try:
        for wanted in ("black", str(file), str(tmp_path / "gone.png"), "card"):
            away.follow(wanted)
            await asyncio.wait_for(changed.wait(), 30)
            changed.clear()
            seen.append((away.name, away.picture and away.picture.source, away.error))
    finally:
        running.cancel()
        await asyncio.wait({running})
    error = (
        f"privacy.away: {tmp_path}/gone.png: there is no such file; viewers see the card. Name a "
        "picture, or card or black"
    )
    assert seen == [
        ("black", "black", None),
        ("beach.png", "slate", None),
        ("", None, error),
        ("", None, None),
    ]
    assert caplog.messages == [error]
