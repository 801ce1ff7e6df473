"""Checking in: when it counts, who may, what it must hold, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, VISITOR, Actor
from circle.checkins import operations
from circle.checkins.models import CampaignPeriod, CheckinRecord
from circle.checkins.operations import Submitted
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, Conflict, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from circle.core.operation import in_transaction
from circle.media import uploads
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import Post
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make, actor_of

TICK = timedelta(microseconds=1)


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make)


def upload(make: Make, actor: Actor) -> int:
    file = FileStorage(BytesIO(make.picture()), filename="picture.png")
    return uploads.take_upload(actor, file, "post")


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(CircleError) as refused:
        call()
    return refused.value.code


def periods(week: Week) -> list[CampaignPeriod]:
    here = select(CampaignPeriod).where(CampaignPeriod.campaign_id == week.id).order_by(CampaignPeriod.idx)
    return list(db.session.scalars(here))


# ---- the bell --------------------------------------------------------------------------------------------------------


def submit_at(week: Week, actor: Actor, moment: datetime) -> Submitted:
    with clock.at(moment):
        return operations.submit(actor, week.id, body="今天也写下来。")


def check_the_bells(week: Week) -> None:
    """A period counts from its first microsecond on, and no more at its last."""
    ann = week.member()
    for period in periods(week):
        before = submit_or_code(week, ann, period.opens_at - TICK)
        assert before in {"WINDOW_CLOSED", "ALREADY_CHECKED_IN"}
        assert submit_or_code(week, ann, period.opens_at) == period.idx
        record = week.records(ann)[-1]
        assert period.opens_at <= record.submitted_at < period.closes_at
    ben = week.member()
    for period in periods(week):
        assert submit_or_code(week, ben, period.closes_at - TICK) == period.idx
        assert week.records(ben)[-1].submitted_at == period.closes_at - TICK
    cleo, last = week.member(), periods(week)[-1]
    assert submit_or_code(week, cleo, last.closes_at) == "WINDOW_CLOSED"
    assert week.records(cleo) == []


def submit_or_code(week: Week, actor: Actor, moment: datetime) -> Any:
    try:
        return submit_at(week, actor, moment).idx
    except CircleError as error:
        return error.code


def test_the_whole_day_is_open_to_the_microsecond(week: Week) -> None:
    check_the_bells(week)


def test_a_window_across_midnight_belongs_to_the_day_on_which_it_opened(app: Flask, make: Make) -> None:
    week = Week(make, {"win_start_min": 22 * 60, "win_end_min": 26 * 60})
    check_the_bells(week)
    ann = week.member()
    # half past one in the night of the second day: still the first
    assert submit_or_code(week, ann, week.day(2, 1.5)) == 1
    assert submit_or_code(week, ann, week.day(2, 2)) == "WINDOW_CLOSED"
    assert submit_or_code(week, ann, week.day(2, 22)) == 2
    assert [record.idx for record in week.records(ann)] == [1, 2]


@pytest.mark.parametrize(
    ("tz", "start", "opens_at", "closes_at"),
    [
        # 23 hours: the clocks go forward at two
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00Z", "2026-03-09T04:00Z"),
        # 25 hours: they go back at two
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        # there is no midnight: the day begins at one
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00Z", "2026-09-07T03:00Z"),
    ],
)  # fmt: skip
def test_days_on_which_the_clocks_change_are_open_to_the_microsecond(
    app: Flask, make: Make, tz: str, start: date, opens_at: str, closes_at: str
) -> None:
    opens, closes = datetime.fromisoformat(opens_at), datetime.fromisoformat(closes_at)
    with clock.at(opens - timedelta(days=3)):
        owner = make.user()
        circle = make.circle(owner, tz=tz)
        plan = operations.Plan("一天", start, start, need_n=1)
        campaign_id = operations.create_campaign(actor_of(owner), circle.slug, plan)
        operations.publish_campaign(actor_of(owner), campaign_id)
        people = [actor_of(make.member(circle)) for _number in range(4)]
        for person in people:
            operations.enroll(person, campaign_id)

    def outcome(person: Actor, moment: datetime) -> Any:
        with clock.at(moment):
            try:
                return operations.submit(person, campaign_id, body="到").idx
            except Refused as error:
                return error.code

    moments = (opens - TICK, opens, closes - TICK, closes)
    found = [outcome(person, moment) for person, moment in zip(people, moments, strict=True)]
    assert found == ["WINDOW_CLOSED", 1, 1, "WINDOW_CLOSED"]


def test_the_arrival_of_the_request_decides_and_not_when_its_turn_came(week: Week) -> None:
    ann, first = week.member(), periods(week)[0]
    with clock.at(first.closes_at + timedelta(minutes=3)):
        made = operations.submit(ann, week.id, body="上传得慢", arrived_at=first.closes_at - TICK)
    assert made.idx == 1
    record = week.records(ann)[0]
    assert first.opens_at <= record.submitted_at < first.closes_at
    ben = week.member()
    with clock.at(first.opens_at + timedelta(minutes=3)):
        early = refusal(lambda: operations.submit(ben, week.id, body="来早了", arrived_at=first.opens_at - TICK))
    assert early == "WINDOW_CLOSED"


def test_who_wrote_for_a_day_that_closed_meanwhile_does_not_use_up_the_next(week: Week) -> None:
    ann = week.member()
    with week.at(2, 0):
        late = refusal(lambda: operations.submit(ann, week.id, body="昨天的", meant_for=1))
        assert late == "WINDOW_CLOSED"
        assert week.records(ann) == []
        assert operations.submit(ann, week.id, body="今天的", meant_for=2).idx == 2


def test_a_week_is_open_from_monday_to_sunday(app: Flask, make: Make) -> None:
    week = Week(make, {"cadence": "weekly", "end_date": FIRST + timedelta(days=20), "need_n": 3})
    ann = week.member()
    assert [submit_or_code(week, ann, week.day(day, 9)) for day in (1, 7, 8, 21, 22)] == [
        1, "ALREADY_CHECKED_IN", 2, 3, "WINDOW_CLOSED",
    ]  # fmt: skip


# ---- what it answers -------------------------------------------------------------------------------------------------


def test_a_check_in_is_a_post_in_the_topic_of_the_campaign(app: Flask, make: Make) -> None:
    week = Week(make)
    ann = week.member()
    made = week.check_in(ann, 1, body="**晨读**第一天")
    row = post_queries.get_post(ann, made.post_id)
    assert (row.type, row.body) == ("checkin", "**晨读**第一天")
    part = db.session.get_one(Post, made.post_id).parts["checkin"]
    assert (part["campaign_id"], part["idx"], part["source"], part["status"]) == (week.id, 1, "normal", "approved")


def test_the_answer_tells_streak_days_and_points(week: Week) -> None:
    ann = week.member()
    first = week.check_in(ann, 1)
    third = week.check_in(ann, 3)
    assert (first.idx, first.streak, first.done, first.points, first.completed) == (1, 1, 1, 5, False)
    assert (third.idx, third.streak, third.done) == (3, 1, 2)


def test_a_reviewed_check_in_waits_and_earns_nothing_yet(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    made = week.check_in(week.member(), 1)
    assert (made.status, made.streak, made.done, made.points) == ("pending", 0, 0, 0)


def test_after_a_rejection_one_may_check_in_again_while_the_day_is_open(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 10):
        assert refusal(lambda: operations.submit(ann, week.id, body="再来")) == "ALREADY_CHECKED_IN"
        operations.reject_record(week.owner, made.record_id, reason="看不清")
        again = operations.submit(ann, week.id, body="重新写过")
    assert (again.idx, again.status) == (1, "pending")
    assert [record.status for record in week.records(ann)] == ["rejected", "pending"]


def test_what_was_deleted_may_be_written_anew_and_earns_once(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 10):
        posts.delete_post(ann, made.post_id)
        assert week.enrollment(ann).done == 0
        again = operations.submit(ann, week.id, body="重新写过")
    assert (again.done, again.points) == (1, 5)
    assert [record.status for record in week.records(ann)] == ["void", "approved"]


# ---- what it must hold -----------------------------------------------------------------------------------------------


def test_too_few_words_are_refused_with_how_many_are_missing(app: Flask, make: Make) -> None:
    week = Week(make, {"min_len": 10})
    ann = week.member()
    with week.at(1):
        with pytest.raises(Refused) as refused:
            operations.submit(ann, week.id, body="  只有五个字  ")
        assert refused.value.code == "CONTENT_RULE"
        assert "5" in str(refused.value.errors["body"][0])
        assert week.records(ann) == []
        assert operations.submit(ann, week.id, body="一二三四五六七八九十").done == 1


def test_too_few_pictures_are_refused_and_stay_uploaded(app: Flask, make: Make) -> None:
    week = Week(make, {"min_images": 2})
    ann = week.member()
    with week.at(1):
        pictures = [upload(make, ann), upload(make, ann)]
        with pytest.raises(Refused) as refused:
            operations.submit(ann, week.id, body="", media_ids=pictures[:1])
        assert list(refused.value.errors) == ["media_ids"]
        made = operations.submit(ann, week.id, body="", media_ids=pictures, alts=["雾", "书"])
    row = post_queries.get_post(ann, made.post_id)
    assert [item.alt for item in row.media] == ["雾", "书"]


def test_a_voice_note_is_asked_for(app: Flask, make: Make) -> None:
    week = Week(make, {"audio": True})
    ann = week.member()
    with week.at(1):
        assert refusal(lambda: operations.submit(ann, week.id, body="没有声音")) == "CONTENT_RULE"


def test_nothing_at_all_is_no_check_in(week: Week) -> None:
    ann = week.member()
    with week.at(1):
        assert refusal(lambda: operations.submit(ann, week.id, body="   ")) == "POST_EMPTY"
    assert week.records(ann) == []


def test_the_uploads_of_others_are_nobodys_check_in(week: Week, make: Make) -> None:
    ann, ben = week.member(), week.member()
    with week.at(1):
        theirs = upload(make, ben)
        with pytest.raises((Invalid, NotFound)):
            operations.submit(ann, week.id, body="借一张", media_ids=[theirs])
    assert week.records(ann) == []


@pytest.mark.parametrize(
    "body", ["<script>alert(1)</script>", "a" * 5_001, "\u202e反\u202c", "💥" * 3000, "\x1b[31m红"]
)
def test_hostile_words_are_refused_or_harmless(week: Week, body: str) -> None:
    ann = week.member()
    with week.at(1):
        try:
            made = operations.submit(ann, week.id, body=body)
        except (Refused, Invalid):
            assert week.records(ann) == []
        else:
            assert "<script" not in post_queries.get_post(ann, made.post_id).body_html


# ---- who may ---------------------------------------------------------------------------------------------------------


def test_only_those_who_take_part_check_in(week: Week, make: Make) -> None:
    with week.at(1):
        outsider = actor_of(make.user())
        other_owner = actor_of(make.user())
        make.circle(db.session.get_one(type(make.user()), other_owner.id))
        member = week.member(enrolled=False)
    codes = {}
    with week.at(1, 9):
        for name, actor in {"outsider": outsider, "owner of another": other_owner, "member": member}.items():
            codes[name] = refusal(lambda who=actor: operations.submit(who, week.id, body="我"))  # type: ignore[misc]
        with pytest.raises(Unauthenticated):
            operations.submit(VISITOR, week.id, body="我")
        with pytest.raises(NotFound):
            operations.submit(member, 4711, body="我")
    assert codes == {"outsider": "FORBIDDEN", "owner of another": "FORBIDDEN", "member": "NOT_ENROLLED"}


def test_the_muted_the_banned_and_those_who_left_do_not_check_in(week: Week) -> None:
    muted, banned, left = week.member(), week.member(), week.member()
    with week.at(1):
        circles.mute_member(SYSTEM, week.slug, muted.id or 0, duration_s=3600)
        circles.ban_member(SYSTEM, week.slug, banned.id or 0)
        circles.leave_circle(left, week.slug)
        codes = [refusal(lambda who=who: operations.submit(who, week.id, body="我")) for who in (muted, banned, left)]  # type: ignore[misc]
    assert codes == ["MUTED", "BANNED", "FORBIDDEN"]


def test_who_withdrew_or_was_disqualified_does_not_check_in(week: Week) -> None:
    gone, out = week.member(), week.member()
    with week.at(1):
        operations.withdraw(gone, week.id)
        enrollment = week.enrollment(out)
        in_transaction(lambda: setattr(db.session.merge(enrollment), "status", "disqualified"))
        assert refusal(lambda: operations.submit(gone, week.id, body="我")) == "NOT_ENROLLED"
        with pytest.raises(Forbidden) as refused:
            operations.submit(out, week.id, body="我")
        assert refused.value.code == "DISQUALIFIED"


def test_a_private_circle_and_a_draft_are_not_there_for_strangers(app: Flask, make: Make) -> None:
    week = Week(make, publish=False)
    with week.at(1):
        with pytest.raises(NotFound):
            operations.submit(week.owner, week.id, body="我")
        circles.update_circle(week.owner, week.slug, visibility="private")
        with pytest.raises(NotFound):
            operations.submit(actor_of(make.user()), week.id, body="我")


def test_a_cancelled_or_settled_campaign_takes_no_more(week: Week, make: Make) -> None:
    ann = week.member()
    with week.at(1):
        operations.cancel_campaign(week.owner, week.id, reason="不办了")
        assert refusal(lambda: operations.submit(ann, week.id, body="我")) == "WINDOW_CLOSED"


def test_the_posts_of_a_day_do_not_hold_a_check_in_back(week: Week) -> None:
    ann = week.member()
    levels = [{"name": "", "growth_min": 0, "privileges": {"posts_per_day": 0}}]
    in_transaction(lambda: setattr(db.session.merge(week.circle), "levels", levels))
    with week.at(1):
        assert refusal(lambda: posts.publish_post(ann, week.slug, body="普通动态")) == "LEVEL_TOO_LOW"
        assert operations.submit(ann, week.id, body="打卡").done == 1


# ---- what it costs ---------------------------------------------------------------------------------------------------


def test_a_check_in_costs_few_statements_and_no_more_on_the_seventh_day(week: Week, statements: list[str]) -> None:
    ann = week.member()

    def cost(idx: int) -> int:
        with week.at(idx):
            statements.clear()
            operations.submit(ann, week.id, body="今天也写下来。")
            return len(statements)

    cost(1)  # the first makes the accounts of the books
    second = cost(2)
    for idx in (3, 4, 6):
        assert cost(idx) <= second + 6  # completing gives a reward once
    assert cost(7) <= second
    assert second <= 21  # 20 on SQLite, 17 on PostgreSQL, with a task that counts it


def test_a_refused_check_in_leaves_nothing(app: Flask, make: Make) -> None:
    week = Week(make, {"min_len": 50})
    ann = week.member()
    before = db.session.scalars(select(Post.id).where(Post.circle_id == week.circle_id)).all()
    with week.at(1), pytest.raises(Refused):
        operations.submit(ann, week.id, body="太短")
    assert db.session.scalars(select(CheckinRecord.id)).all() == []
    assert db.session.scalars(select(Post.id).where(Post.circle_id == week.circle_id)).all() == before


def test_a_second_record_dies_on_the_index_even_without_the_look_before(week: Week) -> None:
    """C1 rests on the database, not on the look."""
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        posts.delete_post(ann, made.post_id)
        operations.submit(ann, week.id, body="又一次")
        first = db.session.get_one(CheckinRecord, made.record_id)
        with pytest.raises(Exception, match=r"(?i)unique"):
            in_transaction(lambda: setattr(db.session.merge(first), "status", "approved"))
    with pytest.raises(Conflict):
        week.check_in(ann, 1, hour=10)
