"""Reading much of a table a little at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import tuple_

from circle.core.db import db
from circle.core.operation import abandon

BATCH = 200


def batches(statement: Any, *keys: Any) -> Iterator[Sequence[Any]]:
    """The rows in the order of `keys`, which are the first columns, a few at a time and without keeping a snapshot."""
    after: Any = None
    while True:
        wanted = statement.order_by(*keys).limit(BATCH)
        if after is not None:
            wanted = wanted.where(tuple_(*keys) > tuple_(*after) if len(keys) > 1 else keys[0] > after[0])
        found = db.session.execute(wanted).all()
        if found:
            after = found[-1][: len(keys)]
            yield found
        abandon()  # only reads: a long copy must not hold up the database's own house-keeping
        if len(found) < BATCH:
            return


def rows(statement: Any, *keys: Any) -> Iterator[Any]:
    """The same, row by row."""
    for batch in batches(statement, *keys):
        yield from batch
