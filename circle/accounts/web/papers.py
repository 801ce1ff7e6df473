"""Pages for everybody: the rules of the site, and what it keeps."""

from __future__ import annotations

from flask import render_template

from circle.accounts.web.blueprint import bp


@bp.get("/terms")
def terms() -> str:
    """The rules of the site."""
    return render_template("accounts/terms.html")


@bp.get("/privacy")
def privacy() -> str:
    """What is kept of people, and why."""
    return render_template("accounts/privacy.html")
