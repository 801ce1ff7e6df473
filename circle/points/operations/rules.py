"""Changing what something earns. What was given stays; a changed rule is a new version of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from circle.access import Actor, Permission
from circle.circles.operations.common import allowed, lock_circle
from circle.core import audit, clock
from circle.core.db import db
from circle.core.operation import operation
from circle.points.catalog import CODES
from circle.points.earn_rules import Rule, check_expiry, check_state, drafted, state_of
from circle.points.models import EarnRule
from circle.points.operations.beginning import begin_rules


@operation
def save_rules(
    actor: Actor,
    slug: str,
    rules: Sequence[Mapping[str, Any]],
    *,
    expiry: str | None = None,
    version: int | None = None,
) -> bool:
    """Write the rules that are named, and when points run out; what is not named stays. Returns whether that was new.

    Each rule is named whole: a cap that it lacks is no cap. `version` is that of `queries.earn_rules` from which the
    editor started. Raises Invalid by `code.field` or on `expiry`, PreconditionFailed when somebody changed them since.
    """
    circle = lock_circle(slug)
    allowed(actor, circle, Permission.POINTS_CONFIGURE)
    wanted = drafted(rules)
    begin_rules(circle.id)
    current = {
        row.code: row
        for row in db.session.scalars(
            select(EarnRule)
            .where(EarnRule.circle_id == circle.id, EarnRule.replaced_at.is_(None), EarnRule.code.in_(CODES))
            .execution_options(populate_existing=True)
        )
    }
    check_state(version, state_of([row.version for row in current.values()], circle.points_expiry))
    changed = {code: rule for code, rule in wanted.items() if _values(current[code]) != rule}
    for code, rule in changed.items():
        _replace(actor, current[code], rule)
    said: dict[str, Any] = {code: _said(_values(current[code]), rule) for code, rule in changed.items()}
    if expiry is not None and expiry != circle.points_expiry:
        check_expiry(expiry)
        said["expiry"] = [circle.points_expiry, expiry]
        circle.points_expiry = expiry
    if said:
        audit.record(actor, "points.rules", f"circle:{circle.id}", said, circle_id=circle.id)
    return bool(said)


def _values(row: EarnRule) -> Rule:
    return Rule(**{name: getattr(row, name) for name in Rule._fields})


def _said(before: Rule, after: Rule) -> dict[str, list[Any]]:
    pairs = zip(Rule._fields, before, after, strict=True)
    return {name: [old, new] for name, old, new in pairs if old != new}


def _replace(actor: Actor, row: EarnRule, rule: Rule) -> None:
    """End a version and begin the next one; whoever earns in this moment gets the one or the other."""
    row.replaced_at = clock.now()
    db.session.flush()  # there is one current version at a time
    following = EarnRule(
        circle_id=row.circle_id, code=row.code, version=row.version + 1, created_by=actor.id, **rule._asdict()
    )
    db.session.add(following)
    db.session.flush()
