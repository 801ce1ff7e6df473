"""View rows of posts and comments: what a page or an answer shows, ready to render. Nothing here reads."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from typing import NamedTuple

from circle.accounts.queries import Author, LevelTag
from circle.circles.queries import CircleRow

#: text longer than this is folded in lists
FOLD = 160

# Named tuples, not dataclasses: a page makes hundreds of these, and they are made and compared many times faster.


class TopicRef(NamedTuple):
    id: int
    slug: str
    title: str
    url: str


class PostMediaRow(NamedTuple):
    """A file in a post; addresses are signed when the circle is private."""

    id: int
    kind: str
    url: str
    #: thumbnail of a picture, poster of a video; None where there is none
    thumb_url: str | None
    width: int | None
    height: int | None
    duration_ms: int | None
    #: loudness of a voice note, digits 0..9
    wave: str
    bytes: int
    name: str
    alt: str
    mime: str

    @property
    def duration_s(self) -> int | None:
        """Seconds, rounded up: a voice note of 0.4 s is one of 1 s."""
        return None if self.duration_ms is None else -(-self.duration_ms // 1000)


class Peek(NamedTuple):
    """One comment shown under a card."""

    nickname: str
    role: str
    text: str
    level: LevelTag | None = None


class PollHint(NamedTuple):
    """What a card tells of a poll; the poll itself is read on the page of its post."""

    question: str
    option_count: int
    #: RFC 3339, None when it stays open
    closes_at: str | None


class QuestionHint(NamedTuple):
    """What a card tells of a question beside its words and the number of answers."""

    #: open, closed or duplicate
    status: str
    #: whether an answer was accepted
    accepted: bool
    #: the beginning of the accepted answer, else of the best one when it was last looked at; empty for none
    peek: str
    answer_count: int = 0
    anonymous: bool = False
    accepted_answer_id: int | None = None
    #: rises with every decision about it
    version: int = 1


class CheckinHint(NamedTuple):
    """What a card tells of the check-in that it is."""

    campaign_id: int
    title: str
    #: the period, from 1, and how many there are
    idx: int
    total: int
    #: daily or weekly
    cadence: str
    #: normal or makeup
    source: str
    #: pending, approved, rejected or void for its author and for those who review; approved for everybody else
    status: str
    #: the page of its campaign
    url: str


class PostCan(NamedTuple):
    """What this reader may do with the post."""

    edit: bool = False
    delete: bool = False
    like: bool = False
    comment: bool = False
    hide: bool = False
    restore: bool = False
    remove: bool = False
    pin: bool = False
    feature: bool = False
    favorite: bool = False
    #: whether it may be read how it was before edits
    revisions: bool = False
    #: whether the reader may block the author (who runs the circle cannot be blocked away)
    block: bool = False
    report: bool = False


class PostRow(NamedTuple):
    id: int
    type: str
    status: str
    circle: CircleRow
    author: Author
    title: str
    body: str
    body_html: str
    excerpt: str
    like_count: int
    comment_count: int
    favorite_count: int
    liked: bool
    favorited: bool
    published_at: datetime
    edited_at: datetime | None
    last_activity_at: datetime
    featured_at: datetime | None
    #: place among the pinned posts of the circle, None when it is not pinned (any more)
    pin_rank: int | None
    pin_until: datetime | None
    hidden_reason: str
    version: int
    can: PostCan
    topics: tuple[TopicRef, ...] = ()
    media: tuple[PostMediaRow, ...] = ()
    poll: PollHint | None = None
    peek: Peek | None = None
    #: asked without a name: `author` is the same for everybody then
    anonymous: bool = False
    answer_count: int = 0
    #: only of a question
    question: QuestionHint | None = None
    #: only of a check-in
    checkin: CheckinHint | None = None

    @property
    def url(self) -> str:
        """Where everything about this post is sent, and where it is read with its comments."""
        return f"/{self.circle.slug}/posts/{self.id}"

    @property
    def page_url(self) -> str:
        """Where it is read: a question with its answers, everything else with its comments."""
        return f"/{self.circle.slug}/questions/{self.id}" if self.type == "question" else self.url

    @property
    def long(self) -> bool:
        """Whether a card shows only the beginning."""
        return len(self.body) > FOLD or self.body.count("\n") > 6

    @property
    def drawn_from(self) -> Hashable:
        """Everything a card shows: cards that were drawn from the same are the same (core/jinja.py)."""
        return self.circle.slug, self[:_CIRCLE_AT], self[_CIRCLE_AT + 1 :]

    @property
    def pinned(self) -> bool:
        return self.pin_rank is not None

    @property
    def featured(self) -> bool:
        return self.featured_at is not None

    @property
    def images(self) -> list[PostMediaRow]:
        """The pictures alone."""
        return [item for item in self.media if item.kind == "image"]


class CommentCan(NamedTuple):
    edit: bool = False
    delete: bool = False
    reply: bool = False
    like: bool = False
    hide: bool = False
    restore: bool = False
    remove: bool = False


class CommentRow(NamedTuple):
    id: int
    post_id: int
    parent_id: int | None
    #: None for a comment that is gone but still holds replies
    author: Author | None
    body: str
    body_html: str
    status: str
    like_count: int
    liked: bool
    reply_count: int
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str
    version: int
    #: nickname of whom a reply answers
    reply_to: str | None
    post_url: str
    #: where everything about this comment is sent: /<slug>/comments/<id>
    url: str
    can: CommentCan
    replies: tuple[CommentRow, ...] = ()

    @property
    def drawn_from(self) -> Hashable:
        """Everything that is shown of it, with its replies."""
        return self

    @property
    def more_replies(self) -> int:
        """How many replies are not in `replies`."""
        return max(0, self.reply_count - len(self.replies))


_CIRCLE_AT = PostRow._fields.index("circle")
