"""Questions of the bench: every hundredth post has one after it, with twenty answers that were voted on.

They are added to a database that has none yet, so one that was made before there were questions is not made anew. As in
data.py everything is arithmetic on a row number; the votes of an answer repeat in a pattern of seven.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import click
from sqlalchemy import text

from bench import data
from circle.core.db import db
from circle.posts import ranking as posts_ranking
from circle.qa import ranking

ANSWERS = 20
#: posts to one question
EVERY = 100
#: (up, down) of the answers in turn
VOTES = ((5, 0), (3, 0), (1, 1), (0, 0), (4, 1), (2, 0), (0, 1))
_ID = 1 << 22


def ensure(size: data.Size) -> None:
    """Add the questions unless they are there; then see that the numbers are those of the rows."""
    if not db.session.execute(text("SELECT count(*) FROM questions")).scalar():
        first = int(db.session.execute(text("SELECT min(id) FROM posts")).scalar_one()) // _ID
        members = int(db.session.execute(text("SELECT min(id) FROM users WHERE username = 'm0'")).scalar_one())
        db.session.remove()
        click.echo(f"Adding {size.posts // EVERY:,} questions with {ANSWERS} answers each …")
        data.run(*_statements(size, first, members))
        check()
    db.session.remove()


def check(sample: int | None = 200) -> None:
    """Raises AssertionError when an answer's votes are not those of the rows (Q2), or a question's answers (Q7); with
    None all are looked at."""
    limited = "" if sample is None else f" ORDER BY id DESC LIMIT {sample}"
    rows = db.session.execute(
        text(
            "SELECT id, up, down, score, wilson, (SELECT count(*) FROM answer_votes v WHERE v.answer_id = a.id AND "
            "v.value > 0) AS yes, (SELECT count(*) FROM answer_votes v WHERE v.answer_id = a.id AND v.value < 0) AS no "
            f"FROM answers a{limited}"
        )
    ).all()
    for row in rows:
        if (row.up, row.down, row.score, row.wilson) != (
            row.yes, row.no, row.yes - row.no, ranking.wilson(row.yes, row.no)
        ):  # fmt: skip
            raise AssertionError(f"the votes of an answer are not those of its rows: {row}")
    wrong = "SELECT count(*) FROM posts p WHERE type = 'question' AND answer_count <> (SELECT count(*) FROM answers a "
    if db.session.execute(text(f"{wrong} WHERE a.question_id = p.id AND status = 'published')")).scalar():
        raise AssertionError("the answers of a question are not counted rightly")
    db.session.remove()


class _Places:
    """Where things are, as SQL of a row number."""

    def __init__(self, size: data.Size, first: int, members: int) -> None:
        self.sql = data.Dialect(db.engine.dialect.name)
        self.size, self.first, self.members = size, first, members
        self.questions = size.posts // EVERY
        self.circle = f"(SELECT id FROM circles WHERE slug = '{data.SLUG}')"

    def member(self, number: str) -> str:
        """A member's id."""
        return f"{self.members} + ({number}) % {self.size.members} * {_ID}"

    def asked(self, number: str) -> str:
        """The millisecond in which a question was asked."""
        return f"({self.first} + ({number}) * {data.STEP_MS * EVERY} + 7000)"

    def answered(self, number: str) -> str:
        """The same of an answer, by its number among all of them; the best was there first."""
        return f"({self.asked(f'{number} / {ANSWERS}')} + 1000 + {number} % {ANSWERS} * 100)"

    def answer_id(self, number: str) -> str:
        """An answer's id; no two are made in the same millisecond."""
        return f"({self.answered(number)} * {_ID} + 3)"


def _statements(size: data.Size, first: int, members: int) -> list[str]:
    at = _Places(size, first, members)
    more = [
        f"UPDATE circles SET post_count = post_count + {at.questions} WHERE slug = '{data.SLUG}'",
        f"UPDATE topics SET post_count = post_count + {at.questions // data.TOPICS}",
        "ANALYZE",
    ]
    return [*_questions(at), *_answers(at), *more]


def _questions(at: _Places) -> list[str]:
    sql, begins = at.sql, at.asked("n.i")
    asked, newest = sql.moment(begins), sql.moment(at.answered(f"n.i * {ANSWERS} + {ANSWERS - 1}"))
    numbers = sql.numbers(0, at.questions)
    engagement = posts_ranking.ANSWER * ANSWERS
    epoch = posts_ranking.HOT_EPOCH * 1000
    hot = f"{round(1e6 * math.log10(engagement))} + ({begins} - {epoch}) * 1000 / 86400"
    hint = {
        "status": "open", "accepted": "A", "accepted_id": "B", "version": 1, "peek": "先走一圈再说。", "by_others": ANSWERS,
    }  # fmt: skip
    parts = json.dumps({"media": [], "topics": ["T"], "question": hint}, ensure_ascii=False)
    parts = parts.replace('"T"', f"' || ({at.members} + n.i % {data.TOPICS}) || '")
    parts = parts.replace('"A"', "' || CASE WHEN n.i % 3 = 0 THEN 'true' ELSE 'false' END || '")
    first = f"CAST({at.answer_id(f'n.i * {ANSWERS}')} AS TEXT)"
    parts = parts.replace('"B"', f"' || CASE WHEN n.i % 3 = 0 THEN {first} ELSE 'null' END || '")
    parts = sql.json(f"'{parts}'")
    return [
        "INSERT INTO posts (id, created_at, circle_id, author_id, type, status, title, body, body_html, excerpt, "
        "published_at, last_activity_at, answered_at, like_count, comment_count, answer_count, favorite_count, "
        f"engagement, hot_score, hidden_reason, version, parts) SELECT {begins} * {_ID}, {asked}, {at.circle}, "
        f"{at.member(f'n.i * 31 + {ANSWERS} * 997 + 1')}, 'question', 'published', '第 ' || n.i || ' 问：怎么坐得住？', "
        f"t.body, t.html, t.excerpt, {asked}, {newest}, {newest}, 0, 0, {ANSWERS}, 0, {engagement}, {hot}, '', 1, "
        f"{parts} FROM {numbers} JOIN bench_texts t ON t.n = n.i % {data.TEXTS}",
        "INSERT INTO topic_posts (topic_id, post_id, visible, published_at, last_activity_at, hot_score) "
        f"SELECT {at.members} + n.i % {data.TOPICS}, {begins} * {_ID}, 1, {asked}, {newest}, {hot} FROM {numbers}",
        "INSERT INTO questions (post_id, circle_id, status, close_reason, first_accepted_at, version, created_at) "
        f"SELECT {begins} * {_ID}, {at.circle}, 'open', '', CASE WHEN n.i % 3 = 0 THEN {newest} END, 1, {asked} "
        f"FROM {numbers}",
    ]


def _answers(at: _Places) -> list[str]:
    sql, count = at.sql, at.questions * ANSWERS
    written, numbers = sql.moment(at.answered("n.i")), sql.numbers(0, count)

    def by_place(values: Iterable[int]) -> str:
        cases = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values))
        return f"CASE n.i % {len(VOTES)} {cases} END"

    up, down, wilson = (
        by_place(values)
        for values in ((u for u, _d in VOTES), (d for _u, d in VOTES), (ranking.wilson(u, d) for u, d in VOTES))
    )
    accepted = f"n.i % {ANSWERS} = 0 AND n.i / {ANSWERS} % 3 = 0"
    author = at.member(f"n.i / {ANSWERS} * 31 + n.i % {ANSWERS} * 997")
    votes = [
        f"INSERT INTO answer_votes (answer_id, user_id, value, created_at) SELECT {at.answer_id('n.i')}, "
        f"{at.member(f'n.i * 13 + {voter} * 1009 + 7')}, CASE WHEN {voter} < {up} THEN 1 ELSE -1 END, {written} "
        f"FROM {numbers} WHERE {voter} < {up} + {down}"
        for voter in range(max(u + d for u, d in VOTES))
    ]
    return [
        "INSERT INTO answers (id, created_at, circle_id, question_id, author_id, anonymous, body, body_html, excerpt, "
        "status, up, down, score, wilson, accepted_at, accepted_by, hidden_reason, version) "
        f"SELECT {at.answer_id('n.i')}, {written}, {at.circle}, {at.asked(f'n.i / {ANSWERS}')} * {_ID}, {author}, "
        f"{sql.false}, t.body, t.html, t.excerpt, 'published', {up}, {down}, {up} - {down}, {wilson}, "
        f"CASE WHEN {accepted} THEN {written} END, CASE WHEN {accepted} THEN {author} END, '', 1 "
        f"FROM {numbers} JOIN bench_texts t ON t.n = n.i % {data.TEXTS}",
        *votes,
    ]
