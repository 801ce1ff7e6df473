"""Every read of posts: what this actor may see, as view rows."""

from circle.posts.queries.comments import (
    COMMENT_SORTS,
    all_replies,
    comment_page,
    get_comment,
    people_told_of,
    reply_page,
)
from circle.posts.queries.feed import SORTS, feed, get_post, posts_by, topic_feed
from circle.posts.queries.rows import CommentRow, PostImage, PostRow, TopicRef

__all__ = [
    "COMMENT_SORTS",
    "SORTS",
    "CommentRow",
    "PostImage",
    "PostRow",
    "TopicRef",
    "all_replies",
    "comment_page",
    "feed",
    "get_comment",
    "get_post",
    "people_told_of",
    "posts_by",
    "reply_page",
    "topic_feed",
]
