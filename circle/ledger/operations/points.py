"""Points and growth of members: giving, taking, spending, giving back, letting run out.

What is taken from somebody who has spent it already becomes a debt, which everything they get later pays off first.
Growth has no debt: it stops at zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from circle.core import ids
from circle.core.db import BigInt, db
from circle.core.operation import operation
from circle.ledger import rules
from circle.ledger.accounts import GROWTH, POINTS, Account, debt_of, growth_of, points_of, system
from circle.ledger.models import LedgerAccount, LedgerTxn, LotUse, PointLot
from circle.ledger.operations.posting import Posting, entries_of, growth_to_take, hold
from circle.ledger.operations.quick import give_at_once

#: when points run out that never do
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
#: points that are given back after their time live so long
SECOND_LIFE = timedelta(days=30)
_LOTS: Any = PointLot.__table__
_USES: Any = LotUse.__table__


class Result(NamedTuple):
    """A transaction; `growth` is what the member has after it, None when it did not move growth. `new` is False when it
    had been written before; then the rest is not known."""

    txn_id: int | None
    new: bool
    points: int = 0
    growth: int = 0
    growth_after: int | None = None


class Why(NamedTuple):
    """What a transaction says of itself; `key` makes it happen once."""

    kind: str
    key: str
    source: str | None = None
    effective_at: datetime | None = None
    actor_id: int | None = None
    memo: str = ""


def _begin(circle_id: int, why: Why, payload: dict[str, Any], *, reverses: int | None = None) -> Posting:
    return Posting(
        circle_id, why.kind, why.key, payload, effective_at=why.effective_at, source=why.source, actor_id=why.actor_id,
        memo=why.memo, reverses=reverses,
    )  # fmt: skip


def _open(circle_id: int, why: Why, payload: dict[str, Any], *, reverses: int | None = None) -> Posting:
    posting = _begin(circle_id, why, payload, reverses=reverses)
    posting.open()
    return posting


@operation
def give(
    circle_id: int,
    member_id: int,
    why: Why,
    *,
    points: int = 0,
    growth: int = 0,
    expires_at: datetime = NEVER,
    source_key: str | None = None,
) -> Result:
    """Give a member points (in a lot that runs out at `expires_at`) and growth. Debts are paid first.

    Raises Conflict LEDGER_KEY_MISMATCH.
    """
    if points < 0 or growth < 0 or not points + growth:
        raise ValueError("what is given is more than nothing")
    posting = _begin(circle_id, why, {"give": member_id, "points": points, "growth": growth})
    if points and db.session.get_bind().dialect.name == "postgresql":
        given = give_at_once(posting, member_id, points, growth, expires_at=expires_at, source_key=source_key)
        if given is not None:
            return Result(posting.id, True, points, growth, given.growth)
        # the account is new, something is owed, or the key was used before: step by step
    if not posting.open():
        return Result(posting.id, False)
    account, other = points_of(circle_id, member_id), growth_of(circle_id, member_id)
    if growth and db.session.get_bind().dialect.name == "postgresql":
        hold(account)  # before growth, as everywhere: a debt is paid, or the gift of a level given, after it
    moved = posting.try_credits({account: points, other: growth})
    free = points if account in moved or not points else _credit_points(posting, member_id, points)
    posting.mirror(system(circle_id, "mint", POINTS), -points)
    if free:
        _add_lot(posting, account, free, expires_at, source_key)
    if growth:
        after = moved[other].balance if other in moved else posting.move(other, growth).balance
        posting.mirror(system(circle_id, "mint", GROWTH), -growth)
    posting.finish()
    return Result(posting.id, True, points, growth, after if growth else None)


@operation
def take(
    circle_id: int, member_id: int, why: Why, *, points: int = 0, growth: int = 0, source_key: str | None = None
) -> Result:
    """Take back what was given for `source_key`: its own points first, then those that run out first, then on debt.

    What of it has run out or was let go of is not taken again, and growth stops at zero: the Result says what was
    taken. Raises Conflict LEDGER_KEY_MISMATCH.
    """
    account, asked = points_of(circle_id, member_id), {"take": member_id, "points": points, "growth": growth}
    held = hold(account) if points else None  # first, so that nothing runs out between looking and taking
    points -= min(points, _run_out(source_key)) if source_key else 0
    given: Any = select(LedgerTxn.id).where(LedgerTxn.source == source_key) if source_key else ()
    growth = growth_to_take(growth_of(circle_id, member_id), growth, given) if growth else 0
    if not points + growth:
        return Result(None, True)
    posting = _open(circle_id, why, asked)
    if not posting.new:
        return Result(posting.id, False)
    if points and held is not None:
        here = min(points, held.balance)
        posting.move(account, -here, owed=points - here)
        posting.mirror(debt_of(circle_id, member_id), -(points - here))
        posting.mirror(system(circle_id, "mint", POINTS), points)
        _use_lots(posting, account, here, source_key)
    after = _move_growth(posting, member_id, -growth)
    posting.finish()
    return Result(posting.id, True, points, growth, after)


@operation
def give_again(
    circle_id: int,
    member_id: int,
    why: Why,
    *,
    of_key: str,
    points: int = 0,
    growth: int = 0,
    expires_at: datetime = NEVER,
    source_key: str | None = None,
) -> Result:
    """Give back what the transaction with the key `of_key` took: debts are paid first, the lots it used are filled
    again, what is left makes a lot of its own. Points whose time is over live another 30 days. Raises Conflict
    LEDGER_KEY_MISMATCH."""
    if points < 0 or growth < 0 or not points + growth:
        raise ValueError("what is given back is more than nothing")
    posting = _open(circle_id, why, {"again": member_id, "points": points, "growth": growth, "of": of_key})
    if not posting.new:
        return Result(posting.id, False)
    of_txn_id = db.session.scalar(select(LedgerTxn.id).where(LedgerTxn.idem_key == of_key))
    if not points:
        hold(points_of(circle_id, member_id))  # before growth, as everywhere: a level may come with a gift
    else:
        free = _credit_points(posting, member_id, points)
        posting.mirror(system(circle_id, "mint", POINTS), -points)
        _refill(
            posting, points_of(circle_id, member_id), free, of_txn_id=of_txn_id, expires_at=expires_at,
            source_key=source_key,
        )  # fmt: skip
    after = _move_growth(posting, member_id, growth)
    posting.finish()
    return Result(posting.id, True, points, growth, after)


@operation
def spend(circle_id: int, member_id: int, points: int, why: Why) -> Result:
    """Spend points, those that run out first. Raises Refused INSUFFICIENT_POINTS, Conflict LEDGER_KEY_MISMATCH."""
    return _pay(circle_id, member_id, why, points=points, growth=0, to="burn")


@operation
def deduct(circle_id: int, member_id: int, why: Why, *, points: int = 0, growth: int = 0) -> Result:
    """Take points or growth away by hand, never more than there is. Raises Refused INSUFFICIENT_POINTS, Conflict
    LEDGER_KEY_MISMATCH."""
    return _pay(circle_id, member_id, why, points=points, growth=growth, to="mint")


@operation
def hold_growth(circle_id: int, member_id: int) -> int:
    """A member's growth, which nobody else changes until the operation that asks is over."""
    return hold(growth_of(circle_id, member_id)).balance


@operation
def forfeit(circle_id: int, member_id: int, why: Why) -> Result:
    """Let go of all that a member has, points and growth, because they are gone. Nothing happens when there is none."""
    account = points_of(circle_id, member_id)
    points, growth = hold(account).balance, hold(growth_of(circle_id, member_id)).balance
    if not points + growth:
        return Result(None, True)
    posting = _open(circle_id, why, {"forfeit": member_id, "points": points, "growth": growth})
    if not posting.new:
        return Result(posting.id, False)
    if points:
        posting.move(account, -points)
        posting.mirror(system(circle_id, "expired", POINTS), points)
        _let_run_out(account)
    after = _move_growth(posting, member_id, -growth, mirror="expired")
    posting.finish()
    return Result(posting.id, True, points, growth, after)


def _pay(circle_id: int, member_id: int, why: Why, *, points: int, growth: int, to: str) -> Result:
    if points < 0 or growth < 0 or not points + growth:
        raise ValueError("what is taken is more than nothing")
    posting = _open(circle_id, why, {"pay": member_id, "points": points, "growth": growth, "to": to})
    if not posting.new:
        return Result(posting.id, False)
    account = points_of(circle_id, member_id)
    if points:
        if hold(account).balance < points:
            raise rules.insufficient_points()
        posting.move(account, -points)
        posting.mirror(system(circle_id, to, POINTS), points)
        _use_lots(posting, account, points, None)
    if growth and hold(growth_of(circle_id, member_id)).balance < growth:
        raise rules.insufficient_points()
    after = _move_growth(posting, member_id, -growth, mirror=to)
    posting.finish()
    return Result(posting.id, True, points, growth, after)


@operation
def refund(txn_id: int, why: Why) -> Result:
    """Give back what a spending took, into the lots it came from; once. Raises Conflict LEDGER_KEY_MISMATCH."""
    return reverse(txn_id, why)


@operation
def reverse(txn_id: int, why: Why) -> Result:
    """Undo a transaction on a member's points and growth by its opposite, once.

    What was given is taken as `take` does (so a member who has spent it owes it, and what is gone is not taken
    twice); what was taken is given back as `give_again` does. Raises Conflict LEDGER_KEY_MISMATCH (reversed before
    under another key), ValueError for a transaction without a member.
    """
    txn = db.session.get_one(LedgerTxn, txn_id)
    if txn.kind.startswith(("earn.", "unearn.", "again.")):
        raise ValueError("what was earned is taken back with its source (points.operations.set_earned)")
    done = entries_of(txn_id)
    member_id = next((owner for kind, _asset, owner, _amount in done if kind.startswith("member.")), None)
    if member_id is None:
        raise ValueError(f"{txn_id} moved nothing of a member")
    points = sum(amount for kind, asset, _owner, amount in done if kind.startswith("member.") and asset == POINTS)
    growth = sum(amount for kind, asset, _owner, amount in done if kind.startswith("member.") and asset == GROWTH)
    other = next(kind.removeprefix("system.") for kind, *_rest in done if kind.startswith("system."))
    account = points_of(txn.circle_id, member_id)
    held = hold(account)
    if points > 0:
        points -= min(points, _run_out_of(txn_id))
    if growth > 0:
        growth = growth_to_take(growth_of(txn.circle_id, member_id), growth, [txn_id])
    if not points and not growth:
        return Result(None, True)
    posting = _open(txn.circle_id, why, {"reverse": txn_id}, reverses=txn_id)
    if not posting.new:
        return Result(posting.id, False)
    if points > 0:
        here = min(points, held.balance)
        posting.move(account, -here, owed=points - here)
        posting.mirror(debt_of(txn.circle_id, member_id), -(points - here))
        _use_lots(posting, account, here, None, of_txn_id=txn_id)
    elif points < 0:
        free = _credit_points(posting, member_id, -points)
        _refill(posting, account, free, of_txn_id=txn_id)
    posting.mirror(system(txn.circle_id, other, POINTS), points)
    after = _move_growth(posting, member_id, -growth, mirror=other)
    posting.finish()
    return Result(posting.id, True, -points, -growth, after)


@operation
def expire_lots(account_id: int, now: datetime, limit: int = 500) -> int:
    """Let the points of an account run out whose time is over, a transaction per lot; returns how many lots."""
    owner = db.session.execute(_owner_statement(), {"account": account_id}).one()
    account = points_of(owner.circle_id, owner.owner_id)
    hold(account)
    due = select(PointLot.id, PointLot.remaining, PointLot.expired, PointLot.expires_at).where(
        PointLot.account_id == account_id, PointLot.remaining > 0, PointLot.expires_at <= now
    )
    lots = db.session.execute(due.order_by(PointLot.expires_at, PointLot.id).limit(limit)).all()
    for lot in lots:
        # should a lot run out twice (a clock that was set back), what ran out before tells the times apart
        key = f"expire:{lot.id}+{lot.expired}" if lot.expired else f"expire:{lot.id}"
        why = Why("expire", key, effective_at=lot.expires_at)
        posting = _open(account.circle_id, why, {"expire": lot.id, "points": lot.remaining})
        if not posting.new:
            raise RuntimeError(f"the lot {lot.id} ran out before and still holds {lot.remaining}")
        posting.move(account, -lot.remaining)
        posting.mirror(system(account.circle_id, "expired", POINTS), lot.remaining)
        posting.finish()
        db.session.execute(
            update(PointLot)
            .where(PointLot.id == lot.id)
            .values(remaining=0, expired=PointLot.expired + lot.remaining)
            .execution_options(synchronize_session=False)
        )
    return len(lots)


# ---- lines on the accounts of a member -------------------------------------------------------------------------------


def _credit_points(posting: Posting, member_id: int, points: int) -> int:
    """Credit points, the debt first; returns what is left for the member."""
    account = points_of(posting.circle_id, member_id)
    owed = hold(account).owed
    paid = min(points, owed)
    posting.move(account, points - paid, owed=-paid)
    posting.mirror(debt_of(posting.circle_id, member_id), paid)
    return points - paid


def _move_growth(posting: Posting, member_id: int, growth: int, *, mirror: str = "mint") -> int | None:
    if not growth:
        return None
    moved = posting.move(growth_of(posting.circle_id, member_id), growth)
    posting.mirror(system(posting.circle_id, mirror, GROWTH), -growth)
    return moved.balance


# ---- lots ------------------------------------------------------------------------------------------------------------


def _let_run_out(account: Account) -> None:
    """What is let go of ran out: when its source is taken back later, it is not taken once more."""
    open_ = (PointLot.account_id == account.id, PointLot.remaining > 0)
    gone = update(PointLot).where(*open_).values(expired=PointLot.expired + PointLot.remaining, remaining=0)
    db.session.execute(gone.execution_options(synchronize_session=False))


def _add_lot(posting: Posting, account: Account, amount: int, expires_at: datetime, source_key: str | None) -> None:
    lot = {"id": ids.new_id(), "account_id": account.id, "txn_id": posting.id, "source_key": source_key}
    values = {**lot, "amount": amount, "remaining": amount, "expired": 0, "expires_at": expires_at}
    db.session.execute(_adding_lot(), values)


@cache
def _adding_lot() -> Any:
    return insert(_LOTS)


def _use_lots(
    posting: Posting, account: Account, amount: int, source_key: str | None, *, of_txn_id: int | None = None
) -> None:
    """Take `amount` out of the lots: those of the source (or of a transaction) first, then what runs out first."""
    if not amount:
        return
    used: list[dict[str, int]] = []
    for lots in _lots_to_use(account, source_key, of_txn_id):
        for lot_id, remaining in lots:
            here = min(remaining, amount - sum(use["amount"] for use in used))
            if here and all(use["lot_id"] != lot_id for use in used):
                used.append({"txn_id": posting.id, "lot_id": lot_id, "amount": here, "restored": 0})
        if sum(use["amount"] for use in used) == amount:
            break
    if sum(use["amount"] for use in used) != amount:
        raise RuntimeError(f"the lots of {account} do not hold {amount}")
    db.session.execute(_draining(), [{"lot": use["lot_id"], "used": use["amount"]} for use in used])
    db.session.execute(insert(_USES), used)


def _lots_to_use(account: Account, source_key: str | None, of_txn_id: int | None) -> Any:
    open_ = select(PointLot.id, PointLot.remaining).where(PointLot.account_id == account.id, PointLot.remaining > 0)
    ordered = open_.order_by(PointLot.expires_at, PointLot.id)
    if source_key is not None:
        yield db.session.execute(ordered.where(PointLot.source_key == source_key)).all()
    if of_txn_id is not None:
        yield db.session.execute(ordered.where(PointLot.txn_id == of_txn_id)).all()
    size = 64
    while True:
        lots = db.session.execute(ordered.limit(size)).all()
        yield lots
        if len(lots) < size:
            return
        size *= 8  # a few large reads rather than all of them at once


@cache
def _draining() -> Any:
    lot = PointLot.__table__.c
    used = bindparam("used", type_=BigInt)
    return update(_LOTS).where(lot.id == bindparam("lot", type_=BigInt)).values(
        remaining=lot.remaining - used
    )  # fmt: skip


def _refill(
    posting: Posting,
    account: Account,
    amount: int,
    *,
    of_txn_id: int | None,
    expires_at: datetime = NEVER,
    source_key: str | None = None,
) -> None:
    """Put `amount` back where `of_txn_id` took it from, as far as that goes, and the rest into a lot of its own."""
    late = 0
    for use in _uses_of(of_txn_id):
        here = min(amount, use.amount - use.restored)
        if not here:
            continue
        amount -= here
        if use.expires_at <= posting.now:
            late += here  # into a lot of its own: this one stays used up (L5)
            continue
        restored = {"restored": LotUse.restored + here}
        of_use = (LotUse.txn_id == of_txn_id, LotUse.lot_id == use.lot_id)
        db.session.execute(update(LotUse).where(*of_use).values(restored).execution_options(synchronize_session=False))
        db.session.execute(_draining(), {"lot": use.lot_id, "used": -here})
    if amount and expires_at <= posting.now:
        late, amount = late + amount, 0
    if amount:
        _add_lot(posting, account, amount, expires_at, source_key)
    if late:
        _add_lot(posting, account, late, posting.now + SECOND_LIFE, source_key)


def _uses_of(txn_id: int | None) -> Sequence[Any]:
    if txn_id is None:
        return ()
    uses = select(LotUse.lot_id, LotUse.amount, LotUse.restored, PointLot.expires_at)
    joined = uses.join(PointLot, PointLot.id == LotUse.lot_id).where(LotUse.txn_id == txn_id)
    # what lives longest first: who owed something in between loses what would have run out soonest
    return db.session.execute(joined.order_by(PointLot.expires_at.desc(), PointLot.id.desc())).all()


def _run_out(source_key: str) -> int:
    """How much of what was given for a source has run out."""
    return db.session.scalar(select(func.sum(PointLot.expired)).where(PointLot.source_key == source_key)) or 0


def _run_out_of(txn_id: int) -> int:
    return db.session.scalar(select(func.sum(PointLot.expired)).where(PointLot.txn_id == txn_id)) or 0


@cache
def _owner_statement() -> Any:
    account = LedgerAccount.__table__.c
    wanted = account.id == bindparam("account", type_=BigInt)
    return select(account.circle_id, account.owner_id).where(wanted)
