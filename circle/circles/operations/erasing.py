"""What becomes of somebody's places in circles when their account is deleted."""

from __future__ import annotations

import structlog
from sqlalchemy import update

from circle.access import Role
from circle.circles.events import MemberLeft
from circle.circles.models import Application, Circle
from circle.circles.operations.common import member_of, pending_application, step_out
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit, lock, operation

log = structlog.get_logger(__name__)


@operation
def leave_for_good(user_id: int, circle_id: int) -> None:
    """Take a deleted account out of a circle, open or closed, and forget what they answered when they applied.

    A ban stays, and so does a circle that belongs to them: it would be nobody's, and nothing gets this far with one.
    """
    circle = lock(Circle, circle_id)
    if application := pending_application(circle, user_id):
        application.status, application.decided_at = "withdrawn", clock.now()
    theirs = (Application.circle_id == circle_id, Application.user_id == user_id)
    erased = update(Application).where(*theirs).values(answers=[], reason="")
    db.session.execute(erased.execution_options(synchronize_session=False))
    member = member_of(circle, user_id)
    if member is None or member.status != "active":
        return
    if member.role == Role.OWNER.value and circle.status == "active":
        log.error("a deleted account owns a circle", circle=circle_id, user=user_id)
        return
    member.muted_until = None
    step_out(circle, member, "left")
    emit(MemberLeft(circle_id, user_id))
