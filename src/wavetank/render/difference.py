"""What two bundles differ in, as objects and resources instead of text: added, removed, or changed field by field.

Pure. Called by ``app.comparison``, which knows where the two sides come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from wavetank.plan.reasons import field_path, key_path

#: kind and name of a thing: "Deployment harbor/api", "aws_vpc.main", "helm release keda" → its content as JSON
Things = Mapping[str, Any]


@dataclass(frozen=True)
class FieldChange:
    """One field; None for the side that does not have it (then ``added`` or ``removed`` says which)."""

    path: str
    change: Literal["added", "removed", "changed"]
    old: Any
    new: Any

    def to_json(self) -> dict[str, Any]:
        sides = {"added": ("new",), "removed": ("old",), "changed": ("old", "new")}[self.change]
        return {"path": self.path, "change": self.change, **{side: getattr(self, side) for side in sides}}


@dataclass(frozen=True)
class Change:
    """One thing that is not the same on both sides; ``fields`` is for changed ones."""

    name: str
    change: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "change": self.change, "fields": [field.to_json() for field in self.fields]}


def changes(old: Things, new: Things) -> tuple[Change, ...]:
    """In the order of names; nothing for what is the same."""
    return tuple(change for name in sorted(old.keys() | new.keys()) for change in _of_thing(name, old, new))


def _of_thing(name: str, old: Things, new: Things) -> Iterator[Change]:
    if name not in old:
        yield Change(name, "added")
    elif name not in new:
        yield Change(name, "removed")
    elif old[name] != new[name]:
        yield Change(name, "changed", tuple(_fields("", old[name], new[name])))


def _fields(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_maps({field_path(path, key): (key, key) for key in {**old, **new}}, old, new)
    elif _is_list(old) and _is_list(new) and (pairs := _pairs(path, old, new)) is not None:
        yield from _of_maps(pairs, dict(enumerate(old)), dict(enumerate(new)))
    else:
        yield FieldChange(path, "changed", old, new)


def _of_maps(
    places: Mapping[str, tuple[Any, Any]], old: Mapping[Any, Any], new: Mapping[Any, Any]
) -> Iterator[FieldChange]:
    """``places``: path → the keys of both sides there."""
    for path, (before, after) in places.items():
        if before not in old:
            yield FieldChange(path, "added", None, new[after])
        elif after not in new:
            yield FieldChange(path, "removed", old[before], None)
        else:
            yield from _fields(path, old[before], new[after])


def _pairs(path: str, old: Sequence[Any], new: Sequence[Any]) -> dict[str, tuple[int, int]] | None:
    """By path: the indices of elements that are one thing, by name or else by place; None when only the whole tells.

    An index that no side has stands for "not there".
    """
    before, after = _names(old), _names(new)
    if before is not None and after is not None:
        return {
            key_path(path, name): (before.get(name, len(old)), after.get(name, len(new)))
            for name in {**before, **after}
        }
    return {key_path(path, at): (at, at) for at in range(len(old))} if len(old) == len(new) else None


def _names(items: Sequence[Any]) -> dict[str, int] | None:
    """Name → index; None when the elements are not told apart by names."""
    found = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    names = [name for name in found if isinstance(name, str)]
    return {name: at for at, name in enumerate(names)} if len(set(names)) == len(found) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
