"""The same request sent twice makes one thing (`Idempotency-Key`, domain specification §0).

T1 claims the key and commits; T2 does the effect **and** stores the answer in one commit (`operation.held`). A second
request with the key gets the stored answer, or 409 while the first is still running, or 422 when its content differs.
2xx and business refusals are stored; 400, 401, 429 and 5xx are not, so that the client may simply try again. A claim
whose process died may be taken over after a minute; keys are forgotten after 72 hours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock, ids
from circle.core.db import Base, BigInt, IdMixin, db, insert_once, one_of
from circle.core.errors import BadRequest, CircleError, Conflict, Refused
from circle.core.i18n import lazy
from circle.core.operation import held, in_transaction, operation

LEASE = timedelta(seconds=60)
LIFETIME = timedelta(hours=72)
MAX_KEY = 120
_NOT_STORED = {400, 401, 429}


class IdempotencyRecord(IdMixin, Base):
    __tablename__ = "idempotency_records"
    __table_args__ = (UniqueConstraint("owner", "route", "key"), one_of("state", "in_progress", "done"))

    #: "u<user id>", or "a<address>" for somebody who has not signed in
    owner: Mapped[str] = mapped_column(String(64))
    #: endpoint name, so the same key on another route is another request
    route: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(MAX_KEY))
    #: sha256 of method, path, sorted query and canonical body
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    status_code: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    content_type: Mapped[str | None] = mapped_column(String(64))
    locked_at: Mapped[datetime]


@dataclass(frozen=True)
class Answer:
    """What was answered: status, body text, content type, and whether it is a repetition."""

    status: int
    body: str
    content_type: str
    replayed: bool = False


def fingerprint(method: str, path: str, query: list[tuple[str, str]], body: bytes) -> str:
    """sha256 of the request; JSON bodies are compared by content, not by spacing or key order."""
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode() if body else b""
    except (ValueError, RecursionError):
        canonical = body
    text = f"{method}\n{path}\n{json.dumps(sorted(query))}\n".encode()
    return hashlib.sha256(text + canonical).hexdigest()


def once(
    owner: str,
    route: str,
    key: str,
    print_: str,
    work: Callable[[], Answer],
    *,
    refusal: Callable[[CircleError], Answer] | None = None,
) -> Answer:
    """Answer with `work()`, or with what it answered before under this key.

    A refusal that `work` raises is rolled back; with `refusal` (how it reads as an answer) it is stored and answered.
    Raises BadRequest for a malformed key, Refused IDEMPOTENCY_KEY_REUSED for another content,
    Conflict IDEMPOTENCY_IN_PROGRESS while the first request runs, and whatever `work` raises that is not stored.
    """
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise BadRequest(lazy("The Idempotency-Key must be 1 to 120 printable ASCII characters."))
    # a claim that the power takes away has had no effect yet: whatever comes after it is written to the disk with it
    turn = in_transaction(lambda: _claim(owner, route, key, print_), durable=False)
    if isinstance(turn, Answer):
        return turn

    def effect_and_answer() -> Answer:
        answer = work()
        _store(turn, answer) if _is_stored(answer) else _release(turn)
        return answer

    try:
        return held(effect_and_answer)
    except CircleError as error:
        answer = None if refusal is None else refusal(error)
        if answer is not None and _is_stored(answer):
            _store(turn, answer)
            return answer
        _release(turn)
        raise
    except BaseException:
        _release(turn)
        raise


def _is_stored(answer: Answer) -> bool:
    return answer.status < 500 and answer.status not in _NOT_STORED


@dataclass(frozen=True)
class _Turn:
    """Our claim of a key. Whoever takes it over writes another `locked_at`, and then it is no longer ours."""

    id: int
    locked_at: datetime


@operation
def _claim(owner: str, route: str, key: str, print_: str) -> Answer | _Turn:
    """T1. Our turn, or the stored answer; raises while it is somebody else's."""
    now = clock.now()
    turn = _Turn(ids.new_id(), now)
    inserted = insert_once(
        IdempotencyRecord,
        id=turn.id,
        created_at=now,
        owner=owner,
        route=route,
        key=key,
        fingerprint=print_,
        state="in_progress",
        locked_at=now,
    )
    if inserted:
        return turn
    same = (IdempotencyRecord.owner == owner, IdempotencyRecord.route == route, IdempotencyRecord.key == key)
    record = db.session.scalar(select(IdempotencyRecord).where(*same).with_for_update())
    if record is None:  # given back a moment ago
        raise _in_progress()
    if record.fingerprint != print_:
        raise Refused("IDEMPOTENCY_KEY_REUSED", lazy("This Idempotency-Key was used for another request."))
    if record.state == "done":
        return Answer(record.status_code or 200, record.body or "", record.content_type or "application/json", True)
    if record.locked_at + LEASE > now:
        raise _in_progress()
    record.locked_at = now  # the process that claimed it is gone, or so slow that it comes too late
    return _Turn(record.id, now)


def _in_progress() -> Conflict:
    return Conflict(lazy("The same request is still being worked on."), code="IDEMPOTENCY_IN_PROGRESS", retry_after=2)


@operation
def _store(turn: _Turn, answer: Answer) -> None:
    values = {"new_status": answer.status, "new_body": answer.body, "new_type": answer.content_type}
    done = db.session.execute(_storing(), {"turn": turn.id, "since": turn.locked_at, **values})
    if not done.rowcount:  # type: ignore[attr-defined]
        raise _in_progress()  # taken over: the effect is the other's to make, ours is rolled back


@operation
def _release(turn: _Turn) -> None:
    db.session.execute(delete(IdempotencyRecord.__table__).where(*_ours()), {"turn": turn.id, "since": turn.locked_at})  # type: ignore[arg-type]


def _ours() -> tuple[Any, ...]:
    record = IdempotencyRecord.__table__.c
    since = bindparam("since", type_=record.locked_at.type)
    return record.id == bindparam("turn", type_=BigInt), record.locked_at == since, record.state == "in_progress"


@cache
def _storing() -> Any:
    """Put together once: it runs with every request that has a key."""
    table: Any = IdempotencyRecord.__table__
    named = {"status_code": "new_status", "body": "new_body", "content_type": "new_type"}
    values = {column: bindparam(name, type_=table.c[column].type) for column, name in named.items()}
    return update(table).where(*_ours()).values(state="done", **values)


@operation
def forget_of(owner: str) -> None:
    """Remove what was answered to one owner ("u<user id>"): the answers hold names and words."""
    db.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.owner == owner))


@operation
def forget_old() -> int:
    """Remove records past their lifetime; returns how many. Run daily by a job."""
    result = db.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < clock.now() - LIFETIME))
    return result.rowcount  # type: ignore[attr-defined,no-any-return]
