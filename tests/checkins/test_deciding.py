"""Reviewing a check-in: approved or rejected once, by somebody else, before the campaign is settled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import SYSTEM, Actor
from circle.checkins import operations, queries
from circle.checkins.models import CheckinRecord, MakeupCard
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.core import clock
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import BadRequest, Conflict, Forbidden, NotFound
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts.models import Post
from tests.checkins.campaigning import Week
from tests.factories import Make, actor_of


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"review": "manual", "reward_points": 50})


def status_of(record_id: int) -> str:
    return db.session.get_one(CheckinRecord, record_id, populate_existing=True).status


def earned(actor: Actor) -> int:
    """What check-ins have earned somebody."""
    mine = select(EarnSource.active_points).join(Member, Member.id == EarnSource.member_id)
    rows = db.session.scalars(mine.where(Member.user_id == actor.id, EarnSource.rule_code == "checkin"))
    return sum(rows)


def approve(week: Week, record_id: int, who: Actor | None = None, idx: int = 1, hour: float = 12) -> None:
    with week.at(idx, hour):
        operations.approve_record(who or week.owner, record_id)


def reject(week: Week, record_id: int, who: Actor | None = None, idx: int = 1, hour: float = 12) -> None:
    with week.at(idx, hour):
        operations.reject_record(who or week.owner, record_id, reason="照片看不清")


def test_what_waits_counts_only_when_it_is_approved(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    assert (made.status, made.points, week.enrollment(ann).done, earned(ann)) == ("pending", 0, 0, 0)
    approve(week, made.record_id)
    assert (status_of(made.record_id), week.enrollment(ann).done, week.enrollment(ann).on_time) == ("approved", 1, 1)
    assert earned(ann) == 5
    record = db.session.get_one(CheckinRecord, made.record_id)
    assert (record.decided_by, record.decided_at) == (week.owner.id, week.day(1, 12))
    assert db.session.get_one(Post, made.post_id, populate_existing=True).parts["checkin"]["status"] == "approved"


def test_what_waits_holds_its_day(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    with pytest.raises(Conflict) as refused:
        week.check_in(ann, 1, hour=9)
    assert refused.value.code == "ALREADY_CHECKED_IN"


def test_approving_twice_is_approving_once(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    approve(week, made.record_id)
    approve(week, made.record_id, hour=13)
    assert earned(ann) == 5
    assert db.session.get_one(CheckinRecord, made.record_id).decided_at == week.day(1, 12)
    acts = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "checkin.approve")
    assert db.session.scalar(acts) == 1


def test_what_is_approved_cannot_be_rejected_nor_the_other_way_round(week: Week) -> None:
    ann, ben = week.member(), week.member()
    one, two = week.check_in(ann, 1), week.check_in(ben, 1)
    approve(week, one.record_id)
    reject(week, two.record_id)
    with pytest.raises(Conflict):
        reject(week, one.record_id)
    with pytest.raises(Conflict):
        approve(week, two.record_id)
    reject(week, two.record_id)  # again changes nothing
    assert (status_of(one.record_id), status_of(two.record_id)) == ("approved", "rejected")


def test_who_was_rejected_may_check_in_again_while_the_window_is_open(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    reject(week, made.record_id)
    again = week.check_in(ann, 1, hour=20)
    assert again.status == "pending"
    approve(week, again.record_id, hour=21)
    assert week.enrollment(ann).done == 1
    assert earned(ann) == 5
    assert [record.status for record in week.records(ann)] == ["rejected", "approved"]


def test_the_post_of_what_was_rejected_stays_and_says_so(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    reject(week, made.record_id)
    post = db.session.get_one(Post, made.post_id, populate_existing=True)
    assert (post.status, post.parts["checkin"]["status"]) == ("published", "rejected")
    assert db.session.get_one(CheckinRecord, made.record_id).reason == "照片看不清"


def test_a_make_up_that_is_rejected_gives_its_card_back(week: Week) -> None:
    ann = week.member()
    with week.at(2, 9):
        made = operations.make_up(ann, week.id, 1, body="昨天忘了写。")
    card = select(MakeupCard.state).where(MakeupCard.enrollment_id == week.enrollment(ann).id)
    assert db.session.scalars(card).all() == ["used"]
    reject(week, made.record_id, idx=2)
    assert db.session.scalars(card).all() == ["available"]


def test_approving_after_the_window_counts_for_its_day(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1, 2)
    for record in week.records(ann):
        approve(week, record.id, idx=4)
    mine = week.enrollment(ann)
    assert (mine.done, mine.on_time, mine.best_streak, earned(ann)) == (2, 2, 2, 10)
    assert made.idx == 2


def test_approving_the_last_one_completes_and_gives_the_reward(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    first, *others = [record.id for record in week.records(ann)]
    for each in others:
        approve(week, each, idx=6)
    assert week.enrollment(ann).status == "active"
    approve(week, first, idx=6)
    assert week.enrollment(ann).status == "completed"


def test_after_the_settlement_nothing_is_decided_any_more(week: Week) -> None:
    ann, ben = week.member(), week.member()
    made = week.check_in(ann, 1)
    rejected = week.check_in(ben, 1)
    reject(week, rejected.record_id)
    week.settle()
    assert status_of(made.record_id) == "approved"  # nobody had looked
    with clock.at(week.day(12)):
        for act in (operations.approve_record, lambda *a: operations.reject_record(*a, reason="看不清")):
            for record_id in (made.record_id, rejected.record_id):
                with pytest.raises(Conflict) as refused:
                    act(week.owner, record_id)  # type: ignore[operator]
                assert refused.value.code == "CAMPAIGN_SETTLED"
    assert week.enrollment(ann).done == 1


def test_between_the_end_and_the_settlement_there_is_time_to_decide(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 7)
    with clock.at(week.day(8) + timedelta(hours=20)):
        operations.reject_record(week.owner, made.record_id, reason="看不清")
    week.settle()
    assert (status_of(made.record_id), week.enrollment(ann).done) == ("rejected", 0)


def test_nobody_reviews_their_own(week: Week) -> None:
    mod = week.member(role="moderator")
    made = week.check_in(mod, 1)
    for act in (approve, reject):
        with pytest.raises(Forbidden) as refused:
            act(week, made.record_id, mod)
        assert refused.value.code == "SELF_REVIEW"
    assert status_of(made.record_id) == "pending"


def test_nobody_rejects_what_a_higher_role_wrote_but_may_approve_it(week: Week) -> None:
    mod, admin = week.member(role="moderator", enrolled=False), week.member(role="admin")
    made = week.check_in(admin, 1)
    with pytest.raises(Forbidden):
        reject(week, made.record_id, mod)
    approve(week, made.record_id, mod)
    assert status_of(made.record_id) == "approved"


def test_only_those_who_moderate_review_and_others_do_not_learn_that_it_is_there(week: Week, make: Make) -> None:
    ann, ben = week.member(), week.member()
    made = week.check_in(ann, 1)
    for who in (ben, actor_of(make.user())):
        with pytest.raises(NotFound):
            approve(week, made.record_id, who)
        with pytest.raises(NotFound):
            reject(week, made.record_id, who)
    with pytest.raises(Forbidden):
        approve(week, made.record_id, ann)
    with pytest.raises(NotFound):
        operations.approve_record(SYSTEM, 1)


def test_the_check_in_of_a_deleted_post_cannot_be_approved(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        posts.delete_post(ann, made.post_id)
    with pytest.raises(Conflict):
        approve(week, made.record_id)


def test_a_campaign_that_was_called_off_approves_what_waits(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(2):
        operations.cancel_campaign(week.owner, week.id, reason="主讲人病了")
        operations.settle_enrollment(week.enrollment(ann).id)
    assert status_of(made.record_id) == "approved"


# ---- reading the queue -----------------------------------------------------------------------------------------------


def page(week: Week, who: Actor, **values: object) -> list[queries.RecordRow]:
    campaign = queries.reviewed_campaign(who, week.id)
    return list(queries.record_page(who, campaign, **values).items)  # type: ignore[arg-type]


def test_what_has_waited_longest_comes_first_and_what_was_decided_last_first(week: Week) -> None:
    people = [week.member() for _number in range(4)]
    made = [week.check_in(each, 1, hour=8 + number / 10) for number, each in enumerate(people)]
    ids = [each.record_id for each in made]
    assert [row.id for row in page(week, week.owner)] == ids
    approve(week, ids[0])
    approve(week, ids[2])
    reject(week, ids[1])
    with week.at(1, 13):
        posts.hide_post(week.owner, made[3].post_id, reason="跑题")
    assert page(week, week.owner) == []
    assert [row.id for row in page(week, week.owner, status="approved")] == [ids[2], ids[0]]
    (rejected,) = page(week, week.owner, status="rejected")
    assert (rejected.reason, rejected.decided_by and rejected.decided_by.id) == ("照片看不清", week.owner.id)
    (void,) = page(week, week.owner, status="void")
    assert void.post is not None
    assert void.post.status == "hidden"


def test_a_row_says_who_when_and_what_and_what_may_be_done(week: Week) -> None:
    admin, mod = week.member(role="admin"), week.member(role="moderator")
    week.check_in(admin, 3, body="窗外有雾。")
    week.check_in(mod, 3)
    of_admin, own = page(week, mod)
    assert (of_admin.user.id, of_admin.idx, str(of_admin.day)) == (admin.id, 3, "2026-11-18")
    assert (of_admin.can.approve, of_admin.can.reject, of_admin.own) == (True, False, False)
    assert of_admin.post is not None
    assert of_admin.post.body == "窗外有雾。"
    assert (own.can.approve, own.can.reject, own.own) == (False, False, True)
    assert all(row.can.approve and row.can.reject for row in page(week, week.owner))


def test_pages_have_no_gaps_and_a_cursor_belongs_to_one_list(week: Week) -> None:
    ids = [week.check_in(week.member(), 1).record_id for _number in range(5)]
    campaign = queries.reviewed_campaign(week.owner, week.id)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        found = queries.record_page(week.owner, campaign, cursor=cursor, limit=2)
        seen += [row.id for row in found.items]
        cursor = found.next_cursor
        if cursor is None:
            break
        kept = cursor
    assert seen == ids
    with pytest.raises(BadRequest):
        queries.record_page(week.owner, campaign, status="approved", cursor=kept)


def test_a_page_costs_the_same_however_long_it_is(week: Week, statements: list[str]) -> None:
    def cost() -> int:
        db.session.expire_all()
        campaign = queries.reviewed_campaign(week.owner, week.id)
        statements.clear()
        queries.record_page(week.owner, campaign)
        return len(statements)

    week.check_in(week.member(), 1)
    one = cost()
    for _number in range(4):
        week.check_in(week.member(), 1)
    assert cost() == one <= 3


def test_how_many_wait_is_told_to_those_who_review(week: Week) -> None:
    ann, mod = week.member(), week.member(role="moderator")
    made = week.check_in(ann, 1)
    week.check_in(mod, 2)

    def waiting(actor: Actor) -> int:
        return queries.waiting_reviews(circles.readable_circle(actor, week.slug))

    assert (waiting(mod), waiting(week.owner), waiting(ann)) == (2, 2, 0)
    (queue,) = queries.review_queues(queries.reviewable(mod, week.slug))
    assert (queue.id, queue.waiting, queue.since) == (week.id, 2, week.day(1))
    approve(week, made.record_id)
    assert waiting(mod) == queries.pending_reviews(queries.reviewed_campaign(mod, week.id)) == 1
    week.settle()
    assert waiting(mod) == 0


def test_the_queue_of_a_draft_is_not_there(app: Flask, make: Make) -> None:
    draft = Week(make, {"review": "manual"}, publish=False)
    with pytest.raises(NotFound):
        queries.reviewed_campaign(draft.owner, draft.id)


def test_a_member_reads_no_queue(week: Week) -> None:
    ann = week.member()
    with pytest.raises(Forbidden):
        queries.reviewed_campaign(ann, week.id)
    with pytest.raises(Forbidden):
        queries.reviewable(ann, week.slug)
