"""Why something gave what it gave, in sentences of the reader's language. What they are made of is read by
queries/why.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from circle.core.i18n import _, ngettext
from circle.ledger.queries import Movement
from circle.points import telling
from circle.points.catalog import GRANT_NAMES
from circle.points.models import EarnRule, EarnSource


class RuleThen(NamedTuple):
    """What a rule said when something happened; `limits` are its caps in words. `current` is False once it changed."""

    code: str
    name: str
    version: int
    points: int
    growth: int
    limits: tuple[str, ...]
    current: bool


class Cap(NamedTuple):
    """A cap that was reached: which (per day or week, of the rule or of all together), and how much was used before."""

    which: str
    limit: int
    used: int


class Step(NamedTuple):
    """A movement in words; what of it paid a debt is counted as given."""

    at: datetime
    title: str
    points: int
    growth: int
    notes: tuple[str, ...]


def headline_of(source: EarnSource) -> str:
    """The answer in one sentence."""
    given = telling.amount(source.granted_points, source.granted_growth)
    if source.state == "off":
        return str(_("What it had given was taken back: %(amount)s.", amount=given))
    if source.state == "on" and source.reason:
        return str(_("It gave %(amount)s, less than the rule says.", amount=given))
    if source.state == "on":
        return str(_("It gave %(amount)s.", amount=given))
    return str(_("It gave nothing."))


def reasons_of(source: EarnSource, rule: EarnRule | None, cap: Cap | None) -> list[str]:
    """Why it gave less than the rule says."""
    said = []
    if cap is not None:
        said = [_cap_sentence(cap), _("What comes after the limit gives nothing; the next day or week begins anew.")]
    elif source.reason == "too_short" and rule is not None:
        values = {"length": source.length, "least": rule.min_len}
        said = [_("It has %(length)s characters; from %(least)s characters on it would have counted.", **values)]
    elif source.reason == "disabled":
        said = [_("At that time nothing was given for this: the rule was switched off.")]
    elif source.reason == "not_member":
        said = [_("Only members earn points, and at that time there was no membership in this circle.")]
    elif source.reason == "own":
        said = [_("An answer to one's own question gives nothing, and nor does accepting it.")]
    elif source.reason == "anonymous":
        said = [_("What is asked without a name gives nothing: the leaderboard would tell who asked.")]
    return [str(each) for each in said]


def _cap_sentence(cap: Cap) -> str:
    values = {"used": cap.used, "limit": cap.limit}
    return str(_cap_words(cap.which, values))


def _cap_words(which: str, values: dict[str, int]) -> Any:
    if which == "count_day":
        return _("That day %(used)s of the kind had counted already; at most %(limit)s a day do.", **values)
    if which == "giver_day":
        return _("That day %(used)s from the same person had counted already; at most %(limit)s do.", **values)
    if which == "points_day":
        return _("That day this had given %(used)s points already; at most %(limit)s a day are given.", **values)
    if which == "points_week":
        return _("That week this had given %(used)s points already; at most %(limit)s a week are given.", **values)
    if which == "all_day":
        return str(
            _("That day %(used)s points were earned already; in all at most %(limit)s a day are given.", **values)
        )
    return _("That week %(used)s points were earned already; in all at most %(limit)s a week are given.", **values)


def afterwards(source: EarnSource, expired: int) -> list[str]:
    """What became of it: gone, back again, run out, and what is counted once only."""
    said = []
    if source.state == "off":
        said.append(_gone(source.rule_code))
        if left := source.active_points:
            said.append(
                ngettext("%(num)s point of it had run out before.", "%(num)s points of it had run out before.", left)
            )
    elif source.generation:
        said.append(_("It was taken back in between and given again; nothing was lost."))
    if expired and source.state == "on":
        said.append(ngettext("%(num)s point of it has run out.", "%(num)s points of it have run out.", expired))
    if source.rule_code == "like.received":
        said.append(_("Each like counts once: taking it back and giving it again changes nothing."))
    return [str(each) for each in said]


def _gone(code: str) -> str:
    if code == "comment":
        return str(
            _("The comment is no longer to be seen: deleted, hidden or removed. If it returns, so do the points.")
        )
    if code == "answer":
        return str(
            _("The answer is no longer to be seen: deleted, hidden or removed. If it returns, so do the points.")
        )
    if code == "answer.accepted":
        return str(_("The answer is no longer the accepted one. If it is accepted again, the points return."))
    if code == "checkin":
        return str(_("The check-in does not count any more: its post is gone. If it returns, so do the points."))
    if code in GRANT_NAMES:
        return str(_("The campaign does not count as completed any more. If it does again, the points return."))
    if code == "content.featured":
        return str(_("The post is no longer a highlight, or no longer to be seen. If it is again, the points return."))
    return str(_("The post is no longer to be seen: deleted, hidden or removed. If it returns, so do the points."))


def total_of(points: int, growth: int) -> str:
    """What several movements come to."""
    given = telling.amount(max(points, 0), max(growth, 0))
    taken = telling.amount(max(-points, 0), max(-growth, 0))
    if given and taken:
        return str(_("It gave %(given)s and took %(taken)s.", given=given, taken=taken))
    if taken:
        return str(_("It took %(amount)s.", amount=taken))
    return str(_("It gave %(amount)s.", amount=given)) if given else str(_("In the end it changed nothing."))


def step_of(each: Movement) -> Step:
    """One movement in words."""
    notes = [each.memo] if each.memo else []
    if each.debt < 0:
        paid = -each.debt
        notes.append(ngettext("%(num)s point paid off what was owed", "%(num)s points paid off what was owed", paid))
    elif each.debt > 0:
        owed = each.debt
        notes.append(ngettext("%(num)s point was spent and is owed", "%(num)s points were spent and are owed", owed))
    return Step(each.posted_at, telling.kind_title(each.kind), each.points - each.debt, each.growth, tuple(notes))
