"""The pages of one's own points, as a browser without JavaScript sees them, and the fragments that htmx gets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.circles import operations as circles
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation
from circle.ledger.operations import Why, spend
from circle.points import operations
from circle.posts import operations as posts
from tests.factories import Make, Place, _set

#: noon of a Wednesday in Shanghai
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
reward = operation(operations.reward)


def member_id(place: Place) -> int:
    mine = (Member.circle_id == place.circle.id, Member.user_id == place.ann.id)
    return db.session.scalars(select(Member.id).where(*mine)).one()


def give(place: Place, key: str, points: int, growth: int = 0) -> None:
    reward(member_id(place), Why("adjust", key, key, memo="thanks"), points=points, growth=growth)


def read(browser: Any, path: str, status: int = 200, **headers: str) -> str:
    answer = browser.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == status, answer.status_code
    text: str = answer.get_data(as_text=True)
    return text


def amounts(page: str) -> list[int]:
    found = re.findall(r'class="entry-amount" data-dir="(?:in|out)">([+−][\d,]+)', page)
    return [int(each.replace("−", "-").replace(",", "")) for each in found]


def test_the_page_shows_points_growth_level_tasks_and_statement(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post = make.post(place)
    give(place, "adjust:1", 1200, 600)
    ann = browser(place.users["ann"])
    page = read(ann, f"/{place.slug}/points")
    assert '<svg class="level-ring"' in page
    assert 'stroke-dasharray="20 100"' in page  # 602 of 3000
    assert "1,222" in page  # with the gift of the level
    assert 'id="tasks"' in page
    assert page.count('<li aria-current="step">') == 1
    assert amounts(page) == [20, 1200, 2]
    assert f'href="/{place.slug}/points/why?source=post:{post}"' in page
    assert f'href="/{place.slug}/points"' in read(ann, f"/{place.slug}")
    assert f"/{place.slug}/points/why?source=post:{post}" in read(ann, f"/{place.slug}/posts/{post}")
    assert "/points/why?source=post:" not in read(browser(place.users["bob"]), f"/{place.slug}/posts/{post}")


def test_a_comment_of_ones_own_leads_to_why(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post = make.post(place, "bob")
    comment = posts.write_comment(place.ann, post, body="真好。")
    link = f"/{place.slug}/points/why?source=comment:{comment}"
    ann = browser(place.users["ann"])
    assert link in read(ann, f"/{place.slug}/posts/{post}")
    assert link not in read(browser(place.users["bob"]), f"/{place.slug}/posts/{post}")
    assert f"/{place.slug}/posts/{post}#comment-{comment}" in read(ann, link)


def test_the_statement_can_be_narrowed_by_kind_and_month_of_the_circle(app: Flask, make: Make, browser: Any) -> None:
    with clock.at(NOON - timedelta(days=60)):
        place = make.place()
    with clock.at(datetime(2026, 10, 31, 15, 59, tzinfo=UTC)):  # still October in Shanghai
        give(place, "adjust:1", 5)
    with clock.at(datetime(2026, 10, 31, 16, 0, tzinfo=UTC)):  # November there
        give(place, "adjust:2", 7)
        spend(place.circle.id, member_id(place), 3, Why("spend", "s:1", "order:1"))
    ann, base = browser(place.users["ann"]), f"/{place.slug}/points"
    with clock.at(NOON):
        assert amounts(read(ann, base)) == [-3, 7, 5]
        assert amounts(read(ann, f"{base}?month=2026-10")) == [5]
        assert amounts(read(ann, f"{base}?month=2026-11")) == [-3, 7]
        assert amounts(read(ann, f"{base}?kind=out")) == [-3]
        assert amounts(read(ann, f"{base}?kind=adjusted&month=2026-11")) == [7]
        assert "?asset=growth" in read(ann, base)
        assert amounts(read(ann, f"{base}?asset=growth")) == []
        for nonsense in ("?month=2026-13", "?month=x", "?kind=%27", "?asset=money", "?month=2026-10%0a"):
            assert amounts(read(ann, base + nonsense)) == [-3, 7, 5]


def test_more_of_the_statement_goes_on_where_it_ended(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    with clock.at(NOON - timedelta(days=1)):
        give(place, "adjust:0", 1)
    for number in range(1, 23):
        with clock.at(NOON + timedelta(minutes=number)):
            give(place, f"adjust:{number}", number + 1)
    ann = browser(place.users["ann"])
    with clock.at(NOON + timedelta(hours=1)):
        page = read(ann, f"/{place.slug}/points")
        link = re.search(r'class="btn btn-quiet more" href="([^"]+)"', page)
        assert link
        rest = read(ann, link[1].replace("&amp;", "&"), HX_Request="true")
        whole = read(ann, link[1].replace("&amp;", "&"))
    assert [*amounts(page), *amounts(rest)] == list(range(23, 0, -1))
    assert "<html" not in rest
    assert rest.count("statement-day") == 1  # the day before; today went on
    assert "<html" in whole
    assert amounts(whole) == amounts(rest)
    assert "more" not in re.findall(r'class="btn btn-quiet (more)"', rest)


def test_how_it_stood_takes_a_day_or_a_moment_in_the_time_of_the_circle(app: Flask, make: Make, browser: Any) -> None:
    with clock.at(NOON - timedelta(days=9)):
        place = make.place()
    with clock.at(NOON):  # 12:00 in Shanghai
        give(place, "adjust:1", 11)
    with clock.at(NOON + timedelta(hours=12)):  # midnight there
        give(place, "adjust:2", 100)
    ann, base = browser(place.users["ann"]), f"/{place.slug}/points/as-of"
    assert "<form" in read(ann, base)
    for at, found in (
        ("2026-11-18T11:59", []), ("2026-11-18T12:00", [11]), ("2026-11-18 12:00:00", [11]), ("2026-11-18", [11]),
        ("2026-11-17", []), ("2026-11-19", [100, 11]), ("2026-11-19T00:00", [100, 11]), ("9999-12-30", [100, 11]),
        ("0001-01-02T00:00", []),
    ):  # fmt: skip
        page = read(ann, f"{base}?at={at}")
        assert (at, amounts(page)) == (at, found)
        assert f"<b>{sum(found)}</b>" in page


@pytest.mark.parametrize(
    "at", ["x", "2026-13-01", "2026-02-30", "2026-11-18T25:00", "9999-12-31", "0000-01-01", "2026-11-18T12:00Z", "１"]
)
def test_a_time_that_is_none_brings_the_form_back(app: Flask, make: Make, browser: Any, at: str) -> None:
    place = make.place()
    page = read(browser(place.users["ann"]), f"/{place.slug}/points/as-of?at={at}", 422)
    assert 'aria-invalid="true"' in page


def test_why_is_a_page_for_whose_it_is_and_for_who_may_adjust(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post = make.post(place)
    path = f"/{place.slug}/points/why?source=post:{post}"
    page = read(browser(place.users["ann"]), path)
    assert f'href="/{place.slug}/posts/{post}"' in page
    assert amounts(page) == [2]
    read(browser(place.users["bob"]), path, 404)
    assert amounts(read(browser(place.users["admin"]), f"{path}&user={place.ann.id}")) == [2]
    read(browser(place.users["mod"]), f"{path}&user={place.ann.id}", 403)
    for nonsense in ("", "?source=", "?source=%00", "?source=post:%F0%9F%99%82", "?source=" + "x" * 500):
        read(browser(place.users["ann"]), f"/{place.slug}/points/why{nonsense}", 404)


def test_every_row_of_the_statement_leads_to_an_answer(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post = make.post(place)
    posts.like_post(place.bob, post, on=True)
    posts.feature_post(place.mod, post, on=True)
    reward(member_id(place), Why("task", "task:1:1:ALL", "task:1"), points=5, growth=600)
    spend(place.circle.id, member_id(place), 3, Why("spend", "s:1", "order:1"))
    posts.delete_post(place.ann, post)
    ann = browser(place.users["ann"])
    page = read(ann, f"/{place.slug}/points")
    links = re.findall(r'href="(/[^"]+/points/why\?source=[^"]+)"', page)
    assert len(links) == len(amounts(page)) >= 7
    for link in set(links):
        read(ann, link)


def test_the_rules_are_told_in_words_to_who_may_read_the_circle(app: Flask, make: Make, browser: Any) -> None:
    place, closed = make.place(), make.place(visibility="private")
    page = read(browser(), f"/{place.slug}/points/rules")
    assert "+2" in page
    assert "+30" in page
    assert "3,000" in page
    rules = [{"code": "post.text", "points": 9, "growth": 0, "min_len": 15}, {"code": "comment", "enabled": False}]
    operations.save_rules(place.owner, place.slug, rules, expiry="never")
    changed = read(browser(place.users["ann"]), f"/{place.slug}/points/rules")
    assert "+9" in changed
    assert "15" in changed
    assert changed.count('class="entry-icon"') == page.count('class="entry-icon"') - 1
    read(browser(), f"/{closed.slug}/points/rules", 404)
    read(browser(closed.users["ann"]), f"/{closed.slug}/points/rules")


def test_who_left_reads_their_own_points_and_earns_none(app: Flask, make: Make, browser: Any) -> None:
    place = make.place(visibility="private")
    make.post(place)
    circles.leave_circle(place.ann, place.slug)
    ann = browser(place.users["ann"])
    page = read(ann, f"/{place.slug}/points")
    assert amounts(page) == [2]
    assert 'id="tasks"' not in page
    assert 'data-tone="warn"' in page
    read(ann, f"/{place.slug}", 303)
    assert read(browser(make.user()), f"/{place.slug}/points", 404)
    assert browser().get(f"/{place.slug}/points").status_code == 303


def test_a_debt_is_said_on_the_page(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post = make.post(place)
    spend(place.circle.id, member_id(place), 2, Why("spend", "s:1", "order:1"))
    posts.delete_post(place.ann, post)
    assert 'data-tone="warn"' in read(browser(place.users["ann"]), f"/{place.slug}/points")


def test_the_me_page_tells_level_growth_and_points_of_each_circle(
    app: Flask, make: Make, browser: Any, statements: list[str]
) -> None:
    place, other = make.place(name="早安"), make.place(name="胶片")
    make.member(other.circle, user=place.users["ann"])
    make.post(place)
    ann = browser(place.users["ann"])
    statements.clear()
    page = read(ann, "/me")
    accounts = [sql for sql in statements if "ledger_accounts" in sql]
    assert len(accounts) == 1
    assert page.count('class="hero"') == 1
    assert f'<a class="hero" href="/{place.slug}/points">' in page


def test_long_numbers_and_hostile_names_do_not_break_the_page(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    levels = [{"name": "<b>新</b>", "growth_min": 0}, {"name": "x" * 20, "growth_min": 10_000_000}]
    _set(Circle, place.circle.id, {"levels": levels})
    give(place, "adjust:1", 12_345_678, 9_999_999)
    page = read(browser(place.users["ann"]), f"/{place.slug}/points")
    assert "&lt;b&gt;新" in page
    assert "<b>新" not in page.replace("<b>&lt;b&gt;新", "")
    assert "9,999,999" in page


def test_who_left_and_came_back_can_choose_the_months_before(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    before = f"{clock.local_date(clock.now(), place.circle.tz):%Y-%m}"
    circles.leave_circle(place.ann, place.slug)
    with clock.at(clock.now() + timedelta(days=70)):
        circles.join_circle(place.ann, place.slug)
        page = read(browser(place.users["ann"]), f"/{place.slug}/points")
    assert f'<option value="{before}"' in page


def test_a_month_that_is_shown_is_the_one_that_is_chosen(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    page = read(browser(place.users["ann"]), f"/{place.slug}/points?month=2001-02")
    assert '<option value="2001-02" selected' in page
