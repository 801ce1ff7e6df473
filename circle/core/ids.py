"""Time-ordered 63-bit ids, made by the application: millisecond << 22 | node << 12 | sequence.

Why not the database's own sequence: ids exist before the insert (events, storage keys), they sort by time in every
engine, and many machines can make them without asking each other. A node is 10 bits: 5 for the machine
(`CIRCLE_NODE`) and 5 for the process on it, taken by locking the first free file under the data directory, so two
processes never share one.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

from circle.core import clock

#: 2024-01-01T00:00:00Z in ms: keeps ids 63-bit until the year 2093
EPOCH_MS = 1_704_067_200_000
_PROCESSES = 32
_SEQUENCES = 4096
#: the upper half of the sequences of a millisecond is for a clock set by hand, so the two never meet
_BY_HAND = 2048
MAX_ID = 2**63 - 1


class Generator:
    """Makes ids for one process. Thread-safe; unique as long as `node` is unique among living processes."""

    def __init__(self, node: int) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._last_ms = 0
        self._sequence = 0
        #: next sequence per millisecond while the clock is set by hand (time may then run backwards)
        self._by_hand: dict[int, int] = {}

    def next(self) -> int:
        with self._lock:
            ms = max(1, int(clock.now().timestamp() * 1000) - EPOCH_MS)  # never negative, never 0
            ms, sequence = self._at_hand(ms) if clock.is_set() else self._at_clock(ms)
            return ms << 22 | self._node << 12 | sequence

    def _at_clock(self, ms: int) -> tuple[int, int]:
        # a clock that stepped back, or a full millisecond, borrows from the next one: order and uniqueness stay
        ms = max(ms, self._last_ms)
        self._sequence = self._sequence + 1 if ms == self._last_ms else 0
        if self._sequence == _BY_HAND:
            ms, self._sequence = ms + 1, 0
        self._last_ms = ms
        return ms, self._sequence

    def _at_hand(self, ms: int) -> tuple[int, int]:
        while (sequence := self._by_hand.get(ms, _BY_HAND)) >= _SEQUENCES:
            ms += 1
        self._by_hand[ms] = sequence + 1
        return ms, sequence


_generator: Generator | None = None
_node_lock: int | None = None
_place: tuple[int, Path] = (0, Path(tempfile.gettempdir()) / f"circle-ids-{os.getuid()}")
#: two threads that ask first must agree on one generator
_start = threading.Lock()


def configure(machine: int, directory: Path) -> None:
    """Say which machine this is (0..31) and where its process locks live. Called once by `create_app`."""
    global _place, _generator
    if _place != (machine, directory):
        _place, _generator = (machine, directory), None


def _take_node() -> int:
    global _node_lock
    machine, directory = _place
    directory.mkdir(parents=True, exist_ok=True)
    for process in range(_PROCESSES):
        try:
            file = os.open(directory / f"node-{process}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError:  # another user's process made it (say, a command run as root): leave it to them
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            continue
        if _node_lock is not None:
            os.close(_node_lock)
        _node_lock = file  # held until the process ends
        return machine * _PROCESSES + process
    raise RuntimeError(f"more than {_PROCESSES} circle processes on one machine; give some another CIRCLE_NODE")


def _after_fork() -> None:
    global _generator, _node_lock, _start
    _start = threading.Lock()  # another thread of the parent may have held it
    if _node_lock is not None:
        os.close(_node_lock)  # the parent keeps its lock: flock belongs to the open file both share
    _generator, _node_lock = None, None


os.register_at_fork(after_in_child=_after_fork)


def new_id() -> int:
    """A new unique id, greater than every id this process made before (while the clock is not set by hand)."""
    return (_generator or _first_generator()).next()


def _first_generator() -> Generator:
    global _generator
    with _start:
        if _generator is None:
            _generator = Generator(_take_node())
        return _generator


def moment_of(id_: int) -> datetime:
    """When the id was made, UTC, to the millisecond."""
    return datetime.fromtimestamp(((id_ >> 22) + EPOCH_MS) / 1000, UTC)


def first_id_at(moment: datetime) -> int:
    """The smallest id that can be made at this moment: ids below it were made before."""
    return max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << 22
