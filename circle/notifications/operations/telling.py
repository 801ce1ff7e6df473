"""Telling somebody something, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from circle.access import ROLE_PERMISSIONS, Permission
from circle.circles.models import Member
from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.core.operation import emit, operation
from circle.notifications.audience import hearers
from circle.notifications.events import MailWaits
from circle.notifications.kinds import KINDS, Kind
from circle.notifications.models import Notice

#: what is quoted from a post, comment or reason, in characters
_QUOTE_MAX = 120
#: names of `data` that have a column of their own
_COLUMNS = {
    "by": "by_id", "post_id": "post_id", "comment_id": "comment_id", "answer_id": "answer_id",
    "campaign_id": "campaign_id",
}  # fmt: skip


@operation
def notify(user_id: int, kind: str, *, dedupe_key: str, data: Mapping[str, Any], circle_id: int | None = None) -> None:
    """Tell somebody something, once per `dedupe_key` (unique within the person and kind; up to 60 characters).

    `data` is described in kinds.py; a value that is missing there raises ValueError. Nobody is told of what they did
    themselves (`data["by"]`), nor those who do not want to hear of such things or may not any more. Blocks keep nothing
    back that is told without a name, or its coming would tell whose it is not.
    """
    notify_each([user_id], kind, dedupe_key=dedupe_key, data=data, circle_id=circle_id)


@operation
def notify_each(
    user_ids: Iterable[int],
    kind: str,
    *,
    dedupe_key: str,
    data: Mapping[str, Any],
    circle_id: int | None = None,
    own: Mapping[int, Mapping[str, Any]] | None = None,
) -> set[int]:
    """Tell a few people the same thing (but for what `own` says of each of them); otherwise as `notify`. Returns who
    knows it now."""
    known = KINDS[kind]
    columns = columns_of(kind, known, data)
    told = hearers(set(user_ids), known, by=data.get("by"), circle_id=circle_id)
    now = clock.now()
    for user_id, mails in sorted(told.items()):
        key = f"{user_id}:{kind}:{dedupe_key}"
        values = {"id": ids.new_id(), "created_at": now, "told_at": now, "dedupe_key": key}
        if own is not None:
            columns = columns_of(kind, known, {**data, **own.get(user_id, {})})
        if insert_once(Notice, user_id=user_id, circle_id=circle_id, kind=kind, **values, **columns) and mails:
            emit(MailWaits(user_id))
    return set(told)


@operation
def tell_mention(
    user_ids: Iterable[int],
    *,
    by: int | None,
    circle_id: int,
    post_id: int,
    comment_id: int | None = None,
    answer_id: int | None = None,
    quote: str,
) -> None:
    """Tell those whom an edit names in a post, comment or answer; who was told of it before, for whatever reason, is
    not.

    `by` is None for whoever asked an anonymous question.
    """
    people = set(user_ids)
    kind, others = "post.mentioned", set[str]()
    if comment_id is not None:
        kind, others = "comment.mentioned", {"comment.replied", "post.commented"}
    if answer_id is not None:
        kind, others = "answer.mentioned", {"question.answered"}
    about = (Notice.post_id == post_id, Notice.comment_id == comment_id)
    known = select(Notice.user_id).where(
        *about, Notice.answer_id == answer_id, Notice.kind.in_(others | {kind}), Notice.user_id.in_(people)
    )
    notify_each(
        people - set(db.session.scalars(known)),
        kind,
        circle_id=circle_id,
        dedupe_key=str(answer_id or comment_id or post_id),
        data={"by": by, "post_id": post_id, "comment_id": comment_id, "answer_id": answer_id, "quote": quote},
    )


@operation
def notify_all_who_may(
    permission: Permission,
    kind: str,
    *,
    circle_id: int,
    dedupe_key: str,
    data: Mapping[str, Any],
    but: int | None = None,
) -> None:
    """Tell everybody in the circle who has the permission, `but` not somebody it is about; otherwise as `notify`."""
    roles = [role.value for role, may in ROLE_PERMISSIONS.items() if permission in may]
    people = select(Member.user_id).where(
        Member.circle_id == circle_id, Member.status == "active", Member.role.in_(roles), Member.user_id != (but or 0)
    )
    notify_each(db.session.scalars(people).all(), kind, circle_id=circle_id, dedupe_key=dedupe_key, data=data)


def columns_of(name: str, kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` as the row keeps it. Raises ValueError when the sentence or the link lacks something."""
    if missing := kind.required - data.keys():
        raise ValueError(f"a notice {name} needs {', '.join(sorted(missing))}")
    kept = {key: value for key, value in data.items() if value not in (None, "")}
    columns = {column: kept.pop(key, None) for key, column in _COLUMNS.items()}
    if "quote" in kept:
        kept["quote"] = short(str(kept["quote"]))
    return {**columns, "data": kept, "people_count": 1}


def short(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE_MAX else line[: _QUOTE_MAX - 1] + "…"
