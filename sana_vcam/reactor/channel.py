"""What is said between a session's model and us: its messages, our commands and their answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from reactor_sdk import Reactor, ReactorError, RequestTimeoutError

from sana_vcam.reactor.bounds import short
from sana_vcam.reactor.errors import CommandRejected, Unavailable, from_command
from sana_vcam.reactor.faults import MODEL_BUSY
from sana_vcam.reactor.messages import UnknownMessage, WireMessage, read_wire
from sana_vcam.reactor.models.schema import Schema, read_schema
from sana_vcam.reactor.once import Once

log = logging.getLogger(__name__)

ANSWER_GRACE_S = 0.5
"""A broadcast answer follows its bodyless ack within a few milliseconds; a model that sends none
must not hold the caller up."""
SCHEMA_TIMEOUTS_S = (2.0, 5.0)
"""How long each asking for the schema may take. What is sent at once after a connect is sometimes
not heard (the platform's ComfyUI plugin waits for that), and every second of it is billed."""
SETTLE_S = 1.0
"""The pause before it is asked again."""
FIRST_ANSWERS_S = (4.0, 4.0)
"""How long the first command of a session is waited for each time before it is sent once more. A
command that was heard is answered within 0.1 s and a round trip."""
NO_SUCH_COMMAND = "invalid_command"
"""The SDK's code for a command that is not in the session's schema, or whose data does not fit."""
_PASSED = frozenset({"", "allow", "allowed", "pass", "none"})
"""Actions of the platform's moderation that let an input through."""


class Channel:
    """One session's exchange with its model, over all connections. On the event loop."""

    def __init__(self, require: Callable[[], Reactor]) -> None:
        """Prepare the channel; `require` gives the open connection, or raises `SessionLost`."""
        self.schema: Schema | None = None
        """What the session declares; None if it does not say."""
        self._require = require
        self._absent: set[str] = set()
        """Commands that were refused as unknown."""
        self._answered = False
        """Whether a command has been answered."""
        self._handlers: list[Callable[[WireMessage], None]] = []
        self._late_handlers: list[Callable[[str, str], None]] = []
        self._waiters: list[_Waiter] = []
        self._one_at_a_time = asyncio.Lock()
        self._once = Once(log)

    def on_message(self, handler: Callable[[WireMessage], None]) -> None:
        """Call `handler` for every message."""
        self._handlers.append(handler)

    def has(self, command: str) -> bool:
        """Whether the session has a command, as far as it is known."""
        if command in self._absent:
            return False
        return self.schema is None or command in self.schema.commands

    async def learn_declared(self) -> None:
        """Ask the session what it declares, twice if need be. Raises `SessionLost`."""
        for attempt, timeout_s in enumerate(SCHEMA_TIMEOUTS_S):
            if attempt:
                await asyncio.sleep(SETTLE_S)
            try:
                schema = await asyncio.wait_for(self._require().request_schema(), timeout_s)
            except (ReactorError, TimeoutError) as error:
                self._require()
                log.info("the session has not said what it declares: %s", type(error).__name__)
            else:
                self.schema = read_schema(schema)
                break
        if self.schema is None:
            log.warning("the session does not say which commands it has; each is tried")

    async def send(
        self, name: str, data: dict[str, Any], accepted: Callable[[WireMessage], bool]
    ) -> bool:
        """Send one command and wait for its answer, whatever shape that has.

        `accepted` tells the message that says that the command was taken on. False if the session
        does not have the command. Raises `CommandRejected`, `SessionLost` or `Unavailable`.
        """
        if not self.has(name):
            self._once.say(f"this model has no {name}; it is left out")
            return False
        async with self._one_at_a_time:
            waiter = _Waiter(name, accepted)
            self._waiters.append(waiter)
            try:
                reply = await self._send(name, data, waiter)
                self._take_reply(waiter, reply)
                await waiter.answered(ANSWER_GRACE_S)
            except CommandRejected as error:
                if error.code != NO_SUCH_COMMAND or self.schema is not None:
                    raise
                # Nothing was declared, so this is how the session says that it has none.
                self._absent.add(name)
                self._once.say(f"this model has no {name}; it is left out")
                return False
            finally:
                self._waiters.remove(waiter)
        if waiter.rejection is not None:
            if waiter.may_be_tried_again:
                raise Unavailable(
                    f"the model cannot take {name} now: {waiter.rejection}", fault=MODEL_BUSY
                )
            raise CommandRejected(name, waiter.rejection)
        return True

    async def _send(self, name: str, data: dict[str, Any], waiter: _Waiter) -> Any:
        """Send a command; the first of a session again and again while nothing answers it."""
        for timeout_s in () if self._answered else FIRST_ANSWERS_S:
            try:
                sending = self._require().send_command(name, data)
                return await self._answer(asyncio.wait_for(sending, timeout_s), name)
            except (TimeoutError, Unavailable):
                if waiter.was_heard:
                    return None
                log.warning("%s was not answered; it is sent once more", name)
                if self._answered:
                    break
        self._answered = True
        return await self._answer(self._require().send_command(name, data), name)

    async def _answer(self, sending: Any, name: str) -> Any:
        try:
            reply = await sending
        except RequestTimeoutError as error:
            raise from_command(error, name) from None
        except ReactorError as error:
            self._answered = True
            raise from_command(error, name) from None
        self._answered = True
        return reply

    def message_arrived(self, raw: Any) -> None:
        """Take one message of the SDK."""
        message = self._read(raw)
        if message is None:
            return
        if message.type == "moderation":
            self.moderated(message)
        for waiter in self._waiters:
            waiter.offer(message)
        if message.type == "command_error" and not any(
            waiter.command == message.data.get("command") for waiter in self._waiters
        ):
            self._refused_late(message)
        for handler in self._handlers:
            handler(message)

    def on_late_refusal(self, handler: Callable[[str, str], None]) -> None:
        """Call `handler` with command and reason when one is refused that seemed accepted."""
        self._late_handlers.append(handler)

    def _refused_late(self, message: WireMessage) -> None:
        command, reason = short(message.data.get("command")), short(message.data.get("reason"))
        log.warning("the model has refused %s after all: %s", command, reason)
        for handler in self._late_handlers:
            handler(command, reason)

    def moderated(self, message: WireMessage) -> None:
        """Take the platform's word on an input of ours, by whichever way it came."""
        if str(message.data.get("action") or "").lower() in _PASSED:
            return
        words = _moderation_words(message)
        log.warning("%s", words)
        for waiter in self._waiters:
            if waiter.command == message.data.get("command"):
                waiter.refuse(words)

    def _read(self, raw: Any) -> WireMessage | None:
        try:
            return read_wire(raw)
        except UnknownMessage as error:
            self._once.say(f"ignored {error}")
            return None

    def _take_reply(self, waiter: _Waiter, reply: Any) -> None:
        """Take a typed reply as the whole answer; it also comes as a message event, maybe later."""
        message = None if reply is None else self._read(reply)
        if message is not None:
            waiter.settle(message)


class _Waiter:
    """What one command in flight has heard so far."""

    def __init__(self, command: str, accepted: Callable[[WireMessage], bool]) -> None:
        self.command = command
        self.rejection: str | None = None
        self.may_be_tried_again = False
        """Whether the refusal says that the same command could succeed later."""
        self._accepted = accepted
        self._heard = asyncio.Event()

    @property
    def was_heard(self) -> bool:
        """Whether a message has said what became of the command."""
        return self._heard.is_set()

    def offer(self, message: WireMessage) -> None:
        """Take a message that may be the answer; most are about something else."""
        if message.type == "command_error":
            if message.data.get("command") == self.command:
                self.settle(message)
        elif self._accepted(message):
            self._heard.set()

    def settle(self, reply: WireMessage) -> None:
        """Take the message that surely is the answer."""
        if reply.type == "command_error":
            self.may_be_tried_again = reply.data.get("retryable") is True
            self.refuse(short(reply.data.get("reason")) or "no reason was given")
        self._heard.set()

    def refuse(self, reason: str) -> None:
        """Take it that the command was refused."""
        self.rejection = reason
        self._heard.set()

    async def answered(self, grace_s: float) -> None:
        """Wait for the broadcast answer; a model that sends none has acknowledged already."""
        try:
            await asyncio.wait_for(self._heard.wait(), grace_s)
        except TimeoutError:
            log.debug("%s was acknowledged without a message", self.command)


def _moderation_words(message: WireMessage) -> str:
    """Say in words what the platform's moderation has done."""
    data = message.data
    what = short(data.get("input_kind")) or short(data.get("command")) or "an input"
    categories = data.get("categories")
    why = categories if not isinstance(categories, list) else ", ".join(map(str, categories))
    why = short(why)
    said = short(data.get("message"))
    return (
        f"the platform's moderation stopped the {what}"
        + (f" ({why})" if why else "")
        + (f": {said}" if said else "")
    )
