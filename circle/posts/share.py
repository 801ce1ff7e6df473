"""The picture that stands for a post when its address is sent to others: 1200 by 630. Pure: facts in, PNG out.

Nothing of it comes from the reader: texts are cleaned to what the fonts have, pictures are the ones we encoded.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from dataclasses import asdict, dataclass
from xml.sax.saxutils import escape

import resvg_py
from PIL import Image, ImageOps

from circle.core import lettering
from circle.core.lettering import legible, width, wrap

WIDTH, HEIGHT = 1200, 630
#: raise it when cards are to look differently: those that are stored are drawn anew
LAYOUT = 1
#: of the storage; what is in it can be drawn again at any time
FOLDER = "cards/"
_MARGIN = 72
_PICTURE = 420
#: static/css/tokens.css has the same (tests compare)
PAPER, INK, INK_2, INK_3, LINE = "#f6f2ec", "#241f1a", "#5c534a", "#736960", "#ebe4da"
#: brand, soft and mid of each accent
ACCENTS = {
    "persimmon": ("#c7462a", "#fbeae3", "#efb7a4"),
    "pine": ("#1f7659", "#e1f1e9", "#9fd0bb"),
    "indigo": ("#4355ad", "#e9ecf8", "#b3bde8"),
    "plum": ("#94406d", "#f7e8f0", "#dfb1ca"),
}
#: paper and ink of a face without a picture
TONES = (
    ("#f7d9cc", "#8a2f19"), ("#f8e3b8", "#6b4600"), ("#dbe8c4", "#3f5a1c"), ("#cde8dc", "#175840"),
    ("#cfe6ec", "#17525f"), ("#d7e0f7", "#2d4a92"), ("#e5daf5", "#5b3a8e"), ("#f5d6e4", "#8a2a5d"),
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """All that a card shows. Equal facts make equal pictures."""

    post_id: int
    circle: str
    accent: str
    title: str
    excerpt: str
    author: str
    author_id: int
    #: storage keys of the first picture and of the author's face
    picture: str | None = None
    face: str | None = None

    @property
    def key(self) -> str:
        """Where the card is stored: a key made from what it shows."""
        shown = json.dumps([LAYOUT, *asdict(self).values()], ensure_ascii=False)
        digest = hashlib.sha256(shown.encode(errors="surrogatepass")).hexdigest()
        return f"{FOLDER}{self.post_id}-{digest[:40]}.png"


def draw(facts: Facts, picture: bytes | None = None, face: bytes | None = None) -> bytes:
    """The card as PNG. A picture that cannot be read is left out. Takes about a tenth of a second."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg(facts, picture, face),
            skip_system_fonts=True,
            font_files=lettering.font_files(),
            font_family=lettering.FAMILY,
        )
    )


def svg(facts: Facts, picture: bytes | None = None, face: bytes | None = None) -> str:
    """The drawing itself."""
    brand, soft, mid = ACCENTS.get(facts.accent, ACCENTS["persimmon"])
    photo = _embedded(picture, (_PICTURE, HEIGHT)) if picture else None
    room = WIDTH - 2 * _MARGIN - (_PICTURE - _MARGIN // 2 if photo else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="{lettering.FAMILY}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        _photo(photo) if photo else _ring(soft, mid),
        f'<rect width="{WIDTH}" height="12" fill="{brand}"/>',
        _head(facts, brand, room),
        _words(facts, room),
        _foot(facts, face, room),
        "</svg>",
    ]
    return "".join(parts)


def _ring(soft: str, mid: str) -> str:
    """The open circle of the mark, large and quiet, where there is no picture."""
    return (
        f'<circle cx="1090" cy="600" r="150" fill="none" stroke="{soft}" stroke-width="46" stroke-linecap="round" '
        f'stroke-dasharray="773 170" transform="rotate(-48 1090 600)"/><circle cx="1176" cy="478" r="28" fill="{mid}"/>'
    )


def _photo(data: str) -> str:
    return f'<image x="{WIDTH - _PICTURE}" y="0" width="{_PICTURE}" height="{HEIGHT}" href="{data}"/>'


def _head(facts: Facts, brand: str, room: int) -> str:
    name = wrap(legible(facts.circle), 32, room - 64, 1, bold=True)
    mark = (
        f'<g transform="translate({_MARGIN} 74) scale(1.5)"><circle cx="16" cy="16" r="12.5" fill="none" '
        f'stroke="{brand}" stroke-width="4" stroke-linecap="round" stroke-dasharray="64.4 14.14" '
        f'transform="rotate(-48 16 16)"/><circle cx="23.2" cy="5.8" r="3" fill="{brand}"/></g>'
    )
    return mark + (_line(name[0], _MARGIN + 64, 109, 32, INK, bold=True) if name else "")


def _words(facts: Facts, room: int) -> str:
    """The title and how the post begins; only that, larger, when it has no title."""
    title, text = legible(facts.title), legible(facts.excerpt)
    if not title and not text:
        title = legible(facts.circle)  # a picture alone, or words that our fonts do not have
    made, y = [], 216.0
    if title:
        lines = _balanced(title, 60, room, 3)
        for line in lines:
            made.append(_line(line, _MARGIN, y, 60, INK, bold=True))
            y += 82
        rest, size, step = 4 - len(lines), 32, 50
        y += -10 if rest else 0
    else:
        rest, size, step = (5, 40, 62) if width(text, 40) > room * 3 else (4, 52, 80)
    for line in wrap(text, size, room, rest) if rest > 0 and text else []:
        made.append(_line(line, _MARGIN, y, size, INK_2 if title else INK))
        y += step
    return "".join(made)


def _balanced(title: str, size: int, room: float, most: int) -> list[str]:
    """The title in as few lines as it needs, of about the same length: no character stands alone on the last one."""
    best = wrap(title, size, room, most, bold=True)
    for narrower in range(95, 45, -5):
        tried = wrap(title, size, room * narrower / 100, most, bold=True)
        if len(tried) > len(best) or "".join(tried).endswith(lettering.ELLIPSIS):
            break
        best = tried
    return best


def _foot(facts: Facts, face: bytes | None, room: int) -> str:
    name = wrap(legible(facts.author), 30, room - 80, 1)
    x, y, radius = _MARGIN + 30, 540, 30
    photo = _embedded(face, (120, 120)) if face else None
    made = []
    if photo:
        made.append(
            f'<clipPath id="face"><circle cx="{x}" cy="{y}" r="{radius}"/></clipPath><image x="{x - radius}" '
            f'y="{y - radius}" width="{2 * radius}" height="{2 * radius}" href="{photo}" clip-path="url(#face)"/>'
        )
    else:
        paper, ink = TONES[facts.author_id % 8191 % 8]
        made.append(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{paper}"/>')
        if name:
            made.append(_line(name[0][0].upper(), x, y + 11, 30, ink, anchor="middle"))
    if name:
        made.append(_line(name[0], x + 50, y + 11, 30, INK_2))
    return "".join(made)


def _line(text: str, x: float, y: float, size: int, color: str, *, bold: bool = False, anchor: str = "start") -> str:
    weight = 700 if bold else 400
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{color}" text-anchor="{anchor}" '
        f'xml:lang="zh-Hans">{escape(text)}</text>'
    )


def _embedded(data: bytes, size: tuple[int, int]) -> str | None:
    """A picture of ours, cut to fill `size`, as a data address; None when it is damaged."""
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP", "PNG", "JPEG")) as image:
            cut = ImageOps.fit(image.convert("RGBA"), size, Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError):
        return None
    plain = Image.new("RGB", size, PAPER)
    plain.paste(cut, mask=cut.getchannel("A"))
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
