"""Adjustments that are decided in the same moment are decided once."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from circle.core.db import db
from circle.core.errors import Conflict
from circle.ledger.models import LedgerAccount, LedgerTxn
from circle.points import operations
from circle.points.models import PointAdjustment
from tests.factories import Actor, Make, Place, actor_of
from tests.races.together import all_well, together

REASON = "Thank you for the lovely meeting"


def waiting(make: Make) -> tuple[Place, list[Actor], int]:
    place = make.place()
    admins = [place.owner, *(actor_of(make.member(place.circle, "admin")) for _one in range(5))]
    user_id = place.users["ann"].id
    id_ = operations.ask_adjustment(place.admin, place.slug, user_id, asset="POINTS", amount=5000, reason=REASON)
    return place, admins, id_


def balance() -> int:
    db.session.expire_all()
    return db.session.scalar(select(LedgerAccount.balance).where(LedgerAccount.kind == "member.points")) or 0


def transactions() -> int:
    return db.session.scalar(select(func.count()).select_from(LedgerTxn)) or 0


def test_six_people_approve_at_once_and_it_is_given_once(app: Flask, make: Make) -> None:
    _place, admins, id_ = waiting(make)

    def act(who: Actor) -> Callable[[], None]:
        return lambda: operations.approve_adjustment(who, id_)

    all_well(together(app, [act(who) for who in admins]))
    assert (balance(), transactions()) == (5000, 1)


def test_approved_or_turned_down_but_not_both(app: Flask, make: Make) -> None:
    _place, admins, id_ = waiting(make)

    def act(number: int, who: Actor) -> Callable[[], None]:
        if number % 2:
            return lambda: operations.reject_adjustment(who, id_, note="not now")
        return lambda: operations.approve_adjustment(who, id_)

    outcomes = together(app, [act(number, who) for number, who in enumerate(admins)])
    wrong = [each for each in outcomes if isinstance(each, Exception)]
    assert len(wrong) == 3 and all(isinstance(each, Conflict) for each in wrong)
    status = db.session.get_one(PointAdjustment, id_, populate_existing=True).status
    assert (status, balance(), transactions()) in {("applied", 5000, 1), ("rejected", 0, 0)}


def test_six_people_undo_at_once_and_it_is_taken_back_once(app: Flask, make: Make) -> None:
    _place, admins, id_ = waiting(make)
    operations.approve_adjustment(admins[0], id_)

    def act(who: Actor) -> Callable[[], None]:
        return lambda: operations.reverse_adjustment(who, id_, note="undo it")

    all_well(together(app, [act(who) for who in admins]))
    assert (balance(), transactions()) == (0, 2)


def test_small_ones_that_come_at_once_do_not_slip_past_the_second_person(app: Flask, make: Make) -> None:
    place = make.place()
    user_id, admin = place.users["ann"].id, place.admin

    def act() -> None:
        operations.ask_adjustment(admin, place.slug, user_id, asset="POINTS", amount=300, reason=REASON)

    all_well(together(app, [act] * 6))
    assert balance() == 900
    statuses = db.session.scalars(select(PointAdjustment.status)).all()
    assert sorted(statuses) == ["applied"] * 3 + ["pending"] * 3
