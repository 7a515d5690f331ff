"""Every record: what its adapter lists for a look, and what it reads of messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models import (
    MODELS,
    Image,
    Look,
    Model,
    ModelReading,
    NotAnImage,
    Step,
    adapter_for,
    connect_names,
    find,
    from_schema,
    nearest,
    read_schema,
)
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.reactor.models.joyai import JOYAI
from sana_vcam.reactor.models.record import Setting
from sana_vcam.reactor.models.sana import SANA
from sana_vcam.reactor.models.schema import complete
from sana_vcam.reactor.models.vidu import VIDU
from sana_vcam.reactor.models.x2 import X2

PICTURE = Image(b"\x89PNG\r\n\x1a\n one")
OTHER = Image(b"\x89PNG\r\n\x1a\n two")
OWN = {"seed": 7, "anchor_interval": 20}


def told(steps: list[Step]) -> list[tuple[str, dict[str, object]]]:
    return [(step.command, dict(step.data)) for step in steps]


def read(model: Model, *messages: tuple[str, dict[str, object]]) -> ModelReading:
    adapter, reading = adapter_for(model), ModelReading()
    for kind, data in messages:
        reading = adapter.read(reading, WireMessage(kind, data))
    return reading


# -- names -----------------------------------------------------------------------------------------


def test_a_model_has_no_name_of_another() -> None:
    names = [name for model in MODELS for name in (model.name, *model.aliases)]
    assert len(names) == len(set(names))
    assert all(find(name) is not None for name in names)
    assert all("/" in model.name for model in MODELS)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("sana-streaming", ("sana-streaming", "reactor/sana-streaming")),
        ("x2", ("x2", "xmax/x2")),
        ("something", ("something", "reactor/something")),
        ("xmax/x2", ("xmax/x2",)),
    ],
)
def test_the_names_that_the_platform_is_asked_for(name: str, asked: tuple[str, ...]) -> None:
    assert connect_names(name) == asked


def test_the_nearest_name() -> None:
    assert nearest("reactor/sana-strem") == "reactor/sana-streaming"
    assert nearest("vidu-s2-edit") == "reactor/vidu-s2-editing"
    assert nearest("x3") == "xmax/x2"


# -- what a model is told --------------------------------------------------------------------------


def test_sana_of_each_generation() -> None:
    look = Look("in oil", settings=OWN)
    later = {"set_seed", "set_anchor_interval", "set_prompt", "start", "pause", "resume", "reset"}
    begun = told(adapter_for(SANA, later).prepare(look))
    assert begun == [
        ("set_seed", {"seed": 7}),
        ("set_anchor_interval", {"chunks": 20}),
        ("set_prompt", {"prompt": "in oil"}),
    ]
    assert told(adapter_for(SANA, later | {"set_mode"}).prepare(look)) == [
        ("set_mode", {"mode": "live"}),
        *begun,
    ]
    assert told(adapter_for(SANA, later - {"set_anchor_interval"}).prepare(look)) == [
        begun[0],
        begun[2],
    ]
    # What is not declared is not known to be absent, so it is tried.
    assert told(adapter_for(SANA).prepare(look))[0] == ("set_mode", {"mode": "live"})
    # The run goes on after a reconnect.
    assert told(adapter_for(SANA).prepare(look, is_running=True)) == begun


def test_only_what_changed_is_sent_again() -> None:
    adapter = adapter_for(SANA)
    given = Look("in oil", settings=OWN)
    assert adapter.change(given, given) == []
    wanted = Look("in chalk", settings=OWN | {"seed": 8})
    assert told(adapter.change(given, wanted)) == [
        ("set_seed", {"seed": 8}),
        ("set_prompt", {"prompt": "in chalk"}),
    ]
    assert not adapter.needs_new_run(given, wanted)


def test_a_model_that_shows_nothing_without_a_prompt_is_given_one() -> None:
    (_, prompt) = told(adapter_for(X2).prepare(Look("  ", settings=OWN)))
    assert prompt == ("set_prompt", {"prompt": X2.prompt and X2.prompt.without})
    assert told(adapter_for(SANA).prepare(Look(" ")))[-1] == ("set_prompt", {"prompt": " "})


def test_x2_is_armed_by_its_prompt_which_comes_last() -> None:
    look = Look("a robot", PICTURE, {"keep_backlog": True, **OWN})
    adapter = adapter_for(X2)
    assert told(adapter.prepare(look)) == [
        ("set_keep_backlog", {"keep_backlog": False}),
        ("set_keep_backlog", {"keep_backlog": True}),
        ("set_reference_image", {"reference_image": PICTURE}),
        ("set_prompt", {"prompt": "a robot"}),
    ]
    assert adapter.start() == []
    assert not adapter.can_pause
    assert adapter.needs_new_run(look, replace(look, image=None)), "only a reset forgets an image"
    assert not adapter.needs_new_run(look, replace(look, image=OTHER))


def test_joyai_takes_another_look_with_another_run() -> None:
    adapter, look = adapter_for(JOYAI), Look("a hat", settings=OWN)
    assert adapter.needs_new_run(look, replace(look, prompt="no hat"))
    assert adapter.needs_new_run(look, replace(look, image=PICTURE))
    assert not adapter.needs_new_run(look, replace(look, settings={"seed": 9}))
    with_image = replace(look, image=PICTURE)
    assert adapter.needs_new_session(with_image, look), "it keeps its image over a reset"
    assert not adapter.needs_new_session(look, with_image)
    assert told(adapter.end()) == [("reset", {})]


def test_vidu_is_shown_a_picture() -> None:
    adapter = adapter_for(VIDU)
    look = Look("unheard", PICTURE, {"editing_type": "virtual_tryon", **OWN})
    assert told(adapter.prepare(look)) == [
        ("start_edit", {"editing_type": "virtual_tryon", "reference_image": PICTURE})
    ]
    assert told(adapter.change(look, replace(look, image=OTHER))) == [
        ("switch_reference", {"reference_image": OTHER})
    ]
    other = replace(look, settings={"editing_type": "style_transfer"})
    assert told(adapter.change(look, other)) == [
        ("switch_reference", {"editing_type": "style_transfer"})
    ]
    assert VIDU.missing(Look("words")) is not None
    assert VIDU.missing(look) is None
    assert set(VIDU.unused(look)) == {"seed", "anchor_interval", "prompt"}


def test_helios_takes_prompt_and_image_in_one_message() -> None:
    adapter = adapter_for(HELIOS)
    look = Look("a lake", PICTURE, {"image_strength": 0.5, **OWN})
    assert told(adapter.prepare(look)) == [
        ("set_seed", {"seed": 7}),
        ("set_image_strength", {"image_strength": 0.5}),
        ("set_conditioning", {"prompt": "a lake", "image": PICTURE}),
    ]
    assert told(adapter.change(look, replace(look, prompt="a river"))) == [
        ("set_prompt", {"prompt": "a river"})
    ]
    assert told(adapter.change(look, replace(look, image=OTHER))) == [
        ("set_image", {"image": OTHER})
    ]


def test_a_value_out_of_range_is_answered_with_the_range() -> None:
    strength, scale = HELIOS.setting("image_strength"), HELIOS.setting("sr_scale")
    assert strength is not None
    assert scale is not None
    assert strength.fault(0.5) is None
    assert strength.fault(1.5) == "image_strength takes a number from 0 to 1, not 1.5"
    assert strength.fault(float("nan")) is not None
    assert strength.fault(True) == "image_strength takes a number from 0 to 1, not True"
    assert scale.fault("8x") == "sr_scale takes off, 2x, 4x, not '8x'"
    flag = Setting("on", "set_on", "on", "boolean")
    assert flag.fault(1) == "on takes true or false, not 1"
    assert Setting("n", "set_n", "n", "integer", most=3).fault(1.5) is not None


# -- what a model says -----------------------------------------------------------------------------


def test_a_state_of_sana() -> None:
    state = {"started": True, "running": False, "paused": True, "current_prompt": "x"}
    reading = read(SANA, ("state", state), ("chunk_complete", {"chunk_index": 3.0}))
    assert reading == ModelReading(True, True, True, "x", 3, None)


def test_a_run_that_ends_by_itself() -> None:
    begun = ("state", {"started": True})
    assert read(SANA, begun, ("state", {"started": False})).ended
    assert read(SANA, ("state", {"started": False})).ended is None, "it had not begun"
    assert read(SANA, begun, ("generation_complete", {"total_chunks": 3})).ended is None, (
        "its state says so"
    )
    assert read(JOYAI, ("session_state", {"started": True}), ("generation_complete", {})).ended


@pytest.mark.parametrize("odd", ["maybe", 1.0, [True], {}, "true"])
def test_a_state_of_odd_types_is_not_believed(odd: object) -> None:
    good = ("state", {"started": True, "paused": False, "current_prompt": "x"})
    lie = ("state", {"started": odd, "paused": odd, "current_prompt": odd})
    assert read(SANA, good, lie) == read(SANA, good)
    assert not read(SANA, lie).running


@pytest.mark.parametrize("index", [float("nan"), float("inf"), 1e300, -1.0, "twelve", None])
def test_a_chunk_that_is_no_number_leaves_the_former(index: object) -> None:
    good = ("chunk_complete", {"chunk_index": 3.0})
    assert read(SANA, good).chunk == 3
    assert read(SANA, good, ("chunk_complete", {"chunk_index": index})) == read(SANA, good)


def test_a_state_without_the_field_says_nothing_of_it() -> None:
    good = ("state", {"started": True})
    assert read(SANA, good, ("state", {"seed": 3.0})).running
    assert read(SANA, good, ("state", {"seed": 3.0})).ended is None


def test_x2_begins_again_after_another_image() -> None:
    runs = ("state_update", {"generating": True, "prompt": "x"})
    stands = ("state_update", {"generating": False})
    changed = ("generation_stopped", {"reason": "reference_image_changed"})
    reading = read(X2, runs, changed, stands)
    assert (reading.running, reading.ended) == (False, None)
    assert read(X2, runs, changed, stands, runs).running
    assert read(X2, runs, ("generation_stopped", {"reason": "source_lost"})).ended == "source_lost"


def test_vidu_shows_once_its_video_comes() -> None:
    def phase(name: str, **more: object) -> tuple[str, dict[str, object]]:
        return "session_state", {"phase": name, **more}

    warm = read(VIDU, phase("starting"), phase("warming_up", video_receiving=False))
    assert (warm.running, warm.shows) == (True, False)
    assert read(VIDU, phase("live", video_receiving=True)).shows
    ended = read(VIDU, phase("live"), phase("ended", end_reason="max_duration"))
    assert (ended.running, ended.ended) == (False, "max_duration")
    assert read(VIDU, phase("failed")).ended == "failed", "also before it ran"


# -- images ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"GIF89a", "no PNG, JPEG or WebP"),
        (b"\xff\xd8\xff" + bytes(8_000_000), "8.0 MB; at most 8 MB"),
    ],
)
def test_what_is_no_image(data: bytes, words: str) -> None:
    with pytest.raises(NotAnImage, match=words):
        Image.read(data, "cape.png")


def test_an_image_says_nothing_of_the_users_folders() -> None:
    image = Image.read(b"RIFF....WEBPVP8 ", "private/cape.webp")
    assert (image.mime_type, image.file_name) == ("image/webp", "image.webp")
    assert image == Image(image.data, "another name")
    assert "cape" not in image.file_name
    assert "VP8" not in repr(image)


# -- a model that nobody knows ---------------------------------------------------------------------


def _unknown() -> dict[str, object]:
    def command(**fields: object) -> dict[str, object]:
        schema = {"type": "object", "properties": fields}
        body = {"content": {"application/json": {"schema": schema}}}
        return {"post": {"requestBody": body}}

    reference = {"$ref": "#/components/schemas/File"}
    return {
        "components": {
            "schemas": {
                "File": {"format": "reactor-upload-reference", "type": "object"},
                "State": {"properties": {"generating": {}, "prompt": {}}},
            }
        },
        "paths": {
            "/events/set_prompt": command(prompt={"type": "string", "maxLength": 50.0}),
            "/events/set_image": command(image={"anyOf": [reference, {"type": "null"}]}),
            "/events/set_mood": command(mood={"type": "string", "enum": ["calm", "wild"]}),
            "/events/set_pose": command(x={"type": "number"}, y={"type": "number"}),
            "/health": {},
        },
        "webhooks": {
            "state_update": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/State"}}
                        }
                    }
                }
            }
        },
        "x-reactor": {
            "tracks": [
                {"name": "screen", "direction": "in", "kind": "video"},
                {"name": "sound", "direction": "out", "kind": "audio"},
                {"name": "main_video", "direction": "out", "kind": "video"},
            ]
        },
    }


def test_an_unknown_model_works_as_far_as_it_tells() -> None:
    schema = read_schema(_unknown())
    assert schema is not None
    model = complete(from_schema("nobody/thing", schema), schema)
    assert (model.adapter, model.input_track, model.output_track) == (
        "armed",
        "screen",
        "main_video",
    )
    assert model.prompt is not None
    assert model.prompt.most == 50
    assert model.image is not None
    assert [(one.name, one.choices) for one in model.settings] == [("mood", ("calm", "wild"))]
    assert (model.state.message, model.state.running) == ("state_update", "generating")
    assert any("begins by itself" in guess for guess in model.guessed)
    assert any("'screen'" in guess for guess in model.guessed)


@pytest.mark.parametrize("document", [None, [], {}, {"paths": []}, {"paths": {"/x": 1}}, 7])
def test_a_document_that_declares_nothing(document: object) -> None:
    assert read_schema(document) is None
