"""Cards are drawn once and remembered; nobody is ever given a drawing that is not theirs.

What is remembered is compared with what the macros draw with an empty memory, for posts and comments that differ in a
single value, and for readers of every kind.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask, g
from flask_babel import force_locale

from circle.access import Actor, Role, Standing
from circle.accounts.queries import Author
from circle.circles.queries import CircleRow, Membership
from circle.core import clock
from circle.posts import operations as posts
from circle.posts.queries.rows import (
    CommentCan,
    CommentRow,
    Peek,
    PollHint,
    PostCan,
    PostMediaRow,
    PostRow,
    QuestionHint,
    TopicRef,
)
from circle.qa.queries import AnswerCan, AnswerRow
from circle.templating import Drawing, Macros
from tests import patience
from tests.factories import Make, Place

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
AUTHOR = Author(7, "wenyan", "文燕", "/media/7/thumb.webp", "expert")
CIRCLE = CircleRow(
    id=1, slug="reading", name="共读", intro="", cover_id=None, cover_url=None, accent="red", tz="Asia/Shanghai",
    visibility="public", join_mode="open", questions=[], member_count=3, post_count=4, version=1, created_at=NOW,
    owner=AUTHOR, standing=Standing(1, 9, "active", Role("member")), me=None, actor=Actor(9, "bob", "Bob"),
)  # fmt: skip
PICTURE = PostMediaRow(
    1, "image", "/media/1/full.webp", "/media/1/thumb.webp", 4, 3, None, "", 9, "", "雾", "image/webp"
)
VOICE = PostMediaRow(2, "audio", "/media/2/full.m4a", None, None, None, 400, "0123", 99, "", "", "audio/mp4")
VIDEO = PostMediaRow(3, "video", "/media/3/full.mp4", "/media/3/t.webp", 4, 3, 61_000, "", 9, "", "", "video/mp4")
FILE = PostMediaRow(4, "file", "/media/4/full.pdf", None, None, None, None, "", 1, "书单.pdf", "", "application/pdf")
PLAIN = PostRow(
    5, "moment", "published", CIRCLE, Author(7, "wenyan", "文燕", None), "", "早安", "<p>早安</p>", "早安", 0, 0, 0,
    False, False, NOW - timedelta(minutes=3), None, NOW, None, None, None, "", 1, PostCan(),
)  # fmt: skip
RICH = PLAIN._replace(
    author=AUTHOR, title="今天有雾", body="早" * 200, like_count=12, comment_count=1, favorite_count=1, liked=True,
    favorited=True, edited_at=NOW, featured_at=NOW, pin_rank=1, pin_until=NOW, hidden_reason="跑题", version=2,
    can=PostCan(*[True] * len(PostCan._fields)), topics=(TopicRef(1, "tea", "茶", "/reading/topics/tea"),),
    media=(PICTURE, VOICE, VIDEO, FILE), poll=PollHint("何时？", 3, None), peek=Peek("Bob", "admin", "是啊"),
)  # fmt: skip
SAID = CommentRow(
    1, 5, None, AUTHOR, "是啊", "<p>是啊</p>", "published", 2, True, 3, NOW - timedelta(hours=1), NOW, "", 1, "Ann",
    "/reading/posts/5", "/reading/comments/1", CommentCan(*[True] * len(CommentCan._fields)),
)  # fmt: skip
COMMENT = SAID._replace(replies=(SAID._replace(id=2, parent_id=1, can=CommentCan()),))

QUESTION = RICH._replace(
    type="question", peek=None, poll=None, answer_count=3, question=QuestionHint("open", True, "写三句话。", 3)
)
UNNAMED = QUESTION._replace(
    author=Author(0, "", "匿名圈友", None), anonymous=True, question=QuestionHint("closed", False, "")
)
ANSWER = AnswerRow(
    1, 5, AUTHOR, "写三句话。", "<p>写三句话。</p>", "写三句话。", "hidden", 5, 1, 4, 1, True, NOW,
    NOW - timedelta(hours=1), NOW, "跑题", 1, False, AnswerCan(*[True] * len(AnswerCan._fields)), "/reading/answers/1",
    "/reading/questions/5", True, True,
)  # fmt: skip


def others(value: Any) -> Iterator[Any]:
    """Values unlike this one, by one thing each: also such as are equal or empty in another way."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        for name in value._fields:
            yield from (value._replace(**{name: other}) for other in others(getattr(value, name)))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (0, 1, 2, 12_000)
    elif isinstance(value, str):
        yield from ("", "0", "<b>&\"'", "published", "hidden", "removed", "owner", "moderator", "member")
    elif isinstance(value, datetime):
        yield from (value - timedelta(minutes=1), value - timedelta(days=1), value - timedelta(days=400))
    elif isinstance(value, tuple):
        yield from ((), value + value)
        for at, each in enumerate(value):
            yield from ((*value[:at], other, *value[at + 1 :]) for other in others(each))
    elif isinstance(value, CircleRow):
        yield from (replace(value, slug="tea"), replace(value, visibility="private", me=Membership("active")))
        yield replace(
            value, name="茶", tz="UTC", accent="blue", cover_url="/media/5/full.webp", owner=None, post_count=9
        )
        yield replace(value, standing=Standing(1, 9, "active", Role("owner")), actor=Actor(3, "ann", "Ann"))


def posts_to_draw() -> list[PostRow]:
    mixed = [RICH._replace(**{name: getattr(PLAIN, name)}) for name in PostRow._fields]
    mixed += [PLAIN._replace(**{name: getattr(RICH, name)}) for name in PostRow._fields]
    hidden = [RICH._replace(status=status) for status in ("hidden", "removed", "pending")]
    return [PLAIN, RICH, *mixed, *hidden, *others(RICH), *others(PLAIN)]


def comments_to_draw() -> list[CommentRow]:
    gone = COMMENT._replace(author=None, status="deleted", can=CommentCan())
    return [COMMENT, SAID, gone, COMMENT._replace(edited_at=None), *others(COMMENT)]


def questions_to_draw() -> list[PostRow]:
    hidden = [QUESTION._replace(status=status) for status in ("hidden", "removed", "pending")]
    return [QUESTION, UNNAMED, *hidden, *others(QUESTION)]


def answers_to_draw() -> list[AnswerRow]:
    bare = ANSWER._replace(status="published", can=AnswerCan(), accepted=False, my_vote=0, edited_at=None)
    return [ANSWER, bare, bare._replace(anonymous=True), *others(ANSWER), *others(bare)]


#: signed in or not, language, what time it is, in full (of a comment: a reply; of an answer: after a decision)
READERS = list(product((True, False), ("zh_Hans_CN", "en"), (0, 1, 600), (True, False)))
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


def drawn(drawing: Drawing, row: Any, flag: bool) -> str:
    if isinstance(row, AnswerRow):
        return drawing.answer(row, 3 if flag else 4)
    if isinstance(row, CommentRow):
        return drawing.comment(row, flag)
    if row.type == "question":
        return drawing.post(row, flag) + drawing.question(row, flag)
    return drawing.post(row, flag)


class Easel:
    """Draws with a memory, and besides without one."""

    def __init__(self, app: Flask, room: int) -> None:
        self.app = app
        self.remembering, self.forgetful = Macros.of(app.jinja_env, room), Macros.of(app.jinja_env, 0)

    def draw(self, row: Any, reader: tuple[bool, str, int, bool], *, check: bool = True) -> str:
        signed_in, locale, minutes, flag = reader
        with self.app.test_request_context(), force_locale(locale), clock.at(NOW + timedelta(minutes=minutes)):
            g.me = object() if signed_in else None
            drawings = [Drawing(self.remembering), *([Drawing(self.forgetful)] if check else [])]
            shown = [drawn(each, row, flag) for each in drawings]
            tokens = set(_TOKEN.findall(shown[0]))
            assert tokens <= {drawings[0]._token or ""}, "a token that is another's, or none where there should be one"
        assert shown[0] == shown[-1], (row, reader)
        return str(shown[0])


@pytest.mark.parametrize("make", [posts_to_draw, comments_to_draw, questions_to_draw, answers_to_draw])
@pytest.mark.parametrize("room", [30_000, 8_000_000])  # a few drawings, or all of them
def test_what_is_remembered_is_what_would_be_drawn(plain_app: Flask, make: Callable[[], list[Any]], room: int) -> None:
    easel, rows, chance = Easel(plain_app, room), make(), random.Random(20261122)
    orders = [(row, chance.choice(READERS)) for row in rows]
    orders += [(chance.choice(rows[:40]), chance.choice(READERS)) for _number in range(200)]
    chance.shuffle(orders)
    for row, reader in orders:
        easel.draw(row, reader)
    assert all(len(memory._shelf) <= room for memory in vars(easel.remembering).values())


def test_equal_rows_of_two_circle_rows_are_drawn_once_and_others_are_not(plain_app: Flask) -> None:
    """The memory does remember, and every value of a row counts: else the test above would prove nothing."""
    easel, reader = Easel(plain_app, 8_000_000), READERS[0]
    first = easel.draw(RICH, reader, check=False)
    again = RICH._replace(circle=replace(CIRCLE, name="另一个", version=9))
    memory = easel.remembering.post_card
    assert easel.draw(again, reader, check=False) is not None and len(memory._shelf._new) == 1
    easel.draw(RICH._replace(like_count=13), reader, check=False)
    assert len(memory._shelf._new) == 2 and "文燕" in first


def test_long_posts_do_not_fill_the_memory(plain_app: Flask) -> None:
    easel, long = Easel(plain_app, 300_000), RICH._replace(body_html="早" * 10_000)
    for count in range(60):
        easel.draw(long._replace(like_count=count), READERS[0], check=False)
    assert 0 < len(easel.remembering.post_card._shelf) <= 300_000


def test_threads_share_the_memory(plain_app: Flask) -> None:
    easel, rows, chance = Easel(plain_app, 60_000), posts_to_draw()[:60], random.Random(7)
    orders = [(chance.choice(rows), chance.choice(READERS)) for _number in range(150)]
    patience.at_once(lambda first: [easel.draw(*order) for order in orders[first::8]], range(8))
    assert len(easel.remembering.post_card._shelf) <= 60_000


# ---- whole pages, of people in one circle --------------------------------------------------------------------------

_FRESH = re.compile(r'name="(csrf_token|once)" value="[^"]*"|<meta name="csrf[^>]*>')


def forget(app: Flask) -> None:
    """Empty the memory that pages use."""
    with app.test_request_context():
        drawing = app.jinja_env.globals["drawing"]()
    for memory in vars(drawing._macros).values():
        memory._shelf.__init__(memory._shelf._half * 2)


def a_lively_place(make: Make, app: Flask) -> tuple[Place, list[str]]:
    place = make.place()
    first, second, hidden = make.post(place), make.post(place, "bob", title="<二>"), make.post(place, body="藏起来")
    said = posts.write_comment(place.bob, first, body="真好。")
    posts.write_comment(place.ann, first, body="谢谢", parent_id=said)
    posts.like_post(place.bob, first, on=True)
    posts.like_comment(place.ann, said, on=True)
    posts.favorite_post(place.mod, second, on=True)
    posts.hide_post(place.mod, hidden, reason="跑题")
    posts.pin_post(place.admin, second, rank=1)
    home, here = f"/{place.slug}", f"/{place.slug}/posts"
    return place, [home, f"{home}?sort=active", *(f"{here}/{id_}" for id_ in (first, second, hidden))]


def test_every_reader_gets_the_page_they_would_get_alone(app: Flask, make: Make, browser: Callable[..., Any]) -> None:
    place, addresses = a_lively_place(make, app)
    browsers = {name: browser(user) for name, user in place.users.items()} | {"visitor": browser()}
    browsers["owner"] = browser(place.owner_user)
    browsers["bob in English"] = browser(place.users["bob"])
    browsers["bob in English"].post("/settings/language", {"locale": "en", "next": "/"})

    def page(name: str, address: str) -> tuple[int, str]:
        response = browsers[name].get(address)
        return response.status_code, _FRESH.sub("", response.get_data(as_text=True))

    asked, alone = list(product(browsers, addresses)), {}
    for name, address in asked:
        forget(app)
        alone[name, address] = page(name, address)
    random.Random(1).shuffle(asked)
    for name, address in asked:
        assert page(name, address) == alone[name, address], (name, address)
    assert {code for code, _page in alone.values()} == {200, 404}  # what is hidden is there for some
