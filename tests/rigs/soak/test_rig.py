"""The soak finds what it is there for: planted faults of each kind, which make it end with 1."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.fakes.coordinator import KEY, MODEL
from tests.rigs.faults import stage
from tests.rigs.faults.clip import Seen
from tests.rigs.soak import __main__ as rig
from tests.rigs.soak.__main__ import PLAN, Soak

BYPASS = replace(PLAN, settings={**PLAN.settings, "PRIVACY__ALLOW_BYPASS": "true"})
PATIENCE_S = 30.0
TRACEBACK = "Traceback (most recent call last):"


class Planted(Soak):
    """A soak in which each fault is there that it has to find."""

    async def run(self, until: float) -> None:
        await super().run(until)
        for step in (self.tripped, self.said_much, self.shown, self.leaked):
            await self.play(step)

    async def tripped(self) -> None:
        """The daemon logs a defect."""
        self._stage.daemon.log.append(TRACEBACK)

    async def said_much(self) -> None:
        """More than what is kept of its log."""
        log = self._stage.daemon.log
        assert log.maxlen is not None
        log.extend(["nothing is wrong"] * (log.maxlen + 1))

    async def shown(self) -> None:
        """Viewers see the camera itself."""
        await self._ask("bypass", on=True)
        await self._stage.sees(Seen.RAW)
        await self._ask("bypass", on=False)

    async def leaked(self) -> None:
        """A session is opened, and nobody ends it."""
        url = self._stage.cloud.url
        token = await asyncio.to_thread(_post, f"{url}/tokens", {}, {"Reactor-API-Key": KEY})
        bearer = {"Authorization": f"Bearer {token['jwt']}"}
        await asyncio.to_thread(_post, f"{url}/sessions", {"model": {"name": MODEL}}, bearer)


def _post(url: str, body: Any, headers: dict[str, str]) -> Any:
    request = Request(url, json.dumps(body).encode(), headers)
    with urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def test_a_session_left_open_a_raw_frame_and_a_traceback_end_it_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nothing is going to end the session: these are only waited out.
    monkeypatch.setattr(rig, "ENDED_S", 1.0)
    monkeypatch.setattr(stage, "ENDED_PATIENCE_S", 0.5)

    assert rig.main(["--minutes", "0"], of=Planted, plan=BYPASS) == 1

    said, log = capsys.readouterr()
    assert "1 sessions left open" in said
    assert "sessions left at the runtimes: [0, 1]" in said
    assert "raw frames" in said
    assert said.count(TRACEBACK) == 1
    assert "5 faults" in said
    assert "POST /sessions: 201" in log
    assert "POST /sessions: 201" in log
