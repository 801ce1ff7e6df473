"""What `make run` starts: an up-to-date database, the demo if there is nothing yet, a web server and a job worker.

The two run as child processes. A signal stops both in order; if one dies by itself the other is stopped too and the
exit code says so, because half a site looks like a site that loses things. In production they are separate services
(docs/operations.md); this is the same two commands on one machine.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

from flask import Flask
from flask_migrate import upgrade

from circle.config import ROOT
from circle.core.db import db

HOST = "127.0.0.1"
#: seconds the children get to finish what they are doing
GRACE = 25.0
_LOOK = 0.1

Echo = Callable[[str], None]


class ServeError(RuntimeError):
    """It cannot be served; the message says what to do."""


def check_port(host: str, port: int) -> None:
    """Raises ServeError when another program has the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"Port {port} cannot be used ({error.strerror}). Is circle running already? "
                f"Choose another one: make run PORT={port + 1}"
            ) from error


def run(
    app: Flask,
    *,
    host: str,
    port: int,
    echo: Echo,
    load_demo: Callable[[Echo], bool] | None = None,
    sign_ins: Callable[[], Sequence[str]] | None = None,
) -> int:
    """Migrate, load the demo into an empty database, and serve until stopped. Returns the exit code.

    `load_demo` decides itself whether there is anything to load; `sign_ins` gives the lines that tell a newcomer who
    to sign in as, shown under the address. Raises ServeError when the port is taken.
    """
    check_port(host, port)
    with app.app_context():
        echo("Preparing the database …")
        upgrade()
        if load_demo is not None:
            load_demo(echo)
        greeting = [f"Open http://{host}:{port}/  (Ctrl-C stops)", *(sign_ins() if sign_ins else ())]
        db.session.remove()
        db.engine.dispose()
    return _Children(host, port, echo, greeting).run()


class _Children:
    """The web server and the worker, from their start to their end."""

    def __init__(self, host: str, port: int, echo: Echo, greeting: Sequence[str]) -> None:
        self._address, self._echo, self._greeting = (host, port), echo, greeting
        self._asked_to_stop = False
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> int:
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            settings, address = str(ROOT / "deploy" / "gunicorn.conf.py"), "{}:{}".format(*self._address)
            self._start("web server", "gunicorn", "--config", settings, "--bind", address, "wsgi:app")
            self._start("worker", "flask", "--app", "wsgi", "worker")
            if self._wait_until_it_answers():
                self._echo("\n" + "\n".join(self._greeting) + "\n")
            died = self._wait_for_an_end()
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        if died is None:
            self._echo("Stopped.")
            return 0
        self._echo(f"The {died} stopped by itself (exit code {self._children[died].returncode}).")
        return 1

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _start(self, name: str, module: str, *arguments: str) -> None:
        environment = {"CIRCLE_BASE_URL": "http://{}:{}".format(*self._address)} | os.environ
        command = [sys.executable, "-m", module, *arguments]
        self._children[name] = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603

    def _ended(self) -> str | None:
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def _wait_until_it_answers(self) -> bool:
        while not self._asked_to_stop and self._ended() is None:
            connection = http.client.HTTPConnection(*self._address, timeout=5)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(_LOOK)
        return False

    def _wait_for_an_end(self) -> str | None:
        """The name of a child that ended unasked, or None when we were asked to stop."""
        while not self._asked_to_stop:
            if (ended := self._ended()) is not None:
                time.sleep(_LOOK)  # a signal to the whole group reaches a child before it reaches us
                return None if self._asked_to_stop else ended
            time.sleep(_LOOK)
        return None

    def _end_all(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        until = time.monotonic() + GRACE
        for child in self._children.values():
            try:
                child.wait(max(until - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                child.kill()  # a job that is cut off here is taken over after the next start
                child.wait()
