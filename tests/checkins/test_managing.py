"""A campaign from draft to published or called off, and that the preview shows what publishing fixes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from circle.checkins import operations
from circle.checkins.days import DAY
from circle.checkins.models import Campaign, CampaignPeriod
from circle.checkins.operations import Plan
from circle.checkins.plans import planned
from circle.checkins.previewing import preview_of
from circle.circles import operations as circles
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from circle.core.jobs import run_due
from circle.points.checking import check_books
from tests.checkins.campaigning import FIRST, Week
from tests.checkins.test_editing import promised
from tests.factories import Make, actor_of
from tests.ledger.books import balanced, holder


@pytest.fixture
def draft(app: Flask, make: Make) -> Week:
    return Week(make, publish=False)


def periods(week: Week) -> list[Any]:
    here = select(CampaignPeriod).where(CampaignPeriod.campaign_id == week.id).order_by(CampaignPeriod.idx)
    return [(row.idx, row.day, row.opens_at, row.closes_at) for row in db.session.scalars(here)]


def republished(week: Week, **changes: Any) -> None:
    with week.at(-2):
        operations.update_campaign(week.owner, week.id, **changes)
        operations.publish_campaign(week.owner, week.id)


# ---- drafts and publishing -------------------------------------------------------------------------------------------


def test_a_draft_is_nobodys_business_but_of_those_who_manage(draft: Week, make: Make) -> None:
    moderator = draft.member(role="moderator", enrolled=False)
    stranger = actor_of(make.user())
    for who in (moderator, stranger):
        with pytest.raises(NotFound):
            operations.publish_campaign(who, draft.id)
        with pytest.raises(NotFound):
            operations.enroll(who, draft.id)
    admin = draft.member(role="admin", enrolled=False)
    with draft.at(-1):
        operations.publish_campaign(admin, draft.id)
    assert draft.campaign.status == "published"


def test_members_and_moderators_begin_no_campaign(draft: Week) -> None:
    for role in ("member", "moderator"):
        who = draft.member(role=role, enrolled=False)
        with pytest.raises(Forbidden):
            operations.create_campaign(who, draft.slug, Plan("不行", FIRST, FIRST))


def test_publishing_takes_the_time_zone_of_that_moment_for_good(draft: Week) -> None:
    circles.update_circle(draft.owner, draft.slug, tz="America/New_York")
    republished(draft)
    before = periods(draft)
    assert draft.campaign.tz == "America/New_York"
    assert before[0][2].isoformat() == "2026-11-16T05:00:00+00:00"
    circles.update_circle(draft.owner, draft.slug, tz="Asia/Tokyo")
    assert periods(draft) == before
    assert draft.campaign.settle_at == before[-1][3] + timedelta(hours=48)


def test_publishing_twice_is_a_conflict_and_fixes_nothing_anew(draft: Week) -> None:
    republished(draft)
    before = periods(draft)
    with pytest.raises(Conflict):
        operations.publish_campaign(draft.owner, draft.id)
    assert periods(draft) == before


@pytest.mark.parametrize(
    ("day", "field"), [(1, ""), (2, "start_date"), (9, "end_date")], ids=["first day", "second day", "afterwards"]
)
def test_what_has_begun_can_be_published_while_its_first_day_is_open(draft: Week, day: int, field: str) -> None:
    with draft.at(day, 12):
        if not field:
            operations.publish_campaign(draft.owner, draft.id)
            return
        with pytest.raises(Invalid) as refused:
            operations.publish_campaign(draft.owner, draft.id)
    assert list(refused.value.errors) == [field]
    assert draft.campaign.status == "draft"


def test_what_nobody_can_do_is_not_published(draft: Week) -> None:
    for need in ({"need_type": "count", "need_n": 8}, {"need_type": "streak", "need_n": 8}):
        with pytest.raises(Refused) as refused:
            republished(draft, **need)
        assert (refused.value.code, list(refused.value.errors)) == ("NEED_UNREACHABLE", ["need_n"])
    republished(draft, need_type="all", need_n=8)
    assert draft.campaign.status == "published"


def test_a_window_that_the_clocks_leave_out_is_not_published(draft: Week) -> None:
    circles.update_circle(draft.owner, draft.slug, tz="America/New_York")
    with pytest.raises(Refused) as refused:
        republished(
            draft, start_date=date(2027, 3, 13), end_date=date(2027, 3, 15), need_n=1, win_start_min=120,
            win_end_min=180,
        )  # fmt: skip
    assert (refused.value.code, list(refused.value.errors)) == ("PERIODS_EMPTY", ["win_start_min"])


def test_the_introduction_becomes_safe_html() -> None:
    plan = planned(
        title="早安", start_date=FIRST, end_date=FIRST, intro="**一起** <script>alert(1)</script>", prompts=["a"]
    )
    assert "<strong>一起</strong>" in plan.intro_html
    assert "<script" not in plan.intro_html
    assert plan.prompts == ("a",)
    assert planned(title="早安", start_date=FIRST, end_date=FIRST).intro_html == ""


# ---- calling off -----------------------------------------------------------------------------------------------------


def test_a_draft_that_is_called_off_is_gone(draft: Week) -> None:
    operations.cancel_campaign(draft.owner, draft.id, reason="不需要了")
    assert db.session.get(Campaign, draft.id) is None
    acts = select(AuditEntry.action).where(AuditEntry.target == f"campaign:{draft.id}").order_by(AuditEntry.id)
    assert db.session.scalars(acts).all() == ["campaign.create", "campaign.cancel"]


def test_who_had_done_their_share_is_rewarded_and_unused_cards_are_paid_back(app: Flask, make: Make) -> None:
    week = Week(make, {"reward_points": 50, "card_price": 10, "need_n": 5})
    ann, ben = week.member(), week.member()
    mine = holder(make, week.circle, user=ann)
    mine.give(100)
    with week.at(1):
        operations.buy_card(ann, week.id)
    week.check_in(ann, 1, 2, 3)
    before = mine.has[0]
    with week.at(4, 20):
        operations.cancel_campaign(week.owner, week.id, reason="改到下个月")
        run_due()
    assert (week.enrollment(ann).status, week.enrollment(ben).status) == ("completed", "failed")
    assert (promised(week, ann), promised(week, ben)) == ((50, 0), (0, 0))
    assert mine.has[0] == before + 10 + 50
    assert balanced(week.circle_id, check_books)
    with pytest.raises(Conflict):
        operations.cancel_campaign(week.owner, week.id, reason="再来一次")


# ---- the preview -----------------------------------------------------------------------------------------------------

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "America/Santiago", "Australia/Lord_Howe", "UTC")
PLANS = st.builds(
    lambda start, length, cadence, opens, lasts: Plan(
        "七天", start, start + timedelta(days=length), cadence=cadence, win_start_min=opens,
        win_end_min=opens + lasts, need_n=1,
    ),
    st.dates(date(2026, 1, 1), date(2032, 12, 31)), st.integers(0, 40), st.sampled_from(("daily", "weekly")),
    st.integers(0, DAY - 1), st.integers(1, DAY),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(plan=PLANS, tz=st.sampled_from(ZONES))
def test_the_preview_shows_exactly_the_periods_of_the_plan(plan: Plan, tz: str) -> None:
    preview = preview_of(plan, tz)
    fixed = plan.periods(tz)
    assert [(row.idx, row.day, row.opens_at, row.closes_at) for row in preview.periods] == [
        (row.idx, row.day, row.opens_at, row.closes_at) for row in fixed
    ]
    for row in preview.periods:
        usual = 7 * DAY if plan.cadence == "weekly" else plan.win_end_min - plan.win_start_min
        assert row.shift == round((row.closes_at - row.opens_at) / timedelta(minutes=1)) - usual
    assert preview.total == len(fixed)
    assert preview_of(plan, tz, fixed).periods == preview.periods


def test_what_the_preview_calls_ready_is_published_as_it_showed(draft: Week) -> None:
    changes = {"prompts": ["一", "二"], "win_start_min": 1320, "win_end_min": 1560, "need_n": 6}
    with draft.at(-2):
        operations.update_campaign(draft.owner, draft.id, **changes)
        preview = preview_of(Plan.of(draft.campaign), draft.circle.tz)
        assert preview.problems == []
        operations.publish_campaign(draft.owner, draft.id)
    assert periods(draft) == [(row.idx, row.day, row.opens_at, row.closes_at) for row in preview.periods]
    assert [row.prompt for row in preview.periods[:3]] == ["一", "二", ""]
    assert all(row.overnight for row in preview.periods)
    assert (preview.target, preview.join_until) == (6, FIRST + timedelta(days=2))


def test_a_preview_without_days_says_so() -> None:
    backwards = preview_of(Plan("七天", FIRST, FIRST - timedelta(days=1)), "UTC")
    assert (backwards.total, backwards.join_until, len(backwards.problems)) == (0, None, 1)
