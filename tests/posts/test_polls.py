"""Polls: what may be asked, who votes how, and what is shown to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from circle.access import SYSTEM, VISITOR, Actor
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Forbidden, Invalid, NotFound, Refused
from circle.core.jobs import run_due
from circle.notifications.models import Notice
from circle.posts import operations, queries
from circle.posts.models import Poll, PollOption, PollVote
from circle.posts.operations import PollContent
from circle.posts.queries import PollRow
from tests.clients import ApiClient, Browser
from tests.factories import Make, Place

OPTIONS = ("清晨", "傍晚", "深夜")


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


def ask(make: Make, place: Place, **values: Any) -> int:
    return make.post(place, poll=PollContent.of(values.pop("options", OPTIONS), **values))


def poll_of(actor: Actor, post_id: int) -> PollRow:
    db.session.expire_all()
    poll = queries.poll_of(actor, queries.get_post(actor, post_id))
    assert poll is not None
    return poll


def options_of(post_id: int) -> list[int]:
    return list(
        db.session.scalars(select(PollOption.id).where(PollOption.post_id == post_id).order_by(PollOption.position))
    )


def numbers(post_id: int) -> tuple[int, list[int]]:
    """The stored numbers, which must be those of the rows."""
    db.session.expire_all()
    voters = db.session.get_one(Poll, post_id).voter_count
    counts = [db.session.get_one(PollOption, id_).vote_count for id_ in options_of(post_id)]
    of_rows = [
        db.session.scalar(select(func.count()).where(PollVote.option_id == id_)) or 0 for id_ in options_of(post_id)
    ]
    people = db.session.scalar(select(func.count(PollVote.user_id.distinct())).where(PollVote.post_id == post_id))
    assert (voters, counts) == (people, of_rows)
    return voters, counts


# ---- asking ------------------------------------------------------------------------------------------------------


def test_a_poll_comes_with_its_post_and_the_card_knows_of_it(make: Make, place: Place) -> None:
    post_id = ask(make, place, question="什么时候读书？", closes_in_h=24)
    poll = poll_of(place.bob, post_id)
    assert [option.text for option in poll.options] == list(OPTIONS)
    assert (poll.question, poll.max_choices, poll.voter_count, poll.closed) == ("什么时候读书？", 1, 0, False)
    assert poll.closes_at is not None
    assert timedelta(hours=23) < poll.closes_at - clock.now() <= timedelta(hours=24)
    card = queries.get_post(place.bob, post_id).poll
    assert card is not None
    assert (card.question, card.option_count) == ("什么时候读书？", 3)
    assert card.closes_at == poll.closes_at.isoformat().replace("+00:00", "Z")


def test_a_poll_needs_no_words_around_it(make: Make, place: Place) -> None:
    assert make.post(place, body="", poll=PollContent.of(OPTIONS, question="早安？"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": ["只有一个"]},
        {"options": [str(number) for number in range(11)]},
        {"options": ["早", "早"]},
        {"options": ["Early", "early "]},
        {"options": ["早", " "]},
        {"options": ["早", "长" * 61]},
        {"options": OPTIONS, "question": "问" * 121},
        {"options": OPTIONS, "max_choices": 0},
        {"options": OPTIONS, "results": "never"},
        {"options": OPTIONS, "results": "closed"},
        {"options": OPTIONS, "closes_in_h": 0},
        {"options": OPTIONS, "closes_in_h": 24 * 90 + 1},
        {"options": OPTIONS, "closes_at": clock.now() - timedelta(minutes=1)},
        {"options": OPTIONS, "closes_at": clock.now() + timedelta(days=91)},
        {"options": OPTIONS, "closes_at": clock.now() + timedelta(days=1), "closes_in_h": 24},
    ],
)
def test_what_is_no_poll_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as error:
        PollContent.of(wrong.pop("options"), **wrong)
    assert set(error.value.errors) == {"poll"}


def test_more_choices_than_options_means_any_number() -> None:
    assert PollContent.of(OPTIONS, max_choices=10).max_choices == 3


def test_a_draft_keeps_a_poll_as_it_was() -> None:
    for content in (
        PollContent.of(OPTIONS, question="早？", max_choices=2, results="always", closes_in_h=72),
        PollContent.of(OPTIONS, closes_at=clock.now() + timedelta(days=2)),
    ):
        assert PollContent.from_json(content.as_json()) == content
    assert PollContent.from_json(None) is None


# ---- voting ------------------------------------------------------------------------------------------------------


def test_a_vote_counts_once_and_may_be_changed_and_taken_back(make: Make, place: Place) -> None:
    post_id = ask(make, place)
    first, second, _third = options_of(post_id)
    operations.vote(place.bob, post_id, [first])
    operations.vote(place.bob, post_id, [first])
    assert numbers(post_id) == (1, [1, 0, 0])
    operations.vote(place.bob, post_id, [second])
    assert numbers(post_id) == (1, [0, 1, 0])
    operations.vote(place.bob, post_id, [])
    operations.vote(place.bob, post_id, [])
    assert numbers(post_id) == (0, [0, 0, 0])


def test_several_choices_are_one_voter(make: Make, place: Place) -> None:
    post_id = ask(make, place, max_choices=2)
    ids = options_of(post_id)
    operations.vote(place.bob, post_id, ids[:2])
    operations.vote(place.mod, post_id, [ids[1]])
    assert numbers(post_id) == (2, [1, 2, 0])
    assert [option.percent for option in poll_of(place.bob, post_id).options] == [50, 100, 0]
    with pytest.raises(Refused, match="TOO_MANY_CHOICES"):
        operations.vote(place.bob, post_id, ids)


def test_options_of_another_poll_are_refused(make: Make, place: Place) -> None:
    post_id, other = ask(make, place), ask(make, place)
    with pytest.raises(Invalid):
        operations.vote(place.bob, post_id, options_of(other)[:1])
    assert numbers(post_id) == (0, [0, 0, 0])


def test_only_members_vote_and_the_muted_may(make: Make, place: Place) -> None:
    post_id = ask(make, place)
    choice = options_of(post_id)[:1]
    circles.mute_member(SYSTEM, place.slug, place.bob.person_id, duration_s=3600)
    operations.vote(place.bob, post_id, choice)
    circles.ban_member(SYSTEM, place.slug, place.bob.person_id)
    stranger = make.user()
    for actor in (place.bob, Actor(stranger.id, stranger.username)):
        with pytest.raises(Forbidden):
            operations.vote(actor, post_id, choice)
        assert not poll_of(actor, post_id).can_vote
    assert not poll_of(VISITOR, post_id).can_vote


def test_a_hidden_post_takes_no_votes(make: Make, place: Place) -> None:
    post_id = ask(make, place)
    operations.hide_post(place.mod, post_id, reason="off topic")
    with pytest.raises(NotFound):
        operations.vote(place.bob, post_id, options_of(post_id)[:1])


def test_a_post_without_poll_has_none(make: Make, place: Place) -> None:
    post_id = make.post(place)
    assert queries.poll_of(place.bob, queries.get_post(place.bob, post_id)) is None
    with pytest.raises(NotFound):
        operations.vote(place.bob, post_id, [1])


def test_nobody_votes_after_the_end(make: Make, place: Place) -> None:
    post_id = ask(make, place, closes_in_h=1)
    with clock.at(clock.now() + timedelta(hours=2)):
        with pytest.raises(Refused, match="POLL_CLOSED"):
            operations.vote(place.bob, post_id, options_of(post_id)[:1])
        poll = poll_of(place.bob, post_id)
        assert poll.closed
        assert not poll.can_vote


def test_a_poll_may_be_ended_by_who_asked_and_nobody_is_told_of_it_later(make: Make, place: Place) -> None:
    post_id = ask(make, place, results="closed", closes_in_h=1)
    operations.vote(place.bob, post_id, options_of(post_id)[:1])
    for actor in (place.bob, place.mod, place.owner):
        assert not poll_of(actor, post_id).can_end
        with pytest.raises(Forbidden):
            operations.end_poll(actor, post_id)
    assert poll_of(place.ann, post_id).can_end
    operations.end_poll(place.ann, post_id)
    ended = poll_of(place.ann, post_id).closes_at
    operations.end_poll(place.ann, post_id)
    poll = poll_of(place.bob, post_id)
    assert (poll.closes_at, poll.closed, poll.shown, poll.can_end) == (ended, True, True, False)
    card = queries.get_post(place.bob, post_id).poll
    assert card is not None
    assert ended is not None
    assert card.closes_at == ended.isoformat().replace("+00:00", "Z")
    with pytest.raises(Refused, match="POLL_CLOSED"):
        operations.vote(place.mod, post_id, options_of(post_id)[:1])
    with clock.at(clock.now() + timedelta(hours=2)):
        run_due()
    assert db.session.scalar(select(func.count()).select_from(Notice).where(Notice.kind == "poll.closed")) == 0


def test_a_poll_without_an_end_may_be_given_one_but_not_where_it_is_hidden_or_missing(make: Make, place: Place) -> None:
    post_id, plain = ask(make, place), make.post(place)
    with pytest.raises(NotFound):
        operations.end_poll(place.ann, plain)
    operations.hide_post(place.mod, post_id, reason="off topic")
    with pytest.raises(NotFound):
        operations.end_poll(place.ann, post_id)
    operations.restore_post(place.mod, post_id)
    circles.mute_member(SYSTEM, place.slug, place.ann.person_id, duration_s=3600)
    with pytest.raises(Forbidden):
        operations.end_poll(place.ann, post_id)
    circles.unmute_member(SYSTEM, place.slug, place.ann.person_id)
    operations.end_poll(place.ann, post_id)
    assert poll_of(place.bob, post_id).closed


def test_a_deleted_post_takes_its_poll_along(make: Make, place: Place) -> None:
    post_id = ask(make, place)
    choice = options_of(post_id)[:1]
    operations.delete_post(place.ann, post_id)
    with pytest.raises(NotFound):
        operations.vote(place.bob, post_id, choice)
    with pytest.raises(NotFound):
        operations.end_poll(place.ann, post_id)


# ---- who sees the numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "before", "after", "at_the_end"),
    [("always", True, True, True), ("voted", False, True, True), ("closed", False, False, True)],
)
def test_the_result_is_shown_as_was_said_when_asking(
    make: Make, place: Place, results: str, before: bool, after: bool, at_the_end: bool
) -> None:
    post_id = ask(make, place, results=results, closes_in_h=1)
    operations.vote(place.mod, post_id, options_of(post_id)[:1])

    def seen() -> bool:
        poll = poll_of(place.bob, post_id)
        shown = [option.vote_count is not None and option.percent is not None for option in poll.options]
        assert set(shown) == {poll.shown}
        return poll.shown

    assert seen() is before
    operations.vote(place.bob, post_id, options_of(post_id)[1:2])
    assert seen() is after
    with clock.at(clock.now() + timedelta(hours=2)):
        assert seen() is at_the_end


def test_the_author_is_told_of_the_end_once(make: Make, place: Place) -> None:
    post_id = ask(make, place, closes_in_h=1)
    run_due()
    operations.close_poll(post_id)
    told = select(func.count()).select_from(Notice).where(Notice.kind == "poll.closed")
    assert db.session.scalar(told) == 0
    with clock.at(clock.now() + timedelta(hours=1, minutes=1)):
        run_due()
        operations.close_poll(post_id)
    db.session.expire_all()
    notice = db.session.scalars(select(Notice).where(Notice.kind == "poll.closed")).one()
    assert notice.user_id == place.ann.id


def test_a_poll_costs_one_statement(make: Make, place: Place, statements: list[str]) -> None:
    post_id = ask(make, place)
    post = queries.get_post(place.bob, post_id)
    statements.clear()
    queries.poll_of(place.bob, post)
    assert len(statements) == 1


# ---- pages -------------------------------------------------------------------------------------------------------


def test_a_browser_asks_and_votes_without_javascript(place: Place, browser: Callable[..., Browser]) -> None:
    ann, bob = browser(place.users["ann"]), browser(place.users["bob"])
    asked = ann.post(
        f"/{place.slug}/posts",
        {
            "body": "问一句",
            "poll_question": "什么时候读书？",
            "poll_options": [*OPTIONS, "", ""],
            "poll_results": "voted",
        },
    )
    assert asked.status_code == 303
    url = asked.location.partition("#")[0]
    page = bob.get(url).get_data(as_text=True)
    assert "什么时候读书？" in page
    post_id = int(url.rsplit("/", 1)[1])
    choice = options_of(post_id)[0]
    voted = bob.post(f"{url}/poll/vote", {"option_ids": choice})
    assert voted.status_code == 303
    assert voted.location.endswith(f"{url}#poll")
    assert "100%" in bob.get(url).get_data(as_text=True)
    bob.post(f"{url}/poll/withdraw")
    assert numbers(post_id) == (0, [0, 0, 0])


def test_htmx_gets_the_poll_alone(make: Make, place: Place, browser: Callable[..., Browser]) -> None:
    post_id = ask(make, place)
    url = f"/{place.slug}/posts/{post_id}/poll/vote"
    bob = browser(place.users["bob"])
    nothing = bob.post(url, {}, htmx=True)
    assert nothing.status_code == 422
    assert nothing.get_data(as_text=True).lstrip().startswith('<section class="card stack poll"')
    voted = bob.post(url, {"option_ids": options_of(post_id)[1]}, htmx=True)
    assert voted.status_code == 200
    assert "<html" not in voted.get_data(as_text=True)
    assert bob.post(url, {}).status_code == 422
    plain = make.post(place)
    assert bob.post(f"/{place.slug}/posts/{plain}/poll/vote", {"option_ids": 1}).status_code == 404


def test_the_author_ends_a_poll_on_its_page(make: Make, place: Place, browser: Callable[..., Browser]) -> None:
    post_id = ask(make, place)
    url = f"/{place.slug}/posts/{post_id}"
    ann, bob = browser(place.users["ann"]), browser(place.users["bob"])
    assert "/poll/end" in ann.get(url).get_data(as_text=True)
    assert "/poll/end" not in bob.get(url).get_data(as_text=True)
    ended = ann.post(f"{url}/poll/end")
    assert (ended.status_code, ended.location.endswith("#poll")) == (303, True)
    assert "/poll/end" not in ann.post(f"{url}/poll/end", htmx=True).get_data(as_text=True)
    assert poll_of(place.bob, post_id).closed


def test_a_poll_that_needs_mending_comes_back_with_what_was_typed(
    place: Place, browser: Callable[..., Browser]
) -> None:
    sent = {"body": "问一句", "poll_question": "早？", "poll_options": ["早", "早"], "poll_closes_in_h": "72"}
    answer = browser(place.users["ann"]).post(f"/{place.slug}/posts", sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="早"' in page
    assert 'value="早？"' in page
    assert '<option value="72" selected>' in page


# ---- JSON --------------------------------------------------------------------------------------------------------


def test_an_app_asks_reads_votes_and_withdraws(place: Place, api: Callable[..., ApiClient]) -> None:
    ann, bob = api(place.users["ann"]), api(place.users["bob"])
    poll = {"question": "早？", "options": list(OPTIONS), "max_choices": 2, "results": "always", "closes_in_h": 24}
    made = ann.post(f"/circles/{place.slug}/posts", {"body": "问一句", "poll": poll})
    assert made.status_code == 201
    post = made.get_json()
    assert post["poll"]["option_count"] == 3
    found = bob.get(f"/posts/{post['id']}/poll").get_json()
    assert [option["text"] for option in found["options"]] == list(OPTIONS)
    ids = [option["id"] for option in found["options"]]
    voted = bob.put(f"/posts/{post['id']}/poll/vote", json={"option_ids": ids[:2]}).get_json()
    assert voted["voter_count"] == 1
    assert [option["vote_count"] for option in voted["options"]] == [1, 1, 0]
    assert [option["chosen"] for option in voted["options"]] == [True, True, False]
    many = bob.put(f"/posts/{post['id']}/poll/vote", json={"option_ids": ids})
    assert (many.status_code, many.get_json()["code"]) == (422, "TOO_MANY_CHOICES")
    assert bob.delete(f"/posts/{post['id']}/poll/vote").get_json()["voter_count"] == 0
    assert bob.put(f"/posts/{post['id']}/poll/vote", json={"option_ids": []}).status_code == 422
    assert (bob.get(f"/posts/{post['id']}/poll").get_json()["can_end"], found["can_vote"]) == (False, True)
    ended = ann.post(f"/posts/{post['id']}/poll/end").get_json()
    assert (ended["closed"], ended["can_end"], ended["can_vote"]) == (True, False, False)
    late = bob.put(f"/posts/{post['id']}/poll/vote", json={"option_ids": ids[:1]})
    assert (late.status_code, late.get_json()["code"]) == (422, "POLL_CLOSED")
    plain = ann.post(f"/circles/{place.slug}/posts", {"body": "早安"}).get_json()
    assert plain["poll"] is None
    assert bob.get(f"/posts/{plain['id']}/poll").status_code == 404


def test_a_poll_in_json_is_judged_field_by_field(place: Place, api: Callable[..., ApiClient]) -> None:
    ann = api(place.users["ann"])
    for poll in ({"options": ["早"]}, {"options": ["早", "早"]}, {"options": list(OPTIONS), "closes_in_h": 9999},
                 {"options": list(OPTIONS), "results": "closed"}, {"options": "早"}, [], {}):  # fmt: skip
        answer = ann.post(f"/circles/{place.slug}/posts", {"body": "问", "poll": poll})
        assert answer.status_code == 422, poll
        assert any(name.startswith("poll") for name in answer.get_json()["errors"])
