"""How far a pod is: its phase, whether it has ended, whether it is on its way out.

Controllers, scheduler and machines call this.
"""

from __future__ import annotations

from .types import Obj

#: Phases in which nothing of a pod runs any more or ever will.
TERMINAL = ("Succeeded", "Failed")


def phase(pod: Obj) -> str:
    """``Pending`` for a pod whose status nobody has written."""
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_terminal(pod: Obj) -> bool:
    """It has succeeded or failed (``podutil.IsPodTerminal``)."""
    return phase(pod) in TERMINAL


def is_terminating(pod: Obj) -> bool:
    """Its deletion has begun."""
    return bool(pod["metadata"].get("deletionTimestamp"))
