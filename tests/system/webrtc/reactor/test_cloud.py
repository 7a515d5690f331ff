"""The path over the cloud, with a fake coordinator in front of a real runtime."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import pytest
import pytest_asyncio
import reactor_sdk
from reactor_sdk import Reactor

from sana_vcam.lib.threads import run_blocking
from sana_vcam.reactor import (
    OpenSession,
    Phase,
    Platform,
    Refused,
    SanaClient,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
)
from sana_vcam.reactor import client as client_module
from tests.fakes.coordinator import KEY, LOCAL_SESSION, MODEL, Answer, Coordinator, never
from tests.system.webrtc.reactor.rig import (
    PATIENCE_S,
    TRACK,
    Runtime,
    camera,
    clip,
    eventually,
    within,
)


@pytest_asyncio.fixture
async def cloud(runtime: Runtime) -> AsyncIterator[Coordinator]:
    """With a GPU; no session may be left open at it."""
    async with Coordinator(runtime.url) as coordinator:
        yield coordinator
        await coordinator.until(lambda: not coordinator.still_open)


@pytest_asyncio.fixture
async def crowded() -> AsyncIterator[Coordinator]:
    """Without a GPU; no session may be left open at it either."""
    async with Coordinator() as coordinator:
        yield coordinator
        await coordinator.until(lambda: not coordinator.still_open)


OWNED = "reactor/sana-streaming"


def make(cloud: Coordinator, **options: Any) -> SanaClient:
    return SanaClient(**({"api_key": KEY, "api_url": cloud.url, "send_size": TRACK} | options))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For servers that never answer."""
    monkeypatch.setattr(client_module, "END_TIMEOUT_S", 0.3)
    monkeypatch.setattr(client_module, "ID_PATIENCE_S", 0.3)
    monkeypatch.setattr("sana_vcam.reactor.platform.HTTP_TIMEOUT_S", 0.3)
    monkeypatch.setattr("sana_vcam.reactor.platform.TOKEN_TIMEOUT_S", 0.3)


@pytest.fixture(autouse=True)
def _no_secrets(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Neither the key nor a token in any log record of any test here, not even at DEBUG."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in (*caplog.get_records("setup"), *caplog.get_records("call")):
        line = f"{record.getMessage()} {record.args} {record.exc_info} {record.exc_text}"
        assert KEY not in line
        assert "jwt_" not in line


def shown(error: BaseException) -> str:
    """Whatever of an exception, and of those behind it, may come to light."""
    text = f"{error} {error!r} {error.args} {vars(error)}"
    if error.__cause__ is not None:
        text += shown(error.__cause__)
    if error.__context__ is not None and not error.__suppress_context__:
        text += shown(error.__context__)
    return text


async def failure(awaitable: Awaitable[object]) -> SessionError:
    """The error, which has no secret in it."""
    with pytest.raises(SessionError) as caught:
        await within(awaitable)
    assert KEY not in shown(caught.value)
    assert "jwt_" not in shown(caught.value)
    return caught.value


# -- a whole session -------------------------------------------------------------------------------


async def test_a_whole_session(cloud: Coordinator) -> None:
    cloud.pending = 2
    client = make(cloud, max_session_s=600)
    phases: list[Phase] = []
    client.on_phase(phases.append)
    await client.connect()
    assert phases == [Phase.CONNECTING, Phase.WAITING, Phase.READY]
    assert [client.session_id] == cloud.opened == cloud.still_open
    await client.set_mode("live")
    await client.set_prompt("oil painting")
    await client.publish()
    async with camera(client):
        await client.start()
        await eventually(lambda: client.frames_received > 0)
        await client.reconnect()
        await client.publish()
        before = client.frames_received
        await eventually(lambda: client.frames_received > before)
    assert await client.set_video(clip())
    assert await client.close()
    assert cloud.still_open == []

    mints = [request for request in cloud.requests if request.path == "/tokens"]
    assert [mint.headers["reactor-api-key"] for mint in mints] == [KEY]
    assert b'"max_session_duration_seconds": 600' in mints[0].body
    assert b'"match": ["sana-streaming"]' in mints[0].body
    others = [request for request in cloud.requests if request.path != "/tokens"]
    assert not [request for request in others if KEY in request.text]
    assert {request.headers["authorization"] for request in others} == {
        f"Bearer {token}" for token in cloud.tokens
    }


async def test_nothing_of_a_client_shows_the_key(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    for thing in (client, client.platform, client._open_session("s"), client.state):
        assert KEY not in repr(thing)
        assert "jwt_" not in repr(thing)
    await client.close()


# -- the token -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words", "retry_after_s"),
    [
        (Answer(401), Refused, "did not accept the API key (HTTP 401). Check the API key", None),
        (Answer(403), Refused, "did not accept the API key (HTTP 403). Check the API key", None),
        (Answer(402), Refused, "wants a payment first (HTTP 402)", None),
        (Answer(400), Refused, "does not hand out a token for this (HTTP 400)", None),
        (Answer(404), Refused, "api_url, model and max_session_s", None),
        (Answer(426), Refused, "pip install -U reactor-sdk", None),
        (Answer(429, headers={"Retry-After": "7"}), Unavailable, "now (HTTP 429)", 7.0),
        (Answer(429, headers={"Retry-After": "1.5"}), Unavailable, "now (HTTP 429)", 1.5),
        (Answer(429), Unavailable, "now (HTTP 429)", None),
        (Answer(503, headers={"Retry-After": "soon"}), Unavailable, "now (HTTP 503)", None),
        (Answer(500, headers={"Retry-After": "-1"}), Unavailable, "now (HTTP 500)", None),
        (Answer(200, body={"token": "x"}), Unavailable, "cannot be reached to check", None),
        (Answer(200, body=None), Unavailable, "cannot be reached to check", None),
    ],
)
async def test_no_token(
    crowded: Coordinator,
    answer: Answer,
    kind: type[SessionError],
    words: str,
    retry_after_s: float | None,
) -> None:
    # A careless server repeats what it was sent.
    body = {"detail": f"bad key {KEY}"} if answer.body is None and answer.status != 200 else None
    crowded.models = {OWNED}
    crowded.next("tokens", Answer(answer.status, body or answer.body, answer.headers))
    client = make(crowded, model=OWNED)
    error = await failure(client.connect())
    assert type(error) is kind
    assert words in str(error)
    assert getattr(error, "retry_after_s", None) == retry_after_s
    assert await client.close()
    assert crowded.count("POST", "/sessions") == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_key_follows_no_redirect(crowded: Coordinator, status: int) -> None:
    async with Coordinator() as elsewhere:
        headers = {"Location": f"{elsewhere.url}/tokens"}
        crowded.next("tokens", Answer(status, {"jwt": "jwt_fake"}, headers))
        client = make(crowded)
        error = await failure(client.connect())
        assert isinstance(error, Refused)
        assert f"sends on to another address (HTTP {status})" in str(error)
        assert "[reactor] api_url" in str(error)
        assert await client.close()
        assert elsewhere.requests == [], "neither the key nor anything else"


@pytest.mark.parametrize("status", [302, 307])
async def test_the_token_follows_no_redirect(crowded: Coordinator, status: int) -> None:
    async with Coordinator() as elsewhere:
        client = make(crowded)
        opened: list[OpenSession] = []
        client.on_session(opened.append)
        connecting = asyncio.ensure_future(client.connect())
        await eventually(lambda: opened)
        away = Answer(status, headers={"Location": f"{elsewhere.url}/sessions/x"})
        crowded.next("delete", *[away] * 4)
        assert not await client.close(), "that is no word on the session's end"
        crowded.answer_as_usual("delete")
        await asyncio.wait({connecting})
        assert isinstance(connecting.exception(), SessionLost)
        assert elsewhere.requests == []
        await client.platform.end(opened[0])


async def test_the_token_is_asked_for_as_the_sdk_does(crowded: Coordinator) -> None:
    """So that a change of the SDK shows."""
    platform = Platform(crowded.url, False, "sana-streaming", KEY, 600)
    crowded.next("tokens", *[Answer(200, {"jwt": "jwt_x"})] * 2)
    assert await platform.mint() == "jwt_x"
    fetch = functools.partial(
        reactor_sdk.fetch_jwt,
        KEY,
        crowded.url,
        models=["sana-streaming"],
        max_session_duration_seconds=600,
    )
    assert await run_blocking(fetch, name="sdk") == "jwt_x"
    mine, sdk = crowded.requests[-2:]
    assert json.loads(mine.body) == json.loads(sdk.body)
    for name in ("reactor-api-key", "content-type"):
        assert mine.headers[name] == sdk.headers[name]


async def test_a_wrong_key(crowded: Coordinator) -> None:
    client = make(crowded, api_key="rk_wrong")
    error = await failure(client.connect())
    assert isinstance(error, Refused)
    assert "REACTOR_API_KEY" in str(error)
    assert "rk_wrong" not in shown(error)


@pytest.mark.parametrize("key", [KEY + "\nX: y", KEY + "\x00", KEY + "é", "\u2028" + KEY])
async def test_a_key_that_no_header_can_hold(crowded: Coordinator, key: str) -> None:
    error = await failure(make(crowded, api_key=key).connect())
    assert isinstance(error, Refused)
    assert crowded.requests == []


async def test_no_key(crowded: Coordinator) -> None:
    error = await failure(make(crowded, api_key=None).connect())
    assert isinstance(error, Refused)
    assert "needs an API key" in str(error)


async def test_a_token_that_never_comes(crowded: Coordinator) -> None:
    crowded.next("tokens", never())
    client = make(crowded, connect_timeout_s=0.3)
    error = await failure(client.connect())
    assert isinstance(error, Unavailable)
    assert "did not answer within 0 s" in str(error)
    assert await client.close()


async def test_a_coordinator_that_is_gone(crowded: Coordinator) -> None:
    await crowded.stop()
    client = make(crowded)
    assert "cannot be reached" in str(await failure(client.connect()))
    assert await client.close()


async def test_cancelled_while_the_token_is_minted(crowded: Coordinator) -> None:
    crowded.next("tokens", never())
    client = make(crowded)
    connecting = asyncio.ensure_future(client.connect())
    await crowded.requested("POST", "/tokens")
    connecting.cancel()
    await asyncio.wait({connecting})
    assert await client.close()
    assert crowded.opened == []


async def test_closed_while_the_token_is_minted(crowded: Coordinator) -> None:
    answer = never()
    assert answer.after is not None
    crowded.next("tokens", answer)
    client = make(crowded)
    connecting = asyncio.ensure_future(client.connect())
    await crowded.requested("POST", "/tokens")
    assert await client.close()
    answer.after.set()
    assert isinstance(await failure(connecting), SessionLost)
    assert crowded.opened == []


# -- the session -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words", "retry_after_s"),
    [
        (Answer(401), Refused, "did not accept the API key (HTTP 401)", None),
        (Answer(403), Refused, "did not accept the API key (HTTP 403)", None),
        (Answer(402), Refused, "wants a payment first", None),
        (Answer(404), Refused, "has no model 'reactor/sana-streaming'", None),
        (Answer(409), Unavailable, "still busy with an earlier session", 1.0),
        (Answer(426), Refused, "speaks another version", None),
        (Answer(501), Refused, "speaks another version", None),
        (Answer(429, headers={"Retry-After": "30"}), Unavailable, "HTTP 429", 30.0),
        (Answer(500), Unavailable, "HTTP 500", None),
        (Answer(503, headers={"Retry-After": "2"}), Unavailable, "HTTP 503", 2.0),
    ],
)
async def test_no_session(
    crowded: Coordinator,
    answer: Answer,
    kind: type[SessionError],
    words: str,
    retry_after_s: float | None,
) -> None:
    echo = {"detail": "jwt_echoed"}
    crowded.models = {OWNED}
    crowded.next("create", Answer(answer.status, echo, answer.headers))
    client = make(crowded, model=OWNED)
    error = await failure(client.connect())
    assert type(error) is kind
    assert words in str(error)
    assert getattr(error, "retry_after_s", None) == retry_after_s
    assert client.session_id is None
    assert await client.close()
    assert crowded.count("POST", "/tokens") == 1, "nothing to end, no token to end it"


# -- the model's name ------------------------------------------------------------------------------


@pytest.mark.parametrize("refusing", ["tokens", "create"])
@pytest.mark.parametrize("status", [403, 404])
async def test_a_short_name_is_tried_with_its_owner(
    crowded: Coordinator, refusing: Any, status: int
) -> None:
    crowded.models = {"sana-streaming", OWNED}
    crowded.next(refusing, Answer(status))
    client = make(crowded, model="sana-streaming", waiting_timeout_s=0.5)
    assert isinstance(await failure(client.connect()), Unavailable), "it waited for a GPU"
    assert client.platform.model == OWNED
    assert await client.close()


async def test_a_short_name_that_is_known_stays_short(crowded: Coordinator) -> None:
    client = make(crowded, model="sana-streaming", waiting_timeout_s=0.5)
    await failure(client.connect())
    assert client.platform.model == "sana-streaming"
    assert crowded.count("POST", "/sessions") == 1
    assert await client.close()


@pytest.mark.parametrize(
    ("name", "tries", "nearest"), [("sana-strem", 2, True), ("nobody/sana-strem", 1, True)]
)
async def test_a_name_that_nobody_knows(
    crowded: Coordinator, name: str, tries: int, nearest: bool
) -> None:
    client = make(crowded, model=name)
    error = await failure(client.connect())
    assert isinstance(error, Refused)
    assert "HTTP 404" in str(error)
    assert ("'reactor/sana-streaming'" in str(error)) is nearest
    assert crowded.count("POST", "/tokens") == tries
    assert crowded.opened == []
    assert await client.close()


async def test_a_refused_key_is_tried_once(crowded: Coordinator) -> None:
    crowded.next("tokens", Answer(401))
    client = make(crowded, model="sana-streaming")
    assert isinstance(await failure(client.connect()), Refused)
    assert crowded.count("POST", "/tokens") == 1
    assert await client.close()


@pytest.mark.parametrize("body", ["nonsense", {}, {"session_id": 7}])
async def test_an_answer_that_cannot_be_read(crowded: Coordinator, body: object) -> None:
    crowded.next("create", Answer(200, body))
    client = make(crowded)
    assert isinstance(await failure(client.connect()), Unavailable)
    assert await client.close()


async def test_a_gpu_that_does_not_come(crowded: Coordinator) -> None:
    client = make(crowded, waiting_timeout_s=0.5)
    error = await failure(client.connect())
    assert isinstance(error, Unavailable)
    assert "gave no GPU" in str(error)
    assert await client.close()
    assert len(crowded.opened) == 1
    assert crowded.still_open == []


async def test_cancelled_while_waiting_for_a_gpu(crowded: Coordinator) -> None:
    client = make(crowded)
    waiting = asyncio.Event()
    client.on_phase(lambda phase: waiting.set() if phase is Phase.WAITING else None)
    connecting = asyncio.ensure_future(client.connect())
    await within(waiting.wait())
    await crowded.requested("GET", f"/sessions/{client.session_id}")
    connecting.cancel()
    await asyncio.wait({connecting})
    assert await client.close()
    assert crowded.still_open == []


async def test_closed_while_waiting_for_a_gpu(crowded: Coordinator) -> None:
    client = make(crowded)
    connecting = asyncio.ensure_future(client.connect())
    await eventually(lambda: client.session_id is not None)
    assert await client.close()
    assert isinstance(await failure(connecting), SessionLost)
    assert crowded.still_open == []


async def test_a_session_that_ends_while_it_waits(crowded: Coordinator) -> None:
    state = {"model": {"name": "sana-streaming"}, "server_info": {"server_version": "x"}}
    crowded.next("get", Answer(200, {"session_id": "s", "state": "INACTIVE", **state}))
    client = make(crowded)
    assert isinstance(await failure(client.connect()), Unavailable)
    assert await client.close()


async def test_a_transport_that_never_answers(cloud: Coordinator) -> None:
    """It has a GPU: no reason to wait as long as for one."""
    cloud.next("transport", never())
    client = make(cloud, waiting_timeout_s=3600)
    client.on_session(lambda _: setattr(client._life_cycle, "_step_timeout_s", 0.3))
    error = await failure(client.connect())
    assert "did not answer" in str(error)
    assert await client.close()


# -- the create request in flight ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["cancelled", "closed", "given up"])
async def test_a_create_request_in_flight(
    cloud: Coordinator, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session exists, or will, before its id is known; it is ended all the same."""
    monkeypatch.setattr(client_module, "ID_PATIENCE_S", PATIENCE_S)
    answer = never()
    assert answer.after is not None
    cloud.next("create", answer)
    client = make(cloud)
    connecting = asyncio.ensure_future(client.connect())
    await cloud.requested("POST", "/sessions")
    if how == "given up":
        client._life_cycle._step_timeout_s = 0.1
    if how == "cancelled":
        connecting.cancel()
    if how != "closed":
        await asyncio.wait({connecting})
    asyncio.get_running_loop().call_later(0.5, answer.after.set)
    assert await client.close()
    await asyncio.gather(connecting, return_exceptions=True)
    assert len(cloud.opened) == 1
    assert cloud.still_open == []
    assert [client.session_id] == cloud.opened
    # Aborted in a connect, the SDK asks for it as well.
    assert cloud.count("DELETE", f"/sessions/{client.session_id}") in {1, 2}


@pytest.mark.usefixtures("impatient")
async def test_a_create_request_that_is_never_answered(
    crowded: Coordinator, caplog: pytest.LogCaptureFixture
) -> None:
    crowded.next("create", never())
    client = make(crowded)
    connecting = asyncio.ensure_future(client.connect())
    await crowded.requested("POST", "/sessions")
    client._life_cycle._step_timeout_s = 0.1
    assert isinstance(await failure(connecting), Unavailable)
    assert not await client.close()
    assert "has not said whether it opened a session" in caplog.text
    assert client.late is not None
    client.late.cancel()
    await asyncio.wait({client.late})
    assert client._reactor is None, "the native client is freed"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("outcome", ["opened", "refused", "end is refused"])
async def test_a_create_request_that_is_answered_after_the_close(
    cloud: Coordinator, outcome: str
) -> None:
    """What it opens is noted, and ended, although nobody waits for it any more."""
    answer = Answer(503 if outcome == "refused" else None, after=asyncio.Event())
    assert answer.after is not None
    cloud.next("create", answer)
    client = make(cloud)
    noted: list[OpenSession] = []
    client.on_session(noted.append)
    connecting = asyncio.ensure_future(client.connect())
    await cloud.requested("POST", "/sessions")
    client._life_cycle._step_timeout_s = 0.1
    assert isinstance(await failure(connecting), Unavailable)
    assert not await client.close()
    assert not await client.close(), "nor is it known when asked again"
    late = client.late
    assert late is not None
    assert not late.done()
    if outcome == "end is refused":
        # The SDK asks for it as well, and hides the answer.
        cloud.next("delete", *[Answer(500)] * 3)
    answer.after.set()
    over = await within(late)
    cloud.answer_as_usual("delete")
    assert over is (outcome != "end is refused")
    assert await client.close() is over
    assert [session.session_id for session in noted] == cloud.opened
    assert len(cloud.opened) == (outcome != "refused")
    for session in noted if not over else ():
        await Platform(cloud.url, False, MODEL, KEY).end(session)


# -- the end ---------------------------------------------------------------------------------------


async def test_an_end_that_was_not_granted_is_asked_for_again(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    cloud.next("delete", Answer(500))
    assert await client.close()
    assert cloud.still_open == []
    assert cloud.count("DELETE", f"/sessions/{client.session_id}") == 2


async def test_the_session_is_over_before_the_native_half_lets_go(
    cloud: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That half may abort the process, after which nobody ends anything."""
    client = make(cloud)
    await client.connect()
    open_then: list[list[str]] = []
    close = Reactor.close

    def note(reactor: Reactor) -> None:
        open_then.append(list(cloud.still_open))
        close(reactor)

    monkeypatch.setattr(Reactor, "close", note)
    assert await client.close()
    assert open_then == [[]]


async def test_an_end_that_is_refused_is_not_taken_for_one(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    cloud.next("delete", Answer(500), Answer(503))
    assert not await client.close()
    assert cloud.still_open == [client.session_id]
    assert await client.close()
    assert cloud.still_open == []


async def test_the_end_does_not_need_the_token_of_the_beginning(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    cloud.revoke()
    assert await client.close()
    assert cloud.still_open == []


async def test_a_coordinator_that_has_gone_meanwhile(runtime: Runtime) -> None:
    async with Coordinator(runtime.url) as cloud:
        client = make(cloud)
        await client.connect()
        await cloud.stop()
        assert not await client.close()
    # What it has left at the runtime.
    left = OpenSession(LOCAL_SESSION, runtime.url, True, "sana-streaming")
    await Platform(runtime.url, True, "sana-streaming", None).end(left)


async def test_reconnect_with_an_expired_token(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    cloud.revoke()
    error = await failure(client.reconnect())
    assert isinstance(error, SessionGone)
    assert "HTTP 401" in str(error)
    assert await client.close()


async def test_reconnect_to_a_session_that_has_ended(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    await Platform(cloud.url, False, "sana-streaming", KEY).end(
        client._open_session(str(client.session_id))
    )
    assert isinstance(await failure(client.reconnect()), SessionGone)
    assert await client.close()


async def test_reconnect_when_the_platform_is_overloaded(cloud: Coordinator) -> None:
    client = make(cloud)
    await client.connect()
    await client.publish()
    cloud.next("transport", Answer(503))
    assert isinstance(await failure(client.reconnect()), Unavailable)
    await within(client.reconnect())
    assert client.phase is Phase.READY
    await within(client.publish())
    assert client.published
    assert await client.close()


# -- sessions by their id --------------------------------------------------------------------------


async def test_ending_an_open_an_ended_and_an_unknown_session(crowded: Coordinator) -> None:
    """As after a crash: nothing is known but the id."""
    client = make(crowded, waiting_timeout_s=0.1)
    await failure(client.connect())
    session = client._open_session(str(client.session_id))
    platform = Platform(crowded.url + "/", False, "sana-streaming", KEY)
    assert crowded.still_open == [session.session_id]
    await platform.end(session)
    assert crowded.still_open == []
    await platform.end(session)
    await platform.end(client._open_session("unknown/../x?y"))
    assert crowded.count("DELETE", "/sessions/unknown%2F..%2Fx%3Fy") == 1
    assert await client.close()


@pytest.mark.parametrize(
    ("state", "over"), [("CLOSED", True), ("INACTIVE", True), ("WAITING", False)]
)
async def test_an_end_that_is_refused_because_it_is_over(
    crowded: Coordinator, state: str, over: bool
) -> None:
    platform = Platform(crowded.url, False, "sana-streaming", KEY)
    session = make(crowded)._open_session("s")
    crowded.next("delete", Answer(409))
    crowded.next("get", Answer(200, {"state": state}))
    if over:
        await platform.end(session)
    else:
        assert "HTTP 409" in str(await failure(platform.end(session)))


async def test_an_end_that_the_key_may_not_ask_for(crowded: Coordinator) -> None:
    platform = Platform(crowded.url, False, "sana-streaming", KEY)
    crowded.next("delete", Answer(403))
    error = await failure(platform.end(make(crowded)._open_session("s")))
    assert isinstance(error, Refused)


async def test_an_end_without_a_key(crowded: Coordinator) -> None:
    """As for a session in the ledger, after the configuration has become a local one."""
    platform = Platform(crowded.url, False, "sana-streaming", None)
    assert isinstance(await failure(platform.end(make(crowded)._open_session("s"))), Refused)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("route", ["tokens", "delete"])
async def test_an_end_that_is_never_answered(crowded: Coordinator, route: Any) -> None:
    crowded.next(route, never())
    platform = Platform(crowded.url, False, "sana-streaming", KEY)
    error = await failure(platform.end(make(crowded)._open_session("s")))
    assert isinstance(error, Unavailable)
    assert "did not answer" in str(error)


async def test_an_end_at_a_platform_that_is_gone(crowded: Coordinator) -> None:
    platform = Platform(crowded.url, False, "sana-streaming", KEY)
    session = make(crowded)._open_session("s")
    token = await platform.mint()
    assert token is not None
    await crowded.stop()
    error = await failure(platform.end(session))
    assert isinstance(error, Unavailable)
    error = await failure(platform.end(session, token=token))
    assert "cannot be reached" in str(error)


async def test_cancelled_at_many_moments(cloud: Coordinator) -> None:
    """Whenever a connect is cancelled, no session is left."""
    for pause_s in (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4):
        client = make(cloud)
        connecting = asyncio.ensure_future(client.connect())
        await asyncio.sleep(pause_s)
        connecting.cancel()
        await asyncio.wait({connecting})
        assert await client.close()
        assert cloud.still_open == [], f"cancelled after {pause_s} s"
