"""Two hours before a window closes, those who take part and have not checked in are reminded: each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask

from circle.access import SYSTEM, Actor
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations
from circle.checkins.models import CampaignPeriod
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import db
from circle.posts import operations as posts
from tests.checkins.campaigning import FIRST, Week
from tests.checkins.telling import kinds, told
from tests.factories import Make

REMINDER = "checkin.reminder"


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make)


def remind(week: Week, idx: int, hour: float) -> None:
    """Let the jobs look, and do what they found."""
    with week.at(idx, hour):
        checkin_jobs.remind_due()
        jobs.run_due()


def reminded(people: Sequence[Actor]) -> list[bool]:
    return [REMINDER in kinds(each) for each in people]


def test_two_hours_before_the_window_closes_and_no_sooner(week: Week) -> None:
    ann = week.member()
    remind(week, 1, 21.9)
    assert kinds(ann) == []
    remind(week, 1, 22)
    (notice,) = told(ann)
    assert (notice.kind, notice.category) == (REMINDER, "reminders")
    assert notice.text == "You have not checked in to “早安七天” yet. The window closes at 24:00"
    assert notice.url == f"/{week.slug}/campaigns/{week.id}"


def test_once_for_a_period_however_often_the_job_runs(week: Week) -> None:
    ann = week.member()
    for hour in (22, 22.1, 23):
        remind(week, 1, hour)
        with week.at(1, hour):
            checkin_jobs.remind(week.id, 1)
    assert kinds(ann) == [REMINDER]


def test_every_period_has_its_own(week: Week) -> None:
    ann = week.member()
    remind(week, 1, 22)
    remind(week, 2, 22)
    assert kinds(ann) == [REMINDER]  # that of the first day went with it
    assert db.session.get_one(CampaignPeriod, (week.id, 2)).reminded_at == week.day(2, 22)


def test_who_has_checked_in_is_left_alone_also_while_it_waits_for_a_reviewer(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann, ben, cai = week.member(), week.member(), week.member()
    week.check_in(ann, 1)
    made = week.check_in(ben, 1)
    with week.at(1, 12):
        operations.reject_record(week.owner, made.record_id, reason="看不清")
    remind(week, 1, 22)
    assert reminded([ann, ben, cai]) == [False, True, True]


def test_a_check_in_takes_the_reminder_back(week: Week) -> None:
    ann, ben = week.member(), week.member()
    remind(week, 1, 22)
    week.check_in(ann, 1, hour=23)
    assert reminded([ann, ben]) == [False, True]


def test_a_reminder_that_was_taken_back_does_not_come_again(week: Week) -> None:
    ann = week.member()
    remind(week, 1, 22)
    made = week.check_in(ann, 1, hour=22.5)
    with week.at(1, 22.6):
        posts.delete_post(ann, made.post_id)
    remind(week, 1, 22.7)
    with week.at(1, 22.8):
        checkin_jobs.remind(week.id, 1)
    assert kinds(ann) == []


def test_who_has_not_been_here_for_a_week_is_left_in_peace(app: Flask, make: Make) -> None:
    week = Week(make)
    ann, ben, cai = week.member(), week.member(), week.member()
    week.check_in(ben, 3)
    with week.at(2):
        operations.give_checkin(week.owner, week.id, cai.id or 0, 1, reason="补")
    remind(week, 7, 22)  # they joined the day before the first: eight days ago
    assert reminded([ann, ben, cai]) == [False, True, False]


def test_of_a_campaign_of_weeks_the_week_before_is_not_long_ago(app: Flask, make: Make) -> None:
    week = Week(make, {"cadence": "weekly", "end_date": FIRST + timedelta(days=27), "need_n": 3})
    ann, ben = week.member(), week.member()
    week.check_in(ann, 2)
    remind(week, 14, 22)
    assert reminded([ann, ben]) == [True, False]


def test_who_left_was_banned_or_may_not_speak_until_then_is_not_reminded(week: Week) -> None:
    people = [week.member() for _number in range(6)]
    _here, left, banned, muted, briefly, withdrawn = people
    with week.at(1, 12):
        circles.leave_circle(left, week.slug)
        circles.ban_member(SYSTEM, week.slug, banned.id or 0)
        circles.mute_member(SYSTEM, week.slug, muted.id or 0, duration_s=86400)
        circles.mute_member(SYSTEM, week.slug, briefly.id or 0, until=week.day(1, 23))
        operations.withdraw(withdrawn, week.id)
    remind(week, 1, 22)
    assert reminded(people) == [True, False, False, False, True, False]


def test_who_completed_or_was_disqualified_is_not_reminded(app: Flask, make: Make) -> None:
    week = Week(make, {"need_n": 1})
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1)
    with week.at(1, 12):
        operations.disqualify(week.owner, week.id, ben.id or 0, reason="刷屏")
    remind(week, 2, 22)
    assert reminded([ann, ben]) == [False, False]


def test_after_the_window_closed_nobody_is_reminded(week: Week) -> None:
    ann = week.member()
    remind(week, 2, 1)
    with week.at(2, 1):
        checkin_jobs.remind(week.id, 1)
    assert kinds(ann) == []


def test_a_job_that_comes_to_its_turn_after_the_window_closed_does_nothing(week: Week) -> None:
    ann = week.member()
    with week.at(1, 22):
        checkin_jobs.remind_due()
    with week.at(2, 0.5):
        jobs.run_due()
    assert kinds(ann) == []


def test_with_the_window_the_reminder_goes(week: Week) -> None:
    ann = week.member()
    remind(week, 1, 22)
    with week.at(1, 23.9):
        jobs.run_due()
        operations.end_reminders(week.id, 1)
    assert kinds(ann) == [REMINDER]
    with week.at(2, 0.1):
        jobs.run_due()
    assert kinds(ann) == []


@pytest.mark.parametrize("when", [21, 23])
def test_an_excused_day_reminds_nobody(week: Week, when: float) -> None:
    ann = week.member()
    if when > 22:
        remind(week, 1, 22)
    with week.at(1, when):
        operations.excuse_period(week.owner, week.id, 1, reason="停电")
    remind(week, 1, 23.5)
    assert kinds(ann) == ["campaign.excused"]


@pytest.mark.parametrize("when", [21, 23])
def test_a_campaign_that_was_called_off_reminds_nobody(week: Week, when: float) -> None:
    ann = week.member()
    if when > 22:
        remind(week, 1, 22)
    with week.at(1, when):
        operations.cancel_campaign(week.owner, week.id, reason="主讲人病了")
    remind(week, 1, 23.5)
    assert kinds(ann) == ["campaign.cancelled"]


def test_who_leaves_the_campaign_is_reminded_no_more(week: Week) -> None:
    ann = week.member()
    remind(week, 1, 22)
    with week.at(1, 23):
        operations.withdraw(ann, week.id)
    assert kinds(ann) == []


def test_a_short_window_reminds_as_it_opens(app: Flask, make: Make) -> None:
    week = Week(make, {"win_start_min": 6 * 60, "win_end_min": 7 * 60})
    ann = week.member()
    remind(week, 1, 5.9)
    assert kinds(ann) == []
    remind(week, 1, 6)
    assert told(ann)[0].text.endswith("closes at 07:00")


def test_a_window_across_midnight_is_reminded_of_in_the_night(app: Flask, make: Make) -> None:
    week = Week(make, {"win_start_min": 22 * 60, "win_end_min": 26 * 60})
    ann = week.member()
    remind(week, 1, 23.9)
    assert kinds(ann) == []
    remind(week, 2, 0)
    assert told(ann)[0].text.endswith("closes at 02:00")


def test_a_draft_reminds_nobody(app: Flask, make: Make) -> None:
    week = Week(make, publish=False)
    with week.at(1, 22):
        assert operations.due_reminders() == []
        assert operations.remind_some(week.id, 1) is None


def test_killed_between_two_batches_nobody_is_left_out_and_nobody_told_twice(week: Week) -> None:
    people = [week.member() for _number in range(7)]
    with week.at(1, 22):
        first = operations.remind_some(week.id, 1, batch=3)
        assert first is not None
        assert sum(reminded(people)) == 3
        assert operations.due_reminders() == [(week.id, 1)]  # it is not done, so it is looked for again
        after: int | None = 0
        while after is not None:
            after = operations.remind_some(week.id, 1, after, batch=3)
        assert operations.due_reminders() == []
        checkin_jobs.remind(week.id, 1)
    assert [kinds(each) for each in people] == [[REMINDER]] * 7


def test_a_batch_that_fails_tells_nobody_and_is_tried_again(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [week.member() for _number in range(3)]
    with week.at(1, 22):
        checkin_jobs.remind_due()
        with monkeypatch.context() as broken:
            broken.setattr("circle.reactions.campaign_notices.notify_each", lambda *_args, **_kwargs: 1 / 0)
            jobs.run_due()
        assert reminded(people) == [False] * 3
        with clock.at(week.day(1, 22) + timedelta(minutes=5)):
            jobs.run_due()
    assert reminded(people) == [True] * 3


def test_the_number_of_statements_does_not_grow_with_those_who_have_checked_in(
    week: Week, statements: list[str]
) -> None:
    people = [week.member() for _number in range(6)]
    week.check_in(people[0], 1)
    with week.at(1, 22):
        statements.clear()
        operations.remind_some(week.id, 1)
        few = len(statements)
    for each in people[1:]:
        week.check_in(each, 2)
    with week.at(2, 22):
        statements.clear()
        operations.remind_some(week.id, 2)
        assert len(statements) <= few
