"""The address in a mail that stops such mails with one click (RFC 8058), for whoever holds the mail.

It names a person and a category (or "all") and is signed; it does nothing else, so it may be good for ever.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from circle.notifications.kinds import CATEGORIES

ALL = "all"
_LONGEST = 200


def unsubscribe_path(user_id: int, category: str) -> str:
    """The path that stops mails of a category to this person."""
    return f"/unsubscribe/{_signer().dumps([str(user_id), category])}"


def unsubscribed_by(token: str) -> tuple[int, str] | None:
    """(person, category) that the token is about; None when it is none of ours."""
    if len(token) > _LONGEST:
        return None
    try:
        user_id, category = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(user_id), category


def categories_of(category: str) -> Collection[str]:
    """The categories that a token's category means; one that is no more means none."""
    return tuple(CATEGORIES) if category == ALL else tuple({category} & set(CATEGORIES))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="circle unsubscribe")
