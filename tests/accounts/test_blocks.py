"""Blocking hides both ways: in lists, mentions, notices and answers; those who run a circle still see it all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts import blocking, operations
from circle.accounts.models import Block
from circle.accounts.operations import blocks
from circle.accounts.queries import get_user, not_blocked
from circle.circles import operations as circles
from circle.circles.queries import member_page, members_named, readable_circle, suggested_members
from circle.core import jobs
from circle.core.actor import SYSTEM, VISITOR
from circle.core.db import db
from circle.core.errors import CircleError, NotFound, Refused, Unauthenticated
from circle.notifications.queries import inbox, unread_count
from circle.posts import operations as posts
from circle.posts import queries
from circle.topics import operations as topics
from tests.clients import ApiClient, Browser
from tests.factories import Make, Place
from tests.races.together import all_well, together


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


@pytest.fixture(params=["ann blocked bob", "bob blocked ann"])
def apart(request: pytest.FixtureRequest, place: Place) -> Place:
    """Ann and Bob do not meet; who of them wanted it so must make no difference."""
    one, other = (place.ann, place.bob) if request.param.startswith("ann") else (place.bob, place.ann)
    assert other.id
    operations.block_user(one, other.id)
    return place


def listed(actor: Actor, place: Place, **wanted: str) -> list[int]:
    circle = readable_circle(actor, place.slug)
    return [post.id for post in queries.feed(actor, circle, **wanted).items]


def blocks_between(place: Place) -> int:
    return db.session.scalar(select(func.count()).select_from(Block)) or 0


# ---- blocking itself ---------------------------------------------------------------------------------------------


def test_blocking_twice_is_blocking_once_and_unblocking_takes_it_back(place: Place) -> None:
    bob = place.bob.id or 0
    operations.block_user(place.ann, bob)
    operations.block_user(place.ann, bob)
    assert [row.user.id for row in blocking.blocked_people(place.ann).items] == [bob]
    assert blocking.blocked_people(place.bob).items == []
    operations.unblock_user(place.ann, bob)
    operations.unblock_user(place.ann, bob)
    assert blocks_between(place) == 0


def test_nobody_blocks_themselves_or_nobody_or_without_signing_in(place: Place) -> None:
    with pytest.raises(Refused, match="BLOCK_SELF"):
        operations.block_user(place.ann, place.ann.id or 0)
    with pytest.raises(NotFound):
        operations.block_user(place.ann, 1)
    for act in (operations.block_user, operations.unblock_user):
        with pytest.raises(Unauthenticated):
            act(VISITOR, place.ann.id or 0)
    with pytest.raises(Unauthenticated):
        blocking.blocked_people(VISITOR)


def test_there_is_an_end_to_blocking(place: Place, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCKS", 1)
    operations.block_user(place.ann, place.bob.id or 0)
    with pytest.raises(Refused, match="TOO_MANY_BLOCKS"):
        operations.block_user(place.ann, place.mod.id or 0)
    assert blocks_between(place) == 1


def test_pages_of_blocked_people_have_no_gaps(place: Place, make: Make) -> None:
    people = [make.user().id for _number in range(5)]
    for user_id in people:
        operations.block_user(place.ann, user_id)
    first = blocking.blocked_people(place.ann, limit=3)
    rest = blocking.blocked_people(place.ann, first.next_cursor, limit=3)
    assert [row.user.id for row in (*first.items, *rest.items)] == people[::-1]


def test_five_at_once_block_once(app: Flask, place: Place) -> None:
    ann, bob = place.ann, place.bob.id or 0
    all_well(together(app, [lambda: operations.block_user(ann, bob)] * 5))
    assert blocks_between(place) == 1


# ---- lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["newest", "active", "hot"])
def test_neither_finds_the_other_in_a_feed(apart: Place, make: Make, sort: str) -> None:
    by_ann, by_bob = make.post(apart), make.post(apart, "bob")
    assert listed(apart.ann, apart, sort=sort) == [by_ann]
    assert listed(apart.bob, apart, sort=sort) == [by_bob]
    assert set(listed(VISITOR, apart, sort=sort)) == {by_ann, by_bob}
    for actor, hidden in ((apart.ann, by_bob), (apart.bob, by_ann)):
        with pytest.raises(NotFound):
            queries.get_post(actor, hidden)


def test_featured_and_topic_pages_hide_both_ways(apart: Place, make: Make) -> None:
    topic = topics.create_topic(SYSTEM, apart.slug, title="早读")
    by_ann, by_bob = (make.post(apart, who, topic_ids=[topic]) for who in ("ann", "bob"))
    for post_id in (by_ann, by_bob):
        posts.feature_post(apart.mod, post_id, on=True)
    for actor, seen in ((apart.ann, [by_ann]), (apart.bob, [by_bob])):
        circle = readable_circle(actor, apart.slug)
        assert [post.id for post in queries.topic_feed(actor, circle, topic).items] == seen
        assert listed(actor, apart, sort="featured") == seen


def test_the_page_of_a_person_is_empty_and_says_no_more_than_a_name(apart: Place, make: Make) -> None:
    make.post(apart)
    make.post(apart, "bob")
    for actor, other in ((apart.ann, apart.bob), (apart.bob, apart.ann)):
        assert queries.posts_by(actor, other.id or 0).items == []
        assert get_user(actor, other.id or 0).nickname == other.nickname


def test_comments_of_the_other_are_not_there_and_neither_shows_under_a_card(apart: Place, make: Make) -> None:
    post_id = make.post(apart, "mod")
    by_ann = posts.write_comment(apart.ann, post_id, body="安")
    by_bob = posts.write_comment(apart.bob, post_id, body="博")
    for actor, mine, theirs in ((apart.ann, by_ann, "博"), (apart.bob, by_bob, "安")):
        page = queries.comment_page(actor, queries.get_post(actor, post_id))
        assert [comment.id for comment in page.items] == [mine]
        circle = readable_circle(actor, apart.slug)
        peeks = [post.peek.text for post in queries.feed(actor, circle).items if post.peek]
        assert theirs not in peeks
    everything = queries.comment_page(apart.mod, queries.get_post(apart.mod, post_id))
    assert [comment.id for comment in everything.items] == [by_ann, by_bob]


def test_neither_is_in_the_others_list_of_members_or_suggested(apart: Place) -> None:
    for actor, other in ((apart.ann, apart.bob), (apart.bob, apart.ann)):
        assert other.id not in {row.user.id for row in member_page(actor, apart.slug, limit=50).items}
        circle = readable_circle(actor, apart.slug)
        assert suggested_members(actor, circle, other.username) == []
        assert members_named(actor, circle.id, [other.username]) == {}
    assert {apart.ann.id, apart.bob.id} <= {row.user.id for row in member_page(apart.mod, apart.slug, limit=50).items}


# ---- acts --------------------------------------------------------------------------------------------------------


def test_neither_answers_likes_or_keeps_what_the_other_wrote(apart: Place, make: Make) -> None:
    for actor, author in ((apart.ann, "bob"), (apart.bob, "ann")):
        post_id = make.post(apart, author, poll=posts.PollContent.of(["茶", "咖啡"]))
        below = posts.write_comment(apart.mod, post_id, body="早")
        acts: list[Callable[[], object]] = [
            lambda actor=actor, id_=post_id: posts.write_comment(actor, id_, body="嗨"),
            lambda actor=actor, id_=post_id: posts.like_post(actor, id_, on=True),
            lambda actor=actor, id_=post_id: posts.favorite_post(actor, id_, on=True),
            lambda actor=actor, id_=below: posts.like_comment(actor, id_, on=True),
            lambda actor=actor, id_=post_id, below=below: posts.write_comment(actor, id_, body="嗨", parent_id=below),
        ]
        for act in acts:
            with pytest.raises(NotFound):
                act()


def test_a_like_from_before_can_be_taken_back(place: Place, make: Make) -> None:
    post_id = make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    posts.favorite_post(place.bob, post_id, on=True)
    operations.block_user(place.ann, place.bob.id or 0)
    assert posts.like_post(place.bob, post_id, on=False).like_count == 0
    assert posts.favorite_post(place.bob, post_id, on=False).favorite_count == 0


def test_a_name_that_is_blocked_is_no_mention_and_tells_nobody(apart: Place) -> None:
    name = apart.bob.username
    post_id = posts.publish_post(apart.ann, apart.slug, body=f"@{name} 早")
    assert "class=" not in queries.get_post(apart.ann, post_id).body_html
    assert unread_count(apart.bob) == 0


def test_a_moderator_sees_it_all_but_does_not_chat_with_who_blocked_them(place: Place, make: Make) -> None:
    operations.block_user(place.ann, place.mod.id or 0)
    post_id = make.post(place)
    assert queries.get_post(place.mod, post_id).can.hide and listed(place.mod, place) == [post_id]
    assert place.ann.id in {row.user.id for row in member_page(place.mod, place.slug, limit=50).items}
    with pytest.raises(Refused, match="BLOCKED"):
        posts.write_comment(place.mod, post_id, body="嗨")
    with pytest.raises(Refused, match="BLOCKED"):
        posts.like_post(place.mod, post_id, on=True)
    posts.hide_post(place.mod, post_id, reason="广告")
    assert "post.hidden" in {notice.kind for notice in inbox(place.ann).items}


# ---- notices -----------------------------------------------------------------------------------------------------


def test_what_they_were_told_of_each_other_goes_with_the_block(place: Place, make: Make) -> None:
    of_ann, of_bob = make.post(place), make.post(place, "bob")
    posts.write_comment(place.bob, of_ann, body="早")
    posts.like_post(place.ann, of_bob, on=True)
    posts.like_post(place.mod, of_bob, on=True)
    assert (unread_count(place.ann), unread_count(place.bob)) == (1, 1)
    operations.block_user(place.ann, place.bob.id or 0)
    assert inbox(place.ann).items == []
    told = inbox(place.bob).items[0]  # the moderator's like is still told
    assert (told.count, told.by.id if told.by else None) == (1, place.mod.id)


def test_nothing_more_is_told_of_each_other(apart: Place, make: Make) -> None:
    post_id = make.post(apart, "mod")
    comment_id = posts.write_comment(apart.ann, post_id, body="早")
    with pytest.raises(CircleError):
        posts.write_comment(apart.bob, post_id, body="嗨", parent_id=comment_id)
    assert unread_count(apart.ann) == unread_count(apart.bob) == 0


def test_followers_of_a_topic_do_not_hear_of_who_they_blocked(apart: Place, make: Make) -> None:
    topic = topics.create_topic(SYSTEM, apart.slug, title="早读")
    for actor in (apart.ann, apart.bob):
        topics.follow_topic(actor, topic)
    make.post(apart, topic_ids=[topic])
    jobs.run_due()
    assert unread_count(apart.bob) == 0


def test_those_who_unblock_meet_again(apart: Place, make: Make) -> None:
    post_id = make.post(apart)
    operations.unblock_user(apart.ann, apart.bob.id or 0)
    operations.unblock_user(apart.bob, apart.ann.id or 0)
    assert listed(apart.bob, apart) == [post_id]
    posts.write_comment(apart.bob, post_id, body="又见面了")
    assert unread_count(apart.ann) == 1


def test_visitors_and_the_system_meet_everybody(place: Place) -> None:
    for actor in (VISITOR, SYSTEM):
        assert not_blocked(actor, Block.blocked_id).compare(not_blocked(VISITOR, Block.blocked_id))


# ---- pages and API -----------------------------------------------------------------------------------------------


def test_somebody_is_blocked_on_their_page_and_unblocked_in_the_settings(
    place: Place, browser: Callable[..., Browser]
) -> None:
    mine, bob = browser(place.users["ann"]), place.users["bob"]
    assert f"/users/{bob.id}/block" in mine.get(f"/@{bob.username}").text
    answer = mine.post(f"/users/{bob.id}/block", {})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/@{bob.username}")
    page = mine.get(f"/@{bob.username}").text
    assert f"/users/{bob.id}/unblock" in page
    assert bob.nickname in mine.get("/settings/blocked").text
    answer = mine.post(f"/users/{bob.id}/unblock", {"next": "/settings/blocked"})
    assert answer.headers["Location"] == "/settings/blocked"
    assert bob.nickname not in mine.get("/settings/blocked").text


def test_a_post_card_offers_to_block_its_author_but_not_the_owner(
    place: Place, make: Make, browser: Callable[..., Browser]
) -> None:
    make.post(place, "bob")
    posts.publish_post(place.owner, place.slug, body="欢迎")
    page = browser(place.users["ann"]).get(f"/{place.slug}").text
    assert f"/users/{place.bob.id}/block" in page
    assert f"/users/{place.owner.id}/block" not in page
    assert "/block" not in browser().get(f"/{place.slug}").text


def test_nobody_is_told_on_their_page_who_blocked_them(place: Place, browser: Callable[..., Browser]) -> None:
    operations.block_user(place.ann, place.bob.id or 0)
    page = browser(place.users["bob"]).get(f"/@{place.ann.username}")
    assert page.status_code == 200
    assert "/unblock" not in page.text and f"/users/{place.ann.id}/block" in page.text


def test_the_api_blocks_lists_and_unblocks(place: Place, api: Callable[..., ApiClient]) -> None:
    mine, bob = api(place.users["ann"]), place.bob.id
    for _time in range(2):
        assert mine.put(f"/users/{bob}/block").get_json() == {"blocked": True}
    assert mine.get(f"/users/{bob}").get_json()["blocked"] is True
    assert [row["user"]["id"] for row in mine.get("/me/blocks").get_json()["items"]] == [str(bob)]
    for _time in range(2):
        assert mine.delete(f"/users/{bob}/block").get_json() == {"blocked": False}
    assert mine.put(f"/users/{place.ann.id}/block").get_json()["code"] == "BLOCK_SELF"
    assert mine.put("/users/1/block").status_code == 404
    assert api().put(f"/users/{bob}/block").status_code == 401


def test_who_leaves_the_site_is_in_no_list_of_blocked_people(place: Place, make: Make) -> None:
    operations.block_user(place.ann, place.bob.id or 0)
    circles.leave_circle(place.bob, place.slug)
    assert len(blocking.blocked_people(place.ann).items) == 1
    operations.order_deletion(place.bob.id or 0, keep_content=True)
    operations.close_account(place.bob.id or 0)
    assert blocking.blocked_people(place.ann).items == []
