"""The example's files, byte for byte as reviewed; `python tests/render/golden.py` writes them anew."""

from __future__ import annotations

import difflib
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from golden import ENVIRONMENTS, EXAMPLE, ROOT, example, kept, rendered

from wavetank.render import explain, render, write
from wavetank.render.trace import value_at


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_example_renders_as_reviewed(environment: str) -> None:
    now, then = rendered(environment), kept(environment)
    difference = [
        line
        for name in sorted(now.keys() | then.keys())
        for line in difflib.unified_diff(
            then.get(name, "").splitlines(), now.get(name, "").splitlines(), f"kept/{name}", f"now/{name}", lineterm=""
        )
    ]
    assert not difference, "\n".join([*difference, "", "if this is meant: .venv/bin/python tests/render/golden.py"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_built_in_object_of_the_example_is_valid_strictly(environment: str) -> None:
    for name, text in rendered(environment).items():
        if name.startswith("kubernetes/"):
            for manifest in yaml.safe_load_all(text):
                kubernetes_validate.validate(manifest, "1.36", strict=True)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_traced_path_of_the_example_exists_in_its_plan(environment: str) -> None:
    plan = example(environment)
    for path in {line.path for file in render(plan).files.values() for line in file.lines if line.path}:
        value_at(plan, path)


def test_a_line_of_the_example_leads_to_the_line_that_states_it(tmp_path: Path) -> None:
    write(render(example("production")), tmp_path)
    file = tmp_path / "terraform/node_groups.tf"
    line = next(at for at, text in enumerate(file.read_text().splitlines(), 1) if "max_size" in text)
    found = explain(file, line)
    assert (found.path, found.value) == ("nodeGroups[general].maxSize", 4)
    assert found.place is not None
    assert (ROOT / EXAMPLE).read_text().splitlines()[found.place.line - 1].strip() == "maxSize: 4"


def test_nothing_of_the_laptop_is_rendered() -> None:
    text = "".join(rendered("production").values())
    assert "uvicorn" not in text
    assert "{PORT}" not in text
