"""Cron expressions as CronJobs have them: five fields or a macro, in a time zone. Pure.

Upstream: ``github.com/robfig/cron/v3`` (``ParseStandard``). Raises InvalidScheduleError with a sentence of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
#: A schedule that does not come within this time never comes (30 February).
_SEARCHED_DAYS = 366 * 5


class InvalidScheduleError(ValueError):
    """The expression or the time zone cannot be read."""


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


def schedule_of(text: str, zone_name: str | None = None) -> Schedule:
    """Read an expression."""
    fields = _MACROS.get(text.strip(), text).split()
    if len(fields) != 5:
        raise InvalidScheduleError(f"expected exactly 5 fields, found {len(fields)}: {fields}")
    try:
        zone = ZoneInfo(zone_name) if zone_name else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidScheduleError(f"unknown time zone {zone_name}") from error
    return Schedule(
        minutes=_values(fields[0], 0, 59),
        hours=_values(fields[1], 0, 23),
        days=_values(fields[2], 1, 31),
        months=_values(fields[3], 1, 12, _MONTHS),
        weekdays=frozenset(day % 7 for day in _values(fields[4], 0, 7, _DAYS)),
        any_day=fields[2][0] in "*?",
        any_weekday=fields[4][0] in "*?",
        zone=zone,
    )


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
        if not least <= low <= high <= most:
            raise InvalidScheduleError(f"{part!r} is not within {least}-{most}")
        found.update(range(low, high + 1, _number(step, None) if step else 1))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text.lower() in names:
        return names[text.lower()]
    if not text.isdigit():
        raise InvalidScheduleError(f"failed to parse int from {text}")
    return int(text)
