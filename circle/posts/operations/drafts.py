"""What somebody is still writing: keeping it, planning when it appears, and publishing it exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import SIGNING_IN
from circle.circles import queries as circles
from circle.circles.models import Circle
from circle.core import clock, markup
from circle.core.db import db
from circle.core.errors import CircleError, Conflict, NotFound, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation
from circle.media import queries as media
from circle.posts import allowances, rules
from circle.posts.allowances import Attached
from circle.posts.events import PlannedPostFailed, PlannedPostPublished, PostPlanned
from circle.posts.models import Draft, DraftMedia
from circle.posts.operations.polls import PollContent
from circle.posts.operations.publish import Content, prepare_post, publish_in, publishing_in
from circle.posts.operations.today import queue_near_limit
from circle.topics import queries as topics

#: of the words, in the notice that tells their author what became of them
EXCERPT = 80


@dataclass(frozen=True)
class Saved:
    """What the next save has to name."""

    id: int
    seq: int


@dataclass(frozen=True)
class DraftContent:
    """A post as far as it is written; rules judge it when it is published, not before."""

    body: str = ""
    title: str = ""
    topic_ids: tuple[int, ...] = ()
    media_ids: tuple[int, ...] = ()
    alts: tuple[str, ...] = ()
    #: the arguments of PollContent.of as plain values; None for no poll
    poll: Mapping[str, Any] | None = None
    type: str = "moment"
    anonymous: bool = False

    @classmethod
    def of(
        cls,
        *,
        body: str = "",
        title: str = "",
        topic_ids: Sequence[int] = (),
        media_ids: Sequence[int] = (),
        alts: Sequence[str] = (),
        poll: Mapping[str, Any] | None = None,
        type: str = "moment",  # the contract's word
        anonymous: bool = False,
    ) -> DraftContent:
        """Clean what was sent; a picture sent twice is one picture."""
        described: dict[int, str] = {}
        for position, id_ in enumerate(media_ids):
            described.setdefault(id_, alts[position] if position < len(alts) else "")
        cleaned = tuple(markup.clean_line(alt)[: rules.MAX_ALT] for alt in described.values())
        asked = {name: at.isoformat() if isinstance(at, datetime) else at for name, at in (poll or {}).items()}
        topics_once = tuple(dict.fromkeys(topic_ids))
        return cls(body, title, topics_once, tuple(described), cleaned, asked or None, type, anonymous)

    def stored(self, writer: str) -> dict[str, Any]:
        """What the column `extra` keeps."""
        return {
            "topic_ids": list(self.topic_ids), "poll": self.poll, "writer": writer, "type": self.type,
            "anonymous": self.anonymous,
        }  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """When a draft publishes itself; None for not by itself."""

    at: datetime | None


@operation
def new_draft(actor: Actor, slug: str, content: DraftContent, *, writer: str = "", plan: Plan | None = None) -> Saved:
    """Keep what is being written for a circle as a new draft.

    `writer` names the page or device that writes. Raises Unauthenticated, NotFound, Forbidden (MUTED, BANNED),
    Refused TOO_MANY_DRAFTS, Invalid (media_ids), and with a `plan` what plan_draft raises.
    """
    if actor.id is None:
        raise Unauthenticated
    lock(User, actor.id)  # so that no two windows make the draft that is one too many
    circle = circles.readable_circle(actor, slug)
    access.require(actor, Permission.POST_WRITE, circle.standing)
    rules.check_draft_count(
        db.session.scalar(select(func.count()).select_from(Draft).where(Draft.author_id == actor.id)) or 0
    )
    media.media_of(actor, list(content.media_ids))
    draft = Draft(
        author_id=actor.id,
        circle_id=circle.id,
        title=content.title,
        body=content.body,
        extra=content.stored(writer),
        updated_at=clock.now(),
    )
    db.session.add(draft)
    db.session.flush()  # its files point at it
    _attach(draft.id, content)
    if plan is not None:
        _plan(actor, draft, plan.at)
    return Saved(draft.id, draft.seq)


@operation
def begin_draft(actor: Actor, slug: str, content: DraftContent, *, writer: str) -> Saved:
    """As new_draft, but a page that began one already and was never told its number goes on with that.

    `writer` is the page's own random name. Raises what new_draft and save_draft raise.
    """
    if actor.id is None:
        raise Unauthenticated
    lock(User, actor.id)  # the answer may be lost before the first request is through
    begun = select(Draft.id).where(
        Draft.author_id == actor.id,
        Draft.circle_id == circles.readable_circle(actor, slug).id,
        Draft.publish_at.is_(None),
        Draft.extra["writer"].as_string() == writer,
    )
    draft_id = db.session.scalar(begun.order_by(Draft.id.desc()).limit(1)) if writer else None
    if draft_id is None:
        return new_draft(actor, slug, content, writer=writer)
    return save_draft(actor, draft_id, content, writer=writer)


@operation
def save_draft(
    actor: Actor,
    draft_id: int,
    content: DraftContent,
    *,
    seq: int | None = None,
    writer: str = "",
    plan: Plan | None = None,
) -> Saved:
    """Keep a newer state of one's own draft, if it still stands at `seq` (None: however it stands).

    Saves of the same `writer` never conflict with each other, and what is equal to what is kept changes nothing: an
    answer that got lost must not make two versions. Without a `plan` that stays as it is; a page that does not know
    of it changes nothing, be it the same writer. Raises Unauthenticated, NotFound, Conflict DRAFT_STALE, Invalid
    (media_ids), and what plan_draft raises.
    """
    draft = _own_draft(actor, draft_id)
    kept = content_of(draft)
    if kept != content:
        unaware = plan is None and draft.publish_at is not None
        rules.check_seq(seq, draft.seq, same_writer=_wrote_last(draft, writer) and not unaware)
        if kept.media_ids != content.media_ids:
            media.media_of(actor, list(content.media_ids))
        draft.title, draft.body, draft.extra = content.title, content.body, content.stored(writer)
        draft.updated_at = clock.now()
        draft.seq += 1
        db.session.execute(delete(DraftMedia).where(DraftMedia.draft_id == draft.id))
        _attach(draft.id, content)
    if plan is not None:
        plan_draft(actor, draft.id, plan.at)
    return Saved(draft.id, draft.seq)


def _own_draft(actor: Actor, draft_id: int) -> Draft:
    """One's own draft, locked; it stays one's own also when the circle is closed to one. Raises NotFound."""
    if actor.id is None:
        raise Unauthenticated
    draft = lock(Draft, draft_id)
    if not actor.owns(draft.author_id):
        raise NotFound
    return draft


def _wrote_last(draft: Draft, writer: str) -> bool:
    return bool(writer) and draft.extra.get("writer") == writer


def content_of(draft: Draft) -> DraftContent:
    """What a draft holds."""
    files = db.session.execute(
        select(DraftMedia.media_id, DraftMedia.alt).where(DraftMedia.draft_id == draft.id).order_by(DraftMedia.position)
    ).all()
    return DraftContent(
        draft.body,
        draft.title,
        tuple(draft.extra.get("topic_ids", ())),
        tuple(row.media_id for row in files),
        tuple(row.alt for row in files),
        draft.extra.get("poll"),
        draft.extra.get("type", "moment"),
        draft.extra.get("anonymous", False),
    )


def _attach(draft_id: int, content: DraftContent) -> None:
    rows = [
        {"draft_id": draft_id, "position": position, "media_id": id_, "alt": content.alts[position]}
        for position, id_ in enumerate(content.media_ids)
    ]
    if rows:
        db.session.execute(insert(DraftMedia), rows)


@operation
def delete_draft(actor: Actor, draft_id: int) -> None:
    """Throw one's own draft away. Raises Unauthenticated, NotFound."""
    _drop(_own_draft(actor, draft_id))


@operation
def end_draft(actor: Actor, draft_id: int, *, seq: int | None, writer: str = "") -> None:
    """Let a draft go that something else than a post was made of. What was written on since, is planned, or is gone
    already, is left alone."""
    try:
        draft = _own_draft(actor, draft_id)
    except NotFound:
        return
    if draft.publish_at is None and (seq == draft.seq or _wrote_last(draft, writer)):
        _drop(draft)


def _drop(draft: Draft) -> None:
    db.session.execute(delete(DraftMedia).where(DraftMedia.draft_id == draft.id))
    db.session.delete(draft)
    db.session.flush()


@operation
def forget_drafts(draft_ids: Sequence[int], before: datetime) -> int:
    """Remove those of the drafts that nobody touched since `before` and that are not planned; returns how many."""
    stale = select(Draft).where(Draft.id.in_(draft_ids), Draft.updated_at < before, Draft.publish_at.is_(None))
    rows = db.session.scalars(stale.order_by(Draft.id).with_for_update()).all()
    for draft in rows:
        _drop(draft)
    return len(rows)


# ---- publishing ----------------------------------------------------------------------------------------------


@operation
def publish_from_draft(
    actor: Actor,
    slug: str,
    content: Content,
    *,
    draft_id: int,
    seq: int | None = None,
    writer: str = "",
    type: str = "moment",  # the contract's word
    anonymous: bool = False,
) -> int:
    """Publish what the draft became (prepared by prepare_post) and delete the draft with it, so that it happens once.

    Raises Conflict DRAFT_GONE when that has happened already, DRAFT_STALE when `seq` is not the newest, and what
    publish_post raises.
    """
    circle = publishing_in(actor, slug)
    queue_near_limit(circle)  # a member is locked before a draft
    try:
        draft = _own_draft(actor, draft_id)
    except NotFound:
        sentence = lazy("This draft was published or deleted already. Publish again if you want it once more.")
        raise Conflict(sentence, code="DRAFT_GONE") from None
    rules.check_seq(seq, draft.seq, same_writer=_wrote_last(draft, writer))
    _drop(draft)
    return publish_in(actor, circle, content, type=type, anonymous=anonymous, queued=True)


def publish_draft(actor: Actor, draft_id: int, *, seq: int | None = None) -> int:
    """Publish a draft as it stands (and as the caller saw it, if `seq` is given); returns the post's id.

    Raises NotFound, Conflict DRAFT_GONE, DRAFT_STALE, and what publish_post raises.
    """
    row, slug = _read(draft_id)
    if not actor.owns(row.author_id):
        raise NotFound
    # the text is prepared before the transaction, which must then find the same draft
    kept, now = content_of(row), row.seq
    content = _prepared(actor, slug, kept)
    rules.check_seq(seq, now, same_writer=False)
    return publish_from_draft(
        actor, slug, content, draft_id=draft_id, seq=now, type=kept.type, anonymous=kept.anonymous
    )


def _prepared(actor: Actor, slug: str, kept: DraftContent) -> Content:
    return prepare_post(
        actor,
        slug,
        body=kept.body,
        title=kept.title,
        topic_ids=kept.topic_ids,
        media_ids=kept.media_ids,
        alts=kept.alts,
        poll=PollContent.from_json(kept.poll),
        anonymous=kept.anonymous,
    )


def _read(draft_id: int) -> tuple[Draft, str]:
    found = db.session.execute(
        select(Draft, Circle.slug).join(Circle, Circle.id == Draft.circle_id).where(Draft.id == draft_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


# ---- planning ------------------------------------------------------------------------------------------------


@operation
def plan_draft(actor: Actor, draft_id: int, publish_at: datetime | None) -> None:
    """Let a draft publish itself at `publish_at`, or no longer (None).

    What would be refused now is refused now. Raises NotFound, Forbidden (MUTED, BANNED), Invalid (publish_at), and what
    publish_post raises.
    """
    draft = _own_draft(actor, draft_id)
    before = draft.publish_at
    _plan(actor, draft, publish_at)
    if publish_at not in {None, before}:
        draft.seq += 1  # what is open elsewhere must learn of it before it saves half a sentence


def _plan(actor: Actor, draft: Draft, publish_at: datetime | None) -> None:
    if publish_at is not None:
        rules.check_publish_at(publish_at)
        _check_publishable(actor, draft)
        emit(PostPlanned(draft.id, publish_at))
    draft.publish_at, draft.failure = publish_at, ""
    draft.updated_at = clock.now()


def _check_publishable(actor: Actor, draft: Draft) -> None:
    circle = circles.readable_circle_by_id(actor, draft.circle_id)
    access.require(actor, Permission.POST_WRITE, circle.standing)
    kept = content_of(draft)
    files = media.media_of(actor, list(kept.media_ids))
    poll = PollContent.from_json(kept.poll)
    rules.check_type(kept.type, kept.title, poll=poll is not None, anonymous=kept.anonymous)
    asked = poll is not None or kept.type == "question"
    rules.check_content(kept.body, [file.kind for file in files], kept.topic_ids, poll=asked)
    allowances.check_publishes(circle)  # how many that day will have seen is not known yet
    allowances.check_added(circle, [Attached(file.kind, file.bytes) for file in files])
    topics.writable_topics(actor, circle.id, list(kept.topic_ids))


def publish_planned(draft_id: int) -> int | None:
    """Publish a draft whose time has come, as its author and with everything judged again; returns the post's id.

    None when there is nothing to do: it is published already, or planned otherwise, or a rule refused it. Then the
    draft stays, says why, and its author is told. Safe to run twice and at the same time.
    """
    found = db.session.get(Draft, draft_id, populate_existing=True)
    if found is None or found.publish_at is None or found.publish_at > clock.now():
        return None
    row, slug = _read(draft_id)
    author, seq, kept = Actor(id=row.author_id), row.seq, content_of(row)
    try:
        content = _prepared(author, slug, kept)
        return _publish_planned(author, slug, content, draft_id, seq, type_=kept.type, anonymous=kept.anonymous)
    except CircleError as refusal:
        if refusal.status >= 500 or refusal.code == "DRAFT_STALE":
            raise  # busy, or edited at this very moment: the job comes again
        _give_up(draft_id, seq, refusal.code)
        return None


@operation
def _publish_planned(
    author: Actor, slug: str, content: Content, draft_id: int, seq: int, *, type_: str, anonymous: bool
) -> int | None:
    if lock(User, author.person_id).status not in SIGNING_IN:
        raise NotFound  # the account was deleted, and its drafts go with it
    circle = publishing_in(author, slug)
    queue_near_limit(circle)
    draft = _due(draft_id)
    if draft is None:
        return None
    rules.check_seq(seq, draft.seq, same_writer=False)
    excerpt = _excerpt(draft)
    _drop(draft)
    post_id = publish_in(author, circle, content, type=type_, anonymous=anonymous, queued=True)
    emit(PlannedPostPublished(post_id, circle.id, author.person_id, excerpt))
    return post_id


@operation
def _give_up(draft_id: int, seq: int, code: str) -> None:
    draft = _due(draft_id)
    if draft is None or draft.seq != seq:
        return
    planned_for, draft.publish_at, draft.failure = draft.publish_at, None, code
    emit(PlannedPostFailed(draft.id, draft.circle_id, draft.author_id, str(planned_for), _excerpt(draft)))


def _due(draft_id: int) -> Draft | None:
    """The draft, locked, if its time has come and nobody else was faster."""
    try:
        draft = lock(Draft, draft_id)
    except NotFound:
        return None
    return draft if draft.publish_at is not None and draft.publish_at <= clock.now() else None


def _excerpt(draft: Draft) -> str:
    return (draft.title or " ".join(draft.body.split()))[:EXCERPT]
