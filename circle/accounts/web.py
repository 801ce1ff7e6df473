"""Pages of accounts."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)


def load_browser_user(token: str) -> None:
    return None
