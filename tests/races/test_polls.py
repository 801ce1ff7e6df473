"""Votes that arrive in the same moment: the numbers of a poll stay those of its rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts.models import User
from circle.core.db import db
from circle.core.errors import Refused
from circle.posts import operations as posts
from circle.posts.models import Poll, PollOption, PollVote, Post
from circle.posts.operations import PollContent
from tests.factories import Make, actor_of
from tests.races.together import all_well, together


def assert_exact(post_id: int) -> int:
    db.session.expire_all()
    votes = db.session.scalars(select(PollVote.option_id).where(PollVote.post_id == post_id))
    rows = Counter(votes)
    for option in db.session.scalars(select(PollOption).where(PollOption.post_id == post_id)):
        assert option.vote_count == rows[option.id]
    people = db.session.scalar(select(func.count(PollVote.user_id.distinct())).where(PollVote.post_id == post_id))
    assert db.session.get_one(Poll, post_id).voter_count == people
    return people or 0


def asked(make: Make, **values: int) -> tuple[int, list[int], list[Actor]]:
    place = make.place()
    post_id = make.post(place, poll=PollContent.of(["清晨", "午后", "傍晚", "深夜"], **values))
    ids = list(db.session.scalars(select(PollOption.id).where(PollOption.post_id == post_id)))
    return post_id, ids, [actor_of(make.member(place.circle)) for _one in range(40)]


def test_forty_people_vote_at_once(app: Flask, make: Make) -> None:
    post_id, ids, fans = asked(make)

    def act(fan: Actor, number: int) -> Callable[[], None]:
        return lambda: posts.vote(fan, post_id, [ids[number % 4]])

    all_well(together(app, [act(fan, number) for number, fan in enumerate(fans)]))
    assert assert_exact(post_id) == 40


def test_forty_people_change_their_minds_at_once(app: Flask, make: Make) -> None:
    post_id, ids, fans = asked(make, max_choices=3)

    def act(fan: Actor, seed: int) -> Callable[[], None]:
        choice = random.Random(seed)

        def dither() -> None:
            for _time in range(3):
                posts.vote(fan, post_id, choice.sample(ids, choice.randrange(4)))

        return dither

    all_well(together(app, [act(fan, number) for number, fan in enumerate(fans)]))
    assert_exact(post_id)


def test_one_person_votes_from_five_devices_at_once(app: Flask, make: Make) -> None:
    post_id, ids, fans = asked(make)
    fan = fans[0]
    all_well(together(app, [lambda number=number: posts.vote(fan, post_id, [ids[number % 4]]) for number in range(5)]))
    assert assert_exact(post_id) == 1


def test_a_poll_that_ends_while_forty_vote_counts_who_came_in_time(app: Flask, make: Make) -> None:
    post_id, ids, fans = asked(make)
    author = actor_of(db.session.get_one(User, db.session.get_one(Post, post_id).author_id))

    def act(fan: Actor, number: int) -> Callable[[], None]:
        def late() -> None:
            with suppress(Refused):
                posts.vote(fan, post_id, [ids[number % 4]])

        return late

    acts = [act(fan, number) for number, fan in enumerate(fans)]
    all_well(together(app, [*acts[:20], lambda: posts.end_poll(author, post_id), *acts[20:]]))
    assert_exact(post_id)
    assert db.session.get_one(Poll, post_id).closes_at is not None
