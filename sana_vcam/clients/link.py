"""The connection of decks and hotkeys to the daemon, kept up for as long as it is wanted."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from sana_vcam.clients.connection import DaemonAddress, authorization, require_same_owner
from sana_vcam.clients.daemonstate import DaemonState, KnownPreset
from sana_vcam.clients.terminal import Failure
from sana_vcam.lib.printing import printable

EVENTS = ("state", "presets", "stats")
NEWER_EVENTS = ("settings",)
"""Those that an older daemon does not know; its `hello` says which ones it does."""
RETRY_S = 1.0
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

log = logging.getLogger(__name__)


class Link:
    """Keeps the daemon's state, and sends commands in the order in which they are given."""

    def __init__(
        self,
        find: Callable[[], DaemonAddress],
        on_change: Callable[[DaemonState], None],
        *,
        retry_s: float = RETRY_S,
        with_stills: bool = True,
    ) -> None:
        """Take a `find` that is asked before each attempt, because the daemon may have moved.

        It raises `Failure`. `on_change` is called on the event loop with each new state. Stills of
        the presets are asked for only if `with_stills`.
        """
        self._find = find
        self._on_change = on_change
        self._retry_s = retry_s
        self._with_stills = with_stills
        self._outgoing: asyncio.Queue[str] | None = None
        self._next_id = 0
        self._asked: dict[int, KnownPreset | str] = {}
        self._refused: set[KnownPreset] = set()
        self.daemon = DaemonState()

    def send(self, name: str, /, **data: object) -> None:
        """Send a command; without a daemon it is lost, which keys with pictures say already."""
        if self._outgoing is None:
            log.warning("%s has no effect: the daemon is not connected", name)
            return
        self._ask(name, name, data)

    async def run(self) -> None:
        """Connect, and again after each end, until this task is cancelled."""
        while True:
            why = await self._once()
            if why != self.daemon.why:
                log.warning("offline: %s", why)
            self._change(self.daemon.offline(why))
            await asyncio.sleep(self._retry_s)

    async def _once(self) -> str:
        """Be connected once; returns why that ended, or never came to be."""
        try:
            daemon = await asyncio.to_thread(self._found)
            async with connect(
                daemon.url,
                additional_headers=authorization(daemon.token),
                proxy=None,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                close_timeout=1,
            ) as connection:
                log.info("connected to the daemon at %s", daemon.url)
                return await self._converse(connection)
        except Failure as failure:
            return str(failure)
        except InvalidStatus as error:
            said = (error.response.body or b"").decode(errors="replace").strip()
            return f"the daemon refused ({error.response.status_code}): {printable(said)}"
        except (OSError, TimeoutError, WebSocketException) as error:
            return f"the daemon does not answer: {error}"

    def _found(self) -> DaemonAddress:
        daemon = self._find()
        require_same_owner(daemon)
        return daemon

    async def _converse(self, connection: ClientConnection) -> str:
        self._outgoing = asyncio.Queue()
        self._asked.clear()
        self._refused.clear()
        writer = asyncio.create_task(self._write(connection, self._outgoing), name="link-writer")
        self._ask("subscribe", "subscribe", {"events": EVENTS})
        try:
            async for text in connection:
                self._receive(json.loads(text))
        except ConnectionClosed as error:
            log.debug("closed: %s", error)
        finally:
            self._outgoing = None
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return "the daemon has gone"

    @staticmethod
    async def _write(connection: ClientConnection, outgoing: asyncio.Queue[str]) -> None:
        while True:
            await connection.send(await outgoing.get())

    def _ask(self, about: KnownPreset | str, name: str, data: object) -> None:
        if self._outgoing is None:
            return
        self._next_id += 1
        self._asked[self._next_id] = about
        text = json.dumps({"type": name, "id": self._next_id, "data": data})
        self._outgoing.put_nowait(text)

    def _receive(self, message: dict[str, Any]) -> None:
        data = message["data"]
        match message["type"]:
            case "hello":
                newer = [event for event in NEWER_EVENTS if event in data["events"]]
                if newer:
                    self._ask("subscribe", "subscribe", {"events": (*EVENTS, *newer)})
            case "settings":
                self._change(self.daemon.with_settings(data["settings"]))
            case "state":
                self._change(self.daemon.with_state(data))
            case "stats":
                self._change(self.daemon.with_stats(data))
            case "presets":
                self._change(self.daemon.with_presets(data["presets"]))
                self._ask_for_a_still()
            case "ok":
                self._answered(self._asked.pop(message["id"]), data)
            case "error":
                self._failed(self._asked.pop(message.get("id", 0), "a command"), data["message"])

    def _answered(self, about: KnownPreset | str, data: dict[str, Any]) -> None:
        if isinstance(about, str):
            return
        if about in self.daemon.presets:
            self._change(self.daemon.with_still(about, base64.b64decode(data["data"])))
        self._ask_for_a_still()

    def _failed(self, about: KnownPreset | str, message: str) -> None:
        if isinstance(about, str):
            log.warning("%s: %s", about, printable(message))
            return
        # It is asked for again when the daemon has another one.
        log.debug("no still of %s: %s", about.id, message)
        self._refused.add(about)
        self._ask_for_a_still()

    def _ask_for_a_still(self) -> None:
        """One at a time: presses must not wait behind pictures."""
        if not self._with_stills or any(
            isinstance(about, KnownPreset) for about in self._asked.values()
        ):
            return
        wanted = [preset for preset in self.daemon.missing() if preset not in self._refused]
        for preset in wanted[:1]:
            self._ask(preset, "thumbnail", {"id": preset.id})

    def _change(self, daemon: DaemonState) -> None:
        if daemon != self.daemon:
            self.daemon = daemon
            self._on_change(daemon)
