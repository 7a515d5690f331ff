"""A look that is rehearsed on the real model's side, read back at the raw sink frame by frame."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.viewers import viewer
from tests.system.daemon import View, running_daemon, running_standin

# Two looks without colour, one dark and one bright; the test scene itself is coloured.
NOIR = "film noir, black and white"
PENCIL = "pencil sketch"
BRIGHT = 130


def name(view: View) -> str:
    """What a picture is: a look, or raw; a card is neither bright nor coloured."""
    if view.coloured_share > 0.1:
        return "raw"
    return "pencil" if view.luma.mean() > BRIGHT else "other"


async def test_viewers_see_nothing_of_a_look_before_it_is_taken(tmp_path: Path):
    seen: list[str] = []
    async with (
        running_standin("--chunk-time", "0.4", "--chunk-frames", "12") as standin,
        running_daemon(tmp_path, standin.url, "--prompt", NOIR) as bridge,
        viewer() as page,
    ):
        control = bridge.control
        await control.live()
        await bridge.viewer.until(lambda view: name(view) == "other" and view.luma.std() > 25)
        bridge.viewer.judges.append(lambda view: seen.append(name(view)))
        answer = await control.ok("preview", sdp=await page.offer())
        await page.take(answer["sdp"])

        said = await control.ok("rehearse", prompt=PENCIL)
        assert "free" in said["note"]
        await control.until(lambda s: s["rehearsal"] == "ready", "in the preview")
        await page.until(lambda frame: frame[:360].mean() > BRIGHT)
        assert control.state["viewers_see"] == "a still picture"
        await control.ok("back")
        await control.until(lambda s: s["rehearsal"] is None and s["output"] == "live", "back")
        await page.until(lambda frame: frame[:360].mean() < BRIGHT)
        frames = len(seen)
        await bridge.viewer.until(lambda _: len(seen) > frames + 48)
        assert set(seen) == {"other"}, "neither the trial nor the camera"

        await control.ok("rehearse", prompt=PENCIL)
        await control.until(lambda s: s["rehearsal"] == "ready", "in the preview again")
        assert set(seen) == {"other"}
        assert (await control.ok("take"))["applies"] == "now"
        await bridge.viewer.until(lambda view: name(view) == "pencil", "what was taken")
        await control.until(lambda s: s["rehearsal"] is None and s["output"] == "live", "on air")
        assert "raw" not in seen
    assert not [line for line in bridge.log if "Traceback" in line or "ERROR" in line]
