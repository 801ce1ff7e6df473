r"""What members write (Markdown) becomes safe HTML, once, when it is saved.

Three layers, each enough on its own against script: the parser never passes raw HTML through, it
refuses every link target but the few kinds named in `_ALLOWED_TARGET`, and nh3 keeps only the tags
and attributes listed in `_CLEANER`.

The Markdown is a subset of CommonMark with tables and ~~strikethrough~~. Left out, because in a
community's posts they surprise more than they help: indented code (members indent paragraphs),
underlined headings (a line of dashes is a divider), reference definitions (the line would vanish),
and entities (`&nbsp;` is what the member typed; besides, `&#x202e;` would bring back the very
characters `clean_text` removes). A newline is a newline.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, emphasis, link, strikethrough
from markdown_it.token import Token

from circle.core import mentions
from circle.core.mentions import CJK, Link

#: Longest source `render` takes, in characters. The parser's worst cases grow with the square of it.
MAX_LENGTH: Final = 20_000

# --------------------------------------------------------------------------- plain characters

_SURROGATES = re.compile("[\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?|[\u2028\u2029]")
# C0 but tab and newline, DEL, C1; the controls that reorder text (a name or link could read as
# another one); and the byte order mark that pasted files bring along.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_MAX_MARKS: Final = 8

# Letters and controls that show nothing: soft hyphen, grapheme joiner, Arabic letter mark, Hangul
# fillers, Khmer inherent vowels, Mongolian separators, zero-width spaces and non-joiner, direction
# marks, word joiner and invisible operators, blank Braille, interlinear anchors, tag characters.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SELECTOR = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_LONE_SELECTOR = re.compile(rf"(?:^|(?<=\s)){_SELECTOR}+|(?<={_SELECTOR}){_SELECTOR}+")
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _cap_marks(text: str) -> str:
    """Cut what exceeds eight combining marks on one base ("Zalgo" text covers its neighbours)."""
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if char > "\u02ff" and _is_mark(char) else 0
        if run <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def clean_text(text: str) -> str:
    """Return member input in the one form that is stored: NFC, `\\n` lines, no control characters.

    Lone surrogates become U+FFFD, bidi embeddings, overrides and isolates are dropped, more than
    eight marks on one base are cut, whitespace at line ends goes, blank lines at either end go, and
    at most two stay in between. Idempotent. NFC may lengthen a text, so check its length afterwards.
    """
    text = _SURROGATES.sub("\ufffd", text)
    text = _UNWANTED.sub("", _NEWLINES.sub("\n", text))
    text = _cap_marks(unicodedata.normalize("NFC", text))
    # Line by line: a regular expression for "spaces before a line end" is quadratic on long runs.
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n")


def clean_line(text: str) -> str:
    """Return a one-line field (nickname, title): `clean_text`, single spaces, nothing invisible.

    Zero-width characters go, but the joiners and selectors inside an emoji sequence stay. A field
    of such characters only comes back empty, so the caller's "required" check sees it. Idempotent.
    """
    while True:
        line = _INVISIBLE.sub("", clean_text(text))
        line = " ".join(_LONE_JOINER.sub("", _LONE_SELECTOR.sub("", line)).split())
        if line == text:
            return line
        # Once more, because removing characters brings others together: e + ZWSP + acute is é.
        text = line


# --------------------------------------------------------------------------- what may come out

# The tags that start a line. (br does, for `plain_text`.)
_LINE_TAGS = {"p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre"}
_LINE_TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
_ALIGN: Final = {"align": {"left", "center", "right"}}
_CLEANER = nh3.Cleaner(
    tags=_LINE_TAGS | {"a", "strong", "em", "s", "code"},
    attributes={"a": {"href"}, "ol": {"start"}, "*": set()},  # "*": else title and lang are allowed
    allowed_classes={"a": {"mention", "hashtag"}},
    tag_attribute_values={"th": _ALIGN, "td": _ALIGN},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow ugc noopener",
)


# --------------------------------------------------------------------------- parser rules

# The text rule stops at markdown-it's own terminators (@ and # among them) and before a bare URL.
_STOP = re.compile(r"[\n!#$%&*+\-:<=>@\[\\\]^_`{}~]|https?://", re.IGNORECASE)
# Only ASCII, so that a URL ends where Chinese begins; no * or brackets, which belong to Markdown.
_URL = re.compile(r"https?://[a-z0-9][a-z0-9\-._~:/?#@!$&'()+,;=%]*", re.IGNORECASE)
_URL_TAIL: Final = ".,!?;:'_~"
# "//host" and "/\host" are other sites to a browser. `https:///host` is too, hence a host at once.
_ALLOWED_TARGET = re.compile(r"https?://[^/\\?#\s]|mailto:[^\s]|/(?![/\\])", re.IGNORECASE)


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (markdown-it's name)
        if not _ALLOWED_TARGET.match(url):
            return False
        # nh3 parses addresses as browsers do; one that it drops had better stay text than be a dead link.
        return " href=" in _CLEANER.clean(f'<a href="{html.escape(url)}">x</a>')

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        # Decoding %E2%80%AE or xn-- for show would let a link look like another one.
        return link


def _trim_url(url: str) -> str:
    """Return `url` without the punctuation of the sentence around it, keeping balanced parentheses."""
    opened, closed, end = url.count("("), url.count(")"), len(url)
    while end:
        last = url[end - 1]
        if last == ")" and closed > opened:
            closed -= 1
        elif last == "(":
            opened -= 1
        elif last not in _URL_TAIL:
            break
        end -= 1
    return url[:end]


def _bare_url(state: StateInline, silent: bool) -> bool:
    pos = state.pos
    if state.linkLevel > 0 or state.src[pos] not in "hH":
        return False
    match = _URL.match(state.src, pos, state.posMax)
    if match is None or (pos and state.src[pos - 1].isascii() and state.src[pos - 1].isalnum()):
        return False
    url = _trim_url(match[0])
    href = state.md.normalizeLink(url)
    if not state.md.validateLink(href):
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos += len(url)
    return True


def _link(state: StateInline, silent: bool) -> bool:
    # Without this, each of thousands of "[" would scan to the end of its paragraph. (Reference
    # definitions are off, so every link has a "](". The method only caches an rfind.)
    if state.src[state.pos] == "[" and state.html_terminator_last("](") < state.pos:
        return False
    return link(state, silent)


def _image_as_link(state: StateInline, silent: bool) -> bool:
    """`![words](url)` links to the picture: one embedded by URL would report readers to its host."""
    bang = state.pos
    if not state.src.startswith("![", bang):
        return False
    state.pos = bang + 1
    if silent or not state.linkLevel:
        if _link(state, silent):
            return True
        state.pos = bang
        return False
    # Inside a link there can be no second one: only the words stay.
    label_end = state.md.helpers.parseLinkLabel(state, bang + 1, True)
    if label_end < 0 or not _link(state, True):
        state.pos = bang
        return False
    after, maximum = state.pos, state.posMax
    state.pos, state.posMax = bang + 2, label_end
    state.level += 1  # nothing is pushed here, and this is what bounds the recursion
    state.md.inline.tokenize(state)
    state.level -= 1
    state.pos, state.posMax = after, maximum
    return True


def _flanking(state: StateInline, start: int, end: int) -> tuple[bool, bool]:
    """Return whether the run of markers `src[start:end]` may open, and may close, emphasis.

    CommonMark's rule with East Asian characters, punctuation included, counting as letters that
    markers may touch. The plain rule needs a space on one side, so `**注意!**请看` stays unbold.
    """
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    cjk_before, cjk_after = (bool(CJK.match(c)) or ord(c) >= 0x20000 for c in (before, after))
    hard_before = not cjk_before and (isMdAsciiPunct(ord(before)) or isPunctChar(before))
    hard_after = not cjk_after and (isMdAsciiPunct(ord(after)) or isPunctChar(after))
    opens = not space_after and (not hard_after or space_before or hard_before or cjk_before)
    closes = not space_before and (not hard_before or space_after or hard_after or cjk_after)
    return opens, closes


def _emphasis(state: StateInline, silent: bool) -> bool:
    start, known = state.pos, len(state.delimiters)
    matched = emphasis.tokenize(state, silent)
    if matched and state.src[start] == "*":  # "_" stays CommonMark's: it is part of many names
        _judge_anew(state, start, known)
    return matched


def _strikethrough(state: StateInline, silent: bool) -> bool:
    start, known = state.pos, len(state.delimiters)
    matched = strikethrough.tokenize(state, silent)
    if matched:
        _judge_anew(state, start, known)
    return matched


def _judge_anew(state: StateInline, start: int, known: int) -> None:
    """Set what the delimiters just pushed (from index `known` on) may do by `_flanking`."""
    opens, closes = _flanking(state, start, state.pos)
    for delimiter in state.delimiters[known:]:
        delimiter.open, delimiter.close = opens, closes


def _whole_links(children: list[Token]) -> list[Token]:
    """Drop links without a target, and give those without words their address to show."""
    kept: list[Token] = []
    dropped = False
    for index, token in enumerate(children):
        if token.type == "link_open" and not token.attrGet("href"):
            dropped = True
            continue
        if token.type == "link_close" and dropped:
            dropped = False
            continue
        kept.append(token)
        if token.type == "link_open" and children[index + 1].type == "link_close":
            kept.append(Token("text", "", 0, content=str(token.attrGet("href"))))
    return kept


def _fit_into_page(state: StateCore) -> None:
    """Fit the tokens into a page that has an h1 and h2 of its own and forbids style attributes."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.type in ("th_open", "td_open") and token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}
        elif token.children:
            token.children = _whole_links(token.children)


def _parser(*, tables: bool) -> MarkdownIt:
    """Build a parser; it is shared by all threads, so everything of one text lives in its `env`.

    Inline rules begin at a character that stops the text rule ("@" and "#" do; others: extend `_STOP`, for
    `add_terminator_char` would overwrite it). A rule leaves alone what stands in a link
    (`state.linkLevel > 0`); code never reaches it. What it pushes must be on the lists of `_CLEANER`.

    `maxNesting` bounds recursion: what is quoted or listed more than 40 (lists: 20) deep is not shown.
    """
    md = _Markdown("commonmark", {"html": False, "breaks": True, "xhtmlOut": False, "maxNesting": 40})
    md.enable("strikethrough").disable(["code", "lheading", "reference", "entity", "html_block", "html_inline"])
    if tables:
        md.enable("table")
    md.inline.terminator_re = _STOP
    md.inline.ruler.after("text", "bare_url", _bare_url)
    md.inline.ruler.before("link", "mention", mentions.mention)
    md.inline.ruler.before("link", "hashtag", mentions.hashtag)
    md.inline.ruler.at("link", _link)
    md.inline.ruler.at("image", _image_as_link)
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.at("strikethrough", _strikethrough)
    md.core.ruler.after("inline", "fit_into_page", _fit_into_page)
    # Rulers compile their chains at first use, and a second thread would meet them half built.
    md.render("x")
    return md


_MD = _parser(tables=True)
_MD_WITHOUT_TABLES = _parser(tables=False)
# Short rows are filled up with empty cells, so 2 kB of source can ask for 65,536 of them.
_MAX_CELLS: Final = 8_000


@dataclass(frozen=True)
class Rendered:
    """Safe HTML, and which of the given names and tags became links in it, as written, in order."""

    html: str
    names: tuple[str, ...]
    tags: tuple[str, ...]


def render(text: str) -> str:
    """Return the safe HTML of member-written Markdown; ready for a template's `|safe`.

    Raises ValueError if `text` is longer than `MAX_LENGTH`; anything up to that renders.
    """
    return render_with(text, {}, {}).html


def render_with(text: str, names: Mapping[str, Link], tags: Mapping[str, Link]) -> Rendered:
    """As `render`, with links for the people in `names` and the topics in `tags` (see core.mentions)."""
    if len(text) > MAX_LENGTH:
        raise ValueError("too_long")
    text = clean_text(text)
    lines = text.split("\n")
    cells = max(line.count("|") + 1 for line in lines) * len(lines)
    md = _MD if cells <= _MAX_CELLS else _MD_WITHOUT_TABLES
    env: dict[str, Any] = {"names": names, "tags": tags}
    made = _CLEANER.clean(md.render(text, env)).strip()
    return Rendered(made, tuple(env.get("mention", ())), tuple(env.get("hashtag", ())))


# --------------------------------------------------------------------------- back to plain text

_OUTLINE = nh3.Cleaner(tags=_LINE_TAGS, attributes={"*": set()}, link_rel=None)
_RENDERED = re.compile(r"\s*<(?:p|h[3-6]|ul|ol|blockquote|pre|table|hr)\b")


def plain_text(rendered: str) -> str:
    """Return the words of an HTML fragment, one line for each block or line break, tags gone.

    The result is text, not HTML: it may hold "<" and must be escaped like any other text.
    """
    outline = _OUTLINE.clean(_SURROGATES.sub("\ufffd", rendered))
    text = html.unescape(re.sub(r"</?[a-z][^<>]*>", "\n", outline))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _may_cut(text: str, at: int) -> bool:
    """Return whether text can be parted before index `at` without splitting what shows as one."""
    after = text[at]
    if _is_mark(after) or after == "\u200d" or text[at - 1] == "\u200d":
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return False  # skin tones; the tags that spell a flag
    if not "\U0001f1e6" <= after <= "\U0001f1ff":
        return True
    flags = at
    while flags and "\U0001f1e6" <= text[flags - 1] <= "\U0001f1ff":
        flags -= 1
    return (at - flags) % 2 == 0


def excerpt(html_or_text: str, limit: int = 140) -> str:
    """Return the first `limit` characters or a few less of a post as one line, "…" added if cut.

    Takes what `render` returned, or a Markdown source, which is rendered first (its first
    `MAX_LENGTH` characters). Never parts a letter from its marks or an emoji sequence, unless a
    single sequence is longer than `limit`. The result is text, not HTML.
    """
    if not _RENDERED.match(html_or_text):
        html_or_text = render(html_or_text[:MAX_LENGTH])
    text = " ".join(plain_text(html_or_text).split())
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and not _may_cut(text, end):
        end -= 1
    return text[: end or limit].rstrip() + "…"
