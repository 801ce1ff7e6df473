"""The page on which the rules of earning are changed, and tried on the past first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.core import clock
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.i18n import _, lazy
from circle.core.web import actor, go, is_htmx, limited, signed_in, takes_form
from circle.points import operations, queries
from circle.points.catalog import CODES, RULE_NAMES
from circle.points.earn_rules import BOUNDS, FIELDS
from circle.points.manage_schemas import RulesForm, TriedRulesInput
from circle.points.queries import EarnRules, Tried
from circle.points.web.blueprint import bp
from circle.points.web.rows import loaded, number

#: what the numbers of a rule are called, with what an empty field means
LABELS = {
    "points": lazy("Points"),
    "growth": lazy("Growth"),
    "daily_count_cap": lazy("Times a day"),
    "daily_point_cap": lazy("Points a day"),
    "weekly_point_cap": lazy("Points a week"),
    "giver_daily_cap": lazy("A day, per person"),
    "min_len": lazy("Least characters"),
    "enabled": lazy("Switched on"),
}


def _stored(current: EarnRules) -> dict[str, Any]:
    """The rules in force, as the form would send them."""
    cells: dict[str, Any] = {"version": current.version, "expiry": current.expiry}
    for code, rule in current.by_code.items():
        for name in (*FIELDS[code], "enabled"):
            value = getattr(rule, name)
            cells[f"{code}.{name}"] = "" if value is None else value
    return cells


def _page(slug: str, values: Mapping[str, Any] | None = None, errors: Any = None, tried: Tried | None = None) -> Any:
    current = queries.earn_rules(actor(), slug)
    fragment = is_htmx() and request.method == "POST"
    history = None if fragment else queries.rule_changes(actor(), slug, request.args.get("cursor"))
    return render_template(
        "points/_rules_desk.html" if fragment else "points/manage_rules.html",
        circle=current.circle, values=values or _stored(current), errors=errors or {}, tried=tried, fields=FIELDS,
        bounds=BOUNDS, labels=LABELS, names=RULE_NAMES, history=history,
        year=clock.local_date(clock.now(), current.circle.tz).year,
    )  # fmt: skip


def _again(form: Any, errors: Any, slug: str) -> Any:
    return _page(slug, form.to_dict(), errors)


def _rules_in(form: Any) -> list[dict[str, Any]]:
    """The rules in the form. Raises Invalid under the names of its cells."""
    rows: list[dict[str, Any]] = []
    for code in CODES:
        typed = {name: number(form.get(f"{code}.{name}", "")) for name in FIELDS[code]}
        if any(f"{code}.{name}" in form for name in FIELDS[code]):
            rows.append({"code": code, **typed, "enabled": f"{code}.enabled" in form})

    def named(path: str) -> str:
        _rules, place, field = [*path.split("."), "", ""][:3]
        return f"{rows[int(place)]['code']}.{field}" if place.isdecimal() else ""

    found: list[dict[str, Any]] = loaded(TriedRulesInput(), {"rules": rows}, named)["rules"]
    return found


@bp.get("/<slug:slug>/manage/points/rules")
@signed_in
def manage_rules(slug: str) -> Any:
    """What earns how much, and what was changed in it."""
    if is_htmx():
        history = queries.rule_changes(actor(), slug, request.args.get("cursor"))
        circle = queries.configurable(actor(), slug)
        return render_template(
            "points/_rule_changes.html", circle=circle, history=history, names=RULE_NAMES, labels=LABELS
        )
    return _page(slug)


@bp.post("/<slug:slug>/manage/points/rules/try")
@signed_in
@limited("simulate")
@takes_form(RulesForm, again=_again)
def try_rules(_data: dict[str, Any], slug: str) -> Any:
    """The same page with what the draft would have done; nothing is saved."""
    tried = queries.try_rules(actor(), slug, _rules_in(request.form))
    return _page(slug, request.form.to_dict(), tried=tried)


@bp.post("/<slug:slug>/manage/points/rules")
@signed_in
@limited("manage")
@takes_form(RulesForm, again=_again)
def save_rules(data: dict[str, Any], slug: str) -> AnyResponse:
    """Save the rules."""
    queries.configurable(actor(), slug)
    try:
        operations.save_rules(actor(), slug, _rules_in(request.form), **data)
    except PreconditionFailed:
        raise Conflict(_(
            "Somebody else changed the rules after you opened this page. Here is what you typed; "
            "open the page again to see theirs."
        )) from None  # fmt: skip
    return go(url_for("points.manage_rules", slug=slug), toast=_("Saved. It holds for everything from now on."))
