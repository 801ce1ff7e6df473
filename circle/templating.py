"""What every template can use: time, numbers, icons' asset addresses. No rule and no query lives here."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Flask
from flask_babel import format_date, get_locale, gettext, ngettext

from circle.core import clock
from circle.core.i18n import LOCALES
from circle.core.web import trusted

DEFAULT_TZ = "Asia/Shanghai"


def _day(moment: datetime, skeleton: str) -> str:
    """A day as the reader's language writes it: 11月19日, Nov 19."""
    return str(format_skeleton(skeleton, moment, locale=get_locale() or "zh_Hans_CN"))


def time_ago(moment: datetime, tz: str = DEFAULT_TZ) -> str:
    """How long ago, as people say it: minutes and hours today, then the day and time in the circle's time zone."""
    now = clock.now()
    passed = now - moment
    if passed < timedelta(minutes=1):
        return str(gettext("just now"))
    if passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return str(ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes))
    here = moment.astimezone(ZoneInfo(tz))
    days = (now.astimezone(ZoneInfo(tz)).date() - here.date()).days
    clock_time = f"{here:%H:%M}"
    if days == 0:
        return clock_time
    if days == 1:
        return str(gettext("yesterday %(time)s", time=clock_time))
    if here.year == now.astimezone(ZoneInfo(tz)).year:
        return f"{_day(here, 'MMMd')} {clock_time}"
    return _day(here, "yMMMd")


def local_day(moment: datetime, tz: str = DEFAULT_TZ) -> str:
    """The day in the circle's time zone, with the year when it is not this one."""
    here, now = moment.astimezone(ZoneInfo(tz)), clock.now().astimezone(ZoneInfo(tz))
    return _day(here, "MMMd" if here.year == now.year else "yMMMd")


def local_time(moment: datetime, tz: str = DEFAULT_TZ) -> str:
    """The full date and time in the circle's time zone."""
    here = moment.astimezone(ZoneInfo(tz))
    return f"{format_date(here, 'long')} {here:%H:%M}"


def compact(number: int) -> str:
    """A count as a reader wants it: 1,284, then 1.2万 in Chinese or 12.8k in English."""
    if number < 10_000:
        return f"{number:,}"
    if str(get_locale()).startswith("zh"):
        return f"{number / 10_000:.1f}".rstrip("0").rstrip(".") + "万"
    return f"{number / 1000:.1f}".rstrip("0").rstrip(".") + "k"


def register_templating(app: Flask) -> None:
    """Install globals and filters; whitespace control keeps pages small."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        once_value=lambda: secrets.token_urlsafe(18),
        time_ago=time_ago,
        local_day=local_day,
        local_time=local_time,
        LOCALES=LOCALES,
    )
    app.jinja_env.filters.update(compact=compact, trusted=trusted)

    @app.context_processor
    def site() -> dict[str, object]:
        settings = app.config["SETTINGS"]
        lang = "zh-CN" if str(get_locale()).startswith("zh") else "en"
        return {"site": {"name": settings.site_name, "base_url": settings.base_url}, "lang": lang}
