"""Checking in and making up: the composer that knows what the campaign asks for, and buying a card.

Nothing typed is ever lost here. Whatever is refused comes back as the same page with its words and files (also those
that came with a form without scripts: they are stored before anything is decided), and where there is no check-in to be
had any more, with another way to use what was written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from circle import access
from circle.access import Permission
from circle.checkins import operations, queries, rules, wording
from circle.checkins.checking_schemas import CardForm, CheckinForm
from circle.checkins.operations import Submitted, UsedDraft
from circle.checkins.queries import CampaignRow, DayRow
from circle.checkins.web.blueprint import bp
from circle.circles.queries import CircleRow
from circle.core.arrival import arrived_at
from circle.core.errors import Conflict, Invalid, NotFound, Refused, TooLarge
from circle.core.fields import parse_id
from circle.core.i18n import _, ngettext
from circle.core.web import View, actor, go, limited, once, safe_next, signed_in, takes_body, takes_form
from circle.points.queries import points_here
from circle.posts import allowances
from circle.posts import queries as posts
from circle.posts.queries import DraftRow
from circle.posts.rules import MAX_ALT, MAX_BODY
from circle.posts.web.composer import FIELDS, MAX_FORM, draft_of, kept_files, still_there, store, take_files


def _campaign(slug: str, campaign_id: int) -> CampaignRow:
    """The campaign, for somebody who may write there. Raises NotFound, Forbidden (MUTED, BANNED)."""
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    access.require(actor(), Permission.CHECKIN_WRITE, campaign.circle.standing)
    return campaign


@bp.app_template_global("open_checkin")
def open_checkin(circle: CircleRow) -> str | None:
    """Where the reader can check in now, for the composer of ordinary posts; None where they cannot. Asks the database
    only while a campaign may run."""
    campaign = queries.home_campaign(actor(), circle)
    return f"{campaign.url}/checkin" if campaign is not None and campaign.can.submit else None


# ---- the page --------------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/checkin")
@signed_in
def new_checkin(slug: str, campaign_id: int) -> Any:
    """The composer for the period that is open, empty or with a draft; who has checked in is led to what they wrote."""
    campaign = _campaign(slug, campaign_id)
    if not campaign.can.submit or campaign.current is None:
        return _elsewhere(campaign)
    return _composer(campaign, campaign.current, draft=_draft(slug))


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/makeup/<id:idx>")
@signed_in
def new_makeup(slug: str, campaign_id: int, idx: int) -> Any:
    """The same composer for a period that was missed, with what it costs."""
    campaign = _campaign(slug, campaign_id)
    day = _day(campaign, idx)
    if campaign.me is None or not campaign.taking_part:
        return _elsewhere(campaign)
    if day.post_url is not None:
        return _told(str(rules.done_already(campaign.cadence)), day.post_url)
    if day.state == "open":
        return redirect(f"{campaign.url}/checkin", 303)
    if not day.can_make_up:
        return _told(str(rules.not_to_make_up(campaign.cadence)), campaign.url)
    return _composer(campaign, day, makeup=True, draft=_draft(slug))


def _day(campaign: CampaignRow, idx: int) -> DayRow:
    days = campaign.me.days if campaign.me is not None else campaign.days
    found = next((day for day in days if day.idx == idx), None)
    if found is None:
        raise NotFound
    return found


def _elsewhere(campaign: CampaignRow) -> Response:
    """Where somebody goes for whom there is nothing to check in, and why."""
    here = campaign.current
    if campaign.phase in {"settling", "closed", "cancelled"}:
        return _told(_("This campaign takes no more check-ins."), campaign.url)
    if campaign.me is None or campaign.me.status == "withdrawn":
        return _told(_("Please join the campaign first."), campaign.url)
    if campaign.me.status == "disqualified":
        return _told(_("You were taken out of this campaign."), campaign.url)
    if here is not None and here.is_today and here.state != "open":
        if campaign.cadence == "weekly":
            return _told(_("You have checked in for this week already."), here.post_url or campaign.url)
        return _told(_("You have checked in for today already."), here.post_url or campaign.url)
    return _told(str(rules.window_closed(here.opens_at if here is not None else None).sentence), campaign.url)


def _told(text: str, target: str) -> Response:
    flash(text, "info")
    return redirect(target, 303)


def _draft(slug: str) -> DraftRow | None:
    """The draft that the address names, if it is one's own of this circle and not planned; else none."""
    draft_id = parse_id(request.args.get("draft"))
    try:
        draft = posts.get_draft(actor(), draft_id) if draft_id else None
    except NotFound:
        return None
    return draft if draft and draft.circle.slug == slug and draft.publish_at is None else None


def _composer(
    campaign: CampaignRow,
    day: DayRow | None,
    *,
    makeup: bool = False,
    draft: DraftRow | None = None,
    values: Any = None,
    errors: Mapping[str, Any] | None = None,
    meant: DayRow | None = None,
) -> str:
    """`day` is what the page is for; None when there is nothing to check in any more, and `meant` what it was for."""
    circle, sent, stale = campaign.circle, values is not None, None
    if sent:
        draft, stale = draft_of(values)
    attached = _came_along() if sent else [(file.media, file.alt) for file in draft.files] if draft else []
    offer = None if sent or draft or request.args.get("draft") else _unfinished(campaign)
    lost = meant if meant is not None and meant.can_make_up and meant != day else None
    return render_template(
        "checkins/checkin.html",
        campaign=campaign, circle=circle, day=day, meant=meant, makeup=makeup, draft=draft, stale=stale, offer=offer,
        values=values if sent else {"body": draft.body if draft else ""}, errors=errors or {}, attached=attached,
        lost=lost, points=points_here(actor(), circle) if (makeup or lost) and campaign.can.buy_card else None,
        limits=allowances.limits(circle), max_body=MAX_BODY, max_alt=MAX_ALT,
    )  # fmt: skip


def _unfinished(campaign: CampaignRow) -> DraftRow | None:
    """What somebody was writing for this campaign: its drafts are called after it."""
    newest = posts.newest_draft(actor(), campaign.circle.id)
    return newest if newest is not None and newest.title.startswith(campaign.title) else None


def _came_along() -> list[tuple[Any, str]]:
    """The uploads that a form brought, and those that were stored of its files before it was judged."""
    ids, alts = kept_files()
    stored: list[int] = g.get("stored_files", [])
    found = [*zip(ids, alts, strict=True), *((id_, "") for id_ in stored)]
    return [(row, alt) for id_, alt in found for row in still_there(id_)]


# ---- sending it ------------------------------------------------------------------------------------------------------


def _again(values: Any, errors: Mapping[str, Any], slug: str, campaign_id: int) -> str:
    campaign = _campaign(slug, campaign_id)
    days = {day.idx: day for day in (campaign.me.days if campaign.me is not None else campaign.days)}
    meant = days.get(parse_id(values.get("idx")) or 0)
    open_ = campaign.current if campaign.can.submit else None
    return _composer(campaign, open_, values=values, errors=errors, meant=meant)


def _makeup_again(values: Any, errors: Mapping[str, Any], slug: str, campaign_id: int, idx: int) -> str:
    campaign = _campaign(slug, campaign_id)
    day = _day(campaign, idx)
    still = day if day.can_make_up else None
    return _composer(campaign, still, makeup=True, values=values, errors=errors, meant=day)


def _keeps_files(again: View) -> Callable[[View], View]:
    """Store the files of a form before it is worked on: what is rolled back then does not take them along."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(**kwargs: Any) -> Any:
            if any(file.filename for name in FIELDS for file in request.files.getlist(name)):
                campaign = _campaign(kwargs["slug"], kwargs["campaign_id"])
                if campaign.taking_part:  # nobody else's files are taken in
                    try:
                        g.stored_files = store(take_files(kept_files()[0], into=campaign.circle))
                    except (Invalid, Refused, TooLarge) as error:
                        return make_response(again(request.form, error.for_form, **kwargs), 422)
            return view(**kwargs)

        return wrapper

    return decorate


def _sent(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the operations take of the form."""
    ids, alts = kept_files()
    draft = None
    if data["draft_id"] is not None:
        draft = UsedDraft(data["draft_id"], data["seq"], data["writer"])
    stored: list[int] = g.get("stored_files", [])
    return {
        "body": data["body"], "media_ids": [*ids, *stored], "alts": alts, "arrived_at": arrived_at(), "draft": draft,
    }  # fmt: skip


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/checkin")
@takes_body(MAX_FORM)
@signed_in
@limited("publish")
@_keeps_files(_again)
@once
@takes_form(CheckinForm, again=_again)
def check_in(data: dict[str, Any], slug: str, campaign_id: int) -> Any:
    """Check in with what the page sent, for the period that was open when it arrived."""
    campaign = _campaign(slug, campaign_id)
    _check_not_out(campaign)
    if _is_there(campaign, data["body"]):
        return _elsewhere(campaign)
    made = operations.submit(actor(), campaign_id, **_sent(data), meant_for=data["idx"])
    return go(campaign.url, toast=_taken(campaign, made))


def _check_not_out(campaign: CampaignRow) -> None:
    """Who was taken out of it meanwhile gets their words back, like everybody. Raises Conflict DISQUALIFIED."""
    if campaign.me is not None and campaign.me.status == "disqualified":
        raise Conflict(_("You were taken out of this campaign."), code="DISQUALIFIED")


def _is_there(campaign: CampaignRow, body: str) -> bool:
    """Whether these are the words of the check-in that is there already: sent twice, from two pages."""
    here = campaign.current
    if here is None or not here.is_today or here.post_id is None:
        return False
    return posts.get_post(actor(), here.post_id).body.strip() == body.strip()


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/makeup/<id:idx>")
@takes_body(MAX_FORM)
@signed_in
@limited("publish")
@_keeps_files(_makeup_again)
@once
@takes_form(CheckinForm, again=_makeup_again)
def make_up(data: dict[str, Any], slug: str, campaign_id: int, idx: int) -> Any:
    """Make up a missed period; with `price`, buying the card for it in the same step."""
    campaign = _campaign(slug, campaign_id)
    _check_not_out(campaign)
    _day(campaign, idx)
    made = operations.make_up(actor(), campaign_id, idx, **_sent(data), buy_for=data["price"])
    return go(campaign.url, toast=_taken(campaign, made, makeup=True))


def _taken(campaign: CampaignRow, made: Submitted, *, makeup: bool = False) -> str:
    """What is said of a check-in that was taken; `campaign` is how it was before."""
    which = wording.idx_text(campaign, made.idx)
    if made.status == "pending":
        return str(_("Sent off: %(day)s. It counts as soon as somebody has looked at it.", day=which))
    row = wording.count_text(campaign, made.streak) if made.streak > 1 else ""
    points = ngettext("%(num)s point", "%(num)s points", made.points) if made.points else ""
    if makeup:
        said = _("Made up: %(day)s. Now %(number)s in a row.", day=which, number=row)
        said = said if row else _("Made up: %(day)s.", day=which)
    elif row and points:
        said = _("Checked in, %(number)s in a row, +%(points)s", number=row, points=points)
    elif row:
        said = _("Checked in, %(number)s in a row", number=row)
    else:
        said = _("Checked in, +%(points)s", points=points) if points else _("Checked in")
    if made.completed and (campaign.me is None or campaign.me.completed_at is None):
        said = _("%(said)s. You have completed “%(title)s”!", said=said.rstrip(".。"), title=campaign.title)
    return str(said)


# ---- cards -----------------------------------------------------------------------------------------------------------


def _card_again(values: Any, errors: Mapping[str, Any], slug: str, campaign_id: int) -> str:
    campaign = _campaign(slug, campaign_id)
    return render_template(
        "checkins/card.html", campaign=campaign, circle=campaign.circle, errors=errors,
        points=points_here(actor(), campaign.circle), then=_then(campaign, values.get("next")),
    )  # fmt: skip


def _then(campaign: CampaignRow, address: str | None) -> str:
    """Where a card was bought from: a page of this campaign."""
    target = safe_next(address, campaign.url)
    return target if target.startswith(f"{campaign.url}/") else campaign.url


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/cards")
@signed_in
@limited("react")
@once
@takes_form(CardForm, again=_card_again)
def buy_card(data: dict[str, Any], slug: str, campaign_id: int) -> Any:
    """Buy a make-up card for points."""
    campaign = _campaign(slug, campaign_id)
    operations.buy_card(actor(), campaign_id, price=data["price"])
    points = ngettext("%(num)s point", "%(num)s points", campaign.card_price)
    said = _("You have one more make-up card, for %(points)s.", points=points)
    return go(_then(campaign, request.form.get("next")), toast=said)
