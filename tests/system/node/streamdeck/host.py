"""A stand-in of the two hosts that run the plugin: the Stream Deck application, and OpenDeck.

It starts the plugin as they do, keeps what is on the keys, and hands on between the plugin and its
property inspectors. Where the two differ, `flavour` says which one it plays: OpenDeck calls itself
Windows, names the plugin after its folder, gives an inspector its key's own context, sends the
title's parameters after `willAppear`, knows no desired state in multi-actions, turns a key's state
before `keyUp`, and warns of commands that it does not know.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import secrets
import zipfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from sana_vcam.clients.deck.streamdeck.package import BUNDLE

type Flavour = Literal["elgato", "opendeck"]
type Message = dict[str, Any]

PATIENCE_S = 60.0
UUID = "com.sana-vcam.deck"
DEVICE = "A0B1C2D3"
KNOWN_TO_OPENDECK = {
    "setSettings", "getSettings", "setGlobalSettings", "getGlobalSettings", "openUrl",
    "logMessage", "setTitle", "setImage", "setFeedbackLayout", "setFeedback", "setState",
    "showAlert", "showOk", "sendToPropertyInspector", "sendToPlugin",
}  # fmt: skip


def unpack(package: Path, folder: Path) -> Path:
    """Unpack a .streamDeckPlugin as the hosts do."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder / BUNDLE


@dataclass
class Key:
    """A key or dial that an action lies on."""

    context: str
    action: str
    controller: str
    settings: Message
    multi: bool
    position: int
    state: int = 0
    image: str = ""
    images: int = 0
    feedback: Message = field(default_factory=dict)

    @property
    def svg(self) -> str:
        """The picture that was set, as its source."""
        head, _, data = self.image.partition(",")
        assert head == "data:image/svg+xml;base64", self.image[:80]
        return base64.b64decode(data).decode()

    @property
    def says(self) -> str:
        """What the key says, its lines joined."""
        return " ".join(re.findall(r">([^<>]+)</text>", self.svg)) if self.image else ""

    def shows(self, *words: str) -> bool:
        """Whether the key shows each of these words, whole lines or colours."""
        return bool(self.image) and all(word in self.svg for word in words)


class Host:
    """One running host with one running plugin."""

    def __init__(self, flavour: Flavour, plugin: Path) -> None:
        self.flavour = flavour
        self.plugin = plugin
        self.manifest: Message = json.loads((plugin / "manifest.json").read_text())
        self.uuid = plugin.name if flavour == "opendeck" else secrets.token_hex(16).upper()
        self.keys: dict[str, Key] = {}
        self.alerts: Counter[str] = Counter()
        self.global_settings: Message = {}
        self.unknown: list[str] = []
        # Everything that went to inspectors, for secrets to be looked for.
        self.to_inspectors: list[str] = []
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None
        self._plugin: ServerConnection | None = None
        self._inspectors: dict[str, ServerConnection] = {}
        self._inspected: dict[str, Key] = {}
        self._changed = asyncio.Condition()
        self._waiting: defaultdict[str, list[str]] = defaultdict(list)

    # The plugin's process

    @contextlib.asynccontextmanager
    async def running(self, node: str, environment: Mapping[str, str]) -> AsyncIterator[Host]:
        async with serve(self._talk, "127.0.0.1", 0, max_size=None) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self.process = await asyncio.create_subprocess_exec(
                node, self.manifest["CodePath"],
                "-port", str(self.port), "-pluginUUID", self.uuid,
                "-registerEvent", "registerPlugin", "-info", json.dumps(self.info()),
                cwd=self.plugin, env=dict(environment), stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            assert self.process.stdout is not None
            said = asyncio.create_task(self.process.stdout.read())
            try:
                await self.until(lambda: self._plugin is not None, "the plugin registered")
                yield self
            finally:
                if self.process.returncode is None:
                    self.process.terminate()
                await self.process.wait()
                self.printed = (await said).decode()

    async def close_plugin(self) -> int:
        """Close the plugin's connection, as a host that ends; returns its exit status."""
        assert self._plugin is not None
        assert self.process is not None
        await self._plugin.close()
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    @property
    def log(self) -> str:
        """What the plugin wrote into its log files."""
        return "".join(file.read_text() for file in sorted(self.plugin.glob("logs/*.log")))

    def info(self) -> Message:
        """The -info argument."""
        elgato = self.flavour == "elgato"
        device = {
            "id": DEVICE, "name": "Stream Deck", "size": {"columns": 5, "rows": 3}, "type": 0
        }  # fmt: skip
        return {
            "application": {
                "font": "Arial" if elgato else "ui-sans-serif",
                "language": "en",
                "platform": "mac" if elgato else "windows",
                "platformVersion": "14.5" if elgato else "10.0.19045.4474",
                "version": "6.9.0.21000" if elgato else "7.1.0",
            },
            "plugin": {"uuid": UUID if elgato else self.uuid, "version": self.manifest["Version"]},
            "devicePixelRatio": 2 if elgato else 0,
            "colors": {"highlightColor": "#F7821BFF"},
            "devices": [device],
        }

    # What a person does

    async def place(
        self, action: str, *, multi: bool = False, controller: str = "Keypad", **settings: Any
    ) -> Key:
        """Put an action onto the next free key, and let it appear."""
        number = len(self.keys)
        context = (
            f"sd-{DEVICE}.Default.{controller}.{number}.{int(multi)}"
            if self.flavour == "opendeck"
            else secrets.token_hex(16)
        )
        key = Key(context, f"{UUID}.{action}", controller, settings, multi, number)
        self.keys[context] = key
        await self.appear(key)
        return key

    async def appear(self, key: Key) -> None:
        await self._tell("willAppear", key, self._payload(key))
        if self.flavour == "opendeck":
            parameters = {"fontFamily": "", "fontSize": 16, "showTitle": True, "titleColor": "#FFF"}
            payload = {"title": "", "titleParameters": parameters, "state": key.state}
            await self._tell("titleParametersDidChange", key, self._payload(key) | payload)

    async def disappear(self, key: Key) -> None:
        await self._tell("willDisappear", key, self._payload(key))

    async def press(self, key: Key, *, desired: int | None = None) -> None:
        """Press and let go; `desired` is the state that was chosen in a multi-action."""
        payload = self._payload(key)
        if desired is not None:
            assert self.flavour == "elgato", "OpenDeck's multi-actions know no such choice"
            payload["userDesiredState"] = desired
        await self._tell("keyDown", key, payload)
        (about,) = [one for one in self.manifest["Actions"] if one["UUID"] == key.action]
        if len(about["States"]) == 2 and not about.get("DisableAutomaticStates"):
            key.state = 1 - key.state
        await self._tell("keyUp", key, payload | {"state": key.state})

    async def rotate(self, key: Key, ticks: int) -> None:
        await self._tell("dialRotate", key, self._payload(key) | {"ticks": ticks, "pressed": False})

    async def push(self, key: Key) -> None:
        for event in ("dialDown", "dialUp"):
            await self._tell(event, key, self._payload(key))

    async def touch(self, key: Key, *, hold: bool = False) -> None:
        payload = self._payload(key) | {"tapPos": [40, 50], "hold": hold}
        await self._tell("touchTap", key, payload)

    async def set_settings(self, key: Key, **settings: Any) -> None:
        key.settings = settings
        await self._tell("didReceiveSettings", key, self._payload(key))

    async def wake(self) -> None:
        await self._send({"event": "systemDidWakeUp"})

    async def device(self, change: Literal["Connect", "Disconnect", "Change"]) -> None:
        info = self.info()["devices"][0]
        more = {} if change == "Disconnect" else {"deviceInfo": info}
        await self._send({"event": f"deviceDid{change}", "device": DEVICE} | more)

    # Property inspectors

    async def inspect(self, key: Key) -> tuple[int, str, str, str, str]:
        """Open a key's inspector: what its connectElgatoStreamDeckSocket is called with."""
        uuid = key.context if self.flavour == "opendeck" else secrets.token_hex(16)
        self._inspected[uuid] = key
        await self._tell("propertyInspectorDidAppear", key)
        about = {
            "action": key.action, "context": key.context, "device": DEVICE,
            "payload": self._payload(key),
        }  # fmt: skip
        info = json.dumps(self.info())
        return self.port, uuid, "registerPropertyInspector", info, json.dumps(about)

    async def say_to_plugin(self, key: Key, payload: Message) -> None:
        """What an inspector of the key says."""
        await self._tell("sendToPlugin", key, payload, device=False)

    # Wires

    async def until(self, wanted: Callable[[], bool], what: str) -> None:
        """Wait until it is so; a plugin that ends before that fails the test at once."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                assert self.process is None or self.process.returncode is None, self.log
                async with self._changed:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), 0.1)

    async def until_online(self, *keys: Key) -> None:
        for key in keys:
            await self.until(lambda key=key: key.image and ">offline<" not in key.svg, "online")

    async def until_says(self, key: Key, text: str) -> None:
        try:
            await self.until(lambda: text in key.says, "")
        except TimeoutError:
            raise AssertionError(f"never said: {text!r}; but {key.says!r}") from None

    async def until_shown(self, key: Key, *words: str) -> None:
        try:
            await self.until(lambda: key.shows(*words), "")
        except TimeoutError:
            shown = key.svg if key.image else "nothing"
            raise AssertionError(f"never shown: {words}; but {shown[:3000]}") from None

    async def _talk(self, connection: ServerConnection) -> None:
        first = json.loads(await connection.recv())
        if first["event"] == "registerPlugin":
            assert first["uuid"] == self.uuid
            self._plugin = connection
            await self._note()
            # A process that is ended says no goodbye.
            with contextlib.suppress(ConnectionClosedError):
                await self._hear_plugin(connection)
        else:
            assert first["event"] == "registerPropertyInspector"
            uuid = first["uuid"]
            self._inspectors[uuid] = connection
            for text in self._waiting.pop(uuid, []):
                await connection.send(text)
            with contextlib.suppress(ConnectionClosedError):
                await self._hear_inspector(connection, uuid)

    async def _hear_plugin(self, connection: ServerConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            event, context = message["event"], message.get("context")
            payload = message.get("payload")
            if self.flavour == "opendeck" and event not in KNOWN_TO_OPENDECK:
                self.unknown.append(event)
            elif event == "getGlobalSettings":
                assert context == self.uuid
                await self._tell_global_settings(message.get("id"))
            elif event == "setGlobalSettings":
                assert context == self.uuid
                self.global_settings = payload
                await self._tell_inspectors_global_settings()
            elif event == "showAlert":
                self.alerts[context] += 1
            elif context in self.keys:
                await self._show(self.keys[context], event, payload)
            await self._note()

    async def _show(self, key: Key, event: str, payload: Message) -> None:
        match event:
            case "setImage":
                key.image = payload["image"]
                key.images += 1
            case "setState":
                key.state = payload["state"]
            case "setFeedback":
                key.feedback |= payload
            case "sendToPropertyInspector":
                for uuid, inspected in self._inspected.items():
                    if inspected is key:
                        await self._tell_inspector(uuid, event, payload)

    async def _hear_inspector(self, connection: ServerConnection, uuid: str) -> None:
        key = self._inspected[uuid]
        async for text in connection:
            message = json.loads(text)
            assert message["context"] == uuid
            assert message["action"] == key.action
            match message["event"]:
                case "setSettings":
                    await self.set_settings(key, **message["payload"])
                case "sendToPlugin":
                    await self.say_to_plugin(key, message["payload"])
                case other:
                    self.unknown.append(other)
            await self._note()

    async def _tell_inspector(self, uuid: str, event: str, payload: Message) -> None:
        key = self._inspected[uuid]
        message = {"event": event, "action": key.action, "context": uuid, "payload": payload}
        text = json.dumps(message)
        self.to_inspectors.append(text)
        if uuid in self._inspectors:
            with contextlib.suppress(ConnectionClosed):
                await self._inspectors[uuid].send(text)
        else:
            self._waiting[uuid].append(text)

    async def _tell_global_settings(self, number: str | None) -> None:
        message: Message = {
            "event": "didReceiveGlobalSettings",
            "payload": {"settings": self.global_settings},
        }
        await self._send(message | ({"id": number} if self.flavour == "elgato" else {}))

    async def _tell_inspectors_global_settings(self) -> None:
        """Both hosts tell open inspectors; not counted as what the plugin showed them."""
        payload = {"settings": self.global_settings}
        text = json.dumps({"event": "didReceiveGlobalSettings", "payload": payload})
        for connection in self._inspectors.values():
            with contextlib.suppress(ConnectionClosed):
                await connection.send(text)

    def _payload(self, key: Key) -> Message:
        payload: Message = {
            "settings": key.settings,
            "controller": key.controller,
            "isInMultiAction": key.multi,
            "state": key.state,
        }
        if not key.multi or self.flavour == "opendeck":
            payload["coordinates"] = {"column": key.position % 5, "row": key.position // 5}
        return payload

    async def _tell(
        self, event: str, key: Key, payload: Message | None = None, *, device: bool = True
    ) -> None:
        message: Message = {"event": event, "action": key.action, "context": key.context}
        if device:
            message["device"] = DEVICE
        await self._send(message | ({} if payload is None else {"payload": payload}))

    async def _send(self, message: Message) -> None:
        assert self._plugin is not None
        await self._plugin.send(json.dumps(message))

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()
