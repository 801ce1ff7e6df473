"""The audit log: who did what to whose content, role or money, in a chain that shows any tampering.

One stream per circle (`circle:<id>`) and one for the site. Each entry's hash covers the previous hash and its own
canonical JSON:

    hash = sha256(prev_hash + "\\n" + canonical JSON of {stream, seq, at, actor, action, target, data})

so an edited, deleted or reordered entry breaks every later hash (domain specification §12). UPDATE and DELETE are
also refused by database triggers. Ordinary posts are not logged; acts on another's content, role or money are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import Base, IdMixin, db, insert_once
from circle.core.operation import before_commit

FIRST_HASH = "0" * 64
SITE = "site"


class AuditEntry(IdMixin, Base):
    __tablename__ = "audit_log"
    __table_args__ = (UniqueConstraint("stream", "seq"),)

    #: the chain it belongs to: "circle:<id>" or "site"
    stream: Mapped[str] = mapped_column(String(40))
    #: 1..n without gaps inside the stream
    seq: Mapped[int]
    at: Mapped[datetime]
    #: "u<id>" or "system"
    actor: Mapped[str] = mapped_column(String(24))
    #: resource.act, for example post.hide
    action: Mapped[str] = mapped_column(String(48), index=True)
    #: resource:id
    target: Mapped[str] = mapped_column(String(64), index=True)
    #: reason and before/after values; never personal data in clear
    data: Mapped[dict[str, Any]]
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of each chain; locked last of all rows."""

    __tablename__ = "audit_head"

    stream: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


def record(
    actor: Actor, action: str, target: str, data: Mapping[str, Any] | None = None, *, circle_id: int | None = None
) -> None:
    """Append an entry to the circle's stream (or the site's), in the transaction that is open.

    `data` is plain JSON without floats: the database may spell a float another way, and the chain would look broken.
    """
    stream = SITE if circle_id is None else f"circle:{circle_id}"
    who = "system" if actor.id is None else f"u{actor.id}"
    # as the database will give it back: string keys, lists; and as it is now, whatever the caller does to it later
    plain = json.loads(json.dumps(dict(data or {})), parse_float=_no_float, parse_constant=_no_float)
    before_commit(lambda: _append(stream, who, action, target, plain))


def _no_float(text: str) -> None:
    raise TypeError(f"audit data holds a float: {text}")


def entry_hash(prev_hash: str, fields: Mapping[str, Any]) -> str:
    """The chain hash of an entry; `fields` are stream, seq, at, actor, action, target, data."""
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{prev_hash}\n{canonical}".encode()).hexdigest()


def _canonical(entry: AuditEntry) -> dict[str, Any]:
    return {
        "stream": entry.stream,
        "seq": entry.seq,
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "data": entry.data,
    }


def _append(stream: str, actor: str, action: str, target: str, data: dict[str, Any]) -> None:
    session = db.session
    insert_once(AuditHead, stream=stream, seq=0, hash=FIRST_HASH)  # two first entries at once: one waits for the other
    head = session.scalars(
        select(AuditHead).where(AuditHead.stream == stream).with_for_update().execution_options(populate_existing=True)
    ).one()
    entry = AuditEntry(
        stream=stream,
        seq=head.seq + 1,
        at=clock.now(),
        actor=actor,
        action=action,
        target=target,
        data=data,
        prev_hash=head.hash,
    )
    entry.hash = entry_hash(head.hash, _canonical(entry))
    session.add(entry)
    head.seq, head.hash = entry.seq, entry.hash
    session.flush()


def verify(stream: str) -> int | None:
    """Recompute the chain. Returns the seq of the first entry that does not fit, or None when all is well."""
    prev, expected = FIRST_HASH, 1
    # what is stored counts, not what this session remembers
    fresh = {"populate_existing": True, "yield_per": 1000}
    entries = select(AuditEntry).where(AuditEntry.stream == stream).order_by(AuditEntry.seq)
    with db.session.scalars(entries.execution_options(**fresh)) as stored:
        for entry in stored:
            if entry.seq != expected or entry.prev_hash != prev or entry.hash != entry_hash(prev, _canonical(entry)):
                return expected
            prev, expected = entry.hash, expected + 1
    head = db.session.get(AuditHead, stream, populate_existing=True)
    end = (0, FIRST_HASH) if head is None else (head.seq, head.hash)
    return None if end == (expected - 1, prev) else expected
