"""What may be read of accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, true

from circle.accounts.models import AuthSession, Block, Consent, FormerName, User
from circle.accounts.papers import PAPERS
from circle.accounts.tokens import sha256
from circle.accounts.usernames import same_spelling, tombstone, username_key
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import UTCDateTime, db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.i18n import _
from circle.core.storage import file_url


class LevelTag(NamedTuple):
    """Somebody's level in a circle, in the reader's language (circle/circles/levels.py)."""

    level: int
    name: str
    #: plain for the lowest, vip for the highest, plus between them
    tone: str

    @property
    def short(self) -> str:
        """The name as it stands beside a nickname: 高级会员 is 高级 there."""
        return self.name.removesuffix("会员").removesuffix(" member") or self.name


class Author(NamedTuple):
    """A person as shown beside what they wrote. `role` and `level` are theirs in the circle at hand; None outside.

    Somebody who asked without a name is `unnamed(…)`: id 0, which nobody has.
    """

    id: int
    username: str
    nickname: str
    avatar_url: str | None
    role: str = "member"
    level: LevelTag | None = None

    @property
    def url(self) -> str | None:
        """The public page, None for an account that is gone."""
        return f"/@{self.username}" if self.username else None

    @property
    def anonymous(self) -> bool:
        """Whether this stands for somebody who is not named."""
        return not self.id


#: select these (in this order) next to your own columns, then `author_of(row[n:n + 5], role, circle.tag(level))`
AUTHOR_COLUMNS = (User.id, User.username, User.nickname, User.avatar_id, User.status)


def author_of(columns: Sequence[Any], role: str | None = None, level: LevelTag | None = None) -> Author:
    """The Author in a row that selected AUTHOR_COLUMNS. A deleted account shows only that it is gone."""
    id_, username, nickname, avatar_id, status = columns
    if status == "deleted":
        return Author(id=id_, username="", nickname=_("Deleted account"), avatar_url=None)
    return Author(id_, username, nickname, file_url(avatar_id, "thumb"), role or "member", level)


def unnamed(nickname: str) -> Author:
    """Stands for somebody who is not named: the same for everybody, the person themself included."""
    return Author(0, "", nickname, None)


def not_blocked(actor: Actor, column: Any) -> ColumnElement[bool]:
    """SQL: whoever `column` (a user id) names has not blocked this actor, nor the other way round.

    For lists, suggestions and notices; a visitor and the system see everybody. Each side is one probe of an index.
    """
    return true() if actor.id is None else not_blocked_for(actor.id, column)


def not_blocked_for(person: Any, column: Any) -> ColumnElement[bool]:
    """The same for a person's id, or for the parameter that stands for it in a statement that is built once."""
    mine = select(Block.blocked_id).where(Block.blocker_id == person)
    theirs = select(Block.blocker_id).where(Block.blocked_id == person)
    return and_(column.not_in(mine), column.not_in(theirs))


#: people who may sign in and be known by a token; `deleting` is the cooling-off before deletion
SIGNING_IN = ("active", "deleting")


def actor_of_token(token: str) -> Actor | None:
    """Who holds this API access token, or None when it is unknown, expired or revoked. One statement."""
    row = db.session.execute(_token_statement(), {"token": sha256(token), "now": clock.now()}).first()
    return Actor(id=row[1], username=row[2], nickname=row[3], session_id=row[0]) if row else None


@cache
def _token_statement() -> Select[Any]:
    user, sign_in = User.__table__.c, AuthSession.__table__.c
    known = select(sign_in.id.label("session_id"), user.id, user.username, user.nickname)
    source = AuthSession.__table__.join(User.__table__, user.id == sign_in.user_id)
    return known.select_from(source).where(*_good("api"))


def _good(kind: str) -> tuple[ColumnElement[bool], ...]:
    """The sign-in of the hashed `token` at the moment `now`, if it is still good."""
    sign_in = AuthSession.__table__.c
    return (
        sign_in.access_sha256 == bindparam("token"),
        sign_in.kind == kind,
        sign_in.access_expires_at > bindparam("now", type_=UTCDateTime),
        sign_in.revoked_at.is_(None),
        # spelled out: a list is written into the statement anew each time, and this is asked with every request
        or_(*(User.__table__.c.status == status for status in SIGNING_IN)),
    )


@dataclass
class BrowserUser:
    """The person at this browser, for Flask-Login and for templates (`me`)."""

    token: str
    actor: Actor
    avatar_url: str | None
    theme: str
    locale: str | None
    last_seen_at: datetime
    #: whether the papers changed since the person agreed to them
    must_agree: bool
    #: when the account is to be deleted, None when it is not
    deleting_at: datetime | None
    #: counts unread notices; the composition root gives it, as notices are not known here
    count_unread: Callable[[Actor], int] = field(default=lambda _actor: 0, repr=False)

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.token

    @property
    def id(self) -> int:
        return self.actor.id or 0

    @property
    def username(self) -> str:
        return self.actor.username

    @property
    def nickname(self) -> str:
        return self.actor.nickname

    @property
    def url(self) -> str:
        return f"/@{self.username}"

    @cached_property
    def unread(self) -> int:
        """Unread notices, counted once and only by a page that shows the number."""
        return self.count_unread(self.actor)


@cache
def _browser_statement() -> Select[Any]:
    # every request of a browser asks this: the statement is put together once, and over the plain tables
    user, sign_in = User.__table__.c, AuthSession.__table__.c
    shown = (user.id, user.username, user.nickname, user.avatar_id, user.theme, user.locale, user.deleting_at)
    return (
        select(sign_in.id.label("session_id"), sign_in.last_seen_at, *shown, and_(*agreed_by(user.id).values()))
        .select_from(AuthSession.__table__.join(User.__table__, user.id == sign_in.user_id))
        .where(*_good("browser"))
    )


def browser_user_of_token(token: str) -> BrowserUser | None:
    """Who this browser's cookie belongs to, or None when the sign-in has ended. One statement."""
    row = db.session.execute(_browser_statement(), {"token": sha256(token), "now": clock.now()}).first()
    if row is None:
        return None
    session_id, last_seen_at, user_id, username, nickname, avatar_id, theme, locale, deleting_at, agreed = row
    actor = Actor(id=user_id, username=username, nickname=nickname, session_id=session_id)
    return BrowserUser(token, actor, file_url(avatar_id, "thumb"), theme, locale, last_seen_at, not agreed, deleting_at)


def agreed_by(user_id: Any) -> dict[str, ColumnElement[bool]]:
    """SQL, for each paper: whether somebody agreed to it as it reads now."""
    consent = Consent.__table__.c
    return {
        doc: exists().where(consent.user_id == user_id, consent.doc == doc, consent.version == version)
        for doc, version in PAPERS.items()
    }


# ---- people --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UserRow:
    """A person's public page. `version` rises with each edit."""

    id: int
    username: str
    nickname: str
    avatar_url: str | None
    bio: str
    created_at: datetime
    version: int
    #: whether the reader has blocked this person
    blocked: bool

    @property
    def url(self) -> str:
        return f"/@{self.username}"


@dataclass(frozen=True)
class MeRow(UserRow):
    """The person themselves: also what only they see. `settings` has theme and locale."""

    email: str | None
    #: when the account is to be deleted, None when it is not
    deleting_at: datetime | None
    #: papers (terms, privacy) that changed since the person agreed to them
    must_agree: list[str]
    settings: dict[str, str | None]


_PUBLIC_COLUMNS = (
    User.id,
    User.username,
    User.nickname,
    User.avatar_id,
    User.bio,
    User.created_at,
    User.version,
)


def _public(columns: Sequence[Any]) -> dict[str, Any]:
    id_, username, nickname, avatar_id, bio, created_at, version = columns
    return {
        "id": id_,
        "username": username,
        "nickname": nickname,
        "avatar_url": file_url(avatar_id, "thumb"),
        "bio": bio,
        "created_at": created_at,
        "version": version,
        "blocked": False,
    }


def _as_met(actor: Actor, row: UserRow) -> UserRow:
    """The page of somebody as this actor meets them: who blocked the actor shows them a name and a face only."""
    if actor.id is None or actor.owns(row.id):
        return row
    between = select(Block.blocker_id).where(
        or_(
            and_(Block.blocker_id == actor.id, Block.blocked_id == row.id),
            and_(Block.blocker_id == row.id, Block.blocked_id == actor.id),
        )
    )
    blockers = set(db.session.scalars(between))
    return replace(row, blocked=actor.id in blockers, bio="" if row.id in blockers else row.bio)


def blocked_between(one_id: int, other_id: int) -> bool:
    """Whether one of the two has blocked the other."""
    return db.session.execute(_between_statement(), {"one": one_id, "other": other_id}).first() is not None


@cache
def _between_statement() -> Select[Any]:
    blocks = Block.__table__.c
    one, other = bindparam("one", type_=blocks.blocker_id.type), bindparam("other", type_=blocks.blocker_id.type)
    return select(blocks.blocker_id).where(
        or_(
            and_(blocks.blocker_id == one, blocks.blocked_id == other),
            and_(blocks.blocker_id == other, blocks.blocked_id == one),
        )
    )


def get_user(actor: Actor, user_id: int) -> UserRow:
    """A person's public page, for everybody. Raises NotFound, also for a deleted account."""
    found = (User.id == user_id, User.status != "deleted")
    row = db.session.execute(select(*_PUBLIC_COLUMNS).where(*found)).first()
    if row is None:
        raise NotFound
    return _as_met(actor, UserRow(**_public(row)))


def get_user_named(actor: Actor, name: str) -> UserRow:
    """A person by user name, whatever its case and width, or by one they gave up a while ago. Raises NotFound."""
    key = username_key(name)
    found = (User.username_key == key, User.status != "deleted")
    statement: Any = select(*_PUBLIC_COLUMNS)
    row: Any = db.session.execute(statement.where(*found)).first()
    spelled = row[1] if row else ""
    if row is None:
        gone = (FormerName.username_key == key, FormerName.free_at > clock.now(), User.status != "deleted")
        statement = select(*_PUBLIC_COLUMNS, FormerName.username).join(FormerName, FormerName.user_id == User.id)
        row = db.session.execute(statement.where(*gone)).first()
        spelled = row[-1] if row else ""
    # the key also ignores look-alike characters: those must not lead to somebody who is not meant
    if row is None or same_spelling(spelled) != same_spelling(name):
        raise NotFound
    return _as_met(actor, UserRow(**_public(row[: len(_PUBLIC_COLUMNS)])))


def get_me(actor: Actor) -> MeRow:
    """The person who asks. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    agreed = agreed_by(User.id)
    private = (User.theme, User.locale, User.email, User.deleting_at)
    row: Any = db.session.execute(select(*_PUBLIC_COLUMNS, *private, *agreed.values()).where(User.id == actor.id)).one()
    here = len(_PUBLIC_COLUMNS)
    theme, locale, email, deleting_at = row[here : here + len(private)]
    return MeRow(
        **_public(row[:here]),
        settings={"theme": theme, "locale": locale},
        email=email,
        deleting_at=deleting_at,
        must_agree=[doc for doc, yes in zip(agreed, row[here + len(private) :], strict=True) if not yes],
    )


@dataclass(frozen=True)
class MailPerson:
    """Whom a mail is for, at their confirmed address; `locale` None is the site's."""

    id: int
    username: str
    nickname: str
    email: str
    locale: str | None


def mail_person(user_id: int) -> MailPerson | None:
    """Who may be mailed: somebody with a confirmed address who may sign in."""
    mailed = (User.id == user_id, User.email_key.is_not(None), User.status.in_(SIGNING_IN))
    row = db.session.execute(
        select(User.id, User.username, User.nickname, User.email, User.locale).where(*mailed)
    ).first()
    return MailPerson(row[0], row[1], row[2], row[3] or "", row[4]) if row else None


# ---- sign-ins ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SecretRow:
    """What checking a password needs; it never leaves `credentials`."""

    user_id: int
    username_key: str
    password_hash: str | None = field(repr=False)


def secret_of_key(key: str) -> SecretRow | None:
    """The stored password hash of whoever has this username_key and may sign in."""
    return _secret(User.username_key == key)


def secret_of_user(user_id: int) -> SecretRow:
    """The stored password hash of a person. Raises Unauthenticated when they may not sign in."""
    row = _secret(User.id == user_id)
    if row is None:
        raise Unauthenticated
    return row


def _secret(condition: ColumnElement[bool]) -> SecretRow | None:
    row = db.session.execute(
        select(User.id, User.username_key, User.password_hash).where(condition, User.status.in_(SIGNING_IN))
    ).first()
    return SecretRow(*row) if row else None


def is_taken(username: str) -> bool:
    """Whether somebody has this user name, or one that reads the same, or gave it up a while ago."""
    key = username_key(username)
    return db.session.scalar(select(User.id).where(User.username_key == key)) is not None or is_kept(key)


def is_kept(key: str, *, user_id: int | None = None) -> bool:
    """Whether the name with this key was given up so lately that only who had it (`user_id`) may take it.

    The name of an account that was deleted is kept for ever: nobody is to be taken for who is gone.
    """
    gone = tombstone(key)
    kept = select(FormerName.user_id).where(FormerName.username_key.in_((key, gone)), FormerName.free_at > clock.now())
    deleted = select(User.id).where(User.username_key == gone)
    holder = db.session.scalar(kept.union_all(deleted).limit(1))
    return holder is not None and holder != user_id


def next_username_change(user_id: int) -> datetime | None:
    """When somebody may take another user name; None when they may now."""
    newest = select(func.max(FormerName.free_at)).where(FormerName.user_id == user_id, FormerName.free_at > clock.now())
    return db.session.scalar(newest)
