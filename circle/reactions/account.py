"""What follows from accounts: mails with codes, and what people should notice about their own account."""

from __future__ import annotations

from datetime import timedelta

from circle.accounts import events as accounts
from circle.accounts import jobs as account_jobs
from circle.core.jobs import enqueue
from circle.home import jobs as home_jobs
from circle.notifications.operations import (
    notify,
    withdraw_between,
)
from circle.reactions.common import moment


def mail_reset(event: accounts.ResetAsked) -> None:
    enqueue(account_jobs.mail_reset, event.login)


def mail_confirmation(event: accounts.AddressAsked) -> None:
    enqueue(account_jobs.mail_confirmation, event.user_id, key=f"{account_jobs.mail_confirmation.name}:{event.user_id}")


def tell_new_password(event: accounts.PasswordChanged) -> None:
    notify(event.user_id, "account.password_changed", dedupe_key=moment(), data={})


def tell_new_address(event: accounts.AddressChanged) -> None:
    kind = "account.email_confirmed" if event.after else "account.email_removed"
    notify(event.user_id, kind, dedupe_key=moment(), data={"quote": event.after or event.before})


def mail_former_address(event: accounts.AddressChanged) -> None:
    if event.before is not None and event.before != event.after:
        enqueue(account_jobs.mail_former_address, event.user_id, event.before)


def withdraw_blocked(event: accounts.UserBlocked) -> None:
    withdraw_between(event.blocker_id, event.blocked_id)


def make_takeout(event: accounts.TakeoutAsked) -> None:
    enqueue(home_jobs.make_takeout, event.takeout_id, key=f"{home_jobs.make_takeout.name}:{event.takeout_id}")


def tell_takeout(event: accounts.TakeoutReady) -> None:
    key, data = str(event.takeout_id), {"until": event.expires_at.isoformat()}
    notify(event.user_id, "account.copy_ready", dedupe_key=key, data=data)


def tell_deletion(event: accounts.DeletionAsked) -> None:
    data = {"until": event.due_at.isoformat()}
    notify(event.user_id, "account.deletion_asked", dedupe_key=moment(), data=data)


def tell_deletion_cancelled(event: accounts.DeletionCancelled) -> None:
    notify(event.user_id, "account.deletion_cancelled", dedupe_key=moment(), data={})


def tell_deletion_postponed(event: accounts.DeletionPostponed) -> None:
    data = {"quote": ", ".join(event.circles)}
    notify(event.user_id, "account.deletion_postponed", dedupe_key=moment(), data=data)


def erase_account(event: accounts.AccountDeleted) -> None:
    enqueue(home_jobs.erase_account, event.user_id)
    # once more for what the person's last request wrote while the first run was at it
    enqueue(home_jobs.erase_account, event.user_id, delay=timedelta(minutes=10))
