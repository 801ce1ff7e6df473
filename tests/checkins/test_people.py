"""What is done about one person's part: taken away, given back, a day added by hand."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import operations
from circle.checkins.models import CampaignRank
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, Refused
from circle.core.operation import in_transaction
from circle.points.checking import check_books
from circle.points.models import EarnSource
from tests.checkins.campaigning import Week
from tests.checkins.test_editing import promised
from tests.factories import Make
from tests.ledger.books import balanced


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "reward_growth": 20, "need_n": 2})


def logged(action: str) -> list[dict[str, Any]]:
    return list(db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == action)))


def disqualify(week: Week, actor: Actor, day: int = 5, by: Actor | None = None) -> None:
    with week.at(day):
        operations.disqualify(by or week.owner, week.id, actor.person_id, reason="请人代写")


def give(week: Week, actor: Actor, idx: int, *, day: int = 5, by: Actor | None = None) -> int:
    with week.at(day):
        return operations.give_checkin(by or week.owner, week.id, actor.person_id, idx, reason="当天上传失败")


# ---- taken out -------------------------------------------------------------------------------------------------------


def test_who_is_disqualified_loses_the_reward_and_counts_no_more(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    assert (promised(week, ann), week.campaign.enrolled_count) == ((50, 20), 1)
    disqualify(week, ann)
    disqualify(week, ann)
    mine = week.enrollment(ann)
    assert (mine.status, mine.reason, mine.completed_at) == ("disqualified", "请人代写", None)
    assert (promised(week, ann), week.campaign.enrolled_count) == ((0, 0), 0)
    assert len(logged("campaign.disqualify")) == 1
    assert balanced(week.circle_id, check_books)


def test_who_is_disqualified_checks_in_no_more(week: Week) -> None:
    ann = week.member()
    disqualify(week, ann, day=1)
    with pytest.raises(Forbidden) as refused:
        week.check_in(ann, 2)
    assert refused.value.code == "DISQUALIFIED"
    with week.at(2), pytest.raises(Forbidden):
        operations.enroll(ann, week.id)


def test_it_is_possible_after_the_settlement_too(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    week.settle()
    disqualify(week, ann, day=40)
    assert (week.enrollment(ann).status, promised(week, ann)) == ("disqualified", (0, 0))
    with week.at(41), pytest.raises(Conflict):
        operations.reinstate(week.owner, week.id, ann.person_id)


def test_the_kept_boards_close_the_gap(week: Week) -> None:
    people = [week.member() for _number in range(4)]
    with week.at(9):
        week.settle()

    def ranks() -> None:
        db.session.query(CampaignRank).delete()
        for place, each in enumerate(people, 1):
            db.session.add(CampaignRank(campaign_id=week.id, board="diligence", rank=place, user_id=each.person_id))
        for place, number in enumerate((1, 0, 1), 1):  # one may have several posts
            author = people[number].person_id
            db.session.add(CampaignRank(campaign_id=week.id, board="quality", rank=place, user_id=author))

    in_transaction(ranks)
    disqualify(week, people[1], day=40)
    rows = db.session.execute(
        select(CampaignRank.board, CampaignRank.rank, CampaignRank.user_id).order_by(
            CampaignRank.board, CampaignRank.rank
        )
    ).all()
    ids = [each.person_id for each in people]
    assert [tuple(row) for row in rows] == [
        ("diligence", 1, ids[0]),
        ("diligence", 2, ids[2]),
        ("diligence", 3, ids[3]),
        ("quality", 1, ids[0]),
    ]


def test_taken_back_before_the_settlement_everything_is_as_before(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    disqualify(week, ann, day=3)
    with week.at(4):
        operations.reinstate(week.owner, week.id, ann.person_id)
        operations.reinstate(week.owner, week.id, ann.person_id)
    mine = week.enrollment(ann)
    assert (mine.status, mine.reason, promised(week, ann)) == ("completed", "", (50, 20))
    assert (week.campaign.enrolled_count, len(logged("campaign.reinstate"))) == (1, 1)
    assert balanced(week.circle_id, check_books)


def test_nobody_acts_on_themselves_or_on_a_higher_role(week: Week) -> None:
    admin, owner = week.member(role="admin"), week.owner
    with week.at(0):
        operations.enroll(owner, week.id)
    for by, whom in ((admin, admin), (admin, owner), (owner, owner)):
        with pytest.raises(Forbidden):
            disqualify(week, whom, by=by)
        with pytest.raises(Forbidden):
            give(week, whom, 1, by=by)
    assert {week.enrollment(each).status for each in (admin, owner)} == {"active"}


def test_moderators_and_strangers_do_nothing_of_it(week: Week, make: Make) -> None:
    ann = week.member()
    moderator = week.member(role="moderator", enrolled=False)
    with pytest.raises(Forbidden):
        disqualify(week, ann, by=moderator)
    with pytest.raises(Forbidden):
        give(week, ann, 1, by=moderator)
    with week.at(2), pytest.raises(Forbidden):
        operations.reinstate(moderator, week.id, ann.person_id)


def test_who_does_not_take_part_is_not_there(week: Week) -> None:
    ben = week.member(enrolled=False)
    for act in (lambda: disqualify(week, ben), lambda: give(week, ben, 1)):
        with pytest.raises(NotFound):
            act()


def test_who_has_withdrawn_is_left_alone(week: Week) -> None:
    ann = week.member()
    with week.at(2):
        operations.withdraw(ann, week.id)
    for act in (lambda: disqualify(week, ann), lambda: give(week, ann, 1)):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "NOT_ENROLLED"
    assert week.campaign.enrolled_count == 0


# ---- given -----------------------------------------------------------------------------------------------------------


def test_a_given_day_counts_but_is_not_on_time_and_earns_nothing(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    give(week, ann, 2)
    mine = week.enrollment(ann)
    assert (mine.done, mine.on_time, mine.best_streak, mine.status) == (2, 1, 2, "completed")
    given = week.records(ann)[1]
    assert (given.source, given.status, given.post_id, given.reason) == ("admin", "approved", None, "当天上传失败")
    (entry,) = logged("checkin.give")
    assert (entry["idx"], entry["user"]) == (2, str(ann.id))
    assert balanced(week.circle_id, check_books)


def test_a_day_that_is_done_is_not_given_again(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    give(week, ann, 2)
    for idx in (1, 2):
        with pytest.raises(Conflict) as refused:
            give(week, ann, idx)
        assert refused.value.code == "ALREADY_CHECKED_IN"
    assert len(week.records(ann)) == 2


def test_nobody_checks_in_on_a_day_that_was_given(week: Week) -> None:
    ann = week.member()
    give(week, ann, 2, day=2)
    with pytest.raises(Conflict):
        week.check_in(ann, 2, hour=12)


def test_a_day_is_given_from_its_opening_to_the_settlement(week: Week) -> None:
    ann = week.member()
    with pytest.raises(Refused) as refused:
        give(week, ann, 6, day=5)
    assert refused.value.code == "PERIOD_NOT_OPENED"
    with pytest.raises(NotFound):
        give(week, ann, 8, day=9)
    give(week, ann, 6, day=9)
    week.settle()
    with pytest.raises(Conflict) as settled:
        give(week, ann, 5, day=40)
    assert settled.value.code == "CAMPAIGN_SETTLED"


def test_the_disqualified_are_given_nothing(week: Week) -> None:
    ann = week.member()
    disqualify(week, ann)
    with pytest.raises(Conflict) as refused:
        give(week, ann, 1)
    assert refused.value.code == "DISQUALIFIED"


def test_what_waits_of_the_disqualified_earns_nothing_at_the_settlement(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(2):
        operations.disqualify(week.owner, week.id, ann.person_id, reason="请人代写")
    week.settle()
    assert [record.status for record in week.records(ann)] == ["void"]
    assert db.session.scalars(select(EarnSource).where(EarnSource.rule_code == "checkin")).all() == []
