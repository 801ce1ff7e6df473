from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from circle.core import clock
from tests import patience

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_now_is_aware_utc_with_microseconds() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert any(clock.now().microsecond % 1000 for _ in range(100))
    assert not clock.is_set()


def test_the_clock_can_be_set_inside_a_block_and_nests() -> None:
    with clock.at(NOON):
        assert clock.now() == NOON
        assert clock.is_set()
        with clock.at(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON
    assert not clock.is_set()


def test_the_clock_comes_back_after_an_error() -> None:
    with pytest.raises(LookupError), clock.at(NOON):
        raise LookupError
    assert not clock.is_set()


def test_a_moment_in_another_zone_is_shown_as_utc() -> None:
    with clock.at(datetime(2026, 11, 21, 20, 0, tzinfo=timezone(timedelta(hours=8)))):
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_another_thread_keeps_the_real_time() -> None:
    seen: list[bool] = []
    with clock.at(NOON):
        thread = threading.Thread(target=lambda: seen.append(clock.is_set()))
        thread.start()
        thread.join(patience.PATIENCE)
    assert seen == [False]


def test_a_naive_moment_is_refused() -> None:
    naive = datetime(2026, 11, 21, 12, 0)
    with pytest.raises(ValueError, match="aware"), clock.at(naive):
        pass
    with pytest.raises(ValueError, match="naive"):
        clock.local_date(naive, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("moment", "tz", "day"),
    [
        ("2026-11-21T15:59:59.999999+00:00", "Asia/Shanghai", date(2026, 11, 21)),
        ("2026-11-21T16:00:00+00:00", "Asia/Shanghai", date(2026, 11, 22)),
        ("2026-12-31T16:00:00+00:00", "Asia/Shanghai", date(2027, 1, 1)),
        ("2026-11-21T00:00:00+08:00", "UTC", date(2026, 11, 20)),
        ("2026-11-21T10:00:00+00:00", "Pacific/Kiritimati", date(2026, 11, 22)),
        ("2026-11-21T10:00:00+00:00", "Pacific/Pago_Pago", date(2026, 11, 20)),
        # New York: 23 hours on 8 March, 25 hours on 1 November
        ("2026-03-08T04:59:59+00:00", "America/New_York", date(2026, 3, 7)),
        ("2026-03-08T05:00:00+00:00", "America/New_York", date(2026, 3, 8)),
        ("2026-03-09T03:59:59+00:00", "America/New_York", date(2026, 3, 8)),
        ("2026-03-09T04:00:00+00:00", "America/New_York", date(2026, 3, 9)),
        ("2026-11-01T04:00:00+00:00", "America/New_York", date(2026, 11, 1)),
        ("2026-11-02T04:59:59+00:00", "America/New_York", date(2026, 11, 1)),
        ("2026-11-02T05:00:00+00:00", "America/New_York", date(2026, 11, 2)),
        # a leap day, and Samoa's year without a 30 December
        ("2028-02-29T23:00:00+00:00", "UTC", date(2028, 2, 29)),
        ("2011-12-30T09:59:59+00:00", "Pacific/Apia", date(2011, 12, 29)),
        ("2011-12-30T10:00:00+00:00", "Pacific/Apia", date(2011, 12, 31)),
    ],
)
def test_the_day_is_the_day_of_the_time_zone(moment: str, tz: str, day: date) -> None:
    assert clock.local_date(datetime.fromisoformat(moment), tz) == day


@pytest.mark.parametrize("name", ["Asia/Shanghai", "UTC", "America/New_York"])
def test_a_real_time_zone_is_known(name: str) -> None:
    assert clock.is_time_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Asia/Shanghai\x00", "上海"]
)
def test_anything_else_is_no_time_zone(name: str) -> None:
    assert not clock.is_time_zone(name)
