"""Leaving the circle, a ban, and coming back, in the middle of a campaign; and what else may be taken from under it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import jobs, operations, queries
from circle.circles import operations as circles
from circle.circles.models import Invite
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Forbidden, NotFound
from circle.core.operation import operation
from circle.points.models import EarnSource
from circle.posts.models import Post, TopicPost
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.checkins.campaigning import Week
from tests.factories import Make

REWARD = {"reward_points": 50, "reward_growth": 30}


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, dict(REWARD))


def rewarded() -> list[tuple[str, int]]:
    rows = select(EarnSource.state, EarnSource.active_points).where(EarnSource.rule_code == "campaign")
    return [tuple(row) for row in db.session.execute(rows)]


def leave(week: Week, actor: Actor, idx: int) -> None:
    with week.at(idx, 12):
        circles.leave_circle(actor, week.slug)


def come_back(week: Week, actor: Actor, idx: int) -> None:
    with week.at(idx, 7):
        circles.join_circle(actor, week.slug, invite=_token(circles.create_invite(week.owner, week.slug)))


def _token(invite_id: int) -> str:
    return db.session.get_one(Invite, invite_id).token


# ---- members ---------------------------------------------------------------------------------------------------------


def test_who_left_keeps_the_days_and_checks_in_no_more(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    leave(week, ann, 2)
    with pytest.raises((Forbidden, NotFound)):
        week.check_in(ann, 3)
    mine = week.enrollment(ann)
    assert (mine.status, mine.done, mine.on_time) == ("active", 2, 2)
    assert [record.status for record in week.records(ann)] == ["approved"] * 2


def test_coming_back_goes_on(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    leave(week, ann, 2)
    come_back(week, ann, 5)
    last = week.check_in(ann, 5, 6, 7)
    assert (last.done, last.completed) == (5, True)
    week.settle()
    assert week.enrollment(ann).status == "completed"
    assert rewarded() == [("on", 50)]


def test_the_banned_keep_their_days_and_have_failed_at_the_end(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4)
    with week.at(4, 12):
        circles.ban_member(week.owner, week.slug, ann.id or 0, reason="广告")
    with pytest.raises((Forbidden, NotFound)) as refused:
        week.check_in(ann, 5)
    assert refused.value.code in {"BANNED", "NOT_FOUND"}
    week.settle()
    mine = week.enrollment(ann)
    assert (mine.status, mine.done, mine.settled_at is not None) == ("failed", 4, True)


def test_who_completed_it_and_then_left_has_completed_it(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    leave(week, ann, 5)
    week.settle()
    assert week.enrollment(ann).status == "completed"
    assert rewarded() == [("on", 50)]


def reviewed(make: Make) -> tuple[Week, Actor]:
    """A campaign that is reviewed, and somebody who did five days and left before anybody looked."""
    week = Week(make, {**REWARD, "review": "manual"})
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    leave(week, ann, 5)
    return week, ann


def test_what_is_approved_while_somebody_is_away_completes_when_they_are_back(make: Make) -> None:
    week, ann = reviewed(make)
    with week.at(5, 18):
        for record in week.records(ann):
            operations.approve_record(week.owner, record.id)
    mine = week.enrollment(ann)
    assert (mine.status, mine.done, rewarded()) == ("active", 5, [])
    come_back(week, ann, 6)
    assert week.enrollment(ann).status == "completed"
    assert rewarded() == [("on", 50)]  # had it been given to somebody who is away, it would be nothing for good


def test_at_the_settlement_who_is_away_has_failed_though_nobody_had_looked(make: Make) -> None:
    week, ann = reviewed(make)
    week.settle()
    assert (week.enrollment(ann).status, rewarded()) == ("failed", [])
    assert [record.status for record in week.records(ann)] == ["approved"] * 5


def test_of_a_cancelled_campaign_who_is_away_gets_nothing(week: Week) -> None:
    ann, ben = week.member(), week.member()
    for who in (ann, ben):
        week.check_in(who, 1, 2)
    leave(week, ann, 2)
    with week.at(3, 1):
        operations.cancel_campaign(week.owner, week.id, reason="停电")
        jobs.settle(week.id)
    assert [week.enrollment(who).status for who in (ann, ben)] == ["failed", "completed"]


def test_who_is_banned_completes_nothing_until_the_ban_is_lifted(app: Flask, make: Make) -> None:
    week = Week(make, REWARD | {"review": "manual", "need_n": 1})
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        circles.ban_member(week.owner, week.slug, ann.id or 0, reason="吵架")
        operations.approve_record(week.owner, made.record_id)
    assert (week.enrollment(ann).status, rewarded()) == ("active", [])
    with week.at(2):
        circles.unban_member(week.owner, week.slug, ann.id or 0)
    assert (week.enrollment(ann).status, rewarded()) == ("completed", [("on", 50)])


def test_what_is_raised_while_somebody_is_away_is_theirs_when_they_are_back(week: Week) -> None:
    ann, ben = week.member(), week.member()
    for who in (ann, ben):
        week.check_in(who, 1, 2, 3, 4, 5)
        leave(week, who, 5)
    with week.at(6, 6):
        operations.update_campaign(week.owner, week.id, reward_points=80)
        jobs.recount(week.id)
    come_back(week, ann, 6)
    week.settle()
    assert [week.enrollment(who).status for who in (ann, ben)] == ["completed"] * 2
    assert sorted(rewarded()) == [("none", 0), ("on", 30), ("on", 50), ("on", 50)]


# ---- the circle ------------------------------------------------------------------------------------------------------


def test_a_new_owner_manages_the_campaigns_of_the_old_one(week: Week) -> None:
    heir, ann = week.member(enrolled=False), week.member()
    week.check_in(ann, 1)
    with week.at(1, 12):
        circles.transfer_ownership(week.owner, week.slug, heir.id or 0)
        assert queries.get_campaign(heir, week.id).can.cancel
        operations.excuse_period(heir, week.id, 1, reason="服务故障")
        circles.change_role(heir, week.slug, week.owner.id or 0, "member")
        with pytest.raises(Forbidden):
            operations.cancel_campaign(week.owner, week.id, reason="不想办了")
    assert week.campaign.created_by == week.owner.id  # who began it, and nothing more
    week.settle()
    assert week.campaign.status == "closed"


@operation
def _delete_topic(topic_id: int) -> None:
    db.session.delete(db.session.get_one(Topic, topic_id))


@pytest.mark.parametrize("gone", ["archived", "deleted"])
def test_a_topic_that_is_closed_or_gone_stops_nobodys_streak(make: Make, gone: str) -> None:
    place = Week(make, publish=False)
    with place.at(-1):
        topic_id = topics.create_topic(place.owner, place.slug, title="早安")
        operations.update_campaign(place.owner, place.id, topic_id=topic_id)
        operations.publish_campaign(place.owner, place.id)
    ann = place.member()
    first = place.check_in(ann, 1).post_id
    with place.at(1, 12):
        if gone == "archived":
            version = db.session.get_one(Topic, topic_id).version
            topics.update_topic(place.owner, topic_id, expected_version=version, status="archived")
        else:
            _delete_topic(topic_id)
    last = place.check_in(ann, 2)
    assert (last.streak, last.status) == (2, "approved")
    stands = dict(db.session.execute(select(TopicPost.post_id, TopicPost.topic_id)).all())
    assert stands == ({first: topic_id} if gone == "archived" else {})
    assert db.session.get_one(Post, last.post_id).parts["topics"] == []
    if gone == "archived":
        with place.at(2, 12):
            version = db.session.get_one(Topic, topic_id).version
            topics.update_topic(place.owner, topic_id, expected_version=version, status="active")
        again = place.check_in(ann, 3).post_id
        assert db.session.scalar(select(TopicPost.topic_id).where(TopicPost.post_id == again)) == topic_id


def test_time_goes_on_for_nobody_after_the_end(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    leave(week, ann, 1)
    week.settle()
    with clock.at(week.day(8) + timedelta(days=5)):
        token = _token(circles.create_invite(week.owner, week.slug))
        circles.join_circle(ann, week.slug, invite=token)
    mine = week.enrollment(ann)
    assert (mine.status, mine.done) == ("failed", 1)
