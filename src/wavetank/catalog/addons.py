"""EKS managed add-ons, charts of well-known components, and the IAM policies that such components need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wavetank.catalog.files import data


@dataclass(frozen=True)
class Requests:
    """What the pods of a component ask for (Kubernetes quantities); not confirmed, charts and add-ons change them."""

    #: of its DaemonSet's pod on each node
    per_node: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 0
    #: of each pod of its Deployment
    per_pod: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AddOnFacts:
    """One entry of the EKS add-on catalogue."""

    name: str
    namespace: str
    #: the one that may be given an IAM role; None when it has none that matters
    service_account: str | None
    kind: str
    #: EKS installs it by itself in a new cluster
    installed_by_default: bool
    #: it is wanted before the first node joins
    before_nodes: bool
    #: names of AWS managed policies (with their path) that its role needs
    managed_policies: tuple[str, ...]
    requires: tuple[str, ...]
    requests: Requests
    confirmed: bool


@dataclass(frozen=True)
class ChartFacts:
    """A Helm chart that a platform may name without spelling out where it lives."""

    name: str
    repository: str
    version: str
    namespace: str
    service_account: str | None
    requests: Requests
    #: values that every platform gives it; {cluster} and {region} stand for the platform's own
    values: Mapping[str, Any]


def _requests(row: Mapping[str, Any]) -> Requests:
    return Requests(row.get("perNode", {}), row.get("replicas", 0), row.get("perPod", {}))


def addon(name: str) -> AddOnFacts | None:
    """The facts of an EKS managed add-on; None when the catalogue has no such add-on."""
    row = data("add-ons")["addons"].get(name)
    if row is None:
        return None
    return AddOnFacts(
        name=name,
        namespace=row["namespace"],
        service_account=row["serviceAccount"],
        kind=row["kind"],
        installed_by_default=row["default"],
        before_nodes=row["beforeNodes"],
        managed_policies=tuple(row["managedPolicies"]),
        requires=tuple(row.get("requires", ())),
        requests=_requests(row.get("requests", {})),
        confirmed=row["confirmed"],
    )


def addon_names() -> tuple[str, ...]:
    """Every managed add-on that the catalog knows."""
    return tuple(data("add-ons")["addons"])


def installed_with_helm() -> tuple[str, ...]:
    """Components that people look for among the managed add-ons, but which are installed with their charts."""
    return tuple(data("add-ons")["installedWithHelm"])


def chart(name: str) -> ChartFacts | None:
    """Where a well-known chart lives and which version is pinned by default; None for any other chart."""
    row = data("charts")["charts"].get(name)
    if row is None:
        return None
    requests = _requests(row.get("requests", {}))
    return ChartFacts(
        name,
        row["repository"],
        row["version"],
        row["namespace"],
        row["serviceAccount"],
        requests,
        row.get("values", {}),
    )


def chart_names() -> tuple[str, ...]:
    """The charts that the catalog knows."""
    return tuple(data("charts")["charts"])


def controller_policy(name: str) -> tuple[dict[str, Any], ...]:
    """The IAM policy statements that a controller (by its chart's name) needs; empty when it needs none that we know."""
    return tuple(data("add-ons")["controllerPolicies"].get(name, ()))


def load_balancer_controller_policy() -> tuple[dict[str, Any], ...]:
    """The IAM policy statements of the AWS Load Balancer Controller (its docs/install/iam_policy.json)."""
    return controller_policy("aws-load-balancer-controller")
