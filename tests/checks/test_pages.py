"""Every rule has a page, and the page's examples prove it: caught on the bad platform, silent on the good one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from wavetank.checks import RULES, Finding, Rule, Severity, case_of_plan, findings
from wavetank.cost import bill
from wavetank.plan import plan
from wavetank.spec import load

PAGES = Path(__file__).parents[2] / "docs" / "checks"
ON = date(2026, 11, 21)


def example(rule: Rule, heading: str) -> str:
    found = re.search(rf"## {heading}\n\n```yaml\n(.*?)```", (PAGES / f"{rule.id}.md").read_text(), re.DOTALL)
    assert found, f"{rule.id}.md has no example under {heading}"
    return found[1]


def judged(text: str, folder: Path, environment: str = "production") -> tuple[Finding, ...]:
    file = folder / "platform.yaml"
    file.write_text(text)
    resolved = plan(load(file, environment))
    return findings(case_of_plan(resolved, bill(resolved, ON), ON))


by_id = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@by_id
def test_the_bad_example_is_caught_with_place_numbers_and_remedy(rule: Rule, tmp_path: Path) -> None:
    caught = [finding for finding in judged(example(rule, "Bad"), tmp_path) if finding.id == rule.id]
    assert caught, f"{rule.id} is silent on its bad example"
    for finding in caught:
        assert finding.severity is rule.severity
        assert finding.line > 0, "a finding names the line of the spec"
        assert finding.numbers
        assert finding.remedy


@by_id
def test_the_good_example_is_clean_for_every_rule(rule: Rule, tmp_path: Path) -> None:
    found = judged(example(rule, "Good"), tmp_path)
    assert [finding for finding in found if finding.id == rule.id or finding.severity is Severity.ERROR] == []


@by_id
def test_the_page_says_what_the_rule_says(rule: Rule) -> None:
    page = (PAGES / f"{rule.id}.md").read_text()
    assert page.startswith(f"# {rule.id}: {rule.title}\n")
    assert f"Severity: {rule.severity}\n" in page
    assert f"[{rule.id}]({rule.id}.md)" in (PAGES / "README.md").read_text()


def test_there_is_no_page_without_a_rule() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {rule.id for rule in RULES} | {"README"}


@pytest.mark.parametrize("environment", ["dev", "production"])
def test_the_example_platform_has_no_errors(environment: str) -> None:
    example_platform = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"
    resolved = plan(load(example_platform, environment))
    found = findings(case_of_plan(resolved, bill(resolved, ON), ON))
    assert [finding for finding in found if finding.severity >= Severity.WARN] == []
