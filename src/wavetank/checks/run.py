"""Runs the rules over a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .accepted import Acceptances, Accepted
from .case import Case
from .model import Finding, Mistake, Rule, Severity
from .rules import RULES


@dataclass(frozen=True)
class Verdict:
    """What was found, the gravest first, then by place and id: neither the order of rules nor that of files shows."""

    findings: tuple[Finding, ...]
    #: found, but accepted by the input itself
    accepted: tuple[Accepted, ...]


def judge(case: Case, rules: Sequence[Rule] = RULES) -> Verdict:
    """The verdict of the rules on a case."""
    acceptances = Acceptances(case)
    counted: list[Finding] = []
    accepted: list[Accepted] = []
    for rule in rules:
        for mistake in rule.check(case):
            finding = _finding(rule, mistake)
            reason = acceptances.reason(finding, mistake)
            if reason is None:
                counted.append(finding)
            else:
                accepted.append(Accepted(finding, reason))
    return Verdict(tuple(sorted(counted, key=_order)), tuple(sorted(accepted, key=lambda a: _order(a.finding))))


def findings(case: Case, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """All findings that count."""
    return judge(case, rules).findings


def reaches(found: Iterable[Finding], threshold: Severity) -> bool:
    """Whether any finding is at or above the threshold."""
    return any(finding.severity >= threshold for finding in found)


def chosen_rules(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    """Rules whose id begins with one of ``select`` (empty: all) and with none of ``ignore``."""
    selected = [rule for rule in RULES if not select or rule.id.startswith(tuple(select))]
    return tuple(rule for rule in selected if not (ignore and rule.id.startswith(tuple(ignore))))


def _order(finding: Finding) -> tuple[int, str, int, str, str]:
    return -finding.severity, finding.file, finding.line, finding.id, finding.message


def _finding(rule: Rule, mistake: Mistake) -> Finding:
    at = mistake.at
    severity = rule.severity if mistake.severity is None else mistake.severity
    return Finding(rule.id, severity, at.path, at.file, at.line, mistake.message, mistake.remedy, mistake.numbers)
