"""One post with its comments, a comment's replies, a topic's page. (The circle's feed is in home.)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request

from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core.fields import parse_id
from circle.core.web import (
    actor,
    count_hit,
    is_htmx,
)
from circle.posts import queries
from circle.posts.queries import CommentRow, PostRow
from circle.posts.quoting import quoted
from circle.posts.web.blueprint import bp
from circle.topics import queries as topics

#: of the week's leaderboard, on the page of a topic
SHOWN_PLACES = 3

# ---- one post ------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/posts/<id:post_id>")
def show(slug: str, post_id: int) -> str:
    """A post with its comments."""
    return show_page(slug, post_id)


def show_page(
    slug: str, post_id: int, values: Mapping[str, str] | None = None, errors: Any = None, poll_errors: Any = None,
    *, refused: Any = None,
) -> str:  # fmt: skip
    """The page of a post; `errors` are those of the comment form, `refused` is why the post itself stays as it is."""
    count_hit("read")
    post = queries.get_post(actor(), post_id, slug=slug)
    if "quote" in request.args and values is None:
        values = {"body": _quote(post, request.args.get("reply_to"))}
        if is_htmx():  # app.js puts it into the form that is there
            return render_template(
                "posts/_comment_form.html", circle=post.circle, post=post, values=values, errors=None,
                reply_to=whom_it_answers(post, request.args.get("reply_to")),
            )  # fmt: skip
    sort = request.args.get("sort") if request.args.get("sort") in queries.COMMENT_SORTS else "hot"
    page = queries.comment_page(actor(), post, sort=sort or "hot", cursor=request.args.get("cursor"))
    if is_htmx() and request.args.get("cursor"):
        return render_template("posts/_comments.html", circle=post.circle, post=post, page=page, sort=sort)
    return render_template(
        "posts/show.html", circle=post.circle, post=post, page=page, sort=sort,
        reply_to=whom_it_answers(post, request.args.get("reply_to")), values=values or {}, errors=errors,
        poll=queries.poll_of(actor(), post) if post.poll else None, poll_errors=poll_errors or {},
        refused=refused or {},
    )  # fmt: skip


def whom_it_answers(post: PostRow, given: str | None) -> dict[str, Any] | None:
    """Whom the comment form answers, when the page was asked for with ?reply_to= (without JavaScript)."""
    comment = _answered(post, given)
    if comment is None or comment.author is None:
        return None
    return {"id": comment.id, "nickname": comment.author.nickname, "thread": comment.parent_id or comment.id}


def _answered(post: PostRow, given: str | None) -> CommentRow | None:
    id_ = parse_id(given)
    if id_ is None:
        return None
    comment, its_post = queries.get_comment(actor(), id_)
    return comment if its_post.id == post.id else None


def _quote(post: PostRow, given: str | None) -> str:
    """What the comment form begins with when the page was asked for with ?quote=: words of a comment or of the post."""
    comment = _answered(post, given)
    said = comment if given and comment is not None else post
    return quoted(said.author.username if said.author else "", said.body_html)


# ---- a topic's page ------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/topics/<slug:topic_slug>")
def topic(slug: str, topic_slug: str) -> str:
    """A topic with its posts."""
    count_hit("read")
    circle: CircleRow = circles.readable_circle(actor(), slug)
    row = topics.get_topic(actor(), slug, topic_slug)
    sort = request.args.get("sort", "newest")
    sort = sort if sort in {"newest", "active", "hot", "featured"} else "newest"
    page = queries.topic_feed(actor(), circle, row.id, sort=sort, cursor=request.args.get("cursor"))
    shown = {"circle": circle, "topic": row, "page": page, "sort": sort, "more": f"{row.url}?sort={sort}&cursor="}
    if is_htmx() and request.args.get("cursor"):
        return render_template("posts/_cards.html", **shown)
    best = queries.topic_board(actor(), circle, row.id, places=SHOWN_PLACES) if row.post_count else None
    return render_template("posts/topic.html", **shown, board=best)
