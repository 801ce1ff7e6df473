"""The blueprint of the pages of points."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("points", __name__)
