"""House-keeping of the mechanism itself: periodic jobs that forget what nobody will ask about any more."""

from __future__ import annotations

from datetime import timedelta

from circle.core import idempotency, jobs
from circle.core.jobs import job


@job("core.forget_idempotency", every=timedelta(days=1))
def forget_idempotency() -> None:
    """Forget Idempotency-Keys past their lifetime."""
    idempotency.forget_old()


@job("core.forget_jobs", every=timedelta(days=1))
def forget_jobs() -> None:
    """Forget finished jobs."""
    jobs.forget_done()
