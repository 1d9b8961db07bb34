"""The custom resource definitions of the Prometheus operator as their chart installs them; nothing here scrapes anything.

The shapes are a sketch: what a ServiceMonitor must have is required, further fields are kept without being looked at (the real
definitions run to megabytes). What passes here may still be refused there.
"""

from __future__ import annotations

from typing import Any

from wavetank.kube.types import Obj

from .component import Component, Installation

NAME = "prometheus-operator-crds"
GROUP = "monitoring.coreos.com"
_OPEN: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_ENDPOINTS = {"type": "array", "items": _OPEN}
_MONITOR = {"type": "object", "required": ["selector"], "x-kubernetes-preserve-unknown-fields": True}
#: (kind, plural, short name, structure of spec)
KINDS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "ServiceMonitor",
        "servicemonitors",
        "smon",
        {**_MONITOR, "required": ["endpoints", "selector"], "properties": {"selector": _OPEN, "endpoints": _ENDPOINTS}},
    ),
    (
        "PodMonitor",
        "podmonitors",
        "pmon",
        {**_MONITOR, "properties": {"selector": _OPEN, "podMetricsEndpoints": _ENDPOINTS}},
    ),
    (
        "PrometheusRule",
        "prometheusrules",
        "promrule",
        {**_OPEN, "properties": {"groups": {"type": "array", "items": {**_OPEN, "required": ["name"]}}}},
    ),
)


def objects(installation: Installation) -> list[Obj]:
    return [_definition(*kind, version=installation.version) for kind in KINDS]


def _definition(kind: str, plural: str, short_name: str, spec: dict[str, Any], *, version: str) -> Obj:
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": _OPEN}}
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {
        "kind": kind,
        "listKind": f"{kind}List",
        "plural": plural,
        "singular": kind.lower(),
        "shortNames": [short_name],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}", "labels": {"app.kubernetes.io/version": version}},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [served]},
    }


PROMETHEUS_OPERATOR_CRDS = Component(NAME, objects)
