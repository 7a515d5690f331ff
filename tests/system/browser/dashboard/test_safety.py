"""Text from elsewhere stays text, the policy holds, and nobody else is asked."""

import pytest
from playwright.async_api import expect

from sana_vcam.media.states import ProgramSource
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.presets.suggestions import Suggestion

pytestmark = pytest.mark.asyncio(loop_scope="package")

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'"&{{TOKEN}}'


async def test_untrusted_text_is_never_markup(open_desk, controls):
    controls.looks = (
        ListedPreset(
            id="evil", name=EVIL[:64], prompt=EVIL, thumbnail="https://evil.example/x.jpg"
        ),
        ListedPreset(
            id="script", name="<svg onload=hacked=1>", prompt="", thumbnail="javascript:hacked=1"
        ),
    )
    controls.ideas = (Suggestion(EVIL, EVIL),)
    async with open_desk() as desk:
        await desk.find("#prompt").fill(EVIL)
        await desk.find("#prompt-send").click()
        await desk.done("set_prompt", EVIL)
        evil = {"card": EVIL, "error": EVIL, "budget": EVIL, "camera_name": EVIL}
        await desk.say(
            **evil, sink_name=EVIL, output=ProgramSource.SLATE, model_prompt="x", currency=EVIL
        )
        await expect(desk.find("#error-text")).to_have_text(EVIL)
        await expect(desk.find("#sentence")).to_contain_text(EVIL)
        await expect(desk.find("#camera-text")).to_contain_text(EVIL)
        await expect(desk.find("#evolve-list button")).to_have_text(EVIL)
        await expect(desk.find("#grid .card-name").first).to_have_text(EVIL[:64])
        await desk.button("Prompt history").click()
        await expect(desk.find("#history-list button")).to_have_text(EVIL)
        await desk.page.keyboard.press("Escape")
        await desk.preset("<svg onload=hacked=1>").click(button="right")
        await desk.page.get_by_role("menuitem", name="Edit…").click()
        await expect(desk.find("#editor-title")).to_have_text("Edit “<svg onload=hacked=1>”")
        await desk.find("#editor-cancel").click()
        await desk.preset("<svg onload=hacked=1>").click(button="right")
        await desk.page.get_by_role("menuitem", name="Remove").click()
        await expect(desk.find("#toasts")).to_contain_text("Removed “<svg onload=hacked=1>”")
        assert await desk.page.evaluate("window.hacked") is None
        assert await desk.find("main script, main [onload], main [onerror]").count() == 0
        # A still from elsewhere is not fetched, and `open_desk` checks that nothing else was.
        assert await desk.find("#grid img[src]").count() == 0


async def test_the_policy_forbids_what_the_page_does_not_do(open_desk):
    async with open_desk(quiet=False) as desk:
        assert desk.problems == []
        tried = await desk.page.evaluate(
            """async () => {
                const broken = [];
                const note = (event) => broken.push(event.effectiveDirective);
                document.addEventListener('securitypolicyviolation', note);
                document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
                const script = document.createElement('script');
                script.textContent = 'window.ran = 1';
                document.body.append(script);
                await fetch('https://example.com/').catch(() => {});
                new Image().src = 'https://example.com/x.png';
                await new Promise((done) => setTimeout(done, 200));
                return [broken.sort(), window.ran ?? null];
            }"""
        )
        assert tried[1] is None
        assert tried[0] == ["connect-src", "img-src", "script-src-elem", "style-src-attr"]
        desk.requests = [url for url in desk.requests if "example.com" not in url]


async def test_the_page_has_no_code_or_style_inside_it(open_desk):
    async with open_desk() as desk:
        response = await desk.page.request.get(desk.address)
        text = await response.text()
        assert "<style" not in text
        assert " style=" not in text
        assert " on" not in "".join(part.split(">")[0] for part in text.split("<")).replace(
            " only", ""
        )
        assert text.count("<script") == 2, "the import map and the entry"
        assert "http" not in text.replace("http-equiv", "")
