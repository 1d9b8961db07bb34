"""The shapes of HCL: bodies, blocks and expressions, as the parser leaves them. Nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Literal:
    """A number, a word (true, false, null) or a text without interpolation."""

    value: Any


@dataclass(frozen=True)
class Template:
    """A text with interpolations; what cannot be represented (directives) is None."""

    parts: tuple[Expression | str | None, ...]


@dataclass(frozen=True)
class Name:
    """The first word of a traversal: ``var``, ``aws_vpc``, ``each``."""

    word: str


@dataclass(frozen=True)
class Attribute:
    """``of.name``"""

    of: Expression
    name: str


@dataclass(frozen=True)
class Index:
    """``of[key]``"""

    of: Expression
    key: Expression


@dataclass(frozen=True)
class Splat:
    """``of[*]`` or ``of.*``; ``each`` is what follows, with ``SPLAT_ITEM`` in the place of each element."""

    of: Expression
    each: Expression


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Expression, ...]
    #: the last argument is ``...``
    expands: bool


@dataclass(frozen=True)
class Tuple:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Object:
    #: (key, value, line); a bare word as key is a Literal
    entries: tuple[tuple[Expression, Expression, int], ...]


@dataclass(frozen=True)
class For:
    """``[for k, v in over : value if condition]``, or with ``key`` the one that makes an object."""

    key_name: str | None
    value_name: str
    over: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    groups: bool


@dataclass(frozen=True)
class Conditional:
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Operation:
    """One operand: ``-`` or ``!``; two: arithmetic, comparison, logic."""

    operator: str
    operands: tuple[Expression, ...]


Expression: TypeAlias = (
    Literal | Template | Name | Attribute | Index | Splat | Call | Tuple | Object | For | Conditional | Operation
)
SPLAT_ITEM = Name("*")


@dataclass(frozen=True)
class Argument:
    name: str
    value: Expression
    line: int


@dataclass(frozen=True)
class Block:
    type: str
    labels: tuple[str, ...]
    body: Body
    line: int


@dataclass(frozen=True)
class Body:
    arguments: dict[str, Argument] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def of_type(self, *types: str) -> Iterator[Block]:
        return (block for block in self.blocks if block.type in types)
