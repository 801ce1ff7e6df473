"""Everything can be reached and worked by keyboard, and one always sees where one is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Site
from tests.browser.pages import View

#: enough to come through the first screens of a page
STOPS = 45
WALKS = (
    View("feed", "/{slug}", ("member",)),
    View("post", "/{slug}/posts/{post}", ("member",)),
    View("composer", "/{slug}/posts/new", ("member",)),
    View("settings of a circle", "/{slug}/manage/settings", ("owner",)),
    View("members of a circle", "/{slug}/manage/members", ("owner",)),
    View("sign up", "/signup", ("visitor",)),
    View("me", "/me", ("member",)),
)
SIZES = ({"width": 390, "height": 844}, {"width": 1280, "height": 800})

#: what has the focus: how it is called, whether it can be seen to have it, and whether something lies over it
WHERE = """() => {
    const el = document.activeElement;
    if (!el || el === document.body) return null;
    const label = el.closest("label");
    const shown = [el, label, el.nextElementSibling].filter(Boolean);
    const outlined = shown.some((each) => {
        const style = getComputedStyle(each);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
    const writes = el.matches("textarea, input:not([type=checkbox]):not([type=radio]):not([type=file])");
    const box = (el.matches(".vh, [type=radio], [type=file]") && label ? label : el).getBoundingClientRect();
    const at = document.elementFromPoint(
        Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1), box.top + Math.min(box.height / 2, 12));
    const near = (one, other) => one && (one.contains(other) || other.contains(one));
    const covered = !at || !(near(el, at) || near(label, at));
    return {name: el.outerHTML.slice(0, 160), seen: outlined || writes, covered};
}"""


@pytest.mark.parametrize("size", SIZES, ids=("phone", "desktop"))
@pytest.mark.parametrize("view", WALKS, ids=lambda view: view.name)
def test_the_focus_is_always_seen_and_never_covered(
    visit: Callable[..., Page], site: Site, view: View, size: dict[str, int]
) -> None:
    page = visit(view.readers[0])
    page.set_viewport_size(size)
    page.goto(view.address(site.world))
    page.locator(".skip").focus()  # the top, wherever the page put the focus
    walked = []
    for _stop in range(STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(WHERE)
        if here is None:
            break
        walked.append(here)
    assert len(walked) > 5
    assert [each["name"] for each in walked if not each["seen"]] == []
    assert [each["name"] for each in walked if each["covered"]] == []


def test_the_first_stop_leads_past_the_menus_to_the_content(visit: Callable[..., Page], site: Site) -> None:
    page = visit("member")
    page.goto(f"/{site.world.slug}")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#main').contains(document.activeElement)")


def test_a_menu_opens_with_enter_and_closes_with_escape(visit: Callable[..., Page], site: Site) -> None:
    page = visit("owner")
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    menu = page.locator("article.post details.menu")
    summary = menu.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(menu.locator(".menu-list")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('.menu-list')")
    page.keyboard.press("Escape")
    expect(menu.locator(".menu-list")).to_be_hidden()
    expect(summary).to_be_focused()


def test_a_menu_closes_when_the_tap_lands_elsewhere(visit: Callable[..., Page], site: Site) -> None:
    page = visit("owner")
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    menu = steps.open_menu(page.locator("article.post"))
    expect(menu).to_be_visible()
    page.locator(".post-text").first.click()
    expect(menu).to_be_hidden()


def test_the_sheet_of_topics_is_worked_by_keyboard_and_gives_the_focus_back(
    visit: Callable[..., Page], site: Site
) -> None:
    page = visit("member")
    page.goto(f"/{site.world.slug}/posts/new")
    opener, sheet = page.locator("[data-topic-chips] [data-open]"), page.locator("dialog#topics")
    opener.focus()
    page.keyboard.press("Enter")
    expect(sheet).to_be_visible()
    assert page.evaluate("document.querySelector('dialog#topics').contains(document.activeElement)")
    page.locator("#topic-list input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    expect(page.locator("[data-topic-chips] span.chip")).to_have_count(1)


def test_pictures_are_walked_with_the_arrow_keys(visit: Callable[..., Page], site: Site) -> None:
    page = visit("member")
    page.goto(f"/{site.world.slug}/posts/{site.world.post}")
    link = page.locator(".images a").first
    link.focus()
    page.keyboard.press("Enter")
    strip = page.locator(".viewer-strip")
    expect(strip).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.viewer-strip').scrollLeft > 100")
    page.keyboard.press("Escape")
    expect(strip).to_have_count(0)
    expect(link).to_be_focused()


def test_a_comment_is_sent_with_ctrl_and_enter(newcomer: Callable[..., Page], site: Site) -> None:
    page = newcomer("reader")
    page.goto(f"/{site.world.slug}/posts/{site.world.own_post}")
    page.fill("#comment-body", "用键盘寄出。")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-text", has_text="用键盘寄出。")).to_be_visible()
