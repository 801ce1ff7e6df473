"""Reading comments: the first level by page, the first replies of each with it, all replies on demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, author_of
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import Keyset, Page
from circle.posts.models import Comment, Like, Post
from circle.posts.queries.feed import get_post
from circle.posts.queries.rows import CommentCan, CommentRow, PostRow

FIRST_REPLIES = 2
ALL_REPLIES = 200
COMMENT_SORTS = ("oldest", "newest", "hot")

_Answered = aliased(User)
#: an account that is gone is not named
_ANSWERED_NAME = case((_Answered.status == "deleted", null()), else_=_Answered.nickname)
_COLUMNS = (
    Comment.id, Comment.post_id, Comment.parent_id, Comment.body, Comment.body_html, Comment.status,
    Comment.like_count, Comment.reply_count, Comment.created_at, Comment.edited_at, Comment.hidden_reason,
    Comment.version, Member.role, _ANSWERED_NAME.label("reply_to"), *AUTHOR_COLUMNS,
)  # fmt: skip
_AUTHOR_AT = 14


def _rows(actor: Actor) -> Select[Any]:
    mine = and_(Like.target_type == "comment", Like.target_id == Comment.id, Like.user_id == (actor.id or 0))
    rows = (
        select(*_COLUMNS, Like.user_id.is_not(None) if actor.signed_in else literal(False))
        .select_from(Comment)
        .join(User, User.id == Comment.author_id)
        .outerjoin(_Answered, _Answered.id == Comment.reply_to_id)
        .outerjoin(Member, and_(Member.circle_id == Comment.circle_id, Member.user_id == Comment.author_id))
        .outerjoin(Like, mine)
    )
    return cast("Select[Any]", rows)


def _visible(actor: Actor, circle: CircleRow) -> ColumnElement[bool]:
    """Published ones; one's own hidden ones; hidden ones for moderators."""
    allowed: list[ColumnElement[bool]] = [Comment.status == "published"]
    if circle.may(Permission.COMMENT_MODERATE):
        allowed.append(Comment.status == "hidden")
    elif actor.id is not None:
        allowed.append(and_(Comment.status == "hidden", Comment.author_id == actor.id))
    return or_(*allowed)


def comment_page(
    actor: Actor,
    post: PostRow,
    *,
    sort: str = "oldest",
    cursor: str | None = None,
    limit: int = 20,
    replies: bool = True,
) -> Page[CommentRow]:
    """A page of first-level comments, each with its first replies (oldest, newest or hot first).

    A comment that is gone but has visible replies stands as an empty place. Raises BadRequest CURSOR_INVALID.
    """
    shown = or_(_visible(actor, post.circle), Comment.reply_count > 0)
    statement = _rows(actor).where(Comment.post_id == post.id, Comment.parent_id.is_(None), shown)
    columns = (Comment.like_count, Comment.id) if sort == "hot" else (Comment.id,)
    keyset = Keyset(f"comments.{post.id}.{sort}", columns, descending=sort != "oldest")
    page = keyset.read(statement, cursor, limit)
    first = _first_replies(actor, post, [row.id for row in page.items]) if replies else {}
    return page.map(lambda rows: [_comment_row(actor, post, row, first.get(row.id, [])) for row in rows])


def reply_page(
    actor: Actor, post: PostRow, parent_id: int, *, cursor: str | None = None, limit: int = 20
) -> Page[CommentRow]:
    """A page of the replies to one comment, oldest first. Raises BadRequest CURSOR_INVALID."""
    statement = _rows(actor).where(
        Comment.post_id == post.id, Comment.parent_id == parent_id, _visible(actor, post.circle)
    )
    page = Keyset(f"replies.{parent_id}", (Comment.id,), descending=False).read(statement, cursor, limit)
    return page.map(lambda rows: [_comment_row(actor, post, row, []) for row in rows])


def all_replies(actor: Actor, post: PostRow, parent_id: int) -> list[CommentRow]:
    """The replies to one comment, oldest first, up to ALL_REPLIES."""
    statement = _rows(actor).where(Comment.parent_id == parent_id, _visible(actor, post.circle))
    rows = db.session.execute(statement.order_by(Comment.id).limit(ALL_REPLIES)).all()
    return [_comment_row(actor, post, row, []) for row in rows]


def _first_replies(actor: Actor, post: PostRow, parents: Sequence[int]) -> dict[int, list[CommentRow]]:
    if not parents:
        return {}
    rank = func.row_number().over(partition_by=Comment.parent_id, order_by=Comment.id)
    first = (
        select(Comment.id, rank.label("rank"))
        .where(Comment.parent_id.in_(parents), _visible(actor, post.circle))
        .subquery()
    )
    statement = _rows(actor).join(first, first.c.id == Comment.id).where(first.c.rank <= FIRST_REPLIES)
    found: dict[int, list[CommentRow]] = defaultdict(list)
    for row in db.session.execute(statement.order_by(Comment.id)):
        found[row.parent_id].append(_comment_row(actor, post, row, []))
    return found


def get_comment(
    actor: Actor, comment_id: int, *, slug: str | None = None, place: bool = False
) -> tuple[CommentRow, PostRow]:
    """One comment with its post; with `place` also the empty place of one that is gone but has replies.

    Raises NotFound.
    """
    post_id = db.session.scalar(select(Comment.post_id).where(Comment.id == comment_id))
    if post_id is None:
        raise NotFound
    post = get_post(actor, post_id, slug=slug)
    shown = _visible(actor, post.circle)
    if place:
        shown = or_(shown, Comment.reply_count > 0)
    row = db.session.execute(_rows(actor).where(Comment.id == comment_id, shown)).one_or_none()
    if row is None:
        raise NotFound
    return _comment_row(actor, post, row, []), post


def _comment_row(actor: Actor, post: PostRow, row: Row[Any], replies: list[CommentRow]) -> CommentRow:
    author = author_of(row[_AUTHOR_AT : _AUTHOR_AT + 5], row.role)
    circle, own, published = post.circle, actor.owns(author.id), row.status == "published"
    above = access.outranks_or_equals(circle.standing, row.role)
    moderates = circle.may(Permission.COMMENT_MODERATE) and not own and above
    gone = not (published or (row.status == "hidden" and (own or circle.may(Permission.COMMENT_MODERATE))))
    open_ = post.status == "published"
    return CommentRow(
        id=row.id, post_id=row.post_id, parent_id=row.parent_id, author=None if gone else author,
        body="" if gone else row.body, body_html="" if gone else row.body_html,
        status="deleted" if gone else row.status, like_count=row.like_count, liked=bool(row[_AUTHOR_AT + 5]),
        reply_count=row.reply_count, created_at=row.created_at, edited_at=None if gone else row.edited_at,
        hidden_reason="" if gone else row.hidden_reason, version=row.version, reply_to=row.reply_to,
        post_url=post.url, replies=replies,
        can=CommentCan() if gone else CommentCan(
            edit=own and published and open_ and circle.may(Permission.COMMENT_WRITE),
            delete=own and published and open_,
            reply=published and open_ and circle.may(Permission.COMMENT_WRITE),
            like=published and open_ and not own and circle.may(Permission.LIKE_GIVE),
            hide=moderates and published,
            restore=moderates and row.status == "hidden",
            remove=moderates,
        ),
    )  # fmt: skip


def people_told_of(comment_id: int) -> set[int]:
    """Whom a comment may have been told: the author of the post and of what it answers."""
    parent = aliased(Comment)
    row = db.session.execute(
        select(Post.author_id, parent.author_id, Comment.reply_to_id)
        .select_from(Comment)
        .join(Post, Post.id == Comment.post_id)
        .outerjoin(parent, parent.id == Comment.parent_id)
        .where(Comment.id == comment_id)
    ).one()
    return {user_id for user_id in row if user_id is not None}
