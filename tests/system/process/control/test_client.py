import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sana_vcam.clients import connection as connection_module
from sana_vcam.clients.ctl import client as client_module
from sana_vcam.clients.ctl import ctl as ctl_module
from sana_vcam.clients.ctl import words as words_module
from sana_vcam.clients.ctl.ctl import run_ctl
from sana_vcam.clients.ctl.shortwords import SHORT_WORDS
from sana_vcam.clients.terminal import Failure
from sana_vcam.config import paths
from sana_vcam.config.runtimedir import usual_runtime_dir
from sana_vcam.control.access import discovery, unixsocket
from sana_vcam.control.protocol import messages, reading
from sana_vcam.control.server import routes
from sana_vcam.media.states import ProgramSource
from sana_vcam.reactor.models.helios import HELIOS
from tests.fakes.controls import FIRST_STATE, JPEG, leave_control_file
from tests.fakes.controlserver import TOKEN, open_client

DARK = {"on": True, "note": ""}
PNG = b"\x89PNG\r\n\x1a\n"
needs_unix = pytest.mark.skipif(not unixsocket.IS_SUPPORTED, reason="only on Linux")


@pytest.fixture
def ctl(runtime_dir, capsys):
    """Run `ctl` in a thread beside the server; returns exit code, output and error."""

    async def run(*arguments, **more):
        more = {"runtime_dir": runtime_dir} | more
        code = await asyncio.to_thread(run_ctl, arguments, **more)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize(
    ("words", "done"),
    [
        (["prompt", "as a clay figure"], ("set_prompt", "as a clay figure")),
        (["prompt", "as", "a", "clay", "figure"], ("set_prompt", "as a clay figure")),
        (["prompt", "two\nlines"], ("set_prompt", "two\nlines")),
        (["set_prompt", "x=y"], ("set_prompt", "x=y")),
        (["preset", "noir"], ("apply_preset", "noir")),
        (["apply_preset", "id=noir"], ("apply_preset", "noir")),
        (["next"], ("step_preset", 1)),
        (["previous"], ("step_preset", -1)),
        (["step_preset", "by=-2"], ("step_preset", -2)),
        (["pause"], ("pause", None)),
        (["resume"], ("resume", None)),
        (["reset"], ("reset", None)),
        (["connect"], ("connect", None)),
        (["disconnect"], ("disconnect", None)),
        (["seed", "42"], ("set_seed", 42)),
        (["anchor", "20"], ("set_anchor_interval", 20)),
        (["settings"], None),
        (["list_settings"], None),
        (["set", "seed", "5"], ("set_setting", ("seed", "5"))),
        (["set_setting", "anchor_interval", "value=0"], ("set_setting", ("anchor_interval", "0"))),
        (["blank"], ("blank", True)),
        (["blank", "off"], ("blank", False)),
        (["freeze", "on"], ("freeze", True)),
    ],
)
async def test_every_word(serve, controls, ctl, words, done):
    async with serve():
        code, out, err = await ctl(*words)
    assert (code, err) == (0, "")
    assert out
    assert controls.done == ([] if done is None else [done])


async def test_what_the_model_takes_is_printed_as_a_table(serve, controls, ctl):
    async with serve():
        _, sana, _ = await ctl("settings")
        controls.model = HELIOS
        _, helios, _ = await ctl("settings")
    assert "anchor_interval  20 " in sana
    assert "image" not in sana
    assert "a number from 0 to 1, at once." in helios
    assert "off, 2x, 4x, at once." in helios
    assert "PNG, JPEG or WebP of at most 8 MB" in helios
    assert all(len(line.split()) > 1 for line in helios.splitlines())


@pytest.mark.parametrize("size", [9, 45_000, 45_001, 200_000])
async def test_an_image_is_read_here_and_sent_in_pieces(serve, controls, ctl, tmp_path, size):
    controls.model = HELIOS
    (tmp_path / "cape.png").write_bytes(PNG + bytes(size - len(PNG)))
    async with serve():
        code, out, err = await ctl("image", str(tmp_path / "cape.png"))
        assert (code, err) == (0, "")
        assert out.startswith("kept: shown when a session runs (none now: ")
        assert (await ctl("set_image"))[0] == 0
    assert controls.done == [("set_image", ("cape.png", size)), ("set_image", None)]


async def test_an_image_that_is_none_is_refused_before_anything_is_sent(
    serve, controls, ctl, tmp_path
):
    controls.model = HELIOS
    (tmp_path / "large.png").write_bytes(PNG + bytes(8_000_000))
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no image")
    os.mkfifo(tmp_path / "fifo.png")
    said = {}
    async with serve():
        for name in ("large", "empty", "text", "fifo", "none"):
            code, _, said[name] = await ctl("image", str(tmp_path / f"{name}.png"))
            assert code == 1
    assert controls.done == []
    assert "more than 8 MB" in said["large"]
    assert "is empty" in said["empty"]
    assert "text.png is no PNG, JPEG or WebP image" in said["text"]
    assert "it is a FIFO" in said["fifo"]
    assert "there is no such file" in said["none"]


async def test_what_people_read(serve, controls, ctl):
    async with serve():
        assert (await ctl("blank", "on"))[1] == "blank is on\n"
        noir = (await ctl("preset", "noir"))[1].splitlines()
        assert noir[0] == "preset noir: Film noir"
        assert noir[1].startswith("kept: shown when a session runs (none now: ")
        assert (await ctl("seed", "42"))[1].startswith("seed 42, kept: shown when")
        assert (await ctl("pause"))[1].startswith("paused: no session is opened until")
        presets = (await ctl("presets"))[1].splitlines()
        assert [line.split()[0] for line in presets] == ["van-gogh", "noir"]
        controls.current = FIRST_STATE.model_copy(update={"prompt": "a\x1b[2Jb\nc"})
        state = (await ctl("state"))[1]
        assert "session          idle\n" in state
        assert "a\ufffd[2Jb\ufffdc\n" in state
        assert len(state.splitlines()) == len(type(FIRST_STATE).model_fields)


async def test_json_is_the_reply_as_it_came(serve, ctl):
    async with serve():
        code, out, _ = await ctl("blank", "on", json_output=True)
        assert (code, json.loads(out)) == (0, {"type": "ok", "id": 1, "data": DARK})
        code, out, err = await ctl("preset", "nowhere", json_output=True)
        assert (code, err) == (1, "")
        assert json.loads(out)["data"]["code"] == "not_found"


async def test_a_refusal_is_exit_1_and_its_reason(serve, ctl):
    async with serve():
        code, out, err = await ctl("preset", "nowhere")
    assert (code, out) == (1, "")
    assert err == "sana-vcam ctl: no preset 'nowhere'; have: noir, van-gogh\n"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "no command; have:"),
        (["promt", "x"], "no command 'promt'"),
        (["seed", "many"], "seed:"),
        (["seed"], "seed: missing"),
        (["pause", "now"], "one word too many"),
        (["blank", "maybe"], "on:"),
        (["prompt", "x" * 4001], "4000"),
        (["watch", "this"], "watch takes no value"),
        (["snapshot", "a", "b"], "one word too many"),
    ],
)
async def test_wrong_usage_is_exit_2_without_a_daemon(ctl, words, part):
    code, out, err = await ctl(*words)
    assert (code, out) == (2, "")
    assert part in err


async def test_no_daemon(ctl, runtime_dir):
    code, _, err = await ctl("state")
    assert code == 1
    assert "no daemon runs" in err
    assert "sana-vcam run" in err


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


async def test_a_daemon_that_has_gone(ctl, runtime_dir, free_port):
    leave_control_file(runtime_dir, free_port, TOKEN)
    code, _, err = await ctl("state")
    assert code == 1
    assert "has gone" in err
    assert "pid 4242" in err
    assert "sana-vcam run" in err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who listens")
async def test_the_daemon_of_the_machine_comes_after_a_living_one_only(
    serve, runtime_dir, free_port, monkeypatch
):
    """A daemon of one's own that was killed is in nobody's way."""
    asked = []
    answering = discovery.ControlFile(
        url=f"ws://127.0.0.1:{free_port}/ws", token=SecretStr(TOKEN), pid=1, version="1"
    )
    system = connection_module.group.SystemDaemon(answering, os.geteuid())
    monkeypatch.setattr(connection_module.group, "find", lambda: asked.append(1) or system)
    async with serve():
        assert connection_module.find_daemon(None, None, runtime_dir).url != answering.url
        assert asked == []
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    leave_control_file(runtime_dir, port, TOKEN)
    assert connection_module.find_daemon(
        None, None, runtime_dir
    ) == connection_module.DaemonAddress(answering.url, TOKEN, 1, uid=os.geteuid())
    named = connection_module.find_daemon(f"ws://127.0.0.1:{port}/ws", None, runtime_dir)
    assert named.pid == 4242


async def test_another_user_where_the_daemon_was_does_not_get_the_token(
    ctl, runtime_dir, monkeypatch
):
    monkeypatch.setattr(connection_module.peers, "listener_uid", lambda _: os.geteuid() + 1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        leave_control_file(runtime_dir, listening.getsockname()[1], TOKEN)
        code, _, err = await ctl("state")
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert code == 1
    assert "another user" in err


@pytest.mark.parametrize("url", ["", "ws://", "ws://name:1/ws", "ws://[::1/ws", "ws://[::1]:x/ws"])
async def test_a_control_json_without_an_address(ctl, runtime_dir, url):
    left = discovery.ControlFile(url=url, token=SecretStr(TOKEN), pid=4242, version="1")
    discovery.publish(left, runtime_dir)
    code, _, err = await ctl("state")
    assert code == 1
    assert "no address" in err


async def test_something_else_on_the_port(ctl, runtime_dir):
    async def answer(reader, writer):
        await reader.readline()
        writer.write(b"SSH-2.0-hello\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        leave_control_file(runtime_dir, other.sockets[0].getsockname()[1], TOKEN)
        code, _, err = await ctl("state")
    assert code == 1
    assert err.startswith("sana-vcam ctl: ")


async def test_with_url_and_token(serve, ctl, tmp_path, monkeypatch):
    elsewhere = {"runtime_dir": tmp_path / "elsewhere"}
    async with serve() as server:
        assert (await ctl("pause", url=server.url, token=TOKEN, **elsewhere))[0] == 0
        # control.json is read for the token of that very url.
        assert (await ctl("pause", url=server.url))[0] == 0
        code, _, err = await ctl("pause", url=server.url, token="wrong")
        assert code == 1
        assert "401" in err
        assert "wrong" in err
        monkeypatch.setenv("SANA_VCAM_CONTROL__TOKEN", TOKEN)
        assert (await ctl("pause", url=server.url, **elsewhere))[0] == 0
    code, _, err = await ctl("pause", url="not a url", **elsewhere)
    assert code == 1
    assert TOKEN not in err


async def test_snapshot(serve, controls, ctl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with serve():
        code, out, err = await ctl("snapshot", "now.jpg")
        assert (code, out, err) == (0, "", "wrote now.jpg\n")
        assert (tmp_path / "now.jpg").read_bytes() == JPEG
        assert (await ctl("snapshot"))[0] == 0
        assert [path.read_bytes() for path in tmp_path.glob("sana-vcam-*.jpg")] == [JPEG]
        code, _, err = await ctl("snapshot", "nowhere/now.jpg")
        assert code == 1
        assert "cannot write nowhere/now.jpg" in err
        code, out, _ = await ctl("snapshot", json_output=True)
        assert json.loads(out)["data"]["mime"] == "image/jpeg"
        controls.current = FIRST_STATE.model_copy(update={"output": ProgramSource.BLANK})
        assert (await ctl("snapshot", "later.jpg"))[0] == 1


async def test_watch_prints_a_line_for_each_state_until_the_daemon_stops(serve, controls, ctl):
    async with serve() as server:
        watching = asyncio.create_task(ctl("watch"))
        await controls.read.wait()
        controls.current = FIRST_STATE.model_copy(update={"prompt": "clay", "error": "no camera"})
        server.notify_state()
        await server.stop()
        code, out, err = await watching
    assert code == 1
    assert "the daemon has stopped" in err
    first, *more = out.splitlines()
    assert "viewers see slate  session idle  camera capturing" in first
    assert all('prompt "clay"  error: no camera' in line for line in more)


def test_ctrl_c_ends_watch_without_a_word(monkeypatch, runtime_dir, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ctl_module, "_run", interrupted)
    assert run_ctl(["watch"], runtime_dir=runtime_dir) == 0
    assert run_ctl(["state"], runtime_dir=runtime_dir) == 130
    assert capsys.readouterr() == ("", "")


def test_help_teaches_by_example(capsys):
    assert ctl_module.main(["state", "--help"]) == 0
    text = capsys.readouterr().out
    assert 'sana-vcam ctl prompt "as a clay figure"' in text
    for word in ("state", "presets", "next", "seed", "anchor", "blank", "snapshot", "watch"):
        assert f"\n  {word} " in text
    assert text.startswith("usage: sana-vcam ctl")


@pytest.mark.parametrize(
    ("arguments", "words", "options"),
    [
        (["state"], ["state"], {}),
        (["step_preset", "-1"], ["step_preset", "-1"], {}),
        (["--json", "state"], ["state"], {"json_output": True}),
        (["state", "--json"], ["state"], {"json_output": True}),
        (["state", "--url", "ws://x/ws"], ["state"], {"url": "ws://x/ws"}),
        (["--url=ws://x/ws", "state"], ["state"], {"url": "ws://x/ws"}),
        (["prompt", "--", "--json"], ["prompt", "--json"], {}),
        (["prompt", "-10 degrees"], ["prompt", "-10 degrees"], {}),
        (["prompt", "--json or not"], ["prompt", "--json or not"], {}),
        (["snapshot", "-"], ["snapshot", "-"], {}),
        (["token", "--rotate"], ["token", "--rotate"], {}),
    ],
)
def test_the_command_line(monkeypatch, arguments, words, options):
    seen = []
    monkeypatch.setattr(ctl_module, "run_ctl", lambda *args, **more: seen.append((args, more)))
    ctl_module.main(arguments)
    assert seen == [((words,), {"json_output": False, "url": None} | options)]


@pytest.mark.parametrize(
    "arguments", [["state", "--jsno"], ["--url"], ["-x"], ["next", "--rotate"]]
)
def test_an_unknown_option_is_exit_2(capsys, arguments):
    assert ctl_module.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: sana-vcam ctl" in captured.err
    assert arguments[-1] in captured.err


# -- the Unix socket and the WebSocket are the same ---


ODD_WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
LIKELY_WORDS = st.sampled_from(
    [
        "on",
        "off",
        "true",
        "on=on",
        "id=x",
        "-1",
        "007",
        "1_0",
        "+3",
        " 5 ",
        "٣",
        "a=b",
        "prompt=",
        "",
    ]
)


def understood(read, *arguments):
    """What a reader makes of it: a command, or nothing."""
    try:
        return read(*arguments)
    except (messages.ProtocolError, Failure):
        return None


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([*words_module.usages(), *messages.COMMANDS]),
    st.lists(ODD_WORDS | LIKELY_WORDS | st.integers().map(str), max_size=3),
)
def test_what_is_typed_is_read_alike_here_and_by_the_daemon(word, rest):
    path, _, query = ctl_module.target_of(word, rest).partition("?")
    assert path == "/v1/line"
    assert understood(reading.command_from_line_query, query) == understood(
        client_module.command_from, word, rest
    )


def test_every_example_goes_the_short_way():
    for name, model in messages.COMMANDS.items():
        examples = {key: field.examples[0] for key, field in model.model_fields.items()}
        if any(isinstance(one, list | dict) for one in examples.values()):  # these are no words
            continue
        typed = [f"{key}={'on' if one is True else one}" for key, one in examples.items()]
        _, _, query = ctl_module.target_of(name, typed).partition("?")
        assert reading.command_from_line_query(query) == model(**examples)
    for word in SHORT_WORDS:
        alone = {"state", "presets", "next", "previous", "settings", "playlists"}
        said = [] if word in alone else ["1"] * (1 + (word in {"set", "schedule"}))
        said = ["fade"] if word == "transition" else said
        _, _, query = ctl_module.target_of(word, said).partition("?")
        assert understood(reading.command_from_line_query, query) is not None


async def test_words_with_spaces_stay_whole_where_a_command_has_several(serve, controls, ctl):
    async with serve():
        typed = ["id=dusk", 'name=At "dusk"', "prompt=the sun's last light"]
        assert (await ctl("save_preset", *typed))[:2] == (0, 'preset dusk: At "dusk"\n')
    saved = controls.looks[-1]
    assert (saved.name, saved.prompt) == ('At "dusk"', "the sun's last light")


@needs_unix
async def test_a_daemon_that_takes_no_lines_is_sent_a_message(serve, controls, ctl, monkeypatch):
    """An older one; what is typed does its work, only slower."""
    monkeypatch.setattr(routes, "LINE_PATH", "/v2/line")
    async with serve():
        assert await ctl("blank", "on") == (0, "blank is on\n", "")
    assert controls.done == [("blank", True)]


async def test_text_that_is_too_long_for_a_url_goes_the_long_way(serve, controls, ctl):
    prompt = "🎥" * 4000
    assert ctl_module.target_of("prompt", [prompt]) is None
    assert ctl_module.target_of("prompt", ["\ud800"]) is None
    async with serve():
        assert (await ctl("prompt", prompt))[0] == 0
    assert controls.done == [("set_prompt", prompt)]


@needs_unix
async def test_a_press_needs_neither_the_port_nor_control_json(serve, controls, ctl, runtime_dir):
    async with serve():
        (runtime_dir / "control.json").unlink()
        assert (await ctl("pause"))[0] == 0
        assert (await ctl("prompt", "x" * 3999, "é"))[0] == 2
        assert (await ctl("preset", "nowhere")) == (
            1,
            "",
            "sana-vcam ctl: no preset 'nowhere'; have: noir, van-gogh\n",
        )


@needs_unix
async def test_another_users_socket_does_not_get_the_command(ctl, runtime_dir, monkeypatch):
    runtime_dir.mkdir(mode=0o700)
    monkeypatch.setattr(unixsocket, "peer_uid", lambda _: os.geteuid() + 1)
    with unixsocket.listen(runtime_dir) as listening:
        code, _, err = await ctl("prompt", "private")
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(100) == b""
    assert code == 1
    assert "no daemon runs" in err


@needs_unix
async def test_a_broken_answer_is_told(ctl, runtime_dir):
    runtime_dir.mkdir(mode=0o700)
    answers = [b"", b"SSH-2.0-hello\r\n", b"HTTP/1.1 503 Full\r\n\r\n64 commands\x1b run\n"]

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[0])
        writer.close()

    path = str(runtime_dir / "control.sock")
    async with await asyncio.start_unix_server(answer, path):
        for part in ("closed the connection", "refused", "refused (503): 64 commands\ufffd run"):
            code, _, err = await ctl("pause")
            assert code == 1
            assert part in err
            answers.pop(0)
    (runtime_dir / "control.sock").unlink(missing_ok=True)


async def test_without_unix_sockets_it_takes_the_port(serve, controls, ctl, monkeypatch):
    monkeypatch.setattr(unixsocket, "IS_SUPPORTED", False)
    async with serve():
        assert (await ctl("pause"))[0] == 0
        assert (await ctl("watch", "this"))[0] == 2
    assert controls.done == [("pause", None)]


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_the_usual_folder_is_the_one_of_places(monkeypatch, tmp_path):
    assert usual_runtime_dir() == str(paths.runtime_dir())
    for wrong in ("", "relative", str(tmp_path / "missing")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", wrong)
        assert usual_runtime_dir() is None
    # Not a private folder, so none that the platform's own rule takes.
    tmp_path.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert usual_runtime_dir() is None
    tmp_path.chmod(0o700)
    assert usual_runtime_dir() == str(paths.runtime_dir()) == str(tmp_path / "sana-vcam")


# -- the secrets ---


async def test_url_prints_both_addresses_and_a_warning(serve, ctl):
    code, out, err = await ctl("url")
    assert (code, out) == (1, "")
    assert "no daemon runs" in err
    async with serve() as server:
        code, out, err = await ctl("url")
        assert code == 0
        lines = [line.split() for line in out.splitlines()]
        assert lines == [
            ["WebSocket", f"{server.url}?token={TOKEN}"],
            ["dashboard", f"http://127.0.0.1:{server.port}/?token={TOKEN}"],
        ]
        assert "secret" in err
        assert TOKEN not in err


async def test_token_prints_the_running_or_the_kept_one(serve, ctl, tmp_path):
    more = {"state_dir": tmp_path / "state"}
    code, _, err = await ctl("token", **more)
    assert code == 1
    assert "no token yet" in err
    async with serve(token=None):
        code, running, err = await ctl("token", **more)
        assert (code, err) == (0, "")
        assert running.strip() == (tmp_path / "state" / "token").read_text().strip()
    assert (await ctl("token", **more))[1] == running
    async with serve():
        assert (await ctl("token", **more))[1] == f"{TOKEN}\n"


async def test_rotate_closes_whoever_used_the_old_token(serve, controls, ctl, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    more = {"state_dir": tmp_path / "state"}
    async with serve(token=None, same_user=True, token_every_s=0.01) as server:
        old = (await ctl("token", **more))[1].strip()
        async with (
            open_client(server, token=old) as leaked,
            open_client(server, token=None) as own,
        ):
            await leaked.ask("pause")
            await own.ask("resume")
            code, out, err = await ctl("token", "--rotate", **more)
            assert code == 0
            new = out.strip()
            assert len(new) >= 43
            assert new != old
            assert "the old token is void" in err
            with pytest.raises(ConnectionClosed):
                await leaked.event("nothing more")
            assert leaked.connection.close_code == 1008
            assert (await own.ask("reset"))["type"] == "ok"
        with pytest.raises(InvalidStatus):
            await open_client(server, token=old).__aenter__()
        async with open_client(server, token=new) as client:
            assert (await client.ask("connect"))["type"] == "ok"
        assert (await ctl("token", **more))[1].strip() == new
        log = logging.getLogger("sana_vcam.test")
        log.setLevel(logging.INFO)
        async with open_client(server, token=new) as client:
            await client.ask("subscribe log")
            log.info("%s and %s", old, new)
            assert (await client.event("log"))["message"] == "[redacted] and [redacted]"
    assert old not in caplog.text.replace(f"{old} and {new}", "")
    assert [name for name, _ in controls.done] == ["pause", "resume", "reset", "connect"]
    # Without a daemon it is only kept.
    code, out, err = await ctl("token", "--rotate", **more)
    assert (code, err) == (0, "")
    assert out == (tmp_path / "state" / "token").read_text()


async def test_what_a_revoked_client_still_sends_does_not_run(serve, controls, ctl, tmp_path):
    async with serve(token=None, token_every_s=0.01) as server:
        token = (tmp_path / "state" / "token").read_text().strip()
        async with open_client(server, token=token) as client:
            controls.gate.clear()
            await client.send("set_prompt slow")
            await client.send("connect")
            await controls.waiting.wait()
            await ctl("token", "--rotate", state_dir=tmp_path / "state")
            controls.gate.set()
            await controls.wait_done("set_prompt", "slow")
            with pytest.raises(ConnectionClosed):
                await client.event("nothing more")
    assert controls.done == [("set_prompt", "slow")]


async def test_a_token_from_the_configuration_is_not_rotated(serve, ctl, tmp_path):
    async with serve():
        code, out, err = await ctl("token", "--rotate", state_dir=tmp_path / "state")
    assert (code, out) == (1, "")
    assert "[control] token" in err
    assert not (tmp_path / "state").exists()


async def test_a_planted_token_file_changes_nothing(serve, ctl, tmp_path, caplog):
    state = tmp_path / "state"
    async with serve(token=None, token_every_s=0.01) as server:
        token = (state / "token").read_text().strip()
        (tmp_path / "evil").write_text("chosen-by-somebody-else\n")
        (state / "token").unlink()
        (state / "token").symlink_to(tmp_path / "evil")
        while "stays as it is" not in caplog.text:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert caplog.text.count("stays as it is") == 1
        with pytest.raises(InvalidStatus):
            await open_client(server, token="chosen-by-somebody-else").__aenter__()
        async with open_client(server, token=token) as client:
            assert (await client.ask("pause"))["type"] == "ok"
        code, _, err = await ctl("token", "--rotate", state_dir=state)
        assert code == 1
        assert "symbolic link" in err
    assert (tmp_path / "evil").read_text() == "chosen-by-somebody-else\n"


@pytest.mark.parametrize("words", [["token", "x"], ["url", "--rotate"], ["url", "x"]])
async def test_wrong_usage_of_the_secrets(ctl, words):
    code, _, err = await ctl(*words)
    assert code == 2
    assert words[0] in err


def test_a_press_loads_nothing_that_is_slow():
    script = (
        "import sys; from sana_vcam.clients.ctl import ctl; ctl.run_ctl(sys.argv[1:]); "
        "slow = {'argparse', 'pydantic', 'websockets', 'numpy', 'asyncio', 'logging', 'pathlib', "
        "'urllib.parse', 'http.client', 'ssl'}; print(sorted(slow & set(sys.modules)))"
    )
    folder = Path(os.environ["XDG_RUNTIME_DIR"]) / "sana-vcam"
    folder.mkdir(mode=0o700)
    with unixsocket.listen(folder) as listening:
        listening.setblocking(True)
        process = subprocess.Popen(
            [sys.executable, "-c", script, "blank", "on"], stdout=subprocess.PIPE, text=True
        )
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(65536).startswith(
                b"GET /v1/line?text=blank&text=on HTTP/1.1\r\n"
            )
            connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"type":"ok","data":{"on":true}}\n')
        out, _ = process.communicate()
    assert out == "blank is on\n[]\n"


async def test_as_a_process(serve, runtime_dir):
    script = (
        "import sys; from pathlib import Path; from sana_vcam.clients.ctl.ctl import run_ctl; "
        "sys.exit(run_ctl(sys.argv[2:], json_output=True, runtime_dir=Path(sys.argv[1])))"
    )

    async def run(*words):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            script,
            str(runtime_dir),
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async with serve(same_user=True):
        code, out, err = await run("blank", "on")
        assert (code, err) == (0, "")
        assert json.loads(out)["data"] == DARK
        assert (await run("nonsense"))[0] == 2
    assert (await run("blank", "on"))[0] == 1
