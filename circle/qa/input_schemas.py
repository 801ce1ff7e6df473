"""What asking, answering, voting and accepting take. One schema serves the form and the JSON."""

from __future__ import annotations

from circle.core.fields import Choice, Count, Id, InputSchema, Line, Text
from circle.posts.schemas import MAX_TITLE, WrittenInput
from circle.qa.rules import MAX_ANSWER

VOTES = {"1": 1, "0": 0, "-1": -1}


class QuestionInput(WrittenInput):
    """A question: one line that asks, and what there is to say about it."""

    title = Line(MAX_TITLE, required=True)


class AnswerInput(InputSchema):
    body = Text(MAX_ANSWER, required=True, metadata={"description": "Markdown."})


class AnswerVoteInput(InputSchema):
    """How it should stand afterwards: 1 helpful, -1 not helpful, 0 neither."""

    value = Count(-1, 1, required=True, strict=True)


class VoteFormInput(InputSchema):
    """The same as a button of a page sends it."""

    value = Choice(*VOTES, required=True)


class AcceptInput(InputSchema):
    """The answer that is accepted from now on, null for none; `version` is that of the question one saw."""

    answer_id = Id(required=True, allow_none=True)
    version = Count(1, 10**9, required=True, strict=True)


class AcceptFormInput(InputSchema):
    """The same in a form, where nothing means none."""

    answer_id = Id(load_default=None)
    version = Count(1, 10**9, required=True)


class SimilarQuery(InputSchema):
    """What is being asked, as far as it is typed."""

    title = Line(MAX_TITLE, load_default="")


class NothingInput(InputSchema):
    """A button that says all there is to say."""
