"""What the owner may write into the rules of earning: which numbers each rule has, and how large they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from circle.core.errors import Invalid, PreconditionFailed, Sentence
from circle.core.i18n import lazy
from circle.points.catalog import CODES, EVERYTHING, RULES

AMOUNT_MAX = 10_000
COUNT_MAX = 1_000
POINT_CAP_MAX = 1_000_000
LENGTH_MAX = 2_000
EXPIRIES = ("next_year", "never")


class Rule(NamedTuple):
    """What something earns, without its history. None: no such cap."""

    points: int = 0
    growth: int = 0
    daily_count_cap: int | None = None
    daily_point_cap: int | None = None
    weekly_point_cap: int | None = None
    giver_daily_cap: int | None = None
    min_len: int | None = None
    enabled: bool = True


#: field -> (least, most)
BOUNDS: Mapping[str, tuple[int, int]] = {
    "points": (0, AMOUNT_MAX),
    "growth": (0, AMOUNT_MAX),
    "daily_count_cap": (1, COUNT_MAX),
    "daily_point_cap": (1, POINT_CAP_MAX),
    "weekly_point_cap": (1, POINT_CAP_MAX),
    "giver_daily_cap": (1, COUNT_MAX),
    "min_len": (1, LENGTH_MAX),
}
#: these are numbers in every rule; all others may be left empty
AMOUNTS = ("points", "growth")
_CAPS = ("daily_count_cap", "daily_point_cap", "weekly_point_cap")
_WRITTEN = (*AMOUNTS, *_CAPS, "min_len")
#: code -> the fields that mean something there
FIELDS: Mapping[str, tuple[str, ...]] = {
    "post.text": _WRITTEN,
    "post.media": _WRITTEN,
    "comment": _WRITTEN,
    "like.received": (*AMOUNTS, *_CAPS, "giver_daily_cap"),
    "answer": _WRITTEN,
    "answer.accepted": (*AMOUNTS, *_CAPS),
    "checkin": (*AMOUNTS, *_CAPS),
    "content.featured": (*AMOUNTS, *_CAPS),
    EVERYTHING: ("daily_point_cap", "weekly_point_cap"),
}


def usual_rules() -> dict[str, Rule]:
    """The rules that a circle begins with."""
    return {code: Rule(**rule._asdict()) for code, rule in RULES.items()}


def drafted(rules: Sequence[Mapping[str, Any]]) -> dict[str, Rule]:
    """What was sent, as rules by code. Raises Invalid by `code.field` for what a rule cannot hold.

    A cap that is absent is no cap; a rule is on unless it says otherwise.
    """
    errors: dict[str, list[Sentence]] = {}
    made: dict[str, Rule] = {}
    for values in rules:
        code = values.get("code")
        if code not in CODES:
            errors.setdefault("code", []).append(lazy("There is no such rule."))
            continue
        if code in made:
            errors.setdefault("code", []).append(lazy("This rule is named twice."))
            continue
        given = {name: values[name] for name in Rule._fields if values.get(name) is not None}
        rule = made[code] = Rule(**given)
        for name, sentence in _wrong(code, rule).items():
            errors[f"{code}.{name}"] = [sentence]
    if errors:
        raise Invalid(errors=errors)
    return made


def _wrong(code: str, rule: Rule) -> dict[str, Sentence]:
    wrong: dict[str, Sentence] = {}
    for name, (least, most) in BOUNDS.items():
        value = getattr(rule, name)
        if name not in FIELDS[code]:
            if value:
                wrong[name] = lazy("This rule has no such number.")
        elif value is not None and not least <= value <= most:
            wrong[name] = lazy("Between %(least)s and %(most)s, please.", least=least, most=most)
    return wrong


def check_expiry(expiry: str) -> None:
    """Raises Invalid on `expiry` for a word that is not known."""
    if expiry not in EXPIRIES:
        raise Invalid(errors={"expiry": [lazy("This is not valid here.")]})


def state_of(versions: Sequence[int], expiry: str) -> int:
    """A number that is another one as soon as any rule or the expiry is: what an editor says it started from."""
    return 2 * sum(versions) + (expiry == "never")


def check_state(given: int | None, now: int) -> None:
    """Raises PreconditionFailed when somebody else changed the rules since this editor read them."""
    if given is not None and given != now:
        raise PreconditionFailed
