"""Looking through the located tree of a platform file: what the rules of ``references`` and its neighbours share.

Everything here passes over values of the wrong type: they are somebody else's finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.errors import Problem
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Scalar, children, name_of


def at(node: Node | None, *keys: str) -> Node | None:
    """What is written below these keys; None when nothing is."""
    for key in keys:
        node = node.get(key) if isinstance(node, Mapped) else None
    return node


def word(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def number(node: Node | None) -> int | None:
    whole = isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool)
    return int(str(node.value)) if whole and isinstance(node, Scalar) else None


def elements(root: Node | None, *keys: str) -> Iterator[Mapped]:
    """The mappings of the list below these keys."""
    return (element for element in children(at(root, *keys)) if isinstance(element, Mapped))


def names(root: Node | None, *keys: str) -> list[str]:
    """The names of the elements of the list below these keys."""
    return [name for element in children(at(root, *keys)) if (name := name_of(element)) is not None]


def unknown(node: Node | None, what: str, known: list[str]) -> Iterator[Problem]:
    """The problem of a name that names nothing."""
    name = word(node)
    if node is not None and name is not None and name not in known:
        remedy = suggestion(name, known) or f"The platform has no {what} at all."
        yield node.place.problem(f'there is no {what} "{name}"', remedy)


def repeated(root: Node | None, *keys: str) -> Iterator[Problem]:
    """The problems of a list in which two elements have one name."""
    seen: dict[str, Node] = {}
    for element in children(at(root, *keys)):
        name = name_of(element)
        if name is not None and name in seen:
            first = seen[name].place.line
            message = f'{".".join(keys)} has two elements named "{name}"; the first is on line {first}'
            yield element.place.problem(message, "Rename or remove one.")
        elif name is not None:
            seen[name] = element
