"""What is done with an e-mail address: confirmed with the password, and used when the password is forgotten. And what
else wants the password once more: deleting the account.

As in `credentials`, the slow hashing comes first, then one short operation. Shared by pages and API.
"""

from __future__ import annotations

from circle.accounts import operations, queries
from circle.accounts.addresses import check_address
from circle.accounts.mail_codes import CodeRow, find_code
from circle.accounts.passwords import hash_password, verify_password
from circle.accounts.rules import check_password
from circle.core import mail
from circle.core.actor import Actor
from circle.core.errors import Refused, Unauthenticated
from circle.core.i18n import lazy


def change_address(actor: Actor, *, email: str, current_password: str) -> None:
    """Mail a code to an address; with that it becomes one's own.

    Raises Unauthenticated, Invalid (email), Refused PASSWORD_WRONG (current_password), EMAIL_UNCHANGED or MAIL_OFF,
    RateLimited.
    """
    _check_mail()
    address = check_address(email)
    operations.ask_address(actor, address, old_hash=_proven(actor, current_password))


def remove_address(actor: Actor, *, current_password: str) -> None:
    """Have no address any more. Raises Unauthenticated, Refused PASSWORD_WRONG (current_password), RateLimited."""
    operations.remove_address(actor, old_hash=_proven(actor, current_password))


def delete_account(actor: Actor, *, current_password: str, keep_content: bool, forfeit_points: bool = False) -> None:
    """Have one's account deleted, in seven days.

    Raises Unauthenticated, Refused PASSWORD_WRONG (current_password), OWNS_CIRCLES or POINTS_FORFEITED, RateLimited.
    """
    if actor.id is not None:  # before anybody tries a password for nothing
        operations.check_owns_nothing(actor.id)
        operations.check_forfeits(actor.id, agreed=forfeit_points)
    proven = _proven(actor, current_password)
    operations.ask_deletion(actor, keep_content=keep_content, forfeit_points=forfeit_points, old_hash=proven)


def _proven(actor: Actor, password: str) -> str | None:
    if actor.id is None:
        raise Unauthenticated
    known = queries.secret_of_user(actor.id)
    operations.count_attempt(known.username_key)
    if not verify_password(known.password_hash, password):
        raise Refused("PASSWORD_WRONG", lazy("That is not your current password."), field="current_password")
    operations.forget_attempts(known.username_key)
    return known.password_hash


def forgot_password(login: str) -> None:
    """Let a job mail a code to whoever this is; nothing here depends on whether it is anybody.

    Raises Refused MAIL_OFF.
    """
    _check_mail()
    operations.note_forgotten(login)


def code_for_reset(code: str) -> CodeRow:
    """Whom the code lets set a new password. Raises Refused CODE_INVALID."""
    known = find_code(code, "reset")
    if known is None:
        raise operations.invalid_code()
    return known


def reset_password(code: str, password: str) -> None:
    """Set a new password with a code that was mailed; every sign-in ends, and the code is used up.

    Raises Invalid (password), Refused CODE_INVALID.
    """
    known = code_for_reset(code)
    check_password(password, known.username)
    operations.reset_password(known.user_id, code, new_hash=hash_password(password))


def _check_mail() -> None:
    if not mail.sends_mail():
        raise Refused("MAIL_OFF", lazy("This site sends no e-mail. Please ask the people who run it."))
