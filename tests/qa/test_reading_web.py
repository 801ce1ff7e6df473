"""The pages of questions as a browser without JavaScript sees them, and the fragments that htmx gets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.core import clock
from circle.core.db import db
from circle.posts import operations as posts
from circle.qa import operations
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.factories import Make, actor_of
from tests.qa.questioning import accept, answer, ask


def read(reader: Any, path: str, **options: Any) -> str:
    got = reader.get(path, **options)
    assert got.status_code == 200, (path, got.status_code)
    return str(got.get_data(as_text=True))


def fragment(reader: Any, path: str) -> str:
    return read(reader, path, headers={"HX-Request": "true"})


def cards(page: str) -> list[int]:
    return [int(id_) for id_ in re.findall(r'<article class="[^"]*" id="(?:post|answer)-(\d+)"', page)]


# ---- the page of a question ----------------------------------------------------------------------------------


def test_the_page_of_a_question_has_its_answers_the_accepted_one_first(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="读书笔记")
    asked = ask(place, title="读完就忘，怎么留住？", body="试过**划线**。", topic_ids=[topic])
    first, second = answer(place.bob, asked, "写三句话。"), answer(place.mod, asked, "讲给别人听。")
    accept(place.ann, asked, second)
    bob = browser(place.users["bob"])
    page = read(bob, f"/{place.slug}/questions/{asked}")
    assert len(re.findall("<h1", page)) == 1
    assert re.search(r"<h1[^>]*>读完就忘，怎么留住？</h1>", page)
    assert "<strong>划线</strong>" in page
    assert "读书笔记" in page
    assert cards(page) == [asked, second, first]
    assert page.count("data-accepted") == 1
    assert "<title>读完就忘，怎么留住？" in page
    assert f'href="/{place.slug}/posts/{asked}#comments"' in page
    assert cards(read(bob, f"/{place.slug}/questions/{asked}?sort=newest")) == [asked, second, first]


def test_answers_are_read_on_by_a_link_and_by_htmx(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked, start = ask(place), clock.now()
    given = []
    for number in range(23):
        with clock.at(start + timedelta(minutes=number + 1)):
            given.append(answer(actor_of(make.member(place.circle)), asked, f"第 {number} 个办法。"))
    visitor = browser()
    page = read(visitor, f"/{place.slug}/questions/{asked}")
    assert cards(page) == [asked, *given[:20]]
    more = re.search(r'class="btn btn-quiet more" href="([^"]+)"', page)
    assert more
    assert cards(read(visitor, more[1].replace("&amp;", "&"))) == [asked, *given[20:]]
    rest = fragment(visitor, more[1].replace("&amp;", "&"))
    assert cards(rest) == given[20:]
    assert "<html" not in rest
    damaged = visitor.get(f"/{place.slug}/questions/{asked}?cursor=x")
    assert damaged.status_code == 400


def test_each_reader_gets_the_forms_that_are_theirs_with_their_own_token(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    path = f"/{place.slug}/questions/{asked}"
    ann, mod = browser(place.users["ann"]), browser(place.users["mod"])
    tokens = {reader: reader.csrf_token() for reader in (ann, mod)}
    by_ann, by_mod = read(ann, path), read(mod, path)
    for page, reader, other in ((by_ann, ann, mod), (by_mod, mod, ann)):
        assert tokens[other] not in page
        found = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
        assert all(found)
        # each of them is good
        said = reader.post(f"/{place.slug}/answers/{given}/vote", {"csrf_token": found.pop(), "value": "1"})
        assert said.status_code == 303
    assert f'action="{path}/accept"' in by_ann
    assert f'action="{path}/accept"' not in by_mod
    assert f"/answers/{given}/hide" in by_mod
    assert f"/answers/{given}/hide" not in by_ann
    visitor = read(browser(), path)
    assert "csrf_token" not in re.sub(r'(?s)<form class="language".*?</form>', "", visitor)
    assert f"/login?next={path}" in visitor


def test_a_reader_of_their_own_drawing_sees_a_decision_at_once(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place)
    first, second = answer(place.bob, asked), answer(place.mod, asked)
    ann, path = browser(place.users["ann"]), f"/{place.slug}/questions/{asked}"
    versions = re.compile(r'/accept".*?name="version" value="(\d+)"', re.DOTALL)
    assert set(versions.findall(read(ann, path))) == {"1"}
    accept(place.ann, asked, first)
    assert set(versions.findall(read(ann, path))) == {"2"}
    accept(place.ann, asked, second)  # which lets the other one go, and so decides twice
    assert set(versions.findall(read(ann, path))) == {"4"}


def test_a_hidden_question_is_gone_for_others_and_says_why_to_its_asker(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    posts.hide_post(place.mod, asked, reason="与本圈无关")
    path = f"/{place.slug}/questions/{asked}"
    for reader in (browser(), browser(place.users["bob"])):
        assert reader.get(path).status_code == 404
        assert reader.get(f"/{place.slug}/answers/{given}").status_code == 404
    page = read(browser(place.users["ann"]), path)
    assert "与本圈无关" in page
    assert 'id="answer-form"' not in page
    assert browser().get(f"/{place.slug}/questions/{make.post(place)}").status_code == 404
    assert browser().get(f"/{place.slug}/questions/{2**63}").status_code == 404


def test_a_closed_question_and_a_duplicate_say_so_and_take_no_answers(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    first, second, third = (ask(place, title=title) for title in ("晨读读什么？", "早上读什么？", "连麦在哪里？"))
    operations.mark_duplicate(place.mod, second, of=first)
    operations.close_question(place.ann, third, reason="resolved")
    bob = browser(place.users["bob"])
    duplicate = read(bob, f"/{place.slug}/questions/{second}")
    assert f'href="/{place.slug}/questions/{first}"' in duplicate
    assert "晨读读什么？" in duplicate
    closed = read(bob, f"/{place.slug}/questions/{third}")
    for page in (duplicate, closed):
        assert 'class="banner"' in page
        assert 'id="answer-form"' not in page
    assert 'id="answer-form"' in read(bob, f"/{place.slug}/questions/{first}")


def test_one_answer_has_a_page_of_its_own(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.bob, asked)
    answer(place.mod, asked)
    page = read(browser(), f"/{place.slug}/answers/{given}")
    assert cards(page) == [given]
    assert f'href="/{place.slug}/questions/{asked}"' in page
    other = make.place()
    assert browser().get(f"/{other.slug}/answers/{given}").status_code == 404


def test_whoever_asked_without_a_name_is_named_on_no_page(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="心事")
    ann = make.member(place.circle, user=make.user("secretname", nickname="不愿留名的人"))
    asked = posts.publish_post(
        actor_of(ann), place.slug, type="question", title="说不出口的事", body="该怎么办？", anonymous=True,
        topic_ids=[topic],
    )  # fmt: skip
    mine = answer(actor_of(ann), asked, "谢谢大家。")
    answer(place.bob, asked)
    paths = (f"/questions/{asked}", f"/answers/{mine}", "/questions", "/questions?tab=active", f"/posts/{asked}", "",
             "/topics/" + _slug(topic))  # fmt: skip
    for reader in (browser(), *(browser(place.users[name]) for name in ("bob", "mod", "admin")),
                   browser(place.owner_user)):  # fmt: skip
        for path in paths:
            page = read(reader, f"/{place.slug}{path}")
            assert "不愿留名的人" not in page, path
            assert "secretname" not in page, path
            assert str(ann.id) not in page, path
    # and to themself it looks the same, where others might look on
    page = read(browser(ann), f"/{place.slug}/questions/{asked}")
    assert '<span class="name">不愿留名的人</span>' not in re.sub(r"(?s)<nav.*?</nav>", "", page)


def _slug(topic_id: int) -> str:
    return db.session.get_one(Topic, topic_id).slug


def test_what_could_not_be_done_is_told_on_the_page_and_what_was_typed_is_kept(
    app: Flask, make: Make, browser: Any
) -> None:
    place = make.place()
    asked = ask(place)
    given = answer(place.mod, asked)
    bob, path = browser(place.users["bob"]), f"/{place.slug}/questions/{asked}"
    refused = bob.post(f"/{place.slug}/answers/{given}/vote", {"value": "-1"})
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert page.count("data-errors") == 1
    assert cards(page) == [asked, given]
    operations.close_question(place.ann, asked, reason="resolved")
    late = bob.post(f"{path}/answers", {"body": "写了很久的回答"})
    assert late.status_code == 422
    page = late.get_data(as_text=True)
    assert "写了很久的回答" in page
    assert page.count("data-errors") == 1


# ---- lists and cards -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["newest", "active", "unanswered", "hot", "mine"])
def test_an_empty_list_says_so_and_what_to_do(app: Flask, make: Make, browser: Any, tab: str) -> None:
    place = make.place()
    page = read(browser(place.users["ann"]), f"/{place.slug}/questions?tab={tab}")
    assert 'class="card empty"' in page
    assert page.count('class="btn btn-primary" href="/') >= (0 if tab == "unanswered" else 1)
    assert 'id="questions"' in page
    # who may not post is not asked to
    assert "posts/new" not in read(browser(), f"/{place.slug}/questions")


def test_the_lists_are_pages_with_tabs_and_go_on(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    made = [ask(place, title=f"第 {number} 个问题") for number in range(23)]
    made.sort(reverse=True)
    bob = browser(place.users["bob"])
    page = read(bob, f"/{place.slug}/questions")
    assert cards(page) == made[:20]
    assert f'href="/{place.slug}/posts/new?type=question"' in page
    more = re.search(r'class="btn btn-quiet more" href="([^"]+)"', page)
    assert more
    rest = fragment(bob, more[1].replace("&amp;", "&"))
    assert cards(rest) == made[20:]
    assert "<html" not in rest
    assert read(bob, f"/{place.slug}/questions?tab=nonsense")
    assert bob.get(f"/{place.slug}/questions?cursor=x").status_code == 400
    assert browser().get(f"/{place.slug}/questions?tab=mine").status_code == 303


def test_ones_own_list_is_ones_own(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    unnamed = ask(place, anonymous=True)
    other = ask(place, "bob", title="别人的问题")
    assert cards(read(browser(place.users["ann"]), f"/{place.slug}/questions?tab=mine")) == [unnamed]
    assert cards(read(browser(place.users["bob"]), f"/{place.slug}/questions?tab=mine")) == [other]


def test_a_question_is_a_card_of_its_own_wherever_posts_are_listed(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="读书笔记")
    asked = ask(place, topic_ids=[topic])
    given = answer(place.bob, asked, "先合上书，写三句话。")
    posts.favorite_post(place.mod, asked, on=True)
    mod = browser(place.users["mod"])
    ann = place.users["ann"].username
    lists = (f"/{place.slug}", f"/{place.slug}?sort=active", f"/{place.slug}/topics/{_slug(topic)}", f"/@{ann}",
             "/me/favorites", f"/{place.slug}/questions")  # fmt: skip
    for path in lists:
        page = read(mod, path)
        assert "question-card" in page, path
        assert f'href="/{place.slug}/questions/{asked}"' in page, path
        assert "先合上书，写三句话。" in page, path
        assert "data-accepted" not in page, path
    accept(place.ann, asked, given)
    for path in lists:
        assert "data-accepted" in read(mod, path), path


def test_the_circle_leads_to_its_questions(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    ask(place)
    for reader in (browser(), browser(place.users["ann"])):
        page = read(reader, f"/{place.slug}")
        assert page.count(f'href="/{place.slug}/questions"') >= 2  # the tab, and the menu beside


def test_the_discussion_of_a_question_leads_to_its_answers(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place, body="想听听大家的建议。")
    answer(place.bob, asked)
    posts.write_comment(place.mod, asked, body="我也想知道")
    page = read(browser(place.users["bob"]), f"/{place.slug}/posts/{asked}")
    assert "我也想知道" in page
    assert "想听听大家的建议。" in page
    assert f'class="btn btn-soft" href="/{place.slug}/questions/{asked}"' in page


def test_asking_the_same_leads_back_to_the_question(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    asked = ask(place)
    bob, path = browser(place.users["bob"]), f"/{place.slug}/questions/{asked}"
    page = read(bob, path)
    assert f'form="same-{asked}"' in page
    assert f'id="same-{asked}"' in page
    said = bob.post(f"/{place.slug}/posts/{asked}/like", {"on": "1"})
    assert (said.status_code, said.location) == (303, f"{path}#post-{asked}")
    part = bob.post(f"/{place.slug}/posts/{asked}/like", {"on": "0"}, htmx=True).get_data(as_text=True)
    assert f'id="same-{asked}"' in part
    assert 'aria-pressed="false"' in part
    kept = bob.post(f"/{place.slug}/posts/{asked}/favorite", {"on": "1"})
    assert kept.location == f"{path}#post-{asked}"
    assert "form=" not in re.sub(r"(?s)<nav.*?</nav>", "", read(browser(place.users["ann"]), path))


# ---- what it costs -------------------------------------------------------------------------------------------


def test_a_page_with_twenty_answers_costs_few_statements(
    app: Flask, make: Make, browser: Any, statements: list[str]
) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="读书笔记")
    asked = ask(place, topic_ids=[topic])
    for _number in range(20):
        answer(actor_of(make.member(place.circle)), asked)
    path = f"/{place.slug}/questions/{asked}"

    def cost(reader: Any, address: str = path) -> int:
        read(reader, address)
        statements.clear()
        page = read(reader, address)
        assert page
        return len(statements)

    assert cost(browser(place.users["bob"])) <= 6
    assert cost(browser(place.users["ann"])) <= 6
    assert cost(browser(place.owner_user)) <= 6  # also whether whoever asked is still there
    assert cost(browser()) <= 4
    assert cost(browser(place.users["bob"]), f"/{place.slug}/questions") <= 5
    assert cost(browser(place.users["bob"]), f"/{place.slug}") <= 6
