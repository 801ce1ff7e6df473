"""What every template can use: time, numbers, icons' asset addresses. No rule and no query lives here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Flask, g, url_for
from flask.templating import Environment
from flask_babel import format_date, get_locale, gettext, ngettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from circle.core import clock
from circle.core.i18n import LOCALES
from circle.core.jinja import LocalizedEnvironment, Remembered
from circle.core.web import trusted

DEFAULT_TZ = "Asia/Shanghai"


def _day(moment: datetime, skeleton: str) -> str:
    """A day as the reader's language writes it: 11月19日, Nov 19."""
    return _written(moment.date(), skeleton, str(get_locale() or "zh_Hans_CN"))


@lru_cache(maxsize=4096)
def _written(day: date, skeleton: str, locale: str) -> str:
    return str(format_skeleton(skeleton, datetime.combine(day, time()), locale=locale))


@lru_cache(maxsize=4096)
def _said(what: str, value: Any, _locale: str) -> str:
    """One of the sentences about time; the language is in force already and only tells the answers apart."""
    if what == "minutes":
        return str(ngettext("%(num)d minute ago", "%(num)d minutes ago", value))
    return str(gettext("yesterday %(time)s", time=value) if what == "yesterday" else gettext("just now"))


def time_ago(moment: datetime, tz: str = DEFAULT_TZ) -> str:
    """How long ago, as people say it: minutes and hours today, then the day and time in the circle's time zone."""
    return _time_ago(moment, clock.now(), ZoneInfo(tz), str(get_locale() or "zh_Hans_CN"))


def _time_ago(moment: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    passed = now - moment
    if passed < timedelta(minutes=1):
        return _said("now", None, locale)
    if passed < timedelta(hours=1):
        return _said("minutes", int(passed.total_seconds() // 60), locale)
    here, today = moment.astimezone(zone), now.astimezone(zone)
    days = (today.date() - here.date()).days
    clock_time = f"{here:%H:%M}"
    if days == 0:
        return clock_time
    if days == 1:
        return _said("yesterday", clock_time, locale)
    if here.year == today.year:
        return f"{_written(here.date(), 'MMMd', locale)} {clock_time}"
    return _written(here.date(), "yMMMd", locale)


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


@cache
def icon(name: str, size: str = "") -> Markup:
    """An icon of our sprite; decorative, words stand beside it. `size` is s, l or the usual one."""
    sprite = url_for("static", filename="img/icons.svg")
    extra = f" icon-{escape(size)}" if size else ""
    return Markup(f'<svg class="icon{extra}" aria-hidden="true"><use href="{sprite}#{escape(name)}"/></svg>')  # noqa: S704


def _static_address(endpoint: str, **values: Any) -> str | None:
    """The address of a file or page that depends on nothing, else None."""
    return url_for(endpoint, **values) if endpoint == "static" or not values else None


@dataclass(frozen=True)
class Macros:
    """The macros whose drawings are remembered."""

    post_card: Remembered
    comment: Remembered
    question_card: Remembered
    question: Remembered
    answer: Remembered

    @classmethod
    def of(cls, environment: Environment, room: int | None = None) -> Macros:
        """All of them with an empty memory, of `room` characters each or as many as each is worth."""

        def made(template: str, macro: str, usual: int) -> Remembered:
            return Remembered(environment, f"_macros/{template}.html", macro, usual if room is None else room)

        return cls(
            post_card=made("post", "post_card", 8_000_000),
            comment=made("comment", "comment", 4_000_000),
            question_card=made("question", "question_card", 4_000_000),
            question=made("question", "question_full", 2_000_000),
            answer=made("question", "answer", 4_000_000),
        )


class Drawing:
    """Draws the cards of one page: what is the same for all of them is asked once.

    {% set draw = drawing() %}{% for post in page.items %}{{ draw.post(post) }}{% endfor %}
    """

    def __init__(self, macros: Macros) -> None:
        self._macros = macros
        self._locale, self._now, self._zone = str(get_locale() or "zh_Hans_CN"), clock.now(), ZoneInfo(DEFAULT_TZ)
        signed_in = "me" in g and g.me is not None
        self._token = str(generate_csrf()) if signed_in else None

    def _told(self, moment: datetime) -> str:
        return _time_ago(moment, self._now, self._zone, self._locale)

    def post(self, post: Any, full: bool = False) -> Markup:
        """A post as a card in a list, or in full on its own page."""
        card = self._macros.question_card if post.type == "question" else self._macros.post_card
        return card(post, self._token, (self._locale, self._told(post.published_at)), full)

    def question(self, post: Any, invite: bool = False) -> Markup:
        """A question above its answers; `invite`: whether the reader may ask somebody to answer."""
        return self._macros.question(post, self._token, (self._locale, self._told(post.published_at)), invite)

    def answer(self, row: Any, version: int) -> Markup:
        """An answer; `version` is that of its question, as whoever may accept it sees it."""
        seen = version if row.can.accept or row.can.unaccept else 0
        return self._macros.answer(row, self._token, (self._locale, self._told(row.created_at)), seen)

    def comment(self, row: Any, reply: bool = False) -> Markup:
        """A comment with its replies; `reply` is one of the second level."""
        told = (self._told(row.created_at), *(self._told(one.created_at) for one in row.replies))
        return self._macros.comment(row, self._token, (self._locale, *told), reply)


def register_templating(app: Flask) -> None:
    """Install globals and filters; whitespace control keeps pages small. What is constant is made while compiling."""
    environment = app.jinja_env
    if isinstance(environment, LocalizedEnvironment):
        environment.constants.update(icon=icon, url_for=_static_address)
    macros = Macros.of(environment)
    app.jinja_env.globals["drawing"] = lambda: Drawing(macros)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        once_value=lambda: secrets.token_urlsafe(18),
        time_ago=time_ago,
        local_day=local_day,
        local_time=local_time,
        LOCALES=LOCALES,
        icon=icon,
        icon_svg=icon,
    )
    app.jinja_env.filters.update(compact=compact, trusted=trusted)

    @app.context_processor
    def site() -> dict[str, object]:
        settings = app.config["SETTINGS"]
        return {"site": {"name": settings.site_name, "base_url": settings.base_url}}
