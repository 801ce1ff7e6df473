"""Questions of the demo (`content/questions.json`): asked, answered, voted on and decided in the order in which it
happened, between what else was written then, by the operations members use.

Each act is a transaction of its own and does nothing when it was done before, so an interrupted load goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from circle.access import Actor
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation
from circle.demo.state import Loaded, content, post_of, some
from circle.posts import operations as posts
from circle.posts.models import Comment
from circle.qa import operations as qa
from circle.qa.models import Answer, Question, QuestionInvite

#: what happens, and when
Act = tuple[datetime, Callable[[], object]]


def acts_of(loaded: Loaded) -> Iterator[Act]:
    """Everything that happens in questions, each act with its moment."""
    for asked in content("questions"):
        yield from _Thread(loaded, asked).acts()


class _Thread:
    """A question, and what follows in it."""

    def __init__(self, loaded: Loaded, asked: dict[str, Any]) -> None:
        self.loaded, self.asked, self.users = loaded, asked, loaded.users
        self.everybody = loaded.members[asked["circle"]]
        self.others = [person for person in self.everybody if person != asked["author"]]

    @property
    def id(self) -> int:
        """The question's id; 0 before it was asked."""
        return post_of(self.loaded, self.asked) or 0

    def acts(self) -> Iterator[Act]:
        """All that happens in it; what others think of it comes last."""
        begins = last = self.loaded.begins(self.asked)
        yield begins, partial(self._at, begins, self._ask)
        for minutes, act in self._follows():
            moment = begins + timedelta(minutes=minutes)
            last = max(last, moment)
            yield moment, partial(self._at, moment, act)
        yield last, partial(self._at, last, self._react)

    def _at(self, moment: datetime, act: Callable[[], object]) -> None:
        with clock.at(moment):
            act()

    def _follows(self) -> Iterator[tuple[int, Callable[[], object]]]:
        for invite in self.asked.get("invites", []):
            yield invite["after_minutes"], partial(self._invite, invite)
            if "declined_after" in invite:
                yield invite["declined_after"], partial(self._decline, self.users[invite["to"]])
        for answer in self.asked.get("answers", []):
            yield answer["after_minutes"], partial(self._answer, answer)
            if "accepted_after" in answer:
                yield answer["accepted_after"], partial(self._accept, answer)
        for comment in self.asked.get("comments", []):
            yield comment["after_minutes"], partial(self._say, comment, None)
            for reply in comment.get("replies", []):
                yield reply["after_minutes"], partial(self._say, reply, comment)
        if closed := self.asked.get("closed"):
            yield closed["after_minutes"], partial(self._close, closed)
        if duplicate := self.asked.get("duplicate"):
            yield duplicate["after_minutes"], partial(self._mark, duplicate)

    # ---- what happens ------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        if not self.id:
            circle = self.asked["circle"]
            posts.publish_post(
                self.users[self.asked["author"]], self.loaded.slugs[circle], type="question",
                title=self.asked["title"], body=self.asked["body"], anonymous=self.asked.get("anonymous", False),
                topic_ids=[self.loaded.topics[(circle, key)] for key in self.asked["topics"]],
            )  # fmt: skip

    def _invite(self, each: dict[str, Any]) -> None:
        known = self.users[each["to"]]
        # whoever declined in an earlier load is not asked again
        asked = (QuestionInvite.question_id == self.id, QuestionInvite.user_id == known.person_id)
        if db.session.scalar(select(QuestionInvite.id).where(*asked)) is None:
            qa.invite(self.users[each["by"]], self.id, user_id=known.person_id)

    def _decline(self, who: Actor) -> None:
        qa.decline_invite(who, self.id)

    def _answer(self, each: dict[str, Any]) -> None:
        if self._answer_of(each["author"]) is None:
            qa.write_answer(self.users[each["author"]], self.id, body=each["body"])

    def _accept(self, each: dict[str, Any]) -> None:
        answer_id, question = self._answer_of(each["author"]), self._question()
        qa.accept_answer(
            self.users[self.asked["author"]], self.id, answer_id=answer_id, version=question.version
        )  # fmt: skip

    def _say(self, each: dict[str, Any], parent: dict[str, Any] | None) -> None:
        if self._comment_of(each) is None:
            answered = self._comment_of(parent) if parent else None
            posts.write_comment(self.users[each["author"]], self.id, body=each["body"], parent_id=answered)

    def _close(self, each: dict[str, Any]) -> None:
        if self._question().status == "open":
            qa.close_question(self.users[each["by"]], self.id, reason=each["reason"])

    def _mark(self, each: dict[str, Any]) -> None:
        original = next(asked for asked in content("questions") if asked["key"] == each["of"])
        if self._question().status == "open":
            qa.mark_duplicate(self.users[each["by"]], self.id, of=post_of(self.loaded, original) or 0)

    @operation
    def _react(self) -> None:
        """Likes ("same question") and favourites, likes of what was said below it, and votes."""
        question_id = self.id
        for person in some(self.others, self.asked.get("likes", 0), self.asked["key"]):
            posts.like_post(self.users[person], question_id, on=True)
        for person in some(self.others, self.asked.get("favorites", 0), self.asked["key"] + "*"):
            posts.favorite_post(self.users[person], question_id, on=True)
        for answer in self.asked.get("answers", []):
            self._vote(answer)
        said = [each for comment in self.asked.get("comments", []) for each in (comment, *comment.get("replies", []))]
        for comment_id, each in sorted((self._comment_of(each) or 0, each["body"]) for each in said):
            written = next(one for one in said if one["body"] == each)
            people = [person for person in self.everybody if person != written["author"]]
            for person in some(people, written.get("likes", 0), each):
                posts.like_comment(self.users[person], comment_id, on=True)

    def _vote(self, each: dict[str, Any]) -> None:
        down, answer_id = each.get("down", []), self._answer_of(each["author"]) or 0
        people = [person for person in self.everybody if person not in {each["author"], *down}]
        for person in some(people, each["up"], each["body"]):
            qa.vote(self.users[person], answer_id, value=1)
        for person in down:
            qa.vote(self.users[person], answer_id, value=-1)

    # ---- what is there already ---------------------------------------------------------------------------------------

    def _question(self) -> Question:
        return db.session.get_one(Question, self.id, populate_existing=True)

    def _answer_of(self, person: str) -> int | None:
        mine = (Answer.question_id == self.id, Answer.author_id == self.users[person].id)
        return db.session.scalar(select(Answer.id).where(*mine))

    def _comment_of(self, each: dict[str, Any]) -> int | None:
        mine = (Comment.post_id == self.id, Comment.author_id == self.users[each["author"]].id)
        return db.session.scalar(select(Comment.id).where(*mine, Comment.body == each["body"]))
