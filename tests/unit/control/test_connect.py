"""Who holds the session after `connect`."""

import pytest

from sana_vcam.engine.demand import Hold
from sana_vcam.engine.states import SessionState as S
from tests.fakes.controlserver import open_client


@pytest.mark.parametrize(
    ("session", "wanted", "before", "after"),
    [
        # Viewers want one, and it failed: the next try comes now, and still ends with the call.
        (S.BACKOFF, True, Hold.AUTOMATIC, Hold.AUTOMATIC),
        (S.REFUSED, True, Hold.AUTOMATIC, Hold.AUTOMATIC),
        # Nobody wants one, or it is there: the user does, from now on.
        (S.REFUSED, False, Hold.AUTOMATIC, Hold.ON),
        (S.IDLE, False, Hold.AUTOMATIC, Hold.ON),
        (S.STREAMING, True, Hold.AUTOMATIC, Hold.ON),
        (S.BACKOFF, True, Hold.ON, Hold.ON),
        (S.REFUSED, False, Hold.OFF, Hold.ON),
    ],
)
async def test_a_try_is_no_hold(serve, controls, session, wanted, before, after):
    controls.hold = before
    now = {"session": session, "session_wanted": wanted, "hold": before}
    controls.current = controls.current.model_copy(update=now)
    async with serve() as server, open_client(server) as client:
        assert (await client.ask("connect"))["type"] == "ok"
    assert controls.done == [("connect", None)]
    assert controls.hold is after
