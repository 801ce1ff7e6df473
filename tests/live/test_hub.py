"""Streams: who is told what, who no longer is, and that there are never more than there may be."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask

from circle.access import SYSTEM
from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.accounts.queries import browser_user_of_token
from circle.circles import operations as circles
from circle.core.db import db
from circle.live import queries, web
from circle.live.hub import STREAMS_EACH, CircleNews, Hub, Person, Seen, Watched
from circle.notifications import operations as notices
from circle.posts import operations as posts
from tests import patience
from tests.clients import Browser
from tests.factories import Make, _set, actor_of
from tests.live.conftest import Reader

Browsers = Callable[..., Browser]
Hubs = Callable[..., Hub]
Listen = Callable[..., Reader]


def told(place_slug: str, post_id: int) -> tuple[str, dict[str, str]]:
    return ("posts", {"circle": place_slug, "newest": str(post_id)})


def test_a_new_post_is_announced_to_those_who_have_the_feed_open(
    app: Flask, make: Make, hub: Hubs, listen: Listen
) -> None:
    place = make.place()
    old = make.post(place)
    reader = listen(hub(), place.users["bob"], place.slug)
    assert reader.status == 200
    assert reader.response.mimetype == "text/event-stream"
    assert reader.response.headers["Cache-Control"] == "no-store"
    assert reader.response.headers["X-Accel-Buffering"] == "no"
    assert reader.events() == [("unread", {"unread": 0}), told(place.slug, old)]
    new = make.post(place)
    assert reader.events() == [told(place.slug, new)]
    assert reader.events() == []


def test_a_post_that_is_hidden_or_comes_back_makes_the_page_look_again(
    app: Flask, make: Make, hub: Hubs, listen: Listen
) -> None:
    place = make.place()
    old, new = make.post(place), make.post(place)
    reader = listen(hub(), place.users["bob"], place.slug)
    reader.events()
    posts.hide_post(SYSTEM, old, reason="off topic")
    assert reader.events() == [told(place.slug, new)]
    posts.hide_post(SYSTEM, new, reason="off topic")
    assert reader.events() == [told(place.slug, 0)]
    posts.restore_post(SYSTEM, new)
    assert reader.events() == [told(place.slug, new)]


def test_another_circle_is_nobodys_business(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    place, elsewhere = make.place(), make.place()
    reader = listen(hub(), place.users["bob"], place.slug)
    reader.events()
    make.post(elsewhere)
    assert reader.events() == []


def test_one_stream_may_watch_the_circles_of_several_tabs(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    place, other = make.place(), make.place()
    reader = listen(hub(), place.users["bob"], place.slug, other.slug, "not-there", "%00")
    assert {name for name, _data in reader.events()} == {"unread", "posts"}
    first, second = make.post(place), make.post(other)
    assert sorted(reader.events(), key=str) == sorted([told(place.slug, first), told(other.slug, second)], key=str)


def test_unread_notices_are_counted_as_they_come_and_are_read(
    app: Flask, make: Make, hub: Hubs, listen: Listen
) -> None:
    user, circle = make.user(), make.circle()
    reader = listen(hub(), user)
    assert reader.events() == [("unread", {"unread": 0})]
    notices.notify(user.id, "application.approved", circle_id=circle.id, dedupe_key="1", data={})
    assert reader.events() == [("unread", {"unread": 1})]
    notices.mark_read(actor_of(user))
    assert reader.events() == [("unread", {"unread": 0})]


def test_the_streams_count_unread_notices_as_pages_do(app: Flask, make: Make) -> None:
    user, circle = make.user(), make.circle()
    for key in ("1", "2", "3"):
        notices.notify(user.id, "application.approved", circle_id=circle.id, dedupe_key=key, data={})
    session_id = _session_of(user.id)
    notices.notify(user.id, "poll.closed", circle_id=circle.id, dedupe_key="4", data={"post_id": "1"})

    def unread() -> int:
        seen = queries.look(Watched(frozenset({session_id}), frozenset()))
        assert seen.people[session_id] == Person(user.id, queries.news(actor_of(user), None, 0).unread or 0)
        return seen.people[session_id].unread

    assert unread() == 4
    circles.update_circle(SYSTEM, circle.slug, visibility="private")
    assert unread() == 3, "what is inside is not for a stranger any more"


def _session_of(user_id: int) -> int:
    token = accounts.open_browser_session(user_id, user_agent="test", address="127.0.0.1")
    user = browser_user_of_token(token)
    assert user is not None and user.actor.session_id is not None
    return user.actor.session_id


# ---- who may ---------------------------------------------------------------------------------------------------


def test_a_stranger_hears_nothing_of_a_private_circle(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    place = make.place(visibility="private")
    make.post(place)
    reader = listen(hub(), make.user(), place.slug)
    assert reader.events() == [("unread", {"unread": 0})]
    make.post(place)
    assert reader.events() == []


@pytest.mark.parametrize("how", ["leave", "remove", "ban"])
def test_who_is_no_longer_in_a_private_circle_hears_nothing_more_of_it(
    app: Flask, make: Make, hub: Hubs, listen: Listen, how: str
) -> None:
    place = make.place(visibility="private")
    reader, member = listen(hub(), place.users["bob"], place.slug), listen(hub_of(app), place.users["ann"], place.slug)
    assert told(place.slug, 0) in reader.events()
    member.events()
    if how == "leave":
        circles.leave_circle(place.bob, place.slug)
    elif how == "remove":
        circles.remove_member(place.admin, place.slug, place.bob.id)
    else:
        circles.ban_member(place.admin, place.slug, place.bob.id)
    reader.events()
    new = make.post(place)
    assert [name for name, _data in reader.events() if name == "posts"] == []
    assert told(place.slug, new) in member.events()


def test_who_is_banned_hears_nothing_more_of_a_public_circle_either(
    app: Flask, make: Make, hub: Hubs, listen: Listen
) -> None:
    place = make.place()
    reader = listen(hub(), place.users["bob"], place.slug)
    assert told(place.slug, 0) in reader.events()
    circles.ban_member(place.admin, place.slug, place.bob.id)
    reader.events()
    make.post(place)
    assert [name for name, _data in reader.events() if name == "posts"] == []


def hub_of(app: Flask) -> Hub:
    hub: Hub = app.extensions["circle_live"]
    return hub


def test_a_circle_that_becomes_private_is_closed_to_strangers_at_once(
    app: Flask, make: Make, hub: Hubs, listen: Listen
) -> None:
    place = make.place()
    reader = listen(hub(), make.user(), place.slug)
    assert told(place.slug, 0) in reader.events()
    circles.update_circle(place.owner, place.slug, visibility="private")
    reader.events()
    make.post(place)
    assert reader.events() == []


def test_signing_out_ends_the_stream(app: Flask, make: Make, hub: Hubs, browser: Browsers, listen: Listen) -> None:
    user = make.user()
    client = browser(user)
    reader = listen(hub(), user, client=client)
    reader.events()
    client.post("/logout")
    assert reader.events() == [("bye", {})]
    assert reader.ended


def test_an_account_that_is_gone_ends_its_streams(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    user = make.user()
    reader = listen(hub(), user)
    reader.events()
    _set(User, user.id, {"status": "deleted"})
    assert reader.events() == [("bye", {})]
    assert reader.ended


# ---- how many --------------------------------------------------------------------------------------------------


def test_beyond_the_limit_there_is_no_stream_and_a_closed_one_makes_room(
    app: Flask, make: Make, hub: Hubs, listen: Listen
) -> None:
    mine = hub(limit=2)
    first, second = listen(mine, make.user()), listen(mine, make.user())
    assert (first.status, second.status, len(mine)) == (200, 200, 2)
    assert listen(mine, make.user()).status == 204
    first.close()
    first.close()
    assert len(mine) == 1
    assert listen(mine, make.user()).status == 200
    assert len(mine) == 2


def test_no_streams_at_all_is_a_setting(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    assert listen(hub(limit=0), make.user()).status == 204


def test_one_person_does_not_take_all_the_places(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    mine, user = hub(limit=STREAMS_EACH + 2), make.user()
    readers = [listen(mine, user) for _tab in range(STREAMS_EACH + 1)]
    assert [reader.status for reader in readers] == [200] * (STREAMS_EACH + 1)
    assert len(mine) == STREAMS_EACH
    assert readers[0].events() == [("unread", {"unread": 0}), ("full", {})]
    assert readers[0].ended
    assert readers[1].events() == [("unread", {"unread": 0})]
    assert not readers[1].ended


def test_a_visitor_and_a_server_without_threads_get_no_stream(
    app: Flask, make: Make, hub: Hubs, browser: Browsers
) -> None:
    hub()
    threaded = {"environ_overrides": {"wsgi.multithread": True}}
    assert browser().get("/live", **threaded).status_code == 204
    assert browser(make.user()).get("/live").status_code == 204
    assert len(hub_of(app)) == 0


def test_asking_for_the_head_alone_takes_no_place(app: Flask, make: Make, hub: Hubs, browser: Browsers) -> None:
    mine = hub()
    answer = browser(make.user()).http.head("/live", environ_overrides={"wsgi.multithread": True})
    assert (answer.status_code, len(mine)) == (204, 0)


def test_a_reader_who_hangs_up_is_noticed_at_the_next_look(bare: Callable[..., Hub]) -> None:
    here, there = socket.socketpair()
    hub = bare(lambda _watched: one(1))
    stream = hub.open(1, 1, {}, one(1), web._hung_up(here))
    assert stream is not None
    there.send(b"more")  # a request that is sent ahead is no hanging up
    time.sleep(0.1)
    assert stream.queue.qsize() == 1
    here.recv(4)
    there.close()
    began = time.monotonic()
    assert len(list(stream.lines(beat=10, life=20))) == 2
    assert time.monotonic() - began < 5
    here.close()
    assert web._hung_up(here)()
    assert not web._hung_up(None)()
    hub.close()
    hub.join(5)


def test_the_last_threads_of_the_server_are_not_for_streams(app: Flask, hub: Hubs) -> None:
    fits = []
    for threads in (32, 16, 8, 1):
        mine = hub(limit=20)
        mine.fit(threads)
        fits.append(mine.limit)
    assert fits == [20, 8, 0, 0]


def test_a_stream_holds_no_connection_to_the_database(app: Flask, make: Make, hub: Hubs, listen: Listen) -> None:
    mine = hub(every=60)
    users = [make.user() for _person in range(3)]
    db.session.rollback()
    before = db.engine.pool.checkedout()  # type: ignore[attr-defined]
    for user in users:
        assert listen(mine, user).status == 200
    until = time.monotonic() + 10  # the first look may be going on
    while db.engine.pool.checkedout() > before and time.monotonic() < until:  # type: ignore[attr-defined]
        time.sleep(0.02)
    assert db.engine.pool.checkedout() == before  # type: ignore[attr-defined]
    assert len(mine) == 3


def test_however_many_pages_are_open_a_look_is_three_statements(app: Flask, make: Make, statements: list[str]) -> None:
    places = [make.place(visibility="private") for _circle in range(2)]
    people = [user for place in places for user in place.users.values()]
    sessions = frozenset(_session_of(user.id) for user in people)
    here = frozenset(place.circle.id for place in places)
    statements.clear()
    seen = queries.look(Watched(sessions, here))
    assert len(statements) == 3
    assert (len(seen.people), len(seen.circles), len(seen.members)) == (8, 2, 8)


# ---- its life --------------------------------------------------------------------------------------------------


def one(user_id: int, unread: int = 0) -> Seen:
    return Seen({user_id: Person(user_id, unread)}, {7: CircleNews(1, 1, public=True)}, frozenset())


@pytest.fixture
def bare() -> Callable[..., Hub]:
    """A hub over nothing but what the test says there is."""
    return lambda look, **values: Hub(look, **({"limit": 5, "every": 0.01} | values))


def test_a_stream_beats_while_nothing_happens_and_ends_when_it_is_old(bare: Callable[..., Hub]) -> None:
    hub = bare(lambda _watched: one(1))
    stream = hub.open(1, 1, {7: "ring"}, one(1))
    assert stream is not None
    began = time.monotonic()
    lines = list(stream.lines(beat=0.05, life=0.3))
    assert 0.2 < time.monotonic() - began < 5
    assert lines[0].startswith(b"retry: ")
    assert lines[1:3] == [b'event: unread\ndata: {"unread":0}\n\n',
                          b'event: posts\ndata: {"circle":"ring","newest":"1"}\n\n']  # fmt: skip
    assert set(lines[3:]) == {b": beat\n\n"}
    hub.close()
    hub.join(5)


def test_closing_ends_every_stream_at_once_and_opens_no_more(bare: Callable[..., Hub]) -> None:
    hub = bare(lambda _watched: one(1), every=60)
    streams = [hub.open(number, number, {}, one(number)) for number in range(1, 4)]
    ended = []
    threads = patience.started(
        threading.Thread(target=lambda each=each: ended.append(list(each.lines()))) for each in streams
    )
    time.sleep(0.1)
    began = time.monotonic()
    hub.close()
    patience.joined(threads, 5)
    hub.join(5)
    assert len(ended) == 3
    assert time.monotonic() - began < 1
    assert hub.full
    assert hub.open(9, 9, {}, one(9)) is None


def test_nobody_listens_so_nothing_is_asked(bare: Callable[..., Hub]) -> None:
    looks: list[Watched] = []

    def look(watched: Watched) -> Seen:
        looks.append(watched)
        return one(1)

    hub = bare(look)
    stream = hub.open(1, 1, {7: "ring"}, one(1))
    assert stream is not None
    patience.until(lambda: len(looks) > 2, 10)
    assert looks[0] == Watched(frozenset({1}), frozenset({7}))
    stream.close()
    time.sleep(0.1)
    count = len(looks)
    time.sleep(0.1)
    assert len(looks) == count
    hub.close()
    hub.join(5)


def test_a_database_that_stays_away_ends_the_streams_and_the_next_one_is_looked_for_again(
    bare: Callable[..., Hub],
) -> None:
    broken = threading.Event()
    broken.set()

    def look(_watched: Watched) -> Seen:
        if broken.is_set():
            raise RuntimeError("no database")
        return one(1, unread=5)

    hub = bare(look)
    stream = hub.open(1, 1, {}, one(1))
    assert stream is not None
    assert len(list(stream.lines(beat=30, life=60))) == 2  # retry, unread, then the end
    stream.close()
    broken.clear()
    again = hub.open(1, 1, {}, one(1))
    assert again is not None
    patience.until(lambda: again.unread == 5, 10)
    hub.close()
    hub.join(5)


def test_an_open_stream_is_not_judged_by_a_look_that_began_before_it(bare: Callable[..., Hub]) -> None:
    going_on, go_on = threading.Event(), threading.Event()

    def look(watched: Watched) -> Seen:
        going_on.set()
        assert go_on.wait(10)
        return Seen({id_: Person(id_, 0) for id_ in watched.sessions}, {}, frozenset())

    hub = bare(look)
    first = hub.open(1, 1, {}, one(1))
    assert going_on.wait(10)
    second = hub.open(2, 2, {}, one(2))
    assert first is not None and second is not None
    go_on.set()
    time.sleep(0.2)
    assert b"event: bye\ndata: {}\n\n" not in list(second.lines(beat=0.01, life=0.1))
    hub.close()
    hub.join(5)


def test_a_fork_starts_with_no_streams_and_a_thread_of_its_own(bare: Callable[..., Hub]) -> None:
    hub = bare(lambda _watched: one(1, unread=3))
    assert hub.open(1, 1, {}, one(1)) is not None

    def begin() -> None:
        assert len(hub) == 0
        mine = hub.open(1, 1, {}, one(1))
        patience.until(lambda: mine is not None and mine.unread == 3, 10)

    with hub._lock:  # the worst moment
        child = patience.forked(begin)
    assert patience.exit_code_of(child) == 0
    assert len(hub) == 1
    hub.close()
    hub.join(5)
