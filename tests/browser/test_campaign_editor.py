"""The editor of campaigns with JavaScript: the preview follows what is typed, and publishing asks first."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Site

NewPage = Callable[..., Page]


def test_the_preview_follows_what_is_typed(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner")
    page.goto(f"/{site.world.slug}/manage/campaigns/new")
    preview = page.locator("#preview")
    expect(preview.locator(".plan-days li")).to_have_count(7)
    page.fill("#title", "十天早睡")
    expect(preview.locator(".checkin")).to_contain_text("十天早睡")
    page.check("input[name=cadence][value=weekly]", force=True)
    expect(preview.locator(".plan-days li")).to_have_count(1)
    page.fill("#need_n", "40")
    expect(preview.locator('.banner[data-tone="warn"]')).to_contain_text("40")
    page.fill("#need_n", "1")
    expect(preview.locator('.banner[data-tone="ok"]')).to_be_visible()
    # what was typed stays where it was typed
    assert page.input_value("#title") == "十天早睡"


def test_the_button_for_the_preview_leads_there(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner")
    page.goto(f"/{site.world.slug}/manage/campaigns/new")
    page.fill("#title", "晨读")
    page.click(".save-bar button[formaction]")
    expect(page.locator("#preview")).to_be_in_viewport()
    assert page.url.endswith("/manage/campaigns/new")


def test_publishing_asks_first_and_saving_does_not(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner")
    page.goto(f"/{site.world.slug}/manage/campaigns/new")
    page.fill("#title", "先存后发")
    page.click(".save-bar button:not([formaction])")
    expect(page.locator("h1")).to_contain_text("先存后发")
    asked: list[str] = []

    def no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", no)
    page.click(".save-bar button[data-confirm]")
    assert len(asked) == 1
    expect(page.locator(".save-bar button[data-confirm]")).to_be_visible()
    page.remove_listener("dialog", no)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click(".save-bar button[data-confirm]")
    expect(page.locator("#plan-fixed")).to_be_visible()
