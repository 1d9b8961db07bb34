"""The chart of every example: real Helm lints it and makes exactly the objects of ``kubernetes/``, in every environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from example_bundles import bundle, cases
from helm_real import by_identity, lint_problems, objects_in, template, values_of
from wavetank.render import write


@pytest.mark.parametrize(("name", "environment"), cases())
def test_helm_makes_the_objects_that_kubectl_applies(name: str, environment: str, tmp_path: Path) -> None:
    rendered = bundle(name, environment)
    write(rendered, tmp_path)
    chart = next((tmp_path / "helm").glob("*/Chart.yaml")).parent
    values = values_of(chart, environment)
    assert lint_problems(chart, values) == []
    assert by_identity(template(chart, values)) == by_identity(objects_in(tmp_path / "kubernetes"))
