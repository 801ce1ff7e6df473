"""What the levels of a circle may be. Errors stand under `levels.<place>.<field>`, counted from 0 as in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from circle.core.errors import Invalid, Sentence
from circle.core.i18n import lazy
from circle.points.ladder import EXTRAS, MAX_LEVELS, NUMBERS, PRIVILEGES, RIGHTS, Privileges

NAME_MAX = 20
GROWTH_MAX = 1_000_000_000
GIFT_MAX = 100_000
#: privilege -> (least, most)
PRIVILEGE_BOUNDS: Mapping[str, tuple[int, int]] = {
    "posts_per_day": (1, 1_000),
    "images_per_post": (0, 9),
    "upload_mb": (1, 10_000),
    "makeup_cards_per_month": (0, 10),
}
_BOUNDS = {"growth_min": (0, GROWTH_MAX), "keep_min": (0, GROWTH_MAX), "gift_points": (0, GIFT_MAX)}
_FEWER: Mapping[str, Sentence] = {
    "posts_per_day": lazy("A higher level may not allow fewer posts than the one below."),
    "images_per_post": lazy("A higher level may not allow fewer pictures than the one below."),
    "upload_mb": lazy("A higher level may not allow smaller files than the one below."),
    "makeup_cards_per_month": lazy("A higher level may not give fewer make-up cards than the one below."),
    "can_video": lazy("The level below allows this, so this one has to."),
    "can_create_topic": lazy("The level below allows this, so this one has to."),
}

Errors = dict[str, list[Sentence]]


def checked_levels(levels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The levels as `Circle.levels` keeps them, lowest first. Raises Invalid.

    Growth rises strictly from 0, and no level allows less than one below it (V6).
    """
    if not 1 <= len(levels) <= MAX_LEVELS:
        raise Invalid(errors={"levels": [lazy("Between 1 and %(most)s levels, please.", most=MAX_LEVELS)]})
    errors: Errors = {}
    made = [_level(number, each, errors) for number, each in enumerate(levels)]
    if not errors:
        _check_order(made, errors)
        _check_names(made, errors)
        for number in range(1, len(made)):
            _check_monotone(number, made[number - 1]["privileges"], made[number]["privileges"], errors)
    if errors:
        raise Invalid(errors=errors)
    return made


def _level(number: int, given: Mapping[str, Any], errors: Errors) -> dict[str, Any]:
    made = {
        "name": given.get("name") or "",
        "growth_min": given.get("growth_min", 0),
        "keep_min": given.get("keep_min") or 0,
        "gift_points": given.get("gift_points") or 0,
        "privileges": _privileges(number, given.get("privileges") or {}, errors),
    }
    if given.get("level") not in (None, number + 1):
        errors[f"levels.{number}.level"] = [lazy("Levels are numbered from 1, in order.")]
    if len(made["name"]) > NAME_MAX:
        errors[f"levels.{number}.name"] = [lazy("At most %(most)s characters.", most=NAME_MAX)]
    for name, (least, most) in _BOUNDS.items():
        if not least <= made[name] <= most:
            errors[f"levels.{number}.{name}"] = [_between(least, most)]
    if number == 0:
        for name, sentence in (
            ("growth_min", lazy("The first level begins at 0, or nobody would be on it.")),
            ("keep_min", lazy("The first level is kept without doing anything: 0, please.")),
            ("gift_points", lazy("Nobody rises to the first level, so it has no gift: 0, please.")),
        ):
            if made[name]:
                errors[f"levels.0.{name}"] = [sentence]
    return made


def _privileges(number: int, given: Mapping[str, Any], errors: Errors) -> dict[str, Any]:
    made = {name: given[name] for name in PRIVILEGES if given.get(name) is not None}
    for name in given.keys() - set(PRIVILEGES):
        errors[f"levels.{number}.privileges.{name}"] = [lazy("This field is not known here.")]
    for name in {*NUMBERS, *EXTRAS} & made.keys():
        least, most = PRIVILEGE_BOUNDS[name]
        if not least <= made[name] <= most:
            errors[f"levels.{number}.privileges.{name}"] = [_between(least, most)]
    return made


def _between(least: int, most: int) -> Sentence:
    return lazy("Between %(least)s and %(most)s, please.", least=least, most=most)


def _check_order(made: Sequence[Mapping[str, Any]], errors: Errors) -> None:
    for number in range(1, len(made)):
        below = made[number - 1]["growth_min"]
        if made[number]["growth_min"] <= below:
            sentence = lazy("This must be more than the level below needs (%(growth)s).", growth=below)
            errors[f"levels.{number}.growth_min"] = [sentence]


def _check_names(made: Sequence[Mapping[str, Any]], errors: Errors) -> None:
    seen: set[str] = set()
    for number, each in enumerate(made):
        name = each["name"].casefold()
        if name and name in seen:
            errors[f"levels.{number}.name"] = [lazy("Another level has this name.")]
        seen.add(name)


def _check_monotone(number: int, below: Mapping[str, Any], here: Mapping[str, Any], errors: Errors) -> None:
    """A number that is not named is not limited, of what comes on top it is none; a right that is not named is as it
    usually is."""
    usual = Privileges()
    for name in NUMBERS:
        lower, upper = below.get(name), here.get(name)
        if upper is not None and (lower is None or upper < lower):
            errors[f"levels.{number}.privileges.{name}"] = [_FEWER[name]]
    for name in EXTRAS:
        if (here.get(name) or 0) < (below.get(name) or 0):
            errors[f"levels.{number}.privileges.{name}"] = [_FEWER[name]]
    for name in RIGHTS:
        if below.get(name, getattr(usual, name)) and not here.get(name, getattr(usual, name)):
            errors[f"levels.{number}.privileges.{name}"] = [_FEWER[name]]
