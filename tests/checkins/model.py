"""A campaign once more, in plain Python and after the domain specification (§3): what the operations are held to.

Every act answers with the code of the refusal that is due, or "" when it was done. Time is a plain datetime. It knows
nothing of rows, locks and switches; streaks are cut out of a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TOTAL = 7
SETTLED_AFTER = timedelta(hours=48)
HOLDING = ("pending", "approved")


@dataclass(frozen=True)
class Terms:
    """What a campaign asks for and allows."""

    need: str = "count"
    n: int = 5
    review: str = "auto"
    cards: int = 1
    #: what the level of everybody gives each month; all of it happens in one
    of_level: int = 0
    lookback: int = 3
    #: minutes after midnight
    opens: int = 0
    closes: int = 1440


@dataclass
class Record:
    who: str
    idx: int
    source: str
    status: str
    at: datetime
    #: whether it took a card of the level
    of_level: bool = False
    #: status of its post; of a day that was given, "given"
    shown: str = "published"
    likers: set[str] = field(default_factory=set)
    #: of what is void, what it was; and whether the card of a make-up came back
    was: str = ""
    card_back: bool = False


@dataclass
class Part:
    """Somebody takes part; `kept` is what the settlement left of their days."""

    status: str = "active"
    cards: int = 0
    #: cards of the level that were used
    of_level: int = 0
    kept: tuple[int, int, int, int] | None = None
    rewarded: bool = False
    ended: str = ""


class Model:
    """A campaign of seven days from `first` (a midnight), for some of whom are `moderators`; the owner is one."""

    def __init__(self, terms: Terms, first: datetime, *, moderators: Iterable[str]) -> None:
        self.terms, self.first, self.moderators = terms, first, frozenset(moderators)
        self.parts: dict[str, Part] = {}
        self.records: dict[int, Record] = {}
        self.excused: set[int] = set()
        self.status = "published"
        self.closed_when_cancelled = 0
        #: (who, idx) -> whether what it earned stands
        self.earned: dict[tuple[str, int], bool] = {}

    # ---- time --------------------------------------------------------------------------------------------------------

    def _opens(self, idx: int) -> datetime:
        return self.first + timedelta(days=idx - 1, minutes=self.terms.opens)

    def _closes(self, idx: int) -> datetime:
        return self.first + timedelta(days=idx - 1, minutes=self.terms.closes)

    def over(self, now: datetime) -> int:
        return sum(self._closes(idx) <= now for idx in range(1, TOTAL + 1))

    def open_idx(self, now: datetime) -> int | None:
        return next((idx for idx in range(1, TOTAL + 1) if self._opens(idx) <= now < self._closes(idx)), None)

    def due(self, now: datetime) -> bool:
        return self.status == "published" and now >= self._closes(TOTAL) + SETTLED_AFTER

    # ---- days --------------------------------------------------------------------------------------------------------

    def mine(self, who: str, *statuses: str) -> list[Record]:
        return [each for each in self.records.values() if each.who == who and each.status in statuses]

    def done(self, who: str) -> set[int]:
        return {each.idx for each in self.mine(who, "approved")}

    def held(self, who: str, idx: int) -> bool:
        return any(each.idx == idx for each in self.mine(who, *HOLDING))

    def best(self, done: set[int]) -> int:
        days = range(1, TOTAL + 1)
        word = "".join("x" if idx in done else "" if idx in self.excused else "." for idx in days)
        return max(map(len, word.split(".")))

    def days(self, who: str) -> tuple[int, int, int, int]:
        """Done, on time, the best streak, likes."""
        if (kept := self.parts[who].kept) is not None:
            return kept
        approved = self.mine(who, "approved")
        on_time = sum(each.source == "normal" for each in approved)
        likes = sum(len(each.likers) for each in approved)
        return len(approved), on_time, self.best(self.done(who)), likes

    def _met(self, done: set[int], wanted: int, total: int) -> bool:
        asked = {idx for idx in range(1, total + 1) if idx not in self.excused or idx in done}
        reached = self.best(done) if self.terms.need == "streak" else len(done)
        return reached >= max(1, min(wanted, len(asked)))

    def met(self, done: set[int]) -> bool:
        return self._met(done, TOTAL if self.terms.need == "all" else self.terms.n, TOTAL)

    def _share(self, who: str) -> bool:
        over, wanted = self.closed_when_cancelled, TOTAL if self.terms.need == "all" else self.terms.n
        return over >= 1 and self._met(self.done(who), (wanted * over + TOTAL - 1) // TOTAL, over)

    def _follow(self, who: str) -> None:
        part = self.parts[who]
        if part.kept is None and part.status in {"active", "completed"}:
            part.status = "completed" if self.met(self.done(who)) else "active"
            part.rewarded = part.status == "completed"

    # ---- joining -----------------------------------------------------------------------------------------------------

    def enroll(self, who: str, now: datetime) -> str:
        part = self.parts.get(who)
        if part is not None and part.status != "withdrawn":
            return "DISQUALIFIED" if part.status == "disqualified" else ""
        if self.status != "published" or now >= self._closes(TOTAL):
            return "NOT_OPEN"
        left, needed = set(range(self.over(now) + 1, TOTAL + 1)), TOTAL if self.terms.need == "all" else self.terms.n
        had = {each.idx for each in self.mine(who, *HOLDING)}
        if (len(left) < needed) if part is None else not self.met(had | left):
            return "LATE_JOIN_CLOSED"
        if part is None:
            self.parts[who] = Part(cards=self.terms.cards)
        else:
            part.status = "active"
            self._follow(who)
        return ""

    def withdraw(self, who: str) -> str:
        part = self.parts.get(who)
        if part is None:
            return "NOT_ENROLLED"
        if part.kept is not None:
            return "CAMPAIGN_SETTLED"
        refused = {
            "disqualified": "DISQUALIFIED", "withdrawn": "NOT_ENROLLED", "completed": "ALREADY_COMPLETED"
        }.get(part.status, "")  # fmt: skip
        if not refused:
            part.status = "withdrawn"
        return refused

    # ---- checking in -------------------------------------------------------------------------------------------------

    def _may_check_in(self, who: str) -> str:
        part = self.parts.get(who)
        if part is None or part.status == "withdrawn":
            return "NOT_ENROLLED"
        if part.status == "disqualified":
            return "DISQUALIFIED"
        return "" if self.status == "published" else "WINDOW_CLOSED"

    def may_submit(self, who: str, now: datetime) -> str:
        if refused := self._may_check_in(who):
            return refused
        idx = self.open_idx(now)
        if idx is None:
            return "WINDOW_CLOSED"
        return "ALREADY_CHECKED_IN" if self.held(who, idx) else ""

    def may_make_up(self, who: str, idx: int, now: datetime) -> str:
        if refused := self._may_check_in(who):
            return refused
        if not self._opens(1) <= now < self._closes(TOTAL):
            return "WINDOW_CLOSED"
        over = self.over(now)
        if not 1 <= idx <= over or idx in self.excused or self.held(who, idx):
            return "NOT_MISSED"
        if idx <= over - self.terms.lookback:
            return "LOOKBACK_EXCEEDED"
        part = self.parts[who]
        return "" if part.cards or (self.terms.lookback and part.of_level < self.terms.of_level) else "NO_CARD"

    def check_in(self, key: int, who: str, idx: int, source: str, now: datetime) -> None:
        status = "pending" if self.terms.review == "manual" else "approved"
        part, made_up = self.parts[who], source == "makeup"
        of_level = made_up and not part.cards
        self.records[key] = Record(who, idx, source, status, now, of_level)
        part.cards -= made_up and not of_level
        part.of_level += of_level
        if status == "approved":
            self._earn(self.records[key], on=True)
        self._follow(who)

    def _earn(self, record: Record, *, on: bool) -> None:
        if record.source == "normal" and (on or (record.who, record.idx) in self.earned):
            self.earned[record.who, record.idx] = on

    def _void(self, record: Record) -> None:
        if record.status in HOLDING:
            record.was, record.status = record.status, "void"
            self._earn(record, on=False)
            self._next(record.who, record.idx)

    def _card_back(self, record: Record) -> None:
        if record.source == "makeup" and not record.card_back:
            part, record.card_back = self.parts[record.who], True
            part.cards += not record.of_level
            part.of_level -= record.of_level

    def _next(self, who: str, idx: int) -> None:
        """Nothing holds the day: what had been replaced, and can be seen, is there again."""
        waiting = [each for each in self.records.values() if (each.who, each.idx, each.status) == (who, idx, "void")]
        seen = [each for each in waiting if each.shown == "published"]
        if seen and self.parts[who].kept is None and not self.held(who, idx):
            self._return(min(seen, key=lambda each: each.at))

    def _return(self, record: Record) -> None:
        part, unseen = self.parts[record.who], record.was == "pending"
        if unseen and part.kept is not None and part.status == "disqualified":
            return
        waits = unseen and part.kept is None and self.terms.review == "manual"
        record.status, record.was = "pending" if waits else "approved", ""
        if not waits:
            self._earn(record, on=True)

    def may_give(self, who: str, idx: int, now: datetime) -> str:
        part = self.parts.get(who)
        if part is None:
            return "NOT_FOUND"
        if part.kept is not None:
            return "CAMPAIGN_SETTLED"
        if self.status != "published":
            return "STATE_CONFLICT"
        if part.status in {"withdrawn", "disqualified"}:
            return {"withdrawn": "NOT_ENROLLED"}.get(part.status, "DISQUALIFIED")
        if not 1 <= idx <= TOTAL:
            return "NOT_FOUND"
        if now < self._opens(idx):
            return "PERIOD_NOT_OPENED"
        return "ALREADY_CHECKED_IN" if self.held(who, idx) else ""

    def give(self, key: int, who: str, idx: int, now: datetime) -> None:
        self.records[key] = Record(who, idx, "admin", "approved", now, shown="given")
        self._follow(who)

    def take_back(self, who: str, idx: int) -> str:
        part = self.parts.get(who)
        if part is None:
            return "NOT_FOUND"
        if part.kept is not None:
            return "CAMPAIGN_SETTLED"
        if self.status != "published":
            return "STATE_CONFLICT"
        given = [each for each in self.records.values() if (each.who, each.idx, each.source) == (who, idx, "admin")]
        if not given:
            return "NOT_GIVEN"
        for each in given:
            self._void(each)
        self._follow(who)
        return ""

    # ---- reviewing ---------------------------------------------------------------------------------------------------

    def decide(self, who: str, key: int, to: str) -> str:
        record = self.records[key]
        if who not in self.moderators:
            return "FORBIDDEN" if who == record.who else "NOT_FOUND"
        if who == record.who:
            return "SELF_REVIEW"
        if self.parts[record.who].kept is not None:
            return "CAMPAIGN_SETTLED"
        if record.status == to:
            return ""
        if record.status != "pending":
            return "STATE_CONFLICT"
        record.status = to
        if to == "approved":
            self._earn(record, on=True)
        else:
            self._card_back(record)
            self._next(record.who, record.idx)
        self._follow(record.who)
        return ""

    # ---- posts -------------------------------------------------------------------------------------------------------

    def post(self, key: int, act: str) -> str:
        """The owner hides, restores, removes; the author deletes."""
        record = self.records[key]
        if record.shown == "deleted" or (act == "delete" and record.shown == "removed"):
            return "NOT_FOUND"
        from_ = {"hide": ("published",), "restore": ("hidden",), "remove": ("published", "hidden"),
                 "delete": ("published",)}[act]  # fmt: skip
        if record.shown not in from_:
            return "STATE_CONFLICT"
        record.shown = {"hide": "hidden", "restore": "published", "remove": "removed", "delete": "deleted"}[act]
        if act != "restore":
            self._void(record)
        elif record.status == "void" and not self.held(record.who, record.idx):
            self._return(record)
        self._follow(record.who)
        return ""

    def like(self, who: str, key: int, *, on: bool) -> str:
        record = self.records[key]
        if record.shown != "published":
            return "NOT_FOUND"
        if who == record.who:
            return "OWN_CONTENT"
        (record.likers.add if on else record.likers.discard)(who)
        return ""

    # ---- by the owner ------------------------------------------------------------------------------------------------

    def excuse(self, idx: int, now: datetime) -> str:
        if self.status != "published":
            return "STATE_CONFLICT"
        if idx in self.excused:
            return ""
        if now < self._opens(idx):
            return "PERIOD_NOT_OPENED"
        self.excused.add(idx)
        for record in self.records.values():
            if record.idx == idx and record.status != "rejected" and self.parts[record.who].kept is None:
                self._card_back(record)
        for who in self.parts:
            self._follow(who)
        return ""

    def unexcuse(self, idx: int) -> str:
        if self.status != "published":
            return "STATE_CONFLICT"
        self.excused.discard(idx)
        for who in self.parts:
            self._follow(who)
        return ""

    def disqualify(self, who: str) -> str:
        part = self.parts.get(who)
        if part is None:
            return "NOT_FOUND"
        if part.status == "withdrawn":
            return "NOT_ENROLLED"
        part.status, part.rewarded = "disqualified", False
        return ""

    def reinstate(self, who: str) -> str:
        part = self.parts.get(who)
        if part is None:
            return "NOT_FOUND"
        if part.status != "disqualified":
            return ""
        if part.kept is not None:
            return "CAMPAIGN_SETTLED"
        part.status = "active"
        self._follow(who)
        return ""

    def cancel(self, now: datetime) -> str:
        if self.status != "published":
            return "STATE_CONFLICT"
        self.status, self.closed_when_cancelled = "cancelled", self.over(now)
        return ""

    # ---- the end -----------------------------------------------------------------------------------------------------

    def settle(self, now: datetime) -> None:
        if not self.due(now) and self.status != "cancelled":
            return
        for who, part in self.parts.items():
            if part.kept is not None:
                continue
            out = part.status == "disqualified"
            for record in self.mine(who, "pending"):
                record.status, record.was = ("void", "pending") if out else ("approved", "")
                self._earn(record, on=not out)
            self._follow(who)
            if part.status == "active":
                share = self.status == "cancelled" and self._share(who)
                part.status = "completed" if share else "failed"
                part.rewarded = share
            part.kept = self.days(who)
        self.status = "cancelled" if self.status == "cancelled" else "closed"

    def statuses(self) -> Counter[str]:
        return Counter(part.status for part in self.parts.values())
