"""Pages of posts as a browser without JavaScript sees them, and the fragments that htmx gets."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.accounts.models import User
from circle.core.db import db
from circle.posts import operations, queries
from circle.posts.models import Like, Post
from circle.topics import operations as topics
from tests.factories import SYSTEM, Make, _set, actor_of


def posts_in_database() -> int:
    return db.session.scalar(select(func.count()).select_from(Post)) or 0


def test_publish_with_pictures_and_a_topic_and_land_on_the_post(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安打卡")
    ann = browser(place.users["ann"])
    composer = ann.get(f"/{place.slug}/posts/new")
    assert composer.status_code == 200
    assert "早安打卡" in composer.get_data(as_text=True)
    answer = ann.post(f"/{place.slug}/posts", {
        "body": "今天的**雾**", "topic_ids": [str(topic)],
        "images": [(BytesIO(make.picture()), "a.png"), (BytesIO(make.picture(color="#123456")), "b.png")],
    })  # fmt: skip
    assert answer.status_code == 303
    page = ann.get(answer.location).get_data(as_text=True)
    assert "<strong>雾</strong>" in page
    assert "早安打卡" in page
    thumbs = re.findall(r'src="(/media/[^"]+)"', page)
    assert len([path for path in thumbs if "thumb" in path]) >= 2
    assert ann.get(thumbs[0]).mimetype == "image/webp"


def test_a_double_click_on_publish_makes_one_post(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    ann = browser(place.users["ann"])
    once = re.search(r'name="once" value="([^"]+)"', ann.get(f"/{place.slug}/posts/new").get_data(as_text=True))
    assert once
    answers = [ann.post(f"/{place.slug}/posts", {"body": "one", "once": once[1]}) for _click in range(2)]
    assert answers[0].location == answers[1].location
    assert posts_in_database() == 1


@pytest.mark.parametrize("name", ["report.pdf", "photo.jpg"])
def test_a_file_that_is_no_picture_brings_the_form_back_with_the_words(
    app: Flask, make: Make, browser: Any, name: str
) -> None:
    place = make.place()
    ann = browser(place.users["ann"])
    answer = ann.post(f"/{place.slug}/posts", {"body": "一句不想丢的话", "images": (BytesIO(b"%PDF-1.7 no"), name)})
    assert answer.status_code == 422
    assert "一句不想丢的话" in answer.get_data(as_text=True)
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert posts_in_database() == 0


def test_an_empty_post_brings_the_form_back(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    ann = browser(place.users["ann"])
    once = "x" * 24
    answer = ann.post(f"/{place.slug}/posts", {"body": "  ", "once": once})
    assert answer.status_code == 422
    assert ann.post(f"/{place.slug}/posts", {"body": "now with words", "once": once}).status_code == 303


def test_the_author_edits_removes_a_picture_and_deletes(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    ann = browser(place.users["ann"])
    location = ann.post(f"/{place.slug}/posts", {
        "body": "one", "images": [(BytesIO(make.picture()), "a.png"), (BytesIO(make.picture(color="#fff")), "b.png")],
    }).location  # fmt: skip
    post_id = int(location.rpartition("/")[2])
    images = queries.get_post(place.ann, post_id).images
    assert ann.get(f"{location}/edit").status_code == 200
    saved = ann.post(f"{location}/edit", {"body": "two", "remove_images": [str(images[0].id)]})
    assert saved.status_code == 303
    post = queries.get_post(place.ann, post_id)
    assert (post.body, [image.id for image in post.images]) == ("two", [images[1].id])
    assert browser(place.users["bob"]).get(f"{location}/edit").status_code == 403
    assert ann.post(f"{location}/delete").status_code == 303
    assert ann.get(location).status_code == 404


def test_a_visitor_is_sent_to_sign_in_and_comes_back(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    answer = browser().get(f"/{place.slug}/posts/new")
    assert answer.status_code == 303
    assert answer.location == f"/login?next=/{place.slug}/posts/new"


def test_like_with_and_without_javascript(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    bob = browser(place.users["bob"])
    plain = bob.post(f"/{place.slug}/posts/{post_id}/like", {"on": "1"})
    assert (plain.status_code, plain.location) == (303, f"/{place.slug}/posts/{post_id}#post-{post_id}")
    fragment = bob.post(f"/{place.slug}/posts/{post_id}/like", {"on": "0"}, htmx=True)
    text = fragment.get_data(as_text=True)
    assert fragment.status_code == 200
    assert 'aria-pressed="false"' in text
    assert "<html" not in text
    assert db.session.scalar(select(func.count()).select_from(Like)) == 0


def test_liking_ones_own_post_by_hand_is_answered_with_a_sentence(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    ann = browser(place.users["ann"])
    assert ann.post(f"/{place.slug}/posts/{post_id}/like", {"on": "1"}).status_code == 422


def test_a_comment_with_and_without_javascript(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    bob, path = browser(place.users["bob"]), f"/{place.slug}/posts/{post_id}"
    plain = bob.post(f"{path}/comments", {"body": "没有脚本也能写"})
    assert plain.status_code == 303
    assert "没有脚本也能写" in bob.get(path).get_data(as_text=True)
    fragment = bob.post(f"{path}/comments", {"body": "第二句"}, htmx=True).get_data(as_text=True)
    assert "第二句" in fragment
    assert 'id="comment-count"' in fragment
    empty = bob.post(f"{path}/comments", {"body": " "}, htmx=True)
    assert empty.status_code == 422
    assert "<html" not in empty.get_data(as_text=True)
    assert bob.post(f"{path}/comments", {"body": " "}).status_code == 422


def test_going_back_and_writing_something_else_is_no_double_click(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    ann, once = browser(place.users["ann"]), "x" * 24
    first = ann.post(f"/{place.slug}/posts", {"body": "one", "once": once})
    second = ann.post(f"/{place.slug}/posts", {"body": "two", "once": once})
    assert first.location != second.location
    assert posts_in_database() == 2


def test_an_edit_that_somebody_overtook_brings_the_words_back(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = operations.write_comment(place.ann, post_id, body="one")
    ann = browser(place.users["ann"])
    operations.edit_post(place.ann, post_id, body="from the other device")
    operations.edit_comment(place.ann, comment_id, body="from the other device")
    for path in (f"/{place.slug}/posts/{post_id}/edit", f"/{place.slug}/comments/{comment_id}/edit"):
        late = ann.post(path, {"body": "一句不想丢的话", "version": "1"})
        assert late.status_code == 422
        assert "一句不想丢的话" in late.get_data(as_text=True)
    assert queries.get_post(place.ann, post_id).body == "from the other device"
    assert queries.get_comment(place.ann, comment_id)[0].body == "from the other device"


def test_a_picture_that_has_gone_does_not_take_the_words_with_it(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    answer = browser(place.users["ann"]).post(
        f"/{place.slug}/posts", {"body": "一句不想丢的话", "media_ids": ["123456789"]}
    )
    assert answer.status_code == 422
    assert "一句不想丢的话" in answer.get_data(as_text=True)


def test_replies_under_a_comment_that_is_gone_can_be_read(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    first = operations.write_comment(place.bob, post_id, body="gone soon")
    for number in range(4):
        operations.write_comment(place.ann, post_id, body=f"reply {number}", parent_id=first)
    operations.delete_comment(place.bob, first)
    page = browser().get(f"/{place.slug}/comments/{first}/replies").get_data(as_text=True)
    assert "reply 3" in page
    assert "gone soon" not in page


def test_an_account_that_is_gone_is_neither_named_nor_linked(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    gone = make.member(place.circle, user=make.user(nickname="从前的名字"))
    post_id = make.post(place)
    first = operations.write_comment(place.bob, post_id, body="one")
    reply = operations.write_comment(actor_of(gone), post_id, body="two", parent_id=first)
    operations.write_comment(place.bob, post_id, body="three", parent_id=reply)
    own = operations.publish_post(actor_of(gone), place.slug, body="four")
    _set(User, gone.id, {"status": "deleted"})
    for path in (f"/{place.slug}", f"/{place.slug}/posts/{post_id}", f"/{place.slug}/posts/{own}"):
        page = browser().get(path).get_data(as_text=True)
        assert "从前的名字" not in page
        assert 'href="None"' not in page


@pytest.mark.parametrize("htmx", [False, True])
def test_a_double_click_on_send_makes_one_comment(app: Flask, make: Make, browser: Any, htmx: bool) -> None:
    place = make.place()
    post_id = make.post(place)
    bob, path = browser(place.users["bob"]), f"/{place.slug}/posts/{post_id}"
    once = re.search(r'name="once" value="([^"]+)"', bob.get(path).get_data(as_text=True))
    assert once
    sent = {"body": "只说一遍", "once": once[1]}
    first, second = (bob.post(f"{path}/comments", sent, htmx=htmx) for _click in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert queries.get_post(place.bob, post_id).comment_count == 1


def test_replying_without_javascript_names_whom_one_answers(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = operations.write_comment(place.bob, post_id, body="one")
    ann, path = browser(place.users["ann"]), f"/{place.slug}/posts/{post_id}"
    page = ann.get(f"{path}?reply_to={comment_id}").get_data(as_text=True)
    assert f'name="parent_id" value="{comment_id}"' in page
    assert ann.get(f"{path}?reply_to=abc").status_code == 200
    ann.post(f"{path}/comments", {"body": "two", "parent_id": str(comment_id)})
    replies = ann.get(f"/{place.slug}/comments/{comment_id}/replies").get_data(as_text=True)
    assert "two" in replies


def test_the_author_edits_and_deletes_a_comment(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = operations.write_comment(place.bob, post_id, body="frist")
    bob, path = browser(place.users["bob"]), f"/{place.slug}/comments/{comment_id}"
    assert "frist" in bob.get(f"{path}/edit").get_data(as_text=True)
    assert bob.post(f"{path}/edit", {"body": "first"}).status_code == 303
    assert queries.get_comment(place.bob, comment_id)[0].body == "first"
    assert browser(place.users["ann"]).get(f"{path}/edit").status_code == 403
    assert bob.post(f"{path}/delete").status_code == 303
    assert queries.get_post(place.bob, post_id).comment_count == 0


def test_a_moderator_hides_with_a_reason_and_the_author_reads_it(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    mod, path = browser(place.users["mod"]), f"/{place.slug}/posts/{post_id}"
    without = mod.post(f"{path}/hide", {"reason": ""})
    assert without.status_code == 422
    assert 'name="reason"' in without.get_data(as_text=True)
    assert mod.post(f"{path}/hide", {"reason": "广告"}).status_code == 303
    assert "广告" in browser(place.users["ann"]).get(path).get_data(as_text=True)
    assert browser(place.users["bob"]).get(path).status_code == 404
    assert browser().get(path).status_code == 404
    assert mod.post(f"{path}/restore").status_code == 303
    assert browser().get(path).status_code == 200
    assert mod.post(f"{path}/remove", {"reason": "广告"}).status_code == 303
    assert mod.get(path).status_code == 404


def test_a_post_is_only_found_in_its_own_circle(app: Flask, make: Make, browser: Any) -> None:
    place, other = make.place(), make.place()
    post_id = make.post(place)
    assert browser().get(f"/{other.slug}/posts/{post_id}").status_code == 404
    assert browser(other.users["bob"]).post(f"/{other.slug}/posts/{post_id}/like", {"on": "1"}).status_code == 404


def test_markup_of_others_cannot_run_anything(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    evil = '<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) "><svg onload=alert(4)>'
    post_id = make.post(place, body=evil, title=evil[:70])
    operations.write_comment(place.bob, post_id, body=evil)
    operations.hide_post(SYSTEM, make.post(place, body="x"), reason=evil)
    for path in (f"/{place.slug}", f"/{place.slug}/posts/{post_id}"):
        page = browser(place.users["ann"]).get(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert not re.search(r"<(img|svg)[^>]*\son\w+=", page)
        assert 'href="javascript:' not in page


def test_more_comments_load_as_a_fragment(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    for number in range(25):
        operations.write_comment(place.bob, post_id, body=f"number {number}")
    ann, path = browser(place.users["ann"]), f"/{place.slug}/posts/{post_id}"
    page = ann.get(f"{path}?sort=oldest").get_data(as_text=True)
    more = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page)
    assert more
    rest = ann.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "number 24" in rest
    assert "<html" not in rest
    assert "<html" in ann.get(more[1].replace("&amp;", "&")).get_data(as_text=True)


def test_a_topic_page_shows_its_posts_in_three_orders(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安打卡", slug="zao-an")
    make.post(place, body="在话题里", topic_ids=[topic])
    make.post(place, body="不在话题里")
    for sort in ("newest", "active", "hot", "nonsense"):
        page = browser().get(f"/{place.slug}/topics/zao-an?sort={sort}").get_data(as_text=True)
        assert "在话题里" in page
        assert "不在话题里" not in page
    assert browser().get(f"/{place.slug}/topics/nowhere").status_code == 404
