"""Counting the teams of a campaign anew from the records of their members (`circle/checkins/checking.py` asks for
it)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from circle.checkins import days, rules
from circle.checkins.models import CampaignRank, CheckinRecord, Enrollment, Team
from circle.ledger.checking import Violation

#: teams that are held in memory at once
_CHUNK = 100


class TeamCheck:
    """The teams of a campaign; `met` says whether some days are what it asks for."""

    def __init__(self, connection: Connection, campaign: RowMapping, met: Callable[[Collection[int]], bool]) -> None:
        self._connection, self._campaign, self._met = connection, campaign, met
        team = select(Team.__table__).where(Team.campaign_id == campaign["id"]).order_by(Team.id)
        self._teams = connection.execute(team).mappings().all() if campaign["teams"] else []
        #: those that did what the campaign asks for
        self.completed = {team["id"] for team in self._teams if team["completed"]}

    def violations(self) -> Iterator[Violation]:
        """Of every team, and of their board once it is kept."""
        for start in range(0, len(self._teams), _CHUNK):
            yield from self._chunk(self._teams[start : start + _CHUNK])
        if self._teams and self._campaign["closed_at"] is not None:
            yield from self._board()

    def _chunk(self, teams: Sequence[RowMapping]) -> Iterator[Violation]:
        part = Enrollment.__table__.c
        columns = (part.id, part.campaign_id, part.user_id, part.team_id, part.status, part.settled_at)
        inside = select(*columns).where(part.team_id.in_([team["id"] for team in teams])).order_by(part.id)
        members: dict[int, list[RowMapping]] = defaultdict(list)
        for member in self._connection.execute(inside).mappings():
            members[member["team_id"]].append(member)
        record, ids = CheckinRecord.__table__.c, [each["id"] for some in members.values() for each in some]
        did = select(record.enrollment_id, record.idx, record.status, record.decided_at)
        records: dict[int, list[RowMapping]] = defaultdict(list)
        for row in self._connection.execute(did.where(record.enrollment_id.in_(ids))).mappings():
            records[row["enrollment_id"]].append(row)
        for team in teams:
            for law in (self._has_its_members, self._has_its_days, self._ended_rightly):
                for rule, sentence, numbers in law(team, members[team["id"]], records):
                    yield Violation(rule, sentence, {"team": team["id"]} | numbers)

    def _has_its_members(self, team: RowMapping, members: Sequence[RowMapping], _records: _Records) -> _Wrong:
        """As many as it says, all of this campaign, the captain among them; the size is fixed to what they were."""
        if team["member_count"] != len(members):
            yield "teams", "another number of members", {"kept": team["member_count"], "counted": len(members)}
        if any(member["campaign_id"] != self._campaign["id"] for member in members):
            yield "teams", "somebody is in a team of another campaign", {}
        if team["captain_id"] not in {member["user_id"] for member in members}:
            yield "teams", "the captain is not in the team", {"captain": team["captain_id"]}
        size = _size(len(members))
        if team["frozen_size"] not in {None, size} and not (team["frozen_size"] == 0 and self._never_began):
            yield "teams", "the size is not that of its members", {"kept": team["frozen_size"], "counted": size}

    @property
    def _never_began(self) -> bool:
        called_off, opens_at = self._campaign["cancelled_at"], self._campaign["opens_at"]
        return called_off is not None and called_off < opens_at

    def _has_its_days(self, team: RowMapping, members: Sequence[RowMapping], records: _Records) -> _Wrong:
        """C2: its days are those that enough of its members did. Of what was decided after the settlement, and of who
        was taken out then, what they were before is not kept."""
        least, most = self._counted(team, members, records)
        for name in ("done", "merit"):
            if not least[name] <= team[name] <= most[name]:
                numbers = {"kept": team[name], "counted": least[name]}
                yield "C2", f"{name} of a team is not what the records say", numbers

    def _ended_rightly(self, team: RowMapping, members: Sequence[RowMapping], records: _Records) -> _Wrong:
        """C7, C8: it is settled with its campaign, and completed it if its days are what that asks for."""
        completed = team["completed"]
        if completed is None:
            if self._campaign["closed_at"] is not None:
                yield "C7", "a team of a closed campaign is not settled", {}
            return
        if self._campaign["status"] in {"draft", "published"}:
            yield "C7", "a team is settled before its campaign", {}
        least, most = self._counted(team, members, records)
        there = bool(team["frozen_size"])
        if completed and not (there and self._met(most["days"])):
            yield "C8", "a team completed it without the days that it takes", {"done": team["done"]}
        if not completed and there and self._met(least["days"]):
            yield "C8", "a team did not complete it with all days that it takes", {"done": team["done"]}

    def _counted(
        self, team: RowMapping, members: Sequence[RowMapping], records: _Records
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a team has done, at least and at most."""
        certain, possible = Counter[int](), Counter[int]()
        for member in members:
            out, settled_at = member["status"] == "disqualified", member["settled_at"]
            for record in records[member["id"]]:
                decided_at = record["decided_at"]
                later = settled_at is not None and decided_at is not None and decided_at >= settled_at
                if later or (record["status"] == "approved" and not out):
                    possible[record["idx"]] += 1
                    certain[record["idx"]] += not later
                elif record["status"] == "approved" and team["completed"] is not None:
                    possible[record["idx"]] += 1
        return self._days(team, certain), self._days(team, possible)

    def _days(self, team: RowMapping, members_of: Mapping[int, int]) -> dict[str, Any]:
        size = team["frozen_size"] or 0
        needed = days.team_needs(size, rules.TEAM_TENTHS)
        done = {idx for idx, members in members_of.items() if size and members >= needed}
        could = size * self._campaign["period_count"]
        merit = days.team_merit(len(done), sum(members_of.values()), could) if size else 0
        return {"days": done, "done": len(done), "merit": merit}

    def _board(self) -> Iterator[Violation]:
        """C6: on the board of teams is every one that came about, in the order of their days."""
        here = (CampaignRank.campaign_id == self._campaign["id"], CampaignRank.board == "team")
        kept = select(CampaignRank.subject_id, CampaignRank.snapshot).where(*here).order_by(CampaignRank.rank)
        places = [(row.subject_id, row.snapshot["done"]) for row in self._connection.execute(kept)]
        standing = [team for team in self._teams if (team["frozen_size"] or 0) >= rules.MIN_TEAM]
        standing.sort(key=lambda team: (-team["merit"], team["id"]))
        if places != [(team["id"], team["done"]) for team in standing]:
            numbers: dict[str, int | str | None] = {"kept": len(places), "there": len(standing)}
            yield Violation("C6", "the board of teams is not what their days say", numbers)


#: records by enrolment, and what is wrong: the rule, the sentence, the numbers that say so
_Records = Mapping[int, Sequence[RowMapping]]
_Wrong = Iterator[tuple[str, str, dict[str, int | str | None]]]


def _size(members: int) -> int:
    """How large a team of so many counts."""
    return members if members >= rules.MIN_TEAM else 0
