"""A member's own pages: what they have and how it came, how it stood at a moment, why something gave what it gave,
and what earns what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import make_response, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response as AnyResponse

from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.fields import parse_id
from circle.core.i18n import _
from circle.core.pagination import Page
from circle.core.web import actor, count_hit, is_htmx, signed_in
from circle.points import operations, periods, queries, telling
from circle.points.catalog import RULE_NAMES
from circle.points.queries.mine import Filter, StatementRow
from circle.points.web.blueprint import bp

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
#: how many months back the list of months goes
MONTHS = 24


@dataclass(frozen=True)
class Day:
    """The rows of a day; `date` is None where the page before ended in the same one."""

    date: date | None
    moment: datetime
    rows: Sequence[StatementRow]


@dataclass(frozen=True)
class Shown:
    """Which part of a statement the address asks for, and the address of the rest."""

    asset: str
    kind: str
    month: str

    @classmethod
    def asked(cls) -> Shown:
        """What is not known counts as not asked."""
        asset, kind, month = (request.args.get(name, "") for name in ("asset", "kind", "month"))
        return cls(
            "growth" if asset == "growth" else "points",
            kind if kind in {"in", "out", *telling.GROUPS} else "",
            month if _MONTH.fullmatch(month) else "",
        )

    def filter(self, tz: str) -> Filter:
        """The same for the query; a month begins and ends in the circle's time zone."""
        since = until = None
        if self.month:
            first = date.fromisoformat(f"{self.month}-01")
            since = periods.start_of(first, tz)
            until = periods.start_of((first + timedelta(days=31)).replace(day=1), tz)
        direction = self.kind if self.kind in {"in", "out"} else None
        return Filter(self.asset.upper(), None if direction else self.kind or None, direction, since, until)

    def address(self, base: str, **more: str | None) -> str:
        """This part of a statement with something exchanged or added."""
        values = {"asset": "" if self.asset == "points" else self.asset, "kind": self.kind, "month": self.month} | more
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{base}?{query}" if query else base


def _days(page: Page[StatementRow], tz: str) -> list[Day]:
    """The rows by their days in the circle's time zone; `day` of the address is where the page before ended."""
    days: list[Day] = []
    for day, rows in groupby(page.items, lambda row: clock.local_date(row.entry.posted_at, tz)):
        known = [*rows]
        goes_on = not days and day.isoformat() == request.args.get("day")
        days.append(Day(None if goes_on else day, known[0].entry.posted_at, known))
    return days


def _more(page: Page[StatementRow], tz: str, shown: Shown, base: str, **more: str) -> str:
    """Where the statement goes on; empty at its end."""
    if page.next_cursor is None:
        return ""
    last = clock.local_date(page.items[-1].entry.posted_at, tz).isoformat()
    return shown.address(base, cursor=page.next_cursor, day=last, **more)


def _months(joined_at: datetime, tz: str, shown: str) -> list[date]:
    """The months since somebody joined, the newest first, and the one that is shown."""
    month = clock.local_date(clock.now(), tz).replace(day=1)
    first = clock.local_date(joined_at, tz).replace(day=1)
    months = [month]
    while len(months) < MONTHS and (month := (month - timedelta(days=1)).replace(day=1)) >= first:
        months.append(month)
    chosen = {date.fromisoformat(f"{shown}-01")} if shown else set()
    return sorted(chosen.union(months), reverse=True)


def _words(tz: str) -> dict[str, Any]:
    """What the pages say of time, in the circle's time zone."""
    today = clock.local_date(clock.now(), tz)
    return {
        "today": today, "yesterday": today - timedelta(days=1), "month_name": lambda day: _dated(day, "yMMMM"),
        "day_name": lambda day: _dated(day, "MMMd" if day.year == today.year else "yMMMd"),
        "long_day": lambda moment: _dated(clock.local_date(moment, tz), "yMMMMd"),
        "clock_time": lambda moment: f"{moment.astimezone(ZoneInfo(tz)):%H:%M}",
    }  # fmt: skip


def _dated(day: date, skeleton: str) -> str:
    """A day or month as the reader's language writes it."""
    moment, locale = datetime.combine(day, time()), str(get_locale() or "zh_Hans_CN")
    return str(format_skeleton(skeleton, moment, locale=locale))


@bp.get("/<slug:slug>/points")
@signed_in
def mine(slug: str) -> str:
    """What somebody has here, what there is to do, and how it came."""
    count_hit("read")
    circle = queries.own_circle(actor(), slug)
    shown, base = Shown.asked(), url_for(".mine", slug=slug)
    page = queries.statement(actor(), circle, shown.filter(circle.tz), cursor=request.args.get("cursor"))
    rows = {
        "circle": circle, "days": _days(page, circle.tz), "more_url": _more(page, circle.tz, shown, base),
        **_words(circle.tz),
    }  # fmt: skip
    if is_htmx() and request.args.get("cursor"):
        return render_template("points/_statement.html", **rows)
    own = queries.my_points(actor(), circle)
    return render_template(
        "points/mine.html", **rows, own=own, shown=shown, groups=telling.GROUP_NAMES,
        months=_months(own.joined_at, circle.tz, shown.month),
        history=queries.level_history(actor(), circle) if own.since else (),
        tasks=_tasks(circle) if own.active else (), errors={},
    )  # fmt: skip


def _tasks(circle: CircleRow) -> Sequence[Any]:
    operations.ensure_tasks(circle.id)
    return queries.tasks_of(actor(), circle)


# ---- how it stood ----------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/points/as-of")
@signed_in
def as_of(slug: str) -> str | AnyResponse:
    """What somebody had at a moment they choose."""
    count_hit("read")
    circle = queries.own_circle(actor(), slug)
    here = queries.my_points(actor(), circle)
    typed = request.args.get("at", "").strip()
    at = _moment(typed, circle.tz)
    values: dict[str, Any] = {
        "circle": circle,
        "own": here,
        "typed": typed,
        "errors": {},
        "then": None,
        **_words(circle.tz),
    }
    values |= {"ends": _ends(circle.tz), "latest": _written(clock.now(), circle.tz)}
    if at is None:
        if not typed:
            return render_template("points/as_of.html", **values)
        values["errors"] = {"at": [_("This is not a valid time.")]}
        return make_response(render_template("points/as_of.html", **values), 422)
    shown = Shown.asked()
    wanted = queries.until(at, shown.asset.upper())
    page = queries.statement(actor(), circle, wanted, cursor=request.args.get("cursor"))
    more = _more(page, circle.tz, shown, url_for(".as_of", slug=slug), at=typed)
    values |= {"days": _days(page, circle.tz), "more_url": more, "shown": shown}
    if is_htmx() and request.args.get("cursor"):
        return render_template("points/_statement.html", **values)
    values |= {"then": queries.as_of(actor(), circle, at), "typed": _written(at, circle.tz)}
    return render_template("points/as_of.html", **values)


def _moment(typed: str, tz: str) -> datetime | None:
    """A day (then its end) or a moment, in the circle's time zone; None for what is neither."""
    try:
        if _DAY.fullmatch(typed):
            following = date.fromisoformat(typed) + timedelta(days=1)
            return periods.start_of(following, tz) - timedelta(microseconds=1)
        if _MOMENT.fullmatch(typed):
            return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def _written(moment: datetime, tz: str) -> str:
    """As a field for a moment holds it: to the minute, or as exactly as it is."""
    here = moment.astimezone(ZoneInfo(tz)).replace(tzinfo=None)
    whole = not (here.second or here.microsecond)
    return here.isoformat(timespec="minutes" if whole else "milliseconds" if not here.microsecond % 1000 else "auto")


def _ends(tz: str) -> list[date]:
    """Days that one may want to look at: yesterday, the last of the month before, the last of the year before."""
    today = clock.local_date(clock.now(), tz)
    first = [today, today.replace(day=1), today.replace(month=1, day=1)]
    return sorted({day - timedelta(days=1) for day in first}, reverse=True)


# ---- why, and by what rules ------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/points/why")
@signed_in
def why(slug: str) -> str:
    """Why something gave points, fewer than expected, or none."""
    count_hit("read")
    circle = queries.own_circle(actor(), slug)
    user_id = parse_id(request.args.get("user"))
    told = queries.explain(actor(), circle, request.args.get("source", ""), user_id=user_id)
    other = user_id is not None and user_id != actor().id
    return render_template("points/why.html", circle=circle, why=told, other=other, amount_of=telling.amount)


@bp.get("/<slug:slug>/points/rules")
def rules(slug: str) -> str:
    """What earns what in a circle, and what its levels allow."""
    count_hit("read")
    circle, here = queries.rules_here(actor(), slug)
    told = [(row, telling.amount(row.rule.points, row.rule.growth), telling.caps(row.rule)) for row in here.rules]
    return render_template(
        "points/rules.html", circle=circle, here=here, told=told, names=RULE_NAMES,
        limits=telling.caps(here.total.rule) if here.total else [], icons=telling.kind_icon,
        ladder=queries.ladder(circle, circle.me.level if circle.me else 0),
    )  # fmt: skip
