"""Which names and passwords are taken, and how a password is kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask_babel import force_locale

from circle.accounts.common_passwords import COMMON
from circle.accounts.devices import device_name
from circle.accounts.operations.sessions import network_of
from circle.accounts.passwords import hash_password, needs_rehash, verify_password
from circle.accounts.rules import MIN_PASSWORD, check_name, check_password
from circle.core.errors import Invalid


@pytest.mark.parametrize("password", ["correct horse 9", "读书写字画圈圈好", "a b c d e f", "x" * 197 + "abc"])
def test_a_good_password_is_taken(password: str) -> None:
    check_password(password, "anna")


@pytest.mark.parametrize(
    ("password", "username"),
    [
        ("short12", "anna"),
        ("x" * 198 + "abc", "anna"),
        ("AnnaLovesTea", "annalovestea"),
        ("ann4-lovestea", "ann4.lovestea"),
        ("PassWord123", "anna"),
        ("woaini1314", "anna"),
        ("88888888", "anna"),
        ("abababababab", "anna"),
    ],
)
def test_a_weak_password_is_refused_at_its_field(password: str, username: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, username, field="new_password")
    assert list(refused.value.errors) == ["new_password"]


def test_the_list_of_common_passwords_is_worth_having() -> None:
    assert len(COMMON) >= 200
    assert all(len(word) >= MIN_PASSWORD and word == word.casefold() for word in COMMON)


@pytest.mark.parametrize("name", ["admin", "Ａdmin", "adm1n", "客服", "a", "x" * 21, "😀😀", "аnna", "../x", "", " "])
def test_a_bad_name_is_refused_with_a_sentence(name: str, app: object) -> None:
    with pytest.raises(Invalid) as refused:
        check_name(name)
    with force_locale("en"):
        assert str(refused.value.errors["username"][0]).endswith((".", "please."))


@pytest.mark.usefixtures("dear_passwords")
def test_a_password_is_kept_as_argon2id_with_the_recommended_cost() -> None:
    stored = hash_password("correct horse 9")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(stored, "correct horse 9")
    assert not verify_password(stored, "correct horse 8")
    assert not needs_rehash(stored)
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


def test_nobody_s_password_is_never_right() -> None:
    assert not verify_password(None, "nobody has this password")
    assert not verify_password("not a hash", "x")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("", ""),
        ("unix:", ""),
        ("\x00", ""),
    ],
)
def test_only_the_network_of_an_address_is_kept(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) MicroMessenger/8.0.50 miniProgram", "WeChat mini-program · iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) MicroMessenger/8.0.50", "WeChat · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        ("something", ""),
        ("", ""),
    ],
)
def test_a_device_has_the_name_a_person_would_give_it(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name
