"""Findings as a JUnit report: a test case for each rule, failed where the rule found something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from wavetank.checks.model import Finding, Rule, Severity


def junit(findings: Iterable[Finding], rules: Sequence[Rule], threshold: Severity | None) -> str:
    """A finding below the threshold (None: any finding) is told in the output of a test that passes."""
    found = list(findings)
    failing = {f.id for f in found if threshold is not None and f.severity >= threshold}
    suite = ElementTree.Element("testsuite", name="wavetank check", tests=str(len(rules)), failures=str(len(failing)))
    for rule in sorted(rules, key=lambda rule: rule.id):
        case = ElementTree.SubElement(suite, "testcase", classname=f"wavetank.{rule.id}", name=rule.title)
        for finding in (f for f in found if f.id == rule.id):
            fails = threshold is not None and finding.severity >= threshold
            element = ElementTree.SubElement(case, "failure" if fails else "system-out")
            if fails:
                element.set("type", str(finding.severity))
                element.set("message", _clean(finding.message))
            element.text = _clean(f"{finding.file}:{finding.line}: {finding.message}\nremedy: {finding.remedy}")
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _clean(text: str) -> str:
    """Without the control characters that XML cannot carry."""
    return "".join(character for character in text if character >= " " or character in "\n\t")
