"""Likes, mentions and followed topics: gathered, for the best reason, and gone with what they are about."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts.models import Block
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.notifications import operations, queries
from circle.notifications.models import Notice, NoticePerson, NoticePost
from circle.posts import operations as posts
from circle.posts.events import CommentPublished, PeopleMentioned, PostPublished
from circle.reactions.content import tell_answered, tell_mentioned, tell_newly_mentioned
from circle.topics import operations as topics
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together


def told(actor: Actor) -> list[queries.NoticeRow]:
    with force_locale("en"):
        return list(queries.inbox(actor).items)


def kinds(actor: Actor) -> list[str]:
    return [row.kind for row in told(actor) if row.kind != "member.role"]


def likers(make: Make, place: Place, number: int) -> list[Actor]:
    return [actor_of(make.member(place.circle)) for _one in range(number)]


def block(blocker: Actor, blocked: Actor) -> None:
    def write() -> None:
        db.session.add(Block(blocker_id=blocker.id, blocked_id=blocked.id))

    in_transaction(write)


def assert_consistent(user: Actor) -> None:
    """Counts are those of the rows, nobody stands behind a notice who is not in it, and none is empty."""
    db.session.expire_all()
    for notice in db.session.scalars(select(Notice).where(Notice.user_id == user.id, Notice.kind.like("%.liked"))):
        inside = set(db.session.scalars(select(NoticePerson.user_id).where(NoticePerson.notice_id == notice.id)))
        assert notice.people_count == len(inside) > 0
        assert notice.by_id in inside


# ---- likes -----------------------------------------------------------------------------------------------------


def test_likes_of_a_post_are_one_notice_that_names_the_newest(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    (one,) = told(place.ann)
    assert (one.text, one.count) == (f"{place.bob.nickname} liked your post", 1)
    for actor in (place.mod, place.admin):
        posts.like_post(actor, post_id, on=True)
    (row,) = told(place.ann)
    assert row.text == f"{place.admin.nickname} and others, 3 people, liked your post"
    assert row.pieces[0] == (place.admin.nickname, True)
    assert (row.count, row.url) == (3, f"/{place.slug}/posts/{post_id}")
    assert queries.unread_count(place.ann) == 1
    assert row.told_at >= one.told_at
    with force_locale("zh_Hans_CN"):
        assert place.admin.nickname in queries.inbox(place.ann).items[0].text


def test_a_like_taken_back_takes_its_person_out_and_the_last_one_the_notice(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    for actor in (place.bob, place.mod):
        posts.like_post(actor, post_id, on=True)
    posts.like_post(place.mod, post_id, on=False)
    (row,) = told(place.ann)
    assert (row.count, row.by and row.by.id) == (1, place.bob.id)
    posts.like_post(place.bob, post_id, on=False)
    assert told(place.ann) == []
    assert db.session.scalar(select(func.count()).select_from(NoticePerson)) == 0


def test_after_reading_a_new_like_begins_a_new_notice(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    operations.mark_read(place.ann)
    posts.like_post(place.mod, post_id, on=True)
    posts.like_post(place.admin, post_id, on=True)
    newer, older = told(place.ann)
    assert (newer.count, newer.read_at) == (2, None)
    assert older.count == 1
    assert older.read_at is not None
    posts.like_post(place.bob, post_id, on=False)
    posts.like_post(place.bob, post_id, on=True)
    assert [row.count for row in told(place.ann)] == [3]
    assert_consistent(place.ann)


def test_likes_of_comments_lead_to_the_comment(app: Flask, make: Make) -> None:
    place = make.place()
    comment_id = posts.write_comment(place.ann, make.post(place, "bob"), body="真好")
    for actor in (place.bob, place.mod):
        posts.like_comment(actor, comment_id, on=True)
    (row,) = told(place.ann)
    assert (row.kind, row.count) == ("comment.liked", 2)
    assert row.url is not None
    assert row.url.endswith(f"#comment-{comment_id}")
    posts.like_comment(place.mod, comment_id, on=False)
    assert told(place.ann)[0].count == 1


def test_two_likes_in_the_same_moment_are_one_notice_of_two(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    fans = likers(make, place, 2)
    all_well(together(app, [lambda fan=fan: posts.like_post(fan, post_id, on=True) for fan in fans]))
    (row,) = told(place.ann)
    assert row.count == 2
    assert_consistent(place.ann)


@pytest.mark.slow
def test_a_storm_of_likes_second_thoughts_and_reading_ends_consistent(app: Flask, make: Make) -> None:
    place = make.place()
    post_id, ann = make.post(place), place.ann
    fans = likers(make, place, 6)

    def dither(fan: Actor, seed: int) -> Callable[[], None]:
        choice = random.Random(seed)

        def act() -> None:
            for _time in range(8):
                posts.like_post(fan, post_id, on=choice.random() < 0.6)
            posts.like_post(fan, post_id, on=seed % 2 == 0)

        return act

    def read() -> None:
        for _time in range(6):
            operations.mark_read(ann)

    all_well(together(app, [*(dither(fan, seed) for seed, fan in enumerate(fans)), read]))
    assert_consistent(ann)
    inside = set(db.session.scalars(select(NoticePerson.user_id)))
    assert inside == {fan.id for seed, fan in enumerate(fans) if seed % 2 == 0}


# ---- whom it is not for ----------------------------------------------------------------------------------------


def test_those_who_blocked_each_other_do_not_hear_of_each_other(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    block(place.ann, place.bob)
    block(place.mod, place.ann)
    for actor in (place.bob, place.mod):
        about = {"circle_id": place.circle.id, "post_id": post_id}
        operations.tell_like(place.ann.id or 0, "post.liked", by=actor.person_id, **about)
        data = {"by": actor.id, "post_id": post_id, "comment_id": 5}
        operations.notify(place.ann.id or 0, "post.commented", circle_id=place.circle.id, dedupe_key="1", data=data)
    assert kinds(place.ann) == []


def test_what_was_told_between_two_people_goes_when_they_part(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    for actor in (place.bob, place.mod):
        posts.like_post(actor, post_id, on=True)
        posts.write_comment(actor, post_id, body="真好")
    posts.like_post(place.ann, make.post(place, "bob"), on=True)
    assert kinds(place.bob) == ["post.liked"]
    operations.withdraw_between(place.bob.id or 0, place.ann.id or 0)
    assert kinds(place.bob) == []
    assert sorted(kinds(place.ann)) == ["post.commented", "post.liked"]
    assert {row.by and row.by.id for row in told(place.ann)} == {place.mod.id}
    assert_consistent(place.ann)


def test_notices_of_a_circle_one_may_no_longer_read_are_neither_shown_nor_counted(app: Flask, make: Make) -> None:
    place = make.place(visibility="private")
    post_id = make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    posts.write_comment(place.bob, post_id, body="真好")
    assert queries.unread_count(place.ann) == 2
    circles.leave_circle(place.ann, place.slug)
    assert (kinds(place.ann), queries.unread_count(place.ann)) == ([], 0)
    posts.write_comment(place.bob, post_id, body="还在吗")
    posts.like_post(place.mod, post_id, on=True)
    make.member(place.circle, user=place.users["ann"])
    assert sorted(kinds(place.ann)) == ["post.commented", "post.liked"]


def test_the_banned_hear_of_the_ban_and_of_nothing_else(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    circles.ban_member(place.owner, place.slug, place.ann.id or 0, reason="spam")
    posts.like_post(place.mod, post_id, on=True)
    assert kinds(place.ann) == ["member.banned"]
    assert queries.unread_count(place.ann) == 1


def test_what_was_switched_off_is_not_told(app: Flask, make: Make) -> None:
    place = make.place()
    operations.choose_settings(place.ann, {"likes": operations.Choice(inbox=False, mail=True)})
    posts.like_post(place.bob, make.post(place), on=True)
    assert kinds(place.ann) == []


# ---- gone with what it is about --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["delete", "hide", "remove"])
def test_everything_told_of_a_post_goes_with_it_and_does_not_come_back(app: Flask, make: Make, how: str) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = posts.write_comment(place.bob, post_id, body="真好")
    posts.like_post(place.bob, post_id, on=True)
    posts.like_comment(place.mod, comment_id, on=True)
    operations.tell_mention(
        [place.admin.id or 0],
        by=place.ann.id or 0,
        circle_id=place.circle.id,
        post_id=post_id,
        comment_id=None,
        quote="x",
    )
    assert kinds(place.bob) == ["comment.liked"]
    if how == "delete":
        posts.delete_post(place.ann, post_id)
    elif how == "hide":
        posts.hide_post(place.mod, post_id, reason="off topic")
    else:
        posts.remove_post(place.mod, post_id, reason="off topic")
    assert kinds(place.bob) == kinds(place.admin) == []
    assert kinds(place.ann) == {"delete": [], "hide": ["post.hidden"], "remove": ["post.removed"]}[how]
    if how == "hide":
        posts.restore_post(place.mod, post_id)
        assert kinds(place.bob) == []
        assert kinds(place.ann) == ["post.restored", "post.hidden"]


def test_everything_told_of_a_comment_goes_with_it(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    comment_id = posts.write_comment(place.bob, post_id, body="真好")
    other_id = posts.write_comment(place.mod, post_id, body="真美")
    posts.like_comment(place.mod, comment_id, on=True)
    posts.hide_comment(place.mod, comment_id, reason="off topic")
    assert kinds(place.bob) == ["comment.hidden"]
    (row,) = told(place.ann)
    assert row.url is not None
    assert row.url.endswith(f"#comment-{other_id}")


# ---- the best reason -------------------------------------------------------------------------------------------


def commented(
    place: Place, post_id: int, *, by: Actor, answered: Actor | None, mentioned: list[Actor]
) -> CommentPublished:
    return CommentPublished(
        77, post_id, place.circle.id, by.id or 0, by.id,
        post_author_id=place.ann.id or 0, answered_id=answered.id if answered else None, excerpt="你看",
        mentioned=tuple(actor.id or 0 for actor in mentioned),
    )  # fmt: skip


def test_one_notice_per_person_for_the_best_reason(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    everybody = [place.ann, place.bob, place.mod, place.admin]
    event = commented(place, post_id, by=place.mod, answered=place.bob, mentioned=everybody)
    in_transaction(lambda: tell_answered(event))
    assert kinds(place.bob) == ["comment.replied"]
    assert kinds(place.ann) == kinds(place.admin) == ["comment.mentioned"]
    assert kinds(place.mod) == []
    edit = PeopleMentioned(
        post_id, 77, place.circle.id, place.mod.id or 0, (place.bob.id or 0, place.owner.id or 0), "你看"
    )
    for _time in range(2):
        in_transaction(lambda: tell_newly_mentioned(edit))
    assert kinds(place.bob) == ["comment.replied"]
    assert kinds(place.owner) == ["comment.mentioned"]


def test_who_does_not_want_the_best_reason_hears_of_the_next(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    operations.choose_settings(place.ann, {"mentions": operations.Choice(inbox=False, mail=False)})
    event = commented(place, post_id, by=place.mod, answered=None, mentioned=[place.ann])
    in_transaction(lambda: tell_answered(event))
    assert kinds(place.ann) == ["post.commented"]


def test_strangers_to_a_private_circle_are_not_told_that_they_were_named(app: Flask, make: Make) -> None:
    place, stranger = make.place(visibility="private"), make.user()
    post_id = make.post(place)
    event = PostPublished(
        post_id,
        place.circle.id,
        place.ann.id or 0,
        place.ann.id,
        (),
        mentioned=(stranger.id, place.bob.id or 0),
        excerpt="x",
    )
    in_transaction(lambda: tell_mentioned(event))
    assert kinds(actor_of(stranger)) == []
    assert kinds(place.bob) == ["post.mentioned"]


# ---- topics ----------------------------------------------------------------------------------------------------


def follow(place: Place, *actors: Actor, title: str = "早读") -> int:
    topic_id = topics.create_topic(place.owner, place.slug, title=title, slug=f"t{random.randrange(10**9)}")
    for actor in actors:
        topics.follow_topic(actor, topic_id)
    return topic_id


def test_followers_of_a_topic_hear_of_new_posts_gathered_and_later(app: Flask, make: Make) -> None:
    place = make.place()
    topic_id = follow(place, place.bob, place.ann)
    first = make.post(place, topic_ids=[topic_id])
    assert kinds(place.bob) == []
    jobs.run_due()
    (row,) = told(place.bob)
    assert (row.text, row.url) == (f"{place.ann.nickname} posted in #早读", f"/{place.slug}/posts/{first}")
    assert kinds(place.ann) == []
    second = make.post(place, "mod", topic_ids=[topic_id])
    jobs.run_due()
    (row,) = told(place.bob)
    assert (row.text, row.count) == ("#早读 has 2 new posts", 2)
    assert row.url is not None
    assert "/topics/" in row.url
    assert kinds(place.ann) == ["topic.posted"]
    posts.hide_post(place.owner, second, reason="off topic")
    (row,) = told(place.bob)
    assert (row.count, row.url, row.by and row.by.id) == (1, f"/{place.slug}/posts/{first}", place.ann.id)
    assert kinds(place.ann) == []
    posts.delete_post(place.ann, first)
    assert kinds(place.bob) == []
    assert db.session.scalar(select(func.count()).select_from(NoticePost)) == 0


def test_publishing_costs_the_same_however_many_follow_and_batches_tell_each_once(
    app: Flask, make: Make, statements: list[str]
) -> None:
    place = make.place()
    fans = likers(make, place, 7)
    topic_id, quiet = follow(place, *fans), follow(place, title="静")
    make.post(place, topic_ids=[quiet])
    statements.clear()
    make.post(place, topic_ids=[quiet])
    alone = len(statements)
    statements.clear()
    post_id = make.post(place, topic_ids=[topic_id])
    assert len(statements) == alone
    for _time in range(2):  # the job may run twice, and be cut off between its batches
        after = 0
        while seen := operations.tell_followers(post_id, after, 3):
            after = sorted(fan.id or 0 for fan in fans if (fan.id or 0) > after)[seen - 1]
    jobs.run_due()
    assert [kinds(fan) for fan in fans] == [["topic.posted"]] * 7
    assert {told(fan)[0].count for fan in fans} == {1}


def test_a_post_that_went_before_the_job_came_is_told_to_nobody(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place, topic_ids=[follow(place, place.bob)])
    posts.hide_post(place.mod, post_id, reason="off topic")
    jobs.run_due()
    assert kinds(place.bob) == []


def test_what_is_a_day_old_when_the_worker_comes_back_is_no_news(app: Flask, make: Make) -> None:
    place = make.place()
    make.post(place, topic_ids=[follow(place, place.bob)])
    with clock.at(clock.now() + timedelta(days=1, seconds=1)):
        jobs.run_due()
    assert kinds(place.bob) == []


def test_followers_who_left_are_blocked_or_named_are_not_told_as_followers(app: Flask, make: Make) -> None:
    place = make.place(visibility="private")
    topic_id = follow(place, place.bob, place.mod, place.admin)
    circles.leave_circle(place.bob, place.slug)
    block(place.mod, place.ann)
    post_id = make.post(place, topic_ids=[topic_id])
    operations.notify(
        place.admin.id or 0, "post.mentioned", circle_id=place.circle.id, dedupe_key=str(post_id),
        data={"by": place.ann.id, "post_id": post_id},
    )  # fmt: skip
    jobs.run_due()
    make.member(place.circle, user=place.users["bob"])
    assert kinds(place.bob) == kinds(place.mod) == []
    assert kinds(place.admin) == ["post.mentioned"]


def test_posts_of_somebody_blocked_leave_what_was_told_of_a_topic(app: Flask, make: Make) -> None:
    place = make.place()
    topic_id = follow(place, place.bob)
    make.post(place, topic_ids=[topic_id])
    theirs = make.post(place, "mod", topic_ids=[topic_id])
    jobs.run_due()
    operations.withdraw_between(place.bob.id or 0, place.ann.id or 0)
    (row,) = told(place.bob)
    assert (row.count, row.url) == (1, f"/{place.slug}/posts/{theirs}")


# ---- the inbox -------------------------------------------------------------------------------------------------


def test_the_inbox_is_ordered_by_when_it_was_told_last(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    posts.like_post(place.bob, post_id, on=True)
    posts.write_comment(place.bob, post_id, body="真好")
    assert kinds(place.ann) == ["post.commented", "post.liked"]
    posts.like_post(place.mod, post_id, on=True)
    assert kinds(place.ann) == ["post.liked", "post.commented"]
    first = queries.inbox(place.ann, limit=1)
    second = queries.inbox(place.ann, first.next_cursor, 1)
    assert [row.kind for row in (*first.items, *second.items)] == ["post.liked", "post.commented"]


def test_parts_of_the_inbox_have_cursors_of_their_own(app: Flask, make: Make) -> None:
    place = make.place()
    post_id = make.post(place)
    for actor in (place.bob, place.mod):
        posts.write_comment(actor, post_id, body="真好")
    posts.like_post(place.bob, post_id, on=True)
    replies = queries.inbox(place.ann, limit=1, categories=["replies"])
    assert [row.kind for row in replies.items] == ["post.commented"]
    operations.mark_read(place.ann, [replies.items[0].id])
    assert sorted(row.kind for row in queries.inbox(place.ann, unread=True).items) == ["post.commented", "post.liked"]
    with pytest.raises(Exception, match="CURSOR_INVALID"):
        queries.inbox(place.ann, replies.next_cursor, unread=True)


def test_what_was_read_long_ago_is_forgotten_what_was_not_is_kept(app: Flask, make: Make) -> None:
    user = make.user()
    start = clock.now()
    for number in range(5):
        operations.notify(user.id, "post.hidden", dedupe_key=str(number), data={"post_id": number + 1})
    ids = [row.id for row in told(actor_of(user))]
    operations.mark_read(actor_of(user), ids[:3])
    with clock.at(start + operations.KEEP_READ * 0.9):
        assert operations.forget_read() is None
        assert len(told(actor_of(user))) == 5
    with clock.at(start + operations.KEEP_READ * 1.1):
        after: int | None = 0
        while after is not None:
            after = operations.forget_read(after, batch=2)
        assert [row.id for row in told(actor_of(user))] == ids[3:]
