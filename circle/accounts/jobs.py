"""House-keeping of accounts, and the mails with codes."""

from __future__ import annotations

from datetime import timedelta

import structlog

from circle.accounts import copies, letters, operations
from circle.accounts.operations.takeouts import FOLDER
from circle.core import clock, mail
from circle.core.jobs import job
from circle.core.mail import Mail, MailRefused
from circle.core.storage import storage

#: a copy that is made right now has its row within minutes
UNNAMED_AFTER = timedelta(days=1)

log = structlog.get_logger(__name__)


@job("accounts.forget_sessions", every=timedelta(days=1))
def forget_sessions() -> None:
    """Forget sign-ins and attempts whose time has passed."""
    operations.forget_sessions()


@job("accounts.forget_takeouts", every=timedelta(days=1))
def forget_takeouts() -> None:
    """Remove copies of people's data whose time is over, and files of copies that no row names any more."""
    operations.forget_takeouts()
    before = clock.now() - UNNAMED_AFTER
    aged = [stored.key for stored in storage().list(FOLDER) if stored.modified < before]
    for key in sorted(set(aged) - copies.named_copies()):
        storage().delete(key)


@job("accounts.mail_reset")
def mail_reset(login: str) -> None:
    """Mail whoever has this user name or address a link to set a new password; nobody, if it is nobody's."""
    user_id = operations.ask_reset(login)
    if user_id is not None:
        _mail_code(user_id, "reset")


@job("accounts.mail_confirmation")
def mail_confirmation(user_id: int) -> None:
    """Mail the address that waits a link to confirm it."""
    _mail_code(user_id, "confirm")


@job("accounts.mail_former_address")
def mail_former_address(user_id: int, address: str) -> None:
    """Tell an address that it is no longer the one of the account, in case that was somebody else's doing."""
    _send(letters.address_changed(user_id, address), user_id)


def _mail_code(user_id: int, purpose: str) -> None:
    letter = operations.make_code(user_id, purpose)
    if letter is None:
        return
    try:
        _send(letters.with_code(letter, purpose), user_id)
    except Exception:
        operations.not_sent(user_id, purpose)
        raise


def _send(letter: Mail, user_id: int) -> None:
    try:
        mail.send(letter)
    except MailRefused as error:
        log.warning("mail refused", user=user_id, answer=str(error))
