"""The page on which the levels of a circle are changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.circles.levels import level_name
from circle.core.errors import Conflict, Invalid, PreconditionFailed
from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, signed_in, takes_form
from circle.points import operations, queries
from circle.points.ladder import EXTRAS, MAX_LEVELS, NUMBERS, RIGHTS, Privileges
from circle.points.ladder_checks import PRIVILEGE_BOUNDS, checked_levels
from circle.points.manage_schemas import LevelsForm, LevelsInput
from circle.points.queries import LevelCount, LevelSettings
from circle.points.web.blueprint import bp
from circle.points.web.rows import loaded, number, renamed

_AMOUNTS = ("growth_min", "keep_min", "gift_points")
_TYPED = NUMBERS + EXTRAS
#: rows that wait to be filled in under those there are
_SPARE = 2


def _stored(current: LevelSettings) -> dict[str, Any]:
    """The levels in force, as the form would send them."""
    cells: dict[str, Any] = {"version": current.version}
    usual = Privileges()
    for place, level in enumerate(current.levels):
        cells[f"levels.{place}.name"] = level.name
        cells |= {f"levels.{place}.{name}": getattr(level, name) for name in _AMOUNTS}
        cells |= {f"levels.{place}.privileges.{name}": level.privileges.get(name, "") for name in _TYPED}
        for name in RIGHTS:
            if level.privileges.get(name, getattr(usual, name)):
                cells[f"levels.{place}.privileges.{name}"] = "1"
    return cells


def _places(form: Mapping[str, Any]) -> list[int]:
    """The rows in which something was typed."""
    texts = ("name", *_AMOUNTS, *(f"privileges.{name}" for name in _TYPED))
    return [
        place
        for place in range(MAX_LEVELS)
        if any(str(form.get(f"levels.{place}.{name}", "")).strip() for name in texts)
    ]


def _levels_in(form: Any) -> tuple[list[dict[str, Any]], list[int]]:
    """The levels in the form, and in which rows they stand. Raises Invalid under the names of its cells."""
    places = [place for place in _places(form) if f"levels.{place}.remove" not in form]
    rows = []
    for place in places:
        row: dict[str, Any] = {"name": form.get(f"levels.{place}.name", "")}
        typed = {name: number(form.get(f"levels.{place}.{name}", "")) for name in _AMOUNTS}
        row |= {name: value for name, value in typed.items() if value is not None}
        given = {name: number(form.get(f"levels.{place}.privileges.{name}", "")) for name in _TYPED}
        row["privileges"] = {**given, **{name: f"levels.{place}.privileges.{name}" in form for name in RIGHTS}}
        rows.append(row)
    return loaded(LevelsInput(), {"levels": rows}, lambda path: _named(path, places))["levels"], places


def _named(path: str, places: list[int]) -> str:
    """`levels.<place among the levels>.…` as the form names it."""
    parts = path.split(".")
    if len(parts) < 3 or not parts[1].isdecimal():
        return ""
    return ".".join(["levels", str(places[int(parts[1])]), *parts[2:]])


def _page(slug: str, values: Mapping[str, Any] | None = None, errors: Any = None, counts: Any = None) -> Any:
    current = queries.level_settings(actor(), slug)
    shown = values or _stored(current)
    places = _places(shown)
    kept: list[LevelCount] = counts or []
    if not errors and counts is None:
        kept = queries.level_counts(current.circle, [level._asdict() for level in current.levels])
    return render_template(
        "points/_levels_desk.html" if is_htmx() and request.method == "POST" else "points/manage_levels.html",
        circle=current.circle, values=shown, errors=errors or {}, counts=kept, drafted=counts is not None,
        rows=range(min(MAX_LEVELS, max(places, default=0) + 1 + _SPARE)), bounds=PRIVILEGE_BOUNDS,
        usual_name=lambda place: level_name("", place + 1),
    )  # fmt: skip


def _again(form: Any, errors: Any, slug: str) -> Any:
    return _page(slug, form.to_dict(), errors)


@bp.get("/<slug:slug>/manage/points/levels")
@signed_in
def manage_levels(slug: str) -> Any:
    """What levels there are, what they need and allow."""
    return _page(slug)


@bp.post("/<slug:slug>/manage/points/levels/try")
@signed_in
@limited("manage")
@takes_form(LevelsForm, again=_again)
def try_levels(_data: dict[str, Any], slug: str) -> Any:
    """The same page with how many members would be on each level; nothing is saved."""
    circle = queries.configurable(actor(), slug)
    levels, places = _levels_in(request.form)
    try:
        checked = checked_levels(levels)
    except Invalid as error:
        raise Invalid(errors=renamed(error.errors, lambda path: _named(path, places))) from None
    return _page(slug, request.form.to_dict(), counts=queries.level_counts(circle, checked))


@bp.post("/<slug:slug>/manage/points/levels")
@signed_in
@limited("manage")
@takes_form(LevelsForm, again=_again)
def save_levels(data: dict[str, Any], slug: str) -> AnyResponse:
    """Save the levels."""
    queries.configurable(actor(), slug)
    levels, places = _levels_in(request.form)
    try:
        operations.save_levels(actor(), slug, levels, **data)
    except Invalid as error:
        raise Invalid(errors=renamed(error.errors, lambda path: _named(path, places))) from None
    except PreconditionFailed:
        raise Conflict(_(
            "Somebody else changed the circle after you opened this page. Here is what you typed; "
            "open the page again to see theirs."
        )) from None  # fmt: skip
    toast = _("Saved. Whoever has the growth for a higher level rises in a moment.")
    return go(url_for("points.manage_levels", slug=slug), toast=toast)
