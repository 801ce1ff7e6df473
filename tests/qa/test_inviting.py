"""Inviting experts: who may be asked by whom, how often, for how long, and that nothing tells what it should not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import VISITOR, Actor
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.circles.queries import CircleRow, readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, Conflict, Forbidden, NotFound, Refused, Unauthenticated
from circle.notifications.queries import inbox
from circle.posts import operations as posts
from circle.qa import jobs, operations, queries, rules
from circle.qa.models import QuestionInvite
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import answer, ask
from tests.races.together import together


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


@pytest.fixture
def expert(place: Place, make: Make) -> Actor:
    return actor_of(make.member(place.circle, "expert"))


def experts(place: Place, make: Make, number: int) -> list[Actor]:
    return [actor_of(make.member(place.circle, "expert")) for _number in range(number)]


def invite(by: Actor, question_id: int, who: Actor) -> int:
    return operations.invite(by, question_id, user_id=who.id or 0)


def statuses(question_id: int) -> list[str]:
    db.session.expire_all()
    rows = select(QuestionInvite.status).where(QuestionInvite.question_id == question_id).order_by(QuestionInvite.id)
    return list(db.session.scalars(rows))


def told(actor: Actor, *kinds: str) -> list[str]:
    return [notice.kind for notice in inbox(actor).items if notice.kind in kinds]


def _circle(actor: Actor, place: Place) -> CircleRow:
    return readable_circle(actor, place.slug)


def choices(actor: Actor, question_id: int, q: str | None = None) -> list[int]:
    return [row.user.id for row in queries.invite_desk(actor, question_id, q=q).experts]


# ---- who may be asked ------------------------------------------------------------------------------------------------


def test_an_expert_is_invited_for_three_days_and_told(place: Place, expert: Actor) -> None:
    question_id = ask(place)
    invite(place.bob, question_id, expert)
    row = db.session.scalars(select(QuestionInvite)).one()
    assert (row.status, row.invited_by, row.user_id, row.circle_id) == (
        "invited", place.bob.id, expert.id, place.circle.id
    )  # fmt: skip
    assert row.expires_at - row.created_at == timedelta(hours=72)
    (notice,) = [notice for notice in inbox(expert).items if notice.kind == "question.invited"]
    assert notice.by is not None and notice.by.id == place.bob.id
    assert (notice.url, notice.quote) == (f"/{place.slug}/questions/{question_id}", "晨读从哪一篇开始？")


def test_those_who_run_the_circle_can_be_asked_too_but_no_ordinary_member(place: Place) -> None:
    question_id = ask(place)
    for who in (place.mod, place.admin, place.owner):
        invite(place.ann, question_id, who)
    with pytest.raises(Refused, match="NOT_INVITABLE"):
        invite(place.ann, question_id, place.bob)
    assert statuses(question_id) == ["invited"] * 3


def test_nobody_invites_themselves_the_asker_a_stranger_or_who_has_left(
    place: Place, expert: Actor, make: Make
) -> None:
    question_id = ask(place, "mod")
    left = actor_of(make.member(place.circle, "expert"))
    circles.leave_circle(left, place.slug)
    for by, who in (
        (expert, expert), (place.ann, place.mod), (place.ann, actor_of(make.user())), (place.ann, left),
        (place.ann, Actor(id=12345)),
    ):  # fmt: skip
        with pytest.raises(Refused, match="NOT_INVITABLE"):
            invite(by, question_id, who)
    assert statuses(question_id) == []


def test_who_has_answered_is_not_asked_to(place: Place, expert: Actor) -> None:
    question_id = ask(place)
    answer_id = answer(expert, question_id)
    with pytest.raises(Refused, match="HAS_ANSWERED"):
        invite(place.ann, question_id, expert)
    operations.hide_answer(place.mod, answer_id, reason="off topic")
    with pytest.raises(Refused, match="NOT_INVITABLE"):
        invite(place.ann, question_id, expert)


def test_blocks_between_any_of_them_read_like_any_other_reason(place: Place, make: Make) -> None:
    question_id = ask(place)
    shy, grim = experts(place, make, 2)
    accounts.block_user(shy, place.bob.id or 0)
    accounts.block_user(place.ann, grim.id or 0)
    for who in (shy, grim):
        with pytest.raises(Refused) as refused:
            invite(place.bob, question_id, who)
        assert refused.value.code == "NOT_INVITABLE"
        assert who.id not in choices(place.bob, question_id)
    invite(place.ann, question_id, shy)


@pytest.mark.parametrize("who", ["visitor", "stranger", "muted", "banned"])
def test_who_may_not_speak_here_invites_nobody(place: Place, expert: Actor, make: Make, who: str) -> None:
    question_id = ask(place)
    person = VISITOR if who == "visitor" else actor_of(make.user())
    if who in {"muted", "banned"}:
        person = actor_of(make.member(place.circle))
        if who == "muted":
            circles.mute_member(place.mod, place.slug, person.id or 0, duration_s=3600)
        else:
            circles.ban_member(place.owner, place.slug, person.id or 0)
    for act in (lambda: invite(person, question_id, expert), lambda: queries.invite_desk(person, question_id)):
        with pytest.raises((Forbidden, Unauthenticated)):
            act()
    assert statuses(question_id) == []


def test_a_question_that_takes_no_answers_or_is_not_there_invites_nobody(place: Place, expert: Actor) -> None:
    closed, hidden, plain = ask(place), ask(place), posts.publish_post(place.ann, place.slug, body="早安")
    operations.close_question(place.mod, closed, reason="resolved")
    posts.hide_post(place.mod, hidden, reason="off topic")
    with pytest.raises(Refused, match="QUESTION_CLOSED"):
        invite(place.bob, closed, expert)
    for question_id in (hidden, plain, 12345):
        with pytest.raises(NotFound):
            invite(place.bob, question_id, expert)


# ---- once, and not too often -----------------------------------------------------------------------------------------


def test_asked_again_by_whomever_it_stays_the_same_invitation_and_one_notice(place: Place, expert: Actor) -> None:
    question_id = ask(place)
    first = invite(place.ann, question_id, expert)
    assert invite(place.ann, question_id, expert) == invite(place.bob, question_id, expert) == first
    assert told(expert, "question.invited") == ["question.invited"]


def test_five_are_asked_about_one_question_whatever_became_of_them(place: Place, make: Make) -> None:
    question_id = ask(place)
    several = experts(place, make, 6)
    for who in several[:5]:
        invite(place.ann, question_id, who)
    operations.decline_invite(several[0], question_id)
    with pytest.raises(Refused, match="INVITE_LIMIT"):
        invite(place.bob, question_id, several[5])
    desk = queries.invite_desk(place.bob, question_id)
    assert (desk.left, desk.open, desk.experts) == (0, False, [])


def test_twenty_are_asked_by_one_person_in_a_day_of_the_circle(place: Place, make: Make) -> None:
    several = experts(place, make, 5)
    here = ZoneInfo(place.circle.tz)
    late = datetime(2026, 6, 1, 23, 30, tzinfo=here)
    with clock.at(late):
        questions = [ask(place) for _number in range(5)]
        for question_id in questions[:4]:
            for who in several:
                invite(place.bob, question_id, who)
        with pytest.raises(Refused, match="INVITE_DAILY_LIMIT"):
            invite(place.bob, questions[4], several[0])
        invite(place.ann, questions[4], several[1])
    with clock.at(late + timedelta(minutes=29)):
        assert queries.invite_desk(place.bob, questions[4]).left_today == 0
    with clock.at(late + timedelta(minutes=31)):
        assert queries.invite_desk(place.bob, questions[4]).left_today == 20
        invite(place.bob, questions[4], several[0])


def test_a_day_in_another_circle_is_counted_for_itself(
    place: Place, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_INVITES_A_DAY", 1)
    other = make.place()
    make.member(other.circle, user=place.users["bob"])
    invite(place.bob, ask(place), place.mod)
    invite(place.bob, ask(other), other.mod)
    with pytest.raises(Refused, match="INVITE_DAILY_LIMIT"):
        invite(place.bob, ask(place), place.mod)


def test_ten_at_once_keep_both_limits(app: Flask, place: Place, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    several, question_id, bob = experts(place, make, 10), ask(place), place.bob
    outcomes = together(app, [lambda who=who: invite(bob, question_id, who) for who in several])
    assert len([each for each in outcomes if isinstance(each, int)]) == 5
    assert {each.code for each in outcomes if isinstance(each, CircleError)} == {"INVITE_LIMIT"}
    assert len(statuses(question_id)) == 5
    monkeypatch.setattr(rules, "MAX_INVITES_A_DAY", 8)
    questions = [ask(place) for _number in range(10)]
    outcomes = together(app, [lambda id_=id_: invite(bob, id_, several[0]) for id_ in questions])
    assert len([each for each in outcomes if isinstance(each, int)]) == 3
    assert {each.code for each in outcomes if isinstance(each, CircleError)} == {"INVITE_DAILY_LIMIT"}


def test_ten_who_ask_the_same_person_at_once_ask_them_once(app: Flask, place: Place, make: Make, expert: Actor) -> None:
    question_id = ask(place)
    members = [actor_of(make.member(place.circle)) for _number in range(10)]
    outcomes = together(app, [lambda by=by: invite(by, question_id, expert) for by in members])
    assert len(set(map(str, outcomes))) == 1 and isinstance(outcomes[0], int)
    assert told(expert, "question.invited") == ["question.invited"]


# ---- what becomes of it ----------------------------------------------------------------------------------------------


def test_who_declines_is_not_asked_again_and_the_inviter_is_told(place: Place, expert: Actor) -> None:
    question_id = ask(place)
    invite(place.bob, question_id, expert)
    for _time in range(2):
        operations.decline_invite(expert, question_id)
    assert statuses(question_id) == ["declined"]
    assert told(place.bob, "invite.declined") == ["invite.declined"]
    assert told(place.ann, "invite.declined") == []
    for by in (place.bob, place.ann):
        with pytest.raises(Conflict) as refused:
            invite(by, question_id, expert)
        assert refused.value.code == "ALREADY_DECLINED"


def test_only_who_was_invited_declines_and_only_while_it_is_open(place: Place, expert: Actor) -> None:
    question_id = ask(place)
    for person in (expert, place.bob, VISITOR):
        with pytest.raises(NotFound):
            operations.decline_invite(person, question_id)
    invite(place.bob, question_id, expert)
    with clock.at(clock.now() + timedelta(hours=72)), pytest.raises(Conflict) as over:
        operations.decline_invite(expert, question_id)
    assert over.value.code == "INVITE_OVER"


def test_an_answer_is_what_became_of_it_also_when_it_comes_late(place: Place, make: Make) -> None:
    question_id = ask(place)
    quick, late, undecided = experts(place, make, 3)
    for who in (quick, late, undecided):
        invite(place.bob, question_id, who)
    answer(quick, question_id)
    operations.decline_invite(undecided, question_id)
    with clock.at(clock.now() + timedelta(days=4)):
        jobs.expire_invites()
        assert statuses(question_id) == ["answered", "expired", "declined"]
        answer(late, question_id)
        answer(undecided, question_id)
    assert statuses(question_id) == ["answered"] * 3


def test_the_job_ends_what_is_over_once_and_takes_the_notice_back(place: Place, expert: Actor) -> None:
    first, second = ask(place), ask(place)
    invite(place.bob, first, expert)
    with clock.at(clock.now() + timedelta(hours=71)):
        invite(place.bob, second, expert)
        jobs.expire_invites()
        assert statuses(first) == ["invited"]
    with clock.at(clock.now() + timedelta(hours=72, seconds=1)):
        assert queries.invite_desk(place.ann, first).invites[0].status == "expired"  # also before the job comes
        for _time in range(2):
            jobs.expire_invites()
        decided = db.session.scalars(select(QuestionInvite.decided_at).where(QuestionInvite.status == "expired")).all()
        assert (statuses(first), statuses(second), len(decided)) == (["expired"], ["invited"], 1)
        assert [notice.url for notice in inbox(expert).items if notice.kind == "question.invited"] == [
            f"/{place.slug}/questions/{second}"
        ]


@pytest.mark.parametrize("end", ["close", "duplicate", "hide", "remove", "delete"])
def test_with_the_question_its_invitations_end(place: Place, expert: Actor, make: Make, end: str) -> None:
    question_id, other = ask(place), ask(place, title="另一个问题在这里")
    quick = actor_of(make.member(place.circle, "expert"))
    invite(place.bob, question_id, expert)
    invite(place.bob, question_id, quick)
    operations.decline_invite(quick, question_id)
    ends: dict[str, Callable[[], object]] = {
        "close": lambda: operations.close_question(place.ann, question_id, reason="resolved"),
        "duplicate": lambda: operations.mark_duplicate(place.mod, question_id, of=other),
        "hide": lambda: posts.hide_post(place.mod, question_id, reason="off topic"),
        "remove": lambda: posts.remove_post(place.mod, question_id, reason="off topic"),
        "delete": lambda: posts.delete_post(place.ann, question_id),
    }
    ends[end]()
    assert statuses(question_id) == ["expired", "declined"]
    assert told(expert, "question.invited") == []
    assert list(queries.my_invites(expert, _circle(expert, place)).items) == []


# ---- what is seen ----------------------------------------------------------------------------------------------------


def test_the_desk_shows_experts_first_then_by_what_was_accepted(place: Place, make: Make) -> None:
    known, fresh = experts(place, make, 2)
    old = ask(place)
    accepted = answer(known, old)
    operations.accept_answer(place.ann, old, answer_id=accepted, version=1)
    answer(place.mod, old)
    desk = queries.invite_desk(place.bob, ask(place))
    found = {row.user.id: (row.answer_count, row.accepted_count) for row in desk.experts}
    assert [*found][:2] == [known.id, fresh.id]
    assert found == {
        known.id: (1, 1), fresh.id: (0, 0), place.mod.id: (1, 0), place.admin.id: (0, 0), place.owner.id: (0, 0),
    }  # fmt: skip
    assert desk.experts[0].user.role == "expert"
    assert (desk.left, desk.left_today, desk.open) == (5, 20, True)


def test_whoever_is_sought_by_name_is_found(place: Place, make: Make) -> None:
    user = make.member(place.circle, "expert", make.user("wenyan", nickname="文燕"))
    question_id = ask(place)
    for typed in ("文", "WENY", "燕"):
        assert choices(place.bob, question_id, typed) == [user.id]
    assert choices(place.bob, question_id, "100%_") == []


def test_the_desk_costs_the_same_however_many_there_are(place: Place, make: Make, statements: list[str]) -> None:
    question_id = ask(place)
    several = experts(place, make, 2)
    invite(place.ann, question_id, several[0])

    def cost() -> int:
        db.session.rollback()
        statements.clear()
        queries.invite_desk(place.bob, question_id)
        return len(statements)

    first = cost()
    for who in experts(place, make, 6)[:3]:
        invite(place.ann, question_id, who)
        answer(who, ask(place))
    assert cost() == first <= 8


def test_my_invitations_are_the_open_ones_of_that_circle_newest_first(place: Place, make: Make, expert: Actor) -> None:
    here = [ask(place, title=f"第 {number} 个问题在这里") for number in range(3)]
    for question_id in here:
        invite(place.bob, question_id, expert)
    answer(expert, here[1])
    mine = queries.my_invites(expert, _circle(expert, place))
    assert [row.question.id for row in mine.items] == [here[2], here[0]]
    assert {row.by.id for row in mine.items if row.by} == {place.bob.id}
    assert list(queries.my_invites(place.bob, _circle(place.bob, place)).items) == []
    page = queries.my_invites(expert, _circle(expert, place), limit=1)
    rest = queries.my_invites(expert, _circle(expert, place), cursor=page.next_cursor)
    assert [row.question.id for row in rest.items] == [here[0]]
    accounts.block_user(expert, place.bob.id or 0)
    assert list(queries.my_invites(expert, _circle(expert, place)).items) == []
    with pytest.raises(Unauthenticated):
        queries.my_invites(VISITOR, _circle(VISITOR, place))


# ---- without a name --------------------------------------------------------------------------------------------------


def test_whoever_asked_without_a_name_invites_without_one(place: Place, expert: Actor) -> None:
    question_id = ask(place, anonymous=True)
    accounts.block_user(expert, place.ann.id or 0)  # tells nothing: neither here nor there
    invite(place.ann, question_id, expert)
    (notice,) = [notice for notice in inbox(expert).items if notice.kind == "question.invited"]
    assert notice.by is None and place.users["ann"].nickname not in notice.text
    (mine,) = queries.my_invites(expert, _circle(expert, place)).items
    assert mine.by is None
    operations.decline_invite(expert, question_id)
    assert told(place.ann, "invite.declined") == []  # between two who do not meet


def test_an_expert_who_asked_without_a_name_is_offered_and_invited_like_any_other(
    place: Place, make: Make, expert: Actor
) -> None:
    other = actor_of(make.member(place.circle, "expert"))
    question_id = posts.publish_post(
        expert, place.slug, type="question", title="晨读从哪一篇开始？", body="想问问。", anonymous=True
    )
    assert {expert.id, other.id} <= set(choices(place.bob, question_id))
    invite(place.bob, question_id, expert)
    invite(place.bob, question_id, other)
    answer(expert, question_id)  # as the asker: it must not show as what the expert answered
    assert statuses(question_id) == ["invited", "invited"]
    counts = {row.user.id: row.answer_count for row in queries.invite_desk(place.bob, ask(place)).experts}
    assert counts[expert.id] == 0
    accounts.block_user(other, expert.id or 0)
    invite(place.ann, question_id, other)


def test_an_answer_written_without_a_name_does_not_stand_in_the_way(place: Place, make: Make, expert: Actor) -> None:
    question_id = posts.publish_post(
        expert, place.slug, type="question", title="晨读从哪一篇开始？", body="想问问。", anonymous=True
    )
    answer(expert, question_id)
    assert expert.id in choices(place.bob, question_id)
    invite(place.bob, question_id, expert)
