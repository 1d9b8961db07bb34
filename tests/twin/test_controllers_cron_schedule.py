"""When a cron expression comes next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wavetank.twin.controllers.cron_schedule import InvalidScheduleError, UnknownTimeZoneError, schedule_of

NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-01-01T12:01"),
        ("*/15 * * * *", "2026-01-01T12:15"),
        ("0 3 * * *", "2026-01-02T03:00"),
        ("30 9 * * MON-FRI", "2026-01-02T09:30"),
        ("0 0 * * 0", "2026-01-04T00:00"),
        ("0 0 13 * FRI", "2026-01-02T00:00"),
        ("0 12 29 2 *", "2028-02-29T12:00"),
        ("5,50 13-14/1 1 jan ?", "2026-01-01T13:05"),
        ("@hourly", "2026-01-01T13:00"),
        ("@weekly", "2026-01-04T00:00"),
        ("@every 1h30m", "2026-01-01T13:30"),
        ("TZ=America/New_York 0 8 * * *", "2026-01-01T13:00"),
        # A star with a step is no "any day": either of the two days will do.
        ("0 0 */10 * MON", "2026-01-05T00:00"),
    ],
)
def test_the_next_time_after_noon(text: str, expected: str) -> None:
    due = schedule_of(text).next_after(NOON)
    assert due is not None
    assert due.strftime("%Y-%m-%dT%H:%M") == expected


def test_a_time_zone_moves_the_hour() -> None:
    due = schedule_of("0 8 * * *", "America/New_York").next_after(NOON)
    assert due == datetime(2026, 1, 1, 13, 0, tzinfo=UTC)


def test_a_day_that_never_comes_is_not_waited_for() -> None:
    assert schedule_of("0 0 30 2 *").next_after(NOON) is None


@pytest.mark.parametrize(
    "text", ["* * * *", "0 0 * * 7", "@every soon", "60 * * * *", "a * * * *", "5-3 * * * *", "* * 0 * *"]
)
def test_an_expression_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidScheduleError):
        schedule_of(text)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownTimeZoneError, match="Atlantis"):
        schedule_of("* * * * *", "Atlantis/Capital")
