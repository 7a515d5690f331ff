"""What is said between a session's model and us: its messages, our commands and their answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from reactor_sdk import Reactor, ReactorError

from sana_vcam.reactor.errors import CommandRejected, from_command
from sana_vcam.reactor.messages import CommandErrorMessage, Message, UnknownMessage, parse_message
from sana_vcam.reactor.once import Once

log = logging.getLogger(__name__)

ANSWER_GRACE_S = 0.5
"""A broadcast answer follows its bodyless ack within a few milliseconds; a model that sends none
must not hold the caller up."""
SCHEMA_TIMEOUT_S = 5.0


class Channel:
    """One session's exchange with its model, over all connections. On the event loop."""

    def __init__(self, kinds: Mapping[str, type[Message]], require: Callable[[], Reactor]) -> None:
        """Prepare the channel for messages of `kinds`, by their type on the wire.

        `require` gives the open connection, or raises `SessionLost`.
        """
        self.declared: frozenset[str] | None = None
        """The commands that the session declares; None if it does not say."""
        self._kinds = kinds
        self._require = require
        self._handlers: list[tuple[type[Message], Callable[[Any], None]]] = []
        self._waiters: list[_Waiter] = []
        self._one_at_a_time = asyncio.Lock()
        self._once = Once(log)

    def on[M: Message](self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` for every message of `kind` (`Message`: for all)."""
        self._handlers.append((kind, handler))

    async def learn_declared(self) -> None:
        """Ask the session which commands it has. Raises `SessionLost`."""
        try:
            schema = await asyncio.wait_for(self._require().request_schema(), SCHEMA_TIMEOUT_S)
        except (ReactorError, TimeoutError) as error:
            self._require()
            log.warning("the session does not say which commands it has: %s", type(error).__name__)
        else:
            self.declared = _read_schema(schema)

    async def send(
        self, name: str, data: dict[str, Any], accepted: Callable[[Message], bool]
    ) -> bool:
        """Send one command and wait for its answer, whatever shape that has.

        `accepted` tells the message that says that the command was taken on. False if the session
        does not declare the command: then nothing was sent. Raises `CommandRejected`,
        `SessionLost` or `Unavailable`.
        """
        if self.declared is not None and name not in self.declared:
            self._once.say(f"this model has no {name}; it is left out")
            return False
        async with self._one_at_a_time:
            reactor = self._require()
            waiter = _Waiter(name, accepted)
            self._waiters.append(waiter)
            try:
                reply = await reactor.send_command(name, data)
                self._take_reply(waiter, reply)
                await waiter.answered(ANSWER_GRACE_S)
            except ReactorError as error:
                raise from_command(error, name) from None
            finally:
                self._waiters.remove(waiter)
        if waiter.rejection is not None:
            raise CommandRejected(name, waiter.rejection)
        return True

    def message_arrived(self, raw: Any) -> None:
        """Take one message of the SDK."""
        message = self._parse(raw)
        if message is None:
            return
        for waiter in self._waiters:
            waiter.offer(message)
        for kind, handler in self._handlers:
            if isinstance(message, kind):
                handler(message)

    def _parse(self, raw: Any) -> Message | None:
        try:
            return parse_message(raw, self._kinds)
        except UnknownMessage as error:
            self._once.say(f"ignored {error}")
            return None

    def _take_reply(self, waiter: _Waiter, reply: Any) -> None:
        """Take a typed reply as the whole answer; it also comes as a message event, maybe later."""
        message = None if reply is None else self._parse(reply)
        if message is not None:
            waiter.settle(message)


class _Waiter:
    """What one command in flight has heard so far."""

    def __init__(self, command: str, accepted: Callable[[Message], bool]) -> None:
        self.command = command
        self.rejection: str | None = None
        self._accepted = accepted
        self._heard = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Take a message that may be the answer; most are about something else."""
        if isinstance(message, CommandErrorMessage):
            if message.command == self.command:
                self.settle(message)
        elif self._accepted(message):
            self._heard.set()

    def settle(self, reply: Message) -> None:
        """Take the message that surely is the answer."""
        if isinstance(reply, CommandErrorMessage):
            self.rejection = reply.reason
        self._heard.set()

    async def answered(self, grace_s: float) -> None:
        """Wait for the broadcast answer; a model that sends none has acknowledged already."""
        try:
            await asyncio.wait_for(self._heard.wait(), grace_s)
        except TimeoutError:
            log.debug("%s was acknowledged without a message", self.command)


def _read_schema(schema: Any) -> frozenset[str] | None:
    """Read the commands in the model's OpenAPI document: its paths `/events/<command>`."""
    paths = schema.get("paths") if isinstance(schema, dict) else None
    if not isinstance(paths, dict):
        return None
    return frozenset(p.removeprefix("/events/") for p in paths if p.startswith("/events/")) or None
