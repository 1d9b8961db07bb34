"""YAML and JSON documents whose values know their lines.

Kubernetes objects and eksctl files are read through this. Scalars are read as Kubernetes tools do (YAML 1.1 booleans, but no
dates and no sexagesimal numbers). Nothing here knows what the documents mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from wavetank.checks.model import Place, Step, Where
from wavetank.checks.sources import SourceFile

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: values in one document, aliases counted each time: more is an attack, not a manifest
MAX_VALUES = 500_000

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")
_OCTAL = re.compile(r"0o?[0-7]+$")
_HEX = re.compile(r"0x[0-9a-fA-F]+$")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$")


class UnreadableError(ValueError):
    """A document that is not YAML; ``line`` is where reading stopped."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Document:
    """One document of a file: its JSON value, and where each part of it is written."""

    value: Any
    node: yaml.Node
    source: SourceFile

    def line(self, steps: tuple[Step, ...]) -> int:
        """The line of the value that the steps lead to, or of the closest one around it; 0 in a rendered file."""
        if self.source.rendered:
            return 0
        node, line = self.node, self.node.start_mark.line
        for step in steps:
            found = _step(node, step)
            if found is None:
                break
            node, line = found
        return int(line) + 1

    def where(self, title: Callable[[], str]) -> Where:
        """Places in this document; ``title`` names the thing that it describes."""
        return Where(lambda steps: Place(self.source.name, self.line(steps), path_text(title(), self.value, steps)))


def documents(source: SourceFile) -> Iterator[Document]:
    """The documents of a file, empty ones left out. Raises UnreadableError."""
    try:
        for node in yaml.compose_all(source.text, Loader=_Loader):
            value = _Values().of(node)
            if value is not None:
                yield Document(value, node, source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(str(error.problem or error.context), mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableError(str(error), 1) from error


def path_text(title: str, value: Any, steps: tuple[Step, ...]) -> str:
    """``Deployment shop/api spec.template.spec.containers[api].image``: list elements by name where they have one."""
    words = ""
    for step in steps:
        inner = _inner(value, step)
        if isinstance(step, int):
            name = inner.get("name") if isinstance(inner, dict) else None
            words += f"[{name if isinstance(name, str) else step}]"
        else:
            words += f".{step}" if words else str(step)
        value = inner
    return f"{title} {words}".strip()


def _inner(value: Any, step: Step) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _step(node: yaml.Node, step: Step) -> tuple[yaml.Node, int] | None:
    """The child of a node, and the line that it begins on: that of its key, in a map."""
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if getattr(key, "value", None) == str(step):
                return child, key.start_mark.line
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line
    return None


class _Values:
    """The JSON values of one document's nodes."""

    def __init__(self) -> None:
        self._count = 0

    def of(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > MAX_VALUES:
            raise UnreadableError(f"more than {MAX_VALUES} values in one document", node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(child) for child in node.value]
        return scalar(node)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, child in node.value:
            if getattr(key, "value", None) == "<<":
                merged = self.of(child)
                for each in merged if isinstance(merged, list) else [merged]:
                    found = {**(each if isinstance(each, dict) else {}), **found}
            else:
                found[str(getattr(key, "value", ""))] = self.of(child)
        return found


def scalar(node: Any) -> Any:
    """A scalar's value: quoted ones are text, plain ones what their look says."""
    text = str(node.value)
    # Plain is None for the loader in Python and "" for the one in C.
    if node.style:
        return text
    if text in _NULLS:
        return None
    if text.lower() in _BOOLEANS and text in (text.lower(), text.title(), text.upper()):
        return _BOOLEANS[text.lower()]
    if _INTEGER.match(text):
        return int(text.replace("_", ""))
    if _OCTAL.match(text):
        return int(text.replace("o", ""), 8)
    if _HEX.match(text):
        return int(text, 16)
    return float(text.replace("_", "")) if _FLOAT.match(text) else text
