"""Likes and comments that arrive in the same moment: the numbers on a post stay those of its rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.circles import queries as circles
from circle.core.db import db
from circle.posts import operations as posts
from circle.posts.models import Comment, Like, Post
from circle.posts.operations.counting import recount
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together


def people(make: Make, place: Place, number: int) -> list[Actor]:
    return [actor_of(make.member(place.circle)) for _one in range(number)]


def numbers_of(post_id: int) -> dict[str, int]:
    db.session.expire_all()
    post = db.session.get_one(Post, post_id)
    names = ("like_count", "comment_count", "favorite_count", "engagement", "hot_score")
    return {name: getattr(post, name) for name in names}


def assert_exact(post_id: int) -> None:
    assert numbers_of(post_id) == vars(recount(post_id))


def test_twenty_people_like_at_once(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    fans = people(make, place, 20)
    all_well(together(app, [lambda fan=fan: posts.like_post(fan, post_id, on=True) for fan in fans]))
    assert numbers_of(post_id)["like_count"] == 20
    assert_exact(post_id)


def test_one_person_likes_from_five_devices_at_once(app: Flask, make: Make) -> None:
    place = make.place()
    post_id, bob = make.post(place), place.bob
    given = all_well(together(app, [lambda: posts.like_post(bob, post_id, on=True)] * 5))
    assert {liked.like_count for liked in given} == {1}
    assert db.session.scalar(select(func.count()).select_from(Like)) == 1
    assert_exact(post_id)


@pytest.mark.slow
def test_a_storm_of_likes_and_second_thoughts_ends_at_the_recount(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = posts.write_comment(place.ann, post_id, body="真好")
    fans = people(make, place, 8)

    def dither(fan: Actor, seed: int) -> Callable[[], None]:
        choice = random.Random(seed)

        def act() -> None:
            for _time in range(8):
                posts.like_post(fan, post_id, on=choice.random() < 0.5)
                posts.like_comment(fan, comment_id, on=choice.random() < 0.5)

        return act

    all_well(together(app, [dither(fan, seed) for seed, fan in enumerate(fans)]))
    assert_exact(post_id)
    counted = db.session.scalar(select(func.count()).where(Like.target_type == "comment"))
    assert db.session.get_one(Comment, comment_id).like_count == counted


def test_ten_comments_at_once_are_all_counted(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    fans = people(make, place, 5)

    def say(fan: Actor, number: int) -> Callable[[], int]:
        return lambda: posts.write_comment(fan, post_id, body=f"第 {number} 句")

    ids = all_well(together(app, [say(fan, number) for number, fan in enumerate(fans * 2)]))
    assert len(set(ids)) == 10
    assert numbers_of(post_id)["comment_count"] == 10
    assert_exact(post_id)


def test_replies_likes_and_a_hidden_comment_at_once_stay_exact(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = posts.write_comment(place.ann, post_id, body="真好")
    fans, ann, mod = people(make, place, 6), place.ann, place.mod

    def reply(fan: Actor) -> Callable[[], Any]:
        return lambda: posts.write_comment(fan, post_id, body="是的", parent_id=comment_id)

    together(app, [
        *(reply(fan) for fan in fans[:3]),
        *(lambda fan=fan: posts.like_post(fan, post_id, on=True) for fan in fans[3:]),
        lambda: posts.hide_comment(mod, comment_id, reason="off topic"),
        lambda: posts.delete_comment(ann, comment_id),
    ])  # fmt: skip
    assert_exact(post_id)
    replies = db.session.scalar(select(func.count()).where(Comment.parent_id == comment_id))
    assert db.session.get_one(Comment, comment_id).reply_count == replies


def test_posts_in_the_same_topics_at_once_are_all_counted(app: Flask, make: Make) -> None:
    """Each names the topics in another order: they must not wait for each other in a ring."""
    place = make.place()
    ids = [topics.create_topic(place.owner, place.slug, title=f"话题{number}") for number in range(3)]
    slug, ann = place.slug, place.ann
    orders = [ids, ids[::-1], [ids[1], ids[2], ids[0]]] * 3

    def publish(order: list[int]) -> Callable[[], int]:
        return lambda: posts.publish_post(ann, slug, body="早安", topic_ids=order)

    all_well(together(app, [publish(order) for order in orders]))
    db.session.expire_all()
    assert {db.session.get_one(Topic, id_).post_count for id_ in ids} == {9}
    assert circles.get_circle(place.ann, place.slug).post_count == 9
