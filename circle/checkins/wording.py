"""What a campaign asks for, gives and allows, in sentences. Pure functions over a CampaignRow (or anything with the
same names), for pages in the language of the request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_timezone_name
from flask_babel import get_locale

from circle.checkins import days
from circle.checkins.queries.rows import DayRow
from circle.core import clock
from circle.core.i18n import _, ngettext

#: days in a row of the strip
ROW = 7
#: rows that a strip shows at once; of a longer one, those around today
ROWS = 5


def _locale() -> str:
    return str(get_locale() or "zh_Hans_CN")


@lru_cache(maxsize=4096)
def _written(day: date, skeleton: str, locale: str) -> str:
    return str(format_skeleton(skeleton, datetime.combine(day, time()), locale=locale))


@lru_cache(maxsize=4096)
def _named(day: date, pattern: str, locale: str) -> str:
    return str(format_date(day, pattern, locale=locale))


def day_text(day: date) -> str:
    """11月19日, Nov 19."""
    return _written(day, "MMMd", _locale())


def weekday_text(day: date) -> str:
    """周一, Mon."""
    return _named(day, "ccc", _locale())


def month_text(day: date) -> str:
    """11月, Nov."""
    return _named(day, "LLL", _locale())


def weekdays() -> list[str]:
    """From Monday to Sunday."""
    return [_named(date(2026, 11, 16 + number), "ccccc", _locale()) for number in range(7)]


def clock_text(minutes: int) -> str:
    """A time of day from minutes after midnight; midnight at the end of the day is 24:00."""
    minutes = minutes if minutes <= days.DAY else minutes - days.DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def hour_text(moment: datetime, tz: str, *, end: bool = False) -> str:
    """What clocks in `tz` show then; at the `end` of something midnight is 24:00."""
    here = f"{moment.astimezone(ZoneInfo(tz)):%H:%M}"
    return "24:00" if end and here == "00:00" else here


def span_text(campaign: Any) -> str:
    """From the first day to the last: 11月16日 – 11月22日."""
    return f"{day_text(campaign.start_date)} – {day_text(campaign.end_date)}"


def moment_text(campaign: Any, moment: datetime) -> str:
    """A day and time of day in the campaign's own time: 11月24日 00:00."""
    here = moment.astimezone(ZoneInfo(campaign.tz))
    return f"{day_text(here.date())} {here:%H:%M}"


def end_text(campaign: Any, moment: datetime) -> str:
    """The same of an end: that of midnight belongs to the day that ends: 11月23日 24:00."""
    here = moment.astimezone(ZoneInfo(campaign.tz))
    last = here.date() - timedelta(days=1) if here.time() == time() else here.date()
    return f"{day_text(last)} {hour_text(moment, campaign.tz, end=True)}"


def joined(sentences: Sequence[str]) -> str:
    """Sentences one after the other; Chinese ones need no space between them."""
    return ("" if _locale().startswith("zh") else " ").join(sentences)


def now() -> datetime:
    """The server's moment, by which everything here goes."""
    return clock.now()


@lru_cache(maxsize=1024)
def _zone_name(tz: str, locale: str) -> str:
    return str(get_timezone_name(ZoneInfo(tz), width="long", locale=locale, zone_variant="generic"))


def zone_text(tz: str) -> str:
    """What people call a time zone: 中国时间."""
    return _zone_name(tz, _locale())


# ---- until when ------------------------------------------------------------------------------------------------------


def until_text(campaign: Any) -> str:
    """Until when the open period is open, in the campaign's own time: 今晚 24 点前都算今天."""
    period = campaign.current
    if period is None:
        return ""
    zone = ZoneInfo(campaign.tz)
    closes, today = period.closes_at.astimezone(zone), clock.now().astimezone(zone).date()
    at_midnight = closes.time() == time()
    last = closes.date() - timedelta(days=1) if at_midnight else closes.date()
    if campaign.cadence == "weekly" and last > today:
        return _("Until the end of %(day)s it counts for this week", day=weekday_text(last))
    if at_midnight:
        if last == today:
            if campaign.cadence == "weekly":
                return _("Until midnight tonight it counts for this week")
            return _("Until midnight tonight it counts for today")
        return _("Until the end of %(day)s", day=_long_day(last))
    if last == today:
        return _("Until %(time)s today", time=f"{closes:%H:%M}")
    if last == today + timedelta(days=1):
        return _("Until %(time)s tomorrow", time=f"{closes:%H:%M}")
    return _("Until %(time)s on %(day)s", time=f"{closes:%H:%M}", day=_long_day(last))


def opens_text(campaign: Any) -> str:
    """When the next period opens, in the campaign's own time: 明天 06:00 开始."""
    period = campaign.current
    if period is None:
        return ""
    zone = ZoneInfo(campaign.tz)
    opens, today = period.opens_at.astimezone(zone), clock.now().astimezone(zone).date()
    at = f"{opens:%H:%M}"
    if opens.date() == today:
        return _("Opens at %(time)s today", time=at)
    if opens.date() == today + timedelta(days=1):
        return _("Opens at %(time)s tomorrow", time=at)
    return _("Opens at %(time)s on %(day)s", time=at, day=_long_day(opens.date()))


def _long_day(day: date) -> str:
    return f"{day_text(day)} {weekday_text(day)}"


def status_text(campaign: Any) -> str:
    """How a campaign stands with the reader, in one line."""
    if campaign.stage in {"check_in", "done"}:
        return _of_today(campaign)
    done = count_text(campaign, campaign.me.done if campaign.me is not None else 0)
    told = {
        "pending": _("Checked in, and waits for a reviewer"),
        "waiting": opens_text(campaign),
        "muted": _("You are muted, so you cannot check in at present"),
        "completed": _("You completed it: %(done)s", done=done),
        "failed": _("You did %(done)s", done=done),
        "settling": _("You did %(done)s", done=done),
        "disqualified": _("You were taken out of this campaign."),
        "cancelled": _("Cancelled"),
        "draft": _("A draft, which only those who manage campaigns see"),
        "over": _("Over since %(day)s", day=day_text(campaign.end_date)),
    }
    return told.get(campaign.stage) or joined_text(campaign)


def _of_today(campaign: Any) -> str:
    me, weekly = campaign.me, campaign.cadence == "weekly"
    if campaign.stage == "done":
        if me.streak > 1:
            return _("Checked in, %(row)s in a row", row=count_text(campaign, me.streak))
        return _("Checked in for this week") if weekly else _("Checked in for today")
    if not me.streak:
        return until_text(campaign)
    row = count_text(campaign, me.streak + 1)
    if weekly:
        return _("Check in this week, and it is %(row)s in a row", row=row)
    return _("Check in today, and it is %(row)s in a row", row=row)


def slogan(campaign: Any) -> str:
    """What it is in one breath: 7 天，打满 5 天."""
    return _("%(total)s, %(need)s", total=count_text(campaign, total(campaign)), need=need_text(campaign))


def joined_text(campaign: Any) -> str:
    """How many take part, and when it begins if it has not."""
    number = campaign.enrolled_count
    told = str(ngettext("%(num)s person takes part", "%(num)s people take part", number))
    return f"{told} · {opens_text(campaign)}" if campaign.phase == "upcoming" else told


# ---- which period ----------------------------------------------------------------------------------------------------


def idx_text(campaign: Any, idx: int) -> str:
    """第 6 天, or 第 2 周."""
    return _("Week %(n)s", n=idx) if campaign.cadence == "weekly" else _("Day %(n)s", n=idx)


def count_text(campaign: Any, number: int) -> str:
    """6 天, or 2 周."""
    if campaign.cadence == "weekly":
        return str(ngettext("%(num)s week", "%(num)s weeks", number))
    return str(ngettext("%(num)s day", "%(num)s days", number))


def state_text(day: DayRow) -> str:
    """How a day stands, for those who do not see the colours."""
    return {
        "done": _("done"),
        "makeup": _("made up"),
        "given": _("given by hand"),
        "pending": _("waits for a reviewer"),
        "missed": _("missed"),
        "open": _("open now"),
        "future": _("to come"),
        "excused": _("counts against nobody"),
        "past": _("over"),
    }[day.state]


def weeks_of(campaign: Any, strip: Sequence[DayRow]) -> list[list[DayRow | None]]:
    """The days in rows of seven; several begin on Mondays, and None stands for what is not part of the campaign."""
    cells: list[DayRow | None] = list(strip)
    if strip and len(strip) > ROW and campaign.cadence == "daily":
        cells = [*([None] * strip[0].day.weekday()), *cells]
    if len(cells) > ROW:
        cells += [None] * (-len(cells) % ROW)
    return [cells[start : start + ROW] for start in range(0, len(cells), ROW)]


def rows_around(rows: Sequence[list[DayRow | None]], current: DayRow | None) -> tuple[int, int]:
    """Which rows of a long strip are shown at once: those up to the present one, and one more."""
    if len(rows) <= ROWS:
        return 0, len(rows)
    at = next(
        (
            number
            for number, row in enumerate(rows)
            if current is not None and any(d and d.idx == current.idx for d in row)
        ),
        len(rows) - 1,
    )
    first = max(0, min(at - ROWS + 2, len(rows) - ROWS))
    return first, first + ROWS


# ---- what it asks for and gives --------------------------------------------------------------------------------------


def total(campaign: Any) -> int:
    """How many periods it has; of a draft, will have."""
    if campaign.period_count or campaign.end_date < campaign.start_date:
        return int(campaign.period_count)
    return len(days.periods_of(campaign.cadence, campaign.start_date, campaign.end_date, campaign.tz))


def need_text(campaign: Any) -> str:
    """What completes it, in two words: 打满 5 天."""
    number, weekly = campaign.need_n, campaign.cadence == "weekly"
    if campaign.need_type == "all":
        return _("Every single week") if weekly else _("Every single day")
    if campaign.need_type == "streak":
        if weekly:
            return str(ngettext("%(num)s week in a row", "%(num)s weeks in a row", number))
        return str(ngettext("%(num)s day in a row", "%(num)s days in a row", number))
    if weekly:
        return str(ngettext("%(num)s week in all", "%(num)s weeks in all", number))
    return str(ngettext("%(num)s day in all", "%(num)s days in all", number))


def _rewards(points: int, growth: int) -> list[str]:
    parts = []
    if points:
        parts.append(str(ngettext("%(num)s point", "%(num)s points", points)))
    if growth:
        parts.append(_("%(num)s growth", num=growth))
    return parts


def reward_text(points: int, growth: int) -> str:
    """20 积分 · 30 成长值; empty for nothing."""
    return " · ".join(_rewards(points, growth))


def reward_words(points: int, growth: int) -> str:
    """The same within a sentence: 20 积分和 30 成长值."""
    parts = _rewards(points, growth)
    return _("%(one)s and %(other)s", one=parts[0], other=parts[1]) if len(parts) > 1 else "".join(parts)


def content_text(campaign: Any) -> str:
    """What a check-in must have."""
    parts = []
    if campaign.min_len:
        parts.append(str(ngettext("%(num)s character or more", "%(num)s characters or more", campaign.min_len)))
    if campaign.min_images:
        parts.append(str(ngettext("%(num)s picture or more", "%(num)s pictures or more", campaign.min_images)))
    if campaign.audio:
        parts.append(_("a voice note"))
    return _(", ").join(parts)


def window_text(campaign: Any) -> str:
    """When one may check in."""
    if campaign.cadence == "weekly":
        return _("Once a week, whenever you like from Monday to Sunday.")
    start, end = campaign.win_start_min, campaign.win_end_min
    if start == 0 and end == days.DAY:
        return _("Once a day, at any time until midnight.")
    if end > days.DAY:
        return _("Once a day, from %(start)s to %(end)s of the next day.", start=clock_text(start), end=clock_text(end))
    return _("Once a day, from %(start)s to %(end)s.", start=clock_text(start), end=clock_text(end))


def makeup_offer(campaign: Any) -> tuple[DayRow, str] | None:
    """The missed day that is best made up, and what that would bring; None where nothing can be."""
    missed = [day for day in campaign.strip if day.can_make_up]
    if not missed or campaign.me is None:
        return None
    done = {day.idx for day in campaign.strip if day.counts}
    closed = campaign.current.idx - 1 if campaign.current is not None else campaign.period_count

    def run_with(day: DayRow) -> int:
        return days.current_run(done | {day.idx}, campaign.excused, closed=closed)

    best = max(missed, key=lambda day: (run_with(day), day.idx))
    name = idx_text(campaign, best.idx) if campaign.cadence == "weekly" else weekday_text(best.day)
    if run_with(best) > max(campaign.me.streak, 1):
        row = count_text(campaign, run_with(best))
        return best, _("Make up %(day)s, and it is %(row)s in a row", day=name, row=row)
    return best, _("Make up %(day)s, and it counts for completing", day=name)
