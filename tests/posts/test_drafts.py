"""What somebody is still writing: kept on every device, planned, and published exactly once."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.circles import operations as circles
from circle.circles.models import Circle
from circle.circles.queries import readable_circle
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unauthenticated
from circle.media import queries as media
from circle.media import uploads
from circle.notifications.models import Notice
from circle.posts import jobs as post_jobs
from circle.posts import operations, queries, rules
from circle.posts.models import Draft, DraftMedia, Post
from circle.posts.operations import DraftContent, Plan
from circle.topics import operations as topics
from tests.factories import SYSTEM, Make, _set
from tests.races.together import all_well, together


@pytest.fixture
def place(make: Make) -> Any:
    """A public circle with its owner, a moderator and two members."""
    return make.place()


def text(body: str, **values: Any) -> DraftContent:
    return DraftContent.of(body=body, **values)


def upload(actor: Actor, data: bytes, name: str = "a.png") -> int:
    return uploads.take_upload(actor, FileStorage(BytesIO(data), name), "post")


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def notices_of(actor: Actor) -> list[str]:
    return list(db.session.scalars(select(Notice.kind).where(Notice.user_id == actor.id).order_by(Notice.id)))


def planned(place: Any, body: str = "明天见", minutes: int = 10, **values: Any) -> int:
    at = clock.now() + timedelta(minutes=minutes)
    return operations.new_draft(place.ann, place.slug, text(body, **values), plan=Plan(at)).id


# ---- keeping -------------------------------------------------------------------------------------------------


def test_a_draft_keeps_words_topics_files_and_an_unfinished_poll(app: Flask, place: Any, make: Make) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    picture = upload(place.ann, make.picture())
    poll = {"question": "几点起？", "options": ["六点"], "max_choices": 1, "results": "voted", "closes_in_h": None}
    saved = operations.new_draft(
        place.ann, place.slug,
        text("还没写完", title="清晨", topic_ids=[topic], media_ids=[picture], alts=["窗台\u202e"], poll=poll),
    )  # fmt: skip
    draft = queries.get_draft(place.ann, saved.id)
    assert (draft.title, draft.body, draft.topic_ids, draft.poll) == ("清晨", "还没写完", [topic], poll)
    assert ([file.id for file in draft.media], draft.alts) == ([picture], ["窗台"])
    assert draft.seq == saved.seq == 1
    assert media.unused_media(clock.now() + timedelta(days=30), 10) == []  # the daily job leaves it alone


def test_each_save_names_the_one_before(app: Flask, place: Any) -> None:
    first = operations.new_draft(place.ann, place.slug, text("一"))
    second = operations.save_draft(place.ann, first.id, text("一二"), seq=first.seq)
    assert second.seq == first.seq + 1
    assert queries.get_draft(place.ann, first.id).body == "一二"


def test_an_older_device_never_overwrites_a_newer_one(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("一"), writer="phone")
    operations.save_draft(place.ann, draft.id, text("一二"), seq=1, writer="laptop")
    with pytest.raises(Conflict) as refusal:
        operations.save_draft(place.ann, draft.id, text("一，从手机"), seq=1, writer="phone")
    assert refusal.value.code == "DRAFT_STALE"
    assert queries.get_draft(place.ann, draft.id).body == "一二"


def test_an_answer_that_got_lost_makes_no_second_version(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("一"), writer="phone")
    assert operations.save_draft(place.ann, draft.id, text("一二"), seq=1, writer="phone").seq == 2
    # sent again with the same words, and then on from the state that the page believes to be the last
    assert operations.save_draft(place.ann, draft.id, text("一二"), seq=1, writer="other").seq == 2
    assert operations.save_draft(place.ann, draft.id, text("一二三"), seq=1, writer="phone").seq == 3


def test_a_draft_is_its_authors_alone(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("秘密"))
    for act in (
        lambda: queries.get_draft(place.owner, draft.id),
        lambda: operations.save_draft(place.owner, draft.id, text("改")),
        lambda: operations.delete_draft(place.owner, draft.id),
        lambda: operations.plan_draft(place.owner, draft.id, None),
        lambda: operations.publish_draft(place.owner, draft.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert queries.drafts(place.owner).items == []
    assert queries.get_draft(place.ann, draft.id).body == "秘密"


def test_who_may_not_post_makes_no_draft_but_keeps_their_own(app: Flask, place: Any, make: Make) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("一"))
    circles.mute_member(SYSTEM, place.slug, place.ann.id, duration_s=3600)
    with pytest.raises(Forbidden):
        operations.new_draft(place.ann, place.slug, text("二"))
    assert operations.save_draft(place.ann, draft.id, text("一二"), seq=1).seq == 2
    with pytest.raises(Unauthenticated):
        operations.new_draft(Actor(id=None), place.slug, text("x"))


def test_one_person_keeps_fifty_drafts(app: Flask, place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_DRAFTS", 3)
    kept = [operations.new_draft(place.ann, place.slug, text(str(n))).id for n in range(3)]
    with pytest.raises(Refused) as refusal:
        operations.new_draft(place.ann, place.slug, text("4"))
    assert refusal.value.code == "TOO_MANY_DRAFTS"
    operations.delete_draft(place.ann, kept[0])
    operations.new_draft(place.ann, place.slug, text("4"))


def test_two_windows_do_not_make_the_draft_that_is_one_too_many(
    app: Flask, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_DRAFTS", 3)
    ann, slug = place.ann, place.slug
    outcomes = together(app, [lambda n=n: operations.new_draft(ann, slug, text(f"窗口 {n}")) for n in range(6)])
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 3
    assert count(Draft) == 3


def test_somebody_elses_file_comes_into_no_draft(app: Flask, place: Any, make: Make) -> None:
    theirs = upload(place.bob, make.picture())
    with pytest.raises(Invalid):
        operations.new_draft(place.ann, place.slug, text("x", media_ids=[theirs]))
    assert count(Draft) == 0


def test_drafts_are_listed_by_when_they_were_touched_at_a_fixed_cost(
    app: Flask, place: Any, statements: list[str]
) -> None:
    ids = [operations.new_draft(place.ann, place.slug, text(str(n))).id for n in range(4)]
    operations.save_draft(place.ann, ids[0], text("again"), seq=1)
    ann = place.ann
    statements.clear()
    rows = queries.drafts(ann, limit=2).items
    assert len(statements) == 2
    assert [row.id for row in rows] == [ids[0], ids[3]]
    following = queries.drafts(place.ann, queries.drafts(place.ann, limit=2).next_cursor, 2).items
    assert [row.id for row in following] == [ids[2], ids[1]]
    newest = queries.newest_draft(place.ann, place.circle.id)
    assert newest is not None
    assert newest.id == ids[0]


# ---- publishing ----------------------------------------------------------------------------------------------


def test_publishing_a_draft_makes_the_post_and_ends_the_draft(app: Flask, place: Any, make: Make) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    pictures = [upload(place.ann, make.picture(color=color)) for color in ("#111111", "#222222")]
    content = text("**写完了**", title="清晨", topic_ids=[topic], media_ids=pictures, alts=["一", "二"])
    draft = operations.new_draft(place.ann, place.slug, content)
    post = queries.get_post(place.bob, operations.publish_draft(place.ann, draft.id))
    assert (post.title, post.body) == ("清晨", "**写完了**")
    assert [(item.id, item.alt) for item in post.media] == [(pictures[0], "一"), (pictures[1], "二")]
    assert [each.id for each in post.topics] == [topic]
    assert count(Draft) == count(DraftMedia) == 0


def test_publishing_the_same_draft_twice_makes_one_post(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("一次"))
    ann = place.ann
    outcomes = together(app, [lambda: operations.publish_draft(ann, draft.id)] * 4)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert {getattr(outcome, "code", "") for outcome in outcomes} <= {"", "DRAFT_GONE", "NOT_FOUND"}
    assert (count(Post), count(Draft)) == (1, 0)


def test_publishing_from_an_older_device_leaves_the_newer_draft(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("旧"), writer="phone")
    operations.save_draft(place.ann, draft.id, text("新"), seq=1, writer="laptop")
    content = operations.prepare_post(place.ann, place.slug, body="旧")
    with pytest.raises(Conflict) as refusal:
        operations.publish_from_draft(place.ann, place.slug, content, draft_id=draft.id, seq=1, writer="phone")
    assert refusal.value.code == "DRAFT_STALE"
    assert queries.get_draft(place.ann, draft.id).body == "新"
    assert count(Post) == 0


def test_a_draft_that_cannot_be_published_stays(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("  "))
    with pytest.raises(Refused) as refusal:
        operations.publish_draft(place.ann, draft.id)
    assert refusal.value.code == "POST_EMPTY"
    assert count(Draft) == 1


# ---- planning ------------------------------------------------------------------------------------------------


def test_a_planned_post_appears_by_its_author_when_its_time_comes(app: Flask, place: Any) -> None:
    draft_id = planned(place)
    assert jobs.run_due() == 0
    assert operations.publish_planned(draft_id) is None  # too early, whoever asks
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert jobs.run_due() == 1
        post = queries.feed(place.bob, readable_circle(place.bob, place.slug)).items[0]
    assert (post.author.nickname, post.body) == (place.ann.nickname, "明天见")
    assert count(Draft) == 0
    assert "post.scheduled" in notices_of(place.ann)


def test_a_planned_post_appears_once_though_its_job_runs_twice(app: Flask, place: Any) -> None:
    draft_id = planned(place)
    with clock.at(clock.now() + timedelta(minutes=11)):
        first = operations.publish_planned(draft_id)
        assert first is not None
        assert operations.publish_planned(draft_id) is None
        post_jobs.publish_due()
        jobs.run_due()
    assert count(Post) == 1
    assert notices_of(place.ann).count("post.scheduled") == 1


def test_a_planned_post_appears_once_though_workers_race(app: Flask, place: Any) -> None:
    draft_id = planned(place)
    moment = clock.now() + timedelta(minutes=11)

    def fire() -> int | None:
        with clock.at(moment):
            return operations.publish_planned(draft_id)

    outcomes = all_well(together(app, [fire] * 5))
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert (count(Post), count(Draft)) == (1, 0)
    assert notices_of(place.ann).count("post.scheduled") == 1


def test_the_sweep_finds_what_lost_its_own_job(app: Flask, place: Any) -> None:
    planned(place)
    assert queries.due_drafts(10) == []
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert len(queries.due_drafts(10)) == 1
        post_jobs.publish_due()
        post_jobs.publish_due()  # a second sweep adds no second job
        jobs.run_due()
    assert count(Post) == 1


@pytest.mark.parametrize("how", ["muted", "banned", "left", "topic", "circle"])
def test_a_right_that_was_lost_keeps_the_post_a_draft_and_says_why(app: Flask, place: Any, how: str) -> None:
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    draft_id = planned(place, topic_ids=[topic])
    acts: dict[str, tuple[Any, str]] = {
        "muted": (lambda: circles.mute_member(SYSTEM, place.slug, place.ann.id, duration_s=86400), "MUTED"),
        "banned": (lambda: circles.ban_member(SYSTEM, place.slug, place.ann.id), "BANNED"),
        "left": (lambda: circles.leave_circle(place.ann, place.slug), "FORBIDDEN"),
        "topic": (lambda: topics.update_topic(place.owner, topic, status="archived"), "TOPIC_CLOSED"),
        "circle": (lambda: _close(place), "NOT_FOUND"),
    }
    act, code = acts[how]
    act()
    with clock.at(clock.now() + timedelta(minutes=11)):
        jobs.run_due()
        post_jobs.publish_due()
        jobs.run_due()
    draft = queries.get_draft(place.ann, draft_id)
    assert (draft.failure, draft.publish_at, draft.body) == (code, None, "明天见")
    assert str(draft.failure_sentence)
    assert count(Post) == 0
    assert notices_of(place.ann).count("post.schedule_failed") == 1


def _close(place: Any) -> None:
    _set(Circle, place.circle.id, {"status": "closed"})


def test_the_time_can_be_changed_and_called_off(app: Flask, place: Any) -> None:
    draft_id, start = planned(place), clock.now()
    operations.plan_draft(place.ann, draft_id, start + timedelta(minutes=30))
    with clock.at(start + timedelta(minutes=11)):
        jobs.run_due()
    assert count(Post) == 0
    operations.plan_draft(place.ann, draft_id, start + timedelta(minutes=5))
    operations.plan_draft(place.ann, draft_id, None)
    with clock.at(start + timedelta(hours=1)):
        jobs.run_due()
    assert (count(Post), count(Draft)) == (0, 1)
    operations.plan_draft(place.ann, draft_id, start + timedelta(minutes=5))  # the same time again
    with clock.at(start + timedelta(minutes=6)):
        jobs.run_due()
    assert count(Post) == 1


@pytest.mark.parametrize("ahead", [timedelta(seconds=-5), timedelta(seconds=30), timedelta(days=366)])
def test_a_plan_is_a_minute_to_a_year_ahead(app: Flask, place: Any, ahead: timedelta) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("x"))
    with pytest.raises(Invalid):
        operations.plan_draft(place.ann, draft.id, clock.now() + ahead)
    assert queries.get_draft(place.ann, draft.id).publish_at is None


def test_what_could_not_be_published_is_not_planned(app: Flask, place: Any) -> None:
    at = Plan(clock.now() + timedelta(hours=1))
    with pytest.raises(Refused) as refusal:
        operations.new_draft(place.ann, place.slug, text(" "), plan=at)
    assert refusal.value.code == "POST_EMPTY"
    assert count(Draft) == 0


def test_what_is_edited_before_its_time_appears_as_edited(app: Flask, place: Any) -> None:
    draft_id = planned(place)
    operations.save_draft(place.ann, draft_id, text("后天见"), seq=1)
    with clock.at(clock.now() + timedelta(minutes=11)):
        post_id = operations.publish_planned(draft_id)
        assert post_id is not None
        assert queries.get_post(place.bob, post_id).body == "后天见"


# ---- time --------------------------------------------------------------------------------------------------------


def test_a_time_is_read_in_the_circles_zone() -> None:
    assert rules.moment_of("2026-11-22T08:30", "Asia/Shanghai").isoformat() == "2026-11-22T00:30:00+00:00"


@pytest.mark.parametrize(
    "written", ["2026-03-29T02:30", "soon", "2026-13-01T00:00", "2026-11-22T08:30+08:00", "0001-01-01T00:00"]
)
def test_a_time_that_does_not_exist_is_refused(app: Flask, written: str) -> None:
    with pytest.raises(Invalid):
        rules.moment_of(written, "Europe/Berlin")


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    assert rules.moment_of("2026-10-25T02:30", "Europe/Berlin").isoformat() == "2026-10-25T00:30:00+00:00"


# ---- house-keeping -----------------------------------------------------------------------------------------------


def test_drafts_that_nobody_touches_go_after_half_a_year_but_not_planned_ones(app: Flask, place: Any) -> None:
    old = operations.new_draft(place.ann, place.slug, text("旧")).id
    touched = operations.new_draft(place.ann, place.slug, text("还在写")).id
    later = operations.new_draft(place.ann, place.slug, text("一年后"), plan=Plan(clock.now() + timedelta(days=300))).id
    with clock.at(clock.now() + timedelta(days=100)):
        operations.save_draft(place.ann, touched, text("还在写，又写了"), seq=1)
    with clock.at(clock.now() + timedelta(days=181)):
        post_jobs.forget_drafts()
        left = {row.id for row in queries.drafts(place.ann).items}
    assert left == {touched, later}
    assert old not in left


# ---- what a post may hold ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["image"] * 9 + ["file"] * 3, None),
        (["audio", "file"], None),
        (["video", "file", "file", "file"], None),
        (["file"], None),
        (["image"] * 10, "TOO_MANY_IMAGES"),
        (["file"] * 4, "TOO_MANY_FILES"),
        (["audio", "audio"], "ONE_RECORDING"),
        (["audio", "video"], "ONE_RECORDING"),
        (["image", "audio"], "MIXED_MEDIA"),
        (["video", "image"], "MIXED_MEDIA"),
    ],
)
def test_a_post_shows_pictures_or_a_recording_and_some_files(app: Flask, kinds: list[str], code: str | None) -> None:
    if code is None:
        rules.check_content("", kinds, [])
        return
    with pytest.raises(Refused) as refusal:
        rules.check_content("words", kinds, [])
    assert refusal.value.code == code
