"""AVL009: pods end before the load balancer has stopped sending to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping, whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload

DEREGISTRATION_SECONDS = 300
_DEFAULT_GRACE_SECONDS = 30
_ATTRIBUTES = (
    "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes",
    "alb.ingress.kubernetes.io/target-group-attributes",
)


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.is_batch or workload.is_per_node:
            continue
        entry = next((e for service in case.services_of(workload) for e in _entries(case, service)), None)
        if entry is not None:
            yield from _judged(workload, entry)


def _entries(case: Case, service: Manifest) -> Iterator[Manifest]:
    """What makes a load balancer that sends straight to the pods of the Service: itself, or an ALB Ingress."""
    if service.spec.get("type") == "LoadBalancer" and _is_ip(service, "aws-load-balancer-nlb-target-type"):
        yield service
    for ingress in case.manifests.in_namespace("Ingress", service.namespace):
        if _is_alb(ingress) and service.name in backends(ingress) and _targets_ip(ingress, service):
            yield ingress


def _is_ip(service: Manifest, key: str) -> bool:
    return service.annotations.get(f"service.beta.kubernetes.io/{key}") == "ip"


def _targets_ip(ingress: Manifest, service: Manifest) -> bool:
    key = "alb.ingress.kubernetes.io/target-type"
    return service.annotations.get(key, ingress.annotations.get(key)) == "ip"


def _is_alb(ingress: Manifest) -> bool:
    named = ingress.spec.get("ingressClassName") or ingress.annotations.get("kubernetes.io/ingress.class")
    return named == "alb"


def backends(ingress: Manifest) -> set[str]:
    """Names of the Services that an Ingress sends to."""
    found = [mapping(ingress.spec.get("defaultBackend"))]
    for rule in items(ingress.spec.get("rules")):
        found += [mapping(path.get("backend")) for path in items(mapping(rule.get("http")).get("paths"))]
    return {str(mapping(each.get("service")).get("name")) for each in found if each.get("service")}


def deregistration_seconds(*holders: Manifest) -> int:
    """How long the target group keeps a target that leaves, by the annotations; AWS's default otherwise."""
    for holder in holders:
        for key in _ATTRIBUTES:
            found = re.search(r"deregistration_delay\.timeout_seconds=(\d+)", holder.annotations.get(key, ""))
            if found:
                return int(found[1])
    return DEREGISTRATION_SECONDS


def pre_stop_seconds(container: Container) -> int | None:
    """Seconds that the preStop hook waits: 0 without a hook, None for a hook that cannot be read."""
    hook = mapping(mapping(container.obj.get("lifecycle")).get("preStop"))
    if not hook:
        return 0
    if "sleep" in hook:
        return whole(mapping(hook["sleep"]).get("seconds"))
    words = " ".join(str(word) for word in mapping(hook.get("exec")).get("command") or ())
    found = re.search(r"\bsleep[ ,]+(\d+)", words)
    return int(found[1]) if found else None


def _judged(workload: Workload, entry: Manifest) -> Iterator[Mistake]:
    waits = [pre_stop_seconds(container) for container in workload.containers]
    delay = deregistration_seconds(entry)
    grace = whole(workload.spec.get("terminationGracePeriodSeconds"))
    lifetime = _DEFAULT_GRACE_SECONDS if grace is None else grace
    if waits and all(wait == 0 for wait in waits):
        yield Mistake(
            at=workload.at_pod("containers", 0),
            message=(
                f"{workload.title} has no preStop hook: its pods stop at SIGTERM, while {entry.title} still sends to them until "
                f"the controller has deregistered the target; the deregistration delay is {delay} s"
            ),
            remedy="add lifecycle.preStop.sleep of 15 s or more, and a grace period that is longer",
            numbers={"preStopSeconds": 0, "graceSeconds": lifetime, "deregistrationSeconds": delay},
            about=(entry.title,),
        )
    elif lifetime < delay:
        yield Mistake(
            at=workload.at_pod("terminationGracePeriodSeconds"),
            message=(
                f"the pods of {workload.title} are killed {lifetime} s after they are asked to end, {entry.title} lets requests "
                f"in flight last up to {delay} s (deregistration delay): the longer ones are cut off"
            ),
            remedy=(
                f"set deregistration_delay.timeout_seconds to {lifetime} or less in the target group attributes, or raise "
                "terminationGracePeriodSeconds"
            ),
            numbers={"graceSeconds": lifetime, "deregistrationSeconds": delay},
            about=(entry.title,),
        )


RULE = Rule(
    id="AVL009",
    severity=Severity.WARN,
    title="Pods end before the load balancer forgets them",
    source="AWS Load Balancer Controller, target group attributes; Kubernetes pod termination",
    check=check,
)
