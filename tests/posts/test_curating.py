"""Favourites, pins, featuring and revisions: what each act does, to whom it is refused, and what its numbers are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.core import clock
from circle.core.audit import AuditEntry, verify
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from circle.notifications.models import Notice
from circle.posts import jobs, operations, queries
from circle.posts.models import Favorite, Post, Revision, TopicPost
from circle.posts.operations.counting import recount
from circle.topics import operations as topics
from tests.factories import Actor, Make, actor_of

VISITOR = Actor(id=None)


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def row(post_id: int) -> Post:
    return db.session.scalars(select(Post).where(Post.id == post_id).execution_options(populate_existing=True)).one()


def pins(place: Any) -> list[tuple[int, int | None]]:
    """(post id, rank) of the pins of a circle as stored."""
    statement = select(Post.id, Post.pin_rank).where(Post.circle_id == place.circle.id, Post.pin_rank.is_not(None))
    return [tuple(found) for found in db.session.execute(statement.order_by(Post.pin_rank, Post.id))]


def acts(place: Any) -> list[str]:
    statement = select(AuditEntry.action).where(AuditEntry.stream == f"circle:{place.circle.id}")
    return [act for act in db.session.scalars(statement.order_by(AuditEntry.seq)) if act.startswith("post.")]


# ---- favourites ----------------------------------------------------------------------------------------------


def test_keeping_a_post_counts_it_once_and_lifts_it(app: Flask, place: Any, make: Make) -> None:
    post_id = make.post(place)
    for _again in range(2):
        assert operations.favorite_post(place.bob, post_id, on=True) == operations.Favorited(True, 1)
    assert (row(post_id).engagement, row(post_id).favorite_count) == (4, 1)
    assert queries.get_post(place.bob, post_id).favorited
    assert not queries.get_post(place.mod, post_id).favorited
    for _again in range(2):
        assert operations.favorite_post(place.bob, post_id, on=False) == operations.Favorited(False, 0)
    assert row(post_id).engagement == 0


def test_the_author_may_keep_a_post_but_that_lifts_nothing(app: Flask, place: Any, make: Make) -> None:
    post_id = make.post(place)
    before = row(post_id).hot_score
    assert operations.favorite_post(place.ann, post_id, on=True).favorite_count == 1
    assert (row(post_id).engagement, row(post_id).hot_score) == (0, before)
    assert vars(recount(post_id)).items() >= {"favorite_count": 1, "engagement": 0, "hot_score": before}.items()


def test_a_favourite_moves_the_post_in_its_topics_too(app: Flask, place: Any, make: Make) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    post_id = make.post(place, topic_ids=[topic])
    operations.favorite_post(place.bob, post_id, on=True)
    mirrored = db.session.scalars(select(TopicPost.hot_score).where(TopicPost.post_id == post_id)).one()
    assert mirrored == row(post_id).hot_score == recount(post_id).hot_score


def test_only_members_keep_posts_and_everybody_who_reads_may_let_go(app: Flask, place: Any, make: Make) -> None:
    post_id, stranger = make.post(place), actor_of(make.user())
    with pytest.raises(Unauthenticated):
        operations.favorite_post(VISITOR, post_id, on=True)
    with pytest.raises(Forbidden):
        operations.favorite_post(stranger, post_id, on=True)
    operations.favorite_post(place.bob, post_id, on=True)
    circles.leave_circle(place.bob, place.slug)
    assert operations.favorite_post(place.bob, post_id, on=False).favorite_count == 0
    assert db.session.scalar(select(func.count()).select_from(Favorite)) == 0


def test_favourites_are_listed_last_kept_first_and_without_gaps(app: Flask, place: Any, make: Make) -> None:
    kept = [make.post(place, body=f"post {number}") for number in range(7)]
    for post_id in kept:
        operations.favorite_post(place.bob, post_id, on=True)
    operations.favorite_post(place.mod, kept[0], on=True)
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = queries.favorites(place.bob, cursor=cursor, limit=3)
        found += [post.id for post in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == kept[::-1]
    assert [post.id for post in queries.favorites(place.mod).items] == kept[:1]


def test_a_favourite_that_is_not_mine_to_read_any_more_is_left_out_and_comes_back(
    app: Flask, make: Make, statements: list[str]
) -> None:
    secret, open_ = make.place(visibility="private"), make.place()
    bob = secret.bob
    make.member(open_.circle, user=secret.users["bob"])
    hidden, shown = make.post(secret), make.post(open_)
    for post_id in (shown, hidden):
        operations.favorite_post(bob, post_id, on=True)
    statements.clear()
    assert [post.id for post in queries.favorites(bob).items] == [hidden, shown]
    assert len(statements) <= 3
    circles.remove_member(secret.owner, secret.slug, bob.id)
    assert [post.id for post in queries.favorites(bob).items] == [shown]
    operations.hide_post(open_.mod, shown, reason="off topic")
    assert queries.favorites(bob).items == []
    operations.restore_post(open_.mod, shown)
    assert [post.id for post in queries.favorites(bob).items] == [shown]


# ---- pins ----------------------------------------------------------------------------------------------------


def test_pins_stand_in_places_without_gaps_whatever_is_asked_for(app: Flask, place: Any, make: Make) -> None:
    one, two, three = (make.post(place, body=str(number)) for number in range(3))
    operations.pin_post(place.mod, one, rank=5)
    assert pins(place) == [(one, 1)]
    operations.pin_post(place.mod, two, rank=1)
    operations.pin_post(place.mod, three, rank=2)
    assert pins(place) == [(two, 1), (three, 2), (one, 3)]
    operations.pin_post(place.mod, one, rank=1)  # moved
    assert pins(place) == [(one, 1), (two, 2), (three, 3)]
    operations.unpin_post(place.mod, two)
    operations.unpin_post(place.mod, two)
    assert pins(place) == [(one, 1), (three, 2)]
    assert [post.id for post in queries.pinned_posts(VISITOR, queries.get_post(place.ann, one).circle)] == [one, three]
    assert acts(place) == ["post.pin"] * 4 + ["post.unpin"]
    assert verify(f"circle:{place.circle.id}") is None


def test_a_sixth_pin_is_refused_and_one_that_ran_out_makes_room(app: Flask, place: Any, make: Make) -> None:
    posts = [make.post(place, body=str(number)) for number in range(6)]
    for post_id in posts[:5]:
        operations.pin_post(place.mod, post_id, rank=5, until=clock.now() + timedelta(hours=1))
    with pytest.raises(Refused) as refusal:
        operations.pin_post(place.mod, posts[5], rank=1)
    assert refusal.value.code == "TOO_MANY_PINS"
    assert [rank for _post, rank in pins(place)] == [1, 2, 3, 4, 5]
    operations.pin_post(place.mod, posts[0], rank=5)  # moving one of the five is no sixth
    with clock.at(clock.now() + timedelta(hours=2)):
        operations.pin_post(place.mod, posts[5], rank=1)
        assert pins(place) == [(posts[5], 1), (posts[0], 2)]


def test_a_pin_falls_off_by_itself_and_the_job_closes_the_gap(app: Flask, place: Any, make: Make) -> None:
    brief, lasting = make.post(place, body="brief"), make.post(place, body="lasting")
    operations.pin_post(place.mod, brief, rank=1, until=clock.now() + timedelta(minutes=5))
    operations.pin_post(place.mod, lasting, rank=2)
    jobs.drop_expired_pins()
    assert pins(place) == [(brief, 1), (lasting, 2)]
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert not queries.get_post(place.ann, brief).pinned
        for _again in range(2):
            jobs.drop_expired_pins()
    assert pins(place) == [(lasting, 1)]
    assert row(brief).pin_until is None


@pytest.mark.parametrize("act", ["hide", "remove", "delete"])
def test_a_post_that_goes_loses_its_pin_and_the_others_move_up(app: Flask, place: Any, make: Make, act: str) -> None:
    one, two = make.post(place, body="1"), make.post(place, body="2")
    operations.pin_post(place.mod, one, rank=1)
    operations.pin_post(place.mod, two, rank=2)
    if act == "delete":
        operations.delete_post(place.ann, one)
    else:
        getattr(operations, f"{act}_post")(place.mod, one, reason="off topic")
    assert pins(place) == [(two, 1)]
    if act == "hide":
        operations.restore_post(place.mod, one)
        assert pins(place) == [(two, 1)]


def test_who_may_pin_what(app: Flask, place: Any, make: Make) -> None:
    post_id, hidden = make.post(place), make.post(place)
    operations.hide_post(place.mod, hidden, reason="off topic")
    with pytest.raises(Forbidden):
        operations.pin_post(place.bob, post_id, rank=1)
    with pytest.raises(NotFound):
        operations.pin_post(place.bob, hidden, rank=1)
    with pytest.raises(Conflict):
        operations.pin_post(place.mod, hidden, rank=1)
    with pytest.raises(NotFound):
        operations.pin_post(place.mod, 1, rank=1)
    for until in (clock.now(), clock.now() + timedelta(days=400)):
        with pytest.raises(Invalid):
            operations.pin_post(place.mod, post_id, rank=1, until=until)
    assert pins(place) == []


# ---- featuring -----------------------------------------------------------------------------------------------


def test_featuring_lifts_a_post_tells_its_author_and_can_be_taken_back(app: Flask, place: Any, make: Make) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    post_id = make.post(place, topic_ids=[topic])
    plain = row(post_id).hot_score
    for _again in range(2):
        operations.feature_post(place.mod, post_id, on=True)
    assert row(post_id).hot_score == plain + 500_000 == recount(post_id).hot_score
    mirrored = db.session.scalars(select(TopicPost).where(TopicPost.post_id == post_id)).one()
    assert (mirrored.hot_score, mirrored.featured_at) == (row(post_id).hot_score, row(post_id).featured_at)
    told = select(Notice.kind).where(Notice.user_id == place.ann.id, Notice.kind == "post.featured")
    assert db.session.scalars(told).all() == ["post.featured"]
    operations.like_post(place.bob, post_id, on=True)  # the bonus stays when the engagement changes
    assert row(post_id).hot_score == recount(post_id).hot_score > plain
    operations.feature_post(place.mod, post_id, on=False)
    assert row(post_id).hot_score == recount(post_id).hot_score
    assert row(post_id).featured_at is None
    assert db.session.scalars(told).all() == []
    assert acts(place) == ["post.feature", "post.unfeature"]


def test_nobody_features_their_own_words_but_the_owner(app: Flask, place: Any, make: Make) -> None:
    by_mod, by_owner = make.post(place, "mod"), make.post(place, "owner")
    with pytest.raises(Forbidden):
        operations.feature_post(place.mod, by_mod, on=True)
    operations.feature_post(place.admin, by_mod, on=True)
    operations.feature_post(place.mod, by_mod, on=False)  # taking it back from oneself is nobody's loss
    operations.feature_post(place.owner, by_owner, on=True)
    assert row(by_owner).featured_at is not None
    with pytest.raises(Forbidden):
        operations.feature_post(place.bob, by_owner, on=False)


# ---- revisions -----------------------------------------------------------------------------------------------


def test_a_late_edit_keeps_how_it_read_and_an_early_one_does_not(app: Flask, place: Any, make: Make) -> None:
    post_id = make.post(place, body="first", title="one")
    operations.edit_post(place.ann, post_id, body="second")
    assert db.session.scalar(select(func.count()).select_from(Revision)) == 0
    published = row(post_id).published_at
    with clock.at(published + timedelta(hours=1)):
        operations.edit_post(place.ann, post_id, body="third")
        operations.edit_post(place.ann, post_id, body="third")  # says the same
        operations.edit_post(place.ann, post_id, topic_ids=[])
    with clock.at(published + timedelta(hours=2)):
        operations.edit_post(place.ann, post_id, title="two")
    found = queries.revisions(place.ann, post_id).items
    assert [(each.title, each.body) for each in found] == [("one", "third"), ("one", "second")]
    assert [(each.next_title, each.next_body) for each in found] == [("two", "third"), ("one", "third")]
    assert [each.until for each in found] == [published + timedelta(hours=2), published + timedelta(hours=1)]
    assert [each.since for each in found] == [published + timedelta(hours=1), published]
    assert [each.is_first for each in found] == [False, True]


def test_revisions_are_for_the_author_and_moderators_also_when_the_post_is_gone(
    app: Flask, place: Any, make: Make
) -> None:
    post_id = make.post(place, body="first")
    with clock.at(row(post_id).published_at + timedelta(hours=1)):
        operations.edit_post(place.ann, post_id, body="second")
    readers = [place.ann, place.mod, place.owner, place.bob, VISITOR]

    def may() -> list[bool]:
        answers = []
        for actor in readers:
            try:
                answers.append(len(queries.revisions(actor, post_id).items) == 1)
            except NotFound:
                answers.append(False)
        return answers

    assert may() == [True, True, True, False, False]
    operations.hide_post(place.mod, post_id, reason="off topic")
    assert may() == [True, True, True, False, False]
    operations.remove_post(place.mod, post_id, reason="off topic")
    assert may() == [False, True, True, False, False]


def test_pages_of_revisions_know_what_came_after_their_first(app: Flask, place: Any, make: Make) -> None:
    post_id = make.post(place, body="0")
    start = row(post_id).published_at
    for hour in range(1, 6):
        with clock.at(start + timedelta(hours=hour)):
            operations.edit_post(place.ann, post_id, body=str(hour))
    first = queries.revisions(place.ann, post_id, limit=2)
    second = queries.revisions(place.ann, post_id, limit=10, cursor=first.next_cursor)
    rows = [*first.items, *second.items]
    assert [(each.body, each.next_body) for each in rows] == [(str(n), str(n + 1)) for n in range(4, -1, -1)]
    assert [each.is_first for each in rows] == [False] * 4 + [True]
