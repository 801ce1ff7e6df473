"""Every write of accounts, one file per family of verbs."""

from __future__ import annotations

from circle.accounts.operations.blocks import MAX_BLOCKS, block_user, unblock_user
from circle.accounts.operations.consents import agree
from circle.accounts.operations.deletion import (
    DELETION_DELAY,
    ask_deletion,
    cancel_deletion,
    check_forfeits,
    check_owns_nothing,
    close_account,
    finish_erasure,
    order_deletion,
)
from circle.accounts.operations.email import (
    Letter,
    ask_address,
    ask_reset,
    confirm_address,
    drop_pending_address,
    invalid_code,
    make_code,
    not_sent,
    remove_address,
)
from circle.accounts.operations.passwords import (
    Proof,
    count_attempt,
    create_user,
    forget_attempts,
    note_forgotten,
    open_proven_api_session,
    open_proven_browser_session,
    reset_password,
    set_password,
    wrong_password,
)
from circle.accounts.operations.profile import edit_profile, set_avatar
from circle.accounts.operations.renaming import NAME_KEPT, change_username
from circle.accounts.operations.sessions import (
    open_api_session,
    open_browser_session,
    refresh_session,
    revoke_session,
    sign_out,
    sign_out_everywhere,
    touch_session,
)
from circle.accounts.operations.takeouts import ask_takeout, finish_takeout, forget_takeouts
from circle.accounts.operations.upkeep import forget_sessions

__all__ = [
    "DELETION_DELAY",
    "MAX_BLOCKS",
    "NAME_KEPT",
    "Letter",
    "Proof",
    "agree",
    "ask_address",
    "ask_deletion",
    "ask_reset",
    "ask_takeout",
    "block_user",
    "cancel_deletion",
    "change_username",
    "check_forfeits",
    "check_owns_nothing",
    "close_account",
    "confirm_address",
    "count_attempt",
    "create_user",
    "drop_pending_address",
    "edit_profile",
    "finish_erasure",
    "finish_takeout",
    "forget_attempts",
    "forget_sessions",
    "forget_takeouts",
    "invalid_code",
    "make_code",
    "not_sent",
    "note_forgotten",
    "open_api_session",
    "open_browser_session",
    "open_proven_api_session",
    "open_proven_browser_session",
    "order_deletion",
    "refresh_session",
    "remove_address",
    "reset_password",
    "revoke_session",
    "set_avatar",
    "set_password",
    "sign_out",
    "sign_out_everywhere",
    "touch_session",
    "unblock_user",
    "wrong_password",
]
