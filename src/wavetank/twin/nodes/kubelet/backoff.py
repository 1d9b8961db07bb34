"""How long a failing container or image waits before the next try (client-go ``flowcontrol.Backoff`` as the kubelet sets it)."""

from __future__ import annotations

from dataclasses import dataclass

INITIAL_SECONDS = 10.0
CAP_SECONDS = 300.0
#: A container that ran longer than this after its last restart starts over (kubelet.go ``backOffResetPeriod``).
RESET_SECONDS = 600.0


@dataclass(frozen=True)
class Backoff:
    """``delay_seconds`` 0: nothing has failed yet, the next try is immediate. ``since`` is when the delay was set."""

    delay_seconds: float = 0.0
    since_seconds: float = 0.0

    def _forgotten(self, failed_seconds: float) -> bool:
        return self.delay_seconds == 0 or failed_seconds - self.since_seconds > RESET_SECONDS

    def until(self, failed_seconds: float) -> float:
        """The earliest time of the next try after a failure at ``failed_seconds``."""
        return failed_seconds if self._forgotten(failed_seconds) else failed_seconds + self.delay_seconds

    def after_try(self, now: float, failed_seconds: float) -> Backoff:
        """The back-off once the try that follows that failure is made."""
        if self._forgotten(failed_seconds):
            return Backoff(INITIAL_SECONDS, now)
        return Backoff(min(self.delay_seconds * 2, CAP_SECONDS), now)


def go_duration(seconds: float) -> str:
    """A duration as Go prints it, to the millisecond: ``10s``, ``5m0s``, ``1.25s``, ``250ms``."""
    millis = round(seconds * 1000)
    if millis < 1000:
        return f"{millis}ms" if millis else "0s"
    minutes, rest = divmod(millis, 60_000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text
