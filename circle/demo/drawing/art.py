"""The canvas every demo drawing uses: it collects SVG markup and turns it into PNG bytes.

Rendering speed decided the shape of this class: resvg fills opaque, pixel-aligned rectangles almost for free,
while a full-size gradient or anything with group opacity costs tens of milliseconds. Hence `bands` for skies and
`fill-opacity` instead of `opacity`.
"""

# ruff: noqa: PLR0917 - drawing calls read best as x, y, size, colour
from __future__ import annotations

import colorsys
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import resvg_py

Point = tuple[float, float]
T = TypeVar("T")

_HEX = re.compile(r"#[0-9A-Fa-f]{6}\b")
_BAND = 4  # px; finer than the eye separates between two neighbouring sky tones


def rgb(color: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def mix(a: str, b: str, t: float) -> str:
    """The colour a share `t` of the way from a to b."""
    return "#" + "".join(f"{round(p + (q - p) * t):02X}" for p, q in zip(rgb(a), rgb(b), strict=True))


def darker(color: str, amount: float = 0.15) -> str:
    """Towards a warm near-black, because pure black shadows look dirty on this palette."""
    return mix(color, "#2A1C1A", amount)


def lighter(color: str, amount: float = 0.2) -> str:
    """Towards warm white."""
    return mix(color, "#FFFBF2", amount)


def ramp(stops: Sequence[str], t: float) -> str:
    """The colour at `t` (0..1) along evenly spaced stops."""
    if len(stops) == 1:
        return stops[0]
    at = min(max(t, 0.0), 1.0) * (len(stops) - 1)
    k = min(int(at), len(stops) - 2)
    return mix(stops[k], stops[k + 1], at - k)


def disc(x: float, y: float, r: float) -> str:
    """A circle as path data, so that several can be united in one translucent fill."""
    return f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0z"


def smooth(points: Sequence[Point], closed: bool = False) -> str:
    """Path data of a Catmull-Rom curve through the points."""
    n = len(points)
    last = n if closed else n - 1
    d = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for i in range(last):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2))
        d += (
            f"C{p1[0] + (p2[0] - p0[0]) / 6:.1f} {p1[1] + (p2[1] - p0[1]) / 6:.1f}"
            f" {p2[0] - (p3[0] - p1[0]) / 6:.1f} {p2[1] - (p3[1] - p1[1]) / 6:.1f} {p2[0]:.1f} {p2[1]:.1f}"
        )
    return d + ("z" if closed else "")


def regrade(markup: str, hue: float, light: float) -> str:
    """Turn every colour a few degrees: the cheapest way to give a second drawing its own mood."""
    seen: dict[str, str] = {}

    def shift(found: re.Match[str]) -> str:
        color = found.group()
        if color not in seen:
            h, lum, s = colorsys.rgb_to_hls(*(v / 255 for v in rgb(color)))
            r, g, b = colorsys.hls_to_rgb((h + hue / 360) % 1, min(max(lum + light, 0.0), 1.0), s)
            seen[color] = f"#{round(r * 255):02X}{round(g * 255):02X}{round(b * 255):02X}"
        return seen[color]

    return _HEX.sub(shift, markup)


class Art:
    """A drawing in progress. Later calls paint over earlier ones."""

    def __init__(self, width: int, height: int, rng: random.Random | None = None, seed: int = 0) -> None:
        self.w = width
        self.h = height
        self.rng = rng or random.Random(seed)
        self.seed = seed
        self._body: list[str] = []
        self._defs: list[str] = []

    def pick(self, *options: T) -> T:
        """Neighbouring seeds get different options; seed 0 gets the first, which is the reference look."""
        return options[self.seed % len(options)]

    def rect(self, x: float, y: float, w: float, h: float, fill: str, r: float = 0, alpha: float = 1) -> None:
        corner = f' rx="{r:.1f}"' if r else ""
        self._body.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"{corner} {_fill(fill, alpha)}/>'
        )

    def circle(self, x: float, y: float, r: float, fill: str, alpha: float = 1) -> None:
        self._body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" {_fill(fill, alpha)}/>')

    def ring(self, x: float, y: float, r: float, stroke: str, width: float, alpha: float = 1, dash: str = "") -> None:
        self._body.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="none" {_stroke(stroke, width, alpha, dash)}/>'
        )

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: str, alpha: float = 1) -> None:
        self._body.append(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" {_fill(fill, alpha)}/>')

    def path(self, d: str, fill: str, alpha: float = 1) -> None:
        self._body.append(f'<path d="{d}" {_fill(fill, alpha)}/>')

    def line(self, d: str, stroke: str, width: float, alpha: float = 1, dash: str = "") -> None:
        self._body.append(f'<path d="{d}" fill="none" {_stroke(stroke, width, alpha, dash)}/>')

    def poly(self, points: Sequence[Point], fill: str, alpha: float = 1) -> None:
        self.path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z", fill, alpha)

    def shadow(self, x: float, y: float, rx: float, ry: float, alpha: float = 0.12) -> None:
        """The soft contact shadow under a thing that stands somewhere."""
        self.ellipse(x, y, rx, ry, "#3A2420", alpha)

    def bands(self, *stops: str, top: int = 0, bottom: int | None = None, left: int = 0, width: int = 0) -> None:
        """A vertical gradient made of opaque strips; must not be used inside a rotated group."""
        end = self.h if bottom is None else bottom
        for y in range(top, end, _BAND):
            color = ramp(stops, (y - top) / max(end - top - _BAND, 1))
            self._body.append(
                f'<rect x="{left}" y="{y}" width="{width or self.w}" height="{min(_BAND, end - y)}" fill="{color}"/>'
            )

    def glow(self, x: float, y: float, r: float, color: str, alpha: float = 0.55) -> None:
        """Light that fades outwards; keep r small, radial gradients are slow."""
        self.circle(x, y, r, self.radial((color, alpha), (color, alpha * 0.35), (color, 0)))

    def linear(self, *stops: str, x2: float = 0, y2: float = 1) -> str:
        """Register a gradient and return the paint to use as a fill."""
        marks = "".join(f'<stop offset="{k / (len(stops) - 1):.3f}" stop-color="{c}"/>' for k, c in enumerate(stops))
        return self._define("linearGradient", f'x1="0" y1="0" x2="{x2}" y2="{y2}"', marks)

    def fade(self, color: str, start: float, end: float, x2: float = 0, y2: float = 1) -> str:
        """One colour whose opacity runs from start to end."""
        marks = "".join(
            f'<stop offset="{k}" stop-color="{color}" stop-opacity="{a:.2f}"/>' for k, a in enumerate((start, end))
        )
        return self._define("linearGradient", f'x1="0" y1="0" x2="{x2}" y2="{y2}"', marks)

    def radial(self, *stops: tuple[str, float]) -> str:
        marks = "".join(
            f'<stop offset="{k / (len(stops) - 1):.3f}" stop-color="{c}" stop-opacity="{a:.3f}"/>'
            for k, (c, a) in enumerate(stops)
        )
        return self._define("radialGradient", "", marks)

    @contextmanager
    def group(self, transform: str) -> Iterator[None]:
        self._body.append(f'<g transform="{transform}">')
        yield
        self._body.append("</g>")

    @contextmanager
    def clip(self, d: str) -> Iterator[None]:
        """Only what lies inside the path shows."""
        name = self._name()
        self._defs.append(f'<clipPath id="{name}"><path d="{d}"/></clipPath>')
        self._body.append(f'<g clip-path="url(#{name})">')
        yield
        self._body.append("</g>")

    def svg(self, flip: bool = False, hue: float = 0, light: float = 0) -> str:
        body = "".join(self._body)
        if flip:
            body = f'<g transform="translate({self.w} 0) scale(-1 1)">{body}</g>'
        markup = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.w} {self.h}" '
            f'width="{self.w}" height="{self.h}"><defs>{"".join(self._defs)}</defs>{body}</svg>'
        )
        return regrade(markup, hue, light) if hue or light else markup

    def _name(self) -> str:
        return f"d{len(self._defs)}"

    def _define(self, tag: str, geometry: str, stops: str) -> str:
        name = self._name()
        self._defs.append(f'<{tag} id="{name}" {geometry}>{stops}</{tag}>')
        return f"url(#{name})"


def render(markup: str, width: int | None = None, height: int | None = None) -> bytes:
    """PNG bytes of an SVG. No drawing has text, so scanning the machine's fonts would be wasted time."""
    return resvg_py.svg_to_bytes(svg_string=markup, width=width, height=height, skip_system_fonts=True)


def _fill(fill: str, alpha: float) -> str:
    return f'fill="{fill}"' if alpha >= 1 else f'fill="{fill}" fill-opacity="{alpha:.3f}"'


def _stroke(stroke: str, width: float, alpha: float, dash: str) -> str:
    text = f'stroke="{stroke}" stroke-width="{width:.1f}" stroke-linecap="round" stroke-linejoin="round"'
    if alpha < 1:
        text += f' stroke-opacity="{alpha:.3f}"'
    return text + (f' stroke-dasharray="{dash}"' if dash else "")
