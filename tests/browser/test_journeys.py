"""What people come for, with scripts: every step happens in place, keeps the focus and survives the way back."""

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
    """A member with a browser of their own."""
    return newcomer("reader")


def _mark(page: Page) -> None:
    page.evaluate("window.sameDocument = true")


def _is_same_document(page: Page) -> bool:
    return page.evaluate("window.sameDocument === true")


def test_a_newcomer_signs_up_joins_publishes_answers_and_signs_out(newcomer: NewPage, site: Site) -> None:
    page, world = newcomer(), site.world
    steps.sign_up(page, f"/{world.slug}/about")
    steps.join(page, world.slug)
    page.click(".tabbar-compose")
    page.fill("#body", "今天第一次来。")
    page.set_input_files("#images", steps.pictures(2))
    post = steps.publish(page)
    expect(post.locator(".images img")).to_have_count(2)
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    steps.comment(page, "自己先说一句。")
    steps.reply(page, "再接一句。")
    steps.sign_out(page)


def test_chosen_pictures_are_shown_and_can_be_taken_away_before_sending(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/new")
    previews, count = reader.locator(".previews > .preview:not(.preview-add)"), reader.locator("[data-previews-count]")
    reader.set_input_files("#images", steps.pictures(2))
    expect(previews).to_have_count(2)
    expect(count).to_have_text("2 / 9")
    reader.set_input_files("#images", steps.pictures(3)[2:])  # choosing again adds
    expect(previews).to_have_count(3)
    previews.first.locator(".preview-remove").click()
    expect(previews).to_have_count(2)
    expect(count).to_have_text("2 / 9")
    expect(reader.locator("#images")).to_be_focused()
    reader.fill("#body", "两张图。")
    expect(reader.locator("#counter")).to_have_text("4")
    expect(steps.publish(reader).locator(".images img")).to_have_count(2)


def test_topics_are_chosen_in_a_sheet_and_shown_as_chips(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/new")
    reader.click("[data-topic-chips] [data-open]")
    sheet = reader.locator("dialog#topics")
    expect(sheet).to_be_visible()
    reader.fill("[data-filter]", "读书")
    expect(sheet.locator(".topic-pick:visible")).to_have_count(1)
    sheet.locator(".topic-pick:visible").click()
    sheet.locator(".sheet-body [data-close]").click()
    expect(sheet).to_be_hidden()
    chip = reader.locator("[data-topic-chips] span.chip")
    expect(chip).to_have_text("读书笔记")
    reader.fill("#body", "读到一半。")
    expect(steps.publish(reader).locator(".post-tags")).to_have_text("读书笔记")


def test_a_like_happens_in_place_and_keeps_the_focus(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.own_post}")
    _mark(reader)
    button = reader.locator(f"#like-{site.world.own_post}")
    before = int(button.inner_text())
    for pressed, number in (("true", before + 1), ("false", before)):
        button.press("Enter")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(button).to_have_text(str(number))
        expect(button).to_be_focused()
    assert _is_same_document(reader)


def test_a_comment_and_a_reply_appear_in_place(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.own_post}")
    _mark(reader)
    number = int(reader.locator("#comment-count").inner_text())
    steps.comment(reader, "我在公交车上看见的。")
    expect(reader.locator("#comment-body")).to_have_value("")
    answer = steps.reply(reader, "同一班车。")
    expect(answer.locator("xpath=ancestor::*[contains(@class, 'replies')]")).to_be_visible()
    expect(reader.locator("#comment-count")).to_have_text(str(number + 2))
    expect(reader.locator(".reply-to")).to_be_hidden()
    expect(reader.locator("#comment-form")).to_have_attribute("hx-target", "#comments")
    assert _is_same_document(reader)
    reader.reload()
    expect(reader.locator(".replies .comment-text", has_text="同一班车。")).to_be_visible()


def test_a_reply_can_be_given_up(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    reader.locator("[data-reply]").first.click()
    expect(reader.locator("#comment-body")).to_be_focused()
    reader.click("[data-reply-cancel]")
    expect(reader.locator(".reply-to")).to_be_hidden()
    expect(reader.locator("input[name=parent_id]")).to_have_value("")


def test_the_first_comment_takes_the_place_of_the_empty_sentence(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/new")
    reader.fill("#body", "还没有人回。")
    steps.publish(reader)
    expect(reader.locator("#no-comments")).to_be_visible()
    steps.comment(reader, "现在有了。")
    expect(reader.locator("#no-comments")).to_be_hidden()


def test_scrolling_down_brings_the_rest_once(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}")
    posts = reader.locator("#feed .post")
    first = posts.count()
    while reader.locator("a.more").count():
        shown = posts.count()
        reader.locator("a.more").scroll_into_view_if_needed()
        expect(posts.nth(shown)).to_be_attached()
    ids = posts.evaluate_all("posts => posts.map((post) => post.id)")
    assert len(ids) > first
    assert len(ids) == len(set(ids))


def test_scrolling_down_brings_the_other_comments(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    comments = reader.locator("#comments > .comment")
    first = comments.count()
    reader.locator("#comments a.more").scroll_into_view_if_needed()
    expect(comments.nth(first)).to_be_attached()


def test_the_other_replies_are_unfolded_in_place(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.post}")
    _mark(reader)
    replies = reader.locator(f"#replies-{site.world.thread} > .comment")
    first = replies.count()
    reader.click(f"#replies-{site.world.thread} .replies-more")
    expect(reader.locator(".replies-more")).to_have_count(0)
    assert replies.count() > first
    assert _is_same_document(reader)


def test_a_topic_is_followed_in_place_and_its_followers_are_counted(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/topics/{site.world.topic}")
    _mark(reader)
    button, followers = reader.locator(f"#follow-{site.world.topic}"), reader.locator(f"#followers-{site.world.topic}")
    before = followers.inner_text()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    expect(followers).not_to_have_text(before)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(followers).to_have_text(before)
    assert _is_same_document(reader)


def test_tabs_change_the_address_and_the_way_back_works(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}")
    _mark(reader)
    newest = reader.locator("#feed .post").first.get_attribute("id")
    reader.click("#tab-feed-5")
    reader.wait_for_url("**?sort=owner")
    expect(reader.locator("#tab-feed-5")).to_have_attribute("aria-current", "page")
    expect(reader.locator("#feed .post").first).not_to_have_id(str(newest))
    assert _is_same_document(reader)
    reader.go_back()
    expect(reader).to_have_url(re.compile(f"/{site.world.slug}$"))
    expect(reader.locator("#tab-feed-1")).to_have_attribute("aria-current", "page")
    expect(reader.locator("#feed .post").first).to_have_id(str(newest))


def test_the_theme_changes_at_once_and_stays(reader: Page) -> None:
    reader.goto("/me")
    root = reader.locator("html")
    with reader.expect_response("**/settings/appearance"):
        reader.click("[data-theme-set=dark]")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(reader.locator("[data-theme-set=dark]")).to_have_attribute("aria-pressed", "true")
    reader.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    with reader.expect_response("**/settings/appearance"):
        reader.click("[data-theme-set=auto]")
    assert root.get_attribute("data-theme") is None


def test_a_picture_opens_over_the_page_and_goes_away(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.post}")
    reader.locator(".images a").nth(1).click()
    viewer = reader.locator("dialog.viewer")
    expect(viewer.locator("img")).to_have_count(5)
    reader.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(reader.locator(".images a").nth(1)).to_be_focused()


# ---- when something is wrong ---------------------------------------------------------------------------------


def test_a_form_with_a_mistake_comes_back_with_the_text_and_the_focus_on_what_to_change(newcomer: NewPage) -> None:
    page = newcomer()
    page.goto("/signup")
    page.fill("#username", "wenyan")
    page.fill("#nickname", "另一个温言")
    page.fill("#password", "correct horse 9")
    page.check("#agree")
    page.click("main form .btn-primary")
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.locator("#username")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#username")).to_have_value("wenyan")
    expect(page.locator("#nickname")).to_have_value("另一个温言")
    page.click("[data-errors] a")
    expect(page.locator("#username")).to_be_focused()


def test_a_post_without_words_comes_back_with_its_title(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/new")
    reader.fill("#title", "只有标题")
    reader.click("header button[form=compose]")
    expect(reader.locator("[data-errors]")).to_be_focused()
    expect(reader.locator("#title")).to_have_value("只有标题")


def test_an_empty_comment_is_refused_in_place(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.own_post}")
    _mark(reader)
    reader.fill("#comment-body", "  ")
    reader.click("#comment-send")
    expect(reader.locator("#comment-form [data-errors]")).to_be_focused()
    expect(reader.locator("#comment-body")).to_have_attribute("aria-invalid", "true")
    assert _is_same_document(reader)
    steps.comment(reader, "这次有字了。")
    expect(reader.locator("#comment-form [data-errors]")).to_have_count(0)


def test_without_a_connection_a_like_says_so_and_can_be_tried_again(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    button, failure = reader.locator(f"#like-{site.world.talk}"), reader.locator("#toasts .banner[data-tone=bad]")
    reader.context.set_offline(True)
    button.click()
    expect(failure).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")
    reader.context.set_offline(False)
    failure.locator("[data-retry]").click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(failure).to_have_count(0)


def test_without_a_connection_a_comment_keeps_its_words(reader: Page, site: Site) -> None:
    reader.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    reader.fill("#comment-body", "在隧道里写的。")
    reader.context.set_offline(True)
    reader.click("#comment-send")
    expect(reader.locator("#toasts .banner[data-tone=bad]")).to_be_visible()
    expect(reader.locator("#comment-body")).to_have_value("在隧道里写的。")


# ---- those who run the circle --------------------------------------------------------------------------------


def test_an_owner_lets_an_applicant_in(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner")
    page.goto(f"/{site.world.studio}/manage/applications")
    waiting = page.locator(".application")
    before = waiting.count()
    waiting.first.locator("form[action$='/approve'] button").click()
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    expect(waiting).to_have_count(before - 1)


def test_an_owner_mutes_a_member_and_lets_them_speak_again(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner")
    page.goto(f"/{site.world.slug}/manage/members?q=wenyan")
    member = page.locator(".member", has_text="温言")
    form = steps.open_form(steps.open_menu(member), "mute")
    form.locator("input[name=reason]").fill("先歇一歇")
    form.locator("button").click()
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    steps.open_menu(member).locator("form[action$='/unmute'] button").click()
    expect(page.locator(".banner[data-tone=ok]")).to_be_visible()
    expect(steps.open_menu(member).locator("form[action$='/mute']")).to_be_attached()


def test_an_owner_hides_a_post_and_shows_it_again(newcomer: NewPage, site: Site) -> None:
    page = newcomer("owner")
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    post = page.locator("article.post")
    form = steps.open_form(steps.open_menu(post), "hide")
    form.locator("input[name=reason]").fill("请换一张图")
    form.locator("button").click()
    expect(post).to_have_attribute("data-status", "hidden")
    expect(post.locator(".banner")).to_contain_text("请换一张图")
    steps.open_menu(post).locator("form[action$='/restore'] button").click()
    expect(page.locator("article.post[data-status]")).to_have_count(0)
