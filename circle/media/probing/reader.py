"""Bounded reading of a stranger's file, and what reading it found."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import BinaryIO, Literal

from circle.media.probing.limits import LONGEST_MS

Kind = Literal["audio", "video", "file"]
RefusalCode = Literal["empty", "type", "broken", "codec", "too_long", "too_large", "text", "macros", "program"]

#: the most that is read at a time
MAX_READ = 4 * 1024 * 1024
#: five minutes of film and sound in small pieces need half of it
_STEPS = 300_000
_MAX_PATCHES = 20_000
_WAVE_STEPS = 48


class MediaRefused(ValueError):
    """This file is not taken; `code` says why and `kind` what it was going to be, for the sentence."""

    def __init__(self, code: RefusalCode, kind: Kind | None = None) -> None:
        super().__init__(code)
        self.code: RefusalCode = code
        self.kind = kind


@dataclass(frozen=True)
class Patch:
    """A place that is stored differently: `head`, then zeros, `length` bytes in all."""

    start: int
    length: int
    head: bytes = b""


def blank(patches: list[Patch], patch: Patch) -> None:
    """Note one more place to be overwritten. Raises MediaRefused when there are more than any camera makes."""
    if len(patches) == _MAX_PATCHES:
        raise MediaRefused("broken")
    patches.append(patch)


@dataclass(frozen=True)
class Probed:
    """A file that may be stored."""

    kind: Kind
    mime: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    wave: str = ""
    #: metadata to be overwritten in the copy that is kept
    patches: tuple[Patch, ...] = ()


@dataclass
class Reader:
    """Random access to an open file of `size` bytes. Raises MediaRefused where it ends too early or never ends."""

    file: BinaryIO
    size: int
    head: bytes = field(init=False)
    _steps: int = 0

    def __post_init__(self) -> None:
        self.file.seek(0)
        self.head = self.file.read(4096)

    def at(self, position: int, length: int) -> bytes:
        """Exactly `length` bytes from `position`."""
        if length > MAX_READ or position < 0 or position + length > self.size:
            raise MediaRefused("broken")
        data = self.up_to(position, length)
        if len(data) < length:
            raise MediaRefused("broken")
        return data

    def up_to(self, position: int, length: int) -> bytes:
        """At most `length` bytes from `position`, fewer at the end."""
        self._steps += 1
        if self._steps > _STEPS:
            raise MediaRefused("broken")
        self.file.seek(position)
        return self.file.read(min(length, MAX_READ))

    def number(self, position: int, length: int) -> int:
        """The big-endian number at `position`."""
        return int.from_bytes(self.at(position, length))


class PatchedFile(io.RawIOBase):
    """An open file as it will be stored: the original with its patches. Reading it copies nothing."""

    def __init__(self, file: BinaryIO, size: int, patches: Sequence[Patch]) -> None:
        self._file, self._size = file, size
        self._patches = sorted(patches, key=lambda patch: patch.start)
        # where the patches up to each one end at most: what ends before a block need not be looked at for it
        self._ends = list(accumulate((patch.start + patch.length for patch in self._patches), max))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        self._file.seek(self._position)
        data = bytearray(self._file.read(min(len(view), max(0, self._size - self._position))))
        begin, end = self._position, self._position + len(data)
        for patch in self._patches[bisect_right(self._ends, begin) :]:
            if patch.start >= end:
                break
            low, high = max(begin, patch.start), min(end, patch.start + patch.length)
            if low < high:
                piece = patch.head[low - patch.start : high - patch.start]
                data[low - begin : high - begin] = piece + bytes(high - low - len(piece))
        view[: len(data)] = data
        self._position = end
        return len(data)


def check_duration(milliseconds: int, kind: Kind) -> int:
    """The duration, if it is one that is taken. Raises MediaRefused too_long or broken."""
    if milliseconds <= 0:
        raise MediaRefused("broken", kind)
    if milliseconds > LONGEST_MS + 999:  # recorders stop a little after the full minute
        raise MediaRefused("too_long", kind)
    return milliseconds


def wave_of(loudness: Sequence[float]) -> str:
    """Up to 48 digits 0..9 that rise and fall with the loudness; empty where it stays the same throughout.

    The sizes of compressed packets serve as loudness: encoders spend more bits on sound than on silence.
    """
    if len(loudness) < 2:
        return ""
    steps = min(_WAVE_STEPS, len(loudness))
    bounds = [len(loudness) * step // steps for step in range(steps + 1)]
    means = [sum(loudness[a:b]) / (b - a) for a, b in pairwise(bounds)]
    low, high = min(means), max(means)
    if high <= 0 or high - low < high * 0.02:
        return ""
    return "".join(str(round(9 * (mean - low) / (high - low))) for mean in means)
