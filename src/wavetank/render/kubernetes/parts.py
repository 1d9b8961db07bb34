"""Small pieces that several groups of Kubernetes objects share: the frame of an object, its labels, leaving out what is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.plan.model import Plan
from wavetank.plan.reasons import key_path
from wavetank.render.trace import Traced, untraced

MANAGED_BY = "wavetank"
TEAM_LABEL = "team"


def manifest(api_version: str, kind: str, metadata: Traced, path: str, note: str = "", **content: Any) -> Traced:
    """An object; of ``content`` (spec, data, rules...) empty parts are left out."""
    return Traced({"apiVersion": api_version, "kind": kind, "metadata": metadata, **present(content)}, path, note)


def metadata(
    plan: Plan,
    path: str,
    name: str,
    namespace: str = "",
    labels: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> Traced:
    """metadata with the standard labels; those of the plan win. ``labels`` and ``annotations`` may hold traced values."""
    return Traced(
        present(
            {
                "name": Traced(name, f"{path}.name"),
                "namespace": Traced(namespace, f"{path}.namespace") if namespace else None,
                "labels": standard_labels(plan) | dict(labels or {}),
                "annotations": dict(annotations or {}),
            }
        ),
        path,
    )


def own_metadata(
    plan: Plan,
    path: str,
    name: str,
    namespace: str = "",
    labels: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> Traced:
    """metadata of an object that stands for the whole value at ``path``: its name is ours and no value of the plan."""
    parts = {"name": name, "namespace": namespace, "labels": standard_labels(plan) | dict(labels or {})}
    return Traced(present({**parts, "annotations": dict(annotations or {})}), path)


def standard_labels(plan: Plan) -> dict[str, Any]:
    """The labels that say to which platform an object belongs and who wrote it (Kubernetes' recommended labels)."""
    return {"app.kubernetes.io/part-of": Traced(plan.name, "name"), "app.kubernetes.io/managed-by": MANAGED_BY}


def traced_entries(mapping: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The entries of a map with free keys, each with its path."""
    return {key: Traced(value, key_path(path, key)) for key, value in mapping.items()}


def of_workload(plan: Plan, workload: str | None) -> dict[str, Any]:
    """The labels of an object that belongs to a workload: its name, its platform, who pays."""
    found = next((item for item in plan.workloads if item.name == workload), None)
    labels = traced_entries(found.labels, f"workloads[{found.name}].labels") if found else {}
    return {key: value for key, value in labels.items() if key.startswith("app.kubernetes.io/") or key == TEAM_LABEL}


def present(content: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that say something: None, "" and empty lists and maps are left out; 0 and False stay."""
    return {key: value for key, value in content.items() if _says_something(untraced(value)[0])}


def _says_something(value: Any) -> bool:
    return value is not None and value != "" and (isinstance(value, bool | int | float | str) or len(value) > 0)
