"""The transition, set over the API until the daemon ends."""

from __future__ import annotations

from sana_vcam.media.playout.transitions import Transition
from tests.fakes.controlserver import open_client


async def test_it_is_set_and_told(serve, controls):
    async with serve() as server, open_client(server) as client:
        reply = await client.ask("set_transition fade 0.4")
        assert reply["data"] == {"transition": "fade", "transition_s": 0.4, "note": "fade, 0.4 s"}
        assert (await client.ask("set_transition black"))["data"]["transition_s"] == 0.4
        assert (await client.ask("set_transition cut"))["data"]["note"] == "cut"
        asked = [value for name, value in controls.done if name == "set_transition"]
        assert asked == [Transition("fade", 0.4), Transition("black", 0.4), Transition("cut", 0.4)]
        for wrong, said in [
            ("wipe", 'kind: expected one of cut, fade, black (got "wipe")'),
            ("fade 2", 'seconds: expected a number from 0 to 1, or nothing (got "2")'),
            ("fade nan", 'seconds: expected a number from 0 to 1, or nothing (got "nan")'),
        ]:
            refused = (await client.ask(f"set_transition {wrong}"))["data"]
            assert refused == {"code": "invalid_data", "message": said}
        assert len(controls.done) == 3
