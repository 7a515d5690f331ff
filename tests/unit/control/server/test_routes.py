"""Commands as GET, the picture and the metrics, over real sockets."""

import asyncio
import json
import logging
import os
import socket
import stat
import sys
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import unix_connect

from sana_vcam.control.access import unixsocket
from sana_vcam.control.protocol import messages
from sana_vcam.control.server import limits, routes
from sana_vcam.control.server.counters import Counters
from sana_vcam.control.server.responses import SECURITY_HEADERS
from sana_vcam.engine.states import SessionState
from sana_vcam.errors import StartupError
from sana_vcam.lib.meter import Histogram
from sana_vcam.media.states import CameraState, ProgramSource
from tests.fakes.controls import FIRST_STATE, JPEG
from tests.fakes.controlserver import TOKEN, open_client
from tests.fakes.wire import AUTHORIZED, exchange, exchange_unix, get, parse, upgrade

needs_unix = pytest.mark.skipif(not unixsocket.IS_SUPPORTED, reason="only on Linux")


@pytest.mark.parametrize(
    ("path", "done"),
    [
        ("set_prompt?prompt=as+a+clay%20figure", ("set_prompt", "as a clay figure")),
        ("set_prompt?prompt=", ("set_prompt", "")),
        ("set_prompt?prompt=%F0%9F%8E%A5", ("set_prompt", "🎥")),
        ("set_prompt?prompt=a%26b%3Dc%0Ad", ("set_prompt", "a&b=c\nd")),
        ("apply_preset?id=noir", ("apply_preset", "noir")),
        ("step_preset", ("step_preset", 1)),
        ("step_preset?by=-1", ("step_preset", -1)),
        ("pause", ("pause", None)),
        ("resume", ("resume", None)),
        ("reset?", ("reset", None)),
        ("connect", ("connect", None)),
        ("disconnect", ("disconnect", None)),
        ("set_seed?seed=42", ("set_seed", 42)),
        ("set_anchor_interval?chunks=0", ("set_anchor_interval", 0)),
        ("blank", ("blank", True)),
        ("blank?on=on", ("blank", True)),
        ("blank?on=off", ("blank", False)),
        ("freeze?on=1", ("freeze", True)),
    ],
)
async def test_each_command_is_a_get(serve, controls, path, done):
    async with serve() as server:
        join = "&" if "?" in path else "?"
        answer = await exchange(server, get(f"/v1/{path}{join}token={TOKEN}", headers=""))
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json["type"] == "ok"
        assert controls.done == [done]


@pytest.mark.parametrize(
    ("query", "done"),
    [
        ("text=pause", ("pause", None)),
        ("text=blank+on", ("blank", True)),
        ("text=blank&text=off", ("blank", False)),
        ("text=step_preset+by%3D-1", ("step_preset", -1)),
        ("text=step_preset&text=-1", ("step_preset", -1)),
        ("text=set_prompt+as++clay", ("set_prompt", "as  clay")),
        ("text=set_prompt&text=as&text=a+clay", ("set_prompt", "as a clay")),
        ("text=set_prompt&text=two%0Alines", ("set_prompt", "two\nlines")),
        ("text=set_prompt&text=it%27s+%22x", ("set_prompt", "it's \"x")),
        (f"token={TOKEN}&text=set_seed+7", ("set_seed", 7)),
        ("text=move_preset&text=noir&text=0", ("move_preset", ("noir", 0))),
        ("text=move_preset+noir+0", ("move_preset", ("noir", 0))),
    ],
)
async def test_a_line_of_text(serve, controls, query, done):
    async with serve() as server:
        answer = await exchange(server, get(f"/v1/line?{query}"))
        assert (answer.status, answer.json["type"]) == (200, "ok")
    assert controls.done == [done]


async def test_a_line_needs_the_token_and_is_not_logged(serve, controls, caplog):
    caplog.set_level("DEBUG")
    async with serve() as server:
        refused = await exchange(server, get("/v1/line?text=set_prompt+private", headers=""))
        assert refused.status == 401
        assert (await exchange(server, get("/v1/line?text=set_prompt+private"))).status == 200
        long = "&text=word" * 500
        assert (await exchange(server, get(f"/v1/line?text=set_prompt{long}"))).status == 200
    assert [name for name, _ in controls.done] == ["set_prompt"] * 2
    assert "private" not in caplog.text


async def test_the_reply_is_what_a_websocket_gets(serve, controls):
    async with serve() as server, open_client(server) as client:
        for name in ("get_state", "list_presets", "snapshot", "apply_preset id=noir"):
            path = name.replace(" ", "?")
            assert (await exchange(server, get(f"/v1/{path}"))).json == await client.ask(name)


@pytest.mark.parametrize(
    ("path", "status", "code", "part"),
    [
        ("set_promt?prompt=x", 404, "unknown_command", "set_prompt"),
        ("", 404, "unknown_command", "have:"),
        ("set_prompt", 400, "invalid_data", "prompt: missing"),
        ("set_prompt?prompt=x&prompt=y", 400, "invalid_data", "twice"),
        ("set_prompt?promt=x", 400, "invalid_data", 'unknown field "promt"'),
        ("set_prompt?prompt=%FF", 400, "invalid_data", "UTF-8"),
        ("set_seed?seed=many", 400, "invalid_data", "seed:"),
        ("pause?" + "&".join(f"a{n}=" for n in range(20)), 400, "invalid_data", "16 fields"),
        ("apply_preset?id=nowhere", 404, "not_found", "have: noir, van-gogh"),
        ("snapshot", 409, "not_ready", "no picture"),
        ("snapshot.jpg", 409, "not_ready", "no picture"),
        ("bypass?on=on", 409, "rejected", "allow_bypass"),
        ("set_prompt?prompt=forbidden", 409, "rejected", "model refuses"),
        ("subscribe?events=state,log", 409, "rejected", "stays open"),
        ("line", 400, "invalid_request", "no line"),
        ("line?text=pause&txt=x", 400, "invalid_request", 'no field "txt"'),
        ("line?text=%FF", 400, "invalid_data", "UTF-8"),
        ("line?text=", 404, "unknown_command", "have:"),
        ("line?text=promt+x", 404, "unknown_command", "have:"),
        ("line?text=pause&text=now", 400, "invalid_data", "one word too many"),
        ("line?text=subscribe+log", 409, "rejected", "stays open"),
        ("line?text=apply_preset+nowhere", 404, "not_found", "have: noir, van-gogh"),
        ("set_prompt?prompt=explode", 500, "internal", "its log has the details"),
    ],
)
async def test_each_refusal_has_its_status(serve, controls, caplog, path, status, code, part):
    controls.current = FIRST_STATE.model_copy(update={"output": ProgramSource.BLANK})
    async with serve() as server:
        answer = await exchange(server, get(f"/v1/{path}"))
    assert answer.status == status
    assert answer.json["data"]["code"] == code
    assert part in answer.json["data"]["message"]
    assert controls.done == []


def test_each_code_has_a_status():
    assert {str(code): routes.STATUS_OF[code].value for code in messages.ReplyCode} == {
        "parse_error": 400,
        "invalid_request": 400,
        "unknown_command": 404,
        "invalid_data": 400,
        "not_found": 404,
        "not_ready": 409,
        "rejected": 409,
        "rate_limited": 429,
        "internal": 500,
    }


async def test_too_many_gets(serve, controls, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGES_HZ", 0)
    monkeypatch.setattr(limits, "MESSAGES_BURST", 3)
    async with serve() as server:
        answers = [await exchange(server, get("/v1/pause")) for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * 3 + [429] * 2
        assert answers[-1].json["data"]["code"] == "rate_limited"
        assert answers[-1].headers["retry-after"] == "1"
        assert len(controls.done) == 3


async def test_too_many_commands_at_once(serve, controls, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SERVED", 1)
    async with serve() as server:
        controls.gate.clear()
        slow = asyncio.create_task(exchange(server, get("/v1/set_prompt?prompt=slow")))
        await controls.waiting.wait()
        assert (await exchange(server, get("/v1/pause"))).status == 503
        controls.gate.set()
        assert (await slow).status == 200
        assert (await exchange(server, get("/v1/pause"))).status == 200


async def test_a_command_runs_though_the_client_closes_right_after_it(serve, controls):
    async with serve() as server:
        controls.gate.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/v1/set_prompt?prompt=late").encode())
        await controls.waiting.wait()
        writer.transport.abort()
        controls.gate.set()
        await controls.wait_done("set_prompt", "late")


async def test_what_follows_a_get_does_not_disturb_it(serve, controls, caplog):
    async with serve() as server:
        controls.gate.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/v1/set_prompt?prompt=slow").encode() + get("/v1/pause").encode())
        await controls.waiting.wait()
        writer.write(b"x" * 200_000)
        await asyncio.sleep(0.05)
        controls.gate.set()
        assert parse(await reader.read(65536)).status == 200
        writer.transport.abort()
    assert controls.done == [("set_prompt", "slow")]
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]


async def test_a_client_that_half_closes_has_its_command_run(serve, controls, caplog):
    async with serve() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/v1/set_seed?seed=8").encode())
        writer.write_eof()
        await controls.wait_done("set_seed", 8)
        writer.transport.abort()
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]


async def test_a_websocket_that_speaks_before_it_is_open_is_heard(serve, controls):
    async with serve() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(upgrade().encode() + b"\x81\x85\0\0\0\0pause")
        await controls.wait_done("pause")
        writer.transport.abort()


async def test_stop_cuts_off_a_get_that_does_not_end(serve, controls, monkeypatch):
    monkeypatch.setattr(limits, "CLOSE_GRACE_S", 0.05)
    async with serve() as server:
        controls.gate.clear()
        asking = asyncio.create_task(exchange(server, get("/v1/set_prompt?prompt=slow")))
        await controls.waiting.wait()
        async with asyncio.timeout(20):
            await server.stop()
        assert (await asking).status == 0
        assert controls.done == []


async def test_the_picture(serve):
    async with serve() as server:
        answer = await exchange(server, get(f"/v1/snapshot.jpg?token={TOKEN}", headers=""))
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body == JPEG


@pytest.mark.parametrize(
    "request_text",
    [
        get("/nowhere"),
        get("/dashboard/nothing.js"),
        get("/v1/pause"),
        get("/v1/snapshot.jpg"),
        get("/metrics"),
        get("/ws"),
        upgrade("/nowhere"),
        upgrade().replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 7"),
        get("/", headers=""),
        get("/").replace("127.0.0.1", "evil.example"),
        get("/v1/pause", method="POST"),
        get("/v1/pause", method="HEAD"),
        get("/v1/pause", method="OPTIONS"),
        "POST /v1/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n" + "X: y\r\n" * 200 + "\r\n",
        "GET /" + "x" * 9000 + " HTTP/1.1\r\n\r\n",
    ],
)
async def test_every_answer_has_the_security_headers(serve, request_text):
    async with serve() as server:
        answer = await exchange(server, request_text)
    assert answer.status
    assert answer.headers.items() >= {k.lower(): v for k, v in SECURITY_HEADERS.items()}.items()
    assert SECURITY_HEADERS == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


async def test_a_page_with_many_files_leaves_room_for_commands(serve, controls, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGES_BURST", 2)
    monkeypatch.setattr(limits, "FILES_BURST", 30)
    monkeypatch.setattr(limits, "FILES_HZ", 0)
    async with serve() as server:
        for path in ["/", "/dashboard/index.html", "/v1/thumbnail.jpg?id=x"] * 10:
            assert (await exchange(server, get(path))).status in {200, 404}
        assert (await exchange(server, get("/"))).status == 429
        assert (await exchange(server, get("/v1/pause"))).status == 200
    assert controls.done == [("pause", None)]


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "get"])
async def test_other_methods(serve, controls, method):
    async with serve() as server:
        answer = await exchange(server, get("/v1/pause", method=method))
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"
    assert (answer.body == b"") == (method == "HEAD")
    assert controls.done == []


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("null", 200),
        ("file://", 200),
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:5000", 200),
        ("https://evil.example", 403),
    ],
)
async def test_only_an_allowed_origin_is_echoed(serve, origin, status):
    async with serve() as server:
        answer = await exchange(server, get("/v1/get_state", AUTHORIZED + f"Origin: {origin}\r\n"))
        assert answer.status == status
        echoed = origin if status == 200 else None
        assert answer.headers.get("access-control-allow-origin") == echoed
        assert (answer.headers.get("vary") == "Origin") == (status == 200)
        refused = await exchange(server, get("/v1/nothing", AUTHORIZED + f"Origin: {origin}\r\n"))
        assert refused.headers.get("access-control-allow-origin") == echoed
        without = await exchange(server, get("/v1/get_state", f"Origin: {origin}\r\n"))
        assert without.status == 401
        assert "access-control-allow-origin" not in without.headers
        plain = await exchange(server, get("/v1/get_state"))
        assert "access-control-allow-origin" not in plain.headers


# -- the Unix socket ---


@needs_unix
async def test_the_unix_socket_takes_gets_and_websockets_without_a_token(
    serve, controls, runtime_dir
):
    async with serve():
        path = runtime_dir / "control.sock"
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600
        assert stat.S_IMODE(runtime_dir.lstat().st_mode) == 0o700
        assert json.loads((runtime_dir / "control.json").read_text())["socket"] == str(path)
        answer = await exchange_unix(runtime_dir, get("/v1/set_seed?seed=5", headers=""))
        assert (answer.json["type"], answer.json["data"]["applies"]) == ("ok", "next_session")
        async with unix_connect(str(path), "ws://localhost/ws") as connection:
            assert json.loads(await connection.recv())["type"] == "hello"
            await connection.send("pause")
            await controls.wait_done("pause")
        assert controls.done == [("set_seed", 5), ("pause", None)]
    assert list(runtime_dir.iterdir()) == []


@needs_unix
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (AUTHORIZED, 200),
        ("Authorization: Bearer wrong\r\n", 401),
        ("Origin: null\r\n", 401),
        ("Sec-Fetch-Site: none\r\n", 401),
        ("Sec-Fetch-Mode: cors\r\n", 401),
        ("Origin: https://evil.example\r\n" + AUTHORIZED, 403),
        ("Host: 127.0.0.1\r\n", 400),
    ],
)
async def test_the_rules_hold_on_the_unix_socket_too(serve, controls, runtime_dir, headers, status):
    async with serve():
        assert (await exchange_unix(runtime_dir, get("/v1/pause", headers))).status == status
        rebound = get("/v1/pause", headers="").replace("127.0.0.1", "evil.example")
        assert (await exchange_unix(runtime_dir, rebound)).status == 421


@needs_unix
async def test_the_unix_socket_is_for_its_user_whatever_its_mode_says(
    serve, controls, runtime_dir, monkeypatch
):
    async with serve():
        monkeypatch.setattr(unixsocket, "peer_uid", lambda _: os.geteuid() + 1)
        for headers in ("", AUTHORIZED):
            answer = await exchange_unix(runtime_dir, get("/v1/pause", headers))
            assert answer.status == 403
    assert controls.done == []


@needs_unix
async def test_a_dead_daemons_socket_is_replaced(serve, controls, runtime_dir):
    runtime_dir.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(runtime_dir / "control.sock"))
    async with serve():
        assert (await exchange_unix(runtime_dir, get("/v1/pause", headers=""))).status == 200


@needs_unix
async def test_a_living_daemons_socket_is_not(serve, controls, runtime_dir):
    async with serve():
        with pytest.raises(StartupError, match="already listens"):
            await serve().__aenter__()
        assert (await exchange_unix(runtime_dir, get("/v1/pause", headers=""))).status == 200


@needs_unix
async def test_a_later_daemons_socket_stays(serve, runtime_dir):
    async with serve():
        (runtime_dir / "control.sock").rename(runtime_dir / "old")
        (runtime_dir / "control.sock").touch()
    assert (runtime_dir / "control.sock").exists()


@needs_unix
async def test_where_no_socket_can_be_the_port_serves_alone(
    serve, runtime_dir, monkeypatch, caplog
):
    def refuse(_):
        raise OSError(1, "not here")

    monkeypatch.setattr(unixsocket, "listen", refuse)
    async with serve() as server:
        assert json.loads((runtime_dir / "control.json").read_text())["socket"] is None
        assert (await exchange(server, get("/v1/pause"))).status == 200
    assert "no Unix socket" in caplog.text


async def test_elsewhere_there_is_no_unix_socket(serve, runtime_dir, monkeypatch):
    monkeypatch.setattr(unixsocket, "IS_SUPPORTED", False)
    async with serve():
        assert [path.name for path in runtime_dir.iterdir()] == ["control.json"]


# -- metrics ---


async def scrape(server) -> dict[str, float]:
    answer = await exchange(server, get("/metrics"))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
            samples[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return samples


async def test_metrics(serve, controls):
    controls.current = FIRST_STATE.model_copy(
        update={
            "session": SessionState.STREAMING,
            "session_wanted": True,
            "session_s": 12.5,
            "camera": CameraState.CAPTURING,
            "viewers": 2,
            "delay_ms": 1200,
            "dropped": 3,
            "repeated": 4,
            "prompt": "a private prompt",
            "error": "the disk is full",
        }
    )
    counters = Counters(
        frames_published=10,
        frames_received=20,
        frames_written=30,
        ticks_skipped=5,
        outputs=(("SANA VCam", True), ('second "one"\n', False)),
        watched_s=99.5,
        delays=Histogram((0.1, 0.5)),
        previews=3,
        restarts=2,
    )
    for delay_s in (0.05, 0.2, 0.3, 4.0):
        counters.delays.observe(delay_s)
    async with serve(counters=lambda: counters) as server, open_client(server):
        samples = await scrape(server)
        text = (await exchange(server, get("/metrics"))).body.decode()
    assert samples["sana_vcam_frames_published_total"] == 10
    assert samples["sana_vcam_frames_received_total"] == 20
    assert samples["sana_vcam_frames_written_total"] == 30
    assert samples["sana_vcam_ticks_skipped_total"] == 5
    assert samples["sana_vcam_frames_dropped_total"] == 3
    assert samples["sana_vcam_frames_repeated_total"] == 4
    assert samples["sana_vcam_frames_per_second{stage=model}"] == 23.5
    assert samples["sana_vcam_delay_seconds"] == 1.2
    assert samples["sana_vcam_session_state{state=streaming}"] == 1
    assert sum(v for k, v in samples.items() if k.startswith("sana_vcam_session_state")) == 1
    assert len([k for k in samples if k.startswith("sana_vcam_session_state")]) == len(SessionState)
    assert samples["sana_vcam_session_wanted"] == 1
    assert samples["sana_vcam_session_seconds"] == 12.5
    assert samples["sana_vcam_camera_state{state=capturing}"] == 1
    assert samples["sana_vcam_output_state{state=slate}"] == 1
    assert samples["sana_vcam_viewers"] == 2
    assert samples["sana_vcam_sink_output_open{output=SANA VCam}"] == 1
    assert samples['sana_vcam_sink_output_open{output=second "one"\n}'] == 0
    assert samples["sana_vcam_control_clients"] == 1
    assert samples["sana_vcam_restarts_total"] == 2
    assert samples["sana_vcam_watched_seconds_total"] == 99.5
    assert samples["sana_vcam_previews"] == 3
    assert samples["sana_vcam_shown_delay_seconds_bucket{le=0.1}"] == 1
    assert samples["sana_vcam_shown_delay_seconds_bucket{le=0.5}"] == 3
    assert samples["sana_vcam_shown_delay_seconds_bucket{le=+Inf}"] == 4
    assert samples["sana_vcam_shown_delay_seconds_count"] == 4
    assert round(samples["sana_vcam_shown_delay_seconds_sum"], 2) == 4.55
    assert samples["sana_vcam_error"] == 1
    assert "private prompt" not in text
    assert "disk" not in text


async def test_what_is_not_known_is_left_out(serve):
    async with serve() as server:
        samples = await scrape(server)
    for name in ("frames_published_total", "viewers", "delay_seconds", "restarts_total"):
        assert f"sana_vcam_{name}" not in samples
    for name in ("watched_seconds_total", "previews", "shown_delay_seconds_count"):
        assert f"sana_vcam_{name}" not in samples
    assert not any("sink_output" in name for name in samples)
    assert samples["sana_vcam_session_seconds"] == 0


async def test_the_connection_is_in_the_metrics_in_base_units(serve, controls):
    controls.current = FIRST_STATE.model_copy(
        update={
            "quality": "fair",
            "rtt_ms": 42.0,
            "loss_percent": 2.5,
            "bitrate_kbps": 2400.0,
            "relay": True,
            "glass_ms": 1830,
            "glass_confidence": 0.75,
            "glass_low_ms": 1790,
            "glass_high_ms": 1910,
        }
    )
    async with serve() as server:
        samples = await scrape(server)
    assert samples["sana_vcam_quality{state=fair}"] == 1
    assert samples["sana_vcam_quality{state=poor}"] == 0
    assert samples["sana_vcam_rtt_seconds"] == pytest.approx(0.042)
    assert samples["sana_vcam_loss_ratio"] == pytest.approx(0.025)
    assert samples["sana_vcam_uplink_bits_per_second"] == 2_400_000
    assert samples["sana_vcam_relayed"] == 1
    assert samples["sana_vcam_glass_delay_seconds"] == pytest.approx(1.83)
    assert samples["sana_vcam_glass_delay_confidence"] == 0.75
    assert samples["sana_vcam_glass_delay_low_seconds"] == pytest.approx(1.79)
    assert samples["sana_vcam_glass_delay_high_seconds"] == pytest.approx(1.91)


async def test_a_connection_that_is_not_known_is_left_out_of_the_metrics(serve):
    async with serve() as server:
        samples = await scrape(server)
    for name in ("quality", "rtt_", "loss_", "uplink_", "relayed", "glass_"):
        assert not any(key.startswith(f"sana_vcam_{name}") for key in samples)


async def test_metrics_need_the_token(serve):
    async with serve() as server:
        assert (await exchange(server, get("/metrics", headers=""))).status == 401
        query = get(f"/metrics?token={quote(TOKEN)}", headers="")
        assert (await exchange(server, query)).status == 200


async def test_the_daemon_does_not_load_prometheus_until_it_is_asked():
    script = (
        "import sys, sana_vcam.control.server.server; sys.exit('prometheus_client' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    assert await process.wait() == 0
