"""One's own points over the API: status, fields, cursors, and what bad input gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.circles import operations as circles
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation
from circle.ledger.operations import Why, spend
from circle.points import operations
from circle.posts import operations as posts
from tests.factories import Make, Place

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
reward = operation(operations.reward)


def member_id(place: Place) -> int:
    mine = (Member.circle_id == place.circle.id, Member.user_id == place.ann.id)
    return db.session.scalars(select(Member.id).where(*mine)).one()


def give(place: Place, number: int, *, growth: int = 0) -> None:
    reward(member_id(place), Why("adjust", f"adjust:{number}", f"adjust:{number}"), points=number, growth=growth)


def test_my_points_are_told_with_level_and_the_next_one(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    ann = api(place.users["ann"])
    path = f"/circles/{place.slug}/me/points"
    assert ann.get(path).json["points"] == 0
    give(place, 7, growth=600)
    told = ann.get(path, headers={"Accept-Language": "en"}).json
    assert (told["points"], told["growth"], told["debt"]) == (27, 600, 0)
    assert told["level"] == {"level": 2, "name": "Plus member"}
    assert told["next"] == {"level": 3, "name": "Premium member", "growth_min": 3000, "missing": 2400}
    spend(place.circle.id, member_id(place), 27, Why("spend", "s:1", "order:1"))
    posts.delete_post(place.ann, gone := make.post(place))
    assert gone
    assert ann.get(path).json["points"] == 0
    assert api().get(path).status_code == 401
    assert api(make.user()).get(path).status_code == 404


def test_my_place_tells_my_points_and_nobody_elses_place_does(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    make.post(place)
    ann = api(place.users["ann"])
    told = ann.get(f"/circles/{place.slug}/me").json
    assert (told["status"], told["points"], told["level"]) == ("active", 2, 1)
    assert "points" not in ann.get(f"/circles/{place.slug}").json["me"]
    assert all("points" not in member for member in ann.get(f"/circles/{place.slug}/members").json["items"])


def test_the_ledger_is_paged_and_narrowed(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    for number in range(1, 8):
        with clock.at(NOON + timedelta(minutes=number)):
            give(place, number)
    ann, path = api(place.users["ann"]), f"/circles/{place.slug}/me/ledger"
    first = ann.get(f"{path}?limit=4").json
    assert [row["amount"] for row in first["items"]] == [7, 6, 5, 4]
    rest = ann.get(f"{path}?limit=4&cursor={first['next_cursor']}").json
    assert [row["amount"] for row in rest["items"]] == [3, 2, 1]
    assert rest["next_cursor"] is None
    row = first["items"][0]
    assert (row["kind"], row["asset"], row["balance_after"], row["source"]) == ("adjust", "POINTS", 28, "adjust:7")
    assert row["posted_at"] == "2026-11-18T04:07:00Z"
    assert isinstance(row["id"], str)
    span = "from=2026-11-18T04:02:00Z&to=2026-11-18T04:05:00Z"
    assert [each["amount"] for each in ann.get(f"{path}?{span}").json["items"]] == [4, 3, 2]
    assert ann.get(f"{path}?direction=out").json["items"] == []
    assert len(ann.get(f"{path}?kind=adjusted&direction=in").json["items"]) == 7
    assert ann.get(f"{path}?kind=earn").json["items"] == []
    assert ann.get(f"{path}?asset=GROWTH").json["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("asset=CNY", 422), ("direction=up", 422), ("from=yesterday", 422), ("to=2026-11-18", 422), ("limit=0", 422),
        ("cursor=xyz", 400), ("kind=" + "x" * 33, 422), ("kind=%00", 200),
        ("from=9999-12-31T23:59:59Z", 200), ("to=0001-01-01T00:00:00Z", 200),
    ],
)  # fmt: skip
def test_bad_questions_to_the_ledger_are_told_so(app: Flask, make: Make, api: Any, query: str, status: int) -> None:
    place = make.place()
    assert api(place.users["ann"]).get(f"/circles/{place.slug}/me/ledger?{query}").status_code == status


def test_as_of_answers_for_any_moment(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    with clock.at(NOON):
        give(place, 9, growth=500)
    ann, path = api(place.users["ann"]), f"/circles/{place.slug}/me/ledger/as-of"
    then = ann.get(f"{path}?at=2026-11-18T04:00:00Z").json
    assert (then["points"], then["growth"], then["level"]["level"], then["debt"]) == (29, 500, 2, 0)
    assert then["at"] == "2026-11-18T04:00:00Z"
    before = ann.get(f"{path}?at=2026-11-18T03:59:59.999999Z").json
    assert (before["points"], before["growth"], before["level"]["level"]) == (0, 0, 1)
    assert ann.get(f"{path}?at=9999-12-31T23:59:59Z").json["points"] == 29
    assert ann.get(f"{path}?at=0001-01-01T00:00:00Z").json["points"] == 0
    for bad in ("", "?at=", "?at=2026-11-18", "?at=2026-11-18T04:00:00"):
        assert ann.get(path + bad).status_code == 422


def test_why_says_which_rule_and_what_was_booked(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post = make.post(place)
    path = f"/circles/{place.slug}/me/ledger/why"
    told = api(place.users["ann"]).get(f"{path}?source=post:{post}").json
    assert (told["outcome"], told["points"], told["reason"], told["cap"]) == ("earned", 2, "", None)
    assert (told["rule"]["code"], told["rule"]["version"]) == ("post.text", 1)
    assert told["movements"][0]["points"] == 2
    assert told["url"].endswith(f"/{place.slug}/posts/{post}")
    assert api(place.users["bob"]).get(f"{path}?source=post:{post}").status_code == 404
    assert api(place.users["bob"]).get(f"{path}?source=post:{post}&user={place.ann.id}").status_code == 403
    assert api(place.users["admin"]).get(f"{path}?source=post:{post}&user={place.ann.id}").json["points"] == 2
    for bad, status in (("", 422), ("?source=", 422), ("?source=" + "x" * 121, 422), ("?source=a:1&user=0", 422)):
        assert api(place.users["ann"]).get(path + bad).status_code == status
    assert api(place.users["ann"]).get(f"{path}?source=x:%27").status_code == 404


def test_levels_are_for_readers(app: Flask, make: Make, api: Any) -> None:
    place, closed = make.place(), make.place(visibility="private")
    steps = api().get(f"/circles/{place.slug}/levels").json["levels"]
    assert [(step["level"], step["growth_min"]) for step in steps] == [(1, 0), (2, 500), (3, 3000)]
    assert steps[0]["privileges"] == {
        "posts_per_day": 50, "images_per_post": 9, "upload_mb": None, "can_video": True, "can_create_topic": False,
        "makeup_cards_per_month": 0,
    }  # fmt: skip
    assert api().get(f"/circles/{closed.slug}/levels").status_code == 404
    assert api(closed.users["ann"]).get(f"/circles/{closed.slug}/levels").status_code == 200


def test_who_left_a_private_circle_still_reads_their_own(app: Flask, make: Make, api: Any) -> None:
    place = make.place(visibility="private")
    post = make.post(place)
    circles.leave_circle(place.ann, place.slug)
    ann, base = api(place.users["ann"]), f"/circles/{place.slug}/me"
    assert ann.get(f"{base}/points").json["points"] == 2
    assert [row["source"] for row in ann.get(f"{base}/ledger").json["items"]] == [f"post:{post}"]
    assert ann.get(f"{base}/ledger/why?source=post:{post}").json["points"] == 2
    assert ann.get(base).json["status"] == "left"
    assert ann.get(f"/circles/{place.slug}/levels").status_code == 404


def test_what_a_statement_names_is_explained_also_when_the_level_is_gone(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    steps = [{"name": f"第 {n} 级", "growth_min": n * 10, "gift_points": 5 if n else 0} for n in range(5)]
    operations.save_levels(place.owner, place.slug, steps)
    reward(member_id(place), Why("task", "task:1"), points=0, growth=45)
    operations.save_levels(place.owner, place.slug, steps[:2])
    ann = api(place.users["ann"])
    sources = {row["source"] for row in ann.get(f"/circles/{place.slug}/me/ledger").json["items"]}
    assert sources == {"level:2", "level:3", "level:4", "level:5"}
    for source in sources:
        got = ann.get(f"/circles/{place.slug}/me/ledger/why?source={source}")
        assert got.status_code == 200 and got.json["points"] == 5
    assert ann.get(f"/circles/{place.slug}/me/ledger/why?source=level:6").status_code == 404
