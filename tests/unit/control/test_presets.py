"""Presets over the API: saved, removed, moved, continued, and shown."""

import json

import pytest

from sana_vcam.control.protocol import messages
from sana_vcam.control.server import routes
from sana_vcam.presets.library import THUMBNAIL_PATH
from tests.fakes.controls import JPEG
from tests.fakes.controlserver import TOKEN, open_client
from tests.unit.control.server.test_routes import exchange, get

DUSK = {"id": "dusk", "name": "Dusk", "prompt": "Relight the scene.", "seed": 7, "evolve": ["On."]}
DUSK |= {
    "image": "dusk.png",
    "settings": {"image_strength": 0.5, "sr_scale": "2x"},
    "group": "Work",
}


def command(name, /, **data):
    return {"type": name, "data": data}


async def ids(client):
    reply = await client.ask("list_presets")
    return [preset["id"] for preset in reply["data"]["presets"]]


async def test_a_preset_is_saved_moved_renamed_and_removed(serve):
    async with serve() as server, open_client(server) as client:
        assert await client.ask(command("save_preset", **DUSK)) == {"type": "ok", "data": DUSK}
        assert await ids(client) == ["van-gogh", "noir", "dusk"]
        moved = await client.ask(command("move_preset", id="dusk", place=0))
        assert [one["id"] for one in moved["data"]["presets"]] == ["dusk", "van-gogh", "noir"]
        renamed = DUSK | {"id": "evening"}
        saved = await client.ask(command("save_preset", **renamed, replaces="dusk"))
        assert saved["data"] == renamed
        assert await ids(client) == ["evening", "van-gogh", "noir"]
        assert (await client.ask("remove_preset evening"))["data"] == renamed
        assert [one["id"] for one in (await client.ask("reset_presets"))["data"]["presets"]] == [
            "van-gogh",
            "noir",
        ]


async def test_what_is_left_out_is_at_its_default(serve):
    async with serve() as server, open_client(server) as client:
        reply = await client.ask(command("save_preset", id="x", name="X", prompt=""))
        named = {"id": "x", "name": "X", "prompt": ""}
        assert reply["data"] == named | {
            "seed": None,
            "evolve": [],
            "image": None,
            "settings": {},
            "group": None,
        }


@pytest.mark.parametrize(
    ("request_data", "code", "words"),
    [
        (command("save_preset", id="Dusk!", name="D", prompt=""), "invalid_data", "lower-case"),
        (command("save_preset", id="x", name="", prompt=""), "invalid_data", "name"),
        (command("save_preset", id="x", name="X"), "invalid_data", "prompt: missing"),
        (command("save_preset", **DUSK | {"seed": -1}), "invalid_data", "seed"),
        (command("save_preset", **DUSK | {"seed": "7"}), "invalid_data", "or nothing"),
        (command("save_preset", **DUSK | {"evolve": "On."}), "invalid_data", "at most 12 texts"),
        (command("save_preset", **DUSK | {"evolve": [""]}), "invalid_data", "evolve"),
        (command("save_preset", **DUSK | {"evolve": ["x"] * 13}), "invalid_data", "evolve"),
        (command("save_preset", **DUSK | {"image": ""}), "invalid_data", "image"),
        (command("save_preset", **DUSK | {"settings": {"a b": 1}}), "invalid_data", "settings"),
        (command("save_preset", **DUSK | {"settings": {"a": [1]}}), "invalid_data", "settings"),
        (command("save_preset", **DUSK | {"settings": {"a": None}}), "invalid_data", "settings"),
        (command("save_preset", **DUSK | {"settings": 3}), "invalid_data", "at most 32 settings"),
        (command("save_preset", **DUSK | {"settings": {"seed": 3}}), "invalid_data", "seed = 42"),
        (command("save_preset", **DUSK | {"thumbnail": "x"}), "invalid_data", "unknown field"),
        (command("save_preset", **DUSK | {"id": "unwritable"}), "rejected", "may not write it"),
        (command("save_preset", **DUSK, replaces="nope"), "not_found", "no preset 'nope'"),
        (command("save_preset", **DUSK | {"id": "noir"}, replaces="van-gogh"), "rejected", "noir"),
        (command("move_preset", id="noir"), "invalid_data", "place: missing"),
        (command("move_preset", id="noir", place=-1), "invalid_data", "from 0 to"),
        (command("remove_preset", id="nope"), "not_found", "no preset 'nope'"),
        (command("thumbnail", id="van-gogh"), "not_found", "no still"),
        (command("suggest", prompt=7), "invalid_data", "at most 4000 characters, or nothing"),
        ('save_preset "x', "invalid_data", "quotation mark"),
    ],
)
async def test_refusals(serve, controls, request_data, code, words):
    before = controls.looks
    async with serve() as server, open_client(server) as client:
        reply = await client.ask(request_data)
    assert reply["type"] == "error"
    assert reply["data"]["code"] == code
    assert words in reply["data"]["message"]
    assert controls.looks == before


async def test_suggestions_are_of_the_prompt_in_force_or_of_another(serve):
    async with serve() as server, open_client(server) as client:
        await client.ask("set_prompt as a clay figure")
        for request in ("suggest", command("suggest", prompt=None)):
            found = (await client.ask(request))["data"]["suggestions"]
            assert all(one["prompt"].startswith("as a clay figure, ") for one in found)
        found = (await client.ask("suggest a charcoal drawing"))["data"]["suggestions"]
        assert {"label": "Mist", "prompt": "a charcoal drawing, in pale morning mist"} in found


async def test_lines_of_text_have_quotes_for_values_with_spaces(serve, controls):
    async with serve() as server, open_client(server) as client:
        line = "save_preset dusk 'Dusk light' prompt=\"It's dusk.\" seed=3 evolve='One.\\nTwo.'"
        reply = await client.ask(line.replace("\\n", " "))
        assert reply["data"]["prompt"] == "It's dusk."
        assert reply["data"]["name"] == "Dusk light"
        await client.ask("move_preset dusk 0")
        await client.ask("remove_preset id=dusk")
    assert [name for name, _ in controls.done] == ["save_preset", "move_preset", "remove_preset"]


async def test_as_addresses(serve, controls):
    async with serve() as server:
        target = "/v1/save_preset?id=dusk&name=Dusk&prompt=Relight+it&seed=3&evolve=One.%0ATwo."
        answer = await exchange(server, get(target))
        assert answer.json["data"]["evolve"] == ["One.", "Two."]
        assert (await exchange(server, get("/v1/move_preset?id=dusk&place=0"))).status == 200
        assert (await exchange(server, get("/v1/remove_preset?id=dusk"))).status == 200
        assert (await exchange(server, get("/v1/remove_preset?id=dusk"))).status == 404
        assert (await exchange(server, get("/v1/suggest?prompt=as+a+clay+figure"))).status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("id=noir", 200),
        ("id=noir&v=3", 200),
        ("v=3&id=noir", 200),
        ("id=van-gogh&v=3", 404),
        ("id=nope", 404),
        ("v=3", 400),
        ("id=noir&v=x", 400),
        ("id=noir&w=3", 400),
    ],
)
async def test_the_still_as_a_picture(serve, query, status):
    async with serve() as server:
        address = f"{THUMBNAIL_PATH}?{query}&token={TOKEN}"
        answer = await exchange(server, get(address, headers=""))
        assert answer.status == status
        assert (answer.body == JPEG) == (status == 200)
        kind = "image/jpeg" if status == 200 else "application/json"
        assert answer.headers["content-type"] == kind
        without = await exchange(server, get(f"{THUMBNAIL_PATH}?{query}", headers=""))
        assert without.status == 401
    assert routes.THUMBNAIL_PATH == THUMBNAIL_PATH


async def test_the_listed_address_is_one_that_works(serve):
    async with serve() as server, open_client(server) as client:
        await client.send(json.dumps(command("subscribe", events=["presets"])))
        event = await client.event("presets")
        addresses = [preset["thumbnail"] for preset in event["presets"]]
        assert addresses == [None, "/v1/thumbnail.jpg?id=noir&v=3"]
        assert (await exchange(server, get(addresses[1]))).body == JPEG


def test_a_preset_and_the_command_that_saves_it_have_the_same_limits():
    schemas = [
        model.model_json_schema()["properties"]
        for model in (messages.SavePreset, messages.SavePreset.reply)
    ]
    for key in ("id", "name", "prompt", "seed", "evolve", "image", "settings"):
        saved, kept = (
            {k: v for k, v in schema[key].items() if k not in {"description", "examples"}}
            for schema in schemas
        )
        assert saved == kept, key
