"""Indoors: window, vase, shelf, night, lamp, cat, library and stage."""

from __future__ import annotations

import math

from circle.demo.drawing.art import Art, darker, disc, lighter, mix, rgb
from circle.demo.drawing.parts import (
    Ridge,
    book_pile,
    cloud,
    curtain,
    flower,
    leaf,
    pot_plant,
    spines,
)

FRAME = "#FFFDF9"


def window(art: Art) -> None:
    wall, sky, cloth = art.pick(
        ("#F1E4D3", ("#CDE6EE", "#E6EFE6", "#FBF0D8"), "#E9C9A8"),
        ("#E6E9DF", ("#F6C9A8", "#FADFC2", "#FCF0DC"), "#BFD0BC"),
        ("#F3DCD2", ("#B9D6EA", "#DDEBEE", "#F8F2E4"), "#E3A897"),
    )
    art.rect(0, 0, 1200, 900, wall)
    art.rect(300, 60, 600, 620, FRAME, 12)
    art.bands(*sky, top=90, bottom=656, left=330, width=540)
    sx = art.rng.uniform(440, 520)
    art.circle(sx, 300, 62, "#FFF6DC")
    hill, near = Ridge(art.rng, 520, 26, art.w, 2.2), Ridge(art.rng, 580, 20, art.w, 1.8)
    for ridge, color in ((hill, "#A9C6A6"), (near, "#86AE8C")):
        top = [(x, ridge.y(x)) for x in range(330, 871, 12)]
        art.poly([(330, 656), *top, (870, 656)], color)
    cloud(art, 740, 190, 44, alpha=0.8)
    art.path("M330 90H560L330 500z", "#FFFFFF", 0.14)
    art.rect(584, 80, 32, 580, FRAME)
    art.rect(320, 360, 560, 16, FRAME)
    curtain(art, 236, 30, 165, 660, cloth)
    curtain(art, 964, 30, 165, 660, cloth, right=True)
    art.rect(190, 14, 820, 22, "#A87E5C", 11)
    art.path("M0 900L250 716H950L1200 900z", "#FFFFFF", 0.35)
    art.rect(200, 676, 800, 40, "#D9B58E", 8)
    art.rect(200, 706, 800, 10, "#BF9870", 4)
    pot_plant(art, art.rng.uniform(720, 760), 678, 108, leaves=9)
    book_pile(art, 440, 678, 200, art.pick(("#4C6A8C", "#E2A54B", "#B9563F"), ("#5E8A72", "#F0D6B0", "#C9694A")), 26)


def vase(art: Art) -> None:
    wall, petal, top = art.pick(
        (("#E8EEF0", "#F6EEE2"), ("#E98E7B", "#F4B8A0", "#FBE3CC"), "#E0C29C"),
        (("#F8E2D2", "#FBF1E4"), ("#F2B84B", "#F7D283", "#FFF4DC"), "#CFA47E"),
        (("#E2E8DA", "#F4F1E2"), ("#B88AC0", "#D6B4D8", "#F3E4F0"), "#D8B892"),
    )
    art.bands(*wall, bottom=900)
    art.path("M0 130L520 0H820L0 420z", "#FFFFFF", 0.28)
    art.path("M0 560L900 200V420L0 800z", "#FFFFFF", 0.22)
    art.rect(0, 900, 900, 300, top)
    art.rect(0, 900, 900, 14, lighter(top, 0.35))
    art.shadow(470, 1086, 230, 26)
    heads = (
        (210, 350, 92),
        (330, 210, 100),
        (480, 270, 112),
        (610, 170, 84),
        (690, 340, 100),
        (400, 440, 92),
        (570, 470, 84),
    )
    for x, y, _ in heads:
        art.line(f"M450 760Q{450 + (x - 450) * 0.35:.0f} {(760 + y) / 2 + 90:.0f} {x} {y}", "#5E8A62", 9)
    for x, y, turn in ((360, 640, -52), (540, 640, 50), (300, 560, -70), (610, 570, 66), (450, 600, 8)):
        leaf(art, x, y, 130, turn + art.rng.uniform(-8, 8), art.rng.choice(("#5B9B78", "#6FA878", "#4E8D6B")))
    for k, (x, y, r) in enumerate(heads):
        _bloom(art, x + art.rng.uniform(-18, 18), y + art.rng.uniform(-18, 18), r, petal[(k + art.seed) % 3])
    _vase_body(art, 450, 1090)
    for x, y, turn in ((700, 1120, 70), (742, 1136, 110), (196, 1130, -80)):
        leaf(art, x, y, 52, turn, petal[1], vein=False)


def _bloom(art: Art, x: float, y: float, r: float, petal: str) -> None:
    flower(art, x, y, r, petal)
    rays = [k * math.tau / 14 for k in range(14)]
    d = "".join(
        f"M{x + r * 0.54 * math.cos(a):.1f} {y + r * 0.54 * math.sin(a):.1f}"
        f"L{x + r * 0.76 * math.cos(a):.1f} {y + r * 0.76 * math.sin(a):.1f}"
        for a in rays
    )
    art.line(d, darker(petal, 0.14), 3.5, 0.7)
    art.path("".join(disc(x + r * 0.2 * math.cos(a), y + r * 0.2 * math.sin(a), 3.4) for a in rays[::2]), "#D89A35")


def _vase_body(art: Art, x: float, base: float) -> None:
    clay = art.pick("#FBF5EA", "#7FA8A6", "#F6E3CF")
    ink = art.pick("#6A86B0", "#F4E7CC", "#C9694A")
    body = (
        f"M{x - 90:.0f} {base - 380:.0f}h180c-16 60 74 96 74 222c0 92 -56 158 -130 158h-68"
        "c-74 0 -130 -66 -130 -158c0 -126 90 -162 74 -222z"
    )
    art.path(body, clay)
    art.path(
        f"M{x + 40:.0f} {base - 380:.0f}h50c-16 60 74 96 74 222c0 92 -56 158 -130 158c70 -60 90 -270 6 -380z",
        darker(clay, 0.08),
    )
    art.rect(x - 98, base - 392, 196, 24, lighter(clay, 0.3), 12)
    art.line(f"M{x - 152:.0f} {base - 210:.0f}q152 50 304 0", ink, 12, 0.8)
    art.line(f"M{x - 160:.0f} {base - 176:.0f}q160 52 320 0", ink, 5, 0.6)
    for k in range(7):
        art.circle(x - 108 + k * 36, base - 128 + 16 - abs(k - 3) * 5, 8, ink, 0.7)


def shelf(art: Art) -> None:
    wall, wood = art.pick(("#EFE3D1", "#8A6547"), ("#E2E6DC", "#A87E5C"), ("#F1D9CA", "#7A5242"))
    art.rect(0, 0, 1200, 900, wall)
    art.rect(0, 0, 60, 900, darker(wood, 0.1))
    art.rect(1140, 0, 60, 900, darker(wood, 0.1))
    toys = art.rng.sample((_plant_toy, _frame_toy, _globe_toy), 3)
    for k, base in enumerate((290, 590, 880)):
        art.rect(60, base - 282, 1080, 16, "#000000", alpha=0.05)
        gap = art.rng.choice((330, 560, 780)) if k < 2 else art.rng.choice((420, 690))
        spines(art, 76, gap, base, 150, 234, (30, 60))
        toys[k](art, gap + 110, base)
        spines(art, gap + 220, 1128, base, 150, 234, (30, 60))
        art.rect(0, base, 1200, 20, wood)
        art.rect(0, base, 1200, 6, lighter(wood, 0.2))
        art.rect(60, base + 20, 1080, 16, "#000000", alpha=0.1)


def _plant_toy(art: Art, x: float, base: float) -> None:
    pot_plant(art, x, base, 84, leaves=7)


def _frame_toy(art: Art, x: float, base: float) -> None:
    art.rect(x - 84, base - 200, 168, 200, "#6B4A38", 6)
    art.rect(x - 70, base - 186, 140, 172, "#FFFBF2")
    art.rect(x - 54, base - 170, 108, 140, "#F6C9A0")
    art.circle(x + 14, base - 120, 22, "#FFF3D6")
    art.path(f"M{x - 54:.0f} {base - 80:.0f}q50 -40 108 0v50h-108z", "#B97F72")


def _globe_toy(art: Art, x: float, base: float) -> None:
    art.rect(x - 50, base - 16, 100, 16, "#7A5240", 8)
    art.rect(x - 6, base - 50, 12, 40, "#7A5240")
    art.ring(x, base - 118, 84, "#C9985C", 8)
    art.circle(x, base - 118, 72, "#7FB0C0")
    land = "M-40 -30q30 -30 54 -10q-4 24 -24 26q-6 24 -20 30q-20 -20 -10 -46z"
    land += "M14 6q30 -10 40 6q-4 30 -26 40q-20 -14 -14 -46z"
    with art.group(f"translate({x:.0f} {base - 118:.0f})"):
        art.path(land, "#93B87C")
        art.path("M-52 -44q16 -24 44 -26q-24 12 -34 34z", "#FFFFFF", 0.5)


def night(art: Art) -> None:
    wall, sky, shade = art.pick(
        ("#3A3360", ("#1F2A55", "#3B4479", "#75649A"), "#D9694A"),
        ("#2E4456", ("#132A44", "#2A4A68", "#6A8A96"), "#E2A54B"),
        ("#4A304E", ("#2A1C48", "#553C74", "#A06C8C"), "#5F9A8C"),
    )
    art.rect(0, 0, 1200, 760, wall)
    art.rect(470, 50, 610, 520, darker(wall, 0.35), 10)
    art.bands(*sky, top=76, bottom=546, left=496, width=558)
    with art.clip("M496 76h558v470h-558z"):
        for _ in range(40):
            art.circle(art.rng.uniform(500, 1050), art.rng.uniform(80, 420), art.rng.choice((2, 3, 4)), "#FDF3D0", 0.85)
        _crescent(art, art.rng.uniform(840, 920), 210, 66)
        for k in range(9):
            tall = art.rng.uniform(50, 150)
            art.rect(490 + k * 64, 546 - tall, 58, tall, mix(sky[0], "#101530", 0.4))
            if art.rng.random() < 0.7:
                art.rect(508 + k * 64, 566 - tall, 12, 16, "#FFD890", 2)
    art.rect(762, 60, 22, 500, darker(wall, 0.35))
    art.rect(480, 300, 590, 18, darker(wall, 0.35))
    art.rect(440, 566, 670, 28, darker(wall, 0.25), 6)
    art.path("M182 340L10 760H650L402 340z", art.fade("#FFE2A0", 0.5, 0.1))
    art.rect(0, 748, 1200, 152, "#6B4438")
    art.rect(0, 748, 1200, 14, "#8A5C48")
    art.ellipse(330, 800, 310, 32, "#FFDF9A", 0.28)
    _desk_lamp(art, 292, shade)
    _open_book(art, 520, 800)
    book_pile(art, 900, 790, 260, ("#8A4A52", "#41597F", "#DDA04C"), 34)
    art.path("M856 688q-4 -76 10 -76h68q14 0 10 76z", "#E8DCC8")
    art.ring(948, 646, 22, "#E8DCC8", 11)


def _crescent(art: Art, x: float, y: float, r: float) -> None:
    art.path(
        f"M{x + r * 0.35:.0f} {y - r:.0f}A{r} {r} 0 1 0 {x + r:.0f} {y + r * 0.35:.0f}"
        f"A{r * 0.82:.0f} {r * 0.82:.0f} 0 0 1 {x + r * 0.35:.0f} {y - r:.0f}z",
        "#FBEBC0",
    )


def _desk_lamp(art: Art, x: float, shade: str) -> None:
    art.rect(x - 9, 330, 18, 440, "#C9B48E", 6)
    art.rect(x - 92, 762, 184, 26, "#B79E76", 13)
    art.path(f"M{x - 62} 190h124l64 156h-252z", shade)
    art.path(f"M{x + 10} 190h52l64 156h-70z", darker(shade, 0.14))
    art.rect(x - 126, 338, 252, 14, lighter(shade, 0.35), 7)
    art.line(f"M{x + 70} 350v74", "#C9B48E", 4)
    art.circle(x + 70, 430, 9, "#E8C98A")


def _open_book(art: Art, x: float, y: float) -> None:
    art.shadow(x, y + 40, 190, 14, 0.3)
    art.path(f"M{x - 190} {y + 34}q100 -40 190 0q90 -40 190 0v12q-100 -34 -190 4q-90 -38 -190 -4z", "#8A4A52")
    art.path(f"M{x - 176} {y - 44}q96 -44 176 6v74q-80 -44 -176 -6z", "#FFF9EC")
    art.path(f"M{x + 176} {y - 44}q-96 -44 -176 6v74q80 -44 176 -6z", "#F3E7D0")
    for k in range(3):
        art.line(
            f"M{x - 150} {y - 34 + k * 18}q70 -28 128 4M{x + 150} {y - 34 + k * 18}q-70 -28 -128 4", "#B7A68E", 4, 0.8
        )


def lamp(art: Art) -> None:
    wall, chair, rug = art.pick(
        (("#F3DFC8", "#EBCFB0"), "#C9694A", "#E8B98A"),
        (("#DCE2D6", "#C9D3C4"), "#5E8A7A", "#E2C79C"),
        (("#E4DAE6", "#D2C4D8"), "#7F6FA0", "#E6B8A8"),
    )
    art.bands(*wall, bottom=880)
    art.rect(0, 880, 900, 320, "#C0906A")
    art.line("".join(f"M0 {y}H900" for y in (950, 1030, 1120)), "#A97A56", 4)
    art.rect(0, 868, 900, 16, "#FFF9EE")
    art.ellipse(450, 1090, 400, 84, rug)
    art.ellipse(450, 1090, 330, 64, lighter(rug, 0.3))
    _wall_pictures(art)
    art.path("M560 400L360 1010H890L770 400z", art.fade("#FFE9B0", 0.75, 0.05))
    _armchair(art, 360, 1060, chair)
    art.rect(660, 390, 12, 680, "#6B4A38", 5)
    art.rect(590, 1060, 152, 22, "#6B4A38", 11)
    art.path("M600 200h132l60 200h-252z", "#FFF3D8")
    art.path("M690 200h42l60 200h-66z", "#F3DDB4")
    art.rect(540, 394, 252, 12, "#E8C98A", 6)
    pot_plant(art, 790, 1064, 96, leaves=9)


def _wall_pictures(art: Art) -> None:
    for x, y, w, h, color in ((90, 150, 190, 240, "#F6C9A0"), (320, 200, 150, 150, "#BFD9D3")):
        art.rect(x, y, w, h, "#7A5240", 4)
        art.rect(x + 14, y + 14, w - 28, h - 28, "#FFFBF2")
        art.rect(x + 30, y + 30, w - 60, h - 60, color)
        art.circle(x + w * 0.55, y + h * 0.42, w * 0.13, "#FFF6DC")
        hill = y + h * 0.66
        art.path(
            f"M{x + 30} {hill:.0f}q{w * 0.3:.0f} {-h * 0.14:.0f} {w - 60} 0V{y + h - 30}H{x + 30}z", darker(color, 0.3)
        )


def _armchair(art: Art, x: float, base: float, color: str) -> None:
    art.shadow(x, base + 4, 260, 20, 0.18)
    for dx in (-190, 160):
        art.poly([(x + dx, base - 60), (x + dx + 34, base - 60), (x + dx + 24, base), (x + dx + 8, base)], "#6B4A38")
    art.rect(x - 190, base - 520, 380, 420, color, 90)
    art.rect(x - 150, base - 480, 300, 300, lighter(color, 0.12), 60)
    art.path(disc(x - 60, base - 380, 7) + disc(x + 60, base - 380, 7) + disc(x, base - 300, 7), darker(color, 0.2))
    art.rect(x - 180, base - 240, 360, 120, lighter(color, 0.2), 40)
    art.rect(x - 190, base - 140, 380, 92, darker(color, 0.06), 24)
    for dx in (-244, 154):
        art.rect(x + dx, base - 300, 90, 250, darker(color, 0.1), 44)
        art.rect(x + dx + 8, base - 296, 74, 60, lighter(color, 0.1), 30)
    with art.group(f"rotate(-12 {x} {base - 290})"):
        art.rect(x - 70, base - 370, 150, 140, "#FBEBD2", 26)
        art.line(f"M{x - 40} {base - 370}v140M{x} {base - 370}v140M{x + 40} {base - 370}v140", "#E2A54B", 8, 0.7)


def cat(art: Art) -> None:
    wall, sky = art.pick(
        ("#F3E2CE", ("#BFE0EA", "#E6EFE6", "#FBF0D8")),
        ("#E6DFEA", ("#F6C9A8", "#FADFC2", "#FCF0DC")),
        ("#E0E8DE", ("#A9C6E4", "#D9E6EE", "#F8F2E4")),
    )
    art.rect(0, 0, 1200, 900, wall)
    art.rect(230, 0, 740, 640, FRAME)
    art.bands(*sky, top=0, bottom=612, left=262, width=676)
    art.circle(art.rng.uniform(380, 460), 170, 58, "#FFF6DC")
    cloud(art, 800, 150, 54, alpha=0.8)
    ridge = Ridge(art.rng, 470, 24, art.w, 2)
    art.poly([(262, 612), *[(x, ridge.y(x)) for x in range(262, 939, 13)], (938, 612)], "#A9C6A6")
    art.rect(586, 0, 28, 620, FRAME)
    art.rect(240, 250, 720, 18, FRAME)
    curtain(art, 170, -20, 200, 660, "#EBC9A4")
    art.rect(0, 640, 1200, 260, "#D6AE84")
    art.rect(0, 640, 1200, 16, "#E8C9A4")
    art.rect(0, 800, 1200, 100, darker(wall, 0.08))
    art.rect(0, 796, 1200, 12, "#B98C62")
    pot_plant(art, 1010, 724, 112, leaves=9)
    coat = art.pick(
        ("#E8A25A", "#C97B36", "#FFF3E0"), ("#8C8A90", "#6B6A72", "#F4F1EC"), ("#4A4348", "#342E34", "#FBF4E8")
    )
    _cushion(art, 560, 770)
    _sleeping_cat(art, 560, 736, coat)


def _cushion(art: Art, x: float, y: float) -> None:
    color = art.pick("#7FA39A", "#D98A6A", "#E2B45C")
    art.shadow(x, y + 8, 380, 18, 0.14)
    art.path(
        f"M{x - 360} {y - 50}q-30 -40 30 -44q330 -26 660 0q60 4 30 44q30 46 -30 50q-330 22 -660 0q-60 -4 -30 -50z",
        color,
    )
    art.line(f"M{x - 350} {y - 46}q350 40 700 0", darker(color, 0.16), 5)


def _sleeping_cat(art: Art, x: float, y: float, coat: tuple[str, str, str]) -> None:
    fur, stripe, belly = coat
    art.path(
        f"M{x - 230} {y}C{x - 290} {y - 130} {x - 130} {y - 250} {x + 40} {y - 240}"
        f"S{x + 300} {y - 130} {x + 262} {y}q-246 26 -492 0z",
        fur,
    )
    for dx, top, low in ((60, -238, -150), (124, -222, -140), (184, -188, -116)):
        art.line(f"M{x + dx} {y + top + 8}q26 40 14 {low - top}", stripe, 20)
    art.line(f"M{x + 244} {y - 40}q40 52 -60 52h-190", darker(fur, 0.2), 62)
    art.line(f"M{x + 244} {y - 40}q40 52 -60 52h-190", fur, 52)
    art.line(f"M{x + 8} {y + 12}h-16", stripe, 52)
    art.line(f"M{x + 66} {y - 2}v28M{x + 122} {y - 2}v28M{x + 180} {y - 4}v30", stripe, 18)
    hx, hy = x - 150, y - 96
    art.ellipse(hx + 14, hy + 6, 120, 102, darker(fur, 0.16))
    for s in (-1, 1):
        art.path(f"M{hx + s * 106} {hy - 6}L{hx + s * 96} {hy - 138}L{hx + s * 14} {hy - 92}z", fur)
        art.path(f"M{hx + s * 90} {hy - 44}L{hx + s * 86} {hy - 112}L{hx + s * 40} {hy - 84}z", "#F0A898")
    art.ellipse(hx, hy, 118, 98, fur)
    art.path(f"M{hx - 66} {hy + 60}q-14 -60 66 -60t66 60q-66 60 -132 0z", belly)
    art.line(f"M{hx} {hy - 94}v44M{hx - 34} {hy - 88}v32M{hx + 34} {hy - 88}v32", stripe, 13)
    ink = "#3A2A24"
    lids = "#F4DDB4" if sum(rgb(fur)) < 300 else ink  # a black cat needs pale ones
    art.line(f"M{hx - 74} {hy - 4}q22 24 44 0M{hx + 30} {hy - 4}q22 24 44 0", lids, 7)
    art.path(f"M{hx - 13} {hy + 18}h26l-13 15z", "#D8674A")
    art.line(f"M{hx} {hy + 34}q-14 18 -28 4M{hx} {hy + 34}q14 18 28 4", ink, 5)
    art.line(
        f"M{hx - 70} {hy + 30}l-72 -10M{hx - 70} {hy + 42}l-70 12M{hx + 70} {hy + 30}l72 -10M{hx + 70} {hy + 42}l70 12",
        "#FFFDF6",
        4,
    )
    art.rect(hx - 50, y - 22, 96, 40, belly, 20)
    art.line(f"M{hx - 18} {y - 6}v18M{hx + 14} {y - 6}v18", stripe, 4, 0.6)


def library(art: Art) -> None:
    wood, glow = art.pick(("#8A5C42", "#F8DDB0"), ("#6B4E44", "#CFE3E4"), ("#7C5A3C", "#F6C9A8"))
    art.bands(darker(wood, 0.55), darker(wood, 0.4), bottom=960)
    art.rect(0, 950, 900, 250, "#B98A64")
    art.line("".join(f"M{x / 2 + 225:.0f} 952L{x} 1200" for x in range(-500, 1500, 160)), "#A5764F", 5)
    art.path("M270 960V360a180 180 0 0 1 360 0v600z", lighter(wood, 0.5))
    with art.clip("M296 940V360a154 154 0 0 1 308 0v580z"):
        art.bands(glow, "#FFF8E6", top=200, bottom=940, left=290, width=320)
        art.circle(art.rng.uniform(420, 480), 430, 60, "#FFFDF2")
        art.path("M290 760q120 -80 320 -20v220h-320z", "#A9C09A")
    art.line("M450 206v734M296 420h308M296 640h308", lighter(wood, 0.5), 14)
    art.path("M296 950L60 1200H840L604 950z", "#FFF3D0", 0.35)
    for left in (0, 640):
        _bookcase(art, left, wood)
    _ladder(art)
    _reading_table(art, wood)


def _bookcase(art: Art, left: int, wood: str) -> None:
    art.rect(left, 0, 260, 1010, wood)
    for base in (170, 370, 570, 770, 970):
        art.rect(left + 18, base - 176, 224, 176, darker(wood, 0.42))
        spines(art, left + 24, left + 238, base, 104, 158, (20, 38))
        art.rect(left, base, 260, 22, lighter(wood, 0.12))
    for x in (left, left + 242):
        art.rect(x, 0, 18, 1010, lighter(wood, 0.18))


def _ladder(art: Art) -> None:
    art.line("M700 130L610 1010M800 130L730 1010", "#D9A86C", 16)
    art.line("".join(f"M{692 - k * 10.5:.0f} {210 + k * 100}h{104 + k * 2}" for k in range(8)), "#C48F54", 13)


def _reading_table(art: Art, wood: str) -> None:
    shade = art.pick("#4F8A6A", "#C9573B", "#E0A23C")
    art.shadow(330, 1176, 320, 16, 0.25)
    for x in (70, 560):
        art.rect(x, 1050, 30, 130, darker(wood, 0.2))
    art.rect(20, 1030, 620, 34, lighter(wood, 0.08), 8)
    art.path("M150 1030q0 -10 50 -12t50 12z", "#C9A05C")
    art.rect(194, 900, 12, 124, "#C9A05C")
    art.glow(200, 940, 120, "#FFE9B0", 0.8)
    art.path("M104 910q10 -64 96 -64t96 64z", shade)
    book_pile(art, 500, 1030, 170, ("#41597F", "#C4573C", "#E5C9A0"), 26)
    art.path("M280 1026q60 -30 90 -4q30 -26 90 4v8h-180z", "#FFF9EC")
    art.line("M370 1022v10", "#CDBFA9", 4)


def stage(art: Art) -> None:
    wall, blouse, accent = art.pick(
        (("#EBCDAE", "#DDAE88", "#C98C66"), "#F5ECE0", "#C8472B"),
        (("#CFE0DC", "#AFCBC4", "#7FA69E"), "#FBF4E6", "#3E7C6A"),
        (("#D9D3E8", "#B9AED2", "#8E82B2"), "#FFF6EC", "#6A5AA0"),
    )
    art.bands(*wall, bottom=790)
    art.path("M200 -10L40 790H520L330 -10z", "#FFF6DC", 0.16)
    art.rect(430, 130, 640, 430, "#FFFDF7", 18)
    art.rect(430, 130, 640, 430, accent, 18, 0.03)
    _board(art, accent)
    _speaker(art, 270, blouse, accent)
    art.rect(0, 780, 1200, 120, "#6B4A3A")
    art.rect(0, 780, 1200, 14, "#8A6248")
    _audience(art)


def _board(art: Art, accent: str) -> None:
    art.ring(620, 346, 108, accent, 24, dash="540 139")
    bars = art.rng.sample((280, 240, 300, 180), 4)
    for k, width in enumerate(bars):
        art.rect(782, 252 + k * 54, width * 0.85, 18, "#B7A793", 9, 0.9 - k * 0.15)
    for k in range(3):
        art.rect(584 + k * 28, 376 - (k + 1) * 24, 18, (k + 1) * 24, accent, 4, 0.85)
    art.rect(430, 560, 640, 16, "#000000", 8, 0.06)


def _speaker(art: Art, x: float, blouse: str, accent: str) -> None:
    skin, hair = "#F3CBA8", "#3A2A24"
    art.path(f"M{x - 92} 420q-6 -150 92 -150t92 150v110h-184z", hair)
    art.path(f"M{x - 180} 800c6 -180 76 -236 180 -236s174 56 180 236z", blouse)
    art.path(f"M{x - 34} 500h68v66q0 40 -34 40t-34 -40z", darker(skin, 0.05))
    art.line(f"M{x + 130} 690L{x + 214} 600L{x + 262} 500", blouse, 56)
    art.line(f"M{x + 256} 514l14 -34", skin, 40)
    art.line(f"M{x + 270} 480l16 -40", skin, 15)
    art.ellipse(x, 424, 72, 84, skin)
    art.path(f"M{x - 76} 420c4 -62 32 -92 76 -92s72 30 76 92c-24 -30 -46 -40 -64 -66c-22 32 -54 38 -88 66z", hair)
    for dx in (-28, 28):
        art.circle(x + dx, 430, 7.5, "#3A2E28")
        art.circle(x + dx * 1.6, 456, 14, "#EE8C77", 0.35)
    art.line(f"M{x - 20} 466q20 18 40 0", "#8A4B3B", 6)
    art.line(f"M{x - 56} 590q56 60 112 0", accent, 6)
    art.circle(x, 622, 11, accent)


def _audience(art: Art) -> None:
    """Backs of heads in front: they turn a portrait into a talk."""
    for k in range(7):
        x, y = 60 + k * 182 + art.rng.uniform(-16, 16), 842 + (k % 2) * 18
        tone = art.rng.choice(("#2E2430", "#3A2E34", "#463540"))
        art.path(f"M{x - 96:.0f} 910q6 -56 96 -60q90 4 96 60z", lighter(tone, 0.1))
        art.circle(x, y - 34, 46, tone)
        if k % 3 == 1:
            art.circle(x, y - 88, 22, tone)
