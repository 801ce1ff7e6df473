"""Reading comments: the first level by page, the first replies of each with it, all replies on demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, bindparam, case, exists, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import author_of, not_blocked_for, unnamed
from circle.circles.models import Member
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.pagination import Keyset, Page
from circle.posts.models import Comment, Like, Post
from circle.posts.queries.feed import get_post
from circle.posts.queries.rows import CommentCan, CommentRow, PostRow

FIRST_REPLIES = 2
ALL_REPLIES = 200
COMMENT_SORTS = ("oldest", "newest", "hot")

_comments, _users, _members, _posts = Comment.__table__.c, User.__table__.c, Member.__table__.c, Post.__table__.c
_answered = User.__table__.alias("answered")
#: the reader in a statement that is built once (see feed.py); no row has user 0
_ME, _POST = bindparam("me", type_=BigInteger), bindparam("post", type_=BigInteger)
_COLUMNS = (
    _comments.id, _comments.post_id, _comments.parent_id, _comments.body, _comments.body_html, _comments.status,
    _comments.like_count, _comments.reply_count, _comments.created_at, _comments.edited_at, _comments.hidden_reason,
    _comments.version, _comments.anonymous, _members.role, _members.level,
    # an account that is gone is not named; empty for whoever asked the anonymous question above
    case(
        (and_(_posts.anonymous, _comments.reply_to_id == _posts.author_id), literal("")),
        (_answered.c.status == "deleted", null()),
        else_=_answered.c.nickname,
    ).label("reply_to"),
    _users.id.label("user_id"), _users.username, _users.nickname, _users.avatar_id, _users.status.label("user_status"),
)  # fmt: skip
_AUTHOR_AT = 16
_MINE_AT = 21


@cache
def _rows(*, signed_in: bool, moderates: bool, places: bool) -> Select[Any]:
    """Comments that the reader `me` may see, with their authors, whether `me` likes them, and whether the two meet.

    One's own hidden ones are shown too, and all hidden ones to moderators. `places`: also what is gone or by somebody
    blocked, where answers to it are left: it stands as an empty place.
    """
    by = and_(_members.circle_id == _comments.circle_id, _members.user_id == _comments.author_id)
    source = (
        Comment.__table__.join(User.__table__, _users.id == _comments.author_id)
        .join(Post.__table__, _posts.id == _comments.post_id)
        .outerjoin(_answered, _answered.c.id == _comments.reply_to_id)
        .outerjoin(Member.__table__, by)
    )
    mine: Any = literal(False)
    if signed_in:
        like = Like.__table__.c
        liked = and_(like.target_type == "comment", like.target_id == _comments.id, like.user_id == _ME)
        source, mine = source.outerjoin(Like.__table__, liked), like.user_id.is_not(None)
    # a block does not shield from those who moderate, and hides the owner of the circle from nobody
    met: Any = literal(True)
    if signed_in and not moderates:
        met = or_(_members.role == "owner", _comments.anonymous, not_blocked_for(_ME, _comments.author_id))
    hidden = _comments.status == "hidden"
    shown = or_(_comments.status == "published", hidden if moderates else and_(hidden, _comments.author_id == _ME))
    seen = and_(shown, met)
    statement = select(*_COLUMNS, mine.label("liked"), met.label("met")).select_from(source)
    return statement.where(or_(seen, _comments.reply_count > 0) if places else seen)


def _rows_for(actor: Actor, post: PostRow, *, places: bool = False) -> Select[Any]:
    moderates = post.circle.may(Permission.COMMENT_MODERATE)
    return _rows(signed_in=actor.signed_in, moderates=moderates, places=places)


def _keyset(sort: str) -> Keyset:
    columns = (_comments.like_count, _comments.id) if sort == "hot" else (_comments.id,)
    return Keyset("comments", columns, descending=sort != "oldest")


@cache
def _page_statement(sort: str, *, signed_in: bool, moderates: bool, after: bool) -> Select[Any]:
    first_level = _rows(signed_in=signed_in, moderates=moderates, places=True)
    first_level = first_level.where(_comments.post_id == _POST, _comments.parent_id.is_(None))
    # hidden replies are not counted, but there is something to read for their authors and for moderators
    reply = Comment.__table__.alias("reply")
    below = (reply.c.post_id == _POST, reply.c.parent_id == _comments.id, reply.c.status == "hidden")
    mine = () if moderates else (reply.c.author_id == _ME,)
    answered = or_(_comments.reply_count > 0, exists(select(reply.c.id).where(*below, *mine)))
    return _keyset(sort).prepare(first_level.add_columns(answered.label("answered")), after=after)


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
    moderates = post.circle.may(Permission.COMMENT_MODERATE)
    statement = _page_statement(sort, signed_in=actor.signed_in, moderates=moderates, after=bool(cursor))
    values = {"me": actor.id or 0, "post": post.id}
    page = _keyset(sort).fetch(statement, values, cursor, limit, name=f"comments.{post.id}.{sort}")
    answered = [row.id for row in page.items if row.answered] if replies else []
    first = _first_replies(actor, post, answered)
    return page.map(lambda rows: [_comment_row(actor, post, row, first.get(row.id, [])) for row in rows])


def reply_page(
    actor: Actor, post: PostRow, parent_id: int, *, cursor: str | None = None, limit: int = 20
) -> Page[CommentRow]:
    """A page of the replies to one comment, oldest first. Raises BadRequest CURSOR_INVALID."""
    statement = _rows_for(actor, post).where(_comments.post_id == post.id, _comments.parent_id == parent_id)
    keyset = Keyset(f"replies.{parent_id}", (_comments.id,), descending=False)
    page = keyset.fetch(keyset.prepare(statement, after=bool(cursor)), {"me": actor.id or 0}, cursor, limit)
    return page.map(lambda rows: [_comment_row(actor, post, row, []) for row in rows])


def all_replies(actor: Actor, post: PostRow, parent_id: int) -> list[CommentRow]:
    """The replies to one comment, oldest first, up to ALL_REPLIES."""
    statement = _rows_for(actor, post).where(_comments.post_id == post.id, _comments.parent_id == parent_id)
    rows = db.session.execute(statement.order_by(_comments.id).limit(ALL_REPLIES), {"me": actor.id or 0}).all()
    return [_comment_row(actor, post, row, []) for row in rows]


def _first_replies(actor: Actor, post: PostRow, parents: Sequence[int]) -> dict[int, list[CommentRow]]:
    if not parents:
        return {}
    reply = aliased(Comment.__table__)
    rank = func.row_number().over(partition_by=reply.c.parent_id, order_by=reply.c.id)
    # ranked among all published ones: the few a reader does not see leave a gap, "show more" is below
    first = (
        select(reply.c.id, rank.label("rank"))
        .where(reply.c.post_id == post.id, reply.c.parent_id.in_(parents), reply.c.status.in_(("published", "hidden")))
        .subquery()
    )
    statement = _rows_for(actor, post).where(
        _comments.id.in_(select(first.c.id).where(first.c.rank <= FIRST_REPLIES + 1))
    )
    found: dict[int, list[CommentRow]] = defaultdict(list)
    for row in db.session.execute(statement.order_by(_comments.id), {"me": actor.id or 0}):
        if len(found[row.parent_id]) < FIRST_REPLIES:
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
    statement = _rows_for(actor, post, places=place).where(_comments.id == comment_id)
    row = db.session.execute(statement, {"me": actor.id or 0}).one_or_none()
    if row is None:
        raise NotFound
    return _comment_row(actor, post, row, []), post


def _comment_row(actor: Actor, post: PostRow, row: Row[Any], replies: Sequence[CommentRow]) -> CommentRow:
    author = author_of(row[_AUTHOR_AT:_MINE_AT], row.role, post.circle.tag(row.level))
    circle, own, published = post.circle, actor.owns(author.id), row.status == "published"
    may_moderate = circle.may(Permission.COMMENT_MODERATE)
    # of somebody unnamed the role must not matter, or it would show
    outranked = row.anonymous or access.outranks_or_equals(circle.standing, row.role)
    moderates = may_moderate and not own and outranked
    if row.anonymous:
        author = unnamed(_("The asker"))
    gone = not row.met or not (published or (row.status == "hidden" and (own or may_moderate)))
    open_ = post.status == "published"
    writes = published and open_ and post.can.comment
    return CommentRow(
        id=row.id, post_id=row.post_id, parent_id=row.parent_id, author=None if gone else author,
        body="" if gone else row.body, body_html="" if gone else row.body_html,
        status="deleted" if gone else row.status, like_count=row.like_count, liked=bool(row.liked),
        reply_count=row.reply_count, created_at=row.created_at, edited_at=None if gone else row.edited_at,
        hidden_reason="" if gone else row.hidden_reason, version=row.version,
        reply_to=_("The asker") if row.reply_to == "" else row.reply_to,
        post_url=post.url, url=f"/{circle.slug}/comments/{row.id}", replies=tuple(replies),
        can=CommentCan() if gone else CommentCan(
            edit=own and writes,
            delete=own and published and open_,
            reply=writes,
            like=published and open_ and not own and post.can.favorite,
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
