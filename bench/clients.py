"""Sending requests from several clients at once and timing each of them."""

from __future__ import annotations

import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

#: (method, path, headers, body)
Request = tuple[str, str, Mapping[str, str], bytes | None]
#: makes the request number n of client c
Make = Callable[[int, int], Request]


@dataclass
class Timings:
    """What one run of requests took; `errors` are answers that were not as expected."""

    seconds: float
    each_ms: list[float] = field(repr=False)
    errors: list[str]

    @property
    def per_second(self) -> float:
        return len(self.each_ms) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.each_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def median(self) -> float:
        return statistics.median(self.each_ms)


class _Client:
    """One kept connection; opened anew when the server closes it (the sync worker always does)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = self._open()

    def _open(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def send(self, request: Request) -> tuple[int, bytes, http.client.HTTPMessage]:
        method, path, headers, body = request
        for attempt in (0, 1):
            try:
                self.connection.request(method, path, body=body, headers=dict(headers))
                answer = self.connection.getresponse()
                return answer.status, answer.read(), answer.headers
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.connection.close()
                self.connection = self._open()
                if attempt:
                    raise
        raise AssertionError


def send_one(port: int, request: Request) -> tuple[int, bytes, http.client.HTTPMessage]:
    """One request on a connection of its own."""
    return _Client(port).send(request)


def run(port: int, make: Make, *, clients: int, each: int, expect: int = 200) -> Timings:
    """Let every client send `each` requests, one after the other, all clients at once."""
    took: list[list[float]] = [[] for _ in range(clients)]
    errors: list[str] = []
    start = threading.Barrier(clients + 1)

    def work(number: int) -> None:
        client = _Client(port)
        requests = [make(number, n) for n in range(each)]
        start.wait(30)
        for request in requests:
            before = time.perf_counter()
            try:
                status, body, _headers = client.send(request)
            except OSError as error:
                errors.append(f"{request[0]} {request[1]}: {error}")
                continue
            took[number].append((time.perf_counter() - before) * 1000)
            if status != expect:
                errors.append(f"{request[0]} {request[1]}: {status} {body[:200]!r}")

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait(30)
    began = time.perf_counter()
    for thread in threads:
        thread.join(600)
    return Timings(time.perf_counter() - began, [one for part in took for one in part], errors)


# ---- forms -----------------------------------------------------------------------------------------------------------


def form_request(path: str, form: dict[str, str], cookie: str) -> Request:
    """A form as a browser sends it."""
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    return "POST", path, headers, urlencode(form).encode()


def sign_in_browser(port: int, name: str, password: str, page: str) -> tuple[str, str]:
    """(cookie, CSRF token) of somebody who has signed in through the form; `page` is one that has a form."""
    _status, body, headers = send_one(port, ("GET", "/login", {}, None))
    cookie = (headers["Set-Cookie"] or "").split(";")[0]
    form = {"csrf_token": _token(body), "username": name, "password": password}
    status, _body, headers = send_one(port, form_request("/login", form, cookie))
    if status != 303:
        raise RuntimeError(f"signing in answered {status}")
    cookie = (headers["Set-Cookie"] or "").split(";")[0]
    _status, body, headers = send_one(port, ("GET", page, {"Cookie": cookie}, None))
    cookie = (headers["Set-Cookie"] or cookie).split(";")[0]
    return cookie, _token(body)


def _token(body: bytes) -> str:
    found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', body)
    if not found:
        raise RuntimeError("there is no form on the page")
    return found[1].decode()
