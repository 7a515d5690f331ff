import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sana_vcam.control.protocol import messages, replies
from sana_vcam.control.protocol.messages import ProtocolError, ReplyCode
from sana_vcam.control.protocol.reading import parse

LARGEST_SEED = 2**53 - 1


def refused(message: str) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse(message)
    reply = json.loads(caught.value.reply().text())
    assert reply["type"] == "error"
    assert reply["data"] == {"code": caught.value.code, "message": caught.value.message}
    caught.value.reply().text().encode()
    return caught.value


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ('{"type":"get_state"}', messages.GetState()),
        ('{"type":"list_presets","data":{}}', messages.ListPresets()),
        ('{"type":"pause","data":null}', messages.Pause()),
        ('\ufeff {"type":"resume"}\r\n', messages.Resume()),
        ('{"type":"set_prompt","data":{"prompt":""}}', messages.SetPrompt(prompt="")),
        ('{"type":"set_prompt","data":{"prompt":"ünï 🎥"}}', messages.SetPrompt(prompt="ünï 🎥")),
        (
            '{"type":"set_prompt","data":{"prompt":"\\ud83c\\udfa5"}}',
            messages.SetPrompt(prompt="🎥"),
        ),
        ('{"type":"apply_preset","data":{"id":"anime"}}', messages.ApplyPreset(id="anime")),
        ('{"type":"step_preset"}', messages.StepPreset(by=1)),
        ('{"type":"step_preset","data":{"by":-1}}', messages.StepPreset(by=-1)),
        (
            f'{{"type":"set_seed","data":{{"seed":{LARGEST_SEED}}}}}',
            messages.SetSeed(seed=LARGEST_SEED),
        ),
        (
            '{"type":"set_anchor_interval","data":{"chunks":0}}',
            messages.SetAnchorInterval(chunks=0),
        ),
        ('{"type":"blank","data":{"on":true}}', messages.Blank(on=True)),
        ('{"type":"blank","data":{"on":null}}', messages.Blank()),
        ('{"type":"freeze"}', messages.Freeze()),
        ('{"type":"bypass","data":{"on":false}}', messages.Bypass(on=False)),
        (
            '{"type":"subscribe","data":{"events":["state","log"]}}',
            messages.Subscribe(events=("state", "log")),
        ),
        ('{"type":"subscribe","data":{"events":[]}}', messages.Subscribe(events=())),
    ],
)
def test_json(message, command):
    assert parse(message) == messages.Request(None, command)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("get_state", messages.GetState()),
        ("get_state\r\n", messages.GetState()),
        ("set_prompt as a clay figure", messages.SetPrompt(prompt="as a clay figure")),
        ("set_prompt a = b, c=d\r\n", messages.SetPrompt(prompt="a = b, c=d")),
        ("set_prompt prompt=as a clay figure", messages.SetPrompt(prompt="as a clay figure")),
        ("set_prompt\tone\u2028line", messages.SetPrompt(prompt="one\u2028line")),
        ("set_prompt prompt=", messages.SetPrompt(prompt="")),
        ('set_prompt {"a": 1}', messages.SetPrompt(prompt='{"a": 1}')),
        ("apply_preset anime", messages.ApplyPreset(id="anime")),
        ("apply_preset id=anime", messages.ApplyPreset(id="anime")),
        ("blank on", messages.Blank(on=True)),
        ("blank  off ", messages.Blank(on=False)),
        ("blank", messages.Blank()),
        ("freeze on=true", messages.Freeze(on=True)),
        ("bypass 0", messages.Bypass(on=False)),
        ("step_preset", messages.StepPreset()),
        ("step_preset by=-1", messages.StepPreset(by=-1)),
        ("step_preset -1", messages.StepPreset(by=-1)),
        ("set_seed 42", messages.SetSeed(seed=42)),
        ("set_anchor_interval chunks=7", messages.SetAnchorInterval(chunks=7)),
        ("subscribe state,log", messages.Subscribe(events=("state", "log"))),
        ("subscribe state stats", messages.Subscribe(events=("state", "stats"))),
        ("subscribe events=log", messages.Subscribe(events=("log",))),
    ],
)
def test_plain_text(line, command):
    assert parse(line) == messages.Request(None, command)


@pytest.mark.parametrize("request_id", [0, -1, LARGEST_SEED, "", "a", "é" * 128])
def test_the_id_is_echoed(request_id):
    request = parse(json.dumps({"type": "pause", "id": request_id}))
    assert request.id == request_id
    reply = messages.Ok(request.id, replies.Empty()).text()
    assert json.loads(reply) == {"type": "ok", "id": request_id, "data": {}}


def test_without_an_id_the_reply_has_none():
    assert json.loads(messages.Ok(None, replies.Empty()).text()) == {"type": "ok", "data": {}}


@pytest.mark.parametrize(
    "message",
    [
        "",
        " \r\n",
        "\ufeff",
        "{",
        '{"type":}',
        '{"type":"pause"} {"type":"pause"}',
        "{'type': 'pause'}",
        '"unfinished',
        '{"type":"set_seed","data":{"seed":NaN}}',
        '{"type":"set_seed","data":{"seed":-Infinity}}',
        '{"type":"set_seed","data":{"seed":' + "9" * 5000 + "}}",
        '{"type":"pause","id":1,"id":2}',
        '{"type":"set_seed","data":{"seed":1,"seed":2}}',
        '{"type":"set_prompt","data":{"prompt":"\\ud800"}}',
        '{"type":"pause","id":"\\udfff"}',
        '{"\\ud800":1}',
        "[" * 30_000,
        '{"a":' * 10_000,
        '{"type":"pause","data":' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"type":"pause","data":' + '{"a":' * 101 + "1" + "}" * 101 + "}",
        "blank on\nblank off",
        "set_prompt a\r\nset_prompt b\r\n",
        "set_prompt a\rset_prompt b",
    ],
)
def test_parse_error(message):
    error = refused(message)
    assert error.code == ReplyCode.PARSE_ERROR
    assert error.id is None


@pytest.mark.parametrize(
    ("message", "request_id"),
    [
        ("[]", None),
        ('"pause"', None),
        ("{}", None),
        ('{"id":7}', 7),
        ('{"type":null,"id":7}', 7),
        ('{"type":["pause"],"id":7}', 7),
        ('{"type":"pause","id":true}', None),
        ('{"type":"pause","id":1.5}', None),
        ('{"type":"pause","id":1e999}', None),
        ('{"type":"pause","id":{}}', None),
        ('{"type":"pause","id":9007199254740992}', None),
        (json.dumps({"type": "pause", "id": "x" * 129}), None),
        ('{"type":"pause","id":"a","data":[]}', "a"),
        ('{"type":"pause","id":"a","data":"on"}', "a"),
        ('{"type":"pause","id":"a","extra":1}', "a"),
    ],
)
def test_invalid_request(message, request_id):
    error = refused(message)
    assert error.code == ReplyCode.INVALID_REQUEST
    assert error.id == request_id


def test_an_unknown_command_names_the_nearest_and_all():
    error = refused('{"type":"set_promt","id":3}')
    assert error.code == ReplyCode.UNKNOWN_COMMAND
    assert error.id == 3
    assert "did you mean 'set_prompt'?" in error.message
    assert all(name in error.message for name in messages.COMMANDS)


@pytest.mark.parametrize("message", ["é", "42", "\x00{", "x" * 60_000, '{"type":""}', "GET /"])
def test_an_unknown_command_of_any_kind(message):
    error = refused(message)
    assert error.code == ReplyCode.UNKNOWN_COMMAND
    assert len(error.message) < 800


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ('{"type":"set_prompt"}', ["prompt: missing", "a string of at most 4000 characters"]),
        ("set_prompt", ["prompt: missing"]),
        ('{"type":"set_prompt","data":{"prompt":7}}', ["prompt:", "(got 7)", "a string"]),
        (json.dumps({"type": "set_prompt", "data": {"prompt": "x" * 4001}}), ["at most 4000"]),
        ("apply_preset", ["id: missing"]),
        ('{"type":"set_seed","data":{"seed":-1}}', ["seed:", "(got -1)", "from 0 to 900719925474"]),
        ('{"type":"set_seed","data":{"seed":9007199254740992}}', ["seed:", "from 0 to"]),
        ('{"type":"set_seed","data":{"seed":"42"}}', ["seed:", '(got "42")']),
        ('{"type":"set_seed","data":{"seed":1.5}}', ["seed:", "(got 1.5)"]),
        ('{"type":"set_seed","data":{"seed":true}}', ["seed:", "(got True)"]),
        ('{"type":"set_seed","data":{"seed":1e999}}', ["seed:", "(got inf)"]),
        ("set_seed many", ["seed:", '(got "many")', "an integer from 0"]),
        ("set_seed 1 2", ["one word too many", '"2"', "takes: seed"]),
        ("set_seed seed=1 seed=2", ["one word too many"]),
        ('{"type":"set_anchor_interval","data":{"chunks":10001}}', ["chunks:", "0 to 10000"]),
        ('{"type":"blank","data":{"on":"yes"}}', ["on:", "true or false"]),
        ('{"type":"blank","data":{"on":1}}', ["on:", "true or false"]),
        ("blank maybe", ["on:", '(got "maybe")']),
        ("blank off on", ["one word too many"]),
        ("blank of=on", ['unknown field "of"', "blank takes: on"]),
        ("pause now", ["one word too many", "takes: nothing"]),
        ('{"type":"pause","data":{"on":true}}', ['unknown field "on"', "pause takes: no fields"]),
        ('{"type":"subscribe"}', ["events: missing", "a list of: state, presets, stats, log"]),
        ("subscribe", ["events: missing"]),
        ('{"type":"subscribe","data":{"events":"state"}}', ["events:"]),
        ('{"type":"subscribe","data":{"events":["frames"]}}', ["events:", '(got "frames")']),
        (json.dumps({"type": "subscribe", "data": {"events": ["log"] * 17}}), ["events:"]),
        ("step_preset 1001", ["by:", "from -1000 to 1000"]),
    ],
)
def test_invalid_data_says_field_fault_and_expectation(message, parts):
    error = refused(message)
    assert error.code == ReplyCode.INVALID_DATA
    for part in parts:
        assert part in error.message
    assert len(error.message) < 800


def test_commands_round_trip():
    for model in messages.COMMANDS.values():
        examples = {name: field.examples[0] for name, field in model.model_fields.items()}
        command = model.model_validate(examples)
        assert parse(messages.request_text(command, 5)) == messages.Request(5, command)


ODD_TEXT = st.text(max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=8,
)
FIELDS = sorted({name for model in messages.COMMANDS.values() for name in model.model_fields})
LIKELY = st.fixed_dictionaries(
    {"type": st.sampled_from([*messages.COMMANDS, 1, None])},
    optional={
        "id": JSON,
        "data": JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=2),
    },
)
LINES = st.builds("{} {}".format, st.sampled_from([*messages.COMMANDS]), ODD_TEXT)


@settings(max_examples=150, deadline=None)
@given(ODD_TEXT | JSON.map(json.dumps) | LIKELY.map(json.dumps) | LINES)
def test_whatever_comes_gets_an_answer_that_can_be_sent(message):
    try:
        answer = messages.Ok(parse(message).id, replies.Empty()).text()
    except ProtocolError as error:
        answer = error.reply().text()
    assert json.loads(answer.encode())["type"] in {"ok", "error"}
