"""What becomes of notices when somebody's account is deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select

from circle.core import mentions
from circle.core.db import db
from circle.core.operation import operation
from circle.notifications.models import Notice, NoticeSetting

_BATCH = 500


@operation
def forget_notices(user_id: int, batch: int = _BATCH) -> int:
    """Remove the next notices that a deleted account was told, and its settings; returns how many notices went."""
    theirs = select(Notice.id).where(Notice.user_id == user_id).order_by(Notice.id).limit(batch)
    found = list(db.session.scalars(theirs))
    if found:
        db.session.execute(delete(Notice).where(Notice.id.in_(found)).execution_options(synchronize_session=False))
    db.session.execute(delete(NoticeSetting).where(NoticeSetting.user_id == user_id))
    return len(found)


@operation
def requote(
    post_id: int, comment_id: int | None, names: Collection[str], label: str, *, answer_id: int | None = None
) -> None:
    """Put `label` in place of these user names in what was quoted of a post, or of a comment or answer below it."""
    about = (Notice.comment_id == comment_id, Notice.answer_id == answer_id)
    told = select(Notice).where(Notice.post_id == post_id, *about).order_by(Notice.id).with_for_update()
    for notice in db.session.scalars(told).all():
        quote = str(notice.data.get("quote", ""))
        if (now := mentions.without(quote, names, label)) != quote:
            notice.data = {**notice.data, "quote": now}


@operation
def requote_campaign(campaign_id: int, names: Collection[str], label: str) -> None:
    """Put `label` in place of these user names in the reasons that were told about a campaign."""
    for notice in _of_campaign(campaign_id):
        quote = str(notice.data.get("quote") or "")
        if (now := mentions.without(quote, names, label)) != quote:
            notice.data = {**notice.data, "quote": now}


@operation
def rename_team_in_notices(campaign_id: int, before: str, after: str) -> None:
    """Let a team of a campaign have another name in what was told of it."""
    for notice in _of_campaign(campaign_id):
        changed = {key: after for key in ("team", "before") if notice.data.get(key) == before}
        if changed:
            notice.data = {**notice.data, **changed}


def _of_campaign(campaign_id: int) -> Sequence[Notice]:
    told = select(Notice).where(Notice.campaign_id == campaign_id).order_by(Notice.id).with_for_update()
    return db.session.scalars(told).all()
