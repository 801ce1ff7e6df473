"""English is the source, Simplified Chinese is complete: no page may show a half-translated sentence."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from circle.config import ROOT
from circle.core.i18n import TRANSLATIONS

CHINESE = TRANSLATIONS / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


@cache
def chinese() -> Catalog:
    with CHINESE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What the code and the templates say now."""
    pot = tmp_path_factory.mktemp("i18n") / "messages.pot"
    command = [
        sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg", "-k", "lazy", "-k", "_",
        "-k", "ngettext:1,2", "--ignore-dirs", ".git .venv", "-o", str(pot), "circle", "templates",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    with pot.open("rb") as file:
        return read_po(file)


def test_every_message_is_in_the_catalogue(extracted: Catalog) -> None:
    missing = [message.id for message in extracted if message.id and message.id not in chinese()]
    assert missing == [], "run `make translations` and translate"


def test_every_message_is_translated_and_none_is_doubtful() -> None:
    open_ = [
        message.id for message in chinese()
        if message.id and (message.fuzzy or not all(message.string if message.pluralizable else [message.string]))
    ]  # fmt: skip
    assert open_ == []


def test_translations_keep_their_placeholders() -> None:
    wrong = []
    for message in chinese():
        if not message.id:
            continue
        source = message.id[-1] if message.pluralizable else message.id
        for text in message.string if message.pluralizable else [message.string]:
            if set(PLACEHOLDER.findall(source)) != set(PLACEHOLDER.findall(text)):
                wrong.append(source)
    assert wrong == []


def test_chinese_reads_chinese() -> None:
    """No half-width punctuation after a Chinese character, and no message left in English by mistake."""
    half = re.compile(r"[\u4e00-\u9fff][,.!?:;](?!\d)")
    wrong = [message.id for message in chinese() if message.id and any(
        half.search(text) for text in (message.string if message.pluralizable else [message.string])
    )]  # fmt: skip
    assert wrong == []


def test_no_template_holds_chinese_of_its_own() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    comment = re.compile(r"\{#.*?#\}", re.S)
    wrong = [
        str(path.relative_to(ROOT))
        for path in sorted(Path(ROOT / "templates").rglob("*.html"))
        if han.search(comment.sub("", path.read_text(encoding="utf-8")))
    ]
    assert wrong == []
