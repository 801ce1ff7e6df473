"""Requests of one process are worked on one after the other where threads would only be in each other's way.

Python runs one thread at a time, and a thread that asks an SQLite file lets others run during each statement: of ten
requests each is interrupted a hundred times, and whoever holds the lock of the file waits for those who do not need
it. So a request waits until it is its turn, which costs nothing, and then has the interpreter and a warm connection
to itself (docs/decisions/0024-turns.md). deploy/gunicorn.conf.py puts `Turns` before an application that asks for it.

A turn ends with its request, or before: when the request begins to wait for something else (`let_go`), or when it
lasted for `PATIENCE`. Then the next one runs beside it. So nothing slow keeps others for longer, and no two requests
can wait for each other.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

#: seconds that a turn lasts at most
PATIENCE = 0.05
#: bytes of a body that may still be on its way when the request begins: such a request takes no turn
UPLOAD = 64 * 1024
#: where in the environment of a request stands how long it waited (seconds)
WAITED = "circle.waited"

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]

#: `end`: what ends the turn of the request that this thread works on
_mine = threading.local()


def let_go() -> None:
    """End the turn of this request, before it waits for the disk or computes outside of Python; the rest of it runs
    beside others. Nothing happens where there are no turns."""
    end = getattr(_mine, "end", None)
    if end is not None:
        end()


class _Turn:
    """The place of a request in the queue."""

    __slots__ = ("called", "since")

    def __init__(self) -> None:
        #: whoever waits in the queue waits for this
        self.called = threading.Lock()
        self.called.acquire()
        #: when it began, by the monotonic clock
        self.since = 0.0


class Turns:
    """A WSGI application that lets one request at a time into another one, first come, first served."""

    def __init__(self, application: WSGI, *, patience: float = PATIENCE) -> None:
        self._application, self._patience = application, patience
        #: held for moments, to look at the next two and change them
        self._lock = threading.Lock()
        self._queue: deque[_Turn] = deque()
        self._now: _Turn | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer the request when it is its turn. What streams after that is nobody's turn."""
        if _is_upload(environ):
            return self._application(environ, start_response)
        came = time.monotonic()
        turn = self._take()
        environ[WAITED] = time.monotonic() - came
        _mine.end = lambda: self._end(turn)
        try:
            return self._application(environ, start_response)
        finally:
            del _mine.end
            self._end(turn)

    def _take(self) -> _Turn:
        turn = _Turn()
        with self._lock:
            if self._now is None:
                self._begin(turn)
                return turn
            self._queue.append(turn)
            wait = self._left()
        while not turn.called.acquire(timeout=wait):
            with self._lock:
                if self._now is turn:  # called while it stopped waiting
                    break
                wait = self._left()
                if wait == 0 and self._queue[0] is turn:
                    self._begin(self._queue.popleft())
                    break
                wait = wait or self._patience  # whoever is before this one loses patience first
        return turn

    def _left(self) -> float:
        """Seconds that the present turn may still last."""
        return 0.0 if self._now is None else max(0.0, self._now.since + self._patience - time.monotonic())

    def _begin(self, turn: _Turn) -> None:
        turn.since = time.monotonic()
        self._now = turn

    def _end(self, turn: _Turn) -> None:
        """Call the next one. Nothing happens when the turn was over already."""
        with self._lock:
            if self._now is not turn:
                return
            self._now = None
            if self._queue:
                following = self._queue.popleft()
                self._begin(following)
                following.called.release()


def _is_upload(environ: dict[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    return "HTTP_TRANSFER_ENCODING" in environ or not length.isdecimal() or int(length) > UPLOAD
