"""View rows of posts and comments: what a page or an answer shows, ready to render. Nothing here reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from circle.accounts.queries import Author
from circle.circles.queries import CircleRow


@dataclass(frozen=True)
class TopicRef:
    id: int
    slug: str
    title: str
    url: str


@dataclass(frozen=True)
class PostImage:
    """A picture in a post; addresses are signed when the circle is private."""

    id: int
    url: str
    thumb_url: str
    width: int
    height: int
    bytes: int
    name: str
    alt: str
    kind: str = "image"
    duration_s: int | None = None


@dataclass(frozen=True)
class Peek:
    """One comment shown under a card."""

    nickname: str
    role: str
    level: None
    text: str


@dataclass(frozen=True)
class PostCan:
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
    report: bool = False


@dataclass(frozen=True)
class PostRow:
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
    liked: bool
    published_at: datetime
    edited_at: datetime | None
    last_activity_at: datetime
    hidden_reason: str
    version: int
    can: PostCan
    topics: list[TopicRef] = field(default_factory=list)
    images: list[PostImage] = field(default_factory=list)
    peek: Peek | None = None

    #: text longer than this is folded in lists
    FOLD = 160

    @property
    def url(self) -> str:
        return f"/{self.circle.slug}/posts/{self.id}"

    @property
    def long(self) -> bool:
        """Whether a card shows only the beginning."""
        return len(self.body) > self.FOLD or self.body.count("\n") > 6

    @property
    def pinned(self) -> bool:
        return False

    def with_parts(self, topics: list[TopicRef], images: list[PostImage], peek: Peek | None) -> PostRow:
        return replace(self, topics=topics, images=images, peek=peek)


@dataclass(frozen=True)
class CommentCan:
    edit: bool = False
    delete: bool = False
    reply: bool = False
    like: bool = False
    hide: bool = False
    restore: bool = False
    remove: bool = False


@dataclass(frozen=True)
class CommentRow:
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
    can: CommentCan
    replies: list[CommentRow] = field(default_factory=list)

    @property
    def more_replies(self) -> int:
        """How many replies are not in `replies`."""
        return max(0, self.reply_count - len(self.replies))
