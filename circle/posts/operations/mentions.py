"""Keeping who is named where, and the names true when people take other ones."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from circle.core import clock, markup
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import Conflict, NotFound
from circle.core.operation import lock, operation
from circle.posts import renaming, rules, texts
from circle.posts.models import Comment, Mention, Post
from circle.posts.renaming import Renewed

#: how often a text that is edited at the same time is looked at again
_PATIENCE = 5


@operation
def keep_mentions(
    actor: Actor, target_type: str, target_id: int, people: Sequence[tuple[int, str]], *, new: bool = False
) -> tuple[int, ...]:
    """Store whom a post or comment names from now on; returns who was not named in it before, without its author.

    `new` says that there is nothing stored yet, which spares the look.
    """
    if new and not people:
        return ()
    here = (Mention.target_type == target_type, Mention.target_id == target_id)
    stored = () if new else db.session.execute(select(Mention.user_id, Mention.written).where(*here))
    known: dict[int, str] = {row.user_id: row.written for row in stored}
    wanted = dict(people)
    if gone := known.keys() - wanted.keys():
        db.session.execute(delete(Mention).where(*here, Mention.user_id.in_(gone)))
    for user_id in wanted.keys() & known.keys():
        if wanted[user_id] != known[user_id]:
            changed = update(Mention).where(*here, Mention.user_id == user_id).values(written=wanted[user_id])
            db.session.execute(changed.execution_options(synchronize_session=False))
    added = [user_id for user_id in wanted if user_id not in known]
    if added:
        row = {"target_type": target_type, "target_id": target_id, "created_at": clock.now()}
        db.session.execute(insert(Mention), [{**row, "user_id": id_, "written": wanted[id_]} for id_ in added])
    return tuple(user_id for user_id in added if user_id != actor.id)


@operation
def forget_mentions(target_type: str, target_id: int) -> None:
    """The post or comment is gone, and names nobody any more."""
    here = (Mention.target_type == target_type, Mention.target_id == target_id)
    db.session.execute(delete(Mention).where(*here))


def renew_mention(user_id: int, target_type: str, target_id: int) -> None:
    """Let a post or comment show the name that somebody it names has now. Doing it twice is doing it once.

    The text is rendered outside of the transaction. Raises Conflict when it was edited again and again meanwhile.
    """
    longest = rules.MAX_BODY if target_type == "post" else rules.MAX_COMMENT
    for _time in range(_PATIENCE):
        text = texts.stored_text(target_type, target_id)
        if text is None:
            return
        now = renaming.renewed(text.body, text.people, user_id, text.tags, longest=longest)
        if _store_renewed(user_id, target_type, target_id, text.version, now):
            return
    raise Conflict


@operation
def _store_renewed(user_id: int, target_type: str, target_id: int, version: int, now: Renewed) -> bool:
    try:
        row: Post | Comment = lock(Post, target_id) if target_type == "post" else lock(Comment, target_id)
    except NotFound:
        return True
    if row.version != version:
        return False
    row.body, row.body_html = now.body, now.html  # the version stays: for readers this is no edit
    if isinstance(row, Post):
        row.excerpt = markup.excerpt(now.html, rules.EXCERPT)
    here = (Mention.target_type == target_type, Mention.target_id == target_id, Mention.user_id == user_id)
    if now.written is None:
        db.session.execute(delete(Mention).where(*here))
    else:
        changed = update(Mention).where(*here).values(written=now.written)
        db.session.execute(changed.execution_options(synchronize_session=False))
    return True
