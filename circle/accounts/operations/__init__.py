"""Every write of accounts, one file per family of verbs."""

from __future__ import annotations

from circle.accounts.operations.passwords import (
    Proof,
    count_attempt,
    create_user,
    open_proven_api_session,
    open_proven_browser_session,
    set_password,
    wrong_password,
)
from circle.accounts.operations.profile import edit_profile, set_avatar
from circle.accounts.operations.sessions import (
    open_api_session,
    open_browser_session,
    refresh_session,
    revoke_session,
    sign_out,
    sign_out_everywhere,
    touch_session,
)
from circle.accounts.operations.upkeep import forget_sessions

__all__ = [
    "Proof",
    "count_attempt",
    "create_user",
    "edit_profile",
    "forget_sessions",
    "open_api_session",
    "open_browser_session",
    "open_proven_api_session",
    "open_proven_browser_session",
    "refresh_session",
    "revoke_session",
    "set_avatar",
    "set_password",
    "sign_out",
    "sign_out_everywhere",
    "touch_session",
    "wrong_password",
]
