"""SCH015: a ConfigMap that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, texts_within
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload

#: whoever reads these does it by label or by a name of its own
_FOUND_BY_LABEL = ("grafana_dashboard", "grafana_datasource", "grafana_alert")
_FOUND_BY_NAME = ("aws-auth", "coredns", "kube-proxy", "amazon-vpc-cni", "cluster-autoscaler-status", "istio")


def check(case: Case) -> Iterator[Mistake]:
    configs = case.manifests.of_kind("ConfigMap", group="")
    said = {namespace: _said(case.workloads_in(namespace)) for namespace in {config.namespace for config in configs}}
    for config in configs:
        workloads = case.workloads_in(config.namespace)
        if workloads and not _is_found_otherwise(config) and config.name not in said[config.namespace]:
            yield Mistake(
                at=config.at("metadata", "name"),
                message=(
                    f"{config.title} is read by none of the {len(workloads)} workloads of its namespace: whatever its keys say "
                    "changes nothing"
                ),
                remedy="mount it or use it in env where it is meant, or remove it; settings of a chart belong into its values",
                numbers={"workloads": len(workloads), "readers": 0},
            )


def _is_found_otherwise(config: Manifest) -> bool:
    labelled = any(label in config.labels for label in _FOUND_BY_LABEL)
    # Charts' programs read ConfigMaps through the API; who installs one with Helm or an operator knows.
    owned = "helm.sh/chart" in config.labels or "argocd.argoproj.io/secret-type" in config.labels
    return labelled or owned or config.name in _FOUND_BY_NAME or config.namespace == "kube-system"


def _said(workloads: Sequence[Workload]) -> frozenset[str]:
    """Every text in the pods' specifications: who reads a ConfigMap names it."""
    return frozenset(text for workload in workloads for text in texts_within(workload.spec))


RULE = Rule(
    id="SCH015",
    severity=Severity.INFO,
    title="Nothing reads the ConfigMap",
    source="a ConfigMap acts only through who reads it",
    check=check,
)
