"""When a request arrived: what decides, at the stroke of a bell, whether somebody was in time.

That is before its body was read (a picture may take a minute on its way), before it waited for another one to be done,
and before the database had room for it. A proxy that takes in the whole body first says how long that took in the
header `X-Request-Time` (deploy/nginx.conf); it is believed only where there is a proxy (`CIRCLE_PROXIES`).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from flask import current_app, g, request

from circle.core import clock
from circle.core.turns import WAITED

_SECONDS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?")
#: no proxy waits longer for a body than this
_LONGEST = timedelta(hours=1)


def note_arrival() -> None:
    """Remember the moment; the first thing that is done with a request."""
    g.arrived_at = clock.now() - timedelta(seconds=request.environ.get(WAITED, 0.0)) - _on_its_way()


def _on_its_way() -> timedelta:
    given = request.headers.get("X-Request-Time", "")
    if not current_app.config["SETTINGS"].proxies or not _SECONDS.fullmatch(given):
        return timedelta(0)
    return min(timedelta(seconds=float(given)), _LONGEST)


def arrived_at() -> datetime:
    """When the request that is being answered arrived (UTC)."""
    moment: datetime = g.arrived_at
    return moment
