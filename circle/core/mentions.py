"""Names of people (`@name`) and titles of topics (`#title#`) in a text: finding them, and the parser's rules for them.

Who and what exists is not known here. Whoever renders asks for the `candidates` of a text, looks them up, and gives
`core.markup.render_with` a link for each that is somebody. Chinese is written without spaces, so in "@文燕的分享" every
beginning is a candidate, and the longest that is somebody's name is meant.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from markdown_it.rules_inline import StateInline

#: how many people one text may name; whoever comes after them stays plain text
MAX_NAMES: Final = 10
#: the longest name, and title, that is looked for
MAX_NAME: Final = 20
_MIN_NAME: Final = 2
_MAX_TITLE: Final = 30
#: in how many places of a text names, and titles, are looked for
_MAX_PLACES: Final = 60

#: East Asian scripts and their punctuation, full-width forms included.
CJK = re.compile("[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_TITLE = re.compile(rf"#([^#\n]{{1,{_MAX_TITLE}}})#")
_SEPARATORS: Final = "._-"
_SIGNS: Final = {"mention": ("@", ""), "hashtag": ("#", "#")}


class Link(NamedTuple):
    """What stands for a name or title: the words that are shown, and a path on this site."""

    text: str
    path: str


@dataclass(frozen=True)
class Candidates:
    """What in a text may be somebody's name or a topic's title, as written, in order; also what stands in code."""

    names: tuple[str, ...]
    titles: tuple[str, ...]


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _in_word(char: str) -> bool:
    """Whether it belongs to a word that has spaces around it: a letter or digit, but not Chinese and its neighbours."""
    return (char.isalnum() or _is_mark(char)) and not CJK.match(char) and ord(char) < 0x20000


def _after_word(text: str, at: int) -> bool:
    """Whether what begins at `at` hangs on a Latin word: in an e-mail address, a path, or a name like C#."""
    if not at:
        return False
    before = text[at - 1]
    return _in_word(before) or (before in "_+-/" and at > 1 and _in_word(text[at - 2]))


def _run_end(text: str, at: int) -> int:
    """Where the characters end that a name beginning at `at` may have."""
    end = at
    while end < len(text) and end - at < MAX_NAME:
        char = text[end]
        if not (char.isalnum() or char in _SEPARATORS or (end > at and _is_mark(char))):
            break
        end += 1
    return end if text[at : at + 1] not in _SEPARATORS else at


def name_ends(text: str, at: int) -> Iterator[int]:
    """Where a name beginning at `at` may end in `text`, the longest first.

    Before and behind a Chinese character any place will do. A Latin word is never cut, nor what hangs on it by a
    separator: "@ann-b" and "@annie" do not name ann, "@ann." and "@ann的" do.
    """
    for end in range(_run_end(text, at), at + _MIN_NAME - 1, -1):
        last, rest = text[end - 1], text[end : end + 4]
        if last in _SEPARATORS or (rest and _is_mark(rest[0])):
            continue
        following = rest.lstrip(_SEPARATORS)[:1]
        if not (following and _in_word(last) and _in_word(following)):
            yield end


def candidates(text: str) -> Candidates:
    """What to look up before a text is rendered; nothing, at no cost, for one without @ and #.

    `text` is clean (core.markup.clean_text). Of thousands of names only those in the first places are found.
    """
    names: dict[str, None] = {}
    places, at = 0, text.find("@")
    while at >= 0 and places < _MAX_PLACES:
        if not _after_word(text, at):
            here = {text[at + 1 : end]: None for end in name_ends(text, at + 1)}
            places += not here.keys() <= names.keys()
            names |= here
        at = text.find("@", at + 1)
    titles: dict[str, None] = {}
    at = text.find("#")
    while at >= 0 and len(titles) < _MAX_PLACES:
        if (match := _TITLE.match(text, at)) and not _after_word(text, at):
            titles[match[1]] = None
        at = text.find("#", at + 1)
    return Candidates(tuple(names), tuple(titles))


def occurrences(text: str, names: Collection[str]) -> list[tuple[int, int]]:
    """Where (begin behind the @, end) one of `names` stands in a text, as the parser would read it outside of code."""
    found: list[tuple[int, int]] = []
    at = text.find("@")
    while at >= 0:
        if not _after_word(text, at):
            ends = (end for end in name_ends(text, at + 1) if text[at + 1 : end] in names)
            if (end := next(ends, None)) is not None:
                found.append((at + 1, end))
        at = text.find("@", at + 1)
    return found


def without(text: str, names: Collection[str], label: str) -> str:
    """A plain text with `label` in place of every @name that is one of `names`."""
    wanted = {spelled for name in names for spelled in (name, name.casefold())}
    for begin, end in reversed(occurrences(text, wanted)):
        text = text[:begin] + label + text[end:]
    return text


def stand_in(number: int, name: str) -> str:
    """A name nobody has, which in place of `name` is read in the same way: it ends in the same character."""
    return f"q{number}q{name[-1]}" if CJK.match(name[-1]) or ord(name[-1]) >= 0x20000 else f"q{number}q"


def fits(text: str, begin: int, name: str) -> bool:
    """Whether a parser that looks for `name` at `begin` sees it end where it does."""
    return begin + len(name) in name_ends(text, begin)


def mention(state: StateInline, silent: bool) -> bool:
    """The parser's rule for `@name` of somebody in `env["names"]`."""
    names: Mapping[str, Link] = state.env.get("names") or {}
    if not names or state.src[state.pos] != "@" or state.linkLevel > 0 or _after_word(state.src, state.pos):
        return False
    for end in name_ends(state.src, state.pos + 1):
        written = state.src[state.pos + 1 : end]
        if written in names and end <= state.posMax:
            return _push(state, silent, "mention", written, names[written])
    return False


def hashtag(state: StateInline, silent: bool) -> bool:
    """The parser's rule for `#title#` of a topic in `env["tags"]`."""
    tags: Mapping[str, Link] = state.env.get("tags") or {}
    if not tags or state.src[state.pos] != "#" or state.linkLevel > 0:
        return False
    match = _TITLE.match(state.src, state.pos, state.posMax)
    if match is None or match[1] not in tags or _after_word(state.src, state.pos):
        return False
    return _push(state, silent, "hashtag", match[1], tags[match[1]])


def _push(state: StateInline, silent: bool, kind: str, written: str, link: Link) -> bool:
    found: dict[str, Link] = state.env.setdefault(kind, {})
    paths = {each.path for each in found.values()}
    if kind == "mention" and link.path not in paths and len(paths) >= MAX_NAMES:
        return False
    before, behind = _SIGNS[kind]
    if not silent:
        found[written] = link
        state.push("link_open", "a", 1).attrs = {"class": kind, "href": link.path}
        state.push("text", "", 0).content = f"{before}{link.text}{behind}"
        state.push("link_close", "a", -1)
    state.pos += len(before) + len(written) + len(behind)
    return True
