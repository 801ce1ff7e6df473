"""Things that grow: tomato, seedling, balcony and the wide balcony cover."""

from __future__ import annotations

from circle.demo.drawing.art import Art, darker, lighter, smooth
from circle.demo.drawing.parts import GLOW, LEAVES, cloud, flower, leaf, pot, pot_plant, steam, sun

Sky = tuple[str, ...]


def tomato(art: Art) -> None:
    sky, fruit = art.pick(
        (("#CDE3E4", "#F1F0E0", "#FBEFD8"), ("#D1442F", "#E8743A", "#9DB65A")),
        (("#F8D9BC", "#FBEBD6", "#FDF4E4"), ("#C93F3F", "#D1442F", "#E8A23C")),
        (("#C6DCC8", "#E9EFDA", "#FBF3DC"), ("#E8893A", "#D1442F", "#A9BC5C")),
    )
    art.bands(*sky, bottom=800)
    sun(art, art.w * art.rng.uniform(0.16, 0.22), 170, 64, "#FFF8E0")
    cloud(art, 940, 150, 62, alpha=0.7)
    _railing(art, 560, 800, "#FFFDF6")
    art.rect(0, 790, art.w, 110, "#C9A27E")
    art.rect(0, 790, art.w, 12, "#DDBC9A")
    for x in (420, 780):
        art.line(f"M{x} 740L{x + (20 if x < 600 else -20)} 60", "#B98F5C", 13)
    art.line("M428 300H768M424 480H776", "#B98F5C", 8)
    _vines(art)
    for x, y, count in ((440, 330, 4), (640, 250, 3), (770, 420, 4), (540, 500, 5), (380, 540, 2), (706, 560, 3)):
        _truss(art, x, y, count, fruit)
    art.shadow(600, 852, 360, 18, 0.18)
    art.path("M270 700h660l-46 150h-568z", "#C9694A")
    art.path("M720 700h210l-46 150h-210z", darker("#C9694A", 0.1))
    art.rect(250, 676, 700, 44, lighter("#C9694A", 0.14), 10)


def _vines(art: Art) -> None:
    green = "#4E8058"
    stems = (
        ((520, 690), (480, 540), (530, 400), (480, 270), (520, 170)),
        ((660, 690), (720, 560), (660, 420), (720, 300), (670, 190)),
        ((590, 690), (610, 560), (590, 420), (620, 310), (600, 210)),
    )
    for stem in stems:
        art.line(smooth(stem), green, 12)
        for k, (x, y) in enumerate(stem[1:]):
            for side in (-1, 1):
                _compound_leaf(art, x, y + 20, side * art.rng.uniform(52, 92), 128 - k * 8)
        _compound_leaf(art, *stem[-1], 0, 90)


def _compound_leaf(art: Art, x: float, y: float, turn: float, size: float) -> None:
    color = art.rng.choice(LEAVES)
    with art.group(f"translate({x:.0f} {y:.0f}) rotate({turn:.0f})"):
        art.line(f"M0 0V{-size:.0f}", darker(color, 0.1), 5)
        for share in (0.35, 0.68):
            for side in (-1, 1):
                leaf(art, 0, -size * share, size * 0.5, side * 58, color, vein=False)
        leaf(art, 0, -size * 0.85, size * 0.6, 0, lighter(color, 0.08))


def _truss(art: Art, x: float, y: float, count: int, fruit: tuple[str, str, str]) -> None:
    spots = ((0, 0), (58, 34), (-40, 56), (22, 92), (70, 104))[:count]
    art.line(f"M{x} {y - 50}q10 40 {spots[-1][0]} {spots[-1][1] + 20}", "#4E8058", 7)
    for k, (dx, dy) in enumerate(spots):
        color = fruit[0] if k < 2 else art.rng.choice(fruit)
        _fruit(art, x + dx, y + dy, 38 - k * 2, color)


def _fruit(art: Art, x: float, y: float, r: float, color: str) -> None:
    art.ellipse(x, y, r * 1.08, r, color)
    art.ellipse(x - r * 0.36, y - r * 0.3, r * 0.28, r * 0.2, "#FFFFFF", 0.5)
    for turn in (-80, -35, 10, 55, 95):
        leaf(art, x, y - r * 0.78, r * 0.62, turn, "#5D9A58", vein=False)


def _railing(art: Art, top: float, bottom: float, color: str) -> None:
    shade = darker(color, 0.08)
    for x in range(20, art.w, 84):
        art.rect(x, top, 16, bottom - top, shade, 4)
    art.rect(0, top - 14, art.w, 26, color, 6)
    art.rect(0, bottom - 46, art.w, 16, color)


def seedling(art: Art) -> None:
    wall, sky = art.pick(
        (("#F3E6D2", "#FAF1E0"), ("#CDE6EE", "#FBF0D8")),
        (("#E3EAD9", "#F3F3E4"), ("#F6D3B0", "#FCEFDA")),
        (("#F2DDD2", "#FAECE2"), ("#BFDAEA", "#F6F0E2")),
    )
    art.bands(*wall, bottom=650)
    art.rect(330, 40, 700, 520, "#FFFDF9", 12)
    art.bands(*sky, top=66, bottom=536, left=358, width=644)
    art.circle(art.rng.uniform(820, 900), 180, 60, "#FFF6DC")
    cloud(art, 500, 190, 50, alpha=0.8)
    art.rect(668, 60, 24, 480, "#FFFDF9")
    art.path("M358 66H560L358 420z", "#FFFFFF", 0.16)
    art.rect(0, 650, 1200, 250, "#D2A77C")
    art.rect(0, 650, 1200, 16, "#E6C49C")
    clay = art.pick("#C9694A", "#8FA9A0", "#D9A45C")
    for k, (x, size, leaves) in enumerate(((520, 150, 1), (740, 160, 2), (970, 170, 4))):
        art.shadow(x, 812 + k * 4, size * 0.75, 14, 0.16)
        _sprout(art, x, 812 + k * 4 - size * 0.92, 90 + k * 80, leaves)
        pot(art, x, 812 + k * 4, size, clay)
        _label(art, x + size * 0.24, 812 + k * 4 - size)
    _watering_can(art, 214, 822)


def _label(art: Art, x: float, y: float) -> None:
    with art.group(f"translate({x:.0f} {y:.0f}) rotate(10)"):
        art.path("M-20 -86h40v70l-20 30l-20 -30z", "#FFF9EC")
        art.line("M-10 -70h20M-10 -54h14", "#B7A68E", 4)


def _sprout(art: Art, x: float, y: float, tall: float, pairs: int) -> None:
    lean = art.rng.uniform(-10, 10)
    art.line(f"M{x:.0f} {y + 20:.0f}q{lean:.0f} {-tall * 0.5:.0f} {lean * 0.5:.0f} {-tall:.0f}", "#6FA85E", 10)
    for k in range(pairs):
        height = y - tall * (1 - k * 0.24)
        size = (64 if pairs == 1 else 76) + k * 12
        for side in (-1, 1):
            turn = side * (52 + k * 10) + art.rng.uniform(-6, 6)
            leaf(art, x + lean * 0.5, height, size, turn, ("#7DB868", "#6FA85E", "#5D9A58", "#4E8D5B")[k])
    if pairs > 2:
        leaf(art, x + lean * 0.5, y - tall, 50, 0, "#93C87A")


def _watering_can(art: Art, x: float, base: float) -> None:
    color = art.pick("#5E8FA3", "#D98A4A", "#6F9A86")
    dark = darker(color, 0.15)
    art.shadow(x, base + 2, 170, 16, 0.16)
    art.ring(x - 96, base - 140, 84, dark, 22)
    art.path(f"M{x + 70} {base - 40}L{x + 190} {base - 236}l30 18L{x + 100} {base + 2}z", dark)
    with art.group(f"translate({x + 208} {base - 232}) rotate(34)"):
        art.path("M-44 -14h88l-20 34h-48z", color)
        art.ellipse(0, -14, 44, 10, lighter(color, 0.3))
    art.path(f"M{x - 110} {base - 240}h200l22 240h-244z", color)
    art.path(f"M{x + 30} {base - 240}h60l22 240h-90z", dark)
    art.ellipse(x - 10, base - 240, 100, 22, lighter(color, 0.25))
    art.ellipse(x - 10, base - 236, 82, 15, darker(color, 0.4))


def balcony(art: Art) -> None:
    sky, town = art.pick(
        (("#F6C9A8", "#FADFC2", "#FCF0DC"), "#D9A591"),
        (("#B9D6EA", "#DDEBEE", "#FBF2DE"), "#A9BECB"),
        (("#8C80B4", "#DCA0A6", "#FAD2A8"), "#8E759C"),
    )
    art.bands(*sky, bottom=640)
    sun(art, art.w * art.rng.uniform(0.4, 0.56), 290, 72, "#FFF4D8")
    _skyline(art, town, 600)
    _railing(art, 430, 660, "#FFFDF6")
    art.rect(0, 640, 1200, 260, "#C69A74")
    art.rect(0, 640, 1200, 12, "#DDB892")
    art.line(
        "".join(f"M0 {y}H1200" for y in (716, 800))
        + "".join(f"M{x} 652l{(x - 600) * 0.3:.0f} 248" for x in range(0, 1300, 150)),
        "#B2865F",
        4,
    )
    _string_lights(art, 46, 70)
    art.rect(0, 0, 64, 900, "#F3E4D0")
    art.rect(56, 0, 8, 900, darker("#F3E4D0", 0.1))
    _hanging_pot(art, 210, 230)
    _hanging_pot(art, 1060, 190)
    _rattan_chair(art, 420, 830)
    _side_table(art, 700, 840)
    pot_plant(art, 176, 836, 104, leaves=9)
    _flower_pot(art, 930, 810, 120)
    pot_plant(art, 1080, 866, 100, "#7FA39A", leaves=7)


def _skyline(art: Art, color: str, base: float) -> None:
    for depth in (0, 1):
        x = -20.0
        while x < art.w:
            w, tall = art.rng.uniform(60, 130), art.rng.uniform(90, 210) - depth * 40
            tone = lighter(color, 0.4 - depth * 0.3)
            art.rect(x, base - tall, w, tall + 60, tone)
            if depth:
                for wx in range(int(x) + 14, int(x + w) - 14, 24):
                    art.rect(
                        wx, base - tall + 20, 10, 14, GLOW if art.rng.random() < 0.4 else lighter(tone, 0.2), 2, 0.8
                    )
            x += w + art.rng.choice((0, 10))


def _string_lights(art: Art, top: float, sag: float) -> None:
    spans = max(round(art.w / 400), 2)
    width = art.w / spans
    for k in range(spans):
        x = k * width
        art.line(f"M{x:.0f} {top}Q{x + width / 2:.0f} {top + sag * 2:.0f} {x + width:.0f} {top}", "#6B5348", 4)
        for j in range(1, 6):
            t = j / 6
            y = top + sag * 4 * t * (1 - t) + 14
            bx = x + width * t
            art.circle(bx, y + 6, 26, GLOW, 0.35)
            art.rect(bx - 5, y - 14, 10, 12, "#6B5348", 3)
            art.circle(bx, y + 6, 12, "#FFF3CC")


def _hanging_pot(art: Art, x: float, y: float) -> None:
    art.line(f"M{x - 56} {y}L{x} {y - 190}L{x + 56} {y}M{x} {y - 190}V-10", "#8A6B54", 4)
    for k in range(7):
        side = (k - 3) / 3
        points = [(x + side * 40, y), (x + side * 92, y + 16), (x + side * 104, y + 120 + art.rng.uniform(0, 70))]
        art.line(smooth(points), LEAVES[k % 5], 5)
        for t in (0.35, 0.6, 0.85, 1):
            leaf(
                art,
                x + side * (84 + 20 * t),
                y + 16 + (points[2][1] - y - 16) * t,
                34,
                180 + side * 40 * (-1) ** k,
                LEAVES[k % 5],
                False,
            )
    art.path(f"M{x - 62} {y - 6}h124q0 84 -62 84t-62 -84z", "#E9D3B4")
    art.line(f"M{x - 54} {y + 24}q54 22 108 0", "#C9A87C", 5)


def _rattan_chair(art: Art, x: float, base: float) -> None:
    wood, weave = "#A87448", "#D9AE78"
    cushion = art.pick("#D8674A", "#5E8FA3", "#E2B45C")
    art.shadow(x, base + 2, 190, 16, 0.18)
    art.line(f"M{x - 130} {base - 140}L{x - 150} {base}M{x + 130} {base - 140}L{x + 150} {base}", wood, 16)
    art.path(f"M{x - 150} {base - 150}q-30 -250 150 -250t150 250z", weave)
    art.line(
        "".join(
            f"M{x + dx} {base - 150}Q{x + dx * 1.2:.0f} {base - 280} {x + dx * 0.7:.0f} {base - 384}"
            for dx in range(-120, 121, 40)
        ),
        darker(weave, 0.18),
        5,
    )
    art.line(f"M{x - 150} {base - 150}q-30 -250 150 -250t150 250", wood, 18)
    art.path(f"M{x - 84} {base - 170}q-14 -150 84 -150t84 150z", lighter(cushion, 0.2))
    art.rect(x - 150, base - 186, 300, 60, cushion, 28)
    art.rect(x - 160, base - 134, 320, 22, wood, 11)


def _side_table(art: Art, x: float, base: float) -> None:
    art.shadow(x, base, 110, 12, 0.18)
    art.line(
        f"M{x} {base - 150}L{x - 70} {base - 4}M{x} {base - 150}L{x + 70} {base - 4}M{x} {base - 150}V{base - 6}",
        "#7A5240",
        12,
    )
    art.ellipse(x, base - 160, 120, 24, "#8A6248")
    art.ellipse(x, base - 168, 120, 24, "#B98A64")
    art.rect(x - 84, base - 186, 84, 16, "#41597F", 4)
    art.rect(x - 78, base - 200, 76, 14, "#E5C9A0", 4)
    steam(art, x + 46, base - 250, 56, 2)
    art.ring(x + 80, base - 206, 16, "#FFFDF6", 9)
    art.path(f"M{x + 12} {base - 236}h68q0 60 -20 62h-28q-20 -2 -20 -62z", "#FFFDF6")
    art.ellipse(x + 46, base - 236, 34, 8, "#9A6238")


def _flower_pot(art: Art, x: float, base: float, size: float) -> None:
    petals = art.pick(("#E98E7B", "#FBE6C8"), ("#F2B84B", "#FFF4DC"), ("#C78AC0", "#F3E4F0"))
    for k in range(7):
        leaf(art, x, base - size * 0.9, size * 0.9, (k - 3) * 26, LEAVES[k % 5], vein=False)
    for k, (dx, dy) in enumerate(
        ((-0.6, 1.5), (-0.2, 1.85), (0.3, 1.7), (0.68, 1.42), (0.02, 1.4), (-0.38, 1.2), (0.42, 1.15))
    ):
        flower(art, x + dx * size, base - dy * size, size * 0.27, petals[k % 2], petals=6)
    pot(art, x, base, size, "#E2C49C")


def cover_balcony(art: Art) -> None:
    sky, town = art.pick(
        (("#F4B893", "#F9D3AC", "#FCEBD2"), "#D39A86"),
        (("#A9CFE0", "#D9EAE8", "#FBF2DC"), "#9DB6C2"),
        (("#7F78B0", "#D598A4", "#FACDA2"), "#86709A"),
    )
    art.bands(*sky, bottom=580)
    sun(art, art.w * art.rng.uniform(0.5, 0.55), 250, 84, "#FFF4D8")
    cloud(art, 360, 170, 70, alpha=0.6)
    cloud(art, 1330, 200, 60, alpha=0.5)
    _skyline(art, town, 460)
    _railing(art, 360, 600, "#FFFDF6")
    art.rect(0, 580, art.w, 120, "#C69A74")
    art.rect(0, 580, art.w, 12, "#DDB892")
    art.rect(0, 640, art.w, 4, "#B2865F")
    _string_lights(art, 24, 44)
    for x in (150, 1460):
        _hanging_pot(art, x, 170)
    _tomato_pot(art, 1080, 646)
    for k, x in enumerate((90, 440, 950, 1370, 1520)):
        size = art.rng.uniform(74, 92)
        pot_plant(art, x, 632 + (k % 2) * 24, size, ("#C9694A", "#7FA39A", "#E2B98A")[k % 3], 7 + 2 * (k % 2))
    _flower_pot(art, 268, 650, 118)
    _flower_pot(art, 1244, 654, 112)
    _sitting_cat(art, 690, 650, art.pick("#E0944C", "#6B6A72", "#4A4046"))


def _tomato_pot(art: Art, x: float, base: float) -> None:
    art.line(
        f"M{x - 40} {base - 100}V{base - 420}M{x + 44} {base - 100}V{base - 400}M{x - 40} {base - 260}h84", "#B98F5C", 9
    )
    art.line(smooth([(x, base - 90), (x - 26, base - 220), (x + 20, base - 330), (x, base - 430)]), "#4E8058", 10)
    for k, (dx, dy) in enumerate(((-20, 200), (14, 280), (10, 350), (-10, 250), (0, 410))):
        for side in (-1, 1):
            _compound_leaf(art, x + dx, base - dy, side * art.rng.uniform(54, 88), 96 - k * 5)
    for dx, dy in ((-62, 250), (54, 220), (-30, 330), (66, 320), (4, 200), (-70, 180)):
        _fruit(art, x + dx, base - dy, 25, art.rng.choice(("#D1442F", "#D1442F", "#E8893A")))
    pot(art, x, base, 130, "#B85C40")


def _sitting_cat(art: Art, x: float, base: float, fur: str) -> None:
    """Seen from behind, watching the sun."""
    art.shadow(x, base + 2, 110, 12, 0.18)
    art.line(f"M{x + 60} {base - 14}q90 10 96 -50q2 -40 -26 -44", fur, 24)
    art.path(f"M{x - 84} {base}c-20 -110 30 -200 84 -200s104 90 84 200z", fur)
    art.line(f"M{x} {base - 150}v110", darker(fur, 0.12), 10, 0.6)
    art.circle(x, base - 220, 62, fur)
    for side in (-1, 1):
        art.path(f"M{x + side * 60} {base - 236}L{x + side * 54} {base - 316}L{x + side * 6} {base - 270}z", fur)
    art.line(f"M{x - 16} {base - 262}v26M{x} {base - 266}v34M{x + 16} {base - 262}v26", darker(fur, 0.22), 7)
