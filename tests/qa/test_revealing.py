"""Who asked without a name: learned by those who may, never without a trace; and told by the asker alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.core import audit
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Forbidden, NotFound, Refused, Unauthenticated
from circle.core.idempotency import IdempotencyRecord
from circle.notifications import queries as notices
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import Comment, Post
from circle.qa import operations as qa
from circle.qa import queries as qa_queries
from circle.qa.models import Answer
from tests.clients import ApiClient, Browser
from tests.factories import Make, Place, actor_of

WHY = "There was a report that somebody is in danger."


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


@pytest.fixture
def question(place: Place) -> int:
    return _ask(place.ann, place)


def _ask(actor: Actor, place: Place, *, anonymous: bool = True) -> int:
    return posts.publish_post(
        actor, place.slug, type="question", title="要不要辞职去读书？", body="想了很久。", anonymous=anonymous
    )


def _entries() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "identity.reveal")))


def test_admin_and_owner_learn_who_asked(place: Place, question: int) -> None:
    for actor in (place.admin, place.owner):
        person = qa.reveal_identity(actor, question, reason=WHY)
        assert (person.id, person.username, person.role) == (place.ann.id, place.users["ann"].username, "member")


def test_nobody_else_does(make: Make, place: Place, question: int) -> None:
    elsewhere = make.place()
    for actor in (place.mod, place.bob, place.ann, elsewhere.owner):
        with pytest.raises(Forbidden):
            qa.reveal_identity(actor, question, reason=WHY)
    with pytest.raises(Unauthenticated):
        qa.reveal_identity(Actor(id=None), question, reason=WHY)
    assert not _entries()


def test_in_a_private_circle_a_stranger_does_not_even_learn_of_the_question(make: Make) -> None:
    place, elsewhere = make.place(visibility="private", join_mode="invite"), make.place()
    question = _ask(place.ann, place)
    with pytest.raises(NotFound):
        qa.reveal_identity(elsewhere.owner, question, reason=WHY)


def test_each_look_is_in_the_audit_log_with_its_reason_and_without_the_name(place: Place, question: int) -> None:
    qa.reveal_identity(place.admin, question, reason=WHY)
    qa.reveal_identity(place.admin, question, reason=WHY)
    entries = _entries()
    assert len(entries) == 2
    for entry in entries:
        assert (entry.stream, entry.actor) == (f"circle:{place.circle.id}", f"u{place.admin.id}")
        assert (entry.target, entry.data) == (f"post:{question}", {"reason": WHY})
        told = json.dumps([entry.target, entry.data])
        assert str(place.ann.id) not in told and place.users["ann"].username not in told
    assert audit.verify(f"circle:{place.circle.id}") is None


def test_the_asker_is_told_why_and_not_by_whom_once_a_day_for_each_who_looks(place: Place, question: int) -> None:
    qa.reveal_identity(place.admin, question, reason=WHY)
    qa.reveal_identity(place.admin, question, reason="And once more, for the same report.")
    told = [row for row in notices.inbox(place.ann).items if row.kind == "question.revealed"]
    assert [(row.quote, row.by, row.url) for row in told] == [(WHY, None, f"/{place.slug}/questions/{question}")]
    assert place.circle.name in told[0].text
    qa.reveal_identity(place.owner, question, reason=WHY)
    assert len([row for row in notices.inbox(place.ann).items if row.kind == "question.revealed"]) == 2


def test_the_notice_cannot_be_switched_off(place: Place) -> None:
    settings = {row.category: row for row in notices.settings_of(place.ann).categories}
    assert settings["moderation"].fixed


def test_a_question_with_a_name_and_what_is_no_question_have_nothing_to_reveal(place: Place) -> None:
    named, post = _ask(place.ann, place, anonymous=False), posts.publish_post(place.ann, place.slug, body="早安")
    with pytest.raises(Refused, match="NOT_ANONYMOUS"):
        qa.reveal_identity(place.admin, named, reason=WHY)
    with pytest.raises(NotFound):
        qa.reveal_identity(place.admin, post, reason=WHY)
    with pytest.raises(NotFound):
        qa.reveal_identity(place.admin, 12345, reason=WHY)
    assert not _entries()


def test_ones_own_question_holds_no_secret(place: Place) -> None:
    mine = _ask(place.admin, place)
    with pytest.raises(Refused) as refusal:
        qa.reveal_identity(place.admin, mine, reason=WHY)
    assert refusal.value.code == "OWN_CONTENT" and not _entries()
    assert not qa_queries.get_question(place.admin, mine).can.reveal


def test_an_admin_may_learn_that_it_was_the_owner_for_a_refusal_would_tell(place: Place) -> None:
    assert qa.reveal_identity(place.admin, _ask(place.owner, place), reason=WHY).id == place.owner.id


def test_also_of_what_was_hidden_removed_or_taken_back(place: Place) -> None:
    hidden, removed, deleted = (_ask(place.ann, place) for _each in range(3))
    posts.hide_post(place.mod, hidden, reason="a threat")
    posts.remove_post(place.mod, removed, reason="a threat")
    posts.delete_post(place.ann, deleted)
    for question in (hidden, removed, deleted):
        assert qa.reveal_identity(place.admin, question, reason=WHY).id == place.ann.id
        with pytest.raises(NotFound):
            qa.reveal_identity(place.bob, question, reason=WHY)


def test_somebody_who_left_is_still_known_and_a_deleted_account_is_not(make: Make, place: Place) -> None:
    left, gone = make.member(place.circle), make.member(place.circle)
    questions = [_ask(actor_of(user), place) for user in (left, gone)]
    circles.leave_circle(actor_of(left), place.slug)
    accounts.order_deletion(gone.id, keep_content=True)
    accounts.close_account(gone.id)
    assert qa.reveal_identity(place.owner, questions[0], reason=WHY).username == left.username
    person = qa.reveal_identity(place.owner, questions[1], reason=WHY)
    assert (person.username, person.avatar_url) == ("", None)


# ---- pages and API -------------------------------------------------------------------------------------------------


def test_the_page_asks_for_a_reason_and_tells_once(
    place: Place, question: int, browser: Callable[..., Browser]
) -> None:
    admin = browser(place.users["admin"])
    address = f"/{place.slug}/questions/{question}/reveal"
    form = admin.get(address)
    assert form.status_code == 200 and "要不要辞职去读书？" in form.text
    assert place.users["ann"].nickname not in form.text and str(place.ann.id) not in form.text
    short = admin.post(address, {"reason": "because"})
    assert short.status_code == 422 and place.users["ann"].nickname not in short.text and not _entries()
    shown = admin.post(address, {"reason": WHY})
    assert shown.status_code == 200 and f"@{place.users['ann'].username}" in shown.text
    assert shown.headers["Cache-Control"] == "no-store" and "Location" not in shown.headers
    again = admin.get(address)
    assert place.users["ann"].nickname not in again.text
    assert place.users["ann"].nickname not in admin.get(f"/{place.slug}/posts/{question}").text


def test_who_may_not_reveal_gets_neither_form_nor_answer(
    place: Place, question: int, browser: Callable[..., Browser]
) -> None:
    address = f"/{place.slug}/questions/{question}/reveal"
    for name in ("mod", "bob", "ann"):
        reader = browser(place.users[name])
        assert reader.get(address).status_code == reader.post(address, {"reason": WHY}).status_code == 403
    assert browser().get(address).headers["Location"].startswith("/login")
    assert not _entries()


def test_a_question_with_a_name_has_no_such_page(place: Place, browser: Callable[..., Browser]) -> None:
    named = _ask(place.ann, place, anonymous=False)
    admin = browser(place.users["admin"])
    assert admin.get(f"/{place.slug}/questions/{named}/reveal").status_code == 404


def test_the_api_tells_it_without_storing_the_answer(
    place: Place, question: int, api: Callable[..., ApiClient]
) -> None:
    admin = api(place.users["admin"])
    address = f"/questions/{question}/reveal"
    assert admin.post(address, {"reason": "short"}).status_code == 422
    headers = {"Idempotency-Key": "look-1"}
    for _time in range(2):
        told = admin.post(address, {"reason": WHY}, headers=headers)
        assert told.status_code == 200 and told.json["author"]["id"] == str(place.ann.id)
        assert told.headers["Cache-Control"] == "no-store" and "Idempotency-Replayed" not in told.headers
    assert len(_entries()) == 2
    assert db.session.scalar(select(IdempotencyRecord).where(IdempotencyRecord.key == "look-1")) is None
    assert api(place.users["mod"]).post(address, {"reason": WHY}).status_code == 403
    assert api(place.users["bob"]).post(address, {"reason": WHY}).status_code == 403
    assert api().post(address, {"reason": WHY}).status_code == 401


# ---- giving one's name after all -----------------------------------------------------------------------------------


def test_the_asker_may_stand_by_it_and_then_all_of_it_shows_the_name(place: Place, question: int) -> None:
    mine = posts.write_comment(place.ann, question, body="补充一句")
    theirs = posts.write_comment(place.bob, question, body="加油")
    reply = posts.write_comment(place.ann, question, body="谢谢", parent_id=theirs)
    answer = qa.write_answer(place.ann, question, body="后来我去读了，很值得。")
    qa.show_name(place.ann, question)
    db.session.rollback()
    assert not db.session.get_one(Post, question).anonymous
    assert not any(db.session.get_one(Comment, id_).anonymous for id_ in (mine, theirs, reply))
    assert not db.session.get_one(Answer, answer).anonymous
    post = post_queries.get_post(place.bob, question)
    assert (post.author.id, post.anonymous) == (place.ann.id, False)
    shown = post_queries.comment_page(place.bob, post).items
    assert {row.author.id for row in shown if row.author} == {place.ann.id, place.bob.id}
    assert [row.id for row in post_queries.posts_by(place.bob, place.ann.id or 0).items] == [question]


def test_showing_the_name_twice_is_showing_it_once(place: Place, question: int) -> None:
    qa.show_name(place.ann, question)
    version = db.session.get_one(Post, question).version
    qa.show_name(place.ann, question)
    db.session.rollback()
    assert db.session.get_one(Post, question).version == version


def test_nobody_switches_it_off_for_the_asker(place: Place, question: int) -> None:
    for actor in (place.owner, place.admin, place.mod, place.bob):
        with pytest.raises(Forbidden):
            qa.show_name(actor, question)
    db.session.rollback()
    assert db.session.get_one(Post, question).anonymous


def test_other_questions_of_the_asker_stay_as_they_are(place: Place, question: int) -> None:
    other = _ask(place.ann, place)
    below = posts.write_comment(place.ann, other, body="补充")
    qa.show_name(place.ann, question)
    db.session.rollback()
    assert db.session.get_one(Post, other).anonymous and db.session.get_one(Comment, below).anonymous


def test_a_muted_asker_may_still_give_their_name(place: Place, question: int) -> None:
    circles.mute_member(place.mod, place.slug, place.ann.id or 0, duration_s=3600)
    qa.show_name(place.ann, question)
    db.session.rollback()
    assert not db.session.get_one(Post, question).anonymous


def test_name_from_the_page_and_over_the_api(
    place: Place, question: int, browser: Callable[..., Browser], api: Callable[..., ApiClient]
) -> None:
    ann: Any = place.users["ann"]
    done = browser(ann).post(f"/{place.slug}/questions/{question}/show-name")
    assert done.status_code == 303 and done.headers["Location"].endswith(f"/{place.slug}/questions/{question}")
    other = _ask(place.ann, place)
    assert api(place.users["bob"]).post(f"/questions/{other}/show-name").status_code == 403
    shown = api(ann).post(f"/questions/{other}/show-name")
    assert shown.status_code == 200 and shown.json["author"]["id"] == str(ann.id)


def test_what_was_asked_without_a_name_earned_nothing_and_its_asker_is_told_why(
    app: Flask, place: Place, question: int, api: Callable[..., ApiClient]
) -> None:
    told = api(place.users["ann"]).get(f"/circles/{place.slug}/me/ledger/why?source=post:{question}")
    assert told.status_code == 200 and told.json["reason"] == "anonymous" and told.json["points"] == 0
