"""What stops a hanging test run (tools/bounded.py): it ends, says why, and nothing keeps its pipe open."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from circle.config import ROOT
from tests.patience import PATIENCE

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes through /proc")


def bounded(minutes: float, *command: str) -> tuple[int, str]:
    """The exit code and everything printed, read to the end of the pipe as a CI service does."""
    done = subprocess.run(
        [sys.executable, "tools/bounded.py", str(minutes), *command],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_that_of_the_command(code: int) -> None:
    assert bounded(1, "sh", "-c", f"echo said; exit {code}") == (code, "said\n")


def test_a_command_that_dies_of_a_signal_has_failed() -> None:
    assert bounded(1, "sh", "-c", "kill -9 $$") == (137, "")


@needs_proc
def test_what_was_left_behind_is_named_and_ended_so_that_the_pipe_closes() -> None:
    code, output = bounded(1, "sh", "-c", "sleep 301 & (sleep 302 &) ; echo said")
    assert code == 0
    assert output.startswith("said\nLeft behind")
    assert "sleep 301" in output
    assert "sleep 302" in output


@needs_proc
def test_when_the_time_is_up_it_shows_what_runs_and_where_and_ends_it_even_what_does_not_listen() -> None:
    program = "import faulthandler, signal, time; faulthandler.register(signal.SIGUSR1); time.sleep(303)"
    deaf = "trap '' TERM; " + shlex.join([sys.executable, "-c", program]) + " & while :; do sleep 1; done"
    code, output = bounded(0.05, "sh", "-c", deaf)
    assert code == 124
    assert "Still running:" in output
    assert "time.sleep(303)" in output
    assert "most recent call first" in output
    assert "trap" in output
