"""Whom and what one may mean while typing @ or #."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from circle.access import SYSTEM
from circle.accounts.models import Block
from circle.circles import operations as circles
from circle.core.db import db
from circle.core.operation import operation
from circle.topics import operations as topics
from tests.clients import Browser
from tests.factories import Make, Place

_INSERT = re.compile(r'data-insert="([^"]*)"')


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


@pytest.fixture
def ask(place: Place, browser: Callable[..., Browser]) -> Callable[..., list[str]]:
    """What `who` is offered for `typed`."""

    def asked(typed: str, path: str = "people", who: str = "ann") -> list[str]:
        answer = browser(place.users[who]).get(f"/{place.slug}/{path}", query_string={"q": typed})
        assert answer.status_code == 200
        return [insert.strip() for insert in _INSERT.findall(answer.get_data(as_text=True))]

    return asked


def join(make: Make, place: Place, name: str, **values: Any) -> Any:
    return make.member(place.circle, user=make.user(name, **values))


def test_the_beginning_of_either_name_finds_a_member(make: Make, place: Place, ask: Callable[..., list[str]]) -> None:
    join(make, place, "wenyan", nickname="文燕")
    join(make, place, "文竹", nickname="Bamboo")
    make.user("文outside")
    assert ask("wen") == ["@wenyan"]
    assert ask("WEN") == ["@wenyan"]
    assert ask("文") == ["@文竹", "@wenyan"]
    assert ask("bam") == ["@文竹"]
    assert ask("enyan") == []
    assert ask("%") == ask("_") == []


def test_never_oneself_nobody_blocked_nobody_gone_and_eight_at_most(
    make: Make, place: Place, ask: Callable[..., list[str]]
) -> None:
    people = {letter: join(make, place, f"fan{letter}") for letter in "abcdefghjk"}
    assert len(ask("fan")) == 8
    ann, mine, theirs = place.ann.person_id, people["a"].id, people["b"].id

    @operation
    def block() -> None:
        db.session.add_all([Block(blocker_id=ann, blocked_id=mine), Block(blocker_id=theirs, blocked_id=ann)])

    block()
    circles.ban_member(SYSTEM, place.slug, people["c"].id)
    circles.remove_member(SYSTEM, place.slug, people["d"].id)
    assert ask("fan") == [f"@fan{letter}" for letter in "efghjk"]
    assert ask(place.users["ann"].username) == []


def test_for_the_sign_alone_those_are_offered_who_wrote_last(
    make: Make, place: Place, ask: Callable[..., list[str]]
) -> None:
    assert ask("") == []
    for who in ("bob", "ann", "mod", "bob"):
        make.post(place, who)
    bob, mod = (place.users[who].username for who in ("bob", "mod"))
    assert ask("") == [f"@{bob}", f"@{mod}"]

    @operation
    def block() -> None:
        db.session.add(Block(blocker_id=place.mod.person_id, blocked_id=place.ann.person_id))

    block()
    assert ask("") == [f"@{bob}"]
    circles.remove_member(SYSTEM, place.slug, place.bob.person_id)
    assert ask("") == []


def test_topics_are_found_by_any_part_and_closed_ones_are_not(place: Place, ask: Callable[..., list[str]]) -> None:
    for title in ("早安打卡", "晚安", "Book Club"):
        topics.create_topic(place.owner, place.slug, title=title)
    closed = topics.create_topic(place.owner, place.slug, title="早年")
    topics.update_topic(place.owner, closed, status="archived")
    assert ask("安", "titles") == ["#晚安#", "#早安打卡#"]
    assert ask("早", "titles") == ["#早安打卡#"]
    assert ask("club", "titles") == ["#Book Club#"]
    assert len(ask("", "titles")) == 3


def test_hostile_input_finds_nobody_and_breaks_nothing(ask: Callable[..., list[str]]) -> None:
    for typed in ("\x00", "'; --", "\ud83d", "@" * 5000, "<script>", "\\"):
        assert ask(typed.encode("utf-8", "replace").decode()) == []


def test_names_are_escaped(make: Make, place: Place, browser: Callable[..., Browser]) -> None:
    join(make, place, "wenyan", nickname='<b title="x">')
    page = browser(place.users["ann"]).get(f"/{place.slug}/people?q=wen").get_data(as_text=True)
    assert "<b" not in page
