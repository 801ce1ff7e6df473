"""The page that checks in, with scripts: it counts what is missing, keeps what is written, and leads on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Site

NewPage = Callable[..., Page]


@pytest.fixture
def reader(newcomer: NewPage, site: Site) -> Page:
    """Somebody who takes part in a campaign that asks for ten characters and a picture."""
    page = newcomer("reader")
    page.goto(f"/{site.world.slug}/campaigns/{site.world.cardless}")
    join = page.locator("form[action$='/enroll'] button")
    if join.count():
        join.click()
        page.wait_for_load_state()
    page.goto(f"/{site.world.slug}/campaigns/{site.world.cardless}/checkin")
    return page


def test_it_counts_what_is_missing_keeps_what_is_written_and_checks_in(reader: Page, site: Site) -> None:
    words, picture = (reader.locator(f"[data-need={kind}]") for kind in ("text", "image"))
    reader.fill("#body", "只有六个字")
    expect(words).to_contain_text("5")
    reader.fill("#body", "这一次写够了十个字。")
    expect(words).to_have_attribute("data-met", "")
    expect(picture).not_to_have_attribute("data-met", "")
    reader.set_input_files("#images", steps.pictures(1))
    expect(picture).to_have_attribute("data-met", "")
    # kept on the server, and back under this address
    expect(reader).to_have_url(re.compile(r"/checkin\?draft=[0-9]+$"))
    expect(reader.locator(".preview [name=media_ids]")).to_have_count(1)
    reader.wait_for_function("!localStorage.length")
    reader.reload()
    expect(reader.locator("#body")).to_have_value("这一次写够了十个字。")
    expect(picture).to_have_attribute("data-met", "")
    # taken away, the picture is missing again, and the server says so with everything still there
    reader.locator(".preview .preview-remove").click()
    expect(picture).not_to_have_attribute("data-met", "")
    with reader.expect_response(lambda answer: answer.status == 422):
        reader.click("#publish")
    expect(reader.locator("[data-errors]")).to_be_visible()
    expect(reader.locator("#body")).to_have_value("这一次写够了十个字。")
    reader.set_input_files("#images", steps.pictures(1))
    expect(reader.locator(".preview [name=media_ids]")).to_have_count(1)
    reader.click("#publish")
    expect(reader).to_have_url(re.compile(rf"/campaigns/{site.world.cardless}$"))
    expect(reader.locator(".banner[data-tone=ok], .toasts .banner").first).to_be_visible()
    # done: the composer leads to what was written
    reader.goto(f"/{site.world.slug}/campaigns/{site.world.cardless}/checkin")
    expect(reader).to_have_url(re.compile(r"/posts/[0-9]+$"))
    reader.goto("/me/drafts")
    expect(reader.locator(".draft", has_text="写够了十个字")).to_have_count(0)
