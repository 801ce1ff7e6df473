"""Why something gave points, fewer, or none: every reason is told, and nobody learns of what is not theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.circles import operations as circles
from circle.circles.models import Member
from circle.circles.queries import get_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Forbidden, NotFound
from circle.core.operation import operation
from circle.ledger.accounts import points_of
from circle.ledger.operations import Why as Reason
from circle.ledger.operations import expire_lots, spend
from circle.points import operations, queries
from circle.points.operations import Cause, set_earned
from circle.points.queries import Why
from circle.points.queries.mine import Filter
from circle.posts import operations as posts
from tests.factories import Make, Place

#: noon of a Wednesday in Shanghai
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
reward = operation(operations.reward)


def why(place: Place, source: str, actor: Actor | None = None, **options: Any) -> Why:
    who = actor or place.ann
    return queries.explain(who, get_circle(who, place.slug), source, **options)


def member_id(place: Place) -> int:
    mine = (Member.circle_id == place.circle.id, Member.user_id == place.ann.id)
    return db.session.scalars(select(Member.id).where(*mine)).one()


def rule(place: Place, code: str, **values: Any) -> None:
    operations.save_rules(place.owner, place.slug, [{"code": code, **values}])


def test_what_earned_is_told_with_its_rule_and_its_booking(app: Flask, make: Make) -> None:
    place = make.place()
    with clock.at(NOON):
        post = make.post(place)
    told = why(place, f"post:{post}")
    assert (told.outcome, told.points, told.growth, told.reason) == ("earned", 2, 2, "")
    assert (told.url, told.happened_at) == (f"/{place.slug}/posts/{post}", NOON)
    assert told.rule is not None
    assert (told.rule.code, told.rule.version, told.rule.points, told.rule.current) == ("post.text", 1, 2, True)
    assert [(each.kind, each.points, each.growth) for each in told.movements] == [("earn.post.text", 2, 2)]
    assert told.headline


def test_the_rule_is_told_as_it_was_then(app: Flask, make: Make) -> None:
    place = make.place()
    old = make.post(place)
    rule(place, "post.text", points=7, growth=1, daily_count_cap=5)
    new = make.post(place)
    for post, version, points, current in ((old, 1, 2, False), (new, 2, 7, True)):
        then = why(place, f"post:{post}").rule
        assert then is not None
        assert (then.version, then.points, then.current) == (version, points, current)


def test_a_comment_and_a_like_lead_to_what_they_are_about(app: Flask, make: Make) -> None:
    place = make.place()
    post = make.post(place)
    comment = posts.write_comment(place.ann, post, body="真好。")
    posts.like_post(place.bob, post, on=True)
    told = why(place, f"comment:{comment}")
    assert (told.outcome, told.url) == ("earned", f"/{place.slug}/posts/{post}#comment-{comment}")
    like = why(place, f"like:{post}:{place.bob.id}")
    assert (like.outcome, like.url, like.points) == ("earned", f"/{place.slug}/posts/{post}", 1)


def test_a_like_given_again_is_explained_as_counting_once(app: Flask, make: Make) -> None:
    place = make.place()
    post = make.post(place)
    for on in (True, False, True):
        posts.like_post(place.bob, post, on=on)
    told = why(place, f"like:{post}:{place.bob.id}")
    assert (told.outcome, told.points, len(told.movements)) == ("earned", 1, 1)
    assert len(told.sentences) == 1


def test_the_sixth_post_of_a_day_tells_the_cap_and_what_was_used(app: Flask, make: Make) -> None:
    place = make.place()
    with clock.at(NOON - timedelta(days=1)):
        make.post(place)
    made = []
    for minutes in range(6):
        with clock.at(NOON + timedelta(minutes=minutes)):
            made.append(make.post(place))
    told = why(place, f"post:{made[-1]}")
    assert (told.outcome, told.reason, told.points, told.movements) == ("nothing", "count_cap", 0, ())
    assert told.cap is not None
    assert (told.cap.which, told.cap.limit, told.cap.used) == ("count_day", 5, 5)
    assert "5" in told.sentences[0]


@pytest.mark.parametrize(
    ("code", "values", "which", "used"),
    [
        ("post.text", {"points": 4, "growth": 4, "daily_point_cap": 6}, "points_day", 4),
        ("post.text", {"points": 4, "growth": 4, "weekly_point_cap": 6}, "points_week", 4),
        ("*", {"daily_point_cap": 3}, "all_day", 2),
        ("*", {"weekly_point_cap": 3, "daily_point_cap": 200}, "all_week", 2),
    ],
)
def test_a_cap_that_cuts_is_named_with_what_was_left(
    app: Flask, make: Make, code: str, values: dict[str, int], which: str, used: int
) -> None:
    with clock.at(NOON - timedelta(days=3)):
        place = make.place()
        rule(place, code, **values)
    for hours in range(2):
        with clock.at(NOON + timedelta(hours=hours)):
            post = make.post(place)
    told = why(place, f"post:{post}")
    assert told.outcome == "reduced"
    assert told.cap is not None
    assert (told.cap.which, told.cap.used) == (which, used)
    assert told.cap.limit - told.cap.used == told.points


def test_the_fourth_like_of_one_person_tells_the_cap_per_giver(app: Flask, make: Make) -> None:
    place = make.place()
    with clock.at(NOON):
        made = [make.post(place) for _each in range(4)]
    for minutes, post in enumerate(made):
        with clock.at(NOON + timedelta(minutes=minutes)):
            posts.like_post(place.bob, post, on=True)
            posts.like_post(place.mod, post, on=True)
    told = why(place, f"like:{made[3]}:{place.bob.id}")
    assert told.cap is not None
    assert (told.reason, told.cap.which, told.cap.limit, told.cap.used) == ("giver_cap", "giver_day", 3, 3)


def test_too_short_switched_off_and_not_a_member_are_told(app: Flask, make: Make) -> None:
    place = make.place()
    rule(place, "comment", points=1, growth=1, min_len=10)
    rule(place, "post.text", points=2, growth=2, enabled=False)
    post = make.post(place)
    comment = posts.write_comment(place.ann, post, body="短")
    short, off = why(place, f"comment:{comment}"), why(place, f"post:{post}")
    assert (short.outcome, short.reason, off.outcome, off.reason) == ("nothing", "too_short", "nothing", "disabled")
    assert "10" in short.sentences[0]
    circles.leave_circle(place.ann, place.slug)
    set_earned(
        place.circle.id, place.ann.id or 0, Cause(f"featured:{post}", "content.featured", f"post:{post}"), on=True
    )
    gone = why(place, f"featured:{post}")
    assert (gone.reason, len(gone.sentences)) == ("not_member", 1)


def test_taken_back_and_given_again(app: Flask, make: Make) -> None:
    place = make.place()
    post = make.post(place)
    posts.hide_post(place.mod, post, reason="off topic")
    hidden = why(place, f"post:{post}")
    assert (hidden.outcome, hidden.points) == ("taken_back", 0)
    assert [each.points for each in hidden.movements] == [2, -2]
    posts.restore_post(place.mod, post)
    back = why(place, f"post:{post}")
    assert (back.outcome, back.points) == ("earned", 2)
    assert [each.points for each in back.movements] == [2, -2, 2]
    assert len(back.sentences) == 1


def test_what_was_spent_before_it_was_taken_back_is_owed_and_paid_off_later(app: Flask, make: Make) -> None:
    place = make.place()
    gone = make.post(place)
    spend(place.circle.id, member_id(place), 2, Reason("spend", "s:1", "order:1"))
    posts.delete_post(place.ann, gone)
    taken = why(place, f"post:{gone}")
    assert [(each.points, each.debt) for each in taken.movements] == [(2, 0), (0, 2)]
    assert [(step.points, len(step.notes)) for step in taken.steps] == [(2, 0), (-2, 1)]
    later = make.post(place)
    paid = why(place, f"post:{later}")
    assert [(each.points, each.debt) for each in paid.movements] == [(0, -2)]
    assert [(step.points, len(step.notes)) for step in paid.steps] == [(2, 1)]


def test_what_ran_out_says_what_it_had_been_earned_for(app: Flask, make: Make) -> None:
    place = make.place()
    with clock.at(NOON):
        post = make.post(place)
    with clock.at(NOON.replace(year=2029)):
        expire_lots(points_of(place.circle.id, member_id(place)).id, clock.now())
    assert "2" in why(place, f"post:{post}").sentences[0]
    row = queries.statement(place.ann, get_circle(place.ann, place.slug), Filter()).items[0]
    told = why(place, row.why)
    assert (told.outcome, told.points) == ("moved", -2)
    assert any("11月18日" in sentence for sentence in told.sentences)


def test_what_other_features_book_is_told_by_its_transactions(app: Flask, make: Make) -> None:
    place = make.place()
    make.post(place)
    spend(place.circle.id, member_id(place), 2, Reason("spend", "s:1", "order:77-b"))
    assert (why(place, "order:77-b").outcome, why(place, "order:77-b").points) == ("moved", -2)
    with pytest.raises(NotFound):
        why(place, "order:77-b", place.bob)


def test_the_gift_of_a_level_and_the_rewards_of_a_task(app: Flask, make: Make) -> None:
    place = make.place()
    assert why(place, "level:2").outcome == "unrecorded"
    reward(member_id(place), Reason("task", "t:1", "task:1"), points=0, growth=600)
    gift = why(place, "level:2")
    assert (gift.outcome, gift.points, gift.growth) == ("moved", 20, 0)
    rows = queries.statement(place.ann, get_circle(place.ann, place.slug), queries.until(clock.now())).items
    assert why(place, rows[0].why).points == 20
    with pytest.raises(NotFound):
        why(place, "level:9")
    with pytest.raises(NotFound):
        why(place, "task:1")


def test_ones_own_thing_without_a_record_gets_an_honest_answer(app: Flask, make: Make) -> None:
    place = make.place()
    post = make.post(place)
    for source in (f"featured:{post}", f"like:{post}:{place.bob.id}"):
        told = why(place, source)
        assert (told.outcome, told.points, told.movements, told.rule) == ("unrecorded", 0, (), None)
        assert told.url == f"/{place.slug}/posts/{post}"
        assert len(told.headline) > 10


def test_what_is_not_ones_own_is_not_there(app: Flask, make: Make) -> None:
    place, other = make.place(), make.place()
    post, elsewhere = make.post(place), make.post(other)
    comment = posts.write_comment(place.ann, post, body="真好。")
    posts.like_post(place.bob, post, on=True)
    for source in (f"post:{post}", f"comment:{comment}", f"featured:{post}", f"like:{post}:{place.bob.id}"):
        with pytest.raises(NotFound):
            why(place, source, place.bob)
    with pytest.raises(NotFound):
        why(place, f"post:{elsewhere}")
    booked = why(place, f"post:{post}").movements[0].txn_id
    assert why(place, f"txn:{booked}").points == 2
    with pytest.raises(NotFound):
        why(place, f"txn:{booked}", place.bob)
    outside = make.user()
    with pytest.raises(NotFound):
        why(place, f"post:{post}", Actor(id=outside.id, username=outside.username, nickname=""))


@pytest.mark.parametrize(
    "source",
    [
        "", "post", "post:", "post:0", "post:-1", "post:1", "post:99999999999999999999", "post:9223372036854775808",
        "post:1:2", "like:1", "txn:1", "txn:x", "adjust:1", "task:9223372036854775807", "level:0", "nothing:1",
        "x" * 121, "post:1' OR 1=1", "post:１", "../../etc", "post:1\n", "\x00", "🙂:1",
    ],
)  # fmt: skip
def test_hostile_sources_are_not_there(app: Flask, make: Make, source: str) -> None:
    with pytest.raises(NotFound):
        why(make.place(), source)


def test_who_may_adjust_points_may_ask_for_a_member(app: Flask, make: Make) -> None:
    place = make.place()
    post = make.post(place)
    for actor in (place.admin, place.owner, place.ann):
        assert why(place, f"post:{post}", actor, user_id=place.ann.id).points == 2
    with pytest.raises(NotFound):
        why(place, f"post:{post}", place.admin)
    for actor in (place.mod, place.bob):
        with pytest.raises(Forbidden):
            why(place, f"post:{post}", actor, user_id=place.ann.id)
    with pytest.raises(NotFound):
        why(place, f"post:{post}", place.admin, user_id=make.user().id)


def test_who_left_still_learns_why_and_a_private_circle_keeps_it_to_them(app: Flask, make: Make) -> None:
    place = make.place(visibility="private")
    post = make.post(place)
    circles.leave_circle(place.ann, place.slug)
    assert why(place, f"post:{post}").points == 2
