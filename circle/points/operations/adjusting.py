"""Points and growth given or taken by hand. Small amounts at once; for large ones two people have to agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from circle.access import ROLE_PERMISSIONS, Actor, Permission, Role, can
from circle.accounts.models import User
from circle.accounts.queries import SIGNING_IN
from circle.circles.models import Circle, Member
from circle.circles.operations.common import active_member, allowed, lock_circle, lock_circle_by_id, target_of
from circle.circles.queries import standing_of
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import Conflict, Invalid, NotFound, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation
from circle.ledger import operations as ledger
from circle.ledger.accounts import ASSETS, POINTS, growth_of, points_of
from circle.ledger.models import LedgerTxn
from circle.ledger.operations import Why
from circle.ledger.operations.posting import hold
from circle.ledger.queries import books_blocked
from circle.ledger.rules import check_unblocked, insufficient_points
from circle.points.events import AdjustmentAsked, AdjustmentDecided, PointsAdjusted
from circle.points.models import PointAdjustment
from circle.points.operations.levels import grown, mover_of, reward

AMOUNT_MAX = 1_000_000
REASON_MIN = 10
REASON_MAX = 200
NOTE_MIN = 2
#: what one person may give or take of one member in a day, in sum, without asking somebody else
ALONE_MAX = 1_000
_DAY = timedelta(days=1)


@operation
def ask_adjustment(actor: Actor, slug: str, user_id: int, *, asset: str, amount: int, reason: str) -> int:
    """Give a member points or growth (or take them: `amount` < 0), for a reason that they read. Returns its id.

    Admins and above, nobody for themselves or a higher role. What goes beyond 1,000 by the same person to the same
    member within 24 hours waits for a second person. Raises NotFound for who is not a member, Invalid by field, Refused
    INSUFFICIENT_POINTS or SECOND_APPROVER_REQUIRED (nobody else could agree), Conflict BOOKS_BLOCKED.
    """
    circle = lock_circle(slug)
    standing = allowed(actor, circle, Permission.POINTS_ADJUST)
    if actor.id is None:  # only the system gets here: there must be somebody to answer for it
        raise Unauthenticated
    target = target_of(actor, standing, circle, user_id)
    member = active_member(circle, user_id)
    _check_asked(asset, amount, reason)
    check_unblocked(blocked=books_blocked(circle.id))
    _check_enough(circle.id, member.id, asset, amount)
    alone = _lately(actor.id, member.id) + abs(amount) <= ALONE_MAX
    if not alone and not _others_who_may(circle, actor.id, user_id, target.role):
        raise _needs_second(lazy("This needs the consent of a second admin, and there is nobody else here who could."))
    adjustment = PointAdjustment(
        circle_id=circle.id, member_id=member.id, asset=asset, amount=amount, reason=reason, status="pending",
        asked_by=actor.id,
    )  # fmt: skip
    db.session.add(adjustment)
    db.session.flush()
    data = {"asset": asset, "amount": amount, "reason": reason, "adjustment": str(adjustment.id)}
    audit.record(actor, "points.adjust" if alone else "points.ask", f"user:{user_id}", data, circle_id=circle.id)
    if alone:
        _apply(adjustment, user_id)
    else:
        emit(AdjustmentAsked(circle.id, adjustment.id, actor.id, user_id))
    return adjustment.id


@operation
def approve_adjustment(actor: Actor, adjustment_id: int) -> None:
    """Agree to an adjustment that waits; nothing happens when it was applied already.

    Not who asked, not who gets it. Raises NotFound for those who may not adjust here, Forbidden, Refused
    SECOND_APPROVER_REQUIRED or INSUFFICIENT_POINTS, Conflict when it was decided otherwise or BOOKS_BLOCKED.
    """
    circle, adjustment, user_id = _decidable(actor, adjustment_id)
    if adjustment.status == "applied":
        return
    _check_pending(adjustment)
    if actor.owns(adjustment.asked_by):
        raise _needs_second(lazy("You asked for this yourself. Somebody else has to agree."))
    check_unblocked(blocked=books_blocked(circle.id))
    if db.session.get_one(Member, adjustment.member_id, populate_existing=True).status != "active":
        raise Conflict(lazy("They are no longer in the circle, so this can only be turned down."))
    adjustment.decided_by = actor.id
    audit.record(actor, "points.approve", f"user:{user_id}", {"adjustment": str(adjustment.id)}, circle_id=circle.id)
    _apply(adjustment, user_id)
    emit(AdjustmentDecided(circle.id, adjustment.id, adjustment.asked_by, actor.id, True, ""))


@operation
def reject_adjustment(actor: Actor, adjustment_id: int, *, note: str) -> None:
    """Turn down an adjustment that waits (who asked for it may, too); nothing happens when that was done already.

    Raises NotFound for those who may not adjust here, Forbidden for who would get it, Invalid on `note`, Conflict when
    it was decided otherwise.
    """
    circle, adjustment, user_id = _decidable(actor, adjustment_id)
    if adjustment.status == "rejected":
        return
    _check_pending(adjustment)
    _check_note(note)
    adjustment.status, adjustment.note = "rejected", note
    adjustment.decided_by, adjustment.decided_at = actor.id, clock.now()
    data = {"adjustment": str(adjustment.id), "note": note}
    audit.record(actor, "points.reject", f"user:{user_id}", data, circle_id=circle.id)
    emit(AdjustmentDecided(circle.id, adjustment.id, adjustment.asked_by, actor.id, False, note))


@operation
def reverse_adjustment(actor: Actor, adjustment_id: int, *, note: str) -> None:
    """Undo an adjustment that was applied; nothing happens when that was done already.

    What was given is taken back (a member who has spent it owes it), what was taken is given back; boards and level
    follow. Raises NotFound for those who may not adjust here, Forbidden for whom it was about, Invalid on `note`,
    Conflict when it was never applied or BOOKS_BLOCKED.
    """
    circle, adjustment, user_id = _decidable(actor, adjustment_id)
    if adjustment.status == "reversed":
        return
    if adjustment.status != "applied" or adjustment.txn_id is None:
        raise Conflict(lazy("This was never applied, so there is nothing to undo."))
    _check_note(note)
    check_unblocked(blocked=books_blocked(circle.id))
    adjustment.status, adjustment.note = "reversed", note
    adjustment.reversed_by, adjustment.reversed_at = actor.id, clock.now()
    name = f"adjust:{adjustment.id}"
    why = Why("adjust.undo", f"{name}:reversed", name, actor_id=actor.id, memo=note)
    mover = mover_of(adjustment.member_id)
    effective_at = db.session.get_one(LedgerTxn, adjustment.txn_id).effective_at
    result = ledger.reverse(adjustment.txn_id, why)
    grown(mover, result, effective_at, reason="reversal")
    data = {"adjustment": str(adjustment.id), "note": note}
    audit.record(actor, "points.undo", f"user:{user_id}", data, circle_id=circle.id)
    emit(_adjusted(adjustment, user_id, note, undone=True))


# ---- checks ----------------------------------------------------------------------------------------------------------


def _check_asked(asset: str, amount: int, reason: str) -> None:
    if asset not in ASSETS:
        raise Invalid(errors={"asset": [lazy("This is not valid here.")]})
    if not amount or abs(amount) > AMOUNT_MAX:
        sentence = lazy("Between 1 and %(most)s, to give or to take.", most=AMOUNT_MAX)
        raise Invalid(errors={"amount": [sentence]})
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        text = lazy("Between %(least)s and %(most)s characters: they will read it.", least=REASON_MIN, most=REASON_MAX)
        raise Invalid(errors={"reason": [text]})


def _check_note(note: str) -> None:
    if not NOTE_MIN <= len(note) <= REASON_MAX:
        sentence = lazy("Between %(least)s and %(most)s characters, please.", least=NOTE_MIN, most=REASON_MAX)
        raise Invalid(errors={"note": [sentence]})


def _check_pending(adjustment: PointAdjustment) -> None:
    if adjustment.status != "pending":
        raise Conflict(lazy("Somebody else has decided this already."))


def _check_enough(circle_id: int, member_id: int, asset: str, amount: int) -> None:
    """Asked for in vain is told at once, also what would wait for somebody else first."""
    account = points_of(circle_id, member_id) if asset == POINTS else growth_of(circle_id, member_id)
    if amount < 0 and hold(account).balance < -amount:
        raise insufficient_points()


def _needs_second(sentence: object) -> Refused:
    return Refused("SECOND_APPROVER_REQUIRED", sentence)  # type: ignore[arg-type]


def _lately(asked_by: int, member_id: int) -> int:
    """How much one person gave or took of a member in the last 24 hours, or asked to. What was turned down is not."""
    asked = select(func.coalesce(func.sum(func.abs(PointAdjustment.amount)), 0)).where(
        PointAdjustment.member_id == member_id,
        PointAdjustment.asked_by == asked_by,
        PointAdjustment.status != "rejected",
        PointAdjustment.created_at > clock.now() - _DAY,
    )
    return int(db.session.scalar(asked) or 0)


def _others_who_may(circle: Circle, asker_id: int, user_id: int, role: Role) -> Sequence[int]:
    """Who else could agree: has the right, is not whom it is about, and not of a lower role than they."""
    roles = [
        each.value
        for each, may in ROLE_PERMISSIONS.items()
        if Permission.POINTS_ADJUST in may and each.rank >= role.rank
    ]
    return db.session.scalars(
        select(Member.user_id)
        .join(User, User.id == Member.user_id)
        .where(
            Member.circle_id == circle.id,
            Member.status == "active",
            Member.role.in_(roles),
            Member.user_id.not_in([asker_id, user_id]),
            User.status.in_(SIGNING_IN),
        )
    ).all()


def _decidable(actor: Actor, adjustment_id: int) -> tuple[Circle, PointAdjustment, int]:
    """The locked circle and adjustment with whom it is about, if the actor may decide it at all."""
    circle_id = db.session.scalar(select(PointAdjustment.circle_id).where(PointAdjustment.id == adjustment_id))
    if circle_id is None:
        raise NotFound
    circle = lock_circle_by_id(circle_id)
    standing = standing_of(actor, circle.id)
    if not can(actor, Permission.POINTS_ADJUST, standing):
        raise NotFound
    adjustment = lock(PointAdjustment, adjustment_id)
    user_id = db.session.get_one(Member, adjustment.member_id).user_id
    target_of(actor, standing, circle, user_id)
    return circle, adjustment, user_id


# ---- what is done ----------------------------------------------------------------------------------------------------


def _apply(adjustment: PointAdjustment, user_id: int) -> None:
    adjustment.status, adjustment.decided_at = "applied", clock.now()
    name, amount = f"adjust:{adjustment.id}", abs(adjustment.amount)
    why = Why("adjust", name, name, actor_id=adjustment.asked_by, memo=adjustment.reason)
    points, growth = (amount, 0) if adjustment.asset == POINTS else (0, amount)
    if adjustment.amount > 0:
        result = reward(adjustment.member_id, why, points=points, growth=growth)
    else:
        mover = mover_of(adjustment.member_id)
        result = ledger.deduct(mover.circle_id, mover.member_id, why, points=points, growth=growth)
        grown(mover, result._replace(growth=-result.growth), clock.now(), reason="reversal")
    adjustment.txn_id = result.txn_id
    db.session.flush()
    emit(_adjusted(adjustment, user_id, adjustment.reason))


def _adjusted(adjustment: PointAdjustment, user_id: int, reason: str, *, undone: bool = False) -> PointsAdjusted:
    return PointsAdjusted(
        adjustment.circle_id, adjustment.id, user_id, adjustment.asset, adjustment.amount, reason, undone
    )  # fmt: skip
