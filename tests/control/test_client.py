import argparse
import asyncio
import json
import os
import socket
import sys

import pytest
from pydantic import SecretStr

from sana_vcam.control import client as client_module
from sana_vcam.control import ctl as ctl_module
from sana_vcam.control import rendezvous
from sana_vcam.control.client import add_arguments, run_ctl
from sana_vcam.status import Output

from .conftest import TOKEN
from .fakes import FIRST_STATE, JPEG


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
    assert controls.done == [done]


async def test_what_people_read(serve, controls, ctl):
    async with serve():
        assert (await ctl("blank", "on"))[1] == "blank is on\n"
        assert (await ctl("preset", "noir"))[1] == "preset noir: Film noir\n"
        assert (await ctl("pause"))[1] == "ok\n"
        presets = (await ctl("presets"))[1].splitlines()
        assert [line.split()[0] for line in presets] == ["van-gogh", "noir"]
        controls.current = FIRST_STATE.model_copy(update={"prompt": "a\x1b[2Jb\nc"})
        state = (await ctl("state"))[1]
        assert "session          idle\n" in state
        assert "a\ufffd[2Jb\ufffdc\n" in state
        assert len(state.splitlines()) == len(FIRST_STATE.model_fields_set)


async def test_json_is_the_reply_as_it_came(serve, ctl):
    async with serve():
        code, out, _ = await ctl("blank", "on", json_output=True)
        assert (code, json.loads(out)) == (0, {"type": "ok", "id": 1, "data": {"on": True}})
        code, out, err = await ctl("preset", "nowhere", json_output=True)
        assert (code, err) == (1, "")
        assert json.loads(out)["data"]["code"] == "not_found"


async def test_a_refusal_is_exit_1_and_its_reason(serve, ctl):
    async with serve():
        code, out, err = await ctl("preset", "nowhere")
    assert (code, out) == (1, "")
    assert err == "sana-vcam ctl: no preset 'nowhere'; have: van-gogh, noir\n"


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


def leave_a_note(runtime_dir, port):
    rendezvous.publish(
        rendezvous.Rendezvous(
            url=f"ws://127.0.0.1:{port}/ws", token=SecretStr(TOKEN), pid=4242, version="1"
        ),
        runtime_dir,
    )


async def test_a_daemon_that_has_gone(ctl, runtime_dir, free_port):
    leave_a_note(runtime_dir, free_port)
    code, _, err = await ctl("state")
    assert code == 1
    assert "has gone" in err
    assert "pid 4242" in err
    assert "sana-vcam run" in err


async def test_another_user_where_the_daemon_was_does_not_get_the_token(
    ctl, runtime_dir, monkeypatch
):
    monkeypatch.setattr(client_module.procnet, "listener_uid", lambda _: os.geteuid() + 1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        leave_a_note(runtime_dir, listening.getsockname()[1])
        code, _, err = await ctl("state")
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert code == 1
    assert "another user" in err


@pytest.mark.parametrize("url", ["", "ws://", "ws://name:1/ws", "ws://[::1/ws", "ws://[::1]:x/ws"])
async def test_a_control_json_without_an_address(ctl, runtime_dir, url):
    note = rendezvous.Rendezvous(url=url, token=SecretStr(TOKEN), pid=4242, version="1")
    rendezvous.publish(note, runtime_dir)
    code, _, err = await ctl("state")
    assert code == 1
    assert "no address" in err


async def test_something_else_on_the_port(ctl, runtime_dir):
    async def answer(reader, writer):
        await reader.readline()
        writer.write(b"SSH-2.0-hello\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        leave_a_note(runtime_dir, other.sockets[0].getsockname()[1])
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
        controls.current = FIRST_STATE.model_copy(update={"output": Output.BLANK})
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


def test_help_teaches_by_example():
    parser = argparse.ArgumentParser(prog="sana-vcam ctl")
    add_arguments(parser)
    text = parser.format_help()
    assert 'sana-vcam ctl prompt "as a clay figure"' in text
    for word in ("state", "presets", "next", "seed", "anchor", "blank", "snapshot", "watch"):
        assert f"\n  {word} " in text
    words = parser.parse_args(["step_preset", "-1", "--json", "--url", "ws://localhost:1/ws"])
    assert words.arguments == ["step_preset", "-1"]
    assert words.json_output
    assert words.url == "ws://localhost:1/ws"


async def test_as_a_process(serve, runtime_dir):
    script = (
        "import sys; from pathlib import Path; from sana_vcam.control.client import run_ctl; "
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
        assert json.loads(out)["data"] == {"on": True}
        assert (await run("nonsense"))[0] == 2
    assert (await run("blank", "on"))[0] == 1
