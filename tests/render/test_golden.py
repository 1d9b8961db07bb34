"""The examples' files, byte for byte as reviewed; `make golden` writes them anew."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from example_bundles import EXAMPLES, NAMES, bundle, cases, family, plan_of
from golden import folder_of, kept
from wavetank.render import explain, write
from wavetank.render.trace import value_at

each_case = pytest.mark.parametrize(("name", "environment"), cases())


@each_case
def test_the_example_renders_as_reviewed(name: str, environment: str) -> None:
    now = {file: content.text for file, content in bundle(name, environment).files.items()}
    then = kept(name, environment)
    difference = [
        line
        for file in sorted(now.keys() | then.keys())
        for line in difflib.unified_diff(
            then.get(file, "").splitlines(), now.get(file, "").splitlines(), f"kept/{file}", f"now/{file}", lineterm=""
        )
    ]
    assert not difference, "\n".join([*difference, "", "if this is meant: make golden"])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_kept_of_environments_that_are_gone(name: str) -> None:
    folder = EXAMPLES / name / "rendered"
    assert {path.name for path in folder.iterdir()} == set(family(name).plans)


@each_case
def test_every_traced_path_of_the_example_exists_in_its_plan(name: str, environment: str) -> None:
    plan = plan_of(name, environment)
    files = bundle(name, environment).files.values()
    for path in {line.path for file in files for line in file.lines if line.path}:
        value_at(plan, path)


def test_a_line_of_the_example_leads_to_the_line_that_states_it(tmp_path: Path) -> None:
    write(bundle("ml-inference", "production"), tmp_path)
    file = tmp_path / "kubernetes/60-availability.yaml"
    line = next(at for at, text in enumerate(file.read_text().splitlines(), 1) if "maxReplicas" in text)
    found = explain(file, line)
    assert (found.path, found.value) == ("workloads[ml-inference-api].autoscaling.maxReplicas", 10)
    assert found.place is not None
    text = (EXAMPLES / "ml-inference/platform.yaml").read_text()
    assert text.splitlines()[found.place.line - 1].strip() == "maxReplicas: 10"


def test_nothing_of_the_laptop_is_rendered() -> None:
    text = "".join(file.text for file in bundle("ml-inference", "production").files.values())
    assert "uvicorn" not in text
    assert "{PORT}" not in text


def test_a_program_is_kept_as_a_program() -> None:
    assert (folder_of("ml-inference", "production") / "helm/install.sh").stat().st_mode & 0o100
