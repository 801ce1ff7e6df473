"""The weekly leaderboard of a topic over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from circle.core import clock
from tests.factories import Make
from tests.posts.test_topic_board import FREEZING, NOON, Corner


@pytest.fixture
def corner(app: Flask, make: Make) -> Corner:
    return Corner(make)


def ask(api: Any, corner: Corner, query: str = "", at: datetime = NOON, status: int = 200, user: Any = None) -> Any:
    with clock.at(at):
        answer = api(user).get(f"/topics/{corner.topic}/leaderboard{query}")
    assert answer.status_code == status
    return answer.get_json()


def test_the_running_week_is_told_with_ones_own_place(corner: Corner, api: Any) -> None:
    place = corner.place
    corner.post(place.bob, likes=2)
    corner.post(place.ann, likes=1)
    told = ask(api, corner, user=place.users["ann"])
    assert (told["week"], told["running"], told["frozen_at"]) == ("W2026-47", True, None)
    assert (told["starts_at"], told["ends_at"]) == ("2026-11-15T16:00:00Z", "2026-11-22T16:00:00Z")
    shown = [(row["rank"], row["user"]["id"], row["score"], row["post_count"], row["mine"]) for row in told["items"]]
    assert shown == [
        (1, str(place.bob.id), 2, 1, False), (2, str(place.ann.id), 1, 1, True),
    ]  # fmt: skip
    assert told["me"]["rank"] == 2
    assert (told["earlier"], told["later"]) == (None, None)


def test_a_frozen_week_is_asked_for_by_its_name(corner: Corner, api: Any) -> None:
    corner.post(corner.place.ann, likes=1)
    corner.freeze()
    told = ask(api, corner, "?week=W2026-47", FREEZING)
    assert (told["running"], told["frozen_at"], len(told["items"]), told["me"]) == (
        False, "2026-11-22T16:10:00Z", 1, None,
    )  # fmt: skip
    assert ask(api, corner, "", FREEZING)["earlier"] == "W2026-47"


@pytest.mark.parametrize("week", ["2026-47", "W2026-54", "W2026-7", "nonsense", "W2026-047"])
def test_what_is_no_week_is_refused(corner: Corner, api: Any, week: str) -> None:
    assert ask(api, corner, f"?week={week}", status=422)["errors"]["week"]


def test_a_week_to_come_and_a_topic_that_is_not_there_are_not_found(corner: Corner, api: Any) -> None:
    ask(api, corner, "?week=W2026-48", status=404)
    corner.topic = 12345
    ask(api, corner, status=404)
