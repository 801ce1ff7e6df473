"""Every read of posts: what this actor may see, as view rows."""

from circle.posts.queries.comments import (
    COMMENT_SORTS,
    all_replies,
    comment_page,
    get_comment,
    people_told_of,
    reply_page,
)
from circle.posts.queries.curated import circles_with_expired_pins
from circle.posts.queries.drafts import DraftRow, drafts, due_drafts, get_draft, newest_draft, untouched_drafts
from circle.posts.queries.favorites import favorites
from circle.posts.queries.feed import (
    SORTS,
    Front,
    feed,
    front,
    get_post,
    pinned_posts,
    posts_by,
    posts_by_ids,
    topic_feed,
)
from circle.posts.queries.newer import MOST_COUNTED, count_newer, newer_posts
from circle.posts.queries.polls import PollOptionRow, PollRow, poll_of
from circle.posts.queries.revisions import EditedPost, RevisionRow, edited_post, revisions
from circle.posts.queries.rows import CheckinHint, CommentRow, PostMediaRow, PostRow, TopicRef
from circle.posts.queries.shared import public_feed, share_facts
from circle.posts.queries.suggesting import lately_heard, suggested_topics
from circle.posts.queries.today import posts_left, published_today
from circle.posts.queries.topic_board import TopicBoard, TopicPlaceRow, topic_board, topics_to_freeze, with_neighbours

__all__ = [
    "COMMENT_SORTS",
    "MOST_COUNTED",
    "SORTS",
    "CheckinHint",
    "CommentRow",
    "DraftRow",
    "EditedPost",
    "Front",
    "PollOptionRow",
    "PollRow",
    "PostMediaRow",
    "PostRow",
    "RevisionRow",
    "TopicBoard",
    "TopicPlaceRow",
    "TopicRef",
    "all_replies",
    "circles_with_expired_pins",
    "comment_page",
    "count_newer",
    "drafts",
    "due_drafts",
    "edited_post",
    "favorites",
    "feed",
    "front",
    "get_comment",
    "get_draft",
    "get_post",
    "lately_heard",
    "newer_posts",
    "newest_draft",
    "people_told_of",
    "pinned_posts",
    "poll_of",
    "posts_by",
    "posts_by_ids",
    "posts_left",
    "public_feed",
    "published_today",
    "reply_page",
    "revisions",
    "share_facts",
    "suggested_topics",
    "topic_board",
    "topic_feed",
    "topics_to_freeze",
    "untouched_drafts",
    "with_neighbours",
]
