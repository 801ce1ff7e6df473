"""What answering, voting and accepting must be like. Raises; writes nothing. (A question itself: posts/rules.py.)"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from circle.access import Role
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
#: why whoever asked may close their question; the other reasons are judgements for moderators
OWN_CLOSE_REASONS = ("resolved", "other")
#: states of a post out of which nobody brings it back
GONE = ("deleted", "removed")
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
        raise decided_meanwhile()


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


def check_veiled(anonymous: bool, *, own: bool) -> None:
    """There is somebody to be revealed, and to somebody else. Raises Refused OWN_CONTENT, NOT_ANONYMOUS."""
    if own:
        raise Refused("OWN_CONTENT", lazy("You asked this question yourself."))
    if not anonymous:
        raise Refused("NOT_ANONYMOUS", lazy("This question shows who asked it."))


def check_close_reason(reason: str, *, own: bool) -> None:
    """Nobody judges their own question. Raises Refused CLOSE_REASON."""
    if own and reason not in OWN_CLOSE_REASONS:
        sentence = lazy("You can close your question because it is settled, or for another reason.")
        raise Refused("CLOSE_REASON", sentence, field="reason")


def check_question_status(status: str, allowed: Sequence[str]) -> None:
    """The step starts from one of `allowed`. Raises Conflict with what the question is instead."""
    if status not in allowed:
        raise Conflict(_IS[status])


_IS = {
    "open": lazy("This question is open already."),
    "closed": lazy("This question is closed. Reopen it first."),
    "duplicate": lazy("This question is marked as a duplicate. Reopen it first."),
}


def may_reopen_own(status: str, closed_by: int | None, asker_id: int | None) -> bool:
    """Whether whoever asked may reopen it: only what they closed themselves."""
    return status == "closed" and closed_by is not None and closed_by == asker_id


def decided_meanwhile() -> Conflict:
    """The refusal for deciding on what is no longer so."""
    sentence = lazy("Something was decided about this question meanwhile. Please look again.")
    return Conflict(sentence, code="VERSION_CONFLICT")


def not_an_original(why: str) -> Refused:
    """The refusal of a question that cannot be what another one repeats."""
    return Refused("DUPLICATE_TARGET", _NO_ORIGINAL[why], field="of")


_NO_ORIGINAL = {
    "itself": lazy("A question does not repeat itself. Choose another one."),
    "gone": lazy("There is no such question in this circle. Paste its address, please."),
    "duplicate": lazy("That one is a duplicate itself. Choose the question that it leads to."),
}


# ---- inviting experts --------------------------------------------------------------------------------------------

#: who may be invited to answer
INVITED_ROLES = (Role.EXPERT, Role.MODERATOR, Role.ADMIN, Role.OWNER)
#: people asked about one question, whatever became of it
MAX_INVITES = 5
#: people whom one member asks in a day of the circle
MAX_INVITES_A_DAY = 20
#: how long an invitation to answer is open
INVITE_FOR = timedelta(hours=72)


def check_not_declined(status: str) -> None:
    """Whoever would rather not is not asked again. Raises Conflict ALREADY_DECLINED."""
    if status == "declined":
        raise Conflict(lazy("They have declined already, and are not asked again."), code="ALREADY_DECLINED")


def check_not_answered(answered: bool) -> None:
    """Whoever has answered need not be asked to. Raises Refused HAS_ANSWERED."""
    if answered:
        raise Refused("HAS_ANSWERED", lazy("They have answered already."), field="user_id")


def not_invitable() -> Refused:
    """The refusal of somebody who cannot be invited. One for all reasons: which one it is would tell who has blocked
    whom."""
    return Refused("NOT_INVITABLE", lazy("This person cannot be invited to answer here."), field="user_id")


def check_invite_room(*, of_question: int, of_day: int) -> None:
    """Inviting stays a request, and no campaign. Raises Refused INVITE_LIMIT, INVITE_DAILY_LIMIT."""
    if of_question >= MAX_INVITES:
        sentence = lazy("%(number)s people were invited to this question already.", number=MAX_INVITES)
        raise Refused("INVITE_LIMIT", sentence)
    if of_day >= MAX_INVITES_A_DAY:
        sentence = lazy("You have invited %(number)s people today. Please go on tomorrow.", number=MAX_INVITES_A_DAY)
        raise Refused("INVITE_DAILY_LIMIT", sentence)


def check_invite_open(status: str, expires_at: datetime) -> None:
    """Only an open invitation can be declined. Raises Conflict INVITE_OVER."""
    if status != "invited" or expires_at <= clock.now():
        raise Conflict(lazy("This invitation is over."), code="INVITE_OVER")
