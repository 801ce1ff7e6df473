"""Roles, mutes, bans, removal and handing over; and that the count is always the count."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from circle.access import SYSTEM, VISITOR, Permission, Role
from circle.circles import operations as circles
from circle.circles import queries
from circle.circles.models import Member
from circle.core import clock, events
from circle.core.audit import AuditEntry, verify
from circle.core.db import db
from circle.core.errors import CircleError, Conflict, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from tests.factories import Make, Place, actor_of

ACTS = {
    "role": lambda actor, slug, who: circles.change_role(actor, slug, who, "expert"),
    "mute": lambda actor, slug, who: circles.mute_member(actor, slug, who, duration_s=3600),
    "unmute": circles.unmute_member,
    "ban": circles.ban_member,
    "unban": circles.unban_member,
    "remove": circles.remove_member,
    "transfer": circles.transfer_ownership,
}
LEAST = {"role": "owner", "transfer": "owner", "mute": "moderator", "unmute": "moderator"}
RANKS = {"owner": 3, "admin": 2, "moderator": 1, "expert": 0, "member": 0}


def status_of(place: Place, name: str) -> str:
    return queries.standing_of_user(place.circle.id, place.users[name].id).status


def actions_of(place: Place) -> list[str]:
    found = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.stream == f"circle:{place.circle.id}").order_by(AuditEntry.seq)
    )
    return list(found)


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_for_its_roles_only(make: Make, act: str) -> None:
    circle = make.circle()
    slug, owner_id = circle.slug, circle.owner_id
    people = {role: make.member(circle, role) for role in ("admin", "moderator", "expert", "member")}
    target = make.member(circle).id
    actors = {role: actor_of(user) for role, user in people.items()}
    for role, actor in actors.items():
        if RANKS[role] >= RANKS[LEAST.get(act, "admin")]:
            continue
        with pytest.raises(Forbidden):
            ACTS[act](actor, slug, target)
    with pytest.raises(Forbidden):
        ACTS[act](actor_of(make.user()), slug, target)
    with pytest.raises(Unauthenticated):
        ACTS[act](VISITOR, slug, target)
    owner = queries.get_circle(SYSTEM, slug).owner
    with pytest.raises(Forbidden):  # nobody acts on a higher role, or on themselves
        ACTS[act](actors["admin"], slug, owner_id)
    with pytest.raises(Forbidden):
        ACTS[act](actors["admin"], slug, actors["admin"].id)
    assert owner.role == "owner"
    with pytest.raises(NotFound):
        ACTS[act](SYSTEM, slug, make.user().id)
    with pytest.raises(NotFound):
        ACTS[act](SYSTEM, "nowhere", target)


def test_the_owner_gives_and_takes_roles(make: Make) -> None:
    place = make.place()
    ann = place.users["ann"].id
    for role in ("admin", "admin", "expert", "member"):
        circles.change_role(place.owner, place.slug, ann, role)
        assert queries.standing_of_user(place.circle.id, ann).role == role
    assert actions_of(place).count("member.role") == 3 + 2  # two of them made the place
    with pytest.raises(Invalid):
        circles.change_role(place.owner, place.slug, ann, "owner")
    with pytest.raises(Conflict):
        circles.change_role(SYSTEM, place.slug, place.owner_user.id, "member")


def test_handing_over_makes_the_old_owner_an_admin(make: Make) -> None:
    place = make.place()
    ann = place.users["ann"].id
    circles.transfer_ownership(place.owner, place.slug, ann)
    row = queries.get_circle(place.owner, place.slug)
    assert (row.owner.id, row.standing.role, row.version) == (ann, Role.ADMIN, 2)
    assert not row.may(Permission.MEMBER_ROLE) and row.may(Permission.CIRCLE_CONFIGURE)
    with pytest.raises(Forbidden):
        circles.transfer_ownership(place.owner, place.slug, place.users["bob"].id)
    circles.leave_circle(place.bob, place.slug)
    with pytest.raises(NotFound):  # who has left cannot be handed anything
        circles.transfer_ownership(place.ann, place.slug, place.bob.id)
    owners = db.session.scalar(select(func.count()).where(Member.circle_id == place.circle.id, Member.role == "owner"))
    assert owners == 1 and "circle.transfer" in actions_of(place)


def test_a_muted_member_reads_but_may_not_speak_until_the_time_is_over(make: Make) -> None:
    place = make.place(visibility="private")
    ann = place.users["ann"].id
    with clock.at(datetime(2026, 11, 20, 8, tzinfo=UTC)):
        circles.mute_member(place.mod, place.slug, ann, until=clock.now() + timedelta(hours=1), reason="Slow down.")
        row = queries.readable_circle(place.ann, place.slug)
        assert not row.can_publish and not row.may(Permission.COMMENT_WRITE) and row.may(Permission.LIKE_GIVE)
        assert row.me is not None and row.me.muted_until == clock.now() + timedelta(hours=1)
    with clock.at(datetime(2026, 11, 20, 9, tzinfo=UTC)):
        row = queries.readable_circle(place.ann, place.slug)
        assert row.can_publish and row.me is not None and row.me.muted_until is None


def test_a_mute_ends_in_the_future_and_can_be_lifted(make: Make) -> None:
    place = make.place()
    ann = place.users["ann"].id
    for until in (None, clock.now() - timedelta(seconds=1)):
        with pytest.raises(Invalid) as caught:
            circles.mute_member(place.mod, place.slug, ann, until=until)
        assert "muted_until" in caught.value.errors
    circles.mute_member(place.mod, place.slug, ann, duration_s=60)
    for _ in range(2):
        circles.unmute_member(place.mod, place.slug, ann)
    assert not queries.standing_of(place.ann, place.circle.id).muted
    assert actions_of(place)[-2:] == ["member.mute", "member.unmute"]


def test_a_banned_member_is_out_and_cannot_come_back(make: Make) -> None:
    place = make.place(visibility="private")
    ann = place.users["ann"].id
    invite = queries.get_invite(SYSTEM, circles.create_invite(SYSTEM, place.slug)).token
    circles.ban_member(place.admin, place.slug, ann, reason="Spam.")
    circles.ban_member(place.admin, place.slug, ann)
    row = queries.get_circle(place.ann, place.slug)
    assert row.me is not None and (row.me.status, row.me.role) == ("banned", "member")
    assert (row.member_count, row.post_count, row.owner) == (None, None, None)
    assert queries.get_circle(place.owner, place.slug).member_count == 4
    assert not row.can_read
    for token in (None, invite):
        with pytest.raises(Forbidden) as caught:
            circles.join_circle(place.ann, place.slug, invite=token)
        assert caught.value.code == "BANNED"
    circles.leave_circle(place.ann, place.slug)
    assert status_of(place, "ann") == "banned"
    assert actions_of(place).count("member.ban") == 1


def test_lifting_a_ban_restores_who_was_in_and_only_lets_others_ask(make: Make) -> None:
    place = make.place()
    ann, bob = place.users["ann"].id, place.users["bob"].id
    circles.leave_circle(place.bob, place.slug)
    for who in (ann, bob):
        circles.ban_member(place.admin, place.slug, who)
        circles.unban_member(place.admin, place.slug, who)
    assert (status_of(place, "ann"), status_of(place, "bob")) == ("active", "left")
    circles.unban_member(place.admin, place.slug, ann)
    with pytest.raises(Conflict):
        circles.unban_member(place.admin, place.slug, bob)
    assert queries.get_circle(SYSTEM, place.slug).member_count == 4


def test_banning_an_applicant_turns_the_application_away(make: Make) -> None:
    circle = make.circle(join_mode="application")
    ann = actor_of(make.user())
    circles.join_circle(ann, circle.slug)
    circles.ban_member(SYSTEM, circle.slug, ann.id)
    assert queries.pending_count(queries.get_circle(SYSTEM, circle.slug)) == 0
    circles.unban_member(SYSTEM, circle.slug, ann.id)
    assert queries.standing_of(ann, circle.id).status == "left"
    assert circles.join_circle(ann, circle.slug).status == "pending"


def test_a_removed_member_may_join_again(make: Make) -> None:
    place = make.place()
    ann = place.users["ann"].id
    circles.remove_member(place.admin, place.slug, ann, reason="A break.")
    with pytest.raises(NotFound):
        circles.remove_member(place.admin, place.slug, ann)
    assert status_of(place, "ann") == "left"
    assert circles.join_circle(place.ann, place.slug).new
    assert actions_of(place).count("member.remove") == 1


def test_the_owner_cannot_be_taken_out_even_by_the_system(make: Make) -> None:
    place = make.place()
    for act in (circles.remove_member, circles.ban_member):
        with pytest.raises(Conflict):
            act(SYSTEM, place.slug, place.owner_user.id)


def test_several_changes_of_a_member_happen_together_or_not_at_all(make: Make) -> None:
    place = make.place()
    ann = place.users["ann"].id
    soon = clock.now() + timedelta(hours=1)
    with pytest.raises(Forbidden):  # an admin may mute but gives no roles
        circles.update_member(place.admin, place.slug, ann, muted_until=soon, role="expert")
    assert not queries.standing_of(place.ann, place.circle.id).muted
    circles.update_member(place.owner, place.slug, ann, muted_until=soon, role="expert")
    standing = queries.standing_of(place.ann, place.circle.id)
    assert standing.muted and standing.role is Role.EXPERT
    circles.update_member(place.owner, place.slug, ann, muted_until=None, status="banned")
    assert status_of(place, "ann") == "banned"


def test_what_happens_to_members_is_told_to_other_features(make: Make) -> None:
    seen: list[str] = []
    table = events._reactions
    kinds = [kind for kind in events.Event.__subclasses__() if kind.__module__ == "circle.circles.events"]
    events.install({kind: [lambda event: seen.append(type(event).__name__)] for kind in kinds})
    try:
        place = make.place()
        ann, bob = place.users["ann"].id, place.users["bob"].id
        seen.clear()
        circles.change_role(place.owner, place.slug, ann, "expert")
        circles.mute_member(place.mod, place.slug, ann, duration_s=60)
        circles.unmute_member(place.mod, place.slug, ann)
        circles.remove_member(place.admin, place.slug, ann)
        circles.join_circle(place.ann, place.slug)
        circles.leave_circle(place.ann, place.slug)
        circles.ban_member(place.admin, place.slug, bob)
        circles.update_circle(place.owner, place.slug, join_mode="application")
        for decide in (circles.reject_application, circles.approve_application):
            circles.join_circle(place.ann, place.slug)
            decide(place.owner, queries.application_page(queries.get_circle(place.owner, place.slug)).items[0].id)
    finally:
        events.install(table)
    assert seen == [
        "MemberRoleChanged", "MemberMuted", "MemberMuted", "MemberRemoved", "MemberJoined", "MemberLeft",
        "MemberBanned", "ApplicationSubmitted", "ApplicationRejected", "ApplicationSubmitted", "MemberJoined",
        "ApplicationApproved",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_the_member_count_is_the_count_whatever_happens(make: Make, seed: int) -> None:
    draw = random.Random(seed)
    owner_user = make.user()
    owner, circle = actor_of(owner_user), make.circle(owner_user)
    slug, circle_id = circle.slug, circle.id
    people = [actor_of(make.user()) for _ in range(4)]
    steps = [
        lambda who: circles.join_circle(who, slug),
        lambda who: circles.join_circle(who, slug),
        lambda who: circles.leave_circle(who, slug),
        lambda who: circles.remove_member(owner, slug, who.id),
        lambda who: circles.ban_member(owner, slug, who.id),
        lambda who: circles.unban_member(owner, slug, who.id),
        lambda who: circles.change_role(owner, slug, who.id, draw.choice(["admin", "member"])),
        lambda _who: circles.update_circle(SYSTEM, slug, join_mode=draw.choice(["open", "application"])),
        lambda _who: [
            circles.approve_application(owner, row.id)
            for row in queries.application_page(queries.get_circle(owner, slug)).items
        ],
    ]
    for _ in range(60):
        try:
            draw.choice(steps)(draw.choice(people))
        except CircleError as error:
            assert isinstance(error, NotFound | Conflict | Forbidden | Refused), error
        counted = db.session.scalar(
            select(func.count()).where(Member.circle_id == circle_id, Member.status == "active")
        )
        assert queries.get_circle(SYSTEM, slug).member_count == counted
    assert verify(f"circle:{circle_id}") is None
