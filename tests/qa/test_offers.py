"""What a page offers (`can`) is what the operations grant: for everybody who comes by, each act is tried and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, NotFound
from circle.core.operation import in_transaction
from circle.posts import operations as posts
from circle.qa import operations, queries
from tests.factories import Actor, Make, Place, actor_of
from tests.qa.questioning import accept, answer, ask

Try = tuple[str, bool, Callable[[], Any]]


class Undo(Exception):
    """It went, and is taken back."""


def goes(act: Callable[[], Any]) -> bool:
    def work() -> None:
        act()
        raise Undo

    try:
        in_transaction(work)
    except Undo:
        return True
    except CircleError:
        return False
    finally:
        db.session.rollback()
    raise AssertionError("neither done nor refused")


def people_of(place: Place, make: Make) -> dict[str, Actor]:
    more = {name: actor_of(make.member(place.circle)) for name in ("muted", "banned", "left", "apart", "plain")}
    more["mod_apart"] = actor_of(make.member(place.circle, "moderator"))
    named = {name: getattr(place, name) for name in ("ann", "bob", "mod", "admin", "owner")}
    return {**named, **more, "stranger": actor_of(make.user()), "visitor": Actor(id=None)}


def of_question(who: Actor, row: queries.QuestionRow, other: int) -> Iterator[Try]:
    can, id_ = row.can, row.id
    reason = "resolved" if row.mine else "spam"
    yield "answer", can.answer, lambda: operations.write_answer(who, id_, body="每天读一页就好。")
    yield "close", can.close, lambda: operations.close_question(who, id_, reason=reason)
    yield "reopen", can.reopen, lambda: operations.reopen_question(who, id_)
    yield "duplicate", can.duplicate, lambda: operations.mark_duplicate(who, id_, of=other)
    yield "reveal", can.reveal, lambda: operations.reveal_identity(who, id_, reason="有人举报")


def of_answer(who: Actor, row: queries.QuestionRow, each: queries.AnswerRow) -> Iterator[Try]:
    can, id_, chosen = each.can, each.id, None if each.accepted else each.id
    may_choose = can.unaccept if each.accepted else can.accept
    yield "choose", may_choose, lambda: operations.accept_answer(who, row.id, answer_id=chosen, version=row.version)
    yield "vote", can.vote, lambda: operations.vote(who, id_, value=1)
    yield "vote_down", can.vote_down, lambda: operations.vote(who, id_, value=-1)
    yield "edit", can.edit, lambda: operations.edit_answer(who, id_, body="换一种说法。")
    yield "delete", can.delete, lambda: operations.delete_answer(who, id_)
    yield "hide", can.hide, lambda: operations.hide_answer(who, id_, reason="先看一看")
    yield "restore", can.restore, lambda: operations.restore_answer(who, id_)
    yield "remove", can.remove, lambda: operations.remove_answer(who, id_, reason="广告")
    if each.edited_at is not None:
        yield "revisions", can.revisions, lambda: queries.answer_revisions(who, id_)


@pytest.mark.parametrize(
    ("asker", "state", "anonymous"),
    [("ann", "open", False), ("mod", "open", True), ("ann", "closed", False), ("ann", "hidden", False)],
)
def test_whatever_is_offered_goes_and_nothing_else(
    app: Flask, make: Make, asker: str, state: str, *, anonymous: bool
) -> None:
    place = make.place()
    people, asked_at = people_of(place, make), clock.now()
    question_id, other = ask(place, asker, anonymous=anonymous), ask(place, "bob")
    ids = {
        name: answer(people[name], question_id)
        for name in ("ann", "bob", "mod", "owner", "muted", "banned", "left", "mod_apart")
    }
    with clock.at(asked_at + timedelta(hours=1)):
        operations.edit_answer(people[asker], ids[asker], body="后来想清楚了一些。")
    accept(people[asker], question_id, ids["bob"])
    operations.hide_answer(people["owner"], ids["left"], reason="先看一看")
    circles.mute_member(people["owner"], place.slug, people["muted"].id or 0, duration_s=7 * 86400)
    circles.ban_member(people["owner"], place.slug, people["banned"].id or 0)
    circles.leave_circle(people["left"], place.slug)
    for name in ("apart", "mod_apart"):
        accounts.block_user(people[name], people[asker].id or 0)
    if state == "closed":
        operations.close_question(people["admin"], question_id, reason="spam")
    if state == "hidden":
        posts.hide_post(people["owner"], question_id, reason="先看一看")
    wrong = []
    # the rules are the same code on both engines: on PostgreSQL, where each try costs three times as much, everybody
    # tries every other act, and who comes next the others; so each act is tried on each answer there, too
    every = 1 if db.session.get_bind().dialect.name == "sqlite" else 2
    with clock.at(asked_at + timedelta(days=3)):
        for number, (name, who) in enumerate(people.items()):
            try:
                row = queries.get_question(who, question_id)
            except NotFound:
                assert not goes(lambda who=who: operations.vote(who, ids["owner"], value=1))  # type: ignore[misc]
                continue
            tries = list(of_question(who, row, other))
            for each in queries.answer_page(who, row, limit=50).items:
                tries += of_answer(who, row, each)
            wrong += [(name, act, may) for act, may, does in tries[number % every :: every] if goes(does) != may]
    assert wrong == []
