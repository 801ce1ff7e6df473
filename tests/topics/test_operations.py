"""Opening, changing and following topics."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.circles.queries import get_circle
from circle.core.actor import VISITOR
from circle.core.audit import AuditEntry, verify
from circle.core.db import db
from circle.core.errors import Forbidden, Invalid, NotFound, PreconditionFailed, Refused, Unauthenticated
from circle.posts import operations as posts
from circle.topics import operations, queries, rules
from circle.topics.models import Topic, TopicFollow
from tests.factories import SYSTEM, Make, actor_of


def topic(id_: int) -> Topic:
    return db.session.get_one(Topic, id_, populate_existing=True)


def test_who_runs_a_circle_opens_a_topic(app: Flask, make: Make) -> None:
    circle = make.circle()
    moderator = make.member(circle, "moderator")
    id_ = operations.create_topic(actor_of(moderator), circle.slug, title="#读书笔记#", intro="三句就好")
    row = queries.get_topic_by_id(actor_of(moderator), id_)
    assert (row.title, row.intro, row.kind, row.status) == ("读书笔记", "三句就好", "normal", "active")
    assert (row.post_count, row.follower_count, row.following) == (0, 0, False)
    assert row.url == f"/{circle.slug}/topics/{row.slug}"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "topic.create")).one()
    assert (entry.target, entry.actor) == (f"topic:{id_}", f"u{moderator.id}")


def test_the_system_opens_topics_too(app: Flask, make: Make) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="早安")
    assert topic(id_).created_by == circle.owner_id


@pytest.mark.parametrize(
    "title, slug",
    [("Morning Pages!", "morning-pages"), ("  C++ & Rust ", "c-rust"), ("2026", "2026")],
)
def test_an_ascii_title_makes_the_address(app: Flask, make: Make, title: str, slug: str) -> None:
    assert topic(operations.create_topic(SYSTEM, make.circle().slug, title=title)).slug == slug


@pytest.mark.parametrize("title", ["读书", "!!!", "new", "ñandú"])
def test_any_other_title_gets_an_address_from_its_id(app: Flask, make: Make, title: str) -> None:
    id_ = operations.create_topic(SYSTEM, make.circle().slug, title=title)
    assert int(topic(id_).slug, 36) == id_


def test_an_address_that_is_taken_is_refused_when_it_was_asked_for(app: Flask, make: Make) -> None:
    slug = make.circle().slug
    operations.create_topic(SYSTEM, slug, title="Books")
    with pytest.raises(Refused) as refusal:
        operations.create_topic(SYSTEM, slug, title="Other", slug="books")
    assert refusal.value.code == "TOPIC_SLUG_TAKEN"
    with pytest.raises(Refused) as refusal:
        operations.create_topic(SYSTEM, slug, title="Other", slug="new")
    assert refusal.value.code == "TOPIC_SLUG_TAKEN"
    made = operations.create_topic(SYSTEM, slug, title="Books!")  # would be /books as well
    assert topic(made).slug != "books"


@pytest.mark.parametrize("slug", ["-a", "a-", "A", "a b", "a/b", "书", "a" * 41, "a\n"])
def test_a_malformed_address_is_refused(app: Flask, make: Make, slug: str) -> None:
    with pytest.raises(Refused) as refusal:
        operations.create_topic(SYSTEM, make.circle().slug, title="Books", slug=slug)
    assert refusal.value.code == "TOPIC_SLUG"


@pytest.mark.parametrize("title", ["#", "＃＃", "a#b", "字" * 21])
def test_a_title_that_is_none_is_refused(app: Flask, make: Make, title: str) -> None:
    with pytest.raises(Refused) as refusal:
        operations.create_topic(SYSTEM, make.circle().slug, title=title)
    assert (refusal.value.code, list(refusal.value.errors)) == ("TOPIC_TITLE", ["title"])


def test_a_title_is_unique_in_its_circle_only(app: Flask, make: Make) -> None:
    one, two = make.circle(), make.circle()
    first = operations.create_topic(SYSTEM, one.slug, title="读书")
    second = operations.create_topic(SYSTEM, one.slug, title="写作")
    operations.create_topic(SYSTEM, two.slug, title="读书")
    with pytest.raises(Refused) as refusal:
        operations.create_topic(SYSTEM, one.slug, title="读书 #")
    assert refusal.value.code == "TOPIC_TITLE_TAKEN"
    with pytest.raises(Refused) as refusal:
        operations.update_topic(SYSTEM, second, title="读书")
    assert refusal.value.code == "TOPIC_TITLE_TAKEN"
    operations.update_topic(SYSTEM, first, title="读书")


def test_a_circle_has_at_most_a_hundred_topics(app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TOPICS_MAX", 2)
    slug = make.circle().slug
    for title in ("一", "二"):
        operations.create_topic(SYSTEM, slug, title=title)
    with pytest.raises(Refused) as refusal:
        operations.create_topic(SYSTEM, slug, title="三")
    assert refusal.value.code == "TOO_MANY_TOPICS"


def test_members_and_strangers_neither_open_nor_change_topics(app: Flask, make: Make) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="读书")
    for somebody in (actor_of(make.member(circle)), actor_of(make.member(circle, "expert")), actor_of(make.user())):
        with pytest.raises(Forbidden):
            operations.create_topic(somebody, circle.slug, title="写作")
        with pytest.raises(Forbidden):
            operations.update_topic(somebody, id_, title="写作")
    with pytest.raises(Unauthenticated):
        operations.create_topic(VISITOR, circle.slug, title="写作")


def test_topics_of_a_private_circle_are_not_there_for_strangers(app: Flask, make: Make) -> None:
    circle = make.circle(visibility="private")
    id_ = operations.create_topic(SYSTEM, circle.slug, title="读书")
    for stranger in (VISITOR, actor_of(make.user())):
        for call in (
            lambda who: operations.create_topic(who, circle.slug, title="写作"),
            lambda who: operations.update_topic(who, id_, title="写作"),
            lambda who: operations.follow_topic(who, id_),
            lambda who: queries.get_topic_by_id(who, id_),
            lambda who: queries.topic_list(who, circle.slug),
            lambda who: queries.get_topic(who, circle.slug, topic(id_).slug),
        ):
            with pytest.raises(NotFound):
                call(stranger)


def test_a_topic_is_changed_archived_and_opened_again_on_the_record(app: Flask, make: Make) -> None:
    circle = make.circle()
    moderator = actor_of(make.member(circle, "moderator"))
    id_ = operations.create_topic(moderator, circle.slug, title="读书")
    operations.update_topic(moderator, id_, expected_version=1, title="夜读", intro="一页也算")
    operations.update_topic(moderator, id_, expected_version=2, status="archived")
    operations.update_topic(moderator, id_, status="active")
    operations.update_topic(moderator, id_, status="active", title="夜读")  # nothing new: nothing written
    assert (topic(id_).title, topic(id_).status, topic(id_).version) == ("夜读", "active", 4)
    acts = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert [act for act in acts if act.startswith("topic.")] == [
        "topic.create",
        "topic.update",
        "topic.archive",
        "topic.reopen",
    ]
    assert verify(f"circle:{circle.id}") is None
    with pytest.raises(PreconditionFailed):
        operations.update_topic(moderator, id_, expected_version=1, title="晨读")


def test_following_twice_counts_once_and_so_does_leaving(app: Flask, make: Make) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="读书")
    one, two = actor_of(make.member(circle)), actor_of(make.member(circle))
    for _time in range(2):
        operations.follow_topic(one, id_)
        operations.follow_topic(two, id_)
    assert topic(id_).follower_count == 2
    assert queries.get_topic_by_id(one, id_).following
    assert not queries.get_topic_by_id(VISITOR, id_).following
    for _time in range(2):
        operations.unfollow_topic(one, id_)
    counted = db.session.scalar(select(func.count()).select_from(TopicFollow).where(TopicFollow.topic_id == id_))
    assert topic(id_).follower_count == counted == 1


def test_only_members_follow(app: Flask, make: Make) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="读书")
    banned = make.member(circle)
    circles.ban_member(SYSTEM, circle.slug, banned.id, reason="x")
    for somebody in (actor_of(make.user()), actor_of(banned)):
        with pytest.raises(Forbidden):
            operations.follow_topic(somebody, id_)
        with pytest.raises(Forbidden):
            operations.unfollow_topic(somebody, id_)
    with pytest.raises(Unauthenticated):
        operations.follow_topic(VISITOR, id_)
    with pytest.raises(NotFound):
        operations.follow_topic(actor_of(make.member(circle)), 4711)


def test_a_muted_member_still_follows(app: Flask, make: Make) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="读书")
    muted = make.member(circle)
    circles.mute_member(SYSTEM, circle.slug, muted.id, duration_s=3600)
    operations.follow_topic(actor_of(muted), id_)
    assert topic(id_).follower_count == 1


def test_posts_count_in_their_topics(app: Flask, make: Make) -> None:
    circle = make.circle()
    one, two = (operations.create_topic(SYSTEM, circle.slug, title=title) for title in ("读书", "写作"))
    operations.adjust_post_count([two, one, two], 1)
    operations.adjust_post_count([one], 2)
    operations.adjust_post_count([], 1)
    assert (topic(one).post_count, topic(two).post_count) == (3, 1)


def test_an_archived_topic_takes_no_new_posts(app: Flask, make: Make) -> None:
    circle, other = make.circle(), make.circle()
    member = actor_of(make.member(circle))
    one, two = (operations.create_topic(SYSTEM, circle.slug, title=title) for title in ("读书", "写作"))
    foreign = operations.create_topic(SYSTEM, other.slug, title="读书")
    found = queries.writable_topics(member, circle.id, [two, one, two])
    assert [(id_, title) for id_, _slug, title in found] == [(two, "写作"), (one, "读书")]
    assert queries.writable_topics(member, circle.id, []) == []
    for wrong in (foreign, 4711):
        with pytest.raises(Invalid) as invalid:
            queries.writable_topics(member, circle.id, [one, wrong])
        assert "topic_ids" in invalid.value.errors
    operations.update_topic(SYSTEM, one, status="archived")
    with pytest.raises(Refused) as refusal:
        posts.publish_post(member, circle.slug, body="hello", topic_ids=[one])
    assert refusal.value.code == "TOPIC_CLOSED"
    assert "读书" in str(refusal.value.sentence)


def test_open_topics_come_first_then_those_with_most_posts(app: Flask, make: Make) -> None:
    circle = make.circle()
    ids = [operations.create_topic(SYSTEM, circle.slug, title=str(number)) for number in range(5)]
    for number, id_ in enumerate(ids):
        operations.adjust_post_count([id_], number)
    operations.update_topic(SYSTEM, ids[4], status="archived")
    expected = [ids[3], ids[2], ids[1], ids[0], ids[4]]
    assert [row.id for row in queries.topic_list(VISITOR, circle.slug)] == expected
    read: list[int] = []
    cursor = None
    while True:
        page = queries.topic_page(VISITOR, circle.slug, cursor, 2)
        read += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert read == expected
    here = get_circle(VISITOR, circle.slug)
    links = queries.known_and_popular(here, [ids[0]], 2)
    assert [(link.id, link.popular) for link in links] == [(ids[3], True), (ids[2], True), (ids[0], False)]
    assert links[0].url == f"/{circle.slug}/topics/3"


def test_a_list_of_topics_is_a_fixed_number_of_statements(app: Flask, make: Make, statements: list[str]) -> None:
    circle = make.circle()
    member = actor_of(make.member(circle))
    counts = []
    for start in (0, 20):
        for number in range(start, start + 20):
            operations.create_topic(SYSTEM, circle.slug, title=f"t{number}")
        statements.clear()
        assert len(queries.topic_list(member, circle.slug)) == start + 20
        counts.append(len(statements))
    assert counts == [2, 2]
