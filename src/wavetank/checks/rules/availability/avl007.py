"""AVL007: liveness kills the container before its model is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload
from wavetank.kube.types import Obj
from wavetank.plan.model import ModelFacts


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        needed = start_seconds(workload.model) if workload.model else None
        container = next((c for c in workload.containers if killing_probe(c)), None)
        if needed is None or container is None:
            continue
        allowed = allowed_seconds(container)
        if allowed < needed:
            yield _mistake(workload, container, needed, allowed)


def killing_probe(container: Container) -> str | None:
    """The probe that ends a start which takes too long: "startupProbe", or "livenessProbe" where there is none."""
    return next((probe for probe in ("startupProbe", "livenessProbe") if container.obj.get(probe)), None)


def start_seconds(model: ModelFacts) -> Decimal | None:
    """Seconds from process start to ready as declared: fetching the model at its bandwidth, and loading it."""
    parts = [model.load_seconds]
    if model.size_mib is not None and model.download_mib_per_second:
        parts.append(Decimal(model.size_mib) / model.download_mib_per_second)
    stated = [part for part in parts if part is not None]
    return sum(stated, Decimal(0)) if stated else None


def allowed_seconds(container: Container) -> int:
    """Seconds that a container may take before a probe kills it: the startup probe's budget, or else liveness alone."""
    probe = killing_probe(container)
    assert probe is not None, "only containers with a killing probe are asked"
    return _budget_seconds(mapping(container.obj[probe]))


def _budget_seconds(probe: Obj) -> int:
    # The first attempt comes at initialDelaySeconds and each further one a period later; the last failure kills.
    return int(probe.get("initialDelaySeconds", 0)) + int(probe.get("periodSeconds", 10)) * int(
        probe.get("failureThreshold", 3)
    )


def _mistake(workload: Workload, container: Container, needed: Decimal, allowed: int) -> Mistake:
    which = killing_probe(container) or ""
    seconds = f"{needed.quantize(Decimal(1)):f}"
    without = "" if which == "startupProbe" else " (there is no startupProbe)"
    return Mistake(
        at=container.at(which),
        message=(
            f"{workload.name} needs {seconds} s until its model is loaded, but its {which}{without} kills the container "
            f"after {allowed} s: it restarts for ever"
        ),
        remedy=f"give it a startupProbe with periodSeconds × failureThreshold of at least {seconds} s, with a margin",
        numbers={"neededSeconds": seconds, "allowedSeconds": allowed},
    )


RULE = Rule(
    id="AVL007",
    severity=Severity.ERROR,
    title="A probe kills the container before its model is loaded",
    source="Kubernetes pkg/kubelet/prober/worker.go",
    check=check,
)
