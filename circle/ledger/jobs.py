"""What the ledger does by itself. Its nightly check is in `circle/points/jobs.py`, which knows what else to look at."""

from __future__ import annotations

from datetime import timedelta

import structlog

from circle.core import clock
from circle.core.jobs import job
from circle.ledger import operations

log = structlog.get_logger(__name__)

#: an entry gets its time before its transaction commits; none takes so long
SETTLED = timedelta(minutes=10)
#: new entries of an account that make it worth a place to go on counting from
WORTH = 200


@job("ledger.keep_checkpoints", every=timedelta(hours=1))
def keep_checkpoints() -> None:
    """Sum up the accounts of the system, so that the past can be told without adding up everything."""
    made = operations.keep_checkpoints(clock.now() - SETTLED, least=WORTH)
    if made:
        log.info("checkpoints kept", count=made)
