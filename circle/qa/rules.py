"""What answering, voting and accepting must be like. Raises; writes nothing. (A question itself: posts/rules.py.)"""

from __future__ import annotations

from datetime import datetime, timedelta

from circle.core import clock
from circle.core.errors import Conflict, Forbidden, Refused
from circle.core.i18n import lazy

MAX_ANSWER = 10_000
#: of an answer, on cards and in notices
EXCERPT = 140
#: votes against need a level from this one on, or a role that moderates
DOWN_LEVEL = 2
#: how long after asking one may accept one's own answer, so that others have their turn
SELF_ACCEPT_AFTER = timedelta(hours=48)
#: how long after the first acceptance it may still be changed
CHANGE_FOR = timedelta(days=7)
#: whoever asked and was not seen for so long has left the choice to the owner of the circle
ASKER_GONE_AFTER = timedelta(days=30)


def check_answer(body: str) -> None:
    """An answer says something. Raises Refused ANSWER_EMPTY."""
    if not body.strip():
        raise Refused("ANSWER_EMPTY", lazy("Write a few words first."), field="body")


def check_takes_answers(status: str) -> None:
    """The question is open. Raises Refused QUESTION_CLOSED."""
    if status == "closed":
        raise Refused("QUESTION_CLOSED", lazy("This question is closed. It takes no more answers."))
    if status == "duplicate":
        sentence = lazy("This question was asked before. Please answer there.")
        raise Refused("QUESTION_CLOSED", sentence)


def check_no_answer_yet(status: str | None) -> None:
    """One live answer per member; `status` is that of the one there is. Raises Conflict ALREADY_ANSWERED."""
    if status is None:
        return
    if status == "published":
        sentence = lazy("You have answered already. Add to your answer instead.")
    else:
        sentence = lazy("Your answer to this question is hidden by the moderators, so you cannot write another.")
    raise Conflict(sentence, code="ALREADY_ANSWERED")


def check_vote(value: int, *, own: bool, level: int, moderates: bool) -> None:
    """Nobody votes on their own answer, and votes against need standing. Raises Refused SELF_VOTE, LEVEL_TOO_LOW."""
    if own:
        raise Refused("SELF_VOTE", lazy("You cannot vote on your own answer."))
    if value < 0 and level < DOWN_LEVEL and not moderates:
        sentence = lazy("Voting against opens from level %(level)s on.", level=DOWN_LEVEL)
        raise Refused("LEVEL_TOO_LOW", sentence, field="value")


def check_version(seen: int, now: int) -> None:
    """Who decides has seen the question as it is. Raises Conflict VERSION_CONFLICT."""
    if seen != now:
        sentence = lazy("Something was decided about this question meanwhile. Please look again.")
        raise Conflict(sentence, code="VERSION_CONFLICT")


def check_change(first_accepted_at: datetime | None) -> None:
    """An accepted answer may be exchanged or let go for a week. Raises Refused ACCEPT_LOCKED."""
    if first_accepted_at is not None and clock.now() - first_accepted_at > CHANGE_FOR:
        sentence = lazy("The accepted answer could be changed for %(days)s days, which are over.", days=CHANGE_FOR.days)
        raise Refused("ACCEPT_LOCKED", sentence)


def check_self_accept(asked_at: datetime) -> None:
    """Two days go to the answers of others. Raises Refused SELF_ACCEPT_EARLY."""
    if clock.now() - asked_at < SELF_ACCEPT_AFTER:
        hours = SELF_ACCEPT_AFTER // timedelta(hours=1)
        sentence = lazy("You can accept your own answer %(hours)s hours after asking.", hours=hours)
        raise Refused("SELF_ACCEPT_EARLY", sentence)


def not_asker() -> Forbidden:
    """The refusal for accepting in the place of whoever asked."""
    return Forbidden(lazy("Only whoever asked can accept an answer."), code="NOT_ASKER")


def check_may_go(*, accepted: bool) -> None:
    """An accepted answer is what others come for. Raises Refused ANSWER_ACCEPTED."""
    if accepted:
        sentence = lazy("This answer was accepted, so it stays. You can still edit it.")
        raise Refused("ANSWER_ACCEPTED", sentence)


def check_question_may_go(*, valued: bool) -> None:
    """What others found a good answer is not taken from them by whoever asked. Raises Refused QUESTION_ANSWERED."""
    if valued:
        sentence = lazy("Others have found an answer here helpful, so this question stays. Ask a moderator.")
        raise Refused("QUESTION_ANSWERED", sentence)
