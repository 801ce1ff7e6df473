"""Who acts. Every operation and query takes one of these first; nothing below the edges reads a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person, a visitor (`id` is None) or the system itself.

    Carries only what cannot go stale in harm's way; rights inside a circle are read inside the operation.
    """

    id: int | None
    username: str = ""
    nickname: str = ""
    #: id of the auth_sessions row the request came with, so that "sign out everywhere else" knows which is "here"
    session_id: int | None = None
    is_system: bool = False

    @property
    def signed_in(self) -> bool:
        return self.id is not None

    @property
    def person_id(self) -> int:
        """The id, where `access.require` has let only people through."""
        if self.id is None:
            raise RuntimeError("a visitor got past access.require")
        return self.id

    def owns(self, user_id: int | None) -> bool:
        """Whether `user_id` is this very person."""
        return self.id is not None and self.id == user_id


#: somebody who has not signed in
VISITOR = Actor(id=None)
#: jobs, reactions and the command line; may do everything
SYSTEM = Actor(id=None, username="system", is_system=True)
