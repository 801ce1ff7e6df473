"""Changing the levels of a circle: what they may be, who rises by it, and that nobody falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.circles import operations as circles
from circle.circles.models import Circle, Member
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Forbidden, Invalid, PreconditionFailed
from circle.core.jobs_table import JobRow
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerAccount
from circle.ledger.operations import Why
from circle.notifications import queries as notices
from circle.points import jobs, operations, queries
from circle.points import ladder as ladder_
from circle.points.ladder import USUAL
from circle.points.models import LevelEvent, LevelGift, MemberLevel
from circle.points.operations import Cause, ladder
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def level(growth_min: int, name: str = "", *, gift: int = 0, keep: int = 0, **privileges: Any) -> dict[str, Any]:
    return {"name": name, "growth_min": growth_min, "keep_min": keep, "gift_points": gift, "privileges": privileges}


def save(place: Place, *levels: dict[str, Any]) -> bool:
    return operations.save_levels(place.owner, place.slug, levels)


def kept(place: Place) -> list[Any]:
    db.session.expire_all()
    return db.session.get_one(Circle, place.circle.id).levels


def member(place: Place, name: str = "ann") -> Member:
    db.session.expire_all()
    wanted = select(Member).where(Member.circle_id == place.circle.id, Member.user_id == place.users[name].id)
    return db.session.scalars(wanted).one()


def grow(place: Place, growth: int, name: str = "ann") -> None:
    operations.reward(member(place, name).id, Why("test", f"grow:{name}:{growth}"), points=0, growth=growth)


# ---- what they may be ------------------------------------------------------------------------------------------------


def test_levels_are_kept_with_the_circle_and_logged(place: Place) -> None:
    before = db.session.get_one(Circle, place.circle.id).version
    assert save(place, level(0, posts_per_day=20), level(100, "熟客", gift=5, keep=10, can_create_topic=True))
    assert kept(place) == [
        level(0, posts_per_day=20), level(100, "熟客", gift=5, keep=10, can_create_topic=True),
    ]  # fmt: skip
    assert db.session.get_one(Circle, place.circle.id).version == before + 1
    entry = db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == "points.levels")).one()
    assert entry == {"before": USUAL, "after": kept(place)}
    assert not save(place, *kept(place))


def test_numbers_that_are_not_named_are_not_limited(place: Place) -> None:
    assert save(place, level(0, posts_per_day=5, upload_mb=None), level(10))
    assert [each["privileges"] for each in kept(place)] == [{"posts_per_day": 5}, {}]


@pytest.mark.parametrize(
    ("levels", "fields"),
    [
        ([], ["levels"]),
        ([level(n * 10) for n in range(21)], ["levels"]),
        ([level(5)], ["levels.0.growth_min"]),
        ([level(0, gift=5)], ["levels.0.gift_points"]),
        ([level(0, keep=5)], ["levels.0.keep_min"]),
        ([level(0), level(0)], ["levels.1.growth_min"]),
        ([level(0), level(50), level(40)], ["levels.2.growth_min"]),
        ([level(0), level(-5)], ["levels.1.growth_min"]),
        ([level(0), level(5, gift=100_001)], ["levels.1.gift_points"]),
        ([level(0, images_per_post=10)], ["levels.0.privileges.images_per_post"]),
        ([level(0, posts_per_day=0)], ["levels.0.privileges.posts_per_day"]),
        ([level(0, can_fly=True)], ["levels.0.privileges.can_fly"]),
        ([level(0, "a" * 21)], ["levels.0.name"]),
        ([level(0, "甲"), level(5, "甲")], ["levels.1.name"]),
        ([{**level(0), "level": 2}], ["levels.0.level"]),
        # no level allows less than one below it (V6)
        ([level(0, posts_per_day=50), level(5, posts_per_day=49)], ["levels.1.privileges.posts_per_day"]),
        ([level(0), level(5, posts_per_day=500)], ["levels.1.privileges.posts_per_day"]),
        ([level(0, upload_mb=20), level(5, upload_mb=10)], ["levels.1.privileges.upload_mb"]),
        ([level(0, can_video=True), level(5, can_video=False)], ["levels.1.privileges.can_video"]),
        ([level(0), level(5, can_video=False)], ["levels.1.privileges.can_video"]),
        ([level(0, can_create_topic=True), level(5)], ["levels.1.privileges.can_create_topic"]),
        (
            [level(0, makeup_cards_per_month=2), level(5, makeup_cards_per_month=1)],
            ["levels.1.privileges.makeup_cards_per_month"],
        ),
        ([level(0, makeup_cards_per_month=1), level(5)], ["levels.1.privileges.makeup_cards_per_month"]),
        ([level(0, makeup_cards_per_month=-1)], ["levels.0.privileges.makeup_cards_per_month"]),
        ([level(0, makeup_cards_per_month=11)], ["levels.0.privileges.makeup_cards_per_month"]),
    ],
)
def test_what_levels_may_not_be_is_refused_at_its_field(place: Place, levels: list[Any], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        save(place, *levels)
    assert list(refusal.value.errors) == fields and kept(place) == []


def test_make_up_cards_of_levels_are_none_where_nothing_is_said(place: Place) -> None:
    """Unlike a limit, which is none where it is not said: so that a level without them stands below one with them."""
    assert save(place, level(0), level(5, makeup_cards_per_month=None), level(9, makeup_cards_per_month=2))
    assert [each["privileges"] for each in kept(place)] == [{}, {}, {"makeup_cards_per_month": 2}]
    assert [ladder_.privileges_of(kept(place), step).makeup_cards_per_month for step in (1, 2, 3, 4)] == [0, 0, 2, 2]


def test_only_admins_and_the_owner_change_levels(place: Place) -> None:
    for who in (place.mod, place.ann):
        with pytest.raises(Forbidden):
            operations.save_levels(who, place.slug, [level(0)])
        with pytest.raises(Forbidden):
            queries.level_settings(who, place.slug)
    assert operations.save_levels(place.admin, place.slug, [level(0)])


def test_who_started_from_older_levels_does_not_overwrite_newer_ones(place: Place) -> None:
    version = queries.level_settings(place.owner, place.slug).version
    operations.save_levels(place.owner, place.slug, [level(0), level(9)], version=version)
    with pytest.raises(PreconditionFailed):
        operations.save_levels(place.admin, place.slug, [level(0)], version=version)


# ---- who rises -------------------------------------------------------------------------------------------------------


def test_saving_leaves_the_rest_to_a_job(place: Place, engine: Any) -> None:
    save(place, level(0), level(100))
    if engine.name == "sqlite":
        named = select(JobRow.args).where(JobRow.name == "points.reassess_levels")
        assert db.session.scalars(named).all() == [[place.circle.id]]


def test_who_has_the_growth_rises_with_gifts_and_is_told_once(place: Place) -> None:
    grow(place, 300)
    grow(place, 40, "bob")
    save(place, level(0), level(100, gift=7), level(200, "常客", gift=9))
    for _twice in range(2):
        jobs.reassess_levels(place.circle.id)
    assert (member(place).level, member(place, "bob").level) == (3, 1)
    event = db.session.scalars(select(LevelEvent)).one()
    assert (event.from_level, event.to_level, event.reason, event.txn_id, event.growth) == (1, 3, "rules", None, 300)
    assert sorted(db.session.scalars(select(LevelGift.level))) == [2, 3]
    balance = select(LedgerAccount.balance).where(LedgerAccount.owner_id == member(place).id)
    assert db.session.scalars(balance.where(LedgerAccount.kind == "member.points")).one() == 16
    assert db.session.scalars(select(MemberLevel.level)).one() == 3
    assert len([each for each in notices.inbox(place.ann).items if each.kind.startswith("level")]) <= 1


def test_nobody_falls_when_thresholds_rise(place: Place) -> None:
    grow(place, 600)
    assert member(place).level == 2
    save(place, level(0), level(1000))
    jobs.reassess_levels(place.circle.id)
    assert (member(place).level, len(db.session.scalars(select(LevelEvent)).all())) == (2, 1)
    counts = queries.level_counts(queries.configurable(place.owner, place.slug), kept(place))
    assert [(each.members, each.by_growth) for each in counts] == [(4, 5), (1, 0)]


def test_it_goes_on_in_batches_and_leaves_out_who_left(
    place: Place, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "BATCH", 2)
    people = [make.member(place.circle) for _one in range(5)]
    for user in people:
        wanted = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == user.id)
        ledger.give(place.circle.id, db.session.scalars(wanted).one(), Why("test", f"g:{user.id}"), growth=150)
    circles.leave_circle(actor_of(people[0]), place.slug)
    save(place, level(0), level(100))
    jobs.reassess_levels(place.circle.id)
    levels = dict(db.session.execute(select(Member.user_id, Member.level)).all())
    assert [levels[user.id] for user in people] == [1, 2, 2, 2, 2]


# ---- how many would be where -----------------------------------------------------------------------------------------


def test_the_preview_counts_members_by_their_growth_in_one_statement(place: Place, statements: list[str]) -> None:
    grow(place, 600)
    grow(place, 90, "bob")
    circle = queries.configurable(place.owner, place.slug)
    statements.clear()
    counts = queries.level_counts(circle, [level(0), level(50), level(80, "常客"), level(700)])
    assert len(statements) == 1
    assert [(each.level, each.members, each.by_growth) for each in counts] == [
        (1, 4, 3),
        (2, 1, 0),
        (3, 0, 2),
        (4, 0, 0),
    ]
    assert counts[2].name == "常客"
    assert [each.by_growth for each in queries.level_counts(circle, [])] == [4, 1, 0]
    assert [each.by_growth for each in queries.level_counts(circle, [level(0)])] == [5]


def test_people_go_on_earning_while_levels_are_looked_at_again(app: Flask, place: Place, make: Make) -> None:
    people = [make.member(place.circle).id for _one in range(6)]
    circle_id = place.circle.id
    for number in (0, 1):
        for user_id in people:
            cause = Cause(f"comment:{number}:{user_id}", "comment", f"comment:{number}:{user_id}")
            operations.set_earned(circle_id, user_id, cause, on=True)
    save(place, level(0), level(2, gift=5), level(3, gift=6))

    def earn(user_id: int) -> Callable[[], object]:
        cause = Cause(f"comment:2:{user_id}", "comment", f"comment:2:{user_id}")
        return lambda: operations.set_earned(circle_id, user_id, cause, on=True)

    acts: list[Callable[[], object]] = [earn(user_id) for user_id in people]
    acts.insert(3, lambda: jobs.reassess_levels(circle_id))
    all_well(together(app, acts))
    jobs.reassess_levels(circle_id)
    wanted = select(Member.level).where(Member.user_id.in_(people))
    assert set(db.session.scalars(wanted)) == {3}
    points = select(LedgerAccount.balance).join(Member, Member.id == LedgerAccount.owner_id)
    mine = points.where(LedgerAccount.kind == "member.points", Member.user_id.in_(people))
    assert set(db.session.scalars(mine)) == {3 + 5 + 6}


def test_levels_saved_again_before_the_job_ran_are_kept_too(place: Place) -> None:
    for thresholds in ((0, 5, 10), (0, 10), (0, 20)):
        assert save(place, *(level(growth) for growth in thresholds))
        assert [each["growth_min"] for each in kept(place)] == list(thresholds)
    assert len(db.session.scalars(select(AuditEntry.id).where(AuditEntry.action == "points.levels")).all()) == 3
