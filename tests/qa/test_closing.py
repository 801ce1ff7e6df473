"""Closing questions and opening them again; which questions their askers may delete."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.circles import operations as circles
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from circle.core.jobs import run_due
from circle.notifications.models import Notice
from circle.posts import operations as posts
from circle.qa import operations, queries
from circle.qa.models import CLOSE_REASONS
from tests.factories import Actor, Make, actor_of
from tests.qa.questioning import accept, answer, ask, audited, check_question, post, question


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def test_who_asked_closes_a_question_that_is_settled(app: Flask, place: Any) -> None:
    asked = ask(place)
    seen = question(asked).version
    operations.close_question(place.ann, asked, reason="resolved")
    row = question(asked)
    assert (row.status, row.close_reason, row.closed_by) == ("closed", "resolved", place.ann.id)
    assert row.closed_at is not None
    assert row.version == seen + 1
    assert post(asked).parts["question"]["status"] == "closed"
    assert audited("question.close") == []  # one's own question is nobody else's content
    check_question(asked)


def test_a_closed_question_takes_no_answers_but_keeps_its_votes_and_its_acceptance_open(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.close_question(place.mod, asked, reason="off_topic")
    with pytest.raises(Refused) as refusal:
        answer(place.admin, asked)
    assert refusal.value.code == "QUESTION_CLOSED"
    assert operations.vote(place.admin, given, value=1).up == 1
    operations.edit_answer(place.bob, given, body="从序言开始，再读目录。")
    accept(place.ann, asked, given)
    check_question(asked)


@pytest.mark.parametrize("reason", CLOSE_REASONS)
def test_a_moderator_closes_for_any_reason_and_it_is_written_down(app: Flask, place: Any, reason: str) -> None:
    asked = ask(place)
    operations.close_question(place.mod, asked, reason=reason)
    assert queries.get_question(place.bob, asked).close_reason == reason
    assert audited("question.close") == [
        (f"u{place.mod.id}", f"post:{asked}", {"from": "open", "to": "closed", "reason": reason})
    ]


@pytest.mark.parametrize("reason", ["off_topic", "spam"])
def test_nobody_judges_their_own_question(app: Flask, place: Any, reason: str) -> None:
    asked = ask(place, "mod")
    with pytest.raises(Refused) as refusal:
        operations.close_question(place.mod, asked, reason=reason)
    assert (refusal.value.code, list(refusal.value.errors)) == ("CLOSE_REASON", ["reason"])
    assert question(asked).status == "open"


def test_others_neither_close_nor_reopen_nor_mark(app: Flask, place: Any, make: Make) -> None:
    asked, other = ask(place), ask(place, "bob")
    stranger = actor_of(make.user())
    for actor, error in ((place.bob, Forbidden), (stranger, Forbidden), (Actor(id=None), Unauthenticated)):
        with pytest.raises(error):
            operations.close_question(actor, asked, reason="resolved")
        with pytest.raises(error):
            operations.reopen_question(actor, asked)
        with pytest.raises(error):
            operations.mark_duplicate(actor, asked, of=other)
    with pytest.raises(Forbidden):  # who asked does not send others elsewhere
        operations.mark_duplicate(place.ann, asked, of=other)
    assert question(asked).version == 1


def test_in_a_private_circle_a_stranger_learns_nothing(app: Flask, make: Make) -> None:
    place = make.place(visibility="private")
    asked = ask(place)
    with pytest.raises(NotFound):
        operations.close_question(actor_of(make.user()), asked, reason="resolved")
    with pytest.raises(NotFound):
        operations.mark_duplicate(actor_of(make.user()), asked, of=asked)


def test_muted_and_banned_askers_wait(app: Flask, place: Any) -> None:
    asked = ask(place)
    circles.mute_member(place.mod, place.slug, place.ann.id, duration_s=3600, reason="calm down")
    with pytest.raises(Forbidden) as refusal:
        operations.close_question(place.ann, asked, reason="resolved")
    assert refusal.value.code == "MUTED"
    circles.ban_member(place.owner, place.slug, place.ann.id)
    with pytest.raises(Forbidden) as refusal:
        operations.close_question(place.ann, asked, reason="resolved")
    assert refusal.value.code == "BANNED"


def test_closing_twice_is_refused_and_changes_nothing(app: Flask, place: Any) -> None:
    asked = ask(place)
    operations.close_question(place.mod, asked, reason="spam")
    before = question(asked).version
    with pytest.raises(Conflict):
        operations.close_question(place.admin, asked, reason="other")
    assert (question(asked).close_reason, question(asked).version) == ("spam", before)


def test_reopening_gives_back_what_was(app: Flask, place: Any) -> None:
    asked = ask(place)
    operations.close_question(place.mod, asked, reason="other")
    operations.reopen_question(place.admin, asked)
    row = question(asked)
    assert (row.status, row.close_reason, row.closed_at, row.closed_by) == ("open", "", None, None)
    assert answer(place.bob, asked)
    assert audited("question.reopen") == [(f"u{place.admin.id}", f"post:{asked}", {"from": "closed", "to": "open"})]
    with pytest.raises(Conflict):
        operations.reopen_question(place.admin, asked)
    check_question(asked)


def test_who_asked_reopens_only_what_they_closed_themselves(app: Flask, place: Any) -> None:
    mine, theirs = ask(place), ask(place)
    operations.close_question(place.ann, mine, reason="other")
    assert queries.get_question(place.ann, mine).can.reopen
    operations.reopen_question(place.ann, mine)
    assert audited("question.reopen") == []
    operations.close_question(place.mod, theirs, reason="off_topic")
    assert not queries.get_question(place.ann, theirs).can.reopen
    with pytest.raises(Forbidden):
        operations.reopen_question(place.ann, theirs)
    assert question(theirs).status == "closed"


def test_who_decides_on_what_they_did_not_see_is_told_so(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    seen = question(asked).version
    accept(place.ann, asked, given)
    with pytest.raises(Conflict) as refusal:
        operations.close_question(place.mod, asked, reason="off_topic", version=seen)
    assert refusal.value.code == "VERSION_CONFLICT"
    operations.close_question(place.mod, asked, reason="off_topic", version=seen + 1)
    with pytest.raises(Conflict) as refusal:
        operations.reopen_question(place.mod, asked, version=seen)
    assert refusal.value.code == "VERSION_CONFLICT"


def test_a_hidden_question_is_not_closed(app: Flask, place: Any) -> None:
    asked = ask(place)
    posts.hide_post(place.mod, asked, reason="off topic")
    for actor in (place.ann, place.mod, place.bob):
        with pytest.raises(NotFound):
            operations.close_question(actor, asked, reason="resolved")
    with pytest.raises(NotFound):
        operations.close_question(place.mod, make_post(place), reason="resolved")


def make_post(place: Any) -> int:
    return posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")


@pytest.mark.parametrize("who", ["ann", "mod", "admin", "owner"])
def test_whoever_asked_without_a_name_a_moderator_may_close_it(app: Flask, place: Any, who: str) -> None:
    """Ranks must not show: the answer is the same whoever asked."""
    asked = ask(place, who, anonymous=True)
    operations.close_question(place.mod, asked, reason="other")
    assert question(asked).status == "closed"
    for _actor, _target, data in audited("question.close"):
        assert str(getattr(place, who).id) not in str(data)


def test_whoever_asked_is_told_what_others_decided_and_not_what_they_did_themselves(app: Flask, place: Any) -> None:
    asked, original = ask(place), ask(place, "bob")

    def told() -> list[str]:
        kinds = select(Notice.kind).where(Notice.user_id == place.ann.id, Notice.post_id == asked).order_by(Notice.id)
        return [kind for kind in db.session.scalars(kinds) if kind.startswith("question.")]

    operations.close_question(place.ann, asked, reason="resolved")
    operations.reopen_question(place.ann, asked)
    assert told() == []
    operations.close_question(place.mod, asked, reason="off_topic")
    operations.reopen_question(place.mod, asked)
    operations.mark_duplicate(place.mod, asked, of=original)
    posts.delete_post(place.bob, original)
    run_due()
    assert told() == ["question.closed", "question.reopened", "question.duplicate", "question.reopened"]


# ---- deleting ----------------------------------------------------------------------------------------------------


def test_who_asked_deletes_a_question_whose_answers_nobody_valued(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.vote(place.admin, given, value=-1)
    posts.delete_post(place.ann, asked)
    assert post(asked).status == "deleted"


def test_a_question_with_a_valued_answer_stays_until_a_moderator_removes_it(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.vote(place.admin, given, value=1)
    with pytest.raises(Refused) as refusal:
        posts.delete_post(place.ann, asked)
    assert refusal.value.code == "QUESTION_ANSWERED"
    assert post(asked).status == "published"
    posts.remove_post(place.mod, asked, reason="off topic")
    assert post(asked).status == "removed"


def test_a_question_with_an_accepted_answer_of_somebody_else_stays(app: Flask, place: Any) -> None:
    asked = ask(place)
    accept(place.ann, asked, answer(place.bob, asked))
    with pytest.raises(Refused) as refusal:
        posts.delete_post(place.ann, asked)
    assert refusal.value.code == "QUESTION_ANSWERED"


def test_ones_own_answer_and_a_hidden_one_keep_no_question(app: Flask, place: Any) -> None:
    own, hidden = ask(place), ask(place)
    operations.vote(place.bob, answer(place.ann, own), value=1)
    given = answer(place.bob, hidden)
    operations.vote(place.admin, given, value=1)
    operations.hide_answer(place.mod, given, reason="off topic")
    posts.delete_post(place.ann, own)
    posts.delete_post(place.ann, hidden)
    assert {post(own).status, post(hidden).status} == {"deleted"}
