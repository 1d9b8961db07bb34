"""The rules stand whatever files hold, and their findings depend on nothing but what the files say."""

from __future__ import annotations

import copy
import random
import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wavetank.checks import RULES, Finding, SourceFile, case_of_files, findings

ON = date(2026, 11, 21)
PAGES = sorted((Path(__file__).parents[2] / "docs" / "checks").glob("*.md"))
_BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples(*endings: str) -> list[SourceFile]:
    """The foreign files of all pages, each under a name of its own."""
    blocks = [(page.stem, name, text) for page in PAGES for name, text in _BLOCK.findall(page.read_text())]
    return [
        SourceFile(f"{stem.lower()}-{at}/{name}", text)
        for at, (stem, name, text) in enumerate(blocks)
        if name.endswith(endings)
    ]


YAML_FILES = examples(".yaml")
TERRAFORM_FILES = examples(".tf")
#: what a random node is replaced by; text that templates leave behind is among it
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1e30, "", "x", "10%", "{{ .Values.x }}", "${var.x}", "1Gi", [], {}, [None], [[{}]], {"": None}]
)
tree = st.recursive(
    JUNK,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["spec", "metadata", "name", "x", "containers", "selector"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


def steps_in(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [before] if before else []
    for key, child in children:
        found += steps_in(child, (*before, key))
    return found


def changed(value: Any, steps: tuple[Any, ...], replacement: Any) -> Any:
    """The value with another one at the end of the steps."""
    if not steps:
        return replacement
    done = copy.copy(value)
    done[steps[0]] = changed(value[steps[0]], steps[1:], replacement)
    return done


@st.composite
def spoiled_files(draw: st.DrawFn) -> list[SourceFile]:
    """One to three YAML examples, each with up to four values replaced by something else, or taken away."""
    chosen = draw(st.lists(st.sampled_from(YAML_FILES), min_size=1, max_size=3, unique_by=lambda file: file.name))
    files = []
    for file in chosen:
        documents = [document for document in yaml.safe_load_all(file.text) if document]
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.sampled_from(range(len(documents))))
            ways = [steps for steps in steps_in(documents[at]) if steps[0] not in ("apiVersion", "kind")]
            if ways:
                documents[at] = changed(documents[at], draw(st.sampled_from(ways)), draw(tree))
        files.append(SourceFile(file.name, yaml.safe_dump_all(documents)))
    return files


@given(spoiled_files())
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_no_rule_falls_over_whatever_stands_in_the_place_of_a_value(files: list[SourceFile]) -> None:
    for finding in findings(case_of_files(files, ON, "production").case):
        assert finding.message
        assert finding.remedy
        assert finding.numbers


@given(st.lists(st.sampled_from([*YAML_FILES, *TERRAFORM_FILES]), min_size=2, max_size=6, unique_by=id), st.randoms())
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_findings_depend_neither_on_the_order_of_files_nor_of_rules(
    files: list[SourceFile], chance: random.Random
) -> None:
    expected = findings(case_of_files(files, ON, "production").case)
    shuffled, rules = list(files), list(RULES)
    chance.shuffle(shuffled)
    chance.shuffle(rules)
    assert findings(case_of_files(shuffled, ON, "production").case, rules) == expected


def test_findings_are_the_same_for_documents_in_one_file_and_in_many() -> None:
    documents = [d for file in YAML_FILES[:40] for d in yaml.safe_load_all(file.text) if d]
    together = findings(case_of_files([SourceFile("all.yaml", yaml.safe_dump_all(documents))], ON).case)
    apart = [SourceFile(f"{at:03}.yaml", yaml.safe_dump(document)) for at, document in enumerate(documents)]
    assert sorted(map(said, together)) == sorted(map(said, findings(case_of_files(apart, ON).case)))


def said(finding: Finding) -> tuple[str, str, str]:
    """What a finding says without its file and line, which a message may name, too."""
    return finding.id, finding.path, re.sub(r"\S+\.yaml:\d+", "", finding.message)
