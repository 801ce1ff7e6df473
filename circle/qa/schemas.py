"""What questions and answers look like to clients."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from circle.accounts.schemas import AuthorOut
from circle.core.fields import Choice, Id, Moment, OutSchema, PageQuery
from circle.posts.schemas import PostOut
from circle.qa.queries import ANSWER_SORTS, TABS


class QuestionsQuery(PageQuery):
    tab = Choice(
        *TABS, "mine", load_default="newest",
        metadata={"description": "`unanswered`: open and without an answer. `mine`: one's own, anonymous ones too."},
    )  # fmt: skip


class AnswersQuery(PageQuery):
    sort = Choice(
        *ANSWER_SORTS, load_default="best",
        metadata={"description": "`best`: the accepted one, then by how surely they are helpful."},
    )  # fmt: skip


class QuestionRefOut(OutSchema):
    id = Id(required=True)
    title = fields.String(required=True)


class QuestionCanOut(OutSchema):
    answer = fields.Boolean(required=True)
    accept = fields.Boolean(required=True)
    close = fields.Boolean(required=True)
    reopen = fields.Boolean(required=True)
    duplicate = fields.Boolean(required=True)
    invite = fields.Boolean(required=True)
    reveal = fields.Boolean(required=True)


class QuestionStateOut(OutSchema):
    """What a question has beside a post."""

    status = fields.String(required=True, metadata={"description": "open, closed or duplicate"})
    close_reason = fields.String(
        required=True, metadata={"description": "resolved, off_topic, spam or other; empty while it is not closed"}
    )
    duplicate_of = fields.Nested(
        QuestionRefOut, required=True, allow_none=True, metadata={"description": "The question that this one repeats."}
    )
    answer_count = fields.Integer(required=True)
    accepted_answer_id = Id(required=True, allow_none=True)
    first_accepted_at = Moment(required=True, allow_none=True)
    my_answer_id = Id(required=True, allow_none=True)
    anonymous = fields.Boolean(required=True)
    bounty = fields.Constant(None, required=True, metadata={"nullable": True})
    version = fields.Integer(
        required=True, metadata={"description": "Rises with every decision about the question; accepting names it."}
    )
    can = fields.Nested(QuestionCanOut, required=True)


class QuestionOut(PostOut):
    """A post with all that questions have. Its `id` is that of the post."""

    question = fields.Nested(QuestionStateOut, required=True)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """A QuestionRow: its post, and the rest in `question`."""
        if self.many if many is None else many:
            return [self.dump(one, many=False) for one in obj]
        return PostOut().dump(obj.post) | {"question": QuestionStateOut().dump(obj)}


class AnswerCanOut(OutSchema):
    edit = fields.Boolean(required=True)
    delete = fields.Boolean(required=True)
    vote = fields.Boolean(required=True)
    vote_down = fields.Boolean(required=True)
    accept = fields.Boolean(required=True)
    unaccept = fields.Boolean(required=True)
    hide = fields.Boolean(required=True)
    restore = fields.Boolean(required=True)
    remove = fields.Boolean(required=True)


class AnswerOut(OutSchema):
    id = Id(required=True)
    question_id = Id(required=True)
    status = fields.String(required=True)
    author = fields.Nested(
        AuthorOut, required=True, allow_none=True,
        metadata={"description": "null for an answer by whoever asked the anonymous question"},
    )  # fmt: skip
    body = fields.String(required=True)
    body_html = fields.String(required=True, metadata={"description": "Safe to insert into a page."})
    excerpt = fields.String(required=True)
    up = fields.Integer(required=True)
    down = fields.Integer(required=True)
    score = fields.Integer(required=True)
    my_vote = fields.Integer(required=True, metadata={"description": "1, -1, or 0 for none"})
    accepted = fields.Boolean(required=True)
    accepted_at = Moment(required=True, allow_none=True)
    by_asker = fields.Boolean(required=True, metadata={"description": "Whoever asked wrote it."})
    created_at = Moment(required=True)
    edited_at = Moment(required=True, allow_none=True)
    can = fields.Nested(AnswerCanOut, required=True)


class VotesOut(OutSchema):
    """The votes on an answer, and one's own."""

    up = fields.Integer(required=True)
    down = fields.Integer(required=True)
    score = fields.Integer(required=True)
    my_vote = fields.Integer(required=True)


class SimilarOut(OutSchema):
    """A question that may have been meant."""

    id = Id(required=True)
    title = fields.String(required=True)
    answer_count = fields.Integer(required=True)
    accepted = fields.Boolean(required=True)


class SimilarListOut(OutSchema):
    items = fields.List(fields.Nested(SimilarOut), required=True)
