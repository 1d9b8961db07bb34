"""``wavetank check``: findings for people and for programs, and the exit code that CI acts on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from command_line import EXAMPLE, FIRST_DRAFT, FIRST_DRAFT_RULES, ON, example_with, line_of, wavetank

from wavetank.checks import RULES


def test_a_clean_platform_says_so_and_exits_0() -> None:
    ended = wavetank("check", EXAMPLE, *ON)
    assert (ended.code, ended.err) == (0, "")
    assert "ml-inference (production): " in ended.out
    assert " error" not in ended.out
    assert " warn" not in ended.out


@pytest.mark.parametrize("environment", ["dev", "production"])
def test_json_of_a_clean_platform_has_nothing_graver_than_a_remark(environment: str) -> None:
    ended = wavetank("check", EXAMPLE, "-e", environment, "--format", "json", *ON)
    assert ended.code == 0
    assert {finding["severity"] for finding in ended.json["findings"]} <= {"info"}


def test_the_mistakes_of_a_common_first_draft_are_all_found_at_their_lines(tmp_path: Path) -> None:
    draft = example_with(tmp_path, FIRST_DRAFT)
    ended = wavetank("check", draft, "--format", "json", *ON)
    findings = ended.json["findings"]
    assert ended.code == 1
    assert {finding["id"] for finding in findings} == FIRST_DRAFT_RULES
    by_id = {finding["id"]: finding for finding in findings}
    assert by_id["NET002"]["line"] == line_of(draft, "nat: single")
    assert line_of(draft, "quota:") <= by_id["CAP008"]["line"] <= line_of(draft, "requests.memory: 4Gi")
    assert line_of(draft, "autoscaling:") <= by_id["AUT002"]["line"] <= line_of(draft, "memory: 80")


def test_each_finding_in_json_has_exactly_the_promised_fields(tmp_path: Path) -> None:
    draft = example_with(tmp_path, FIRST_DRAFT)
    document = wavetank("check", draft, "--format", "json", *ON).json
    assert list(document) == ["findings"]
    for finding in document["findings"]:
        assert list(finding) == ["id", "severity", "file", "line", "message", "numbers", "remedy"]
        assert finding["severity"] in ("info", "warn", "error")
        assert (finding["file"], type(finding["line"])) == (str(draft), int)
        assert finding["numbers"]
        assert finding["message"]
        assert finding["remedy"]


def test_text_names_place_severity_rule_and_remedy_and_counts_the_gravest_first(tmp_path: Path) -> None:
    draft = example_with(tmp_path, FIRST_DRAFT)
    out = wavetank("check", draft, *ON).out
    assert f"{draft}:{line_of(draft, 'nat: single')}: warn NET002: " in out
    assert out.count("    remedy: ") == len(FIRST_DRAFT_RULES)
    assert out.index(": error ") < out.index(": warn ")
    assert out.splitlines()[-1] == "ml-inference (production): 3 error, 1 warn (1 suppressed)"


@pytest.mark.parametrize(
    ("threshold", "code"), [("info", 1), ("warn", 1), ("error", 0), ("never", 0)]
)  # fmt: skip
def test_fail_on_is_the_least_severity_that_fails(tmp_path: Path, threshold: str, code: int) -> None:
    only_a_warning = example_with(tmp_path, {"  nat: perZone": "  nat: single"})
    assert wavetank("check", only_a_warning, "--fail-on", threshold, *ON).code == code


def test_errors_fail_by_default_and_never_when_told_so(tmp_path: Path) -> None:
    draft = example_with(tmp_path, FIRST_DRAFT)
    assert wavetank("check", draft, *ON).code == 1
    assert wavetank("check", draft, "--fail-on", "never", *ON).code == 0


def test_an_unknown_environment_names_the_nearest_one() -> None:
    ended = wavetank("check", EXAMPLE, "-e", "prodution", *ON)
    assert (ended.code, ended.out) == (2, "")
    assert 'there is no environment "prodution"' in ended.err
    assert 'Did you mean "production"?' in ended.err


def test_the_day_decides_about_support(tmp_path: Path) -> None:
    assert wavetank("check", EXAMPLE, "--on", "2027-08-01").code == 0
    extended = version_finding("2027-09-01")
    assert extended["severity"] == "warn"
    assert "$438.00 instead of $73.00" in extended["message"]
    assert version_finding("2029-01-01")["severity"] == "error"


def version_finding(day: str) -> dict[str, Any]:
    found = wavetank("check", EXAMPLE, "--on", day, "--format", "json").json["findings"]
    (finding,) = (each for each in found if each["id"] == "VER001")
    assert isinstance(finding, dict)
    return finding


@pytest.mark.parametrize("day", ["2027-09-01", "2029-01-01"])
def test_a_remedy_never_names_an_empty_list_of_versions(day: str) -> None:
    found = wavetank("check", EXAMPLE, "--on", day, "--format", "json").json["findings"]
    (finding,) = (each for each in found if each["id"] == "VER001")
    assert "move to ," not in finding["remedy"]


def test_the_remedy_for_an_old_version_is_a_newer_one(tmp_path: Path) -> None:
    old = example_with(tmp_path, {'  version: "1.36"': '  version: "1.32"'})
    found = wavetank("check", old, "--on", "2026-11-21", "--format", "json").json["findings"]
    (finding,) = (each for each in found if each["id"] == "VER001")
    assert finding["remedy"].startswith("move to 1.")
    assert "1.31" not in finding["remedy"]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    draft = example_with(tmp_path, FIRST_DRAFT)
    assert wavetank("check", draft, *ON) == wavetank("check", draft, *ON)


def test_the_examples_readme_names_rules_that_exist() -> None:
    named = set(re.findall(r"\b[A-Z]{3}\d{3}\b", (EXAMPLE.parent / "README.md").read_text()))
    assert named
    assert named <= {rule.id for rule in RULES}
