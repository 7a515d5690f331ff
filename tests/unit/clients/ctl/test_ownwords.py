"""The words of `ctl` that are no single command: wait, watch, url, token, help."""

from __future__ import annotations

import asyncio
import json

import pytest

from sana_vcam.clients.ctl.ctl import main, run_ctl
from sana_vcam.clients.ctl.shortwords import OWN_WORDS
from sana_vcam.clients.ctl.words import usages
from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import CameraState, ProgramSource
from tests.fakes.controls import FIRST_STATE
from tests.fakes.controlserver import TOKEN

LIVE = {"output": ProgramSource.LIVE, "session": SessionState.STREAMING}


@pytest.fixture
def ctl(runtime_dir, capsys):
    """Run `ctl` in a thread beside the server; returns exit code, output and error."""

    async def run(*arguments, **more):
        code = await asyncio.to_thread(run_ctl, arguments, **{"runtime_dir": runtime_dir} | more)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run


def change(server, controls, **changes):
    controls.current = controls.current.model_copy(update=changes)
    server.notify_state()


@pytest.mark.parametrize("word", ["live", "streaming"])
async def test_wait_comes_back_when_it_is_so(serve, controls, ctl, word):
    async with serve() as server:
        waiting = asyncio.create_task(ctl("wait", word))
        await controls.read.wait()
        change(server, controls, session=SessionState.WAITING)
        change(server, controls, **LIVE)
        assert await waiting == (0, "", "")
        code, out, _ = await ctl("wait", word, "idle", json_output=True)
        assert code == 0
        assert json.loads(out)["data"]["session"] == "streaming"


async def test_wait_says_what_is_when_time_is_up(serve, ctl):
    async with serve():
        code, _, err = await ctl("wait", "live", "--timeout", "0.05")
        assert (code, err) == (
            1,
            "sana-vcam ctl: time is up before live: viewers see card, no session\n",
        )
        assert (await ctl("wait", "card", "--timeout", "30"))[0] == 0


async def test_wait_for_a_session_ends_when_none_is_opened(serve, controls, ctl):
    controls.current = FIRST_STATE.model_copy(
        update={"session": SessionState.REFUSED, "error": "the API key is wrong"}
    )
    async with serve():
        code, _, err = await ctl("wait", "live")
        assert code == 1
        assert "no session is opened: the API key is wrong" in err
        assert (await ctl("wait", "live", "refused"))[0] == 0


async def test_connect_and_wait(serve, controls, ctl):
    async with serve() as server:
        connecting = asyncio.create_task(ctl("connect", "--wait"))
        await controls.wait_done("connect")
        change(server, controls, session=SessionState.CONNECTING)
        change(server, controls, **LIVE)
        assert await connecting == (0, "", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wait"], "wait for what? one or more of: "),
        (["wait", "liev"], "did you mean live?"),
        (["wait", "live", "--timeout", "soon"], "--timeout soon: expected a number of seconds"),
        (["wait", "live", "--timeout", "-1"], "expected a number of seconds"),
        (["wait", "live", "--timeout", "nan"], "expected a number of seconds"),
        (["connect", "now"], "connect takes nothing but --wait"),
        (["connect", "--timeout", "3"], "--timeout goes with --wait"),
        (["url", "dashbord"], "did you mean dashboard?"),
        (["url", "dashboard", "websocket"], "url takes nothing, or one of"),
        (["open", "it"], "open takes no value"),
        (["blnk"], "no command 'blnk'; did you mean blank? All of them: sana-vcam ctl --help"),
        (["Blank"], "did you mean blank?"),
        (["wach"], "did you mean watch?"),
        (["xyzzy"], "no command 'xyzzy'; all of them: sana-vcam ctl --help"),
        (["seed", "abc"], 'seed: expected an integer from 0 to 9007199254740991 (got "abc")\n'),
    ],
)
async def test_wrong_words(serve, ctl, words, said):
    async with serve():
        code, out, err = await ctl(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_an_option_that_is_none_names_the_one_that_was_meant(capsys):
    assert main(["state", "--jsno"]) == 2
    assert "no such option: --jsno; did you mean --json?" in capsys.readouterr().err
    assert main(["wait", "live", "--timeout"]) == 2
    assert "--timeout needs a value" in capsys.readouterr().err
    assert main(["next", "--wait"]) == 2


async def test_an_unknown_preset_names_the_nearest(serve, controls, ctl):
    controls.looks = tuple(
        controls.looks[1].model_copy(update={"id": preset_id})
        for preset_id in ("noir", "a", "b", "c", "d", "e", "f")
    )
    async with serve():
        code, _, err = await ctl("preset", "nior")
    assert code == 1
    assert err == (
        "sana-vcam ctl: no preset 'nior'; did you mean 'noir'? All of them: sana-vcam ctl presets\n"
    )


async def test_watch_prints_a_line_when_more_than_figures_change(serve, controls, ctl):
    async with serve() as server:
        watching = asyncio.create_task(ctl("watch"))
        await controls.read.wait()
        for fps in (1.0, 2.0, 3.0):
            change(server, controls, fps_camera=fps, fps_model=fps)
            await asyncio.sleep(0.01)
        for changes in (
            {"camera": CameraState.LOST},
            LIVE,
            {"preset": "noir"},
            {"error": "the model is slow"},
        ):
            change(server, controls, **changes)
            # The server gathers changes that come at once.
            await asyncio.sleep(0.05)
        await server.stop()
        _, out, _ = await watching
    lines = out.splitlines()
    assert len(lines) <= 5
    assert len({line.partition("  ")[2] for line in lines}) == len(lines), "no line twice"
    assert "error: the model is slow" in lines[-1]
    assert "viewers see live" in lines[-1]


async def test_addresses_and_token_for_scripts(serve, ctl):
    async with serve() as server:
        where = server.url.removeprefix("ws://").removesuffix("/ws")
        dashboard = f"http://{where}/?token={TOKEN}"
        websocket = f"ws://{where}/ws?token={TOKEN}"
        assert await ctl("url", "dashboard") == (0, f"{dashboard}\n", "")
        assert await ctl("url", "websocket") == (0, f"{websocket}\n", "")
        _, out, _ = await ctl("url", json_output=True)
        assert json.loads(out) == {"dashboard": dashboard, "websocket": websocket}
        _, out, _ = await ctl("token", json_output=True)
        assert json.loads(out) == {"token": TOKEN}
        for url in (dashboard, websocket):
            code, out, err = await ctl("state", url=url, json_output=True)
            assert (code, err) == (0, "")
            assert json.loads(out)["type"] == "ok"


def test_an_address_that_cannot_be_reached_is_told_without_its_token(capsys):
    assert run_ctl(["state"], url="http://127.0.0.1:1/?token=hidden") == 1
    err = capsys.readouterr().err
    assert "cannot connect to ws://127.0.0.1:1/ws" in err
    assert "hidden" not in err


def test_help_is_a_word_and_names_every_word(capsys):
    assert main(["help"]) == 0
    text = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == text
    assert all(f"\n  {usage} " in text for usage, _ in usages().values())
    assert set(OWN_WORDS) <= set(usages())


@pytest.mark.parametrize(
    "words",
    [
        ("voice", "on", "--microphone", "alsa_input.desk"),
        ("voice", "on", "alsa_input.desk"),
        ("voice", "on", "microphone=alsa_input.desk"),
    ],
)
async def test_the_voice_is_switched_on_with_a_microphone_and_says_what_to_mind(
    serve, controls, ctl, words
):
    async with serve():
        assert await ctl(*words) == (0, "voice is on\nUse headphones.\n", "")
        assert controls.current.voice.microphone == "alsa_input.desk"
        assert await ctl("voice", "off") == (0, "voice is off\n", "")
        assert await ctl("voice") == (0, "voice is on\nUse headphones.\n", "")


async def test_the_microphones_are_listed_by_name(serve, ctl):
    async with serve():
        said = "alsa_input.headset Headset\nalsa_input.desk  Desk\n"
        assert await ctl("list_microphones") == (0, said, "")


async def test_clips_and_recordings_are_asked_for_in_words(serve, controls, ctl):
    async with serve():
        assert await ctl("clip") == (0, "10.0 s in /videos/clip.mp4\n", "")
        assert await ctl("clip", "5", "--gif") == (0, "5.0 s in /videos/clip.gif\n", "")
        said = "record is on, into /videos/recording.mp4\n"
        assert await ctl("record", "start") == (0, said, "")
        assert await ctl("record", "stop") == (0, "record is off\n", "")
        assert await ctl("record") == (0, said, "")
        assert controls.done[:3] == [
            ("clip", (None, False)),
            ("clip", (5.0, True)),
            ("record", True),
        ]
        code, _, err = await ctl("clip", "61")
        assert code == 2
        assert "60" in err


def test_a_microphone_is_an_option_of_the_voice_alone(capsys):
    assert main(["blank", "--microphone", "x"]) == 2
    assert "no such option: --microphone" in capsys.readouterr().err
    assert usages()["voice"][0] == "voice [on|off] [--microphone NAME]"
