"""Making up a missed day as a browser does, and buying the card for it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.checkins.models import MakeupCard
from circle.core.db import db
from tests.checkins.campaigning import Week
from tests.checkins.composing import address, count, rich, text
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make)


# ---- making up -------------------------------------------------------------------------------------------------------


def test_the_page_of_a_make_up_says_what_it_costs(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"prompts": ("第一天写什么",)})
    ann = week.member()
    with week.at(2):
        page = text(browser(ann).get(address(week, "makeup/1")))
    assert "第一天写什么" in page
    assert 'class="makeup"' in page
    assert f'action="{address(week, "makeup/1")}"' in page
    assert 'name="price"' not in page


def test_only_missed_days_have_a_page_to_make_them_up(week: Week, browser: Any) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(5):
        who = browser(ann)
        campaign = f"/{week.slug}/campaigns/{week.id}"
        assert who.get(address(week, "makeup/1")).location == f"/{week.slug}/posts/{made.post_id}"
        assert who.get(address(week, "makeup/5")).location == address(week)
        assert who.get(address(week, "makeup/6")).location == campaign
        assert who.get(address(week, "makeup/8")).status_code == 404
        assert who.get(address(week, "makeup/0")).status_code == 404
        assert who.post(address(week, "makeup/8"), {"body": "没有这天"}).status_code == 404
        assert who.get(address(week, "makeup/4")).status_code == 200


def test_without_a_card_it_is_bought_in_the_same_step(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"free_cards": 0, "card_price": 30})
    ann = week.member()
    rich(week, ann, 50)
    with week.at(2):
        who = browser(ann)
        page = text(who.get(address(week, "makeup/1")))
        assert 'name="price" value="30"' in page
        form = {"body": "补上", "idx": "1", "price": "30", "once": "x" * 24}
        first, second = (who.post(address(week, "makeup/1"), form) for _click in range(2))
    assert first.location == second.location
    assert week.enrollment(ann).done == 1
    assert db.session.scalars(select(MakeupCard.state)).all() == ["used"]


def test_another_price_than_the_page_said_is_not_taken(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"free_cards": 0, "card_price": 30})
    ann = week.member()
    rich(week, ann, 50)
    with week.at(2):
        answer = browser(ann).post(address(week, "makeup/1"), {"body": "补上", "idx": "1", "price": "20"})
    assert answer.status_code == 422
    assert "补上" in text(answer)
    assert count(MakeupCard) == 0


def test_who_cannot_pay_for_a_card_gets_their_words_back(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"free_cards": 0, "card_price": 30})
    ann = week.member()
    with week.at(2):
        who = browser(ann)
        assert "<textarea" not in text(who.get(address(week, "makeup/1")))
        for form in ({"body": "补上", "price": "30"}, {"body": "补上"}):
            answer = who.post(address(week, "makeup/1"), form)
            assert answer.status_code == 422
            assert "补上</textarea>" in text(answer)
    assert week.records(ann) == []


# ---- cards -----------------------------------------------------------------------------------------------------------


def test_a_card_is_bought_once_however_often_the_button_is_pressed(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"card_price": 30, "card_limit": 5})
    ann = week.member()
    rich(week, ann, 100)
    with week.at(2):
        who = browser(ann)
        form = {"price": "30", "once": "x" * 24, "next": address(week, "makeup/1")}
        first, second = (who.post(address(week, "cards"), form) for _click in range(2))
        assert first.location == second.location == address(week, "makeup/1")
    assert count(MakeupCard) == 2


def test_buying_leads_nowhere_else_than_into_the_campaign(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"card_price": 30, "card_limit": 9})
    ann = week.member()
    rich(week, ann, 500)
    with week.at(2):
        who = browser(ann)
        for there in ("https://evil.example/", "//evil.example", "/settings", f"/{week.slug}/campaigns/{week.id}0", ""):
            assert who.post(address(week, "cards"), {"next": there}).location == f"/{week.slug}/campaigns/{week.id}"


def test_a_card_that_cannot_be_bought_says_why(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"card_price": 30})
    ann = week.member()
    with week.at(2):
        answer = browser(ann).post(address(week, "cards"), {"price": "30"})
    assert answer.status_code == 422
    assert "data-errors" in text(answer)
    assert count(MakeupCard) == 1
