"""What is earned for what: rules, caps, and the switch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from circle.circles import operations as circles
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.ids import new_id
from circle.core.operation import in_transaction
from circle.ledger import operations as ledger
from circle.points.catalog import RULES
from circle.points.checking import check_books
from circle.points.models import EarnCounter, EarnRule, EarnSource
from circle.points.operations import Cause, set_earned, switch_all
from circle.points.operations.beginning import begin_rules
from circle.posts import operations as posts
from tests.factories import Make, Place
from tests.ledger.books import DAY, NOON, Holder, balanced, holder
from tests.races.together import all_well, together

NO_CAPS = {"daily_count_cap": None, "daily_point_cap": None, "weekly_point_cap": None, "giver_daily_cap": None}


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    ann = holder(make)
    begin_rules(ann.circle_id)
    return ann


def set_rule(ann: Holder, code: str, **values: Any) -> None:
    mine = (EarnRule.circle_id == ann.circle_id, EarnRule.code == code, EarnRule.replaced_at.is_(None))
    in_transaction(lambda: db.session.execute(update(EarnRule).where(*mine).values(values)))


def earn(ann: Holder, number: int, rule: str = "post.text", at: datetime | None = None, **more: Any) -> tuple[int, int]:
    """What a new source gives: (points, growth)."""
    key = f"{rule}:{ann.member_id}:{number}"
    earned = set_earned(ann.circle_id, ann.user_id, Cause(key, rule, key, **more), on=True, effective_at=at)
    return earned.granted_points, earned.granted_growth


def source(ann: Holder, number: int, rule: str = "post.text") -> EarnSource:
    db.session.rollback()
    return db.session.get_one(EarnSource, f"{rule}:{ann.member_id}:{number}", populate_existing=True)


def switch(ann: Holder, number: int, *, on: bool, rule: str = "post.text") -> Any:
    key = f"{rule}:{ann.member_id}:{number}"
    return set_earned(ann.circle_id, ann.user_id, Cause(key, rule, key), on=on)


# ---- rules and caps --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code in RULES if code != "*"])
def test_each_rule_gives_what_it_says(ann: Holder, code: str) -> None:
    assert earn(ann, 1, code) == (RULES[code].points, RULES[code].growth)
    assert ann.has == (RULES[code].points, 0, RULES[code].growth)
    assert balanced(ann.circle_id, check_books)


def test_a_daily_count_leaves_the_next_ones_nothing(ann: Holder) -> None:
    with clock.at(NOON):
        gave = [earn(ann, number)[0] for number in range(7)]
    assert gave == [2] * 5 + [0] * 2
    assert (source(ann, 6).state, source(ann, 6).reason) == ("capped", "count_cap")
    with clock.at(NOON + DAY):
        assert switch(ann, 6, on=True).replayed  # another day does not help: what it gives is fixed for ever
        assert earn(ann, 7)[0] == 2
    assert balanced(ann.circle_id, check_books)


@pytest.mark.parametrize(
    ("tz", "last", "first"),
    [
        ("Asia/Shanghai", "2026-11-25 15:59:59.999999", "2026-11-25 16:00:00"),
        ("America/New_York", "2026-11-26 04:59:59.999999", "2026-11-26 05:00:00"),
        ("America/New_York", "2026-11-02 04:59:59.999999", "2026-11-02 05:00:00"),  # the day was 25 hours long
        ("Asia/Kathmandu", "2026-11-25 18:14:59.999999", "2026-11-25 18:15:00"),
    ],
)
def test_a_day_ends_where_the_circle_is(app: Flask, make: Make, tz: str, last: str, first: str) -> None:
    ann = holder(make, tz=tz)
    begin_rules(ann.circle_id)
    set_rule(ann, "post.text", daily_count_cap=1)
    before, after = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (last, first))
    with clock.at(before):
        assert [earn(ann, 1)[0], earn(ann, 2)[0]] == [2, 0]
    with clock.at(after):
        assert [earn(ann, 3)[0], earn(ann, 4)[0]] == [2, 0]
        assert earn(ann, 5, at=before - timedelta(hours=1))[0] == 0  # it counts when it happened


def test_a_week_ends_with_sunday_where_the_circle_is(ann: Holder) -> None:
    set_rule(ann, "post.text", **NO_CAPS | {"weekly_point_cap": 3})
    monday = datetime(2026, 12, 27, 16, tzinfo=UTC)  # 28 December in Shanghai, ISO week 53
    with clock.at(monday - timedelta(microseconds=1)):
        assert [earn(ann, 1)[0], earn(ann, 2)[0], earn(ann, 3)[0]] == [2, 1, 0]
    with clock.at(monday):
        assert [earn(ann, 4)[0], earn(ann, 5)[0], earn(ann, 6)[0]] == [2, 1, 0]
    with clock.at(monday + 6 * DAY):  # 3 January, the same week of another year
        assert earn(ann, 7)[0] == 0
    with clock.at(monday + 7 * DAY):
        assert earn(ann, 8)[0] == 2
    assert source(ann, 3).reason == "point_cap"


def test_a_cap_of_points_cuts_and_growth_in_proportion(ann: Holder) -> None:
    set_rule(ann, "post.text", **NO_CAPS | {"points": 10, "growth": 7, "daily_point_cap": 14})
    with clock.at(NOON):
        assert [earn(ann, 1), earn(ann, 2), earn(ann, 3)] == [(10, 7), (4, 2), (0, 0)]
    assert (source(ann, 2).state, source(ann, 2).reason) == ("on", "point_cap")
    assert (source(ann, 3).state, source(ann, 3).granted_growth) == ("capped", 0)
    assert ann.has == (14, 0, 9)
    assert balanced(ann.circle_id, check_books)


def test_the_caps_over_everything_hold_across_rules_and_can_be_switched_off(ann: Holder) -> None:
    set_rule(ann, "*", daily_point_cap=7, weekly_point_cap=9)
    with clock.at(NOON):
        assert [earn(ann, 1, "post.media")[0], earn(ann, 1)[0], earn(ann, 1, "comment")[0]] == [5, 2, 0]
    assert source(ann, 1, "comment").reason == "total_cap"
    with clock.at(NOON + DAY):  # Thursday of the same week
        assert earn(ann, 2, "post.media")[0] == 2
    set_rule(ann, "*", enabled=False)
    with clock.at(NOON + DAY):
        assert earn(ann, 3, "post.media")[0] == 5
    assert balanced(ann.circle_id, check_books)


def test_one_giver_counts_so_often_a_day(ann: Holder) -> None:
    with clock.at(NOON):
        gave = [earn(ann, number, "like.received", giver_id=7)[0] for number in range(5)]
        other = earn(ann, 9, "like.received", giver_id=8)[0]
    assert (gave, other) == ([1, 1, 1, 0, 0], 1)
    assert source(ann, 4, "like.received").reason == "giver_cap"
    with clock.at(NOON + DAY):
        assert earn(ann, 10, "like.received", giver_id=7)[0] == 1


@pytest.mark.parametrize(("length", "points"), [(9, 0), (10, 2), (None, 2)])
def test_what_is_too_short_earns_nothing(ann: Holder, length: int | None, points: int) -> None:
    set_rule(ann, "post.text", min_len=10)
    assert earn(ann, 1, length=length)[0] == points
    assert (source(ann, 1).state, source(ann, 1).reason) == (("on", "") if points else ("none", "too_short"))


def test_a_rule_that_is_off_gives_nothing_also_not_later(ann: Holder) -> None:
    set_rule(ann, "post.text", enabled=False)
    assert earn(ann, 1) == (0, 0)
    set_rule(ann, "post.text", enabled=True)
    assert switch(ann, 1, on=True).replayed
    assert (source(ann, 1).reason, ann.has) == ("disabled", (0, 0, 0))


def test_who_was_never_here_leaves_no_trace(ann: Holder, make: Make) -> None:
    stranger = make.user()
    cause = Cause("post:1", "post.text", "post:1")
    assert set_earned(ann.circle_id, stranger.id, cause, on=True).granted_points == 0
    assert db.session.get(EarnSource, "post:1") is None


# ---- the switch ------------------------------------------------------------------------------------------------------


def test_asking_again_changes_nothing(ann: Holder) -> None:
    assert earn(ann, 1) == (2, 2)
    again = switch(ann, 1, on=True)
    assert (again.replayed, again.granted_points) == (True, 2)
    switch(ann, 1, on=False)
    assert switch(ann, 1, on=False).replayed
    assert switch(ann, 99, on=False).replayed  # of something that was never there
    assert ann.has == (0, 0, 0)


def test_off_and_on_give_and_take_exactly(ann: Holder) -> None:
    with clock.at(NOON):
        earn(ann, 1)
        for _ in range(3):
            switch(ann, 1, on=False)
            assert ann.has == (0, 0, 0)
            switch(ann, 1, on=True)
            assert ann.has == (2, 0, 2)
    assert source(ann, 1).generation == 6
    assert ann.lots == [(2, 2, 0)]
    assert balanced(ann.circle_id, check_books)


def test_off_after_it_was_spent_is_owed_and_on_pays_it(ann: Holder) -> None:
    earn(ann, 1)
    ann.spend(2)
    switch(ann, 1, on=False)
    assert ann.has == (0, 2, 0)
    switch(ann, 1, on=True)
    assert ann.has == (0, 0, 2)
    assert balanced(ann.circle_id, check_books)


def test_off_after_part_ran_out_takes_the_rest_and_on_gives_the_rest(ann: Holder) -> None:
    set_rule(ann, "post.text", points=10)
    with clock.at(NOON):
        earn(ann, 1)
        ann.spend(4)
    end = datetime(2027, 12, 31, 16, tzinfo=UTC)
    with clock.at(end):
        ledger.expire_lots(ann.points_id, end)
        switch(ann, 1, on=False)
        assert (ann.has[:2], source(ann, 1).active_points) == ((0, 4), 6)
        switch(ann, 1, on=True)
        assert (ann.has[:2], source(ann, 1).active_points) == ((0, 0), 10)
    assert balanced(ann.circle_id, check_books)


def test_counters_never_go_down(ann: Holder) -> None:
    """Deleting and posting again is no way to earn more."""
    with clock.at(NOON):
        for number in range(9):
            earn(ann, number)
            switch(ann, number, on=False)
    assert ann.has == (0, 0, 0)
    counted = select(EarnCounter.n).where(EarnCounter.member_id == ann.member_id, EarnCounter.rule_code == "post.text")
    assert db.session.scalars(counted).one() == 5
    with clock.at(NOON):
        switch(ann, 0, on=True)
        switch(ann, 8, on=True)
    assert ann.has[0] == 2


def test_a_new_version_of_a_rule_concerns_new_sources_only(ann: Holder) -> None:
    earn(ann, 1)
    old = (EarnRule.circle_id == ann.circle_id, EarnRule.code == "post.text")

    def replace() -> None:
        db.session.execute(update(EarnRule).where(*old).values(replaced_at=clock.now()))
        values = RULES["post.text"]._replace(points=9, growth=8)._asdict()
        insert_once(
            EarnRule, id=new_id(), created_at=clock.now(), circle_id=ann.circle_id, code="post.text", version=2,
            enabled=True, created_by=None, replaced_at=None, **values,
        )  # fmt: skip

    in_transaction(replace)
    assert earn(ann, 2) == (9, 8)
    switch(ann, 1, on=False)
    switch(ann, 1, on=True)
    assert ann.has == (11, 0, 10)
    assert (source(ann, 1).rule_version, source(ann, 2).rule_version) == (1, 2)
    assert balanced(ann.circle_id, check_books)


def test_rules_begin_once_however_many_ask(app: Flask, make: Make) -> None:
    circle = make.circle(join_mode="open")
    people = [holder(make, circle) for _ in range(6)]
    gave = all_well(together(app, [lambda each=each: earn(each, 1) for each in people]))
    assert set(gave) == {(2, 2)}
    rows = db.session.scalars(select(EarnRule.code).where(EarnRule.circle_id == circle.id)).all()
    assert sorted(rows) == sorted(RULES)
    assert balanced(circle.id, check_books)


# ---- what members do -------------------------------------------------------------------------------------------------


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def known(place: Place, name: str) -> Holder:
    actor = getattr(place, name)
    member = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == actor.id)
    return Holder(place.circle.id, db.session.scalars(member).one(), actor.id)


def test_a_like_that_is_taken_back_and_given_again_earns_once(place: Place, make: Make) -> None:
    ann, post_id = known(place, "ann"), make.post(place)
    before = ann.has[0]
    for on in (True, False, True):
        posts.like_post(place.bob, post_id, on=on)
        assert ann.has[0] == before + 1
    assert balanced(place.circle.id, check_books)


def test_a_post_with_many_likes_costs_what_those_cost_that_gave_something(place: Place, statements: list[str]) -> None:
    ann = known(place, "ann")

    def hide_and_show(likes: range) -> int:
        for liker in likes:
            cause = Cause(f"like:1:{liker}", "like.received", "post:1", giver_id=liker)
            set_earned(ann.circle_id, ann.user_id, cause, on=True)
        statements.clear()
        for on in (False, True):
            switch_all("post:1", on=on)
        return len(statements)

    assert hide_and_show(range(21)) == hide_and_show(range(21, 60))
    assert ann.has == (20, 0, 20)
    assert balanced(place.circle.id, check_books)


def test_a_post_that_is_hidden_takes_its_likes_and_its_highlight_along(place: Place, make: Make) -> None:
    ann, post_id = known(place, "ann"), make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    posts.feature_post(place.mod, post_id, on=True)
    assert ann.has == (33, 0, 33)
    posts.hide_post(place.mod, post_id, reason="off topic")
    assert ann.has == (0, 0, 0)
    posts.restore_post(place.mod, post_id)
    assert ann.has == (33, 0, 33)
    assert balanced(place.circle.id, check_books)


def test_what_is_no_highlight_any_more_comes_back_without_it(place: Place, make: Make) -> None:
    ann, post_id = known(place, "ann"), make.post(place)
    posts.feature_post(place.mod, post_id, on=True)
    posts.feature_post(place.mod, post_id, on=False)
    assert ann.has == (2, 0, 2)
    posts.hide_post(place.mod, post_id, reason="off topic")
    posts.restore_post(place.mod, post_id)
    assert ann.has == (2, 0, 2)
    assert balanced(place.circle.id, check_books)


def test_a_comment_goes_and_comes_with_its_points(place: Place, make: Make) -> None:
    bob, post_id = known(place, "bob"), make.post(place)
    comment_id = posts.write_comment(place.bob, post_id, body="很美。")
    assert bob.has == (1, 0, 1)
    posts.hide_comment(place.mod, comment_id, reason="off topic")
    assert bob.has == (0, 0, 0)
    posts.restore_comment(place.mod, comment_id)
    assert bob.has == (1, 0, 1)
    posts.delete_comment(place.bob, comment_id)
    assert bob.has == (0, 0, 0)
    assert balanced(place.circle.id, check_books)


def test_who_left_and_came_back_earns_again(place: Place, make: Make) -> None:
    ann, post_id = known(place, "ann"), make.post(place)
    circles.leave_circle(place.ann, place.slug)
    posts.like_post(place.bob, post_id, on=True)
    assert ann.has[0] == 2
    key = f"like:{post_id}:{place.bob.id}"
    assert db.session.get_one(EarnSource, key).reason == "not_member"
    make.member(place.circle, user=place.users["ann"])
    make.post(place)
    assert ann.has[0] == 4
    assert balanced(place.circle.id, check_books)
