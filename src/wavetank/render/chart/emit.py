"""Templates as text: nodes become lines of YAML with the actions of Go's template language between them.

Text that looks like an action but is none of ours (alert annotations, dashboards, analysis arguments) is written so that Helm
leaves it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from wavetank.render import yaml
from wavetank.render.chart.nodes import Block, Entry, Fields, Hole, Items, Labels, Literal, Node
from wavetank.render.trace import Line, bare, untraced

#: helper → the labels it writes
Helpers = Mapping[str, Mapping[str, Any]]
_NINDENT = re.compile(r"^( *)(\{\{- .* \| nindent )0( \}\})$")


def document(node: Node, condition: str, chart: str, helpers: Helpers) -> tuple[Line, ...]:
    """One object of a template file, begun by ``---``."""
    lines = [Line("---"), *_content(node, chart, helpers)]
    if condition:
        lines = [Line(f"{{{{- if {condition} }}}}"), *lines, Line("{{- end }}")]
    return tuple(_indented_blocks(line) for line in lines)


def _indented_blocks(line: Line) -> Line:
    """``nindent`` with the column at which the action has come to stand."""
    found = _NINDENT.match(line.text)
    if not found:
        return line
    indentation, head, tail = found.groups()
    return Line(f"{indentation}{head}{len(indentation)}{tail}", line.path)


def _content(node: Node, chart: str, helpers: Helpers) -> Iterator[Line]:
    """The lines of a value that stands below its key (or is the document)."""
    match node:
        case Literal(value=value):
            yield from _escaped(yaml.document(value))
        case Hole(action=action, path=path):
            yield Line(action, path)
        case Block(expression=expression, path=path):
            yield Line(f"{{{{- toYaml {expression} | nindent 0 }}}}", path)
        case Labels(helper=helper, value=value):
            yield from _labels(helper, value, chart, helpers)
        case Fields(entries=entries):
            for entry in entries:
                yield from _conditional(entry, _field(entry, chart, helpers))
        case Items(entries=entries):
            for entry in entries:
                yield from _conditional(entry, _element(entry, chart, helpers))
        case _:
            assert_never(node)


def _conditional(entry: Entry, lines: Iterator[Line]) -> Iterator[Line]:
    if entry.condition:
        yield Line(f"{{{{- if {entry.condition} }}}}", entry.path)
    for text in entry.note.splitlines():
        yield _escaped_line(Line(f"# {text}".rstrip(), entry.path))
    yield from lines
    if entry.condition:
        yield Line("{{- end }}", entry.path)


def _field(entry: Entry, chart: str, helpers: Helpers) -> Iterator[Line]:
    match entry.node:
        case Literal(value=value):
            yield from _escaped(yaml.document({entry.key: value}))
        case Hole(action=action, path=path):
            yield Line(f"{yaml.scalar(entry.key)}: {action}", path)
        case Items():
            yield Line(f"{yaml.scalar(entry.key)}:", entry.path)
            yield from _content(entry.node, chart, helpers)
        case _:
            yield Line(f"{yaml.scalar(entry.key)}:", entry.path)
            yield from (line.indented(2) for line in _content(entry.node, chart, helpers))


def _element(entry: Entry, chart: str, helpers: Helpers) -> Iterator[Line]:
    if isinstance(entry.node, Literal):
        yield from _escaped(yaml.document([entry.node.value]))
        return
    first, *others = _content(entry.node, chart, helpers)
    assert not first.text.startswith("{{-"), "an element begins with something that is always there"
    yield Line(f"- {first.text}", first.path)
    yield from (line.indented(2) for line in others)


def _labels(helper: str, value: Any, chart: str, helpers: Helpers) -> Iterator[Line]:
    """What the helper writes, by the helper; the others as they are."""
    known, (labels, path, _) = helpers.get(helper, {}), untraced(value)
    plain = bare(labels)
    if not known or any(plain.get(key) != item for key, item in known.items()):
        yield from _escaped(yaml.document(value))
        return
    yield Line(f'{{{{- include "{chart}.{helper}" . | nindent 0 }}}}', path)
    others = {key: item for key, item in labels.items() if key not in known}
    if others:
        yield from _escaped(yaml.document(others))


def _escaped(lines: Sequence[Line]) -> Iterator[Line]:
    return (_escaped_line(line) for line in lines)


def _escaped_line(line: Line) -> Line:
    return Line(line.text.replace("{{", '{{ "{{" }}'), line.path) if "{{" in line.text else line
