"""Durations and lists as Go prints them in the autoscaler's messages. Pure."""

from __future__ import annotations

import json


def duration(seconds: float) -> str:
    """``time.Duration.String``: 910 is ``15m10s``."""
    if seconds == 0:
        return "0s"
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, full_seconds = divmod(rest, 60)
    fraction = f"{seconds - whole:.9f}".rstrip("0").rstrip(".")[1:]
    text = f"{full_seconds}{fraction}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


def quoted(text: str) -> str:
    """``%q``."""
    return json.dumps(text, ensure_ascii=False)
