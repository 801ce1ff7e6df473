"""The rules of a campaign, and what making up takes, in sentences. Pure functions over a CampaignRow, as wording.py."""

from __future__ import annotations

from typing import Any

from circle.checkins.rules import SETTLE_AFTER
from circle.checkins.wording import (
    content_text,
    count_text,
    day_text,
    end_text,
    total,
    window_text,
    zone_text,
)
from circle.core.i18n import _, ngettext
from circle.points import ladder
from circle.points.queries import level_allowing


def cards_text(campaign: Any) -> str:
    """Which make-up cards the reader has: those of the campaign, and what their level still gives this month."""
    own, of_level = campaign.me.makeup_cards - campaign.me.level_cards, campaign.me.level_cards
    if of_level and not own:
        return str(
            ngettext(
                "%(num)s make-up card of your level is left this month",
                "%(num)s make-up cards of your level are left this month",
                of_level,
            )
        )
    held = ngettext("You have %(num)s make-up card", "You have %(num)s make-up cards", own)
    until = _("good until %(day)s", day=end_text(campaign, campaign.closes_at))
    parts = [str(held), until] if own else [str(held)]
    if of_level:
        parts.append(_("and %(num)s of your level this month", num=of_level))
    return _(", ").join(parts)


def makeup_texts(campaign: Any) -> list[str]:
    """What may be made up, and what it takes."""
    free, price, most = campaign.free_cards, campaign.card_price, campaign.card_limit
    for_sale, of_level = price > 0 and most > free, _cards_of_levels(campaign)
    if campaign.lookback == 0 or not (free or for_sale or of_level):
        return [_("What is missed cannot be made up.")]
    texts = [
        _(
            "A make-up card makes up for one of the last %(last)s. It counts for completing and for the streak, but is "
            "not on time.",
            last=count_text(campaign, campaign.lookback),
        )
    ]
    if free:
        texts.append(str(ngettext("Everybody gets %(num)s card.", "Everybody gets %(num)s cards.", free)))
    if for_sale:
        texts.append(_("Another one costs %(price)s points; %(most)s at most for each.", price=price, most=most))
    if of_level:
        level, most = of_level
        texts.append(_("From the level %(name)s on, levels give more: up to %(num)s a month.", name=level, num=most))
    return texts


def _cards_of_levels(campaign: Any) -> tuple[str, int] | None:
    """The first level that gives make-up cards, and what the highest gives; None where none does."""
    circle = campaign.circle
    first = level_allowing(circle, "makeup_cards_per_month")
    most = ladder.privileges_of(circle.levels, ladder.MAX_LEVELS).makeup_cards_per_month
    return (first, most) if first and most else None


def rules_of(campaign: Any) -> list[tuple[str, str, list[str]]]:
    """The rules in plain sentences: (icon, what it is about, sentences)."""
    when = [window_text(campaign), _("The days are those of %(place)s.", place=zone_text(campaign.tz))]
    content = content_text(campaign)
    what = [_("Each check-in has: %(what)s.", what=content) if content else _("A few words are enough.")]
    if campaign.review == "manual":
        what.append(_("It counts when those who run the circle have looked at it."))
    told = [
        ("calendar-check", _("When"), when),
        ("circle-check", _("To complete it"), [_need_sentence(campaign)]),
        ("pencil-line", _("What to post"), what),
        ("ticket", _("Making up"), makeup_texts(campaign)),
    ]
    joining = _joining(campaign)
    if joining:
        told.append(("user-round-plus", _("Joining"), joining))
    if campaign.teams:
        sentence = _(
            "Form a team of 2 to 10 before it begins. A day is done for the team when 8 in 10 of it have done it."
        )
        if campaign.cadence == "weekly":
            sentence = _(
                "Form a team of 2 to 10 before it begins. A week is done for the team when 8 in 10 of it have done it."
            )
        told.append(("users-round", _("Teams"), [sentence]))
    hours = int(SETTLE_AFTER.total_seconds() // 3600)
    told.append(
        ("hourglass", _("The end"), [_("%(hours)s hours after the last day everything is settled.", hours=hours)])
    )
    return told


def _need_sentence(campaign: Any) -> str:
    number = total(campaign)
    if campaign.need_type == "all":
        return _("Check in every time, %(total)s in all.", total=count_text(campaign, number))
    if campaign.need_type == "streak":
        return _("Check in %(wanted)s in a row (%(total)s in all).", wanted=count_text(campaign, campaign.need_n),
                 total=count_text(campaign, number))  # fmt: skip
    return _("Check in on %(wanted)s of %(total)s.", wanted=campaign.need_n, total=count_text(campaign, number))


def _joining(campaign: Any) -> list[str]:
    texts = []
    if campaign.live and campaign.join_until is not None:
        last = day_text(campaign.join_until)
        chosen = campaign.late_join_until is not None
        texts.append(_("Until %(day)s.", day=last))
        if not chosen:
            texts.append(_("After that there would not be enough left to complete it."))
    if campaign.level_min > 1:
        tag = campaign.circle.tag(campaign.level_min)
        texts.append(_("For members from the level %(name)s on.", name=tag.name if tag else campaign.level_min))
    return texts
