"""Cards of a level that are used in two campaigns in the same moment: each campaign has a lock of its own.

The month, in which both count, has none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.checkins import operations
from circle.checkins.checking import check_campaign
from circle.checkins.models import MakeupCard
from circle.checkins.operations import Plan, Submitted, level_cards, making_up
from circle.core import clock
from circle.core.db import db
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make
from tests.races.test_checkins import broken, codes  # noqa: F401  # the first is a fixture
from tests.races.together import together


class Two(Week):
    """A circle with two campaigns of the same days and terms, none of which gives a card."""

    def begin(self, cards: int) -> Actor:
        """Let the level give so many cards; returns somebody who takes part in both."""
        with self.at(-1):
            dates = {"start_date": FIRST, "end_date": FIRST + timedelta(days=6)}
            self.other = operations.create_campaign(self.owner, self.slug, Plan(title="另一个", **dates, **self.plan))
            operations.publish_campaign(self.owner, self.other)
        self.level_cards(cards)
        who = self.member()
        with self.at(0):
            operations.enroll(who, self.other)
        return who

    def making_up(self, who: Actor, campaign_id: int, idx: int) -> Callable[[], Submitted]:
        act = partial(operations.make_up, who, campaign_id, idx, body="补上这一天。")

        def run() -> Submitted:
            with self.at(5):  # each thread has a clock of its own
                return act()

        return run

    def lawful(self) -> None:
        db.session.rollback()
        with clock.at(self.day(12)):
            assert [check_campaign(each).violations for each in (self.id, self.other)] == [[], []]


@pytest.fixture
def two(app: Flask, make: Make) -> Two:
    return Two(make, {"free_cards": 0})


def test_what_a_month_gives_is_used_once_over_both_campaigns(app: Flask, two: Two) -> None:
    ann = two.begin(3)
    acts = [two.making_up(ann, each, idx) for idx in (2, 3, 4) for each in (two.id, two.other) for _time in range(2)]
    told = codes(together(app, acts))
    assert (told[""], set(told)) == (3, {"", "NO_CARD", "NOT_MISSED"})
    used = select(MakeupCard.source, MakeupCard.month, MakeupCard.nth).order_by(MakeupCard.nth)
    assert [tuple(row) for row in db.session.execute(used)] == [("level", "M2026-11", nth) for nth in (1, 2, 3)]
    two.lawful()


def test_the_key_alone_keeps_a_card_single(app: Flask, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = two.begin(1)
    for where in (level_cards, making_up):
        monkeypatch.setattr(where, "level_cards_left", lambda _place: 1)
    acts = [two.making_up(ann, each, idx) for each in (two.id, two.other) for idx in (2, 3, 4)]
    assert codes(together(app, acts)) == {"": 1, "NO_CARD": 5}
    assert db.session.scalar(select(func.count()).select_from(MakeupCard)) == 1
    two.lawful()
