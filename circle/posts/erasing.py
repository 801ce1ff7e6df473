"""Everything posts know of somebody whose account was deleted, erased row by row; begun again, it goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from html import unescape
from itertools import islice
from typing import Any

from sqlalchemy import and_, exists, or_, select, true, tuple_

from circle.access import Actor
from circle.accounts.usernames import same_spelling
from circle.core.db import db
from circle.core.errors import Conflict, NotFound
from circle.core.mentions import Link
from circle.core.storage import storage
from circle.posts import renaming, rules, share, texts
from circle.posts.models import Comment, Draft, Favorite, Like, Mention, Poll, PollVote, Post, Revision
from circle.posts.operations import erasing
from circle.posts.operations.drafts import delete_draft
from circle.posts.renaming import Renewed
from circle.posts.texts import StoredText

_BATCH = 200
#: how often a text that is edited at the same time is looked at again
PATIENCE = 5
#: a link that the renderer made of a name, and of a title (core.mentions)
_NAME = re.compile(r'<a class="mention" href="([^"]+)"[^>]*>@([^<]+)</a>')
_TITLE = re.compile(r'<a class="hashtag" href="([^"]+)"[^>]*>#([^<]+)#</a>')
#: states of what its author took back already: the words go in any case
_TAKEN_BACK = ("deleted", "draft")


def erase_person(user_id: int, names: Collection[str], *, keep_content: bool, label: str) -> None:
    """Erase what somebody wrote and did here; with `keep_content` what others see of it stays, without the name.

    `names` are the user names they had; `label` stands in place of them where others named them.
    """
    act_on_each(keys_of(select(Draft.id), Draft.author_id == user_id, Draft.id), lambda id_: _drop_draft(user_id, id_))
    act_on_each(
        keys_of(select(Favorite.post_id), Favorite.user_id == user_id, Favorite.post_id),
        lambda id_: erasing.erase_favorite(user_id, id_),
    )
    act_on_each(_comments(user_id, keep_content), erasing.erase_comment)
    act_on_each(_posts(user_id, keep_content), erasing.erase_post)
    if not keep_content:
        act_on_each(
            keys_of(select(PollVote.post_id).distinct(), PollVote.user_id == user_id, PollVote.post_id),
            lambda id_: erasing.erase_vote(user_id, id_),
        )
        liked = select(Like.target_type, Like.target_id)
        act_on_each(
            keys_of(liked, Like.user_id == user_id, Like.target_type, Like.target_id),
            lambda kind, id_: erasing.erase_like(user_id, kind, id_),
        )
    _unname(user_id, names, label)
    _drop_cards(user_id)


def _drop_draft(user_id: int, draft_id: int) -> None:
    delete_draft(Actor(id=user_id), draft_id)


def _comments(user_id: int, keep: bool) -> Iterator[Any]:
    """What is to be erased and is not yet."""
    left = or_(Comment.status != "deleted", Comment.body != "")
    wanted = Comment.status.in_(_TAKEN_BACK) if keep else true()
    return keys_of(select(Comment.id), and_(Comment.author_id == user_id, wanted, left), Comment.id)


def _posts(user_id: int, keep: bool) -> Iterator[Any]:
    with_parts = (exists().where(part.post_id == Post.id) for part in (Poll, Revision))
    left = or_(Post.status != "deleted", Post.body != "", Post.title != "", *with_parts)
    wanted = Post.status.in_(_TAKEN_BACK) if keep else true()
    return keys_of(select(Post.id), and_(Post.author_id == user_id, wanted, left), Post.id)


def act_on_each(keys: Iterable[tuple[Any, ...]], act: Callable[..., object]) -> None:
    """Do it with each of them that is still there."""
    for key in keys:
        with suppress(NotFound):  # gone meanwhile, for example with its circle
            act(*key)


def keys_of(statement: Any, condition: Any, *columns: Any) -> Iterator[tuple[Any, ...]]:
    """The rows' keys in order, a batch at a time, each read after the last of the batch before."""
    after: tuple[Any, ...] | None = None
    while True:
        wanted = statement.where(condition).order_by(*columns).limit(_BATCH)
        if after is not None:
            wanted = wanted.where(tuple_(*columns) > tuple_(*after) if len(columns) > 1 else columns[0] > after[0])
        batch = [tuple(row) for row in db.session.execute(wanted)]
        yield from batch
        if len(batch) < _BATCH:
            return
        after = batch[-1]


# ---- the name in what others wrote -------------------------------------------------------------------------------


def _unname(user_id: int, names: Collection[str], label: str) -> None:
    named = select(Mention.target_type, Mention.target_id)
    here = and_(Mention.user_id == user_id, Mention.target_type.in_(("post", "comment")))
    for kind, id_ in keys_of(named, here, Mention.target_type, Mention.target_id):
        _unname_text(user_id, names, kind, id_, label)
    if not names:
        return
    # and where the name stands without being a mention (any more). No index helps; deletions are rare
    for (id_,) in keys_of(select(Post.id), has_name(Post.body, names), Post.id):
        _unname_text(user_id, names, "post", id_, label)
    for (id_,) in keys_of(select(Comment.id), has_name(Comment.body, names), Comment.id):
        _unname_text(user_id, names, "comment", id_, label)
    for (id_,) in keys_of(select(Revision.id), has_name(Revision.body, names), Revision.id):
        _unname_revision(id_, names, label)


def has_name(body: Any, names: Collection[str]) -> Any:
    """SQL: one of the names stands in the text, as a mention or not."""
    return or_(*(body.icontains(f"@{name}", autoescape=True) for name in names))


def _unname_text(user_id: int, names: Collection[str], kind: str, id_: int, label: str) -> None:
    longest = rules.MAX_BODY if kind == "post" else rules.MAX_COMMENT
    for _time in range(PATIENCE):
        text = texts.stored_text(kind, id_)
        if text is None:
            return
        known = frozenset({*names, *written_names(user_id, kind, id_)})
        now = text_unnamed(text, known, label=label, longest=longest)
        if erasing.store_unnamed(user_id, (kind, id_), text.version, erasing.Unnamed(now, known, label)):
            return
    raise Conflict


def text_unnamed(text: StoredText, names: Collection[str], *, label: str, longest: int) -> Renewed:
    """A stored text with `label` in place of these names of somebody who is gone."""
    others = {spelled: Link(person.username, f"/@{person.username}") for spelled, person in text.people.items()}
    gone = {same_spelling(name) for name in names}
    return renaming.unnamed(text.body, others, gone, text.tags, label=label, longest=longest)


def written_names(user_id: int, kind: str, id_: int) -> Collection[str]:
    """The names by which a text names somebody."""
    here = (Mention.user_id == user_id, Mention.target_type == kind, Mention.target_id == id_)
    return db.session.scalars(select(Mention.written).where(*here)).all()


def _unname_revision(revision_id: int, names: Collection[str], label: str) -> None:
    row = db.session.execute(select(Revision.body, Revision.body_html).where(Revision.id == revision_id)).first()
    if row is None:
        return
    now = earlier_unnamed(row.body, row.body_html, names, label=label, longest=rules.MAX_BODY)
    erasing.store_unnamed_revision(revision_id, now)


def earlier_unnamed(body: str, html: str, names: Collection[str], *, label: str, longest: int) -> Renewed:
    """An earlier version of a text without these names. Nobody knows any more whom it named but its HTML, which links
    to them."""
    gone = {same_spelling(name) for name in names}
    links = {same_spelling(name): Link(name, unescape(path)) for path, name in _NAME.findall(html)}
    others = {spelled: link for spelled, link in links.items() if spelled not in gone}
    tags = {unescape(title): Link(unescape(title), unescape(path)) for path, title in _TITLE.findall(html)}
    return renaming.unnamed(body, others, gone, tags, label=label, longest=longest)


# ---- pictures that show the name ---------------------------------------------------------------------------------


def _drop_cards(user_id: int) -> None:
    """Remove the share cards of somebody's posts: their name and face are drawn on them."""
    cards = storage().list(share.FOLDER)
    while batch := list(islice(cards, _BATCH)):
        post_of = {card.key: int(card.key.removeprefix(share.FOLDER).partition("-")[0]) for card in batch}
        posts = select(Post.id).where(Post.id.in_(post_of.values()), Post.author_id == user_id)
        theirs = set(db.session.scalars(posts))
        for key in [key for key, post_id in post_of.items() if post_id in theirs]:
            storage().delete(key)
