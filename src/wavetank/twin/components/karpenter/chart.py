"""What the chart ``karpenter`` installs, as far as it matters here. Values and defaults as in the chart.

Read are ``settings`` (names, batches, queue, gates, policies), ``replicas``, ``controller.resources``, ``controller.env``,
``serviceAccount.name``, ``affinity``, ``topologySpreadConstraints``, ``tolerations``, ``nodeSelector``, ``podLabels`` and
``podAnnotations``. The controller never runs on nodes of its own making, and no two of its pods on one node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank import catalog
from wavetank.kube.types import Obj

from ..charts import definitions
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
from . import names

NAME = names.COMPONENT
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
IMAGE = "public.ecr.aws/karpenter/controller"
METRICS_PORT, HEALTH_PORT = 8080, 8081
#: What the catalogue knows of the pods' needs, for installations without values.
_REQUESTS: Obj = {"requests": {"cpu": "500m", "memory": "1Gi"}}
_TOLERATIONS: tuple[Obj, ...] = ({"key": "CriticalAddonsOnly", "operator": "Exists"},)
_GATES = {
    "nodeRepair": False,
    "nodeOverlay": False,
    "reservedCapacity": True,
    "spotToSpotConsolidation": False,
    "staticCapacity": False,
}
#: Variables of the container by the settings that fill them.
_VARIABLES = {
    "clusterName": "CLUSTER_NAME",
    "interruptionQueue": "INTERRUPTION_QUEUE",
    "batchMaxDuration": "BATCH_MAX_DURATION",
    "batchIdleDuration": "BATCH_IDLE_DURATION",
    "preferencePolicy": "PREFERENCE_POLICY",
    "minValuesPolicy": "MIN_VALUES_POLICY",
}
_DEFAULTS = {
    "batchMaxDuration": "10s",
    "batchIdleDuration": "1s",
    "preferencePolicy": "Respect",
    "minValuesPolicy": "Strict",
}
_READY = ("Ready", '.status.conditions[?(@.type=="Ready")].status')
_AGE = ("Age", ".metadata.creationTimestamp", "date")
_COLUMNS: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "NodeClaim": (
        ("Type", r".metadata.labels.node\.kubernetes\.io/instance-type"),
        ("Capacity", r".metadata.labels.karpenter\.sh/capacity-type"),
        ("Zone", r".metadata.labels.topology\.kubernetes\.io/zone"),
        ("Node", ".status.nodeName"),
        _READY,
        _AGE,
        ("ImageID", ".status.imageID", "string", 1),
        ("ID", ".status.providerID", "string", 1),
        ("NodePool", r".metadata.labels.karpenter\.sh/nodepool", "string", 1),
        ("NodeClass", ".spec.nodeClassRef.name", "string", 1),
        ("Drifted", '.status.conditions[?(@.type=="Drifted")].status', "string", 1),
    ),
    "NodePool": (
        ("NodeClass", ".spec.template.spec.nodeClassRef.name"),
        ("Nodes", ".status.nodes", "integer"),
        _READY,
        _AGE,
        ("Weight", ".spec.weight", "integer", 1),
        ("CPU", ".status.resources.cpu", "string", 1),
        ("Memory", ".status.resources.memory", "string", 1),
    ),
    "EC2NodeClass": (_READY, _AGE, ("Role", ".spec.role", "string", 1)),
}
_RULES = [
    (
        "karpenter.sh",
        "nodepools nodepools/status nodeclaims nodeclaims/status",
        "get list watch create delete update patch",
    ),
    ("karpenter.k8s.aws", "ec2nodeclasses ec2nodeclasses/status", "get list watch update patch"),
    (
        "",
        "pods nodes persistentvolumes persistentvolumeclaims replicationcontrollers namespaces",
        "get list watch patch delete",
    ),
    ("", "pods/eviction events", "create patch"),
    ("apps", "daemonsets deployments replicasets statefulsets", "get list watch"),
    ("storage.k8s.io", "storageclasses csinodes volumeattachments", "get list watch"),
    ("policy", "poddisruptionbudgets", "get list watch"),
    ("coordination.k8s.io", "leases", "get list watch create update patch delete"),
]


def objects(installation: Installation) -> list[Obj]:
    values = installation.configuration
    facts = catalog.chart(NAME)
    account = (values.get("serviceAccount") or {}).get("name") or NAME
    return [
        *map(with_columns, definitions(facts.crd_groups if facts is not None else ())),
        service_account(account, labels=LABELS),
        *cluster_role(NAME, _RULES, account),
        disruption_budget(NAME, LABELS),
        service(NAME, LABELS, [{"name": "http-metrics", "port": METRICS_PORT, "targetPort": METRICS_PORT}]),
        _deployment(installation, account),
    ]


def with_columns(definition: Obj) -> Obj:
    """A definition with the columns that kubectl shows of Karpenter's kinds."""
    spec = definition["spec"]
    columns = _COLUMNS.get(spec["names"]["kind"])
    if columns is None:
        return definition
    shown = [_column(*column) for column in columns]
    versions = [{**version, "additionalPrinterColumns": shown} for version in spec["versions"]]
    words = {**spec["names"], "categories": ["karpenter"]}
    return {**definition, "spec": {**spec, "names": words, "versions": versions}}


def _column(name: str, path: str, kind: str = "string", priority: int = 0) -> Obj:
    found: Obj = {"name": name, "type": kind, "jsonPath": path}
    return found | ({"priority": priority} if priority else {})


def _deployment(installation: Installation, account: str) -> Obj:
    values = installation.configuration
    controller = values.get("controller") or {}
    main = container(
        "controller",
        f"{IMAGE}:{installation.version}",
        env=[*_environment(values.get("settings") or {}), *(controller.get("env") or ())],
        ports=[{"name": "http-metrics", "containerPort": METRICS_PORT}, {"name": "http", "containerPort": HEALTH_PORT}],
        livenessProbe=http_probe("/healthz", "http", initialDelaySeconds=30, timeoutSeconds=30),
        readinessProbe=http_probe("/readyz", "http", initialDelaySeconds=5, timeoutSeconds=30),
    )
    workload = Workload(
        name=NAME,
        labels=LABELS,
        containers=(main,),
        service_account=account,
        tolerations=_TOLERATIONS,
        priority_class=values.get("priorityClassName", "system-cluster-critical"),
    )
    told = {key: values[key] for key in ("tolerations", "nodeSelector", "podLabels", "podAnnotations") if key in values}
    told |= {
        "replicaCount": values.get("replicas", 2),
        "resources": controller.get("resources") or _REQUESTS,
        "affinity": values.get("affinity") or _affinity(),
    }
    made = deployment(workload, Installation(installation.version, told, installation.region))
    spread = values.get("topologySpreadConstraints", [_spread()])
    made["spec"]["template"]["spec"]["topologySpreadConstraints"] = spread
    return made


def _environment(settings: Mapping[str, Any]) -> list[Obj]:
    told = {**_DEFAULTS, **{key: value for key, value in settings.items() if value not in (None, "")}}
    gates = {**_GATES, **(settings.get("featureGates") or {})}
    text = ",".join(f"{name[:1].upper()}{name[1:]}={str(on).lower()}" for name, on in sorted(gates.items()))
    found = [{"name": variable, "value": str(told[key])} for key, variable in _VARIABLES.items() if key in told]
    return [*found, {"name": "FEATURE_GATES", "value": text}]


def _affinity() -> Obj:
    elsewhere = {"matchExpressions": [{"key": names.NODE_POOL, "operator": "DoesNotExist"}]}
    apart = {"topologyKey": names.HOSTNAME, "labelSelector": {"matchLabels": dict(LABELS)}}
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return {
        "nodeAffinity": {required: {"nodeSelectorTerms": [elsewhere]}},
        "podAntiAffinity": {required: [apart]},
    }


def _spread() -> Obj:
    selector = {"matchLabels": dict(LABELS)}
    return {"maxSkew": 1, "topologyKey": names.ZONE, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}


KARPENTER = Component(NAME, objects)
