"""Pictures for the demo circle's posts, topics and covers: original flat illustrations, no files, no fonts.

`draw_picture("tea")` gives the reference look; another seed gives another palette, light or arrangement of the same
motif, so that two members can both post their tea.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from circle.demo.drawing import food, garden, land, outdoors, paper, room, town
from circle.demo.drawing.art import Art, render

Scene = Callable[[Art], None]

LANDSCAPE = (1200, 900)
PORTRAIT = (900, 1200)
COVER = (1600, 700)

_SCENES: Mapping[str, Scene] = {
    "sunrise": land.sunrise,
    "dusk": land.dusk,
    "lake": land.lake,
    "sea": land.sea,
    "snow": land.snow,
    "mountain": land.mountain,
    "moon": land.moon,
    "autumn": land.autumn,
    "cover": land.cover,
    "park": outdoors.park,
    "kite": outdoors.kite,
    "umbrella": outdoors.umbrella,
    "bicycle": outdoors.bicycle,
    "rain": outdoors.rain,
    "city": town.city,
    "bridge": town.bridge,
    "train": town.train,
    "market": town.market,
    "window": room.window,
    "vase": room.vase,
    "shelf": room.shelf,
    "night": room.night,
    "lamp": room.lamp,
    "cat": room.cat,
    "library": room.library,
    "stage": room.stage,
    "breakfast": food.breakfast,
    "tea": food.tea,
    "soup": food.soup,
    "bread": food.bread,
    "tomato": garden.tomato,
    "seedling": garden.seedling,
    "balcony": garden.balcony,
    "cover_balcony": garden.cover_balcony,
    "desk": paper.desk,
    "note": paper.note,
    "note2": paper.note2,
    "quote": paper.quote,
    "quote2": paper.quote2,
    "camera": paper.camera,
    "filmstrip": paper.filmstrip,
    "cover_film": paper.cover_film,
}
_PORTRAITS = frozenset({"vase", "lamp", "moon", "library", "umbrella", "kite", "quote2"})
_COVERS = frozenset({"cover", "cover_film", "cover_balcony"})
# Page layouts follow the reading direction, so mirroring them would look like a mistake.
_NEVER_MIRRORED = frozenset({"note", "note2", "quote", "quote2", "desk"})

PICTURES: frozenset[str] = frozenset(_SCENES)


def picture_size(name: str) -> tuple[int, int]:
    """Width and height in pixels; KeyError for a name that is not in PICTURES."""
    _SCENES[name]
    if name in _COVERS:
        return COVER
    return PORTRAIT if name in _PORTRAITS else LANDSCAPE


def picture_svg(name: str, seed: int = 0) -> str:
    """The picture as SVG markup, for anyone who wants to look at the drawing itself."""
    rng = random.Random(f"{name}:{seed}")
    art = Art(*picture_size(name), rng, seed)
    _SCENES[name](art)
    if seed == 0:
        return art.svg()
    mirrored = seed % 2 == 1 and name not in _NEVER_MIRRORED
    return art.svg(flip=mirrored, hue=rng.uniform(-7, 7), light=rng.uniform(-0.012, 0.012))


def draw_picture(name: str, seed: int = 0) -> bytes:
    """A PNG that is always the same for the same (name, seed); KeyError for an unknown name."""
    return render(picture_svg(name, seed))
