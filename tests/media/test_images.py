"""Pictures from strangers: what is let in, what comes out, and what is turned away before it costs anything."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat, features

from circle.media import images
from circle.media.containers import ImageRefused
from circle.media.images import Picture, ProcessedImage, process_image

SECONDS = 5.0
SHARED = Path(os.environ.get("CIRCLE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
CORPUS = SHARED / "data" / "adversarial" / "images"
NOTHING_BUT_PIXELS = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
# Three letters such as "GPS" turn up in compressed pixels by chance; that no chunk can hold metadata says more.
PAYLOADS = (b"<script", b"phpinfo", b"onmouseover", b"alert(", b"GPSLatitude", b"http://ns.adobe.com")

Rgb = tuple[int, int, int]
RED: Rgb = (255, 0, 0)
GREEN: Rgb = (0, 255, 0)
BLUE: Rgb = (0, 0, 255)
WHITE: Rgb = (255, 255, 255)


# ---------------------------------------------------------------------------------------------------------------------
# Helpers


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    return image


def detailed(width: int = 160, height: int = 120, mode: str = "RGB") -> Image.Image:
    gradient = Image.radial_gradient("L").resize((width, height))
    image = Image.merge("RGB", (gradient, gradient.rotate(90), ImageChops.invert(gradient)))
    if mode == "RGBA":
        image.putalpha(gradient)
        return image
    return image.convert(mode)


def corners(width: int = 64, height: int = 32) -> Image.Image:
    """Red and green above, blue and white below."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image


def near(image: Image.Image, at: tuple[int, int], colour: Rgb, tolerance: int = 40) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


def is_upright(image: Image.Image) -> bool:
    right, bottom = image.width - 4, image.height - 4
    spots = (((3, 3), RED), ((right, 3), GREEN), ((3, bottom), BLUE), ((right, bottom), WHITE))
    return all(near(image, at, colour) for at, colour in spots)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, extra: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of any declared size with the pixel data of a tiny one."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes(3 * 10)) * 10)
    parts = (png_chunk(b"IHDR", header), extra, png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def gif(width: int, height: int, frames: int, frame_size: tuple[int, int] = (1, 1)) -> bytes:
    header = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return header + frames * (b"," + struct.pack("<HHHHB", 0, 0, *frame_size, 0) + b"\x02\x02\x4c\x01\0") + b";"


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert data[:4] + data[8:12] == b"RIFFWEBP"
    assert len(data) == 8 + int.from_bytes(data[4:8], "little")
    at = 12
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def assert_clean(result: ProcessedImage) -> None:
    """Decodes, is what it says it is, and has no place left in which metadata could be."""
    for picture in (result.full, result.thumb):
        assert (picture.mime, picture.extension) == ("image/webp", "webp")
        for kind, body in riff_chunks(picture.data):
            assert kind in NOTHING_BUT_PIXELS
            if kind == b"VP8X":
                assert not body[0] & (0x20 | 0x08 | 0x04), "profile, EXIF or XMP announced"
        for payload in PAYLOADS:
            assert payload not in picture.data
        with opened(picture) as image:
            assert image.size == (picture.width, picture.height)
            assert not image.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


def accepted(data: bytes, **options: Any) -> ProcessedImage:
    started = time.perf_counter()
    result = process_image(data, **options)
    assert time.perf_counter() - started < SECONDS
    assert_clean(result)
    return result


def refusal(data: bytes, **options: Any) -> str:
    started = time.perf_counter()
    with pytest.raises(ImageRefused) as refused:
        process_image(data, **options)
    assert time.perf_counter() - started < SECONDS
    assert str(refused.value) == refused.value.code
    return refused.value.code


@pytest.fixture
def no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused here was refused by its header: Pillow never saw it."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("reached the decoder")

    monkeypatch.setattr(Image, "open", fail)


# ---------------------------------------------------------------------------------------------------------------------
# Kinds of files


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_accepted_kinds(kind: str) -> None:
    data = saved(detailed(), kind)
    result = accepted(data)
    assert (result.full.width, result.full.height) == (160, 120)
    assert result.sha256 == hashlib.sha256(data).hexdigest()
    with opened(result.full) as after, Image.open(io.BytesIO(data)) as before:
        difference = ImageStat.Stat(ImageChops.difference(after.convert("RGB"), before.convert("RGB")))
    assert max(difference.mean) < 8


def test_mpo_is_taken_as_the_jpeg_it_starts_with() -> None:
    data = saved(detailed(), "MPO", save_all=True, append_images=[Image.new("RGB", (160, 120), RED)])
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    result = accepted(data)
    assert (result.full.width, result.full.height) == (160, 120)
    assert not near(opened(result.full), (80, 60), RED)


def other_kinds() -> Iterator[Any]:
    image = detailed(32, 32)
    for kind in ("TIFF", "ICO", "BMP", "PPM", "TGA", "PDF"):
        yield pytest.param(saved(image, kind), id=kind)
    if features.check("jpg_2000"):
        yield pytest.param(saved(image, "JPEG2000"), id="JP2")
    if features.check("avif"):
        yield pytest.param(saved(image, "AVIF"), id="AVIF")
    yield pytest.param(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), id="HEIC")
    yield pytest.param(b"8BPS\0\x01" + bytes(200), id="PSD")
    yield pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', id="SVG")
    yield pytest.param(b'<?xml version="1.0"?><svg/>', id="SVG with a prologue")
    yield pytest.param(b"<!doctype html><script>alert(1)</script>", id="HTML named .jpg")
    yield pytest.param("这不是图片".encode(), id="text")
    yield pytest.param(b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), id="WAV")
    yield pytest.param(b"\xff", id="one byte")
    yield pytest.param(b"\xff\xd8", id="the first half of a JPEG mark")


@pytest.mark.parametrize("data", list(other_kinds()))
@pytest.mark.usefixtures("no_decoder")
def test_every_other_kind_is_refused(data: bytes) -> None:
    assert refusal(data) == "type"


def test_jpeg_coding_no_browser_shows_is_refused() -> None:
    data = saved(detailed(), "JPEG")
    assert refusal(data.replace(b"\xff\xc0", b"\xff\xc3", 1)) == "type"
    assert refusal(data.replace(b"\xff\xc0", b"\xff\xc9", 1)) == "type"


def test_empty_and_oversized() -> None:
    assert refusal(b"") == "empty"
    data = saved(detailed(), "PNG")
    assert refusal(data, max_bytes=len(data) - 1) == "too_large"
    accepted(data, max_bytes=len(data))


# ---------------------------------------------------------------------------------------------------------------------
# Size bombs, refused by what they declare


def declared_bombs() -> Iterator[Any]:
    yield pytest.param(png(50_000, 50_000), id="PNG IHDR")
    yield pytest.param(png(40_000_000, 1), id="PNG strip")
    yield pytest.param(gif(65_535, 65_535, 1), id="GIF screen")
    yield pytest.param(gif(65_535, 65_535, 0)[:13], id="GIF screen and nothing else")
    yield pytest.param(gif(1, 1, 1, (65_535, 65_535)), id="GIF frame")
    first, second = gif(100, 100, 1), gif(100, 100, 1, (60_000, 60_000))
    yield pytest.param(first[:-1] + second[19:], id="GIF second frame")
    jpeg = saved(detailed(), "JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    yield pytest.param(jpeg[:at] + struct.pack(">HH", 64_250, 64_250) + jpeg[at + 4 :], id="JPEG")
    webp = saved(detailed(), "WEBP")
    at = webp.index(b"\x9d\x01\x2a") + 3
    yield pytest.param(webp[:at] + struct.pack("<HH", 16_383, 16_383) + webp[at + 4 :], id="WebP lossy")
    webp = saved(detailed(), "WEBP", lossless=True)
    bits = 16_382 | 16_382 << 14
    yield pytest.param(webp[:21] + struct.pack("<I", bits) + webp[25:], id="WebP lossless")
    webp = saved(detailed(mode="RGBA"), "WEBP")
    assert webp[12:16] == b"VP8X"
    yield pytest.param(webp[:24] + b"\xff" * 6 + webp[30:], id="WebP canvas")


@pytest.mark.parametrize("data", list(declared_bombs()))
@pytest.mark.usefixtures("no_decoder")
def test_bombs_are_refused_by_their_header(data: bytes) -> None:
    assert refusal(data) == "too_many_pixels"


@pytest.mark.usefixtures("no_decoder")
def test_nothing_to_see() -> None:
    assert refusal(png(0, 10)) == "broken"
    assert refusal(gif(0, 0, 0)) == "broken"


def test_max_pixels_is_exact() -> None:
    data = saved(detailed(100, 50), "PNG")
    accepted(data, max_pixels=5000)
    assert refusal(data, max_pixels=4999) == "too_many_pixels"


def test_pillow_disagreeing_about_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Image.open(io.BytesIO(saved(detailed(10, 10), "PNG")))
    monkeypatch.setattr(Image, "open", lambda *_, **__: other)
    assert refusal(saved(detailed(), "PNG")) == "broken"


# ---------------------------------------------------------------------------------------------------------------------
# Time bombs: within their 10 MB these keep Pillow alone busy from 30 seconds to minutes


def exif_segments(size: int, count: int) -> bytes:
    jpeg = saved(Image.new("RGB", (16, 16)), "JPEG")
    return jpeg[:2] + jpeg_segment(0xE1, b"Exif\0\0" + b"x" * size) * count + jpeg[2:]


def fill(chunk: bytes) -> bytes:
    return png(10, 10, chunk * (9_900_000 // len(chunk)))


def many_scans() -> bytes:
    data = saved(Image.new("RGB", (6000, 6000)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda")) : -2]
    return data[:-2] + last * 2000 + b"\xff\xd9"


SLOW: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "tiny EXIF segments": (lambda: exif_segments(10, 500_000), "broken"),
    "EXIF segments": (lambda: exif_segments(480, 19_000), None),
    "texts": (lambda: fill(png_chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"\xff" * 1_000_000, 9))), None),
    "profiles": (lambda: fill(png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(4_000_000), 9))), None),
    "empty chunks": (lambda: fill(png_chunk(b"abCd", b"")), "broken"),
    "JPEG scans": (many_scans, "broken"),
    "GIF comment": (lambda: gif(1, 1, 0)[:-1] + b"!\xfe" + b"\x01a" * 4_900_000 + b"\0" + gif(1, 1, 1)[19:], None),
    "rubbish": (lambda: b"\xff\xd8\xff" + bytes(9_000_000) + saved(detailed(), "JPEG")[2:], None),
}


@pytest.mark.parametrize("name", list(SLOW))
def test_time_bombs(name: str) -> None:
    make, code = SLOW[name]
    data = make()
    assert len(data) < 10 * 1024 * 1024
    if code is None:
        accepted(data)
    else:
        assert refusal(data) == code


# ---------------------------------------------------------------------------------------------------------------------
# Damage


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("part", [0.01, 0.2, 0.5, 0.9, 0.98])
def test_truncated(kind: str, part: float) -> None:
    data = saved(detailed(), kind)
    assert refusal(data[: int(len(data) * part)]) in {"broken", "type"}


def test_jpeg_without_its_end_mark() -> None:
    assert refusal(saved(detailed(), "JPEG")[:-2]) == "broken"


def test_pixel_data_of_the_wrong_length() -> None:
    assert refusal(png(300, 300)) == "broken"


BEGINNINGS = [
    b"\xff\xd8\xff\xd9",
    b"\xff\xd8\xff\xda\0\2\xff\xd9",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBP",
]


@pytest.mark.parametrize("data", BEGINNINGS)
def test_only_a_beginning(data: bytes) -> None:
    assert refusal(data) == "broken"


def test_random_damage_never_raises_anything_else() -> None:
    chance = random.Random(20261121)
    frames = [detailed(48, 40, "RGBA").rotate(angle) for angle in (0, 30, 60)]
    seeds = [saved(detailed(48, 40), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")]
    seeds += [saved(frames[0], kind, save_all=True, append_images=frames[1:]) for kind in ("PNG", "WEBP", "GIF")]
    outcomes = {"refused": 0, "accepted": 0}
    for number in range(700):
        data = bytearray(seeds[number % len(seeds)])
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            process_image(bytes(data))
            outcomes["accepted"] += 1
        except ImageRefused:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50, outcomes


def test_our_own_mistakes_stay_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(detailed(), "PNG")

    def mistake(*_: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr(images, "_finish", mistake)
    with pytest.raises(TypeError, match="ours"):
        process_image(data)
    with pytest.raises(ValueError, match="exclude") as wrong:
        process_image(data, square=400, ratio=(3, 1))
    assert not isinstance(wrong.value, ImageRefused)


THEIRS = [
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    struct.error,
    OverflowError,
    MemoryError,
    RecursionError,
    zlib.error,
]


@pytest.mark.parametrize("error", THEIRS)
def test_errors_of_the_decoder_mean_broken(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error("theirs")

    monkeypatch.setattr(Image, "open", fail)
    assert refusal(saved(detailed(), "PNG")) == "broken"


# ---------------------------------------------------------------------------------------------------------------------
# Orientation, metadata, colours

TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def turned(orientation: int, kind: str = "JPEG", size: tuple[int, int] = (64, 32)) -> bytes:
    """Stored lying or mirrored, with the note which turns it upright."""
    stored = corners(*size)
    if orientation in TURNED_BACK:
        stored = stored.transpose(TURNED_BACK[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(stored, kind, exif=exif.tobytes(), **({"quality": 95} if kind == "JPEG" else {"lossless": True}))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_applied(kind: str, orientation: int) -> None:
    result = accepted(turned(orientation, kind))
    assert (result.full.width, result.full.height) == (64, 32)
    assert is_upright(opened(result.full))
    assert is_upright(opened(result.thumb))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_with_decoding_at_a_smaller_scale(orientation: int) -> None:
    result = accepted(turned(orientation, size=(1280, 640)), full_edge=160)
    assert (result.full.width, result.full.height) == (160, 80)
    assert is_upright(opened(result.full))


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_senseless_orientation_counts_as_upright(order: str, value: int) -> None:
    mark, sign = (b"II*\0", "<") if order == "little" else (b"MM\0*", ">")
    tiff = mark + struct.pack(f"{sign}IHHHIHHI", 8, 1, 0x112, 3, 1, value, 0, 0)
    jpeg = saved(corners(), "JPEG", quality=95)
    assert is_upright(opened(accepted(jpeg[:2] + jpeg_segment(0xE1, b"Exif\0\0" + tiff) + jpeg[2:]).full))


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff\x12\x01",
        b"nonsense" * 9,
    ],
)
def test_damaged_exif_is_no_reason_to_refuse(exif: bytes) -> None:
    jpeg = saved(corners(), "JPEG", quality=95)
    assert is_upright(opened(accepted(jpeg[:2] + jpeg_segment(0xE1, b"Exif\0\0" + exif) + jpeg[2:]).full))


def test_place_comment_and_xmp_are_gone() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 20.0), 3: "E", 4: (120.0, 9.0, 8.0)})
    xmp = b"<x:xmpmeta><script>alert(2)</script></x:xmpmeta>"
    raw = exif.tobytes()
    with Image.open(io.BytesIO(saved(detailed(), "JPEG", exif=raw))) as image:
        assert image.getexif().get_ifd(0x8825)
    accepted(saved(detailed(), "JPEG", exif=raw, comment=b"phpinfo()", xmp=xmp))
    accepted(saved(detailed(), "PNG", exif=raw))
    accepted(saved(detailed(), "WEBP", exif=raw, xmp=xmp))
    accepted(saved(detailed(), "GIF", comment=b"<script>alert(3)</script>"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_what_is_appended_is_gone(kind: str) -> None:
    accepted(saved(detailed(), kind) + b"<script>alert(1)</script><?php phpinfo(); ?>")


def test_gif_which_is_also_javascript() -> None:
    assert refusal(b"GIF89a/*" + bytes(8) + b"*/=alert(1)//") == "broken"
    whole = saved(Image.new("P", (0x2A2F, 2)), "GIF")
    assert whole[6:8] == b"/*"
    accepted(whole[:-1] + b"!\xfe\x0d*/=alert(1)//\0;")


def swapped_profile() -> bytes:
    """sRGB with the red and the green primary exchanged: easily told from a profile which was not applied."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_profile_is_applied_then_dropped(kind: str) -> None:
    result = accepted(saved(Image.new("RGB", (32, 32), RED), kind, icc_profile=swapped_profile()))
    assert near(opened(result.full), (16, 16), GREEN, 60)


def test_profile_keeps_transparency() -> None:
    result = accepted(saved(Image.new("RGBA", (32, 32), (*RED, 128)), "PNG", icc_profile=swapped_profile()))
    pixel = opened(result.full).getpixel((16, 16))
    assert isinstance(pixel, tuple)
    assert abs(pixel[3] - 128) < 6
    assert pixel[1] > 180


@pytest.mark.parametrize("profile", ["damaged", "short", "lab"])
def test_useless_profile_is_ignored(profile: str) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    icc = {"damaged": bytes(600), "short": swapped_profile()[:200], "lab": lab}[profile]
    for kind in ("JPEG", "PNG", "WEBP"):
        assert near(opened(accepted(saved(Image.new("RGB", (32, 32), RED), kind, icc_profile=icc)).full), (9, 9), RED)


def test_cmyk_jpeg() -> None:
    data = saved(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", quality=95)
    assert near(opened(accepted(data).full), (32, 32), RED)


def test_grey_jpeg_and_one_bit_png() -> None:
    accepted(saved(detailed(mode="L"), "JPEG"))
    assert near(opened(accepted(saved(Image.new("1", (32, 32), 1), "PNG")).full), (9, 9), WHITE)


def test_sixteen_bit_png_is_scaled_not_clipped() -> None:
    result = accepted(saved(Image.new("I;16", (32, 32), 0x4000), "PNG"))
    assert near(opened(result.full), (9, 9), (64, 64, 64), 4)
    sixteen_bit_colour = zlib.compress((b"\0" + b"\x80\x00\x40\x00\xff\x00" * 4) * 4)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", sixteen_bit_colour) + png_chunk(b"IEND", b"")
    assert near(opened(accepted(data).full), (1, 1), (0x80, 0x40, 0xFF), 12)


def test_transparency_is_kept() -> None:
    image = Image.new("RGBA", (64, 64), (*RED, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    for data in (saved(image, "PNG"), saved(image.quantize(8), "PNG"), saved(image, "GIF"), saved(image, "WEBP")):
        result = opened(accepted(data).full)
        assert result.mode == "RGBA"
        clear, solid = result.getpixel((5, 30)), result.getpixel((60, 30))
        assert isinstance(clear, tuple)
        assert isinstance(solid, tuple)
        assert (clear[3], solid[3]) == (0, 255)
        assert solid[0] > 220


def test_alpha_nobody_uses_is_dropped() -> None:
    assert opened(accepted(saved(Image.new("RGBA", (9, 9), (*BLUE, 255)), "PNG")).full).mode == "RGB"


def test_placeholder() -> None:
    colour = accepted(saved(Image.new("RGB", (90, 90), (200, 100, 50)), "PNG")).placeholder_color
    values = bytes.fromhex(colour.removeprefix("#"))
    assert all(abs(a - b) <= 3 for a, b in zip(values, (200, 100, 50), strict=True))
    half = Image.new("RGBA", (64, 64), (*RED, 255))
    half.paste((0, 0, 0, 0), (0, 0, 32, 64))
    assert accepted(saved(half, "PNG")).placeholder_color == "#ff0000"
    assert accepted(saved(Image.new("RGBA", (9, 9)), "PNG")).placeholder_color == "#ffffff"


# ---------------------------------------------------------------------------------------------------------------------
# Sizes


@pytest.mark.parametrize(
    ("size", "full", "thumb"),
    [
        ((1, 1), (1, 1), (1, 1)),
        ((10_000, 1), (10_000, 1), (480, 1)),
        ((1, 20_000), (1, 16_383), (1, 480)),
        ((1080, 9000), (1067, 8889), (58, 480)),  # a long screenshot stays readable
        ((2000, 1000), (1600, 800), (480, 240)),
        ((1600, 1600), (1600, 1600), (480, 480)),
        ((300, 200), (300, 200), (300, 200)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_edges(kind: str, size: tuple[int, int], full: tuple[int, int], thumb: tuple[int, int]) -> None:
    result = accepted(saved(Image.new("RGB", size, BLUE), kind))
    assert (result.full.width, result.full.height) == full
    assert (result.thumb.width, result.thumb.height) == thumb


def test_any_size_at_any_scale() -> None:
    chance = random.Random(7)
    for _ in range(60):
        size, edge = (chance.randrange(1, 900), chance.randrange(1, 900)), chance.randrange(1, 500)
        shape = (chance.randrange(1, 20), chance.randrange(1, 20))
        data = saved(Image.new("RGB", size, BLUE), chance.choice(("JPEG", "PNG")))
        for options in ({}, {"square": edge}, {"ratio": shape}):
            result = process_image(data, full_edge=edge, **options)
            sides = sorted((result.full.width, result.full.height))
            assert sides[1] <= edge or (sides[0] <= edge * 2 / 3 + 1 and not options)


@pytest.mark.parametrize("size", [(1, 1), (50, 20), (3000, 400), (400, 3000)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_square(kind: str, size: tuple[int, int]) -> None:
    result = accepted(saved(Image.new("RGB", size, BLUE), kind), square=400)
    assert (result.full.width, result.full.height) == (400, 400)
    assert (result.thumb.width, result.thumb.height) == (96, 96)


def test_square_takes_the_centre() -> None:
    image = Image.new("RGB", (900, 300), RED)
    image.paste(GREEN, (300, 0, 600, 300))
    for kind in ("JPEG", "PNG"):
        after = opened(accepted(saved(image, kind), square=400).full)
        assert all(near(after, at, GREEN) for at in ((8, 8), (200, 200), (391, 391)))


@pytest.mark.parametrize(
    ("size", "expected"), [((400, 400), (400, 133)), ((3000, 100), (300, 100)), ((3000, 1000), (1600, 533))]
)
def test_ratio(size: tuple[int, int], expected: tuple[int, int]) -> None:
    result = accepted(saved(Image.new("RGB", size, BLUE), "PNG"), ratio=(3, 1))
    assert (result.full.width, result.full.height) == expected


@pytest.mark.parametrize("orientation", range(1, 9))
def test_ratio_of_the_upright_picture(orientation: int) -> None:
    result = accepted(turned(orientation, size=(64, 64)), ratio=(2, 1))
    assert (result.full.width, result.full.height) == (64, 32)
    assert is_upright(opened(result.full))


# ---------------------------------------------------------------------------------------------------------------------
# Animations


def moving(kind: str, count: int = 3, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    frames = []
    for number in range(count):
        frame = Image.new("RGBA", size, (*WHITE, 255))
        frame.paste((*(RED, GREEN, BLUE)[number % 3], 255), (number % 40, 0, number % 40 + 20, 40))
        frames.append(frame)
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=70, **options)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_is_kept(kind: str) -> None:
    result = accepted(moving(kind, loop=0))
    with opened(result.full) as full:
        assert getattr(full, "n_frames", 1) == 3
        assert full.info["loop"] == 0
        for number, colour in enumerate((RED, GREEN, BLUE)):
            full.seek(number)
            full.load()
            assert full.info["duration"] == 70
            assert near(full, (10, 20), colour, 60)
    with opened(result.thumb) as thumb:
        assert getattr(thumb, "n_frames", 1) == 1
        assert near(thumb, (10, 20), RED, 60)


def test_animation_which_plays_once() -> None:
    assert opened(accepted(moving("GIF")).full).info["loop"] == 1
    assert opened(accepted(moving("GIF", loop=2)).full).info["loop"] == 3  # GIF counts the repeats, WebP the plays


def test_hurried_frames_are_shown_as_browsers_show_them() -> None:
    first, *others = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    result = accepted(saved(first, "GIF", save_all=True, append_images=others, duration=10))
    assert opened(result.full).info["duration"] == 100


def test_apng_default_picture_is_not_part_of_the_animation() -> None:
    first, *others = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
    data = saved(first, "PNG", save_all=True, append_images=others, default_image=True, duration=70)
    full = opened(accepted(data).full)
    assert getattr(full, "n_frames", 1) == 2
    assert near(full, (8, 8), GREEN, 60)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_long_or_large_animation_becomes_a_still(kind: str) -> None:
    for data, options in ((moving(kind, 65), {}), (moving(kind, 6), {"max_pixels": 6 * 60 * 40 - 1})):
        result = accepted(data, **options)
        assert getattr(opened(result.full), "n_frames", 1) == 1
        assert near(opened(result.full), (10, 20), RED, 60)


@pytest.mark.parametrize("options", [{"square": 40}, {"ratio": (1, 1)}])
def test_avatars_and_covers_do_not_move(options: dict[str, Any]) -> None:
    assert getattr(opened(accepted(moving("GIF"), **options).full), "n_frames", 1) == 1


def test_huge_frame_count() -> None:
    data = gif(1, 1, 600_000)
    assert len(data) > 9_000_000
    assert getattr(opened(accepted(data).full), "n_frames", 1) == 1


def test_sixty_frames_on_a_huge_canvas() -> None:
    result = accepted(gif(6000, 6000, 60))
    assert getattr(opened(result.full), "n_frames", 1) == 1


def test_damaged_later_frame_leaves_the_first() -> None:
    data = moving("PNG")
    at = data.index(b"fdAT")
    broken = data[: at + 8] + bytes(12) + data[at + 20 :]
    result = accepted(broken)
    assert getattr(opened(result.full), "n_frames", 1) == 1
    assert near(opened(result.full), (10, 20), RED, 60)


@pytest.mark.parametrize("end", [b"", b"\0", b"rubbish"])
def test_gif_without_its_end_mark(end: bytes) -> None:
    assert getattr(opened(accepted(moving("GIF")[:-1] + end).full), "n_frames", 1) == 3


# ---------------------------------------------------------------------------------------------------------------------
# The shared collection of hostile files


def manifest() -> list[dict[str, Any]]:
    path = CORPUS / "manifest.json"
    if not path.is_file():
        return []
    entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return entries


def is_refused(path: Path) -> str:
    return refusal(path.read_bytes())


def is_refused_by_size(path: Path) -> None:
    assert is_refused(path) == "too_many_pixels"


def is_refused_by_type(path: Path) -> None:
    assert is_refused(path) == "type"


def is_stripped(path: Path) -> ProcessedImage:
    return accepted(path.read_bytes())


def is_shown_upright(path: Path) -> None:
    after = opened(is_stripped(path).full)
    with Image.open(path) as image:
        before = ImageOps.exif_transpose(image).convert("RGB")
    assert after.size == before.size
    # Small, because some of these have a colour profile which only we apply.
    difference = ImageChops.difference(after.resize((8, 8)), before.resize((8, 8)))
    assert max(ImageStat.Stat(difference).mean) < 20
    wrong = before.transpose(Image.Transpose.ROTATE_180)
    assert max(ImageStat.Stat(ImageChops.difference(after.resize((8, 8)), wrong.resize((8, 8)))).mean) > 20


def is_handled(path: Path) -> None:
    with contextlib.suppress(ImageRefused):
        is_stripped(path)


EXPECTATIONS: dict[str, Callable[[Path], object]] = {
    "refuse": is_refused,
    "refuse, no 500": is_refused,
    "refuse by declared size": is_refused_by_size,
    "refuse type": is_refused_by_type,
    "refuse or repair": is_handled,
    "no 500": is_handled,
    "accept": is_stripped,
    "accept without EXIF": is_stripped,
    "accept, strip": is_stripped,
    "accept or flatten; never hang": is_stripped,
    "strip": is_stripped,
    "strip both": is_stripped,
    "strip GPS": is_stripped,
    "strip or honour": is_stripped,
    "GPS gone after upload": is_stripped,
    "re-encoding removes the text": is_stripped,
    "metadata stripped; served with an image content type and nosniff": is_stripped,
    "show upright after re-encoding": is_shown_upright,
    "upright after upload": is_shown_upright,
}


@pytest.mark.parametrize(
    "entry",
    [pytest.param(entry, id=entry["file"]) for entry in manifest()]
    or [pytest.param(None, marks=pytest.mark.skip(reason="no hostile files: set CIRCLE_SHARED to the shared folder"))],
)
def test_corpus(entry: dict[str, Any]) -> None:
    assert entry["expect"] in EXPECTATIONS, "the manifest expects something this test does not know"
    EXPECTATIONS[entry["expect"]](CORPUS / entry["file"])
