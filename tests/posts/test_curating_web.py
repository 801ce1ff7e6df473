"""Pages of favourites, pins, featuring, revisions and quotes, as a browser without JavaScript and htmx see them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.core import clock, markup
from circle.core.db import db
from circle.posts import operations, queries
from circle.posts.models import Comment, Post
from circle.posts.quoting import quoted
from circle.topics import operations as topics
from tests.factories import Make


def text(answer: Any) -> str:
    return answer.get_data(as_text=True)


def test_the_bookmark_works_with_and_without_htmx_and_fills_the_page(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id, bob = make.post(place, body="留下来的一条"), browser(place.users["bob"])
    assert "留下来的一条" not in text(bob.get("/me/favorites"))
    plain = bob.post(f"/{place.slug}/posts/{post_id}/favorite", {"on": "1"})
    assert (plain.status_code, plain.location) == (303, f"/{place.slug}/posts/{post_id}#post-{post_id}")
    page = text(bob.get("/me/favorites"))
    assert "留下来的一条" in page
    assert f'href="/{place.slug}"' in page
    assert "/me/favorites" in text(bob.get("/me"))
    button = text(bob.post(f"/{place.slug}/posts/{post_id}/favorite", {"on": "0"}, headers={"HX-Request": "true"}))
    assert 'aria-pressed="false"' in button
    assert "<html" not in button
    assert queries.favorites(place.bob).items == []


def test_favourites_go_on_where_the_page_ends(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    for number in range(23):
        operations.favorite_post(place.bob, make.post(place, body=f"第 {number} 条"), on=True)
    bob = browser(place.users["bob"])
    page = text(bob.get("/me/favorites"))
    more = re.search(r'hx-get="(/me/favorites\?cursor=[^"]+)"', page)
    assert more
    rest = text(bob.get(more[1], headers={"HX-Request": "true"}))
    assert (page.count("<article"), rest.count("<article")) == (20, 3)
    assert "<html" not in rest


def test_a_moderator_pins_until_the_end_of_a_day_where_the_circle_is(app: Flask, make: Make, browser: Any) -> None:
    place = make.place(tz="America/New_York")
    first, second = make.post(place, body="第一条"), make.post(place, body="第二条")
    operations.pin_post(place.mod, first, rank=1)
    mod = browser(place.users["mod"])
    form = text(mod.get(f"/{place.slug}/posts/{second}/pin"))
    assert "第一条" in form  # before which it may be put
    day = clock.local_date(clock.now(), "America/New_York") + timedelta(days=2)
    done = mod.post(f"/{place.slug}/posts/{second}/pin", {"rank": "1", "until": day.isoformat()})
    assert done.status_code == 303
    row = db.session.scalars(select(Post).where(Post.id == second).execution_options(populate_existing=True)).one()
    assert row.pin_until is not None
    assert clock.local_date(row.pin_until - timedelta(seconds=1), "America/New_York") == day
    assert clock.local_date(row.pin_until, "America/New_York") == day + timedelta(days=1)
    shown = queries.pinned_posts(place.ann, queries.get_post(place.ann, first).circle)
    assert [post.id for post in shown] == [second, first]
    again = text(mod.get(f"/{place.slug}/posts/{second}/pin"))
    assert f'value="{day.isoformat()}"' in again
    assert mod.post(f"/{place.slug}/posts/{second}/unpin", {}).status_code == 303
    assert not queries.get_post(place.ann, second).pinned


@pytest.mark.parametrize("until", ["yesterday", "0001-01-01", "9999-12-31", "2020-02-02", "not a day", "2026-13-77"])
def test_a_day_that_cannot_be_brings_the_form_back(app: Flask, make: Make, browser: Any, until: str) -> None:
    place = make.place()
    post_id, mod = make.post(place), browser(place.users["mod"])
    answer = mod.post(f"/{place.slug}/posts/{post_id}/pin", {"rank": "1", "until": until})
    assert answer.status_code == 422
    assert until in text(answer)
    assert 'role="alert"' in text(answer)
    assert not queries.get_post(place.ann, post_id).pinned


def test_featuring_from_the_menu_and_back(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id, mod = make.post(place, body="一条好的"), browser(place.users["mod"])
    assert mod.post(f"/{place.slug}/posts/{post_id}/feature", {"on": "1"}).status_code == 303
    assert "一条好的" in text(mod.get(f"/{place.slug}?sort=featured"))
    assert "一条好的" not in text(browser(place.users["bob"]).get("/me/favorites"))
    ann = browser(place.users["ann"])
    assert place.circle.name in text(ann.get("/notifications"))
    assert "#award" in text(ann.get("/notifications"))
    assert mod.post(f"/{place.slug}/posts/{post_id}/feature", {"on": "0"}).status_code == 303
    assert "一条好的" not in text(mod.get(f"/{place.slug}?sort=featured"))


def test_the_page_of_edits_marks_what_went_and_what_came(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place, title="<旧>标题", body="今天有雾。<script>alert(1)</script>")
    with clock.at(clock.now() + timedelta(hours=1)):
        operations.edit_post(place.ann, post_id, title="<新>标题", body="今天有大雾。<script>alert(2)</script>")
    ann = browser(place.users["ann"])
    assert f"/posts/{post_id}/revisions" in text(ann.get(f"/{place.slug}/posts/{post_id}"))
    page = text(ann.get(f"/{place.slug}/posts/{post_id}/revisions"))
    assert re.search(r"<ins>.*?大.*?</ins>", page)
    assert re.search(r"<del>.*?旧.*?</del>", page)
    assert "<script>alert" not in page
    bob = browser(place.users["bob"])
    assert f"/posts/{post_id}/revisions" not in text(bob.get(f"/{place.slug}/posts/{post_id}"))
    assert bob.get(f"/{place.slug}/posts/{post_id}/revisions").status_code == 404
    operations.remove_post(place.mod, post_id, reason="off topic")
    gone = browser(place.users["mod"]).get(f"/{place.slug}/posts/{post_id}/revisions")
    assert gone.status_code == 200
    assert "大雾" in text(gone)
    assert ann.get(f"/{place.slug}/posts/{post_id}/revisions").status_code == 404


# ---- quotes --------------------------------------------------------------------------------------------------


def _typed(page: str) -> str:
    """What stands in the comment form."""
    found = re.search(r"<textarea[^>]*id=\"comment-body\"[^>]*>\n?(.*?)</textarea>", page, re.S)
    assert found
    return found[1]


def test_a_quote_fills_the_form_without_javascript_and_answers_the_comment(
    app: Flask, make: Make, browser: Any
) -> None:
    place = make.place()
    post_id = make.post(place, body="**早**，今天有雾。")
    comment_id = operations.write_comment(place.bob, post_id, body="真好")
    ann = browser(place.users["ann"])
    page = text(ann.get(f"/{place.slug}/posts/{post_id}"))
    assert f"?reply_to={comment_id}&amp;quote=1#comment-form" in page
    assert f"/{place.slug}/posts/{post_id}?quote=1#comment-form" in page
    whole = text(ann.get(f"/{place.slug}/posts/{post_id}?quote=1"))
    name = place.users["ann"].username
    assert _typed(whole) == f"&gt; @{name}：早，今天有雾。\n\n"
    answer = text(ann.get(f"/{place.slug}/posts/{post_id}?reply_to={comment_id}&quote=1"))
    assert _typed(answer) == f"&gt; @{place.users['bob'].username}：真好\n\n"
    assert f'name="parent_id" value="{comment_id}"' in answer
    fragment = ann.get(f"/{place.slug}/posts/{post_id}?quote=1", headers={"HX-Request": "true"})
    assert "<html" not in text(fragment)
    assert _typed(text(fragment)) == _typed(whole)
    ann.post(
        f"/{place.slug}/posts/{post_id}/comments",
        {"body": f"> @{name}：早\n\n我也看见了", "parent_id": str(comment_id)},
    )
    assert "<blockquote>" in db.session.scalars(select(Comment.body_html).order_by(Comment.id.desc())).first()


def test_what_another_post_or_nobody_said_cannot_be_quoted(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    one, two = make.post(place, body="一"), make.post(place, body="二")
    elsewhere = operations.write_comment(place.bob, two, body="在别处")
    ann = browser(place.users["ann"])
    page = text(ann.get(f"/{place.slug}/posts/{one}?reply_to={elsewhere}&quote=1"))
    assert "在别处" not in _typed(page)
    assert ann.get(f"/{place.slug}/posts/{one}?reply_to=zzz&quote=").status_code == 200


@pytest.mark.parametrize(
    "written",
    [
        "**a** 1 * 2",
        "[a](http://x.y)",
        "@bob 和 @ann",
        "#话题 和 # 号",
        "`c` ~~s~~ _x_ snake_case",
        "<b>\\",
        "1. a",
        "> q",
    ],
)
def test_a_quote_reads_as_what_it_quotes(written: str) -> None:
    html = markup.render(written)
    for name in ("ann", ""):
        said = markup.excerpt(markup.render(quoted(name, html)), 500)
        assert said == (f"@{name}：" if name else "") + markup.excerpt(html, 500)


def test_a_long_text_is_quoted_by_its_beginning_and_nothing_is_no_quote() -> None:
    assert len(quoted("ann", "<p>" + "雾" * 5000 + "</p>")) < 140
    assert quoted("ann", "", "好") == "好"


def test_a_topic_shows_what_is_featured_in_it(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安", slug="morning")
    _plain, good = (make.post(place, body=body, topic_ids=[topic]) for body in ("普通的", "难得的"))
    path = f"/{place.slug}/topics/morning?sort=featured"
    assert "普通的" not in text(browser().get(path))
    operations.feature_post(place.mod, good, on=True)
    page = text(browser().get(path))
    assert "难得的" in page
    assert "普通的" not in page
