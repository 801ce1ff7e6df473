"""Pages that compose several features: front page, a circle's home, "me", and what somebody wrote."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from circle.accounts import queries as accounts
from circle.circles import queries as circles
from circle.core.web import actor, count_hit, is_htmx, signed_in
from circle.home import queries
from circle.posts import queries as posts
from circle.topics import queries as topics

bp = Blueprint("home", __name__)

ASIDE_TOPICS = 6


@bp.get("/")
def index() -> Any:
    """My circles, and those to discover."""
    count_hit("read")
    page = circles.discover(actor(), request.args.get("cursor"))
    if is_htmx() and request.args.get("cursor"):
        return render_template("home/_circles.html", page=page)
    mine = circles.my_circles(actor()) if actor().signed_in else []
    return render_template("home/index.html", mine=mine, page=page)


@bp.get("/<slug:slug>")
def circle(slug: str) -> Any:
    """A circle's home: its feed for those who may read it, its cover for everybody else."""
    count_hit("read")
    row = circles.get_circle(actor(), slug)
    if not row.can_read:
        return redirect(url_for("circles.about", slug=slug), 303)
    sort = request.args.get("sort", "newest")
    sort = sort if sort in {*posts.SORTS, "owner"} else "newest"
    page = posts.feed(
        actor(), row, sort="newest" if sort == "owner" else sort, by_owner=sort == "owner",
        cursor=request.args.get("cursor"),
    )  # fmt: skip
    more = url_for(".circle", slug=slug, sort=sort, cursor="")
    if is_htmx() and request.args.get("cursor"):
        return render_template("home/_cards.html", circle=row, page=page, more=more)
    popular = topics.popular(row.id, ASIDE_TOPICS)
    return render_template("home/circle.html", circle=row, page=page, sort=sort, more=more, topics=popular)


@bp.get("/me")
@signed_in
def me() -> str:
    """My own page: what I wrote, my circles, my account."""
    mine = circles.my_circles(actor())
    return render_template("home/me.html", mine=mine, counts=queries.my_counts(actor()))


@bp.get("/@<username>/posts")
def posts_of(username: str) -> Any:
    """What somebody wrote in the circles that the reader may see."""
    count_hit("read")
    person = accounts.get_user_named(actor(), username)
    page = posts.posts_by(actor(), person.id, cursor=request.args.get("cursor"))
    more = url_for(".posts_of", username=person.username, cursor="")
    name = "home/_cards_of.html" if is_htmx() and request.args.get("cursor") else "home/posts_of.html"
    return render_template(name, person=person, page=page, more=more)
