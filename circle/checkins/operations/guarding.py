"""What the author of a check-in may not make of its post as long as it counts, or may count again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from circle.checkins import rules
from circle.checkins.models import HOLDING, Campaign, CheckinRecord, Enrollment
from circle.core.db import db
from circle.core.operation import operation


@operation
def check_edited(post_id: int, body: str, kinds: Sequence[str]) -> None:
    """A post that was edited still has what its campaign asks for, also one that does not count at present: it may come
    back. What was rejected, or is settled, may become whatever its author likes.

    Raises Refused CONTENT_RULE.
    """
    asked = (
        select(Campaign.min_len, Campaign.min_images, Campaign.audio)
        .join(CheckinRecord, CheckinRecord.campaign_id == Campaign.id)
        .join(Enrollment, Enrollment.id == CheckinRecord.enrollment_id)
        .where(
            CheckinRecord.post_id == post_id,
            CheckinRecord.status.in_((*HOLDING, "void")),
            Enrollment.settled_at.is_(None),
        )
    )
    rule = db.session.execute(asked).one_or_none()
    if rule is not None:
        rules.check_checkin_content(body, kinds, min_len=rule.min_len, min_images=rule.min_images, audio=rule.audio)
