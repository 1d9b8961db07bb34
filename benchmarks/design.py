"""How long the design half takes for the five examples, once Python has loaded it: from files to plans, findings, bills, bundles.

One process, every environment, everything computed anew. The limit is ours: three seconds for all of them together. The parts
tell which step the time goes to, in CPU time, so that a busy machine does not blur it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.measure import Figure, alone
from wavetank.app.design import Design, designs

EXAMPLES = Path(__file__).parents[1] / "examples"
ON = date(2026, 11, 21)
RUNS = 5
LIMIT_SECONDS = 3.0

#: what is asked of a design, in the order in which the parts are measured
PARTS: dict[str, Callable[[Design], object]] = {
    "render": lambda design: [file.text for file in design.bundle.files.values()],
    "cost": lambda design: design.bill.total,
    "check": lambda design: design.findings,
}


def example_files() -> list[Path]:
    return sorted(EXAMPLES.glob("*/platform.yaml"))


def figures() -> Iterator[Figure]:
    count = sum(len(designs(file, ON)) for file in example_files())
    name = f"load + plan + render + cost + check, {len(example_files())} examples, {count} environments"
    yield alone(name, "s", seconds, "ours", LIMIT_SECONDS, RUNS)
    runs = [parts() for _ in range(RUNS)]
    for part in runs[0]:
        values = tuple(run[part] for run in runs)
        yield Figure(f"  of which {part}", median(values), "ms CPU", values)


def seconds() -> float:
    """Wall time of everything."""
    began = time.perf_counter()
    for file in example_files():
        for each in designs(file, ON).values():
            for ask in PARTS.values():
                assert ask(each) is not None, "each part of a design is a value"
    return time.perf_counter() - began


def parts() -> dict[str, float]:
    """Milliseconds of CPU time by step."""
    found = dict.fromkeys(["load + plan", *PARTS], 0.0)
    for file in example_files():
        began = time.process_time()
        all_environments = designs(file, ON).values()
        found["load + plan"] += (time.process_time() - began) * 1000
        for each in all_environments:
            for name, ask in PARTS.items():
                began = time.process_time()
                ask(each)
                found[name] += (time.process_time() - began) * 1000
    return found
