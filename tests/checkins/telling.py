"""What people were told of campaigns: for tests of check-ins."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import force_locale

from circle.access import Actor
from circle.core import clock, jobs
from circle.core.db import db
from circle.notifications.queries import NoticeRow, inbox
from tests.checkins.campaigning import Week

_KINDS = ("campaign.", "checkin.", "team.")


def told(actor: Actor, *but: str) -> Sequence[NoticeRow]:
    """What somebody was told of campaigns, last first, without the kinds `but`; in English."""
    return [row for row in all_told(actor) if row.kind.startswith(_KINDS) and row.kind not in but]


def all_told(actor: Actor) -> Sequence[NoticeRow]:
    """Whatever somebody was told."""
    db.session.expire_all()
    with force_locale("en"):
        return inbox(actor, limit=50).items


def kinds(actor: Actor, *but: str) -> list[str]:
    """The kinds of it."""
    return [row.kind for row in told(actor, *but)]


def work(week: Week, idx: int, hour: float = 8) -> None:
    """Let the worker do at that hour what waits for it."""
    with clock.at(week.day(idx, hour)):
        jobs.run_due()
