"""What the chart ``cluster-autoscaler`` installs, as far as it matters here. Values as in the chart.

Read are ``autoDiscovery`` (``clusterName``, ``tags``), ``autoscalingGroups``, ``extraArgs``, ``extraArgsList``,
``cloudProvider``, ``awsRegion``, ``image``, ``replicaCount``, ``rbac.serviceAccount`` and
what every stand-in reads (see ``component``). Without a group to look for the chart makes no Deployment; installed without
any values at all (which is not the chart) it looks for every group that says ``enabled``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank import catalog
from wavetank.kube.types import Obj

from ..component import (
    Component,
    Installation,
    Workload,
    cluster_role,
    container,
    deployment,
    disruption_budget,
    http_probe,
    service,
    service_account,
)

NAME = "cluster-autoscaler"
PROGRAM = "aws-cluster-autoscaler"
LABELS = {"app.kubernetes.io/name": PROGRAM, "app.kubernetes.io/instance": NAME}
IMAGE = "registry.k8s.io/autoscaling/cluster-autoscaler"
PORT = 8085
DEFAULT_TAGS = (
    "k8s.io/cluster-autoscaler/enabled",
    "k8s.io/cluster-autoscaler/{{ .Values.autoDiscovery.clusterName }}",
)
DEFAULT_ARGUMENTS: Mapping[str, Any] = {"logtostderr": True, "stderrthreshold": "info", "v": 4}
_TEMPLATED = "{{ .Values.autoDiscovery.clusterName }}"
_RULES = [
    ("", "events endpoints", "create patch"),
    ("", "pods/eviction", "create"),
    ("", "pods/status", "update"),
    ("", "nodes", "watch list create delete get update"),
    ("", "namespaces pods services replicationcontrollers persistentvolumeclaims persistentvolumes", "watch list get"),
    ("", "configmaps", "list watch get create update delete"),
    ("batch", "jobs cronjobs", "watch list get"),
    ("apps", "daemonsets replicasets statefulsets", "watch list get"),
    ("policy", "poddisruptionbudgets", "watch list"),
    ("storage.k8s.io", "storageclasses csinodes csidrivers csistoragecapacities volumeattachments", "watch list get"),
    ("coordination.k8s.io", "leases", "create get update"),
]


def objects(installation: Installation) -> list[Obj]:
    values = installation.configuration
    stated = (values.get("rbac") or {}).get("serviceAccount") or {}
    account = stated.get("name") or NAME
    made = [
        service_account(account, labels=LABELS),
        *cluster_role(NAME, _RULES, account),
        disruption_budget(NAME, LABELS),
        service(NAME, LABELS, [{"name": "http", "port": PORT, "targetPort": PORT}]),
    ]
    return [*made, _deployment(installation, account)] if _has_groups(values) else made


def _has_groups(values: Mapping[str, Any]) -> bool:
    if not values:
        return True
    discovery = values.get("autoDiscovery") or {}
    return bool(discovery.get("clusterName") or discovery.get("namespace") or values.get("autoscalingGroups"))


def _deployment(installation: Installation, account: str) -> Obj:
    values = installation.configuration
    main = container(
        PROGRAM,
        _image(installation),
        cpu="100m",
        memory="600Mi",
        command=["./cluster-autoscaler", *_arguments(values)],
        env=[{"name": "AWS_REGION", "value": values.get("awsRegion") or installation.region}],
        ports=[{"containerPort": PORT}],
        livenessProbe=http_probe("/health-check", PORT),
    )
    workload = Workload(
        name=NAME,
        labels=LABELS,
        containers=(main,),
        service_account=account,
        replicas=1,
        priority_class=values.get("priorityClassName", "system-cluster-critical"),
    )
    return deployment(workload, installation)


def _image(installation: Installation) -> str:
    stated = installation.configuration.get("image") or {}
    facts = catalog.chart(NAME)
    tag = stated.get("tag") or (facts.app_version if facts is not None else None) or installation.version
    return f"{stated.get('repository') or IMAGE}:{tag}"


def _arguments(values: Mapping[str, Any]) -> Iterator[str]:
    """The flags in the order of the chart's template."""
    discovery = values.get("autoDiscovery") or {}
    yield f"--cloud-provider={values.get('cloudProvider', 'aws')}"
    yield "--namespace=kube-system"
    if discovery.get("clusterName"):
        tags = [
            str(tag).replace(_TEMPLATED, str(discovery["clusterName"])) for tag in discovery.get("tags", DEFAULT_TAGS)
        ]
        yield f"--node-group-auto-discovery=asg:tag={','.join(tags)}"
    elif not values:
        yield f"--node-group-auto-discovery=asg:tag={DEFAULT_TAGS[0]}"
    for group in values.get("autoscalingGroups") or ():
        yield f"--nodes={group['minSize']}:{group['maxSize']}:{group['name']}"
    for name, value in {**DEFAULT_ARGUMENTS, **(values.get("extraArgs") or {})}.items():
        yield from _argument(str(name), value)
    for word in values.get("extraArgsList") or ():
        yield str(word)


def _argument(name: str, value: Any) -> Iterator[str]:
    """A list repeats the flag, nothing leaves the flag alone."""
    if isinstance(value, list):
        for one in value:
            yield f"--{name}={one}"
    elif value is None or value == "":
        yield f"--{name}"
    elif isinstance(value, bool):
        yield f"--{name}={str(value).lower()}"
    else:
        yield f"--{name}={value}"


CLUSTER_AUTOSCALER = Component(NAME, objects)
