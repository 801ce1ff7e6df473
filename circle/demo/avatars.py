"""Friendly flat faces for the demo members, drawn from a small spec instead of being shipped as files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from circle.demo.drawing.art import Art, darker, disc, lighter, mix, render

SIZE = 400
SKINS: Mapping[int, str] = {1: "#F8DCC6", 2: "#F3C9A8", 3: "#E3AC84", 4: "#BF8560"}
EXTRAS: tuple[str | None, ...] = (None, "beard", "earring", "hat", "freckles", "headphones")

# A hair style gets the canvas, the hair colour and a trim colour for the things people wear in or on their hair.
Layer = Callable[[Art, str, str], None]

_INK = "#3A2E28"
_GOLD = "#EBB84C"
_ALL = "M-20-20h140v140h-140z"
_UNDER_BRIM = "M-20 35h140v90h-140z"  # or the hair would stand out beside the hat's crown


def draw_avatar(spec: Mapping[str, Any]) -> bytes:
    """A 400x400 PNG.

    spec: skin 1-4, hair (one of HAIRS), hair_color, bg (two colours), shirt, and optionally glasses and
    extra (one of EXTRAS). KeyError if the skin or hair is unknown, ValueError for an unknown extra.
    """
    return render(avatar_svg(spec), SIZE, SIZE)


def avatar_svg(spec: Mapping[str, Any]) -> str:
    """The face as SVG markup, on the 96 unit square of the mock it follows."""
    skin, hair, extra = SKINS[spec["skin"]], str(spec["hair"]), spec.get("extra")
    back, front = _STYLES[hair]
    if extra not in EXTRAS:
        raise ValueError(f"unknown extra: {extra!r}")
    color = mix(spec["hair_color"], "#CFCCCA", 0.8) if hair == "grey_short" else str(spec["hair_color"])
    trim = darker(spec["bg"][1], 0.42)
    kind = HAIRS.index(hair) + int(spec["skin"])  # small details follow from it, so that faces differ more
    art = Art(96, 96)
    art.rect(0, 0, 96, 96, art.linear(spec["bg"][0], spec["bg"][1], x2=0.4))
    with art.group("translate(48 54) scale(1.12) translate(-48 -51.5)"):
        with art.clip(_UNDER_BRIM if extra == "hat" else _ALL):
            back(art, color, trim)
        _body(art, skin, spec["shirt"], kind)
        _head(art, skin)
        _marks(art, skin, color, extra)
        _features(art, color, skin, grin=extra == "beard" or kind % 3 == 1, beard=extra == "beard")
        if hair == "grey_short":
            _laugh_lines(art, skin)
        if extra == "hat":
            _straw_hat(art, color, hair, trim)
        else:
            front(art, color, trim)
        if spec.get("glasses"):
            _glasses(art, square=kind % 2 == 0)
        if extra == "headphones":
            _headphones(art, 26.5 if hair == "curly" else 21.5, trim)
    return art.svg()


# ---------------------------------------------------------------- body and face


def _body(art: Art, skin: str, shirt: str, kind: int) -> None:
    art.path("M13 106c2-26 15-36 35-36s33 10 35 36z", shirt)
    shade = darker(shirt, 0.12)
    neckline = kind % 4
    if neckline == 0:  # hooded: the hood lies behind the neck
        art.path("M32 74c2-8 30-8 32 0c-4 8-28 8-32 0z", shade)
    art.path("M41 58h14v13c0 8-14 8-14 0z", skin)
    art.path("M41 62.5c4 4 10 4 14 0v4c-4 4.5-10 4.5-14 0z", darker(skin, 0.18), 0.7)
    if neckline == 0:
        art.line("M43 78v9M53 78v9", lighter(shirt, 0.6), 1.3)
    elif neckline == 1:
        collar = lighter(shirt, 0.45)
        art.path("M40.5 69.5l7.5 8-6 6.5-6.5-11.5zM55.5 69.5l-7.5 8 6 6.5 6.5-11.5z", collar)
        art.line("M48 80v14", shade, 0.9)
        art.path(disc(48, 84, 0.9) + disc(48, 90, 0.9), shade)
    elif neckline == 2:
        art.line("M38.8 71.6c3 7 15.4 7 18.4 0", shade, 2.2)
    else:
        art.path("M40.6 70.6l7.4 10.4 7.4-10.4z", skin)
        art.line("M39.6 70.4l8.4 11.4 8.4-11.4", shade, 1.8)


def _head(art: Art, skin: str) -> None:
    for x in (31.6, 64.4):
        art.circle(x, 48, 3.7, skin)
        art.circle(x, 48.2, 1.8, darker(skin, 0.14), 0.6)
    art.ellipse(48, 46, 16.5, 18.5, skin)
    for x in (37.6, 58.4):
        art.circle(x, 52.4, 3.4, "#EE7F6C", 0.3)


def _features(art: Art, hair: str, skin: str, grin: bool, beard: bool) -> None:
    brow = darker(hair, 0.15) if hair != skin else _INK
    art.line("M38.2 42.6q2.8-1.8 5.4-.5M57.8 42.6q-2.8-1.8-5.4-.5", brow, 1.25, 0.85)
    for x in (41, 55):
        art.circle(x, 47, 1.9, _INK)
        art.circle(x + 0.6, 46.4, 0.6, "#FFFFFF", 0.9)
    art.line("M47.5 48.6q-1 2.4.9 2.7", darker(skin, 0.3), 1.1, 0.8)
    if grin:
        art.path("M43.2 54.6h9.6c0 4-2 5.7-4.8 5.7s-4.8-1.7-4.8-5.7z", "#FFFDF8" if beard else "#8E3F38")
        if not beard:
            art.path("M43.9 54.6h8.2l-.3 1.7h-7.6z", "#FFFDF8")
    else:
        art.line("M43.4 55q4.6 4.2 9.2 0", "#8A4B3B", 1.7)


def _laugh_lines(art: Art, skin: str) -> None:
    art.line(
        "M35.4 45.6l-1.8-.8M35.4 47.6h-2M60.6 45.6l1.8-.8M60.6 47.6h2M41 53.6q-1.2 1.6-.8 3M55 53.6q1.2 1.6.8 3",
        darker(skin, 0.25),
        0.8,
        0.8,
    )


def _marks(art: Art, skin: str, hair: str, extra: str | None) -> None:
    """What lies on the skin or hangs at the ears; drawn before the eyes and the hair."""
    if extra == "freckles":
        left = ((36, 50.6), (38.4, 52.4), (40.6, 50.8), (37.6, 54.6), (45.4, 50.4))
        spots = [*left, *((96 - x, y) for x, y in left)]
        art.path("".join(disc(x, y, 0.62) for x, y in spots), darker(skin, 0.42), 0.75)
    elif extra == "beard":
        art.path(
            "M31.4 45.5c-.6 15 5 22.4 16.6 22.4s17.2-7.4 16.6-22.4c-1.6 5.6-4 7.2-7.4 6.6-4-1.4-14.4-1.4-18.4 0"
            "-3.4.6-5.8-1-7.4-6.6z",
            hair,
        )
    elif extra == "earring":
        for x in (31.2, 64.8):
            art.ring(x, 54.6, 2.5, _GOLD, 1.3)


# ---------------------------------------------------------------- hair


def _none(art: Art, color: str, _trim: str) -> None:
    """For styles without anything behind the head."""


def _short(art: Art, color: str, _trim: str) -> None:
    art.path(
        "M30.9 46.5c-3.6-15.6 3.6-24.7 17-24.7 13.6 0 20.8 9 17.2 24.7-1.9-2.6-2.6-5.6-3.5-9.3-8 1.4-17.4.9-23.9-2.7"
        "-2.6 3.3-5 6.6-6.8 12z",
        color,
    )
    art.line("M38 28.6c4-3.2 10-4 14.6-3", lighter(color, 0.22), 1.4, 0.7)


def _grey_short(art: Art, color: str, _trim: str) -> None:
    art.path(
        "M31 46.6c-3.4-15.4 3.6-24 17-24s20.4 8.6 17 24c-1.7-2.6-2.3-5-3-8.4-4.6-.6-8-3.7-9.6-8.2"
        "-4.2 5-10.4 7.4-17.6 8-1.5 2.4-2.8 5-3.8 8.6z",
        color,
    )
    art.line("M39 31q5-1 8.6-4.6M57 27.6q3 2 4.4 5", darker(color, 0.14), 1, 0.8)


def _bob_back(art: Art, color: str, _trim: str) -> None:
    art.path("M27 44c0-17 8-25.5 21-25.5s21 8.5 21 25.5v15c0 3.4-2 5.4-5 5.4H32c-3 0-5-2-5-5.4z", color)


def _bob(art: Art, color: str, _trim: str) -> None:
    art.path(
        "M30.4 47c-.6-15.6 5.8-22.4 17.6-22.4s18.2 6.8 17.6 22.4c-1.4-4-2.6-6.6-4.2-8.4-8.4.4-18.4.4-26.8 0"
        "-1.6 1.8-2.8 4.4-4.2 8.4z",
        color,
    )
    art.line("M41 29.6v7.6M48 28.6v8.6M55 29.6v7.6", darker(color, 0.3), 0.8, 0.5)


def _long_back(art: Art, color: str, _trim: str) -> None:
    art.path("M26.5 46c0-19 8-28 21.5-28s21.5 9 21.5 28c0 10 .6 19 2.5 30-6 4-42 4-48 0 1.9-11 2.5-20 2.5-30z", color)


def _long(art: Art, color: str, _trim: str) -> None:
    art.path(
        "M30.5 50c-1.2-17.6 5.5-25.8 17.5-25.8s18.7 8.2 17.5 25.8c-1.4-6.6-6-11.6-13-17.6-5.6 6-13.4 8.6-22 17.6z",
        color,
    )
    art.path("M27.6 52c1 10 0 18-1.4 25 4.8 1.8 8.2.4 8.8-4 .6-6-3.6-12-4.6-22z", color)
    art.path("M68.4 52c-1 10 0 18 1.4 25-4.8 1.8-8.2.4-8.8-4-.6-6 3.6-12 4.6-22z", color)


def _bun_back(art: Art, color: str, _trim: str) -> None:
    art.circle(48, 17.5, 9, color)
    art.path("M42.6 12.6c2-2.6 6-3.4 9-2-3.4.2-6.6 1.4-9 2z", lighter(color, 0.25), 0.7)


def _bun(art: Art, color: str, trim: str) -> None:
    art.path(
        "M30.9 46.5c-1.3-15.3 5.1-23 17.1-23s18.4 7.7 17.1 23c-2.6-7-6.6-10.7-10.9-13.1-6.2 3.5-15.9 4-23.3 13.1z",
        color,
    )
    art.rect(42.6, 23.2, 10.8, 2.6, trim, 1.3)


def _curly_back(art: Art, color: str, _trim: str) -> None:
    turns = [math.pi - 0.35 + k * (math.pi + 0.7) / 8 for k in range(9)]
    art.path(
        "".join(disc(48 + 18.5 * math.cos(a), 38 + 16.5 * math.sin(a), 8) for a in turns) + disc(48, 36, 17), color
    )


def _curly(art: Art, color: str, _trim: str) -> None:
    puffs = ((34.5, 37, 5), (39.5, 32, 5.6), (46, 30.4, 5.8), (53, 31, 5.6), (59, 33.8, 5.2), (62.6, 39, 4.2))
    art.path("".join(disc(x, y, r) for x, y, r in puffs), color)
    art.line("M36 27.6q2.4-3.4 5.6-2.4M47 21.6q3.4-2 6 .6M58 27q3-1 4.6 2", lighter(color, 0.25), 1.3, 0.7)


def _ponytail_back(art: Art, color: str, trim: str) -> None:
    art.path("M58 27c12-7 22 1 20.5 17-.8 9-4.5 16-3 27-8-4-11.6-13-10-23 .8-7-1-12-7.5-14z", color)
    art.circle(63.4, 28.8, 3.4, trim)


def _ponytail(art: Art, color: str, _trim: str) -> None:
    art.path(
        "M30.9 46.5c-1.6-15.5 5.3-23.3 17.3-23.3s18.2 7.6 16.9 23.3c-1.8-4.8-3.5-7.6-5.6-9.6-3 .4-6.3-2.3-8-4.9"
        "-4.5 5.3-13.5 5.5-20.6 14.5z",
        color,
    )
    art.line("M52 25.4c4 .6 7 2.4 9 5", lighter(color, 0.25), 1.2, 0.6)


def _bald(art: Art, color: str, _trim: str) -> None:
    with art.group("rotate(-24 41 33)"):
        art.ellipse(41, 33, 5, 2.6, "#FFFFFF", 0.35)
    for s in (-1, 1):
        x = 48 + s * 16.2
        art.path(f"M{x:.1f} 41c{s * 1.6:.1f} 1.6 {s * 1.6:.1f} 3.6 {s * 0.8:.1f} 5l{-s * 1.6:.1f}-1z", color, 0.8)


def _cap(art: Art, color: str, trim: str) -> None:
    for s in (-1, 1):
        x = 48 + s * 16.8
        art.path(f"M{x:.1f} 38h{-s * 3.4:.1f}q{s * 0.6:.1f} 6 {s * 1.6:.1f} 9.5h{s * 1.2:.1f}z", color)
    art.path("M29.6 39.6c-.6-12.6 7-19.4 18.4-19.4s19 6.8 18.4 19.4z", trim)
    art.line("M48 20.5v12M38.6 22.8q-3.6 6-4 13M57.4 22.8q3.6 6 4 13", darker(trim, 0.2), 0.9)
    art.circle(48, 20, 1.7, lighter(trim, 0.3))
    art.path("M29.2 36.6h37c7 .2 12.6 2.2 13.4 5.4-4 1.2-9 1.2-13.4.6-12-1.4-25-1.4-37 0z", darker(trim, 0.25))


_STYLES: Mapping[str, tuple[Layer, Layer]] = {
    "short": (_none, _short),
    "bob": (_bob_back, _bob),
    "long": (_long_back, _long),
    "bun": (_bun_back, _bun),
    "curly": (_curly_back, _curly),
    "bald": (_none, _bald),
    "cap": (_none, _cap),
    "grey_short": (_none, _grey_short),
    "ponytail": (_ponytail_back, _ponytail),
}
HAIRS: tuple[str, ...] = tuple(_STYLES)


# ---------------------------------------------------------------- things people wear


def _glasses(art: Art, square: bool) -> None:
    for x in (41, 55):
        if square:
            art.rect(x - 5.4, 42.6, 10.8, 8.6, "#FFFFFF", 2.4, 0.22)
            d = f"M{x - 3.4} 42.6h6.8q2 0 2 2v4.6q0 2-2 2h-6.8q-2 0-2-2v-4.6q0-2 2-2z"
            art.line(d, _INK, 1.5)
        else:
            art.circle(x, 47, 5.4, "#FFFFFF", 0.22)
            art.ring(x, 47, 5.4, _INK, 1.5)
    art.line("M46.5 46.4q1.5-1.2 3 0M35.6 46l-3.6-.8M60.4 46l3.6-.8", _INK, 1.4)


def _straw_hat(art: Art, color: str, hair: str, trim: str) -> None:
    """Instead of the front hair, of which only the temples still show."""
    if hair not in ("bald", "cap"):
        art.path(
            "M31.2 47c-1-5-1-9 .4-13h32.8c1.4 4 1.4 8 .4 13-2-2.6-2.6-5.6-3.6-8.6-8 1.6-18.4 1.6-26.4 0"
            "-1 3-1.6 6-3.6 8.6z",
            color,
        )
    straw = "#EBCB8E"
    art.ellipse(48, 36.4, 29, 5.6, darker(straw, 0.16))
    art.ellipse(48, 35, 29, 5.4, straw)
    art.path("M30.8 34.6c0-12 5-19 17.2-19s17.2 7 17.2 19c-8 2.6-26.4 2.6-34.4 0z", lighter(straw, 0.2))
    art.path("M30.9 30.6c9 2.6 25.2 2.6 34.2 0l.1 4c-8 2.8-26.4 2.8-34.4 0z", trim)
    art.line("M38 21.6q4-3 9-3.2", "#FFFFFF", 1.3, 0.6)


def _headphones(art: Art, r: float, trim: str) -> None:
    art.line(
        f"M{48 - r * 0.86:.1f} 46C{48 - r:.1f} {46 - r * 1.5:.1f} "
        f"{48 + r:.1f} {46 - r * 1.5:.1f} {48 + r * 0.86:.1f} 46",
        lighter(trim, 0.1),
        3,
    )
    for s in (-1, 1):
        art.rect(48 + s * 18.2 - 3.6, 41, 7.2, 13.6, trim, 3.6)
        art.rect(48 + s * 20.6 - 1.3, 43, 2.6, 9.6, lighter(trim, 0.35), 1.3)
