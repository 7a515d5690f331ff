"""What is billed, over the API, in the metrics, and for people to read."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sana_vcam.clients.ctl.ctl import run_ctl
from sana_vcam.clients.ctl.usage import render_usage
from sana_vcam.control.protocol import replies
from sana_vcam.control.server.counters import Counters
from sana_vcam.engine.states import SessionState
from sana_vcam.lib.threads import run_blocking
from tests.fakes.controls import FIRST_STATE
from tests.fakes.controlserver import open_client
from tests.fakes.wire import exchange, get

# What the fake daemon says: 1.5 minutes of a session, 50 of 60 of the day.
REPLY = {
    "session": {"seconds": 90.0, "cap_s": None, "cost": 0.75},
    "day": {"seconds": 3000.0, "cap_s": 3600.0, "cost": 25.0},
    "month": {"seconds": 6000.0, "cap_s": None, "cost": 50.0},
    "total_s": 9000.0,
    "price_per_min": 0.5,
    "currency": "USD",
    "budget": "50 min are used of the cap for today ([cost] day_cap_min = 60)",
    "billable": True,
}
TEXT = """\
this session       1.5 min   0.75 USD
today             50.0 min of 60 min   25.00 USD
this month       100.0 min   50.00 USD
ever             150.0 min
50 min are used of the cap for today ([cost] day_cap_min = 60)"""


async def test_usage_over_the_socket_and_by_get(serve):
    async with serve() as server, open_client(server) as client:
        reply = await client.ask("usage")
        assert reply == {"type": "ok", "data": REPLY}
        replies.Usage.model_validate(reply["data"])
        assert (await exchange(server, get("/v1/usage"))).json["data"] == REPLY


async def test_renew_is_carried_out_or_says_why_not(serve, controls):
    async with serve() as server, open_client(server) as client:
        refused = await client.ask({"type": "renew", "id": 1})
        assert (refused["type"], refused["data"]["code"]) == ("error", "not_ready")
        controls.current = FIRST_STATE.model_copy(update={"session": SessionState.STREAMING})
        assert (await client.ask({"type": "renew", "id": 2}))["type"] == "ok"
        assert controls.done == [("renew", None)]


async def test_ctl_shows_it(serve, runtime_dir):
    async with serve(same_user=True):

        def ctl(json_output: bool) -> str:
            out = io.StringIO()
            with redirect_stdout(out):
                assert run_ctl(["usage"], json_output=json_output, runtime_dir=runtime_dir) == 0
            return out.getvalue()

        assert await run_blocking(lambda: ctl(False), name="ctl") == TEXT + "\n"
        assert json.loads(await run_blocking(lambda: ctl(True), name="ctl"))["data"] == REPLY


def test_without_price_and_cap_there_are_minutes_alone():
    spent = {"seconds": 30.0, "cap_s": None, "cost": None}
    bare = {"day": spent, "month": spent, "total_s": 30.0, "currency": "USD", "budget": None}
    assert render_usage(bare).splitlines() == [
        "today              0.5 min",
        "this month         0.5 min",
        "ever               0.5 min",
    ]


def test_where_nothing_is_billed_that_is_said():
    free = render_usage({**REPLY, "billable": False})
    assert free.splitlines()[-1] == "now: free, with a model on this machine"
    assert "free" not in render_usage(REPLY)


@pytest.mark.parametrize("priced", [True, False])
async def test_the_metrics(serve, controls, priced):
    controls.current = FIRST_STATE.model_copy(
        update={
            "renewing": True,
            "billed_day_s": 12.0,
            "billed_month_s": 34.0,
            "cost_day": 0.1 if priced else None,
            "cost_month": 0.2 if priced else None,
        }
    )
    async with serve(counters=lambda: Counters(billed_s=56.5)) as server:
        text = (await exchange(server, get("/metrics"))).body.decode()
    samples = {
        (sample.name, sample.labels.get("period")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["sana_vcam_session_renewing", None] == 1
    assert samples["sana_vcam_billed_seconds_total", None] == 56.5
    assert samples["sana_vcam_billed_period_seconds", "day"] == 12
    assert samples["sana_vcam_billed_period_seconds", "month"] == 34
    assert samples.get(("sana_vcam_cost", "month")) == (0.2 if priced else None)
