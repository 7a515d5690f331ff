"""What a command will cost is said before it is sent."""

from __future__ import annotations

import pytest

from sana_vcam.clients.ctl import ctl
from sana_vcam.clients.ctl.prices import of_rehearsal
from sana_vcam.clients.terminal import EXIT_OK

STREAMS = {"session": "streaming", "billable": True}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, "billed as the session that runs, and nothing besides"),
        ({"price_per_min": 0.5, "currency": "EUR"}, "billed as the session that runs (0.5 EUR a "),
        (
            {"second_session": True, "price_per_min": 0.5, "currency": "EUR"},
            "a second session is billed beside the one that runs (0.5 EUR a minute each); view",
        ),
        ({"billable": False, "price_per_min": 0.5}, "costs nothing: the model runs on this"),
    ],
)
def test_what_a_rehearsal_costs(state: dict[str, object], said: str):
    assert (of_rehearsal(STREAMS | state) or "").startswith(said)


def test_where_none_can_begin_no_price_is_said():
    assert of_rehearsal({"session": "idle"}) is None


@pytest.mark.parametrize("words", [["rehearse", "noir"], ["rehearse", "noir", "--json"]])
def test_the_price_comes_before_the_command(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked: list[str] = []
    said_by_then: list[str] = []

    def answer(word: str, *_: object) -> dict[str, object]:
        said_by_then.append(capsys.readouterr().err)
        asked.append(word)
        note = {"applies": "next_chunk", "note": "in the preview in a moment"}
        return {"type": "ok", "id": 1, "data": STREAMS if word == "state" else note}

    monkeypatch.setattr(ctl, "_press", answer)
    assert ctl.main(words) == EXIT_OK
    if "--json" in words:
        assert asked == ["rehearse"]
        assert said_by_then == [""]
    else:
        assert asked == ["state", "rehearse"]
        assert "nothing besides; viewers keep a still" in said_by_then[1]
