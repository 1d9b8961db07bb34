"""Findings that somebody has accepted do not count, are counted as such, and only with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from wavetank.checks import SourceFile, Verdict, baseline_of, baseline_text, case_of_files, is_in_baseline, judge
from wavetank.checks.run import chosen_rules

ON = date(2026, 11, 21)
BUDGET = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
  annotations: {%s}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "registry.example.com/api:1.0.0"}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: api}}
"""
RULES = chosen_rules(["AVL001"], [])


def judged(annotation: str = "", lines_above: int = 0) -> Verdict:
    text = "\n" * lines_above + BUDGET % annotation
    return judge(case_of_files([SourceFile("k8s.yaml", text)], ON).case, RULES)


def test_an_annotation_with_a_reason_accepts_a_finding_about_its_object() -> None:
    verdict = judged('wavetank.dev/ignore: "AVL001: a test system; CAP004: no"')
    assert verdict.findings == ()
    assert [accepted.reason for accepted in verdict.accepted] == ["a test system"]


@pytest.mark.parametrize("text", ["AVL001", "AVL001:", "AVL001: ", "CAP004: reason", "everything"])
def test_an_annotation_without_a_reason_or_for_another_check_accepts_nothing(text: str) -> None:
    verdict = judged(f'wavetank.dev/ignore: "{text}"')
    assert [finding.id for finding in verdict.findings] == ["AVL001"]


def test_a_baseline_outlives_lines_that_move_and_knows_nothing_else() -> None:
    (finding,) = judged().findings
    baseline = baseline_of(baseline_text([finding]))
    (moved,) = judged(lines_above=5).findings
    assert moved.line != finding.line
    assert is_in_baseline(moved, baseline)
    assert not is_in_baseline(replace(finding, path="PodDisruptionBudget shop/other spec.minAvailable"), baseline)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2, "findings": []}', '{"format": 1, "findings": [{"id": "x"}]}']
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        baseline_of(text)


def test_rules_are_chosen_by_the_beginning_of_their_ids() -> None:
    assert {rule.id[:3] for rule in chosen_rules(["CAP", "NET00"], ["CAP0"])} == {"NET"}
    assert "CAP004" in {rule.id for rule in chosen_rules([], ["NET"])}
