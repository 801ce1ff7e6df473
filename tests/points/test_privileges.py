"""What a level allows, answered from the circle's row alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from circle.access import SYSTEM, VISITOR
from circle.circles import operations as circles
from circle.circles.models import Circle, Member
from circle.circles.queries import get_circle
from circle.core.db import db
from circle.core.operation import operation
from circle.points.ladder import FREE, USUAL, Privileges, level_allowing, privileges_of
from circle.points.queries import level_allowing as level_allowing_here
from circle.points.queries import makeup_cards_of, privileges
from tests.factories import Make, Place
from tests.points.passing import member_id

LEVELS: list[dict[str, Any]] = [
    {"name": "种子", "growth_min": 0, "privileges": {"posts_per_day": 2, "images_per_post": 0, "can_video": False}},
    {"name": "新芽", "growth_min": 9, "privileges": {"posts_per_day": 5, "images_per_post": 4, "can_video": False}},
    {"name": "大树会员", "growth_min": 99, "privileges": {"posts_per_day": 9, "can_create_topic": True}},
]


@operation
def change(place: Place, levels: list[dict[str, Any]] | None = None, name: str = "ann", **values: Any) -> None:
    if levels is not None:
        db.session.get_one(Circle, place.circle.id).levels = levels
    for column, value in values.items():
        setattr(db.session.get_one(Member, member_id(place, name)), column, value)


def test_the_usual_ladder_gives_what_it_says() -> None:
    assert privileges_of([], 1) == Privileges(50, 9, None, True, False)
    assert privileges_of([], 3) == Privileges(200, 9, None, True, True)
    assert privileges_of([], 9) == privileges_of([], len(USUAL))  # a level that is gone allows what the highest does


def test_the_lowest_level_that_allows_something_is_found() -> None:
    assert [level_allowing(LEVELS, "images_per_post", wanted) for wanted in (0, 1, 4, 5)] == [1, 2, 2, 3]
    assert [level_allowing(LEVELS, "posts_per_day", wanted) for wanted in (2, 9, 10)] == [1, 3, None]
    assert level_allowing(LEVELS, "can_video") == 3
    assert level_allowing(LEVELS, "can_create_topic") == 3
    assert level_allowing([{"growth_min": 0}], "can_create_topic") is None
    assert level_allowing(LEVELS, "upload_mb", 10**6) == 1  # not named is not limited


@pytest.mark.parametrize(("level", "expected"), [(1, (2, 0, False)), (2, (5, 4, False)), (3, (9, None, True))])
def test_privileges_follow_the_level_of_whoever_reads_the_circle(
    make: Make, level: int, expected: tuple[int, int | None, bool], statements: list[str]
) -> None:
    place = make.place()
    change(place, LEVELS, level=level)
    circle = get_circle(place.ann, place.slug)
    assert circle.me is not None
    assert circle.me.level == level
    statements.clear()
    mine = privileges(circle)
    assert (mine.posts_per_day, mine.images_per_post, mine.can_video) == expected
    assert level_allowing_here(circle, "can_create_topic") == "大树会员"
    assert statements == []


@pytest.mark.parametrize("who", ["owner", "admin", "mod"])
def test_those_who_run_a_circle_are_not_held_back(make: Make, who: str) -> None:
    place = make.place()
    change(place, LEVELS)
    assert privileges(get_circle(getattr(place, who), place.slug)) == FREE


def test_what_a_level_gives_on_top_is_that_of_their_own_level_for_those_who_run_it_too(make: Make) -> None:
    place = make.place()
    more = [
        {**each, "privileges": {**each["privileges"], "makeup_cards_per_month": number}}
        for number, each in enumerate(LEVELS)
    ]  # fmt: skip
    change(place, more, name="mod", level=2)
    mine = privileges(get_circle(place.mod, place.slug))
    assert mine == FREE._replace(makeup_cards_per_month=1)
    assert privileges(get_circle(place.owner, place.slug)) == FREE
    assert privileges(get_circle(SYSTEM, place.slug)) == FREE
    assert [makeup_cards_of(place.circle.id, place.users[name].id) for name in ("mod", "ann")] == [1, 0]
    assert makeup_cards_of(place.circle.id, make.user().id) == 0


def test_a_role_that_is_gone_frees_nobody_and_an_expert_is_a_member(app: Flask, make: Make) -> None:
    place = make.place()
    change(place, LEVELS)
    circles.change_role(SYSTEM, place.slug, place.users["mod"].id, "expert")
    assert privileges(get_circle(place.mod, place.slug)).posts_per_day == 2
    circles.leave_circle(place.admin, place.slug)
    assert privileges(get_circle(place.admin, place.slug)) != FREE
    assert privileges(get_circle(VISITOR, place.slug)).posts_per_day == 2
    assert privileges(get_circle(SYSTEM, place.slug)) == FREE
