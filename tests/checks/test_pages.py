"""Every rule has a page, and the page's examples prove it: caught on the bad platform, silent on the good one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from wavetank.checks import RULES, Finding, Rule, Severity, SourceFile, case_of_files, case_of_plan, findings
from wavetank.cost import bill
from wavetank.plan import plan
from wavetank.spec import load, load_all

PAGES = Path(__file__).parents[2] / "docs" / "checks"
ON = date(2026, 11, 21)


def section(rule: Rule, heading: str) -> str:
    """The text under a heading of the rule's page; empty when there is no such heading."""
    found = re.search(
        rf"^## {heading}\n(.*?)(?=^## |\Z)", (PAGES / f"{rule.id}.md").read_text(), re.DOTALL | re.MULTILINE
    )
    return found[1].strip() if found else ""


def platform_example(rule: Rule, heading: str) -> str | None:
    """The spec under a heading; None where the page says that a spec cannot have the mistake."""
    found = re.search(r"^```yaml\n(.*?)^```", section(rule, heading), re.DOTALL | re.MULTILINE)
    return found[1] if found else None


def file_examples(rule: Rule, heading: str) -> list[SourceFile]:
    """The foreign files under a heading, each block with its name after the language."""
    blocks = re.findall(r"^```\w+ (\S+)\n(.*?)^```", section(rule, heading), re.DOTALL | re.MULTILINE)
    return [SourceFile(name, text) for name, text in blocks]


def judged(text: str, folder: Path, environment: str = "production") -> tuple[Finding, ...]:
    file = folder / "platform.yaml"
    file.write_text(text)
    resolved = plan(load(file, environment))
    return findings(case_of_plan(resolved, bill(resolved, ON), ON))


def judged_files(files: list[SourceFile]) -> tuple[Finding, ...]:
    foreign = case_of_files(files, ON, "production")
    assert foreign.left_out == ()
    return findings(foreign.case)


by_id = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@by_id
def test_the_page_has_both_forms_of_its_examples_or_says_why_not(rule: Rule) -> None:
    spec_form = platform_example(rule, "Bad") is not None and platform_example(rule, "Good") is not None
    files_form = bool(file_examples(rule, "Bad files") and file_examples(rule, "Good files"))
    assert spec_form or section(rule, "Bad").startswith("The spec cannot say this: ")
    assert files_form or section(rule, "Bad files").startswith("Files cannot say this: ")
    assert spec_form or files_form


@by_id
def test_the_bad_example_is_caught_with_place_numbers_and_remedy(rule: Rule, tmp_path: Path) -> None:
    text = platform_example(rule, "Bad")
    if text is not None:
        assert_caught(rule, judged(text, tmp_path))


@by_id
def test_the_bad_files_are_caught_with_place_numbers_and_remedy(rule: Rule) -> None:
    files = file_examples(rule, "Bad files")
    if files:
        assert_caught(rule, judged_files(files))


def assert_caught(rule: Rule, found: tuple[Finding, ...]) -> None:
    caught = [finding for finding in found if finding.id == rule.id]
    assert caught, f"{rule.id} is silent on its bad example; other findings: {[(f.id, f.message) for f in found]}"
    for finding in caught:
        assert finding.severity is rule.severity
        assert finding.line > 0, "a finding names the line"
        assert finding.numbers
        assert finding.remedy


@by_id
def test_the_good_example_is_clean_for_every_rule(rule: Rule, tmp_path: Path) -> None:
    text = platform_example(rule, "Good")
    if text is not None:
        assert_clean(rule, judged(text, tmp_path))


@by_id
def test_the_good_files_are_clean_for_every_rule(rule: Rule) -> None:
    files = file_examples(rule, "Good files")
    if files:
        assert_clean(rule, judged_files(files))


def assert_clean(rule: Rule, found: tuple[Finding, ...]) -> None:
    assert [finding for finding in found if finding.id == rule.id or finding.severity is Severity.ERROR] == []


@by_id
def test_the_page_says_what_the_rule_says(rule: Rule) -> None:
    page = (PAGES / f"{rule.id}.md").read_text()
    assert page.startswith(f"# {rule.id}: {rule.title}\n")
    assert f"Severity: {rule.severity}\n" in page
    assert f"[{rule.id}]({rule.id}.md)" in (PAGES / "README.md").read_text()


def test_there_is_no_page_without_a_rule() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {rule.id for rule in RULES} | {"README"}


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("example_name", sorted(path.parent.name for path in EXAMPLES.glob("*/platform.yaml")))
def test_no_example_platform_has_an_error_in_any_environment(example_name: str) -> None:
    for environment, platform in load_all(EXAMPLES / example_name / "platform.yaml").items():
        resolved = plan(platform)
        found = findings(case_of_plan(resolved, bill(resolved, ON), ON))
        assert [(environment, f) for f in found if f.severity is Severity.ERROR] == []
