"""The moment that counts is the one at which a request arrived, also behind a proxy that reads the whole body first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from circle.core import clock
from circle.core.arrival import arrived_at, note_arrival
from circle.core.turns import WAITED

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)


@pytest.fixture
def proxied(plain_app: Flask) -> Iterator[Flask]:
    """The application as it runs behind nginx."""
    settings = plain_app.config["SETTINGS"]
    plain_app.config["SETTINGS"] = replace(settings, proxies=1)
    yield plain_app
    plain_app.config["SETTINGS"] = settings


def arrival(app: Flask, header: str | None) -> datetime:
    headers = {} if header is None else {"X-Request-Time": header}
    with clock.at(NOW), app.test_request_context("/", headers=headers):
        note_arrival()
        return arrived_at()


def test_without_a_proxy_a_request_arrives_when_it_is_read(plain_app: Flask) -> None:
    assert arrival(plain_app, None) == NOW
    assert arrival(plain_app, "3600") == NOW  # anybody could say so


def test_a_proxy_says_how_long_the_body_took(proxied: Flask) -> None:
    assert arrival(proxied, None) == NOW
    assert arrival(proxied, "0.000") == NOW
    assert arrival(proxied, "75.250") == NOW - timedelta(seconds=75, milliseconds=250)


def test_waiting_for_ones_turn_makes_nobody_late(proxied: Flask) -> None:
    waited = {WAITED: 2.5}
    with clock.at(NOW), proxied.test_request_context("/", headers={"X-Request-Time": "1"}, environ_overrides=waited):
        note_arrival()
        assert arrived_at() == NOW - timedelta(seconds=3.5)


@pytest.mark.parametrize("odd", ["", "-5", "1e9", "nan", "inf", "1,5", "12 ", "１", "9" * 400, "0x10", "5;6"])
def test_what_is_no_such_number_is_not_believed(proxied: Flask, odd: str) -> None:
    assert arrival(proxied, odd) == NOW


def test_nobody_waits_longer_than_an_hour(proxied: Flask) -> None:
    assert arrival(proxied, "99999") == NOW - timedelta(hours=1)
