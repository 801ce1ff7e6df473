"""Several people do something with a team in the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from circle.access import Actor
from circle.checkins import operations
from circle.checkins.models import Team
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Conflict, NotFound, Refused
from tests.checkins.campaigning import Week
from tests.checkins.teaming import PLAN, check_days, code_of, form, in_team, on, rewards, team
from tests.factories import Make
from tests.races.together import all_well, together


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, dict(PLAN))


# ---- at once ---------------------------------------------------------------------------------------------------------


def test_twenty_people_and_one_place(app: Flask, week: Week) -> None:
    team_id, _members = form(week, 9)
    crowd = [week.member() for _one in range(20)]

    def act(who: Actor) -> Callable[[], str]:
        def join() -> str:
            try:
                operations.join_team(who, team_id)
            except Refused as refused:
                return refused.code
            return "in"

        return join

    outcomes = all_well(together(app, [on(week, 0, act(who)) for who in crowd]))
    assert sorted(outcomes) == ["TEAM_FULL"] * 19 + ["in"]
    assert team(team_id).member_count == 10 == len(in_team(team_id))


def test_one_person_and_two_teams_at_once(app: Flask, week: Week) -> None:
    first, _a = form(week, 2)
    second, _b = form(week, 2, "另一队")
    ann = week.member()
    acts = [on(week, 0, partial(operations.join_team, ann, id_)) for id_ in (first, second) * 3]
    outcomes = together(app, acts)
    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes)
    counts = {id_: len(in_team(id_)) for id_ in (first, second)}
    assert sorted(counts.values()) == [2, 3]
    assert {id_: team(id_).member_count for id_ in (first, second)} == counts


@pytest.mark.parametrize("size", [2, 4])
def test_captain_and_next_captain_leave_at_once(app: Flask, week: Week, size: int) -> None:
    team_id, members = form(week, size)
    all_well(together(app, [on(week, 0, partial(operations.leave_team, who, week.id)) for who in members[:2]]))
    db.session.expire_all()
    if size == 2:
        assert db.session.get(Team, team_id) is None
    else:
        assert team(team_id).member_count == 2 == len(in_team(team_id))
        assert team(team_id).captain_id == members[2].id
    assert week.enrollment(members[0]).team_id is None


def test_members_of_a_team_check_in_at_once_and_the_day_is_counted(app: Flask, week: Week) -> None:
    team_id, members = form(week, 10)
    acts = [on(week, 1, partial(operations.submit, who, week.id, body="今天也写。")) for who in members]
    all_well(together(app, acts))
    db.session.expire_all()
    assert team(team_id).done == 1
    check_days(team_id)


def test_leaving_and_dissolving_at_once_leaves_nobody_in_a_team_that_is_gone(app: Flask, week: Week) -> None:
    team_id, (ann, ben) = form(week, 2)
    acts: list[Callable[[], None]] = [
        lambda: operations.leave_team(ann, week.id),
        lambda: operations.dissolve_team(week.owner, team_id, reason="不雅"),
        lambda: operations.withdraw(ben, week.id),
    ]
    outcomes = together(app, [on(week, 0, act) for act in acts])
    assert all(outcome is None or isinstance(outcome, NotFound) for outcome in outcomes)
    db.session.expire_all()
    assert db.session.get(Team, team_id) is None
    assert {week.enrollment(who).team_id for who in (ann, ben)} == {None}


@pytest.mark.parametrize("turn", range(3))
def test_settling_a_team_and_disqualifying_a_member_at_once(app: Flask, week: Week, turn: int) -> None:
    team_id, members = form(week, 5)
    for member in members:
        week.check_in(member, 1, 2, 3, 4, 5)
    late = week.day(8) + timedelta(days=3)
    with clock.at(late):
        operations.begin_settling(week.id)
        for enrollment_id in operations.unsettled(week.id):
            operations.settle_enrollment(enrollment_id)

    def at_the_end(act: Callable[[], Any]) -> Callable[[], Any]:
        def then() -> Any:
            with clock.at(late):
                return act()

        return then

    cheat = partial(operations.disqualify, week.owner, week.id, members[turn].id or 0, reason="不是本人")
    acts = [partial(operations.settle_team, team_id), cheat, partial(operations.settle_team, team_id)]
    all_well(together(app, [at_the_end(act) for act in acts]))
    db.session.expire_all()
    assert team(team_id).completed is True  # four of five are enough
    assert [state for state, _points, _growth in sorted(rewards()) if state == "on"] == ["on"] * 4
    assert week.enrollment(members[turn]).status == "disqualified"


# ---- at the bell -----------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(week: Week, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever asks for a team a second before the first day opens gets it a second after, with its size fixed."""
    lock = operations.teams.lock

    def late(model: Any, id_: int) -> Any:
        if model is Team:
            with week.at(1, 0):
                operations.freeze_teams(week.id)
        return lock(model, id_)

    for module in (operations.teams, operations.teaming):
        monkeypatch.setattr(module, "lock", late)
    with clock.at(week.day(1, 0) - timedelta(seconds=1)):
        yield


def test_who_waited_for_a_team_over_the_bell_is_not_in_it(week: Week, request: pytest.FixtureRequest) -> None:
    team_id, _members = form(week, 3)
    ann, ben = week.member(), week.member(enrolled=False)
    request.getfixturevalue("waiting")
    assert code_of(partial(operations.join_team, ann, team_id)) == "TEAMS_FIXED"
    assert code_of(partial(operations.enroll_in_team, ben, week.id, team_id)) == "TEAMS_FIXED"
    assert team(team_id).member_count == 3 == len(in_team(team_id))


def test_who_left_over_the_bell_is_absent(week: Week, request: pytest.FixtureRequest) -> None:
    team_id, (_ann, ben, cat) = form(week, 3)
    request.getfixturevalue("waiting")
    operations.withdraw(ben, week.id)
    operations.leave_team(cat, week.id)
    assert (team(team_id).member_count, team(team_id).frozen_size, len(in_team(team_id))) == (3, 3, 3)
    assert week.enrollment(ben).status == "withdrawn"
