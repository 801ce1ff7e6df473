"""Names and titles to choose from while somebody types @ or #: fragments for static/js/mention.js."""

from __future__ import annotations

from flask import render_template, request

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import markup
from circle.core.mentions import MAX_NAME
from circle.core.web import actor, limited, signed_in
from circle.posts import queries
from circle.posts.web.blueprint import bp


def _circle(slug: str) -> CircleRow:
    """The circle, for those who may write in it."""
    circle = circles.readable_circle(actor(), slug)
    access.require(actor(), Permission.COMMENT_WRITE, circle.standing)
    return circle


def _typed() -> str:
    return markup.clean_line(request.args.get("q", ""))[:MAX_NAME]


@bp.get("/<slug:slug>/people")
@signed_in
@limited("suggest")
def people(slug: str) -> str:
    """Members whose user name or nickname begins with `q`; without it, those who wrote here last."""
    circle, typed = _circle(slug), _typed()
    found = circles.suggested_members(actor(), circle, typed) if typed else queries.lately_heard(actor(), circle)
    return render_template("posts/_suggestions.html", circle=circle, people=found, titles=[])


@bp.get("/<slug:slug>/titles")
@signed_in
@limited("suggest")
def titles(slug: str) -> str:
    """Open topics whose title holds `q`."""
    circle = _circle(slug)
    found = queries.suggested_topics(circle, _typed())
    return render_template("posts/_suggestions.html", circle=circle, people=[], titles=found)
