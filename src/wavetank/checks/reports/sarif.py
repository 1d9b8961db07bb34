"""Findings as SARIF 2.1.0 (OASIS), as GitHub and Azure show them beside the lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from wavetank import __version__
from wavetank.checks.accepted import Accepted
from wavetank.checks.model import Finding, Rule, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Iterable[Finding], accepted: Iterable[Accepted], rules: Sequence[Rule]) -> str:
    """One run; accepted findings are in it as suppressed results."""
    results = [_result(finding) for finding in findings]
    results += [{**_result(each.finding), "suppressions": [_suppression(each)]} for each in accepted]
    driver = {
        "name": "wavetank",
        "version": __version__,
        "rules": [_rule(rule) for rule in sorted(rules, key=lambda rule: rule.id)],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}. Source: {rule.source}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": finding.file.replace("\\", "/")}}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
    return {
        "ruleId": finding.id,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. Remedy: {finding.remedy}"},
        "locations": [{"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": finding.path}]}],
        "partialFingerprints": {"wavetank/v1": f"{finding.id}:{finding.path}"},
        "properties": {"numbers": dict(finding.numbers)},
    }


def _suppression(accepted: Accepted) -> dict[str, str]:
    return {"kind": "inSource", "justification": accepted.reason}
