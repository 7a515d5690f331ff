"""The packed module on Node, against the real control server with a fake daemon behind it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Headers, Request

from sana_vcam.config import paths
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.protocol.keeping import RecordingState
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.control.server.server import ControlServer
from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import ProgramSource
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.reactor.models.x2 import X2
from tests.fakes.controls import LOOKS, FakeControls, leave_control_file
from tests.system.node.companion.host import Host, running_module

ACTIONS = {
    *("preset", "prompt", "next", "previous", "blank", "freeze", "bypass"),
    *(
        "rehearse",
        "take",
        "back",
        "pause",
        "voice",
        "play",
        "clip",
        "record",
        "connect",
        "disconnect",
        "seed",
        "reset",
        "setting",
    ),
}
VARIABLES = {
    *("preset", "preset_id", "prompt", "output", "card", "session", "session_minutes"),
    *("fps", "delay", "cost", "seed", "viewers", "voice", "voice_delay", "playlist", "error"),
    *("rehearsal", "recording"),
}

NOBODY = 65534


@contextlib.asynccontextmanager
async def serving(controls: FakeControls, port: int = 0) -> AsyncIterator[ControlServer]:
    state = Path(os.environ["XDG_STATE_HOME"]) / "sana-vcam"
    async with ControlServer(
        ControlConfig(port=port),
        controls,
        state_dir=state,
        runtime_dir=paths.runtime_dir(),
        # What a test takes away or plants is not to be put right meanwhile.
        token_every_s=3600.0,
    ) as server:
        yield server


@pytest.fixture
def controls() -> FakeControls:
    return FakeControls()


@pytest_asyncio.fixture
async def server(controls: FakeControls) -> AsyncIterator[ControlServer]:
    async with serving(controls) as running:
        yield running


@pytest_asyncio.fixture
async def host(module: Path, companions_node: str, server: ControlServer) -> AsyncIterator[Host]:
    async with running_module(module, companions_node) as running:
        await running.until_ok()
        await running.until(lambda host: "look_noir" in host.presets, "the daemon's looks")
        yield running


async def test_the_public_words(host: Host):
    # A module declares its actions and its feedbacks by one message each.
    for told in (lambda host: host.actions, lambda host: host.feedbacks):
        await host.until(lambda host, told=told: "setting" in told(host), "the model's settings")
    assert set(host.actions) == ACTIONS
    assert host.variable_names == VARIABLES
    kinds = {name: feedback["type"] for name, feedback in host.feedbacks.items()}
    assert kinds == {
        "preset_picture": "advanced",
        "preset_active": "boolean",
        "output": "boolean",
        "session": "boolean",
        "voice": "boolean",
        "rehearsal": "boolean",
        "recording": "boolean",
        "setting": "boolean",
        "offline": "boolean",
    }
    fields = {
        field["id"]: field["type"] for field in (await host.call("getConfigFields"))["fields"]
    }
    assert fields == {"found": "static-text", "url": "textinput", "token": "secret-text"}
    assert host.config == {"url": ""}


@pytest.mark.parametrize(
    ("action", "options", "done"),
    [
        ("preset", {"id": "noir"}, ("apply_preset", "noir")),
        ("prompt", {"prompt": "as clay"}, ("set_prompt", "as clay")),
        ("prompt", {"prompt": "$(custom:look)"}, ("set_prompt", "the value of look")),
        ("next", {}, ("step_preset", 1)),
        ("previous", {}, ("step_preset", -1)),
        ("blank", {"on": "toggle"}, ("blank", True)),
        ("freeze", {"on": "on"}, ("freeze", True)),
        ("freeze", {"on": "off"}, ("freeze", False)),
        ("pause", {"on": "toggle"}, ("pause", None)),
        ("pause", {"on": "off"}, ("resume", None)),
        ("voice", {"on": "toggle"}, ("set_voice", True)),
        ("voice", {"on": "off"}, ("set_voice", False)),
        ("connect", {}, ("connect", None)),
        ("disconnect", {}, ("disconnect", None)),
        ("seed", {"seed": " 77 ", "reset": False}, ("set_seed", 77)),
        ("reset", {}, ("reset", None)),
    ],
)
async def test_an_action_reaches_the_daemon(
    host: Host, controls: FakeControls, action: str, options: dict[str, object], done: object
):
    assert await host.run(action, **options) == {"success": True}
    assert controls.done == [done]


async def test_a_look_is_rehearsed_and_taken(host: Host, controls: FakeControls):
    streaming = {"session": SessionState.STREAMING}
    controls.current = controls.current.model_copy(update=streaming)
    assert await host.run("rehearse", id="noir") == {"success": True}
    assert controls.off_air.until is None
    assert await host.run("take") == {"success": True}
    assert controls.off_air.until is not None


async def test_what_is_rehearsed_and_recorded_is_seen(
    host: Host, controls: FakeControls, server: ControlServer
):
    await host.until(lambda host: "rehearse_noir" in host.presets, "a button to rehearse")
    await host.put("tried", "rehearsal", rehearsal="ready")
    await host.put("records", "recording")
    for stage in (RehearsalStage.COMING, RehearsalStage.READY):
        controls.current = controls.current.model_copy(update={"rehearsal": stage})
        server.notify_state()
        await host.until_variable("rehearsal", stage)
    await host.until(lambda host: host.values.get("tried") is True, "a lit button")
    recording = RecordingState(path="/videos/recording.mp4", seconds=67.4)
    controls.current = controls.current.model_copy(update={"recording": recording})
    server.notify_state()
    await host.until_variable("recording", "1:07")
    await host.until(lambda host: host.values.get("records") is True, "a red button")
    assert await host.run("record", on="toggle") == {"success": True}
    assert await host.run("record", on="on") == {"success": True}
    assert await host.run("clip") == {"success": True}
    assert await host.run("clip", seconds=" 20 ") == {"success": True}
    assert controls.done == [
        ("record", False),
        ("record", True),
        ("clip", (None, False)),
        ("clip", (20, False)),
    ]
    refused = await host.run("clip", seconds="many")
    assert 'the seconds "many" are no whole number' in refused["errorMessage"]


async def test_quick_steps_of_a_setting_build_on_each_other(
    host: Host, controls: FakeControls, server: ControlServer
):
    controls.model = X2
    server.notify_state()
    await host.until(lambda host: "setting_step" in host.actions, "a setting with few values")
    steps = (host.run("setting_step", name="pointer_active") for _ in range(3))
    assert await asyncio.gather(*steps) == [{"success": True}] * 3
    assert [value for _, (_, value) in controls.done] == [True, False, True]


async def test_the_settings_are_those_of_the_model_that_runs(
    host: Host, controls: FakeControls, server: ControlServer
):
    await host.until(lambda host: "setting" in host.actions, "the model's settings")
    assert "setting_step" not in host.actions, "a number has no next choice"
    controls.model = X2
    server.notify_state()
    await host.until(lambda host: "setting_pointer_active" in host.presets, "a button")
    names = [one["id"] for one in host.actions["setting"]["options"][0]["choices"]]
    assert names == ["keep_backlog", "pointer_x", "pointer_y", "pointer_active"]
    await host.press("setting_pointer_active")
    server.notify_state()
    await host.put("points", "setting", name="pointer_active", value="true")
    await host.until(lambda host: host.values.get("points") is True, "a lit button")
    await host.press("setting_pointer_active")
    assert await host.run("setting", name="pointer_x", value="0.5") == {"success": True}
    refused = await host.run("setting", name="pointer_x", value="2")
    assert "a number from 0 to 1, not 2" in refused["errorMessage"]
    assert [value for _, value in controls.done] == [
        ("pointer_active", True),
        ("pointer_active", False),
        ("pointer_x", "0.5"),
    ]
    gone = await host.run("setting_step", name="sr_scale")
    assert "the model has no such setting now: sr_scale" in gone["errorMessage"]


async def test_a_playlist_plays_and_goes_on(
    host: Host, controls: FakeControls, server: ControlServer, tmp_path: Path
):
    controls.playlists_file = tmp_path / "playlists.toml"
    controls.playlists_file.write_text(
        '[[playlists]]\nname = "show"\nentries = [{look = "noir"}, {look = "van-gogh"}]\n'
    )
    for where in ("1/2 noir", "2/2 van-gogh"):
        assert await host.run("play", name="show") == {"success": True}
        assert controls.playing is not None
        assert controls.playing.look == where.partition(" ")[2]
        controls.current = controls.current.model_copy(update={"playlist": controls.playing})
        server.notify_state()
        await host.until_variable("playlist", f"show {where}")
    assert await host.run("play", name="stop") == {"success": True}
    assert controls.playing is None


async def test_the_delayed_microphone_is_switched_and_seen(
    host: Host, controls: FakeControls, server: ControlServer
):
    await host.until_variable("voice", "off")
    await host.put("heard", "voice", voice="heard")
    await host.press("voice")
    server.notify_state()
    await host.until(lambda host: host.values.get("heard") is True, "a lit button")
    await host.until_variable("voice_delay", 1565)
    assert host.variables["voice"] == "heard"
    await host.press("voice")
    server.notify_state()
    await host.until(lambda host: host.values.get("heard") is False, "a dark button")
    await host.until_variable("voice", "off")
    assert host.variables["voice_delay"] == ""
    assert controls.done == [("set_voice", True), ("set_voice", False)]


async def test_a_new_seed_can_begin_a_run_at_once(host: Host, controls: FakeControls):
    await host.run("seed", seed="5", reset=True)
    assert controls.done == [("set_seed", 5), ("reset", None)]


async def test_what_the_daemon_refuses_fails_in_words(host: Host):
    refused = await host.run("bypass", on="on")
    assert not refused["success"]
    assert "allow_bypass" in refused["errorMessage"]
    assert not (await host.run("seed", seed="many", reset=False))["success"]
    unknown = await host.run("preset", id="nowhere")
    assert "no preset 'nowhere'" in unknown["errorMessage"]


async def test_fast_presses_all_count_in_order(host: Host, controls: FakeControls):
    for on in ("on", "off") * 10:
        await host.run("blank", on=on)
    assert controls.done == [("blank", on) for on in (True, False) * 10]


async def test_variables_and_feedbacks_follow_the_state(
    host: Host, controls: FakeControls, server: ControlServer
):
    await host.put("is-noir", "preset_active", id="noir")
    await host.put("is-black", "output", output="blank")
    await host.put("streams", "session", session="streaming")
    await host.put("offline", "offline")
    await host.until(lambda host: len(host.values) == 4, "four values")
    assert host.values == {"is-noir": False, "is-black": False, "streams": False, "offline": False}
    assert host.variables["output"] == "Card"
    controls.current = controls.current.model_copy(
        update={
            "output": ProgramSource.BLANK,
            "session": SessionState.STREAMING,
            "session_s": 125.0,
            "preset": "noir",
            "prompt": "black and white",
            "fps_model": 23.6,
            "delay_ms": 1400,
            "cost_session": 1.5,
            "currency": "EUR",
        }
    )
    server.notify_state()
    await host.until(
        lambda host: (
            host.values == {"is-noir": True, "is-black": True, "streams": True, "offline": False}
        ),
        "lit buttons",
    )
    await host.until_variable("session_minutes", 2)
    told = ("preset", "output", "fps", "delay", "prompt", "cost")
    said = {name: host.variables[name] for name in told}
    assert said == {
        "cost": "1.50 EUR",
        "preset": "Film noir",
        "output": "Black",
        "fps": 24,
        "delay": 1400,
        "prompt": "black and white",
    }


def picture(value: dict[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(value["png64"]))).convert("RGB")


async def test_a_look_without_a_still_has_a_tile_that_is_lit_while_it_is_on(
    host: Host, controls: FakeControls, server: ControlServer
):
    await host.put("picture", "preset_picture", id="noir")
    await host.until(lambda host: "picture" in host.values, "a picture")
    dark = picture(host.values["picture"])
    assert dark.size == (144, 144)
    controls.current = controls.current.model_copy(update={"preset": "noir"})
    server.notify_state()
    await host.until(
        lambda host: picture(host.values["picture"]).getpixel((2, 2)) == (70, 220, 130), "a frame"
    )
    assert picture(host.values["picture"]).getpixel((72, 20)) == dark.getpixel((72, 20))


async def test_the_still_of_a_look_comes_onto_the_button(
    module: Path, companions_node: str, controls: FakeControls
):
    still = io.BytesIO()
    Image.new("RGB", (320, 180), (200, 60, 40)).save(still, "JPEG", quality=95)
    controls.thumbnail = lambda _: asyncio.sleep(0, still.getvalue())  # type: ignore[method-assign]

    def is_red(host: Host) -> bool:
        red, green, _ = picture(host.values["picture"]).getpixel((72, 20))
        return red > 190 and green < 70

    async with serving(controls), running_module(module, companions_node) as host:
        await host.until_ok()
        await host.put("picture", "preset_picture", id="noir")
        await host.until(lambda host: "picture" in host.values and is_red(host), "the still")
        await host.until(
            lambda host: "png64" in host.presets["look_noir"]["previewStyle"], "a preview"
        )
        red, _, _ = picture(host.values["picture"]).getpixel((72, 140))
        assert red < 90, "the picture is darker where the name stands"


async def test_the_ready_made_buttons_are_the_daemons_looks_and_follow_them(
    host: Host, controls: FakeControls, server: ControlServer
):
    looks = [p["name"] for p in host.presets.values() if p["category"] == "Looks"]
    assert looks == [look.name for look in LOOKS]
    await host.press("look_noir")
    assert controls.done == [("apply_preset", "noir")]
    controls.looks = (
        *LOOKS,
        ListedPreset(id="clay", name="Clay", prompt="as clay", thumbnail=None),
    )
    server.notify_presets()
    await host.until(lambda host: "look_clay" in host.presets, "the new look")
    assert "clay" in [c["id"] for c in host.actions["preset"]["options"][0]["choices"]]
    await host.press("look_clay")
    assert controls.done[-1] == ("apply_preset", "clay")


async def test_every_ready_made_button_uses_words_that_exist(host: Host):
    assert len(host.presets) == 2 * len(LOOKS) + 14
    for preset in host.presets.values():
        for step in preset["steps"]:
            for action in step["down"]:
                fields = {field["id"] for field in host.actions[action["actionId"]]["options"]}
                assert set(action["options"]) <= fields
        for feedback in preset["feedbacks"]:
            fields = {field["id"] for field in host.feedbacks[feedback["feedbackId"]]["options"]}
            assert set(feedback["options"]) == fields
    said = host.presets["status"]["style"]["text"]
    assert "$(webcam:output)" in said


async def test_offline_is_shown_and_the_daemon_is_found_again_on_another_port(
    module: Path, companions_node: str
):
    async with running_module(module, companions_node) as host:
        await host.until(lambda host: host.status[0] == "connection_failure", "no daemon")
        assert "sana-vcam run" in (host.status[1] or "")
        await host.put("offline", "offline")
        await host.until(lambda host: host.values.get("offline") is True, "offline")
        refused = await host.run("blank", on="on")
        assert "offline" in refused["errorMessage"]
        for _ in range(2):
            controls = FakeControls()
            async with serving(controls):
                await host.until_ok()
                await host.until(lambda host: host.values["offline"] is False, "online")
                await host.run("blank", on="on")
                assert controls.done == [("blank", True)]
            await host.until(lambda host: host.values["offline"] is True, "offline again")
            assert host.variables["output"] == "Offline"


async def test_an_address_with_its_token_can_be_pasted(
    module: Path, companions_node: str, tmp_path: Path
):
    controls = FakeControls()
    config = ControlConfig(port=0, token=SecretStr("by-hand"), same_user=False)
    async with ControlServer(
        config, controls, state_dir=tmp_path / "state", runtime_dir=tmp_path / "elsewhere"
    ) as server:
        address = f"{server.url}?token=by-hand"
        async with running_module(module, companions_node, {"url": address}) as host:
            await host.until_ok()
            await host.run("next")
            assert controls.done == [("step_preset", 1)]
            saved = {"url": server.url.removeprefix("ws://").removesuffix("/ws")}
            await host.call(
                "updateConfigAndLabel", label="webcam", config=saved, secrets={"token": "wrong"}
            )
            await host.until(lambda host: host.status[0] == "bad_config", "a refused token")
            assert "sana-vcam ctl token" in (host.status[1] or "")
            await host.call(
                "updateConfigAndLabel", label="cam", config=saved, secrets={"token": "by-hand"}
            )
            await host.until_ok()
            assert "$(cam:output)" in host.presets["status"]["style"]["text"]


async def test_a_control_json_that_others_could_have_planted_is_not_believed(
    module: Path, companions_node: str, controls: FakeControls, tmp_path: Path
):
    async with serving(controls):
        control_file = paths.runtime_dir() / "control.json"
        real = control_file.rename(tmp_path / "control.json")
        control_file.symlink_to(real)
        # The server's first look puts it right; the next one is in an hour.
        await asyncio.sleep(1.0)
        control_file.unlink()
        control_file.symlink_to(real)
        async with running_module(module, companions_node) as host:
            await host.until(lambda host: host.status[0] == "connection_failure", "no daemon")
            control_file.unlink()
            real.rename(control_file)
            await host.until_ok()
            paths.runtime_dir().chmod(0o770)
            await host.call("updateConfigAndLabel", label="webcam", config={}, secrets={})
            await host.until(lambda host: host.status[0] == "connection_failure", "no daemon")
        paths.runtime_dir().chmod(0o700)


@pytest.fixture
def listener_of_another_user() -> Iterator[socket.socket]:
    """A socket belongs to whom its maker was at that moment."""
    if os.getuid() != 0:
        pytest.skip("only root can listen as another user")
    os.seteuid(NOBODY)
    try:
        listener = socket.create_server(("127.0.0.1", 0))
    finally:
        os.seteuid(0)
    with listener:
        yield listener


async def test_the_token_of_a_killed_daemon_is_shown_to_no_other_user(
    module: Path, companions_node: str, listener_of_another_user: socket.socket
):
    heard = []

    def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(writer.get_extra_info("peername"))
        writer.close()

    port = listener_of_another_user.getsockname()[1]
    leave_control_file(paths.runtime_dir(), port, "secret")
    async with (
        await asyncio.start_server(hear, sock=listener_of_another_user),
        running_module(module, companions_node) as host,
    ):
        for _ in range(2):  # the second attempt comes after the first has ended
            host.status = (None, None)
            await host.until(lambda host: host.status[0] == "connection_failure", "a failure")
            assert "no daemon runs" in (host.status[1] or "")
    assert heard == []


async def test_what_a_killed_daemon_left_is_no_daemon(module: Path, companions_node: str):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    leave_control_file(paths.runtime_dir(), port, "secret")
    async with running_module(module, companions_node) as host:
        await host.until(lambda host: host.status[0] == "connection_failure", "a failure")
        assert "sana-vcam run" in (host.status[1] or "")


async def test_the_folder_that_was_given_is_the_only_one(
    module: Path, companions_node: str, controls: FakeControls, tmp_path: Path
):
    beside = tmp_path / f"runtime-{os.getuid()}" / "sana-vcam"
    beside.parent.mkdir()
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    config = ControlConfig(port=0, same_user=False)
    async with ControlServer(config, controls, state_dir=tmp_path / "state", runtime_dir=beside):
        async with running_module(module, companions_node, environ=environ) as host:
            await host.until(lambda host: host.status[0] == "connection_failure", "no daemon")
        del environ["XDG_RUNTIME_DIR"]
        async with running_module(module, companions_node, environ=environ) as host:
            await host.until_ok()


async def test_the_token_comes_in_a_header_and_no_origin_does(module: Path, companions_node: str):
    asked: asyncio.Queue[Headers] = asyncio.Queue()

    def keep(_connection: ServerConnection, request: Request) -> None:
        asked.put_nowait(request.headers)

    async def silent(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(silent, "127.0.0.1", 0, process_request=keep) as listening:
        port = listening.sockets[0].getsockname()[1]
        address = {"url": f"127.0.0.1:{port}"}
        async with running_module(module, companions_node, address, token="by-hand"):
            headers = await asked.get()
    assert headers["Authorization"] == "Bearer by-hand"
    assert "Origin" not in headers


async def test_an_address_that_is_none_is_said(module: Path, companions_node: str):
    async with running_module(module, companions_node, {"url": "gopher://x"}) as host:
        await host.until(lambda host: host.status[0] == "bad_config", "a complaint")
        assert "ws://host:7262/ws" in (host.status[1] or "")
