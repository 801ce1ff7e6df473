"""Member text becomes safe HTML, whatever the text; and reads as its author meant it."""

import functools
import importlib.util
import json
import os
import re
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circle.core.markup import MAX_LENGTH, clean_line, clean_text, excerpt, plain_text, render
from tests import patience

html5lib = pytest.importorskip("html5lib")

SHARED = Path(os.environ.get("CIRCLE_SHARED") or Path(__file__).resolve().parents[3] / "shared")

# ------------------------------------------------------------------ what may come out at all

PLAIN_TAGS = "p br hr h3 h4 h5 h6 ul li blockquote pre code strong em s table thead tbody tr"
ALLOWED: dict[str, set[str]] = {tag: set() for tag in PLAIN_TAGS.split()}
ALLOWED |= {"a": {"href", "rel"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
TARGET = re.compile(r"(?:https?://[^/\\]|mailto:|/(?![/\\]))", re.IGNORECASE)


@functools.cache
def _invariant_check() -> Callable[[str], list[str]] | None:
    path = SHARED / "data/adversarial/invariant_check.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("invariant_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    violations: Callable[[str], list[str]] = module.violations
    return violations


def violations(html: str) -> list[str]:
    """List what a browser would find in `html` that `render` never writes."""
    found = []
    for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        tag = element.tag
        if tag == "DOCUMENT_FRAGMENT":
            continue
        if tag not in ALLOWED:
            found.append(f"element {tag}")
            continue
        found += [f"attribute {name}" for name in element.attrib if name not in ALLOWED[tag]]
        if tag == "a":
            if not TARGET.match(element.attrib.get("href", "")):
                found.append(f"target {element.attrib.get('href')}")
            if element.attrib.get("rel") != "nofollow ugc noopener":
                found.append("link without rel")
    others = _invariant_check()
    return found + (others(html) if others else [])


def shared(path: str) -> str:
    """Return the text of a file of the shared data, or skip the test if there is none."""
    file = SHARED / "data" / path
    if not file.exists():
        pytest.skip(f"shared data without {path} (set CIRCLE_SHARED to the folder that holds it)")
    return file.read_text(encoding="utf-8")


def shared_json(path: str) -> Any:
    return json.loads(shared(path))


# ------------------------------------------------------------------ reading as meant


def _link(href: str, words: str | None = None) -> str:
    return f'<a href="{href}" rel="nofollow ugc noopener">{words or href}</a>'


def test_a_newline_of_the_author_is_a_newline() -> None:
    assert render("第一行\n第二行") == "<p>第一行<br>\n第二行</p>"


def test_paragraphs_lists_quotes_and_code_render() -> None:
    assert render("一\n\n二") == "<p>一</p>\n<p>二</p>"
    assert render("- 一\n- 二") == "<ul>\n<li>一</li>\n<li>二</li>\n</ul>"
    assert render("3. 三\n4. 四") == '<ol start="3">\n<li>三</li>\n<li>四</li>\n</ol>'
    assert render("> 引") == "<blockquote>\n<p>引</p>\n</blockquote>"
    assert render("```py\na < b\n```") == "<pre><code>a &lt; b\n</code></pre>"
    assert render("**粗** *斜* ~~删~~ `码`") == "<p><strong>粗</strong> <em>斜</em> <s>删</s> <code>码</code></p>"


@pytest.mark.parametrize(("source", "tag"), [("# 题", "h3"), ("## 题", "h4"), ("### 题", "h5"), ("###### 题", "h6")])
def test_headings_stay_below_those_of_the_page(source: str, tag: str) -> None:
    assert render(source) == f"<{tag}>题</{tag}>"


def test_a_table_renders_with_its_alignment() -> None:
    html = render("|歌|票|\n|:-|-:|\n|甲|12|")
    assert '<th align="left">歌</th>' in html
    assert '<td align="right">12</td>' in html
    assert violations(html) == []


def test_dashes_make_no_heading_of_the_line_above_and_indentation_no_code() -> None:
    assert render("上\n---\n下") == "<p>上</p>\n<hr>\n<p>下</p>"
    assert render("    缩进的一段") == "<p>缩进的一段</p>"


# fmt: off
EMPHASIS = [
    ("**注意：**请看", "<strong>注意：</strong>请看"), ("这是**“重点”**啊", "这是<strong>“重点”</strong>啊"),
    ("他说**《书》**好看", "他说<strong>《书》</strong>好看"), ("~~原价：~~现价", "<s>原价：</s>现价"),
    ("*（附注）*后", "<em>（附注）</em>后"), ("2 * 3 * 4", "2 * 3 * 4"), ("snake_case_name", "snake_case_name"),
]
# fmt: on


@pytest.mark.parametrize(("source", "inner"), EMPHASIS)
def test_emphasis_works_next_to_chinese_without_spaces(source: str, inner: str) -> None:
    assert render(source) == f"<p>{inner}</p>"


def test_raw_html_and_entities_are_shown_as_typed() -> None:
    assert render("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    assert render("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert render("&nbsp;&#x202e;") == "<p>&amp;nbsp;&amp;#x202e;</p>"


def test_a_picture_by_url_becomes_a_link_to_it() -> None:
    assert render("![图](https://e.org/a.png)") == f"<p>{_link('https://e.org/a.png', '图')}</p>"
    assert render("![](https://e.org/a.png)") == f"<p>{_link('https://e.org/a.png')}</p>"
    assert render("[![图](https://e.org/a.png)](/x)") == f"<p>{_link('/x', '图')}</p>"


def test_a_link_without_words_shows_its_address_and_one_without_address_is_none() -> None:
    assert render("[](/about)") == f"<p>{_link('/about')}</p>"
    assert render("[词]()") == "<p>词</p>"


def test_a_line_that_looks_like_a_reference_does_not_vanish() -> None:
    assert "[通知]" in plain_text(render("[通知]: https://e.org/"))


# ------------------------------------------------------------------ links

# fmt: off
ALLOWED_TARGETS = ["https://e.org/", "http://e.org", "HTTPS://e.org/x", "mailto:a@e.org", "/c/abc", "/", "/%5Ce.org"]
REFUSED_TARGETS = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java&#115;cript:alert(1)", "&#x6A;avascript:alert(1)", "tel:1",
    "data:text/html,x", "data:image/png;base64,AA", "vbscript:x", "file:///etc/passwd", "ftp://e.org/", "?q=1",
    "//evil.org", "///evil.org", "https:///evil.org", "https:evil.org", "https:\\\\evil.org", "relative", "#here",
    "<java\tscript:alert(1)>", "\x01javascript:alert(1)", "<  javascript:alert(1)>", "https://%09/evil.org",
]
NO_BARE_URLS = [
    "`https://e.org`", "```\nhttps://e.org\n```", "xhttps://e.org", "https://", "http://。", "https:/e.org",
    "javascript://e.org/%0aalert(1)", "data:text/html,hi", "ftp://e.org", "www.e.org",
]
BARE_URLS = [
    ("看https://e.org/a，后面", "https://e.org/a"), ("看https://e.org/a后面", "https://e.org/a"),
    ("（https://e.org/a）", "https://e.org/a"), ("见 https://e.org/a。", "https://e.org/a"),
    ("https://e.org/a.", "https://e.org/a"), ("https://e.org/a?b=1&c=2!", "https://e.org/a?b=1&amp;c=2"),
    ("(https://e.org/a)", "https://e.org/a"), ("(see https://e.org/a).", "https://e.org/a"),
    ("https://e.org/A_(b)", "https://e.org/A_(b)"), ("https://e.org/A_(b)).", "https://e.org/A_(b)"),
    ("“https://e.org/a?”", "https://e.org/a"), ("**https://e.org/a**", "https://e.org/a"),
    ("~~https://e.org/a~~", "https://e.org/a"), ("http://e.org:8080/#x;", "http://e.org:8080/#x"),
    ("https://e.org/[1]", "https://e.org/"), ("https://e.org/\u3000后", "https://e.org/"),
]
# fmt: on


@pytest.mark.parametrize("target", ALLOWED_TARGETS)
def test_allowed_targets_link(target: str) -> None:
    assert render(f"[x]({target})") == f"<p>{_link(target, 'x')}</p>"
    assert 'href="/%5Ce.org"' in render("[x](/\\e.org)"), "a browser would read /\\e.org as another site"


@pytest.mark.parametrize("target", REFUSED_TARGETS)
def test_other_targets_do_not_link(target: str) -> None:
    for source in (f"[x]({target})", f"![x]({target})", f"<{target}>", f"[x]: {target}\n\n[x]"):
        html = render(source)
        assert violations(html) == []
        assert not re.search(r'href="(?!https?://[a-z]|mailto:)', html, re.IGNORECASE)


@pytest.mark.parametrize(("source", "url"), BARE_URLS)
def test_a_bare_url_links_and_ends_where_the_sentence_goes_on(source: str, url: str) -> None:
    html = render(source)
    assert _link(url) in html
    assert html.count("<a ") == 1
    assert plain_text(html) == source.replace("**", "").replace("~~", "").replace("\u3000", " ")


@pytest.mark.parametrize("source", NO_BARE_URLS)
def test_code_and_other_things_are_not_auto_linked(source: str) -> None:
    assert "<a " not in render(source)


def test_a_url_inside_a_link_makes_no_second_link() -> None:
    assert render("[https://a.org/](https://b.org/)") == f"<p>{_link('https://b.org/', 'https://a.org/')}</p>"
    assert render("<https://a.org/>") == f"<p>{_link('https://a.org/')}</p>"


def test_the_address_shown_is_the_one_typed() -> None:
    assert plain_text(render("<https://xn--e1awd7f.com/%E2%80%AE>")) == "https://xn--e1awd7f.com/%E2%80%AE"


# ------------------------------------------------------------------ limits


def test_a_longer_text_is_refused() -> None:
    assert render("字" * MAX_LENGTH)
    with pytest.raises(ValueError, match="too_long"):
        render("字" * (MAX_LENGTH + 1))


def test_an_oversized_table_stays_text() -> None:
    assert "<table" not in render("|a" * 90 + "\n" + "|-" * 90 + "\n" + "a\n" * 500)


def test_threads_share_the_parser() -> None:
    sources = [f"**{n}** https://e.org/{n} ~~x~~\n\n|a|b|\n|-|-|\n|{n}|2|" for n in range(200)]
    found = patience.at_once(lambda first: [render(source) for source in sources[first::8]], range(8))
    assert found == [[render(source) for source in sources[first::8]] for first in range(8)]


def _filled(pattern: str) -> str:
    return (pattern * (MAX_LENGTH // len(pattern) + 1))[:MAX_LENGTH]


# fmt: off
OWN_PATTERNS = [
    "[[]", "[![]", "![](", "[a](/b", "[a](/b)", "<b>", "<b-b>", "https://a", "https://a)", "https://a ", "&a;", "~~*_",
    "> * ", "-\n- ", "a|b\n-|-\n\n", "-|-\n", "\\[", "<http://a", "**重：**", "``a`", "[a\n", "\ufb2c", "# a\n",
]
# fmt: on
OWN_ATTACKS = {pattern: _filled(pattern) for pattern in OWN_PATTERNS} | {
    "wide table": "|a" * 250 + "\n" + "|-" * 250 + "\n" + "a|\n" * 6000,
    "nested images": "![" * 2000 + "a" + "](/u)" * 2000,
    "links before many brackets": "[[]" * 6000 + "](/u)",
    "closing parentheses": "https://a" + ")" * 19_000,
    "spaces before a word": " " * (MAX_LENGTH - 1) + "x",
    "backticks": "".join("e" + "`" * n for n in range(1, 200)),
    "nested lists": "".join("  " * n + "* a\n" for n in range(140)),
    "zalgo": "a" + "\u0301" * (MAX_LENGTH - 1),
    "family": "\U0001f468\u200d" * (MAX_LENGTH // 2),
}


def _render_in_time(source: str) -> None:
    start = time.perf_counter()
    html = render(source[:MAX_LENGTH])
    assert time.perf_counter() - start < 2
    assert violations(html) == []


@pytest.mark.parametrize("name", OWN_ATTACKS)
def test_hostile_patterns_render_in_time(name: str) -> None:
    _render_in_time(OWN_ATTACKS[name])


def test_the_pathological_generators_render_in_time() -> None:
    cases = shared_json("conformance/markdown/pathological-generators.json")["cases"]
    assert len(cases) >= 14
    for case in cases:
        room = MAX_LENGTH - len(case["prefix"]) - len(case["middle"])
        times = min(case["times"], room // (len(case["repeat"]) + len(case["after_repeat"])))
        _render_in_time(case["prefix"] + case["repeat"] * times + case["middle"] + case["after_repeat"] * times)


# ------------------------------------------------------------------ hostile input of others


def _lines(path: str) -> Callable[[], list[str]]:
    return lambda: [line for line in shared(path).split("\n") if line]


def _field(path: str, name: str) -> Callable[[], list[str]]:
    return lambda: [str(json.loads(line)[name]) for line in shared(path).splitlines() if line.strip()]


PAYLOADS: dict[str, Callable[[], list[str]]] = {
    "xss-payloads": _lines("adversarial/html/xss-payloads.txt"),
    "markdown-xss": _lines("adversarial/html/markdown-xss.txt"),
    "sanitizer-cases": _field("adversarial/html/sanitizer-cases.jsonl", "in"),
    "html5lib-tokenizer": _field("adversarial/html/html5lib-tokenizer.jsonl", "in"),
    "svg-attacks": _field("adversarial/html/svg-attacks.jsonl", "svg"),
    "naughty-strings": lambda: list(shared_json("adversarial/strings/blns.json")),
    "open-redirects": _lines("adversarial/urls/open-redirect.txt"),
    "markdown-it": lambda: [case["markdown"] for case in shared_json("conformance/markdown/markdown-it-fixtures.json")],
    "commonmark": lambda: [case["markdown"] for case in shared_json("conformance/markdown/commonmark-0.31.2.json")],
    "gfm": lambda: [case["markdown"] for case in shared_json("conformance/markdown/gfm-extensions.json")],
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_payload_of_others_gets_through(name: str) -> None:
    payloads = PAYLOADS[name]()
    assert payloads
    for payload in payloads:
        text = payload[:15_000]
        for source in (text, f"[x]({text})", f"[x](<{text}>)", f"<{text}>", f"> - `{text}\n\n{text}", f"[{text}](/ok)"):
            html = render(source)
            assert violations(html) == [], source
            assert "\n" not in excerpt(html)


# fmt: off
OWN_PAYLOADS = [
    "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "[a](javascript:alert`1`)", "[a](j\navascript:alert(1))",
    '[a](https://e.org/"onmouseover="alert(1))', '[a](<https://e.org/" onclick="alert(1)>)',
    '[a](/x "title" onclick=alert(1))', "![a](javascript:alert(1))", '![a"onerror="alert(1)](https://e.org/x)',
    "<javascript:alert(1)>", "<https://e.org/'onclick='alert(1)>", '``` "onclick=alert(1)\nx\n```',
    "https://e.org/<script>alert(1)</script>", "|<script>|\n|-|\n|<img/src onerror=alert(1)>|",
    "</p></div><script>alert(1)</script>", "<!--><script>alert(1)</script>-->",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "[a]: javascript:alert(1)\n\n[a]",
    "<a href='javascript:alert(1)'>x</a>", "# <iframe src=//e.org>",
]
# fmt: on


@pytest.mark.parametrize("payload", OWN_PAYLOADS)
def test_no_payload_of_ours_gets_through(payload: str) -> None:
    assert violations(render(payload)) == []


def test_the_check_itself_sees_what_is_wrong() -> None:
    for html in ("<script>x</script>", "<p onclick=x>", "<a href=javascript:x>", "<img src=x>", "<p class=x>"):
        assert violations(html), html


def test_emphasis_of_commonmark_is_kept_where_no_chinese_is() -> None:
    cases = shared_json("conformance/markdown/commonmark-0.31.2.json")
    compared = 0
    for case in cases:
        plain = not re.search(r"[<&]|!\[|\]:|\]\(", case["markdown"]) and "\u00a0" not in case["markdown"]
        if case["section"] == "Emphasis and strong emphasis" and plain:
            compared += 1
            expected = case["html"].replace("&quot;", '"').strip()
            assert render(case["markdown"]).replace("<br>\n", "\n") == expected, case["example"]
    assert compared > 100


# ------------------------------------------------------------------ any text whatever

# fmt: off
FRAGMENTS = [
    "**", "*", "_", "~~", "`", "```\n", "[", "](", ")", "![", "<", ">", "|", "\n|-|-|\n", "\n", "\n\n", "# ", "- ",
    "1. ", "> ", "https://e.org/", "javascript:", "，", "中", "a", " ", "\\", "&#106;", "&amp;", '"', "'", "\u0301",
    "\u200d", "\U0001f468", "\ufe0f", "\u202e", "\x00", "\ud800", "\u200b", "\r", "\u2028", "@", "#", "/", ":",
]
# fmt: on
messy = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
surrogates = st.text(st.characters(codec=None), max_size=50)
anything = st.one_of(messy, surrogates, st.lists(st.one_of(messy, surrogates), max_size=4).map("".join))


@settings(max_examples=400, deadline=None)
@given(anything)
def test_any_text_renders_without_a_violation(text: str) -> None:
    html = render(text)
    assert violations(html) == []
    html.encode()
    assert html == render(clean_text(text))
    plain_text(html).encode()


@settings(max_examples=400, deadline=None)
@given(anything)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    once.encode()
    assert unicodedata.is_normalized("NFC", once)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|[ \t]\n|\n{4}", once)
    line = clean_line(text)
    assert clean_line(line) == line
    assert line == " ".join(line.split())


@settings(max_examples=300, deadline=None)
@given(anything, st.integers(1, 60))
def test_an_excerpt_is_one_line_within_its_limit(text: str, limit: int) -> None:
    short = excerpt(text, limit)
    assert len(short) <= limit + 1
    assert "\n" not in short
    short.encode()


# ------------------------------------------------------------------ plain characters


# fmt: off
TEXTS = [
    ("a\r\nb\rc\u2028d", "a\nb\nc\nd"), ("e\u0301", "é"), ("a\x00b\x07c\td", "abc\td"),
    ("abc\u202egpj.exe\u2066", "abcgpj.exe"), ("a  \nb\u3000\n", "a\nb"), ("a\n\n\nb", "a\n\n\nb"),
    ("a\n\n\n\n\n \n\nb", "a\n\n\nb"), ("\n\n  a", "  a"), ("a\ud800b", "a\ufffdb"), ("\ufeff# a", "# a"),
    ("x" + "\u0323" * 40 + "y", "x" + "\u0323" * 8 + "y"),
]
# fmt: on


@pytest.mark.parametrize(("raw", "clean"), TEXTS)
def test_text_is_stored_in_one_form(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
# fmt: off
LINES = [
    ("  小\u3000明\n\t同学 ", "小 明 同学"), ("管\u200b理\u2060员", "管理员"), ("ad\u00admin\u200e", "admin"),
    (FAMILY, FAMILY), ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"), ("a\u200db", "ab"),
    ("\U0001f468\u200d", "\U0001f468"), ("\u200b\u3164\u2800\ufe0f \u200d", ""),
    ("\u200d\ufe00", ""), ("e\u200b\u0301", "é"),
]
# fmt: on


@pytest.mark.parametrize(("raw", "clean"), LINES)
def test_a_one_line_field_has_single_spaces_and_nothing_invisible(raw: str, clean: str) -> None:
    assert clean_line(raw) == clean


def test_plain_text_has_a_line_for_each_block() -> None:
    html = render("# 题\n\n一 **二**\n三\n\n- 甲\n- 乙 < 丙\n\n|a|b|\n|-|-|\n|1|2|")
    assert plain_text(html) == "题\n一 二\n三\n甲\n乙 < 丙\na\nb\n1\n2"
    assert plain_text("<p>a<script>x</script>b</p>") == "ab"


def test_an_excerpt_comes_from_html_and_from_markdown_alike() -> None:
    source = "# 题\n\n看 **这个** [链接](https://e.org/)\n`a<b>`"
    assert excerpt(source) == excerpt(render(source)) == "题 看 这个 链接 a<b>"


def test_an_excerpt_does_not_part_what_shows_as_one() -> None:
    assert excerpt("一二三四五", 5) == "一二三四五"
    assert excerpt("一二三四五六", 5) == "一二三四五…"
    assert excerpt(f"一二{FAMILY}三", 4) == "一二…"
    assert excerpt("abx\u0323\u0323d", 3) == "ab…"
    assert excerpt("a\U0001f44b\U0001f3fdb", 2) == "a…"
    assert excerpt("\U0001f1e8\U0001f1f3\U0001f1fa\U0001f1f8", 3) == "\U0001f1e8\U0001f1f3…"
    assert excerpt("word " * 100, 9) == "word word…"
