"""The formulas of the feeds, against the vectors of the specification."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circle.posts.ranking import HOT_EPOCH, engagement, hot_score


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(HOT_EPOCH + seconds, UTC)


@pytest.mark.parametrize(
    ("engagement_", "seconds", "boost", "expected"),
    [
        (0, 0, {}, 0),
        (10, 86400, {}, 2_000_000),
        (250, 3600, {"featured": True}, 2_939_607),
        (-7, 0, {}, -845_098),
        (42, 90061, {"checkin": True}, 2_365_622),
    ],
)
def test_the_hot_score_matches_the_vectors(
    engagement_: int, seconds: int, boost: dict[str, bool], expected: int
) -> None:
    assert hot_score(engagement_, moment(seconds), **boost) == expected


def test_one_day_newer_weighs_as_much_as_ten_times_the_engagement() -> None:
    assert hot_score(10, moment(86400)) == hot_score(100, moment(0))


def test_one_person_counts_for_at_most_three_comments() -> None:
    assert engagement(4, [1, 2, 3, 50]) == 4 + 3 * (1 + 2 + 3 + 3)


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**9))
def test_more_engagement_never_lowers_the_score(value: int, seconds: int) -> None:
    assert hot_score(value, moment(seconds)) <= hot_score(value + 1, moment(seconds))
