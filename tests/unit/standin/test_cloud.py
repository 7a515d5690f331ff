"""The platform's front: keys, tokens and their scopes, room, and the wait for a GPU."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sana_vcam.standin.cloud import Cloud, CloudRequest, Runtimes, ask, route_of


class NoRuntimes(Runtimes):
    """GPUs that are never there, or have lost their session."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.ended_here: list[str] = []

    async def begin(self, session_id: str) -> None: ...

    def url_of(self, session_id: str) -> str | None:
        return None

    async def ended(self, session_id: str) -> bool:
        return session_id in self.lost

    async def end(self, session_id: str) -> None:
        self.ended_here.append(session_id)

    async def close(self) -> None: ...


async def asked(
    cloud: Cloud, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = b"" if body is None else json.dumps(body).encode()
    status, further, answer = await cloud.answer(CloudRequest(method, path, named, raw))
    return status, further, json.loads(answer) if answer else None


async def token(cloud: Cloud, model: str | None = None) -> str:
    resources = {"resources": {"models": {"match": [model]}}}
    body = {} if model is None else {"authorization_details": [resources]}
    status, _, answer = await asked(cloud, "POST", "/tokens", body, reactor_api_key="rk_any")
    assert status == 200
    return f"Bearer {answer['jwt']}"


async def created(cloud: Cloud, jwt: str, model: str = "xmax/x2") -> tuple[int, Any]:
    status, _, answer = await asked(
        cloud, "POST", "/sessions", {"model": {"name": model}}, authorization=jwt
    )
    return status, answer


@pytest.mark.parametrize(("given", "status"), [({}, 401), ({"reactor_api_key": "rk_other"}, 401)])
async def test_a_wrong_key_gets_no_token(given: dict[str, str], status: int) -> None:
    cloud = Cloud(NoRuntimes(), {"x2"}, key="rk_mine")
    assert (await asked(cloud, "POST", "/tokens", {}, **given))[0] == status


async def test_any_key_will_do_where_none_is_named() -> None:
    cloud = Cloud(NoRuntimes(), {"xmax/x2"})
    assert await token(cloud, "xmax/x2") in {f"Bearer {one}" for one in cloud.tokens}
    scoped = {"resources": {"models": {"match": ["sora"]}}}
    refused = await asked(
        cloud, "POST", "/tokens", {"authorization_details": [scoped]}, reactor_api_key="rk"
    )
    assert refused[0] == 404


async def test_a_session_for_which_there_is_no_room_is_told_to_come_later() -> None:
    runtimes = NoRuntimes()
    cloud = Cloud(runtimes, {"xmax/x2"}, room=2)
    jwt = await token(cloud)
    first = (await created(cloud, jwt))[1]["session_id"]
    assert (await created(cloud, jwt))[0] == 201
    status, headers, _ = await asked(
        cloud, "POST", "/sessions", {"model": {"name": "xmax/x2"}}, authorization=jwt
    )
    assert (status, headers) == (429, {"Retry-After": "5"})
    runtimes.lost.add(first)
    assert (await created(cloud, jwt))[0] == 201
    assert runtimes.ended_here == [first]
    assert len(cloud.still_open) == cloud.most_open == 2


async def test_a_session_for_which_no_gpu_answers_is_not_open() -> None:
    class Dead(NoRuntimes):
        async def begin(self, session_id: str) -> None:
            raise ConnectionResetError

    cloud = Cloud(Dead(), {"xmax/x2"})
    jwt = await token(cloud)
    assert (await created(cloud, jwt))[0] == 503
    assert cloud.most_open == 1
    assert not cloud.still_open


async def test_a_runtime_that_ends_before_it_has_answered_is_gone() -> None:
    async def end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(end, "127.0.0.1", 0) as runtime:
        port = runtime.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionError):
            await ask(f"http://127.0.0.1:{port}", "POST", "/start_session")


async def test_a_token_reaches_what_it_may() -> None:
    cloud = Cloud(NoRuntimes(), {"xmax/x2"})
    mine, other, whole = (
        await token(cloud, "xmax/x2"),
        await token(cloud, "xmax/x2"),
        await token(cloud),
    )
    path = f"/sessions/{(await created(cloud, mine))[1]['session_id']}"
    statuses = [
        (await asked(cloud, "GET", path, authorization=jwt))[0]
        for jwt in (mine, other, whole, "Bearer nonsense")
    ]
    assert statuses == [200, 403, 200, 401]
    assert (await created(cloud, mine, "sora"))[0] == 404
    assert (await asked(cloud, "GET", "/sessions/none", authorization=whole))[0] == 404


async def test_a_session_waits_and_is_ended_once() -> None:
    cloud = Cloud(NoRuntimes(), {"xmax/x2"}, gpu_wait_s=3600)
    jwt = await token(cloud)
    path = f"/sessions/{(await created(cloud, jwt))[1]['session_id']}"
    assert (await asked(cloud, "GET", path, authorization=jwt))[2]["state"] == "PENDING"
    assert (await asked(cloud, "POST", f"{path}/transport", authorization=jwt))[0] == 503
    assert (await asked(cloud, "DELETE", path, authorization=jwt))[0] == 204
    assert (await asked(cloud, "DELETE", path, authorization=jwt))[0] == 404
    assert (await asked(cloud, "GET", path, authorization=jwt))[2]["state"] == "CLOSED"
    assert (await asked(cloud, "POST", f"{path}/transport", authorization=jwt))[0] == 404


async def test_a_path_that_there_is_not() -> None:
    cloud = Cloud(NoRuntimes(), {"xmax/x2"})
    assert route_of(CloudRequest("GET", "/health", {}, b"")) is None
    assert (await asked(cloud, "GET", "/health"))[0] == 404
