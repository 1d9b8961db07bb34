"""Strategies of namespaces and workloads of every kind, with everything that can be said about their pods."""

from __future__ import annotations

from typing import Any

from drawn import SWITCH, Draw, Section, Strategy, mapping, one, seldom, some
from hypothesis import strategies as st

NAMESPACES = ("harbor", "quay")
_QUANTITIES = {"cpu": "500m", "memory": "512Mi"}

_NAMESPACE: dict[str, Any] = {
    "labels": {"team": "harbor"},
    "podSecurity": one("privileged", "baseline", "restricted"),
    "quota": one({"pods": 50}, {"requests.cpu": "20", "requests.memory": "40Gi", "limits.cpu": "1k"}),
    "quotas": some(
        {"name": "best-effort", "hard": {"pods": 5}, "scopes": ["BestEffort"]},
        {
            "name": "important",
            "hard": {"requests.cpu": "4000m"},
            "scopeSelector": {
                "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["important"]}]
            },
        },
    ),
    "limitRange": one(
        {"default": _QUANTITIES, "defaultRequest": {"cpu": "100m", "memory": "128Mi"}},
        {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}}]},
    ),
    "defaultDeny": one(["Ingress"], ["Ingress", "Egress"], []),
}

_PROBE = st.one_of(
    one("/health", {"path": "/ready", "periodSeconds": 5, "timeoutSeconds": 2}),
    mapping(
        {
            "tcpSocket": {"port": 8080},
            "periodSeconds": one(5, 30),
        },
        failureThreshold=one(3, 30),
        initialDelaySeconds=10,
    ),
    st.just({"exec": {"command": ["/bin/alive", "--quiet"]}}),
    st.just({"grpc": {"port": 8080}}),
)
_RESOURCES = one(
    {"cpu": "100m", "memory": "128Mi"},
    {"cpu": "250m/1000m", "memory": "256Mi/512Mi"},
    {"cpu": 2, "memory": "4Gi/4Gi"},
    {"requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}, "limits": {"memory": "2Gi"}},
)
_ENV = some(
    {"name": "PLAIN", "value": 5},
    {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token", "key": "token", "optional": True}}},
)
_CONTAINER: dict[str, Any] = {
    "imagePullPolicy": one("IfNotPresent", "Always"),
    "command": ["/bin/serve"],
    "args": ["--verbose", 3],
    "env": st.one_of(_ENV, st.just({"MODE": "fast", "DEBUG": False})),
    "envFrom": [{"configMapRef": {"name": "shared", "optional": True}}],
    "startupProbe": _PROBE,
    "readinessProbe": _PROBE,
    "livenessProbe": _PROBE,
    "securityContext": one({"readOnlyRootFilesystem": False}, {"runAsUser": 1000, "capabilities": {"drop": ["ALL"]}}),
    "lifecycle": {"preStop": {"exec": {"command": ["/bin/sleep", "5"]}}},
}
_POD: dict[str, Any] = {
    "team": one("shop", "models"),
    "labels": {"tier": "front"},
    "podAnnotations": {"example.com/rank": 1},
    "ports": one(
        [9090], [{"name": "metrics", "containerPort": 9100}, {"name": "udp", "containerPort": 5353, "protocol": "UDP"}]
    ),
    "config": {"MODE": "fast", "RETRIES": 3, "DEBUG": True, "settings.ini": "[a]\nb = 1\n"},
    "containers": [
        {
            "name": "sidecar",
            "image": "busybox:1.37",
            "ports": [8081],
            "resources": {"cpu": "10m/10m", "memory": "16Mi/16Mi"},
        }
    ],
    "initContainers": [{"name": "prepare", "image": "busybox:1.37", "args": ["true"]}],
    "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}}],
    "writablePaths": ["/tmp", "/var/cache"],
    "automountServiceAccountToken": SWITCH,
    "podSecurityContext": {"runAsUser": 999, "runAsGroup": 999, "fsGroup": 999, "runAsNonRoot": True},
    "antiAffinity": one("preferred", "required", "none"),
    "topologySpreadConstraints": [
        {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "tolerations": [{"operator": "Exists"}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "Exists"}]}]
            }
        }
    },
    "hostNetwork": SWITCH,
    "dnsPolicy": one("ClusterFirst", "Default"),
    "imagePullSecrets": ["registry"],
    "terminationGracePeriodSeconds": one(30, 120),
    "preStopSleepSeconds": one(0, 10),
    "permissions": one(
        {"statements": [{"Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::models/*"}]},
        {"managedPolicies": ["AmazonS3ReadOnlyAccess"]},
    ),
    "verticalAutoscaling": one({}, {"updateMode": "InPlaceOrRecreate", "maxAllowed": {"cpu": "2", "memory": "4Gi"}}),
    "allowFrom": one("internet", ["vpc", "203.0.113.0/24"], []),
    "runs": one("service", "model-server", "worker", "database", "cache", "batch"),
}
_BEHAVIOR = {
    "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
    "scaleDown": {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Min",
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
    },
}
_TRIGGERS = some(
    {
        "type": "aws-sqs-queue",
        "metadata": {
            "queueURL": "https://sqs.us-east-1.amazonaws.com/111122223333/jobs",
            "queueLength": 5,
            "awsRegion": "us-east-1",
        },
        "authentication": "podIdentity",
    },
    {
        "type": "cron",
        "name": "mornings",
        "metadata": {"timezone": "Etc/UTC", "start": "0 6 * * *", "end": "0 9 * * *", "desiredReplicas": 5},
    },
    {
        "type": "redis",
        "metadata": {"listName": "jobs", "listLength": 10},
        "authentication": {"secretTargetRef": [{"parameter": "password", "name": "redis", "key": "password"}]},
    },
    {
        "type": "prometheus",
        "metadata": {"query": "up", "threshold": 3},
        "authentication": {"ref": "shared", "kind": "ClusterTriggerAuthentication"},
    },
)
_HPA = st.one_of(
    mapping({"minReplicas": one(1, 2), "maxReplicas": one(4, 40), "cpu": one(50, 80)}, memory=85, behavior=_BEHAVIOR),
    st.just(
        {
            "maxReplicas": 5,
            "metrics": [
                {
                    "type": "Pods",
                    "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}},
                }
            ],
        }
    ),
)
_KEDA = mapping(
    {"minReplicas": one(0, 1), "maxReplicas": one(5, 50), "triggers": _TRIGGERS},
    pollingInterval=15,
    cooldownPeriod=120,
    behavior=_BEHAVIOR,
    fallback={"failureThreshold": 3, "replicas": 4},
)
_SCALED: dict[str, Any] = {
    "replicas": one(1, 2, 3, 7),
    "disruptionBudget": one(
        {"minAvailable": 1}, {"maxUnavailable": "25%", "unhealthyPodEvictionPolicy": "IfHealthyBudget"}
    ),
    "autoscaling": st.one_of(_HPA, _KEDA),
    "minReadySeconds": one(0, 10),
    "revisionHistoryLimit": one(0, 3),
}
_JOB: dict[str, Any] = {
    "parallelism": one(0, 1, 3),
    "backoffLimit": one(0, 6),
    "activeDeadlineSeconds": 3600,
    "ttlSecondsAfterFinished": one(0, 600),
    "restartPolicy": one("Never", "OnFailure"),
    "suspend": SWITCH,
    "gpus": one(1, 2),
}
_MODEL = mapping(
    {}, baselineMemory="700Mi", loadSeconds=one(5, 90.5), size="2Gi", downloadPerSecond="50Mi", cpuMillisPerRequest=25
)
#: by kind: what only it has
_OF_KIND: dict[str, dict[str, Any]] = {
    "Deployment": _SCALED
    | {
        "strategy": one({"type": "Recreate"}, {"maxSurge": "50%", "maxUnavailable": 0}),
        "progressDeadlineSeconds": 900,
        "model": _MODEL,
    },
    "StatefulSet": _SCALED
    | {
        "podManagementPolicy": one("OrderedReady", "Parallel"),
        "updateStrategy": one({"type": "OnDelete"}, {"partition": 1}),
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"},
    },
    "DaemonSet": {
        "updateStrategy": one({"maxSurge": "25%", "maxUnavailable": 0}, {"maxUnavailable": 2}),
        "minReadySeconds": 5,
    },
    "Job": _JOB | {"completions": one(1, 4)},
    "CronJob": _JOB
    | {
        "timeZone": "Europe/Dublin",
        "concurrencyPolicy": one("Allow", "Forbid", "Replace"),
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": one(0, 3),
        "failedJobsHistoryLimit": 1,
    },
}
_DELIVERY = one(
    {"blueGreen": {}},
    {
        "blueGreen": {
            "autoPromotionSeconds": 600,
            "scaleDownDelaySeconds": 30,
            "smokeTest": {"image": "curlimages/curl:8.10.1", "path": "/health"},
        }
    },
    {"canary": {"steps": [{"setWeight": 10}, {"pause": "5m"}, {"weight": 60, "pause": "1m"}]}},
    {"canary": {}},
)
_STORAGE = mapping(
    {"name": "store", "mountPath": "/store", "size": one("5Gi", "200Gi")},
    subPath="inner",
    changePercentPerDay=one(1, 5.5),
)
_IMAGES = one("nginx:1.29", "registry.example.com/team/server@sha256:" + "a" * 64, "busybox:1.37", "tug:1.0.0")

PRIORITY_CLASSES = [
    {"name": "important", "value": 1000, "description": "Goes first"},
    {"name": "later", "value": -10, "preemptionPolicy": "Never", "globalDefault": True},
]


def namespaces(draw: Draw) -> list[Section]:
    return [draw(mapping({"name": name}, **_NAMESPACE)) for name in NAMESPACES]


def workloads(draw: Draw, below: Section) -> list[Section]:
    """One to four workloads that use what ``below`` holds."""
    kinds = draw(st.lists(one(*_OF_KIND, "Deployment", "Rollout"), min_size=1, max_size=4))
    return [_workload(draw, kind, f"{kind.lower()}-{at}", below) for at, kind in enumerate(kinds)]


def _workload(draw: Draw, kind: str, name: str, below: Section) -> Section:
    image = draw(_IMAGES)
    own = {**_chosen(draw, _CONTAINER), **_chosen(draw, _POD), **_chosen(draw, _OF_KIND.get(kind, _SCALED))}
    found: Section = {"name": name, "namespace": draw(one(*NAMESPACES)), "kind": kind, "image": image, **own}
    found |= {"port": 8080, "resources": draw(_RESOURCES)} | _of_other_sections(draw, kind, image, below)
    if kind == "CronJob":
        found["schedule"] = draw(one("0 2 * * *", "@daily", "30 2 * * mon-fri"))
    if kind == "Rollout":
        found["delivery"] = draw(_DELIVERY)
    return found


def _chosen(draw: Draw, settings: Section) -> Section:
    """Some of these settings, one in four."""
    keys = [key for key in settings if seldom(draw)]
    return dict(draw(mapping({key: settings[key] for key in keys})))


def _of_other_sections(draw: Draw, kind: str, image: str, below: Section) -> Section:
    """What names things of other sections."""
    possible: dict[str, Strategy] = {"nodeGroup": one(*(group["name"] for group in below["nodeGroups"]))}
    if "priorityClasses" in below:
        possible["priorityClass"] = one("important", "later", "system-cluster-critical")
    classes = [each["name"] for each in below.get("storageClasses", [])]
    if kind in ("Deployment", "StatefulSet", "Rollout"):
        claims = [mapping({**_store(name)}, changePercentPerDay=3) for name in classes]
        possible["storage"] = st.one_of(_STORAGE, *claims).map(lambda one_claim: [one_claim])
    if "secrets" in below:
        possible["externalSecrets"] = st.just([_EXTERNAL])
    if image.startswith("tug:") and "tug" in below.get("repositories", ()):
        possible["build"] = mapping(
            {"folder": "services/tug"}, branch="main", buildArgs={"VERSION": "1"}, source="example/harbor"
        )
    return _chosen(draw, possible)


def _store(storage_class: str) -> Section:
    return {"name": "store", "mountPath": "/store", "size": "20Gi", "storageClass": storage_class}


_EXTERNAL = {"name": "database", "from": "harbor/database", "keys": {"DB_USER": "username", "DB_PASSWORD": "password"}}
