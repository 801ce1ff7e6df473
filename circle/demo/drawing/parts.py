"""Motifs that several drawings share: hills, sun, clouds, trees, plants, books, handwriting."""

# ruff: noqa: PLR0917 - drawing calls read best as x, y, size, colour
from __future__ import annotations

import math
import random
from collections.abc import Sequence

from circle.demo.drawing.art import Art, darker, disc, lighter, mix, smooth

BOOKS = ("#C4573C", "#DDA04C", "#4F7A6A", "#41597F", "#8A4A52", "#E5C9A0", "#2F3E4E", "#9AAE8C", "#D98A6A")
LEAVES = ("#3F7A5C", "#4E8D6B", "#356B50", "#5B9B78", "#4A8867")
GLOW = "#FFE3A6"


class Ridge:
    """A rolling horizon whose height is known at every x, so that things can stand on it."""

    def __init__(self, rng: random.Random, base: float, amp: float, width: int, waves: float = 1.6) -> None:
        self.base, self.amp = base, amp
        turns = [(0.6, waves), (0.28, waves * 2.3), (0.12, waves * 4.1)]
        self._waves = [(amp * a, math.tau * f / width, rng.uniform(0, math.tau)) for a, f in turns]

    def y(self, x: float) -> float:
        return self.base + sum(a * math.sin(f * x + p) for a, f, p in self._waves)

    def fill(self, art: Art, color: str, bottom: float | None = None) -> None:
        """Curve as a path, the solid rest as a rectangle: large anti-aliased paths are slow."""
        floor = int(self.base + self.amp) + 2
        points = [(x, self.y(x)) for x in range(0, art.w + 12, 12)]
        art.poly([(0, floor), *points, (art.w, floor)], color)
        end = art.h if bottom is None else bottom
        if end > floor:
            art.rect(0, floor, art.w, int(end) - floor + 1, color)


def hills(art: Art, colors: Sequence[str], top: float, bottom: float, amp: float, waves: float = 1.6) -> list[Ridge]:
    """Layered ridges from far to near; each is filled only down to where the next one covers it."""
    step = (bottom - top) / max(len(colors) - 1, 1)
    ridges = [Ridge(art.rng, top + step * k, amp, art.w, waves) for k in range(len(colors))]
    for k, (ridge, color) in enumerate(zip(ridges, colors, strict=True)):
        last = k == len(ridges) - 1
        ridge.fill(art, color, None if last else ridges[k + 1].base + amp + 2)
    return ridges


def sun(art: Art, x: float, y: float, r: float, color: str, halo: float = 0.5) -> None:
    art.glow(x, y, r * 2.6, color, halo)
    art.circle(x, y, r, color)


def cloud(art: Art, x: float, y: float, size: float, color: str = "#FFFFFF", alpha: float = 0.75) -> None:
    """Puffs united in one path: overlapping translucent circles would show their seams."""
    puffs = ((-0.95, 0, 0.42), (-0.4, -0.28, 0.58), (0.25, -0.16, 0.5), (0.85, 0.04, 0.38))
    d = "".join(disc(x + dx * size, y + dy * size, r * size) for dx, dy, r in puffs)
    half, low = size * 0.95, y + size * 0.42
    d += f"M{x - half:.1f} {y:.1f}V{low:.1f}H{x + size * 0.85:.1f}V{y:.1f}z"  # same turn as the discs, or it cuts holes
    art.path(d, color, alpha)


def streaks(art: Art, count: int, top: float, bottom: float, color: str, alpha: float = 0.35) -> None:
    """Thin pill clouds."""
    for _ in range(count):
        y = art.rng.uniform(top, bottom)
        x = art.rng.uniform(-0.05, 0.8) * art.w
        length = art.rng.uniform(0.12, 0.3) * art.w
        art.rect(x, y, length, 14, color, 7, alpha)
        art.rect(x + length * art.rng.uniform(0.15, 0.45), y + 13, length * 0.5, 10, color, 5, alpha)


def stars(art: Art, count: int, bottom: float, color: str = "#FDF3D0") -> None:
    for _ in range(count):
        x, y = art.rng.uniform(0, art.w), art.rng.uniform(10, bottom)
        art.circle(x, y, art.rng.choice((1.8, 2.4, 3.4)), color, art.rng.uniform(0.45, 0.95))


def birds(art: Art, x: float, y: float, color: str, count: int = 4) -> None:
    for k in range(count):
        bx, by = x + k * 46 + art.rng.uniform(-8, 8), y + art.rng.uniform(-26, 26)
        s = art.rng.uniform(0.7, 1.15)
        art.line(
            f"M{bx - 20 * s:.0f} {by - 5 * s:.0f}q{10 * s:.0f} {-8 * s:.0f} {20 * s:.0f} {5 * s:.0f}"
            f"q{10 * s:.0f} {-13 * s:.0f} {20 * s:.0f} {-5 * s:.0f}",
            color,
            4 * s,
            0.75,
        )


def tree(art: Art, x: float, y: float, size: float, crown: str = "#5F9468", trunk: str = "#7A5A42") -> None:
    """A round tree standing at (x, y)."""
    art.rect(x - size * 0.08, y - size * 0.8, size * 0.16, size * 0.82, trunk, size * 0.05)
    art.line(f"M{x:.0f} {y - size * 0.5:.0f}l{size * 0.26:.0f} {-size * 0.3:.0f}", trunk, size * 0.08)
    cy = y - size * 1.25
    puffs = ((0, -0.18, 0.62), (-0.48, 0.16, 0.46), (0.48, 0.14, 0.48), (0, 0.22, 0.5))
    art.path("".join(disc(x + dx * size, cy + dy * size, r * size) for dx, dy, r in puffs), crown)
    art.path(
        disc(x - size * 0.2, cy - size * 0.3, size * 0.34) + disc(x - size * 0.5, cy + size * 0.04, size * 0.25),
        lighter(crown, 0.22),
    )


def pine(art: Art, x: float, y: float, size: float, color: str, snow: str = "") -> None:
    """A fir of three tiers, optionally with snow on its shoulders."""
    art.rect(x - size * 0.05, y - size * 0.16, size * 0.1, size * 0.18, darker(color, 0.4))
    for k, (half, low) in enumerate(((0.36, 0.12), (0.29, 0.38), (0.2, 0.64))):
        top, base = y - size * (low + 0.4), y - size * low
        art.poly([(x, top), (x + half * size, base), (x - half * size, base)], lighter(color, 0.06 * k))
        if snow:
            cut = 0.46
            lx, mid = half * size * cut, top + (base - top) * cut
            art.poly(
                [(x, top), (x + lx, mid), (x + lx * 0.3, mid - size * 0.03), (x, mid + size * 0.03), (x - lx, mid)],
                snow,
            )


def leaf(art: Art, x: float, y: float, length: float, angle: float, color: str, vein: bool = True) -> None:
    """A pointed leaf growing from (x, y); angle 0 points up."""
    half = length * 0.24
    with art.group(f"translate({x:.1f} {y:.1f}) rotate({angle:.1f})"):
        art.path(
            f"M0 0C{-half * 1.4:.1f} {-length * 0.3:.1f} {-half:.1f} {-length * 0.75:.1f} 0 {-length:.1f}"
            f"C{half:.1f} {-length * 0.75:.1f} {half * 1.4:.1f} {-length * 0.3:.1f} 0 0z",
            color,
        )
        if vein:
            art.line(f"M0 {-length * 0.12:.1f}V{-length * 0.8:.1f}", lighter(color, 0.35), max(length * 0.02, 1.5), 0.6)


def pot(art: Art, x: float, base: float, size: float, color: str = "#C9694A") -> None:
    """A clay pot of height `size` standing on `base`."""
    half, rim = size * 0.52, size * 0.24
    art.poly(
        [
            (x - half, base - size + rim),
            (x + half, base - size + rim),
            (x + half * 0.72, base),
            (x - half * 0.72, base),
        ],
        color,
    )
    shade = darker(color, 0.12)
    art.poly(
        [(x + half * 0.3, base - size + rim), (x + half, base - size + rim), (x + half * 0.72, base), (x, base)], shade
    )
    art.rect(x - half * 1.12, base - size, half * 2.24, rim, lighter(color, 0.14), size * 0.05)


def pot_plant(art: Art, x: float, base: float, size: float, color: str = "#C9694A", leaves: int = 7) -> None:
    """A leafy plant in a pot; `size` is the pot's height."""
    for k in sorted(range(leaves), key=lambda k: -abs(k - (leaves - 1) / 2)):
        spread = (k - (leaves - 1) / 2) / max((leaves - 1) / 2, 1)
        length = size * (2.0 - 0.75 * abs(spread)) * art.rng.uniform(0.92, 1.08)
        leaf(art, x + spread * size * 0.25, base - size * 0.9, length, spread * 74, LEAVES[k % len(LEAVES)])
    pot(art, x, base, size, color)


def steam(art: Art, x: float, y: float, size: float, count: int = 3, color: str = "#FFFFFF") -> None:
    """Wisps rising from (x, y)."""
    for k in range(count):
        sx = x + (k - (count - 1) / 2) * size * 0.42
        tall = size * (1.25 if k % 2 else 0.95)
        art.line(
            f"M{sx:.0f} {y:.0f}c{-size * 0.3:.0f} {-tall * 0.3:.0f} {size * 0.3:.0f} {-tall * 0.5:.0f} 0 {-tall:.0f}",
            color,
            size * 0.1,
            0.6,
        )


def spines(art: Art, left: float, right: float, base: float, low: int, high: int, width: tuple[int, int]) -> None:
    """Books standing side by side, with a leaning one or a small gap now and then."""
    x = left
    while x < right - width[0]:
        w = min(art.rng.randint(*width), right - x)
        h = art.rng.randint(low, high)
        color = art.rng.choice(BOOKS)
        turn = -9 if art.rng.random() < 0.07 and left + 2 * w < x < right - 3 * w else 0
        with art.group(f"rotate({turn} {x + w:.0f} {base:.0f})"):
            _spine(art, x, base, w, h, color)
        x += w + (w * 0.45 if turn else 3)


def _spine(art: Art, x: float, base: float, w: float, h: float, color: str) -> None:
    mark = lighter(color, 0.55)
    art.rect(x, base - h, w, h, color, 3)
    art.rect(x, base - h, max(w * 0.12, 3), h, darker(color, 0.2))
    art.rect(x + w * 0.18, base - h * 0.88, w * 0.66, 5, mark, alpha=0.7)
    art.rect(x + w * 0.44, base - h * 0.76, max(w * 0.16, 3), h * 0.36, mark, 2, 0.5)
    art.rect(x + w * 0.18, base - h * 0.14, w * 0.66, 5, mark, alpha=0.7)


def book_pile(art: Art, x: float, base: float, width: float, colors: Sequence[str], thick: float = 26) -> None:
    """Books lying on each other, centred on x, first colour lowest."""
    for k, color in enumerate(colors):
        w = width * art.rng.uniform(0.82, 1)
        bx, y = x - w / 2 + art.rng.uniform(-0.05, 0.05) * width, base - thick * (k + 1)
        art.rect(bx, y, w, thick, color, 5)
        art.rect(bx + w * 0.12, y + thick * 0.24, w * 0.88, thick * 0.52, "#FBF3E4", 2)
        art.rect(bx + w * 0.12, y + thick * 0.46, w * 0.88, 2, "#CDBFA9", alpha=0.7)


def handwriting(rng: random.Random, x: float, y: float, width: float, size: float = 22) -> str:
    """Path data of one scrawled line. Loops, not invented characters: a reader would try to read those."""
    d, end = "", x + width
    while x < end - size:
        left = rng.randint(3, 7)
        d += f"M{x:.1f} {y:.1f}"
        while left and x < end:
            step, up = size * rng.uniform(0.5, 0.8), size * rng.uniform(0.45, 0.95)
            d += (
                f"c{step * 0.5:.1f} {-up * 0.2:.1f} {step * 0.7:.1f} {-up:.1f} {step * 0.35:.1f} {-up:.1f}"
                f"s{-step * 0.1:.1f} {up:.1f} {step * 0.65:.1f} {up * 0.98:.1f}"
            )
            x, left = x + step, left - 1
        x += size * rng.uniform(0.4, 0.7)
    return d


def planks(art: Art, top: int, bottom: int, color: str, gap: int = 104) -> None:
    """A wooden surface seen from above: lengthwise boards with faint grain."""
    art.rect(0, top, art.w, bottom - top, color)
    for k, y in enumerate(range(top, bottom, gap)):
        art.rect(0, y, art.w, min(gap, bottom - y), lighter(color, 0.05) if k % 2 else darker(color, 0.03))
        art.rect(0, y, art.w, 3, darker(color, 0.22))
        for _ in range(3):
            gx, gy = art.rng.uniform(0, art.w * 0.8), y + art.rng.uniform(18, gap - 14)
            art.line(f"M{gx:.0f} {gy:.0f}q90 {art.rng.uniform(-9, 9):.0f} 200 0", darker(color, 0.14), 3, 0.6)


def table(art: Art, y: float, color: str = "#D9B088") -> None:
    """A table top seen from the front, filling the picture below y."""
    art.rect(0, int(y), art.w, art.h - int(y), color)
    art.rect(0, int(y), art.w, 14, lighter(color, 0.3))
    art.rect(0, int(y) + 120, art.w, 4, darker(color, 0.1))


def wisps(art: Art, points: Sequence[tuple[float, float]], color: str, width: float, alpha: float = 1) -> None:
    """A smooth open stroke through the points."""
    art.line(smooth(points), color, width, alpha)


def flower(art: Art, x: float, y: float, r: float, petal: str, heart: str = "#F4C65A", petals: int = 7) -> None:
    d = ""
    for k in range(petals):
        a = k * math.tau / petals
        d += disc(x + r * 0.58 * math.cos(a), y + r * 0.58 * math.sin(a), r * 0.48)
    art.path(d, petal)
    art.circle(x, y, r * 0.5, mix(petal, "#FFFFFF", 0.25))
    art.circle(x, y, r * 0.34, heart)


def curtain(art: Art, x: float, top: float, width: float, height: float, color: str, right: bool = False) -> None:
    """A tied-back curtain hanging at the left (or right) of a window."""
    s = -1 if right else 1
    art.path(
        f"M{x:.0f} {top:.0f}h{s * width:.0f}C{x + s * width:.0f} {top + height * 0.4:.0f} "
        f"{x + s * width * 0.72:.0f} {top + height * 0.55:.0f} {x + s * width * 0.42:.0f} {top + height * 0.64:.0f}"
        f"C{x + s * width * 0.66:.0f} {top + height * 0.8:.0f} {x + s * width * 0.7:.0f} {top + height * 0.9:.0f} "
        f"{x + s * width * 0.66:.0f} {top + height:.0f}H{x:.0f}z",
        color,
    )
    for share in (0.25, 0.5, 0.75):
        art.line(
            f"M{x + s * width * share:.0f} {top:.0f}C{x + s * width * share:.0f} {top + height * 0.35:.0f} "
            f"{x + s * width * share * 0.7:.0f} {top + height * 0.5:.0f} "
            f"{x + s * width * share * 0.55:.0f} {top + height * 0.62:.0f}",
            darker(color, 0.12),
            4,
            0.8,
        )
    art.rect(min(x, x + s * width * 0.48), top + height * 0.61, width * 0.48, 22, darker(color, 0.3), 9)
