"""Checking in over the API: the answer, the key that makes a retry one check-in, and who may."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import SYSTEM
from circle.checkins import operations
from circle.checkins.models import MakeupCard
from circle.circles import operations as circles
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.points import operations as points
from tests.checkins.campaigning import Week
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"card_price": 30, "card_limit": 5})


def key(name: str = "one") -> dict[str, str]:
    return {"Idempotency-Key": name}


def path(week: Week, rest: str = "submit") -> str:
    return f"/campaigns/{week.id}/{rest}"


def test_a_check_in_is_answered_with_its_record_and_how_it_stands(week: Week, api: Any) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(2):
        answer = api(ann).post(path(week), {"body": "第二天"}, headers=key())
    assert answer.status_code == 201
    record = week.records(ann)[-1]
    assert answer.get_json() == {
        "record": {
            "id": str(record.id), "campaign_id": str(week.id), "idx": 2, "post_id": str(record.post_id),
            "source": "normal", "status": "approved",
        },
        "streak": 2, "done": 2, "points": 5, "completed": False,
    }  # fmt: skip


def test_the_same_request_again_is_the_same_check_in_and_the_same_answer(week: Week, api: Any) -> None:
    ann = week.member()
    client = api(ann)
    with week.at(1):
        first = client.post(path(week), {"body": "一次"}, headers=key())
    with week.at(2):
        again = client.post(path(week), {"body": "一次"}, headers=key())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert client.post(path(week), {"body": "两次"}, headers=key()).get_json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert first.get_json() == again.get_json()
    assert [record.idx for record in week.records(ann)] == [1]


def test_a_refusal_is_answered_again_alike(week: Week, api: Any) -> None:
    ann = week.member()
    client = api(ann)
    with week.at(0):
        first = client.post(path(week), {"body": "早了"}, headers=key())
    with week.at(1):
        again = client.post(path(week), {"body": "早了"}, headers=key())
    assert [answer.get_json()["code"] for answer in (first, again)] == ["WINDOW_CLOSED"] * 2
    assert week.records(ann) == []


def test_without_a_key_nothing_happens(week: Week, api: Any) -> None:
    ann = week.member()
    with week.at(2):
        for rest, body in (("submit", {"body": "我"}), ("makeup", {"body": "我", "idx": 1}), ("makeup-cards", {})):
            answer = api(ann).post(path(week, rest), body)
            assert (answer.status_code, answer.get_json()["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")


def test_the_codes_of_refusals(app: Flask, make: Make, api: Any) -> None:
    week = Week(make, {"min_len": 5, "free_cards": 0, "lookback": 2})
    ann, member = week.member(), week.member(enrolled=False)
    week.check_in(ann, 3, body="一二三四五")

    def code(who: Any, rest: str, body: dict[str, Any], *, on: int = 3) -> tuple[int, str]:
        with week.at(on, 9):
            answer = api(who).post(path(week, rest), body, headers=key(f"{rest}{body}{on}".encode().hex()[:100]))
        return answer.status_code, answer.get_json()["code"]

    assert code(ann, "submit", {"body": "一二三四五"}) == (409, "ALREADY_CHECKED_IN")
    assert code(ann, "submit", {"body": "短"}, on=4) == (422, "CONTENT_RULE")
    assert code(ann, "submit", {"body": "一二三四五"}, on=0) == (422, "WINDOW_CLOSED")
    assert code(member, "submit", {"body": "一二三四五"}) == (422, "NOT_ENROLLED")
    assert code(ann, "makeup", {"body": "一二三四五", "idx": 2}) == (422, "NO_CARD")
    assert code(ann, "makeup", {"body": "一二三四五", "idx": 3}) == (422, "NOT_MISSED")
    assert code(ann, "makeup", {"body": "一二三四五", "idx": 1}, on=6) == (422, "LOOKBACK_EXCEEDED")
    assert code(ann, "makeup-cards", {}) == (422, "CARD_NOT_FOR_SALE")
    assert code(ann, "submit", {"body": "一二三四五", "idx": 3}) == (422, "VALIDATION")
    assert code(ann, "makeup", {"body": "一二三四五"}) == (422, "VALIDATION")
    assert code(ann, "makeup", {"body": "一二三四五", "idx": 0}) == (422, "VALIDATION")
    assert code(ann, "makeup", {"body": "一二三四五", "idx": True}) == (422, "VALIDATION")


def test_pictures_are_uploaded_first_and_named(app: Flask, make: Make, api: Any) -> None:
    week = Week(make, {"min_images": 1})
    ann = week.member()
    client = api(ann)
    with week.at(1):
        uploaded = client.post("/media", data={"file": (BytesIO(make.picture()), "a.png")}).get_json()["id"]
        body = {"body": "", "media_ids": [uploaded], "alts": ["一扇窗"]}
        answer = client.post(path(week), body, headers=key())
        assert answer.status_code == 201
        post = client.get(f"/posts/{answer.get_json()['record']['post_id']}").get_json()
    assert (post["type"], [item["id"] for item in post["media"]]) == ("checkin", [uploaded])


def test_a_missed_day_is_made_up(week: Week, api: Any) -> None:
    ann = week.member()
    week.check_in(ann, 2)
    with week.at(2, 9):
        body = {"idx": 1, "body": "补上第一天"}
        first, again = (api(ann).post(path(week, "makeup"), body, headers=key()) for _twice in range(2))
    assert first.status_code == 201
    assert first.get_json() == again.get_json()
    told = first.get_json()
    assert (told["record"]["idx"], told["record"]["source"], told["streak"], told["points"]) == (1, "makeup", 2, 0)
    assert db.session.scalars(select(MakeupCard.state)).all() == ["used"]


def test_a_card_is_bought_once_under_one_key(week: Week, api: Any) -> None:
    ann = week.member()
    with week.at(0):
        points.ask_adjustment(week.owner, week.slug, ann.id or 0, asset="POINTS", amount=70, reason="for the meeting")
    client = api(ann)
    with week.at(2):
        first, again = (client.post(path(week, "makeup-cards"), headers=key()) for _twice in range(2))
        assert first.get_json() == again.get_json() == {"makeup_cards": 2, "price": 30, "points_left": 40}
        other = client.post(path(week, "makeup-cards"), headers=key("two")).get_json()
        assert other == {"makeup_cards": 3, "price": 30, "points_left": 10}
        poor = client.post(path(week, "makeup-cards"), headers=key("three"))
        assert (poor.status_code, poor.get_json()["code"]) == (422, "INSUFFICIENT_POINTS")
    assert db.session.scalar(select(func.count()).select_from(MakeupCard)) == 3


def test_who_may_check_in_over_the_api(week: Week, api: Any, make: Make) -> None:
    muted, banned, gone, out = (week.member() for _number in range(4))
    other_owner = make.user()
    make.circle(other_owner)
    with week.at(1):
        circles.mute_member(SYSTEM, week.slug, muted.id or 0, duration_s=3600)
        circles.ban_member(SYSTEM, week.slug, banned.id or 0)
        operations.withdraw(gone, week.id)
        enrollment = week.enrollment(out)
        in_transaction(lambda: setattr(db.session.merge(enrollment), "status", "disqualified"))
        found = {}
        for name, who in {
            "muted": muted, "banned": banned, "gone": gone, "out": out, "other": other_owner, "nobody": None,
        }.items():  # fmt: skip
            answer = api(who).post(path(week), {"body": "我"}, headers=key())
            found[name] = (answer.status_code, answer.get_json()["code"])
        missing = api(muted).post("/campaigns/4711/submit", {"body": "我"}, headers=key("other"))
    assert found == {
        "muted": (403, "MUTED"), "banned": (403, "BANNED"), "gone": (422, "NOT_ENROLLED"), "out": (403, "DISQUALIFIED"),
        "other": (403, "FORBIDDEN"), "nobody": (401, "UNAUTHENTICATED"),
    }  # fmt: skip
    assert missing.status_code == 404


@pytest.mark.parametrize("body", ["\x00", "\u202e反", "💥" * 2000, "[x](javascript:alert(1))", "<img src=x onerror=1>"])
def test_hostile_words_are_taken_as_words_or_refused(week: Week, api: Any, body: str) -> None:
    ann = week.member()
    with week.at(1):
        answer = api(ann).post(path(week), {"body": body}, headers=key())
        assert answer.status_code in {201, 422}
        if answer.status_code == 201:
            html = api(ann).get(f"/posts/{answer.get_json()['record']['post_id']}").get_json()["body_html"]
            assert "<img" not in html
            assert 'href="javascript:' not in html
