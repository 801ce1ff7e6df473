"""How many people can check in at once, and what the board of a large campaign costs.

Part of `make bench`; alone with `make bench-checkins`. The burst: 5,000 members of a campaign that began the day before
check in over the API, each once, 8 clients at the same time; afterwards everything that was promised is counted in the
database. The same with the operation alone shows what HTTP costs. On the first day everybody had checked in already (by
the operation, too), so nobody's account in the books is new.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, func, insert, select

from bench import data
from bench.clients import Request, Timings, run, send_one, sign_in_browser
from bench.ledger import empty_database
from bench.servers import Server
from circle.access import Actor
from circle.accounts import credentials
from circle.accounts.models import Consent, User
from circle.accounts.operations import open_api_session
from circle.accounts.papers import PAPERS
from circle.app import create_app
from circle.checkins import operations as checkins
from circle.checkins.days import NO_MERIT, best_run, merit
from circle.checkins.models import Campaign, CheckinRecord, Enrollment
from circle.checkins.operations import Plan
from circle.checkins.operations.counting import Days
from circle.circles import operations as circles
from circle.circles.models import Circle, Member
from circle.config import load
from circle.core import clock, ids
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.points.checking import check_books
from circle.posts.models import Post
from circle.topics import operations as topics

SLUG = "mornings"
PEOPLE, CLIENTS = 5_000, 8
#: people who check in for the count of statements, and not in the burst
APART = 4
SMALL, LARGE = 1_000, 10_000
#: worker processes: on SQLite the one of `make run`, on PostgreSQL the two of deploy/compose.yaml
WORKERS = {"sqlite": 1, "postgresql": 2}
#: check-ins a second, by engine; statements of a board, and how much dearer the large one may be
LEAST = {"sqlite": 150, "postgresql": 300}
MOST_STATEMENTS, MOST_GROWTH = 6, 1.2
WORDS = "今天早上出门看见河边的柳树发芽了，阳光很好，走了一圈，买豆浆油条回家。"


@dataclass
class World:
    """A circle with a campaign in its second day."""

    app: Flask
    url: str
    owner: Actor
    circle_id: int
    campaign_id: int
    people: list[Actor]
    tokens: list[str] = field(default_factory=list)


@dataclass
class Burst:
    """What came of one burst; the CPU time is that of whoever ran the operations."""

    per_second: float
    p50: float
    p99: float
    cpu_ms: float
    statements: int | None = None


# ---- the circle ------------------------------------------------------------------------------------------------------


def made(url: str, environment: Callable[[str], dict[str, str]], *, people: int = PEOPLE + APART) -> World:
    """The circle, its campaign, and its people, all of whom checked in yesterday."""
    app = create_app(load(environment(url)))
    with app.app_context():
        upgrade()
        id_ = credentials.sign_up(username="bench_owner", nickname="bench_owner", password=data.PASSWORD)
        owner = Actor(id=id_, username="bench_owner", nickname="bench_owner")
        circle_id = circles.create_circle(owner, slug=SLUG, name="晨光圈")
        with clock.at(clock.now() - timedelta(days=40)):  # no newcomers, so no tasks of newcomers
            actors = _people(circle_id, people) if people else []
        campaign_id = _campaign(owner, "早安七天", _today() - timedelta(days=1))
        with clock.at(clock.now() - timedelta(days=1)):
            if actors:
                _enrolled(circle_id, campaign_id, actors)
            for some in _by(500, actors):  # a commit each would be most of the work
                in_transaction(lambda some=some: [_check_in(actor, campaign_id) for actor in some])
        world = World(app, url, owner, circle_id, campaign_id, actors)
        _close()
    return world


def _close() -> None:
    db.session.remove()
    db.engine.dispose()


def _by(size: int, things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (things[start : start + size] for start in range(0, len(things), size))


def _today() -> date:
    return clock.local_date(clock.now(), "Asia/Shanghai")


def _check_in(actor: Actor, campaign_id: int, arrived_at: datetime | None = None) -> None:
    checkins.submit(actor, campaign_id, body=WORDS, arrived_at=arrived_at)


def _people(circle_id: int, count: int) -> list[Actor]:
    """Members with everything that belongs to them, by statements: hashing passwords would take longer than all the
    rest."""
    users = [(ids.new_id(), f"early{number}") for number in range(count)]
    now = clock.now()

    def write() -> None:
        rows = [{"id": id_, "username": name, "username_key": name, "nickname": name, "created_at": now}
                for id_, name in users]  # fmt: skip
        db.session.execute(insert(User), rows)
        rows = [{"circle_id": circle_id, "user_id": id_, "joined_at": now, "created_at": now} for id_, _name in users]
        db.session.execute(insert(Member), rows)
        papers = [{"user_id": id_, "doc": doc, "version": version} for id_, _name in users
                  for doc, version in PAPERS.items()]  # fmt: skip
        db.session.execute(insert(Consent), papers)
        circle = db.session.get_one(Circle, circle_id)
        circle.member_count += count

    in_transaction(write)
    return [Actor(id=id_, username=name, nickname=name) for id_, name in users]


def _campaign(owner: Actor, title: str, start: date) -> int:
    with clock.at(clock.now() - timedelta(days=3)):
        topic_id = topics.create_topic(owner, SLUG, title=title, slug="", intro="")
        plan = Plan(title=title, start_date=start, end_date=start + timedelta(days=6), topic_id=topic_id,
                    reward_points=50, reward_growth=50)  # fmt: skip
        campaign_id = checkins.create_campaign(owner, SLUG, plan)
        checkins.publish_campaign(owner, campaign_id)
    return campaign_id


def _enrolled(circle_id: int, campaign_id: int, actors: Sequence[Actor], **more: Sequence[int]) -> list[int]:
    """Let people take part; `more` are values of columns, one for each. Returns the ids of their enrolments."""
    rows = [
        {"id": ids.new_id(), "circle_id": circle_id, "campaign_id": campaign_id, "user_id": actor.id,
         "merit": NO_MERIT, "board_key": -NO_MERIT, **{name: values[number] for name, values in more.items()}}
        for number, actor in enumerate(actors)
    ]  # fmt: skip

    def write() -> None:
        db.session.execute(insert(Enrollment), rows)
        db.session.get_one(Campaign, campaign_id).enrolled_count += len(rows)

    in_transaction(write)
    return [int(str(row["id"])) for row in rows]


# ---- the burst -------------------------------------------------------------------------------------------------------


def burst(world: World, environment: Callable[[str], dict[str, str]], workers: int) -> Burst:
    """Everybody checks in for today, over the API."""
    with world.app.app_context():
        for some in _by(500, world.people):
            world.tokens += in_transaction(lambda some=some: [
                open_api_session(actor.person_id, user_agent="bench", address="127.0.0.1").access_token
                for actor in some
            ])  # fmt: skip
        _close()
    each = (len(world.people) - APART) // CLIENTS

    def make(client: int, number: int) -> Request:
        return _request(world, client * each + number)

    with Server("wsgi:app", environment(world.url), workers=workers) as server:
        for _time in range(10 * workers):  # each of them is to have begun
            send_one(server.port, ("GET", f"/{SLUG}", {}, None))
        before = server.cpu_ms
        timings = run(server.port, make, clients=CLIENTS, each=each, expect=201)
        cpu = (server.cpu_ms - before) / len(timings.each_ms)
    if timings.errors:
        raise RuntimeError(f"{len(timings.errors)} check-ins failed, the first: {timings.errors[0]}")
    check(world, day=2, count=CLIENTS * each)
    return Burst(
        timings.per_second, timings.percentile(0.5), timings.percentile(0.99), cpu, _statements(world, environment)
    )


def _request(world: World, number: int) -> Request:
    headers = {
        "Authorization": f"Bearer {world.tokens[number]}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"burst-{number}",
    }
    body = json.dumps({"body": f"{WORDS}{number}"})
    return "POST", f"/api/v1/campaigns/{world.campaign_id}/submit", headers, body.encode()


def _statements(world: World, environment: Callable[[str], dict[str, str]]) -> int:
    """Of one more check-in over HTTP, without BEGIN and COMMIT."""
    app = create_app(load(environment(world.url)))
    client = app.test_client(use_cookies=False)
    with _counted(app) as counted:
        for number in range(1, APART + 1):
            method, path, headers, body = _request(world, len(world.people) - number)
            counted.clear()
            answer = client.open(path, method=method, headers=dict(headers), data=body)
            if answer.status_code != 201:
                raise RuntimeError(f"a check-in answered {answer.status_code}: {answer.text}")
    with app.app_context():
        _close()
    return len(counted)


@contextmanager
def _counted(app: Flask) -> Iterator[list[str]]:
    """The statements of the block, written into the list."""
    found: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    with app.app_context():  # only to name the engine: requests of the block have contexts of their own
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", count)


def operations(world: World, *, threads: int = CLIENTS) -> Burst:
    """Everybody checks in for tomorrow (as if it had come), by the operation in as many threads as there are clients."""
    tomorrow = clock.now() + timedelta(days=1)
    took: list[list[float]] = [[] for _number in range(threads)]
    failed: list[BaseException] = []
    start = threading.Barrier(threads + 1)

    def work(number: int) -> None:
        start.wait(30)
        for actor in world.people[number::threads]:
            before = time.perf_counter()
            try:
                with world.app.app_context():
                    _check_in(actor, world.campaign_id, tomorrow)
            except Exception as error:  # told below, whatever it was
                failed.append(error)
            took[number].append((time.perf_counter() - before) * 1000)

    workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(threads)]
    for worker in workers:
        worker.start()
    start.wait(30)
    began, cpu = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.join(600)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    if failed:
        raise RuntimeError(f"{len(failed)} check-ins failed, the first: {failed[0]!r}")
    with world.app.app_context():
        _close()
    check(world, day=3, count=len(world.people))
    timings = Timings(seconds, [one for part in took for one in part], [])
    return Burst(timings.per_second, timings.percentile(0.5), timings.percentile(0.99), cpu * 1000 / len(world.people))


def check(world: World, *, day: int, count: int) -> None:
    """Raises AssertionError unless so many people checked in on that day, each once (C1), and every enrolment (C2),
    every counter and the books are right."""
    with world.app.app_context():
        mine = (CheckinRecord.campaign_id == world.campaign_id, CheckinRecord.idx == day)
        people = func.count(CheckinRecord.enrollment_id.distinct())
        found = db.session.execute(
            select(func.count(), people, func.count(Post.id)).select_from(CheckinRecord)
            .outerjoin(Post, Post.id == CheckinRecord.post_id)
            .where(*mine, CheckinRecord.status == "approved")
        ).one()  # fmt: skip
        if tuple(found) != (count, count, count):
            raise AssertionError(f"{count} people checked in; (records, people, posts) are {tuple(found)}")
        rows = db.session.scalars(select(Enrollment).where(Enrollment.campaign_id == world.campaign_id)).all()
        for row in rows:
            now = Days.of(row.id)
            best = best_run(now.done)
            numbers = (row.done, row.on_time, row.best_streak, row.lateness_s, row.merit)
            if numbers != (
                len(now.done), now.on_time, best, now.lateness_s, merit(now.on_time, best, now.likes, now.lateness_s)
            ):  # fmt: skip
                raise AssertionError(f"an enrolment does not say what its records say: {numbers}")
        posts = db.session.scalar(select(func.count()).where(Post.circle_id == world.circle_id))
        if posts != db.session.get_one(Circle, world.circle_id).post_count:
            raise AssertionError("the posts of the circle are not counted rightly")
        violations = check_books(world.circle_id).violations
        if violations:
            raise AssertionError(f"the books do not hold: {violations[:3]}")
        _close()


# ---- the board -------------------------------------------------------------------------------------------------------


def boards(url: str, environment: Callable[[str], dict[str, str]], *, rounds: int) -> tuple[float, float, float, int]:
    """(CPU ms with 1,000 enrolled, with 10,000, median of the ratios, statements): the page, for somebody in the
    middle of the board, of the small and the large campaign in turn."""
    world = made(url, environment, people=0)
    with world.app.app_context():
        reader = credentials.sign_up(username="bench_reader", nickname="bench_reader", password=data.PASSWORD)
        with clock.at(clock.now() - timedelta(days=40)):
            circles.join_circle(Actor(id=reader, username="bench_reader", nickname="bench_reader"), SLUG)
            people = _people(world.circle_id, LARGE - 1)
        campaigns = []
        for size in (SMALL, LARGE):
            campaign_id = _campaign(world.owner, f"{size} 人", _today() - timedelta(days=1))
            _checked_in_once(world.circle_id, campaign_id, [*people[: size - 1], Actor(id=reader)])
            campaigns.append(campaign_id)
        _close()
    paths = [f"/{SLUG}/campaigns/{campaign_id}/board" for campaign_id in campaigns]
    each = 40
    with Server("wsgi:app", environment(url)) as server:
        cookie, _csrf = sign_in_browser(server.port, "bench_reader", data.PASSWORD, f"/{SLUG}/posts/new")
        spent: tuple[list[float], list[float]] = ([], [])
        for number in range(-1, rounds):  # the first round warms up
            for path, cpu in zip(paths, spent, strict=True):
                before = server.cpu_ms
                timings = run(server.port, lambda _c, _n, path=path: ("GET", path, {"Cookie": cookie}, None),
                              clients=2, each=each // 2)  # fmt: skip
                if timings.errors:
                    raise RuntimeError(f"the board: {timings.errors[0]}")
                if number >= 0:
                    cpu.append((server.cpu_ms - before) / each)
    app = create_app(load(environment(url)))
    client = app.test_client(use_cookies=False)
    with _counted(app) as counted:
        for _time in range(2):
            counted.clear()
            client.get(paths[1], headers={"Cookie": cookie})
        statements = len(counted)
    with app.app_context():
        _close()
    small, large = spent
    return (
        statistics.median(small), statistics.median(large),
        statistics.median(after / before for before, after in zip(small, large, strict=True)), statements,
    )  # fmt: skip


def _checked_in_once(circle_id: int, campaign_id: int, people: Sequence[Actor]) -> None:
    """Everybody checked in on the first day, and was liked more or less for it; by statements. The last of the people
    stands in the middle."""
    count = len(people)
    likes = [number * 50 // count for number in range(count - 1)] + [25]
    late = [number * 7 % 80_000 for number in range(count)]
    merits = [merit(1, 1, *both) for both in zip(likes, late, strict=True)]
    one = [1] * count
    enrolments = _enrolled(
        circle_id, campaign_id, people, done=one, on_time=one, best_streak=one, likes=likes, lateness_s=late,
        merit=merits, board_key=[-each for each in merits],
    )  # fmt: skip
    at = clock.now() - timedelta(days=1)
    posts = [ids.new_id() for _person in people]

    def write() -> None:
        rows: list[dict[str, Any]] = [
            {"id": post, "circle_id": circle_id, "author_id": actor.id, "type": "checkin", "status": "published",
             "title": "", "body": WORDS, "body_html": f"<p>{WORDS}</p>", "excerpt": WORDS, "published_at": at,
             "last_activity_at": at, "like_count": like, "engagement": like, "hot_score": 0,
             "parts": {"media": [], "topics": []}}
            for post, actor, like in zip(posts, people, likes, strict=True)
        ]  # fmt: skip
        db.session.execute(insert(Post), rows)
        records: list[dict[str, Any]] = [
            {"circle_id": circle_id, "campaign_id": campaign_id, "enrollment_id": enrolment, "user_id": actor.id,
             "idx": 1, "post_id": post, "submitted_at": at, "engagement": like}
            for enrolment, actor, post, like in zip(enrolments, people, posts, likes, strict=True)
        ]  # fmt: skip
        db.session.execute(insert(CheckinRecord), records)

    in_transaction(write)


# ---- telling ---------------------------------------------------------------------------------------------------------


def report(url: str | None, directory: Path, environment: Callable[[str], dict[str, str]], *, rounds: int) -> None:
    """Measure all of it on one engine and print the table."""
    engine = "sqlite" if url is None or url.startswith("sqlite") else "postgresql"
    shown, least, workers = ("SQLite" if engine == "sqlite" else "PostgreSQL"), LEAST[engine], WORKERS[engine]
    print(f"\nCheck-ins of {PEOPLE:,} members by {CLIENTS} at the same time, {shown}")
    print(f"{'':28}{'per s':>8}{'p50 ms':>9}{'p99 ms':>9}{'SQL':>5}{'CPU ms':>9}  bar")
    with empty_database(url, directory) as place:
        world = made(place, environment)
        for name, measured in (
            (f"over the API, {workers} worker{'s' * (workers > 1)}", lambda: burst(world, environment, workers)),
            ("the operation alone", lambda: operations(world)),
        ):
            each = measured()
            bar = ""
            if each.statements is not None:
                bar = f"≥ {least}/s {'met' if each.per_second >= least else 'MISSED'}, each once, books right"
            sql = "" if each.statements is None else each.statements
            print(f"{name:28}{each.per_second:8.0f}{each.p50:9.1f}{each.p99:9.1f}{sql:>5}{each.cpu_ms:9.2f}  {bar}")
    with empty_database(url, directory) as place:
        small, large, ratio, statements = boards(place, environment, rounds=max(5, rounds))
    met = "met" if ratio <= MOST_GROWTH and statements <= MOST_STATEMENTS else "MISSED"
    print(f"board page, {SMALL:,} enrolled {small:.2f} CPU ms, {statements} SQL; {LARGE:,} enrolled {large:.2f}, "
          f"{ratio:.2f} ×  ≤ {MOST_GROWTH} × and ≤ {MOST_STATEMENTS} SQL {met}")  # fmt: skip
