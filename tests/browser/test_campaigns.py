"""The page of a campaign with its script: the countdown beside the server's sentence, boards that change in place."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site


def test_the_time_that_is_left_stands_beside_the_sentence(newcomer: Callable[..., Page], site: Site) -> None:
    page = newcomer("member")
    page.goto(f"/{site.world.slug}/campaigns/{site.world.campaign}")
    left = page.locator("#cta .countdown")
    expect(left).to_be_visible()
    expect(left).to_have_text(re.compile(r"^\D*\d{1,2}\D+(\d{1,2}\D+)?$"))


def test_without_scripts_the_sentence_stands_there_alone(newcomer: Callable[..., Page], site: Site) -> None:
    page = newcomer("member", scripting=False)
    page.goto(f"/{site.world.slug}/campaigns/{site.world.campaign}")
    expect(page.locator("#cta .countdown")).to_be_hidden()
    expect(page.locator("#cta .meta:not(.countdown)")).not_to_be_empty()


def test_the_boards_change_in_place(visit: Callable[..., Page], site: Site) -> None:
    page = visit("member", language="en")
    page.goto(f"/{site.world.slug}/campaigns/{site.world.campaign}")
    page.get_by_role("link", name="Best posts").click()
    expect(page.locator("#board").get_by_role("link", name="Best posts")).to_have_attribute("aria-current", "true")
    expect(page.locator("#hero-title")).to_be_visible()


def test_the_day_that_was_missed_leads_to_making_it_up(visit: Callable[..., Page], site: Site) -> None:
    page = visit("member", language="en")
    page.goto(f"/{site.world.slug}/campaigns/{site.world.campaign}")
    page.get_by_role("link", name="Make up", exact=True).click()
    expect(page).to_have_url(re.compile(r"/makeup/2$"))
