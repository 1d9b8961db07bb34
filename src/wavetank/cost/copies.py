"""What copies of data take: the first in full, each further one what changed since.

Read by the meters of snapshots and backups. Pure arithmetic.
"""

from __future__ import annotations

from decimal import Decimal

DAYS_PER_WEEK = 7


def incremental_gb(gigabytes: Decimal, percent_per_day: Decimal, retention_days: int) -> Decimal:
    """GB of incremental copies that are kept so long: one in full, and the change of each day that is kept."""
    return gigabytes + changed_gb_per_day(gigabytes, percent_per_day) * retention_days


def changed_gb_per_day(gigabytes: Decimal, percent_per_day: Decimal) -> Decimal:
    return gigabytes * percent_per_day / 100


def runs_per_day(cron: str) -> Decimal:
    """How often a schedule runs on an average day: Kubernetes' five fields, or AWS' six in ``cron(...)``, or ``rate(...)``."""
    if cron.startswith("rate("):
        return _rate(cron)
    fields = cron.removeprefix("cron(").removesuffix(")").split()
    if len(fields) < 5:
        return Decimal(1)
    minutes, hours = _matches(fields[0], 60), _matches(fields[1], 24)
    return Decimal(minutes * hours) * _share_of_days(fields[2], fields[4])


def _rate(text: str) -> Decimal:
    number, unit = text.removeprefix("rate(").removesuffix(")").split()
    a_day = {"minute": 1440, "hour": 24, "day": 1}[unit.removesuffix("s")]
    return Decimal(a_day) / int(number)


def _matches(field: str, size: int) -> int:
    """How many values of a field with ``size`` of them a cron expression names."""
    return sum(_part(part, size) for part in field.split(","))


def _part(part: str, size: int) -> int:
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if span in ("*", "?"):
        count = size
    elif last:
        count = int(last) - int(first) + 1
    else:
        count = size - int(first) if step else 1
    return -(-count // int(step)) if step else count


def _share_of_days(day_of_month: str, day_of_week: str) -> Decimal:
    if day_of_week not in ("*", "?"):
        return Decimal(min(DAYS_PER_WEEK, _named(day_of_week))) / DAYS_PER_WEEK
    if day_of_month not in ("*", "?"):
        return Decimal(_named(day_of_month)) * 12 / 365
    return Decimal(1)


def _named(field: str) -> int:
    """Days that a field names; names of days (MON-FRI) count like numbers."""
    days = {name: str(number) for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
    text = field.upper().partition("#")[0].rstrip("L") or "1"
    for name, number in days.items():
        text = text.replace(name, number)
    return _matches(text, 31)
