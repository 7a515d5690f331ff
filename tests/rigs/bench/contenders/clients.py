"""Clients of the control API, in a process of their own: `RUNTIME_DIR LISTENERS PREVIEWS RECORDS`.

Listeners have subscribed to states and figures; each preview is a WebRTC viewer; with RECORDS, one
starts a recording. What the TCP port does not take any more comes over the Unix socket. Prints
"attached" once all are there; SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect, unix_connect

from sana_vcam.control.access.discovery import find
from tests.fakes.viewers import Viewer

TCP_CLIENTS = 32


async def main(runtime_dir: str, listeners: str, previews: str, records: str) -> None:
    control_file = find(Path(runtime_dir))
    assert control_file is not None
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        tasks = []
        headers = {"Authorization": f"Bearer {control_file.token.get_secret_value()}"}
        for number in range(int(listeners) + int(previews)):
            connection = (
                connect(control_file.url, additional_headers=headers, proxy=None)
                if number < TCP_CLIENTS
                else unix_connect(control_file.socket, "ws://localhost/ws")
            )
            socket = await stack.enter_async_context(connection)
            if number < int(listeners):
                await _subscribe(socket)
                tasks.append(asyncio.create_task(_read(socket)))
            else:
                viewer = Viewer()
                stack.push_async_callback(viewer.close)
                await _look(socket, viewer)
                tasks += [
                    asyncio.create_task(_watch(viewer)),
                    asyncio.create_task(_read(socket)),
                ]
        if int(records):
            socket = await stack.enter_async_context(
                connect(control_file.url, additional_headers=headers, proxy=None)
            )
            await _ask(socket, "record", on=True)
        print("attached", flush=True)
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(socket: ClientConnection, kind: str, **data: object) -> dict[str, object]:
    """The reply to a command; raises `AssertionError` if it is refused."""
    await socket.send(json.dumps({"type": kind, "id": kind, "data": data}))
    while (reply := json.loads(await socket.recv())).get("id") != kind:
        continue
    assert reply["type"] == "ok", reply
    found: dict[str, object] = reply.get("data") or {}
    return found


async def _subscribe(socket: ClientConnection) -> None:
    await _ask(socket, "subscribe", events=["state", "stats"])


async def _look(socket: ClientConnection, viewer: Viewer) -> None:
    answer = await _ask(socket, "preview", sdp=await viewer.offer())
    await viewer.take(str(answer["sdp"]))
    await viewer.frame()


async def _read(socket: ClientConnection) -> None:
    async for _ in socket:
        continue


async def _watch(viewer: Viewer) -> None:
    while True:
        await viewer.frame()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
