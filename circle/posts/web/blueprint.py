"""The blueprint that all pages of posts hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("posts", __name__)
