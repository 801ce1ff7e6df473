"""Q5: who asked without a name is found in no page, no answer of the API, no notice, no mail, by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from flask import Flask

from circle.accounts.queries import Author
from circle.core.mail import make_mailer
from circle.posts.queries.shared import share_facts
from tests.factories import Make
from tests.mailserver import MailServer, mail_server, text_of
from tests.qa.crawl import Crawler, Seen, act, without_values
from tests.qa.veil import NICKNAME, READERS, USERNAME, Veil, build, tell_all

#: where the asker stands as anybody else in the circle does, with a name and without a word about the question
AS_A_MEMBER = {
    "circles.members", "circles_api.members", "circles.manage_members", "accounts_api.get_user", "home.person",
    "posts_api.by_user", "posts.people", "points.manage",
}  # fmt: skip
#: of those who blocked the asker, or see all circles: their own lists
AS_SOMEBODY_ELSE = {
    "accounts.settings_blocked", "accounts_api.list_blocked",
}  # fmt: skip
#: variables that stand for secrets of single people, or things that have nothing to do with posts
NOT_OF_THE_QUESTION = {
    "accounts.confirm_email", "accounts.fetch_copy", "accounts.reset", "circles.invited", "notifications.open_notice",
    "notifications.unsubscribe", "points.edit_task", "posts_api.show_draft", "static",
}  # fmt: skip
#: what an owner who is signed in is sent on from, and what is somebody else's
NOT_FOR_OWNERS = {
    "accounts.login", "accounts.signup", "accounts.forgot", "accounts_api.get_takeout", "circles.manage", "live.stream",
    "live.new_posts", "openapi.docs", "openapi.openapi_json", "points_api.as_of", "points_api.why", "posts_api.poll",
    "posts.edit", "posts.edit_comment", "qa.edit_answer", "points.why", "qa.ask", "qa.show_answer",
}  # fmt: skip


@pytest.fixture
def box(app: Flask) -> Iterator[MailServer]:
    before = app.extensions["circle_mailer"]
    with mail_server() as server:
        app.extensions["circle_mailer"] = make_mailer(server.url)
        yield server
    app.extensions["circle_mailer"] = before


@pytest.fixture
def veil(app: Flask, make: Make, box: MailServer) -> Veil:
    made = build(app, make)
    tell_all()
    return made


def leaks(veil: Veil, seen: Seen) -> list[str]:
    """What of the asker stands in an answer where it must not."""
    found = veil.found_in(seen.text)
    if not found:
        return []
    # the address that was asked may stand in the answer, and says nothing that the reader did not know
    if not veil.found_in(seen.text.replace(seen.path, "")):
        return []
    elsewhere = f"/{veil.elsewhere}" in seen.path
    known = seen.endpoint in AS_A_MEMBER or elsewhere or seen.endpoint in AS_SOMEBODY_ELSE
    return found if not known or veil.tells_of_question(seen.text) else []


@pytest.mark.parametrize("readers", [READERS[:4], READERS[4:8], READERS[8:]], ids=lambda names: names[0])
def test_nobody_finds_out_who_asked(app: Flask, veil: Veil, readers: tuple[str, ...]) -> None:
    for reader in readers:
        found = {}
        told, met = 0, set()
        for seen in Crawler(veil, reader).walk():
            told += seen.status == 200 and veil.tells_of_question(seen.text)
            if seen.status == 200:
                met.add(seen.endpoint)
            if leaked := leaks(veil, seen):
                found[f"{seen.endpoint} {seen.path}"] = leaked
        assert not found, (reader, found)
        assert told >= 15, (reader, "the crawl hardly met the question")
        if reader == "owner":
            check_all_were_met(app, veil, met)


def check_all_were_met(app: Flask, veil: Veil, met: set[str]) -> None:
    """Every route that is read was looked at, but for a few that have their reason."""
    assert without_values(app, veil) <= NOT_OF_THE_QUESTION
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert read - met <= NOT_OF_THE_QUESTION | NOT_FOR_OWNERS, read - met - NOT_OF_THE_QUESTION - NOT_FOR_OWNERS


def test_whatever_is_done_to_it_tells_nobody_who_asked(veil: Veil, box: MailServer) -> None:
    for reader in ("visitor", "stranger", "member", "blocker", "answerer", "moderator", "admin", "owner"):
        found = {}
        done = 0
        for seen in act(veil, reader, last=reader == "owner"):
            done += seen.status < 400
            if leaked := leaks(veil, seen):
                found[f"{seen.endpoint} {seen.path}"] = leaked
        assert not found, (reader, found)
        assert done or reader in {"visitor", "stranger"}, reader
        if reader in {"member", "owner"}:
            tell_all()
            inboxes = {name: veil.api(name).get("/me/notifications").text for name in READERS if name != "visitor"}
            assert not {name: veil.found_in(text) for name, text in inboxes.items() if veil.found_in(text)}
    assert not [text_of(mail) for mail in box.received if veil.found_in(f"{mail}{text_of(mail)}")]


def test_notices_and_mails_speak_of_the_asker_and_of_nobody(veil: Veil, box: MailServer) -> None:
    english = {"Accept-Language": "en"}
    inbox = "/me/notifications?limit=50"
    told = {name: veil.api(name).get(inbox, headers=english).json["items"] for name in READERS[2:]}
    kinds = {name: {row["kind"]: row for row in rows} for name, rows in told.items()}
    assert kinds["member"]["comment.replied"]["by"] is None
    assert kinds["member"]["comment.replied"]["text"] == "The asker replied to you"
    # those whom a block keeps apart from the asker are told as everybody is
    for name in ("member", "blocker", "blocked"):
        mentioned = kinds[name]["post.mentioned"]
        assert (mentioned["by"], mentioned["text"]) == (None, "You were mentioned in an anonymous question"), name
    assert kinds["expert"]["comment.mentioned"]["text"] == "The asker mentioned you"
    assert box.received and not [mail for mail in box.received if veil.found_in(f"{mail}{text_of(mail)}")]


def test_what_others_take_with_them_does_not_name_the_asker(veil: Veil) -> None:
    for reader in ("member", "answerer", "blocked", "moderator", "owner"):
        assert not veil.found_in(veil.takeout(reader)), reader


def test_the_card_that_stands_for_it_has_no_face_and_no_colour_of_the_asker(app: Flask, veil: Veil) -> None:
    with app.test_request_context():
        facts = share_facts(veil.ids["question"], veil.slug)
    assert (facts.author_id, facts.face) == (0, None) and NICKNAME not in facts.author


def test_a_leak_would_be_noticed(veil: Veil, monkeypatch: pytest.MonkeyPatch) -> None:
    asker = Author(veil.asker.id or 0, USERNAME, NICKNAME, None)
    monkeypatch.setattr(import_module("circle.posts.queries.making"), "unnamed", lambda _label: asker)
    missing = {"home.circle", "posts.show", "posts_api.feed", "posts_api.show", "posts.feed", "qa.show", "qa.index"}
    for seen in Crawler(veil, "visitor").walk():
        if leaks(veil, seen):
            missing.discard(seen.endpoint)
        if not missing:
            break
    assert not missing
