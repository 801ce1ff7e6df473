"""On the table: breakfast, tea, soup and bread."""

from __future__ import annotations

from circle.demo.drawing.art import Art, Point, darker, lighter, smooth
from circle.demo.drawing.parts import (
    flower,
    leaf,
    steam,
    table,
)

CHINA = "#FFFDF9"


def breakfast(art: Art) -> None:
    cloth = art.pick(("#EEF1E6", "#C4D3B6"), ("#FBEDE2", "#EDC3AC"), ("#E9EEF4", "#B8CBE0"))
    art.rect(0, 0, 1200, 900, cloth[0])
    for x in range(20, 1200, 120):
        art.rect(x, 0, 44, 900, cloth[1], alpha=0.45)
    for y in range(10, 900, 120):
        art.rect(0, y, 1200, 44, cloth[1], alpha=0.45)
    art.circle(568, 470, 318, "#3A2420", 0.1)
    art.circle(556, 454, 314, CHINA)
    art.circle(556, 454, 240, "#F5F0E7")
    with art.group(f"rotate({art.rng.uniform(-8, 8):.1f} 556 454)"):
        _toast(art, 470, 440)
        _tomatoes(art, 660, 440)
    _coffee(art, 990, 220)
    _jam(art, 170, 180)
    _cutlery(art)


def _toast(art: Art, x: float, y: float) -> None:
    d = "h{0}c44 0 58 60 20 84v200h-{1}v-200c-38 -24 -24 -84 20 -84z"
    art.path(f"M{x - 96} {y - 150}" + d.format(190, 230), "#C98A4B")
    art.path(f"M{x - 84} {y - 128}" + "h168c32 0 40 36 12 56v184h-192v-184c-28 -20 -20 -56 12 -56z", "#F1CD94")
    egg: list[Point] = [
        (x - 70, y - 30),
        (x - 10, y - 84),
        (x + 66, y - 50),
        (x + 78, y + 30),
        (x + 10, y + 86),
        (x - 66, y + 50),
    ]
    art.path(
        smooth([(px + art.rng.uniform(-8, 8), py + art.rng.uniform(-8, 8)) for px, py in egg], closed=True), "#FFFEFA"
    )
    art.circle(x, y, 46, "#F5B340")
    art.circle(x - 13, y - 13, 12, "#FFE3A3")
    for k in range(9):
        art.circle(x + art.rng.uniform(-60, 60), y + art.rng.uniform(-60, 60), 3, "#6B5A48", 0.6 + 0.02 * k)


def _tomatoes(art: Art, x: float, y: float) -> None:
    art.path(f"M{x - 60} {y + 130}c50 -50 120 -40 150 4c-50 44 -110 44 -150 -4z", "#5D9A58")
    art.path(f"M{x - 60} {y + 130}c60 -10 110 -10 150 4", "#7BB374")
    for dx, dy in ((0, -80), (54, -30), (-6, -12), (42, 44), (-14, 62)):
        art.circle(x + dx, y + dy, 31, "#C93F3F")
        art.circle(x + dx - 9, y + dy - 10, 8, "#FFFFFF", 0.6)


def _coffee(art: Art, x: float, y: float) -> None:
    art.circle(x + 10, y + 12, 156, "#3A2420", 0.09)
    art.circle(x, y, 154, CHINA)
    art.circle(x, y, 118, "#F0EAE0")
    art.line(f"M{x + 70} {y + 70}l70 62", CHINA, 34)
    art.circle(x, y, 106, CHINA)
    art.circle(x, y, 90, "#B98355")
    art.ring(x, y, 87, "#8F5F38", 6, 0.45)
    art.path(f"M{x} {y - 30}c22 -26 62 2 40 34l-40 42l-40 -42c-22 -32 18 -60 40 -34z", "#F2DDBE")
    art.line(f"M{x - 16} {y + 60}q16 12 32 0", "#F2DDBE", 7)


def _jam(art: Art, x: float, y: float) -> None:
    art.circle(x + 6, y + 8, 92, "#3A2420", 0.09)
    art.circle(x, y, 90, CHINA)
    art.circle(x, y, 68, art.pick("#B8402F", "#E2952F", "#6B4A86"))
    art.path(f"M{x - 44} {y - 10}q20 -40 60 -34q-30 10 -38 40z", "#FFFFFF", 0.35)
    art.line(f"M{x + 10} {y + 6}L{x + 120} {y + 84}", "#C9C2B6", 13)
    art.ellipse(x + 6, y + 4, 26, 18, "#D8D1C6")


def _cutlery(art: Art) -> None:
    for x, tines in ((196, True), (948, False)):
        art.rect(x - 9, 560, 18, 270, "#C9C2B6", 9)
        if tines:
            art.path(f"M{x - 34} 420h10v90h14v-90h20v90h14v-90h10v110q0 40 -34 44q-34 -4 -34 -44z", "#C9C2B6")
        else:
            art.path(f"M{x - 9} 590v-170q44 20 40 120q-2 40 -22 50z", "#C9C2B6")


def tea(art: Art) -> None:
    wall, clay, cup = art.pick(
        (("#F0E4D0", "#F8F0E0"), "#9A5240", "#F7F2E4"),
        (("#DDE6DC", "#EFF2E6"), "#5E7F72", "#F2E3CC"),
        (("#EAD9CF", "#F7EBE2"), "#4A5A6E", "#F5EEE0"),
    )
    art.bands(*wall, bottom=600)
    art.circle(330, 300, 210, "#FFFFFF", 0.4)
    _plum(art)
    table(art, 600, "#C99E74")
    art.shadow(600, 796, 520, 22)
    art.rect(110, 716, 980, 66, "#8A6242", 16)
    art.rect(110, 716, 980, 22, "#A87C58", 11)
    art.line("".join(f"M{x} 722v10" for x in range(150, 1080, 30)), "#8A6242", 5)
    _teapot(art, 500, 716, clay)
    for x in (830, 990):
        _tea_cup(art, x, 718, cup)
        steam(art, x, 610, 70)
    with art.group("rotate(-6 200 700)"):
        art.ellipse(224, 712, 66, 14, darker(cup, 0.1))
        for _ in range(16):
            art.ellipse(224 + art.rng.uniform(-50, 50), 704 + art.rng.uniform(-8, 6), 13, 5, "#5E7A4E")


def _plum(art: Art) -> None:
    art.line(
        "M1220 40C1060 90 1000 60 900 130S760 190 690 270"
        "M960 96C930 170 950 210 900 260M1080 76C1060 140 1090 170 1060 220",
        "#6B4A3E",
        14,
    )
    petal = art.pick("#E98E8B", "#F4F0EA", "#E9B24B")
    spots = (
        (690, 270),
        (770, 206),
        (840, 166),
        (900, 258),
        (936, 180),
        (1010, 84),
        (1060, 216),
        (1100, 70),
        (1150, 66),
        (880, 130),
    )
    for x, y in spots:
        flower(
            art, x + art.rng.uniform(-12, 12), y + art.rng.uniform(-12, 12), art.rng.uniform(22, 34), petal, petals=5
        )


def _teapot(art: Art, x: float, base: float, clay: str) -> None:
    dark, light = darker(clay, 0.18), lighter(clay, 0.18)
    art.ring(x - 196, base - 130, 78, dark, 28)
    art.path(f"M{x + 150} {base - 150}q70 -10 90 -90q4 -22 30 -22l26 4q-16 16 -18 40q-12 120 -128 150z", dark)
    art.path(
        f"M{x - 200} {base - 130}c0 -90 80 -140 200 -140s200 50 200 140"
        "c0 70 -40 110 -90 130h-220c-50 -20 -90 -60 -90 -130z",
        clay,
    )
    art.path(f"M{x - 168} {base - 150}c10 -60 60 -90 120 -98c-60 30 -80 80 -78 140c-30 -6 -44 -20 -42 -42z", light, 0.8)
    art.ellipse(x, base - 262, 120, 22, dark)
    art.path(f"M{x - 112} {base - 268}q112 -76 224 0q-112 26 -224 0z", light)
    art.circle(x, base - 318, 24, clay)
    art.rect(x - 100, base - 10, 200, 14, dark, 7)
    art.ring(x + 20, base - 120, 44, light, 7, 0.9, dash="220 56")


def _tea_cup(art: Art, x: float, base: float, color: str) -> None:
    art.path(f"M{x - 62} {base - 84}h124q0 80 -44 84h-36q-44 -4 -44 -84z", color)
    art.path(f"M{x + 20} {base - 84}h42q0 80 -44 84h-12q16 -30 14 -84z", darker(color, 0.08))
    art.ellipse(x, base - 84, 62, 14, lighter(color, 0.4))
    art.ellipse(x, base - 82, 52, 10, "#C98A42")


def soup(art: Art) -> None:
    wall, bowl, broth = art.pick(
        (("#F4DCC4", "#FAEEDD"), "#F8F3E8", "#E8A24A"),
        (("#DCE4E4", "#F1F1E8"), "#5B7F9A", "#F0DDB4"),
        (("#F3D3C4", "#FAE9DC"), "#3F4A56", "#D8623C"),
    )
    art.bands(*wall, bottom=580)
    for k in range(6):
        art.circle(100 + k * 210, 130 + (k % 2) * 60, 44, "#FFFFFF", 0.28)
    table(art, 580, "#B98360")
    art.path("M130 700h940l70 200H60z", art.pick("#7F9A86", "#D98A6A", "#E2C08A"))
    art.line("M150 724h900M110 860h980", "#FFF8EA", 6, 0.7)
    art.shadow(600, 836, 320, 28, 0.2)
    steam(art, 600, 420, 190, 5)
    _bowl(art, 600, 826, bowl, broth)
    art.line("M640 536L1010 236M700 548L1060 268", "#8A4A34", 13)
    art.line("M966 272L1010 236M1018 301L1060 268", "#D9A05C", 13)
    _spoon_rest(art, 190, 806)


def _bowl(art: Art, x: float, base: float, color: str, broth: str) -> None:
    art.rect(x - 110, base - 40, 220, 44, darker(color, 0.14), 12)
    art.path(f"M{x - 340} {base - 310}h680c0 170 -120 290 -240 290h-200c-120 0 -240 -120 -240 -290z", color)
    art.path(f"M{x + 120} {base - 310}h220c0 170 -120 290 -240 290h-60c110 -60 130 -180 80 -290z", darker(color, 0.08))
    mark = "#C8573C" if color != "#F8F3E8" else "#6A86B0"
    art.line(f"M{x - 322} {base - 230}q322 90 644 0", mark if color == "#F8F3E8" else lighter(color, 0.5), 9, 0.8)
    for k in range(7):
        art.ring(
            x - 210 + k * 70, base - 150 - abs(k - 3) * 9, 20, lighter(color, 0.5) if mark[1] == "C" else mark, 6, 0.7
        )
    art.ellipse(x, base - 310, 340, 82, lighter(color, 0.35))
    art.ellipse(x, base - 304, 312, 68, broth)
    _toppings(art, x, base - 306, broth)


def _toppings(art: Art, x: float, y: float, broth: str) -> None:
    for k in range(4):
        art.line(
            f"M{x - 250 + k * 12} {y + 14 - k * 12}q60 {-30 + k * 6} 120 -4t130 {6 - k * 4}",
            lighter(broth, 0.55),
            11,
        )
    art.ellipse(x + 130, y - 4, 84, 36, "#FFFDF6")
    art.ellipse(x + 132, y - 6, 40, 20, "#F5A93A")
    art.ellipse(x + 122, y - 12, 12, 5, "#FFE3A3")
    for dx, dy in ((-40, 34), (30, 38), (-120, -34), (10, -40)):
        art.ellipse(x + dx, y + dy, 34, 16, "#C9402F")
        art.ellipse(x + dx - 4, y + dy - 3, 22, 9, "#E4674E")
    for _ in range(18):
        gx, gy = x + art.rng.uniform(-230, 230), y + art.rng.uniform(-38, 40)
        art.ellipse(gx, gy, 12, 6, "#5D9A58")
        art.ellipse(gx, gy, 5, 2.5, "#BFDC9E")


def _spoon_rest(art: Art, x: float, y: float) -> None:
    art.shadow(x, y + 20, 110, 12)
    art.ellipse(x, y, 108, 28, CHINA)
    art.ellipse(x, y - 4, 84, 18, "#F0EAE0")
    for dx, dy in ((-36, -8), (6, 0), (34, -10), (-8, -16)):
        art.ellipse(x + dx, y + dy, 20, 10, "#5D9A58")
        art.ellipse(x + dx, y + dy, 9, 4, "#BFDC9E")


def bread(art: Art) -> None:
    wall, cloth = art.pick(
        (("#F4E2CC", "#FBF1E2"), "#D8674A"), (("#E2E8E0", "#F4F3E8"), "#6F93B0"), (("#F5D8CC", "#FBEDE4"), "#8AA678")
    )
    art.bands(*wall, bottom=560)
    art.path("M-20 420L620 -20H900L-20 640z", "#FFFFFF", 0.3)
    table(art, 560, "#C7966C")
    _basket(art, 880, 640, cloth)
    art.shadow(500, 812, 430, 20)
    art.rect(90, 752, 800, 56, "#9A6B46", 22)
    art.rect(90, 752, 800, 22, "#B98558", 11)
    _loaf(art, 380, 756)
    _slices(art, 700, 756)
    art.path("M70 850q220 -30 480 6l-20 60H40z", cloth, 0.9)
    art.line("M60 876q240 -26 480 6", "#FFF8EA", 6, 0.7)
    for k in range(3):
        _wheat(art, 850 + k * 46, 866 - k * 8, 64 + k * 9)
    for _ in range(22):
        art.circle(art.rng.uniform(560, 900), art.rng.uniform(742, 756), art.rng.uniform(2, 5), "#D9A05C")


def _loaf(art: Art, x: float, base: float) -> None:
    crust = "#C07A3E"
    art.path(f"M{x - 250} {base}c-50 -60 -40 -230 90 -262c90 -24 240 -24 320 0c130 32 140 202 90 262z", crust)
    art.path(
        f"M{x - 226} {base - 110}c10 -70 60 -118 130 -130"
        "c80 -14 190 -12 260 4c-120 0 -250 20 -300 60c-40 30 -56 60 -90 66z",
        "#DB9B58",
    )
    for dx in (-150, -30, 90):
        art.path(f"M{x + dx} {base - 96}q20 -100 100 -140q6 90 -60 150q-24 8 -40 -10z", "#F3D3A0")
        art.line(f"M{x + dx} {base - 96}q20 -100 100 -140", darker(crust, 0.2), 6)
    art.path(f"M{x - 262} {base - 40}q262 30 524 0q0 24 -12 40h-500q-12 -16 -12 -40z", darker(crust, 0.14))


def _slices(art: Art, x: float, base: float) -> None:
    for k, turn in enumerate((24, 10)):
        with art.group(f"translate({x + 70 - k * 80} {base}) rotate({turn})"):
            art.path("M-84 0v-110c-34 -60 8 -92 84 -92s118 32 84 92v110q-84 12 -168 0z", "#C07A3E")
            art.path("M-68 -8v-106c-30 -46 10 -70 68 -70s98 24 68 70v106q-68 10 -136 0z", "#F6DFB4")
            for dx, dy in ((-30, -50), (10, -90), (34, -40), (-20, -120), (0, -30), (44, -110)):
                art.ellipse(dx, dy, 9, 6, "#E2BE84")


def _basket(art: Art, x: float, base: float, cloth: str) -> None:
    for dx, turn in ((-70, -16), (10, 6), (84, 22)):
        with art.group(f"translate({x + dx} {base}) rotate({turn})"):
            art.rect(-40, -420, 80, 420, "#C98644", 40)
            art.rect(-30, -410, 26, 380, "#DFA664", 13)
            for k in range(5):
                art.line(f"M-22 {-360 + k * 62}l44 34", "#F6DDB0", 12)
    art.path(f"M{x - 190} {base - 150}q60 -50 120 -20q70 -40 130 0q60 -30 130 20v60h-380z", cloth)
    art.path(f"M{x - 200} {base - 110}h400l-44 170h-312z", "#B98850")
    d = "".join(f"M{x - 190 + k * 12} {base - 70 + k * 44}h{380 - k * 24}" for k in range(3))
    art.line(d, "#94683A", 7)
    art.line("".join(f"M{x - 160 + k * 53} {base - 104}l{24 - k * 8} 158" for k in range(7)), "#94683A", 6)
    art.rect(x - 214, base - 124, 428, 30, "#CB9C62", 15)


def _wheat(art: Art, x: float, y: float, turn: float) -> None:
    with art.group(f"translate({x} {y}) rotate({turn})"):
        art.line("M0 60V-150", "#C9A04E", 6)
        for k in range(6):
            for side in (-1, 1):
                leaf(art, 0, -40 - k * 22, 34, side * 34, "#E0B658", vein=False)
        leaf(art, 0, -160, 36, 0, "#E0B658", vein=False)
