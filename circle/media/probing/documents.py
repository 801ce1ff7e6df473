"""Files to be kept, not shown: PDF, Office, e-books, archives and plain text. Nothing is unpacked.

An allow-list: whatever is none of these is refused, and so are texts that are pages or scripts, documents with macros
and archives with programs. All of them are only ever served as attachments.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterator

from circle.media.probing.reader import MAX_READ, MediaRefused, Probed, Reader

_OFFICE = "application/vnd.openxmlformats-officedocument."
_MAX_ENTRIES = 20_000
#: ends of names that a computer would run when they are opened; Windows drops dots and spaces behind them
_PROGRAMS = re.compile(
    rb"\.(?:exe|dll|scr|com|bat|cmd|msi|msp|lnk|pif|vbs|vbe|jse|wsf|hta|ps1|reg|apk|ipa|jar|app|dmg|deb|rpm|sh|command)"
    rb"[. ]*$",
    re.IGNORECASE,
)
#: how pages and scripts begin, after spaces and comments
_ACTIVE = re.compile(
    rb"(?>\s+|<!--.*?-->|<\?xml[^>]*>)*+"
    rb"(?:#!|<\?|<%|<(?:!doctype|html|head|body|script|iframe|object|embed|svg|math|style|link|meta|img|form|a|base|xsl)\b)",
    re.IGNORECASE | re.DOTALL,
)
#: control characters that no text has; escape (0x1b) is left out, because logs have it
_BINARY = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def probe_document(reader: Reader) -> Probed:
    """Judge a file that is neither sound nor film. Raises MediaRefused."""
    if reader.head.startswith(b"%PDF-"):
        return _probe_pdf(reader)
    if reader.head.startswith(b"PK\x03\x04"):
        return Probed("file", _zip_type(reader))
    return _probe_text(reader)


def _probe_pdf(reader: Reader) -> Probed:
    tail = reader.up_to(max(0, reader.size - 4096), 4096)
    if b"%%EOF" not in tail:
        raise MediaRefused("broken", "file")
    return Probed("file", "application/pdf")


def _zip_type(reader: Reader) -> str:
    names = list(_names(reader))
    if any(_PROGRAMS.search(name) or name in {b"META-INF/MANIFEST.MF", b"AndroidManifest.xml"} for name in names):
        raise MediaRefused("program", "file")
    if b"[Content_Types].xml" in names:
        if any(name.lower().endswith(b"vbaproject.bin") for name in names):
            raise MediaRefused("macros", "file")
        kinds = {b"word/": "wordprocessingml.document", b"xl/": "spreadsheetml.sheet",
                 b"ppt/": "presentationml.presentation"}  # fmt: skip
        for folder, kind in kinds.items():
            if any(name.startswith(folder) for name in names):
                return _OFFICE + kind
    if names and names[0] == b"mimetype":  # OpenDocument and EPUB say first what they are
        said = _first_entry(reader)
        if said in _SAYING:
            return said.decode()
    return "application/zip"


_SAYING = {
    b"application/epub+zip",
    b"application/vnd.oasis.opendocument.text",
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.presentation",
}


def _first_entry(reader: Reader) -> bytes:
    method, _time, _crc, size, whole, name, extra = struct.unpack("<HIIIIHH", reader.at(8, 22))
    return reader.at(30 + name + extra, size) if method == 0 and size == whole <= 100 else b""


def _names(reader: Reader) -> Iterator[bytes]:
    """The names in an archive's directory, in its order."""
    start = max(0, reader.size - 22 - 65_535)
    tail = reader.at(start, reader.size - start)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + 22 > len(tail):
        raise MediaRefused("broken", "file")
    count, length, position = struct.unpack("<HII", tail[at + 10 : at + 20])
    if count > _MAX_ENTRIES or length > MAX_READ or position + length > start + at:
        raise MediaRefused("broken", "file")
    # a second directory, or entries behind those that are counted, would be seen by other programs and not by this one
    between = reader.at(position + length, min(start + at - position - length, 77))
    same = between[:4] == b"PK\6\6" and struct.unpack("<QQQ", between[32:56].ljust(24)) == (count, length, position)
    if between and not (same and len(between) == 76):  # the end of ZIP64, which some write always
        raise MediaRefused("broken", "file")
    directory = reader.at(position, length)
    here = 0
    for _entry in range(count):
        head = directory[here : here + 46]
        if len(head) < 46 or head[:4] != b"PK\1\2":
            raise MediaRefused("broken", "file")
        name, extra, comment = struct.unpack("<HHH", head[28:34])
        yield directory[here + 46 : here + 46 + name]
        here += 46 + name + extra + comment
    if here != length:
        raise MediaRefused("broken", "file")


def _probe_text(reader: Reader) -> Probed:
    """UTF-8 without control characters that is not a page or a script."""
    begin = reader.head.removeprefix(codecs.BOM_UTF8)
    if _ACTIVE.match(begin):
        raise MediaRefused("program", "file")
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    odd = False
    while block := reader.up_to(position, 256 * 1024):
        if _BINARY.search(block):
            raise MediaRefused("type")
        position += len(block)
        try:
            decoder.decode(block, final=position >= reader.size)
        except UnicodeDecodeError:
            odd = True  # binary files usually show it later
            break
    if odd:
        rest = reader.up_to(0, 256 * 1024)
        raise MediaRefused("text" if _looks_chinese(rest) else "type")
    return Probed("file", "text/plain")


def _looks_chinese(data: bytes) -> bool:
    """Whether it is a text after all, in the encoding of older Chinese programs (Excel's CSV)."""
    if _BINARY.search(data):
        return False
    try:
        codecs.getincrementaldecoder("gb18030")().decode(data)
    except UnicodeDecodeError:
        return False
    return True
