"""The queue of those who review check-ins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.checkins import operations, queries, wording
from circle.checkins.models import RECORD_STATUSES
from circle.checkins.queries import CampaignRow
from circle.checkins.review_schemas import REASON_MAX, REASON_MIN, ApproveInput, RejectCheckinInput, SeveralForm
from circle.checkins.web.blueprint import bp
from circle.core.errors import CircleError, Conflict, Forbidden, Invalid, NotFound
from circle.core.i18n import _, lazy, ngettext
from circle.core.web import actor, count_hit, fragment_or_redirect, is_htmx, limited, signed_in, takes_form

Errors = Mapping[str, Any]

bp.add_app_template_global(queries.waiting_reviews, "waiting_checkins")


@bp.get("/<slug:slug>/manage/checkins")
@signed_in
def reviews(slug: str) -> str:
    """The campaigns of which check-ins wait for a reviewer."""
    count_hit("read")
    circle = queries.reviewable(actor(), slug)
    return render_template("checkins/reviews.html", circle=circle, queues=queries.review_queues(circle))


@bp.get("/<slug:slug>/manage/campaigns/<id:campaign_id>/review")
@signed_in
def review(slug: str, campaign_id: int) -> str:
    """The check-ins of a campaign: those that wait, or were approved, rejected, or are void (`status`)."""
    count_hit("read")
    return _desk(queries.reviewed_campaign(actor(), campaign_id, slug=slug), {}, {})


def _desk(campaign: CampaignRow, values: Mapping[str, Any], errors: Errors, *, failed: int = 0) -> str:
    """The page, or for htmx its part: the next rows of the list, or the desk after something was decided."""
    status = request.args.get("status", "")
    status = status if status in RECORD_STATUSES else "pending"
    cursor = request.args.get("cursor") if request.method == "GET" else None
    page = queries.record_page(actor(), campaign, status=status, cursor=cursor)
    more = None
    if page.next_cursor:
        more = _address(campaign, status=status, cursor=page.next_cursor)
    name = "checkins/review.html"
    if is_htmx():
        name = "checkins/_record_rows.html" if cursor else "checkins/_queue.html"
    return render_template(
        name, circle=campaign.circle, campaign=campaign, records=page.items, status=status, next_url=more,
        waiting=queries.pending_reviews(campaign), values=values, errors=errors, failed=failed,
        reason_min=REASON_MIN, reason_max=REASON_MAX, desk_url=_address(campaign),
        decided=request.method == "POST" and is_htmx(),
    )  # fmt: skip


def _address(campaign: CampaignRow, **query: Any) -> str:
    return url_for("checkins.review", slug=campaign.circle.slug, campaign_id=campaign.id, **query)


def _decided(campaign: CampaignRow, toast: str) -> AnyResponse:
    return fragment_or_redirect(lambda: _desk(campaign, {}, {}), _address(campaign), toast=toast)


# ---- one -------------------------------------------------------------------------------------------------------------


def _again(values: Mapping[str, Any], errors: Errors, slug: str, record_id: int) -> str:
    """The queue with what was typed, and why it was not done."""
    return _desk(_campaign_of(slug, record_id), values, errors, failed=record_id)


def _campaign_of(slug: str, record_id: int) -> CampaignRow:
    record = queries.get_record(actor(), record_id, slug=slug)
    return queries.reviewed_campaign(actor(), record.campaign_id, slug=slug)


@bp.post("/<slug:slug>/checkins/<id:record_id>/approve")
@signed_in
@limited("manage")
@takes_form(ApproveInput, again=_again)
def approve(_data: dict[str, Any], slug: str, record_id: int) -> AnyResponse:
    """Let a check-in count."""
    campaign = _campaign_of(slug, record_id)
    operations.approve_record(actor(), record_id)
    return _decided(
        campaign,
        _("Approved. Their week counts.") if campaign.cadence == "weekly" else _("Approved. Their day counts."),
    )


@bp.post("/<slug:slug>/checkins/<id:record_id>/reject")
@signed_in
@limited("manage")
@takes_form(RejectCheckinInput, again=_again)
def reject(data: dict[str, Any], slug: str, record_id: int) -> AnyResponse:
    """Let a check-in not count, with a reason."""
    campaign = _campaign_of(slug, record_id)
    operations.reject_record(actor(), record_id, **data)
    return _decided(campaign, _("Not accepted. They are told why, and what they can do."))


# ---- several ---------------------------------------------------------------------------------------------------------


def _several_again(values: Any, errors: Errors, slug: str, campaign_id: int) -> str:
    campaign = queries.reviewed_campaign(actor(), campaign_id, slug=slug)
    typed = {"reason": values.get("reason", ""), "ids": values.getlist("ids")}
    return _desk(campaign, typed, errors)


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/review")
@signed_in
@limited("manage")
@takes_form(SeveralForm, again=_several_again)
def review_several(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Approve or reject what was ticked. Each is decided for itself: one that cannot be keeps none of the others."""
    campaign = queries.reviewed_campaign(actor(), campaign_id, slug=slug)
    act: Callable[[int], object] = partial(operations.approve_record, actor())
    if data["do"] == "reject":
        if len(data["reason"]) < REASON_MIN:
            raise Invalid(errors={"reason": [lazy("Please say why; they read it.")]})
        act = partial(operations.reject_record, actor(), reason=data["reason"])
    chosen = sorted(set(data["ids"]))
    refused = _each(chosen, queries.records_in(campaign, chosen), act)
    if len(refused) == len(chosen):
        raise Conflict(refused[0].sentence)
    return _decided(campaign, _summed_up(data["do"], len(chosen) - len(refused), refused))


def _each(chosen: Sequence[int], here: Collection[int], act: Callable[[int], object]) -> list[CircleError]:
    """Decide each of `chosen` that is of this campaign (`here`); returns why some were not."""
    refused: list[CircleError] = []
    for record_id in chosen:
        try:
            if record_id not in here:
                raise NotFound
            act(record_id)
        except (Conflict, Forbidden, NotFound) as error:
            refused.append(error)
    return refused


def _summed_up(do: str, done: int, refused: Sequence[CircleError]) -> str:
    if do == "approve":
        said = ngettext("%(num)s check-in approved.", "%(num)s check-ins approved.", done)
    else:
        said = ngettext("%(num)s check-in not accepted.", "%(num)s check-ins not accepted.", done)
    if not refused:
        return said
    left = ngettext("%(num)s was left as it is:", "%(num)s were left as they are:", len(refused))
    return wording.joined([said, wording.joined([left, str(refused[0].sentence)])])
