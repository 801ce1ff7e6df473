"""A database of a wanted size, made by SQL from a few hundred sample texts: once, then kept in var/bench.

Everything is arithmetic on a row number, so it is the same each time. The rows are what the operations would have
written; `check` recounts a sample. Ids are the application's, milliseconds << 22, so they sort by time.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import click
from sqlalchemy import inspect, text

from circle.access import Actor
from circle.accounts import credentials
from circle.accounts.papers import PAPERS
from circle.circles.operations import create_circle
from circle.core import markup
from circle.core.db import db
from circle.points.operations import begin_points
from circle.posts.operations.counting import recount

SLUG = "bench"
PASSWORD = "bench-2026-circle"
#: people who sign in during a run, one per client; the first of them owns the circle
PEOPLE = 8
#: posts stand this far apart
STEP_MS = 20_000
TOPICS, TEXTS = 20, 300
_ID = 1 << 22
_WORDS = (  # noqa: SIM905
    "今天 早上 出门 看见 河边 的 柳树 发芽 了 阳光 很好 走 了 一圈 买 豆浆 油条 回家 写 字 读书 三十页 孩子 问 我 为什么 "
    "天空 是 蓝色 我们 一起 查 资料 才 知道 原来 如此 分享 给 大家 祝 一天 顺利 坚持 打卡 第七天 感觉 不错 明天 继续 加油"
).split()


@dataclass(frozen=True)
class Size:
    """How much there is: 3 comments and 10 likes per post. Every hundredth post has 102 comments, the others 2."""

    posts: int = 100_000
    members: int = 10_000

    @property
    def comments(self) -> int:
        return self.posts * 3

    @property
    def likes(self) -> int:
        return self.posts * 10


def is_filled(size: Size) -> bool:
    """Whether the database holds exactly this already (the marker is written last)."""
    if "bench_marker" not in inspect(db.engine).get_table_names():
        return False
    made = db.session.execute(text("SELECT size FROM bench_marker")).scalar()
    db.session.remove()
    return made == f"{size.posts}/{size.members}"


def fill(size: Size) -> None:
    """Fill a database that has the tables and nothing else."""
    owner = _people_who_sign_in()
    steps = list(_steps(size, owner))
    with click.progressbar(steps, label=f"Making {size.posts:,} posts", item_show_func=lambda s: s and s[0]) as shown:
        for _name, statements in shown:
            run(*statements)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    else:
        run("ANALYZE")
    run(
        "CREATE TABLE bench_marker (size VARCHAR(40))",
        f"INSERT INTO bench_marker VALUES ('{size.posts}/{size.members}')",
    )


def lift_limits() -> None:
    """Let the clients of a run write as fast as they can: no limit of posts a day, and everything earns something."""
    begin_points(db.session.execute(text("SELECT id FROM circles")).scalar_one())
    db.session.remove()
    sql = Dialect(db.engine.dialect.name)
    level = '[{"name": "", "growth_min": 0, "privileges": {"posts_per_day": 1000000}}]'
    quoted = f"'{level}'"
    run(
        f"UPDATE circles SET levels = {sql.json(quoted)}",
        "UPDATE earn_rules SET daily_count_cap = NULL, giver_daily_cap = NULL, enabled = (code <> '*')",
    )


def check(sample: int = 20) -> None:
    """Raises AssertionError when the numbers on some posts are not those of their rows."""
    ids = db.session.execute(text("SELECT id FROM posts ORDER BY id LIMIT 400")).scalars().all()
    for id_ in random.Random(1).sample(list(ids), sample):
        row = db.session.execute(text("SELECT like_count, comment_count FROM posts WHERE id = :id"), {"id": id_}).one()
        counted = recount(id_)
        if (counted.like_count, counted.comment_count) != tuple(row):
            raise AssertionError(f"post {id_}: {counted} but the row says {tuple(row)}")
    db.session.remove()


def run(*statements: str) -> None:
    options = {"sqlite_begin": "IMMEDIATE", "no_parameters": True}  # the texts hold signs that would be parameters
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        for statement in statements:
            connection.exec_driver_sql(statement)


def _people_who_sign_in() -> int:
    """The owner and the other clients, made by the operations, and the circle."""
    names = [f"bench{n}" for n in range(PEOPLE)]
    ids = [credentials.sign_up(username=name, nickname=name, password=PASSWORD) for name in names]
    create_circle(Actor(id=ids[0], username=names[0], nickname=names[0]), slug=SLUG, name="晨光圈", intro="一天一句。")
    db.session.remove()
    return ids[0]


def _sample_texts() -> Iterator[tuple[int, str, str, str, str]]:
    choose = random.Random(7)
    for n in range(TEXTS):
        lines = ["".join(choose.choices(_WORDS, k=choose.randint(8, 40))) + "。" for _ in range(choose.randint(1, 4))]
        body = "\n\n".join(lines)
        html = markup.render(body)
        reply = "".join(choose.choices(_WORDS, k=choose.randint(3, 14)))
        yield n, body, html, markup.excerpt(html, 140), markup.render(reply)


class Dialect:
    """What the two engines spell differently."""

    def __init__(self, name: str) -> None:
        self.postgres = name == "postgresql"
        self.true, self.false = ("true", "false") if self.postgres else ("1", "0")

    def moment(self, ms: str) -> str:
        """SQL of the moment `ms` milliseconds after 1970."""
        if self.postgres:
            return f"to_timestamp(({ms}) / 1000)"
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', ({ms}) / 1000, 'unixepoch')"

    def numbers(self, start: int, count: int) -> str:
        """SQL of a table n with the column i = start, start + 1, …"""
        last = start + count - 1
        if self.postgres:
            return f"(SELECT generate_series({start}::bigint, {last}) AS i) AS n"
        series = f"WITH RECURSIVE s(i) AS (SELECT {start} UNION ALL SELECT i + 1 FROM s WHERE i < {last})"
        return f"({series} SELECT i FROM s) AS n"

    def json(self, value: str) -> str:
        return f"CAST({value} AS JSONB)" if self.postgres else value


def _steps(size: Size, owner: int) -> Iterator[tuple[str, list[str]]]:
    """(what is made, its statements)."""
    sql = Dialect(db.engine.dialect.name)
    first = int(time.time() * 1000) - (size.posts + 10) * STEP_MS
    base = (first - 86_400_000) * _ID
    circle = f"(SELECT id FROM circles WHERE slug = '{SLUG}')"

    def blocks(count: int, block: int) -> Iterator[str]:
        return (sql.numbers(start, min(block, count - start)) for start in range(0, count, block))

    def a_member(number: str) -> str:
        return f"{base} + ({number}) % {size.members} * {_ID}"

    yield "texts", _texts()
    yield "members", _members(sql, size, base, circle, owner)
    yield (
        "topics",
        [
            "INSERT INTO topics (id, created_at, circle_id, slug, title, intro, kind, status, created_by, post_count, "
            f"follower_count, version) SELECT {base} + n.i, {sql.moment(str(first))}, {circle}, 't' || n.i, '话题' || n.i, '', "
            f"'normal', 'active', {owner}, {size.posts // TOPICS}, 0, 1 FROM {sql.numbers(0, TOPICS)}"
        ],
    )
    at = f"({first} + n.i * {STEP_MS})"
    hot = f"1000000 + ({at} - 1704067200000) * 1000 / 86400"
    made = json.dumps({"media": [], "topics": ["T"]}).replace('"T"', f"' || ({base} + n.i % {TOPICS}) || '")
    made = f"'{made}'"
    for numbers in blocks(size.posts, 50_000):
        yield (
            "posts",
            [
                "INSERT INTO posts (id, created_at, circle_id, author_id, type, status, title, body, body_html, excerpt, "
                "published_at, last_activity_at, like_count, comment_count, favorite_count, engagement, hot_score, "
                f"hidden_reason, version, parts) SELECT {at} * {_ID}, {sql.moment(at)}, {circle}, {a_member('n.i * 7919')}, "
                f"'moment', 'published', '', t.body, t.html, t.excerpt, {sql.moment(at)}, {sql.moment(at)}, 10, "
                f"CASE WHEN n.i % 100 = 0 THEN 102 ELSE 2 END, 0, 10, {hot}, '', 1, {sql.json(made)} "
                f"FROM {numbers} JOIN bench_texts t ON t.n = n.i % {TEXTS}",
                "INSERT INTO topic_posts (topic_id, post_id, visible, published_at, last_activity_at, hot_score) "
                f"SELECT {base} + n.i % {TOPICS}, {at} * {_ID}, 1, {sql.moment(at)}, {sql.moment(at)}, {hot} FROM {numbers}",
            ],
        )
    # the first two thirds go round all posts twice, the rest round every hundredth a hundred times
    target = f"CASE WHEN n.i < {2 * size.posts} THEN n.i % {size.posts} ELSE n.i % ({size.posts} / 100) * 100 END"
    of_post = f"({first} + ({target}) * {STEP_MS})"
    written = f"({of_post} + 1000 + n.i / {size.posts} * 1000)"
    for numbers in blocks(size.comments, 100_000):
        yield (
            "comments",
            [
                "INSERT INTO comments (id, created_at, circle_id, post_id, author_id, body, body_html, status, like_count, "
                f"reply_count, hidden_reason, version) SELECT {written} * {_ID} + 1 + n.i % 2000000, {sql.moment(written)}, "
                f"{circle}, {of_post} * {_ID}, {a_member('n.i * 104729')}, '好', t.reply, 'published', 0, 0, '', 1 "
                f"FROM {numbers} JOIN bench_texts t ON t.n = n.i % {TEXTS}"
            ],
        )
    liked = f"({first} + n.i / 10 * {STEP_MS})"
    for numbers in blocks(size.likes, 500_000):
        yield (
            "likes",
            [
                "INSERT INTO likes (target_type, target_id, user_id, created_at) SELECT 'post', "
                f"{liked} * {_ID}, {a_member('n.i / 10 * 31 + n.i % 10 * 997')}, {sql.moment(liked)} FROM {numbers}"
            ],
        )
    yield (
        "sums",
        [
            "UPDATE posts SET peek_id = (SELECT c.id FROM comments c WHERE c.post_id = posts.id AND c.parent_id IS NULL "
            "ORDER BY c.like_count DESC, c.id LIMIT 1)",
            f"UPDATE circles SET post_count = {size.posts}, member_count = (SELECT count(*) FROM members WHERE "
            f"circle_id = circles.id) WHERE slug = '{SLUG}'",
        ],
    )


def _texts() -> list[str]:
    def quoted(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    rows = ", ".join(f"({n}, {', '.join(map(quoted, rest))})" for n, *rest in _sample_texts())
    return [
        "CREATE TABLE bench_texts (n BIGINT PRIMARY KEY, body TEXT, html TEXT, excerpt TEXT, reply TEXT)",
        f"INSERT INTO bench_texts VALUES {rows}",
    ]


def _members(sql: Dialect, size: Size, base: int, circle: str, owner: int) -> list[str]:
    at, numbers = sql.moment(str(base // _ID)), sql.numbers(0, size.members)
    into = "INSERT INTO members (id, created_at, circle_id, user_id, status, role, joined_at) "
    return [
        "INSERT INTO users (id, created_at, username, username_key, nickname, bio, status, theme, version, deleting_keeps) "
        f"SELECT {base} + n.i * {_ID}, {at}, 'm' || n.i, 'm' || n.i, '圈友' || n.i, '', 'active', 'auto', 1, {sql.true} "
        f"FROM {numbers}",
        f"{into} SELECT {base} + n.i * {_ID} + 1, {at}, {circle}, {base} + n.i * {_ID}, 'active', 'member', {at} "
        f"FROM {numbers}",
        f"{into} SELECT id + 2, created_at, {circle}, id, 'active', 'member', created_at FROM users "
        f"WHERE username LIKE 'bench%' AND id <> {owner}",
        # everybody has agreed to the papers as they read now
        *[
            "INSERT INTO consents (user_id, doc, version, created_at) "
            f"SELECT id, '{doc}', '{version}', created_at FROM users WHERE true ON CONFLICT DO NOTHING"
            for doc, version in PAPERS.items()
        ],
    ]
