"""What proves that campaigns say the truth of everybody: it finds what was made wrong, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from circle.access import Actor
from circle.checkins import jobs, operations
from circle.checkins.checking import check_campaign
from circle.checkins.days import team_merit
from circle.checkins.models import (
    Campaign,
    CampaignPeriod,
    CampaignRank,
    CheckinRecord,
    Enrollment,
    MakeupCard,
    Team,
)
from circle.core import clock
from circle.core.db import db
from circle.core.jobs import run_due
from circle.core.operation import in_transaction
from circle.points.models import EarnSource
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.checkins.teaming import PLAN, form
from tests.factories import Make

REWARD = 50


class Checked(Week):
    """A week in which ann completes, ben makes up a day, and cat hardly begins; what is said of it may be forged."""

    ann: Actor
    ben: Actor
    cat: Actor
    #: of a Teamed
    early: int
    late: int
    undo: Callable[[], None]

    def begin(self) -> Checked:
        self.ann, self.ben, self.cat = (self.member() for _one in range(3))
        self.check_in(self.ann, 1, 2, 3, 4, 5)
        self.check_in(self.ben, 1, 2)
        self.check_in(self.cat, 1)
        with self.at(4):
            operations.make_up(self.ben, self.id, 3, body="补上这一天。")
        return self

    def forge(self, model: Any, where: dict[str, Any], **values: Any) -> None:
        """Write something that no operation would, to one row; `undo` takes it back."""
        here = [getattr(model, name) == value for name, value in where.items()]
        before = dict(
            db.session.execute(select(*(getattr(model, name) for name in values)).where(*here)).mappings().one()
        )
        # the row is found again by what does not change, or has changed to this
        there = [getattr(model, name) == values.get(name, value) for name, value in where.items()]
        self._write(model, here, values)
        self.undo = lambda: self._write(model, there, before)

    def _write(self, model: Any, where: list[Any], values: dict[str, Any]) -> None:
        change = update(model).where(*where).values(**values).execution_options(synchronize_session=False)
        in_transaction(lambda: db.session.execute(change))

    def found(self) -> set[str]:
        """The rules that are broken."""
        db.session.rollback()
        with clock.at(self.day(20)):
            return {violation.rule for violation in check_campaign(self.id).violations}

    def record(self, actor: Actor, idx: int) -> CheckinRecord:
        return next(each for each in self.records(actor) if each.idx == idx)


@pytest.fixture
def week(app: Flask, make: Make) -> Checked:
    return Checked(make, {"reward_points": REWARD, "reward_growth": 5}).begin()


def test_a_campaign_that_runs_and_one_that_is_settled_are_as_they_say(week: Checked) -> None:
    assert week.found() == set()
    checked = check_campaign(week.id)
    assert (checked.title, checked.enrollments, checked.records) == ("早安七天", 3, 9)
    week.settle()
    assert week.found() == set()


def test_what_happens_to_posts_after_the_settlement_is_no_mistake(week: Checked) -> None:
    hidden = week.record(week.cat, 1).post_id or 0
    with week.at(5):
        posts.hide_post(week.owner, hidden, reason="跑题")
    week.settle()
    with clock.at(week.day(13)):
        posts.hide_post(week.owner, week.record(week.ann, 5).post_id or 0, reason="跑题")
        posts.restore_post(week.owner, hidden)
        operations.disqualify(week.owner, week.id, week.ben.id or 0, reason="抄袭")
    assert week.found() == set()


#: a day that was excused long ago
EXCUSED = {"reason": "服务故障", "at": "2026-11-19T00:00:00+00:00", "by": None}

Forgery = Callable[[Checked], None]


def of_ann(week: Checked, **values: Any) -> None:
    week.forge(Enrollment, {"id": week.enrollment(week.ann).id}, **values)


FORGERIES: list[tuple[str, str, Forgery]] = [
    ("C2", "a day too many", lambda week: of_ann(week, done=6)),
    ("C2", "a day on time too few", lambda week: of_ann(week, on_time=4)),
    ("C2", "another streak", lambda week: of_ann(week, best_streak=3)),
    ("C2", "a like that nobody gave", lambda week: of_ann(week, likes=1)),
    ("C2", "less lateness", lambda week: of_ann(week, lateness_s=0)),
    ("C2", "another merit", lambda week: of_ann(week, merit=7, board_key=-7)),
    (
        "C2", "a record that was taken away",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ann, 2).id}, status="void"),
    ),
    (
        "C1", "a day that the campaign has not",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ann, 5).id}, idx=9, status="void"),
    ),
    (
        "C1", "somebody else's record",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ann, 5).id}, user_id=week.ben.id),
    ),
    (
        "C3", "a check-in in the night after",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ann, 5).id}, submitted_at=week.day(6, 3)),
    ),
    (
        "C4", "a make-up of a day that was open",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ben, 3).id}, submitted_at=week.day(3, 3)),
    ),
    (
        "C4", "a make-up long after",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ben, 3).id}, submitted_at=week.day(7, 3)),
    ),
    (
        "C4", "a card that is there again",
        lambda week: week.forge(
            MakeupCard, {"enrollment_id": week.enrollment(week.ben).id}, state="available", used_record_id=None
        ),
    ),
    (
        "C4", "a card for a check-in that cost none",
        lambda week: week.forge(
            MakeupCard, {"enrollment_id": week.enrollment(week.cat).id}, state="used",
            used_record_id=week.record(week.cat, 1).id,
        ),
    ),
    (
        "C4", "a card of a level in another month",
        lambda week: week.forge(
            MakeupCard, {"enrollment_id": week.enrollment(week.ben).id}, source="level", month="M2026-09", nth=1,
            circle_id=week.circle_id, user_id=week.ben.id,
        ),
    ),
    (
        "C4", "a card that came back from a day which nobody excused",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.ben, 3).id}, card_returned=True),
    ),
    (
        "C4", "a card that is spent on an excused day",
        lambda week: week.forge(Campaign, {"id": week.id}, excused={"3": EXCUSED}),
    ),
    (
        "C1", "a day that is lost although its post can be seen",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.cat, 1).id}, status="void"),
    ),
    (
        "C5", "more than was promised",
        lambda week: week.forge(EarnSource, {"source_key": f"campaign:{week.id}:{week.ann.id}"}, granted_points=51),
    ),
    (
        "C5", "nothing for who completed it",
        lambda week: week.forge(EarnSource, {"source_key": f"campaign:{week.id}:{week.ann.id}"}, state="off"),
    ),
    ("C5", "the reward of who did not", lambda week: of_ann(week, status="active", completed_at=None)),
    ("C8", "somebody who had all days, and did not complete", lambda week: of_ann(week, status="active")),
    ("C7", "settled before its time", lambda week: of_ann(week, settled_at=week.day(6))),
    (
        "C9", "a check-in that earned twice the rule",
        lambda week: week.forge(EarnSource, {"source_key": f"checkin:{week.id}:{week.ann.id}:1"}, granted_points=10),
    ),
    (
        "C9", "a day that was lost and still pays",
        lambda week: week.forge(CheckinRecord, {"id": week.record(week.cat, 1).id}, status="void"),
    ),
    (
        "C9", "a day that counts and does not pay",
        lambda week: week.forge(EarnSource, {"source_key": f"checkin:{week.id}:{week.cat.id}:1"}, state="off"),
    ),
    ("count", "somebody too many", lambda week: week.forge(Campaign, {"id": week.id}, enrolled_count=4)),
    ("count", "completed before it is settled", lambda week: week.forge(Campaign, {"id": week.id}, completed_count=1)),
    (
        "periods", "a day that reaches into the next",
        lambda week: week.forge(CampaignPeriod, {"campaign_id": week.id, "idx": 6}, closes_at=week.day(7, 1)),
    ),
]  # fmt: skip


def each_is_found(week: Checked, forgeries: list[tuple[str, str, Forgery]]) -> None:
    """One after the other, each taken back before the next."""
    for rule, what, forge in forgeries:
        forge(week)
        assert rule in week.found(), what
        week.undo()
    assert week.found() == set()


def test_whatever_is_forged_is_found(week: Checked) -> None:
    each_is_found(week, FORGERIES)


SETTLED: list[tuple[str, str, Forgery]] = [
    ("count", "one too many who completed it", lambda week: week.forge(Campaign, {"id": week.id}, completed_count=2)),
    ("C2", "a day too many", lambda week: of_ann(week, done=7)),
    ("C8", "who missed it completed it", lambda week: week.forge(
        Enrollment, {"id": week.enrollment(week.cat).id}, status="completed", completed_at=week.day(6)
    )),
    ("C8", "a part that has not ended", lambda week: week.forge(
        Enrollment, {"id": week.enrollment(week.cat).id}, status="active"
    )),
    ("C7", "a part that is open", lambda week: of_ann(week, settled_at=None)),
    ("C7", "a check-in that waits", lambda week: week.forge(
        CheckinRecord, {"id": week.record(week.ann, 2).id}, status="pending"
    )),
    ("C6", "two who changed places", lambda week: of_ann(week, merit=1, board_key=-1)),
    ("C6", "a place that nobody has", lambda week: week.forge(CampaignRank, {"rank": 3, "board": "diligence"}, rank=4)),
    ("C6", "posts out of order", lambda week: week.forge(
        CampaignRank, {"rank": 8, "board": "quality"}, snapshot={"engagement": 9}
    )),
]  # fmt: skip


def test_also_when_it_is_settled(week: Checked) -> None:
    week.settle()
    each_is_found(week, SETTLED)


def test_a_day_that_is_being_excused_is_no_mistake_while_everybody_is_counted_again(week: Checked) -> None:
    with week.at(6):
        operations.excuse_period(week.owner, week.id, 4, reason="服务故障")
        db.session.rollback()
        assert check_campaign(week.id).violations == []
        week.check_in(week.ben, 5)
        assert check_campaign(week.id).violations == []


def test_a_card_that_came_back_stays_lawful_when_the_excusal_is_undone(week: Checked) -> None:
    with week.at(6):
        operations.excuse_period(week.owner, week.id, 3, reason="服务故障")
        run_due()
        operations.unexcuse_period(week.owner, week.id, 3)
        db.session.rollback()
        assert check_campaign(week.id).violations == []  # while everybody is counted again
        run_due()
    assert week.found() == set()
    # and without the trace of it, the card is one that came back from nowhere
    week.forge(Campaign, {"id": week.id}, unexcused={})
    assert week.found() == {"C4"}


def test_the_command_shows_a_table_and_says_what_is_wrong(app: Flask, week: Checked) -> None:
    def check(*arguments: str) -> Any:
        db.session.rollback()
        return app.test_cli_runner().invoke(args=["checkins", "check", *arguments])

    fine = check("--all")
    assert (fine.exit_code, str(week.id) in fine.output, week.slug in fine.output) == (0, True, True)
    assert check(week.slug).output == fine.output
    of_ann(week, done=6)
    wrong = check("--all")
    assert wrong.exit_code == 1
    assert f"{week.slug}: campaign {week.id}: C2: done is not what the records say" in wrong.output
    assert check().exit_code == 2
    assert check("nowhere").exit_code == 1


def test_thousands_who_take_part_are_read_in_parts(
    app: Flask, week: Checked, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("circle.checkins.checking._CHUNK", 2)
    statements.clear()
    checked = check_campaign(week.id)
    assert (checked.enrollments, checked.violations) == (3, [])
    assert len(statements) == 3 + 2 * 5 + 1


# ---- teams -----------------------------------------------------------------------------------------------------------


class Teamed(Checked):
    """Two teams: that of ann and ben did five days, that of cat and dan two, one of which dan was given."""

    def begin(self) -> Teamed:
        (self.early, (self.ann, self.ben)), (self.late, (self.cat, dan)) = form(self, 2), form(self, 2, "晚安小队")
        for who, last in ((self.ann, 6), (self.ben, 5), (self.cat, 2), (dan, 1)):
            self.check_in(who, *range(1, last + 1))
        with self.at(3):
            operations.give_checkin(self.owner, self.id, dan.person_id, 2, reason="上传失败")
        return self


@pytest.fixture
def teamed(app: Flask, make: Make) -> Teamed:
    return Teamed(make, PLAN).begin()


def of_team(week: Checked, **values: Any) -> None:
    week.forge(Team, {"id": week.late}, **values)


TEAMS: list[tuple[str, str, Forgery]] = [
    ("C2", "a day too many", lambda week: of_team(week, done=3)),
    ("C2", "a day too few", lambda week: of_team(week, done=1)),
    ("C2", "another merit", lambda week: of_team(week, merit=team_merit(2, 5, 14))),
    ("teams", "another size", lambda week: of_team(week, frozen_size=3)),
    ("teams", "a size of nobody", lambda week: of_team(week, frozen_size=0)),
    ("teams", "a member too many", lambda week: of_team(week, member_count=3)),
    ("teams", "a captain from elsewhere", lambda week: of_team(week, captain_id=week.ann.id)),
    ("teams", "somebody who went over", lambda week: week.forge(
        Enrollment, {"id": week.enrollment(week.ann).id}, team_id=week.late
    )),
    ("C7", "settled before its time", lambda week: of_team(week, completed=True)),
    ("C2", "a day of its member that was taken away", lambda week: week.forge(
        CheckinRecord, {"id": week.record(week.cat, 2).id}, status="void"
    )),
]  # fmt: skip


def test_whatever_is_forged_of_a_team_is_found(teamed: Teamed) -> None:
    assert check_campaign(teamed.id).violations == []
    each_is_found(teamed, TEAMS)


TEAMS_SETTLED: list[tuple[str, str, Forgery]] = [
    ("C2", "a day too many", lambda week: of_team(week, done=3)),
    ("C6", "two teams that changed places", lambda week: of_team(week, merit=team_merit(6, 14, 14))),
    ("C6", "a team on a board of others", lambda week: week.forge(
        CampaignRank, {"board": "team", "rank": 2}, subject_id=1
    )),
    ("C7", "a team that is open", lambda week: of_team(week, completed=None)),
    ("C8", "one that had not enough", lambda week: of_team(week, completed=True)),
    ("C8", "one that had enough", lambda week: week.forge(
        Team, {"id": week.early}, completed=False
    )),
    ("C5", "a reward of a team that did not do it", lambda week: week.forge(
        Team, {"id": week.early}, completed=False
    )),
    ("C5", "nothing for who was in a team that did", lambda week: week.forge(
        EarnSource, {"source_key": f"campaign.team:{week.id}:{week.ann.id}"}, state="off"
    )),
]  # fmt: skip


def test_also_of_a_team_that_is_settled(teamed: Teamed) -> None:
    teamed.settle()
    assert teamed.found() == set()
    each_is_found(teamed, TEAMS_SETTLED)


def test_what_happens_to_members_of_a_settled_team_is_no_mistake(teamed: Teamed) -> None:
    teamed.settle()
    with clock.at(teamed.day(13)):
        posts.hide_post(teamed.owner, teamed.record(teamed.ann, 5).post_id or 0, reason="跑题")
        operations.disqualify(teamed.owner, teamed.id, teamed.ben.id or 0, reason="抄袭")
    assert teamed.found() == set()


def test_a_team_of_a_campaign_that_was_called_off_before_it_began_is_none(app: Flask, make: Make) -> None:
    week = Checked(make, PLAN)
    form(week, 3)
    with week.at(0):
        operations.cancel_campaign(week.owner, week.id, reason="改到下个月")
        jobs.settle(week.id)
    assert week.found() == set()


def test_many_teams_are_read_in_parts(teamed: Teamed, statements: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("circle.checkins.team_checking._CHUNK", 1)
    statements.clear()
    assert check_campaign(teamed.id).violations == []
    whole = len(statements)
    monkeypatch.setattr("circle.checkins.team_checking._CHUNK", 100)
    statements.clear()
    assert check_campaign(teamed.id).violations == []
    assert whole == len(statements) + 2
