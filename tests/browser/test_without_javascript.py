"""The same, with scripts switched off: every act is a form and every way a link."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Site

NewPage = Callable[..., Page]


@pytest.fixture
def reader(newcomer: NewPage) -> Page:
    """A member whose browser runs no scripts."""
    return newcomer("reader", scripting=False)


def test_a_newcomer_signs_up_joins_publishes_answers_and_signs_out(newcomer: NewPage, site: Site) -> None:
    page, world = newcomer(scripting=False), site.world
    steps.sign_up(page, f"/{world.slug}/about")
    steps.join(page, world.slug)
    page.click(".tabbar-compose")
    page.fill("#body", "没有脚本也能写。")
    page.set_input_files("#images", steps.pictures(2))
    page.locator("#topic-list input").first.check()
    post = steps.publish(page)
    expect(post.locator(".images img")).to_have_count(2)
    expect(post.locator(".post-tags .chip")).to_have_count(1)
    steps.comment(page, "自己先说一句。")
    steps.reply(page, "再接一句。")
    expect(page.locator(".replies .comment-text", has_text="再接一句。")).to_be_visible()
    steps.sign_out(page)


def test_a_like_is_a_form(reader: Page, site: Site) -> None:
    post = site.world.own_post
    reader.goto(f"/{site.world.slug}/posts/{post}")
    for pressed in ("true", "false"):
        reader.click(f"#like-{post}")
        expect(reader.locator(f"#like-{post}")).to_have_attribute("aria-pressed", pressed)
        expect(reader).to_have_url(re.compile(rf"/posts/{post}(#post-{post})?$"))


def test_the_rest_of_a_feed_is_a_link(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}")
    first = reader.locator("#feed .post").first.get_attribute("id")
    reader.click("a.more")
    expect(reader).to_have_url(re.compile("cursor="))
    expect(reader.locator("#feed .post").first).not_to_have_id(str(first))
    expect(reader.locator("h1")).to_have_count(1)


def test_the_other_replies_are_a_page(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.post}")
    reader.click(f"#replies-{site.world.thread} .replies-more")
    expect(reader).to_have_url(re.compile(f"/comments/{site.world.thread}/replies$"))
    expect(reader.locator(".replies > .comment")).to_have_count(6)


def test_a_topic_is_followed_by_a_form(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/topics/{site.world.topic}")
    button = reader.locator(f"#follow-{site.world.topic}")
    for pressed in ("true", "false"):
        button.click()
        expect(button).to_have_attribute("aria-pressed", pressed)


def test_tabs_are_links(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}")
    reader.click("#tab-feed-5")
    expect(reader).to_have_url(re.compile(r"\?sort=owner$"))
    expect(reader.locator("#tab-feed-5")).to_have_attribute("aria-current", "page")
    reader.go_back()
    expect(reader.locator("#tab-feed-1")).to_have_attribute("aria-current", "page")


def test_the_theme_is_a_form(reader: Page) -> None:
    for value, shown in (("dark", "dark"), ("auto", None)):
        reader.goto("/me")
        reader.click(f"[data-theme-set={value}]")
        reader.goto("/me")
        assert reader.locator("html").get_attribute("data-theme") == shown


def test_a_picture_is_a_link_to_its_file(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.post}")
    reader.locator(".images a").first.click()
    expect(reader).to_have_url(re.compile(r"/media/[0-9]+/full\.webp"))


def test_a_form_with_a_mistake_comes_back_with_the_text(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/new")
    reader.fill("#title", "只有标题")
    reader.click("header button[form=compose]")
    expect(reader.locator("[data-errors]")).to_be_visible()
    expect(reader.locator("#title")).to_have_value("只有标题")


def test_an_empty_comment_comes_back_with_what_to_change(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.own_post}")
    reader.fill("#comment-body", "  ")
    reader.click("#comment-send")
    expect(reader.locator("#comment-form .error")).to_be_visible()


def test_what_needs_scripts_is_not_shown(reader: Page, site: Site) -> None:
    for path in ("", "/posts/new", f"/posts/{site.world.post}"):
        reader.goto(f"/{site.world.slug}{path}")
        expect(reader.locator(".js-only:visible")).to_have_count(0)


def test_an_owner_lets_an_applicant_in(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner", scripting=False)
    page.goto(f"/{site.world.studio}/manage/applications")
    waiting = page.locator(".application")
    before = waiting.count()
    waiting.first.locator("form[action$='/approve'] button").click()
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    expect(waiting).to_have_count(before - 1)


def test_an_owner_mutes_a_member_and_lets_them_speak_again(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner", scripting=False)
    page.goto(f"/{site.world.slug}/manage/members?q=wenyan")
    member = page.locator(".member", has_text="温言")
    steps.open_form(steps.open_menu(member), "mute").locator("button").click()
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    steps.open_menu(member).locator("form[action$='/unmute'] button").click()
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    expect(member.locator("form[action$='/mute']")).to_be_attached()


def test_an_owner_hides_a_post_and_shows_it_again(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner", scripting=False)
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    post = page.locator("article.post")
    form = steps.open_form(steps.open_menu(post), "hide")
    form.locator("input[name=reason]").fill("请换一张图")
    form.locator("button").click()
    expect(post.locator(".banner")).to_contain_text("请换一张图")
    steps.open_menu(post).locator("form[action$='/restore'] button").click()
    expect(page.locator("article.post[data-status]")).to_have_count(0)
