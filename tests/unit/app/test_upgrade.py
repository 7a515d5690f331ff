"""The files of a release before are read by this one, and none of them is lost to either."""

from __future__ import annotations

import json
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sana_vcam.app.restarts import RESTARTS_FILE, RestartCounter
from sana_vcam.config.load import Loaded, load
from sana_vcam.config.preset import Preset
from sana_vcam.config.schema import CostConfig
from sana_vcam.config.source import ConfigSource
from sana_vcam.config.text import effective_json
from sana_vcam.control.access.tokens import TOKEN_FILE, load_token
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.leftovers import Leftovers
from sana_vcam.engine.usage import DROPPED_S, USAGE_FILE, UsageAccount, stored_seconds
from sana_vcam.presets.edits import Add
from sana_vcam.presets.file import edit_presets
from tests.fakes.sessions import FakeSessionFactory
from tests.fakes.virtualtime import virtual_time

RELEASE = Path(__file__).parents[2] / "fakes/release_0_1_0"
READ = json.loads((RELEASE / "read.json").read_text())
PLATFORM = "https://api.reactor.inc"
OPEN = "5b0d4d1c-7a3e-4a44-9d0f-0d8f6a3d2b11"
"""The session on the platform that was open when the daemon of then was killed."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Lay a copy of its folder of state, as private as it was."""
    return private(RELEASE / "state/sana-vcam", tmp_path / "state")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Lay a copy of its configuration, with the presets' own file beside it."""
    return private(RELEASE / "config/sana-vcam", tmp_path / "config") / "config.toml"


def private(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    for path in target.iterdir():
        path.chmod(0o600)
    target.chmod(0o700)
    return target


def values(loaded: Loaded) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(effective_json(loaded))["config"]
    return told


def test_every_key_of_then_has_the_value_of_then(config: Path):
    now = values(load(config))
    for name, section in READ["config"].items():
        assert {key: now[name][key] for key in section} == section


def test_the_presets_are_those_of_then(config: Path):
    now = values(load(config))["presets"]
    then = READ["presets"]
    for preset, kept in zip(now, then, strict=True):
        assert {key: preset[key] for key in kept} == kept


def test_an_edit_keeps_what_an_earlier_release_has_written(config: Path):
    before = load(config).config.presets
    _, after = edit_presets(ConfigSource(config), Add(Preset(id="fog", name="Fog", prompt="fog")))
    assert after[: len(before)] == before
    assert (config.parent / "presets.toml.bak").read_text() == (
        RELEASE / "config/sana-vcam/presets.toml"
    ).read_text()


def test_the_token_of_then_still_opens(state: Path):
    assert load_token(None, state) == (RELEASE / "state/sana-vcam" / TOKEN_FILE).read_text()


def test_a_daemon_that_was_killed_then_counts_as_such(state: Path):
    counter = RestartCounter(state / RESTARTS_FILE)
    counter.begin()
    assert counter.restarts == 1


def test_what_was_billed_then_counts(state: Path):
    noon = datetime(2026, 11, 29, 12).timestamp()
    told = stored_seconds(state / USAGE_FILE, noon)
    assert (told.day, told.month, told.total) == (600.0, 600.0, 600.0)
    # It goes on with the session that nobody holds any more, by its rule.
    account = UsageAccount(state / USAGE_FILE, CostConfig(), wall=lambda: noon + 3600)
    assert account.seconds.total == 600.0 + DROPPED_S


@virtual_time
async def test_a_session_that_was_open_then_is_ended_before_another_opens(state: Path):
    """A service that is killed, and started again as the new version."""
    ledger = Ledger(state / "sessions.json")
    assert {session.session_id for session in ledger.pending} >= {OPEN}
    platform = FakeSessionFactory()
    usage = UsageAccount(state / USAGE_FILE, CostConfig())
    leftovers = Leftovers(ledger, usage, platform, api_url=PLATFORM, clock=time.monotonic)

    assert leftovers.hold_up
    await leftovers.sweep()

    assert OPEN in platform.ended
    assert not leftovers.hold_up
    assert OPEN not in {session.session_id for session in Ledger(state / "sessions.json").pending}


def test_a_file_of_a_later_release_stays_as_it_is(state: Path):
    """After a downgrade: what is later is read as far as it is known, and not written over."""
    for name, later in (
        (USAGE_FILE, {"by_model": {"x2": 600.0}}),
        ("sessions.json", {"regions": ["eu"]}),
    ):
        path = state / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2} | later))
        before = path.read_bytes()
        if name == USAGE_FILE:
            account = UsageAccount(path, CostConfig())
            account.ready("another", 0.0)
            account.count()
        else:
            ledger = Ledger(path)
            assert OPEN in {session.session_id for session in ledger.pending}
            ledger.ended(OPEN)
        assert path.read_bytes() == before
