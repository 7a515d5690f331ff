"""Browsers on plain PulseAudio list the source by its name, and hear the late voice of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from sana_vcam.voice.line import LineState
from tests.rigs.pipewire.browsers import CHROMIUM, FIREFOX, Reports, browse, missing
from tests.rigs.pulse import PulseSession
from tests.system.voice.pulsefixtures import line, session, talker
from tests.system.voice.rig import Carried
from tests.system.voice.test_browsers import LABEL, REPORT

__all__ = ["line", "session", "talker"]
BROWSERS = [CHROMIUM, FIREFOX]


@pytest.fixture
def reports() -> Iterator[Reports]:
    with Reports(REPORT).serving() as reports:
        yield reports


def test_both_browsers_list_and_hear_it(
    session: PulseSession, line: Carried, reports: Reports, require_tools: bool
):
    command = missing(shutil.which, BROWSERS)
    if command and not require_tools:
        pytest.skip(command)
    line.start(300)
    browse(session, reports, BROWSERS)
    for browser in BROWSERS:
        told = reports.found[browser]
        assert "error" not in told, told
        assert told["microphones"].count(LABEL) == 1, browser
        assert told["opened"] == LABEL, browser
        assert not [one for one in told["loudspeakers"] if "SANA" in one], browser
    assert line.is_in(LineState.HEARD).listeners
    for browser in BROWSERS:
        session.stop(browser)
    line.is_in(LineState.ASLEEP)
