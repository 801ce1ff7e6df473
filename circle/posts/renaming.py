"""A text in which somebody is named, after they took another name (or are gone)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from circle.accounts.usernames import same_spelling
from circle.circles.queries import Named
from circle.core import markup, mentions
from circle.core.mentions import Link
from circle.posts import texts


@dataclass(frozen=True)
class Renewed:
    """The text as it should read now; `written` is the name that stands in it, None when nobody is named by it."""

    body: str
    html: str
    written: str | None


def renewed(body: str, people: Mapping[str, Named], user_id: int, tags: Mapping[str, Link], *, longest: int) -> Renewed:
    """Put the name that `user_id` has now in place of the one written in `body`, but not where it stands in code.

    `people` are those the text names, by the spelling that stands in it. Without `user_id` among them their name
    becomes plain text. A text that would grow over `longest` keeps the old name in its source, and shows the new one.
    """
    body = markup.clean_text(body)
    people = {same_spelling(person.username): person for person in people.values()} | dict(people)
    asked = mentions.candidates(body)
    meant = {name: people[same_spelling(name)] for name in asked.names if same_spelling(name) in people}
    links = texts.links_of(meant)
    mine = next((person.username for person in people.values() if person.id == user_id), None)
    if mine is not None:
        others = {name: link for name, link in links.items() if meant[name].id != user_id}
        olds = {name for name, person in meant.items() if person.id == user_id}
        body_now = _replaced(body, olds, mine, others, tags)
        if len(body_now) <= longest:
            links = {**others, mine: Link(mine, f"/@{mine}")}
            body = body_now
    made = markup.render_with(body, links, tags)
    written = next((name for name in made.names if links[name].path == f"/@{mine}"), None)
    return Renewed(body, made.html, written)


def _replaced(body: str, olds: set[str], new: str, others: Mapping[str, Link], tags: Mapping[str, Link]) -> str:
    """`body` with `new` for every mention by one of the names `olds`."""
    places = [
        (begin, end) for begin, end in mentions.occurrences(body, olds | others.keys()) if body[begin:end] in olds
    ]
    # which of them are mentions only the parser knows: it is shown a name of its own for each, and tells which it took
    marks = [mentions.stand_in(number, body[begin:end]) for number, (begin, end) in enumerate(places)]
    shown = {mark: Link(mark, "/@") for mark in marks}
    taken = set(markup.render_with(_spliced(body, places, marks), {**others, **shown}, tags).names)
    now = [new if mark in taken else body[begin:end] for mark, (begin, end) in zip(marks, places, strict=True)]
    made = _spliced(body, places, now)
    shift = 0
    for (begin, end), name in zip(places, now, strict=True):
        at = begin + shift
        shift += len(name) - (end - begin)
        if name == new and not mentions.fits(made, at, new):
            made = f"{made[: at + len(new)]} {made[at + len(new) :]}"
            shift += 1
    return made


def _spliced(body: str, places: list[tuple[int, int]], names: list[str]) -> str:
    parts, last = [], 0
    for (begin, end), name in zip(places, names, strict=True):
        parts += [body[last:begin], name]
        last = end
    return "".join([*parts, body[last:]])


def unnamed(
    body: str, others: Mapping[str, Link], gone: Collection[str], tags: Mapping[str, Link], *, label: str, longest: int
) -> Renewed:
    """Put `label` in place of every mention by one of the names `gone` (by spelling), whose account was deleted.

    `others` are the links of those who are still named, by spelling. A text that would grow over `longest` gets dots.
    """
    body = markup.clean_text(body)
    asked = mentions.candidates(body).names
    links = {name: others[same_spelling(name)] for name in asked if same_spelling(name) in others}
    olds = {name for name in asked if same_spelling(name) in gone and name not in links}
    body_now = _replaced(body, olds, label, links, tags)
    if len(body_now) > longest:
        body_now = _replaced(body, olds, "…", links, tags)
    return Renewed(body_now, markup.render_with(body_now, links, tags).html, None)
