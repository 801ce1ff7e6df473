"""Requests of one process take turns (circle/core/turns.py): one at a time, in order, and nobody waits for ever."""

from __future__ import annotations

import random
import runpy
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from circle.accounts import passwords
from circle.accounts.passwords import hash_password, verify_password
from circle.app import create_app
from circle.config import ROOT, Settings
from circle.core import turns
from circle.core.operation import in_transaction
from circle.core.turns import UPLOAD, WAITED, Turns
from tests import patience

#: longer than any test waits: a turn that is not given on fails its test
LONG = 2 * patience.PATIENCE


class Desk:
    """An application whose requests stay inside until they are let out; who is inside, and who was, in order."""

    def __init__(self, patience_s: float = LONG) -> None:
        self.turns = Turns(self._answer, patience=patience_s)
        self.inside: list[str] = []
        self.entered: list[str] = []
        self.waited: dict[str, float] = {}
        self._doors: dict[str, threading.Event] = {}
        self._inner: dict[str, Callable[[], Any]] = {}
        self._threads: dict[str, threading.Thread] = {}

    def _answer(self, environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        name = environ["name"]
        self.waited[name] = environ.get(WAITED, -1.0)
        self.entered.append(name)
        self.inside.append(name)
        try:
            self._inner[name]()
            assert self._doors[name].wait(patience.PATIENCE)
        finally:
            self.inside.remove(name)
        return [b""]

    def come(self, name: str, inner: Callable[[], Any] = lambda: None, **environ: str) -> None:
        """A request arrives; `inner` is done as soon as it is inside."""
        self._doors[name], self._inner[name] = threading.Event(), inner
        before = len(self.turns._queue)
        call = lambda: self.turns({"name": name, **environ}, None)  # noqa: E731
        self._threads[name] = patience.started([threading.Thread(target=call, name=name)])[0]
        patience.until(lambda: name in self.entered or len(self.turns._queue) > before, pause=0.001)

    def leave(self, name: str) -> None:
        self._doors[name].set()
        patience.joined([self._threads[name]])


def test_one_at_a_time_and_first_come_first_served() -> None:
    desk = Desk()
    for name in "abcd":
        desk.come(name)
    for name, rest in (("a", "bcd"), ("b", "cd"), ("c", "d")):
        assert desk.inside == [name]
        desk.leave(name)
        patience.until(lambda rest=rest: desk.inside == [rest[0]], pause=0.001)
    desk.leave("d")
    assert desk.entered == list("abcd")
    desk.come("e")
    assert desk.inside == ["e"], "nobody is there, and yet it waits"
    desk.leave("e")


def test_who_is_slow_keeps_others_no_longer_than_a_turn_lasts() -> None:
    desk = Desk(patience_s=0.05)
    desk.come("slow")
    for name in "abc":
        desk.come(name)
    patience.until(lambda: desk.inside == ["slow", *"abc"])
    assert desk.entered == ["slow", *"abc"]
    for name in ("slow", "b", "c", "a"):
        desk.leave(name)
    desk.come("next")
    assert desk.inside == ["next"]
    desk.leave("next")


def test_who_lets_go_goes_on_beside_the_next_one_and_ends_nobody_elses_turn() -> None:
    desk = Desk()
    desk.come("a", turns.let_go)
    desk.come("b")
    desk.come("c")
    patience.until(lambda: desk.inside == ["a", "b"], pause=0.001)
    desk.leave("a")  # its turn was over: `c` is not called by that
    time.sleep(0.1)
    assert desk.inside == ["b"]
    desk.leave("b")
    patience.until(lambda: desk.inside == ["c"], pause=0.001)
    desk.leave("c")


def test_who_has_no_turn_ends_nobodys() -> None:
    """Neither a thread that never had one, nor one whose request is over."""
    desk, over = Desk(), threading.Event()

    def late() -> None:
        Turns(lambda _environ, _start: [b""])({}, None)  # a whole request on this thread
        turns.let_go()
        over.set()

    desk.come("a")
    desk.come("b")
    turns.let_go()
    patience.joined(patience.started([threading.Thread(target=late)]))
    assert over.is_set()
    assert desk.inside == ["a"]
    assert len(desk.turns._queue) == 1
    desk.leave("a")
    desk.leave("b")


def test_an_error_ends_the_turn() -> None:
    def broken(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        raise ValueError("broken")

    desk = Turns(broken, patience=LONG)
    for _time in range(2):
        with pytest.raises(ValueError, match="broken"):
            desk({}, None)


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": str(UPLOAD + 1)}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_an_upload_takes_no_turn(environ: dict[str, str]) -> None:
    desk = Desk()
    desk.come("upload", **environ)
    desk.come("page", CONTENT_LENGTH=str(UPLOAD))
    assert desk.inside == ["upload", "page"]
    desk.come("another", CONTENT_LENGTH="")
    desk.leave("upload")
    assert desk.inside == ["page"]
    for name in ("page", "another"):
        desk.leave(name)


def test_it_is_told_how_long_a_request_waited() -> None:
    desk = Desk()
    desk.come("a")
    desk.come("b")
    time.sleep(0.1)
    desk.leave("a")
    desk.leave("b")
    assert desk.waited["a"] < 0.1 <= desk.waited["b"]


def test_many_at_once_lose_nobody() -> None:
    inside = most = 0

    def answer(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        what = environ["random"].random()
        if what < 0.2:
            turns.let_go()
        if what < 0.4:
            time.sleep(what / 50)
        inside -= 1
        return [b"done"]

    desk = Turns(answer, patience=0.001)

    def client(seed: int) -> int:
        chance = random.Random(seed)
        return sum(desk({"random": chance}, None) == [b"done"] for _time in range(100))

    assert patience.at_once(client, range(12)) == [100] * 12
    assert most > 1  # the turns were over now and then, as it was meant
    assert desk._now is None
    assert not desk._queue


def test_others_go_on_while_a_commit_waits_for_the_disk(app: Flask) -> None:
    """And not before: an operation has its turn to itself until then."""
    desk, seen = Desk(), []

    def write(durable: bool) -> Callable[[], None]:
        def inner() -> None:
            with app.app_context():
                in_transaction(lambda: seen.append(list(desk.inside)), durable=durable)

        return inner

    desk.come("hurried", write(durable=False))
    desk.come("b", write(durable=True))
    patience.until(lambda: len(seen) == 1)
    assert desk.inside == ["hurried"]
    desk.leave("hurried")
    patience.until(lambda: len(seen) == 2)
    desk.come("c")
    assert desk.inside == ["b", "c"]
    assert seen == [["hurried"], ["b"]]
    desk.leave("b")
    desk.leave("c")


@pytest.mark.parametrize("work", [lambda: hash_password("secret"), lambda: verify_password("$hash", "secret")])
def test_others_go_on_while_a_password_is_hashed(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> None:
    desk, done = Desk(), []

    def hashing(*_words: str) -> str:
        patience.until(lambda: "b" in desk.inside)  # it lasts until somebody else is inside
        return "$hash"

    monkeypatch.setattr(passwords, "_nobody", lambda: "$nobody")
    monkeypatch.setattr(passwords, "_hasher", SimpleNamespace(hash=hashing, verify=hashing))
    desk.come("a", lambda: done.append(work()))
    desk.come("b")
    desk.leave("a")
    assert len(done) == 1
    assert desk.inside == ["b"]
    desk.leave("b")


@pytest.mark.parametrize(
    ("url", "worker", "expected"),
    [
        ("sqlite:///{}/circle.db", "gthread", True),
        ("sqlite:///{}/circle.db", "sync", False),  # one request at a time anyway
        ("postgresql://nobody@127.0.0.1:1/nothing", "gthread", False),  # a request waits for its database, not for us
    ],
)
def test_the_server_has_its_threads_take_turns_on_sqlite(
    base_settings: Settings, tmp_path: Path, url: str, worker: str, expected: bool
) -> None:
    app = create_app(replace(base_settings, database_url=url.format(tmp_path)))
    server = SimpleNamespace(wsgi=app, cfg=SimpleNamespace(worker_class_str=worker, threads=32))
    settings = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    signals: list[int] = []
    settings["post_worker_init"].__globals__["signal"] = SimpleNamespace(
        SIGTERM=1, SIGINT=2, SIGQUIT=3, signal=lambda number, _handler: signals.append(number),
        getsignal=lambda _number: None, siginterrupt=lambda _number, _flag: None,
    )  # fmt: skip
    settings["post_worker_init"](server)
    assert isinstance(server.wsgi, Turns) is expected
    assert signals == [1, 2, 3]
