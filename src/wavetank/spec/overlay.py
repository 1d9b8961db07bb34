"""An environment laid over the base: maps merge, lists of named things merge by name, anything else replaces, null removes.

A list of bare words (zones, CIDRs, instance types) is one value and is replaced as a whole.

Positions travel with the values, so a value that an environment overrode is reported where the environment says it.
"""

from __future__ import annotations

from wavetank.spec.tree import Entry, Mapped, Node, Scalar, Sequence, name_of


def merged(base: Node, overlay: Node) -> Node:
    """``base`` with ``overlay`` on top. Merging the same overlay twice changes nothing more."""
    match base, overlay:
        case Mapped(), Mapped():
            return _merged_maps(base, overlay)
        case Sequence(), Sequence() if _holds_named_things(base, overlay):
            return _merged_lists(base, overlay)
    return without_nulls(overlay)


def _merged_maps(base: Mapped, overlay: Mapped) -> Mapped:
    entries = dict(base.entries)
    for key, entry in overlay.entries.items():
        if _is_null(entry.value):
            entries.pop(key, None)
        elif key in base.entries:
            entries[key] = Entry(merged(base.entries[key].value, entry.value), entry.key_place)
        else:
            entries[key] = Entry(without_nulls(entry.value), entry.key_place)
    return Mapped(entries, base.place)


def _merged_lists(base: Sequence, overlay: Sequence) -> Sequence:
    items = {name_of(item): item for item in base.items}
    for item in overlay.items:
        name = name_of(item)
        items[name] = _merged_element(items[name], item) if name in items else without_nulls(item)
    return Sequence(tuple(item for item in items.values() if not _is_removed(item)), base.place)


def _merged_element(base: Node, overlay: Node) -> Node:
    """A lone word names an element without saying anything about it: the other side's settings stay."""
    match base, overlay:
        case Mapped(), Scalar():
            return base
        case Scalar(), Mapped():
            return without_nulls(overlay)
    return merged(base, overlay)


def _holds_named_things(*sequences: Sequence) -> bool:
    """Every element has a name of its own, and one of them at least is more than a word."""
    names = [[name_of(item) for item in sequence.items] for sequence in sequences]
    named = all(None not in each and len(set(each)) == len(each) for each in names)
    return named and any(isinstance(item, Mapped) for sequence in sequences for item in sequence.items)


def _is_removed(node: Node) -> bool:
    """An element `{name: x, remove: true}` of an overlay takes `x` out of the list."""
    remove = node.get("remove") if isinstance(node, Mapped) else None
    return isinstance(remove, Scalar) and remove.value is True


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def without_nulls(node: Node) -> Node:
    """A null says nothing: what holds it is as if the key had not been written."""
    match node:
        case Mapped(entries=entries, place=place):
            kept = {key: entry for key, entry in entries.items() if not _is_null(entry.value)}
            return Mapped(
                {key: Entry(without_nulls(entry.value), entry.key_place) for key, entry in kept.items()}, place
            )
        case Sequence(items=items, place=place):
            return Sequence(tuple(without_nulls(item) for item in items if not _is_removed(item)), place)
    return node
