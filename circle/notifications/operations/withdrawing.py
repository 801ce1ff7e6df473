"""What is no longer there to be read, or between two who do not want to meet, does not live on in an inbox."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import aliased

from circle.access import Permission
from circle.core.db import db
from circle.core.operation import operation
from circle.notifications.kinds import OF_CONTENT, OF_DECIDERS, kinds_of
from circle.notifications.models import Notice, NoticePerson, NoticePost
from circle.notifications.operations.followers import posts, shown_author
from circle.notifications.operations.likes import take_out

_GATHERED = kinds_of("topics")


@operation
def withdraw_post(post_id: int) -> None:
    """Take back what anybody was told of a post and of its comments, read or not; moderation is told on."""
    _drop_posts([NoticePost.post_id == post_id], Notice.post_id == post_id)
    _drop(Notice.post_id == post_id, Notice.kind.in_(OF_CONTENT))


@operation
def withdraw_comment(post_id: int, comment_id: int) -> None:
    """Take back what anybody was told of a comment; otherwise as `withdraw_post`."""
    _drop(Notice.post_id == post_id, Notice.comment_id == comment_id, Notice.kind.in_(OF_CONTENT))


@operation
def withdraw_answer(question_id: int, answer_id: int) -> None:
    """Take back what anybody was told of an answer; otherwise as `withdraw_post`."""
    _drop(Notice.post_id == question_id, Notice.answer_id == answer_id, Notice.kind.in_(OF_CONTENT))


@operation
def withdraw(user_ids: Collection[int], kinds: Collection[str], *, dedupe_key: str) -> None:
    """Take back what these people may have been told under `dedupe_key`, read or not."""
    keys = [f"{user_id}:{kind}:{dedupe_key}" for user_id in user_ids for kind in kinds]
    _drop(Notice.dedupe_key.in_(keys))


@operation
def withdraw_campaign(
    campaign_id: int, kinds: Collection[str], *, idx: int | None = None, user_id: int | None = None
) -> None:
    """Take back what anybody (or this person) was told of a campaign (or of one of its periods), read or not."""
    about = [Notice.campaign_id == campaign_id, Notice.kind.in_(kinds)]
    if idx is not None:
        about.append(Notice.data["idx"].as_integer() == idx)
    if user_id is not None:
        about.append(Notice.user_id == user_id)
    _drop(*about)


@operation
def withdraw_from_decider(user_id: int, circle_id: int, *, still: Collection[Permission] = ()) -> None:
    """Take back what somebody was told because they decided in a circle, which they do no more; `still` is what they
    may do there now."""
    lost = [kind for kind, permission in OF_DECIDERS.items() if permission not in still]
    _drop(Notice.user_id == user_id, Notice.circle_id == circle_id, Notice.kind.in_(lost))


@operation
def withdraw_between(one_id: int, other_id: int) -> None:
    """Take back what either of two people was told of the other."""
    for reader, other in ((one_id, other_id), (other_id, one_id)):
        mine = Notice.user_id == reader
        gathered = select(NoticePerson.notice_id).where(NoticePerson.user_id == other)
        liked = select(Notice).where(mine, Notice.id.in_(gathered)).order_by(Notice.id).with_for_update()
        for notice in db.session.scalars(liked.execution_options(populate_existing=True)).all():
            take_out(notice, other)
        db.session.flush()
        inbox = aliased(Notice)
        read = select(inbox.id).where(inbox.user_id == reader, inbox.kind.in_(_GATHERED))
        # what is anonymous stays: that it went would tell who wrote it
        written = select(posts.c.id).where(posts.c.author_id == other, ~posts.c.anonymous)
        _drop_posts([NoticePost.notice_id.in_(read), NoticePost.post_id.in_(written)], mine & (Notice.by_id == other))
        _drop(mine, Notice.by_id == other, Notice.kind.in_(OF_CONTENT))


def _drop(*conditions: ColumnElement[bool]) -> None:
    db.session.execute(delete(Notice).where(*conditions).execution_options(synchronize_session=False))


def _drop_posts(which: Sequence[ColumnElement[bool]], newest_gone: ColumnElement[bool]) -> None:
    """Take posts out of what was told of topics, in a fixed number of statements however many follow them.

    `newest_gone` says of which of those notices the newest post is among them: the one before takes its place.
    """
    about = Notice.id.in_(select(NoticePost.notice_id).where(*which))
    lost = select(func.count()).where(NoticePost.notice_id == Notice.id, *which).scalar_subquery()
    _run(update(Notice).where(about).values(people_count=Notice.people_count - lost))
    _run(delete(Notice).where(about, Notice.people_count == 0))
    _run(delete(NoticePost).where(*which))
    newest = select(func.max(NoticePost.post_id)).where(NoticePost.notice_id == Notice.id).scalar_subquery()
    author = select(shown_author).where(posts.c.id == newest).scalar_subquery()
    stale = (Notice.kind.in_(_GATHERED), newest_gone)
    _run(update(Notice).where(*stale).values(post_id=newest, by_id=author))


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
