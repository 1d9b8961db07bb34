"""40-services.yaml: Services; before the workloads, so that pods get the service variables of all of them."""

from __future__ import annotations

from wavetank.plan.model import Plan, Service
from wavetank.render.kubernetes.parts import manifest, metadata, of_workload, present, traced_entries
from wavetank.render.trace import Traced, tree

#: tells the Services of one workload apart, so that a ServiceMonitor does not scrape every pod once for each of them
SERVICE_LABEL = "service"


def objects(plan: Plan) -> tuple[Traced, ...]:
    """In the plan's order."""
    return tuple(_service(plan, service) for service in plan.services)


def _service(plan: Plan, service: Service) -> Traced:
    path = f"services[{service.name}]"
    annotations = traced_entries(service.annotations, f"{path}.annotations")
    labels = of_workload(plan, service.workload) | {SERVICE_LABEL: Traced(service.name, f"{path}.name")}
    framed = metadata(plan, path, service.name, service.namespace, labels=labels, annotations=annotations)
    return manifest("v1", "Service", framed, path, spec=_spec(service, path))


def _spec(service: Service, path: str) -> dict[str, object]:
    ranges = Traced(list(service.load_balancer_source_ranges), f"{path}.loadBalancerSourceRanges")
    return present(
        {
            "type": Traced(service.type, f"{path}.type"),
            "externalName": Traced(service.external_name, f"{path}.externalName"),
            "clusterIP": Traced("None", f"{path}.headless") if service.headless else None,
            "publishNotReadyAddresses": Traced(
                service.publish_not_ready_addresses or None, f"{path}.publishNotReadyAddresses"
            ),
            "loadBalancerClass": Traced(service.load_balancer_class, f"{path}.loadBalancerClass"),
            "loadBalancerSourceRanges": ranges,
            "selector": Traced(traced_entries(service.selector, f"{path}.selector"), f"{path}.workload"),
            "ports": tree(service.ports, f"{path}.ports"),
            **_affinity(service, path),
        }
    )


def _affinity(service: Service, path: str) -> dict[str, object]:
    seconds = service.client_affinity_seconds
    if seconds is None:
        return {}
    timeout = Traced(seconds, f"{path}.clientAffinitySeconds")
    return {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": timeout}}}
