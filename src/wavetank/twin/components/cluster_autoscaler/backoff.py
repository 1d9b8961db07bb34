"""How long a group that did not grow is left alone. Upstream: ``utils/backoff/exponential_backoff.go``."""

from __future__ import annotations

from dataclasses import dataclass

from .flags import Settings


@dataclass(frozen=True)
class Backoff:
    """One group's: the wait, until when it lasts, when it began, and why."""

    duration_seconds: float
    until_seconds: float
    failed_seconds: float
    code: str = ""
    message: str = ""


class Backoffs:
    """By group id. All times are engine seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of: dict[str, Backoff] = {}

    def fail(self, group_id: str, code: str, message: str, now: float) -> None:
        """Begin, or double what is over; failures during one do not make it longer."""
        known = self._of.get(group_id)
        seconds = self._settings.initial_node_group_backoff_duration
        # Upstream never meets the very moment; here a wait that ends now has ended.
        if known is not None and known.until_seconds <= now:
            seconds = min(known.duration_seconds * 2, self._settings.max_node_group_backoff_duration)
        self._of[group_id] = Backoff(seconds, now + seconds, now, code, message)

    def current(self, group_id: str, now: float) -> Backoff | None:
        found = self._of.get(group_id)
        return found if found is not None and found.until_seconds > now else None

    @property
    def any(self) -> bool:
        return bool(self._of)

    def clear(self, group_id: str) -> None:
        self._of.pop(group_id, None)

    def forget_old(self, now: float) -> None:
        limit = now - self._settings.node_group_backoff_reset_timeout
        self._of = {group: backoff for group, backoff in self._of.items() if backoff.failed_seconds >= limit}
