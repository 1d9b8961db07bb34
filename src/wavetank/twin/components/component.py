"""A component: its name and the objects that an installation of it consists of. Values and small builders; acts on nothing.

``configuration`` is what ``configurationValues`` of an EKS add-on or the values of a chart say. Understood everywhere:
``replicaCount``, ``resources`` (of the main container), ``nodeSelector``, ``tolerations``, ``affinity``, ``env`` (name to
value), ``podLabels`` and ``podAnnotations``; other keys change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wavetank.kube.types import Obj

NAMESPACE = "kube-system"
#: The account from which AWS serves add-on images in most regions.
IMAGE_ACCOUNT = "602401143452"
EVERYWHERE = ({"operator": "Exists"},)
CRITICAL_ADDONS = (
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
)
CLUSTER_CRITICAL, NODE_CRITICAL = "system-cluster-critical", "system-node-critical"


@dataclass(frozen=True)
class Installation:
    """One installation: which version, and how it is set up."""

    version: str
    configuration: Mapping[str, Any] = field(default_factory=dict)
    region: str = "us-west-2"

    def image(self, repository: str, tag: str = "") -> str:
        """An image of the regional add-on registry; the add-on's version is the tag unless one is given."""
        return f"{IMAGE_ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com/{repository}:{tag or self.version}"

    def part(self, name: str) -> Installation:
        """The same installation with the configuration of one of its workloads."""
        return Installation(self.version, self.configuration.get(name) or {}, self.region)


@dataclass(frozen=True)
class Component:
    """``objects`` gives what to create, in order."""

    name: str
    objects: Callable[[Installation], list[Obj]]


@dataclass(frozen=True)
class Workload:
    """What Deployments and DaemonSets of components differ in."""

    name: str
    labels: Mapping[str, str]
    containers: tuple[Obj, ...]
    service_account: str
    namespace: str = NAMESPACE
    replicas: int | None = None
    host_network: bool = False
    priority_class: str = CLUSTER_CRITICAL
    tolerations: tuple[Obj, ...] = ()
    init_containers: tuple[Obj, ...] = ()
    grace_seconds: int = 30
    spread: bool = False


def container(name: str, image: str, cpu: str = "", memory: str = "", memory_limit: str = "", **more: Any) -> Obj:
    """A container with the requests that the project ships; empty means none."""
    requests = {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}
    resources: Obj = {"requests": requests} if requests else {}
    if memory_limit:
        resources["limits"] = {"memory": memory_limit}
    return {"name": name, "image": image, "resources": resources, **more}


def http_probe(path: str, port: int | str, **numbers: int) -> Obj:
    return {"httpGet": {"path": path, "port": port}, **numbers}


def deployment(workload: Workload, installation: Installation) -> Obj:
    replicas = installation.configuration.get("replicaCount", workload.replicas)
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    return _workload("Deployment", workload, installation, {"replicas": replicas, "strategy": strategy})


def daemon_set(workload: Workload, installation: Installation) -> Obj:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}
    return _workload("DaemonSet", workload, installation, {"updateStrategy": strategy})


def _workload(kind: str, workload: Workload, installation: Installation, more: Obj) -> Obj:
    configuration = installation.configuration
    metadata: Obj = {"labels": {**workload.labels, **configuration.get("podLabels", {})}}
    if configuration.get("podAnnotations"):
        metadata["annotations"] = dict(configuration["podAnnotations"])
    template = {"metadata": metadata, "spec": _pod_spec(workload, installation)}
    spec = {"selector": {"matchLabels": _selector(workload.labels)}, "template": template, **more}
    identity = {"name": workload.name, "namespace": workload.namespace, "labels": dict(workload.labels)}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": identity, "spec": spec}


def _selector(labels: Mapping[str, str]) -> dict[str, str]:
    """Selectors may not change between versions, so they leave out what does."""
    return {k: v for k, v in labels.items() if k not in ("app.kubernetes.io/version", "app.kubernetes.io/managed-by")}


def _pod_spec(workload: Workload, installation: Installation) -> Obj:
    configuration = installation.configuration
    first, *others = workload.containers
    spec: Obj = {
        "serviceAccountName": workload.service_account,
        "terminationGracePeriodSeconds": workload.grace_seconds,
        "containers": [_configured(first, configuration), *others],
        "tolerations": list(configuration.get("tolerations", workload.tolerations)),
        "nodeSelector": {"kubernetes.io/os": "linux", **configuration.get("nodeSelector", {})},
    }
    if workload.init_containers:
        spec["initContainers"] = list(workload.init_containers)
    if workload.priority_class:
        spec["priorityClassName"] = workload.priority_class
    if workload.host_network:
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirst"}
    if configuration.get("affinity"):
        spec["affinity"] = configuration["affinity"]
    elif workload.spread:
        spec["affinity"] = _apart(_selector(workload.labels))
    return spec


def _configured(main: Obj, configuration: Mapping[str, Any]) -> Obj:
    changed = {**main, "resources": configuration.get("resources", main["resources"])}
    variables = configuration.get("env")
    if isinstance(variables, Mapping):
        known = {v["name"]: v for v in main.get("env") or ()}
        known |= {name: {"name": name, "value": str(value)} for name, value in variables.items()}
        changed["env"] = list(known.values())
    return changed


def _apart(labels: Mapping[str, str]) -> Obj:
    """Preferably on different machines."""
    term = {"labelSelector": {"matchLabels": dict(labels)}, "topologyKey": "kubernetes.io/hostname"}
    rule = {"weight": 100, "podAffinityTerm": term}
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [rule]}}


def service_account(name: str, namespace: str = NAMESPACE, labels: Mapping[str, str] | None = None) -> Obj:
    metadata = {"name": name, "namespace": namespace} | ({"labels": dict(labels)} if labels else {})
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def namespace(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service(name: str, selector: Mapping[str, str], ports: list[Obj], namespace: str = NAMESPACE) -> Obj:
    metadata = {"name": name, "namespace": namespace, "labels": dict(selector)}
    spec = {"selector": dict(selector), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def disruption_budget(name: str, selector: Mapping[str, str], namespace: str = NAMESPACE) -> Obj:
    """At most one pod away at a time."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": dict(selector)}}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}


def cluster_role(name: str, rules: list[tuple[str, str, str]], account: str, namespace: str = NAMESPACE) -> list[Obj]:
    """A ClusterRole of (group, resources, verbs), separated by blanks, and its binding to a service account."""
    group = "rbac.authorization.k8s.io"
    role_rules = [{"apiGroups": [g], "resources": r.split(), "verbs": v.split()} for g, r, v in rules]
    metadata = {"name": name}
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": name}
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]
    version = f"{group}/v1"
    return [
        {"apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": role_rules},
        {
            "apiVersion": version,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": subjects,
        },
    ]
