"""EKS managed add-ons, charts of well-known components, and the IAM policies that such components need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from wavetank.catalog.files import data


@dataclass(frozen=True)
class PodSet:
    """The pods of one Deployment or StatefulSet of a component; ``requests`` are those of one pod."""

    name: str
    replicas: int
    requests: Mapping[str, str]


@dataclass(frozen=True)
class DaemonPods:
    """The pod that a component's DaemonSet puts on every node, or on those with NVIDIA GPUs only."""

    name: str
    requests: Mapping[str, str]
    only_on_gpus: bool


@dataclass(frozen=True)
class Requests:
    """What the pods of a component ask for (Kubernetes quantities). Of charts it is what their values below say; of add-ons
    it is remembered and not confirmed.
    """

    pods: tuple[PodSet, ...] = ()
    daemons: tuple[DaemonPods, ...] = ()


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

    #: the chart's own name, whatever alias it was asked for by
    name: str
    repository: str
    version: str
    #: the version was seen in use, not only one near it
    confirmed: bool
    app_version: str | None
    namespace: str
    #: the one that may be given an IAM role
    service_account: str | None
    #: path of keys in the values where the chart keeps that service account
    service_account_keys: tuple[str, ...]
    #: key of its values that takes the VPC's id, because pods do not reach the node's metadata service
    vpc_id_key: str | None
    requests: Requests
    #: API groups of the custom resources that it installs
    crd_groups: tuple[str, ...]
    #: Pod Security level that its namespace has to allow
    pod_security: Literal["privileged", "baseline", "restricted"]
    images: tuple[str, ...]
    #: values that every platform gives it; {cluster} and {region} stand for the platform's own
    values: Mapping[str, Any]


def _requests(row: Mapping[str, Any]) -> Requests:
    pods = tuple(PodSet(name, each["replicas"], _amounts(each)) for name, each in row.get("deployments", {}).items())
    daemons = tuple(
        DaemonPods(name, _amounts(each), each.get("on") == "gpu") for name, each in row.get("daemonSets", {}).items()
    )
    return Requests(pods, daemons)


def _amounts(row: Mapping[str, Any]) -> dict[str, str]:
    return {"cpu": row["cpu"], "memory": row["memory"]}


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


@cache
def chart(name: str) -> ChartFacts | None:
    """Where a well-known chart lives and which version is pinned by default; None for any other chart.

    ``name`` is the chart's name or an alias of it (``istio-base`` for ``base``, ``kubecost`` for ``cost-analyzer``).
    """
    name = _chart_aliases().get(name, name)
    row = data("charts")["charts"].get(name)
    if row is None:
        return None
    return ChartFacts(
        name=name,
        repository=row["repository"],
        version=row["version"],
        confirmed=row["confirmed"],
        app_version=row.get("appVersion"),
        namespace=row["namespace"],
        service_account=row["serviceAccount"],
        service_account_keys=tuple(row.get("serviceAccountKeys", ("serviceAccount",))),
        vpc_id_key=row.get("vpcIdKey"),
        requests=_requests(row.get("requests", {})),
        crd_groups=tuple(row["crdGroups"]),
        pod_security=row["podSecurity"],
        images=tuple(row.get("images", ())),
        values=row.get("values", {}),
    )


@cache
def _chart_aliases() -> dict[str, str]:
    return {alias: name for name, row in data("charts")["charts"].items() for alias in row.get("aliases", ())}


def chart_names() -> tuple[str, ...]:
    """The charts that the catalog knows."""
    return tuple(data("charts")["charts"])


def charts_with_group(api_group: str) -> tuple[str, ...]:
    """The charts that install custom resources of an API group (``keda.sh``)."""
    return tuple(name for name, row in data("charts")["charts"].items() if api_group in row["crdGroups"])


def sidecar_requests(name: str) -> Mapping[str, str]:
    """What a sidecar that is injected into pods (``istio-proxy``) asks for on behalf of each of them."""
    return _amounts(data("charts")["sidecars"][name])


def controller_policy(name: str) -> tuple[dict[str, Any], ...]:
    """The IAM policy statements that a controller (by its chart's name) needs; empty when it needs none that we know."""
    return tuple(data("add-ons")["controllerPolicies"].get(name, ()))


def load_balancer_controller_policy() -> tuple[dict[str, Any], ...]:
    """The IAM policy statements of the AWS Load Balancer Controller (its docs/install/iam_policy.json)."""
    return controller_policy("aws-load-balancer-controller")
