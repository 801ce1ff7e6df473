"""The kinds of notices of campaigns. Beside what `kinds.py` describes, `data` holds as it is told:

- campaign_id, title: which campaign, and what it was called then
- idx, cadence: which period, and of what length; told as %(period)s, "day 3" or "week 3"
- until: when the window closes, ISO; its hour is told as %(time)s
- points, growth: what somebody got; `role` says which of them there are
- rank: the place on the board
- team: the name of a team
"""

from __future__ import annotations

from collections.abc import Mapping

from circle.core.i18n import lazy
from circle.notifications.kind import Kind

_CAMPAIGN = "/{slug}/campaigns/{campaign_id}"
_TEAMS = _CAMPAIGN + "/teams"
_POST = "/{slug}/posts/{post_id}"
_TITLE = frozenset({"title"})
_PERIOD = _TITLE | {"idx"}
_TEAM = _TITLE | {"team"}

CAMPAIGN_KINDS: Mapping[str, Kind] = {
    "campaign.published": Kind(
        "checkins", "calendar-plus", lazy("“%(title)s” begins on %(day)s. Will you take part?"), _CAMPAIGN,
        needs=_TITLE | {"day"},
        by_role={"running": lazy("“%(title)s” has begun, and you can still take part")},
    ),
    "campaign.completed": Kind(
        "checkins", "award", lazy("You completed “%(title)s”"), _CAMPAIGN, "gold", needs=_TITLE,
        by_role={
            "points": lazy("You completed “%(title)s” and got %(points)s points"),
            "growth": lazy("You completed “%(title)s” and got %(growth)s growth"),
            "both": lazy("You completed “%(title)s” and got %(points)s points and %(growth)s growth"),
        },
    ),
    "campaign.completion_lost": Kind(
        "checkins", "info", lazy("A check-in of “%(title)s” no longer counts, so you have not completed it any more"),
        _CAMPAIGN, needs=_TITLE,
        by_role={
            "reward": lazy(
                "A check-in of “%(title)s” no longer counts, so you have not completed it any more, and what that "
                "gave was taken back"
            ),
            "unexcused": lazy(
                "What had been excused in “%(title)s” counts again, so you have not completed it any more"
            ),
            "unexcused_reward": lazy(
                "What had been excused in “%(title)s” counts again, so you have not completed it any more, and "
                "what that gave was taken back"
            ),
        },
    ),
    "campaign.settled": Kind(
        "checkins", "trophy", lazy("“%(title)s” is over. See how it went"), _CAMPAIGN, needs=_TITLE,
        by_role={
            "completed": lazy("“%(title)s” is over, and you completed it"),
            "completed_rank": lazy("“%(title)s” is over: you completed it, and are number %(rank)s of the board"),
            "failed_rank": lazy("“%(title)s” is over: you are number %(rank)s of the board. See you next time"),
        },
    ),
    "campaign.cancelled": Kind(
        "checkins", "calendar-check", lazy("“%(title)s” was called off. What your check-ins earned stays yours"),
        _CAMPAIGN, needs=_TITLE,
        by_role={
            "none": lazy("“%(title)s” was called off. You had done your share of it"),
            "points": lazy("“%(title)s” was called off. You had done your share, so %(points)s points are yours"),
            "growth": lazy("“%(title)s” was called off. You had done your share, so %(growth)s growth is yours"),
            "both": lazy(
                "“%(title)s” was called off. You had done your share, so %(points)s points and %(growth)s growth are "
                "yours"
            ),
        },
    ),
    "campaign.excused": Kind(
        "checkins", "shield-check",
        lazy("“%(title)s”: %(period)s is held against nobody, because the service failed. Streaks go on"),
        _CAMPAIGN, "ok", needs=_PERIOD,
    ),
    "campaign.unexcused": Kind(
        "checkins", "info",
        lazy("“%(title)s”: %(period)s is not excused any more. It counts like every other again"),
        _CAMPAIGN, needs=_PERIOD,
    ),
    "campaign.disqualified": Kind(
        "moderation", "ban", lazy("You were taken out of “%(title)s”"), _CAMPAIGN, needs=_TITLE
    ),
    "campaign.reinstated": Kind(
        "moderation", "rotate-ccw", lazy("You take part in “%(title)s” again, with all the days you had"), _CAMPAIGN,
        "ok", needs=_TITLE,
    ),
    "team.renamed": Kind(
        "moderation", "pencil-line", lazy("Your team in “%(title)s” is called “%(team)s” now"), _TEAMS, needs=_TEAM
    ),
    "team.dissolved": Kind(
        "moderation", "users-round",
        lazy("Your team “%(team)s” in “%(title)s” was dissolved. You still take part, and can join another one"),
        _TEAMS, needs=_TEAM,
    ),
    "team.rewarded": Kind(
        "checkins", "users-round", lazy("Your team “%(team)s” completed “%(title)s”"), _CAMPAIGN, "gold", needs=_TEAM,
        by_role={
            "points": lazy("Your team “%(team)s” completed “%(title)s”, and you got %(points)s points for it"),
            "growth": lazy("Your team “%(team)s” completed “%(title)s”, and you got %(growth)s growth for it"),
            "both": lazy(
                "Your team “%(team)s” completed “%(title)s”, and you got %(points)s points and %(growth)s growth for it"
            ),
        },
    ),
    "checkin.approved": Kind(
        "checkins", "circle-check", lazy("Your check-in for %(period)s of “%(title)s” was approved"), _POST, "ok",
        needs=_PERIOD,
        by_role={
            "points": lazy("Your check-in for %(period)s of “%(title)s” was approved and earned you %(points)s points")
        },
    ),
    "checkin.rejected": Kind(
        "moderation", "circle-x", lazy("Your check-in for %(period)s of “%(title)s” was not accepted"), _CAMPAIGN,
        needs=_PERIOD,
        by_role={
            "again": lazy(
                "Your check-in for %(period)s of “%(title)s” was not accepted. You can check in again until %(until)s"
            ),
            "makeup": lazy(
                "Your check-in for %(period)s of “%(title)s” was not accepted. You can still make it up with a card"
            ),
        },
    ),
    "checkin.given": Kind(
        "checkins", "gift", lazy("You were given %(period)s of “%(title)s”: it counts as checked in"), _CAMPAIGN, "ok",
        needs=_PERIOD,
    ),
    "checkin.taken_back": Kind(
        "moderation", "info", lazy("You had been given %(period)s of “%(title)s”. That was taken back"), _CAMPAIGN,
        needs=_PERIOD,
    ),
    "checkin.reminder": Kind(
        "reminders", "clock", lazy("You have not checked in to “%(title)s” yet. The window closes at %(time)s"),
        _CAMPAIGN, needs=_PERIOD | {"until"},
    ),
    "checkin.waiting": Kind(
        "circle", "hourglass", lazy("Check-ins of “%(title)s” wait for your review"),
        "/{slug}/manage/campaigns/{campaign_id}/review", needs=_TITLE,
    ),
}  # fmt: skip
