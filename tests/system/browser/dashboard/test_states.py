"""Every state that the daemon can be in, as the page says it."""

import itertools
import re

import pytest
from playwright.async_api import expect

from sana_vcam.control.protocol.keeping import RecordingState
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import CameraState, ProgramSource

pytestmark = pytest.mark.asyncio(loop_scope="package")

BADGES = {
    SessionState.IDLE: ("Starting", "busy"),
    SessionState.CONNECTING: ("Connecting", "busy"),
    SessionState.WAITING: ("Waiting for a GPU", "busy"),
    SessionState.STARTING: ("Starting", "busy"),
    SessionState.STREAMING: ("Streaming", "good"),
    SessionState.PAUSED: ("Paused", "warning"),
    SessionState.RECONNECTING: ("Reconnecting", "warning"),
    SessionState.BACKOFF: ("Trying again soon", "warning"),
    SessionState.REFUSED: ("Needs attention", "error"),
    SessionState.CLOSING: ("Ending the session", "busy"),
}
TALLIES = {
    ProgramSource.LIVE: ("Live", "Viewers see you, edited."),
    ProgramSource.FREEZE: ("Still", "Viewers see a still picture."),
    ProgramSource.BLANK: ("Black", "Viewers see black."),
    ProgramSource.BYPASS: ("Raw camera", "Viewers see the raw camera, not edited."),
    ProgramSource.SLATE: ("Card", "Viewers see the card “One moment”."),
}
CAMERAS = {
    CameraState.OFF: "Camera off: Cam",
    CameraState.OPENING: "Opening the camera: Cam",
    CameraState.CAPTURING: "Camera on: Cam",
    CameraState.LOST: "No camera: Cam",
}
READ = """() => ({
    sink: document.getElementById('sink-line').textContent,
    badge: document.getElementById('badge-label').textContent,
    tone: document.getElementById('badge').dataset.tone,
    tally: document.getElementById('tally').textContent,
    sentence: document.getElementById('sentence').textContent,
    camera: document.getElementById('camera-text').textContent,
    button: document.getElementById('session-label').textContent,
    title: document.title,
    icon: document.getElementById('tab-icon').dataset.output,
})"""


async def read(desk, sink):
    """What the page says once it has the state with this sink's name."""
    await desk.until(f"document.getElementById('sink-line').textContent.startsWith({sink!r})")
    return await desk.page.evaluate(READ)


async def test_every_state_of_session_output_and_camera(open_desk):
    async with open_desk() as desk:
        every = list(itertools.product(SessionState, ProgramSource, CameraState))
        assert len(every) == 200
        for number, (session, output, camera) in enumerate(every):
            await desk.say(
                session=session,
                output=output,
                card="One moment" if output is ProgramSource.SLATE else None,
                camera=camera,
                camera_name="Cam",
                sink_name=f"sink {number};",
            )
            said = await read(desk, f"sink {number};")
            badge, tone = BADGES[session]
            if session is SessionState.IDLE and camera is not CameraState.CAPTURING:
                badge, tone = "Waiting for the camera", "warning"
            if (session, output) == (SessionState.STREAMING, ProgramSource.SLATE):
                badge, tone = "No picture", "warning"
            tally, sentence = TALLIES[output]
            where = (session, output, camera)
            assert (said["badge"], said["tone"]) == (badge, tone), where
            assert said["tally"] == tally, where
            assert said["sentence"].startswith(sentence), where
            assert said["camera"] == CAMERAS[camera], where
            # The tab says what viewers see; only a card needs a reason.
            seen = f"{tally} · {badge}" if output is ProgramSource.SLATE else tally
            assert said["title"] == f"{seen} \N{EN DASH} SANA VCam", where
            assert said["icon"] == output, where
            refused = session is SessionState.REFUSED
            assert said["button"] == ("Try again" if refused else "Disconnect"), where


@pytest.mark.parametrize(
    ("changes", "badge", "words"),
    [
        ({"hold": Hold.AUTOMATIC}, "Off", "when an application opens the camera"),
        ({"hold": Hold.OFF}, "Off", "You ended the session"),
        ({"session_wanted": True, "paused": True}, "Paused", "nothing is billed"),
    ],
)
async def test_without_a_session_it_says_why(open_desk, changes, badge, words):
    async with open_desk() as desk:
        idle = {"session": SessionState.IDLE, "session_wanted": False, "session_s": None}
        await desk.say(**idle | changes)
        await expect(desk.find("#badge-label")).to_have_text(badge)
        await expect(desk.find("#sentence")).to_contain_text(words)


async def test_it_tells_how_long_it_has_waited_for_a_gpu(open_desk):
    async with open_desk() as desk:
        await desk.say(session=SessionState.WAITING, phase_s=83.0, session_s=None)
        await expect(desk.find("#badge-elapsed")).to_have_text(re.compile(r"1:2[3-9]"))
        await expect(desk.find("#sentence")).to_contain_text("Nothing is billed until one is free.")
        # The clock goes on although no further state comes.
        before = await desk.find("#badge-elapsed").text_content()
        await desk.until(f"document.getElementById('badge-elapsed').textContent !== {before!r}")
        # What changes every second is not read out again and again.
        assert await desk.find("#badge-label").get_attribute("role") == "status"
        assert await desk.find("[role=status] #badge-elapsed").count() == 0


async def test_the_figures(open_desk):
    async with open_desk() as desk:
        await desk.say(
            viewers=2,
            ends_in_s=446.0,
            billed_day_s=2900.0,
            billed_month_s=33000.0,
            cost_session=0.94,
            cost_day=3.62,
            cost_month=41.25,
            currency="EUR",
            budget="80 % of the day's cap is used",
        )
        await expect(desk.find("#figure-viewers")).to_contain_text("2")
        await expect(desk.find("#figure-rates")).to_contain_text("24 → 23.5 → 24")
        await expect(desk.find("#figure-delay")).to_contain_text("+182 ms")
        await expect(desk.find("#figure-chunk")).to_contain_text("731")
        await expect(desk.find("#figure-lost")).to_contain_text("12 · 3")
        await expect(desk.find("#figure-session")).to_contain_text(re.compile(r"12:3\d · €0.94"))
        await expect(desk.find("#figure-session")).to_contain_text(re.compile(r"renewed in 7:2\d"))
        await expect(desk.find("#figure-today")).to_contain_text(re.compile(r"48:2\d · €3.62"))
        await expect(desk.find("#figure-today")).to_contain_text(re.compile(r"9:10:0\d · €41.25"))
        await expect(desk.find("#budget-banner")).to_contain_text("80 % of the day's cap")
        await desk.say(cost_session=None, cost_day=None, cost_month=None, budget=None)
        await expect(desk.find("#figure-session")).to_contain_text(re.compile(r"12:3\d"))
        await expect(desk.find("#figures")).not_to_contain_text("€")
        await expect(desk.find("#budget-banner")).to_be_hidden()


NEWER = {
    "quality": "fair",
    "quality_cause": "3 % of the packets are lost",
    "rtt_ms": 48.2,
    "loss_percent": 3.1,
    "bitrate_kbps": 3200.0,
    "relay": True,
    "glass_ms": 2140,
    "glass_confidence": 0.86,
    "from_the_future": {"deep": []},
}
LATER_FIELDS = ("billed_", "cost_", "quality", "rtt_ms", "glass_")


async def test_fields_that_an_older_daemon_does_not_have_hide_their_figures(open_desk):
    def older(message):
        if message["type"] == "state":
            for name in [name for name in message["data"] if name.startswith(LATER_FIELDS)]:
                del message["data"][name]

    async with open_desk() as desk:
        await desk.as_other_daemon(older)
        await desk.open()
        await expect(desk.find("#figure-chunk")).to_contain_text("731")
        for name in ("today", "quality", "network", "glass"):
            await expect(desk.find(f"#figure-{name}")).to_be_hidden()


async def test_quality_network_and_delay(open_desk):
    fields = dict(NEWER)

    def newer(message):
        if message["type"] == "state":
            message["data"] |= fields

    async with open_desk() as desk:
        await desk.as_other_daemon(newer)
        await desk.open()
        quality, glass = desk.find("#figure-quality"), desk.find("#figure-glass")
        await expect(quality).to_contain_text("Fair3 % of the packets are lost")
        await expect(quality).to_have_attribute("data-tone", "warning")
        await expect(desk.find("#figure-network")).to_contain_text("48 ms")
        await expect(desk.find("#figure-network")).to_contain_text(
            "3.1 % lost · 3.2 Mbit/s · by relay"
        )
        await expect(glass).to_contain_text("about 2 squite likely")
        fields |= {"glass_ms": None, "quality": None, "rtt_ms": None}
        await desk.say(chunk=900)
        await expect(glass).to_contain_text("unknown")
        await expect(quality).to_contain_text("not known yet")


async def test_errors_of_the_state_are_shown_and_gone_with_the_next(open_desk):
    async with open_desk() as desk:
        assert await desk.find("#error-banner").is_hidden()
        await desk.say(error="the camera is busy: close Zoom")
        banner = desk.find("#error-banner")
        await expect(banner).to_be_visible()
        await expect(desk.find("#error-text")).to_have_text("The camera is busy: close Zoom")
        assert await banner.get_attribute("role") == "alert"
        await desk.say(error=None)
        await expect(banner).to_be_hidden()


async def test_an_error_has_details_the_next_try_and_can_be_dismissed(open_desk, controls):
    async with open_desk() as desk:
        fault = {
            "error": "The service cannot be reached. Is this computer online? Next try in 12 s.",
            "error_details": "http://127.0.0.1:9/start_session: NETWORK_ERROR",
            "session": SessionState.BACKOFF,
            "next_try_in_s": 12.0,
        }
        await desk.say(**fault)
        banner = desk.find("#error-banner")
        await expect(desk.find("#badge-label")).to_have_text("Next try in")
        await expect(desk.find("#badge-elapsed")).to_have_text(re.compile(r"0:1[012]|0:0\d"))
        # It counts down, with no further word from the daemon.
        before = await desk.find("#badge-elapsed").text_content()
        await desk.until(f"document.getElementById('badge-elapsed').textContent < {before!r}")
        await expect(desk.find("#error-details-text")).to_be_hidden()
        await desk.find("#error-details summary").click()
        await expect(desk.find("#error-details-text")).to_have_text(fault["error_details"])
        await desk.button("Try now").click()
        await desk.done("connect")
        await desk.button("Dismiss this error").click()
        await expect(banner).to_be_hidden()
        # A number that counts is no news; another fault is, and so is a command that fails by it.
        await desk.say(error=fault["error"].replace("12", "8"), chunk=901)
        await expect(desk.find("#figure-chunk")).to_contain_text("901")
        await expect(banner).to_be_hidden()
        await desk.say(error="config.toml, line 3: not TOML")
        await expect(desk.find("#error-text")).to_have_text("config.toml, line 3: not TOML")
        await desk.button("Dismiss this error").click()
        controls.broken_file = "config.toml, line 3: not TOML; mend it, then save again"
        await desk.preset("Anime").focus()
        await desk.page.keyboard.press("Shift+Home")
        await expect(banner).to_be_visible()
        assert await desk.find("#command-banner").is_hidden()


async def test_nothing_on_the_page_is_called_billed_where_nothing_is(open_desk):
    async with open_desk() as desk:
        for session, paused, wanted in itertools.product(
            SessionState, (True, False), (True, False)
        ):
            number = f"{session} {paused} {wanted};"
            is_open = session in {SessionState.STREAMING, SessionState.PAUSED}
            await desk.say(
                billable=False,
                session=session,
                paused=paused,
                session_wanted=wanted,
                session_s=5.0 if is_open else None,
                sink_name=number,
            )
            await read(desk, number)
            said = await desk.find("body").text_content()
            assert re.findall(r".{0,30}[Bb]ill.{0,30}", said) == [], number


async def test_the_delayed_microphone_is_switched_on_and_says_what_to_mind(open_desk):
    async with open_desk() as desk:
        await desk.open()
        key, note = desk.find("#voice-button"), desk.find("#voice-note")
        await expect(note).to_contain_text("your voice is not delayed")
        microphones = desk.find("#microphone")
        await expect(microphones.locator("option")).to_have_text(
            ["Choose a microphone", "Headset", "Desk"]
        )
        await desk.find("#microphone-form summary").click()
        await microphones.select_option("Desk")
        assert desk.controls.current.voice is None, "a choice alone switches nothing on"
        await key.click()
        await expect(desk.find("#toasts")).to_contain_text("Use headphones.")
        assert desk.controls.current.voice.microphone == "alsa_input.desk"
        await desk.say(chunk=900)
        await microphones.select_option("Headset")
        await expect(microphones).to_have_value("alsa_input.headset")
        await desk.say(chunk=901)
        await expect(microphones.locator("option")).to_have_text(["Headset", "Desk"])
        assert desk.controls.current.voice.microphone == "alsa_input.headset"
        await expect(key).to_have_attribute("aria-pressed", "true")
        await expect(note).to_contain_text("heard 1.6 s late")
        await expect(desk.find("#voice-level")).to_be_visible()
        await key.click()
        await desk.controls.wait_done("set_voice", False)
        await desk.say(chunk=902)
        await expect(note).to_contain_text("your voice is not delayed")
        await expect(desk.find("#voice-level")).to_be_hidden()


async def test_clips_and_recordings_have_keys_while_they_are_kept(open_desk):
    async with open_desk() as desk:
        await desk.open()
        await expect(desk.find("#keep-keys")).to_be_hidden()
        await desk.say(clips=True)
        await desk.find("#clip-button").click()
        await expect(desk.find("#toasts")).to_contain_text("Saved: 10.0 s in /videos/clip.mp4")
        key, note = desk.find("#record-button"), desk.find("#record-note")
        await key.click()
        await desk.controls.wait_done("record", True)
        recording = {"path": "/videos/recording.mp4", "seconds": 12.4}
        await desk.say(recording=RecordingState(**recording))
        await expect(key).to_have_attribute("aria-pressed", "true")
        await expect(note).to_have_text("● 0:12")
        await key.click()
        await desk.controls.wait_done("record", False)
        await desk.say(recording=None, clips=False, keep_error="the disk is full")
        await expect(note).to_have_text("the disk is full")
