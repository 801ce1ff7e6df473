"""Tasks: what counts, once and in which day or week; what is promised, and claimed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import VISITOR, Actor
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.circles.queries import readable_circle
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, Refused, Unauthenticated
from circle.core.operation import in_transaction
from circle.ledger.models import LedgerTxn
from circle.notifications import queries as notices
from circle.points import jobs, operations, queries, task_rules
from circle.points.catalog import TASKS
from circle.points.models import Task, TaskHit, TaskProgress
from circle.points.queries import TaskRow
from circle.posts import operations as posts
from circle.topics import operations as topics
from tests.factories import SYSTEM, Make, Place, actor_of

#: a Wednesday, noon in Shanghai
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


@contextmanager
def on(moment: datetime) -> Iterator[None]:
    with clock.at(moment):
        yield


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    """People who joined weeks ago, so that no newcomer's task is in the way."""
    with clock.at(NOON - timedelta(days=40)):
        made = make.place()
        operations.begin_tasks(made.circle.id)
    return made


def seen(actor: Actor, place: Place) -> dict[str, TaskRow]:
    rows = queries.tasks_of(actor, readable_circle(actor, place.slug))
    return {row.code or str(row.title): row for row in rows}


def states(actor: Actor, place: Place) -> dict[str, tuple[int, str]]:
    """What was begun: (count, state)."""
    return {name: (row.count, row.state) for name, row in seen(actor, place).items() if row.count}


def given(place: Place) -> list[str]:
    txns = select(LedgerTxn.idem_key).where(LedgerTxn.circle_id == place.circle.id, LedgerTxn.kind == "task")
    return list(db.session.scalars(txns.order_by(LedgerTxn.id)))


def claim(actor: Actor, place: Place, name: str) -> None:
    operations.claim_task(actor, seen(actor, place)[name].id)


def set_target(place: Place, code: str, **values: Any) -> int:
    """Change a task by its owner; returns its id."""
    circle_id = place.circle.id
    task = db.session.scalars(select(Task).where(Task.circle_id == circle_id, Task.code == code)).one()
    wanted = {name: getattr(task, name) for name in ("title", "target", "points", "growth", "enabled")} | values
    operations.update_task(place.owner, task.id, **wanted)
    return task.id


# ---- counting --------------------------------------------------------------------------------------------------------


def test_a_circle_gets_its_tasks_with_the_first_thing_that_counts(app: Flask, make: Make) -> None:
    place = make.place(newcomers=True)
    here = select(Task).where(Task.circle_id == place.circle.id).order_by(Task.position)
    assert db.session.scalars(here).all() == []
    make.post(place)
    mine = db.session.scalars(here).all()
    assert [task.code for task in mine] == list(TASKS)
    assert states(place.ann, place) == {"daily_post": (1, "claimable"), "first_post": (1, "claimable")}


def test_a_post_with_pictures_counts_for_both_and_one_of_words_for_one(place: Place, make: Make) -> None:
    with on(NOON):
        make.post(place)
        assert states(place.ann, place) == {"daily_post": (1, "claimable")}
        operations.count_task_events(place.circle.id, place.bob.id or 0, ("post", "post_media"), "post:1")
        assert states(place.bob, place) == {"daily_post": (1, "claimable"), "weekly_media": (1, "open")}


def test_comments_on_posts_of_others_count_and_those_on_ones_own_do_not(place: Place, make: Make) -> None:
    with on(NOON):
        post_id = make.post(place)
        posts.write_comment(place.ann, post_id, body="我自己再说一句")
        assert "daily_comment" not in states(place.ann, place)
        posts.write_comment(place.bob, post_id, body="早安")
        posts.write_comment(place.bob, post_id, body="今天也有雾")
        assert states(place.bob, place)["daily_comment"] == (2, "open")
        posts.write_comment(place.bob, post_id, body="看得见树")
        posts.write_comment(place.bob, post_id, body="也看得见人")
        assert states(place.bob, place)["daily_comment"] == (3, "claimable")


def test_a_comment_welcomes_newcomers_only(place: Place, make: Make) -> None:
    with on(NOON):
        old = make.post(place)
        fresh = actor_of(make.member(place.circle, newcomer=True))
        new = posts.publish_post(fresh, place.slug, body="大家好")
        posts.write_comment(place.bob, old, body="早安")
        assert "weekly_welcome" not in states(place.bob, place)
        posts.write_comment(place.bob, new, body="欢迎")
        assert states(place.bob, place)["weekly_welcome"] == (1, "open")
    with on(NOON + timedelta(days=7)):
        late = posts.publish_post(fresh, place.slug, body="一周了")
        posts.write_comment(place.bob, late, body="真快")
        assert "weekly_welcome" not in states(place.bob, place)


def test_somebody_who_comes_back_is_no_newcomer(place: Place, make: Make) -> None:
    with on(NOON):
        circles.leave_circle(place.ann, place.slug)
        circles.join_circle(place.ann, place.slug)
        assert not any(row.cadence == "newcomer" for row in seen(place.ann, place).values())
        post_id = make.post(place)
        posts.write_comment(place.bob, post_id, body="欢迎回来")
        assert "weekly_welcome" not in states(place.bob, place)
        assert "first_post" not in states(place.ann, place)


def test_a_like_that_comes_and_goes_counts_once(place: Place, make: Make) -> None:
    with on(NOON):
        post_id = make.post(place)
        for _time in range(3):
            posts.like_post(place.bob, post_id, on=True)
            posts.like_post(place.bob, post_id, on=False)
        assert states(place.bob, place)["daily_like"] == (1, "open")
        for _number in range(2):
            posts.like_post(place.bob, make.post(place), on=True)
        assert states(place.bob, place)["daily_like"] == (3, "claimable")


def test_what_was_claimed_stays_claimed_and_doing_it_again_gives_nothing(place: Place, make: Make) -> None:
    with on(NOON):
        post_id = make.post(place)
        claim(place.ann, place, "daily_post")
        posts.delete_post(place.ann, post_id)
        make.post(place)
        assert states(place.ann, place)["daily_post"] == (1, "claimed")
        with pytest.raises(Conflict):
            claim(place.ann, place, "daily_post")
        assert len(given(place)) == 1


def test_what_is_deleted_before_the_reward_was_claimed_counts_no_more(place: Place, make: Make) -> None:
    circle_id, ann = place.circle.id, place.ann.id or 0
    with on(NOON):
        for number in range(4):  # pictures that come and go
            key = f"post:{number}"
            operations.count_task_events(circle_id, ann, ("post_media",), key)
            operations.uncount_task_events(circle_id, ann, key)
            assert seen(place.ann, place)["weekly_media"].count == 0
        post_id = make.post(place)
        assert states(place.ann, place) == {"daily_post": (1, "claimable")}
        posts.delete_post(place.ann, post_id)
        assert states(place.ann, place) == {}
        with pytest.raises(Conflict):
            claim(place.ann, place, "daily_post")
        spam = make.post(place)
        posts.remove_post(place.mod, spam, reason="广告")
        assert states(place.ann, place) == {}
        hidden = make.post(place)
        posts.hide_post(place.mod, hidden, reason="再看看")
        posts.restore_post(place.mod, hidden)
        assert states(place.ann, place) == {"daily_post": (1, "claimable")}


def test_a_comment_that_is_deleted_counts_no_more_and_the_others_do(place: Place, make: Make) -> None:
    with on(NOON):
        post_id = make.post(place)
        said = [posts.write_comment(place.bob, post_id, body=body) for body in "一二三"]
        assert states(place.bob, place)["daily_comment"] == (3, "claimable")
        set_target(place, "daily_comment", target=1)
        posts.delete_comment(place.bob, said[0])
        row = seen(place.bob, place)["daily_comment"]  # two are enough by now
        assert (row.count, row.state, row.points) == (2, "claimable", 3)
        posts.delete_comment(place.bob, said[1])
        posts.delete_comment(place.bob, said[2])
        assert states(place.bob, place) == {}


def test_who_has_finished_is_not_measured_by_what_is_asked_for_since(place: Place, make: Make) -> None:
    with on(NOON):
        first, second = make.post(place), make.post(place)
        for post_id in (first, second):
            operations.count_task_events(place.circle.id, place.bob.id or 0, ("post_media",), f"post:{post_id}")
        set_target(place, "weekly_media", target=2)
        set_target(place, "weekly_media", target=9)
        assert states(place.bob, place) == {"weekly_media": (2, "claimable")}
        operations.uncount_task_events(place.circle.id, place.bob.id or 0, "post:1")  # another's
        assert states(place.bob, place) == {"weekly_media": (2, "claimable")}
        operations.uncount_task_events(place.circle.id, place.bob.id or 0, f"post:{first}")
        row = seen(place.bob, place)["weekly_media"]
        assert (row.count, row.target, row.state) == (1, 9, "open")


def test_following_a_topic_counts_once_however_often(app: Flask, make: Make) -> None:
    place = make.place(newcomers=True)
    topic_id = topics.create_topic(SYSTEM, place.slug, title="Night", slug="night")
    topics.follow_topic(place.ann, topic_id)
    topics.unfollow_topic(place.ann, topic_id)
    topics.follow_topic(place.ann, topic_id)
    topics.follow_topic(place.ann, topic_id)
    assert states(place.ann, place) == {"first_topic": (1, "claimable")}
    assert db.session.scalar(select(func.count()).select_from(TaskHit)) == 1


def test_nothing_counts_for_those_who_are_not_members(place: Place, make: Make) -> None:
    stranger = make.user()
    with on(NOON):
        circles.leave_circle(place.bob, place.slug)
        for user_id in (stranger.id, place.bob.id or 0):
            operations.count_task_events(place.circle.id, user_id, ("post",), "post:1")
        assert db.session.scalar(select(func.count()).select_from(TaskProgress)) == 0
        assert queries.tasks_of(place.bob, readable_circle(place.bob, place.slug)) == []
        assert queries.tasks_of(VISITOR, readable_circle(VISITOR, place.slug)) == []


def test_counting_costs_one_statement_when_there_is_nothing_to_count(place: Place, statements: list[str]) -> None:
    circle_id, ann = place.circle.id, place.ann.id or 0

    def cost(*events: str, key: str) -> int:
        statements.clear()
        operations.count_task_events(circle_id, ann, events, key)
        return len(statements)

    with on(NOON):
        assert cost("topic_follow", key="topic:1") == 1
        assert cost("post", "post_media", key="post:1") == 3
        assert cost("post", "post_media", key="post:1") == 2  # one of them waits, the other counted this before
        assert cost("post", key="post:2") == 1  # today's is finished
        assert cost("comment_others", "comment_newcomer", key="comment:1") == 3


# ---- days and weeks --------------------------------------------------------------------------------------------------


def test_a_day_ends_at_midnight_of_the_circle(place: Place, make: Make) -> None:
    evening = datetime(2026, 11, 18, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Shanghai
    with on(evening):
        make.post(place)
        task = seen(place.ann, place)["daily_post"]
        assert (task.state, task.ends_at) == ("claimable", evening + timedelta(seconds=1))
    with on(evening + timedelta(seconds=1)):
        assert states(place.ann, place) == {}
        with pytest.raises(Conflict) as refused:
            operations.claim_task(place.ann, task.id)
        assert refused.value.code == "NOT_CLAIMABLE"
        make.post(place)
        assert states(place.ann, place) == {"daily_post": (1, "claimable")}
    assert given(place) == []


def test_a_week_ends_on_sunday_and_the_new_year_may_begin_in_it(place: Place) -> None:
    ann, circle_id = place.ann.id or 0, place.circle.id
    sunday = datetime(2026, 12, 27, 15, 59, tzinfo=UTC)
    with on(sunday):
        operations.count_task_events(circle_id, ann, ("post_media",), "post:1")
    with on(sunday + timedelta(minutes=1)):
        assert "weekly_media" not in states(place.ann, place)
        operations.count_task_events(circle_id, ann, ("post_media",), "post:2")
    with on(datetime(2027, 1, 3, 15, 59, tzinfo=UTC)):  # still the 53rd week of 2026
        operations.count_task_events(circle_id, ann, ("post_media",), "post:3")
        assert states(place.ann, place)["weekly_media"] == (2, "open")
    periods = set(db.session.scalars(select(TaskProgress.period_key)))
    assert periods == {"W2026-52", "W2026-53"}


def test_a_day_on_which_the_clocks_change_is_longer_or_shorter(app: Flask, make: Make) -> None:
    with clock.at(datetime(2026, 9, 1, tzinfo=UTC)):
        place = make.place(tz="Europe/Berlin")
        operations.begin_tasks(place.circle.id)
    autumn = datetime(2026, 10, 24, 22, tzinfo=UTC)  # the day of 25 hours begins
    with on(autumn):
        make.post(place)
        assert seen(place.ann, place)["daily_post"].ends_at == autumn + timedelta(hours=25)
    with on(autumn + timedelta(hours=24, minutes=59)):
        claim(place.ann, place, "daily_post")
    spring = datetime(2027, 3, 27, 23, tzinfo=UTC)  # and the one of 23
    with on(spring):
        make.post(place)
        assert seen(place.ann, place)["daily_post"].ends_at == spring + timedelta(hours=23)
    with on(spring + timedelta(hours=23)), pytest.raises(Conflict):
        claim(place.ann, place, "daily_post")
    assert len(given(place)) == 1


def test_newcomers_have_seven_days_and_thirty_more_to_claim(app: Flask, make: Make) -> None:
    with on(NOON):
        place = make.place(newcomers=True)
        operations.begin_tasks(place.circle.id)
    with on(NOON + timedelta(days=6, hours=23)):
        assert seen(place.ann, place)["first_post"].ends_at == NOON + timedelta(days=7)
        make.post(place)
        posts.write_comment(place.bob, make.post(place), body="早安")
    with on(NOON + timedelta(days=7)):
        # what was finished waits, the rest is over
        assert {row.code for row in seen(place.ann, place).values() if row.cadence == "newcomer"} == {"first_post"}
        posts.write_comment(place.bob, make.post(place), body="早安")
        assert not any(row.cadence == "newcomer" for row in seen(place.bob, place).values())
    last = NOON + timedelta(days=36, hours=22, minutes=59)
    with on(last):
        waiting = seen(place.ann, place)["first_post"]
        assert waiting.state == "claimable"
        assert waiting.ends_at == last + timedelta(minutes=1)
    with on(last + timedelta(minutes=1)):
        assert "first_post" not in seen(place.ann, place)
        with pytest.raises(Conflict):
            operations.claim_task(place.ann, waiting.id)


# ---- claiming --------------------------------------------------------------------------------------------------------


def test_claiming_gives_points_and_growth_once(place: Place, make: Make) -> None:
    with on(NOON):
        make.post(place)
        task_id = seen(place.ann, place)["daily_post"].id
        got = operations.claim_task(place.ann, task_id)
        assert (got.circle_id, got.points, got.growth) == (place.circle.id, 3, 3)
        with pytest.raises(Conflict) as refused:
            operations.claim_task(place.ann, task_id)
        assert refused.value.code == "NOT_CLAIMABLE"
    row = db.session.scalars(select(TaskProgress).where(TaskProgress.task_id == task_id)).one()
    txn = db.session.get_one(LedgerTxn, row.txn_id)
    assert (row.state, txn.kind, txn.source) == ("claimed", "task", f"task:{task_id}")
    assert txn.idem_key == f"task:{task_id}:{row.member_id}:D2026-11-18"
    assert db.session.scalar(select(func.count()).select_from(TaskHit)) == 0


def test_what_is_not_finished_cannot_be_claimed(place: Place) -> None:
    with on(NOON):
        for name in ("daily_post", "weekly_media"):
            with pytest.raises(Conflict) as refused:
                claim(place.ann, place, name)
            assert refused.value.code == "NOT_CLAIMABLE"
        with pytest.raises(NotFound):
            operations.claim_task(place.ann, 1)
    assert given(place) == []


def test_only_members_who_are_not_muted_claim(place: Place, make: Make) -> None:
    with on(NOON):
        make.post(place)
        make.post(place, "bob")
        task_id = seen(place.ann, place)["daily_post"].id
        circles.mute_member(place.mod, place.slug, place.ann.id or 0, duration_s=3600)
        assert not seen(place.ann, place)["daily_post"].can_claim
        with pytest.raises(Forbidden) as muted:
            operations.claim_task(place.ann, task_id)
        assert muted.value.code == "MUTED"
        circles.leave_circle(place.bob, place.slug)
        with pytest.raises(Forbidden):
            operations.claim_task(place.bob, task_id)
        with pytest.raises(Unauthenticated):
            operations.claim_task(VISITOR, task_id)
        circles.ban_member(place.admin, place.slug, place.ann.id or 0)
        with pytest.raises(Forbidden) as banned:
            operations.claim_task(place.ann, task_id)
        assert banned.value.code == "BANNED"
    assert given(place) == []


def test_finishing_what_is_not_of_every_day_is_told(app: Flask, make: Make) -> None:
    with on(NOON):
        place = make.place(newcomers=True)
        make.post(place)
        make.post(place)
        told = [notice.kind for notice in notices.inbox(place.ann).items]
    assert told == ["task.done"]  # the newcomer's; the daily one goes without saying


def test_what_was_told_goes_when_the_reward_waits_no_longer(app: Flask, make: Make) -> None:
    with on(NOON):
        place = make.place(newcomers=True)
        post_id = make.post(place)
        posts.delete_post(place.ann, post_id)
        assert notices.inbox(place.ann).items == []
        make.post(place)
        assert [notice.kind for notice in notices.inbox(place.ann).items] == ["task.done"]
        claim(place.ann, place, "first_post")
        assert notices.inbox(place.ann).items == []


def test_whoever_founded_the_circle_is_no_newcomer_in_it(app: Flask, make: Make) -> None:
    with on(NOON):
        place = make.place()
        post_id = make.post(place, "owner")
        posts.write_comment(place.bob, post_id, body="早安")
        assert states(place.owner, place) == {"daily_post": (1, "claimable")}
        assert not any(row.cadence == "newcomer" for row in seen(place.owner, place).values())
        assert "weekly_welcome" not in states(place.bob, place)


# ---- running out -----------------------------------------------------------------------------------------------------


def test_the_job_closes_what_is_over_and_may_run_twice(place: Place, make: Make) -> None:
    with on(NOON):
        make.post(place)
        make.post(place, "bob")
        claim(place.bob, place, "daily_post")
        posts.like_post(place.bob, make.post(place), on=True)
        operations.count_task_events(place.circle.id, place.ann.id or 0, ("post_media",), "post:9")
        jobs.expire_tasks()
        assert states(place.ann, place)["daily_post"] == (1, "claimable")
    with on(NOON + timedelta(days=1)):
        jobs.expire_tasks()
        jobs.expire_tasks()
        found = select(TaskProgress.state, func.count()).group_by(TaskProgress.state)
        assert {row[0]: row[1] for row in db.session.execute(found)} == {"expired": 2, "claimed": 1, "open": 1}
        assert states(place.ann, place) == {"weekly_media": (1, "open")}
        keys = set(db.session.scalars(select(TaskHit.event_key)))
        assert keys == {"post:9"}


def test_many_are_closed_in_batches(place: Place) -> None:
    task_id = db.session.scalars(select(Task.id).where(Task.code == "daily_post")).one()
    member = queries.tasks_of(place.ann, readable_circle(place.ann, place.slug))
    assert member
    rows = [
        {"task_id": task_id, "member_id": _member_id(place), "period_key": f"D{number}", "count": 1, "state": "open",
         "expires_at": NOON, "points": 0, "growth": 0}
        for number in range(25)
    ]  # fmt: skip
    in_transaction(lambda: db.session.execute(TaskProgress.__table__.insert(), rows))  # type: ignore[attr-defined]
    with on(NOON):
        assert [operations.expire_tasks(limit=10) for _time in range(4)] == [10, 10, 5, 0]


def _member_id(place: Place) -> int:
    from_circle = select(TaskProgress.member_id)
    known = db.session.scalar(from_circle.limit(1))
    if known is None:
        with on(NOON - timedelta(days=30)):
            operations.count_task_events(place.circle.id, place.ann.id or 0, ("post",), "post:0")
            known = db.session.scalars(from_circle).one()
        with on(NOON - timedelta(days=20)):
            operations.expire_tasks()
    return known


# ---- changing tasks --------------------------------------------------------------------------------------------------


def test_who_has_finished_keeps_what_was_promised(place: Place, make: Make) -> None:
    with on(NOON):
        make.post(place)
        task_id = set_target(place, "daily_post", target=5, points=1, growth=0, enabled=False)
        waiting = seen(place.ann, place)["daily_post"]
        assert (waiting.state, waiting.points, waiting.growth, waiting.target) == ("claimable", 3, 3, 1)
        assert "daily_post" not in seen(place.bob, place)
        make.post(place, "bob")
        assert states(place.bob, place) == {}
        assert operations.claim_task(place.ann, task_id).points == 3


def test_who_is_on_the_way_keeps_what_was_done(place: Place, make: Make) -> None:
    with on(NOON):
        post_id = make.post(place)
        for body in ("一", "二"):
            posts.write_comment(place.bob, post_id, body=body)
        set_target(place, "daily_comment", target=10)
        row = seen(place.bob, place)["daily_comment"]
        assert (row.count, row.target, row.state) == (2, 10, "open")
        set_target(place, "daily_comment", target=2, points=9)
        row = seen(place.bob, place)["daily_comment"]
        assert (row.count, row.target, row.state, row.points) == (2, 2, "claimable", 9)
        claim(place.bob, place, "daily_comment")


def test_only_who_sets_the_points_changes_tasks_and_it_is_logged(place: Place) -> None:
    own = {"title": "写三行诗", "event": "post", "cadence": "weekly", "target": 2, "points": 5, "growth": 0}
    for nobody, error in ((place.mod, Forbidden), (place.ann, Forbidden), (VISITOR, Unauthenticated)):
        with pytest.raises(error):
            operations.create_task(nobody, place.slug, **own)
    task_id = operations.create_task(place.admin, place.slug, **own)
    values = {"title": "写三行诗", "target": 1, "points": 0, "growth": 5, "enabled": True}
    with pytest.raises(Forbidden):
        operations.update_task(place.mod, task_id, **values)
    operations.update_task(place.admin, task_id, expected_version=1, **values)
    with pytest.raises(PreconditionFailed):
        operations.update_task(place.owner, task_id, expected_version=1, **values | {"points": 1})
    operations.update_task(place.owner, task_id, expected_version=2, **values)  # the same again changes nothing
    task = db.session.get_one(Task, task_id, populate_existing=True)
    assert (task.version, task.points, task.growth) == (2, 0, 5)
    stream = f"circle:{place.circle.id}"
    acts = select(audit.AuditEntry.action).where(audit.AuditEntry.stream == stream).order_by(audit.AuditEntry.seq)
    assert list(db.session.scalars(acts))[-2:] == ["task.create", "task.update"]
    assert audit.verify(stream) is None


@pytest.mark.parametrize(
    "wrong",
    [{"title": ""}, {"points": 0, "growth": 0}, {"event": "breathe"}, {"cadence": "yearly"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_task_has_a_name_a_reward_and_something_that_counts(place: Place, wrong: dict[str, Any]) -> None:
    own = {"title": "写三行诗", "event": "post", "cadence": "weekly", "target": 2, "points": 5, "growth": 0}
    with pytest.raises(Invalid) as refused:
        operations.create_task(place.owner, place.slug, **own | wrong)
    assert set(refused.value.errors) == {next(iter(wrong))}
    assert db.session.scalar(select(func.count()).select_from(Task)) == len(TASKS)


def test_a_usual_task_may_go_without_a_name_of_its_own(place: Place) -> None:
    set_target(place, "daily_post", title="今天写点什么")
    assert str(seen(place.ann, place)["daily_post"].title) == "今天写点什么"
    set_target(place, "daily_post", title="")
    assert str(seen(place.ann, place)["daily_post"].title) == "发动态"


def test_a_circle_has_no_more_tasks_than_fit(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_rules, "TASKS_MAX", len(TASKS) + 1)
    own = {"title": "诗", "event": "post", "cadence": "weekly", "target": 2, "points": 5, "growth": 0}
    operations.create_task(place.owner, place.slug, **own)
    with pytest.raises(Refused) as refused:
        operations.create_task(place.owner, place.slug, **own)
    assert refused.value.code == "TOO_MANY_TASKS"


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_the_list_costs_one_statement_and_leads_to_where_it_is_done(
    place: Place, make: Make, statements: list[str]
) -> None:
    with on(NOON):
        make.post(place)
        circle = readable_circle(place.ann, place.slug)
        statements.clear()
        rows = {row.code: row for row in queries.tasks_of(place.ann, circle)}
        assert len(statements) == 1
        assert [row.code for row in queries.tasks_of(place.ann, circle)] == [
            "daily_post", "daily_comment", "daily_like", "weekly_media", "weekly_welcome", "weekly_answer",
        ]  # fmt: skip
        assert rows["weekly_media"].go_url == f"/{place.slug}/posts/new"
        assert rows["daily_like"].go_url == f"/{place.slug}"
        assert rows["daily_post"].go_url is None
        circles.mute_member(place.mod, place.slug, place.ann.id or 0, duration_s=3600)
        muted = seen(place.ann, place)
        assert (muted["weekly_media"].go_url, muted["daily_like"].go_url) == (None, f"/{place.slug}")


def test_tasks_of_two_circles_do_not_mix(place: Place, make: Make) -> None:
    with on(NOON):
        other = make.circle(place.owner_user)
        make.member(other, user=place.users["ann"], newcomer=True)
        make.post(place)
        slug = other.slug
        assert queries.tasks_of(place.ann, readable_circle(place.ann, slug)) == []
        posts.publish_post(place.ann, slug, body="这里也说早安")  # and this circle gets tasks of its own
        theirs = queries.tasks_of(place.ann, readable_circle(place.ann, slug))
        assert {row.code for row in theirs if row.count} == {"daily_post", "first_post"}
        here = seen(place.ann, place)
        assert {row.id for row in theirs}.isdisjoint(row.id for row in here.values())


def test_a_block_does_not_keep_anybody_from_their_reward(place: Place, make: Make) -> None:
    with on(NOON):
        make.post(place)
        accounts.block_user(place.owner, place.ann.id or 0)
        claim(place.ann, place, "daily_post")
        assert len(given(place)) == 1
