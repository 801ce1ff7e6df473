"""The composer of a check-in as a browser meets it: for tests of its pages."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import func, select

from circle.access import Actor
from circle.core.db import db
from circle.points import operations as points
from tests.checkins.campaigning import Week


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def flash_of(browser: Any, address: str) -> str:
    """What the page says that one was sent to."""
    found = re.search(r'class="banner"[^>]*>.*?</div>', text(browser.get(address)), re.S)
    return found[0] if found else ""


def rich(week: Week, actor: Actor, amount: int) -> None:
    with week.at(0):
        points.ask_adjustment(
            week.owner, week.slug, actor.id or 0, asset="POINTS", amount=amount, reason="for the lovely meeting"
        )


def address(week: Week, rest: str = "checkin") -> str:
    return f"/{week.slug}/campaigns/{week.id}/{rest}"
