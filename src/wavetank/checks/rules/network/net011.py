"""NET011: a load balancer asks pods for their health where they do not answer; Ingresses that each cost a load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.entrances import backends, ingress_class
from wavetank.checks.manifests import Manifest, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload

_PREFIX = "alb.ingress.kubernetes.io"


def check(case: Case) -> Iterator[Mistake]:
    ingresses = [i for i in case.manifests.of_kind("Ingress", group="networking.k8s.io") if ingress_class(i) == "alb"]
    for ingress in ingresses:
        yield from _health(case, ingress)
    alone = [i for i in ingresses if f"{_PREFIX}/group.name" not in i.annotations]
    if len(alone) > 1:
        yield _several(alone)


def _health(case: Case, ingress: Manifest) -> Iterator[Mistake]:
    for name in dict.fromkeys(name for name, _ in backends(ingress)):
        service = case.manifests.find("Service", ingress.namespace, name)
        if service is None:
            continue
        notes = {**ingress.annotations, **service.annotations}
        asked = notes.get(f"{_PREFIX}/healthcheck-path", "/").partition("?")[0]
        codes = notes.get(f"{_PREFIX}/success-codes", "200")
        for workload in case.workloads_of(service):
            answered = probe_paths(workload)
            if answered and asked not in answered and codes == "200":
                yield _mistake(ingress, workload, asked, answered)


def probe_paths(workload: Workload) -> list[str]:
    """Paths at which its probes ask by HTTP."""
    probes = [
        mapping(c.obj.get(p)) for c in workload.containers for p in ("readinessProbe", "livenessProbe", "startupProbe")
    ]
    paths = [str(mapping(p["httpGet"]).get("path") or "/") for p in probes if p.get("httpGet")]
    return list(dict.fromkeys(path.partition("?")[0] for path in paths))


def _mistake(ingress: Manifest, workload: Workload, asked: str, answered: list[str]) -> Mistake:
    key = f"{_PREFIX}/healthcheck-path"
    stated = key in ingress.annotations
    where = ingress.at("metadata", "annotations", key) if stated else ingress.at("metadata")
    source = "its healthcheck-path" if stated else "the default of an ALB"
    return Mistake(
        at=where,
        message=(
            f"Ingress {ingress.name} asks {workload.name} for its health at {asked} ({source}) and expects 200, "
            "but its probes know "
            f"{', '.join(answered)}: where {asked} answers anything else, all targets are unhealthy and every request gets 503"
        ),
        remedy=f"set {key}: {answered[0]}",
        numbers={"asked": asked, "probes": ", ".join(answered)},
        about=(workload.title,),
    )


def _several(ingresses: list[Manifest]) -> Mistake:
    names = ", ".join(i.name for i in ingresses)
    return Mistake(
        at=ingresses[1].at("metadata"),
        message=(
            f"{len(ingresses)} Ingresses of class alb without group.name ({names}) become {len(ingresses)} application load "
            "balancers, each with its hourly price and its public addresses"
        ),
        remedy=f"give them the same {_PREFIX}/group.name, so that they share one",
        numbers={"loadBalancers": len(ingresses), "needed": 1},
        about=tuple(i.title for i in ingresses),
    )


RULE = Rule(
    id="NET011",
    severity=Severity.WARN,
    title="The load balancer's health check or grouping does not fit the Ingress",
    source="AWS Load Balancer Controller guide, Ingress annotations: healthcheck-path defaults to /, success-codes to 200",
    check=check,
)
