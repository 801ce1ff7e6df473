"""Notices by e-mail: later, only unread ones, several in one, never twice, and with a way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from circle.accounts.models import User
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.mail import make_mailer
from circle.core.operation import in_transaction
from circle.notifications import operations, queries
from circle.notifications.unsubscribing import unsubscribe_path
from circle.posts import operations as posts
from tests.clients import ApiClient, Browser, outside
from tests.factories import Make, Place
from tests.mailserver import MailServer, mail_server, text_of

LATER = operations.MAIL_DELAY + timedelta(seconds=1)


@pytest.fixture
def box(app: Flask) -> Iterator[MailServer]:
    before = app.extensions["circle_mailer"]
    with mail_server() as server:
        app.extensions["circle_mailer"] = make_mailer(server.url)
        yield server
    app.extensions["circle_mailer"] = before


def give_address(user: User, address: str = "ann@example.org", locale: str = "en") -> None:
    def write() -> None:
        row = db.session.get_one(User, user.id)
        row.email, row.email_key, row.email_confirmed_at, row.locale = address, address, clock.now(), locale

    in_transaction(write)


def run_later(delay: timedelta = LATER) -> None:
    with clock.at(clock.now() + delay):
        jobs.run_due()


@pytest.fixture
def place(make: Make) -> Place:
    made = make.place(name="读书 <b>")
    give_address(made.users["ann"])
    return made


def test_what_is_unread_after_a_while_is_one_mail(place: Place, make: Make, box: MailServer) -> None:
    post_id = make.post(place)
    for actor in (place.bob, place.mod):
        posts.write_comment(actor, post_id, body="<script>alert(1)</script> 真好 &")
    jobs.run_due()
    assert box.received == []
    run_later()
    (message,) = box.received
    assert box.recipients == ["ann@example.org"]
    assert message["Subject"] == "2 new notifications for you"
    text = text_of(message)
    assert f"http://localhost/{place.slug}/posts/{post_id}#comment-" in text
    assert f"{place.bob.nickname} commented on your post" in text
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<b>" + place.bob.nickname + "</b>" in html
    assert "<script>" not in html
    assert "读书 &lt;b&gt;" in html
    run_later(LATER * 2)
    assert len(box.received) == 1


def test_what_is_read_in_time_is_not_mailed(place: Place, make: Make, box: MailServer) -> None:
    posts.write_comment(place.bob, make.post(place), body="真好")
    operations.mark_read(place.ann)
    run_later()
    assert box.received == []


def test_a_younger_notice_waits_for_its_own_time(place: Place, make: Make, box: MailServer) -> None:
    post_id = make.post(place)
    posts.write_comment(place.bob, post_id, body="一")
    operations.mark_read(place.ann)
    with clock.at(clock.now() + timedelta(minutes=9)):
        posts.write_comment(place.bob, post_id, body="二")
    run_later()
    assert box.received == []
    run_later(timedelta(minutes=25))
    assert len(box.received) == 1


def test_the_subject_of_a_single_notice_says_it_in_the_persons_language(
    place: Place, make: Make, box: MailServer
) -> None:
    give_address(place.users["ann"], locale="zh_Hans_CN")
    posts.write_comment(place.bob, make.post(place), body="真好")
    run_later()
    assert place.bob.nickname in box.newest()["Subject"]
    assert "commented" not in box.newest()["Subject"]


def test_nothing_goes_to_an_address_nobody_confirmed_nor_to_who_does_not_want_it(
    place: Place, make: Make, box: MailServer
) -> None:
    post_id = make.post(place)
    operations.choose_settings(place.ann, {"replies": operations.Choice(inbox=True, mail=False)})
    posts.write_comment(place.bob, post_id, body="真好")
    posts.like_post(place.bob, post_id, on=True)
    posts.write_comment(place.ann, make.post(place, "bob"), body="真好")
    run_later()
    assert box.received == []
    assert queries.unread_count(place.ann) == 2
    assert queries.unread_count(place.bob) == 1


def test_what_went_with_its_post_is_not_mailed(place: Place, make: Make, box: MailServer) -> None:
    post_id = make.post(place)
    comment_id = posts.write_comment(place.bob, post_id, body="真好")
    posts.delete_comment(place.bob, comment_id)
    run_later()
    assert box.received == []


def test_a_server_that_is_away_gets_it_later_and_once(place: Place, make: Make, box: MailServer) -> None:
    posts.write_comment(place.bob, make.post(place), body="真好")
    box.answers["MAIL"] = "451 later"
    run_later()
    assert box.received == []
    box.answers.clear()
    run_later(timedelta(hours=1))
    assert len(box.received) == 1
    run_later(timedelta(hours=9))
    assert len(box.received) == 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(place: Place, make: Make, box: MailServer) -> None:
    posts.write_comment(place.bob, make.post(place), body="真好")
    box.answers["RCPT"] = "550 gone"
    run_later()
    box.answers.clear()
    run_later(timedelta(hours=9))
    assert box.received == []
    assert jobs.counts().get("dead", 0) == 0


def test_the_job_run_twice_mails_once(place: Place, make: Make, box: MailServer) -> None:
    posts.write_comment(place.bob, make.post(place), body="真好")
    with clock.at(clock.now() + LATER):
        for _time in range(2):
            jobs.perform("notifications.send_mail", [place.ann.id])
    assert len(box.received) == 1


# ---- the way out -----------------------------------------------------------------------------------------------


def mails(user: User | object, category: str, make: Make) -> bool:
    (found,) = [row.mail for row in queries.settings_of(user).categories if row.category == category]  # type: ignore[arg-type]
    return found


def test_one_click_without_cookie_or_page_stops_the_category(
    app: Flask, place: Place, make: Make, box: MailServer
) -> None:
    posts.write_comment(place.bob, make.post(place), body="真好")
    run_later()
    address = box.newest()["List-Unsubscribe"].strip("<>")
    assert address.startswith("http://localhost/unsubscribe/")
    path = address.removeprefix("http://localhost")
    http = app.test_client()
    assert outside(http.get, path).status_code == 200
    assert mails(place.ann, "replies", make)
    answer = outside(http.post, path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not mails(place.ann, "replies", make)
    assert mails(place.ann, "mentions", make)
    assert all(row.inbox for row in queries.settings_of(place.ann).categories)
    assert outside(http.post, path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_mail_of_several_kinds_names_a_way_out_of_all_and_of_each(
    app: Flask, place: Place, make: Make, box: MailServer
) -> None:
    post_id = make.post(place)
    posts.write_comment(place.bob, post_id, body="真好")
    posts.hide_post(place.mod, make.post(place), reason="off topic")
    run_later()
    text = text_of(box.newest())
    ann = place.users["ann"].id
    assert unsubscribe_path(ann, "replies") in text
    assert unsubscribe_path(ann, "moderation") in text
    path = box.newest()["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    outside(app.test_client().post, path)
    assert not any(row.mail for row in queries.settings_of(place.ann).categories)


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-1], lambda t: t + "x", lambda t: "x", lambda t: t.swapcase(), lambda t: "a" * 5000]
)
def test_a_forged_way_out_is_not_there(
    app: Flask, place: Place, browser: Callable[..., Browser], damage: Callable[[str], str]
) -> None:
    token = unsubscribe_path(place.users["ann"].id, "replies").rpartition("/")[2]
    for answer in (
        browser().get(f"/unsubscribe/{damage(token)}"),
        outside(app.test_client().post, f"/unsubscribe/{damage(token)}"),
    ):
        assert answer.status_code == 404


# ---- settings --------------------------------------------------------------------------------------------------


def test_settings_are_chosen_with_a_plain_form(place: Place, browser: Callable[..., Browser]) -> None:
    client = browser(place.users["ann"])
    page = client.get("/settings/notifications").get_data(as_text=True)
    assert 'name="inbox" value="likes" checked' in page
    assert 'name="inbox" value="moderation"' not in page
    response = client.post(
        "/settings/notifications", {"inbox": ["replies", "mentions"], "mail": ["replies", "likes", "moderation"]}
    )
    assert (response.status_code, response.headers["Location"]) == (303, "/settings/notifications")
    rows = {row.category: (row.inbox, row.mail) for row in queries.settings_of(place.ann).categories}
    assert rows == {
        "replies": (True, True), "mentions": (True, False), "likes": (False, False), "topics": (False, False),
        "circle": (False, False), "checkins": (False, False), "reminders": (False, False), "moderation": (True, True),
        "account": (True, False),
    }  # fmt: skip
    assert client.post("/settings/notifications", {"inbox": ["nonsense\x00"]}).status_code == 422


def test_settings_over_json(place: Place, api: Callable[..., ApiClient]) -> None:
    client = api(place.users["ann"])
    before = client.get("/me/notification-settings").get_json()
    assert before["email"] == "ann@example.org"
    assert [row["category"] for row in before["categories"] if row["fixed"]] == ["moderation", "account"]
    body = {"categories": [{"category": "likes", "inbox": True, "mail": True}]}
    after = client.put("/me/notification-settings", json=body).get_json()
    assert [row["category"] for row in after["categories"] if row["mail"]] == [
        "replies", "mentions", "likes", "circle", "checkins", "moderation", "account",
    ]  # fmt: skip
    fixed = {"categories": [{"category": "moderation", "inbox": False, "mail": False}]}
    refused = client.put("/me/notification-settings", json=fixed)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "NOTICES_FIXED")
    for bad in ({}, {"categories": [{}]}, {"categories": [{"category": "x", "inbox": True, "mail": True}]}, []):
        assert client.put("/me/notification-settings", json=bad).status_code == 422


# ---- opening ---------------------------------------------------------------------------------------------------


def test_opening_a_notice_reads_it_and_leads_on(place: Place, make: Make, browser: Callable[..., Browser]) -> None:
    post_id = make.post(place)
    comment_id = posts.write_comment(place.bob, post_id, body="真好")
    (row,) = queries.inbox(place.ann).items
    client = browser(place.users["ann"])
    assert f'href="/notifications/{row.id}/open"' in client.get("/notifications").get_data(as_text=True)
    response = client.get(f"/notifications/{row.id}/open")
    assert (response.status_code, response.headers["Location"]) == (
        303, f"/{place.slug}/posts/{post_id}#comment-{comment_id}",
    )  # fmt: skip
    assert queries.unread_count(place.ann) == 0
    assert client.get(f"/notifications/{row.id}/open").status_code == 303
    assert f'href="/{place.slug}/posts/{post_id}#comment-{comment_id}"' in client.get("/notifications").get_data(
        as_text=True
    )
    assert browser(place.users["bob"]).get(f"/notifications/{row.id}/open").status_code == 404
    assert client.get("/notifications/4711/open").status_code == 404


def test_tabs_show_parts_of_the_inbox(place: Place, make: Make, browser: Callable[..., Browser]) -> None:
    post_id = make.post(place)
    posts.write_comment(place.bob, post_id, body="真好")
    posts.hide_post(place.mod, make.post(place), reason="off topic")
    client = browser(place.users["ann"])
    shown = {
        part: client.get(f"/notifications?part={part}").get_data(as_text=True)
        for part in ("people", "system", "unread", "x")
    }
    assert [shown[part].count('class="notice"') for part in ("people", "system", "unread", "x")] == [1, 1, 2, 2]
    operations.mark_read(place.ann)
    assert 'class="notice"' not in client.get("/notifications?part=unread").get_data(as_text=True)
