"""Voice, videos and documents built byte by byte, so that every field can be made to lie; real ones in recordings/."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from array import array
from pathlib import Path

RECORDINGS = Path(__file__).parent / "recordings"
PLACE = b"+31.2304+121.4737/"


def recording(name: str) -> bytes:
    """What Chromium's MediaRecorder made: voice.webm, voice.m4a, clip.webm, clip.mp4."""
    return (RECORDINGS / name).read_bytes()


# ---- MP4 -----------------------------------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, bytes([version]) + flags.to_bytes(3), *parts)


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def header(kind: bytes, scale: int, duration: int) -> bytes:
    return full(kind, numbers(0, 0, scale, duration), bytes(80 if kind == b"mvhd" else 4))


def track(
    number: int,
    handler: bytes,
    codec: bytes,
    *,
    samples: list[bytes],
    offset: int = 0,
    ticks: int = 100,
    scale: int = 1000,
    size: tuple[int, int] = (0, 0),
    turned: bool = False,
    extra: bytes = b"",
    edits: int | None = None,
) -> bytes:
    """A track whose samples lie behind one another from `offset` on, each `ticks` long."""
    matrix = (
        (0, 65536, 0, -65536 & 0xFFFFFFFF, 0, 0, 0, 0, 1 << 30) if turned else (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    )
    tkhd = full(
        b"tkhd", numbers(0, 0, number, 0, 0), bytes(16), numbers(*matrix), numbers(size[0] << 16, size[1] << 16)
    )
    entry = box(codec, bytes(24), struct.pack(">HH", *size), bytes(50))
    stbl = box(
        b"stbl",
        full(b"stsd", numbers(1), entry),
        full(b"stts", numbers(1, len(samples), ticks)),
        full(b"stsc", numbers(1, 1, len(samples), 1)),
        full(b"stsz", numbers(0, len(samples), *map(len, samples))),
        full(b"stco", numbers(1, offset)),
    )
    hdlr = full(b"hdlr", numbers(0), handler, bytes(13))
    mdia = box(b"mdia", header(b"mdhd", scale, 0), hdlr, box(b"minf", stbl))
    edts = b"" if edits is None else box(b"edts", full(b"elst", numbers(1, edits, 0, 65536)))
    return box(b"trak", tkhd, edts, mdia, extra)


FTYP = box(b"ftyp", b"isom", numbers(512), b"isommp42")


def movie(*tracks: bytes, extra: bytes = b"", scale: int = 1000, said: int = 0) -> bytes:
    return box(b"moov", header(b"mvhd", scale, said), *tracks, extra)


def mp4(
    *, seconds: int = 3, size: tuple[int, int] = (640, 360), turned: bool = False, extra: bytes = b"",
    in_track: bytes = b"", tail: bytes = b"", path: bytes = b"", video: bool = True, codec: bytes = b"avc1",
) -> bytes:  # fmt: skip
    """Film and sound, if wanted with a track that holds where it was made."""
    sound = [bytes([7]) * (10 + 8 * (n % 5)) for n in range(seconds * 10)]
    frames = [b"F" * 50] * (seconds * 10) if video else []
    notes = [path] if path else []
    data = b"".join((*frames, *sound, *notes))
    at = len(FTYP) + 8
    tracks = []
    if video:
        tracks.append(track(1, b"vide", codec, samples=frames, offset=at, size=size, turned=turned, extra=in_track))
    at += sum(map(len, frames))
    tracks.append(track(2, b"soun", b"mp4a", samples=sound, offset=at))
    if path:
        tracks.append(track(3, b"meta", b"gpmd", samples=notes, offset=at + sum(map(len, sound))))
    return FTYP + box(b"mdat", data) + movie(*tracks, extra=extra) + tail


# ---- WebM ----------------------------------------------------------------------------------------------------


def element(number: int, body: bytes, *, size: int | None = None) -> bytes:
    """`size` -1 is the size that is not known."""
    name = number.to_bytes((number.bit_length() + 7) // 8)
    if size == -1:
        return name + b"\x01" + b"\xff" * 7 + body
    return name + (len(body) if size is None else size | 0).to_bytes(8)[1:].rjust(8, b"\x01") + body


def webm(*, blocks: int = 50, step: int = 20, video: bool = False, extra: bytes = b"", doctype: bytes = b"webm",
         size: tuple[int, int] = (320, 240)) -> bytes:  # fmt: skip
    head = element(0x1A45DFA3, element(0x4282, doctype))
    info = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3)))
    picture = element(0xE0, element(0xB0, size[0].to_bytes(2)) + element(0xBA, size[1].to_bytes(2)))
    entry = element(0xD7, b"\1") + element(0x86, b"V_VP9" if video else b"A_OPUS") + (picture if video else b"")
    clusters = b""
    for n in range(blocks):
        sound = b"\x81" + (0).to_bytes(2) + b"\x80" + b"x" * (20 + 10 * (n % 7))
        clusters += element(0x1F43B675, element(0xE7, (n * step).to_bytes(4)) + element(0xA3, sound), size=-1)
    return head + element(0x18538067, info + element(0x1654AE6B, element(0xAE, entry)) + clusters + extra, size=-1)


# ---- sound ---------------------------------------------------------------------------------------------------


def page(body: bytes, *, granule: int, flags: int = 0, serial: int = 5, number: int = 0) -> bytes:
    lacing = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    return b"OggS\0" + bytes([flags]) + struct.pack("<QIIIB", granule, serial, number, 0, len(lacing)) + lacing + body


def ogg(*, seconds: float = 2, per_page: int = 1, head: bytes | None = None) -> bytes:
    opus = b"OpusHead\1\1" + struct.pack("<HIhB", 312, 48_000, 0, 0)
    pages = [
        page(opus if head is None else head, granule=0, flags=2),
        page(b"OpusTags" + bytes(8), granule=0, number=1),
    ]
    for n in range(int(seconds * 50)):
        pages.append(page(b"p" * (40 + 20 * (n % 6)), granule=312 + 960 * (n + 1), number=n + 2))
    return b"".join(pages)


def mp3(*, frames: int = 80, tag: bytes = b"") -> bytes:
    """Frames of MPEG 1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes and 26 ms each."""
    each = [b"\xff\xfb\x90\x00" + bytes(32) + bytes([n % 256]) * 381 for n in range(frames)]
    return tag + b"".join(each)


def aac(*, frames: int = 100) -> bytes:
    def one(n: int) -> bytes:
        length = 7 + 100 + n % 50
        return bytes(
            [0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 255, (length & 7) << 5 | 0x1F, 0xFC]
        ) + bytes(length - 7)

    return b"".join(map(one, range(frames)))


def amr(*, frames: int = 100) -> bytes:
    return b"#!AMR\n" + b"".join(b"\x3c" + bytes(31) if n % 20 < 10 else b"\x44" + bytes(5) for n in range(frames))


def wav(*, seconds: float = 2, rate: int = 8000, data_size: int | None = None) -> bytes:
    samples = array("h", (int(8000 * (n / rate / seconds) * math.sin(n / 3)) for n in range(int(rate * seconds))))
    body = samples.tobytes()
    length = len(body) if data_size is None else data_size
    fmt = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data"
        + struct.pack("<I", length) + body
    )  # fmt: skip


# ---- documents -----------------------------------------------------------------------------------------------

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nstartxref\n9\n%%EOF\n"


def archive(*names: str, mimetype: bytes | None = None, size: int = 10) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        if mimetype is not None:
            file.writestr(zipfile.ZipInfo("mimetype"), mimetype)
        for name in names:
            file.writestr(name, b"\0" * size)
    return buffer.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml")
PPTX = archive("[Content_Types].xml", "ppt/presentation.xml")
