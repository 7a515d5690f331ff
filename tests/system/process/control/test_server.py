import asyncio
import base64
import json
import logging
import os
import socket
import struct
import threading

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import sana_vcam
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.access import discovery
from sana_vcam.control.protocol import messages
from sana_vcam.control.server import limits
from sana_vcam.control.server.server import ControlServer
from sana_vcam.errors import StartupError
from sana_vcam.media.states import ProgramSource
from tests.fakes.controls import FIRST_STATE, JPEG
from tests.fakes.controlserver import TOKEN, open_client
from tests.fakes.wire import AUTHORIZED, exchange, get, upgrade


async def http(server, request: str) -> tuple[int, str]:
    """Send a raw request and return the status and the answer's body."""
    answer = await exchange(server, request)
    return answer.status, answer.body.decode()


# -- messages ---


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_small_message_waits_for_nobodys_word_on_the_one_before(controls, tmp_path, host):
    folders = {"state_dir": tmp_path / "state", "runtime_dir": tmp_path / "runtime"}
    config = ControlConfig.model_validate({"host": host, "port": 0, "token": TOKEN})
    async with ControlServer(config, controls, **folders) as server, open_client(server) as client:
        assert (await client.ask({"type": "blank", "data": {"on": True}}))["type"] == "ok"
        of_tcp, _ = server._listeners
        (connection,) = of_tcp.sockets
        ours = connection.transport.get_extra_info("socket")
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_hello_comes_first_then_the_state(serve):
    async with serve() as server, open_client(server) as client:
        assert await client.receive() == {
            "type": "hello",
            "data": {
                "api": 1,
                "version": sana_vcam.__version__,
                "commands": list(messages.COMMANDS),
                "events": ["state", "presets", "stats", "log", "settings"],
            },
        }
        assert await client.receive() == {
            "type": "state",
            "data": FIRST_STATE.model_dump(mode="json"),
        }


@pytest.mark.parametrize(
    ("request_data", "done"),
    [
        ({"type": "set_prompt", "data": {"prompt": "clay"}}, ("set_prompt", "clay")),
        ({"type": "set_seed", "data": {"seed": 42}}, ("set_seed", 42)),
        ({"type": "set_anchor_interval", "data": {"chunks": 7}}, ("set_anchor_interval", 7)),
        ({"type": "pause"}, ("pause", None)),
        ({"type": "resume"}, ("resume", None)),
        ({"type": "reset"}, ("reset", None)),
        ({"type": "connect"}, ("connect", None)),
        ({"type": "disconnect"}, ("disconnect", None)),
        ("set_prompt as a clay figure\r\n", ("set_prompt", "as a clay figure")),
        ("pause", ("pause", None)),
    ],
)
async def test_commands_that_only_act_reply_with_when_it_takes_effect(
    serve, controls, request_data, done
):
    async with serve() as server, open_client(server) as client:
        reply = await client.ask(request_data)
        assert (reply["type"], set(reply["data"])) == ("ok", {"applies", "note"})
        assert reply["data"]["note"]
        assert controls.done == [done]


async def test_commands_that_reply_with_data(serve, controls):
    async with serve() as server, open_client(server) as client:

        async def data(message):
            reply = await client.ask(message)
            assert reply["type"] == "ok"
            return reply["data"]

        def applied(preset):
            why = "none now: none is wanted: sana-vcam ctl connect"
            kept = f"kept: shown when a session runs ({why})"
            return preset | {"left_out": [], "applies": "next_session", "note": kept}

        presets = [look.model_dump(mode="json") for look in controls.looks]
        assert await data("get_state") == FIRST_STATE.model_dump(mode="json")
        assert await data("list_presets") == {"presets": presets}
        van_gogh, noir = ({k: v for k, v in one.items() if k != "thumbnail"} for one in presets)
        assert await data("apply_preset noir") == applied(noir)
        assert await data("step_preset") == van_gogh
        assert await data({"type": "step_preset", "data": {"by": -1}}) == noir
        assert await data("blank") == {"on": True, "note": ""}
        assert await data("blank") == {"on": False, "note": ""}
        assert await data("freeze on") == {"on": True, "note": ""}
        picture = await data("snapshot")
        assert picture["mime"] == "image/jpeg"
        assert base64.b64decode(picture["data"]) == JPEG
        assert await data("subscribe log,state") == {"events": ["state", "log"]}


@pytest.mark.parametrize(
    ("message", "code", "part"),
    [
        ("{", "parse_error", "not JSON"),
        (b'{"type":"pause"}', "parse_error", "binary"),
        ("[" * 60_000, "parse_error", "nested"),
        ('{"id":1}', "invalid_request", '"type"'),
        ("set_promt x", "unknown_command", "set_prompt"),
        ("set_seed x", "invalid_data", "seed"),
        ("apply_preset nowhere", "not_found", "have: noir, van-gogh"),
        ("snapshot", "not_ready", "no picture"),
        ("bypass on", "rejected", "allow_bypass"),
        ("set_prompt forbidden", "rejected", "model refuses"),
        ("set_prompt explode", "internal", "its log has the details"),
        ("set_prompt odd", "internal", "its log has the details"),
    ],
)
async def test_every_refusal_is_a_reply(serve, controls, caplog, message, code, part):
    controls.current = FIRST_STATE.model_copy(update={"output": ProgramSource.BLANK})
    async with serve() as server, open_client(server) as client:
        await client.connection.send(message)
        reply = await client.reply()
        assert reply["type"] == "error"
        assert reply["data"]["code"] == code
        assert part in reply["data"]["message"]
        assert "secret inner reason" not in json.dumps(reply)
        assert (await client.ask({"type": "pause", "id": "still here"}))["id"] == "still here"
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(logged) == (code == "internal")
    assert all(record.exc_info for record in logged)


async def test_the_id_comes_back_with_the_error(serve):
    async with serve() as server, open_client(server) as client:
        message = {"type": "apply_preset", "id": "x-1", "data": {"id": "none"}}
        assert (await client.ask(message))["id"] == "x-1"


async def test_subscribing_sends_what_is_new_at_once(serve, controls):
    async with serve() as server, open_client(server) as client:
        assert (await client.receive())["type"] == "hello"
        assert (await client.receive())["type"] == "state"
        await client.send("subscribe presets")
        assert (await client.receive())["type"] == "ok"
        assert (await client.receive())["type"] == "presets"
        server.notify_state()
        controls.looks = controls.looks[:1]
        server.notify_presets()
        message = await client.receive()
        assert message["type"] == "presets"
        assert [look["id"] for look in message["data"]["presets"]] == ["van-gogh"]
        await client.send("subscribe state presets")
        assert (await client.receive())["type"] == "ok"
        assert (await client.receive())["type"] == "state"


async def test_the_last_of_many_states_arrives_and_few_do(serve, controls):
    async with serve(state_every_s=0.01) as server, open_client(server) as client:
        await client.event("state")
        for dropped in range(1, 5001):
            controls.current = controls.current.model_copy(update={"dropped": dropped})
            server.notify_state()
            if dropped % 1000 == 0:
                await asyncio.sleep(0)
        seen = [await client.event("state")]
        while seen[-1]["dropped"] != 5000:
            seen.append(await client.event("state"))
        assert len(seen) <= 6


async def test_stats_go_to_subscribers_only(serve, controls):
    async with serve(stats_every_s=0.01) as server, open_client(server) as client:
        controls.current = controls.current.model_copy(update={"dropped": 3, "chunk": 9})
        await client.ask("subscribe stats")
        assert await client.event("stats") == {
            "fps_camera": 24.0,
            "fps_model": 23.5,
            "fps_output": 24.0,
            "delay_ms": None,
            "dropped": 3,
            "repeated": 0,
            "session_s": None,
            "chunk": 9,
        }
        await client.ask("subscribe state")
        server.notify_state()
        assert (await client.receive())["type"] == "state"


async def test_log_lines_come_from_any_thread_without_secrets(serve):
    log = logging.getLogger("sana_vcam.test")
    log.setLevel(logging.DEBUG)
    async with (
        serve(secrets=("rk_api_key",)) as server,
        open_client(server) as client,
        open_client(server) as other,
    ):
        await client.ask("subscribe log")
        other_first = [await other.receive(), await other.receive()]
        log.debug("too quiet")
        thread = threading.Thread(
            target=lambda: log.warning("the key %s\ud800 and %s leak", "rk_api_key", TOKEN)
        )
        thread.start()
        thread.join()
        line = await client.event("log")
        assert line["level"] == "warning"
        assert line["logger"] == "sana_vcam.test"
        assert line["message"] == "the key [redacted]? and [redacted] leak"
        log.info("quiet")
        assert (await client.event("log"))["level"] == "info"
        assert [message["type"] for message in other_first] == ["hello", "state"]
        assert (await other.ask("pause"))["type"] == "ok"
    assert not logging.getLogger("sana_vcam").handlers


# -- order ---


async def test_commands_of_one_client_run_in_order(serve, controls):
    async with serve() as server, open_client(server) as client:
        controls.gate.clear()
        await client.send("set_prompt slow")
        await client.send({"type": "blank", "id": "after"})
        await controls.waiting.wait()
        assert controls.done == []
        controls.gate.set()
        assert "id" not in await client.reply()
        assert (await client.reply())["id"] == "after"
        assert controls.done == [("set_prompt", "slow"), ("blank", True)]


async def test_blank_does_not_wait_for_the_slow_command_of_another_client(serve, controls):
    async with serve() as server, open_client(server) as slow, open_client(server) as quick:
        controls.gate.clear()
        await slow.send("set_prompt slow")
        await controls.waiting.wait()
        assert (await quick.ask("blank on"))["data"] == {"on": True, "note": ""}
        assert controls.done == [("blank", True)]
        controls.gate.set()
        assert (await slow.reply())["type"] == "ok"


async def test_a_command_runs_though_the_client_closes_right_after_it(serve, controls):
    async with serve() as server:
        for number in range(20):
            async with open_client(server) as client:
                await client.send(f"set_seed {number}")
            await controls.wait_done("set_seed", number)


async def test_commands_run_though_the_client_vanishes_while_the_first_is_slow(serve, controls):
    async with serve() as server:
        async with open_client(server) as client:
            controls.gate.clear()
            await client.send("set_prompt slow")
            await client.send("set_seed 5")
            await controls.waiting.wait()
        controls.gate.set()
        await controls.wait_done("set_seed", 5)


async def test_a_command_runs_though_the_client_resets_the_connection(serve, controls):
    at_once = struct.pack("ii", 1, 0)
    async with serve() as server:
        for number in range(10, 40):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(upgrade().encode())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\x81\x8b\0\0\0\0set_seed %d" % number)
            # Unread data, and this option, turn the close into a reset.
            linger = writer.get_extra_info("socket")
            linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.transport.abort()
            await controls.wait_done("set_seed", number)


# -- limits ---


async def test_a_flood_is_answered_with_rate_limited_and_the_client_lives_on(
    serve, controls, monkeypatch
):
    monkeypatch.setattr(limits, "MESSAGES_HZ", 0)
    monkeypatch.setattr(limits, "REFUSED_PAUSE_S", 0)
    async with serve() as server, open_client(server, max_queue=None) as client:
        for number in range(400):
            await client.send({"type": "reset", "id": number})
        replies = [await client.reply() for _ in range(400)]
        assert [reply["id"] for reply in replies] == list(range(400))
        codes = [reply["data"].get("code") for reply in replies]
        assert codes == [None] * 100 + ["rate_limited"] * 300
        assert len(controls.done) == 100
        assert (await client.ask("{"))["data"]["code"] == "rate_limited"
        async with open_client(server) as other:
            assert (await other.ask("pause"))["type"] == "ok"


async def test_a_flood_slows_down_nobody_but_itself(serve, controls, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGES_HZ", 0)
    monkeypatch.setattr(limits, "REFUSED_PAUSE_S", 600)
    monkeypatch.setattr(limits, "CLOSE_GRACE_S", 0.1)
    async with serve() as server, open_client(server, max_queue=None) as client:
        for _ in range(400):
            await client.send("reset")
        replies = [await client.reply() for _ in range(100)]
        assert {reply["type"] for reply in replies} == {"ok"}
        # Its refusals wait; nobody else does.
        async with open_client(server) as other:
            assert (await other.ask("pause"))["type"] == "ok"
        refusal = asyncio.create_task(client.reply())
        await asyncio.wait({refusal}, timeout=0.1)
        assert not refusal.done()
        refusal.cancel()


async def test_a_client_that_does_not_read_its_replies_waits_and_loses_none(
    serve, controls, monkeypatch
):
    monkeypatch.setattr(limits, "REFUSED_PAUSE_S", 0)
    async with serve() as server, open_client(server, max_queue=1) as client:
        box_and_buffers = 5000
        sending = asyncio.create_task(flood(client, box_and_buffers))
        await controls.wait_done("reset")
        replies = [await client.reply() for _ in range(box_and_buffers)]
        await sending
        assert [reply["id"] for reply in replies] == list(range(box_and_buffers))


async def flood(client, count):
    for number in range(count):
        await client.send({"type": "reset", "id": number})


async def test_a_message_that_is_too_long_closes_only_its_client(serve):
    async with serve() as server, open_client(server) as client, open_client(server) as other:
        await client.send("set_prompt " + "x" * 70_000)
        with pytest.raises(ConnectionClosed):
            await client.reply()
        assert client.connection.close_code == 1009
        assert (await other.ask("pause"))["type"] == "ok"


async def test_the_33rd_client_gets_503_until_another_leaves(serve):
    async with serve() as server:
        clients = [open_client(server) for _ in range(32)]
        opened = [await client.__aenter__() for client in clients]
        with pytest.raises(InvalidStatus) as caught:
            await open_client(server).__aenter__()
        assert caught.value.response.status_code == 503
        for client in clients:
            await client.__aexit__(None, None, None)
        assert len(opened) == 32
        async with open_client(server) as again:
            assert (await again.ask("pause"))["type"] == "ok"


async def test_a_slow_reader_delays_nobody_and_is_closed(serve, monkeypatch):
    monkeypatch.setattr(limits, "CLOSE_GRACE_S", 0.05)
    log = logging.getLogger("sana_vcam.test")
    log.setLevel(logging.INFO)
    async with serve() as server, open_client(server) as good:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(upgrade().encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()
        subscribe = b"subscribe log"
        writer.write(b"\x81" + bytes([0x80 | len(subscribe)]) + b"\0\0\0\0" + subscribe)
        await good.ask("subscribe log")
        while True:
            # More than every buffer between the two, a line at a time that the good one reads.
            log.info("x" * 4000)
            line = await good.event("log")
            if line["message"].startswith("closing a client"):
                break
        assert (await good.ask("blank on"))["data"] == {"on": True, "note": ""}
        writer.transport.resume_reading()
        while await reader.read(1 << 20):
            pass
        writer.close()


# -- HTTP ---


async def test_get_shows_the_dashboard(serve):
    async with serve() as server:
        status, answer = await http(server, get("/"))
        assert status == 200
        assert answer.startswith("<!doctype html>")
        assert (await http(server, get("/", headers="")))[0] == 401
        assert (await http(server, get(f"/?token={TOKEN}", headers="")))[0] == 200


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (get("/nowhere"), 404),
        (get("/v1/nothing"), 404),
        (upgrade("/"), 404),
        (upgrade("/ws/"), 404),
        (get("/ws"), 426),
        (get("/", method="POST"), 405),
        (get("/", method="HEAD"), 405),
        (get("/ws", method="OPTIONS"), 405),
        (get("/ws", headers="", method="OPTIONS"), 401),
        (get("/nowhere", headers=""), 401),
        (upgrade("/ws", headers=""), 401),
        (upgrade("/ws", headers=AUTHORIZED + "Origin: https://evil.example\r\n"), 403),
        (upgrade("/ws").replace("Host: 127.0.0.1", "Host: evil.example"), 421),
        (upgrade("/ws", headers=AUTHORIZED * 2), 400),
    ],
)
async def test_other_requests(serve, request_text, status):
    async with serve() as server:
        assert (await http(server, request_text))[0] == status


async def test_neither_token_nor_query_is_logged(serve, caplog):
    caplog.set_level(logging.DEBUG)
    for name in (
        "sana_vcam",
        "websockets",
        "websockets.server",
        "sana_vcam.control.server.server.wire",
    ):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with serve() as server:
        await http(server, get(f"/?token={TOKEN}", headers=""))
        await http(server, get("/?token=wrong-but-private", headers=""))
        async with connect(f"{server.url}?token={TOKEN}", proxy=None) as connection:
            await connection.recv()
    ours = [record for record in caplog.records if not record.name.startswith("websockets.client")]
    assert ours
    assert not any("token=" in record.getMessage() for record in ours)
    assert TOKEN not in "".join(record.getMessage() for record in ours)


async def test_a_program_of_the_same_user_needs_no_token(serve):
    async with serve(same_user=True) as server:
        async with open_client(server, token=None) as client:
            assert (await client.ask("pause"))["type"] == "ok"
        with pytest.raises(InvalidStatus) as caught:
            await open_client(server, token=None, origin="null").__aenter__()
        assert caught.value.response.status_code == 401
        assert (await http(server, get("/", headers="")))[0] == 401


# -- start and stop ---


async def test_control_json_is_there_while_it_runs(serve, runtime_dir):
    async with serve() as server:
        control_file = discovery.find(runtime_dir)
        assert control_file is not None
        assert control_file.url == server.url == f"ws://127.0.0.1:{server.port}/ws"
        assert control_file.token.get_secret_value() == TOKEN
        assert control_file.pid == os.getpid()
        assert control_file.version == sana_vcam.__version__
    assert list(runtime_dir.iterdir()) == []


async def test_stop_closes_clients_with_1001(serve):
    async with serve() as server, open_client(server) as client:
        await client.event("state")
        await server.stop()
        with pytest.raises(ConnectionClosed):
            await client.receive()
        assert client.connection.close_code == 1001
        await server.stop()


async def test_stop_does_not_wait_for_ever(serve, controls, monkeypatch):
    monkeypatch.setattr(limits, "CLOSE_GRACE_S", 0.05)
    async with serve() as server:
        _, mute = await asyncio.open_connection("127.0.0.1", server.port)
        reader, deaf = await asyncio.open_connection("127.0.0.1", server.port)
        deaf.write(upgrade().encode())
        await reader.readuntil(b"\r\n\r\n")
        async with open_client(server) as client:
            controls.gate.clear()
            await client.send("set_prompt never ends")
            await controls.waiting.wait()
            async with asyncio.timeout(20):
                await server.stop()
        mute.close()
        deaf.close()


async def test_a_defect_in_a_background_task_is_raised_to_the_supervisor(serve, controls):
    async with serve() as server, open_client(server) as client:
        await client.event("state")
        controls.state = None
        server.notify_state()
        with pytest.raises(TypeError):
            await server.supervise()


async def test_supervise_ends_when_stopped(serve):
    async with serve() as server:
        waiting = asyncio.create_task(server.supervise())
        await asyncio.sleep(0)
        await server.stop()
        await waiting


async def test_a_taken_port_names_who_has_it_and_the_mend(serve, controls, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartupError) as caught:
            await serve(port=port).__aenter__()
    message = str(caught.value)
    assert f"port {port}" in message
    assert f"(pid {os.getpid()})" in message
    assert "SANA_VCAM_CONTROL__PORT=" in message
    assert "[control] port" in message


async def test_a_second_daemon_is_told_of_the_first(serve):
    async with serve() as server:
        with pytest.raises(StartupError, match="a sana-vcam that already runs"):
            await serve(port=server.port).__aenter__()
        async with open_client(server) as client:
            assert (await client.ask("pause"))["type"] == "ok"


async def test_a_failed_start_leaves_nothing(serve, runtime_dir):
    runtime_dir.write_text("in the way")
    with pytest.raises(StartupError):
        await serve().__aenter__()
    assert not logging.getLogger("sana_vcam").handlers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.org", "127.0.0.1.x"])
async def test_other_addresses_than_loopback_are_refused(controls, tmp_path, host):
    # The configuration refuses these too; the server does not rely on it.
    config = ControlConfig.model_construct(host=host, port=0)
    with pytest.raises(StartupError, match="other machines"):
        await ControlServer(config, controls, state_dir=tmp_path, runtime_dir=tmp_path).start()


async def test_localhost_is_the_ipv4_loopback(controls, tmp_path):
    config = ControlConfig(host="localhost", port=0)
    async with ControlServer(
        config, controls, state_dir=tmp_path / "s", runtime_dir=tmp_path / "r"
    ) as server:
        assert server.url == f"ws://127.0.0.1:{server.port}/ws"


async def test_the_ipv6_loopback(controls, tmp_path):
    config = ControlConfig(host="::1", port=0)
    server = ControlServer(config, controls, state_dir=tmp_path / "s", runtime_dir=tmp_path / "r")
    try:
        await server.start()
    except StartupError as error:
        pytest.skip(f"no IPv6 here: {error}")
    try:
        async with open_client(server, token=None) as client:
            assert server.url == f"ws://[::1]:{server.port}/ws"
            assert (await client.ask("pause"))["type"] == "ok"
    finally:
        await server.stop()
