"""Many who move points at once, and a process that is killed in the middle of it: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from circle.access import SYSTEM, Actor
from circle.circles.models import Member
from circle.core.db import db
from circle.core.errors import Conflict, NotFound, Refused
from circle.core.operation import in_transaction
from circle.ledger.models import LedgerAccount, LedgerTxn
from circle.points.checking import check_books
from circle.points.models import EarnCounter, EarnRule, EarnSource, LevelGift
from circle.points.operations import Cause, begin_points, set_earned
from circle.posts import operations as posts
from tests import patience
from tests.factories import Make, Place, actor_of
from tests.ledger.books import Holder, balanced, holder
from tests.races.mover import ACTS, PRICE, REWARD, Mover
from tests.races.together import all_well, together

pytestmark = pytest.mark.slow


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    ann = holder(make)
    begin_points(ann.circle_id)
    return ann


def set_rule(circle_id: int, code: str, **values: int | None) -> None:
    mine = (EarnRule.circle_id == circle_id, EarnRule.code == code)
    in_transaction(lambda: db.session.execute(update(EarnRule).where(*mine).values(values)))


def test_forty_who_earn_at_once_get_exactly_what_the_cap_leaves(app: Flask, ann: Holder) -> None:
    set_rule(ann.circle_id, "post.text", points=5, growth=5, daily_count_cap=None, daily_point_cap=12)
    keys = [f"post:{number}" for number in range(5)] * 8

    def earn(key: str) -> int:
        return set_earned(ann.circle_id, ann.user_id, Cause(key, "post.text", key), on=True).granted_points

    all_well(together(app, [lambda key=key: earn(key) for key in keys]))
    assert ann.has == (12, 0, 12)
    granted = select(EarnSource.granted_points).order_by(EarnSource.granted_points)
    assert list(db.session.scalars(granted)) == [0, 0, 2, 5, 5]
    assert len(db.session.scalars(select(LedgerTxn.id)).all()) == 3
    counted = select(EarnCounter.points).where(EarnCounter.rule_code == "post.text")
    assert db.session.scalars(counted).all() == [12]
    assert balanced(ann.circle_id, check_books)


def test_points_are_spent_once(app: Flask, ann: Holder) -> None:
    for _ in range(4):
        ann.give(5)
    outcomes = together(app, [lambda number=number: ann.spend(6, f"spend:{number}") for number in range(12)])
    assert sum(not isinstance(each, Exception) for each in outcomes) == 3
    assert all(isinstance(each, Refused) for each in outcomes if isinstance(each, Exception))
    assert ann.has == (2, 0, 0)
    assert balanced(ann.circle_id)


def test_what_is_asked_for_by_sixteen_with_one_key_happens_once(app: Flask, ann: Holder) -> None:
    ann.give(100)
    for act in (lambda: ann.give(7, 2, key="same:give"), lambda: ann.spend(3, key="same:spend")):
        done = all_well(together(app, [act] * 16))
        assert sum(each.new for each in done) == 1
        assert len({each.txn_id for each in done}) == 1
    spent = select(LedgerTxn.id).where(LedgerTxn.idem_key == "same:spend")
    txn_id = db.session.scalars(spent).one()
    outcomes = together(app, [lambda number=number: ann.refund(txn_id, f"refund:{number}") for number in range(8)])
    assert sum(not isinstance(each, Exception) for each in outcomes) == 1
    assert all(isinstance(each, Conflict) for each in outcomes if isinstance(each, Exception))
    assert ann.has == (107, 0, 2)
    assert balanced(ann.circle_id)


def test_accounts_that_are_opened_by_many_at_once_are_one(app: Flask, make: Make) -> None:
    circle = make.circle(join_mode="open")
    people = [holder(make, circle) for _ in range(4)]
    keys = [(each, f"{each.member_id}:{key}") for each in people for key in "abcd"]
    all_well(together(app, [lambda each=each, key=key: each.give(3, 2, key=key) for each, key in keys]))
    assert [each.has for each in people] == [(12, 0, 8)] * 4
    accounts = select(func.count()).select_from(LedgerAccount)
    assert db.session.scalar(accounts) == 3 * 4 + 6
    assert balanced(circle.id)


def test_earning_and_taking_back_at_once_do_not_wait_for_each_other_for_ever(app: Flask, ann: Holder) -> None:
    set_rule(ann.circle_id, "post.text", daily_count_cap=None)

    def flip(number: int) -> None:
        cause = Cause(f"post:{number}", "post.text", f"post:{number}")
        for on in (True, False, True, False):
            set_earned(ann.circle_id, ann.user_id, cause, on=on)
        ann.give(1, 1)

    all_well(together(app, [lambda number=number: flip(number) for number in range(8)]))
    assert ann.has == (8, 0, 8)
    assert balanced(ann.circle_id)


def test_a_post_that_is_hidden_and_restored_in_a_storm_of_likes_keeps_its_books(app: Flask, make: Make) -> None:
    place: Place = make.place()
    post_id, fans = make.post(place), [actor_of(make.member(place.circle)) for _ in range(8)]

    def like(fan: Actor) -> None:
        for on in (True, False, True):
            with suppress(NotFound, Conflict):  # hidden at this moment
                posts.like_post(fan, post_id, on=on)

    def storm() -> None:
        for _ in range(4):
            with suppress(Conflict):  # somebody else did it
                posts.hide_post(SYSTEM, post_id, reason="off topic")
            with suppress(Conflict):
                posts.restore_post(SYSTEM, post_id)

    all_well(together(app, [*(lambda fan=fan: like(fan) for fan in fans), storm, storm]))
    with suppress(Conflict):
        posts.restore_post(SYSTEM, post_id)
    likes = select(EarnSource.state).where(EarnSource.rule_code == "like.received")
    states = db.session.scalars(likes).all()
    assert set(states) <= {"on"}
    member = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == place.ann.id)
    ann = Holder(place.circle.id, db.session.scalars(member).one(), place.ann.id)
    assert ann.has == (2 + len(states), 0, 2 + len(states))
    assert balanced(place.circle.id, check_books)


# ---- killed in the middle of it --------------------------------------------------------------------------------------

#: processes that are killed, two at a time
KILLS = 50


def test_who_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    place, chance = make.place(), random.Random(7)
    member = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == place.ann.id)
    ann = Holder(place.circle.id, db.session.scalars(member).one(), place.ann.id)
    mover = Mover(ann.circle_id, ann.member_id, ann.user_id, make.post(place))
    set_rule(ann.circle_id, "*", daily_point_cap=None, weekly_point_cap=None)
    for first in range(1, KILLS, 2):
        db.session.remove()
        db.engine.dispose()  # no connection is shared with a process that dies
        children = [forked(app, mover, tmp_path, number) for number in (first, first + 1)]
        patience.until(lambda first=first: (tmp_path / str(first)).exists())
        time.sleep(chance.uniform(0.05, 0.4))
        for child in children:
            os.kill(child, signal.SIGKILL)
        assert [patience.exit_code_of(child) for child in children] == [-signal.SIGKILL] * 2
    said = said_of(tmp_path)
    assert len(said["done", "earn"]) > KILLS / 4, said
    result = app.test_cli_runner().invoke(args=["ledger", "check", "--all"])
    assert result.exit_code == 0, result.output
    there = set(db.session.scalars(select(LedgerTxn.idem_key)))
    for what, key in (("reward", "reward:{}"), ("spend", "spend:{}"), ("earn", "earn:kill:{}#0")):
        begun, done = ({key.format(name) for name in said[stage, what]} for stage in ("begin", "done"))
        start, end = key.split("{}")
        found = {each for each in there if each.startswith(start) and each.endswith(end)}
        assert done <= found <= begun, what
    kinds = Counter(db.session.scalars(select(LedgerTxn.kind)))
    earned = sum(db.session.scalars(select(EarnSource.active_points).where(EarnSource.member_id == ann.member_id)))
    gifts = sum(db.session.scalars(select(LevelGift.points).where(LevelGift.member_id == ann.member_id)))
    assert ann.outside("burn") == PRICE * kinds["spend"]
    points, owed, _growth = ann.has
    assert points - owed == earned + REWARD * kinds["task"] + gifts - PRICE * kinds["spend"]
    assert balanced(ann.circle_id, check_books)


def forked(app: Flask, mover: Mover, folder: Path, number: int) -> int:
    def go_on() -> None:
        with app.app_context():
            mover.go_on(folder / str(number), number)

    return patience.forked(go_on)


def said_of(folder: Path) -> dict[tuple[str, str], set[str]]:
    """The names of what was begun and done, by what it was. A line that was cut short was never said."""
    said: dict[tuple[str, str], set[str]] = {(stage, what): set() for stage in ("begin", "done") for what in ACTS}
    for file in folder.iterdir():
        for line in file.read_text().split("\n")[:-1]:
            stage, name, what = line.split(" ")
            said.setdefault((stage, what), set()).add(name)
    return said
