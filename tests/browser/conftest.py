"""The real application behind a real server, and Chromium in front of it.

`visit(role)` opens a page of a browser that is signed in as visitor, member or owner; such browsers are shared and
must only look. `newcomer()` opens a browser of its own, for tests that change something. Every page fails its test on
an uncaught error, on anything the content security policy blocked, and on a 5xx answer.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from circle.app import create_app
from circle.config import ROOT, Settings
from circle.core.db import db
from tests import patience
from tests.browser.looking import AXE
from tests.browser.world import World, build
from tests.services import REQUIRED

_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",  # a microphone that beeps; whether it may be used is asked as ever
]
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Site:
    """A running server and what lies in its database."""

    url: str
    world: World


@dataclass
class Faults:
    """What went wrong in the pages of one test, although nobody looked for it."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: uncaught {error}"))
        page.on("console", self._listen)
        page.on("response", self._answered)

    def _listen(self, message: Any) -> None:
        # a picture opened by itself is in a document that the browser made and our policy keeps it from styling
        alone = "/media/" in message.location.get("url", "")
        if message.type == "error" and "Content Security Policy" in message.text and not alone:
            self.found.append(message.text)

    def _answered(self, response: Any) -> None:
        if response.status >= 500:
            self.found.append(f"{response.status} {response.request.method} {response.url}")


def _missing(reason: str) -> str:
    if REQUIRED:
        pytest.fail(f"{reason} (CIRCLE_REQUIRE_SERVICES=1)")
    pytest.skip(reason)


# These are of the package, not of the session: the browser's event loop must end before tests that run their own.


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        path = _missing("there is no Chromium (set CHROMIUM or install one)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(base_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("site")
    settings = replace(
        base_settings, database_url=f"sqlite:///{place / 'circle.db'}", media_dir=place / "media", rate_limits=False
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
        world = build(app)
        db.session.remove()
        db.engine.dispose()
    with _server(settings, place) as url:
        yield Site(url, world)


class _server:
    """gunicorn as in production: one worker with threads, of which live streams take some."""

    def __init__(self, settings: Settings, place: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CIRCLE_")}
        environment |= {
            "CIRCLE_ENV": "test",
            "CIRCLE_SECRET_KEY": settings.secret_key,
            "CIRCLE_DATABASE_URL": settings.database_url,
            "CIRCLE_DATA_DIR": str(place),
            "CIRCLE_MEDIA_DIR": str(settings.media_dir),
            "CIRCLE_BASE_URL": self.url,
            "CIRCLE_RATE_LIMITS": "off",
        }
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
        command += ["--bind", self.url.removeprefix("http://"), "wsgi:app"]
        self.log = place / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def __enter__(self) -> str:
        for _attempt in range(200):
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=2):
                    return self.url
            except OSError:
                time.sleep(0.1)
                if self.process.poll() is not None:
                    break
        self.__exit__()
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-3000:]}")

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        patience.ended(self.process)


@pytest.fixture(scope="package")
def contexts(chromium: Browser, site: Site) -> Callable[..., BrowserContext]:
    """Shared browsers by role and language."""
    made: dict[tuple[str, str], BrowserContext] = {}

    def context(role: str, language: str = "") -> BrowserContext:
        key = (role, language)
        if key not in made:
            made[key] = _context(chromium, site, role)
            if language:
                _speak(made[key], language)
        return made[key]

    return context


def _context(chromium: Browser, site: Site, role: str, scripting: bool = True) -> BrowserContext:
    context = chromium.new_context(
        base_url=site.url, viewport=PHONE, reduced_motion="reduce", locale="zh-CN", timezone_id="Asia/Shanghai",
        java_script_enabled=scripting,
    )  # fmt: skip
    context.set_default_timeout(8000)
    if role != "visitor":
        context.add_cookies([{"name": "circle", "value": site.world.cookies[role], "url": site.url}])
    return context


def _speak(context: BrowserContext, language: str) -> None:
    """Choose a language for this browser alone: the cookie remembers it.

    Without a page: to close one whose next address is just arriving is lost by Chromium, and waited for without end
    (https://issues.chromium.org/issues/536385539).
    """
    form = context.request.get("/settings/language").text()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token, form
    chosen = context.request.post("/settings/language", form={"csrf_token": token[1], "locale": language})
    assert chosen.ok, chosen.status


@pytest.fixture
def faults() -> Iterator[Faults]:
    faults = Faults()
    yield faults
    assert not faults.found, "\n".join(faults.found)


@pytest.fixture(scope="package")
def shared_pages(contexts: Callable[..., BrowserContext]) -> Callable[..., tuple[Page, Faults]]:
    """One page for each shared browser: opening one takes as long as looking at it."""
    made: dict[tuple[Any, ...], tuple[Page, Faults]] = {}

    def shared_page(role: str, language: str = "") -> tuple[Page, Faults]:
        key = (role, language)
        if key not in made:
            made[key] = (contexts(role, language).new_page(), Faults())
            if not language:  # every document begins with it, compiled once: to send it each time takes longer
                made[key][0].add_init_script(AXE)
            made[key][1].watch(made[key][0])
        return made[key]

    return shared_page


@pytest.fixture
def visit(shared_pages: Callable[..., tuple[Page, Faults]], faults: Faults) -> Iterator[Callable[..., Page]]:
    """`visit("member")`: the page of a shared browser, phone-sized and light; for tests that only look."""
    used: list[Faults] = []

    def open_page(role: str, language: str = "") -> Page:
        page, its_faults = shared_pages(role, language)
        its_faults.found.clear()
        used.append(its_faults)
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="light")
        return page

    yield open_page
    for each in used:
        faults.found += each.found


@pytest.fixture
def newcomer(chromium: Browser, site: Site, faults: Faults) -> Iterator[Callable[..., Page]]:
    """`newcomer()`: a page of a browser of its own; `newcomer("owner")` is signed in."""
    opened: list[BrowserContext] = []

    def open_page(role: str = "visitor", scripting: bool = True) -> Page:
        context = _context(chromium, site, role, scripting)
        opened.append(context)
        page = context.new_page()
        faults.watch(page)
        return page

    yield open_page
    for context in opened:
        context.close()
