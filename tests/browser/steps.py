"""What people do, as clicks and keys: the same steps whether scripts run or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.factories import PASSWORD, Make

_numbers = count(1)
_COLORS = ("#c7462a", "#1f7659", "#4355ad")


def pictures(number: int) -> Sequence[FilePayload]:
    """Small files as somebody would choose them."""
    return [
        {"name": f"picture-{n}.png", "mimeType": "image/png", "buffer": Make.picture((160, 120), _COLORS[n])}
        for n in range(number)
    ]


def sign_up(page: Page, next_path: str) -> str:
    """Create an account and come out at `next_path`. Returns the user name."""
    name = f"neu{next(_numbers)}comer"
    page.goto(f"/signup?next={next_path}")
    page.fill("#username", name)
    page.fill("#nickname", "新来的人")
    page.fill("#password", PASSWORD)
    page.check("#agree")
    page.click("main form .btn-primary")
    page.wait_for_url(f"**{next_path}")
    return name


def sign_out(page: Page) -> None:
    page.goto("/me")
    page.click("form[action$='/logout'] button")
    page.wait_for_url("**/")
    page.goto("/me")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def join(page: Page, slug: str) -> None:
    page.goto(f"/{slug}/about")
    page.click(f"form[action='/{slug}/join'] button")
    expect(page.locator(".tabbar-compose")).to_be_visible()


def publish(page: Page) -> Locator:
    """Send the open composer. Returns the post on its own page."""
    page.click("header button[form=compose]")
    page.wait_for_url(re.compile(r"/posts/[0-9]+$"))
    return page.locator("article.post")


def comment(page: Page, text: str) -> Locator:
    """Write a comment on the open post. Returns it."""
    page.fill("#comment-body", text)
    page.click("#comment-send")
    written = page.locator("#comments .comment-text", has_text=text)
    expect(written).to_be_visible()
    return written.locator("xpath=..")


def reply(page: Page, text: str) -> Locator:
    """Answer the first comment of the open post. Returns the reply."""
    page.locator("#comments > .comment [data-reply]").first.click()
    expect(page.locator(".reply-to")).to_be_visible()
    return comment(page, text)


def open_menu(item: Locator) -> Locator:
    """Open the menu of a post, a comment or a member. Returns it."""
    menu = item.locator("details.menu").first
    menu.locator("summary").first.click()
    return menu.locator(".menu-list")


def open_form(menu: Locator, action: str) -> Locator:
    """Unfold the form of an open menu that goes to `…/action`. Returns it."""
    menu.locator(f"details:has(form[action$='/{action}']) > summary").click()
    return menu.locator(f"form[action$='/{action}']")
