"""What campaigns and check-ins must be like. Raises; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from circle.checkins import days
from circle.checkins.days import Period
from circle.core import clock
from circle.core.errors import Conflict, Forbidden, Invalid, Refused
from circle.core.i18n import LazyString, lazy, lazy_day
from circle.core.markup import clean_line

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
MAX_TEAM_NAME = 20
#: a team did a period when so many of its members did, in tenths
TEAM_TENTHS = 8
MAX_CARDS = 10


def _by(cadence: str, daily: LazyString, weekly: LazyString) -> LazyString:
    """The sentence that fits a campaign of days, or of weeks."""
    return weekly if cadence == "weekly" else daily


# ---- publishing ------------------------------------------------------------------------------------------------------


def check_periods(periods: Sequence[Period], cadence: str) -> None:
    """There are periods, each of some length, and the last is not over. Raises Refused PERIODS_EMPTY, Invalid."""
    if not periods:
        sentence = _by(cadence, lazy("There is no day to check in on."), lazy("There is no week to check in on."))
        raise Refused("PERIODS_EMPTY", sentence, field="end_date")
    if len(periods) > days.MAX_PERIODS:
        sentence = lazy("A campaign lasts a year at most.")
        raise Invalid(errors={"end_date": [sentence]})
    for period in periods:
        if period.closes_at <= period.opens_at:
            sentence = lazy("The clocks change on %(day)s, and leave nothing of this window. Choose other hours.",
                            day=lazy_day(period.day, year=clock.now().year))  # fmt: skip
            raise Refused("PERIODS_EMPTY", sentence, field="win_start_min")
    if periods[-1].closes_at <= clock.now():
        sentence = _by(cadence, lazy("These days are over already."), lazy("These weeks are over already."))
        raise Invalid(errors={"end_date": [sentence]})
    if periods[0].closes_at <= clock.now():
        sentence = _by(
            cadence,
            lazy("The first day is over already, and nobody could check in on it. Begin later."),
            lazy("The first week is over already, and nobody could check in for it. Begin later."),
        )
        raise Invalid(errors={"start_date": [sentence]})


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


def check_joinable(status: str, closes_at: datetime | None, until: datetime | None, cadence: str) -> None:
    """The campaign takes people. Raises Refused NOT_OPEN, LATE_JOIN_CLOSED; `until` is the moment from which on it is
    too late (None: from the beginning)."""
    if status != "published" or closes_at is None or closes_at <= clock.now():
        raise Refused("NOT_OPEN", lazy("This campaign does not take anybody at present."))
    if until is None or until <= clock.now():
        sentence = _by(
            cadence,
            lazy("It is too late to join: there would not be enough days left."),
            lazy("It is too late to join: there would not be enough weeks left."),
        )
        raise Refused("LATE_JOIN_CLOSED", sentence)


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


def other_period(cadence: str) -> Refused:
    """The refusal of a check-in that was begun for a period which closed, while the next is open already."""
    sentence = _by(
        cadence,
        lazy("The day you were writing for is over, and the next one has begun."),
        lazy("The week you were writing for is over, and the next one has begun."),
    )
    return Refused("WINDOW_CLOSED", sentence)


def already_checked_in() -> Conflict:
    """The refusal of a second check-in in one period."""
    return Conflict(lazy("You have checked in already."), code="ALREADY_CHECKED_IN")


def check_checkin_content(body: str, kinds: Sequence[str], *, min_len: int, min_images: int, audio: bool) -> None:
    """A check-in has what the campaign asks for. Raises Refused CONTENT_RULE with everything that is missing."""
    length, images = len(body.strip()), kinds.count("image")
    missing: dict[str, list[Any]] = {}
    if length < min_len:
        sentence = lazy("Please write %(least)s characters or more: %(more)s to go.",
                        least=min_len, more=min_len - length)  # fmt: skip
        missing["body"] = [sentence]
    if images < min_images:
        sentence = lazy("Please add %(least)s pictures or more: %(more)s to go.",
                        least=min_images, more=min_images - images)  # fmt: skip
        missing["media_ids"] = [sentence]
    if audio and "audio" not in kinds:
        missing["media_ids"] = [*missing.get("media_ids", ()), lazy("Please add a voice note.")]
    if missing:
        refusal = Refused("CONTENT_RULE", next(iter(missing.values()))[0])
        refusal.errors = missing
        raise refusal


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


# ---- making up -------------------------------------------------------------------------------------------------------


def check_missed(cadence: str, *, begun: bool, over: bool, excused: bool, done: bool) -> None:
    """There is something to make up. Raises Refused NOT_MISSED, which says what is the matter instead."""
    if done:
        raise _not_missed(done_already(cadence))
    if not begun:
        raise _not_missed(_by(cadence, lazy("This day is still to come."), lazy("This week is still to come.")))
    if not over:
        open_day = lazy("This day is still open, so you can simply check in.")
        raise _not_missed(_by(cadence, open_day, lazy("This week is still open, so you can simply check in.")))
    if excused:
        day = lazy("The service had failed on this day, so it counts as missed for nobody.")
        week = lazy("The service had failed in this week, so it counts as missed for nobody.")
        raise _not_missed(_by(cadence, day, week))


def done_already(cadence: str) -> LazyString:
    """Said to somebody who wants to make up what they have."""
    day = lazy("You have checked in for this day already.")
    return _by(cadence, day, lazy("You have checked in for this week already."))


def not_to_make_up(cadence: str) -> LazyString:
    """Said of what nobody can make up, whyever that is."""
    return _by(cadence, lazy("This day cannot be made up."), lazy("This week cannot be made up."))


def no_such_period(cadence: str) -> Refused:
    """The refusal of a number that no period of the campaign has."""
    day, week = lazy("This campaign has no such day."), lazy("This campaign has no such week.")
    return _not_missed(_by(cadence, day, week))


def _not_missed(sentence: Any) -> Refused:
    return Refused("NOT_MISSED", sentence, field="idx")


def check_lookback(idx: int, closed: int, lookback: int, cadence: str) -> None:
    """The period is among the last `lookback` of those that are over. Raises Refused LOOKBACK_EXCEEDED."""
    if lookback == 0:
        raise Refused("LOOKBACK_EXCEEDED", lazy("Nothing can be made up in this campaign."), field="idx")
    if idx <= closed - lookback:
        day = lazy("This day is too long ago: only the last %(num)s can be made up.", num=lookback)
        week = lazy("This week is too long ago: only the last %(num)s can be made up.", num=lookback)
        sentence = _by(cadence, day, week)
        raise Refused("LOOKBACK_EXCEEDED", sentence, field="idx")


def no_card() -> Refused:
    """The refusal of a make-up without a card."""
    return Refused("NO_CARD", lazy("You have no make-up card left."))


def check_card_for_sale(price: int, limit: int, held: int) -> None:
    """One more card may be bought; `held` are all that somebody ever had here, whoever they came from. Raises Refused
    CARD_NOT_FOR_SALE, CARD_LIMIT."""
    if price == 0:
        raise Refused("CARD_NOT_FOR_SALE", lazy("Make-up cards are not for sale in this campaign."))
    if held >= limit:
        sentence = lazy("You have had as many make-up cards as this campaign allows: %(num)s.", num=limit)
        raise Refused("CARD_LIMIT", sentence)


def check_price(price: int, agreed: int | None) -> None:
    """What is taken is what somebody agreed to. Raises Conflict PRICE_CHANGED."""
    if agreed is not None and agreed != price:
        sentence = lazy("A make-up card costs %(num)s points now. Press again if that is all right.", num=price)
        raise Conflict(sentence, code="PRICE_CHANGED")


# ---- teams -----------------------------------------------------------------------------------------------------------


def check_has_teams(*, teams: bool) -> None:
    """Raises Refused NO_TEAMS."""
    if not teams:
        raise Refused("NO_TEAMS", lazy("There are no teams in this campaign."))


def check_teams_open(status: str, opens_at: datetime | None) -> None:
    """Teams may still be formed. Raises Refused NOT_OPEN, TEAMS_FIXED."""
    if status != "published" or opens_at is None:
        raise Refused("NOT_OPEN", lazy("This campaign does not take anybody at present."))
    if opens_at <= clock.now():
        raise teams_fixed()


def teams_fixed() -> Refused:
    """The refusal of a change to a team whose size counts already."""
    return Refused("TEAMS_FIXED", lazy("The campaign has begun, and teams stay as they were when it did."))


def check_team_room(members: int) -> None:
    """Raises Refused TEAM_FULL."""
    if members >= MAX_TEAM:
        sentence = lazy("This team is full: a team has %(most)s members at most.", most=MAX_TEAM)
        raise Refused("TEAM_FULL", sentence)


def check_no_team(*, in_team: bool) -> None:
    """Somebody is in one team at most. Raises Conflict ALREADY_IN_TEAM."""
    if in_team:
        raise Conflict(lazy("You are in a team already. Leave it first."), code="ALREADY_IN_TEAM")


def team_name_taken() -> Conflict:
    """The refusal of a name that another team of the campaign has."""
    sentence = lazy("Another team has this name already. Please think of another.")
    return Conflict(sentence, code="TEAM_NAME_TAKEN", errors={"name": [sentence]})


def check_team_name(name: str) -> str:
    """A name of a team, cleaned. Raises Invalid."""
    cleaned = clean_line(name)
    if not 1 <= len(cleaned) <= MAX_TEAM_NAME:
        sentence = lazy("Between %(least)s and %(most)s characters, please.", least=1, most=MAX_TEAM_NAME)
        raise Invalid(errors={"name": [sentence]})
    return cleaned


# ---- by hand ---------------------------------------------------------------------------------------------------------


def check_opened(opens_at: datetime, cadence: str) -> None:
    """Only what has begun can be excused or given. Raises Refused PERIOD_NOT_OPENED."""
    if opens_at > clock.now():
        sentence = _by(cadence, lazy("This day has not begun yet."), lazy("This week has not begun yet."))
        raise Refused("PERIOD_NOT_OPENED", sentence, field="idx")


def already_done(cadence: str) -> Conflict:
    """The refusal to give somebody a period that they have."""
    day, week = lazy("They have checked in on this day already."), lazy("They have checked in for this week already.")
    return Conflict(_by(cadence, day, week), code="ALREADY_CHECKED_IN")


def not_given(cadence: str) -> Conflict:
    """The refusal to take back a period that nobody gave."""
    day = lazy("They were not given this day, so it cannot be taken back.")
    week = lazy("They were not given this week, so it cannot be taken back.")
    return Conflict(_by(cadence, day, week), code="NOT_GIVEN")


def check_not_withdrawn(status: str) -> None:
    """Raises Conflict NOT_ENROLLED for somebody who left by themselves."""
    if status == "withdrawn":
        raise Conflict(lazy("They do not take part any more."), code="NOT_ENROLLED")


def check_given_to(status: str) -> None:
    """A period is given only to those who take part. Raises Conflict NOT_ENROLLED, DISQUALIFIED."""
    check_not_withdrawn(status)
    if status == "disqualified":
        raise Conflict(lazy("They were taken out of this campaign."), code="DISQUALIFIED")
