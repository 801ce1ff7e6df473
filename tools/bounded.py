"""Run a command for so many minutes at most: `python tools/bounded.py 45 python -m pytest …`.

When the time is up it says what is still running, asks the tests among it for the stacks of their threads (SIGUSR1, see
tests/conftest.py), and ends it all; the exit code is then 124. It also ends what the command left behind: a forgotten
server could keep a pipe open, and who reads that pipe would wait for ever.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

TIME_IS_UP = 124
_PR_SET_CHILD_SUBREAPER = 36


def adopt() -> None:
    """Become the parent of what the command's processes leave behind, where the system can do that (Linux)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError, TypeError):
        return


def below(pid: int) -> list[int]:
    """Every process that came from this one, parents first; empty where there is no /proc."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = place.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[:2]
        except OSError:  # it has just ended
            continue
        if state != "Z":
            parents.setdefault(int(parent), []).append(int(place.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found[1:]


def told(pid: int) -> str:
    """One line about a process: what it is and what it waits for."""
    try:
        place = Path(f"/proc/{pid}")
        words = place.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        waits = place.joinpath("wchan").read_text(encoding="ascii")
    except OSError:
        return f"  {pid} (ended)"
    return f"  {pid} [{waits}] {words[:200]}"


def send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue


def reaped(process: subprocess.Popen[bytes]) -> int | None:
    """Take note of everything that has ended; the command's exit code once it is among that."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return process.returncode
        if pid == 0:
            return process.returncode
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)


def wait(process: subprocess.Popen[bytes], seconds: float, over: Callable[[], bool]) -> bool:
    """Wait until it is over, for so long at most. Returns whether it is."""
    until = time.monotonic() + seconds
    while True:
        reaped(process)
        if over() or time.monotonic() > until:
            return over()
        time.sleep(0.1)


def run(minutes: float, command: list[str]) -> int:
    """The exit code of the command, or TIME_IS_UP."""
    adopt()
    me = os.getpid()
    # a terminal tells everybody at once
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda _number, _frame: send(signal.SIGTERM, [process.pid]))
    in_time = wait(process, minutes * 60, lambda: process.returncode is not None)
    if not in_time:
        print(f"\nThis runs for {minutes:g} minutes now and is stopped. Still running:", file=sys.stderr)
        print(*map(told, below(me)), sep="\n", file=sys.stderr, flush=True)
        send(signal.SIGUSR1, [pid for pid in below(me) if listens(pid, signal.SIGUSR1)])
        time.sleep(2)
    elif not wait(process, 3, lambda: not below(me)):
        print("Left behind, and ended now:", *map(told, below(me)), sep="\n", file=sys.stderr, flush=True)
    send(signal.SIGTERM, below(me))
    wait(process, 5, lambda: not below(me))
    send(signal.SIGKILL, below(me))
    wait(process, 5, lambda: not below(me))
    if not in_time or process.returncode is None:
        return TIME_IS_UP
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def listens(pid: int, number: signal.Signals) -> bool:
    """Whether it does something about the signal rather than die of it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]), sys.argv[2:]))
