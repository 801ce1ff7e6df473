"""Streets and journeys: city, bridge, train and market."""

# ruff: noqa: PLR0917 - drawing calls read best as x, y, size, colour
from __future__ import annotations

import math

from circle.demo.drawing.art import Art, darker, disc, lighter, mix, smooth
from circle.demo.drawing.parts import GLOW, Ridge, birds, cloud, hills, streaks, sun, tree

SKIN = "#EDBE98"


def city(art: Art) -> None:
    sky, tones = art.pick(
        (("#F6C7A8", "#F9E1C6", "#FBEEDC"), ("#E9BFA6", "#C48F88", "#75586A")),
        (("#8FB4D6", "#CFE0E8", "#FBEBD6"), ("#B7CBD8", "#86A3B8", "#48647E")),
        (("#5A5590", "#B07C9C", "#F3B48E"), ("#A9789A", "#75547F", "#3A2F58")),
    )
    art.bands(*sky, bottom=700)
    sun(art, art.w * art.rng.uniform(0.26, 0.36), 380, 92, "#FFF0CE")
    streaks(art, 3, 90, 260, "#FFFFFF", 0.4)
    birds(art, art.rng.uniform(640, 780), 220, tones[1], 3)
    for k, color in enumerate(tones):
        x = -30 + art.rng.randint(-20, 20)
        while x < art.w:
            w = art.rng.randint(84, 150)
            top = art.rng.randint(300, 500) + k * 120
            _tower(art, x, top, w, color, k)
            x += w + art.rng.choice((0, 0, 0, 18))
    art.rect(0, 866, art.w, 34, darker(tones[2], 0.3))
    for x in range(-10, 1240, 96):
        art.path(disc(x, 866, 34) + disc(x + 46, 872, 28), mix(tones[2], "#4F7A5C", 0.5))


def _tower(art: Art, x: float, top: float, w: float, color: str, depth: int) -> None:
    art.rect(x, top, w, art.h - top, color)
    art.rect(x + w * 0.74, top, w * 0.26, art.h - top, darker(color, 0.08))
    roof = art.rng.randint(0, 4)
    if roof == 0:
        art.rect(x + w * 0.46, top - 54, 6, 56, color)
        art.circle(x + w * 0.46 + 3, top - 56, 6, "#E8604C" if depth == 2 else color)
    elif roof == 1:
        art.rect(x + w * 0.2, top - 26, w * 0.5, 28, color)
    elif roof == 2:
        art.poly([(x, top), (x + w * 0.5, top - 40), (x + w, top)], color)
    if depth == 0:
        return
    lit_share = 0.3 if depth == 2 else 0.16
    for wx in range(int(x) + 14, int(x + w) - 18, 26):
        for wy in range(int(top) + 26, 840, 40):
            lit = art.rng.random() < lit_share
            art.rect(wx, wy, 12, 18, GLOW if lit else lighter(color, 0.14), 2, 0.95 if lit else 0.7)


def bridge(art: Art) -> None:
    sky, water, stone = art.pick(
        (("#F6D9BC", "#FBEBD6", "#F4F0E2"), ("#C6DAD2", "#94BAB4", "#6A9A9C"), "#C9BDAE"),
        (("#BFD8E4", "#E2ECEA", "#FAF2E2"), ("#B9D4DA", "#86AEBE", "#5B889E"), "#BFB9B0"),
        (("#F2C2A6", "#F8DDC4", "#FBEEDC"), ("#DCC6BC", "#B49AA0", "#84708A"), "#C4AFA0"),
    )
    art.bands(*sky, bottom=580)
    sun(art, art.w * art.rng.uniform(0.44, 0.56), 250, 70, "#FFF6DC")
    Ridge(art.rng, 440, 40, art.w, 1.1).fill(art, mix(sky[0], "#8FA9A0", 0.5), 580)
    for x, w, tall in ((-40, 250, 190), (190, 170, 150), (900, 190, 170), (1060, 220, 210)):
        _white_house(art, x, 580, w, tall * art.rng.uniform(0.94, 1.06))
    art.bands(*water, top=580)
    _arch(art, stone)
    for _ in range(16):
        gx, gy = art.rng.uniform(20, 1120), art.rng.uniform(640, 880)
        art.rect(gx, gy, art.rng.uniform(40, 130), 5, "#FFFFFF", 2, 0.35)
    _wupeng(art, art.rng.uniform(560, 640), 760)
    _willow(art)


def _white_house(art: Art, x: float, base: float, w: float, tall: float) -> None:
    """White walls under dark tiles, with the stepped gables of the water towns."""
    art.rect(x, base - tall, w, tall, "#FBF6EC")
    art.rect(x, base - 24, w, 24, "#CFC5B6")
    tile = "#4E5460"
    art.path(f"M{x - 18:.0f} {base - tall:.0f}q20 -6 40 -46h{w - 44:.0f}q20 40 40 46z", tile)
    art.rect(x - 22, base - tall - 2, w + 44, 10, darker(tile, 0.3), 4)
    for wx in (0.16, 0.58):
        art.rect(x + w * wx, base - tall + 46, w * 0.26, 52, "#7A5240", 3)
        art.rect(x + w * wx + 7, base - tall + 53, w * 0.26 - 14, 38, "#F3CE8C" if wx < 0.3 else "#B98F70", 2)
    art.circle(x + w * 0.5, base - tall + 24, 11, "#D14B32")


def _arch(art: Art, stone: str) -> None:
    deck = "M150 590C330 560 430 400 600 400S870 560 1050 590V640H780A180 180 0 0 0 420 640H150z"
    art.path(deck, stone)
    art.path("M400 640A200 200 0 0 1 800 640H780A180 180 0 0 0 420 640z", lighter(stone, 0.35))
    joints = "".join(f"M{x} {y}h{w}" for x, y, w in ((210, 606, 120), (330, 570, 90), (860, 570, 80), (890, 606, 120)))
    art.line(joints + "M440 500h60M700 500h60M540 430h120", darker(stone, 0.14), 4)
    art.line("M150 566C330 536 430 372 600 372S870 536 1050 566", darker(stone, 0.22), 10)
    for x, y in (
        (180, 562),
        (286, 532),
        (380, 470),
        (470, 408),
        (560, 376),
        (640, 376),
        (730, 408),
        (820, 470),
        (914, 532),
        (1020, 562),
    ):
        art.rect(x - 8, y - 16, 16, 54, darker(stone, 0.1), 4)
        art.rect(x - 10, y - 24, 20, 12, lighter(stone, 0.25), 4)
    art.path("M420 640A180 180 0 0 0 780 640h20A200 200 0 0 1 400 640z", darker(stone, 0.1), 0.45)
    art.path("M150 640H420A180 180 0 0 0 440 724C330 720 240 680 150 664z", darker(stone, 0.12), 0.3)
    art.path("M1050 640H780A180 180 0 0 1 760 724C870 720 960 680 1050 664z", darker(stone, 0.12), 0.3)


def _wupeng(art: Art, x: float, y: float) -> None:
    """A black-awning boat with its boatman."""
    art.shadow(x, y + 42, 190, 12, 0.2)
    art.path(f"M{x + 120:.0f} {y:.0f}l8 -84q4 -24 26 -24t26 24l6 84z", "#3F5F86")
    art.circle(x + 155, y - 128, 24, SKIN)
    art.path(f"M{x + 114:.0f} {y - 132:.0f}q41 -52 82 0z", "#E4C184")
    art.line(f"M{x + 196:.0f} {y - 170:.0f}L{x + 150:.0f} {y + 50:.0f}", "#8A6248", 7)
    art.path(f"M{x - 110:.0f} {y:.0f}q4 -90 110 -90t110 90z", "#3E3A40")
    art.line(f"M{x - 58:.0f} {y:.0f}q0 -70 20 -84M{x:.0f} {y:.0f}v-90M{x + 58:.0f} {y:.0f}q0 -70 -20 -84", "#5B565C", 4)
    art.path(f"M{x - 200:.0f} {y - 16:.0f}q200 30 420 -6q-30 64 -80 64h-250q-60 0 -90 -58z", "#5A4238")


def _willow(art: Art) -> None:
    """Hanging branches in the upper right; the corner would be empty without them."""
    for k in range(13):
        x = 1190 - k * 27
        length = art.rng.uniform(300, 440) * (1 - k * 0.045)
        sway = art.rng.uniform(-34, -10)
        points = [(x, -10.0), (x + sway * 0.3, length * 0.4), (x + sway, length)]
        green = art.rng.choice(("#7FA96A", "#96BC78", "#6B9A62"))
        art.line(smooth(points), green, 4)
        d = ""
        for j in range(3, 13):
            t = j / 12
            lx, ly = x + sway * t * t, length * t
            side = -1 if j % 2 else 1
            d += f"M{lx:.0f} {ly:.0f}q{side * 16} 4 {side * 20} 26q{-side * 16} -6 {-side * 20} -26z"
        art.path(d, green)


def train(art: Art) -> None:
    sky, land, body = art.pick(
        (("#F5B9A0", "#FAD9BC", "#FCEEDA"), ("#C9988C", "#9C7A86", "#B8B070", "#98955C"), "#C8472B"),
        (("#A9D0E4", "#DCEBEC", "#FBF2DE"), ("#A8C0C8", "#7F9FAC", "#B9C97E", "#98B068"), "#2F6F8F"),
        (("#8C7FB4", "#DCA4A8", "#FAD2A8"), ("#8A7099", "#665380", "#7F7A5C", "#625F4C"), "#E0A23C"),
    )
    art.bands(*sky, bottom=560)
    sun(art, art.w * art.rng.uniform(0.66, 0.78), 320, 84, "#FFF2D2")
    cloud(art, 240, 180, 78, alpha=0.65)
    cloud(art, 620, 120, 54, alpha=0.5)
    hills(art, land[:2], 430, 500, 44, 1.2)
    art.bands(land[2], land[3], top=540)
    for k in range(9):
        tree(art, 30 + k * 145 + art.rng.uniform(-30, 30), 560, art.rng.uniform(40, 62), mix(land[3], "#4F7A5C", 0.5))
    _track(art, land[3])
    _carriages(art, body)
    _rows(art, land[3])


def _track(art: Art, color: str) -> None:
    art.poly([(0, 690), (1200, 690), (1200, 740), (0, 740)], "#A8988A")
    art.line("".join(f"M{x} 700h26" for x in range(10, 1200, 52)), "#6B5348", 12)
    art.rect(0, 690, 1200, 8, "#5A5458")
    for x in (150, 620, 1090):
        art.rect(x, 350, 10, 350, darker(color, 0.45), 4)
        art.rect(x - 46, 378, 102, 8, darker(color, 0.45), 3)
    art.line("M-40 384Q150 396 155 384T620 384T1090 384T1300 384", "#5A4A50", 3, 0.7)


def _carriages(art: Art, color: str) -> None:
    cream = "#FBF1E0"
    art.shadow(540, 698, 620, 10, 0.25)
    for k in range(3):
        x = -150 + k * 372
        nose = k == 2
        right = x + 360
        if nose:
            art.path(f"M{x} 486h270q86 10 130 110q20 44 -10 84h-390z", cream)
            art.path(f"M{x} 600h396q18 50 -6 80h-390z", color)
            art.path(f"M{x + 284} 512q52 16 76 68h-76z", "#3F5468")
            art.circle(x + 380, 632, 12, "#FFE9A8")
        else:
            art.rect(x, 486, 360, 194, cream, 14)
            art.rect(x, 600, 360, 80, color)
            art.rect(right - 2, 540, 16, 120, "#4A4448")
        art.rect(x, 582, 360 if not nose else 386, 10, color)
        for j in range(4 if not nose else 3):
            wx = x + 26 + j * 82
            art.rect(wx, 516, 62, 52, "#8FB6C6", 10)
            art.path(f"M{wx + 8} 568l24 -52h16l-24 52z", "#FFFFFF", 0.5)
        art.rect(x + 20, 470, 300 if not nose else 220, 18, darker(cream, 0.16), 8)
        for wx in (x + 60, x + 120, x + 250, x + 310):
            art.circle(wx, 682, 21, "#4A4448")
            art.circle(wx, 682, 8, "#B7B0A8")


def _rows(art: Art, color: str) -> None:
    """Field furrows running towards the viewer, with poppies between them."""
    art.line(
        "".join(f"M{x} 752Q{x + (x - 600) * 0.3:.0f} 820 {x + (x - 600) * 0.8:.0f} 900" for x in range(-60, 1300, 90)),
        darker(color, 0.12),
        8,
    )
    for _ in range(40):
        x, y = art.rng.uniform(10, 1190), art.rng.uniform(760, 890)
        art.circle(x, y, 4 + (y - 750) / 26, art.rng.choice(("#E8604C", "#FFF3DC", "#F2C14E")))


def market(art: Art) -> None:
    wall, stripe = art.pick(
        (("#F6E3C8", "#EBD0AC"), ("#D8573A", "#FFF8EA")),
        (("#E6EBDD", "#D2DCC6"), ("#3F8F78", "#FFF8EA")),
        (("#F5D9C8", "#EBC2AC"), ("#E2A33C", "#FFF8EA")),
    )
    art.bands(*wall, bottom=790)
    _bunting(art)
    art.rect(0, 790, 1200, 110, "#CBB69C")
    art.rect(0, 790, 1200, 10, "#DDCBB4")
    art.rect(150, 300, 26, 520, "#9A6B4A")
    art.rect(1024, 300, 26, 520, "#9A6B4A")
    art.rect(176, 330, 848, 280, "#FFFFFF", alpha=0.35)
    for x in (330, 870):
        art.line(f"M{x} 300v70", "#6B4A38", 5)
        art.glow(x, 400, 96, "#FFE2A0", 0.8)
        art.path(f"M{x - 34} 400q0 -34 34 -34t34 34z", "#6B4A38")
        art.circle(x, 404, 16, "#FFF1CC")
    _vendor(art, art.rng.uniform(560, 640), stripe[0])
    _awning(art, stripe)
    _counter(art)


def _bunting(art: Art) -> None:
    points = [(x, 84 - 30 * math.cos(x / 1200 * math.tau * 2)) for x in range(-20, 1240, 20)]
    art.line(smooth(points), "#9A7A60", 4)
    for k, (x, y) in enumerate(points[3::5]):
        art.poly([(x - 24, y), (x + 24, y), (x, y + 50)], ("#D8573A", "#F2B84B", "#4F8A78", "#5B7FA6")[k % 4])


def _awning(art: Art, stripe: tuple[str, str]) -> None:
    count, left, width = 11, 100, 1000
    step = width / count
    for k in range(count):
        x = left + k * step
        top = left + 60 + k * (width - 120) / count
        tw = (width - 120) / count
        color = stripe[k % 2]
        art.path(
            f"M{top:.0f} 160h{tw:.0f}L{x + step:.0f} 300a{step / 2:.0f} 46 0 0 1 {-step:.0f} 0z",
            color,
        )
        art.path(f"M{x:.0f} 300a{step / 2:.0f} 46 0 0 0 {step:.0f} 0z", darker(color, 0.1))
    art.rect(150, 148, 900, 20, "#9A6B4A", 6)


def _vendor(art: Art, x: float, apron: str) -> None:
    art.path(f"M{x - 104:.0f} 640q0 -150 70 -166h68q70 16 70 166z", "#F4EBDD")
    art.path(f"M{x - 58:.0f} 640v-120q58 30 116 0v120z", apron)
    art.line(f"M{x - 50:.0f} 524l-6 -46M{x + 50:.0f} 524l6 -46", apron, 10)
    art.rect(x - 22, 440, 44, 52, darker(SKIN, 0.06), 18)
    art.ellipse(x, 410, 54, 60, SKIN)
    art.path(f"M{x - 56:.0f} 404q4 -62 56 -62t56 62q-56 -34 -112 0z", "#3A2A24")
    art.ellipse(x, 368, 96, 18, "#E4C184")
    art.path(f"M{x - 54:.0f} 366q6 -62 54 -62t54 62z", "#EDD19C")
    art.path(f"M{x - 53:.0f} 352h106l2 14h-110z", apron)
    for dx in (-20, 20):
        art.circle(x + dx, 412, 5.5, "#3A2E28")
        art.circle(x + dx * 1.7, 430, 10, "#EE8C77", 0.35)
    art.line(f"M{x - 16:.0f} 434q16 14 32 0", "#8A4B3B", 5)


_PRODUCE = (
    ("#E8893A", "#F2A65A"),
    ("#C9402F", "#E0634E"),
    ("#86AC52", "#A5C56E"),
    ("#6B4A86", "#8A6AA6"),
    ("#F0C04E", "#F7D67C"),
)


def _counter(art: Art) -> None:
    for k in range(4):
        x = 150 + k * 226
        base, light = _PRODUCE[(k + art.seed) % len(_PRODUCE)]
        for row, count in ((0, 5), (1, 4), (2, 3)):
            for j in range(count):
                cx = x + 112 + (j - (count - 1) / 2) * 40
                cy = 640 - row * 30
                art.circle(cx, cy, 24, base)
                art.circle(cx - 7, cy - 8, 7, light)
                if (j + row) % 2:
                    art.line(f"M{cx:.0f} {cy - 20:.0f}q6 -8 12 -6", "#4E7A4A", 5)
        art.rect(x, 640, 218, 70, "#B98558", 6)
        art.rect(x, 640, 218, 16, "#CF9F72", 6)
        art.rect(x, 676, 218, 4, "#9A6B44")
        art.rect(x + 74, 660, 70, 40, "#FFF8EA", 6)
        art.line(f"M{x + 90} 674h38M{x + 90} 686h24", "#8C7B68", 4)
    art.rect(130, 708, 940, 26, "#8A5F42", 6)
    art.rect(150, 734, 900, 96, "#A8764F")
    art.line("".join(f"M{x} 740v86" for x in range(240, 1040, 90)), "#8E6040", 4)
    art.shadow(600, 834, 500, 14, 0.16)
