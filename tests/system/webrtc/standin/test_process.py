"""The process around the model: its one line, its ends, its options."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess

import pytest

from sana_vcam.standin.__main__ import main
from tests.system.webrtc.standin.harness import (
    COMMAND,
    PATIENCE_S,
    client,
    gray,
    session_state,
    standin,
)


def test_the_ready_line_is_all_of_stdout() -> None:
    with standin("--verbose") as process:
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(PATIENCE_S) == 0
        assert process.popen.stdout.read() == ""
        assert "runtime started" in process.stderr()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_while_it_streams(end: signal.Signals) -> None:
    with standin() as process:
        async with client(process.url) as seen:
            await seen.publish(lambda _index: gray(90))
            await seen.send("start")
            await seen.until(lambda: seen.frames > 10)
            process.popen.send_signal(end)
            assert await asyncio.to_thread(process.popen.wait, PATIENCE_S) == 0
            assert "Traceback" not in process.stderr()


def test_it_ends_with_its_stdin() -> None:
    with standin() as process:
        process.popen.stdin.close()
        assert process.popen.wait(PATIENCE_S) == 0


def test_a_taken_port_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert f"port {port}" in line
    assert "--port 0" in line


def test_a_missing_runtime_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert main([]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    [line] = err.splitlines()
    assert "pip install 'reactor-runtime" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "80999"],
        ["--fps", "fast"],
        ["--fps", "nan"],
        ["--chunk-frames", "0"],
        ["--fault", "explode=3"],
        ["--wire", "fax"],
    ],
)
def test_a_wrong_option_is_explained(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert arguments[0] in capsys.readouterr().err


async def test_a_session_ends_at_its_limit_and_the_next_can_begin() -> None:
    with standin("--session-limit", "4") as process:
        async with client(process.url) as seen:
            await seen.send("set_prompt", prompt="neon")
            await seen.until(lambda: session_state(process.url) == "ready")
            assert "session limit reached" in process.stderr()
        async with client(process.url) as fresh:
            await fresh.send("set_seed", seed=1)
            await fresh.state(has_prompt=False)


async def test_a_staged_stall_ends_all_output_but_commands_are_answered() -> None:
    with standin("--fault", "stall=2") as process:
        async with client(process.url) as seen:
            await seen.publish(lambda _index: gray(90))
            await seen.send("start")
            await seen.message("chunk_complete", 2)
            for seed in range(5):
                await seen.send("set_seed", seed=seed)
                await asyncio.sleep(0.5)
            assert len(seen.of("chunk_complete")) == 2
            await seen.send("reset")
            await seen.send("start")
            await seen.message("chunk_complete", 4)


async def test_a_staged_crash_ends_the_process_with_status_1() -> None:
    with standin("--fault", "crash=1") as process:
        async with client(process.url) as seen:
            await seen.publish(lambda _index: gray(90))
            await seen.send("start")
            assert await asyncio.to_thread(process.popen.wait, PATIENCE_S) == 1


async def test_each_frame_can_be_a_chunk_of_its_own() -> None:
    options = ("--chunk-frames", "1", "--edit", "copy", "--chunk-time", "0")
    with standin(*options) as process:
        async with client(process.url) as seen:
            await seen.send("set_prompt", prompt="colour negative")
            await seen.publish(lambda _index: gray(40))
            await seen.send("start")
            await seen.message("chunk_complete", 10)
            assert {chunk["frames_emitted"] for chunk in seen.of("chunk_complete")} == {1}
            await seen.until(lambda: seen.frames > 5)
            assert seen.newest.mean() < 60, "copied, not edited"


async def test_the_first_command_of_each_session_can_go_unanswered() -> None:
    with standin("--deaf", "1") as process:
        for _session in range(2):
            async with client(process.url) as seen:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(seen.reply("set_prompt", prompt="lost"), 1)
                await seen.send("set_seed", seed=1)
                await seen.state(seed=1, has_prompt=False)


@pytest.mark.parametrize(("options", "answered"), [((), True), (("--no-schema",), False)])
async def test_the_schema_can_go_unanswered(options: tuple[str, ...], answered: bool) -> None:
    with standin(*options) as process:
        async with client(process.url) as seen:
            asked = asyncio.ensure_future(seen.reactor.request_schema())
            done, _waiting = await asyncio.wait([asked], timeout=None if answered else 2)
            assert bool(done) == answered
            asked.cancel()
            assert await seen.reply("set_seed", seed=3) is None
            await seen.state(seed=3)
