"""Questions and answers once more, in plain Python and after the domain specification (§6): what the operations are
held to.

Every act answers with the code of the refusal that is due, or "" when it was done. Time is a plain datetime, days are
those of Shanghai. It knows nothing of rows, locks and switches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

TZ = ZoneInfo("Asia/Shanghai")
AMOUNTS = {"answer": 3, "answer.accepted": 20}
TIMES_A_DAY = 5
CHANGE_FOR, SELF_AFTER = timedelta(days=7), timedelta(hours=48)


def wilson(up: int, down: int) -> int:
    """The formula of §6 as it is written there, with sixty digits."""
    n = up + down
    if not n:
        return 0
    with localcontext() as context:
        context.prec = 60
        z, p = Decimal("1.281551565545"), Decimal(up) / n
        bound = p + z * z / (2 * n) - z * ((p * (1 - p) + z * z / (4 * n)) / n).sqrt()
        return int(1_000_000 * bound / (1 + z * z / n))


@dataclass
class Answered:
    """An answer. `was` says that it was accepted when it was hidden."""

    question: int
    author: str
    created_at: datetime
    status: str = "published"
    votes: dict[str, int] = field(default_factory=dict)
    accepted: bool = False
    was: bool = False

    @property
    def up(self) -> int:
        return sum(value > 0 for value in self.votes.values())

    @property
    def down(self) -> int:
        return sum(value < 0 for value in self.votes.values())


@dataclass
class Asked:
    """A question. `shown` is the status of its post."""

    asker: str
    at: datetime
    shown: str = "published"
    status: str = "open"
    closed_by: str | None = None
    of: int | None = None
    first_accepted: datetime | None = None
    version: int = 1


@dataclass
class Earned:
    """What a source gives while it is on: decided the first time, for ever."""

    amount: int
    on: bool


class Model:
    """All questions of a circle with one owner, `moderators`, and people some of whom may vote against."""

    def __init__(self, *, moderators: Iterable[str], voters_down: Iterable[str]) -> None:
        self.moderators, self.voters_down = frozenset(moderators), frozenset(voters_down)
        self.questions: dict[int, Asked] = {}
        self.answers: dict[int, Answered] = {}
        self.earned: dict[str, Earned] = {}
        self.times: Counter[tuple[str, str, str]] = Counter()

    # ---- reading -----------------------------------------------------------------------------------------------------

    def visible(self, question: int) -> dict[int, Answered]:
        return {
            key: each for key, each in self.answers.items()
            if each.question == question and each.status == "published"
        }  # fmt: skip

    def accepted(self, question: int) -> int | None:
        return next((key for key, each in self.visible(question).items() if each.accepted), None)

    def by_others(self, question: int) -> int:
        asker = self.questions[question].asker
        return sum(each.author != asker for each in self.visible(question).values())

    def duplicates_of(self, question: int) -> list[int]:
        return [key for key, each in self.questions.items() if each.of == question]

    # ---- earning -----------------------------------------------------------------------------------------------------

    def _switch(self, source: str, rule: str, who: str, asker: str, now: datetime, *, on: bool) -> None:
        if source in self.earned:
            self.earned[source].on = on
        elif on:
            period = (who, rule, now.astimezone(TZ).date().isoformat())
            amount = AMOUNTS[rule] if who != asker and self.times[period] < TIMES_A_DAY else 0
            self.times[period] += bool(amount)
            self.earned[source] = Earned(amount, True)

    def _accept(self, key: int, now: datetime, *, on: bool) -> None:
        answer = self.answers[key]
        asked = self.questions[answer.question]
        answer.accepted = on
        asked.version += 1
        if on:
            asked.first_accepted = asked.first_accepted or now
        source = f"accept:{answer.question}:{key}"
        self._switch(source, "answer.accepted", answer.author, asked.asker, now, on=on)

    def _earn(self, key: int, now: datetime, *, on: bool) -> None:
        answer = self.answers[key]
        asker = self.questions[answer.question].asker
        self._switch(f"answer:{key}", "answer", answer.author, asker, now, on=on)

    # ---- answers -----------------------------------------------------------------------------------------------------

    def may_answer(self, who: str, question: int) -> str:
        asked = self.questions[question]
        if asked.shown != "published":
            return "NOT_FOUND"
        if asked.status != "open":
            return "QUESTION_CLOSED"
        mine = [each for each in self.answers.values() if each.question == question and each.author == who]
        return "ALREADY_ANSWERED" if any(each.status != "deleted" for each in mine) else ""

    def answer(self, who: str, question: int, key: int, now: datetime) -> None:
        self.answers[key] = Answered(question, who, now)
        self._earn(key, now, on=True)

    def _seen(self, key: int) -> bool:
        answer = self.answers[key]
        return answer.status == "published" and self.questions[answer.question].shown == "published"

    def edit(self, who: str, key: int) -> str:
        if not self._seen(key):
            return "NOT_FOUND"
        return "" if who == self.answers[key].author else "FORBIDDEN"

    def delete(self, who: str, key: int, now: datetime) -> str:
        if refused := self.edit(who, key):
            return refused
        if self.answers[key].accepted:
            return "ANSWER_ACCEPTED"
        self.answers[key].status = "deleted"
        self._earn(key, now, on=False)
        return ""

    def vote(self, who: str, key: int, value: int) -> str:
        answer = self.answers[key]
        if not self._seen(key):
            return "NOT_FOUND"
        if who == answer.author:
            return "SELF_VOTE"
        if value < 0 and who not in self.voters_down:
            return "LEVEL_TOO_LOW"
        answer.votes[who] = value
        return ""

    # ---- accepting ---------------------------------------------------------------------------------------------------

    def accept(self, who: str, question: int, key: int | None, version: int, now: datetime) -> str:
        asked, before = self.questions[question], self.accepted(question)
        if asked.shown != "published":
            return "NOT_FOUND"
        if who != asked.asker:
            return "NOT_ASKER"
        if key == before:
            return ""
        if version != asked.version:
            return "VERSION_CONFLICT"
        if before is not None and asked.first_accepted is not None and now - asked.first_accepted > CHANGE_FOR:
            return "ACCEPT_LOCKED"
        if key is not None:
            if key not in self.visible(question):
                return "NOT_FOUND"
            if self.answers[key].author == asked.asker and now - asked.at < SELF_AFTER:
                return "SELF_ACCEPT_EARLY"
        if before is not None:
            self._accept(before, now, on=False)
        if key is not None:
            self._accept(key, now, on=True)
            for each in self.answers.values():
                each.was = each.was and each.question != question
        return ""

    # ---- moderating answers (by the owner of the circle, who writes none) ----------------------------------------

    def moderate(self, key: int, act: str, now: datetime) -> str:
        answer = self.answers[key]
        if answer.status == "deleted" or self.questions[answer.question].shown == "deleted":
            return "NOT_FOUND"
        from_ = {"hide": ("published",), "restore": ("hidden",), "remove": ("published", "hidden")}[act]
        if answer.status not in from_:
            return "STATE_CONFLICT"
        if act == "restore":
            answer.status = "published"
            self._earn(key, now, on=True)
            if answer.was and self.accepted(answer.question) is None:
                self._accept(key, now, on=True)
            answer.was = False
            return ""
        was = answer.accepted
        if was:
            self._accept(key, now, on=False)
        answer.was = was and act == "hide"
        answer.status = {"hide": "hidden", "remove": "removed"}[act]
        self._earn(key, now, on=False)
        return ""

    # ---- deciding on questions ---------------------------------------------------------------------------------------

    def close(self, who: str, question: int, reason: str) -> str:
        asked = self.questions[question]
        if asked.shown != "published":
            return "NOT_FOUND"
        own = who == asked.asker
        if not own and who not in self.moderators:
            return "FORBIDDEN"
        if own and reason not in {"resolved", "other"}:
            return "CLOSE_REASON"
        if asked.status != "open":
            return "STATE_CONFLICT"
        asked.status, asked.closed_by, asked.version = "closed", who, asked.version + 1
        return ""

    def reopen(self, who: str, question: int) -> str:
        asked = self.questions[question]
        if asked.shown != "published":
            return "NOT_FOUND"
        own = who == asked.asker == asked.closed_by
        if not own and who not in self.moderators:
            return "FORBIDDEN"
        if asked.status == "open":
            return "STATE_CONFLICT"
        asked.status, asked.closed_by, asked.of, asked.version = "open", None, None, asked.version + 1
        return ""

    def duplicate(self, question: int, of: int) -> str:
        asked, target = self.questions[question], self.questions[of]
        if asked.shown != "published":
            return "NOT_FOUND"
        if asked.status != "open":
            return "STATE_CONFLICT"
        if of == question or target.shown != "published" or target.status == "duplicate":
            return "DUPLICATE_TARGET"
        for each in self.duplicates_of(question):
            self.questions[each].of = of
            self.questions[each].version += 1
        asked.status, asked.of, asked.version = "duplicate", of, asked.version + 1
        return ""

    def take_back(self, question: int) -> str:
        asked = self.questions[question]
        if asked.shown != "published":
            return "STATE_CONFLICT" if asked.shown == "hidden" else "NOT_FOUND"
        others = [each for each in self.visible(question).values() if each.author != asked.asker]
        if any(each.accepted or each.up - each.down >= 1 for each in others):
            return "QUESTION_ANSWERED"
        asked.shown = "deleted"
        return ""
