"""The pages of campaigns: what each reader finds there, joining and leaving, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from circle.access import Actor
from circle.checkins import operations
from circle.checkins.operations import Plan
from circle.circles import operations as circles
from circle.core.operation import in_transaction
from tests.checkins.campaigning import FIRST, Week
from tests.clients import Browser
from tests.factories import Make, actor_of

Open = Callable[..., Browser]


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "prompts": ("窗外有什么？",), "intro_html": "<p>每天写几句。</p>"})


def page_of(week: Week, browser: Browser, idx: int, hour: float = 8, *, of: str = "") -> str:
    with week.at(idx, hour):
        answer = browser.get(f"/{week.slug}/campaigns/{week.id}{of}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def english(page: Browser) -> Browser:
    page.post("/settings/language", {"locale": "en", "next": "/"})
    return page


def test_the_page_has_everything_of_the_day(week: Week, browser: Open) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    page = page_of(week, english(browser(ann)), 2)
    for words in (
        "7 days, 5 days in all", "1/7", "Write today", "Until midnight tonight",
        'data-until="2026-11-17T16:00:00', "js/campaign.js", "50 points", "4 days to go", "How it works", "Nov 16",
        "每天写几句。", f'action="/{week.slug}/campaigns/{week.id}/withdraw"', "今天也写下来。", 'aria-current="date"',
    ):  # fmt: skip
        assert words in page, words
    assert "窗外有什么？" not in page, "it was yesterday's"


@pytest.mark.parametrize(
    ("idx", "hour", "joined", "words"),
    [
        (0, 8, False, "Join in"), (0, 8, True, "Opens at 00:00 tomorrow"), (2, 8, False, "Join in"),
        (4, 8, False, "It is too late to join"), (2, 8, True, "Write today&#39;s check-in"),
        (9, 8, True, "Everything is settled on"),
    ],
)  # fmt: skip
def test_the_bar_at_the_foot_says_what_comes_next(
    week: Week, browser: Open, idx: int, hour: float, joined: bool, words: str
) -> None:
    ann = week.member(enrolled=joined)
    assert words.replace("&#39;", "'") in page_of(week, english(browser(ann)), idx, hour).replace("&#39;", "'")


def test_who_has_checked_in_is_led_to_their_post(week: Week, browser: Open) -> None:
    ann = week.member()
    made = week.check_in(ann, 2)
    page = page_of(week, english(browser(ann)), 2, 9)
    assert "See my check-in" in page
    assert f"/{week.slug}/posts/{made.post_id}" in page
    assert f'/campaigns/{week.id}/checkin"' not in page


def test_visitors_and_strangers_see_the_campaign_and_nothing_personal(week: Week, browser: Open, make: Make) -> None:
    week.check_in(week.member(), 1)
    stranger = actor_of(make.user())
    visitor = page_of(week, english(browser()), 2)
    assert "Sign in to take part." in visitor
    assert "Join the circle to take part." in page_of(week, english(browser(stranger)), 2)
    for personal in ("In a row now", "My place", "/makeup/", "/withdraw", "/enroll"):
        assert personal not in visitor
    assert "今天也写下来。" in visitor, "check-ins of a public circle are public"


def test_the_muted_are_told_until_when(week: Week, browser: Open) -> None:
    ann = week.member()
    with week.at(2):
        circles.mute_member(week.owner, week.slug, ann.id or 0, duration_s=86400)
    page = page_of(week, english(browser(ann)), 2, 9)
    assert "You are muted here until Nov 18 08:00" in page
    assert '/checkin"' not in page


def test_missed_days_offer_the_make_up(week: Week, browser: Open) -> None:
    ann = week.member()
    week.check_in(ann, 1, 3)
    page = page_of(week, english(browser(ann)), 4)
    assert f"/{week.slug}/campaigns/{week.id}/makeup/2" in page
    assert "Make up Tue, and it is 3 days in a row" in page
    assert "You have 1 make-up card" in page


def test_a_private_campaign_is_not_there_for_others(week: Week, browser: Open, make: Make) -> None:
    ann = week.member()
    circles.update_circle(week.owner, week.slug, visibility="private")
    stranger = actor_of(make.user())
    for person in (None, stranger):
        for path in ("", f"/{week.id}", f"/{week.id}/checkins"):
            assert browser(person).get(f"/{week.slug}/campaigns{path}").status_code == 404
    page = page_of(week, browser(ann), 2)
    assert 'name="robots" content="noindex"' in page
    assert "og:description" not in page


def test_joining_and_leaving_work_without_scripts(week: Week, browser: Open) -> None:
    bob = week.member(enrolled=False)
    page = browser(bob)
    with week.at(1):
        answer = page.post(f"/{week.slug}/campaigns/{week.id}/enroll")
        assert (answer.status_code, answer.location) == (303, f"/{week.slug}/campaigns/{week.id}")
        assert week.enrollment(bob).status == "active"
        answer = page.post(f"/{week.slug}/campaigns/{week.id}/enroll")
        assert answer.status_code == 303, "twice is once"
        answer = page.post(f"/{week.slug}/campaigns/{week.id}/withdraw")
        assert answer.status_code == 303
        assert week.enrollment(bob).status == "withdrawn"
    assert week.campaign.enrolled_count == 0


def test_whoever_is_too_late_gets_the_page_with_the_reason(week: Week, browser: Open) -> None:
    bob = week.member(enrolled=False)
    page = english(browser(bob))
    with week.at(5):
        answer = page.post(f"/{week.slug}/campaigns/{week.id}/enroll")
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert "It is too late to join" in text
    assert "data-errors" in text


def test_a_visitor_who_wants_to_join_is_asked_to_sign_in(week: Week, browser: Open) -> None:
    with week.at(1):
        answer = browser().post(f"/{week.slug}/campaigns/{week.id}/enroll")
    assert answer.status_code == 303
    assert "/login" in answer.location


def test_nobody_joins_under_the_address_of_another_circle(week: Week, browser: Open, make: Make) -> None:
    bob, other = week.member(enrolled=False), make.circle(make.user())
    with week.at(1):
        assert browser(bob).post(f"/{other.slug}/campaigns/{week.id}/enroll").status_code == 404


def test_the_list_shows_what_runs_what_comes_and_what_is_over(week: Week, browser: Open) -> None:
    ann = week.member()
    for title, start in (("快了", 10), ("过去", -20)):
        first = FIRST + timedelta(days=start)
        with week.at(start - 1):
            plan = Plan(title=title, start_date=first, end_date=first + timedelta(days=6))
            operations.publish_campaign(week.owner, operations.create_campaign(week.owner, week.slug, plan))
    with week.at(2):
        page = english(browser(ann)).get(f"/{week.slug}/campaigns").get_data(as_text=True)
    places = [page.index(words) for words in ("Running now", "早安七天", "Soon", "快了", ">Over<", "过去")]
    assert places == sorted(places)


def test_an_empty_list_says_so_and_offers_the_owner_to_plan_one(browser: Open, make: Make, app: Flask) -> None:
    owner = make.user()
    circle = make.circle(owner)
    member = make.member(circle)
    address = f"/{circle.slug}/campaigns"
    assert "No check-ins at present" in english(browser(member)).get(address).get_data(as_text=True)
    assert f"/{circle.slug}/manage/campaigns/new" in browser(owner).get(address).get_data(as_text=True)


def test_the_rest_of_the_finished_ones_comes_by_htmx(week: Week, browser: Open) -> None:
    for number in range(22):
        first = FIRST - timedelta(days=100 - number)
        with week.at(-101 + number):
            plan = Plan(title=f"旧 {number}", start_date=first, end_date=first, need_n=1)
            operations.publish_campaign(week.owner, operations.create_campaign(week.owner, week.slug, plan))
    page = browser(week.owner)
    with week.at(2):
        whole = page.get(f"/{week.slug}/campaigns").get_data(as_text=True)
        more = whole.partition('class="btn btn-quiet more" href="')[2].partition('"')[0].replace("&amp;", "&")
        rest = page.get(more, headers={"HX-Request": "true"}).get_data(as_text=True)
        plain = page.get(more).get_data(as_text=True)
    assert "旧 21" in whole
    assert "旧 1<" not in whole
    assert "旧 1<" in rest
    assert "<html" not in rest
    assert "旧 1<" in plain
    assert "早安七天" not in plain


def test_check_ins_are_read_in_pages(week: Week, browser: Open) -> None:
    for number in range(7):
        week.check_in(week.member(), 1, 2, 3, body=f"第 {number} 个人的早晨")
    page = page_of(week, browser(), 4)
    assert page.count('class="card post"') == 5
    assert f"/{week.slug}/campaigns/{week.id}/checkins" in page
    whole = page_of(week, browser(), 4, of="/checkins")
    assert whole.count('class="card post"') == 20
    more = whole.partition('class="btn btn-quiet more" href="')[2].partition('"')[0].replace("&amp;", "&")
    with week.at(4):
        rest = browser().get(more, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert rest.count('class="card post"') == 1
    assert "<html" not in rest


def test_the_home_of_the_circle_shows_members_the_campaign(week: Week, browser: Open) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(2):
        mine = english(browser(ann)).get(f"/{week.slug}").get_data(as_text=True)
        theirs = browser().get(f"/{week.slug}").get_data(as_text=True)
    assert "Check in today, and it is 2 days in a row" in mine
    assert 'class="card checkin"' in mine
    assert 'class="card checkin"' not in theirs
    with week.at(30):
        assert 'class="card checkin"' not in browser(ann).get(f"/{week.slug}").get_data(as_text=True)


def test_a_check_in_says_in_the_feed_which_day_it_is(week: Week, browser: Open) -> None:
    ann = week.member()
    week.check_in(ann, 3)
    with week.at(3, 9):
        page = english(browser()).get(f"/{week.slug}").get_data(as_text=True)
    assert 'data-kind="checkin"' in page
    assert "<b>Day 3</b><span>早安七天</span>" in page


def test_a_rejected_check_in_is_marked_for_its_author_and_reviewers_alone(
    make: Make, browser: Open, app: Flask
) -> None:
    week = Week(make, {"review": "manual"})
    ann, bob = week.member(), week.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        operations.reject_record(week.owner, week.records(ann)[0].id, reason="太短了")
        told = {
            name: english(browser(actor)).get(f"/{week.slug}/posts/{made.post_id}").get_data(as_text=True)
            for name, actor in {"ann": ann, "owner": week.owner, "bob": bob}.items()
        }
    assert {name: "Not counted" in page for name, page in told.items()} == {"ann": True, "owner": True, "bob": False}


def test_hostile_words_stay_words(make: Make, browser: Open, app: Flask) -> None:
    evil = '<script>alert(1)</script>"&'
    week = Week(make, {"title": evil, "prompts": (evil, evil), "review": "auto"})
    ann = week.member()
    week.check_in(ann, 1, body=evil)

    def excuse() -> None:
        week.campaign.excused = {"3": {"reason": evil}}

    in_transaction(excuse)
    pages = [page_of(week, browser(ann), 2), page_of(week, browser(ann), 2, of="/checkins")]
    with week.at(2):
        pages += [browser(ann).get(f"/{week.slug}{path}").get_data(as_text=True) for path in ("", "/campaigns")]
        operations.cancel_campaign(week.owner, week.id, reason=evil)
    pages.append(page_of(week, browser(ann), 3))
    for page in pages:
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;" in page


def test_long_campaigns_and_weekly_ones_have_their_strip_too(make: Make, browser: Open, app: Flask) -> None:
    month = Week(make, {"end_date": FIRST + timedelta(days=99), "need_n": 20})
    ann = month.member()
    month.check_in(ann, 50)
    page = page_of(month, english(browser(ann)), 50, 9)
    assert page.count('<li class="day" data-state=') == 100
    assert "Earlier weeks" in page
    assert "Later weeks" in page
    weekly = Week(make, {"cadence": "weekly", "end_date": FIRST + timedelta(days=27), "need_n": 3})
    bob = weekly.member()
    page = page_of(weekly, english(browser(bob)), 2)
    assert page.count('<li class="day" data-state=') == 4
    assert "This week" in page
    assert "Until the end of Sun it counts for this week" in page


def test_a_draft_is_shown_to_managers_as_members_will_see_it(make: Make, browser: Open, app: Flask) -> None:
    week = Week(make, publish=False)
    page = page_of(week, english(browser(week.owner)), 0)
    assert "This is a draft" in page
    assert f"/{week.slug}/manage/campaigns/{week.id}" in page
    ann = week.member(enrolled=False)
    with week.at(0):
        assert browser(ann).get(f"/{week.slug}/campaigns/{week.id}").status_code == 404


def test_the_banned_read_and_are_asked_nothing(week: Week, browser: Open) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(1, 9):
        circles.ban_member(week.owner, week.slug, ann.id or 0)
    page = page_of(week, english(browser(ann)), 2)
    assert "sticky-cta" not in page


@pytest.mark.parametrize(("path", "most"), [("/campaigns/{id}", 9), ("/campaigns", 6), ("", 9)])
def test_pages_cost_a_fixed_number_of_statements(
    week: Week, browser: Open, statements: list[str], path: str, most: int
) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    page = browser(ann)

    def cost() -> int:
        with week.at(3):
            page.get(f"/{week.slug}{path}".format(id=week.id))
            statements.clear()
            page.get(f"/{week.slug}{path}".format(id=week.id))
        return len(statements)

    one = cost()
    people: list[Actor] = [week.member() for _number in range(6)]
    for person in people:
        week.check_in(person, 1, 2)
    assert cost() == one <= most, "\n".join(statements)


def test_who_was_taken_out_is_not_reminded_of_it_at_home(week: Week, browser: Open) -> None:
    ann = week.member()
    with week.at(2):
        assert browser(ann).get(f"/{week.slug}").text.count(f"{week.slug}/campaigns/{week.id}")
        operations.disqualify(week.owner, week.id, ann.id, reason="请人代写")
        assert f"{week.slug}/campaigns/{week.id}" not in browser(ann).get(f"/{week.slug}").text


def test_nobody_is_asked_to_join_what_is_over(week: Week, browser: Open) -> None:
    stranger = week.member(enrolled=False)
    with week.at(9):
        client = english(browser(stranger))
        assert client.get(f"/{week.slug}/campaigns/{week.id}/checkin").status_code == 303
        page = client.get(f"/{week.slug}/campaigns/{week.id}").text
    assert "This campaign takes no more check-ins." in page
    assert "Please join the campaign first." not in page
