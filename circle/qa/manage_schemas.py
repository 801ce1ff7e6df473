"""What deciding about questions takes, and what those who run a circle see of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from circle.core.fields import Choice, Count, InputSchema, Moment, OutSchema, PageQuery
from circle.core.i18n import lazy
from circle.core.ids import MAX_ID
from circle.core.markup import clean_line
from circle.posts.schemas import PostOut
from circle.qa.models import CLOSE_REASONS

#: the number of a question at the end of its address, whatever stands behind it
_ADDRESS = re.compile(r"(?:[^\s?#]*/(?:questions|posts)/)?([1-9][0-9]{0,18})/?(?:[?#]\S*)?", re.ASCII)
MAX_ADDRESS = 300


class QuestionAddress(fields.String):
    """A question by its id, or by its address as it stands in a browser or a chat. Gives the id."""

    default_error_messages = {  # noqa: RUF012
        "required": [lazy("Please fill this in.")],
        "null": [lazy("Please fill this in.")],
        "invalid": [lazy("Please paste the address of the question, as it stands in the address bar.")],
    }

    def __init__(self, **kwargs: Any) -> None:
        about = "The id of the question, or its address."
        stated = {"description": about, "maxLength": MAX_ADDRESS, "pattern": f"^{_ADDRESS.pattern}$"}
        super().__init__(metadata=stated, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = clean_line(value) if isinstance(value, str) and len(value) <= MAX_ADDRESS else ""
        found = _ADDRESS.fullmatch(text)
        if found is None or int(found[1]) > MAX_ID:
            raise self.make_error("invalid")
        return int(found[1])


def _version() -> Count:
    about = "The version of the question that you saw; left out, whatever was decided meanwhile is overruled."
    return Count(1, 10**9, load_default=None, allow_none=True, metadata={"description": about})


class CloseInput(InputSchema):
    """Why it takes no more answers. Whoever asked may say `resolved` or `other`."""

    reason = Choice(*CLOSE_REASONS, required=True)
    version = _version()


class ReopenInput(InputSchema):
    version = _version()


class DuplicateInput(InputSchema):
    """The question that this one repeats."""

    of = QuestionAddress(required=True)
    version = _version()


class UnansweredQuery(PageQuery):
    hours = Count(
        1, 24 * 365, load_default=24, metadata={"description": "For how many hours nobody has answered, at least."}
    )


class WaitingOut(OutSchema):
    """An open question that nobody has answered."""

    question = fields.Nested(PostOut, required=True)
    waiting_hours = fields.Integer(required=True)
    invited = fields.Integer(required=True, metadata={"description": "Experts who were asked to answer."})
    declined = fields.Integer(required=True, metadata={"description": "How many of them would rather not."})


class AnswerRevisionOut(OutSchema):
    """How an answer read before an edit."""

    version = fields.Integer(required=True)
    body = fields.String(required=True)
    body_html = fields.String(required=True, metadata={"description": "Safe to insert into a page."})
    since = Moment(required=True)
    until = Moment(required=True, metadata={"description": "When it was changed into what came next."})
