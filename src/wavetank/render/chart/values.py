"""The values of one chart in every environment, each under a name of its own. It lives while the chart's templates are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.render.chart.nodes import Missing
from wavetank.render.trace import Traced, bare

Name = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One value: what it is in each environment (in the order of the environments), and the plan path it sets."""

    name: Name
    #: with traces, or why there is none
    settings: tuple[Any, ...]
    path: str
    #: what the plain form of the settings is, for comparisons
    plain: tuple[Any, ...]

    @property
    def known(self) -> tuple[Any, ...]:
        """The plain settings of the environments that have one."""
        return tuple(setting for setting in self.plain if not isinstance(setting, Missing))

    @property
    def may_be_absent(self) -> bool:
        return any(setting is Missing.ABSENT for setting in self.plain)


class Values:
    """Gives out names; what is asked for twice with the same settings is one value."""

    def __init__(self, environments: int, reserved: Iterable[str] = ()) -> None:
        self.environments = environments
        self._values: dict[Name, Value] = {}
        self._inner: set[Name] = set()
        self._reserved = frozenset(reserved)

    def __iter__(self) -> Iterator[Value]:
        return iter(self._values.values())

    def claim(self, wanted: Name, settings: tuple[Any, ...], path: str) -> str:
        """The template expression of a value; its name is ``wanted`` unless that is taken by another one."""
        plain = tuple(item if isinstance(item, Missing) else bare(item) for item in settings)
        name = next(name for name in _variants(wanted) if self._fits(name, plain))
        if name not in self._values:
            self._values[name] = Value(name, settings, path, plain)
            self._inner.update(name[:length] for length in range(1, len(name)))
        return ".Values." + ".".join(name)

    def flag(self, wanted: Name, present: tuple[bool | Missing, ...], path: str) -> str:
        """The expression of a switch: on where something exists."""
        settings = tuple(item if isinstance(item, Missing) else Traced(item, path) for item in present)
        return self.claim((*wanted, "enabled"), settings, path)

    def _fits(self, name: Name, plain: tuple[Any, ...]) -> bool:
        if name[0] in self._reserved or name in self._inner:
            return False
        if any(name[:length] in self._values for length in range(1, len(name))):
            return False
        taken = self._values.get(name)
        return taken is None or taken.plain == plain

    def tree(self, environment: int) -> dict[str, Any]:
        """The values of one environment as nested maps. A map is there even when all of its entries are absent."""
        root: dict[str, Any] = {}
        for value in self:
            setting = value.settings[environment]
            if setting is not Missing.DONT_CARE:
                inner = _inner_map(root, value.name[:-1])
                if setting is not Missing.ABSENT:
                    inner[value.name[-1]] = setting
        return root

    def differences(self, environment: int, default: int) -> dict[str, Any]:
        """What an environment says differently from the default one; null takes away what the default has."""
        root: dict[str, Any] = {}
        for value in self:
            own, other = value.plain[environment], value.plain[default]
            if own is Missing.DONT_CARE or own == other or (own is Missing.ABSENT and isinstance(other, Missing)):
                continue
            setting = None if own is Missing.ABSENT else value.settings[environment]
            if isinstance(own, Mapping) and isinstance(other, Mapping):
                setting = _map_difference(own, other, value.path)
            _inner_map(root, value.name[:-1])[value.name[-1]] = Traced(setting, value.path)
        return root


def _variants(wanted: Name) -> Iterator[Name]:
    yield wanted
    joined = wanted[0] + "".join(step[:1].upper() + step[1:] for step in wanted[1:])
    if len(wanted) > 1:
        yield (joined,)
    number = 2
    while True:
        yield (*wanted[:-1], f"{wanted[-1]}{number}")
        yield (f"{joined}{number}",)
        number += 1


def _inner_map(root: dict[str, Any], steps: Name) -> dict[str, Any]:
    for step in steps:
        root = root.setdefault(step, {})
    return root


def _map_difference(own: Mapping[str, Any], other: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Helm merges maps of values key by key, so that what is to go must be named."""
    gone = {key: None for key in other if key not in own}
    changed = {
        key: _map_difference(item, other[key], path)
        if isinstance(item, Mapping) and isinstance(other.get(key), Mapping)
        else item
        for key, item in own.items()
        if key not in other or other[key] != item
    }
    return gone | changed
