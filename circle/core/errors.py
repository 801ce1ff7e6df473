"""What can go wrong, as exceptions with a stable code and a sentence for a member.

Operations, rules and queries raise them; the web edge turns them into the same form with its errors or into a page,
the API edge into problem+json (RFC 9457). Anything else that is raised is a bug and becomes a 500 with an incident
number: it is never swallowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from circle.core.i18n import LazyString, lazy

Sentence: TypeAlias = str | LazyString


class CircleError(Exception):
    """Base of all expected refusals.

    `code` is stable and upper-case, `status` the HTTP status, `sentence` says what a member can do about it,
    `errors` maps field names to sentences, `retry_after` is seconds.
    """

    status = 400
    code = "BAD_REQUEST"
    sentence: Sentence = lazy("The request could not be understood.")

    def __init__(
        self,
        sentence: Sentence | None = None,
        *,
        code: str | None = None,
        errors: Mapping[str, Sequence[Sentence]] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.sentence = sentence if sentence is not None else self.sentence
        self.code = code or self.code
        self.errors: dict[str, list[Any]] = {name: list(texts) for name, texts in (errors or {}).items()}
        self.retry_after = retry_after
        super().__init__(self.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"

    @property
    def for_form(self) -> dict[str, list[Any]]:
        """Errors by field for a form; a refusal of the whole form stands under ''."""
        return self.errors or {"": [self.sentence]}


class BadRequest(CircleError):
    """400: the request itself is malformed (cursor, JSON, header)."""


class Unauthenticated(CircleError):
    status = 401
    code = "UNAUTHENTICATED"
    sentence = lazy("Please sign in first.")


class Forbidden(CircleError):
    """403: known, visible, but not allowed (`MUTED` and `BANNED` are its special codes)."""

    status = 403
    code = "FORBIDDEN"
    sentence = lazy("You may not do that here.")


class NotFound(CircleError):
    """404, for "not there" and "not yours to see" alike."""

    status = 404
    code = "NOT_FOUND"
    sentence = lazy("This is not here, or no longer here.")


class Conflict(CircleError):
    """409: somebody else was faster, or the thing is in a state that forbids the step."""

    status = 409
    code = "STATE_CONFLICT"
    sentence = lazy("This has changed in the meantime. Please look again.")


class PreconditionFailed(CircleError):
    """412: the version the client edited is not the current one."""

    status = 412
    code = "PRECONDITION_FAILED"
    sentence = lazy("Somebody changed this after you opened it. Reload and try again.")


class TooLarge(CircleError):
    status = 413
    code = "TOO_LARGE"
    sentence = lazy("That is too large to upload.")


class UnsupportedType(CircleError):
    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    sentence = lazy("This kind of content is not supported.")


class Invalid(CircleError):
    """422: a field holds something it cannot hold; `errors` says which."""

    status = 422
    code = "VALIDATION"
    sentence = lazy("Please check the marked fields.")


class Refused(CircleError):
    """422: the input is well formed but a rule says no. Always raised with its own code and sentence."""

    status = 422

    def __init__(self, code: str, sentence: Sentence, *, field: str | None = None) -> None:
        super().__init__(sentence, code=code, errors={field: [sentence]} if field else None)


class RateLimited(CircleError):
    status = 429
    code = "RATE_LIMITED"
    sentence = lazy("That was a little fast. Please wait a moment and try again.")


class Unavailable(CircleError):
    status = 503
    code = "UNAVAILABLE"
    sentence = lazy("The service is busy. Please try again in a moment.")
