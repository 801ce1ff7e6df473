"""Paper and film: desk, notes, quote cards, camera, film strip and the wide film cover.

Nothing here is lettering: writing is drawn as strokes, so no font has to be on the machine.
"""

# ruff: noqa: PLR0917 - drawing calls read best as x, y, size, colour
from __future__ import annotations

import random

from circle.demo.drawing.art import Art, darker, disc, lighter, mix
from circle.demo.drawing.parts import Ridge, birds, handwriting, hills, leaf, planks, streaks, sun

PAGE = "#FFFDF8"


def desk(art: Art) -> None:
    wood, coffee, mug = art.pick(
        ("#D2A97E", "#7A4A2C", "#FBF7F0"), ("#DDD3C4", "#8A5732", "#D98A6A"), ("#B98A64", "#6B4028", "#DCE6E0")
    )
    planks(art, 0, 900, wood)
    with art.group(f"rotate({art.rng.uniform(-10, -5):.1f} 690 450)"):
        _spread(art)
    _mug(art, 262, 610, mug, coffee)
    _pen(art, 1070, 560, art.pick("#C8472B", "#41597F", "#4F7A6A"), 24)
    for k in range(5):
        leaf(art, 120, 60, 210, 96 + k * 34, ("#5B9B78", "#3F7A5C", "#4E8D6B")[k % 3])
    art.path("M-20 -20h170q60 90 -60 160q-70 20 -110 -10z", "#C9694A")
    art.circle(60, 50, 60, "#6B4A38")


def _spread(art: Art) -> None:
    """An open book with a ribbon."""
    art.rect(404, 158, 620, 622, "#3A2420", 10, 0.13)
    art.rect(384, 134, 316, 622, PAGE, 8)
    art.rect(692, 134, 316, 622, PAGE, 8)
    art.rect(654, 134, 42, 622, art.fade("#5A4030", 0, 0.16, 1, 0))
    art.rect(696, 134, 42, 622, art.fade("#5A4030", 0.16, 0, 1, 0))
    for left in (420, 740):
        for k in range(15):
            width = art.rng.choice((228, 228, 216, 160)) if k else 120
            art.rect(left, 188 + k * 36, width, 7 if k else 11, "#8C7B68", 4, 0.42 if k else 0.6)
    ribbon = art.pick("#C8472B", "#E2A33C", "#4F7A6A")
    art.path("M690 134h16v660l-8 -14l-8 14z", ribbon)
    art.rect(736, 366, 236, 20, ribbon, 4, 0.22)


def _mug(art: Art, x: float, y: float, cup: str, coffee: str) -> None:
    art.circle(x + 10, y + 16, 184, "#3A2420", 0.11)
    art.circle(x, y, 180, "#FBF7F0")
    art.circle(x, y, 142, "#EFE7DA")
    art.line(f"M{x + 90} {y + 60}l78 54", cup, 36)
    art.circle(x, y, 116, lighter(cup, 0.3))
    art.circle(x, y, 96, coffee)
    art.circle(x, y, 78, lighter(coffee, 0.1))
    art.path(f"M{x - 54} {y - 24}c28 -36 88 -32 102 6c-36 -18 -66 26 -102 -6z", "#F3DDBD", 0.8)


def _pen(art: Art, x: float, y: float, color: str, turn: float) -> None:
    with art.group(f"translate({x} {y}) rotate({turn})"):
        art.rect(-12, -190, 40, 390, "#3A2420", 18, 0.12)
        art.rect(-18, -200, 36, 330, color, 16)
        art.rect(-18, -200, 12, 330, lighter(color, 0.22), 6)
        art.rect(-18, -70, 36, 14, "#E9D3A4")
        art.path("M-18 124h36l-18 76z", "#E9D3A4")
        art.path("M-6 174h12l-6 26z", "#3A3432")
        art.rect(10, -190, 8, 110, "#E9D3A4", 4)


def note(art: Art) -> None:
    bg, ink, accent = art.pick(
        (("#F3D9C0", "#E2AE8A"), "#4C4A63", "#D0583A"),
        (("#F1D3CE", "#DDA39C"), "#4A3F52", "#B5506A"),
        (("#F2E2B8", "#E0BE78"), "#4A463C", "#C98A2C"),
    )
    _notebook(art, bg, ink, accent)
    _pencil(art, 950, 560, accent)


def note2(art: Art) -> None:
    bg, ink, accent = art.pick(
        (("#CFE0DC", "#93B8B0"), "#3B4A46", "#3E7C6A"),
        (("#CFDCEA", "#94AFCC"), "#39455C", "#41649A"),
        (("#DCE2C4", "#AEBB84"), "#454A36", "#75853C"),
    )
    art.bands(*bg)
    with art.group("rotate(4 600 450)"):
        _sheet(art, 620, 70, 420, 700)
        art.rect(680, 120, 180, 26, accent, 8, 0.75)
        for k in range(11):
            y = 200 + k * 48
            art.line(f"M660 {y + 12}H1000", "#E8DFD1", 2)
            art.line(handwriting(art.rng, 664, y, art.rng.choice((320, 330, 300, 190)), 20), ink, 3, 0.8)
    with art.group(f"rotate({art.rng.uniform(-9, -5):.1f} 380 480)"):
        _sheet(art, 150, 130, 460, 680)
        art.rect(150, 130, 460, 120, accent, 14, 0.85)
        art.line(handwriting(art.rng, 192, 204, 260, 34), PAGE, 5)
        for k in range(8):
            y = 300 + k * 60
            art.line(f"M190 {y + 36}H570", "#E8DFD1", 2)
            art.rect(190, y, 26, 26, accent, 6, 0.25)
            if k < 5:
                art.line(f"M196 {y + 12}l8 9l14 -20", accent, 5)
            art.line(handwriting(art.rng, 238, y + 22, art.rng.choice((190, 250, 310)), 20), ink, 3.2, 0.8)
    _leaf_sprig(art, 90, 850)
    _pencil(art, 1030, 630, accent)


def _notebook(art: Art, bg: tuple[str, str], ink: str, accent: str) -> None:
    art.bands(*bg)
    with art.group(f"rotate({art.rng.uniform(-3, 0):.1f} 560 450)"):
        _sheet(art, 230, 60, 690, 790)
        for k in range(14):
            art.circle(272, 106 + 54 * k, 10, bg[0])
            art.line(f"M210 {106 + 54 * k}h58", "#B7AFA6", 7)
        art.rect(320, 110, 250, 40, accent, 8, 0.85)
        art.line(handwriting(art.rng, 340, 138, 210, 22), PAGE, 4)
        marks = art.rng.sample(range(10), 2)
        for k in range(11):
            y = 190 + k * 58
            art.line(f"M320 {y + 42}H870", "#E8DFD1", 2)
            if k in marks:
                art.rect(320, y + 20, art.rng.randint(180, 320), 18, accent, 9, 0.25)
            if k < 10:
                art.line(handwriting(art.rng, 326, y + 32, art.rng.choice((530, 530, 500, 330)), 24), ink, 3.6, 0.85)
    _leaf_sprig(art, 70, 190)


def _sheet(art: Art, x: float, y: float, w: float, h: float) -> None:
    art.rect(x + 16, y + 20, w, h, "#3A2420", 16, 0.1)
    art.rect(x, y, w, h, PAGE, 14)


def _leaf_sprig(art: Art, x: float, y: float) -> None:
    green = art.pick("#6F9A78", "#7F9F6A", "#5E8F8A")
    with art.group(f"translate({x} {y}) rotate({art.rng.uniform(24, 44):.0f})"):
        art.line("M0 90Q10 -20 0 -150", darker(green, 0.15), 6)
        for k in range(5):
            for side in (-1, 1):
                leaf(art, 2, 60 - k * 44, 74 - k * 6, side * 52, green)
        leaf(art, 0, -140, 60, 0, green)


def _pencil(art: Art, x: float, y: float, color: str) -> None:
    with art.group(f"translate({x} {y}) rotate(32)"):
        art.rect(-12, -250, 44, 480, "#3A2420", 18, 0.12)
        art.rect(-20, -260, 40, 60, "#E98E7B", 18)
        art.rect(-20, -216, 40, 30, "#D9D2C8")
        art.rect(-20, -188, 40, 360, color)
        art.rect(-20, -188, 13, 360, lighter(color, 0.2))
        art.rect(8, -188, 12, 360, darker(color, 0.14))
        art.path("M-20 170h40l-20 76z", "#F1D9B8")
        art.path("M-7 220h14l-7 26z", "#3A3432")


def quote(art: Art) -> None:
    bg = art.pick(("#DD7050", "#A53A2A"), ("#E0A04A", "#B5682A"), ("#5F7FB0", "#344F82"))
    ink = "#FFF8EC"
    art.bands(*bg)
    art.ring(870, 300, 220, ink, 20, 0.22, "1120 270")
    hills(art, (mix(bg[1], bg[0], 0.35), bg[1], darker(bg[1], 0.2)), 690, 830, 36, 1.3)
    _quote_mark(art, 160, 120, 1.3, ink)
    for k, share in enumerate((art.rng.uniform(0.42, 0.5), art.rng.uniform(0.66, 0.8), art.rng.uniform(0.3, 0.62))):
        art.rect(150, 318 + k * 86, 900 * share, 46, ink, 23, 0.95 - k * 0.06)
    art.rect(150, 606, 70, 8, ink, 4, 0.8)
    art.line(handwriting(art.rng, 246, 620, 230, 30), ink, 4.5, 0.85)


def _quote_mark(art: Art, x: float, y: float, size: float, color: str) -> None:
    for dx in (0, 92):
        with art.group(f"translate({x + dx * size:.0f} {y}) scale({size})"):
            art.path(
                "M36 96a36 36 0 1 1 36 -36c0 -50 -20 -60 -28 -64c-34 10 -60 40 -60 76c0 44 24 60 52 60z", color, 0.9
            )


def quote2(art: Art) -> None:
    bg, ink = art.pick(
        (("#3F6F66", "#244741"), "#FFF6E4"), (("#F6EBD8", "#EAD6B8"), "#5A3F34"), (("#4A4468", "#2A2745"), "#FBEFDC")
    )
    art.bands(*bg)
    art.rect(50, 50, 800, 1100, ink, 10, 0.1)
    art.rect(58, 58, 784, 1084, mix(bg[0], bg[1], 0.45), 8)
    art.circle(250, 300, 130, "#F6D9A0", 0.9)
    layers = [mix(bg[0], bg[1], t) for t in (0.1, 0.7, 1)]
    for k, base in enumerate((860, 940, 1030)):
        ridge = Ridge(art.rng, base, 40, art.w, 1.2)
        floor = 1142
        art.poly(
            [(58, floor), *[(x, ridge.y(x)) for x in range(58, 843, 14)], (842, ridge.y(842)), (842, floor)],
            layers[k] if ink != "#5A3F34" else mix("#D9B48C", "#A97A56", k / 3),
        )
    _columns(art, ink)
    birds(art, 170, 560, ink, 3)


def _columns(art: Art, ink: str) -> None:
    """Upright lines on ruled letter paper, each a few phrases long, closed by a seal."""
    for k in range(5):
        art.line(f"M{772 - k * 92} 130V800", ink, 2.5, 0.28)
    for k, count in enumerate((2, 3, 2)):
        y = 150.0 + k * 30
        for _ in range(count):
            tall = art.rng.uniform(130, 200)
            art.rect(706 - k * 92, y, 40, tall, ink, 20, 0.95 - k * 0.06)
            y += tall + 24
    for k in range(3):
        art.rect(440, 560 + k * 50, 20, 36, ink, 10, 0.75)
    art.rect(426, 724, 48, 48, "#C8472B", 8)
    art.line("M438 738h24M438 749h24M438 760h14", "#FFF3E2", 4)


def camera(art: Art) -> None:
    wood, skin = art.pick(("#D9B48C", "#4A3A36"), ("#C9D2C8", "#7A4A34"), ("#C99A78", "#3F5A5E"))
    planks(art, 0, 900, wood, 130)
    strap = darker(skin, 0.1)
    art.line("M210 330C60 180 120 40 420 70S760 -60 1010 90S1120 250 996 330", strap, 26)
    art.line("M210 330C60 180 120 40 420 70S760 -60 1010 90S1120 250 996 330", lighter(strap, 0.2), 4, 0.6, "14 12")
    art.rect(196, 300, 832, 486, "#3A2420", 60, 0.16)
    art.path("M430 290l40 -74q8 -14 26 -14h208q18 0 26 14l40 74z", "#D8D2CA")
    art.rect(556, 226, 88, 46, "#3A3432", 10)
    art.rect(564, 232, 72, 34, "#7FA9B8", 6)
    for x, w in ((258, 110), (830, 84)):
        art.rect(x, 242, w, 50, "#B7B0A8", 12)
        art.line("".join(f"M{x + 14 + k * 14} 250v36" for k in range((w - 14) // 14)), "#9A928A", 4)
    art.circle(946, 262, 26, "#C8472B")
    art.rect(180, 280, 840, 480, "#E4DED5", 54)
    art.rect(180, 366, 840, 290, skin)
    art.rect(180, 366, 840, 6, darker(skin, 0.3))
    art.rect(180, 650, 840, 6, darker(skin, 0.3))
    for _ in range(90):
        art.circle(art.rng.uniform(190, 1010), art.rng.uniform(380, 645), 3, lighter(skin, 0.14), 0.6)
    art.rect(232, 306, 80, 40, "#FBF1D8", 10)
    art.circle(930, 325, 18, "#C8472B")
    _lens(art, 600, 516)
    _film_can(art, 130, 730)
    _photo(art, 1050, 730)


def _lens(art: Art, x: float, y: float) -> None:
    for r, color in (
        (214, "#B7B0A8"),
        (200, "#E4DED5"),
        (180, "#3A3432"),
        (150, "#565050"),
        (132, "#2A2628"),
        (104, "#2F4A5E"),
        (72, "#3F6E84"),
        (40, "#24394A"),
    ):
        art.circle(x, y, r, color)
    art.ring(x, y, 166, "#E4DED5", 5, 0.7, "6 20")
    art.path(f"M{x - 84} {y - 30}q24 -62 84 -62q-50 24 -60 74z", "#FFFFFF", 0.5)
    art.circle(x + 40, y + 40, 16, "#E9A27F", 0.6)
    art.circle(x + 18, y + 62, 7, "#FFFFFF", 0.5)


def _film_can(art: Art, x: float, y: float) -> None:
    color = art.pick("#E2A33C", "#5E8FA3", "#C8573C")
    art.shadow(x + 8, y + 118, 86, 14, 0.16)
    art.path(f"M{x + 56} {y - 40}h140v130h-140z", "#3A3432")
    art.line(f"M{x + 76} {y - 28}h110M{x + 76} {y + 78}h110", "#E9DFD0", 8, 0.8, "8 12")
    art.rect(x - 66, y - 80, 132, 190, color, 14)
    art.rect(x - 66, y - 20, 132, 60, "#FFF8EA")
    art.line(f"M{x - 44} {y}h60M{x - 44} {y + 20}h40", "#8C7B68", 6)
    art.rect(x - 74, y - 92, 148, 26, "#3A3432", 10)
    art.rect(x - 74, y + 96, 148, 24, "#3A3432", 10)
    art.rect(x - 22, y - 116, 44, 28, "#3A3432", 6)


def _photo(art: Art, x: float, y: float) -> None:
    with art.group(f"translate({x} {y}) rotate({art.rng.uniform(8, 16):.0f})"):
        art.rect(-104, -112, 224, 256, "#3A2420", 6, 0.14)
        art.rect(-112, -124, 224, 256, PAGE, 6)
        art.rect(-94, -106, 188, 176, "#F6C9A0")
        art.circle(20, -40, 34, "#FFF3D6")
        art.path("M-94 20q60 -50 188 -6v56h-188z", "#B97F72")
        art.path("M-94 46q80 -30 188 0v24h-188z", "#8C5F62")


Look = tuple[str, str, str, str]
_FRAMES: tuple[Look, ...] = (
    ("#F7C9A0", "#FFF3D6", "#B97F72", "#8C5F62"),
    ("#9CC7D6", "#FFF8E4", "#6A9A9B", "#3F7683"),
    ("#6D5A8C", "#FFE2AE", "#4A3659", "#2E2543"),
    ("#BFE0E8", "#FFF1C9", "#8FB178", "#5F9468"),
    ("#F2D08A", "#FFFBE6", "#C98A4B", "#8A5A3A"),
    ("#AFC3E4", "#FFFFFF", "#E6EDF6", "#93A8C8"),
)


def filmstrip(art: Art) -> None:
    bg = art.pick(("#F4E6D2", "#E6CBA8"), ("#DCE6E2", "#B4CAC4"), ("#E8DCE6", "#C9B2CA"))
    art.bands(*bg)
    with art.group(f"rotate({art.pick(-9, 8, -6)} 600 450)"):
        for k, y in enumerate((-60, 290, 640)):
            _strip(art, -160 + k * 60, y, 310, 6, k)
    art.circle(960, 690, 158, "#3A2420", 0.16)
    _loupe(art, 944, 670)


def _strip(art: Art, x: float, y: float, tall: float, frames: int, start: int) -> None:
    base = "#3A302E"
    width, hole = tall * 0.98, tall * 0.09
    art.rect(x + 10, y + tall - 6, frames * width + 30, 20, "#3A2420", 6, 0.16)
    art.rect(x, y, frames * width + 30, tall, base, 6)
    step = tall / 6.6
    for k in range(int((frames * width + 20) / step)):
        for dy in (tall * 0.045, tall * 0.955 - hole):
            art.rect(x + 16 + k * step, y + dy, step * 0.52, hole, "#F6EBDA", 5)
    for k in range(frames):
        look = _FRAMES[(k + start + art.seed) % len(_FRAMES)]
        _frame(art, x + 24 + k * width, y + tall * 0.18, width * 0.9, tall * 0.64, look, art.rng)


def _frame(art: Art, x: float, y: float, w: float, h: float, look: Look, rng: random.Random) -> None:
    """A tiny landscape inside one film frame."""
    sky, ball, far, near = look
    art.rect(x, y, w, h, sky, 8)
    art.rect(x, y + h * 0.4, w, h * 0.3, lighter(sky, 0.35))
    art.circle(x + w * rng.uniform(0.25, 0.75), y + h * rng.uniform(0.3, 0.42), h * 0.14, ball)
    a, b = rng.uniform(0.5, 0.62), rng.uniform(0.5, 0.62)
    art.path(
        f"M{x:.0f} {y + h * a:.0f}q{w * 0.3:.0f} {-h * 0.16:.0f} {w * 0.55:.0f} 0"
        f"t{w * 0.45:.0f} {-h * 0.04:.0f}V{y + h:.0f}H{x:.0f}z",
        far,
    )
    art.path(
        f"M{x:.0f} {y + h * (b + 0.2):.0f}q{w * 0.4:.0f} {-h * 0.14:.0f} {w:.0f} {h * 0.04:.0f}V{y + h:.0f}H{x:.0f}z",
        near,
    )


def _loupe(art: Art, x: float, y: float) -> None:
    art.line(f"M{x + 110} {y + 100}l120 116", "#7A5240", 44)
    art.circle(x, y, 150, "#E4DED5")
    art.circle(x, y, 128, "#CFE3E4")
    with art.clip(disc(x, y, 128)):
        art.rect(x - 130, y - 130, 260, 260, "#F7C9A0")
        art.circle(x + 24, y - 22, 50, "#FFF3D6")
        art.path(f"M{x - 130} {y + 30}q80 -60 150 -10t120 -10v130h-270z", "#B97F72")
        art.path(f"M{x - 130} {y + 80}q120 -50 270 0v60h-270z", "#8C5F62")
    art.path(f"M{x - 96} {y - 30}q20 -66 86 -74q-50 26 -60 80z", "#FFFFFF", 0.55)
    art.ring(x, y, 138, "#B7AFA6", 8)


def cover_film(art: Art) -> None:
    sky, layers = art.pick(
        (("#F9DDBB", "#F4BC93", "#EFA684"), ("#DE9373", "#B96C5C", "#7E4A4C")),
        (("#C9DEE2", "#E3EAE0", "#F9EBD0"), ("#9DBAB6", "#6F9799", "#446C74")),
        (("#7B6A9E", "#C98A98", "#F5C09A"), ("#94688A", "#684870", "#3E2F55")),
    )
    art.bands(*sky, bottom=560)
    sun(art, art.w * art.rng.uniform(0.4, 0.48), 270, 92, "#FFF1D2", 0.6)
    streaks(art, 4, 60, 200, "#FFF6E8", 0.4)
    hills(art, layers, 420, 590, 34, 1.8)
    with art.group("rotate(-5 800 600)"):
        _strip(art, -60, 470, 200, 9, 1)
    with art.group("translate(1030 250) scale(0.5)"):
        _small_camera(art)


def _small_camera(art: Art) -> None:
    """The same camera on a tripod, looking at the sunset."""
    art.line("M380 560L180 1100M420 560L620 1100M400 560V1110", "#4A3430", 30)
    art.rect(340, 500, 120, 80, "#4A3430", 16)
    art.rect(0, 60, 800, 460, "#E4DED5", 54)
    art.rect(0, 150, 800, 270, "#4A3A36")
    art.path("M250 70l40 -76q8 -14 26 -14h168q18 0 26 14l40 76z", "#D8D2CA")
    art.rect(70, 20, 120, 50, "#B7B0A8", 12)
    art.circle(700, 50, 30, "#C8472B")
    with art.group("translate(-200 -236)"):
        _lens(art, 600, 516)
