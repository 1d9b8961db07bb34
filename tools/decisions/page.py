"""The page ``docs/fidelity.md``, made of kept results, recorded sessions and notes; ``tools/fidelity.py`` runs ``main``."""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from .notes import CAUSES, NOT_MODELLED, OLDER_MINORS
from .recordings import SETS, recorded_cases
from .results import SetResults, keep, kept_results, results_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fidelity.md"
SESSIONS = ROOT / "tests" / "data" / "kubectl" / "sessions"
SESSION_TESTS = ROOT / "tests" / "twin" / "test_kubectl_recordings.py"
UNITS = {
    "scheduler": "pods",
    "hpa": "autoscaler timelines",
    "rollout": "states",
    "disruption": "answers and timelines",
    "admission": "answers",
}

_HEAD = """\
# How far the twin decides as Kubernetes does

<!-- Written by tools/fidelity.py; edit tools/decisions/notes.py instead. -->

Decisions of kube-scheduler, kube-controller-manager and kube-apiserver 1.36.2 were recorded, and real kubectl sessions against
them. The twin is given what they were given; what it decides is compared: feasible nodes, every score of every plugin, messages
word for word, sizes over time, conditions, answers of the eviction API and of admission. Recordings are kept in `tests/data`.

    python tools/replay_decisions.py tests/data/decisions OUT_DIR    # what the twin decides, in the recordings' form
    python tools/fidelity.py --replay                                # play everything again and write this page
    make test-all                                                    # the same comparisons as tests, with all kubectl sessions
"""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="fidelity.py", description="Writes docs/fidelity.md.")
    parser.add_argument("--replay", action="store_true", help="play all recordings first and keep the results")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if the page is out of date")
    options = parser.parse_args(arguments)
    if options.replay:
        keep({name: results_of(name, recorded_cases(name)) for name in SETS})
    text = page(kept_results())
    if options.check:
        current = PAGE.read_text(encoding="utf-8") == text
        print("up to date" if current else f"{PAGE} is out of date: python tools/fidelity.py", file=sys.stderr)
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


def page(results: Mapping[str, SetResults]) -> str:
    sections = [
        _HEAD,
        "## Decisions\n\n" + _table(_decision_rows(results)),
        "## kubectl sessions\n\n" + _sessions(),
        "## Every known difference\n\n" + _causes(),
        "## Clusters of an older minor\n\n" + _older_minors(),
        "## What is not modelled\n\n" + "".join(f"- {line}\n" for line in NOT_MODELLED),
    ]
    return "\n".join(sections)


# --- decisions -----------------------------------------------------------------------------------------------------


def _decision_rows(results: Mapping[str, SetResults]) -> Iterator[Sequence[object]]:
    yield "set", "profile", "decisions", "equal", "share", "cases", "fully equal"
    for name in SETS:
        profiles = results[name]["profiles"]
        yield _row(f"**{name}** ({UNITS[name]})", "**all**", profiles.values())
        for profile, counts in profiles.items():
            yield _row("", profile, [counts])


def _row(title: str, profile: str, counts: Iterable[Mapping[str, int]]) -> Sequence[object]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    share = f"{100 * total['equal'] / total['decisions']:.2f} %"
    return title, profile, total["decisions"], total["equal"], share, total["cases"], total["whole"]


def _table(rows: Iterable[Sequence[object]]) -> str:
    head, *body = [[str(cell) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


# --- sessions ------------------------------------------------------------------------------------------------------


def _sessions() -> str:
    steps = {path.stem: _steps_of(path) for path in sorted(SESSIONS.glob("*.yaml"))}
    excused = _excused_steps()
    text = f"{len(steps)} sessions with {sum(steps.values())} steps are replayed with real kubectl; every step is equal"
    if not excused:
        return text + ".\n"
    listed = "; ".join(f"{name}: {', '.join(map(str, sorted(numbers)))}" for name, numbers in sorted(excused.items()))
    return (
        f"{text}.\nSteps that may differ on a busy machine, because they must come within 0.3 s of the one before while old "
        f"pods still end: {listed}.\n"
    )


def _steps_of(path: Path) -> int:
    return len(yaml.safe_load(path.read_text(encoding="utf-8"))["steps"])


def _excused_steps() -> dict[str, set[int]]:
    """As the test of the sessions states them; read, not run."""
    for statement in ast.parse(SESSION_TESTS.read_text(encoding="utf-8")).body:
        names = [t.id for t in getattr(statement, "targets", ()) if isinstance(t, ast.Name)]
        if isinstance(statement, ast.Assign) and names == ["WITHIN_A_MOMENT"]:
            found: dict[str, set[int]] = ast.literal_eval(statement.value)
            return found
    return {}


# --- differences ---------------------------------------------------------------------------------------------------


def unexplained(differences: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Decisions that differ and that no cause names: ``case[number]``."""
    known = {f"{case}[{i}]" for cause in CAUSES for case, numbers in cause.cases.items() for i in numbers}
    found = [f"{case}[{i}]" for case, decisions in differences.items() for i in decisions]
    return [place for place in found if place not in known]


def _causes() -> str:
    return "\n".join(
        f"### {cause.title}\n\n{cause.text}\n\n" + "".join(f"- {_place(*place)}\n" for place in cause.cases.items())
        for cause in CAUSES
    )


def _place(case: str, numbers: Sequence[int]) -> str:
    word = "decision" if len(numbers) == 1 else "decisions"
    return f"`{case}`, {word} {', '.join(map(str, numbers))}"


def _older_minors() -> str:
    head = ("behaviour", "1.36", "earlier", "a twin of an earlier minor")
    return _table([head, *OLDER_MINORS])
