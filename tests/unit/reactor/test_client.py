"""A session with another model than `sana-streaming`: another record, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from sana_vcam.reactor import CommandRejected, Phase, ReactorClient, Refused
from sana_vcam.reactor import client as client_module
from sana_vcam.reactor.models import SANA, Look, Model, Setting, Step
from sana_vcam.reactor.models.record import StateFields
from tests.fakes.reactor import FakeReactor, FakeTrack

OTHER = Model(
    name="somebody/other",
    title="Other",
    words="",
    input_track="webcam",
    output_track="edited",
    settings=(Setting("zoom", "set_zoom", "factor", "number", state_field="zoom"),),
    state=StateFields(message="told"),
)


def _document(*commands: str, tracks: object = None, **fields: object) -> dict[str, Any]:
    """Make what a session declares; `fields` are of the first command."""
    paths = {}
    for command in commands:
        properties = fields if command == commands[0] else {}
        content = {"application/json": {"schema": {"type": "object", "properties": properties}}}
        paths[f"/events/{command}"] = {"post": {"requestBody": {"content": content}}}
    return {"paths": paths, "x-reactor": {"tracks": tracks}}


def _track(name: str, direction: str, kind: str = "video") -> dict[str, str]:
    return {"name": name, "direction": direction, "kind": kind}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeReactor]:
    """Every connection that a client has made; each has any track."""
    made: list[FakeReactor] = []

    def make(*args: Any, **options: Any) -> FakeReactor:
        reactor = FakeReactor(*args, **options)
        reactor.tracks = {
            name: FakeTrack() for name in ("webcam", "edited", "camera", "main_video", "theirs")
        }
        made.append(reactor)
        reactor.schema = _document(*DECLARED, **FIELDS) if DECLARED else None
        if TRACKS:
            reactor.schema = _document(*DECLARED, tracks=TRACKS, **FIELDS)
        return reactor

    monkeypatch.setattr(client_module, "Reactor", make)
    DECLARED[:], TRACKS[:] = ["set_zoom", "start"], []
    FIELDS.clear()
    return made


DECLARED: list[str] = []
TRACKS: list[dict[str, str]] = []
FIELDS: dict[str, Any] = {}


def _client(record: Model = OTHER, **how: Any) -> ReactorClient:
    how = {"api_url": "http://127.0.0.1:9", "local": True, "send_size": (4, 2)} | how
    return ReactorClient(record=record, **how)


async def test_another_models_name_tracks_commands_and_messages(made: list[FakeReactor]) -> None:
    async def answer(_: str, data: dict[str, Any]) -> None:
        if data["factor"] > 4:
            made[0].message("command_error", command="set_zoom", reason="too near")
        else:
            made[0].message("told", zoom=data["factor"])

    async with _client() as client:
        await client.connect()
        assert made[0].made_with == ("somebody/other", None, "http://127.0.0.1:9", True)
        made[0].answer = answer
        near = client.link.adapter.change(Look(), Look(settings={"zoom": 2.0}))
        assert near == [Step("set_zoom", {"factor": 2.0}, ("zoom",), shown={"zoom": 2.0})]
        assert await client.send(near[0])
        with pytest.raises(CommandRejected, match="too near"):
            await client.send(Step("set_zoom", {"factor": 5.0}))
        await client.publish()
        assert client.push(bytes(32))
        assert made[0].tracks["webcam"].pushed == 1
        edited = made[0].tracks["edited"].handler
        assert edited is not None
        edited(bytes(32), 4, 2)
        assert client.frames_received == 0, "no run has begun"
        made[0].message("told", started=True)
        # The model's own size, which is not the one that is sent.
        for _ in range(3):
            edited(bytes(96), 6, 4)
        assert client.frames_received == 2
        assert client.received_size == (6, 4)
        made[0].message("told", started=False)
        assert client.reading.ended
        edited(bytes(96), 6, 4)
        assert client.frames_received == 2


async def test_the_name_under_which_the_platform_has_the_model() -> None:
    assert _client().platform.model == "somebody/other"
    assert _client(model="other-2").platform.model == "other-2"


async def test_what_is_declared_corrects_the_record(made: list[FakeReactor]) -> None:
    FIELDS["factor"] = {"type": "number", "minimum": 1.0, "maximum": 3.0}
    TRACKS[:] = [_track("theirs", "in"), _track("main_video", "out")]
    async with _client() as client:
        await client.connect()
        zoom = client.model.setting("zoom")
        assert zoom is not None
        assert zoom.fault(3.5) == "zoom takes a number from 1 to 3, not 3.5"
        assert (client.model.input_track, client.model.output_track) == ("theirs", "main_video")
        await client.publish()
        assert client.push(bytes(32))
        assert made[0].tracks["theirs"].pushed == 1
        assert made[0].tracks["main_video"].handler is not None


async def test_a_model_that_takes_no_camera(made: list[FakeReactor]) -> None:
    TRACKS[:] = [_track("edited", "out")]
    async with _client() as client:
        await client.connect()
        assert client.model.input_track is None
        await client.publish()
        assert not client.push(bytes(32))


@pytest.mark.parametrize(
    ("declared", "tracks", "fields", "words"),
    [
        (["set_zoom", "start"], [_track("webcam", "in")], {}, "no video that comes back"),
        (
            ["set_zoom", "start"],
            [_track("webcam", "in"), _track("edited", "out"), _track("edited", "out")],
            {},
            "'edited' twice",
        ),
        (
            ["set_zoom", "start"],
            [],
            {"factor": {"type": "number", "minimum": 9.0, "maximum": 1.0}},
            "zoom from 9 to 1",
        ),
    ],
    ids=["no output", "a track twice", "a range upside down"],
)
async def test_nonsense_is_refused(
    made: list[FakeReactor], declared: list[str], tracks: list[Any], fields: Any, words: str
) -> None:
    DECLARED[:], TRACKS[:] = declared, tracks
    FIELDS.update(fields)
    async with _client() as client:
        with pytest.raises(Refused, match=words):
            await client.connect()
    assert made[0].closed


async def test_the_platform_says_that_it_has_ended_the_session(made: list[FakeReactor]) -> None:
    async with _client() as client:
        await client.connect()
        assert client.phase is Phase.READY
        made[0].fire("runtime_message", {"type": "sessionEnded", "data": {"reason": "no credits"}})
        await client.wait_lost()
        assert client.ended == "no credits"
        assert not client.push(bytes(32))


async def test_moderation_is_told_in_words(made: list[FakeReactor]) -> None:
    verdict = {
        "action": "block",
        "command": "set_prompt",
        "categories": ["violence", "weapons"],
        "message": "not here\n",
        "input_kind": "prompt",
    }

    async def answer(_: str, _data: dict[str, Any]) -> None:
        made[0].message("moderation", **verdict)

    DECLARED[:] = ["set_prompt", "start"]
    async with _client(SANA) as client:
        await client.connect()
        made[0].answer = answer
        with pytest.raises(CommandRejected) as refused:
            await client.send(Step("set_prompt", {"prompt": "x"}))
    assert refused.value.reason == (
        "the platform's moderation stopped the prompt (violence, weapons): not here"
    )
