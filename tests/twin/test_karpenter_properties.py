"""What holds of every plan and of every consolidation, whatever pods and machines there are."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from karpenter_kit import World, deployment, expression, node_pool, offer, pod, ready_world

from wavetank.kube.resources import pod_requests
from wavetank.kube.types import Obj
from wavetank.twin.components.karpenter.instances import fits, matching_offerings, purchase
from wavetank.twin.components.karpenter.packing import Packed, Packing, Template
from wavetank.twin.components.karpenter.pools import Pool
from wavetank.twin.components.karpenter.topology import Topology
from wavetank.twin.nodes.offers import InstanceOffer

SIZES = ((2, 4), (2, 8), (4, 8), (4, 16), (8, 32), (16, 64))
CAPACITY_TYPES = (("on-demand",), ("spot",), ("spot", "on-demand"))
MIB = 1024**2

types = st.lists(st.sampled_from(SIZES), min_size=1, max_size=5, unique=True).flatmap(
    lambda sizes: st.tuples(st.just(sizes), st.lists(st.integers(1, 400), min_size=len(sizes), max_size=len(sizes)))
)
requests = st.lists(st.tuples(st.integers(1, 90), st.integers(1, 120)), min_size=1, max_size=12)


def offers_of(drawn: tuple[Sequence[tuple[int, int]], Sequence[int]]) -> list[InstanceOffer]:
    return [
        offer(f"m{i + 1}.s{cpu}x{gib}", cpu, gib, str(Decimal(cents) / 100))
        for i, ((cpu, gib), cents) in enumerate(zip(*drawn, strict=True))
    ]


def pods_of(drawn: Sequence[tuple[int, int]]) -> list[Obj]:
    """Tenths of a core and of 256 MiB."""
    made = [pod(f"p{i}", f"{tenths * 100}m", f"{parts * 256}Mi") for i, (tenths, parts) in enumerate(drawn)]
    return [{**p, "metadata": {**p["metadata"], "uid": p["metadata"]["name"]}} for p in made]


def packed(offers: list[InstanceOffer], pods: list[Obj], capacity: Sequence[str], **spec: object) -> Packed:
    pool = Pool(node_pool("default", [expression("karpenter.sh/capacity-type", "In", *capacity)], **spec))
    topology = Topology({}, (), lambda term: term.namespaces)
    return Packing([Template(pool, offers, {}, pool.limits)], [], topology).packed(pods)


@settings(max_examples=40, deadline=None)
@given(types, requests, st.sampled_from(CAPACITY_TYPES))
def test_a_pod_that_fits_some_type_gets_a_node_and_no_other_does(
    drawn: tuple[list[tuple[int, int]], list[int]], wanted: list[tuple[int, int]], capacity: Sequence[str]
) -> None:
    offers, pods = offers_of(drawn), pods_of(wanted)
    found = packed(offers, pods, capacity)
    hopeless = {p["metadata"]["uid"] for p in pods if not any(fits(o, pod_requests(p)) for o in offers)}
    assert set(found.errors) == hopeless
    assert sorted(p.uid for each in found.planned for p in each.pods) == sorted(
        p["metadata"]["uid"] for p in pods if p["metadata"]["uid"] not in hopeless
    )


@settings(max_examples=40, deadline=None)
@given(types, requests, st.sampled_from(CAPACITY_TYPES))
def test_every_type_that_is_left_holds_all_pods_and_the_cheapest_is_bought(
    drawn: tuple[list[tuple[int, int]], list[int]], wanted: list[tuple[int, int]], capacity: Sequence[str]
) -> None:
    offers, pods = offers_of(drawn), pods_of(wanted)
    for planned in packed(offers, pods, capacity).planned:
        total: dict[str, int] = {"pods": len(planned.pods)}
        for each in planned.pods:
            for name, units in each.requests.items():
                total[name] = total.get(name, 0) + units
        assert {o.name for o in planned.offers} == {o.name for o in offers if fits(o, total)}
        bought = purchase(planned.offers, planned.requirements)
        assert bought is not None
        kind = "spot" if "spot" in capacity else "on-demand"
        prices = [
            o.price_usd_hour
            for each in planned.offers
            for o in matching_offerings(each, planned.requirements)
            if o.capacity_type == kind
        ]
        assert bought.offering.price_usd_hour == min(prices)


@settings(max_examples=40, deadline=None)
@given(types, requests, st.integers(1, 40), st.integers(1, 160))
def test_limits_hold_whichever_of_the_types_is_started(
    drawn: tuple[list[tuple[int, int]], list[int]], wanted: list[tuple[int, int]], cores: int, gib: int
) -> None:
    limits = {"cpu": str(cores), "memory": f"{gib}Gi"}
    found = packed(offers_of(drawn), pods_of(wanted), ("on-demand",), limits=limits)
    # What can be started at worst: a node's largest type when it was planned only shrinks with the pods that join it.
    cpu = sum(max(o.capacity.cpu_milli for o in planned.offers) for planned in found.planned)
    memory = sum(max(o.capacity.memory_bytes for o in planned.offers) for planned in found.planned)
    assert cpu <= cores * 1000
    assert memory <= gib * 1024 * MIB


def hourly_cost(world: World) -> Decimal:
    prices = {(t.name, o.capacity_type): o.price_usd_hour for t in world.offers.types for o in t.offerings}
    labels = [claim["metadata"]["labels"] for claim in world.claims]
    return sum(
        (prices[each["node.kubernetes.io/instance-type"], each["karpenter.sh/capacity-type"]] for each in labels),
        Decimal(0),
    )


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(2, 30)), min_size=1, max_size=3),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_consolidation_costs_no_more_strands_no_pod_and_keeps_disruption_budgets(
    apps: list[tuple[int, int]], left: list[int]
) -> None:
    world = ready_world()
    for i, (replicas, tenths) in enumerate(apps):
        world.create(deployment(f"d{i}", replicas, f"{tenths * 100}m", "256Mi"), budget_of(f"d{i}"))
    world.after(90.0)
    for i, count in enumerate(left[: len(apps)]):
        world.scale(f"d{i}", min(count, apps[i][0]))
    world.after(100.0)
    before, available = hourly_cost(world), {f"d{i}": ready(world, f"d{i}") for i in range(len(apps))}
    for seconds in range(110, 900, 30):
        world.after(float(seconds))
        for app, count in available.items():
            assert ready(world, app) >= count - 1
    assert world.pending() == []
    assert hourly_cost(world) <= before


def budget_of(app: str) -> Obj:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": app}}}
    metadata = {"name": app, "namespace": "default"}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}


def ready(world: World, app: str) -> int:
    live = world.cluster.get("deployments.apps", "default", app)
    return int((live.get("status") or {}).get("readyReplicas") or 0)
