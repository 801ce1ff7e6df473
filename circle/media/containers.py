"""The structure of an uploaded picture: size, frames, orientation, colour profile, and a copy without metadata.

These readers see hostile bytes and are our own code, so they check every length instead of catching. Pillow only ever
gets the copy (see images.py).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

RefusalCode = Literal["empty", "too_large", "type", "broken", "too_many_pixels"]

MAX_FRAMES = 60
"""Longer animations keep their first frame only."""

MAX_EDGE = 65_535
"""The most JPEG and GIF can say. A PNG strip of 40,000,000 x 1 would pass `max_pixels` and is nobody's picture."""

_MAX_PARTS = 20_000  # segments or chunks; a 10 MB PNG in libpng's 8 KB pieces has 1,300
_MAX_SCANS = 64  # progressive JPEG: usually 10; each one walks over all pixels again, however few bytes it has
_MAX_PROFILE = 4 * 1024 * 1024  # printers' CMYK profiles reach 3 MB
_WEBP_COST = 2  # libwebp's animation decoder, the only one Pillow has, holds the canvas twice more than the others


class ImageRefused(ValueError):
    """This file does not become a picture here; `code` says why, the caller says it in the reader's language."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code)
        self.code: RefusalCode = code


@dataclass(frozen=True)
class Source:
    format: str
    data: bytes
    """The file again, without metadata."""
    width: int
    height: int
    frames: int = 1
    loop: int = 1
    """How often an animation plays, 0 for ever."""
    orientation: int = 1
    icc: bytes | None = None


def read_source(data: bytes, max_pixels: int, *, animate: bool) -> Source:
    """Judge the file by its content. Raises ImageRefused; `animate` False counts the first frame only."""
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data, max_pixels)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _read_png(data, max_pixels, animate)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _read_gif(data, max_pixels, animate)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data, max_pixels, animate)
    raise ImageRefused("type")


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageRefused("broken")
    if width * height > max_pixels or max(width, height) > MAX_EDGE:
        raise ImageRefused("too_many_pixels")


def _frame_count(count: int, width: int, height: int, max_pixels: int, animate: bool) -> int:
    """How many frames will be decoded: all of them or one."""
    return count if animate and 1 < count <= MAX_FRAMES and count * width * height <= max_pixels else 1


_JPEG_KEPT = frozenset((b"\xc0", b"\xc1", b"\xc2", b"\xc4", b"\xdb", b"\xdd"))  # frames and tables
_JPEG_TABLES = frozenset((b"\xc4", b"\xc8", b"\xcc"))  # the numbers among the frame headers which are none

# Inside a scan 0xFF is followed by 0x00 or a restart mark; these end it.
_AFTER_SCAN = re.compile(rb"\xff+([\xc4\xd9-\xdd\xe0-\xef\xfe])")


def _read_jpeg(data: bytes, max_pixels: int) -> Source:
    kept = [b"\xff\xd8"]
    width = height = 0
    exif: bytes | None = None
    profile: dict[int, bytes] = {}
    pieces = 0
    start = 0
    for at, marker, body in _jpeg_segments(data):
        if marker == b"\xda":
            start = at
        if b"\xc0" <= marker <= b"\xcf" and marker not in _JPEG_TABLES:
            if marker > b"\xc2":
                raise ImageRefused("type")  # lossless and arithmetic coding: decodes here, shown by no browser
            if width or len(body) < 6:
                raise ImageRefused("broken")
            height, width = struct.unpack_from(">HH", body, 1)
            _check_size(width, height, max_pixels)
        elif marker == b"\xe1" and body.startswith(b"Exif\0\0"):
            exif = exif or body[6:]
        elif marker == b"\xe2" and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            profile[body[12]], pieces = body[14:], body[13]
        # Without these two a decoder guesses the colour model, sometimes wrongly.
        colours = (marker == b"\xe0" and body.startswith(b"JFIF")) or (marker == b"\xee" and body.startswith(b"Adobe"))
        if colours or marker in _JPEG_KEPT:
            kept.append(b"\xff" + marker + (len(body) + 2).to_bytes(2) + body)
    if not width:
        raise ImageRefused("broken")
    kept.append(data[start : _jpeg_end(data, start)])
    icc = b"".join(profile[number] for number in sorted(profile))
    whole = sorted(profile) == list(range(1, pieces + 1)) and 0 < len(icc) <= _MAX_PROFILE
    return Source("JPEG", b"".join(kept), width, height, orientation=_orientation(exif), icc=icc if whole else None)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Where it starts, its mark and its content, for each segment up to and including the first start of scan."""
    position = 2
    for _ in range(_MAX_PARTS):
        # Decoders skip rubbish between segments, so a file which has some is common enough to be let through.
        position = data.find(b"\xff", position)
        if position < 0:
            raise ImageRefused("broken")
        while data[position : position + 1] == b"\xff":
            position += 1
        marker = data[position : position + 1]
        if marker in (b"\x00", b"\x01") or b"\xd0" <= marker <= b"\xd7":
            continue  # these stand alone
        end = position + 1 + int.from_bytes(data[position + 1 : position + 3])
        if marker in (b"\xd8", b"\xd9") or not position + 3 <= end <= len(data):
            raise ImageRefused("broken")
        yield position - 1, marker, data[position + 3 : end]
        if marker == b"\xda":
            return
        position = end
    raise ImageRefused("broken")


def _jpeg_end(data: bytes, position: int) -> int:
    """Behind the end mark. What follows (the second picture of an MPO, a telephone's video) is not looked at."""
    scans = 0
    for _ in range(_MAX_PARTS):
        found = _AFTER_SCAN.search(data, position)
        if found is None:
            break
        position = found.end()
        if found[1] == b"\xd9":
            return position
        scans += found[1] == b"\xda"
        if scans > _MAX_SCANS:
            break
        position += int.from_bytes(data[position : position + 2])
    raise ImageRefused("broken")


_PNG_STILL = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_PNG_ANIMATED = _PNG_STILL | {b"acTL", b"fcTL", b"fdAT"}


def _read_png(data: bytes, max_pixels: int, animate: bool) -> Source:
    chunks: list[tuple[bytes, bytes]] = []
    width = height = 0
    controls = 0
    loop = 1
    exif: bytes | None = None
    icc: bytes | None = None
    position = 8
    for _ in range(_MAX_PARTS):
        kind = data[position + 4 : position + 8]
        end = position + 12 + int.from_bytes(data[position : position + 4])
        if len(kind) < 4 or end > len(data):
            raise ImageRefused("broken")
        body = data[position + 8 : end - 4]
        if not chunks:
            if kind != b"IHDR" or len(body) != 13:
                raise ImageRefused("broken")
            width, height = struct.unpack_from(">II", body)
            _check_size(width, height, max_pixels)
        elif kind == b"eXIf":
            exif = exif or body
        elif kind == b"iCCP" and icc is None:
            icc = _png_profile(body)
        elif kind == b"fcTL":
            controls += 1
        elif kind == b"acTL" and len(body) >= 8:
            loop = min(int.from_bytes(body[4:8]), 65_535)
        if kind in _PNG_ANIMATED:
            chunks.append((kind, data[position:end]))
        position = end
        if kind == b"IEND":
            break
    else:
        raise ImageRefused("broken")

    # One more, for the still picture which may precede the animation.
    frames = _frame_count(controls + 1 if controls > 1 else 1, width, height, max_pixels, animate)
    wanted = _PNG_ANIMATED if frames > 1 else _PNG_STILL
    return Source(
        "PNG",
        data[:8] + b"".join(raw for kind, raw in chunks if kind in wanted),
        width,
        height,
        frames=frames,
        loop=loop,
        orientation=_orientation(exif),
        icc=icc,
    )


def _png_profile(body: bytes) -> bytes | None:
    name, separator, rest = body.partition(b"\0")
    if not separator or len(name) > 79 or rest[:1] != b"\0":
        return None
    unpacker = zlib.decompressobj()
    try:
        icc = unpacker.decompress(rest[1:], _MAX_PROFILE)
    except zlib.error:
        return None
    return icc if unpacker.eof else None


def _read_gif(data: bytes, max_pixels: int, animate: bool) -> Source:
    def blocks_end(start: int) -> int:
        while True:
            if start >= len(data):
                raise ImageRefused("broken")
            length = data[start]
            start += 1 + length
            if not length:
                return start

    if len(data) < 13:
        raise ImageRefused("broken")
    canvas_width, canvas_height = struct.unpack_from("<HH", data, 6)
    _check_size(canvas_width or 1, canvas_height or 1, max_pixels)  # zero is allowed: the frames say the size
    position = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    colours = data[10:position]
    frames: list[bytes] = []
    sizes: list[tuple[int, int]] = []
    loop = 1
    control = b""
    while len(frames) <= MAX_FRAMES:
        introducer = data[position : position + 1]
        if introducer == b"!":
            end = blocks_end(position + 2)
            label = data[position + 1]
            if label == 0xF9:
                control = data[position:end]
                if len(control) != 8:
                    raise ImageRefused("broken")
            elif label == 0xFF and data[position + 2 : position + 14] == b"\x0bNETSCAPE2.0" and end >= position + 19:
                repeats = int.from_bytes(data[position + 16 : position + 18], "little")
                loop = min(repeats + 1, 65_535) if repeats else 0
            position = end
        elif introducer == b",":
            if len(data) < position + 11:
                raise ImageRefused("broken")
            left, top, width, height, flags = struct.unpack_from("<HHHHB", data, position + 1)
            # A frame may reach over the canvas, which then grows: the bomb in the second frame.
            canvas_width, canvas_height = max(canvas_width, left + width), max(canvas_height, top + height)
            _check_size(canvas_width, canvas_height, max_pixels)
            end = blocks_end(position + 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0))
            frames.append(control + data[position:end])
            sizes.append((canvas_width, canvas_height))
            control = b""
            position = end
        elif frames:
            break  # the end mark, or nothing, or rubbish: encoders are careless here and browsers show it all the same
        else:
            raise ImageRefused("broken")

    count = _frame_count(len(frames), canvas_width, canvas_height, max_pixels, animate)
    canvas_width, canvas_height = sizes[count - 1]
    return Source(
        "GIF",
        data[:6] + struct.pack("<HH", canvas_width, canvas_height) + colours + b"".join(frames[:count]) + b";",
        canvas_width,
        canvas_height,
        frames=count,
        loop=loop,
    )


def _webp_size(data: bytes) -> tuple[int, int]:
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise ImageRefused("broken")


def _read_webp(data: bytes, max_pixels: int, animate: bool) -> Source:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) or end < 30:
        raise ImageRefused("broken")
    data = data[:end]
    width, height = _webp_size(data)
    _check_size(width, height, max_pixels // _WEBP_COST)

    # libwebp skips metadata by itself and quickly, so the file is passed on as it is.
    count = 0
    loop = 1
    exif: bytes | None = None
    icc: bytes | None = None
    position = 12
    for _ in range(_MAX_PARTS):
        if position + 8 > end:
            break
        kind = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 8 + length]
        if len(body) < length:
            raise ImageRefused("broken")
        if kind == b"ANMF":
            count += 1
        elif kind == b"ANIM" and length >= 6:
            loop = int.from_bytes(body[4:6], "little")
        elif kind == b"EXIF":
            exif = exif or body.removeprefix(b"Exif\0\0")
        elif kind == b"ICCP" and length <= _MAX_PROFILE:
            icc = icc or body
        position += 8 + length + length % 2
    else:
        raise ImageRefused("broken")
    frames = _frame_count(count, width, height, max_pixels // _WEBP_COST, animate)
    return Source("WEBP", data, width, height, frames, loop, _orientation(exif), icc)


def _orientation(exif: bytes | None) -> int:
    """Tag 0x0112 of the first directory. Damaged EXIF is no reason to refuse a picture: it counts as upright."""
    if exif is None or exif[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    order: Literal["little", "big"] = "little" if exif.startswith(b"II") else "big"
    start = int.from_bytes(exif[4:8], order) + 2
    count = int.from_bytes(exif[start - 2 : start], order)
    for at in range(start, min(start + 12 * count, len(exif) - 11), 12):
        tag, kind = int.from_bytes(exif[at : at + 2], order), int.from_bytes(exif[at + 2 : at + 4], order)
        if tag == 0x0112:
            size = {3: 2, 4: 4}.get(kind, 0)  # short as the standard says, long as some programs write
            value = int.from_bytes(exif[at + 8 : at + 8 + size], order)
            return value if 1 <= value <= 8 else 1
    return 1
