"""Runs the rules over a case and puts each finding at its line of the spec."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .model import Case, Finding, Mistake, Rule, Severity
from .rules import RULES


def findings(case: Case, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """All findings, the gravest first, then by place and id: the order of the rules does not show."""
    found = [_placed(case, rule, mistake) for rule in rules for mistake in rule.check(case)]
    return tuple(sorted(found, key=lambda f: (-f.severity, f.file, f.line, f.id, f.message)))


def reaches(found: Iterable[Finding], threshold: Severity) -> bool:
    """Whether any finding is at or above the threshold."""
    return any(finding.severity >= threshold for finding in found)


def _placed(case: Case, rule: Rule, mistake: Mistake) -> Finding:
    place = case.plan.place(mistake.path)
    file, line = (place.file, place.line) if place else (case.plan.spec_file, 0)
    severity = rule.severity if mistake.severity is None else mistake.severity
    return Finding(rule.id, severity, mistake.path, file, line, mistake.message, mistake.remedy, mistake.numbers)
