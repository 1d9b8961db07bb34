"""Numbers and sizes of pods: HPAs, KEDA's triggers, vertical autoscalers, disruption budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.event_sources import queue_metadata
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import (
    Autoscaling,
    DisruptionBudget,
    EventScaling,
    Trigger,
    TriggerAuthentication,
    VerticalAutoscaling,
    WorkloadKind,
)
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.scaling import Trigger as WrittenTrigger
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import Workload

_DOCS = "kubernetes.io/docs"
_KEDA = "keda.sh/docs/latest/reference/scaledobject-spec"
_VPA = "kubernetes.io/docs/concepts/workloads/autoscaling/vertical-pod-autoscale"

ONE_AT_A_TIME = Default(
    "workloads.disruptionBudget",
    "a drain always finishes, one pod at a time",
    f"{_DOCS}/tasks/run-application/configure-pdb",
)
NO_BUDGET = Default("workloads.disruptionBudget", "a budget for a single pod would only block drains")
UNREADY_MAY_GO = Default(
    "workloads.disruptionBudget.unhealthyPodEvictionPolicy", "pods that are not ready anyway must not block a drain"
)
NOT_DRAINED = Default(
    "workloads.disruptionBudget", "a drain passes over the pods of DaemonSets, and a Job makes new ones elsewhere"
)
WINDOWS = Default(
    "workloads.autoscaling.behavior",
    "up at once, down after five minutes: Kubernetes' own windows",
    f"{_DOCS}/tasks/run-application/horizontal-pod-autoscale",
)
NOTHING = Default("workloads.autoscaling", "nothing was asked for")
KEDA_ITSELF = Default("workloads.autoscaling.events", "KEDA's own value, written out", _KEDA)
NO_PROOF = Default("workloads.autoscaling.authentication", "the trigger asks for none, as far as anything was said")
ONLY_SHOWN = Default(
    "workloads.verticalAutoscaling.updateMode", "a recommendation is read before pods are evicted", _VPA
)
UNBOUNDED = Default("workloads.verticalAutoscaling.bounds", "nothing was said about how far it may go")
BOTH = Default("workloads.verticalAutoscaling.controlledResources", "cpu and memory are what containers ask for", _VPA)
RATIO_KEPT = Default("workloads.verticalAutoscaling.controlledValues", "limits keep their ratio to requests", _VPA)

#: kinds whose pods a drain evicts and whose number somebody counts on
HELD_UP_BY_DRAINS: tuple[WorkloadKind, ...] = ("Deployment", "StatefulSet", "Rollout")

UpdateMode = Literal["Off", "Initial", "Recreate", "InPlaceOrRecreate"]
ControlledValues = Literal["RequestsAndLimits", "RequestsOnly"]


def disruption_budget(stated: Workload, kind: WorkloadKind, fewest: int, ledger: Ledger) -> DisruptionBudget | None:
    """The budget that was asked for, or from two pods on one that lets a drain take them one by one."""
    path = f"{workload_path(stated)}.disruptionBudget"
    written = stated.disruption_budget
    if written is None and kind not in HELD_UP_BY_DRAINS:
        return ledger.because(path, None, NOT_DRAINED)
    if written is None and fewest < 2:
        return ledger.because(path, None, NO_BUDGET)
    if written is None:
        ledger.because(path, None, ONE_AT_A_TIME)
        ledger.because(f"{path}.unhealthyPodEvictionPolicy", None, UNREADY_MAY_GO)
        return DisruptionBudget(stated.name, None, 1, "AlwaysAllow")
    ledger.shape(path, shape(written))
    policy: Literal["IfHealthyBudget", "AlwaysAllow"] = ledger.chosen(
        f"{path}.unhealthyPodEvictionPolicy", written.unhealthy_pod_eviction_policy, "AlwaysAllow", UNREADY_MAY_GO
    )
    return DisruptionBudget(stated.name, written.min_available, written.max_unavailable, policy)


def autoscaling(
    stated: Workload, replicas: int, written_file: PlatformFile, cluster_name: str, ledger: Ledger
) -> Autoscaling | None:
    """The HPA that was asked for, or what KEDA is told to make of it."""
    path = f"{workload_path(stated)}.autoscaling"
    written = stated.autoscaling
    if written is None:
        return ledger.because(path, None, NOTHING)
    ledger.stated(path, written)
    if written.min_replicas is not None:
        fewest = ledger.stated(f"{path}.minReplicas", written.min_replicas)
    else:
        origins = (f"{workload_path(stated)}.replicas",)
        fewest = ledger.derived(f"{path}.minReplicas", replicas, origins, "as many as to begin with")
    usual: Obj = {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 300}}
    behavior = ledger.because(f"{path}.behavior", usual, WINDOWS)
    if written.behavior is not None:
        behavior = usual | ledger.shape(f"{path}.behavior", shape(written.behavior))
    most = ledger.stated(f"{path}.maxReplicas", written.max_replicas)
    return Autoscaling(
        stated.name,
        fewest,
        most,
        _metrics(stated, ledger),
        behavior,
        _events(stated, written_file, cluster_name, ledger),
    )


def _metrics(stated: Workload, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{workload_path(stated)}.autoscaling"
    assert stated.autoscaling is not None, "asked for metrics of a workload without autoscaling"
    short = (("cpu", stated.autoscaling.cpu), ("memory", stated.autoscaling.memory))
    metrics = [
        ledger.stated(f"{path}.metrics[{index}]", _resource_metric(name, percent), f"{path}.{name}")
        for index, (name, percent) in enumerate((name, percent) for name, percent in short if percent is not None)
    ]
    for index, metric in enumerate(stated.autoscaling.metrics or ()):
        metrics.append(ledger.shape(f"{path}.metrics[{len(metrics)}]", shape(metric), f"{path}.metrics[{index}]"))
    return tuple(metrics)


def _resource_metric(name: str, percent: int) -> Obj:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


# --- KEDA -------------------------------------------------------------------------------------------------------------


def _events(stated: Workload, written_file: PlatformFile, cluster_name: str, ledger: Ledger) -> EventScaling | None:
    written = stated.autoscaling
    assert written is not None, "asked for triggers of a workload without autoscaling"
    at = f"workloads[{stated.name}].autoscaling"
    path = f"{at}.events"
    if not written.triggers:
        return ledger.because(path, None, NOTHING)
    ledger.stated(path, written.triggers, f"{at}.triggers")
    fallback = ledger.chosen(f"{path}.fallback", written.fallback, None, KEDA_ITSELF, f"{at}.fallback")
    return EventScaling(
        triggers=_triggers(stated, written_file, cluster_name, ledger),
        polling_interval_seconds=ledger.chosen(
            f"{path}.pollingIntervalSeconds", written.polling_interval, 30, KEDA_ITSELF, f"{at}.pollingInterval"
        ),
        cooldown_seconds=ledger.chosen(
            f"{path}.cooldownSeconds", written.cooldown_period, 300, KEDA_ITSELF, f"{at}.cooldownPeriod"
        ),
        idle_replicas=ledger.chosen(
            f"{path}.idleReplicas", written.idle_replicas, None, KEDA_ITSELF, f"{at}.idleReplicas"
        ),
        fallback=shape(fallback) if fallback is not None else None,
    )


def _triggers(stated: Workload, written_file: PlatformFile, cluster_name: str, ledger: Ledger) -> tuple[Trigger, ...]:
    triggers = (stated.autoscaling.triggers if stated.autoscaling else None) or ()
    planned = []
    for index, (name, each) in enumerate(zip(_trigger_names(triggers), triggers, strict=True)):
        found = _trigger(stated, index, name, each, ledger)
        if each.queue is not None:
            path = f"workloads[{stated.name}].autoscaling.events.triggers[{name}]"
            metadata = queue_metadata(each.queue, cluster_name, written_file)
            for key, value in metadata.items():
                ledger.derived(f"{path}.metadata[{key}]", value, (path, "cluster.name"), "the queue of the platform")
            found = replace(found, metadata={**metadata, **found.metadata})
        planned.append(found)
    return tuple(planned)


def _trigger_names(triggers: tuple[WrittenTrigger, ...]) -> list[str]:
    """The stated names; of the others their type, numbered from the second of a type on."""
    names: list[str] = []
    for each in triggers:
        plain, number = each.name or each.type, 2
        name = plain
        while name in names:
            name, number = f"{plain}-{number}", number + 1
        names.append(name)
    return names


def _trigger(stated: Workload, index: int, name: str, written: WrittenTrigger, ledger: Ledger) -> Trigger:
    holder = f"workloads[{stated.name}].autoscaling"
    path, at = f"{holder}.events.triggers[{name}]", f"{holder}.triggers[{index if written.name is None else name}]"
    ledger.stated(path, written, at)
    for key, value in written.metadata.items():
        ledger.stated(f"{path}.metadata[{key}]", value, f"{at}.metadata[{key}]")
    return Trigger(
        name=ledger.chosen(f"{path}.name", written.name, name, KEDA_ITSELF, f"{at}.name"),
        type=ledger.stated(f"{path}.type", written.type, f"{at}.type"),
        metadata=written.metadata,
        metric_type=ledger.chosen(f"{path}.metricType", written.metric_type, None, KEDA_ITSELF, f"{at}.metricType"),
        authentication=_authentication(f"{stated.name}-{name}", written, path, at, ledger),
        use_cached_metrics=ledger.chosen(
            f"{path}.useCachedMetrics", written.use_cached_metrics, False, KEDA_ITSELF, f"{at}.useCachedMetrics"
        ),
    )


def _authentication(
    name: str, written: WrittenTrigger, path: str, at: str, ledger: Ledger
) -> TriggerAuthentication | None:
    path, at = f"{path}.authentication", f"{at}.authentication"
    if written.authentication is None:
        return ledger.because(path, None, NO_PROOF)
    ledger.stated(path, written.authentication, at)
    if written.authentication.ref is not None:
        return TriggerAuthentication(
            written.authentication.ref, written.authentication.kind or "TriggerAuthentication", None
        )
    return TriggerAuthentication(name, "TriggerAuthentication", shape(written.authentication))


# --- vertical ---------------------------------------------------------------------------------------------------------


def vertical_autoscaling(stated: Workload, scaling: Autoscaling | None, ledger: Ledger) -> VerticalAutoscaling | None:
    """The vertical autoscaler that was asked for; it leaves alone what ``scaling`` scales on."""
    path = f"{workload_path(stated)}.verticalAutoscaling"
    written = stated.vertical_autoscaling
    if written is None:
        return ledger.because(path, None, NOTHING)
    ledger.stated(path, written)
    mode: UpdateMode = ledger.chosen(f"{path}.updateMode", written.update_mode, "Off", ONLY_SHOWN)
    values: ControlledValues = ledger.chosen(
        f"{path}.controlledValues", written.controlled_values, "RequestsAndLimits", RATIO_KEPT
    )
    return VerticalAutoscaling(
        name=stated.name,
        update_mode=mode,
        min_allowed=ledger.chosen(f"{path}.minAllowed", written.min_allowed, {}, UNBOUNDED),
        max_allowed=ledger.chosen(f"{path}.maxAllowed", written.max_allowed, {}, UNBOUNDED),
        controlled_resources=_controlled_resources(stated, scaling, ledger),
        controlled_values=values,
    )


def _controlled_resources(stated: Workload, scaling: Autoscaling | None, ledger: Ledger) -> tuple[str, ...]:
    path = f"{workload_path(stated)}.verticalAutoscaling.controlledResources"
    assert stated.vertical_autoscaling is not None, (
        "asked for the resources of a workload without a vertical autoscaler"
    )
    if stated.vertical_autoscaling.controlled_resources is not None:
        return ledger.stated(path, tuple(stated.vertical_autoscaling.controlled_resources))
    metrics = scaling.metrics if scaling else ()
    taken = {metric["resource"]["name"] for metric in metrics if metric["type"] == "Resource"}
    rest = tuple(name for name in ("cpu", "memory") if name not in taken)
    if not taken or not rest:
        return ledger.because(path, ("cpu", "memory"), BOTH)
    origins = (f"{workload_path(stated)}.autoscaling.metrics",)
    return ledger.derived(path, rest, origins, "what the horizontal autoscaler does not scale on")


def workload_path(stated: Workload) -> str:
    return f"workloads[{stated.name}]"
