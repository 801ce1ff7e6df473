"""Pages for everybody: the rules of the site, and what it keeps; and agreeing to both."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template
from flask_babel import format_date
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import operations
from circle.accounts.papers import PAPERS
from circle.accounts.schemas import NextForm
from circle.accounts.web.blueprint import bp, target_of
from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form


@bp.get("/terms")
def terms() -> str:
    """The rules of the site."""
    return render_template("accounts/terms.html", published=_day("terms"))


@bp.get("/privacy")
def privacy() -> str:
    """What is kept of people, and why."""
    return render_template("accounts/privacy.html", published=_day("privacy"))


def _day(doc: str) -> str:
    return str(format_date(date.fromisoformat(PAPERS[doc]), "long"))


@bp.post("/settings/agree")
@signed_in
@limited("settings")
@takes_form(NextForm, again=lambda _values, _errors: terms())
def agree(data: dict[str, Any]) -> AnyResponse:
    """Agree to the papers as they read now."""
    operations.agree(actor())
    return go(target_of(data), toast=_("Thank you."))
