"""What may be changed about a campaign, and when."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.checkins import jobs, operations
from circle.checkins.models import MakeupCard
from circle.core import clock, markup
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, Refused
from circle.media import queries as media
from circle.media import uploads
from circle.points import operations as points
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.topics import operations as topics
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make
from tests.ledger.books import balanced


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"min_len": 5, "min_images": 0, "card_price": 30, "reward_points": 50, "review": "manual"})


@pytest.fixture
def draft(app: Flask, make: Make) -> Week:
    return Week(make, publish=False)


def promised(week: Week, actor: Actor) -> tuple[int, int]:
    """What somebody has now for completing the campaign."""
    mine = (EarnSource.subject == f"enrollment:{week.enrollment(actor).id}", EarnSource.state == "on")
    columns = (func.sum(EarnSource.active_points), func.sum(EarnSource.active_growth))
    points, growth = db.session.execute(select(*columns).where(*mine)).one()
    db.session.rollback()
    return int(points or 0), int(growth or 0)


def change(week: Week, **changes: Any) -> None:
    with week.at(2):
        operations.update_campaign(week.owner, week.id, **changes)


def logged(week: Week, action: str) -> list[dict[str, Any]]:
    mine = select(AuditEntry.data).where(AuditEntry.action == action, AuditEntry.target == f"campaign:{week.id}")
    return list(db.session.scalars(mine.order_by(AuditEntry.seq)))


def test_of_a_draft_everything_may_change(draft: Week) -> None:
    change(
        draft, title="七天早起", intro="**每天**一句。", prompts=["第一天", "第二天"], cadence="weekly",
        need_type="all", win_start_min=360, win_end_min=600, min_len=20, free_cards=3, teams=True,
        end_date=FIRST + timedelta(days=20),
    )  # fmt: skip
    found = draft.campaign
    assert (found.title, found.cadence, found.need_type, found.teams) == ("七天早起", "weekly", "all", True)
    assert found.intro_html == markup.render("**每天**一句。")
    assert found.prompts == ["第一天", "第二天"]
    assert found.version == 2


def test_words_prompts_and_cover_stay_free_after_publishing(week: Week) -> None:
    change(week, title="新名字", intro="新的介绍", prompts=["写一件小事"])
    assert (week.campaign.title, week.campaign.prompts) == ("新名字", ["写一件小事"])
    (entry,) = logged(week, "campaign.update")
    assert entry == {"title": ["早安七天", "新名字"], "intro": "changed", "prompts": "changed"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cadence", "weekly"),
        ("start_date", FIRST - timedelta(days=1)),
        ("end_date", FIRST + timedelta(days=9)),
        ("win_start_min", 60),
        ("win_end_min", 600),
        ("need_type", "streak"),
        ("need_n", 4),
        ("level_min", 2),
        ("teams", True),
        ("min_len", 6),
        ("min_images", 1),
        ("audio", True),
        ("reward_points", 49),
        ("card_price", 31),
        ("card_price", 0),
        ("card_limit", 1),
        ("free_cards", 0),
        ("lookback", 2),
        ("late_join_until", FIRST + timedelta(days=1)),
    ],
)
def test_what_members_have_joined_for_stays_or_gets_kinder(week: Week, field: str, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        change(week, **{field: value})
    assert (refused.value.code, list(refused.value.errors)) == ("CAMPAIGN_LOCKED", [field])
    assert week.campaign.version == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_len", 0),
        ("review", "auto"),
        ("reward_points", 60),
        ("reward_growth", 5),
        ("team_points", 5),
        ("card_price", 10),
        ("card_limit", 4),
        ("free_cards", 2),
        ("lookback", 7),
        ("late_join_until", FIRST + timedelta(days=4)),
    ],
)
def test_kinder_is_allowed_after_publishing(week: Week, field: str, value: Any) -> None:
    change(week, **{field: value})
    assert getattr(week.campaign, field) == value


def test_reviews_cannot_be_asked_for_later(app: Flask, make: Make) -> None:
    week = Week(make)
    with pytest.raises(Refused) as refused:
        change(week, review="manual")
    assert refused.value.code == "CAMPAIGN_LOCKED"


def test_the_last_day_to_join_is_compared_with_what_held_before(app: Flask, make: Make) -> None:
    week = Week(make, {"late_join_until": FIRST + timedelta(days=4)})
    with pytest.raises(Refused):  # without a day of its own it would be the third
        change(week, late_join_until=None)
    change(week, late_join_until=FIRST + timedelta(days=5))


def test_pending_check_ins_keep_waiting_when_reviews_end(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    change(week, review="auto")
    week.check_in(ann, 2, hour=9)
    assert [record.status for record in week.records(ann)] == ["pending", "approved"]


def test_somebody_elses_change_is_not_overwritten(week: Week) -> None:
    change(week, version=2, title="甲")
    with pytest.raises(PreconditionFailed):
        change(week, version=2, title="乙")
    assert week.campaign.title == "甲"


def test_changing_nothing_is_no_version_and_no_entry(week: Week) -> None:
    change(week, title="早安七天", need_n=5)
    assert (week.campaign.version, logged(week, "campaign.update")) == (2, [])


def test_a_larger_reward_holds_for_those_who_completed_before(app: Flask, make: Make) -> None:
    week = Week(make, {"reward_points": 50, "reward_growth": 20, "need_n": 2})
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1, 2)
    change(week, reward_points=80)
    assert promised(week, ann) == (50, 20)
    with week.at(3):
        jobs.recount(week.id)
        jobs.recount(week.id)
    week.check_in(ben, 3, 4)
    assert (promised(week, ann), promised(week, ben)) == ((80, 20), (80, 20))
    assert balanced(week.circle_id, check_books)


def test_a_larger_reward_is_given_at_the_settlement_at_the_latest_and_goes_as_a_whole(app: Flask, make: Make) -> None:
    week = Week(make, {"reward_points": 50, "need_n": 2})
    ann = week.member()
    week.check_in(ann, 1, 2)
    change(week, reward_points=80, reward_growth=9)
    week.settle()
    assert promised(week, ann) == (80, 9)
    with clock.at(week.day(30)):
        operations.disqualify(week.owner, week.id, ann.person_id, reason="代打卡")
    assert promised(week, ann) == (0, 0)
    assert balanced(week.circle_id, check_books)


def test_a_reward_that_comes_later_reaches_everybody_who_completed(app: Flask, make: Make) -> None:
    week = Week(make, {"need_n": 1})
    ann = week.member()
    week.check_in(ann, 1)
    change(week, reward_points=10)
    with week.at(3):
        jobs.recount(week.id)
    assert promised(week, ann) == (10, 0)


def test_more_free_cards_go_to_those_who_have_joined(app: Flask, make: Make) -> None:
    week = Week(make)
    ann = week.member()
    change(week, free_cards=3)
    with week.at(3):
        jobs.recount(week.id)
        jobs.recount(week.id)
    cards = select(func.count()).where(MakeupCard.enrollment_id == week.enrollment(ann).id)
    assert db.session.scalar(cards) == 3


def test_what_is_over_changes_no_more(week: Week) -> None:
    week.settle()
    with pytest.raises(Conflict):
        change(week, title="太晚了")


def test_only_those_who_manage_campaigns_change_them(week: Week, draft: Week) -> None:
    moderator = week.member(role="moderator", enrolled=False)
    with pytest.raises(Forbidden):
        operations.update_campaign(moderator, week.id, title="不行")
    hidden = draft.member(role="moderator", enrolled=False)
    with pytest.raises(NotFound):
        operations.update_campaign(hidden, draft.id, title="不行")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", "长" * 41),
        ("intro", "长" * 5001),
        ("prompts", ["长" * 201]),
        ("prompts", ["短"] * 367),
        ("need_n", 0),
        ("need_n", 367),
        ("free_cards", 11),
        ("card_limit", 11),
        ("card_price", 10_001),
        ("reward_points", 10_001),
        ("reward_growth", -1),
        ("lookback", -1),
        ("min_len", 2_001),
        ("min_images", 10),
        ("level_min", 0),
        ("level_min", 99),
        ("cadence", "hourly"),
        ("review", "never"),
        ("need_type", "most"),
        ("win_end_min", 0),
        ("win_start_min", 1440),
        ("end_date", FIRST - timedelta(days=1)),
        ("end_date", FIRST + timedelta(days=366)),
        ("late_join_until", FIRST - timedelta(days=1)),
        ("late_join_until", FIRST + timedelta(days=7)),
        ("topic_id", 12345),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_its_field(draft: Week, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        change(draft, **{field: value})
    assert {"topic_ids": "topic_id"}.get(next(iter(refused.value.errors)), next(iter(refused.value.errors))) == field


def test_a_topic_or_level_that_is_gone_meanwhile_hinders_no_other_change(app: Flask, make: Make) -> None:
    week = Week(make, publish=False)
    topic_id = topics.create_topic(week.owner, week.slug, title="晨读")
    change(week, topic_id=topic_id, level_min=3)
    with week.at(-1):
        operations.publish_campaign(week.owner, week.id)
        topics.update_topic(week.owner, topic_id, status="archived")
        points.save_levels(week.owner, week.slug, levels=[{"growth_min": 0}, {"growth_min": 100}])
    change(week, title="还能改名")
    assert (week.campaign.title, week.campaign.level_min) == ("还能改名", 3)
    change(week, topic_id=None)
    assert logged(week, "campaign.update")[-1] == {"topic_id": [str(topic_id), None]}
    with pytest.raises(Refused) as refused:
        change(week, topic_id=topic_id)
    assert refused.value.code == "TOPIC_CLOSED"


def test_pictures_and_a_voice_note_do_not_go_together(draft: Week) -> None:
    with pytest.raises(Invalid) as refused:
        change(draft, min_images=1, audio=True)
    assert list(refused.value.errors) == ["audio"]


@pytest.mark.parametrize("year", [1999, 2100, 9999, 1])
def test_days_lie_where_the_arithmetic_holds(draft: Week, year: int) -> None:
    with pytest.raises(Invalid):
        change(draft, start_date=FIRST.replace(year=year), end_date=FIRST.replace(year=year))


def uploaded(actor: Actor, purpose: str) -> int:
    file = FileStorage(BytesIO(Make.picture()), "a.png")
    return uploads.take_upload(actor, file, purpose)


def test_a_cover_is_an_upload_of_whoever_sets_it(week: Week) -> None:
    stranger = week.member(role="admin", enrolled=False)
    mine = uploaded(week.owner, "cover")
    for other in (uploaded(week.owner, "post"), uploaded(stranger, "cover"), 12345):
        with pytest.raises(NotFound):
            operations.set_campaign_cover(week.owner, week.id, other)
    operations.set_campaign_cover(week.owner, week.id, mine)
    operations.set_campaign_cover(week.owner, week.id, mine)
    assert (week.campaign.cover_id, week.campaign.version) == (mine, 3)
    assert len(logged(week, "campaign.cover")) == 1


def test_a_cover_is_kept_as_long_as_a_campaign_shows_it(draft: Week) -> None:
    cover = uploaded(draft.owner, "cover")
    operations.set_campaign_cover(draft.owner, draft.id, cover)
    later = clock.now() + timedelta(days=9)
    assert cover not in media.unused_media(later, 100)
    operations.set_campaign_cover(draft.owner, draft.id, None)
    assert cover in media.unused_media(later, 100)
