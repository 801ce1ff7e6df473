"""Every write of posts, one file per verb family."""

from circle.posts.operations.comment import delete_comment, edit_comment, write_comment
from circle.posts.operations.curate import clear_expired_pins, feature_post, pin_post, unpin_post
from circle.posts.operations.drafts import (
    DraftContent,
    Plan,
    Saved,
    begin_draft,
    delete_draft,
    end_draft,
    forget_drafts,
    new_draft,
    plan_draft,
    publish_draft,
    publish_from_draft,
    publish_planned,
    save_draft,
)
from circle.posts.operations.favorite import Favorited, favorite_post
from circle.posts.operations.like import Liked, like_comment, like_post
from circle.posts.operations.mentions import renew_mention
from circle.posts.operations.moderate import (
    hide_comment,
    hide_post,
    remove_comment,
    remove_post,
    restore_comment,
    restore_post,
)
from circle.posts.operations.polls import PollContent, attach_poll, close_poll, end_poll, vote
from circle.posts.operations.publish import delete_post, edit_post, prepare_post, publish_post, publish_prepared
from circle.posts.operations.topic_boards import freeze_topic_week

__all__ = [
    "DraftContent",
    "Favorited",
    "Liked",
    "Plan",
    "PollContent",
    "Saved",
    "attach_poll",
    "begin_draft",
    "clear_expired_pins",
    "close_poll",
    "delete_comment",
    "delete_draft",
    "delete_post",
    "edit_comment",
    "edit_post",
    "end_draft",
    "end_poll",
    "favorite_post",
    "feature_post",
    "forget_drafts",
    "freeze_topic_week",
    "hide_comment",
    "hide_post",
    "like_comment",
    "like_post",
    "new_draft",
    "pin_post",
    "plan_draft",
    "prepare_post",
    "publish_draft",
    "publish_from_draft",
    "publish_planned",
    "publish_post",
    "publish_prepared",
    "remove_comment",
    "remove_post",
    "renew_mention",
    "restore_comment",
    "restore_post",
    "save_draft",
    "unpin_post",
    "vote",
    "write_comment",
]
