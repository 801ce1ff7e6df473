"""The same request sent twice makes one thing (`Idempotency-Key`, domain.md §0).

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
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock, ids
from circle.core.db import Base, IdMixin, db, one_of
from circle.core.errors import BadRequest, Conflict, Refused
from circle.core.i18n import lazy
from circle.core.operation import held, operation

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


def once(owner: str, route: str, key: str, print_: str, work: Callable[[], Answer]) -> Answer:
    """Answer with `work()`, or with what it answered before under this key.

    Raises BadRequest for a malformed key, Refused IDEMPOTENCY_KEY_REUSED for another content,
    Conflict IDEMPOTENCY_IN_PROGRESS while the first request runs.
    """
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise BadRequest(lazy("The Idempotency-Key must be 1 to 120 printable ASCII characters."))
    stored = _claim(owner, route, key, print_)
    if stored is not None:
        return stored

    def effect_and_answer() -> Answer:
        answer = work()
        if answer.status < 500 and answer.status not in _NOT_STORED:
            _store(owner, route, key, answer)
        else:
            _release(owner, route, key)
        return answer

    try:
        return held(effect_and_answer)
    except BaseException:
        _release(owner, route, key)
        raise


def remember(owner: str, route: str, key: str, answer: Answer) -> None:
    """Store a business refusal: its effect was rolled back, the answer stands."""
    if answer.status < 500 and answer.status not in _NOT_STORED:
        _store(owner, route, key, answer)


def _where(owner: str, route: str, key: str) -> tuple[Any, ...]:
    return (IdempotencyRecord.owner == owner, IdempotencyRecord.route == route, IdempotencyRecord.key == key)


@operation
def _claim(owner: str, route: str, key: str, print_: str) -> Answer | None:
    """T1. None: the key is ours. Otherwise the stored answer; raises while it is somebody else's."""
    session, now = db.session, clock.now()
    record = session.scalar(select(IdempotencyRecord).where(*_where(owner, route, key)).with_for_update())
    if record is None:
        try:
            with session.begin_nested():
                session.execute(
                    insert(IdempotencyRecord).values(
                        id=ids.new_id(), created_at=now, owner=owner, route=route, key=key, fingerprint=print_,
                        state="in_progress", locked_at=now,
                    )
                )
        except IntegrityError:
            raise _in_progress() from None
        return None
    if record.fingerprint != print_:
        raise Refused("IDEMPOTENCY_KEY_REUSED", lazy("This Idempotency-Key was used for another request."))
    if record.state == "done":
        return Answer(record.status_code or 200, record.body or "", record.content_type or "application/json", True)
    if record.locked_at + LEASE > now:
        raise _in_progress()
    record.locked_at = now  # the process that claimed it is gone
    return None


def _in_progress() -> Conflict:
    return Conflict(
        lazy("The same request is still being worked on."), code="IDEMPOTENCY_IN_PROGRESS", retry_after=2
    )


@operation
def _store(owner: str, route: str, key: str, answer: Answer) -> None:
    db.session.execute(
        update(IdempotencyRecord)
        .where(*_where(owner, route, key))
        .values(state="done", status_code=answer.status, body=answer.body, content_type=answer.content_type)
    )


@operation
def _release(owner: str, route: str, key: str) -> None:
    db.session.execute(
        delete(IdempotencyRecord).where(*_where(owner, route, key), IdempotencyRecord.state == "in_progress")
    )


@operation
def forget_old() -> int:
    """Remove records past their lifetime; returns how many. Run daily by a job."""
    result = db.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < clock.now() - LIFETIME))
    return result.rowcount  # type: ignore[attr-defined,no-any-return]
