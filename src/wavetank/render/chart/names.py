"""The names of values: the plan path of what they set, as keys that a template can write with dots.

``workloads[api].containers[api].resources.requests.cpu`` is ``resources.requests.cpu`` of the chart ``api``. Called by ``unify``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from wavetank.render.trace import steps

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SEPARATORS = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True)
class Naming:
    """How the paths of one chart become names: what all of them begin with says nothing inside the chart."""

    #: the workload that the chart is for; "" for the platform's own
    workload: str = ""
    #: the workload's first container, whose settings people look for at the top
    container: str = ""

    def name_of(self, path: str, rest: Sequence[str] = ()) -> tuple[str, ...]:
        """The keys of the value at ``rest`` below a plan path."""
        found = (*self._shortened(steps(path)), *rest)
        if found[-3:-2] == ("env",) and found[-1] == "value":
            found = found[:-1]
        return tuple(_key(step) for step in found) or (self.workload or "platform",)

    def _shortened(self, found: tuple[str, ...]) -> tuple[str, ...]:
        if self.workload and found[:2] == ("workloads", self.workload):
            found = found[2:]
            if self.container and found[:2] == ("containers", self.container):
                found = found[2:]
        return found


@lru_cache(maxsize=4096)
def _key(step: str) -> str:
    """A step as a Go identifier: ``requests.cpu`` is ``requestsCpu``, ``0`` is ``item0``."""
    if _IDENTIFIER.match(step):
        return step
    head, *others = [word for word in _SEPARATORS.split(step) if word] or ["value"]
    joined = head + "".join(word[:1].upper() + word[1:] for word in others)
    return joined if _IDENTIFIER.match(joined) else f"item{joined}"
