"""What happens to points, in words of the reader's language: kinds of entries, rules, caps, what a level allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from circle.core.i18n import LazyString, _, lazy, ngettext
from circle.points.catalog import name_of
from circle.points.ladder import PRIVILEGES

#: filters of a statement -> the first words of the kinds they show
GROUPS: Mapping[str, tuple[str, ...]] = {
    "earned": ("earn", "again"),
    "rewards": ("task", "gift"),
    "taken": ("unearn",),
    "spent": ("spend", "refund"),
    "expired": ("expire", "forfeit", "growth"),
    "adjusted": ("adjust",),
}
GROUP_NAMES: Mapping[str, LazyString] = {
    "earned": lazy("Earned"),
    "rewards": lazy("Tasks and gifts"),
    "taken": lazy("Taken back"),
    "spent": lazy("Spent"),
    "expired": lazy("Run out"),
    "adjusted": lazy("Adjusted by hand"),
}
#: first words of kinds that only ever give or only ever take; others go both ways
SIGNS: Mapping[str, int] = {
    "earn": 1, "again": 1, "task": 1, "gift": 1, "refund": 1, "unearn": -1, "spend": -1, "expire": -1, "forfeit": -1,
}  # fmt: skip

_KINDS: Mapping[str, LazyString] = {
    "task": lazy("Task finished"),
    "gift": lazy("Gift for a new level"),
    "spend": lazy("Spent"),
    "refund": lazy("Given back"),
    "expire": lazy("Points ran out"),
    "forfeit": lazy("Let go after leaving"),
    "growth": lazy("Yearly review of the level"),
    "adjust": lazy("Adjusted by hand"),
}
#: what is paid for, and given back, with points
_PAID: Mapping[str, LazyString] = {"makeup_card": lazy("Make-up card")}
_ICONS: Mapping[str, str] = {
    "task": "circle-check", "gift": "gift", "spend": "ticket", "refund": "rotate-ccw", "expire": "hourglass",
    "forfeit": "log-out", "growth": "chart-no-axes-column", "unearn": "rotate-ccw", "again": "refresh-cw",
    "adjust": "hand",
    "post.text": "pencil-line", "post.media": "image", "comment": "message-circle", "like.received": "heart",
    "answer": "message-circle-reply", "answer.accepted": "badge-check", "content.featured": "sparkles",
    "checkin": "calendar-check", "campaign": "trophy", "campaign.team": "users",
}  # fmt: skip


def first_word(kind: str) -> str:
    """earn of earn.post.text."""
    return kind.partition(".")[0]


def kind_title(kind: str) -> str:
    """What an entry of this kind is called."""
    word, _dot, code = kind.partition(".")
    what = name_of(code)
    if word == "earn" and code:
        return what
    if word == "unearn":
        return str(_("Taken back: %(what)s", what=what))
    if word == "again":
        return str(_("Given again: %(what)s", what=what))
    if word in {"spend", "refund"} and code in _PAID:
        paid = str(_PAID[code])
        return paid if word == "spend" else str(_("Given back: %(what)s", what=paid))
    if kind == "adjust.undo":
        return str(_("Adjustment undone"))
    return str(_KINDS.get(word, _("Booking")))


def gift_title(level_name: str) -> str:
    """What the gift of a level is called."""
    return str(_("Gift for reaching %(level)s", level=level_name))


def kind_icon(kind: str) -> str:
    """The sign of an entry of this kind."""
    word, _dot, code = kind.partition(".")
    return _ICONS.get(code if word == "earn" else word, "coins")


def amount(points: int, growth: int) -> str:
    """2 points and 2 growth; empty for nothing."""
    said = []
    if points:
        said.append(ngettext("%(num)s point", "%(num)s points", points))
    if growth:
        said.append(_("%(num)s growth", num=growth))
    return _("%(one)s and %(other)s", one=said[0], other=said[1]) if len(said) == 2 else "".join(said)


class Capped(Protocol):
    """The numbers of a rule."""

    @property
    def daily_count_cap(self) -> int | None: ...
    @property
    def daily_point_cap(self) -> int | None: ...
    @property
    def weekly_point_cap(self) -> int | None: ...
    @property
    def giver_daily_cap(self) -> int | None: ...
    @property
    def min_len(self) -> int | None: ...


def _cap_sentences() -> Mapping[str, Callable[[int], str]]:
    return {
        "daily_count_cap": lambda n: ngettext("at most %(num)s time a day", "at most %(num)s times a day", n),
        "giver_daily_cap": lambda n: ngettext(
            "from the same person at most %(num)s time a day", "from the same person at most %(num)s times a day", n
        ),
        "daily_point_cap": lambda n: ngettext("at most %(num)s point a day", "at most %(num)s points a day", n),
        "weekly_point_cap": lambda n: ngettext("at most %(num)s point a week", "at most %(num)s points a week", n),
        "min_len": lambda n: ngettext("from %(num)s character on", "from %(num)s characters on", n),
    }


def caps(rule: Capped) -> list[str]:
    """How often, how much and from what length on a rule gives, each as a few words."""
    return [
        say(getattr(rule, name)) for name, say in _cap_sentences().items() if getattr(rule, name) is not None
    ]  # fmt: skip


def privileges(given: Mapping[str, Any]) -> list[str]:
    """What a level allows, each as a few words; what it does not is left out."""
    return list(_privileges(given))


def _privileges(given: Mapping[str, Any]) -> Iterator[str]:
    for name in PRIVILEGES:
        value = given.get(name)
        if not value:
            continue
        if name == "posts_per_day":
            yield ngettext("%(num)s post a day", "%(num)s posts a day", value)
        elif name == "images_per_post":
            yield ngettext("%(num)s picture in a post", "%(num)s pictures in a post", value)
        elif name == "upload_mb":
            yield _("files of up to %(num)s MB", num=value)
        elif name == "makeup_cards_per_month":
            yield ngettext("%(num)s more make-up card a month", "%(num)s more make-up cards a month", value)
        elif name == "can_video":
            yield _("may share videos")
        elif name == "can_create_topic":
            yield _("may open topics")
