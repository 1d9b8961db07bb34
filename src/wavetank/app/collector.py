"""Pauses of Python's garbage collector, which a twin that serves people should not have. For programs, not for libraries.

A full collection looks at everything that lives: with 10,000 pods that takes a quarter of a second, in which no request is
answered. What has survived one is therefore not looked at again. Objects of a cluster hold no cycles and are freed as ever;
what is lost are cycles that lived for long and died, of which there are few.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

_FULL = 2


def spare_survivors() -> None:
    """From now on, for the life of this process."""
    if _freeze not in gc.callbacks:
        gc.callbacks.append(_freeze)


def _freeze(phase: str, info: Mapping[str, Any]) -> None:
    if phase == "stop" and info["generation"] == _FULL:
        gc.freeze()
