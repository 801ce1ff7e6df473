"""A hub of the test's own, which looks often and has ended when the test is over, and a reader of its streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from circle.live.hub import Hub
from circle.live.web import make_hub
from tests.clients import Browser, outside

#: looks in a second
QUICK = 0.05


@pytest.fixture
def hub(app: Flask) -> Iterator[Callable[..., Hub]]:
    """`hub()` gives the application a hub with room for three streams; `hub(limit=1)` with room for one."""
    before, made = app.extensions["circle_live"], []

    def make_one(limit: int = 3, every: float = QUICK) -> Hub:
        app.extensions["circle_live"] = each = make_hub(app, limit=limit, every=every)
        made.append(each)
        return each

    yield make_one
    app.extensions["circle_live"] = before
    for each in made:
        each.close()
        each.join(20)


class Reader:
    """An open page: `events(0.5)` gives what its stream says within half a second, and whether it has ended."""

    def __init__(self, browser: Browser, hub: Hub, *slugs: str) -> None:
        before = set(hub._streams)
        query = "&".join(f"circle={slug}" for slug in slugs)
        self.response = outside(
            browser.http.get, f"/live?{query}", environ_overrides={"wsgi.multithread": True}, buffered=False
        )
        self.status = self.response.status_code
        self._stream = next(iter(set(hub._streams) - before), None)
        self.ended = False

    def events(self, patience: float = 0.6) -> list[tuple[str, dict[str, Any]]]:
        """Wait for events until there is nothing for `patience` seconds."""
        assert self._stream is not None
        found = []
        for raw in self._stream.lines(beat=patience, life=20):
            if raw.startswith(b"retry"):
                continue
            if raw.startswith(b":"):
                return found
            name, data = raw.decode().strip().split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        self.ended = True
        return found

    def close(self) -> None:
        self.response.close()


@pytest.fixture
def listen(browser: Callable[..., Browser]) -> Iterator[Callable[..., Reader]]:
    """`listen(hub, user, slug)` opens a stream as that person's browser does."""
    opened: list[Reader] = []

    def open_one(hub: Hub, user: Any, *slugs: str, client: Browser | None = None) -> Reader:
        opened.append(Reader(client or browser(user), hub, *slugs))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
