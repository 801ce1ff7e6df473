"""Random scripts of everything that can happen to questions and answers, against a model in plain Python: each act is
refused or done as the model says, and all along the laws hold that the domain specification names: Q1 to Q4,
Q7, F1 to F3, and those of the books."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import func, select

from circle.access import Actor
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError
from circle.core.operation import in_transaction
from circle.ledger.operations import Why
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.points.operations import reward
from circle.posts import operations as posts
from circle.posts.models import Comment, Post, TopicPost
from circle.posts.operations.counting import recount
from circle.qa import operations as qa
from circle.qa.models import Answer, AnswerVote, Question
from circle.topics import operations as topics
from tests.factories import Make, actor_of
from tests.ledger.books import NOON
from tests.qa.model import Asked, Model, wilson

#: bob's level lets him vote against, mod moderates
ASKERS = ("ann", "bob", "cat")
WRITERS = (*ASKERS, "mod")
MOST_QUESTIONS = 4
#: what happens, and how often among fifty things
_OFTEN = {
    "answer": 10, "vote": 9, "accept": 9, "moderate": 6, "duplicate": 3, "accept_none": 2, "close": 2, "reopen": 2,
    "edit": 2, "delete": 2, "talk": 2, "pass_time": 2, "ask": 1, "hide_question": 1, "restore_question": 2,
    "take_back": 1,
}  # fmt: skip
_ACTS = [act for act, often in _OFTEN.items() for _one in range(often)]
_numbers = count(1)


class Questions(RuleBasedStateMachine):
    """The owner of a circle, a moderator and three members ask, answer, vote, accept, close and hide."""

    @initialize()
    def begin(self) -> None:
        make = Make()
        self.now = NOON + timedelta(minutes=next(_numbers))
        with clock.at(self.now):
            place = make.place()
            self.circle_id, self.slug = place.circle.id, place.slug
            self.people: dict[str, Actor] = {name: getattr(place, name) for name in ("ann", "bob", "mod", "owner")}
            self.people["cat"] = actor_of(make.member(place.circle))
            self.topic = topics.create_topic(place.owner, self.slug, title="读书", slug=f"t{next(_numbers)}")
            in_transaction(self._lift_bob)
        self.names = {actor.id: name for name, actor in self.people.items()}
        self.model = Model(moderators=("mod", "owner"), voters_down=("bob", "mod", "owner"))
        self.steps = 0
        for number, who in enumerate(ASKERS):
            self.ask(who, 0, number)

    def _lift_bob(self) -> None:
        here = (Member.circle_id == self.circle_id, Member.user_id == self.people["bob"].id)
        member_id = db.session.scalars(select(Member.id).where(*here)).one()
        reward(member_id, Why("task", f"lift:{member_id}", "task:1"), points=0, growth=600)

    def _do(self, expected: str, act: Callable[[], Any]) -> Any:
        """What `act` gives; or None when it is refused as the model says."""
        self.now += timedelta(minutes=1)
        with clock.at(self.now):
            try:
                done, code = act(), ""
            except CircleError as error:
                done, code = None, error.code
        assert code == expected
        return done

    def _question(self, pick: int) -> int:
        return sorted(self.model.questions)[pick % len(self.model.questions)]

    def _answer(self, pick: int) -> int:
        return sorted(self.model.answers)[pick % len(self.model.answers)]

    def _next(self) -> Any:
        """The moment at which the next act will happen."""
        return self.now + timedelta(minutes=1)

    @rule(seed=st.integers(0, 2**32 - 1))
    def happens(self, seed: int) -> None:
        """Three acts, drawn from the seed: what Hypothesis draws itself repeats too much for so long a script."""
        draw = random.Random(seed)
        for _one in range(3):
            what, who = draw.choice(_ACTS), draw.choice(WRITERS)
            pick, more = draw.randrange(420), draw.randrange(420)
            if self.model.answers or what in {"ask", "answer", "pass_time"}:
                note(f"{what}({who!r}, {pick}, {more})")
                getattr(self, what)(who, pick, more)

    # ---- asking and answering --------------------------------------------------------------------------------------

    def ask(self, who: str, pick: int, more: int) -> None:
        if len(self.model.questions) < MOST_QUESTIONS:
            question_id = self._do("", lambda: posts.publish_post(
                self.people[who], self.slug, title=f"第 {next(_numbers)} 个问题怎么办？", body="", type="question",
                topic_ids=[self.topic], anonymous=bool(more % 2),
            ))  # fmt: skip
            self.model.questions[question_id] = Asked(who, self.now)

    def answer(self, who: str, pick: int, more: int) -> None:
        question = self._question(pick)
        body = f"第 {next(_numbers)} 个办法。"
        refused = self.model.may_answer(who, question)
        key = self._do(refused, lambda: qa.write_answer(self.people[who], question, body=body))
        if not refused:
            self.model.answer(who, question, key, self.now)

    def edit(self, who: str, pick: int, more: int) -> None:
        key = self._answer(pick)
        who = self.model.answers[key].author if more % 3 else who
        body = f"第 {next(_numbers)} 个更好的办法。"
        self._do(self.model.edit(who, key), lambda: qa.edit_answer(self.people[who], key, body=body))

    def delete(self, who: str, pick: int, more: int) -> None:
        key = self._answer(pick)
        who = self.model.answers[key].author
        self._do(self.model.delete(who, key, self._next()), lambda: qa.delete_answer(self.people[who], key))

    def vote(self, who: str, pick: int, more: int) -> None:
        key, value = self._answer(pick), (1, 1, -1, 0)[more % 4]
        self._do(self.model.vote(who, key, value), lambda: qa.vote(self.people[who], key, value=value))

    # ---- deciding ----------------------------------------------------------------------------------------------------

    def accept(self, who: str, pick: int, more: int) -> None:
        """Mostly a visible answer, by whoever asked, in the version that there is."""
        question = self._question(pick)
        visible = sorted(self.model.visible(question)) if more % 8 else []
        self._accept(question, visible[more % len(visible)] if visible else self._answer(more), who, more)

    def accept_none(self, who: str, pick: int, more: int) -> None:
        chosen = sorted(answer.question for answer in self.model.answers.values() if answer.accepted)
        self._accept(chosen[pick % len(chosen)] if chosen else self._question(pick), None, who, more)

    def _accept(self, question: int, key: int | None, who: str, more: int) -> None:
        asked = self.model.questions[question]
        who, version = asked.asker if more % 5 else who, asked.version - (more % 7 == 0)
        self._do(
            self.model.accept(who, question, key, version, self._next()),
            lambda: qa.accept_answer(self.people[who], question, answer_id=key, version=version),
        )

    def close(self, who: str, pick: int, more: int) -> None:
        question, reason = self._question(pick), ("resolved", "spam")[more % 2]
        who = self.model.questions[question].asker if more % 3 else who
        self._do(
            self.model.close(who, question, reason),
            lambda: qa.close_question(self.people[who], question, reason=reason),
        )

    def reopen(self, who: str, pick: int, more: int) -> None:
        shut = sorted(key for key, asked in self.model.questions.items() if asked.status != "open")
        question = shut[pick % len(shut)] if shut else self._question(pick)
        who = "owner" if more % 3 else who
        self._do(self.model.reopen(who, question), lambda: qa.reopen_question(self.people[who], question))

    def duplicate(self, who: str, pick: int, more: int) -> None:
        question, target = self._question(pick), self._question(more)
        self._do(
            self.model.duplicate(question, target),
            lambda: qa.mark_duplicate(self.people["owner"], question, of=target),
        )

    # ---- moderating --------------------------------------------------------------------------------------------------

    def moderate(self, who: str, pick: int, more: int) -> None:
        """What is hidden is mostly shown again, and what was accepted is hidden more often than the rest."""
        hidden = sorted(key for key, answer in self.model.answers.items() if answer.status == "hidden")
        accepted = sorted(key for key, answer in self.model.answers.items() if answer.accepted)
        act = ("restore", "hide", "restore", "hide", "remove", "restore", "hide")[more % 7]
        chosen = {"restore": hidden, "hide": accepted, "remove": []}[act] if more % 5 else []
        key, owner = chosen[pick % len(chosen)] if chosen else self._answer(pick), self.people["owner"]
        acts = {"hide": qa.hide_answer, "restore": qa.restore_answer, "remove": qa.remove_answer}
        reason = "与问题无关"
        self._do(self.model.moderate(key, act, self._next()), lambda: acts[act](owner, key, reason=reason))

    def hide_question(self, who: str, pick: int, more: int) -> None:
        question, owner = self._question(pick), self.people["owner"]
        if self.model.questions[question].shown == "published":
            self._do("", lambda: posts.hide_post(owner, question, reason="与圈子无关"))
            self.model.questions[question].shown = "hidden"

    def restore_question(self, who: str, pick: int, more: int) -> None:
        hidden = sorted(key for key, asked in self.model.questions.items() if asked.shown == "hidden")
        if hidden:
            question = hidden[pick % len(hidden)]
            self._do("", lambda: posts.restore_post(self.people["owner"], question))
            self.model.questions[question].shown = "published"

    def take_back(self, who: str, pick: int, more: int) -> None:
        question = self._question(pick)
        if more % 3 or self.model.duplicates_of(question):
            return  # seldom; and what becomes of duplicates then is decided by a job
        asker = self.people[self.model.questions[question].asker]
        self._do(self.model.take_back(question), lambda: posts.delete_post(asker, question))

    # ---- beside it, and time -----------------------------------------------------------------------------------------

    def talk(self, who: str, pick: int, more: int) -> None:
        question, actor = self._question(pick), self.people[who]
        asked, comments = self.model.questions[question], more % 2
        if asked.shown != "published" or (who == asked.asker and not comments):
            return
        if comments:
            self._do("", lambda: posts.write_comment(actor, question, body="同问。"))
        else:
            self._do("", lambda: posts.like_post(actor, question, on=bool(more % 3)))

    def pass_time(self, who: str, pick: int, more: int) -> None:
        self.now += timedelta(hours=(1, 30, 200)[more % 3])

    # ---- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def answers_are_what_the_model_says(self) -> None:
        db.session.rollback()
        rows = db.session.scalars(select(Answer).where(Answer.circle_id == self.circle_id)).all()
        voted: dict[int, Counter[int]] = {row.id: Counter() for row in rows}
        for answer_id, value in db.session.execute(select(AnswerVote.answer_id, AnswerVote.value)):
            if answer_id in voted:
                voted[answer_id][value] += 1
        assert {row.id for row in rows} == set(self.model.answers)
        for row in rows:
            told = self.model.answers[row.id]
            assert (row.status, row.accepted_at is not None) == (told.status, told.accepted)
            assert row.accepted_at is None or row.status == "published"  # Q1
            assert (row.up, row.down) == (voted[row.id][1], voted[row.id][-1]) == (told.up, told.down)  # Q2
            assert (row.score, row.wilson) == (row.up - row.down, wilson(row.up, row.down))
        accepted = Counter(row.question_id for row in rows if row.accepted_at is not None)
        assert not accepted or max(accepted.values()) == 1  # Q1
        live = Counter((row.question_id, row.author_id) for row in rows if row.status != "deleted")
        assert not live or max(live.values()) == 1  # Q3

    @invariant()
    def questions_are_what_the_model_says(self) -> None:
        db.session.rollback()
        rows = {row.post_id: row for row in db.session.scalars(select(Question))}
        keys = list(self.model.questions)
        # all of one kind at once: this is asked after every step
        posts_of = {row.id: row for row in db.session.scalars(select(Post).where(Post.id.in_(keys)))}
        excerpts_of = dict(db.session.execute(select(Answer.id, Answer.excerpt)).all())
        mirrors = db.session.scalars(select(TopicPost).where(TopicPost.post_id.in_(keys))).all()
        mirror_of = {row.post_id: row for row in mirrors}
        assert len(mirror_of) == len(mirrors) == len(keys)
        newest_of = self._newest_comments()
        for key, told in self.model.questions.items():
            row, post = rows[key], posts_of[key]
            assert (row.status, row.duplicate_of_id, row.version) == (told.status, told.of, told.version)
            if row.duplicate_of_id is not None:  # Q4
                assert row.duplicate_of_id != key and rows[row.duplicate_of_id].status != "duplicate"
            visible = self.model.visible(key)
            assert (post.status, post.answer_count) == (told.shown, len(visible))  # Q7
            counted = vars(recount(key, answers=self.model.by_others(key)))
            assert {name: getattr(post, name) for name in counted} == counted  # F1, F2
            moments = [*newest_of.get(key, ()), *(each.created_at for each in visible.values())]
            assert post.last_activity_at == max([post.published_at, *moments])
            hint, accepted = post.parts["question"], self.model.accepted(key)
            assert (hint["status"], hint["version"], hint["accepted_id"], bool(hint["peek"])) == (
                told.status, told.version, accepted, bool(visible)
            )  # fmt: skip
            assert hint["accepted"] == (accepted is not None)
            excerpts = {excerpts_of[each] for each in ([accepted] if accepted else visible)}
            assert not visible or hint["peek"] in excerpts
            mirrored = mirror_of[key]  # F3
            assert (mirrored.visible, mirrored.hot_score, mirrored.last_activity_at) == (
                int(post.status == "published"), post.hot_score, post.last_activity_at
            )  # fmt: skip

    def _newest_comments(self) -> dict[int, list[Any]]:
        newest = select(Comment.post_id, func.max(Comment.created_at)).where(Comment.status == "published")
        return {post_id: [moment] for post_id, moment in db.session.execute(newest.group_by(Comment.post_id))}

    @invariant()
    def everybody_earned_what_the_model_says(self) -> None:
        rows = db.session.scalars(
            select(EarnSource).where(
                EarnSource.circle_id == self.circle_id, EarnSource.rule_code.in_(("answer", "answer.accepted"))
            )
        )
        found = {row.source_key: (row.granted_points, row.state == "on") for row in rows}
        assert found == {
            key: (earned.amount, bool(earned.amount) and earned.on) for key, earned in self.model.earned.items()
        }
        db.session.rollback()
        self.steps += 1
        if self.steps % 8 == 0:
            self.the_books_balance()

    def the_books_balance(self) -> None:
        db.session.rollback()
        assert check_books(self.circle_id).violations == []

    def teardown(self) -> None:
        if hasattr(self, "circle_id"):
            self.the_books_balance()


def run(examples: int, steps: int) -> None:
    run_machine(
        Questions,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
            derandomize=not os.environ.get("CIRCLE_RANDOM"), suppress_health_check=list(HealthCheck),
            # without looking for a shorter script, which takes minutes: the one that fails is printed
            phases=(Phase.generate,),
        ),
    )  # fmt: skip


def test_whatever_happens_to_questions_the_laws_hold(app: Flask) -> None:
    run(4, 32)


@pytest.mark.slow
def test_whatever_happens_to_questions_for_longer_the_laws_hold(app: Flask) -> None:
    run(6, 40)
