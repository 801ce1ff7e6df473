"""Starting what is measured: a server (with one worker, unless it says otherwise) on a free port, watched by the CPU time it uses."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: the ways to run one worker that were compared (docs/decisions/0018-server.md)
SERVERS: Mapping[str, list[str]] = {
    "gunicorn sync": ["-m", "gunicorn", "--worker-class", "sync"],
    "gunicorn gthread 4": ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "4"],
    "gunicorn gthread 16": ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "16"],
    "gunicorn gthread 32": ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "32"],
    "granian": ["-m", "granian"],
}


def free_port() -> int:
    """A port nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(AbstractContextManager["Server"]):
    """A running server; leave the block to end it. `cpu_ms` is what its processes have used so far."""

    def __init__(
        self, application: str, environment: Mapping[str, str], server: str | None = None, *, workers: int = 1
    ) -> None:
        self.port = free_port()
        address = f"127.0.0.1:{self.port}"
        if server is None:  # as `make run` and the systemd unit do; deploy/compose.yaml with two workers
            command = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--workers", str(workers), "--bind",
                       address, application]  # fmt: skip
        elif server == "granian":
            command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
                       "--workers", "1", "--blocking-threads", "16", "--no-access-log", application]  # fmt: skip
        else:
            command = [*SERVERS[server], "--workers", "1", "--keep-alive", "30", "--log-level", "warning", "--bind",
                       address, application]  # fmt: skip
        self.process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env={**os.environ, **environment})
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended before it answered")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def _pids(self) -> list[int]:
        """The worker processes: children of the server, or the server itself where it has none."""
        task = Path(f"/proc/{self.process.pid}/task")
        children = [int(pid) for thread in task.iterdir() for pid in (thread / "children").read_text().split()]
        return children or [self.process.pid]

    @property
    def cpu_ms(self) -> float:
        """CPU time of all threads of the workers, in ms."""
        used = 0
        for pid in self._pids():
            for thread in Path(f"/proc/{pid}/task").iterdir():
                try:
                    used += int((thread / "schedstat").read_text().split()[0])
                except (FileNotFoundError, ProcessLookupError):
                    continue
        return used / 1e6

    @property
    def memory_mb(self) -> float:
        """Memory that the workers hold and share with nobody (Pss), in MB."""
        total = 0
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def __exit__(self, *_exc: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
