"""The whole daemon on a machine without a webcam: a card, and nothing that could cost money."""

import asyncio

from tests.system.daemon import running_daemon


async def test_without_a_webcam_viewers_get_a_card_and_no_session_is_asked_for(tmp_path):
    asked: list[str] = []

    async def model(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(str(writer.get_extra_info("peername")))
        writer.close()

    listening = await asyncio.start_server(model, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    # Named, so that there is none here either way.
    camera = {"CAMERA__SOURCE": "auto", "CAMERA__DEVICE": "no such webcam"}
    async with listening, running_daemon(tmp_path, url, CAPTURE__WHEN="always", **camera) as bridge:
        control = bridge.control
        await control.until(lambda s: s["card"] == "No camera", "the card")
        reply = await control.ok("connect")
        assert reply["applies"] == "later"
        assert reply["note"].startswith("no session is opened yet: there is no camera")
        kept = await control.ok("set_prompt", prompt="as a clay figure")
        assert kept["applies"] == "next_session"
        await control.until(lambda s: s["phase_s"] > 2, "some time")
        state = control.state
        assert (state["session"], state["session_wanted"]) == ("idle", True)
        assert (state["camera"], state["camera_kind"]) == ("lost", "webcam")
        assert state["viewers_see"] == "the card “No camera”"
        assert (state["no_picture_s"], state["billing"]) == (None, False)
    assert asked == [], "nobody was asked for a session"
