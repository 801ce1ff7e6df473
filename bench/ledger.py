"""How fast the books are: postings per second, a statement of a million entries, and what points cost a post.

Part of `make bench`; alone with `make bench-ledger`. SQLite is written by processes, PostgreSQL by threads, as servers
do it. Every posting is a whole operation with its commit: a transaction, its entries, the member's account, a lot.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from bench import data
from bench.clients import Request, run
from bench.servers import Server
from circle.access import Actor
from circle.accounts import credentials
from circle.accounts.operations import open_api_session
from circle.app import create_app
from circle.circles import operations as circles
from circle.circles.models import Member
from circle.config import load
from circle.core import clock, ids
from circle.core.db import db
from circle.ledger import operations as ledger
from circle.ledger import queries as books
from circle.ledger.accounts import points_of
from circle.ledger.operations import Why

SLUG = "books"
WRITERS = {"sqlite": 8, "postgresql": 16}
PEOPLE = 64
SMALL, LARGE = 1_000, 1_000_000
#: postings per second with 16 threads on PostgreSQL, on two cores (the issue's bar)
MOST_GROWTH, LEAST_POSTINGS, LEAST_PUBLISH = 1.2, 900, 0.7


@contextmanager
def empty_database(url: str | None, directory: Path) -> Iterator[str]:
    """A database of its own beside the one that was given, gone afterwards."""
    if url is None or url.startswith("sqlite"):
        path = directory / "ledger-run.db"
        try:
            yield f"sqlite:///{path}"
        finally:
            for end in ("", "-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
        return
    name, admin = "bench_ledger", url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        before = connection.info.dbname
    try:
        yield f"/{name}".join(re.split(rf"/{before}(?=\?|$)", url, maxsplit=1))
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def made(url: str, environment: Callable[[str], dict[str, str]]) -> tuple[Flask, int, list[int], list[Actor]]:
    """The application, a circle, and its people as member ids and actors."""
    app = create_app(load(environment(url)))
    with app.app_context():
        upgrade()
        people = []
        for number in range(PEOPLE):
            name = f"writer{number}"
            id_ = credentials.sign_up(username=name, nickname=name, password=data.PASSWORD) if not people else None
            people.append(Actor(id=id_, username=name, nickname=name))
        owner = people[0]
        circle_id = circles.create_circle(owner, slug=SLUG, name="账本")
        _join(circle_id)
        db.session.expire_all()
        members = db.session.execute(select(Member.id, Member.user_id).where(Member.circle_id == circle_id)).all()
        db.session.remove()
    return app, circle_id, [row[0] for row in members], [Actor(id=row[1]) for row in members]


def _join(circle_id: int) -> None:
    """More people, by SQL: hashing a password for each would take longer than all the rest."""
    now = clock.now()
    options = {"sqlite_begin": "IMMEDIATE"}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        for number in range(1, PEOPLE):
            user, name = ids.new_id(), f"writer{number}"
            connection.execute(
                text("INSERT INTO users (id, created_at, username, username_key, nickname, bio, status, theme, version, "
                     "deleting_keeps) VALUES (:id, :now, :name, :name, :name, '', 'active', 'auto', 1, :yes)"),
                {"id": user, "now": now.replace(tzinfo=None), "name": name, "yes": True},
            )  # fmt: skip
            connection.execute(
                text("INSERT INTO members (id, created_at, circle_id, user_id, status, role, joined_at) "
                     "VALUES (:id, :now, :circle, :user, 'active', 'member', :now)"),
                {"id": ids.new_id(), "now": now.replace(tzinfo=None), "circle": circle_id, "user": user},
            )  # fmt: skip


# ---- postings --------------------------------------------------------------------------------------------------------


def postings(url: str, environment: Callable[[str], dict[str, str]], *, seconds: float) -> float:
    """Postings per second by all writers at once, each on members of its own turn."""
    app, circle_id, members, _actors = made(url, environment)
    writers = WRITERS["sqlite" if url.startswith("sqlite") else "postgresql"]
    with app.app_context():
        for member in members:  # what happens once in the life of an account is not measured
            ledger.give(circle_id, member, Why("bench", f"first:{member}"), points=1)
        db.session.remove()
        db.engine.dispose()
    if url.startswith("sqlite"):
        with multiprocessing.get_context("spawn").Pool(writers) as pool:
            arguments = [(environment(url), circle_id, members, number, seconds) for number in range(writers)]
            counts = pool.starmap(_write_in_process, arguments, chunksize=1)
    else:
        counts = [0] * writers
        start = threading.Barrier(writers)

        def work(number: int) -> None:
            start.wait()
            counts[number] = _write(app, circle_id, members, number, time.monotonic() + seconds)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with app.app_context():
        rows = db.session.execute(text("SELECT count(*) FROM ledger_txns WHERE idem_key NOT LIKE 'first:%'")).scalar()
        held = db.session.execute(text("SELECT sum(balance) FROM ledger_accounts")).scalar()
        if rows != sum(counts) or held != sum(counts) + len(members):
            raise RuntimeError(f"{sum(counts)} postings were made, {rows} are there, members hold {held}")
        db.session.remove()
        db.engine.dispose()
    return sum(counts) / seconds


def _write_in_process(
    environment: dict[str, str], circle_id: int, members: list[int], number: int, seconds: float
) -> int:
    os.environ.update(environment)
    app = create_app(load(environment))
    return _write(app, circle_id, members, number, time.monotonic() + seconds)


def _write(app: Flask, circle_id: int, members: list[int], number: int, until: float) -> int:
    with app.app_context():
        for count in itertools.count():
            if time.monotonic() > until:
                db.session.remove()
                return count
            member = members[(number * 7 + count) % len(members)]
            ledger.give(circle_id, member, Why("bench", f"bench:{number}:{count}"), points=1)
    raise AssertionError("unreachable")


# ---- a long statement ------------------------------------------------------------------------------------------------


def statement(url: str, environment: Callable[[str], dict[str, str]], *, rounds: int) -> tuple[float, float, float]:
    """(ms at 1,000 entries, ms at 1,000,000, median of the ratios): CPU and waiting for one page of 20 rows."""
    app, circle_id, members, _actors = made(url, environment)
    few, many = members[0], members[1]
    with app.app_context():
        for member, size in ((few, SMALL), (many, LARGE)):
            ledger.give(circle_id, member, Why("bench", f"first:{member}"), points=1)
            _fill(points_of(circle_id, member).id, size)
        db.session.remove()
        times: tuple[list[float], list[float]] = ([], [])
        for _round in range(rounds):
            for member, spent in ((few, times[0]), (many, times[1])):
                begin = time.perf_counter()
                for _page in range(20):
                    page = books.statement_page(points_of(circle_id, member))
                    if len(page.items) != 20:
                        raise RuntimeError("a page of a statement has 20 rows")
                    db.session.remove()
                spent.append((time.perf_counter() - begin) / 20 * 1000)
        db.engine.dispose()
    ratios = [large / small for small, large in zip(*times, strict=True)]
    return statistics.median(times[0]), statistics.median(times[1]), statistics.median(ratios)


def _fill(account_id: int, size: int) -> None:
    """Entries 2..size of an account, by SQL, each with a transaction of its own, as posting would have made them."""
    postgres = db.engine.dialect.name == "postgresql"
    numbers = (
        f"(SELECT generate_series(2::bigint, {size}) AS i) AS n" if postgres else
        f"(WITH RECURSIVE s(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM s WHERE i < {size}) SELECT i FROM s) AS n"
    )  # fmt: skip
    base, now = account_id // 4, clock.now().isoformat(sep=" ")
    moment = f"'{now}'::timestamptz" if postgres else f"'{now[:26]}'"
    some = "CAST('{}' AS JSONB)" if postgres else "'{}'"
    options = {"sqlite_begin": "IMMEDIATE", "no_parameters": True}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        for statement_ in (
            "INSERT INTO ledger_txns (id, created_at, circle_id, kind, idem_key, payload_hash, effective_at, posted_at, "
            f"memo, meta) SELECT {base} + n.i, {moment}, circle_id, 'earn.comment', 'fill:{account_id}:' || n.i, 'x', "
            f"{moment}, {moment}, '', {some} FROM ledger_accounts, {numbers} WHERE ledger_accounts.id = {account_id}",
            "INSERT INTO ledger_entries (id, txn_id, account_id, asset, kind, amount, seq, balance_after, posted_at) "
            f"SELECT {base} + n.i, {base} + n.i, {account_id}, 'POINTS', 'earn.comment', 1, n.i, n.i, {moment} "
            f"FROM {numbers}",
            f"UPDATE ledger_accounts SET seq = {size}, balance = {size} WHERE id = {account_id}",
        ):
            connection.exec_driver_sql(statement_)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


# ---- publishing with and without points ------------------------------------------------------------------------------


def publishing(url: str, environment: Callable[[str], dict[str, str]], *, rounds: int, each: int) -> tuple[float, ...]:
    """(posts per second without points, with, median of the ratios): over the API, eight clients, both in turn."""
    app, circle_id, members, actors = made(url, environment)
    with app.app_context():
        data.lift_limits()
        for member in members:
            ledger.give(circle_id, member, Why("bench", f"first:{member}"), points=1)
        tokens = [
            open_api_session(actor.person_id, user_agent="bench", address="127.0.0.1").access_token for actor in actors
        ]
        db.session.remove()
        db.engine.dispose()

    def make(client: int, number: int) -> Request:
        headers = {"Authorization": f"Bearer {tokens[(client * 8 + number) % len(tokens)]}"}
        headers["Content-Type"] = "application/json"
        body = json.dumps({"body": f"今天早上出门看见河边的柳树发芽了，阳光很好，走了一圈，买豆浆油条回家。{number}"})
        return "POST", f"/api/v1/circles/{SLUG}/posts", headers, body.encode()

    rates: tuple[list[float], list[float]] = ([], [])
    with Server("bench.pointless:app", environment(url)) as without, Server("wsgi:app", environment(url)) as site:
        for round_ in range(-1, rounds):  # the first round warms up
            for server, rate in ((without, rates[0]), (site, rates[1])):
                timings = run(server.port, make, clients=8, each=each // 8, expect=201)
                if timings.errors:
                    raise RuntimeError(f"publishing: {timings.errors[0]}")
                if round_ >= 0:
                    rate.append(timings.per_second)
    with app.app_context():
        earned = db.session.execute(text("SELECT count(*) FROM earn_sources WHERE state = 'on'")).scalar()
        if earned != (rounds + 1) * (each // 8) * 8:
            raise RuntimeError(f"{earned} of {(rounds + 1) * each} posts earned something")
        db.session.remove()
        db.engine.dispose()
    ratios = [after / before for before, after in zip(*rates, strict=True)]
    return statistics.median(rates[0]), statistics.median(rates[1]), statistics.median(ratios)


def report(url: str | None, directory: Path, environment: Callable[[str], dict[str, str]], *, rounds: int) -> None:
    """Measure all of it on one engine and print the table."""
    engine = "sqlite" if url is None or url.startswith("sqlite") else "postgresql"
    how = "processes" if engine == "sqlite" else "threads"
    print(f"\nThe books, {'SQLite' if engine == 'sqlite' else 'PostgreSQL'}; medians of {rounds} rounds")

    def on_empty(measured: Callable[[str], Any]) -> Any:
        with empty_database(url, directory) as place:
            return measured(place)

    rates = [on_empty(lambda place: postings(place, environment, seconds=5)) for _round in range(rounds)]
    rate = statistics.median(rates)
    bar = f"≥ {LEAST_POSTINGS}/s {'met' if rate >= LEAST_POSTINGS else 'MISSED'}" if engine == "postgresql" else ""
    print(f"postings, {WRITERS[engine]} {how:12}{'':8}{rate:8.0f}/s  {bar}")
    small, large, ratio = on_empty(lambda place: statement(place, environment, rounds=max(5, rounds)))
    bar = f"≤ {MOST_GROWTH} × {'met' if ratio <= MOST_GROWTH else 'MISSED'}"
    print(f"statement page, 1,000 entries {small:10.2f} ms; 1,000,000: {large:.2f} ms, {ratio:.2f} ×  {bar}")
    before, after, ratio = on_empty(lambda place: publishing(place, environment, rounds=max(5, rounds), each=400))
    bar = f"≥ {LEAST_PUBLISH:.0%} {'met' if ratio >= LEAST_PUBLISH else 'MISSED'}"
    print(f"publish without points {before:10.0f}/s; with: {after:.0f}/s, {ratio:.0%}  {bar}")
