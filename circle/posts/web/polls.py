"""Voting in a poll, and ending one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template

from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.web import actor, fragment_or_redirect, is_htmx, limited, signed_in, takes_form
from circle.posts import operations, queries
from circle.posts.poll_schemas import VoteInput
from circle.posts.queries import PollRow, PostRow
from circle.posts.web.blueprint import bp
from circle.posts.web.reading import show_page


def _poll(slug: str, post_id: int) -> tuple[PostRow, PollRow]:
    post = queries.get_post(actor(), post_id, slug=slug)
    poll = queries.poll_of(actor(), post)
    if poll is None:
        raise NotFound
    return post, poll


def _fragment(slug: str, post_id: int, errors: Mapping[str, Any] | None = None) -> str:
    post, poll = _poll(slug, post_id)
    return render_template("posts/_poll.html", circle=post.circle, post=post, poll=poll, poll_errors=errors or {})


def _again(_values: Any, errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    """The poll with what is wrong, and without JavaScript the page around it."""
    return _fragment(slug, post_id, errors) if is_htmx() else show_page(slug, post_id, poll_errors=errors)


@bp.post("/<slug:slug>/posts/<id:post_id>/poll/vote")
@signed_in
@limited("react")
@takes_form(VoteInput, again=_again)
def vote(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Vote, or vote otherwise; htmx gets the poll alone."""
    post, _row = _poll(slug, post_id)
    operations.vote(actor(), post_id, data["option_ids"])
    return fragment_or_redirect(lambda: _fragment(slug, post_id), f"{post.url}#poll", toast=_("Your vote counts."))


@bp.post("/<slug:slug>/posts/<id:post_id>/poll/withdraw")
@signed_in
@limited("react")
def withdraw_vote(slug: str, post_id: int) -> Any:
    """Take one's vote back."""
    post, _row = _poll(slug, post_id)
    operations.vote(actor(), post_id, ())
    return fragment_or_redirect(lambda: _fragment(slug, post_id), f"{post.url}#poll")


@bp.post("/<slug:slug>/posts/<id:post_id>/poll/end")
@signed_in
@limited("publish")
def end_poll(slug: str, post_id: int) -> Any:
    """End one's own poll."""
    post, _row = _poll(slug, post_id)
    operations.end_poll(actor(), post_id)
    return fragment_or_redirect(lambda: _fragment(slug, post_id), f"{post.url}#poll", toast=_("The poll is over."))
