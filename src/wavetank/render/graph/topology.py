"""What is drawn: boxes and arrows of a plan, without places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wavetank.plan.model import Plan, Workload
from wavetank.plan.model.mesh import MeshObject
from wavetank.plan.model.serverless import Bucket, Cache, Queue, Table

Kind: TypeAlias = Literal["internet", "entrance", "function", "workload", "store", "outside"]


@dataclass(frozen=True)
class Box:
    """One thing; ``detail`` is the small line below its title."""

    key: str
    kind: Kind
    title: str
    detail: str


@dataclass(frozen=True)
class Arrow:
    """Who calls whom (keys of boxes); ``label`` says through what."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True)
class Machines:
    """A node group or a Karpenter node pool."""

    title: str
    detail: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Topology:
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    zones: tuple[str, ...]
    machines: tuple[Machines, ...]


def topology(plan: Plan) -> Topology:
    """The picture's content, in the plan's order."""
    boxes = {box.key: box for box in _boxes(plan)}
    arrows = _one_for_each_pair(a for a in _arrows(plan) if a.source in boxes and a.target in boxes)
    used = {key for arrow in arrows for key in (arrow.source, arrow.target)}
    drawn = tuple(box for box in boxes.values() if box.kind not in ("internet", "outside") or box.key in used)
    title = f"{plan.name}, {plan.environment}: EKS {plan.cluster.version} in {plan.region}"
    return Topology(title, drawn, arrows, plan.network.zones, tuple(_machines(plan)))


def _one_for_each_pair(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """Several ways from one box to another are one arrow that tells all of them."""
    labels: dict[tuple[str, str], dict[str, None]] = {}
    for arrow in arrows:
        labels.setdefault((arrow.source, arrow.target), {}).update({arrow.label: None} if arrow.label else {})
    return tuple(Arrow(source, target, ", ".join(found)) for (source, target), found in labels.items())


# --- boxes ------------------------------------------------------------------------------------------------------------


def _boxes(plan: Plan) -> Iterator[Box]:
    yield Box("internet", "internet", "Internet", "")
    for ingress in plan.ingresses:
        hosts = ", ".join(host.host or "any host" for host in ingress.hosts)
        yield Box(f"ingress/{ingress.name}", "entrance", hosts, f"{ingress.ingress_class} ingress {ingress.name}")
    for service in plan.services:
        if service.type == "LoadBalancer":
            scheme = service.load_balancer.scheme if service.load_balancer else "cloud"
            yield Box(f"service/{service.name}", "entrance", service.name, f"{scheme} load balancer")
    for gateway in plan.mesh.gateways if plan.mesh else ():
        names = dict.fromkeys(host for server in gateway.spec["servers"] for host in server["hosts"])
        yield Box(_gateway(gateway), "entrance", ", ".join(names), f"Istio gateway {gateway.name}")
    yield from _serverless(plan)
    for workload in plan.workloads:
        yield Box(f"workload/{workload.name}", "workload", workload.name, _size(workload))
        yield from _outside(workload)
    for secret in plan.secrets:
        yield Box(f"secret/{secret.name}", "store", secret.name, "Secrets Manager")
    for system in plan.file_systems:
        yield Box(f"fileSystem/{system.name}", "store", system.name, "EFS")


def _size(workload: Workload) -> str:
    least, most = workload.min_replicas, workload.max_replicas
    pods = f"{least}–{most} pods" if most > least else f"{least} pod{'s' if least != 1 else ''}"
    return f"{workload.kind}, {pods}, {workload.namespace}"


def _gateway(gateway: MeshObject) -> str:
    return f"gateway/{gateway.namespace}/{gateway.name}"


def _outside(workload: Workload) -> Iterator[Box]:
    """What is neither the platform's nor simply the internet: named hosts and ranges."""
    for peer in workload.connections.connects if workload.connections else ():
        if peer.kind in ("host", "addresses", "namespace"):
            yield Box(f"outside/{peer.name}", "outside", peer.name, peer.kind)


def _serverless(plan: Plan) -> Iterator[Box]:
    serverless = plan.serverless
    if serverless is None:
        return
    for api in serverless.apis:
        yield Box(f"api/{api.name}", "entrance", api.domain.name if api.domain else api.name, "API Gateway")
    for function in serverless.functions:
        yield Box(f"function/{function.name}", "function", function.name, f"Lambda, {function.memory_mib} MiB")
    stores: dict[str, tuple[Sequence[Table | Cache | Bucket | Queue], str]] = {
        "table": (serverless.tables, "DynamoDB"),
        "cache": (serverless.caches, "ElastiCache"),
        "bucket": (serverless.buckets, "S3"),
        "queue": (serverless.queues, "SQS"),
    }
    for kind, (items, detail) in stores.items():
        yield from (Box(f"{kind}/{item.name}", "store", item.name, detail) for item in items)


# --- arrows -----------------------------------------------------------------------------------------------------------


def _arrows(plan: Plan) -> Iterator[Arrow]:
    yield from _ways_in(plan)
    yield from _through_the_mesh(plan)
    yield from _of_functions(plan)
    for workload in plan.workloads:
        yield from _of_workload(plan, workload)


def _ways_in(plan: Plan) -> Iterator[Arrow]:
    served = {service.name: service.workload for service in plan.services}
    for service in plan.services:
        balancer = service.load_balancer
        if service.type == "LoadBalancer":
            if balancer is None or balancer.scheme == "internet-facing":
                yield Arrow("internet", f"service/{service.name}")
            yield Arrow(f"service/{service.name}", f"workload/{service.workload}")
    for ingress in plan.ingresses:
        if ingress.scheme == "internet-facing":
            yield Arrow("internet", f"ingress/{ingress.name}")
        for host in ingress.hosts:
            for path in host.paths:
                yield Arrow(f"ingress/{ingress.name}", f"workload/{served.get(path.service, '')}", path.path)


def _through_the_mesh(plan: Plan) -> Iterator[Arrow]:
    """From the internet over Istio's gateways to where their VirtualServices lead."""
    if plan.mesh is None:
        return
    names = {f"{service.name}.{service.namespace}.": service.workload for service in plan.services}
    yield from (Arrow("internet", _gateway(gateway)) for gateway in plan.mesh.gateways)
    for route in plan.mesh.routes:
        hosts = [
            target["destination"]["host"] for rule in route.spec.get("http", ()) for target in rule.get("route", ())
        ]
        targets = dict.fromkeys(work for host in hosts for name, work in names.items() if f"{host}.".startswith(name))
        for gateway in route.spec.get("gateways", ()):
            yield from (
                Arrow(f"gateway/{gateway}", f"workload/{target}", ", ".join(route.spec["hosts"])) for target in targets
            )


def _of_functions(plan: Plan) -> Iterator[Arrow]:
    serverless = plan.serverless
    if serverless is None:
        return
    served = {service.name: service.workload for service in plan.services}
    for api in serverless.apis:
        yield Arrow("internet", f"api/{api.name}")
        for route in api.routes:
            target = (
                f"function/{route.function}" if route.function else f"workload/{served.get(route.service or '', '')}"
            )
            yield Arrow(f"api/{api.name}", target)
    for function in serverless.functions:
        key = f"function/{function.name}"
        yield from (Arrow(key, f"workload/{served.get(call.service, '')}") for call in function.calls)
        yield from (Arrow(key, f"cache/{name}") for name in function.caches)
        yield from (Arrow(f"queue/{trigger.queue}", key) for trigger in function.triggers)
        yield from (Arrow(key, store) for store in _stores_named(plan, str(function.statements)))


def _of_workload(plan: Plan, workload: Workload) -> Iterator[Arrow]:
    key = f"workload/{workload.name}"
    for peer in workload.connections.connects if workload.connections else ():
        if peer.kind == "workload":
            yield Arrow(key, f"workload/{peer.workload}")
        elif peer.kind in ("host", "addresses", "namespace"):
            yield Arrow(key, f"outside/{peer.name}")
    role = next((item for item in plan.pod_roles if item.name == workload.service_account.role), None)
    if role is not None:
        yield from (Arrow(key, store) for store in _stores_named(plan, str(role.statements)))
    for external in plan.external_secrets:
        if (external.workload, external.namespace) == (workload.name, workload.namespace):
            yield Arrow(key, f"secret/{external.secret}", "External Secrets")
    systems = {item.name: item.file_system for item in plan.storage_classes}
    for storage in workload.storage:
        yield Arrow(key, f"fileSystem/{systems.get(storage.storage_class or '')}", storage.mount_path)


def _stores_named(plan: Plan, statements: str) -> Iterator[str]:
    """The stores that IAM statements speak of, by the names in their ARNs."""
    yield from (f"secret/{item.name}" for item in plan.secrets if f":secret:{item.name}-" in statements)
    if plan.serverless is not None:
        yield from (
            f"table/{item.name}" for item in plan.serverless.tables if f"table/{item.table_name}'" in statements
        )
        yield from (f"bucket/{item.name}" for item in plan.serverless.buckets if f":::{item.bucket_name}" in statements)
        yield from (f"queue/{item.name}" for item in plan.serverless.queues if f":{item.queue_name}'" in statements)


# --- machines ---------------------------------------------------------------------------------------------------------


def _machines(plan: Plan) -> Iterator[Machines]:
    zones = {subnet.name: subnet.zone for subnet in plan.network.subnets}
    for group in plan.node_groups:
        spot = "spot " if group.capacity_type == "SPOT" else ""
        first, *others = group.instance_types
        types = f"{first} or {len(others)} other{'s' if len(others) > 1 else ''}" if others else first
        detail = f"{group.desired_size} × {spot}{types} ({group.min_size}–{group.max_size})"
        yield Machines(group.name, detail, tuple(dict.fromkeys(zones[name] for name in group.subnets)))
    for pool in plan.karpenter.node_pools if plan.karpenter else ():
        yield Machines(pool.name, "Karpenter, as pods wait", plan.network.zones)
