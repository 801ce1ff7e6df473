"""Coming back into a circle after a time away."""

from __future__ import annotations

from sqlalchemy import select

from circle.checkins.models import Enrollment
from circle.checkins.operations.counting import refresh_enrollment
from circle.checkins.operations.deciding import campaign_of
from circle.core.db import db
from circle.core.operation import lock_all, operation


@operation
def resume_enrollments(circle_id: int, user_id: int) -> None:
    """Somebody is in the circle again: their days in campaigns that are not settled count, and complete what was done
    while they were away (a reviewer may have approved it then)."""
    open_ = select(Enrollment.id).where(
        Enrollment.user_id == user_id,
        Enrollment.status == "active",
        Enrollment.circle_id == circle_id,
        Enrollment.settled_at.is_(None),
    )
    for enrollment in lock_all(Enrollment, db.session.scalars(open_).all()):
        refresh_enrollment(campaign_of(enrollment.campaign_id), enrollment)
