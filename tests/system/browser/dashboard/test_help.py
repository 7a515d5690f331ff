"""The help sheet: which version this is, and the way to what is written about it."""

import pytest
from playwright.async_api import expect

from sana_vcam import __version__

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_sheet_leads_on(open_desk):
    async with open_desk() as desk:
        await desk.button("Help and keyboard shortcuts").click()
        await expect(desk.find("#help-version")).to_have_text(f"sana-vcam {__version__}")
        for word in ("billed by the second", "hotkeys", "sana-vcam doctor"):
            await expect(desk.find("#help")).to_contain_text(word)
        links = await desk.find("#help a").evaluate_all("links => links.map(link => link.href)")
        assert len(links) >= 4
        for link in links:
            answer = await desk.page.request.get(link)
            assert answer.ok, link
            assert (await answer.text()).startswith("# "), link
