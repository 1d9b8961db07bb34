"""How many recorded decisions the twin makes alike, by set and profile, and which it does not.

``results_of`` judges a replay; ``RESULTS`` is the file that keeps what the last complete replay came to. Tests compare the
two, and ``tools/fidelity.py`` writes the page from the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .given import Case
from .judge import JUDGES
from .play import played

RESULTS = Path(__file__).parents[2] / "tests" / "data" / "fidelity.json"

#: ``profiles``: profile -> its counts; ``differences``: case -> number of the decision -> what differs.
SetResults = dict[str, Any]


def results_of(name: str, cases: Iterable[Case]) -> SetResults:
    """Play and judge these cases of a set."""
    profiles: dict[str, dict[str, int]] = {}
    differences: dict[str, dict[str, list[str]]] = {}
    for case in cases:
        decisions, report = JUDGES[name](case, played(name, case))
        counts = profiles.setdefault(profile_of(name, case), {"decisions": 0, "equal": 0, "cases": 0, "whole": 0})
        counts["decisions"] += decisions
        counts["equal"] += decisions - len(report.wrong)
        counts["cases"] += 1
        counts["whole"] += not report.wrong
        for index, field, *_ in report.differences:
            fields = differences.setdefault(str(case["name"]), {}).setdefault(str(index), [])
            if field not in fields:
                fields.append(field)
    return {"profiles": dict(sorted(profiles.items())), "differences": differences}


def profile_of(name: str, case: Case) -> str:
    """What sort of case it is, in a word or two."""
    given, title = case["given"], str(case["name"])
    match name:
        case "scheduler":
            return str(case["profile"])
        case "hpa":
            return _metric_of(given)
        case "rollout":
            return str(given["object"]["kind"])
        case "disruption":
            return "nodes" if "node" in given else "evictions"
    return "Pod Security" if title.startswith("pod-security") else title.partition("-")[0]


def _metric_of(given: Any) -> str:
    """The kinds of metric that the autoscaler of a case looks at."""
    specs = (o["spec"] for o in given["objects"] if o["kind"] == "HorizontalPodAutoscaler")
    spec = next(specs)
    kinds = {metric["type"] for metric in spec.get("metrics") or ()}
    return " and ".join(sorted(kinds)) + (", with behavior" if spec.get("behavior") else "")


def kept_results() -> dict[str, SetResults]:
    """Set -> what the last complete replay of the kept recordings came to."""
    kept: dict[str, SetResults] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return kept


def keep(results: dict[str, SetResults]) -> None:
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
