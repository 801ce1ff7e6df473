"""What goes out of a public circle: the picture of a post, and feeds."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from PIL import Image

from circle.config import ROOT, SettingsError, load
from circle.core import clock, lettering
from circle.core.lettering import legible, width, wrap
from circle.core.storage import storage
from circle.media import uploads
from circle.posts import jobs, operations, queries, share
from circle.posts.share import Facts
from circle.topics import operations as topics
from tests.factories import Make, _set

ATOM = "{http://www.w3.org/2005/Atom}"
FACTS = Facts(7, "晨间写作", "pine", "今天早上有雾", "早，今天有雾。", "林小满", 9)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def stored_cards() -> list[str]:
    return [card.key for card in storage().list(share.FOLDER)]


# ---- lettering -----------------------------------------------------------------------------------------------


def test_no_line_begins_with_closing_or_ends_with_opening_punctuation() -> None:
    text = "今天早上有雾，我走了三公里。“真的很冷！”她说，《平凡的世界》第（三）章写得真好，真的……是的。" * 3
    for room in range(120, 900, 7):
        for line in wrap(text, 40, room, 100):
            assert line[0] not in "，。！”》）…、", (room, line)
            assert line[-1] not in "“《（", (room, line)
            assert width(line, 40) <= room


def test_words_of_an_alphabet_stay_whole_and_what_is_too_wide_is_cut() -> None:
    assert wrap("Hello brave new world", 40, 250, 9) == ["Hello brave", "new world"]
    cut = wrap("a" * 10_000, 40, 400, 3)
    assert len(cut) == 3
    assert cut[-1].endswith("…")
    assert all(width(line, 40) <= 400 for line in cut)


def test_what_does_not_fit_ends_with_an_ellipsis_and_what_fits_does_not() -> None:
    assert wrap("今天早上有雾", 40, 240, 1) == ["今天早上有雾"]
    assert wrap("今天早上，有雾", 40, 240, 1) == ["今天早上…"]
    assert wrap("", 40, 240, 3) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("早安🌞👨‍👩‍👧", "早安"), ("🎉", ""), ("。。。", ""), ("𠮷野家", "□野家"), ("مرحبا بالعالم 你好", "… 你好"),
        ("a\x00b\u200b\ufeffc", "abc"), ("写得好……是的", "写得好……是的"), ("  a \n\t b ", "a b"), ("café", "café"),
    ],
)  # fmt: skip
def test_text_is_made_legible_with_what_the_fonts_have(given: str, shown: str) -> None:
    assert legible(given) == shown


def test_more_fonts_know_more_characters_and_what_is_no_font_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CIRCLE_FONT_PATHS"):
        load({"CIRCLE_ENV": "test", "CIRCLE_DATA_DIR": str(tmp_path), "CIRCLE_FONT_PATHS": "/nowhere/x.ttf"})
    bad = tmp_path / "bad.ttf"
    bad.write_bytes(b"\x00\x01\x00\x00" + bytes(40))
    with pytest.raises(SettingsError, match="not a font"):
        lettering.configure([bad])
    try:
        lettering.configure([lettering.BOLD])
        assert lettering.font_files()[-1] == str(lettering.BOLD)
    finally:
        lettering.configure([])


# ---- drawing -------------------------------------------------------------------------------------------------


def test_the_colours_are_those_of_the_pages() -> None:
    tokens = (ROOT / "static/css/tokens.css").read_text()
    light = tokens.split("@media")[0]
    for name, value in {"paper": share.PAPER, "ink": share.INK, "ink-2": share.INK_2}.items():
        assert f"--{name}: {value};" in light
    for number, (paper, ink) in enumerate(share.TONES):
        assert f"--tone-{number}: {paper}; --tone-{number}-ink: {ink}" in light
    for accent, (brand, soft, mid) in share.ACCENTS.items():
        block = light if accent == "persimmon" else re.search(rf'data-accent="{accent}"\] .*', tokens)[0]  # type: ignore[index]
        for name, value in {"brand": brand, "brand-soft": soft, "brand-mid": mid}.items():
            assert re.search(rf"--{name}: {value};", block), (accent, name)


@pytest.mark.parametrize(
    "facts",
    [
        FACTS,
        Facts(1, "圈" * 40, "persimmon", "今天早上有雾，我走了三公里" * 6, "早安" * 70, "名" * 40, 1),
        Facts(2, "😀", "unknown", "مرحبا 😀", "a" * 10_000, "𠮷", 2),
        Facts(3, "a]]>&<\"'", "plum", "</text><script>&amp;", "\ud800\x00\ufffe", "&lt;", 3),
        Facts(4, "", "indigo", "", "", "", 4),
    ],
)  # fmt: skip
def test_a_card_is_a_picture_whatever_it_says(facts: Facts, make: Make) -> None:
    for picture in (None, Make.picture((900, 300), kind="WEBP"), b"RIFF....WEBP broken"):
        image = opened(share.draw(facts, picture, picture))
        assert (image.format, image.size) == ("PNG", (share.WIDTH, share.HEIGHT))


def test_a_card_shows_its_picture_and_its_words() -> None:
    plain, shown = opened(share.draw(FACTS)), opened(share.draw(FACTS, Make.picture((600, 600), "#123456", "WEBP")))
    red, green, blue = shown.convert("RGB").getpixel((1000, 300))  # type: ignore[misc]
    assert abs(red - 0x12) < 8
    assert abs(green - 0x34) < 8
    assert abs(blue - 0x56) < 8
    empty = opened(share.draw(Facts(7, "晨间写作", "pine", "", "", "林小满", 9)))
    assert plain.tobytes() != empty.tobytes()


def test_equal_facts_have_one_key_and_any_other_fact_another() -> None:
    assert FACTS.key == Facts(**vars(FACTS)).key
    changed = {"title": "x", "excerpt": "x", "circle": "x", "author": "x", "accent": "plum", "picture": "ab/x.webp"}
    keys = {Facts(**(vars(FACTS) | {name: value})).key for name, value in changed.items()}
    assert len(keys | {FACTS.key}) == len(changed) + 1


# ---- the address of a card -----------------------------------------------------------------------------------


def test_a_card_is_drawn_once_and_anew_when_the_words_change(
    app: Flask, make: Make, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make.place()
    picture = make.picture((800, 600), "#123456")
    media_id = uploads.store_upload(place.ann, uploads.prepare_upload(_file(picture), "post"))
    post_id = make.post(place, title="有雾", media_ids=[media_id])
    drawn: list[Facts] = []
    real = share.draw
    monkeypatch.setattr(share, "draw", lambda facts, *rest: drawn.append(facts) or real(facts, *rest))
    visitor, path = browser(), f"/{place.slug}/posts/{post_id}/share.png"
    page = visitor.get(f"/{place.slug}/posts/{post_id}").get_data(as_text=True)
    assert f'property="og:image" content="http://localhost{path}?v=1"' in page
    assert 'name="twitter:card" content="summary_large_image"' in page
    first = visitor.get(path + "?v=1")
    assert (first.status_code, first.mimetype, len(drawn)) == (200, "image/png", 1)
    image = opened(first.get_data())
    assert image.size == (1200, 630)
    assert abs(image.convert("RGB").getpixel((1000, 300))[0] - 0x12) < 10  # type: ignore[index]
    again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, len(drawn)) == (304, 1)
    operations.edit_post(place.ann, post_id, title="大雾")
    changed = visitor.get(path)
    assert (len(drawn), drawn[-1].title) == (2, "大雾")
    assert changed.headers["ETag"] != first.headers["ETag"]
    assert len(stored_cards()) == 2


def _file(data: bytes) -> Any:
    from werkzeug.datastructures import FileStorage

    return FileStorage(io.BytesIO(data), "picture.png")


def test_cards_are_for_what_everybody_may_read(app: Flask, make: Make, browser: Any) -> None:
    open_, closed = make.place(), make.place(visibility="private")
    shown, secret = make.post(open_), make.post(closed)
    member = browser(closed.users["bob"])
    assert member.get(f"/{closed.slug}/posts/{secret}/share.png").status_code == 404
    assert "og:image" not in member.get(f"/{closed.slug}/posts/{secret}").get_data(as_text=True)
    assert browser().get(f"/{closed.slug}/posts/{shown}/share.png").status_code == 404
    operations.hide_post(open_.mod, shown, reason="off topic")
    for user in (None, open_.users["ann"], open_.users["mod"]):
        assert browser(user).get(f"/{open_.slug}/posts/{shown}/share.png").status_code == 404
    assert stored_cards() == []


def test_old_cards_are_forgotten_and_drawn_again(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    path = f"/{place.slug}/posts/{make.post(place)}/share.png"
    assert browser().get(path).status_code == 200
    jobs.forget_share_cards()
    assert len(stored_cards()) == 1
    with clock.at(clock.now() + timedelta(days=8)):
        for _again in range(2):
            jobs.forget_share_cards()
    assert stored_cards() == []
    assert browser().get(path).status_code == 200


# ---- feeds ---------------------------------------------------------------------------------------------------


def feed_of(answer: Any) -> ElementTree.Element:
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    return ElementTree.fromstring(answer.get_data())


def test_a_feed_holds_what_a_reader_needs(app: Flask, make: Make, browser: Any) -> None:
    place = make.place(intro="每天一页")
    topic = topics.create_topic(place.owner, place.slug, title="早安", slug="morning")
    media_id = uploads.store_upload(place.ann, uploads.prepare_upload(_file(make.picture()), "post"))
    post_id = make.post(
        place, title="一 < 二 & \"三\" ]]>", body="看 [这里](/about)，<b>不是</b>粗体\n\n@x", topic_ids=[topic],
        media_ids=[media_id], alts=['窗"外'],
    )  # fmt: skip
    feed = feed_of(browser().get(f"/{place.slug}/feed.xml"))
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"http://localhost/{place.slug}/feed.xml", "alternate": f"http://localhost/{place.slug}"}
    assert feed.findtext(f"{ATOM}subtitle") == "每天一页"
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == '一 < 二 & "三" ]]>'
    assert entry.findtext(f"{ATOM}id") == f"tag:localhost,2024:posts/{post_id}"
    content = entry.findtext(f"{ATOM}content") or ""
    assert "&lt;b&gt;不是&lt;/b&gt;" in content
    assert f'src="http://localhost/media/{media_id}/thumb.webp"' in content
    assert not re.search(r'(?:href|src)="/', content)
    assert [each.get("term") for each in entry.findall(f"{ATOM}category")] == ["morning"]
    for required in ("updated", "published", "author", "link"):
        assert entry.find(f"{ATOM}{required}") is not None
    narrow = feed_of(browser().get(f"/{place.slug}/topics/morning/feed.xml"))
    assert len(narrow.findall(f"{ATOM}entry")) == 1
    assert narrow.findtext(f"{ATOM}id") != feed.findtext(f"{ATOM}id")
    for page in (f"/{place.slug}", f"/{place.slug}/topics/morning", f"/{place.slug}/posts/{post_id}"):
        assert 'type="application/atom+xml"' in browser().get(page).get_data(as_text=True)


@pytest.mark.parametrize("title", ["\x0b\x1f", "\ufffe\uffff", "<![CDATA[", "&#0;&amp;", "\u202e反", "😀" * 40, "]]>"])
def test_hostile_titles_and_bodies_leave_the_feed_well_formed(app: Flask, make: Make, browser: Any, title: str) -> None:
    place = make.place()
    post_id = make.post(place, body=f"{title} 早安")
    from circle.posts.models import Post

    _set(Post, post_id, {"title": title.replace("\x00", ""), "excerpt": title})  # also what an older version let in
    feed = feed_of(browser().get(f"/{place.slug}/feed.xml"))
    assert len(feed.findall(f"{ATOM}entry")) == 1


def test_the_newest_twenty_stand_in_the_feed_pinned_or_not(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    made = [make.post(place, body=f"第 {number} 条") for number in range(22)]
    operations.pin_post(place.mod, made[20], rank=1)
    operations.pin_post(place.mod, made[0], rank=1)
    operations.hide_post(place.mod, made[19], reason="off topic")
    feed = feed_of(browser(place.users["mod"]).get(f"/{place.slug}/feed.xml"))
    ids = [int((entry.findtext(f"{ATOM}id") or "").rpartition("/")[2]) for entry in feed.findall(f"{ATOM}entry")]
    assert ids == [made[21], made[20], *made[18:0:-1]]


def test_a_feed_is_sent_once_until_it_changes(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    make.post(place)
    path = f"/{place.slug}/feed.xml"
    first = browser().get(path)
    same = browser().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.get_data()) == (304, b"")
    with clock.at(clock.now() + timedelta(minutes=1)):
        make.post(place, body="新的")
    assert browser().get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_private_circle_has_no_feed_for_anybody(app: Flask, make: Make, browser: Any) -> None:
    place = make.place(visibility="private")
    topics.create_topic(place.owner, place.slug, title="早安", slug="morning")
    for user in (None, place.users["bob"], place.owner_user):
        assert browser(user).get(f"/{place.slug}/feed.xml").status_code == 404
        assert browser(user).get(f"/{place.slug}/topics/morning/feed.xml").status_code == 404
        assert "feed.xml" not in browser(user).get(f"/{place.slug}").get_data(as_text=True)
    assert browser().get("/nowhere/feed.xml").status_code == 404


def test_facts_cost_a_few_statements(app: Flask, make: Make, statements: list[str]) -> None:
    place = make.place()
    post_id, slug = make.post(place), place.slug
    statements.clear()
    queries.share_facts(post_id, slug)
    assert len(statements) <= 5
