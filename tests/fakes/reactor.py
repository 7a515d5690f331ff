"""A Reactor object that answers as it is told to, for what no runtime can be brought to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from reactor_sdk import AbortedError, FileRef, InvalidStateError, ReactorStatus

SESSION = "5c0ffee5-0000-4000-8000-000000000001"


class FakeTrack:
    """`on_raw_frame` and the camera's side of a track; `pushed` counts."""

    def __init__(self) -> None:
        self.published = False
        self.pushed = 0
        self.refusals: list[Exception] = []
        self.most_bps: int | None = None
        self.bounds_error: Exception | None = None
        self.handler: Callable[..., None] | None = None

    def on_raw_frame(self, handler: Callable[..., None]) -> None:
        self.handler = handler

    async def publish(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.published = True

    async def set_bitrate(self, *, max_bps: int) -> None:
        if self.bounds_error is not None:
            raise self.bounds_error
        self.most_bps = max_bps

    def push_frame(self, data: bytes, *, width: int, height: int) -> None:
        if not self.published:
            raise InvalidStateError("not published")
        self.pushed += 1


class FakeReactor:
    """One connection; `answer(command, data)` is what `send_command` does."""

    def __init__(self, model: str, *, jwt: str | None, api_url: str, local: bool) -> None:
        self.made_with = (model, jwt, api_url, local)
        self.handlers: dict[str, list[Callable[..., None]]] = {}
        self.tracks: dict[str, FakeTrack] = {"camera": FakeTrack(), "main_video": FakeTrack()}
        self.status = ReactorStatus.DISCONNECTED
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.schema: Any = None
        self.closed = False
        self.calls: list[str] = []
        self.bounds: list[tuple[ReactorStatus, int]] = []
        self.bounds_error: Exception | None = None
        self.answer: Callable[[str, dict[str, Any]], Awaitable[Any]] = self.acknowledge
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    def on(self, event: str, handler: Callable[..., None]) -> None:
        self.handlers.setdefault(event, []).append(handler)

    def track(self, name: str) -> FakeTrack:
        return self.tracks[name]

    def fire(self, event: str, *args: object) -> None:
        for handler in self.handlers.get(event, []):
            handler(*args)

    def message(self, kind: str, **data: object) -> None:
        self.fire("message", {"type": kind, "data": data})

    def be(self, status: ReactorStatus) -> None:
        self.status = status
        if status is not ReactorStatus.READY:
            for track in self.tracks.values():
                track.published = False
        self.fire("status_changed", status.value)

    async def connect(self) -> None:
        self.calls.append("connect")
        self.be(ReactorStatus.CONNECTING)
        self.fire("session_id_changed", SESSION)
        await self._come_up()

    async def set_bitrate(self, *, start_bps: int) -> None:
        self.bounds.append((self.status, start_bps))
        if self.bounds_error is not None:
            raise self.bounds_error

    async def reconnect(self) -> None:
        self.calls.append("reconnect")
        self.be(ReactorStatus.DISCONNECTED)
        self.be(ReactorStatus.CONNECTING)
        await self._come_up()

    async def _come_up(self) -> None:
        self.be(ReactorStatus.WAITING)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            self.be(ReactorStatus.DISCONNECTED)
            raise self.error
        self.fire("capabilities_received", {})
        self.be(ReactorStatus.READY)

    def close(self) -> None:
        self.calls.append("close")
        self.closed = True
        self.error = AbortedError("closed")
        if self.gate is not None:
            self.gate.set()

    def unpublish_track(self, name: str) -> None:
        self.calls.append(f"unpublish {name}")
        self.tracks[name].published = False

    async def request_schema(self) -> Any:
        if isinstance(self.schema, Exception):
            raise self.schema
        return self.schema

    async def send_command(self, command: str, data: dict[str, Any]) -> Any:
        self.sent.append((command, data))
        return await self.answer(command, data)

    async def acknowledge(self, command: str, data: dict[str, Any]) -> Any:
        return None

    async def upload_file(self, file: bytes, *, name: str, mime_type: str) -> FileRef:
        return FileRef(upload_id="u1", name=name, mime_type=mime_type, size=len(file))
