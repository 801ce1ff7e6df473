"""Founding a circle, changing it, and who may read what of it."""

import pytest
from sqlalchemy import select

from circle.access import SYSTEM, VISITOR
from circle.circles import operations as circles
from circle.circles import passphrases, queries
from circle.circles.models import Circle
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import BadRequest, Forbidden, Invalid, NotFound, PreconditionFailed, Unauthenticated
from circle.media.models import Media
from tests import patience
from tests.factories import Make, _add, actor_of


def picture(owner_id: int, purpose: str = "cover") -> int:
    row = Media(
        owner_id=owner_id, purpose=purpose, storage_key="aa/aaaaaaaa.webp", thumb_key="aa/aaaaaaaa.webp",
        mime="image/webp", width=1, height=1, bytes=1, sha256="0" * 64,
    )  # fmt: skip
    return _add(row).id


def test_the_founder_owns_the_circle_and_is_its_first_member(make: Make) -> None:
    ann = actor_of(make.user())
    circle_id = circles.create_circle(ann, slug="morning-pages", name="早安读写圈", intro="每天一小段", accent="pine")
    row = queries.get_circle(ann, "morning-pages")
    assert (row.id, row.name, row.owner.id, row.member_count, row.accent) == (
        circle_id,
        "早安读写圈",
        ann.id,
        1,
        "pine",
    )
    assert row.me is not None and row.me.role == "owner" and row.can_manage and row.can_publish
    with pytest.raises(Unauthenticated):
        circles.create_circle(VISITOR, slug="other", name="x")


@pytest.mark.parametrize(
    "slug",
    ["", "ab", "a" * 41, "Upper", "two words", "a--b", "-a-", "12345", "圈子", "api", "登录", "a\x00b", "\ud800ab"],
)
def test_an_address_that_would_not_work_is_refused_with_a_sentence(make: Make, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        circles.create_circle(actor_of(make.user()), slug=slug, name="x")
    assert list(caught.value.errors) == ["slug"]


def test_an_address_is_given_once_also_when_two_ask_at_once(app, make: Make) -> None:
    people = [actor_of(make.user()) for _ in range(4)]

    def found(person: object) -> bool:
        with app.app_context():
            try:
                return bool(circles.create_circle(person, slug="wanted", name="x"))
            except Invalid as error:
                assert list(error.errors) == ["slug"]
                return False

    assert sum(patience.at_once(found, people)) == 1
    other = make.circle()
    with pytest.raises(Invalid):
        circles.update_circle(SYSTEM, other.slug, slug="wanted")


def test_a_time_zone_must_be_known_and_a_passphrase_be_set(make: Make) -> None:
    ann = actor_of(make.user())
    for values, name in (
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": "../etc/passwd"}, "tz"),
        ({"join_mode": "passphrase"}, "passphrase"),
    ):
        with pytest.raises(Invalid) as caught:
            circles.create_circle(ann, slug="somewhere", name="x", **values)
        assert list(caught.value.errors) == [name]
    circle = make.circle()
    with pytest.raises(Invalid):
        circles.update_circle(SYSTEM, circle.slug, join_mode="passphrase")
    circles.update_circle(SYSTEM, circle.slug, join_mode="passphrase", passphrase="早起")
    circles.update_circle(SYSTEM, circle.slug, join_mode="open")
    circles.update_circle(SYSTEM, circle.slug, join_mode="passphrase")  # the one that was set is kept


def test_the_passphrase_is_stored_as_a_hash_and_never_logged(make: Make) -> None:
    circle = make.circle(join_mode="passphrase", passphrase="first light")
    circles.update_circle(SYSTEM, circle.slug, passphrase="second light")
    stored = db.session.get_one(Circle, circle.id).passphrase_hash
    assert stored is not None and stored.startswith("$argon2id$") and passphrases.fits("second light", stored)
    logged = str([entry.data for entry in db.session.scalars(select(AuditEntry))])
    assert "light" not in logged and "argon2" not in logged
    assert not passphrases.fits("x", "not a hash")


def test_an_edit_changes_what_it_names_and_leaves_the_rest(make: Make) -> None:
    place = make.place(intro="before")
    slug = circles.update_circle(place.admin, place.slug, name="After", questions=["Why?"], slug="after-all", version=1)
    row = queries.get_circle(VISITOR, slug)
    assert (row.slug, row.name, row.intro, row.questions, row.version) == ("after-all", "After", "before", ["Why?"], 2)
    circles.update_circle(place.admin, slug, name="After")
    assert queries.get_circle(VISITOR, slug).version == 2  # nothing changed
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "circle.update")).one()
    assert entry.data["slug"] == [place.slug, "after-all"] and "intro" not in entry.data


def test_an_edit_of_what_somebody_else_changed_meanwhile_is_refused(make: Make) -> None:
    place = make.place()
    circles.update_circle(place.admin, place.slug, name="One", version=1)
    with pytest.raises(PreconditionFailed):
        circles.update_circle(place.owner, place.slug, name="Two", version=1)


def test_only_admins_and_the_owner_change_a_circle(make: Make) -> None:
    place = make.place()
    for actor in (place.ann, place.mod, actor_of(make.user())):
        for act in (
            lambda a: circles.update_circle(a, place.slug, name="x"),
            lambda a: circles.set_cover(a, place.slug, None),
        ):
            with pytest.raises(Forbidden):
                act(actor)
    with pytest.raises(Unauthenticated):
        circles.update_circle(VISITOR, place.slug, name="x")


def test_a_cover_is_an_own_upload_made_for_it(make: Make) -> None:
    place = make.place()
    mine = picture(place.owner_user.id)
    circles.set_cover(place.owner, place.slug, mine)
    row = queries.get_circle(VISITOR, place.slug)
    assert row.cover_url == f"/media/{mine}/full.webp" and row.version == 2
    for wrong in (picture(place.users["ann"].id), picture(place.owner_user.id, "post"), 1):
        with pytest.raises(NotFound):
            circles.set_cover(place.owner, place.slug, wrong)
    circles.set_cover(place.owner, place.slug, None)
    assert queries.get_circle(VISITOR, place.slug).cover_url is None


# ---- reading -------------------------------------------------------------------------------------------------


def test_the_cover_of_a_private_circle_is_for_everybody_and_its_inside_for_members(make: Make) -> None:
    place = make.place(visibility="private")
    stranger = actor_of(make.user())
    for actor in (VISITOR, stranger):
        assert not queries.get_circle(actor, place.slug).can_read
        for read in (queries.readable_circle, queries.member_page):
            with pytest.raises(NotFound):
                read(actor, place.slug)
        with pytest.raises(NotFound):
            queries.readable_circle_by_id(actor, place.circle.id)
        with pytest.raises(NotFound):
            queries.member_row(actor, place.slug, place.users["ann"].id)
    for actor in (place.ann, SYSTEM):
        assert queries.readable_circle(actor, place.slug).can_read


def test_a_circle_and_its_reader_take_one_statement(make: Make, statements: list[str]) -> None:
    place = make.place()
    ann, circle_id = place.ann, place.circle.id
    for read in (
        lambda: queries.readable_circle(ann, place.slug),
        lambda: queries.get_circle_by_id(VISITOR, circle_id),
        lambda: queries.standing_of(ann, circle_id),
        lambda: queries.discover(ann),
        lambda: queries.my_circles(ann),
    ):
        statements.clear()
        read()
        assert len(statements) == 1


def test_a_list_of_members_takes_two_statements_however_long(make: Make, statements: list[str]) -> None:
    place = make.place()
    admin = place.admin
    statements.clear()
    assert len(queries.member_page(admin, place.slug).items) == 5
    assert len(statements) == 2


def test_discovering_lists_public_circles_largest_first(make: Make) -> None:
    sizes = {make.circle().slug: 0, make.circle().slug: 2, make.circle().slug: 1}
    hidden, closed = make.circle(visibility="private"), make.circle(status="closed")
    for slug, count in sizes.items():
        for _ in range(count):
            circles.join_circle(actor_of(make.user()), slug)
    seen, cursor = [], None
    while True:
        page = queries.discover(VISITOR, cursor, 2)
        seen += [row.slug for row in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == sorted(sizes, key=sizes.__getitem__, reverse=True)
    assert hidden.slug not in seen and closed.slug not in seen
    with pytest.raises(BadRequest):
        queries.discover(VISITOR, "nonsense")


def test_my_circles_are_those_i_am_in(make: Make) -> None:
    user = make.user()
    first, left, hidden = make.circle(), make.circle(), make.circle(visibility="private", join_mode="invite")
    for circle in (first, left, hidden):
        make.member(circle, user=user)
    circles.leave_circle(actor_of(user), left.slug)
    assert [row.slug for row in queries.my_circles(actor_of(user))] == [hidden.slug, first.slug]
    assert queries.my_circles(VISITOR) == []


def test_members_are_found_by_role_and_by_part_of_their_name(make: Make) -> None:
    circle = make.circle()
    user = make.user(nickname="陈墨 100%")
    make.member(circle, "expert", user)
    make.member(circle)
    find = lambda **how: [row.user.id for row in queries.member_page(VISITOR, circle.slug, **how).items]  # noqa: E731
    assert find(q="墨 100") == find(q="0%") == find(q=user.username.upper()) == find(role="expert") == [user.id]
    assert find(q="_" * 3) == find(q="%%") == []
    assert len(find()) == 3


def test_who_is_muted_banned_or_gone_is_for_those_who_run_the_circle(make: Make) -> None:
    place = make.place()
    ann, bob = place.users["ann"].id, place.users["bob"].id
    circles.mute_member(place.mod, place.slug, ann, duration_s=3600)
    circles.ban_member(place.admin, place.slug, bob)
    assert queries.member_row(VISITOR, place.slug, ann).muted_until is None
    assert queries.member_row(place.ann, place.slug, ann).muted_until is not None
    assert queries.member_row(place.mod, place.slug, ann).muted_until is not None
    with pytest.raises(NotFound):
        queries.member_row(place.ann, place.slug, bob)
    for status, who in (("muted", ann), ("banned", bob)):
        assert [row.user.id for row in queries.member_page(place.mod, place.slug, status=status).items] == [who]
        with pytest.raises(Forbidden):
            queries.member_page(place.ann, place.slug, status=status)
    powers = queries.member_row(place.mod, place.slug, ann).can
    assert (powers.mute, powers.ban, powers.remove, powers.change_role, powers.any) == (True, False, False, False, True)
    assert not queries.member_row(place.mod, place.slug, place.users["admin"].id).can.any
    assert not queries.member_row(place.ann, place.slug, ann).can.any


def test_published_posts_are_counted_by_adding(make: Make) -> None:
    circle = make.circle(post_count=5)
    circles.adjust_post_count(circle.id, 2)
    circles.adjust_post_count(circle.id, -1)
    assert queries.get_circle(VISITOR, circle.slug).post_count == 6
