"""The inbox over JSON."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circle.notifications import operations
from tests.clients import ApiClient
from tests.factories import Make

Api = Callable[..., ApiClient]


def test_a_notice_is_a_sentence_in_the_language_of_the_request(make: Make, api: Api) -> None:
    user, by, circle = make.user(), make.user("anan"), make.circle()
    data = {"by": by.id, "post_id": 5, "comment_id": 6, "quote": "hello"}
    operations.notify(user.id, "post.commented", circle_id=circle.id, dedupe_key="6", data=data)
    page = api(user).get("/me/notifications", headers={"Accept-Language": "en"}).get_json()
    (item,) = page["items"]
    assert item == {
        "id": item["id"],
        "kind": "post.commented",
        "category": "replies",
        "text": "Anan commented on your post",
        "quote": "hello",
        "url": f"http://localhost/{circle.slug}/posts/5#comment-6",
        "by": item["by"],
        "count": 1,
        "circle": {"slug": circle.slug, "name": circle.name},
        "created_at": item["created_at"],
        "told_at": item["created_at"],
        "read_at": None,
    }
    assert item["id"].isdecimal()
    assert item["by"]["username"] == "anan"
    assert item["created_at"].endswith("Z")


def test_notices_are_marked_as_read_by_id_or_all_at_once(make: Make, api: Api) -> None:
    user, other, circle = make.user(), make.user(), make.circle()
    for number in range(3):
        for who in (user, other):
            operations.notify(who.id, "application.approved", circle_id=circle.id, dedupe_key=str(number), data={})
    client = api(user)
    ids = [item["id"] for item in client.get("/me/notifications").get_json()["items"]]
    foreign = api(other).get("/me/notifications").get_json()["items"][0]["id"]
    assert client.post("/me/notifications/read", json={"ids": [ids[0], foreign]}).get_json() == {"unread": 2}
    assert client.post("/me/notifications/read", json={"ids": [ids[0]]}).get_json() == {"unread": 2}
    assert client.post("/me/notifications/read").get_json() == {"unread": 0}
    assert client.post("/me/notifications/read").get_json() == {"unread": 0}
    assert all(item["read_at"] for item in client.get("/me/notifications").get_json()["items"])
    assert not any(item["read_at"] for item in api(other).get("/me/notifications").get_json()["items"])


def test_pages_of_the_inbox_follow_each_other(make: Make, api: Api) -> None:
    user, circle = make.user(), make.circle()
    for number in range(3):
        operations.notify(user.id, "application.approved", circle_id=circle.id, dedupe_key=str(number), data={})
    client = api(user)
    first = client.get("/me/notifications?limit=2").get_json()
    second = client.get(f"/me/notifications?limit=2&cursor={first['next_cursor']}").get_json()
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)
    damaged = client.get("/me/notifications?cursor=abc")
    assert (damaged.status_code, damaged.get_json()["code"]) == (400, "CURSOR_INVALID")


@pytest.mark.parametrize(
    "body", [{"ids": "1"}, {"ids": [1]}, {"ids": ["0"]}, {"ids": ["x\x00"]}, {"ids": ["1"] * 101}, {"all": True}, []]
)
def test_a_malformed_list_of_ids_is_a_422(make: Make, api: Api, body: object) -> None:
    assert api(make.user()).post("/me/notifications/read", json=body).status_code == 422


def test_a_visitor_has_no_inbox(api: Api) -> None:
    assert api().get("/me/notifications").status_code == 401
    assert api().post("/me/notifications/read").status_code == 401
