"""KEDA's admission webhooks: what they refuse of ScaledObjects and ScaledJobs, while their pods are Ready.

Upstream ``apis/keda/v1alpha1/scaledobject_webhook.go``; ``failurePolicy: Ignore``, so that without the webhook everything passes.
"""

from __future__ import annotations

from collections.abc import Callable

from wavetank.kube.errors import ApiError
from wavetank.kube.quantity import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.admission.attempt import Attempt, Plugin

from .formula import FormulaError, evaluated
from .scaled_object import KEY, BoundsError, ScaledObject, check_bounds, check_triggers
from .scalers import RESOURCES

JOBS_KEY = "scaledjobs.keda.sh"
HPAS = "horizontalpodautoscalers.autoscaling"
#: Annotations by which an HPA that exists is handed over, and by which one is left out of the comparison.
TRANSFER = "scaledobject.keda.sh/transfer-hpa-ownership"
NO_OWNERSHIP = "validations.keda.sh/hpa-ownership"
_LABEL_LENGTH = 63


def webhooks_of(cluster: Cluster, serves: Callable[[], bool]) -> Plugin:
    """The validating webhooks of one cluster."""

    def review(attempt: Attempt) -> None:
        if attempt.operation == "DELETE" or attempt.subresource or not serves():
            return
        problem = _problem(cluster, attempt)
        if problem:
            hook = "vscaledobject.kb.io" if attempt.resource.key == KEY else "vscaledjob.kb.io"
            raise ApiError(403, "Forbidden", f'admission webhook "{hook}" denied the request: {problem}')

    return Plugin("keda-admission", review=review, kinds=(KEY, JOBS_KEY))


def _problem(cluster: Cluster, attempt: Attempt) -> str:
    if attempt.resource.key == JOBS_KEY:
        return _trigger_problem(list(attempt.obj["spec"].get("triggers") or ()))
    scaled, old = ScaledObject(attempt.obj), attempt.old
    if old is not None and _only_loses_finalizers(attempt.obj, old):
        return ""
    checks: tuple[Callable[[], str], ...] = (
        lambda: "" if attempt.call.dry_run else _resource_problem(cluster, scaled),
        lambda: _other_object(cluster, scaled),
        lambda: _other_autoscaler(cluster, scaled),
        lambda: _bounds_problem(scaled),
        lambda: _fallback_problem(scaled),
        lambda: _name_problem(scaled),
        lambda: _trigger_problem(scaled.triggers),
    )
    return next((text for text in (check() for check in checks) if text), "")


def _only_loses_finalizers(new: Obj, old: Obj) -> bool:
    fewer = len(new["metadata"].get("finalizers") or ()) < len(old["metadata"].get("finalizers") or ())
    return fewer and new.get("spec") == old.get("spec")


def _trigger_problem(triggers: list[Obj]) -> str:
    try:
        check_triggers(triggers)
    except BoundsError as error:
        return str(error)
    return ""


def _bounds_problem(scaled: ScaledObject) -> str:
    try:
        check_bounds(scaled)
    except BoundsError as error:
        return str(error)
    return ""


def _name_problem(scaled: ScaledObject) -> str:
    if len(scaled.name) > _LABEL_LENGTH:
        return f'scaledobject name "{scaled.name}" is {len(scaled.name)} characters long; must be no more than {_LABEL_LENGTH}'
    return ""


def _fallback_problem(scaled: ScaledObject) -> str:
    """Fallback needs a value per pod: of no use with cpu and memory alone, or where values are taken whole."""
    fallback = scaled.fallback
    if fallback is None:
        return ""
    if fallback.failure_threshold < 0 or fallback.replicas < 0:
        both = f"FailureThreshold={fallback.failure_threshold} & Replicas={fallback.replicas}"
        return f"{both} must both be greater than or equal to 0"
    per_pod = [
        t for t in scaled.triggers if t["type"] not in RESOURCES and t.get("metricType") in (None, "", "AverageValue")
    ]
    if not per_pod and not scaled.modifiers:
        needed = "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type"
        return f"{needed} for the fallback to be enabled"
    return ""


def _other_object(cluster: Cluster, scaled: ScaledObject) -> str:
    for obj in cluster.list(KEY, scaled.namespace):
        other = ScaledObject(obj)
        if other.name == scaled.name:
            continue
        if other.target == scaled.target:
            place = f"the workload '{scaled.target['name']}' of type '{scaled.target_kind}'"
            return f"{place} is already managed by the ScaledObject '{other.name}'"
        if other.hpa_name == scaled.hpa_name:
            return f"the HPA '{other.hpa_name}' is already managed by the ScaledObject '{other.name}'"
    return _modifiers_problem(scaled)


def _modifiers_problem(scaled: ScaledObject) -> str:
    stated = scaled.advanced.get("scalingModifiers") or {}
    if not stated:
        return ""
    if not stated.get("formula"):
        return "error ScalingModifiers.Formula is mandatory"
    if not stated.get("target"):
        return "error validating formula in ScalingModifiers\nformula is given but target is empty"
    names = {str(t["name"]): -1.0 for t in scaled.triggers if t.get("name") and t["type"] not in RESOURCES}
    try:
        evaluated(stated["formula"], names)
    except FormulaError as error:
        return f"error validating formula in ScalingModifiers\n{error}"
    return ""


def _other_autoscaler(cluster: Cluster, scaled: ScaledObject) -> str:
    for hpa in cluster.list(HPAS, scaled.namespace):
        metadata, reference = hpa["metadata"], hpa["spec"]["scaleTargetRef"]
        annotations = metadata.get("annotations") or {}
        target = {"apiVersion": reference.get("apiVersion") or "", "kind": reference["kind"], "name": reference["name"]}
        if annotations.get(NO_OWNERSHIP) == "false" or target != scaled.target or _owned(metadata, scaled.name):
            continue
        if scaled.annotations.get(TRANSFER) != "true":
            place = f"the workload '{target['name']}' of type '{scaled.target_kind}'"
            return f"{place} is already managed by the hpa '{metadata['name']}'"
        if scaled.hpa_name != metadata["name"]:
            return (
                f"the existing hpa '{metadata['name']}' for workload '{target['name']}' of type '{scaled.target_kind}' "
                "must be specified by name in advanced settings to enable ownership transfer"
            )
    return ""


def _owned(metadata: Obj, name: str) -> bool:
    owners = metadata.get("ownerReferences") or ()
    return any(owner["kind"] == "ScaledObject" and owner["name"] == name for owner in owners)


def _resource_problem(cluster: Cluster, scaled: ScaledObject) -> str:
    """cpu and memory triggers need requests, and something that is never zero."""
    wanted = [trigger for trigger in scaled.triggers if trigger["type"] in RESOURCES]
    if not wanted or scaled.target_kind not in ("apps/v1.Deployment", "apps/v1.StatefulSet"):
        return ""
    workload = cluster.find(f"{scaled.target['kind'].lower()}s.apps", scaled.namespace, scaled.target["name"])
    if workload is None:
        return f'{scaled.target["kind"]}.apps "{scaled.target["name"]}" not found'
    containers = workload["spec"]["template"]["spec"]["containers"]
    for trigger in wanted:
        missing = _without_request(cluster, scaled.namespace, trigger, containers)
        if missing:
            return missing
    if len(wanted) == len(scaled.triggers) and scaled.min_replicas == 0:
        return "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)"
    return ""


def _without_request(cluster: Cluster, namespace: str, trigger: Obj, containers: list[Obj]) -> str:
    kind, only = str(trigger["type"]), (trigger.get("metadata") or {}).get("containerName")
    for container in containers:
        chosen = only in (None, "", container["name"])
        if chosen and not _asks(container.get("resources") or {}, kind) and not _defaulted(cluster, namespace, kind):
            subject = f"the scaledobject has a {kind} trigger but the container {container['name']}"
            return f"{subject} doesn't have the {kind} request defined"
    return ""


def _asks(resources: Obj, kind: str) -> bool:
    stated = ((resources.get(part) or {}).get(kind) for part in ("requests", "limits"))
    return any(amount is not None and parse(amount) > 0 for amount in stated)


def _defaulted(cluster: Cluster, namespace: str, kind: str) -> bool:
    """Whether a LimitRange of the namespace gives containers a request or limit."""
    limits = (item for each in cluster.list("limitranges", namespace) for item in each["spec"].get("limits") or ())
    return any(
        item.get("type") == "Container"
        and (item.get("default") or item.get("defaultRequest") or {}).get(kind) is not None
        for item in limits
    )
