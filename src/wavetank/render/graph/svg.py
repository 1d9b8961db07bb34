"""The picture as SVG: one file, no fonts or scripts from elsewhere, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from wavetank.render.graph.layout import Entry, Layout, layout
from wavetank.render.graph.topology import Box, Machines, Topology

WIDTH, HEIGHT = 244, 54
WAY_HEIGHT = 8
COLUMN_GAP, ROW_GAP = 68, 22
MARGIN, TITLE_HEIGHT, FLOOR_GAP = 28, 46, 40
#: of a node group: its box, and the gap to the next one; a row holds at least so many before the next row begins
MACHINES_WIDTH, MACHINES_HEIGHT, MACHINES_GAP, MACHINES_IN_ROW = 244, 66, 14, 4
#: between a box and its text
PADDING = 12
#: by style: the size of letters, and their mean width in the widest of the fonts that a browser may take
SIZES = {"name": (12.0, 0.70), "detail": (10.5, 0.63)}
_NARROW, _WIDE = frozenset("iljtfrI.,:;|'!()[]/- "), frozenset("mwMW%@…")
_STYLE = """\
svg { font-family: ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
.page { fill: #ffffff; } .title { font-size: 17px; font-weight: 600; fill: #1b2733; }
.name { font-size: 12px; font-weight: 600; fill: #1b2733; } .detail { font-size: 10.5px; fill: #5a6875; }
.arrow { fill: none; stroke: #93a1ad; stroke-width: 1.4; } .head { fill: #93a1ad; }
.internet { fill: #eef1f4; stroke: #7b8894; } .entrance { fill: #f3ecfb; stroke: #8a5bc4; }
.function { fill: #fdf1e3; stroke: #d9822b; } .workload { fill: #e7f1fc; stroke: #3a7bc8; }
.store { fill: #e6f5ec; stroke: #3c9a5f; } .outside { fill: #f6f6f6; stroke: #9a9a9a; stroke-dasharray: 4 3; }
.zone { fill: #f7f9fb; stroke: #d5dde4; } .machine { fill: #ffffff; stroke: #b3bec8; }
@media (prefers-color-scheme: dark) {
.page { fill: #10161c; } .title, .name { fill: #e8eef3; } .detail { fill: #a5b2bd; } .arrow { stroke: #6d7b87; }
.head { fill: #6d7b87; } .internet { fill: #222b33; } .entrance { fill: #2b2238; } .function { fill: #3a2b1a; }
.workload { fill: #17293c; } .store { fill: #163024; } .outside { fill: #1e2227; }
.zone { fill: #161d24; stroke: #2c3741; } .machine { fill: #1c252d; stroke: #46535e; } }
"""
_ARROW_HEAD = """\
<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path class="head" d="M0,0.6 L8,4 L0,7.4 z"/></marker></defs>"""


def svg(topology: Topology) -> str:
    """The whole document."""
    found = layout(topology)
    places = _places(found)
    width, floor = _size(topology, found, places)
    height = floor + _floor_height(topology, width) + MARGIN
    return "\n".join(
        (
            _opening(topology, width, height),
            f"<style>\n{_STYLE}</style>",
            _ARROW_HEAD,
            f'<rect class="page" width="{width}" height="{height}" rx="10"/>',
            _text("title", MARGIN, MARGIN + 10, topology.title),
            *_arrows(found, places),
            *(_box(box, *places[box.key]) for box in topology.boxes),
            *_machines(topology, floor, width),
            "</svg>\n",
        )
    )


def _opening(topology: Topology, width: int, height: int) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(topology.title)}">'


def _places(found: Layout) -> dict[str, tuple[int, int]]:
    """By box (of a way: by its key): its upper left corner; columns are centred on the tallest one."""
    tallest = max((_height(column) for column in found.columns), default=0)
    places = {}
    for at, column in enumerate(found.columns):
        y = MARGIN + TITLE_HEIGHT + (tallest - _height(column)) // 2
        for entry in column:
            places[entry.key] = (MARGIN + at * (WIDTH + COLUMN_GAP), y)
            y += _height((entry,)) + ROW_GAP
    return places


def _height(column: Sequence[Entry]) -> int:
    heights = [HEIGHT if isinstance(entry, Box) else WAY_HEIGHT for entry in column]
    return sum(heights) + ROW_GAP * (len(heights) - 1)


def _size(topology: Topology, found: Layout, places: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The width of the page, and where the machines begin."""
    right = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    machines = 2 * MARGIN + min(len(topology.machines), MACHINES_IN_ROW) * (MACHINES_WIDTH + MACHINES_GAP) + 6
    title = 2 * MARGIN + 11 * len(topology.title)
    bottom = MARGIN + TITLE_HEIGHT + max((_height(column) for column in found.columns), default=0)
    return max(right, machines, title), bottom + FLOOR_GAP


def _box(box: Box, x: int, y: int) -> str:
    shape = f'<rect class="{box.kind}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
    name_y = y + (24 if box.detail else 32)
    name = _fitted("name", x, name_y, box.title, WIDTH)
    detail = _fitted("detail", x, y + 41, box.detail, WIDTH) if box.detail else ""
    return f"<g><title>{escape(f'{box.title} {box.detail}'.strip())}</title>{shape}{name}{detail}</g>"


def _arrows(found: Layout, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for arrow, route in found.routes.items():
        start, *ways, end = [places[key] for key in route]
        label = f"<title>{escape(arrow.label)}</title>" if arrow.label else ""
        drawn = _around(start, end) if end[0] <= start[0] else _through(start, ways, end)
        yield f'<path class="arrow" marker-end="url(#head)" d="{drawn}">{label}</path>'


def _through(start: tuple[int, int], ways: Sequence[tuple[int, int]], end: tuple[int, int]) -> str:
    """From the right side of a box along its ways to the left side of another one."""
    x, y = start[0] + WIDTH, start[1] + HEIGHT // 2
    drawn = f"M{x},{y}"
    for to_x, to_y in [(way[0], way[1] + WAY_HEIGHT // 2) for way in ways]:
        drawn += f"{_bend(x, y, to_x, to_y)} H{to_x + WIDTH}"
        x, y = to_x + WIDTH, to_y
    return drawn + _bend(x, y, end[0], end[1] + HEIGHT // 2)


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f" C{middle},{y} {middle},{to_y} {to_x},{to_y}"


def _around(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Back, or within a column: around the right side of both."""
    x, y, to_y = start[0] + WIDTH, start[1] + HEIGHT // 2 + 9, end[1] + HEIGHT // 2 - 9
    out = max(x, end[0] + WIDTH) + COLUMN_GAP // 2
    return f"M{x},{y} C{out},{y} {out},{to_y} {end[0] + WIDTH},{to_y}"


# --- machines ---------------------------------------------------------------------------------------------------------


def _in_row(width: int) -> int:
    """How many boxes stand side by side on a page of this width."""
    return max(1, (width - 2 * MARGIN - 6) // (MACHINES_WIDTH + MACHINES_GAP))


def _floor_height(topology: Topology, width: int) -> int:
    rows = -(-len(topology.machines) // _in_row(width))
    return 32 + rows * (MACHINES_HEIGHT + MACHINES_GAP) if rows else 0


def _machines(topology: Topology, top: int, width: int) -> Iterator[str]:
    """The floor: the cluster's machines, with the zones that each group has."""
    if not topology.machines:
        return
    size = f'width="{width - 2 * MARGIN}" height="{_floor_height(topology, width)}"'
    yield f'<rect class="zone" x="{MARGIN}" y="{top}" {size} rx="8"/>'
    yield _text("detail", MARGIN + 14, top + 20, f"machines in {', '.join(topology.zones)}")
    for at, machines in enumerate(topology.machines):
        row, column = divmod(at, _in_row(width))
        x = MARGIN + 10 + column * (MACHINES_WIDTH + MACHINES_GAP)
        yield _machine(machines, topology, x, top + 32 + row * (MACHINES_HEIGHT + MACHINES_GAP))


def _machine(machines: Machines, topology: Topology, x: int, y: int) -> str:
    missing = set(topology.zones) - set(machines.zones)
    zones = f"only in {', '.join(machines.zones)}" if missing else "in all zones"
    return (
        f'<rect class="machine" x="{x}" y="{y}" width="{MACHINES_WIDTH}" height="{MACHINES_HEIGHT}" rx="7"/>'
        + _fitted("name", x, y + 22, machines.title, MACHINES_WIDTH)
        + _fitted("detail", x, y + 40, machines.detail, MACHINES_WIDTH)
        + _fitted("detail", x, y + 55, zones, MACHINES_WIDTH)
    )


# --- text -------------------------------------------------------------------------------------------------------------


def _text(style: str, x: int, y: int, text: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>'


def _fitted(style: str, x: int, y: int, text: str, width: int) -> str:
    """Text in a box that begins at ``x``, cut where it would leave the box."""
    room = width - 2 * PADDING
    if text_width(style, text) > room:
        while text and text_width(style, f"{text}…") > room:
            text = text[:-1]
        text = f"{text.rstrip()}…"
    return _text(style, x + PADDING, y, text)


def text_width(style: str, text: str) -> float:
    """In pixels, rather too much than too little: the reader's font is not known."""
    size, mean = SIZES[style]
    widths = (0.6 if letter in _NARROW else 1.43 if letter in _WIDE else 1.0 for letter in text)
    return size * mean * sum(widths)
