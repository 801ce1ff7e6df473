"""Changing what earns how much: versions, the past left alone, and two owners who do not overwrite each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles.models import Circle
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from circle.points import operations, queries
from circle.points.catalog import CODES
from circle.points.earn_rules import usual_rules
from circle.points.models import EarnRule, EarnSource
from circle.points.operations import Cause
from tests.factories import Make, Place
from tests.races.together import together


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def comment(points: int = 3, **values: Any) -> dict[str, Any]:
    return {"code": "comment", "points": points, "growth": 1, **values}


def rows(place: Place, code: str = "comment") -> list[tuple[int, int, bool]]:
    """(version, points, whether it is in force)"""
    db.session.expire_all()
    wanted = select(EarnRule).where(EarnRule.circle_id == place.circle.id, EarnRule.code == code)
    found = db.session.scalars(wanted.order_by(EarnRule.version))
    return [(row.version, row.points, row.replaced_at is None) for row in found]


def earned(place: Place, key: str) -> int:
    operations.set_earned(place.circle.id, place.users["ann"].id, Cause(key, "comment", key), on=True)
    return db.session.scalars(select(EarnSource.granted_points).where(EarnSource.source_key == key)).one()


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_a_circle_shows_the_usual_rules_before_it_has_any_and_reading_writes_none(place: Place) -> None:
    found = queries.earn_rules(place.owner, place.slug)
    assert found.by_code == usual_rules() and [row.code for row in found.rules] == list(CODES)
    assert (found.expiry, {row.version for row in found.rules}, {row.since for row in found.rules}) == (
        "next_year", {1}, {None},
    )  # fmt: skip
    assert db.session.scalar(select(func.count()).select_from(EarnRule)) == 0


def test_the_number_that_tells_editors_apart_is_the_same_before_and_after_the_rules_begin(place: Place) -> None:
    before = queries.earn_rules(place.owner, place.slug).version
    operations.begin_points(place.circle.id)
    assert queries.earn_rules(place.owner, place.slug).version == before


def test_rules_are_read_by_those_who_may_change_them(place: Place) -> None:
    for who in (place.mod, place.ann):
        for read in (queries.earn_rules, queries.rule_changes):
            with pytest.raises(Forbidden):
                read(who, place.slug)
    assert queries.earn_rules(place.admin, place.slug)
    with pytest.raises(NotFound):
        queries.earn_rules(place.owner, "nowhere")


# ---- writing ---------------------------------------------------------------------------------------------------------


def test_a_changed_rule_is_a_new_version_and_the_others_keep_theirs(place: Place) -> None:
    assert operations.save_rules(
        place.owner, place.slug, [comment(3), {"code": "content.featured", "points": 30, "growth": 30}]
    )
    assert rows(place) == [(1, 1, False), (2, 3, True)]
    assert rows(place, "content.featured") == [(1, 30, True)] and rows(place, "post.text") == [(1, 2, True)]
    entry = db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == "points.rules")).one()
    assert entry == {"comment": {"points": [1, 3], "daily_count_cap": [10, None]}}


def test_it_holds_from_then_on_and_what_was_given_stays(place: Place) -> None:
    assert earned(place, "comment:1") == 1
    operations.save_rules(place.owner, place.slug, [comment(3)])
    assert (earned(place, "comment:1"), earned(place, "comment:2")) == (1, 3)
    versions = select(EarnSource.rule_version).order_by(EarnSource.source_key)
    assert db.session.scalars(versions).all() == [1, 2]


def test_saving_what_is_there_already_changes_nothing(place: Place) -> None:
    operations.save_rules(place.owner, place.slug, [comment(3)])
    before = queries.earn_rules(place.owner, place.slug).version
    assert not operations.save_rules(place.owner, place.slug, [comment(3)], expiry="next_year")
    assert queries.earn_rules(place.owner, place.slug).version == before
    assert db.session.scalar(select(func.count()).where(AuditEntry.action == "points.rules")) == 1


def test_when_points_run_out_is_kept_with_the_circle(place: Place) -> None:
    before = queries.earn_rules(place.owner, place.slug).version
    assert operations.save_rules(place.admin, place.slug, [], expiry="never")
    db.session.expire_all()
    assert db.session.get_one(Circle, place.circle.id).points_expiry == "never"
    assert queries.earn_rules(place.owner, place.slug).version != before
    with pytest.raises(Invalid) as refusal:
        operations.save_rules(place.admin, place.slug, [], expiry="tomorrow")
    assert list(refusal.value.errors) == ["expiry"]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"code": "dance", "points": 1}, "code"),
        (comment(-1), "comment.points"),
        (comment(10_001), "comment.points"),
        (comment(growth=-1), "comment.growth"),
        (comment(daily_count_cap=0), "comment.daily_count_cap"),
        (comment(weekly_point_cap=1_000_001), "comment.weekly_point_cap"),
        (comment(giver_daily_cap=3), "comment.giver_daily_cap"),
        ({"code": "*", "points": 5}, "*.points"),
        ({"code": "like.received", "points": 1, "min_len": 5}, "like.received.min_len"),
    ],
)
def test_what_a_rule_cannot_hold_is_refused_at_its_field(place: Place, rule: dict[str, Any], field: str) -> None:
    good = {"code": "post.text", "points": 9, "growth": 9}
    with pytest.raises(Invalid) as refusal:
        operations.save_rules(place.owner, place.slug, [good, rule])
    assert list(refusal.value.errors) == [field]
    assert rows(place, "post.text") == []


def test_a_rule_named_twice_is_refused(place: Place) -> None:
    with pytest.raises(Invalid):
        operations.save_rules(place.owner, place.slug, [comment(2), comment(3)])


def test_only_admins_and_the_owner_change_rules(place: Place) -> None:
    for who in (place.mod, place.ann):
        with pytest.raises(Forbidden):
            operations.save_rules(who, place.slug, [comment(3)])
    assert rows(place) == []


# ---- two at once -----------------------------------------------------------------------------------------------------


def test_who_started_from_older_rules_does_not_overwrite_newer_ones(place: Place) -> None:
    version = queries.earn_rules(place.owner, place.slug).version
    operations.save_rules(place.owner, place.slug, [comment(3)], version=version)
    with pytest.raises(PreconditionFailed):
        operations.save_rules(place.admin, place.slug, [comment(7)], version=version)
    assert rows(place)[-1] == (2, 3, True)
    operations.save_rules(
        place.admin, place.slug, [comment(7)], version=queries.earn_rules(place.admin, place.slug).version
    )
    assert rows(place)[-1] == (3, 7, True)


def test_of_six_who_save_at_once_one_does(app: Flask, place: Place) -> None:
    owner, slug = place.owner, place.slug
    version = queries.earn_rules(owner, slug).version

    def act(points: int) -> Callable[[], bool]:
        return lambda: operations.save_rules(owner, slug, [comment(points)], version=version)

    outcomes = together(app, [act(points) for points in range(10, 16)])
    assert sorted(map(str, outcomes)).count("True") == 1
    assert sum(isinstance(each, PreconditionFailed) for each in outcomes) == 5
    assert len(rows(place)) == 2 and sum(current for _v, _p, current in rows(place)) == 1


def test_earning_goes_on_while_rules_are_saved(app: Flask, place: Place) -> None:
    owner, slug, circle_id, ann = place.owner, place.slug, place.circle.id, place.users["ann"].id

    def save(points: int) -> Callable[[], object]:
        return lambda: operations.save_rules(owner, slug, [comment(points)])

    def earn(number: int) -> Callable[[], object]:
        key = f"comment:{number}"
        return lambda: operations.set_earned(circle_id, ann, Cause(key, "comment", key), on=True)

    acts = [act for number in range(4) for act in (save(20 + number), earn(number))]
    assert not [each for each in together(app, acts) if isinstance(each, Exception)]
    given = db.session.execute(select(EarnSource.rule_version, EarnSource.granted_points)).all()
    by_version = {version: points for version, points, _current in rows(place)}
    assert len(given) == 4 and all(by_version[version] == points for version, points in given)


# ---- history ---------------------------------------------------------------------------------------------------------


def test_the_history_tells_who_changed_what_newest_first(place: Place, statements: list[str]) -> None:
    operations.save_rules(place.owner, place.slug, [comment(3)])
    operations.save_rules(place.admin, place.slug, [comment(3, enabled=False)])
    owner = place.owner
    statements.clear()
    page = queries.rule_changes(owner, place.slug)
    assert len(statements) <= 3
    told = [(each.version, each.by.id if each.by else None, list(each.fields)) for each in page.items]
    assert told == [
        (3, place.admin.id, [("enabled", True, False)]),
        (2, place.owner.id, [("points", 1, 3), ("daily_count_cap", 10, None)]),
    ]
    first = queries.rule_changes(owner, place.slug, limit=1)
    second = queries.rule_changes(owner, place.slug, first.next_cursor, limit=1)
    assert [each.version for each in (*first.items, *second.items)] == [3, 2]
