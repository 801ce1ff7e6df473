"""The streams of this process: who has one, what they watch, and the one thread that looks for them.

A stream is a thread of the web server for as long as it is open, so there are few (`limit`), each ends after some
minutes, and everybody else asks instead. The thread starts with the first stream, looks at the database every two
seconds for exactly what is watched, and puts what changed into the queues of those who may know. It asks at the same
time whether they still may: who signs out or leaves a private circle hears nothing more of it.
"""

from __future__ import annotations

import json
import os
import queue
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

#: seconds between two looks at the database
LOOK = 2.0
#: seconds after which something is sent in any case: only writing shows that the reader is gone
BEAT = 15.0
#: seconds until a stream ends and its page opens another, a little different for each
LIFE = 300.0
#: of one person in one process; opening one more ends the oldest, whose page asks instead
STREAMS_EACH = 3
#: looks that may fail in a row before all streams end and the pages go over to asking
_PATIENCE = 5


@dataclass(frozen=True)
class Watched:
    """What the open streams want to know: sign-ins (ids of auth_sessions) and circles."""

    sessions: frozenset[int]
    circles: frozenset[int]


@dataclass(frozen=True)
class CircleNews:
    """The newest published post of a circle (0: none) and how many there are; either changes when something happens."""

    newest: int
    posts: int
    public: bool


@dataclass(frozen=True)
class Person:
    """Whose sign-in it is, and how much they have not read."""

    user_id: int
    unread: int


@dataclass(frozen=True)
class Seen:
    """One look: sign-ins that are still good, circles that still exist, who is in them and who is banned from them.

    `members` and `banned` hold pairs of a user's and a circle's id.
    """

    people: Mapping[int, Person]
    circles: Mapping[int, CircleNews]
    members: frozenset[tuple[int, int]]
    banned: frozenset[tuple[int, int]] = frozenset()

    def readable(self, user_id: int, circle_id: int) -> CircleNews | None:
        """The circle's news, if they are for this person."""
        news, here = self.circles.get(circle_id), (user_id, circle_id)
        return news if news and (here in self.members or (news.public and here not in self.banned)) else None


Look = Callable[[Watched], Seen]


@dataclass(eq=False)
class Stream:
    """One open page. `lines` is what the web server sends; `close` gives the place back."""

    hub: Hub
    user_id: int
    session_id: int
    #: id -> address of the circles it watches
    circles: dict[int, str]
    #: whether the reader has hung up, where the server can tell before something is sent
    gone: Callable[[], bool] = field(default=lambda: False, repr=False)
    queue: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)
    #: what was told last
    told: dict[int, CircleNews] = field(default_factory=dict)
    unread: int | None = None
    born: float = field(default_factory=time.monotonic)

    def tell(self, seen: Seen) -> None:
        """Put what changed since the last time into the queue; end when the sign-in is over."""
        person = seen.people.get(self.session_id)
        if person is None:
            self.end("bye")
            return
        if person.unread != self.unread:
            self.unread = person.unread
            self.queue.put(_event("unread", {"unread": person.unread}))
        for circle_id, slug in list(self.circles.items()):
            news = seen.readable(self.user_id, circle_id)
            if news is None:
                del self.circles[circle_id]  # for good: whoever comes back opens the page again
            elif news != self.told.get(circle_id):
                self.told[circle_id] = news
                self.queue.put(_event("posts", {"circle": slug, "newest": str(news.newest)}))

    def end(self, why: str) -> None:
        """End it with a last event that tells the page what to do: `bye` (stop asking), `full` (ask instead)."""
        self.queue.put(_event(why, {}))
        self.queue.put(None)

    def lines(self, *, beat: float = BEAT, life: float = LIFE) -> Iterator[bytes]:
        """The stream until it is closed or old. Needs no application context and no database."""
        end = time.monotonic() + life * random.uniform(0.9, 1.1)
        # when it ends, pages come back at different moments
        yield b"retry: %d\n\n" % random.randint(2000, 6000)
        while (left := end - time.monotonic()) > 0:
            try:
                line = self.queue.get(timeout=min(beat, left))
            except queue.Empty:
                line = b": beat\n\n"
            if line is None:
                return
            yield line

    def close(self) -> None:
        """Give the place back. Does nothing the second time."""
        self.hub.leave(self)


def _event(name: str, data: Mapping[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


class Hub:
    """The streams of one process. Safe to use from any thread and in a process that was forked."""

    def __init__(self, look: Look, *, limit: int, every: float = LOOK) -> None:
        self._look, self._every = look, every
        self.limit = limit
        self._begin()
        _hubs.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __len__(self) -> int:
        return len(self._streams)

    def fit(self, threads: int) -> None:
        """Leave enough of the server's threads to everybody else: never the last eight."""
        self.limit = max(0, min(self.limit, threads - 8))

    @property
    def full(self) -> bool:
        """Whether it is not worth asking for a place."""
        return self._closed or len(self._streams) >= self.limit

    def open(
        self,
        user_id: int,
        session_id: int,
        circles: Mapping[int, str],
        seen: Seen,
        gone: Callable[[], bool] = lambda: False,
    ) -> Stream | None:
        """A stream for this sign-in, or None when there is no place left. It first tells what `seen` holds."""
        stream = Stream(self, user_id, session_id, dict(circles), gone)
        stream.tell(seen)
        with self._lock:
            if self._closed or len(self._streams) >= self.limit:
                return None
            mine = sorted((other for other in self._streams if other.user_id == user_id), key=lambda one: one.born)
            for oldest in mine[: len(mine) + 1 - STREAMS_EACH]:
                self._streams.discard(oldest)
                oldest.end("full")
            self._streams.add(stream)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="circle-live", daemon=True)
                self._thread.start()
        if self._closed:  # between the two: `close` may not have seen it
            stream.queue.put(None)
        self._wake.put(None)
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a stream; its place is free for another."""
        with self._lock:
            self._streams.discard(stream)

    def close(self) -> None:
        """End all streams at once and open no more. Takes no lock, so a signal handler may call it."""
        self._closed = True
        for stream in list(self._streams):
            stream.queue.put(None)
        self._wake.put(None)

    def join(self, timeout: float) -> None:
        """After `close`: wait for the thread. Raises RuntimeError when it does not end."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                raise RuntimeError("the thread of the live streams does not end")

    # ---- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failed = 0
        while not self._closed:
            if not self._streams:
                self._wake.get()  # nobody listens: nothing is asked
                continue
            failed = 0 if self._tell_all() else failed + 1
            if failed >= _PATIENCE:
                self._end_all()
                failed = 0
            self._pause(self._every * (1 + failed))

    def _pause(self, seconds: float) -> None:
        """Sleep, but not through the end; new streams are told by whoever opens them and wait for the next look."""
        until = time.monotonic() + seconds
        while not self._closed and (left := until - time.monotonic()) > 0:
            try:
                self._wake.get(timeout=left)
            except queue.Empty:
                return

    def _tell_all(self) -> bool:
        with self._lock:
            # one whose answer was never sent nor closed must not keep its place for ever
            oldest = time.monotonic() - 2 * LIFE
            self._streams = {stream for stream in self._streams if stream.born > oldest}
            streams = list(self._streams)
        for stream in [one for one in streams if one.gone()]:
            stream.queue.put(None)
            streams.remove(stream)
        if not streams:
            return True
        # those that open from here on are not part of this look
        wanted = Watched(
            frozenset(stream.session_id for stream in streams),
            frozenset(circle_id for stream in streams for circle_id in list(stream.circles)),
        )
        try:
            seen = self._look(wanted)
        except Exception:
            log.warning("live: could not look", exc_info=True)
            return False
        for stream in streams:
            stream.tell(seen)
        return True

    def _end_all(self) -> None:
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.queue.put(None)


_hubs: weakref.WeakSet[Hub] = weakref.WeakSet()


def _after_fork() -> None:
    for hub in list(_hubs):
        hub._begin()  # threads stay behind in the parent, and a lock may have been held there


os.register_at_fork(after_in_child=_after_fork)
