"""The keys, the session's button, the fine tuning: what they send and what they say."""

import logging
import re

import pytest
from playwright.async_api import expect

from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import ProgramSource

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("name", ["blank", "freeze"])
async def test_a_switch_is_pressed_and_lit(open_desk, controls, name):
    async with open_desk() as desk:
        key = desk.find(f"#{name}-button")
        assert await key.get_attribute("aria-pressed") == "false"
        await key.click()
        await desk.done(name, True)
        assert await key.get_attribute("aria-pressed") == "false"
        desk.server.notify_state()
        await expect(key).to_have_attribute("aria-pressed", "true")
        await expect(key).to_contain_text("viewers see")
        await key.click()
        await desk.done(name, False)
        await desk.say()
        await expect(key).to_have_attribute("aria-pressed", "false")


async def test_pause_and_resume_with_honest_labels(open_desk):
    async with open_desk() as desk:
        key, note = desk.find("#pause-button"), desk.find("#pause-note")
        await expect(note).to_have_text("still billed")
        await key.click()
        await desk.done("pause")
        await desk.say(session=SessionState.PAUSED, output=ProgramSource.SLATE, card="Paused")
        await expect(key).to_have_attribute("aria-pressed", "true")
        await expect(note).to_have_text("paused, still billed")
        await expect(desk.find("#sentence")).to_contain_text("still billed")
        await desk.say(session=SessionState.IDLE)
        await expect(note).to_have_text("paused, not billed")
        await key.click()
        await desk.done("resume")
        await desk.say(session=SessionState.IDLE)
        await expect(note).to_have_text("no session is open")


async def test_connect_disconnect_and_try_again(open_desk):
    async with open_desk() as desk:
        button = desk.find("#session-button")
        await expect(button).to_have_text("Disconnect ends the billing")
        # Viewers watch: a slip can be taken back, by the key itself, by Undo and by U.
        toasts = desk.find("#toasts")
        for take_back in (button.click, desk.button("Undo").click, None):
            await button.click()
            await expect(toasts).to_contain_text("Disconnecting: viewers will see a card")
            await expect(button).to_contain_text("press to stay")
            await (take_back() if take_back else desk.page.keyboard.press("u"))
            await expect(toasts).to_have_text(re.compile("Still connected"))
            await expect(button).to_have_text("Disconnect ends the billing")
        assert desk.controls.done == []
        await button.click()
        await desk.button("Now").click()
        await desk.done("disconnect")
        await desk.say(session=SessionState.IDLE, session_s=None)
        await expect(button).to_have_text("Connect billed per second")
        await button.click()
        await desk.done("connect")
        await desk.say(session=SessionState.REFUSED, error="the key was refused")
        await expect(button).to_have_text("Try again billed once it runs")
        await desk.say(session=SessionState.WAITING, error=None)
        await expect(button).to_have_text("Disconnect stops trying")
        desk.controls.done.clear()
        await desk.say(session=SessionState.REFUSED)
        await expect(button).to_contain_text("Try again")
        await button.click()
        await desk.done("connect")


@pytest.mark.parametrize("end", ["waiting", "closing the page"])
async def test_a_disconnect_that_is_not_taken_back_is_carried_out(open_desk, end):
    async with open_desk() as desk:
        await desk.page.clock.install()
        await desk.open()
        await desk.find("#session-button").click()
        await expect(desk.find("#toasts")).to_contain_text("Disconnecting")
        if end == "waiting":
            await desk.page.clock.run_for(5000)
        else:
            await desk.page.goto("about:blank")
        await desk.done("disconnect")
        assert desk.controls.done == [("disconnect", None)]


async def test_nobody_waits_for_a_disconnect_that_nobody_would_miss(open_desk):
    async with open_desk() as desk:
        await desk.say(viewers=0)
        await expect(desk.find("#sink-line")).to_contain_text("nobody watches")
        await desk.find("#session-button").click()
        await desk.done("disconnect")


async def test_a_switch_that_another_hides_is_not_lit(open_desk):
    async with open_desk() as desk:
        await desk.say(freeze=True, blank=True, output=ProgramSource.BLANK)
        key = desk.find("#freeze-button")
        await expect(desk.find("#freeze-note")).to_have_text("on, below Blank")
        await expect(key).to_have_attribute("aria-pressed", "true")
        # Their colours change by degrees.
        ground = "getComputedStyle(document.getElementById('{}-button')).backgroundColor"
        await desk.until(f"{ground.format('blank')} !== {ground.format('freeze')}")
        await desk.say(blank=False, output=ProgramSource.FREEZE)
        await expect(desk.find("#freeze-note")).to_have_text("viewers see a still")


async def test_the_raw_camera_is_explained_while_it_is_locked(open_desk, controls):
    async with open_desk() as desk:
        await expect(desk.find("#bypass-note")).to_have_text("locked")
        await desk.find("#bypass-button").click()
        await expect(desk.find("#toasts")).to_contain_text("allow_bypass = true")
        assert not await desk.find("#confirm").is_visible()
        assert controls.done == []


async def test_the_raw_camera_is_shown_only_after_a_yes(open_desk, controls):
    async with open_desk() as desk:
        await desk.say(bypass_allowed=True)
        await expect(desk.find("#bypass-note")).to_have_text("bypass: not edited")
        key = desk.find("#bypass-button")
        await key.click()
        await expect(desk.find("#confirm")).to_be_visible()
        # Enter on what has the focus is a no; so is Escape.
        assert await desk.focused() == "confirm-no"
        await desk.page.keyboard.press("Enter")
        await expect(desk.find("#confirm")).to_be_hidden()
        await key.click()
        await desk.page.keyboard.press("Escape")
        await expect(desk.find("#confirm")).to_be_hidden()
        assert controls.done == []
        await key.click()
        await desk.find("#confirm-yes").click()
        await desk.until("!document.getElementById('confirm').open")
        await desk.done("bypass", True)
        await desk.say(output=ProgramSource.BYPASS)
        await expect(key).to_have_attribute("aria-pressed", "true")
        await expect(desk.find("#tally")).to_have_text("Raw camera")
        # Going back needs no question.
        await key.click()
        await desk.done("bypass", False)
        assert not await desk.find("#confirm").is_visible()
        await desk.say(output=ProgramSource.LIVE)
        await expect(key).to_have_attribute("aria-pressed", "false")


async def test_seed_anchor_reset_and_renew(open_desk, controls):
    async with open_desk() as desk:
        await desk.find("#tuning summary").click()
        await expect(desk.find("#seed")).to_have_value("0")
        await desk.find("#seed").fill("4242")
        await desk.say(seed=1)
        await expect(desk.find("#seed")).to_have_value("4242")
        await desk.page.keyboard.press("Enter")
        await desk.done("set_seed", 4242)
        await desk.find("#seed-random").click()
        await expect(desk.find("#seed")).not_to_have_value("4242")
        await desk.find("#anchor").fill("35")
        await desk.find("#anchor-form").get_by_role("button", name="Set").click()
        await desk.done("set_anchor_interval", 35)
        await desk.find("#anchor").fill("-1")
        await desk.find("#anchor-form").get_by_role("button", name="Set").click()
        await desk.button("Reset").click()
        await desk.done("reset")
        await desk.button("Renew the session").click()
        await desk.done("renew")
        assert ("set_anchor_interval", -1) not in controls.done


async def test_a_refused_command_is_told_until_the_state_brings_news(open_desk):
    async with open_desk() as desk:
        await desk.find("#prompt").fill("forbidden")
        await desk.page.keyboard.press("Enter")
        banner = desk.find("#command-banner")
        await expect(banner).to_be_visible()
        await expect(desk.find("#command-text")).to_have_text("The model refuses this prompt")
        assert await banner.get_attribute("role") == "alert"
        # What was written is not lost.
        await expect(desk.find("#prompt")).to_have_value("forbidden")
        # Moving numbers are no news.
        await desk.say(chunk=732)
        await expect(desk.find("#figure-chunk")).to_contain_text("732")
        await expect(banner).to_be_visible()
        for seed in range(1, 400):
            await desk.say(seed=seed)
            if not await banner.is_visible():
                break
            await desk.page.wait_for_timeout(25)
        await expect(banner).to_be_hidden()


async def test_a_refused_command_is_told_until_it_is_dismissed_or_one_succeeds(open_desk):
    async with open_desk() as desk:
        banner = desk.find("#command-banner")
        for leave in (desk.button("Dismiss the message"), desk.find("#blank-button")):
            await desk.find("#prompt").fill("explode")
            await desk.find("#prompt-send").click()
            await expect(desk.find("#command-text")).to_contain_text("failed inside the daemon")
            await leave.click()
            await expect(banner).to_be_hidden()


async def test_log_lines_come_as_they_are_written(open_desk, caplog):
    caplog.set_level(logging.INFO, "sana_vcam.engine")
    async with open_desk() as desk:
        await desk.find("#log summary").click()
        logging.getLogger("sana_vcam.engine.engine").warning("the <b>line</b> dropped")
        line = desk.find("#log-lines li[data-level=warning]")
        await expect(line).to_contain_text("the <b>line</b> dropped")
        await expect(line).to_contain_text("engine.engine")
        assert await desk.find("#log-lines b").count() == 0
