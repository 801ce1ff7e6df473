"""Undoing an excused day, and the make-up card that comes back from one: operation, page, API, notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations
from circle.checkins.checking import check_campaign
from circle.checkins.models import MakeupCard
from circle.circles import queries as circles
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, Refused
from circle.core.jobs import run_due
from circle.points.models import EarnSource
from circle.points.queries.mine import points_here
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.checkins.telling import told, work
from tests.checkins.test_cards import rich
from tests.clients import ApiClient, Browser
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"need_type": "streak", "need_n": 4, "reward_points": 10})


def excuse(week: Week, idx: int, on: int, hour: float = 20) -> None:
    with week.at(on, hour):
        operations.excuse_period(week.owner, week.id, idx, reason="服务中断")
        run_due()


def unexcuse(week: Week, idx: int, on: int, hour: float = 21) -> None:
    with week.at(on, hour):
        operations.unexcuse_period(week.owner, week.id, idx)
        run_due()


def cards(week: Week, actor: Actor) -> list[tuple[str, str]]:
    mine = select(MakeupCard.source, MakeupCard.state).where(MakeupCard.enrollment_id == week.enrollment(actor).id)
    return sorted(tuple(row) for row in db.session.execute(mine))


def reward(week: Week, actor: Actor) -> int:
    grant = db.session.get(EarnSource, f"campaign:{week.id}:{actor.id}", populate_existing=True)
    return 0 if grant is None else grant.active_points


def lawful(week: Week, on: int) -> None:
    db.session.rollback()
    with week.at(on):
        assert check_campaign(week.id).violations == []


# ---- undoing ---------------------------------------------------------------------------------------------------------


def test_a_streak_and_what_it_completed_go_with_the_excusal(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 4, 5)
    excuse(week, 3, 5)
    assert (week.enrollment(ann).status, week.enrollment(ann).best_streak, reward(week, ann)) == ("completed", 4, 10)
    unexcuse(week, 3, 5)
    mine = week.enrollment(ann)
    assert (mine.status, mine.best_streak, mine.done, mine.completed_at) == ("active", 2, 4, None)
    assert (reward(week, ann), week.campaign.excused) == (0, {})
    lawful(week, 6)


def test_whoever_has_all_days_without_it_keeps_everything(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4)
    excuse(week, 3, 4)
    unexcuse(week, 3, 4)
    assert (week.enrollment(ann).status, reward(week, ann)) == ("completed", 10)
    lawful(week, 6)


def test_it_is_recorded_once_and_may_be_excused_again(week: Week) -> None:
    excuse(week, 3, 3)
    before = week.campaign.version
    unexcuse(week, 3, 3)
    unexcuse(week, 3, 3)
    assert week.campaign.version == before + 1
    entries = list(db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == "campaign.unexcuse")))
    assert entries == [{"idx": 3}]
    assert week.campaign.unexcused["3"]["by"] == str(week.owner.id)
    excuse(week, 3, 4)
    assert (list(week.campaign.excused), week.campaign.unexcused) == (["3"], {})


def test_it_is_possible_until_the_settlement_begins(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 4, 5, 7)
    excuse(week, 6, 9)
    assert week.enrollment(ann).best_streak == 3
    unexcuse(week, 6, 9)
    assert week.enrollment(ann).best_streak == 2
    excuse(week, 2, 9)
    week.settle()
    with week.at(20), pytest.raises(Conflict):
        operations.unexcuse_period(week.owner, week.id, 2)
    lawful(week, 20)


def test_a_settlement_that_is_quicker_than_the_count_holds_everybody_to_all_days(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 4, 5)
    excuse(week, 3, 5)
    with week.at(9):
        operations.unexcuse_period(week.owner, week.id, 3)
    week.settle()
    assert (week.enrollment(ann).status, reward(week, ann)) == ("failed", 0)
    lawful(week, 20)


def test_only_those_who_manage_undo_it_and_only_days_that_there_are(app: Flask, make: Make, week: Week) -> None:
    excuse(week, 3, 3)
    moderator = week.member(role="moderator", enrolled=False)
    with week.at(3), pytest.raises(Forbidden):
        operations.unexcuse_period(moderator, week.id, 3)
    with week.at(3), pytest.raises(NotFound):
        operations.unexcuse_period(week.owner, week.id, 8)
    draft = Week(make, publish=False)
    with draft.at(3), pytest.raises(Conflict):
        operations.unexcuse_period(draft.owner, draft.id, 1)
    assert list(week.campaign.excused) == ["3"]


def test_a_day_that_counts_again_can_be_made_up(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    excuse(week, 3, 4)
    with week.at(4, 20), pytest.raises(Refused):
        operations.make_up(ann, week.id, 3, body="补上")
    unexcuse(week, 3, 4)
    with week.at(4, 22):
        assert operations.make_up(ann, week.id, 3, body="补上").done == 3
    assert cards(week, ann) == [("free", "used")]
    lawful(week, 6)


# ---- what people hear ------------------------------------------------------------------------------------------------


def test_everybody_who_takes_part_hears_of_it_in_place_of_the_excusal(week: Week) -> None:
    ann, ben = week.member(), week.member()
    with week.at(2):
        operations.withdraw(ben, week.id)
    excuse(week, 3, 3)
    unexcuse(week, 3, 3)
    checkin_jobs.announce_unexcuse(week.id, 3)
    (notice,) = told(ann)
    assert notice.kind == "campaign.unexcused"
    assert "day 3 is not excused any more" in notice.text
    assert told(ben) == []
    excuse(week, 3, 4)
    assert [row.kind for row in told(ann)] == ["campaign.excused"]


def test_one_that_is_excused_again_at_once_is_told_as_excused(week: Week) -> None:
    ann = week.member()
    excuse(week, 3, 3)
    with week.at(3, 21):
        operations.unexcuse_period(week.owner, week.id, 3)
        operations.excuse_period(week.owner, week.id, 3, reason="还是算故障")
        run_due()
    (notice,) = told(ann)
    assert (notice.kind, notice.quote) == ("campaign.excused", "还是算故障")


@pytest.mark.parametrize(("points", "said"), [(10, "was taken back"), (0, "any more")])
def test_who_loses_the_completion_reads_that_it_was_not_a_check_in(
    app: Flask, make: Make, points: int, said: str
) -> None:
    week = Week(make, {"need_type": "streak", "need_n": 4, "reward_points": points})
    ann = week.member()
    week.check_in(ann, 1, 2, 4, 5)
    excuse(week, 3, 5)
    unexcuse(week, 3, 5)
    (lost,) = [row for row in told(ann) if row.kind == "campaign.completion_lost"]
    assert "What had been excused in “早安七天” counts again" in lost.text
    assert lost.text.endswith(said)


def test_a_check_in_that_comes_before_the_count_does_not_take_the_blame(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 4, 5)
    excuse(week, 3, 5)
    with week.at(6, 7):
        operations.unexcuse_period(week.owner, week.id, 3)
    week.check_in(ann, 6)
    (lost,) = [row for row in told(ann) if row.kind == "campaign.completion_lost"]
    assert "What had been excused" in lost.text


# ---- cards -----------------------------------------------------------------------------------------------------------


def test_a_card_that_was_spent_on_the_day_comes_back_and_the_made_up_day_stays(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    with week.at(4):
        operations.make_up(ann, week.id, 3, body="补上")
    assert cards(week, ann) == [("free", "used")]
    excuse(week, 3, 4)
    checkin_jobs.recount(week.id)
    assert (cards(week, ann), week.enrollment(ann).done) == ([("free", "available")], 3)
    record = week.records(ann)[-1]
    assert (record.source, record.status, record.card_returned) == ("makeup", "approved", True)
    lawful(week, 6)
    with week.at(6):
        operations.make_up(ann, week.id, 4, body="补上")
    unexcuse(week, 3, 6)
    mine = week.enrollment(ann)  # nobody takes the card away again
    assert (cards(week, ann), mine.done, mine.status) == ([("free", "used")], 4, "completed")
    lawful(week, 7)


def test_also_that_of_a_make_up_which_waits_or_whose_post_is_gone(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual", "free_cards": 2})
    ann = week.member()
    with week.at(3):
        waits = operations.make_up(ann, week.id, 1, body="补上")
        gone = operations.make_up(ann, week.id, 2, body="补上")
    with week.at(3, 9):
        posts.delete_post(ann, gone.post_id)
    for idx in (1, 2):
        excuse(week, idx, 3)
    assert cards(week, ann) == [("free", "available")] * 2
    with week.at(3, 22):
        operations.reject_record(week.owner, waits.record_id, reason="跑题")
    assert cards(week, ann) == [("free", "available")] * 2
    lawful(week, 6)


def test_a_rejected_make_up_has_no_card_to_come_back(app: Flask, make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    with week.at(3):
        made = operations.make_up(ann, week.id, 1, body="补上")
        operations.reject_record(week.owner, made.record_id, reason="跑题")
        again = operations.make_up(ann, week.id, 1, body="再补上")
    excuse(week, 1, 3)
    assert cards(week, ann) == [("free", "available")]
    returned = {each.id: each.card_returned for each in week.records(ann)}
    assert returned == {made.record_id: False, again.record_id: True}
    lawful(week, 6)


def test_a_bought_card_comes_back_and_is_paid_back_when_the_campaign_is_called_off(app: Flask, make: Make) -> None:
    week = Week(make, {"free_cards": 0, "card_price": 30})
    ann = rich(week, week.member())
    with week.at(3):
        operations.make_up(ann, week.id, 1, body="补上", buy_for=30)
        operations.make_up(ann, week.id, 2, body="补上", buy_for=30)
    balance = points_here(ann, circles.readable_circle(ann, week.slug))
    with week.at(3, 12):
        operations.excuse_period(week.owner, week.id, 1, reason="服务中断")
        operations.cancel_campaign(week.owner, week.id, reason="改到下个月")
        checkin_jobs.settle(week.id)  # before anybody was counted again
    assert points_here(ann, circles.readable_circle(ann, week.slug)) == balance + 30
    assert cards(week, ann) == [("bought", "expired"), ("bought", "used")]
    lawful(week, 20)


# ---- the page and the API --------------------------------------------------------------------------------------------


def test_the_button_stands_beside_the_excused_day(week: Week, browser: Callable[..., Browser]) -> None:
    excuse(week, 2, 3, 8)
    with week.at(3, 9):
        owner = browser(week.owner)
        owner.post("/settings/language", {"locale": "en"})
        here = f"/{week.slug}/manage/campaigns/{week.id}"
        page = owner.get(here).text
        assert f'action="{here}/unexcuse"' in page and "Let it count again" in page
        assert "cannot be undone" not in page.split('id="plan-cancel"')[0]
        assert owner.post(f"{here}/unexcuse", {}).status_code == 422
        assert owner.post(f"{here}/unexcuse", {"idx": "99"}).status_code == 404
        assert list(week.campaign.excused) == ["2"]
        done = owner.post(f"{here}/unexcuse", {"idx": "2"})
        assert (done.status_code, done.location, week.campaign.excused) == (303, here, {})
        assert "/unexcuse" not in owner.get(here).text


def test_a_campaign_that_is_over_shows_no_button(week: Week, browser: Callable[..., Browser]) -> None:
    excuse(week, 2, 3)
    week.settle()
    with week.at(20):
        here = f"/{week.slug}/manage/campaigns/{week.id}"
        owner = browser(week.owner)
        assert "/unexcuse" not in owner.get(here).text
        assert owner.post(f"{here}/unexcuse", {"idx": "2"}).status_code == 422
    assert list(week.campaign.excused) == ["2"]


def test_over_the_api_it_is_undone_by_its_number(week: Week, api: Callable[..., ApiClient]) -> None:
    excuse(week, 1, 2, 8)
    with week.at(2, 9):
        owner = api(week.owner)
        assert owner.post(f"/campaigns/{week.id}/unexcuse", {"idx": 1}).get_json()["excused"] == []
        assert owner.post(f"/campaigns/{week.id}/unexcuse", {"idx": 1}).status_code == 200
        assert owner.post(f"/campaigns/{week.id}/unexcuse", {"idx": 99}).status_code == 404
        assert owner.post(f"/campaigns/{week.id}/unexcuse").status_code == 422
    week.settle()
    with week.at(20):
        assert api(week.owner).post(f"/campaigns/{week.id}/unexcuse", {"idx": 1}).status_code == 409


def test_the_worker_does_it_by_itself(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 4, 5)
    with week.at(5, 20):
        operations.excuse_period(week.owner, week.id, 3, reason="服务中断")
    work(week, 5, 21)
    assert week.enrollment(ann).status == "completed"
    with week.at(5, 22):
        operations.unexcuse_period(week.owner, week.id, 3)
    work(week, 5, 23)
    assert week.enrollment(ann).status == "active"
