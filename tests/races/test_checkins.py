"""Check-ins, decisions and settlements that arrive in the same moment: the laws of campaigns hold afterwards, nobody is
left waiting for another, and no like is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts.models import User
from circle.checkins import jobs, operations
from circle.checkins.checking import check_campaign
from circle.checkins.models import CampaignRank, CheckinRecord, Enrollment, MakeupCard
from circle.checkins.operations import submitting
from circle.checkins.operations.counting import Days
from circle.core import clock
from circle.core import operation as writing
from circle.core.db import db
from circle.core.errors import CircleError
from circle.ledger.models import LedgerTxn
from circle.notifications.models import Notice
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts.models import Post
from tests.checkins.campaigning import Week
from tests.clients import ApiClient
from tests.factories import Make
from tests.races.together import all_well, together

REWARD = 50
Act = Callable[[], Any]


@pytest.fixture(autouse=True)
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """A deadlock that the database breaks is done again, so that nobody notices; here it counts as a mistake."""
    broken: list[Exception] = []
    judge = writing._is_transient

    def note(error: Any) -> bool:
        if transient := judge(error):
            broken.append(error)
        return transient

    monkeypatch.setattr(writing, "_is_transient", note)
    yield broken
    assert broken == []


class Race(Week):
    """A week for which acts are made that happen at a moment of it."""

    def now(self, idx: int, act: Act, hour: float = 8) -> Act:
        return self.then(self.day(idx, hour), act)

    def then(self, moment: datetime, act: Act) -> Act:
        def run() -> Any:
            with clock.at(moment):  # each thread has a clock of its own
                return act()

        return run

    @property
    def due(self) -> datetime:
        return self.day(8) + timedelta(days=3)

    def submitting(self, actor: Actor, idx: int, hour: float = 8) -> Act:
        return self.now(idx, partial(operations.submit, actor, self.id, body="今天也写下来。"), hour)

    def settling(self) -> Act:
        return self.then(self.due, partial(jobs.settle, self.id))

    def lawful(self) -> None:
        db.session.rollback()
        with clock.at(self.due + timedelta(days=1)):
            assert check_campaign(self.id).violations == []
        assert check_books(self.circle_id).violations == []

    def points(self, actor: Actor) -> Counter[str]:
        """What stands of what somebody earned here, by what for."""
        of_mine = EarnSource.source_key.like(f"%:{self.id}:{actor.id}%")
        rows = db.session.scalars(select(EarnSource).where(of_mine, EarnSource.state == "on")).all()
        found: Counter[str] = Counter()
        for row in rows:
            found[row.rule_code] += row.active_points
        return found


@pytest.fixture
def week(app: Flask, make: Make) -> Race:
    return Race(make, {"reward_points": REWARD, "reward_growth": 5})


@pytest.fixture
def reviewed(app: Flask, make: Make) -> Race:
    return Race(make, {"review": "manual", "need_n": 1, "reward_points": REWARD})


def codes(outcomes: Sequence[Any]) -> Counter[str]:
    """How often each refusal came; "" is done. Anything else than a refusal is a mistake."""
    wrong = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, CircleError)]
    assert not wrong, wrong
    return Counter(each.code if isinstance(each, CircleError) else "" for each in outcomes)


def shuffled(acts: Sequence[Act], number: int) -> list[Act]:
    return random.Random(number).sample(list(acts), len(acts))


def visible_posts(actor: Actor) -> int:
    mine = (Post.author_id == actor.id, Post.status == "published")
    return db.session.scalar(select(func.count()).select_from(Post).where(*mine)) or 0


# ---- twice at once ---------------------------------------------------------------------------------------------------


def test_twenty_taps_are_one_check_in(app: Flask, week: Race) -> None:
    ann = week.member()
    told = codes(together(app, [week.submitting(ann, 1)] * 20))
    assert told == {"": 1, "ALREADY_CHECKED_IN": 19}
    assert (len(week.records(ann)), visible_posts(ann), week.points(ann)) == (1, 1, {"checkin": 5})
    week.lawful()


def test_ten_taps_through_the_api_are_one_check_in(app: Flask, week: Race) -> None:
    ann = week.member()
    client = ApiClient(app, db.session.get_one(User, ann.id))
    path, body = f"/campaigns/{week.id}/submit", {"body": "今天也写下来。"}
    taps = [
        week.now(1, partial(client.post, path, body, headers={"Idempotency-Key": f"tap-{number}"}))
        for number in range(10)
    ]
    answers = all_well(together(app, taps))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"ALREADY_CHECKED_IN"}
    assert (len(week.records(ann)), visible_posts(ann), week.points(ann)) == (1, 1, {"checkin": 5})
    week.lawful()


def test_the_constraint_alone_keeps_a_day_single(app: Flask, week: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = week.member()
    monkeypatch.setattr(Days, "of", classmethod(lambda cls, _enrollment_id: cls(frozenset(), 0, 0, timedelta(0))))
    monkeypatch.setattr(submitting, "lock", lambda model, id_: db.session.get_one(model, id_, populate_existing=True))
    told = codes(together(app, [week.submitting(ann, 1)] * 20))
    assert told == {"": 1, "ALREADY_CHECKED_IN": 19}
    assert (len(week.records(ann)), visible_posts(ann), week.points(ann)) == (1, 1, {"checkin": 5})
    week.lawful()


def test_twenty_taps_on_joining_are_one_enrolment(app: Flask, week: Race) -> None:
    ann = week.member(enrolled=False)
    ids = all_well(together(app, [week.now(1, partial(operations.enroll, ann, week.id))] * 20))
    assert len(set(ids)) == 1
    cards = select(func.count()).select_from(MakeupCard).where(MakeupCard.enrollment_id == ids[0])
    assert (week.campaign.enrolled_count, db.session.scalar(cards)) == (1, 1)
    week.lawful()


def test_joining_and_leaving_in_one_breath_is_counted_right(app: Flask, week: Race) -> None:
    people = [week.member(enrolled=bool(number % 2)) for number in range(6)]
    acts = [week.now(1, partial(act, who, week.id)) for who in people for act in (operations.enroll,) * 2]
    acts += [week.now(1, partial(operations.withdraw, who, week.id)) for who in people for _time in range(2)]
    assert set(codes(together(app, shuffled(acts, 1)))) <= {"", "NOT_ENROLLED"}
    week.lawful()


def test_one_card_makes_up_one_day(app: Flask, week: Race) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    acts = [
        week.now(5, partial(operations.make_up, ann, week.id, idx, body="补上这一天。"))
        for idx in (2, 3, 4) for _time in range(5)
    ]  # fmt: skip
    told = codes(together(app, shuffled(acts, 3)))
    assert (told[""], set(told)) == (1, {"", "NO_CARD", "NOT_MISSED"})
    assert [record.source for record in week.records(ann)] == ["normal", "makeup"]
    week.lawful()


def test_twenty_taps_on_buying_a_card_pay_for_what_may_be_had(app: Flask, make: Make) -> None:
    week = Race(make, {"free_cards": 1, "card_limit": 3, "card_price": 2})
    ann = week.member()
    week.check_in(ann, 1, 2)  # ten points
    told = codes(together(app, [week.now(3, partial(operations.buy_card, ann, week.id))] * 20))
    assert told == {"": 2, "CARD_LIMIT": 18}
    paid = select(func.count()).select_from(LedgerTxn).where(LedgerTxn.kind == "spend.makeup_card")
    cards = select(func.count()).select_from(MakeupCard).where(MakeupCard.state == "available")
    assert (db.session.scalar(paid), db.session.scalar(cards)) == (2, 3)
    week.lawful()


def test_a_made_up_day_and_one_that_is_given_are_one(app: Flask, week: Race) -> None:
    ann = week.member()
    acts = [
        week.now(3, partial(operations.make_up, ann, week.id, 2, body="补上这一天。")),
        week.now(3, partial(operations.give_checkin, week.owner, week.id, ann.person_id, 2, reason="上传失败")),
    ] * 4
    told = codes(together(app, acts))
    assert (told[""], set(told)) == (1, {"", "NOT_MISSED", "ALREADY_CHECKED_IN"})
    week.lawful()


def test_fifty_check_ins_as_the_window_opens_wait_for_nobody(app: Flask, week: Race) -> None:
    people = [week.member() for _number in range(25)]
    outcomes = together(app, [week.submitting(who, 1, hour=0) for who in people for _tap in range(2)])
    assert codes(outcomes) == {"": 25, "ALREADY_CHECKED_IN": 25}
    week.lawful()


# ---- the closing instant ---------------------------------------------------------------------------------------------


def test_what_arrived_before_the_bell_counts_however_late_its_turn_comes(app: Flask, week: Race) -> None:
    last, before = week.day(8, 0), timedelta(microseconds=1)
    people = [week.member() for _number in range(12)]
    acts = [
        week.then(
            last + timedelta(seconds=number),
            partial(operations.submit, who, week.id, body="赶上了。", arrived_at=last - before * (number % 2)),
        )
        for number, who in enumerate(people)
    ]
    told = [code for each in together(app, acts) for code in codes([each])]
    assert told == ["WINDOW_CLOSED", ""] * 6
    assert {record.idx for who in people for record in week.records(who)} == {7}
    week.lawful()


def test_at_the_bell_between_two_days_each_side_is_its_own_day(app: Flask, week: Race) -> None:
    midnight, before, ann = week.day(3, 0), timedelta(microseconds=1), week.member()
    moments = [midnight, midnight - before] * 8
    acts = [
        week.then(midnight, partial(operations.submit, ann, week.id, body="零点。", arrived_at=moment))
        for moment in moments
    ]
    assert codes(together(app, acts)) == {"": 2, "ALREADY_CHECKED_IN": 14}
    assert sorted(record.idx for record in week.records(ann)) == [2, 3]
    week.lawful()


# ---- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4))
def test_approving_while_the_post_is_hidden_ends_hidden_and_does_not_count(
    app: Flask, reviewed: Race, number: int
) -> None:
    ann, mod = reviewed.member(), reviewed.member(role="moderator", enrolled=False)
    made = reviewed.check_in(ann, 1)
    acts = [
        reviewed.now(1, partial(operations.approve_record, reviewed.owner, made.record_id), 9),
        reviewed.now(1, partial(posts.hide_post, mod, made.post_id, reason="与活动无关"), 9),
    ]
    assert set(codes(together(app, shuffled(acts, number)))) <= {"", "STATE_CONFLICT"}
    mine = reviewed.enrollment(ann)
    assert (reviewed.records(ann)[0].status, mine.done, mine.status) == ("void", 0, "active")
    assert reviewed.points(ann).total() == 0
    reviewed.lawful()


def test_ten_reviewers_decide_once(app: Flask, reviewed: Race) -> None:
    ann, ben = reviewed.member(), reviewed.member()
    team = [reviewed.member(role="moderator", enrolled=False) for _number in range(5)]
    made = [reviewed.check_in(who, 1).record_id for who in (ann, ben)]
    acts = [reviewed.now(1, partial(operations.approve_record, who, key), 9) for who in team for key in made]
    acts += [
        reviewed.now(1, partial(operations.reject_record, who, key, reason="太短了"), 9) for who in team for key in made
    ]
    assert set(codes(together(app, shuffled(acts, 5)))) <= {"", "STATE_CONFLICT"}
    for who in (ann, ben):
        counts = reviewed.records(who)[0].status == "approved"
        assert reviewed.points(who) == ({"checkin": 5, "campaign": REWARD} if counts else {})
    reviewed.lawful()


def test_hiding_and_restoring_in_a_storm_of_likes_loses_no_like(app: Flask, week: Race) -> None:
    ann, fans = week.member(), [week.member(enrolled=False) for _number in range(10)]
    mod = week.member(role="moderator", enrolled=False)
    made = [week.check_in(ann, idx).post_id for idx in (1, 2)]

    def storm() -> None:
        for _time in range(3):
            posts.hide_post(mod, made[1], reason="与活动无关")
            posts.restore_post(mod, made[1])

    acts = [week.now(3, partial(posts.like_post, fan, made[0], on=True)) for fan in fans]
    all_well(together(app, shuffled([*acts, week.now(3, storm)], 7)))
    assert (week.enrollment(ann).likes, week.enrollment(ann).done) == (10, 2)
    week.lawful()


def test_a_check_in_while_another_post_of_its_author_is_hidden(app: Flask, week: Race, broken: list[Exception]) -> None:
    """Hiding begins with the circle and publishing ends with it, so these two may meet; then one of them is done again
    (docs/architecture.md, Locks)."""
    ann, mod = week.member(), week.member(role="moderator", enrolled=False)
    made = week.check_in(ann, 1, 2)
    hide = week.now(3, partial(posts.hide_post, mod, made.post_id, reason="与活动无关"))
    all_well(together(app, [week.submitting(ann, 3), hide]))
    assert [record.status for record in week.records(ann)] == ["approved", "void", "approved"]
    week.lawful()
    broken.clear()


def test_a_day_is_excused_while_everybody_checks_in(app: Flask, week: Race) -> None:
    people = [week.member() for _number in range(8)]
    for who in people:
        week.check_in(who, 1, 2, 4, 5)

    def excuse() -> None:
        operations.excuse_period(week.owner, week.id, 3, reason="服务故障")
        jobs.recount(week.id)

    acts = [week.submitting(who, 6, hour=8) for who in people]
    all_well(together(app, shuffled([*acts, week.now(6, excuse), week.now(6, partial(jobs.recount, week.id))], 2)))
    assert {(week.enrollment(who).best_streak, week.enrollment(who).status) for who in people} == {(5, "completed")}
    week.lawful()


# ---- the end ---------------------------------------------------------------------------------------------------------


def test_two_workers_settle_once(app: Flask, week: Race) -> None:
    people = [week.member() for _number in range(12)]
    for number, who in enumerate(people):
        week.check_in(who, *range(1, 2 + number % 6))
    all_well(together(app, [week.settling()] * 4))
    assert week.campaign.status == "closed"
    assert Counter(week.enrollment(who).status for who in people) == {"failed": 8, "completed": 4}
    assert Counter(week.points(who)["campaign"] for who in people) == {0: 8, REWARD: 4}
    places = select(CampaignRank.rank).where(CampaignRank.campaign_id == week.id, CampaignRank.board == "diligence")
    assert sorted(db.session.scalars(places)) == list(range(1, 13))
    told = Counter(db.session.execute(select(Notice.user_id, Notice.kind)).all())
    assert [each for each, number in told.items() if number > 1] == []
    week.lawful()


@pytest.mark.parametrize("number", range(4))
def test_hiding_while_settling_is_before_it_or_after_it(app: Flask, week: Race, number: int) -> None:
    ann, mod = week.member(), week.member(role="moderator", enrolled=False)
    made = week.check_in(ann, 1, 2, 3, 4, 5)
    hide = week.then(week.due, partial(posts.hide_post, mod, made.post_id, reason="与活动无关"))
    all_well(together(app, shuffled([hide, week.settling(), week.settling()], number)))
    mine, record = week.enrollment(ann), week.records(ann)[-1]
    assert (record.status, mine.settled_at is not None) == ("void", True)
    assert (mine.status, mine.done) in {("completed", 5), ("failed", 4)}
    assert week.points(ann) == {"checkin": 20} | ({"campaign": REWARD} if mine.status == "completed" else {})
    week.lawful()


@pytest.mark.parametrize("number", range(4))
def test_deciding_while_settling_is_before_it_or_refused(app: Flask, reviewed: Race, number: int) -> None:
    ann, ben = reviewed.member(), reviewed.member()
    keys = [reviewed.check_in(who, 1).record_id for who in (ann, ben)]
    owner, due = reviewed.owner, reviewed.due
    acts = [
        reviewed.then(due, partial(operations.approve_record, owner, keys[0])),
        reviewed.then(due, partial(operations.reject_record, owner, keys[1], reason="太短了")),
        reviewed.settling(),
        reviewed.settling(),
    ]
    assert set(codes(together(app, shuffled(acts, number)))) <= {"", "CAMPAIGN_SETTLED"}
    assert (reviewed.records(ann)[0].status, reviewed.enrollment(ann).status) == ("approved", "completed")
    rejected = reviewed.records(ben)[0].status == "rejected"
    assert reviewed.enrollment(ben).status == ("failed" if rejected else "completed")
    reviewed.lawful()


def test_likes_while_settling_are_counted_or_come_too_late(app: Flask, week: Race) -> None:
    ann, fans = week.member(), [week.member(enrolled=False) for _number in range(12)]
    post_id = week.check_in(ann, 1).post_id
    likes = [week.then(week.due, partial(posts.like_post, fan, post_id, on=True)) for fan in fans]
    all_well(together(app, shuffled([*likes, week.settling()], 4)))
    assert db.session.get_one(Post, post_id).like_count == 12
    kept = week.enrollment(ann).likes
    assert 0 <= kept <= 12
    with clock.at(week.due):
        posts.like_post(fans[0], post_id, on=False)
    assert week.enrollment(ann).likes == kept
    week.lawful()


@pytest.mark.parametrize("number", range(4))
def test_checking_in_while_the_campaign_is_called_off(app: Flask, make: Make, number: int) -> None:
    """In time and settled with the rest, or refused; and no part is left open, whoever joins in that moment."""
    week = Race(make, {"review": ("auto", "manual")[number % 2], "reward_points": REWARD})
    ann, ben, cat = week.member(), week.member(), week.member(enrolled=False)
    week.check_in(ann, 1)

    def call_off() -> None:
        operations.cancel_campaign(week.owner, week.id, reason="人太少")
        jobs.settle(week.id)

    acts = [
        week.submitting(ann, 2), week.submitting(ben, 2), week.now(2, call_off),
        week.now(2, partial(operations.enroll, cat, week.id)), week.now(2, partial(jobs.settle, week.id)),
    ]  # fmt: skip
    assert set(codes(together(app, shuffled(acts, number)))) <= {"", "WINDOW_CLOSED", "NOT_OPEN"}
    with week.at(2, 9):
        jobs.settle(week.id)
    assert (week.campaign.status, week.campaign.closed_at is not None) == ("cancelled", True)
    open_ = select(func.count()).select_from(Enrollment).where(Enrollment.settled_at.is_(None))
    pending = select(func.count()).select_from(CheckinRecord).where(CheckinRecord.status == "pending")
    assert (db.session.scalar(open_), db.session.scalar(pending)) == (0, 0)
    assert week.enrollment(ann).status == "completed"  # one day of one that was over
    week.lawful()


@pytest.mark.parametrize("number", range(3))
def test_who_is_disqualified_while_the_boards_are_kept_is_on_none(app: Flask, week: Race, number: int) -> None:
    people = [week.member() for _number in range(5)]
    for who in people:
        week.check_in(who, 1, 2, 3, 4, 5)
    acts = [
        week.then(week.due, partial(operations.disqualify, week.owner, week.id, people[2].person_id, reason="抄袭")),
        week.settling(), week.settling(),
    ]  # fmt: skip
    all_well(together(app, shuffled(acts, number)))
    assert week.enrollment(people[2]).status == "disqualified"
    assert week.points(people[2]) == {"checkin": 25}
    week.lawful()


def test_leaving_while_the_last_day_completes_it_is_one_or_the_other(app: Flask, week: Race) -> None:
    people = [week.member() for _number in range(6)]
    for who in people:
        week.check_in(who, 1, 2, 3, 4)
    acts = [each for who in people for each in (
        week.submitting(who, 5), week.now(5, partial(operations.withdraw, who, week.id))
    )]  # fmt: skip
    assert set(codes(together(app, shuffled(acts, 6)))) <= {"", "ALREADY_COMPLETED", "NOT_ENROLLED"}
    for who in people:
        mine = week.enrollment(who)
        assert (mine.status, mine.done) in {("completed", 5), ("withdrawn", 4)}
    week.lawful()
