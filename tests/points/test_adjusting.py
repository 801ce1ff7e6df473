"""Points given and taken by hand: small ones at once, large ones by two people, and all of it can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.circles.models import Member
from circle.core import clock
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerAccount, LedgerTxn
from circle.ledger.operations import Why
from circle.notifications import queries as notices
from circle.points import operations, queries
from circle.points.models import GrowthTotal, LevelEvent, PointAdjustment
from tests.factories import SYSTEM, Actor, Make, Place

REASON = "Thank you for the lovely meeting"


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def ask(place: Place, by: Actor, amount: int, asset: str = "POINTS", of: str = "ann", reason: str = REASON) -> int:
    user = place.owner_user if of == "owner" else place.users[of]
    return operations.ask_adjustment(by, place.slug, user.id, asset=asset, amount=amount, reason=reason)


def member_of(place: Place, name: str = "ann") -> Member:
    db.session.expire_all()
    wanted = select(Member).where(Member.circle_id == place.circle.id, Member.user_id == place.users[name].id)
    return db.session.scalars(wanted).one()


def account(place: Place, asset: str = "POINTS", name: str = "ann") -> tuple[int, int]:
    """(balance, owed)"""
    kind = "member.points" if asset == "POINTS" else "member.growth"
    row = db.session.execute(
        select(LedgerAccount.balance, LedgerAccount.owed).where(
            LedgerAccount.owner_id == member_of(place, name).id, LedgerAccount.kind == kind
        )
    ).one_or_none()
    return (0, 0) if row is None else (row[0], row[1])


def row_of(adjustment_id: int) -> PointAdjustment:
    db.session.expire_all()
    return db.session.get_one(PointAdjustment, adjustment_id)


def transactions() -> int:
    return db.session.scalar(select(func.count()).select_from(LedgerTxn)) or 0


def told(actor: Actor) -> list[str]:
    return [notice.kind for notice in notices.inbox(actor).items if notice.kind != "member.role"]


# ---- small ones ------------------------------------------------------------------------------------------------------


def test_a_small_gift_comes_at_once_with_its_reason(place: Place) -> None:
    done = row_of(ask(place, place.admin, 300))
    assert (done.status, done.decided_by) == ("applied", None)
    assert account(place) == (300, 0)
    txn = db.session.get_one(LedgerTxn, done.txn_id)
    assert (txn.kind, txn.idem_key, txn.source, txn.memo) == (
        "adjust",
        f"adjust:{done.id}",
        f"adjust:{done.id}",
        REASON,
    )
    assert txn.actor_id == place.admin.id
    assert told(place.ann) == ["points.adjusted"]
    notice = notices.inbox(place.ann).items[0]
    assert "300" in notice.text and notice.quote == REASON
    assert db.session.scalar(select(AuditEntry.data).where(AuditEntry.action == "points.adjust"))["amount"] == 300


def test_growth_by_hand_moves_level_and_boards(place: Place) -> None:
    ask(place, place.admin, 600, "GROWTH")
    assert (account(place, "GROWTH"), member_of(place).level) == ((600, 0), 2)
    assert set(db.session.scalars(select(GrowthTotal.growth))) == {600}
    ask(place, place.owner, -200, "GROWTH")
    assert (account(place, "GROWTH"), member_of(place).level) == ((400, 0), 1)
    assert list(db.session.scalars(select(LevelEvent.reason).order_by(LevelEvent.id))) == ["promote", "reversal"]


def test_no_more_is_taken_than_there_is(place: Place) -> None:
    ask(place, place.admin, 300)
    ask(place, place.admin, -100)
    assert account(place) == (200, 0)
    with pytest.raises(Refused) as refusal:
        ask(place, place.admin, -201)
    assert refusal.value.code == "INSUFFICIENT_POINTS"
    with pytest.raises(Refused) as refusal:
        ask(place, place.owner, -5000)  # also where a second person would have to agree first
    assert refusal.value.code == "INSUFFICIENT_POINTS"
    assert account(place) == (200, 0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 1_000_001}, "amount"),
        ({"amount": -1_000_001}, "amount"),
        ({"asset": "CNY"}, "asset"),
        ({"reason": "too short"}, "reason"),
        ({"reason": "x" * 201}, "reason"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(place: Place, values: dict, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(place, place.admin, **{"amount": 5, **values})
    assert list(refusal.value.errors) == [field]
    assert db.session.scalar(select(func.count()).select_from(PointAdjustment)) == 0


def test_only_those_who_may_and_nobody_for_themselves_or_a_higher_role(place: Place) -> None:
    for who in (place.mod, place.ann):
        with pytest.raises(Forbidden):
            ask(place, who, 5, of="bob")
    for who, of in ((place.admin, "admin"), (place.admin, "owner")):
        with pytest.raises(Forbidden):
            ask(place, who, 5, of=of)
    circles.leave_circle(place.ann, place.slug)
    with pytest.raises(NotFound):
        ask(place, place.admin, 5)
    assert transactions() == 0


# ---- large ones ------------------------------------------------------------------------------------------------------


def test_a_large_one_waits_for_a_second_person_who_is_told(place: Place) -> None:
    waiting = ask(place, place.admin, 1001)
    assert (row_of(waiting).status, account(place)) == ("pending", (0, 0))
    assert told(place.owner) == ["adjustment.waiting"] and told(place.admin) == [] == told(place.mod)
    operations.approve_adjustment(place.owner, waiting)
    done = row_of(waiting)
    assert (done.status, done.decided_by, account(place)) == ("applied", place.owner.id, (1001, 0))
    assert db.session.get_one(LedgerTxn, done.txn_id).actor_id == place.admin.id
    assert told(place.admin) == ["adjustment.approved"] and told(place.ann) == ["points.adjusted"]


def test_many_small_ones_by_the_same_person_are_a_large_one(place: Place) -> None:
    for amount in (400, -100, 500):
        ask(place, place.admin, amount)
    assert row_of(ask(place, place.admin, 1)).status == "pending"
    assert row_of(ask(place, place.admin, 1, of="bob")).status == "applied"
    assert row_of(ask(place, place.owner, 1000)).status == "applied"  # another person
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert row_of(ask(place, place.admin, 1000)).status == "applied"


def test_what_was_turned_down_does_not_count_and_what_was_undone_does(place: Place) -> None:
    operations.reject_adjustment(place.owner, ask(place, place.admin, 5000), note="far too much")
    undone = ask(place, place.admin, 1000)
    assert row_of(undone).status == "applied"
    operations.reverse_adjustment(place.admin, undone, note="a slip of the pen")
    assert row_of(ask(place, place.admin, 1)).status == "pending"


def test_nobody_agrees_with_themselves(place: Place) -> None:
    waiting = ask(place, place.admin, 5000)
    with pytest.raises(Refused) as refusal:
        operations.approve_adjustment(place.admin, waiting)
    assert refusal.value.code == "SECOND_APPROVER_REQUIRED"
    for stranger in (place.mod, place.bob, place.ann):
        with pytest.raises(NotFound):
            operations.approve_adjustment(stranger, waiting)
    assert (row_of(waiting).status, transactions()) == ("pending", 0)


def test_whom_it_is_about_does_not_agree_either(place: Place, make: Make) -> None:
    circles.change_role(place.owner, place.slug, place.users["ann"].id, "admin")
    waiting = ask(place, place.admin, 5000)
    with pytest.raises(Forbidden):
        operations.approve_adjustment(place.ann, waiting)
    with pytest.raises(Forbidden):
        operations.reject_adjustment(place.ann, waiting, note="no thanks")
    operations.approve_adjustment(place.owner, waiting)
    with pytest.raises(Forbidden):
        operations.reverse_adjustment(place.ann, waiting, note="too generous")


def test_without_a_second_person_large_ones_are_refused(place: Place) -> None:
    circles.remove_member(place.owner, place.slug, place.users["admin"].id)
    assert row_of(ask(place, place.owner, 1000)).status == "applied"
    with pytest.raises(Refused) as refusal:
        ask(place, place.owner, 1)
    assert refusal.value.code == "SECOND_APPROVER_REQUIRED"
    assert db.session.scalar(select(func.count()).select_from(PointAdjustment)) == 1


def test_an_admin_whom_it_is_about_is_no_second_person(place: Place) -> None:
    with pytest.raises(Refused) as refusal:
        ask(place, place.owner, 5000, of="admin")
    assert refusal.value.code == "SECOND_APPROVER_REQUIRED"


def test_what_is_decided_stays_decided(place: Place) -> None:
    yes, no = ask(place, place.admin, 5000), ask(place, place.admin, 6000)
    operations.approve_adjustment(place.owner, yes)
    operations.approve_adjustment(place.owner, yes)
    operations.reject_adjustment(place.owner, no, note="not now")
    operations.reject_adjustment(place.owner, no, note="not now")
    assert (account(place), transactions()) == ((5000, 0), 1)
    with pytest.raises(Conflict):
        operations.approve_adjustment(place.owner, no)
    with pytest.raises(Conflict):
        operations.reject_adjustment(place.owner, yes, note="too late")
    with pytest.raises(Conflict):
        operations.reverse_adjustment(place.owner, no, note="undo it")
    assert told(place.admin) == ["adjustment.rejected", "adjustment.approved"]


def test_who_asked_may_take_it_back(place: Place) -> None:
    waiting = ask(place, place.admin, 5000)
    with pytest.raises(Invalid):
        operations.reject_adjustment(place.admin, waiting, note="")
    operations.reject_adjustment(place.admin, waiting, note="wrong person")
    assert row_of(waiting).status == "rejected" and told(place.admin) == []


def test_who_has_left_meanwhile_gets_nothing(place: Place) -> None:
    waiting = ask(place, place.admin, 5000)
    circles.leave_circle(place.ann, place.slug)
    with pytest.raises(Conflict):
        operations.approve_adjustment(place.owner, waiting)
    assert queries.get_adjustment(place.owner, waiting).can.approve is False
    operations.reject_adjustment(place.owner, waiting, note="has left us")


def test_points_that_were_spent_while_it_waited_cannot_be_taken(place: Place) -> None:
    ask(place, place.owner, 1000)
    ask(place, place.admin, 900)
    waiting = ask(place, place.admin, -1500)
    ledger.spend(place.circle.id, member_of(place).id, 1000, Why("spend", "spend:1"))
    with pytest.raises(Refused) as refusal:
        operations.approve_adjustment(place.owner, waiting)
    assert refusal.value.code == "INSUFFICIENT_POINTS" and row_of(waiting).status == "pending"


# ---- undone ----------------------------------------------------------------------------------------------------------


def test_undoing_a_gift_takes_it_back_and_what_was_spent_is_owed(place: Place) -> None:
    given = ask(place, place.admin, 300)
    ledger.spend(place.circle.id, member_of(place).id, 250, Why("spend", "spend:1"))
    operations.reverse_adjustment(place.owner, given, note="wrong person")
    operations.reverse_adjustment(place.owner, given, note="wrong person")
    done = row_of(given)
    assert (done.status, done.reversed_by, done.note) == ("reversed", place.owner.id, "wrong person")
    assert account(place) == (0, 250)
    undoing = db.session.scalars(select(LedgerTxn).where(LedgerTxn.idem_key == f"adjust:{given}:reversed")).one()
    assert undoing.reverses_txn_id == done.txn_id
    assert told(place.ann) == ["points.adjustment_undone", "points.adjusted"]


def test_undoing_growth_takes_the_level_back_and_counts_on_the_day_of_the_gift(place: Place) -> None:
    then = clock.now() - timedelta(days=3)
    with clock.at(then):
        given = ask(place, place.admin, 600, "GROWTH")
    assert member_of(place).level == 2
    operations.reverse_adjustment(place.admin, given, note="counted twice")
    assert (account(place, "GROWTH"), member_of(place).level) == ((0, 0), 1)
    days = {f"D{clock.local_date(then, place.circle.tz).isoformat()}", "ALL"}
    assert dict(db.session.execute(select(GrowthTotal.period_key, GrowthTotal.growth)).all()) == dict.fromkeys(days, 0)
    assert db.session.scalars(select(LevelEvent.reason).order_by(LevelEvent.id)).all() == ["promote", "reversal"]


def test_undoing_what_was_taken_gives_it_back(place: Place) -> None:
    ask(place, place.admin, 600, "GROWTH")
    ask(place, place.admin, 200)
    points, growth = ask(place, place.owner, -150), ask(place, place.owner, -300, "GROWTH")
    assert (account(place), member_of(place).level) == ((50 + 20, 0), 1)  # with the gift of level 2
    for each in (points, growth):
        operations.reverse_adjustment(place.admin, each, note="not deserved")
    assert (account(place), account(place, "GROWTH"), member_of(place).level) == ((220, 0), (600, 0), 2)


# ---- books that do not balance ---------------------------------------------------------------------------------------


def test_nothing_moves_by_hand_while_the_books_do_not_balance(place: Place) -> None:
    given, waiting = ask(place, place.admin, 300), ask(place, place.admin, 5000)
    ledger.keep_check(place.circle.id, txn_count=1, entry_count=2, violations=[{"rule": "L3", "what": "7"}])
    acts = (
        lambda: ask(place, place.admin, 5, of="bob"),
        lambda: operations.approve_adjustment(place.owner, waiting),
        lambda: operations.reverse_adjustment(place.owner, given, note="undo it"),
    )
    for act in acts:
        with pytest.raises(Conflict) as refusal:
            act()
        assert refusal.value.code == "BOOKS_BLOCKED"
    operations.reject_adjustment(place.owner, waiting, note="not now")  # moves nothing
    assert transactions() == 1
    view = queries.circle_books(queries.adjustable(place.owner, place.slug))
    assert not view.balanced and view.points.minted == 300 == view.points.held


# ---- what is shown ---------------------------------------------------------------------------------------------------


def test_the_list_says_who_may_do_what(place: Place, statements: list[str]) -> None:
    waiting, given = ask(place, place.admin, 5000), ask(place, place.owner, 300)
    circle = queries.adjustable(place.admin, place.slug)
    (row,) = queries.adjustment_page(circle, status="pending").items
    assert (row.id, row.user.id, row.asked_by.id) == (waiting, place.ann.id, place.admin.id)
    assert (row.can.approve, row.can.reject) == (False, True)
    assert queries.get_adjustment(place.owner, waiting).can.approve
    statements.clear()
    (done,) = queries.adjustment_page(circle).items
    assert len(statements) == 1
    assert (done.id, done.can.reverse, done.decided_by) == (given, True, None)
    assert queries.waiting_count(circle) == 1
    with pytest.raises(Forbidden):
        queries.adjustable(place.mod, place.slug)
    with pytest.raises(NotFound):
        queries.get_adjustment(place.mod, given)


def test_the_system_gives_nothing_by_hand(place: Place) -> None:
    with pytest.raises(Unauthenticated):
        ask(place, SYSTEM, 5)


def test_whom_it_is_about_is_not_asked_to_agree(place: Place) -> None:
    circles.change_role(place.owner, place.slug, place.users["bob"].id, "admin")
    ask(place, place.owner, 5000, of="admin")
    assert "adjustment.waiting" in {notice.kind for notice in notices.inbox(place.bob).items}
    assert "adjustment.waiting" not in {notice.kind for notice in notices.inbox(place.admin).items}
