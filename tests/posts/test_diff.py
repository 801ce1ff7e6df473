"""What changed between two texts."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circle.posts.diff import FOLD, Piece, compare, folded

WORDS = st.text(alphabet="雾走了三五公里。，！\n ab词x1", max_size=60)


@given(WORDS, WORDS)
def test_the_pieces_make_both_texts_again(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "ins") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "del") == after
    assert all(piece.text for piece in pieces)
    assert all(one.kind != other.kind for one, other in itertools.pairwise(pieces))


def test_chinese_is_compared_by_character_and_other_scripts_by_word() -> None:
    assert compare("今天有雾。", "今天有大雾。") == [Piece("same", "今天有"), Piece("ins", "大"), Piece("same", "雾。")]
    assert compare("a quick walk", "a slow walk") == [
        Piece("same", "a "), Piece("del", "quick"), Piece("ins", "slow"), Piece("same", " walk"),
    ]  # fmt: skip


def test_a_sentence_that_is_added_stands_whole() -> None:
    assert compare("有人等。", "有人等。\n\n回家睡了。") == [Piece("same", "有人等。"), Piece("ins", "\n\n回家睡了。")]


def test_what_has_nothing_in_common_is_not_marked_letter_by_letter() -> None:
    assert [piece.kind for piece in compare("春眠不觉晓处处闻啼鸟", "白日依山尽黄河入海流")] == ["del", "ins"]


def test_long_unchanged_stretches_are_left_out_around_the_changes() -> None:
    long = "".join(chr(0x4E00 + number) for number in range(3 * FOLD)) + "。"
    shown = folded(compare(long + "甲。" + long, long + "乙。" + long))
    assert [piece.kind for piece in shown if not piece.gap] == ["same", "del", "ins", "same"]
    assert [piece.gap for piece in shown].count(True) == 2
    assert sum(len(piece.text) for piece in shown) < FOLD
    assert folded(compare("早安。", "早。")) == compare("早安。", "早。")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("alphabet", ["a。", "的了是在", "ab。\n", "。", "abcdefghij ", "一二三四五六七八九十。"])
def test_no_two_texts_take_long(alphabet: str, seed: int) -> None:
    choice = random.Random(seed)
    length = [10_000, 3_000, 1_100, 590][seed]
    before, after = ("".join(choice.choice(alphabet) for _one in range(length)) for _text in range(2))
    start = time.perf_counter()
    pieces = compare(before, after)
    assert time.perf_counter() - start < 2
    assert "".join(piece.text for piece in pieces if piece.kind != "del") == after
