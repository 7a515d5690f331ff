"""A session with another model than `sana-streaming`: one subclass, and nothing else."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from sana_vcam.reactor import CommandRejected, Message, ReactorClient
from sana_vcam.reactor import client as client_module
from sana_vcam.reactor.messages import CommandErrorMessage
from tests.fakes.reactor import FakeReactor, FakeTrack


class Zoomed(Message):
    """The other model's answer."""

    wire_name = "zoomed"

    factor: float = 0.0


class OtherClient(ReactorClient):
    """The other model."""

    model = "other"
    messages: ClassVar = {kind.wire_name: kind for kind in (Zoomed, CommandErrorMessage)}
    camera_track = "webcam"
    video_track = "edited"

    factor = 1.0

    async def zoom(self, factor: float) -> bool:
        return await self.send_command(
            "zoom", {"factor": factor}, lambda message: isinstance(message, Zoomed)
        )

    def _note(self, message: Message) -> None:
        if isinstance(message, Zoomed):
            self.factor = message.factor


async def test_another_models_name_tracks_commands_and_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[FakeReactor] = []

    def make(*args: Any, **options: Any) -> FakeReactor:
        reactor = FakeReactor(*args, **options)
        reactor.tracks = {"webcam": FakeTrack(), "edited": FakeTrack()}
        reactor.schema = {"paths": {"/events/zoom": {}}}
        made.append(reactor)
        return reactor

    async def answer(command: str, data: dict[str, Any]) -> None:
        if data["factor"] > 4:
            made[0].message("command_error", command=command, reason="too near")
        else:
            made[0].message("zoomed", **data)

    monkeypatch.setattr(client_module, "Reactor", make)
    async with OtherClient(api_url="http://127.0.0.1:9", local=True, send_size=(4, 2)) as client:
        await client.connect()
        assert made[0].made_with == ("other", None, "http://127.0.0.1:9", True)
        made[0].answer = answer
        heard: list[float] = []
        client.on(Zoomed, lambda message: heard.append(client.factor))
        assert await client.zoom(2.0)
        assert heard == [2.0], "what a message tells is known before its handlers hear of it"
        with pytest.raises(CommandRejected, match="too near"):
            await client.zoom(5.0)
        await client.publish()
        assert client.push(bytes(32))
        assert made[0].tracks["webcam"].pushed == 1
        edited = made[0].tracks["edited"].handler
        assert edited is not None
        edited(bytes(32), 4, 2)
        assert client.frames_received == 0, "no run has begun"
        client.run_began()
        # The model's own size, which is not the one that is sent.
        for _ in range(3):
            edited(bytes(96), 6, 4)
        assert client.frames_received == 2
        assert client.received_size == (6, 4)
        client.run_ended()
        edited(bytes(96), 6, 4)
        assert client.frames_received == 2


async def test_the_name_under_which_the_platform_has_the_model() -> None:
    assert OtherClient(local=True).platform.model == "other"
    assert OtherClient(local=True, model="other-2").platform.model == "other-2"
