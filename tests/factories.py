"""Background rows for tests. What has a history (memberships, posts, likes) is made by calling operations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import Any

from PIL import Image
from sqlalchemy import select, update

from circle.access import SYSTEM, Actor
from circle.accounts.models import User
from circle.accounts.usernames import username_key
from circle.circles import operations as circles
from circle.circles.models import Circle, Invite, Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import in_transaction, operation
from circle.posts import operations as posts
from tests.openings import loaded, opening

_numbers = count(1)
PASSWORD = "correct horse 9"


def actor_of(user: User) -> Actor:
    return Actor(id=user.id, username=user.username, nickname=user.nickname)


@operation
def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


@operation
def _set(model: Any, id_: int, values: dict[str, Any]) -> Any:
    row = db.session.get_one(model, id_)
    for name, value in values.items():
        setattr(row, name, value)
    return row


@operation
def _settle(circle_id: int, user_id: int) -> None:
    here = (Member.circle_id == circle_id, Member.user_id == user_id)
    db.session.execute(update(Member).where(*here).values(created_at=clock.now() - timedelta(days=30)))


_PEOPLE = {"admin": "admin", "mod": "moderator", "ann": "member", "bob": "member"}


@dataclass(frozen=True)
class Place:
    """A circle and its people; `place.ann` is the actor, `place.users["ann"]` the row to sign in with."""

    circle: Circle
    slug: str
    owner_user: User
    users: dict[str, User]

    @property
    def owner(self) -> Actor:
        return actor_of(self.owner_user)

    @property
    def admin(self) -> Actor:
        return actor_of(self.users["admin"])

    @property
    def mod(self) -> Actor:
        return actor_of(self.users["mod"])

    @property
    def ann(self) -> Actor:
        return actor_of(self.users["ann"])

    @property
    def bob(self) -> Actor:
        return actor_of(self.users["bob"])


class Make:
    """`make.user()`, `make.circle()`, `make.member(circle)`, `make.post(circle)` …"""

    def user(self, name: str | None = None, **values: Any) -> User:
        """A person without a password (sign them in through `browser(user)` or `api(user)`)."""
        name = name or f"person{next(_numbers)}"
        return _add(User(**({"username": name, "username_key": username_key(name), "nickname": name.title()} | values)))

    def circle(self, owner: User | None = None, **values: Any) -> Circle:
        """A circle with its owner; columns that `create_circle` does not take are set directly."""
        number = next(_numbers)
        direct = {name: values.pop(name) for name in set(values) & {"post_count", "status", "cover_id"}}
        circle_id = circles.create_circle(
            actor_of(owner or self.user()), **({"slug": f"ring-{number}", "name": f"Ring {number}"} | values)
        )
        return _set(Circle, circle_id, direct)

    def member(self, circle: Circle, role: str = "member", user: User | None = None, *, newcomer: bool = False) -> User:
        """A person who joined the circle (by an invitation unless it is open) and was given the role.

        They were here before, and so have no tasks for newcomers, which would tell of themselves; unless `newcomer`.
        """
        user = user or self.user()
        invite = None
        if circle.join_mode != "open":
            invite = db.session.get_one(Invite, circles.create_invite(SYSTEM, circle.slug)).token
        circles.join_circle(actor_of(user), circle.slug, invite=invite)
        if not newcomer:
            _settle(circle.id, user.id)
        if role != "member":
            circles.change_role(SYSTEM, circle.slug, user.id, role)
        return user

    def place(self, *, newcomers: bool = False, **values: Any) -> Place:
        """A circle with its people as actors: owner, admin, mod, and the members ann and bob."""
        # one commit for all of it: most tests begin so
        circle_id, owner_id, people = opening(
            f"place {newcomers} {values!r}", lambda: in_transaction(lambda: self._place(newcomers, values))
        )

        def rows() -> Place:
            circle = db.session.get_one(Circle, circle_id)
            found = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
            users = {name: found[user_id] for name, user_id in people.items()}
            return Place(circle, circle.slug, found[owner_id], users)

        ids = [owner_id, *people.values()]
        return loaded(rows)

    def _place(self, newcomers: bool, values: dict[str, Any]) -> tuple[int, int, dict[str, int]]:
        owner = self.user()
        circle = self.circle(owner, **values)
        people = {name: self.member(circle, role, newcomer=newcomers).id for name, role in _PEOPLE.items()}
        return circle.id, owner.id, people

    def post(self, place: Place, author: str = "ann", **values: Any) -> int:
        """A published post by one of the people of the place."""
        return posts.publish_post(getattr(place, author), place.slug, **({"body": "早安，今天有雾。"} | values))

    @staticmethod
    def picture(size: tuple[int, int] = (64, 48), color: str = "#c7462a", kind: str = "PNG") -> bytes:
        """The bytes of a small valid picture."""
        file = BytesIO()
        Image.new("RGB", size, color).save(file, kind)
        return file.getvalue()


__all__ = ["PASSWORD", "SYSTEM", "Actor", "Make", "Place", "actor_of"]
