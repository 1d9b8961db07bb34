"""The file that names the nodes of a bare cluster: read, judged as a whole, and turned into nodes. Called by ``app.bare``.

A list of ``{"name", "ip", "capacity", "allocatable", "labels", "taints"}`` in JSON (or YAML), of which only name and capacity
must be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from wavetank.base.errors import InputError, Problem
from wavetank.kube import quantity
from wavetank.kube.label_syntax import label_value_problems, qualified_name_problems
from wavetank.spec.problems import place_of, problems_of, refuse
from wavetank.spec.tree import Node, Sequence, parse, plain
from wavetank.twin.nodes.scripted import ScriptedNode

#: A file of ten thousand nodes has a tenth of that.
MAX_BYTES = 32 << 20
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
#: Where nodes get an address that name none.
_FIRST_ADDRESS = IPv4Address("10.0.0.10")
_EXAMPLE = '[{"name": "node-1", "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"}}]'


def _amount(value: object) -> object:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        refuse("expected an amount", 'For example "500m" or "16Gi".')
    try:
        negative = quantity.parse(value) < 0
    except quantity.InvalidQuantityError:
        refuse(f'"{value}" is not an amount', 'For example "500m" or "16Gi".')
    if negative:
        refuse(f'"{value}" is less than nothing')
    return value


def _node_name(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > 253:
        refuse(f'"{name}" cannot be the name of a node', "Lower case letters, digits, '-' and '.', for example node-1.")
    return name


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        refuse(f'"{text}" is not an IPv4 address', "For example 10.0.101.11.")


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        found = qualified_name_problems(key) or label_value_problems(value)
        if found:
            refuse(f'the label "{key}": "{value}" is not one: {found[0]}')
    return labels


def _capacity(amounts: dict[str, str]) -> dict[str, str]:
    missing = [name for name in ("cpu", "memory") if name not in amounts]
    if missing:
        refuse(f"{' and '.join(missing)} not stated", "A machine has both.")
    return {"pods": "110", **amounts}


Amount = Annotated[str, BeforeValidator(_amount)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TaintFile(_Written):
    key: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
    value: str = ""


class NodeFile(_Written):
    """One node as written."""

    name: Annotated[str, AfterValidator(_node_name)]
    ip: Annotated[str, AfterValidator(_address)] = ""
    capacity: Annotated[dict[str, Amount], AfterValidator(_capacity)]
    allocatable: dict[str, Amount] | None = None
    labels: Annotated[dict[str, str], AfterValidator(_labels)] = Field(default_factory=dict)
    taints: list[TaintFile] = Field(default_factory=list)

    def node(self, address: str) -> ScriptedNode:
        taints = [t.model_dump(exclude_defaults=True) for t in self.taints]
        allocatable = None if self.allocatable is None else {**self.capacity, **self.allocatable}
        return ScriptedNode(self.name, address, self.capacity, self.labels, taints, allocatable)


def read_nodes(path: Path) -> tuple[ScriptedNode, ...]:
    """The nodes of a file; InputError with every mistake in it, each at its line and column."""
    return _nodes(_text(path), str(path))


def nodes_of(rows: Iterable[Mapping[str, Any]], name: str) -> tuple[ScriptedNode, ...]:
    """The nodes of rows as the file has them; ``name`` is what problems call them."""
    return _nodes(json.dumps([dict(row) for row in rows], indent=1), name)


def _nodes(text: str, file: str) -> tuple[ScriptedNode, ...]:
    written = _flawless(text)
    if written is None:
        written = _read(_items(text, file))
    addresses = _addresses({node.ip for node in written})
    return tuple(node.node(node.ip or next(addresses)) for node in written)


def _flawless(text: str) -> list[NodeFile] | None:
    """The nodes of JSON with nothing wrong in it, read the fast way; None for everything that must be looked at closely."""
    try:
        rows = json.loads(text, parse_float=Decimal, object_pairs_hook=_without_repeats)
        written = [NodeFile.model_validate(row) for row in rows] if isinstance(rows, list) else []
    except (ValueError, RecursionError):
        return None
    names, addresses = [node.name for node in written], [node.ip for node in written if node.ip]
    unique = len({*names}) == len(names) and len({*addresses}) == len(addresses)
    return written if written and unique else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is written twice")
    return found


def _read(root: Sequence) -> list[NodeFile]:
    """InputError with everything that is wrong."""
    written: list[tuple[Node, NodeFile]] = []
    problems: list[Problem] = []
    for item in root.items:
        try:
            written.append((item, NodeFile.model_validate(plain(item))))
        except ValidationError as error:
            problems += problems_of(error, item, NodeFile)
    problems += _repeated(written, "name")
    problems += _repeated([entry for entry in written if entry[1].ip], "ip")
    if problems:
        raise InputError(problems)
    return [node for _, node in written]


def _repeated(written: list[tuple[Node, NodeFile]], field: str) -> Iterator[Problem]:
    first: dict[str, Node] = {}
    for item, node in written:
        value: str = getattr(node, field)
        if value in first:
            line = place_of(first[value], (field,)).line
            message = f'the {field} "{value}" belongs to another node already, on line {line}'
            yield place_of(item, (field,)).problem(message)
        first.setdefault(value, item)


def _addresses(taken: set[str]) -> Iterator[str]:
    address = _FIRST_ADDRESS
    while True:
        if str(address) not in taken:
            yield str(address)
        address += 1


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _wrong(path, f"larger than {MAX_BYTES >> 20} MiB")
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise _wrong(path, "no such file", f"A list of nodes, for example {_EXAMPLE}.") from None
    except OSError as error:
        raise _wrong(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise _wrong(path, "not UTF-8 text") from None


def _items(text: str, file: str) -> Sequence:
    root, problems = parse(text, file)
    if problems:
        raise InputError(problems)
    if isinstance(root, Sequence) and root.items:
        return root
    problem = Problem(file, 0, 0, "the file names no nodes", f"Write a list, for example {_EXAMPLE}.")
    if root is not None and not isinstance(root, Sequence):
        problem = root.place.problem("a list of nodes is expected here", f"For example {_EXAMPLE}.")
    raise InputError([problem])


def _wrong(path: Path, message: str, remedy: str = "") -> InputError:
    return InputError([Problem(str(path), 0, 0, message, remedy)])
