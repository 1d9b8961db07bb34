"""What the READMEs of the examples say about money is what the bill says."""

from __future__ import annotations

from pathlib import Path

import pytest
from readme_figures import EXAMPLES, refreshed, strays

NAMES = ("chatbot", "microservices", "ml-inference", "model-platform", "video-creator")


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_of_a_readme_are_those_of_the_bill(name: str) -> None:
    readme, platform = EXAMPLES / name / "README.md", EXAMPLES / name / "platform.yaml"
    text = readme.read_text()
    assert "<!-- totals -->" in text, f"{readme} quotes no totals"
    assert refreshed(text, platform).rstrip("\n") == text.rstrip("\n"), "run python tests/examples/readme_figures.py"
    assert list(strays(text, platform)) == []


def test_every_example_is_in_the_index() -> None:
    index = (EXAMPLES / "README.md").read_text()
    examples = {path.parent.name for path in EXAMPLES.glob("*/platform.yaml")}
    assert examples == set(NAMES)
    assert [name for name in sorted(examples) if f"]({name}/README.md)" not in index] == []


def test_a_row_takes_the_lines_it_names_and_the_rest_takes_the_others() -> None:
    platform = EXAMPLES / "chatbot" / "platform.yaml"
    head = ["<!-- bill: dev -->", "| planned | USD | here | USD | why |", "|---|---:|---|---:|---|"]
    rows = [
        "| x | 1 | `EKS control plane *` | ? | . |",
        "| – | – | the rest | ? | . |",
        "| sum | 1 | all lines | ? | . |",
    ]
    found = refreshed("\n".join([*head, *rows]), platform).split("\n")
    first, others, everything = (float(row.split(" | ")[3].replace(",", "")) for row in found[3:6])
    assert first == 73
    assert first + others == pytest.approx(everything)


def test_a_stranger_is_found() -> None:
    platform = Path(EXAMPLES / "chatbot" / "platform.yaml")
    assert list(strays("| x | 1 | `no such line` | 0 | . |", platform)) == ["no such line"]
