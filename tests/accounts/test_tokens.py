"""Tokens are made from the row and the key, and from nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from circle.accounts import tokens

SEED = "ab" * 32


@pytest.fixture(autouse=True)
def key() -> Iterator[None]:
    before = tokens._secret
    tokens.configure("one key " * 5)
    yield
    tokens._secret = before


def test_the_same_row_gives_the_same_tokens_again() -> None:
    assert tokens.access_token(7, 3, SEED) == tokens.access_token(7, 3, SEED)
    assert tokens.refresh_token(7, 3, SEED) == tokens.refresh_token(7, 3, SEED)


def test_every_part_changes_the_token() -> None:
    made = {
        tokens.access_token(7, 3, SEED),
        tokens.access_token(8, 3, SEED),
        tokens.access_token(7, 4, SEED),
        tokens.access_token(7, 3, "cd" * 32),
        tokens.browser_token(7, SEED),
        tokens.refresh_token(7, 3, SEED)[16:],
    }
    assert len(made) == 6
    before = tokens.access_token(7, 3, SEED)
    tokens.configure("another key " * 5)
    assert tokens.access_token(7, 3, SEED) != before


def test_a_token_has_32_bytes_that_nobody_can_guess() -> None:
    token = tokens.access_token(7, 3, SEED)
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert len({tokens.new_seed() for _each in range(50)}) == 50


def test_a_refresh_token_names_its_session_and_generation() -> None:
    assert tokens.hint_of(tokens.refresh_token(2**62 + 5, 70_000, SEED)) == (2**62 + 5, 70_000)


@pytest.mark.parametrize(
    "wrong", ["", "a", "ä" * 59, "\ud800", "=" * 60, "a" * 58, "a" * 10_000, "\x00" * 59, "_" * 59]
)
def test_a_made_up_refresh_token_names_nothing(wrong: str) -> None:
    assert tokens.hint_of(wrong) is None
    assert not tokens.same(wrong, "other")
    assert len(tokens.sha256(wrong)) == 64
