"""The real server, one worker and 300 open pages: a few have streams, the site stays quick, and it stops at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask_migrate import upgrade

from circle.app import create_app
from circle.config import ROOT, Settings
from circle.core.db import db
from circle.core.operation import in_transaction
from tests import patience
from tests.clients import Browser
from tests.factories import Make

pytestmark = pytest.mark.slow
PAGES, STREAMS = 300, 20
#: seconds that nothing here may take longer than
PATIENCE = 30


@dataclass
class Site:
    port: int
    process: subprocess.Popen[bytes]
    slug: str
    cookies: list[str]
    log: Path


@pytest.fixture
def site(base_settings: Settings, tmp_path: Path) -> Iterator[Site]:
    settings = replace(base_settings, database_url=f"sqlite:///{tmp_path / 'circle.db'}", rate_limits=False)
    app = create_app(settings)
    with app.app_context():
        upgrade()
        slug, cookies = in_transaction(lambda: _people(app))
        db.session.remove()
        db.engine.dispose()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CIRCLE_")} | {
        "CIRCLE_ENV": "test",
        "CIRCLE_SECRET_KEY": settings.secret_key,
        "CIRCLE_DATABASE_URL": settings.database_url,
        "CIRCLE_DATA_DIR": str(tmp_path),
        "CIRCLE_RATE_LIMITS": "off",
        "CIRCLE_LIVE_STREAMS": str(STREAMS),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "wsgi:app"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_for(port, process, log)
        yield Site(port, process, slug, cookies, log)
    finally:
        patience.killed(process)


def _people(app: object) -> tuple[str, list[str]]:
    make = Make()
    circle = make.circle()
    found = (Browser(app, make.member(circle)).http.get_cookie("circle") for _page in range(PAGES))  # type: ignore[arg-type]
    return circle.slug, [cookie.value for cookie in found if cookie]


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server does not answer: {log.read_text()[-2000:]}")


def _opened(site: Site, cookie: str) -> socket.socket:
    """A page that has asked for a stream; reads stop after PATIENCE."""
    page = socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)
    page.sendall(
        f"GET /live?circle={site.slug} HTTP/1.1\r\nHost: localhost\r\nCookie: circle={cookie}\r\n\r\n".encode()
    )
    return page


def _status(page: socket.socket) -> int:
    return int(page.recv(12).split()[1])


def _timed(site: Site, path: str, cookie: str = "") -> float:
    request = urllib.request.Request(f"http://127.0.0.1:{site.port}{path}", headers={"Cookie": f"circle={cookie}"})
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        answer.read()
    return time.monotonic() - began


def test_300_open_pages_on_one_worker(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    pages = [_opened(site, cookie) for cookie in site.cookies]
    statuses = [_status(page) for page in pages]
    opening = time.monotonic() - began
    assert Counter(statuses) == {200: STREAMS, 204: PAGES - STREAMS}
    streams = [page for page, status in zip(pages, statuses, strict=True) if status == 200]
    for page, status in zip(pages, statuses, strict=True):
        if status != 200:
            page.close()

    alone = threading.Event()
    asked: list[float] = []

    def poll() -> None:
        """What 280 pages without a stream ask together: ten times a second."""
        for cookie in site.cookies[STREAMS:]:
            if alone.wait(0.1):
                return
            asked.append(_timed(site, f"/live/now?circle={site.slug}&since=0", cookie))

    poller = patience.started([threading.Thread(target=poll)])
    front = sorted(_timed(site, "/") for _time in range(40))
    feed = sorted(_timed(site, f"/{site.slug}", site.cookies[-1]) for _time in range(40))
    alone.set()
    patience.joined(poller)
    with capsys.disabled():
        print(
            f"\n{PAGES} pages in {opening:.1f} s; GET / {front[20] * 1000:.0f} ms, at most {front[-1] * 1000:.0f}; "
            f"feed {feed[20] * 1000:.0f} ms, at most {feed[-1] * 1000:.0f}; {len(asked)} polls meanwhile"
        )
    assert front[20] < 0.5
    assert feed[20] < 1.0

    _a_place_is_free_again(site, streams.pop())
    _it_stops_at_once(site, streams)


def _a_place_is_free_again(site: Site, page: socket.socket) -> None:
    page.close()
    until = time.monotonic() + PATIENCE  # the server notices at the next beat, after 15 seconds at the latest
    while time.monotonic() < until:
        another = _opened(site, site.cookies[-1])
        status = _status(another)
        another.close()
        if status == 200:
            return
        time.sleep(0.5)
    raise AssertionError("the place of a page that was closed is never free again")


def _it_stops_at_once(site: Site, streams: list[socket.socket]) -> None:
    readers = patience.started(threading.Thread(target=_read_to_the_end, args=(page,)) for page in streams)
    began = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    code = patience.ended(site.process, PATIENCE)
    took = time.monotonic() - began
    print(f"stopped in {took:.1f} s with {len(streams)} streams open")
    assert code == 0
    assert took < 10, site.log.read_text()[-2000:]  # graceful_timeout is 15
    patience.joined(readers)


def _read_to_the_end(page: socket.socket) -> None:
    with page:
        try:
            while page.recv(4096):
                pass
        except ConnectionError:
            pass
