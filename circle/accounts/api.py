"""JSON routes of accounts: signing in and out, oneself, other people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request

from circle.accounts import blocking, copies, credentials, leaving, operations, presence, queries, recovery
from circle.accounts.blocking import BlockedRow
from circle.accounts.copies import TakeoutRow
from circle.accounts.leaving import DeletionRow
from circle.accounts.presence import SessionRow
from circle.accounts.queries import MeRow, UserRow
from circle.accounts.schemas import (
    AuthOut,
    BlockedOut,
    BlockOut,
    CodeInput,
    DeletionInput,
    DeletionOut,
    EmailInput,
    ForgotInput,
    LoginInput,
    MeInput,
    MeOut,
    PasswordInput,
    PersonOut,
    RefreshInput,
    RegisterInput,
    RemoveEmailInput,
    ResetInput,
    SessionOut,
    TakeoutOut,
)
from circle.accounts.tokens import TokenPair
from circle.core.actor import VISITOR
from circle.core.api import ApiBlueprint, actor, expected_version
from circle.core.errors import Conflict, NotFound
from circle.core.pagination import Page

bp = ApiBlueprint("accounts", __name__)


@dataclass(frozen=True)
class SignedIn:
    """The answer to a sign-in."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: UserRow


def _signed_in(user_id: int, pair: TokenPair) -> SignedIn:
    user = queries.get_user(VISITOR, user_id)
    return SignedIn(pair.access_token, pair.refresh_token, pair.expires_in, user)


def _device() -> dict[str, str]:
    return {"user_agent": request.headers.get("User-Agent", ""), "address": request.remote_addr or ""}


# ---- signing in and out --------------------------------------------------------------------------------------


@bp.endpoint(
    "POST", "/auth/register", takes=RegisterInput, gives=AuthOut, status=201, signed_in=False, anonymous=True,
    keyless=True, limit="sign_up",
)  # fmt: skip
def register(data: dict[str, Any]) -> SignedIn:
    """Create an account and sign in."""
    user_id = credentials.sign_up(**data)
    return _signed_in(user_id, operations.open_api_session(user_id, **_device()))


@bp.endpoint(
    "POST", "/auth/login", takes=LoginInput, gives=AuthOut, signed_in=False, anonymous=True, keyless=True,
    limit="sign_in",
)  # fmt: skip
def login(data: dict[str, Any]) -> SignedIn:
    """Sign in with user name and password."""
    return _signed_in(*credentials.sign_in_app(**data, **_device()))


@bp.endpoint(
    "POST", "/auth/refresh", takes=RefreshInput, gives=AuthOut, signed_in=False, anonymous=True, keyless=True,
    limit="token",
)  # fmt: skip
def refresh(data: dict[str, Any]) -> SignedIn:
    """Exchange a refresh token for the next pair."""
    return _signed_in(*operations.refresh_session(data["refresh_token"]))


@bp.endpoint("POST", "/auth/logout", gives=None, status=204, limit="settings")
def logout() -> None:
    """Sign out here."""
    operations.sign_out(actor())


@bp.endpoint("POST", "/auth/logout-all", gives=None, status=204, limit="settings")
def logout_all() -> None:
    """Sign out everywhere."""
    operations.sign_out_everywhere(actor())


@bp.endpoint(
    "POST", "/auth/forgot", takes=ForgotInput, gives=None, status=204, signed_in=False, anonymous=True, keyless=True,
    limit="forgot",
)  # fmt: skip
def forgot(data: dict[str, Any]) -> None:
    """Have a code mailed that sets a new password; answers alike for names and addresses that nobody has."""
    recovery.forgot_password(data["login"])


@bp.endpoint(
    "POST", "/auth/reset", takes=ResetInput, gives=None, status=204, signed_in=False, anonymous=True, keyless=True,
    limit="sign_in",
)  # fmt: skip
def reset(data: dict[str, Any]) -> None:
    """Set a new password with a mailed code; every sign-in ends."""
    recovery.reset_password(data["code"], data["password"])


# ---- oneself -------------------------------------------------------------------------------------------------


@bp.endpoint("GET", "/me", gives=MeOut)
def get_me() -> MeRow:
    """Read one's own profile and settings."""
    return queries.get_me(actor())


@bp.endpoint("PATCH", "/me", takes=MeInput, gives=MeOut, versioned=True, limit="settings")
def edit_me(data: dict[str, Any]) -> MeRow:
    """Change one's own profile or settings."""
    settings = data.pop("settings", {})
    operations.edit_profile(actor(), expected_version=expected_version(), **data, **settings)
    return queries.get_me(actor())


@bp.endpoint("POST", "/me/password", takes=PasswordInput, gives=None, status=204, keyless=True, limit="sign_in")
def change_password(data: dict[str, Any]) -> None:
    """Change the password; every token of the person ends, also this one."""
    credentials.change_password(actor(), **data)


@bp.endpoint("POST", "/me/email", takes=EmailInput, gives=None, status=204, keyless=True, limit="sign_in")
def change_email(data: dict[str, Any]) -> None:
    """Have a code mailed to an address; with that it becomes one's own."""
    recovery.change_address(actor(), email=data["email"], current_password=data["password"])


@bp.endpoint("POST", "/me/email/confirm", takes=CodeInput, gives=MeOut, keyless=True, limit="sign_in")
def confirm_email(data: dict[str, Any]) -> MeRow:
    """Make an address one's own with the code that was mailed there."""
    operations.confirm_address(data["code"], user_id=actor().id)
    return queries.get_me(actor())


@bp.endpoint("POST", "/me/email/remove", takes=RemoveEmailInput, gives=None, status=204, keyless=True, limit="sign_in")
def remove_email(data: dict[str, Any]) -> None:
    """Have no address any more."""
    recovery.remove_address(actor(), current_password=data["password"])


@bp.endpoint("GET", "/me/sessions", gives=SessionOut, paged=True)
def list_sessions(query: dict[str, Any]) -> Page[SessionRow]:
    """List where one is signed in."""
    return presence.list_sessions(actor(), **query)


@bp.endpoint("DELETE", "/me/sessions/<id:session_id>", gives=None, status=204, limit="settings")
def revoke_session(session_id: int) -> None:
    """End one of one's own sign-ins."""
    operations.revoke_session(actor(), session_id)


@bp.endpoint("GET", "/me/blocks", gives=BlockedOut, paged=True)
def list_blocked(query: dict[str, Any]) -> Page[BlockedRow]:
    """List whom one has blocked."""
    return blocking.blocked_people(actor(), **query)


@bp.endpoint("POST", "/me/consents", gives=None, status=204, limit="settings")
def agree() -> None:
    """Agree to the rules and the privacy policy as they read now."""
    operations.agree(actor())


@bp.endpoint("POST", "/me/export", gives=TakeoutOut, status=202, limit="settings")
def ask_takeout() -> TakeoutRow:
    """Ask for a copy of everything one has here; once a day."""
    return copies.get_takeout(operations.ask_takeout(actor()))


@bp.endpoint("GET", "/me/export", gives=TakeoutOut, errors=[404])
def get_takeout() -> TakeoutRow:
    """Read how the newest copy stands, and where it can be fetched."""
    row = copies.newest_takeout(actor())
    if row is None:
        raise NotFound
    return row


@bp.endpoint("POST", "/me/deletion", takes=DeletionInput, gives=DeletionOut, keyless=True, limit="sign_in")
def delete_account(data: dict[str, Any]) -> DeletionRow:
    """Have one's account deleted in seven days."""
    recovery.delete_account(
        actor(), current_password=data["password"], keep_content=data["keep_content"],
        forfeit_points=data["forfeit_points"],
    )  # fmt: skip
    row = leaving.deletion_of(actor())
    if row is None:  # taken back at this very moment
        raise Conflict
    return row


@bp.endpoint("DELETE", "/me/deletion", gives=None, status=204, limit="settings")
def cancel_deletion() -> None:
    """Keep one's account after all."""
    operations.cancel_deletion(actor())


# ---- other people --------------------------------------------------------------------------------------------


@bp.endpoint("GET", "/users/<id:user_id>", gives=PersonOut, signed_in=False)
def get_user(user_id: int) -> UserRow:
    """Read a person's public profile."""
    return queries.get_user(actor(), user_id)


@bp.endpoint("PUT", "/users/<id:user_id>/block", gives=BlockOut, limit="react")
def block(user_id: int) -> dict[str, bool]:
    """Meet somebody no longer: neither sees, answers or hears of what the other writes."""
    operations.block_user(actor(), user_id)
    return {"blocked": True}


@bp.endpoint("DELETE", "/users/<id:user_id>/block", gives=BlockOut, limit="react")
def unblock(user_id: int) -> dict[str, bool]:
    """Meet somebody again."""
    operations.unblock_user(actor(), user_id)
    return {"blocked": False}
