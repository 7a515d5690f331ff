"""Whatever a model says is small, finite and valid Unicode before anybody is told of it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from reactor_sdk import ReactorError

from sana_vcam.reactor.bounds import (
    MOST_CHARS,
    MOST_CHARS_IN_ALL,
    MOST_DEPTH,
    MOST_PARTS,
    SHORT_CHARS,
    bounded,
    short,
)
from sana_vcam.reactor.channel import Channel
from sana_vcam.reactor.errors import describe, from_command
from sana_vcam.reactor.link import ModelLink
from sana_vcam.reactor.messages import UnknownMessage, read_wire
from sana_vcam.reactor.models import HELIOS, SANA, Model
from sana_vcam.reactor.models.schema import read_schema
from sana_vcam.reactor.tracks import VideoTrack

MILLION = "\N{CAT}" * 1_000_000


def parts(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value
    return 1 + (sum(map(parts, inside)) if isinstance(value, (dict, list)) else 0)


def deep(depth: int) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value]
    return value


def test_what_is_within_bounds_stays_as_it_is() -> None:
    data = {"a": [1, 2.5, True, None, "text\n"], "b": {"c": "\N{CAT}"}, "d": deep(MOST_DEPTH - 1)}
    assert bounded(data) == data


@pytest.mark.parametrize(
    "value",
    [
        MILLION,
        [MILLION] * 100,
        list(range(1_000_000)),
        [[0] * 1000] * 1000,
        {str(number): MILLION for number in range(1000)},
        {MILLION: 1, 7: 2},
        deep(5000),
        [10**5000, float("nan"), float("inf"), object(), b"bytes"],
        "half \ud83d, \udce9, whole \ud83d\ude00",
    ],
    ids=itertools.count(),
)
def test_anything_else_is_cut(value: Any) -> None:
    found = bounded(value)
    assert parts(found) <= 2 * MOST_PARTS
    text = json.dumps(found, ensure_ascii=False)
    text.encode()
    assert len(text) <= MOST_CHARS_IN_ALL + 10 * MOST_PARTS


def test_halves_of_characters_become_whole_or_are_marked() -> None:
    assert bounded("a\ud83d\ude00b\ud83dc\udce9") == "a\U0001f600b\ufffdc\ufffd"


@pytest.mark.parametrize(
    "value", [MILLION, "a\nb", {"a": MILLION}, [1], 10**5000], ids=itertools.count()
)
def test_a_short_text_is_one_printable_line(value: object) -> None:
    assert len(short(value)) <= SHORT_CHARS
    assert short(value).isprintable()
    assert short(None) == ""


@pytest.mark.parametrize("record", [SANA, HELIOS])
def test_a_prompt_of_a_million_characters_is_not_passed_on(record: Model) -> None:
    def require() -> Any:
        raise AssertionError

    link = ModelLink(record, require, VideoTrack())
    state = record.state
    assert state.prompt is not None
    data = {state.prompt: MILLION, state.running: True, state.reason: MILLION}
    link.channel.message_arrived({"type": state.message, "data": data})
    assert link.reading.prompt == MILLION[:MOST_CHARS]
    for ended in (*state.ended_messages, state.message):
        data = {state.running: False, state.reason or "reason": MILLION}
        link.channel.message_arrived({"type": ended, "data": data})
        assert len(link.reading.ended or "") <= SHORT_CHARS


@pytest.mark.parametrize("kind", [MILLION, "a\nb", "\udce9"], ids=itertools.count())
def test_a_message_of_such_a_name_is_unknown_in_few_words(kind: str) -> None:
    with pytest.raises(UnknownMessage) as caught:
        read_wire({"type": kind})
    assert len(str(caught.value)) < 2 * SHORT_CHARS
    assert str(caught.value).isprintable()


def test_refusals_and_moderation_are_told_in_few_words(caplog: pytest.LogCaptureFixture) -> None:
    def require() -> Any:
        raise AssertionError

    told: list[str] = []
    channel = Channel(require)
    channel.on_late_refusal(lambda command, reason: told.extend((command, reason)))
    channel.message_arrived(
        {"type": "command_error", "data": {"command": MILLION, "reason": MILLION}}
    )
    data = {
        "action": "stop",
        "input_kind": MILLION,
        "message": MILLION,
        "categories": [MILLION] * 9,
    }
    channel.message_arrived({"type": "moderation", "data": data})
    assert [len(text) for text in told] == [SHORT_CHARS, SHORT_CHARS]
    assert all(len(record.getMessage()) < 5 * SHORT_CHARS for record in caplog.records)


def test_errors_of_the_sdk_are_told_in_few_words() -> None:
    error = ReactorError(f"\x1b[2J{MILLION}", code=MILLION)
    assert len(describe(error)) < 3 * SHORT_CHARS
    assert describe(error).isprintable()
    assert len(str(from_command(error, "set_prompt"))) < 3 * SHORT_CHARS


def test_a_document_of_any_size_and_shape_is_read() -> None:
    field = {
        "type": "string",
        "enum": [MILLION] * 500,
        "maxLength": 1e999,
        "default": float("nan"),
        "description": MILLION,
        "anyOf": 7,
    }
    body = {"content": {"application/json": {"schema": {"properties": {"look": field, "n": 3}}}}}
    odd = {"properties": {"x": {"enum": 5, "minimum": 10**400, "type": MILLION}}}
    odd_body = {"content": {"application/json": {"schema": odd}}}
    paths = {
        "/events/set_look": {"post": {"requestBody": body}},
        "/events/set_odd": {"post": {"requestBody": odd_body}},
        **{f"/events/c{number}": {} for number in range(10_000)},
    }
    schema = read_schema({"paths": paths, "x-reactor": {"tracks": 3}})
    assert schema is not None
    assert len(schema.commands) <= 200
    look = schema.commands["set_look"][0]
    assert look.most_chars is None
    assert all(len(one) <= SHORT_CHARS for one in look.choices)
    assert len(repr(schema)) < 200_000
