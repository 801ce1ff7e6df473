"""The desk of campaigns: the list, the editor with its preview, publishing, people; with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.checkins import operations
from circle.checkins.models import Campaign, CampaignPeriod
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from tests.checkins.campaigning import FIRST, Week
from tests.clients import Browser
from tests.factories import Make

Browse = Callable[..., Browser]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def week(app: Flask, make: Make) -> Iterator[Week]:
    week = Week(make, {"reward_points": 20, "late_join_until": FIRST + timedelta(days=4)})
    with week.at(2, 9):
        yield week


@pytest.fixture
def draft(app: Flask, make: Make) -> Iterator[Week]:
    draft = Week(make, publish=False)
    with draft.at(-1):
        yield draft


@pytest.fixture
def owner(week: Week, browser: Browse) -> Browser:
    client = browser(week.owner)
    client.post("/settings/language", {"locale": "en"})
    return client


def desk(week: Week, rest: str = "") -> str:
    return f"/{week.slug}/manage/campaigns{rest}"


def filled(**values: Any) -> dict[str, Any]:
    usual = {
        "title": "读书七天", "intro": "**一起**读", "prompts": "第一页\n\n第三页\n", "cadence": "daily",
        "start_date": "2030-01-07", "end_date": "2030-01-13", "win_start": "22:00", "win_end": "02:00",
        "need_type": "count", "need_n": "5", "free_cards": "1", "lookback": "3", "card_price": "0", "card_limit": "2",
        "review": "auto", "min_len": "10", "min_images": "0", "level_min": "1", "reward_points": "50",
        "reward_growth": "0", "team_points": "0", "team_growth": "0",
    }  # fmt: skip
    return usual | values


def newest() -> Campaign:
    return db.session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(1)).one()


# ---- the list --------------------------------------------------------------------------------------------------------


def test_the_list_says_how_each_campaign_stands(week: Week, owner: Browser) -> None:
    ann = week.member()
    week.check_in(ann, 2)
    operations.create_campaign(
        week.owner, week.slug, operations.Plan("下一期", FIRST + timedelta(days=14), FIRST + timedelta(days=20))
    )
    page = text(owner.get(desk(week)).get_data(as_text=True))
    assert "早安七天" in page
    assert "1 person takes part" in page
    assert "1 person has checked in" in page
    assert "Finish and publish 下一期" in page


def test_a_circle_without_campaigns_is_told_how_to_begin(make: Make, browser: Browse, app: Flask) -> None:
    place = make.place()
    page = browser(place.owner).get(f"/{place.slug}/manage/campaigns").get_data(as_text=True)
    assert f"/{place.slug}/manage/campaigns/new" in page


def test_the_list_costs_the_same_however_many_there_are(week: Week, owner: Browser, statements: list[str]) -> None:
    def cost() -> int:
        statements.clear()
        owner.get(desk(week))
        return len(statements)

    cost()
    one = cost()
    for number in range(5):
        plan = operations.Plan(f"第 {number} 期", FIRST + timedelta(days=14), FIRST + timedelta(days=20))
        operations.publish_campaign(week.owner, operations.create_campaign(week.owner, week.slug, plan))
    assert cost() == one


# ---- the editor ------------------------------------------------------------------------------------------------------


def test_a_new_one_begins_as_a_week_from_next_monday(week: Week, owner: Browser) -> None:
    page = owner.get(desk(week, "/new")).get_data(as_text=True)
    assert 'value="2026-11-23"' in page
    assert 'value="2026-11-29"' in page
    assert "Ready to be published." not in page  # it has no name yet
    form = {"title": "早安", "start_date": "2026-11-23", "end_date": "2026-11-29", "need_type": "count", "need_n": "5"}
    assert "Ready to be published." in owner.post(desk(week, "/preview"), form).text


def test_what_was_filled_in_is_kept_as_a_draft(week: Week, owner: Browser) -> None:
    answer = owner.post(desk(week), filled())
    made = newest()
    assert (answer.status_code, answer.location) == (303, desk(week, f"/{made.id}"))
    assert (made.status, made.title, made.prompts) == ("draft", "读书七天", ["第一页", "", "第三页"])
    assert (made.win_start_min, made.win_end_min) == (1320, 1560)
    assert "<strong>一起</strong>" in made.intro_html
    page = owner.get(desk(week, f"/{made.id}")).get_data(as_text=True)
    assert 'value="22:00"' in page
    assert "22:00 – 02:00" in text(page)
    assert "next day" in page


def test_a_double_click_keeps_one_draft(week: Week, owner: Browser) -> None:
    same = filled(once="a-value-of-the-form")
    first, second = owner.post(desk(week), same), owner.post(desk(week), same)
    assert first.location == second.location
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("start_date", ""),
        ("end_date", "2030-01-01"),
        ("end_date", "tomorrow"),
        ("win_start", "25:00"),
        ("need_n", "0"),
        ("need_n", "many"),
        ("cadence", "hourly"),
        ("card_price", "-1"),
        ("reward_points", "10001"),
        ("late_join_until", "2031-01-01"),
        ("level_min", "99"),
        ("topic_id", "99999"),
    ],
)
def test_bad_input_comes_back_with_what_was_typed(week: Week, owner: Browser, field: str, value: str) -> None:
    answer = owner.post(desk(week), filled(**{field: value}))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{field}"' in page
    assert "第三页" in page
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 1


def test_a_draft_is_changed_and_published_in_one_step(draft: Week, browser: Browse) -> None:
    client = browser(draft.owner)
    values = filled(version="1", start_date=FIRST.isoformat(), end_date="2026-11-22", win_end="23:00", need_n="3")
    answer = client.post(desk(draft, f"/{draft.id}/publish"), values)
    assert answer.status_code == 303
    found = draft.campaign
    assert (found.status, found.title, found.need_n, found.period_count) == ("published", "读书七天", 3, 7)
    periods = db.session.scalar(select(func.count()).select_from(CampaignPeriod))
    assert periods == 7


def test_what_cannot_be_published_says_why_and_keeps_the_draft(draft: Week, browser: Browse) -> None:
    client = browser(draft.owner)
    client.post("/settings/language", {"locale": "en"})
    values = filled(version="1", start_date=FIRST.isoformat(), end_date="2026-11-22", need_n="9")
    answer = client.post(desk(draft, f"/{draft.id}/publish"), values)
    assert answer.status_code == 422
    assert "nobody can do 9" in answer.get_data(as_text=True)
    assert (draft.campaign.status, draft.campaign.title) == ("draft", "读书七天")


def test_of_a_published_one_only_what_may_be_changed_is_offered(week: Week, owner: Browser) -> None:
    page = owner.get(desk(week, f"/{week.id}")).get_data(as_text=True)
    for gone in ("start_date", "need_n", "cadence", "win_start", "level_min", "teams"):
        assert f'name="{gone}"' not in page
    for kept in ("title", "min_len", "reward_points", "late_join_until"):
        assert f'name="{kept}"' in page


def test_changing_a_published_one_keeps_what_is_not_on_the_page(week: Week, owner: Browser) -> None:
    answer = owner.post(desk(week, f"/{week.id}"), {"title": "新名字", "version": "2", "reward_points": "30"})
    assert answer.status_code == 303
    found = week.campaign
    assert (found.title, found.reward_points, found.need_n, found.free_cards) == ("新名字", 30, 5, 1)
    assert found.late_join_until == FIRST + timedelta(days=4)


def test_what_is_locked_comes_back_beside_its_field(week: Week, owner: Browser) -> None:
    answer = owner.post(desk(week, f"/{week.id}"), {"title": "新名字", "version": "2", "reward_points": "5"})
    assert answer.status_code == 422
    assert 'href="#reward_points"' in answer.get_data(as_text=True)
    assert week.campaign.title == "早安七天"


def test_two_who_edit_do_not_overwrite_each_other(week: Week, owner: Browser) -> None:
    assert owner.post(desk(week, f"/{week.id}"), {"title": "甲", "version": "2"}).status_code == 303
    late = owner.post(desk(week, f"/{week.id}"), {"title": "乙", "version": "2"})
    assert late.status_code == 422
    assert 'value="乙"' in late.get_data(as_text=True)
    assert week.campaign.title == "甲"


# ---- the preview -----------------------------------------------------------------------------------------------------


def test_the_preview_shows_the_periods_that_publishing_would_fix(week: Week, owner: Browser) -> None:
    page = owner.post(desk(week, "/preview"), filled(), htmx=True)
    shown = text(page.get_data(as_text=True))
    assert page.status_code == 200
    assert shown.count("22:00 – 02:00") == 7
    assert "第三页" in shown
    assert "Ready to be published." in shown
    assert "Members can join until" in shown
    assert "<html" not in page.get_data(as_text=True)
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 1


def test_without_javascript_the_preview_is_the_whole_page(week: Week, owner: Browser) -> None:
    page = owner.post(desk(week, "/preview"), filled(title="看一看")).get_data(as_text=True)
    assert "<html" in page
    assert 'value="看一看"' in page
    assert text(page).count("22:00 – 02:00") == 7


def test_the_preview_marks_days_on_which_the_clocks_change(week: Week, owner: Browser) -> None:
    circles.update_circle(week.owner, week.slug, tz="America/New_York")
    dates = {"start_date": "2030-03-09", "end_date": "2030-03-11", "need_n": "2"}
    page = text(owner.post(desk(week, "/preview"), filled(**dates, win_start="00:00", win_end="00:00"), htmx=True).text)
    assert "The clocks change during it" in page
    assert "60 min shorter" in page
    none = owner.post(desk(week, "/preview"), filled(**dates, win_start="06:00", win_end="10:00"), htmx=True).text
    assert "The clocks change" not in none


def test_the_preview_says_what_stands_in_the_way(week: Week, owner: Browser) -> None:
    unreachable = text(owner.post(desk(week, "/preview"), filled(need_n="8"), htmx=True).text)
    assert "nobody can do 8" in unreachable
    assert "Nobody could complete it." in unreachable
    over = text(
        owner.post(desk(week, "/preview"), filled(start_date="2020-01-01", end_date="2020-01-07"), htmx=True).text
    )
    assert "These days are over already." in over
    no_day = text(owner.post(desk(week, "/preview"), filled(start_date=""), htmx=True).text)
    assert "Please choose a day." in no_day
    backwards = text(owner.post(desk(week, "/preview"), filled(end_date="2030-01-01"), htmx=True).text)
    assert "It ends before it begins." in backwards
    assert owner.post(desk(week, "/preview"), filled(need_n="x"), htmx=True).status_code == 422


def test_the_preview_of_a_published_one_shows_its_fixed_days(week: Week, owner: Browser) -> None:
    values = {"title": "新名字", "campaign_id": str(week.id), "reward_points": "30"}
    page = text(owner.post(desk(week, "/preview"), values, htmx=True).text)
    assert "新名字" in page
    assert page.count("00:00 – 24:00") == 7
    other = owner.post(desk(week, "/preview"), values | {"campaign_id": "12345"}, htmx=True)
    assert other.status_code == 404


def test_a_campaign_of_weeks_is_previewed_in_weeks(week: Week, owner: Browser) -> None:
    page = text(
        owner.post(desk(week, "/preview"), filled(cadence="weekly", need_n="1", end_date="2030-01-30"), htmx=True).text
    )
    assert "4 weeks" in page
    assert page.count("Week from") == 4


def test_a_year_of_days_is_previewed_too(week: Week, owner: Browser) -> None:
    page = owner.post(desk(week, "/preview"), filled(end_date="2031-01-06"), htmx=True).text
    assert "All 365" in page


# ---- steps -----------------------------------------------------------------------------------------------------------


def test_a_cover_is_uploaded_and_removed(week: Week, owner: Browser) -> None:
    picture = {"file": (BytesIO(Make.picture((160, 70))), "a.png")}
    assert owner.post(desk(week, f"/{week.id}/cover"), picture).status_code == 303
    assert week.campaign.cover_id is not None
    assert f"/media/{week.campaign.cover_id}/" in owner.get(desk(week, f"/{week.id}")).text
    assert owner.post(desk(week, f"/{week.id}/cover"), {}).status_code == 422
    assert owner.post(desk(week, f"/{week.id}/cover/remove")).status_code == 303
    assert week.campaign.cover_id is None


def test_a_day_is_excused_with_a_reason(week: Week, owner: Browser) -> None:
    assert owner.post(desk(week, f"/{week.id}/excuse"), {"idx": "1"}).status_code == 422
    assert owner.post(desk(week, f"/{week.id}/excuse"), {"idx": "5", "reason": "还没到"}).status_code == 422
    assert owner.post(desk(week, f"/{week.id}/excuse"), {"idx": "1", "reason": "服务中断"}).status_code == 303
    assert list(week.campaign.excused) == ["1"]
    assert "服务中断" in owner.get(desk(week, f"/{week.id}")).text


def test_calling_off_needs_a_reason_and_leads_to_the_list(week: Week, owner: Browser) -> None:
    without = owner.post(desk(week, f"/{week.id}/cancel"), {})
    assert without.status_code == 422
    assert 'id="cancel-reason"' in without.text
    answer = owner.post(desk(week, f"/{week.id}/cancel"), {"reason": "改到下个月"})
    assert answer.location == desk(week)
    assert week.campaign.status == "cancelled"
    page = owner.get(desk(week, f"/{week.id}")).text
    assert "改到下个月" in page
    assert 'id="plan"' not in page
    assert owner.post(desk(week, f"/{week.id}/cancel"), {"reason": "再来一次"}).status_code == 422


def test_what_was_refused_beside_the_plan_comes_back_with_its_words(week: Week, owner: Browser) -> None:
    excuse = owner.post(desk(week, f"/{week.id}/excuse"), {"idx": "1", "reason": "断"})
    assert excuse.status_code == 422
    assert re.search(r'id="excuse-reason"[^>]* value="断"', excuse.text)
    assert '<option value="1" selected>' in excuse.text
    assert 'href="#excuse-reason"' in excuse.text
    cancel = owner.post(desk(week, f"/{week.id}/cancel"), {"reason": "改"})
    assert re.search(r'id="cancel-reason"[^>]* value="改"', cancel.text)
    assert "断" not in cancel.text


def test_a_draft_is_thrown_away(draft: Week, browser: Browse) -> None:
    client = browser(draft.owner)
    assert client.post(desk(draft, f"/{draft.id}/cancel"), {"reason": "不需要了"}).status_code == 303
    assert client.get(desk(draft, f"/{draft.id}")).status_code == 404


# ---- people ----------------------------------------------------------------------------------------------------------


def test_people_are_listed_searched_and_paged(week: Week, owner: Browser) -> None:
    people = [week.member() for _number in range(23)]
    week.check_in(people[5], 2)
    page = owner.get(desk(week, f"/{week.id}/people")).text
    assert page.count('class="member"') == 20
    assert "1 of 7 days done" in text(page).split("On the way")[2]
    found = re.search(r'href="([^"]*cursor=[^"]*)"', page)
    assert found is not None
    rest = owner.get(found[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert rest.count('class="member"') == 3
    none = owner.get(desk(week, f"/{week.id}/people?q=nobody-is-called-so")).text
    assert none.count('class="member"') == 0
    assert owner.get(desk(week, f"/{week.id}/people?status=disqualified")).text.count('class="member"') == 0
    assert owner.get(desk(week, f"/{week.id}/people?status=nonsense")).status_code == 200


def test_the_list_of_people_costs_the_same_however_many_there_are(
    week: Week, owner: Browser, statements: list[str]
) -> None:
    def cost() -> int:
        statements.clear()
        owner.get(desk(week, f"/{week.id}/people"))
        return len(statements)

    week.check_in(week.member(), 2)
    cost()
    one = cost()
    for _number in range(6):
        week.check_in(week.member(), 2)
    assert cost() == one


def test_somebody_is_taken_out_and_let_in_again(week: Week, owner: Browser) -> None:
    ann = week.member()
    act = desk(week, f"/{week.id}/people/{ann.id}")
    assert owner.post(f"{act}/disqualify", {}).status_code == 422
    back = desk(week, f"/{week.id}/people?status=active")
    assert owner.post(f"{act}/disqualify", {"reason": "请人代写", "next": back}).location == back
    assert week.enrollment(ann).status == "disqualified"
    assert "请人代写" in owner.get(desk(week, f"/{week.id}/people")).text
    assert owner.post(f"{act}/reinstate").status_code == 303
    assert week.enrollment(ann).status == "active"


def test_a_day_is_given_and_not_twice(week: Week, owner: Browser) -> None:
    ann = week.member()
    act = desk(week, f"/{week.id}/people/{ann.id}/give")
    assert owner.post(act, {"idx": "1", "reason": "上传失败"}).status_code == 303
    assert week.enrollment(ann).done == 1
    again = owner.post(act, {"idx": "1", "reason": "上传失败"})
    assert (again.status_code, "already" in again.text) == (422, True)


def test_a_refused_act_comes_back_open_with_its_reason_wherever_the_person_stands(week: Week, owner: Browser) -> None:
    for _number in range(21):  # who did something stands before
        week.check_in(week.member(), 1)
    ann = week.member()
    act = desk(week, f"/{week.id}/people/{ann.id}")
    given = owner.post(f"{act}/give", {"idx": "1", "reason": "错"})
    assert given.status_code == 422
    assert re.search(rf'id="give-{ann.id}-reason"[^>]* value="错"', given.text)
    assert '<option value="1" selected>' in given.text
    out = owner.post(f"{act}/disqualify", {"reason": "抄"})
    assert re.search(rf'id="out-{ann.id}-reason"[^>]* value="抄"', out.text)
    assert f'href="#out-{ann.id}-reason"' in out.text


def test_another_circles_owner_finds_nothing_by_this_address(week: Week, make: Make, browser: Browse) -> None:
    place = make.place()
    other = browser(place.owner)
    assert other.get(f"/{place.slug}/manage/campaigns/{week.id}").status_code == 404
    assert other.post(f"/{place.slug}/manage/campaigns/{week.id}/cancel", {"reason": "不是我的"}).status_code == 404
    assert week.campaign.status == "published"
    assert clock.now() < week.day(8)
