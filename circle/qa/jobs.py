"""What questions and answers leave for later: invitations end, and names change."""

from __future__ import annotations

from datetime import timedelta

from circle.core.jobs import job
from circle.posts import texts
from circle.qa import operations, queries

_BATCH = 200


@job("qa.expire_invites", every=timedelta(minutes=10))
def expire_invites() -> None:
    """Put down which invitations to answer nobody has taken up in time (readers do not see those any more)."""
    while due := queries.questions_with_due_invites(_BATCH):
        for question_id in due:
            operations.expire_invites(question_id)


@job("qa.rename_mentions")
def rename_mentions(user_id: int) -> None:
    """Let every answer that names somebody show the name they have now; one that is up to date is not touched."""
    after: tuple[str, int] | None = None
    while batch := texts.outdated_mentions(user_id, after, _BATCH, kinds=("answer",)):
        for _kind, answer_id in batch:
            operations.renew_mention(user_id, answer_id)
        after = batch[-1]


@job("qa.reopen_duplicates")
def reopen_duplicates(question_id: int | None) -> None:
    """Open again what is sent on to a question that is gone for good; None: to any such question."""
    while batch := queries.left_behind(question_id):
        for duplicate_id in batch:
            operations.reopen_left_behind(duplicate_id)


@job("qa.reopen_left_behind", every=timedelta(days=1))
def reopen_left_behind() -> None:
    """See that no question leads to one that is gone, also where its going was not told (a hidden one was erased)."""
    reopen_duplicates(None)
