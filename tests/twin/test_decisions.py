"""The twin decides what Kubernetes 1.36.2 decided: replays of recorded scheduling, autoscaling, rollouts, disruptions, admission.

What a replay comes to is kept in ``tests/data/fidelity.json``, from which ``docs/fidelity.md`` is written; each difference has
its cause in ``tools/decisions/notes.py``. A change that makes a replay come to something else has changed a decision.
"""

from __future__ import annotations

import pytest
from tools.decisions.notes import CAUSES
from tools.decisions.page import PAGE, page, unexplained
from tools.decisions.recordings import SETS, recorded_cases
from tools.decisions.results import kept_results, results_of

KEPT = kept_results()
HINT = "python tools/fidelity.py --replay, and look at what changed"


@pytest.mark.parametrize("name", [name for name in SETS if name != "scheduler"])
def test_recorded_decisions_come_out_as_they_were_kept(name: str) -> None:
    assert results_of(name, recorded_cases(name)) == KEPT[name], HINT


def test_every_seventh_recorded_case_is_scheduled_as_it_was() -> None:
    found = results_of("scheduler", recorded_cases("scheduler")[::7])
    assert sum(counts["decisions"] for counts in found["profiles"].values()) > 900
    assert found["differences"] == {}


@pytest.mark.slow
def test_all_recorded_pods_are_scheduled_as_they_were() -> None:
    assert results_of("scheduler", recorded_cases("scheduler")) == KEPT["scheduler"], HINT


@pytest.mark.parametrize("name", SETS)
def test_every_difference_has_its_cause(name: str) -> None:
    assert unexplained(KEPT[name]["differences"]) == []


def test_every_cause_has_its_differences() -> None:
    kept = {case: set(decisions) for results in KEPT.values() for case, decisions in results["differences"].items()}
    told = {case: set(map(str, numbers)) for cause in CAUSES for case, numbers in cause.cases.items()}
    assert told == kept


def test_the_page_says_what_was_found() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(KEPT), "python tools/fidelity.py"
