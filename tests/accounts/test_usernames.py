"""Which user names and slugs are taken on, and which two count as the same."""

import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circle.accounts.confusables import CONFUSABLES
from circle.accounts.usernames import (
    KEY_LENGTH,
    MAX_LENGTH,
    MIN_LENGTH,
    RESERVED,
    RESERVED_SLUGS,
    check_slug,
    check_username,
    username_key,
)

SHARED = Path(os.environ.get("CIRCLE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
REASONS = {"too_short", "too_long", "charset", "reserved", "mixed_script"}


def shared_json(path: str) -> Any:
    file = SHARED / "data" / path
    if not file.exists():
        pytest.skip(f"shared data without {path} (set CIRCLE_SHARED to the folder that holds it)")
    return json.loads(file.read_text(encoding="utf-8"))


def reason(raw: str) -> str | None:
    """Return why a user name is refused, None if it is not."""
    try:
        check_username(raw)
    except ValueError as error:
        return str(error.args[0])
    return None


def slug_reason(raw: str) -> str | None:
    try:
        check_slug(raw)
    except ValueError as error:
        return str(error.args[0])
    return None


# ------------------------------------------------------------------ names


# fmt: off
WELCOME = [
    "小明", "张三_123", "阿花Flora", "ab", "Tom-Lee", "a.b", "a__b", "x" * 20, "名" * 20, "々々", "二〇二〇",
    "ひらがな", "カタカナ太郎", "らーめん好き", "김철수", "김Kim", "Пётр", "Ελένη", "محمد", "שלום", "ნინო",
    "สวัสดี", "हिन्दी", "Nguyễn", "é1", "ali", "mali", "nuli", "\U00020000\U00020001",
]
DIFFERENT = [
    ("ab", "a_b"), ("武士", "武土"), ("未来", "末来"), ("日", "曰"), ("か", "が"), ("ハハ", "パパ"), ("小明", "小名"),
    ("김", "감"), ("и", "й"), ("tom", "tim"), ("a5", "as"), ("囗", "口"), ("鹃", "鹂"),
]
# fmt: on


@pytest.mark.parametrize("name", WELCOME)
def test_names_of_many_languages_are_welcome(name: str) -> None:
    assert check_username(name) == name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("  小明\u200b ", "小明"),
        ("\uff34\uff4f\uff4d\uff11", "Tom1"),
        ("e\u0301va", "éva"),
        ("\U0001d4e3\U0001d4f8\U0001d4f6", "Tom"),
        ("\u2f2f人", "工人"),
        ("ab\u202ec", "abc"),
    ],
)
def test_the_shown_form_is_cleaned(raw: str, shown: str) -> None:
    assert check_username(raw) == shown


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "too_short"),
        ("a", "too_short"),
        ("\u200b\u3164", "too_short"),
        ("x" * 21, "too_long"),
        ("x" * 10_000, "too_long"),
        ("12345", "charset"),
        ("1_2", "charset"),
        ("_a", "charset"),
        ("a_", "charset"),
        ("-ab", "charset"),
        ("ab.", "charset"),
        ("a--b", "charset"),
        ("a..b", "charset"),
        ("a.-b", "charset"),
        ("a_.b", "charset"),
        ("a b", "charset"),
        ("a@b", "charset"),
        ("a/b", "charset"),
        ("😀😀", "charset"),
        ("\u0301a", "charset"),
        ("中\u0301文", "charset"),
        ("x" + "\u0323\u0324\u0325\u0326", "charset"),
        ("\ud800ab", "charset"),
        ("\u0661\u0662a", "charset"),
        ("a\u115fb\u3164\u1160\u2800\u00ad", None),
        ("\u0410dmin", "mixed_script"),
        ("Tom\u0435", "mixed_script"),
        ("\u03b1bc", "mixed_script"),
        ("金김", "mixed_script"),
        ("김ひ", "mixed_script"),
        ("中\u0438", "mixed_script"),
        ("admin", "reserved"),
        ("Admin", "reserved"),
        ("adm1n", "reserved"),
        ("ad.min", "reserved"),
        ("ádmìn", "reserved"),
        ("adrnin", "reserved"),
        ("r00t", "reserved"),
        ("\uff41\uff44\uff4d\uff49\uff4e", "reserved"),
        ("管理员", "reserved"),
        ("官_方", "reserved"),
        ("\u0455\u0443\u0455", "reserved"),
    ],
)
def test_other_names_are_refused_with_a_reason(raw: str, why: str | None) -> None:
    assert reason(raw) == why


def test_every_reserved_name_is_refused_in_any_case() -> None:
    for name in RESERVED:
        assert reason(name) in {"reserved", "too_short"}, name
        assert reason(name.upper()) in {"reserved", "too_short"}, name


# ------------------------------------------------------------------ keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0410dmin", "admin"),
        ("l1nda", "linda"),
        ("LINDA", "Iinda"),
        ("b0b", "BOB"),
        ("modern", "modem"),
        ("vvechat", "wechat"),
        ("a_b", "a-b"),
        ("a.b", "a__b"),
        ("José", "jose"),
        ("Łukasz", "lukasz"),
        ("straße", "STRASSE"),
        ("\u0422\u041e\u041c", "tom"),
        ("\u0441\u0430\u0441\u043e", "caco"),
        ("\uff57\uff45\uff49", "wei"),
        ("加\u30a8", "加工"),
        ("第\u30fc", "第一"),
        ("\u2f2f人", "工人"),
        ("小\u200b明", "小明"),
    ],
)
def test_names_that_read_the_same_share_a_key(one: str, other: str) -> None:
    assert username_key(one) == username_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_differ_keep_different_keys(one: str, other: str) -> None:
    assert username_key(one) != username_key(other)


def test_no_common_han_character_folds_into_another_one() -> None:
    han = [chr(code) for code in range(0x4E00, 0xA000)]
    assert len({username_key(char) for char in han}) == len(han)


def test_the_table_is_final_and_small() -> None:
    assert len(CONFUSABLES) > 300
    for code, target in CONFUSABLES.items():
        assert target
        assert not any(ord(char) in CONFUSABLES for char in target), hex(code)


def test_the_key_of_a_key_is_itself_for_every_letter() -> None:
    for code in range(0x20000):
        key = username_key(f"x{chr(code)}y")
        assert username_key(key) == key, hex(code)


def test_the_table_agrees_with_the_source_it_was_made_from() -> None:
    source: dict[str, str] = shared_json("adversarial/names/unicode-confusables.json")
    for char, target in source.items():
        folded = unicodedata.normalize("NFKC", char).casefold()
        if char.isalpha() and char == folded and target.isalpha() and target.isascii():
            assert username_key(char) == username_key(target), hex(ord(char))


# ------------------------------------------------------------------ any text whatever

letters = st.sampled_from("abcilmo01IO._-__小明张三ひカ김あー\u0430\u0435\u043e\u0391\u03b1\u0301\u200bé")
names = st.one_of(st.text(letters, max_size=25), st.text(max_size=25), st.text(st.characters(codec=None), max_size=90))


@settings(max_examples=600, deadline=None)
@given(names)
def test_a_name_is_taken_on_as_it_stays_or_refused_with_a_known_reason(raw: str) -> None:
    try:
        name = check_username(raw)
    except ValueError as error:
        assert error.args[0] in REASONS
        return
    assert MIN_LENGTH <= len(name) <= MAX_LENGTH
    assert check_username(name) == name
    assert username_key(name) == username_key(raw)
    assert 0 < len(username_key(name)) < KEY_LENGTH, "a full key could be a cut one"
    name.encode()


@settings(max_examples=600, deadline=None)
@given(names)
def test_a_key_is_its_own_key_whatever_the_case(raw: str) -> None:
    key = username_key(raw)
    assert len(key) <= KEY_LENGTH
    assert username_key(key) == key
    if raw.isascii():
        assert username_key(raw.upper()) == username_key(raw.lower()) == key


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=50), st.from_regex(r"[a-z0-9-]{1,45}", fullmatch=True)))
def test_a_slug_is_taken_on_unchanged_or_refused_with_a_known_reason(raw: str) -> None:
    try:
        slug = check_slug(raw)
    except ValueError as error:
        assert error.args[0] in REASONS - {"mixed_script"}
        return
    assert slug == raw
    assert slug.isascii()


def test_naughty_strings_never_crash() -> None:
    for raw in shared_json("adversarial/strings/blns.json"):
        assert reason(raw) in REASONS | {None}
        assert slug_reason(raw) in REASONS | {None}
        assert len(username_key(raw)) <= KEY_LENGTH


# ------------------------------------------------------------------ slugs


@pytest.mark.parametrize("slug", ["abc", "my-circle", "a1b", "2026-fans", "x" * 40, "python", "ali"])
def test_plain_slugs_are_taken_on(slug: str) -> None:
    assert check_slug(slug) == slug


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "too_short"),
        ("ab", "too_short"),
        ("x" * 41, "too_long"),
        ("Abc", "charset"),
        ("a_b", "charset"),
        ("圈子a", "charset"),
        ("-abc", "charset"),
        ("abc-", "charset"),
        ("a--b", "charset"),
        ("12345", "charset"),
        ("abc\n", "charset"),
        ("\uff41bc", "charset"),
        ("admin", "reserved"),
        ("l0gin", "reserved"),
        ("log-in", "reserved"),
        ("well-known", "reserved"),
        ("sett1ngs", "reserved"),
    ],
)
def test_other_slugs_are_refused_with_a_reason(raw: str, why: str) -> None:
    assert slug_reason(raw) == why


def test_every_first_segment_of_the_site_is_reserved() -> None:
    segments = "api static media login signup logout settings notifications circles c ob healthz readyz metrics"
    segments += " admin about help terms privacy me new search manage assets favicon.ico robots.txt sitemap.xml"
    segments += " well-known feed rss invite join u user users share t p language demo www mail"
    assert set(segments.split()) <= RESERVED_SLUGS
    for segment in segments.split():
        assert slug_reason(segment) is not None, segment
