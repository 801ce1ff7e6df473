"""Ogg with Opus or Vorbis: voice as Firefox records it."""

from __future__ import annotations

from circle.media.probing.reader import MediaRefused, Probed, Reader, check_duration, wave_of

#: five minutes of one packet of 20 ms per page are 15,000
_MAX_PAGES = 40_000
_CONTINUED, _FIRST = 1, 2
_NO_PACKET_ENDS = (1 << 64) - 1


def probe_ogg(reader: Reader) -> Probed:
    """Judge an Ogg file. Raises MediaRefused."""
    position = pages = serial = rate = skipped = last = 0
    packets: list[int] = []
    partial = 0
    while position < reader.size:
        head = reader.at(position, 27)
        if head[:5] != b"OggS\0" or pages == _MAX_PAGES:
            raise MediaRefused("broken", "audio")
        lacing = reader.at(position + 27, head[26])
        body = position + 27 + head[26]
        end = body + sum(lacing)
        if end > reader.size:
            raise MediaRefused("broken", "audio")
        number = int.from_bytes(head[14:18], "little")
        if pages == 0:
            serial, (rate, skipped) = number, _header(reader.up_to(body, min(64, end - body)))
        elif number != serial or head[5] & _FIRST:
            raise MediaRefused("codec", "audio")  # several streams in one file: no recorder makes it
        granule = int.from_bytes(head[6:14], "little")
        if granule != _NO_PACKET_ENDS:
            last = max(last, granule)
        partial = partial if head[5] & _CONTINUED else 0
        for piece in lacing:
            partial += piece
            if piece < 255:
                packets.append(partial)
                partial = 0
        pages, position = pages + 1, end
    duration = check_duration((last - skipped) * 1000 // rate, "audio")
    return Probed("audio", "audio/ogg", duration_ms=duration, wave=wave_of(packets[2:]))


def _header(packet: bytes) -> tuple[int, int]:
    """The rate of granule positions, and how many samples at the beginning are not played."""
    if packet.startswith(b"OpusHead") and len(packet) >= 19:
        return 48_000, int.from_bytes(packet[10:12], "little")
    if packet.startswith(b"\x01vorbis") and len(packet) >= 30:
        rate = int.from_bytes(packet[12:16], "little")
        if 1 <= rate <= 768_000:
            return rate, 0
    raise MediaRefused("codec", "audio")
