"""The types of CEL: how they are written, and which values fit which.

``checker`` computes with them, ``functions`` declares its signatures in their notation. Upstream: cel-go
``common/types/types.go``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True)
class Type:
    """``name`` with its parameters: ``list(int)``. ``fields`` are those of an object, ``None`` of anything else."""

    name: str
    parameters: tuple[Type, ...] = ()
    fields: Mapping[str, Type] | None = field(default=None, compare=False, hash=False, repr=False)

    @property
    def is_variable(self) -> bool:
        return self.name[0] == "$" or (len(self.name) == 1 and self.name.isupper())

    def __str__(self) -> str:
        if self.is_variable:
            return "dyn"
        inner = ", ".join(map(str, self.parameters))
        return f"{self.name}({inner})" if inner else self.name


DYN, BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL = map(
    Type, ("dyn", "bool", "int", "uint", "double", "string", "bytes", "null")
)
DURATION, TIMESTAMP, TYPE = Type("duration"), Type("timestamp"), Type("type")
#: What an expression has whose types are wrong already: no further complaint comes of it.
WRONG = Type("!error!")
SCALARS = {t.name: t for t in (DYN, BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, DURATION, TIMESTAMP, TYPE)}
#: Types of the Kubernetes libraries.
OPAQUE = frozenset(
    ("kubernetes.Quantity", "kubernetes.URL", "kubernetes.Semver", "kubernetes.NamedFormat", "net.IP", "net.CIDR")
)
#: Names that stand for types in expressions: ``type(x) == int``.
TYPE_NAMES = (
    frozenset(("int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type", "dyn"))
    | OPAQUE
    | {"google.protobuf.Timestamp", "google.protobuf.Duration"}
)
_CONTAINERS = ("list", "map", "optional_type", "wrapper")


def list_of(item: Type) -> Type:
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    return Type("optional_type", (value,))


def nullable(value: Type) -> Type:
    """A value that may be null."""
    return Type("wrapper", (value,))


@cache
def read_type(text: str) -> Type | None:
    """The type that a notation such as ``map(string, list(A))`` means; None when it is none."""
    text = text.strip()
    if text in SCALARS:
        return SCALARS[text]
    if text in OPAQUE or re.fullmatch("[A-Z]", text):
        return Type(text)
    match = re.fullmatch(r"(list|map|optional_type)\((.*)\)", text)
    if match is None:
        return None
    inner = [read_type(part) for part in split_parameters(match[2])]
    return Type(match[1], tuple(t for t in inner if t is not None)) if all(inner) else None


def split_parameters(text: str) -> list[str]:
    """``a, b(c, d)`` at its outer commas."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts


class Bindings:
    """What the type variables of one expression stand for."""

    def __init__(self, known: Mapping[str, Type] | None = None) -> None:
        self.known = dict(known or {})

    def copy(self) -> Bindings:
        return Bindings(self.known)

    def resolved(self, t: Type) -> Type:
        """``t`` with its variables replaced as far as they are known."""
        while t.is_variable and t.name in self.known:
            t = self.known[t.name]
        if not t.parameters:
            return t
        return Type(t.name, tuple(self.resolved(p) for p in t.parameters), t.fields)

    def takes(self, wanted: Type, given: Type) -> bool:
        """Whether a value of ``given`` may stand where ``wanted`` is; binds variables on the way."""
        wanted, given = self._shallow(wanted), self._shallow(given)
        if wanted == given or WRONG in (wanted, given):
            return True
        if wanted.is_variable:
            self.known[wanted.name] = given
            return True
        if given.is_variable:
            self.known[given.name] = wanted
            return True
        if DYN in (wanted, given):
            return True
        if "wrapper" in (wanted.name, given.name):
            return self._takes_nullable(wanted, given)
        if NULL in (wanted, given):
            other = given if wanted == NULL else wanted
            return other.name in OPAQUE or other.fields is not None or other in (DURATION, TIMESTAMP)
        if wanted.name != given.name or len(wanted.parameters) != len(given.parameters):
            return False
        return all(self.takes(w, g) for w, g in zip(wanted.parameters, given.parameters, strict=True))

    def _takes_nullable(self, wanted: Type, given: Type) -> bool:
        if NULL in (wanted, given):
            return True
        bare_wanted, bare_given = (t.parameters[0] if t.name == "wrapper" else t for t in (wanted, given))
        return self.takes(bare_wanted, bare_given)

    def _shallow(self, t: Type) -> Type:
        while t.is_variable and t.name in self.known:
            t = self.known[t.name]
        return t
