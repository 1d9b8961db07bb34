"""KUB018: an autoscaler or a disruption budget for something that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case, label_selector
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import SCALABLE


def check(case: Case) -> Iterator[Mistake]:
    yield from _autoscalers(case)
    for budget in case.manifests.of_kind("PodDisruptionBudget", group="policy"):
        selector = budget.spec.get("selector")
        if not mapping(selector) or not case.makers.all_pods_are_known(budget.namespace):
            continue
        wanted = label_selector(mapping(selector))
        if not any(wanted.matches(w.labels) for w in case.workloads_in(budget.namespace)):
            there = len(case.workloads_in(budget.namespace))
            yield Mistake(
                at=budget.at("spec", "selector"),
                message=f"{budget.title} counts 0 pods: none of the {there} workloads of its namespace has the labels",
                remedy="take the labels of the workload's pod template into the selector",
                numbers={"workloads": there, "selected": 0},
            )


def _autoscalers(case: Case) -> Iterator[Mistake]:
    for scaler in case.autoscalers:
        kind, name, namespace = scaler.target_kind, scaler.target_name, scaler.manifest.namespace
        if kind not in SCALABLE or not name or case.manifests.find(kind, namespace, name) is not None:
            continue
        if case.makers.all_pods_are_known(namespace) or case.given.whole:
            there = len(case.workloads_in(namespace))
            yield Mistake(
                at=scaler.manifest.at("spec", "scaleTargetRef"),
                message=(
                    f"{scaler.manifest.title} scales {kind} {name}, which is none of the {there} workloads of namespace "
                    f"{namespace}: it reports FailedGetScale and scales nothing"
                ),
                remedy="name kind and name of the workload as they are written there",
                numbers={"target": f"{kind}/{name}", "workloads": there},
            )


RULE = Rule(
    id="KUB018",
    severity=Severity.WARN,
    title="An autoscaler or budget for what is not there",
    source="kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale; configure-pdb",
    check=check,
)
