"""The order of answers as a pure function: the vectors of the specification, and the laws it keeps (§6)."""

from __future__ import annotations

from math import floor, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circle.qa.ranking import wilson

Z = 1.281551565545
counts = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("up", "down", "score"),
    [
        (1, 0, 378447), (2, 0, 549092), (5, 1, 574671), (10, 0, 858931), (10, 1, 739494), (100, 10, 867689),
        (1, 1, 164251), (0, 5, 0), (0, 0, 0),
    ],
)  # fmt: skip
def test_the_vectors_of_the_specification(up: int, down: int, score: int) -> None:
    assert wilson(up, down) == score


@given(counts, counts)
def test_one_more_who_finds_it_helpful_never_lowers_it(up: int, down: int) -> None:
    assert wilson(up + 1, down) >= wilson(up, down)


@given(counts, counts)
def test_one_more_who_does_not_never_raises_it(up: int, down: int) -> None:
    assert wilson(up, down + 1) <= wilson(up, down)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_it_stays_between_nothing_and_all(up: int, down: int) -> None:
    assert 0 <= wilson(up, down) <= 1_000_000


@given(counts, counts)
def test_it_is_the_formula_to_the_last_digit_but_one(up: int, down: int) -> None:
    n = up + down
    if n:
        p = up / n
        bound = (p + Z * Z / (2 * n) - Z * sqrt((p * (1 - p) + Z * Z / (4 * n)) / n)) / (1 + Z * Z / n)
        assert abs(wilson(up, down) - floor(1e6 * bound)) <= 1


@given(st.integers(1, 500), st.integers(0, 500))
def test_more_voters_of_one_mind_tell_more(up: int, down: int) -> None:
    if up > down:
        assert wilson(2 * up, 2 * down) >= wilson(up, down)
