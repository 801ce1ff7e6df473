"""The boards of a campaign as a browser sees them, with and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest

from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.checkins.queries import boards as board_module
from circle.circles.models import Circle
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.factories import Actor, Make

HTMX = {"HX-Request": "true"}


@pytest.fixture
def week(make: Make) -> Week:
    return Week(make)


def read(browser: Any, week: Week, path: str = "", headers: Any = None, status: int = 200) -> str:
    with week.at(5, 12):
        answer = browser.get(f"/{week.slug}/campaigns/{week.id}/board{path}", headers=headers or {})
    assert answer.status_code == status
    text: str = answer.get_data(as_text=True)
    return text


def signed_in(browser: Any, actor: Actor) -> Any:
    return browser(db.session.get_one(User, actor.id))


def ranks(page: str) -> list[int]:
    return [int(rank) for rank in re.findall(r'data-rank="(\d+)"', page)]


def test_the_board_tells_places_days_likes_and_what_the_next_day_brings(week: Week, browser: Any) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1, 2, 3)
    week.check_in(bob, 1, 2, 3, hour=9)
    page = read(signed_in(browser, bob), week)
    assert ranks(page) == [1, 2]
    assert '<li class="board-row board-mine" data-rank="2" aria-current="true">' in page
    assert "再打 1 天，可到第 1 名" in page
    assert "3 天" in page
    assert "最长连续 3 天" in page
    assert f'href="/{week.slug}/campaigns/{week.id}/board?board=quality"' in page
    assert "board=team" not in page
    visitor = read(browser(), week)
    assert "board-mine" not in visitor
    assert ranks(visitor) == [1, 2]


def test_nobody_has_a_medal_before_the_first_check_in(week: Week, browser: Any) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1)
    page = read(signed_in(browser, bob), week)
    assert '<li class="board-row" data-rank="1">' in page
    assert '<li class="board-row board-mine" data-rank="2" data-none aria-current="true">' in page
    campaign = signed_in(browser, bob).get(f"/{week.slug}/campaigns/{week.id}").text
    assert "我的排名" not in campaign
    assert "我的排名" in signed_in(browser, ann).get(f"/{week.slug}/campaigns/{week.id}").text


def test_a_place_below_the_first_page_is_pinned_under_it(
    week: Week, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, eve = (week.member() for _number in range(3))
    week.check_in(ann, 1, 2)
    week.check_in(bob, 1)
    monkeypatch.setattr(board_module, "MAX_LIMIT", 1)
    monkeypatch.setattr(board_module.board_of, "__kwdefaults__", {"cursor": None, "limit": 1})
    page = read(signed_in(browser, eve), week)
    assert ranks(page) == [1, 3]
    assert '<li class="board-row board-me" data-rank="3"' in page
    more = re.search(r'hx-get="([^"]+)"[^>]*hx-trigger="revealed"', page)
    assert more is not None
    address = more[1].replace("&amp;", "&")
    path = address.partition("/board")[2]
    fragment = read(signed_in(browser, eve), week, path, headers=HTMX)
    assert ranks(fragment) == [2]
    assert "<html" not in fragment
    assert "board-me" not in fragment
    whole = read(signed_in(browser, eve), week, path)  # without JavaScript
    assert "<html" in whole
    assert ranks(whole) == [2]


def test_htmx_gets_the_board_alone(week: Week, browser: Any) -> None:
    week.check_in(week.member(), 1)
    fragment = read(browser(), week, "?board=quality", headers=HTMX)
    assert fragment.lstrip().startswith('<section class="card stack" id="board"')
    assert 'aria-current="true"' in fragment


def test_the_best_posts_lead_to_the_posts(week: Week, browser: Any) -> None:
    ann, bob = week.member(), week.member()
    post_id = week.check_in(ann, 2, body="合上书，<b>写</b>三句。").post_id
    week.check_in(bob, 1)
    with week.at(3):
        posts.like_post(bob, post_id, on=True)
    page = read(browser(), week, "?board=quality")
    assert ranks(page) == [1, 2]
    assert f'href="/{week.slug}/posts/{post_id}"' in page
    assert "<b>写</b>" not in page
    assert "第 2 天" in page


def test_boards_that_nobody_is_on_say_so(week: Week, browser: Any) -> None:
    for path in ("", "?board=quality", "?board=team", "?board=nonsense"):
        page = read(browser(), week, path)
        assert 'class="board"' not in page
        assert 'class="muted"' in page


def test_people_who_blocked_each_other_do_not_see_each_other_there(week: Week, browser: Any) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1)
    week.check_in(bob, 1, 2)
    accounts.block_user(ann, bob.id or 0)
    for path in ("", "?board=quality"):
        page = read(signed_in(browser, ann), week, path)
        assert bob.nickname not in page
        assert 1 not in ranks(page) or path
    assert ranks(read(signed_in(browser, ann), week)) == [2]


def test_the_board_of_a_private_circle_or_a_draft_is_not_there_for_strangers(make: Make, browser: Any) -> None:
    week = Week(make)

    def hide() -> None:
        db.session.get_one(Circle, week.circle_id).visibility = "private"

    in_transaction(hide)
    read(browser(), week, status=404)
    read(signed_in(browser, week.member()), week)
    draft = Week(make, publish=False)
    read(browser(), draft, status=404)
    read(signed_in(browser, draft.owner), draft)


def test_a_damaged_address_is_told(week: Week, browser: Any) -> None:
    read(browser(), week, "?cursor=nonsense", status=400)


def test_the_board_page_costs_at_most_six_statements(week: Week, browser: Any, statements: list[str]) -> None:
    people = [week.member() for _number in range(3)]
    bob = signed_in(browser, people[1])
    week.check_in(people[0], 1, 2)
    costs = set()
    for who in people:
        for path in ("", "?board=quality"):
            read(bob, week, path)
            statements.clear()
            read(bob, week, path)
            costs.add(len(statements))
        week.check_in(who, 3)
    assert max(costs) <= 6
    week.settle()
    statements.clear()
    read(bob, week)
    assert len(statements) <= 6
