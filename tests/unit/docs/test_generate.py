"""What is made from the models is current, valid and complete."""

from sana_vcam.clients.ctl import words
from sana_vcam.control.protocol import events, messages
from sana_vcam.docs import asyncapi, generate
from tests.fakes.controlserver import open_client


def test_every_generated_file_is_current(capsys):
    assert generate.main(["--check"]) == 0, "run: python -m sana_vcam.docs.generate"
    assert capsys.readouterr().out == ""


def test_what_is_outdated_is_named_and_written(tmp_path, capsys):
    assert generate.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out.count("outdated: sana_vcam/") == len(generate.texts())
    assert not list(tmp_path.iterdir())
    assert generate.main([], tmp_path) == 0
    assert capsys.readouterr().out.count("wrote: sana_vcam/") == len(generate.texts())
    assert not generate.outdated(tmp_path)
    (tmp_path / "docs" / "schema.json").write_text("{}")
    assert list(generate.outdated(tmp_path)) == ["docs/schema.json"]


def test_the_page_tells_of_every_word():
    page = (generate.PACKAGE / "docs" / "control-api.md").read_text()
    for name, model in [*messages.COMMANDS.items(), *events.EVENTS.items()]:
        assert f"\n### `{name}`\n" in page
        for field in model.model_fields.values():
            said = " ".join(field.description.split())
            assert f" | {said} |\n" in page
    for code in messages.ReplyCode:
        assert f"\n| `{code}` | " in page
    assert words.help_text() in page


def accepts(schema, value, root):
    """Whether `value` is valid: a small validator of the keywords in the models' schemas."""
    match schema:
        case {"$ref": str(ref)}:
            return accepts(root["$defs"][ref.rpartition("/")[2]], value, root)
        case {"anyOf": list(options)} | {"oneOf": list(options)}:
            return any(accepts(option, value, root) for option in options)
        case {"const": expected}:
            return value == expected
        case {"enum": list(words)}:
            return value in words
        case {"type": "object"}:
            properties = schema.get("properties", {})
            return (
                isinstance(value, dict)
                and set(schema.get("required", ())) <= set(value)
                and (schema.get("additionalProperties", True) or set(value) <= set(properties))
                and all(accepts(properties.get(k, {}), item, root) for k, item in value.items())
            )
        case {"type": "array"}:
            items = schema["items"]
            return isinstance(value, list) and all(accepts(items, item, root) for item in value)
        case {"type": "integer"}:
            least, most = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63)
            return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        case {"type": "number"}:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case {"type": "string"}:
            return isinstance(value, str) and len(value) <= schema.get("maxLength", 2**31)
        case {"type": "boolean"}:
            return isinstance(value, bool)
        case {"type": "null"}:
            return value is None
    return not schema or set(schema) <= {"title", "description", "default", "examples"}


async def test_real_messages_fit_the_schema(serve, controls):
    schema = asyncapi.json_schema()
    seen = []
    async with serve(stats_every_s=0.01) as server, open_client(server) as client:
        for name, model in messages.COMMANDS.items():
            example = {key: field.examples[0] for key, field in model.model_fields.items()}
            message = {"type": name, "id": name, "data": example}
            request = schema["$defs"][f"{asyncapi.camel(name)}Request"]
            assert accepts(request, message, schema)
            assert not accepts(request, message | {"more": 1}, schema)
            assert not accepts(request, message | {"data": example | {"more": 1}}, schema)
            await client.send(message)
        await client.send("subscribe state presets stats log")
        await client.send({"type": "nothing", "id": 5})
        while {m["type"] for m in seen} < {"hello", "state", "presets", "stats", "ok", "error"}:
            seen.append(await client.receive())
    for message in seen:
        assert accepts({"anyOf": schema["anyOf"]}, message, schema), message
        # A later daemon may say more.
        assert accepts({"anyOf": schema["anyOf"]}, message | {"later": 1}, schema)
    assert not accepts({"anyOf": schema["anyOf"]}, {"type": "state", "data": {}}, schema)
