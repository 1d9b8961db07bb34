"""AVL011: a Service whose selector picks pods of several programs, or pods of a namespace that it cannot reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload

#: labels that name a program
NAMES = ("app.kubernetes.io/name", "app", "k8s-app", "app.kubernetes.io/component", "component")


def check(case: Case) -> Iterator[Mistake]:
    for service in case.manifests.of_kind("Service", group=""):
        selector = mapping(service.spec.get("selector"))
        if not selector:
            continue
        selected = [w for w in case.workloads_of(service) if not w.is_batch]
        programs = sorted({name for w in selected if (name := _program(w)) is not None})
        if len(programs) > 1 and not set(selector) & set(NAMES):
            yield _mixed(service, selected, programs)
        elif not selected:
            yield from _elsewhere(case, service, selector)


def _program(workload: Workload) -> str | None:
    return next((workload.labels[key] for key in NAMES if key in workload.labels), None)


def _mixed(service: Manifest, selected: Sequence[Workload], programs: list[str]) -> Mistake:
    return Mistake(
        at=service.at("spec", "selector"),
        message=(
            f"{service.title} selects pods of {len(programs)} programs ({', '.join(programs)}): its selector names none of them, "
            "and requests go to whichever comes next"
        ),
        remedy="select by the program's name as well as by its version",
        numbers={"programs": len(programs), "workloads": len(selected)},
    )


def _elsewhere(case: Case, service: Manifest, selector: dict[str, object]) -> Iterator[Mistake]:
    wanted = {key: str(value) for key, value in selector.items()}
    for workload in case.workloads:
        if workload.namespace != service.namespace and wanted.items() <= workload.labels.items():
            yield Mistake(
                at=service.at("spec", "selector"),
                message=(
                    f"{service.title} selects no pod of its own namespace; those of {workload.title} have the labels, but a "
                    "Service reaches only pods of its namespace"
                ),
                remedy="run both versions in one namespace and switch the selector, or switch at the ingress",
                numbers={"namespace": service.namespace, "elsewhere": workload.namespace},
                about=(workload.title,),
            )
            return


RULE = Rule(
    id="AVL011",
    severity=Severity.WARN,
    title="The Service's selector reaches the wrong pods",
    source="kubernetes.io/docs/concepts/services-networking/service (selectors are namespaced)",
    check=check,
)
