"""Turn an uploaded picture, whoever sent it and whatever it claims to be, into two clean WebP files.

Nothing here knows about Flask, the database or the storage: bytes in, bytes out, or `ImageRefused`.

The work is done in two steps, and the first is where the safety is:

1. A small reader per container (JPEG, PNG, GIF, WebP) looks at the structure only. It learns the declared size and the
   number of frames before anything is allocated, takes out the two pieces of metadata which change what people see
   (orientation and colour profile), and copies the rest *without* any other metadata. So the EXIF, XMP, MPO, Photoshop
   and text parsers of Pillow never meet a stranger's bytes; several of them can be kept busy for 30 seconds to minutes
   by 10 MB of small records (compressed text chunks, hundreds of thousands of tiny EXIF segments).
2. Pillow decodes that copy. The pixels are cropped, scaled, brought to sRGB, turned upright and encoded anew, so text
   hidden in a file, even in its pixel data, does not survive.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Importing a plugin registers its decoder, so these are the only ones a stranger can reach; `Image.init()` would load
# all of them. "MPO" must not be in `formats=`: Pillow has no such entry (JPEG serves it) and raises KeyError.
from PIL import (  # noqa: F401
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from circle.media.containers import ImageRefused, Source, read_source

SQUARE_THUMB_EDGE = 96
"""Avatars are shown small; their thumbnails do not follow `thumb_edge`."""

QUALITY = 82
METHOD = 2
"""WebP effort. 1600 x 1200 of a noisy photograph: method 2 0.11 s, 4 0.21 s (2 % smaller), 6 0.64 s (5 % smaller)."""

ANIMATION_QUALITY = 75
ANIMATION_METHOD = 0

_DAMAGE = (
    # What Pillow and the libraries below it may raise on damaged files. `Warning` is here for processes which turn
    # warnings into errors.
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)

# A second net: the size is compared with `max_pixels` before Pillow sees the file, so this should never fire.
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Picture:
    data: bytes
    mime: str
    extension: str
    width: int
    height: int


@dataclass(frozen=True)
class ProcessedImage:
    full: Picture
    thumb: Picture
    sha256: str
    """Of the bytes as they were uploaded."""
    placeholder_color: str
    """'#rrggbb', the average of what is visible: the page can paint it until the picture arrives."""


def process_image(
    data: bytes,
    *,
    max_bytes: int = 10 * 1024 * 1024,
    max_pixels: int = 40_000_000,
    full_edge: int = 1600,
    thumb_edge: int = 480,
    square: int | None = None,
    ratio: tuple[int, int] | None = None,
) -> ProcessedImage:
    """Judge by content only, decode, crop, scale, strip and re-encode; raise `ImageRefused` for anything else.

    `square` makes an avatar: the centre, exactly that many pixels wide and high, enlarged when need be.
    `ratio` (width, height) makes a cover: the largest centred part of that shape. Both are always still pictures.
    """
    if square is not None and ratio is not None:
        raise ValueError("square and ratio exclude each other")
    if not data:
        raise ImageRefused("empty")
    if len(data) > max_bytes:
        raise ImageRefused("too_large")

    shape = (1, 1) if square is not None else ratio
    source = read_source(data, max_pixels, animate=shape is None)
    try:
        frames, durations = _render(source, shape, full_edge, square)
    except ImageRefused:
        if source.frames == 1:
            raise
        # A later frame is damaged. Browsers still show the first one, and so do we, provided it is sound.
        source = read_source(data, max_pixels, animate=False)
        frames, durations = _render(source, shape, full_edge, square)

    first = frames[0]
    thumb_size = (SQUARE_THUMB_EDGE, SQUARE_THUMB_EDGE) if square is not None else _fit(first.size, thumb_edge)
    # From the pixels at hand: 28 ms for 1600 x 1200. Decoding a 12 MP JPEG again at 1/8 takes 48 ms before any scaling.
    thumb = first.resize(thumb_size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return ProcessedImage(
        full=_encode(frames, durations, source.loop),
        thumb=_encode([thumb], [0], 0),
        sha256=hashlib.sha256(data).hexdigest(),
        placeholder_color=_average(thumb),
    )


# ---------------------------------------------------------------------------------------------------------------------
# Pixels.

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@contextmanager
def _hostile() -> Iterator[None]:
    """Around calls which let Pillow read a stranger's bytes, and around nothing else: our own mistakes must show."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused("too_many_pixels") from error
    except _DAMAGE as error:
        raise ImageRefused("broken") from error


LONG = 3
"""From this proportion on a picture is a long screenshot: fitted by its longer side nobody could read it."""

_WEBP_EDGE = 16_383  # the format's own limit


def _fit(size: tuple[int, int], edge: int, *, long: bool = False) -> tuple[int, int]:
    """Scaled down, never up, until the longer side is at most `edge`; with `long`, a long one stays readable."""
    scale = min(1.0, edge / max(size))
    if long and max(size) > LONG * min(size):
        scale = min(1.0, edge * 2 / 3 / min(size), _WEBP_EDGE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _centre(size: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest centred box of that shape."""
    width, height = size
    if width * shape[1] > height * shape[0]:
        box_width, box_height = max(1, round(height * shape[0] / shape[1])), height
    else:
        box_width, box_height = width, min(height, max(1, round(width * shape[1] / shape[0])))
    left, top = (width - box_width) // 2, (height - box_height) // 2
    return left, top, left + box_width, top + box_height


def _render(
    source: Source, shape: tuple[int, int] | None, edge: int, square: int | None
) -> tuple[list[Image.Image], list[int]]:
    """Decode, crop, scale, bring to sRGB, turn. In this order: everything after the scaling is cheap."""
    size = (source.width, source.height)
    box = (0, 0, *size)
    if shape is not None:
        # The file is not upright yet. Centred boxes survive turning, but a lying picture needs a lying shape.
        box = _centre(size, shape[::-1] if source.orientation >= 5 else shape)
    target = (
        (square, square) if square is not None else _fit((box[2] - box[0], box[3] - box[1]), edge, long=shape is None)
    )

    with _hostile():
        image = Image.open(io.BytesIO(source.data), formats=(source.format,))
    with image:
        if image.size != size:
            raise ImageRefused("broken")  # our reader and Pillow's disagree about the same bytes: somebody is playing
        if source.format == "JPEG":
            # Lets libjpeg decode at 1/2, 1/4 or 1/8, never below the size which is needed.
            scale = max(target[0] / (box[2] - box[0]), target[1] / (box[3] - box[1]))
            with _hostile():
                image.draft(None, (math.ceil(size[0] * scale), math.ceil(size[1] * scale)))
        frames: list[Image.Image] = []
        durations: list[int] = []
        numbers = _frame_numbers(image, source.frames)
        for number in numbers:
            with _hostile():
                image.seek(number)
                image.load()
                pixels = _plain(image)
            durations.append(_duration(image.info.get("duration")))
            if number == numbers[-1] and pixels is not image:
                image.close()  # 160 MB less in memory while the largest pictures are scaled
            # Multiplied first: the division is then exact at the far edge, and a box may not stick out by a bit.
            left, right = (x * pixels.width / size[0] for x in box[0::2])
            top, bottom = (y * pixels.height / size[1] for y in box[1::2])
            scaled = pixels.resize(target, Image.Resampling.LANCZOS, box=(left, top, right, bottom), reducing_gap=2.0)
            frames.append(_finish(scaled, source))
    return frames, durations


def _frame_numbers(image: Image.Image, most: int) -> range:
    if most == 1:
        return range(1)
    with _hostile():
        count: int = getattr(image, "n_frames", 1)
    # An APNG may carry a picture for programs which cannot animate. Pillow counts it as the first frame.
    return range(1 if getattr(image, "default_image", False) and count > 1 else 0, min(count, most))


def _plain(image: Image.Image) -> Image.Image:
    """One of L, RGB, RGBA, CMYK; never a palette, sixteen bits or a transparent colour."""
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value * (1 / 256))  # convert() alone clips everything above 255 to white
        image.info.pop("transparency", None)
        return image.convert("L")
    if image.mode in ("RGBA", "CMYK"):
        return image  # convert() would copy, and the largest pictures take 160 MB
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "L":
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _finish(image: Image.Image, source: Source) -> Image.Image:
    if source.icc is not None:
        image = _to_srgb(image, source.icc)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")  # an unused alpha channel costs bytes
    elif image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGB")
    if source.orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[source.orientation])
    image.info = {}  # conversions copy it along; no encoder option may ever find a comment in it
    return image


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """A profile which is damaged or meant for other colours is ignored, as browsers do."""
    family = {"L": "GRAY", "CMYK": "CMYK"}.get(image.mode, "RGB")
    try:
        with _hostile():
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            if profile.profile.xcolor_space.strip() != family:
                return image
            mode = "RGBA" if image.mode == "RGBA" else "RGB"
            converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageRefused, ImageCms.PyCMSError):
        return image
    return converted if converted is not None else image


def _duration(value: object) -> int:
    """Milliseconds. Browsers show frames of 10 ms and less for 100 ms, and pictures are drawn with that in mind."""
    milliseconds = int(value) if isinstance(value, (int, float)) else 0
    return min(milliseconds, 60_000) if milliseconds > 10 else 100


def _encode(frames: list[Image.Image], durations: list[int], loop: int) -> Picture:
    first = frames[0]
    buffer = io.BytesIO()
    if len(frames) == 1:
        first.save(buffer, "WEBP", quality=QUALITY, method=METHOD)
    else:
        first.save(
            buffer,
            "WEBP",
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            loop=loop,
            background=(0, 0, 0, 0),
            quality=ANIMATION_QUALITY,
            method=ANIMATION_METHOD,
            # No key frames: they serve seeking, and trying them takes a third of the time.
            kmin=0,
            kmax=0,
        )
    return Picture(buffer.getvalue(), "image/webp", "webp", first.width, first.height)


def _average(image: Image.Image) -> str:
    """Transparent pixels do not count, because scaling weighs colours with their alpha; nothing visible is white."""
    pixel = image.resize((1, 1), Image.Resampling.BOX).convert("RGBA").getpixel((0, 0))
    if not isinstance(pixel, tuple) or not pixel[3]:
        return "#ffffff"
    return "#{:02x}{:02x}{:02x}".format(*pixel[:3])
