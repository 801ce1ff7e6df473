"""Inviting experts to answer, and what becomes of it. All of it changes under the lock of the question's post."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select, update

from circle import access
from circle.access import Actor, Permission
from circle.accounts.queries import blocked_between
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.points import periods
from circle.posts.models import Post
from circle.posts.operations.meeting import check_may_meet
from circle.qa import rules
from circle.qa.events import ExpertInvited, InviteDeclined, InvitesEnded
from circle.qa.models import Answer, QuestionInvite
from circle.qa.operations.asking import Asked, locked_question


@operation
def invite(actor: Actor, question_id: int, *, user_id: int) -> int:
    """Ask an expert, or one of those who run the circle, to answer; returns the id of the invitation.

    Nobody is asked twice about one question: asking again, whoever does, gives the invitation that there is.

    Raises NotFound, Forbidden (MUTED, BANNED), Refused QUESTION_CLOSED, NOT_INVITABLE, HAS_ANSWERED, INVITE_LIMIT,
    INVITE_DAILY_LIMIT, Conflict ALREADY_DECLINED.
    """
    _queue(actor, question_id)
    asked = locked_question(actor, question_id)
    post, circle = asked.post, asked.circle
    access.require(actor, Permission.QUESTION_INVITE, circle.standing)
    if not post.anonymous:
        check_may_meet(actor, circle, post.author_id)
    known = db.session.execute(
        select(QuestionInvite.id, QuestionInvite.status).where(*_of(question_id, user_id))
    ).first()  # fmt: skip
    if known is not None:
        rules.check_not_declined(known.status)
        return int(known.id)
    rules.check_takes_answers(asked.question.status)
    _check_invitable(actor, asked, user_id)
    rules.check_invite_room(of_question=_asked_here(question_id), of_day=_asked_today(actor, asked))
    now = clock.now()
    made = QuestionInvite(
        circle_id=circle.id, question_id=question_id, user_id=user_id, invited_by=actor.person_id,
        created_at=now, expires_at=now + rules.INVITE_FOR,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    unnamed = post.anonymous and asked.is_asker(actor)
    emit(ExpertInvited(made.id, question_id, circle.id, user_id, actor.person_id, made.expires_at, anonymous=unnamed))
    return made.id


def _queue(actor: Actor, question_id: int) -> None:
    """Lock the actor's member row, before the post: invitations to several questions at once are counted one by one."""
    here = select(Post.circle_id).where(Post.id == question_id).scalar_subquery()
    mine = select(Member.id).where(Member.circle_id == here, Member.user_id == (actor.id or 0))
    if (member_id := db.session.scalar(mine)) is not None:
        lock(Member, member_id)


def _check_invitable(actor: Actor, asked: Asked, user_id: int) -> None:
    post = asked.post
    target = circles.standing_of_user(post.circle_id, user_id)
    if actor.owns(user_id) or not target.active or target.role not in rules.INVITED_ROLES:
        raise rules.not_invitable()
    # who asked without a name is invited as anybody else would be, by people who cannot know; and what they answer
    # there is no answer of that person's. Nor do blocks between others and somebody unnamed count, or they would tell
    if not post.anonymous and (post.author_id == user_id or blocked_between(post.author_id, user_id)):
        raise rules.not_invitable()
    unnamed = post.anonymous and asked.is_asker(actor)
    if not unnamed and blocked_between(actor.person_id, user_id):
        raise rules.not_invitable()
    theirs = (Answer.question_id == post.id, Answer.author_id == user_id, Answer.anonymous.is_(False))
    status = db.session.scalar(select(Answer.status).where(*theirs, Answer.status != "deleted"))
    rules.check_not_answered(status == "published")
    if status is not None:  # hidden, which is between them and the moderators
        raise rules.not_invitable()


def _asked_here(question_id: int) -> int:
    counted = select(func.count()).select_from(QuestionInvite).where(QuestionInvite.question_id == question_id)
    return db.session.scalar(counted) or 0


def _asked_today(actor: Actor, asked: Asked) -> int:
    tz = asked.circle.tz
    since = periods.start_of(clock.local_date(clock.now(), tz), tz)
    mine = (QuestionInvite.invited_by == actor.id, QuestionInvite.created_at >= since)
    counted = select(func.count()).select_from(QuestionInvite)
    return db.session.scalar(counted.where(*mine, QuestionInvite.circle_id == asked.circle.id)) or 0


@operation
def decline_invite(actor: Actor, question_id: int) -> None:
    """Say that one would rather not answer; saying it again changes nothing.

    Raises NotFound for whoever was not invited, Conflict INVITE_OVER.
    """
    post = lock(Post, question_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    mine = db.session.scalar(
        select(QuestionInvite)
        .where(*_of(question_id, actor.id or 0))
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if mine is None or post.status != "published":
        raise NotFound
    if mine.status == "declined":
        return
    rules.check_invite_open(mine.status, mine.expires_at)
    mine.status, mine.decided_at = "declined", clock.now()
    emit(InviteDeclined(mine.id, question_id, circle.id, mine.user_id, mine.invited_by))


@operation
def answer_invite(question_id: int, user_id: int) -> None:
    """Somebody has answered: if they were invited to, that is what became of it, also when its time was over."""
    theirs = (*_of(question_id, user_id), QuestionInvite.status != "answered")
    _decide("answered", *theirs)


@operation
def end_invites(question_id: int, circle_id: int) -> None:
    """The question takes no more answers, or is not to be seen: open invitations to it are over."""
    _end(question_id, circle_id, QuestionInvite.question_id == question_id)


@operation
def expire_invites(question_id: int) -> None:
    """End the invitations to a question whose time is over."""
    post = lock(Post, question_id)
    _end(
        question_id, post.circle_id, QuestionInvite.question_id == question_id, QuestionInvite.expires_at <= clock.now()
    )


def _end(question_id: int, circle_id: int, *which: ColumnElement[bool]) -> None:
    open_ = select(QuestionInvite.user_id).where(QuestionInvite.status == "invited", *which)
    people = tuple(db.session.scalars(open_.order_by(QuestionInvite.id)))
    if people:
        of_them = (QuestionInvite.question_id == question_id, QuestionInvite.user_id.in_(people))
        _decide("expired", *of_them, QuestionInvite.status == "invited")
        emit(InvitesEnded(question_id, circle_id, people))


def _decide(status: str, *which: ColumnElement[bool]) -> None:
    changed = update(QuestionInvite).where(*which).values(status=status, decided_at=clock.now())
    db.session.execute(changed.execution_options(synchronize_session=False))


def _of(question_id: int, user_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return QuestionInvite.question_id == question_id, QuestionInvite.user_id == user_id
