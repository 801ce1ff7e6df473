"""Favourites and pins in the same moment: counts are those of the rows, and pins stand in places without gaps (F6)."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.core import audit
from circle.core.db import db
from circle.core.errors import CircleError, Refused
from circle.posts import operations as posts
from circle.posts.models import Post
from circle.posts.operations.counting import recount
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together


def ranks(place: Place) -> list[int]:
    db.session.expire_all()
    pinned = select(Post.pin_rank).where(Post.circle_id == place.circle.id, Post.pin_rank.is_not(None))
    return sorted(rank or 0 for rank in db.session.scalars(pinned))


def assert_dense(place: Place) -> None:
    found = ranks(place)
    assert found == list(range(1, len(found) + 1))
    assert len(found) <= 5
    assert audit.verify(f"circle:{place.circle.id}") is None


def assert_exact(post_id: int) -> None:
    db.session.expire_all()
    post = db.session.get_one(Post, post_id)
    counted = vars(recount(post_id))
    assert {name: getattr(post, name) for name in counted} == counted


def test_moderators_who_pin_at_once_never_make_six(app: Flask, make: Make) -> None:
    place = make.place()
    made = [make.post(place, body=str(number)) for number in range(8)]
    team = [place.mod, place.admin, place.owner, actor_of(make.member(place.circle, "moderator"))]
    pinned = together(app, [
        lambda post_id=post_id, who=team[number % 4], rank=number % 3 + 1: posts.pin_post(who, post_id, rank=rank)
        for number, post_id in enumerate(made)
    ])  # fmt: skip
    refused = [outcome for outcome in pinned if isinstance(outcome, Exception)]
    assert {(type(error), getattr(error, "code", "")) for error in refused} == {(Refused, "TOO_MANY_PINS")}
    assert len(refused) == 3
    assert ranks(place) == [1, 2, 3, 4, 5]
    assert_dense(place)


@pytest.mark.parametrize("time", range(3))
def test_pins_that_come_go_and_are_hidden_at_once_leave_no_gap(app: Flask, make: Make, time: int) -> None:
    place = make.place()
    made = [make.post(place, body=str(number)) for number in range(6)]
    for post_id in made[:4]:
        posts.pin_post(place.mod, post_id, rank=1)
    mod, admin, owner, ann, bob = place.mod, place.admin, place.owner, place.ann, place.bob
    place_id = place.circle.id
    outcomes = together(app, [
        lambda: posts.pin_post(mod, made[4], rank=2),
        lambda: posts.unpin_post(admin, made[0]),
        lambda: posts.hide_post(mod, made[1], reason="off topic"),
        lambda: posts.remove_post(owner, made[2], reason="off topic"),
        lambda: posts.delete_post(ann, made[3]),
        lambda: posts.pin_post(admin, made[5], rank=1),
        lambda: posts.write_comment(bob, made[4], body="真好"),
        lambda: posts.write_comment(bob, made[1], body="真好"),
        lambda: posts.clear_expired_pins(place_id),
    ])  # fmt: skip
    assert all(outcome is None or isinstance(outcome, (int, CircleError)) for outcome in outcomes), outcomes
    # both pins may come before anything made room, and there is room for one of them
    too_many = [outcome for outcome in outcomes if isinstance(outcome, Refused) and outcome.code == "TOO_MANY_PINS"]
    assert len(ranks(place)) == 2 - len(too_many)
    assert_dense(place)


def test_twenty_people_keep_a_post_at_once(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    fans = [actor_of(make.member(place.circle)) for _one in range(20)]
    all_well(together(app, [lambda fan=fan: posts.favorite_post(fan, post_id, on=True) for fan in fans]))
    db.session.expire_all()
    assert db.session.get_one(Post, post_id).favorite_count == 20
    assert_exact(post_id)


def test_one_person_keeps_a_post_from_five_devices_at_once(app: Flask, make: Make) -> None:
    place = make.place()
    post_id, bob = make.post(place), place.bob
    kept = all_well(together(app, [lambda: posts.favorite_post(bob, post_id, on=True)] * 5))
    assert {each.favorite_count for each in kept} == {1}
    assert_exact(post_id)


@pytest.mark.slow
def test_a_storm_of_favourites_likes_and_featuring_ends_at_the_recount(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    fans = [actor_of(make.member(place.circle)) for _one in range(6)]
    mod, admin = place.mod, place.admin

    def dither(fan: Actor, seed: int) -> Callable[[], None]:
        choice = random.Random(seed)

        def act() -> None:
            for _time in range(8):
                posts.favorite_post(fan, post_id, on=choice.random() < 0.5)
                posts.like_post(fan, post_id, on=choice.random() < 0.5)

        return act

    def feature(who: Actor) -> Callable[[], None]:
        return lambda: [posts.feature_post(who, post_id, on=on) for on in (True, False, True)] and None

    acts = [*(dither(fan, number) for number, fan in enumerate(fans)), feature(mod), feature(admin)]
    all_well(together(app, acts))
    assert_exact(post_id)


@pytest.mark.slow
def test_a_pinned_post_is_commented_while_pins_move(app: Flask, make: Make) -> None:
    """A comment holds its post and points at its circle; a pin holds the circle and wants the post."""
    place = make.place()
    made = [make.post(place, body=str(number)) for number in range(4)]
    for post_id in made:
        posts.pin_post(place.mod, post_id, rank=1)
    talkers = [actor_of(make.member(place.circle)) for _one in range(4)]
    mod, admin = place.mod, place.admin

    def talk(who: Actor, post_id: int) -> Callable[[], None]:
        return lambda: [posts.write_comment(who, post_id, body="真好") for _time in range(6)] and None

    def move(who: Actor) -> Callable[[], None]:
        return lambda: [posts.pin_post(who, post_id, rank=2) for post_id in made] and None

    acts = [*(talk(who, made[number]) for number, who in enumerate(talkers)), move(mod), move(admin)]
    all_well(together(app, acts))
    assert_dense(place)
    for post_id in made:
        assert_exact(post_id)
