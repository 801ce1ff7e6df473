"""What search engines are told of a question: complete, true, escaped, only of what is public, of nobody unnamed."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from circle.posts import operations as posts
from circle.qa import operations, queries
from circle.qa.structured_data import qa_page
from tests.factories import Actor, Make, actor_of
from tests.qa.questioning import accept, answer, ask

_BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def told(page: str) -> dict[str, Any] | None:
    """The data block of a page, None when it has none."""
    found = _BLOCK.findall(page)
    assert len(found) <= 1
    return json.loads(found[0]) if found else None


def test_a_public_question_is_told_with_its_answers(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place, title="读完就忘，怎么留住？", body="试过**划线**。")
    given, other = answer(place.bob, asked, "写三句话。"), answer(place.mod, asked, "讲给别人听。")
    operations.vote(place.ann, given, value=1)
    operations.vote(place.owner, given, value=1)
    accept(place.ann, asked, given)
    posts.like_post(place.bob, asked, on=True)
    page = browser().get(f"/{place.slug}/questions/{asked}").get_data(as_text=True)
    data = told(page)
    assert data is not None
    assert (data["@context"], data["@type"]) == ("https://schema.org", "QAPage")
    question = data["mainEntity"]
    assert question["url"].endswith(f"/{place.slug}/questions/{asked}")
    assert (question["name"], question["text"]) == ("读完就忘，怎么留住？", "试过划线。")
    assert (question["answerCount"], question["upvoteCount"]) == (2, 1)
    assert question["author"]["name"] == place.users["ann"].nickname
    accepted, suggested = question["acceptedAnswer"], question["suggestedAnswer"]
    assert (accepted["text"], accepted["upvoteCount"]) == ("写三句话。", 2)
    assert [one["text"] for one in suggested] == ["讲给别人听。"]
    # an address that leads to the answer on this page
    assert accepted["url"] == question["url"] + f"#answer-{given}"
    assert f'id="answer-{given}"' in page
    assert f'id="answer-{other}"' in page
    for moment in (question["datePublished"], accepted["datePublished"]):
        assert datetime.fromisoformat(moment).tzinfo is not None
    assert f'<link rel="canonical" href="{question["url"]}">' in page
    assert f'<meta property="og:url" content="{question["url"]}">' in page


def test_it_has_all_that_the_vocabularys_own_example_has(app: Flask, make: Make, shared_data: Path) -> None:
    place = make.place()
    asked = ask(place)
    given, _other = answer(place.bob, asked), answer(place.mod, asked)
    accept(place.ann, asked, given)
    visitor = Actor(id=None)
    row = queries.get_question(visitor, asked)
    ours = qa_page(row, queries.answer_page(visitor, row).items, "https://example.org")["mainEntity"]
    examples = json.loads((shared_data / "conformance/schemaorg/forum-examples.json").read_text(encoding="utf-8"))
    (example,) = (one["json"] for one in examples if "acceptedAnswer" in one["json"])
    _compare(example, ours)


def _compare(example: dict[str, Any], ours: dict[str, Any]) -> None:
    for key, value in example.items():
        if key == "@context":
            continue
        assert key in ours, key
        mine = ours[key][0] if isinstance(ours[key], list) else ours[key]
        if isinstance(value, dict):
            assert mine["@type"] == value["@type"]
            _compare(value, mine)
        elif key != "@type":
            assert mine != ""


def test_text_cannot_leave_the_data_block(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    evil = "</script><script>alert(1)</script><!-- & ' \" \u2028"
    asked = ask(place, title=f"x {evil}"[:80], body=evil)
    answer(place.bob, asked, f"`{evil}`")
    page = browser().get(f"/{place.slug}/questions/{asked}").get_data(as_text=True)
    assert "<script>alert" not in page
    data = told(page)
    assert data is not None
    assert data["mainEntity"]["suggestedAnswer"][0]["text"] == evil.replace("\u2028", " ").strip()


def test_what_is_not_public_is_not_told_and_not_to_be_found(app: Flask, make: Make, browser: Any) -> None:
    closed, open_ = make.place(visibility="private"), make.place()
    inside, hidden = ask(closed), ask(open_)
    posts.hide_post(open_.mod, hidden, reason="广告")
    for place, asked in ((closed, inside), (open_, hidden)):
        page = browser(place.users["ann"]).get(f"/{place.slug}/questions/{asked}").get_data(as_text=True)
        assert told(page) is None
        assert '<meta name="robots" content="noindex">' in page
        assert "og:description" not in page
    page = browser(open_.users["bob"]).get(f"/{open_.slug}/questions/{ask(open_)}").get_data(as_text=True)
    assert told(page) is None  # whoever is signed in is no search engine
    assert "noindex" not in page


def test_only_the_page_that_is_to_be_found_tells_it(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    answer(place.mod, asked)
    visitor = browser()
    for path in (f"/questions/{asked}?sort=newest", f"/answers/{given}", f"/posts/{asked}"):
        page = visitor.get(f"/{place.slug}{path}").get_data(as_text=True)
        assert told(page) is None
        assert re.search(rf'<link rel="canonical" href="[^"]+/{place.slug}/questions/{asked}">', page)


def test_nobody_unnamed_or_gone_is_an_author(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place, anonymous=True)
    answer(place.ann, asked, "后来我自己想通了。")
    answer(place.bob, asked, "慢慢来。")
    ann = place.users["ann"]
    page = browser().get(f"/{place.slug}/questions/{asked}").get_data(as_text=True)
    data = told(page)
    assert data is not None
    question = data["mainEntity"]
    assert "author" not in question
    named = {one["text"]: "author" in one for one in question["suggestedAnswer"]}
    assert named == {"后来我自己想通了。": False, "慢慢来。": True}
    block = json.dumps(data)
    assert ann.nickname not in block
    assert ann.username not in block
    assert str(actor_of(ann).id) not in block


def test_a_question_without_words_and_answers_is_told_by_its_title(app: Flask, make: Make) -> None:
    place = make.place()
    row = queries.get_question(Actor(id=None), ask(place, title="怎么早起？", body=""))
    told_ = qa_page(row, [], "https://example.org")["mainEntity"]
    assert (told_["text"], told_["answerCount"]) == ("怎么早起？", 0)
    assert "acceptedAnswer" not in told_
    assert "suggestedAnswer" not in told_
