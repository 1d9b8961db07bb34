"""The values that a field of the built-in API may take, for its documentation (``kubectl explain`` lists them).

The definitions of ``kubernetes-validate`` leave them out. A value has the explanation that a 1.36 server publishes
where one is known here, and none otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

_APPS, _BATCH, _CORE, _NET = (
    "io.k8s.api.apps.v1",
    "io.k8s.api.batch.v1",
    "io.k8s.api.core.v1",
    "io.k8s.api.networking.v1",
)


def _values(*names: str) -> dict[str, str]:
    return dict.fromkeys(sorted(names), "")


_PROTOCOLS = _values("SCTP", "TCP", "UDP")
_EFFECTS = _values("NoExecute", "NoSchedule", "PreferNoSchedule")

#: ``definition.field`` -> value -> its explanation.
ENUMS: Mapping[str, Mapping[str, str]] = {
    f"{_APPS}.DeploymentStrategy.type": {
        "Recreate": "Kill all existing pods before creating new ones.",
        "RollingUpdate": (
            "Replace the old ReplicaSets by new one using rolling update i.e gradually scale down the old ReplicaSets "
            "and scale up the new one."
        ),
    },
    f"{_APPS}.DaemonSetUpdateStrategy.type": _values("OnDelete", "RollingUpdate"),
    f"{_APPS}.StatefulSetUpdateStrategy.type": _values("OnDelete", "RollingUpdate"),
    f"{_APPS}.StatefulSetSpec.podManagementPolicy": _values("OrderedReady", "Parallel"),
    f"{_BATCH}.CronJobSpec.concurrencyPolicy": {
        "Allow": "allows CronJobs to run concurrently.",
        "Forbid": "forbids concurrent runs, skipping next run if previous hasn't finished yet.",
        "Replace": "cancels currently running job and replaces it with a new one.",
    },
    f"{_BATCH}.JobSpec.completionMode": _values("Indexed", "NonIndexed"),
    f"{_BATCH}.JobSpec.podReplacementPolicy": _values("Failed", "TerminatingOrFailed"),
    f"{_CORE}.Container.imagePullPolicy": _values("Always", "IfNotPresent", "Never"),
    f"{_CORE}.Container.terminationMessagePolicy": _values("FallbackToLogsOnError", "File"),
    f"{_CORE}.ContainerPort.protocol": _PROTOCOLS,
    f"{_CORE}.HTTPGetAction.scheme": _values("HTTP", "HTTPS"),
    f"{_CORE}.PersistentVolumeClaimSpec.volumeMode": _values("Block", "Filesystem"),
    f"{_CORE}.PersistentVolumeSpec.persistentVolumeReclaimPolicy": _values("Delete", "Recycle", "Retain"),
    f"{_CORE}.PodSpec.dnsPolicy": _values("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    f"{_CORE}.PodSpec.preemptionPolicy": _values("Never", "PreemptLowerPriority"),
    f"{_CORE}.PodSpec.restartPolicy": _values("Always", "Never", "OnFailure"),
    f"{_CORE}.PodStatus.phase": _values("Failed", "Pending", "Running", "Succeeded", "Unknown"),
    f"{_CORE}.PodStatus.qosClass": _values("BestEffort", "Burstable", "Guaranteed"),
    f"{_CORE}.ServicePort.protocol": _PROTOCOLS,
    f"{_CORE}.ServiceSpec.externalTrafficPolicy": _values("Cluster", "Local"),
    f"{_CORE}.ServiceSpec.internalTrafficPolicy": _values("Cluster", "Local"),
    f"{_CORE}.ServiceSpec.sessionAffinity": _values("ClientIP", "None"),
    f"{_CORE}.ServiceSpec.type": {
        "ClusterIP": "means a service will only be accessible inside the cluster, via the cluster IP.",
        "ExternalName": (
            "means a service consists of only a reference to an external name that kubedns or equivalent will return "
            "as a CNAME record, with no exposing or proxying of any pods involved."
        ),
        "LoadBalancer": (
            "means a service will be exposed via an external load balancer (if the cloud provider supports it), in "
            "addition to 'NodePort' type."
        ),
        "NodePort": "means a service will be exposed on one port of every node, in addition to 'ClusterIP' type.",
    },
    f"{_CORE}.Taint.effect": _EFFECTS,
    f"{_CORE}.Toleration.effect": _EFFECTS,
    f"{_CORE}.Toleration.operator": _values("Equal", "Exists"),
    f"{_CORE}.TopologySpreadConstraint.whenUnsatisfiable": _values("DoNotSchedule", "ScheduleAnyway"),
    f"{_NET}.HTTPIngressPath.pathType": {
        "Exact": "matches the URL path exactly and with case sensitivity.",
        "ImplementationSpecific": (
            "matching is up to the IngressClass. Implementations can treat this as a separate PathType or treat it "
            "identically to Prefix or Exact path types."
        ),
        "Prefix": (
            "matches based on a URL path prefix split by '/'. Matching is case sensitive and done on a path element by "
            "element basis. A path element refers to the list of labels in the path split by the '/' separator. A "
            "request is a match for path p if every p is an element-wise prefix of p of the request path. Note that if "
            "the last element of the path is a substring of the last element in request path, it is not a match (e.g. "
            "/foo/bar matches /foo/bar/baz, but does not match /foo/barbaz). If multiple matching paths exist in an "
            "Ingress spec, the longest matching path is given priority. Examples: - /foo/bar does not match requests to "
            "/foo/barbaz - /foo/bar matches request to /foo/bar and /foo/bar/baz - /foo and /foo/ both match requests "
            "to /foo and /foo/. If both paths are present in an Ingress spec, the longest matching path (/foo/) is "
            "given priority."
        ),
    },
    f"{_NET}.NetworkPolicyPort.protocol": _PROTOCOLS,
    "io.k8s.api.policy.v1.PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy": _values(
        "AlwaysAllow", "IfHealthyBudget"
    ),
    "io.k8s.api.storage.v1.StorageClass.reclaimPolicy": _values("Delete", "Recycle", "Retain"),
    "io.k8s.api.storage.v1.StorageClass.volumeBindingMode": _values("Immediate", "WaitForFirstConsumer"),
}


def documented(description: str, values: Mapping[str, str]) -> str:
    """A field's description with its possible values, as upstream's generator appends them."""
    lines = [f' - `"{value}"`' + (f" {meaning}" if meaning else "") for value, meaning in values.items()]
    return "\n".join([description + "\n", "Possible enum values:", *lines]).strip("\n")
