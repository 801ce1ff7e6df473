"""Q5: who asked without a name is found in no page, no answer of the API, no notice, no mail, by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask

from circle.accounts.models import User
from circle.accounts.queries import Author
from circle.core.db import db
from circle.core.mail import make_mailer
from circle.posts.queries.shared import share_facts
from tests.conftest import Engine
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
#: who looks at everything; the others, who see what one of these sees, at the question itself. Both engines answer by
#: the same templates, so on PostgreSQL two look at everything, and those do not look at all for whom no statement
#: decides otherwise than for a member.
THOROUGH = {"visitor", "member", "moderator", "owner"}
LIKE_A_MEMBER = {"stranger", "muted", "expert", "admin"}


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


class Shared(NamedTuple):
    """A veil for all who only read, the mails that went out meanwhile, and a file beside those of the circle."""

    veil: Veil
    mails: list[EmailMessage]
    beside: Path

    def stands(self) -> bool:
        """Whether no other test has emptied the database, or thrown away the files."""
        return self.beside.exists() and db.session.get(User, self.veil.asker.id) is not None


_shared: dict[str, Shared] = {}


@pytest.fixture
def shared(engine: Engine) -> Iterator[Shared]:
    with engine.app.app_context():
        if engine.name not in _shared or not _shared[engine.name].stands():
            _shared[engine.name] = _made(engine)
        yield _shared[engine.name]
        db.session.remove()


def _made(engine: Engine) -> Shared:
    db.session.remove()
    engine.reset()
    before = engine.app.extensions["circle_mailer"]
    with mail_server() as server:
        engine.app.extensions["circle_mailer"] = make_mailer(server.url)
        veil = build(engine.app, Make())
        tell_all()
    engine.app.extensions["circle_mailer"] = before
    beside = engine.app.config["SETTINGS"].media_dir / f"veil-{engine.name}"
    beside.touch()
    return Shared(veil, server.received, beside)


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
def test_nobody_finds_out_who_asked(engine: Engine, shared: Shared, readers: tuple[str, ...]) -> None:
    veil, everybody = shared.veil, engine.name == "sqlite"
    for reader in readers:
        if not everybody and reader in LIKE_A_MEMBER:
            continue
        thorough = reader in (THOROUGH if everybody else {"member", "owner"})
        found = {}
        told, met = 0, set()
        for seen in Crawler(veil, reader, thorough=thorough).walk():
            told += seen.status == 200 and veil.tells_of_question(seen.text)
            if seen.status == 200:
                met.add(seen.endpoint)
            if leaked := leaks(veil, seen):
                found[f"{seen.endpoint} {seen.path}"] = leaked
        assert not found, (reader, found)
        assert told >= 15, (reader, "the crawl hardly met the question")
        if reader == "owner":
            check_all_were_met(engine.app, veil, met)


def check_all_were_met(app: Flask, veil: Veil, met: set[str]) -> None:
    """Every route that is read was looked at, but for a few that have their reason."""
    assert without_values(app, veil) <= NOT_OF_THE_QUESTION
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert read - met <= NOT_OF_THE_QUESTION | NOT_FOR_OWNERS, read - met - NOT_OF_THE_QUESTION - NOT_FOR_OWNERS


def test_notices_and_mails_speak_of_the_asker_and_of_nobody(shared: Shared) -> None:
    veil, mails = shared.veil, shared.mails
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
    assert mails and not [mail for mail in mails if veil.found_in(f"{mail}{text_of(mail)}")]


def test_what_others_take_with_them_does_not_name_the_asker(shared: Shared) -> None:
    veil = shared.veil
    for reader in ("member", "answerer", "blocked", "moderator", "owner"):
        assert not veil.found_in(veil.takeout(reader)), reader


def test_the_card_that_stands_for_it_has_no_face_and_no_colour_of_the_asker(engine: Engine, shared: Shared) -> None:
    veil = shared.veil
    with engine.app.test_request_context():
        facts = share_facts(veil.ids["question"], veil.slug)
    assert (facts.author_id, facts.face) == (0, None) and NICKNAME not in facts.author


def test_a_leak_would_be_noticed(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    veil = shared.veil
    asker = Author(veil.asker.id or 0, USERNAME, NICKNAME, None)
    monkeypatch.setattr(import_module("circle.posts.queries.making"), "unnamed", lambda _label: asker)
    missing = {"home.circle", "posts.show", "posts_api.feed", "posts_api.show", "posts.feed", "qa.show", "qa.index"}
    for seen in Crawler(veil, "visitor").walk():
        if leaks(veil, seen):
            missing.discard(seen.endpoint)
        if not missing:
            break
    assert not missing


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
