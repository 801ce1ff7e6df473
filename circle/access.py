"""Who may: one enum of permissions, one table from roles to permissions, and the two questions `require` and `can`.

Operations call `require` in their first lines; queries call `can` only to tell a page which buttons to draw. The
facts come in as a `Standing`, read by `circles.queries.standing_of`, so this module needs no table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from circle.core import clock
from circle.core.actor import SYSTEM, VISITOR, Actor
from circle.core.errors import Forbidden, Unauthenticated
from circle.core.i18n import lazy

__all__ = [
    "SYSTEM",
    "VISITOR",
    "Actor",
    "Permission",
    "Role",
    "Standing",
    "can",
    "check_may_act_on",
    "not_yours",
    "outranks_or_equals",
    "require",
]


class Role(StrEnum):
    """What somebody is in a circle. owner > admin > moderator; an expert answers, and ranks as a member."""

    OWNER = "owner"
    ADMIN = "admin"
    MODERATOR = "moderator"
    EXPERT = "expert"
    MEMBER = "member"

    @property
    def rank(self) -> int:
        return {Role.OWNER: 3, Role.ADMIN: 2, Role.MODERATOR: 1}.get(self, 0)


class Permission(StrEnum):
    """resource:action, in alphabetical order."""

    ANSWER_MODERATE = "answer:moderate"
    ANSWER_VOTE = "answer:vote"
    ANSWER_WRITE = "answer:write"
    APPLICATION_DECIDE = "application:decide"
    CAMPAIGN_JOIN = "campaign:join"
    CAMPAIGN_MANAGE = "campaign:manage"
    CHECKIN_REVIEW = "checkin:review"
    CHECKIN_WRITE = "checkin:write"
    CIRCLE_CONFIGURE = "circle:configure"
    COMMENT_MODERATE = "comment:moderate"
    COMMENT_WRITE = "comment:write"
    IDENTITY_REVEAL = "identity:reveal"
    INVITE_MANAGE = "invite:manage"
    LIKE_GIVE = "like:give"
    MEMBER_BAN = "member:ban"
    MEMBER_MUTE = "member:mute"
    MEMBER_REMOVE = "member:remove"
    MEMBER_ROLE = "member:role"
    POINTS_ADJUST = "points:adjust"
    POINTS_CONFIGURE = "points:configure"
    POLL_VOTE = "poll:vote"
    POST_FEATURE = "post:feature"
    POST_MODERATE = "post:moderate"
    POST_PIN = "post:pin"
    POST_WRITE = "post:write"
    QUESTION_INVITE = "question:invite"
    QUESTION_MODERATE = "question:moderate"
    TASK_CLAIM = "task:claim"
    TOPIC_FOLLOW = "topic:follow"
    TOPIC_MANAGE = "topic:manage"


_MEMBER = frozenset({
    Permission.ANSWER_VOTE,
    Permission.ANSWER_WRITE,
    Permission.CAMPAIGN_JOIN,
    Permission.CHECKIN_WRITE,
    Permission.COMMENT_WRITE,
    Permission.LIKE_GIVE,
    Permission.POLL_VOTE,
    Permission.POST_WRITE,
    Permission.QUESTION_INVITE,
    Permission.TASK_CLAIM,
    Permission.TOPIC_FOLLOW,
})  # fmt: skip
_MODERATOR = _MEMBER | {
    Permission.ANSWER_MODERATE,
    Permission.CHECKIN_REVIEW,
    Permission.COMMENT_MODERATE,
    Permission.MEMBER_MUTE,
    Permission.POST_FEATURE,
    Permission.POST_MODERATE,
    Permission.POST_PIN,
    Permission.QUESTION_MODERATE,
    Permission.TOPIC_MANAGE,
}
_ADMIN = _MODERATOR | {
    Permission.APPLICATION_DECIDE,
    Permission.CAMPAIGN_MANAGE,
    Permission.CIRCLE_CONFIGURE,
    Permission.IDENTITY_REVEAL,
    Permission.INVITE_MANAGE,
    Permission.MEMBER_BAN,
    Permission.MEMBER_REMOVE,
    Permission.POINTS_ADJUST,
    Permission.POINTS_CONFIGURE,
}
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: _ADMIN,
    Role.MODERATOR: _MODERATOR,
    Role.EXPERT: _MEMBER,
    Role.MEMBER: _MEMBER,
}
#: what a muted member may not do; reading and following stay
SPEAKING = frozenset({
    Permission.ANSWER_VOTE,
    Permission.ANSWER_WRITE,
    Permission.CHECKIN_WRITE,
    Permission.COMMENT_WRITE,
    Permission.POST_WRITE,
    Permission.QUESTION_INVITE,
})  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Somebody's place in one circle: `status` is active, pending, left, banned, or none."""

    circle_id: int
    user_id: int | None
    status: str = "none"
    role: Role = Role.MEMBER
    muted_until: datetime | None = None

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def muted(self) -> bool:
        return self.muted_until is not None and self.muted_until > clock.now()

    @property
    def rank(self) -> int:
        return self.role.rank if self.active else 0


def can(actor: Actor, permission: Permission, standing: Standing) -> bool:
    """Whether `require` would let it pass."""
    try:
        require(actor, permission, standing)
    except (Forbidden, Unauthenticated):
        return False
    return True


def require(actor: Actor, permission: Permission, standing: Standing) -> None:
    """Let it pass, or raise Unauthenticated, Forbidden, Forbidden BANNED or Forbidden MUTED with a sentence."""
    if actor.is_system:
        return
    if not actor.signed_in:
        raise Unauthenticated
    if standing.user_id != actor.id:
        raise RuntimeError("the standing of somebody else was given")
    if standing.status == "banned":
        raise Forbidden(lazy("You can no longer take part in this circle."), code="BANNED")
    if not standing.active:
        raise Forbidden(lazy("Please join the circle first."))
    if permission not in ROLE_PERMISSIONS[standing.role]:
        raise Forbidden(lazy("That is for the people who run this circle."))
    if permission in SPEAKING and standing.muted:
        raise Forbidden(lazy("You are muted here for now, so you cannot post or comment."), code="MUTED")


def outranks_or_equals(standing: Standing, role: str | None) -> bool:
    """Whether somebody may act on what a person with `role` (None: no longer here) did."""
    return standing.rank >= (Role(role).rank if role else 0)


def not_yours() -> Forbidden:
    """The refusal for changing what somebody else wrote."""
    return Forbidden(lazy("Only its author can change this."))


def check_may_act_on(actor: Actor, standing: Standing, target: Standing) -> None:
    """Nobody acts on themselves or on a higher role. Raises Forbidden."""
    if actor.is_system:
        return
    if actor.owns(target.user_id):
        raise Forbidden(lazy("You cannot do that to yourself."))
    if target.rank > standing.rank:
        raise Forbidden(lazy("This person has a higher role than you."))
