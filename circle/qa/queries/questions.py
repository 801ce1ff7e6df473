"""Reading questions: one, and the lists of a circle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, bindparam, literal, literal_column, or_, select

from circle.access import Actor, Permission, Role
from circle.accounts.models import User
from circle.accounts.presence import newest_visit
from circle.accounts.queries import not_blocked_for
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound, Refused, Unauthenticated
from circle.core.pagination import Keyset, Page
from circle.posts.models import Post
from circle.posts.queries import PostRow
from circle.posts.queries.feed import blocks_matter, cards_in, one_card, rows_in, values_for
from circle.qa import rules
from circle.qa.models import Answer, Question, QuestionInvite
from circle.qa.queries.rows import QuestionCan, QuestionRef, QuestionRow
from circle.qa.queries.standing_in import long_gone

#: the lists of questions in a circle; `mine` is everybody's own
TABS = ("newest", "active", "unanswered", "hot")
_KEYS = {"active": "last_activity_at", "hot": "hot_score"}

_posts, _questions, _answers = Post.__table__.c, Question.__table__.c, Answer.__table__.c
_users, _members = User.__table__.c, Member.__table__.c
#: the reader in statements that are built once; no row has user 0
_ME = bindparam("me", type_=BigInteger)
# posts.models.QUESTIONS and UNANSWERED, in the words that the partial indexes need: a value given as a parameter could
# be any, so the index would not be taken
_A_QUESTION = and_(_posts.type == literal_column("'question'"), _posts.status == literal_column("'published'"))
_NOT_ANSWERED = _posts.answer_count == literal_column("0")


@cache
def _one_statement(*, signed_in: bool, met: bool, moderates: bool, owns: bool, invitable: bool) -> Select[Any]:
    """The card of `post` with what only a question has: its accepted answer, the reader's own, the question that it
    repeats, for the `owner` of the circle whether whoever asked is still there, and for those who may be invited to
    answer until when they are. One statement."""
    mine, other = Answer.__table__.alias("mine"), Post.__table__.alias("other")
    accepted = select(_answers.id).where(_answers.question_id == _questions.post_id, _answers.accepted_at.is_not(None))
    shown: list[Any] = [other.c.status.in_(("published", "hidden") if moderates else ("published",))]
    meets: Any = literal(True)
    if signed_in:
        meets = not_blocked_for(_ME, _posts.author_id)
        if not moderates:
            shown.append(or_(other.c.anonymous, not_blocked_for(_ME, other.c.author_id)))
    own = and_(mine.c.question_id == _questions.post_id, mine.c.author_id == _ME, mine.c.status != "deleted")
    there: tuple[Any, ...] = ()
    if owns:
        visit = newest_visit(_posts.author_id)
        there = (_members.status.label("place"), _users.created_at.label("joined_at"), visit.label("visited_at"))
    statement = (
        one_card(signed_in, met, moderates)
        .join(Question.__table__, _questions.post_id == _posts.id)
        .outerjoin(mine, own)
        .outerjoin(other, and_(other.c.id == _questions.duplicate_of_id, *shown))
        .add_columns(
            _questions.status.label("state"), _questions.close_reason, _questions.closed_by,
            _questions.first_accepted_at, _questions.version.label("decisions"), _posts.author_id,
            meets.label("meets"), accepted.scalar_subquery().label("accepted_id"),
            mine.c.id.label("my_id"), mine.c.status.label("my_status"),
            other.c.id.label("other_id"), other.c.title.label("other_title"), *there,
        )
    )  # fmt: skip
    if invitable:
        invite = QuestionInvite.__table__.alias("invite")
        mine_open = and_(invite.c.user_id == _ME, invite.c.status == "invited")
        statement = statement.outerjoin(invite, and_(invite.c.question_id == _questions.post_id, mine_open))
        statement = statement.add_columns(invite.c.expires_at.label("invited_until"))
    return statement


def get_question(actor: Actor, question_id: int, *, slug: str | None = None) -> QuestionRow:
    """One question, without its answers. Raises NotFound when it is not there, or not for this actor, or not in the
    circle `slug`."""
    circle = _circle_of(actor, question_id, slug)
    standing = circle.standing
    statement = _one_statement(
        signed_in=actor.signed_in, met=blocks_matter(actor, circle), moderates=circle.may(Permission.POST_MODERATE),
        owns=standing.active and standing.role == Role.OWNER,
        invitable=standing.active and standing.role in rules.INVITED_ROLES,
    )  # fmt: skip
    row = db.session.execute(statement, values_for(actor, circle) | {"post": question_id}).one_or_none()
    if row is None or row.circle_id != circle.id:
        raise NotFound
    about = _About(actor, rows_in(actor, circle, [row])[0], row)
    other = QuestionRef(row.other_id, row.other_title, f"/{circle.slug}/questions/{row.other_id}")
    return QuestionRow(
        post=about.post, status=row.state, close_reason=row.close_reason,
        duplicate_of=other if row.other_id is not None else None,
        accepted_answer_id=row.accepted_id, first_accepted_at=row.first_accepted_at, version=row.decisions,
        my_answer_id=row.my_id if row.my_status in {"published", "hidden"} else None,
        mine=about.mine, can=about.can(), invited_until=about.invited_until(),
    )  # fmt: skip


def _circle_of(actor: Actor, question_id: int, slug: str | None) -> CircleRow:
    if slug is not None:  # the address names the circle: no need to ask the post
        return circles.readable_circle(actor, slug)
    circle_id = db.session.scalar(select(Post.circle_id).where(Post.id == question_id))
    if circle_id is None:
        raise NotFound
    return circles.readable_circle_by_id(actor, circle_id)


@dataclass(frozen=True)
class _About:
    """What decides what a reader may do with a question."""

    actor: Actor
    post: PostRow
    row: Row[Any]

    @property
    def mine(self) -> bool:
        return self.actor.owns(self.row.author_id)

    def invited_until(self) -> datetime | None:
        """When the reader's open invitation to answer ends."""
        until: datetime | None = getattr(self.row, "invited_until", None)
        waits = self.row.state == "open" and self.post.status == "published"
        return until if until is not None and waits and until > clock.now() else None

    def can(self) -> QuestionCan:
        """As the operations would answer."""
        circle, status = self.post.circle, self.row.state
        if self.post.status != "published":
            return QuestionCan(reveal=self._reveal())
        writes, decides = circle.may(Permission.ANSWER_WRITE), circle.may(Permission.QUESTION_MODERATE)
        meets = self.post.anonymous or self.mine or self.row.meets
        own_closed = self.mine and rules.may_reopen_own(status, self.row.closed_by, self.actor.id)
        return QuestionCan(
            answer=status == "open" and self.row.my_id is None and writes and meets,
            accept=writes and self._accept(),
            close=status == "open" and (writes if self.mine else decides),
            reopen=status != "open" and (writes if own_closed else decides),
            duplicate=status == "open" and decides,
            invite=status == "open" and circle.may(Permission.QUESTION_INVITE) and meets,
            reveal=self._reveal(),
        )

    def _accept(self) -> bool:
        if self.row.accepted_id is not None and not may_change(self.row.first_accepted_at):
            return False
        if self.mine:
            return True
        return hasattr(self.row, "place") and self._asker_gone()

    def _asker_gone(self) -> bool:
        """As `asker_gone`, from what was read with the question."""
        asked_at = self.post.published_at
        if self.post.anonymous:
            return long_gone(max(asked_at, self.row.first_accepted_at or asked_at))
        if self.row.place != "active" or self.row.user_status == "deleted":
            return True
        return long_gone(max(self.row.joined_at, self.row.visited_at or self.row.joined_at, asked_at))

    def _reveal(self) -> bool:
        return self.post.anonymous and not self.mine and self.post.circle.may(Permission.IDENTITY_REVEAL)


def may_change(first_accepted_at: Any) -> bool:
    """Whether what was accepted may still be changed."""
    try:
        rules.check_change(first_accepted_at)
    except Refused:
        return False
    return True


def question_list(
    actor: Actor, circle: CircleRow, *, tab: str = "newest", cursor: str | None = None, limit: int = 20
) -> Page[PostRow]:
    """A page of the questions of a circle: newest, active (latest answer or comment), unanswered (open and without a
    visible answer, newest first), hot, or mine (the actor's own, also those asked without a name and those hidden).

    Raises BadRequest CURSOR_INVALID, Unauthenticated (mine, for a visitor).
    """
    if tab == "mine" and not actor.signed_in:
        raise Unauthenticated
    met = tab != "mine" and blocks_matter(actor, circle)
    statement = _list_statement(tab, signed_in=actor.signed_in, met=met, after=bool(cursor))
    name = f"questions.{circle.id}.{tab}" if tab != "mine" else f"questions.{circle.id}.of.{actor.id}"
    page = _keyset(tab).fetch(statement, values_for(actor, circle), cursor, limit, name=name)
    return page.map(lambda rows: rows_in(actor, circle, rows))


def _keyset(tab: str) -> Keyset:
    return Keyset("questions", (_posts[_KEYS.get(tab, "published_at")], _posts.id))


@cache
def _list_statement(tab: str, *, signed_in: bool, met: bool, after: bool) -> Select[Any]:
    listed = cards_in(signed_in=signed_in, met=met).where(_posts.circle_id == bindparam("circle", type_=BigInteger))
    if tab == "mine":
        own = (
            _posts.author_id == _ME,
            _posts.type == "question",
            _posts.status.in_(("published", "pending", "hidden")),
        )
        return _keyset(tab).prepare(listed.where(*own), after=after)
    listed = listed.where(_A_QUESTION)
    if tab == "unanswered":
        open_ = select(_questions.post_id).where(_questions.post_id == _posts.id, _questions.status == "open")
        listed = listed.where(_NOT_ANSWERED, open_.exists())
    return _keyset(tab).prepare(listed, after=after)
