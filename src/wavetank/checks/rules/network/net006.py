"""NET006: a connection that the files need is refused by network policies, at one of its ends."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.catalog import component_port, webhook_ports
from wavetank.checks.case import Case
from wavetank.checks.connections import Connection, connections
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.policies import Pods, Port, allows
from wavetank.checks.workloads import Workload


def check(case: Case) -> Iterator[Mistake]:
    for connection in connections(case):
        if connection.port.number is not None:
            yield from _ends(case, connection)
    for workload in case.workloads:
        yield from _mesh(case, workload)


def _ends(case: Case, connection: Connection) -> Iterator[Mistake]:
    source, target = connection.source, connection.target
    for workload, direction, other in ((source, "Egress", target), (target, "Ingress", source)):
        policies = case.policies_of(workload, direction)
        peer = Pods(other.namespace, case.namespace_labels(other.namespace), other.labels)
        if policies and not allows(policies, direction, peer, connection.port):
            yield _mistake(connection, workload, direction, ", ".join(p.name for p in policies))


def _mistake(connection: Connection, workload: Workload, direction: str, policies: str) -> Mistake:
    source, target, port = connection.source, connection.target, connection.port
    what = "leave" if direction == "Egress" else "reach"
    return Mistake(
        at=connection.at,
        message=(
            f"{source.name} calls {connection.address}, port {port.number} of {target.name}, but its packets do not {what} "
            f"{workload.name}: {policies} admits no {direction.lower()} with "
            f"{target.name if workload is source else source.name}"
        ),
        remedy=(
            f"allow it on both ends: egress from {source.name} to {target.name} on {port.number}, and ingress at {target.name} "
            f"from {source.name}"
        ),
        numbers={"port": str(port.number), "direction": direction.lower(), "policies": policies},
        about=(source.title, target.title),
    )


def _mesh(case: Case, workload: Workload) -> Iterator[Mistake]:
    """A sidecar needs istiod, or the pod never becomes ready."""
    policies = case.policies_of(workload, "Egress")
    if not policies or not _has_sidecar(case, workload):
        return
    labels = {**case.namespace_labels("istio-system"), "name": "istio-system"}
    istiod = Pods("istio-system", labels, {"app": "istiod", "istio": "pilot"})
    xds = component_port("istiodXds")
    if not allows(policies, "Egress", istiod, Port(xds)):
        names = ", ".join(p.name for p in policies)
        yield Mistake(
            at=policies[0].at("spec"),
            message=(
                f"{workload.name} has a sidecar of Istio, but its egress policies ({names}) admit no connection "
                f"to istiod on port {xds}: the sidecar gets no certificate and the pod never becomes ready"
            ),
            remedy=(
                "allow egress to namespaceSelector kubernetes.io/metadata.name: istio-system on ports "
                f"{xds} and {webhook_ports()['istiod']}"
            ),
            numbers={"port": xds, "policies": names},
            about=(workload.title,),
        )


def _has_sidecar(case: Case, workload: Workload) -> bool:
    key = "sidecar.istio.io/inject"
    stated = workload.labels.get(key, workload.annotations.get(key))
    if stated is not None:
        return stated == "true"
    return case.namespace_labels(workload.namespace).get("istio-injection") == "enabled"


RULE = Rule(
    id="NET006",
    severity=Severity.ERROR,
    title="Network policies refuse a connection that is needed",
    source="Kubernetes documentation, Network Policies: both ends must allow; Istio: ports used",
    check=check,
)
