"""A page as somebody without JavaScript uses it: its forms with what they already hold, its links, its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

from tests.clients import Browser

_EMPTY = {"submit", "button", "file", "image", "reset"}


@dataclass
class Form:
    action: str
    #: name -> value as the page filled it in
    fields: dict[str, Any] = field(default_factory=dict)
    #: names of everything that can be filled in
    names: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form" and given.get("method", "").lower() == "post":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
        name = given.get("name")
        if self._open is None:
            return
        if tag == "option" and self._select and "selected" in given:
            self._open.fields[self._select] = given.get("value", "")
        if name is None:
            return
        self._open.names.add(name)
        if tag == "select":
            self._select = name
        if tag == "textarea":
            self._textarea = name
            self._open.fields[name] = ""
        if tag == "input" and given.get("type") in {"checkbox", "radio"}:
            if "checked" in given:
                self._open.fields[name] = given.get("value", "on")
        elif tag == "input" and given.get("type") not in _EMPTY:
            self._open.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._textarea is not None and self._open is not None:
            self._open.fields[self._textarea] += (
                data.removeprefix("\n") if not self._open.fields[self._textarea] else data
            )


class Page:
    """What a browser shows now. `go`, `follow` and `send` lead to the next page, through every redirect."""

    def __init__(self, browser: Browser, response: TestResponse) -> None:
        while response.status_code in {301, 302, 303}:
            response = browser.get(response.headers["Location"])
        self.browser, self.response = browser, response
        self.path: str = response.request.path
        self.html: str = response.get_data(as_text=True)
        self._read = _Reader()
        self._read.feed(self.html)
        assert response.status_code in {200, 422}, f"{self.path}: {response.status_code}"

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._read.words).split())

    @property
    def links(self) -> list[str]:
        return self._read.links

    def go(self, path: str) -> Page:
        """Type an address."""
        return Page(self.browser, self.browser.get(path))

    def follow(self, part: str) -> Page:
        """Click the first link whose address holds `part`."""
        found = [link for link in self._read.links if part in link]
        assert found, f"no link with {part!r} on {self.path}: {self._read.links}"
        return self.go(found[0].partition("#")[0])

    def form(self, action: str) -> Form:
        """The first form whose action ends with `action`."""
        found = [form for form in self._read.forms if form.action.endswith(action)]
        assert found, f"no form for {action!r} on {self.path}: {[form.action for form in self._read.forms]}"
        return found[0]

    def send(self, action: str, **filled: Any) -> Page:
        """Fill in the form and send it with everything it held already."""
        form = self.form(action)
        unknown = set(filled) - form.names
        assert not unknown, f"the form {form.action} on {self.path} has no {unknown}, only {form.names}"
        return Page(self.browser, self.browser.post(form.action, form.fields | filled))


def open_page(browser: Browser, path: str) -> Page:
    """Open a browser at `path`."""
    return Page(browser, browser.get(path))
