"""Helm charts rendered: with ``helm`` where it is installed, else with Helm as a library (package ``helm-python-sdk``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from wavetank.app.programs import found, output_of
from wavetank.base.errors import OperationFailed


@dataclass(frozen=True)
class Installed:
    """How a chart is installed. Values of the environment (``values-<environment>.yaml`` beside the chart's own) are used
    where they exist, and those of ``values`` after them.
    """

    environment: str | None = None
    values: tuple[Path, ...] = ()
    release: str = "release"
    namespace: str = "default"

    def files(self, folder: Path) -> tuple[Path, ...]:
        """The values files for a chart, the last one wins."""
        own = folder / f"values-{self.environment}.yaml"
        return (own, *self.values) if self.environment and own.is_file() else self.values


def rendered_chart(folder: Path, installed: Installed, variables: Mapping[str, str]) -> str:
    """What ``helm template`` prints, with CustomResourceDefinitions; OperationFailed says why there is nothing."""
    files = installed.files(folder)
    if found("helm", variables):
        more = [word for file in files for word in ("--values", str(file))]
        words = ["helm", "template", installed.release, str(folder), "--namespace", installed.namespace]
        return output_of([*words, "--include-crds", *more], variables)
    if find_spec("helm_python") is None:
        raise OperationFailed("helm is not on PATH (or `pip install helm-python-sdk`)")
    return _with_library(folder, installed, files)


def _with_library(folder: Path, installed: Installed, files: Sequence[Path]) -> str:
    # Imported by name: it is no dependency of ours, and has no types.
    helm: Any = import_module("helm_python")
    try:
        stated = _merged([yaml.safe_load(file.read_text()) or {} for file in files])
        with helm.Chart.load(folder) as chart:
            rendered = chart.render(stated, name=installed.release, namespace=installed.namespace)
    except Exception as refused:
        raise OperationFailed(str(refused)) from refused
    parts = [f"# Source: {name}\n{text}" for name, text in sorted(rendered.items()) if not name.endswith("NOTES.txt")]
    crds = [f"# Source: {folder.name}/crds/{f.name}\n{f.read_text()}" for f in sorted(folder.glob("crds/*.yaml"))]
    return "\n---\n".join(crds + parts)


def _merged(values: Sequence[Any]) -> dict[str, Any]:
    """Values files laid over each other as Helm does: maps key by key, everything else replaced, null removes."""
    result: dict[str, Any] = {}
    for each in values:
        result = _laid_over(result, each)
    return result


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged
