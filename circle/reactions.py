"""What follows from what: the one table from events to reactions.

Each function is a few lines: translate the fact, call one operation. They run inside the transaction of the operation
that stated the fact, before its commit, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from circle.access import ROLE_PERMISSIONS, Permission, Role
from circle.accounts import events as accounts
from circle.accounts import jobs as account_jobs
from circle.circles import events as circles
from circle.circles.operations import adjust_post_count as adjust_circle_posts
from circle.core import clock
from circle.core.events import Event, Reaction
from circle.core.jobs import enqueue
from circle.home import jobs as home_jobs
from circle.notifications import events as notices
from circle.notifications import jobs as notice_jobs
from circle.notifications.operations import (
    MAIL_DELAY,
    notify,
    notify_all_who_may,
    notify_each,
    requote,
    tell_like,
    tell_mention,
    untell_like,
    withdraw,
    withdraw_between,
    withdraw_comment,
    withdraw_from_decider,
    withdraw_post,
)
from circle.points.operations import Cause, set_earned, switch_all
from circle.posts import events as posts
from circle.posts import jobs as post_jobs
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


def withdraw_decisions(
    event: circles.MemberRoleChanged | circles.MemberLeft | circles.MemberBanned | circles.MemberRemoved,
) -> None:
    if isinstance(event, circles.MemberRoleChanged) and (
        Permission.APPLICATION_DECIDE in ROLE_PERMISSIONS[Role(event.after)]
    ):
        return
    withdraw_from_decider(event.user_id, event.circle_id)


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
    data = {"by": event.by, "post_id": event.post_id, "comment_id": event.comment_id, "quote": event.excerpt}
    told: set[int] = set()
    for kind, people in (
        ("comment.replied", {event.answered_id} if event.answered_id else set()),
        ("comment.mentioned", set(event.mentioned)),
        ("post.commented", {event.post_author_id}),
    ):
        told |= notify_each(people - told, kind, circle_id=event.circle_id, dedupe_key=str(event.comment_id), data=data)


def tell_mentioned(event: posts.PostPublished) -> None:
    data = {"by": event.by, "post_id": event.post_id, "quote": event.excerpt}
    notify_each(event.mentioned, "post.mentioned", circle_id=event.circle_id, dedupe_key=str(event.post_id), data=data)


def tell_newly_mentioned(event: posts.PeopleMentioned) -> None:
    tell_mention(
        event.user_ids,
        by=event.by,
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


# ---- points: what is earned, and taken back with its cause -----------------------------------------------------------


def earn_by_post(event: posts.PostPublished) -> None:
    subject = f"post:{event.post_id}"
    rule = "post.media" if event.has_media else "post.text"
    set_earned(event.circle_id, event.author_id, Cause(subject, rule, subject, length=event.length), on=True)


def earn_by_comment(event: posts.CommentPublished) -> None:
    subject = f"comment:{event.comment_id}"
    set_earned(event.circle_id, event.author_id, Cause(subject, "comment", subject, length=event.length), on=True)


def earn_by_like(event: posts.PostLiked) -> None:
    # taking a like back takes no points back, and liking again gives none: the key stays
    cause = Cause(f"like:{event.post_id}:{event.by}", "like.received", f"post:{event.post_id}", giver_id=event.by)
    set_earned(event.circle_id, event.author_id, cause, on=True)


def earn_by_feature(event: posts.PostFeatured | posts.PostUnfeatured) -> None:
    cause = Cause(f"featured:{event.post_id}", "content.featured", f"post:{event.post_id}")
    set_earned(event.circle_id, event.author_id, cause, on=isinstance(event, posts.PostFeatured))


def unearn_with_post(event: posts.PostDeleted | posts.PostHidden | posts.PostRemoved) -> None:
    switch_all(f"post:{event.post_id}", on=False)


def earn_again_with_post(event: posts.PostRestored) -> None:
    except_rules = () if event.featured else ("content.featured",)
    switch_all(f"post:{event.post_id}", on=True, except_rules=except_rules)


def unearn_with_comment(event: posts.CommentDeleted | posts.CommentHidden | posts.CommentRemoved) -> None:
    switch_all(f"comment:{event.comment_id}", on=False)


def earn_again_with_comment(event: posts.CommentRestored) -> None:
    switch_all(f"comment:{event.comment_id}", on=True)


def rename_in_texts(event: accounts.UsernameChanged) -> None:
    enqueue(post_jobs.rename_mentions, event.user_id)
    # once more for what was rendered before this moment and is stored after the first run
    enqueue(post_jobs.rename_mentions, event.user_id, delay=timedelta(minutes=10))


# ---- accounts: mails with codes, and what people should notice about their own account ----------------------------


def mail_reset(event: accounts.ResetAsked) -> None:
    enqueue(account_jobs.mail_reset, event.login)


def mail_confirmation(event: accounts.AddressAsked) -> None:
    enqueue(account_jobs.mail_confirmation, event.user_id, key=f"{account_jobs.mail_confirmation.name}:{event.user_id}")


def tell_new_password(event: accounts.PasswordChanged) -> None:
    notify(event.user_id, "account.password_changed", dedupe_key=_moment(), data={})


def tell_new_address(event: accounts.AddressChanged) -> None:
    kind = "account.email_confirmed" if event.after else "account.email_removed"
    notify(event.user_id, kind, dedupe_key=_moment(), data={"quote": event.after or event.before})


def mail_former_address(event: accounts.AddressChanged) -> None:
    if event.before is not None and event.before != event.after:
        enqueue(account_jobs.mail_former_address, event.user_id, event.before)


def withdraw_blocked(event: accounts.UserBlocked) -> None:
    withdraw_between(event.blocker_id, event.blocked_id)


def make_takeout(event: accounts.TakeoutAsked) -> None:
    enqueue(home_jobs.make_takeout, event.takeout_id, key=f"{home_jobs.make_takeout.name}:{event.takeout_id}")


def tell_takeout(event: accounts.TakeoutReady) -> None:
    key, data = str(event.takeout_id), {"until": event.expires_at.isoformat()}
    notify(event.user_id, "account.copy_ready", dedupe_key=key, data=data)


def tell_deletion(event: accounts.DeletionAsked) -> None:
    data = {"until": event.due_at.isoformat()}
    notify(event.user_id, "account.deletion_asked", dedupe_key=_moment(), data=data)


def tell_deletion_cancelled(event: accounts.DeletionCancelled) -> None:
    notify(event.user_id, "account.deletion_cancelled", dedupe_key=_moment(), data={})


def tell_deletion_postponed(event: accounts.DeletionPostponed) -> None:
    data = {"quote": ", ".join(event.circles)}
    notify(event.user_id, "account.deletion_postponed", dedupe_key=_moment(), data=data)


def erase_account(event: accounts.AccountDeleted) -> None:
    enqueue(home_jobs.erase_account, event.user_id)
    # once more for what the person's last request wrote while the first run was at it
    enqueue(home_jobs.erase_account, event.user_id, delay=timedelta(minutes=10))


def erase_name_in_notices(event: posts.NameErased) -> None:
    requote(event.post_id, event.comment_id, event.names, event.label)


REACTIONS: Mapping[type[Event], Sequence[Reaction]] = {
    accounts.UsernameChanged: [rename_in_texts],
    accounts.PasswordChanged: [tell_new_password],
    accounts.ResetAsked: [mail_reset],
    accounts.AddressAsked: [mail_confirmation],
    accounts.AddressChanged: [tell_new_address, mail_former_address],
    accounts.UserBlocked: [withdraw_blocked],
    accounts.TakeoutAsked: [make_takeout],
    accounts.TakeoutReady: [tell_takeout],
    accounts.DeletionAsked: [tell_deletion],
    accounts.DeletionCancelled: [tell_deletion_cancelled],
    accounts.DeletionPostponed: [tell_deletion_postponed],
    accounts.AccountDeleted: [erase_account],
    circles.ApplicationSubmitted: [tell_who_decides],
    circles.ApplicationApproved: [tell_applicant_yes],
    circles.ApplicationRejected: [tell_applicant_no],
    circles.MemberRoleChanged: [tell_new_role, withdraw_decisions],
    circles.MemberMuted: [tell_mute],
    circles.MemberBanned: [tell_ban, withdraw_decisions],
    circles.MemberLeft: [withdraw_decisions],
    circles.MemberRemoved: [tell_removal, withdraw_decisions],
    posts.PostPublished: [count_post, earn_by_post, tell_mentioned, tell_followers],
    posts.PostPlanned: [plan_post],
    posts.PlannedPostPublished: [tell_planned_post],
    posts.PlannedPostFailed: [tell_failed_post],
    posts.PostDeleted: [uncount_post, unearn_with_post, withdraw_about_post],
    posts.PostHidden: [uncount_post, unearn_with_post, withdraw_about_post, tell_hidden_post],
    posts.PostRestored: [count_post, earn_again_with_post, tell_restored_post],
    posts.PostRemoved: [uncount_removed_post, unearn_with_post, withdraw_about_post, tell_removed_post],
    posts.PostMoved: [count_moved_post],
    posts.PollOpened: [close_poll_in_time],
    posts.PollClosed: [tell_poll_over],
    posts.PostFeatured: [earn_by_feature, tell_featured_post],
    posts.PostUnfeatured: [earn_by_feature, withdraw_featured_post],
    posts.PostLiked: [earn_by_like, tell_liked_post],
    posts.PostUnliked: [untell_liked_post],
    posts.CommentLiked: [tell_liked_comment],
    posts.CommentUnliked: [untell_liked_comment],
    posts.PeopleMentioned: [tell_newly_mentioned],
    posts.NameErased: [erase_name_in_notices],
    posts.CommentPublished: [earn_by_comment, tell_answered],
    posts.CommentDeleted: [unearn_with_comment, withdraw_about_comment],
    posts.CommentHidden: [unearn_with_comment, withdraw_about_comment, tell_hidden_comment],
    posts.CommentRestored: [earn_again_with_comment, tell_restored_comment],
    posts.CommentRemoved: [unearn_with_comment, withdraw_about_comment, tell_removed_comment],
    notices.FollowersWait: [tell_more_followers],
    notices.MailWaits: [mail_later],
}
