"""Reading questions and answers over the API: fields, pages, tags, and who is told what."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from circle.posts import operations as posts
from circle.qa import operations
from tests.factories import Make, actor_of
from tests.qa.questioning import accept, answer, ask


def test_a_question_is_its_post_with_all_that_questions_have(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    asked = ask(place, title="读完就忘，怎么留住？")
    given = answer(place.bob, asked)
    accept(place.ann, asked, given)
    row = api(place.users["ann"]).get(f"/questions/{asked}").json
    assert (row["id"], row["type"], row["title"]) == (str(asked), "question", "读完就忘，怎么留住？")
    told = row["question"]
    assert {key: told[key] for key in ("status", "close_reason", "answer_count", "anonymous", "bounty", "version")} == {
        "status": "open", "close_reason": "", "answer_count": 1, "anonymous": False, "bounty": None, "version": 2,
    }  # fmt: skip
    assert (told["accepted_answer_id"], told["my_answer_id"], told["duplicate_of"]) == (str(given), None, None)
    assert told["first_accepted_at"].endswith("Z")
    assert (told["can"]["accept"], told["can"]["answer"], told["can"]["duplicate"]) == (True, True, False)
    assert not any(api().get(f"/questions/{asked}").json["question"]["can"].values())
    assert api().get(f"/questions/{make.post(place)}").status_code == 404


def test_every_post_says_whether_it_is_a_question(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    moment, asked = make.post(place), ask(place)
    written = answer(place.bob, asked)
    accept(place.ann, asked, written)
    client = api(place.users["bob"])
    feed = {row["id"]: row["question"] for row in client.get(f"/circles/{place.slug}/feed").json["items"]}
    assert feed[str(moment)] is None
    state = {"status": "open", "answer_count": 1, "accepted": True, "accepted_answer_id": str(written)}
    assert feed[str(asked)] == state | {"anonymous": False, "bounty": None, "version": 2}
    whole = client.get(f"/questions/{asked}").json["question"]
    assert whole.items() >= {name: value for name, value in feed[str(asked)].items() if name != "accepted"}.items()
    assert client.get(f"/posts/{asked}").json["question"] == feed[str(asked)]
    (mine,) = client.get(f"/circles/{place.slug}/questions").json["items"]
    assert mine["question"] == feed[str(asked)]


def test_the_lists_of_questions_by_page(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    made = [str(ask(place, title=f"第 {number} 个问题")) for number in range(5)][::-1]
    operations.close_question(place.ann, int(made[0]), reason="resolved")
    client = api(place.users["bob"])
    path = f"/circles/{place.slug}/questions"
    first = client.get(f"{path}?limit=3").json
    assert [row["id"] for row in first["items"]] == made[:3]
    rest = client.get(f"{path}?limit=3&cursor={first['next_cursor']}").json
    assert [row["id"] for row in rest["items"]] == made[3:]
    assert rest["next_cursor"] is None
    assert [row["id"] for row in client.get(f"{path}?tab=unanswered").json["items"]] == made[1:]
    assert client.get(f"{path}?tab=active&cursor={first['next_cursor']}").json["code"] == "CURSOR_INVALID"
    assert client.get(f"{path}?tab=bounty").status_code == 422
    assert client.get(f"{path}?tab=mine").json["items"] == []
    assert len(api(place.users["ann"]).get(f"{path}?tab=mine").json["items"]) == 5
    assert api().get(f"{path}?tab=mine").status_code == 401


@pytest.mark.parametrize("sort", ["best", "newest"])
def test_answers_by_page_in_either_order(app: Flask, make: Make, api: Any, sort: str) -> None:
    place = make.place()
    asked = ask(place)
    given = [str(answer(actor_of(make.member(place.circle)), asked)) for _number in range(3)]
    accept(place.ann, asked, int(given[2]))
    operations.vote(place.bob, int(given[1]), value=1)
    client, path = api(place.users["bob"]), f"/questions/{asked}/answers"
    first = client.get(f"{path}?sort={sort}&limit=2").json
    rest = client.get(f"{path}?sort={sort}&limit=2&cursor={first['next_cursor']}").json
    rows = [*first["items"], *rest["items"]]
    wanted = {"best": [given[2], given[1], given[0]], "newest": given[::-1]}[sort]
    assert [row["id"] for row in rows] == wanted
    voted = rows[wanted.index(given[1])]
    assert (voted["up"], voted["down"], voted["score"], voted["my_vote"]) == (1, 0, 1, 1)
    assert [row["accepted"] for row in rows] == [id_ == given[2] for id_ in wanted]
    assert client.get(f"{path}?sort=hot").status_code == 422


def test_one_answer_and_its_tag(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    client = api(place.users["bob"])
    got = client.get(f"/answers/{given}")
    assert got.json["question_id"] == str(asked)
    assert got.json["can"]["edit"]
    assert got.headers["ETag"].startswith('"v1-')
    assert client.get(f"/answers/{given}", headers={"If-None-Match": got.headers["ETag"]}).status_code == 304
    operations.edit_answer(place.bob, given, body="再想了想。")
    again = client.get(f"/answers/{given}", headers={"If-None-Match": got.headers["ETag"]})
    assert again.status_code == 200
    assert again.headers["ETag"].startswith('"v2-')
    operations.hide_answer(place.mod, given, reason="不友善")
    assert client.get(f"/answers/{given}").json["status"] == "hidden"
    assert api(place.users["ann"]).get(f"/answers/{given}").status_code == 404


def test_a_question_changes_its_tag_with_every_decision(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    client = api(place.users["ann"])
    tags = [client.get(f"/questions/{asked}").headers["ETag"]]
    accept(place.ann, asked, given)
    tags.append(client.get(f"/questions/{asked}").headers["ETag"])
    posts.like_post(place.bob, asked, on=True)
    tags.append(client.get(f"/questions/{asked}").headers["ETag"])
    assert len(set(tags)) == 3
    assert [tag.partition("-")[0] for tag in tags] == ['"v1', '"v2', '"v2']


def test_who_asked_without_a_name_is_null_everywhere(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    asked = ask(place, anonymous=True)
    mine = answer(place.ann, asked)
    answer(place.bob, asked)
    for user in (*place.users.values(), place.owner_user, None):
        client = api(user) if user else api()
        assert client.get(f"/questions/{asked}").json["author"] is None
        assert client.get(f"/answers/{mine}").json["author"] is None
        assert [row["author"] for row in client.get(f"/circles/{place.slug}/questions").json["items"]] == [None]
        named = [row["author"] is not None for row in client.get(f"/questions/{asked}/answers").json["items"]]
        assert sorted(named) == [False, True]


def test_a_private_circle_answers_nothing(app: Flask, make: Make, api: Any) -> None:
    place = make.place(visibility="private")
    asked = ask(place)
    given = answer(place.bob, asked)
    paths = (
        f"/questions/{asked}",
        f"/questions/{asked}/answers",
        f"/answers/{given}",
        f"/circles/{place.slug}/questions",
    )
    for path in paths:
        assert api().get(path).status_code == 404
        assert api(place.users["bob"]).get(path).status_code == 200
