"""Reading questions and answers: who sees what, in which order, in how many statements, and that `can` is the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from circle.accounts.models import User
from circle.accounts.operations import block_user
from circle.circles import operations as circle_operations
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import BadRequest, CircleError, NotFound, Unauthenticated
from circle.core.operation import operation
from circle.posts import operations as posts
from circle.qa import operations, queries, rules
from circle.qa.models import Answer
from circle.qa.queries import AnswerRow
from tests.factories import Actor, Make, Place, actor_of
from tests.qa.questioning import accept, answer, ask, question

VISITOR = Actor(id=None)


def people(make: Make, place: Place, number: int) -> list[Actor]:
    return [actor_of(make.member(place.circle)) for _ in range(number)]


def shown(actor: Actor, question_id: int, sort: str = "best") -> list[int]:
    return [row.id for row in queries.answer_page(actor, queries.get_question(actor, question_id), sort=sort).items]


def tab(actor: Actor, place: Place, name: str = "newest") -> list[int]:
    circle = circles.readable_circle(actor, place.slug)
    return [post.id for post in queries.question_list(actor, circle, tab=name).items]


@operation
def set_votes(answer_id: int, up: int, wilson: int) -> None:
    db.session.execute(update(Answer).where(Answer.id == answer_id).values(up=up, score=up, wilson=wilson))


# ---- one question --------------------------------------------------------------------------------------------


def test_a_question_holds_its_post_and_what_only_questions_have(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place, title="读完就忘，怎么留住？")
    given = answer(place.bob, asked)
    accept(place.ann, asked, given)
    row = queries.get_question(place.bob, asked)
    assert (row.id, row.title, row.status) == (asked, "读完就忘，怎么留住？", "open")
    assert row.url == f"/{place.slug}/questions/{asked}"
    assert (row.accepted_answer_id, row.my_answer_id, row.mine) == (given, given, False)
    assert row.first_accepted_at is not None
    assert row.version == question(asked).version == 2
    assert row.post.answer_count == 1
    told = row.post.question
    assert told is not None
    assert (told.accepted, told.answer_count, told.status) == (True, 1, "open")
    assert queries.get_question(place.ann, asked).mine


def test_what_is_no_question_or_elsewhere_is_not_found(app: Flask, make: Make) -> None:
    place, other = make.place(), make.place()
    asked, moment = ask(place), make.post(place)
    for wrong in (lambda: queries.get_question(place.bob, moment), lambda: queries.get_question(place.bob, 1),
                  lambda: queries.get_question(place.bob, asked, slug=other.slug),
                  lambda: queries.get_answer(place.bob, 1)):  # fmt: skip
        with pytest.raises(NotFound):
            wrong()


def test_a_hidden_question_is_there_for_its_asker_and_moderators_alone(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place, anonymous=True)
    given = answer(place.bob, asked)
    posts.hide_post(place.mod, asked, reason="广告")
    assert queries.get_question(place.ann, asked).post.status == "hidden"
    assert queries.get_answer(place.mod, given)[0].id == given
    for actor in (place.bob, VISITOR):
        with pytest.raises(NotFound):
            queries.get_question(actor, asked)
        with pytest.raises(NotFound):
            queries.get_answer(actor, given)
    can = queries.get_question(place.ann, asked).can
    assert not any(can)


def test_a_private_circle_keeps_its_questions(app: Flask, make: Make) -> None:
    place = make.place(visibility="private")
    asked = ask(place)
    given = answer(place.bob, asked)
    stranger = actor_of(make.user())
    for actor in (stranger, VISITOR):
        for look in (queries.get_question, queries.get_answer):
            with pytest.raises(NotFound):
                look(actor, asked if look is queries.get_question else given)  # type: ignore[operator]


def test_a_duplicate_names_the_original_to_those_who_may_read_it(app: Flask, make: Make) -> None:
    place = make.place()
    first, second = ask(place, "bob", title="晨读读什么书好？"), ask(place, title="早上适合读什么书？")
    operations.mark_duplicate(place.mod, second, of=first)
    of = queries.get_question(place.admin, second).duplicate_of
    assert of is not None
    assert (of.id, of.title, of.url) == (first, "晨读读什么书好？", f"/{place.slug}/questions/{first}")
    reader = actor_of(make.member(place.circle))
    block_user(reader, place.bob.person_id)
    assert queries.get_question(reader, second).duplicate_of is None
    assert queries.get_question(reader, second).status == "duplicate"
    posts.hide_post(place.mod, first, reason="重复")
    assert queries.get_question(VISITOR, second).duplicate_of is None
    assert queries.get_question(place.mod, second).duplicate_of is not None


# ---- answers -------------------------------------------------------------------------------------------------


def test_best_has_the_accepted_answer_first_then_the_surest_then_the_earliest(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place)
    start = clock.now()
    given = []
    for number, actor in enumerate(people(make, place, 5)):
        with clock.at(start + timedelta(minutes=number + 1)):
            given.append(answer(actor, asked))
    set_votes(given[1], 10, 858_931)
    set_votes(given[3], 2, 549_092)
    set_votes(given[4], 3, 549_092)  # as sure, and one more
    assert shown(VISITOR, asked) == [given[1], given[4], given[3], given[0], given[2]]
    accept(place.ann, asked, given[2])
    assert shown(VISITOR, asked) == [given[2], given[1], given[4], given[3], given[0]]
    assert shown(VISITOR, asked, "newest") == list(reversed(given))


@pytest.mark.parametrize("sort", queries.ANSWER_SORTS)
def test_paging_shows_every_answer_once(app: Flask, make: Make, sort: str) -> None:
    place = make.place()
    asked, start = ask(place), clock.now()
    given = []
    for number, actor in enumerate(people(make, place, 11)):
        with clock.at(start + timedelta(minutes=number // 3)):
            given.append(answer(actor, asked))
    for number, answer_id in enumerate(given):
        set_votes(answer_id, number % 3, (0, 378_447, 549_092)[number % 3])
    accept(place.ann, asked, given[0])
    row = queries.get_question(place.bob, asked)
    whole = [one.id for one in queries.answer_page(place.bob, row, sort=sort, limit=50).items]
    read: list[int] = []
    cursor = None
    while True:
        page = queries.answer_page(place.bob, row, sort=sort, cursor=cursor, limit=3)
        read += [one.id for one in page.items]
        if (cursor := page.next_cursor) is None:
            break
        if len(read) == 3:
            operations.delete_answer(actor_of(db.session.get_one(User, _author(read[1]))), read[1])
    assert read == whole
    other = queries.get_question(place.bob, ask(place, "bob", title="另一个问题"))
    page = queries.answer_page(place.bob, row, sort=sort, limit=3)
    with pytest.raises(BadRequest):
        queries.answer_page(place.bob, other, sort=sort, cursor=page.next_cursor)


def _author(answer_id: int) -> int:
    return db.session.get_one(Answer, answer_id).author_id


def test_hidden_answers_are_there_for_their_author_and_moderators_others_do_not_count_them(
    app: Flask, make: Make
) -> None:
    place = make.place()
    asked = ask(place)
    given, kept = answer(place.bob, asked), answer(place.admin, asked)
    operations.hide_answer(place.mod, given, reason="不友善")
    for actor, sees in ((place.bob, True), (place.mod, True), (place.ann, False), (VISITOR, False)):
        assert (given in shown(actor, asked)) is sees
        assert kept in shown(actor, asked)
        if sees:
            row = queries.get_answer(actor, given)[0]
            assert (row.status, row.hidden_reason) == ("hidden", "不友善")
        else:
            with pytest.raises(NotFound):
                queries.get_answer(actor, given)
    assert queries.get_question(VISITOR, asked).post.answer_count == 1
    assert queries.get_question(place.bob, asked).my_answer_id == given
    assert not queries.get_question(place.bob, asked).can.answer
    operations.remove_answer(place.mod, given, reason="不友善")
    assert given not in shown(place.bob, asked)
    row_ = queries.get_question(place.bob, asked)
    assert (row_.my_answer_id, row_.can.answer) == (None, False)


def test_who_has_blocked_whom_does_not_meet_in_answers_but_moderators_see_all(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place)
    given, by_owner = answer(place.bob, asked), answer(place.owner, asked)
    reader = actor_of(make.member(place.circle))
    block_user(reader, place.bob.person_id)
    block_user(reader, place.owner.person_id)
    assert shown(reader, asked) == [by_owner]
    assert shown(place.bob, ask(place, "bob", title="换个问题")) == []
    block_user(place.mod, place.bob.person_id)
    assert given in shown(place.mod, asked)
    assert not queries.get_answer(place.mod, given)[0].can.vote
    block_user(place.bob, place.ann.person_id)
    assert given not in shown(place.ann, asked)
    with pytest.raises(NotFound):
        queries.get_answer(reader, given)


def test_the_asker_of_an_anonymous_question_is_named_nowhere(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place, anonymous=True)
    answer(place.bob, asked)
    mine = answer(place.ann, asked, body="后来我自己试了一周。")
    for actor in (place.ann, place.bob, place.mod, place.owner, VISITOR):
        row = queries.get_question(actor, asked)
        own = queries.get_answer(actor, mine)[0]
        assert (row.post.author.id, own.author.id, own.author.url, own.author.avatar_url) == (0, 0, None, None)
        assert (own.anonymous, own.by_asker, own.author.role, own.author.level) == (True, True, "member", None)
        assert not row.post.can.block
    # and a block tells nothing
    block_user(place.bob, place.ann.person_id)
    assert mine in shown(place.bob, asked)
    assert asked in tab(place.bob, place)


def test_an_answer_says_whether_the_asker_wrote_or_accepted_it(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place)
    own, given = answer(place.ann, asked), answer(place.bob, asked)
    accept(place.ann, asked, given)
    by_asker, other = queries.get_answer(VISITOR, own)[0], queries.get_answer(VISITOR, given)[0]
    assert (by_asker.by_asker, other.by_asker, other.asker_accepted) == (True, False, True)
    assert by_asker.author.id == place.ann.id
    gone = ask(place, "bob", title="走了的人的问题")
    later = answer(place.ann, gone)
    circle_operations.leave_circle(place.bob, place.slug)
    accept(place.owner, gone, later)
    row = queries.get_answer(VISITOR, later)[0]
    assert (row.accepted, row.asker_accepted) == (True, False)


# ---- lists ---------------------------------------------------------------------------------------------------


def test_the_lists_of_questions(app: Flask, make: Make) -> None:
    place, start = make.place(), clock.now()
    made = []
    for minutes in range(4):
        with clock.at(start + timedelta(minutes=minutes)):
            made.append(ask(place, title=f"第 {minutes} 个问题"))
    old, second, third, new = made
    make.post(place)
    assert tab(place.bob, place) == [new, third, second, old]
    with clock.at(start + timedelta(hours=1)):
        answer(place.bob, old)
    with clock.at(start + timedelta(hours=2)):
        posts.write_comment(place.bob, second, body="问得好")
    assert tab(VISITOR, place, "active") == [second, old, new, third]
    assert tab(VISITOR, place, "unanswered") == [new, third, second]
    operations.close_question(place.mod, third, reason="off_topic")
    assert tab(VISITOR, place, "unanswered") == [new, second]
    for reader in (place.bob, place.mod, place.admin, place.owner):
        posts.like_post(reader, new, on=True)
    assert tab(VISITOR, place, "hot")[0] == new
    posts.hide_post(place.mod, new, reason="广告")
    assert new not in tab(place.bob, place)


def test_a_question_whose_only_answer_was_hidden_waits_again(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    assert tab(VISITOR, place, "unanswered") == []
    operations.hide_answer(place.mod, given, reason="不友善")
    assert tab(VISITOR, place, "unanswered") == [asked]


def test_ones_own_list_has_what_was_asked_anonymously_and_is_nobody_elses(app: Flask, make: Make) -> None:
    place = make.place()
    plain, unnamed, hidden = ask(place), ask(place, anonymous=True), ask(place, title="被隐藏的问题")
    ask(place, "bob", title="别人的问题")
    posts.hide_post(place.mod, hidden, reason="广告")
    assert sorted(tab(place.ann, place, "mine")) == sorted([plain, unnamed, hidden])
    assert tab(place.mod, place, "mine") == []
    circle = circles.readable_circle(VISITOR, place.slug)
    with pytest.raises(Unauthenticated):
        queries.question_list(VISITOR, circle, tab="mine")
    mine = queries.question_list(place.ann, circles.readable_circle(place.ann, place.slug), tab="mine", limit=1)
    with pytest.raises(BadRequest):
        queries.question_list(
            place.bob, circles.readable_circle(place.bob, place.slug), tab="mine", cursor=mine.next_cursor
        )


def test_lists_leave_out_those_whom_one_does_not_meet(app: Flask, make: Make) -> None:
    place = make.place()
    asked, unnamed = ask(place), ask(place, anonymous=True)
    block_user(place.bob, place.ann.person_id)
    assert tab(place.bob, place) == [unnamed]
    assert set(tab(place.mod, place)) == {asked, unnamed}


@contextmanager
def asked_of_the_database() -> Iterator[list[tuple[str, Any]]]:
    """The SELECTs sent inside, with their values."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        sent.append((sql, values))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", queries.TABS)
def test_every_list_is_a_range_of_its_own_index(app: Flask, make: Make, name: str) -> None:
    place = make.place()
    asked = [ask(place, title=f"第 {number} 个问题") for number in range(3)]
    circle = circles.readable_circle(place.bob, place.slug)
    first = queries.question_list(place.bob, circle, tab=name, limit=1)
    assert first.items[0].id in asked
    for cursor in (None, first.next_cursor):
        with asked_of_the_database() as sent:
            queries.question_list(place.bob, circle, tab=name, limit=1, cursor=cursor)
        (sql, values), *_rest = sent
        plan = _plan(sql, values)
        assert f"ix_posts_questions_{name}" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    db.session.rollback()


def _plan(sql: str, values: Any) -> str:
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return "\n".join(row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, values))
    # a handful of rows is read as a whole; whether the index can answer is what matters
    for how in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
        connection.exec_driver_sql(f"SET LOCAL {how} = off")
    return "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN " + sql, values))


# ---- what a reader may do ------------------------------------------------------------------------------------


def allowed(act: Callable[[], object]) -> bool:
    """Whether an operation lets it pass; nothing of it stays."""

    class Done(Exception):
        """It went through, and is taken back."""

    @operation
    def attempt() -> None:
        act()
        raise Done

    try:
        attempt()
    except Done:
        return True
    except CircleError:
        return False
    raise AssertionError


def acts_on(actor: Actor, row: AnswerRow, version: int) -> dict[str, Callable[[], object]]:
    id_, asked = row.id, row.question_id
    return {
        "edit": lambda: operations.edit_answer(actor, id_, body="改过的回答"),
        "delete": lambda: operations.delete_answer(actor, id_),
        "vote": lambda: operations.vote(actor, id_, value=1),
        "vote_down": lambda: operations.vote(actor, id_, value=-1),
        "hide": lambda: operations.hide_answer(actor, id_, reason="不友善"),
        "restore": lambda: operations.restore_answer(actor, id_, reason="看错了"),
        "remove": lambda: operations.remove_answer(actor, id_, reason="不友善"),
        # accepting what is accepted changes nothing, so it is let pass as well
        "accept": lambda: operations.accept_answer(actor, asked, answer_id=id_, version=version),
        "unaccept": lambda: operations.accept_answer(actor, asked, answer_id=None, version=version),
    }


def check_answers(actor: Actor, question_id: int) -> int:
    """What each row says may be done is what the operations allow. Returns how much was compared."""
    try:
        row = queries.get_question(actor, question_id)
    except NotFound:
        return 0
    compared = 0
    for one in queries.answer_page(actor, row).items:
        for name, act in acts_on(actor, one, row.version).items():
            if name == ("accept" if one.accepted else "unaccept"):
                continue
            assert allowed(act) is getattr(one.can, name), (name, actor, one)
            compared += 1
    return compared


def check_question(actor: Actor, question_id: int, other: int) -> None:
    try:
        row = queries.get_question(actor, question_id)
    except NotFound:
        return
    acts: dict[str, Callable[[], object]] = {
        "answer": lambda: operations.write_answer(actor, question_id, body="我的回答"),
        "close": lambda: operations.close_question(actor, question_id, reason="resolved"),
        "reopen": lambda: operations.reopen_question(actor, question_id),
        "duplicate": lambda: operations.mark_duplicate(actor, question_id, of=other),
    }
    for name, act in acts.items():
        assert allowed(act) is getattr(row.can, name), (name, actor, row)


def everybody(make: Make, place: Place) -> list[Actor]:
    expert, muted = make.member(place.circle, "expert"), make.member(place.circle)
    high, left = make.member(place.circle), make.member(place.circle)
    circle_operations.mute_member(place.mod, place.slug, muted.id, duration_s=86_400)
    circle_operations.leave_circle(actor_of(left), place.slug)
    _raise_level(place.circle.id, high.id)
    here = [place.ann, place.bob, place.mod, place.admin, place.owner]
    return [*here, *map(actor_of, (expert, muted, high, left, make.user())), VISITOR]


@operation
def _raise_level(circle_id: int, user_id: int) -> None:
    db.session.execute(
        update(Member).where(Member.circle_id == circle_id, Member.user_id == user_id).values(level=rules.DOWN_LEVEL)
    )


@pytest.mark.parametrize("anonymous", [False, True])
def test_what_a_row_allows_is_what_the_operations_allow(app: Flask, make: Make, anonymous: bool) -> None:
    place, start = make.place(), clock.now()
    other = ask(place, "mod", title="原来的问题")
    asked = ask(place, anonymous=anonymous)
    actors = everybody(make, place)
    given = [answer(actor, asked) for actor in (place.ann, place.bob, place.owner, place.mod)]
    operations.hide_answer(place.owner, given[3], reason="不友善")
    block_user(place.bob, actors[5].person_id)
    block_user(place.mod, place.bob.person_id)
    compared = sum(check_answers(actor, asked) for actor in actors)
    assert compared > 200
    few = [place.ann, place.bob, place.mod, place.owner]
    accept(place.ann, asked, given[1])
    for moment in (timedelta(hours=49), rules.CHANGE_FOR + timedelta(hours=1)):
        with clock.at(start + moment):
            for actor in few:
                check_answers(actor, asked)
    for actor in actors:
        check_question(actor, asked, other)
    for set_ in (
        lambda: operations.close_question(place.ann, asked, reason="resolved"),
        lambda: operations.reopen_question(place.ann, asked),
        lambda: operations.close_question(place.mod, asked, reason="off_topic"),
        lambda: operations.reopen_question(place.mod, asked),
        lambda: operations.mark_duplicate(place.mod, asked, of=other),
        lambda: posts.hide_post(place.mod, asked, reason="广告"),
    ):
        set_()
        for actor in few:
            check_question(actor, asked, other)
    for actor in few:
        check_answers(actor, asked)


def test_the_owner_accepts_for_somebody_who_is_gone(app: Flask, make: Make) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    seen = clock.now()
    assert not queries.get_question(place.owner, asked).can.accept
    with clock.at(seen + rules.ASKER_GONE_AFTER + timedelta(hours=1)):
        assert queries.get_question(place.owner, asked).can.accept
        assert queries.get_answer(place.owner, given)[0].can.accept
        assert not queries.get_question(place.admin, asked).can.accept
        check_answers(place.owner, asked)
    circle_operations.leave_circle(place.ann, place.slug)
    assert queries.get_question(place.owner, asked).can.accept
    assert not queries.get_question(place.ann, asked).can.accept
    check_answers(place.owner, asked)


# ---- what it costs -------------------------------------------------------------------------------------------


def test_a_question_with_answers_is_read_in_a_fixed_number_of_statements(
    app: Flask, make: Make, statements: list[str]
) -> None:
    place = make.place()
    asked = ask(place)

    def cost(actor: Actor) -> int:
        db.session.rollback()
        statements.clear()
        queries.answer_page(actor, queries.get_question(actor, asked, slug=place.slug))
        return len(statements)

    none = cost(place.bob)
    for actor in people(make, place, 8):
        answer(actor, asked)
    assert cost(place.bob) == none <= 3
    assert cost(place.owner) <= 3  # also whether whoever asked is still there


def test_a_list_of_questions_costs_two_statements(app: Flask, make: Make, statements: list[str]) -> None:
    place = make.place()
    for number in range(5):
        ask(place, title=f"第 {number} 个问题")
    circle = circles.readable_circle(place.bob, place.slug)
    for name in (*queries.TABS, "mine"):
        statements.clear()
        queries.question_list(place.bob, circle, tab=name)
        assert len(statements) <= 2
