"""What is forgotten after its time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, delete, func, or_

from circle.accounts.models import AuthSession, MailCode, SignInFailures
from circle.accounts.operations.passwords import ATTEMPT_WINDOW, LOCKED_FOR
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation

#: how long an ended sign-in is kept, so that a stolen token used late is still recognised
KEEP_ENDED = timedelta(days=30)
#: how long a code that is no longer good still counts among the mails that went out
KEEP_CODES = timedelta(days=1)


@operation
def forget_sessions() -> int:
    """Remove sign-ins that ended over 30 days ago, and codes and counts of attempts that no longer matter.

    Returns how many sign-ins went.
    """
    now = clock.now()
    before = now - KEEP_ENDED
    last_use = func.coalesce(AuthSession.refresh_expires_at, AuthSession.access_expires_at)
    gone = db.session.execute(delete(AuthSession).where(or_(AuthSession.revoked_at < before, last_use < before)))
    db.session.execute(
        delete(SignInFailures).where(
            and_(
                SignInFailures.first_at < now - ATTEMPT_WINDOW - LOCKED_FOR,
                or_(SignInFailures.locked_until.is_(None), SignInFailures.locked_until < now),
            )
        )
    )
    db.session.execute(delete(MailCode).where(MailCode.expires_at < now - KEEP_CODES))
    return gone.rowcount  # type: ignore[attr-defined,no-any-return]
