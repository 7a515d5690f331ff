"""What the model takes, over the API: listed, set, shown an image, and told when it changes."""

import base64
import json

import pytest

from sana_vcam.control.protocol.imagepieces import MAX_IMAGE_BYTES, PIECE_CHARS, ImagePieces
from sana_vcam.control.server import limits
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.reactor.models.vidu import VIDU
from tests.fakes.controlserver import open_client
from tests.fakes.wire import exchange, get

PNG = b"\x89PNG\r\n\x1a\n"


def command(name, /, **data):
    return {"type": name, "data": data}


def coded(data):
    return base64.b64encode(data).decode()


async def test_exactly_what_the_model_takes_is_listed(serve, controls):
    async with serve() as server, open_client(server) as client:
        sana = (await client.ask("list_settings"))["data"]
        controls.model = HELIOS
        helios = (await client.ask("list_settings"))["data"]
    assert [one["name"] for one in sana["settings"]] == ["seed", "anchor_interval"]
    assert (sana["image"], sana["schedule"], sana["takes_camera"]) == (None, False, True)
    assert (helios["model"], helios["schedule"]) == ("reactor/helios", True)
    assert helios["image"]["required"] is False
    assert helios["takes_camera"] is False
    assert helios["settings"][1] == {
        "name": "image_strength",
        "kind": "number",
        "least": 0.0,
        "most": 1.0,
        "choices": [],
        "default": None,
        "value": None,
        "takes": "live",
        "words": "How closely the scene keeps to the image.",
    }
    assert helios["settings"][2]["choices"] == ["off", "2x", "4x"]
    assert helios["settings"][2]["value"] == "off"


async def test_a_model_without_prompts_says_so(serve, controls):
    controls.model = VIDU
    async with serve() as server, open_client(server) as client:
        vidu = (await client.ask("list_settings"))["data"]
    assert vidu["prompt"] is None
    assert vidu["image"]["required"] is True


@pytest.mark.parametrize(
    ("request_data", "value"),
    [
        (command("set_setting", name="image_strength", value=0.25), 0.25),
        ("set_setting image_strength 0.25", 0.25),
        ("set_setting value=0.25 name=image_strength", 0.25),
        (command("set_setting", name="image_strength", value=1), 1),
    ],
)
async def test_a_setting_is_kept_in_the_state(serve, controls, request_data, value):
    controls.model = HELIOS
    async with serve() as server, open_client(server) as client:
        assert (await client.ask(request_data))["type"] == "ok"
        state = (await client.ask("get_state"))["data"]
        listed = (await client.ask("list_settings"))["data"]
    assert state["settings"] == {"image_strength": value}
    assert listed["settings"][1]["value"] == value


async def test_a_setting_by_get(serve, controls):
    controls.model = HELIOS
    async with serve() as server:
        answer = await exchange(server, get("/v1/set_setting?name=sr_scale&value=2x"))
        assert answer.status == 200
        answer = await exchange(server, get("/v1/set_setting?name=sr_scale&value=3x"))
        assert answer.status == 400
        assert "off, 2x, 4x" in json.loads(answer.body)["data"]["message"]
    assert controls.current.settings == {"sr_scale": "2x"}


@pytest.mark.parametrize(
    ("request_data", "code", "words"),
    [
        ("set_setting image_strength 2", "invalid_data", "a number from 0 to 1, not 2"),
        ("set_setting strength 1", "not_found", "have: image_strength"),
        ("set_setting image_strength", "invalid_data", "value: missing"),
        (command("set_setting", name="sr_scale", value=None), "invalid_data", "a number, true"),
        (command("set_setting", name="sr_scale", value=["2x"]), "invalid_data", "or a text of"),
        (command("set_image", data="no base64!"), "invalid_data", "no base64"),
        (command("set_image", data=coded(b"GIF89a"), name="a.gif"), "rejected", "a.gif is no PNG"),
        (command("set_image", data="A" * (PIECE_CHARS + 4)), "invalid_data", "at most 60000"),
        ("schedule_prompt 'a storm' -1", "invalid_data", "from 0 to"),
        ("schedule_prompt storm", "invalid_data", "chunk: missing"),
    ],
)
async def test_refusals(serve, controls, request_data, code, words):
    controls.model = HELIOS
    async with serve() as server, open_client(server) as client:
        reply = await client.ask(request_data)
    assert reply["type"] == "error"
    assert reply["data"]["code"] == code
    assert words in reply["data"]["message"]
    assert controls.done == []


async def test_an_image_in_pieces_and_none_again(serve, controls):
    controls.model = HELIOS
    async with serve() as server, open_client(server) as client:
        await client.ask(command("set_image", data=coded(PNG), more=True))
        await client.ask(command("set_image", data=coded(b"rest"), name="cape.png"))
        assert (await client.ask("get_state"))["data"]["image"] == "cape.png"
        await client.ask("set_image")
        assert (await client.ask("get_state"))["data"]["image"] is None
    assert controls.done == [("set_image", ("cape.png", len(PNG) + 4)), ("set_image", None)]


async def test_pieces_belong_to_their_connection(serve, controls):
    controls.model = HELIOS
    async with serve() as server, open_client(server) as one, open_client(server) as other:
        await one.ask(command("set_image", data=coded(PNG), more=True))
        refused = await other.ask(command("set_image", data=coded(b"rest")))
        assert refused["data"]["code"] == "rejected"
        answer = await exchange(server, get(f"/v1/set_image?more=true&data={coded(b'abc')}"))
        assert answer.status == 409
        assert "needs a connection" in json.loads(answer.body)["data"]["message"]
    assert controls.done == []


def test_no_more_than_an_image_is_ever_kept():
    pieces, piece = ImagePieces(), coded(bytes(PIECE_CHARS // 4 * 3))
    for _ in range(MAX_IMAGE_BYTES // (PIECE_CHARS // 4 * 3)):
        pieces.add(piece)
    with pytest.raises(CommandFailed, match="more than 8 MB"):
        pieces.add(piece)
    assert pieces.take("what is left") is None


def test_a_piece_fits_into_a_message():
    request = command("set_image", data="A" * PIECE_CHARS, name="\N{SNOWMAN}" * 255, more=True)
    assert len(json.dumps(request, ensure_ascii=False).encode()) < limits.MAX_MESSAGE_BYTES


async def test_clients_are_told_when_the_model_takes_something_else(serve, controls):
    async with serve() as server, open_client(server) as client:
        await client.ask(command("subscribe", events=["settings"]))
        assert (await client.event("settings"))["title"] == "SANA-Streaming"
        controls.model = HELIOS
        server.notify_state()
        assert (await client.event("settings"))["title"] == "Helios"
        await client.ask("set_setting sr_scale 4x")
        server.notify_state()
        assert (await client.event("settings"))["settings"][2]["value"] == "4x"


async def test_a_change_of_something_else_is_no_news_of_the_settings(serve, controls):
    async with serve() as server, open_client(server) as client:
        await client.send(command("subscribe", events=["settings", "state"]))
        await client.event("settings")
        heard = []
        controls.note("blank", blank=True)
        server.notify_state()
        while not heard or not (heard[-1]["type"] == "state" and heard[-1]["data"]["blank"]):
            heard.append(await client.receive())
        controls.note("blank", blank=False)
        server.notify_state()
        while heard[-1]["type"] != "state" or heard[-1]["data"]["blank"]:
            heard.append(await client.receive())
    assert "settings" not in [one["type"] for one in heard]
