"""Workers that are killed while they settle a campaign, or remind people: whoever takes over does the rest, and nothing
twice."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.app import create_app
from circle.checkins import jobs, operations
from circle.checkins.checking import check_campaign
from circle.checkins.models import Campaign, CampaignPeriod, CampaignRank, CheckinRecord, Enrollment
from circle.config import ROOT, Settings
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError
from circle.notifications.models import Notice
from circle.points.checking import check_books
from circle.points.models import EarnSource
from tests import patience
from tests.checkins import campaigning
from tests.checkins.campaigning import TZ, Week
from tests.factories import Make

pytestmark = pytest.mark.slow

LEASE = 3
REWARD = 50
PEOPLE = 24
PROCESSES = 3

Worker = subprocess.Popen[bytes]


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """`start()` is a running `flask worker` on the test's database, that takes its time."""
    settings = app.config["SETTINGS"]
    environment = os.environ | {
        "CIRCLE_ENV": "test",
        "CIRCLE_SECRET_KEY": settings.secret_key,
        "CIRCLE_DATABASE_URL": settings.database_url,
        "CIRCLE_DATA_DIR": str(tmp_path / "var"),
    }
    workers: list[Worker] = []

    def begin() -> Worker:
        app_, lease = ("--app", "tests.races.slow_settling_app"), ("--lease", str(LEASE))
        command = [sys.executable, "-m", "flask", *app_, "worker", *lease]
        with (tmp_path / "workers.log").open("ab") as log:
            workers.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )
        return workers[-1]

    yield begin
    for each in workers:
        patience.killed(each)


def a_week_that_began(days_ago: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes have the real clock, so the campaign is one of these days."""
    today = datetime.now(ZoneInfo(TZ)).date()
    monkeypatch.setattr(campaigning, "FIRST", today - timedelta(days=days_ago))


def number_of(statement: object) -> int:
    db.session.rollback()
    return db.session.scalar(statement) or 0  # type: ignore[call-overload, no-any-return]


def reached(statement: object, wanted: int) -> None:
    """Wait until a statement counts so many."""
    patience.until(lambda: number_of(statement) >= wanted, 120, pause=0.05)


def test_workers_that_are_killed_while_settling_do_it_once_together(
    app: Flask, make: Make, start: Callable[[], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week_that_began(12, monkeypatch)
    week = Week(make, {"review": "manual", "reward_points": REWARD, "reward_growth": 5})
    people = [week.member() for _number in range(PEOPLE)]
    for number, who in enumerate(people):  # every third does not reach it
        week.check_in(who, *range(1, 6 if number % 3 else 5))
    settled = select(func.count()).where(Enrollment.campaign_id == week.id, Enrollment.settled_at.is_not(None))
    closed = select(func.count()).where(Campaign.id == week.id, Campaign.closed_at.is_not(None))
    worker = start()
    for part in (3, 12):
        reached(settled, part)
        patience.killed(worker)
        assert number_of(settled) < PEOPLE, "killed in the middle of it"
        worker = start()
    reached(closed, 1)
    results = select(func.count()).where(Notice.kind == "campaign.settled")
    reached(results, PEOPLE)
    done, missed = [people[number] for number in range(PEOPLE) if number % 3], people[::3]
    assert {week.enrollment(who).status for who in done} == {"completed"}
    assert {week.enrollment(who).status for who in missed} == {"failed"}
    given = Counter(
        db.session.scalars(
            select(EarnSource.granted_points).where(EarnSource.rule_code == "campaign", EarnSource.state == "on")
        )
    )
    assert given == {REWARD: len(done)}
    waiting = select(func.count()).where(CheckinRecord.status != "approved")
    assert number_of(waiting) == 0
    ranks = select(CampaignRank.rank).where(CampaignRank.board == "diligence").order_by(CampaignRank.rank)
    assert list(db.session.scalars(ranks)) == list(range(1, PEOPLE + 1))
    told = Counter(db.session.execute(select(Notice.user_id, Notice.kind)).all())
    assert set(Counter({who: n for who, n in told.items() if who[1] == "campaign.settled"}).values()) == {1}
    assert set(Counter({who: n for who, n in told.items() if who[1] == "campaign.completed"}).values()) == {1}
    assert check_campaign(week.id).violations == []
    assert check_books(week.circle_id).violations == []


def test_workers_that_are_killed_while_reminding_remind_everybody_once(
    app: Flask, make: Make, start: Callable[[], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week_that_began(2, monkeypatch)
    now = datetime.now(UTC).astimezone(ZoneInfo(TZ))
    closes = now.hour * 60 + now.minute + 90  # in an hour and a half, on whichever day that is
    first = closes - 1440 if closes > 1440 else 0
    week = Week(make, {"win_start_min": first, "win_end_min": closes})
    people = [week.member() for _number in range(PEOPLE)]
    told = select(func.count()).where(Notice.kind == "checkin.reminder")
    worker = start()
    reached(told, 7)
    patience.killed(worker)
    start()
    sent = select(func.count()).where(CampaignPeriod.reminded_at.is_not(None))
    reached(sent, 1)
    reminded = Counter(db.session.scalars(select(Notice.user_id).where(Notice.kind == "checkin.reminder")))
    assert reminded == {who.id: 1 for who in people}


# ---- several processes on one file -----------------------------------------------------------------------------------


def act_in_a_process(settings: Settings, campaign_id: int, people: list[Actor], moments: list[datetime]) -> int:
    """What one process does: everybody checks in at every moment, and then it settles. Returns how many it took."""
    taken = 0
    with create_app(settings).app_context():
        for moment in moments:
            with clock.at(moment):
                for who in people:
                    try:
                        operations.submit(who, campaign_id, body="今天也写下来。")
                        taken += 1
                    except CircleError as error:  # another process was faster, perhaps settled it already
                        assert error.code in {"ALREADY_CHECKED_IN", "WINDOW_CLOSED"}
        with clock.at(moments[-1] + timedelta(days=7)):
            jobs.settle(campaign_id)
        db.session.remove()
        db.engine.dispose()
    return taken


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_check_ins_and_settlements_from_several_processes_are_exact(app: Flask, make: Make) -> None:
    week = Week(make, {"need_n": 3, "reward_points": REWARD})
    people = [week.member() for _number in range(6)]
    settings = replace(app.config["SETTINGS"], database_url=app.config["SQLALCHEMY_DATABASE_URI"])
    moments = [week.day(idx) for idx in (5, 6, 7)]
    db.session.rollback()
    pool = ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))
    try:
        running = [pool.submit(act_in_a_process, settings, week.id, people, moments) for _number in range(PROCESSES)]
        assert sum(each.result(timeout=120) for each in running) == len(people) * len(moments)
    finally:
        # the pool itself would wait without end for one that hangs
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
    db.session.expire_all()
    assert week.campaign.status == "closed"
    assert {(week.enrollment(who).done, week.enrollment(who).status) for who in people} == {(3, "completed")}
    with clock.at(week.day(30)):
        assert check_campaign(week.id).violations == []
    assert check_books(week.circle_id).violations == []
