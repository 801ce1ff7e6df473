"""The boards of a campaign over the API."""

from __future__ import annotations

from typing import Any

import pytest

from circle.accounts.models import User
from circle.checkins import operations
from circle.core.db import db
from tests.checkins.campaigning import Week
from tests.factories import Actor, Make


@pytest.fixture
def week(make: Make) -> Week:
    return Week(make)


def ask(api: Any, week: Week, query: str = "", actor: Actor | None = None, status: int = 200) -> Any:
    client = api(db.session.get_one(User, actor.id)) if actor is not None else api()
    with week.at(5, 12):
        answer = client.get(f"/campaigns/{week.id}/board{query}")
    assert answer.status_code == status
    return answer.get_json()


def test_the_board_of_diligence_has_places_and_ones_own(week: Week, api: Any) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1, 2, 3, 4)
    week.check_in(bob, 1, 2, 3)
    told = ask(api, week, "?limit=1", bob)
    assert (told["board"], told["boards"], told["frozen"], told["total"]) == (
        "diligence", ["diligence", "quality"], False, 2,
    )  # fmt: skip
    (first,) = told["items"]
    assert (first["rank"], first["user"]["id"], first["mine"]) == (1, str(ann.id), False)
    assert (first["done"], first["on_time"], first["best_streak"], first["likes"]) == (4, 4, 4, 0)
    assert first["post_id"] is first["team_id"] is first["url"] is None
    assert (told["me"]["rank"], told["me"]["mine"], told["next_rank"]) == (2, True, None)
    second = ask(api, week, f"?limit=1&cursor={told['next_cursor']}", bob)
    assert [place["rank"] for place in second["items"]] == [2]
    assert second["next_cursor"] is None
    assert ask(api, week)["me"] is None


def test_the_next_place_is_told(week: Week, api: Any) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1, 2)
    week.check_in(bob, 3, 4)
    assert ask(api, week, "", bob)["next_rank"] == 1


def test_the_board_of_posts_has_their_addresses(week: Week, api: Any) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 2, body="合上书，写三句。").post_id
    told = ask(api, week, "?board=quality")
    (place,) = told["items"]
    assert (place["rank"], place["post_id"], place["excerpt"]) == (1, str(post_id), "合上书，写三句。")
    assert (place["idx"], place["engagement"], place["thumb_url"]) == (2, 0, None)
    assert place["url"] == f"http://localhost/{week.slug}/posts/{post_id}"
    assert (told["me"], told["next_cursor"], place["done"]) == (None, None, None)


def test_the_board_of_teams_has_names_and_sizes(make: Make, api: Any) -> None:
    week = Week(make, {"teams": True})
    ann, bob = week.member(), week.member()
    with week.at(0):
        team_id = operations.create_team(ann, week.id, name="早起")
        operations.join_team(bob, team_id)
    for who in (ann, bob):
        week.check_in(who, 1)
    told = ask(api, week, "?board=team", ann)
    (place,) = told["items"]
    assert (place["team_id"], place["team_name"], place["team_size"]) == (str(team_id), "早起", 2)
    assert (place["done"], place["user"], place["mine"], told["me"]["rank"]) == (1, None, True, 1)


def test_a_board_that_is_not_known_or_a_damaged_cursor_is_refused(week: Week, api: Any) -> None:
    assert ask(api, week, "?board=luck", status=422)["errors"]["board"]
    assert ask(api, week, "?cursor=nonsense", status=400)["code"] == "CURSOR_INVALID"
    assert ask(api, week, "?board=team")["board"] == "diligence"  # a campaign without teams


def test_the_board_is_frozen_when_the_campaign_is_settled(week: Week, api: Any) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    week.settle()
    told = ask(api, week, "", ann)
    assert (told["frozen"], told["me"]["rank"], told["next_rank"]) == (True, 1, None)


def test_a_campaign_that_is_not_there_has_no_board(week: Week, api: Any, make: Make) -> None:
    draft = Week(make, publish=False)
    ask(api, draft, status=404)
    assert ask(api, draft, actor=draft.owner)["items"] == []
