"""Facts about questions and answers. `circle/reactions/__init__.py` says what follows from each.

`anonymous` says that whoever is meant by `by` or `author_id` must not show in what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from circle.core.events import Event


@dataclass(frozen=True)
class AnswerEvent(Event):
    """`asker_id` asked the question, `author_id` wrote the answer, `by` did it (None: the system)."""

    answer_id: int
    question_id: int
    circle_id: int
    author_id: int
    asker_id: int
    by: int | None


@dataclass(frozen=True)
class AnswerPublished(AnswerEvent):
    """Somebody answered; the answer names the people in `mentioned`. `length` is in characters."""

    excerpt: str
    mentioned: tuple[int, ...] = ()
    length: int = 0
    #: by whoever asked the anonymous question
    anonymous: bool = False


@dataclass(frozen=True)
class AnswerMentioned(Event):
    """An edit of an answer named people whom it had not named before."""

    answer_id: int
    question_id: int
    circle_id: int
    by: int
    user_ids: tuple[int, ...]
    excerpt: str
    anonymous: bool = False


@dataclass(frozen=True)
class AnswerDeleted(AnswerEvent):
    """Its author took an answer back."""


@dataclass(frozen=True)
class AnswerHidden(AnswerEvent):
    """A moderator hid a visible answer (AnswerUnaccepted is stated too, if it was accepted)."""

    reason: str


@dataclass(frozen=True)
class AnswerRestored(AnswerEvent):
    """A hidden answer is visible again (AnswerAccepted is stated too, if it is accepted again)."""


@dataclass(frozen=True)
class AnswerRemoved(AnswerEvent):
    """A moderator removed an answer for good; `was_visible` tells whether it still counted."""

    reason: str
    was_visible: bool


@dataclass(frozen=True)
class AnswerAccepted(AnswerEvent):
    """An answer was accepted. `again`: it had been hidden, and nobody need be told a second time."""

    anonymous: bool = False
    again: bool = False


@dataclass(frozen=True)
class AnswerUnaccepted(AnswerEvent):
    """It no longer is. `hidden`: because it was hidden, removed or taken back."""

    anonymous: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class QuestionEvent(Event):
    question_id: int
    circle_id: int
    asker_id: int
    by: int | None


@dataclass(frozen=True)
class QuestionClosed(QuestionEvent):
    """No more answers; `reason` is one of CLOSE_REASONS."""

    reason: str


@dataclass(frozen=True)
class QuestionReopened(QuestionEvent):
    """It takes answers again."""


@dataclass(frozen=True)
class QuestionMarkedDuplicate(QuestionEvent):
    """It repeats the question `of`."""

    of: int


@dataclass(frozen=True)
class ExpertInvited(Event):
    """Somebody asked an expert to answer, until `expires_at`."""

    invite_id: int
    question_id: int
    circle_id: int
    user_id: int
    by: int
    expires_at: datetime
    #: the inviter asked the question anonymously
    anonymous: bool = False


@dataclass(frozen=True)
class InviteDeclined(Event):
    """The expert would rather not."""

    invite_id: int
    question_id: int
    circle_id: int
    user_id: int
    invited_by: int


@dataclass(frozen=True)
class InvitesEnded(Event):
    """What these people were asked to do they need do no more: their time is over, or the question is."""

    question_id: int
    circle_id: int
    user_ids: tuple[int, ...]


@dataclass(frozen=True)
class AnswerNameErased(Event):
    """In an answer (`answer_id`) `label` stands in place of the user names of somebody who is gone."""

    question_id: int
    answer_id: int
    names: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class IdentityRevealed(Event):
    """Somebody entitled to looked up who asked an anonymous question."""

    question_id: int
    circle_id: int
    asker_id: int
    by: int
    reason: str


@dataclass(frozen=True)
class NameShown(Event):
    """Whoever asked without a name shows it from now on."""

    question_id: int
    circle_id: int
    asker_id: int
