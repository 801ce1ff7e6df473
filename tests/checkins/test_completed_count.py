"""How many completed a campaign: known when it is settled, and right when somebody is taken out after that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.access import Actor
from circle.checkins import jobs, operations, queries
from circle.checkins.checking import check_campaign
from circle.circles import queries as circles
from circle.core import clock
from circle.core.db import db
from tests.checkins.campaigning import Week
from tests.clients import ApiClient
from tests.factories import Make


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


class Finished(Week):
    """A week that two of three completed."""

    ann: Actor
    ben: Actor
    cat: Actor

    def begin(self) -> Finished:
        self.ann, self.ben, self.cat = (self.member() for _one in range(3))
        for who in (self.ann, self.ben):
            self.check_in(who, 1, 2, 3, 4, 5)
        self.check_in(self.cat, 1)
        return self

    @property
    def counted(self) -> int | None:
        db.session.rollback()
        with clock.at(self.day(20)):
            assert check_campaign(self.id).violations == []
        return self.campaign.completed_count


@pytest.fixture
def week(app: Flask, make: Make) -> Finished:
    return Finished(make).begin()


def test_it_is_known_when_all_is_settled_and_not_before(week: Finished) -> None:
    assert week.counted is None
    with clock.at(week.day(8)):
        assert queries.get_campaign(week.ann, week.id).completed_count is None
    week.settle()
    assert week.counted == 2
    week.settle()  # twice is once
    assert week.counted == 2


def test_who_is_disqualified_counts_no_more_also_afterwards(week: Finished) -> None:
    with week.at(6):
        operations.disqualify(week.owner, week.id, week.ben.person_id, reason="抄袭")
    week.settle()
    assert week.counted == 1
    with clock.at(week.day(13)):
        for _time in range(2):
            operations.disqualify(week.owner, week.id, week.ann.person_id, reason="抄袭")
        assert week.counted == 0
        operations.disqualify(week.owner, week.id, week.cat.person_id, reason="抄袭")  # had not completed it
    assert week.counted == 0


def test_of_one_that_was_called_off_those_count_who_had_done_their_share(app: Flask, make: Make) -> None:
    week = Finished(make)
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1)
    with week.at(2, 9):
        operations.cancel_campaign(week.owner, week.id, reason="人太少")
        jobs.settle(week.id)
    assert (week.enrollment(ann).status, week.enrollment(ben).status) == ("completed", "failed")
    assert week.counted == 1


def test_the_page_and_the_list_say_it(week: Finished, browser: Any) -> None:
    page = f"/{week.slug}/campaigns"
    with clock.at(week.day(8)):
        assert "2 人达成" not in text_of(browser(week.cat).get(page))
    week.settle()
    with clock.at(week.day(12)):
        for who in (week.cat, None):
            visitor = browser(who) if who is not None else browser()
            assert "2 人达成" in text_of(visitor.get(page))
        stranger = browser()
        stranger.post("/settings/language", {"locale": "en"})
        shown = text_of(stranger.get(f"{page}/{week.id}"))
        assert "<b>2</b><span>Who made it</span>" in shown and "3 people took part" in shown


def test_a_campaign_that_nobody_completed_makes_no_words_of_it(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make)
    ann = week.member()
    week.settle()
    with clock.at(week.day(12)):
        assert queries.get_campaign(ann, week.id).completed_count == 0
        assert "人达成" not in text_of(browser(ann).get(f"/{week.slug}/campaigns"))


def test_the_api_says_it(week: Finished, api: Callable[..., ApiClient]) -> None:
    def told() -> list[Any]:
        one = api(week.cat).get(f"/campaigns/{week.id}").get_json()
        some = api(week.cat).get(f"/circles/{week.slug}/campaigns").get_json()["items"]
        return [each["completed_count"] for each in (one, *some)]

    with clock.at(week.day(7)):
        assert told() == [None, None]
    week.settle()
    with clock.at(week.day(12)):
        assert told() == [2, 2]


def test_reading_it_counts_nobody(week: Finished, statements: list[str]) -> None:
    week.settle()
    with clock.at(week.day(8) + timedelta(days=4)):
        circle = circles.get_circle(week.cat, week.slug)
        statements.clear()
        (row,) = queries.finished_campaigns(week.cat, circle).items
    assert row.completed_count == 2
    assert len(statements) <= 2
    assert not any("completed'" in statement for statement in statements)
