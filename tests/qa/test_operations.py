"""Asking, answering, editing, taking back: what each does, whom it is refused, and that a refusal leaves nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import (
    CircleError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    Refused,
    Unauthenticated,
)
from circle.posts import operations as posts
from circle.posts.models import Mention, Post
from circle.qa import operations, rules
from circle.qa.models import Answer, AnswerRevision, AnswerVote, Question
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import accept, answer, answer_row, ask, check_question, post, question
from tests.races.together import together


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def outsider(place: Place, make: Make, who: str) -> Actor:
    """Somebody who may not speak in the circle."""
    if who == "visitor":
        return Actor(id=None)
    if who in {"muted", "banned"}:
        person = actor_of(make.member(place.circle))
        if who == "muted":
            circles.mute_member(place.mod, place.slug, person.id or 0, duration_s=3600)
        else:
            circles.ban_member(place.owner, place.slug, person.id or 0)
        return person
    if who == "owner of another circle":
        person = actor_of(make.user())
        make.circle(db.session.get_one(type(place.owner_user), person.id))
        return person
    return actor_of(make.user())


OUTSIDERS = ("visitor", "stranger", "owner of another circle", "banned", "muted")


# ---- asking ------------------------------------------------------------------------------------------------------


def test_a_question_is_a_post_with_a_row_of_its_own(app: Flask, place: Place) -> None:
    question_id = ask(place)
    assert post(question_id).type == "question"
    row = question(question_id)
    assert (row.status, row.version, row.circle_id) == ("open", 1, place.circle.id)
    check_question(question_id)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": ""}, "VALIDATION"),
        ({"title": "为何？"}, "VALIDATION"),
        ({"poll": posts.PollContent.of(["一", "二"])}, "QUESTION_WITHOUT_POLL"),
        ({"type": "moment", "anonymous": True}, "NOT_ANONYMOUS"),
    ],
)
def test_a_question_out_of_bounds_is_refused_and_leaves_nothing(
    app: Flask, place: Place, values: dict[str, Any], code: str
) -> None:
    said: dict[str, Any] = {"type": "question", "title": "晨读从哪一篇开始？", "body": "想听听。"} | values
    with pytest.raises(CircleError) as refusal:
        posts.publish_post(place.ann, place.slug, **said)
    assert refusal.value.code == code
    assert (count(Post), count(Question)) == (0, 0)


def test_a_question_needs_no_more_than_its_title(app: Flask, place: Place) -> None:
    assert post(ask(place, body="")).title == "晨读从哪一篇开始？"


def test_the_title_of_a_question_can_be_changed_but_not_emptied(app: Flask, place: Place) -> None:
    question_id = ask(place)
    posts.edit_post(place.ann, question_id, title="晚上读书从哪一篇开始？")
    with pytest.raises(Invalid):
        posts.edit_post(place.ann, question_id, title="")
    posts.edit_post(place.ann, question_id, body="")
    assert (post(question_id).title, post(question_id).body) == ("晚上读书从哪一篇开始？", "")


@pytest.mark.parametrize("who", OUTSIDERS)
def test_who_may_not_speak_here_cannot_ask(app: Flask, place: Place, make: Make, who: str) -> None:
    actor = outsider(place, make, who)
    with pytest.raises((Unauthenticated, Forbidden)):
        posts.publish_post(actor, place.slug, type="question", title="晨读从哪一篇开始？", body="")
    assert count(Question) == 0


# ---- answering ---------------------------------------------------------------------------------------------------


def test_an_answer_is_counted_and_shown_on_the_card(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, "先读**最短**的一篇。")
    row = answer_row(answer_id)
    assert (row.status, row.author_id, row.anonymous, row.circle_id) == (
        "published", place.bob.id, False, place.circle.id,
    )  # fmt: skip
    assert "<strong>最短</strong>" in row.body_html
    assert post(question_id).parts["question"]["peek"] == "先读最短的一篇。"
    check_question(question_id)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_who_may_not_speak_here_cannot_answer(app: Flask, place: Place, make: Make, who: str) -> None:
    question_id, actor = ask(place), outsider(place, make, who)
    with pytest.raises((Unauthenticated, Forbidden)):
        operations.write_answer(actor, question_id, body="我来答。")
    assert count(Answer) == 0
    check_question(question_id)


def test_a_private_circles_question_is_not_there_for_strangers(app: Flask, make: Make) -> None:
    place = make.place(visibility="private", join_mode="invite")
    question_id, stranger = ask(place), actor_of(make.user())
    answer_id = answer(place.bob, question_id)
    for act in (
        lambda: operations.write_answer(stranger, question_id, body="我来答。"),
        lambda: operations.edit_answer(stranger, answer_id, body="我来改。"),
        lambda: operations.delete_answer(stranger, answer_id),
        lambda: operations.vote(stranger, answer_id, value=1),
        lambda: operations.accept_answer(stranger, question_id, answer_id=answer_id, version=1),
    ):
        with pytest.raises(NotFound):
            act()
    check_question(question_id)


def test_an_empty_answer_is_refused(app: Flask, place: Place) -> None:
    with pytest.raises(Refused) as refusal:
        operations.write_answer(place.bob, ask(place), body=" \n ")
    assert refusal.value.code == "ANSWER_EMPTY"
    assert count(Answer) == 0


def test_what_is_no_question_takes_no_answer(app: Flask, place: Place, make: Make) -> None:
    for id_ in (make.post(place), 12345):
        with pytest.raises(NotFound):
            operations.write_answer(place.bob, id_, body="我来答。")


def test_a_closed_or_repeated_question_takes_no_answer(app: Flask, place: Place) -> None:
    closed, repeated, original = ask(place), ask(place), ask(place)
    operations.close_question(place.ann, closed, reason="resolved")
    operations.mark_duplicate(place.mod, repeated, of=original)
    for question_id in (closed, repeated):
        with pytest.raises(Refused) as refusal:
            operations.write_answer(place.bob, question_id, body="我来答。")
        assert refusal.value.code == "QUESTION_CLOSED"
    assert count(Answer) == 0


def test_one_live_answer_each(app: Flask, place: Place) -> None:
    question_id = ask(place)
    first = answer(place.bob, question_id)
    with pytest.raises(Conflict) as refusal:
        answer(place.bob, question_id, "再说一遍。")
    assert refusal.value.code == "ALREADY_ANSWERED"
    operations.delete_answer(place.bob, first)
    second = answer(place.bob, question_id, "重新说一遍。")
    operations.hide_answer(place.mod, second, reason="跑题")
    with pytest.raises(Conflict):
        answer(place.bob, question_id, "绕过去。")
    assert count(Answer) == 2
    check_question(question_id)


def test_two_windows_answer_at_once_and_one_answer_stands(app: Flask, place: Place) -> None:
    question_id, bob = ask(place), place.bob
    outcomes = together(app, [lambda: answer(bob, question_id)] * 4)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 3
    assert {getattr(error, "code", "") for error in refused} == {"ALREADY_ANSWERED"}, refused
    assert count(Answer) == 1
    check_question(question_id)


def test_the_asker_of_an_anonymous_question_answers_as_the_asker(app: Flask, place: Place) -> None:
    question_id = ask(place, anonymous=True)
    own, other = answer(place.ann, question_id), answer(place.bob, question_id)
    assert (answer_row(own).anonymous, answer_row(other).anonymous) == (True, False)


def test_an_answer_names_members_once(app: Flask, place: Place) -> None:
    question_id = ask(place)
    name = place.users["mod"].username
    answer_id = answer(place.bob, question_id, f"问问 @{name}，他读过。")
    operations.edit_answer(place.bob, answer_id, body=f"问问 @{name}，@{name} 读过。")
    assert count(Mention) == 1
    operations.delete_answer(place.bob, answer_id)
    assert count(Mention) == 0


# ---- editing -----------------------------------------------------------------------------------------------------


def test_a_late_edit_keeps_what_was_there_and_is_shown(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, "读短的。")
    with clock.at(clock.now() + timedelta(minutes=20)):
        operations.edit_answer(place.bob, answer_id, body="读最短的。")
    assert (answer_row(answer_id).edited_at, count(AnswerRevision)) == (None, 0)
    with clock.at(clock.now() + timedelta(minutes=40)):
        operations.edit_answer(place.bob, answer_id, body="读最短的一篇。")
    assert answer_row(answer_id).edited_at is not None
    kept = db.session.scalars(select(AnswerRevision)).one()
    assert (kept.body, kept.version) == ("读最短的。", 2)
    assert post(question_id).parts["question"]["peek"] == "读最短的一篇。"


def test_an_edit_of_an_old_version_is_refused(app: Flask, place: Place) -> None:
    answer_id = answer(place.bob, ask(place), "一")
    operations.edit_answer(place.bob, answer_id, body="二", version=1)
    with pytest.raises(PreconditionFailed):
        operations.edit_answer(place.bob, answer_id, body="三", version=1)
    assert answer_row(answer_id).body == "二"


@pytest.mark.parametrize("who", ["ann", "mod", "owner"])
def test_nobody_else_edits_or_takes_back_an_answer(app: Flask, place: Place, who: str) -> None:
    answer_id = answer(place.bob, ask(place), "一")
    with pytest.raises(Forbidden):
        operations.edit_answer(getattr(place, who), answer_id, body="二")
    with pytest.raises(Forbidden):
        operations.delete_answer(getattr(place, who), answer_id)
    assert (answer_row(answer_id).body, answer_row(answer_id).status) == ("一", "published")


def test_a_muted_member_does_not_edit_but_may_take_back(app: Flask, place: Place) -> None:
    answer_id = answer(place.bob, ask(place), "一")
    circles.mute_member(place.mod, place.slug, place.bob.id or 0, duration_s=3600)
    with pytest.raises(Forbidden) as refusal:
        operations.edit_answer(place.bob, answer_id, body="二")
    assert refusal.value.code == "MUTED"
    operations.delete_answer(place.bob, answer_id)
    assert answer_row(answer_id).status == "deleted"


# ---- taking back -------------------------------------------------------------------------------------------------


def test_an_answer_taken_back_no_longer_counts_and_is_gone_twice(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    operations.delete_answer(place.bob, answer_id)
    check_question(question_id)
    assert post(question_id).answer_count == 0
    for act in (
        lambda: operations.delete_answer(place.bob, answer_id),
        lambda: operations.edit_answer(place.bob, answer_id, body="还在？"),
        lambda: operations.vote(place.mod, answer_id, value=1),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_accepted_answer_stays(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    with pytest.raises(Refused) as refusal:
        operations.delete_answer(place.bob, answer_id)
    assert refusal.value.code == "ANSWER_ACCEPTED"
    check_question(question_id)


def test_a_question_with_a_helpful_answer_of_somebody_else_is_not_taken_back(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    operations.vote(place.mod, answer_id, value=1)
    with pytest.raises(Refused) as refusal:
        posts.delete_post(place.ann, question_id)
    assert refusal.value.code == "QUESTION_ANSWERED"
    operations.vote(place.mod, answer_id, value=0)
    posts.delete_post(place.ann, question_id)
    assert post(question_id).status == "deleted"


def test_ones_own_helpful_answer_keeps_no_question(app: Flask, place: Place) -> None:
    question_id = ask(place)
    operations.vote(place.bob, answer(place.ann, question_id), value=1)
    posts.delete_post(place.ann, question_id)
    assert post(question_id).status == "deleted"


def test_nothing_is_done_below_a_hidden_question(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    posts.hide_post(place.mod, question_id, reason="跑题")
    for act in (
        lambda: operations.write_answer(place.admin, question_id, body="我来答。"),
        lambda: operations.edit_answer(place.bob, answer_id, body="改一改。"),
        lambda: operations.vote(place.admin, answer_id, value=1),
        lambda: operations.accept_answer(place.ann, question_id, answer_id=answer_id, version=1),
    ):
        with pytest.raises(NotFound):
            act()
    assert count(AnswerVote) == 0


def test_the_longest_answer_there_may_be(app: Flask, place: Place) -> None:
    body = "答" * rules.MAX_ANSWER
    assert len(answer_row(answer(place.bob, ask(place), body)).body) == rules.MAX_ANSWER
