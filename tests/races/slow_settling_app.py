"""The application in which settling takes its time in the middle of each transaction, for workers that are killed then:
`flask --app tests.races.slow_settling_app`."""

from __future__ import annotations

import time
from typing import Any

from circle.app import create_app
from circle.checkins.operations import reminding, settling

_refresh, _lock_all = settling.refresh_enrollment, reminding.lock_all


def _refresh_slowly(*about: Any, **how: Any) -> Any:
    done = _refresh(*about, **how)
    time.sleep(0.03)
    return done


def _lock_slowly(*about: Any, **how: Any) -> Any:
    time.sleep(0.1)
    return _lock_all(*about, **how)


settling.refresh_enrollment = _refresh_slowly
reminding.lock_all = _lock_slowly
#: in several transactions
reminding.remind_some.__wrapped__.__defaults__ = (0, 3)  # type: ignore[attr-defined]

app = create_app()
