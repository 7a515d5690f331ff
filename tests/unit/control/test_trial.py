"""What comes back after a look was tried: on the data, and through the API."""

import asyncio

import pytest

from sana_vcam.control.trial import Trial
from sana_vcam.engine.desired import DesiredState
from sana_vcam.reactor.models import Image
from tests.fakes.controlserver import open_client
from tests.fakes.wire import exchange, get

CAPE = Image(b"cape", "cape.png")
NOIR = DesiredState(
    "noir words", "noir", 7, 20, image=CAPE, settings={"own": 1}, look_settings={"grain": 2}
)
CLAY = {"prompt": "as clay", "preset": None, "image": None, "look_settings": {}}


def tried(now, last=None, owner="page", **fields):
    """A trial of clay, and what is wanted with it."""
    wanted = CLAY | fields
    return Trial.of(owner, wanted, now, last), now.changed(wanted)


def test_the_whole_look_comes_back():
    trial, now = tried(NOIR)
    assert now != NOIR
    assert now.changed(trial.back(now)) == NOIR


def test_what_was_set_by_hand_meanwhile_stays():
    trial, now = tried(NOIR)
    later = now.changed({"seed": 99, "image": Image(b"hat", "hat.png")})
    back = later.changed(trial.back(later))
    assert (back.prompt, back.preset, back.seed) == ("noir words", "noir", 99)
    assert back.image.name == "hat.png"
    assert back.look_settings == {"grain": 2}


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "oil", "preset": "van-gogh", "image": None, "look_settings": {}},
        {"prompt": "another"},
        {"prompt": "as clay", "preset": "clay"},
    ],
)
def test_another_look_that_was_asked_for_meanwhile_stays_whole(other):
    trial, now = tried(NOIR)
    assert trial.back(now.changed(other)) == {}


def test_after_many_tries_what_was_on_before_the_first_comes_back():
    trial, now = tried(NOIR)
    for prompt in ("one", "two"):
        trial, now = tried(now, trial, prompt=prompt)
    assert now.changed(trial.back(now)) == NOIR


def test_a_try_after_another_look_goes_back_to_that():
    first, now = tried(NOIR)
    key = now.changed({"prompt": "oil", "preset": "van-gogh"})
    second, now = tried(key, first, prompt="two")
    assert now.changed(second.back(now)) == key


def test_the_trial_of_one_is_never_what_comes_back_for_another():
    first, now = tried(NOIR, owner="one page")
    second, now = tried(now, first, owner="another", prompt="two")
    assert now.changed(second.back(now)) == NOIR


TRY = {"type": "try_look", "data": {"prompt": "as clay"}}


def look(controls):
    return controls.current.prompt, controls.current.preset


async def wait_for(controls, expected):
    async with asyncio.timeout(30):
        while look(controls) != expected:
            controls.progress.clear()
            await controls.progress.wait()


@pytest.mark.parametrize("end", ["end_trial", "closing", "breaking"])
async def test_a_look_goes_with_the_trial_however_it_ends(serve, controls, end):
    async with serve() as server, open_client(server) as client:
        await client.ask("apply_preset noir")
        assert (await client.ask(TRY))["type"] == "ok"
        assert look(controls) == ("as clay", None)
        if end == "end_trial":
            assert (await client.ask("end_trial"))["data"] == {}
        elif end == "closing":
            await client.connection.close()
        else:
            client.connection.transport.abort()
        await wait_for(controls, ("black and white", "noir"))


async def test_one_that_is_kept_stays(serve, controls):
    async with serve() as server:
        async with open_client(server) as client:
            await client.ask("apply_preset noir")
            await client.ask(TRY)
            await client.ask({"type": "end_trial", "data": {"keep": True}})
        async with open_client(server) as client:
            # Nobody's trial is on any more, and another's cannot be ended.
            await client.ask("end_trial")
        assert look(controls) == ("as clay", None)


async def test_only_the_one_that_tries_ends_it(serve, controls):
    async with serve() as server, open_client(server) as client:
        await client.ask("apply_preset noir")
        await client.ask(TRY)
        async with open_client(server) as other:
            await other.ask("end_trial")
        assert look(controls) == ("as clay", None)
        await client.ask("end_trial")
        assert look(controls) == ("black and white", "noir")


async def test_one_that_is_refused_changes_nothing(serve, controls):
    long = {"type": "try_look", "data": {"prompt": "x", "image": "no-such.png"}}
    async with serve() as server, open_client(server) as client:
        await client.ask("apply_preset noir")
        await client.ask(TRY)
        reply = await client.ask(long)
        assert (reply["type"], reply["data"]["code"]) == ("error", "not_found")
        assert look(controls) == ("as clay", None)
        await client.ask("end_trial")
        assert look(controls) == ("black and white", "noir")


async def test_it_needs_a_connection_that_stays_open(serve, controls):
    async with serve() as server:
        for target in ("/v1/try_look?prompt=as+clay", "/v1/end_trial"):
            answer = await exchange(server, get(target))
            assert "connection that stays open" in answer.json["data"]["message"]
    assert controls.done == []
