"""The page of the teams: forming one, joining it, leaving it, and how far everybody is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts.models import User
from circle.checkins import operations, queries
from circle.checkins.models import Team
from circle.core.db import db
from tests.checkins.campaigning import Week
from tests.clients import Browser
from tests.factories import Make

MakeBrowser = Callable[..., Browser]


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"teams": True, "team_points": 30, "team_growth": 20})


def url(week: Week, more: str = "") -> str:
    return f"/{week.slug}/campaigns/{week.id}/teams{more}"


def user(actor: Actor) -> User:
    return db.session.get_one(User, actor.id)


def form(week: Week, *members: Actor, name: str = "早起小队") -> int:
    with week.at(0):
        team_id = operations.create_team(members[0], week.id, name=name)
        for member in members[1:]:
            operations.join_team(member, team_id)
    return team_id


def teams() -> int:
    return db.session.scalar(select(func.count()).select_from(Team)) or 0


def test_forming_joining_and_leaving_without_javascript(week: Week, browser: MakeBrowser) -> None:
    ann, ben, guest = week.member(), week.member(), week.member(enrolled=False)
    mine, his, hers = browser(user(ann)), browser(user(ben)), browser(user(guest))
    with week.at(0):
        page = mine.get(url(week))
        assert page.status_code == 200 and 'name="name"' in page.text
        assert mine.post(url(week), {"name": "早起小队"}).status_code == 303
        page = mine.get(url(week))
        assert "早起小队" in page.text and "/teams/leave" in page.text and 'name="name"' not in page.text
        team_id = db.session.scalars(select(Team.id)).one()
        assert f"/teams/{team_id}/join" in his.get(url(week)).text
        assert his.post(url(week, f"/{team_id}/join"), {}).status_code == 303
        assert hers.post(url(week, f"/{team_id}/join"), {}).status_code == 303  # takes part with it
        assert queries.get_campaign(guest, week.id).taking_part
        assert his.post(url(week, "/leave"), {}).status_code == 303
        assert queries.get_team(ann, team_id).member_count == 2
        # nobody is offered what they cannot do
        assert f"/teams/{team_id}/join" not in hers.get(url(week)).text
        assert browser().get(url(week)).status_code == 200


def test_what_is_refused_comes_back_with_what_was_typed(week: Week, browser: MakeBrowser) -> None:
    ann, ben = week.member(), week.member()
    form(week, ann)
    his = browser(user(ben))
    with week.at(0):
        again = his.post(url(week), {"name": "早起小队"})
        assert again.status_code == 422 and 'value="早起小队"' in again.text and 'aria-invalid="true"' in again.text
        for bad in ("", "\u200b", "早" * 21):
            assert his.post(url(week), {"name": bad}).status_code == 422
        hostile = his.post(url(week), {"name": '<b>&"x</b>'})
        assert hostile.status_code == 303
        assert "&lt;b&gt;" in his.get(url(week)).text and '<b>&"' not in his.get(url(week)).text
        assert his.post(url(week), {"name": "再来一队"}).status_code == 422
    assert teams() == 2


def test_a_double_click_forms_one_team(week: Week, browser: MakeBrowser) -> None:
    ann = week.member()
    mine = browser(user(ann))
    with week.at(0):
        for _time in range(2):
            answer = mine.post(url(week), {"name": "早起小队", "once": "a-once-value-of-this-form"})
            assert answer.status_code == 303
    assert teams() == 1


def test_while_it_runs_the_page_shows_days_and_who_is_there_today(week: Week, browser: MakeBrowser) -> None:
    ann, ben, cai, dan = (week.member() for _one in range(4))
    team_id = form(week, ann, ben)
    form(week, cai, dan, name="另一队")
    for who in (ann, ben):
        week.check_in(who, 1)
    week.check_in(ann, 2)
    with week.at(2, 12):
        page = browser(user(ann)).get(url(week))
        assert page.text.count('data-state="done"') == 1 and ">1/2</span>" in page.text  # one day, and half of today
        assert page.text.count('data-kind="ok"') == 1  # ann is there, ben is not yet
        assert "另一队" in page.text and "/join" not in page.text and "/teams/leave" not in page.text
        refused = browser(user(cai)).post(url(week, f"/{team_id}/join"), {})
        assert refused.status_code == 422 and "小队" in refused.text


def test_more_teams_than_a_page_holds_follow_at_the_end(week: Week, browser: MakeBrowser) -> None:
    for number in range(23):
        form(week, week.member(), name=f"第 {number} 队")
    guest = browser(user(week.member()))
    with week.at(0):
        page = guest.get(url(week))
        more = page.text.split("cursor=")[1].split('"')[0]
        rest = guest.get(f"{url(week)}?cursor={more}", headers={"HX-Request": "true"})
        assert rest.text.count("team-row") == 3 and "<html" not in rest.text
        assert guest.get(f"{url(week)}?cursor={more}").status_code == 200
        assert guest.get(f"{url(week)}?cursor=x").status_code == 400


def test_those_who_run_the_circle_rename_and_dissolve(week: Week, browser: MakeBrowser) -> None:
    ann, ben = week.member(), week.member()
    team_id = form(week, ann, ben, name="坏名字")
    boss, mine = browser(user(week.owner)), browser(user(ann))
    with week.at(0):
        assert mine.get(url(week, f"/{team_id}/manage")).status_code == 403
        assert f"/teams/{team_id}/manage" in boss.get(url(week)).text
        assert boss.get(url(week, f"/{team_id}/manage")).status_code == 200
        again = boss.post(url(week, f"/{team_id}/rename"), {"name": "", "reason": "不雅"})
        assert again.status_code == 422 and "不雅" in again.text
        assert boss.post(url(week, f"/{team_id}/rename"), {"name": "好名字", "reason": "不雅"}).status_code == 303
        assert "好名字" in mine.get(url(week)).text
        again = boss.post(url(week, f"/{team_id}/dissolve"), {"reason": ""})
        assert again.status_code == 422 and "dissolve-reason-error" in again.text
        assert boss.post(url(week, f"/{team_id}/dissolve"), {"reason": "不雅"}).status_code == 303
    assert teams() == 0


def test_a_campaign_without_teams_has_no_such_page_and_links_to_none(make: Make, browser: MakeBrowser) -> None:
    without, with_ = Week(make), Week(make, {"teams": True})
    ann = without.member()
    with without.at(0):
        assert browser(user(ann)).get(url(without)).status_code == 404
        assert "/teams" not in browser(user(ann)).get(f"/{without.slug}/campaigns/{without.id}").text
    ben = with_.member()
    with with_.at(0):
        assert url(with_) in browser(user(ben)).get(f"/{with_.slug}/campaigns/{with_.id}").text


def test_a_team_of_another_campaign_is_not_found_here(make: Make, browser: MakeBrowser) -> None:
    first, second = Week(make, {"teams": True}), Week(make, {"teams": True})
    team_id = form(second, second.member())
    ann = browser(user(first.member()))
    with first.at(0):
        assert ann.post(url(first, f"/{team_id}/join"), {}).status_code == 404
        assert browser(user(first.owner)).get(url(first, f"/{team_id}/manage")).status_code == 404


def test_the_page_of_a_team_has_everybody_in_it_and_a_way_in(week: Week, browser: MakeBrowser) -> None:
    ann, ben, guest = week.member(), week.member(), week.member(enrolled=False)
    team_id = form(week, ann)
    with week.at(0):
        page = browser(user(guest)).get(url(week, f"/{team_id}"))
        assert "早起小队" in page.text and f"/teams/{team_id}/join" in page.text and "/teams/leave" not in page.text
        assert f"/teams/{team_id}/join" not in browser(user(ann)).get(url(week, f"/{team_id}")).text
        assert browser(user(ben)).get(url(week, "/1")).status_code == 404
    with week.at(1):
        assert f"/teams/{team_id}/join" not in browser(user(guest)).get(url(week, f"/{team_id}")).text
