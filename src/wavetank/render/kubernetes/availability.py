"""60-availability.yaml: what keeps workloads at the right size and alive during maintenance: HPAs and disruption budgets."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Autoscaling, DisruptionBudget, Plan, Workload
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, present
from wavetank.render.trace import Traced, tree


def objects(plan: Plan) -> tuple[Traced, ...]:
    """Autoscaler and disruption budget of each workload that has them."""
    return tuple(item for workload in plan.workloads for item in _of(plan, workload))


def _of(plan: Plan, workload: Workload) -> Iterator[Traced]:
    if workload.autoscaling:
        yield _autoscaler(plan, workload, workload.autoscaling)
    if workload.disruption_budget:
        yield _budget(plan, workload, workload.disruption_budget)


def _autoscaler(plan: Plan, workload: Workload, autoscaling: Autoscaling) -> Traced:
    path = f"workloads[{workload.name}].autoscaling"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name}
    spec = present(
        {
            "scaleTargetRef": Traced(target, f"workloads[{workload.name}].name"),
            "minReplicas": Traced(autoscaling.min_replicas, f"{path}.minReplicas"),
            "maxReplicas": Traced(autoscaling.max_replicas, f"{path}.maxReplicas"),
            "metrics": tree(autoscaling.metrics, f"{path}.metrics"),
            "behavior": tree(autoscaling.behavior, f"{path}.behavior"),
        }
    )
    framed = belonging(plan, workload, path, autoscaling.name)
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", framed, path, spec=spec)


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
