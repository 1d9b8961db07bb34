"""What every write does to an object's metadata and status before anybody looks at its meaning.

Called by the pipeline in ``cluster``. Follows apiserver ``registry/rest`` (``BeforeCreate``, ``BeforeUpdate``,
``BeforeDelete``) and the strategies of the kinds; pure, the clock and randomness are parameters.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wavetank.kube.resources import qos_class
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj, Resource

from . import definition_status

#: Fields of metadata that only the server writes.
SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
_GIVEN_TO_NEW = frozenset((*SERVER_OWNED, "resourceVersion"))

#: Kinds that count changes of their specification (their strategies set ``metadata.generation``).
_COUNTED_TEXT = (
    "pods podtemplates replicationcontrollers deployments.apps daemonsets.apps statefulsets.apps replicasets.apps jobs.batch "
    "cronjobs.batch ingresses.networking.k8s.io networkpolicies.networking.k8s.io ingressclasses.networking.k8s.io "
    "poddisruptionbudgets.policy endpointslices.discovery.k8s.io priorityclasses.scheduling.k8s.io "
    "customresourcedefinitions.apiextensions.k8s.io flowschemas.flowcontrol.apiserver.k8s.io "
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io deviceclasses.resource.k8s.io resourceslices.resource.k8s.io "
    "validatingwebhookconfigurations.admissionregistration.k8s.io mutatingwebhookconfigurations.admissionregistration.k8s.io "
    "validatingadmissionpolicies.admissionregistration.k8s.io mutatingadmissionpolicies.admissionregistration.k8s.io "
    "validatingadmissionpolicybindings.admissionregistration.k8s.io"
)
_COUNTED = frozenset(_COUNTED_TEXT.split())

#: The status with which a kind begins, as Go prints the empty struct (fields without ``omitempty``).
_FIRST_STATUS: dict[str, Obj] = {
    "namespaces": {"phase": "Active"},
    "services": {"loadBalancer": {}},
    "ingresses.networking.k8s.io": {"loadBalancer": {}},
    "persistentvolumeclaims": {"phase": "Pending"},
    "persistentvolumes": {"phase": "Pending"},
    "replicasets.apps": {"replicas": 0},
    "replicationcontrollers": {"replicas": 0},
    "statefulsets.apps": {"replicas": 0, "availableReplicas": 0},
    "daemonsets.apps": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "horizontalpodautoscalers.autoscaling": {"desiredReplicas": 0, "currentMetrics": None},
    "poddisruptionbudgets.policy": {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    },
}
NAMESPACE_FINALIZER = "kubernetes"
#: Their status is the business of whoever creates them.
_STATUS_KEPT = frozenset({"nodes"})


def has_status(resource: Resource) -> bool:
    """Whether a write of the whole object leaves the status alone."""
    return resource.has_status


def is_counted(resource: Resource, *, custom: bool) -> bool:
    return custom or resource.key in _COUNTED


def first_status(resource: Resource, obj: Obj) -> Obj:
    if resource.key == "pods":
        return {"phase": "Pending", "qosClass": qos_class(obj)}
    if resource.key == "customresourcedefinitions.apiextensions.k8s.io":
        return definition_status.first_status(obj)
    return _FIRST_STATUS.get(resource.key, {})


def with_first_status(obj: Obj, resource: Resource, *, custom: bool, external: bool) -> Obj:
    """``obj`` as a creation stores it: what a client says of the status does not count.

    A caller inside the process may hand over a status; machines do so, and whoever rebuilds a recorded state.
    """
    if not has_status(resource) or resource.key in _STATUS_KEPT:
        return obj
    if obj.get("status") and not external:
        return {**obj, "status": first_status(resource, obj) | obj["status"]} if resource.key == "pods" else obj
    without = {k: v for k, v in obj.items() if k != "status"}
    return without if custom else {**without, "status": first_status(resource, obj)}


def with_finalizers(obj: Obj, resource: Resource) -> Obj:
    """``obj`` as its kind begins: a namespace is emptied before it goes (``namespaceStrategy.PrepareForCreate``)."""
    if resource.key != "namespaces":
        return obj
    spec = obj.get("spec") or {}
    finalizers = list(spec.get("finalizers") or ())
    if NAMESPACE_FINALIZER in finalizers:
        return obj
    return {**obj, "spec": {**spec, "finalizers": [*finalizers, NAMESPACE_FINALIZER]}}


TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def with_template_generation(obj: Obj, live: Obj | None, resource: Resource) -> Obj:
    """A DaemonSet counts the changes of its template in an annotation that only the server writes."""
    if resource.key != "daemonsets.apps":
        return obj
    generation = 1
    if live is not None:
        generation = int((live["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, 1))
        generation += (obj.get("spec") or {}).get("template") != live["spec"].get("template")
    annotations = {**(obj["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: str(generation)}
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def with_job_selector(job: Obj, resource: Resource) -> Obj:
    """A Job selects its pods by its own uid, unless ``manualSelector`` says otherwise (``jobStrategy.generateSelector``).

    Labels that the Job took over from its template are the same map upstream, so they get the new ones, too.
    """
    spec = job.get("spec") or {}
    if resource.key != "jobs.batch" or spec.get("manualSelector"):
        return job
    metadata, template = job["metadata"], spec.get("template") or {}
    uid, name = metadata["uid"], metadata["name"]
    prefix = "batch.kubernetes.io/"
    added = {f"{prefix}controller-uid": uid, f"{prefix}job-name": name, "controller-uid": uid, "job-name": name}
    template_metadata = template.get("metadata") or {}
    labels = template_metadata.get("labels") or {}
    # What somebody stated stays, for validation to refuse.
    stated = spec.get("selector") or {}
    selector = {**stated, "matchLabels": {**(stated.get("matchLabels") or {}), f"{prefix}controller-uid": uid}}
    template = {**template, "metadata": {**template_metadata, "labels": {**labels, **added}}}
    if metadata.get("labels") == labels and labels:
        metadata = {**metadata, "labels": {**labels, **added}}
    return {**job, "metadata": metadata, "spec": {**spec, "selector": selector, "template": template}}


def stamped(metadata: dict[str, Any], *, uid: str, now: datetime, counted: bool) -> dict[str, Any]:
    """The metadata of a new object."""
    kept = {k: v for k, v in metadata.items() if k not in _GIVEN_TO_NEW}
    kept["uid"], kept["creationTimestamp"] = uid, rfc3339(now)
    if counted:
        kept["generation"] = 1
    return kept


def carried_over(obj: Obj, live: Obj) -> Obj:
    """``obj`` with the server's part of the metadata of ``live``."""
    metadata = {k: v for k, v in obj["metadata"].items() if k not in SERVER_OWNED}
    metadata |= {k: live["metadata"][k] for k in SERVER_OWNED if k in live["metadata"]}
    metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
    return {**obj, "metadata": metadata}


def with_live_status(obj: Obj, live: Obj) -> Obj:
    """``obj`` with the status that is stored, whatever it says itself."""
    if "status" in live:
        return {**obj, "status": live["status"]}
    return {k: v for k, v in obj.items() if k != "status"} if "status" in obj else obj


def with_status_of(live: Obj, obj: Obj) -> Obj:
    """What a write of ``/status`` stores: status and managed fields of ``obj``, all else of ``live``.

    Labels, annotations and finalizers of a built-in object cannot be changed this way either (``ResetObjectMetaForStatus``).
    """
    changed = {**live}
    if "status" in obj:
        changed["status"] = obj["status"]
    else:
        changed.pop("status", None)
    return changed


def substance(obj: Obj) -> Obj:
    """What ``metadata.generation`` counts the changes of."""
    return {k: v for k, v in obj.items() if k not in ("metadata", "status", "apiVersion", "kind")}


def counted_up(obj: Obj, live: Obj) -> Obj:
    """``obj`` with the next generation if its specification differs from that of ``live``."""
    if substance(obj) == substance(live):
        return obj
    generation = int(live["metadata"].get("generation", 0)) + 1
    return {**obj, "metadata": {**obj["metadata"], "generation": generation}}


def same_but_for_times(a: Obj, b: Obj) -> bool:
    """Equal, not counting when managed fields were written: such a write changes nothing and keeps the revision."""
    return a == b or _comparable(a) == _comparable(b)


def _comparable(obj: Obj) -> Obj:
    metadata = {k: v for k, v in obj["metadata"].items() if k != "resourceVersion"}
    if "managedFields" in metadata:
        entries = [{k: v for k, v in e.items() if k != "time"} for e in metadata["managedFields"]]
        metadata["managedFields"] = entries
    return {**obj, "metadata": metadata}


# Deletion ----------------------------------------------------------------------------------------------------------

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"


def finalizers_for(metadata: Obj, propagation: str) -> list[str]:
    """The finalizers after a deletion asked for ``propagation`` (``deletionFinalizersForGarbageCollection``)."""
    kept = list(metadata.get("finalizers") or ())
    if not propagation:
        return kept
    kept = [f for f in kept if f not in (ORPHAN, FOREGROUND)]
    wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(propagation)
    return [*kept, wanted] if wanted else kept


def pod_grace_seconds(pod: Obj, asked: int | None) -> int:
    """How long a pod may take to stop (``podStrategy.CheckGracefulDelete``); 0 where there is nothing to stop."""
    spec = pod.get("spec") or {}
    default = spec.get("terminationGracePeriodSeconds", 30)
    seconds = int(default if asked is None else asked)
    if not spec.get("nodeName") or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return 1 if seconds < 0 else seconds


def terminating(obj: Obj, *, grace_seconds: int, finalizers: list[str], now: datetime) -> Obj:
    """``obj`` marked for deletion; an earlier mark is only ever shortened (``rest.BeforeDelete``)."""
    metadata = {k: v for k, v in obj["metadata"].items() if k != "finalizers"}
    if finalizers:
        metadata["finalizers"] = finalizers
    if "deletionTimestamp" not in metadata:
        metadata["deletionTimestamp"] = rfc3339(now + timedelta(seconds=grace_seconds))
        metadata["deletionGracePeriodSeconds"] = grace_seconds
        if metadata.get("generation"):
            metadata["generation"] = int(metadata["generation"]) + 1
    elif grace_seconds < (before := int(metadata.get("deletionGracePeriodSeconds") or 0)):
        due = parse(metadata["deletionTimestamp"]) - timedelta(seconds=before - grace_seconds)
        metadata |= {"deletionTimestamp": rfc3339(due), "deletionGracePeriodSeconds": grace_seconds}
    return {**obj, "metadata": metadata}


def waits_for_something(resource: Resource, obj: Obj) -> bool:
    """Whether an object that is marked for deletion must stay for now."""
    metadata = obj["metadata"]
    if metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds"):
        return True
    return resource.key == "namespaces" and bool((obj.get("spec") or {}).get("finalizers"))
