"""Waiting that ends. A test that waits for something that never comes must fail and say so, never hang.

Threads of tests are daemons (a forgotten one must not keep the process from ending), and whoever waits for one, or for
a process, asks here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
#: seconds; more than anything takes on a busy machine, less than the `timeout` of a test
PATIENCE = 60.0


def until(true: Callable[[], Any], seconds: float = PATIENCE, pause: float = 0.02) -> None:
    """Wait until it is true. Fails when it never is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(pause)


def started(threads: Iterable[threading.Thread]) -> list[threading.Thread]:
    """Start threads that do not outlive the tests."""
    all_ = list(threads)
    for thread in all_:
        thread.daemon = True
        thread.start()
    return all_


def joined(threads: Iterable[threading.Thread], seconds: float = PATIENCE) -> None:
    """Wait for threads to end. Fails, and names them, when they do not."""
    end, all_ = time.monotonic() + seconds, list(threads)
    for thread in all_:
        thread.join(max(0.0, end - time.monotonic()))
    alive = [thread.name for thread in all_ if thread.is_alive()]
    assert not alive, f"these threads wait for ever: {alive}"


def at_once(work: Callable[[T], R], values: Iterable[T], seconds: float = PATIENCE) -> list[R]:
    """`work(value)` for each value, in threads that start together; what each returned. An error of one is raised.

    The threads begin in an empty context: they must not share the application context, and the session, of the test.
    """
    all_, found, errors = list(values), {}, []
    gate = threading.Barrier(len(all_))

    def run(number: int, value: T) -> None:
        try:
            gate.wait(seconds)
            found[number] = work(value)
        except BaseException as error:
            errors.append(error)

    joined(started(threading.Thread(target=Context().run, args=(run, *each)) for each in enumerate(all_)), seconds)
    if errors:
        raise errors[0]
    return [found[number] for number in range(len(all_))]


def ended(process: subprocess.Popen[Any], seconds: float = PATIENCE) -> int:
    """The exit code of a process of ours. Fails, and kills it with all below it, when it does not end."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        killed(process)
        raise AssertionError(f"{process.args!r} did not end in {seconds:.0f} s") from None


def killed(process: subprocess.Popen[Any]) -> None:
    """End a process of ours whatever it does, and every process that it started."""
    for pid in [*_below(process.pid), process.pid] if process.poll() is None else []:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(10)


def _below(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            mine = [int(each) for each in file.read().split()]
    except OSError:  # it has just ended, or there is no /proc
        return []
    return [below for child in mine for below in [*_below(child), child]]


def forked(work: Callable[[], object]) -> int:
    """Fork; the child does `work` and ends there, whatever happens. Returns its id, for `exit_code_of`.

    An error in a child that went on would make it a second pytest that takes the first one's work away.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def exit_code_of(child: int, seconds: float = PATIENCE) -> int:
    """The exit code of a forked child. Fails, and kills it, when it does not end."""
    end = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"the forked process did not end in {seconds:.0f} s")
        time.sleep(0.01)
