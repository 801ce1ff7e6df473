"""MP4, M4A, MOV and 3GP (ISO base media): tracks, duration, size, and every place where metadata can hide.

What is kept is a list, not what is thrown away: of the boxes at each level only those that playing needs stay, all
others become `free` boxes full of zeros. So the place where a video was made (`udta`/`©xyz`, `meta`, `uuid`) does not
survive, nor do tracks that are neither picture nor sound: action cameras and drones write their path into those.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from circle.media.probing.reader import (
    MAX_READ,
    Kind,
    MediaRefused,
    Patch,
    Probed,
    Reader,
    blank,
    check_duration,
    wave_of,
)

_KEPT_AT_TOP = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"mfra", b"pdin", b"prft"}
_KEPT = {
    b"moov": {b"mvhd", b"trak", b"mvex", b"iods"},
    b"trak": {b"tkhd", b"edts", b"mdia", b"tapt"},
    b"mdia": {b"mdhd", b"hdlr", b"elng", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"hdlr", b"dinf", b"stbl"},
    b"stbl": {
        b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps", b"sdtp",
        b"sgpd", b"sbgp", b"subs",
    },
    b"mvex": {b"mehd", b"trex", b"leva"},
    b"edts": {b"elst"},
    b"moof": {b"mfhd", b"traf"},
    b"traf": {b"tfhd", b"tfdt", b"trun", b"sdtp", b"sgpd", b"sbgp", b"subs"},
}  # fmt: skip
_VIDEO_CODECS = {b"avc1", b"avc3", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"av01", b"vp08", b"vp09"}
_AUDIO_CODECS = {b"mp4a", b"Opus", b"alac", b"fLaC", b".mp3", b"ac-3", b"ec-3", b"samr", b"sawb", b"sowt", b"twos",
                 b"lpcm", b"ipcm"}  # fmt: skip
#: pictures whose container is the same; they are no video
_STILL = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}
_MAX_EDGE = 16_384
_MAX_TRACKS = 64
_MAX_SPANS = 20_000


@dataclass(frozen=True)
class Box:
    kind: bytes
    start: int
    body: int
    end: int


@dataclass
class Track:
    box: Box
    id: int = 0
    handler: bytes = b""
    codec: bytes = b""
    scale: int = 0
    size: tuple[int, int] = (0, 0)
    coded: tuple[int, int] = (0, 0)
    #: by the table of samples, in units of `scale`; fragments add to it
    ticks: int = 0
    #: by the edit list, in units of the movie
    edited: int = 0
    sizes: list[Sequence[int]] = field(default_factory=list)
    tables: dict[bytes, Box] = field(default_factory=dict)
    default_ticks: int = 0
    default_size: int = 0


@dataclass
class _Movie:
    scale: int = 0
    tracks: list[Track] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    fragmented: bool = False


def probe_mp4(reader: Reader) -> Probed:
    """Judge an ISO base media file. Raises MediaRefused."""
    if reader.head[8:12] in _STILL:
        raise MediaRefused("type")
    movie = _read(reader)
    pictures = [track for track in movie.tracks if track.handler == b"vide" and track.codec in _VIDEO_CODECS]
    sounds = [track for track in movie.tracks if track.handler == b"soun" and track.codec in _AUDIO_CODECS]
    if not pictures and not sounds:
        raise MediaRefused("codec" if movie.tracks else "broken", "video")
    kind: Kind = "video" if pictures else "audio"
    for track in movie.tracks:
        if track not in pictures and track not in sounds:
            if movie.fragmented:
                raise MediaRefused("codec", kind)  # its samples lie among the others; no recorder makes such a file
            movie.patches += _without(reader, track)
    duration = check_duration(max(_milliseconds(track, movie.scale) for track in (*pictures, *sounds)), kind)
    wave = wave_of([size for part in sounds[0].sizes for size in part]) if sounds and kind == "audio" else ""
    patches = tuple(movie.patches)
    if kind == "audio":
        return Probed("audio", "audio/mp4", duration_ms=duration, wave=wave, patches=patches)
    width, height = pictures[0].size if all(pictures[0].size) else pictures[0].coded
    if not (1 <= width <= _MAX_EDGE and 1 <= height <= _MAX_EDGE):
        raise MediaRefused("broken", "video")
    # QuickTime's own type plays in Safari only, the same bytes under this one nearly everywhere
    return Probed("video", "video/mp4", width, height, duration, patches=patches)


def _boxes(reader: Reader, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie side by side between two positions. QuickTime may end a list with four zero bytes."""
    position = start
    while end - position >= 8:
        head = reader.at(position, 8)
        size, body = int.from_bytes(head[:4]), position + 8
        if size == 1:
            size, body = reader.number(body, 8), body + 8
        elif size == 0:
            size = end - position
        if size < body - position or position + size > end:
            raise MediaRefused("broken")
        yield Box(head[4:], position, body, position + size)
        position += size


def _children(reader: Reader, box: Box, movie: _Movie) -> Iterator[Box]:
    """The boxes inside that playing needs; all others are noted to be blanked."""
    for child in _boxes(reader, box.body, box.end):
        if child.kind in _KEPT[box.kind]:
            yield child
        else:
            blank(movie.patches, _free(child))


def _free(box: Box) -> Patch:
    """The box as free space: its size stays (in either spelling), its name and content go."""
    head = (1).to_bytes(4) + b"free" + (box.end - box.start).to_bytes(8)
    if box.body - box.start == 8:
        head = min(box.end - box.start, 0xFFFFFFFF).to_bytes(4) + b"free"
    return Patch(box.start, box.end - box.start, head)


def _read(reader: Reader) -> _Movie:
    movie = _Movie()
    seen: set[bytes] = set()
    position = 0
    try:
        for box in _boxes(reader, 0, reader.size):
            seen.add(box.kind)
            position = box.end
            if box.kind == b"moov":
                if movie.tracks:
                    raise MediaRefused("broken")
                _read_moov(reader, box, movie)
            elif box.kind == b"moof":
                movie.fragmented = True
                _read_moof(reader, box, movie)
            elif box.kind not in _KEPT_AT_TOP:
                blank(movie.patches, _free(box))
    except MediaRefused:
        # telephones append notes of their own behind the film; whatever cannot be read there is not kept
        rest = reader.size - position
        if not (b"moov" in seen and seen & {b"mdat", b"moof"} and rest >= 8):
            raise
        if reader.at(position + 4, 4) in _KEPT_AT_TOP:
            raise  # the film itself is cut off or damaged
        blank(movie.patches, _free(Box(b"", position, position + 8, reader.size)))
    if b"moov" not in seen or not seen & {b"mdat", b"moof"}:
        raise MediaRefused("broken")
    return movie


def _read_moov(reader: Reader, moov: Box, movie: _Movie) -> None:
    defaults: dict[int, tuple[int, int]] = {}
    for box in _children(reader, moov, movie):
        if box.kind == b"mvhd":
            movie.scale = reader.number(box.body + (20 if reader.at(box.body, 1) == b"\x01" else 12), 4)
        elif box.kind == b"trak":
            if len(movie.tracks) == _MAX_TRACKS:
                raise MediaRefused("broken")
            movie.tracks.append(_read_track(reader, box, movie))
        elif box.kind == b"mvex":
            for trex in _children(reader, box, movie):
                if trex.kind == b"trex":
                    ids = struct.unpack(">IIIII", reader.at(trex.body + 4, 20))
                    defaults[ids[0]] = (ids[2], ids[3])
    for track in movie.tracks:
        track.default_ticks, track.default_size = defaults.get(track.id, (0, 0))


def _read_track(reader: Reader, trak: Box, movie: _Movie) -> Track:
    track = Track(box=trak)
    for box in _children(reader, trak, movie):
        if box.kind == b"tkhd":
            late = 12 if reader.at(box.body, 1) == b"\x01" else 0
            track.id = reader.number(box.body + 12 + late * 2 // 3, 4)
            matrix = struct.unpack(">9i", reader.at(box.body + 40 + late, 36))
            width, height = struct.unpack(">II", reader.at(box.body + 76 + late, 8))
            turned = matrix[0] == 0 and matrix[4] == 0
            track.size = (height >> 16, width >> 16) if turned else (width >> 16, height >> 16)
        elif box.kind == b"edts":
            track.edited = sum(_edits(reader, edit) for edit in _children(reader, box, movie))
        elif box.kind == b"mdia":
            _read_media(reader, box, movie, track)
    if track.handler not in {b"vide", b"soun"}:
        return track
    entry = track.tables.get(b"stsd")
    if entry is not None and reader.number(entry.body + 4, 4) >= 1:
        track.codec = reader.at(entry.body + 12, 4)
        if track.handler == b"vide":
            width, height = struct.unpack(">HH", reader.at(entry.body + 8 + 32, 4))
            track.coded = (width, height)
    if (times := track.tables.get(b"stts")) is not None:
        pairs = _table(reader, times, "I", 2)
        track.ticks = sum(count * delta for count, delta in zip(pairs[::2], pairs[1::2], strict=True))
    if track.handler == b"soun":
        track.sizes.append(_sample_sizes(reader, track)[1])
    return track


def _read_media(reader: Reader, mdia: Box, movie: _Movie, track: Track) -> None:
    for box in _children(reader, mdia, movie):
        if box.kind == b"mdhd":
            track.scale = reader.number(box.body + (20 if reader.at(box.body, 1) == b"\x01" else 12), 4)
        elif box.kind == b"hdlr":
            track.handler = reader.at(box.body + 8, 4)
        elif box.kind == b"minf":
            for part in _children(reader, box, movie):
                if part.kind == b"stbl":
                    track.tables = {table.kind: table for table in _children(reader, part, movie)}


def _edits(reader: Reader, box: Box) -> int:
    wide = reader.at(box.body, 1) == b"\x01"
    count, step = reader.number(box.body + 4, 4), 20 if wide else 12
    if count > 1000:
        raise MediaRefused("broken")
    return sum(reader.number(box.body + 8 + step * number, 8 if wide else 4) for number in range(count))


def _table(reader: Reader, box: Box, kind: str, columns: int, at: int = 4) -> array[int]:
    """The numbers of a table box, behind their count."""
    count = reader.number(box.body + at, 4) * columns
    numbers = array(kind)
    start = box.body + at + 4
    if count * numbers.itemsize > min(MAX_READ, box.end - start):
        raise MediaRefused("broken")
    numbers.frombytes(reader.at(start, count * numbers.itemsize))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _sample_sizes(reader: Reader, track: Track) -> tuple[int, Sequence[int]]:
    """The size that all samples have, or 0 and the size of each."""
    box = track.tables.get(b"stsz")
    if box is None:
        return 0, ()
    if same := reader.number(box.body + 4, 4):
        return same, ()
    return 0, _table(reader, box, "I", 1, at=8)


# ---- fragments: what browsers record ------------------------------------------------------------------------------


def _read_moof(reader: Reader, moof: Box, movie: _Movie) -> None:
    tracks = {track.id: track for track in movie.tracks}
    for traf in _children(reader, moof, movie):
        if traf.kind != b"traf":
            continue
        track: Track | None = None
        ticks = size = 0
        for box in _children(reader, traf, movie):
            if box.kind == b"tfhd":
                flags = reader.number(box.body + 1, 3)
                track = tracks.get(reader.number(box.body + 4, 4))
                if track is None:
                    raise MediaRefused("broken")
                at = box.body + 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
                ticks, size = track.default_ticks, track.default_size
                if flags & 8:
                    ticks, at = reader.number(at, 4), at + 4
                if flags & 16:
                    size = reader.number(at, 4)
            elif box.kind == b"trun" and track is not None:
                _read_run(reader, box, track, ticks, size)


def _read_run(reader: Reader, box: Box, track: Track, ticks: int, size: int) -> None:
    flags, count = reader.number(box.body + 1, 3), reader.number(box.body + 4, 4)
    at = box.body + 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if not columns:
        track.ticks += count * ticks
        return
    if count * len(columns) * 4 > min(MAX_READ, box.end - at):
        raise MediaRefused("broken")
    numbers = array("I")
    numbers.frombytes(reader.at(at, count * len(columns) * 4))
    if sys.byteorder == "little":
        numbers.byteswap()
    step = len(columns)
    track.ticks += sum(numbers[columns.index(0x100) :: step]) if 0x100 in columns else count * ticks
    if track.handler == b"soun":
        track.sizes.append(numbers[columns.index(0x200) :: step] if 0x200 in columns else [size] * min(count, 1000))


# ---- durations, and tracks that are left out ----------------------------------------------------------------------


def _milliseconds(track: Track, movie_scale: int) -> int:
    if track.edited and movie_scale:
        return track.edited * 1000 // movie_scale
    return track.ticks * 1000 // track.scale if track.scale else 0


def _without(reader: Reader, track: Track) -> list[Patch]:
    """The patches that take out a track with all its samples."""
    patches = [_free(track.box)]
    chunks = track.tables.get(b"co64") or track.tables.get(b"stco")
    runs = track.tables.get(b"stsc")
    if chunks is None or runs is None:
        return patches
    offsets = _table(reader, chunks, "Q" if chunks.kind == b"co64" else "I", 1)
    table = _table(reader, runs, "I", 3)
    same, sizes = _sample_sizes(reader, track)
    if not len(offsets):
        return patches
    if (not same and not len(sizes)) or len(offsets) > _MAX_SPANS:
        raise MediaRefused("codec", "video")  # it cannot be told where its samples lie, or they are too scattered
    sample = 0
    entry = 0
    for number, offset in enumerate(offsets, 1):
        while (entry + 1) * 3 < len(table) and table[(entry + 1) * 3] <= number:
            entry += 1
        per_chunk = table[entry * 3 + 1] if len(table) else 0
        length = same * per_chunk if same else sum(sizes[sample : sample + per_chunk])
        sample += per_chunk
        if offset + length > reader.size:
            raise MediaRefused("broken", "video")
        if length:
            patches.append(Patch(offset, length))
    return patches
