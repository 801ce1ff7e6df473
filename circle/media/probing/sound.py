"""Sound without a container worth the name: MP3, AAC (ADTS), WAV and AMR. Durations are counted frame by frame."""

from __future__ import annotations

import struct
import sys
from array import array

from circle.media.probing.reader import MAX_READ, MediaRefused, Probed, Reader, check_duration, wave_of

#: stops counting: every frame has 12 ms or more
_MAX_FRAMES = 30_000
_RATES = (44_100, 48_000, 32_000)
_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
#: rubbish between frames that players step over
_MAX_GAP = 64 * 1024
_MAX_GAPS = 8


def probe_mp3(reader: Reader) -> Probed:
    """Judge an MPEG layer III file. Raises MediaRefused."""
    position = _behind_id3(reader)
    frames = gaps = 0
    seconds = 0.0
    loudness: list[int] = []
    while position + 4 <= reader.size and frames < _MAX_FRAMES:
        head = reader.at(position, min(40, reader.size - position))
        frame = _mp3_frame(head)
        if frame is None or position + frame[0] > reader.size + 4:
            if reader.size - position <= 128 or head.startswith((b"TAG", b"APETAGEX", b"LYRICS", b"ID3")):
                break
            gaps += 1
            position = _resync(reader, position, gaps)
            if position < 0:
                break
            continue
        length, samples, rate = frame
        frames, seconds, position = frames + 1, seconds + samples / rate, position + length
        loudness.append(_gain(head))
    if frames < 3:
        raise MediaRefused("type" if not reader.head.startswith(b"ID3") else "broken")
    duration = check_duration(round(seconds * 1000), "audio")
    return Probed("audio", "audio/mpeg", duration_ms=duration, wave=wave_of(loudness))


def _behind_id3(reader: Reader) -> int:
    position = 0
    for _tag in range(4):
        head = reader.up_to(position, 10)
        if len(head) < 10 or head[:3] != b"ID3":
            break
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        position += 10 + size + (10 if head[5] & 0x10 else 0)
    return position


def _mp3_frame(head: bytes) -> tuple[int, int, int] | None:
    """Length in bytes, samples and rate of the frame that begins here; None if none does."""
    if head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # eleven bits of ones, and layer III
        return None
    version = head[1] >> 3 & 3  # 0: 2.5, 2: 2, 3: 1
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bits in (0, 15) or rate == 3:
        return None
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    kilobits = (_MPEG1 if version == 3 else _MPEG2)[bits]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kilobits * 1000 // hertz + (head[2] >> 1 & 1), samples, hertz


def _gain(head: bytes) -> int:
    """The gain of a frame's first granule: how loud it is, without decoding anything."""
    first_version, mono, plain = head[1] >> 3 & 3 == 3, head[3] >> 6 == 3, head[1] & 1
    skip = (9 + (5 if mono else 3) + (4 if mono else 8)) if first_version else (8 + (1 if mono else 2))
    start = (4 if plain else 6) * 8 + skip + 12 + 9
    return int.from_bytes(head.ljust(40, b"\0")) >> (320 - start - 8) & 0xFF


def _resync(reader: Reader, position: int, gaps: int) -> int:
    """Where the next two frames stand one behind the other; -1 if nowhere near."""
    if gaps > _MAX_GAPS:
        return -1
    data = reader.up_to(position + 1, _MAX_GAP)
    at = data.find(b"\xff")
    while 0 <= at < len(data) - 4:
        frame = _mp3_frame(data[at : at + 4])
        if frame and (next_ := data[at + frame[0] : at + frame[0] + 4]) and len(next_) == 4 and _mp3_frame(next_):
            return position + 1 + at
        at = data.find(b"\xff", at + 1)
    return -1


def probe_aac(reader: Reader) -> Probed:
    """Judge AAC in ADTS frames. Raises MediaRefused."""
    position = frames = 0
    seconds = 0.0
    sizes: list[int] = []
    while position + 7 <= reader.size and frames < _MAX_FRAMES:
        head = reader.at(position, 7)
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        rate = head[2] >> 2 & 15
        if head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or length < 7 or rate >= len(_AAC_RATES):
            break
        if position + length > reader.size:
            break
        seconds += 1024 * ((head[6] & 3) + 1) / _AAC_RATES[rate]
        sizes.append(length)
        frames, position = frames + 1, position + length
    if frames < 3:
        raise MediaRefused("type")
    if reader.size - position > 4096 and frames < _MAX_FRAMES:
        raise MediaRefused("broken", "audio")
    duration = check_duration(round(seconds * 1000), "audio")
    return Probed("audio", "audio/aac", duration_ms=duration, wave=wave_of(sizes))


_AMR = ((13, 14, 16, 18, 20, 21, 27, 32, 6), (18, 24, 33, 37, 41, 47, 51, 59, 61, 6))


def probe_amr(reader: Reader) -> Probed:
    """Judge AMR, as WeChat's voice messages have it. Raises MediaRefused."""
    wide = reader.head.startswith(b"#!AMR-WB\n")
    if not wide and not reader.head.startswith(b"#!AMR\n"):
        raise MediaRefused("codec", "audio")
    position, frames = (9, 0) if wide else (6, 0)
    sizes: list[int] = []
    data = reader.at(0, min(reader.size, MAX_READ))
    while position < len(data) and frames < _MAX_FRAMES:
        kind = data[position] >> 3 & 15
        if kind < len(_AMR[wide]):
            length = _AMR[wide][kind]
        elif kind in (14, 15):  # lost, or nothing to say
            length = 1
        else:
            raise MediaRefused("broken", "audio")
        sizes.append(length)
        frames, position = frames + 1, position + length
    duration = check_duration(frames * 20, "audio")
    return Probed("audio", "audio/amr", duration_ms=duration, wave=wave_of(sizes))


def probe_wav(reader: Reader) -> Probed:
    """Judge a WAV file; its wave is that of the samples. Raises MediaRefused."""
    position = 12
    layout: tuple[int, ...] | None = None
    for _chunk in range(1000):
        head = reader.at(position, 8)
        size, body = int.from_bytes(head[4:], "little"), position + 8
        if head[:4] == b"fmt " and size >= 16:
            layout = struct.unpack("<HHIIHH", reader.at(body, 16))
        elif head[:4] == b"data":
            break
        position = body + size + size % 2
    else:
        raise MediaRefused("broken", "audio")
    if layout is None:
        raise MediaRefused("broken", "audio")
    kind, channels, rate, per_second, align, bits = layout
    if kind not in (1, 3, 0xFFFE) or not channels or not rate or not 1 <= align <= 64 or per_second != rate * align:
        raise MediaRefused("codec", "audio")
    length = min(size, reader.size - body)  # recorders that stream leave the size at its largest
    duration = check_duration(length * 1000 // per_second, "audio")
    wave = _peaks(reader, body, length, align) if bits == 16 and kind != 3 else ""
    return Probed("audio", "audio/wav", duration_ms=duration, wave=wave)


def _peaks(reader: Reader, start: int, length: int, align: int) -> str:
    """The wave of 16-bit samples, from a look at a thousand places."""
    step = max(align, length // 1000 // align * align)
    loudness = []
    for position in range(start, start + length - align * 32, step):
        samples = array("h")
        samples.frombytes(reader.at(position, align * 32 & ~1))
        if sys.byteorder == "big":
            samples.byteswap()
        loudness.append(max(*samples, -min(samples)))
    return wave_of(loudness)
