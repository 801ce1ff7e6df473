"""Jobs that go through all features: copies of what people have here, and erasing it."""

from __future__ import annotations

from datetime import timedelta

from circle.accounts import leaving, operations
from circle.core.jobs import enqueue, job
from circle.home import erasure, takeout

_BATCH = 100


@job("home.make_takeout")
def make_takeout(takeout_id: int) -> None:
    """Make and store the copy that somebody asked for; does nothing for one that is not waited for any more."""
    takeout.make(takeout_id)


@job("home.erase_account")
def erase_account(user_id: int) -> None:
    """Erase all that the site holds of a deleted account."""
    erasure.erase_account(user_id)


@job("home.close_accounts", every=timedelta(hours=1))
def close_accounts() -> None:
    """Delete the accounts whose seven days are over, and see that none stays half erased."""
    for user_id in leaving.due_accounts(_BATCH):
        operations.close_account(user_id)
    for user_id in leaving.unfinished_accounts(_BATCH):
        enqueue(erase_account, user_id, key=f"{erase_account.name}:{user_id}")
