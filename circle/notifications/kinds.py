"""Every kind of notice: its sign, its sentence and where it leads.

A notice stores values, never sentences: it is told in the language of whoever reads it, with the names people have by
then. What `data` may hold, by name:

    by           id of the person who did it, shown with face and name (%(name)s); nobody is told of their own acts
    quote        a reason, or the beginning of what was written; shown under the sentence
    role         the new role (member.role)
    until        ISO moment (member.muted)
    post_id, comment_id, …   what the link is made of

`%(circle)s` and `{slug}` come from the notice's circle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from circle.core.i18n import LazyString, lazy

_IN_LINK = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Kind:
    """How one kind of notice is told. `tone` is "", ok or gold."""

    icon: str
    sentence: LazyString
    #: a path with {slug} and names of `data`; None when there is nothing (more) to see
    link: str | None = None
    tone: str = ""
    #: values of `data` without which the sentence cannot be told
    needs: frozenset[str] = frozenset()
    #: other sentences for certain values of `data["role"]`
    by_role: Mapping[str, LazyString] = field(default_factory=dict)

    @property
    def required(self) -> frozenset[str]:
        """Names that `data` must hold."""
        return self.needs | (frozenset(_IN_LINK.findall(self.link or "")) - {"slug"})

    def told(self, values: Mapping[str, Any]) -> str:
        """The sentence in the reader's language; `values` holds name, circle, until, role."""
        sentence = self.by_role.get(values.get("role", ""), self.sentence)
        return str(sentence) % values

    def path(self, values: Mapping[str, Any]) -> str | None:
        """Where it leads; `values` holds slug and `data`."""
        return self.link.format_map(values) if self.link and values.get("slug") else None


_POST = "/{slug}/posts/{post_id}"
_COMMENT = _POST + "#comment-{comment_id}"
_BY = frozenset({"by"})

KINDS: Mapping[str, Kind] = {
    "post.commented": Kind("message-circle", lazy("%(name)s commented on your post"), _COMMENT, needs=_BY),
    "comment.replied": Kind("reply", lazy("%(name)s replied to you"), _COMMENT, needs=_BY),
    "post.hidden": Kind("eye-off", lazy("Your post is hidden for now"), _POST),
    "post.restored": Kind("eye", lazy("Your post can be seen again"), _POST, "ok"),
    "post.removed": Kind("trash-2", lazy("Your post was removed from %(circle)s")),
    "comment.hidden": Kind("eye-off", lazy("Your comment is hidden for now"), _POST),
    "comment.restored": Kind("eye", lazy("Your comment can be seen again"), _COMMENT, "ok"),
    "comment.removed": Kind("trash-2", lazy("Your comment was removed"), _POST),
    "application.submitted": Kind(
        "user-round-plus", lazy("%(name)s would like to join %(circle)s"), "/{slug}/manage/applications", needs=_BY
    ),
    "application.approved": Kind("user-round-check", lazy("You are in. Welcome to %(circle)s!"), "/{slug}", "ok"),
    "application.rejected": Kind("user-round-x", lazy("%(circle)s did not take you in this time")),
    "member.role": Kind(
        "shield-check",
        lazy("You are an ordinary member of %(circle)s again"),
        "/{slug}",
        needs=frozenset({"role"}),
        by_role={
            "owner": lazy("%(circle)s is yours now"),
            "admin": lazy("You are now an admin of %(circle)s"),
            "moderator": lazy("You are now a moderator of %(circle)s"),
            "expert": lazy("You are now an expert of %(circle)s"),
        },
    ),
    "member.muted": Kind(
        "message-circle-off",
        lazy("You are muted in %(circle)s until %(until)s"),
        "/{slug}",
        needs=frozenset({"until"}),
    ),
    "member.unmuted": Kind("message-circle", lazy("You can post and comment in %(circle)s again"), "/{slug}", "ok"),
    "member.removed": Kind("user-round-minus", lazy("You were taken out of %(circle)s")),
    "member.banned": Kind("ban", lazy("You can no longer take part in %(circle)s")),
}
