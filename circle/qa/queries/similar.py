"""Which questions were asked before in other words.

No search engine and nothing of the database's: titles are short, so the newest of a circle are read and compared here,
alike on both engines. What two titles share is told by pairs of characters where a script has no spaces, and by the
beginnings of words where it has; what many titles share tells less.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from math import log
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, literal_column, or_, select

from circle.access import Actor
from circle.accounts.queries import not_blocked_for
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.posts.models import Post
from circle.posts.queries.feed import blocks_matter

#: so many of the newest questions are compared
LOOK_BACK = 2_000
MOST = 5
#: of what is typed; a title holds no more
_LONGEST = 200
#: what two titles share and is less than this is chance
_LEAST_TOLD, _LEAST_SCORE = 0.9, 280_000
#: what does not occur in any title is as often a seam between two words as a word of its own
_UNKNOWN = 0.35

#: scripts that are written without spaces: Chinese, Japanese, Korean (whose words end in many ways)
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_IS_DENSE = re.compile(f"[{_DENSE}]").match
_RUNS = re.compile(f"[{_DENSE}]+|[^\\W_{_DENSE}]+")
#: what every question has tells next to nothing: pairs of characters, as they are compared, and whole Latin words
_COMMON_PAIRS = (
    "什么 怎么 么样 怎样 如何 为什 为何 哪些 哪个 哪里 多少 可以 能不 不能 是不 不是 有没 没有 大家 请问 一下 一个 "
    "应该 需要 你们 我们 自己 这个 那个 还是 或者 但是 因为 所以 如果 比较 最近 知道 觉得 推荐 求助 求教 请教 问题 "
    "么办 怎办 的时 时候"
)
_COMMON_WORDS = (
    "a an and any anyone are as at be best but by can could did do does for from get had has have how i if in is it "
    "its just like me my need of on or our should so some somebody someone than that the their there they this to use "
    "was we were what when where which who why will with would you your"
)
_COMMON = frozenset([*_COMMON_PAIRS.split(), *_COMMON_WORDS.split()])
_WORTH_OF_COMMON = 0.1
_COMMON_CHARACTERS = frozenset(
    "的了是我你他她它们在有和就都也很还又不吗呢啊吧呀这那哪什么怎样为何谁几一个些上下里到要会能可以说对没多少大家请问"
    "把被给让用从跟比最更太再去来过得地着之与及或而且但如果因所想觉知道时候自己"
)
_WORTH_OF_CHARACTER = 0.4


class SimilarRow(NamedTuple):
    """A question that may have been meant."""

    id: int
    title: str
    url: str
    answer_count: int
    accepted: bool


def similar_questions(
    actor: Actor, circle: CircleRow, title: str, limit: int = MOST, *, without: int | None = None
) -> list[SimilarRow]:
    """Published questions of a readable circle whose titles say much of what `title` says, the most alike first; none
    that repeats another one.

    Those with an accepted answer, then those with any, come before others alike as much. `without` is the question
    that is looked for a twin of. Nothing for less than two characters.
    """
    wanted = _marks(title[:_LONGEST])
    if not wanted:
        return []
    met = blocks_matter(actor, circle)
    values = {"circle": circle.id, "me": actor.id or 0, "owner": circle.owner.id if circle.owner else 0}
    rows = [row for row in db.session.execute(_titles(met=met), values) if row[0] != without]
    return [
        SimilarRow(row[0], row[1], f"/{circle.slug}/questions/{row[0]}", row[2], bool(row[3]))
        for row in _ranked(wanted, rows)[:limit]
    ]


@cache
def _titles(*, met: bool) -> Select[Any]:
    posts = Post.__table__.c
    accepted = posts.parts["question"]["accepted"].as_boolean()
    # a duplicate sends everybody on, and nothing may be sent to it: the question that it repeats is what is looked for
    original = posts.parts["question"]["status"].as_string().is_distinct_from("duplicate")
    # the words of the partial index ix_posts_questions_newest
    here = (
        posts.circle_id == bindparam("circle", type_=BigInteger),
        posts.type == literal_column("'question'"), posts.status == literal_column("'published'"), original,
    )  # fmt: skip
    statement = select(posts.id, posts.title, posts.answer_count, accepted).where(*here)
    if met:
        me, owner = bindparam("me", type_=BigInteger), bindparam("owner", type_=BigInteger)
        by_owner = posts.author_id == owner
        statement = statement.where(or_(posts.anonymous, by_owner, not_blocked_for(me, posts.author_id)))
    return statement.order_by(posts.published_at.desc(), posts.id.desc()).limit(LOOK_BACK)


def _ranked(wanted: Sequence[str], rows: Sequence[Any]) -> list[Any]:
    texts = [_plain(row[1]) for row in rows]
    shared, told = [0.0] * len(rows), [0.0] * len(rows)
    whole = 0.0
    for mark in wanted:
        where = [n for n, (text, _size) in enumerate(texts) if mark in text]
        worth = _worth(mark)
        weight = worth / (1 + log(len(where)) / 2) if where else worth * _UNKNOWN
        whole += weight
        for n in where:
            shared[n] += weight
            told[n] += worth
    found = []
    for n, row in enumerate(rows if whole else ()):
        # of what is asked and of the other title, how much is said in both: either may be the longer one
        score = int(500_000 * (shared[n] / whole + min(1.0, told[n] / (texts[n][1] or 1.0))))
        if told[n] >= _LEAST_TOLD and score >= _LEAST_SCORE:
            found.append((-score - 60_000 * bool(row[3]) - 40_000 * bool(row[2]), -row[0], row))
    return [row for _score, _id, row in sorted(found)]


def _marks(title: str) -> list[str]:
    """What to look for in `_plain` titles: characters and pairs of them, and the beginnings of words after a space."""
    runs = _runs(title)
    return list(dict.fromkeys(mark for run in runs for mark in _marks_of(run))) if len("".join(runs)) > 1 else []


def _marks_of(run: str) -> list[str]:
    if not _IS_DENSE(run):
        return [_stem(run)]
    return [run[n : n + 2] for n in range(len(run) - 1)] + list(run)


def _stem(word: str) -> str:
    """The beginning of a longer word, so that its plural and its other forms are found; a short one is itself."""
    if len(word) <= 3 or word.isdigit() or word in _COMMON:
        return f" {word} "
    return " " + word[: max(4, len(word) - 3)]


@lru_cache(maxsize=4_096)
def _worth(mark: str) -> float:
    """What a mark tells by itself: a word or a pair of characters much, one character a little."""
    if mark[0] == " ":
        return _WORTH_OF_COMMON if mark.strip() in _COMMON else 1.0
    if len(mark) == 1:
        return 0.0 if mark in _COMMON_CHARACTERS else _WORTH_OF_CHARACTER
    return _WORTH_OF_COMMON if mark in _COMMON or _COMMON_CHARACTERS.issuperset(mark) else 1.0


@lru_cache(maxsize=16_384)
def _plain(title: str) -> tuple[str, float]:
    """The title in one spelling, its runs of one script between spaces; and what it tells in all, roughly."""
    runs = _runs(title)
    size = 0.0
    for run in runs:
        if _IS_DENSE(run):
            telling = len(run) - sum(map(run.count, _COMMON_CHARACTERS.intersection(run)))
            size += telling * (1 + _WORTH_OF_CHARACTER)
        else:
            size += run not in _COMMON
    return f" {' '.join(runs)} ", size


def _runs(title: str) -> list[str]:
    return _RUNS.findall(unicodedata.normalize("NFKC", title).casefold())
