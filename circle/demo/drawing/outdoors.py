"""Days outside: park, kite, umbrella, bicycle, and rain on the window pane."""

from __future__ import annotations

from circle.demo.drawing.art import Art, darker, disc, lighter, mix, smooth
from circle.demo.drawing.parts import (
    Ridge,
    cloud,
    flower,
    hills,
    leaf,
    pot_plant,
    steam,
    sun,
    tree,
)

SKIN = "#EDBE98"
HAIR = "#3A2A24"


def park(art: Art) -> None:
    sky, lawn, crown = art.pick(
        (("#BFE0E8", "#F7EBCB"), ("#B4CD98", "#9DBE84", "#86AC72"), "#5F9468"),
        (("#F7D9B8", "#FCEFD6"), ("#C9CC8E", "#B1BC78", "#98A868"), "#7E9A55"),
        (("#C9DCF0", "#F3F0E2"), ("#A9CFAE", "#8FBE98", "#76AA83"), "#4A8A72"),
    )
    art.bands(*sky, bottom=480)
    sun(art, art.w * art.rng.uniform(0.68, 0.76), 190, 70, "#FFF6D6")
    cloud(art, 300, 170, 72, alpha=0.8)
    ridges = hills(art, lawn, 430, 620, 26, 0.8)
    for k in range(7):
        x = 40 + k * 190 + art.rng.uniform(-30, 30)
        tree(art, x, ridges[0].y(x) + 14, art.rng.uniform(54, 76), lighter(crown, 0.22))
    art.path("M640 520C760 580 500 640 380 900H900C860 700 700 590 690 520z", "#F6ECD6")
    art.path("M640 520C760 580 500 640 380 900h40C540 650 770 590 660 520z", "#DCCBA8")
    for x, y, size in ((130, 640, 150), (330, 596, 104), (960, 610, 128), (1110, 690, 170)):
        art.shadow(x, y, size * 0.7, size * 0.09)
        tree(art, x, y, size * art.rng.uniform(0.92, 1.06), crown)
    shirt = art.pick("#D8573A", "#3F6FA3", "#E2A33C")
    _runner(art, 560, 830, 1.45, shirt)
    for _ in range(26):
        fx, fy = art.rng.choice((art.rng.uniform(20, 360), art.rng.uniform(920, 1180))), art.rng.uniform(720, 880)
        art.circle(fx, fy, art.rng.uniform(4, 8), art.rng.choice(("#FFF6E4", "#F4C65A", "#E98E7B")))


def _runner(art: Art, x: float, y: float, size: float, shirt: str) -> None:
    with art.group(f"translate({x:.0f} {y:.0f}) scale({size})"):
        art.shadow(6, 10, 64, 9, 0.16)
        art.line("M-12 -72L-34 -30L-84 -36", "#2F3B52", 19)
        art.line("M-84 -36l-6 -18", "#FBF3E6", 15)
        art.line("M-6 -144L-42 -122L-34 -88", darker(SKIN, 0.08), 14)
        art.line("M-2 -140L-12 -84", shirt, 46)
        art.line("M-8 -72L30 -50L14 0", "#3D4C68", 20)
        art.line("M14 2h22", "#FBF3E6", 15)
        art.line("M2 -142L24 -108L58 -124", SKIN, 14)
        art.line("M2 -142l12 20", shirt, 19)
        art.rect(-6, -182, 18, 30, SKIN, 8)
        art.circle(10, -196, 27, SKIN)
        art.path("M-20 -190c-4 -40 42 -52 56 -22c-16 6 -32 4 -40 10c-2 10 -8 14 -16 12z", HAIR)
        art.path("M-16 -202c-22 -2 -30 10 -38 26c18 2 30 -4 40 -12z", HAIR)


def kite(art: Art) -> None:
    sky, grass, sail = art.pick(
        (("#9FD0E6", "#D3EAEC", "#FBF2DC"), ("#A9CC8C", "#86B274"), ("#D8573A", "#F2B84B", "#FFF6E4")),
        (("#F6C9A4", "#FBE2C6", "#FDF4E2"), ("#C6C27E", "#A0A765"), ("#3F6FA3", "#E8836A", "#FBEBD2")),
        (("#A8C4EA", "#DCE6F2", "#FBEEE2"), ("#9CCBA2", "#74AE88"), ("#E8A63C", "#5B8F7A", "#FFF8E8")),
    )
    art.bands(*sky, bottom=1000)
    cloud(art, 190, 300, 96, alpha=0.85)
    cloud(art, 760, 560, 84, alpha=0.8)
    cloud(art, 330, 700, 60, alpha=0.6)
    cloud(art, 690, 130, 58, alpha=0.6)
    ridges = hills(art, grass, 940, 1040, 30, 0.7)
    tree(art, 120, ridges[0].y(120) + 16, 84, darker(grass[1], 0.16))
    tree(art, 220, ridges[0].y(220) + 16, 62, darker(grass[1], 0.1))
    x, y = 560 + art.rng.uniform(-40, 60), 330 + art.rng.uniform(-40, 40)
    ground = ridges[1].y(330) + 50
    art.line(f"M375 {ground - 208:.0f}Q480 {ground - 330:.0f} {x:.0f} {y + 40:.0f}", "#6B5A52", 3, 0.8)
    _diamond_kite(art, x, y, sail)
    _kite_child(art, 330, ground, sail[0])
    for _ in range(28):
        fx, fy = art.rng.uniform(20, 880), art.rng.uniform(1090, 1180)
        art.circle(fx, fy, art.rng.uniform(5, 9), art.rng.choice(("#FFF6E4", "#F4C65A", "#E98E7B")))


def _diamond_kite(art: Art, x: float, y: float, sail: tuple[str, str, str]) -> None:
    tail = [(x - 60, y + 170), (x - 130, y + 240), (x - 90, y + 320), (x - 170, y + 390)]
    art.line(smooth(tail), "#6B5A52", 4)
    for (tx, ty), color in zip(tail[1:], sail, strict=True):
        art.path(f"M{tx:.0f} {ty:.0f}l-32 -18v36zM{tx:.0f} {ty:.0f}l32 -18v36z", color)
    with art.group(f"translate({x:.0f} {y:.0f}) rotate(22)"):
        art.poly([(0, -200), (0, 0), (-140, -30)], sail[0])
        art.poly([(0, -200), (140, -30), (0, 0)], sail[1])
        art.poly([(-140, -30), (0, 0), (0, 190)], sail[2])
        art.poly([(140, -30), (0, 0), (0, 190)], lighter(sail[0], 0.22))
        art.line("M0 -200V190M-140 -30Q0 20 140 -30", "#6B4A38", 6)


def _kite_child(art: Art, x: float, y: float, shirt: str) -> None:
    with art.group(f"translate({x:.0f} {y:.0f}) scale(1.15)"):
        art.shadow(0, 4, 66, 10, 0.16)
        art.line("M-12 -60L-34 -24L-64 -34", "#4A5A78", 22)
        art.line("M10 -60L24 -28L18 0", "#3D4C68", 22)
        art.line("M18 2h18M-66 -36l-6 -14", "#FBF3E6", 15)
        art.path("M-30 -150q28 -18 58 0l10 96h-76z", shirt)
        art.line("M20 -138L40 -182", SKIN, 14)
        art.line("M-24 -138L-56 -112", SKIN, 14)
        art.circle(2, -178, 33, SKIN)
        art.path("M-32 -172c-6 -50 62 -56 68 -8c-14 -2 -22 -8 -28 -14c-10 14 -24 18 -40 22z", HAIR)
        art.circle(24, -176, 4, HAIR)
        art.circle(30, -164, 6, "#EE8C77", 0.5)


def umbrella(art: Art) -> None:
    air, cloth = art.pick(
        (("#A9BAC6", "#C9D2D2", "#E3DDD0"), "#D14B32"),
        (("#9CAFB4", "#BFCDC6", "#DDDFCB"), "#E6A93A"),
        (("#A8A9C2", "#C9C4D0", "#E6D9D2"), "#2F7C82"),
    )
    art.bands(*air, bottom=760)
    far = mix(air[0], "#5A6A78", 0.25)
    for k, x in enumerate((-10, 120, 640, 790)):
        top = 250 + art.rng.uniform(-70, 60) + (k % 2) * 70
        art.rect(x, top, 150, 520, far)
        _misty_windows(art, x, top)
    art.bands("#8798A2", "#6C7E8B", "#56687A", top=760)
    for x, size in ((60, 150), (216, 96), (690, 100), (842, 150)):
        tree(art, x, 778 + (size - 96) * 0.5, size, mix("#5E8574", air[1], 0.3), "#5E5A58")
    for x in (118, 782):
        _street_lamp(art, x, 790)
    art.path("M450 980C330 1010 300 1100 330 1200H570C600 1100 570 1010 450 980z", cloth, 0.35)
    _walker(art, 450, 990, cloth)
    for _ in range(20):
        px, py = art.rng.uniform(20, 880), art.rng.uniform(820, 1180)
        art.line(f"M{px:.0f} {py:.0f}h{art.rng.uniform(30, 90):.0f}", "#E8EEF0", 4, 0.45)
    rain_lines = "".join(
        f"M{art.rng.uniform(0, 940):.0f} {art.rng.uniform(-20, 1100):.0f}l-14 {art.rng.uniform(44, 70):.0f}"
        for _ in range(80)
    )
    art.line(rain_lines, "#F6FAFB", 3, 0.6)


def _misty_windows(art: Art, x: float, top: float) -> None:
    for wx in range(3):
        for wy in range(9):
            lit = art.rng.random() < 0.3
            art.rect(
                x + 22 + wx * 40, top + 34 + wy * 50, 22, 28, "#FFE2A0" if lit else "#FFFFFF", 3, 0.75 if lit else 0.2
            )


def _street_lamp(art: Art, x: float, y: float) -> None:
    art.rect(x - 5, y - 330, 10, 340, "#4A5560", 4)
    art.glow(x, y - 350, 90, "#FFE2A0", 0.85)
    art.circle(x, y - 350, 24, "#FFF1CC")
    art.rect(x - 18, y - 384, 36, 12, "#4A5560", 5)
    art.rect(x - 16, y + 10, 32, 150, "#FFE2A0", 14, 0.28)


def _walker(art: Art, x: float, y: float, cloth: str) -> None:
    """Seen from behind, walking away under the umbrella."""
    art.shadow(x, y + 4, 110, 14, 0.25)
    art.rect(x - 46, y - 130, 34, 120, "#3A4454", 8)
    art.rect(x + 12, y - 130, 34, 112, "#323B4A", 8)
    art.rect(x - 52, y - 44, 46, 48, "#E0B04A", 12)
    art.rect(x + 8, y - 52, 46, 48, "#CF9C38", 12)
    art.path(f"M{x - 66:.0f} {y - 330:.0f}q66 -44 132 0l34 220q-100 30 -200 0z", "#EBDCC3")
    art.line(f"M{x:.0f} {y - 300:.0f}v206", "#CDB999", 5)
    art.line(f"M{x - 62:.0f} {y - 306:.0f}q-44 70 -36 150", "#DCCAAC", 34)
    art.line(f"M{x + 60:.0f} {y - 306:.0f}q46 30 34 -60", "#DCCAAC", 34)
    art.circle(x, y - 388, 52, HAIR)
    art.rect(x - 50, y - 390, 100, 62, HAIR, 26)
    art.line(f"M{x + 92:.0f} {y - 356:.0f}V{y - 500:.0f}", "#5A4438", 9)
    top, low, wide = y - 640, y - 430, 270
    art.path(
        f"M{x - wide:.0f} {low:.0f}C{x - wide + 20:.0f} {top + 60:.0f} {x - 120:.0f} {top:.0f} {x:.0f} {top:.0f}"
        f"S{x + wide - 20:.0f} {top + 60:.0f} {x + wide:.0f} {low:.0f}q-45 -36 -90 0q-45 -36 -90 0q-45 -36 -90 0"
        "q-45 -36 -90 0q-45 -36 -90 0q-45 -36 -90 0z",
        cloth,
    )
    for dx, bend in ((-180, -90), (-90, -50), (90, 50), (180, 90)):
        art.line(
            f"M{x:.0f} {top:.0f}Q{x + bend * 1.8:.0f} {top + 50:.0f} {x + dx:.0f} {low:.0f}", darker(cloth, 0.2), 5
        )
    art.path(
        f"M{x - wide:.0f} {low:.0f}C{x - wide + 20:.0f} {top + 60:.0f} {x - 120:.0f} {top:.0f} {x:.0f} {top:.0f}"
        f"Q{x - 150:.0f} {top + 70:.0f} {x - 180:.0f} {low:.0f}q-45 -36 -90 0z",
        lighter(cloth, 0.18),
    )
    art.rect(x - 5, top - 34, 10, 40, "#5A4438", 5)


def bicycle(art: Art) -> None:
    wall, frame, door = art.pick(
        (("#F3DDBE", "#EBCFA8"), "#2F7C72", "#5D88A0"),
        (("#F2CDB6", "#E6B79C"), "#3E5C94", "#6C8F68"),
        (("#DDE5D6", "#C9D6C2"), "#C8472B", "#B07A4E"),
    )
    art.rect(0, 0, 1200, 700, wall[0])
    for _ in range(16):
        x, y = art.rng.uniform(0, 1100), art.rng.uniform(30, 620)
        art.rect(x, y, art.rng.choice((70, 90, 110)), 30, wall[1], 5, 0.6)
    _shutter_window(art, 180, 90, door)
    art.rect(0, 690, 1200, 210, "#CDBBA6")
    art.rect(0, 690, 1200, 14, "#E4D6C4")
    art.line("".join(f"M{x} 704l{(x - 600) * 0.35:.0f} 196" for x in range(-80, 1300, 130)), "#B7A48E", 4)
    art.line("M0 780H1200", "#B7A48E", 4)
    art.shadow(610, 776, 420, 16, 0.16)
    _bike(art, frame)
    pot_plant(art, 1070, 800, 88, leaves=9)


def _shutter_window(art: Art, x: float, y: float, color: str) -> None:
    art.rect(x, y, 300, 330, "#FFFDF6", 8)
    art.rect(x + 20, y + 20, 260, 290, art.linear("#BFDDE4", "#E9EEDD"))
    art.line(f"M{x + 150:.0f} {y + 20:.0f}v290M{x + 20:.0f} {y + 150:.0f}h260", "#FFFDF6", 12)
    for dx in (-116, 310):
        art.rect(x + dx, y, 106, 330, color, 6)
        for k in range(9):
            art.rect(x + dx + 16, y + 22 + k * 33, 74, 14, darker(color, 0.18), 4)
    art.rect(x - 20, y + 330, 340, 24, "#D9B58E", 5)
    for k in range(9):
        fx = x + 12 + k * 34
        leaf(art, fx, y + 330, 56, art.rng.uniform(-40, 40), "#5B9B78", vein=False)
        flower(
            art, fx, y + 300 + art.rng.uniform(-16, 18), 18, art.rng.choice(("#E98E7B", "#F4B8A8", "#F6D98A")), petals=5
        )


def _bike(art: Art, color: str) -> None:
    dark = "#3A3432"
    back, front, crank = (400, 620), (840, 620), (590, 632)
    for cx, cy in (back, front):
        art.ring(cx, cy, 146, dark, 15)
        art.ring(cx, cy, 132, "#E9DFD0", 6)
        d = "".join(f"M{cx} {cy}l{130 * c:.0f} {130 * s:.0f}" for c, s in _SPOKES)
        art.line(d, "#8E8680", 2.5)
    art.line(f"M{back[0]} {back[1]}L{crank[0]} {crank[1]}L530 410L{back[0]} {back[1]}", color, 14)
    art.line(f"M{crank[0]} {crank[1]}L768 436M540 440L764 420", color, 16)
    art.line(f"M752 350L{front[0] - 50} 500L{front[0]} {front[1]}", color, 16)
    art.line("M530 410L516 360", "#B7B0A8", 12)
    art.path("M450 342q70 -26 130 6q-24 26 -70 24q-50 0 -60 -30z", "#7A4A34")
    art.line("M752 350L744 316q-40 -26 -90 2", "#B7B0A8", 12)
    art.line("M664 312q-16 8 -26 20", "#7A4A34", 18)
    for cx, cy in (back, front):
        art.circle(cx, cy, 13, "#B7B0A8")
    art.ring(crank[0], crank[1], 40, dark, 9)
    art.line("M590 632l36 54M606 690h44M590 632l-36 -54M532 574h40", dark, 10)
    art.line(f"M262 560A150 150 0 0 1 {back[0] + 116} 528", color, 13)
    _basket(art)


_SPOKES = tuple(
    (c, s)
    for c, s in ((1, 0), (0.87, 0.5), (0.5, 0.87), (0, 1), (-0.5, 0.87), (-0.87, 0.5), (-1, 0))
    for c, s in ((c, s), (-c, -s))
)


def _basket(art: Art) -> None:
    for k in range(7):
        x = 800 + k * 24
        leaf(art, x, 350, 90, (k - 3) * 14, "#5B9B78", vein=False)
    for k, (dx, dy) in enumerate(((0, 0), (50, -34), (104, -12), (150, 6), (76, 20), (24, -50), (128, -46))):
        flower(art, 800 + dx, 300 + dy, 30, ("#E98E7B", "#FBE6C8", "#F2B84B")[(k + art.seed) % 3])
    art.path("M776 340h200l-26 118h-150z", "#C99A62")
    art.line("M784 372h184M790 402h170M796 432h158", "#A87B48", 6)
    art.line("M816 344l10 110M856 344l4 110M896 344l-4 110M936 344l-10 110", "#A87B48", 5)
    art.rect(766, 328, 220, 22, "#B98850", 9)


def rain(art: Art) -> None:
    air, sill = art.pick(
        (("#7F97A8", "#A5B7BE", "#C9CDC4"), "#C08F66"),
        (("#7E8FA2", "#ABB0BC", "#D8C6BA"), "#A9765A"),
        (("#6F9296", "#9DB8B2", "#CBD3C0"), "#B98C5C"),
    )
    art.bands(*air, bottom=740)
    ridge = Ridge(art.rng, 560, 30, art.w, 1.2)
    ridge.fill(art, mix(air[0], air[1], 0.4), 740)
    for k in range(7):
        _far_house(art, 40 + k * 170 + art.rng.uniform(-20, 20), 740, art.rng.uniform(150, 260), air[0])
    for _ in range(16):
        x, y = art.rng.uniform(40, 1160), art.rng.uniform(430, 690)
        art.circle(x, y, art.rng.uniform(14, 40), art.rng.choice(("#FFD890", "#F6B27A", "#FFF0CE")), 0.35)
    _drops(art)
    frame = "#FBF5EA"
    art.rect(0, 0, 1200, 44, frame)
    art.rect(0, 0, 44, 760, frame)
    art.rect(1156, 0, 44, 760, frame)
    art.rect(584, 0, 32, 760, frame)
    art.rect(44, 330, 1112, 20, frame)
    art.rect(0, 730, 1200, 34, "#EFE5D4")
    art.rect(0, 764, 1200, 136, sill)
    art.rect(0, 764, 1200, 12, lighter(sill, 0.25))
    pot_plant(art, 330, 850, 130, leaves=9)
    _warm_cup(art, 790, 852)


def _far_house(art: Art, x: float, base: float, tall: float, color: str) -> None:
    wall = mix(color, "#F3E9DC", 0.35)
    art.rect(x, base - tall, 120, tall, wall)
    art.poly([(x - 18, base - tall), (x + 60, base - tall - 62), (x + 138, base - tall)], mix(color, "#3E4654", 0.45))
    for wx, wy in ((22, 34), (70, 34), (22, 96), (70, 96)):
        lit = art.rng.random() < 0.5
        art.rect(x + wx, base - tall + wy, 28, 36, "#FFDC92" if lit else darker(wall, 0.2), 3, 0.9 if lit else 0.5)


def _drops(art: Art) -> None:
    """Beads on the glass, each with its glint, and a few that ran down."""
    trails = beads = glints = ""
    for _ in range(26):
        x, y = art.rng.uniform(60, 1140), art.rng.uniform(50, 480)
        length = art.rng.uniform(60, 220)
        trails += f"M{x:.0f} {y:.0f}q{art.rng.uniform(-8, 8):.0f} {length / 2:.0f} 0 {length:.0f}"
        beads += disc(x, y + length, 10)
        glints += disc(x - 3, y + length - 4, 3)
    for _ in range(150):
        x, y, r = art.rng.uniform(50, 1150), art.rng.uniform(50, 720), art.rng.uniform(3, 9)
        beads += disc(x, y, r)
        glints += disc(x - r * 0.3, y - r * 0.35, r * 0.3)
    art.line(trails, "#FFFFFF", 7, 0.25)
    art.path(beads, "#F2F8FA", 0.5)
    art.path(glints, "#FFFFFF", 0.9)


def _warm_cup(art: Art, x: float, base: float) -> None:
    cup = art.pick("#D8674A", "#E8B95A", "#6F9A86")
    steam(art, x, base - 150, 90)
    art.shadow(x, base, 150, 12)
    art.ellipse(x, base - 6, 140, 16, "#FFFDF6")
    art.ring(x + 92, base - 74, 34, cup, 18)
    art.path(f"M{x - 92:.0f} {base - 132:.0f}h184q4 122 -70 124h-44q-74 -2 -70 -124z", cup)
    art.ellipse(x, base - 132, 92, 18, lighter(cup, 0.3))
    art.ellipse(x, base - 130, 78, 12, "#8A5732")
