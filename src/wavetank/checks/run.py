"""Runs the rules over a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .case import Case
from .model import Finding, Mistake, Rule, Severity
from .rules import RULES


def findings(case: Case, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """All findings, the gravest first, then by place and id: neither the order of rules nor that of files shows."""
    found = [_finding(rule, mistake) for rule in rules for mistake in rule.check(case)]
    return tuple(sorted(found, key=lambda f: (-f.severity, f.file, f.line, f.id, f.message)))


def reaches(found: Iterable[Finding], threshold: Severity) -> bool:
    """Whether any finding is at or above the threshold."""
    return any(finding.severity >= threshold for finding in found)


def _finding(rule: Rule, mistake: Mistake) -> Finding:
    at = mistake.at
    severity = rule.severity if mistake.severity is None else mistake.severity
    return Finding(rule.id, severity, at.path, at.file, at.line, mistake.message, mistake.remedy, mistake.numbers)
