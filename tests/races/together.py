"""Let several people do something in the same moment: real threads, each with its own database session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import TypeVar

from flask import Flask

from circle.core.db import db

T = TypeVar("T")
PATIENCE = 60


def together(app: Flask, acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all `acts` at once and return what each gave or raised, in their order.

    The caller's own snapshot ends, so that it sees afterwards what the threads wrote.
    """
    db.session.rollback()
    gate = threading.Barrier(len(acts))
    outcomes: list[T | Exception | None] = [None] * len(acts)

    def run(number: int, act: Callable[[], T]) -> None:
        with app.app_context():
            gate.wait(PATIENCE)
            try:
                outcomes[number] = act()
            except Exception as error:
                outcomes[number] = error
            finally:
                db.session.remove()

    # an empty context: a thread must not inherit the test's application context, whose session is the test's
    threads = [
        threading.Thread(target=Context().run, args=(run, number, act), daemon=True) for number, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return outcomes  # type: ignore[return-value]


def all_well(outcomes: Sequence[T | Exception]) -> list[T]:
    """The outcomes, none of which may be an error: no "database is locked", no deadlock."""
    wrong = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert not wrong, wrong
    return list(outcomes)  # type: ignore[arg-type]
