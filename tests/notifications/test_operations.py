"""What is told to whom, once, and how it reads."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from circle.access import Permission
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.circles.models import Application
from circle.core import clock
from circle.core.actor import VISITOR
from circle.core.db import db
from circle.core.errors import BadRequest, Unauthenticated
from circle.core.operation import in_transaction
from circle.notifications import operations, queries
from circle.notifications.kinds import CATEGORIES, KINDS
from circle.notifications.models import Notice
from tests.factories import Make, actor_of


def told(user: object) -> list[queries.NoticeRow]:
    with force_locale("en"):
        return list(queries.inbox(actor_of(user)).items)  # type: ignore[arg-type]


def kinds(user: object) -> list[str]:
    return [row.kind for row in told(user)]


def test_the_same_fact_is_told_once(app: Flask, make: Make) -> None:
    one, two, by = make.user(), make.user(), make.user("anan")
    circle = make.circle()
    data = {"by": by.id, "post_id": 5, "comment_id": 6, "quote": "hello"}
    for user in (one, two, one):
        operations.notify(user.id, "post.commented", circle_id=circle.id, dedupe_key="6", data=data)
    operations.notify(one.id, "comment.replied", circle_id=circle.id, dedupe_key="6", data=data)
    assert kinds(one) == ["comment.replied", "post.commented"]
    assert kinds(two) == ["post.commented"]


def test_nobody_is_told_of_what_they_did_themselves(app: Flask, make: Make) -> None:
    user = make.user()
    data = {"by": user.id, "post_id": 5, "comment_id": 6}
    operations.notify(user.id, "post.commented", circle_id=make.circle().id, dedupe_key="6", data=data)
    assert told(user) == []


def test_a_notice_that_lacks_what_its_sentence_needs_is_a_mistake_of_the_program(app: Flask, make: Make) -> None:
    with pytest.raises(ValueError, match="comment_id"):
        operations.notify(make.user().id, "post.commented", dedupe_key="1", data={"by": 1, "post_id": 2})
    with pytest.raises(KeyError):
        operations.notify(make.user().id, "post.exploded", dedupe_key="1", data={})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_as_a_sentence_and_leads_somewhere_or_nowhere(app: Flask, make: Make, kind: str) -> None:
    user, by, circle = make.user(), make.user("anan"), make.circle(name="100% 读书")
    data = {"by": by.id, "post_id": 5, "comment_id": 6, "quote": "why", "role": "admin"}
    data |= {"until": "2026-11-22T16:30:00+00:00", "topic": "早读", "topic_slug": "early"}
    data |= {"points": 12, "day": "2026-12-31", "level": 2, "answer_id": 7, "of": "8"}
    data |= {"campaign_id": 9, "title": "早安 100%", "idx": 3, "team": "晨光"}
    operations.notify(user.id, kind, circle_id=circle.id, dedupe_key="1", data=data)
    (row,) = told(user)
    assert row.text
    assert "%" not in row.text.replace("100% 读书", "").replace("早安 100%", "")
    assert "{" not in (row.url or "")
    assert row.url is None or row.url.startswith((f"/{circle.slug}", "/me/drafts", "/settings"))
    assert "".join(text for text, _strong in row.pieces) == row.text
    assert row.category in CATEGORIES
    assert row.quote == "why"
    assert row.circle is not None
    assert row.circle.slug == circle.slug
    if KINDS[kind].needs & {"by"}:
        assert "Anan" in row.text


@pytest.mark.parametrize("role", ["owner", "admin", "moderator", "expert", "member"])
def test_each_role_has_its_own_sentence(app: Flask, make: Make, role: str) -> None:
    user, circle = make.user(), make.circle()
    operations.notify(user.id, "member.role", circle_id=circle.id, dedupe_key="1", data={"role": role})
    (row,) = told(user)
    assert circle.name in row.text
    assert (role in row.text) or role == "owner"


def test_a_moment_is_told_in_the_circles_time(app: Flask, make: Make) -> None:
    user, circle = make.user(), make.circle(tz="Asia/Shanghai")
    data = {"until": "2026-11-22T16:30:00+00:00"}
    operations.notify(user.id, "member.muted", circle_id=circle.id, dedupe_key="1", data=data)
    assert "Nov 23 00:30" in told(user)[0].text


def test_a_day_is_told_as_its_reader_writes_days_with_its_year_when_that_is_another_one(app: Flask, make: Make) -> None:
    user, circle = make.user(), make.circle()
    for day in ("2026-12-31", "2027-01-05"):
        data = {"points": 12, "day": day}
        operations.notify(user.id, "points.running_out", circle_id=circle.id, dedupe_key=day, data=data)
    texts = " ".join(row.text for row in told(user))
    assert "when Dec 31 is over" in texts and "when Jan 5, 2027 is over" in texts


def test_a_window_of_a_campaign_that_ends_at_midnight_ends_on_its_own_day(app: Flask, make: Make) -> None:
    user, circle = make.user(), make.circle(tz="Asia/Shanghai")
    for campaign_id, until in ((9, "2026-11-22T16:00:00+00:00"), (10, "2026-11-22T12:30:00+00:00")):
        data = {"campaign_id": campaign_id, "title": "早安", "idx": 3, "until": until, "role": "again"}
        operations.notify(user.id, "checkin.rejected", circle_id=circle.id, dedupe_key=until, data=data)
    texts = " ".join(row.text for row in told(user))
    assert "until Nov 22 24:00" in texts and "until Nov 22 20:30" in texts


def test_a_notice_names_people_as_they_are_called_by_then(app: Flask, make: Make) -> None:
    user, by, circle = make.user(), make.user("anan"), make.circle()
    data = {"by": by.id, "post_id": 5, "comment_id": 6}
    operations.notify(user.id, "post.commented", circle_id=circle.id, dedupe_key="1", data=data)
    accounts.edit_profile(actor_of(by), nickname="阿楠 100%s")
    (row,) = told(user)
    assert row.by is not None
    assert row.text.startswith("阿楠 100%s ")


def test_a_long_quote_is_cut_and_brought_to_one_line(app: Flask, make: Make) -> None:
    user, circle = make.user(), make.circle()
    data = {"quote": "line\n" * 200, "post_id": 1}
    operations.notify(user.id, "post.hidden", circle_id=circle.id, dedupe_key="1", data=data)
    quote = told(user)[0].quote
    assert quote is not None
    assert len(quote) == 120
    assert "\n" not in quote


def test_a_kind_this_version_does_not_know_is_still_shown(app: Flask, make: Make) -> None:
    user = make.user()
    operations.notify(user.id, "post.removed", dedupe_key="1", data={})

    def rename() -> None:
        db.session.scalars(select(Notice)).one().kind = "from.the.future"

    in_transaction(rename)
    (row,) = told(user)
    assert (row.kind, row.icon, row.url) == ("from.the.future", "bell", None)
    assert row.text


def test_read_notices_are_marked_and_counted(app: Flask, make: Make, statements: list[str]) -> None:
    mine, yours, circle = make.user(), make.user(), make.circle()
    for user in (mine, yours):
        for number in range(3):
            operations.notify(user.id, "application.approved", circle_id=circle.id, dedupe_key=str(number), data={})
    actor = actor_of(mine)
    statements.clear()
    assert queries.unread_count(actor) == 3
    assert len(statements) == 1
    assert queries.unread_count(VISITOR) == 0
    first, foreign = told(mine)[0], told(yours)[0]
    assert operations.mark_read(actor, [first.id, foreign.id, 4711]) == 2
    assert operations.mark_read(actor, []) == 2
    read_at = told(mine)[0].read_at
    assert read_at is not None
    assert operations.mark_read(actor) == 0
    assert told(mine)[0].read_at == read_at
    assert queries.unread_count(actor_of(yours)) == 3
    with pytest.raises(Unauthenticated):
        operations.mark_read(VISITOR)


def test_the_inbox_is_read_in_pages_with_a_fixed_number_of_statements(
    app: Flask, make: Make, statements: list[str]
) -> None:
    user, circle = make.user(), make.circle()
    for number in range(7):
        data = {"by": make.user().id, "post_id": 5, "comment_id": number + 1}
        operations.notify(user.id, "post.commented", circle_id=circle.id, dedupe_key=str(number), data=data)
    seen: list[int] = []
    actor, cursor = actor_of(user), None
    while True:
        statements.clear()
        page = queries.inbox(actor, cursor, 3)
        assert len(statements) == 2
        seen += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)
    with pytest.raises(BadRequest):
        queries.inbox(actor_of(user), "nonsense")
    with pytest.raises(Unauthenticated):
        queries.inbox(VISITOR)


def test_those_with_a_permission_are_told(app: Flask, make: Make) -> None:
    owner = make.user()
    circle = make.circle(owner)
    admin, moderator, member = make.member(circle, "admin"), make.member(circle, "moderator"), make.member(circle)
    gone = make.member(circle, "admin")
    circles.leave_circle(actor_of(gone), circle.slug)
    operations.notify_all_who_may(
        Permission.APPLICATION_DECIDE,
        "application.submitted",
        circle_id=circle.id,
        dedupe_key="1",
        data={"by": make.user().id},
    )
    for user, count in ((owner, 1), (admin, 1), (moderator, 0), (member, 0), (gone, 0)):
        assert kinds(user).count("application.submitted") == count


# ---- what follows from events of circles ---------------------------------------------------------------------


def test_an_application_is_told_to_who_decides_and_the_answer_to_who_applied(app: Flask, make: Make) -> None:
    owner, anan, momo = make.user(), make.user("anan"), make.user("momo")
    circle = make.circle(owner, join_mode="application")
    for applicant in (anan, momo):
        circles.join_circle(actor_of(applicant), circle.slug)
    assert kinds(owner) == ["application.submitted"] * 2
    assert told(owner)[0].url == f"/{circle.slug}/manage/applications"
    first, second = db.session.scalars(select(Application.id).order_by(Application.id)).all()
    circles.approve_application(actor_of(owner), first)
    circles.approve_application(actor_of(owner), first)
    circles.reject_application(actor_of(owner), second, reason="full for now")
    assert kinds(anan) == ["application.approved"]
    assert kinds(momo) == ["application.rejected"]
    assert told(momo)[0].quote == "full for now"


def test_what_was_done_to_a_member_is_told_without_saying_who_did_it(app: Flask, make: Make) -> None:
    owner = make.user("boss")
    circle, actor = make.circle(owner), actor_of(owner)
    user = make.member(circle)
    circles.change_role(actor, circle.slug, user.id, "moderator")
    circles.mute_member(actor, circle.slug, user.id, duration_s=3600, reason="loud")
    circles.unmute_member(actor, circle.slug, user.id)
    circles.change_role(actor, circle.slug, user.id, "member")
    circles.change_role(actor, circle.slug, user.id, "moderator")
    circles.remove_member(actor, circle.slug, user.id, reason="as agreed")
    circles.join_circle(actor_of(user), circle.slug)
    circles.ban_member(actor, circle.slug, user.id, reason="enough")
    assert kinds(user) == [
        "member.banned",
        "member.removed",
        "member.role",
        "member.role",
        "member.unmuted",
        "member.muted",
        "member.role",
    ]
    rows = told(user)
    assert all(row.by is None and "Boss" not in row.text for row in rows)
    assert [row.quote for row in rows if row.quote] == ["enough", "as agreed", "loud"]
    assert kinds(owner) == []


def test_who_hands_a_circle_over_is_not_told_of_it_but_the_heir_is(app: Flask, make: Make) -> None:
    owner = make.user()
    circle = make.circle(owner)
    heir = make.member(circle)
    circles.transfer_ownership(actor_of(owner), circle.slug, heir.id)
    assert "yours" in told(heir)[0].text
    assert kinds(owner) == []


def test_a_notice_is_undone_with_what_it_is_about(app: Flask, make: Make) -> None:
    user, circle = make.user(), make.circle()

    def fail() -> None:
        operations.notify(user.id, "application.approved", circle_id=circle.id, dedupe_key="1", data={})
        raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        in_transaction(fail)
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 0


def test_a_notice_without_a_circle_leads_nowhere(app: Flask, make: Make) -> None:
    user = make.user()
    operations.notify(user.id, "post.hidden", dedupe_key="1", data={"post_id": 5})
    (row,) = told(user)
    assert (row.url, row.circle) == (None, None)
    assert isinstance(row.created_at, datetime)
    assert clock.now() - row.created_at < timedelta(minutes=1)
