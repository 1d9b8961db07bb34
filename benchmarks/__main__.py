"""``python -m benchmarks [--json FILE] [NAME ...]``: a table of figures beside their limits, as they come."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import api_edge, cluster_start, day, design, field, load_balancer, memory, scheduling, watches
from benchmarks.measure import Figure, table
from wavetank.base.garbage import favour_long_lives

#: In the order of the table. Add a file with ``figures()`` and a line here.
BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    "scheduling": scheduling.figures,
    "day": day.figures,
    "memory": memory.figures,
    "api-edge": api_edge.figures,
    "watches": watches.figures,
    "cluster-start": cluster_start.figures,
    "load-balancer": load_balancer.figures,
    "design": design.figures,
    "field": field.figures,
}


def main() -> int:
    options = _options()
    # As the command does; see there.
    favour_long_lives()
    began = time.perf_counter()
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        for figure in BENCHMARKS[name]():
            print(f"  {figure.name}: {figure.value:,.1f} {figure.unit}", file=sys.stderr, flush=True)
            figures.append(figure)
    print(table(figures))
    print(f"\n{len(figures)} figures in {time.perf_counter() - began:.0f} s on {_machine()}")
    if options.json:
        options.json.write_text(json.dumps(_document(figures), indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as data, too")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return options


def _machine() -> str:
    cores, version = os.cpu_count(), platform.python_version()
    pace = f"{_addition_nanoseconds():.0f} ns for an addition in a loop"
    return f"{platform.system()} {platform.machine()}, {cores} cores, Python {version}, {pace}"


def _addition_nanoseconds() -> float:
    """How fast this machine is just now: a shared one may be four times slower than it was a minute ago."""
    began, total, count = time.process_time(), 0, 1_000_000
    for number in range(count):
        total += number
    return (time.process_time() - began) / count * 1e9


def _document(figures: list[Figure]) -> dict[str, object]:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"machine": _machine(), "at": at, "figures": [figure.as_json() for figure in figures]}


if __name__ == "__main__":
    sys.exit(main())
