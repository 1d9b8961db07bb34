"""Real Helm 4 for tests: lint, values files, ``helm template``, and whether two sets of objects are the same.

Helm comes as a library inside the package ``helm-python-sdk``; no binary and no network are needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import helm_python
import yaml

Objects = dict[tuple[str, str, str, str], Any]


def values_of(chart: Path, environment: str) -> dict[str, Any]:
    """The content of values-<environment>.yaml, as ``-f`` hands it to Helm."""
    return yaml.safe_load((chart / f"values-{environment}.yaml").read_text()) or {}


def template(chart: Path, values: Mapping[str, Any], release: str = "test", namespace: str = "default") -> list[Any]:
    """The objects of ``helm template``; raises what Helm says when it refuses chart or values."""
    with helm_python.Chart.load(chart) as loaded:
        loaded.validate_schema(dict(values))
        rendered = loaded.render(dict(values), name=release, namespace=namespace)
    texts = (text for name, text in rendered.items() if not name.endswith("NOTES.txt"))
    return [item for text in texts for item in yaml.safe_load_all(text) if item]


def lint_problems(chart: Path, values: Mapping[str, Any]) -> list[str]:
    """What ``helm lint --strict --with-subcharts`` holds against a chart; advice about icons is not counted."""
    report = helm_python.lint(chart, dict(values), strict=True)
    return [f"{item['path']}: {item['error']}" for item in report["messages"] if item["severity"] > 1]


def by_identity(objects: Iterable[Any]) -> Objects:
    """Objects by kind and name; fails when two are the same."""
    found: Objects = {}
    for item in objects:
        metadata = item["metadata"]
        key = (item["apiVersion"], item["kind"], metadata.get("namespace", ""), metadata["name"])
        assert key not in found, f"{key} is there twice"
        found[key] = item
    return found


def objects_in(folder: Path) -> list[Any]:
    """The objects of a folder of manifests."""
    return [item for file in sorted(folder.glob("*.yaml")) for item in yaml.safe_load_all(file.read_text()) if item]
