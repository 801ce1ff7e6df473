"""Facts about posts and comments. `circle/reactions/__init__.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from circle.core.events import Event


@dataclass(frozen=True)
class PostEvent(Event):
    """`by` is who did it; `topic_ids` are the topics the post stands in."""

    post_id: int
    circle_id: int
    author_id: int
    by: int | None
    topic_ids: tuple[int, ...]


@dataclass(frozen=True)
class PostPublished(PostEvent):
    """A post became visible for the first time; it names the people in `mentioned`. `length` is in characters."""

    mentioned: tuple[int, ...] = ()
    excerpt: str = ""
    length: int = 0
    #: whether it shows pictures, voice or video (not: files to take away)
    has_media: bool = False
    type: str = "moment"
    #: nobody may learn from what follows who wrote it
    anonymous: bool = False


@dataclass(frozen=True)
class PostDeleted(PostEvent):
    """Its author took a visible post back."""


@dataclass(frozen=True)
class PostHidden(PostEvent):
    """A moderator hid a visible post."""

    reason: str


@dataclass(frozen=True)
class PostRestored(PostEvent):
    """A hidden post is visible again; `featured` tells whether it stands among the best."""

    featured: bool = False


@dataclass(frozen=True)
class PostRemoved(PostEvent):
    """A moderator removed a post for good; `was_visible` tells whether it still counted."""

    reason: str
    was_visible: bool


@dataclass(frozen=True)
class PostMoved(Event):
    """An edit changed the topics of a visible post."""

    post_id: int
    left: tuple[int, ...]
    entered: tuple[int, ...]


@dataclass(frozen=True)
class PostEdited(Event):
    """Its author changed a post: what it says now, and the kinds of its files (image, audio, video, file)."""

    post_id: int
    type: str
    body: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class PostEngaged(Event):
    """What others do with a post is worth so much now (domain specification §7)."""

    post_id: int
    type: str
    engagement: int


@dataclass(frozen=True)
class PostLiked(Event):
    post_id: int
    circle_id: int
    author_id: int
    by: int
    #: the author asked without a name
    anonymous: bool = False
    type: str = "moment"


@dataclass(frozen=True)
class PostUnliked(PostLiked):
    """The like was taken back."""


@dataclass(frozen=True)
class PostFavorited(Event):
    post_id: int
    circle_id: int
    author_id: int
    by: int


@dataclass(frozen=True)
class PostUnfavorited(PostFavorited):
    """Somebody let it go again."""


@dataclass(frozen=True)
class PostFeatured(PostEvent):
    """A moderator marked a post as one of the best."""

    #: the author asked without a name
    anonymous: bool = False


@dataclass(frozen=True)
class PostUnfeatured(PostFeatured):
    """That was taken back."""


@dataclass(frozen=True)
class CommentEvent(Event):
    comment_id: int
    post_id: int
    circle_id: int
    author_id: int
    by: int | None


@dataclass(frozen=True)
class CommentPublished(CommentEvent):
    """`post_author_id` wrote the post, `answered_id` the comment that this one replies to (None at first level), and
    the comment names the people in `mentioned`."""

    post_author_id: int
    answered_id: int | None
    excerpt: str
    mentioned: tuple[int, ...] = ()
    #: characters
    length: int = 0
    #: by whoever asked the anonymous question above
    anonymous: bool = False
    #: who wrote the post is not shown
    post_anonymous: bool = False


@dataclass(frozen=True)
class CommentDeleted(CommentEvent):
    """Its author took a comment back."""


@dataclass(frozen=True)
class CommentHidden(CommentEvent):
    reason: str


@dataclass(frozen=True)
class CommentRestored(CommentEvent):
    """A hidden comment is visible again."""


@dataclass(frozen=True)
class CommentRemoved(CommentEvent):
    reason: str


@dataclass(frozen=True)
class CommentLiked(Event):
    comment_id: int
    post_id: int
    circle_id: int
    author_id: int
    by: int


@dataclass(frozen=True)
class CommentUnliked(CommentLiked):
    """The like was taken back."""


@dataclass(frozen=True)
class PeopleMentioned(Event):
    """An edit of a post (`comment_id` is None) or comment named people whom it had not named before."""

    post_id: int
    comment_id: int | None
    circle_id: int
    by: int
    user_ids: tuple[int, ...]
    excerpt: str
    #: nobody may learn from what follows who wrote it
    anonymous: bool = False


@dataclass(frozen=True)
class PollOpened(Event):
    """A post came with a poll, which ends at `closes_at` if that is known."""

    post_id: int
    closes_at: datetime | None


@dataclass(frozen=True)
class PollClosed(Event):
    """The time for voting is over."""

    post_id: int
    circle_id: int
    author_id: int
    question: str


@dataclass(frozen=True)
class PostPlanned(Event):
    """A draft is to publish itself."""

    draft_id: int
    publish_at: datetime


@dataclass(frozen=True)
class PlannedPostPublished(Event):
    """A planned post appeared (PostPublished is stated, too)."""

    post_id: int
    circle_id: int
    author_id: int
    excerpt: str


@dataclass(frozen=True)
class PlannedPostFailed(Event):
    """A planned post did not appear; its draft is still there and says why."""

    draft_id: int
    circle_id: int
    author_id: int
    #: for when it was planned, as text
    planned_for: str
    excerpt: str


@dataclass(frozen=True)
class NameErased(Event):
    """A post or comment that named somebody under one of `names` has `label` there now: the account was deleted."""

    post_id: int
    comment_id: int | None
    names: tuple[str, ...]
    label: str
