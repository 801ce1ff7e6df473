"""Setting text in pictures that the site draws: which characters there are, how wide they are, where lines may break.

The fonts are our own subset of Noto Sans SC (circle/assets/fonts) and what `CIRCLE_FONT_PATHS` adds for rare names. A
picture looks the same on every machine, because the machine's fonts are never asked.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ImageFont

from circle.config import SettingsError

FAMILY = "Noto Sans SC"
_ASSETS = Path(__file__).resolve().parent.parent / "assets" / "fonts"
REGULAR, BOLD = _ASSETS / "NotoSansSC-Regular.ttf", _ASSETS / "NotoSansSC-Bold.ttf"
#: em square of the measures
_EM = 1000
#: stands for one Chinese character that no font has, as in print
MISSING = "□"
#: stands for words of a script that no font has
ELLIPSIS = "…"
_LOST = "\ufffc"

#: never at the beginning of a line (GB/T 15834) ...
_CLOSING = frozenset("。，、；：？！…—～·・》】〉」』〕〗）］｝”’％‰℃°,.;:?!)]}%")
#: ... and never at its end
_OPENING = frozenset("《【〈「『〔〖（［｛“‘([{￥$")
#: what stays together: a word of an alphabet or number, a space, or one character of Chinese
_CLUSTER = re.compile(r"[A-Za-z0-9\u00c0-\u024f\u0370-\u052f\u0590-\u08ff'’_@#&+\-/.:]+| +|[\s\S]")

_extra: tuple[Path, ...] = ()


def configure(paths: Sequence[Path]) -> None:
    """Add fonts to our own. Called once by `create_app`; raises SettingsError for a file that is no font."""
    global _extra
    for path in paths:
        try:
            _characters_in(path)
        except ValueError as error:
            raise SettingsError(f"CIRCLE_FONT_PATHS: {error}") from None
    _extra = tuple(paths)
    _covered.cache_clear()
    _advance.cache_clear()


def font_files() -> list[str]:
    """The fonts to draw with, ours first."""
    return [str(path) for path in (REGULAR, BOLD, *_extra)]


# ---- which characters there are ------------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)
def _covered(char: str) -> bool:
    return any(ord(char) in _characters_in(path) for path in (REGULAR, *_extra))


def legible(text: str) -> str:
    """One line of `text` as far as it can be drawn: no emoji, no controls, signs for characters that are missing.

    Empty when nothing is left that says something.
    """
    shown: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char.isspace():
            shown.append(" ")
        elif unicodedata.category(char)[0] in "CM" or not _covered(char):
            shown.append(_instead_of(char))
        else:
            shown.append(char)
    line = re.sub(rf"{_LOST}(?:[ {_LOST}]*{_LOST})?", ELLIPSIS, "".join(shown))
    line = " ".join(line.split())
    return line if any(char.isalnum() for char in line) else ""


def _instead_of(char: str) -> str:
    """A mark, sign or control that cannot be drawn goes; a letter leaves a trace."""
    if not char.isalpha():
        return ""
    return MISSING if "CJK" in unicodedata.name(char, "") else _LOST


@cache
def _characters_in(path: Path) -> frozenset[int]:
    """The characters a font file maps, read from its `cmap` table. Raises ValueError."""
    try:
        with path.open("rb") as file:
            return frozenset(_mapped(file))
    except (OSError, struct.error, IndexError, ValueError) as error:
        raise ValueError(f"{path} is not a font that can be read: {error}") from error


def _mapped(file: BinaryIO) -> Iterator[int]:
    table = _table(file, b"cmap")
    best: tuple[int, int] | None = None
    for number in range(struct.unpack_from(">H", table, 2)[0]):
        _platform, _encoding, offset = struct.unpack_from(">HHL", table, 4 + 8 * number)
        form = struct.unpack_from(">H", table, offset)[0]
        if form in (4, 12) and (best is None or form > best[0]):
            best = (form, offset)
    if best is None:
        raise ValueError("it has no Unicode character map")
    form, offset = best
    yield from _format_12(table, offset) if form == 12 else _format_4(table, offset)


def _table(file: BinaryIO, wanted: bytes) -> bytes:
    start = 0
    if file.read(4) == b"ttcf":  # a collection: its first font
        file.seek(12)
        start = struct.unpack(">L", file.read(4))[0]
    file.seek(start + 4)
    count = struct.unpack(">H", file.read(2))[0]
    file.seek(start + 12)
    directory = file.read(16 * count)
    for number in range(count):
        tag, _sum, offset, length = struct.unpack_from(">4sLLL", directory, 16 * number)
        if tag == wanted:
            file.seek(offset)
            return file.read(length)
    raise ValueError(f"it has no {wanted.decode()} table")


def _format_12(table: bytes, offset: int) -> Iterator[int]:
    for number in range(struct.unpack_from(">L", table, offset + 12)[0]):
        first, last, _glyph = struct.unpack_from(">LLL", table, offset + 16 + 12 * number)
        if not first <= last <= 0x10FFFF:
            raise ValueError("its character map is damaged")
        yield from range(first, last + 1)


def _format_4(table: bytes, offset: int) -> Iterator[int]:
    size = struct.unpack_from(">H", table, offset + 6)[0]
    ends = struct.unpack_from(f">{size // 2}H", table, offset + 14)
    starts = struct.unpack_from(f">{size // 2}H", table, offset + 16 + size)
    for first, last in zip(starts, ends, strict=True):
        yield from range(first, min(last, 0xFFFE) + 1)


# ---- how wide it is ------------------------------------------------------------------------------------------------


@cache
def _measure(bold: bool) -> Any:
    return ImageFont.truetype(str(BOLD if bold else REGULAR), _EM, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=20_000)
def _advance(char: str, bold: bool) -> float:
    if ord(char) in _characters_in(REGULAR):
        return float(_measure(bold).getlength(char)) / _EM
    return 1.0 if unicodedata.east_asian_width(char) in "WF" else 0.7  # of an added font; wide enough for most letters


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is, in the unit of `size`."""
    return size * sum(_advance(char, bold) for char in text)


# ---- where lines break ---------------------------------------------------------------------------------------------


def wrap(text: str, size: float, room: float, lines: int, *, bold: bool = False) -> list[str]:
    """`text` (already `legible`) in at most `lines` lines of at most `room`; what does not fit ends with an ellipsis.

    A line neither begins with closing punctuation nor ends with an opening bracket (避头尾), and breaks between Chinese
    characters or at spaces; a word that is wider than a line is cut.
    """
    made: list[str] = []
    line = ""
    for cluster in _clusters(text, size, room, bold):
        if width((line + cluster).rstrip(), size, bold=bold) <= room:
            line += cluster if line else cluster.lstrip()
            continue
        made.append(line.rstrip())
        line = cluster.lstrip()
        if len(made) == lines:
            made[-1] = _cut(made[-1], size, room, bold)
            return made
    return [*made, line.rstrip()] if line.strip() else made


def _clusters(text: str, size: float, room: float, bold: bool) -> Iterator[str]:
    """What may not be torn apart, with the punctuation that belongs to it; never wider than `room`."""
    waiting = ""
    for piece in _CLUSTER.findall(text):
        opens = waiting and waiting[-1] in _OPENING
        if waiting and not opens and not (piece[0] in _CLOSING and not waiting.isspace()):
            yield from _fitting(waiting, size, room, bold)
            waiting = ""
        waiting += piece
    if waiting:
        yield from _fitting(waiting, size, room, bold)


def _fitting(cluster: str, size: float, room: float, bold: bool) -> Iterator[str]:
    part = ""
    for char in cluster:
        if part and width(part + char, size, bold=bold) > room:
            yield part
            part = ""
        part += char
    yield part


def _cut(line: str, size: float, room: float, bold: bool) -> str:
    while line and (
        width(line + ELLIPSIS, size, bold=bold) > room or line[-1] in _CLOSING | _OPENING or line[-1] == " "
    ):
        line = line[:-1]
    return line + ELLIPSIS
