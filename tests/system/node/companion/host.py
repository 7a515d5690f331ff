"""A stand-in for Bitfocus Companion: starts the packed module as it does, and speaks its IPC.

Companion 4 and 5 start a module of the 1.x API as a Node process in the module's folder, with a
clean environment, Node's permission model where the runtime has one, and Node's own channel
(`NODE_CHANNEL_FD`, lines of JSON) for messages `{direction, name, payload, callbackId}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import socket
import subprocess
import tarfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
# What Companion hands on of its own environment, as far as it matters here.
KEPT = ("XDG_RUNTIME_DIR", "HOME", "TMPDIR")
CONNECTION = "b7e23ec2"
VERIFICATION = "the-host-alone-knows"


def unpack(package: bytes, folder: Path) -> Path:
    """Unpack as Companion does: what lies in the archive's one folder."""
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        archive.extractall(folder, filter="data")
    (inner,) = folder.iterdir()
    return inner


def permission_flags(node: str, module: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The flags of a node22 runtime; an older Node has no such model."""
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout[1:].split(".")[0]) < 22:
        return []
    flags = ["--no-warnings=SecurityWarning", "--permission", f"--allow-fs-read={module}"]
    if manifest["runtime"]["permissions"].get("filesystem"):
        flags += ["--allow-fs-read=*", "--allow-fs-write=*"]
    return flags


@dataclass
class Host:
    """One running module, and what it has told."""

    channel: asyncio.StreamWriter
    variables: dict[str, Any] = field(default_factory=dict)
    variable_names: set[str] = field(default_factory=set)
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    feedbacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    """Of each feedback that is on a button, by its id."""
    config: dict[str, Any] | None = None
    status: tuple[str | None, str | None] = (None, None)
    logged: list[tuple[str, str]] = field(default_factory=list)
    printed: deque[str] = field(default_factory=lambda: deque(maxlen=500))
    registered: dict[str, Any] | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _replies: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _next: int = 1

    async def call(self, name: str, **message: Any) -> Any:
        """Call into the module; the answer's payload. Raises what it answers with an error."""
        number, self._next = self._next, self._next + 1
        reply = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        self._write(direction="call", name=name, payload=json.dumps(message), callbackId=number)
        return await asyncio.wait_for(reply, PATIENCE_S)

    async def run(self, action: str, **options: Any) -> dict[str, Any]:
        """Press a button that has this one action."""
        assert action in self.actions, f"no action {action}; have {list(self.actions)}"
        one = {"id": "a1", "controlId": "bank:1", "actionId": action, "options": options}
        whole = one | {"upgradeIndex": None, "disabled": False}
        return dict(await self.call("executeAction", action=whole, surfaceId="deck") or {})

    async def press(self, preset: str) -> None:
        """Press the ready-made button of this name."""
        for action in self.presets[preset]["steps"][0]["down"]:
            assert await self.run(action["actionId"], **action["options"]) == {"success": True}

    async def put(self, entity: str, feedback: str, **options: Any) -> None:
        """Put a feedback onto a button; its value comes into `values`."""
        one = {"id": entity, "controlId": "bank:1", "feedbackId": feedback, "options": options}
        more = {"isInverted": False, "upgradeIndex": None, "disabled": False}
        size = {"image": {"width": 72, "height": 58}}
        await self.call("updateFeedbacks", feedbacks={entity: one | more | size})

    async def until(self, wanted: Callable[[Host], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: wanted(self))
        except TimeoutError:
            seen = f"{self.status} {self.variables} {self.logged[-5:]} {list(self.printed)[-20:]}"
            raise AssertionError(f"the module never had {what}: {seen}") from None

    async def until_variable(self, name: str, value: Any) -> None:
        await self.until(lambda host: host.variables.get(name) == value, f"{name} = {value!r}")

    async def until_ok(self) -> None:
        await self.until(lambda host: host.status[0] == "ok", "a connection")

    def _write(self, **message: Any) -> None:
        self.channel.write(json.dumps(message).encode() + b"\n")

    async def listen(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            message = json.loads(line)
            payload = json.loads(message.get("payload") or "null")
            if message["direction"] == "response":
                self._settle(message, payload)
                continue
            async with self._changed:
                answer = getattr(self, f"_on_{re.sub('[^a-z]', '_', message['name'].lower())}")(
                    payload
                )
                self._changed.notify_all()
            if message.get("callbackId"):
                self._write(
                    direction="response",
                    callbackId=message["callbackId"],
                    success=True,
                    payload=json.dumps(answer),
                )

    def _settle(self, message: dict[str, Any], payload: Any) -> None:
        reply = self._replies.pop(message["callbackId"])
        if message["success"]:
            reply.set_result(payload)
        else:
            reply.set_exception(RuntimeError(payload["message"]))

    # What a module may say

    def _on_register(self, said: Any) -> None:
        self.registered = said

    def _on_log_message(self, said: Any) -> None:
        self.logged.append((said["level"], said["message"]))

    def _on_set_status(self, said: Any) -> None:
        self.status = (said["status"], said.get("message"))

    def _on_setactiondefinitions(self, said: Any) -> None:
        self.actions = {action["id"]: action for action in said["actions"]}

    def _on_setfeedbackdefinitions(self, said: Any) -> None:
        self.feedbacks = {feedback["id"]: feedback for feedback in said["feedbacks"]}

    def _on_setpresetdefinitions(self, said: Any) -> None:
        self.presets = {preset["id"]: preset for preset in said["presets"]}

    def _on_setvariabledefinitions(self, said: Any) -> None:
        self.variable_names = {variable["id"] for variable in said["variables"]}
        self._on_setvariablevalues(said)

    def _on_setvariablevalues(self, said: Any) -> None:
        for entry in said.get("newValues") or ():
            assert entry["id"] in self.variable_names, f"{entry} was never defined"
            self.variables[entry["id"]] = entry.get("value")

    def _on_updatefeedbackvalues(self, said: Any) -> None:
        for entry in said["values"]:
            self.values[entry["id"]] = entry.get("value")

    def _on_saveconfig(self, said: Any) -> None:
        self.config = said["config"]

    def _on_parsevariablesinstring(self, said: Any) -> Any:
        text = re.sub(r"\$\(custom:(\w+)\)", r"the value of \1", said["text"])
        return {"text": text, "variableIds": []}


@contextlib.asynccontextmanager
async def running_module(
    folder: Path,
    node: str,
    config: Mapping[str, str] | None = None,
    token: str = "",
    *,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[Host]:
    """Start the unpacked module for a new connection, or for one with a saved `config`."""
    manifest = json.loads((folder / "companion" / "manifest.json").read_text())
    main = (folder / "companion" / manifest["runtime"]["entrypoint"]).resolve()
    ours, theirs = socket.socketpair()
    env = {name: environ[name] for name in KEPT if name in environ} | {
        "CONNECTION_ID": CONNECTION,
        "VERIFICATION_TOKEN": VERIFICATION,
        "MODULE_MANIFEST": "companion/manifest.json",
        "NODE_CHANNEL_FD": str(theirs.fileno()),
        "NODE_CHANNEL_SERIALIZATION_MODE": "json",
    }
    process = await asyncio.create_subprocess_exec(
        *(node, *permission_flags(node, folder, manifest), str(main)),
        cwd=folder,
        env=env,
        pass_fds=[theirs.fileno()],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 26)
    host = Host(writer)
    assert process.stdout is not None
    tasks = [
        asyncio.create_task(host.listen(reader)),
        asyncio.create_task(_keep(process.stdout, host.printed)),
    ]
    try:
        await host.until(lambda host: host.registered is not None, "registered")
        assert host.registered is not None
        assert host.registered["verificationToken"] == VERIFICATION
        await host.call(
            "init",
            label="webcam",
            isFirstInit=config is None,
            config=dict(config or {}),
            secrets={"token": token},
            lastUpgradeIndex=-1,
            actions={},
            feedbacks={},
        )
        yield host
        await host.call("destroy")
    except BaseException:
        print("the module printed:\n" + "\n".join(host.printed))
        raise
    finally:
        writer.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[0].exception() is None


async def _keep(stream: asyncio.StreamReader, lines: deque[str]) -> None:
    async for line in stream:
        lines.append(line.decode(errors="replace").rstrip())
