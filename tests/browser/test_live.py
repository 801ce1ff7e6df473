"""What others do shows up in pages that are open, without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Site

NewPage = Callable[..., Page]
#: milliseconds that news may take: a stream looks every two seconds
SOON = 15_000


def _publish(page: Page, slug: str, words: str) -> None:
    page.goto(f"/{slug}/posts/new")
    page.fill("#body", words)
    steps.publish(page)


def test_a_new_post_is_announced_and_fetched_without_losing_the_place(newcomer: NewPage, site: Site) -> None:
    reader, owner, slug = newcomer("reader"), newcomer("owner"), site.world.slug
    reader.goto(f"/{slug}")
    reader.evaluate("window.sameDocument = true")
    before = reader.locator("#feed article.post").count()
    first = reader.locator("#feed .live ~ article.post").first
    expect(reader.locator(".live-pill")).to_have_count(0)
    old = first.get_attribute("id")
    _publish(owner, slug, "刚刚写的一句。")
    pill = reader.locator("#live .live-pill")
    expect(pill).to_be_visible(timeout=SOON)
    expect(pill).to_contain_text("1")
    _publish(owner, slug, "又写了一句。")
    expect(pill).to_contain_text("2", timeout=SOON)
    pill.click()
    expect(reader.locator("#feed article.post")).to_have_count(before + 2)
    expect(pill).to_have_count(0)
    expect(first).to_contain_text("又写了一句。")
    expect(first).to_be_focused()
    expect(reader.locator(".live-seen + article.post")).to_have_attribute("id", old or "")
    assert reader.evaluate("window.sameDocument === true")
    _publish(owner, slug, "第三句。")
    expect(pill).to_contain_text("1", timeout=SOON)
    pill.click()
    expect(first).to_contain_text("第三句。")
    expect(reader.locator(".live-seen")).to_have_count(1)


def test_ones_own_post_is_no_news_in_another_tab(newcomer: NewPage, site: Site) -> None:
    owner, slug = newcomer("owner"), site.world.slug
    owner.goto(f"/{slug}")
    tab = owner.context.new_page()
    _publish(tab, slug, "我自己写的。")
    owner.wait_for_timeout(4000)
    expect(owner.locator(".live-pill")).to_have_count(0)


def test_a_notice_raises_the_number_in_place_and_in_every_tab(newcomer: NewPage, site: Site) -> None:
    reader, owner, slug = newcomer("reader"), newcomer("owner"), site.world.slug
    _publish(reader, slug, "等人来说一句。")
    address = reader.url
    tabs = [reader, reader.context.new_page()]
    for tab in tabs:
        tab.goto(f"/{slug}/topics")
    count = [tab.locator(".tabbar [data-live-unread]") for tab in tabs]
    shown = int(count[0].text_content() or "0") if count[0].is_visible() else 0
    owner.goto(address)
    steps.comment(owner, "说一句。")
    for tab, number in zip(tabs, count, strict=True):
        expect(number).to_have_text(str(shown + 1), timeout=SOON)
        expect(tab).to_have_title(re.compile(rf"^\({shown + 1}\) "))


def test_several_tabs_share_one_stream(newcomer: NewPage, site: Site) -> None:
    reader = newcomer("reader")
    opened: list[str] = []
    reader.context.on("request", lambda request: opened.append(request.url) if "/live?" in request.url else None)
    reader.goto(f"/{site.world.slug}")
    expect(reader.locator("#live")).to_have_count(1)
    reader.wait_for_timeout(3000)
    others = [reader.context.new_page() for _tab in range(2)]
    for page in others:
        page.goto(f"/{site.world.slug}")
    reader.wait_for_timeout(4000)
    assert len(opened) == 1, opened


def test_signing_out_elsewhere_stops_the_asking(newcomer: NewPage, site: Site) -> None:
    page = newcomer()
    steps.sign_up(page, f"/{site.world.slug}/about")
    page.goto(f"/{site.world.slug}")
    other = page.context.new_page()
    steps.sign_out(other)
    page.wait_for_timeout(4000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live" in request.url else None)
    page.wait_for_timeout(4000)
    assert asked == []
