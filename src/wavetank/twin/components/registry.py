"""Which components there are, and their installation into a cluster. Called by ``app`` for add-ons and known charts."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from wavetank.base.errors import WavetankError
from wavetank.catalog import addon_names, chart, chart_names
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

from .charts import catalogued
from .cloudwatch_observability import CLOUDWATCH_OBSERVABILITY
from .cluster_autoscaler import CLUSTER_AUTOSCALER
from .component import Component, Installation
from .coredns import COREDNS
from .ebs_csi_driver import EBS_CSI_DRIVER
from .efs_csi_driver import EFS_CSI_DRIVER
from .karpenter import KARPENTER
from .keda import KEDA
from .kube_proxy import KUBE_PROXY
from .load_balancer_controller import LOAD_BALANCER_CONTROLLER
from .metrics_server import METRICS_SERVER
from .pod_identity_agent import POD_IDENTITY_AGENT
from .vpa import VPA
from .vpc_cni import VPC_CNI

#: those that act, or whose objects are known one by one; for all others the catalogue stands in (see ``charts``)
COMPONENTS: tuple[Component, ...] = (
    VPC_CNI,
    KUBE_PROXY,
    COREDNS,
    METRICS_SERVER,
    POD_IDENTITY_AGENT,
    EBS_CSI_DRIVER,
    EFS_CSI_DRIVER,
    CLOUDWATCH_OBSERVABILITY,
    LOAD_BALANCER_CONTROLLER,
    KEDA,
    VPA,
    CLUSTER_AUTOSCALER,
    KARPENTER,
)
MANAGER = "eks"
_KEPT_KINDS = ("Namespace", "CustomResourceDefinition")


class UnknownComponentError(WavetankError):
    """The twin has no stand-in for a component of that name."""

    def __init__(self, name: str) -> None:
        known = sorted({component.name for component in COMPONENTS} | {*chart_names(), *addon_names()})
        near = get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        super().__init__(
            f"the local cluster has no stand-in for the component {name!r}{hint} Known are: {', '.join(known)}."
        )


#: what stand-ins of the catalogue do beside standing there
PARTS = {
    "gatekeeper": "makes the kinds of constraints; judges nothing",
    "external-secrets": "makes Secrets with placeholders for values",
}


def acts(name: str) -> bool:
    """Whether the stand-in does what the component is for; otherwise its pods and definitions are there and no more."""
    return any(component.name == name for component in COMPONENTS)


def component_named(name: str) -> Component:
    """Raises UnknownComponentError."""
    facts = chart(name)
    known = facts.name if facts is not None else name
    found = next((component for component in COMPONENTS if component.name == known), None) or catalogued(name)
    if found is None:
        raise UnknownComponentError(name)
    return found


def install(
    cluster: Cluster,
    name: str,
    version: str,
    configuration: Mapping[str, Any] | None = None,
    *,
    region: str = "us-west-2",
) -> list[Obj]:
    """Create the component's objects, or bring those that exist to this version; returns them as stored.

    The pods that result are scheduled and started like any others: it works when they are Ready. Raises
    UnknownComponentError, and ApiError for what the cluster refuses.
    """
    component = component_named(name)
    cluster.engine.record("components", "install", name, version)
    return [_applied(cluster, obj) for obj in component.objects(Installation(version, configuration or {}, region))]


def uninstall(cluster: Cluster, name: str) -> None:
    """Delete the component's objects, last first; what is gone already stays gone. Raises UnknownComponentError.

    Namespaces and custom resource definitions stay, as Helm leaves them: what others keep in them would go with them.
    """
    component = component_named(name)
    cluster.engine.record("components", "uninstall", name)
    for obj in reversed(component.objects(Installation("any"))):
        metadata = obj["metadata"]
        if obj["kind"] in _KEPT_KINDS:
            continue
        try:
            cluster.delete(cluster.resource_of(obj).key, metadata.get("namespace", ""), metadata["name"])
        except ApiError as error:
            if error.code != 404:
                raise


def _applied(cluster: Cluster, obj: Obj) -> Obj:
    metadata = obj["metadata"]
    live = cluster.find(cluster.resource_of(obj).key, metadata.get("namespace", ""), metadata["name"])
    if live is None:
        return cluster.create(obj, manager=MANAGER)
    labels = {**(live["metadata"].get("labels") or {}), **(metadata.get("labels") or {})}
    merged = {**live["metadata"]} | ({"labels": labels} if labels else {})
    return cluster.update({**live, **obj, "metadata": merged, **_kept(live, obj)}, manager=MANAGER)


def _kept(live: Obj, obj: Obj) -> Obj:
    """What the cluster filled in and a new version does not state: status, allocated addresses."""
    kept: Obj = {"status": live["status"]} if "status" in live else {}
    if obj["kind"] == "Service":
        allocated = {key: live["spec"][key] for key in ("clusterIP", "clusterIPs") if key in live["spec"]}
        kept["spec"] = {**obj["spec"], **allocated}
    return kept
