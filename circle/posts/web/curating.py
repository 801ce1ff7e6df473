"""Pinning and featuring posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template

from circle import access
from circle.access import Permission
from circle.core import clock
from circle.core.errors import Invalid
from circle.core.i18n import _, lazy
from circle.core.web import actor, go, limited, signed_in, takes_form
from circle.posts import operations, queries, rules
from circle.posts.queries import PostRow
from circle.posts.schemas import FeatureInput, PinFormInput
from circle.posts.web.blueprint import bp


@bp.get("/<slug:slug>/posts/<id:post_id>/pin")
@signed_in
def pin_form(slug: str, post_id: int) -> str:
    """Where a post is pinned, and until when."""
    return _pin_page({}, {}, slug, post_id)


def _pin_page(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    post = queries.get_post(actor(), post_id, slug=slug)
    access.require(actor(), Permission.POST_PIN, post.circle.standing)
    pins = [other for other in queries.pinned_posts(actor(), post.circle) if other.id != post.id]
    today = clock.local_date(clock.now(), post.circle.tz)
    # the last day, not the midnight that ends it
    until = post.pin_until - timedelta(microseconds=1) if post.pinned and post.pin_until else None
    return render_template(
        "posts/pin.html", circle=post.circle, post=post, values=values, errors=errors,
        places=_places(pins),
        until=clock.local_date(until, post.circle.tz).isoformat() if until else "",
        first_day=today.isoformat(), last_day=(today + rules.MAX_PIN - timedelta(days=1)).isoformat(),
    )  # fmt: skip


def _places(pins: Sequence[PostRow]) -> list[tuple[int, str]]:
    """The places to choose from, each with the post that it goes before."""
    places = []
    for rank in range(1, min(len(pins) + 1, rules.MAX_PINS) + 1):
        text = str(rank)
        if rank <= len(pins):
            title = pins[rank - 1].title or pins[rank - 1].excerpt
            title = title if len(title) <= 20 else title[:19] + "…"
            text = _("%(rank)s, before “%(title)s”", rank=rank, title=title)
        places.append((rank, text))
    return places


@bp.post("/<slug:slug>/posts/<id:post_id>/pin")
@signed_in
@limited("manage")
@takes_form(PinFormInput, again=_pin_page)
def pin(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Pin a post, to the end of a day or for good."""
    post = queries.get_post(actor(), post_id, slug=slug)
    until = end_of_day(data["until"], post.circle.tz) if data["until"] else None
    operations.pin_post(actor(), post_id, rank=data["rank"], until=until)
    return go(post.page_url, toast=_("Pinned"))


def end_of_day(day: date, tz: str) -> datetime:
    """The moment the day is over in the time zone. Raises Invalid (until) for days that no calendar page shows."""
    if not 2000 <= day.year <= 2900:
        raise Invalid(errors={"until": [lazy("This is not a valid time.")]})
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(tz)).astimezone(UTC)


@bp.post("/<slug:slug>/posts/<id:post_id>/unpin")
@signed_in
@limited("manage")
def unpin(slug: str, post_id: int) -> Any:
    """Take a pin off."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.unpin_post(actor(), post_id)
    return go(post.page_url, toast=_("No longer pinned"))


def _feature_again(_values: Any, errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    return _pin_page({}, errors, slug, post_id)


@bp.post("/<slug:slug>/posts/<id:post_id>/feature")
@signed_in
@limited("manage")
@takes_form(FeatureInput, again=_feature_again)
def feature(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Feature a post, or take that back."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.feature_post(actor(), post_id, on=data["on"])
    return go(post.page_url, toast=_("Featured. The author has been told.") if data["on"] else _("No longer featured"))
