"""The weekly leaderboard on the page of a topic and on its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from circle.accounts import operations as accounts
from circle.core import clock
from tests.factories import Make
from tests.posts.test_topic_board import FREEZING, NOON, Corner

HTMX = {"HX-Request": "true"}


@pytest.fixture
def corner(app: Flask, make: Make) -> Corner:
    return Corner(make)


def read(browser: Any, corner: Corner, path: str = "/leaderboard", at: datetime = NOON, **more: Any) -> str:
    with clock.at(at):
        answer = browser.get(f"/{corner.place.slug}/topics/{corner.topic_slug}{path}", headers=more.get("headers", {}))
    assert answer.status_code == more.get("status", 200)
    text: str = answer.get_data(as_text=True)
    return text


def ranks(page: str) -> list[int]:
    return [int(rank) for rank in re.findall(r'data-rank="(\d+)"', page)]


def weeks(page: str) -> dict[str, str]:
    return dict(re.findall(r'id="week-(\w+)" href="[^"?]*([^"]*)"', page))


def test_the_page_of_a_topic_shows_the_first_three_and_leads_to_all(corner: Corner, browser: Any) -> None:
    place = corner.place
    for likes, who in enumerate((place.mod, place.bob, place.ann, place.admin), 1):
        corner.post(who, likes=likes)
    page = read(browser(), corner, "")
    assert ranks(page) == [1, 2, 3]
    assert 'class="card-more" href="/' in page
    assert "/leaderboard" in page
    whole = read(browser(), corner)
    assert ranks(whole) == [1, 2, 3, 4]


def test_a_topic_without_posts_has_no_board_on_its_page(corner: Corner, browser: Any) -> None:
    assert 'id="board"' not in read(browser(), corner, "")
    assert 'class="muted"' in read(browser(), corner)


def test_ones_own_place_is_marked(corner: Corner, browser: Any) -> None:
    place = corner.place
    corner.post(place.bob, likes=2)
    corner.post(place.ann, likes=1)
    page = read(browser(place.users["ann"]), corner)
    assert '<li class="board-row board-mine" data-rank="2" aria-current="true">' in page


def test_one_goes_from_week_to_week(corner: Corner, browser: Any) -> None:
    place = corner.place
    for back in (0, 1):
        corner.post(place.ann, NOON - timedelta(weeks=back), likes=1 + back)
    corner.freeze()
    now = read(browser(), corner, at=FREEZING)
    assert weeks(now) == {"earlier": "?week=W2026-47"}
    assert ranks(now) == []
    last = read(browser(), corner, "/leaderboard?week=W2026-47", FREEZING)
    assert weeks(last) == {"earlier": "?week=W2026-46", "later": ""}
    assert ranks(last) == [1]
    before = read(browser(), corner, "/leaderboard?week=W2026-46", FREEZING, headers=HTMX)
    assert weeks(before) == {"later": "?week=W2026-47"}
    assert "<html" not in before
    assert before.lstrip().startswith('<section class="card stack" id="board"')


def test_what_is_no_week_is_the_one_that_runs_and_one_to_come_is_not_there(corner: Corner, browser: Any) -> None:
    corner.post(corner.place.ann, likes=1)
    for path in ("?week=", "?week=nonsense", "?week=W2026-99"):
        assert ranks(read(browser(), corner, f"/leaderboard{path}")) == [1]
    read(browser(), corner, "/leaderboard?week=W2026-48", status=404)
    assert 'class="muted"' in read(browser(), corner, "/leaderboard?week=W2020-01")


def test_people_who_blocked_each_other_do_not_see_each_other_there(corner: Corner, browser: Any) -> None:
    place = corner.place
    corner.post(place.bob, likes=2)
    corner.post(place.ann, likes=1)
    accounts.block_user(place.ann, place.bob.id or 0)
    for path in ("", "/leaderboard"):
        page = read(browser(place.users["ann"]), corner, path)
        assert ranks(page) == [2]
        assert place.bob.nickname not in page


def test_the_board_of_a_private_circle_is_not_there_for_strangers(app: Flask, make: Make, browser: Any) -> None:
    corner = Corner(make, visibility="private")
    read(browser(), corner, status=404)
    read(browser(corner.place.users["ann"]), corner)


def test_the_board_costs_the_page_of_a_topic_one_statement(corner: Corner, browser: Any, statements: list[str]) -> None:
    for who in (corner.place.ann, corner.place.bob):
        corner.post(who, likes=1)
    bob = browser(corner.place.users["bob"])
    read(bob, corner, "")
    statements.clear()
    read(bob, corner, "")
    assert len([sql for sql in statements if "standings" in sql]) == 1
    statements.clear()
    read(bob, corner)
    assert len(statements) <= 6
