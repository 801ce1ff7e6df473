"""Reading feeds and comments: who sees what, in which order, in how many statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from circle.circles import queries as circles
from circle.core import clock
from circle.core.errors import BadRequest, NotFound
from circle.posts import operations, queries
from circle.topics import operations as topics
from tests.factories import SYSTEM, Actor, Make, Place, actor_of

VISITOR = Actor(id=None)


def ids(place: Place, actor: Actor, **options: object) -> list[int]:
    circle = circles.readable_circle(actor, place.slug)
    return [post.id for post in queries.feed(actor, circle, **options).items]  # type: ignore[arg-type]


def test_the_three_orders_of_the_feed(app: Flask, make: Make) -> None:
    place, start = make.place(), clock.now()
    posts = []
    for hours in range(3):
        with clock.at(start + timedelta(hours=hours)):
            posts.append(make.post(place))
    old, middle, new = posts
    assert ids(place, place.bob) == [new, middle, old]
    with clock.at(start + timedelta(hours=5)):
        operations.write_comment(place.bob, old, body="still thinking of this")
    assert ids(place, place.bob, sort="active") == [old, new, middle]
    operations.like_post(place.bob, middle, on=True)
    operations.like_post(place.mod, middle, on=True)
    assert ids(place, place.bob, sort="hot")[0] == old  # a comment weighs three likes
    operations.like_post(place.owner, middle, on=True)
    operations.like_post(place.admin, middle, on=True)
    assert ids(place, place.bob, sort="hot")[0] == middle


def test_following_shows_only_topics_that_one_follows(app: Flask, make: Make) -> None:
    place = make.place()
    followed = topics.create_topic(place.owner, place.slug, title="早安")
    other = topics.create_topic(place.owner, place.slug, title="读书")
    topics.follow_topic(place.bob, followed)
    shown = make.post(place, topic_ids=[followed, other])
    make.post(place, topic_ids=[other])
    make.post(place)
    assert ids(place, place.bob, sort="following") == [shown]
    assert ids(place, place.mod, sort="following") == []


@pytest.mark.parametrize("sort", ["newest", "active", "hot"])
def test_paging_shows_every_post_once_while_others_are_written_and_deleted(app: Flask, make: Make, sort: str) -> None:
    place, start = make.place(), clock.now()
    made = []
    for minutes in range(25):
        with clock.at(start + timedelta(minutes=minutes)):
            made.append(make.post(place))
    circle, seen, cursor = circles.readable_circle(place.bob, place.slug), [], None
    for page_number in range(10):
        page = queries.feed(place.bob, circle, sort=sort, cursor=cursor, limit=7)
        seen += [post.id for post in page.items]
        with clock.at(start + timedelta(hours=1, minutes=page_number)):
            make.post(place)
        if page_number == 0:
            operations.delete_post(place.ann, made[3])
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [id_ for id_ in reversed(made) if id_ != made[3]]


def test_a_cursor_of_one_list_is_refused_by_another(app: Flask, make: Make) -> None:
    place = make.place()
    for _number in range(3):
        make.post(place)
    circle = circles.readable_circle(place.bob, place.slug)
    cursor = queries.feed(place.bob, circle, limit=1).next_cursor
    with pytest.raises(BadRequest) as refusal:
        queries.feed(place.bob, circle, sort="hot", cursor=cursor)
    assert refusal.value.code == "CURSOR_INVALID"


def test_what_is_not_visible_is_in_no_list(app: Flask, make: Make) -> None:
    """F4: hidden, removed and deleted posts are in no feed, topic, profile or count."""
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    kept, hidden, removed, deleted = (make.post(place, topic_ids=[topic]) for _number in range(4))
    operations.hide_post(SYSTEM, hidden, reason="because")
    operations.remove_post(SYSTEM, removed, reason="because")
    operations.delete_post(place.ann, deleted)
    for actor in (VISITOR, place.bob, place.ann, place.mod):
        circle = circles.readable_circle(actor, place.slug)
        for sort in ("newest", "active", "hot"):
            assert ids(place, actor, sort=sort) == [kept]
            assert [post.id for post in queries.topic_feed(actor, circle, topic, sort=sort).items] == [kept]
        assert [post.id for post in queries.posts_by(actor, place.ann.id or 0).items] == [kept]
        assert circle.post_count == 1


def test_a_private_circle_is_closed_to_strangers_and_banned_people(app: Flask, make: Make) -> None:
    place = make.place(visibility="private", join_mode="invite")
    post_id = make.post(place)
    for actor in (VISITOR, actor_of(make.user())):
        with pytest.raises(NotFound):
            queries.get_post(actor, post_id)
        with pytest.raises(NotFound):
            circles.readable_circle(actor, place.slug)
        assert queries.posts_by(actor, place.ann.id or 0).items == []
    assert queries.get_post(place.bob, post_id).id == post_id
    assert [post.id for post in queries.posts_by(place.bob, place.ann.id or 0).items] == [post_id]


def test_a_page_of_the_feed_costs_the_same_however_long_it_is(app: Flask, make: Make, statements: list[str]) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安")

    def cost() -> int:
        circle = circles.readable_circle(place.bob, place.slug)
        statements.clear()
        queries.feed(place.bob, circle)
        return len(statements)

    post_id = make.post(place, topic_ids=[topic])
    operations.write_comment(place.bob, post_id, body="one")
    one = cost()
    for _number in range(20):
        post_id = make.post(place, topic_ids=[topic])
        operations.write_comment(place.bob, post_id, body="one")
        operations.like_post(place.bob, post_id, on=True)
    assert cost() == one <= 4


def test_a_page_of_comments_costs_the_same_however_long_it_is(app: Flask, make: Make, statements: list[str]) -> None:
    place = make.place()
    post_id = make.post(place)

    def cost() -> int:
        post = queries.get_post(place.bob, post_id)
        statements.clear()
        queries.comment_page(place.bob, post, sort="hot")
        return len(statements)

    def talk() -> None:
        first = operations.write_comment(place.bob, post_id, body="one")
        operations.write_comment(place.ann, post_id, body="two", parent_id=first)

    talk()
    one = cost()
    for _number in range(10):
        talk()
    assert cost() == one <= 2


def test_each_comment_comes_with_its_first_replies_and_the_rest_on_demand(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    first = operations.write_comment(place.bob, post_id, body="one")
    replies = [operations.write_comment(place.ann, post_id, body=f"r{n}", parent_id=first) for n in range(5)]
    post = queries.get_post(place.bob, post_id)
    shown = queries.comment_page(place.bob, post).items[0]
    assert [reply.id for reply in shown.replies] == replies[:2]
    assert shown.more_replies == 3
    assert [reply.id for reply in queries.all_replies(place.bob, post, first)] == replies


def test_the_peek_is_the_most_liked_comment(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    operations.write_comment(place.bob, post_id, body="first")
    best = operations.write_comment(place.mod, post_id, body="**best** of all")
    operations.like_comment(place.ann, best, on=True)
    circle = circles.readable_circle(place.ann, place.slug)
    peek = queries.front(place.ann, circle, sort="newest", topic_count=0).page.items[0].peek
    assert peek is not None
    assert (peek.text, peek.role) == ("best of all", "moderator")


def test_the_posts_of_a_topic_are_read_from_its_index_on(app: Flask, statements: list[str], make: Make) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    make.post(place, topic_ids=[topic])
    statements.clear()
    assert queries.topic_feed(place.ann, circles.readable_circle(place.ann, place.slug), topic).items
    read = next(sql for sql in statements if "peek_" in sql)
    # the ninth table would be too late for PostgreSQL, which then reads every post
    assert read.partition("FROM ")[2].startswith("topic_posts JOIN posts")
