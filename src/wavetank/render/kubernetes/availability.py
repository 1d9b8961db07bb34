"""60-availability.yaml: what keeps workloads at the right size and alive during maintenance.

HorizontalPodAutoscalers or KEDA's ScaledObjects, VerticalPodAutoscalers, disruption budgets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import (
    Autoscaling,
    DisruptionBudget,
    EventScaling,
    Plan,
    Trigger,
    TriggerAuthentication,
    VerticalAutoscaling,
    Workload,
)
from wavetank.render.kubernetes.amounts import canonical_amounts
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, present, traced_entries
from wavetank.render.trace import Traced, tree

_KEDA = "keda.sh/v1alpha1"
API_VERSIONS = {"Rollout": "argoproj.io/v1alpha1", "Job": "batch/v1", "CronJob": "batch/v1"}


def objects(plan: Plan) -> tuple[Traced, ...]:
    """Autoscalers and disruption budget of each workload that has them."""
    return tuple(item for workload in plan.workloads for item in _of(plan, workload))


def _of(plan: Plan, workload: Workload) -> Iterator[Traced]:
    if workload.autoscaling and workload.autoscaling.events:
        yield from _event_scaling(plan, workload, workload.autoscaling, workload.autoscaling.events)
    elif workload.autoscaling:
        yield _autoscaler(plan, workload, workload.autoscaling)
    if workload.vertical_autoscaling:
        yield _vertical_autoscaler(plan, workload, workload.vertical_autoscaling)
    if workload.disruption_budget:
        yield _budget(plan, workload, workload.disruption_budget)


def scale_target(workload: Workload) -> Traced:
    """The object that an autoscaler changes."""
    version = API_VERSIONS.get(workload.kind, "apps/v1")
    target = {"apiVersion": version, "kind": workload.kind, "name": workload.name}
    return Traced(target, f"workloads[{workload.name}].name")


def _autoscaler(plan: Plan, workload: Workload, autoscaling: Autoscaling) -> Traced:
    path = f"workloads[{workload.name}].autoscaling"
    spec = present(
        {
            "scaleTargetRef": scale_target(workload),
            "minReplicas": Traced(autoscaling.min_replicas, f"{path}.minReplicas"),
            "maxReplicas": Traced(autoscaling.max_replicas, f"{path}.maxReplicas"),
            "metrics": tree(autoscaling.metrics, f"{path}.metrics"),
            "behavior": tree(autoscaling.behavior, f"{path}.behavior"),
        }
    )
    framed = belonging(plan, workload, path, autoscaling.name)
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", framed, path, spec=spec)


# --- KEDA -------------------------------------------------------------------------------------------------------------


def _event_scaling(plan: Plan, workload: Workload, scaling: Autoscaling, events: EventScaling) -> Iterator[Traced]:
    """How KEDA proves itself, before the ScaledObject that says so."""
    path = f"workloads[{workload.name}].autoscaling"
    for trigger in events.triggers:
        if trigger.authentication and trigger.authentication.spec is not None:
            at = f"{path}.events.triggers[{trigger.name}].authentication"
            yield _authentication(plan, workload, trigger.authentication, at)
    framed = belonging(plan, workload, path, scaling.name)
    spec = _scaled_object_spec(workload, scaling, events, path)
    yield manifest(_KEDA, "ScaledObject", framed, path, spec=spec)


def _authentication(plan: Plan, workload: Workload, authentication: TriggerAuthentication, path: str) -> Traced:
    framed = belonging(plan, workload, path, authentication.name)
    return manifest(_KEDA, "TriggerAuthentication", framed, path, spec=tree(authentication.spec, f"{path}.spec"))


def _scaled_object_spec(workload: Workload, scaling: Autoscaling, events: EventScaling, path: str) -> dict[str, Any]:
    at = f"{path}.events"
    behavior = {"behavior": tree(scaling.behavior, f"{path}.behavior")}
    return present(
        {
            "scaleTargetRef": scale_target(workload),
            "pollingInterval": Traced(events.polling_interval_seconds, f"{at}.pollingIntervalSeconds"),
            "cooldownPeriod": Traced(events.cooldown_seconds, f"{at}.cooldownSeconds"),
            "idleReplicaCount": Traced(events.idle_replicas, f"{at}.idleReplicas"),
            "minReplicaCount": Traced(scaling.min_replicas, f"{path}.minReplicas"),
            "maxReplicaCount": Traced(scaling.max_replicas, f"{path}.maxReplicas"),
            "fallback": tree(events.fallback, f"{at}.fallback"),
            "advanced": {"horizontalPodAutoscalerConfig": behavior},
            "triggers": [
                *(_trigger(trigger, f"{at}.triggers[{trigger.name}]") for trigger in events.triggers),
                *_resource_triggers(scaling, path),
            ],
        }
    )


def _trigger(trigger: Trigger, path: str) -> Traced:
    authentication = trigger.authentication
    reference: dict[str, str] | None = None
    if authentication is not None:
        reference = {"name": authentication.name}
        if authentication.kind != "TriggerAuthentication":
            reference["kind"] = authentication.kind
    return Traced(
        present(
            {
                "type": Traced(trigger.type, f"{path}.type"),
                "name": Traced(trigger.name, f"{path}.name"),
                "metadata": traced_entries(trigger.metadata, f"{path}.metadata"),
                "metricType": Traced(trigger.metric_type, f"{path}.metricType"),
                "useCachedMetrics": Traced(trigger.use_cached_metrics or None, f"{path}.useCachedMetrics"),
                "authenticationRef": Traced(reference, f"{path}.authentication"),
            }
        ),
        path,
    )


def _resource_triggers(scaling: Autoscaling, path: str) -> Iterator[Traced]:
    """CPU and memory as KEDA's own triggers: there is no HPA of ours beside the one that KEDA makes."""
    for index, metric in enumerate(scaling.metrics):
        resource, at = metric["resource"], f"{path}.metrics[{index}]"
        metadata = {"value": str(resource["target"]["averageUtilization"])}
        trigger = {"type": resource["name"], "metricType": "Utilization", "metadata": metadata}
        yield Traced(trigger, at)


# --- sizes and drains -------------------------------------------------------------------------------------------------


def _vertical_autoscaler(plan: Plan, workload: Workload, vertical: VerticalAutoscaling) -> Traced:
    path = f"workloads[{workload.name}].verticalAutoscaling"
    bounds = {"minAllowed": vertical.min_allowed, "maxAllowed": vertical.max_allowed}
    main = present(
        {
            "containerName": Traced(workload.containers[0].name, f"{path}.name"),
            **{
                key: Traced(traced_entries(canonical_amounts(amounts), f"{path}.{key}"), f"{path}.{key}")
                for key, amounts in bounds.items()
            },
            "controlledResources": tree(vertical.controlled_resources, f"{path}.controlledResources"),
            "controlledValues": Traced(vertical.controlled_values, f"{path}.controlledValues"),
        }
    )
    others = [{"containerName": "*", "mode": "Off"}] if len(workload.containers) > 1 else []
    spec = {
        "targetRef": scale_target(workload),
        "updatePolicy": {"updateMode": Traced(vertical.update_mode, f"{path}.updateMode")},
        "resourcePolicy": {"containerPolicies": [main, *others]},
    }
    framed = belonging(plan, workload, path, vertical.name)
    return manifest("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", framed, path, spec=spec)


def _budget(plan: Plan, workload: Workload, budget: DisruptionBudget) -> Traced:
    path = f"workloads[{workload.name}].disruptionBudget"
    selector = Traced(dict(workload.selector_labels), f"workloads[{workload.name}].selectorLabels")
    spec = present(
        {
            "minAvailable": Traced(budget.min_available, f"{path}.minAvailable"),
            "maxUnavailable": Traced(budget.max_unavailable, f"{path}.maxUnavailable"),
            "unhealthyPodEvictionPolicy": Traced(
                budget.unhealthy_pod_eviction_policy, f"{path}.unhealthyPodEvictionPolicy"
            ),
            "selector": {"matchLabels": selector},
        }
    )
    framed = belonging(plan, workload, path, budget.name)
    return manifest("policy/v1", "PodDisruptionBudget", framed, path, spec=spec)
