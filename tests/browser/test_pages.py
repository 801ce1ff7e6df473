"""Every page, as everybody who may see it, in light and dark: accessible, and never wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.pages import ALL, NOT_PAGES, VIEWS, View

AXE = Axe()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
#: only colours differ between the schemes
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
WIDTHS = (320, 360, 390, 768, 1024, 1280, 1440)
LOOKS = [pytest.param(view, role, id=f"{view.name} as {role}") for view in ALL for role in view.readers]


def _pages(app: Flask) -> set[str]:
    """The endpoints that may show a page: every GET route of a blueprint, but for the JSON API."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "." in rule.endpoint and not rule.rule.startswith("/api/v1/")
    }


def test_every_page_is_looked_at(plain_app: Flask) -> None:
    assert _pages(plain_app) - set(NOT_PAGES) == set(VIEWS), "add the page to tests/browser/pages.py"


def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe finds on the page as it stands, one line for each element."""
    if not page.evaluate("'axe' in window"):  # half a megabyte: once for each document
        page.evaluate(AXE.axe_script)
    found = page.evaluate("rules => axe.run(rules).then(results => results.violations)", rules)
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def missing_icons(page: Page) -> list[str]:
    """Icons that the sprite does not have: they show as nothing at all."""
    return page.evaluate(
        """async () => {
            const uses = [...document.querySelectorAll("use")].map((use) => new URL(use.href.baseVal, location));
            const files = new Map();
            for (const url of uses) {
                const file = url.origin + url.pathname;
                if (!files.has(file)) {
                    files.set(file, new DOMParser().parseFromString(await (await fetch(file)).text(), "image/svg+xml"));
                }
            }
            return uses.filter((url) => !files.get(url.origin + url.pathname).getElementById(url.hash.slice(1)))
                .map((url) => url.hash);
        }"""
    )


@pytest.mark.parametrize(("view", "role"), LOOKS)
def test_a_page_is_accessible_in_light_and_dark(visit: Callable[..., Page], site: Site, view: View, role: str) -> None:
    page = visit(role)
    response = page.goto(view.address(site.world))
    assert response and response.status == view.status
    assert page.locator("h1").count() == 1
    assert page.title().strip()
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == []
    assert missing_icons(page) == []


@pytest.mark.parametrize(("view", "role"), LOOKS)
def test_a_page_never_scrolls_sideways(visit: Callable[..., Page], site: Site, view: View, role: str) -> None:
    page = visit(role, language="en")  # the longer language
    page.goto(view.address(site.world))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert too_wide(page) == [], f"{width} px"
    page.set_viewport_size({"width": 360, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '135%'")  # as WeChat's text size does
    assert too_wide(page) == [], "360 px with large text"


def too_wide(page: Page) -> list[str]:
    """The elements that reach over the right edge of a page that scrolls sideways."""
    return page.evaluate(
        """() => {
            const root = document.documentElement;
            if (root.scrollWidth <= innerWidth) return [];
            const scrolls = (el) => el && el !== root
                && (getComputedStyle(el).overflowX !== "visible" || scrolls(el.parentElement));
            return [...document.body.querySelectorAll("*")]
                .filter((el) => el.getBoundingClientRect().right > innerWidth && !scrolls(el.parentElement))
                .map((el) => `${el.outerHTML.slice(0, 120)} ends at ${Math.round(el.getBoundingClientRect().right)}`)
                .concat([`the page is ${root.scrollWidth} px wide`]);
        }"""
    )


def test_the_tab_that_is_on_is_in_sight(visit: Callable[..., Page], site: Site) -> None:
    page = visit("owner", language="en")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/{site.world.slug}/manage/invites")
    expect(page.locator(".admin-nav [aria-current]")).to_be_in_viewport(ratio=0.99)
