"""What installing KEDA creates: the catalogue's pods and definitions, with the columns of its kinds and its metrics API."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.components.charts import catalogued
from wavetank.twin.components.component import Component, Installation, cluster_role, service

NAME, NAMESPACE = "keda", "keda"
OPERATOR, METRICS, WEBHOOKS = "keda-operator", "keda-operator-metrics-apiserver", "keda-admission-webhooks"
#: Labels of pods that stand for each part, as the chart and the published manifests have them.
PART_LABELS = {OPERATOR: OPERATOR, METRICS: METRICS, WEBHOOKS: WEBHOOKS}
EXTERNAL_GROUP = "external.metrics.k8s.io"


def _condition(name: str, kind: str) -> Obj:
    return {"name": name, "type": "string", "jsonPath": f'.status.conditions[?(@.type=="{kind}")].status'}


def _column(name: str, path: str, kind: str = "string") -> Obj:
    return {"name": name, "type": kind, "jsonPath": path}


_AGE = _column("Age", ".metadata.creationTimestamp", "date")
_TRIGGERS = _column("Triggers", ".status.triggersTypes")
_AUTHENTICATIONS = _column("Authentications", ".status.authenticationsTypes")
COLUMNS: dict[str, list[Obj]] = {
    "scaledobjects.keda.sh": [
        _column("ScaleTargetKind", ".status.scaleTargetKind"),
        _column("ScaleTargetName", ".spec.scaleTargetRef.name"),
        _column("Min", ".spec.minReplicaCount", "integer"),
        _column("Max", ".spec.maxReplicaCount", "integer"),
        _condition("Ready", "Ready"),
        _condition("Active", "Active"),
        _condition("Fallback", "Fallback"),
        _condition("Paused", "Paused"),
        _TRIGGERS,
        _AUTHENTICATIONS,
        _AGE,
    ],
    "scaledjobs.keda.sh": [
        _column("Min", ".spec.minReplicaCount", "integer"),
        _column("Max", ".spec.maxReplicaCount", "integer"),
        _condition("Ready", "Ready"),
        _condition("Active", "Active"),
        _condition("Paused", "Paused"),
        _TRIGGERS,
        _AUTHENTICATIONS,
        _AGE,
    ],
    "triggerauthentications.keda.sh": [
        _column("PodIdentity", ".spec.podIdentity.provider"),
        _column("Secret", ".spec.secretTargetRef[*].name"),
        _column("Env", ".spec.env[*].name"),
        _column("VaultAddress", ".spec.hashiCorpVault.address"),
        _column("ScaledObjects", ".status.scaledobjects") | {"priority": 1},
        _column("ScaledJobs", ".status.scaledjobs") | {"priority": 1},
    ],
}
COLUMNS["clustertriggerauthentications.keda.sh"] = COLUMNS["triggerauthentications.keda.sh"]


def with_columns(definition: Obj, columns: dict[str, list[Obj]]) -> Obj:
    """A definition whose kind prints these columns; any other as it is."""
    wanted = columns.get(definition["metadata"]["name"]) if definition["kind"] == "CustomResourceDefinition" else None
    if wanted is None:
        return definition
    versions = [{**version, "additionalPrinterColumns": wanted} for version in definition["spec"]["versions"]]
    return {**definition, "spec": {**definition["spec"], "versions": versions}}


def objects(installation: Installation) -> list[Obj]:
    stand_in = catalogued(NAME)
    assert stand_in is not None, "the catalogue knows KEDA's chart"
    rules = [
        ("", "configmaps configmaps/status events", "*"),
        ("", "pods services secrets serviceaccounts external", "get list watch"),
        ("*", "*/scale", "get list patch update watch"),
        ("autoscaling", "horizontalpodautoscalers", "*"),
        ("batch", "jobs", "*"),
        ("keda.sh", "*", "*"),
    ]
    return [
        *(with_columns(obj, COLUMNS) for obj in stand_in.objects(installation)),
        *cluster_role(OPERATOR, rules, OPERATOR, NAMESPACE),
        service(
            METRICS,
            {"app.kubernetes.io/name": METRICS, "app.kubernetes.io/instance": NAME},
            [{"name": "https", "port": 443, "targetPort": 6443}],
            NAMESPACE,
        ),
        _api_service(),
    ]


def _api_service() -> Obj:
    spec = {
        "group": EXTERNAL_GROUP,
        "groupPriorityMinimum": 100,
        "service": {"name": METRICS, "namespace": NAMESPACE, "port": 443},
        "version": "v1beta1",
        "versionPriority": 100,
    }
    metadata = {"name": f"v1beta1.{EXTERNAL_GROUP}"}
    return {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}


KEDA = Component(NAME, objects)
