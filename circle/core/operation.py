"""How every write happens: one operation, one transaction, all of it or nothing.

    @operation
    def publish_post(actor, slug, *, body): ...

- The outermost `@operation` opens the write transaction; operations called inside it join it.
- SQLite starts with BEGIN IMMEDIATE (an upgraded read transaction would fail at once under load); on PostgreSQL
  rows are locked through `lock`, in one order for the whole product.
- Before commit: events are turned into reactions until none is left, then audit entries are written (their chain
  head is the last lock).
- A serialization failure, deadlock or busy database makes the whole outermost operation run again, at most
  `ATTEMPTS` times. So operations take ids and plain values, never rows, and do nothing that cannot be repeated:
  no HTTP, no files, no sleeping, no password hashing in here.

`held` lets the API edge store an idempotent answer in the same commit as the effect.
This is the only module that commits or rolls back.
"""

from __future__ import annotations

import functools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from circle.core import turns
from circle.core.db import Base, db
from circle.core.errors import NotFound, Unavailable
from circle.core.events import Event, reactions_to

#: seconds that a writer waits for its turn, as long as SQLite itself would (db.SQLITE_PRAGMAS)
_PATIENCE = 10.0
ATTEMPTS = 4
#: PostgreSQL: serialization_failure, deadlock_detected, lock_not_available
_TRANSIENT_STATES = {"40001", "40P01", "55P03"}

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
M = TypeVar("M", bound=Base)


@dataclass
class _Work:
    """What the open transaction has gathered for its end."""

    events: deque[Event] = field(default_factory=deque)
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    #: (lock rank, id) of rows locked so far, to notice a wrong order before production does
    locked: set[tuple[int, int]] = field(default_factory=set)


def _current() -> _Work | None:
    work: _Work | None = db.session().info.get("work")
    return work


def _required() -> _Work:
    work = _current()
    if work is None:
        raise RuntimeError("this must be called inside an operation")
    return work


def operation(function: F) -> F:
    """Make `function` a write: joins the open transaction or opens (and commits) its own."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if _current() is None:
            open_later = db.session().info.pop("open_later", None)
            if open_later is None:
                return in_transaction(lambda: function(*args, **kwargs))
            open_later()
        return function(*args, **kwargs)

    run.__operation__ = True  # type: ignore[attr-defined]  # read by tests/test_architecture.py
    return run  # type: ignore[return-value]


def in_transaction(work: Callable[[], T], *, durable: bool = True) -> T:
    """Run `work` in one write transaction, again on a transient failure. Raises Unavailable when it stays busy.

    What is not `durable` may be gone when the power fails (not when a process does) before something durable came
    after it; on SQLite that saves waiting for the disk.
    """

    def once() -> T:
        with _transaction(durable=durable):
            return work()

    return _retrying(once)


def held(work: Callable[[], T]) -> T:
    """Run `work` (which reads, calls operations, and renders) with everything it writes in one transaction.

    The transaction opens with the first operation inside and commits after `work` is done, so slow things before the
    first operation lock nothing. As with any operation, `work` runs again as a whole on a transient failure.
    """
    if _current() is not None:
        return work()

    def once() -> T:
        session = db.session()
        with ExitStack() as stack:
            session.info["open_later"] = lambda: stack.enter_context(_transaction())
            try:
                return work()
            finally:
                session.info.pop("open_later", None)

    return _retrying(once)


def _retrying(once: Callable[[], T]) -> T:
    for attempt in range(ATTEMPTS):
        try:
            return once()
        except DBAPIError as error:
            if not _is_transient(error):
                raise
            abandon()  # reads before the transaction may have failed, too
            if attempt == ATTEMPTS - 1:
                raise Unavailable(retry_after=2) from error
        time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # outside the transaction: nothing is locked here
    raise AssertionError("unreachable")


#: writers of this process queue here on SQLite, see _turn
_writers = threading.Lock()


@contextmanager
def _turn(session: Session) -> Iterator[None]:
    """On SQLite the threads of a process write one after the other, in the order they came.

    There is one writer at a time anyway. SQLite itself makes the others sleep longer and longer and lets in whoever
    wakes first, so that under load most of the time nobody writes and some wait for seconds. (Other processes still
    meet at the file, with SQLite's own waiting.)
    """
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    if not _writers.acquire(timeout=_PATIENCE):
        raise Unavailable(retry_after=2)
    try:
        yield
    finally:
        _writers.release()


_DURABLE = {"sqlite_begin": "IMMEDIATE"}
_HURRIED = {"sqlite_begin": "IMMEDIATE", "sqlite_synchronous": "NORMAL"}


@contextmanager
def _transaction(*, durable: bool = True) -> Iterator[None]:
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("there are changes made outside an operation")
    if session.in_transaction():
        session.rollback()  # ends the read snapshot: nothing decided before may be trusted after
    session.expire_all()
    work = _Work()
    with _turn(session):
        try:
            connection = session.connection(execution_options=_DURABLE if durable else _HURRIED)
            session.info.update(work=work, connection=connection)
            yield
            _settle(session, work)
            if durable:
                turns.let_go()  # others go on while the disk is waited for
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop("work", None)
            session.info.pop("connection", None)
    for function in work.after_commit:
        function()


def _settle(session: Session, work: _Work) -> None:
    while work.events:
        event = work.events.popleft()
        for reaction in reactions_to(event):
            reaction(event)
    session.flush()
    for function in work.before_commit:
        function()


def _is_transient(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _TRANSIENT_STATES:
        return True
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)


def emit(event: Event) -> None:
    """State a fact; its reactions run before the commit of the operation that is open."""
    _required().events.append(event)


def before_commit(function: Callable[[], None]) -> None:
    """Run `function` at the very end of the transaction, after all reactions (for chain heads and the like)."""
    _required().before_commit.append(function)


def after_commit(function: Callable[[], None]) -> None:
    """Run `function` once the transaction is safely stored (wake a worker, drop a file). It must not fail loudly."""
    _required().after_commit.append(function)


def abandon() -> None:
    """Throw away whatever the session holds; for the error handler of last resort."""
    db.session.rollback()


def lock(model: type[M], id_: int) -> M:
    """The row `id_`, fresh and locked until the end of the operation. Raises NotFound when there is none."""
    return lock_all(model, [id_])[0]


def lock_all(model: type[M], ids: Iterable[int]) -> list[M]:
    """The rows `ids`, fresh and locked in id order. Raises NotFound if one is missing.

    Locks are taken by (lock_rank of the model, id) ascending in the whole product, else two operations could wait
    for each other; a wrong order raises RuntimeError at once, on both engines.
    """
    work, wanted = _required(), sorted(set(ids))
    if not wanted:
        return []
    taken = {(model.lock_rank, id_) for id_ in wanted} - work.locked
    if taken and work.locked and min(taken) < max(work.locked):
        raise RuntimeError(f"lock order: {model.__tablename__} {min(taken)} after {max(work.locked)}")
    work.locked |= taken
    one = len(wanted) == 1  # a list of ids makes the statement anew for its length, so one has its own
    found = db.session.scalars(_locking(model, one=one), {"wanted": wanted[0] if one else wanted}).all()
    if len(found) != len(wanted):
        raise NotFound
    return list(found)


@functools.cache
def _locking(model: type[Any], *, one: bool) -> Select[Any]:
    key = model.__mapper__.primary_key[0]
    wanted = key == bindparam("wanted", type_=key.type) if one else key.in_(bindparam("wanted", expanding=True))
    # no stronger than an UPDATE takes: whoever holds a child row may still insert what merely points at the parent
    return (
        select(model)
        .where(wanted)
        .order_by(key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
