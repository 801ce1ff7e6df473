"""What changed between two texts, as pieces that a page can mark. Pure, and quick for any two texts.

Chinese has no spaces, so the unit is the character there and the word elsewhere. Comparing is done coarsely first, by
sentence, and finely only inside what changed: comparing two long texts by character takes minutes when they are made
for that. What is too different to compare finely is shown as a whole that went and a whole that came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "del", "ins"]

#: a run of letters and digits of alphabets that have words, or spaces, or one character
_WORD = re.compile(r"[A-Za-z0-9_\u00c0-\u024f\u0370-\u052f]+|[^\S\n]+|[\s\S]")
_SENTENCE = re.compile(r"[^\n。！？!?；;]*[\n。！？!?；;]+|[^\n。！？!?；;]+")
#: most units that are compared with each other at once
_MOST = 600
#: unchanged text longer than this is folded around its changes
FOLD = 120
_CONTEXT = 40


@dataclass(frozen=True)
class Piece:
    """Some text that stayed (same), went (del) or came (ins). `gap` stands for unchanged text that is left out."""

    kind: Kind
    text: str
    gap: bool = False


def compare(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order; joining all but `ins` gives `before`, all but `del` `after`."""
    return _joined(_coarse(before, after))


def folded(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with long unchanged stretches left out, but for a little around each change."""
    shown: list[Piece] = []
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        if piece.kind != "same" or len(piece.text) <= FOLD:
            shown.append(piece)
            continue
        if number > 0:
            shown.append(Piece("same", piece.text[:_CONTEXT]))
        shown.append(Piece("same", "…", gap=True))
        if number < last:
            shown.append(Piece("same", piece.text[-_CONTEXT:]))
    return shown


def _coarse(before: str, after: str) -> Iterator[Piece]:
    olds, news = _SENTENCE.findall(before), _SENTENCE.findall(after)
    start = _common(olds, news)
    end = _common(olds[start:][::-1], news[start:][::-1])
    yield Piece("same", "".join(olds[:start]))
    yield from _middle(olds[start : len(olds) - end], news[start : len(news) - end])
    yield Piece("same", "".join(olds[len(olds) - end :]))


def _middle(olds: Sequence[str], news: Sequence[str]) -> Iterator[Piece]:
    if max(len(olds), len(news)) > _MOST:
        olds, news = ("".join(part).splitlines(keepends=True) for part in (olds, news))
    for kind, went, came in _matched(olds, news):
        yield from [Piece("same", went)] if kind == "same" else _fine(went, came)


def _fine(went: str, came: str) -> Iterator[Piece]:
    olds, news = _WORD.findall(went), _WORD.findall(came)
    start = end = 0
    if max(len(olds), len(news)) > _MOST:  # a small change in a sentence without end
        start = _common(olds, news)
        end = _common(olds[start:][::-1], news[start:][::-1])
    yield Piece("same", "".join(olds[:start]))
    for kind, old, new in _matched(olds[start : len(olds) - end], news[start : len(news) - end]):
        if kind == "same":
            yield Piece("same", old)
        else:
            yield Piece("del", old)
            yield Piece("ins", new)
    yield Piece("same", "".join(olds[len(olds) - end :]))


def _matched(olds: Sequence[str], news: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(same or changed, old text, new text) for each stretch; all is changed where there is too much to compare."""
    if not olds or not news or max(len(olds), len(news)) > _MOST:
        yield "changed", "".join(olds), "".join(news)
        return
    matcher = SequenceMatcher(None, olds, news)
    # hardly anything in common: marks all over the place are harder to read than two texts
    alike = matcher.quick_ratio() > 0.2
    for tag, a, b, c, d in matcher.get_opcodes() if alike else [("replace", 0, len(olds), 0, len(news))]:
        yield "same" if tag == "equal" else "changed", "".join(olds[a:b]), "".join(news[c:d])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many units both begin with."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbours of a kind as one piece: first what went, then what came."""
    joined: list[Piece] = []
    went = came = ""
    for piece in pieces:
        if piece.kind == "del":
            went += piece.text
        elif piece.kind == "ins":
            came += piece.text
        elif piece.text:
            joined += _changes(went, came)
            went = came = ""
            if joined and joined[-1].kind == "same":
                joined[-1] = Piece("same", joined[-1].text + piece.text)
            else:
                joined.append(piece)
    return [*joined, *_changes(went, came)]


def _changes(went: str, came: str) -> list[Piece]:
    made = [Piece("del", went), Piece("ins", came)]
    return [piece for piece in made if piece.text]
