"""A campaign of weeks speaks of weeks, also where it refuses something; one of days speaks of days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from circle.access import Actor
from circle.checkins import operations, previewing, rule_texts
from circle.checkins.plans import Plan
from circle.checkins.queries import get_campaign
from circle.core import clock
from circle.core.errors import CircleError
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make

#: four weeks, of which the first is that of FIRST
WEEKS: dict[str, Any] = {"cadence": "weekly", "end_date": FIRST + timedelta(days=27), "need_n": 3, "lookback": 1}
DAYS: dict[str, Any] = {"lookback": 1, "need_n": 3}


class Told:
    """What is answered to acts that are refused."""

    def __init__(self, app: Flask, week: Week) -> None:
        self.app, self.week = app, week
        self.unit = 7 if week.plan.get("cadence") == "weekly" else 1

    @contextmanager
    def speaking(self, idx: float) -> Iterator[None]:
        """English, in the morning of the first day of a period."""
        begins = self.week.day(1) + (idx - 1) * self.unit * timedelta(days=1)
        with clock.at(begins), self.app.test_request_context(), force_locale("en"):
            yield

    def refusal(self, idx: float, act: Callable[[], Any]) -> str:
        with self.speaking(idx):
            with pytest.raises(CircleError) as refused:
                act()
            return str(refused.value.sentence)

    def make_up(self, who: Actor, idx: int, *, on: int) -> str:
        return self.refusal(on, lambda: operations.make_up(who, self.week.id, idx, body="补上。"))


@pytest.fixture(params=["day", "week"])
def told(app: Flask, make: Make, request: pytest.FixtureRequest) -> Told:
    return Told(app, Week(make, WEEKS if request.param == "week" else DAYS))


def test_refusals_speak_of_what_the_campaign_is_made_of(told: Told) -> None:
    week, ann, late = told.week, told.week.member(), told.week.member(enrolled=False)
    unit, owner = ("week" if told.unit == 7 else "day"), told.week.owner
    with told.speaking(2):
        operations.submit(ann, week.id, body="今天也写下来。")
    sentences = [
        told.make_up(ann, 2, on=3),
        told.make_up(ann, 4, on=3),
        told.make_up(ann, 3, on=3),
        told.make_up(ann, 9, on=3),
        told.make_up(ann, 1, on=3),
        told.refusal(3, lambda: operations.submit(ann, week.id, body="晚了。", meant_for=2)),
        told.refusal(3, lambda: operations.give_checkin(owner, week.id, ann.person_id, 2, reason="上传失败")),
        told.refusal(3, lambda: operations.give_checkin(owner, week.id, ann.person_id, 4, reason="上传失败")),
        told.refusal(3, lambda: operations.take_back_checkin(owner, week.id, ann.person_id, 2)),
        told.refusal(3, lambda: operations.excuse_period(owner, week.id, 4, reason="服务故障")),
        told.refusal(4 if unit == "week" else 7, lambda: operations.enroll(late, week.id)),
    ]
    with told.speaking(3):
        operations.excuse_period(owner, week.id, 1, reason="服务故障")
    sentences.append(told.make_up(ann, 1, on=3))
    for sentence in sentences:
        assert unit in sentence, sentence
        assert ("day" if unit == "week" else "week") not in sentence, sentence


def test_what_cannot_be_published_is_said_in_the_same_words(app: Flask, make: Make) -> None:
    after = datetime(2027, 1, 20, tzinfo=UTC)
    said = {}
    for cadence in ("daily", "weekly"):
        plan = Plan(title="早安", start_date=FIRST, end_date=FIRST + timedelta(days=6), cadence=cadence, need_n=1)
        with clock.at(after), app.test_request_context(), force_locale("en"):
            said[cadence] = [str(problem) for problem in previewing.preview_of(plan, "Asia/Shanghai").problems]
    assert said == {"daily": ["These days are over already."], "weekly": ["These weeks are over already."]}


def test_a_day_that_the_clocks_leave_nothing_of_is_named_as_days_are_written(app: Flask) -> None:
    sunday = FIRST.replace(year=2027, month=3, day=14)  # in New York the clocks go from 02:00 to 03:00
    plan = Plan(title="早安", start_date=sunday, end_date=sunday, need_n=1, win_start_min=125, win_end_min=150)
    for language, day in (("en", "Mar 14, 2027"), ("zh_Hans_CN", "2027年3月14日")):
        with clock.at(datetime(2026, 11, 1, tzinfo=UTC)), app.test_request_context(), force_locale(language):
            (problem,) = previewing.preview_of(plan, "America/New_York").problems
            assert day in str(problem)


def test_the_rules_of_teams_speak_of_weeks_too(app: Flask, make: Make) -> None:
    week = Week(make, WEEKS | {"teams": True})
    with week.at(1), app.test_request_context(), force_locale("en"):
        told = {about: sentences for _icon, about, sentences in rule_texts.rules_of(get_campaign(week.owner, week.id))}
    assert "A week is done for the team" in told["Teams"][0]


def test_pages_that_lead_elsewhere_say_why_in_the_same_words(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, WEEKS)
    ann = week.member()
    told = Told(app, week)
    with told.speaking(2):
        operations.submit(ann, week.id, body="这一周。")
    visitor = browser(ann)
    visitor.post("/settings/language", {"locale": "en"})
    for idx, sentence in (
        (2, "You have checked in for this week already."), (4, "This week cannot be made up."),
    ):  # fmt: skip
        with clock.at(week.day(15)):
            answer = visitor.get(f"/{week.slug}/campaigns/{week.id}/makeup/{idx}")
            assert answer.status_code == 303
            assert sentence in visitor.get(answer.location).get_data(as_text=True)


def test_the_desk_speaks_of_what_the_campaign_is_made_of(told: Told, browser: Any) -> None:
    """Its pages, and what it says after each act."""
    week, ann = told.week, told.week.member()
    unit, other = ("week", "day") if told.unit == 7 else ("day", "week")
    desk = f"/{week.slug}/manage/campaigns/{week.id}"
    owner = browser(week.owner)
    owner.post("/settings/language", {"locale": "en"})
    person = f"{desk}/people/{ann.person_id}"
    acts = [
        (f"{person}/give", {"idx": "2", "reason": "上传失败"}, f"The {unit} counts now. They can read why."),
        (f"{person}/take-back", {"idx": "2"}, f"The {unit} was taken back. They are told."),
        (
            f"{desk}/excuse",
            {"idx": "1", "reason": "服务故障"},
            f"Excused. Everybody keeps their streak over that {unit}.",
        ),
        (f"{desk}/unexcuse", {"idx": "1"}, f"The {unit} counts again. Everybody who takes part is told."),
    ]
    with clock.at(week.day(1) + 2 * told.unit * timedelta(days=1) + timedelta(hours=9)):
        for path, form, sentence in acts:
            answer = owner.post(path, form)
            assert answer.status_code == 303, answer.text
            page = owner.get(answer.headers["Location"]).text
            assert sentence in page
        for path, words in (
            (desk, [f"Excuse a {unit}: ", f"Excuse the {unit}", f"Which {unit}"]),
            (f"{desk}/people", [f"Add a {unit}", f"Add the {unit}", f"Which {unit}"]),
        ):
            page = owner.get(path).text
            for each in words:
                assert each in page, each
                assert each.replace(unit, other) not in page, each
