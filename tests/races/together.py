"""Let several people do something in the same moment: real threads, each with its own database session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Flask

from circle.core.db import db
from tests import patience

T = TypeVar("T")


def together(app: Flask, acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all `acts` at once and return what each gave or raised, in their order.

    The caller's own snapshot ends, so that it sees afterwards what the threads wrote.
    """
    db.session.rollback()

    def run(act: Callable[[], T]) -> T | Exception:
        with app.app_context():
            try:
                return act()
            except Exception as error:
                return error
            finally:
                db.session.remove()

    return patience.at_once(run, acts)


def all_well(outcomes: Sequence[T | Exception]) -> list[T]:
    """The outcomes, none of which may be an error: no "database is locked", no deadlock."""
    wrong = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert not wrong, wrong
    return list(outcomes)  # type: ignore[arg-type]
