"""What check-ins and campaigns give, as members see it: the statement, why, rules, tasks."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from circle.checkins import operations
from circle.circles.queries import get_circle
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import in_transaction
from circle.points import operations as points
from circle.points import queries
from circle.points.checking import check_books
from circle.points.models import EarnRule, EarnSource, TaskProgress
from circle.points.queries import Why
from circle.points.queries.mine import Filter
from circle.points.simulation import simulate
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "reward_growth": 30})


def why(week: Week, actor: Any, source: str, **options: Any) -> Why:
    return queries.explain(actor, get_circle(actor, week.slug), source, **options)


def statement(week: Week, actor: Any, kind: str | None = None) -> list[Any]:
    return list(queries.statement(actor, get_circle(actor, week.slug), Filter(kind=kind)).items)


def test_a_statement_names_check_ins_and_the_campaign_and_each_can_be_explained(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    rows = statement(week, ann)
    assert {row.entry.kind for row in rows} == {"earn.checkin", "earn.campaign"}
    assert {row.icon for row in rows} == {"calendar-check", "trophy"}
    assert len(statement(week, ann, "earned")) == 6
    for row in rows:
        told = why(week, ann, row.why)
        assert (told.outcome, told.url) == ("earned", f"/{week.slug}/campaigns/{week.id}")
        assert "早安七天" in told.title
    told = why(week, ann, f"campaign:{week.id}:{ann.id}")
    assert (told.points, told.growth, told.rule) == (50, 30, None)


def test_what_is_taken_back_and_given_again_is_told(week: Week) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, 2, 3, 4, 5).post_id
    with week.at(5, 12):
        posts.hide_post(week.owner, post_id, reason="跑题")
    sources = (f"checkin:{week.id}:{ann.id}:5", f"campaign:{week.id}:{ann.id}")
    for source in sources:
        told = why(week, ann, source)
        assert (told.outcome, told.points, told.growth) == ("taken_back", 0, 0)
        assert len(told.sentences) == 1 and "post is no longer" not in told.sentences[0]
    with week.at(5, 13):
        posts.restore_post(week.owner, post_id)
    for source in sources:
        assert why(week, ann, source).outcome == "earned"
    assert not check_books(week.circle_id).violations


def test_what_earned_nothing_gets_an_honest_answer(week: Week, make: Make) -> None:
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1)
    told = why(week, ann, f"campaign:{week.id}:{ann.id}")
    assert (told.outcome, told.movements) == ("unrecorded", ())
    for source in (
        f"checkin:{week.id}:{ann.id}:2", f"checkin:{week.id}:{ben.id}:1", f"campaign:{week.id}:{ben.id}",
        f"campaign.team:1:{ann.id}", f"checkin:{week.id}:{ann.id}", f"campaign:{week.id}", "checkin:x:y:z",
    ):  # fmt: skip
        with pytest.raises(NotFound):
            why(week, ann, source)


def test_a_check_in_that_waits_says_so(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    week.check_in(ann, 1)
    told = why(week, ann, f"checkin:{week.id}:{ann.id}:1")
    assert (told.outcome, told.url) == ("unrecorded", f"/{week.slug}/campaigns/{week.id}")


def test_a_cap_tells_what_it_counted_and_promises_are_not_among_it(week: Week) -> None:
    with week.at(0, 7):
        points.save_rules(week.owner, week.slug, [{"code": "checkin", "points": 5, "growth": 5, "daily_point_cap": 3}])
    ann = week.member()
    earned = week.check_in(ann, 1).points
    told = why(week, ann, f"checkin:{week.id}:{ann.id}:1")
    assert (earned, told.outcome, told.cap) == (3, "reduced", ("points_day", 3, 0))
    rules = [{"code": "checkin", "points": 5, "growth": 5}, {"code": "*", "daily_point_cap": 6}]
    with week.at(1, 12):
        points.save_rules(week.owner, week.slug, rules)
    week.check_in(ann, 2, 3, 4, 5)
    assert why(week, ann, f"campaign:{week.id}:{ann.id}").points == 50
    post = {"slug": week.slug, "body": "写在打卡之后的一句话。"}
    with week.at(5, 12):
        post_id = posts.publish_post(ann, **post)
    told = why(week, ann, f"post:{post_id}")
    assert (told.outcome, told.cap) == ("reduced", ("all_day", 6, 5))


def test_a_circle_that_has_earned_before_there_were_check_ins_gets_the_rule(week: Week) -> None:
    ann = week.member()
    with week.at(1):
        posts.publish_post(ann, week.slug, body="早。")
    in_transaction(lambda: db.session.execute(delete(EarnRule).where(EarnRule.code == "checkin")))
    assert queries.earn_rules(week.owner, week.slug).by_code["checkin"].points == 5
    assert week.check_in(ann, 1).points == 5
    codes = db.session.scalars(select(EarnRule.version).where(EarnRule.code == "checkin")).all()
    assert codes == [1]


def test_a_draft_is_tried_on_check_ins_and_leaves_what_was_promised_out(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    with week.at(6):
        tried = queries.try_rules(week.owner, week.slug, [{"code": "checkin", "points": 10, "growth": 5}])
    sums = {one.code: (one.times, one.points_before, one.points_after) for one in tried.result.rules}
    assert sums["checkin"] == (5, 25, 50)
    assert tried.result.total.points_before == 25
    assert simulate([], queries.earn_rules(week.owner, week.slug).by_code, "UTC").total.times == 0


def test_a_task_can_ask_for_check_ins(week: Week) -> None:
    task_id = points.create_task(
        week.owner, week.slug, title="打卡三次", event="checkin", cadence="weekly", target=3, points=9, growth=9
    )
    ann = week.member()
    week.check_in(ann, 1, 2)
    progress = select(TaskProgress.count, TaskProgress.state).where(TaskProgress.task_id == task_id)
    assert db.session.execute(progress).one() == (2, "open")
    last = week.check_in(ann, 3)
    assert db.session.execute(progress).one() == (3, "claimable")
    with week.at(3, 12):
        posts.delete_post(ann, last.post_id)
    assert db.session.execute(progress).one() == (2, "open")
    week.check_in(ann, 3, hour=13)
    with week.at(3, 14):
        assert points.claim_task(ann, task_id).points == 9


def test_tasks_count_check_ins_as_points_do(app: Flask, make: Make) -> None:
    """One that waits counts when it is approved or settled, one that was rejected or made up does not."""
    week = Week(make, {"review": "manual", "free_cards": 1})
    task_id = points.create_task(
        week.owner, week.slug, title="打卡五次", event="checkin", cadence="weekly", target=5, points=9, growth=9
    )
    ann = week.member()

    def counted() -> int:
        return sum(db.session.scalars(select(TaskProgress.count).where(TaskProgress.task_id == task_id)))

    for hour in (8, 10):
        made = week.check_in(ann, 1, hour=hour)
        with week.at(1, hour + 1):
            operations.reject_record(week.owner, made.record_id, reason="跑题")
    with week.at(2):
        made_up = operations.make_up(ann, week.id, 1, body="补上这一天。")
        operations.approve_record(week.owner, made_up.record_id)
    waits = week.check_in(ann, 2)
    week.check_in(ann, 3)
    assert counted() == 0
    with week.at(3, 12):
        operations.approve_record(week.owner, waits.record_id)
        operations.approve_record(week.owner, waits.record_id)
    assert counted() == 1
    with week.at(3, 13):  # that one is back, and was counted before
        posts.hide_post(week.owner, waits.post_id, reason="看一看")
        posts.restore_post(week.owner, waits.post_id)
    assert counted() == 1
    week.settle()
    assert counted() == 2


def test_a_check_in_earns_as_one_and_not_as_a_post(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    assert db.session.scalars(select(EarnSource.rule_code)).all() == ["checkin"]


def test_the_page_of_rules_the_editor_and_the_pages_of_points_name_it(week: Week, browser: Any) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    visitor = browser(ann)
    page = visitor.get(f"/{week.slug}/points").text
    assert "#calendar-check" in page and "#trophy" in page
    page = visitor.get(f"/{week.slug}/points/why?source=campaign:{week.id}:{ann.id}").text
    assert f'href="/{week.slug}/campaigns/{week.id}"' in page
    visitor = browser(week.owner)
    assert 'name="checkin.points"' in visitor.get(f"/{week.slug}/manage/points/rules").text
