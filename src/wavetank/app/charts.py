"""Helm charts rendered: with ``helm`` where it is installed, else with Helm as a library (package ``helm-python-sdk``)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from wavetank.app.programs import found, output_of
from wavetank.base.errors import OperationFailed

RELEASE = "release"


def rendered_chart(folder: Path, environment: str | None, variables: Mapping[str, str]) -> str:
    """What ``helm template`` prints, with CustomResourceDefinitions; OperationFailed says why there is nothing.

    Values of the environment (``values-<environment>.yaml`` beside the chart's own) are used where they exist.
    """
    values = _values_file(folder, environment)
    if found("helm", variables):
        more = ["--values", str(values)] if values else []
        return output_of(["helm", "template", RELEASE, str(folder), "--include-crds", *more], variables)
    if find_spec("helm_python") is None:
        raise OperationFailed("helm is not on PATH (or `pip install helm-python-sdk`)")
    return _with_library(folder, values)


def _values_file(folder: Path, environment: str | None) -> Path | None:
    candidate = folder / f"values-{environment}.yaml"
    return candidate if environment and candidate.is_file() else None


def _with_library(folder: Path, values: Path | None) -> str:
    # Imported by name: it is no dependency of ours, and has no types.
    helm: Any = import_module("helm_python")
    stated = yaml.safe_load(values.read_text()) if values else None
    try:
        with helm.Chart.load(folder) as chart:
            rendered = chart.render(stated or {}, name=RELEASE, namespace="default")
    except Exception as refused:
        raise OperationFailed(str(refused)) from refused
    parts = [f"# Source: {name}\n{text}" for name, text in sorted(rendered.items()) if not name.endswith("NOTES.txt")]
    crds = [f"# Source: {folder.name}/crds/{f.name}\n{f.read_text()}" for f in sorted(folder.glob("crds/*.yaml"))]
    return "\n---\n".join(crds + parts)
