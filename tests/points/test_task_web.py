"""Pages of tasks and the leaderboard: with and without JavaScript, refusals, double clicks, what the owner sets."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.circles.queries import readable_circle
from circle.core.db import db
from circle.ledger.models import LedgerTxn
from circle.points import operations, queries
from circle.points.models import Task
from tests.clients import Browser
from tests.factories import Make, Place

Browse = Callable[..., Browser]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place(newcomers=True)


def task_id(place: Place, code: str) -> int:
    found = select(Task.id).where(Task.circle_id == place.circle.id, Task.code == code)
    return db.session.scalars(found).one()


def claims() -> int:
    return db.session.scalar(select(func.count()).select_from(LedgerTxn).where(LedgerTxn.kind == "task")) or 0


# ---- a member's list -------------------------------------------------------------------------------------------------


def test_the_first_look_shows_the_usual_tasks_with_the_way_to_each(place: Place, browser: Browse) -> None:
    page = browser(place.users["ann"]).get(f"/{place.slug}/tasks").get_data(as_text=True)
    assert page.count('class="task"') == 9
    assert f'href="/{place.slug}/posts/new"' in page
    assert f'href="/{place.slug}/topics"' in page
    assert "0 / 3" in text(page)
    assert "/claim" not in page
    assert db.session.scalar(select(func.count()).select_from(Task)) == 9


def test_what_is_finished_is_claimed_without_javascript(place: Place, make: Make, browser: Browse) -> None:
    make.post(place)
    client, id_ = browser(place.users["ann"]), task_id(place, "daily_post")
    assert f'action="/{place.slug}/tasks/{id_}/claim"' in client.get(f"/{place.slug}/tasks").get_data(as_text=True)
    response = client.post(f"/{place.slug}/tasks/{id_}/claim", {})
    assert (response.status_code, response.headers["Location"]) == (303, f"/{place.slug}/tasks")
    page = client.get(f"/{place.slug}/tasks").get_data(as_text=True)
    assert f'action="/{place.slug}/tasks/{id_}/claim"' not in page
    assert f'class="chip" id="claim-{id_}"' in page
    assert claims() == 1


def test_htmx_gets_the_list_again_and_a_word_about_it(place: Place, make: Make, browser: Browse) -> None:
    make.post(place)
    response = browser(place.users["ann"]).post(
        f"/{place.slug}/tasks/{task_id(place, 'first_post')}/claim", {}, htmx=True
    )
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert html.strip().startswith('<div id="tasks"')
    assert "toast" in response.headers["HX-Trigger"]
    assert "HX-Request" in response.headers["Vary"]


def test_a_double_click_claims_once_and_is_answered_alike(place: Place, make: Make, browser: Browse) -> None:
    make.post(place)
    client, path = browser(place.users["ann"]), f"/{place.slug}/tasks/{task_id(place, 'daily_post')}/claim"
    first, second = (client.post(path, {}) for _time in range(2))
    assert (first.status_code, first.headers["Location"]) == (303, f"/{place.slug}/tasks")
    assert (second.status_code, second.headers["Location"]) == (303, f"/{place.slug}/tasks")
    assert claims() == 1


@pytest.mark.parametrize("htmx", [True, False])
def test_what_cannot_be_claimed_says_why_beside_the_list(place: Place, browser: Browse, htmx: bool) -> None:
    client = browser(place.users["ann"])
    client.get(f"/{place.slug}/tasks")
    response = client.post(f"/{place.slug}/tasks/{task_id(place, 'daily_post')}/claim", {}, htmx=htmx)
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'role="alert"' in html
    assert html.count('class="task"') == 9
    assert ("<html" in html) is not htmx
    assert claims() == 0


def test_a_task_of_another_circle_is_not_there(place: Place, make: Make, browser: Browse) -> None:
    other = make.place(newcomers=True)
    make.post(other)
    client = browser(place.users["ann"])
    assert client.post(f"/{place.slug}/tasks/{task_id(other, 'daily_post')}/claim", {}).status_code == 404
    assert client.post(f"/{place.slug}/tasks/1/claim", {}).status_code == 404


def test_who_is_muted_sees_the_list_and_claims_nothing(place: Place, make: Make, browser: Browse) -> None:
    make.post(place)
    circles.mute_member(place.mod, place.slug, place.ann.id or 0, duration_s=3600)
    client = browser(place.users["ann"])
    page = client.get(f"/{place.slug}/tasks").get_data(as_text=True)
    assert "/claim" not in page
    assert client.post(f"/{place.slug}/tasks/{task_id(place, 'daily_post')}/claim", {}).status_code == 403
    assert claims() == 0


def test_a_name_that_looks_like_markup_is_shown_as_it_is(place: Place, browser: Browse) -> None:
    operations.create_task(
        place.owner, place.slug, title='<b>"诗"</b>', event="post", cadence="daily", target=1, points=1, growth=0
    )
    for path, who in (("tasks", "ann"), ("manage/points/tasks", "admin")):
        page = browser(place.users[who]).get(f"/{place.slug}/{path}").get_data(as_text=True)
        assert "&lt;b&gt;" in page
        assert "<b>&#34;诗" not in page


# ---- the board -------------------------------------------------------------------------------------------------------


def test_the_board_shows_ones_own_place_and_what_the_next_one_needs(place: Place, make: Make, browser: Browse) -> None:
    make.post(place)
    make.post(place, "bob")
    make.post(place, "bob")
    page = browser(place.users["ann"]).get(f"/{place.slug}/leaderboard").get_data(as_text=True)
    assert 'class="board-row board-mine" data-rank="2"' in page
    board = queries.board_of(place.ann, readable_circle(place.ann, place.slug))
    assert str(board.needs) in text(page)
    for window, current in (("30d", "30"), ("all", "all"), ("nonsense", "7")):
        page = browser().get(f"/{place.slug}/leaderboard?window={window}").get_data(as_text=True)
        assert page.count('aria-current="true"') == 1, (window, current)
        assert "board-mine" not in page


def test_an_empty_board_says_how_to_get_on_it(place: Place, browser: Browse) -> None:
    page = browser(place.users["ann"]).get(f"/{place.slug}/leaderboard").get_data(as_text=True)
    assert f'href="/{place.slug}/tasks"' in page
    visitor = browser().get(f"/{place.slug}/leaderboard")
    assert visitor.status_code == 200
    assert f'href="/{place.slug}/tasks"' not in visitor.get_data(as_text=True)


def test_the_board_is_found_from_the_circles_home(place: Place, browser: Browse) -> None:
    assert f'href="/{place.slug}/leaderboard"' in browser().get(f"/{place.slug}").get_data(as_text=True)


# ---- what the owner sets ---------------------------------------------------------------------------------------------


def test_the_owner_changes_a_task_and_adds_one(place: Place, browser: Browse) -> None:
    client, base = browser(place.owner_user), f"/{place.slug}/manage/points/tasks"
    assert client.get(base).get_data(as_text=True).count('class="task"') == 9
    id_ = task_id(place, "daily_post")
    assert 'name="version" value="1"' in client.get(f"{base}/{id_}").get_data(as_text=True)
    values = {"title": "", "target": "2", "points": "4", "growth": "0", "version": "1"}
    response = client.post(f"{base}/{id_}", values)
    assert (response.status_code, response.headers["Location"]) == (303, base)
    task = db.session.get_one(Task, id_, populate_existing=True)
    assert (task.target, task.points, task.growth, task.enabled, task.version) == (2, 4, 0, False, 2)
    own = {"title": "写三行诗", "event": "post", "cadence": "weekly", "target": "2", "points": "5", "growth": "0"}
    assert client.get(f"{base}/new").status_code == 200
    for _time in range(2):
        assert client.post(base, own | {"once": "b" * 24}).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Task)) == 10


def test_a_form_that_is_older_than_the_task_comes_back_with_what_was_typed(place: Place, browser: Browse) -> None:
    client, base = browser(place.owner_user), f"/{place.slug}/manage/points/tasks"
    client.get(base)
    id_ = task_id(place, "daily_post")
    values = {"title": "早上写点什么", "target": "2", "points": "4", "growth": "0", "version": "1", "enabled": "1"}
    assert client.post(f"{base}/{id_}", values).status_code == 303
    again = client.post(f"{base}/{id_}", values | {"title": "晚上写点什么"})
    assert again.status_code == 422
    assert "晚上写点什么" in again.get_data(as_text=True)
    assert db.session.get_one(Task, id_, populate_existing=True).title == "早上写点什么"


@pytest.mark.parametrize(
    "wrong",
    [{"target": "0"}, {"target": "x"}, {"points": "-1"}, {"points": "1001"}, {"points": "0"}, {"title": "字" * 31}],
    ids=str,
)
def test_what_a_task_cannot_be_is_said_at_the_field(place: Place, browser: Browse, wrong: dict[str, str]) -> None:
    client, base = browser(place.owner_user), f"/{place.slug}/manage/points/tasks"
    client.get(base)
    id_ = task_id(place, "daily_post")
    good = {"title": "诗", "target": "2", "points": "5", "growth": "0", "event": "post", "cadence": "weekly"}
    for path, values in ((base, good), (f"{base}/{id_}", {name: good[name] for name in list(good)[:4]})):
        response = client.post(path, values | wrong)
        assert response.status_code == 422
        assert f'href="#{next(iter(wrong))}"' in response.get_data(as_text=True)
    assert db.session.get_one(Task, id_, populate_existing=True).version == 1


def test_tasks_are_set_by_those_who_may(place: Place, browser: Browse) -> None:
    for who, status in (("admin", 200), ("mod", 403), ("ann", 403)):
        for path in ("", "/new"):
            assert browser(place.users[who]).get(f"/{place.slug}/manage/points/tasks{path}").status_code == status
