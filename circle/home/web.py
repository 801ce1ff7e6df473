"""Pages that compose several features: front page, a circle's home, "me", and a person's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date

from circle.accounts import queries as accounts
from circle.accounts.usernames import same_spelling
from circle.checkins import queries as checkins
from circle.circles import queries as circles
from circle.core.web import actor, count_hit, is_htmx, signed_in
from circle.home import queries
from circle.points import queries as points
from circle.posts import queries as posts

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
    known = {row.id for row in mine}
    others = page.map(lambda rows: [row for row in rows if row.id not in known])
    return render_template("home/index.html", mine=mine, page=others)


@bp.get("/<slug:slug>")
def circle(slug: str) -> Any:
    """A circle's home: its feed for those who may read it, its cover for everybody else."""
    count_hit("read")
    row = circles.get_circle(actor(), slug)
    if not row.can_read:
        return redirect(url_for("circles.about", slug=slug), 303)
    sort = request.args.get("sort", "newest")
    sort = sort if sort in {*posts.SORTS, "owner"} else "newest"
    front = posts.front(
        actor(), row, sort="newest" if sort == "owner" else sort, by_owner=sort == "owner",
        cursor=request.args.get("cursor"), topic_count=ASIDE_TOPICS,
    )  # fmt: skip
    more = url_for(".circle", slug=slug, sort=sort, cursor="")
    if is_htmx() and request.args.get("cursor"):
        return render_template("home/_cards.html", circle=row, front=front, page=front.page, sort=sort, more=more)
    campaign = None if request.args.get("cursor") else checkins.home_campaign(actor(), row)
    return render_template(
        "home/circle.html", circle=row, front=front, page=front.page, sort=sort, more=more, campaign=campaign
    )


@bp.get("/me")
@signed_in
def me() -> str:
    """My own page: what I wrote, my circles, my account."""
    mine = circles.my_circles(actor())
    standings = points.in_circles(actor(), mine)
    # one banner to a page: the circle in which one has grown most
    best = max((row for row in mine if row.id in standings), key=lambda row: standings[row.id].growth, default=None)
    return render_template(
        "home/me.html", mine=mine, standings=standings, best=best, counts=queries.my_counts(actor())
    )  # fmt: skip


@bp.get("/@<username>")
def person(username: str) -> Any:
    """Somebody's public page, at one spelling of the name, with what they wrote as far as the reader may see it."""
    count_hit("read")
    row = accounts.get_user_named(actor(), username)
    if username != row.username:
        # another spelling is one for good; a name they gave up may become somebody else's
        code = 301 if same_spelling(username) == same_spelling(row.username) else 302
        return redirect(url_for(".person", username=row.username), code)
    page = posts.posts_by(actor(), row.id, cursor=request.args.get("cursor"))
    more = url_for(".person", username=row.username, cursor="")
    name = "home/_cards_of.html" if is_htmx() and request.args.get("cursor") else "home/person.html"
    joined = format_date(row.created_at, "long")
    return render_template(name, person=row, joined=joined, mine=actor().owns(row.id), page=page, more=more)
