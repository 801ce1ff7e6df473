"""Every kind of notice: its category, its sign, its sentence and where it leads. Those of campaigns: campaign_kinds.py.

A notice stores values, never sentences: it is told in the language of whoever reads it, with the names people have by
then. What `data` may hold as it is told, by name:

    by           id of the person who did it, shown with face and name (%(name)s); nobody is told of their own acts.
                 None for whoever asked an anonymous question: then the kind's sentence `unnamed` is told
    quote        a reason, or the beginning of what was written; shown under the sentence
    role         the new role (member.role), what was adjusted and how (points.adjusted), why (level.up, level.down,
                 question.closed), whether it earned points (answer.accepted), that the post was a check-in, which
                 counts no more or again (post.hidden, post.removed, post.restored; with title, idx and cadence)
    until        ISO moment (member.muted)
    topic        title of a topic (topic.posted)
    points, day  how many, and the last day they can be used (points.running_out); earned by it (answer.accepted)
    level        its number (level.up, level.down), beside `named`, what the owner called it: told as %(level_name)s
    gift         points that came with it (level.up)
    post_id, comment_id, answer_id, …   what it is about, and what the link is made of

`%(circle)s` and `{slug}` come from the notice's circle; `%(count)s` says how many it is about. What is told of a post
has words of its own where that is a question (`asked`), and leads to where such a post is read (`{place}`).
"""

from __future__ import annotations

from collections.abc import Mapping

from circle.access import Permission
from circle.core.i18n import lazy
from circle.notifications.campaign_kinds import CAMPAIGN_KINDS
from circle.notifications.kind import CATEGORIES, Kind

__all__ = ["CATEGORIES", "KINDS", "OF_CONTENT", "OF_DECIDERS", "Kind", "kinds_of"]

_POST = "/{slug}/{place}/{post_id}"
_COMMENT = "/{slug}/posts/{post_id}#comment-{comment_id}"
_QUESTION = "/{slug}/questions/{post_id}"
_ANSWER = _QUESTION + "#answer-{answer_id}"
_BY = frozenset({"by"})
_SECURITY = "/settings/security"

KINDS: Mapping[str, Kind] = {
    "post.commented": Kind(
        "replies", "message-circle", lazy("%(name)s commented on your post"), _COMMENT, needs=_BY,
        asked=lazy("%(name)s commented on your question"),
    ),
    "comment.replied": Kind(
        "replies", "reply", lazy("%(name)s replied to you"), _COMMENT, needs=_BY,
        unnamed=lazy("The asker replied to you"),
    ),
    "poll.closed": Kind("replies", "circle-check", lazy("Your poll is over. See how it went"), _POST),
    "post.scheduled": Kind(
        "replies", "calendar-check", lazy("Your planned post is out"), _POST, "ok",
        asked=lazy("Your planned question is out"),
    ),
    "post.schedule_failed": Kind(
        "replies", "calendar-plus", lazy("Your planned post could not be published"), "/me/drafts"
    ),
    "post.mentioned": Kind(
        "mentions", "at-sign", lazy("%(name)s mentioned you in a post"), _POST, needs=_BY,
        unnamed=lazy("You were mentioned in an anonymous question"),
        asked=lazy("%(name)s mentioned you in a question"),
    ),
    "comment.mentioned": Kind(
        "mentions", "at-sign", lazy("%(name)s mentioned you"), _COMMENT, needs=_BY,
        unnamed=lazy("The asker mentioned you"),
    ),
    "post.liked": Kind(
        "likes", "heart", lazy("%(name)s liked your post"), _POST, needs=_BY,
        several=lazy("%(name)s and others, %(count)s people, liked your post"),
        asked=lazy("%(name)s would like to know that too"),
        asked_several=lazy("%(name)s and others, %(count)s people, would like to know that too"),
    ),
    "comment.liked": Kind(
        "likes", "heart", lazy("%(name)s liked your comment"), _COMMENT, needs=_BY,
        several=lazy("%(name)s and others, %(count)s people, liked your comment"),
    ),
    "post.featured": Kind(
        "likes", "award", lazy("Your post was featured in %(circle)s"), _POST, "gold",
        asked=lazy("Your question was featured in %(circle)s"),
    ),
    "topic.posted": Kind(
        "topics", "hash", lazy("%(name)s posted in #%(topic)s"), _POST, needs=_BY | {"topic", "topic_slug"},
        several=lazy("#%(topic)s has %(count)s new posts"), several_link="/{slug}/topics/{topic_slug}",
        unnamed=lazy("Somebody asked an anonymous question in #%(topic)s"),
        asked=lazy("%(name)s asked a question in #%(topic)s"),
    ),
    "question.revealed": Kind(
        "moderation", "eye", lazy("The people who run %(circle)s looked up who asked your anonymous question"),
        "/{slug}/questions/{post_id}",
    ),
    "post.hidden": Kind(
        "moderation", "eye-off", lazy("Your post is hidden for now"), _POST,
        asked=lazy("Your question is hidden for now"),
        by_role={
            "checkin": lazy("Your post is hidden for now, so %(period)s of “%(title)s” does not count as checked in")
        },
    ),
    "post.restored": Kind(
        "moderation", "eye", lazy("Your post can be seen again"), _POST, "ok",
        asked=lazy("Your question can be seen again"),
        by_role={"checkin": lazy("Your post can be seen again, and %(period)s of “%(title)s” counts as checked in")},
    ),
    "post.removed": Kind(
        "moderation", "trash-2", lazy("Your post was removed from %(circle)s"),
        asked=lazy("Your question was removed from %(circle)s"),
        by_role={
            "checkin": lazy(
                "Your post was removed from %(circle)s, so %(period)s of “%(title)s” does not count as checked in"
            )
        },
    ),
    "comment.hidden": Kind("moderation", "eye-off", lazy("Your comment is hidden for now"), _POST),
    "comment.restored": Kind("moderation", "eye", lazy("Your comment can be seen again"), _COMMENT, "ok"),
    "comment.removed": Kind("moderation", "trash-2", lazy("Your comment was removed"), _POST),
    "question.answered": Kind(
        "replies", "message-circle-reply", lazy("%(name)s answered your question"), _ANSWER, needs=_BY
    ),
    "answer.mentioned": Kind(
        "mentions", "at-sign", lazy("%(name)s mentioned you in an answer"), _ANSWER, needs=_BY,
        unnamed=lazy("The asker mentioned you in an answer"),
    ),
    "answer.accepted": Kind(
        "replies", "circle-check", lazy("Your answer was accepted"), _ANSWER, "gold",
        by_role={"points": lazy("Your answer was accepted and earned you %(points)s points")},
    ),
    "answer.unaccepted": Kind(
        "replies", "circle-question-mark", lazy("Your answer is no longer the accepted one. It stays where it is"),
        _ANSWER,
    ),
    "question.invited": Kind(
        "mentions", "hand", lazy("%(name)s invites you to answer, until %(until)s"), _QUESTION,
        needs=_BY | {"until"}, unnamed=lazy("The asker invites you to answer, until %(until)s"),
    ),
    "invite.declined": Kind(
        "replies", "message-circle", lazy("%(name)s would rather not answer this time"), _QUESTION + "/invites",
        needs=_BY,
    ),
    "question.closed": Kind(
        "moderation", "lock", lazy("Your question was closed"), _QUESTION,
        by_role={
            "resolved": lazy("Your question was closed, because it is settled"),
            "off_topic": lazy("Your question was closed, because it does not belong in %(circle)s"),
            "spam": lazy("Your question was closed as advertising"),
        },
    ),
    "question.duplicate": Kind(
        "moderation", "copy", lazy("Your question was asked before. See what was answered there"),
        "/{slug}/questions/{of}",
    ),
    "question.reopened": Kind(
        "moderation", "rotate-ccw", lazy("Your question takes answers again"), _QUESTION, "ok"
    ),
    "answer.hidden": Kind("moderation", "eye-off", lazy("Your answer is hidden for now"), _ANSWER),
    "answer.restored": Kind("moderation", "eye", lazy("Your answer can be seen again"), _ANSWER, "ok"),
    "answer.removed": Kind("moderation", "trash-2", lazy("Your answer was removed"), _QUESTION),
    "application.submitted": Kind(
        "circle", "user-round-plus", lazy("%(name)s would like to join %(circle)s"), "/{slug}/manage/applications",
        needs=_BY,
    ),
    "application.approved": Kind(
        "circle", "user-round-check", lazy("You are in. Welcome to %(circle)s!"), "/{slug}", "ok"
    ),
    "application.rejected": Kind("circle", "user-round-x", lazy("%(circle)s did not take you in this time")),
    "member.role": Kind(
        "circle",
        "shield-check",
        lazy("You are an ordinary member of %(circle)s again"),
        "/{slug}",
        needs=frozenset({"role"}),
        by_role={
            "owner": lazy("%(circle)s is yours now"),
            "admin": lazy("You are now an admin of %(circle)s"),
            "moderator": lazy("You are now a moderator of %(circle)s"),
            "expert": lazy("You are now an expert of %(circle)s"),
        },
    ),
    "level.up": Kind(
        "circle", "award", lazy("You reached the level %(level_name)s in %(circle)s"), "/{slug}/points", "gold",
        needs=frozenset({"level"}),
        by_role={"gift": lazy("You reached the level %(level_name)s in %(circle)s, with a gift of %(gift)s points")},
    ),
    "level.down": Kind(
        "circle", "info", lazy("Your level in %(circle)s is %(level_name)s now"), "/{slug}/points",
        needs=frozenset({"level"}),
        by_role={
            "decay": lazy("Your level in %(circle)s is %(level_name)s now: a year's growth did not keep the other"),
            "reversal": lazy("Your level in %(circle)s is %(level_name)s now, because growth was taken back"),
        },
    ),
    "task.done": Kind("circle", "gift", lazy("You finished a task. Your reward waits"), "/{slug}/tasks", "gold"),
    "points.running_out": Kind(
        "circle", "hourglass", lazy("%(points)s of your points in %(circle)s run out when %(day)s is over"),
        "/{slug}/points", needs=frozenset({"points", "day"}),
    ),
    "points.adjusted": Kind(
        "circle", "coins", lazy("You were given %(points)s points in %(circle)s"), "/{slug}/points",
        needs=frozenset({"points"}),
        by_role={
            "POINTS-": lazy("%(points)s points were taken from you in %(circle)s"),
            "GROWTH+": lazy("You were given %(points)s growth in %(circle)s"),
            "GROWTH-": lazy("%(points)s growth was taken from you in %(circle)s"),
        },
    ),
    "points.adjustment_undone": Kind(
        "circle", "rotate-ccw", lazy("An adjustment of your points in %(circle)s was undone"), "/{slug}/points"
    ),
    "adjustment.waiting": Kind(
        "circle", "coins", lazy("%(name)s asks for your consent to an adjustment of points in %(circle)s"),
        "/{slug}/manage/points", needs=_BY,
    ),
    "adjustment.approved": Kind(
        "circle", "circle-check", lazy("Your adjustment of points in %(circle)s was approved"),
        "/{slug}/manage/points", "ok",
    ),
    "adjustment.rejected": Kind(
        "circle", "circle-x", lazy("Your adjustment of points in %(circle)s was turned down"), "/{slug}/manage/points"
    ),
    "member.muted": Kind(
        "moderation",
        "message-circle-off",
        lazy("You are muted in %(circle)s until %(until)s"),
        "/{slug}",
        needs=frozenset({"until"}),
    ),
    "member.unmuted": Kind(
        "moderation", "message-circle", lazy("You can post and comment in %(circle)s again"), "/{slug}", "ok"
    ),
    "member.removed": Kind("moderation", "user-round-minus", lazy("You were taken out of %(circle)s")),
    "member.banned": Kind("moderation", "ban", lazy("You can no longer take part in %(circle)s")),
    "ledger.violated": Kind(
        "circle", "shield", lazy("The books of %(circle)s do not balance; points cannot be adjusted for now"),
        "/{slug}/manage/points",
    ),
    "ledger.cleared": Kind(
        "circle", "circle-check", lazy("The books of %(circle)s balance again"), "/{slug}/manage/points", "ok"
    ),
    "account.password_changed": Kind(
        "account", "key-round", lazy("Your password was changed, and all other devices signed out"), _SECURITY
    ),
    "account.email_confirmed": Kind("account", "mail", lazy("Your e-mail address is confirmed"), _SECURITY, "ok"),
    "account.email_removed": Kind("account", "mail", lazy("Your e-mail address was removed"), _SECURITY),
    "account.copy_ready": Kind(
        "account", "download", lazy("The copy of your data is ready; fetch it before %(until)s"), "/settings/data",
        "ok", needs=frozenset({"until"}),
    ),
    "account.deletion_asked": Kind(
        "account", "trash-2", lazy("Your account will be deleted on %(until)s; until then you can keep it"),
        "/settings/deletion", needs=frozenset({"until"}),
    ),
    "account.deletion_cancelled": Kind("account", "circle-check", lazy("Your account stays"), "/settings", "ok"),
    "account.deletion_postponed": Kind(
        "account", "trash-2", lazy("Your account was not deleted yet: please hand over the circles that belong to you"),
        "/settings/deletion",
    ),
    **CAMPAIGN_KINDS,
}  # fmt: skip

#: kinds that go with the post, comment or answer they are about
OF_CONTENT = tuple(name for name, kind in KINDS.items() if kind.of_content)


#: kinds that ask somebody to decide something, and go with their right to
OF_DECIDERS: Mapping[str, Permission] = {
    "application.submitted": Permission.APPLICATION_DECIDE,
    "adjustment.waiting": Permission.POINTS_ADJUST,
    "checkin.waiting": Permission.CHECKIN_REVIEW,
}


def kinds_of(*categories: str) -> tuple[str, ...]:
    """The kinds that belong to these categories."""
    return tuple(name for name, kind in KINDS.items() if kind.category in categories)
