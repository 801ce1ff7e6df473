"""The campaigns of a circle, one of them with its check-ins, joining and leaving it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.checkins import operations, queries, wording
from circle.checkins.queries import CampaignRow
from circle.checkins.schemas import EnrollInput, WithdrawInput
from circle.checkins.web.blueprint import bp
from circle.circles import queries as circles
from circle.core.i18n import _
from circle.core.web import actor, count_hit, go, is_htmx, limited, signed_in, takes_form

#: check-ins under a campaign; more of them on their own page
SHOWN_POSTS = 5


@bp.get("/<slug:slug>/campaigns")
def index(slug: str) -> str:
    """The campaigns of a circle: those that run, those to come, those that are over."""
    count_hit("read")
    circle = circles.readable_circle(actor(), slug)
    cursor = request.args.get("cursor")
    over = queries.finished_campaigns(actor(), circle, cursor=cursor)
    more = url_for(".index", slug=slug, cursor=over.next_cursor) if over.next_cursor else None
    if is_htmx() and cursor:
        return render_template("checkins/_rows.html", circle=circle, rows=over.items, more=more)
    live = [] if cursor else queries.live_campaigns(actor(), circle)
    return render_template("checkins/index.html", circle=circle, live=live, over=over.items, more=more)


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>")
def show(slug: str, campaign_id: int) -> str:
    """A campaign: how it stands, what to do next, the board, the check-ins."""
    return show_page(slug, campaign_id)


def show_page(slug: str, campaign_id: int, errors: Mapping[str, Any] | None = None) -> str:
    """The page of a campaign; `errors` say why what was asked for was not done."""
    count_hit("read")
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    board = queries.board_of(actor(), campaign, request.args.get("board", ""), limit=5)
    return render_template(
        "checkins/show.html", circle=campaign.circle, campaign=campaign, board=board, errors=errors or {},
        page=queries.checkin_posts(actor(), campaign, limit=SHOWN_POSTS),
    )  # fmt: skip


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/checkins")
def posts(slug: str, campaign_id: int) -> str:
    """All check-ins of a campaign."""
    count_hit("read")
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    page = queries.checkin_posts(actor(), campaign, cursor=request.args.get("cursor"))
    more = url_for(".posts", slug=slug, campaign_id=campaign_id, cursor="")
    name = "checkins/_posts.html" if is_htmx() and request.args.get("cursor") else "checkins/posts.html"
    return render_template(name, circle=campaign.circle, campaign=campaign, page=page, more=more)


def _again(_values: Any, errors: Mapping[str, Any], slug: str, campaign_id: int) -> str:
    return show_page(slug, campaign_id, errors)


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/enroll")
@signed_in
@limited("join")
@takes_form(EnrollInput, again=_again)
def enroll(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Take part in a campaign."""
    queries.get_campaign(actor(), campaign_id, slug=slug)
    operations.take_part(actor(), campaign_id, **data)
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    return go(campaign.url, toast=_welcome(campaign))


def _welcome(campaign: CampaignRow) -> str:
    """What somebody is told who has just joined."""
    if campaign.can.submit:
        return _("You are in. You can check in right away.")
    return wording.joined([_("You are in."), wording.opens_text(campaign)])


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/withdraw")
@signed_in
@limited("join")
@takes_form(WithdrawInput, again=_again)
def withdraw(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Take part no more."""
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    operations.withdraw(actor(), campaign_id, **data)
    return go(campaign.url)  # where a banner says what became of it
