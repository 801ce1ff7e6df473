"""Counting campaigns anew from their records, to prove that what they say of everybody holds (domain specification §3,
C1 to C9). Reads only, some hundred enrolments at a time, and keeps nobody from checking in meanwhile.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, select

from circle.checkins import days
from circle.checkins.days import Need
from circle.checkins.models import (
    Campaign,
    CampaignPeriod,
    CampaignRank,
    CheckinRecord,
    Enrollment,
    MakeupCard,
)
from circle.checkins.team_checking import TeamCheck
from circle.circles.models import Member
from circle.core import clock
from circle.ledger.checking import MAX_FOUND, Violation, one_moment
from circle.points.models import EarnRule, EarnSource
from circle.points.periods import month_key
from circle.posts.models import Post

#: enrolments that are held in memory at once
_CHUNK = 500
#: within this time the jobs have done what follows: everybody is counted anew after a day was excused, and what had
#: been replaced counts again
_RECOUNTED = timedelta(hours=1)
#: statuses with a place on the board
_ON_BOARD = ("active", "completed", "failed")


@dataclass(frozen=True)
class Checked:
    """What counting a campaign anew found."""

    campaign_id: int
    title: str
    enrollments: int
    records: int
    violations: Sequence[Violation]


def campaigns_of(circle_id: int) -> list[int]:
    """The campaigns of a circle that are, or were, published."""
    with one_moment() as connection:
        here = (Campaign.circle_id == circle_id, Campaign.status != "draft")
        return list(connection.scalars(select(Campaign.id).where(*here).order_by(Campaign.id)))


def check_campaign(campaign_id: int) -> Checked:
    """Count a published campaign anew. All of it is read as of one moment."""
    with one_moment() as connection:
        checked = _Check(connection, campaign_id)
        found, kinds = [], Counter[tuple[str, str]]()
        for violation in chain(checked.parts(), checked.whole()):
            kinds[violation.rule, violation.what] += 1
            if kinds[violation.rule, violation.what] <= MAX_FOUND:
                found.append(violation)
        return Checked(campaign_id, checked.campaign["title"], checked.enrollments, checked.records, found)


@dataclass(frozen=True)
class _Part:
    """An enrolment and everything that was counted for it."""

    row: RowMapping
    records: Sequence[RowMapping]
    cards: Sequence[RowMapping]
    #: what each period earned, and what completing gave
    checkins: Sequence[RowMapping]
    grants: Sequence[RowMapping]

    @property
    def approved(self) -> list[RowMapping]:
        return [record for record in self.records if record["status"] == "approved"]

    @property
    def changed_since(self) -> list[RowMapping]:
        """Records that were decided on after the settlement: what they were before is not kept."""
        settled_at = self.row["settled_at"]
        if settled_at is None:
            return []
        return [each for each in self.records if each["decided_at"] is not None and each["decided_at"] >= settled_at]

    @property
    def is_member(self) -> bool:
        """Whether they were in the circle all the time since they last checked in, or since the settlement."""
        since = self.row["settled_at"] or max((each["submitted_at"] for each in self.records), default=None)
        joined_at: datetime | None = self.row["member_since"]
        return self.row["member_status"] == "active" and joined_at is not None and (since is None or joined_at <= since)


class _Check:
    """A campaign, and all laws over it."""

    def __init__(self, connection: Connection, campaign_id: int) -> None:
        self.connection, self.enrollments, self.records = connection, 0, 0
        wanted = select(Campaign.__table__).where(Campaign.id == campaign_id)
        self.campaign = connection.execute(wanted).mappings().one()
        period = select(CampaignPeriod.__table__).where(CampaignPeriod.campaign_id == campaign_id)
        self.periods = {row["idx"]: row for row in connection.execute(period).mappings()}
        self.excused = frozenset(int(idx) for idx in self.campaign["excused"])
        self.once_excused = self.excused.union(int(idx) for idx in self.campaign["unexcused"])
        self.need = Need(self.campaign["need_type"], self.campaign["need_n"], self.campaign["period_count"])
        versions = select(EarnRule.version, EarnRule.points, EarnRule.growth).where(
            EarnRule.circle_id == self.campaign["circle_id"], EarnRule.code == "checkin"
        )
        self.rules = {row.version: (row.points, row.growth) for row in connection.execute(versions)}
        self.teams = TeamCheck(connection, self.campaign, self.met)
        self.board: list[tuple[int, int, int]] = []
        self.statuses = Counter[str]()

    def parts(self) -> Iterator[Violation]:
        """Of everybody who takes part."""
        last = 0
        while chunk := self._chunk(last):
            for part in chunk:
                self.enrollments += 1
                self.records += len(part.records)
                self.statuses[part.row["status"]] += 1
                if part.row["status"] in _ON_BOARD:
                    self.board.append((-part.row["merit"], part.row["id"], part.row["user_id"]))
                for law in _LAWS:
                    for what, numbers in law(self, part):
                        rule, _space, sentence = what.partition(" ")
                        yield Violation(rule, sentence, {"enrollment": part.row["id"]} | numbers)
            last = chunk[-1].row["id"]

    def whole(self) -> Iterator[Violation]:
        """Of the campaign itself; after all parts were seen."""
        row = self.campaign
        if sorted(self.periods) != list(range(1, row["period_count"] + 1)):
            yield Violation("periods", "the periods are not numbered through", {"periods": len(self.periods)})
        for idx, period in sorted(self.periods.items()):
            if idx > 1 and idx - 1 in self.periods and self.periods[idx - 1]["closes_at"] > period["opens_at"]:
                yield Violation("periods", "two periods overlap", {"idx": idx})
        there = self.enrollments - self.statuses["withdrawn"] - self.statuses["disqualified"]
        if there != row["enrolled_count"]:
            yield Violation(
                "count", "another number of people takes part", {"counted": row["enrolled_count"], "there": there}
            )
        completed = None if row["closed_at"] is None else self.statuses["completed"]
        if completed != row["completed_count"]:
            yield Violation(
                "count", "another number of people completed it",
                {"counted": row["completed_count"], "there": completed},
            )  # fmt: skip
        yield from self.teams.violations()
        if row["closed_at"] is not None:
            yield from self._boards()

    def _boards(self) -> Iterator[Violation]:
        """C6: what was kept of each board is in its order, without gaps; on that of people is everybody."""
        kept = select(CampaignRank.__table__).where(CampaignRank.campaign_id == self.campaign["id"])
        boards: dict[str, list[RowMapping]] = defaultdict(list)
        for place in self.connection.execute(kept.order_by(CampaignRank.board, CampaignRank.rank)).mappings():
            boards[place["board"]].append(place)
        for board, places in boards.items():
            if [place["rank"] for place in places] != list(range(1, len(places) + 1)):
                yield Violation("C6", f"the places of the board {board} are not numbered through", {"n": len(places)})
        people = [place["user_id"] for place in boards["diligence"]]
        if people != [user_id for _merit, _id, user_id in sorted(self.board)]:
            yield Violation(
                "C6", "the board of people is not what their merits say",
                {"kept": len(people), "there": len(self.board)},
            )  # fmt: skip
        worth = [place["snapshot"]["engagement"] for place in boards["quality"]]
        if worth != sorted(worth, reverse=True):
            yield Violation("C6", "the board of posts is out of order", {"n": len(worth)})

    # ---- reading -----------------------------------------------------------------------------------------------------

    def _chunk(self, last: int) -> list[_Part]:
        """The next enrolments behind the id `last`, with all that belongs to them."""
        campaign_id, circle_id = self.campaign["id"], self.campaign["circle_id"]
        member = and_(Member.circle_id == circle_id, Member.user_id == Enrollment.user_id)
        about = (Member.id.label("member_id"), Member.status.label("member_status"), Member.joined_at)
        wanted = select(*Enrollment.__table__.c, *about[:2], about[2].label("member_since")).outerjoin(Member, member)
        here = (Enrollment.campaign_id == campaign_id, Enrollment.id > last)
        ordered = wanted.where(*here).order_by(Enrollment.id).limit(_CHUNK)
        rows = self.connection.execute(ordered).mappings().all()
        if not rows:
            return []
        ids, members = [row["id"] for row in rows], [row["member_id"] for row in rows]
        likes = func.coalesce(Post.like_count, 0).label("likes")
        record = CheckinRecord.__table__
        records = self._gathered(
            select(*record.c, likes, Post.status.label("post_status"))
            .outerjoin(Post, Post.id == record.c.post_id)
            .where(record.c.enrollment_id.in_(ids))
            .order_by(record.c.id),
            "enrollment_id",
        )
        cards = self._gathered(select(MakeupCard.__table__).where(MakeupCard.enrollment_id.in_(ids)), "enrollment_id")
        source = EarnSource.__table__
        checkins = self._gathered(
            select(source).where(source.c.member_id.in_(members), source.c.subject == f"checkin:{campaign_id}"),
            "member_id",
        )
        grants = self._gathered(
            select(source).where(source.c.subject.in_([f"enrollment:{id_}" for id_ in ids])), "subject"
        )
        return [
            _Part(
                row, records[row["id"]], cards[row["id"]], checkins[row["member_id"]], grants[f"enrollment:{row['id']}"]
            )
            for row in rows
        ]

    def _gathered(self, statement: Any, by: str) -> dict[Any, list[RowMapping]]:
        found: dict[Any, list[RowMapping]] = defaultdict(list)
        for row in self.connection.execute(statement).mappings():
            found[row[by]].append(row)
        return found

    def met(self, done: Collection[int]) -> bool:
        """Whether these days are what the campaign asks for, or the share of it when it was called off."""
        return self.need.met(done, self.excused) or self.share_met(done)

    def share_met(self, done: Collection[int]) -> bool:
        """Whether somebody had done their share of a campaign when it was called off."""
        called_off = self.campaign["cancelled_at"]
        closed = sum(called_off is not None and each["closes_at"] <= called_off for each in self.periods.values())
        if not closed:
            return False
        wanted = self.need.total if self.need.type == "all" else self.need.n
        share = Need(self.need.type, -(-wanted * closed // self.need.total), closed)
        return share.met(done, {idx for idx in self.excused if idx <= closed})

    def recounting(self) -> bool:
        """Whether a day was excused just now (or is no more), and everybody is still being counted anew."""
        changed = (*self.campaign["excused"].values(), *self.campaign["unexcused"].values())
        return any(datetime.fromisoformat(each["at"]) > clock.now() - _RECOUNTED for each in changed)


#: what is wrong, the rule first, and the numbers that say so
_Wrong = Iterator[tuple[str, dict[str, int | str | None]]]


# ---- laws over one part ----------------------------------------------------------------------------------------------


def _one_record_each(check: _Check, part: _Part) -> _Wrong:
    """C1: at most one record holds a period; every record is one of this part and of a period that there is."""
    holding = Counter(each["idx"] for each in part.records if each["status"] in {"pending", "approved"})
    for idx, number in holding.items():
        if number > 1:
            yield "C1 a period is held by several records", {"idx": idx, "records": number}
    for each in part.records:
        fits = (each["campaign_id"], each["user_id"]) == (check.campaign["id"], part.row["user_id"])
        if not fits or each["idx"] not in check.periods:
            yield "C1 a record belongs somewhere else", {"record": each["id"], "idx": each["idx"]}


def _comes_back(_check: _Check, part: _Part) -> _Wrong:
    """C1: of a day that nothing holds, no check-in is void whose post can be seen; until the settlement."""
    if part.row["settled_at"] is not None:
        return
    held = {each["idx"] for each in part.records if each["status"] in {"pending", "approved"}}
    just_now = clock.now() - _RECOUNTED
    held |= {each["idx"] for each in part.records if each["decided_at"] is not None and each["decided_at"] > just_now}
    for each in part.records:
        if each["status"] == "void" and each["post_status"] == "published" and each["idx"] not in held:
            yield "C1 a check-in does not count although its post can be seen", {"record": each["id"]}


def _days_are_counted(check: _Check, part: _Part) -> _Wrong:
    """C2: what an enrolment says of its days is what its records say; after the settlement, what they said then."""
    row, approved, changed = part.row, part.approved, part.changed_since
    done = {each["idx"] for each in approved}
    if changed:
        ids = {each["id"] for each in changed}
        least = len({each["idx"] for each in approved if each["id"] not in ids})
        most = least + len({each["idx"] for each in changed})
        if not least <= row["done"] <= most:
            yield "C2 days that were settled are not those of the records", {"done": row["done"], "records": least}
        return
    on_time = [each for each in approved if each["source"] == "normal"]
    late = sum((_lateness(check, each) for each in on_time), timedelta(0))
    counted: dict[str, int] = {"done": len(done), "on_time": len(on_time), "lateness_s": int(late.total_seconds())}
    if row["settled_at"] is None:
        counted["likes"] = sum(each["likes"] for each in approved)
    if row["settled_at"] is not None or not check.recounting():
        best = counted["best_streak"] = days.best_run(done, check.excused)
        counted["merit"] = days.merit(counted["on_time"], best, row["likes"], counted["lateness_s"])
    for name, number in counted.items():
        if row[name] != number:
            yield f"C2 {name} is not what the records say", {"kept": row[name], "counted": number}


def _lateness(check: _Check, record: RowMapping) -> timedelta:
    late: timedelta = record["submitted_at"] - check.periods[record["idx"]]["opens_at"]
    return late


def _in_their_time(check: _Check, part: _Part) -> _Wrong:
    """C3: what counts as on time arrived while its period was open."""
    for each in part.records:
        period = check.periods.get(each["idx"])
        if period is None or each["source"] != "normal":
            continue
        if not period["opens_at"] <= each["submitted_at"] < period["closes_at"]:
            yield "C3 a check-in was not in its time", {"record": each["id"], "idx": each["idx"]}


def _made_up_rightly(check: _Check, part: _Part) -> _Wrong:
    """C4: a make-up came when its period was over, not too long after, and consumed one card of its own part: unless it
    was rejected, or that card came back, which it does (only) when its day is excused."""
    used = {card["used_record_id"]: card["id"] for card in part.cards if card["used_record_id"] is not None}
    for each in part.records:
        if each["source"] != "makeup":
            continue
        closed = sum(period["closes_at"] <= each["submitted_at"] for period in check.periods.values())
        if not closed - check.campaign["lookback"] < each["idx"] <= closed:
            yield "C4 a make-up came too early or too late", {"record": each["id"], "idx": each["idx"]}
        paid = used.pop(each["id"], None) is not None
        if paid == (each["status"] == "rejected" or each["card_returned"]):
            yield "C4 a make-up and its card do not fit", {"record": each["id"]}
        if paid and each["idx"] in check.excused and not check.recounting():
            yield "C4 a card is spent on an excused day", {"record": each["id"], "idx": each["idx"]}
        if each["card_returned"] and each["idx"] not in check.once_excused:
            yield "C4 a card came back for a day that was never excused", {"record": each["id"], "idx": each["idx"]}
    yield from _months_fit(part)
    for record_id, card_id in used.items():
        yield "C4 a card was used for something else", {"card": card_id, "record": record_id}


def _months_fit(part: _Part) -> _Wrong:
    """C4: what a level gave is counted in the month of the make-up, by the clocks of wherever the circle is."""
    moments = {each["id"]: each["submitted_at"] for each in part.records}
    for card in part.cards:
        moment = moments.get(card["used_record_id"])
        if card["source"] != "level" or moment is None:
            continue
        around = {month_key((moment + timedelta(hours=hours)).date()) for hours in (-12, 0, 14)}
        if card["month"] not in around or card["user_id"] != part.row["user_id"]:
            yield "C4 a card of a level counts in another month", {"card": card["id"]}


def _rewarded_once(check: _Check, part: _Part) -> _Wrong:
    """C5: who completed the campaign has what it promised, once; who did not has nothing of it."""
    row = part.row
    promised = {
        "campaign": (check.campaign["reward_points"], check.campaign["reward_growth"]),
        "campaign.team": (check.campaign["team_points"], check.campaign["team_growth"]),
    }
    for code, (points, growth) in promised.items():
        mine = [each for each in part.grants if each["rule_code"] == code]
        on = [each for each in mine if each["state"] == "on"]
        given = (sum(each["granted_points"] for each in on), sum(each["granted_growth"] for each in on))
        if given[0] > points or given[1] > growth:
            yield f"C5 more was given for {code} than was promised", {"points": given[0], "growth": given[1]}
        did = row["status"] == "completed" and (code == "campaign" or row["team_id"] in check.teams.completed)
        if on and not did:
            yield f"C5 something was given for {code} to who did not complete it", {"points": given[0]}
        due = row["member_id"] is not None and (code == "campaign" or part.is_member)
        if did and due and any((points, growth)) and (not mine or any(each["state"] == "off" for each in mine)):
            yield f"C5 who completed the campaign was given nothing for {code}", {"user": row["user_id"]}


def _ended_rightly(check: _Check, part: _Part) -> _Wrong:
    """C7, C8: a part is settled with its campaign, and not before; it ended as the days that were settled say."""
    row, status = part.row, part.row["status"]
    settled = row["settled_at"] is not None
    if settled and check.campaign["status"] in {"draft", "published"}:
        yield "C7 a part is settled before its campaign", {}
    if not settled and check.campaign["closed_at"] is not None:
        yield "C7 a part of a closed campaign is not settled", {}
    if settled and status == "active":
        yield "C8 a settled part has not ended", {}
    if settled and any(each["status"] == "pending" for each in part.records):
        yield "C7 a settled check-in waits for a reviewer", {}
    if (status == "completed") != (row["completed_at"] is not None):
        yield "C8 completed, and no moment of it, or the other way round", {"status": status}
    if part.changed_since or check.recounting():
        return
    done = {each["idx"] for each in part.approved}
    met = check.met(done) if settled else check.need.met(done, check.excused)
    if status == "completed" and not met:
        yield "C8 completed without the days that it takes", {"done": row["done"]}
    if status in {"active", "failed"} and met and part.is_member:
        yield "C8 not completed with all days that it takes", {"done": row["done"]}


def _earned_rightly(check: _Check, part: _Part) -> _Wrong:
    """C9: a period earns once, by the rule, and as long as its check-in counts: so at most N times the rule in all."""
    standing = {each["idx"] for each in part.approved if each["source"] == "normal"}
    for each in part.checkins:
        start = f"checkin:{check.campaign['id']}:{part.row['user_id']}:"
        idx = each["source_key"].removeprefix(start)
        if not idx.isdecimal() or int(idx) not in check.periods:
            yield "C9 something was earned for no period", {"source": each["source_key"]}
            continue
        points, growth = check.rules.get(each["rule_version"], (0, 0))
        if each["granted_points"] > points or each["granted_growth"] > growth:
            yield "C9 a check-in earned more than its rule", {"source": each["source_key"]}
        if each["state"] == "on" and int(idx) not in standing:
            yield "C9 a check-in that does not count has earned", {"idx": int(idx)}
        if each["state"] == "off" and int(idx) in standing:
            yield "C9 a check-in that counts has not earned", {"idx": int(idx)}
    known = {each["source_key"].rpartition(":")[2] for each in part.checkins}
    if part.row["member_id"] is not None:
        for number in sorted(standing):
            if str(number) not in known:
                yield "C9 a check-in that counts has not earned", {"idx": number}


_LAWS: tuple[Callable[[_Check, _Part], _Wrong], ...] = (
    _one_record_each,
    _comes_back,
    _days_are_counted,
    _in_their_time,
    _made_up_rightly,
    _rewarded_once,
    _ended_rightly,
    _earned_rightly,
)
