"""One template for the objects of all environments: what they agree on is written out, what differs becomes values.

The objects of one thing in several environments are laid over each other (anti-unification): equal parts are literals, a leaf
that differs refers to a value named after its plan path, a part that only some have is conditional. Called once per chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.render.chart.knobs import Knob, Tree, knobs_of
from wavetank.render.chart.names import Naming
from wavetank.render.chart.nodes import Block, Entry, Fields, Hole, Items, Labels, Literal, Missing, Node
from wavetank.render.chart.values import Values
from wavetank.render.trace import Traced, bare, untraced

#: a map of at most so many leaves that only some environments have is one value; a larger one gets a switch
SMALL = 8
#: what is longer than this many characters is no setting that people adjust
LONGEST_SETTING = 200
#: from here on Go's templates print a number of a values file as 1e+06
BIG_INTEGER = 1_000_000


@dataclass(frozen=True)
class Spot:
    """One place of an object in all environments: the values with their traces, plain, and the plan path around them."""

    traced: tuple[Any, ...]
    plain: tuple[Any, ...]
    path: str
    rest: tuple[str, ...]
    knobs: Tree | None

    @property
    def live(self) -> list[int]:
        return [at for at, item in enumerate(self.plain) if not isinstance(item, Missing)]

    @property
    def first(self) -> Any:
        return self.traced[self.live[0]]

    @property
    def known(self) -> list[Any]:
        return [item for item in self.plain if not isinstance(item, Missing)]

    @property
    def is_equal(self) -> bool:
        known = self.known
        return all(item == known[0] for item in known)


def spot_of(objects: Sequence[Any]) -> Spot:
    """The outermost place: the objects themselves; None where an environment does not have it."""
    plain = tuple(Missing.DONT_CARE if item is None else bare(item) for item in objects)
    traced = tuple(Missing.DONT_CARE if item is None else item for item in objects)
    first = next(item for item in plain if not isinstance(item, Missing))
    return _unwrapped(Spot(traced, plain, "", (), knobs_of(first["kind"])))


def _unwrapped(spot: Spot) -> Spot:
    """The same place with the wrappers of its values taken off and their path noted."""
    bare_values, path = [], ""
    for item in spot.traced:
        value, own, _ = (item, "", "") if isinstance(item, Missing) else untraced(item)
        bare_values.append(value)
        path = path or own
    kept = (path, ()) if path else (spot.path, spot.rest)
    return Spot(tuple(bare_values), spot.plain, kept[0], kept[1], spot.knobs)


class Unifier:
    """Makes the templates of one chart and collects their values."""

    def __init__(self, naming: Naming, values: Values, image_helper: str) -> None:
        self.naming, self.values, self._image_helper = naming, values, image_helper
        #: helper → the label maps it could write
        self.labels: dict[str, list[Mapping[str, Any]]] = {}
        self.uses_images = False

    def template(self, objects: Sequence[Any]) -> Node:
        """The template of one thing; None stands for an environment that does not have it."""
        return self._node(spot_of(objects))

    def switch(self, objects: Sequence[Any], charted: Sequence[bool]) -> str:
        """The condition under which an object exists; empty when every environment with the chart (``charted``) has it."""
        if all(item is not None or not there for item, there in zip(objects, charted, strict=True)):
            return ""
        spot = spot_of(objects)
        wanted = self.naming.name_of(spot.path)
        kind = spot.known[0]["kind"]
        present = tuple(
            item is not None if there else Missing.DONT_CARE for item, there in zip(objects, charted, strict=True)
        )
        return self.values.flag((*wanted, kind[:1].lower() + kind[1:]), present, spot.path)

    # --- one place -----------------------------------------------------------------------------------------------

    def _node(self, spot: Spot) -> Node:
        """``spot`` without wrappers."""
        if spot.is_equal and (spot.knobs is None or spot.knobs in (Knob.LABELS, Knob.SELECTOR)):
            return self._literal(spot)
        if spot.is_equal and spot.known[0] in ({}, [], ()):
            return Literal(Traced(spot.first, spot.path))
        if all(isinstance(item, Mapping) for item in spot.known):
            return self._block(spot) if spot.knobs is Knob.WHOLE else self._fields(spot)
        if all(_is_list(item) for item in spot.known):
            return self._items(spot)
        return self._hole(spot)

    def _literal(self, spot: Spot) -> Node:
        wrapped = Traced(spot.first, spot.path)
        if isinstance(spot.knobs, Knob) and isinstance(spot.first, Mapping):
            self.labels.setdefault(spot.knobs.value, []).append(spot.known[0])
            return Labels(spot.knobs.value, wrapped)
        return Literal(wrapped)

    def _hole(self, spot: Spot) -> Node:
        if spot.knobs is Knob.SETTINGS and spot.is_equal and _is_text(str(spot.known[0])):
            return Literal(Traced(spot.first, spot.path))
        if spot.knobs is Knob.IMAGE and all(isinstance(item, str) for item in spot.known):
            return self._image(spot)
        expression = self._claim(spot)
        return Hole("{{ " + _printed(expression, spot.known) + " }}", spot.path)

    def _image(self, spot: Spot) -> Node:
        """Repository, tag and digest are values of their own: a release changes the tag only."""
        parts = [item if isinstance(item, Missing) else image_parts(item) for item in spot.plain]
        wanted = self.naming.name_of(spot.path, spot.rest)
        claimed: dict[str, str] = {}
        self.uses_images = True
        for part in ("repository", "tag", "digest"):
            if any(part in item for item in parts if not isinstance(item, Missing)):
                settings = tuple(item if isinstance(item, Missing) else _part(item, part, spot.path) for item in parts)
                claimed[part] = self.values.claim((*wanted, part), settings, spot.path)
        return Hole('{{ include "' + self._image_helper + f'" {_together(claimed)} | quote }}}}', spot.path)

    def _block(self, spot: Spot) -> Node:
        return Block(self._claim(spot), spot.path)

    def _claim(self, spot: Spot) -> str:
        settings = tuple(item if isinstance(item, Missing) else Traced(item, spot.path) for item in spot.traced)
        return self.values.claim(self.naming.name_of(spot.path, spot.rest), settings, spot.path)

    # --- maps ----------------------------------------------------------------------------------------------------

    def _fields(self, spot: Spot) -> Node:
        keys = list(dict.fromkeys(key for item in spot.known for key in item))
        if not any(all(key in item for item in spot.known) for key in keys):
            return self._block(spot)
        entries = [self._entry(_field(spot, key), key) for key in keys]
        return Fields(tuple(sorted(entries, key=lambda entry: bool(entry.condition))))

    def _entry(self, child: Spot, key: str) -> Entry:
        note = _note(child)
        inner = _unwrapped(child)
        node, condition = self._possibly_absent(inner) if _has_absent(inner) else (self._node(inner), "")
        return Entry(key, node, condition, inner.path, note)

    def _possibly_absent(self, spot: Spot) -> tuple[Node, str]:
        """What only some environments have: a value that may be missing, or a part behind a switch."""
        known = spot.known
        if any(isinstance(item, Mapping) and _leaf_count(item) > SMALL for item in known):
            return self._switched(spot)
        if all(isinstance(item, Mapping) or _is_list(item) for item in known):
            block = self._block(spot)
            assert isinstance(block, Block), "a list or map of values is a block"
            return block, _exists(block.expression, known)
        expression = self._claim(spot)
        return Hole("{{ " + _printed(expression, known) + " }}", spot.path), _exists(expression, known)

    def _switched(self, spot: Spot) -> tuple[Node, str]:
        present = tuple(item if item is Missing.DONT_CARE else not isinstance(item, Missing) for item in spot.plain)
        condition = self.values.flag(self.naming.name_of(spot.path, spot.rest), present, spot.path)
        inside = tuple(Missing.DONT_CARE if item is Missing.ABSENT else item for item in spot.plain)
        traced = tuple(Missing.DONT_CARE if item is Missing.ABSENT else item for item in spot.traced)
        return self._node(Spot(traced, inside, spot.path, spot.rest, spot.knobs)), condition

    # --- lists ---------------------------------------------------------------------------------------------------

    def _items(self, spot: Spot) -> Node:
        lists = spot.known
        order = _common_order(lists)
        if spot.knobs is Knob.WHOLE or (order is None and not all(len(item) == 1 for item in lists)):
            return Literal(Traced(spot.first, spot.path)) if self._stays(spot) else self._block(spot)
        if order is None:
            return self._single(spot)
        if not any(all(_named(item, name) is not None for item in lists) for name in order):
            return self._block(spot)
        return Items(tuple(self._element(spot, name) for name in order))

    def _stays(self, spot: Spot) -> bool:
        return spot.is_equal and spot.knobs is not Knob.WHOLE

    def _single(self, spot: Spot) -> Node:
        """A list of one element everywhere: the element keeps the list's name."""
        child = Spot(_picked(spot.traced, 0), _picked(spot.plain, 0), spot.path, spot.rest, spot.knobs)
        inner = _unwrapped(child)
        if any(_is_list(item) for item in inner.known):
            return self._block(spot)
        return Items((Entry("", self._node(inner), "", inner.path, _note(child)),))

    def _element(self, spot: Spot, name: str) -> Entry:
        child = _named_element(spot, name)
        inner = _unwrapped(child)
        if not _has_absent(inner):
            return Entry("", self._node(inner), "", inner.path, _note(child))
        if all(set(item) == {"name", "value"} for item in inner.known):
            return self._optional_setting(inner, name, _note(child))
        node, condition = self._switched(inner)
        return Entry("", node, condition, inner.path, _note(child))

    def _optional_setting(self, spot: Spot, name: str, note: str) -> Entry:
        """An environment variable that only some environments have: it exists where it has a value."""
        value = _unwrapped(_field(spot, "value", gone=Missing.ABSENT))
        expression = self._claim(value)
        fields = (
            Entry("name", Literal(name), "", spot.path, ""),
            Entry("value", Hole("{{ " + _printed(expression, value.known) + " }}", value.path), "", value.path, ""),
        )
        return Entry("", Fields(fields), _exists(expression, value.known), spot.path, note)


# --- places inside places ---------------------------------------------------------------------------------------------


def _field(spot: Spot, key: str, gone: Missing | None = None) -> Spot:
    """The place of a key. Whoever lacks the map does not care (or is ``gone``); whoever has it without the key lacks the key."""
    knobs = spot.knobs.get(key) if isinstance(spot.knobs, Mapping) else spot.knobs
    traced = tuple(_at(item, key, item if gone is None else gone) for item in spot.traced)
    plain = tuple(_at(item, key, item if gone is None else gone) for item in spot.plain)
    return Spot(traced, plain, spot.path, (*spot.rest, key), knobs)


def _at(item: Any, key: str, if_missing: Any) -> Any:
    if isinstance(item, Missing):
        return if_missing
    return item.get(key, Missing.ABSENT)


def _picked(items: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return tuple(item if isinstance(item, Missing) else item[index] for item in items)


def _named_element(spot: Spot, name: str) -> Spot:
    places = [None if isinstance(item, Missing) else _named(item, name) for item in spot.plain]

    def element(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            item if isinstance(item, Missing) else Missing.ABSENT if at is None else item[at]
            for item, at in zip(items, places, strict=True)
        )

    return Spot(element(spot.traced), element(spot.plain), spot.path, (*spot.rest, name), spot.knobs)


def _named(items: Sequence[Any], name: str) -> int | None:
    return next((at for at, item in enumerate(items) if _name_of(item) == name), None)


def _name_of(item: Any) -> str | None:
    """What tells an element from its neighbours: its name, or what stands for one in lists of Kubernetes."""
    if not isinstance(item, Mapping):
        return None
    inner = item.get("metadata")
    name = item.get("name", inner.get("name") if isinstance(inner, Mapping) else item.get("topologyKey"))
    return name if isinstance(name, str) else None


def _common_order(lists: Sequence[Sequence[Any]]) -> list[str] | None:
    """The names of all elements in an order that every list keeps; None when elements have none or the orders disagree."""
    orders = [[_name_of(item) for item in items] for items in lists]
    merged: list[str] = []
    for order in orders:
        after = 0
        for name in order:
            if name is None or order.count(name) > 1:
                return None
            if name in merged:
                after = merged.index(name) + 1
            else:
                merged.insert(after, name)
                after += 1
    known = [[name for name in merged if name in order] for order in orders]
    return merged if known == orders else None


def _is_text(setting: str) -> bool:
    """Whether it is a document rather than a setting."""
    return "\n" in setting or len(setting) > LONGEST_SETTING


def _has_absent(spot: Spot) -> bool:
    return any(item is Missing.ABSENT for item in spot.plain)


def _note(spot: Spot) -> str:
    found = (untraced(item)[2] for item in spot.traced if not isinstance(item, Missing))
    return next((note for note in found if note), "")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _leaf_count(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(_leaf_count(item) for item in value.values())
    return sum(_leaf_count(item) for item in value) if _is_list(value) else 1


# --- expressions ------------------------------------------------------------------------------------------------------


def _printed(expression: str, known: Sequence[Any]) -> str:
    """The pipeline that writes a value of these types as YAML on one line."""
    if all(isinstance(item, str) for item in known):
        return f"{expression} | quote"
    if all(isinstance(item, bool) for item in known):
        return expression
    if all(isinstance(item, int) and not isinstance(item, bool) for item in known):
        return f"{expression} | int64" if any(abs(item) >= BIG_INTEGER for item in known) else expression
    return f"toJson {expression}"


def _exists(expression: str, known: Sequence[Any]) -> str:
    """The condition for a value that may be missing; 0, false and "" are values."""
    return expression if all(known) else f'not (kindIs "invalid" {expression})'


def _together(claimed: Mapping[str, str]) -> str:
    """One expression for several values: the map around them when they are its parts under their own names."""
    around = {expression.removesuffix(f".{part}") for part, expression in claimed.items()}
    if len(around) == 1:
        return around.pop()
    return "(dict " + " ".join(f'"{part}" {expression}' for part, expression in claimed.items()) + ")"


def _part(parts: Mapping[str, str], part: str, path: str) -> Traced | Missing:
    return Traced(parts[part], path) if part in parts else Missing.ABSENT


def image_parts(image: str) -> dict[str, str]:
    """Repository, tag and digest of an image reference; parts that it does not have are left out."""
    name, _, digest = image.partition("@")
    head, colon, tag = name.rpartition(":")
    tagged = bool(colon) and "/" not in tag
    parts = {"repository": head if tagged else name, "tag": tag if tagged else "", "digest": digest}
    return {key: value for key, value in parts.items() if value}
