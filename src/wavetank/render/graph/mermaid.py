"""The picture as a Mermaid flowchart, for pages that draw it themselves (GitHub, GitLab, wikis)."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.render.graph.topology import Box, Topology

#: how a kind is drawn: what stands around its text
_SHAPES = {
    "internet": ("((", "))"),
    "entrance": ("{{", "}}"),
    "function": ("([", "])"),
    "workload": ("[", "]"),
    "store": ("[(", ")]"),
    "outside": (">", "]"),
}
_COLOURS = {
    "internet": "fill:#eef1f4,stroke:#7b8894",
    "entrance": "fill:#f3ecfb,stroke:#8a5bc4",
    "function": "fill:#fdf1e3,stroke:#d9822b",
    "workload": "fill:#e7f1fc,stroke:#3a7bc8",
    "store": "fill:#e6f5ec,stroke:#3c9a5f",
    "outside": "fill:#f6f6f6,stroke:#9a9a9a",
}


def mermaid(topology: Topology) -> str:
    """The flowchart's text."""
    return "\n".join(_lines(topology)) + "\n"


def _lines(topology: Topology) -> Iterator[str]:
    ids = {box.key: f"n{at}" for at, box in enumerate(topology.boxes)}
    yield f"---\ntitle: {_quoted(topology.title)}\n---"
    yield "flowchart LR"
    for box in topology.boxes:
        yield f"  {ids[box.key]}{_shape(box)}:::{box.kind}"
    for arrow in topology.arrows:
        label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
        yield f"  {ids[arrow.source]} -->{label} {ids[arrow.target]}"
    if topology.machines:
        yield f"  subgraph machines [{_quoted('machines in ' + ', '.join(topology.zones))}]"
        for at, machines in enumerate(topology.machines):
            yield f"    m{at}[{_quoted(machines.title + '<br/>' + machines.detail)}]"
        yield "  end"
    kinds = dict.fromkeys(box.kind for box in topology.boxes)
    yield from (f"  classDef {kind} {_COLOURS[kind]},color:#1b2733" for kind in kinds)


def _shape(box: Box) -> str:
    before, after = _SHAPES[box.kind]
    text = f"{box.title}<br/>{box.detail}" if box.detail else box.title
    return f"{before}{_quoted(text)}{after}"


def _quoted(text: str) -> str:
    """Mermaid knows no escapes in strings, but entities."""
    return '"' + text.replace("&", "&amp;").replace('"', "&quot;") + '"'
