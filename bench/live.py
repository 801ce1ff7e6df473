"""How quick the site stays while many pages are open: `python -m bench.live`.

Every page behaves as static/js/live.js does: it asks for a stream; where there is none left it asks for the numbers
every half minute; and when the stream says that there is something new it asks for the numbers once. Somebody publishes
every five seconds meanwhile. At the end the server is told to stop with all pages still open, and that is timed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from bench import data
from bench.__main__ import database, environment
from bench.clients import Timings, run, send_one
from bench.servers import SERVERS, Server
from circle.accounts import credentials
from circle.accounts import operations as accounts
from circle.app import create_app
from circle.config import load
from circle.core.db import db

PACE = 30.0
#: status, headers, and what follows
Answer = tuple[int, dict[str, str], asyncio.StreamReader]
PUBLISH_EVERY = 5.0


class Pages:
    """Open pages, each of another member; `seen` counts what became of them."""

    def __init__(self, port: int, cookies: list[str], pace: float = PACE) -> None:
        self.seen: Counter[str] = Counter()
        self._port, self._pace = port, pace
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._tasks = [asyncio.run_coroutine_threadsafe(self._page(cookie), self._loop) for cookie in cookies]

    @asynccontextmanager
    async def _asked(self, path: str, cookie: str, tag: str = "") -> AsyncIterator[Answer]:
        """One request on a connection of its own: browsers keep theirs for less than the half minute."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nConnection: close\r\n"
            writer.write((head + (f"If-None-Match: {tag}\r\n" if tag else "") + "\r\n").encode())
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = answer.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            yield int(status.split()[1]), headers, reader
        finally:
            writer.close()

    async def _page(self, cookie: str) -> None:
        await asyncio.sleep(random.uniform(0, 3))
        try:
            async with self._asked(f"/live?circle={data.SLUG}", cookie) as (status, _headers, reader):
                self.seen["stream" if status == 200 else f"no stream ({status})"] += 1
                if status == 200:
                    await self._listen(cookie, reader)
            await self._poll(cookie)
        except (OSError, asyncio.IncompleteReadError):
            self.seen["cut off"] += 1

    async def _listen(self, cookie: str, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"event: posts"):
                self.seen["told of posts"] += 1
                await asyncio.sleep(random.uniform(0, 1))
                await self._now(cookie, "")
        self.seen["stream ended"] += 1

    async def _poll(self, cookie: str) -> None:
        tag = ""
        while True:
            await asyncio.sleep(self._pace * random.uniform(0.8, 1.2) * (1 if tag else random.random()))
            tag = await self._now(cookie, tag)

    async def _now(self, cookie: str, tag: str) -> str:
        address = f"/live/now?circle={data.SLUG}&since={self.since}"
        async with self._asked(address, cookie, tag) as (status, headers, reader):
            await reader.read()
            self.seen[f"asked ({status})"] += 1
            return headers.get("etag", tag)

    #: the newest post that the pages show
    since = 0

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        time.sleep(0.5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


def cookies(url: str, count: int) -> tuple[list[str], int]:
    """Session cookies of so many members, and the newest post."""
    app = create_app(load(environment(url)))
    with app.app_context():
        members = db.session.execute(text("SELECT user_id FROM members ORDER BY id LIMIT :n"), {"n": count}).scalars()
        made, signer = [], app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        for user_id in members.all():
            token = accounts.open_browser_session(user_id, user_agent="bench", address="127.0.0.1")
            made.append(f"circle={signer.dumps({'_user_id': token, '_fresh': True})}")
        newest = db.session.execute(text("SELECT id FROM posts ORDER BY published_at DESC LIMIT 1")).scalar_one()
        db.session.remove()
        db.engine.dispose()
    return made, newest


class Publisher:
    """Publishes a post now and then until it is stopped."""

    def __init__(self, url: str, port: int) -> None:
        app = create_app(load(environment(url)))
        with app.app_context():
            _id, pair = credentials.sign_in_app("bench1", data.PASSWORD, user_agent="bench", address="127.0.0.1")
            db.session.remove()
            db.engine.dispose()
        self._token, self._port, self._stop = pair.access_token, port, threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        while not self._stop.wait(PUBLISH_EVERY):
            body = '{"body": "今天早上出门看见河边的柳树发芽了。"}'.encode()
            send_one(self._port, ("POST", f"/api/v1/circles/{data.SLUG}/posts", headers, body))

    def stop(self) -> None:
        self._stop.set()


def quick(port: int, path: str, cookie: str, seconds: float) -> Timings:
    """One reader who asks for a page five times a second."""
    each: list[float] = []
    errors: list[str] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = run(port, lambda _c, _n: ("GET", path, {"Cookie": cookie}, None), clients=1, each=1)
        each += found.each_ms
        errors += found.errors
        time.sleep(0.2)
    return Timings(seconds, each, errors)


def stop_time(server: Server) -> tuple[float, int]:
    """Seconds from SIGTERM to the end, and the exit code."""
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    try:
        code = server.process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        server.process.kill()
        code = server.process.wait(timeout=10)
    return time.monotonic() - began, code


def measure(url: str, server_name: str | None, pages: int, seconds: float, say: Callable[[str], None]) -> None:
    people, newest = cookies(url, max(pages, 1))
    with Server("wsgi:app", environment(url), server_name) as server:
        open_pages = Pages(server.port, people[:pages])
        open_pages.since = newest
        publisher = Publisher(url, server.port)
        time.sleep(5)
        cpu, began = server.cpu_ms, time.monotonic()
        row = []
        for path in ("/", f"/{data.SLUG}"):
            found = quick(server.port, path, people[0], seconds)
            row += [found.percentile(0.5), found.percentile(0.99)]
            if found.errors:
                say(f"  {len(found.errors)} errors, the first: {found.errors[0]}")
        busy = (server.cpu_ms - cpu) / (time.monotonic() - began) / 10
        publisher.stop()
        seen, memory = dict(open_pages.seen), server.memory_mb
        took, code = stop_time(server)
        open_pages.close()
    say(f"{pages:5}  {row[0]:8.1f} {row[1]:8.1f}   {row[2]:8.1f} {row[3]:8.1f}   {busy:5.1f} %  {memory:5.0f} MB"
        f"   {took:5.1f} s (exit {code})   {seen}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.live")
    parser.add_argument("--database", help="a PostgreSQL to measure")
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--pages", type=int, nargs="*", default=[0, 100, 300])
    parser.add_argument("--seconds", type=float, default=20, help="per page that is timed")
    parser.add_argument("--server", choices=list(SERVERS), help="instead of deploy/gunicorn.conf.py")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path.cwd()))
    url = database(data.Size(arguments.posts), arguments.database)
    print(
        f"{arguments.server or 'gunicorn as in deploy/gunicorn.conf.py'}; {arguments.posts:,} posts; ms of one reader"
    )
    print("pages   / p50    / p99   feed p50 feed p99      CPU   memory   stops in")
    for pages in arguments.pages:
        measure(url, arguments.server, pages, arguments.seconds, print)


if __name__ == "__main__":
    main()
