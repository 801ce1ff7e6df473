"""Random scripts of everything that can happen to a campaign, against a model in plain Python: each act is refused or
done as the model says, and all along the laws hold that the domain specification names (C1 to C9), counted by
`circle/checkins/checking.py` from the rows, and those of the books."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import select

from circle.checkins import jobs, operations
from circle.checkins.checking import check_campaign
from circle.checkins.models import CheckinRecord, Enrollment, MakeupCard
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts.models import Post
from tests.checkins.campaigning import Week
from tests.checkins.model import TOTAL, Model, Terms
from tests.factories import Make

PEOPLE = ("ann", "bob", "cat", "mod")
#: what completing gives
REWARD = 50
#: what happens, and how often among a hundred things
_OFTEN = {
    "submit": 30, "make_up": 10, "pass_time": 12, "decide": 9, "like": 8, "post_act": 10, "enroll": 6, "withdraw": 2,
    "excuse": 2, "unexcuse": 1, "give": 3, "take_back": 2, "disqualify": 1, "reinstate": 2, "sweep": 1, "cancel": 1,
}  # fmt: skip
_ACTS = [act for act, often in _OFTEN.items() for _one in range(often)]
terms = st.builds(
    lambda need, n, review, cards, level, lookback, window: Terms(need, n, review, cards, level, lookback, *window),
    st.sampled_from(["count", "count", "streak", "all"]), st.sampled_from([1, 2, 3, 4, 5]),
    st.sampled_from(["auto", "manual"]), st.integers(0, 3), st.integers(0, 2), st.integers(0, 4),
    st.sampled_from([(0, 1440), (360, 1200), (1320, 1560)]),
)  # fmt: skip


class Campaigns(RuleBasedStateMachine):
    """The owner of a circle runs a campaign of a week; a moderator and three members take part, or not."""

    @initialize(agreed=terms)
    def begin(self, agreed: Terms) -> None:
        self.week = Week(Make(), {
            "need_type": agreed.need, "need_n": agreed.n, "review": agreed.review, "free_cards": agreed.cards,
            "lookback": agreed.lookback, "win_start_min": agreed.opens, "win_end_min": agreed.closes,
            "reward_points": REWARD, "reward_growth": 10,
        })  # fmt: skip
        self.week.level_cards(agreed.of_level)
        roles = {"mod": "moderator"}
        self.people = {name: self.week.member(role=roles.get(name, "member"), enrolled=False) for name in PEOPLE}
        self.names = {actor.id: name for name, actor in self.people.items()}
        self.people["owner"] = self.week.owner
        self.model = Model(agreed, self.week.day(1, 0), moderators=("mod", "owner"))
        self.now, self.steps = self.week.day(1, 7), 0
        for who in PEOPLE:
            self.enroll(who, 0, 0)

    def _do(self, expected: str, act: Callable[[], Any]) -> Any:
        """What `act` gives; or None when it is refused as the model says."""
        self.now += timedelta(minutes=1)
        left: list[tuple[Any, ...]] = []
        with clock.at(self.now):
            try:
                with patch("circle.reactions.campaigns.enqueue", lambda *job, **_key: left.append(job)):
                    done, code = act(), ""
            except CircleError as error:
                done, code = None, error.code
            for job, *arguments in left:
                if job is jobs.bring_back:  # the others are run where the act is
                    job(*arguments)
        assert code == expected
        return done

    @property
    def _next(self) -> Any:
        """The moment at which the next act will happen."""
        return self.now + timedelta(minutes=1)

    def _record(self, pick: int, *statuses: str) -> int | None:
        """One of the records, of those statuses if there are any."""
        keys = sorted(self.model.records)
        wanted = [key for key in keys if self.model.records[key].status in statuses] or keys
        return wanted[pick % len(wanted)] if wanted else None

    @rule(seed=st.integers(0, 2**32 - 1))
    def happens(self, seed: int) -> None:
        """Four acts, drawn from the seed: what Hypothesis draws itself repeats too much for so long a script."""
        draw = random.Random(seed)
        for _one in range(4):
            what, who = draw.choice(_ACTS), draw.choice(PEOPLE)
            pick, more = draw.randrange(420), draw.randrange(420)
            note(f"{what}({who!r}, {pick}, {more})")
            getattr(self, what)(who, pick, more)

    # ---- taking part -------------------------------------------------------------------------------------------------

    def enroll(self, who: str, pick: int, more: int) -> None:
        self._do(self.model.enroll(who, self._next), lambda: operations.enroll(self.people[who], self.week.id))

    def withdraw(self, who: str, pick: int, more: int) -> None:
        self._do(self.model.withdraw(who), lambda: operations.withdraw(self.people[who], self.week.id))

    def _somebody(self, who: str, pick: int, able: Callable[[str], bool]) -> str:
        """One of those who are able to, if there are any; else that one."""
        wanted = [each for each in PEOPLE if able(each)] or [who]
        return wanted[pick % len(wanted)]

    def submit(self, who: str, pick: int, more: int) -> None:
        now = self._next
        if more % 3:
            who = self._somebody(who, pick, lambda each: not self.model.may_submit(each, now))
        refused = self.model.may_submit(who, now)
        made = self._do(refused, lambda: operations.submit(self.people[who], self.week.id, body="今天也写下来。"))
        if not refused:
            idx = self.model.open_idx(now)
            assert made.idx == idx
            self.model.check_in(made.record_id, who, idx or 0, "normal", now)
            assert (made.status, made.done) == (
                self.model.records[made.record_id].status, len(self.model.done(who))
            )  # fmt: skip

    def make_up(self, who: str, pick: int, more: int) -> None:
        """Mostly a day that somebody missed, if there is one; sometimes one that never was."""
        now, idx = self._next, pick % 10
        missed = [
            (each, day) for each in PEOPLE for day in range(1, TOTAL + 1)
            if more % 4 and not self.model.may_make_up(each, day, now)
        ]  # fmt: skip
        if missed:
            who, idx = missed[pick % len(missed)]
        refused = self.model.may_make_up(who, idx, now)
        made = self._do(refused, lambda: operations.make_up(self.people[who], self.week.id, idx, body="补上这一天。"))
        if not refused:
            self.model.check_in(made.record_id, who, idx, "makeup", now)

    def decide(self, who: str, pick: int, more: int) -> None:
        key = self._record(pick, "pending") if more % 5 else self._record(pick)
        if key is None:
            return
        who, to = ("owner", "mod", "owner", who)[more % 4], "approved" if more % 3 else "rejected"
        actor, reason = self.people[who], "与活动无关"
        acts: dict[str, Callable[[], Any]] = {
            "approved": lambda: operations.approve_record(actor, key),
            "rejected": lambda: operations.reject_record(actor, key, reason=reason),
        }
        self._do(self.model.decide(who, key, to), acts[to])

    # ---- posts -------------------------------------------------------------------------------------------------------

    def post_act(self, who: str, pick: int, more: int) -> None:
        act = ("hide", "restore", "hide", "restore", "delete", "remove", "restore")[more % 7]
        key = self._record(pick, *(("void",) if act == "restore" else ("approved", "pending")))
        if key is None or self.model.records[key].shown == "given":
            return
        post_id, author = self._post_of(key), self.people[self.model.records[key].who]
        owner, reason = self.week.owner, "与活动无关"
        acts: dict[str, Callable[[], Any]] = {
            "hide": lambda: posts.hide_post(owner, post_id, reason=reason),
            "restore": lambda: posts.restore_post(owner, post_id),
            "remove": lambda: posts.remove_post(owner, post_id, reason=reason),
            "delete": lambda: posts.delete_post(author, post_id),
        }
        self._do(self.model.post(key, act), acts[act])

    def like(self, who: str, pick: int, more: int) -> None:
        key = self._record(pick)
        if key is None or self.model.records[key].shown == "given":
            return
        post_id, on = self._post_of(key), bool(more % 4)
        self._do(self.model.like(who, key, on=on), lambda: posts.like_post(self.people[who], post_id, on=on))

    def _post_of(self, key: int) -> int:
        db.session.rollback()
        return db.session.get_one(CheckinRecord, key).post_id or 0

    # ---- by the owner ------------------------------------------------------------------------------------------------

    def excuse(self, who: str, pick: int, more: int) -> None:
        idx = pick % TOTAL + 1
        refused = self.model.excuse(idx, self._next)
        self._do(refused, lambda: operations.excuse_period(self.week.owner, self.week.id, idx, reason="服务故障"))
        with clock.at(self.now):
            jobs.recount(self.week.id)

    def give(self, who: str, pick: int, more: int) -> None:
        now, idx, user_id = self._next, pick % (TOTAL + 2), self.people[who].id
        refused = self.model.may_give(who, idx, now)
        key = self._do(
            refused,
            lambda: operations.give_checkin(self.week.owner, self.week.id, user_id or 0, idx, reason="上传失败"),
        )
        if not refused:
            self.model.give(key, who, idx, now)

    def unexcuse(self, who: str, pick: int, more: int) -> None:
        idx = sorted(self.model.excused)[pick % len(self.model.excused)] if self.model.excused else pick % TOTAL + 1
        self._do(self.model.unexcuse(idx), lambda: operations.unexcuse_period(self.week.owner, self.week.id, idx))
        with clock.at(self.now):
            jobs.recount(self.week.id)

    def take_back(self, who: str, pick: int, more: int) -> None:
        """Mostly a day that was given, if there is one; sometimes one that never was."""
        idx, keys = pick % (TOTAL + 1), sorted(self.model.records)
        given = [self.model.records[key] for key in keys if self.model.records[key].source == "admin"]
        if given and more % 4:
            who, idx = given[pick % len(given)].who, given[pick % len(given)].idx
        user_id = self.people[who].id or 0
        self._do(
            self.model.take_back(who, idx),
            lambda: operations.take_back_checkin(self.week.owner, self.week.id, user_id, idx),
        )

    def disqualify(self, who: str, pick: int, more: int) -> None:
        self._do(
            self.model.disqualify(who),
            lambda: operations.disqualify(self.week.owner, self.week.id, self.people[who].id or 0, reason="抄袭"),
        )

    def reinstate(self, who: str, pick: int, more: int) -> None:
        self._do(
            self.model.reinstate(who),
            lambda: operations.reinstate(self.week.owner, self.week.id, self.people[who].id or 0),
        )

    def cancel(self, who: str, pick: int, more: int) -> None:
        if more % 3 == 0:
            self._do(
                self.model.cancel(self._next),
                lambda: operations.cancel_campaign(self.week.owner, self.week.id, reason="人太少"),
            )

    # ---- time --------------------------------------------------------------------------------------------------------

    def pass_time(self, who: str, pick: int, more: int) -> None:
        self.now += timedelta(hours=(2, 7, 13, 24)[more % 4])
        if self.model.due(self.now):
            self.sweep(who, pick, more)

    def sweep(self, who: str, pick: int, more: int) -> None:
        """The jobs look for what is due, find it or not, and do it once or twice."""
        with clock.at(self.now):
            for _time in range(1 + more % 2):
                for campaign_id in operations.due_campaigns():
                    jobs.settle(campaign_id)
            operations.expire_cards()
        self.model.settle(self.now)

    # ---- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def records_are_what_the_model_says(self) -> None:
        db.session.rollback()
        # all at once: this is asked after every step
        with_posts = select(CheckinRecord, Post.parts).outerjoin(Post, Post.id == CheckinRecord.post_id)
        rows = db.session.execute(with_posts.where(CheckinRecord.campaign_id == self.week.id)).all()
        found = {row.id: (self.names[row.user_id], row.idx, row.source, row.status) for row, _parts in rows}
        told = {key: (each.who, each.idx, each.source, each.status) for key, each in self.model.records.items()}
        assert found == told
        for row, parts in rows:
            record = self.model.records[row.id]
            if record.shown != "given":
                assert parts["checkin"]["status"] == record.status

    @invariant()
    def everybody_stands_where_the_model_says(self) -> None:
        db.session.rollback()
        rows = db.session.scalars(select(Enrollment).where(Enrollment.campaign_id == self.week.id)).all()
        assert {self.names[row.user_id] for row in rows} == set(self.model.parts)
        keys = [f"campaign:{self.week.id}:{row.user_id}" for row in rows]
        granted = select(EarnSource.source_key).where(EarnSource.source_key.in_(keys), EarnSource.state == "on")
        rewarded = set(db.session.scalars(granted))
        here = MakeupCard.enrollment_id.in_([row.id for row in rows])
        all_cards = db.session.scalars(select(MakeupCard).where(here)).all()
        for row in rows:
            who = self.names[row.user_id]
            part = self.model.parts[who]
            assert (who, row.status, row.settled_at is not None) == (who, part.status, part.kept is not None)
            assert (row.done, row.on_time, row.best_streak, row.likes) == self.model.days(who)
            assert (f"campaign:{self.week.id}:{row.user_id}" in rewarded) == part.rewarded
            cards = [card for card in all_cards if card.enrollment_id == row.id]
            if self.now < self.week.day(8, 0):
                assert sum(card.state == "available" for card in cards) == part.cards
            assert sum(card.source == "level" for card in cards) == part.of_level
        statuses = self.model.statuses()
        there = statuses.total() - statuses["withdrawn"] - statuses["disqualified"]
        campaign = self.week.campaign
        assert (campaign.status, campaign.enrolled_count) == (self.model.status, there)
        assert campaign.completed_count == (statuses["completed"] if campaign.closed_at is not None else None)

    @invariant()
    def everybody_earned_what_the_model_says(self) -> None:
        db.session.rollback()
        sources = select(EarnSource).where(EarnSource.subject == f"checkin:{self.week.id}")
        found = {row.source_key: row.state == "on" for row in db.session.scalars(sources)}
        ids = {name: actor.id for name, actor in self.people.items()}
        assert found == {f"checkin:{self.week.id}:{ids[who]}:{idx}": on for (who, idx), on in self.model.earned.items()}

    @invariant()
    def the_laws_hold(self) -> None:
        db.session.rollback()
        with clock.at(self.now + timedelta(hours=2)):  # when everybody was counted again
            assert check_campaign(self.week.id).violations == []
        self.steps += 1
        if self.steps % 10 == 0:
            self.the_books_balance()

    def the_books_balance(self) -> None:
        db.session.rollback()
        assert check_books(self.week.circle_id).violations == []

    def teardown(self) -> None:
        if hasattr(self, "week"):
            self.now = max(self.now, self.week.day(11))
            self.sweep("", 0, 1)
            self.records_are_what_the_model_says()
            self.everybody_stands_where_the_model_says()
            self.the_laws_hold()
            self.the_books_balance()


def run(examples: int, steps: int) -> None:
    run_machine(
        Campaigns,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
            derandomize=not os.environ.get("CIRCLE_RANDOM"), suppress_health_check=list(HealthCheck),
            # without looking for a shorter script, which takes minutes: the one that fails is printed
            phases=(Phase.generate,),
        ),
    )  # fmt: skip


def test_whatever_happens_to_a_campaign_the_laws_hold(app: Flask) -> None:
    run(5, 24)


@pytest.mark.slow
def test_whatever_happens_to_campaigns_for_longer_the_laws_hold(app: Flask) -> None:
    run(12, 36)
