"""AUT004: the number of replicas is said in two places that do not agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Autoscaler
from wavetank.plan.model import Workload as Planned
from wavetank.plan.reasons import Stated


def check(case: Case) -> Iterator[Mistake]:
    yield from _two_autoscalers(case)
    for workload in case.workloads:
        scaler, stated = workload.autoscaler, workload.stated_replicas
        if scaler and stated and scaler.max_replicas and not scaler.min_replicas <= stated <= scaler.max_replicas:
            yield Mistake(
                at=workload.at("spec", "replicas"),
                message=_outside(workload.name, stated, scaler.min_replicas, scaler.max_replicas),
                remedy="say it once: leave replicas out and let the autoscaler's bounds stand",
                numbers={"replicas": stated, "minReplicas": scaler.min_replicas, "maxReplicas": scaler.max_replicas},
                about=(scaler.manifest.title,),
            )
    for planned in case.plan.workloads if case.plan else ():
        yield from _in_a_spec(case, planned)


def _two_autoscalers(case: Case) -> Iterator[Mistake]:
    by_target: defaultdict[tuple[str, str, str], list[Autoscaler]] = defaultdict(list)
    for scaler in case.autoscalers:
        by_target[scaler.manifest.namespace, scaler.target_kind, scaler.target_name].append(scaler)
    for (_, kind, name), scalers in by_target.items():
        first, *others = scalers
        for other in others:
            yield Mistake(
                at=other.manifest.at("spec", "scaleTargetRef"),
                message=(
                    f"{kind} {name} has two autoscalers: {first.manifest.title} ({_bounds(first)}) and "
                    f"{other.manifest.title} ({_bounds(other)}); each sets the number that the other has just changed"
                ),
                remedy="keep one autoscaler; it may follow several metrics",
                numbers={"first": _bounds(first), "second": _bounds(other)},
                severity=Severity.ERROR,
                about=(first.manifest.title,),
            )


def _bounds(scaler: Autoscaler) -> str:
    return f"{scaler.min_replicas}-{scaler.max_replicas}"


def _in_a_spec(case: Case, planned: Planned) -> Iterator[Mistake]:
    """Rendered manifests leave replicas out; only the spec shows that two numbers were written."""
    scaling, path = planned.autoscaling, f"workloads[{planned.name}].replicas"
    if case.plan is None or scaling is None or scaling.min_replicas <= planned.replicas <= scaling.max_replicas:
        return
    workload = next((w for w in case.workloads if (w.namespace, w.name) == (planned.namespace, planned.name)), None)
    reason = case.plan.reasons.get(path)
    if workload is not None and isinstance(reason, Stated):
        yield Mistake(
            at=workload.at("spec", "replicas"),
            message=_outside(planned.name, planned.replicas, scaling.min_replicas, scaling.max_replicas),
            remedy="say it once: leave replicas out and let the autoscaler's bounds stand",
            numbers={
                "replicas": planned.replicas,
                "minReplicas": scaling.min_replicas,
                "maxReplicas": scaling.max_replicas,
            },
        )


def _outside(name: str, replicas: int, least: int, most: int) -> str:
    return (
        f"{name} states {replicas} replicas, its autoscaler {least} to {most}: every apply begins with the wrong number"
    )


RULE = Rule(
    id="AUT004",
    severity=Severity.WARN,
    title="Two places disagree about the number of replicas",
    source="Kubernetes pkg/controller/podautoscaler/horizontal.go",
    check=check,
)
