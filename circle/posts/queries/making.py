"""Making view rows of what was read of posts: who wrote them, what is shown of them, what the reader may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from circle import access
from circle.access import Actor, Permission
from circle.accounts.queries import author_of, unnamed
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.i18n import _
from circle.core.markup import excerpt
from circle.core.storage import file_url
from circle.posts.queries.rows import (
    CheckinHint,
    Peek,
    PollHint,
    PostCan,
    PostMediaRow,
    PostRow,
    QuestionHint,
    TopicRef,
)
from circle.topics.queries import TopicLink

#: where in a row of `feed` its author stands, and what is the reader's own
AUTHOR_AT = 24
MINE_AT = 29
_PEEK_LENGTH = 70


def post_rows(
    actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]], known: Mapping[int, TopicLink]
) -> list[PostRow]:
    """Rows of what `feed` read; `known` are the topics that they name."""
    rights = _Rights(actor, circle)
    refs = {id_: TopicRef(link.id, link.slug, link.title, link.url) for id_, link in known.items()}
    peeks = bool(rows) and "peek_html" in rows[0]._fields
    return [_post_row(circle, row, refs, rights, peeks=peeks) for row in rows]


def _post_row(
    circle: CircleRow, row: Row[Any], refs: Mapping[int, TopicRef], rights: _Rights, *, peeks: bool
) -> PostRow:
    (
        id_, type_, status, title, body, body_html, excerpt_, likes, comments, favorites, published_at, edited_at,
        last_activity_at, featured_at, pin_rank, pin_until, hidden_reason, version, _circle_id, parts, anonymous,
        answers, role, level,
    ) = row[:AUTHOR_AT]  # fmt: skip
    author_id = row[AUTHOR_AT]
    author = unnamed(_("Anonymous")) if anonymous else author_of(row[AUTHOR_AT:MINE_AT], role, circle.tag(level))
    peek = None
    if peeks and (row[MINE_AT + 3] is not None or row[MINE_AT + 6]):
        html, nickname, peek_role, peek_level, peek_anonymous = row[MINE_AT + 2 : MINE_AT + 7]
        if peek_anonymous:
            peek = Peek(_("The asker"), "member", _peek_text(html))
        else:
            peek = Peek(nickname, peek_role or "member", _peek_text(html), circle.tag(peek_level))
    return PostRow(
        id_, type_, status, circle, author, title, body, body_html, excerpt_, likes, comments, favorites,
        bool(row[MINE_AT]), bool(row[MINE_AT + 1]), published_at, edited_at, last_activity_at, featured_at,
        None if pin_until is not None and pin_until <= rights.now else pin_rank, pin_until, hidden_reason, version,
        rights.on(
            author_id, role, status, edited=edited_at is not None, kept=bool(row[MINE_AT + 1]), anonymous=anonymous
        ),
        tuple(refs[topic_id] for topic_id in parts.get("topics", ()) if topic_id in refs),
        tuple(_media_row(item, rights.signed, named=not anonymous) for item in parts.get("media", ())),
        _poll_hint(parts.get("poll")), peek, anonymous, answers,
        _hint(parts.get("question"), answers, anonymous) if type_ == "question" else None,
        _checkin_hint(parts.get("checkin"), circle.slug, told=rights.of_checkin(author_id)),
    )  # fmt: skip


@lru_cache(maxsize=2000)
def _peek_text(html: str) -> str:
    return excerpt(html, _PEEK_LENGTH)


def _poll_hint(poll: dict[str, Any] | None) -> PollHint | None:
    return PollHint(poll["question"], poll["option_count"], poll.get("closes_at")) if poll else None


def _hint(told: dict[str, Any] | None, answers: int, anonymous: bool) -> QuestionHint:
    # the row of the question comes with the post, in one transaction; here only a post made by hand has none
    if told is None:
        return QuestionHint("open", False, "", answers, anonymous)
    accepted_id = told.get("accepted_id")
    return QuestionHint(
        told["status"], accepted_id is not None, told["peek"], answers, anonymous, accepted_id, told.get("version", 1)
    )


def _checkin_hint(part: dict[str, Any] | None, slug: str, *, told: bool) -> CheckinHint | None:
    if part is None:
        return None
    id_ = part["campaign_id"]
    status = part["status"] if told else "approved"
    return CheckinHint(
        id_, part["title"], part["idx"], part["total"], part["cadence"], part["source"], status,
        f"/{slug}/campaigns/{id_}",
    )  # fmt: skip


def _media_row(item: dict[str, Any], signed: bool, *, named: bool) -> PostMediaRow:
    # the name of a picture is nothing its author looked at; that of a document stands on the page
    id_, poster = item["id"], item.get("thumb", item["kind"] == "image")
    return PostMediaRow(
        id_, item["kind"], file_url(id_, signed=signed, mime=item["mime"]) or "",
        file_url(id_, "thumb", signed=signed) if poster else None,
        item["width"], item["height"], item["duration_ms"], item["wave"], item["bytes"],
        item["name"] if named or item["kind"] == "file" else "", item["alt"], item["mime"],
    )  # fmt: skip


class _Rights:
    """What the reader may do with posts of a circle; asked once, combined for each post."""

    def __init__(self, actor: Actor, circle: CircleRow) -> None:
        #: files of a private circle are shown at signed addresses
        self.signed, self.now = circle.visibility != "public", clock.now()
        self._me, self._standing = actor.id, circle.standing
        self._write, self._comment = circle.may(Permission.POST_WRITE), circle.may(Permission.COMMENT_WRITE)
        self._like, self._moderate = circle.may(Permission.LIKE_GIVE), circle.may(Permission.POST_MODERATE)
        self._pin, self._feature = circle.may(Permission.POST_PIN), circle.may(Permission.POST_FEATURE)
        self._review = circle.may(Permission.CHECKIN_REVIEW)
        self._owner = circle.standing.active and circle.standing.role == "owner"

    def of_checkin(self, author_id: int) -> bool:
        """Whether the reader is told how a check-in stands: whoever wrote it, and those who review."""
        return self._review or author_id == self._me

    def on(
        self, author_id: int, role: str | None, status: str, *, edited: bool, kept: bool, anonymous: bool
    ) -> PostCan:
        own, published = author_id == self._me, status == "published"
        # of somebody unnamed the role must not matter, or it would show
        moderates = self._moderate and not own and (anonymous or access.outranks_or_equals(self._standing, role))
        return PostCan(
            edit=own and published and self._write,
            delete=own and status in {"published", "pending"},
            like=published and not own and self._like,
            comment=published and self._comment,
            hide=moderates and published,
            restore=moderates and status == "hidden",
            remove=moderates and status in {"published", "hidden"},
            pin=published and self._pin,
            feature=published and self._feature and (not own or self._owner),
            favorite=published and (self._like or kept),  # whoever left may still let it go
            revisions=edited and (own or self._moderate),
            block=self._me is not None and not own and role != "owner" and not anonymous,
        )
