"""What is looked for on a page as it stands: what axe finds, icons that are missing, and what is too wide."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: half a megabyte; pages that are looked at often have it from the start (`shared_pages`)
AXE = Axe().axe_script
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
#: only colours differ between the schemes
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}

# A feed has twenty cards that are made alike, the document of the API hundreds of tables, and axe takes milliseconds
# for each word of them. So what stands at the same place (below the same kinds of elements) and is made of the same
# elements, with the same classes and attributes, is looked at twice, as an odd and as an even one, not a third time.
# Whatever differs in anything but words, addresses and numbers is another shape. Where there are very many (only in the
# document of the API) they leave the page: just to pass by seventeen thousand elements takes axe half a minute.
_RUN_AXE = """async (rules) => {
    const free = new Set(["id", "href", "src", "srcset", "for", "name", "value", "title", "alt", "datetime", "action",
        "aria-label", "aria-describedby", "aria-labelledby", "aria-controls"]);
    for (const el of document.querySelectorAll("[data-again]")) el.removeAttribute("data-again");
    const kind = (el) => el.localName + [...el.attributes].map(({name, value}) =>
        free.has(name) || /^(data|hx)-/.test(name) ? `${name}${value.trim() ? "" : " empty"}` : `${name}=${value}`)
        .sort() + ([...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) ? " words" : "");
    const kinds = new Map(), shapes = new Map(), seen = new Map();
    let again = 0;
    const shape = (el) => {
        kinds.set(el, kind(el));
        shapes.set(el, `${kinds.get(el)}(${[...el.children].map(shape)})`);
        return shapes.get(el);
    };
    const look = (el, place) => {
        const key = `${place} ${shapes.get(el)}`, times = (seen.get(key) ?? 0) + 1;
        seen.set(key, times);
        if (times > 2) { el.setAttribute("data-again", ""); again += 1; }
        else for (const child of el.children) look(child, `${place}>${kinds.get(el)}`);
    };
    shape(document.body);
    look(document.body, "");
    if (again > 500) {
        const refers = ["aria-labelledby", "aria-describedby", "for"];
        const names = new Set([...document.querySelectorAll(refers.map((name) => `[${name}]`))].flatMap((el) =>
            refers.flatMap((name) => (el.getAttribute(name) ?? "").split(" "))));
        for (const el of document.querySelectorAll("[data-again]")) {
            if (![el, ...el.querySelectorAll("[id]")].some(({id}) => id && names.has(id))) el.remove();
        }
    }
    const {violations} = await axe.run(again ? {exclude: ["[data-again]"]} : document, rules);
    return violations;
}"""


def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe finds on the page as it stands, one line for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(_RUN_AXE, rules)
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
