"""Making up a missed day: which, until when, for what, and that a card is used exactly once (C4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import SYSTEM, Actor
from circle.checkins import operations
from circle.checkins.models import CheckinRecord, MakeupCard
from circle.checkins.operations import Submitted
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, NotFound, Refused
from circle.core.operation import in_transaction
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts.models import Post
from tests.checkins.campaigning import Week
from tests.factories import Make, actor_of

TICK = timedelta(microseconds=1)


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"free_cards": 2, "card_limit": 2, "lookback": 3})


def cards(week: Week, actor: Actor) -> list[MakeupCard]:
    mine = select(MakeupCard).where(MakeupCard.enrollment_id == week.enrollment(actor).id).order_by(MakeupCard.id)
    return list(db.session.scalars(mine.execution_options(populate_existing=True)))


def states(week: Week, actor: Actor) -> list[str]:
    return sorted(card.state for card in cards(week, actor))


def make_up(week: Week, actor: Actor, idx: int, *, on: int, hour: float = 9, **values: Any) -> Submitted:
    with week.at(on, hour):
        return operations.make_up(actor, week.id, idx, **{"body": "补上那天的晨读。", **values})


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(CircleError) as refused:
        call()
    return refused.value.code


def test_a_missed_day_is_made_up_for_one_card(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 3)
    made = make_up(week, ann, 2, on=3)
    assert (made.idx, made.streak, made.done, made.points) == (2, 3, 3, 0)
    mine = week.enrollment(ann)
    assert (mine.done, mine.on_time, mine.best_streak) == (3, 2, 3)
    assert states(week, ann) == ["available", "used"]
    used = next(card for card in cards(week, ann) if card.state == "used")
    assert used.used_record_id == made.record_id
    record = db.session.get_one(CheckinRecord, made.record_id)
    assert (record.source, record.status) == ("makeup", "approved")
    part = db.session.get_one(Post, made.post_id).parts["checkin"]
    assert (part["idx"], part["source"]) == (2, "makeup")


def test_what_is_made_up_completes_a_campaign_and_earns_no_check_in(app: Flask, make: Make) -> None:
    week = Week(make, {"need_n": 3, "reward_points": 50})
    ann = week.member()
    week.check_in(ann, 1, 3)
    made = make_up(week, ann, 2, on=4)
    assert made.completed
    assert week.enrollment(ann).status == "completed"
    earned = select(EarnSource.rule_code).where(EarnSource.source_key.like(f"checkin:{week.id}:%"))
    assert list(db.session.scalars(earned)) == ["checkin", "checkin"]


def test_the_days_before_joining_can_be_made_up_too(week: Week) -> None:
    with week.at(3):
        late = week.member(enrolled=False)
        operations.enroll(late, week.id)
    week.check_in(late, 3)
    assert make_up(week, late, 2, on=3).streak == 2


def test_only_a_day_that_is_over_and_was_missed_can_be_made_up(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    assert refusal(lambda: make_up(week, ann, 1, on=3)) == "NOT_MISSED"
    assert refusal(lambda: make_up(week, ann, 3, on=3)) == "NOT_MISSED"  # still open
    assert refusal(lambda: make_up(week, ann, 4, on=3)) == "NOT_MISSED"  # to come
    for none in (0, -1, 8, 10**9):
        assert refusal(lambda idx=none: make_up(week, ann, idx, on=3)) == "NOT_MISSED"  # type: ignore[misc]
    make_up(week, ann, 2, on=3)
    assert refusal(lambda: make_up(week, ann, 2, on=3)) == "NOT_MISSED"
    assert states(week, ann) == ["available", "used"]


def test_a_day_that_waits_for_a_reviewer_is_not_missed_but_a_rejected_one_is(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    made = week.check_in(ann, 1)
    assert refusal(lambda: make_up(week, ann, 1, on=2)) == "NOT_MISSED"
    with week.at(2):
        operations.reject_record(week.owner, made.record_id, reason="看不清")
    assert make_up(week, ann, 1, on=2).status == "pending"


def test_a_day_on_which_the_service_failed_needs_no_card(week: Week) -> None:
    ann = week.member()
    excused = {"1": {"reason": "停电", "at": "2026-11-17T00:00:00Z", "by": None}}
    campaign = week.campaign
    in_transaction(lambda: setattr(db.session.merge(campaign), "excused", excused))
    assert refusal(lambda: make_up(week, ann, 1, on=2)) == "NOT_MISSED"


def test_a_day_can_be_made_up_from_the_bell_on_that_ends_it(week: Week) -> None:
    ann = week.member()
    with clock.at(week.day(2, 0) - TICK):
        assert refusal(lambda: operations.make_up(ann, week.id, 1, body="早了")) == "NOT_MISSED"
    with clock.at(week.day(2, 0)):
        assert operations.make_up(ann, week.id, 1, body="正好").idx == 1


def test_only_the_last_days_can_be_made_up(week: Week) -> None:
    ann = week.member()
    # on the fifth day four are over, of which 2, 3 and 4 are within reach
    assert refusal(lambda: make_up(week, ann, 1, on=5)) == "LOOKBACK_EXCEEDED"
    assert make_up(week, ann, 2, on=5).idx == 2


def test_where_nothing_can_be_made_up_it_says_so(app: Flask, make: Make) -> None:
    week = Week(make, {"lookback": 0})
    ann = week.member()
    with pytest.raises(Refused) as refused:
        make_up(week, ann, 1, on=2)
    assert refused.value.code == "LOOKBACK_EXCEEDED"


def test_without_a_card_nothing_is_made_up(app: Flask, make: Make) -> None:
    week = Week(make, {"free_cards": 1})
    ann = week.member()
    make_up(week, ann, 1, on=3)
    before = len(week.records(ann))
    assert refusal(lambda: make_up(week, ann, 2, on=3)) == "NO_CARD"
    assert len(week.records(ann)) == before
    none = Week(make, {"free_cards": 0})
    ben = none.member()
    assert refusal(lambda: make_up(none, ben, 1, on=3)) == "NO_CARD"


def test_nothing_is_made_up_before_the_campaign_or_after_it(week: Week) -> None:
    ann = week.member()
    assert refusal(lambda: make_up(week, ann, 1, on=0)) == "WINDOW_CLOSED"
    assert refusal(lambda: make_up(week, ann, 7, on=8, hour=0)) == "WINDOW_CLOSED"
    with clock.at(week.day(8, 0) - TICK):
        assert operations.make_up(ann, week.id, 6, body="赶上了").idx == 6
    # sent off before the last bell, worked on a minute after it
    with clock.at(week.day(8, 0) + timedelta(minutes=1)):
        assert operations.expire_cards() == 0
        assert operations.make_up(ann, week.id, 5, body="路上", arrived_at=week.day(8, 0) - TICK).idx == 5


def test_a_cancelled_campaign_is_not_made_up(week: Week) -> None:
    ann = week.member()
    with week.at(2):
        operations.cancel_campaign(week.owner, week.id, reason="不办了")
    assert refusal(lambda: make_up(week, ann, 1, on=3)) == "WINDOW_CLOSED"


def test_a_rejected_make_up_gives_its_card_back_and_a_deleted_one_does_not(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual", "free_cards": 1})
    ann = week.member()
    made = make_up(week, ann, 1, on=2)
    assert states(week, ann) == ["used"]
    with week.at(2, 10):
        operations.reject_record(week.owner, made.record_id, reason="跑题")
    assert states(week, ann) == ["available"]
    again = make_up(week, ann, 1, on=2, hour=11)
    with week.at(2, 12):
        posts.delete_post(ann, again.post_id)
    assert states(week, ann) == ["used"]
    assert refusal(lambda: make_up(week, ann, 1, on=2, hour=13)) == "NO_CARD"


def test_a_make_up_holds_what_the_campaign_asks_for_and_costs_nothing_when_it_does_not(app: Flask, make: Make) -> None:
    week = Week(make, {"min_len": 20})
    ann = week.member()
    assert refusal(lambda: make_up(week, ann, 1, on=2, body="太短")) == "CONTENT_RULE"
    assert refusal(lambda: make_up(week, ann, 1, on=2, body=" ")) == "CONTENT_RULE"
    assert states(week, ann) == ["available"]
    assert week.records(ann) == []


def test_only_those_who_take_part_make_up(week: Week, make: Make) -> None:
    with week.at(1):
        member, outsider = week.member(enrolled=False), actor_of(make.user())
        muted, banned, gone = week.member(), week.member(), week.member()
        circles.mute_member(SYSTEM, week.slug, muted.id or 0, duration_s=864000)
        circles.ban_member(SYSTEM, week.slug, banned.id or 0)
        operations.withdraw(gone, week.id)
    found = [refusal(lambda who=who: make_up(week, who, 1, on=2)) for who in (member, outsider, muted, banned, gone)]  # type: ignore[misc]
    assert found == ["NOT_ENROLLED", "FORBIDDEN", "MUTED", "BANNED", "NOT_ENROLLED"]
    with week.at(2), pytest.raises(NotFound):
        operations.make_up(member, 4711, 1, body="我")


def test_the_card_that_runs_out_first_is_used_first(week: Week) -> None:
    ann = week.member()
    soon, late = cards(week, ann)
    in_transaction(lambda: setattr(db.session.merge(late), "expires_at", week.day(6)))
    make_up(week, ann, 1, on=2)
    assert {card.id: card.state for card in cards(week, ann)} == {soon.id: "available", late.id: "used"}


def test_making_up_costs_few_statements(week: Week, statements: list[str]) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(3):
        statements.clear()
        operations.make_up(ann, week.id, 2, body="补上。")
    assert len(statements) <= 24
