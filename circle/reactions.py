"""What follows from what: the one table from events to reactions.

Each function is a few lines: translate the fact, call one operation. They run inside the transaction of the operation
that stated the fact, before its commit, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from circle.access import Permission
from circle.circles import events as circles
from circle.circles.operations import adjust_post_count as adjust_circle_posts
from circle.circles.queries import can_still_read
from circle.core import clock
from circle.core.events import Event, Reaction
from circle.notifications.operations import notify, notify_all_who_may, withdraw
from circle.posts import events as posts
from circle.posts.queries import people_told_of
from circle.topics.operations import adjust_post_count as adjust_topic_posts

# ---- people in circles: what was done to somebody is told to them, without naming who did it ---------------------


def _moment() -> str:
    """Tells apart what may happen to the same person again."""
    return clock.now().isoformat()


def tell_who_decides(event: circles.ApplicationSubmitted) -> None:
    notify_all_who_may(
        Permission.APPLICATION_DECIDE,
        "application.submitted",
        circle_id=event.circle_id,
        dedupe_key=str(event.application_id),
        data={"by": event.user_id},
    )


def tell_applicant_yes(event: circles.ApplicationApproved) -> None:
    key = str(event.application_id)
    notify(event.user_id, "application.approved", circle_id=event.circle_id, dedupe_key=key, data={})


def tell_applicant_no(event: circles.ApplicationRejected) -> None:
    key, data = str(event.application_id), {"quote": event.reason}
    notify(event.user_id, "application.rejected", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_new_role(event: circles.MemberRoleChanged) -> None:
    if event.by_id != event.user_id:
        data = {"role": event.after}
        notify(event.user_id, "member.role", circle_id=event.circle_id, dedupe_key=_moment(), data=data)


def tell_mute(event: circles.MemberMuted) -> None:
    if event.until is None:
        notify(event.user_id, "member.unmuted", circle_id=event.circle_id, dedupe_key=_moment(), data={})
    else:
        data = {"until": event.until.isoformat(), "quote": event.reason}
        notify(event.user_id, "member.muted", circle_id=event.circle_id, dedupe_key=_moment(), data=data)


def tell_ban(event: circles.MemberBanned) -> None:
    data = {"quote": event.reason}
    notify(event.user_id, "member.banned", circle_id=event.circle_id, dedupe_key=_moment(), data=data)


def tell_removal(event: circles.MemberRemoved) -> None:
    data = {"quote": event.reason}
    notify(event.user_id, "member.removed", circle_id=event.circle_id, dedupe_key=_moment(), data=data)


# ---- posts: counters of circles and topics, and what authors are told ------------------------------------------------


def count_post(event: posts.PostPublished | posts.PostRestored) -> None:
    adjust_circle_posts(event.circle_id, +1)
    adjust_topic_posts(event.topic_ids, +1)


def uncount_post(event: posts.PostDeleted | posts.PostHidden) -> None:
    adjust_circle_posts(event.circle_id, -1)
    adjust_topic_posts(event.topic_ids, -1)


def uncount_removed_post(event: posts.PostRemoved) -> None:
    if event.was_visible:
        adjust_circle_posts(event.circle_id, -1)
        adjust_topic_posts(event.topic_ids, -1)


def count_moved_post(event: posts.PostMoved) -> None:
    adjust_topic_posts(event.left, -1)
    adjust_topic_posts(event.entered, +1)


def _tell_author(kind: str, event: posts.PostEvent | posts.CommentEvent, reason: str = "") -> None:
    data: dict[str, Any] = {"post_id": event.post_id, "quote": reason}
    if isinstance(event, posts.CommentEvent):
        data["comment_id"] = event.comment_id
    notify(event.author_id, kind, circle_id=event.circle_id, dedupe_key=_moment(), data=data)


def tell_hidden_post(event: posts.PostHidden) -> None:
    _tell_author("post.hidden", event, event.reason)


def tell_restored_post(event: posts.PostRestored) -> None:
    _tell_author("post.restored", event)


def tell_removed_post(event: posts.PostRemoved) -> None:
    _tell_author("post.removed", event, event.reason)


def tell_hidden_comment(event: posts.CommentHidden) -> None:
    _tell_author("comment.hidden", event, event.reason)


def tell_restored_comment(event: posts.CommentRestored) -> None:
    _tell_author("comment.restored", event)


def tell_removed_comment(event: posts.CommentRemoved) -> None:
    _tell_author("comment.removed", event, event.reason)


def tell_answered(event: posts.CommentPublished) -> None:
    """One notice per person: whoever is answered hears of the answer, the author of the post of everything else."""
    data = {"by": event.by, "post_id": event.post_id, "comment_id": event.comment_id, "quote": event.excerpt}
    key = str(event.comment_id)
    if event.answered_id is not None and can_still_read(event.circle_id, event.answered_id):
        notify(event.answered_id, "comment.replied", circle_id=event.circle_id, dedupe_key=key, data=data)
    if event.answered_id != event.post_author_id and can_still_read(event.circle_id, event.post_author_id):
        notify(event.post_author_id, "post.commented", circle_id=event.circle_id, dedupe_key=key, data=data)


def withdraw_answer(event: posts.CommentHidden | posts.CommentRemoved | posts.CommentDeleted) -> None:
    """What is no longer there to be read must not live on in an inbox."""
    people = people_told_of(event.comment_id)
    withdraw(people, ("post.commented", "comment.replied"), dedupe_key=str(event.comment_id))


REACTIONS: Mapping[type[Event], Sequence[Reaction]] = {
    circles.ApplicationSubmitted: [tell_who_decides],
    circles.ApplicationApproved: [tell_applicant_yes],
    circles.ApplicationRejected: [tell_applicant_no],
    circles.MemberRoleChanged: [tell_new_role],
    circles.MemberMuted: [tell_mute],
    circles.MemberBanned: [tell_ban],
    circles.MemberRemoved: [tell_removal],
    posts.PostPublished: [count_post],
    posts.PostDeleted: [uncount_post],
    posts.PostHidden: [uncount_post, tell_hidden_post],
    posts.PostRestored: [count_post, tell_restored_post],
    posts.PostRemoved: [uncount_removed_post, tell_removed_post],
    posts.PostMoved: [count_moved_post],
    posts.CommentPublished: [tell_answered],
    posts.CommentDeleted: [withdraw_answer],
    posts.CommentHidden: [withdraw_answer, tell_hidden_comment],
    posts.CommentRestored: [tell_restored_comment],
    posts.CommentRemoved: [withdraw_answer, tell_removed_comment],
}
