"""Structure of the custom resources that platforms are made of: those of Istio, Argo, KEDA, Prometheus, Karpenter and others.

Read by the checks (is this field known?) and by the cluster on a laptop, which installs the definitions that a chart would bring.
``tools/pack_custom_resources.py`` wrote the data file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class CustomResource:
    """One version of one kind; ``schema`` is its structural OpenAPI v3 schema (nobody changes it)."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...]
    schema: Mapping[str, Any]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    def definition(self) -> dict[str, Any]:
        """The CustomResourceDefinition that serves it."""
        names = {
            "kind": self.kind,
            "listKind": f"{self.kind}List",
            "plural": self.plural,
            "singular": self.kind.lower(),
            "shortNames": list(self.short_names),
        }
        served = {"name": self.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": self.schema}}
        if "status" in self.schema.get("properties", {}):
            served["subresources"] = {"status": {}}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{self.group}", **_approved(self.group)},
            "spec": {
                "group": self.group,
                "names": names,
                "scope": "Namespaced" if self.namespaced else "Cluster",
                "versions": [served],
            },
        }


#: Groups of the Kubernetes community say who has approved of their API, or are refused.
_APPROVALS = {
    "autoscaling.k8s.io": "https://github.com/kubernetes/kubernetes/pull/63797",
    "gateway.networking.k8s.io": "https://github.com/kubernetes-sigs/gateway-api/pull/3328",
    "snapshot.storage.k8s.io": "https://github.com/kubernetes-csi/external-snapshotter/pull/814",
}


def _approved(group: str) -> dict[str, Any]:
    if not group.endswith((".k8s.io", ".kubernetes.io")):
        return {}
    return {"annotations": {"api-approved.kubernetes.io": _APPROVALS.get(group, "unapproved, part of a chart")}}


@cache
def custom_resources() -> Mapping[tuple[str, str], CustomResource]:
    """By group and kind; read once, in 30 ms."""
    packed = files(__package__).joinpath("data", "custom-resources.json.gz").read_bytes()
    rows = json.loads(gzip.decompress(packed))["definitions"]
    return {(row["group"], row["kind"]): _custom_resource(row) for row in rows}


def _custom_resource(row: Mapping[str, Any]) -> CustomResource:
    return CustomResource(
        group=row["group"],
        version=row["version"],
        kind=row["kind"],
        plural=row["plural"],
        namespaced=row["scope"] == "Namespaced",
        short_names=tuple(row["shortNames"]),
        schema=row["schema"],
    )


def custom_resource(group: str, kind: str) -> CustomResource | None:
    """The structure of a kind; None for kinds that we do not know."""
    return custom_resources().get((group, kind))
