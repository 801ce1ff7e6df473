"""Where somebody is signed in, and when they were last here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from circle.accounts.devices import device_name
from circle.accounts.models import AuthSession, User
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import Unauthenticated
from circle.core.pagination import Keyset, Page


def last_seen(user_id: int) -> datetime | None:
    """When somebody was last here, as far as their sign-ins tell (they are kept for a while after they end).

    Their joining counts, too. None for an account that is deleted.
    """
    row = db.session.execute(
        select(User.created_at, newest_visit(user_id)).where(User.id == user_id, User.status != "deleted")
    ).first()
    return None if row is None else max(moment for moment in row if moment is not None)


def newest_visit(user_id: Any) -> Any:
    """SQL: when somebody (an id, or a column of them) was last seen in any of their sign-ins; NULL without any."""
    visits = select(func.max(AuthSession.last_seen_at)).where(AuthSession.user_id == user_id)
    return visits.scalar_subquery()


@dataclass(frozen=True)
class SessionRow:
    """One place where a person is signed in; `current` is the one that asks."""

    id: int
    kind: str
    current: bool
    user_agent: str
    network: str
    created_at: datetime
    last_seen_at: datetime

    @property
    def device(self) -> str:
        """What a person would call it, for example "Chrome · Android"; empty when it cannot be told."""
        return device_name(self.user_agent)


_SESSION_COLUMNS: tuple[Any, ...] = (
    AuthSession.id,
    AuthSession.kind,
    AuthSession.user_agent,
    AuthSession.network,
    AuthSession.created_at,
    AuthSession.last_seen_at,
)
_SESSIONS = Keyset("accounts.sessions", (AuthSession.last_seen_at, AuthSession.id))


def list_sessions(actor: Actor, cursor: str | None = None, limit: int = 20) -> Page[SessionRow]:
    """Where the person is signed in, last seen first. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    ends = func.coalesce(AuthSession.refresh_expires_at, AuthSession.access_expires_at)
    mine = (AuthSession.user_id == actor.id, AuthSession.revoked_at.is_(None), ends > clock.now())
    statement: Select[Any] = select(*_SESSION_COLUMNS).where(*mine)

    def rows(found: Sequence[Any]) -> list[SessionRow]:
        return [SessionRow(row[0], row[1], row[0] == actor.session_id, row[2], row[3], row[4], row[5]) for row in found]

    return _SESSIONS.read(statement, cursor, limit).map(rows)
