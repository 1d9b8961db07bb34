"""What is wrong with a cron schedule, in the words of the parser that Kubernetes uses (robfig/cron v3, five fields)."""

from __future__ import annotations

_DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
#: Least, most, and names with their numbers.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


class _WrongFieldError(Exception):
    pass


def schedule_problem(schedule: str) -> str:
    """Empty when the schedule can be read."""
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        schedule = schedule.partition(" ")[2].strip()
    if schedule.startswith("@"):
        known = schedule in _DESCRIPTORS or schedule.startswith("@every ")
        return "" if known else f"unrecognized descriptor: {schedule}"
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"expected exactly {len(_FIELDS)} fields, found {len(fields)}: [{' '.join(fields)}]"
    try:
        for text, (least, most, names) in zip(fields, _FIELDS, strict=True):
            for part in text.split(","):
                _check_range(part, least, most, names)
    except _WrongFieldError as wrong:
        return str(wrong)
    return ""


def _check_range(text: str, least: int, most: int, names: dict[str, int]) -> None:
    span, *steps = text.split("/")
    if len(steps) > 1:
        raise _WrongFieldError(f"too many slashes: {text}")
    start, end = _ends(span, text, least, most, names)
    if steps:
        step = _number(steps[0], {})
        end = most if "-" not in span else end
        if step == 0:
            raise _WrongFieldError(f"step of range should be a positive number: {text}")
    if start < least:
        raise _WrongFieldError(f"beginning of range ({start}) below minimum ({least}): {text}")
    if end > most:
        raise _WrongFieldError(f"end of range ({end}) above maximum ({most}): {text}")
    if start > end:
        raise _WrongFieldError(f"beginning of range ({start}) beyond end of range ({end}): {text}")


def _ends(span: str, text: str, least: int, most: int, names: dict[str, int]) -> tuple[int, int]:
    parts = span.split("-")
    if parts[0] in ("*", "?"):
        return least, most
    start = _number(parts[0], names)
    if len(parts) == 1:
        return start, start
    if len(parts) > 2:
        raise _WrongFieldError(f"too many hyphens: {text}")
    return start, _number(parts[1], names)


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    try:
        number = int(text)
    except ValueError:
        raise _WrongFieldError(
            f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
        ) from None
    if number < 0:
        raise _WrongFieldError(f"negative number ({number}) not allowed: {text}")
    return number
