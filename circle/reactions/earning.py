"""What follows for points: what is earned and taken back with its cause, tasks, levels, the books."""

from __future__ import annotations

from typing import Any

from circle.access import Permission
from circle.circles import events as circles
from circle.core.jobs import enqueue
from circle.ledger import events as ledger
from circle.notifications.operations import (
    notify,
    notify_all_who_may,
    withdraw,
)
from circle.points import events as points
from circle.points import jobs as point_jobs
from circle.points import operations as point_operations
from circle.points.operations import Cause, count_task_events, set_earned, switch_all, uncount_task_events
from circle.posts import events as posts
from circle.reactions.common import moment
from circle.topics import events as topics


def earn_by_post(event: posts.PostPublished) -> None:
    if event.type == "checkin":
        return  # earns as the check-in that it is
    subject = f"post:{event.post_id}"
    rule = "post.media" if event.has_media else "post.text"
    cause = Cause(subject, rule, subject, length=event.length, anonymous=event.anonymous)
    set_earned(event.circle_id, event.author_id, cause, on=True)


def earn_by_comment(event: posts.CommentPublished) -> None:
    subject = f"comment:{event.comment_id}"
    cause = Cause(subject, "comment", subject, length=event.length, anonymous=event.anonymous)
    set_earned(event.circle_id, event.author_id, cause, on=True)


def earn_by_like(event: posts.PostLiked) -> None:
    # taking a like back takes no points back, and liking again gives none: the key stays
    key, subject = f"like:{event.post_id}:{event.by}", f"post:{event.post_id}"
    cause = Cause(key, "like.received", subject, giver_id=event.by, anonymous=event.anonymous)
    set_earned(event.circle_id, event.author_id, cause, on=True)


def earn_by_feature(event: posts.PostFeatured | posts.PostUnfeatured) -> None:
    subject = f"post:{event.post_id}"
    cause = Cause(f"featured:{event.post_id}", "content.featured", subject, anonymous=event.anonymous)
    set_earned(event.circle_id, event.author_id, cause, on=not isinstance(event, posts.PostUnfeatured))


def unearn_with_post(event: posts.PostDeleted | posts.PostHidden | posts.PostRemoved) -> None:
    switch_all(f"post:{event.post_id}", on=False)


def earn_again_with_post(event: posts.PostRestored) -> None:
    except_rules = () if event.featured else ("content.featured",)
    switch_all(f"post:{event.post_id}", on=True, except_rules=except_rules)


def unearn_with_comment(event: posts.CommentDeleted | posts.CommentHidden | posts.CommentRemoved) -> None:
    switch_all(f"comment:{event.comment_id}", on=False)


def earn_again_with_comment(event: posts.CommentRestored) -> None:
    switch_all(f"comment:{event.comment_id}", on=True)


def count_post_for_tasks(event: posts.PostPublished) -> None:
    if event.anonymous:
        return  # as with points: a reward on the leaderboard would tell
    if event.type == "checkin":
        return  # counted before it earns, as here (checkins/operations/earning.py)
    done = ("post",) + ("post_media",) * event.has_media + ("ask",) * (event.type == "question")
    count_task_events(event.circle_id, event.author_id, done, f"post:{event.post_id}")


def count_comment_for_tasks(event: posts.CommentPublished) -> None:
    if event.author_id != event.post_author_id:
        key, author_id = f"comment:{event.comment_id}", event.post_author_id
        # whether it was a newcomer who asked without a name is not to be found out by answering
        done = ("comment_others",) if event.post_anonymous else ("comment_others", "comment_newcomer")
        count_task_events(event.circle_id, event.author_id, done, key, about_id=author_id)


def count_like_for_tasks(event: posts.PostLiked) -> None:
    if event.by != event.author_id:
        count_task_events(event.circle_id, event.by, ("like",), f"like:{event.post_id}")


def count_follow_for_tasks(event: topics.TopicFollowed) -> None:
    count_task_events(event.circle_id, event.user_id, ("topic_follow",), f"topic:{event.topic_id}")


def tell_new_level(event: points.LevelChanged) -> None:
    up = event.after > event.before
    data = {"level": event.after, "named": event.name, "role": event.reason}
    if up:
        data |= {"role": "gift" if event.gift_points else "", "gift": event.gift_points or None}
    kind = "level.up" if up else "level.down"
    notify(event.user_id, kind, circle_id=event.circle_id, dedupe_key=moment(), data=data)


def uncount_task(
    event: posts.PostDeleted | posts.PostRemoved | posts.CommentDeleted | posts.CommentRemoved,
) -> None:
    comment_id = event.comment_id if isinstance(event, posts.CommentEvent) else None
    key = f"post:{event.post_id}" if comment_id is None else f"comment:{comment_id}"
    uncount_task_events(event.circle_id, event.author_id, key)


def tell_task_done(event: points.TaskDone) -> None:
    # of what comes round every day nobody needs to hear
    if event.cadence != "daily":
        key, data = f"{event.task_id}:{event.period_key}", {"quote": event.title}
        notify(event.user_id, "task.done", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_violated_books(event: ledger.BooksViolated) -> None:
    # nobody else: it accuses nobody, and says nothing of what a member has
    data = {"quote": event.first}
    notify(event.owner_id, "ledger.violated", circle_id=event.circle_id, dedupe_key=event.checked_at, data=data)


def tell_cleared_books(event: ledger.BooksCleared) -> None:
    notify(event.owner_id, "ledger.cleared", circle_id=event.circle_id, dedupe_key=event.checked_at, data={})


def rise_on_return(event: circles.MemberJoined) -> None:
    if not event.first:
        point_operations.rise_on_return(event.circle_id, event.user_id)


def reassess_levels(event: points.LevelsChanged) -> None:
    enqueue(point_jobs.reassess_levels, event.circle_id, key=f"{point_jobs.reassess_levels.name}:{event.circle_id}")


def tell_who_agrees(event: points.AdjustmentAsked) -> None:
    notify_all_who_may(
        Permission.POINTS_ADJUST,
        "adjustment.waiting",
        circle_id=event.circle_id,
        dedupe_key=str(event.adjustment_id),
        data={"by": event.asked_by},
        but=event.user_id,
    )


def tell_asker_of_adjustment(event: points.AdjustmentDecided) -> None:
    # who turns down what they asked for themselves need not hear of it
    if event.by != event.asked_by:
        kind = "adjustment.approved" if event.approved else "adjustment.rejected"
        key, data = str(event.adjustment_id), {"quote": event.note}
        notify(event.asked_by, kind, circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_adjusted(event: points.PointsAdjusted) -> None:
    kind = "points.adjustment_undone" if event.undone else "points.adjusted"
    data: dict[str, Any] = {"quote": event.reason}
    if not event.undone:
        # which of the sentences it is, as with roles
        data |= {"points": abs(event.amount), "role": event.asset + ("+" if event.amount > 0 else "-")}
    notify(event.user_id, kind, circle_id=event.circle_id, dedupe_key=str(event.adjustment_id), data=data)


def tell_points_running_out(event: points.PointsRunningOut) -> None:
    key, data = f"{event.circle_id}:{event.on}:{event.days}", {"points": event.points, "day": event.on}
    notify(event.user_id, "points.running_out", circle_id=event.circle_id, dedupe_key=key, data=data)


def withdraw_task(event: points.RewardGone) -> None:
    withdraw((event.user_id,), ("task.done",), dedupe_key=f"{event.task_id}:{event.period_key}")
