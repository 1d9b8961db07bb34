"""Keeps the reason of every value while a plan is made. One ledger lives as long as one call of ``plan``.

Each part of the planner takes what the author wrote, asks the ledger for the value to use, and the ledger notes why.
Spec paths and plan paths have one syntax; where a value stands elsewhere in the spec, ``at`` names its place there.
"""

from __future__ import annotations

from typing import Any, TypeVar

from wavetank.plan.reasons import Derived, Reason, Stated, field_path, key_path, steps_of
from wavetank.spec import Platform
from wavetank.spec.tree import Node, Place, step_into

T = TypeVar("T")


class Ledger:
    """Values in, values out; ``reasons`` collects why."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.reasons: dict[str, Reason] = {}

    def is_written(self, path: str) -> bool:
        """Whether the author wrote something at this spec path."""
        return self._platform.node(*steps_of(path)) is not None

    def stated(self, path: str, value: T, at: str = "") -> T:
        """The author wrote it, at the spec path ``at`` (the same path when empty)."""
        self.reasons[path] = _stated(self._platform.place(*steps_of(at or path)))
        return value

    def because(self, path: str, value: T, reason: Reason) -> T:
        """A value with a reason of ours."""
        self.reasons[path] = reason
        return value

    def chosen(self, path: str, written: T | None, otherwise: T, reason: Reason, at: str = "") -> T:
        """What the author wrote, or else the default with its reason."""
        return self.because(path, otherwise, reason) if written is None else self.stated(path, written, at)

    def derived(self, path: str, value: T, origins: tuple[str, ...], how: str) -> T:
        """A value that follows from others of the plan."""
        return self.because(path, value, Derived(origins, how))

    def shape(self, path: str, value: T, at: str = "") -> T:
        """A value in Kubernetes' shape that the author wrote: every leaf that he wrote out gets its own place."""
        self.stated(path, value, at)
        self._note_leaves(path, value, self._platform.node(*steps_of(at or path)))
        return value

    def _note_leaves(self, path: str, value: Any, node: Node | None) -> None:
        if node is None:
            return
        self.reasons[path] = _stated(node.place)
        if isinstance(value, dict):
            for key, each in value.items():
                self._note_leaves(field_path(path, key), each, step_into(node, key))
        elif isinstance(value, list | tuple):
            for index, each in enumerate(value):
                name = each.get("name") if isinstance(each, dict) else None
                key = name if isinstance(name, str) else index
                self._note_leaves(key_path(path, key), each, step_into(node, key))


def _stated(place: Place) -> Stated:
    return Stated(place.file, place.line, place.column)
