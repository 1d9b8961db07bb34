"""YAML with positions: a tree of located values, built from the parser's events.

``load`` reads files into it, ``overlay`` merges two of it, ``references`` looks for contradictions in it. It is built from
events, not with PyYAML's constructor, so that every value keeps its line and column, all duplicate keys are found at once,
and neither deep nesting nor aliases that multiply can take memory or time.

Scalars follow the JSON-like core of YAML 1.2: ``yes`` and ``on`` are words, ``0644`` is a word, a number with a fraction is
a ``Decimal`` (so ``1.30`` stays "1.30" where text is wanted).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

import yaml

from wavetank.base.errors import Problem

MAX_DEPTH = 64
MAX_VALUES = 100_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_FRACTION = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$")


@dataclass(frozen=True, order=True)
class Place:
    """A position in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def problem(self, message: str, remedy: str = "") -> Problem:
        """A mistake at this place."""
        return Problem(self.file, self.line, self.column, message, remedy)


@dataclass(frozen=True)
class Scalar:
    value: str | int | Decimal | bool | None
    place: Place


@dataclass(frozen=True)
class Sequence:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Entry:
    """A key of a mapping with its value; the key's place is where an unknown key is pointed out."""

    value: Node
    key_place: Place


@dataclass(frozen=True)
class Mapped:
    entries: Mapping[str, Entry]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value of a key, None when it is absent."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value


Node: TypeAlias = Scalar | Sequence | Mapped


def plain(node: Node) -> Any:
    """The value without positions: dicts, lists, str, int, Decimal, bool, None."""
    match node:
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapped(entries=entries):
            return {key: plain(entry.value) for key, entry in entries.items()}


def name_of(node: Node) -> str | None:
    """The ``name`` by which an element of a list is addressed; a lone word is its own name."""
    if isinstance(node, Mapped):
        node = node.get("name") or node
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def step_into(node: Node, step: str | int) -> Node | None:
    """The child named by a key, an element's name or an index; None when there is none."""
    match node:
        case Mapped():
            return node.get(str(step))
        case Sequence(items=items):
            if isinstance(step, int):
                return items[step] if step < len(items) else None
            named = next((item for item in items if name_of(item) == step), None)
            return named or (step_into(node, int(step)) if step.isdigit() else None)
        case Scalar():
            return None


def children(node: Node | None) -> tuple[Node, ...]:
    """The elements of a sequence; nothing for anything else, so that half-right files can be looked through."""
    return node.items if isinstance(node, Sequence) else ()


@dataclass
class _Open:
    """A collection that the events have not closed yet."""

    place: Place
    is_mapping: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: tuple[str, Place] | None = None
    #: the key before the next value cannot be used: swallow that value
    unusable_key: bool = False
    #: values inside, aliases counted in full, and the levels below
    values: int = 0
    depth: int = 0


class _Builder:
    """Consumes parser events of one document; lives for one ``parse``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.documents = 0
        self._open: list[_Open] = []
        #: name -> node, the values it holds and its depth
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._values = 0

    def place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def consume(self, event: Any) -> bool:
        """Takes one event; False when nothing after it is worth reading."""
        match event:
            case yaml.DocumentStartEvent():
                return self._start_document(event)
            case yaml.ScalarEvent():
                return self._add(Scalar(_scalar_value(event), self.place(event.start_mark)), event.anchor, 1, 0)
            case yaml.AliasEvent():
                return self._add_alias(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                return self._start_collection(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                return self._end_collection()
        return True

    def _start_document(self, event: Any) -> bool:
        self.documents += 1
        if self.documents > 1:
            place = self.place(event.start_mark)
            self.problems.append(place.problem("a second YAML document begins here", "Keep one platform per file."))
        return self.documents == 1

    def _start_collection(self, event: Any) -> bool:
        place = self.place(event.start_mark)
        if len(self._open) >= MAX_DEPTH:
            self.problems.append(place.problem(f"nested more than {MAX_DEPTH} levels deep", "No platform needs this."))
            return False
        self._open.append(_Open(place, isinstance(event, yaml.MappingStartEvent), event.anchor))
        return True

    def _end_collection(self) -> bool:
        done = self._open.pop()
        node: Node = Mapped(done.entries, done.place) if done.is_mapping else Sequence(tuple(done.items), done.place)
        self._values -= done.values
        return self._add(node, done.anchor, done.values + 1, done.depth + 1)

    def _add_alias(self, event: Any) -> bool:
        place = self.place(event.start_mark)
        if event.anchor not in self._anchors:
            self.problems.append(place.problem(f"the alias *{event.anchor} has no finished anchor before it"))
            return False
        node, values, depth = self._anchors[event.anchor]
        return self._add(node, None, values, depth)

    def _add(self, node: Node, anchor: str | None, values: int, depth: int) -> bool:
        """Hangs a finished node into the innermost open collection, unless the whole grows beyond reason."""
        self._values += values
        if self._values > MAX_VALUES or len(self._open) + depth > MAX_DEPTH:
            limit = f"more than {MAX_VALUES} values or {MAX_DEPTH} levels, aliases counted in full"
            self.problems.append(node.place.problem(limit, "Write out less, or use fewer aliases."))
            return False
        if anchor is not None:
            self._anchors[anchor] = (node, values, depth)
        if not self._open:
            self.root = node
            return True
        self._open[-1].values += values
        self._open[-1].depth = max(self._open[-1].depth, depth)
        if self._open[-1].is_mapping:
            self._add_to_mapping(self._open[-1], node)
        else:
            self._open[-1].items.append(node)
        return True

    def _add_to_mapping(self, mapping: _Open, node: Node) -> None:
        if mapping.unusable_key:
            mapping.unusable_key = False
        elif mapping.key is None:
            self._take_key(mapping, node)
        else:
            key, key_place = mapping.key
            mapping.entries[key] = Entry(node, key_place)
            mapping.key = None

    def _take_key(self, mapping: _Open, node: Node) -> None:
        if not isinstance(node, Scalar) or node.value is None:
            mapping.unusable_key = True
            self.problems.append(node.place.problem("a key must be a word", "Write `key: value`."))
            return
        key = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
        earlier = mapping.entries.get(key)
        if earlier is None:
            mapping.key = (key, node.place)
            return
        mapping.unusable_key = True
        message = f'the key "{key}" is written twice; the first is on line {earlier.key_place.line}'
        self.problems.append(node.place.problem(message, "Keep one of the two."))


def _scalar_value(event: Any) -> str | int | Decimal | bool | None:
    text: str = event.value
    if event.style or event.tag == "tag:yaml.org,2002:str":
        return text
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.match(text) and len(text) < 40:
        return int(text)
    return Decimal(text) if _FRACTION.match(text) and len(text) < 40 else text


def parse(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The document as a tree and what is wrong with it as YAML; no tree when it is empty or cannot be read to its end."""
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if not builder.consume(event):
                return None, builder.problems
    except yaml.MarkedYAMLError as error:
        return None, [*builder.problems, _syntax_problem(builder, error)]
    except yaml.YAMLError as error:
        return None, [*builder.problems, _unreadable_problem(file, text, error)]
    return builder.root, builder.problems


def _syntax_problem(builder: _Builder, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = builder.place(mark) if mark else Place(builder.file, 1, 1)
    what = " ".join(part for part in (error.context, error.problem) if part)
    tabs = "Indent with spaces; YAML takes no tabs." if "'\\t'" in what or "tab" in what.lower() else ""
    return place.problem(
        f"not YAML: {what}", tabs or "Look at this line and the one before: indentation, quotes, colons."
    )


def _unreadable_problem(file: str, text: str, error: yaml.YAMLError) -> Problem:
    position = getattr(error, "position", 0) or 0
    before = text[:position]
    column = position - (before.rfind("\n") + 1) + 1
    message = "not YAML: a control character that YAML does not allow"
    return Problem(file, before.count("\n") + 1, column, message, "Is this a text file?")
