"""The application with one slow job, for workers that are real processes: `flask --app tests.races.slow_jobs_app`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from circle.app import create_app
from circle.core.jobs import job


@job("test.slow")
def slow(path: str, seconds: float) -> None:
    """Append `start <pid>` to the file, take its time (the first time it runs), append `end <pid>`."""
    first = not Path(path).exists()
    _append(path, f"start {os.getpid()}")
    time.sleep(seconds if first else 0)
    _append(path, f"end {os.getpid()}")


def _append(path: str, line: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


app = create_app()
