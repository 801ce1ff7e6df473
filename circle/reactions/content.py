"""What follows from posts and comments: counters of circles and topics, notices, jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from circle.accounts import events as accounts
from circle.checkins.queries import checkin_of_post
from circle.circles.operations import adjust_post_count as adjust_circle_posts
from circle.core import clock
from circle.core.jobs import enqueue
from circle.notifications import events as notices
from circle.notifications import jobs as notice_jobs
from circle.notifications.operations import (
    MAIL_DELAY,
    notify,
    notify_each,
    requote,
    tell_like,
    tell_mention,
    untell_like,
    withdraw,
    withdraw_comment,
    withdraw_post,
)
from circle.posts import events as posts
from circle.posts import jobs as post_jobs
from circle.reactions.common import moment
from circle.topics.operations import adjust_post_count as adjust_topic_posts


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


def _tell_author(kind: str, event: posts.PostEvent | posts.CommentEvent, reason: str = "", **more: Any) -> None:
    data: dict[str, Any] = {"post_id": event.post_id, "quote": reason, **more}
    if isinstance(event, posts.CommentEvent):
        data["comment_id"] = event.comment_id
    notify(event.author_id, kind, circle_id=event.circle_id, dedupe_key=moment(), data=data)


def tell_hidden_post(event: posts.PostHidden) -> None:
    _tell_author("post.hidden", event, event.reason, **_checkin(event.post_id, "void"))


def tell_restored_post(event: posts.PostRestored) -> None:
    _tell_author("post.restored", event, **_checkin(event.post_id, "approved"))


def tell_removed_post(event: posts.PostRemoved) -> None:
    _tell_author("post.removed", event, event.reason, **_checkin(event.post_id, "void"))


def _checkin(post_id: int, status: str) -> dict[str, Any]:
    """That the post is a check-in which that made void (or brought back): one notice says both."""
    found = checkin_of_post(post_id)
    if found is None or found.status != status or found.replaced:
        return {}
    about = {"campaign_id": found.campaign_id, "title": found.title, "idx": found.idx, "cadence": found.cadence}
    return {"role": "checkin", **about}


def tell_featured_post(event: posts.PostFeatured) -> None:
    if event.by != event.author_id:
        key, data = str(event.post_id), {"post_id": event.post_id}
        notify(event.author_id, "post.featured", circle_id=event.circle_id, dedupe_key=key, data=data)


def withdraw_featured_post(event: posts.PostUnfeatured) -> None:
    withdraw((event.author_id,), ("post.featured",), dedupe_key=str(event.post_id))


def tell_hidden_comment(event: posts.CommentHidden) -> None:
    _tell_author("comment.hidden", event, event.reason)


def tell_restored_comment(event: posts.CommentRestored) -> None:
    _tell_author("comment.restored", event)


def tell_removed_comment(event: posts.CommentRemoved) -> None:
    _tell_author("comment.removed", event, event.reason)


def tell_answered(event: posts.CommentPublished) -> None:
    """One notice per person, for the best reason: who is answered, who is named, whose post it is."""
    by = None if event.anonymous else event.by
    data = {"by": by, "post_id": event.post_id, "comment_id": event.comment_id, "quote": event.excerpt}
    key, told = str(event.comment_id), {event.author_id}  # of whom, unnamed, nothing is said
    for kind, people in (
        ("comment.replied", {event.answered_id} if event.answered_id else set()),
        ("comment.mentioned", set(event.mentioned)),
        ("post.commented", {event.post_author_id}),
    ):
        told |= notify_each(people - told, kind, circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_mentioned(event: posts.PostPublished) -> None:
    by = None if event.anonymous else event.by
    data = {"by": by, "post_id": event.post_id, "quote": event.excerpt}
    notify_each(event.mentioned, "post.mentioned", circle_id=event.circle_id, dedupe_key=str(event.post_id), data=data)


def tell_newly_mentioned(event: posts.PeopleMentioned) -> None:
    tell_mention(
        event.user_ids,
        by=None if event.anonymous else event.by,
        circle_id=event.circle_id,
        post_id=event.post_id,
        comment_id=event.comment_id,
        quote=event.excerpt,
    )


def tell_followers(event: posts.PostPublished) -> None:
    if event.topic_ids:
        enqueue(notice_jobs.tell_followers, event.post_id)


def tell_more_followers(event: notices.FollowersWait) -> None:
    enqueue(notice_jobs.tell_followers, event.post_id, event.after)


def mail_later(event: notices.MailWaits) -> None:
    enqueue(notice_jobs.send_mail, event.user_id, key=f"{notice_jobs.send_mail.name}:{event.user_id}", delay=MAIL_DELAY)


def tell_liked_post(event: posts.PostLiked) -> None:
    tell_like(event.author_id, "post.liked", by=event.by, circle_id=event.circle_id, post_id=event.post_id)


def untell_liked_post(event: posts.PostUnliked) -> None:
    untell_like(event.author_id, "post.liked", by=event.by, post_id=event.post_id)


def tell_liked_comment(event: posts.CommentLiked) -> None:
    about = {"post_id": event.post_id, "comment_id": event.comment_id}
    tell_like(event.author_id, "comment.liked", by=event.by, circle_id=event.circle_id, **about)


def untell_liked_comment(event: posts.CommentUnliked) -> None:
    about = {"post_id": event.post_id, "comment_id": event.comment_id}
    untell_like(event.author_id, "comment.liked", by=event.by, **about)


def withdraw_about_comment(event: posts.CommentHidden | posts.CommentRemoved | posts.CommentDeleted) -> None:
    """What is no longer there to be read must not live on in an inbox."""
    withdraw_comment(event.post_id, event.comment_id)


def withdraw_about_post(event: posts.PostHidden | posts.PostRemoved | posts.PostDeleted) -> None:
    withdraw_post(event.post_id)


def plan_post(event: posts.PostPlanned) -> None:
    # the key holds the time, or the job of an earlier plan would stand in the way
    key = f"{post_jobs.publish_planned.name}:{event.draft_id}:{event.publish_at.timestamp():.0f}"
    enqueue(post_jobs.publish_planned, event.draft_id, key=key, delay=event.publish_at - clock.now())


def tell_planned_post(event: posts.PlannedPostPublished) -> None:
    data = {"post_id": event.post_id, "quote": event.excerpt}
    notify(event.author_id, "post.scheduled", circle_id=event.circle_id, dedupe_key=str(event.post_id), data=data)


def tell_failed_post(event: posts.PlannedPostFailed) -> None:
    key, data = f"{event.draft_id}:{event.planned_for}", {"quote": event.excerpt}
    notify(event.author_id, "post.schedule_failed", circle_id=event.circle_id, dedupe_key=key, data=data)


def close_poll_in_time(event: posts.PollOpened) -> None:
    if event.closes_at is not None:
        planned = event.closes_at.isoformat()
        enqueue(post_jobs.close_poll, event.post_id, planned, delay=event.closes_at - clock.now())


def tell_poll_over(event: posts.PollClosed) -> None:
    key, data = str(event.post_id), {"post_id": event.post_id, "quote": event.question}
    notify(event.author_id, "poll.closed", circle_id=event.circle_id, dedupe_key=key, data=data)


def rename_in_texts(event: accounts.UsernameChanged) -> None:
    enqueue(post_jobs.rename_mentions, event.user_id)
    # once more for what was rendered before this moment and is stored after the first run
    enqueue(post_jobs.rename_mentions, event.user_id, delay=timedelta(minutes=10))


def erase_name_in_notices(event: posts.NameErased) -> None:
    requote(event.post_id, event.comment_id, event.names, event.label)
