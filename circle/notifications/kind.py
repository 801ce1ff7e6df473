"""What a kind of notice is made of: category, sign, sentence, and where it leads. `kinds.py` has them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from circle.core.i18n import LazyString, lazy

_IN_LINK = re.compile(r"{(\w+)}")
_IN_SENTENCE = re.compile(r"%\((\w+)\)s")
#: what stands out in a sentence
_STRONG = frozenset({"name"})
#: parts of a link that come from where it happened
_OF_PLACE = frozenset({"slug", "place"})
#: categories of what is told of something inside the circle
_OF_CONTENT = frozenset({"replies", "mentions", "likes", "topics", "checkins", "reminders"})
#: what such a notice is about
_CONTENT = frozenset({"post_id", "campaign_id"})


@dataclass(frozen=True)
class Category:
    """What somebody can have told to them or not, as one choice."""

    title: LazyString
    hint: LazyString
    icon: str
    #: whether it goes out by e-mail until the person says otherwise
    mail: bool
    #: why it cannot be switched off in the inbox; None when it can
    fixed: LazyString | None = None


CATEGORIES: Mapping[str, Category] = {
    "replies": Category(
        lazy("Comments and replies"), lazy("Answers to what you wrote, and news of your posts"), "message-circle", True
    ),
    "mentions": Category(lazy("Mentions"), lazy("When somebody names you or invites you to answer"), "at-sign", True),
    "likes": Category(lazy("Likes and features"), lazy("When what you wrote pleases others"), "heart", False),
    "topics": Category(lazy("Topics you follow"), lazy("New posts there, gathered by topic"), "hash", False),
    "circle": Category(
        lazy("Circles and roles"), lazy("Applications, invitations, and your place in a circle"), "users-round", True
    ),
    "checkins": Category(
        lazy("Check-in campaigns"), lazy("New campaigns, and how it goes in those you take part in"), "calendar-check",
        True,
    ),
    "reminders": Category(
        lazy("Check-in reminders"), lazy("Before a window closes in which you have not checked in yet"), "clock", False
    ),
    "moderation": Category(
        lazy("Moderation"), lazy("When something you wrote, or you, are moderated"), "shield", True,
        fixed=lazy("You must be able to learn what was done to what you wrote, and why."),
    ),
    "account": Category(
        lazy("Account and safety"), lazy("Password, e-mail address and sign-in"), "key-round", True,
        fixed=lazy("Only so do you notice that somebody else is at your account."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """How one kind of notice is told. `tone` is "", ok or gold."""

    category: str
    icon: str
    sentence: LazyString
    #: a path with {slug} and names of `data`; None when there is nothing (more) to see
    link: str | None = None
    tone: str = ""
    #: values of `data` without which the sentence cannot be told
    needs: frozenset[str] = frozenset()
    #: other sentences for certain values of `data["role"]`
    by_role: Mapping[str, LazyString] = field(default_factory=dict)
    #: sentence and link when it is about more than one
    several: LazyString | None = None
    several_link: str | None = None
    #: sentences when the post is a question
    asked: LazyString | None = None
    asked_several: LazyString | None = None
    #: the sentence when whoever did it is not named (`by` is None)
    unnamed: LazyString | None = None

    @property
    def required(self) -> frozenset[str]:
        """Names that `data` must hold."""
        return self.needs | (frozenset(_IN_LINK.findall(self.link or "")) - _OF_PLACE)

    @property
    def of_content(self) -> bool:
        """Whether it is about what somebody may read: told only to those who still may, and gone with it."""
        return self.category in _OF_CONTENT and bool(_CONTENT & self.required)

    def _sentence(self, values: Mapping[str, Any]) -> str:
        asked = values.get("asked", False)
        if self.several is not None and values.get("count", 1) > 1:
            return str(self.asked_several if asked and self.asked_several is not None else self.several)
        if self.unnamed is not None and values.get("unnamed"):
            return str(self.unnamed)
        if self.asked is not None and asked:
            return str(self.asked)
        return str(self.by_role.get(values.get("role", ""), self.sentence))

    def told(self, values: Mapping[str, Any]) -> str:
        """The sentence in the reader's language; `values` holds name, circle, count, and what is in `data`."""
        return self._sentence(values) % values

    def pieces(self, values: Mapping[str, Any]) -> list[tuple[str, bool]]:
        """The sentence in parts, with whether each stands out."""
        parts = _IN_SENTENCE.split(self._sentence(values))
        told = [
            (str(values[part]), part in _STRONG) if number % 2 else (part.replace("%%", "%"), False)
            for number, part in enumerate(parts)
        ]
        return [piece for piece in told if piece[0]]

    def path(self, values: Mapping[str, Any]) -> str | None:
        """Where it leads; `values` holds slug, count and `data`."""
        link = self.several_link if self.several_link and values.get("count", 1) > 1 else self.link
        if link is None or ("{slug}" in link and not values.get("slug")):
            return None
        return link.format_map(values)
