"""Make-up cards that a level gives each month: after those of a campaign, in any of the circle, and none put by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from circle.access import Actor
from circle.checkins import jobs, operations, queries, rule_texts
from circle.checkins.checking import check_campaign
from circle.checkins.models import MakeupCard
from circle.checkins.operations import Plan, Submitted
from circle.checkins.queries import EnrollmentRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError
from circle.posts import operations as posts
from tests.checkins.campaigning import FIRST, Week
from tests.clients import ApiClient
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    week = Week(make, {"free_cards": 1, "lookback": 7})
    week.level_cards(0, 2)
    return week


def member(week: Week, level: int = 2, role: str = "member") -> Actor:
    actor = week.member(role=role)
    week.raise_to(actor, level)
    return actor


def another(week: Week, title: str = "另一个", **plan: Any) -> int:
    """One more campaign of the circle."""
    with week.at(-1):
        values = {"title": title, "start_date": FIRST, "end_date": FIRST + timedelta(days=6), **week.plan, **plan}
        campaign_id = operations.create_campaign(week.owner, week.slug, Plan(**values))
        operations.publish_campaign(week.owner, campaign_id)
    return campaign_id


def make_up(week: Week, actor: Actor, idx: int, *, on: int = 5, hour: float = 9, at: int = 0, **more: Any) -> Submitted:
    with week.at(on, hour):
        return operations.make_up(actor, at or week.id, idx, body="补上那天的晨读。", **more)


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(CircleError) as refused:
        call()
    return refused.value.code


def used(actor: Actor) -> list[tuple[str, str | None, int | None]]:
    mine = select(MakeupCard.source, MakeupCard.month, MakeupCard.nth).where(MakeupCard.state == "used")
    mine = mine.where(MakeupCard.user_id == actor.id) if actor.id else mine
    ordered = mine.order_by(MakeupCard.month, MakeupCard.nth)
    return [(row.source, row.month, row.nth) for row in db.session.execute(ordered)]


def part(week: Week, actor: Actor, *, on: int = 5, at: int = 0) -> EnrollmentRow:
    with week.at(on):
        mine = queries.get_campaign(actor, at or week.id).me
    assert mine is not None
    return mine


def lawful(week: Week, campaign_id: int | None = None) -> bool:
    db.session.rollback()
    return not check_campaign(campaign_id or week.id).violations


# ---- using them ------------------------------------------------------------------------------------------------------


def test_cards_of_the_campaign_go_first_then_those_of_the_level(week: Week) -> None:
    ann = member(week)
    seen = [(part(week, ann).makeup_cards, part(week, ann).level_cards)]
    for idx in (1, 2, 3):
        make_up(week, ann, idx)
        seen.append((part(week, ann).makeup_cards, part(week, ann).level_cards))
    assert seen == [(3, 2), (2, 2), (1, 1), (0, 0)]
    assert used(ann) == [("level", "M2026-11", 1), ("level", "M2026-11", 2)]
    assert refusal(lambda: make_up(week, ann, 4)) == "NO_CARD"
    assert [record.source for record in week.records(ann)] == ["makeup"] * 3
    assert lawful(week)


def test_nothing_is_written_before_a_card_is_used_and_a_level_without_them_gives_none(week: Week) -> None:
    ann, ben = member(week), member(week, level=1)
    assert db.session.scalar(select(func.count()).select_from(MakeupCard).where(MakeupCard.source == "level")) == 0
    make_up(week, ben, 1)
    assert refusal(lambda: make_up(week, ben, 2)) == "NO_CARD"
    assert (part(week, ann).level_cards, part(week, ben).level_cards) == (2, 0)


def test_a_month_is_shared_by_all_campaigns_of_the_circle(week: Week) -> None:
    ann, other = member(week), another(week, free_cards=0)
    with week.at(0):
        operations.enroll(ann, other)
    make_up(week, ann, 1)
    make_up(week, ann, 2)
    assert (part(week, ann).makeup_cards, part(week, ann, at=other).makeup_cards) == (1, 1)
    make_up(week, ann, 1, at=other)
    assert (part(week, ann).makeup_cards, part(week, ann, at=other).makeup_cards) == (0, 0)
    assert refusal(lambda: make_up(week, ann, 3)) == "NO_CARD"
    assert lawful(week) and lawful(week, other)


def test_another_circle_and_another_person_have_months_of_their_own(week: Week, make: Make) -> None:
    ann, ben = member(week), member(week)
    for who in (ann, ben):
        for idx in (1, 2, 3):
            make_up(week, who, idx)
    there = Week(make, {"free_cards": 0})
    there.level_cards(1)
    cat = there.member()
    assert make_up(there, cat, 4, on=5).idx == 4


def test_with_the_month_there_are_new_ones_by_the_clocks_of_the_circle(app: Flask, make: Make) -> None:
    dates = {"start_date": date(2026, 11, 28), "end_date": date(2026, 12, 4)}
    week = Week(make, {"free_cards": 0, "lookback": 7, **dates})
    week.level_cards(1)
    ann = week.member()
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)  # in Shanghai

    def at(moment: datetime, idx: int) -> None:
        with clock.at(moment):
            operations.make_up(ann, week.id, idx, body="补上。")

    at(midnight - timedelta(hours=2), 1)
    assert refusal(lambda: at(midnight - timedelta(microseconds=1), 2)) == "NO_CARD"
    at(midnight, 2)
    assert refusal(lambda: at(midnight + timedelta(days=3), 3)) == "NO_CARD"
    assert used(ann) == [("level", "M2026-11", 1), ("level", "M2026-12", 1)]
    with clock.at(midnight + timedelta(days=3)):
        assert lawful(week)
    # what was sent off before midnight belongs to the old month, whenever its turn comes
    ben = week.member()
    with clock.at(midnight + timedelta(minutes=1)):
        operations.make_up(ben, week.id, 1, body="路上。", arrived_at=midnight - timedelta(seconds=1))
    assert used(ben) == [("level", "M2026-11", 1)]


def test_where_nothing_can_be_made_up_a_level_changes_nothing(app: Flask, make: Make) -> None:
    week = Week(make, {"lookback": 0, "free_cards": 0})
    week.level_cards(3)
    ann = week.member()
    assert part(week, ann).makeup_cards == 0
    assert refusal(lambda: make_up(week, ann, 4)) == "LOOKBACK_EXCEEDED"


def test_a_card_of_the_level_is_none_of_those_that_a_campaign_allows(app: Flask, make: Make) -> None:
    week = Week(make, {"free_cards": 0, "card_limit": 1, "card_price": 5, "lookback": 7})
    week.level_cards(1)
    ann = week.member()
    week.check_in(ann, 1)
    make_up(week, ann, 2)
    with week.at(5):
        assert queries.get_campaign(ann, week.id).can.buy_card
    make_up(week, ann, 3, buy_for=5)  # bought now that the level gives no more
    assert refusal(lambda: make_up(week, ann, 4, buy_for=5)) == "CARD_LIMIT"
    assert lawful(week)


def test_who_runs_the_circle_has_what_their_own_level_gives(week: Week) -> None:
    mod = member(week, level=2, role="moderator")
    novice = member(week, level=1, role="admin")
    assert (part(week, mod).level_cards, part(week, novice).level_cards) == (2, 0)
    for idx in (1, 2, 3):
        make_up(week, mod, idx)
    assert refusal(lambda: make_up(week, mod, 4)) == "NO_CARD"


def test_a_level_that_gives_fewer_takes_nothing_back_and_gives_no_more(week: Week) -> None:
    ann = member(week)
    for idx in (1, 2, 3):
        make_up(week, ann, idx)
    week.level_cards(0, 1)
    assert part(week, ann).makeup_cards == 0
    assert refusal(lambda: make_up(week, ann, 4)) == "NO_CARD"
    week.level_cards(0, 3)
    assert make_up(week, ann, 4).idx == 4
    assert [nth for _source, _month, nth in used(ann)] == [1, 2, 3]


def test_who_rises_has_them_at_once(week: Week) -> None:
    ann = member(week, level=1)
    make_up(week, ann, 1)
    assert refusal(lambda: make_up(week, ann, 2)) == "NO_CARD"
    week.raise_to(ann, 2)
    assert make_up(week, ann, 2).idx == 2


# ---- given back, or not ----------------------------------------------------------------------------------------------


def test_a_rejected_make_up_leaves_one_more_of_its_month_and_a_deleted_one_does_not(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual", "free_cards": 0, "lookback": 7})
    week.level_cards(2)
    ann = week.member()
    first, second = make_up(week, ann, 1), make_up(week, ann, 2)
    with week.at(5, 10):
        operations.reject_record(week.owner, first.record_id, reason="跑题")
    assert (part(week, ann).makeup_cards, used(ann)) == (1, [("level", "M2026-11", 2)])
    make_up(week, ann, 1, hour=11)
    assert used(ann) == [("level", "M2026-11", 1), ("level", "M2026-11", 2)]
    with week.at(5, 12):
        posts.delete_post(ann, second.post_id)
    assert refusal(lambda: make_up(week, ann, 2, hour=13)) == "NO_CARD"
    assert lawful(week)


def test_a_card_of_a_level_comes_back_with_an_excused_day_too(app: Flask, make: Make) -> None:
    week = Week(make, {"free_cards": 0, "lookback": 7})
    week.level_cards(1)
    ann = week.member()
    make_up(week, ann, 1)
    with week.at(5, 10):
        operations.excuse_period(week.owner, week.id, 1, reason="服务故障")
        jobs.recount(week.id)
    assert (used(ann), part(week, ann).makeup_cards) == ([], 1)
    make_up(week, ann, 2, hour=11)
    assert used(ann) == [("level", "M2026-11", 1)]
    with week.at(5, 14):
        assert lawful(week)


def test_who_is_rejected_is_told_that_they_can_make_it_up_with_a_card_of_their_level(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual", "free_cards": 0, "lookback": 7})
    ann = week.member()
    made = week.check_in(ann, 1)

    def way() -> str:
        with week.at(3):
            return queries.redo_of(made.record_id).way

    assert way() == ""
    week.level_cards(1)
    assert way() == "makeup"
    make_up(week, ann, 2, on=3)
    assert way() == ""


def test_calling_off_and_running_out_pay_nothing_back_and_change_nothing(week: Week) -> None:
    ann = member(week)
    for idx in (1, 2):
        make_up(week, ann, idx)
    with week.at(6):
        operations.cancel_campaign(week.owner, week.id, reason="不办了")
    week.settle()
    with clock.at(week.day(40)):
        operations.expire_cards()
        assert lawful(week)
    assert used(ann) == [("level", "M2026-11", 1)]


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_pages_say_where_the_card_comes_from(week: Week, browser: Any) -> None:
    ann = member(week)
    visitor, page = browser(ann), f"/{week.slug}/campaigns/{week.id}"

    def read(address: str) -> str:
        with week.at(5):
            return str(visitor.get(address).get_data(as_text=True))

    visitor.post("/settings/language", {"locale": "en"})
    both = read(page)
    assert "You have 1 make-up card, good until Nov 22 24:00, and 2 of your level this month" in both
    assert "levels give more: up to 2 a month" in both
    assert "This takes one make-up card<" in read(f"{page}/makeup/4")
    make_up(week, ann, 1)
    only = read(f"{page}/makeup/4")
    assert "This takes a make-up card that your level gives you" in only
    assert "2 make-up cards of your level are left this month" in only
    assert "2 make-up cards of your level are left this month" in read(page)
    with week.at(5):
        form = {"body": "补上这一天。", "idx": "4"}
        assert visitor.post(f"{page}/makeup/4", form).status_code == 303
    assert part(week, ann).level_cards == 1


def test_the_api_says_how_many_are_of_the_level(week: Week, api: Callable[..., ApiClient]) -> None:
    ann = member(week)
    with week.at(5):
        me = api(ann).get(f"/campaigns/{week.id}").get_json()["me"]
        listed = api(ann).get(f"/circles/{week.slug}/campaigns").get_json()["items"][0]["me"]
    assert (me["makeup_cards"], me["level_cards"]) == (listed["makeup_cards"], listed["level_cards"]) == (3, 2)
    week.settle()
    with clock.at(week.day(12)):
        assert api(ann).get(f"/campaigns/{week.id}").get_json()["me"]["makeup_cards"] == 0


def test_the_rules_of_a_campaign_without_cards_speak_of_levels_where_those_give_them(app: Flask, make: Make) -> None:
    week = Week(make, {"free_cards": 0, "lookback": 2})

    def told() -> list[str]:
        with week.at(3), app.test_request_context(), force_locale("en"):
            return rule_texts.makeup_texts(queries.get_campaign(week.owner, week.id))

    assert told() == ["What is missed cannot be made up."]
    week.level_cards(0, 1, 4)
    assert told()[1:] == ["From the level Plus member on, levels give more: up to 4 a month."]
