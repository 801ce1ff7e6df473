"""House-keeping of accounts."""

from __future__ import annotations

from datetime import timedelta

from circle.accounts import operations
from circle.core.jobs import job


@job("accounts.forget_sessions", every=timedelta(days=1))
def forget_sessions() -> None:
    """Forget sign-ins and attempts whose time has passed."""
    operations.forget_sessions()
