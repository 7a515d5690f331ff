"""A session whose first words go unheard is not given up: each one that is costs money."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.coordinator import Coordinator
from tests.system.daemon import View, running_daemon, running_standin
from tests.system.webrtc.bridge.test_rollover import cloud_settings

NOIR = "film noir, black and white"


def grey(view: View) -> bool:
    """A picture of the noir edit: no colour, and not a flat card."""
    return view.colourfulness < 2.5 and view.luma.std() > 25


UNANSWERED = "was not answered; it is sent once more"
UNDECLARED = "the session does not say which commands it has"
NO_MODE = "this model has no set_mode; it is left out"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        pytest.param(("--deaf", "1"), [UNANSWERED], id="the first command, 2.x"),
        pytest.param(("--wire", "npm", "--deaf", "1"), [UNANSWERED], id="the first command, 1.x"),
        # Today's wire has no set_mode, and nothing says so.
        pytest.param(("--no-schema",), [UNDECLARED, NO_MODE], id="the schema, 2.x"),
        pytest.param(("--wire", "page", "--no-schema"), [UNDECLARED], id="the schema, 1.x"),
        pytest.param(
            ("--deaf", "2", "--no-schema"), [UNANSWERED, UNDECLARED, NO_MODE], id="both, 2.x"
        ),
    ],
)
async def test_what_goes_unanswered_costs_no_second_session(
    tmp_path: Path, flags: tuple[str, ...], words: list[str]
):
    async with running_standin(*flags) as standin, Coordinator(standin.url) as cloud:
        async with running_daemon(
            tmp_path, cloud.url, "--prompt", NOIR, **cloud_settings()
        ) as bridge:
            await bridge.control.live()
            await bridge.viewer.until(grey, "the noir edit")
            assert len(cloud.opened) == 1
            seen = {state["session"] for state in bridge.control.states}
            assert not seen & {"closing", "backoff", "refused"}
            log = "\n".join(bridge.log)
            assert [line for line in words if line not in log] == []
        assert cloud.still_open == []
        assert len(cloud.opened) == 1
        await standin.until_session("ready")
