"""What people are told of campaigns: once each, and gone when it is no longer so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from circle.access import Actor
from circle.accounts.models import User
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations
from circle.circles import operations as circles
from circle.circles.models import Member
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.mail import make_mailer
from circle.core.operation import operation
from circle.live import queries as live
from circle.notifications import operations as notices
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.checkins.telling import all_told, kinds, told, work
from tests.factories import Make
from tests.mailserver import mail_server, text_of
from tests.notifications.test_mail import give_address

NEWS = "campaign.published"


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "reward_growth": 30})


@pytest.fixture
def reviewed(app: Flask, make: Make) -> Week:
    """One whose check-ins somebody has to look at."""
    return Week(make, {"review": "manual"})


def member(week: Week, role: str = "member") -> Actor:
    """Somebody in the circle who does not take part."""
    return week.member(role=role, enrolled=False)


# ---- the campaign ----------------------------------------------------------------------------------------------------


def test_members_hear_once_of_a_campaign_that_is_published(app: Flask, make: Make) -> None:
    week = Week(make, publish=False)
    ann, admin = member(week), member(week, "admin")
    with week.at(0):
        operations.publish_campaign(admin, week.id)
        assert kinds(ann) == []
        jobs.run_due()
        checkin_jobs.announce(week.id, admin.id)
    (notice,) = told(ann)
    assert (notice.kind, notice.category, notice.by) == (NEWS, "checkins", None)
    assert notice.url == f"/{week.slug}/campaigns/{week.id}"
    assert "早安七天" in notice.text
    assert "begins on Nov 16." in notice.text
    assert kinds(week.owner) == [NEWS]
    assert kinds(admin) == []  # who published it


def test_nobody_hears_of_a_draft_nor_do_those_who_are_not_here(app: Flask, make: Make) -> None:
    week = Week(make, publish=False)
    ann, gone = member(week), member(week)
    circles.leave_circle(gone, week.slug)
    work(week, 0)
    assert kinds(ann) == []
    with week.at(0):
        operations.publish_campaign(week.owner, week.id)
        jobs.run_due()
    assert (kinds(ann), kinds(gone)) == ([NEWS], [])


def test_who_may_not_join_yet_is_not_asked_to(app: Flask, make: Make) -> None:
    week = Week(make, {"level_min": 2}, publish=False)
    ann, ben, mod = member(week), member(week), member(week, "moderator")

    @operation
    def rise() -> None:
        db.session.execute(update(Member).where(Member.user_id == ben.id).values(level=2))

    rise()
    with week.at(0):
        operations.publish_campaign(week.owner, week.id)
        jobs.run_due()
    assert (kinds(ann), kinds(ben), kinds(mod)) == ([], [NEWS], [NEWS])


def test_the_news_goes_through_all_members_in_batches(app: Flask, make: Make) -> None:
    week = Week(make, publish=False)
    people = [member(week) for _number in range(5)]
    with week.at(0):
        operations.publish_campaign(week.owner, week.id)
        first = operations.announce_campaign(week.id, week.owner.id, batch=2)
        assert first is not None
        assert [len(kinds(each)) for each in people].count(1) in {1, 2}
        # a worker that was killed begins again
        after: int | None = 0
        while after is not None:
            after = operations.announce_campaign(week.id, week.owner.id, after, batch=2)
    assert [kinds(each) for each in people] == [[NEWS]] * 5


def test_who_takes_part_already_is_not_asked_to(week: Week) -> None:
    ann, ben = week.member(), member(week)
    work(week, 0)
    assert (kinds(ann), kinds(ben)) == ([], [NEWS])


def test_of_a_campaign_that_runs_it_is_said_so(week: Week) -> None:
    ann = member(week)
    work(week, 2)
    assert "has begun" in told(ann)[0].text


def test_of_a_campaign_that_is_called_off_nobody_is_told_any_more(week: Week) -> None:
    ann, ben = member(week), member(week)
    work(week, 0)
    assert kinds(ann) == [NEWS]
    with week.at(0, 9):
        notices.mark_read(ben)
        operations.cancel_campaign(week.owner, week.id, reason="主讲人病了")
        jobs.run_due()
    assert (kinds(ann), kinds(ben)) == ([], [])


def test_a_campaign_that_was_called_off_before_the_worker_came_is_no_news(week: Week) -> None:
    ann = member(week)
    with week.at(0):
        operations.cancel_campaign(week.owner, week.id, reason="主讲人病了")
        jobs.run_due()
    assert kinds(ann) == []


def test_those_who_take_part_are_told_that_and_why_it_was_called_off_and_what_they_keep(week: Week) -> None:
    ann, ben, cai = week.member(), week.member(), week.member()
    week.check_in(ann, 1, 2)
    with week.at(1, 12):
        operations.withdraw(cai, week.id)
    with week.at(3, 12):
        operations.cancel_campaign(week.owner, week.id, reason="主讲人病了")
        jobs.run_due()
        jobs.run_due()
    (notice,) = told(ann)
    assert (notice.kind, notice.quote) == ("campaign.cancelled", "主讲人病了")
    assert "50" in notice.text
    assert "30" in notice.text
    (notice,) = told(ben)
    assert "stays yours" in notice.text
    assert kinds(cai) == []


def test_an_excused_day_is_told_to_everybody_who_takes_part(week: Week) -> None:
    ann, ben, cai = week.member(), week.member(), week.member()
    with week.at(3, 12):
        operations.withdraw(cai, week.id)
        operations.disqualify(week.owner, week.id, ben.id or 0, reason="刷屏")
        operations.excuse_period(week.owner, week.id, 3, reason="服务器停电两小时")
        operations.excuse_period(week.owner, week.id, 3, reason="再说一次")
        jobs.run_due()
        checkin_jobs.announce_excuse(week.id, 3)
    (notice,) = told(ann)
    assert (notice.kind, notice.quote) == ("campaign.excused", "服务器停电两小时")
    assert "day 3" in notice.text
    assert kinds(ben, "campaign.disqualified") == kinds(cai) == []


def test_of_a_week_a_week_is_told(app: Flask, make: Make) -> None:
    week = Week(make, {"cadence": "weekly", "need_n": 1})
    ann = week.member()
    with week.at(3, 12):
        operations.excuse_period(week.owner, week.id, 1, reason="服务器停电")
        jobs.run_due()
    assert "week 1" in told(ann)[0].text


# ---- completing and the end ------------------------------------------------------------------------------------------


def test_who_completes_it_is_told_what_that_gave(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4)
    assert kinds(ann) == []
    week.check_in(ann, 5)
    (notice,) = told(ann)
    assert (notice.kind, notice.tone) == ("campaign.completed", "gold")
    assert "50 points" in notice.text
    assert "30 growth" in notice.text


@pytest.mark.parametrize(
    ("plan", "said"), [({"reward_points": 8}, "got 8 points"), ({"reward_growth": 9}, "got 9 growth"), ({}, "七天”")]
)
def test_each_reward_has_its_own_sentence(app: Flask, make: Make, plan: dict[str, int], said: str) -> None:
    week = Week(make, plan)
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    assert told(ann)[0].text.endswith(said)


def test_what_was_completed_and_lost_and_completed_again_is_told_as_it_is_now(week: Week) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, 2, 3, 4, 5).post_id
    with week.at(5, 12):
        posts.hide_post(week.owner, post_id, reason="跑题")
        (lost,) = told(ann)
        assert lost.kind == "campaign.completion_lost"
        assert "taken back" in lost.text
        posts.restore_post(week.owner, post_id)
        assert kinds(ann) == ["campaign.completed"]
        posts.delete_post(ann, post_id)
        assert kinds(ann) == ["campaign.completion_lost"]
    week.check_in(ann, 6)
    assert kinds(ann) == ["campaign.completed"]


def test_at_the_end_everybody_hears_once_how_it_went(week: Week) -> None:
    ann, ben, cai = week.member(), week.member(), week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    week.check_in(ben, 1, 2)
    week.settle()
    work(week, 12)
    checkin_jobs.announce_results(week.id)
    assert kinds(ann) == ["campaign.settled", "campaign.completed"]
    assert "completed" in told(ann)[0].text
    assert kinds(ben) == kinds(cai) == ["campaign.settled"]
    for notice in (told(ann)[0], told(ben)[0], told(cai)[0]):
        assert notice.url == f"/{week.slug}/campaigns/{week.id}"


def test_the_place_on_the_board_is_told_with_the_end(week: Week) -> None:
    ann, ben, cai = week.member(), week.member(), week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    week.check_in(ben, 1, 2)
    week.settle()
    work(week, 12)
    assert "number 1 " in told(ann)[0].text
    assert "number 2 " in told(ben)[0].text
    assert "number" not in told(cai)[0].text  # who never checked in stands nowhere worth telling


def test_results_come_in_batches_and_nobody_is_left_out(week: Week) -> None:
    people = [week.member() for _number in range(5)]
    with clock.at(week.day(8) + timedelta(days=3)):
        checkin_jobs.settle(week.id)
        after: int | None = 0
        while after is not None:
            after = operations.announce_results(week.id, after, batch=2)
        jobs.run_due()
    assert [kinds(each) for each in people] == [["campaign.settled"]] * 5


def test_before_the_end_no_results_are_told(week: Week) -> None:
    ann = week.member()
    with week.at(5):
        checkin_jobs.announce_results(week.id)
    assert kinds(ann) == []


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_who_is_disqualified_learns_why_and_who_is_reinstated_too(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    with week.at(5, 12):
        operations.disqualify(week.owner, week.id, ann.id or 0, reason="照片不是本人的")
        (notice,) = told(ann)
        assert (notice.kind, notice.category, notice.quote) == ("campaign.disqualified", "moderation", "照片不是本人的")
        operations.reinstate(week.owner, week.id, ann.id or 0)
    assert set(kinds(ann)) == {"campaign.completed", "campaign.reinstated", "campaign.disqualified"}


def test_who_is_given_a_day_learns_which_and_why(week: Week) -> None:
    ann = week.member()
    with week.at(2):
        operations.give_checkin(week.owner, week.id, ann.id or 0, 1, reason="昨天上传失败")
    (notice,) = told(ann)
    assert (notice.kind, notice.quote) == ("checkin.given", "昨天上传失败")
    assert "day 1" in notice.text


# ---- check-ins -------------------------------------------------------------------------------------------------------


def test_what_counts_at_once_is_told_to_nobody(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    work(week, 1, 9)
    assert kinds(ann) == kinds(week.owner, NEWS) == []


def test_who_is_approved_hears_of_it_and_what_it_earned(reviewed: Week) -> None:
    ann = reviewed.member()
    made = reviewed.check_in(ann, 3)
    with reviewed.at(3, 12):
        operations.approve_record(reviewed.owner, made.record_id)
        operations.approve_record(reviewed.owner, made.record_id)
    (notice,) = told(ann)
    assert (notice.kind, notice.by) == ("checkin.approved", None)
    assert notice.url == f"/{reviewed.slug}/posts/{made.post_id}"
    assert "day 3" in notice.text
    assert "5 points" in notice.text


def test_the_notice_of_an_approved_check_in_goes_with_its_post(reviewed: Week) -> None:
    ann = reviewed.member()
    made = reviewed.check_in(ann, 3)
    with reviewed.at(3, 12):
        operations.approve_record(reviewed.owner, made.record_id)
        posts.delete_post(ann, made.post_id)
    assert kinds(ann) == []


def test_who_is_rejected_learns_why_and_until_when_to_try_again(reviewed: Week) -> None:
    ann = reviewed.member()
    made = reviewed.check_in(ann, 3)
    with reviewed.at(3, 12):
        operations.reject_record(reviewed.owner, made.record_id, reason="照片看不清")
        operations.reject_record(reviewed.owner, made.record_id, reason="照片看不清")
    (notice,) = told(ann)
    assert (notice.kind, notice.category, notice.quote) == ("checkin.rejected", "moderation", "照片看不清")
    assert "again until Nov 18 24:00" in notice.text
    assert notice.url == f"/{reviewed.slug}/campaigns/{reviewed.id}"


def test_who_is_rejected_after_the_window_hears_of_the_make_up_card(reviewed: Week) -> None:
    ann = reviewed.member()
    made = reviewed.check_in(ann, 3)
    with reviewed.at(4, 12):
        operations.reject_record(reviewed.owner, made.record_id, reason="照片看不清")
    assert "with a card" in told(ann)[0].text


def test_who_has_no_card_or_is_too_late_for_one_hears_of_none(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual", "free_cards": 0})
    ann = week.member()
    made = week.check_in(ann, 3)
    with week.at(4, 12):
        operations.reject_record(week.owner, made.record_id, reason="照片看不清")
    assert told(ann)[0].text.endswith("was not accepted")
    other = Week(make, {"review": "manual", "lookback": 1})
    ben = other.member()
    made = other.check_in(ben, 3)
    with other.at(6, 12):
        operations.reject_record(other.owner, made.record_id, reason="照片看不清")
    assert told(ben)[0].text.endswith("was not accepted")


@pytest.mark.parametrize("end", ["hide", "remove"])
def test_one_notice_says_that_the_post_is_gone_and_the_check_in_with_it(week: Week, end: str) -> None:
    ann = week.member()
    made = week.check_in(ann, 2)
    with week.at(2, 12):
        (posts.hide_post if end == "hide" else posts.remove_post)(week.owner, made.post_id, reason="跑题")
    (notice,) = [row.text for row in all_told(ann) if row.kind.startswith("post.")]
    assert "day 2 of “早安七天” does not count" in notice
    assert kinds(ann) == []


def test_a_post_that_is_back_says_that_the_check_in_is_too(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 2)
    with week.at(2, 12):
        posts.hide_post(week.owner, made.post_id, reason="跑题")
        posts.restore_post(week.owner, made.post_id)
    assert "counts as checked in" in all_told(ann)[0].text


def test_a_post_whose_day_was_done_otherwise_says_nothing_of_it(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 2)
    with week.at(2, 9):
        posts.hide_post(week.owner, made.post_id, reason="跑题")
    week.check_in(ann, 2, hour=10)
    with week.at(2, 12):
        posts.restore_post(week.owner, made.post_id)
        assert all_told(ann)[0].text == "Your post can be seen again"
        posts.remove_post(week.owner, made.post_id, reason="跑题")
    assert "day 2" not in all_told(ann)[0].text


# ---- how it reaches people -------------------------------------------------------------------------------------------


def test_each_may_switch_off_campaigns_and_reminders_but_not_what_was_decided_about_them(week: Week) -> None:
    ann = week.member()
    off = notices.Choice(inbox=False, mail=False)
    notices.choose_settings(ann, {"checkins": off, "reminders": off})
    week.check_in(ann, 1, 2, 3, 4, 5)
    assert kinds(ann) == []
    with week.at(5, 12):
        operations.disqualify(week.owner, week.id, ann.id or 0, reason="刷屏")
    assert kinds(ann) == ["campaign.disqualified"]


def test_whoever_was_banned_reads_no_more_of_the_campaigns(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    assert kinds(ann) == ["campaign.completed"]
    circles.ban_member(week.owner, week.slug, ann.id or 0)
    assert kinds(ann) == []


def test_an_open_page_hears_of_it(week: Week) -> None:
    ann = week.member()
    before = live.news(ann, None, 0).unread
    week.check_in(ann, 1, 2, 3, 4, 5)
    db.session.rollback()
    assert live.news(ann, None, 0).unread == before + 1


def test_it_goes_out_by_mail_to_who_did_not_read_it(app: Flask, week: Week) -> None:
    ann = week.member()
    with week.at(0):
        give_address(db.session.get_one(User, ann.id), "ann@example.org")
    week.check_in(ann, 1, 2, 3, 4, 5)
    with mail_server() as server:
        mailer = app.extensions["circle_mailer"]
        app.extensions["circle_mailer"] = make_mailer(server.url)
        work(week, 5, 9)
        app.extensions["circle_mailer"] = mailer
        (letter,) = [text_of(mail) for mail in server.received]
    assert "You completed “早安七天”" in letter
    assert f"/{week.slug}/campaigns/{week.id}" in letter
