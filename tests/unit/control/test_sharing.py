"""Looks as a file over the API: written, looked at, taken, forgotten."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest

from sana_vcam.config.preset import Preset
from sana_vcam.presets.looksfile import SharedLook, read_looks, write_looks
from tests.fakes.controlserver import TOKEN, open_client
from tests.unit.control.server.test_routes import exchange, get

PICTURE = cv2.imencode(".png", np.zeros((30, 50, 3), np.uint8))[1].tobytes()
CAPE = Preset(id="cape", name="Cape", prompt="a cape")
NOIR = Preset(id="noir", name="Noir", prompt="another")
FILE = write_looks([SharedLook(CAPE, PICTURE), SharedLook(NOIR)])


def command(name, /, **data):
    return {"type": name, "data": data}


def pieces(data: bytes, size: int = 150):
    for start in range(0, len(data), size):
        text = base64.b64encode(data[start : start + size]).decode()
        yield command("inspect_presets", data=text, more=start + size < len(data))


async def inspect(client, data: bytes = FILE):
    for piece in pieces(data):
        reply = await client.ask(piece)
    return reply


async def test_a_file_is_looked_at_and_taken(serve, controls):
    async with serve() as server, open_client(server) as client:
        before = controls.looks
        cape, noir = (await inspect(client))["data"]["looks"]
        assert controls.looks == before
        assert (cape["id"], cape["name"], cape["taken_by"], cape["have"]) == (
            "cape", "Cape", None, None,
        )  # fmt: skip
        assert cape["look"]["prompt"] == "a cape"
        assert (cape["picture"]["width"], cape["picture"]["height"]) == (50, 30)
        assert base64.b64decode(cape["picture"]["preview"]).startswith(b"\xff\xd8")
        assert (noir["id"], noir["taken_by"], noir["picture"]) == ("noir-2", "Film noir", None)
        taken = await client.ask(command("import_presets", ids=["noir", "cape"]))
        assert taken["data"] == {"added": ["cape", "noir-2"], "replaced": []}
        again = await client.ask(command("import_presets", ids=["cape"]))
        assert again["data"]["code"] == "rejected"
        assert "send it again" in again["data"]["message"]
        await inspect(client)
        taken = await client.ask(command("import_presets", ids=["noir"], replace=True))
        assert [one["prompt"] for one in taken["data"]["replaced"]] == ["black and white"]
        assert [one.id for one in controls.looks] == ["van-gogh", "noir", "cape", "noir-2"]


async def test_what_is_forgotten_is_not_taken(serve, controls):
    before = controls.looks
    async with serve() as server, open_client(server) as client:
        await inspect(client)
        assert (await client.ask("forget_presets"))["type"] == "ok"
        assert (await client.ask(command("import_presets", ids=["cape"])))["type"] == "error"
        await inspect(client)
        async with open_client(server) as other:
            # One file is held at a time, for whoever sent it last.
            assert (await other.ask(command("import_presets", ids=["cape"])))["type"] == "error"
            await inspect(other)
        assert (await client.ask(command("import_presets", ids=["cape"])))["type"] == "error"
        half = next(pieces(FILE))
        await client.ask(half)
        assert len((await inspect(client, FILE[150:]))["data"]["looks"]) == 2
    assert controls.looks == before


@pytest.mark.parametrize(
    ("request_data", "code", "words"),
    [
        (command("inspect_presets", data="???"), "invalid_data", "no base64"),
        (command("inspect_presets", data="AAAA"), "rejected", "no file of looks"),
        (command("inspect_presets", data=""), "rejected", "no file of looks"),
        (command("inspect_presets"), "invalid_data", "data: missing"),
        (command("import_presets", ids=["cape"]), "rejected", "no file of looks is held"),
        (command("import_presets", ids=["../x"]), "invalid_data", "ids"),
        (command("export_presets", ids=["nope"]), "not_found", "no preset 'nope'"),
    ],
)
async def test_refusals(serve, request_data, code, words):
    async with serve() as server, open_client(server) as client:
        reply = await client.ask(request_data)
        assert reply["data"]["code"] == code
        assert words in reply["data"]["message"]


async def test_ids_are_to_be_of_the_file(serve):
    async with serve() as server, open_client(server) as client:
        await inspect(client)
        refused = await client.ask(command("import_presets", ids=["nope"]))
        assert "the file has no look 'nope'" in refused["data"]["message"]
        refused = await client.ask(command("import_presets", ids=[]))
        assert "name at least one" in refused["data"]["message"]
        assert (await client.ask(command("import_presets", ids=["cape"])))["type"] == "ok"


async def test_a_file_that_is_too_large_is_refused_at_the_piece_that_is(serve, monkeypatch):
    monkeypatch.setattr("sana_vcam.control.sharing.MOST_FILE_BYTES", 200)
    async with serve() as server, open_client(server) as client:
        first, second, *_ = pieces(FILE)
        assert (await client.ask(first))["data"] == {"looks": []}
        refused = await client.ask(second)
        assert "more than" in refused["data"]["message"]


async def test_looks_are_exported_as_a_reply_and_as_a_file(serve):
    async with serve() as server, open_client(server) as client:
        text = (await client.ask("export_presets noir"))["data"]["text"]
        assert [look.preset.id for look in read_looks(text.encode())] == ["noir"]
        all_of_them = (await client.ask("export_presets"))["data"]["text"]
        answer = await exchange(server, get(f"/v1/looks.jsonl?token={TOKEN}", headers=""))
        assert answer.status == 200
        assert answer.body.decode() == all_of_them
        assert "sana-vcam-looks.jsonl" in answer.headers["content-disposition"]
        answer = await exchange(server, get(f"/v1/looks.jsonl?ids=x&token={TOKEN}", headers=""))
        assert answer.status == 404
        # Looking at a file needs a connection of one's own.
        target = f"/v1/inspect_presets?data=AAAA&token={TOKEN}"
        answer = await exchange(server, get(target, headers=""))
        assert json.loads(answer.body)["data"]["code"] == "rejected"
