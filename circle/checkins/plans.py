"""What a campaign is to be like, and what may still be changed once members have joined it. Raises; writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from circle.checkins import days, rules
from circle.checkins.days import Period
from circle.checkins.models import CADENCES, NEEDS
from circle.core import markup
from circle.core.errors import Invalid, Refused
from circle.core.i18n import LazyString, lazy

REVIEWS = ("auto", "manual")
MAX_REWARD = 10_000
MAX_PRICE = 10_000
#: a draft is shown to nobody, so a long list of levels need not be known to its bounds
_LEVELS = 100
#: what each number may be
BOUNDS: dict[str, tuple[int, int]] = {
    "win_start_min": (0, days.DAY - 1),
    "win_end_min": (1, 2 * days.DAY - 1),
    "min_len": (0, 2_000),
    "min_images": (0, 9),
    "need_n": (1, days.MAX_PERIODS),
    "free_cards": (0, rules.MAX_CARDS),
    "card_price": (0, MAX_PRICE),
    "card_limit": (0, rules.MAX_CARDS),
    "lookback": (0, days.MAX_PERIODS),
    "level_min": (1, _LEVELS),
    "reward_points": (0, MAX_REWARD),
    "reward_growth": (0, MAX_REWARD),
    "team_points": (0, MAX_REWARD),
    "team_growth": (0, MAX_REWARD),
}
#: far from where the arithmetic of days ends
_EARLIEST, _LATEST = date(2000, 1, 1), date(2099, 12, 31)
_WORDS = {"cadence": CADENCES, "need_type": NEEDS, "review": REVIEWS}


@dataclass(frozen=True)
class Plan:
    """What a campaign is to be like; the names and meanings are those of the columns of Campaign."""

    title: str
    start_date: date
    end_date: date
    intro: str = ""
    intro_html: str = ""
    prompts: tuple[str, ...] = ()
    topic_id: int | None = None
    cadence: str = "daily"
    win_start_min: int = 0
    win_end_min: int = days.DAY
    min_len: int = 0
    min_images: int = 0
    audio: bool = False
    review: str = "auto"
    need_type: str = "count"
    need_n: int = 5
    free_cards: int = 1
    card_price: int = 0
    card_limit: int = 2
    lookback: int = 3
    late_join_until: date | None = None
    level_min: int = 1
    reward_points: int = 0
    reward_growth: int = 0
    teams: bool = False
    team_points: int = 0
    team_growth: int = 0

    @classmethod
    def of(cls, campaign: Any) -> Plan:
        """That of a campaign as it is stored."""
        values = {field.name: getattr(campaign, field.name) for field in fields(cls)}
        return cls(**{**values, "prompts": tuple(values["prompts"])})

    def periods(self, tz: str) -> list[Period]:
        """The periods that publishing it would fix."""
        window = {"win_start_min": self.win_start_min, "win_end_min": self.win_end_min}
        return days.periods_of(self.cadence, self.start_date, self.end_date, tz, **window)

    def values(self) -> dict[str, Any]:
        """As columns of Campaign."""
        return {**self.__dict__, "prompts": list(self.prompts)}


NAMES = tuple(field.name for field in fields(Plan))


def planned(**values: Any) -> Plan:
    """The plan with these values and its introduction as HTML: slow, so to be made before the transaction."""
    return Plan(**{**values, "prompts": tuple(values.get("prompts", ()))}, intro_html=as_html(values.get("intro", "")))


def as_html(intro: str) -> str:
    """An introduction as safe HTML."""
    return markup.render(intro) if intro.strip() else ""


# ---- what a draft must be like already -------------------------------------------------------------------------------


def check_plan(plan: Plan, *, levels: int) -> None:
    """What holds for a draft already; `levels` is how many the circle has. Raises Invalid with every field that is
    wrong."""
    errors: dict[str, list[Any]] = {}
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(plan, name) <= most:
            errors[name] = [lazy("Between %(least)s and %(most)s, please.", least=least, most=most)]
    for name, words in _WORDS.items():
        if getattr(plan, name) not in words:
            errors[name] = [lazy("This is not valid here.")]
    errors |= _wrong_texts(plan) | _wrong_days(plan) | _wrong_content(plan)
    if plan.level_min > levels:
        errors["level_min"] = [lazy("There is no such level in this circle.")]
    if errors:
        raise Invalid(errors=errors)


def _wrong_texts(plan: Plan) -> dict[str, list[Any]]:
    errors: dict[str, list[Any]] = {}
    if not 1 <= len(plan.title.strip()) <= rules.MAX_TITLE:
        errors["title"] = [lazy("Between %(least)s and %(most)s characters, please.", least=1, most=rules.MAX_TITLE)]
    if len(plan.intro) > rules.MAX_INTRO:
        errors["intro"] = [lazy("At most %(most)s characters, please.", most=rules.MAX_INTRO)]
    if len(plan.prompts) > days.MAX_PERIODS:
        errors["prompts"] = [lazy("There are more prompts than days.")]
    for number, prompt in enumerate(plan.prompts, 1):
        if len(prompt) > rules.MAX_PROMPT:
            errors["prompts"] = [
                lazy("Prompt %(number)s is longer than %(most)s characters.", number=number, most=rules.MAX_PROMPT)
            ]
            break
    return errors


def _wrong_days(plan: Plan) -> dict[str, list[Any]]:
    errors: dict[str, list[Any]] = {}
    for name in ("start_date", "end_date", "late_join_until"):
        day = getattr(plan, name)
        if day is not None and not _EARLIEST <= day <= _LATEST:
            return {name: [lazy("Choose a day of this century.")]}
    if plan.end_date < plan.start_date:
        errors["end_date"] = [lazy("It ends before it begins.")]
    elif (plan.end_date - plan.start_date).days >= days.MAX_PERIODS:
        errors["end_date"] = [lazy("A campaign lasts a year at most.")]
    start, end = plan.win_start_min, plan.win_end_min
    if not (0 <= start < days.DAY and start < end <= start + days.DAY):
        errors["win_end_min"] = [lazy("The window ends after it begins, within a day.")]
    if plan.late_join_until is not None and not plan.start_date <= plan.late_join_until <= plan.end_date:
        errors["late_join_until"] = [lazy("Choose a day from the first to the last one.")]
    return errors


def _wrong_content(plan: Plan) -> dict[str, list[Any]]:
    errors: dict[str, list[Any]] = {}
    if plan.min_images and plan.audio:
        errors["audio"] = [lazy("A post has pictures or a voice note, not both.")]
    if plan.card_price and not plan.card_limit:
        errors["card_limit"] = [lazy("Cards that are for sale need a limit of one or more.")]
    return errors


# ---- what may be changed later ---------------------------------------------------------------------------------------

#: what members have joined for stays; so much may be written anew
FREE = ("title", "intro", "intro_html", "prompts", "topic_id")


def _no_more(before: Any, after: Any) -> bool:
    return bool(after <= before)


def _no_less(before: Any, after: Any) -> bool:
    return bool(after >= before)


def _price(before: int, after: int) -> bool:
    """For sale at last, or for less."""
    return before == 0 or 0 < after <= before


def _dropped(before: bool, after: bool) -> bool:
    return before and not after


def _at_once(before: str, after: str) -> bool:
    return before == "manual" and after == "auto"


_MUST_STAY = lazy("This stays as it was when the campaign was published.")
_ONLY_LESS = lazy("After publishing, members may be asked for less, not for more.")
_ONLY_MORE = lazy("After publishing this may be raised, not lowered.")
_ONLY_CHEAPER = lazy("After publishing a card may get cheaper, not dearer.")
_ONLY_LATER = lazy("After publishing this day may be put off, not brought forward.")
_ONLY_AT_ONCE = lazy("After publishing check-ins may count at once, but not have to wait for a reviewer.")
#: what may be changed for the better of those who take part, and what is said otherwise
_KINDER: dict[str, tuple[Callable[[Any, Any], bool], LazyString]] = {
    "min_len": (_no_more, _ONLY_LESS),
    "min_images": (_no_more, _ONLY_LESS),
    "audio": (_dropped, _ONLY_LESS),
    "review": (_at_once, _ONLY_AT_ONCE),
    "free_cards": (_no_less, _ONLY_MORE),
    "card_price": (_price, _ONLY_CHEAPER),
    "card_limit": (_no_less, _ONLY_MORE),
    "lookback": (_no_less, _ONLY_MORE),
    "reward_points": (_no_less, _ONLY_MORE),
    "reward_growth": (_no_less, _ONLY_MORE),
    "team_points": (_no_less, _ONLY_MORE),
    "team_growth": (_no_less, _ONLY_MORE),
}
#: what an editor of a published campaign may offer at all
CHANGEABLE = (*(name for name in FREE if name != "intro_html"), *_KINDER, "late_join_until")


def check_change(before: Plan, after: Plan, *, join_before: datetime | None, join_after: datetime | None) -> None:
    """A published campaign stays what members have joined, or gets kinder. Raises Refused CAMPAIGN_LOCKED with the
    first field that does not.

    One may join until `join_before` now, also where no day was set, and until `join_after` then.
    """
    for name in NAMES:
        old, new = getattr(before, name), getattr(after, name)
        if old == new or name in FREE:
            continue
        if name == "late_join_until":
            if join_after is None or (join_before is not None and join_after < join_before):
                raise _locked(name, _ONLY_LATER)
            continue
        kinder, sentence = _KINDER.get(name, (None, _MUST_STAY))
        if kinder is None or not kinder(old, new):
            raise _locked(name, sentence)


def _locked(name: str, sentence: LazyString) -> Refused:
    return Refused("CAMPAIGN_LOCKED", sentence, field=name)
