"""The blueprint of the pages of questions and answers."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("qa", __name__)
