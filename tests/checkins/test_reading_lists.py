"""Lists of campaigns, the check-ins of one, and what reading them costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.access import VISITOR
from circle.checkins import operations, queries
from circle.checkins.models import Enrollment
from circle.checkins.operations import Plan
from circle.circles import queries as circles
from circle.circles.models import Circle
from circle.core.db import db
from circle.core.errors import BadRequest
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from tests.checkins.campaigning import FIRST, Week
from tests.checkins.seeing import circle_for, seen, states
from tests.factories import Make, actor_of


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "prompts": ("窗外", "早饭", "一封信")})


# ---- lists -----------------------------------------------------------------------------------------------------------


def more(week: Week, title: str, start: int, length: int = 7, **values: Any) -> int:
    """Another campaign in the same circle, published in time."""
    first = FIRST + timedelta(days=start)
    with week.at(start - 1):
        plan = Plan(title=title, start_date=first, end_date=first + timedelta(days=length - 1), need_n=1, **values)
        campaign_id = operations.create_campaign(week.owner, week.slug, plan)
        operations.publish_campaign(week.owner, campaign_id)
    return campaign_id


def test_the_list_begins_with_what_runs_then_what_comes_then_what_is_over(week: Week) -> None:
    ann = week.member()
    more(week, "过去", -20)
    more(week, "更早", -30)
    more(week, "以后", 20)
    more(week, "快了", 10)
    more(week, "长跑", -1, 30)
    week.check_in(ann, 1, 2)
    with week.at(3):
        rows = queries.campaign_list(ann, circle_for(week, ann))
    assert [row.title for row in rows] == ["早安七天", "长跑", "快了", "以后", "过去", "更早"]
    me = rows[0].me
    assert me is not None
    assert (me.done, me.streak, me.days) == (2, 2, ())
    assert rows[0].stage == "check_in"


def test_finished_campaigns_come_in_pages_without_gaps(week: Week) -> None:
    titles = [f"第 {number} 期" for number in range(5)]
    for number, title in enumerate(titles):
        more(week, title, -50 + number * 2, 2)
    found: list[str] = []
    cursor = None
    with week.at(2):
        circle = circle_for(week, VISITOR)
        while True:
            page = queries.finished_campaigns(VISITOR, circle, cursor=cursor, limit=2)
            found += [row.title for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == titles[::-1]
        with pytest.raises(BadRequest):
            queries.campaign_page(VISITOR, circle, cursor="nonsense")
        for phase, wanted in {"all": 6, "running": 1, "upcoming": 0, "over": 5}.items():
            assert len(queries.campaign_page(VISITOR, circle, phase=phase).items) == wanted


def test_the_home_shows_members_what_runs_and_first_what_they_are_in(week: Week) -> None:
    ann, bob = week.member(), week.member(enrolled=False)
    other = more(week, "别的", -1, 5)
    with week.at(1):
        operations.enroll(bob, other)
    with week.at(2):
        assert queries.home_campaign(ann, circle_for(week, ann)).id == week.id  # type: ignore[union-attr]
        row = queries.home_campaign(bob, circle_for(week, bob))
        assert row is not None
        assert (row.id, len(row.strip)) == (other, 5)
        assert queries.home_campaign(VISITOR, circle_for(week, VISITOR)) is None
    with week.at(30):
        assert queries.home_campaign(ann, circle_for(week, ann)) is None


# ---- posts -----------------------------------------------------------------------------------------------------------


def test_the_check_ins_of_a_campaign_are_those_that_count(make: Make, app: Flask) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    week.check_in(ann, 1, 2, 3)
    first, second, _third = week.records(ann)
    with week.at(4):
        operations.approve_record(week.owner, first.id)
        operations.approve_record(week.owner, second.id)
        row = queries.get_campaign(VISITOR, week.id)
        assert [post.id for post in queries.checkin_posts(VISITOR, row).items] == [second.post_id, first.post_id]
        page = queries.checkin_posts(VISITOR, row, limit=1)
        rest = queries.checkin_posts(VISITOR, row, limit=1, cursor=page.next_cursor)
        assert [post.id for post in rest.items] == [first.post_id]
        posts.hide_post(week.owner, second.post_id or 0, reason="跑题")
        assert [post.id for post in queries.checkin_posts(VISITOR, row).items] == [first.post_id]


def test_the_card_of_a_check_in_says_its_day_and_its_standing_to_those_it_concerns(make: Make, app: Flask) -> None:
    week = Week(make, {"review": "manual"})
    ann, bob, moderator = week.member(), week.member(), week.member(role="moderator")
    made = week.check_in(ann, 3)
    with week.at(3):
        told = {
            name: post_queries.get_post(actor, made.post_id).checkin
            for name, actor in {"ann": ann, "bob": bob, "moderator": moderator, "visitor": VISITOR}.items()
        }
        moment = posts.publish_post(bob, week.slug, body="不是打卡。")
        assert post_queries.get_post(ann, moment).checkin is None
    hint = told["ann"]
    assert hint is not None
    assert (hint.campaign_id, hint.title, hint.idx, hint.total) == (week.id, "早安七天", 3, 7)
    assert hint.url == f"/{week.slug}/campaigns/{week.id}"
    assert {name: at.status for name, at in told.items() if at} == {
        "ann": "pending", "moderator": "pending", "bob": "approved", "visitor": "approved",
    }  # fmt: skip


# ---- cost ------------------------------------------------------------------------------------------------------------


def test_reading_costs_the_same_however_many_take_part(
    week: Week, statements: list[str], make: Make, app: Flask
) -> None:
    ann = week.member()

    def cost(read: Callable[[], object]) -> int:
        db.session.expire_all()
        statements.clear()
        read()
        return len(statements)

    with week.at(3):
        circle = circle_for(week, ann)
        reads: dict[str, Callable[[], object]] = {
            "one": lambda: queries.get_campaign(ann, week.id, slug=week.slug),
            "list": lambda: queries.campaign_list(ann, circle),
            "home": lambda: queries.home_campaign(ann, circle),
        }
        before = {name: cost(read) for name, read in reads.items()}
    week.check_in(ann, 1, 2)
    for _person in range(4):
        week.check_in(week.member(), 1, 2)
    for number in range(3):
        more(week, f"另一个 {number}", -1, 9)
    with week.at(3):
        after = {name: cost(read) for name, read in reads.items()}
    assert before == after == {"one": 3, "list": 3, "home": 2}


def test_a_circle_without_campaigns_asks_nothing_for_its_home(make: Make, statements: list[str], app: Flask) -> None:
    owner = make.user()
    actor = actor_of(owner)
    circle = circles.readable_circle(actor, make.circle(owner).slug)
    statements.clear()
    assert queries.home_campaign(actor, circle) is None
    assert statements == []


def test_enrolments_of_others_are_nobodys_business(week: Week) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1)
    row = seen(week, bob, 2)
    assert row.me is not None
    assert row.me.id == db.session.query(Enrollment).filter_by(campaign_id=week.id, user_id=bob.id).one().id
    assert states(row).startswith("missed open")
    assert db.session.get(Circle, week.circle_id) is not None


def test_of_two_campaigns_that_run_the_home_shows_the_one_with_something_to_do_today(week: Week) -> None:
    ann = week.member()
    with week.at(0):
        longer = Plan(title="晚安十天", start_date=FIRST, end_date=FIRST + timedelta(days=9))
        other = operations.create_campaign(week.owner, week.slug, longer)
        operations.publish_campaign(week.owner, other)
        operations.enroll(ann, other)
    with week.at(1):
        before = queries.home_campaign(ann, circle_for(week, ann))
        week.check_in(ann, 1)
        after = queries.home_campaign(ann, circle_for(week, ann))
    assert (before and before.id, after and after.id) == (week.id, other)
