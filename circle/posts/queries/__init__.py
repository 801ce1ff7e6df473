"""Every read of posts: what this actor may see, as view rows."""

from circle.posts.queries.comments import (
    COMMENT_SORTS,
    all_replies,
    comment_page,
    get_comment,
    people_told_of,
    reply_page,
)
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
from circle.posts.queries.rows import CommentRow, PostMediaRow, PostRow, TopicRef

__all__ = [
    "COMMENT_SORTS",
    "MOST_COUNTED",
    "SORTS",
    "CommentRow",
    "EditedPost",
    "Front",
    "PollOptionRow",
    "PollRow",
    "PostMediaRow",
    "PostRow",
    "RevisionRow",
    "TopicRef",
    "all_replies",
    "comment_page",
    "count_newer",
    "edited_post",
    "favorites",
    "feed",
    "front",
    "get_comment",
    "get_post",
    "newer_posts",
    "people_told_of",
    "pinned_posts",
    "poll_of",
    "posts_by",
    "posts_by_ids",
    "reply_page",
    "revisions",
    "topic_feed",
]
