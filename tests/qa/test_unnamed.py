"""Who asked without a name cannot be worked out either: not by blocking people, not by buttons that are missing, not by
the leaderboard, and not by what changes when somebody leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.access import SYSTEM, Actor
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.circles import queries as circle_queries
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.errors import Forbidden
from circle.media import uploads
from circle.notifications import queries as notices
from circle.points import operations as points
from circle.points.models import EarnSource
from circle.points.queries import board_of, tasks_of
from circle.posts import operations as posts
from circle.posts import queries
from circle.qa import operations as qa
from circle.qa import queries as qa_queries
from circle.topics import operations as topics
from tests.clients import ApiClient
from tests.factories import Make, Place, actor_of


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


def _ask(actor: Actor, place: Place, title: str = "要不要说实话？", **more: Any) -> int:
    how = {"body": "想听听大家的", "anonymous": True} | more
    return posts.publish_post(actor, place.slug, type="question", title=title, **how)


def _looks(reader: Actor, place: Place, question_id: int) -> dict[str, Any]:
    """All that a reader sees of a question, without what differs from question to question."""
    circle = circle_queries.readable_circle(reader, place.slug)
    question = qa_queries.get_question(reader, question_id)
    comments = queries.comment_page(reader, question.post).items
    answers = qa_queries.answer_page(reader, question).items
    shown = [row for row in queries.feed(reader, circle).items if row.id == question_id]
    return {
        "author": question.post.author, "can": question.post.can, "question_can": question.can,
        "comments": [(row.author, row.reply_to, row.can, row.status, row.body) for row in comments],
        "replies": [(row.author, row.reply_to, row.can) for each in comments for row in each.replies],
        "answers": [(row.author, row.can, row.body) for row in answers], "in_feed": len(shown),
    }  # fmt: skip


def _talk(asker: Actor, place: Place) -> int:
    question = _ask(asker, place)
    first = posts.write_comment(asker, question, body="补充")
    theirs = posts.write_comment(place.bob, question, body="加油", parent_id=first)
    posts.write_comment(asker, question, body="谢谢", parent_id=theirs)
    qa.write_answer(asker, question, body="后来我说了。")
    return question


@pytest.mark.parametrize("reader", ["bob", "mod", "admin", "owner"])
def test_a_question_looks_the_same_whatever_role_its_asker_has(make: Make, place: Place, reader: str) -> None:
    people = {role: actor_of(make.member(place.circle, role)) for role in ("member", "expert", "moderator", "admin")}
    if reader != "owner":
        people["owner"] = place.owner
    looks = [_looks(getattr(place, reader), place, _talk(asker, place)) for asker in people.values()]
    assert all(look == looks[0] for look in looks)
    assert looks[0]["author"].id == 0 and looks[0]["in_feed"] == 1


def test_moderators_hide_what_the_owner_asked_as_what_anybody_did(place: Place) -> None:
    question = _talk(place.owner, place)
    posts.hide_post(place.mod, question, reason="off topic")
    assert queries.get_post(place.mod, question).status == "hidden"


@pytest.mark.parametrize("way", ["blocks", "is blocked"])
def test_blocking_somebody_changes_nothing_of_their_anonymous_question(make: Make, place: Place, way: str) -> None:
    question, reader = _talk(place.ann, place), actor_of(make.member(place.circle))
    kept = make.member(place.circle)
    posts.favorite_post(reader, question, on=True)
    before, favorites = _looks(reader, place, question), queries.favorites(reader).items
    one, other = (reader, place.ann) if way == "blocks" else (place.ann, reader)
    accounts.block_user(one, other.id or 0)
    assert _looks(reader, place, question) == before == _looks(actor_of(kept), place, question)
    assert [row.id for row in queries.favorites(reader).items] == [row.id for row in favorites] == [question]
    # and everything can be done as before
    posts.like_post(reader, question, on=True)
    posts.write_comment(reader, question, body="支持")
    qa.write_answer(reader, question, body="说吧")


def test_blocking_takes_nothing_out_of_the_inbox_that_is_anonymous(app: Flask, make: Make, place: Place) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="心里话", slug="heart")
    topics.follow_topic(place.bob, topic)
    reader = make.member(place.circle)
    _ask(place.ann, place, topic_ids=[topic], body=f"也问问 @{reader.username}")
    _ask(place.ann, place, "还有一个问题", topic_ids=[topic])
    jobs.run_due()

    def told(actor: Actor) -> list[tuple[str, Any, int]]:
        return [(row.kind, row.by, row.count) for row in notices.inbox(actor).items]

    assert told(place.bob) == [("topic.posted", None, 2)] and told(actor_of(reader)) == [("post.mentioned", None, 1)]
    for person in (place.bob, actor_of(reader)):
        before = told(person)
        accounts.block_user(person, place.ann.id or 0)
        assert told(person) == before


def test_a_gathered_notice_shows_the_newest_author_and_nobody_for_an_anonymous_question(
    app: Flask, place: Place
) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="心里话", slug="heart")
    topics.follow_topic(place.bob, topic)
    posts.publish_post(place.admin, place.slug, body="早安", topic_ids=[topic])
    jobs.run_due()
    assert [row.by.id for row in notices.inbox(place.bob).items if row.by] == [place.admin.id]
    question = _ask(place.ann, place, topic_ids=[topic])
    jobs.run_due()
    assert [(row.by, row.count) for row in notices.inbox(place.bob).items] == [(None, 2)]
    newer = posts.publish_post(place.mod, place.slug, body="晚安", topic_ids=[topic])
    jobs.run_due()
    assert [row.by.id for row in notices.inbox(place.bob).items if row.by] == [place.mod.id]
    posts.delete_post(place.mod, newer)  # the anonymous one is the newest again
    (row,) = notices.inbox(place.bob).items
    assert (row.by, row.count) == (None, 2)
    posts.delete_post(place.ann, question)
    assert [row.by.id for row in notices.inbox(place.bob).items if row.by] == [place.admin.id]


def test_the_asker_is_not_told_of_what_they_wrote_themselves(app: Flask, place: Place) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="心里话", slug="heart")
    topics.follow_topic(place.ann, topic)
    question = _ask(place.ann, place, topic_ids=[topic])
    first = posts.write_comment(place.ann, question, body="补充")
    posts.write_comment(place.ann, question, body="再补充", parent_id=first)
    qa.write_answer(place.ann, question, body="后来")
    jobs.run_due()
    assert not notices.inbox(place.ann).items


def test_names_in_it_are_found_whoever_has_blocked_whom(place: Place) -> None:
    accounts.block_user(place.bob, place.ann.id or 0)
    name = place.users["bob"].username
    question = _ask(place.ann, place, body=f"也问问 @{name}")
    comment = posts.write_comment(place.ann, question, body=f"@{name} 呢")
    answer = qa.write_answer(place.ann, question, body=f"@{name} 说过")
    posts.edit_post(place.ann, question, body=f"也想问问 @{name}")
    link = f'href="/@{name}"'
    assert link in queries.get_post(place.mod, question).body_html
    assert link in queries.get_comment(place.mod, comment)[0].body_html
    assert link in qa_queries.get_answer(place.mod, answer)[0].body_html
    # by name, a block still counts
    assert link not in queries.get_post(place.mod, _ask(place.ann, place, anonymous=False, body=f"@{name}")).body_html


# ---- where it would stand beside others of the same person ---------------------------------------------------------


def test_the_owners_own_anonymous_question_is_not_in_the_list_of_what_the_owner_wrote(place: Place) -> None:
    named, unnamed = posts.publish_post(place.owner, place.slug, body="早安"), _ask(place.owner, place)
    circle = circle_queries.readable_circle(place.bob, place.slug)
    by_owner = queries.front(place.bob, circle, sort="newest", by_owner=True, topic_count=0).page.items
    assert [row.id for row in by_owner] == [named]
    everything = queries.front(place.bob, circle, sort="newest", topic_count=0).page.items
    assert {row.id for row in everything} == {named, unnamed}


def test_who_is_suggested_after_an_at_has_not_been_heard_without_a_name(place: Place) -> None:
    _ask(place.ann, place)
    circle = circle_queries.readable_circle(place.bob, place.slug)
    assert not queries.lately_heard(place.bob, circle)
    posts.publish_post(place.ann, place.slug, body="早安")
    assert [person.id for person in queries.lately_heard(place.bob, circle)] == [place.ann.id]


def test_the_asker_is_the_asker_below_their_question_alone(place: Place) -> None:
    mine, other = _ask(place.ann, place), _ask(place.mod, place)
    posts.write_comment(place.ann, mine, body="这里我是题主")
    posts.write_comment(place.ann, other, body="这里我是我")
    posts.write_comment(place.bob, mine, body="我是 bob")
    seen = {}
    for question in (mine, other):
        post = queries.get_post(place.admin, question)
        seen[question] = {row.author and row.author.id for row in queries.comment_page(place.admin, post).items}
    assert seen == {mine: {0, place.bob.id}, other: {place.ann.id}}


def test_the_asker_gets_the_same_answer_as_everybody(
    place: Place, api: Callable[..., ApiClient]
) -> None:  # fmt: skip
    question = _talk(place.ann, place)
    for user in (None, place.users["ann"], place.users["bob"], place.users["admin"], place.owner_user):
        reader = api(user)
        assert reader.get(f"/posts/{question}").json["author"] is None
        comments = reader.get(f"/posts/{question}/comments").json["items"]
        assert [row["author"] for row in comments] == [None]
        replies = reader.get(f"/posts/{question}/comments?parent_id={comments[0]['id']}").json["items"]
        assert [row["author"] and row["author"]["id"] for row in replies] == [str(place.bob.id), None]
        assert [row["author"] for row in reader.get(f"/questions/{question}/answers").json["items"]] == [None]
        assert reader.get(f"/users/{place.ann.id}/posts").json["items"] == []


def test_the_names_of_pictures_are_not_told(place: Place, make: Make) -> None:
    pictures = [
        uploads.take_upload(place.ann, FileStorage(BytesIO(make.picture()), filename="王小安的房间.png"), "post")
        for _each in range(2)
    ]
    unnamed = queries.get_post(place.bob, _ask(place.ann, place, media_ids=pictures[:1]))
    assert [item.name for item in unnamed.media] == [""]


# ---- points and tasks ----------------------------------------------------------------------------------------------


def test_nothing_earned_without_a_name_moves_the_leaderboard(app: Flask, place: Place) -> None:
    question = _talk(place.ann, place)
    for actor in (place.bob, place.mod, place.admin):
        posts.like_post(actor, question, on=True)
    posts.feature_post(place.mod, question, on=True)
    posts.hide_post(place.mod, question, reason="wait")
    posts.restore_post(place.mod, question)
    circle = circle_queries.readable_circle(place.bob, place.slug)
    assert place.ann.id not in {row.user.id for row in board_of(place.bob, circle, "all").rows}
    reasons = {
        source.source_key.partition(":")[0]: (source.reason, source.granted_points, source.state)
        for source in db.session.query(EarnSource).filter(EarnSource.subject == f"post:{question}")
    }
    assert reasons == dict.fromkeys(("post", "like", "featured"), ("anonymous", 0, "none"))
    # once the name is shown, what is new counts
    qa.show_name(place.ann, question)
    posts.like_post(place.owner, question, on=True)
    circle = circle_queries.readable_circle(place.bob, place.slug)
    assert place.ann.id in {row.user.id for row in board_of(place.bob, circle, "all").rows}


def test_answering_does_not_tell_whether_a_newcomer_asked(app: Flask, make: Make, place: Place) -> None:
    newcomer = actor_of(make.member(place.circle, newcomer=True))

    def progress() -> int:
        circle = circle_queries.readable_circle(place.bob, place.slug)
        return {row.code: row.count for row in tasks_of(place.bob, circle)}["weekly_welcome"]

    posts.write_comment(place.bob, _ask(newcomer, place), body="欢迎")
    assert progress() == 0
    posts.write_comment(place.bob, _ask(newcomer, place, anonymous=False), body="欢迎")
    assert progress() == 1


def test_asking_without_a_name_counts_for_no_task(app: Flask, place: Place) -> None:
    points.create_task(
        place.owner, place.slug, title="提一个问题", event="ask", cadence="weekly", target=1, points=5, growth=5
    )

    def progress() -> list[int]:
        circle = circle_queries.readable_circle(place.ann, place.slug)
        return [row.count for row in tasks_of(place.ann, circle) if row.title == "提一个问题"]

    _ask(place.ann, place)
    assert progress() == [0]
    _ask(place.ann, place, anonymous=False)
    assert progress() == [1]


# ---- accepting in the asker's place --------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["nobody", "left", "banned", "deleted"])
def test_when_the_owner_may_accept_does_not_tell_who_is_gone(app: Flask, make: Make, place: Place, gone: str) -> None:
    user = make.member(place.circle)
    asker = actor_of(user)
    question = _ask(asker, place)
    answer = qa.write_answer(place.bob, question, body="说吧")
    if gone == "left":
        circles.leave_circle(asker, place.slug)
    elif gone == "banned":
        circles.ban_member(SYSTEM, place.slug, user.id)
    elif gone == "deleted":
        accounts.order_deletion(user.id, keep_content=True)
        accounts.close_account(user.id)
    with clock.at(clock.now() + timedelta(days=29)):
        assert not qa_queries.get_question(place.owner, question).can.accept
        with pytest.raises(Forbidden):
            qa.accept_answer(place.owner, question, answer_id=answer, version=1)
    with clock.at(clock.now() + timedelta(days=31)):
        assert qa_queries.get_question(place.owner, question).can.accept
        qa.accept_answer(place.owner, question, answer_id=answer, version=1)
    assert qa_queries.get_question(place.bob, question).accepted_answer_id == answer


def test_the_owner_does_not_overrule_an_asker_who_has_chosen(app: Flask, place: Place) -> None:
    question = _ask(place.ann, place)
    mine = qa.write_answer(place.bob, question, body="说吧")
    other = qa.write_answer(place.mod, question, body="别说")
    with clock.at(clock.now() + timedelta(days=29)):
        qa.accept_answer(place.ann, question, answer_id=mine, version=1)
    with clock.at(clock.now() + timedelta(days=31)):
        assert not qa_queries.get_question(place.owner, question).can.accept
        with pytest.raises(Forbidden):
            qa.accept_answer(place.owner, question, answer_id=other, version=2)
