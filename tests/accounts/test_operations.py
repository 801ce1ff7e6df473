"""Signing up and in, tokens and their rotation, profile: the rules, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from circle.accounts import credentials, operations, presence, queries
from circle.accounts.models import AuthSession, SignInFailures, User
from circle.accounts.operations.upkeep import KEEP_ENDED
from circle.accounts.tokens import TokenPair
from circle.core import clock, jobs
from circle.core.actor import VISITOR, Actor
from circle.core.db import db
from circle.core.errors import (
    CircleError,
    Conflict,
    Invalid,
    NotFound,
    PreconditionFailed,
    RateLimited,
    Refused,
    Unauthenticated,
)
from circle.core.operation import operation
from tests import patience
from tests.factories import PASSWORD, Make, actor_of

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HERE = {"user_agent": "test", "address": "203.0.113.77"}


@pytest.fixture
def anna(app: Flask) -> Actor:
    user_id = credentials.sign_up(username="Anna", nickname="", password=PASSWORD)
    return Actor(id=user_id, username="Anna", nickname="Anna")


def later(**passed: float) -> Any:
    return clock.at(START + timedelta(**passed))


def together(app: Flask, work: Callable[[], Any], times: int = 2) -> list[Any]:
    """What each of several threads got that do the same thing at the same moment."""

    def run(_number: int) -> Any:
        with app.app_context():
            try:
                return work()
            except CircleError as error:
                return error

    return patience.at_once(run, range(times))


def browser_here(user_id: int) -> Actor:
    token = operations.open_browser_session(user_id, **HERE)
    user = queries.browser_user_of_token(token)
    assert user
    return user.actor


def open_sessions(user_id: int) -> list[str]:
    found = select(AuthSession.kind).where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None))
    return sorted(db.session.scalars(found))


# ---- signing up ----------------------------------------------------------------------------------------------


def test_a_new_person_is_shown_by_the_user_name_until_they_choose_another(anna: Actor) -> None:
    person = queries.get_user(VISITOR, anna.id or 0)
    assert (person.username, person.nickname, person.bio, person.avatar_url) == ("Anna", "Anna", "", None)


@pytest.mark.parametrize("name", ["anna", "ANNA", "Ａｎｎａ", "a.nna-", "annа"])
def test_a_name_that_looks_the_same_is_refused(anna: Actor, name: str) -> None:
    with pytest.raises((Refused, Invalid)) as refused:
        credentials.sign_up(username=name, nickname="", password=PASSWORD)
    assert list(refused.value.errors) == ["username"]


def test_of_two_who_take_one_name_at_once_exactly_one_gets_it(app: Flask) -> None:
    results = together(app, lambda: operations.create_user("Zoe", password_hash="x"), times=4)
    made = [result for result in results if isinstance(result, int)]
    assert len(made) == 1
    assert {error.code for error in results if isinstance(error, CircleError)} == {"USERNAME_TAKEN"}


def test_the_password_is_not_kept(anna: Actor) -> None:
    stored = db.session.get_one(User, anna.id).password_hash
    assert stored
    assert PASSWORD not in stored
    assert "password_hash" not in repr(queries.secret_of_user(anna.id or 0))


# ---- signing in ----------------------------------------------------------------------------------------------


def test_the_right_password_signs_in_whatever_the_case_of_the_name(anna: Actor) -> None:
    token = credentials.sign_in_browser("aNNa", PASSWORD, **HERE)
    user = queries.browser_user_of_token(token)
    assert user
    assert (user.id, user.username, user.theme, user.locale) == (anna.id, "Anna", "auto", None)
    assert user.actor.session_id
    assert queries.actor_of_token(token) is None, "a browser's cookie is no API token"


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(anna: Actor) -> None:
    answers = []
    for name, password in (("Anna", "wrong horse 9"), ("Nobody Here", PASSWORD), ("\u202e", PASSWORD)):
        with pytest.raises(Unauthenticated) as refused:
            credentials.sign_in_app(name, password, **HERE)
        answers.append((refused.value.code, str(refused.value.sentence)))
    assert len(set(answers)) == 1


def test_a_wrong_name_costs_as_much_work_as_a_wrong_password(anna: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    from circle.accounts import passwords

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored.rsplit("$", 2)[0])
            return hasher.verify(stored, password)

        def __getattr__(self, name: str) -> Any:
            return getattr(hasher, name)

    hasher = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    for name in ("Anna", "Nobody"):
        with pytest.raises(Unauthenticated):
            credentials.sign_in_app(name, "wrong horse 9", **HERE)
    assert len(verified) == 2
    assert len(set(verified)) == 1, "the same parameters"


def test_a_person_without_a_password_cannot_sign_in_with_one(make: Make) -> None:
    make.user("wechatter")
    with pytest.raises(Unauthenticated):
        credentials.sign_in_app("wechatter", "", **HERE)


@pytest.mark.parametrize("name", ["Anna", "nobody"])
def test_ten_failures_lock_the_name_for_a_quarter_of_an_hour_whether_it_exists_or_not(anna: Actor, name: str) -> None:
    for minute in range(10):
        with later(minutes=minute), pytest.raises(Unauthenticated):
            credentials.sign_in_app(name, "wrong horse 9", **HERE)
    with later(minutes=10), pytest.raises(RateLimited) as refused:
        credentials.sign_in_app(name, PASSWORD, **HERE)
    assert refused.value.retry_after == 14 * 60
    with later(minutes=24, seconds=1), pytest.raises(Unauthenticated):
        credentials.sign_in_app(name, "wrong horse 9", **HERE)


def test_the_lock_ends_and_the_right_password_works_again(anna: Actor) -> None:
    for _each in range(10):
        with later(), pytest.raises(Unauthenticated):
            credentials.sign_in_app("anna", "wrong horse 9", **HERE)
    with later(minutes=16):
        assert credentials.sign_in_app("anna", PASSWORD, **HERE)[0] == anna.id


def test_a_success_takes_the_count_back(anna: Actor) -> None:
    for _round in range(3):
        for _each in range(9):
            with later(), pytest.raises(Unauthenticated):
                credentials.sign_in_app("Anna", "wrong horse 9", **HERE)
        with later():
            credentials.sign_in_app("Anna", PASSWORD, **HERE)
    assert db.session.scalar(select(func.count()).select_from(SignInFailures)) == 0


def test_failures_long_ago_do_not_count(anna: Actor) -> None:
    for each in range(25):
        with later(minutes=each * 2), pytest.raises(Unauthenticated):
            credentials.sign_in_app("Anna", "wrong horse 9", **HERE)


def test_many_attempts_at_once_do_not_get_past_the_limit(app: Flask) -> None:
    results = together(app, lambda: operations.count_attempt("anna"), times=16)
    assert sum(isinstance(result, RateLimited) for result in results) == 6


@pytest.mark.usefixtures("dear_passwords")
def test_a_hash_with_old_parameters_is_renewed_at_sign_in(anna: Actor) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    _store_hash(anna.id or 0, old)
    credentials.sign_in_app("Anna", PASSWORD, **HERE)
    db.session.expire_all()
    renewed = db.session.get_one(User, anna.id).password_hash
    assert renewed != old
    assert "m=19456,t=2,p=1" in (renewed or "")
    credentials.sign_in_app("Anna", PASSWORD, **HERE)


@operation
def _store_hash(user_id: int, password_hash: str) -> None:
    db.session.get_one(User, user_id).password_hash = password_hash


@operation
def _set_status(user_id: int, status: str) -> None:
    db.session.get_one(User, user_id).status = status


def test_a_sign_in_that_a_password_change_overtook_opens_nothing(anna: Actor) -> None:
    known = queries.secret_of_user(anna.id or 0)
    proof = operations.Proof(known.user_id, known.username_key, known.password_hash or "")
    operations.set_password(anna, old_hash=known.password_hash or "", new_hash="new")
    with pytest.raises(Unauthenticated):
        operations.open_proven_browser_session(proof, **HERE)
    with pytest.raises(Unauthenticated):
        operations.open_proven_api_session(proof, **HERE)
    assert open_sessions(anna.id or 0) == []


def test_a_deleted_account_neither_signs_in_nor_stays_signed_in(anna: Actor) -> None:
    user_id = anna.id or 0
    cookie = operations.open_browser_session(user_id, **HERE)
    pair = operations.open_api_session(user_id, **HERE)
    _set_status(user_id, "deleting")
    assert queries.browser_user_of_token(cookie)
    assert queries.actor_of_token(pair.access_token)
    _set_status(user_id, "deleted")
    assert queries.browser_user_of_token(cookie) is None
    assert queries.actor_of_token(pair.access_token) is None
    with pytest.raises(Unauthenticated):
        operations.refresh_session(pair.refresh_token)
    with pytest.raises(Unauthenticated):
        credentials.sign_in_app("Anna", PASSWORD, **HERE)
    with pytest.raises(NotFound):
        queries.get_user(VISITOR, user_id)


# ---- tokens --------------------------------------------------------------------------------------------------


def test_an_access_token_works_for_two_hours_and_is_not_in_the_database(make: Make) -> None:
    user = make.user()
    with later():
        pair = operations.open_api_session(user.id, **HERE)
    assert pair.expires_in == 7200
    with later(minutes=119):
        known = queries.actor_of_token(pair.access_token)
        assert known
        assert known.id == user.id
    with later(minutes=120):
        assert queries.actor_of_token(pair.access_token) is None
    row = db.session.scalars(select(AuthSession)).one()
    values = " ".join(str(value) for value in vars(row).values())
    assert pair.access_token not in values
    assert pair.refresh_token not in values


def test_a_refresh_gives_the_next_pair_and_ends_the_access_token_before(make: Make) -> None:
    user = make.user()
    with later():
        first = operations.open_api_session(user.id, **HERE)
    with later(hours=1):
        user_id, second = operations.refresh_session(first.refresh_token)
        assert user_id == user.id
        assert queries.actor_of_token(first.access_token) is None
        assert queries.actor_of_token(second.access_token)
        assert queries.actor_of_token(second.refresh_token) is None
    with later(days=30, hours=2), pytest.raises(Unauthenticated) as refused:
        operations.refresh_session(second.refresh_token)
    assert refused.value.code == "UNAUTHENTICATED"


def test_the_same_refresh_sent_twice_answers_with_the_same_pair(make: Make) -> None:
    user = make.user()
    with later():
        first = operations.open_api_session(user.id, **HERE)
    with later(seconds=100):
        _user, second = operations.refresh_session(first.refresh_token)
    with later(seconds=129):
        _user, again = operations.refresh_session(first.refresh_token)
    assert (again.access_token, again.refresh_token) == (second.access_token, second.refresh_token)
    assert again.expires_in == 7200 - 29


def test_two_refreshes_at_the_same_moment_make_one_rotation(app: Flask, make: Make) -> None:
    first = operations.open_api_session(make.user().id, **HERE)
    results = together(app, lambda: operations.refresh_session(first.refresh_token), times=4)
    pairs = {pair.access_token + pair.refresh_token for _user, pair in results}
    assert len(pairs) == 1
    assert db.session.scalar(select(AuthSession.generation)) == 1


@pytest.mark.parametrize("renewals", [1, 2, 5])
def test_a_refresh_token_used_again_later_ends_the_whole_family(make: Make, renewals: int) -> None:
    user = make.user()
    with later():
        stolen = current = operations.open_api_session(user.id, **HERE)
    for hour in range(1, renewals + 1):
        with later(hours=hour):
            _user, current = operations.refresh_session(current.refresh_token)
    with later(hours=renewals, minutes=1):
        other = operations.open_api_session(user.id, **HERE)
        with pytest.raises(Unauthenticated) as refused:
            operations.refresh_session(stolen.refresh_token)
        assert refused.value.code == "TOKEN_REUSED"
        assert queries.actor_of_token(current.access_token) is None
        with pytest.raises(Unauthenticated) as after:
            operations.refresh_session(current.refresh_token)
        assert after.value.code == "UNAUTHENTICATED"
        assert queries.actor_of_token(other.access_token), "another sign-in is another family"
    reasons = db.session.scalars(select(AuthSession.revoked_why).where(AuthSession.revoked_at.is_not(None)))
    assert list(reasons) == ["reuse"]


@pytest.mark.parametrize("wrong", ["", "x", "\x00", "\ud800", "a" * 10_000, "A" * 59])
def test_a_made_up_refresh_token_is_refused(app: Flask, wrong: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        operations.refresh_session(wrong)
    assert refused.value.code == "UNAUTHENTICATED"
    assert queries.actor_of_token(wrong) is None
    assert queries.browser_user_of_token(wrong) is None


def test_a_forged_hint_at_somebody_s_session_ends_nothing(make: Make) -> None:
    import base64

    pair = operations.open_api_session(make.user().id, **HERE)
    _user, pair = operations.refresh_session(pair.refresh_token)
    raw = base64.urlsafe_b64decode(pair.refresh_token + "=")
    forged = base64.urlsafe_b64encode(raw[:8] + bytes(4) + b"x" * 32).decode().rstrip("=")
    with pytest.raises(Unauthenticated) as refused:
        operations.refresh_session(forged)
    assert refused.value.code == "UNAUTHENTICATED"
    assert queries.actor_of_token(pair.access_token)


def test_a_token_is_looked_up_with_one_statement(make: Make, statements: list[str]) -> None:
    user = make.user()
    pair = operations.open_api_session(user.id, **HERE)
    cookie = operations.open_browser_session(user.id, **HERE)
    statements.clear()
    assert queries.actor_of_token(pair.access_token)
    assert queries.browser_user_of_token(cookie)
    assert len(statements) == 2


# ---- signing out ---------------------------------------------------------------------------------------------


def test_signing_out_ends_this_sign_in_only(make: Make) -> None:
    user = make.user()
    here, _there = browser_here(user.id), browser_here(user.id)
    operations.sign_out(here)
    operations.sign_out(here)
    operations.sign_out(VISITOR)
    assert open_sessions(user.id) == ["browser"]


def test_signing_out_everywhere_ends_all(make: Make) -> None:
    user, other = make.user(), make.user()
    here = browser_here(user.id)
    operations.open_api_session(user.id, **HERE)
    browser_here(other.id)
    assert operations.sign_out_everywhere(here, but_here=True) == 1
    assert open_sessions(user.id) == ["browser"]
    assert operations.sign_out_everywhere(here) == 1
    assert open_sessions(user.id) == []
    assert open_sessions(other.id) == ["browser"]


def test_somebody_else_s_sign_in_cannot_be_ended(make: Make) -> None:
    user, stranger = make.user(), make.user()
    here = browser_here(user.id)
    assert here.session_id
    with pytest.raises(NotFound):
        operations.revoke_session(actor_of(stranger), here.session_id)
    with pytest.raises(Unauthenticated):
        operations.revoke_session(VISITOR, here.session_id)
    operations.revoke_session(here, here.session_id)
    with pytest.raises(NotFound):
        operations.revoke_session(here, here.session_id)


def test_only_the_open_sign_ins_of_oneself_are_listed(make: Make) -> None:
    user = make.user()
    with later():
        here = browser_here(user.id)
        gone = browser_here(user.id)
        operations.sign_out(gone)
        browser_here(make.user().id)
    with later(minutes=1):
        operations.open_api_session(user.id, user_agent="Mozilla (iPhone) MicroMessenger/8", address="::1")
        page = presence.list_sessions(here)
    assert [(row.kind, row.current) for row in page.items] == [("api", False), ("browser", True)]
    assert page.items[0].device == "WeChat · iPhone"
    with later(days=31):
        assert presence.list_sessions(here).items == []
    with pytest.raises(Unauthenticated):
        presence.list_sessions(VISITOR)


# ---- the password --------------------------------------------------------------------------------------------


def test_a_new_password_ends_every_other_sign_in_and_every_token(anna: Actor) -> None:
    user_id = anna.id or 0
    here, there = browser_here(user_id), browser_here(user_id)
    pair = operations.open_api_session(user_id, **HERE)
    credentials.change_password(here, current_password=PASSWORD, new_password="another horse 8")
    assert open_sessions(user_id) == ["browser"]
    assert [row.current for row in presence.list_sessions(here).items] == [True]
    assert there.session_id != here.session_id
    assert queries.actor_of_token(pair.access_token) is None
    with pytest.raises(Unauthenticated):
        operations.refresh_session(pair.refresh_token)
    with pytest.raises(Unauthenticated):
        credentials.sign_in_app("Anna", PASSWORD, **HERE)
    assert credentials.sign_in_app("Anna", "another horse 8", **HERE)


def test_a_new_password_set_through_a_token_ends_that_token_too(anna: Actor) -> None:
    pair = operations.open_api_session(anna.id or 0, **HERE)
    known = queries.actor_of_token(pair.access_token)
    assert known
    credentials.change_password(known, current_password=PASSWORD, new_password="another horse 8")
    assert queries.actor_of_token(pair.access_token) is None


def test_the_current_password_cannot_be_guessed_without_end(anna: Actor) -> None:
    for _each in range(10):
        with later(), pytest.raises(Refused) as refused:
            credentials.change_password(anna, current_password="wrong horse 9", new_password="another horse 8")
        assert refused.value.code == "PASSWORD_WRONG"
    with later(), pytest.raises(RateLimited):
        credentials.change_password(anna, current_password=PASSWORD, new_password="another horse 8")


def test_a_weak_new_password_changes_nothing(anna: Actor) -> None:
    for weak in ("short", "password123", "anna"):
        with pytest.raises(Invalid) as refused:
            credentials.change_password(anna, current_password=PASSWORD, new_password=weak)
        assert list(refused.value.errors) == ["new_password"]
    with pytest.raises(Unauthenticated):
        credentials.change_password(VISITOR, current_password=PASSWORD, new_password="another horse 8")
    assert credentials.sign_in_app("Anna", PASSWORD, **HERE)


def test_of_two_password_changes_at_once_one_wins(anna: Actor) -> None:
    old = queries.secret_of_user(anna.id or 0).password_hash or ""
    operations.set_password(anna, old_hash=old, new_hash="first")
    with pytest.raises(Conflict):
        operations.set_password(anna, old_hash=old, new_hash="second")


# ---- profile -------------------------------------------------------------------------------------------------


def test_editing_the_profile_raises_the_version(anna: Actor) -> None:
    operations.edit_profile(anna, expected_version=1, nickname="安娜", bio="读书")
    me = queries.get_me(anna)
    assert (me.nickname, me.bio, me.version) == ("安娜", "读书", 2)
    operations.edit_profile(anna, nickname="安娜", theme="dark", locale="en")
    me = queries.get_me(anna)
    assert me.version == 2, "nothing that others see has changed"
    assert me.settings == {"theme": "dark", "locale": "en"}


def test_a_profile_edited_elsewhere_in_the_meantime_is_not_overwritten(anna: Actor) -> None:
    operations.edit_profile(anna, expected_version=1, nickname="First")
    with pytest.raises(PreconditionFailed):
        operations.edit_profile(anna, expected_version=1, nickname="Second")
    assert queries.get_me(anna).nickname == "First"
    with pytest.raises(Unauthenticated):
        operations.edit_profile(VISITOR, nickname="Nobody")


@operation
def _upload(owner_id: int, purpose: str) -> int:
    from circle.core import ids

    media = User.metadata.tables["media"]
    id_ = ids.new_id()
    values = {"owner_id": owner_id, "storage_key": "k", "thumb_key": "k", "mime": "image/webp", "sha256": "0" * 64}
    db.session.execute(media.insert().values(id=id_, purpose=purpose, width=1, height=1, bytes=1, **values))
    return id_


def test_only_an_own_upload_meant_as_a_picture_becomes_one(make: Make) -> None:
    user, stranger = make.user(), make.user()
    mine, theirs, post = _upload(user.id, "avatar"), _upload(stranger.id, "avatar"), _upload(user.id, "post")
    for wrong in (theirs, post, 1):
        with pytest.raises(Invalid) as refused:
            operations.set_avatar(actor_of(user), wrong)
        assert list(refused.value.errors) == ["avatar_id"]
    operations.set_avatar(actor_of(user), mine)
    assert queries.get_me(actor_of(user)).avatar_url == f"/media/{mine}/thumb.webp"
    operations.set_avatar(actor_of(user), None)
    assert queries.get_me(actor_of(user)).avatar_url is None


@pytest.mark.parametrize("spelling", ["Anna", "anna", "ＡＮＮＡ"])
def test_a_person_is_found_whatever_the_case_of_the_name(anna: Actor, spelling: str) -> None:
    assert queries.get_user_named(VISITOR, spelling).id == anna.id


@pytest.mark.parametrize("name", ["Аnna", "an.na", "", "\x00", "Anna\x00", "\ud800", "x" * 10_000, "\u202eAnna"])
def test_a_name_that_only_looks_alike_leads_nowhere(anna: Actor, name: str) -> None:
    with pytest.raises(NotFound):
        queries.get_user_named(VISITOR, name)


# ---- what is forgotten ---------------------------------------------------------------------------------------


@pytest.fixture
def old_and_new(make: Make) -> Iterator[tuple[int, TokenPair]]:
    user = make.user()
    with later(days=-100):
        browser_here(user.id)  # ran out 70 days ago
        operations.sign_out(browser_here(user.id))
        operations.count_attempt("long ago")
    with later(days=-1):
        browser_here(user.id)
        operations.sign_out(browser_here(user.id))
        pair = operations.open_api_session(user.id, **HERE)
    with later():
        operations.count_attempt("just now")
        yield user.id, pair


def test_ended_sign_ins_and_old_attempts_are_forgotten_by_the_daily_job(old_and_new: tuple[int, TokenPair]) -> None:
    jobs.enqueue_periodic()
    assert jobs.run_due() >= 3
    assert db.session.scalar(select(func.count()).select_from(AuthSession)) == 3
    assert list(db.session.scalars(select(SignInFailures.username_key))) == ["just now"]
    assert operations.forget_sessions() == 0
    assert timedelta(days=30) == KEEP_ENDED


def test_the_periodic_jobs_are_registered() -> None:
    assert {"accounts.forget_sessions", "core.forget_idempotency", "core.forget_jobs"} <= set(jobs.REGISTRY)
