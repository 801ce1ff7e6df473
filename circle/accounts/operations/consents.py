"""What somebody agrees to: kept with the day of the text, never changed."""

from __future__ import annotations

from circle.accounts.models import Consent
from circle.accounts.papers import PAPERS
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import insert_once
from circle.core.errors import Unauthenticated
from circle.core.operation import operation


@operation
def agree(actor: Actor) -> None:
    """Agree to the rules and the privacy policy as they read now; doing it again changes nothing.

    Raises Unauthenticated.
    """
    if actor.id is None:
        raise Unauthenticated
    keep_consents(actor.id)


@operation
def keep_consents(user_id: int) -> None:
    """Keep that somebody agreed to both papers as they read now. Who makes an account has agreed to them."""
    for doc, version in PAPERS.items():
        insert_once(Consent, user_id=user_id, doc=doc, version=version, created_at=clock.now())
