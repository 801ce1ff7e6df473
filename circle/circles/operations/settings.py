"""Founding a circle and changing what it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, column, or_, select, table, update
from sqlalchemy.exc import IntegrityError

from circle.access import Actor, Permission
from circle.circles import rules
from circle.circles.events import CircleCreated, MemberJoined
from circle.circles.models import Circle, Member
from circle.circles.operations.common import allowed, lock_circle
from circle.circles.passphrases import hash_passphrase
from circle.core import audit
from circle.core.db import BigInt, db
from circle.core.errors import NotFound, PreconditionFailed, Unauthenticated
from circle.core.operation import emit, operation

#: uploads, of which circles know only this much (the feature comes later in the import order)
_MEDIA = table("media", column("id", BigInt), column("owner_id", BigInt), column("kind"), column("purpose"))
#: what an edit writes into the log as it was and as it became; the passphrase never is
_LOGGED = ("name", "slug", "intro", "accent", "tz", "visibility", "join_mode", "questions")


def create_circle(
    actor: Actor,
    *,
    slug: str,
    name: str,
    intro: str = "",
    tz: str = "Asia/Shanghai",
    visibility: str = "public",
    join_mode: str = "open",
    passphrase: str | None = None,
    questions: Sequence[str] = (),
    accent: str = "persimmon",
) -> int:
    """Found a circle; the founder becomes its owner and first member. Returns its id.

    Raises Invalid on `slug`, `tz` or `passphrase`. Hashes the passphrase before the transaction begins.
    """
    return found_circle(
        actor,
        slug=slug,
        name=name,
        intro=intro,
        tz=tz,
        visibility=visibility,
        join_mode=join_mode,
        passphrase_hash=hash_passphrase(passphrase) if passphrase else None,
        questions=list(questions),
        accent=accent,
    )


@operation
def found_circle(
    actor: Actor, *, slug: str, tz: str, join_mode: str, passphrase_hash: str | None, **values: Any
) -> int:
    """The write of `create_circle`."""
    if actor.id is None:
        raise Unauthenticated
    slug = rules.slug_of(slug)
    rules.check_time_zone(tz)
    rules.check_way_in(join_mode, passphrase_hash)
    circle = Circle(
        slug=slug,
        tz=tz,
        join_mode=join_mode,
        passphrase_hash=passphrase_hash,
        owner_id=actor.id,
        member_count=1,
        **values,
    )
    db.session.add(circle)
    _flush_slug()
    db.session.add(Member(circle_id=circle.id, user_id=actor.id, role="owner"))
    db.session.flush()
    audit.record(
        actor, "circle.create", f"circle:{circle.id}", {"slug": slug, "name": circle.name}, circle_id=circle.id
    )
    emit(CircleCreated(circle.id, actor.id))
    emit(MemberJoined(circle.id, actor.id, first=True))
    return circle.id


def update_circle(
    actor: Actor, slug: str, /, *, version: int | None = None, passphrase: str | None = None, **changes: Any
) -> str:
    """Change what a circle is called, looks like and how people come in; what is not named stays. Returns its slug.

    `changes` are name, slug, intro, accent, tz, visibility, join_mode, questions. Raises PreconditionFailed when
    `version` is given and not the current one, Invalid on `slug`, `tz` or `passphrase`.
    """
    passphrase_hash = hash_passphrase(passphrase) if passphrase else None
    return change_circle(actor, slug, version=version, passphrase_hash=passphrase_hash, **changes)


@operation
def change_circle(
    actor: Actor, slug: str, /, *, version: int | None, passphrase_hash: str | None, **changes: Any
) -> str:
    """The write of `update_circle`."""
    if unknown := changes.keys() - set(_LOGGED):
        raise TypeError(f"a circle has no {unknown}")
    circle = lock_circle(slug)
    allowed(actor, circle, Permission.CIRCLE_CONFIGURE)
    if version is not None and version != circle.version:
        raise PreconditionFailed
    before = {name: getattr(circle, name) for name in _LOGGED}
    if changes.get("slug", slug) != slug:
        changes["slug"] = rules.slug_of(changes["slug"])
    if "tz" in changes:
        rules.check_time_zone(changes["tz"])
    for name in _LOGGED:
        if name in changes:
            setattr(circle, name, changes[name])
    circle.passphrase_hash = passphrase_hash or circle.passphrase_hash
    rules.check_way_in(circle.join_mode, circle.passphrase_hash)
    data: dict[str, Any] = {
        name: [before[name], getattr(circle, name)] for name in _LOGGED if before[name] != getattr(circle, name)
    }
    if passphrase_hash:
        data["passphrase"] = "changed"  # noqa: S105 (that it changed, not what it is)
    if data:
        circle.version += 1
        _flush_slug()
        audit.record(actor, "circle.update", f"circle:{circle.id}", data, circle_id=circle.id)
    return circle.slug


def _flush_slug() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "slug" in str(error.orig):
            raise rules.slug_taken() from None
        raise


@operation
def set_cover(actor: Actor, slug: str, media_id: int | None) -> None:
    """Show an upload of the actor (purpose cover) over the circle, or none. Raises NotFound for any other upload."""
    circle = lock_circle(slug)
    allowed(actor, circle, Permission.CIRCLE_CONFIGURE)
    if media_id is not None:
        found = db.session.scalar(
            select(_MEDIA.c.id).where(
                _MEDIA.c.id == media_id,
                _MEDIA.c.kind == "image",
                _MEDIA.c.purpose == "cover",
                *(() if actor.is_system else (_MEDIA.c.owner_id == actor.id,)),
            )
        )
        if found is None:
            raise NotFound
    before, circle.cover_id = circle.cover_id, media_id
    if before != media_id:
        circle.version += 1
        audit.record(
            actor,
            "circle.cover",
            f"circle:{circle.id}",
            {"before": before and str(before), "after": media_id and str(media_id)},
            circle_id=circle.id,
        )


@operation
def adjust_post_count(circle_id: int, delta: int) -> None:
    """Add `delta` published posts to the circle's count."""
    db.session.execute(_counting(), {"circle": circle_id, "delta": delta})


@cache
def _counting() -> Update:
    circles: Any = Circle.__table__
    more = circles.c.post_count + bindparam("delta", type_=circles.c.post_count.type)
    return update(circles).where(circles.c.id == bindparam("circle", type_=BigInt)).values(post_count=more)


@operation
def note_campaigns(circle_id: int, until: datetime) -> None:
    """A campaign of the circle runs (or is to run) until then."""
    circles: Any = Circle.__table__
    later = or_(circles.c.campaigns_until.is_(None), circles.c.campaigns_until < until)
    db.session.execute(update(circles).where(circles.c.id == circle_id, later).values(campaigns_until=until))
