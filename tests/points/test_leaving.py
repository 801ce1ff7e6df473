"""What leaving does to points: they wait for a year, then they are gone; with an account they go at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.accounts import leaving
from circle.accounts.operations import close_account, order_deletion
from circle.circles import operations as circles
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError
from circle.core.operation import operation
from circle.home import erasure
from circle.ledger import operations as ledger
from circle.ledger.accounts import points_of
from circle.ledger.models import LedgerAccount, LedgerEntry, LedgerTxn, LotUse, PointLot
from circle.notifications.queries import inbox
from circle.points import jobs
from circle.points import operations as points
from circle.points.checking import check_books
from circle.points.models import (
    EarnCounter,
    EarnSource,
    GrowthTotal,
    LevelEvent,
    MemberLevel,
    PointAdjustment,
    Task,
    TaskHit,
    TaskProgress,
)
from circle.posts import operations as posts
from circle.posts.models import Post
from tests.clients import Browser
from tests.factories import Make, Place
from tests.ledger.books import balanced
from tests.points.passing import (
    NOW,
    YEAR,
    Killed,
    assert_books_hold,
    at,
    give,
    held,
    level,
    member_id,
    reward,
    stops_after,
    told,
    txns,
)
from tests.races.together import together


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


def leave(place: Place, when: datetime = NOW) -> None:
    with clock.at(when):
        circles.leave_circle(place.ann, place.slug)


def forfeit(when: datetime) -> None:
    with clock.at(when):
        jobs.forfeit_left()


def owed(place: Place) -> int:
    db.session.expire_all()
    account = points_of(place.circle.id, member_id(place))
    return db.session.scalar(select(LedgerAccount.owed).where(LedgerAccount.id == account.id)) or 0


def sources(place: Place) -> list[tuple[str, str, str]]:
    mine = select(EarnSource).where(EarnSource.member_id == member_id(place)).order_by(EarnSource.created_at)
    return [(row.rule_code, row.state, row.reason) for row in db.session.scalars(mine)]


def board_rows(place: Place) -> int:
    mine = select(func.count()).where(GrowthTotal.member_id == member_id(place))
    return db.session.scalar(mine) or 0


# ---- leaving freezes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["left", "banned"])
def test_who_is_not_there_earns_nothing(place: Place, way: str) -> None:
    post_id = make_post(place)
    before = held(place)
    if way == "left":
        leave(place)
    else:
        circles.ban_member(place.owner, place.slug, place.users["ann"].id)
    posts.like_post(place.bob, post_id, on=True)
    assert held(place) == before
    assert sources(place)[-1] == ("like.received", "none", "not_member")


def make_post(place: Place) -> int:
    return posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")


def test_a_reward_waits_for_who_left_until_they_come_back(place: Place) -> None:
    make_post(place)
    task_id = db.session.scalars(select(Task.id).where(Task.circle_id == place.circle.id, Task.code == "daily_post"))
    daily_post = task_id.one()
    before = held(place)
    circles.leave_circle(place.ann, place.slug)
    with pytest.raises(CircleError):
        points.claim_task(place.ann, daily_post)
    assert held(place) == before
    circles.join_circle(place.ann, place.slug)
    points.claim_task(place.ann, daily_post)
    assert held(place) == (before[0] + 3, before[1] + 3)


def test_what_is_hidden_is_taken_back_from_who_left_and_given_again(place: Place) -> None:
    post_id = make_post(place)
    before = held(place)
    leave(place)
    posts.hide_post(place.mod, post_id, reason="off topic")
    assert held(place)[0] < before[0]
    posts.restore_post(place.mod, post_id)
    assert held(place) == before
    assert_books_hold()


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_who_left_reads_their_statement(make: Make, browser: Callable[..., Browser], visibility: str) -> None:
    place = make.place(visibility=visibility)
    make_post(place)
    leave(place)
    assert browser(place.users["ann"]).get(f"/{place.slug}/points").status_code == 200


# ---- and coming back goes on -----------------------------------------------------------------------------------------


def test_who_comes_back_within_a_year_finds_everything(place: Place) -> None:
    give(place, points=40)
    with clock.at(NOW - timedelta(days=2)):
        reward(place, 700)
    before = (held(place), level(place))
    leave(place)
    forfeit(NOW + YEAR - timedelta(minutes=1))
    with clock.at(NOW + YEAR - timedelta(seconds=30)):
        circles.join_circle(place.ann, place.slug)
    forfeit(NOW + 3 * YEAR)
    assert (held(place), level(place)) == before
    make_post(place)
    assert held(place)[0] == before[0][0] + 2


def test_who_stays_away_for_a_year_lets_go_of_everything(place: Place) -> None:
    give(place, points=40)
    reward(place, 700)
    leave(place)
    forfeit(NOW + YEAR)
    assert (held(place), level(place)) == ((0, 0), 1)
    assert db.session.get(MemberLevel, member_id(place)) is None
    last = db.session.scalars(select(LevelEvent).order_by(LevelEvent.id.desc())).first()
    assert last is not None and (last.from_level, last.to_level, last.reason) == (2, 1, "forfeit")
    assert board_rows(place) == 0
    assert_books_hold()


def test_nobody_else_loses_anything(place: Place) -> None:
    for name in ("ann", "bob", "mod"):
        give(place, name, points=40)
    leave(place, NOW + timedelta(days=1))
    circles.ban_member(place.owner, place.slug, place.users["bob"].id)
    forfeit(NOW + YEAR)
    assert [held(place, name)[0] for name in ("ann", "bob", "mod")] == [40, 40, 40]
    forfeit(NOW + 9 * YEAR)
    assert [held(place, name)[0] for name in ("ann", "bob", "mod")] == [0, 40, 40]


def test_letting_go_twice_is_letting_go_once(place: Place) -> None:
    give(place, points=40)
    leave(place)
    forfeit(NOW + YEAR)
    forfeit(NOW + YEAR)
    forfeit(NOW + 2 * YEAR)
    assert (held(place), txns("forfeit")) == ((0, 0), 1)


def test_who_comes_back_begins_anew_and_may_lose_it_once_more(place: Place) -> None:
    give(place, points=40)
    leave(place)
    forfeit(NOW + YEAR)
    with clock.at(NOW + YEAR + timedelta(days=1)):
        circles.join_circle(place.ann, place.slug)
        make_post(place)
    assert held(place)[0] == 2
    leave(place, NOW + YEAR + timedelta(days=2))
    forfeit(NOW + 2 * YEAR + timedelta(days=2))
    assert (held(place), txns("forfeit")) == ((0, 0), 2)
    assert_books_hold()


def test_what_was_let_go_of_is_not_taken_again_with_its_post(place: Place) -> None:
    with clock.at(NOW - timedelta(days=1)):
        post_id = make_post(place)
    leave(place)
    forfeit(NOW + YEAR)
    with clock.at(NOW + YEAR + timedelta(days=1)):
        posts.hide_post(place.mod, post_id, reason="off topic")
        assert (held(place), owed(place)) == ((0, 0), 0)
        posts.restore_post(place.mod, post_id)
    assert (held(place), owed(place)) == ((0, 0), 0)
    assert_books_hold()


def test_what_was_earned_since_is_not_taken_for_what_was_let_go_of(place: Place) -> None:
    user_id = place.ann.id or 0
    with clock.at(NOW - timedelta(days=1)):
        old, asked = make_post(place), {"asset": "GROWTH", "amount": 50, "reason": "整理了上周的读书笔记"}
        adjustment = points.ask_adjustment(place.owner, place.slug, user_id, **asked)  # type: ignore[arg-type]
    leave(place)
    forfeit(NOW + YEAR)
    with clock.at(NOW + YEAR + timedelta(days=1)):
        circles.join_circle(place.ann, place.slug)
        make_post(place)
        assert held(place) == (2, 2)
        posts.hide_post(place.mod, old, reason="off topic")
        assert held(place) == (2, 2)
        posts.restore_post(place.mod, old)
        assert held(place) == (2, 2)
        points.reverse_adjustment(place.owner, adjustment, note="记错了")
        assert held(place) == (2, 2)
    assert balanced(place.circle.id, check_books)


def test_what_was_spent_before_is_still_owed(place: Place) -> None:
    with clock.at(NOW - timedelta(days=1)):
        post_id = make_post(place)

        @operation
        def spend() -> None:
            ledger.spend(place.circle.id, member_id(place), 2, ledger.Why("spend", "test:spend"))

        spend()
    leave(place)
    forfeit(NOW + YEAR)
    posts.hide_post(place.mod, post_id, reason="off topic")
    assert owed(place) == 2


def test_points_that_come_back_after_all_was_let_go_of_go_with_the_next_run(place: Place) -> None:
    with clock.at(NOW - timedelta(days=1)):
        hidden, shown = make_post(place), make_post(place)
        posts.hide_post(place.mod, hidden, reason="off topic")
    leave(place)
    forfeit(NOW + YEAR)
    with clock.at(NOW + YEAR + timedelta(days=1)):
        posts.restore_post(place.mod, hidden)
    assert held(place)[0] == 2
    forfeit(NOW + YEAR + timedelta(days=2))
    assert (held(place), txns("forfeit")) == ((0, 0), 2)
    assert db.session.get_one(Post, shown).status == "published"
    assert_books_hold()


def test_a_run_that_was_stopped_half_way_is_gone_on_with(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("ann", "bob", "mod")
    with clock.at(NOW):
        for name in names:
            give(place, name, points=40)
            circles.leave_circle(getattr(place, name), place.slug)
    monkeypatch.setattr(jobs, "_BATCH", 2)
    stops_after(monkeypatch, points, "forfeit_left", 1)
    with pytest.raises(Killed):
        forfeit(NOW + YEAR)
    monkeypatch.undo()
    assert sorted(held(place, name)[0] for name in names) == [0, 40, 40]
    forfeit(NOW + YEAR)
    assert ([held(place, name)[0] for name in names], txns("forfeit")) == ([0, 0, 0], 3)


def test_two_workers_at_once_let_go_once(app: Flask, place: Place) -> None:
    give(place, points=40)
    leave(place)
    outcomes = together(app, [at(NOW + YEAR, jobs.forfeit_left)] * 2)
    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    assert (held(place), txns("forfeit")) == ((0, 0), 1)
    assert_books_hold()


def test_who_comes_back_in_that_very_moment_has_all_or_nothing(app: Flask, place: Place) -> None:
    give(place, points=40)
    leave(place)
    ann, slug = place.ann, place.slug
    outcomes = together(
        app, [at(NOW + YEAR, jobs.forfeit_left), at(NOW + YEAR, lambda: circles.join_circle(ann, slug))]
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    assert held(place)[0] in (0, 40)
    assert_books_hold()


# ---- with the account ------------------------------------------------------------------------------------------------


def close(place: Place, *, keep: bool) -> None:
    user_id = place.ann.id or 0
    order_deletion(user_id, keep_content=keep)
    close_account(user_id)
    erasure.erase_account(user_id)


@pytest.mark.parametrize("keep", [True, False])
def test_with_the_account_everything_is_let_go_of_in_every_circle(place: Place, make: Make, keep: bool) -> None:
    other = make.place()
    make.member(other.circle, user=place.users["ann"])
    posts.publish_post(place.ann, other.slug, body="早安，这里也有雾。")
    make_post(place)
    reward(place, 700)
    circles.leave_circle(place.ann, other.slug)
    give(place, "bob", points=40)
    ids = db.session.scalars(select(Member.id).where(Member.user_id == place.ann.id)).all()
    assert len(ids) == 2
    close(place, keep=keep)
    held_still = select(LedgerAccount.balance).where(LedgerAccount.owner_id.in_(ids), LedgerAccount.balance > 0)
    assert db.session.scalars(held_still).all() == []
    debts = select(LedgerAccount.owed).where(LedgerAccount.owner_id.in_(ids), LedgerAccount.owed > 0)
    assert db.session.scalars(debts).all() == []
    assert (level(place), held(place, "bob")[0]) == (1, 40)
    for model in (TaskHit, TaskProgress, EarnCounter, LevelEvent, MemberLevel, GrowthTotal):
        assert db.session.scalar(select(func.count()).where(model.member_id.in_(ids))) == 0, model
    # the books stay
    assert db.session.scalar(select(func.count()).where(EarnSource.member_id.in_(ids))) > 0
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) > 0
    assert_books_hold()


def test_erasing_again_changes_nothing(place: Place) -> None:
    make_post(place)
    reward(place, 700)
    close(place, keep=True)
    known = [db.session.scalar(select(func.count()).select_from(model)) for model in (LedgerTxn, PointLot, LotUse)]
    points.erase_member(member_id(place))
    erasure.erase_account(place.ann.id or 0)
    again = [db.session.scalar(select(func.count()).select_from(model)) for model in (LedgerTxn, PointLot, LotUse)]
    assert again == known


def test_a_post_of_a_deleted_account_can_be_restored_after_gifts_were_changed(place: Place) -> None:
    def gift_of(points: int) -> None:
        levels = [{"name": "", "growth_min": 0}, {"name": "", "growth_min": 2, "gift_points": points}]
        operation(lambda: setattr(db.session.get_one(Circle, place.circle.id), "levels", levels))()

    gift_of(5)
    post_id = make_post(place)
    posts.hide_post(place.mod, post_id, reason="off topic")
    close(place, keep=True)
    gift_of(7)
    posts.restore_post(place.mod, post_id)
    assert (level(place), txns("gift")) == (2, 1)
    assert balanced(place.circle.id, check_books)


def test_who_will_lose_points_is_told_how_many_and_where(place: Place, make: Make) -> None:
    other = make.place(name="夜读")
    make.member(other.circle, user=place.users["ann"])
    give(place, points=40)
    posts.publish_post(place.ann, other.slug, body="早安，这里也有雾。")
    circles.leave_circle(place.ann, other.slug)
    name = db.session.get_one(Circle, place.circle.id).name
    assert [(loss.circle, loss.points) for loss in leaving.losses_of(place.ann)] == [(name, 40), ("夜读", 2)]
    assert leaving.losses_of(place.bob) == []


def test_nobody_is_told_of_points_of_people_who_left(place: Place) -> None:
    give(place, points=40, until=NOW + timedelta(days=30))
    leave(place, NOW - timedelta(days=1))
    with clock.at(NOW):
        jobs.remind_expiry()
    assert told(place.ann) == []


def test_adjustments_that_wait_are_turned_down_and_reasons_stay_in_the_books(place: Place) -> None:
    user_id = place.ann.id or 0
    small = points.ask_adjustment(
        place.owner, place.slug, user_id, asset="POINTS", amount=5, reason="整理了上周的读书笔记"
    )
    large = points.ask_adjustment(
        place.owner, place.slug, user_id, asset="POINTS", amount=5000, reason="组织了一整年的线下活动"
    )
    close(place, keep=True)
    rows = {row.id: row for row in db.session.scalars(select(PointAdjustment))}
    assert (rows[small].status, rows[large].status) == ("applied", "rejected")
    assert [row.kind for row in inbox(place.owner).items if row.kind.startswith("adjustment")] == [
        "adjustment.rejected"
    ]
    memo = db.session.scalars(select(LedgerTxn.memo).where(LedgerTxn.memo != "")).all()
    assert memo == ["整理了上周的读书笔记"]
    assert rows[small].reason == memo[0]


def test_levels_that_were_lowered_meanwhile_lift_who_comes_back(place: Place) -> None:
    reward(place, 300)
    circles.leave_circle(place.ann, place.slug)
    step = {"name": "", "keep_min": 0, "gift_points": 0, "privileges": {}}
    points.save_levels(place.owner, place.slug, [{**step, "growth_min": 0}, {**step, "growth_min": 200}])
    circles.join_circle(place.ann, place.slug)
    assert level(place) == 2
