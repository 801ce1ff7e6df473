"""The operator's commands."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from circle import serve
from circle.access import SYSTEM
from circle.config import ROOT
from circle.core import audit, jobs
from circle.core.db import db
from circle.core.jobs import Job, enqueue, job
from circle.core.operation import operation
from tests import patience


@pytest.fixture(autouse=True)
def no_other_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REGISTRY", {})


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    """The exit code and everything printed."""
    db.session.remove()
    result = app.test_cli_runner().invoke(args=list(arguments))
    return result.exit_code, result.output


@operation
def note(circle_id: int | None) -> None:
    audit.record(SYSTEM, "test.act", "post:1", {"why": "test"}, circle_id=circle_id)


def test_the_worker_runs_once_what_is_due(app: Flask) -> None:
    ran: list[int] = []
    enqueue(job("test.note")(ran.append), 1)
    assert run(app, "worker", "--once")[0] == 0
    assert ran == [1]


def test_jobs_are_counted_and_a_dead_one_is_shown_and_revived(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_ATTEMPTS", 1)
    enqueue(Job("test.gone", lambda: None), "圈", 2)
    assert run(app, "worker", "--once")[0] == 0
    code, output = run(app, "jobs")
    assert code == 0
    assert 'test.gone("圈", 2)' in output
    assert "LookupError: no job is called test.gone" in output
    assert "dead            1" in output
    (dead,) = jobs.dead()
    assert run(app, "jobs", "retry", str(dead.id))[0] == 0
    assert jobs.counts() == {"pending": 1}
    code, output = run(app, "jobs", "retry", str(dead.id))
    assert (code, "no dead job" in output) == (1, True)


def test_whole_audit_streams_verify_and_a_broken_one_is_named(app: Flask) -> None:
    for circle_id in (None, None, 7):
        note(circle_id)
    assert run(app, "audit", "verify", "--all") == (0, "circle:7: whole\nsite: whole\n")
    assert run(app, "audit", "verify", "site") == (0, "site: whole\n")
    _rewrite_history()
    code, output = run(app, "audit", "verify", "--all")
    assert (code, sorted(output.splitlines())) == (1, ["circle:7: whole", "site: broken at entry 1"])
    assert run(app, "audit", "verify", "circle:7")[0] == 0


def test_audit_verify_asks_which_stream(app: Flask) -> None:
    assert run(app, "audit", "verify")[0] == 2
    assert run(app, "audit", "verify", "--all", "site")[0] == 2


@operation
def _rewrite_history() -> None:
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("DROP TRIGGER audit_log_no_update"))
    else:
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
    db.session.execute(text("UPDATE audit_log SET action = 'other.act' WHERE stream = 'site' AND seq = 1"))


# ---- serve -----------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_taken_port_is_refused_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(serve.ServeError, match=f"make run PORT={port + 1}"):
            serve.check_port("127.0.0.1", port)


Served = subprocess.Popen[bytes]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], Served]]:
    """`start(port)` is a running `flask serve`; `said` is what it printed so far."""
    environment = os.environ | {"CIRCLE_DATA_DIR": str(tmp_path / "var"), "CIRCLE_ENV": "development"}
    environment.pop("CIRCLE_DATABASE_URL", None)
    running: list[Served] = []

    def begin(port: int) -> Served:
        command = [sys.executable, "-u", "-m", "flask", "--app", "wsgi", "serve", "--no-demo", "--port", str(port)]
        # into a file: a pipe would stay open for as long as one of its processes lives
        with (tmp_path / "said").open("wb") as output:
            running.append(
                subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
            )
        patience.until(lambda: "Open http://127.0.0.1:" in said(tmp_path) or running[-1].poll() is not None, 120)
        assert running[-1].poll() is None, said(tmp_path)
        return running[-1]

    yield begin
    for each in running:
        patience.killed(each)


def said(tmp_path: Path) -> str:
    return (tmp_path / "said").read_text(encoding="utf-8")


def children(of: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{of}/task/{of}/children").read_text(encoding="ascii").split()]


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes through /proc")


def periods(tmp_path: Path) -> list[tuple[str, str]]:
    """When the worker enqueued its periodic jobs: rows that only the first start writes."""
    with closing(sqlite3.connect(tmp_path / "var" / "circle.db")) as connection:
        return connection.execute("SELECT key, created_at FROM job_periods ORDER BY key").fetchall()


@pytest.mark.slow
@needs_proc
def test_serve_answers_stops_both_processes_in_order_and_starts_again_with_its_data(
    start: Callable[[int], Served], tmp_path: Path
) -> None:
    port = free_port()
    served = start(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
        assert answer.status == 200
    below = children(served.pid)
    assert len(below) == 2
    patience.until(lambda: periods(tmp_path), pause=0.1)
    first = periods(tmp_path)
    served.send_signal(signal.SIGINT)
    assert patience.ended(served) == 0
    assert "Stopped.\n" in said(tmp_path)
    assert not any(alive(pid) for pid in below)

    # the second time one of its processes dies
    served = start(port)
    assert dict(periods(tmp_path)).items() >= dict(first).items()
    below = children(served.pid)
    killed = next(pid for pid in below if "worker" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"))
    os.kill(killed, signal.SIGKILL)
    assert patience.ended(served) == 1
    assert "The worker stopped by itself" in said(tmp_path)
    assert not any(alive(pid) for pid in below)


class Answering(BaseHTTPRequestHandler):
    """What stands for the web server."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_about: object) -> None:
        return None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_end_what_serve_started(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def asleep(self: serve._Children, name: str, *_command: str) -> None:
        self._children[name] = subprocess.Popen(["sleep", "60"])

    def hear(line: str) -> None:
        heard.append(line)
        if "the address" in line:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(serve._Children, "_start", asleep)
    before = signal.getsignal(number)
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        patience.started([threading.Thread(target=server.serve_forever)])
        started = serve._Children("127.0.0.1", server.server_port, hear, ["the address"])
        assert started.run() == 0
        server.shutdown()
    assert heard[-1] == "Stopped."
    assert [child.returncode for child in started._children.values()] == [-signal.SIGTERM] * 2
    assert signal.getsignal(number) == before
