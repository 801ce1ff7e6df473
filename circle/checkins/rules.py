"""What campaigns and check-ins must be like. Raises; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from circle.checkins import days
from circle.checkins.days import Period
from circle.core import clock
from circle.core.errors import Conflict, Forbidden, Invalid, Refused
from circle.core.i18n import lazy

MAX_TITLE = 40
MAX_INTRO = 5_000
MAX_PROMPT = 200
#: how long after the last period what is undecided is decided
SETTLE_AFTER = timedelta(hours=48)
#: how long before a period closes those who have not checked in are reminded
REMIND_BEFORE = timedelta(hours=2)
#: who has not checked in for so long is left in peace
REMIND_ACTIVE = timedelta(days=7)
#: members of a team, once the campaign has begun
MIN_TEAM, MAX_TEAM = 2, 10
#: a team did a period when so many of its members did, in tenths
TEAM_TENTHS = 8
MAX_CARDS = 10


# ---- publishing ------------------------------------------------------------------------------------------------------


def check_periods(periods: Sequence[Period]) -> None:
    """There are periods, each of some length, and the last is not over. Raises Refused PERIODS_EMPTY, Invalid."""
    if not periods:
        raise Refused("PERIODS_EMPTY", lazy("There is no day to check in on."), field="end_date")
    if len(periods) > days.MAX_PERIODS:
        sentence = lazy("A campaign lasts a year at most.")
        raise Invalid(errors={"end_date": [sentence]})
    for period in periods:
        if period.closes_at <= period.opens_at:
            sentence = lazy("The clocks change on %(day)s, and leave nothing of this window. Choose other hours.",
                            day=period.day.isoformat())  # fmt: skip
            raise Refused("PERIODS_EMPTY", sentence, field="win_start_min")
    if periods[-1].closes_at <= clock.now():
        sentence = lazy("These days are over already.")
        raise Invalid(errors={"end_date": [sentence]})


def check_need(need_type: str, need_n: int, total: int) -> None:
    """What is asked for can be done. Raises Refused NEED_UNREACHABLE."""
    if need_type != "all" and not 1 <= need_n <= total:
        sentence = lazy("There are %(total)s check-ins to be had, so nobody can do %(wanted)s.",
                        total=total, wanted=need_n)  # fmt: skip
        raise Refused("NEED_UNREACHABLE", sentence, field="need_n")


def check_campaign_status(status: str, allowed: Sequence[str]) -> None:
    """The step starts from one of `allowed`. Raises Conflict with what the campaign is instead."""
    if status not in allowed:
        raise Conflict(_IS[status])


_IS = {
    "draft": lazy("This campaign is still a draft. Publish it first."),
    "published": lazy("This campaign is published already."),
    "settling": lazy("This campaign is over, and is being settled."),
    "closed": lazy("This campaign is settled."),
    "cancelled": lazy("This campaign was cancelled."),
}


# ---- joining ---------------------------------------------------------------------------------------------------------


def check_joinable(status: str, closes_at: datetime | None, last_day: date | None, today: date) -> None:
    """The campaign takes people. Raises Refused NOT_OPEN, LATE_JOIN_CLOSED; `last_day` None: it is too late already."""
    if status != "published" or closes_at is None or closes_at <= clock.now():
        raise Refused("NOT_OPEN", lazy("This campaign does not take anybody at present."))
    if last_day is None or today > last_day:
        raise Refused("LATE_JOIN_CLOSED", lazy("It is too late to join: there would not be enough days left."))


def check_level(level: int, least: int, name: str) -> None:
    """Raises Refused LEVEL_TOO_LOW; `name` is that of the level that is asked for."""
    if level < least:
        sentence = lazy("This campaign is for members from the level %(name)s on.", name=name)
        raise Refused("LEVEL_TOO_LOW", sentence)


# ---- checking in -----------------------------------------------------------------------------------------------------


def not_enrolled() -> Refused:
    """The refusal of somebody who does not take part."""
    return Refused("NOT_ENROLLED", lazy("Please join the campaign first."))


def check_takes_part(status: str | None) -> None:
    """Raises Refused NOT_ENROLLED, Forbidden DISQUALIFIED; `status` None: never joined."""
    if status == "disqualified":
        raise Forbidden(lazy("You were taken out of this campaign."), code="DISQUALIFIED")
    if status is None or status == "withdrawn":
        raise not_enrolled()


def window_closed(opens_next: datetime | None) -> Refused:
    """The refusal outside of any period."""
    if opens_next is None:
        return Refused("WINDOW_CLOSED", lazy("This campaign takes no more check-ins."))
    return Refused("WINDOW_CLOSED", lazy("It is not open right now. Please come back when the next window opens."))


def already_checked_in() -> Conflict:
    """The refusal of a second check-in in one period."""
    return Conflict(lazy("You have checked in already."), code="ALREADY_CHECKED_IN")


def check_checkin_content(body: str, kinds: Sequence[str], *, min_len: int, min_images: int, audio: bool) -> None:
    """A check-in has what the campaign asks for. Raises Refused CONTENT_RULE with everything that is missing."""
    length, images = len(body.strip()), kinds.count("image")
    if length < min_len:
        sentence = lazy("Please write %(least)s characters or more: %(more)s to go.",
                        least=min_len, more=min_len - length)  # fmt: skip
        raise Refused("CONTENT_RULE", sentence, field="body")
    if images < min_images:
        sentence = lazy("Please add %(least)s pictures or more: %(more)s to go.",
                        least=min_images, more=min_images - images)  # fmt: skip
        raise Refused("CONTENT_RULE", sentence, field="media_ids")
    if audio and "audio" not in kinds:
        raise Refused("CONTENT_RULE", lazy("Please add a voice note."), field="media_ids")


def check_not_settled(settled_at: datetime | None) -> None:
    """Nothing changes after the settlement. Raises Conflict CAMPAIGN_SETTLED."""
    if settled_at is not None:
        raise Conflict(lazy("This campaign is settled, so nothing about it changes any more."), code="CAMPAIGN_SETTLED")


def check_may_withdraw(status: str) -> None:
    """Whoever has completed a campaign has nothing to leave. Raises Conflict ALREADY_COMPLETED."""
    if status == "completed":
        raise Conflict(lazy("You have completed this campaign already."), code="ALREADY_COMPLETED")


# ---- reviewing -------------------------------------------------------------------------------------------------------


def check_not_own_record(*, own: bool) -> None:
    """Nobody reviews their own check-in. Raises Forbidden SELF_REVIEW."""
    if own:
        raise Forbidden(lazy("Somebody else has to look at your own check-in."), code="SELF_REVIEW")


def check_record_status(status: str, allowed: Sequence[str]) -> None:
    """The step starts from one of `allowed`. Raises Conflict with what the check-in is instead."""
    if status not in allowed:
        raise Conflict(_RECORD_IS[status])


_RECORD_IS = {
    "pending": lazy("This check-in waits for a reviewer."),
    "approved": lazy("This check-in was approved already."),
    "rejected": lazy("This check-in was rejected already."),
    "void": lazy("The post of this check-in is gone, so it does not count."),
}


# ---- planning --------------------------------------------------------------------------------------------------------


def check_plan(
    *,
    start: date,
    end: date,
    win_start_min: int,
    win_end_min: int,
    min_images: int,
    audio: bool,
    late_join_until: date | None,
) -> None:
    """What holds for a draft already. Raises Invalid with every field that is wrong."""
    errors = {}
    if end < start:
        errors["end_date"] = [lazy("It ends before it begins.")]
    elif (end - start).days >= days.MAX_PERIODS:
        errors["end_date"] = [lazy("A campaign lasts a year at most.")]
    if not (0 <= win_start_min < days.DAY and win_start_min < win_end_min <= win_start_min + days.DAY):
        errors["win_end_min"] = [lazy("The window ends after it begins, within a day.")]
    if min_images and audio:
        errors["audio"] = [lazy("A post has pictures or a voice note, not both.")]
    if late_join_until is not None and late_join_until > end:
        errors["late_join_until"] = [lazy("This is after the end.")]
    if errors:
        raise Invalid(errors=errors)
