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
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    yield Piece("same", before[:start])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    olds, news = _SENTENCE.findall(old), _SENTENCE.findall(new)
    if max(len(olds), len(news)) > _MOST:
        olds, news = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, went, came in _matched(olds, news):
        yield from [Piece("same", went)] if kind == "same" else _fine(went, came)
    yield Piece("same", before[len(before) - end :])


def _fine(went: str, came: str) -> Iterator[Piece]:
    for kind, old, new in _matched(_WORD.findall(went), _WORD.findall(came)):
        if kind == "same":
            yield Piece("same", old)
        else:
            yield Piece("del", old)
            yield Piece("ins", new)


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


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
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
