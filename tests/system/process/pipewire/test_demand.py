"""The whole daemon: camera and session are on while somebody reads the node, and who that is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.rigs.pipewire import Session
from tests.system.daemon import free_port, running_daemon
from tests.system.process.pipewire.cameras import has_port

NOT_OURS = ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")


def in_session(session: Session) -> dict[str, str]:
    """The session's environment for a daemon, which has folders of its own."""
    return {key: text for key, text in session.environment.items() if key not in NOT_OURS}


async def test_the_camera_opens_for_the_first_reader_and_closes_after_the_last(
    pipewire: Session, tmp_path: Path
):
    within = in_session(pipewire)
    settings = {"SINK__KIND": "pipewire", "CAPTURE__WHEN": "watched", "CAPTURE__LINGER_S": "0"}
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with running_daemon(tmp_path, nowhere, extra=within, **settings) as bridge:
        await bridge.control.until(lambda s: s["viewers"] == 0, "known to be unwatched")
        await asyncio.to_thread(pipewire.until, "the camera", lambda: has_port(pipewire))
        state = bridge.control.state
        assert (state["sink"], state["sink_name"]) == ("pipewire", "SANA VCam (PipeWire)")
        seen = list(bridge.control.states)
        assert all(s["camera"] == "off" and not s["session_wanted"] for s in seen), "listed only"

        pipewire.spawn(
            "reader",
            *("gst-launch-1.0", "-q", "pipewiresrc", "target-object=sana_vcam"),
            *("!", "video/x-raw", "!", "fakesink"),
        )
        await bridge.control.until(
            lambda s: s["viewers"] == 1 and s["camera"] == "capturing" and s["session_wanted"],
            "watched",
        )
        await bridge.control.until(lambda s: s["viewer_names"] == ["GStreamer"], "named")
        listing = (sys.executable, "-m", "sana_vcam", "devices")
        listed = (await asyncio.to_thread(pipewire.run, *listing)).splitlines()
        at = listed.index("  sana_vcam      SANA VCam  [PipeWire]")
        assert listed[at + 1] == "      read by  GStreamer"
        assert bridge.control.state["viewers"] == 1, "who lists cameras does not watch"
        await asyncio.to_thread(pipewire.stop, "reader")
        await bridge.control.until(
            lambda s: s["viewers"] == 0 and s["camera"] == "off" and not s["session_wanted"],
            "left alone",
        )
        assert bridge.control.state["viewer_names"] == []


async def test_a_desktop_that_starts_after_the_daemon_gets_the_camera(
    pipewire: Session, tmp_path: Path
):
    pipewire.stop_server()
    nowhere = f"http://127.0.0.1:{free_port()}"
    # A label of its own keeps it off a device that this machine may have.
    settings = {
        "SINK__KIND": "auto",
        "SINK__LABEL": "Late",
        "CAPTURE__WHEN": "watched",
        "CAPTURE__LINGER_S": "0",
    }
    async with running_daemon(tmp_path, nowhere, extra=in_session(pipewire), **settings) as bridge:
        await bridge.control.until(lambda s: s["camera"] == "capturing", "taken for watched")
        assert bridge.control.state["sink"] == "preview"
        await asyncio.to_thread(pipewire.start_server)
        await bridge.control.until(
            lambda s: s["sink"] == "pipewire" and s["viewers"] == 0 and s["camera"] == "off",
            "a camera that nobody watches",
        )
        assert bridge.control.state["sink_name"] == "Late (PipeWire)"
        assert not any("no virtual camera" in str(s["error"]) for s in bridge.control.states)
        await asyncio.to_thread(pipewire.until, "the camera", lambda: has_port(pipewire))
