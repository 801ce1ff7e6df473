"""How pages tell time and numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from circle.core import clock
from circle.templating import compact, local_day, time_ago

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.mark.parametrize(
    ("ago", "chinese", "english"),
    [
        (timedelta(seconds=20), "刚刚", "just now"),
        (timedelta(minutes=3), "3 分钟前", "3 minutes ago"),
        (timedelta(hours=3), "07:00", "07:00"),
        (timedelta(hours=11), "昨天 23:00", "yesterday 23:00"),
        (timedelta(days=5), "11月16日 10:00", "Nov 16 10:00"),
        (timedelta(days=400), "2025年10月17日", "Oct 17, 2025"),
    ],
)
def test_time_is_told_as_people_say_it(plain_app: Flask, ago: timedelta, chinese: str, english: str) -> None:
    with plain_app.test_request_context(), clock.at(NOW):
        with force_locale("zh_Hans_CN"):
            assert time_ago(NOW - ago) == chinese
        with force_locale("en"):
            assert time_ago(NOW - ago) == english


def test_a_day_is_a_day_of_the_circle(plain_app: Flask) -> None:
    with plain_app.test_request_context(), clock.at(NOW), force_locale("zh_Hans_CN"):
        midnight = datetime(2026, 11, 19, 16, 30, tzinfo=UTC)
        assert local_day(midnight, "Asia/Shanghai") == "11月20日"
        assert local_day(midnight, "America/New_York") == "11月19日"


@pytest.mark.parametrize(
    ("number", "chinese", "english"),
    [
        (0, "0", "0"),
        (1284, "1,284", "1,284"),
        (12_000, "1.2万", "12k"),
        (20_000, "2万", "20k"),
        (12_840, "1.3万", "12.8k"),
    ],
)
def test_counts_are_short_in_the_readers_way(plain_app: Flask, number: int, chinese: str, english: str) -> None:
    with plain_app.test_request_context():
        with force_locale("zh_Hans_CN"):
            assert compact(number) == chinese
        with force_locale("en"):
            assert compact(number) == english
