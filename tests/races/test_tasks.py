"""Tasks at the same moment: a reward is given once, and what is done at once is counted exactly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.checkins import operations as checkins
from circle.circles.models import Member
from circle.circles.queries import readable_circle
from circle.core import operation as writing
from circle.core.db import db
from circle.core.errors import Conflict
from circle.ledger.models import LedgerAccount, LedgerTxn
from circle.points import operations, queries
from circle.points.catalog import TASKS
from circle.points.models import TaskHit, TaskProgress
from circle.points.operations import tasks as task_operations
from circle.points.queries import TaskRow
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.factories import Make, Place
from tests.races.together import all_well, together


def tasks(place: Place) -> dict[str, TaskRow]:
    db.session.expire_all()
    rows = queries.tasks_of(place.ann, readable_circle(place.ann, place.slug))
    return {row.code or "": row for row in rows}


def test_twenty_claims_at_once_give_one_reward(app: Flask, make: Make) -> None:
    place = make.place(newcomers=True)
    make.post(place)
    ann, task_id = place.ann, tasks(place)["daily_post"].id
    before = _points(place)
    outcomes = together(app, [lambda: operations.claim_task(ann, task_id) for _one in range(20)])
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 19
    assert {(type(error), getattr(error, "code", "")) for error in refused} == {(Conflict, "NOT_CLAIMABLE")}
    assert _points(place) == before + 3
    assert db.session.scalar(select(func.count()).select_from(LedgerTxn).where(LedgerTxn.kind == "task")) == 1


def _points(place: Place) -> int:
    db.session.expire_all()
    mine = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == place.ann.id)
    member_id = db.session.scalars(mine).one()
    account = select(LedgerAccount.balance).where(
        LedgerAccount.owner_id == member_id, LedgerAccount.kind == "member.points"
    )
    return db.session.scalar(account) or 0


def test_the_same_thing_told_at_once_counts_once_and_different_things_all(app: Flask, make: Make) -> None:
    place = make.place(newcomers=True)
    operations.begin_tasks(place.circle.id)
    circle_id, ann = place.circle.id, place.ann.id or 0
    keys = ["post:1"] * 6 + ["post:2"] * 6
    all_well(together(app, [
        lambda key=key: operations.count_task_events(circle_id, ann, ("post_media",), key) for key in keys
    ]))  # fmt: skip
    task = tasks(place)["weekly_media"]
    assert (task.count, task.state) == (2, "open")
    assert db.session.scalar(select(func.count()).select_from(TaskHit)) == 2


def test_a_circle_whose_first_posts_come_at_once_gets_its_tasks_once(app: Flask, make: Make) -> None:
    place = make.place(newcomers=True)
    slug, people = place.slug, [place.ann, place.bob, place.mod, place.admin]
    all_well(together(app, [lambda who=who: posts.publish_post(who, slug, body="早安") for who in people]))
    db.session.expire_all()
    assert len(tasks(place)) == len(TASKS)
    done = select(func.count()).select_from(TaskProgress).where(TaskProgress.state == "claimable")
    assert db.session.scalar(done) == 8  # today's and the newcomer's, of four people


def test_posting_and_claiming_at_once_wait_for_each_other(app: Flask, make: Make) -> None:
    place = make.place(newcomers=True)
    make.post(place)
    slug, ann = place.slug, place.ann
    found = tasks(place)
    ids = [found["daily_post"].id, found["first_post"].id]
    before = _points(place)
    all_well(together(app, [
        *(lambda task_id=task_id: operations.claim_task(ann, task_id) for task_id in ids),
        *(lambda: posts.publish_post(ann, slug, body="早安") for _one in range(4)),
    ]))  # fmt: skip
    assert _points(place) == before + 3 + 10 + 4 * 2


def test_two_posts_that_are_deleted_at_once_are_both_uncounted(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make.place()
    operations.begin_tasks(place.circle.id)
    circle_id, ann, keys = place.circle.id, place.ann.id or 0, ("post:1", "post:2")
    for key in keys:
        operations.count_task_events(circle_id, ann, ("post_media",), key)
    met, real = Barrier(2), task_operations._withdrawing

    def both() -> object:
        with suppress(BrokenBarrierError):  # one waits for the other: that is as well
            met.wait(0.3)
        return real()

    monkeypatch.setattr(task_operations, "_withdrawing", both)
    all_well(together(app, [lambda key=key: operations.uncount_task_events(circle_id, ann, key) for key in keys]))
    assert db.session.execute(select(TaskProgress.count, TaskProgress.state)).all() == [(0, "open")]


@pytest.mark.parametrize("_time", range(3))
def test_posting_and_checking_in_at_once_wait_for_each_other_in_one_order(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch, _time: int
) -> None:
    """Both count for tasks and earn: tasks first, or each would hold what the other waits for."""
    deadlocks: list[object] = []
    judge = writing._is_transient
    monkeypatch.setattr(writing, "_is_transient", lambda error: judge(error) and (deadlocks.append(error) or True))
    week = Week(make)
    people = [week.member() for _one in range(4)]

    def at_eight(act: Callable[[], object]) -> Callable[[], object]:
        def then() -> object:
            with week.at(1):
                return act()

        return then

    for who in people:
        at_eight(partial(posts.publish_post, who, week.slug, body="早安"))()
    acts = [partial(checkins.submit, who, week.id, body="今天也写下来。") for who in people]
    acts += [partial(posts.publish_post, who, week.slug, body="再写一条") for who in people * 2]
    all_well(together(app, [at_eight(act) for act in acts]))
    assert deadlocks == []
