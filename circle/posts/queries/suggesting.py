"""Topics that somebody may mean who begins to type a `#title#`. (People: circle/circles/queries/naming.py.)"""

from __future__ import annotations

from sqlalchemy import select

from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.topics.models import Topic

MOST = 8


def suggested_topics(circle: CircleRow, typed: str) -> list[tuple[str, int]]:
    """(title, number of posts) of the open topics whose title holds what was typed, those that begin with it first.

    For who has typed nothing yet, the topics with most posts. A circle has at most 100, so they are compared here,
    where every script has its case.
    """
    rows = db.session.execute(
        select(Topic.title, Topic.post_count)
        .where(Topic.circle_id == circle.id, Topic.status == "active")
        .order_by(Topic.post_count.desc(), Topic.id.desc())
    ).all()
    wanted = typed.strip().casefold()
    found = [(title, count) for title, count in rows if wanted in title.casefold()]
    return sorted(found, key=lambda row: not row[0].casefold().startswith(wanted))[:MOST]
