"""Opens every page and asks every endpoint as one reader: all routes with the ids of the world filled in, then whatever
the pages link to. What it gives back can be searched."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import product
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.clients import ApiClient, Browser, contract_of, outside
from tests.qa.veil import Veil

_LINK = re.compile(r'(?:href|src|hx-get|action|content|data-[a-z-]+)="((?:http://localhost)?/[^"]*)"')
#: addresses of one endpoint that are followed from links, beside those that were filled in
_EACH, _EACH_OF_OTHERS = 5, 2
#: what no page of a circle is made by, and what would never end
_NOT = {"static", "live.stream", "openapi.docs", "openapi.openapi_json"}
_TEXT = ("text/", "application/json", "application/problem+json", "application/atom+xml")


@dataclass(frozen=True)
class Seen:
    """An answer: which endpoint, at which address, and all its words (headers too)."""

    endpoint: str
    path: str
    status: int
    text: str


class Crawler:
    """One reader's way through the site."""

    def __init__(self, veil: Veil, reader: str, *, thorough: bool = True) -> None:
        """`thorough`: looks at everything; else at the question itself and where it is listed."""
        self.veil, self.app = veil, veil.app
        self._browser, self._api = veil.browser(reader), veil.api(reader)
        self._thorough = thorough
        self._adapter = self.app.url_map.bind("localhost")
        self._times: Counter[str] = Counter()
        self._done: set[str] = set()
        self._waiting: deque[str] = deque()

    def walk(self) -> Iterator[Seen]:
        """Every answer, each address once."""
        self._waiting.extend(filled_in(self.app, self.veil, thorough=self._thorough))
        first = len(self._waiting)
        number = 0
        while self._waiting:
            path = self._waiting.popleft()
            number += 1
            endpoint = self._endpoint(path)
            if endpoint is None or endpoint in _NOT or path in self._done:
                continue
            if number > first:
                self._times[endpoint] += 1
                if self._times[endpoint] > (_EACH if self._thorough else _EACH_OF_OTHERS):
                    continue
            self._done.add(path)
            yield from self._look(endpoint, path)

    def _look(self, endpoint: str, path: str) -> Iterator[Seen]:
        if path.startswith("/api/v1"):
            yield self._seen(endpoint, path, self._api.get(path.removeprefix("/api/v1")))
            return
        response = self._browser.get(path)
        seen = self._seen(endpoint, path, response)
        yield seen
        self._waiting.extend(self._links(seen.text))
        if location := response.headers.get("Location"):
            self._waiting.append(_local(location))
        if seen.status == 200 and "HX-Request" in response.headers.get("Vary", ""):
            headers = {"HX-Request": "true"}
            fragment = outside(self._browser.http.get, path, headers=headers, buffered=True)
            yield self._seen(endpoint, path, fragment)

    def _seen(self, endpoint: str, path: str, response: TestResponse) -> Seen:
        assert response.status_code < 500, (path, response.get_data(as_text=True)[-500:])
        body = response.get_data(as_text=True) if response.mimetype.startswith(_TEXT) else ""
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers if name != "Set-Cookie")
        return Seen(endpoint, path, response.status_code, f"{headers}\n{unescape(body)}\n{unquote(headers)}")

    def _links(self, text: str) -> list[str]:
        return [_local(unescape(link)) for link in _LINK.findall(text)]

    def _endpoint(self, path: str) -> str | None:
        try:
            endpoint, _values = self._adapter.match(urlsplit(path).path, method="GET")
        except HTTPException:
            return None
        return str(endpoint)


def _local(link: str) -> str:
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    for name in ("t", "v", "next"):  # signatures and versions make an address new, and no page
        query.pop(name, None)
    kept = "&".join(f"{name}={value}" for name, values in query.items() for value in values)
    return parts.path + (f"?{kept}" if kept else "")


#: further looks at an endpoint: what stands behind its question mark
_ASKS: Mapping[str, Sequence[str]] = {
    "home.circle": ("?sort=hot", "?sort=active", "?sort=featured", "?sort=following", "?by=owner", "?sort=owner"),
    "posts_api.feed": ("?sort=hot", "?sort=active", "?sort=featured", "?type=question"),
    "posts.show": ("?sort=newest", "?sort=hot"),
    "posts_api.comments": ("?sort=newest", "?sort=hot"),
    "qa.index": ("?tab=hot", "?tab=active", "?tab=unanswered", "?tab=mine"),
    "qa_api.questions": ("?tab=hot", "?tab=active", "?tab=unanswered"),
    "qa.show": ("?sort=newest",), "qa_api.answers": ("?sort=newest",),
    "qa.similar": ("?title=匿名试探海盐",), "qa_api.similar": ("?title=匿名试探海盐",),
    "posts.people": ("?q=",), "posts.titles": ("?q=",), "circles_api.members": ("?role=member",),
}  # fmt: skip


def filled_in(app: Flask, veil: Veil, *, thorough: bool) -> Iterator[str]:
    """Every route that is read, with everything of the world in the place of its variables."""
    values = _values(veil, thorough=thorough)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()) or rule.endpoint in _NOT:
            continue
        names = sorted(rule.arguments)
        if any(name not in values for name in names):
            continue
        for chosen in product(*(values[name] for name in names)):
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **dict(zip(names, chosen, strict=True)), _external=False)
            yield path
            yield from (path + asked for asked in _ASKS.get(rule.endpoint, ()) if thorough)
    question = veil.ids["question"]
    yield from (f"/{veil.slug}/posts/{question}?reply_to={veil.ids[name]}&quote=1" for name in ("comment", "reply"))
    yield f"/{veil.slug}/posts/{question}?quote=1"
    yield from (
        f"/live/posts?circle={veil.slug}",
        f"/live/now?circle={veil.slug}",
        f"/api/v1/me/live?circle={veil.slug}",
    )
    for source in (f"post:{question}", f"comment:{veil.ids['comment']}", f"featured:{question}"):
        yield f"/{veil.slug}/points/why?source={source}&user={veil.people['member'].id}"
        yield f"/api/v1/circles/{veil.slug}/me/ledger/why?source={source}"


def without_values(app: Flask, veil: Veil) -> set[str]:
    """Endpoints that are read and have variables for which the world has nothing."""
    values = _values(veil, thorough=True)
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.arguments - values.keys()
    }


#: what tells the name to those who may learn it, with a trace (test_revealing.py)
_REVEALS = {"qa.reveal", "qa_api.reveal"}
_OF_IT = {"post_id", "question_id", "answer_id", "comment_id"}


def act(veil: Veil, reader: str, *, last: bool) -> Iterator[Seen]:
    """Do everything that a reader can try to do to the question and to what stands below it; `last`: remove it, too."""
    browser, api, values = veil.browser(reader), veil.api(reader), _targets(veil)
    for rule in sorted(veil.app.url_map.iter_rules(), key=lambda rule: ("remove" in rule.rule, rule.rule)):
        methods = (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        if not rule.arguments & _OF_IT or rule.arguments - values.keys() or rule.endpoint in _REVEALS:
            continue
        if "remove" in rule.rule and not last:
            continue
        names = sorted(rule.arguments)
        for method, chosen in product(sorted(methods), product(*(values[name] for name in names))):
            with veil.app.test_request_context():
                path = veil.app.url_for(rule.endpoint, **dict(zip(names, chosen, strict=True)))
            response = _done(veil, browser, api, method, path)
            text = response.get_data(as_text=True) if response.mimetype.startswith(_TEXT) else ""
            headers = "\n".join(f"{name}: {value}" for name, value in response.headers if name != "Set-Cookie")
            yield Seen(rule.endpoint, path, response.status_code, f"{headers}\n{unescape(text)}\n{unquote(headers)}")


def _done(veil: Veil, browser: Browser, api: ApiClient, method: str, path: str) -> TestResponse:
    sent = {
        "reason": "long enough to be a reason", "body": "说两句", "on": "1", "value": "1", "version": "1", "rank": "1",
        "user_id": str(veil.people["expert"].id), "of": str(veil.ids["question"]), "title": "换个标题", "parent_id":
        str(veil.ids["comment"]), "answer_id": str(veil.ids["own_answer"]),
    }  # fmt: skip
    if not path.startswith("/api/v1"):
        return browser.post(path, sent)
    contract = contract_of(veil.app, method, path)
    known = contract.takes().fields if contract is not None and contract.takes is not None else {}
    numbers = {"value", "version", "rank"}
    json = {name: int(value) if name in numbers else value for name, value in sent.items() if name in known}
    return api.call(method, path.removeprefix("/api/v1"), json=json)


def _targets(veil: Veil) -> dict[str, Sequence[Any]]:
    ids = veil.ids
    return {
        "slug": [veil.slug], "post_id": [ids["question"]], "question_id": [ids["question"]],
        "answer_id": [ids["own_answer"]], "comment_id": [ids["comment"], ids["again"]],
    }  # fmt: skip


def _values(veil: Veil, *, thorough: bool) -> dict[str, Sequence[Any]]:
    ids = veil.ids
    questions = [ids[name] for name in ("question", "hidden", "gone", "repeated", "plain")[: 5 if thorough else 1]]
    comments = ("comment", "theirs", "reply", "reply_to_asker", "again", "below")
    return {
        "slug": [veil.slug], "topic_slug": [veil.topic_slug], "topic_id": [veil.topic],
        "post_id": questions, "question_id": questions, "answer_id": [ids["answer"], ids["own_answer"]],
        "comment_id": [ids[name] for name in comments[: 6 if thorough else 2]],
        "user_id": [veil.people["member"].id, veil.asker.id], "username": [veil.people["member"].username],
        "media_id": veil.media, "variant": ["full", "thumb"], "extension": ["webp"],
        "campaign_id": [ids["campaign"]], "team_id": [ids["team"]], "idx": [1],
    }  # fmt: skip
