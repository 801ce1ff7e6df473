"""What answers, votes and invitations know of somebody whose account was deleted, erased row by row.

Their questions are posts, and go or stay with those (posts/erasing.py). Begun again, it goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import and_, exists, or_, select, true

from circle.core.db import db
from circle.core.errors import Conflict
from circle.posts import texts
from circle.posts.erasing import (
    PATIENCE,
    act_on_each,
    earlier_unnamed,
    has_name,
    keys_of,
    text_unnamed,
    written_names,
)
from circle.posts.models import Mention
from circle.posts.operations.erasing import Unnamed
from circle.qa import rules
from circle.qa.models import Answer, AnswerRevision, AnswerVote, QuestionInvite
from circle.qa.operations import erasing


def erase_person(user_id: int, names: Collection[str], *, keep_content: bool, label: str) -> None:
    """Erase what somebody answered and did here; with `keep_content` what others see of it stays, without the name.

    `names` are the user names they had; `label` stands in place of them where others named them.
    """
    act_on_each(_answers(user_id, keep_content), erasing.erase_answer)
    if not keep_content:
        act_on_each(
            keys_of(select(AnswerVote.answer_id), AnswerVote.user_id == user_id, AnswerVote.answer_id),
            lambda id_: erasing.erase_answer_vote(user_id, id_),
        )
    invited = QuestionInvite.user_id == user_id
    if not keep_content:
        invited = or_(invited, QuestionInvite.invited_by == user_id)
    act_on_each(
        keys_of(select(QuestionInvite.question_id).distinct(), invited, QuestionInvite.question_id),
        lambda id_: erasing.erase_invites(user_id, id_, sent=not keep_content),
    )
    _unname(user_id, names, label)


def _answers(user_id: int, keep: bool) -> Iterator[Any]:
    """What is to be erased and is not yet; what its author took back before goes in any case."""
    edited = exists().where(AnswerRevision.answer_id == Answer.id)
    left = or_(Answer.status != "deleted", Answer.body != "", edited)
    wanted = Answer.status == "deleted" if keep else true()
    return keys_of(select(Answer.id), and_(Answer.author_id == user_id, wanted, left), Answer.id)


def _unname(user_id: int, names: Collection[str], label: str) -> None:
    named = and_(Mention.user_id == user_id, Mention.target_type == "answer")
    for (id_,) in keys_of(select(Mention.target_id), named, Mention.target_id):
        _unname_answer(user_id, names, id_, label)
    if not names:
        return
    # and where the name stands without being a mention (any more). No index helps; deletions are rare
    for (id_,) in keys_of(select(Answer.id), has_name(Answer.body, names), Answer.id):
        _unname_answer(user_id, names, id_, label)
    for (id_,) in keys_of(select(AnswerRevision.id), has_name(AnswerRevision.body, names), AnswerRevision.id):
        _unname_revision(id_, names, label)


def _unname_answer(user_id: int, names: Collection[str], answer_id: int, label: str) -> None:
    for _time in range(PATIENCE):
        text = texts.text_of(Answer, "answer", answer_id)
        if text is None:
            return
        known = frozenset({*names, *written_names(user_id, "answer", answer_id)})
        now = text_unnamed(text, known, label=label, longest=rules.MAX_ANSWER)
        if erasing.store_unnamed_answer(user_id, answer_id, text.version, Unnamed(now, known, label)):
            return
    raise Conflict


def _unname_revision(revision_id: int, names: Collection[str], label: str) -> None:
    chosen = select(AnswerRevision.body, AnswerRevision.body_html).where(AnswerRevision.id == revision_id)
    row = db.session.execute(chosen).first()
    if row is not None:
        now = earlier_unnamed(row.body, row.body_html, names, label=label, longest=rules.MAX_ANSWER)
        erasing.store_unnamed_answer_revision(revision_id, now)
