"""Lists in pages, over statements that the whole process shares: nothing twice, nothing left out, nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select

from circle.accounts import operations as accounts
from circle.circles import queries as circles
from circle.core import clock
from circle.core.errors import BadRequest
from circle.core.pagination import Page
from circle.posts import operations as posts
from circle.posts import queries
from circle.posts.queries.comments import _page_statement
from circle.posts.queries.feed import _feed_statement, _pinned_statement, _topic_statement, one_card
from circle.topics import operations as topics
from circle.topics import queries as topic_queries
from tests.factories import Actor, Make, Place

Read = Callable[[str | None], Page[Any]]
LISTS = (
    "newest", "active", "hot", "featured", "following", "typed", "owner", "topic.newest", "topic.active", "topic.hot",
    "topic.featured", "by", "favorites", "comments.oldest", "comments.newest", "comments.hot", "replies",
)  # fmt: skip


class Lists:
    """Every list of posts and comments, of one circle in which the owner writes and bob reads."""

    def __init__(self, make: Make) -> None:
        self.make, self.place, self.start, self.number = make, make.place(), clock.now(), 0
        self.topic = topics.create_topic(self.place.owner, self.place.slug, title="早安")
        topics.follow_topic(self.place.bob, self.topic)
        with clock.at(self.start - timedelta(minutes=1)):
            self.talked_of = make.post(self.place, "owner")
            self.said = posts.write_comment(self.place.ann, self.talked_of, body="第一")
            posts.feature_post(self.place.admin, self.talked_of, on=True)

    def write(self) -> None:
        """One more of everything, now."""
        self.number += 1
        with clock.at(self.start + timedelta(minutes=self.number)):
            id_ = self.make.post(self.place, "owner", topic_ids=[self.topic])
            posts.feature_post(self.place.admin, id_, on=True)
            posts.favorite_post(self.place.bob, id_, on=True)
            posts.write_comment(self.place.owner, self.talked_of, body="又一")
            posts.write_comment(self.place.owner, self.talked_of, body="是啊", parent_id=self.said)

    def read(self, name: str, actor: Actor | None = None, place: Place | None = None) -> Read:
        place = place or self.place
        actor = actor or place.bob
        circle = circles.readable_circle(actor, place.slug)
        kind, _, sort = name.partition(".")
        if kind == "topic":
            return lambda cursor: queries.topic_feed(actor, circle, self.topic, sort=sort, cursor=cursor, limit=3)
        if kind == "comments":
            post = queries.get_post(actor, self.talked_of)
            return lambda cursor: queries.comment_page(actor, post, sort=sort, cursor=cursor, limit=3)
        if kind == "replies":
            post = queries.get_post(actor, self.talked_of)
            return lambda cursor: queries.reply_page(actor, post, self.said, cursor=cursor, limit=3)
        if kind == "by":
            return lambda cursor: queries.posts_by(actor, place.owner.person_id, cursor=cursor, limit=3)
        if kind == "favorites":
            return lambda cursor: queries.favorites(actor, cursor=cursor, limit=3)
        if kind == "owner":  # always twenty to a page
            return lambda cursor: (
                queries.front(actor, circle, sort="newest", by_owner=True, cursor=cursor, topic_count=0).page
            )
        if kind == "typed":
            return lambda cursor: queries.feed(actor, circle, type_="moment", cursor=cursor, limit=3)
        return lambda cursor: queries.feed(actor, circle, sort=kind, cursor=cursor, limit=3)


def walk(read: Read, between: Callable[[], None]) -> list[int]:
    seen, cursor = [], None
    for _page in range(40):
        page = read(cursor)
        seen += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return seen
        between()
    raise AssertionError("the list does not end")


def test_no_list_shows_twice_or_leaves_out_while_more_is_written(app: Flask, make: Make) -> None:
    lists = Lists(make)
    for _number in range(5):
        lists.write()
    for name in LISTS:
        read = lists.read(name)
        there, left = walk(read, lambda: None), 1

        def more() -> None:
            nonlocal left
            if left:
                left -= 1
                lists.write()

        seen = walk(read, more)
        assert len(seen) == len(set(seen)), name
        assert [id_ for id_ in seen if id_ in set(there)] == there, name
        assert len(there) > 3, name


def test_no_list_takes_the_cursor_of_another(app: Flask, make: Make) -> None:
    lists, other = Lists(make), make.place()
    for _number in range(4):
        lists.write()
    reads = {name: lists.read(name) for name in LISTS}
    reads |= {f"{name} elsewhere": lists.read(name, place=other) for name in ("newest", "owner", "by", "favorites")}
    cursors = {name: read(None).next_cursor for name, read in reads.items()}
    for _number in range(21):
        make.post(lists.place, "owner")
    cursors["owner"] = reads["owner"](None).next_cursor
    given = {name: cursor for name, cursor in cursors.items() if cursor}
    assert set(LISTS) <= set(given)
    for mine, theirs in permutations(reads, 2):
        if theirs in given:
            with pytest.raises(BadRequest, match="CURSOR_INVALID"):
                reads[mine](given[theirs])
                raise AssertionError(f"{mine} took the cursor of {theirs}")


def statements_kept() -> list[Select[Any]]:
    """Every statement that the process keeps, in every shape."""
    made: list[Select[Any]] = []
    truths = (False, True)
    for signed_in in truths:
        for met in truths:
            made.append(_pinned_statement(signed_in, met))
            made.extend(one_card(signed_in, met, moderates) for moderates in truths)
            for after in truths:
                made.extend(
                    _feed_statement(
                        sort, signed_in=signed_in, met=met, typed=True, by_owner=True, after=after, peeks=True
                    )
                    for sort in queries.SORTS
                )
                made.append(_topic_statement("hot", signed_in=signed_in, met=met, after=after))
                made.append(_page_statement("hot", signed_in=signed_in, moderates=met, after=after))
    return [*made, topic_queries._known_statement()]


def test_a_statement_that_is_kept_holds_no_id_of_anybody(app: Flask, make: Make) -> None:
    lists = Lists(make)
    lists.write()
    for actor in (lists.place.bob, lists.place.owner, Actor(id=None)):
        for name in LISTS[:-6]:
            lists.read(name, actor)(None)
    for statement in statements_kept():
        held = [value for value in statement.compile().params.values() if isinstance(value, int) and value > 1]
        assert held == [], str(statement)


def test_the_same_kept_statement_answers_each_reader_with_their_own(app: Flask, make: Make) -> None:
    lists, names = Lists(make), ("newest", "hot", "topic.newest", "owner", "by")
    place = lists.place
    lists.write()
    liked = lists.read("newest")(None).items[0].id
    posts.like_post(place.bob, liked, on=True)
    by_ann = make.post(place, "ann", topic_ids=[lists.topic])
    accounts.block_user(place.bob, place.ann.person_id)

    def seen(actor: Actor, name: str) -> dict[int, tuple[bool, bool]]:
        return {row.id: (row.liked, row.favorited) for row in lists.read(name, actor)(None).items}

    for _again in range(2):
        for name in names:
            assert seen(place.bob, name)[liked] == (True, True)
            assert seen(place.mod, name)[liked] == seen(Actor(id=None), name)[liked] == (False, False)
            assert by_ann not in seen(place.bob, name)
            assert (by_ann in seen(place.mod, name)) == (name in {"newest", "hot", "topic.newest"})


def test_the_home_of_a_circle_costs_six_statements(
    app: Flask, make: Make, browser: Callable[..., Any], statements: list[str]
) -> None:
    lists = Lists(make)
    for _number in range(3):
        lists.write()
    posts.pin_post(lists.place.admin, lists.talked_of, rank=1)
    for who, most in ((browser(lists.place.users["bob"]), 6), (browser(lists.place.users["mod"]), 6), (browser(), 5)):
        for address in (f"/{lists.place.slug}", f"/{lists.place.slug}?sort=active"):
            who.get(address)  # a first visit may write when it was
            statements.clear()
            assert who.get(address).status_code == 200
            assert len(statements) <= most, "\n".join(statements)
