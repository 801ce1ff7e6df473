"""Pages of topics. The page of one topic is a feed of posts: `posts.topic`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.access import Permission, require
from circle.circles.queries import CircleRow, readable_circle
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.i18n import _
from circle.core.web import actor, fragment_or_redirect, go, limited, once, signed_in, takes_form
from circle.topics import operations, queries, rules
from circle.topics.schemas import FollowForm, TopicForm, TopicInput

bp = Blueprint("topics", __name__)


@bp.get("/<slug:slug>/topics")
def index(slug: str) -> str:
    """All topics of a circle."""
    circle = readable_circle(actor(), slug)
    return render_template(
        "topics/index.html", circle=circle, topics=queries.topics_in(actor(), circle),
        may_create=rules.may_create(circle),
    )  # fmt: skip


def _follow_again(_values: Any, _errors: Any, slug: str, topic_slug: str) -> str:
    return _follow_fragment(slug, topic_slug)


def _follow_fragment(slug: str, topic_slug: str) -> str:
    return render_template("topics/_followed.html", topic=queries.get_topic(actor(), slug, topic_slug))


@bp.post("/<slug:slug>/topics/<slug:topic_slug>/follow")
@signed_in
@limited("react")
@takes_form(FollowForm, again=_follow_again)
def follow(data: dict[str, Any], slug: str, topic_slug: str) -> AnyResponse:
    """Follow the topic, or no longer."""
    topic = queries.get_topic(actor(), slug, topic_slug)
    change = operations.follow_topic if data["on"] == "1" else operations.unfollow_topic
    change(actor(), topic.id)
    return fragment_or_redirect(
        lambda: _follow_fragment(slug, topic_slug), url_for("posts.topic", slug=slug, topic_slug=topic_slug)
    )


def _managed(slug: str) -> CircleRow:
    """The circle, for somebody who may change its topics."""
    circle = readable_circle(actor(), slug)
    require(actor(), Permission.TOPIC_MANAGE, circle.standing)
    return circle


def _new_page(values: Any, errors: Any, slug: str) -> str:
    circle = readable_circle(actor(), slug)
    rules.check_may_create(circle)
    return render_template("topics/new.html", circle=circle, values=values, errors=errors)


@bp.get("/<slug:slug>/topics/new")
@signed_in
def new(slug: str) -> str:
    """The form of a new topic."""
    return _new_page({}, {}, slug)


@bp.post("/<slug:slug>/topics")
@signed_in
@limited("manage")
@once
@takes_form(TopicInput, again=_new_page)
def create(data: dict[str, Any], slug: str) -> AnyResponse:
    """Open a topic."""
    topic = queries.get_topic_by_id(actor(), operations.create_topic(actor(), slug, **data))
    return go(url_for("posts.topic", slug=slug, topic_slug=topic.slug), toast=_("The topic is open."))


def _edit_page(values: Any, errors: Any, slug: str, topic_slug: str) -> str:
    circle = _managed(slug)
    topic = queries.topic_in(actor(), circle, topic_slug)
    return render_template(
        "topics/edit.html", circle=circle, topic=topic, values=values or _values(topic), errors=errors
    )


def _values(topic: queries.TopicRow) -> dict[str, Any]:
    return {"title": topic.title, "intro": topic.intro, "status": topic.status, "version": topic.version}


@bp.get("/<slug:slug>/topics/<slug:topic_slug>/edit")
@signed_in
def edit(slug: str, topic_slug: str) -> str:
    """The form of a topic that is there."""
    return _edit_page({}, {}, slug, topic_slug)


@bp.post("/<slug:slug>/topics/<slug:topic_slug>/edit")
@signed_in
@limited("manage")
@takes_form(TopicForm, again=_edit_page)
def update(data: dict[str, Any], slug: str, topic_slug: str) -> AnyResponse:
    """Store the changed topic."""
    topic = queries.get_topic(actor(), slug, topic_slug)
    version = data.pop("version")
    try:
        operations.update_topic(actor(), topic.id, expected_version=version, **data)
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None  # the form again, with what was typed
    return go(url_for("posts.topic", slug=slug, topic_slug=topic_slug), toast=_("Saved"))
