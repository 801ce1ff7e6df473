"""Every page, as everybody who may see it, in light and dark: accessible, and never wider than the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.looking import COLOURS, missing_icons, too_wide, violations
from tests.browser.pages import ALL, NOT_PAGES, VIEWS, View

#: the narrowest screen of each layout (static/css changes at 768, 896, 1024 and 1216), where there is least room
NARROWEST = (320, 768, 1024, 1280)
#: wider ones of the same layouts: each page is shown on one of them, by turns
WIDER = (360, 390, 1440)
LOOKS = [pytest.param(view, role, id=f"{view.name} as {role}") for view in ALL for role in view.readers]
#: The last reader is shown what the others are, and more. So each page is measured as that one, and as one of the
#: others by turns: every page, and every role on many of them.
MEASURED = [
    pytest.param(view, role, WIDER[number % len(WIDER)], id=f"{view.name} as {role}")
    for number, view in enumerate(ALL)
    for role in sorted({view.readers[-1], view.readers[number // len(WIDER) % len(view.readers)]})
]


def _pages(app: Flask) -> set[str]:
    """The endpoints that may show a page: every GET route of a blueprint, but for the JSON API."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "." in rule.endpoint and not rule.rule.startswith("/api/v1/")
    }


def test_every_page_is_looked_at(plain_app: Flask) -> None:
    assert _pages(plain_app) - set(NOT_PAGES) == set(VIEWS), "add the page to tests/browser/pages.py"


@pytest.mark.parametrize(("view", "role"), LOOKS)
def test_a_page_is_accessible_in_light_and_dark(visit: Callable[..., Page], site: Site, view: View, role: str) -> None:
    page = visit(role)
    response = page.goto(view.address(site.world))
    assert response and response.status == view.status
    assert page.evaluate("[document.querySelectorAll('h1').length, Boolean(document.title.trim())]") == [1, True]
    assert missing_icons(page) == []
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == []


@pytest.mark.parametrize(("view", "role", "wider"), MEASURED)
def test_a_page_never_scrolls_sideways(
    visit: Callable[..., Page], site: Site, view: View, role: str, wider: int
) -> None:
    page = visit(role, language="en")  # the longer language
    page.goto(view.address(site.world))
    for width in (*NARROWEST, wider):
        page.set_viewport_size({"width": width, "height": 844})
        assert too_wide(page) == [], f"{width} px"
    page.set_viewport_size({"width": 360, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '135%'")  # as WeChat's text size does
    assert too_wide(page) == [], "360 px with large text"


def test_the_tab_that_is_on_is_in_sight(visit: Callable[..., Page], site: Site) -> None:
    page = visit("owner", language="en")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/{site.world.slug}/manage/invites")
    expect(page.locator(".admin-nav [aria-current]")).to_be_in_viewport(ratio=0.99)
