"""Inviting to answer over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from circle.qa import operations
from tests.clients import ApiClient
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import answer, ask

Api = Callable[..., ApiClient]


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    place = make.place()
    place.users["expert"] = make.member(place.circle, "expert", make.user("wenyan", nickname="文燕"))
    return place


def test_somebody_is_invited_and_the_desk_shows_it(place: Place, api: Api) -> None:
    question_id, expert = ask(place), place.users["expert"]
    client = api(place.users["bob"])
    desk = client.get(f"/questions/{question_id}/invites").get_json()
    assert (desk["left"], desk["left_today"], desk["invites"]) == (5, 20, [])
    assert desk["experts"][0]["user"]["nickname"] == "文燕"
    assert (desk["experts"][0]["answer_count"], desk["experts"][0]["accepted_count"]) == (0, 0)
    made = client.post(f"/questions/{question_id}/invites", {"user_id": str(expert.id)})
    assert made.status_code == 201
    assert (made.get_json()["status"], made.get_json()["user"]["id"]) == ("invited", str(expert.id))
    again = client.post(f"/questions/{question_id}/invites", {"user_id": str(expert.id)})
    assert again.get_json()["id"] == made.get_json()["id"]
    desk = client.get(f"/questions/{question_id}/invites").get_json()
    assert [row["id"] for row in desk["invites"]] == [made.get_json()["id"]]
    assert (desk["left"], desk["left_today"]) == (4, 19)
    assert str(expert.id) not in {row["user"]["id"] for row in desk["experts"]}
    assert set(desk["invites"][0]) == {"id", "user", "status", "created_at", "expires_at"}


def test_what_cannot_be_says_why(place: Place, api: Api) -> None:
    question_id, client = ask(place), api(place.users["bob"])
    for body, status, code in (
        ({"user_id": str(place.users["ann"].id)}, 422, "NOT_INVITABLE"),
        ({"user_id": "12345"}, 422, "NOT_INVITABLE"),
        ({"user_id": "abc"}, 422, "VALIDATION"),
        ({}, 422, "VALIDATION"),
    ):
        refused = client.post(f"/questions/{question_id}/invites", body)
        assert (refused.status_code, refused.get_json()["code"]) == (status, code)
    answer(place.mod, question_id)
    refused = client.post(f"/questions/{question_id}/invites", {"user_id": str(place.users["mod"].id)})
    assert refused.get_json()["code"] == "HAS_ANSWERED"
    assert client.post("/questions/12345/invites", {"user_id": "1"}).status_code == 404
    assert api().get(f"/questions/{question_id}/invites").status_code == 401


def test_an_invitation_is_seen_by_the_invited_alone_and_declined(place: Place, api: Api) -> None:
    question_id, expert = ask(place), api(place.users["expert"])
    operations.invite(place.bob, question_id, user_id=place.users["expert"].id)
    (mine,) = expert.get(f"/circles/{place.slug}/me/invites").get_json()["items"]
    assert mine["by"]["id"] == str(place.bob.id)
    assert mine["question"] == {
        "id": str(question_id), "title": "晨读从哪一篇开始？",
        "url": f"http://localhost/{place.slug}/questions/{question_id}",
    }  # fmt: skip
    assert api(place.users["bob"]).get(f"/circles/{place.slug}/me/invites").get_json()["items"] == []
    assert api(place.users["bob"]).post(f"/questions/{question_id}/invites/decline").status_code == 404
    for _time in range(2):
        assert expert.post(f"/questions/{question_id}/invites/decline").status_code == 204
    assert expert.get(f"/circles/{place.slug}/me/invites").get_json()["items"] == []
    refused = api(place.users["ann"]).post(
        f"/questions/{question_id}/invites", {"user_id": str(place.users["expert"].id)}
    )
    assert (refused.status_code, refused.get_json()["code"]) == (409, "ALREADY_DECLINED")


def test_whoever_asked_without_a_name_is_null_to_the_invited(place: Place, api: Api) -> None:
    question_id = ask(place, anonymous=True)
    operations.invite(place.ann, question_id, user_id=place.users["expert"].id)
    expert = api(place.users["expert"])
    answered = expert.get(f"/circles/{place.slug}/me/invites")
    assert answered.get_json()["items"][0]["by"] is None
    for path in (f"/circles/{place.slug}/me/invites", f"/questions/{question_id}/invites", "/me/notifications"):
        assert str(place.users["ann"].id) not in expert.get(path).text, path


def test_pages_of_invitations_have_no_gap(place: Place, api: Api) -> None:
    questions = [ask(place, title=f"第 {number} 个问题在这里") for number in range(5)]
    for question_id in questions:
        operations.invite(place.bob, question_id, user_id=place.users["expert"].id)
    client, found, cursor = api(place.users["expert"]), [], None
    while True:
        page = client.get(f"/circles/{place.slug}/me/invites", query_string={"limit": 2, "cursor": cursor}).get_json()
        found += [int(row["question"]["id"]) for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == questions[::-1]
    assert client.get(f"/circles/{place.slug}/me/invites?cursor=abc").get_json()["code"] == "CURSOR_INVALID"


def test_an_idempotency_key_gives_the_same_answer(place: Place, api: Api) -> None:
    question_id, client = ask(place), api(place.users["bob"])
    body, headers = {"user_id": str(place.users["expert"].id)}, {"Idempotency-Key": "invite-once-0001"}
    first = client.post(f"/questions/{question_id}/invites", body, headers=headers)
    operations.decline_invite(actor_of(place.users["expert"]), question_id)
    second = client.post(f"/questions/{question_id}/invites", body, headers=headers)
    assert first.status_code == second.status_code == 201 and first.get_json() == second.get_json()
