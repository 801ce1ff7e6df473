"""The JSON routes of circles; the client checks each answer against its contract."""

import pytest
from flask import Flask

from circle.circles import operations as circles
from tests.factories import Make

NEW = {"name": "早安读写圈", "slug": "morning"}
HOSTILE = ["\x00", "\ud800", "a" * 10_000, "\u202egnp.exe", "<script>alert(1)</script>", "'; DROP TABLE members; --"]


def test_a_circle_is_founded_read_and_changed(make: Make, api) -> None:
    ann = api(make.user())
    made = ann.post("/circles", {**NEW, "questions": ["为什么想来？"], "join_mode": "application", "accent": "plum"})
    assert made.status_code == 201
    assert made.json["me"]["role"] == "owner" and made.json["questions"] == ["为什么想来？"]
    tag = ann.get("/circles/morning").headers["ETag"]
    changed = ann.patch("/circles/morning", {"intro": "每天一小段", "slug": "dawn"}, headers={"If-Match": tag})
    assert changed.status_code == 200 and changed.json["slug"] == "dawn"
    stale = ann.patch("/circles/dawn", {"intro": "x"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json["code"]) == (412, "PRECONDITION_FAILED")
    assert ann.get("/circles/morning").status_code == 404
    assert [each["slug"] for each in ann.get("/me/circles").json["items"]] == ["dawn"]
    seen = api().get("/circles/dawn")
    assert seen.json["me"] is None and "passphrase" not in seen.get_data(as_text=True)
    assert [each["slug"] for each in api().get("/circles").json["items"]] == ["dawn"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 41), ("name", 5), ("slug", "login"), ("slug", None), ("intro", "x" * 201),
        ("tz", "Nowhere/Land"), ("visibility", "secret"), ("join_mode", "paid"), ("join_mode", "passphrase"),
        ("questions", ["x"] * 6), ("questions", ["x" * 101]), ("questions", [""]), ("questions", "why"),
        ("passphrase", "x"), ("passphrase", "x" * 65), ("accent", "red"), ("owner_id", "1"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_named(make: Make, api, field: str, value: object) -> None:
    answer = api(make.user()).post("/circles", {**NEW, field: value})
    assert (answer.status_code, answer.json["code"]) == (422, "VALIDATION")
    named = {name.partition(".")[0] for name in answer.json["errors"]}
    assert named == ({"passphrase"} if value == "passphrase" else {field})


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_a_clear_answer_never_an_error(make: Make, api, text: str) -> None:
    place = make.place(join_mode="application", questions=["Why?"])
    owner, guest = api(place.owner_user), api(make.user())
    ann = place.users["ann"].id
    answers = [
        owner.post("/circles", {"name": text, "slug": "fine-slug", "intro": text, "questions": [text]}),
        owner.post("/circles", {**NEW, "slug": text}),
        owner.patch(f"/circles/{place.slug}", {"passphrase": text, "tz": text}),
        guest.post(f"/circles/{place.slug}/join", {"answers": [text], "passphrase": text, "invite": text}),
        guest.post(f"/circles/{place.slug}/join", {"answers": [text]}),
        owner.patch(f"/circles/{place.slug}/members/{ann}", {"status": "banned", "reason": text}),
        owner.http.get(
            f"/api/v1/circles/{place.slug}/members", query_string={"q": text[:300].encode("utf-8", "replace")}
        ),
        owner.http.get(f"/api/v1/circles/{place.slug}/members", query_string={"role": "owner", "cursor": "x" * 300}),
    ]
    assert all(answer.status_code < 500 for answer in answers)


def test_a_visitor_is_asked_to_sign_in(make: Make, api) -> None:
    place = make.place()
    ann = place.users["ann"].id
    for method, path in (
        ("POST", "/circles"), ("GET", "/me/circles"), ("PATCH", f"/circles/{place.slug}"),
        ("POST", f"/circles/{place.slug}/join"), ("POST", f"/circles/{place.slug}/leave"),
        ("GET", f"/circles/{place.slug}/me"), ("PATCH", f"/circles/{place.slug}/members/{ann}"),
        ("DELETE", f"/circles/{place.slug}/members/{ann}"), ("GET", f"/circles/{place.slug}/applications"),
        ("POST", "/applications/1/approve"), ("POST", "/applications/1/reject"),
        ("GET", f"/circles/{place.slug}/invites"), ("POST", f"/circles/{place.slug}/invites"), ("DELETE", "/invites/1"),
    ):  # fmt: skip
        assert api().call(method, path, json={}).status_code == 401, path
    assert api().get(f"/circles/{place.slug}/members").status_code == 200
    assert api().get(f"/circles/{place.slug}/members?status=banned").status_code == 401


def test_joining_answers_with_the_membership(make: Make, api) -> None:
    circle, guest = make.circle(), make.user()
    ann = api(guest)
    assert ann.get(f"/circles/{circle.slug}/me").status_code == 404
    first, second = ann.post(f"/circles/{circle.slug}/join"), ann.post(f"/circles/{circle.slug}/join")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert (first.json["status"], first.json["level"]) == ("active", 1)
    assert ann.get(f"/circles/{circle.slug}/me").json["points"] == 0
    assert ann.get(f"/circles/{circle.slug}/me").json["status"] == "active"
    assert ann.post(f"/circles/{circle.slug}/leave").json["status"] == "left"
    assert ann.post("/circles/nowhere/join").status_code == 404


def test_the_same_idempotency_key_joins_once(make: Make, api) -> None:
    circle, ann = make.circle(join_mode="passphrase", passphrase="dawn"), api(make.user())
    answers = [
        ann.post(f"/circles/{circle.slug}/join", {"passphrase": "dawn"}, headers={"Idempotency-Key": "k-1"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_a_refusal_to_join_has_its_own_code(make: Make, api) -> None:
    ann = api(make.user())
    for values, body, expected in (
        ({"join_mode": "passphrase", "passphrase": "dawn"}, {"passphrase": "dusk"}, "PASSPHRASE_WRONG"),
        ({"join_mode": "application", "questions": ["Why?"]}, {}, "ANSWERS_REQUIRED"),
        ({"join_mode": "invite"}, {}, "INVITE_REQUIRED"),
        ({"join_mode": "open"}, {"invite": "nonsense"}, "INVITE_INVALID"),
    ):
        answer = ann.post(f"/circles/{make.circle(**values).slug}/join", body)
        assert (answer.status_code, answer.json["code"]) == (422, expected)
    place = make.place()
    circles.ban_member(place.owner, place.slug, place.users["ann"].id)
    banned = api(place.users["ann"]).post(f"/circles/{place.slug}/join")
    assert (banned.status_code, banned.json["code"]) == (403, "BANNED")
    owner = api(place.owner_user).post(f"/circles/{place.slug}/leave")
    assert (owner.status_code, owner.json["code"]) == (422, "OWNER_MUST_STAY")


def test_an_application_goes_from_the_guest_to_the_admin_and_back(make: Make, api) -> None:
    place = make.place(join_mode="application", questions=["为什么想来？"], visibility="private")
    guest, admin = api(make.user()), api(place.users["admin"])
    asked = guest.post(f"/circles/{place.slug}/join", {"answers": ["想写"]})
    assert (asked.status_code, asked.json["status"], asked.json["joined_at"]) == (201, "pending", None)
    [waiting] = admin.get(f"/circles/{place.slug}/applications").json["items"]
    assert waiting["answers"] == [{"question": "为什么想来？", "answer": "想写"}]
    assert guest.post(f"/applications/{waiting['id']}/approve").status_code == 404
    assert guest.get(f"/circles/{place.slug}/applications").status_code == 403
    assert admin.post(f"/applications/{waiting['id']}/reject", {"reason": "再说说"}).json["status"] == "rejected"
    clash = admin.post(f"/applications/{waiting['id']}/approve")
    assert (clash.status_code, clash.json["code"]) == (409, "STATE_CONFLICT")
    guest.post(f"/circles/{place.slug}/join", {"answers": ["真的想写"]})
    [waiting] = admin.get(f"/circles/{place.slug}/applications").json["items"]
    assert admin.post(f"/applications/{waiting['id']}/approve").json["status"] == "approved"
    assert guest.get(f"/circles/{place.slug}/members").status_code == 200


def test_members_are_changed_and_removed(make: Make, api) -> None:
    place = make.place()
    ann, path = place.users["ann"], f"/circles/{place.slug}/members/{place.users['ann'].id}"
    owner, mod, bob = api(place.owner_user), api(place.users["mod"]), api(place.users["bob"])
    assert owner.patch(path, {"role": "expert"}).json["role"] == "expert"
    muted = mod.patch(path, {"muted_until": "2999-01-01T00:00:00Z", "reason": "慢一点"})
    assert muted.json["muted_until"] == "2999-01-01T00:00:00Z" and muted.json["can"]["mute"] is True
    assert bob.get(path.rpartition("/")[0]).json["items"][0]["muted_until"] is None
    assert mod.patch(path, {"muted_until": None}).json["muted_until"] is None
    for body in (
        {"muted_until": "2001-01-01T00:00:00Z"},
        {"muted_until": "soon"},
        {"role": "owner"},
        {"status": "left"},
    ):
        assert owner.patch(path, body).status_code == 422
    assert bob.patch(path, {"role": "admin"}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert owner.patch(path, {"status": "banned"}).json["status"] == "banned"
    assert [row["user"]["id"] for row in mod.get(f"/circles/{place.slug}/members?status=banned").json["items"]] == [
        str(ann.id)
    ]
    assert owner.patch(path, {"status": "active"}).json["status"] == "active"
    assert owner.delete(path).status_code == 204
    assert owner.delete(path).status_code == 404


def test_invitations_are_made_listed_used_and_revoked(make: Make, api) -> None:
    place = make.place(join_mode="invite")
    admin, guest = api(place.users["admin"]), api(make.user())
    made = admin.post(f"/circles/{place.slug}/invites", {"max_uses": 2, "expires_at": "2999-01-01T00:00:00Z"})
    assert made.status_code == 201 and made.json["url"].endswith(f"/{place.slug}/invite/{made.json['token']}")
    assert guest.post(f"/circles/{place.slug}/join", {"invite": made.json["token"]}).json["status"] == "active"
    listed = admin.get(f"/circles/{place.slug}/invites").json["items"]
    assert (listed[0]["id"], listed[0]["use_count"], listed[0]["good"]) == (made.json["id"], 1, True)
    assert guest.get(f"/circles/{place.slug}/invites").status_code == 403
    assert guest.delete(f"/invites/{made.json['id']}").status_code == 404
    assert admin.delete(f"/invites/{made.json['id']}").status_code == 204
    for body in ({"max_uses": 0}, {"max_uses": "2"}, {"expires_at": "2001-01-01T00:00:00Z"}, {"expires_at": "x"}):
        assert admin.post(f"/circles/{place.slug}/invites", body).status_code == 422


def test_a_private_circle_shows_a_stranger_its_cover_only(app: Flask, make: Make, api) -> None:
    place = make.place(visibility="private")
    stranger = api(make.user())
    cover = stranger.get(f"/circles/{place.slug}").json
    assert (cover["visibility"], cover["member_count"], cover["post_count"], cover["owner"]) == (
        "private",
        None,
        None,
        None,
    )
    assert stranger.get(f"/circles/{place.slug}/members").status_code == 404
    assert stranger.get("/circles").json["items"] == []
