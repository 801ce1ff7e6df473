"""Every write of notices, one file per family of verbs."""

from __future__ import annotations

from circle.notifications.operations.erasing import (
    forget_notices,
    rename_team_in_notices,
    requote,
    requote_campaign,
)
from circle.notifications.operations.followers import tell_followers
from circle.notifications.operations.likes import tell_like, untell_like
from circle.notifications.operations.mailing import MAIL_DELAY, put_back, take_waiting
from circle.notifications.operations.reading import KEEP_READ, forget_read, mark_read
from circle.notifications.operations.settings import Choice, choose_settings, stop_mail
from circle.notifications.operations.telling import notify, notify_all_who_may, notify_each, tell_mention
from circle.notifications.operations.withdrawing import (
    withdraw,
    withdraw_answer,
    withdraw_between,
    withdraw_campaign,
    withdraw_comment,
    withdraw_from_decider,
    withdraw_post,
)

__all__ = [
    "KEEP_READ",
    "MAIL_DELAY",
    "Choice",
    "choose_settings",
    "forget_notices",
    "forget_read",
    "mark_read",
    "notify",
    "notify_all_who_may",
    "notify_each",
    "put_back",
    "rename_team_in_notices",
    "requote",
    "requote_campaign",
    "stop_mail",
    "take_waiting",
    "tell_followers",
    "tell_like",
    "tell_mention",
    "untell_like",
    "withdraw",
    "withdraw_answer",
    "withdraw_between",
    "withdraw_campaign",
    "withdraw_comment",
    "withdraw_from_decider",
    "withdraw_post",
]
