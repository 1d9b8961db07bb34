"""Cron expressions as CronJobs have them: five fields or a macro, in a time zone. Pure.

Upstream: ``github.com/robfig/cron/v3`` (``ParseStandard``). Raises InvalidScheduleError in its words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wavetank.kube.validation.schedules import schedule_problem

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: i for i, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: i for i, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
#: A schedule that does not come within this time never comes (30 February).
_SEARCHED_DAYS = 366 * 5


class InvalidScheduleError(ValueError):
    """The expression cannot be read."""


class UnknownTimeZoneError(ValueError):
    """There is no such time zone."""


@dataclass(frozen=True)
class Schedule:
    """The minutes, hours, days, months and weekdays that match; a day matches by date or by weekday if both are given."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    zone: ZoneInfo | None = None

    def next_after(self, moment: datetime) -> datetime | None:
        """The first matching minute after ``moment``, in UTC; None when there is none in five years."""
        local = moment.astimezone(self.zone or UTC)
        at = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
        last = at + timedelta(days=_SEARCHED_DAYS)
        while at < last:
            if at.month not in self.months or not self._is_day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at.astimezone(UTC)
        return None

    def _is_day(self, at: datetime) -> bool:
        by_date, by_weekday = at.day in self.days, (at.weekday() + 1) % 7 in self.weekdays
        return (by_date and by_weekday) if self.any_day or self.any_weekday else (by_date or by_weekday)


@dataclass(frozen=True)
class Every:
    """``@every 1h30m``: always the same time after the last start, in whole seconds."""

    seconds: int

    def next_after(self, moment: datetime) -> datetime | None:
        return moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=self.seconds)


def schedule_of(text: str, zone_name: str | None = None) -> Schedule | Every:
    """Read an expression; a zone may stand before it (``TZ=Europe/Stockholm 0 8 * * *``)."""
    text = text.strip()
    problem = schedule_problem(text)
    if problem:
        raise InvalidScheduleError(problem)
    if text.startswith(("TZ=", "CRON_TZ=")):
        stated, _, text = text.partition(" ")
        zone_name, text = stated.partition("=")[2], text.strip()
    if text.startswith("@every "):
        return Every(_seconds_of(text.removeprefix("@every ")))
    fields = _MACROS.get(text, text).split()
    return Schedule(
        minutes=_values(fields[0], 0, 59),
        hours=_values(fields[1], 0, 23),
        days=_values(fields[2], 1, 31),
        months=_values(fields[3], 1, 12, _MONTHS),
        weekdays=_values(fields[4], 0, 6, _DAYS),
        any_day=_is_any(fields[2]),
        any_weekday=_is_any(fields[4]),
        zone=_zone(zone_name) if zone_name else None,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZoneError(f"unknown time zone {name}") from error


def _seconds_of(duration: str) -> int:
    """A Go duration in whole seconds, at least one (``cron.Every``)."""
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|ns|m|s)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise InvalidScheduleError(f"failed to parse duration @every {duration}")
    return max(1, int(sum(float(number) * _UNITS[unit] for number, unit in parts)))


def _is_any(field: str) -> bool:
    """A star counts as "any day" unless it leaves some out (``*/2``)."""
    return any(part in ("*", "?", "*/1", "?/1") for part in field.split(","))


def _values(field: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in ("*", "?"):
            low, high = least, most
        else:
            low = _number(first, names)
            high = _number(last, names) if dash else (most if step else low)
        found.update(range(low, high + 1, int(step) if step else 1))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    return names[text.lower()] if names and text.lower() in names else int(text)
