"""Bytes that are no text, in a name of the system, a driver or a model: it is told all the same."""

from __future__ import annotations

import json
import math

import pytest

from sana_vcam.control.protocol.events import Log, event_text
from sana_vcam.control.protocol.messages import Error, Ok, ReplyCode
from sana_vcam.control.protocol.replies import MessageBody
from sana_vcam.control.protocol.state import State

ODD = "caf\udce9 \ud83d \N{CAT}"
SHOWN = "caf? ? \N{CAT}"


class Nested(MessageBody):
    """A body as deep as any."""

    tables: dict[str, tuple[str, ...]]
    number: float = math.nan


@pytest.mark.parametrize(
    "name",
    [name for name, one in State.model_fields.items() if "str" in str(one.annotation)],
)
def test_a_state_with_such_a_text_is_told(name: str) -> None:
    fields: dict[str, object] = dict.fromkeys(State.model_fields)
    kind = str(State.model_fields[name].annotation)
    value: object = {ODD: ODD} if "dict" in kind else (ODD,) if "tuple" in kind else ODD
    message = event_text(State.model_construct(**(fields | {name: value, "paused": True})))
    message.encode()
    found = json.loads(message)["data"]
    assert found["paused"] is True
    assert found[name] in (SHOWN, [SHOWN], {SHOWN: SHOWN})


def test_replies_and_lines_of_the_log_too() -> None:
    reply = json.loads(Ok(1, Nested(tables={ODD: (ODD, "a")})).text())
    assert reply == {
        "type": "ok",
        "id": 1,
        "data": {"tables": {SHOWN: [SHOWN, "a"]}, "number": None},
    }
    line = json.loads(event_text(Log(time_s=1, level="info", logger="x", message=ODD)))
    assert line["data"]["message"] == SHOWN
    assert json.loads(Error(None, ReplyCode.REJECTED, ODD).text())["data"]["message"] == SHOWN
