from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
import time_machine
from flask import Flask

from circle.core import limits
from circle.core.errors import RateLimited
from circle.core.limits import KINDS, Limiter
from tests import patience, services

Who = Callable[[], str]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small numbers, so that a test reaches them; one kind with two limits."""
    monkeypatch.setattr(limits, "KINDS", {"read": "5/minute", "sign_in": "3/minute;4/hour", "join": "4/minute"})


@pytest.fixture(params=["memory", "redis"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    url = None if request.param == "memory" else request.getfixturevalue("redis_url")
    return Limiter(url, enabled=True)


@pytest.fixture
def who() -> str:
    """Somebody whom no other test counts (Redis remembers)."""
    return f"u{uuid4().hex}"


def passes(limiter: Limiter, kind: str, who: str) -> bool:
    try:
        limiter.hit(kind, who)
    except RateLimited:
        return False
    return True


def test_every_kind_is_a_limit_that_the_library_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KINDS", KINDS)
    assert set(Limiter(None, enabled=True)._limits) == set(KINDS)


def test_so_many_pass_and_the_next_is_told_how_long_to_wait(limiter: Limiter, who: str) -> None:
    assert [passes(limiter, "read", who) for _ in range(7)] == [True] * 5 + [False] * 2
    with pytest.raises(RateLimited) as caught:
        limiter.hit("read", who)
    assert caught.value.status == 429
    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 60


def test_everybody_and_every_kind_is_counted_apart(limiter: Limiter, who: str) -> None:
    for _ in range(6):
        passes(limiter, "read", who)
    assert not passes(limiter, "read", who)
    assert passes(limiter, "join", who)
    assert passes(limiter, "read", f"{who}2")


def test_all_limits_of_a_kind_must_hold(who: str) -> None:
    limiter = Limiter(None, enabled=True)
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        assert [passes(limiter, "sign_in", who) for _ in range(4)] == [True] * 3 + [False]
        clock.shift(timedelta(minutes=10))
        assert passes(limiter, "sign_in", who)
        with pytest.raises(RateLimited) as caught:
            limiter.hit("sign_in", who)
        assert caught.value.retry_after is not None
        assert caught.value.retry_after > 60  # it is the hour that is full


def test_the_window_slides_on(who: str) -> None:
    limiter = Limiter(None, enabled=True)
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        for _ in range(5):
            limiter.hit("read", who)
        with pytest.raises(RateLimited) as caught:
            limiter.hit("read", who)
        for _ in range(3):  # whoever waits as told gets through after a few times at most
            assert caught.value.retry_after is not None
            clock.shift(timedelta(seconds=caught.value.retry_after))
            try:
                limiter.hit("read", who)
            except RateLimited as error:
                caught.value.retry_after = error.retry_after
            else:
                return
        pytest.fail("still limited")


def test_a_disabled_limiter_lets_everything_through(who: str, redis_url: str) -> None:
    for url in (None, redis_url, "redis://127.0.0.1:1/0"):
        limiter = Limiter(url, enabled=False)
        assert all(passes(limiter, "read", who) for _ in range(50))


def test_two_processes_with_one_redis_count_together(redis_url: str, who: str) -> None:
    one, two = Limiter(redis_url, enabled=True), Limiter(redis_url, enabled=True)
    found = [passes(limiter, "read", who) for _ in range(4) for limiter in (one, two)]
    assert found == [True] * 5 + [False] * 3


def test_without_redis_two_processes_count_apart(who: str) -> None:
    one, two = Limiter(None, enabled=True), Limiter(None, enabled=True)
    assert all(passes(limiter, "read", who) for _ in range(5) for limiter in (one, two))


def test_many_threads_get_no_more_through_than_the_limit(limiter: Limiter, who: str) -> None:
    assert sum(patience.at_once(lambda _: passes(limiter, "read", who), range(20))) == 5


@pytest.mark.parametrize("who", ["a::1", "a2001:db8::1/64", "u1:2", "a\x00", "a圈", "a" * 5_000, ""])
def test_any_name_can_be_counted(limiter: Limiter, who: str) -> None:
    who = f"{who}{uuid4().hex}"
    assert [passes(limiter, "read", who) for _ in range(6)] == [True] * 5 + [False]


# ---- when Redis goes away -------------------------------------------------------------------------------------


@pytest.fixture
def own_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Callable[[int], None]]]:
    """A Valkey of this test's own, and how to send it a signal."""
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    with ExitStack() as stack:
        url = stack.enter_context(services.valkey())
        with redis.Redis.from_url(url) as client:
            information: Any = client.info("server")

        def send(number: int) -> None:
            os.kill(information["process_id"], number)

        yield url, send
        # whatever the test did to it, it must be able to end
        with suppress(ProcessLookupError):
            send(signal.SIGCONT)


def test_when_redis_dies_each_process_counts_alone(own_redis: tuple[str, Callable[[int], None]], who: str) -> None:
    url, send = own_redis
    limiter = Limiter(url, enabled=True)
    assert [passes(limiter, "read", who) for _ in range(3)] == [True] * 3
    send(signal.SIGKILL)
    assert [passes(limiter, "read", who) for _ in range(7)] == [True] * 5 + [False] * 2
    with pytest.raises(RateLimited) as caught:
        limiter.hit("read", who)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 1


def test_a_redis_that_is_not_there_at_the_start_stops_nobody(who: str) -> None:
    for url in ("redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock?db=0"):
        limiter = Limiter(url, enabled=True)
        assert [passes(limiter, "read", who) for _ in range(6)] == [True] * 5 + [False]


def test_a_redis_that_hangs_costs_a_moment_and_not_every_time(
    own_redis: tuple[str, Callable[[int], None]], who: str
) -> None:
    url, send = own_redis
    limiter = Limiter(url, enabled=True)
    limiter.hit("read", who)
    send(signal.SIGSTOP)
    started = time.monotonic()
    assert [passes(limiter, "read", who) for _ in range(6)] == [True] * 5 + [False]
    assert time.monotonic() - started < 2


def test_a_redis_that_comes_back_is_asked_again(
    own_redis: tuple[str, Callable[[int], None]], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, send = own_redis
    monkeypatch.setattr(limits, "_PAUSE", 0.0)
    limiter, other = Limiter(url, enabled=True), Limiter(url, enabled=True)
    send(signal.SIGSTOP)
    limiter.hit("read", who)
    send(signal.SIGCONT)
    found = [passes(each, "read", who) for _ in range(4) for each in (limiter, other)]
    assert found[-1] is False
    assert 4 <= sum(found) <= 5  # the hit that was sent while it hung may have been counted, or not


def test_the_limiter_of_the_application_is_the_one_that_counts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "circle_limiter", Limiter(None, enabled=True))
    for _ in range(5):
        limits.hit("read", "u1")
    with pytest.raises(RateLimited):
        limits.hit("read", "u1")
