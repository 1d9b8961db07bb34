"""AVL008: how long a hung container goes unnoticed, and how long until it is replaced, by its own probe settings."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping, whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container
from wavetank.kube.types import Obj

#: a user has left long before; of the grace period only what a hung process really uses up counts, which is all of it
LONGEST_SECONDS = 180
_DEFAULT_GRACE_SECONDS = 30


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in workload.containers:
            probe = mapping(container.obj.get("livenessProbe"))
            seconds = detection_seconds(probe) + _grace_seconds(container, probe)
            if probe and seconds > LONGEST_SECONDS:
                yield _mistake(container, probe, seconds)


def detection_seconds(probe: Obj) -> int:
    """From the moment a container hangs, at the worst just after a success, to the last failure that kills it."""
    period, failures = whole(probe.get("periodSeconds")) or 10, whole(probe.get("failureThreshold")) or 3
    return period * failures + (whole(probe.get("timeoutSeconds")) or 1)


def _grace_seconds(container: Container, probe: Obj) -> int:
    """A hung process does not answer SIGTERM: the whole grace period passes, of which the probe may have its own."""
    spec = container.workload.spec
    stated = whole(probe.get("terminationGracePeriodSeconds")) or whole(spec.get("terminationGracePeriodSeconds"))
    return _DEFAULT_GRACE_SECONDS if stated is None else stated


def _mistake(container: Container, probe: Obj, seconds: int) -> Mistake:
    detection = detection_seconds(probe)
    return Mistake(
        at=container.at("livenessProbe"),
        message=(
            f"when {container.workload.name}/{container.name} hangs, livenessProbe kills it after up to {detection} s and the "
            f"grace period lasts {seconds - detection} s: {seconds} s until the next start"
        ),
        remedy="shorten periodSeconds × failureThreshold, or give the probe a terminationGracePeriodSeconds of its own",
        numbers={"detectionSeconds": detection, "graceSeconds": seconds - detection, "totalSeconds": seconds},
    )


RULE = Rule(
    id="AVL008",
    severity=Severity.INFO,
    title="A hung container stays for minutes",
    source="Kubernetes pkg/kubelet/prober/worker.go; probe-level terminationGracePeriodSeconds",
    check=check,
)
