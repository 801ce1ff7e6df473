"""Sky and land: sunrise, dusk, lake, sea, snow, mountain, moon, autumn and the wide circle cover."""

# ruff: noqa: PLR0917 - drawing calls read best as x, y, size, colour
from __future__ import annotations

import math
from itertools import pairwise

from circle.demo.drawing.art import Art, darker, disc, lighter, mix, smooth
from circle.demo.drawing.parts import Ridge, birds, cloud, hills, leaf, pine, stars, streaks, sun, tree, wisps

SKIN = "#EDBE98"


def sunrise(art: Art) -> None:
    sky, ball, layers = art.pick(
        (("#F7C9A0", "#FBE3C4", "#F6EBDD"), "#FFF3D6", ("#D9A48A", "#B97F72", "#8C5F62", "#5E4550")),
        (("#F5B7A0", "#FAD9BF", "#FBEBD9"), "#FFF0D2", ("#E0A893", "#C17F78", "#8F5E6C", "#58425A")),
        (("#F3D19A", "#FAE6BE", "#F8F0DC"), "#FFFBE6", ("#CFB286", "#A88F6E", "#7C7259", "#4F5446")),
    )
    art.bands(*sky, bottom=640)
    sun(art, art.w * art.rng.uniform(0.5, 0.64), 372, 88, ball)
    streaks(art, 3, 90, 250, "#FFFFFF", 0.4)
    birds(art, art.rng.uniform(230, 380), 240, darker(layers[2], 0.1))
    ridges = hills(art, layers, 480, 770, 42)
    for k in range(9):
        x = 80 + k * 130 + art.rng.uniform(-46, 46)
        pine(art, x, ridges[2].y(x) + 8, art.rng.uniform(46, 84), darker(layers[2], 0.18))
    for x in (60, 150, 1010, 1120):
        pine(art, x, ridges[3].y(x) + 10, art.rng.uniform(110, 170), darker(layers[3], 0.3))


def dusk(art: Art) -> None:
    sky, layers = art.pick(
        (("#6D5A8C", "#C47F8C", "#F5B98A", "#FAD3A0"), ("#8E5F7E", "#6C4A6E", "#4A3659", "#2E2543")),
        (("#4C5C8C", "#A3809E", "#E9A58C", "#F8CFA2"), ("#7A6888", "#5A5078", "#3E3D5E", "#262A45")),
        (("#7A4E72", "#CF7468", "#F3A86A", "#FBD48E"), ("#96586A", "#703F5A", "#4E2F4A", "#301F36")),
    )
    art.bands(*sky, bottom=660)
    stars(art, 26, 230)
    sun(art, art.w * art.rng.uniform(0.36, 0.46), 470, 92, "#FFE2AE")
    streaks(art, 4, 240, 400, "#FFD9B8", 0.35)
    hills(art, layers[:3], 520, 690, 36)
    front = Ridge(art.rng, 770, 26, art.w, 0.9)
    front.fill(art, layers[3])
    x = art.rng.uniform(790, 870)
    _bare_tree(art, x, front.y(x) + 8, layers[3])
    _swing(art, x - 132, front.y(x - 132) - 300, layers[3])


def _bare_tree(art: Art, x: float, y: float, color: str) -> None:
    """A spreading silhouette with a long bough towards the left."""
    art.path(f"M{x - 40:.0f} {y:.0f}q30 -90 12 -290h62q-10 190 32 290z", color)
    art.line(f"M{x:.0f} {y - 210:.0f}c-30 -70 -90 -90 -176 -92", color, 20)
    art.line(f"M{x:.0f} {y - 200:.0f}c10 -70 60 -90 120 -120M{x:.0f} {y - 210:.0f}v-140", color, 18)
    puffs = ((-150, -340, 74), (-62, -412, 96), (46, -430, 104), (136, -358, 88), (-20, -340, 90), (70, -330, 80))
    art.path("".join(disc(x + dx, y + dy, r) for dx, dy, r in puffs), color)


def _swing(art: Art, x: float, y: float, color: str) -> None:
    art.line(f"M{x - 22:.0f} {y:.0f}v196M{x + 22:.0f} {y:.0f}v196", color, 4)
    art.rect(x - 34, y + 194, 68, 10, color, 4)


def lake(art: Art) -> None:
    sky, far, water = art.pick(
        (("#9CC7D6", "#D7E8E2", "#F8EBD2"), ("#A9C9C4", "#7FAEAA", "#578B8C"), ("#BFDAD4", "#6FA5AB", "#3F7683")),
        (("#A8BEDC", "#DDE0E6", "#FBE6D6"), ("#B3BED2", "#8798B6", "#5F7495"), ("#CBD3DE", "#8098B8", "#46628A")),
        (("#B6D3B8", "#E2EAD0", "#FBF0D4"), ("#B0CBA4", "#84A986", "#57836C"), ("#CFDFC6", "#84AD98", "#44766F")),
    )
    art.bands(*sky, bottom=520)
    sx = art.w * art.rng.uniform(0.3, 0.4)
    sun(art, sx, 270, 70, "#FFF8E4")
    cloud(art, art.w * 0.68, 170, 74, alpha=0.55)
    ridges = hills(art, far, 380, 480, 50, 1.3)
    for k in range(16):
        x = 20 + k * 78 + art.rng.uniform(-22, 22)
        pine(art, x, max(ridges[2].y(x), 470) + 30, art.rng.uniform(50, 92), darker(far[2], 0.16))
    art.bands(*water, top=520)
    for k in range(11):
        half = 30 + k * 9 * art.rng.uniform(0.7, 1.2)
        art.rect(sx - half, 536 + k * 26, 2 * half, 7, "#FFF8E4", 3, 0.62 - k * 0.04)
    for _ in range(10):
        x, y = art.rng.uniform(0, 1100), art.rng.uniform(560, 860)
        art.rect(x, y, art.rng.uniform(50, 150), 5, "#FFFFFF", 2, 0.25)
    _row_boat(art, art.rng.uniform(660, 740), 655)
    _jetty(art)


def _row_boat(art: Art, x: float, y: float) -> None:
    art.shadow(x, y + 42, 150, 12, 0.16)
    art.path(f"M{x - 26:.0f} {y:.0f}c-2 -62 6 -92 30 -92s32 30 30 92z", "#D8674A")
    art.circle(x + 5, y - 112, 26, SKIN)
    art.path(f"M{x - 32:.0f} {y - 116:.0f}q36 -58 74 0z", "#E8C78C")
    art.rect(x - 44, y - 120, 98, 9, "#D3AC6C", 4)
    art.line(f"M{x + 18:.0f} {y - 52:.0f}L{x + 120:.0f} {y + 38:.0f}", "#6B4A38", 8)
    art.path(f"M{x - 150:.0f} {y - 14:.0f}q150 34 300 0q-22 58 -62 58h-176q-40 0 -62 -58z", "#7C5140")
    art.path(f"M{x - 150:.0f} {y - 14:.0f}q150 34 300 0l-6 14q-144 32 -288 0z", "#B07C5C")


def _jetty(art: Art) -> None:
    for x in (70, 236):
        art.rect(x, 690, 20, 230, "#6B4E40", 6)
    art.poly([(0, 752), (286, 740), (318, 770), (0, 794)], "#A97E60")
    art.poly([(0, 794), (318, 770), (318, 784), (0, 812)], "#7F5B46")
    for k in range(6):
        art.line(f"M{30 + k * 50} {751 - k * 2}l{16} {36 - k}", "#8A6650", 3)
    for k in range(7):
        x = 1010 + k * 30
        wisps(art, [(x, 900), (x - 6, 800), (x - 20 + k * 6, 690 + abs(k - 3) * 22)], "#3F6B5C", 7)


def sea(art: Art) -> None:
    sky, tones = art.pick(
        (("#F8D9B4", "#FBEBD0", "#CFE6E4"), ("#8FC6CC", "#6FB0BF", "#5397AC", "#3D7B97", "#2E6384")),
        (("#BFE0EA", "#E4F1EC", "#FBF1DA"), ("#8ED0CB", "#68B7B8", "#479AA4", "#347F8F", "#276679")),
        (("#F4B69A", "#F9D4B4", "#FBE7CC"), ("#A9A6C4", "#8A8AB4", "#6D70A0", "#545A8B", "#3F4876")),
    )
    art.bands(*sky, bottom=500)
    sun(art, art.w * art.rng.uniform(0.56, 0.66), 400, 104, "#FFF0C7")
    cloud(art, art.w * 0.2, 180, 78, alpha=0.7)
    cloud(art, art.w * 0.86, 130, 56, alpha=0.55)
    birds(art, art.rng.uniform(520, 620), 190, "#8A6E62", 3)
    boat = 1 if art.seed % 3 else 2
    for k, color in enumerate(tones):
        y = 470 + k * 82
        if k == boat:
            _sail_boat(art, art.rng.uniform(400, 480), y - 34)
        _wave_row(art, y, color, 120 + k * 16, art.rng.uniform(0, 200), art.h if k == 4 else y + 130)


def _wave_row(art: Art, y: float, color: str, length: float, shift: float, bottom: float) -> None:
    d, x = f"M{-shift:.0f} {bottom:.0f}V{y:.0f}", -shift
    crest = ""
    while x < art.w:
        d += f"q{length * 0.25:.0f} {-length * 0.22:.0f} {length * 0.5:.0f} 0t{length * 0.5:.0f} 0"
        crest += f"M{x + length * 0.08:.0f} {y + 16:.0f}q{length * 0.17:.0f} {-length * 0.15:.0f} {length * 0.34:.0f} 0"
        x += length
    art.path(d + f"V{bottom:.0f}z", color)
    art.line(crest, lighter(color, 0.4), 5, 0.7)


def _sail_boat(art: Art, x: float, y: float) -> None:
    art.rect(x - 5, y - 330, 10, 330, "#7A5240", 4)
    art.path(f"M{x + 12:.0f} {y - 326:.0f}q110 120 138 282h-138z", "#FFFDF6")
    art.path(f"M{x - 12:.0f} {y - 280:.0f}q-60 110 -100 236h100z", "#F3DCC0")
    art.path(f"M{x + 12:.0f} {y - 120:.0f}h118q12 36 20 76h-138z", "#E9B79A", 0.6)
    art.path(f"M{x - 140:.0f} {y - 30:.0f}h296q-18 92 -84 92h-134q-54 0 -78 -92z", "#C9573B")
    art.path(f"M{x - 140:.0f} {y - 30:.0f}h296l-6 22h-284z", "#FBF0DE")


def snow(art: Art) -> None:
    sky, layers, wall = art.pick(
        (("#AFC3E4", "#DCE5F2", "#FBEFE6"), ("#DDE7F4", "#C6D5EA", "#F4F8FD"), "#B5614A"),
        (("#C9B9DA", "#E6DCEA", "#FBEBE4"), ("#E2DCEE", "#CEC6E0", "#FAF7FC"), "#8A5A4A"),
        (("#7F95BF", "#B9C8E0", "#F3E3DA"), ("#C9D6EA", "#AEC0DC", "#EEF3FB"), "#A65544"),
    )
    art.bands(*sky, bottom=620)
    sun(art, art.w * art.rng.uniform(0.68, 0.76), 220, 62, "#FFFFFF", 0.6)
    ridges = hills(art, layers[:2], 470, 580, 46, 1.2)
    for k in range(12):
        x = 30 + k * 104 + art.rng.uniform(-34, 34)
        pine(art, x, ridges[1].y(x) + 14, art.rng.uniform(90, 150), "#6C8CA6", "#FFFFFF")
    front = Ridge(art.rng, 690, 24, art.w, 0.8)
    front.fill(art, layers[2])
    _cabin(art, 590, front.y(590) + 26, wall)
    for x, size in ((120, 300), (250, 220), (930, 250), (1070, 340)):
        art.shadow(x, front.y(x) + 34, size * 0.34, 10, 0.08)
        pine(art, x, front.y(x) + 34, size * art.rng.uniform(0.92, 1.08), "#4C7A72", "#FFFFFF")
    for _ in range(70):
        art.circle(art.rng.uniform(0, 1200), art.rng.uniform(0, 880), art.rng.choice((3, 4, 6)), "#FFFFFF", 0.85)


def _cabin(art: Art, x: float, base: float, wall: str) -> None:
    art.rect(x - 120, base - 150, 240, 150, wall)
    for k in range(4):
        art.rect(x - 120, base - 122 + k * 36, 240, 4, darker(wall, 0.2))
    art.rect(x + 54, base - 292, 40, 90, "#7C5B50")
    art.rect(x + 48, base - 302, 52, 18, "#FFFFFF", 8)
    for k in range(3):
        art.circle(x + 80 + k * 26, base - 330 - k * 38, 16 + k * 7, "#FFFFFF", 0.6 - k * 0.12)
    art.path(f"M{x - 160:.0f} {base - 140:.0f}L{x:.0f} {base - 262:.0f}L{x + 160:.0f} {base - 140:.0f}z", "#7C4A3E")
    art.path(
        f"M{x - 166:.0f} {base - 138:.0f}L{x:.0f} {base - 270:.0f}L{x + 166:.0f} {base - 138:.0f}"
        "q-20 18 -40 -8q-22 22 -46 -12q-30 18 -50 -14q-20 26 -50 4q-26 20 -46 4q-20 24 -46 14q-16 14 -54 12z",
        "#FFFFFF",
    )
    art.rect(x - 82, base - 106, 62, 62, "#FFDC8A", 4)
    art.line(f"M{x - 51:.0f} {base - 106:.0f}v62M{x - 82:.0f} {base - 75:.0f}h62", "#7C4A3E", 6)
    art.rect(x + 22, base - 104, 58, 104, "#6B3F36", 5)
    art.circle(x + 68, base - 50, 5, "#F3C668")
    art.ellipse(x, base + 2, 156, 12, "#FFFFFF")


def mountain(art: Art) -> None:
    sky, rock, wood = art.pick(
        (("#BFD9E8", "#E6EEEA", "#FBEBD6"), "#8298B4", "#4F7F6F"),
        (("#F6C8AE", "#FBE2CC", "#FDF2E2"), "#A0809A", "#5A6F72"),
        (("#A9CBD0", "#DCEBDD", "#FAF3DC"), "#6F9199", "#4C7A56"),
    )
    art.bands(*sky, bottom=640)
    sun(art, art.w * art.rng.uniform(0.22, 0.3), 230, 66, "#FFF6DC")
    shift = art.rng.uniform(-40, 40)
    _peak(art, 300 + shift, 330, 330, mix(rock, sky[1], 0.45))
    _peak(art, 930 - shift, 290, 360, mix(rock, sky[1], 0.3))
    _peak(art, 620 + shift, 170, 430, rock)
    cloud(art, 250, 520, 92, alpha=0.85)
    cloud(art, 960, 480, 80, alpha=0.8)
    ridges = hills(art, (mix(wood, "#FFFFFF", 0.42), mix(wood, "#FFFFFF", 0.18), wood), 620, 800, 30)
    for k in range(17):
        x = 10 + k * 74 + art.rng.uniform(-18, 18)
        pine(art, x, ridges[1].y(x) + 12, art.rng.uniform(80, 130), mix(wood, "#FFFFFF", 0.08))
    for k in range(10):
        x = 30 + k * 126 + art.rng.uniform(-26, 26)
        pine(art, x, ridges[2].y(x) + 20, art.rng.uniform(120, 190), darker(wood, 0.25))


def _peak(art: Art, x: float, top: float, half: float, color: str) -> None:
    """A peak in two facets with a zigzag snow cap."""
    base, tall = 680.0, 680.0 - top
    art.poly([(x - half, base), (x, top), (x + half, base)], lighter(color, 0.12))
    art.poly([(x, top), (x + half, base), (x - half * 0.12, base), (x + half * 0.14, top + tall * 0.5)], color)
    cap = 0.36
    left, right, low = x - half * cap, x + half * cap, top + tall * cap
    zig = [
        (x + half * 0.2, low - tall * 0.07),
        (x + half * 0.08, low + tall * 0.06),
        (x - half * 0.04, low - tall * 0.04),
    ]
    art.poly([(x, top), (right, low), *zig, (x - half * 0.18, low + tall * 0.05), (left, low)], "#FFFFFF")
    art.poly([(x, top), (right, low), zig[0], zig[1], (x + half * 0.05, top + tall * 0.2)], "#DDE6F0")


def moon(art: Art) -> None:
    sky, layers = art.pick(
        (("#1F2A55", "#3B4479", "#7A6A9C", "#C99AA0"), ("#4A4A7C", "#36386A", "#242650")),
        (("#17324D", "#2C5270", "#5F8595", "#BFB9A6"), ("#3A6078", "#284A63", "#18334B")),
        (("#2E2050", "#55407A", "#94638E", "#E0A08E"), ("#5A4680", "#43346A", "#2B2150")),
    )
    art.bands(*sky, bottom=960)
    stars(art, 70, 720)
    x = art.w * art.rng.uniform(0.46, 0.56)
    art.glow(x, 400, 280, "#FFF0C4", 0.5)
    art.circle(x, 400, 172, "#FCEFC8")
    for dx, dy, r in ((-58, -40, 38), (48, -74, 22), (40, 48, 46), (-50, 74, 24), (96, -8, 18)):
        art.circle(x + dx, 400 + dy, r, "#EED9A4", 0.7)
    cloud(art, x - 190, 520, 74, "#E9DCEB", 0.5)
    cloud(art, x + 210, 330, 58, "#E9DCEB", 0.4)
    ridges = hills(art, layers, 850, 1090, 56, 1.1)
    for px, size in ((90, 190), (190, 130), (720, 150), (820, 220)):
        pine(art, px, ridges[2].y(px) + 14, size, mix(layers[2], "#0C1030", 0.5))
    _blossom_bough(art, layers[2])


def _blossom_bough(art: Art, color: str) -> None:
    """An osmanthus branch reaching in from the upper right corner."""
    bark = darker(color, 0.35)
    boughs = (
        ((930, 50), (800, 84), (690, 150), (560, 158)),
        ((760, 104), (720, 190), (640, 250)),
        ((920, 200), (820, 250), (760, 330)),
    )
    art.line("".join(smooth(bough) for bough in boughs), bark, 13)
    spots = [
        (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
        for bough in boughs
        for a, b in pairwise(bough)
        for t in (0.15, 0.5, 0.85)
    ]
    for x, y in spots:
        for turn in (art.rng.uniform(20, 70), art.rng.uniform(-160, -110)):
            leaf(art, x, y, art.rng.uniform(46, 66), turn - 90, mix(bark, "#6FA08A", 0.55), vein=False)
    for x, y in spots:
        fx, fy = x + art.rng.uniform(-16, 16), y + art.rng.uniform(0, 26)
        art.path(disc(fx, fy, 8) + disc(fx + 12, fy + 3, 7) + disc(fx + 3, fy + 11, 8), "#FFCF6E")


def autumn(art: Art) -> None:
    sky, crowns, land = art.pick(
        (("#F6E3C4", "#FBF0DC"), ("#D9702F", "#E79A3C", "#C2502E"), ("#E6B873", "#CF9350", "#A8693A")),
        (("#DCE8E6", "#FAF0DA"), ("#E3A53A", "#F0C155", "#C97B2E"), ("#D9C27C", "#B89C5A", "#8A7440")),
        (("#F3CDB4", "#FBE8D2"), ("#B8402F", "#D4613A", "#8E3230"), ("#E0A077", "#B96F55", "#8A4A42")),
    )
    art.bands(*sky, bottom=620)
    sun(art, 240, 230, 64, "#FFF6DC")
    ridges = hills(art, land, 540, 700, 24, 0.9)
    for k in range(8):
        x = 30 + k * 160 + art.rng.uniform(-40, 40)
        tree(art, x, ridges[0].y(x) + 16, art.rng.uniform(62, 92), lighter(crowns[k % 3], 0.3), "#9A6B4C")
    _great_tree(art, art.rng.uniform(700, 760), ridges[2].y(730) + 30, crowns)
    _bench(art, 380, ridges[2].y(380) + 70)
    for _ in range(34):
        x, y = art.rng.uniform(60, 1150), art.rng.uniform(330, 880)
        with art.group(f"translate({x:.0f} {y:.0f}) rotate({art.rng.uniform(0, 360):.0f})"):
            art.path("M0 -15C12 -8 12 8 0 15C-12 8 -12 -8 0 -15z", art.rng.choice(crowns), 0.9)


def _great_tree(art: Art, x: float, y: float, crowns: tuple[str, str, str]) -> None:
    art.shadow(x, y, 190, 20)
    art.path(f"M{x - 64:.0f} {y + 6:.0f}q50 -60 34 -330h60q-14 270 40 330z", "#6E4733")
    art.line(f"M{x:.0f} {y - 250:.0f}l-120 -120M{x:.0f} {y - 220:.0f}l130 -140", "#6E4733", 28)
    cy = y - 430
    art.path("".join(disc(x + dx, cy + dy, r) for dx, dy, r in _crown(art, 250, 150, 11, 104)), crowns[2])
    art.path("".join(disc(x - 14 + dx, cy - 26 + dy, r) for dx, dy, r in _crown(art, 190, 116, 9, 84)), crowns[0])
    tufts = ((-150, -80, 58), (-50, -120, 66), (96, -70, 50), (-60, 6, 46), (120, 30, 40), (-180, 40, 36))
    d = "".join(
        disc(x + dx - r * 0.6, cy + dy + 8, r * 0.7)
        + disc(x + dx, cy + dy, r)
        + disc(x + dx + r * 0.7, cy + dy + 12, r * 0.6)
        for dx, dy, r in tufts
    )
    art.path(d, crowns[1])


def _crown(art: Art, wide: float, tall: float, count: int, size: float) -> list[tuple[float, float, float]]:
    """Puffs around an oval plus the one that fills its middle."""
    puffs = [(0.0, 0.0, tall * 1.1), (-wide * 0.4, 0.0, tall), (wide * 0.4, 0.0, tall)]
    for k in range(count):
        a = k * math.tau / count
        puffs.append((wide * math.cos(a), tall * math.sin(a), size * art.rng.uniform(0.8, 1.12)))
    return puffs


def _bench(art: Art, x: float, y: float) -> None:
    art.shadow(x, y + 4, 150, 12)
    for dx in (-104, 96):
        art.rect(x + dx, y - 72, 12, 74, "#4A3A38", 4)
        art.rect(x + dx - 4, y - 150, 12, 90, "#4A3A38", 4)
    for dy in (-150, -118, -72):
        art.rect(x - 130, y + dy, 260, 22, "#9C6242", 6)
        art.rect(x - 130, y + dy, 260, 6, "#B67D5A", 3)
    for k, color in enumerate(("#41597F", "#C4573C")):
        art.rect(x - 70, y - 88 - k * 15, 78, 15, color, 3)


def cover(art: Art) -> None:
    sky, layers = art.pick(
        (("#F9DDBB", "#F4BC93", "#E89A78"), ("#E9A27F", "#CF7E63", "#A75D52", "#75434A")),
        (("#C4DEE2", "#E2EBE0", "#FAECCF"), ("#B4CDBE", "#8DB3A6", "#648F8A", "#3F6A6E")),
        (("#7A6A9C", "#C98C98", "#F6C49C"), ("#A97492", "#815A80", "#5C4166", "#3C2C4A")),
    )
    art.bands(*sky, bottom=470)
    sun(art, art.w * art.rng.uniform(0.68, 0.76), 300, 92, "#FFF1D2", 0.7)
    streaks(art, 4, 60, 220, "#FFF6E8", 0.4)
    birds(art, art.rng.uniform(880, 960), 150, layers[2], 4)
    ridges = hills(art, layers, 400, 620, 40, 1.9)
    for k in range(14):
        x = 40 + k * 118 + art.rng.uniform(-40, 40)
        pine(art, x, ridges[2].y(x) + 8, art.rng.uniform(40, 74), darker(layers[2], 0.2))
    for _ in range(10):
        x = art.rng.choice((0, 1180)) + art.rng.uniform(10, 400)
        pine(art, x, ridges[3].y(x) + 12, art.rng.uniform(80, 140), darker(layers[3], 0.3))
