"""View rows of questions and answers: what a page or an answer shows, ready to render. Nothing here reads."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from circle.accounts.queries import Author
from circle.posts.queries import PostRow

# Named tuples where a page makes many, as for posts and comments.


class AnswerCan(NamedTuple):
    """What this reader may do with the answer."""

    edit: bool = False
    delete: bool = False
    #: find it helpful; or take a vote back
    vote: bool = False
    #: find it not helpful
    vote_down: bool = False
    accept: bool = False
    unaccept: bool = False
    hide: bool = False
    restore: bool = False
    remove: bool = False
    #: whether it may be read how it was before edits
    revisions: bool = False


class AnswerRow(NamedTuple):
    id: int
    question_id: int
    author: Author
    body: str
    body_html: str
    excerpt: str
    status: str
    up: int
    down: int
    score: int
    #: 1, -1, or 0 for none
    my_vote: int
    accepted: bool
    accepted_at: datetime | None
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str
    version: int
    #: by whoever asked the anonymous question: `author` is "the asker" then, for everybody
    anonymous: bool
    can: AnswerCan
    #: where everything about this answer is sent: /<slug>/answers/<id>
    url: str
    #: where it is read, among the others
    question_url: str
    #: written by whoever asked
    by_asker: bool = False
    #: accepted by whoever asked, not by the owner of the circle in their place
    asker_accepted: bool = False

    @property
    def drawn_from(self) -> Hashable:
        """Everything that is shown of it (core/jinja.py)."""
        return self


class QuestionCan(NamedTuple):
    """What this reader may do with the question, beside what they may do with its post."""

    answer: bool = False
    #: accept an answer, another one instead, or none any more; `AnswerCan` says which
    accept: bool = False
    close: bool = False
    reopen: bool = False
    duplicate: bool = False
    invite: bool = False
    #: learn who asked without a name
    reveal: bool = False


class QuestionRef(NamedTuple):
    """Another question, as a link to it."""

    id: int
    title: str
    url: str


@dataclass(frozen=True)
class QuestionRow:
    """A question: its post, and what only questions have."""

    post: PostRow
    #: open, closed or duplicate
    status: str
    #: why it is closed, empty while it is not
    close_reason: str
    #: the question that this one repeats; None also when that one is not for this reader
    duplicate_of: QuestionRef | None
    accepted_answer_id: int | None
    first_accepted_at: datetime | None
    #: who decides about the question names the version they saw; `post.version` is that of its words
    version: int
    #: the reader's own answer, also while moderators have it hidden
    my_answer_id: int | None
    #: whether the reader asked it; nobody else's page may depend on this
    mine: bool
    can: QuestionCan
    #: when the reader's open invitation to answer ends
    invited_until: datetime | None = None

    @property
    def id(self) -> int:
        return self.post.id

    @property
    def title(self) -> str:
        return self.post.title

    @property
    def url(self) -> str:
        """Its page, with its answers."""
        return self.post.page_url

    @property
    def anonymous(self) -> bool:
        return self.post.anonymous

    @property
    def answer_count(self) -> int:
        """Visible answers."""
        return self.post.answer_count
