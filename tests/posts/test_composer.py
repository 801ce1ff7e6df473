"""The composer as a browser without JavaScript sends it, what its script sends, and drafts over JSON."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import db
from circle.posts import operations, queries
from circle.posts.models import Draft, Post
from circle.posts.operations import DraftContent, Plan
from tests.factories import Make
from tests.media import samples


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


@pytest.fixture
def ann(place: Any, browser: Any) -> Any:
    return browser(place.users["ann"])


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def local(moment: Any, tz: str = "Asia/Shanghai") -> str:
    """As a browser's field for date and time writes it."""
    return moment.astimezone(ZoneInfo(tz)).strftime("%Y-%m-%dT%H:%M")


def new(place: Any, body: str = "还没写完", **values: Any) -> operations.Saved:
    return operations.new_draft(place.ann, place.slug, DraftContent.of(body=body, **values))


# ---- without JavaScript --------------------------------------------------------------------------------------


def test_a_button_keeps_a_draft_with_its_files_and_the_box_leads_back_to_it(
    app: Flask, place: Any, ann: Any, make: Make
) -> None:
    page = ann.get(f"/{place.slug}/posts/new").get_data(as_text=True)
    assert f'formaction="/{place.slug}/drafts"' in page
    kept = ann.post(f"/{place.slug}/drafts", {
        "body": "还没写完", "title": "清晨", "images": (BytesIO(make.picture()), "a.png"),
        "poll_question": "几点？", "poll_options": ["六点", ""],
    })  # fmt: skip
    assert (kept.status_code, kept.location) == (303, "/me/drafts")
    box = ann.get("/me/drafts").get_data(as_text=True)
    assert "清晨" in box
    draft = queries.drafts(place.ann).items[0]
    assert [file.kind for file in draft.media] == ["image"]
    assert draft.poll is not None
    assert draft.poll["options"] == ["六点"]
    again = ann.get(draft.url).get_data(as_text=True)
    assert "还没写完" in again
    assert f'name="media_ids" value="{draft.media[0].id}"' in again
    assert 'value="几点？"' in again
    assert ann.post(f"/me/drafts/{draft.id}/delete").status_code == 303
    assert count(Draft) == 0


def test_the_composer_offers_the_draft_that_was_left(app: Flask, place: Any, ann: Any) -> None:
    assert "draft-offer" not in ann.get(f"/{place.slug}/posts/new").get_data(as_text=True)
    draft = new(place, "窗外有雾")
    page = ann.get(f"/{place.slug}/posts/new").get_data(as_text=True)
    assert f'href="/{place.slug}/posts/new?draft={draft.id}"' in page
    assert "窗外有雾" in page


def test_publishing_a_draft_from_its_page_ends_it(app: Flask, place: Any, ann: Any, make: Make) -> None:
    draft = new(place)
    form = {"body": "写完了", "draft_id": str(draft.id), "seq": str(draft.seq), "once": "x" * 24}
    first, second = (ann.post(f"/{place.slug}/posts", form) for _click in range(2))
    assert first.status_code == 303
    assert first.location == second.location
    assert (count(Post), count(Draft)) == (1, 0)


def test_publishing_a_draft_that_is_gone_asks_once_more(app: Flask, place: Any, ann: Any) -> None:
    draft = new(place)
    operations.delete_draft(place.ann, draft.id)
    form = {"body": "写完了", "draft_id": str(draft.id), "seq": "1"}
    answer = ann.post(f"/{place.slug}/posts", form)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "写完了" in page
    assert 'name="draft_id" value=""' in page
    assert ann.post(f"/{place.slug}/posts", {"body": "写完了"}).status_code == 303


@pytest.mark.parametrize("address", ["posts", "drafts"])
def test_an_older_page_gets_its_words_back_and_the_way_to_the_newer_ones(
    app: Flask, place: Any, ann: Any, address: str
) -> None:
    draft = new(place)
    operations.save_draft(place.ann, draft.id, DraftContent.of(body="从电脑"), seq=1, writer="laptop")
    form = {"body": "从手机", "draft_id": str(draft.id), "seq": "1", "writer": "phone"}
    answer = ann.post(f"/{place.slug}/{address}", form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "从手机" in page
    assert f'href="/{place.slug}/posts/new?draft={draft.id}"' in page
    assert 'name="draft_id" value=""' in page  # sent again it is a second draft or a post, and overwrites nothing
    assert queries.get_draft(place.ann, draft.id).body == "从电脑"


def test_an_upload_that_is_taken_away_does_not_come_along(app: Flask, place: Any, ann: Any, make: Make) -> None:
    ids = re.findall(r'name="media_ids" value="(\d+)"', "".join(
        ann.post("/media", {"file": (BytesIO(make.picture(color=color)), "a.png")}).get_data(as_text=True)
        for color in ("#111111", "#222222")
    ))  # fmt: skip
    answer = ann.post(f"/{place.slug}/posts", {
        "body": "一张", "media_ids": ids, "alts": ["一", "二"], "remove_media": ids[0],
    })  # fmt: skip
    post = queries.get_post(place.ann, int(answer.location.rpartition("/")[2]))
    assert [(item.id, item.alt) for item in post.media] == [(int(ids[1]), "二")]


def test_a_voice_a_video_and_files_come_with_the_plain_form(app: Flask, place: Any, ann: Any) -> None:
    answer = ann.post(f"/{place.slug}/posts", {
        "body": "听", "voice": (BytesIO(samples.wav()), "voice.wav"), "files": (BytesIO("讲义".encode()), "讲义.txt"),
    })  # fmt: skip
    assert answer.status_code == 303
    post = queries.get_post(place.ann, int(answer.location.rpartition("/")[2]))
    assert [item.kind for item in post.media] == ["audio", "file"]
    page = ann.get(answer.location).get_data(as_text=True)
    assert "<audio controls" in page
    assert "讲义.txt" in page
    edit = ann.get(f"{answer.location}/edit").get_data(as_text=True)
    assert f'name="remove_images" value="{post.media[0].id}"' in edit
    saved = ann.post(f"{answer.location}/edit", {"body": "读", "remove_images": [str(post.media[0].id)]})
    assert saved.status_code == 303
    assert [item.kind for item in queries.get_post(place.ann, post.id).media] == ["file"]


@pytest.mark.parametrize(
    ("field", "name", "data"),
    [("voice", "a.txt", b"words"), ("video", "a.wav", samples.wav()), ("images", "a.txt", b"x")],
)
def test_a_file_of_another_kind_brings_the_form_back(
    app: Flask, place: Any, ann: Any, field: str, name: str, data: bytes
) -> None:
    answer = ann.post(f"/{place.slug}/posts", {"body": "一句不想丢的话", field: (BytesIO(data), name)})
    assert answer.status_code == 422
    assert "一句不想丢的话" in answer.get_data(as_text=True)
    assert count(Post) == 0


def test_pictures_and_a_voice_are_not_taken_together(app: Flask, place: Any, ann: Any, make: Make) -> None:
    answer = ann.post(f"/{place.slug}/posts", {
        "body": "x", "voice": (BytesIO(samples.wav()), "v.wav"), "images": (BytesIO(make.picture()), "a.png"),
    })  # fmt: skip
    assert answer.status_code == 422
    assert count(Post) == 0


# ---- planning ------------------------------------------------------------------------------------------------


def test_a_time_in_the_form_plans_the_post_in_the_circles_time_zone(app: Flask, place: Any, ann: Any) -> None:
    at = (clock.now() + timedelta(days=1)).replace(second=0, microsecond=0)
    answer = ann.post(f"/{place.slug}/posts", {"body": "明天见", "publish_at": local(at), "once": "x" * 24})
    assert (answer.status_code, answer.location) == (303, "/me/drafts")
    draft = queries.drafts(place.ann).items[0]
    assert draft.publish_at == at
    assert count(Post) == 0
    page = ann.get(draft.url).get_data(as_text=True)
    assert f'value="{local(at)}"' in page
    assert "data-autosave" not in page  # half a sentence must not appear because its time came
    changed = {"body": "后天见", "publish_at": local(at + timedelta(days=1)), "draft_id": str(draft.id), "seq": "1"}
    assert ann.post(f"/{place.slug}/posts", changed).status_code == 303
    assert queries.get_draft(place.ann, draft.id).publish_at == at + timedelta(days=1)
    assert ann.post(f"/me/drafts/{draft.id}/unplan").status_code == 303
    assert queries.get_draft(place.ann, draft.id).publish_at is None


@pytest.mark.parametrize("written", ["soon", "2020-01-01T08:00", "9999-01-01T08:00"])
def test_a_time_that_cannot_be_brings_the_form_back(app: Flask, place: Any, ann: Any, written: str) -> None:
    answer = ann.post(f"/{place.slug}/posts", {"body": "明天见", "publish_at": written})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "明天见" in page
    assert 'href="#publish_at"' in page
    assert (count(Post), count(Draft)) == (0, 0)


def test_the_box_says_why_a_planned_post_did_not_appear(app: Flask, place: Any, ann: Any) -> None:
    at = Plan(clock.now() + timedelta(minutes=5))
    draft = operations.new_draft(place.ann, place.slug, DraftContent.of(body="明天见"), plan=at)
    circles.mute_member(place.owner, place.slug, place.ann.id, duration_s=86400)
    with clock.at(clock.now() + timedelta(minutes=6)):
        jobs.run_due()
    sentence = str(queries.get_draft(place.ann, draft.id).failure_sentence)
    assert sentence in ann.get("/me/drafts").get_data(as_text=True)


# ---- what the script sends -----------------------------------------------------------------------------------


def test_the_script_gets_the_number_of_the_next_save(app: Flask, place: Any, ann: Any) -> None:
    first = ann.post(f"/{place.slug}/drafts", {"body": "一", "writer": "page-1"}, htmx=True).get_data(as_text=True)
    found = re.search(r'id="draft-state"[^>]* data-id="(\d+)" data-seq="(\d+)"', first)
    assert found
    assert "<html" not in first
    form = {"body": "一二", "writer": "page-1", "draft_id": found[1], "seq": found[2]}
    assert 'data-seq="2"' in ann.post(f"/{place.slug}/drafts", form, htmx=True).get_data(as_text=True)


def test_the_script_gets_the_newer_state_when_it_is_behind(app: Flask, place: Any, ann: Any) -> None:
    draft = new(place)
    operations.save_draft(place.ann, draft.id, DraftContent.of(body="从电脑"), seq=1, writer="laptop")
    form = {"body": "从手机", "draft_id": str(draft.id), "seq": "1", "writer": "phone"}
    answer = ann.post(f"/{place.slug}/drafts", form, htmx=True)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "从电脑" in text
    assert "data-keep-copy" in text
    assert f"draft={draft.id}" in text


# ---- JSON --------------------------------------------------------------------------------------------------------


def test_drafts_over_json_from_the_first_word_to_the_post(app: Flask, place: Any, make: Make, api: Any) -> None:
    ann = api(place.users["ann"])
    picture = ann.post(
        "/media", data={"file": (BytesIO(make.picture()), "a.png")}, content_type="multipart/form-data"
    ).get_json()["id"]  # fmt: skip
    made = ann.post(f"/circles/{place.slug}/drafts", {"body": "一", "media_ids": [picture], "alts": ["窗"]})
    assert made.status_code == 201
    draft = made.get_json()
    assert (draft["circle"]["slug"], draft["alts"], draft["seq"]) == (place.slug, ["窗"], 1)
    path = f"/me/drafts/{draft['id']}"
    saved = ann.put(path, json={"body": "一二", "media_ids": [picture], "alts": ["窗"], "seq": 1}).get_json()
    assert saved["seq"] == 2
    stale = ann.put(path, json={"body": "别处", "seq": 1})
    assert (stale.status_code, stale.get_json()["code"]) == (409, "DRAFT_STALE")
    assert ann.get(path).get_json()["body"] == "一二"
    assert [each["id"] for each in ann.get("/me/drafts").get_json()["items"]] == [draft["id"]]
    behind = ann.post(f"{path}/publish", {"seq": 1})
    assert (behind.status_code, behind.get_json()["code"]) == (409, "DRAFT_STALE")
    post = ann.post(f"{path}/publish", {"seq": 2})
    assert (post.status_code, post.get_json()["body"]) == (201, "一二")
    assert ann.get(path).status_code == 404
    assert ann.post(f"{path}/publish").status_code == 404


def test_a_draft_is_planned_and_called_off_over_json(app: Flask, place: Any, api: Any) -> None:
    ann = api(place.users["ann"])
    at = (clock.now() + timedelta(hours=2)).replace(microsecond=0)
    sent = at.isoformat().replace("+00:00", "Z")
    draft = ann.post(f"/circles/{place.slug}/drafts", {"body": "明天见", "publish_at": sent}).get_json()
    assert draft["publish_at"] == sent
    path = f"/me/drafts/{draft['id']}"
    assert ann.put(path, json={"body": "后天见", "seq": 1}).get_json()["publish_at"] == sent  # left out, it stays
    assert ann.put(path, json={"body": "后天见", "seq": 2, "publish_at": None}).get_json()["publish_at"] is None
    early = ann.put(path, json={"body": "后天见", "seq": 2, "publish_at": "2020-01-01T00:00:00Z"})
    assert early.status_code == 422
    assert "publish_at" in early.get_json()["errors"]
    assert ann.delete(path).status_code == 204


def test_the_same_key_makes_one_draft(app: Flask, place: Any, api: Any) -> None:
    ann = api(place.users["ann"])
    headers = {"Idempotency-Key": "draft-key-0001"}
    made = [
        ann.post(f"/circles/{place.slug}/drafts", {"body": "一"}, headers=headers).get_json()["id"] for _n in range(2)
    ]
    assert made[0] == made[1]
    assert count(Draft) == 1


def test_descriptions_of_pictures_come_over_json(app: Flask, place: Any, make: Make, api: Any) -> None:
    ann = api(place.users["ann"])
    picture = ann.post(
        "/media", data={"file": (BytesIO(make.picture()), "a.png")}, content_type="multipart/form-data"
    ).get_json()["id"]  # fmt: skip
    made = ann.post(f"/circles/{place.slug}/posts", {"body": "x", "media_ids": [picture], "alts": ["窗外的雾"]})
    post_id = int(made.get_json()["id"])
    assert queries.get_post(place.ann, post_id).media[0].alt == "窗外的雾"
    ann.patch(f"/posts/{post_id}", {"media_ids": [picture], "alts": ["书桌"]})
    assert queries.get_post(place.ann, post_id).media[0].alt == "书桌"
    ann.patch(f"/posts/{post_id}", {"alts": ["窗边的书桌"]})
    assert queries.get_post(place.ann, post_id).media[0].alt == "窗边的书桌"
    ann.patch(f"/posts/{post_id}", {"body": "y", "media_ids": [picture]})
    assert queries.get_post(place.ann, post_id).media[0].alt == "窗边的书桌"
    ann.patch(f"/posts/{post_id}", {"alts": [""]})
    assert queries.get_post(place.ann, post_id).media[0].alt == ""


def test_a_picture_is_described_without_javascript_when_the_post_is_edited(
    app: Flask, place: Any, ann: Any, make: Make
) -> None:
    answer = ann.post(f"/{place.slug}/posts", {
        "body": "两张", "images": [(BytesIO(make.picture(color=color)), "a.png") for color in ("#111111", "#222222")],
    })  # fmt: skip
    url = answer.location
    post = queries.get_post(place.ann, int(url.rpartition("/")[2]))
    first, second = (str(item.id) for item in post.media)
    page = ann.get(f"{url}/edit").get_data(as_text=True)
    assert page.count('name="described_alts"') == 2
    sent = {"body": "两张", "described": [first, second], "described_alts": ["窗外的雾\n很厚", "书桌"]}
    refused = ann.post(f"{url}/edit", {**sent, "title": "题" * 81}).get_data(as_text=True)
    assert "窗外的雾" in refused
    assert ann.post(f"{url}/edit", sent).status_code == 303
    assert [item.alt for item in queries.get_post(place.ann, post.id).media] == ["窗外的雾 很厚", "书桌"]
    ann.post(f"{url}/edit", {**sent, "described_alts": ["", "书桌"], "remove_images": second})
    assert [item.alt for item in queries.get_post(place.ann, post.id).media] == [""]
    # what names a file of somebody else, or nothing, describes nothing
    ann.post(f"{url}/edit", {"body": "一张", "described": ["1", "x", first], "described_alts": ["a", "b", "长" * 999]})
    assert [item.alt for item in queries.get_post(place.ann, post.id).media] == ["长" * 200]


def test_what_no_browser_plays_is_offered_to_be_taken_away(app: Flask, place: Any, ann: Any) -> None:
    answer = ann.post(f"/{place.slug}/posts", {"body": "听", "voice": (BytesIO(samples.amr()), "早安.amr")})
    assert answer.status_code == 303
    for url in (answer.location, f"/{place.slug}", f"{answer.location}/edit"):
        page = ann.get(url).get_data(as_text=True)
        assert 'download="早安.amr"' in page
        assert "<audio" not in page.replace('<audio controls preload="none" src=""', "")  # of the template for scripts
