"""Translation for every layer: English is the source language, Simplified Chinese is complete (a test holds it).

Rules and operations raise sentences long before a request asks for a language, so they use `lazy`; edges and
templates use `_`. Catalogues live in `circle/translations`; a stale .mo file is compiled at start, so that editing
a .po file is all a translator does.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

from babel.dates import format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import LazyString, get_locale, gettext, lazy_gettext
from flask_babel import ngettext as _ngettext

__all__ = [
    "LOCALES", "TRANSLATIONS", "LazyString", "_", "compile_catalogues", "day_in_words", "lazy", "lazy_day", "ngettext",
]  # fmt: skip

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
#: languages a person can choose; the first is the default of a site
LOCALES = {"zh_Hans_CN": "简体中文", "en": "English"}

_: Callable[..., str] = gettext
ngettext: Callable[..., str] = _ngettext
lazy = lazy_gettext


def day_in_words(day: date, *, year: int) -> str:
    """11月25日, Nov 25; with its year when that is another one than `year`."""
    skeleton = "MMMd" if day.year == year else "yMMMd"
    return str(format_skeleton(skeleton, datetime.combine(day, time()), locale=str(get_locale() or "zh_Hans_CN")))


def lazy_day(day: date, *, year: int) -> LazyString:
    """The same within a sentence that is made before the reader's language is known."""
    return LazyString(day_in_words, day, year=year)


def compile_catalogues() -> None:
    """Compile each .po file whose .mo is missing or older. Safe for several processes starting at once."""
    for po in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as file:
            catalogue = read_po(file, locale=po.parent.parent.name)
        handle, name = tempfile.mkstemp(dir=mo.parent)
        with open(handle, "wb") as file:
            write_mo(file, catalogue)
        os.chmod(name, 0o644)  # whoever starts first, others must be able to read it
        os.replace(name, mo)
