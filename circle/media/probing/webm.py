"""WebM (EBML): what browsers record. Its header says no duration then, so it is read off the blocks themselves.

The file is walked flat: an element is either entered, read, or stepped over, so nothing nests deeper than the code
below. Tags, attachments and what is unknown become `Void`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from circle.media.probing.reader import MediaRefused, Patch, Probed, Reader, blank, check_duration, wave_of

_DOCTYPE = 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SEEK_HEAD, _CUES, _VOID, _CRC = 0x114D9B74, 0x1C53BB6B, 0xEC, 0xBF
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_ENTRY, _NUMBER, _CODEC, _VIDEO, _WIDTH, _HEIGHT = 0xAE, 0xD7, 0x86, 0xE0, 0xB0, 0xBA
_DEFAULT_DURATION = 0x23E383
_TIMESTAMP, _SIMPLE_BLOCK, _GROUP, _BLOCK, _BLOCK_DURATION = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_POSITION, _PREV_SIZE = 0xA7, 0xAB
#: ReferenceBlock, DiscardPadding, BlockAdditions
_IN_GROUP = {0xFB, 0x75A2, 0x75A1}
_CODECS = {b"V_VP8": "video", b"V_VP9": "video", b"V_AV1": "video", b"A_OPUS": "audio", b"A_VORBIS": "audio"}
_MAX_EDGE = 16_384
_MAX_TRACKS = 16


@dataclass(frozen=True)
class Element:
    id: int
    start: int
    body: int
    end: int
    #: the size is not known (streams): it ends somewhere before `end`
    open: bool = False


@dataclass
class _Track:
    codec: str = ""
    size: tuple[int, int] = (0, 0)
    #: nanoseconds of one block
    each: int = 0
    packets: list[int] = field(default_factory=list)


@dataclass
class _Film:
    scale: int = 1_000_000
    tracks: dict[int, _Track] = field(default_factory=dict)
    patches: list[Patch] = field(default_factory=list)
    cluster: int = 0
    first: int | None = None
    last: int = 0
    #: nanoseconds after `last`
    tail: int = 0


def probe_webm(reader: Reader) -> Probed:
    """Judge a WebM file. Raises MediaRefused."""
    header = _element(reader, 0, reader.size)
    if header.open or header.end - header.body > 4096:
        raise MediaRefused("broken")
    kinds = {child.id: child for child in _inside(reader, header)}
    name = _bytes(reader, kinds[_DOCTYPE], 16).rstrip(b"\0") if _DOCTYPE in kinds else b""
    if name != b"webm":
        raise MediaRefused("codec", "video")
    film = _read(reader, header.end)
    video = [track for track in film.tracks.values() if track.codec == "video"]
    audio = [track for track in film.tracks.values() if track.codec == "audio"]
    if film.first is None:
        raise MediaRefused("broken")
    counted = ((film.last - film.first) * film.scale + film.tail) // 1_000_000
    if video:
        width, height = video[0].size
        if not (1 <= width <= _MAX_EDGE and 1 <= height <= _MAX_EDGE):
            raise MediaRefused("broken", "video")
        duration = check_duration(max(counted, 1), "video")
        return Probed("video", "video/webm", width, height, duration, patches=tuple(film.patches))
    duration = check_duration(max(counted, 1), "audio")
    return Probed(
        "audio", "audio/webm", duration_ms=duration, wave=wave_of(audio[0].packets), patches=tuple(film.patches)
    )


def _element(reader: Reader, position: int, limit: int) -> Element:
    """The element at `position`; what says it is longer than what it lies in is damaged."""
    head = reader.up_to(position, min(12, limit - position))
    if not head or not head[0] >> 4:  # ids have one to four bytes
        raise MediaRefused("broken")
    length = 9 - head[0].bit_length()
    if len(head) <= length or not head[length]:
        raise MediaRefused("broken")
    width = 9 - head[length].bit_length()
    if len(head) < length + width:
        raise MediaRefused("broken")
    size = int.from_bytes(head[length : length + width]) & ((1 << 7 * width) - 1)
    body = position + length + width
    if size == (1 << 7 * width) - 1:
        return Element(int.from_bytes(head[:length]), position, body, limit, open=True)
    if body + size > limit:
        raise MediaRefused("broken")
    return Element(int.from_bytes(head[:length]), position, body, body + size)


def _inside(reader: Reader, parent: Element) -> Iterator[Element]:
    position = parent.body
    while position < parent.end:
        element = _element(reader, position, parent.end)
        if element.open:
            raise MediaRefused("broken")
        yield element
        position = element.end


def _bytes(reader: Reader, element: Element, most: int) -> bytes:
    if element.open or element.end - element.body > most:
        raise MediaRefused("broken")
    return reader.at(element.body, element.end - element.body)


def _number(reader: Reader, element: Element) -> int:
    return int.from_bytes(_bytes(reader, element, 8))


def _read(reader: Reader, position: int) -> _Film:
    """Walk over segment and clusters as if they were one list; each element is at one level only."""
    film = _Film()
    segments = 0
    while position < reader.size:
        try:
            element = _element(reader, position, reader.size)
        except MediaRefused:
            if film.first is None or position + 12 < reader.size:
                raise
            break  # some recorders stop in the middle of the last element's head
        if element.id == _SEGMENT:
            segments += 1
            if segments > 1:
                raise MediaRefused("broken")
        if element.id in {_SEGMENT, _CLUSTER, _GROUP}:
            position = element.body
            continue
        if element.open:
            raise MediaRefused("broken")
        _take(reader, element, film)
        position = element.end
    if not segments:
        raise MediaRefused("broken")
    return film


def _take(reader: Reader, element: Element, film: _Film) -> None:
    if element.id == _TIMESTAMP:
        film.cluster = _number(reader, element)
    elif element.id in {_SIMPLE_BLOCK, _BLOCK}:
        _take_block(reader, element, film)
    elif element.id == _BLOCK_DURATION:
        film.tail = max(film.tail, _number(reader, element) * film.scale)
    elif element.id == _INFO:
        for child in _inside(reader, element):
            if child.id == _SCALE:
                film.scale = _number(reader, child)
            elif child.id not in {_DURATION, 0x4D80, 0x5741, _VOID}:  # the two names of the writing programs
                blank(film.patches, _void(child))
        if not 1 <= film.scale <= 1_000_000_000:
            raise MediaRefused("broken")
    elif element.id == _TRACKS:
        for child in _inside(reader, element):
            if child.id == _ENTRY:
                _take_track(reader, child, film)
    elif element.id not in {_SEEK_HEAD, _CUES, _CRC, _POSITION, _PREV_SIZE, *_IN_GROUP}:
        blank(film.patches, _void(element))


def _take_track(reader: Reader, entry: Element, film: _Film) -> None:
    track = _Track()
    number = 0
    for child in _inside(reader, entry):
        if child.id == _NUMBER:
            number = _number(reader, child)
        elif child.id == _CODEC:
            track.codec = _CODECS.get(_bytes(reader, child, 64).rstrip(b"\0"), "")
        elif child.id == _DEFAULT_DURATION:
            track.each = _number(reader, child)
        elif child.id == _VIDEO:
            sides = {part.id: _number(reader, part) for part in _inside(reader, child) if part.id in {_WIDTH, _HEIGHT}}
            track.size = (sides.get(_WIDTH, 0), sides.get(_HEIGHT, 0))
    if not track.codec or len(film.tracks) == _MAX_TRACKS:
        raise MediaRefused("codec", "video")
    film.tracks[number] = track


def _take_block(reader: Reader, block: Element, film: _Film) -> None:
    head = reader.at(block.body, min(4, block.end - block.body))
    if len(head) < 4 or not head[0] & 0x80:  # only 127 tracks are told apart, which no film has
        raise MediaRefused("broken")
    track = film.tracks.get(head[0] & 0x7F)
    if track is None:
        raise MediaRefused("broken")
    time = film.cluster + struct.unpack(">h", head[1:3])[0]
    film.first = time if film.first is None else min(film.first, time)
    if time >= film.last:
        film.last, film.tail = time, min(track.each, 1_000_000_000)
    if track.codec == "audio":
        track.packets.append(block.end - block.body)


def _void(element: Element) -> Patch:
    """The element as free space of the same length."""
    length = element.end - element.start
    if length <= 128:
        return Patch(element.start, length, bytes((_VOID, 0x80 | (length - 2))))
    return Patch(element.start, length, bytes((_VOID, 0x01)) + (length - 9).to_bytes(7))
