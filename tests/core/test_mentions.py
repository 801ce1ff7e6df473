"""Which @names and #titles# in a text become links, and that a hostile text costs no more than another."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circle.core.markup import MAX_LENGTH, clean_text, render, render_with
from circle.core.mentions import MAX_NAMES, Link, candidates

NAMES = {name: Link(name, f"/@{name}") for name in ("文燕", "文燕燕", "alice", "ann-b", "bob_1")}
TAGS = {title: Link(title, "/ring/topics/x") for title in ("早安打卡", "C语言", "book club")}


def said(text: str) -> str:
    """The text as rendered, with links as [words]."""
    html = render_with(text, NAMES, TAGS).html
    for kind in ("mention", "hashtag"):
        for link in (*NAMES.values(), *TAGS.values()):
            html = html.replace(f'<a class="{kind}" href="{link.path}" rel="nofollow ugc noopener">', "[")
    return html.replace("</a>", "]").removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("谢谢@文燕的分享", "谢谢[@文燕]的分享"),
        ("@文燕燕来了", "[@文燕燕]来了"),
        ("@文燕，@文燕、(@alice)。", "[@文燕]，[@文燕]、([@alice])。"),
        ("好@alice的", "好[@alice]的"),
        ("@alice. @alice! @alice-", "[@alice]. [@alice]! [@alice]-"),
        ("@alicex @alice-b @alice_b @alice1", "@alicex @alice-b @alice_b @alice1"),
        ("@ann-b @bob_1的", "[@ann-b] [@bob_1]的"),
        ("@@alice", "@[@alice]"),
        ("a@alice 1@alice a_@alice a+@alice a/@alice", "a@alice 1@alice a_@alice a+@alice a/@alice"),
        ("**@alice** *@文燕*的 ~~@文燕~~", "<strong>[@alice]</strong> <em>[@文燕]</em>的 <s>[@文燕]</s>"),
        ("`@alice` \\@alice", "<code>@alice</code> @alice"),
        ("（@文燕）《@文燕》“@文燕”「@文燕」", "（[@文燕]）《[@文燕]》“[@文燕]”「[@文燕]」"),
        ("@文燕…@文燕——@文燕：好", "[@文燕]…[@文燕]——[@文燕]：好"),
        ("早。@alice，@alice。@alice！@alice？@alice、", "早。[@alice]，[@alice]。[@alice]！[@alice]？[@alice]、"),
        ("＠文燕 @ 文燕 @\u200b文燕", "＠文燕 @ 文燕 @\u200b文燕"),
        ("@аlice @аliсe", "@аlice @аliсe"),
        ("我@alice.com 给我写信to@alice", "我@alice.com 给我写信to@alice"),
        ("@nobody @.alice @", "@nobody @.alice @"),
        ("看#早安打卡#吧", "看[#早安打卡#]吧"),
        ("#早安打卡#早安打卡#", "[#早安打卡#]早安打卡#"),
        ("#没有##早安打卡#", "#没有#[#早安打卡#]"),
        ("C#语言# #C语言#", "C#语言# [#C语言#]"),
        ("# 早安打卡 #", "<h3>早安打卡</h3>"),
        ("#book club#", "[#book club#]"),
        ("`#早安打卡#` \\#早安打卡#", "<code>#早安打卡#</code> #早安打卡#"),
    ],
)
def test_what_is_a_link_and_what_is_not(text: str, shown: str) -> None:
    assert said(text) == shown


@pytest.mark.parametrize(
    "text", ["[@alice #早安打卡#](http://a.b)", "http://a.b/@alice", "<x@alice.cn>", "![@alice](/a)"]
)
def test_nothing_is_linked_inside_of_a_link(text: str) -> None:
    html = render_with(text, NAMES, TAGS).html
    assert "mention" not in html
    assert "hashtag" not in html


def test_who_was_found_is_told_in_order_without_repeats() -> None:
    found = render_with("@文燕 @alice @文燕 `@ann-b` #早安打卡#", NAMES, TAGS)
    assert (found.names, found.tags) == (("文燕", "alice"), ("早安打卡",))


def test_the_shown_name_is_the_one_of_the_link() -> None:
    html = render_with("@old", {"old": Link("new", "/@new")}, {}).html
    assert html == '<p><a class="mention" href="/@new" rel="nofollow ugc noopener">@new</a></p>'


def test_only_so_many_people_are_linked() -> None:
    names = {f"fan{letter}": Link(f"fan{letter}", f"/@fan{letter}") for letter in "abcdefghijklm"}
    found = render_with(" ".join(f"@{name}" for name in names) + " @fana", names, {})
    assert found.names == tuple(names)[:MAX_NAMES]
    assert found.html.count("<a ") == MAX_NAMES + 1


def test_without_names_everything_stays_text() -> None:
    assert render("@文燕 #早安打卡#") == "<p>@文燕 #早安打卡#</p>"


def test_candidates_are_every_beginning_that_can_be_a_name() -> None:
    assert candidates("谢谢@文燕的，a@b.com @ann-b x").names == ("文燕的", "文燕", "ann-b")
    assert candidates("#早安##晚安#\nC#x#").titles == ("早安", "晚安")
    assert candidates("nothing here") == candidates("")


TEXTS = st.text(st.sampled_from("@#文燕的aliceb-_. \n`*[]()"), max_size=60)


@given(TEXTS)
@settings(deadline=None)
def test_whatever_is_linked_was_a_candidate(text: str) -> None:
    asked = candidates(clean_text(text))
    found = render_with(text, NAMES, TAGS)
    assert set(found.names) <= set(asked.names)
    assert set(found.tags) <= set(asked.titles)


@pytest.mark.parametrize(
    "text",
    ["@", "#", "@a", "#a", "@文燕一二三四五六七八九十甲乙丙丁戊己庚辛", "[@alice", "@alice", "@alice的", "#早安打卡#",
     "*@alice*", "@_", "@a_", "@\u0301", "@#", "#@alice#"],
)  # fmt: skip
def test_a_long_hostile_text_takes_no_longer_than_another(text: str) -> None:
    whole = (text * MAX_LENGTH)[:MAX_LENGTH]
    started = time.process_time()
    candidates(whole)
    render_with(whole, NAMES, TAGS)
    assert time.process_time() - started < 2
