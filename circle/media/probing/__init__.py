"""What an uploaded file is, by its content alone: voice, video or a document, with what has to be known to show it.

The readers see hostile bytes and are our own code: they check every length, read in bounded pieces, take a bounded
number of steps, and never look at the file's name or at what the sender calls it. Pictures: `media/images.py`.
"""

from __future__ import annotations

from circle.media.probing.documents import probe_document
from circle.media.probing.mp4 import probe_mp4
from circle.media.probing.ogg import probe_ogg
from circle.media.probing.reader import MediaRefused, Probed, Reader, RefusalCode
from circle.media.probing.sound import probe_aac, probe_amr, probe_mp3, probe_wav
from circle.media.probing.webm import probe_webm

__all__ = ["MediaRefused", "Probed", "Reader", "RefusalCode", "is_image", "probe"]


def is_image(head: bytes) -> bool:
    """Whether a file that begins so calls itself a picture of a kind that is taken here."""
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    )


def probe(reader: Reader) -> Probed:
    """Judge a file that is no picture. Raises MediaRefused."""
    head = reader.head
    if not head:
        raise MediaRefused("empty")
    if head[4:8] == b"ftyp":
        return probe_mp4(reader)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return probe_webm(reader)
    if head.startswith(b"OggS"):
        return probe_ogg(reader)
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return probe_wav(reader)
    if head.startswith(b"#!AMR"):
        return probe_amr(reader)
    if head.startswith(b"ID3") or (head[0] == 0xFF and len(head) > 1 and head[1] & 0xE0 == 0xE0):
        # the layer bits of MPEG audio, which ADTS leaves zero
        return probe_aac(reader) if head[0] == 0xFF and head[1] & 0xF6 == 0xF0 else probe_mp3(reader)
    return probe_document(reader)
