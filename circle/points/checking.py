"""What points promise beyond the ledger: that every source earned what it says (L6), that boards count what was posted,
and that levels are where their last step led."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from circle.circles.models import Member
from circle.ledger.checking import Checked, Checker, Violation, check_circle, found
from circle.ledger.models import LedgerAccount, LedgerEntry, LedgerTxn
from circle.ledger.operations import keep_check
from circle.points import periods
from circle.points.models import EarnSource, GrowthTotal, LevelEvent, MemberLevel
from circle.points.queries.ageing import DECAY


def check_books(circle_id: int) -> Checked:
    """Add up all books of a circle again, and what points promise of them."""
    return check_circle(circle_id, CHECKERS)


def check_and_keep(circle_id: int) -> Checked:
    """The same, and what was found is kept: violations block what is given by hand, and the owner is told."""
    checked = check_books(circle_id)
    keep_check(circle_id, txn_count=checked.txns, entry_count=checked.entries, violations=checked.kept)
    return checked


def _sources(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L6: what the transactions of a source moved on the accounts of its member is what it says stands."""
    source, rule = EarnSource, EarnSource.rule_code
    points = _moved(source, ("member.points", "member.debt"))
    growth = _moved(source, ("member.growth",))
    earned = source.state.in_(("on", "off"))
    should_points = case((earned, source.active_points), else_=0)
    should_growth = case((earned, source.active_growth), else_=0)
    whole = and_(source.active_points == source.granted_points, source.active_growth == source.granted_growth)
    wrong = (
        select(source.member_id.label("member"), source.generation.label("generation"))
        .add_columns(source.active_points.label("active"), points.label("points"))
        .add_columns(source.active_growth.label("active_growth"), growth.label("growth"), source.source_key, rule)
        .where(
            source.circle_id == circle_id,
            or_(
                points != should_points,
                growth != should_growth,
                and_(source.state == "on", ~whole),
                ~source.active_points.between(0, source.granted_points),
                ~source.active_growth.between(0, source.granted_growth),
            ),
        )
    )
    return found(connection, "L6", "a source did not earn what it says", wrong)


def _moved(source: Any, kinds: tuple[str, ...]) -> Any:
    of_source = [f"{verb}." + source.rule_code for verb in ("earn", "unearn", "again")]
    moved = (
        select(func.sum(LedgerEntry.amount))
        .join(LedgerTxn, LedgerTxn.id == LedgerEntry.txn_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerTxn.source == source.source_key,
            LedgerTxn.kind.in_(of_source),
            LedgerAccount.kind.in_(kinds),
            LedgerAccount.owner_id == source.member_id,
        )
    )
    return func.coalesce(moved.scalar_subquery(), 0)


def _boards(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """What the boards count of a member is the growth that was posted, in all and by day.

    Who lets go of everything begins anew there. For those whose growth decayed only the days can be compared: boards
    keep what decays, and whether they began anew after that stands nowhere.
    """
    earlier = aliased(LedgerEntry)
    last = (
        select(func.max(earlier.seq))
        .where(earlier.account_id == LedgerAccount.id, earlier.kind == "forfeit")
        .correlate(LedgerAccount)
        .scalar_subquery()
    )
    let_go = func.coalesce(last, 0)
    since = (LedgerEntry.account_id == LedgerAccount.id, LedgerEntry.seq > let_go)
    posted = _sum(LedgerEntry.amount, *since)
    decayed = exists().where(*since, LedgerEntry.kind == DECAY)
    mine = GrowthTotal.member_id == LedgerAccount.owner_id
    in_all = _sum(GrowthTotal.growth, mine, GrowthTotal.period_key == periods.ALL)
    by_day = _sum(GrowthTotal.growth, mine, GrowthTotal.period_key.like("D%"))
    wrong = (
        select(LedgerAccount.owner_id.label("member"), posted.label("posted"))
        .add_columns(in_all.label("all"), by_day.label("days"))
        .where(LedgerAccount.circle_id == circle_id, LedgerAccount.kind == "member.growth")
        .where(or_(in_all != by_day, and_(posted != in_all, ~decayed)))
    )  # fmt: skip
    return found(connection, "boards", "the boards do not count the growth that was posted", wrong)


def _sum(column: Any, *where: Any) -> Any:
    return func.coalesce(select(func.sum(column)).where(*where).scalar_subquery(), 0)


def _levels(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """Everybody has the level that is kept with its date, and a step that led there. (Not what their growth would give:
    a ladder that was changed takes nobody's level away, and lifts people a moment later.)"""
    led = exists().where(LevelEvent.member_id == Member.id, LevelEvent.to_level == Member.level)
    kept = select(MemberLevel.level).where(MemberLevel.member_id == Member.id).scalar_subquery()
    wrong = (
        select(Member.id.label("member"), Member.level.label("level"), kept.label("kept"))
        .where(Member.circle_id == circle_id)
        .where(or_(Member.level != func.coalesce(kept, 1), and_(Member.level > 1, ~led)))
    )  # fmt: skip
    return found(connection, "level", "a level is not where the steps to it led", wrong)


CHECKERS: tuple[Checker, ...] = (_sources, _boards, _levels)
