"""A hub of the test's own, which looks often and has ended when the test is over, and a reader of its streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from circle.live.hub import Hub, Seen, Watched
from circle.live.web import make_hub
from tests.clients import Browser, outside
from tests.patience import PATIENCE

#: looks in a second
QUICK = 0.05


@pytest.fixture
def hub(app: Flask) -> Iterator[Callable[..., Hub]]:
    """`hub()` gives the application a hub with room for three streams; `hub(limit=1)` with room for one."""
    before, made = app.extensions["circle_live"], []

    def make_one(limit: int = 3, every: float = QUICK) -> Hub:
        app.extensions["circle_live"] = each = _counted(make_hub(app, limit=limit, every=every))
        made.append(each)
        return each

    yield make_one
    app.extensions["circle_live"] = before
    for each in made:
        each.close()
        each.join(20)


def _counted(hub: Hub) -> Hub:
    """The hub, with the number of looks that it has begun."""
    look, hub.looks = hub._look, 0  # type: ignore[attr-defined]

    def counted(watched: Watched) -> Seen:
        hub.looks += 1  # type: ignore[attr-defined]
        return look(watched)

    hub._look = counted
    return hub


class Reader:
    """An open page: `events()` gives what its stream says of all that happened so far, and `ended` whether it has."""

    def __init__(self, browser: Browser, hub: Hub, *slugs: str) -> None:
        before = set(hub._streams)
        query = "&".join(f"circle={slug}" for slug in slugs)
        self.response = outside(
            browser.http.get, f"/live?{query}", environ_overrides={"wsgi.multithread": True}, buffered=False
        )
        self.status = self.response.status_code
        self._hub, self._stream = hub, next(iter(set(hub._streams) - before), None)
        self.ended = False

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Wait until all is told that happened so far: when the third look from now begins, the first two are over, and
        the second knows every stream that is open now."""
        assert self._stream is not None
        found, after = [], self._hub.looks + 3  # type: ignore[attr-defined]
        told = False
        for raw in self._stream.lines(beat=QUICK / 5, life=PATIENCE):
            if raw.startswith(b"retry"):
                continue
            if raw.startswith(b":"):
                if told:
                    return found
                told = self._hub.looks >= after  # type: ignore[attr-defined]
                continue
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
