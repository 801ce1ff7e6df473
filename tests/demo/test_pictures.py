"""The demo's drawings: every name and every face renders, always the same way, in the size the pages expect."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
from PIL import Image

from circle.demo.avatars import EXTRAS, HAIRS, SKINS, avatar_svg, draw_avatar
from circle.demo.pictures import PICTURES, draw_picture, picture_size, picture_svg

# fmt: off
EXPECTED = frozenset({
    "sunrise", "desk", "window", "lake", "sea", "vase", "park", "city", "snow", "dusk", "breakfast", "shelf", "night",
    "note", "note2", "quote", "quote2", "stage", "cover", "rain", "tea", "cat", "bicycle", "bridge", "mountain",
    "market", "train", "lamp", "camera", "filmstrip", "tomato", "seedling", "balcony", "soup", "bread", "umbrella",
    "library", "moon", "autumn", "kite", "cover_film", "cover_balcony",
})
# fmt: on


def _open(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    image.load()
    return image


def _spec(**changes: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "skin": 2,
        "hair": "bob",
        "hair_color": "#4A342A",
        "bg": ["#F9DDE0", "#E9A6AE"],
        "glasses": False,
        "shirt": "#7E9FB8",
        "extra": None,
    }
    return spec | changes


def test_all_promised_names_exist() -> None:
    assert PICTURES == EXPECTED


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_picture_is_a_full_png_of_its_size(name: str) -> None:
    image = _open(draw_picture(name))
    assert image.size == picture_size(name)
    # A see-through pixel would be a hole in the drawing, a lone colour an empty one.
    assert image.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    assert len(image.convert("RGB").resize((60, 60)).getcolors(3600) or []) > 50


def test_sizes() -> None:
    assert picture_size("sunrise") == (1200, 900)
    assert picture_size("vase") == (900, 1200)
    assert {picture_size(name) for name in PICTURES if name.startswith("cover")} == {(1600, 700)}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_same_seed_same_drawing_other_seed_another(name: str) -> None:
    drawings = [picture_svg(name, seed) for seed in range(8)]
    assert drawings == [picture_svg(name, seed) for seed in range(8)]
    assert len(set(drawings)) == len(drawings)


def test_png_bytes_are_deterministic_and_follow_the_seed() -> None:
    assert draw_picture("tea", 3) == draw_picture("tea", 3)
    assert draw_picture("tea", 3) != draw_picture("tea", 4)


def test_no_picture_needs_a_font() -> None:
    assert not any("<text" in picture_svg(name) for name in PICTURES)


def test_unknown_picture_raises_key_error() -> None:
    for call in (draw_picture, picture_svg, picture_size):
        with pytest.raises(KeyError):
            call("unicorn")


def test_every_hair_and_extra_combination_draws() -> None:
    pngs = set()
    for hair, extra in itertools.product(HAIRS, EXTRAS):
        png = draw_avatar(_spec(hair=hair, extra=extra))
        image = _open(png)
        assert image.size == (400, 400)
        assert image.convert("RGBA").getchannel("A").getextrema() == (255, 255)
        pngs.add(png)
    assert len(pngs) == len(HAIRS) * len(EXTRAS)  # no two become the same face


def test_every_skin_with_and_without_glasses_differs() -> None:
    faces = {avatar_svg(_spec(skin=skin, glasses=glasses)) for skin in SKINS for glasses in (True, False)}
    assert len(faces) == 2 * len(SKINS)


def test_avatar_is_deterministic_and_optional_keys_may_be_missing() -> None:
    full = _spec()
    short = {key: value for key, value in full.items() if key not in {"glasses", "extra"}}
    assert draw_avatar(full) == draw_avatar(full) == draw_avatar(short)


def test_unknown_face_parts_are_refused() -> None:
    for changes in ({"hair": "mohawk"}, {"skin": 9}):
        with pytest.raises(KeyError):
            draw_avatar(_spec(**changes))
    with pytest.raises(ValueError, match="monocle"):
        draw_avatar(_spec(extra="monocle"))
