"""Coming into a circle by each way in, and going again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from circle.access import SYSTEM, VISITOR
from circle.circles import operations as circles
from circle.circles import queries
from circle.circles.models import Application, Circle, Invite, Member
from circle.circles.operations import Joined
from circle.core import clock
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from tests import patience
from tests.factories import Make, actor_of

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def code(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.code


def rows_of(model: type, circle: Circle) -> int:
    circle_id = circle.id
    db.session.rollback()  # look with fresh eyes: other threads have written
    return db.session.scalar(select(func.count()).select_from(model).where(model.circle_id == circle_id)) or 0


def test_anybody_joins_an_open_circle_and_is_counted(make: Make) -> None:
    circle, ann = make.circle(), actor_of(make.user())
    assert circles.join_circle(ann, circle.slug) == Joined("active", new=True)
    row = queries.get_circle(ann, circle.slug)
    assert row.me is not None and (row.me.status, row.me.role, row.member_count) == ("active", "member", 2)


def test_joining_again_succeeds_and_changes_nothing(make: Make) -> None:
    circle, ann = make.circle(), actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    assert circles.join_circle(ann, circle.slug) == Joined("active", new=False)
    assert queries.get_circle(ann, circle.slug).member_count == 2


def test_joining_many_times_at_once_makes_one_row(app, make: Make) -> None:
    circle, ann = make.circle(), actor_of(make.user())
    slug = circle.slug

    def join(_number: int) -> Joined:
        with app.app_context():
            return circles.join_circle(ann, slug)

    answers = patience.at_once(join, range(6))
    assert sorted(answer.new for answer in answers) == [False] * 5 + [True]
    assert rows_of(Member, circle) == 2
    assert queries.get_circle(ann, slug).member_count == 2


def test_a_visitor_must_sign_in_to_join(make: Make) -> None:
    circle = make.circle()
    for act in (circles.join_circle, circles.leave_circle, circles.withdraw_application):
        with pytest.raises(Unauthenticated):
            act(VISITOR, circle.slug)


def test_an_unknown_or_closed_circle_cannot_be_joined(make: Make) -> None:
    ann, closed = actor_of(make.user()), make.circle(status="closed")
    for slug in ("nowhere", closed.slug):
        with pytest.raises(NotFound):
            circles.join_circle(ann, slug)
        with pytest.raises(NotFound):
            queries.get_circle(ann, slug)


def test_the_passphrase_lets_in_and_a_wrong_one_does_not(make: Make) -> None:
    circle, ann = make.circle(join_mode="passphrase", passphrase="早起的鸟 "), actor_of(make.user())
    for wrong in (None, "", "早起的鸟", "x" * 64):
        with pytest.raises(Refused) as caught:
            circles.join_circle(ann, circle.slug, passphrase=wrong)
        assert code(caught) == "PASSPHRASE_WRONG"
        assert "passphrase" in caught.value.errors
    assert circles.join_circle(ann, circle.slug, passphrase="早起的鸟 ").status == "active"


def test_a_passphrase_that_was_tried_before_it_changed_is_no_longer_good(make: Make) -> None:
    circle, ann = make.circle(join_mode="passphrase", passphrase="one"), actor_of(make.user())
    proof = db.session.get_one(Circle, circle.id).passphrase_hash
    circles.update_circle(SYSTEM, circle.slug, passphrase="two")
    with pytest.raises(Refused):
        circles.enter_circle(ann, circle.slug, answers=[], proof=proof, tried=True, invite=None)


def test_a_passphrase_kept_from_earlier_does_not_open_another_way_in(make: Make) -> None:
    circle, ann = make.circle(join_mode="passphrase", passphrase="one"), actor_of(make.user())
    circles.update_circle(SYSTEM, circle.slug, join_mode="invite")
    with pytest.raises(Refused) as caught:
        circles.join_circle(ann, circle.slug, passphrase="one")
    assert code(caught) == "INVITE_REQUIRED"


# ---- applications --------------------------------------------------------------------------------------------


def application_of(circle: Circle, status: str = "pending") -> int:
    found = db.session.scalar(
        select(Application.id).where(Application.circle_id == circle.id, Application.status == status)
    )
    assert found is not None
    return found


def test_an_applicant_answers_every_question_and_waits(make: Make) -> None:
    circle = make.circle(join_mode="application", questions=["Why?", "Since when?"])
    ann = actor_of(make.user())
    for answers in ([], ["because"], ["because", "  "], ["a", "b", "c"]):
        with pytest.raises(Refused) as caught:
            circles.join_circle(ann, circle.slug, answers=answers)
        assert code(caught) == "ANSWERS_REQUIRED"
    assert circles.join_circle(ann, circle.slug, answers=["because", "spring"]) == Joined("pending", new=True)
    assert circles.join_circle(ann, circle.slug, answers=["because", "spring"]) == Joined("pending", new=False)
    row = queries.get_circle(ann, circle.slug)
    assert row.me is not None and (row.me.status, row.me.joined_at, row.member_count) == ("pending", None, 1)
    assert row.standing.status == "pending" and not row.standing.active
    waiting = queries.get_application(SYSTEM, application_of(circle))
    assert [tuple(each) for each in waiting.answers] == [("Why?", "because"), ("Since when?", "spring")]


def test_applying_many_times_at_once_makes_one_application(app, make: Make) -> None:
    circle, ann = make.circle(join_mode="application"), actor_of(make.user())
    slug = circle.slug

    def apply(_number: int) -> str:
        with app.app_context():
            return circles.join_circle(ann, slug).status

    assert set(patience.at_once(apply, range(5))) == {"pending"}
    assert rows_of(Application, circle) == 1


def test_an_admin_approves_and_the_applicant_is_in(make: Make) -> None:
    circle = make.circle(join_mode="application")
    admin, ann = actor_of(make.member(circle, "admin")), actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    waiting = application_of(circle)
    circles.approve_application(admin, waiting)
    circles.approve_application(admin, waiting)  # the second tap on the button
    assert queries.standing_of(ann, circle.id).active
    assert queries.get_circle(ann, circle.slug).member_count == 3
    with pytest.raises(Conflict):
        circles.reject_application(admin, waiting)


def test_a_rejected_applicant_is_told_why_and_may_apply_again(make: Make) -> None:
    circle = make.circle(join_mode="application")
    admin, ann = actor_of(make.member(circle, "admin")), actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    waiting = application_of(circle)
    circles.reject_application(admin, waiting, reason="Please say more.")
    assert queries.get_application(admin, waiting).reason == "Please say more."
    assert queries.get_circle(ann, circle.slug).me is None
    with pytest.raises(Conflict):
        circles.approve_application(admin, waiting)
    assert circles.join_circle(ann, circle.slug) == Joined("pending", new=True)


def test_only_those_who_decide_applications_can_see_or_decide_them(make: Make) -> None:
    circle, other = make.circle(join_mode="application"), make.circle()
    ann = actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    waiting = application_of(circle)
    strangers = [ann, actor_of(make.user()), actor_of(make.member(circle)), actor_of(make.member(circle, "moderator"))]
    strangers.append(actor_of(make.member(other, "admin")))
    for actor in strangers:
        for act in (circles.approve_application, circles.reject_application, queries.get_application):
            with pytest.raises(NotFound):
                act(actor, waiting)
        with pytest.raises(Forbidden):
            queries.application_page(queries.get_circle(actor, circle.slug))
    with pytest.raises(Unauthenticated):
        circles.approve_application(VISITOR, waiting)
    with pytest.raises(NotFound):
        circles.approve_application(SYSTEM, 1)


def test_an_application_can_be_taken_back_and_is_closed_when_another_way_opens(make: Make) -> None:
    circle, ann = make.circle(join_mode="application"), actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    circles.withdraw_application(ann, circle.slug)
    circles.withdraw_application(ann, circle.slug)
    assert queries.get_circle(ann, circle.slug).me is None
    circles.join_circle(ann, circle.slug)
    circles.update_circle(SYSTEM, circle.slug, join_mode="open")
    assert circles.join_circle(ann, circle.slug) == Joined("active", new=True)
    with pytest.raises(NotFound):
        circles.approve_application(ann, application_of(circle, "withdrawn"))


def test_those_who_wait_longest_are_read_first(make: Make) -> None:
    circle = make.circle(join_mode="application")
    people = [make.user() for _ in range(3)]
    for hours, person in enumerate(people):
        with clock.at(MORNING + timedelta(hours=hours)):
            circles.join_circle(actor_of(person), circle.slug)
    owner = queries.get_circle(SYSTEM, circle.slug)
    first = queries.application_page(owner, limit=2)
    rest = queries.application_page(owner, limit=2, cursor=first.next_cursor)
    assert [row.user.id for row in (*first.items, *rest.items)] == [person.id for person in people]
    assert queries.pending_count(owner) == 3
    assert queries.pending_count(queries.get_circle(VISITOR, circle.slug)) == 0


# ---- invitations ---------------------------------------------------------------------------------------------


def token_of(invite_id: int) -> str:
    return db.session.get_one(Invite, invite_id).token


@pytest.mark.parametrize(
    "mode", [{"join_mode": "invite"}, {"join_mode": "passphrase", "passphrase": "x1"}, {"join_mode": "application"}]
)
def test_an_invitation_lets_in_whatever_the_way_in(make: Make, mode: dict[str, str]) -> None:
    circle, ann = make.circle(**mode), actor_of(make.user())
    invite_id = circles.create_invite(SYSTEM, circle.slug)
    assert circles.join_circle(ann, circle.slug, invite=token_of(invite_id)) == Joined("active", new=True)
    circles.join_circle(ann, circle.slug, invite=token_of(invite_id))
    assert queries.get_invite(SYSTEM, invite_id).use_count == 1  # who is in already uses nothing up


def test_a_bad_expired_used_up_or_revoked_invitation_lets_nobody_in(make: Make) -> None:
    circle, other = make.circle(join_mode="invite"), make.circle(join_mode="invite")
    slug, ann = circle.slug, actor_of(make.user())
    with clock.at(datetime.now(UTC) - timedelta(days=2)):
        expired = circles.create_invite(SYSTEM, slug, expires_at=clock.now() + timedelta(days=1))
    revoked, used = circles.create_invite(SYSTEM, slug), circles.create_invite(SYSTEM, slug, max_uses=1)
    circles.revoke_invite(SYSTEM, revoked)
    circles.revoke_invite(SYSTEM, revoked)
    circles.join_circle(actor_of(make.user()), slug, invite=token_of(used))
    elsewhere = token_of(circles.create_invite(SYSTEM, other.slug))
    row = queries.get_circle(ann, slug)
    for token in ("nonsense", elsewhere, token_of(expired), token_of(revoked), token_of(used)):
        with pytest.raises(Refused) as caught:
            circles.join_circle(ann, slug, invite=token)
        assert code(caught) == "INVITE_INVALID"
        assert not queries.is_invited(row, token)


def test_a_link_for_three_lets_in_three_of_eight_who_come_at_once(app, make: Make) -> None:
    circle = make.circle(join_mode="invite")
    slug, token = circle.slug, token_of(circles.create_invite(SYSTEM, circle.slug, max_uses=3))
    people = [actor_of(make.user()) for _ in range(8)]

    def join(person: object) -> bool:
        with app.app_context():
            try:
                return circles.join_circle(person, slug, invite=token).new
            except Refused:
                return False

    assert sum(patience.at_once(join, people)) == 3
    assert rows_of(Member, circle) == 4


def test_only_admins_make_see_and_revoke_invitations(make: Make) -> None:
    place = make.place(join_mode="invite")
    invite_id = circles.create_invite(place.admin, place.slug, max_uses=5)
    stranger = actor_of(make.user())
    for actor in (place.ann, place.mod, stranger):
        with pytest.raises(Forbidden):
            circles.create_invite(actor, place.slug)
        with pytest.raises(Forbidden):
            queries.invite_page(queries.get_circle(actor, place.slug))
        for act in (circles.revoke_invite, queries.get_invite):
            with pytest.raises(NotFound):
                act(actor, invite_id)
    with pytest.raises(Unauthenticated):
        circles.revoke_invite(VISITOR, invite_id)
    newest = queries.invite_page(queries.get_circle(place.owner, place.slug)).items[0]
    assert newest.id == invite_id


# ---- leaving and coming back ---------------------------------------------------------------------------------


def test_who_leaves_and_returns_goes_on_with_the_same_row_as_a_plain_member(make: Make) -> None:
    circle = make.circle()
    user = make.member(circle, "moderator")
    ann, row_id = actor_of(user), db.session.scalar(select(Member.id).where(Member.user_id == user.id))
    circles.leave_circle(ann, circle.slug)
    circles.leave_circle(ann, circle.slug)
    me = queries.get_circle(ann, circle.slug)
    assert me.me is not None and (me.me.status, me.member_count, me.can_publish) == ("left", 1, False)
    circles.join_circle(ann, circle.slug)
    member = db.session.scalars(select(Member).where(Member.user_id == user.id)).one()
    assert (member.id, member.role, member.status, member.left_at) == (row_id, "member", "active", None)


def test_leaving_does_not_shed_a_mute(make: Make) -> None:
    place = make.place()
    circles.mute_member(place.mod, place.slug, place.users["ann"].id, duration_s=3600)
    circles.leave_circle(place.ann, place.slug)
    circles.join_circle(place.ann, place.slug)
    assert queries.standing_of(place.ann, place.circle.id).muted


def test_the_owner_stays_until_the_circle_is_handed_over(make: Make) -> None:
    place = make.place()
    with pytest.raises(Refused) as caught:
        circles.leave_circle(place.owner, place.slug)
    assert code(caught) == "OWNER_MUST_STAY"
    circles.transfer_ownership(place.owner, place.slug, place.users["ann"].id)
    circles.leave_circle(place.owner, place.slug)
    row = queries.get_circle(place.ann, place.slug)
    assert row.owner.id == place.ann.id and row.standing.role == "owner"


def test_leaving_a_circle_one_waits_for_takes_the_application_back(make: Make) -> None:
    circle, ann = make.circle(join_mode="application"), actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    circles.leave_circle(ann, circle.slug)
    assert queries.get_circle(ann, circle.slug).me is None
    circles.leave_circle(ann, circle.slug)


def test_every_decision_about_applications_and_invitations_is_in_the_log(make: Make) -> None:
    circle = make.circle(join_mode="application")
    for decide in (circles.approve_application, circles.reject_application):
        circles.join_circle(actor_of(make.user()), circle.slug)
        decide(SYSTEM, application_of(circle))
    circles.revoke_invite(SYSTEM, circles.create_invite(SYSTEM, circle.slug))
    actions = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.stream == f"circle:{circle.id}").order_by(AuditEntry.seq)
    ).all()
    assert actions == ["circle.create", "application.approve", "application.reject", "invite.create", "invite.revoke"]
