"""The packed plugin in a stand-in of its hosts, on both Nodes, at a daemon without a camera."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from sana_vcam.control.access.tokens import rotate_token
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.engine.quality.judge import QualityWord
from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import ProgramSource
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.reactor.models.x2 import X2
from sana_vcam.voice.line import LineState
from tests.fakes.controls import FakeControls, leave_control_file
from tests.system.node.streamdeck.conftest import NATURAL, TOKEN
from tests.system.node.streamdeck.host import Host

LIT = "#3ddc97"


async def commands(controls: FakeControls, count: int) -> list[tuple[str, object]]:
    """The first commands that the daemon has run, once there are so many."""
    async with asyncio.timeout(60):
        while len(controls.done) < count:
            await asyncio.sleep(0.01)
    return controls.done[:count]


async def test_a_look_is_shown_put_on_lit_and_taken_off(host, daemon, controls, each_node, flavour):
    async with daemon(), host(flavour, each_node) as deck:
        key = await deck.place("preset", preset="van-gogh", name="Van Gogh")
        await deck.until_online(key)
        assert LIT not in key.svg
        await deck.press(key)
        await deck.until_shown(key, LIT)
        await deck.press(key)
        await deck.until(lambda: LIT not in key.svg, "the key is out again")
        assert controls.done == [("apply_preset", "van-gogh"), ("apply_preset", "natural")]
        assert not deck.alerts


async def test_a_second_press_does_what_the_key_says(host, daemon, controls, node_20):
    async with daemon(), host("elgato", node_20) as deck:
        to_noir = await deck.place("preset", preset="van-gogh", off="noir")
        stays = await deck.place("preset", preset="noir", off="-")
        await deck.until_online(stays)
        # Faster than the daemon's state comes back.
        for key in (to_noir, to_noir, stays, stays):
            await deck.press(key)
        done = await commands(controls, 4)
        assert [value for _, value in done] == ["van-gogh", "noir", "noir", "noir"]


async def test_the_still_of_a_look_is_on_its_key(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        key = await deck.place("preset", preset="noir")
        await deck.until_shown(key, "data:image/jpeg;base64,", ">Film noir</text>")
        assert key.svg.count("data:image/jpeg") == 2  # once for each way to name it
        seen = key.images
        # Another picture of the same look has another version.
        noir = controls.looks[2]
        assert noir.id == "noir"
        newer = noir.model_copy(update={"thumbnail": None})
        controls.looks = (*controls.looks[:2], newer)
        await controls.library.save(ListedPreset(id="late", name="Late", prompt="late"), None)
        await deck.until_shown(key, "linearGradient")
        assert key.images > seen


async def test_a_prompt_is_asked_for_and_left(host, daemon, controls, node, flavour):
    words = "as a <clay> figure & more"
    async with daemon(), host(flavour, node) as deck:
        key = await deck.place("prompt", prompt=words)
        titled = await deck.place("prompt", prompt="other", title="Mine")
        await deck.until_online(titled)
        assert titled.says == "Mine"
        assert key.says == "as a &lt;clay&gt; figure &amp; more"
        await deck.press(key)
        await deck.until_shown(key, LIT)
        await deck.press(key)
        await deck.until(lambda: LIT not in key.svg, "the key is out again")
        assert controls.done == [("set_prompt", words), ("apply_preset", "natural")]


async def test_steps_name_where_they_go(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        following, before = await deck.place("next"), await deck.place("previous")
        await deck.until_says(following, "Van Gogh")
        await deck.until_says(before, "Film noir")
        await deck.press(before)
        await deck.until_says(following, "Van Gogh")
        assert await commands(controls, 1) == [("step_preset", -1)]


COSTS = {(True, True): "still billed", (False, False): "free", (True, False): "not billed"}
"""What a pause is said to cost: of a state's `billable` and `billing`."""


VOICES = {
    LineState.OPENING: "starting",
    LineState.ASLEEP: "not in use",
    LineState.SILENT: "silent",
    LineState.FAILED: "no sound",
}
"""What the key says of each state of the delayed microphone."""


async def test_switches_switch_and_tell_the_host_their_state(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        privacy = await deck.place("privacy")
        freeze = await deck.place("freeze")
        pause = await deck.place("pause")
        await deck.until_shown(privacy, ">Privacy</text>")
        for key, word in ((privacy, "HIDDEN"), (freeze, "FROZEN"), (pause, "PAUSED")):
            await deck.press(key)
            await deck.until_shown(key, f">{word}</text>")
            await deck.until(lambda key=key: key.state == 1, "its second state")
        assert "not billed" in pause.says
        for costs, words in COSTS.items():
            billable, billing = costs
            now = {"billable": billable, "billing": billing}
            controls.current = controls.current.model_copy(update=now)
            await deck.until_shown(pause, f">{words}</text>")
        for key in (privacy, freeze, pause):
            await deck.press(key)
            await deck.until(lambda key=key: key.state == 0, "its first state")
        assert [name for name, _ in controls.done] == [
            "blank", "freeze", "pause", "blank", "freeze", "resume",
        ]  # fmt: skip


async def test_the_delayed_microphone_is_switched_and_seen(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        key = await deck.place("voice")
        await deck.until_says(key, "Voice")
        await deck.press(key)
        await deck.until_says(key, "VOICE 1.6 s late")
        await deck.until(lambda: key.state == 1, "its second state")
        for state, words in VOICES.items():
            voice = controls.current.voice.model_copy(update={"state": state})
            controls.current = controls.current.model_copy(update={"voice": voice})
            await deck.until_says(key, f"VOICE {words}")
        await deck.press(key)
        await deck.until_says(key, "Voice")
        assert controls.done == [("set_voice", True), ("set_voice", False)]


async def test_a_playlist_plays_and_goes_on(host, daemon, controls, node, flavour, tmp_path):
    controls.playlists_file = tmp_path / "playlists.toml"
    controls.playlists_file.write_text(
        '[[playlists]]\nname = "show"\nentries = [{look = "noir"}, {look = "van-gogh"}]\n'
    )
    async with daemon() as server, host(flavour, node) as deck:
        key = await deck.place("playlist", playlist="show")
        whatever = await deck.place("playlist")
        await deck.until(lambda: whatever.says == "Playlist", "the daemon")
        for pressed, look, where in ((key, "noir", "1 / 2"), (whatever, "van-gogh", "2 / 2")):
            await deck.press(pressed)
            await controls.wait_done("apply_preset", look)
            controls.current = controls.current.model_copy(update={"playlist": controls.playing})
            server.notify_state()
            await deck.until_says(key, f"show {where}")
            await deck.until_says(whatever, f"show {where}")


async def test_a_look_is_rehearsed_and_taken_or_put_back(host, daemon, controls, node_20):
    controls.current = controls.current.model_copy(update={"session": SessionState.STREAMING})
    async with daemon() as server, host("elgato", node_20) as deck:
        look = await deck.place("rehearse", preset="noir")
        take, back = await deck.place("take"), await deck.place("back")
        await deck.until_says(look, "Film noir rehearse")
        await deck.press(take)
        await deck.until(lambda: deck.alerts[take.context] == 1, "an alert: nothing is rehearsed")
        await deck.press(look)
        await controls.wait_done("apply_preset", "noir")
        for stage in (RehearsalStage.COMING, RehearsalStage.READY):
            controls.current = controls.current.model_copy(update={"rehearsal": stage})
            server.notify_state()
            await deck.until_says(look, f"Film noir {stage}")
        await deck.until_shown(take, LIT)
        await deck.press(take)
        await deck.until(lambda: controls.off_air.until is not None, "it on air")
        await deck.press(back)
        await deck.until(lambda: deck.alerts[back.context] == 1, "an alert: it is on air")


async def test_a_clip_is_saved_and_a_recording_shown(host, daemon, controls, node_20):
    async with daemon(), host("opendeck", node_20) as deck:
        clip = await deck.place("clip", seconds="20")
        record = await deck.place("record")
        await deck.until_says(record, "Record not kept")
        await deck.until_says(clip, "Clip not kept")
        controls.current = controls.current.model_copy(update={"clips": True})
        await deck.until_says(clip, "Clip 20 s")
        await deck.until_says(record, "Record")
        await deck.press(clip)
        await controls.wait_done("clip", (20, False))
        await deck.press(record)
        await deck.until_says(record, "REC 0:00")
        await deck.until(lambda: record.state == 1, "its second state")
        await deck.press(record)
        await deck.until_says(record, "Record")
        assert [done for done in controls.done if done[0] == "record"] == [
            ("record", True), ("record", False),
        ]  # fmt: skip
        assert not deck.alerts
        assert not deck.unknown


async def test_a_setting_of_the_model_is_set_stepped_and_lit(host, daemon, controls, node, flavour):
    controls.model = X2
    async with daemon() as server, host(flavour, node) as deck:
        active = await deck.place("setting", setting="pointer_active")
        half = await deck.place("setting", setting="pointer_x", value="0.5")
        number = await deck.place("setting", setting="pointer_y")
        gone = await deck.place("setting", setting="of_another_model")
        await deck.until_says(gone, "no of another model")
        await deck.until_shown(active, ">active</text>")
        # Faster than the daemon tells what has become of it.
        for _ in range(3):
            await deck.press(active)
        await deck.press(half)
        await deck.press(number)
        await commands(controls, 4)
        server.notify_state()
        await deck.until_shown(active, LIT, ">on</text>")
        await deck.until(lambda: deck.alerts[number.context] == 1, "an alert: it has no choices")
        assert sorted(controls.done, key=str) == sorted(
            [("set_setting", ("pointer_active", on)) for on in (True, False, True)]
            + [("set_setting", ("pointer_x", "0.5"))],
            key=str,
        )


async def test_in_a_multi_action_the_choice_made_there_counts(host, daemon, controls, each_node):
    async with daemon(), host("elgato", each_node) as deck:
        plain = await deck.place("status")
        keys = [await deck.place(name, multi=True) for name in ("privacy", "freeze", "pause")]
        look = await deck.place("preset", multi=True, preset="noir")
        await deck.until_shown(plain, "fps</text>")
        for desired in (1, 1, 0):
            for key in keys:
                await deck.press(key, desired=desired)
        # An order, not a switch: it is not taken off by the second one.
        await deck.press(look)
        await deck.press(look)
        done = await commands(controls, 11)
        assert [done.count(("blank", on)) for on in (True, False)] == [2, 1]
        assert [done.count(("freeze", on)) for on in (True, False)] == [2, 1]
        words = [name for name, _ in done if name in {"pause", "resume"}]
        assert words == ["pause", "pause", "resume"]
        assert done.count(("apply_preset", "noir")) == 2
        # Nothing is drawn on what nobody sees.
        assert not any(key.images for key in [*keys, look])


async def test_in_opendecks_multi_action_the_keys_setting_counts(host, daemon, controls, each_node):
    async with daemon(), host("opendeck", each_node) as deck:
        plain = await deck.place("status")
        hide = await deck.place("privacy", multi=True, does="on")
        show = await deck.place("privacy", multi=True, does="off")
        await deck.until_shown(plain, "fps</text>")
        await deck.press(hide)
        await deck.press(hide)
        assert await commands(controls, 2) == [("blank", True)] * 2
        await deck.press(show)
        assert (await commands(controls, 3))[2] == ("blank", False)


async def test_hiding_does_not_wait_for_a_prompt_on_its_way(host, daemon, controls, node_20):
    async with daemon(), host("elgato", node_20) as deck:
        prompt = await deck.place("prompt", prompt="as a clay figure")
        privacy = await deck.place("privacy")
        show = await deck.place("privacy", does="off")
        await deck.until_shown(privacy, ">Privacy</text>")
        controls.gate.clear()
        await deck.press(prompt)
        await controls.waiting.wait()
        await deck.press(privacy)
        await deck.until_shown(privacy, ">HIDDEN</text>")
        # To show the picture again waits for the look that was asked for before it.
        await deck.press(show)
        await deck.press(privacy)
        await deck.until_shown(privacy, ">Privacy</text>")
        assert controls.done == [("blank", True), ("blank", False)]
        controls.gate.set()
        assert (await commands(controls, 4))[2:] == [
            ("set_prompt", "as a clay figure"),
            ("blank", False),
        ]


async def test_no_press_is_lost_however_fast(host, daemon, controls, node, flavour):
    """More than the daemon's limit takes: the plugin paces what it sends."""
    async with daemon(), host(flavour, node) as deck:
        following, before = await deck.place("next"), await deck.place("previous")
        await deck.until_says(following, "Van Gogh")
        presses = [following if number % 3 else before for number in range(150)]
        for key in presses:
            await deck.press(key)
        done = await commands(controls, 150)
        assert done == [("step_preset", 1 if key is following else -1) for key in presses]
        assert not deck.alerts


async def test_a_press_that_fails_says_so_on_its_key(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        refused = await deck.place("prompt", prompt="forbidden")
        gone = await deck.place("preset", preset="gone", name="Gone")
        unset = await deck.place("preset")
        fine = await deck.place("preset", preset="noir")
        await deck.until_says(gone, "no Gone")
        assert unset.says == "Choose a look"
        for key in (refused, gone, unset, fine):
            await deck.press(key)
        await deck.until(lambda: deck.alerts.total() == 3, "three alerts")
        assert set(deck.alerts) == {refused.context, gone.context, unset.context}
        assert await commands(controls, 1) == [("apply_preset", "noir")]
    assert "forbidden" not in deck.log  # prompts are private
    assert "a press failed: rejected" in deck.log


async def test_offline_is_plain_and_ends_by_itself(host, daemon, controls, node, flavour):
    """No daemon, then one, then none, then another with another port and token."""
    async with host(flavour, node) as deck:
        look = await deck.place("preset", preset="noir", name="Film noir")
        status = await deck.place("status")
        privacy = await deck.place("privacy")
        for key in (look, status, privacy):
            await deck.until_shown(key, ">offline</text>")
        assert "Film noir" in look.says
        await deck.press(privacy)
        await deck.until(lambda: deck.alerts[privacy.context] == 1, "an alert")
        for token in (TOKEN, "another-token-after-a-restart"):
            async with daemon(token=token):
                await deck.until_shown(privacy, ">Privacy</text>")
                await deck.press(privacy)
                await deck.until_shown(privacy, ">HIDDEN</text>")
                await deck.press(privacy)
                await deck.until_shown(privacy, ">Privacy</text>")
            for key in (look, status, privacy):
                await deck.until_shown(key, ">offline</text>")
        assert controls.done == [("blank", True), ("blank", False)] * 2
    assert "another-token" not in deck.log


async def test_a_new_token_is_taken_up(host, daemon, controls, node, flavour, tmp_path):
    """`ctl token --rotate` closes every client that came with the old one."""
    async with daemon(token=None), host(flavour, node) as deck:
        key = await deck.place("privacy")
        await deck.until_online(key)
        rotate_token(tmp_path / "state")
        await deck.until(lambda: "the token has changed" in deck.log, "the goodbye")
        await deck.until(lambda: deck.log.count("connected to") == 2, "back again")
        await deck.until_online(key)
        await deck.press(key)
        await deck.until_shown(key, ">HIDDEN</text>")


async def test_what_happens_to_a_press_under_way_when_the_daemon_goes(
    host, daemon, controls, node_20
):
    async with host("elgato", node_20) as deck:
        prompt = await deck.place("prompt", prompt="as a clay figure")
        async with daemon():
            await deck.until_online(prompt)
            controls.gate.clear()
            await deck.press(prompt)
            await controls.waiting.wait()
        await deck.until(lambda: deck.alerts[prompt.context] == 1, "an alert")
        controls.gate.set()
        async with daemon():
            await deck.until_online(prompt)
            # It may have run: it is not sent a second time.
            assert controls.done == []


async def test_status_tells_what_viewers_see(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        key = await deck.place("status")
        await deck.until_shown(key, ">IDLE</text>", ">no session</text>", ">24 fps</text>")
        live = {"output": ProgramSource.LIVE, "session": SessionState.STREAMING, "session_s": 754.0}
        controls.current = controls.current.model_copy(update=live)
        await deck.until_shown(key, ">LIVE</text>", ">12:34 min</text>")
        await deck.press(key)
        await deck.until_says(key, "LIVE no rating")
        measured = {"quality": QualityWord.FAIR, "glass_ms": 2140}
        controls.current = controls.current.model_copy(update=measured)
        await deck.until_says(key, "LIVE fair 2.1 s late")
        warning = "<circle"
        assert warning not in key.svg
        spent = {"cost_session": 0.4249, "currency": "USD", "budget": "80 % of the day's cap"}
        controls.current = controls.current.model_copy(update=spent)
        await deck.until_says(key, "LIVE fair 0.42 USD")
        assert warning in key.svg
        await deck.press(key)
        await deck.until_shown(key, "fps</text>")
        assert not deck.alerts


async def test_only_what_changed_is_drawn_again(host, daemon, controls, node_20):
    async with daemon(), host("elgato", node_20) as deck:
        look = await deck.place("preset", preset="van-gogh")
        status = await deck.place("status")
        await deck.until_online(look)
        await deck.until_shown(status, ">24 fps</text>")
        before = look.images
        for rate in (23.0, 22.0, 21.0):
            changed = {"fps_output": rate, "dropped": controls.current.dropped + 1}
            controls.current = controls.current.model_copy(update=changed)
            await deck.until_shown(status, f">{rate:.0f} fps</text>")
        assert look.images == before


async def test_many_changes_become_few_pictures(host, daemon, controls, node_20):
    async with daemon(), host("elgato", node_20) as deck:
        key = await deck.place("status")
        await deck.until_shown(key, ">24 fps</text>")
        before = key.images
        for rate in range(200):
            controls.current = controls.current.model_copy(update={"fps_output": float(rate)})
            await asyncio.sleep(0.002)
        await deck.until_shown(key, ">199 fps</text>")
        assert key.images - before < 100


async def test_after_sleep_and_device_changes_all_is_drawn_again(
    host, daemon, controls, node, flavour
):
    async with daemon(), host(flavour, node) as deck:
        key = await deck.place("privacy")
        await deck.until_shown(key, ">Privacy</text>")
        await deck.device("Change")
        for change in (deck.wake(), deck.device("Connect")):
            before = key.images
            await change
            await deck.until(lambda before=before: key.images > before, "drawn again")
        await deck.disappear(key)
        await deck.device("Disconnect")
        await deck.device("Connect")
        before = key.images
        await deck.appear(key)
        await deck.until(lambda: key.images > before, "drawn after it came back")
        await deck.press(key)
        await deck.until_shown(key, ">HIDDEN</text>")


async def test_the_dial_turns_hides_and_freezes(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        dial = await deck.place("dial", controller="Encoder")
        await deck.until(lambda: dial.feedback.get("name") == "No edit", "the strip")
        await deck.rotate(dial, 1)
        await deck.until(lambda: dial.feedback["name"] != "No edit", "a look")
        await deck.push(dial)
        await deck.until(lambda: controls.current.blank, "black")
        await deck.touch(dial)
        await deck.until(lambda: controls.current.freeze, "frozen")
        await deck.touch(dial, hold=True)
        await deck.until(lambda: controls.current.preset == "natural", "no edit")
        await deck.until(lambda: dial.feedback["name"] == NATURAL.name, "its name")
        assert dial.feedback["picture"].startswith("<svg ")
        assert dial.feedback["lit"] == 33
        assert dial.feedback["state"] == "IDLE  1/3"


async def test_ticks_of_a_fast_dial_add_up(host, daemon, controls, node_20):
    async with daemon(), host("elgato", node_20) as deck:
        dial = await deck.place("dial", controller="Encoder")
        await deck.until(lambda: dial.feedback.get("name") == "No edit", "the strip")
        for _ in range(40):
            await deck.rotate(dial, 1)
        await deck.rotate(dial, -3)
        async with asyncio.timeout(60):
            while sum(by for name, by in controls.done if name == "step_preset") != 37:
                await asyncio.sleep(0.01)


async def test_settings_changed_by_hand_are_shown(host, daemon, controls, node, flavour):
    async with daemon(), host(flavour, node) as deck:
        key = await deck.place("preset")
        await deck.until_says(key, "Choose a look")
        await deck.set_settings(key, preset="noir", name="Film noir")
        await deck.until_says(key, "Film noir")


async def test_the_inspector_gets_live_lists_and_never_the_token(
    host, daemon, controls, node, flavour, tmp_path
):
    async with daemon() as first, host(flavour, node) as deck:
        key = await deck.place("preset")
        await deck.until_says(key, "Choose a look")
        await deck.inspect(key)

        def newest() -> dict:
            return json.loads(deck.to_inspectors[-1])["payload"] if deck.to_inspectors else {}

        def ids() -> list[str]:
            return [preset["id"] for preset in newest().get("presets", [])]

        await deck.until(lambda: ids() == ["natural", "van-gogh", "noir"], "the list")
        await deck.until(lambda: newest()["connection"]["isOnline"], "the lamp")
        assert newest()["connection"]["where"] == first.url
        await controls.library.save(ListedPreset(id="late", name="Late", prompt="late"), None)
        await deck.until(lambda: ids()[-1] == "late", "the new look")

        # Another daemon, by its address with the token in it.
        elsewhere = tmp_path / "elsewhere"
        async with daemon(token="the-secret-of-another", folder=elsewhere) as second:
            where = f"{second.url}?token=the-secret-of-another"
            await deck.say_to_plugin(key, {"connection": {"url": where, "token": ""}})
            await deck.until(
                lambda: newest()["connection"]["where"] == second.url
                and newest()["connection"]["isOnline"], "the other one",
            )  # fmt: skip
            assert newest()["connection"]["hasToken"] is True
            assert deck.global_settings == {"url": second.url, "token": "the-secret-of-another"}
            await deck.say_to_plugin(key, {"connection": {"url": second.url, "token": "wrong"}})
            await deck.until(
                lambda: newest()["connection"]["trouble"] == "the daemon does not take this token",
                "a plain word about the token",
            )
        await deck.say_to_plugin(key, {"connection": {"url": "", "token": ""}})
        await deck.until(lambda: newest()["connection"]["where"] == first.url, "the first again")
        assert deck.global_settings == {"url": "", "token": ""}
        assert not any("secret" in text or TOKEN in text for text in deck.to_inspectors)
    assert "secret" not in deck.log


@pytest.mark.parametrize("said", [None, 5, [], {"connection": 5}, {"connection": {"url": 5}}])
async def test_nonsense_from_an_inspector_changes_nothing(host, daemon, said, node_20):
    async with daemon(), host("elgato", node_20) as deck:
        key = await deck.place("privacy")
        await deck.until_shown(key, ">Privacy</text>")
        await deck.say_to_plugin(key, said)
        await deck.press(key)
        await deck.until_shown(key, ">HIDDEN</text>")


async def test_another_computers_daemon_is_used_from_the_start(
    host, daemon, controls, node, flavour, tmp_path
):
    async with daemon(token="there", folder=tmp_path / "there") as there:
        async with host(flavour, node, url=there.url, token="there") as deck:
            key = await deck.place("privacy")
            await deck.until_shown(key, ">Privacy</text>")
        assert f"connected to {there.url}" in deck.log


@pytest.mark.parametrize("said", ["no JSON", "null", "[1]", '{"type": 5}', "", None])
async def test_somebody_else_on_the_port_does_no_harm(host, daemon, runtime, node_20, said):
    """`None` is an echo, an empty text is silence."""

    async def somebody(connection: ServerConnection) -> None:
        if said:
            await connection.send(said)
        async for text in connection:
            if said is None:
                await connection.send(text)

    async with serve(somebody, "127.0.0.1", 0) as server, host("elgato", node_20) as deck:
        key = await deck.place("privacy")
        port = next(iter(server.sockets)).getsockname()[1]
        leave_control_file(runtime / "sana-vcam", port, "x")
        await deck.until(lambda: "something else answers there, not sana-vcam" in deck.log, "seen")
        async with daemon():
            await deck.until_online(key)
            await deck.press(key)
            await deck.until_shown(key, ">HIDDEN</text>")


async def test_the_plugin_ends_with_its_host(host, daemon, each_node, flavour):
    async with daemon(), host(flavour, each_node) as deck:
        key = await deck.place("privacy")
        await deck.until_shown(key, ">Privacy</text>")
        assert await deck.close_plugin() == 0


async def test_a_link_in_place_of_control_json_is_not_followed(host, daemon, runtime, node_20):
    async with daemon(folder=runtime / "real"):
        (runtime / "sana-vcam").mkdir()
        (runtime / "sana-vcam" / "control.json").symlink_to(runtime / "real" / "control.json")
        async with host("elgato", node_20) as deck:
            key = await deck.place("privacy")
            await deck.until_shown(key, ">offline</text>")
            await deck.until(lambda: "is not running on this computer" in deck.log, "looked")
        assert "connected" not in deck.log


async def test_what_a_killed_daemon_left_is_no_daemon(host, daemon, runtime, node_20):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    leave_control_file(runtime / "sana-vcam", port, TOKEN)
    async with host("elgato", node_20) as deck:
        key = await deck.place("privacy")
        await deck.until(lambda: "is not running on this computer" in deck.log, "looked")
        async with daemon():
            await deck.until_online(key)


LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connection, _ = server.accept()
print(connection.recv(1000), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
async def test_another_user_on_the_daemons_port_is_not_shown_the_token(
    host, runtime: Path, node_20
):
    process = await asyncio.create_subprocess_exec(
        *("/usr/bin/env", "python3", "-I", "-c", LISTEN),
        user=65534, cwd="/", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    leave_control_file(runtime / "sana-vcam", port, TOKEN)
    try:
        async with host("elgato", node_20) as deck:
            key = await deck.place("privacy")
            await deck.until_shown(key, ">offline</text>")
            await deck.until(lambda: "another user listens there" in deck.log, "seen")
    finally:
        process.kill()
        said = await process.stdout.read()
        await process.wait()
    assert said == b""


async def test_a_bundle_that_crashes_on_load_is_noticed(plugin: Path, node_20):
    """What proves the other tests: the stand-in host would see a broken bundle."""
    code = plugin / "bin" / "plugin.js"
    code.write_text("nothing.there();\n" + code.read_text())
    deck = Host("elgato", plugin)
    with pytest.raises(AssertionError):
        async with deck.running(node_20, os.environ):
            pass
    assert "nothing is not defined" in deck.printed
