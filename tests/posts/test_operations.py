"""Writing posts, comments and likes; hiding what others wrote."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.circles.models import Circle
from circle.core import clock
from circle.core.audit import AuditEntry, verify
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Refused, Unauthenticated
from circle.media import operations as media
from circle.media.files import Upload, put_missing
from circle.media.images import process_image
from circle.notifications.models import Notice
from circle.posts import operations, queries
from circle.posts.models import Comment, Like, Post, TopicPost
from circle.posts.operations.counting import recount
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.factories import SYSTEM, Actor, Make, actor_of


@pytest.fixture
def place(make: Make) -> Any:
    """A public circle with its owner, a moderator and two members."""
    return make.place()


def row(post_id: int) -> Post:
    return db.session.scalars(select(Post).where(Post.id == post_id).execution_options(populate_existing=True)).one()


def comment_row(comment_id: int) -> Comment:
    statement = select(Comment).where(Comment.id == comment_id).execution_options(populate_existing=True)
    return db.session.scalars(statement).one()


def notices_of(actor: Actor) -> list[str]:
    return list(db.session.scalars(select(Notice.kind).where(Notice.user_id == actor.id).order_by(Notice.id)))


def circle_posts(slug: str) -> int:
    return db.session.scalars(select(Circle.post_count).where(Circle.slug == slug)).one()


# ---- publishing ----------------------------------------------------------------------------------------------


def test_a_member_publishes_and_the_circle_counts_it(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="**早**，今天有雾。\nhttps://example.org/a，真的")
    post = queries.get_post(place.bob, post_id)
    assert "<strong>早</strong>" in post.body_html
    assert 'href="https://example.org/a"' in post.body_html
    assert post.excerpt.startswith("早，今天有雾。")
    assert circle_posts(place.slug) == 1


@pytest.mark.parametrize("who", ["visitor", "stranger"])
def test_only_members_publish(app: Flask, place: Any, make: Make, who: str) -> None:
    actor = Actor(id=None) if who == "visitor" else actor_of(make.user())
    with pytest.raises((Unauthenticated, Forbidden)):
        operations.publish_post(actor, place.slug, body="hello")
    assert db.session.scalar(select(func.count()).select_from(Post)) == 0


def test_a_muted_member_can_neither_post_nor_comment_but_can_like(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.bob, place.slug, body="one")
    circles.mute_member(place.mod, place.slug, place.ann.id, duration_s=3600, reason="calm down")
    with pytest.raises(Forbidden) as refusal:
        operations.publish_post(place.ann, place.slug, body="two")
    assert refusal.value.code == "MUTED"
    with pytest.raises(Forbidden):
        operations.write_comment(place.ann, post_id, body="three")
    assert operations.like_post(place.ann, post_id, on=True).like_count == 1
    with clock.at(clock.now() + timedelta(hours=2)):
        operations.publish_post(place.ann, place.slug, body="calm again")


def test_a_banned_member_is_told_so(app: Flask, place: Any) -> None:
    circles.ban_member(place.owner, place.slug, place.ann.id, reason="spam")
    with pytest.raises(Forbidden) as refusal:
        operations.publish_post(place.ann, place.slug, body="still here")
    assert refusal.value.code == "BANNED"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"body": "   \n "}, "POST_EMPTY"),
        ({"body": "x", "topic_ids": [1, 2, 3, 4]}, "TOO_MANY_TOPICS"),
    ],
)
def test_a_post_out_of_bounds_is_refused_and_leaves_nothing(
    app: Flask, place: Any, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        operations.publish_post(place.ann, place.slug, **values)
    assert refusal.value.code == code
    assert db.session.scalar(select(func.count()).select_from(Post)) == 0


def test_a_post_stands_in_its_topics_and_they_count_it(app: Flask, place: Any) -> None:
    first = topics.create_topic(place.owner, place.slug, title="早安")
    second = topics.create_topic(place.owner, place.slug, title="读书")
    post_id = operations.publish_post(place.ann, place.slug, body="x", topic_ids=[first, second, first])
    counts = dict(db.session.execute(select(Topic.id, Topic.post_count)).all())
    assert counts == {first: 1, second: 1}
    assert [topic.title for topic in queries.get_post(place.bob, post_id).topics] == ["早安", "读书"]


def test_an_archived_topic_takes_no_post(app: Flask, place: Any) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="旧话题")
    topics.update_topic(place.owner, topic, status="archived")
    with pytest.raises(Refused) as refusal:
        operations.publish_post(place.ann, place.slug, body="x", topic_ids=[topic])
    assert refusal.value.code == "TOPIC_CLOSED"


# ---- editing and deleting ------------------------------------------------------------------------------------


def test_an_early_edit_is_a_correction_and_a_late_one_is_shown(app: Flask, place: Any) -> None:
    start = clock.now()
    post_id = operations.publish_post(place.ann, place.slug, body="frist")
    published = row(post_id).published_at
    with clock.at(start + timedelta(minutes=20)):
        operations.edit_post(place.ann, post_id, body="first")
    assert row(post_id).edited_at is None
    with clock.at(start + timedelta(minutes=40)):
        operations.edit_post(place.ann, post_id, body="first!")
    assert row(post_id).edited_at is not None
    assert row(post_id).published_at == published


def test_an_edit_of_an_old_version_is_refused(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="one")
    operations.edit_post(place.ann, post_id, body="two", version=1)
    with pytest.raises(PreconditionFailed):
        operations.edit_post(place.ann, post_id, body="three", version=1)
    assert row(post_id).body == "two"


def test_nobody_but_the_author_edits(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="mine")
    for other in (place.bob, place.mod, place.owner):
        with pytest.raises(Forbidden):
            operations.edit_post(other, post_id, body="yours")
        with pytest.raises(Forbidden):
            operations.delete_post(other, post_id)
    assert row(post_id).body == "mine"


def test_moving_a_post_between_topics_moves_the_counts(app: Flask, place: Any) -> None:
    first = topics.create_topic(place.owner, place.slug, title="早安")
    second = topics.create_topic(place.owner, place.slug, title="读书")
    post_id = operations.publish_post(place.ann, place.slug, body="x", topic_ids=[first])
    operations.edit_post(place.ann, post_id, topic_ids=[second])
    assert dict(db.session.execute(select(Topic.id, Topic.post_count)).all()) == {first: 0, second: 1}


def test_a_deleted_post_is_gone_for_everybody_and_not_counted(app: Flask, place: Any) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    post_id = operations.publish_post(place.ann, place.slug, body="x", topic_ids=[topic])
    operations.delete_post(place.ann, post_id)
    for actor in (place.ann, place.mod, place.owner):
        with pytest.raises(NotFound):
            queries.get_post(actor, post_id)
    assert circle_posts(place.slug) == 0
    assert db.session.scalars(select(Topic.post_count)).one() == 0


# ---- likes ---------------------------------------------------------------------------------------------------


def test_liking_twice_is_liking_once_and_taking_back_twice_too(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    for _again in range(2):
        assert operations.like_post(place.bob, post_id, on=True) == operations.Liked(True, 1)
    assert row(post_id).engagement == 1
    for _again in range(2):
        assert operations.like_post(place.bob, post_id, on=False) == operations.Liked(False, 0)
    assert row(post_id).engagement == 0


def test_nobody_likes_their_own_words(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    comment_id = operations.write_comment(place.ann, post_id, body="y")
    with pytest.raises(Refused) as refusal:
        operations.like_post(place.ann, post_id, on=True)
    assert refusal.value.code == "OWN_CONTENT"
    with pytest.raises(Refused):
        operations.like_comment(place.ann, comment_id, on=True)
    assert db.session.scalar(select(func.count()).select_from(Like)) == 0


# ---- comments ------------------------------------------------------------------------------------------------


def test_comments_have_two_levels_and_a_reply_to_a_reply_names_whom_it_answers(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    first = operations.write_comment(place.bob, post_id, body="one")
    reply = operations.write_comment(place.ann, post_id, body="two", parent_id=first)
    deeper = operations.write_comment(place.mod, post_id, body="three", parent_id=reply)
    assert comment_row(reply).parent_id == first
    assert comment_row(reply).reply_to_id is None
    assert comment_row(deeper).parent_id == first
    assert comment_row(deeper).reply_to_id == place.ann.id
    assert comment_row(first).reply_count == 2
    assert row(post_id).comment_count == 3


def test_a_comment_cannot_answer_a_comment_of_another_post(app: Flask, place: Any) -> None:
    one = operations.publish_post(place.ann, place.slug, body="x")
    other = operations.publish_post(place.ann, place.slug, body="y")
    comment = operations.write_comment(place.bob, one, body="one")
    with pytest.raises(NotFound):
        operations.write_comment(place.bob, other, body="two", parent_id=comment)


def test_each_person_is_told_once_of_a_reply(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    own = operations.write_comment(place.ann, post_id, body="a note to myself")
    assert notices_of(place.ann) == []
    operations.write_comment(place.bob, post_id, body="answers the author of the post", parent_id=own)
    assert notices_of(place.ann) == ["comment.replied"]
    operations.write_comment(place.mod, post_id, body="first level")
    assert notices_of(place.ann) == ["comment.replied", "post.commented"]


def test_those_who_may_no_longer_read_are_told_nothing(app: Flask, make: Make) -> None:
    place = make.place(visibility="private", join_mode="invite")
    post_id = make.post(place)
    own = operations.write_comment(place.ann, post_id, body="mine")
    circles.ban_member(place.owner, place.slug, place.ann.id, reason="spam")
    told = notices_of(place.ann)
    operations.write_comment(place.bob, post_id, body="inside words")
    operations.write_comment(place.bob, post_id, body="inside words", parent_id=own)
    assert notices_of(place.ann) == told


@pytest.mark.parametrize("way", ["hide", "remove", "delete"])
def test_a_comment_that_goes_leaves_the_inbox_too(app: Flask, place: Any, way: str) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    first = operations.write_comment(place.mod, post_id, body="kind words")
    rude = operations.write_comment(place.bob, post_id, body="rude words", parent_id=first)
    role = ["member.role"]
    assert (notices_of(place.ann), notices_of(place.mod)) == (["post.commented"] * 2, [*role, "comment.replied"])
    if way == "delete":
        operations.delete_comment(place.bob, rude)
    else:
        act = operations.hide_comment if way == "hide" else operations.remove_comment
        act(place.owner, rude, reason="rude")
    assert (notices_of(place.ann), notices_of(place.mod)) == (["post.commented"], role)


def test_a_hidden_reply_can_be_found_again(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    first = operations.write_comment(place.ann, post_id, body="one")
    reply = operations.write_comment(place.bob, post_id, body="two", parent_id=first)
    operations.hide_comment(place.mod, reply, reason="because")
    for actor, seen in ((place.mod, [reply]), (place.bob, [reply]), (place.ann, [])):
        page = queries.comment_page(actor, queries.get_post(actor, post_id))
        assert [each.id for each in page.items[0].replies] == seen


def test_nothing_is_moderated_under_a_post_that_is_gone(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    comment_id = operations.write_comment(place.bob, post_id, body="one")
    operations.delete_post(place.ann, post_id)
    with pytest.raises(NotFound):
        operations.hide_comment(place.mod, comment_id, reason="because")
    assert comment_row(comment_id).status == "published"


def test_the_pictures_of_a_deleted_post_are_the_authors_again_and_descriptions_stay(app: Flask, place: Any) -> None:
    first, second = picture_of(place.ann, "#c7462a"), picture_of(place.ann, "#123456")
    alts = ["a red cat\x00", "y" * 5000]
    post_id = operations.publish_post(place.ann, place.slug, body="x", media_ids=[first, second], alts=alts)
    assert [image.alt for image in queries.get_post(place.ann, post_id).images] == ["a red cat", "y" * 200]
    operations.edit_post(place.ann, post_id, media_ids=[second, first])
    assert [image.alt for image in queries.get_post(place.ann, post_id).images] == ["y" * 200, "a red cat"]
    operations.delete_post(place.ann, post_id)
    media.delete_media(place.ann, first)


def picture_of(actor: Actor, color: str) -> int:
    upload = Upload.of_image(process_image(Make.picture(color=color)), "post", "a.png")
    put_missing(upload.files)
    return media.store_upload(actor, upload)


def test_a_deleted_comment_keeps_its_replies_and_an_empty_place(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    first = operations.write_comment(place.bob, post_id, body="secret")
    operations.write_comment(place.ann, post_id, body="answer", parent_id=first)
    operations.delete_comment(place.bob, first)
    page = queries.comment_page(place.ann, queries.get_post(place.ann, post_id))
    assert [(item.author, item.body) for item in page.items] == [(None, "")]
    assert [reply.body for reply in page.items[0].replies] == ["answer"]
    assert row(post_id).comment_count == 1


def test_the_newest_visible_comment_is_the_last_activity(app: Flask, place: Any) -> None:
    start = clock.now()
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    with clock.at(start + timedelta(hours=1)):
        first = operations.write_comment(place.bob, post_id, body="one")
    with clock.at(start + timedelta(hours=2)):
        second = operations.write_comment(place.bob, post_id, body="two")
    assert row(post_id).last_activity_at == comment_row(second).created_at
    operations.delete_comment(place.bob, second)
    assert row(post_id).last_activity_at == comment_row(first).created_at
    operations.delete_comment(place.bob, first)
    assert row(post_id).last_activity_at == row(post_id).published_at


# ---- moderators ----------------------------------------------------------------------------------------------


def test_hiding_tells_the_author_why_is_audited_and_restoring_puts_everything_back(app: Flask, place: Any) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    post_id = operations.publish_post(place.ann, place.slug, body="x", topic_ids=[topic])
    operations.like_post(place.bob, post_id, on=True)
    before = row(post_id).hot_score
    operations.hide_post(place.mod, post_id, reason="an advertisement")
    with pytest.raises(NotFound):
        queries.get_post(place.bob, post_id)
    assert queries.get_post(place.ann, post_id).hidden_reason == "an advertisement"
    assert queries.get_post(place.mod, post_id).can.restore
    assert circle_posts(place.slug) == 0
    operations.restore_post(place.mod, post_id)
    assert queries.get_post(place.bob, post_id).like_count == 1
    assert (row(post_id).hot_score, circle_posts(place.slug)) == (before, 1)
    assert notices_of(place.ann) == ["post.hidden", "post.restored"]
    circle_id = row(post_id).circle_id
    acts = select(AuditEntry.action).where(AuditEntry.target == f"post:{post_id}").order_by(AuditEntry.seq)
    assert db.session.scalars(acts).all() == ["post.hide", "post.restore"]
    assert verify(f"circle:{circle_id}") is None


def test_a_removed_post_is_gone_for_good(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    operations.hide_post(place.mod, post_id, reason="first")
    operations.remove_post(place.mod, post_id, reason="second")
    with pytest.raises(NotFound):
        queries.get_post(place.mod, post_id)
    with pytest.raises(Conflict):
        operations.restore_post(place.mod, post_id)
    assert circle_posts(place.slug) == 0
    assert notices_of(place.ann) == ["post.hidden", "post.removed"]


def test_members_cannot_moderate_and_nobody_moderates_themselves_or_a_higher_role(app: Flask, place: Any) -> None:
    by_ann = operations.publish_post(place.ann, place.slug, body="x")
    by_owner = operations.publish_post(place.owner, place.slug, body="y")
    by_mod = operations.publish_post(place.mod, place.slug, body="z")
    for actor, post_id in ((place.bob, by_ann), (place.mod, by_owner), (place.mod, by_mod)):
        with pytest.raises(Forbidden):
            operations.hide_post(actor, post_id, reason="no")
    assert {row(id_).status for id_ in (by_ann, by_owner, by_mod)} == {"published"}


def test_the_owner_of_another_circle_cannot_touch_anything_here(app: Flask, place: Any, make: Make) -> None:
    other = make.place()
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    comment_id = operations.write_comment(place.bob, post_id, body="y")
    for act in (operations.hide_post, operations.remove_post):
        with pytest.raises(Forbidden):
            act(other.owner, post_id, reason="mine now")
    with pytest.raises(Forbidden):
        operations.hide_comment(other.owner, comment_id, reason="mine now")


def test_a_hidden_comment_is_not_counted_and_comes_back(app: Flask, place: Any) -> None:
    post_id = operations.publish_post(place.ann, place.slug, body="x")
    first = operations.write_comment(place.bob, post_id, body="rude")
    operations.hide_comment(place.mod, first, reason="rude words")
    assert (row(post_id).comment_count, row(post_id).engagement) == (0, 0)
    post = queries.get_post(place.ann, post_id)
    assert queries.comment_page(place.ann, post).items == []
    assert [item.hidden_reason for item in queries.comment_page(place.bob, post).items] == ["rude words"]
    operations.restore_comment(place.mod, first)
    assert (row(post_id).comment_count, row(post_id).engagement) == (1, 3)
    assert notices_of(place.bob) == ["comment.hidden", "comment.restored"]


# ---- the numbers are true ------------------------------------------------------------------------------------


def test_after_any_script_of_acts_every_number_equals_its_recount(app: Flask, place: Any) -> None:
    """F1, F2, F3: engagement, hot score, counters and topic mirrors against a recount from the rows."""
    chance = random.Random(20261121)
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    people = [place.ann, place.bob, place.mod, place.owner]
    post_ids = [operations.publish_post(chance.choice(people), place.slug, body="x", topic_ids=[topic])
                for _number in range(3)]  # fmt: skip
    comment_ids: list[int] = []

    def act() -> None:
        who, post_id = chance.choice(people), chance.choice(post_ids)
        kind = chance.choice(["like", "unlike", "comment", "reply", "drop", "hide", "restore", "hide_c", "restore_c"])
        comment_id = chance.choice(comment_ids) if comment_ids else 0
        if kind in {"like", "unlike"}:
            operations.like_post(who, post_id, on=kind == "like")
        elif kind == "comment":
            comment_ids.append(operations.write_comment(who, post_id, body="c"))
        elif kind == "reply":
            comment_ids.append(operations.write_comment(who, post_id, body="r", parent_id=comment_id or None))
        elif kind == "drop":
            operations.delete_comment(who, comment_id)
        elif kind == "hide":
            operations.hide_post(SYSTEM, post_id, reason="because")
        elif kind == "restore":
            operations.restore_post(SYSTEM, post_id)
        elif kind == "hide_c":
            operations.hide_comment(SYSTEM, comment_id, reason="because")
        else:
            operations.restore_comment(SYSTEM, comment_id)

    for _number in range(250):
        try:
            act()
        except (Refused, NotFound, Conflict, Forbidden):
            continue
    assert len(comment_ids) > 10
    for post_id in post_ids:
        post, counted = row(post_id), recount(post_id)
        kept = (post.like_count, post.comment_count, post.engagement, post.hot_score)
        assert kept == (counted.like_count, counted.comment_count, counted.engagement, counted.hot_score)
        mirror = db.session.execute(
            select(TopicPost.visible, TopicPost.hot_score, TopicPost.last_activity_at, TopicPost.published_at).where(
                TopicPost.post_id == post_id
            )
        ).one()
        assert tuple(mirror) == (
            int(post.status == "published"),
            post.hot_score,
            post.last_activity_at,
            post.published_at,
        )
    visible = len([1 for post_id in post_ids if row(post_id).status == "published"])
    assert circle_posts(place.slug) == visible
    assert db.session.scalars(select(Topic.post_count)).one() == visible
    for comment_id in comment_ids:
        replies = db.session.scalar(
            select(func.count()).where(Comment.parent_id == comment_id, Comment.status == "published")
        )
        assert comment_row(comment_id).reply_count == replies
