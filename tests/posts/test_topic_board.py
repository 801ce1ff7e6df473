"""The weekly leaderboard of a topic: who is on it, in which order, when it is kept; the same on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from circle.access import VISITOR, Actor
from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.circles.queries import readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import in_transaction
from circle.home.belongings import lists
from circle.posts import jobs, operations, queries
from circle.posts.models import TopicRank, TopicWeek
from circle.posts.operations import topic_boards
from circle.posts.queries import TopicBoard, topic_board
from circle.posts.weeks import Week, weeks_to_freeze
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.factories import Make, Place, actor_of

TZ = "Asia/Shanghai"
#: Wednesday noon in Shanghai, in week 47 of 2026
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
#: the Monday after it, ten past midnight there
FREEZING = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)


class Corner:
    """A topic and the people who write in it."""

    def __init__(self, make: Make, **circle: Any) -> None:
        self.make = make
        with clock.at(NOON - timedelta(days=60)):
            self.place: Place = make.place(**circle)
            self.topic = topics.create_topic(self.place.owner, self.place.slug, title="读书笔记")
            self.topic_slug = db.session.get_one(Topic, self.topic).slug

    def post(self, who: Actor, at: datetime = NOON, *, likes: int = 0, **values: Any) -> int:
        """A post with so many likes of the others."""
        with clock.at(at):
            post_id = operations.publish_post(
                who, self.place.slug, body="合上书，写三句。", topic_ids=[self.topic], **values
            )
            self.like(post_id, who, likes)
        return post_id

    def like(self, post_id: int, author: Actor, likes: int) -> None:
        place = self.place
        others = [each for each in (place.owner, place.admin, place.mod, place.ann, place.bob) if each.id != author.id]
        for each in others[:likes]:
            operations.like_post(each, post_id, on=True)

    def board(self, who: Actor, at: datetime = NOON, week: str | None = None, **asked: int) -> TopicBoard:
        with clock.at(at):
            circle = readable_circle(who, self.place.slug)
            wanted = Week.named(week, circle.tz) if week else None
            return queries.topic_board(who, circle, self.topic, wanted, **asked)

    def freeze(self, at: datetime = FREEZING) -> None:
        with clock.at(at):
            jobs.freeze_topic_weeks()


@pytest.fixture
def corner(app: Flask, make: Make) -> Corner:
    return Corner(make)


def shown(board: TopicBoard) -> list[tuple[int, int, int, int]]:
    return [(row.rank, row.user.id, row.score, row.post_count) for row in board.rows]


# ---- who stands where ------------------------------------------------------------------------------------------------


def test_what_the_posts_of_the_week_met_is_added_up(corner: Corner) -> None:
    ann, bob = corner.place.ann, corner.place.bob
    corner.post(ann, likes=2)
    corner.post(ann, likes=1)
    corner.post(bob, likes=2)
    corner.post(bob)
    found = corner.board(VISITOR)
    assert shown(found) == [(1, ann.id, 3, 2), (2, bob.id, 2, 2)]
    assert (found.week.key, found.running, found.frozen_at, found.me) == ("W2026-47", True, None, None)


def test_whose_posts_met_nothing_is_not_on_it(corner: Corner) -> None:
    corner.post(corner.place.ann)
    assert corner.board(VISITOR).rows == []


def test_with_as_much_more_featured_posts_stand_before_then_the_earlier_post_then_the_earlier_member(
    corner: Corner,
) -> None:
    place = corner.place
    same = NOON + timedelta(hours=2)
    later, featured = corner.post(place.ann, NOON + timedelta(hours=1), likes=1), corner.post(place.bob, same, likes=1)
    corner.post(place.mod, same, likes=1)
    corner.post(place.admin, same, likes=1)
    with clock.at(same):
        operations.feature_post(place.owner, featured, on=True)
    assert later
    order = [row.user.id for row in corner.board(VISITOR, same).rows]
    assert order == [place.bob.id, place.ann.id, place.admin.id, place.mod.id]


def test_posts_of_other_topics_and_what_is_not_visible_count_nothing(corner: Corner) -> None:
    place = corner.place
    with clock.at(NOON):
        other = topics.create_topic(place.owner, place.slug, title="早安")
        elsewhere = operations.publish_post(place.bob, place.slug, body="早", topic_ids=[other])
        corner.like(elsewhere, place.bob, 3)
    hidden, deleted = corner.post(place.ann, likes=2), corner.post(place.mod, likes=2)
    corner.post(place.ann, likes=1)
    with clock.at(NOON):
        operations.hide_post(place.owner, hidden, reason="off topic")
        operations.delete_post(place.mod, deleted)
    assert shown(corner.board(VISITOR)) == [(1, place.ann.id, 1, 1)]


def test_what_is_asked_without_a_name_counts_for_nobody(corner: Corner) -> None:
    place = corner.place
    question: dict[str, Any] = {"type": "question", "title": "怎么坚持早起？"}
    corner.post(place.ann, likes=3, anonymous=True, **question)
    assert corner.board(VISITOR).rows == []
    corner.post(place.ann, likes=1, **question)
    assert shown(corner.board(place.ann)) == [(1, place.ann.id, 1, 1)]
    corner.freeze()
    assert shown(corner.board(place.ann, FREEZING, "W2026-47")) == [(1, place.ann.id, 1, 1)]


def test_ones_own_place_is_known_also_behind_the_first_ones(corner: Corner) -> None:
    place = corner.place
    corner.post(place.bob, likes=3)
    corner.post(place.mod, likes=2)
    corner.post(place.ann, likes=1)
    found = corner.board(place.ann, places=2)
    assert [row.rank for row in found.rows] == [1, 2]
    assert found.me is not None
    assert (found.me.rank, found.me.mine, found.mine_is_shown) == (3, True, False)


def test_people_who_blocked_each_other_keep_their_places_unseen(corner: Corner) -> None:
    place = corner.place
    corner.post(place.bob, likes=3)
    corner.post(place.mod, likes=2)
    corner.post(place.ann, likes=1)
    accounts.block_user(place.ann, place.bob.id or 0)
    for at, week in ((NOON, None), (FREEZING, "W2026-47")):
        assert [row.rank for row in corner.board(place.ann, at, week).rows] == [2, 3]
        assert [row.rank for row in corner.board(place.bob, at, week).rows] == [1, 2]
        assert [row.rank for row in corner.board(place.mod, at, week).rows] == [1, 2, 3]
        corner.freeze()


# ---- weeks -----------------------------------------------------------------------------------------------------------


def test_a_week_begins_on_monday_at_midnight_of_the_circle(corner: Corner) -> None:
    place = corner.place
    monday = datetime(2026, 11, 15, 16, tzinfo=UTC)
    corner.post(place.ann, monday, likes=1)
    corner.post(place.bob, monday - timedelta(microseconds=1), likes=1)
    corner.post(place.mod, monday + timedelta(days=7) - timedelta(microseconds=1), likes=1)
    corner.post(place.admin, monday + timedelta(days=7), likes=1)
    at = monday + timedelta(days=8)
    assert [row.user.id for row in corner.board(VISITOR, at, "W2026-47").rows] == [place.ann.id, place.mod.id]
    assert [row.user.id for row in corner.board(VISITOR, at, "W2026-46").rows] == [place.bob.id]
    assert [row.user.id for row in corner.board(VISITOR, at).rows] == [place.admin.id]


@pytest.mark.parametrize(
    ("at", "tz", "key", "starts_at", "hours"),
    [
        ("2027-01-01T04:00", TZ, "W2026-53", "2026-12-27T16:00", 168),
        ("2024-12-30T04:00", TZ, "W2025-01", "2024-12-29T16:00", 168),
        ("2026-03-08T12:00", "America/New_York", "W2026-10", "2026-03-02T05:00", 167),
        ("2026-11-01T12:00", "America/New_York", "W2026-44", "2026-10-26T04:00", 169),
        ("2026-11-16T10:30", "Pacific/Kiritimati", "W2026-47", "2026-11-15T10:00", 168),
        ("2026-11-16T10:30", "Pacific/Pago_Pago", "W2026-46", "2026-11-09T11:00", 168),
    ],
)
def test_weeks_are_those_of_iso_8601_in_the_time_zone(at: str, tz: str, key: str, starts_at: str, hours: int) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    week = Week.of(moment, tz)
    assert week.starts_at == datetime.fromisoformat(starts_at).replace(tzinfo=UTC)
    assert (week.key, week.ends_at - week.starts_at) == (key, timedelta(hours=hours))
    assert Week.named(key, tz) == week
    assert week.starts_at <= moment < week.ends_at


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([TZ, "UTC", "America/New_York", "America/Santiago", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_every_moment_is_in_one_week_and_weeks_follow_each_other(moment: datetime, tz: str) -> None:
    week = Week.of(moment, tz)
    assert week.starts_at <= moment < week.ends_at
    assert Week.of(week.starts_at - timedelta(microseconds=1), tz) == week.before(tz)
    assert week.before(tz).ends_at == week.starts_at
    assert Week.named(week.key, tz) == week
    assert moment.astimezone(ZoneInfo(tz)).date() - week.monday < timedelta(days=7)


@pytest.mark.parametrize("key", ["", "2026-47", "W2026-54", "W2025-53", "W2026-00", "W0000-01", "W9999-52", "w2026-47",
                                 "W2026-47\n", "W２０２６-47", "W2026-4", "D2026-11-18"])  # fmt: skip
def test_what_is_no_week_is_none(key: str) -> None:
    assert Week.named(key, TZ) is None


def test_a_week_to_come_is_not_there(corner: Corner) -> None:
    with pytest.raises(NotFound):
        corner.board(VISITOR, week="W2026-48")


# ---- freezing --------------------------------------------------------------------------------------------------------


def test_a_week_is_frozen_ten_minutes_after_it_is_over(corner: Corner) -> None:
    corner.post(corner.place.ann, likes=2)
    corner.freeze(FREEZING - timedelta(microseconds=1))
    assert corner.board(VISITOR, FREEZING, "W2026-47").frozen_at is None
    with clock.at(FREEZING - timedelta(microseconds=1)):
        assert not operations.freeze_topic_week(corner.topic, "W2026-47")
    corner.freeze()
    found = corner.board(VISITOR, FREEZING, "W2026-47")
    assert (found.frozen_at, found.running, shown(found)) == (FREEZING, False, [(1, corner.place.ann.id, 2, 1)])


def test_what_happens_afterwards_moves_nothing(corner: Corner) -> None:
    place = corner.place
    first, second = corner.post(place.ann, likes=2), corner.post(place.bob, likes=1)
    corner.freeze()
    later = FREEZING + timedelta(hours=1)
    with clock.at(later):
        corner.like(second, place.bob, 4)
        operations.hide_post(place.owner, first, reason="off topic")
    expected = [(1, place.ann.id, 2, 1), (2, place.bob.id, 1, 1)]
    assert shown(corner.board(VISITOR, later, "W2026-47")) == expected
    corner.freeze(later)
    assert shown(corner.board(VISITOR, later, "W2026-47")) == expected


def test_freezing_twice_is_freezing_once(corner: Corner) -> None:
    corner.post(corner.place.ann, likes=2)
    with clock.at(FREEZING):
        assert operations.freeze_topic_week(corner.topic, "W2026-47")
        assert not operations.freeze_topic_week(corner.topic, "W2026-47")
    assert len(db.session.scalars(select(TopicRank)).all()) == 1


def test_what_was_hidden_when_it_was_frozen_stays_nothing(corner: Corner) -> None:
    place = corner.place
    hidden = corner.post(place.ann, likes=2)
    with clock.at(NOON):
        operations.hide_post(place.owner, hidden, reason="off topic")
    corner.freeze()
    with clock.at(FREEZING):
        operations.restore_post(place.owner, hidden)
    corner.freeze(FREEZING + timedelta(hours=1))
    assert corner.board(VISITOR, FREEZING + timedelta(hours=1), "W2026-47").rows == []


def test_only_the_first_fifty_are_kept(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    place = corner.place
    for who, likes in ((place.ann, 3), (place.bob, 2), (place.mod, 1)):
        corner.post(who, likes=likes)
    monkeypatch.setattr(topic_boards, "PLACES", 2)
    topic_boards._keeping.cache_clear()
    corner.freeze()
    topic_boards._keeping.cache_clear()
    assert [row.rank for row in corner.board(VISITOR, FREEZING, "W2026-47").rows] == [1, 2]


def test_weeks_in_which_no_worker_ran_are_frozen_later(corner: Corner) -> None:
    corner.post(corner.place.ann, likes=2)
    late = FREEZING + timedelta(weeks=3, days=2)
    corner.freeze(late)
    assert shown(corner.board(VISITOR, late, "W2026-47")) == [(1, corner.place.ann.id, 2, 1)]
    kept = set(db.session.scalars(select(TopicWeek.week).where(TopicWeek.topic_id == corner.topic)))
    assert {"W2026-47", "W2026-48", "W2026-49", "W2026-50"} <= kept
    assert "W2026-51" not in kept


def test_nothing_is_kept_of_weeks_before_the_topic_nor_of_an_archived_one_without_posts(corner: Corner) -> None:
    place = corner.place
    with clock.at(NOON):
        new = topics.create_topic(place.owner, place.slug, title="早安")
        old = topics.create_topic(place.owner, place.slug, title="旧话")
        topics.update_topic(place.owner, old, status="archived")
    corner.freeze()
    kept = db.session.execute(select(TopicWeek.topic_id, TopicWeek.week)).all()
    assert [week for topic_id, week in kept if topic_id == new] == ["W2026-47"]
    assert old not in [topic_id for topic_id, _week in kept]


def test_each_circle_freezes_by_its_own_midnight(app: Flask, make: Make) -> None:
    east, west = Corner(make, tz="Pacific/Auckland"), Corner(make, tz="America/New_York")
    for corner in (east, west):
        corner.post(corner.place.ann, likes=1)
    in_auckland = datetime(2026, 11, 22, 11, 10, tzinfo=UTC)
    east.freeze(in_auckland)
    assert east.board(VISITOR, in_auckland, "W2026-47").frozen_at == in_auckland
    assert west.board(VISITOR, in_auckland).running
    in_new_york = datetime(2026, 11, 23, 5, 10, tzinfo=UTC)
    west.freeze(in_new_york)
    assert west.board(VISITOR, in_new_york, "W2026-47").frozen_at == in_new_york


def test_the_last_week_of_the_iso_year_is_frozen_in_january(corner: Corner) -> None:
    new_year = datetime(2027, 1, 1, 4, tzinfo=UTC)
    corner.post(corner.place.ann, new_year, likes=1)
    assert corner.board(VISITOR, new_year).week.key == "W2026-53"
    monday = datetime(2027, 1, 3, 16, 10, tzinfo=UTC)
    corner.freeze(monday)
    assert shown(corner.board(VISITOR, monday, "W2026-53")) == [(1, corner.place.ann.id, 1, 1)]
    assert corner.board(VISITOR, monday).week.key == "W2027-01"


def test_between_midnight_and_freezing_the_last_week_is_still_counted(corner: Corner) -> None:
    corner.post(corner.place.ann, likes=1)
    found = corner.board(VISITOR, FREEZING - timedelta(minutes=5), "W2026-47")
    assert (found.frozen_at, found.running, [row.score for row in found.rows]) == (None, False, [1])


def test_the_list_of_weeks_to_freeze_ends_with_the_last_that_is_over() -> None:
    assert [week.key for week in weeks_to_freeze(FREEZING, TZ, 3)] == ["W2026-47", "W2026-46", "W2026-45"]
    assert weeks_to_freeze(FREEZING - timedelta(microseconds=1), TZ, 1)[0].key == "W2026-46"
    assert Week.of(FREEZING, TZ).monday == date(2026, 11, 23)


def test_whoever_is_gone_is_shown_nowhere_and_moves_nobody_on_a_frozen_board(corner: Corner) -> None:
    place = corner.place
    corner.post(place.ann, likes=2)
    corner.post(place.bob, likes=1)
    corner.freeze()
    corner.post(place.ann, FREEZING, likes=2)
    corner.post(place.bob, FREEZING, likes=1)

    def gone() -> None:
        db.session.get_one(User, place.ann.id).status = "deleted"

    in_transaction(gone)
    assert [row.rank for row in corner.board(VISITOR, FREEZING, "W2026-47").rows] == [2]
    assert [row.rank for row in corner.board(VISITOR, FREEZING).rows] == [1]


def test_ones_places_are_in_the_copy_of_what_one_has(corner: Corner) -> None:
    corner.post(corner.place.ann, likes=2)
    corner.freeze()
    mine = dict(lists(corner.place.ann.id or 0))["topic_places"]
    address = f"/{corner.place.slug}/topics/{corner.topic_slug}"
    assert list(mine) == [
        {"topic": "读书笔记", "address": address, "week": "W2026-47", "place": 1, "score": 2, "posts": 1}
    ]


def test_one_finds_the_way_to_the_weeks_beside_it(corner: Corner) -> None:
    place = corner.place
    for back in (0, 1, 3):
        corner.post(place.ann, NOON - timedelta(weeks=back), likes=1)
    corner.freeze()

    def beside(week: str | None) -> tuple[str | None, str | None]:
        found = queries.with_neighbours(corner.board(VISITOR, FREEZING, week), corner.topic)
        return found.earlier, found.later

    assert beside(None) == ("W2026-47", None)
    assert beside("W2026-47") == ("W2026-46", None)
    assert beside("W2026-46") == ("W2026-44", "W2026-47")
    assert beside("W2026-44") == (None, "W2026-46")


def test_the_running_board_costs_one_statement_and_a_frozen_one_two(corner: Corner, statements: list[str]) -> None:
    place = corner.place
    for who in (place.ann, place.bob, place.mod):
        corner.post(who, likes=1)
    corner.freeze()
    corner.post(place.ann, FREEZING, likes=1)
    with clock.at(FREEZING):
        circle = readable_circle(place.ann, place.slug)
        for week, cost in ((None, 1), (Week.named("W2026-47", TZ), 2)):
            statements.clear()
            assert topic_board(place.ann, circle, corner.topic, week).rows
            assert len(statements) == cost


def test_the_work_of_a_week_is_found_for_many_topics(corner: Corner, make: Make) -> None:
    with clock.at(NOON):
        more = [
            topics.create_topic(corner.place.owner, corner.place.slug, title=f"话题 {number}") for number in range(5)
        ]
    with clock.at(FREEZING):
        assert len(queries.topics_to_freeze(3)) == 3
    corner.freeze()
    with clock.at(FREEZING):
        assert queries.topics_to_freeze(3) == []
    kept = set(db.session.scalars(select(TopicWeek.topic_id).where(TopicWeek.week == "W2026-47")))
    assert {*more, corner.topic} <= kept
    assert actor_of(make.user())
