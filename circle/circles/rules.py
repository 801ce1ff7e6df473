"""What a circle, its members and its invites may be. Sentences are for members."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from circle.accounts.usernames import check_slug
from circle.circles.models import Circle, Invite
from circle.core import clock
from circle.core.errors import Invalid, Refused, Sentence
from circle.core.i18n import lazy

NAME_MAX = 40
INTRO_MAX = 200
SLUG_MAX = 40
QUESTIONS_MAX = 5
QUESTION_MAX = 100
ANSWER_MAX = 500
PASSPHRASE_MIN = 2
PASSPHRASE_MAX = 64
REASON_MAX = 200
INVITE_USES_MAX = 10_000

VISIBILITIES = ("public", "private")
JOIN_MODES = ("open", "application", "passphrase", "invite")
ACCENTS = ("persimmon", "pine", "indigo", "plum")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,32}")
#: what an owner can make of a member; ownership itself is handed over
GIVEN_ROLES = ("admin", "moderator", "expert", "member")

_SLUG_SENTENCES: dict[str, Sentence] = {
    "too_short": lazy("An address has at least 3 characters."),
    "too_long": lazy("An address has at most 40 characters."),
    "charset": lazy("An address holds a to z, 0 to 9 and single hyphens inside, and not digits only."),
    "reserved": lazy("This address is kept for the site. Please choose another."),
}


def slug_of(raw: str) -> str:
    """The address as it will be kept. Raises Invalid on the field `slug`."""
    try:
        return check_slug(raw)
    except ValueError as error:
        raise Invalid(errors={"slug": [_SLUG_SENTENCES[str(error)]]}) from None


def slug_taken() -> Invalid:
    """The refusal of an address that another circle has."""
    return Invalid(errors={"slug": [lazy("This address is taken. Please choose another.")]})


def check_time_zone(tz: str) -> None:
    """Raises Invalid on the field `tz` unless it is a known IANA name."""
    if not clock.is_time_zone(tz):
        raise Invalid(errors={"tz": [lazy("This time zone is not known.")]})


def check_way_in(join_mode: str, passphrase_hash: str | None) -> None:
    """Raises Invalid on the field `passphrase` when people are asked for one that nobody has set."""
    if join_mode == "passphrase" and passphrase_hash is None:
        raise Invalid(errors={"passphrase": [lazy("Please set the passphrase people will be asked for.")]})


def check_answers(questions: Sequence[str], answers: Sequence[str]) -> list[dict[str, str]]:
    """Questions and answers side by side. Raises Refused ANSWERS_REQUIRED unless every question has its answer."""
    if len(answers) != len(questions) or not all(answer.strip() for answer in answers):
        raise Refused("ANSWERS_REQUIRED", lazy("Please answer every question."), field="answers")
    return [{"question": question, "answer": answer} for question, answer in zip(questions, answers, strict=True)]


def check_passphrase(circle: Circle, proof: str | None, *, given: bool) -> None:
    """`proof` is the stored hash that a passphrase was found to fit. Raises Refused PASSPHRASE_WRONG."""
    if proof is not None and proof == circle.passphrase_hash:
        return
    sentence = lazy("That is not the passphrase.") if given else lazy("Please enter the passphrase of the circle.")
    raise Refused("PASSPHRASE_WRONG", sentence, field="passphrase")


def invite_invalid() -> Refused:
    """The refusal of an invitation that is unknown, expired, used up or revoked: all alike."""
    return Refused("INVITE_INVALID", lazy("This invitation is no longer good. Please ask for a new one."))


def may_be_token(text: str) -> bool:
    """Whether this could be an invitation's token at all; anything else need not reach the database."""
    return _TOKEN.fullmatch(text) is not None


def invite_is_good(invite: Invite) -> bool:
    """Whether the link would let somebody in now."""
    return (
        invite.revoked_at is None
        and (invite.expires_at is None or invite.expires_at > clock.now())
        and (invite.max_uses is None or invite.use_count < invite.max_uses)
    )


def check_future(field: str, moment: datetime | None) -> None:
    """Raises Invalid on `field` when the moment has passed already."""
    if moment is not None and moment <= clock.now():
        raise Invalid(errors={field: [lazy("Please choose a time in the future.")]})
