"""Every write of posts, one file per verb family."""

from circle.posts.operations.comment import delete_comment, edit_comment, write_comment
from circle.posts.operations.curate import clear_expired_pins, feature_post, pin_post, unpin_post
from circle.posts.operations.favorite import Favorited, favorite_post
from circle.posts.operations.like import Liked, like_comment, like_post
from circle.posts.operations.moderate import (
    hide_comment,
    hide_post,
    remove_comment,
    remove_post,
    restore_comment,
    restore_post,
)
from circle.posts.operations.polls import PollContent, attach_poll, close_poll, vote
from circle.posts.operations.publish import delete_post, edit_post, publish_post

__all__ = [
    "Favorited",
    "Liked",
    "PollContent",
    "attach_poll",
    "clear_expired_pins",
    "close_poll",
    "delete_comment",
    "delete_post",
    "edit_comment",
    "edit_post",
    "favorite_post",
    "feature_post",
    "hide_comment",
    "hide_post",
    "like_comment",
    "like_post",
    "pin_post",
    "publish_post",
    "remove_comment",
    "remove_post",
    "restore_comment",
    "restore_post",
    "unpin_post",
    "vote",
    "write_comment",
]
