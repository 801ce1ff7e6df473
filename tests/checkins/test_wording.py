"""Campaigns in sentences: until when, what it takes, what may be made up; in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from circle.checkins import queries, rule_texts, wording
from circle.checkins.queries import CampaignRow
from circle.checkins.queries.rows import DayRow
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make


@contextmanager
def speaking(app: Flask, locale: str = "en") -> Iterator[None]:
    with app.test_request_context(), force_locale(locale):
        yield


def row(make: Make, idx: int, hour: float = 8, **plan: Any) -> tuple[Week, CampaignRow]:
    week = Week(make, plan)
    ann = week.member()
    with week.at(idx, hour):
        return week, queries.get_campaign(ann, week.id)


@pytest.mark.parametrize(
    ("plan", "idx", "hour", "sentence"),
    [
        ({}, 2, 8, "Until midnight tonight it counts for today"),
        ({"win_start_min": 360, "win_end_min": 540}, 2, 7, "Until 09:00 today"),
        ({"win_start_min": 1320, "win_end_min": 1560}, 2, 23, "Until 02:00 tomorrow"),
        ({"win_start_min": 1320, "win_end_min": 1560}, 3, 1, "Until 02:00 today"),
        ({"cadence": "weekly", "need_n": 1}, 2, 8, "Until the end of Sun it counts for this week"),
        ({"cadence": "weekly", "need_n": 1}, 7, 8, "Until midnight tonight it counts for this week"),
    ],
)
def test_until_when(make: Make, app: Flask, plan: dict[str, Any], idx: int, hour: float, sentence: str) -> None:
    week, campaign = row(make, idx, hour, **plan)
    with week.at(idx, hour), speaking(app):
        assert wording.until_text(campaign) == sentence


@pytest.mark.parametrize(
    ("idx", "hour", "sentence"),
    [
        (-2, 8, "Opens at 06:00 on Nov 16 Mon"), (0, 8, "Opens at 06:00 tomorrow"), (1, 1, "Opens at 06:00 today"),
        (1, 12, "Opens at 06:00 tomorrow"),
    ],
)  # fmt: skip
def test_when_it_opens(make: Make, app: Flask, idx: int, hour: float, sentence: str) -> None:
    week = Week(make, {"win_start_min": 360, "win_end_min": 540})
    with week.at(idx, hour), speaking(app):
        assert wording.opens_text(queries.get_campaign(week.owner, week.id)) == sentence


@pytest.mark.parametrize(
    ("plan", "short", "whole"),
    [
        ({}, "5 days in all", "Check in on 5 of 7 days."),
        ({"need_type": "streak", "need_n": 3}, "3 days in a row", "Check in 3 days in a row (7 days in all)."),
        ({"need_type": "all"}, "Every single day", "Check in every time, 7 days in all."),
        ({"cadence": "weekly", "need_n": 1}, "1 week in all", "Check in on 1 of 1 week."),
    ],
)
def test_what_it_takes(make: Make, app: Flask, plan: dict[str, Any], short: str, whole: str) -> None:
    _week, campaign = row(make, 1, **plan)
    with speaking(app):
        assert wording.need_text(campaign) == short
        told = {about: sentences for _icon, about, sentences in rule_texts.rules_of(campaign)}
        assert told["To complete it"] == [whole]


def test_the_rules_name_everything_that_is_asked(make: Make, app: Flask) -> None:
    values = {"min_len": 20, "min_images": 2, "review": "manual", "level_min": 2, "teams": True, "card_price": 30,
              "win_start_min": 1320, "win_end_min": 1560}  # fmt: skip
    week = Week(make, values)
    with week.at(1), speaking(app):
        campaign = queries.get_campaign(week.owner, week.id)
        told = [sentences for _icon, _about, sentences in rule_texts.rules_of(campaign)]
    text = " ".join(sentence for sentences in told for sentence in sentences)
    for words in (
        "from 22:00 to 02:00 of the next day", "China Time", "20 characters or more, 2 pictures or more",
        "when those who run the circle have looked at it", "one of the last 3 days", "Everybody gets 1 card",
        "costs 30 points; 2 at most", "Until Nov 19", "from the level", "Form a team", "48 hours",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("plan", [{"lookback": 0}, {"free_cards": 0, "card_price": 0}])
def test_where_nothing_can_be_made_up_the_rules_say_so(make: Make, app: Flask, plan: dict[str, Any]) -> None:
    _week, campaign = row(make, 1, **plan)
    with speaking(app):
        assert rule_texts.makeup_texts(campaign) == ["What is missed cannot be made up."]


def test_the_best_day_to_make_up_is_the_one_that_joins_most(make: Make, app: Flask) -> None:
    week = Week(make)
    ann = week.member()
    week.check_in(ann, 1, 2, 4)
    with week.at(6), speaking(app):
        offer = wording.makeup_offer(queries.get_campaign(ann, week.id))
    assert offer is not None
    assert (offer[0].idx, offer[1]) == (5, "Make up Fri, and it is 2 days in a row")
    week.check_in(ann, 5)
    with week.at(6), speaking(app):
        offer = wording.makeup_offer(queries.get_campaign(ann, week.id))
    assert offer is not None
    assert (offer[0].idx, offer[1]) == (3, "Make up Wed, and it is 5 days in a row")


def test_what_ends_at_midnight_ends_with_its_day(make: Make, app: Flask) -> None:
    _week, campaign = row(make, 1)
    _week, late = row(make, 1, win_start_min=1320, win_end_min=1560)
    with speaking(app):
        assert wording.end_text(campaign, campaign.closes_at) == "Nov 22 24:00"
        assert wording.end_text(late, late.closes_at) == "Nov 23 02:00"


def test_sentences_stand_together_as_the_language_has_them(app: Flask) -> None:
    with speaking(app):
        assert wording.joined(["One.", "Two."]) == "One. Two."
    with speaking(app, "zh_Hans_CN"):
        assert wording.joined(["一。", "二。"]) == "一。二。"


def _strip(days: int) -> list[DayRow]:
    week = Week.day
    moment = week(Week.__new__(Week), 1)
    return [
        DayRow(n + 1, FIRST + timedelta(days=n + 2), moment, moment, "future") for n in range(days)
    ]  # from a Wednesday


def test_one_week_is_one_row_and_more_are_rows_that_begin_on_mondays() -> None:
    class Daily:
        cadence = "daily"

    assert [len(cells) for cells in wording.weeks_of(Daily, _strip(7))] == [7]
    rows = wording.weeks_of(Daily, _strip(10))
    assert [len(cells) for cells in rows] == [7, 7]
    assert [cell.idx if cell else None for cell in rows[0]] == [None, None, 1, 2, 3, 4, 5]
    assert [cell.idx if cell else None for cell in rows[1]] == [6, 7, 8, 9, 10, None, None]
    assert wording.weeks_of(Daily, []) == []


def test_of_a_long_strip_the_rows_around_today_are_shown() -> None:
    class Daily:
        cadence = "daily"

    strip = _strip(100)
    rows = wording.weeks_of(Daily, strip)
    for idx in (1, 50, 100):
        first, last = wording.rows_around(rows, strip[idx - 1])
        assert last - first == wording.ROWS
        assert any(cell and cell.idx == idx for cells in rows[first:last] for cell in cells)
    assert wording.rows_around(rows, None) == (len(rows) - wording.ROWS, len(rows)), "of one that is over, its end"
    assert wording.rows_around(rows[:3], None) == (0, 3)


def test_days_are_written_as_the_reader_writes_them(app: Flask) -> None:
    with speaking(app):
        assert (wording.day_text(FIRST), wording.weekday_text(FIRST), wording.month_text(FIRST)) == (
            "Nov 16", "Mon", "Nov",
        )  # fmt: skip
    with speaking(app, "zh_Hans_CN"):
        assert (wording.day_text(FIRST), wording.weekday_text(FIRST), wording.month_text(FIRST)) == (
            "11月16日", "周一", "11月",
        )  # fmt: skip
        assert wording.weekdays() == ["一", "二", "三", "四", "五", "六", "日"]
        assert wording.zone_text("Asia/Shanghai") == "中国时间"


def test_a_draft_says_how_many_days_it_will_have(make: Make, app: Flask) -> None:
    week = Week(make, publish=False)
    weeks = Week(make, {"cadence": "weekly", "end_date": FIRST + timedelta(days=20), "need_n": 2}, publish=False)
    with speaking(app):
        assert wording.slogan(queries.get_campaign(week.owner, week.id)) == "7 days, 5 days in all"
        assert wording.slogan(queries.get_campaign(weeks.owner, weeks.id)) == "3 weeks, 2 weeks in all"


def test_a_row_of_one_day_is_no_promise(make: Make, app: Flask) -> None:
    week = Week(make)
    ann = week.member()
    with week.at(3), speaking(app):
        offer = wording.makeup_offer(queries.get_campaign(ann, week.id))
    assert offer is not None
    assert offer[1] == "Make up Tue, and it counts for completing"
