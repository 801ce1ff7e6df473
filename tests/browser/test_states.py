"""Pages as they look after something happened: open menus and sheets, forms with mistakes, notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Site
from tests.browser.looking import COLOURS, too_wide, violations

NARROW = {"width": 320, "height": 640}


def _post_menu(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    steps.open_form(steps.open_menu(page.locator("article.post")), "hide")


def _comment_menu(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/{site.world.post}")
    steps.open_form(steps.open_menu(page.locator(f"#comment-{site.world.thread}")), "remove")


def _member_menu(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/manage/members")
    steps.open_form(steps.open_menu(page.locator(".member", has_text="温言")), "mute")


def _decline(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.studio}/manage/applications")
    steps.open_menu(page.locator(".application").first)


def _topic_sheet(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/new")
    page.click("[data-topic-chips] [data-open]")
    page.locator("#topic-list input").nth(1).check()


def _pictures(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/new")
    page.set_input_files("#images", steps.pictures(3))
    expect(page.locator(".previews img")).to_have_count(3)


def _viewer(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/{site.world.post}")
    page.locator(".images a").first.click()


def _reply(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/{site.world.post}")
    page.locator("[data-reply]").first.click()


def _refused_comment(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    page.fill("#comment-body", " ")
    page.click("#comment-send")
    expect(page.locator("#comment-form [data-errors]")).to_be_visible()


def _refused_circle(page: Page, site: Site) -> None:
    page.goto("/circles/new")
    page.fill("#name", "另一个圈子")
    page.fill("#slug", site.world.slug)
    page.click("main .btn-primary")
    expect(page.locator("[data-errors]")).to_be_visible()


def _refused_post(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/new")
    page.click("header button[form=compose]")
    expect(page.locator("[data-errors]")).to_be_visible()


def _refused_password(page: Page, _site: Site) -> None:
    page.goto("/settings/security")
    page.fill("#current_password", "not the password")
    page.fill("#new_password", "correct horse 10")
    page.click("main .btn-primary")
    expect(page.locator("[data-errors]")).to_be_visible()


def _failure(page: Page, site: Site) -> None:
    page.goto(f"/{site.world.slug}/posts/{site.world.talk}")
    page.context.set_offline(True)
    page.click(f"#like-{site.world.talk}")
    expect(page.locator("#toasts .banner")).to_be_visible()
    page.context.set_offline(False)


STATES = (
    _post_menu, _comment_menu, _member_menu, _decline, _topic_sheet, _pictures, _viewer, _reply, _refused_comment,
    _refused_circle, _refused_post, _refused_password, _failure,
)  # fmt: skip


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__[1:].replace("_", " "))
def test_a_page_in_this_state_is_accessible_and_fits(
    newcomer: Callable[..., Page], site: Site, reach: Callable[[Page, Site], None]
) -> None:
    page = newcomer("owner")
    reach(page, site)
    found = violations(page)
    if page.locator("details.menu[open]").count():  # what it half covers is whole again when it is closed
        found = [line for line in found if not line.startswith("target-size") or "partially obscured" not in line]
    assert found == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == []
    page.set_viewport_size(NARROW)
    assert too_wide(page) == []
    assert outside(page) == []
    assert spilled(page) == []


def outside(page: Page) -> list[str]:
    """What is open and reaches over an edge of the screen."""
    return page.evaluate(
        """() => [...document.querySelectorAll("details[open] > .menu-list, dialog[open], #toasts > *, .menu-form")]
            .filter((el) => el.checkVisibility())
            .map((el) => [el, el.getBoundingClientRect()])
            .filter(([, box]) => box.left < 0 || box.right > innerWidth)
            .map(([el, box]) => `${el.outerHTML.slice(0, 80)} from ${box.left} to ${box.right}`)"""
    )


def spilled(page: Page) -> list[str]:
    """Entries of open menus whose words do not fit into them."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".menu-list a, .menu-list button:not(.btn), .menu-list summary")]
            .filter((el) => el.checkVisibility())
            .filter((el) => el.scrollHeight > el.clientHeight + 2 || el.scrollWidth > el.clientWidth + 2)
            .map((el) => `${el.innerText} needs ${el.scrollWidth} × ${el.scrollHeight}`)"""
    )
