"""Whatever stands in foreign files, a check answers: no rule falls over an object of another shape than it expects."""

from __future__ import annotations

import random
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from wavetank.checks import SourceFile, case_of_files, findings

ON = date(2026, 11, 21)
PAGES = sorted((Path(__file__).parents[2] / "docs" / "checks").glob("*.md"))
JUNK: tuple[Any, ...] = (
    None,
    "",
    "x",
    "{{ .Values.x }}",
    -1,
    0,
    1.5,
    True,
    [],
    {},
    [None],
    ["a"],
    {"a": None},
    [[]],
    "10%",
)


@cache
def yaml_examples() -> list[Any]:
    """Every document of every page's foreign files."""
    blocks = [
        b for page in PAGES for b in re.findall(r"^```yaml \S+\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    ]
    return [document for block in blocks for document in yaml.safe_load_all(block) if document]


def spoiled(value: Any, chance: random.Random, rate: float) -> Any:
    """The value with some parts replaced by something else, left out, or doubled."""
    if chance.random() < rate:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k in ("apiVersion", "kind") or chance.random() > rate / 4}
        return {k: v if k in ("apiVersion", "kind") else spoiled(v, chance, rate) for k, v in kept.items()}
    if isinstance(value, list):
        return [spoiled(item, chance, rate) for item in value for _ in range(2 if chance.random() < rate / 4 else 1)]
    return value


@pytest.mark.parametrize("seed", range(25))
def test_no_rule_falls_over_spoiled_objects(seed: int) -> None:
    chance = random.Random(seed)
    documents = [spoiled(document, chance, 0.03) for document in chance.sample(yaml_examples(), 40)]
    text = yaml.safe_dump_all(documents)
    for finding in findings(case_of_files([SourceFile("junk.yaml", text)], ON).case):
        assert finding.message
        assert finding.numbers


@pytest.mark.parametrize("seed", range(10))
def test_findings_do_not_depend_on_the_order_of_files(seed: int) -> None:
    chance = random.Random(seed)
    files = [
        SourceFile(f"file-{at}.yaml", yaml.safe_dump(document))
        for at, document in enumerate(chance.sample(yaml_examples(), 25))
    ]
    expected = findings(case_of_files(files, ON).case)
    chance.shuffle(files)
    assert findings(case_of_files(files, ON).case) == expected
