"""What clients send that the platform has been seen to leave unanswered, staged in the runtime.

A command that is dropped here was sent and is never answered: the client's call times out.
"""

from __future__ import annotations

from typing import Any

from reactor_runtime.core import ConnId
from reactor_runtime.message_gateway import MessageGateway
from reactor_runtime.protocol import Channel, ProtocolVersion
from reactor_runtime.runner import runner

from sana_vcam.standin.settings import Settings


class Hearing:
    """How much of a session goes unheard; its numbers are read and written on any thread."""

    def __init__(self, settings: Settings) -> None:
        self._deaf = self._unheard_left = settings.deaf
        self.answers_schema = not settings.no_schema

    def begin_session(self) -> None:
        """Be as deaf again as at first."""
        self._unheard_left = self._deaf

    def hears_data(self) -> bool:
        """Whether the next data message is heard; each call stands for one."""
        if self._unheard_left == 0:
            return True
        self._unheard_left -= 1
        return False


def stage(hearing: Hearing) -> None:
    """Have the runtime that is assembled next hear no more than `hearing` lets through."""

    class HardOfHearing(MessageGateway):
        """Where the runtime decides what a payload of a client means."""

        async def handle(
            self,
            conn_id: ConnId,
            payload: bytes | str,
            channel: Channel,
            version: ProtocolVersion,
            *,
            received_at: float,
        ) -> None:
            """Route a payload, unless it is one that goes unheard."""
            if channel is Channel.DATA and not hearing.hears_data():
                return
            await super().handle(conn_id, payload, channel, version, received_at=received_at)

        def _route_control(self, conn_id: ConnId, message: Any) -> None:
            if message.WhichOneof("payload") == "request_schema" and not hearing.answers_schema:
                return
            super()._route_control(conn_id, message)

    runner.MessageGateway = HardOfHearing  # type: ignore[attr-defined]
