"""What people are told of questions and answers: once each, for the best reason, and gone with what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.mail import make_mailer
from circle.notifications import operations as notices
from circle.notifications.kinds import KINDS
from circle.notifications.models import Notice
from circle.notifications.queries import NoticeRow, inbox
from circle.posts import operations as posts
from circle.qa import operations
from circle.topics import operations as topics
from tests.clients import Browser
from tests.factories import Make, Place, actor_of
from tests.mailserver import mail_server, text_of
from tests.notifications.test_mail import give_address
from tests.qa.questioning import accept, answer, ask


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


@pytest.fixture
def cai(place: Place, make: Make) -> Actor:
    """One more member."""
    user = make.member(place.circle, "member", make.user("cai"))
    place.users["cai"] = user
    return actor_of(user)


def about(actor: Actor, *but: str) -> Sequence[NoticeRow]:
    """What somebody was told of questions and answers, last first."""
    db.session.expire_all()
    kinds = ("question.", "answer.", "invite.", "post.", "comment.", "topic.")
    return [row for row in inbox(actor, limit=50).items if row.kind.startswith(kinds) and row.kind not in but]


def kinds(actor: Actor) -> list[str]:
    return [notice.kind for notice in about(actor)]


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_whoever_asked_hears_of_an_answer(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, "从最短的一篇开始。")
    (notice,) = about(place.ann)
    assert (notice.kind, notice.quote) == ("question.answered", "从最短的一篇开始。")
    assert notice.by is not None and notice.by.id == place.bob.id
    assert notice.url == f"/{place.slug}/questions/{question_id}#answer-{answer_id}"
    assert place.users["bob"].nickname in notice.text


def test_nobody_is_told_of_their_own_answer(place: Place) -> None:
    answer(place.ann, ask(place))
    answer(place.ann, ask(place, anonymous=True), "再说一句，我自己也在找。")
    assert about(place.ann) == []


def test_one_notice_for_the_best_reason(place: Place, cai: Actor) -> None:
    question_id = ask(place)
    answer(place.bob, question_id, f"@{place.ann.username} @{cai.username} @{place.bob.username} 一起读吧。")
    assert (kinds(place.ann), kinds(cai), kinds(place.bob)) == (["question.answered"], ["answer.mentioned"], [])


def test_an_edit_tells_only_those_who_did_not_know(place: Place, cai: Actor) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, f"@{cai.username} 一起读吧。")
    operations.edit_answer(
        place.bob, answer_id, body=f"@{cai.username} @{place.ann.username} @{place.mod.username} 一起读吧。"
    )
    operations.edit_answer(place.bob, answer_id, body="一起读吧。")
    operations.edit_answer(place.bob, answer_id, body=f"@{place.mod.username} 一起读吧。")
    assert (kinds(cai), kinds(place.ann)) == (["answer.mentioned"], ["question.answered"])
    assert kinds(place.mod) == ["answer.mentioned"]


def test_between_two_who_blocked_each_other_nothing_is_told(place: Place, cai: Actor) -> None:
    accounts.block_user(cai, place.users["bob"].id)
    answer(place.bob, ask(place), f"@{cai.username} 一起读吧。")
    assert about(cai) == []


def test_a_block_takes_back_what_was_told(place: Place, cai: Actor) -> None:
    question_id = ask(place)
    answer(cai, question_id)
    answer(place.bob, question_id)
    accounts.block_user(place.ann, cai.id or 0)
    assert [notice.by.id for notice in about(place.ann) if notice.by] == [place.bob.id]


@pytest.mark.parametrize("end", ["hide", "remove", "delete"])
def test_what_was_told_of_an_answer_goes_with_it(place: Place, cai: Actor, end: str) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, f"@{cai.username} 一起读吧。")
    kept = answer(place.mod, question_id, f"@{cai.username} 我也来。")
    ends: dict[str, Callable[[], object]] = {
        "hide": lambda: operations.hide_answer(place.mod, answer_id, reason="off topic"),
        "remove": lambda: operations.remove_answer(place.mod, answer_id, reason="off topic"),
        "delete": lambda: operations.delete_answer(place.bob, answer_id),
    }
    ends[end]()
    assert [notice.url for notice in about(cai)] == [f"/{place.slug}/questions/{question_id}#answer-{kept}"]
    assert kinds(place.ann) == ["question.answered"]


@pytest.mark.parametrize("end", ["hide", "remove"])
def test_with_the_question_all_goes_that_was_told_of_its_answers(place: Place, cai: Actor, end: str) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, f"@{cai.username} 一起读吧。")
    accept(place.ann, question_id, answer_id)
    operations.invite(place.ann, question_id, user_id=place.users["mod"].id)
    (posts.hide_post if end == "hide" else posts.remove_post)(place.mod, question_id, reason="off topic")
    assert kinds(cai) == kinds(place.bob) == kinds(place.mod) == []
    (notice,) = about(place.ann)
    assert notice.category == "moderation"


def test_its_author_is_told_what_moderators_did_and_why(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    operations.hide_answer(place.mod, answer_id, reason="先核实一下")
    operations.restore_answer(place.mod, answer_id)
    operations.remove_answer(place.mod, answer_id, reason="还是不合适")
    told = about(place.bob)
    assert [(notice.kind, notice.quote) for notice in told] == [
        ("answer.removed", "还是不合适"), ("answer.restored", None), ("answer.hidden", "先核实一下"),
    ]  # fmt: skip
    assert all(notice.by is None and notice.category == "moderation" for notice in told)


# ---- acceptance ------------------------------------------------------------------------------------------------------


def test_who_is_accepted_hears_of_it_and_what_it_earned(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, "从最短的一篇开始，每天读一页，读完再换下一篇。")
    accept(place.ann, question_id, answer_id)
    accept(place.ann, question_id, answer_id)
    (notice,) = about(place.bob)
    assert (notice.kind, notice.tone, notice.quote) == ("answer.accepted", "gold", "晨读从哪一篇开始？")
    assert notice.by is not None and notice.by.id == place.ann.id
    points = db.session.scalars(select(Notice.data).where(Notice.kind == "answer.accepted")).one()["points"]
    assert points > 0 and f" {points} " in notice.text


def test_changed_to_another_both_hear_of_it_and_changed_back_again(place: Place, cai: Actor) -> None:
    question_id = ask(place)
    first, second = answer(place.bob, question_id), answer(cai, question_id)
    accept(place.ann, question_id, first)
    accept(place.ann, question_id, second)
    assert (kinds(place.bob), kinds(cai)) == (["answer.unaccepted"], ["answer.accepted"])
    accept(place.ann, question_id, first)
    assert (kinds(place.bob), kinds(cai)) == (["answer.accepted"], ["answer.unaccepted"])
    accept(place.ann, question_id, None)
    assert (kinds(place.bob), kinds(cai)) == (["answer.unaccepted"], ["answer.unaccepted"])


def test_hidden_and_shown_again_nobody_is_told_twice(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    operations.hide_answer(place.mod, answer_id, reason="先核实一下")
    operations.restore_answer(place.mod, answer_id)
    assert kinds(place.bob) == ["answer.restored", "answer.hidden"]


def test_who_accepts_their_own_answer_is_not_told(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.ann, question_id)
    with clock.at(clock.now() + timedelta(days=3)):
        accept(place.ann, question_id, answer_id)
        accept(place.ann, question_id, None)
    assert about(place.ann) == []


# ---- questions -------------------------------------------------------------------------------------------------------


def test_whoever_asked_hears_what_others_decided_about_the_question(place: Place) -> None:
    question_id, original = ask(place), ask(place, "bob", title="晨读从什么书开始？")
    operations.close_question(place.mod, question_id, reason="off_topic")
    operations.reopen_question(place.mod, question_id)
    operations.mark_duplicate(place.mod, question_id, of=original)
    told = about(place.ann)
    assert [notice.kind for notice in told] == ["question.duplicate", "question.reopened", "question.closed"]
    assert told[0].url == f"/{place.slug}/questions/{original}"
    assert all(notice.by is None and notice.category == "moderation" for notice in told)
    assert place.circle.name in told[2].text


def test_whoever_closes_and_reopens_their_own_is_not_told(place: Place) -> None:
    question_id = ask(place)
    operations.close_question(place.ann, question_id, reason="resolved")
    operations.reopen_question(place.ann, question_id)
    assert about(place.ann) == []


def test_what_is_told_of_any_post_reads_as_of_a_question(place: Place, make: Make) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早读")
    topics.follow_topic(place.mod, topic)
    question_id = ask(place, topic_ids=[topic], body=f"@{place.admin.username} 想听听你的。")
    jobs.run_due()
    posts.like_post(place.bob, question_id, on=True)
    comment_id = posts.write_comment(place.bob, question_id, body="同问。")
    posts.feature_post(place.owner, question_id, on=True)
    page = f"/{place.slug}/questions/{question_id}"
    found = {notice.kind: notice for who in (place.ann, place.mod, place.admin) for notice in about(who)}
    assert {kind: notice.url for kind, notice in found.items()} == {
        "post.liked": page, "post.featured": page, "topic.posted": page, "post.mentioned": page,
        "post.commented": f"/{place.slug}/posts/{question_id}#comment-{comment_id}",
    }  # fmt: skip
    for kind, notice in found.items():
        assert notice.text != str(KINDS[kind].sentence) % {
            "name": place.users["bob"].nickname, "circle": place.circle.name, "topic": "早读"
        }, kind  # fmt: skip
    posts.like_post(place.mod, question_id, on=True)
    (liked,) = [notice for notice in about(place.ann) if notice.kind == "post.liked"]
    assert liked.count == 2
    posts.like_post(place.bob, make.post(place), on=True)
    plain = next(notice for notice in about(place.ann) if notice.kind == "post.liked" and notice.count == 1)
    assert plain.url is not None and "/posts/" in plain.url


# ---- without a name --------------------------------------------------------------------------------------------------


def test_nothing_that_is_told_says_who_asked_without_a_name(place: Place, cai: Actor, make: Make) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早读")
    topics.follow_topic(place.mod, topic)
    expert = actor_of(make.member(place.circle, "expert"))
    question_id = ask(place, anonymous=True, topic_ids=[topic], body=f"@{cai.username} 你怎么看？")
    jobs.run_due()
    answer_id = answer(place.bob, question_id)
    answer(place.ann, question_id, f"@{cai.username} @{place.bob.username} 谢谢大家。")
    operations.invite(place.ann, question_id, user_id=expert.id or 0)
    accept(place.ann, question_id, answer_id)
    other = answer(cai, question_id)
    accept(place.ann, question_id, other)
    told = {notice.kind for who in (cai, place.bob, place.mod, expert) for notice in about(who)}
    assert told >= {
        "post.mentioned", "answer.mentioned", "answer.accepted", "answer.unaccepted", "question.invited",
        "topic.posted",
    }  # fmt: skip
    ann = place.users["ann"]
    for who in (cai, place.bob, place.mod, expert):
        for notice in about(who):
            assert notice.by is None or notice.by.id != ann.id
            assert ann.nickname not in notice.text and ann.username not in notice.text
    rows = db.session.scalars(select(Notice).where(Notice.user_id != ann.id)).all()
    assert all(row.by_id != ann.id and str(ann.id) not in str(row.data) for row in rows)


def test_an_unnamed_asker_who_names_themselves_is_not_told(place: Place) -> None:
    question_id = ask(place, anonymous=True)
    answer_id = answer(place.ann, question_id, f"@{place.ann.username} 常这么说。")
    operations.edit_answer(place.ann, answer_id, body=f"说的是 @{place.ann.username} 吧。")
    assert about(place.ann) == []


# ---- how it is shown -------------------------------------------------------------------------------------------------


def test_the_inbox_and_the_mail_show_it(place: Place, browser: Callable[..., Browser]) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    operations.invite(place.bob, question_id, user_id=place.users["mod"].id)
    for name, address in (("ann", f"#answer-{answer_id}"), ("bob", ""), ("mod", "")):
        page = browser(place.users[name]).get("/notifications")
        assert page.status_code == 200
        (notice,) = about(getattr(place, name))
        opened = browser(place.users[name]).get(f"/notifications/{notice.id}/open")
        assert opened.location.endswith(
            f"/questions/{question_id}{address}" if name != "bob" else f"#answer-{answer_id}"
        )


def test_a_name_that_is_erased_goes_out_of_what_was_quoted_of_that_answer_alone(place: Place, cai: Actor) -> None:
    question_id = ask(place)
    for who in (place.bob, place.mod):
        answer(who, question_id, f"问问 @{cai.username} 吧。")
    rows = db.session.scalars(select(Notice).where(Notice.kind == "question.answered").order_by(Notice.id)).all()
    ids = [row.answer_id for row in rows]
    notices.requote(question_id, None, ["cai"], "nobody", answer_id=ids[0])
    notices.requote(question_id, None, ["bob"], "nobody")
    quotes = [notice.quote for notice in about(place.ann)]
    assert quotes == ["问问 @cai 吧。", "问问 @nobody 吧。"]


def test_it_goes_out_by_mail_with_the_words_and_the_way_and_without_a_hidden_name(place: Place, make: Make) -> None:
    expert = make.member(place.circle, "expert")
    for user, address in ((expert, "expert@example.org"), (place.users["ann"], "ann@example.org")):
        give_address(user, address)
    question_id = ask(place, anonymous=True)
    operations.invite(place.ann, question_id, user_id=expert.id)
    answer_id = answer(place.bob, question_id)
    with mail_server() as server:
        mailer, app = current_app.extensions["circle_mailer"], current_app
        app.extensions["circle_mailer"] = make_mailer(server.url)
        with clock.at(clock.now() + notices.MAIL_DELAY + timedelta(seconds=1)):
            jobs.run_due()
        app.extensions["circle_mailer"] = mailer
        mails = {str(message["To"]): text_of(message) for message in server.received}
    assert f"/{place.slug}/questions/{question_id}#answer-{answer_id}" in mails["ann@example.org"]
    assert f"{place.users['bob'].nickname} answered your question" in mails["ann@example.org"]
    assert "The asker invites you to answer, until " in mails["expert@example.org"]
    assert place.users["ann"].nickname not in mails["expert@example.org"]
