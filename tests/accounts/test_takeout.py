"""The copy of all somebody has here: complete, theirs alone, made once, and gone after a week."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.accounts import copies, operations
from circle.accounts import jobs as account_jobs
from circle.accounts.models import AuthSession, Takeout, User
from circle.accounts.operations import takeouts
from circle.circles import operations as circles
from circle.core import clock, jobs, storage
from circle.core.actor import VISITOR
from circle.core.db import db
from circle.core.errors import NotFound, RateLimited, Unauthenticated
from circle.core.operation import operation
from circle.home import batches, takeout
from circle.media import uploads
from circle.notifications.queries import inbox
from circle.posts import operations as posts
from circle.posts.models import PollOption
from circle.topics import operations as topics
from tests.clients import ApiClient, Browser
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together

OTHERS = "别人的秘密"


def ask(actor: Actor) -> int:
    takeout_id = operations.ask_takeout(actor)
    jobs.run_due()
    db.session.expire_all()
    return takeout_id


def stored(takeout_id: int) -> ZipFile:
    key = copies.get_takeout(takeout_id).storage_key
    assert key
    return ZipFile(BytesIO(b"".join(storage.storage().stream(key))))


def kept_copies() -> set[str]:
    return {file.key for file in storage.storage().list("takeouts/")}


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


@pytest.fixture
def lived(place: Place, make: Make) -> tuple[Place, dict[str, int]]:
    """Ann did everything that can be done, and Bob wrote what is his."""
    ann = place.ann
    topic = topics.create_topic(place.owner, place.slug, title="早读")
    topics.follow_topic(ann, topic)
    picture = uploads.take_upload(ann, FileStorage(BytesIO(make.picture()), "窗外.png"), "post")
    post_id = posts.publish_post(
        ann, place.slug, body="第一稿", title="早安", topic_ids=[topic], media_ids=[picture], alts=["雾"],
        poll=posts.PollContent.of(["茶", "咖啡"], question="喝什么？"),
    )  # fmt: skip
    with clock.at(clock.now() + timedelta(hours=1)):
        posts.edit_post(ann, post_id, body="第二稿")
    theirs = posts.publish_post(place.bob, place.slug, body=OTHERS, poll=posts.PollContent.of(["山", "水"]))
    comment_id = posts.write_comment(ann, theirs, body="我的评论")
    posts.write_comment(place.bob, post_id, body="早")
    posts.like_post(ann, theirs, on=True)
    posts.like_comment(ann, posts.write_comment(place.bob, theirs, body=OTHERS), on=True)
    posts.favorite_post(ann, theirs, on=True)
    option = select(PollOption.id).where(PollOption.post_id == theirs, PollOption.position == 1)
    posts.vote(ann, theirs, [db.session.scalars(option).one()])
    posts.new_draft(ann, place.slug, posts.DraftContent.of(body="还没写完"))
    operations.block_user(ann, place.users["mod"].id)
    operations.agree(ann)
    operations.open_browser_session(ann.id or 0, user_agent="Firefox", address="10.1.2.3")
    asked = make.circle(make.user(), join_mode="application", questions=["为什么？"], name="夜读")
    circles.join_circle(ann, asked.slug, answers=["想读书"])
    return place, {"post": post_id, "theirs": theirs, "comment": comment_id, "picture": picture}


def test_everything_one_has_is_in_it(lived: tuple[Place, dict[str, int]]) -> None:
    place, ids = lived
    archive = stored(ask(place.ann))
    assert archive.testzip() is None
    held: dict[str, Any] = {
        name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist() if ".json" in name
    }
    assert held["profile"]["username"] == place.ann.username
    assert {row["paper"] for row in held["agreements"]} == {"terms", "privacy"}
    assert "Firefox" in {row["device"] for row in held["sign_ins"]}
    assert [row["nickname"] for row in held["blocked"]] == [place.users["mod"].nickname]
    assert [(row["name"], row["role"]) for row in held["circles"]] == [(place.circle.name, "member")]
    assert held["applications"][0]["answers"] == [{"question": "为什么？", "answer": "想读书"}]
    (post,) = held["posts"]
    assert (post["body"], post["title"], post["topics"]) == ("第二稿", "早安", ["早读"])
    assert post["files"] == [{"id": str(ids["picture"]), "description": "雾"}]
    assert [version["body"] for version in post["earlier_versions"]] == ["第一稿"]
    assert [option["text"] for option in post["poll"]["options"]] == ["茶", "咖啡"]
    assert [row["body"] for row in held["drafts"]] == ["还没写完"]
    assert [row["body"] for row in held["comments"]] == ["我的评论"]
    address = f"/{place.slug}/posts/{ids['theirs']}"
    assert [row["what"] for row in held["likes"]] == ["comment", "post"]
    assert held["likes"][1]["address"] == held["favorites"][0]["address"] == held["votes"][0]["address"] == address
    assert held["likes"][0]["address"].startswith(f"{address}#comment-")
    assert (held["votes"][0]["choice"], held["topics"][0]["title"]) == ("水", "早读")
    assert [row["quote"] for row in held["notifications"] if "comment" in row["address"]] == ["早"]
    assert archive.getinfo(held["files"][0]["file"]).compress_type == ZIP_STORED
    assert archive.read(held["files"][0]["file"])[:4] == b"RIFF"


def test_neither_secrets_nor_the_words_of_others_are_in_it(lived: tuple[Place, dict[str, int]]) -> None:
    place, _ids = lived
    archive = stored(ask(place.ann))
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="ignore")
    assert OTHERS not in everything
    for row in db.session.scalars(select(AuthSession).where(AuthSession.user_id == place.ann.id)):
        assert row.access_sha256 not in everything and row.seed not in everything


@pytest.mark.parametrize(("locale", "word"), [("zh_Hans_CN", "UTC"), ("en", "A copy of everything of @")])
def test_it_is_explained_in_the_language_of_the_person(place: Place, locale: str, word: str) -> None:
    operations.edit_profile(place.ann, locale=locale)
    archive = stored(ask(place.ann))
    explained = archive.read("README.txt").decode()
    assert word in explained
    for name in archive.namelist():
        assert name == "README.txt" or name.startswith("files/") or f"{name}:" in explained


def test_who_has_nothing_gets_a_copy_of_that(make: Make) -> None:
    archive = stored(ask(actor_of(make.user())))
    assert json.loads(archive.read("posts.json")) == []


def test_long_lists_are_read_in_batches_and_lose_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    wanted = [posts.publish_post(place.ann, place.slug, body=f"第 {number} 天") for number in range(7)]
    for post_id in [posts.publish_post(place.bob, place.slug, body="早") for _number in range(6)]:
        posts.like_post(place.ann, post_id, on=True)
    archive = stored(ask(place.ann))
    assert [int(row["id"]) for row in json.loads(archive.read("posts.json"))] == wanted
    assert len(json.loads(archive.read("likes.json"))) == 6


def test_a_large_file_does_not_fill_the_memory(place: Place, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads.take_upload(place.ann, FileStorage(BytesIO(make.picture()), "a.png"), "post")
    block = bytes(256 * 1024)
    monkeypatch.setattr(type(storage.storage()), "stream", lambda *_args: (block for _number in range(160)))
    ask(actor_of(make.user()))  # whatever is loaded once
    takeout_id = operations.ask_takeout(place.ann)
    tracemalloc.start()
    takeout.make(takeout_id)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert copies.get_takeout(takeout_id).bytes > 160 * len(block) > 4 * peak


def test_a_file_that_got_lost_does_not_stop_it(lived: tuple[Place, dict[str, int]]) -> None:
    place, _ids = lived
    for file in list(storage.storage().list()):
        storage.storage().delete(file.key)
    files = json.loads(stored(ask(place.ann)).read("files.json"))
    assert [row["file"] for row in files] == [None]


# ---- asking ------------------------------------------------------------------------------------------------------


def test_asking_while_it_is_made_is_asking_once(app: Flask, place: Place) -> None:
    ann = place.ann
    first = operations.ask_takeout(ann)
    assert all_well(together(app, [lambda: operations.ask_takeout(ann)] * 4)) == [first] * 4
    jobs.run_due()
    assert len(kept_copies()) == 1


def test_two_who_ask_at_once_make_one_copy(app: Flask, place: Place) -> None:
    ann = place.ann
    asked = all_well(together(app, [lambda: operations.ask_takeout(ann)] * 5))
    assert len(set(asked)) == 1
    jobs.run_due()
    assert len(kept_copies()) == 1 == len(db.session.scalars(select(Takeout)).all())


def test_the_next_copy_is_made_a_day_later(place: Place) -> None:
    ask(place.ann)
    with pytest.raises(RateLimited):
        operations.ask_takeout(place.ann)
    with clock.at(clock.now() + timedelta(hours=24, minutes=1)):
        ask(place.ann)
    assert len(kept_copies()) == 2


def test_nobody_asks_for_nobody(app: Flask) -> None:
    with pytest.raises(Unauthenticated):
        operations.ask_takeout(VISITOR)
    with pytest.raises(Unauthenticated):
        copies.newest_takeout(VISITOR)


# ---- making it ---------------------------------------------------------------------------------------------------


def test_made_twice_it_is_stored_once(app: Flask, place: Place) -> None:
    takeout_id = ask(place.ann)
    takeout.make(takeout_id)
    takeout.make(1)
    assert len(kept_copies()) == 1
    with clock.at(clock.now() + timedelta(days=2)):
        again = operations.ask_takeout(place.ann)
        all_well(together(app, [lambda: takeout.make(again)] * 2))
    assert len(kept_copies()) == 2


def test_what_a_killed_worker_left_is_swept_and_the_copy_made_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object, **_values: object) -> bool:
        raise KeyboardInterrupt

    takeout_id = operations.ask_takeout(place.ann)
    monkeypatch.setattr(operations, "finish_takeout", killed)
    with pytest.raises(KeyboardInterrupt):
        takeout.make(takeout_id)
    monkeypatch.undo()
    (left,) = kept_copies()
    jobs.run_due()
    assert len(kept_copies()) == 2
    account_jobs.forget_takeouts()
    assert left in kept_copies()  # too young to be sure that nobody is at it
    with clock.at(clock.now() + timedelta(days=2)):
        account_jobs.forget_takeouts()
    assert kept_copies() == {copies.get_takeout(takeout_id).storage_key}


def test_nothing_is_kept_for_somebody_who_is_gone_meanwhile(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    takeout_id = operations.ask_takeout(place.ann)
    fill = takeout._fill

    def leave_meanwhile(*args: Any) -> None:
        fill(*args)
        user_id = place.ann.id or 0
        operations.order_deletion(user_id, keep_content=True)
        operations.close_account(user_id)
        operations.finish_erasure(user_id)

    monkeypatch.setattr(takeout, "_fill", leave_meanwhile)
    takeout.make(takeout_id)
    assert kept_copies() == set()
    takeout.make(takeout_id)


def test_a_copy_that_is_never_made_may_be_asked_for_again(place: Place) -> None:
    first = operations.ask_takeout(place.ann)
    with clock.at(clock.now() + timedelta(hours=25)):
        second = operations.ask_takeout(place.ann)
        jobs.run_due()
    assert copies.get_takeout(first).status == "failed"
    assert (second != first, copies.get_takeout(second).status) == (True, "ready")


def test_after_a_week_it_is_gone(place: Place, browser: Callable[..., Browser]) -> None:
    takeout_id = ask(place.ann)
    path = copies.get_takeout(takeout_id).path
    with clock.at(clock.now() + takeouts.KEPT_FOR + timedelta(minutes=1)):
        assert browser(place.users["ann"]).get(path).status_code == 404  # before the job comes by, too
        account_jobs.forget_takeouts()
    assert kept_copies() == set()
    assert copies.get_takeout(takeout_id).status == "expired"


# ---- pages and API -----------------------------------------------------------------------------------------------


def test_one_asks_waits_is_told_and_fetches(place: Place, browser: Callable[..., Browser]) -> None:
    mine = browser(place.users["ann"])
    assert "/settings/data/copy" in mine.get("/settings/data").text
    assert mine.post("/settings/data/copy", {}).status_code == 303
    assert '/settings/data/copy"' not in mine.get("/settings/data").text
    jobs.run_due()
    told = inbox(place.ann).items[0]
    assert (told.kind, told.url) == ("account.copy_ready", "/settings/data")
    path = copies.newest_takeout(place.ann).path
    assert path in mine.get("/settings/data").text
    answer = mine.get(path)
    assert answer.mimetype == "application/zip" and "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert ZipFile(BytesIO(answer.data)).testzip() is None
    assert mine.post("/settings/data/copy", {}).status_code == 422


def test_nobody_else_gets_it(place: Place, browser: Callable[..., Browser]) -> None:
    path = copies.get_takeout(ask(place.ann)).path
    assert browser(place.users["bob"]).get(path).status_code == 404
    assert browser(place.owner_user).get(path).status_code == 404
    assert browser().get(path).status_code == 303
    assert browser().get(f"{path}?t=99999999999.{'0' * 32}").status_code == 303


def test_the_api_gives_an_address_that_needs_no_cookie(
    place: Place, api: Callable[..., ApiClient], browser: Callable[..., Browser]
) -> None:
    mine = api(place.users["ann"])
    assert mine.get("/me/export").status_code == 404
    asked = mine.post("/me/export")
    assert (asked.status_code, asked.get_json()["status"], asked.get_json()["url"]) == (202, "waiting", None)
    jobs.run_due()
    ready = mine.get("/me/export").get_json()
    assert ready["status"] == "ready" and ready["bytes"] > 0
    address = ready["url"].removeprefix("http://localhost")
    assert browser().get(address).status_code == 200
    with clock.at(clock.now() + timedelta(hours=3)):
        assert browser().get(address).status_code == 303
    again = mine.post("/me/export")
    assert again.status_code == 429 and int(again.headers["Retry-After"]) > 0


def test_a_copy_of_a_closed_account_is_not_there(place: Place) -> None:
    @operation
    def gone() -> None:
        db.session.get_one(User, place.ann.id).status = "deleted"

    takeout_id = operations.ask_takeout(place.ann)
    gone()
    takeout.make(takeout_id)
    assert kept_copies() == set()
    with pytest.raises(NotFound):
        copies.get_takeout(1)
